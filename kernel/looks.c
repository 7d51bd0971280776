/* kernel/looks.c - seeing what is withheld: recorded looks, break-glass by two persons, receipts with the disclosures one may have. */
#include "kernel/house.h"

/* ---- the access record: its party is the owner of what was looked at, so the owner finds it in the own list ---- */

enum { ACCESS_target, ACCESS_viewer, ACCESS_reason };
static const struct field access_fields[] = {
	ROW(target, REF, REQUIRED, PRIVATE, "二（七）", "被查看的记录", .ref = "any", .index = true, .en = "record looked at")
	ROW(viewer, TEXT, REQUIRED, PRIVATE, "二（七）", "查看人", .en = "viewer")
	ROW(reason, NOTE, REQUIRED, PRIVATE, "二（七）", "事由", .en = "reason")
};
const struct type access_type = { .name = "access", .schema = "suyuan/access", .zh = "查看记录", .en = "look at withheld values", .leaf = LEAF_ACCESS,
	.blind = true, .fields = access_fields, .n = ROWS(access_fields), .clause = "二（七）", .plural = "accesses" };

enum { REVEAL_record, REVEAL_reason };
static const struct field reveal_fields[] = {
	ROW(record, REF, REQUIRED, PUBLIC, "二（七）", "记录", .ref = "any", .en = "record")
	ROW(reason, NOTE, REQUIRED, PRIVATE, "二（七）", "事由", .en = "reason", .help = "会通知该记录的单位")
};
static const struct type reveal_in = { .name = "reveal", .zh = "查看未公开内容", .en = "look at withheld values", .fields = reveal_fields, .n = ROWS(reveal_fields) };

/* An operator needs a request that another person approved, for this record and within its days. */
static enum err approved(struct call *c, int64_t record)
{
	struct rows r;
	enum err e = kernel_find(c, &opening_type, "target", id_str(c->arena, record), INT64_MAX, &r);

	for (size_t i = 0; !e && i < r.n; i++) {
		struct flow_case fc;

		e = flow_case_get(c, row_int(&r, i, 0), &fc);
		if (!e && str_is(fc.state, "approved") && fc.due > c->now)
			return OK;
	}
	return e ? e : call_refuse(c, E_DENIED, "需先提出申请并由另一人批准", "a request approved by a second person is needed first");
}

/* Did this account look at that record, with its reason recorded, within the last day? */
bool kernel_looked(struct call *c, int64_t record)
{
	const unsigned all = (1u << KEY_CLASSES) - 1;
	struct rows r;

	if (!(c->who->roles & (R_OFFICER | R_OPERATOR)) || kernel_find(c, &access_type, "target", id_str(c->arena, record), INT64_MAX, &r))
		return false;
	for (size_t i = 0; i < r.n; i++) {
		struct record look;

		if (kernel_record(c, row_int(&r, i, 0), all, &look) == OK && look.at > c->now - DAY_MS &&
		    str_eq(look.values[ACCESS_viewer].text, c->who->login))
			return true;
	}
	return false;
}

enum err kernel_look(struct call *c, int64_t party, int64_t target, struct str reason, bool tell, int64_t *ret_record)
{
	const struct value v[ROWS(access_fields)] = {
		[ACCESS_target] = { .said = SAID_VALUE, .text = id_str(c->arena, target), .i = target },
		[ACCESS_viewer] = { .said = SAID_VALUE, .text = c->who->login },
		[ACCESS_reason] = { .said = SAID_VALUE, .text = reason },
	};
	struct filing f = { .type = &access_type, .values = v, .party = party };
	enum err e = kernel_append(c, &f, ret_record);

	if (e)
		return e;
	if (tell)
		notice_put(c, party, "access", *ret_record, S("有人查看了贵单位未公开的内容，可在“查看记录”中查询"), S("somebody looked at values you withhold; see your list of looks"));
	return db_sticky(c->db);
}

static enum err may_reveal(struct call *c, const struct record *r)
{
	const struct op any = { .who = R_OFFICER, .scope = SCOPE_OWN };
	struct str region;
	enum err e = record_region(c, r, &region);

	if (e)
		return e;
	if (c->who->roles & R_OFFICER)
		return op_allowed(&any, c->who, true, r->party, region);
	return approved(c, r->id);
}

