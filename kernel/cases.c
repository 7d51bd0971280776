/* kernel/cases.c - the open work: cases listed, counted by whose they are, handed to a person, and many of them taken on at once. */
#include "kernel/house.h"

#define WORKERS (R_PARTY | R_OFFICER | R_OPERATOR)
#define OVERSEERS (R_OFFICER | R_OPERATOR | R_AUDITOR | R_ASSOC)

/* ---- whose cases: an officer's region, all for who sees all, else the own party's alone ---- */

struct view { struct str from, to; int64_t party; };      /* party 0: of whatever party, in regions [from, to) */

static struct view view_of(struct call *c)
{
	struct view v = { .party = 0 };

	region_range(c, c->who->roles & R_OFFICER ? c->who->region : S(""), &v.from, &v.to);
	if (!(c->who->roles & OVERSEERS))
		v.party = c->who->party ? c->who->party : -1;
	return v;
}

/* ---- the list ---- */

enum { LIST_before, LIST_flow, LIST_state, LIST_mine };
static const struct field list_fields[] = {
	ROW(before, TEXT, OPTIONAL, PUBLIC, OURS, "从此之前", .max = 13, .en = "before")
	ROW(flow, TEXT, OPTIONAL, PUBLIC, OURS, "流程", .max = 60, .en = "flow", .help = "如 registration")
	ROW(state, TEXT, OPTIONAL, PUBLIC, OURS, "状态", .max = 60, .en = "state", .help = "与流程一起填")
	ROW(mine, YES, OPTIONAL, PUBLIC, OURS, "只看交给我的", .en = "only those handed to me")
};
static const struct type list_in = { .name = "cases", .zh = "办理事项", .en = "cases", .fields = list_fields, .n = ROWS(list_fields) };

static enum err ask_cases(struct call *c, int64_t before, struct rows *ret)
{
	struct view v = view_of(c);
	struct str flow = IN(c, LIST_flow).said ? IN(c, LIST_flow).text : S(""), state = IN(c, LIST_state).said ? IN(c, LIST_state).text : S("");

	if (IN(c, LIST_mine).i)
		return db_ask(c->db, c->arena, kernel_sql[SQL_CASE_LIST_MINE], VALS(V_I(c->who->account), V_I(before), V_I(v.party), V_T(v.from), V_T(v.to), V_T(flow),
		              V_T(state)), ret);
	if (v.party && state.n)
		return db_ask(c->db, c->arena, kernel_sql[SQL_CASE_LIST_OWN_STATE], VALS(V_I(v.party), V_I(before), V_T(flow), V_T(state)), ret);
	if (v.party && flow.n)
		return db_ask(c->db, c->arena, kernel_sql[SQL_CASE_LIST_OWN], VALS(V_I(v.party), V_I(before), V_T(flow)), ret);
	if (v.party)
		return db_ask(c->db, c->arena, kernel_sql[SQL_CASE_LIST_PARTY], VALS(V_I(v.party), V_I(before)), ret);
	if (state.n)
		return db_ask(c->db, c->arena, kernel_sql[SQL_CASE_LIST_STATE], VALS(V_T(flow), V_T(state), V_T(v.from), V_T(v.to), V_I(before)), ret);
	if (flow.n)
		return db_ask(c->db, c->arena, kernel_sql[SQL_CASE_LIST_FLOW], VALS(V_T(flow), V_T(v.from), V_T(v.to), V_I(before)), ret);
	if (c->who->roles & R_OFFICER)
		return db_ask(c->db, c->arena, kernel_sql[SQL_CASE_LIST_REGION], VALS(V_T(v.from), V_T(v.to), V_I(before)), ret);
	return db_ask(c->db, c->arena, kernel_sql[SQL_CASE_LIST_ALL], VALS(V_I(before)), ret);
}

/* Who has it in hand, for those who share the work; a party is not told the names of officers. */
static enum err put_hand(struct call *c, int64_t account, struct node *o)
{
	struct rows r;
	enum err e = account && c->who->roles & (R_OFFICER | R_OPERATOR) ? db_ask(c->db, c->arena, kernel_sql[SQL_ACCOUNT_GET], VALS(V_I(account)), &r) : E_ABSENT;

	if (!e && r.n)
		put_str(c->arena, o, "hand", row_str(&r, 0, 4));
	return e == E_ABSENT ? OK : e;
}

static void put_times(struct call *c, struct node *o, int64_t since, int64_t due)
{
	put_str(c->arena, o, "since", time_str(c->arena, since, false));
	if (due)
		put_str(c->arena, o, "due", time_str(c->arena, due, false));
}

static enum err put_case(struct call *c, const struct rows *r, size_t i, struct node *arr)
{
	struct node *o = node_obj(c->arena);
	int64_t due = row_int(r, i, 6);

	put_str(c->arena, o, "id", id_str(c->arena, row_int(r, i, 0)));
	put_str(c->arena, o, "flow", row_str(r, i, 1));
	put_str(c->arena, o, "state", row_str(r, i, 2));
	put_str(c->arena, o, "region", row_str(r, i, 4));
	put_times(c, o, row_int(r, i, 5), due);
	put_bool(c->arena, o, "late", due && due < c->now);
	node_add(arr, o);
	return put_hand(c, row_int(r, i, 8), o);
}

