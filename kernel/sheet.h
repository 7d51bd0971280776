/* kernel/sheet.h - an answer that is a table file: written to a nameless file first, then streamed. */
#ifndef SUYUAN_SHEET_H
#define SUYUAN_SHEET_H

#include "kernel/lines.h"

/* What an answer of here may be, for the papers (op.gives). */
#define SHEET_CSV "text/csv"
#define SHEET_XLSX "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
#define SHEET_GIVES SHEET_CSV "|" SHEET_XLSX "|application/x-ndjson"

struct sheet;
/* as: "csv", "xlsx", "ndjson". */
enum err sheet_begin(struct call *c, struct str as, struct str title, const struct grid_column *col, size_t n, bool examples, struct sheet **ret) MUST_USE;
struct arena *sheet_line(struct sheet *s);      /* for one line: empty again at the next call */
/* A value of an answer as one cell: lists with `between`, yes and no in words, objects as JSON; NULL gives an empty one. */
struct str sheet_cell(struct arena *a, const struct node *v, char between);
enum err sheet_put(struct sheet *s, const struct str *cell, size_t n) MUST_USE;
/* A file of text instead of lines: JSON. */
enum err sheet_text_begin(struct call *c, const char *media, struct sheet **ret) MUST_USE;
enum err sheet_text(struct sheet *s, struct str text) MUST_USE;
/* The call's answer, or `so_far` when that is no OK; s is gone. */
enum err sheet_end(struct sheet *s, struct call *c, enum err so_far) MUST_USE;

#endif