static enum err reveal_run(struct call *c)
{
	const unsigned all = (1u << KEY_CLASSES) - 1;
	struct record r;
	int64_t id;
	enum err e = kernel_record(c, IN(c, REVEAL_record).i, all, &r);

	if (!e)
		e = may_reveal(c, &r);
	if (!e)
		e = kernel_look(c, r.party, r.id, IN(c, REVEAL_reason).text, true, &id);
	if (!e)
		node_set(c->out, S("record"), kernel_view(c, &r));
	return e;
}

/* ---- break-glass ---- */

enum { OPENING_target, OPENING_reason };
static const struct field opening_fields[] = {
	ROW(target, REF, REQUIRED, PRIVATE, "二（七）", "记录", .ref = "any", .index = true, .en = "record")
	ROW(reason, NOTE, REQUIRED, PRIVATE, "二（七）", "事由", .en = "reason")
};
const struct type opening_type = { .name = "opening", .schema = "suyuan/opening", .zh = "查看申请", .en = "request to look", .leaf = LEAF_ACCESS,
	.blind = true, .fields = opening_fields, .n = ROWS(opening_fields), .clause = "二（七）" };

static const struct step opening_steps[] = {
	{ "opening", "requested", "approve", "approved", R_OPERATOR, 3, false, "二（七）", "批准", "approve", .two_persons = true },
	{ "opening", "requested", "refuse", "refused", R_OPERATOR, 0, false, "二（七）", "不批准", "refuse", .two_persons = true },
	{ "opening", "approved", "close", "closed", R_OPERATOR, 0, false, "二（七）", "结束", "close" },
};
const struct flow opening_flow = { .name = "opening", .zh = "查看申请", .en = "request to look", .start = "requested", .types = "opening",
	.steps = opening_steps, .n = ROWS(opening_steps), .days = 3, .clause = "二（七）" };

static enum err opening_run(struct call *c)
{
	struct filing f = { .type = &opening_type, .values = c->in };
	struct record r;
	int64_t id;
	enum err e = kernel_record(c, IN(c, OPENING_target).i, 1u << KEY_PUBLIC, &r);

	if (e)
		return e;
	f.party = r.party;
	e = kernel_append(c, &f, &id);
	if (!e)
		notice_put(c, r.party, "opening", id, S("平台运营人员申请查看贵单位未公开的内容"), S("the operator asks to look at values you withhold"));
	return e;
}

/* ---- receipts ---- */

static const struct field receipt_fields[] = {
	ROW(id, REF, REQUIRED, PUBLIC, OURS, "记录编号", .ref = "any", .en = "record id")
};
static const struct type receipt_in = { .name = "receipt", .zh = "凭证", .en = "receipt", .fields = receipt_fields, .n = 1 };

/* One file that verifies offline: leaf, inclusion proof, signed checkpoint, and the disclosures this caller may have. */
static enum err receipt_run(struct call *c)
{
	struct record r;
	unsigned mask;
	enum err e = kernel_record(c, IN(c, 0).i, 1u << KEY_PUBLIC, &r);

	if (e)
		return e;
	mask = kernel_may_see(c, &r);
	if (r.type->blind && !(mask & 1u << KEY_BUSINESS))
		mask = 0;                       /* the public values of a flow record are shown on the goods' page, not one by one */
	e = kernel_record(c, r.id, mask, &r);
	if (!e)
		e = kernel_receipt(c, &r, &c->bytes);
	if (!e)
		c->media = "text/plain; charset=utf-8";
	return e;
}

const struct op record_ops[] = {
	{ "record.reveal", POST, "/v1/reveals", R_OFFICER | R_OPERATOR, IN_NOBODY, SCOPE_OWN, WRITES, &reveal_in, reveal_run, "二（七）",
	  "查看未公开内容", "look at withheld values" },
	{ "opening.create", POST, "/v1/openings", R_OPERATOR, IN_NOBODY, SCOPE_OWN, WRITES, &opening_type, opening_run, "二（七）",
	  "申请查看未公开内容", "ask to look at withheld values", .files = &opening_type },
	{ "receipt.get", GET, "/v1/receipts/{id}", R_ALL, IN_NOBODY, SCOPE_PUBLIC, READS, &receipt_in, receipt_run, "二（七）", "凭证", "receipt", .gives = "text/plain" },
};
const size_t record_ops_n = ROWS(record_ops);
