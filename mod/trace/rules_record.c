/* mod/trace/rules_record.c - what does not fit about one record: how much was sold, whether it was licensed, whether both sides say the same. */
#include "mod/trace/finding.h"

enum { KNOWN = 1u << KEY_PUBLIC | 1u << KEY_BUSINESS, CHUNK_ROWS = 200000 };

static void add(struct call *c, struct candidates *all, enum rule rule, const struct record *r, int64_t other, struct str detail)
{
	candidate_add(c, all, &(struct candidate){ .rule = rule, .party = r->party, .subject = r->id, .other = other, .detail = detail });
}

/* ---- certificates and licences, as the lists say of the day of the sale ---- */

static enum err check_permit(struct call *c, const struct record *r, const struct pack *p, int64_t batch, struct candidates *all)
{
	struct call then = *c;
	struct node *o = node_obj(c->arena);
	struct record product;
	int64_t id = p->product, latest;
	const struct node *said;
	enum err e = OK;

	if (batch) {
		struct record b;

		e = kernel_latest(c, batch, &latest);
		if (!e)
			e = kernel_record(c, latest, 1u << KEY_PUBLIC, &b);
		if (!e && b.type == &batch_type)
			id = b.values[BATCH_product].i;
	}
	if (!e && id)
		e = kernel_latest(c, id, &latest);
	if (e || !id)
		return e == E_ABSENT ? OK : e;
	e = kernel_record(c, latest, 1u << KEY_PUBLIC, &product);
	if (e || product.type != &product_type)
		return e;
	then.now = r->values[SALE_sale_time].i;
	e = permit_view(&then, o, product.values, product.party);
	said = node_get(o, "permit_check");
	if (!e && str_is(node_text(said, "state"), "listed_invalid"))
		add(c, all, RULE_PERMIT, r, latest, str_fmt(c->arena, "售出时产品的许可证或证书：%.*s（名录截至 %.*s）。", STR_ARG(node_text(said, "state_zh")),
		    STR_ARG(node_text(said, "as_of"))));
	return e;
}

/* ---- how much ---- */

/* All sales of the batch's codes that state a quantity, each once. */
struct total { struct decimal sum; struct str unit; struct map seen; size_t n; };

static enum err add_sales(struct call *c, int64_t pack, struct total *t)
{
	uint32_t *chunk;
	size_t n;
	enum err e = chunks_of_pack(c, pack, &chunk, &n);

	for (size_t i = 0; i < n && !e; i++) {
		struct chunk_event *ev;
		size_t rows;

		e = chunk_history(c, pack, chunk[i], CHUNK_ROWS, &ev, &rows);
		for (size_t k = 0; k < rows && !e; k++) {
			struct str key = str_fmt(c->arena, "%lld", (long long)ev[k].ev.record), unit;
			struct decimal q;
			struct record r;

			if (ev[k].ev.verb != VERB_SOLD || !map_put(&t->seen, key, t))
				continue;
			e = kernel_record(c, ev[k].ev.record, KNOWN, &r);
			if (!e && quantity_get(&r.values[SALE_quantity], &r.values[SALE_unit], &q, &unit) && str_eq(unit, t->unit)) {
				if (!decimal_add(t->sum, q, &t->sum))
					return E_TOO_BIG;
				t->n++;
			}
		}
	}
	return e == E_BUSY ? OK : e;            /* too many to add up here */
}

static enum err check_batch_quantity(struct call *c, const struct record *r, int64_t batch, struct candidates *all)
{
	struct total t = { .seen = map_in(c->arena) };
	struct decimal made;
	struct record b;
	struct rows packs;
	int64_t latest;
	enum err e = r->values[SALE_quantity].said && batch ? kernel_latest(c, batch, &latest) : E_ABSENT;

