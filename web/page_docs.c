/* web/page_docs.c - the API for people: an index, one page an operation, and what holds for all. All of it from the document
 * that /openapi.json serves, so that the two cannot differ. */
#include "web/docs.h"

static struct str pick(const struct ask *q, const struct node *x)
{
	struct str zh = node_text(x, "x-zh"), en = node_text(x, "x-en");

	return q->english && en.n ? ask_words(q, "", str_z(q->a, en)) : zh;
}

static struct node *docs_frame(struct ask *q, const char *zh, const char *en)
{
	struct node *o = frame(q, zh, en);

	put_str(q->a, o, "base", str_of(kernel_public_url(q->f->k)));
	return o;
}

/* ---- finding one ---- */

struct found { const struct node *op; struct str method, path; };

static bool find_op(const struct node *api, struct str name, struct found *ret)
{
	for (const struct node *p = docs_first(node_get(api, "paths")); p; p = p->next)
		for (const struct node *m = p->first; m; m = m->next)
			if (str_eq(node_text(m, "operationId"), name)) {
				*ret = (struct found){ m, str_is(m->key, "post") ? S("POST") : S("GET"), p->key };
				return true;
			}
	return false;
}

static struct node *op_row(struct ask *q, const struct found *f)
{
	struct node *o = node_obj(q->a);

	put_str(q->a, o, "id", node_text(f->op, "operationId"));
	put_str(q->a, o, "method", f->method);
	put_bool(q->a, o, "post", str_is(f->method, "POST"));
	put_str(q->a, o, "path", f->path);
	put_str(q->a, o, "name", pick(q, f->op));
	put_str(q->a, o, "clause", node_text(f->op, "x-clause"));
	return o;
}

/* ---- the index ---- */

/* The way of one batch, in the order an integrator meets it. */
static const char *const way[] = {
	"token.create", "product.create", "file.put", "batch.create", "pack.create", "pack.codes", "sale.create", "scan", "receipt.get", "load.create",
};

static void put_tag(struct ask *q, struct node *list, const struct node *tag)
{
	struct node *o = node_obj(q->a), *ops = put_arr(q->a, o, "ops");

	put_str(q->a, o, "tag", node_text(tag, "name"));
	put_str(q->a, o, "title", pick(q, tag));
	for (const struct node *p = docs_first(node_get(q->f->api, "paths")); p; p = p->next)
		for (const struct node *m = p->first; m; m = m->next) {
			struct found f = { m, str_is(m->key, "post") ? S("POST") : S("GET"), p->key };

			if (str_eq(docs_first(node_get(m, "tags"))->s, node_text(tag, "name")))
				node_add(ops, op_row(q, &f));
		}
	node_add(list, o);
}

void page_docs(struct ask *q)
{
	struct node *o, *list, *steps;
	struct found f;

	(void)session_find(q);
	o = docs_frame(q, "开放接口", "API");
	steps = put_arr(q->a, o, "way");
	for (size_t i = 0; i < ROWS(way); i++)
		if (find_op(q->f->api, str_of(way[i]), &f))
			node_add(steps, op_row(q, &f));
	list = put_arr(q->a, o, "tags");
	for (const struct node *t = docs_first(node_get(q->f->api, "tags")); t; t = t->next)
		put_tag(q, list, t);
	reply_page(q, 200, "docs", o);
}

/* ---- what holds for all ---- */

void page_docs_guide(struct ask *q)
{
	const struct node *problem = node_get(node_get(node_get(q->f->api, "components"), "schemas"), "Problem");
	struct node *o, *rows;

	(void)session_find(q);
	o = docs_frame(q, "接口通用约定", "What holds for every call");
	rows = put_arr(q->a, o, "problems");
	for (const struct node *x = docs_first(node_get(problem, "x-types")); x; x = x->next) {
		struct node *r = node_obj(q->a);

		put_int(q->a, r, "status", node_number(x, "status", 0));
		put_str(q->a, r, "type", node_text(x, "type"));
		put_str(q->a, r, "words", node_text(x, q->english ? "en" : "zh"));
		node_add(rows, r);
	}
	reply_page(q, 200, "docs_guide", o);
}

/* ---- one operation ---- */

static void put_allowed(struct ask *q, struct node *o, const struct node *schema)
{
	const struct node *words = node_get(schema, "enum");
	struct node *list = put_arr(q->a, o, "allowed");

	if (!words)
		words = node_get(node_get(schema, "items"), "enum");
	for (const struct node *x = docs_first(words); x; x = x->next)
		node_add(list, node_str(q->a, x->s));
}

static struct str type_text(struct ask *q, const struct node *schema)
{
	const struct node *type = node_get(schema, "type");
	struct buf b = buf_in(q->a, 40);

	if (type && type->kind == NODE_STR)
		return type->s;
	for (const struct node *x = docs_first(type); x; x = x->next)
		buf_fmt(&b, "%.*s%s", STR_ARG(x->s), x->next ? " | " : "");
	return buf_str(&b);
}

