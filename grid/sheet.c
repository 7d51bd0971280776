/* grid/sheet.c - the rows of a worksheet, one at a time.
 *
 * Events of the XML gather a row here; when it is complete the parser pauses and the row is copied into the arena of the line. Events never
 * allocate in an arena, because they may not jump out of the parser. Owner: the caller of sheet_open.
 */
#include "inner.h"

enum { LAST_ROW = 1048576 };

enum type { T_NUMBER, T_SHARED, T_TEXT, T_INLINE, T_BOOL, T_ERROR, T_ISO };
enum trouble { FINE, WIDE, PLACE, TWICE, ROW, LONG, SHARED, NUMBER, DIGITS, DATE, FAULT, FORMULA, MEMORY };

struct held {
	const char *shared;     /* NULL: at `at` of the row's own text */
	size_t at, n;
	bool set;
};

struct sheet {
	struct book b;
	struct grid_limits l;
	struct xml *xml;
	/* where the parser is */
	bool in_data, in_row, in_cell, in_text;
	unsigned skip;          /* depth inside what does not count */
	/* the row */
	uint64_t no, last;      /* last: of the row before */
	size_t width, next;     /* columns so far; where a cell without a place goes */
	struct held *cell;
	char *text;
	size_t text_n, text_cap;
	enum trouble trouble;
	size_t trouble_at;
	/* the cell */
	size_t column, from;
	enum type type;
	size_t style;
	bool formula, value;
	/* the whole */
	size_t heading;         /* columns of the first row */
	uint64_t lines;
};

static void trouble(struct sheet *s, enum trouble t)
{
	if (s->trouble)
		return;
	s->trouble = t;
	s->trouble_at = s->column;
}

/* ---- attributes ---- */

static bool row_of(const char *v, uint64_t *ret)
{
	int64_t n;

	if (!str_to_int(str_of(v), &n) || n < 1 || n > LAST_ROW)
		return false;
	*ret = (uint64_t)n;
	return true;
}

/* "AB12" is column 27. The row in it is not looked at: the row has its own number. */
static bool column_of(const char *v, size_t *ret)
{
	size_t n = 0, letters = 0;

	for (; *v >= 'A' && *v <= 'Z' && letters < 3; v++, letters++)
		n = n * 26 + (size_t)(*v - 'A') + 1;
	if (letters == 0 || !is_digit(*v))
		return false;
	*ret = n - 1;
	return true;
}

static enum type type_of(const char *t)
{
	static const struct { const char *t; enum type type; } types[] = {
		{ "s", T_SHARED }, { "n", T_NUMBER }, { "str", T_TEXT }, { "inlineStr", T_INLINE }, { "b", T_BOOL }, { "e", T_ERROR }, { "d", T_ISO },
	};

	for (size_t i = 0; t && i < ROWS(types); i++)
		if (strcmp(t, types[i].t) == 0)
			return types[i].type;
	return T_NUMBER;
}

static size_t style_of(const char *v)
{
	int64_t n;

	return v && str_to_int(str_of(v), &n) && n >= 0 ? (size_t)n : 0;
}

/* ---- rows and cells begin ---- */

static void row_start(struct sheet *s, const char **atts)
{
	const char *r = xml_att(atts, "r");

	memset(s->cell, 0, s->width * sizeof(*s->cell));
	s->in_row = true;
	s->width = s->next = s->text_n = s->column = 0;
	s->trouble = FINE;
	s->no = s->last + 1;
	if (r && (!row_of(r, &s->no) || s->no <= s->last)) {
		s->no = s->last + 1;
		trouble(s, ROW);
	}
	s->last = s->no;
}

