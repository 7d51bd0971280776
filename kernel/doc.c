/* kernel/doc.c - papers that follow from the tables: OpenAPI 3.1 and the manual. */
#include "kernel/doc.h"
#include "kernel/sheet.h"

static bool in_path(struct arena *a, const struct op *op, const struct field *f) { return strstr(op->path, str_fmt(a, "{%s}", f->name).p) != NULL; }

/* ---- an example for each field: what a form sent as it stands would look like ---- */

static struct node *first_of_list(struct kernel *k, struct arena *a, const char *list)
{
	for (size_t m = 0; m < k->n_modules; m++)
		for (size_t i = 0; i < k->modules[m]->n_lists; i++)
			if (strcmp(k->modules[m]->lists[i].list, list) == 0 && !k->modules[m]->lists[i].to)
				return node_str(a, str_of(k->modules[m]->lists[i].key));
	return node_str(a, S("key"));
}

static struct str example_text(const struct field *f)
{
	switch (f->kind) {
	case KIND_DATE: return S("2026-11-20");
	case KIND_TIME: return S("2026-11-20T09:30:00+08:00");
	case KIND_USCC: return S("91320623MA1EXRP04T");
	case KIND_CONTACT: return S("0513-80000001");
	case KIND_PERMIT: return S("(苏)XK05-005-00001");
	case KIND_FILE: return S("4e98a3f12b00fde092023cc3f95d056ddded63984cc4821102ce4d29b558b11b");
	case KIND_CODE: return S("0BQRVXXTJ4MAVAY4WHPP");
	case KIND_DECIMAL: return S("100");
	case KIND_REF: return S("1M82GTYGV0000");
	case KIND_REGION: return S("320623");
	case KIND_LOGIN: return S("zhang.san");
	case KIND_PASSWORD: return S("a long sentence nobody else knows");
	case KIND_URL: return S("https://erp.example.com/hook");
	default: return str_of(f->words);
	}
}

struct node *doc_example(struct kernel *k, struct arena *a, const struct field *f)
{
	struct str rest = str_of(f->list), word = S("");
	struct node *list;

	if (f->kind == KIND_LISTED)
		return first_of_list(k, a, f->list);
	if (f->kind == KIND_INTEGER)
		return node_int(a, 100);
	if (f->kind == KIND_YES)
		return node_bool(a, true);
	if (f->need == IF_APPLICABLE && !f->must_if)
		return node_str(a, S(NOT_APPLICABLE));
	if (strcmp(kind_row(f->kind)->json_type, "array") != 0)
		return node_str(a, example_text(f));
	list = node_arr(a);
	if (f->kind == KIND_NAMES)
		(void)str_cut(&rest, '|', &word);
	else
		word = f->kind == KIND_STANDARDS ? S("GB 2811-2019") : S("1M82GTYGV0000:0-99");
	node_add(list, node_str(a, word));
	return list;
}

/* ---- requests ---- */

static struct node *parameter(struct arena *a, const struct op *op, const struct field *f)
{
	struct node *p = node_obj(a), *schema, *from = emit_json_schema(a, &(struct type){ .name = "", .zh = "", .fields = f, .n = 1 }), *words;
	bool path = in_path(a, op, f);

	put_z(a, p, "name", f->name);
	put_z(a, p, "in", path ? "path" : "query");
	put_bool(a, p, "required", path || (f->need == REQUIRED && !op->upload));
	put_str(a, p, "description", str_fmt(a, "%s%s%s", f->words, f->help ? "：" : "", f->help ? f->help : ""));
	schema = (struct node *)(uintptr_t)node_get(node_get(from, "properties"), f->name);
	words = (struct node *)(uintptr_t)node_get(schema, "items");
	if (words && f->max == 1)               /* one word of a few is a plain text in a query */
		schema = words;
	schema->next = NULL;
	node_set(p, S("schema"), schema);
	put_z(a, p, "x-en", f->en ? f->en : f->name);
	return p;
}

