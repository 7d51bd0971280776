/* kernel/sheet.c - table files given out: templates made of the rows of a type, lists as people see them. */
#include "kernel/sheet.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "kernel/house.h"

enum { LINE_MAX = 512 << 20, EXPORT_LINES = 200000 };

struct sheet {
	struct grid_out *out;
	struct arena life, line;
	enum grid_form form;
	const char *media;
	char path[3200];
	int fd;
};

static bool to_file(void *ctx, const char *p, size_t n)
{
	struct sheet *s = ctx;

	while (n) {
		ssize_t done = write(s->fd, p, n);

		if (done < 0 && errno == EINTR)
			continue;
		if (done <= 0)
			return false;
		p += done;
		n -= (size_t)done;
	}
	return true;
}

static void sheet_free(struct sheet *s)
{
	if (s->fd >= 0)
		close(s->fd);
	if (s->path[0])
		(void)unlink(s->path);
	arena_end(&s->line);
	arena_end(&s->life);
	free(s);
}

/* "产品" becomes 产品-2026-11-22.csv when it is dated: people keep the exports of many days in one folder. */
static struct str name_of(struct call *c, struct str title, enum grid_form form, bool dated)
{
	static const char *const ends[] = { [GRID_CSV] = "csv", [GRID_XLSX] = "xlsx", [GRID_NDJSON] = "ndjson" };
	struct str day = dated ? date_str(c->arena, c->now, CHINA_OFFSET_MIN) : S("");

	return str_fmt(c->arena, "%.*s%s%.*s.%s", STR_ARG(title), dated ? "-" : "", STR_ARG(day), ends[form]);
}

static enum grid_form form_of(struct str as) { return str_is(as, "xlsx") ? GRID_XLSX : str_is(as, "ndjson") ? GRID_NDJSON : GRID_CSV; }

/* Where the file stands until it is answered: XLSX is opened by its library. */
static enum err sheet_place(struct sheet *s, struct call *c)
{
	enum err e = dir_make(str_fmt(&s->life, "%s/loads", c->k->home).p, 0700);

	snprintf(s->path, sizeof(s->path), "%s/loads/%.*s.tmp", c->k->home, STR_ARG(id_str(&s->life, new_id(c->k, c->now))));
	s->fd = e || s->form == GRID_XLSX ? -1 : open(s->path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	return e ? e : s->form != GRID_XLSX && s->fd < 0 ? E_IO : OK;
}

enum err sheet_text_begin(struct call *c, const char *media, struct sheet **ret)
{
	struct sheet *s = calloc(1, sizeof(*s));
	enum err e;

	if (!s)
		return E_IO;
	arena_init(&s->life, 65536, NULL);
	arena_init(&s->line, 65536, NULL);
	s->media = media;
	s->form = GRID_TEXT;
	e = sheet_place(s, c);
	if (e)
		sheet_free(s);
	else
		*ret = s;
	return e;
}

enum err sheet_text(struct sheet *s, struct str text) { return to_file(s, text.p, text.n) ? OK : E_IO; }

enum err sheet_begin(struct call *c, struct str as, struct str title, const struct grid_column *col, size_t n, bool examples, struct sheet **ret)
{
	struct sheet *s = calloc(1, sizeof(*s));
	struct grid_sink sink = { to_file, s };
	enum err e;

	if (!s)
		return E_IO;
	arena_init(&s->life, LINE_MAX, c->arena->full);
	arena_init(&s->line, LINE_MAX, c->arena->full);
	s->form = form_of(as);
	c->file_name = name_of(c, examples ? str_join(c->arena, title, S("模板")) : title, s->form, !examples);
	s->media = grid_form_media(s->form);
	e = sheet_place(s, c);
	if (!e)
		e = grid_begin(&s->life, s->form, s->form == GRID_XLSX ? s->path : NULL, &sink, title, col, n, examples, &s->out);
	if (e) {
		sheet_free(s);
		return e;
	}
	*ret = s;
	return OK;
}

struct arena *sheet_line(struct sheet *s)
{
	arena_reset(&s->line);
	return &s->line;
}

enum err sheet_put(struct sheet *s, const struct str *cell, size_t n) { return grid_put(s->out, cell, n); }

static int64_t sheet_pull(void *ctx, char *to, size_t cap)
{
	struct sheet *s = ctx;
	ssize_t n;

	do
		n = read(s->fd, to, cap);
	while (n < 0 && errno == EINTR);
	return n;
}

static void sheet_done(void *ctx) { sheet_free(ctx); }

enum err sheet_end(struct sheet *s, struct call *c, enum err so_far)
{
	enum err e = s->out ? grid_end(s->out) : OK;

