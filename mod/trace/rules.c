/* mod/trace/rules.c - what does not fit in the flow of goods: rules over the events of a chunk, replayed in the order of the world.
 *
 * The order is by day in China, and within a day that of filing, which may be wrong: what comes to a party later on the same day still
 * explains what it did that day. Each event costs as much as it names items; nothing is looked at twice.
 */
#include <stdlib.h>

#include "mod/trace/finding.h"

#define V(verb) (1u << VERB_##verb)

/* ---- the state of each item while a chunk is replayed ---- */

struct slot { uint64_t key; int64_t sale; uint32_t flag; int32_t day; bool used, came, sold, owed; };      /* one party's dealings with one item; owed: sent to it by name, not taken in yet */
struct flag { enum rule rule; uint32_t event, item, next; int64_t other; bool dropped; };            /* of the running day */
struct stop { uint32_t event, next; };
struct place {                /* of an item; events are numbered from 1 here, 0: none */
	uint32_t ended, stops, sent, held;      /* first end; stops of sale; newest delivery to a named firm; newest purchase by who holds it */
	int32_t made;             /* day of production, 0: not known */
	int64_t batch;
};
struct replay {
	struct judging *j;
	struct call c;            /* working in j->beside */
	const struct pack *p;
	uint32_t chunk, lo, size;           /* items [lo, lo + size) of it */
	const struct chunk_event *ev;
	const struct firm **filer, **other; /* of each event; other NULL: not named */
	struct place *at;
	struct slot *slot;
	size_t n_slots, cap_slots;
	struct flag *flag;
	uint32_t n_flags, cap_flags;
	struct stop *stop;
	uint32_t n_stops, cap_stops;
};

static int32_t day(int64_t ms) { return (int32_t)day_of(ms, CHINA_OFFSET_MIN); }

static void *grown(struct arena *a, const void *old, size_t n, size_t cap, size_t size)
{
	void *p = arena_take(a, cap * size);

	if (n)
		memcpy(p, old, n * size);
	return p;
}

static struct slot *slot_at(const struct replay *w, uint64_t key)
{
	size_t i = (size_t)(key * UINT64_C(0x9e3779b97f4a7c15) >> 20) & (w->cap_slots - 1);

	while (w->slot[i].used && w->slot[i].key != key)
		i = (i + 1) & (w->cap_slots - 1);
	return &w->slot[i];
}

static struct slot *slot_of(struct replay *w, const struct firm *f, uint32_t item)
{
	uint64_t key = (uint64_t)f->n << 32 | item;
	struct slot *s;

	if (w->n_slots * 2 >= w->cap_slots) {
		struct replay old = *w;

		w->cap_slots = old.cap_slots * 4;
		w->slot = TAKE(w->c.arena, struct slot, w->cap_slots);
		for (size_t i = 0; i < old.cap_slots; i++)
			if (old.slot[i].used)
				*slot_at(w, old.slot[i].key) = old.slot[i];
	}
	s = slot_at(w, key);
	if (!s->used) {
		*s = (struct slot){ .key = key, .used = true };
		w->n_slots++;
	}
	return s;
}

/* ---- the rules of items ---- */

static bool item_code(const struct replay *w) { return w->p->grain == GRAIN_ITEM; }

/* What was sold before is told by another rule. */
static bool no_purchase(struct replay *w, uint32_t event, uint32_t item, int64_t *ret_other)
{
	const struct slot *s = slot_of(w, w->filer[event], item);

	(void)ret_other;
	return w->ev[event].ev.party != w->p->party && !s->came && !s->sold;
}

static bool sold_twice(struct replay *w, uint32_t event, uint32_t item, int64_t *ret_other)
{
	const struct slot *s = slot_of(w, w->filer[event], item);

	*ret_other = s->sale;
	return item_code(w) && s->sold;
}

/* A day later, or that same day at a later time. */
static bool after(const struct replay *w, uint32_t event, uint32_t end)
{
	return day(w->ev[event].ev.time) > day(w->ev[end - 1].ev.time) || w->ev[event].ev.time > w->ev[end - 1].ev.time;
}

