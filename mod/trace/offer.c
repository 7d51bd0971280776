/* mod/trace/offer.c - deliveries: a sale to a named, registered buyer waits for its answer; the answer files the purchase.
 *
 * Nobody types twice: what the sender filed becomes the receiver's purchase, whole or in part; what is refused stays the sender's.
 * A delivery that is not answered ages in both lists and becomes a finding.
 */
#include "mod/trace/flow.h"

enum { KNOWN = 1u << KEY_PUBLIC | 1u << KEY_BUSINESS, SHOWN_TEXTS = 20 };

/* ---- which records are deliveries ---- */

static const struct { const struct type *type; int items, other, time, document, quantity, unit; } kinds[] = {
	{ &sale_type,   SALE_items,        SALE_buyer_uscc,      SALE_sale_time,   SALE_document_no,   SALE_quantity,   SALE_unit },
	{ &resale_type, RESALE_trace_code, RESALE_customer_uscc, RESALE_sold_time, RESALE_document_no, RESALE_quantity, RESALE_unit },
	{ &cut_type,    CUT_piece,         CUT_customer_uscc,    CUT_cut_time,     CUT_document_no,    CUT_quantity,    CUT_unit },
};

static int kind_of(const struct type *t, const struct value *v)
{
	for (size_t i = 0; i < ROWS(kinds); i++)
		if (kinds[i].type == t && v[kinds[i].items].said && v[kinds[i].other].said)
			return (int)i;
	return -1;
}

bool offer_opens(struct call *c, const struct type *t, const struct value *v)
{
	struct party p;
	int kind = kind_of(t, v);

	return kind >= 0 && party_by_uscc(c, v[kinds[kind].other].text, &p) == OK;
}

/* ---- the derived row ---- */

static struct str receiver_mark(struct call *c, struct str uscc) { return kernel_blind(c, "receiver", uscc); }

static void delivery_from(const struct rows *r, size_t i, struct delivery *ret)
{
	*ret = (struct delivery){ .record = row_int(r, i, 0), .sender = row_int(r, i, 1), .at = row_int(r, i, 2), .answered = row_int(r, i, 3) != 0,
		.answer = row_int(r, i, 4) };
}

enum err delivery_get(struct call *c, int64_t record, struct delivery *ret)
{
	struct rows r;
	enum err e = db_ask(c->db, c->arena, trace_sql[Q_DELIVERY_GET], VALS(V_I(record)), &r);

	if (!e && !r.n)
		e = E_ABSENT;
	if (!e)
		delivery_from(&r, 0, ret);
	return e;
}

enum err offer_project(struct call *c, const struct type *t, int64_t record, int64_t party, int64_t at, int64_t corrects, const struct value *v)
{
	struct delivery old = { 0 };
	int kind = kind_of(t, v);
	enum err e = OK;

	if (t == &purchase_type && v[PURCHASE_offer].said)
		db_tell(c->db, trace_sql[Q_DELIVERY_ANSWER], VALS(V_I(v[PURCHASE_offer].i), V_I(record)));
	if (t == &refusal_type)
		db_tell(c->db, trace_sql[Q_DELIVERY_ANSWER], VALS(V_I(v[REFUSAL_offer].i), V_I(0)));
	if (corrects && (t == &sale_type || t == &resale_type || t == &cut_type)) {
		e = delivery_get(c, corrects, &old);
		if (!e)
			db_tell(c->db, trace_sql[Q_DELIVERY_DROP], VALS(V_I(corrects)));
	}
	if (e && e != E_ABSENT)
		return e;
	if (kind >= 0)
		db_tell(c->db, trace_sql[Q_DELIVERY_PUT], VALS(V_I(record), V_I(party), V_B(receiver_mark(c, v[kinds[kind].other].text)), V_I(at),
		        V_I(old.answered), V_I(old.answer)));
	return db_sticky(c->db);
}

/* ---- answering ---- */

/* The delivery as it stands now, with the sender; the caller is its receiver. */
struct offer { struct record r; struct party sender; int kind; int64_t root; };

static enum err offer_open(struct call *c, int64_t record, struct offer *ret)
{
	enum err e = kernel_latest(c, record, &record);

