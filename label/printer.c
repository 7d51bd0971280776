/* label/printer.c - labels in the languages of label printers: ZPL II and TSPL2.
 *
 * What a person typed never stands in a command as it is. Text, logos, Han Xin, GS1 symbols and any symbol whose content is more than
 * plain characters go as pictures: numbers and hex digits in ZPL, counted bytes in TSPL. So a label prints the same on every printer,
 * with the checked modules, and no content can become a command. Plain symbols use the printer's own, which is quicker to send.
 */
#include "label/draw.h"

enum { ZPL_RUN_MOST = 400, MAGNIFY_MOST = 10 };

struct job {
	struct arena *a;
	enum printer to;
	const struct label_template *t;
	const struct label_logo *logo;
	unsigned dots_mm;
	const struct label_value *v;
	size_t n;
	struct why why;
	struct buf out;
};

static unsigned dots_of(const struct job *j, double mm) { return (unsigned)(mm * j->dots_mm + 0.5); }

/* ---- pictures ---- */

/* ZPL II compression of ^GF data: G..Y repeat 1..19 times, g..z 20..400 times; ',' the rest is white; ':' as the row above. */
static void zpl_digits(struct buf *b, char c, unsigned n)
{
	while (n >= ZPL_RUN_MOST) {
		buf_char(b, 'z');
		buf_char(b, c);
		n -= ZPL_RUN_MOST;
	}
	if (n == 0)
		return;
	if (n >= 20)
		buf_char(b, (char)('g' + n / 20 - 1));
	if (n % 20 && n > 1)
		buf_char(b, (char)('G' + n % 20 - 1));
	buf_char(b, c);
}

static void zpl_row(struct buf *b, const unsigned char *row, unsigned stride)
{
	static const char hex[] = "0123456789ABCDEF";
	unsigned end = stride * 2, run;

	while (end && (row[(end - 1) / 2] >> ((end - 1) % 2 ? 0 : 4) & 15) == 0)
		end--;
	for (unsigned i = 0; i < end; i += run) {
		unsigned v = row[i / 2] >> (i % 2 ? 0 : 4) & 15;

		for (run = 1; i + run < end && (unsigned)(row[(i + run) / 2] >> ((i + run) % 2 ? 0 : 4) & 15) == v;)
			run++;
		zpl_digits(b, hex[v], run);
	}
	if (end < stride * 2)
		buf_char(b, ',');
}

static void zpl_picture(struct buf *b, unsigned x, unsigned y, const struct dots *d)
{
	buf_fmt(b, "^FO%u,%u^GFA,%u,%u,%u,", x, y, d->stride * d->h, d->stride * d->h, d->stride);
	for (unsigned i = 0; i < d->h; i++) {
		const unsigned char *row = d->row + (size_t)i * d->stride;

		if (i && memcmp(row, row - d->stride, d->stride) == 0)
			buf_char(b, ':');
		else
			zpl_row(b, row, d->stride);
	}
	buf_z(b, "^FS\n");
}

/* Mode 0 overwrites. In TSPL a set bit is white. */
static void tspl_picture(struct buf *b, unsigned x, unsigned y, const struct dots *d)
{
	buf_fmt(b, "BITMAP %u,%u,%u,%u,0,", x, y, d->stride, d->h);
	for (size_t i = 0; i < (size_t)d->stride * d->h; i++)
		buf_char(b, (char)~d->row[i]);
	buf_z(b, "\r\n");
}

static bool empty_row(const struct dots *d, unsigned y)
{
	for (unsigned i = 0; i < d->stride; i++)
		if (d->row[(size_t)y * d->stride + i])
			return false;
	return true;
}

static void put_picture(struct job *j, unsigned x, unsigned y, struct dots d)
{
	for (; d.h && empty_row(&d, 0); d.h--, y++)
		d.row += d.stride;
	while (d.h && empty_row(&d, d.h - 1))
		d.h--;
	if (d.h == 0)
		return;
	if (j->to == PRINTER_ZPL)
		zpl_picture(&j->out, x, y, &d);
	else
		tspl_picture(&j->out, x, y, &d);
}

/* ---- symbols ---- */

struct spot { unsigned x, y, module, height; };      /* dots; height of the bars */

/* Characters that mean nothing to either language, inside quotes, field data or the data of a symbol. */
static bool plain(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!is_alnum(s.p[i]) && !memchr(" -./:?=&,+%#()@*$;", s.p[i], 18))
			return false;
	return s.n > 0;
}

static void zpl_data(struct buf *b, struct str s)
{
	static const char hex[] = "0123456789ABCDEF";

	buf_z(b, "^FH_^FD");
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if (is_alnum(s.p[i]) || memchr("-./:?= ", c, 7)) {
			buf_char(b, s.p[i]);
			continue;
		}
		buf_char(b, '_');
		buf_char(b, hex[c >> 4]);
		buf_char(b, hex[c & 15]);
	}
	buf_z(b, "^FS\n");
}