/* Who takes in what was under way to it before the end does nothing wrong. */
static bool after_end(struct replay *w, uint32_t event, uint32_t item, int64_t *ret_other)
{
	const struct place *p = &w->at[item];
	uint32_t end = p->ended && after(w, event, p->ended) ? p->ended : 0;

	for (uint32_t s = p->stops; s && !end; s = w->stop[s - 1].next)
		if (after(w, event, w->stop[s - 1].event))
			end = w->stop[s - 1].event;
	if (!end)
		return false;
	*ret_other = w->ev[end - 1].ev.record;
	return !(w->ev[event].ev.verb == VERB_PURCHASED && p->sent && p->sent < end && w->other[p->sent - 1] == w->filer[event]);
}

static bool before_production(struct replay *w, uint32_t event, uint32_t item, int64_t *ret_other)
{
	*ret_other = w->at[item].batch;
	return w->at[item].made && day(w->ev[event].ev.time) < w->at[item].made;
}

/* A purchase from who named another buyer; a sale of what another firm took in meanwhile. */
static bool wrong_party(struct replay *w, uint32_t event, uint32_t item, int64_t *ret_other)
{
	const struct place *p = &w->at[item];
	const struct slot *s;

	if (!item_code(w))
		return false;
	if (w->ev[event].ev.verb == VERB_PURCHASED) {
		if (!p->sent || w->other[p->sent - 1] == w->filer[event] || w->other[event] != w->filer[p->sent - 1])
			return false;
		*ret_other = w->ev[p->sent - 1].ev.record;
		return true;
	}
	s = slot_of(w, w->filer[event], item);
	if (!p->held || w->filer[p->held - 1] == w->filer[event] || !s->came || s->sold)
		return false;
	*ret_other = w->ev[p->held - 1].ev.record;
	return true;
}

#define SELLS (V(SOLD) | V(RESOLD) | V(CUT))
const struct rule_row rule_rows[RULES] = {
	/*                           key                       Chinese                              English                                  clause    grace */
	[RULE_NO_PURCHASE]       = { "sold_without_purchase", "售出了没有进货记录的货物", "sold without a purchase", "附2-2-2", GRACE_DAYS,
		.verbs = SELLS, .bad = no_purchase, .says = "这些货物没有本单位的进货记录，也没有售给本单位的记录。" },
	[RULE_SOLD_TWICE]        = { "sold_twice", "同一件货物售出两次", "sold twice", "一", GRACE_DAYS,
		.verbs = SELLS | V(PIECE), .bad = sold_twice, .says = "这些货物此前已由本单位售出，其间没有退货记录。" },
	[RULE_MORE_THAN_MADE]    = { "sold_more_than_made", "售出超过生产或所载数量", "sold more than made", "一", GRACE_DAYS, .check = check_amount },
	[RULE_AFTER_END]         = { "moved_after_end", "作废、召回、停售或销毁后仍在流转", "moved after recall, stop or void", "一", 0,
		.verbs = SELLS | V(PURCHASED) | V(PIECE) | V(USED), .bad = after_end, .says = "这些货物在此之前已作废、召回、停售或销毁。" },
	[RULE_BEFORE_PRODUCTION] = { "sold_before_production", "售出早于生产日期", "sold before it was made", "附2-1-2-5", 0,
		.verbs = V(SOLD) | V(RESOLD), .bad = before_production, .says = "售出日期早于所在批次的生产日期。" },
	[RULE_WRONG_PARTY]       = { "wrong_party", "进货单位不是发货方填报的购方", "bought by another than the seller named", "附2-2-2", GRACE_DAYS,
		.verbs = V(PURCHASED) | V(RESOLD), .bad = wrong_party, .says = "发货方填报的购方是另一单位，或这些货物已由另一单位进货。" },
	[RULE_PERMIT]            = { "permit_not_in_force", "售出时许可证或认证证书无效", "certificate not in force at the time", "附2-1-2-9", 0, .check = check_permit },
	[RULE_MISMATCH]          = { "purchase_sale_mismatch", "进货与对方售出不一致", "purchase and sale do not match", "一", GRACE_DAYS, .check = check_both_sides },
	[RULE_UNANSWERED]        = { "offer_unanswered", "交货超过期限未答复", "delivery not answered in time", "一", 0, .check = check_answered },
	[RULE_BATCH_COUNT]       = { "batch_count", "没有逐件追溯码的批次售出超过产量", "more of a batch sold than made", "一", GRACE_DAYS, .check = check_amount },
};