	if (!e)
		e = kernel_record(c, latest, KNOWN, &b);
	if (e || b.type != &batch_type || !quantity_get(&b.values[BATCH_quantity], &b.values[BATCH_unit], &made, &t.unit))
		return e == E_ABSENT ? OK : e;
	e = db_ask(c->db, c->arena, trace_sql[Q_PACKS_OF_BATCH], VALS(V_I(batch)), &packs);
	for (size_t i = 0; i < packs.n && !e; i++)
		e = add_sales(c, row_int(&packs, i, 0), &t);
	if (!e && decimal_cmp(t.sum, made) > 0)
		add(c, all, RULE_MORE_THAN_MADE, r, latest, str_fmt(c->arena, "该批次共售出 %.*s%.*s，超过所报的生产数量 %.*s%.*s。", STR_ARG(decimal_str(c->arena, t.sum)),
		    STR_ARG(t.unit), STR_ARG(decimal_str(c->arena, made)), STR_ARG(t.unit)));
	return e;
}

/* More item codes may be sold than goods were made: only possible where more codes were ordered. */
static enum err check_batch_items(struct call *c, const struct record *r, int64_t batch, struct candidates *all)
{
	const struct list_row *unit;
	struct item_sets s;
	struct holders h;
	struct record b;
	int64_t latest, made, sold = 0;
	enum err e = batch ? kernel_latest(c, batch, &latest) : E_ABSENT;

	if (!e)
		e = kernel_record(c, latest, KNOWN, &b);
	if (e || b.type != &batch_type || !b.values[BATCH_quantity].said)
		return e == E_ABSENT ? OK : e;
	unit = list_find(c->k, "unit", b.values[BATCH_unit].text, day_of(c->now, CHINA_OFFSET_MIN));
	if (!unit || !row_fact(unit, "whole") || !str_to_int(b.values[BATCH_quantity].text, &made))
		return OK;
	e = sets_of_batch(c, batch, false, &s);
	if (e || (int64_t)s.count <= made)
		return e;
	e = holders_of(c, &s, INT64_MAX, &h, NULL, NULL);
	for (size_t i = 0; i < h.n && !e; i++)
		if (h.h[i].kind != HOLD_MAKER)
			sold += (int64_t)h.h[i].count;
	if (!e && sold > made)
		add(c, all, RULE_MORE_THAN_MADE, r, latest, str_fmt(c->arena, "该批次已售出 %lld 件，超过所报的生产数量 %lld 件。", (long long)sold, (long long)made));
	return e;
}

/* The goods of a sale: the first of its packs speaks for it, as batches are sold one at a time. */
static enum err check_sale(struct call *c, const struct record *r, struct candidates *all)
{
	struct chunk_set *s;
	struct pack p;
	size_t n;
	enum err e = items_chunks(c, r->id, &r->values[SALE_items], &s, &n);

	for (size_t i = 0; i < n && !e; i++) {
		if (i && s[i].pack == s[i - 1].pack)
			continue;
		e = pack_get(c, s[i].pack, &p);
		if (!e)
			e = check_permit(c, r, &p, p.batch, all);
		if (!e)
			e = check_batch_quantity(c, r, p.batch, all);
		if (!e && p.grain == GRAIN_ITEM)
			e = check_batch_items(c, r, p.batch, all);
	}
	return e;
}

static enum err check_cut(struct call *c, const struct record *r, struct candidates *all)
{
	struct code_place from;
	struct decimal left;
	struct balance b;
	int64_t when;
	enum err e = cut_from(c, r->id, &from, &when);

	if (!e)
		e = balance_of(c, &from, &b);
	if (e)
		return e == E_ABSENT ? OK : e;
	if (decimal_add(b.remainder, b.tolerance, &left) && decimal_cmp(left, (struct decimal){ 0 }) < 0)
		add(c, all, RULE_MORE_THAN_MADE, r, 0, str_fmt(c->arena, "此码所载 %.*s%.*s，已取下和损耗共超出 %.*s%.*s（已计允许偏差）。", STR_ARG(decimal_str(c->arena, b.carried)),
		    STR_ARG(b.unit), STR_ARG(str_sub(decimal_str(c->arena, left), 1, 40)), STR_ARG(b.unit)));
	return OK;
}

/* ---- both sides ---- */

