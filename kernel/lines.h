/* kernel/lines.h - lines of a table as inputs of an operation; for load.c, sheet.c and export. */
#ifndef SUYUAN_LINES_H
#define SUYUAN_LINES_H

#include "grid/grid.h"
#include "kernel/inside.h"

enum { LINE_COLUMNS = 256 };
#define EXAMPLE_MARK "例："             /* begins the first cell of a template's example line, which is passed over */

struct line_column { const struct field *f; const char *member; size_t at; const struct type *type; };      /* member NULL: passed over; f NULL:
                                                               * open, withhold, corrects, type, ref; type: of lines of that type alone */
struct ref_seen { struct str name, id; };

struct lines {
	struct arena *a;          /* outlives the lines */
	struct kernel *k;
	const struct op *op;      /* NULL: each line names its own, "op" or "type" */
	enum grid_form form;
	struct line_column col[LINE_COLUMNS];
	struct ref_seen seen[LINE_COLUMNS];
	size_t n;
	const struct node *fixed; /* values every line has that says nothing of its own */
	struct map *local;        /* "#name" of a line before -> struct line_local */
	struct str ref;           /* of the line read last: the name other lines may call it by */
	bool gather;              /* its lines go many to a call: op->gather */
};
struct line_local { int64_t id; };     /* 0: not filed yet; -1: only looked at */
/* op, form, fixed, local and a are set; h: the heading (CSV, XLSX). E_BAD with a sentence. */
enum err lines_heading(struct lines *l, const struct grid_line *h, struct str *zh, struct str *en) MUST_USE;
/* c->raw from a line, c->op too where lines name theirs. E_BAD with a trouble; E_STATE: it names a line that is not filed yet;
 * E_ABSENT: it says nothing to file (a package's head, a party's own card). */
enum err lines_input(struct lines *l, struct call *c, const struct grid_line *line) MUST_USE;
struct str lines_value(const struct lines *l, const struct grid_line *line, size_t k);
/* As far as it is shown and kept: not the half of a character. */
struct str heading_shown(struct str heading);
bool line_is_example(const struct grid_line *line);
/* Heading of a field in a table of several types: "产品·产品名称". */
struct str package_heading(struct arena *a, const struct type *t, const struct field *f);
/* The name people know a word of KIND_NAMES by, from the field's help; empty when it has none. */
struct str names_label(const struct field *f, struct str word);

#endif
