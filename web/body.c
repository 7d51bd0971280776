/* web/body.c - what a request carries becomes the input of an operation: JSON, forms, query, path members, files.
 *
 * Knows how things are sent, not what they mean: values are texts as they came, the kernel checks them.
 */
#include "web/ask.h"
#include "web/gate.h"

enum { JSON_MAX = 8 << 20, JSON_DEPTH = 16, JSON_NODES = 1 << 20 };

struct str form_get(const struct form_field *first, const char *name)
{
	for (; first; first = first->next)
		if (str_is(first->name, name))
			return first->value;
	return S("");
}

void raw_set(struct arena *a, struct node *o, struct str key, struct node *v)
{
	(void)a;
	for (struct node **at = &o->first; *at; at = &(*at)->next) {
		struct node *old = *at;

		if (!str_eq(old->key, key))
			continue;
		v->key = key;
		v->next = old->next;
		*at = v;
		if (o->last == old)
			o->last = v;
		return;
	}
	node_set(o, key, v);
}

static bool has_prefix_of(const struct type *t, struct str name, const char *prefix, const struct field **ret)
{
	if (!t || !str_starts(name, prefix))
		return false;
	*ret = type_field(t, str_sub(name, strlen(prefix), name.n), NULL);
	return *ret != NULL;
}

static bool ticked(struct str v) { return v.n && !str_is(v, "0") && !str_is(v, "off") && !str_is(v, "false"); }

/* A name given several times (a group of boxes) becomes one text, a value a line: the reader of lists splits it again. */
static void value_add(struct ask *q, struct node *raw, struct str key, struct str value)
{
	const struct node *had = NULL;

	for (const struct node *x = raw->first; x; x = x->next)
		if (str_eq(x->key, key))
			had = x;
	if (had && had->kind == NODE_STR && had->s.n)
		value = str_fmt(q->a, "%.*s\n%.*s", STR_ARG(had->s), STR_ARG(value));
	raw_set(q->a, raw, key, node_str(q->a, value));
}

static struct node *choice(struct ask *q, struct node *raw, const char *member)
{
	for (struct node *x = raw->first; x; x = x->next)
		if (str_is(x->key, member))
			return x;
	return put_arr(q->a, raw, member);
}

/* One part of a form that is about the form and not a value: 不涉及, 公开, a file kept from the last try. */
static bool about_form(struct ask *q, const struct type *t, struct node *raw, const struct form_field *x)
{
	const struct field *f;

	if (str_is(x->name, "csrf") || str_is(x->name, "back") || str_is(x->name, "lang"))
		return true;
	if (has_prefix_of(t, x->name, "open_", &f))
		return true;                    /* gathered once all parts are known */
	if (has_prefix_of(t, x->name, "na_", &f)) {
		if (ticked(x->value))
			raw_set(q->a, raw, str_of(f->name), node_str(q->a, S(NOT_APPLICABLE)));
		return true;
	}
	if (has_prefix_of(t, x->name, "kept_", &f)) {
		if (x->value.n && !node_get(raw, f->name))
			raw_set(q->a, raw, str_of(f->name), node_str(q->a, x->value));
		return true;
	}
	return false;
}

static bool file_part(const struct form_field *x) { return x->file_name.n > 0; }

static bool field_open(const struct ask *q, const struct field *f)
{
	char name[80];

	snprintf(name, sizeof(name), "open_%s", f->name);
	return f->publicity == PUBLIC || f->publicity == UNSTATED || (f->publicity == OWNER_CHOICE && ticked(form_get(q->form, name)));
}

static void form_choices(struct ask *q, const struct type *t, struct node *raw)
{
	for (size_t i = 0; t && i < t->n; i++)
		if (t->fields[i].publicity == OWNER_CHOICE)
			node_add(choice(q, raw, field_open(q, &t->fields[i]) ? "open" : "withhold"), node_str(q->a, str_of(t->fields[i].name)));
}

static void form_file(struct ask *q, const struct op *op, const struct form_field *x)
{
	const struct field *f = op->in ? type_field(op->in, x->name, NULL) : NULL;

	if (x->value.n == 0)
		return;                         /* a browser sends an empty part when nothing was chosen */
	if (f && f->kind == KIND_FILE)
		q->up[q->n_up++] = (struct upload){ f, x->file_name, x->value, field_open(q, f) };
	else if (op->upload) {
		q->call.upload.name = x->file_name;
		q->call.upload.bytes = x->value;
	}
}

static enum err form_input(struct ask *q, const struct op *op)
{
	const struct type *t = op->in;
	struct node *raw = q->call.raw;
	size_t files = 0;

