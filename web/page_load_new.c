/* web/page_load_new.c - a table is sent: what its lines are, the template for it, what all lines share, the file. */
#include "web/ask.h"

/* ---- what can be sent as a table ---- */

/* What anybody may file is no daily work of anybody; the kernel decides the rest when the table comes. */
bool loadable(const struct ask *q, const struct op *op)
{
	return op && op->method == POST && op->mode == WRITES && op->in && op->in->schema && op->files == op->in && !op->upload &&
	       !(op->who & R_ANYONE) && may(q, op);
}

/* In the order of the types, which is that of the work. */
static void put_kinds(struct ask *q, struct node *o)
{
	struct node *list = put_arr(q->a, o, "kinds");
	size_t n;
	const struct type *const *types = kernel_types(q->f->k, &n);

	for (size_t i = 0; i < n; i++) {
		const struct op *op = op_filing(q, types[i]);
		struct node *x = node_obj(q->a);

		if (!loadable(q, op))
			continue;
		put_z(q->a, x, "op", op->name);
		put_str(q->a, x, "name", ask_words(q, types[i]->zh, types[i]->en));
		put_str(q->a, x, "text", ask_words(q, op->zh, op->en));
		node_add(list, x);
	}
}

/* ---- what all lines share ---- */

static bool gathered(const struct op *op, const struct field *f)
{
	for (size_t i = 0; op->gather && i < op->gather->n; i++)
		if (&op->in->fields[op->gather->field[i]] == f)
			return true;
	return false;
}

static bool shareable(const struct op *op, const struct field *f)
{
	switch (f->kind) {
	case KIND_ITEMS: case KIND_CODES: case KIND_NOTE: case KIND_PASSWORD: case KIND_YES: return false;
	default: return !f->filled && f->cls != TRANSIENT && !gathered(op, f);
	}
}

static void put_shared(struct ask *q, struct node *o, const struct op *op, const struct node *raw)
{
	struct node *rows = node_arr(q->a), *all = form_fields(q, op, raw), *next;

	for (struct node *x = all->first; x; x = next) {
		next = x->next;
		x->next = NULL;
		if (!shareable(op, type_field(op->in, node_text(x, "field"), NULL)))
			continue;
		raw_set(q->a, x, S("force"), node_bool(q->a, false));
		raw_set(q->a, x, S("must"), node_bool(q->a, false));
		raw_set(q->a, x, S("choice"), node_bool(q->a, false));
		node_add(rows, x);
	}
	node_set(o, S("rows"), rows);
}

/* "field=value" a line, as load.create takes them. */
static struct str shared_text(struct ask *q, const struct op *op, const struct node *raw)
{
	struct buf b = buf_in(q->a, 256);

	for (const struct node *x = raw->first; x; x = x->next) {
		const struct field *f = type_field(op->in, x->key, NULL);

		if (!f || !shareable(op, f) || x->kind != NODE_STR || !str_trim(x->s).n)
			continue;
		buf_fmt(&b, "%s=", f->name);
		for (size_t i = 0; i < x->s.n; i++)
			if (x->s.p[i] != '\r')
				buf_char(&b, x->s.p[i] == '\n' ? ';' : x->s.p[i]);
		buf_char(&b, '\n');
	}
	return buf_str(&b);
}

/* ---- the page ---- */

static const struct op *op_asked(struct ask *q)
{
	struct str what = ask_query(q, "what");
	const struct op *op = op_find(q->f->k, what);

	return op ? op : op_find(q->f->k, str_join(q->a, what, S(".create")));
}

static void put_troubles(struct ask *q, struct node *o, enum err e)
{
	struct node *list = put_arr(q->a, o, "summary");
	const char *why = q->english ? q->call.why_en : q->call.why_zh;

	put_str(q->a, o, "refused", e ? str_of(why ? why : q->english ? err_en(e) : err_zh(e)) : S(""));
	for (const struct trouble *t = q->call.troubles.first; t; t = t->next)
		node_add(list, node_str(q->a, q->english ? t->en : t->zh));
}

static void new_page(struct ask *q, enum err e)
{
	const struct op *op = op_asked(q);
	struct str choice = form_get(q->form, "load_choice"), what;
	struct node *o = frame(q, "批量导入", "Bulk filing");

	if (!loadable(q, op)) {
		put_kinds(q, o);
		reply_page(q, e ? err_http(e) : 200, "loads_new", o);
		return;
	}
	what = ask_words(q, op->files->zh, op->files->en);
	put_str(q->a, o, "what", str_of(op->name));
	put_str(q->a, o, "what_name", what);
	put_bool(q->a, o, "gather", op->gather != NULL);
	put_bool(q->a, o, "first", !str_is(choice, "all") && !str_is(choice, "good"));
	put_bool(q->a, o, "all", str_is(choice, "all"));
	put_bool(q->a, o, "good", str_is(choice, "good"));
	put_troubles(q, o, e);
	put_shared(q, o, op, e ? q->call.raw : node_obj(q->a));
	reply_page(q, e ? err_http(e) : 200, "load_new", o);
}

void page_load_new(struct ask *q)
{
	enum err e = session_find(q);

	if (!e && q->who->roles == R_ANYONE)
		e = E_NOAUTH;
	if (!e && !may(q, op_find(q->f->k, S("load.create"))))
		e = E_DENIED;
	if (e)
		reply_error(q, e);
	else
		new_page(q, OK);
}

/* ---- sending ---- */

static const struct form_field *table_of(const struct ask *q)
{
	for (const struct form_field *x = q->form; x; x = x->next)
		if (x->file_name.n && str_is(x->name, "table"))
			return x;
	return NULL;
}

static void created(struct ask *q)
{
	if (q->call.err)
		reply_error(q, q->call.err);
	else if (!q->html)
		reply_json(q, 201, q->call.out);
	else
		reply_go(q, str_fmt(q->a, "/ui/loads/%.*s", STR_ARG(node_text(q->call.out, "id"))));
}

/* The files all lines share are stored. A script that sends the table in pieces has only named it. */
static void send_table(struct ask *q)
{
	const struct op *op = op_asked(q);
	const struct form_field *table = table_of(q);
	struct str choice = form_get(q->form, "load_choice"), named = form_get(q->form, "table_name");
	struct node *in = node_obj(q->a);

	if ((!table || !table->value.n) && !named.n) {
		reply_error(q, call_refuse(&q->call, E_BAD, "请选择要导入的文件；空文件不能导入", "choose the file; an empty one holds nothing to file"));
		return;
	}
	put_z(q->a, in, "what", op->name);
	put_str(q->a, in, "name", named.n ? named : table->file_name);
	put_str(q->a, in, "fixed", shared_text(q, op, q->call.raw));
	if (str_is(choice, "all") || str_is(choice, "good"))
		put_str(q->a, in, "choice", choice);
	q->call.raw = in;
	if (!named.n) {
		q->call.upload.name = table->file_name;
		q->call.upload.bytes = table->value;
	}
	ask_run(q, op_find(q->f->k, S("load.create")), created);
}

void page_load_send(struct ask *q)
{
	const struct op *op = op_asked(q);
	enum err e = op ? body_read(q, op) : E_ABSENT;

	q->op = op;
	if (!e)
		e = session_find(q);
	if (!e && q->who->roles == R_ANYONE)
		e = E_NOAUTH;
	if (!e && !loadable(q, op))
		e = E_DENIED;
	q->from_page = !e;
	q->again = new_page;
	q->call.troubles.a = q->a;
	if (e)
		reply_error(q, e);
	else
		ask_files(q, send_table);
}
