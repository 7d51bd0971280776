/* grid/csv.c - tables as text: CSV (RFC 4180), one value a line, NDJSON; a line at a time out of the window of text.c.
 *
 * A quote that does not end is given up at the limit of a cell: the line where it began is reported and reading goes on at the line after
 * it, so that no stray quote swallows the rest of a file. Pure; owner of struct csv: the caller of csv_open.
 */
#include "inner.h"

struct cut {
	size_t from, n;         /* of the record; without the quotes */
	size_t doubled;         /* quotes written twice */
};

struct csv {
	struct text *t;
	struct grid_limits l;
	enum grid_form form;
	char sep;
	uint64_t no;            /* line ends passed so far */
	uint64_t lines;         /* given so far */
	bool skip;              /* the rest of a line is to be passed over first */
	struct cut *cut;
	bool stops[256];        /* bytes that end an unquoted cell */
};

/* ---- the apostrophe rule ---- */

bool grid_decimal(struct str s, bool plus)
{
	size_t i = s.n && (s.p[0] == '-' || (plus && s.p[0] == '+')), from = i, point;

	while (i < s.n && is_digit(s.p[i]))
		i++;
	if (i == from)
		return false;
	if (i == s.n)
		return true;
	point = i++;
	while (i < s.n && is_digit(s.p[i]))
		i++;
	return s.p[point] == '.' && i == s.n && i > point + 1;
}

/* The wide forms run in spreadsheets set to Chinese or Japanese. */
bool grid_runs(struct str cell)
{
	static const char *const wide[] = { "\xef\xbc\x9d", "\xef\xbc\x8b", "\xef\xbc\x8d", "\xef\xbc\xa0" };     /* = + - @ */
	struct str s = cell;

	while (s.n && s.p[0] == '\'')
		s = str_sub(s, 1, s.n);
	if (s.n == 0)
		return false;
	for (size_t i = 0; i < ROWS(wide); i++)
		if (str_starts(s, wide[i]))
			return true;
	if (!memchr("=+-@\t\r", s.p[0], 6))
		return false;
	return s.n < cell.n || !grid_decimal(s, true);
}

/* ---- one record ---- */

enum scan { WHOLE, MORE, UNCLOSED, AFTER_QUOTE, WIDE, LONG };
struct shape {
	size_t cells;
	size_t end, next;       /* the record without its line end; the record after it */
	size_t stop;            /* of a trouble: where the line is that is to be passed over */
};

/* s[*at] is the opening quote; *at moves behind the closing one. */
static enum scan scan_quoted(const struct csv *c, struct str s, bool last, size_t *at, struct cut *cut)
{
	size_t from = *at + 1, i = from;

	cut->doubled = 0;
	for (;;) {
		size_t most = from + c->l.cell + 2 * cut->doubled + 1, end = most < s.n ? most : s.n;
		const char *q = i < end ? memchr(s.p + i, '"', end - i) : NULL;

		if (!q)
			return end == most || last ? UNCLOSED : MORE;
		i = (size_t)(q - s.p);
		if (i + 1 == s.n && !last)
			return MORE;
		if (i + 1 == s.n || s.p[i + 1] != '"')
			break;
		cut->doubled++;
		i += 2;
	}
	cut->from = from;
	cut->n = i - from;
	*at = i + 1;
	return i + 1 == s.n || c->stops[(unsigned char)s.p[i + 1]] ? WHOLE : AFTER_QUOTE;
}

static enum scan scan_plain(const struct csv *c, struct str s, bool last, size_t *at, struct cut *cut)
{
	size_t from = *at, i = from, most = from + c->l.cell + 1, end = most < s.n ? most : s.n;

	while (i < end && !c->stops[(unsigned char)s.p[i]])
		i++;
	if (i == most)
		return LONG;
	*cut = (struct cut){ .from = from, .n = i - from };
	*at = i;
	return i == s.n && !last ? MORE : WHOLE;
}

/* One record at the start of s; last: nothing comes after s. */
static enum scan scan(const struct csv *c, struct str s, bool last, struct shape *ret)
{
	struct shape r = { 0 };
	size_t i = 0;

