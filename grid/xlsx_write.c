/* grid/xlsx_write.c - workbooks by libxlsxwriter, row by row in constant memory.
 *
 * The only file that includes its headers. The library has no output to memory: it writes the file it is given, and its scratch files
 * beside it. Nothing here depends on the hour: the same rows give the same bytes. Owner of struct xlsx_out: the caller of xlsx_begin.
 */
#include <errno.h>

#include <xlsxwriter.h>

#include "inner.h"

enum { LAST = 1048575, CHARS = 32767, INLINE_LIST = 255, SHEET_NAME = 31, NARROW = 8, WIDE = 60 };   /* LAST: index of the last row */
static const time_t created = 1577836800;       /* 2020-01-01: the library would take the clock */
static const lxw_color_t required_fill = 0xfff2cc, plain_fill = 0xe7e6e6, grey = 0x7f7f7f;

struct xlsx_out {
	lxw_workbook *book;
	lxw_worksheet *sheet, *choices;
	lxw_format *heading, *required, *example, *text;
	const struct grid_column *column;
	size_t n, sheets;
	lxw_row_t row;          /* the next one */
	char *path, *z;         /* z: a terminated copy of the cell being written */
	size_t z_cap;
	char title[SHEET_NAME * 4 + 1];
};

/* ---- text for the library: terminated, and without what XML cannot hold ---- */

static bool z_room(struct xlsx_out *o, size_t n)
{
	char *p;

	if (n <= o->z_cap)
		return true;
	p = realloc(o->z, n * 2);
	if (!p)
		return false;
	o->z = p;
	o->z_cap = n * 2;
	return true;
}

static bool looks_escaped(struct str s)
{
	char two[2];

	return s.n >= 7 && s.p[1] == 'x' && s.p[6] == '_' && hex_get(str_sub(s, 2, 4), two, 2);
}

/* The escapes of ECMA-376 22.9.2.19: control characters, the two that are none, and what only looks like an escape. */
static const char *escaped(struct xlsx_out *o, struct str s)
{
	size_t n = 0;

	if (!z_room(o, 7 * s.n + 1))
		return NULL;
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if ((c < 0x20 && c != '\t' && c != '\n') || (c == '_' && looks_escaped(str_sub(s, i, 7)))) {
			n += (size_t)snprintf(o->z + n, 8, "_x%04X_", (unsigned)c);
		} else if (c == 0xef && s.n - i >= 3 && s.p[i + 1] == '\xbf' && (s.p[i + 2] == '\xbe' || s.p[i + 2] == '\xbf')) {
			n += (size_t)snprintf(o->z + n, 8, "_xFFF%c_", s.p[i + 2] == '\xbe' ? 'E' : 'F');
			i += 2;
		} else {
			o->z[n++] = (char)c;
		}
	}
	o->z[n] = 0;
	return o->z;
}

static enum err answer(lxw_error e)
{
	return e == LXW_NO_ERROR ? OK : e == LXW_ERROR_MEMORY_MALLOC_FAILED ? E_BUSY :
	       e == LXW_ERROR_MAX_STRING_LENGTH_EXCEEDED || e == LXW_ERROR_WORKSHEET_INDEX_OUT_OF_RANGE ? E_TOO_BIG : E_INTERNAL;
}

static enum err put_text(struct xlsx_out *o, lxw_worksheet *sheet, lxw_row_t row, size_t col, struct str s, lxw_format *format)
{
	const char *z;

	if (s.n == 0)
		return OK;
	z = escaped(o, s);
	if (!z)
		return E_BUSY;
	if (utf8_count(str_of(z)) > CHARS)
		return E_TOO_BIG;
	return answer(worksheet_write_string(sheet, row, (lxw_col_t)col, z, format));
}

/* ---- the heading of a sheet ---- */

/* A sheet's name: at most 31 characters, none of []:*?/\ and no apostrophe at its ends. */
static void sheet_name(struct str title, char *out)
{
	size_t n = 0, chars = 0;

	for (size_t i = 0; i < title.n && chars < SHEET_NAME - 4; chars++) {        /* room for the number of a further sheet */
		size_t from = i;

		if (utf8_next(title, &i) < 0)
			break;
		if (i - from == 1 && ((unsigned char)title.p[from] < 0x20 || memchr("[]:*?/\\'", title.p[from], 8)))
			continue;
		memcpy(out + n, title.p + from, i - from);
		n += i - from;
	}
	out[n] = 0;
}

static double width_of(const struct grid_column *c)
{
	size_t n = c->width;

	if (!n)                 /* wide characters take two places; most headings are of them */
		for (size_t at = 0; at < c->heading.n;) {
			int32_t cp = utf8_next(c->heading, &at);

			if (cp < 0)
				break;
			n += cp >= 0x2e80 ? 2 : 1;
		}
	n += 2;
	return n < NARROW ? NARROW : n > WIDE ? WIDE : (double)n;
}

