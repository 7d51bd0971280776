/* kernel/lines.h - lines of a table as inputs of an operation; for load.c, sheet.c and export. */
#ifndef SUYUAN_LINES_H
#define SUYUAN_LINES_H

#include "grid/grid.h"
#include "kernel/inside.h"

enum { LINE_COLUMNS = 256 };
#define EXAMPLE_MARK "例："             /* begins the first cell of a template's example line, which is passed over */

struct line_column { const struct field *f; const char *member; size_t at; };      /* member NULL: passed over; f NULL: open, withhold, corrects */
struct ref_seen { struct str name, id; };

struct lines {
	struct arena *a;          /* outlives the lines */
	const struct op *op;      /* NULL: each line names its own, "op" or "type" */
	enum grid_form form;
	struct line_column col[LINE_COLUMNS];
	struct ref_seen seen[LINE_COLUMNS];
	size_t n;
	const struct node *fixed; /* values every line has that says nothing of its own */
	bool gather;              /* its lines go many to a call: op->gather */
};
/* op, form, fixed and a are set; h: the heading (CSV, XLSX). E_BAD with a sentence. */
enum err lines_heading(struct lines *l, const struct grid_line *h, struct str *zh, struct str *en) MUST_USE;
/* c->raw from a line. E_BAD with a trouble. */
enum err lines_input(struct lines *l, struct call *c, const struct grid_line *line) MUST_USE;
struct str lines_value(const struct lines *l, const struct grid_line *line, size_t k);
bool line_is_example(const struct grid_line *line);
/* The name people know a word of KIND_NAMES by, from the field's help; empty when it has none. */
struct str names_label(const struct field *f, struct str word);

#endif
