/* label/svg.c - symbols and labels as SVG. A symbol is one path; neighbouring dark modules of a row are one rectangle in it. */
#include "label/draw.h"

enum { ROW_CHARS = 40 };          /* of one rectangle: "M1152 200h1152v200h-1152z" is 26 */

static char *put_number(char *at, unsigned v)
{
	char digits[10];
	size_t n = 0;

	do
		digits[n++] = (char)('0' + v % 10);
	while (v /= 10);
	while (n)
		*at++ = digits[--n];
	return at;
}

static char *put_run(char *at, unsigned x, unsigned y, unsigned n, struct str down)
{
	*at++ = 'M';
	at = put_number(at, x);
	*at++ = ' ';
	at = put_number(at, y);
	*at++ = 'h';
	at = put_number(at, n);
	memcpy(at, down.p, down.n);
	at = put_number(at + down.n, n);
	*at++ = 'z';
	return at;
}

static bool is_dark(const unsigned char *row, unsigned x) { return row[x / 8] & (0x80 >> x % 8); }

/* The modules as path data, `high` modules high each, moved by (dx, dy) modules. */
static void put_modules(struct buf *b, const struct symbol *s, unsigned dx, unsigned dy, struct str high)
{
	size_t bytes = (s->width + 7) / 8;
	struct str down = str_fmt(b->a, "v%.*sh-", STR_ARG(high));
	char *line = arena_take(b->a, (size_t)(s->width / 2 + 1) * (ROW_CHARS + down.n));

	for (unsigned y = 0; y < s->height; y++) {
		const unsigned char *row = s->row + y * bytes;
		char *at = line;

		for (unsigned x = 0; x < s->width; x++) {
			unsigned from = x;

			while (x < s->width && is_dark(row, x))
				x++;
			if (x > from)
				at = put_run(at, from + dx, y + dy, x - from, down);
		}
		buf_add(b, (struct str){ line, (size_t)(at - line) });
	}
}

static struct str mm_str(struct arena *a, double v)
{
	struct buf b = buf_in(a, 16);

	put_mm(&b, v);
	return buf_str(&b);
}

