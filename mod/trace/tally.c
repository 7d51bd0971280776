/* mod/trace/tally.c - how much: what a batch's maker sold against what it made, what was taken from a code against what it carries.
 *
 * Sums run in the order of the world, so that the record is asked which went beyond, not those before it. A batch or code is summed up
 * once a sweep. Goods that came back and were sold again count once: of items by their codes, of quantities by the share that is new.
 */
#include <stdlib.h>

#include "mod/trace/finding.h"

enum { KNOWN = 1u << KEY_PUBLIC | 1u << KEY_BUSINESS, FEW_CODES = 64 };

/* Records that went beyond: record id -> struct beyond. */
struct tally { struct map over; };
struct beyond { enum rule rule; struct str detail; int64_t other; };

static struct str key_of(struct arena *a, int64_t id) { return str_fmt(a, "%lld", (long long)id); }

static void went_beyond(struct judging *j, struct tally *t, int64_t record, enum rule rule, int64_t other, struct str detail)
{
	struct beyond *b = TAKE(j->c->arena, struct beyond, 1);

	*b = (struct beyond){ rule, str_copy(j->c->arena, detail), other };
	map_put(&t->over, key_of(j->c->arena, record), b);
}

static void tell(struct judging *j, const struct tally *t, enum rule rule, const struct record *r)
{
	const struct beyond *b = map_get(&t->over, key_of(&j->page, r->id));

	if (b && b->rule == rule)
		found(j, &(struct candidate){ .rule = rule, .party = r->party, .subject = r->id, .other = b->other, .detail = b->detail });
}

/* ---- a batch ---- */

/* One record that sold some of it, or (back) took some of a code that many goods share back. */
struct part { struct item_event ev; uint64_t fresh, total; bool items, back; struct part *next; };
struct summing {
	struct judging *j;
	struct call c;            /* in an arena that lasts for the batch */
	struct record batch;
	struct decimal made;
	struct str unit;          /* base unit of what was made */
	bool whole;               /* pieces: items are counted by their codes */
	struct map parts;         /* record id -> struct part */
	struct part *first;
	struct bits *scope, *sold, *now;
};

static struct part *part_of(struct summing *s, const struct item_event *ev)
{
	struct str key = key_of(s->c.arena, ev->record);
	struct part *p = map_get(&s->parts, key);

	if (!p) {
		p = TAKE(s->c.arena, struct part, 1);
		p->ev = *ev;
		p->ev.other = S("");            /* lives no longer than its chunk */
		p->next = s->first;
		s->first = p;
		map_put(&s->parts, key, p);
	}
	return p;
}

/* How many of these items each sale of the maker names, and how many of them for the first time. */
static enum err sum_chunk(struct summing *s, const struct pack *p, uint32_t chunk)
{
	struct judging *j = s->j;
	struct span span = WHOLE_CHUNK;
	struct chunk_event *ev;
	struct call c;
	size_t n;
	enum err e;

	arena_reset(&j->beside);
	c = call_in(j, &j->beside);
	e = chunk_history(&c, p->record, chunk, EVENTS_MOST, &ev, &n);
	if (e)
		return e == E_BUSY ? OK : e;
	j->rows += n;
	qsort(ev, n, sizeof(*ev), event_by_time);
	bits_clear(s->sold, WHOLE_CHUNK);
	for (size_t i = 0; i < n; i++) {
		struct part *x;
		uint32_t total;

		if (ev[i].ev.verb != VERB_SOLD)
			continue;
		bits_clear(s->now, span);
		if (!chunk_bits(ev[i].bytes, s->now, &span))
			return E_CORRUPT;
		bits_and(s->now, s->scope, span);
		total = bits_count(s->now, span);
		bits_andnot(s->now, s->sold, span);
		bits_or(s->sold, s->now, span);
		x = part_of(s, &ev[i].ev);
		x->items = true;
		x->total += total;
		x->fresh += bits_count(s->now, span);
	}
	return OK;
}

/* Of a code that all goods of the batch carry: each sale, and what came back of it. */
static enum err sum_class(struct summing *s, const struct pack *p)
{
	struct judging *j = s->j;
	struct chunk_event *ev;
	struct call c;
	size_t n;
	enum err e;

