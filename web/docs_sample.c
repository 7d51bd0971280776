/* web/docs_sample.c - a request and an answer as they would look, from the schemas of the OpenAPI document. */
#include "web/docs.h"

enum { DEEP = 8 };

const struct node *docs_first(const struct node *o) { return o ? o->first : NULL; }

const struct node *docs_resolve(const struct node *api, const struct node *x)
{
	struct str rest = node_text(x, "$ref"), word;

	if (!rest.n)
		return x;
	for (rest = str_sub(rest, 2, rest.n), x = api; x && str_cut(&rest, '/', &word);) {
		const struct node *to = x->first;

		while (to && !str_eq(to->key, word))
			to = to->next;
		x = to;
	}
	return x;
}

/* ---- writing ---- */

static void indent(struct buf *b, size_t depth)
{
	buf_char(b, '\n');
	for (size_t i = 0; i < depth; i++)
		buf_z(b, "  ");
}

static void pretty(struct buf *b, const struct node *x, size_t depth)
{
	bool array = x->kind == NODE_ARR;

	if ((!array && x->kind != NODE_OBJ) || !x->first || (array && x->first->kind != NODE_OBJ)) {
		json_write(b, x);
		return;
	}
	buf_char(b, array ? '[' : '{');
	for (const struct node *c = x->first; c; c = c->next) {
		indent(b, depth + 1);
		if (!array) {
			buf_json(b, c->key);
			buf_z(b, ": ");
		}
		pretty(b, c, depth + 1);
		if (c->next)
			buf_char(b, ',');
	}
	indent(b, depth);
	buf_char(b, array ? ']' : '}');
}

struct str docs_pretty(struct arena *a, const struct node *x)
{
	struct buf b = buf_in(a, 1024);

	pretty(&b, x, 0);
	return buf_str(&b);
}

/* ---- values ---- */

static struct node *copy_of(struct arena *a, const struct node *x)
{
	struct node *o = TAKE(a, struct node, 1);

	*o = *x;
	o->next = NULL;
	return o;
}

/* Members whose name says what stands in them. */
static struct str text_for(struct str name)
{
	static const struct { const char *name, *text; } known[] = {
		{ "id", "1M82GTYGV0000" }, { "record", "1M82GTYGV0000" }, { "same_as", "" }, { "at", "2026-11-22T09:30:00Z" }, { "since", "2026-11-22T09:30:00Z" },
		{ "leaf", "{\"t\":\"…\"}" }, { "proof", "c2sp.org/tlog-proof@v1\n…" }, { "token", "sy_…" }, { "uscc", "91320623MA1EXRP04T" },
		{ "file", "4e98a3f12b00fde092023cc3f95d056ddded63984cc4821102ce4d29b558b11b" }, { "region", "320623" }, { "code", "0BQRVXXTJ4MAVAY4WHPP" },
		{ "clause", "附2-1-2" }, { "why_zh", "" }, { "why_en", "" }, { "before", "" }, { "raw", "" }, { "detail", "" }, { "corrects", "" },
		{ "corrected_by", "" }, { "what", "product" }, { "list", "code_scheme" }, { "verdict", "valid_first" }, { "level", "ok" }, { "first_seen", "2026-11-22T09:30:00Z" },
	};

	for (size_t i = 0; i < ROWS(known); i++)
		if (str_is(name, known[i].name))
			return str_of(known[i].text);
	return S("…");
}

static struct node *sample(struct arena *a, const struct node *api, const struct node *schema, struct str name, size_t depth);

static void sample_members(struct arena *a, const struct node *api, const struct node *schema, struct node *o, size_t depth)
{
	for (const struct node *p = docs_first(node_get(schema, "properties")); p; p = p->next) {
		struct node *v = sample(a, api, p, p->key, depth + 1);

		if (!v || (v->kind == NODE_STR && !v->s.n))
			continue;
		raw_set(a, o, p->key, v);
	}
	for (const struct node *s = docs_first(node_get(schema, "allOf")); s; s = s->next)
		sample_members(a, api, docs_resolve(api, s), o, depth + 1);
}

