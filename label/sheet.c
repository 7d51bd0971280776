/* label/sheet.c - labels row by row onto the pages of one PDF.
 *
 * Every page is written out when it is full; what stays is a table entry for each label's symbol (PDF numbers its objects).
 * Owner of a sheet: whoever called label_sheet_begin, until label_sheet_end or label_sheet_drop.
 */
#include "label/draw.h"

#define MARK_LENGTH 4.0           /* mm; crop marks stand in the margin only, never on a label */
#define MARK_AWAY 1.0
#define MARK_THICK 0.1

struct label_sheet {
	const struct label_template *t;
	struct pen *pen;
	struct picture *logo;
	uint64_t pages;
	unsigned on_page;         /* labels on the page that is open */
	bool open;
};

static void page_size(const struct label_template *t, double *ret_w, double *ret_h)
{
	*ret_w = t->page_w > 0 ? t->page_w : t->w;
	*ret_h = t->page_h > 0 ? t->page_h : t->h;
}

enum err label_sheet_begin(const struct label_template *t, const struct label_logo *logo, const struct label_sink *to, struct label_sheet **ret,
                     struct str *why_zh, struct str *why_en)
{
	struct label_sheet *s;
	struct why why = { why_zh, why_en };
	double w, h;
	enum err e = template_check(t, why);

	if (e)
		return e;
	s = calloc(1, sizeof(*s));
	if (!s)
		return why_say(E_BUSY, why, "内存不足", "out of memory");
	s->t = t;
	if (logo && logo->png.n)
		e = picture_read(logo->png, &s->logo, why);
	page_size(t, &w, &h);
	if (!e && pen_pdf(to, w, h, &s->pen))
		e = why_say(E_BUSY, why, "内存不足", "out of memory");
	if (e) {
		label_sheet_drop(s);
		return e;
	}
	*ret = s;
	return OK;
}

/* Two marks for the edges of a column (or row): one in the margin before the labels, one in the margin behind them. */
static void mark_pair(struct pen *p, double at, double first, double last, double page, bool upright)
{
	const double end[2] = { first - MARK_AWAY, last + MARK_AWAY };

	for (int i = 0; i < 2; i++) {
		double from = i ? end[1] : end[0] - MARK_LENGTH, to = i ? end[1] + MARK_LENGTH : end[0];

		from = from < 0 ? 0 : from;
		to = to > page ? page : to;
		if (to <= from)
			continue;
		pen_fill(p, upright ? (struct box){ at - MARK_THICK / 2, from, MARK_THICK, to - from }
		                    : (struct box){ from, at - MARK_THICK / 2, to - from, MARK_THICK });
	}
}

static void crop_marks(struct pen *p, const struct label_template *t)
{
	double w, h, right = t->left + t->columns * (t->w + t->gap_x) - t->gap_x, bottom = t->top + t->rows * (t->h + t->gap_y) - t->gap_y;

	page_size(t, &w, &h);
	for (unsigned i = 0; i < t->columns; i++) {
		double x = t->left + i * (t->w + t->gap_x);

		mark_pair(p, x, t->top, bottom, h, true);
		mark_pair(p, x + t->w, t->top, bottom, h, true);
	}
	for (unsigned i = 0; i < t->rows; i++) {
		double y = t->top + i * (t->h + t->gap_y);

		mark_pair(p, y, t->left, right, w, false);
		mark_pair(p, y + t->h, t->left, right, w, false);
	}
}

enum err label_sheet_put(struct label_sheet *s, struct arena *a, const struct label_value *v, size_t n, struct str *why_zh, struct str *why_en)
{
	const struct label_template *t = s->t;
	struct why why = { why_zh, why_en };
	struct placed *placed;
	enum err e = label_lay(a, s->pen, t, 0, v, n, &placed, why);

	if (e)
		return e;
	if (!s->open) {
		s->open = true;
		s->pages++;
		if (t->crop_marks)
			crop_marks(s->pen, t);
	}
	label_draw(s->pen, t, placed, s->logo, t->left + s->on_page % t->columns * (t->w + t->gap_x),
	           t->top + s->on_page / t->columns * (t->h + t->gap_y));
	if (++s->on_page == t->columns * t->rows) {
		pen_page(s->pen);
		s->on_page = 0;
		s->open = false;
	}
	return pen_well(s->pen) ? OK : why_say(E_IO, why, "写出 PDF 失败", "writing the PDF failed");
}

uint64_t label_sheet_pages(const struct label_sheet *s) { return s->pages; }

enum err label_sheet_end(struct label_sheet *s)
{
	enum err e;

	if (s->open)
		pen_page(s->pen);
	e = pen_end(s->pen);
	s->pen = NULL;
	label_sheet_drop(s);
	return e;
}

void label_sheet_drop(struct label_sheet *s)
{
	if (!s)
		return;
	pen_drop(s->pen);
	picture_free(s->logo);
	free(s);
}