	for (;;) {
		enum scan got;

		r.stop = i;
		ret->cells = r.cells;
		ret->stop = r.stop;
		if (r.cells == c->l.columns)
			return WIDE;
		if (i < s.n && s.p[i] == '"')
			got = scan_quoted(c, s, last, &i, &c->cut[r.cells]);
		else
			got = scan_plain(c, s, last, &i, &c->cut[r.cells]);
		if (got != WHOLE)
			return got;
		r.cells++;
		if (i == s.n || s.p[i] != c->sep)
			break;
		i++;
	}
	if (i + 1 == s.n && s.p[i] == '\r' && !last)
		return MORE;                    /* its line feed may be yet to come */
	r.end = i;
	r.next = i == s.n ? i : s.p[i] == '\r' && i + 1 < s.n && s.p[i + 1] == '\n' ? i + 2 : i + 1;
	*ret = r;
	return WHOLE;
}

static uint64_t line_ends(const char *p, size_t n)
{
	uint64_t ends = 0;

	for (size_t i = 0; i < n; i++)
		ends += p[i] == '\n' || (p[i] == '\r' && (i + 1 == n || p[i + 1] != '\n'));
	return ends;
}

/* ---- troubles ---- */

static enum err bad_line(struct grid_line *ret, size_t column, struct str zh, struct str en)
{
	ret->column = column;
	ret->zh = zh;
	ret->en = en;
	return E_BAD;
}

static enum err trouble(struct csv *c, enum scan what, const struct shape *r, struct arena *a, struct grid_line *ret)
{
	const char *p = c->t->p + c->t->from;
	size_t column = r->cells;

	ret->no = c->no + 1 + line_ends(p, r->stop);
	c->no = ret->no - 1;
	c->t->from += r->stop;
	c->skip = true;
	switch (what) {
	case UNCLOSED:
		return bad_line(ret, column, str_fmt(a, "第 %llu 行开始的引号没有结束，或者引号里的内容超过 %zu 字节", (unsigned long long)ret->no, c->l.cell),
		                str_fmt(a, "the quote that begins in line %llu does not end, or holds more than %zu bytes",
		                        (unsigned long long)ret->no, c->l.cell));
	case AFTER_QUOTE:
		return bad_line(ret, column, str_fmt(a, "第 %llu 行开始的引号结束后还有别的字；引号里的引号要写成两个", (unsigned long long)ret->no),
		                str_fmt(a, "text follows the closing quote that begins in line %llu; a quote inside quotes is written twice",
		                        (unsigned long long)ret->no));
	case WIDE:
		return bad_line(ret, column, str_fmt(a, "超过 %zu 列", c->l.columns), str_fmt(a, "more than %zu columns", c->l.columns));
	default:
		return bad_line(ret, column, str_fmt(a, "单元格超过 %zu 字节", c->l.cell), str_fmt(a, "a cell of more than %zu bytes", c->l.cell));
	}
}

/* The bytes are no UTF-8; the place in the file is known when nothing was converted. */
static enum err bad_bytes(const struct csv *c, uint64_t at, bool zero, size_t column, struct arena *a, struct grid_line *ret)
{
	if (c->t->convert)
		return bad_line(ret, column, str_fmt(a, "这一行有不合 %s 编码的字节", c->t->encoding),
		                str_fmt(a, "bytes in this line are not %s", c->t->encoding));
	if (zero)
		return bad_line(ret, column, str_fmt(a, "文件第 %llu 个字节是空字节", (unsigned long long)at + 1),
		                str_fmt(a, "byte %llu of the file is NUL", (unsigned long long)at + 1));
	return bad_line(ret, column, str_fmt(a, "文件第 %llu 个字节不是 UTF-8 编码", (unsigned long long)at + 1),
	                str_fmt(a, "byte %llu of the file is not UTF-8", (unsigned long long)at + 1));
}

/* ---- lines ---- */

/* Passes over the rest of a line. */
static enum err skip_line(struct csv *c)
{
	struct text *t = c->t;
	enum err e;