	arena_reset(&j->beside);
	c = call_in(j, &j->beside);
	e = chunk_history(&c, p->record, 0, EVENTS_MOST, &ev, &n);
	if (e)
		return e == E_BUSY ? OK : e;
	j->rows += n;
	for (size_t i = 0; i < n; i++)
		if (ev[i].ev.verb == VERB_SOLD || (ev[i].ev.verb == VERB_TAKEN_BACK && ev[i].ev.party == p->party) || ev[i].ev.verb == VERB_REFUSED) {
			struct part *x = part_of(s, &ev[i].ev);

			x->fresh = x->total = 1;
			x->back = ev[i].ev.verb != VERB_SOLD;
		}
	return OK;
}

/* Of all versions of the batch. */
static enum err sum_goods(struct summing *s)
{
	struct item_sets sets;
	enum err e = sets_of_batch(&s->c, s->batch.id, true, &sets);

	for (size_t i = 0; !e && i < sets.n; i++) {
		uint32_t *chunk;
		size_t n = 0;

		e = sets.set[i].pack.grain == GRAIN_ITEM ? chunks_of_pack(&s->c, sets.set[i].pack.record, &chunk, &n) : sum_class(s, &sets.set[i].pack);
		for (size_t k = 0; k < n && !e; k++)
			if (scope_of(&sets.set[i], chunk[k], s->scope))
				e = sum_chunk(s, &sets.set[i].pack, chunk[k]);
	}
	return e;
}

static int part_by_time(const void *x, const void *y)
{
	struct part *const *a = x, *const *b = y;

	return event_by_time(&(*a)->ev, &(*b)->ev);
}

/* What the record says it sold of the unit the batch is counted in; false: nothing. A refusal gives back what it refuses. */
static enum err amount_of(struct summing *s, const struct part *x, struct decimal *ret, bool *ret_said)
{
	static const struct { const struct type *type; size_t quantity, unit; } says[] = {
		{ &sale_type, SALE_quantity, SALE_unit }, { &return_type, RETURN_quantity, RETURN_unit },
	};
	struct call c = call_in(s->j, &s->j->beside);
	struct record r;
	struct str unit;
	enum err e;

	arena_reset(&s->j->beside);
	*ret_said = false;
	e = kernel_record(&c, x->ev.record, KNOWN, &r);
	if (!e && r.type == &refusal_type)
		e = kernel_record(&c, r.values[REFUSAL_offer].i, KNOWN, &r);
	for (size_t i = 0; i < ROWS(says) && !e; i++)
		if (says[i].type == r.type && quantity_get(&r.values[says[i].quantity], &r.values[says[i].unit], ret, &unit) && str_eq(unit, s->unit))
			*ret_said = true;
	if (!e && *ret_said && x->fresh < x->total)
		*ret_said = decimal_share(*ret, (int64_t)(x->fresh * 1000000 / x->total), ret);
	return e;
}

static struct str too_much(struct summing *s, struct decimal sum)
{
	return str_fmt(&s->j->beside, "该批次至此共售出 %.*s%.*s，超过所报的生产数量 %.*s%.*s。", STR_ARG(decimal_str(&s->j->beside, sum)), STR_ARG(s->unit),
	               STR_ARG(decimal_str(&s->j->beside, s->made)), STR_ARG(s->unit));
}

static enum err add_up(struct summing *s, struct tally *t)
{
	struct decimal sum[2] = { { 0 }, { 0 } }, pieces = { 0 };       /* of goods with codes of their own, and of goods without */
	struct part **all = TAKE(s->c.arena, struct part *, s->parts.n + 1);
	size_t n = 0;
	enum err e = OK;

	for (struct part *x = s->first; x; x = x->next)
		all[n++] = x;
	qsort(all, n, sizeof(*all), part_by_time);
	for (size_t i = 0; i < n && !e; i++) {
		struct decimal one = { 0 }, *to = all[i]->items ? s->whole ? &pieces : &sum[0] : &sum[1];
		bool said = s->whole && all[i]->items, fits = true;

		if (said)
			fits = decimal_mul_int((struct decimal){ 1000000 }, (int64_t)all[i]->fresh, &one);
		else
			e = amount_of(s, all[i], &one, &said);
		if (e || !said)
			continue;
		if (!fits || !(all[i]->back ? decimal_sub(*to, one, to) : decimal_add(*to, one, to)))
			return E_TOO_BIG;
		if (!all[i]->back && decimal_cmp(one, (struct decimal){ 0 }) > 0 && decimal_cmp(*to, s->made) > 0)
			went_beyond(s->j, t, all[i]->ev.record, all[i]->items ? RULE_MORE_THAN_MADE : RULE_BATCH_COUNT, s->batch.id, too_much(s, *to));
	}
	return e;
}

