/* web/page_list.c - lists and single records of any type, as the kernel's answers show them; nothing withheld is in those. */
#include "web/ask.h"

enum { COLUMNS_MAX = 6 };

/* ---- one value ---- */

static const struct node *row_of(const struct node *fields, const char *name)
{
	for (const struct node *x = fields ? fields->first : NULL; x; x = x->next)
		if (str_is(node_text(x, "name"), name))
			return x;
	return NULL;
}

static struct str shown_one(struct ask *q, const char *group, const struct node *v)
{
	if (v->kind == NODE_STR)
		return china_time(q, word_of(q, group, v->s));
	if (v->kind == NODE_BOOL)
		return word_of(q, "yes", v->yes ? S("true") : S("false"));
	return v->kind == NODE_INT ? str_fmt(q->a, "%lld", (long long)v->i) : S("");
}

struct str shown_value(struct ask *q, const char *group, const struct node *v)
{
	struct buf b;

	if (!v || v->kind != NODE_ARR)
		return v ? shown_one(q, group, v) : S("");
	b = buf_in(q->a, 64);
	for (const struct node *x = v->first; x; x = x->next) {
		buf_add(&b, shown_one(q, group, x));
		if (x->next)
			buf_z(&b, q->english ? ", " : "、");
	}
	return buf_str(&b);
}

static struct str shown_field(struct ask *q, const struct field *f, const struct node *row)
{
	struct str zh = node_text(row, "value_zh");

	if (f && (f->kind == KIND_STANDARDS || f->kind == KIND_ITEMS || f->kind == KIND_CODES || f->kind == KIND_TEXT || f->kind == KIND_NOTE))
		return shown_value(q, "", node_get(row, "value"));
	return zh.n && !q->english ? zh : shown_value(q, f ? f->name : "", node_get(row, "value"));
}

/* ---- lists of records ---- */

static bool fits_column(const struct field *f)
{
	switch (f->kind) {
	case KIND_FILE: case KIND_NOTE: case KIND_PASSWORD: case KIND_ITEMS: case KIND_CODES: case KIND_STANDARDS: case KIND_CONTACT: case KIND_LOGIN: return false;
	default: return f->cls == BY_PUBLICITY && strcmp(f->name, "key") != 0;
	}
}

static size_t pick_columns(const struct type *t, const struct field *to[COLUMNS_MAX])
{
	size_t n = 0;
	const struct field *title = t->title ? type_field(t, str_of(t->title), NULL) : NULL;

	if (title)
		to[n++] = title;
	for (int wanted = 1; wanted >= 0 && n < 3; wanted--)
		for (size_t i = 0; i < t->n && n < COLUMNS_MAX - 1; i++) {
			const struct field *f = &t->fields[i];
			bool first = f->index || f->need == REQUIRED;

			if (f != title && fits_column(f) && first == (wanted == 1))
				to[n++] = f;
		}
	return n;
}

static void cell(struct ask *q, struct node *cells, struct str name, struct str value, bool withheld)
{
	struct node *o = node_obj(q->a);

	put_str(q->a, o, "name", name);
	put_str(q->a, o, "value", value);
	put_bool(q->a, o, "withheld", withheld);
	node_add(cells, o);
}

static bool withheld_holds(const struct node *item, const char *name)
{
	const struct node *list = node_get(item, "withheld");

	for (const struct node *x = list ? list->first : NULL; x; x = x->next)
		if (str_is(x->s, name))
			return true;
	return false;
}

static void records(struct ask *q, struct node *o, const struct type *t, const struct node *items)
{
	const struct field *col[COLUMNS_MAX];
	size_t n = pick_columns(t, col);
	struct node *heads = put_arr(q->a, o, "heads"), *rows = put_arr(q->a, o, "items");

	for (size_t c = 0; c < n; c++)
		node_add(heads, node_str(q->a, ask_words(q, col[c]->words, col[c]->en)));
	node_add(heads, node_str(q->a, ask_words(q, "填报时间", "filed")));
	for (const struct node *x = items ? items->first : NULL; x; x = x->next) {
		struct node *r = node_obj(q->a), *cells = put_arr(q->a, r, "cells");
		const struct node *fields = node_get(x, "fields");

		put_str(q->a, r, "href", str_fmt(q->a, "/ui/%s%s/%.*s", t->name, strcmp(t->name, "recall") == 0 ? "s" : "", STR_ARG(node_text(x, "id"))));
		for (size_t c = 0; c < n; c++) {
			const struct node *row = row_of(fields, col[c]->name);

			cell(q, cells, ask_words(q, col[c]->words, col[c]->en), row ? shown_field(q, col[c], row) : S(""), !row && withheld_holds(x, col[c]->name));
		}
		cell(q, cells, ask_words(q, "填报时间", "filed"), china_time(q, node_text(x, "at")), false);
		node_add(rows, r);
	}
}

