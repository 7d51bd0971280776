/* mod/trace/state.c - what scans are answered from without the store: expanded keys, one memory a chunk of a pack, look counters.
 *
 * A chunk memory holds the public answer's parts ready to send: the goods by batch, each step, and the ranges they speak of. It is
 * built by the first scan and dropped when a commit touches its pack (or anything goods stand on). Counters are written each second.
 */
#include <stdatomic.h>

#include "mod/trace/sight.h"
#include "mod/trace/state.h"

enum { EVENTS_MAX = 2048, LOOKS_MAX = 1 << 20, GOODS_MAX = 8, MEMORY_MAX = 4 << 20, FLUSH_MAX = 5000 };

struct event_memory { struct item_event ev; struct str plain, step; };
struct goods_memory { int64_t batch; struct str json; };
struct chunk_memory {
	_Atomic int refs;                     /* the slot holds one, every answer being composed another */
	struct arena a;
	struct pack pack;
	uint32_t chunk;
	int64_t day;                          /* what is in force on one day need not be on the next */
	struct event_memory *ev;
	size_t n;
	struct goods_memory goods[GOODS_MAX];
	size_t n_goods;
};

struct trace_state *trace_state(struct kernel *k) { return module_state(k, "trace"); }

/* When it cannot be told, the long way is taken. */
static bool has_twins(struct kernel *k)
{
	struct arena a;
	struct rows r = { 0 };
	struct db *db;
	enum err e = kernel_reader(k, &db);

	if (e)
		return true;
	arena_init(&a, 4096, NULL);
	e = db_ask(db, &a, trace_sql[Q_CODE_TWIN], NO_VALS, &r);
	arena_end(&a);
	kernel_reader_end(k, db);
	return e || r.n;
}

void *trace_open(struct kernel *k)
{
	struct trace_state *t = calloc(1, sizeof(*t));

	if (!t)
		return NULL;
	for (unsigned i = 0; i < 32; i++) {
		unsigned char key[16];
		int cipher;

		if (code_key_get(k, i, key, &cipher) == OK && fpe_new((enum cipher_id)cipher, key, &t->fpe[i]))
			t->fpe[i] = NULL;
		explicit_bzero(key, sizeof(key));
	}
	t->twins = has_twins(k);
	pthread_rwlock_init(&t->lock, NULL);
	pthread_mutex_init(&t->look_lock, NULL);
	return t;
}

static void drop_chunk(struct chunk_memory *m)
{
	if (!m || atomic_fetch_sub(&m->refs, 1) > 1)
		return;
	arena_end(&m->a);
	free(m);
}

void trace_close(void *state)
{
	struct trace_state *t = state;

	for (size_t i = 0; i < CACHE_SLOTS; i++)
		drop_chunk(t->slot[i]);
	for (unsigned i = 0; i < 32; i++)
		if (t->fpe[i])
			fpe_free(t->fpe[i]);
	pthread_rwlock_destroy(&t->lock);
	pthread_mutex_destroy(&t->look_lock);
	free(t->look);
	free(t);
}

/* ---- what changed ---- */

void memory_touch(struct kernel *k, int64_t pack)
{
	struct trace_state *t = trace_state(k);

	if (!t)
		return;
	if (pack == 0 || t->n_touched == TOUCHED_MAX)
		t->all_touched = true;
	else
		t->touched[t->n_touched++] = pack;
}

static bool touched(const struct trace_state *t, int64_t pack)
{
	for (size_t i = 0; i < t->n_touched; i++)
		if (t->touched[i] == pack)
			return true;
	return t->all_touched;
}

/* A maker's standing is on the page of all its goods; parties change rarely. */
void trace_party_changed(struct kernel *k, int64_t party)
{
	(void)party;
	memory_touch(k, 0);
}

void trace_committed(struct kernel *k)
{
	struct trace_state *t = trace_state(k);

	if (!t->n_touched && !t->all_touched)
		return;
	pthread_rwlock_wrlock(&t->lock);
	atomic_fetch_add(&t->commits, 1);
	for (size_t i = 0; i < CACHE_SLOTS; i++)
		if (t->slot[i] && touched(t, t->slot[i]->pack.record)) {
			drop_chunk(t->slot[i]);
			t->slot[i] = NULL;
		}
	pthread_rwlock_unlock(&t->lock);
	t->n_touched = 0;
	t->all_touched = false;
}