	for (;;) {
		while (t->from < t->n && t->p[t->from] != '\n' && t->p[t->from] != '\r')
			t->from++;
		if (t->end || t->n - t->from >= 2) {
			if (t->from < t->n) {
				t->from += t->p[t->from] == '\r' && t->from + 1 < t->n && t->p[t->from + 1] == '\n' ? 2 : 1;
				c->no++;
			}
			c->skip = false;
			return OK;
		}
		e = text_more(t);
		if (e)
			return e;
	}
}

static struct str unquote(struct arena *a, struct str s, size_t doubled)
{
	char *p;
	size_t n = 0;

	if (!doubled)
		return s;
	p = arena_take(a, s.n - doubled + 1);
	for (size_t i = 0; i < s.n; i++) {
		p[n++] = s.p[i];
		i += s.p[i] == '"';
	}
	return (struct str){ p, n };
}

static struct str cell_of(struct arena *a, struct str raw, const struct cut *cut)
{
	struct str s = unquote(a, str_sub(raw, cut->from, cut->n), cut->doubled);

	if (s.n > 1 && s.p[0] == '\'' && grid_runs(str_sub(s, 1, s.n)))
		return str_sub(s, 1, s.n);
	return s;
}

static bool all_empty(const struct csv *c, const struct shape *r)
{
	for (size_t i = 0; i < r->cells; i++)
		if (c->cut[i].n)
			return false;
	return true;
}

/* A whole record at the start of the window. E_STATE: nothing in it. */
static enum err give(struct csv *c, const struct shape *r, struct arena *a, struct grid_line *ret)
{
	struct text *t = c->t;
	struct str raw = { t->p + t->from, r->end };
	uint64_t at = t->base + t->from;
	size_t bad = grid_bad_byte(raw.p, raw.n), column = 0;

	ret->no = c->no + 1;
	c->no += line_ends(raw.p, raw.n) + (r->next > r->end);
	t->from += r->next;
	if (all_empty(c, r))
		return E_STATE;
	if (bad < raw.n) {
		while (column + 1 < r->cells && c->cut[column + 1].from <= bad)
			column++;
		return bad_bytes(c, at + bad, raw.p[bad] == 0, column, a, ret);
	}
	ret->raw = str_copy(a, raw);
	ret->cell = TAKE(a, struct str, r->cells);
	ret->n = r->cells;
	for (size_t i = 0; i < r->cells; i++)
		ret->cell[i] = cell_of(a, ret->raw, &c->cut[i]);
	return OK;
}

/* The first line end; a carriage return alone is white space in JSON. */
static size_t line_end(const struct csv *c, struct str s)
{
	size_t lf = str_find(s, '\n');

	return c->form == GRID_TEXT ? str_find(str_sub(s, 0, lf), '\r') : lf;
}

/* NDJSON and TEXT: only the line ends count. */
static enum scan scan_line(const struct csv *c, struct str s, bool last, struct shape *ret)
{
	size_t most = c->form == GRID_TEXT ? c->l.cell : c->l.cell * c->l.columns;
	size_t i = line_end(c, str_sub(s, 0, most + 1));

	*ret = (struct shape){ 0 };
	if (i > most)
		return LONG;
	if (!last && (i == s.n || (s.p[i] == '\r' && i + 1 == s.n)))
		return MORE;
	ret->cells = 1;
	ret->next = i == s.n ? i : s.p[i] == '\r' && i + 1 < s.n && s.p[i + 1] == '\n' ? i + 2 : i + 1;
	ret->end = i && c->form == GRID_NDJSON && s.p[i - 1] == '\r' ? i - 1 : i;
	c->cut[0] = (struct cut){ .n = str_trim(str_sub(s, 0, ret->end)).n };
	return WHOLE;
}

static enum err give_line(struct csv *c, const struct shape *r, struct arena *a, struct grid_line *ret)
{
	struct text *t = c->t;
	struct str raw = { t->p + t->from, r->end };
	uint64_t at = t->base + t->from;
	size_t bad = grid_bad_byte(raw.p, raw.n);

