/* web/page_loads.c - tables that were sent: the list of them, how one goes, its refused lines, what may be done with it. */
#include "web/ask.h"

enum { LOAD_LINES_SHOWN = 200 };        /* load.get tells so many refused lines; the file of them has all */

static struct str kind_of(struct ask *q, const struct node *load)
{
	const struct op *op = op_find(q->f->k, node_text(load, "what"));

	return op && op->files ? ask_words(q, op->files->zh, op->files->en) : node_text(load, "what_zh");
}

static struct str name_of(struct ask *q, const struct node *load)
{
	struct str name = node_text(load, "name");

	return name.n ? name : ask_words(q, "未命名的文件", "A file without a name");
}

static bool in_state(const struct node *load, const char *const *states)
{
	for (; *states; states++)
		if (str_is(node_text(load, "state"), *states))
			return true;
	return false;
}

static const char *const working[] = { "checking", "filing", NULL }, *const decided[] = { "checked", "stopped", NULL };

/* ---- the list ---- */

static void put_numbers(struct ask *q, struct node *o, const struct node *load)
{
	static const char *const names[] = { "size", "lines", "good", "bad", "filed" };
	const struct node *now = node_get(load, "progress");

	for (size_t i = 0; i < ROWS(names); i++)
		put_int(q->a, o, names[i], node_number(now && node_get(now, names[i]) ? now : load, names[i], 0));
}

static void put_tone(struct ask *q, struct node *o, const struct node *load)
{
	struct str state = node_text(load, "state");
	bool bad = node_number(load, "bad", 0) > 0;
	const char *tone = str_is(state, "done") ? bad ? "warn" : "ok" : str_is(state, "failed") ? "bad" : str_is(state, "stopped") ? "warn" : "none";

	put_str(q->a, o, "state", word_of(q, "load_state", state));
	put_z(q->a, o, "tone", str_is(state, "checked") && bad ? "warn" : tone);
}

static void loads_answered(struct ask *q)
{
	struct node *o, *list;
	const struct node *items;

	if (!answer_page(q))
		return;
	o = frame(q, "批量导入", "Bulk filing");
	put_bool(q->a, o, "dropped", ask_query(q, "dropped").n > 0);
	list = put_arr(q->a, o, "loads");
	items = node_get(q->call.out, "items");
	for (const struct node *x = items ? items->first : NULL; x; x = x->next) {
		struct node *row = node_obj(q->a);

		put_str(q->a, row, "href", str_fmt(q->a, "/ui/loads/%.*s", STR_ARG(node_text(x, "id"))));
		put_str(q->a, row, "name", name_of(q, x));
		put_str(q->a, row, "kind", kind_of(q, x));
		put_str(q->a, row, "at", china_time(q, node_text(x, "at")));
		put_numbers(q, row, x);
		put_tone(q, row, x);
		node_add(list, row);
	}
	reply_page(q, 200, "loads", o);
}

void page_loads(struct ask *q) { page_op(q, "load.list", loads_answered); }

/* ---- the refused lines ---- */

static bool faulty(const struct node *errors, int64_t column)
{
	for (const struct node *x = errors ? errors->first : NULL; x; x = x->next)
		if (node_number(x, "column", 0) == column)
			return true;
	return false;
}

static struct str heading_at(const struct node *heading, int64_t column)
{
	const struct node *x = heading ? heading->first : NULL;

	while (x && --column > 0)
		x = x->next;
	return x ? x->s : S("");
}

static void put_cells(struct ask *q, struct node *row, const struct node *line, const struct node *heading)
{
	const struct node *cells = node_get(line, "cells"), *errors = node_get(line, "errors");
	struct node *list = put_arr(q->a, row, "cells");
	int64_t column = 0, columns = heading ? (int64_t)heading->n : 0;

	for (const struct node *x = cells ? cells->first : NULL; x || column < columns; x = x ? x->next : NULL) {
		struct node *o = node_obj(q->a);

		column++;
		put_str(q->a, o, "name", heading_at(heading, column));
		put_str(q->a, o, "value", x ? x->s : S(""));
		put_bool(q->a, o, "bad", faulty(errors, column));
		put_bool(q->a, o, "first", column == 1);
		node_add(list, o);
	}
}

static void put_reasons(struct ask *q, struct node *row, const struct node *line, const struct node *heading)
{
	const struct node *errors = node_get(line, "errors");
	struct node *list = put_arr(q->a, row, "reasons");

	for (const struct node *x = errors ? errors->first : NULL; x; x = x->next) {
		struct str column = heading_at(heading, node_number(x, "column", 0)), words = node_text(x, q->english ? "en" : "zh");
		struct node *o = node_obj(q->a);

		if (!node_number(x, "column", 0) || (words.n && column.n && memmem(words.p, words.n, column.p, column.n)))
			column = S("");         /* sentences about a field begin with its name */
		put_str(q->a, o, "column", column);
		put_str(q->a, o, "words", words);
		node_add(list, o);
	}
}

