/* mod/trace/hold.c - what moves add up to: the state of one item, and who holds how many of a set. */
#include <stdlib.h>

#include "mod/trace/flow.h"

/* A stop ends with the release that names it: who lifts its own leaves another's standing. */
static bool released(const struct item_event *ev, size_t n, size_t stop)
{
	for (size_t i = stop + 1; i < n; i++)
		if (ev[i].verb == VERB_RELEASED && ev[i].link == ev[stop].record)
			return true;
	return false;
}

void item_fold(const struct pack *p, const struct item_event *ev, size_t n, struct item_state *ret)
{
	struct item_state s = { .activated = p->batch != 0 || p->grain == GRAIN_PRODUCT || p->unmarked, .batch = p->batch };

	for (size_t i = 0; i < n; i++)
		switch (ev[i].verb) {
		case VERB_ACTIVATED: s.activated = true; s.batch = ev[i].link; break;
		case VERB_SOLD: s.sold = true; break;      /* its maker says so; a seller's word alone makes nothing sold */
		case VERB_PIECE: s.activated = s.sold = true; s.cut = ev[i].record; break;
		case VERB_VOID: case VERB_RECALLED: case VERB_DESTROYED: case VERB_STOPPED:
			if (ev[i].verb == VERB_STOPPED && (s.ended || released(ev, n, i)))
				break;                  /* what was recalled is not less for being stopped too */
			s.ended = true;
			s.end = ev[i].verb;
			s.end_record = ev[i].record;
			break;
		default: break;
		}
	*ret = s;
}

/* ---- who holds what ---- */

/* Whose hands items are in after this event; false: it moves nothing. */
static bool hands_after(const struct item_event *ev, struct holder *ret)
{
	*ret = (struct holder){ .record = ev->record, .since = ev->time };
	switch (ev->verb) {
	case VERB_SOLD: case VERB_RESOLD: case VERB_PIECE:
		if (str_is(ev->other, CONSUMER_HANDS)) {
			ret->kind = HOLD_CONSUMER;
		} else if (ev->other.n) {
			ret->kind = HOLD_OFFERED;
			ret->uscc = ev->other;
			ret->from = ev->party;
		} else if (ev->verb == VERB_PIECE) {
			ret->kind = HOLD_PARTY;         /* cut for stock */
			ret->party = ev->party;
		} else {
			ret->kind = HOLD_UNNAMED;
		}
		return true;
	case VERB_PURCHASED: case VERB_TAKEN_BACK:
		ret->kind = HOLD_PARTY;
		ret->party = ev->party;
		return true;
	case VERB_REFUSED:
		ret->kind = HOLD_PARTY;
		ret->uscc = ev->other;
		return true;
	case VERB_RETURNED:
		ret->kind = HOLD_MAKER;
		return true;
	case VERB_VOID: case VERB_DESTROYED: case VERB_USED:
		ret->kind = HOLD_ENDED;
		return true;
	default:
		return false;
	}
}

struct holding_call {
	struct call *c;
	struct holders *h;
	struct map parties;       /* uscc -> struct party */
	int64_t until;
	hold_fn *fn;
	void *ctx;
	struct bits *scope, *now;
};

/* The party a code belongs to; one that is not registered stays a code. */
static enum err resolve(struct holding_call *w, struct holder *h)
{
	struct party *p;
	enum err e;

	if (h->party || !h->uscc.n)
		return OK;
	p = map_get(&w->parties, h->uscc);
	if (!p) {
		p = TAKE(w->c->arena, struct party, 1);
		e = party_by_uscc(w->c, h->uscc, p);
		if (e && e != E_ABSENT)
			return e;
		map_put(&w->parties, str_copy(w->c->arena, h->uscc), p);
	}
	h->party = p->id;
	if (!h->party && h->kind == HOLD_OFFERED)
		h->kind = HOLD_PARTY;           /* nobody here could answer: what the sender says stands */
	return OK;
}

static bool same_hands(const struct holder *x, const struct holder *y)
{
	return x->kind == y->kind && x->side == y->side && x->party == y->party && (x->party || str_eq(x->uscc, y->uscc));
}

static struct holder *hands_of(struct holding_call *w, const struct holder *h)
{
	struct holders *all = w->h;

	for (size_t i = all->n; i-- > 0;)
		if (same_hands(&all->h[i], h))
			return &all->h[i];
	if (all->n == all->cap) {
		struct holder *grown = TAKE(w->c->arena, struct holder, all->cap = all->cap ? all->cap * 2 : 8);

		if (all->n)
			memcpy(grown, all->h, all->n * sizeof(*grown));
		all->h = grown;
	}
	all->h[all->n] = *h;
	all->h[all->n].count = 0;
	return &all->h[all->n++];
}

static enum err put_hands(struct holding_call *w, const struct pack *p, uint32_t chunk, struct span span, struct holder h)
{
	struct holder *to;
	uint32_t n = bits_count(w->now, span);