/* ---- building a chunk ---- */

static struct str body_of(struct arena *a, const struct node *o)
{
	struct str s = json_str(a, o);

	return str_sub(s, 1, s.n - 2);          /* members without the braces */
}

static enum err add_goods(struct call *c, struct chunk_memory *m, int64_t batch)
{
	struct node *o = node_obj(c->arena);
	enum err e;

	for (size_t i = 0; i < m->n_goods; i++)
		if (m->goods[i].batch == batch)
			return OK;
	if (m->n_goods == GOODS_MAX)
		return E_BUSY;
	e = goods_view(c, &m->pack, batch, o);
	if (!e)
		m->goods[m->n_goods++] = (struct goods_memory){ batch, body_of(&m->a, o) };
	return e;
}

static enum err add_event(struct call *c, struct chunk_memory *m, const struct chunk_event *x)
{
	struct event_memory *ev = &m->ev[m->n];
	struct node *list = node_arr(c->arena);
	enum err e;

	ev->ev = x->ev;
	ev->plain = str_copy(&m->a, x->bytes);
	e = put_step(c, list, &ev->ev, &(struct looking){ .maker = m->pack.party }, NULL);
	if (!e && ev->ev.verb == VERB_ACTIVATED)
		e = add_goods(c, m, ev->ev.link);
	if (!e) {
		ev->step = json_str(&m->a, list->first);
		m->n++;
	}
	return e;
}

static enum err fill_chunk(struct call *c, struct chunk_memory *m)
{
	struct chunk_event *x;
	size_t n;
	enum err e = add_goods(c, m, m->pack.batch);

	if (!e)
		e = chunk_history(c, m->pack.record, m->chunk, EVENTS_MAX, &x, &n);
	if (e)
		return e;
	m->ev = TAKE(&m->a, struct event_memory, n + 1);
	for (size_t i = 0; i < n && !e; i++)
		e = add_event(c, m, &x[i]);
	return e;
}

/* The pack's own record must not be seen half-changed: the reader's snapshot is one, and a commit after it drops the slot again. */
static enum err build_chunk(struct call *c, const struct sealed *s, struct chunk_memory **ret)
{
	struct chunk_memory *m = calloc(1, sizeof(*m));
	struct pack p;
	enum err e;

	if (!m)
		return E_BUSY;
	atomic_init(&m->refs, 1);
	arena_init(&m->a, MEMORY_MAX, c->arena->full);
	e = pack_by_number(c, s->key_id, s->batch, &p);
	if (!e) {
		m->pack = p;
		m->pack.goods = str_copy(&m->a, p.goods);
		m->chunk = s->index >> CHUNK_BITS;
		m->day = day_of(c->now, CHINA_OFFSET_MIN);
		e = fill_chunk(c, m);
	}
	if (e) {
		drop_chunk(m);
		return e;
	}
	*ret = m;
	return OK;
}

static size_t slot_of(const struct sealed *s)
{
	uint64_t x = ((uint64_t)s->key_id << 40 | (uint64_t)s->batch << 11 | s->index >> CHUNK_BITS) * UINT64_C(0x9e3779b97f4a7c15);

	return (size_t)(x >> 32) % CACHE_SLOTS;
}

static bool same_chunk(const struct chunk_memory *m, const struct sealed *s, int64_t day)
{
	return m && m->day == day && m->pack.key == s->key_id && m->pack.number == s->batch && m->chunk == s->index >> CHUNK_BITS;
}

/* ---- looks ---- */

static struct look *look_find(struct trace_state *t, int64_t pack, uint32_t item)
{
	size_t i;

	if (!t->cap_looks)
		return NULL;
	i = (size_t)(((uint64_t)pack * 31 + item) * UINT64_C(0x9e3779b97f4a7c15) >> 20) & (t->cap_looks - 1);
	while (t->look[i].used && (t->look[i].pack != pack || t->look[i].item != item))
		i = (i + 1) & (t->cap_looks - 1);
	return &t->look[i];
}

static bool looks_grow(struct trace_state *t)
{
	size_t cap = t->cap_looks ? t->cap_looks * 2 : 1024, old = t->cap_looks;
	struct look *was = t->look, *now = cap > LOOKS_MAX ? NULL : calloc(cap, sizeof(*now));

	if (!now)
		return false;
	t->look = now;
	t->cap_looks = cap;
	for (size_t i = 0; i < old; i++)
		if (was[i].used)
			*look_find(t, was[i].pack, was[i].item) = was[i];
	free(was);
	return true;
}