/* ^BQ draws ten dots below ^FO's place (a known habit of the firmware), which ^FT, counted from the lower edge, does not. */
static bool zpl_symbol(struct buf *b, enum symbology kind, struct str text, struct spot s)
{
	switch (kind) {
	case SYM_QR:
		buf_fmt(b, "^FT%u,%u^BQN,2,%u,M", s.x, s.y + s.height, s.module);
		zpl_data(b, str_fmt(b->a, "MA,%.*s", STR_ARG(text)));
		return true;
	case SYM_DATAMATRIX:
		buf_fmt(b, "^FO%u,%u^BXN,%u,200", s.x, s.y, s.module);
		break;
	case SYM_CODE128:
		buf_fmt(b, "^BY%u^FO%u,%u^BCN,%u,N,N,N,A", s.module, s.x, s.y, s.height);
		break;
	case SYM_EAN13:
		buf_fmt(b, "^BY%u^FO%u,%u^BEN,%u,N,N", s.module, s.x, s.y, s.height);
		text = str_sub(text, 0, 12);
		break;
	default:
		return false;
	}
	zpl_data(b, text);
	return true;
}

static bool tspl_symbol(struct buf *b, enum symbology kind, struct str text, struct spot s)
{
	switch (kind) {
	case SYM_QR:
		buf_fmt(b, "QRCODE %u,%u,M,%u,A,0,\"%.*s\"\r\n", s.x, s.y, s.module, STR_ARG(text));
		return true;
	case SYM_DATAMATRIX:
		buf_fmt(b, "DMATRIX %u,%u,%u,%u,x%u,\"%.*s\"\r\n", s.x, s.y, s.height, s.height, s.module, STR_ARG(text));
		return true;
	case SYM_CODE128:
		buf_fmt(b, "BARCODE %u,%u,\"128\",%u,0,0,%u,%u,\"%.*s\"\r\n", s.x, s.y, s.height, s.module, s.module * 2, STR_ARG(text));
		return true;
	case SYM_EAN13:
		text = str_sub(text, 0, 12);
		buf_fmt(b, "BARCODE %u,%u,\"EAN13\",%u,0,0,%u,%u,\"%.*s\"\r\n", s.x, s.y, s.height, s.module, s.module * 2, STR_ARG(text));
		return true;
	default:
		return false;
	}
}

static struct dots magnified(struct arena *a, const struct symbol *s, unsigned module, unsigned height)
{
	struct dots d = { .w = s->width * module, .h = height, .stride = (s->width * module + 7) / 8 };
	unsigned char *to = arena_take(a, (size_t)d.stride * d.h);
	size_t bytes = (s->width + 7) / 8;

	for (unsigned y = 0; y < d.h; y++)
		for (unsigned x = 0; x < d.w; x++) {
			unsigned at = x / module, row = symbology_linear(s->kind) ? 0 : y / module;

			if (s->row[row * bytes + at / 8] & (0x80 >> at % 8))
				to[(size_t)y * d.stride + x / 8] |= (unsigned char)(0x80 >> x % 8);
		}
	d.row = to;
	return d;
}

static void put_symbol(struct job *j, const struct placed *p)
{
	struct str text = symbology_linear(p->symbol.kind) ? p->symbol.text : label_fill(j->a, p->e->text, j->v, j->n);
	struct spot s = { dots_of(j, p->bits.x), dots_of(j, p->bits.y), dots_of(j, p->module), dots_of(j, p->bits.h) };
	bool own = plain(text) && s.module <= MAGNIFY_MOST;

	if (own && j->to == PRINTER_ZPL && zpl_symbol(&j->out, p->symbol.kind, text, s))
		return;
	if (own && j->to == PRINTER_TSPL && tspl_symbol(&j->out, p->symbol.kind, text, s))
		return;
	put_picture(j, s.x, s.y, magnified(j->a, &p->symbol, s.module, s.height));
}

/* ---- the rest ---- */

static void put_bar(struct job *j, struct box b)
{
	unsigned x = dots_of(j, b.x), y = dots_of(j, b.y), w = dots_of(j, b.w), h = dots_of(j, b.h);

	w = w ? w : 1;
	h = h ? h : 1;
	if (j->to == PRINTER_ZPL)
		buf_fmt(&j->out, "^FO%u,%u^GB%u,%u,%u^FS\n", x, y, w, h, w < h ? w : h);
	else
		buf_fmt(&j->out, "BAR %u,%u,%u,%u\r\n", x, y, w, h);
}

