/* mod/trace/rules.c - what does not fit in the flow of goods: rules over the events of a chunk, replayed in the order of the world.
 *
 * A replay keeps, for each party, which items came to it and which it sold; so a whole batch is judged in one pass, linear in its
 * events. Nothing here is decided: a finding is a question to a party, and what explains it may still be on its way.
 */
#include <stdlib.h>

#include "mod/trace/finding.h"

const struct rule_row rule_rows[RULES] = {
	[RULE_NO_PURCHASE]       = { "sold_without_purchase", "售出了没有进货记录的货物", "sold without a purchase", "附2-2-2", 3 },
	[RULE_SOLD_TWICE]        = { "sold_twice", "同一件货物售出两次", "sold twice", "一", 1 },
	[RULE_MORE_THAN_MADE]    = { "sold_more_than_made", "售出超过生产或所载数量", "sold more than made", "一", 1 },
	[RULE_AFTER_END]         = { "moved_after_end", "作废、召回、停售或销毁后仍在流转", "moved after recall, stop or void", "一", 0 },
	[RULE_BEFORE_PRODUCTION] = { "sold_before_production", "售出早于生产日期", "sold before it was made", "附2-1-2-5", 0 },
	[RULE_WRONG_PARTY]       = { "wrong_party", "进货单位不是发货方填报的购方", "bought by another than the seller named", "附2-2-2", 3 },
	[RULE_PERMIT]            = { "permit_not_in_force", "售出时许可证或认证证书无效", "certificate not in force at the time", "附2-1-2-9", 0 },
	[RULE_MISMATCH]          = { "purchase_sale_mismatch", "进货与对方售出不一致", "purchase and sale do not match", "一", 1 },
	[RULE_UNANSWERED]        = { "offer_unanswered", "交货超过期限未答复", "delivery not answered in time", "一", 0 },
};

/* ---- candidates ---- */

struct str candidate_key(struct arena *a, const struct candidate *x)
{
	return str_fmt(a, "%s %lld %lld", rule_rows[x->rule].key, (long long)x->subject, (long long)x->other);
}

static void join_items(struct call *c, struct candidate *to, const struct candidate *x)
{
	struct range *r;

	if (to->pack.record != x->pack.record || !x->n)
		return;                         /* items of one pack are named; the count tells of the rest */
	r = TAKE(c->arena, struct range, to->n + x->n);
	if (to->n)
		memcpy(r, to->r, to->n * sizeof(*r));
	memcpy(r + to->n, x->r, x->n * sizeof(*r));
	to->r = r;
	to->n = ranges_tidy(r, to->n + x->n);
}

struct candidate *candidate_add(struct call *c, struct candidates *all, const struct candidate *x)
{
	struct str key = candidate_key(c->arena, x);
	struct candidate *old = map_get(&all->seen, key), *y;

	if (old) {
		join_items(c, old, x);
		old->count = x->n && old->n ? ranges_count(old->r, old->n) : old->count;
		return old;
	}
	y = TAKE(c->arena, struct candidate, 1);
	*y = *x;
	if (all->last)
		all->last->next = y;
	else
		all->first = y;
	all->last = y;
	all->n++;
	map_put(&all->seen, key, y);
	return y;
}

/* ---- replaying a chunk ---- */

struct shelf { int64_t party; struct str uscc; struct bits came, sold; int64_t last_sale; struct shelf *next; };      /* what one party had and sold */
struct sent { struct str to; int64_t from, record; struct bits items; struct sent *next; };             /* named deliveries, by receiver */
struct stop { int64_t record; struct bits items; struct stop *next; };                            /* of sale, until the release that names it */
struct replay {
	struct call *c;
	const struct pack *p;
	uint32_t chunk;
	struct candidates *all;
	struct bits *now, *bad, *ended;
	struct shelf *shelves;
	struct sent *sent;
	struct stop *stops;
	struct span span;
	int64_t made;             /* day of production of the batch the pack was ordered for; 0: not known */
};

static struct shelf *shelf_of(struct replay *w, int64_t party, struct str uscc)
{
	struct shelf *s = w->shelves;