/* Full: forget what is already written. */
static void looks_forget(struct trace_state *t)
{
	size_t cap = t->cap_looks;
	struct look *was = t->look, *now = calloc(cap, sizeof(*now));

	if (!now)
		return;
	t->look = now;
	t->n_looks = 0;
	for (size_t i = 0; i < cap; i++)
		if (was[i].used && was[i].n != was[i].told) {
			*look_find(t, was[i].pack, was[i].item) = was[i];
			t->n_looks++;
		}
	free(was);
}

static bool look_again(struct trace_state *t, int64_t pack, uint32_t item, int64_t *ret_before, int64_t *ret_first)
{
	struct look *l;
	bool known;

	pthread_mutex_lock(&t->look_lock);
	l = look_find(t, pack, item);
	known = l && l->used;
	if (known) {
		*ret_before = l->n++;
		t->looked = true;
		*ret_first = l->first;
	}
	pthread_mutex_unlock(&t->look_lock);
	return known;
}

static void look_new(struct trace_state *t, int64_t pack, uint32_t item, int64_t stored, int64_t first)
{
	struct look *l;

	pthread_mutex_lock(&t->look_lock);
	if (t->n_looks * 2 >= t->cap_looks && !looks_grow(t))
		looks_forget(t);
	l = t->n_looks < t->cap_looks ? look_find(t, pack, item) : NULL;
	if (l && !l->used) {
		*l = (struct look){ .pack = pack, .item = item, .first = first, .n = (uint32_t)stored, .told = (uint32_t)stored, .used = true };
		t->n_looks++;
	}
	pthread_mutex_unlock(&t->look_lock);
}

enum err count_look(struct call *c, int64_t pack, uint32_t item, int64_t *ret_before, int64_t *ret_first)
{
	struct trace_state *t = trace_state(c->k);
	struct rows r;
	enum err e;

	if (look_again(t, pack, item, ret_before, ret_first))
		return OK;
	e = call_reader(c);
	if (e)
		return e;
	e = db_ask(c->db, c->arena, trace_sql[Q_LOOK_GET], VALS(V_I(pack), V_I(item)), &r);
	if (e)
		return e;
	look_new(t, pack, item, r.n ? row_int(&r, 0, 0) : 0, r.n ? row_int(&r, 0, 1) : c->now);
	if (!look_again(t, pack, item, ret_before, ret_first)) {
		*ret_before = r.n ? row_int(&r, 0, 0) : 0;
		*ret_first = r.n ? row_int(&r, 0, 1) : c->now;
	}
	return OK;
}

struct flush { struct look *rows; size_t n; };

static enum err flush_run(struct call *c, void *ctx)
{
	struct flush *f = ctx;

	for (size_t i = 0; i < f->n; i++)
		db_tell(c->db, trace_sql[Q_LOOK_PUT], VALS(V_I(f->rows[i].pack), V_I(f->rows[i].item), V_I(f->rows[i].n - f->rows[i].told), V_I(f->rows[i].first)));
	return db_sticky(c->db);
}

static void flush_after(void *ctx, enum err e)
{
	struct flush *f = ctx;

	(void)e;
	free(f->rows);
	free(f);
}

void trace_tick(struct kernel *k, int64_t now)
{
	struct trace_state *t = trace_state(k);
	struct flush *f;
	size_t cap = 0;
	bool looked;

	pthread_mutex_lock(&t->look_lock);
	looked = t->looked;
	pthread_mutex_unlock(&t->look_lock);
	f = looked ? calloc(1, sizeof(*f)) : NULL;
	if (!f)
		return;
	pthread_mutex_lock(&t->look_lock);
	for (size_t i = 0; i < t->cap_looks && f->n < FLUSH_MAX; i++) {
		struct look *l = &t->look[i];

		if (!l->used || l->n == l->told)
			continue;
		if (f->n == cap) {
			struct look *grown = realloc(f->rows, (cap = cap ? cap * 2 : 64) * sizeof(*grown));

			if (!grown)
				break;
			f->rows = grown;
		}
		f->rows[f->n++] = *l;
		l->told = l->n;
	}
	t->looked = f->n == FLUSH_MAX;          /* more than one flush takes: the rest goes with the next */
	pthread_mutex_unlock(&t->look_lock);
	if (!f->n || kernel_change(k, now, flush_run, flush_after, f))
		flush_after(f, OK);
}