static enum err put_note(struct xlsx_out *o, size_t col)
{
	lxw_comment_options look = { .x_scale = 2, .y_scale = 1.5 };
	struct str note = o->column[col].note;
	const char *z;

	if (note.n == 0)
		return OK;
	z = escaped(o, note);
	if (!z)
		return E_BUSY;
	if (utf8_count(str_of(z)) > CHARS)
		return E_TOO_BIG;
	return answer(worksheet_write_comment_opt(o->sheet, 0, (lxw_col_t)col, z, &look));
}

static bool fits_inline(const struct grid_column *c)
{
	size_t bytes = 0;

	for (size_t i = 0; i < c->n_choice; i++) {
		struct str s = c->choice[i];

		if (s.n == 0 || s.p[0] == ' ' || s.p[s.n - 1] == ' ' || s.p[0] == '=')
			return false;
		for (size_t k = 0; k < s.n; k++)
			if (memchr(",\"\n\r\t", s.p[k], 5))
				return false;
		bytes += s.n + 1;
	}
	return bytes <= INLINE_LIST;
}

static lxw_data_validation list_validation(void)
{
	return (lxw_data_validation){ .validate = LXW_VALIDATION_TYPE_LIST, .ignore_blank = LXW_VALIDATION_ON, .show_input = LXW_VALIDATION_ON,
		.show_error = LXW_VALIDATION_ON, .error_type = LXW_VALIDATION_ERROR_TYPE_STOP, .dropdown = LXW_VALIDATION_ON,
		.error_title = (char *)(uintptr_t)"不在选项中", .error_message = (char *)(uintptr_t)"请从下拉列表中选择。" };
}

static enum err inline_list(struct xlsx_out *o, size_t col)
{
	const struct grid_column *c = &o->column[col];
	lxw_data_validation v = list_validation();
	char **list = calloc(c->n_choice + 1, sizeof(*list)), *text = calloc(1, INLINE_LIST * 4 + c->n_choice + 1), *at = text;
	enum err e = E_BUSY;

	if (list && text) {
		for (size_t i = 0; i < c->n_choice; i++) {
			list[i] = at;
			memcpy(at, c->choice[i].p, c->choice[i].n);
			at += c->choice[i].n + 1;
		}
		v.value_list = list;
		e = answer(worksheet_data_validation_range(o->sheet, 1, (lxw_col_t)col, LAST, (lxw_col_t)col, &v));
	}
	free(list);
	free(text);
	return e;
}

static enum err range_list(struct xlsx_out *o, size_t col)
{
	lxw_data_validation v = list_validation();
	char name[LXW_MAX_COL_NAME_LENGTH], formula[64];

	lxw_col_to_name(name, (lxw_col_t)col, 1);
	snprintf(formula, sizeof(formula), "='选项'!%s$1:%s$%zu", name, name, o->column[col].n_choice);
	v.validate = LXW_VALIDATION_TYPE_LIST_FORMULA;
	v.value_formula = formula;
	return answer(worksheet_data_validation_range(o->sheet, 1, (lxw_col_t)col, LAST, (lxw_col_t)col, &v));
}

/* Constant memory wants whole rows from the top: every column's first choice, then every second. */
static enum err write_choices(struct xlsx_out *o)
{
	size_t most = 0;

	for (size_t c = 0; c < o->n; c++)
		if (!fits_inline(&o->column[c]) && o->column[c].n_choice > most)
			most = o->column[c].n_choice;
	if (most == 0)
		return OK;
	if (most > LAST)
		return E_TOO_BIG;
	o->choices = workbook_add_worksheet(o->book, "选项");
	if (!o->choices)
		return E_BUSY;
	for (size_t r = 0; r < most; r++)
		for (size_t c = 0; c < o->n; c++) {
			enum err e = OK;

			if (r < o->column[c].n_choice && !fits_inline(&o->column[c]))
				e = put_text(o, o->choices, (lxw_row_t)r, c, o->column[c].choice[r], o->text);
			if (e)
				return e;
		}
	return OK;
}

static enum err put_column(struct xlsx_out *o, size_t c)
{
	const struct grid_column *column = &o->column[c];
	enum err e = answer(worksheet_set_column(o->sheet, (lxw_col_t)c, (lxw_col_t)c, width_of(column), column->number ? NULL : o->text));

	if (!e)
		e = put_text(o, o->sheet, 0, c, column->heading, column->required ? o->required : o->heading);
	if (!e)
		e = put_note(o, c);
	if (!e && column->n_choice)
		e = fits_inline(column) ? inline_list(o, c) : range_list(o, c);
	return e;
}

static enum err next_sheet(struct xlsx_out *o)
{
	char name[sizeof(o->title) + 8];
	enum err e = OK;

	if (++o->sheets > 99)
		return E_TOO_BIG;
	snprintf(name, sizeof(name), o->sheets == 1 ? "%s" : "%s %zu", o->title, o->sheets);
	o->sheet = workbook_add_worksheet(o->book, name);
	if (!o->sheet)
		return E_BUSY;
	worksheet_freeze_panes(o->sheet, 1, 0);
	for (size_t c = 0; c < o->n && !e; c++)
		e = put_column(o, c);
	o->row = 1;
	return e;
}