const struct rule_row *rule_of(struct str key)
{
	for (size_t i = 0; i < RULES; i++)
		if (str_is(key, rule_rows[i].key))
			return &rule_rows[i];
	return NULL;
}

/* ---- what an event changes ---- */

/* Goods come to a firm; false: they had gone again. What it was asked about today is answered by that: the sale stands as it was filed. */
static bool comes(struct replay *w, const struct firm *f, uint32_t event, uint32_t item, int32_t today)
{
	struct slot *s = slot_of(w, f, item);
	bool answered = false;

	for (uint32_t i = s->day == today ? s->flag : 0; i; i = w->flag[i - 1].next) {
		struct flag *x = &w->flag[i - 1];
		bool about_sale = x->rule == RULE_NO_PURCHASE || x->rule == RULE_SOLD_TWICE;

		if (x->dropped || x->event == event || !(about_sale || x->rule == RULE_WRONG_PARTY))
			continue;
		answered = answered || about_sale;
		x->dropped = true;
	}
	s->came = !answered;
	s->sold = answered;
	return !answered;
}

static void leaves(struct replay *w, uint32_t event, uint32_t item, int32_t today)
{
	struct slot *s = slot_of(w, w->filer[event], item);
	bool strange = !s->came && !s->sold && w->ev[event].ev.party != w->p->party;      /* who never had it moves it out of nobody's hands */

	s->sold = true;
	s->came = !item_code(w);                /* of a code that many goods share only the first matters */
	s->sale = w->ev[event].ev.record;
	if (!strange) {
		w->at[item].sent = w->other[event] ? event + 1 : 0;
		w->at[item].held = 0;
	}
	if (!w->other[event])
		return;
	(void)comes(w, w->other[event], event, item, today);
	slot_of(w, w->other[event], item)->owed = true;
}

/* Taken in after it was sold on: that says nothing new of where it is. */
static void is_bought(struct replay *w, uint32_t event, uint32_t item, int32_t today)
{
	struct slot *s = slot_of(w, w->filer[event], item);
	bool late = s->owed && s->sold;

	s->owed = false;
	if (late || !comes(w, w->filer[event], event, item, today))
		return;
	w->at[item].held = event + 1;
	if (w->at[item].sent && w->other[w->at[item].sent - 1] == w->filer[event])
		w->at[item].sent = 0;
}

static void is_stopped(struct replay *w, uint32_t event, uint32_t item)
{
	if (w->n_stops == w->cap_stops) {
		w->stop = grown(w->c.arena, w->stop, w->n_stops, w->cap_stops ? (size_t)w->cap_stops * 2 : 64, sizeof(*w->stop));
		w->cap_stops = w->cap_stops ? w->cap_stops * 2 : 64;
	}
	w->stop[w->n_stops] = (struct stop){ event + 1, w->at[item].stops };
	w->at[item].stops = ++w->n_stops;
}

/* Who lifts a stop by name leaves another's standing; what was recalled or voided is not lifted. */
static void is_released(struct replay *w, uint32_t event, uint32_t item)
{
	uint32_t *at = &w->at[item].stops;

	while (*at) {
		struct stop *s = &w->stop[*at - 1];

		if (w->ev[s->event - 1].ev.record == w->ev[event].ev.link)
			*at = s->next;
		else
			at = &s->next;
	}
}

