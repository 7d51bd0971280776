/* mod/trace/lot.c - which codes are goods of a batch: ordered for it, activated to it, and not activated to another since. */
#include "mod/trace/flow.h"

void ids_add(struct arena *a, struct ids *s, int64_t id)
{
	if (s->n == s->cap) {
		int64_t *grown = TAKE(a, int64_t, s->cap = s->cap ? s->cap * 2 : 4);

		if (s->n)
			memcpy(grown, s->id, s->n * sizeof(*grown));
		s->id = grown;
	}
	s->id[s->n++] = id;
}

bool ids_has(const struct ids *s, int64_t id)
{
	for (size_t i = 0; i < s->n; i++)
		if (s->id[i] == id)
			return true;
	return false;
}

enum err versions_of(struct call *c, int64_t id, struct ids *ret)
{
	struct record r;
	enum err e = kernel_latest(c, id, &id);

	for (; id && !e; id = r.corrects) {
		e = kernel_record(c, id, 0, &r);
		if (!e)
			ids_add(c->arena, ret, id);
	}
	return e;
}

void sets_add_all(struct call *c, struct item_sets *to, const struct item_sets *s)
{
	for (size_t i = 0; i < s->n; i++)
		for (size_t k = 0; k < s->set[i].n; k++)
			sets_add(c, to, &s->set[i].pack, s->set[i].r[k].lo, s->set[i].r[k].hi);
}

static enum err activated_away(struct call *c, const struct item_set *s, uint32_t chunk, const struct ids *batch, struct item_sets *gone)
{
	struct bits *scope = TAKE(c->arena, struct bits, 1), *away = TAKE(c->arena, struct bits, 1), *now = TAKE(c->arena, struct bits, 1);
	struct span span = WHOLE_CHUNK;
	struct chunk_event *ev;
	struct range *r;
	size_t n = 0;
	enum err e = scope_of(s, chunk, scope) ? chunk_history(c, s->pack.record, chunk, HOLD_ROWS, &ev, &n) : OK;

	for (size_t i = 0; i < n && !e; i++) {
		if (ev[i].ev.verb != VERB_ACTIVATED)
			continue;
		bits_clear(now, span);
		if (!chunk_bits(ev[i].bytes, now, &span))
			return E_CORRUPT;
		if (ids_has(batch, ev[i].ev.link))
			bits_andnot(away, now, span);
		else
			bits_or(away, now, span);
	}
	bits_and(away, scope, WHOLE_CHUNK);
	r = bits_ranges(c->arena, away, &n);
	for (size_t i = 0; i < n && !e; i++)
		sets_add(c, gone, &s->pack, (chunk << CHUNK_BITS) + r[i].lo, (chunk << CHUNK_BITS) + r[i].hi);
	return e;
}

/* Codes ordered for this batch and activated to another are goods of that other one. */
static enum err without_others(struct call *c, const struct ids *batch, struct item_sets *s)
{
	struct item_sets gone = { 0 };
	enum err e = OK;

	for (size_t i = 0; i < s->n && !e; i++) {
		struct rows chunks = { 0 };

		if (s->set[i].pack.grain == GRAIN_ITEM)
			e = db_ask(c->db, c->arena, trace_sql[Q_ITEMS_ACTIVATED], VALS(V_I(s->set[i].pack.record)), &chunks);
		for (size_t k = 0; k < chunks.n && !e; k++)
			e = activated_away(c, &s->set[i], (uint32_t)row_int(&chunks, k, 0), batch, &gone);
	}
	sets_tidy(&gone);
	sets_without(c, s, &gone);
	return e;
}

/* Codes ordered for one version of the batch's record; `shared` also the code that all of them have in common. */
static enum err ordered_for(struct call *c, int64_t batch, bool shared, struct item_sets *to)
{
	struct rows r;
	enum err e = db_ask(c->db, c->arena, trace_sql[Q_PACKS_OF_BATCH], VALS(V_I(batch)), &r);

	for (size_t i = 0; i < r.n && !e; i++) {
		struct pack p;

		e = pack_get(c, row_int(&r, i, 0), &p);
		if (!e && (p.grain == GRAIN_ITEM || (shared && p.grain == GRAIN_BATCH)))
			sets_add(c, to, &p, 0, (uint32_t)(p.count - 1));
	}
	return e;
}

static enum err activated_to(struct call *c, int64_t batch, struct item_sets *to)
{
	const unsigned all = (1u << KEY_CLASSES) - 1;
	int64_t *ids;
	size_t n = 0;
	enum err e = records_with(c, &activation_type, "batch", id_str(c->arena, batch), &ids, &n);

	for (size_t i = 0; i < n && !e; i++) {
		struct item_sets a;
		struct record act;

		e = kernel_record(c, ids[i], all, &act);
		if (!e)
			e = items_of(c, act.id, &act.values[ACTIVATION_items], &a);
		if (!e)
			sets_add_all(c, to, &a);
	}
	return e;
}

enum err sets_of_batch(struct call *c, int64_t batch, bool shared, struct item_sets *ret)
{
	struct item_sets s = { 0 };
	struct ids id = { 0 };
	enum err e = versions_of(c, batch, &id);

	for (size_t i = 0; i < id.n && !e; i++) {
		e = ordered_for(c, id.id[i], shared, &s);
		if (!e)
			e = activated_to(c, id.id[i], &s);
	}
	sets_tidy(&s);
	if (!e)
		e = without_others(c, &id, &s);
	if (!e)
		*ret = s;
	return e;
}
