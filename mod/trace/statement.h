/* mod/trace/statement.h - inside mod/trace/: what a party has the platform say of its own records, and how such figures lie among peers. */
#ifndef SUYUAN_STATEMENT_H
#define SUYUAN_STATEMENT_H

#include "mod/trace/finding.h"

#define FIELD(id, ...) STATEMENT_##id,
enum {
#include "statement.def"
	STATEMENT_FIELDS };
#undef FIELD
extern const struct type statement_type;

enum err statement_prepare(struct call *c);
enum err statement_compare(struct call *c);

#endif