static enum err before_of(struct call *c, size_t field, int64_t *ret)
{
	*ret = INT64_MAX;
	if (IN(c, field).said && !id_get(IN(c, field).text, ret))
		return call_trouble(c, field, "应为13位编号", "give an id of 13 characters");
	return OK;
}

enum { LIST_PAGE = 50 };

static enum err cases_run(struct call *c)
{
	struct node *arr = put_arr(c->arena, c->out, "items");
	struct rows r = { 0 };
	int64_t before;
	enum err e = before_of(c, LIST_before, &before);

	if (!e && IN(c, LIST_state).said && !IN(c, LIST_flow).said)
		e = call_trouble(c, LIST_flow, "状态须与流程一起填", "a state belongs to a flow: name it too");
	if (!e)
		e = ask_cases(c, before, &r);
	for (size_t i = 0; !e && i < r.n && i < LIST_PAGE; i++)
		e = put_case(c, &r, i, arr);
	if (!e && r.n > LIST_PAGE)
		put_str(c->arena, c->out, "before", id_str(c->arena, row_int(&r, LIST_PAGE - 1, 0)));
	return e;
}

/* ---- counted ---- */

enum { GROUPS_flow, GROUPS_state, GROUPS_before };
static const struct field groups_fields[] = {
	ROW(flow, TEXT, REQUIRED, PUBLIC, OURS, "流程", .max = 60, .en = "flow", .help = "如 registration")
	ROW(state, TEXT, REQUIRED, PUBLIC, OURS, "状态", .max = 60, .en = "state")
	ROW(before, TEXT, OPTIONAL, PUBLIC, OURS, "从此单位之前", .max = 13, .en = "before this party")
};
static const struct type groups_in = { .name = "case_groups", .zh = "办理事项汇总", .en = "cases by party", .fields = groups_fields, .n = ROWS(groups_fields) };

enum { GROUPS_PAGE = 200 };

static struct node *group_node(struct call *c, const struct rows *r, size_t i)
{
	struct node *o = node_obj(c->arena);

	if (row_int(r, i, 0))
		put_str(c->arena, o, "party", id_str(c->arena, row_int(r, i, 0)));
	put_str(c->arena, o, "name", row_str(r, i, 1));
	put_str(c->arena, o, "state", IN(c, GROUPS_state).text);
	put_int(c->arena, o, "count", row_int(r, i, 2));
	put_times(c, o, row_int(r, i, 3), row_int(r, i, 4));
	put_int(c->arena, o, "late", row_int(r, i, 5));
	return o;
}

static enum err ask_groups(struct call *c, int64_t before, struct rows *ret)
{
	struct view v = view_of(c);
	struct val flow = V_T(IN(c, GROUPS_flow).text), state = V_T(IN(c, GROUPS_state).text);

	if (v.party)
		return db_ask(c->db, c->arena, kernel_sql[SQL_CASE_GROUPS_OWN], VALS(flow, state, V_I(c->now), V_I(before), V_I(v.party)), ret);
	return db_ask(c->db, c->arena, kernel_sql[SQL_CASE_GROUPS], VALS(flow, state, V_I(c->now), V_I(before), V_T(v.from), V_T(v.to)), ret);
}

static enum err groups_run(struct call *c)
{
	struct node *arr = put_arr(c->arena, c->out, "items");
	struct rows r = { 0 };
	int64_t before;
	enum err e = before_of(c, GROUPS_before, &before);

	if (!e)
		e = ask_groups(c, before, &r);
	for (size_t i = 0; !e && i < r.n && i < GROUPS_PAGE; i++)
		node_add(arr, group_node(c, &r, i));
	if (!e && r.n > GROUPS_PAGE)
		put_str(c->arena, c->out, "before", id_str(c->arena, row_int(&r, GROUPS_PAGE - 1, 0)));
	return e;
}

enum err kernel_case_groups(struct call *c, const struct type *t, const char *field, struct str flow, struct str state, struct rows *ret)
{
	const struct type_sql *q = type_sql(c->k, t);
	struct view v = view_of(c);
	size_t at;

	if (!type_field(t, str_of(field), &at) || !q || !q->cases[at])
		return E_INTERNAL;
	if (v.party)
		return db_ask(c->db, c->arena, q->own_cases[at], VALS(V_T(flow), V_T(state), V_I(c->now), V_I(v.party)), ret);
	return db_ask(c->db, c->arena, q->cases[at], VALS(V_T(flow), V_T(state), V_I(c->now), V_T(v.from), V_T(v.to)), ret);
}

