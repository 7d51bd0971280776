/* mod/trace/judge.c - one record judged by all rules: what it touches is read once a sweep, each chunk once, few items by themselves.
 *
 * Cost: the rows of the chunks it touches, once for all records of a sweep that touch them; sixteen items or fewer cost their own rows.
 * Memory: what is found lives in the call's arena, all else is emptied after each record and each chunk.
 */
#include "mod/trace/finding.h"

enum { KNOWN = 1u << KEY_PUBLIC | 1u << KEY_BUSINESS, FEW_ITEMS = 16 };

struct judging judging_in(struct call *c)
{
	struct arena *a = c->arena;

	return (struct judging){ .c = c, .all = { .seen = map_in(a) }, .judged = map_in(a), .chunks = map_in(a), .parties = map_in(a), .batches = map_in(a),
		.codes = map_in(a), .permits = map_in(a) };
}

struct call call_in(const struct judging *j, struct arena *a)
{
	struct call c = *j->c;

	c.arena = a;
	return c;
}

/* ---- firms ---- */

struct firm *firm_named(struct judging *j, struct str uscc)
{
	struct firm *f = map_get(&j->parties, uscc);

	if (!f) {
		f = TAKE(j->c->arena, struct firm, 1);
		*f = (struct firm){ .uscc = str_copy(j->c->arena, uscc), .n = (uint32_t)j->parties.n };
		map_put(&j->parties, f->uscc, f);
	}
	return f;
}

/* Found again by its id as well; who has no code is told apart by its id alone. */
enum err firm_of(struct judging *j, int64_t party, struct firm **ret)
{
	struct call page = call_in(j, &j->page);
	struct str key = str_fmt(&j->page, "#%lld", (long long)party);
	struct firm *f = map_get(&j->parties, key);
	struct party p = { 0 };
	enum err e = f || !party ? OK : party_get(&page, party, &p);

	if (e && e != E_ABSENT)
		return e;
	if (!f) {
		f = firm_named(j, p.uscc.n ? p.uscc : key);
		f->party = party;
		map_put(&j->parties, str_copy(j->c->arena, key), f);
	}
	*ret = f;
	return OK;
}

/* ---- what was found ---- */

struct str candidate_key(struct arena *a, enum rule rule, int64_t subject)
{
	return str_fmt(a, "%s %lld", rule_rows[rule].key, (long long)subject);
}

/* Items of one pack are named; the count tells of the rest. */
static void join_items(struct call *c, struct candidate *to, const struct candidate *x)
{
	uint64_t before = ranges_count(to->r, to->n);
	struct range *r;

	if (to->n && to->pack.record != x->pack.record) {
		to->count += x->count;
		return;
	}
	r = TAKE(c->arena, struct range, to->n + x->n);
	if (to->n)
		memcpy(r, to->r, to->n * sizeof(*r));
	memcpy(r + to->n, x->r, x->n * sizeof(*r));
	to->pack = x->pack;
	to->r = r;
	to->n = ranges_tidy(r, to->n + x->n);
	to->count += ranges_count(to->r, to->n) - before;
}

void found(struct judging *j, const struct candidate *x)
{
	struct arena *a = j->c->arena;
	struct str key = candidate_key(a, x->rule, x->subject);
	struct candidate *y = map_get(&j->all.seen, key);

	if (!y) {
		y = TAKE(a, struct candidate, 1);
		*y = *x;
		y->n = y->count = 0;
		y->r = NULL;
		y->next = NULL;
		y->detail = str_copy(a, x->detail);
		y->pack.goods = str_copy(a, x->pack.goods);
		if (j->all.last)
			j->all.last->next = y;
		else
			j->all.first = y;
		j->all.last = y;
		j->all.n++;
		map_put(&j->all.seen, key, y);
	}
	if (x->n)
		join_items(j->c, y, x);
}

/* ---- what a record touches ---- */

static enum err few_items(struct judging *j, const struct pack *p, const struct chunk_set *s)
{
	struct range *r;
	size_t n;