static void put_root(struct buf *b, double w, double h, struct str view_w, struct str view_h)
{
	buf_z(b, "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"");
	put_mm(b, w);
	buf_z(b, "mm\" height=\"");
	put_mm(b, h);
	buf_z(b, "mm\" viewBox=\"0 0 ");
	buf_add(b, view_w);
	buf_char(b, ' ');
	buf_add(b, view_h);
	buf_z(b, "\"><rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>");
}

void symbol_svg(struct buf *b, const struct symbol *s, double module_mm, double bar_mm)
{
	bool linear = symbology_linear(s->kind);
	unsigned w = s->width + 2 * s->quiet, h = s->height + 2 * s->quiet;
	struct str high = linear ? mm_str(b->a, bar_mm / module_mm) : S("1");

	put_root(b, w * module_mm, linear ? bar_mm : h * module_mm, mm_str(b->a, w), linear ? high : mm_str(b->a, h));
	buf_z(b, "<path shape-rendering=\"crispEdges\" d=\"");
	put_modules(b, s, s->quiet, linear ? 0 : s->quiet, high);
	buf_z(b, "\"/></svg>");
}

/* ---- a whole label ---- */

static void put_attribute(struct buf *b, const char *name, double v)
{
	buf_char(b, ' ');
	buf_z(b, name);
	buf_z(b, "=\"");
	put_mm(b, v);
	buf_char(b, '"');
}

static void put_box(struct buf *b, const char *tag, struct box x)
{
	buf_char(b, '<');
	buf_z(b, tag);
	put_attribute(b, "x", x.x);
	put_attribute(b, "y", x.y);
	put_attribute(b, "width", x.w);
	put_attribute(b, "height", x.h);
}

/* A nested picture with modules as its unit, stretched into the place of the modules. */
static void put_symbol(struct buf *b, const struct symbol *s, struct box x)
{
	put_box(b, "svg", x);
	buf_fmt(b, " viewBox=\"0 0 %u %u\" preserveAspectRatio=\"none\"><path shape-rendering=\"crispEdges\" d=\"", s->width, s->height);
	put_modules(b, s, 0, 0, S("1"));
	buf_z(b, "\"/></svg>");
}

/* textLength holds the line to its measured width where another font stands in for ours. */
static void put_lines(struct buf *b, const struct lines *lines, bool bold)
{
	for (size_t i = 0; i < lines->n; i++) {
		const struct line *l = &lines->line[i];

		if (!l->z[0])
			continue;
		buf_z(b, "<text");
		put_attribute(b, "x", l->x);
		put_attribute(b, "y", l->base);
		put_attribute(b, "font-size", lines->size);
		put_attribute(b, "textLength", l->w);
		buf_z(b, bold ? " lengthAdjust=\"spacingAndGlyphs\" font-weight=\"bold\">" : " lengthAdjust=\"spacingAndGlyphs\">");
		buf_html(b, str_of(l->z));
		buf_z(b, "</text>");
	}
}

static void put_logo(struct buf *b, const struct label_logo *logo, struct box x)
{
	if (!logo || !logo->png.n)
		return;
	put_box(b, "image", x);
	buf_z(b, " href=\"data:image/png;base64,");
	buf_add(b, base64_str(b->a, logo->png.p, logo->png.n));
	buf_z(b, "\"/>");
}

static void put_placed(struct buf *b, const struct placed *p, const struct label_logo *logo)
{
	const struct element *e = p->e;
	struct box x = { e->x, e->y, e->w, e->h }, side[4] = { { 0 } };

	if (e->kind == ELEMENT_SYMBOL)
		put_symbol(b, &p->symbol, p->bits);
	else if (e->kind == ELEMENT_LOGO)
		put_logo(b, logo, x);
	else if (e->kind == ELEMENT_LINE)
		side[0] = x;
	else if (e->kind == ELEMENT_BOX)
		frame_sides(x, e->size, side);
	for (int i = 0; i < 4 && side[i].w > 0; i++) {
		put_box(b, "rect", side[i]);
		buf_z(b, "/>");
	}
	put_lines(b, &p->lines, e->kind == ELEMENT_TEXT && e->bold);
}

struct job {
	struct arena *a;
	const struct label_template *t;
	const struct label_logo *logo;
	const struct label_value *v;
	size_t n;
	struct why why;
	struct buf out;
};

static enum err draw(void *ctx, struct pen *measure)
{
	struct job *j = ctx;
	struct placed *placed;
	enum err e = label_lay(j->a, measure, j->t, 0, j->v, j->n, &placed, j->why);

	if (e)
		return e;
	j->out = buf_in(j->a, 8192);
	put_root(&j->out, j->t->w, j->t->h, mm_str(j->a, j->t->w), mm_str(j->a, j->t->h));
	buf_z(&j->out, "<g font-family=\"'Noto Sans CJK SC', 'Noto Sans SC', sans-serif\" xml:space=\"preserve\">");
	for (size_t i = 0; i < j->t->n; i++)
		put_placed(&j->out, &placed[i], j->logo);
	buf_z(&j->out, "</g></svg>");
	return OK;
}

enum err label_svg(struct arena *a, const struct label_template *t, const struct label_logo *logo, const struct label_value *v, size_t n,
                   struct buf *to, struct str *why_zh, struct str *why_en)
{
	struct job j = { .a = a, .t = t, .logo = logo, .v = v, .n = n, .why = { why_zh, why_en } };
	struct picture *checked = NULL;
	enum err e = template_check(t, j.why);

	if (!e && logo && logo->png.n)
		e = picture_read(logo->png, &checked, j.why);
	picture_free(checked);
	if (!e)
		e = pen_measuring(a, draw, &j);
	if (!e)
		buf_add(to, buf_str(&j.out));
	return e;
}

/* ---- below each other ---- */

#define APART_MM 4.0
#define MM_PX (96 / 25.4)         /* user units of a picture without viewBox, CSS 2.1 4.3.2 */

void label_svg_open(struct buf *to, const struct label_template *t, size_t labels)
{
	buf_z(to, "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"");
	put_mm(to, t->w);
	buf_z(to, "mm\" height=\"");
	put_mm(to, (double)labels * (t->h + APART_MM) - APART_MM);
	buf_z(to, "mm\">\n");
}

void label_svg_place(struct buf *to, const struct label_template *t, size_t at)
{
	if (at)
		buf_z(to, "</g>\n");
	buf_z(to, "<g transform=\"translate(0 ");
	put_mm(to, (double)at * (t->h + APART_MM) * MM_PX);
	buf_z(to, ")\">");
}

void label_svg_close(struct buf *to, bool all) { buf_z(to, all ? "</g>\n</svg>\n" : "</svg>\n"); }
