/* mod/trace/box.c - cartons and pallets: what was put in and taken out, and so what was inside at any time.
 *
 * A container is a code of any scheme, written down nowhere but in its records and, as a keyed mark, in a derived row each. What is
 * said of a container is said of what was inside at that time; a carton inside a pallet is opened in turn.
 */
#include <stdlib.h>

#include "mod/trace/flow.h"

enum { DEPTH = 6, EVENTS = 2000, INSIDE_MOST = 1000, BOX_PART = 1001 };      /* BOX_PART: of kernel_hide, beside that of packs */

struct box_event { int64_t record, time, order; struct record r; };

static struct str mark_of(struct call *c, struct str code) { return kernel_blind(c, "container", code_read(c->arena, code_part(str_trim(code))).name); }

/* ---- what is inside ---- */

static int by_time(const void *x, const void *y)
{
	const struct box_event *a = x, *b = y;

	if (a->time != b->time)
		return a->time < b->time ? -1 : 1;
	return (a->order > b->order) - (a->order < b->order);
}

static enum err events_of(struct call *c, struct str code, int64_t at, struct box_event **ret, size_t *ret_n, bool *ret_known)
{
	const unsigned all = (1u << KEY_CLASSES) - 1;
	struct rows r;
	size_t n = 0;
	enum err e = db_ask(c->db, c->arena, trace_sql[Q_BOX_GET], VALS(V_B(mark_of(c, code))), &r);

	if (e)
		return e;
	if (r.n > EVENTS)
		return E_TOO_BIG;
	*ret_known = r.n > 0;
	*ret = TAKE(c->arena, struct box_event, r.n + 1);
	for (size_t i = 0; i < r.n && !e; i++) {
		struct box_event *x = &(*ret)[n];

		*x = (struct box_event){ .record = row_int(&r, i, 0), .order = row_int(&r, i, 1) };
		e = kernel_record(c, x->record, all, &x->r);
		if (!e)
			x->time = x->r.values[AGGREGATION_packed_time].i;
		n += !e && x->time <= at;
	}
	qsort(*ret, n, sizeof(**ret), by_time);
	*ret_n = n;
	return e;
}

struct contents { struct item_sets items; struct str code[INSIDE_MOST]; size_t n; };

static void sets_join(struct call *c, struct item_sets *to, const struct item_sets *s)
{
	sets_add_all(c, to, s);
	sets_tidy(to);
}

/* a without b, range by range; both tidy. */
static void set_without(struct call *c, struct item_set *a, const struct item_set *b)
{
	struct range *r = TAKE(c->arena, struct range, a->n + b->n + 1);
	size_t n = 0, k = 0;

	for (size_t i = 0; i < a->n; i++) {
		uint32_t lo = a->r[i].lo;
		bool whole = true;

		while (k < b->n && b->r[k].hi < lo)
			k++;
		for (size_t j = k; j < b->n && b->r[j].lo <= a->r[i].hi && whole; j++) {
			if (b->r[j].lo > lo)
				r[n++] = (struct range){ lo, b->r[j].lo - 1 };
			whole = b->r[j].hi < a->r[i].hi;
			lo = b->r[j].hi + 1;
		}
		if (whole && lo <= a->r[i].hi)
			r[n++] = (struct range){ lo, a->r[i].hi };
	}
	a->r = r;
	a->n = a->cap = n;
}

void sets_without(struct call *c, struct item_sets *from, const struct item_sets *s)
{
	for (size_t i = 0; i < from->n; i++)
		for (size_t k = 0; k < s->n; k++)
			if (from->set[i].pack.record == s->set[k].pack.record)
				set_without(c, &from->set[i], &s->set[k]);
	sets_tidy(from);
}

static size_t find_code(struct call *c, const struct contents *in, struct str code)
{
	struct str name = code_read(c->arena, code).name;
	size_t i = 0;

	while (i < in->n && !str_eq(code_read(c->arena, in->code[i]).name, name))
		i++;
	return i;
}

static enum err put_in(struct call *c, const struct box_event *x, struct contents *in)
{
	const struct value *v = x->r.values;
	struct item_sets s;
	enum err e = v[AGGREGATION_items].said ? items_of(c, x->record, &v[AGGREGATION_items], &s) : OK;

	if (!e && v[AGGREGATION_items].said)
		sets_join(c, &in->items, &s);
	for (size_t i = 0; i < v[AGGREGATION_containers].n && !e; i++) {
		if (find_code(c, in, v[AGGREGATION_containers].list[i]) < in->n)
			continue;
		if (in->n == INSIDE_MOST)
			return E_TOO_BIG;
		in->code[in->n++] = v[AGGREGATION_containers].list[i];
	}
	return e;
}