static void put_refused(struct ask *q, struct node *o, const struct node *load)
{
	const struct node *lines = node_get(load, "refused"), *heading = node_get(load, "heading");
	struct node *heads = put_arr(q->a, o, "heads"), *list = put_arr(q->a, o, "refused");

	for (const struct node *x = heading ? heading->first : NULL; x; x = x->next)
		node_add(heads, node_str(q->a, x->s));
	put_int(q->a, o, "span", heading && heading->n ? (int64_t)heading->n : 1);
	put_bool(q->a, o, "plain", !heading || !heading->n);
	for (const struct node *x = lines ? lines->first : NULL; x; x = x->next) {
		struct node *row = node_obj(q->a);

		put_int(q->a, row, "line", node_number(x, "line", 0));
		put_str(q->a, row, "raw", node_text(x, "raw"));
		put_cells(q, row, x, heading);
		put_reasons(q, row, x, heading);
		node_add(list, row);
	}
	put_int(q->a, o, "shown", list->n == LOAD_LINES_SHOWN ? LOAD_LINES_SHOWN : 0);
}

/* ---- one of them ---- */

/* Sent before and filed: said with when and how much, and a link. */
static void put_twin(struct ask *q, struct node *o, const struct node *load)
{
	struct node *in = node_obj(q->a), *x;
	const struct node *twin;

	if (!node_text(load, "same_as").n || !(in_state(load, decided) || in_state(load, working)))
		return;
	put_str(q->a, in, "id", node_text(load, "same_as"));
	twin = ask_read(q, "load.get", in);
	x = put_obj(q->a, o, "twin");
	put_str(q->a, x, "href", str_fmt(q->a, "/ui/loads/%.*s", STR_ARG(node_text(load, "same_as"))));
	put_str(q->a, x, "at", china_time(q, node_text(twin, "at")));
	put_int(q->a, x, "filed", node_number(twin, "filed", 0));
}

static void put_doings(struct ask *q, struct node *o, const struct node *load)
{
	int64_t good = node_number(load, "good", 0), bad = node_number(load, "bad", 0);
	bool may_file = in_state(load, decided) && may(q, op_find(q->f->k, S("load.file")));
	static const char *const droppable[] = { "checked", "stopped", "failed", "receiving", NULL };

	put_bool(q->a, o, "file_all", may_file && good && !bad && str_is(node_text(load, "state"), "checked"));
	put_bool(q->a, o, "file_good", may_file && bad && (good || str_is(node_text(load, "state"), "stopped")));
	put_bool(q->a, o, "drop", in_state(load, droppable));
}

static void put_links(struct ask *q, struct node *o, const struct node *load)
{
	const struct op *op = op_find(q->f->k, node_text(load, "what"));

	put_str(q->a, o, "records", op && op->files ? str_fmt(q->a, "/ui/%s", op->files->name) : S(""));
	put_str(q->a, o, "again", loadable(q, op) ? str_fmt(q->a, "/ui/loads/new?what=%s", op->name) : S(""));
	put_bool(q->a, o, "has_filed", node_number(load, "filed", 0) > 0 && !in_state(load, working));
	put_bool(q->a, o, "has_refused", node_number(load, "bad", 0) > 0 && !in_state(load, working) && !str_is(node_text(load, "state"), "dropped") &&
	         !str_is(node_text(load, "state"), "expired"));
}

static void load_answered(struct ask *q)
{
	static const char *const states[] = { "receiving", "checking", "checked", "filing", "done", "stopped", "failed", "dropped", "expired" };
	const struct node *load = q->call.out, *now;
	struct node *o;

	if (!answer_page(q))
		return;
	now = node_get(load, "progress");
	o = frame(q, "批量导入", "Bulk filing");
	put_str(q->a, o, "id", node_text(load, "id"));
	put_str(q->a, o, "name", name_of(q, load));
	put_str(q->a, o, "kind", kind_of(q, load));
	put_str(q->a, o, "at", china_time(q, node_text(load, "at")));
	for (size_t i = 0; i < ROWS(states); i++)
		put_bool(q->a, o, str_fmt(q->a, "is_%s", states[i]).p, str_is(node_text(load, "state"), states[i]));
	put_bool(q->a, o, "refresh", in_state(load, working));
	put_int(q->a, o, "percent", node_number(now, "percent", 0));
	put_str(q->a, o, "why", node_text(load, q->english ? "why_en" : "why_zh"));
	put_numbers(q, o, load);
	put_tone(q, o, load);
	put_twin(q, o, load);
	put_refused(q, o, load);
	put_doings(q, o, load);
	put_links(q, o, load);
	reply_page(q, 200, "load", o);
}

void page_load(struct ask *q) { page_op(q, "load.get", load_answered); }

/* ---- doing ---- */

static void done(struct ask *q)
{
	if (q->call.err)
		reply_error(q, q->call.err);
	else if (str_is(node_text(q->call.out, "state"), "dropped"))
		reply_go(q, S("/ui/loads?dropped=1"));
	else
		reply_go(q, str_fmt(q->a, "/ui/loads/%.*s", STR_ARG(ask_member(q, 0))));
}

void page_load_do(struct ask *q)
{
	struct str verb = ask_member(q, 1);
	bool known = str_is(verb, "file") || str_is(verb, "drop") || str_is(verb, "check");
	const struct op *op = known ? op_find(q->f->k, str_fmt(q->a, "load.%.*s", STR_ARG(verb))) : NULL;
	enum err e = op ? body_read(q, op) : E_ABSENT;

	if (!e)
		e = session_find(q);
	if (e) {
		reply_error(q, e);
		return;
	}
	raw_set(q->a, q->call.raw, S("id"), node_str(q->a, ask_member(q, 0)));
	ask_run(q, op, done);
}
