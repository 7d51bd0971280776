/* label/cairo.c - pens and pictures; the only file that sees cairo.
 *
 * A pen is a surface with a context whose unit is the millimetre. Modules of a symbol go as a one-bit mask, scaled without smoothing:
 * one small image in the PDF instead of hundreds of rectangles. Keeps cairo objects alive only inside pens and pictures, so
 * a full arena may jump over them as long as their owner frees them.
 */
#include <cairo-pdf.h>
#include <cairo.h>

#include "label/draw.h"

enum { PNG_MOST = 8 * 1024 * 1024, PIXELS_MOST = 4000000, DOTS_MOST = 10000000, PNG_LEAST = 33, PIXEL = 4 };
#define POINTS_MM (72.0 / 25.4)
#define MEASURED_AT 100.0         /* size at which widths are taken, so that no hinting shows in them */
static const char family[] = "Noto Sans CJK SC";

struct pen {
	cairo_surface_t *surface;
	cairo_t *cr;
	cairo_font_face_t *face[2];       /* plain, bold; kept, because finding a font costs as much as a label */
	cairo_scaled_font_t *wide[2];     /* for measuring */
	struct label_sink to;
};

struct picture { cairo_surface_t *surface; double w, h; };

/* ---- opening and ending ---- */

static cairo_status_t sink_put(void *ctx, const unsigned char *p, unsigned n)
{
	const struct pen *pen = ctx;

	return pen->to.put(pen->to.ctx, (const char *)p, n) ? CAIRO_STATUS_SUCCESS : CAIRO_STATUS_WRITE_ERROR;
}

static cairo_scaled_font_t *scaled(cairo_font_face_t *face)
{
	cairo_font_options_t *options = cairo_font_options_create();
	cairo_matrix_t size, unit;
	cairo_scaled_font_t *f;

	cairo_matrix_init_scale(&size, MEASURED_AT, MEASURED_AT);
	cairo_matrix_init_identity(&unit);
	cairo_font_options_set_hint_metrics(options, CAIRO_HINT_METRICS_OFF);
	cairo_font_options_set_hint_style(options, CAIRO_HINT_STYLE_NONE);
	f = cairo_scaled_font_create(face, &size, &unit, options);
	cairo_font_options_destroy(options);
	return f;
}

static enum err pen_ready(struct pen *p, double units_mm, struct pen **ret)
{
	cairo_font_options_t *options = cairo_font_options_create();

	p->cr = cairo_create(p->surface);
	cairo_scale(p->cr, units_mm, units_mm);
	cairo_font_options_set_hint_metrics(options, CAIRO_HINT_METRICS_OFF);
	cairo_set_font_options(p->cr, options);
	cairo_font_options_destroy(options);
	cairo_set_source_rgb(p->cr, 0, 0, 0);
	for (int i = 0; i < 2; i++) {
		p->face[i] = cairo_toy_font_face_create(family, CAIRO_FONT_SLANT_NORMAL, i ? CAIRO_FONT_WEIGHT_BOLD : CAIRO_FONT_WEIGHT_NORMAL);
		p->wide[i] = scaled(p->face[i]);
	}
	if (!pen_well(p)) {
		pen_drop(p);
		return E_BUSY;
	}
	*ret = p;
	return OK;
}

enum err pen_pdf(const struct label_sink *to, double w, double h, struct pen **ret)
{
	struct pen *p = calloc(1, sizeof(*p));

	if (!p)
		return E_BUSY;
	p->to = *to;
	p->surface = cairo_pdf_surface_create_for_stream(sink_put, p, w * POINTS_MM, h * POINTS_MM);
	/* cairo would write the time of day: the same labels give the same bytes. */
	cairo_pdf_surface_set_metadata(p->surface, CAIRO_PDF_METADATA_CREATE_DATE, NULL);
	return pen_ready(p, POINTS_MM, ret);
}

enum err pen_dots(unsigned w, unsigned h, double dots_mm, struct pen **ret)
{
	struct pen *p;

	if (w == 0 || h == 0 || h > DOTS_MOST / w)
		return E_TOO_BIG;
	p = calloc(1, sizeof(*p));
	if (!p)
		return E_BUSY;
	p->surface = cairo_image_surface_create(CAIRO_FORMAT_RGB24, (int)w, (int)h);
	if (cairo_image_surface_get_data(p->surface))
		memset(cairo_image_surface_get_data(p->surface), 0xff, (size_t)cairo_image_surface_get_stride(p->surface) * h);
	cairo_surface_mark_dirty(p->surface);
	return pen_ready(p, dots_mm, ret);
}