	if (!e)
		e = kernel_record(c, record, KNOWN, &ret->r);
	if (e)
		return e;
	ret->kind = kind_of(ret->r.type, ret->r.values);
	if (ret->kind < 0 || !str_eq(ret->r.values[kinds[ret->kind].other].text, c->who->uscc))
		return E_ABSENT;
	ret->root = ret->r.root;
	return party_get(c, ret->r.party, &ret->sender);
}

static struct value text_value(struct str s) { return (struct value){ .said = s.n ? SAID_VALUE : SAID_NOTHING, .text = s }; }

/* The purchase nobody has to type: what the sender filed, seen from the other side. */
static enum err file_purchase(struct call *c, const struct offer *o, const struct value *items)
{
	const struct value *from = o->r.values;
	struct value *v = TAKE(c->arena, struct value, PURCHASE_FIELDS);
	struct filing f = { .type = &purchase_type, .values = v, .party = c->who->party };
	int64_t record;

	v[PURCHASE_trace_code] = *items;
	v[PURCHASE_supplier_name] = text_value(o->sender.name);
	v[PURCHASE_purchase_time] = from[kinds[o->kind].time];      /* bought when it was sold; an answer days later moves nothing */
	v[PURCHASE_supplier_uscc] = text_value(o->sender.uscc);
	v[PURCHASE_offer] = (struct value){ .said = SAID_VALUE, .text = id_str(c->arena, o->r.id), .i = o->r.id };
	v[PURCHASE_document_no] = from[kinds[o->kind].document];
	if (items == &from[kinds[o->kind].items]) {             /* a quantity is of the whole */
		v[PURCHASE_quantity] = from[kinds[o->kind].quantity];
		v[PURCHASE_unit] = from[kinds[o->kind].unit];
	}
	v[PURCHASE_supplier_name].open = v[PURCHASE_purchase_time].open = c->who->open_by_default;
	return kernel_append(c, &f, &record);
}

static enum err file_refusal(struct call *c, const struct offer *o, const struct value *items, struct str reason)
{
	struct value *v = TAKE(c->arena, struct value, REFUSAL_FIELDS);
	struct filing f = { .type = &refusal_type, .values = v, .party = c->who->party };
	int64_t record;
	enum err e;

	v[REFUSAL_offer] = (struct value){ .said = SAID_VALUE, .text = id_str(c->arena, o->r.id), .i = o->r.id };
	v[REFUSAL_items] = *items;
	v[REFUSAL_reason] = text_value(reason);
	v[REFUSAL_sender_uscc] = text_value(o->sender.uscc);
	e = kernel_append(c, &f, &record);
	if (!e)
		notice_put(c, o->sender.id, "refusal", record, S("一批交货有拒收，请查看拒收记录"), S("part of a delivery was refused; see the refusal"));
	return e;
}

/* The whole set of the record, its parts fetched so that they can lie beside another record. */
static enum err whole_set(struct call *c, const struct offer *o, struct value **ret)
{
	struct value *v = (struct value *)(uintptr_t)&o->r.values[kinds[o->kind].items];
	struct str *part;
	size_t n;
	enum err e = OK;

	if (value_has_parts(v)) {
		e = kernel_parts(c, o->r.id, v, &part, &n);
		v->part = part;
		v->n_part = n;
	}
	*ret = v;
	return e;
}

enum err offer_accept(struct call *c, int64_t record)
{
	struct offer o;
	struct value *items;
	enum err e = offer_open(c, record, &o);

	if (!e)
		e = whole_set(c, &o, &items);
	return e ? e : file_purchase(c, &o, items);
}

enum err offer_refuse(struct call *c, int64_t record)
{
	struct offer o;
	struct value *items;
	struct str note = c->op->step ? c->in[1].text : S("");
	enum err e = offer_open(c, record, &o);

	if (!e && !note.n)
		e = call_refuse(c, E_BAD, "拒收须说明原因", "say why the delivery is refused");
	if (!e)
		e = whole_set(c, &o, &items);
	return e ? e : file_refusal(c, &o, items, note);
}

enum err offer_part(struct call *c, int64_t record)
{
	(void)record;
	return call_refuse(c, E_STATE, "部分接收须列出接收的追溯码（offer.answer）", "name the codes that are accepted: offer.answer");
}

enum { ANSWER_id, ANSWER_accept, ANSWER_items, ANSWER_reason };

