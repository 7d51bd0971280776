/* kernel/desk.c - the desk everybody has: parties, inbox, reference lists, documents, audit. */
#include "kernel/house.h"

static const struct field page_fields[] = {
	ROW(before, TEXT, OPTIONAL, PUBLIC, OURS, "从此之前", .max = 13, .en = "before")
};
static const struct type page_in = { .name = "page", .zh = "列表", .en = "list", .fields = page_fields, .n = 1 };

static int64_t before_of(const struct call *c)
{
	int64_t id;

	return IN(c, 0).said && id_get(IN(c, 0).text, &id) ? id : INT64_MAX;
}

/* ---- parties ---- */

static const struct field parties_fields[] = {
	ROW(state, NAMES, OPTIONAL, PUBLIC, OURS, "状态", .list = "unverified|confirmed|returned|suspended", .max = 1, .en = "state")
	ROW(from, TEXT, OPTIONAL, PUBLIC, OURS, "从此之前", .max = 13, .en = "before")
};
static const struct type parties_in = { .name = "parties", .zh = "单位列表", .en = "parties", .fields = parties_fields, .n = ROWS(parties_fields) };

static struct node *party_node(struct call *c, const struct rows *r, size_t i)
{
	struct node *o = node_obj(c->arena), *roles = put_arr(c->arena, o, "roles");

	put_str(c->arena, o, "id", id_str(c->arena, row_int(r, i, 0)));
	put_str(c->arena, o, "uscc", row_str(r, i, 1));
	put_str(c->arena, o, "name", row_str(r, i, 2));
	put_str(c->arena, o, "region", row_str(r, i, 3));
	put_str(c->arena, o, "state", row_str(r, i, 7));
	for (unsigned b = 0; b < ROLE_COUNT; b++)
		if (row_int(r, i, 6) & 1 << b)
			node_add(roles, node_str(c->arena, str_of(role_name(1u << b))));
	return o;
}

/* [from, to) of the region codes an officer covers: 320600 -> "3206".."3207". */
void region_range(struct call *c, struct str region, struct str *ret_from, struct str *ret_to)
{
	size_t n = region.n;
	char *to;

	while (n >= 2 && region.p[n - 1] == '0' && region.p[n - 2] == '0')
		n -= 2;
	*ret_from = str_copy(c->arena, str_sub(region, 0, n));
	to = str_z(c->arena, *ret_from);
	if (n)
		to[n - 1]++;
	*ret_to = n ? (struct str){ to, n } : S("\x7f");
}

static enum err parties_run(struct call *c)
{
	struct node *arr = put_arr(c->arena, c->out, "items");
	struct str from, to;
	int64_t before = INT64_MAX;
	struct rows r;
	enum err e;

	region_range(c, c->who->roles & R_OFFICER ? c->who->region : S(""), &from, &to);
	if (IN(c, 1).said && !id_get(IN(c, 1).text, &before))
		return call_trouble(c, 1, "应为13位编号", "give an id of 13 characters");
	e = IN(c, 0).said ? db_ask(c->db, c->arena, kernel_sql[SQL_PARTY_LIST_STATE], VALS(V_I(before), V_T(from), V_T(to), V_T(IN(c, 0).list[0])), &r)
	                  : db_ask(c->db, c->arena, kernel_sql[SQL_PARTY_LIST], VALS(V_I(before), V_T(from), V_T(to)), &r);
	for (size_t i = 0; !e && i < r.n && i < 50; i++)
		node_add(arr, party_node(c, &r, i));
	if (!e && r.n > 50)
		put_str(c->arena, c->out, "before", id_str(c->arena, row_int(&r, 49, 0)));
	return e;
}

static const struct field openness_fields[] = {
	ROW(open_by_default, YES, REQUIRED, PRIVATE, "二（四）", "默认公开可选内容", .en = "open choice fields by default",
	    .help = "只影响以后填报的记录；每条记录仍可单独改")
};
static const struct type openness_in = { .name = "openness", .zh = "公开选择", .en = "publicity setting", .fields = openness_fields, .n = 1 };

static enum err openness_run(struct call *c)
{
	db_tell(c->db, kernel_sql[SQL_PARTY_OPEN], VALS(V_I(c->who->party), V_I(IN(c, 0).i)));
	return db_sticky(c->db);
}

static const struct field hook_fields[] = {
	ROW(webhook, URL, OPTIONAL, PRIVATE, OURS, "通知回调网址", .en = "webhook")
	ROW(mail, CONTACT, OPTIONAL, PRIVATE, OURS, "通知邮箱", .en = "mail")
};
static const struct type hook_in = { .name = "hook", .zh = "通知方式", .en = "where notices go", .fields = hook_fields, .n = ROWS(hook_fields) };