	if (!chunk_ranges(&j->page, s->bytes, &r, &n))
		return E_CORRUPT;
	for (size_t i = 0; i < n; i++)
		for (uint32_t at = r[i].lo; at <= r[i].hi; at++) {
			struct call c;
			struct range one = { at, at };
			struct chunk_event *ev;
			struct item_event *mine;
			struct str bytes;
			size_t events;
			enum err e;

			arena_reset(&j->beside);
			c = call_in(j, &j->beside);
			e = item_history(&c, p->record, (s->chunk << CHUNK_BITS) + at, &mine, &events);
			if (!e)
				e = chunk_write(&j->beside, &one, 1, &bytes);
			if (e)
				return e;
			ev = TAKE(&j->beside, struct chunk_event, events + 1);
			for (size_t k = 0; k < events; k++)
				ev[k] = (struct chunk_event){ mine[k], bytes };
			j->rows += events;
			e = rules_of_chunk(j, p, s->chunk, at, ev, events);
			if (e)
				return e;
		}
	return OK;
}

static enum err whole_chunk(struct judging *j, const struct pack *p, const struct chunk_set *s)
{
	struct str key = str_fmt(j->c->arena, "%lld %u", (long long)s->pack, s->chunk);
	struct chunk_event *ev;
	struct call c;
	size_t n;
	enum err e;

	if (!map_put(&j->chunks, key, j))
		return OK;
	arena_reset(&j->beside);
	c = call_in(j, &j->beside);
	e = chunk_history(&c, s->pack, s->chunk, EVENTS_MOST, &ev, &n);
	if (e)
		return e == E_BUSY ? OK : e;    /* a code with a million steps: docs/findings.md, limits */
	j->rows += n;
	return rules_of_chunk(j, p, s->chunk, UINT32_MAX, ev, n);
}

/* The batch of what lies in one chunk: that of its pack, or the one its first item was activated to. */
static enum err batch_of(struct judging *j, const struct pack *p, const struct chunk_set *s, int64_t *ret)
{
	struct call c = call_in(j, &j->page);
	struct item_event *ev;
	struct item_state st;
	struct range *r;
	size_t n;
	enum err e;

	*ret = p->batch;
	if (p->batch || p->grain != GRAIN_ITEM || !chunk_ranges(&j->page, s->bytes, &r, &n))
		return OK;
	e = item_history(&c, s->pack, (s->chunk << CHUNK_BITS) + r[0].lo, &ev, &n);
	if (e)
		return e;
	item_fold(p, ev, n, &st);
	*ret = st.batch;
	return OK;
}

static enum err note_goods(struct judging *j, const struct pack *p, const struct chunk_set *s)
{
	int64_t batch;
	enum err e = batch_of(j, p, s, &batch);

	if (e)
		return e;
	for (size_t i = 0; i < j->n_good; i++)
		if (j->good[i].batch == batch && j->good[i].product == p->product && j->good[i].grain == p->grain)
			return OK;
	j->good[j->n_good++] = (struct goods_in){ .batch = batch, .product = p->product, .pack = p->record, .grain = p->grain };
	return OK;
}

static enum err items_of_record(struct judging *j, const struct record *r, const struct move *m)
{
	struct call c = call_in(j, &j->page);
	struct chunk_set *set;
	struct pack p = { 0 };
	size_t n;
	enum err e = items_chunks(&c, r->id, &r->values[m->items], &set, &n);

	j->good = e ? NULL : TAKE(&j->page, struct goods_in, n + 1);
	j->n_good = 0;
	for (size_t i = 0; i < n && !e; i++) {
		if (p.record != set[i].pack)
			e = pack_get(&c, set[i].pack, &p);
		if (!e)
			e = note_goods(j, &p, &set[i]);
		if (!e)
			e = p.grain == GRAIN_ITEM && chunk_count(set[i].bytes) <= FEW_ITEMS ? few_items(j, &p, &set[i]) : whole_chunk(j, &p, &set[i]);
	}
	return e;
}

enum err judge(struct judging *j, int64_t record)
{
	struct call c = call_in(j, &j->page);
	struct move m[MOVES_MAX];
	struct record r;
	size_t moves;
	enum err e;

	if (!map_put(&j->judged, str_fmt(j->c->arena, "%lld", (long long)record), j))
		return OK;
	arena_reset(&j->page);
	e = kernel_record(&c, record, KNOWN, &r);
	moves = e ? 0 : moves_of(r.type, r.values, r.at, m);
	for (size_t i = moves; i-- > 0 && !e;)          /* the goods of the first move are those of the record */
		e = items_of_record(j, &r, &m[i]);
	for (size_t i = 0; i < RULES && moves && !e; i++)
		if (rule_rows[i].check)
			e = rule_rows[i].check(j, (enum rule)i, &r);
	return e;
}