static void takes_back(struct replay *w, const struct firm *f, uint32_t event, uint32_t item, int32_t today)
{
	w->at[item].sent = w->at[item].held = 0;
	if (f)
		(void)comes(w, f, event, item, today);
}

static void change(struct replay *w, uint32_t event, uint32_t item, const struct firm *maker, int32_t today)
{
	struct place *p = &w->at[item];

	switch (w->ev[event].ev.verb) {
	case VERB_PIECE:
		if (!w->ev[event].ev.other.n)
			break;                  /* cut for stock */
		leaves(w, event, item, today);
		break;
	case VERB_SOLD: case VERB_RESOLD: leaves(w, event, item, today); break;
	case VERB_PURCHASED: is_bought(w, event, item, today); break;
	case VERB_TAKEN_BACK: takes_back(w, w->filer[event], event, item, today); break;
	case VERB_REFUSED:
		slot_of(w, w->filer[event], item)->came = false;
		takes_back(w, w->other[event], event, item, today);
		break;
	case VERB_RETURNED: takes_back(w, maker, event, item, today); break;
	case VERB_VOID: case VERB_RECALLED: case VERB_DESTROYED: p->ended = p->ended ? p->ended : event + 1; break;
	case VERB_STOPPED: is_stopped(w, event, item); break;
	case VERB_RELEASED: is_released(w, event, item); break;
	default: break;
	}
}

/* ---- flags of a day, and what is left of them at its end ---- */

static void raise_flag(struct replay *w, enum rule rule, uint32_t event, uint32_t item, int64_t other, int32_t today)
{
	struct slot *s = slot_of(w, w->filer[event], item);

	if (w->n_flags == w->cap_flags) {
		w->flag = grown(w->c.arena, w->flag, w->n_flags, w->cap_flags ? (size_t)w->cap_flags * 2 : 256, sizeof(*w->flag));
		w->cap_flags = w->cap_flags ? w->cap_flags * 2 : 256;
	}
	w->flag[w->n_flags] = (struct flag){ rule, event, item, s->day == today ? s->flag : 0, other, false };
	s->flag = ++w->n_flags;
	s->day = today;
}

/* Flags of one rule and event stand together, their items in order. */
static void end_day(struct replay *w)
{
	for (uint32_t i = 0; i < w->n_flags;) {
		const struct flag *f = &w->flag[i];
		struct candidate x = { .rule = f->rule, .party = w->ev[f->event].ev.party, .subject = w->ev[f->event].ev.record, .pack = *w->p,
			.detail = str_of(rule_rows[f->rule].says) };
		uint32_t k = i;

		while (k < w->n_flags && w->flag[k].rule == f->rule && w->flag[k].event == f->event)
			k++;
		x.r = TAKE(w->c.arena, struct range, k - i);
		for (; i < k; i++) {
			uint32_t item = (w->chunk << CHUNK_BITS) + w->lo + w->flag[i].item;

			if (w->flag[i].dropped)
				continue;
			x.other = x.other ? x.other : w->flag[i].other;
			x.r[x.n++] = (struct range){ item, item };
		}
		x.n = ranges_tidy(x.r, x.n);
		x.count = ranges_count(x.r, x.n);
		if (x.count && x.party)
			found(w->j, &x);
	}
	w->n_flags = 0;
}

/* ---- one chunk ---- */

/* The offsets of the event inside the window. */
static enum err items_of_event(struct replay *w, uint32_t event, struct range **ret, size_t *ret_n)
{
	struct range *one = TAKE(w->c.arena, struct range, 1);

	if (w->size > 1 || w->p->count == 1)
		return chunk_ranges(w->c.arena, w->ev[event].bytes, ret, ret_n) ? OK : E_CORRUPT;
	*one = (struct range){ w->lo, w->lo };
	*ret = one;
	*ret_n = chunk_has(w->ev[event].bytes, w->lo);
	return OK;
}

static enum err one_event(struct replay *w, uint32_t event, const struct firm *maker, int32_t today)
{
	struct range *r;
	size_t n;
	enum err e = items_of_event(w, event, &r, &n);