/* A file that is the body itself leaves its fields to the query. */
static void add_parameters(struct arena *a, struct node *o, const struct op *op)
{
	struct node *list = node_arr(a);

	for (size_t i = 0; op->in && i < op->in->n; i++)
		if (in_path(a, op, &op->in->fields[i]) || op->method == GET || op->upload)
			node_add(list, parameter(a, op, &op->in->fields[i]));
	if (op->upload)
		node_add(list, doc_ref(a, "parameters", "FileName"));
	if (op->method == POST)
		node_add(list, doc_ref(a, "parameters", "IdempotencyKey"));
	if (op->files && op->method == POST)
		node_add(list, doc_ref(a, "parameters", "Prefer"));
	if (op->who & R_DOCK || op->files)
		node_add(list, doc_ref(a, "parameters", "OnBehalfOf"));
	if (list->n)
		node_set(o, S("parameters"), list);
}

static struct node *choosable(struct arena *a, const struct op *op)
{
	struct node *names = node_arr(a);

	for (size_t i = 0; i < op->in->n; i++)
		if (op->in->fields[i].publicity == OWNER_CHOICE)
			node_add(names, node_str(a, str_of(op->in->fields[i].name)));
	return names;
}

static void add_choices(struct arena *a, struct node *props, const struct op *op)
{
	static const struct { const char *name, *zh, *en; } two[] = {
		{ "open", "公开的栏目", "fields to show to everybody" }, { "withhold", "不公开的栏目", "fields to withhold" },
	};

	for (size_t i = 0; i < ROWS(two) && choosable(a, op)->n; i++) {
		struct node *p = put_obj(a, props, two[i].name), *items;

		put_z(a, p, "type", "array");
		put_z(a, p, "title", two[i].zh);
		put_z(a, p, "x-en", two[i].en);
		put_z(a, p, "x-need", "optional");
		items = put_obj(a, p, "items");
		put_z(a, items, "type", "string");
		node_set(items, S("enum"), choosable(a, op));
	}
	if (op->corrects) {
		struct node *p = put_obj(a, props, "corrects");

		put_z(a, p, "type", "string");
		put_z(a, p, "title", "被更正的记录");
		put_z(a, p, "x-en", "the record this one replaces");
		put_z(a, p, "x-need", "optional");
	}
}

static struct node *body_schema(struct kernel *k, struct arena *a, const struct op *op)
{
	struct node *all = emit_json_schema(a, op->in), *o = node_obj(a), *props, *must = node_arr(a), *next;
	const struct node *from = node_get(all, "properties");

	put_z(a, o, "type", "object");
	put_z(a, o, "title", op->in->zh);
	props = put_obj(a, o, "properties");
	for (struct node *x = from->first; x; x = next) {
		const struct field *f = type_field(op->in, x->key, NULL);

		next = x->next;
		x->next = NULL;
		if (!f || f->filled || in_path(a, op, f))
			continue;
		node_add(put_arr(a, x, "examples"), doc_example(k, a, f));
		node_set(props, x->key, x);
		if (f->need != OPTIONAL && !op->prefill)        /* what the platform knows it completes by itself */
			node_add(must, node_str(a, str_of(f->name)));
	}
	add_choices(a, props, op);
	if (must->n)
		node_set(o, S("required"), must);
	put_bool(a, o, "additionalProperties", false);
	return props->n ? o : NULL;
}

static void add_upload(struct arena *a, struct node *content, const struct op *op)
{
	static const char *const raw[] = { "application/octet-stream", "application/pdf", "image/jpeg", "image/png", SHEET_CSV, "text/plain", "application/x-ndjson", SHEET_XLSX };
	struct node *all = node_obj(a), *list = put_arr(a, all, "allOf"), *file = doc_members(a, S("upload:s"));

	node_add(list, doc_ref(a, "schemas", op->name));
	node_add(list, file);
	put_z(a, (struct node *)(uintptr_t)node_get(node_get(file, "properties"), "upload"), "contentMediaType", "application/octet-stream");
	node_set(put_obj(a, content, "multipart/form-data"), S("schema"), all);
	for (size_t i = 0; i < ROWS(raw); i++)
		node_set(content, str_of(raw[i]), node_obj(a));
}