static const struct { const struct type *type; size_t items, time, quantity, unit; } sends[] = {
	{ &sale_type, SALE_items, SALE_sale_time, SALE_quantity, SALE_unit },
	{ &resale_type, RESALE_trace_code, RESALE_sold_time, RESALE_quantity, RESALE_unit },
	{ &cut_type, CUT_piece, CUT_cut_time, CUT_quantity, CUT_unit },
};

static bool same_amount(const struct value *v, size_t q1, size_t u1, const struct value *w, size_t q2, size_t u2)
{
	struct decimal a, b;
	struct str ua, ub;

	return !quantity_get(&v[q1], &v[u1], &a, &ua) || !quantity_get(&w[q2], &w[u2], &b, &ub) || !str_eq(ua, ub) || decimal_cmp(a, b) == 0;
}

static enum err check_purchase(struct call *c, const struct record *r, struct candidates *all)
{
	struct item_sets mine, theirs;
	struct record sent;
	int64_t id;
	size_t k = 0;
	enum err e = r->values[PURCHASE_offer].said ? kernel_latest(c, r->values[PURCHASE_offer].i, &id) : E_ABSENT;

	if (!e)
		e = kernel_record(c, id, KNOWN, &sent);
	if (e)
		return e == E_ABSENT ? OK : e;
	while (k < ROWS(sends) && sends[k].type != sent.type)
		k++;
	if (k == ROWS(sends))
		return OK;
	e = items_of(c, r->id, &r->values[PURCHASE_trace_code], &mine);
	if (!e)
		e = items_of(c, sent.id, &sent.values[sends[k].items], &theirs);
	if (e)
		return e;
	sets_without(c, &mine, &theirs);
	if (mine.count)
		add(c, all, RULE_MISMATCH, r, sent.id, str_fmt(c->arena, "进货中有 %llu 件不在对方填报的售出之中。", (unsigned long long)mine.count));
	else if (r->values[PURCHASE_purchase_time].i + DAY_MS < sent.values[sends[k].time].i)
		add(c, all, RULE_MISMATCH, r, sent.id, S("进货时间早于对方填报的售出时间一天以上。"));
	else if (!same_amount(r->values, PURCHASE_quantity, PURCHASE_unit, sent.values, sends[k].quantity, sends[k].unit))
		add(c, all, RULE_MISMATCH, r, sent.id, S("进货数量与对方填报的售出数量不同。"));
	return OK;
}

enum err rules_of_record(struct call *c, const struct record *r, struct candidates *all)
{
	static const struct { const struct type *type; enum err (*check)(struct call *c, const struct record *r, struct candidates *all); } checks[] = {
		{ &sale_type, check_sale }, { &cut_type, check_cut }, { &purchase_type, check_purchase },
	};

	for (size_t i = 0; i < ROWS(checks); i++)
		if (checks[i].type == r->type)
			return checks[i].check(c, r, all);
	return OK;
}

/* The receiver is asked to answer; the sender sees it in its own list. */
enum err rules_of_deliveries(struct call *c, struct candidates *all)
{
	struct rows r;
	enum err e = db_ask(c->db, c->arena, trace_sql[Q_DELIVERY_WAITING], VALS(V_I(c->now - 7 * DAY_MS)), &r);

	for (size_t i = 0; i < r.n && !e; i++) {
		struct flow_case fc;
		struct record sent;
		struct party p;
		struct str other = S("");

		e = kernel_record(c, row_int(&r, i, 0), KNOWN, &sent);
		if (!e)
			e = flow_case_get(c, sent.root, &fc);
		for (size_t f = 0; f < sent.type->n && !e; f++)
			if (sent.type->fields[f].counterparty && sent.values[f].said)
				other = sent.values[f].text;
		if (!e && str_is(fc.state, "offered") && fc.due && fc.due < c->now && party_by_uscc(c, other, &p) == OK)
			candidate_add(c, all, &(struct candidate){ .rule = RULE_UNANSWERED, .party = p.id, .subject = sent.id, .detail = S("发给贵单位的交货超过期限未答复，请接收或说明不接收的原因。") });
		if (e == E_ABSENT)
			e = OK;
	}
	return e;
}
