/* grid/grid.h - tables people send and take away: CSV, XLSX and NDJSON, line by line in bounded memory.
 *
 * Reading gives lines of cells as text; what a cell means is decided above (record/check.c). Writing gives files a spreadsheet
 * opens without a question. Pure but for the one scratch file the XLSX library writes, whose place the caller names.
 */
#ifndef SUYUAN_GRID_H
#define SUYUAN_GRID_H

#include "base/base.h"

enum grid_form { GRID_CSV, GRID_XLSX, GRID_NDJSON, GRID_TEXT };      /* TEXT: one value a line */
#define GRID_FORMS 4
const char *grid_form_name(enum grid_form f);                        /* "csv" */
const char *grid_form_media(enum grid_form f);                       /* content type */

/* ---- reading ---- */

/* Bytes anywhere in a file: answers how many were read (short only at the end), -1 when reading failed. */
struct grid_source {
	int64_t (*read)(void *ctx, uint64_t at, void *to, size_t n);
	void *ctx;
	uint64_t size;
};
struct grid_source grid_of_bytes(const struct str *bytes);           /* *bytes must outlive the reading */

struct grid_limits {          /* 0: the default in parentheses */
	uint64_t lines;           /* (2,000,000) */
	size_t columns;           /* (256) */
	size_t cell;              /* bytes of one cell (32,768) */
	uint64_t unpacked;        /* bytes of all parts of an XLSX together (2 GiB) */
	uint64_t shared;          /* bytes of an XLSX' shared texts, the only part held in memory (256 MiB) */
};

struct grid_line {
	uint64_t no;              /* as a person counts: the heading is line 1; the row number of an XLSX */
	struct str *cell;         /* CSV, XLSX, TEXT: n cells, trimmed of nothing; absent cells are empty */
	size_t n;                 /* XLSX: at least as many as the first line has, for its files leave empty cells out */
	struct str raw;           /* NDJSON: the line; CSV, TEXT: its bytes in UTF-8 */
	struct str zh, en;        /* set when the line cannot be read (E_BAD): why */
	size_t column;            /* of the trouble, from 0 */
};

struct grid_in;
/* Finds out what the bytes are (content first, the name only between CSV and TEXT) and how they are written: UTF-8 with or without
 * a mark, UTF-16 with a mark, GB18030. E_BAD with a sentence when they are nothing we read; E_TOO_BIG for a limit. */
enum err grid_open(struct arena *a, const struct grid_source *s, struct str name, const struct grid_limits *l, struct grid_in **ret,
                   struct str *why_zh, struct str *why_en) MUST_USE;
enum grid_form grid_form(const struct grid_in *r);
const char *grid_encoding(const struct grid_in *r);                  /* "UTF-8", "GB18030", "UTF-16" */
/* The next line, in `line`: the caller resets that arena between lines. Empty lines are passed over.
 * OK; E_BAD: this line cannot be read, the next one can; E_ABSENT: the end; E_TOO_BIG, E_CORRUPT, E_IO, E_BUSY: no further line can be
 * had, and a damaged workbook may be found out only here: keep nothing of a file that does not come to E_ABSENT. */
enum err grid_next(struct grid_in *r, struct arena *line, struct grid_line *ret) MUST_USE;
uint64_t grid_at(const struct grid_in *r);                           /* bytes of the source used so far, for progress */
void grid_close(struct grid_in *r);                                  /* NULL is fine */

/* ---- writing ---- */

struct grid_column {
	struct str heading;       /* first line */
	struct str note;          /* shown at the heading: need, clause, help; may be empty */
	const struct str *choice; /* allowed values: a drop-down */
	size_t n_choice;
	struct str example;       /* second line of a template; may be empty */
	unsigned width;           /* characters; 0: from the heading */
	bool required;            /* heading stands out */
	bool number;              /* cells that are decimals are written as numbers; all others are text */
};

struct grid_out;
/* XLSX goes to the file `path`, which must not exist (E_CLASH) and is gone again when anything fails, with scratch files beside it; the others into
 * what `put` takes (path is NULL). The texts of the columns must outlive o, the array need not. TEXT and NDJSON have no heading. */
struct grid_sink { bool (*put)(void *ctx, const char *p, size_t n); void *ctx; };
enum err grid_begin(struct arena *a, enum grid_form f, const char *path, const struct grid_sink *sink, struct str title,
                    const struct grid_column *column, size_t n, bool examples, struct grid_out **ret) MUST_USE;
/* CSV: a cell that a spreadsheet would run (= + - @ in either width, tab, CR, unless it is a plain number) is written with an apostrophe
 * before it, which grid_next takes off again. NDJSON: an object of heading: cell, empty cells left out. TEXT: one cell without line ends.
 * E_BAD (ill-formed UTF-8, NUL, too many cells) and a row too big for CSV or NDJSON leave o as it was; after other answers nothing more is
 * written. */
enum err grid_put(struct grid_out *o, const struct str *cell, size_t n) MUST_USE;
enum err grid_end(struct grid_out *o) MUST_USE;                      /* o is over whatever it answers: the first trouble there was */

/* ---- a zip, read ---- */

struct why { const char *zh, *en; };            /* constant texts */
struct zip;
/* Owner: caller, zip_close. */
enum err zip_open(const struct grid_source *s, const struct grid_limits *l, struct zip **ret, struct why *why) MUST_USE;
size_t zip_count(const struct zip *z);
struct zip_part { const char *name; uint64_t size; bool plain; };       /* name: as it is written; plain: a file, no link, folder or device */
struct zip_part zip_nth(const struct zip *z, size_t i);
bool zip_has(const struct zip *z, const char *name);
enum err zip_part(struct zip *z, const char *name) MUST_USE;            /* begins it; one at a time. E_ABSENT, E_CORRUPT */
int64_t zip_read(struct zip *z, void *to, size_t n);                    /* 0: the end, checksum and length are right; -1: broken */
uint64_t zip_part_at(const struct zip *z);
uint64_t zip_part_size(const struct zip *z);
void zip_close(struct zip *z);

/* ---- a zip in memory ---- */

struct zip_out;
enum err zip_begin(struct zip_out **ret) MUST_USE;
enum err zip_put(struct zip_out *o, const char *name, struct str bytes) MUST_USE;    /* E_TOO_BIG, also for all that follow */
/* o is over whatever it answers. a NULL: thrown away. */
enum err zip_end(struct zip_out *o, struct arena *a, struct str *ret);

#endif