static enum err hook_run(struct call *c)
{
	db_tell(c->db, kernel_sql[SQL_WEBHOOK_PUT], VALS(V_I(c->who->party), V_T(IN(c, 0).text), V_T(IN(c, 1).text)));
	return db_sticky(c->db);
}

static enum err me_run(struct call *c)
{
	struct node *roles = put_arr(c->arena, c->out, "roles");

	put_str(c->arena, c->out, "login", c->who->login);
	put_str(c->arena, c->out, "party", c->who->party_name);
	put_str(c->arena, c->out, "uscc", c->who->uscc);
	put_str(c->arena, c->out, "region", c->who->region);
	put_bool(c->arena, c->out, "open_by_default", c->who->open_by_default);
	for (unsigned b = 0; b < ROLE_COUNT; b++)
		if (c->who->roles & 1u << b)
			node_add(roles, node_str(c->arena, str_of(role_name(1u << b))));
	return OK;
}

/* ---- inbox ---- */

static enum err inbox_run(struct call *c)
{
	struct node *arr = put_arr(c->arena, c->out, "items");
	struct rows r;
	enum err e = db_ask(c->db, c->arena, kernel_sql[SQL_NOTICE_LIST], VALS(V_I(c->who->party), V_I(before_of(c))), &r);

	for (size_t i = 0; !e && i < r.n && i < 50; i++) {
		struct node *o = node_obj(c->arena);

		put_str(c->arena, o, "id", id_str(c->arena, row_int(&r, i, 0)));
		put_str(c->arena, o, "what", row_str(&r, i, 1));
		if (row_int(&r, i, 2))
			put_str(c->arena, o, "record", id_str(c->arena, row_int(&r, i, 2)));
		put_str(c->arena, o, "at", time_str(c->arena, row_int(&r, i, 3), false));
		put_str(c->arena, o, "zh", row_str(&r, i, 4));
		put_str(c->arena, o, "en", row_str(&r, i, 5));
		put_bool(c->arena, o, "seen", row_int(&r, i, 6) != 0);
		node_add(arr, o);
	}
	return e;
}

/* ---- lists, audit ---- */

static const struct field list_get_fields[] = { ROW(list, TEXT, REQUIRED, PUBLIC, OURS, "清单", .max = 60, .en = "list") };
static const struct type list_get_in = { .name = "list_get", .zh = "清单", .en = "list", .fields = list_get_fields, .n = 1 };

static enum err list_get_run(struct call *c)
{
	struct node *rows = list_node(c, str_z(c->arena, IN(c, 0).text));

	if (!rows->n)
		return E_ABSENT;
	put_str(c->arena, c->out, "list", IN(c, 0).text);
	node_set(c->out, S("items"), rows);
	return OK;
}

static enum err audit_run(struct call *c)
{
	struct node *arr = put_arr(c->arena, c->out, "items");
	struct rows r;
	enum err e = db_ask(c->db, c->arena, kernel_sql[SQL_AUDIT_LIST], VALS(V_I(before_of(c))), &r);

	for (size_t i = 0; !e && i < r.n; i++) {
		struct node *o = node_obj(c->arena);

		put_str(c->arena, o, "id", id_str(c->arena, row_int(&r, i, 0)));
		put_str(c->arena, o, "at", time_str(c->arena, row_int(&r, i, 1), false));
		put_str(c->arena, o, "account", id_str(c->arena, row_int(&r, i, 2)));
		put_str(c->arena, o, "party", id_str(c->arena, row_int(&r, i, 3)));
		put_str(c->arena, o, "op", row_str(&r, i, 4));
		if (row_int(&r, i, 5))
			put_str(c->arena, o, "record", id_str(c->arena, row_int(&r, i, 5)));
		node_add(arr, o);
	}
	return e;
}

/* ---- documents ---- */

static const struct field file_fields[] = {
	ROW(open, YES, OPTIONAL, PUBLIC, OURS, "公开", .en = "open", .help = "用于公开栏目的文件（营业执照、说明书）须选公开")
};
static const struct type file_in = { .name = "file", .zh = "文件", .en = "file", .fields = file_fields, .n = 1 };

static enum err file_put_run(struct call *c)
{
	struct blob_info b;
	enum err e;

	if (!c->upload.bytes.n)
		return call_refuse(c, E_BAD, "没有文件内容", "no file content");
	if (!utf8_ok(c->upload.name) || c->upload.name.n > 300)
		c->upload.name = S("");
	e = blob_put(c, c->upload.name, c->upload.bytes, IN(c, 0).i != 0, &b);
	if (e)
		return e;
	put_str(c->arena, c->out, "file", b.id);
	put_str(c->arena, c->out, "type", b.type);
	put_int(c->arena, c->out, "size", b.size);
	put_bool(c->arena, c->out, "open", b.open);
	return OK;
}