static void add_body(struct kernel *k, struct arena *a, struct node *schemas, struct node *o, const struct op *op)
{
	struct node *schema = op->in ? body_schema(k, a, op) : NULL, *body, *content;

	if (!schema && !op->upload)
		return;
	if (!schema)
		schema = doc_members(a, S(""));
	if (op->upload)         /* a form carries the file as a further member */
		put_bool(a, schema, "additionalProperties", true);
	node_set(schemas, str_of(op->name), schema);
	body = put_obj(a, o, "requestBody");
	put_bool(a, body, "required", node_get(schema, "required") != NULL);
	content = put_obj(a, body, "content");
	node_set(put_obj(a, content, "application/json"), S("schema"), doc_ref(a, "schemas", op->name));
	if (op->upload)
		add_upload(a, content, op);
}

/* ---- the document ---- */

static void add_security(struct arena *a, struct node *o, const struct op *op)
{
	struct node *list = put_arr(a, o, "security"), *token = node_obj(a), *who = put_arr(a, o, "x-who");

	if (op->who & R_ANYONE)
		node_add(list, node_obj(a));
	if (op->who & ~(unsigned)R_ANYONE) {
		put_arr(a, token, "bearer");
		node_add(list, token);
	}
	for (unsigned r = 0; r < ROLE_COUNT; r++)
		if (op->who & 1u << r)
			node_add(who, node_str(a, str_of(role_name(1u << r))));
}

static struct str resource_of(const struct op *op) { return str_sub(str_of(op->name), 0, str_find(str_of(op->name), '.')); }

static void add_op(struct kernel *k, struct arena *a, struct node *paths, struct node *schemas, const struct op *op)
{
	struct node *item = (struct node *)(uintptr_t)node_get(paths, op->path), *o;

	if (!item)
		item = put_obj(a, paths, op->path);
	o = put_obj(a, item, op->method == POST ? "post" : "get");
	put_z(a, o, "operationId", op->name);
	node_add(put_arr(a, o, "tags"), node_str(a, resource_of(op)));
	put_str(a, o, "summary", str_fmt(a, "%s / %s", op->zh, op->en));
	put_z(a, o, "x-zh", op->zh);
	put_z(a, o, "x-en", op->en);
	put_z(a, o, "x-clause", op->clause);
	add_security(a, o, op);
	add_parameters(a, o, op);
	if (op->method == POST)
		add_body(k, a, schemas, o, op);
	doc_answers(a, o, op);
}

static void add_tag(struct kernel *k, struct arena *a, struct node *tags, const struct op *op)
{
	struct str name = resource_of(op);
	const struct type *t = kernel_type(k, name);
	struct node *o;

	for (const struct node *x = tags->first; x; x = x->next)
		if (str_eq(node_text(x, "name"), name))
			return;
	o = node_obj(a);
	put_str(a, o, "name", name);
	put_str(a, o, "description", str_fmt(a, "%s / %s", t ? t->zh : op->zh, t ? t->en : op->en));
	put_z(a, o, "x-zh", t ? t->zh : op->zh);
	put_z(a, o, "x-en", t ? t->en : op->en);
	node_add(tags, o);
}