/* ---- other lists: their columns ---- */

static const struct { const char *op, *columns; } plain[] = {
	{ "party.list", "name uscc roles region state" }, { "notice.list", "at what zh en" }, { "case.list", "flow state region since due late" },
	{ "person.list", "login standing" }, { "consent.list", "login since in_force" }, { "audit.list", "at op account record" },
};

/* A party's line leads to its registration, everything else that names a record to that record. */
static struct str plain_href(struct ask *q, const struct op *op, const struct node *x)
{
	const struct node *roles = node_get(x, "roles");
	struct str record = strcmp(op->name, "case.list") == 0 ? node_text(x, "id") : node_text(x, "record");

	if (strcmp(op->name, "party.list") == 0 && roles && roles->first && kernel_type(q->f->k, roles->first->s))
		return str_fmt(q->a, "/ui/%.*s?field=uscc&value=%.*s", STR_ARG(roles->first->s), STR_ARG(node_text(x, "uscc")));
	return record.n ? str_fmt(q->a, "/ui/record/%.*s", STR_ARG(record)) : S("");
}

static void plain_rows(struct ask *q, struct node *o, const struct op *op, const struct node *items)
{
	struct node *heads = put_arr(q->a, o, "heads"), *rows = put_arr(q->a, o, "items");
	struct str columns = S("id"), rest, key;

	for (size_t i = 0; i < ROWS(plain); i++)
		if (strcmp(plain[i].op, op->name) == 0)
			columns = str_of(plain[i].columns);
	for (int pass = 0; pass < 2; pass++)
		for (const struct node *x = pass && items ? items->first : NULL; x || !pass; x = pass ? x->next : NULL) {
			struct node *r = node_obj(q->a), *cells = put_arr(q->a, r, "cells");

			for (rest = columns; str_cut(&rest, ' ', &key);) {
				if (str_is(key, q->english ? "zh" : "en"))
					continue;               /* a notice has a text in each language */
				if (!pass)
					node_add(heads, node_str(q->a, word_of(q, "key", key)));
				else if (str_is(key, "state") && node_text(x, "flow").n)
					cell(q, cells, word_of(q, "key", key), state_words(q, node_text(x, "flow"), node_text(x, "state")), false);
				else
					cell(q, cells, word_of(q, "key", key), shown_value(q, str_is(key, "roles") ? "role" : str_z(q->a, key), node_get(x, str_z(q->a, key))), false);
			}
			if (!pass)
				break;
			put_str(q->a, r, "href", plain_href(q, op, x));
			node_add(rows, r);
		}
}

/* ---- the list page ---- */

/* The list as a file, as it was searched, and a file as further records of it. */
static void put_files(struct ask *q, struct node *o, const struct op *op)
{
	const struct op *out = op->files ? op_find(q->f->k, str_fmt(q->a, "%s.export", op->files->name)) : NULL, *add = op->files ? op_filing(q, op->files) : NULL;
	struct buf b = buf_in(q->a, 200);

	if (may(q, out)) {
		buf_fmt(&b, "%s?", out->path);
		for (const struct form_field *x = q->query; x; x = x->next)
			if (str_is(x->name, "field") || str_is(x->name, "value")) {
				buf_add(&b, x->name);
				buf_char(&b, '=');
				buf_url(&b, x->value);
				buf_char(&b, '&');
			}
	}
	put_str(q->a, o, "export", buf_str(&b));
	put_str(q->a, o, "load", loadable(q, add) ? str_fmt(q->a, "/ui/loads/new?what=%s", add->name) : S(""));
}

static void list_answered(struct ask *q)
{
	const struct op *op = q->op, *add = op->files ? op_filing(q, op->files) : NULL;
	struct str before;
	struct node *o;

	if (!answer_page(q))
		return;
	o = op->files ? frame(q, op->files->zh, op->files->en) : frame(q, op->zh, op->en);
	put_str(q->a, o, "heading", node_text(o, "title"));
	before = node_text(q->call.out, "before");
	put_str(q->a, o, "more", before.n ? str_fmt(q->a, "%.*s?before=%.*s", STR_ARG(q->h->path), STR_ARG(before)) : S(""));
	put_str(q->a, o, "add", add ? str_fmt(q->a, "/ui/op/%s", add->name) : S(""));
	put_str(q->a, o, "add_name", add ? ask_words(q, add->zh, add->en) : S(""));
	put_files(q, o, op);
	if (op->files)
		records(q, o, op->files, node_get(q->call.out, "items"));
	else
		plain_rows(q, o, op, node_get(q->call.out, "items"));
	reply_page(q, 200, "list", o);
}

