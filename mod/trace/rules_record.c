/* mod/trace/rules_record.c - what does not fit about one record: whether it was licensed, whether both sides say the same, whether it was
 * answered. All of it in the page of the record that is judged.
 */
#include "mod/trace/finding.h"

enum { KNOWN = 1u << KEY_PUBLIC | 1u << KEY_BUSINESS };

static void add(struct judging *j, enum rule rule, const struct record *r, int64_t party, int64_t other, struct str detail)
{
	found(j, &(struct candidate){ .rule = rule, .party = party, .subject = r->id, .other = other, .detail = detail });
}

static enum err newest(struct call *c, int64_t id, const struct type *t, struct record *ret)
{
	enum err e = id ? kernel_latest(c, id, &id) : E_ABSENT;

	if (!e)
		e = kernel_record(c, id, 1u << KEY_PUBLIC, ret);
	return !e && ret->type != t ? E_ABSENT : e;
}

/* ---- certificates and licences, as the lists said of the day of the sale ---- */

/* What is to be said of these goods sold on that day; empty: nothing. Asked of the store once a sweep. */
struct licensed { struct str detail; int64_t product; };

static enum err licence_of(struct judging *j, const struct goods_in *g, int64_t day, struct licensed *ret)
{
	struct call c = call_in(j, &j->page);
	struct record batch, product, said;
	struct permit_said s;
	int64_t id = g->product;
	enum err e = newest(&c, g->batch, &batch_type, &batch);

	if (!e)
		id = batch.values[BATCH_product].i;
	e = newest(&c, id, &product_type, &product);
	if (!e && product.values[PRODUCT_licence_or_ccc_certificate_no].said != SAID_VALUE)
		return OK;
	if (!e)
		e = permit_on(&c, product.values[PRODUCT_licence_or_ccc_certificate_no].text, day, &s, &said);
	if (e || s.state == PERMIT_IN_FORCE || s.state == PERMIT_UNLISTED)
		return e == E_ABSENT ? OK : e;
	ret->product = product.id;
	ret->detail = str_fmt(j->c->arena, "售出时产品的许可证或证书%s（%.*s，截至 %.*s）。", s.zh, STR_ARG(said.values[CERTIFICATE_source].text),
	                      STR_ARG(said.values[CERTIFICATE_as_of].text));
	return OK;
}

static enum err check_goods(struct judging *j, enum rule rule, const struct record *r, const struct goods_in *g)
{
	int64_t day = day_of(r->values[SALE_sale_time].i, CHINA_OFFSET_MIN);
	struct str key = str_fmt(&j->page, "%lld %lld %lld", (long long)g->batch, (long long)g->product, (long long)day);
	struct licensed *l = map_get(&j->permits, key);
	enum err e = OK;

	if (!l) {
		l = TAKE(j->c->arena, struct licensed, 1);
		e = licence_of(j, g, day, l);
		map_put(&j->permits, str_copy(j->c->arena, key), l);
	}
	if (!e && l->detail.n)
		add(j, rule, r, r->party, l->product, l->detail);
	return e;
}

enum err check_permit(struct judging *j, enum rule rule, const struct record *r)
{
	enum err e = OK;

	for (size_t i = 0; i < j->n_good && r->type == &sale_type && !e; i++)
		e = check_goods(j, rule, r, &j->good[i]);
	return e;
}

/* ---- both sides ---- */

static const struct sends { const struct type *type; size_t items, time, quantity, unit; } sends[] = {
	{ &sale_type, SALE_items, SALE_sale_time, SALE_quantity, SALE_unit },
	{ &resale_type, RESALE_trace_code, RESALE_sold_time, RESALE_quantity, RESALE_unit },
	{ &cut_type, CUT_piece, CUT_cut_time, CUT_quantity, CUT_unit },
};

static const struct sends *sends_of(const struct type *t)
{
	for (size_t i = 0; i < ROWS(sends); i++)
		if (sends[i].type == t)
			return &sends[i];
	return NULL;
}

static bool same_amount(const struct value *v, const struct record *sent, const struct sends *k)
{
	struct decimal a, b;
	struct str ua, ub;

	return !quantity_get(&v[PURCHASE_quantity], &v[PURCHASE_unit], &a, &ua) || !quantity_get(&sent->values[k->quantity], &sent->values[k->unit], &b, &ub) ||
	       !str_eq(ua, ub) || decimal_cmp(a, b) == 0;
}