static enum err sum_batch(struct summing *s, int64_t batch, struct tally *t)
{
	const struct list_row *unit;
	int64_t latest;
	enum err e = kernel_latest(&s->c, batch, &latest);

	if (!e)
		e = kernel_record(&s->c, latest, KNOWN, &s->batch);
	if (e || s->batch.type != &batch_type || !quantity_get(&s->batch.values[BATCH_quantity], &s->batch.values[BATCH_unit], &s->made, &s->unit))
		return e;
	unit = list_find(s->c.k, "unit", s->batch.values[BATCH_unit].text, day_of(s->c.now, CHINA_OFFSET_MIN));
	s->whole = unit && row_fact(unit, "whole");
	e = sum_goods(s);
	return e ? e : add_up(s, t);
}

static enum err tally_of_batch(struct judging *j, int64_t batch, struct tally **ret)
{
	struct str key = key_of(j->c->arena, batch);
	struct tally *t = map_get(&j->batches, key);
	struct summing s = { .j = j };
	enum err e;

	if (t) {
		*ret = t;
		return OK;
	}
	t = TAKE(j->c->arena, struct tally, 1);
	t->over = map_in(j->c->arena);
	map_put(&j->batches, key, t);
	s.c = call_in(j, &j->wide);
	arena_reset(&j->wide);
	s.parts = map_in(&j->wide);
	s.scope = TAKE(&j->wide, struct bits, 1);
	s.sold = TAKE(&j->wide, struct bits, 1);
	s.now = TAKE(&j->wide, struct bits, 1);
	e = sum_batch(&s, batch, t);
	*ret = t;
	return e == E_ABSENT ? OK : e;
}

/* ---- a code that carries a quantity ---- */

static int by_time(const void *x, const void *y) { return event_by_time(x, y); }

/* What one of its records took from the code, or gave back to it; false: nothing in the code's unit. */
static enum err taken_by(struct call *c, const struct item_event *ev, struct str of, struct decimal *ret)
{
	struct decimal q = { 0 }, lost = { 0 };
	struct record r;
	struct str unit;
	enum err e = kernel_record(c, ev->record, KNOWN, &r);

	*ret = q;
	if (e)
		return e;
	if (r.type == &return_type) {
		if (quantity_get(&r.values[RETURN_quantity], &r.values[RETURN_unit], &q, &unit) && str_eq(unit, of))
			ret->millionths = -q.millionths;
		return OK;
	}
	if (r.type != &cut_type || !quantity_get(&r.values[CUT_quantity], &r.values[CUT_unit], &q, &unit) || !str_eq(unit, of))
		return OK;
	if (!quantity_get(&r.values[CUT_offcut], &r.values[CUT_unit], &lost, &unit))
		lost = (struct decimal){ 0 };
	return decimal_add(q, lost, ret) ? OK : E_TOO_BIG;
}

static enum err sum_code(struct judging *j, struct call *c, const struct code_place *p, struct tally *t)
{
	struct decimal taken = { 0 }, most;
	struct item_event *ev;
	struct balance b;
	size_t n;
	enum err e = balance_of(c, p, &b);

	if (!e)
		e = item_history(c, p->pack, p->item, &ev, &n);
	if (!e && !decimal_add(b.carried, b.tolerance, &most))
		e = E_TOO_BIG;
	if (e)
		return e == E_ABSENT ? OK : e;
	j->rows += n;
	qsort(ev, n, sizeof(*ev), by_time);
	for (size_t i = 0; i < n && !e; i++) {
		struct decimal one;

		if (ev[i].verb != VERB_CUT && ev[i].verb != VERB_TAKEN_BACK)
			continue;
		e = taken_by(c, &ev[i], b.unit, &one);
		if (!e && !decimal_add(taken, one, &taken))
			e = E_TOO_BIG;
		if (!e && ev[i].verb == VERB_CUT && decimal_cmp(taken, most) > 0)
			went_beyond(j, t, ev[i].record, RULE_MORE_THAN_MADE, b.parent ? b.parent : b.measure_record,
			            str_fmt(c->arena, "此码所载 %.*s%.*s，连料头至此共取下 %.*s%.*s，超出允许偏差。", STR_ARG(decimal_str(c->arena, b.carried)), STR_ARG(b.unit),
			                    STR_ARG(decimal_str(c->arena, taken)), STR_ARG(b.unit)));
	}
	return e;
}

