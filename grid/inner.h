/* grid/inner.h - what the files of this room know of each other. Nobody outside includes it.
 *
 * text.c turns bytes of any encoding into a window of UTF-8; csv.c cuts that into lines. zip.c opens the parts of a package, xlsx.c runs
 * the XML of a part, book.c keeps what all sheets share, sheet.c gives the rows, cell.c says what a number shows.
 */
#ifndef SUYUAN_GRID_INNER_H
#define SUYUAN_GRID_INNER_H

#include "grid.h"

#define GRID_PIECE ((size_t)64 * 1024)          /* bytes asked of a source at once */

#define WHY(zh, en) ((struct why){ (zh), (en) })

bool grid_read(const struct grid_source *s, uint64_t at, void *to, size_t n);   /* exactly n bytes */
bool grid_runs(struct str cell);                /* the apostrophe rule: a spreadsheet would run this cell, or take its apostrophe */
bool grid_decimal(struct str s, bool plus);     /* -?digits[.digits], a '+' too when asked */
size_t grid_bad_byte(const char *p, size_t n);  /* index of the first byte that is ill-formed UTF-8 or NUL, else n */

/* ---- text.c ---- */

struct text {
	struct grid_source src;
	const char *encoding;
	uint64_t at;            /* of the source: the next byte to be read */
	uint64_t base;          /* of the source: p[0], while nothing is converted */
	char *p;                /* the window; bytes before `from` are done with */
	size_t from, n, cap;
	bool end;               /* nothing comes after p[n] */
	void *convert;          /* iconv_t; NULL: UTF-8 as it is */
	size_t unit;            /* bytes passed over when a sequence cannot be converted */
	char *raw;
	size_t raw_n;
};
/* *ret_bad: the place of the byte that is neither UTF-8 nor GB18030, when that is the trouble; else the source's size. */
enum err text_open(const struct grid_source *s, struct text **ret, struct why *why, uint64_t *ret_bad) MUST_USE;
enum err text_more(struct text *t) MUST_USE;    /* lets go of what is before `from`, adds at least a piece, or sets `end` */
void text_close(struct text *t);

/* ---- csv.c: CSV, TEXT and NDJSON ---- */

struct csv;
/* Finds the form out of the first line. t stays the caller's. */
enum err csv_open(struct text *t, struct str name, const struct grid_limits *l, struct csv **ret) MUST_USE;
enum grid_form csv_form(const struct csv *c);
enum err csv_next(struct csv *c, struct arena *line, struct grid_line *ret) MUST_USE;
void csv_close(struct csv *c);

/* zip.c is in grid.h: packages of evidence are read with it too. */

/* ---- xlsx.c: the XML of a part ---- */

enum xml_go { XML_GO, XML_PAUSE, XML_OVER, XML_STRANGE };       /* OVER: the rest is of no interest; STRANGE: a name not known here */
struct xml_events {             /* names without their prefix; attributes: name, value, ..., NULL */
	enum xml_go (*start)(void *ctx, const char *name, const char **atts);
	enum xml_go (*end)(void *ctx, const char *name);
	void (*text)(void *ctx, const char *p, size_t n);
};
struct xml;
enum err xml_open(struct zip *z, const char *part, const struct xml_events *on, void *ctx, struct xml **ret) MUST_USE;
enum err xml_run(struct xml *x, struct why *why) MUST_USE;      /* OK: an event paused; E_ABSENT: the end */
void xml_close(struct xml *x);
enum err xml_whole(struct zip *z, const char *part, const struct xml_events *on, void *ctx, struct why *why) MUST_USE;
const char *xml_att(const char **atts, const char *name);       /* NULL when absent */
const char *xml_att_prefixed(const char **atts, const char *local);
bool xml_true(const char *v);                                   /* xsd:boolean; NULL is false */
size_t xml_unescape(char *p, size_t n);                         /* _x000D_ and the like (ECMA-376 22.9.2.19), in place */

/* ---- book.c ---- */

enum shows { SHOWS_NUMBER, SHOWS_DATE, SHOWS_MOMENT, SHOWS_TIME, SHOWS_ELAPSED };

struct book {
	struct zip *zip;
	char *sheet;            /* part of the first visible worksheet */
	bool from_1904;
	unsigned char *shows;   /* by cell style */
	size_t n_shows;
	char *text;             /* all shared texts; text i is [start[i], start[i + 1]) */
	size_t text_n, text_cap;
	uint32_t *start;
	size_t n_shared, start_cap;
};
enum err book_open(const struct grid_source *s, const struct grid_limits *l, struct book *ret, struct why *why) MUST_USE;
void book_close(struct book *b);

/* ---- cell.c ---- */

enum cell_trouble { CELL_OK, CELL_NOT_A_NUMBER, CELL_DIGITS_LOST, CELL_NO_DATE };
#define CELL_TEXT 400
enum shows cell_shows(unsigned id, const char *format);         /* format: NULL for a built-in one */
enum cell_trouble cell_number(struct str v, enum shows how, bool from_1904, char out[CELL_TEXT], size_t *ret_n);
enum cell_trouble cell_iso(struct str v, char out[CELL_TEXT], size_t *ret_n);

/* ---- sheet.c ---- */

struct sheet;
enum err sheet_open(const struct grid_source *s, const struct grid_limits *l, struct sheet **ret, struct why *why) MUST_USE;
enum err sheet_next(struct sheet *s, struct arena *line, struct grid_line *ret) MUST_USE;
uint64_t sheet_at(const struct sheet *s, uint64_t size);
void sheet_close(struct sheet *s);

/* ---- xlsx_write.c ---- */

struct xlsx_out;
enum err xlsx_begin(const char *path, struct str title, const struct grid_column *column, size_t n, bool examples,
                    struct xlsx_out **ret) MUST_USE;
enum err xlsx_put(struct xlsx_out *o, const struct str *cell, size_t n) MUST_USE;
enum err xlsx_end(struct xlsx_out *o, bool keep) MUST_USE;      /* frees o; not keep: the file goes */

#endif
