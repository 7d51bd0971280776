/* grid/write.c - tables to take away: CSV, NDJSON and one value a line; XLSX is handed on to xlsx_write.c.
 *
 * Pure but for the sink. Owner of struct grid_out: the caller of grid_begin, until grid_end.
 */
#include "inner.h"

enum { ROW = 64 << 20 };        /* bytes of one row at most */

struct grid_out {
	enum grid_form form;
	struct grid_sink sink;
	const struct grid_column *column;
	size_t n;
	struct xlsx_out *xlsx;
	struct arena row;       /* reset with each row; its jump is set inside grid_put */
	enum err e;             /* the first trouble: nothing is written after it */
};

static bool must_quote(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (memchr("\",\r\n\t;", s.p[i], 6))
			return true;
	return s.n && (s.p[0] == ' ' || s.p[s.n - 1] == ' ');
}

static void put_csv(struct buf *b, struct str s)
{
	bool quote = must_quote(s);

	if (quote)
		buf_char(b, '"');
	if (grid_runs(s))
		buf_char(b, '\'');
	for (size_t from = 0, at; quote && from < s.n; from = at + 1) {
		at = from + str_find(str_sub(s, from, s.n), '"');
		buf_add(b, str_sub(s, from, at - from));
		if (at < s.n)
			buf_z(b, "\"\"");
	}
	if (quote)
		buf_char(b, '"');
	else
		buf_add(b, s);
}

static void line_csv(struct buf *b, const struct str *cell, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (i)
			buf_char(b, ',');
		put_csv(b, cell[i]);
	}
	buf_z(b, "\r\n");
}

static void line_json(struct buf *b, const struct grid_out *o, const struct str *cell, size_t n)
{
	bool first = true;

	for (size_t i = 0; i < n; i++) {
		if (!cell[i].n)
			continue;
		buf_char(b, first ? '{' : ',');
		first = false;
		buf_json(b, o->column[i].heading);
		buf_char(b, ':');
		buf_json(b, cell[i]);
	}
	buf_z(b, first ? "{}\n" : "}\n");
}

/* One row into the arena and on to the sink. The jump comes from the arena of the row, which holds nothing foreign. */
static enum err send(struct grid_out *o, const struct str *cell, size_t n, struct str before)
{
	jmp_buf full;
	struct buf b;

	o->row.full = &full;
	if (setjmp(full)) {
		arena_reset(&o->row);
		return E_TOO_BIG;
	}
	b = buf_in(&o->row, 1024);
	buf_add(&b, before);
	if (o->form == GRID_CSV) {
		line_csv(&b, cell, n);
	} else if (o->form == GRID_NDJSON) {
		line_json(&b, o, cell, n);
	} else {
		buf_add(&b, n ? cell[0] : S(""));
		buf_char(&b, '\n');
	}
	if (!o->sink.put(o->sink.ctx, b.p, b.n))
		o->e = E_IO;
	arena_reset(&o->row);
	return o->e;
}

/* What a reader would not give back. */
static enum err check(const struct grid_out *o, const struct str *cell, size_t n)
{
	if (n > o->n || (o->form == GRID_TEXT && n != 1))
		return E_BAD;
	for (size_t i = 0; i < n; i++) {
		if (cell[i].n && grid_bad_byte(cell[i].p, cell[i].n) < cell[i].n)
			return E_BAD;
		if (o->form == GRID_TEXT && (str_find(cell[i], '\n') < cell[i].n || str_find(cell[i], '\r') < cell[i].n))
			return E_BAD;
	}
	return OK;
}

/* CSV begins with the mark by which spreadsheets know UTF-8, and the headings. */
static enum err begin_text(struct grid_out *o, struct arena *a, bool examples)
{
	struct str *heading, *example;

	if (o->form != GRID_CSV)
		return OK;
	heading = TAKE(a, struct str, o->n);
	example = TAKE(a, struct str, o->n);
	for (size_t i = 0; i < o->n; i++) {
		heading[i] = o->column[i].heading;
		example[i] = o->column[i].example;
		if (check(o, &heading[i], 1) || check(o, &example[i], 1))
			return E_BAD;
	}
	if (send(o, heading, o->n, S("\xef\xbb\xbf")))
		return o->e ? o->e : E_TOO_BIG;
	return examples ? send(o, example, o->n, S("")) : OK;
}

enum err grid_begin(struct arena *a, enum grid_form f, const char *path, const struct grid_sink *sink, struct str title,
                    const struct grid_column *column, size_t n, bool examples, struct grid_out **ret)
{
	struct grid_column *mine;
	struct grid_out *o;
	enum err e;

	if (n == 0 || (f == GRID_XLSX ? !path : !sink))
		return E_INTERNAL;
	mine = TAKE(a, struct grid_column, n);
	memcpy(mine, column, n * sizeof(*mine));
	o = TAKE(a, struct grid_out, 1);
	*o = (struct grid_out){ .form = f, .column = mine, .n = n };
	if (sink)
		o->sink = *sink;
	arena_init(&o->row, ROW, NULL);
	e = f == GRID_XLSX ? xlsx_begin(path, title, mine, n, examples, &o->xlsx) : begin_text(o, a, examples);
	if (e) {
		arena_end(&o->row);
		return e;
	}
	*ret = o;
	return OK;
}

enum err grid_put(struct grid_out *o, const struct str *cell, size_t n)
{
	enum err e = o->e ? o->e : check(o, cell, n);

	if (e)
		return e;
	return o->xlsx ? (o->e = xlsx_put(o->xlsx, cell, n)) : send(o, cell, n, S(""));
}

enum err grid_end(struct grid_out *o)
{
	enum err e = o->e;

	if (o->xlsx) {
		enum err closing = xlsx_end(o->xlsx, !e);

		e = e ? e : closing;
	}
	arena_end(&o->row);
	return e;
}
