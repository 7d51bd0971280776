/* label/layout.c - one label laid out: every text filled in, every symbol made, before a single line is drawn. */
#include "label/draw.h"

#define MODULE_LEAST 0.1          /* mm */
#define MODULE_MOST 1.02          /* mm, of linear symbols: the largest GS1 allows (1.016) */
#define READABLE_MOST 3.0         /* mm, size of the line below a linear symbol */
#define READABLE_LEAST 1.2
#define SLACK 1e-9

enum err why_say(enum err e, struct why why, const char *zh, const char *en)
{
	*why.zh = str_of(zh);
	*why.en = str_of(en);
	return e;
}

enum err pen_measuring(struct arena *a, enum err (*run)(void *ctx, struct pen *measure), void *ctx)
{
	jmp_buf *const outer = a->full;
	jmp_buf full;
	struct pen *pen;
	volatile enum err e = pen_dots(1, 1, 1, &pen);

	if (e)
		return e;
	a->full = &full;
	if (setjmp(full) == 0)
		e = run(ctx, pen);
	else
		e = E_TOO_BIG;
	a->full = outer;
	pen_drop(pen);
	return e;
}

void put_mm(struct buf *b, double v)
{
	int64_t k = (int64_t)(v * 1000 + (v < 0 ? -0.5 : 0.5)), part = k < 0 ? -k : k;
	char digits[4];

	if (k < 0)
		buf_char(b, '-');
	buf_int(b, part / 1000);
	part %= 1000;
	if (part == 0)
		return;
	for (int i = 2; i >= 0; i--, part /= 10)
		digits[i] = (char)('0' + part % 10);
	buf_char(b, '.');
	buf_add(b, (struct str){ digits, digits[2] != '0' ? 3 : digits[1] != '0' ? 2 : 1 });
}

/* ---- filling in ---- */

static struct str value_of(struct str name, const struct label_value *v, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (str_eq(v[i].name, name))
			return v[i].text;
	return S("");
}

static bool name_ok(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!is_alnum(s.p[i]) && s.p[i] != '_')
			return false;
	return s.n > 0;
}

struct str label_fill(struct arena *a, struct str text, const struct label_value *v, size_t n)
{
	struct buf b = buf_in(a, text.n + 64);

	while (text.n) {
		size_t open = str_find(text, '{'), shut;
		struct str rest = str_sub(text, open + 1, text.n), name;

		buf_add(&b, str_sub(text, 0, open));
		shut = str_find(rest, '}');
		name = str_sub(rest, 0, shut);
		if (open < text.n && shut < rest.n && name_ok(name)) {
			buf_add(&b, value_of(name, v, n));
			text = str_sub(rest, shut + 1, rest.n);
		} else {
			buf_add(&b, str_sub(text, open, 1));
			text = rest;
		}
	}
	return buf_str(&b);
}

/* ---- placing ---- */

static double smaller(double a, double b) { return a < b ? a : b; }

static enum err too_small(struct arena *a, size_t at, double module, double least, struct why why)
{
	struct buf zh = buf_in(a, 160), en = buf_in(a, 160);

	buf_fmt(&zh, "第 %zu 个元素的框太小：码的模块只有 ", at + 1);
	put_mm(&zh, module);
	buf_z(&zh, " 毫米，至少要 ");
	put_mm(&zh, least);
	buf_z(&zh, " 毫米");
	buf_fmt(&en, "element %zu: the box is too small, modules of ", at + 1);
	put_mm(&en, module);
	buf_z(&en, " mm where ");
	put_mm(&en, least);
	buf_z(&en, " mm are the least");
	*why.zh = buf_str(&zh);
	*why.en = buf_str(&en);
	return E_BAD;
}

/* The bars take the upper part of the box, the readable line the rest. */
static void place_linear(struct arena *a, struct pen *measure, struct placed *p)
{
	const struct element *e = p->e;
	double text = smaller(READABLE_MOST, e->h / 4), bar;

	if (text < READABLE_LEAST)
		text = 0;
	bar = e->h - text * LINE_HEIGHT;
	p->bits = (struct box){ e->x + (e->w - p->module * p->symbol.width) / 2, e->y, p->module * p->symbol.width, bar };
	if (text > 0)
		p->lines = fit_text(a, measure, p->symbol.text, (struct box){ e->x, e->y + bar, e->w, e->h - bar }, text, 0, false, false);
}