	for (const struct form_field *x = q->form; x; x = x->next)
		files += file_part(x);
	q->up = TAKE(q->a, struct upload, files + 1);
	for (const struct form_field *x = q->form; x; x = x->next) {
		const struct field *f = t ? type_field(t, x->name, NULL) : NULL;

		if (file_part(x))
			form_file(q, op, x);
		else if (!f && about_form(q, t, raw, x))
			continue;
		else if (x->value.n || !node_get(raw, str_z(q->a, x->name)))
			value_add(q, raw, x->name, x->value);
	}
	for (const struct form_field *x = q->form; x; x = x->next)
		if (!file_part(x) && t && !type_field(t, x->name, NULL))
			about_form(q, t, raw, x);      /* 不涉及 wins over an empty text of the same field */
	for (size_t i = 0; t && i < t->n; i++)
		if (t->fields[i].kind == KIND_YES && t->fields[i].need == REQUIRED && !node_get(raw, t->fields[i].name))
			raw_set(q->a, raw, str_of(t->fields[i].name), node_bool(q->a, false));      /* a box that is not ticked is not sent */
	form_choices(q, t, raw);
	return OK;
}

/* ---- by content type ---- */

static struct str media_of(const struct http_call *h)
{
	struct str type = http_header(h, "Content-Type");

	return str_trim(str_sub(type, 0, str_find(type, ';')));
}

static bool media_starts(struct str media, const char *prefix) { return str_same(str_sub(media, 0, strlen(prefix)), prefix); }

static enum err json_input(struct ask *q)
{
	static const struct json_limits limits = { .bytes = JSON_MAX, .depth = JSON_DEPTH, .nodes = JSON_NODES };
	struct json_trouble trouble = { 0 };
	struct node *o;
	enum err e = json_read(q->a, q->h->body, &limits, &o, &trouble);

	if (e)
		return e == E_BAD ? call_refuse(&q->call, e, str_fmt(q->a, "JSON 第%zu字节：%s", trouble.at, trouble.zh).p,
		                                str_fmt(q->a, "JSON, byte %zu: %s", trouble.at, trouble.en).p) : e;
	if (o->kind != NODE_OBJ)
		return call_refuse(&q->call, E_BAD, "应为一个JSON对象", "give one JSON object");
	q->call.raw = o;
	return OK;
}

static enum err query_input(struct ask *q, const struct op *op)
{
	for (const struct form_field *x = q->query; x; x = x->next) {
		const struct field *f = op->in ? type_field(op->in, x->name, NULL) : NULL;

		/* pages are opened by phones and mini-programs that add parameters of their own */
		if (f || !(op->page || str_is(x->name, "lang")))
			value_add(q, q->call.raw, x->name, x->value);
	}
	return OK;
}

/* What a file may call itself; what it is, its content decides. */
static const char *const uploads[] = { "application/pdf", "image/", "application/octet-stream", "text/csv", "text/plain", "application/x-ndjson",
	"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet" };

static enum err upload_input(struct ask *q, const struct op *op, struct str media)
{
	bool known = false;

	for (size_t i = 0; i < ROWS(uploads); i++)
		known = known || media_starts(media, uploads[i]);
	if (!known)
		return E_TYPE;
	if (url_decode(q->a, http_header(q->h, "X-File-Name"), false, &q->call.upload.name))
		return call_refuse(&q->call, E_BAD, "X-File-Name 应为百分号编码的UTF-8", "X-File-Name must be percent-encoded UTF-8");
	q->call.upload.bytes = q->h->body;
	return query_input(q, op);
}

static enum err posted_input(struct ask *q, const struct op *op)
{
	struct str media = media_of(q->h);
	enum err e;

	if (q->h->body.n == 0)
		return OK;
	if (str_same(media, "application/json"))
		return json_input(q);
	if (str_same(media, "application/x-www-form-urlencoded")) {
		if (q->h->body.n > JSON_MAX)
			return E_TOO_BIG;
		e = form_query(q->a, q->h->body, &q->form);
	} else if (str_same(media, "multipart/form-data")) {
		e = form_multipart(q->a, http_header(q->h, "Content-Type"), q->h->body, &q->form);
	} else {
		return op->upload ? upload_input(q, op, media) : E_TYPE;
	}
	q->form_body = true;
	if (op->upload)
		query_input(q, op);
	return e ? e : form_input(q, op);
}

enum err body_read(struct ask *q, const struct op *op)
{
	enum err e;

	q->call.raw = node_obj(q->a);
	e = q->h->method == HTTP_POST ? posted_input(q, op) : query_input(q, op);
	for (size_t i = 0; !e && q->hit.route->op && i < q->hit.n; i++) {
		struct str name = route_member(q->hit.route->path, i), value;

		e = url_decode(q->a, q->hit.value[i], false, &value);
		if (!e)
			raw_set(q->a, q->call.raw, name, node_str(q->a, value));
	}
	return e;
}