	while (s && !(party ? s->party == party || (s->uscc.n && uscc.n && str_eq(s->uscc, uscc)) : str_eq(s->uscc, uscc)))
		s = s->next;
	if (!s) {
		s = TAKE(w->c->arena, struct shelf, 1);
		s->next = w->shelves;
		w->shelves = s;
	}
	if (party)
		s->party = party;
	if (uscc.n)
		s->uscc = uscc;
	return s;
}

static struct str uscc_of(struct replay *w, int64_t party)
{
	struct party p;

	return party_get(w->c, party, &p) == OK ? p.uscc : S("");
}

static struct shelf *filer_shelf(struct replay *w, const struct item_event *ev)
{
	for (struct shelf *s = w->shelves; s; s = s->next)
		if (s->party == ev->party)
			return s;
	return shelf_of(w, ev->party, uscc_of(w, ev->party));
}

/* w->bad holds the items in question. */
static void found(struct replay *w, enum rule rule, const struct item_event *ev, int64_t other, const char *detail)
{
	struct candidate x = { .rule = rule, .party = ev->party, .subject = ev->record, .other = other, .pack = *w->p };
	struct bits *clean;

	x.count = bits_count(w->bad, w->span);
	if (!x.count || !ev->party)
		return;
	clean = TAKE(w->c->arena, struct bits, 1);      /* bad is only right inside the span */
	bits_or(clean, w->bad, w->span);
	x.r = bits_ranges(w->c->arena, clean, &x.n);
	for (size_t i = 0; i < x.n; i++) {
		x.r[i].lo += w->chunk << CHUNK_BITS;
		x.r[i].hi += w->chunk << CHUNK_BITS;
	}
	x.detail = str_of(detail);
	candidate_add(w->c, w->all, &x);
}

static void bad_is(struct replay *w, const struct bits *with)
{
	bits_clear(w->bad, w->span);
	bits_or(w->bad, w->now, w->span);
	if (with)
		bits_and(w->bad, with, w->span);
}

static bool moves(enum verb v)
{
	return v == VERB_SOLD || v == VERB_PURCHASED || v == VERB_RESOLD || v == VERB_CUT || v == VERB_PIECE || v == VERB_PACKED || v == VERB_USED;
}

static bool own_codes(const struct replay *w, const struct item_event *ev) { return ev->party == w->p->party; }

static void sells(struct replay *w, const struct item_event *ev)
{
	struct shelf *s = filer_shelf(w, ev);

	bad_is(w, &s->sold);
	found(w, RULE_SOLD_TWICE, ev, s->last_sale, "这些货物此前已由本单位售出，其间没有退货记录。");
	if (!own_codes(w, ev)) {
		bad_is(w, NULL);
		bits_andnot(w->bad, &s->came, w->span);
		found(w, RULE_NO_PURCHASE, ev, 0, "这些货物没有本单位的进货记录，也没有售给本单位的记录。");
	}
	if (ev->verb == VERB_SOLD && w->made && day_of(ev->time, CHINA_OFFSET_MIN) < w->made) {
		bad_is(w, NULL);
		found(w, RULE_BEFORE_PRODUCTION, ev, w->p->batch, "售出日期早于所在批次的生产日期。");
	}
	bits_or(&s->sold, w->now, w->span);
	bits_andnot(&s->came, w->now, w->span);
	s->last_sale = ev->record;
}

static void delivered(struct replay *w, const struct item_event *ev)
{
	struct sent *s;

	if (ev->other.n != 18)
		return;
	bits_or(&shelf_of(w, 0, ev->other)->came, w->now, w->span);
	for (s = w->sent; s && !str_eq(s->to, ev->other); s = s->next)
		;
	if (!s) {
		s = TAKE(w->c->arena, struct sent, 1);
		s->to = ev->other;
		s->next = w->sent;
		w->sent = s;
	}
	for (struct sent *x = w->sent; x; x = x->next)          /* the newest delivery of an item counts */
		if (x != s)
			bits_andnot(&x->items, w->now, w->span);
	bits_or(&s->items, w->now, w->span);
	s->from = ev->party;
	s->record = ev->record;
}