/* A quantity is of the whole: it is compared when all of the delivery was taken in. */
static enum err compare(struct judging *j, enum rule rule, const struct record *r, const struct record *sent, const struct sends *k)
{
	struct call c = call_in(j, &j->page);
	struct item_sets mine, theirs, beyond;
	uint64_t all;
	enum err e = items_of(&c, r->id, &r->values[PURCHASE_trace_code], &mine);

	if (!e)
		e = items_of(&c, sent->id, &sent->values[k->items], &theirs);
	if (e)
		return e;
	beyond = mine;
	all = mine.count;
	beyond.set = TAKE(&j->page, struct item_set, mine.n + 1);
	if (mine.n)
		memcpy(beyond.set, mine.set, mine.n * sizeof(*mine.set));
	sets_without(&c, &beyond, &theirs);
	if (beyond.count)
		add(j, rule, r, r->party, sent->id, str_fmt(&j->page, "进货中有 %llu 件不在对方填报的售出之中。", (unsigned long long)beyond.count));
	else if (day_of(r->values[PURCHASE_purchase_time].i, CHINA_OFFSET_MIN) + 1 < day_of(sent->values[k->time].i, CHINA_OFFSET_MIN))
		add(j, rule, r, r->party, sent->id, S("进货时间早于对方填报的售出时间一天以上。"));
	else if (all == theirs.count && !same_amount(r->values, sent, k))
		add(j, rule, r, r->party, sent->id, S("进货数量与对方填报的售出数量不同。"));
	return OK;
}

/* Nothing links them, the paper does: the same number, from that supplier, to that buyer. */
static enum err by_document(struct judging *j, const struct record *r, struct record *ret)
{
	static const struct { const struct type *type; size_t other; } kinds[] = { { &sale_type, SALE_buyer_uscc }, { &resale_type, RESALE_customer_uscc } };
	struct call c = call_in(j, &j->page);
	struct party supplier, me;
	enum err e = r->values[PURCHASE_document_no].said && r->values[PURCHASE_supplier_uscc].said ? party_by_uscc(&c, r->values[PURCHASE_supplier_uscc].text, &supplier)
	                                                                                               : E_ABSENT;

	if (!e)
		e = party_get(&c, r->party, &me);
	for (size_t t = 0; t < ROWS(kinds) && !e; t++) {
		struct rows rows;

		e = kernel_find(&c, kinds[t].type, "document_no", r->values[PURCHASE_document_no].text, INT64_MAX, &rows);
		for (size_t i = 0; i < rows.n && !e; i++) {
			e = kernel_record(&c, row_int(&rows, i, 0), KNOWN, ret);
			if (!e && ret->party == supplier.id && ret->values[kinds[t].other].said && str_eq(ret->values[kinds[t].other].text, me.uscc))
				return OK;
		}
	}
	return e ? e : E_ABSENT;
}

enum err check_both_sides(struct judging *j, enum rule rule, const struct record *r)
{
	struct call c = call_in(j, &j->page);
	const struct sends *k;
	struct record sent;
	int64_t id;
	enum err e;

	if (r->type != &purchase_type)
		return OK;
	if (r->values[PURCHASE_offer].said) {
		e = kernel_latest(&c, r->values[PURCHASE_offer].i, &id);
		if (!e)
			e = kernel_record(&c, id, KNOWN, &sent);
	} else {
		e = by_document(j, r, &sent);
	}
	k = e ? NULL : sends_of(sent.type);
	if (e || !k || sent.values[k->items].said != SAID_VALUE)
		return e == E_ABSENT ? OK : e;
	return compare(j, rule, r, &sent, k);
}

/* The receiver is asked to answer; the sender sees it in its own list. */
enum err check_answered(struct judging *j, enum rule rule, const struct record *r)
{
	struct call c = call_in(j, &j->page);
	struct flow_case fc;
	struct party receiver;
	struct str other = S("");
	enum err e = sends_of(r->type) ? flow_case_get(&c, r->root, &fc) : E_ABSENT;

	for (size_t f = 0; f < r->type->n && !e; f++)
		if (r->type->fields[f].counterparty && r->values[f].said)
			other = r->values[f].text;
	if (!e && (!str_is(fc.flow, "offer") || !str_is(fc.state, "offered") || !fc.due || fc.due >= c.now || !other.n))
		return OK;
	if (!e)
		e = party_by_uscc(&c, other, &receiver);
	if (e)
		return e == E_ABSENT ? OK : e;
	add(j, rule, r, receiver.id, 0, S("发给贵单位的交货超过期限未答复，请接收或说明不接收的原因。"));
	return OK;
}