static enum err take_out(struct call *c, const struct box_event *x, struct contents *in)
{
	const struct value *v = x->r.values;
	struct item_sets s;
	enum err e = v[AGGREGATION_items].said ? items_of(c, x->record, &v[AGGREGATION_items], &s) : OK;

	if (!e && v[AGGREGATION_items].said)
		sets_without(c, &in->items, &s);
	for (size_t i = 0; i < v[AGGREGATION_containers].n && !e; i++) {
		size_t at = find_code(c, in, v[AGGREGATION_containers].list[i]);

		if (at < in->n)
			in->code[at] = in->code[--in->n];
	}
	return e;
}

static enum err open_box(struct call *c, struct str code, int64_t at, int depth, struct item_sets *to, bool *ret_known)
{
	struct contents *in = TAKE(c->arena, struct contents, 1);
	struct box_event *ev;
	size_t n;
	bool known;
	enum err e = events_of(c, code, at, &ev, &n, ret_known);

	for (size_t i = 0; i < n && !e; i++)
		e = str_is(ev[i].r.values[AGGREGATION_action].list[0], "add") ? put_in(c, &ev[i], in) : take_out(c, &ev[i], in);
	if (e)
		return e;
	sets_join(c, to, &in->items);
	for (size_t i = 0; i < in->n && depth < DEPTH && !e; i++)       /* a circle of cartons ends at the depth */
		e = open_box(c, in->code[i], at, depth + 1, to, &known);
	return e;
}

enum err box_items(struct call *c, struct str code, int64_t at, struct item_sets *ret)
{
	struct item_sets s = { 0 };
	bool known;
	enum err e = open_box(c, code, at, 0, &s, &known);

	if (e || !known)
		return e ? e : E_ABSENT;
	*ret = s;
	return OK;
}

/* ---- filing ---- */

/* Emptied: what came to the filer goes out, and is named. */
static enum err take_all(struct call *c)
{
	struct item_sets in, mine = { 0 };
	enum err e = box_items(c, c->in[AGGREGATION_parent].text, c->in[AGGREGATION_packed_time].said ? c->in[AGGREGATION_packed_time].i : c->now, &in);

	for (size_t i = 0; i < in.n && !e; i++)
		for (size_t k = 0; k < in.set[i].n && !e; k++)
			e = items_that_came(c, &in.set[i].pack, in.set[i].r[k], &mine);
	if (e == E_ABSENT || (!e && !mine.n))
		return call_trouble(c, AGGREGATION_parent, "此箱码中没有贵单位的货物", "none of your goods are in this container");
	sets_tidy(&mine);
	return e ? e : items_normal(c, &mine, &c->in[AGGREGATION_items]);
}

enum err box_check(struct call *c)
{
	const struct value *v = c->in;
	struct code_place p;
	struct item_sets in;
	enum err e;

	if (!v[AGGREGATION_action].said || !v[AGGREGATION_parent].said)
		return OK;
	if (str_is(v[AGGREGATION_action].list[0], "add") && !v[AGGREGATION_items].said && !v[AGGREGATION_containers].said)
		call_trouble(c, AGGREGATION_items, "装箱须填内装的追溯码或箱码", "say what is put in: codes or cartons");
	e = code_find(c, v[AGGREGATION_parent].text, &p);
	if (!e)
		call_trouble(c, AGGREGATION_parent, "这是一件货物的追溯码，不能作为箱码", "this is the code of goods, not of a container");
	else if (e != E_FORGED && e != E_UNKNOWN)
		return e;
	if (str_is(v[AGGREGATION_action].list[0], "delete") && !v[AGGREGATION_items].said && !v[AGGREGATION_containers].said) {
		e = take_all(c);
		if (e)
			return e;
	}
	for (size_t i = 0; i < v[AGGREGATION_containers].n; i++) {
		if (str_eq(mark_of(c, v[AGGREGATION_containers].list[i]), mark_of(c, v[AGGREGATION_parent].text)))
			call_trouble_at(c, AGGREGATION_containers, i, "箱子不能装在自己里面", "a container is not inside itself");
		e = box_items(c, v[AGGREGATION_containers].list[i], INT64_MAX, &in);
		if (e == E_ABSENT)
			call_trouble_at(c, AGGREGATION_containers, i, "这个箱码没有装箱记录", "nothing was ever packed into this carton");
		else if (e)
			return e;
	}
	return OK;
}

enum err box_project(struct call *c, int64_t record, uint64_t index, int64_t party, int64_t corrects, const struct value *v)
{
	(void)party;
	if (corrects)
		db_tell(c->db, trace_sql[Q_BOX_DROP], VALS(V_I(corrects)));
	db_tell(c->db, trace_sql[Q_BOX_PUT], VALS(V_B(mark_of(c, v[AGGREGATION_parent].text)), V_I((int64_t)index), V_I(record)));
	return db_sticky(c->db);
}