static struct node *sample(struct arena *a, const struct node *api, const struct node *schema, struct str name, size_t depth)
{
	const struct node *s = docs_resolve(api, schema), *given = docs_first(node_get(s, "examples")), *type = node_get(s, "type");
	struct str kind = !type ? S("object") : type->kind == NODE_ARR ? docs_first(type)->s : type->s;
	struct node *o;

	if (!s || depth > DEEP)
		return NULL;
	if (given)
		return copy_of(a, given);
	if (str_is(kind, "string"))
		return node_str(a, text_for(name));
	if (str_is(kind, "integer"))
		return node_int(a, str_is(name, "status") ? 400 : 0);
	if (str_is(kind, "boolean"))
		return node_bool(a, true);
	if (str_is(kind, "array")) {
		struct node *one = sample(a, api, node_get(s, "items"), S(""), depth + 1);

		o = node_arr(a);
		if (one)
			node_add(o, one);
		return o;
	}
	o = node_obj(a);
	sample_members(a, api, s, o, depth);
	return o;
}

struct node *docs_body(struct arena *a, const struct node *api, const struct node *schema)
{
	struct node *o = node_obj(a);
	const struct node *props = node_get(schema, "properties"), *must = node_get(schema, "required");

	for (const struct node *p = docs_first(props); p; p = p->next) {
		bool named = !must && !str_is(node_text(p, "x-need"), "optional") && node_text(p, "x-need").n;

		for (const struct node *m = docs_first(must); m; m = m->next)
			named |= str_eq(m->s, p->key);
		if (named)
			node_set(o, p->key, sample(a, api, p, p->key, 0));
	}
	return o;
}

struct str docs_answer(struct arena *a, const struct node *api, const struct node *good)
{
	const struct node *schema = node_get(node_get(node_get(good, "content"), "application/json"), "schema");

	return schema ? docs_pretty(a, sample(a, api, schema, S(""), 0)) : S("");
}

/* ---- the request as a command ---- */

static void quoted(struct buf *b, struct str s)
{
	buf_char(b, '\'');
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] == '\'')
			buf_z(b, "'\\''");
		else
			buf_char(b, s.p[i]);
	buf_char(b, '\'');
}

/* Members of the path stand as samples. */
static void put_url(struct buf *b, struct arena *a, const char *base, struct str path)
{
	struct buf url = buf_in(a, 200);

	buf_z(&url, base);
	for (size_t i = 0; i < path.n; i++) {
		size_t end = i;

		if (path.p[i] != '{') {
			buf_char(&url, path.p[i]);
			continue;
		}
		while (path.p[end] != '}')
			end++;
		buf_add(&url, text_for(str_sub(path, i + 1, end - i - 1)));
		i = end;
	}
	quoted(b, buf_str(&url));
}

struct str docs_curl(struct arena *a, const struct node *api, const char *base, struct str method, struct str path, const struct node *op)
{
	const struct node *content = node_get(node_get(op, "requestBody"), "content"), *security = node_get(op, "security");
	const struct node *schema = docs_resolve(api, node_get(node_get(content, "application/json"), "schema"));
	bool form = node_get(content, "multipart/form-data") != NULL;
	struct buf b = buf_in(a, 1024);

	buf_z(&b, str_is(method, "POST") && !content ? "curl -X POST " : "curl ");
	put_url(&b, a, base, path);
	if (security && security->first && security->first->first)
		buf_z(&b, " \\\n  -H 'Authorization: Bearer sy_…'");
	if (str_is(method, "POST") && security && security->first && security->first->first)
		buf_z(&b, " \\\n  -H 'Idempotency-Key: 20261122-0001'");
	if (form) {
		struct node *body = docs_body(a, api, schema);

		for (const struct node *x = body->first; x; x = x->next)
			buf_fmt(&b, " \\\n  -F %.*s=%.*s", STR_ARG(x->key), STR_ARG(text_for(x->key)));
		buf_fmt(&b, " \\\n  -F upload=@%s", body->n ? "products.xlsx" : "report.pdf");
	} else if (content) {
		buf_z(&b, " \\\n  -H 'Content-Type: application/json' \\\n  -d ");
		quoted(&b, docs_pretty(a, docs_body(a, api, schema)));
	} else if (!str_is(method, "POST") && node_get(node_get(node_get(op, "responses"), "200"), "headers")) {
		buf_z(&b, " -OJ");
	}
	return buf_str(&b);
}
