/* mod/trace/recall_tell.c - who holds what of a recall, and one letter to each: a job, in slices, told once for each item.
 *
 * Where goods are is worked out by the worker; the writer only puts down letters that are ready. While a recall is open the job comes
 * back each hour, so that whoever was sold such goods later hears of it too.
 */
#include <pthread.h>
#include <setjmp.h>
#include <stdatomic.h>

#include "mod/trace/recall.h"

enum { KNOWN = 1u << KEY_PUBLIC | 1u << KEY_BUSINESS, SLICE = 50, AGAIN_MS = 3600000 };
#define ARENA_MOST ((size_t)1 << 30)

/* ---- who holds what ---- */

struct gathering { struct call *c; const struct record *recall; struct reach *to; struct map by; };

static struct reach_hand *hand_of(struct gathering *g, const struct holder *h)
{
	struct arena *a = g->c->arena;
	struct str key = h->party ? str_fmt(a, "%lld", (long long)h->party) : h->uscc;
	struct reach_hand *x = map_get(&g->by, key);
	struct reach *to = g->to;

	if (x)
		return x;
	x = TAKE(a, struct reach_hand, 1);
	x->party = h->party;
	x->uscc = str_copy(a, h->uscc);
	map_put(&g->by, str_copy(a, key), x);
	if (to->n == to->cap) {
		struct reach_hand **grown = TAKE(a, struct reach_hand *, to->cap = to->cap ? to->cap * 2 : 16);

		if (to->n)
			memcpy(grown, to->hand, to->n * sizeof(*grown));
		to->hand = grown;
	}
	return to->hand[to->n++] = x;
}

static void part_add(struct arena *a, struct reach_hand *x, const struct holder *h)
{
	for (size_t i = 0; i < x->n; i++)
		if (x->part[i].record == h->record && x->part[i].kind == h->kind) {
			x->part[i].count += h->count;
			return;
		}
	if (x->n == x->cap) {
		struct reach_part *grown = TAKE(a, struct reach_part, x->cap = x->cap ? x->cap * 2 : 4);

		if (x->n)
			memcpy(grown, x->part, x->n * sizeof(*grown));
		x->part = grown;
	}
	x->part[x->n++] = (struct reach_part){ h->kind, h->record, h->from, h->count };
}

/* Pieces lie in packs of whoever cut them: to that shop they never left, to the recall they are a firm's like any other. */
static bool at_maker(const struct gathering *g, const struct pack *p, const struct holder *h)
{
	return h->kind == HOLD_MAKER && (g->recall->party ? h->party == g->recall->party : !p->pieces);
}

static enum err gather(void *ctx, const struct pack *p, uint32_t chunk, const struct holder *h, const struct bits *b)
{
	struct gathering *g = ctx;
	enum holding kind = h->kind == HOLD_MAKER && !at_maker(g, p, h) ? HOLD_PARTY : h->kind;
	struct reach_hand *x;
	struct range *r;
	size_t n;

	g->to->count[kind] += h->count;
	if (kind > HOLD_OFFERED || (!h->party && !h->uscc.n))
		return OK;
	x = hand_of(g, h);
	x->count += h->count;
	part_add(g->c->arena, x, h);
	r = bits_ranges(g->c->arena, b, &n);
	for (size_t i = 0; i < n; i++)
		sets_add(g->c, &x->set, p, (chunk << CHUNK_BITS) + r[i].lo, (chunk << CHUNK_BITS) + r[i].hi);
	return OK;
}

enum err recall_reach(struct call *c, const struct record *recall, struct reach *ret)
{
	struct reach to = { .covers = (uint64_t)recall->values[RECALL_covers].i };
	struct gathering g = { c, recall, &to, map_in(c->arena) };
	struct item_sets scope;
	struct holders all;
	enum err e = items_of(c, recall->id, &recall->values[RECALL_items], &scope);

	if (!e)
		e = holders_of(c, &scope, INT64_MAX, &all, gather, &g);
	for (size_t i = 0; i < to.n; i++)
		sets_tidy(&to.hand[i]->set);
	if (!e)
		*ret = to;
	return e;
}

/* ---- who was told what ---- */

enum err recall_letters(struct call *c, int64_t recall, struct letter **ret, size_t *ret_n)
{
	int64_t *ids;
	size_t n;
	enum err e = records_with(c, &recall_notice_type, "recall", id_str(c->arena, recall), &ids, &n);

	if (e)
		return e;
	*ret = TAKE(c->arena, struct letter, n + 1);
	for (size_t i = 0; i < n && !e; i++) {
		e = kernel_record(c, ids[i], KNOWN, &(*ret)[i].r);
		if (!e)
			e = flow_case_get(c, ids[i], &(*ret)[i].at);
	}
	*ret_n = n;
	return e;
}