/* Lines of text or the logo in dots: a pen as large as their box, so that its left upper corner is the origin. Nothing that jumps
 * runs while that pen is alive. */
static enum err drawn(struct job *j, struct box b, const struct lines *lines, bool bold, const struct picture *logo, struct dots *ret)
{
	unsigned w = dots_of(j, b.w), h = dots_of(j, b.h);
	struct pen *pen;
	enum err e = pen_dots(w ? w : 1, h ? h : 1, j->dots_mm, &pen);

	if (!e) {
		for (size_t i = 0; i < lines->n; i++)
			pen_text(pen, lines->line[i].z, lines->line[i].x - b.x, lines->line[i].base - b.y, lines->size, bold);
		if (logo)
			pen_picture(pen, logo, (struct box){ 0, 0, b.w, b.h });
		e = pen_take_dots(pen, j->a, ret);
		pen_drop(pen);
	}
	return e ? why_say(e, j->why, "标签的点数过多", "the label has too many dots") : OK;
}

static enum err put_logo(struct job *j, struct box b)
{
	const struct lines none = { NULL, 0, 0 };
	struct picture *logo;
	struct dots d;
	enum err e;

	if (!j->logo || !j->logo->png.n)
		return OK;
	e = picture_read(j->logo->png, &logo, j->why);
	if (e)
		return e;
	e = drawn(j, b, &none, false, logo, &d);
	picture_free(logo);
	if (!e)
		put_picture(j, dots_of(j, b.x), dots_of(j, b.y), d);
	return e;
}

static enum err put_text(struct job *j, struct box b, const struct lines *lines, bool bold)
{
	struct dots d;
	enum err e = drawn(j, b, lines, bold, NULL, &d);

	if (!e)
		put_picture(j, dots_of(j, b.x), dots_of(j, b.y), d);
	return e;
}

static enum err put_placed(struct job *j, const struct placed *p)
{
	const struct element *e = p->e;
	struct box b = { e->x, e->y, e->w, e->h }, side[4];

	switch (e->kind) {
	case ELEMENT_SYMBOL: put_symbol(j, p); break;
	case ELEMENT_LOGO: return put_logo(j, b);
	case ELEMENT_LINE: put_bar(j, b); break;
	case ELEMENT_TEXT: break;
	case ELEMENT_BOX:
		frame_sides(b, e->size, side);
		for (int i = 0; i < 4; i++)
			put_bar(j, side[i]);
		break;
	}
	return p->lines.n ? put_text(j, b, &p->lines, e->kind == ELEMENT_TEXT && e->bold) : OK;
}

static void put_head(struct job *j)
{
	struct buf *b = &j->out;

	if (j->to == PRINTER_ZPL) {
		buf_fmt(b, "^XA\n^CI28\n^PW%u\n^LL%u\n^LH0,0\n", dots_of(j, j->t->w), dots_of(j, j->t->h));
		return;
	}
	buf_z(b, "SIZE ");
	put_mm(b, j->t->w);
	buf_z(b, " mm,");
	put_mm(b, j->t->h);
	buf_z(b, " mm\r\nGAP ");
	put_mm(b, j->t->gap_y);
	buf_z(b, " mm,0 mm\r\nDIRECTION 1\r\nREFERENCE 0,0\r\nCLS\r\n");
}

static enum err print(void *ctx, struct pen *measure)
{
	struct job *j = ctx;
	struct placed *placed;
	enum err e = label_lay(j->a, measure, j->t, j->dots_mm, j->v, j->n, &placed, j->why);

	if (e)
		return e;
	j->out = buf_in(j->a, 8192);
	put_head(j);
	for (size_t i = 0; i < j->t->n && !e; i++)
		e = put_placed(j, &placed[i]);
	buf_z(&j->out, j->to == PRINTER_ZPL ? "^XZ\n" : "PRINT 1,1\r\n");
	return e;
}

enum err label_print(struct arena *a, enum printer p, const struct label_template *t, const struct label_logo *logo, unsigned dots_mm,
                     const struct label_value *v, size_t n, struct buf *to, struct str *why_zh, struct str *why_en)
{
	struct job j = { .a = a, .to = p, .t = t, .logo = logo, .dots_mm = dots_mm, .v = v, .n = n, .why = { why_zh, why_en } };
	enum err e = template_check(t, j.why);

	if (!e && dots_mm != 8 && dots_mm != 12 && dots_mm != 24)
		e = why_say(E_BAD, j.why, "打印机分辨率应为每毫米 8、12 或 24 点", "a printer has 8, 12 or 24 dots a millimetre");
	if (!e)
		e = pen_measuring(a, print, &j);
	if (!e)
		buf_add(to, buf_str(&j.out));
	return e;
}