void page_list(struct ask *q) { page_list_of(q, ask_member(q, 0)); }

void page_list_of(struct ask *q, struct str type)
{
	const struct op *op = op_find(q->f->k, str_fmt(q->a, "%.*s.list", STR_ARG(type)));
	enum err e = session_find(q);

	if (e || !op || op->method != GET) {
		reply_error(q, e ? e : E_ABSENT);
		return;
	}
	q->call.raw = node_obj(q->a);
	for (const struct form_field *x = q->query; x; x = x->next)
		if (op->in && x->value.n && type_field(op->in, x->name, NULL))
			raw_set(q->a, q->call.raw, x->name, node_str(q->a, x->value));
	ask_run(q, op, list_answered);
}

/* ---- one record ---- */

static void put_facts(struct ask *q, struct node *o, const struct type *t, const struct node *view)
{
	struct node *facts = put_arr(q->a, o, "facts");
	const struct node *fields = node_get(view, "fields");

	for (size_t i = 0; i < t->n; i++) {
		const struct field *f = &t->fields[i];
		const struct node *row = row_of(fields, f->name);
		bool withheld = !row && withheld_holds(view, f->name), yes = row && f->kind != KIND_YES;
		struct node *x;

		if (!row && !withheld)
			continue;
		x = node_obj(q->a);
		put_str(q->a, x, "name", ask_words(q, f->words, f->en));
		put_z(q->a, x, "clause", f->clause);
		put_bool(q->a, x, "withheld", withheld);
		put_str(q->a, x, "value", row ? shown_field(q, f, row) : S(""));
		put_str(q->a, x, "link", yes && f->kind == KIND_REF ? str_fmt(q->a, "/ui/record/%.*s", STR_ARG(node_text(row, "value"))) : S(""));
		put_str(q->a, x, "document", row && node_get(row, "file") && node_get(row, "file")->yes
		        ? str_fmt(q->a, "/v1/files/%.*s", STR_ARG(node_text(row, "value"))) : S(""));
		put_bool(q->a, x, "private", row && f->publicity == PRIVATE);
		node_add(facts, x);
	}
}

static void action(struct ask *q, struct node *list, const char *op, const char *field, struct str id, struct str name)
{
	struct node *x = node_obj(q->a);

	put_str(q->a, x, "href", str_fmt(q->a, "/ui/op/%s?%s=%.*s", op, field, STR_ARG(id)));
	put_str(q->a, x, "name", name);
	node_add(list, x);
}

/* Labels are printed from a page of their own (put_pack_links). */
static bool has_own_page(const struct op *op)
{
	static const char *const names[] = { "label.preview", "label.sheet", "print.create" };

	for (size_t i = 0; i < ROWS(names); i++)
		if (strcmp(op->name, names[i]) == 0)
			return true;
	return false;
}

/* What may be done next with this record: operations that refer to one of its type. */
static void put_actions(struct ask *q, struct node *o, const struct type *t, const struct node *view, struct str id)
{
	struct node *list = put_arr(q->a, o, "actions");
	size_t n;
	const struct op *const *ops = kernel_ops(q->f->k, &n), *file = op_filing(q, t);

	for (size_t i = 0; i < n; i++) {
		const struct op *op = ops[i];

		if (op->method != POST || !op->in || op->step || !may(q, op) || has_own_page(op))
			continue;
		for (size_t k = 0; k < op->in->n; k++) {
			const struct field *f = &op->in->fields[k];

			if (f->kind == KIND_REF && strcmp(f->ref, t->name) == 0) {
				action(q, list, op->name, f->name, id, ask_words(q, op->zh, op->en));
				break;
			}
		}
	}
	if (node_get(view, "mine") && node_get(view, "mine")->yes && file && str_ends(str_of(file->name), ".create"))
		action(q, list, file->name, "corrects", id, ask_words(q, "更正", "correct"));
	if (q->who->roles & (R_OFFICER | R_OPERATOR) && may(q, op_find(q->f->k, S("record.reveal"))))
		action(q, list, "record.reveal", "record", id, ask_words(q, "查看未公开内容", "look at withheld values"));
}