static void cell_start(struct sheet *s, const char **atts)
{
	const char *r = NULL, *t = NULL, *style = NULL;

	for (; *atts; atts += 2)
		if (atts[0][0] && !atts[0][1])
			*(atts[0][0] == 'r' ? &r : atts[0][0] == 't' ? &t : atts[0][0] == 's' ? &style : &(const char *){ NULL }) = atts[1];
	s->in_cell = true;
	s->column = s->next;
	if (r && !column_of(r, &s->column)) {
		s->column = s->next;
		trouble(s, PLACE);
	}
	s->next = s->column + 1;
	s->from = s->text_n;
	s->type = type_of(t);
	s->style = style ? style_of(style) : 0;
	s->formula = s->value = false;
}

static enum xml_go inside_cell(struct sheet *s, const char *name)
{
	if (strcmp(name, "v") == 0) {
		s->in_text = s->value = true;
	} else if (strcmp(name, "t") == 0) {
		s->in_text = true;
	} else if (strcmp(name, "f") == 0) {
		s->formula = true;
	} else if (strcmp(name, "is") != 0 && strcmp(name, "r") != 0) {
		s->skip = 1;            /* rPh, rPr, extLst */
		return XML_STRANGE;
	}
	return XML_GO;
}

static enum xml_go on_start(void *ctx, const char *name, const char **atts)
{
	struct sheet *s = ctx;

	if (s->skip) {
		s->skip++;
		return XML_STRANGE;
	}
	if (s->in_cell)
		return inside_cell(s, name);
	if (s->in_row && strcmp(name, "c") == 0) {
		cell_start(s, atts);
	} else if (s->in_data && !s->in_row && strcmp(name, "row") == 0) {
		row_start(s, atts);
	} else if (s->in_data) {
		s->skip = 1;
		return XML_STRANGE;
	} else {
		s->in_data = strcmp(name, "sheetData") == 0;
		return XML_STRANGE;
	}
	return XML_GO;
}

static void on_text(void *ctx, const char *p, size_t n)
{
	struct sheet *s = ctx;
	size_t most = s->from + s->l.cell + 1;

	if (!s->in_text || s->skip)
		return;
	n = n < most - s->text_n ? n : most - s->text_n;
	if (s->text_n + n + CELL_TEXT > s->text_cap) {
		size_t cap = 2 * (s->text_n + n + CELL_TEXT);
		char *to = realloc(s->text, cap);

		if (!to) {
			trouble(s, MEMORY);
			return;
		}
		s->text = to;
		s->text_cap = cap;
	}
	memcpy(s->text + s->text_n, p, n);
	s->text_n += n;
}

/* ---- a cell is complete ---- */

static void shown(struct sheet *s, struct held *c, enum cell_trouble (*how)(struct sheet *s, struct str v, char *out, size_t *ret_n))
{
	static const enum trouble as[] = { FINE, NUMBER, DIGITS, DATE };
	char out[CELL_TEXT];
	enum cell_trouble t = how(s, (struct str){ s->text + s->from, s->text_n - s->from }, out, &c->n);

	trouble(s, as[t]);
	if (t != CELL_OK)
		return;
	memcpy(s->text + s->from, out, c->n);
	s->text_n = s->from + c->n;
}

static enum cell_trouble as_number(struct sheet *s, struct str v, char *out, size_t *ret_n)
{
	enum shows how = s->style < s->b.n_shows ? (enum shows)s->b.shows[s->style] : SHOWS_NUMBER;

	return cell_number(v, how, s->b.from_1904, out, ret_n);
}

static enum cell_trouble as_iso(struct sheet *s, struct str v, char *out, size_t *ret_n)
{
	(void)s;
	return cell_iso(v, out, ret_n);
}

static void take_shared(struct sheet *s, struct held *c)
{
	int64_t i;

	if (!str_to_int(str_trim((struct str){ s->text + s->from, s->text_n - s->from }), &i) || i < 0 || (uint64_t)i >= s->b.n_shared) {
		trouble(s, SHARED);
		return;
	}
	s->text_n = s->from;
	c->n = s->b.start[i + 1] - s->b.start[i];
	c->shared = s->b.text + s->b.start[i];
	if (!c->n)
		c->shared = NULL;
}