	for (size_t rule = 0; rule < RULES && !e; rule++)
		for (size_t i = 0; i < n && rule_rows[rule].verbs & 1u << w->ev[event].ev.verb; i++)
			for (uint32_t at = r[i].lo - w->lo; at <= r[i].hi - w->lo; at++) {
				int64_t other = 0;

				if (rule_rows[rule].bad(w, event, at, &other))
					raise_flag(w, (enum rule)rule, event, at, other, today);
			}
	for (size_t i = 0; i < n && !e; i++)
		for (uint32_t at = r[i].lo - w->lo; at <= r[i].hi - w->lo; at++)
			change(w, event, at, maker, today);
	return e;
}

static enum err made_on(struct call *c, int64_t batch, int32_t *ret)
{
	struct record r;
	enum err e = batch ? kernel_latest(c, batch, &batch) : E_ABSENT;

	*ret = 0;
	if (!e)
		e = kernel_record(c, batch, 1u << KEY_PUBLIC, &r);
	if (!e && r.type == &batch_type)
		*ret = (int32_t)r.values[BATCH_production_date].i;
	return e == E_ABSENT ? OK : e;
}

/* Which batch an item is of holds from the beginning, whenever the activation was filed. */
static enum err batches_before(struct replay *w, size_t n)
{
	int32_t made;
	enum err e = made_on(&w->c, w->p->batch, &made);

	for (uint32_t i = 0; i < w->size; i++)
		w->at[i] = (struct place){ .made = made, .batch = w->p->batch };
	for (uint32_t i = 0; i < n && !e; i++) {
		struct range *r;
		size_t k;

		if (w->ev[i].ev.verb != VERB_ACTIVATED)
			continue;
		e = made_on(&w->c, w->ev[i].ev.link, &made);
		if (!e)
			e = items_of_event(w, i, &r, &k);
		for (size_t x = 0; !e && x < k; x++)
			for (uint32_t at = r[x].lo - w->lo; at <= r[x].hi - w->lo; at++) {
				w->at[at].made = made;
				w->at[at].batch = w->ev[i].ev.link;
			}
	}
	return e;
}

static enum err sides_of(struct replay *w, size_t n)
{
	enum err e = OK;

	w->filer = TAKE(w->c.arena, const struct firm *, n + 1);
	w->other = TAKE(w->c.arena, const struct firm *, n + 1);
	for (size_t i = 0; i < n && !e; i++) {
		struct firm *f;

		e = firm_of(w->j, w->ev[i].ev.party, &f);
		w->filer[i] = e ? NULL : f;
		w->other[i] = w->ev[i].ev.other.n == 18 ? firm_named(w->j, w->ev[i].ev.other) : NULL;
	}
	return e;
}

enum err rules_of_chunk(struct judging *j, const struct pack *p, uint32_t chunk, uint32_t only, struct chunk_event *ev, size_t n)
{
	struct replay w = { .j = j, .c = call_in(j, &j->beside), .p = p, .chunk = chunk, .lo = only == UINT32_MAX ? 0 : only,
		.size = only != UINT32_MAX || p->count == 1 ? 1 : CHUNK_SIZE, .ev = ev, .cap_slots = 256 };
	int32_t today = INT32_MIN;
	struct firm *maker;
	enum err e = firm_of(j, p->party, &maker);

	qsort(ev, n, sizeof(*ev), event_by_time);
	w.at = TAKE(w.c.arena, struct place, w.size);
	w.slot = TAKE(w.c.arena, struct slot, w.cap_slots);
	if (!e)
		e = sides_of(&w, n);
	if (!e)
		e = batches_before(&w, n);
	for (uint32_t i = 0; i < n && !e; i++) {
		if (day(ev[i].ev.time) != today)
			end_day(&w);
		today = day(ev[i].ev.time);
		e = one_event(&w, i, maker, today);
	}
	if (!e)
		end_day(&w);
	return e;
}