	if (!n)
		return OK;
	if (h.kind == HOLD_PARTY && h.party == p->party)
		h = (struct holder){ .kind = HOLD_MAKER, .party = h.party, .since = h.since };
	else if (h.kind == HOLD_MAKER)
		h.party = p->party;
	to = hands_of(w, &h);
	to->count += n;
	if (h.since > to->since)
		to->since = h.since;
	h.count = n;
	return w->fn ? w->fn(w->ctx, p, chunk, &h, w->now) : OK;
}

static bool is_side(struct call *c, const struct item_event *ev)
{
	return c->who->party && (c->who->party == ev->party || (ev->other.n && str_eq(ev->other, c->who->uscc)));
}

/* May this record move an item out of those hands? What a registered party holds by its own word or by its sender's leaves it by its own
 * word, not by a stranger's: who claims goods of others moves nothing and becomes a finding. A buyer that names the holder as its supplier
 * is believed: the holder's own record may be late. */
static bool may_move(const struct holding_call *w, const struct item_event *ev, const struct holder *from, bool own_word)
{
	bool theirs = (from->kind == HOLD_PARTY || from->kind == HOLD_OFFERED) && from->party && from->party != ev->party;
	const struct party *p;

	if (!theirs)
		return true;
	switch (ev->verb) {
	case VERB_PURCHASED:
		p = ev->other.n ? map_get(&w->parties, ev->other) : NULL;
		return p && p->id == from->party;
	case VERB_RESOLD: case VERB_USED: return false;
	case VERB_SOLD: return !own_word;       /* a maker may send elsewhere what was not accepted yet */
	default: return true;
	}
}

/* Forwards through the world: which event each item was moved by last; 0: none. */
static enum err last_moves(struct holding_call *w, const struct chunk_event *ev, const struct holder *hand, size_t n, uint32_t *last)
{
	struct span span = WHOLE_CHUNK;
	const struct holder at_maker = { .kind = HOLD_MAKER };

	for (size_t i = 0; i < n; i++) {
		if (hand[i].kind == HOLD_NOWHERE)
			continue;
		bits_clear(w->now, span);
		if (!chunk_bits(ev[i].bytes, w->now, &span))
			return E_CORRUPT;
		bits_and(w->now, w->scope, span);
		for (uint32_t k = span.from; k < span.to; k++)
			for (uint64_t bits = w->now->w[k]; bits; bits &= bits - 1) {
				uint32_t at = k * 64 + (uint32_t)__builtin_ctzll(bits), was = last[at];
				const struct holder *from = was ? &hand[was - 1] : &at_maker;

				if (may_move(w, &ev[i].ev, from, was && ev[was - 1].ev.verb == VERB_PURCHASED))
					last[at] = (uint32_t)i + 1;
			}
	}
	return OK;
}

/* Items in the order of the event that moved them (counted, not compared), event by event. */
static enum err put_moved(struct holding_call *w, const struct pack *p, uint32_t chunk, const struct holder *hand, size_t events, const uint32_t *last)
{
	uint32_t *from = TAKE(w->c->arena, uint32_t, events + 2), *order = TAKE(w->c->arena, uint32_t, CHUNK_SIZE);
	enum err e = OK;

	for (uint32_t at = 0; at < CHUNK_SIZE; at++)
		if (bits_has(w->scope, at))
			from[last[at] + 1]++;
	for (size_t k = 1; k < events + 2; k++)
		from[k] += from[k - 1];
	for (uint32_t at = 0; at < CHUNK_SIZE; at++)
		if (bits_has(w->scope, at))
			order[from[last[at]]++] = at;
	memset(w->now, 0, sizeof(*w->now));
	for (size_t k = 0, i = 0; k <= events && !e; k++) {       /* from[k] is where the next event begins now */
		struct span span = { 0, 0 };
		struct holder h = k ? hand[k - 1] : (struct holder){ .kind = HOLD_MAKER, .since = p->at };

		if (i == from[k])
			continue;
		span = (struct span){ order[i] >> 6, (order[from[k] - 1] >> 6) + 1 };
		for (; i < from[k]; i++)
			bits_add(w->now, order[i], order[i]);
		e = put_hands(w, p, chunk, span, h);
		bits_clear(w->now, span);
	}
	return e;
}

static enum err hold_chunk(struct holding_call *w, const struct pack *p, uint32_t chunk)
{
	uint32_t *last = TAKE(w->c->arena, uint32_t, CHUNK_SIZE);
	struct chunk_event *ev;
	struct holder *hand;
	size_t n;
	enum err e = chunk_history(w->c, p->record, chunk, HOLD_ROWS, &ev, &n);