/* ---- beginning, rows, end ---- */

static enum err formats(struct xlsx_out *o)
{
	lxw_doc_properties p = { .title = o->title, .created = created };

	o->heading = workbook_add_format(o->book);
	o->required = workbook_add_format(o->book);
	o->example = workbook_add_format(o->book);
	o->text = workbook_add_format(o->book);
	if (!o->heading || !o->required || !o->example || !o->text)
		return E_BUSY;
	format_set_bold(o->heading);
	format_set_bg_color(o->heading, plain_fill);
	format_set_num_format(o->heading, "@");
	format_set_bold(o->required);
	format_set_bg_color(o->required, required_fill);
	format_set_font_color(o->required, LXW_COLOR_RED);
	format_set_num_format(o->required, "@");
	format_set_italic(o->example);
	format_set_font_color(o->example, grey);
	format_set_num_format(o->example, "@");
	format_set_num_format(o->text, "@");
	return answer(workbook_set_properties(o->book, &p));
}

static enum err put_examples(struct xlsx_out *o)
{
	enum err e = OK;

	for (size_t c = 0; c < o->n && !e; c++)
		e = put_text(o, o->sheet, o->row, c, o->column[c].example, o->example);
	o->row++;
	return e;
}

/* The file must not be there; the library would write over it. */
static enum err claim(const char *path)
{
	FILE *f = fopen(path, "wxe");

	if (!f)
		return errno == EEXIST ? E_CLASH : E_IO;
	return fclose(f) ? E_IO : OK;
}

static enum err begin(struct xlsx_out *o, struct str title, bool examples)
{
	char *slash = strrchr(o->path, '/');
	lxw_workbook_options options = { .constant_memory = LXW_TRUE, .tmpdir = (char *)(uintptr_t)".", .use_zip64 = LXW_FALSE };
	char *folder = slash ? strndup(o->path, slash == o->path ? 1 : (size_t)(slash - o->path)) : NULL;
	enum err e;

	if (slash && !folder)
		return E_BUSY;
	if (folder)
		options.tmpdir = folder;
	sheet_name(title.n ? title : S("Sheet1"), o->title);
	if (!o->title[0] || strcmp(o->title, "选项") == 0)
		snprintf(o->title, sizeof(o->title), "Sheet1");
	o->book = workbook_new_opt(o->path, &options);  /* copies the folder's name */
	free(folder);
	if (!o->book)
		return E_BUSY;
	e = formats(o);
	if (!e)
		e = next_sheet(o);
	if (!e)
		e = write_choices(o);
	return e || !examples ? e : put_examples(o);
}

enum err xlsx_begin(const char *path, struct str title, const struct grid_column *column, size_t n, bool examples, struct xlsx_out **ret)
{
	struct xlsx_out *o;
	enum err e = n > LXW_COL_MAX ? E_TOO_BIG : claim(path);

	if (e)
		return e;
	o = calloc(1, sizeof(*o));
	if (!o) {
		remove(path);
		return E_BUSY;
	}
	*o = (struct xlsx_out){ .column = column, .n = n, .path = strdup(path) };
	e = o->path ? begin(o, title, examples) : E_BUSY;
	if (e) {
		enum err dropped = xlsx_end(o, false);

		remove(path);
		return dropped ? dropped : e;
	}
	*ret = o;
	return OK;
}

/* Decimals a spreadsheet keeps as they are: at most 15 digits and no zeros that a number would lose. */
static bool as_number(struct str s, double *ret)
{
	size_t first = s.n && s.p[0] == '-';
	char z[32];

	if (s.n > 15 || !grid_decimal(s, false) || (s.p[first] == '0' && s.n > first + 1 && s.p[first + 1] != '.'))
		return false;
	memcpy(z, s.p, s.n);
	z[s.n] = 0;
	*ret = strtod(z, NULL);
	return true;
}

enum err xlsx_put(struct xlsx_out *o, const struct str *cell, size_t n)
{
	enum err e = o->row > LAST ? next_sheet(o) : OK;

	for (size_t c = 0; c < n && !e; c++) {
		double v;

		if (o->column[c].number && as_number(cell[c], &v))
			e = answer(worksheet_write_number(o->sheet, o->row, (lxw_col_t)c, v, NULL));
		else
			e = put_text(o, o->sheet, o->row, c, cell[c], o->text);
	}
	o->row++;
	return e;
}

enum err xlsx_end(struct xlsx_out *o, bool keep)
{
	enum err e = OK;

	if (o->book && keep)
		e = workbook_close(o->book) == LXW_NO_ERROR ? OK : E_IO;        /* frees the book whatever it answers */
	else if (o->book)
		lxw_workbook_free(o->book);
	if ((!keep || e) && o->path)
		remove(o->path);
	free(o->path);
	free(o->z);
	free(o);
	return e;
}
