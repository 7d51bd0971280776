/* web/page_form.c - the form of any operation, from the rows of its input type; the same page again, filled in, when it is refused. */
#include "web/ask.h"

/* ---- one row ---- */

static bool names_hold(const struct node *arr, const char *name)
{
	for (const struct node *x = arr ? arr->first : NULL; x; x = x->next)
		if (x->kind == NODE_STR && str_is(x->s, name))
			return true;
	return false;
}

static bool lines_hold(struct str text, struct str word)
{
	struct str one;

	while (text.n && str_cut(&text, '\n', &one))
		if (str_eq(str_trim(one), word))
			return true;
	return false;
}

static struct str value_of(struct ask *q, const struct node *raw, const struct field *f)
{
	const struct node *v = raw ? node_get(raw, f->name) : NULL;
	struct buf b;

	if (!v || f->kind == KIND_PASSWORD)
		return S("");
	if (v->kind == NODE_STR)
		return v->s;
	if (v->kind == NODE_BOOL)
		return v->yes ? S("true") : S("");
	if (v->kind == NODE_INT)
		return str_fmt(q->a, "%lld", (long long)v->i);
	b = buf_in(q->a, 64);
	for (const struct node *x = v->kind == NODE_ARR ? v->first : NULL; x; x = x->next) {
		buf_add(&b, x->kind == NODE_STR ? x->s : S(""));
		if (x->next)
			buf_char(&b, '\n');
	}
	return buf_str(&b);
}

static void option(struct ask *q, struct node *list, struct str key, struct str name, struct str value)
{
	struct node *o = node_obj(q->a);

	put_str(q->a, o, "key", key);
	put_str(q->a, o, "name", name);
	put_bool(q->a, o, "selected", str_eq(key, value) || lines_hold(value, key));
	node_add(list, o);
}

static void options_of_list(struct ask *q, struct node *list, const struct field *f, struct str value)
{
	struct node *in = node_obj(q->a);
	const struct node *out, *items;

	put_z(q->a, in, "list", f->list);
	out = ask_read(q, "list.get", in);
	items = out ? node_get(out, "items") : NULL;
	for (const struct node *x = items ? items->first : NULL; x; x = x->next)
		option(q, list, node_text(x, "key"), q->english && node_text(x, "en").n ? node_text(x, "en") : node_text(x, "zh"), value);
}

/* A record of the own: chosen by its title, not by typing an id. The newest fifty; another id stays possible through the link. */
static void options_of_records(struct ask *q, struct node *list, const struct field *f, struct str value)
{
	const struct type *t = kernel_type(q->f->k, str_of(f->ref));
	const struct node *out = t ? ask_read(q, str_fmt(q->a, "%s.list", f->ref).p, NULL) : NULL, *items = out ? node_get(out, "items") : NULL;
	bool there = !value.n;

	for (const struct node *x = items ? items->first : NULL; x; x = x->next) {
		struct str id = node_text(x, "id"), title = t->title ? node_text(node_get(x, "values"), t->title) : S("");

		there |= str_eq(id, value);
		option(q, list, id, title.n ? str_fmt(q->a, "%.*s（%.*s）", STR_ARG(title), STR_ARG(id)) : id, value);
	}
	if (!there)
		option(q, list, value, value, value);
}

static void put_options(struct ask *q, struct node *o, const struct field *f, struct str value)
{
	struct node *list = node_arr(q->a);
	struct str rest = str_of(f->list), word;

	if (f->kind == KIND_NAMES)
		while (str_cut(&rest, '|', &word))
			option(q, list, word, word_of(q, f->name, word), value);
	else if (f->kind == KIND_LISTED)
		options_of_list(q, list, f, value);
	else
		options_of_records(q, list, f, value);
	raw_set(q->a, o, S("options"), list);
}

static struct str trouble_of(const struct ask *q, const char *name)
{
	for (const struct trouble *t = q->call.troubles.first; t; t = t->next)
		if (str_is(t->field, name))
			return q->english ? t->en : t->zh;
	return S("");
}

static bool starts_open(const struct ask *q, const struct node *raw, const struct field *f)
{
	if (names_hold(raw ? node_get(raw, "open") : NULL, f->name))
		return true;
	return !names_hold(raw ? node_get(raw, "withhold") : NULL, f->name) && q->who->open_by_default;
}