/* A party that is asked for and is not the caller's own is found among the caller's only: none. */
enum err kernel_case_find(struct call *c, const struct type *t, const char *field, struct str value, struct str flow, struct str state, int64_t party,
                          int64_t before, struct rows *ret)
{
	const struct type_sql *q = type_sql(c->k, t);
	struct view v = view_of(c);
	size_t at;

	if (!type_field(t, str_of(field), &at) || !q || !q->find[at])
		return E_INTERNAL;
	if (v.party && party && party != v.party)
		party = -1;
	else if (v.party)
		party = v.party;
	if (party)
		return db_ask(c->db, c->arena, q->find_of[at], VALS(V_T(flow), V_T(state), V_I(before), V_T(v.from), V_T(v.to), V_T(value), V_I(party)), ret);
	return db_ask(c->db, c->arena, q->find[at], VALS(V_T(flow), V_T(state), V_I(before), V_T(v.from), V_T(v.to), V_T(value)), ret);
}

/* ---- handed on ---- */

enum { HAND_id, HAND_login };
static const struct field hand_fields[] = {
	ROW(id, REF, REQUIRED, PUBLIC, OURS, "事项编号", .ref = "any", .own = true, .en = "case")
	ROW(login, LOGIN, REQUIRED, PRIVATE, OURS, "移交给", .en = "hand to")
};
static const struct type hand_in = { .name = "hand", .zh = "移交", .en = "hand over", .fields = hand_fields, .n = ROWS(hand_fields) };

static enum err hand_run(struct call *c)
{
	struct rows r;
	enum err e = db_ask(c->db, c->arena, kernel_sql[SQL_ACCOUNT_LOGIN], VALS(V_T(IN(c, HAND_login).text)), &r);

	if (e)
		return e;
	if (r.n == 0)
		return call_trouble(c, HAND_login, "没有这个人员", "there is no such person");
	db_tell(c->db, kernel_sql[SQL_CASE_HAND], VALS(V_I(IN(c, HAND_id).i), V_I(row_int(&r, 0, 0)), V_I(c->now)));
	if (!db_sticky(c->db) && db_told(c->db) == 0)
		return E_ABSENT;
	return db_sticky(c->db);
}

/* ---- many at once: what an officer does on a Monday, a maker before a holiday ---- */

enum { BULK_ids, BULK_op, BULK_note };
static const struct field bulk_fields[] = {
	ROW(ids, ITEMS, REQUIRED, PUBLIC, OURS, "事项编号", .max = 1000, .en = "cases")
	ROW(op, TEXT, REQUIRED, PUBLIC, OURS, "办理操作", .max = 60, .en = "step", .help = "如 registration.confirm")
	ROW(note, NOTE, OPTIONAL, PRIVATE, OURS, "说明", .en = "note")
};
static const struct type bulk_in = { .name = "bulk", .zh = "批量办理", .en = "many cases at once", .fields = bulk_fields, .n = ROWS(bulk_fields) };

static enum err step_one(struct call *c, const struct op *step, struct str id, struct call *one)
{
	struct value *in = TAKE(c->arena, struct value, 2);
	struct record r;
	enum err e;

	*one = *c;
	one->op = step;
	one->in = in;
	one->out = node_obj(c->arena);
	in[0] = (struct value){ .said = SAID_VALUE, .text = id };
	in[1] = IN(c, BULK_note);
	e = id_get(id, &in[0].i) ? kernel_record(c, in[0].i, 1u << KEY_PUBLIC, &r) : E_ABSENT;
	if (!e)
		e = record_allowed(one, &r);
	return e ? e : flow_step(one);
}

/* All or nothing, and each case under the permission of its own step. */
static enum err bulk_run(struct call *c)
{
	const struct op *step = op_find(c->k, IN(c, BULK_op).text);

	if (!step || !step->step)
		return call_trouble(c, BULK_op, "没有这个办理操作", "there is no such step");
	for (size_t i = 0; i < IN(c, BULK_ids).n; i++) {
		struct call one;
		enum err e = step_one(c, step, IN(c, BULK_ids).list[i], &one);

		if (e)
			return call_refuse(c, e, str_fmt(c->arena, "第 %zu 项不能办理：%s", i + 1, one.why_zh ? one.why_zh : err_zh(e)).p,
			                   str_fmt(c->arena, "case %zu: %s", i + 1, one.why_en ? one.why_en : err_en(e)).p);
	}
	put_int(c->arena, c->out, "done", (int64_t)IN(c, BULK_ids).n);
	return OK;
}

const struct op case_ops[] = {
	{ "case.list", GET, "/v1/cases", WORKERS, IN_WAREHOUSE, SCOPE_OWN, READS, &list_in, cases_run, OURS, "办理事项", "cases" },
	{ "case.groups", GET, "/v1/cases/groups", WORKERS, IN_WAREHOUSE, SCOPE_OWN, READS, &groups_in, groups_run, "二（五）", "办理事项汇总", "cases by party" },
	{ "case.hand", POST, "/v1/cases/{id}/hand", R_OFFICER | R_OPERATOR, IN_NOBODY, SCOPE_OWN, WRITES, &hand_in, hand_run, OURS, "移交", "hand over" },
	{ "case.bulk", POST, "/v1/cases/bulk", WORKERS, IN_FILER, SCOPE_OWN, WRITES, &bulk_in, bulk_run, "二（五）", "批量办理", "many cases at once" },
};
const size_t case_ops_n = ROWS(case_ops);