static enum err accept_part(struct call *c, const struct offer *o)
{
	struct item_sets all, taken, outside;
	struct value part = { 0 }, rest = { 0 };
	enum err e = items_of(c, o->r.id, &o->r.values[kinds[o->kind].items], &all);

	if (!e)
		e = items_read(c, ANSWER_items, &c->in[ANSWER_items], (struct reading){ 0 }, &taken);
	if (e)
		return e;
	outside = taken;
	outside.set = TAKE(c->arena, struct item_set, taken.n + 1);
	if (taken.n)
		memcpy(outside.set, taken.set, taken.n * sizeof(*outside.set));
	sets_without(c, &outside, &all);
	if (outside.count)
		return call_trouble(c, ANSWER_items, "其中有不在这次交货里的追溯码", "some of these codes are not in this delivery");
	sets_without(c, &all, &taken);
	if (!taken.count || !all.count)
		return call_trouble(c, ANSWER_items, "部分接收须少于全部、多于零；请选全部接收或全部拒收", "part means some but not all");
	e = items_normal(c, &taken, &part);
	if (!e)
		e = items_normal(c, &all, &rest);
	if (!e)
		e = file_purchase(c, o, &part);
	return e ? e : file_refusal(c, o, &rest, c->in[ANSWER_reason].text);
}

enum err offer_answer(struct call *c)
{
	const struct value *v = c->in;
	bool all = str_is(v[ANSWER_accept].list[0], "all"), none = str_is(v[ANSWER_accept].list[0], "none");
	struct offer o;
	struct value *items;
	enum err e = offer_open(c, v[ANSWER_id].i, &o);

	if (e)
		return e;
	if (!all && !v[ANSWER_reason].said)
		return call_trouble(c, ANSWER_reason, "不接收或部分接收须说明原因", "say why not everything is accepted");
	if (!all && !none && !v[ANSWER_items].said)
		return call_trouble(c, ANSWER_items, "部分接收须列出接收的追溯码", "name the codes that are accepted");
	e = kernel_step(c, o.root, "offer", all ? "accept" : none ? "refuse" : "part", v[ANSWER_reason].text, false);
	if (!e)
		e = whole_set(c, &o, &items);
	if (!e)
		e = all ? file_purchase(c, &o, items) : none ? file_refusal(c, &o, items, v[ANSWER_reason].text) : accept_part(c, &o);
	if (!e) {
		put_z(c->arena, c->out, "state", all ? "accepted" : none ? "refused" : "part");
		put_str(c->arena, c->out, "offer", id_str(c->arena, o.root));
	}
	return e;
}

/* ---- the lists of both sides ---- */

enum { LIST_waiting, LIST_direction, LIST_before };

uint64_t items_count(struct call *c, const struct value *v)
{
	struct item_sets s;
	struct str bad;
	int64_t n;

	if (value_has_parts(v))
		return str_to_int(str_sub(v->list[0], 1, v->list[0].n), &n) ? (uint64_t)n : 0;
	return v->said == SAID_VALUE && items_parse(c, v->list, v->n, &s, &bad) == OK ? s.count : 0;
}

static enum err put_delivery(struct call *c, struct node *list, const struct delivery *d, bool in)
{
	struct node *o = node_obj(c->arena), *other, *codes;
	const struct value *v;
	struct flow_case fc;
	struct record r;
	struct party p = { 0 };
	int kind;
	enum err e = kernel_record(c, d->record, KNOWN, &r);

	if (e)
		return e;
	kind = kind_of(r.type, r.values);
	if (kind < 0)
		return E_CORRUPT;
	v = r.values;
	e = in ? party_get(c, d->sender, &p) : party_by_uscc(c, v[kinds[kind].other].text, &p);
	if (!e)
		e = flow_case_get(c, r.root, &fc);
	if (e && e != E_ABSENT)
		return e;
	put_str(c->arena, o, "id", id_str(c->arena, d->record));
	put_z(c->arena, o, "type", r.type->name);
	put_str(c->arena, o, "state", e ? (d->answered ? S("answered") : S("unregistered")) : fc.state);
	put_str(c->arena, o, "at", time_str(c->arena, d->at, false));
	put_int(c->arena, o, "days", (c->now - d->at) / DAY_MS);
	put_bool(c->arena, o, "late", !e && !d->answered && fc.due && fc.due < c->now);
	other = put_obj(c->arena, o, in ? "from" : "to");
	put_str(c->arena, other, "name", p.name);
	put_str(c->arena, other, "uscc", in ? p.uscc : v[kinds[kind].other].text);
	put_int(c->arena, o, "count", (int64_t)items_count(c, &v[kinds[kind].items]));
	codes = put_arr(c->arena, o, "codes");
	for (size_t i = 0; i < v[kinds[kind].items].n && i < SHOWN_TEXTS && !value_has_parts(&v[kinds[kind].items]); i++)
		node_add(codes, node_str(c->arena, v[kinds[kind].items].list[i]));
	if (v[kinds[kind].document].said)
		put_str(c->arena, o, "document_no", v[kinds[kind].document].text);
	if (d->answer)
		put_str(c->arena, o, "answer", id_str(c->arena, d->answer));
	node_add(list, o);
	return OK;
}