/* What is new to this hand: held now and in none of its letters. */
static enum err without_told(struct call *c, const struct letter *l, size_t n, struct reach_hand *x)
{
	for (size_t i = 0; i < n && x->set.count; i++) {
		struct item_sets told;
		enum err e = l[i].r.party == x->party ? items_of(c, l[i].r.id, &l[i].r.values[NOTICE_items], &told) : E_ABSENT;

		if (e && e != E_ABSENT)
			return e;
		if (!e)
			sets_without(c, &x->set, &told);
	}
	return OK;
}

/* ---- letters that wait for the writer ---- */

struct post {
	struct filing f;
	struct reach_hand *to;
	const struct record *recall;
};
struct slice {
	struct post *p;
	size_t n;
	pthread_mutex_t lock;
	pthread_cond_t wake;
	bool answered;
	enum err err;
};

static bool is_stop(const struct record *r) { return str_is(r->values[RECALL_kind].list[0], "stop_sale"); }

static enum err write_letter(struct call *c, const struct record *recall, struct reach_hand *to, struct post *ret)
{
	struct value *v = TAKE(c->arena, struct value, NOTICE_FIELDS);

	*ret = (struct post){ .f = { .type = &recall_notice_type, .values = v, .party = to->party }, .to = to, .recall = recall };
	v[NOTICE_recall] = (struct value){ .said = SAID_VALUE, .text = id_str(c->arena, recall->id), .i = recall->id };
	v[NOTICE_count] = count_value(c->arena, to->set.count);
	return items_normal(c, &to->set, &v[NOTICE_items]);
}

/* Who sent goods that are still on their way is told to stop them. */
static void tell_senders(struct call *c, const struct post *p)
{
	for (size_t i = 0; i < p->to->n; i++) {
		const struct reach_part *x = &p->to->part[i];
		bool told = x->kind != HOLD_OFFERED || !x->from || x->from == p->recall->party || x->from == p->to->party;

		for (size_t k = 0; k < i && !told; k++)
			told = p->to->part[k].from == x->from;
		if (!told)
			notice_put(c, x->from, "recall", p->recall->id,
			           is_stop(p->recall) ? S("贵单位发出、对方尚未接收的货物已停止销售，请通知收货方并查看停止销售记录") : S("贵单位发出、对方尚未接收的货物正在召回，请通知收货方并查看召回记录"),
			           is_stop(p->recall) ? S("goods you sent that are not accepted yet: their sale is stopped; see the record")
			                              : S("goods you sent that are not accepted yet are recalled; see the record"));
	}
}

static enum err put_down(struct call *c, void *ctx)
{
	struct slice *s = ctx;
	enum err e = OK;

	for (size_t i = 0; i < s->n && !e; i++) {
		const struct post *p = &s->p[i];
		int64_t record;

		e = kernel_append(c, &p->f, &record);
		if (e)
			break;
		notice_put(c, p->f.party, "recall", record,
		           is_stop(p->recall) ? S("贵单位持有的货物已停止销售：请按通知处理并确认收到。贵单位持有多少，监管部门可以看到")
		                              : S("贵单位持有的货物正在召回：请按通知处理并确认收到。贵单位持有多少，监管部门可以看到"),
		           is_stop(p->recall) ? S("the sale of goods you hold is stopped: do as the notice says and acknowledge it; the authority sees how many you hold")
		                              : S("goods you hold are recalled: do as the notice says and acknowledge it; the authority sees how many you hold"));
		tell_senders(c, p);
	}
	return e ? e : db_sticky(c->db);
}

static void put_away(void *ctx, enum err e)
{
	struct slice *s = ctx;

	pthread_mutex_lock(&s->lock);
	s->err = e;
	s->answered = true;
	pthread_cond_signal(&s->wake);
	pthread_mutex_unlock(&s->lock);
}

static enum err send_slice(struct call *c, struct post *p, size_t n)
{
	struct slice s = { .p = p, .n = n };
	enum err e;

	pthread_mutex_init(&s.lock, NULL);
	pthread_cond_init(&s.wake, NULL);
	e = kernel_change(c->k, c->now, put_down, put_away, &s);
	pthread_mutex_lock(&s.lock);
	while (!e && !s.answered)
		pthread_cond_wait(&s.wake, &s.lock);
	pthread_mutex_unlock(&s.lock);
	pthread_mutex_destroy(&s.lock);
	pthread_cond_destroy(&s.wake);
	return e ? e : s.err;
}

static enum err send_all(struct worker *w, struct call *c, struct post *all, size_t n)
{
	enum err e = OK;