/* ---- answering ---- */

static const struct goods_memory *goods_of(const struct chunk_memory *m, int64_t batch)
{
	for (size_t i = 0; i < m->n_goods; i++)
		if (m->goods[i].batch == batch)
			return &m->goods[i];
	return NULL;
}

static enum err compose(struct call *c, const struct chunk_memory *m, const struct sealed *s, struct str code)
{
	struct item_event *mine = TAKE(c->arena, struct item_event, m->n + 1);
	struct str *steps = TAKE(c->arena, struct str, m->n + 1);
	const struct goods_memory *goods;
	struct node *o = node_obj(c->arena);
	struct item_state st;
	struct buf b;
	size_t n = 0;
	int64_t before = 0, first = 0;
	enum err e;

	for (size_t i = 0; i < m->n; i++)
		if (chunk_has(m->ev[i].plain, s->index & (CHUNK_SIZE - 1))) {
			mine[n] = m->ev[i].ev;
			steps[n++] = m->ev[i].step;
		}
	item_fold(&m->pack, mine, n, &st);
	goods = goods_of(m, st.batch);
	if (!goods || st.ended || st.cut)
		return E_BUSY;                  /* rare: the long way says why it ended, and what a piece was cut from */
	e = count_look(c, m->pack.record, s->index, &before, &first);
	if (e)
		return e;
	put_verdict(c, o, code, standing_of_item(&m->pack, &st, before), before, first);
	put_z(c->arena, o, "grain", m->pack.grain == GRAIN_ITEM ? "item" : m->pack.grain == GRAIN_BATCH ? "batch" : "product");
	b = buf_in(c->arena, goods->json.n + 2048);
	json_write(&b, o);
	b.n--;                                  /* the closing brace comes later */
	buf_char(&b, ',');
	buf_add(&b, goods->json);
	buf_z(&b, ",\"steps\":[");
	for (size_t i = 0; i < n; i++) {
		if (i)
			buf_char(&b, ',');
		buf_add(&b, steps[i]);
	}
	buf_z(&b, "]}");
	c->bytes = buf_str(&b);
	c->media = "application/json";
	return OK;
}

static enum err remember(struct call *c, const struct sealed *s)
{
	struct trace_state *t = trace_state(c->k);
	struct chunk_memory *m = NULL, **slot = &t->slot[slot_of(s)];
	uint64_t before = atomic_load(&t->commits);
	enum err e = call_reader(c);

	if (!e)
		e = build_chunk(c, s, &m);
	if (e)
		return e;
	if (s->index >= m->pack.count || m->pack.aliased || m->pack.theirs || m->pack.pieces) {      /* further codes and pieces are shown by the long way */
		drop_chunk(m);
		return E_ABSENT;
	}
	pthread_rwlock_wrlock(&t->lock);
	if (atomic_load(&t->commits) == before) {
		drop_chunk(*slot);
		*slot = m;
		m = NULL;
	}
	pthread_rwlock_unlock(&t->lock);
	drop_chunk(m);
	return OK;
}

enum err scan_memory(struct call *c, struct str text)
{
	struct trace_state *t = trace_state(c->k);
	struct str code = bare_code(c, text);
	struct sealed s;
	enum err e = code.n ? code_open(c->k, code, &s) : E_BUSY;

	if (e == E_FORGED && may_be_foreign(t, text))
		return E_BUSY;
	if (e)
		return e == E_FORGED ? call_refuse(c, e, "本平台未签发此码：可能输错，也可能是伪造的", "not issued here: mistyped or forged") : E_BUSY;
	for (int round = 0; round < 2; round++) {
		struct chunk_memory *m;

		pthread_rwlock_rdlock(&t->lock);
		m = t->slot[slot_of(&s)];
		if (same_chunk(m, &s, day_of(c->now, CHINA_OFFSET_MIN)))
			atomic_fetch_add(&m->refs, 1);
		else
			m = NULL;
		pthread_rwlock_unlock(&t->lock);
		if (m) {
			e = s.index < m->pack.count ? compose(c, m, &s, code) : E_BUSY;
			drop_chunk(m);
			return e;
		}
		if (round || remember(c, &s))
			return E_BUSY;
	}
	return E_BUSY;
}