static void take_bool(struct sheet *s, struct held *c)
{
	bool yes = s->text[s->from] == '1' || s->text[s->from] == 't';
	struct str word = yes ? S("是") : S("否");

	memcpy(s->text + s->from, word.p, word.n);
	c->n = word.n;
	s->text_n = s->from + c->n;
}

static void take_value(struct sheet *s, struct held *c)
{
	switch (s->type) {
	case T_NUMBER:
		shown(s, c, as_number);
		break;
	case T_ISO:
		shown(s, c, as_iso);
		break;
	case T_SHARED:
		take_shared(s, c);
		break;
	case T_BOOL:
		take_bool(s, c);
		break;
	case T_ERROR:
		trouble(s, FAULT);
		break;
	case T_TEXT:
	case T_INLINE:
		c->n = xml_unescape(s->text + s->from, c->n);
		s->text_n = s->from + c->n;
		break;
	}
}

static void cell_end(struct sheet *s)
{
	struct held *c;

	s->in_cell = false;
	if (s->formula && s->text_n == s->from && (!s->value || s->type != T_TEXT))
		trouble(s, FORMULA);    /* an empty text is a value, an empty number is none */
	if (s->text_n == s->from)
		return;                 /* nothing in it, wherever it is */
	if (s->column >= s->l.columns) {
		trouble(s, WIDE);
		s->text_n = s->from;
		return;
	}
	c = &s->cell[s->column];
	if (c->set)
		trouble(s, TWICE);
	*c = (struct held){ .at = s->from, .n = s->text_n - s->from, .set = true };
	take_value(s, c);
	if (c->n > s->l.cell)
		trouble(s, LONG);
	if (c->n && s->width <= s->column)
		s->width = s->column + 1;
	if (!c->n)
		*c = (struct held){ 0 };
	if (s->trouble)
		s->text_n = s->from;    /* nobody will read it: an ill row does not grow */
}

static enum xml_go on_end(void *ctx, const char *name)
{
	struct sheet *s = ctx;

	if (s->skip) {
		s->skip--;
	} else if (s->in_text) {
		s->in_text = false;
	} else if (s->in_cell) {
		if (strcmp(name, "c") == 0)
			cell_end(s);
	} else if (s->in_row) {
		s->in_row = false;
		return s->width || s->trouble ? XML_PAUSE : XML_GO;
	} else if (s->in_data) {
		return XML_OVER;
	}
	return XML_GO;
}

/* ---- a row is complete ---- */

static const struct why whys[] = {
	[WIDE] = { "超出允许的列数", "beyond the columns allowed" },
	[PLACE] = { "单元格的位置写错了，文件可能已损坏", "the place of a cell is ill-formed; the file may be damaged" },
	[TWICE] = { "同一个单元格出现两次，文件可能已损坏", "a cell is there twice; the file may be damaged" },
	[ROW] = { "行号不对，文件可能已损坏", "the row's number is wrong; the file may be damaged" },
	[LONG] = { "单元格的内容太长", "the cell holds too much" },
	[SHARED] = { "单元格引用的文字不存在，文件可能已损坏", "the cell refers to a text that is not there; the file may be damaged" },
	[NUMBER] = { "单元格里的数写得不对，文件可能已损坏", "the cell's number is ill-formed; the file may be damaged" },
	[DIGITS] = { "数字超过 15 位，表格软件已丢掉后面的位数；请把这一列设为“文本”格式后重新填写",
	             "a number of more than 15 digits has lost the others in the spreadsheet; format the column as text and enter it again" },
	[DATE] = { "单元格里的数不是日期", "the cell's number is no date" },
	[FAULT] = { "单元格里是公式错误（如 #N/A、#REF!）", "the cell shows an error of a formula (#N/A, #REF! ...)" },
	[FORMULA] = { "公式没有算出的值；请在表格软件里打开并保存一次，或改为直接填写",
	              "a formula without its value; open and save the file in a spreadsheet once, or enter the value" },
	[MEMORY] = { "内存不足", "out of memory" },
};