static void add_headers(struct arena *a, struct node *parts)
{
	static const struct { const char *key, *name, *zh, *en; } rows[] = {
		{ "IdempotencyKey", "Idempotency-Key", "同一个键和同样的内容只办理一次，可放心重发", "the same key with the same content is done once: safe to send again" },
		{ "Prefer", "Prefer", "wait=witnessed：见证方达到策略要求的数目后才回答（最多10秒），凭证带见证签名，回答带 Preference-Applied；等不到则照常回答",
		  "wait=witnessed: answered when enough witnesses of the policy have cosigned, 10 s at most; then the receipt carries their lines and Preference-Applied is set; else as always" },
		{ "OnBehalfOf", "On-Behalf-Of", "对接系统代填时，所代单位的统一社会信用代码", "unified social credit code of the party a docked system acts for" },
		{ "FileName", "X-File-Name", "文件直接作为请求体时的文件名，百分号编码的UTF-8", "file name when the file is the body itself, percent-encoded UTF-8" },
	};
	struct node *all = put_obj(a, parts, "parameters");

	for (size_t i = 0; i < ROWS(rows); i++) {
		struct node *p = put_obj(a, all, rows[i].key);

		put_z(a, p, "name", rows[i].name);
		put_z(a, p, "in", "header");
		put_bool(a, p, "required", false);
		put_str(a, p, "description", str_fmt(a, "%s / %s", rows[i].zh, rows[i].en));
		put_z(a, put_obj(a, p, "schema"), "type", "string");
	}
}

static void add_info(struct kernel *k, struct arena *a, struct node *o)
{
	struct node *info, *licence, *server;

	put_z(a, o, "openapi", "3.1.0");
	info = put_obj(a, o, "info");
	put_z(a, info, "title", "suyuan 溯源");
	put_z(a, info, "version", "1");
	put_z(a, info, "description", "重点工业产品质量安全追溯平台的开放接口 / the open interface of a traceability platform for key industrial products");
	licence = put_obj(a, info, "license");
	put_z(a, licence, "name", "Apache-2.0");
	put_z(a, licence, "identifier", "Apache-2.0");
	server = node_obj(a);
	put_z(a, server, "url", k->public_url[0] ? k->public_url : "/");
	node_add(put_arr(a, o, "servers"), server);
}

struct node *doc_openapi(struct kernel *k, struct arena *a)
{
	struct node *o = node_obj(a), *paths, *parts, *schemas, *bearer, *tags;

	add_info(k, a, o);
	tags = put_arr(a, o, "tags");
	paths = put_obj(a, o, "paths");
	parts = put_obj(a, o, "components");
	schemas = put_obj(a, parts, "schemas");
	doc_shapes(a, schemas);
	doc_problems(a, parts);
	for (size_t i = 0; i < k->n_types; i++)
		doc_type_shapes(k, a, schemas, k->types[i]);
	for (size_t i = 0; i < k->n_ops; i++) {
		add_tag(k, a, tags, k->ops[i]);
		add_op(k, a, paths, schemas, k->ops[i]);
	}
	add_headers(a, parts);
	bearer = put_obj(a, put_obj(a, parts, "securitySchemes"), "bearer");
	put_z(a, bearer, "type", "http");
	put_z(a, bearer, "scheme", "bearer");
	return o;
}

void doc_manual(struct kernel *k, struct buf *b)
{
	buf_z(b, "# 操作手册 / Manual\n\n由操作表生成：`suyuan manual`。\n\n| 操作 | 请求 | 谁可以 | 条款 | 说明 |\n|---|---|---|---|---|\n");
	for (size_t i = 0; i < k->n_ops; i++) {
		const struct op *op = k->ops[i];

		buf_fmt(b, "| `%s` | %s %s | ", op->name, op->method == POST ? "POST" : "GET", op->path);
		for (unsigned r = 0; r < ROLE_COUNT; r++)
			if (op->who & 1u << r)
				buf_fmt(b, "%s ", role_name(1u << r));
		buf_fmt(b, "| %s | %s / %s |\n", op->clause, op->zh, op->en);
	}
	buf_char(b, '\n');
	for (size_t i = 0; i < k->n_types; i++)
		emit_manual(b, k->types[i]);
}