	if (!so_far && !e && s->form == GRID_XLSX)
		s->fd = open(s->path, O_RDONLY | O_CLOEXEC);
	if (!so_far && !e && (s->fd < 0 || lseek(s->fd, 0, SEEK_SET)))
		e = E_IO;
	if (so_far || e) {
		sheet_free(s);
		return so_far ? so_far : e;
	}
	(void)unlink(s->path);
	s->path[0] = 0;
	c->stream = TAKE(c->arena, struct stream, 1);
	*c->stream = (struct stream){ sheet_pull, sheet_done, s, s->media };
	return OK;
}

struct str sheet_cell(struct arena *a, const struct node *v, char between)
{
	struct buf b;

	if (!v || v->kind == NODE_NULL)
		return S("");
	if (v->kind == NODE_STR)
		return v->s;
	if (v->kind == NODE_BOOL)
		return v->yes ? S("是") : S("否");
	if (v->kind == NODE_INT)
		return str_fmt(a, "%lld", (long long)v->i);
	if (v->kind == NODE_OBJ)
		return json_str(a, v);
	b = buf_in(a, 64);
	for (const struct node *x = v->first; x; x = x->next) {
		if (b.n)
			buf_char(&b, between);
		buf_add(&b, sheet_cell(a, x, between));
	}
	return buf_str(&b);
}

/* ---- templates ---- */

static const char *const need_words[] = { "必填", "如涉及则必填，不涉及请填“不涉及”", "必填一种", "选填" };
static const char *const publicity_words[] = { "公开", "可选择是否公开", "不公开", "未规定" };

static struct str example_of(struct call *c, const struct field *f, const struct grid_column *col)
{
	switch (f->kind) {
	case KIND_DATE: case KIND_TIME: return date_str(c->arena, c->now, CHINA_OFFSET_MIN);
	case KIND_USCC: return S("91320623MA00000000");
	case KIND_CONTACT: return S("0513-88888888");
	case KIND_STANDARDS: return S("GB 2811-2019");
	case KIND_PERMIT: return S("(苏)XK05-005-00001");
	case KIND_DECIMAL: case KIND_INTEGER: return S("100");
	case KIND_YES: return S("否");
	case KIND_REGION: return S("320623");
	case KIND_REF: return S("名称或13位编号");
	case KIND_FILE: return S("已上传文件的编号");
	case KIND_ITEMS: case KIND_CODES: return S("每行一个码");
	case KIND_URL: return S("https://");
	case KIND_LISTED: case KIND_NAMES: return col->n_choice ? col->choice[0] : S("");
	default: return f->need == IF_APPLICABLE ? S(NOT_APPLICABLE) : f->need == OPTIONAL ? S("") : S("示例");
	}
}

static void listed_choices(struct call *c, const struct field *f, struct grid_column *col)
{
	struct node *rows = list_node(c, f->list);
	struct str *all = TAKE(c->arena, struct str, rows->n + 1);

	for (const struct node *x = rows->first; x; x = x->next)
		all[col->n_choice++] = node_text(x, "zh");
	col->choice = all;
}

static void named_choices(struct call *c, const struct field *f, struct grid_column *col)
{
	struct str rest = str_of(f->list), word;
	struct str *all = TAKE(c->arena, struct str, 64);

	if (f->max != 1)
		return;                         /* several at once: no drop-down can say that */
	while (col->n_choice < 64 && str_cut(&rest, '|', &word))
		all[col->n_choice++] = names_label(f, word).n ? names_label(f, word) : word;
	col->choice = all;
}

static struct grid_column column_for(struct call *c, const struct field *f)
{
	static const struct str yes_no[] = { { "是", 3 }, { "否", 3 } };
	struct grid_column col = { .heading = str_of(f->words), .required = f->need == REQUIRED || f->need == ONE_OF };

	if (f->kind == KIND_LISTED)
		listed_choices(c, f, &col);
	else if (f->kind == KIND_NAMES)
		named_choices(c, f, &col);
	else if (f->kind == KIND_YES)
		col.choice = yes_no, col.n_choice = 2;
	col.note = str_fmt(c->arena, "%s；%s；%s（%s）%s%s", need_words[f->need], publicity_words[f->publicity], kind_row(f->kind)->zh, f->clause, f->help ? "\n" : "",
	                   f->help ? f->help : "");
	col.example = example_of(c, f, &col);
	return col;
}

/* The columns a person fills for this operation, in the annex's order. */
static size_t columns_of(struct call *c, const struct type *t, struct grid_column *col)
{
	size_t n = 0;

	for (size_t i = 0; i < t->n; i++)
		if (!t->fields[i].filled && t->fields[i].cls != TRANSIENT)
			col[n++] = column_for(c, &t->fields[i]);
	return n;
}

static const struct field template_fields[] = {
	ROW(what, TEXT, REQUIRED, PUBLIC, OURS, "哪种记录", .max = 60, .en = "what the lines are")
	ROW(as, NAMES, OPTIONAL, PUBLIC, OURS, "格式", .list = "csv|xlsx", .max = 1, .en = "format")
};
static const struct type template_in = { .name = "template", .zh = "模板", .en = "template", .fields = template_fields, .n = ROWS(template_fields) };

static enum err template_run(struct call *c)
{
	const struct op *op = op_find(c->k, IN(c, 0).text);
	struct grid_column *col;
	struct sheet *s;
	size_t n;
	enum err e;