static bool many(enum kind k) { return k == KIND_STANDARDS || k == KIND_ITEMS || k == KIND_CODES; }

static void fill_row(struct ask *q, struct node *o, const struct op *op, const struct field *f, const struct node *raw)
{
	struct str value = value_of(q, raw, f), trouble = trouble_of(q, f->name);
	bool na = f->need == IF_APPLICABLE && str_is(value, NOT_APPLICABLE), boxes = f->kind == KIND_NAMES && f->max != 1;
	bool select = f->kind == KIND_LISTED || (f->kind == KIND_NAMES && !boxes) || (f->kind == KIND_REF && f->own && strcmp(f->ref, "any") != 0);

	put_z(q->a, o, "field", f->name);       /* name is the option's own inside its options */
	put_str(q->a, o, "label", ask_words(q, f->words, f->en));
	/* what the operation may complete by itself is asked but not insisted on by the browser */
	put_bool(q->a, o, "force", !op->prefill && (f->need == REQUIRED || f->need == ONE_OF));
	put_bool(q->a, o, "na", na);
	put_bool(q->a, o, "opened", starts_open(q, raw, f));
	put_str(q->a, o, "trouble", trouble);
	raw_set(q->a, o, S("select"), node_bool(q->a, select));
	put_bool(q->a, o, "boxes", boxes);
	raw_set(q->a, o, S("textarea"), node_bool(q->a, f->kind == KIND_NOTE || many(f->kind)));
	put_bool(q->a, o, "per_line", many(f->kind));
	put_bool(q->a, o, "checked", f->kind == KIND_YES && value.n && !str_is(value, "false") && !str_is(value, "0"));
	put_bool(q->a, o, "password", f->kind == KIND_PASSWORD);
	put_str(q->a, o, "value", na ? S("") : value);
	put_str(q->a, o, "kept", f->kind == KIND_FILE && value.n == 64 ? value : S(""));
	put_z(q->a, o, "auto", f->kind == KIND_PASSWORD ? "new-password" : f->kind == KIND_LOGIN ? "username" : "off");
	if (select || boxes)
		put_options(q, o, f, na ? S("") : value);
}

/* ---- the page ---- */

/* Rows the program fills by itself are marked so in their help; nobody is asked for them. */
static bool asked(const struct field *f) { return !f->filled; }

struct node *form_fields(struct ask *q, const struct op *op, const struct node *raw)
{
	struct node *rows = node_arr(q->a), *all = emit_form(q->a, op->in, NULL), *next;
	size_t i = 0;

	for (struct node *x = all->first; x; x = next, i++) {
		next = x->next;
		x->next = NULL;
		if (!asked(&op->in->fields[i]))
			continue;
		fill_row(q, x, op, &op->in->fields[i], raw);
		node_add(rows, x);
	}
	return rows;
}

static void put_form_rows(struct ask *q, struct node *o, const struct op *op, const struct node *raw)
{
	struct node *rows = node_arr(q->a), *hidden = put_arr(q->a, o, "hidden"), *all = op->in ? form_fields(q, op, raw) : node_arr(q->a), *next;

	for (struct node *x = all->first; x; x = next) {
		const struct field *f = type_field(op->in, node_text(x, "field"), NULL);
		bool by_link = f->kind == KIND_REF && !f->own && value_of(q, raw, f).n && !trouble_of(q, f->name).n;

		next = x->next;
		x->next = NULL;
		/* the record a link was about is shown in the heading's link, not asked again */
		if (by_link || (f->kind == KIND_REF && strcmp(f->ref, "any") == 0 && value_of(q, raw, f).n && !trouble_of(q, f->name).n))
			node_add(hidden, x);
		else
			node_add(rows, x);
	}
	put_bool(q->a, o, "files", false);
	node_set(o, S("rows"), rows);
}

static bool has_choice(const struct type *t)
{
	for (size_t i = 0; t && i < t->n; i++)
		if (t->fields[i].publicity == OWNER_CHOICE)
			return true;
	return false;
}