static void buys(struct replay *w, const struct item_event *ev)
{
	struct shelf *s = filer_shelf(w, ev);

	for (struct sent *x = w->sent; x; x = x->next)
		if (!str_eq(x->to, s->uscc)) {
			bad_is(w, &x->items);
			found(w, RULE_WRONG_PARTY, ev, x->record, "发货方填报的购方是另一单位。");
		}
	bits_or(&s->came, w->now, w->span);
	bits_andnot(&s->sold, w->now, w->span);
}

static void comes_back(struct replay *w, int64_t party, struct str uscc)
{
	struct shelf *s = shelf_of(w, party, uscc.n ? uscc : party ? uscc_of(w, party) : uscc);

	bits_or(&s->came, w->now, w->span);
	bits_andnot(&s->sold, w->now, w->span);
	for (struct sent *x = w->sent; x; x = x->next)
		bits_andnot(&x->items, w->now, w->span);
}

static void stopped(struct replay *w, const struct item_event *ev)
{
	struct stop *s = TAKE(w->c->arena, struct stop, 1);

	s->record = ev->record;
	bits_or(&s->items, w->now, w->span);
	s->next = w->stops;
	w->stops = s;
}

static void released(struct replay *w, const struct item_event *ev)
{
	for (struct stop *s = w->stops; s; s = s->next)
		if (s->record == ev->link)
			bits_andnot(&s->items, w->now, w->span);
}

static void one_event(struct replay *w, const struct item_event *ev)
{
	if (moves(ev->verb)) {
		for (const struct stop *s = w->stops; s; s = s->next) {
			bad_is(w, &s->items);
			found(w, RULE_AFTER_END, ev, 0, "这些货物在此之前已停止销售。");
		}
		bad_is(w, w->ended);
		found(w, RULE_AFTER_END, ev, 0, "这些货物在此之前已作废、召回或销毁。");
	}
	switch (ev->verb) {
	case VERB_SOLD: case VERB_RESOLD:
		sells(w, ev);
		delivered(w, ev);
		break;
	case VERB_PIECE:
		if (ev->other.n) {
			filer_shelf(w, ev)->last_sale = ev->record;
			bits_or(&filer_shelf(w, ev)->sold, w->now, w->span);
			delivered(w, ev);
		}
		break;
	case VERB_PURCHASED: buys(w, ev); break;
	case VERB_TAKEN_BACK: comes_back(w, ev->party, S("")); break;
	case VERB_REFUSED: comes_back(w, 0, ev->other); break;
	case VERB_RETURNED: comes_back(w, w->p->party, S("")); break;
	case VERB_VOID: case VERB_RECALLED: case VERB_DESTROYED: bits_or(w->ended, w->now, w->span); break;
	case VERB_STOPPED: stopped(w, ev); break;
	case VERB_RELEASED: released(w, ev); break;
	default: break;
	}
}

static enum err made_on(struct call *c, int64_t batch, int64_t *ret)
{
	struct record r;
	enum err e = batch ? kernel_latest(c, batch, &batch) : E_ABSENT;

	*ret = 0;
	if (!e)
		e = kernel_record(c, batch, 1u << KEY_PUBLIC, &r);
	if (!e && r.type == &batch_type)
		*ret = r.values[BATCH_production_date].i;
	return e == E_ABSENT ? OK : e;
}

enum err rules_of_chunk(struct call *c, const struct pack *p, uint32_t chunk, struct chunk_event *ev, size_t n, struct candidates *all)
{
	struct replay w = { .c = c, .p = p, .chunk = chunk, .all = all, .now = TAKE(c->arena, struct bits, 1), .bad = TAKE(c->arena, struct bits, 1),
		.ended = TAKE(c->arena, struct bits, 1), .span = WHOLE_CHUNK };
	enum err e = made_on(c, p->batch, &w.made);

	qsort(ev, n, sizeof(*ev), event_by_time);
	for (size_t i = 0; i < n && !e; i++) {
		bits_clear(w.now, w.span);
		if (!chunk_bits(ev[i].bytes, w.now, &w.span))
			return E_CORRUPT;
		one_event(&w, &ev[i].ev);
	}
	return e;
}
