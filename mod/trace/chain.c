/* mod/trace/chain.c - where goods have been: every record that speaks of them, in the order of the world, back to what they were cut from. */
#include <stdlib.h>

#include "mod/trace/chain.h"

enum { CUT_DEPTH = 20, ROWS_MOST = 1000000, KNOWN = 1u << KEY_PUBLIC | 1u << KEY_BUSINESS };

static int by_time(const void *x, const void *y)
{
	const struct chain_step *a = x, *b = y;

	return event_by_time(&a->ev, &b->ev);
}

/* ---- one item, and what it was cut from ---- */

struct gathering { struct call *c; struct chain *to; size_t cap; int64_t until; };

static struct chain_step *step_new(struct gathering *g, const struct item_event *ev)
{
	struct chain *ch = g->to;

	if (ch->n == g->cap) {
		struct chain_step *grown = TAKE(g->c->arena, struct chain_step, g->cap = g->cap ? g->cap * 2 : 64);

		if (ch->n)
			memcpy(grown, ch->step, ch->n * sizeof(*grown));
		ch->step = grown;
	}
	ch->step[ch->n] = (struct chain_step){ .ev = *ev };
	return &ch->step[ch->n++];
}

/* Of a parent only what came before the cut concerns the piece, and of its cuts only the piece's own, which stands with the piece. */
static enum err gather_item(struct gathering *g, struct code_place at, int64_t until, int depth)
{
	struct item_event *ev;
	size_t n;
	enum err e = item_history(g->c, at.pack, at.item, &ev, &n);

	for (size_t i = 0; i < n && !e; i++) {
		struct chain_step *s;
		struct code_place parent;
		int64_t cut;

		if (ev[i].time > until || (depth && ev[i].verb == VERB_CUT))
			continue;
		s = step_new(g, &ev[i]);
		s->count = 1;
		s->of = at;
		s->upstream = depth > 0;
		if (ev[i].verb != VERB_PIECE || depth == CUT_DEPTH)
			continue;
		e = cut_from(g->c, ev[i].record, &parent, &cut);
		if (!e)
			e = gather_item(g, parent, cut, depth + 1);
	}
	return e;
}

/* ---- a set: record by record ---- */

static enum err gather_chunk(struct gathering *g, const struct item_set *s, uint32_t chunk, struct map *seen, struct bits *scope, struct bits *now)
{
	struct span span = WHOLE_CHUNK;
	struct chunk_event *ev;
	size_t n;
	enum err e = chunk_history(g->c, s->pack.record, chunk, ROWS_MOST, &ev, &n);

	for (size_t i = 0; i < n && !e; i++) {
		struct str key = str_fmt(g->c->arena, "%lld %d", (long long)ev[i].ev.record, ev[i].ev.verb);
		size_t *at = map_get(seen, key);

		bits_clear(now, span);
		if (ev[i].ev.time > g->until || !chunk_bits(ev[i].bytes, now, &span))
			continue;
		bits_and(now, scope, span);
		if (!bits_count(now, span))
			continue;
		if (!at) {
			at = TAKE(g->c->arena, size_t, 1);
			*at = g->to->n;
			map_put(seen, key, at);
			step_new(g, &ev[i].ev);
		}
		g->to->step[*at].count += bits_count(now, span);
	}
	return e;
}

static enum err gather_set(struct gathering *g, const struct item_sets *sets)
{
	struct map seen = map_in(g->c->arena);
	struct bits *scope = TAKE(g->c->arena, struct bits, 1), *now = TAKE(g->c->arena, struct bits, 1);
	enum err e = OK;

	for (size_t i = 0; i < sets->n && !e; i++) {
		uint32_t *chunk;
		size_t n;

		e = chunks_of_pack(g->c, sets->set[i].pack.record, &chunk, &n);
		for (size_t k = 0; k < n && !e; k++)
			if (scope_of(&sets->set[i], chunk[k], scope))
				e = gather_chunk(g, &sets->set[i], chunk[k], &seen, scope, now);
	}
	return e;
}

enum err chain_of(struct call *c, const struct subject *s, int64_t until, struct chain *ret)
{
	struct chain ch = { 0 };
	struct gathering g = { c, &ch, 0, until };
	enum err e = s->kind == SUBJECT_ITEM ? gather_item(&g, s->place, until, 0) : gather_set(&g, &s->set);

	if (e)
		return e;
	if (ch.n)
		qsort(ch.step, ch.n, sizeof(*ch.step), by_time);
	ch.cut_short = ch.n > STEPS_MOST;
	if (ch.cut_short) {                     /* the newest are what somebody asks for */
		ch.step += ch.n - STEPS_MOST;
		ch.n = STEPS_MOST;
	}
	*ret = ch;
	return OK;
}