bool pen_well(const struct pen *p)
{
	return cairo_status(p->cr) == CAIRO_STATUS_SUCCESS && cairo_surface_status(p->surface) == CAIRO_STATUS_SUCCESS &&
	       cairo_scaled_font_status(p->wide[0]) == CAIRO_STATUS_SUCCESS && cairo_scaled_font_status(p->wide[1]) == CAIRO_STATUS_SUCCESS;
}

void pen_page(struct pen *p) { cairo_show_page(p->cr); }

enum err pen_end(struct pen *p)
{
	bool well = pen_well(p);

	cairo_surface_finish(p->surface);
	well = well && cairo_surface_status(p->surface) == CAIRO_STATUS_SUCCESS;
	pen_drop(p);
	return well ? OK : E_IO;
}

void pen_drop(struct pen *p)
{
	if (!p)
		return;
	cairo_destroy(p->cr);                   /* NULL is nothing to each of these */
	for (int i = 0; i < 2; i++) {
		cairo_scaled_font_destroy(p->wide[i]);
		cairo_font_face_destroy(p->face[i]);
	}
	cairo_surface_destroy(p->surface);
	free(p);
}

/* ---- drawing ---- */

void pen_fill(struct pen *p, struct box b)
{
	cairo_rectangle(p->cr, b.x, b.y, b.w, b.h);
	cairo_fill(p->cr);
}

/* cairo's one-bit rows keep the leftmost pixel in the low bit on little-endian machines and in the high bit on others. */
static unsigned char native(unsigned char b)
{
	const uint16_t probe = 1;
	unsigned char r = 0;

	if (*(const unsigned char *)&probe == 0)
		return b;
	for (int i = 0; i < 8; i++)
		r = (unsigned char)(r << 1 | ((b >> i) & 1));
	return r;
}

static cairo_surface_t *one_bit(unsigned w, unsigned h) { return cairo_image_surface_create(CAIRO_FORMAT_A1, (int)w, (int)h); }

void pen_symbol(struct pen *p, const struct symbol *s, struct box b)
{
	cairo_surface_t *mask = one_bit(s->width, s->height);
	unsigned char *to = cairo_image_surface_get_data(mask);
	size_t stride = (size_t)cairo_image_surface_get_stride(mask), bytes = (s->width + 7) / 8;
	cairo_pattern_t *pattern;

	for (unsigned y = 0; to && y < s->height; y++)
		for (size_t x = 0; x < bytes; x++)
			to[y * stride + x] = native(s->row[y * bytes + x]);
	cairo_surface_mark_dirty(mask);
	pattern = cairo_pattern_create_for_surface(mask);
	cairo_pattern_set_filter(pattern, CAIRO_FILTER_NEAREST);
	cairo_save(p->cr);
	cairo_translate(p->cr, b.x, b.y);
	cairo_scale(p->cr, b.w / s->width, b.h / s->height);
	cairo_mask(p->cr, pattern);
	cairo_restore(p->cr);
	cairo_pattern_destroy(pattern);
	cairo_surface_destroy(mask);
}

void pen_text(struct pen *p, const char *z, double x, double base, double size, bool bold)
{
	cairo_set_font_face(p->cr, p->face[bold]);
	cairo_set_font_size(p->cr, size);
	cairo_move_to(p->cr, x, base);
	cairo_show_text(p->cr, z);
}

void pen_measure(struct pen *p, const char *z, bool bold, double *advance, size_t n)
{
	cairo_scaled_font_t *f = p->wide[bold];
	cairo_glyph_t *glyphs = NULL;
	cairo_text_extents_t whole;
	int count = 0;
	double last = 0;

	for (size_t i = 0; i < n; i++)
		advance[i] = 1;                 /* wider than any, should the library not answer */
	if (cairo_scaled_font_text_to_glyphs(f, 0, 0, z, -1, &glyphs, &count, NULL, NULL, NULL) != CAIRO_STATUS_SUCCESS)
		return;
	if ((size_t)count == n && n) {          /* the simple fonts give one glyph a code point */
		cairo_scaled_font_glyph_extents(f, glyphs, count, &whole);
		for (size_t i = n; i-- > 0; last = glyphs[i].x)
			advance[i] = ((i + 1 == n ? whole.x_advance : last) - glyphs[i].x) / MEASURED_AT;
	}
	cairo_glyph_free(glyphs);
}

