/* label/draw.h - inside the room: a pen that draws on PDF pages or into dots, and a label laid out before it is drawn.
 *
 * All lengths are millimetres, from the upper left corner. Owner of pens and pictures: whoever opened them.
 */
#ifndef SUYUAN_LABEL_DRAW_H
#define SUYUAN_LABEL_DRAW_H

#include "label/label.h"

bool symbology_linear(enum symbology s);

/* Two sentences, both filled when an err is answered that the person at the desk can mend. */
struct why { struct str *zh, *en; };
enum err why_say(enum err e, struct why why, const char *zh, const char *en) MUST_USE;

/* ---- picture: a checked logo (cairo.c) ---- */

struct picture;
enum err picture_read(struct str png, struct picture **ret, struct why why) MUST_USE;
void picture_free(struct picture *p);

/* ---- pen (cairo.c) ---- */

struct pen;
struct box { double x, y, w, h; };
enum err pen_pdf(const struct label_sink *to, double w, double h, struct pen **ret) MUST_USE;
enum err pen_dots(unsigned w, unsigned h, double dots_mm, struct pen **ret) MUST_USE;   /* w, h in dots; also where only measuring is wanted */
/* Runs `run` with a pen for measuring and frees it in every case; E_TOO_BIG when the arena gets full meanwhile. */
enum err pen_measuring(struct arena *a, enum err (*run)(void *ctx, struct pen *measure), void *ctx) MUST_USE;
bool pen_well(const struct pen *p);           /* nothing went wrong so far */
void pen_page(struct pen *p);                 /* the page is full */
enum err pen_end(struct pen *p) MUST_USE;     /* frees p; E_IO when the sink refused */
void pen_drop(struct pen *p);

void pen_fill(struct pen *p, struct box b);
void pen_symbol(struct pen *p, const struct symbol *s, struct box b);       /* the modules alone, without quiet zone */
void pen_picture(struct pen *p, const struct picture *logo, struct box b);  /* as large as fits, in the middle */
void pen_text(struct pen *p, const char *z, double x, double base, double size, bool bold);
/* Width of each code point at size 1. `advance` has room for utf8_count(s). */
void pen_measure(struct pen *p, const char *z, bool bold, double *advance, size_t n);

struct dots { unsigned w, h, stride; const unsigned char *row; };           /* like symbol.row: high bit left, 1 = black */
enum err pen_take_dots(struct pen *p, struct arena *a, struct dots *ret) MUST_USE;

/* ---- text in a box (fit.c) ---- */

struct line { const char *z; double x, base, w; };
struct lines { struct line *line; size_t n; double size; };
/* Shrinks down to 0.6 of the size asked for, then cuts with an ellipsis; never wider or higher than the box. */
struct lines fit_text(struct arena *a, struct pen *measure, struct str text, struct box b, double size, int align, bool bold, bool wrap);
struct str text_clean(struct arena *a, struct str s, bool wrap);    /* no control and no direction characters */

enum err template_check(const struct label_template *t, struct why why) MUST_USE;      /* bounds, and that nothing stands outside */

/* ---- a label laid out (layout.c) ---- */

struct placed {
	const struct element *e;
	struct symbol symbol;     /* ELEMENT_SYMBOL */
	struct box bits;          /* where its modules stand */
	double module;            /* mm */
	struct lines lines;       /* ELEMENT_TEXT, and the readable line of a linear symbol */
};
/* `dots_mm` 0: any size of module; otherwise whole dots. */
enum err label_lay(struct arena *a, struct pen *measure, const struct label_template *t, unsigned dots_mm, const struct label_value *v, size_t n,
                   struct placed **ret, struct why why) MUST_USE;
void label_draw(struct pen *p, const struct label_template *t, const struct placed *placed, const struct picture *logo, double x, double y);
/* The four sides of a frame of `thick` mm, inside b. */
void frame_sides(struct box b, double thick, struct box ret[4]);
#define LINE_HEIGHT 1.25          /* of a line of text, in sizes; Noto Sans CJK reaches 0.88 above and 0.12 below with ideographs */
#define LINE_BASE 0.98            /* from the line's top to its base */

void put_mm(struct buf *b, double v);         /* decimal with at most 3 places, whatever the locale */

#endif