static struct str column_name(struct arena *a, size_t column)
{
	char *p = arena_take(a, 8), *at = p + 7;

	for (column++; column; column = (column - 1) / 26)
		*--at = (char)('A' + (column - 1) % 26);
	return (struct str){ at, (size_t)(p + 7 - at) };
}

static enum err bad_row(const struct sheet *s, struct arena *a, struct grid_line *ret)
{
	struct str name = column_name(a, s->trouble_at);

	ret->column = s->trouble_at;
	ret->zh = str_fmt(a, "%.*s 列：%s", STR_ARG(name), whys[s->trouble].zh);
	ret->en = str_fmt(a, "column %.*s: %s", STR_ARG(name), whys[s->trouble].en);
	return s->trouble == MEMORY ? E_BUSY : E_BAD;
}

static enum err give(struct sheet *s, struct arena *a, struct grid_line *ret)
{
	size_t n, bytes = 0;
	char *p;

	if (!s->heading)
		s->heading = s->width;
	n = s->width > s->heading ? s->width : s->heading;
	for (size_t i = 0; i < s->width; i++)
		bytes += s->cell[i].n;
	ret->cell = TAKE(a, struct str, n);
	ret->n = n;
	p = arena_take(a, bytes + 1);
	for (size_t i = 0; i < n; i++) {
		const struct held *c = &s->cell[i];

		ret->cell[i] = (struct str){ p, i < s->width ? c->n : 0 };
		if (ret->cell[i].n)
			memcpy(p, c->shared ? c->shared : s->text + c->at, c->n);
		p += ret->cell[i].n;
	}
	return OK;
}

static enum err over(struct arena *a, enum err e, struct why why, struct grid_line *ret)
{
	ret->zh = str_copy(a, str_of(why.zh));
	ret->en = str_copy(a, str_of(why.en));
	return e == E_BAD ? E_CORRUPT : e;      /* E_BAD would promise another line */
}

enum err sheet_next(struct sheet *s, struct arena *a, struct grid_line *ret)
{
	struct why why;
	enum err e = xml_run(s->xml, &why);

	ret->no = s->no;
	if (e == E_ABSENT)
		return e;
	if (e)
		return over(a, e, why, ret);
	if (++s->lines > s->l.lines)
		return over(a, E_TOO_BIG, WHY("行数超过上限；请分成几个文件", "more lines than the limit; split the file"), ret);
	return s->trouble ? bad_row(s, a, ret) : give(s, a, ret);
}

enum err sheet_open(const struct grid_source *src, const struct grid_limits *l, struct sheet **ret, struct why *why)
{
	static const struct xml_events on = { on_start, on_end, on_text };
	struct sheet *s = calloc(1, sizeof(*s));
	enum err e;

	if (!s)
		return E_BUSY;
	s->l = *l;
	s->text = malloc(GRID_PIECE);
	s->text_cap = GRID_PIECE;
	s->cell = calloc(l->columns, sizeof(*s->cell));
	e = s->text && s->cell ? book_open(src, l, &s->b, why) : E_BUSY;
	if (!e) {
		*why = whys[ROW];
		e = xml_open(s->b.zip, s->b.sheet, &on, s, &s->xml);
		if (e == E_ABSENT || e == E_CORRUPT) {
			*why = WHY("工作簿缺少工作表，或已损坏；请重新保存后再上传", "a worksheet is missing or damaged; save the file again");
			e = E_BAD;
		}
	}
	if (e) {
		sheet_close(s);
		return e;
	}
	*ret = s;
	return OK;
}

uint64_t sheet_at(const struct sheet *s, uint64_t size)
{
	uint64_t whole = zip_part_size(s->b.zip), at = zip_part_at(s->b.zip);

	return whole && at < whole ? (uint64_t)((double)size * ((double)at / (double)whole)) : size;
}

void sheet_close(struct sheet *s)
{
	if (!s)
		return;
	xml_close(s->xml);
	book_close(&s->b);
	free(s->text);
	free(s->cell);
	free(s);
}