void put_case_steps(struct ask *q, struct node *o, const struct node *view, struct str id)
{
	const struct node *c = node_get(view, "case");
	const struct flow *flow = c ? kernel_flow(q->f->k, node_text(c, "flow")) : NULL;
	bool mine = node_get(view, "mine") && node_get(view, "mine")->yes;
	struct node *box, *steps;

	if (!flow)
		return;
	box = put_obj(q->a, o, "case");
	put_str(q->a, box, "name", ask_words(q, flow->zh, flow->en));
	put_str(q->a, box, "state", state_words(q, node_text(c, "flow"), node_text(c, "state")));
	put_str(q->a, box, "since", china_time(q, node_text(c, "since")));
	put_str(q->a, box, "due", china_time(q, node_text(c, "due")));
	steps = put_arr(q->a, box, "steps");
	for (size_t i = 0; i < flow->n; i++) {
		const struct step *s = &flow->steps[i];
		const struct op *op = op_find(q->f->k, str_fmt(q->a, "%s.%s", flow->name, s->verb));
		struct node *x;

		if (!str_is(node_text(c, "state"), s->from) || !(s->who & q->who->roles) || !op || (s->other_side && mine) ||
		    op_allowed(op, q->who, true, mine ? q->who->party : 0, node_text(c, "region")))
			continue;
		x = node_obj(q->a);
		put_str(q->a, x, "href", str_fmt(q->a, "/ui/op/%s.%s?id=%.*s&back=%.*s", flow->name, s->verb, STR_ARG(id), STR_ARG(q->h->path)));
		put_str(q->a, x, "name", ask_words(q, s->zh, s->en));
		node_add(steps, x);
	}
}

/* Some records are shown best on a page of their own. */
static void put_own_page(struct ask *q, struct node *o, const struct type *t, const struct node *view, struct str id)
{
	struct str recall = strcmp(t->name, "recall") == 0 ? id : strcmp(t->name, "recall_notice") == 0 ? node_text(node_get(view, "values"), "recall") : S("");
	const struct op *chain = op_find(q->f->k, S("chain.get"));
	bool moves = strcmp(t->name, "sale") == 0 || strcmp(t->name, "resale") == 0 || strcmp(t->name, "purchase") == 0 || strcmp(t->name, "batch") == 0;

	put_str(q->a, o, "recall_page", recall.n ? str_fmt(q->a, "/ui/recalls/%.*s", STR_ARG(recall)) : S(""));
	put_str(q->a, o, "chain_page", moves && may(q, chain) ? url_of(q, "/ui/chain", "of", id) : S(""));
}

static void record_answered(struct ask *q)
{
	const struct type *t = q->op->files;
	const struct node *view = q->call.out;
	struct str id = node_text(view, "id"), title;
	struct node *o;

	if (!answer_page(q))
		return;
	o = frame(q, t->zh, t->en);
	title = t->title ? shown_field(q, type_field(t, str_of(t->title), NULL), row_of(node_get(view, "fields"), t->title)) : S("");
	put_str(q->a, o, "kind", ask_words(q, t->zh, t->en));
	put_str(q->a, o, "heading", title.n ? title : ask_words(q, t->zh, t->en));
	put_str(q->a, o, "list", str_fmt(q->a, "/ui/%s", t->name));
	put_str(q->a, o, "id", id);
	put_int(q->a, o, "index", node_number(view, "index", 0));
	put_str(q->a, o, "at", china_time(q, node_text(view, "at")));
	put_str(q->a, o, "corrects", node_text(view, "corrects"));
	put_str(q->a, o, "corrected_by", node_text(view, "corrected_by"));
	put_str(q->a, o, "done", ask_query(q, "done"));
	put_z(q->a, o, "type", t->name);
	put_facts(q, o, t, view);
	put_actions(q, o, t, view, id);
	if (strcmp(t->name, "pack") == 0)
		put_pack_links(q, o, id);
	put_case_steps(q, o, view, id);
	put_own_page(q, o, t, view, id);
	put_give(q, o, t, view, id);
	reply_page(q, 200, "record", o);
}

void page_record(struct ask *q)
{
	const struct op *op = op_find(q->f->k, str_fmt(q->a, "%.*s.get", STR_ARG(ask_member(q, 0))));
	enum err e = session_find(q);

	if (e || !op || !op->files) {
		reply_error(q, e ? e : E_ABSENT);
		return;
	}
	q->call.raw = node_obj(q->a);
	put_str(q->a, q->call.raw, "id", ask_member(q, 1));
	ask_run(q, op, record_answered);
}

void page_any_record(struct ask *q)
{
	const struct type *t = NULL;
	struct str id = ask_member(q, 0);
	int64_t record;
	enum err e = session_find(q);

	if (!e && !id_get(id, &record))
		e = E_ABSENT;
	if (!e)
		e = kernel_type_of(q->f->k, q->a, record, &t);
	if (e)
		reply_error(q, e);
	else
		reply_go(q, str_fmt(q->a, "/ui/%s/%.*s", t->name, STR_ARG(id)));
}
