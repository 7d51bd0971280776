/* grid/grid.c - which form a file has, and the way to its reader. Owner of struct grid_in: the caller of grid_open. */
#include "inner.h"

struct grid_in {
	enum grid_form form;
	uint64_t size;
	struct text *text;      /* CSV, NDJSON, TEXT */
	struct csv *csv;
	struct sheet *sheet;    /* XLSX */
	enum err over;          /* no further line can be had, and why */
};

static const struct { const char *name, *media; } forms[GRID_FORMS] = {
	[GRID_CSV] = { "csv", "text/csv; charset=utf-8" },
	[GRID_XLSX] = { "xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet" },
	[GRID_NDJSON] = { "ndjson", "application/x-ndjson" },
	[GRID_TEXT] = { "txt", "text/plain; charset=utf-8" },
};

const char *grid_form_name(enum grid_form f) { return forms[f].name; }
const char *grid_form_media(enum grid_form f) { return forms[f].media; }

static int64_t read_bytes(void *ctx, uint64_t at, void *to, size_t n)
{
	const struct str *bytes = ctx;
	struct str s = at > bytes->n ? (struct str){ 0 } : str_sub(*bytes, (size_t)at, n);

	if (s.n)
		memcpy(to, s.p, s.n);
	return (int64_t)s.n;
}

struct grid_source grid_of_bytes(const struct str *bytes)
{
	return (struct grid_source){ .read = read_bytes, .ctx = (void *)(uintptr_t)bytes, .size = bytes->n };
}

static struct grid_limits with_defaults(const struct grid_limits *l)
{
	struct grid_limits r = l ? *l : (struct grid_limits){ 0 };

	r.lines = r.lines ? r.lines : 2000000;
	r.columns = r.columns ? r.columns : 256;
	r.cell = r.cell ? r.cell : 32768;
	r.unpacked = r.unpacked ? r.unpacked : UINT64_C(2) << 30;
	r.shared = r.shared ? r.shared : UINT64_C(256) << 20;
	return r;
}

/* What begins a file of a form of its own. */
static const struct { const char *bytes; size_t n; struct why why; } heads[] = {
	{ "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", 8, { "这是旧版 .xls 表格，或加了密码的表格；请去掉密码并另存为 .xlsx 或 CSV",
	                                           "this is an old .xls table, or one with a password; save it without, as .xlsx or CSV" } },
	{ "PK\5\6", 4, { "这是空的压缩包，不是表格；请另存为 .xlsx 或 CSV", "this is an empty archive, no table; save it as .xlsx or CSV" } },
	{ "%PDF-", 5, { "这是 PDF，不是表格；请另存为 .xlsx 或 CSV", "this is a PDF, no table; save it as .xlsx or CSV" } },
	{ "{\\rtf", 5, { "这是 RTF 文档，不是表格；请另存为 .xlsx 或 CSV", "this is an RTF document, no table; save it as .xlsx or CSV" } },
};

static enum err open_text(struct grid_in *r, const struct grid_source *s, struct str name, const struct grid_limits *l, struct why *why,
                          uint64_t *ret_bad)
{
	enum err e = text_open(s, &r->text, why, ret_bad);

	if (!e)
		e = csv_open(r->text, name, l, &r->csv);
	if (!e)
		r->form = csv_form(r->csv);
	return e;
}

static enum err open_form(struct grid_in *r, const struct grid_source *s, struct str name, const struct grid_limits *l, struct why *why,
                          uint64_t *ret_bad)
{
	char head[8] = { 0 };
	size_t n = s->size < sizeof(head) ? (size_t)s->size : sizeof(head);

	if (n == 0) {
		*why = WHY("文件是空的", "the file is empty");
		return E_BAD;
	}
	if (!grid_read(s, 0, head, n))
		return E_IO;
	for (size_t i = 0; i < ROWS(heads); i++)
		if (n >= heads[i].n && memcmp(head, heads[i].bytes, heads[i].n) == 0) {
			*why = heads[i].why;
			return E_BAD;
		}
	if (n < 4 || memcmp(head, "PK\3\4", 4) != 0)
		return open_text(r, s, name, l, why, ret_bad);
	r->form = GRID_XLSX;
	return sheet_open(s, l, &r->sheet, why);
}

enum err grid_open(struct arena *a, const struct grid_source *s, struct str name, const struct grid_limits *l, struct grid_in **ret,
                   struct str *why_zh, struct str *why_en)
{
	struct grid_limits bounds = with_defaults(l);
	struct grid_in *r = calloc(1, sizeof(*r));
	struct why why = { NULL, NULL };
	uint64_t bad = s->size;
	enum err e;

	if (!r)
		return E_BUSY;
	r->size = s->size;
	if (bounds.columns > UINT16_MAX || bounds.cell > UINT32_MAX / 4 || bounds.shared > UINT32_MAX)
		e = E_TOO_BIG;
	else
		e = open_form(r, s, name, &bounds, &why, &bad);
	if (!e) {
		*ret = r;
		return OK;
	}
	grid_close(r);
	if (!why.zh)
		why = WHY(err_zh(e), err_en(e));
	if (bad < s->size) {
		*why_zh = str_fmt(a, "%s（第 %llu 个字节）", why.zh, (unsigned long long)bad + 1);
		*why_en = str_fmt(a, "%s (byte %llu)", why.en, (unsigned long long)bad + 1);
	} else {
		*why_zh = str_of(why.zh);
		*why_en = str_of(why.en);
	}
	return e == E_CORRUPT || e == E_ABSENT ? E_BAD : e;
}

enum grid_form grid_form(const struct grid_in *r) { return r->form; }
const char *grid_encoding(const struct grid_in *r) { return r->text ? r->text->encoding : "UTF-8"; }

enum err grid_next(struct grid_in *r, struct arena *line, struct grid_line *ret)
{
	struct grid_line got = { .zh = S(""), .en = S("") };
	enum err e = r->over;

	if (!e)
		e = r->form == GRID_XLSX ? sheet_next(r->sheet, line, &got) : csv_next(r->csv, line, &got);
	if (e && e != E_BAD)
		r->over = e;
	if (e && !got.zh.n)
		got.zh = str_of(err_zh(e));
	if (e && !got.en.n)
		got.en = str_of(err_en(e));
	if (e != E_ABSENT)
		*ret = got;
	return e;
}

uint64_t grid_at(const struct grid_in *r)
{
	if (r->over == E_ABSENT)
		return r->size;
	return r->form == GRID_XLSX ? sheet_at(r->sheet, r->size) : r->text->at;
}

void grid_close(struct grid_in *r)
{
	if (!r)
		return;
	csv_close(r->csv);
	text_close(r->text);
	sheet_close(r->sheet);
	free(r);
}