	ret->no = ++c->no;
	t->from += r->next;
	if (c->cut[0].n == 0)
		return E_STATE;
	if (bad < raw.n)
		return bad_bytes(c, at + bad, raw.p[bad] == 0, 0, a, ret);
	ret->raw = str_copy(a, raw);
	if (c->form == GRID_TEXT) {
		ret->cell = TAKE(a, struct str, 1);
		ret->cell[0] = ret->raw;
		ret->n = 1;
	}
	return OK;
}

/* A step: E_STATE when there is nothing to give yet. */
static enum err step(struct csv *c, struct arena *a, struct grid_line *ret)
{
	struct text *t = c->t;
	struct shape r = { 0 };
	struct str s = { t->p + t->from, t->n - t->from };
	enum scan got;
	enum err e;

	if (c->skip) {
		e = skip_line(c);
		return e ? e : E_STATE;
	}
	if (s.n == 0 && t->end)
		return E_ABSENT;
	got = s.n == 0 ? MORE : c->form == GRID_CSV ? scan(c, s, t->end, &r) : scan_line(c, s, t->end, &r);
	if (got == MORE) {
		e = text_more(t);
		return e ? e : E_STATE;
	}
	if (got != WHOLE)
		return trouble(c, got, &r, a, ret);
	return c->form == GRID_CSV ? give(c, &r, a, ret) : give_line(c, &r, a, ret);
}

enum err csv_next(struct csv *c, struct arena *a, struct grid_line *ret)
{
	enum err e;

	do
		e = step(c, a, ret);
	while (e == E_STATE);
	if ((e == OK || e == E_BAD) && ++c->lines > c->l.lines) {
		*ret = (struct grid_line){ .no = ret->no };
		ret->zh = str_fmt(a, "超过 %llu 行；请分成几个文件", (unsigned long long)c->l.lines);
		ret->en = str_fmt(a, "more than %llu lines; split the file", (unsigned long long)c->l.lines);
		return E_TOO_BIG;
	}
	return e;
}

/* ---- the form, from the first line ---- */

/* The separator that the heading has most of; 0 for none. */
static char find_separator(struct str s)
{
	static const char seps[] = ",\t;";
	size_t count[3] = { 0 }, best = 0;
	bool quoted = false;

	for (size_t i = 0; i < s.n && (quoted || (s.p[i] != '\n' && s.p[i] != '\r')); i++) {
		const char *at = s.p[i] ? strchr(seps, s.p[i]) : NULL;

		quoted ^= s.p[i] == '"';
		if (at && !quoted)
			count[at - seps]++;
	}
	for (size_t i = 1; i < 3; i++)
		if (count[i] > count[best])
			best = i;
	return count[best] ? seps[best] : 0;
}

static bool named_csv(struct str name)
{
	static const char end[] = ".csv";

	if (name.n < 4)
		return false;
	for (size_t i = 0; i < 4; i++)
		if (ascii_lower(name.p[name.n - 4 + i]) != end[i])
			return false;
	return true;
}

enum err csv_open(struct text *t, struct str name, const struct grid_limits *l, struct csv **ret)
{
	struct str first;
	struct csv *c;
	enum err e = text_more(t);

	if (e)
		return e;
	c = calloc(1, sizeof(*c));
	if (!c)
		return E_BUSY;
	*c = (struct csv){ .t = t, .l = *l, .cut = calloc(l->columns, sizeof(*c->cut)) };
	if (!c->cut) {
		free(c);
		return E_BUSY;
	}
	first = str_trim((struct str){ t->p, t->n });
	c->sep = find_separator((struct str){ t->p + (first.n ? (size_t)(first.p - t->p) : 0), first.n });
	c->form = first.n && first.p[0] == '{' ? GRID_NDJSON : c->sep || named_csv(name) ? GRID_CSV : GRID_TEXT;
	if (!c->sep)
		c->sep = ',';
	c->stops[(unsigned char)c->sep] = c->stops['\r'] = c->stops['\n'] = true;
	*ret = c;
	return OK;
}

enum grid_form csv_form(const struct csv *c) { return c->form; }

void csv_close(struct csv *c)
{
	if (!c)
		return;
	free(c->cut);
	free(c);
}