	if (e)
		return e;
	if (n)
		qsort(ev, n, sizeof(*ev), event_by_time);
	hand = TAKE(w->c->arena, struct holder, n + 1);
	for (size_t i = 0; i < n && !e; i++) {
		if (ev[i].ev.time > w->until || !hands_after(&ev[i].ev, &hand[i])) {
			hand[i].kind = HOLD_NOWHERE;
			continue;
		}
		hand[i].side = is_side(w->c, &ev[i].ev);
		e = resolve(w, &hand[i]);
		if (!e && ev[i].ev.verb == VERB_PURCHASED && ev[i].ev.other.n == 18)
			e = resolve(w, &(struct holder){ .uscc = ev[i].ev.other });      /* so that the supplier is known by its code */
	}
	if (!e)
		e = last_moves(w, ev, hand, n, last);
	return e ? e : put_moved(w, p, chunk, hand, n, last);
}

bool scope_of(const struct item_set *s, uint32_t chunk, struct bits *ret)
{
	uint64_t from = (uint64_t)chunk << CHUNK_BITS, to = from + CHUNK_SIZE - 1;
	size_t lo = 0, hi = s->n;
	bool any = false;

	while (lo < hi) {
		size_t mid = (lo + hi) / 2;

		if (s->r[mid].hi < from)
			lo = mid + 1;
		else
			hi = mid;
	}
	memset(ret, 0, sizeof(*ret));
	for (; lo < s->n && s->r[lo].lo <= to; lo++, any = true)
		bits_add(ret, s->r[lo].lo < from ? 0 : (uint32_t)(s->r[lo].lo - from), s->r[lo].hi > to ? CHUNK_SIZE - 1 : (uint32_t)(s->r[lo].hi - from));
	return any;
}

enum err holders_of(struct call *c, const struct item_sets *scope, int64_t until, struct holders *ret, hold_fn *fn, void *ctx)
{
	struct holders all = { 0 };
	struct holding_call w = { .c = c, .h = &all, .parties = map_in(c->arena), .until = until, .fn = fn, .ctx = ctx,
		.scope = TAKE(c->arena, struct bits, 1), .now = TAKE(c->arena, struct bits, 1) };
	enum err e = OK;

	for (size_t i = 0; i < scope->n && !e; i++) {
		const struct item_set *s = &scope->set[i];

		for (uint32_t chunk = s->n ? s->r[0].lo >> CHUNK_BITS : 1; s->n && chunk <= s->r[s->n - 1].hi >> CHUNK_BITS && !e; chunk++)
			if (scope_of(s, chunk, w.scope))
				e = hold_chunk(&w, &s->pack, chunk);
	}
	if (!e)
		*ret = all;
	return e;
}

/* ---- sets of goods ---- */

enum err records_with(struct call *c, const struct type *t, const char *field, struct str value, int64_t **ret, size_t *ret_n)
{
	enum { PAGE = 50 };
	int64_t *ids = NULL, before = INT64_MAX;
	size_t n = 0, cap = 0;
	struct rows r;

	do {
		enum err e = kernel_find(c, t, field, value, before, &r);

		if (e)
			return e;
		if (n + r.n > cap) {
			int64_t *grown = TAKE(c->arena, int64_t, cap = (n + r.n) * 2);

			if (n)
				memcpy(grown, ids, n * sizeof(*grown));
			ids = grown;
		}
		for (size_t i = 0; i < r.n && i < PAGE; i++)
			ids[n++] = before = row_int(&r, i, 0);
	} while (r.n > PAGE);
	*ret = ids;
	*ret_n = n;
	return OK;
}

void sets_add(struct call *c, struct item_sets *s, const struct pack *p, uint32_t lo, uint32_t hi)
{
	struct item_set *x = NULL;

	for (size_t i = 0; i < s->n; i++)
		if (s->set[i].pack.record == p->record)
			x = &s->set[i];
	if (!x) {
		if (s->n == s->cap) {
			struct item_set *grown = TAKE(c->arena, struct item_set, s->cap = s->cap ? s->cap * 2 : 4);

			if (s->n)
				memcpy(grown, s->set, s->n * sizeof(*grown));
			s->set = grown;
		}
		x = &s->set[s->n++];
		*x = (struct item_set){ .pack = *p };
	}
	if (x->n == x->cap) {
		struct range *grown = TAKE(c->arena, struct range, x->cap = x->cap ? x->cap * 2 : 8);

		if (x->n)
			memcpy(grown, x->r, x->n * sizeof(*grown));
		x->r = grown;
	}
	x->r[x->n++] = (struct range){ lo, hi };
}

void sets_tidy(struct item_sets *s)
{
	s->count = 0;
	for (size_t i = 0; i < s->n; i++) {
		s->set[i].n = ranges_tidy(s->set[i].r, s->set[i].n);
		s->set[i].count = ranges_count(s->set[i].r, s->set[i].n);
		s->count += s->set[i].count;
	}
}
