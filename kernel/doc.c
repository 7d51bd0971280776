/* kernel/doc.c - papers that follow from the tables: OpenAPI 3.1 and the manual. */
#include "kernel/inside.h"

static struct node *ref_to(struct arena *a, const char *where, const char *name)
{
	struct node *o = node_obj(a);

	put_str(a, o, "$ref", str_fmt(a, "#/components/%s/%s", where, name));
	return o;
}

static void add_parameters(struct arena *a, struct node *o, const struct op *op)
{
	struct node *list = node_arr(a);

	for (size_t i = 0; op->in && i < op->in->n; i++) {
		const struct field *f = &op->in->fields[i];
		bool in_path = strstr(op->path, str_fmt(a, "{%s}", f->name).p) != NULL;
		struct node *p;

		if (!in_path && op->method == POST)
			continue;
		p = node_obj(a);
		put_z(a, p, "name", f->name);
		put_z(a, p, "in", in_path ? "path" : "query");
		put_bool(a, p, "required", in_path || f->need == REQUIRED);
		put_z(a, put_obj(a, p, "schema"), "type", kind_row(f->kind)->json_type);
		node_add(list, p);
	}
	if (op->method == POST) {
		struct node *p = node_obj(a);

		put_z(a, p, "name", "Idempotency-Key");
		put_z(a, p, "in", "header");
		put_bool(a, p, "required", false);
		put_z(a, put_obj(a, p, "schema"), "type", "string");
		node_add(list, p);
	}
	if (list->n)
		node_set(o, S("parameters"), list);
}

static void add_answers(struct arena *a, struct node *o, const struct op *op)
{
	struct node *answers = put_obj(a, o, "responses");
	struct node *good = put_obj(a, answers, op->method == POST ? "201" : "200");
	struct node *content;

	put_z(a, good, "description", op->zh);
	content = put_obj(a, put_obj(a, good, "content"), "application/json");
	node_set(content, S("schema"), op->files && op->method == POST ? ref_to(a, "schemas", "Filed") : node_obj(a));
	put_z(a, put_obj(a, answers, "default"), "description", "application/problem+json (RFC 9457)");
}

static void add_op(struct arena *a, struct node *paths, const struct op *op)
{
	struct node *item = (struct node *)(uintptr_t)node_get(paths, op->path), *o;

	if (!item) {
		item = node_obj(a);
		node_set(paths, str_of(op->path), item);
	}
	o = put_obj(a, item, op->method == POST ? "post" : "get");
	put_z(a, o, "operationId", op->name);
	put_str(a, o, "summary", str_fmt(a, "%s / %s", op->zh, op->en));
	put_z(a, o, "x-clause", op->clause);
	if (!(op->who & R_ANYONE)) {
		struct node *need = node_obj(a);

		put_arr(a, need, "bearer");
		node_add(put_arr(a, o, "security"), need);
	}
	add_parameters(a, o, op);
	if (op->method == POST && op->in) {
		struct node *body = put_obj(a, o, "requestBody");

		node_set(put_obj(a, put_obj(a, body, "content"), "application/json"), S("schema"), ref_to(a, "schemas", op->in->name));
	}
	add_answers(a, o, op);
}

static void add_filed(struct arena *a, struct node *schemas)
{
	struct node *filed = put_obj(a, schemas, "Filed"), *props, *receipt;

	put_z(a, filed, "type", "object");
	props = put_obj(a, filed, "properties");
	put_z(a, put_obj(a, props, "id"), "type", "string");
	receipt = put_obj(a, props, "receipt");
	put_z(a, receipt, "type", "object");
	props = put_obj(a, receipt, "properties");
	put_z(a, put_obj(a, props, "index"), "type", "integer");
	put_z(a, put_obj(a, props, "leaf"), "type", "string");
	put_z(a, put_obj(a, props, "proof"), "type", "string");
}

struct node *doc_openapi(struct kernel *k, struct arena *a)
{
	struct node *o = node_obj(a), *info, *paths, *parts, *schemas, *bearer;

	put_z(a, o, "openapi", "3.1.0");
	info = put_obj(a, o, "info");
	put_z(a, info, "title", "suyuan 溯源");
	put_z(a, info, "version", "1");
	put_z(a, put_obj(a, info, "license"), "name", "Apache-2.0");
	paths = put_obj(a, o, "paths");
	parts = put_obj(a, o, "components");
	schemas = put_obj(a, parts, "schemas");
	add_filed(a, schemas);
	for (size_t i = 0; i < k->n_ops; i++) {
		add_op(a, paths, k->ops[i]);
		if (k->ops[i]->in && !node_get(schemas, k->ops[i]->in->name))
			node_set(schemas, str_of(k->ops[i]->in->name), emit_json_schema(a, k->ops[i]->in));
	}
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