/* What is wrong with the whole, or with a field that is not on the page. */
static void put_summary(struct ask *q, struct node *o, const struct op *op, enum err e)
{
	struct node *list = put_arr(q->a, o, "summary");
	const char *why = q->english ? q->call.why_en : q->call.why_zh;

	put_bool(q->a, o, "refused", e != OK);
	put_str(q->a, o, "refused_words", e ? str_of(why ? why : q->english ? err_en(e) : err_zh(e)) : S(""));
	put_int(q->a, o, "trouble_count", (int64_t)q->call.troubles.n);
	for (const struct trouble *t = q->call.troubles.first; t; t = t->next)
		if (!op->in || !type_field(op->in, t->field, NULL))
			node_add(list, node_str(q->a, str_fmt(q->a, "%.*s %.*s", STR_ARG(t->field), STR_ARG(q->english ? t->en : t->zh))));
}

void page_form(struct ask *q, const struct op *op, enum err e)
{
	struct str back = q->form_body ? form_get(q->form, "back") : ask_query(q, "back");
	struct node *o = frame(q, op->zh, op->en);
	bool login = strcmp(op->name, "session.open") == 0;

	put_str(q->a, o, "heading", ask_words(q, op->zh, op->en));
	put_z(q->a, o, "clause", op->clause ? op->clause : "");
	put_str(q->a, o, "action", str_fmt(q->a, "/ui/op/%s", op->name));
	put_str(q->a, o, "back", local_path(back) ? back : S(""));
	put_str(q->a, o, "next", local_path(back) ? back : S("/me"));
	put_str(q->a, o, "corrects", node_text(q->call.raw, "corrects"));
	put_bool(q->a, o, "upload", op->upload);
	put_bool(q->a, o, "choices", has_choice(op->in));
	put_summary(q, o, op, e);
	if (login) {
		put_str(q->a, o, "login", node_text(q->call.raw, "login"));
		reply_page(q, err_http(e), "login", o);
		return;
	}
	put_form_rows(q, o, op, q->call.raw);
	reply_page(q, e ? err_http(e) : 200, "form", o);
}

/* A correction starts from what the record says; values the caller does not see have to be given again. */
static struct node *values_to_correct(struct ask *q, const struct op *op, struct str id)
{
	struct node *in = node_obj(q->a), *raw;
	const struct node *view, *values;

	put_str(q->a, in, "id", id);
	view = op->files ? ask_read(q, str_fmt(q->a, "%s.get", op->files->name).p, in) : NULL;
	values = view ? node_get(view, "values") : NULL;
	raw = values ? (struct node *)(uintptr_t)values : node_obj(q->a);
	put_str(q->a, raw, "corrects", id);
	return raw;
}

/* A form that was not sent yet: links may have filled some of it. */
static void show(struct ask *q, const struct op *op)
{
	struct node *raw = node_obj(q->a);

	if (!op || op->method != POST) {
		reply_error(q, E_ABSENT);
		return;
	}
	if (op_allowed(op, q->who, false, 0, S("")) == E_NOAUTH) {
		reply_error(q, E_NOAUTH);
		return;
	}
	if (!may(q, op)) {
		reply_error(q, E_DENIED);
		return;
	}
	if (ask_query(q, "corrects").n)
		raw = values_to_correct(q, op, ask_query(q, "corrects"));
	for (const struct form_field *x = q->query; x; x = x->next)
		if (op->in && type_field(op->in, x->name, NULL))
			raw_set(q->a, raw, x->name, node_str(q->a, x->value));
	q->call.raw = raw;
	page_form(q, op, OK);
}

void page_form_op(struct ask *q)
{
	enum err e = session_find(q);

	if (e)
		reply_error(q, e);
	else
		show(q, op_find(q->f->k, ask_member(q, 0)));
}

void page_form_new(struct ask *q)
{
	const struct type *t = kernel_type(q->f->k, ask_member(q, 0));
	const struct op *op;
	enum err e = session_find(q);

	if (!e && !t)
		e = E_ABSENT;
	op = e ? NULL : op_filing(q, t);
	if (!e && !op)
		e = q->who->roles == R_ANYONE ? E_NOAUTH : E_DENIED;
	if (e)
		reply_error(q, e);
	else
		show(q, op);
}

void page_form_post(struct ask *q)
{
	const struct op *op = op_find(q->f->k, ask_member(q, 0));

	q->from_page = true;
	if (!op || op->method != POST)
		reply_error(q, E_ABSENT);
	else
		ask_op(q, op);
}
