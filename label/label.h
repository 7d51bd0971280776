/* label/label.h - from text to a mark on goods: symbols, single labels, sheets of labels, printer languages.
 *
 * Pure: bytes in, bytes out (the font is found by the drawing library). Sizes are millimetres on paper and modules in a symbol.
 */
#ifndef SUYUAN_LABEL_H
#define SUYUAN_LABEL_H

#include "base/base.h"

/* ---- symbols (symbol.c) ---- */

#define SYMBOLOGIES(X) \
	X(QR, "qr", "QR 码") X(DATAMATRIX, "datamatrix", "Data Matrix") X(GS1_DATAMATRIX, "gs1_datamatrix", "GS1 Data Matrix") \
	X(GS1_128, "gs1_128", "GS1-128") X(EAN13, "ean13", "EAN-13") X(CODE128, "code128", "Code 128") X(HANXIN, "hanxin", "汉信码")
enum symbology {
#define X(name, text, zh) SYM_##name,
	SYMBOLOGIES(X)
#undef X
	SYMBOLOGY_COUNT
};
const char *symbology_name(enum symbology s);
const char *symbology_zh(enum symbology s);
enum symbology symbology_of(struct str name);             /* SYMBOLOGY_COUNT: unknown */

struct symbol {
	enum symbology kind;
	unsigned width, height;   /* modules; height 1 for a linear symbol */
	unsigned quiet;           /* modules of white it must have on each side (standard of the symbology) */
	const unsigned char *row; /* height rows of (width + 7) / 8 bytes, leftmost module in the high bit, 1 = dark */
	struct str text;          /* human-readable line below; empty for matrix symbols */
};
/* `text`: QR, Data Matrix, Code 128, Han Xin as is (UTF-8); GS1 kinds: a bracketed element string; EAN-13: 12 or 13 digits.
 * `mask`: QR only: 0 choose the best (slow), 1..8 that mask. E_BAD with a sentence in `why`; E_TOO_BIG: does not fit. */
enum err symbol_make(struct arena *a, enum symbology kind, struct str text, unsigned mask, struct symbol *ret, struct str *why_zh,
                     struct str *why_en) MUST_USE;

/* One symbol alone with its quiet zone. `module_mm`: size of a module, 0.1 to 5. `bar_mm`: height of a linear symbol. */
void symbol_svg(struct buf *b, const struct symbol *s, double module_mm, double bar_mm);
enum err symbol_png(struct arena *a, const struct symbol *s, unsigned pixels_a_module, unsigned bar_pixels, struct str *ret) MUST_USE;

/* ---- templates (template.c): what stands where on a label and on a sheet ---- */

enum element_kind { ELEMENT_SYMBOL, ELEMENT_TEXT, ELEMENT_LOGO, ELEMENT_LINE, ELEMENT_BOX };
struct element {
	enum element_kind kind;
	double x, y, w, h;        /* mm from the label's upper left corner */
	enum symbology symbology;
	struct str text;          /* "{product_name} {specification}": names in braces are filled in; also the symbol's content */
	double size;              /* height of the characters, mm */
	int align;                /* -1 left, 0 middle, 1 right */
	bool bold, wrap;
};
struct label_template {
	struct str name;
	double page_w, page_h;    /* mm; 0: one label a page (label printers) */
	double left, top;         /* mm from the page's edge to the first label */
	double w, h;              /* of one label */
	double gap_x, gap_y;
	unsigned columns, rows;
	const struct element *element;
	size_t n;
	bool crop_marks;
	unsigned mask;            /* of QR, as symbol_make takes it; 0 from template_read */
};
/* From its JSON text (docs/formats/label.md); every trouble is a sentence. The ready ones by name: template_ready. */
enum err template_read(struct arena *a, struct str json, struct label_template *ret, struct str *why_zh, struct str *why_en) MUST_USE;
const char *template_ready(size_t at, const char **ret_name, const char **ret_zh);      /* JSON text; NULL after the last */

struct label_value { struct str name, text; };
struct str label_fill(struct arena *a, struct str text, const struct label_value *v, size_t n);

/* ---- drawing ---- */

struct label_logo { struct str png; };                    /* bytes of a PNG; empty: none */
struct label_sink { bool (*put)(void *ctx, const char *p, size_t n); void *ctx; };

/* Sheets as one PDF (sheet.c). A full page leaves at once; some 0.1 KB a label stay, for the PDF's table of objects. A label that is refused takes
 * no place: the sheet goes on with the next. */
struct label_sheet;
enum err label_sheet_begin(const struct label_template *t, const struct label_logo *logo, const struct label_sink *to, struct label_sheet **ret,
                     struct str *why_zh, struct str *why_en) MUST_USE;       /* `t` has to outlive the sheet */
enum err label_sheet_put(struct label_sheet *s, struct arena *a, const struct label_value *v, size_t n, struct str *why_zh, struct str *why_en) MUST_USE;
uint64_t label_sheet_pages(const struct label_sheet *s);
enum err label_sheet_end(struct label_sheet *s) MUST_USE;       /* frees s whatever it answers; what was put before an error is a whole PDF */
void label_sheet_drop(struct label_sheet *s);

/* One label as SVG of the template's size (svg.c), and in the languages of label printers (printer.c).
 * `dots_mm`: 8 (203 dpi), 12 (300 dpi) or 24 (600 dpi). Chinese text goes as a picture, so that any printer prints it. */
enum err label_svg(struct arena *a, const struct label_template *t, const struct label_logo *logo, const struct label_value *v, size_t n,
                   struct buf *to, struct str *why_zh, struct str *why_en) MUST_USE;
/* Several of them below each other in one picture: open, then each label_svg after label_svg_place, then close. */
void label_svg_open(struct buf *to, const struct label_template *t, size_t labels);
void label_svg_place(struct buf *to, const struct label_template *t, size_t at);
void label_svg_close(struct buf *to, bool all);
enum printer { PRINTER_ZPL, PRINTER_TSPL };
enum err label_print(struct arena *a, enum printer p, const struct label_template *t, const struct label_logo *logo, unsigned dots_mm,
                     const struct label_value *v, size_t n, struct buf *to, struct str *why_zh, struct str *why_en) MUST_USE;

#endif