static const struct field file_get_fields[] = {
	ROW(id, FILE, REQUIRED, PUBLIC, OURS, "文件编号", .en = "file")
	ROW(record, REF, OPTIONAL, PUBLIC, OURS, "所在记录", .ref = "any", .en = "record that names it", .help = "未公开的文件须指明所在的记录")
};
static const struct type file_get_in = { .name = "file_get", .zh = "文件", .en = "file", .fields = file_get_fields, .n = ROWS(file_get_fields) };

static bool names_file(const struct record *r, struct str file)
{
	for (size_t i = 0; i < r->type->n; i++)
		if (r->type->fields[i].kind == KIND_FILE && r->values[i].said == SAID_VALUE && str_eq(r->values[i].text, file))
			return true;
	return false;
}

/* A withheld file goes with the record that names it: to its other side, and to who looked at that record (recorded) today. */
static enum err may_have_file(struct call *c, struct str file)
{
	const unsigned both = 1u << KEY_PUBLIC | 1u << KEY_BUSINESS;
	struct record r;
	enum err e = IN(c, 1).said ? kernel_record(c, IN(c, 1).i, both, &r) : E_ABSENT;

	if (!e && !names_file(&r, file))
		e = E_ABSENT;
	if (e || kernel_counterparty(c, &r) || kernel_looked(c, r.id))
		return e;
	return E_ABSENT;
}

/* An open file is for everybody; a withheld one for the party that uploaded it. To all others it does not exist. */
static enum err file_get_run(struct call *c)
{
	struct blob_info b;
	enum err e = blob_get(c, IN(c, 0).text, &b);

	if (e)
		return e;
	if (!b.open && !(c->who->party && c->who->party == b.party))
		e = may_have_file(c, b.id);
	if (e)
		return e;
	e = blob_read(c, b.id, &c->bytes);
	c->media = str_z(c->arena, b.type);
	return e;
}

#define GET_OP(n, p, w, ins, sc, t, r, cl, z, e, ...) \
	{ .name = n, .method = GET, .path = p, .who = w, .inside = ins, .scope = sc, .mode = READS, .in = t, .run = r, .clause = cl, .zh = z, .en = e, __VA_ARGS__ },
#define POST_OP(n, p, w, ins, sc, t, r, cl, z, e, ...) \
	{ .name = n, .method = POST, .path = p, .who = w, .inside = ins, .scope = sc, .mode = WRITES, .in = t, .run = r, .clause = cl, .zh = z, .en = e, __VA_ARGS__ },

const struct op desk_ops[] = {
	GET_OP("me.get", "/v1/me", R_SIGNED_IN, IN_NOBODY, SCOPE_PUBLIC, NULL, me_run, OURS, "我的账号", "my account")
	GET_OP("party.list", "/v1/parties", R_OFFICER | R_OPERATOR | R_AUDITOR | R_ASSOC, IN_NOBODY, SCOPE_OWN, &parties_in, parties_run, "二（五）", "单位列表", "parties")
	POST_OP("party.openness", "/v1/parties/openness", R_PARTY, IN_OWNER, SCOPE_OWN, &openness_in, openness_run, "二（四）", "公开选择", "publicity setting")
	POST_OP("party.hook", "/v1/parties/hook", R_PARTY, IN_OWNER, SCOPE_OWN, &hook_in, hook_run, OURS, "通知方式", "where notices go")
	GET_OP("notice.list", "/v1/notices", R_PARTY, IN_WAREHOUSE, SCOPE_OWN, &page_in, inbox_run, OURS, "收件箱", "inbox")
	GET_OP("list.get", "/v1/lists/{list}", R_ALL, IN_NOBODY, SCOPE_PUBLIC, &list_get_in, list_get_run, "附1", "清单", "reference list")
	GET_OP("audit.list", "/v1/audit", R_AUDITOR | R_OPERATOR, IN_NOBODY, SCOPE_OWN, &page_in, audit_run, "二（七）", "审计", "audit")
	POST_OP("file.put", "/v1/files", R_PARTY | R_DOCK | R_ANYONE, IN_NOBODY, SCOPE_PUBLIC, &file_in, file_put_run, "附2", "上传文件", "upload a file", .upload = true)
	GET_OP("file.get", "/v1/files/{id}", R_ALL, IN_NOBODY, SCOPE_PUBLIC, &file_get_in, file_get_run, "附2", "文件", "file", .gives = "application/pdf|image/jpeg|image/png")
};
const size_t desk_ops_n = ROWS(desk_ops);