enum err offer_list(struct call *c)
{
	struct node *list = put_arr(c->arena, c->out, "items");
	bool out = c->in[LIST_direction].said && str_is(c->in[LIST_direction].list[0], "out");
	int64_t answered = c->in[LIST_waiting].said && str_is(c->in[LIST_waiting].list[0], "answered"), before = INT64_MAX;
	struct rows r;
	enum err e;

	if (c->in[LIST_before].said && !id_get(c->in[LIST_before].text, &before))
		return call_trouble(c, LIST_before, "应为13位编号", "give an id of 13 characters");
	e = out ? db_ask(c->db, c->arena, trace_sql[Q_DELIVERY_FROM], VALS(V_I(c->who->party), V_I(answered), V_I(before)), &r)
	        : db_ask(c->db, c->arena, trace_sql[Q_DELIVERY_TO], VALS(V_B(receiver_mark(c, c->who->uscc)), V_I(answered), V_I(before)), &r);
	for (size_t i = 0; !e && i < r.n && i < 50; i++) {
		struct delivery d;

		delivery_from(&r, i, &d);
		e = put_delivery(c, list, &d, !out);
	}
	if (!e && r.n > 50)
		put_str(c->arena, c->out, "before", id_str(c->arena, row_int(&r, 49, 0)));
	return e;
}

/* ---- a purchase typed all the same ---- */

/* Filed by hand although the delivery waits: when it is the same goods from the same sender, it is the answer. */
enum err purchase_prepare(struct call *c)
{
	struct item_sets mine, theirs;
	struct rows r;
	enum err e = OK;

	if (!c->in[PURCHASE_offer].said && c->in[PURCHASE_supplier_uscc].said) {
		e = items_of(c, 0, &c->in[PURCHASE_trace_code], &mine);
		if (!e)
			e = db_ask(c->db, c->arena, trace_sql[Q_DELIVERY_TO], VALS(V_B(receiver_mark(c, c->who->uscc)), V_I(0), V_I(INT64_MAX)), &r);
		for (size_t i = 0; !e && i < r.n && !c->in[PURCHASE_offer].said; i++) {
			struct record d;
			int kind;

			e = kernel_record(c, row_int(&r, i, 0), KNOWN, &d);
			kind = e ? -1 : kind_of(d.type, d.values);
			if (kind < 0 || items_count(c, &d.values[kinds[kind].items]) != mine.count || items_of(c, d.id, &d.values[kinds[kind].items], &theirs))
				continue;
			sets_without(c, &theirs, &mine);
			if (!theirs.count)
				c->in[PURCHASE_offer] = (struct value){ .said = SAID_VALUE, .text = id_str(c->arena, d.id), .i = d.id };
		}
	}
	return e ? e : kernel_file_prepare(c);
}

enum err purchase_create(struct call *c)
{
	struct offer o;
	enum err e = kernel_file(c);

	if (e || !c->in[PURCHASE_offer].said)
		return e;
	e = offer_open(c, c->in[PURCHASE_offer].i, &o);
	if (!e)
		e = kernel_step(c, o.root, "offer", "accept", S(""), false);
	return e == E_STATE || e == E_ABSENT ? OK : e;          /* answered meanwhile, or never waited */
}

enum err purchase_check(struct call *c)
{
	struct offer o;
	enum err e = c->in[PURCHASE_offer].said ? offer_open(c, c->in[PURCHASE_offer].i, &o) : OK;

	return e == E_ABSENT ? call_trouble(c, PURCHASE_offer, "不是发给贵单位的交货", "no delivery to you") : e;
}