	if (!op)
		op = op_find(c->k, str_join(c->arena, IN(c, 0).text, S(".create")));
	if (!op || op->mode != WRITES || !op->in || !op->in->schema)
		return call_refuse(c, E_ABSENT, "没有这种记录的模板", "there is no such template");
	col = TAKE(c->arena, struct grid_column, op->in->n + 1);
	n = columns_of(c, op->in, col);
	if (n)
		col[0].example = str_join(c->arena, S(EXAMPLE_MARK), col[0].example);
	e = sheet_begin(c, IN(c, 1).n ? IN(c, 1).list[0] : S("xlsx"), str_of(op->in->zh), col, n, true, &s);
	return e ? e : sheet_end(s, c, OK);
}

/* ---- lists ---- */

/* In the words of the page where it has some: a list's row, a choice's label. */
static struct str cell_text(struct call *c, struct arena *a, const struct field *f, const struct node *v, int64_t day)
{
	if (v && v->kind == NODE_STR && f->kind == KIND_LISTED) {
		const struct list_row *row = list_find(c->k, f->list, v->s, day);

		return row ? str_of(row->zh) : v->s;
	}
	if (v && v->kind == NODE_ARR && v->n == 1 && f->kind == KIND_NAMES && f->max == 1) {
		struct str label = names_label(f, v->first->s);

		return label.n ? label : v->first->s;
	}
	return sheet_cell(a, v, '\n');
}

static enum err put_view(struct call *c, struct sheet *s, const struct type *t, const struct node *view)
{
	struct arena *a = sheet_line(s);
	struct str *cell = TAKE(a, struct str, t->n + 3);
	const struct node *values = node_get(view, "values");
	int64_t at = 0;
	size_t n = 0;

	cell[n++] = node_text(view, "id");
	cell[n++] = node_text(view, "at");
	(void)time_get(node_text(view, "at"), &at);
	for (size_t i = 0; i < t->n; i++)
		if (!t->fields[i].filled)
			cell[n++] = cell_text(c, a, &t->fields[i], node_get(values, t->fields[i].name), day_of(at, CHINA_OFFSET_MIN));
	cell[n++] = sheet_cell(a, node_get(view, "withheld"), ';');
	return sheet_put(s, cell, n);
}

/* Page after page of the list, as the caller sees it. */
static enum err put_pages(struct call *c, struct sheet *s, const struct op *list)
{
	struct value in[3] = { c->in[0], c->in[1], c->in[2] };
	struct arena page;
	enum err e = OK;

	arena_init(&page, LINE_MAX, c->arena->full);
	for (size_t lines = 0; !e && lines < EXPORT_LINES;) {
		struct call p = { .k = c->k, .op = list, .who = c->who, .arena = &page, .now = c->now, .in = in, .db = c->db };
		const struct node *items;
		struct str next;

		arena_reset(&page);
		p.out = node_obj(&page);
		p.troubles.a = &page;
		e = find_list(&p);
		items = e ? NULL : node_get(p.out, "items");
		for (const struct node *x = items ? items->first : NULL; x && !e; x = x->next, lines++)
			e = put_view(c, s, list->files, x);
		next = node_text(p.out, "before");
		if (e || !next.n)
			break;
		in[0] = (struct value){ .said = SAID_VALUE };
		if (!id_get(next, &in[0].i))
			e = E_INTERNAL;
	}
	arena_end(&page);
	return e;
}

enum err export_run(struct call *c)
{
	const struct type *t = c->op->files;
	const struct op *list = op_find(c->k, str_fmt(c->arena, "%s.list", t->name));
	struct grid_column *col = TAKE(c->arena, struct grid_column, t->n + 3);
	struct sheet *s;
	size_t n = 2;
	enum err e;

	if (!list)
		return E_INTERNAL;
	col[0].heading = S("记录编号");
	col[1].heading = S("填报时间");
	for (size_t i = 0; i < t->n; i++)
		if (!t->fields[i].filled)
			col[n++] = (struct grid_column){ .heading = str_of(t->fields[i].words), .number = t->fields[i].kind == KIND_DECIMAL };
	col[n++].heading = S("不公开的栏目");
	e = sheet_begin(c, IN(c, 3).n ? IN(c, 3).list[0] : S("csv"), str_of(t->zh), col, n, false, &s);
	return e ? e : sheet_end(s, c, put_pages(c, s, list));
}

const struct op sheet_ops[] = {
	{ .name = "template.get", .method = GET, .path = "/v1/templates/{what}", .who = R_ALL, .scope = SCOPE_PUBLIC, .mode = READS_LONG, .in = &template_in,
	  .run = template_run, .gives = SHEET_GIVES, .clause = "二（三）", .zh = "批量导入模板", .en = "template of a table" },
};
const size_t sheet_ops_n = ROWS(sheet_ops);