static void place_matrix(struct placed *p)
{
	double w = p->module * p->symbol.width, h = p->module * p->symbol.height;

	p->bits = (struct box){ p->e->x + (p->e->w - w) / 2, p->e->y + (p->e->h - h) / 2, w, h };
}

static enum err place_symbol(struct arena *a, struct pen *measure, unsigned mask, unsigned dots_mm, size_t at, struct str text, struct placed *p,
                             struct why why)
{
	const struct symbol *s = &p->symbol;
	bool linear = symbology_linear(p->e->symbology);
	double least = dots_mm && 1.0 / dots_mm > MODULE_LEAST ? 1.0 / dots_mm : MODULE_LEAST, module;
	enum err e = symbol_make(a, p->e->symbology, text, p->e->symbology == SYM_QR ? mask : 0, &p->symbol, why.zh, why.en);

	if (e)
		return e;
	module = p->e->w / (s->width + 2 * s->quiet);
	module = smaller(module, linear ? MODULE_MOST : p->e->h / (s->height + 2 * s->quiet));
	if (module + SLACK < least)
		return too_small(a, at, module, least, why);
	if (dots_mm)
		module = (double)(unsigned)(module * dots_mm + SLACK) / dots_mm;
	p->module = module;
	if (linear)
		place_linear(a, measure, p);
	else
		place_matrix(p);
	return OK;
}

enum err label_lay(struct arena *a, struct pen *measure, const struct label_template *t, unsigned dots_mm, const struct label_value *v, size_t n,
                   struct placed **ret, struct why why)
{
	struct placed *placed = TAKE(a, struct placed, t->n);

	for (size_t i = 0; i < t->n; i++) {
		const struct element *e = &t->element[i];
		struct placed *p = &placed[i];
		struct str text = label_fill(a, e->text, v, n);
		enum err err = OK;

		p->e = e;
		if (e->kind == ELEMENT_SYMBOL)
			err = place_symbol(a, measure, t->mask, dots_mm, i, text, p, why);
		else if (e->kind == ELEMENT_TEXT)
			p->lines = fit_text(a, measure, text, (struct box){ e->x, e->y, e->w, e->h }, e->size, e->align, e->bold, e->wrap);
		if (err)
			return err;
	}
	*ret = placed;
	return OK;
}

/* ---- drawing ---- */

void frame_sides(struct box b, double thick, struct box ret[4])
{
	ret[0] = (struct box){ b.x, b.y, b.w, thick };
	ret[1] = (struct box){ b.x, b.y + b.h - thick, b.w, thick };
	ret[2] = (struct box){ b.x, b.y + thick, thick, b.h - 2 * thick };
	ret[3] = (struct box){ b.x + b.w - thick, b.y + thick, thick, b.h - 2 * thick };
}

static struct box moved(struct box b, double x, double y) { return (struct box){ b.x + x, b.y + y, b.w, b.h }; }

void label_draw(struct pen *p, const struct label_template *t, const struct placed *placed, const struct picture *logo, double x, double y)
{
	for (size_t i = 0; i < t->n; i++) {
		const struct placed *at = &placed[i];
		const struct element *e = at->e;
		struct box b = moved((struct box){ e->x, e->y, e->w, e->h }, x, y), side[4];

		if (e->kind == ELEMENT_SYMBOL)
			pen_symbol(p, &at->symbol, moved(at->bits, x, y));
		else if (e->kind == ELEMENT_LOGO && logo)
			pen_picture(p, logo, b);
		else if (e->kind == ELEMENT_LINE)
			pen_fill(p, b);
		else if (e->kind == ELEMENT_BOX)
			frame_sides(b, e->size, side);
		for (int k = 0; k < 4 && e->kind == ELEMENT_BOX; k++)
			pen_fill(p, side[k]);
		for (size_t k = 0; k < at->lines.n; k++) {
			const struct line *l = &at->lines.line[k];

			pen_text(p, l->z, l->x + x, l->base + y, at->lines.size, e->kind == ELEMENT_TEXT && e->bold);
		}
	}
}