static enum err check_cut(struct judging *j, enum rule rule, const struct record *r)
{
	struct call c = call_in(j, &j->page);
	struct code_place from;
	struct tally *t;
	struct str key;
	int64_t when;
	enum err e = cut_from(&c, r->id, &from, &when);

	if (e)
		return e == E_ABSENT ? OK : e;
	key = str_fmt(j->c->arena, "%lld %u", (long long)from.pack, from.item);
	t = map_get(&j->codes, key);
	if (!t) {
		t = TAKE(j->c->arena, struct tally, 1);
		t->over = map_in(j->c->arena);
		map_put(&j->codes, key, t);
		arena_reset(&j->beside);
		c = call_in(j, &j->beside);
		e = sum_code(j, &c, &from, t);
	}
	if (!e)
		tell(j, t, rule, r);
	return e;
}

/* A sale of few codes that says how much it is: no more than those codes carried, tolerance included. Cuts are told by their own records. */
static enum err check_carried(struct judging *j, enum rule rule, const struct record *r, size_t items, size_t quantity, size_t unit)
{
	struct call c = call_in(j, &j->page);
	struct decimal said, most = { 0 };
	struct item_sets s;
	struct str in;
	enum err e = quantity_get(&r->values[quantity], &r->values[unit], &said, &in) && !value_has_parts(&r->values[items]) ? OK : E_ABSENT;

	if (!e)
		e = items_of(&c, r->id, &r->values[items], &s);
	if (e || s.count > FEW_CODES)
		return e == E_ABSENT ? OK : e;
	for (size_t i = 0; i < s.n; i++)
		for (size_t k = 0; k < s.set[i].n; k++)
			for (uint32_t at = s.set[i].r[k].lo; at <= s.set[i].r[k].hi; at++) {
				struct balance b;

				e = s.set[i].pack.grain == GRAIN_ITEM ? balance_of(&c, &(struct code_place){ s.set[i].pack.record, at, s.set[i].pack }, &b) : E_ABSENT;
				if (e || !str_eq(b.unit, in))
					return e == E_ABSENT ? OK : e;          /* not all of them carry a stated quantity of that unit */
				if (!decimal_add(most, b.carried, &most) || !decimal_add(most, b.tolerance, &most))
					return E_TOO_BIG;
			}
	if (decimal_cmp(said, most) > 0)
		found(j, &(struct candidate){ .rule = rule, .party = r->party, .subject = r->id,
			.detail = str_fmt(&j->page, "所填数量 %.*s%.*s 超过这些码所载的 %.*s%.*s（已计允许偏差）。", STR_ARG(decimal_str(&j->page, said)), STR_ARG(in),
			                  STR_ARG(decimal_str(&j->page, most)), STR_ARG(in)) });
	return OK;
}

enum err check_amount(struct judging *j, enum rule rule, const struct record *r)
{
	enum err e = OK;

	if (r->type == &cut_type)
		return check_cut(j, rule, r);
	if (rule == RULE_MORE_THAN_MADE && r->type == &sale_type)
		e = check_carried(j, rule, r, SALE_items, SALE_quantity, SALE_unit);
	if (rule == RULE_MORE_THAN_MADE && r->type == &resale_type)
		e = check_carried(j, rule, r, RESALE_trace_code, RESALE_quantity, RESALE_unit);
	for (size_t i = 0; i < j->n_good && r->type == &sale_type && !e; i++) {
		struct tally *t;

		if (!j->good[i].batch)
			continue;
		e = tally_of_batch(j, j->good[i].batch, &t);
		if (!e)
			tell(j, t, rule, r);
	}
	return e;
}