static void put_field(struct ask *q, struct node *list, struct str name, const char *place, bool required, const struct node *schema)
{
	struct node *o = node_obj(q->a);
	struct str en = node_text(schema, "x-en"), zh = node_text(schema, "title");

	put_str(q->a, o, "name", name);
	put_str(q->a, o, "words", q->english && en.n ? en : zh);
	put_str(q->a, o, "place", word_of(q, "place", str_of(place)));
	put_str(q->a, o, "type", type_text(q, schema));
	put_bool(q->a, o, "required", required);
	put_bool(q->a, o, "filled", !required && str_is(node_text(schema, "x-need"), "required"));
	put_str(q->a, o, "need", node_text(schema, "x-need").n ? word_of(q, "need", node_text(schema, "x-need")) : S(""));
	put_str(q->a, o, "publicity", node_text(schema, "x-publicity").n ? word_of(q, "publicity", node_text(schema, "x-publicity")) : S(""));
	put_str(q->a, o, "clause", node_text(schema, "x-clause"));
	put_str(q->a, o, "help", node_text(schema, "x-help"));
	put_str(q->a, o, "list", node_text(schema, "x-list"));
	put_allowed(q, o, schema);
	node_add(list, o);
}

static bool must_have(const struct node *schema, struct str name)
{
	for (const struct node *x = docs_first(node_get(schema, "required")); x; x = x->next)
		if (str_eq(x->s, name))
			return true;
	return false;
}

/* Headers hold for many operations and are explained once, in the guide. */
static void put_fields(struct ask *q, struct node *o, const struct node *op)
{
	const struct node *content = node_get(node_get(op, "requestBody"), "content");
	const struct node *body = docs_resolve(q->f->api, node_get(node_get(content, "application/json"), "schema"));
	struct node *list = put_arr(q->a, o, "fields"), *headers = put_arr(q->a, o, "headers");
	bool upload = node_get(content, "multipart/form-data") != NULL;

	for (const struct node *x = docs_first(node_get(op, "parameters")); x; x = x->next) {
		const struct node *p = docs_resolve(q->f->api, x), *need = node_get(p, "required");
		bool header = str_is(node_text(p, "in"), "header");

		if (header)
			node_add(headers, node_str(q->a, node_text(p, "name")));
		else if (!upload || str_is(node_text(p, "in"), "path"))
			put_field(q, list, node_text(p, "name"), str_z(q->a, node_text(p, "in")), need && need->yes, node_get(p, "schema"));
	}
	for (const struct node *p = docs_first(node_get(body, "properties")); p; p = p->next)
		put_field(q, list, p->key, upload ? "form" : "body", must_have(body, p->key), p);
	put_bool(q->a, o, "upload", upload);
}

static void put_who(struct ask *q, struct node *o, const struct node *op)
{
	struct node *list = put_arr(q->a, o, "who");

	for (const struct node *x = docs_first(node_get(op, "x-who")); x; x = x->next)
		node_add(list, node_str(q->a, word_of(q, "role", x->s)));
}

/* The status numbers of the operation, each with the problems that have it. */
static void put_problems(struct ask *q, struct node *o, const struct node *op)
{
	const struct node *all = node_get(node_get(node_get(node_get(q->f->api, "components"), "schemas"), "Problem"), "x-types");
	struct node *list = put_arr(q->a, o, "problems");

	for (const struct node *r = docs_first(node_get(op, "responses")); r; r = r->next)
		for (const struct node *x = docs_first(all); x; x = x->next) {
			struct node *row;
			int64_t status;

			if (!str_to_int(r->key, &status) || status != node_number(x, "status", 0))
				continue;
			row = node_obj(q->a);
			put_int(q->a, row, "status", status);
			put_str(q->a, row, "type", node_text(x, "type"));
			put_str(q->a, row, "words", node_text(x, q->english ? "en" : "zh"));
			node_add(list, row);
		}
}

static void put_answer(struct ask *q, struct node *o, const struct found *f)
{
	const struct node *good = node_get(node_get(f->op, "responses"), str_is(f->method, "POST") ? "201" : "200");
	struct node *media = put_arr(q->a, o, "media");

	put_str(q->a, o, "good", str_is(f->method, "POST") ? S("201") : S("200"));
	put_str(q->a, o, "answer", docs_answer(q->a, q->f->api, good));
	for (const struct node *x = docs_first(node_get(good, "content")); x; x = x->next)
		node_add(media, node_str(q->a, x->key));
}

void page_docs_op(struct ask *q)
{
	struct str name = ask_member(q, 0), title;
	struct node *o;
	struct found f;

	(void)session_find(q);
	if (!find_op(q->f->api, name, &f)) {
		reply_error(q, E_ABSENT);
		return;
	}
	title = pick(q, f.op);
	o = docs_frame(q, str_z(q->a, title), str_z(q->a, title));
	put_str(q->a, o, "heading", title);
	put_str(q->a, o, "tag", docs_first(node_get(f.op, "tags"))->s);
	node_set(o, S("op"), op_row(q, &f));
	put_who(q, o, f.op);
	put_fields(q, o, f.op);
	put_str(q->a, o, "curl", docs_curl(q->a, q->f->api, kernel_public_url(q->f->k), f.method, f.path, f.op));
	put_answer(q, o, &f);
	put_problems(q, o, f.op);
	if (str_is(f.method, "POST") && may(q, op_find(q->f->k, name)))
		put_str(q->a, o, "form_page", str_is(name, "load.create") ? S("/ui/loads/new") : str_fmt(q->a, "/ui/op/%.*s", STR_ARG(name)));
	reply_page(q, 200, "docs_op", o);
}