/* ---- pictures ---- */

struct reader { struct str rest; };

static cairo_status_t png_get(void *ctx, unsigned char *to, unsigned n)
{
	struct reader *r = ctx;

	if (n > r->rest.n)
		return CAIRO_STATUS_READ_ERROR;
	memcpy(to, r->rest.p, n);
	r->rest = str_sub(r->rest, n, r->rest.n);
	return CAIRO_STATUS_SUCCESS;
}

enum err picture_read(struct str png, struct picture **ret, struct why why)
{
	const unsigned char *b = (const unsigned char *)png.p;
	struct reader r = { png };
	struct picture *p;
	uint64_t w, h;

	if (png.n < PNG_LEAST || memcmp(b, "\x89PNG\r\n\x1a\n\0\0\0\rIHDR", 16) != 0)
		return why_say(E_TYPE, why, "标志图须是 PNG 图片", "the logo has to be a PNG picture");
	w = be_get(b + 16, 4);
	h = be_get(b + 20, 4);
	if (png.n > PNG_MOST || w == 0 || h == 0 || w > PIXELS_MOST || h > PIXELS_MOST / w)
		return why_say(E_TOO_BIG, why, "标志图过大，最多 400 万像素、8 MB", "the logo is too large: at most 4 megapixels and 8 MB");
	p = calloc(1, sizeof(*p));
	if (!p)
		return why_say(E_BUSY, why, "内存不足", "out of memory");
	p->surface = cairo_image_surface_create_from_png_stream(png_get, &r);
	if (cairo_surface_status(p->surface) != CAIRO_STATUS_SUCCESS) {
		picture_free(p);
		return why_say(E_BAD, why, "标志图已损坏", "the logo is broken");
	}
	p->w = (double)w;
	p->h = (double)h;
	*ret = p;
	return OK;
}

void picture_free(struct picture *p)
{
	if (!p)
		return;
	cairo_surface_destroy(p->surface);
	free(p);
}

void pen_picture(struct pen *p, const struct picture *logo, struct box b)
{
	double scale = b.w / logo->w < b.h / logo->h ? b.w / logo->w : b.h / logo->h;

	cairo_save(p->cr);
	cairo_translate(p->cr, b.x + (b.w - logo->w * scale) / 2, b.y + (b.h - logo->h * scale) / 2);
	cairo_scale(p->cr, scale, scale);
	cairo_set_source_surface(p->cr, logo->surface, 0, 0);
	cairo_paint(p->cr);
	cairo_restore(p->cr);
	cairo_set_source_rgb(p->cr, 0, 0, 0);
}

/* ---- dots ---- */

/* Grey from the three colours, weights of ITU-R BT.601 in 1/256. A pixel is one number in the machine's order. */
static bool dark(const unsigned char *pixel)
{
	uint32_t v;

	memcpy(&v, pixel, sizeof(v));
	return (v >> 16 & 0xff) * 77 + (v >> 8 & 0xff) * 150 + (v & 0xff) * 29 < 128 * 256;
}

enum err pen_take_dots(struct pen *p, struct arena *a, struct dots *ret)
{
	struct dots d = { 0 };
	const unsigned char *from;
	unsigned char *to;
	size_t stride;

	cairo_surface_flush(p->surface);
	from = cairo_image_surface_get_data(p->surface);
	if (!from || !pen_well(p))
		return E_BUSY;
	stride = (size_t)cairo_image_surface_get_stride(p->surface);
	d.w = (unsigned)cairo_image_surface_get_width(p->surface);
	d.h = (unsigned)cairo_image_surface_get_height(p->surface);
	d.stride = (d.w + 7) / 8;
	to = arena_try(a, (size_t)d.stride * d.h);
	if (!to)
		return E_TOO_BIG;
	for (unsigned y = 0; y < d.h; y++)
		for (unsigned x = 0; x < d.w; x++)
			if (dark(from + y * stride + x * PIXEL))
				to[y * d.stride + x / 8] |= (unsigned char)(0x80 >> x % 8);
	d.row = to;
	*ret = d;
	return OK;
}