	for (size_t at = 0; at < n && !e; at += SLICE) {
		size_t here = n - at < SLICE ? n - at : SLICE;

		if (atomic_load(&w->stop))
			return E_BUSY;          /* what was sent is told; the rest goes at the next start */
		for (size_t i = at; i < at + here && !e; i++)
			e = kernel_prepare(c, &recall_notice_type, all[i].f.values, &all[i].f.prepared);
		if (!e)
			e = send_slice(c, &all[at], here);
	}
	return e;
}

/* ---- the job ---- */

static enum err still_open(struct call *c, int64_t recall, bool *ret)
{
	struct flow_case fc;
	enum err e = flow_case_get(c, recall, &fc);

	*ret = !e && str_is(fc.state, "open");
	return e;
}

static enum err find_news(struct call *c, int64_t recall, struct record *r, struct post **ret, size_t *ret_n)
{
	struct reach reach;
	struct letter *told;
	size_t n = 0, n_told;
	enum err e = kernel_record(c, recall, KNOWN, r);

	if (!e)
		e = recall_reach(c, r, &reach);
	if (!e)
		e = recall_letters(c, recall, &told, &n_told);
	if (e)
		return e;
	*ret = TAKE(c->arena, struct post, reach.n + 1);
	for (size_t i = 0; i < reach.n && !e; i++) {
		struct reach_hand *x = reach.hand[i];

		if (!x->party || x->party == r->party)
			continue;
		e = without_told(c, told, n_told, x);
		if (!e && x->set.count)
			e = write_letter(c, r, x, &(*ret)[n++]);
	}
	*ret_n = n;
	return e;
}

static enum err tell(struct worker *w, struct arena *a, int64_t id)
{
	struct call c = { .k = w->k, .arena = a, .who = &nobody, .now = job_clock() };
	struct record r;
	struct post *news = NULL;
	struct job j;
	int64_t recall = 0;
	size_t n = 0;
	bool open = false;
	enum err e = kernel_reader(w->k, &c.db);

	if (e)
		return e;
	e = job_get(&c, id, "recall", &j);
	if (!e && !id_get(str_sub(j.what, 0, ID_TEXT), &recall))
		e = E_CORRUPT;
	if (!e && c.now < j.at)
		c.now = j.at;                   /* nobody is told of what was not ordered yet */
	if (!e)
		e = still_open(&c, recall, &open);
	if (!e && open)
		e = find_news(&c, recall, &r, &news, &n);
	kernel_reader_end(w->k, c.db);
	c.db = NULL;
	if (!e)
		e = send_all(w, &c, news, n);
	if (e)
		return e;
	open = open && j.what.n == ID_TEXT;
	j.state = open ? S("waiting") : S("done");
	j.after = open ? c.now + AGAIN_MS : 0;
	return job_change(w, a, &j, open);
}

enum err recall_run(struct worker *w, int64_t id)
{
	struct arena a;
	jmp_buf full;
	volatile enum err e = OK;

	arena_init(&a, ARENA_MOST, &full);
	if (setjmp(full))
		e = E_TOO_BIG;
	else
		e = tell(w, &a, id);
	arena_end(&a);
	return e;
}

/* ---- ordering it ---- */

/* Two kinds of rows: the one that stands while the recall is open, and those that were ordered beside it. */
enum err recall_order(struct call *c, int64_t recall, bool at_once)
{
	struct job j = { .id = job_new_id(c), .kind = S("recall"), .state = S("waiting"), .at = c->now, .facts = node_obj(c->arena) };
	bool waits;
	enum err e;

	j.what = at_once ? str_fmt(c->arena, "%.*s now", STR_ARG(id_str(c->arena, recall))) : id_str(c->arena, recall);
	e = job_waits(c, "recall", j.what, &waits);
	return e || waits ? e : job_keep(c, &j, true);
}

enum err recall_sweep(struct call *c)
{
	int64_t before = INT64_MAX;
	struct rows r;
	enum err e;

	do {
		e = db_ask(c->db, c->arena, trace_sql[Q_RECALLS], VALS(V_I(before)), &r);
		for (size_t i = 0; !e && i < r.n; i++) {
			bool open;

			before = row_int(&r, i, 0);
			e = still_open(c, before, &open);
			if (!e && open)
				e = recall_order(c, before, true);
		}
	} while (!e && r.n);
	return e;
}

enum err recall_refresh(struct call *c)
{
	bool open;
	enum err e = still_open(c, c->in[0].i, &open);

	if (!e && !open)
		e = call_refuse(c, E_STATE, "已结束，不再通知持有人", "it is closed: nobody is told any more");
	if (!e)
		e = recall_order(c, c->in[0].i, true);
	if (e)
		return e;
	put_str(c->arena, c->out, "recall", id_str(c->arena, c->in[0].i));
	put_z(c->arena, c->out, "state", "ordered");
	return OK;
}
