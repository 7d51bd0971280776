/* ident/gs1.h - what the GS1 files share: the table of Application Identifiers, content rules, sets of elements. */
#ifndef SUYUAN_IDENT_GS1_H
#define SUYUAN_IDENT_GS1_H

#include "in.h"

enum {
	AI_FIXED = 1,                   /* of predefined length: no FNC1 after it */
	AI_ATTR = 2,                    /* may stand in the query of a Digital Link */
	AI_KEY = 4,                     /* may start the path of a Digital Link */
	AI_DIGITS_MOST = 4,
	AI_PARTS_MOST = 6,
	ELEMENTS_MOST = 64
};

struct ai_row {
	char first[5], last[5];
	unsigned char flags;
	char spec[72], needs[72], excludes[32], sequences[16];
};

struct ai_component {
	char type;                      /* N digits, X of 82, Y of 39, Z base64url */
	bool optional;
	size_t min, max;
	struct str rules;               /* names separated by commas */
};

const struct ai_row *ai_find(struct str ai);
size_t ai_length(struct str text);      /* of the AI that starts here, from its first two digits; 0 unknown */
size_t ai_components(const struct ai_row *row, struct ai_component out[AI_PARTS_MOST]);
size_t ai_most(const struct ai_row *row);
size_t ai_least(const struct ai_row *row);

enum fault {
	FAULT_NONE,
#define FAULT(name, code, zh, en) name,
#include "gs1_fault.def"
#undef FAULT
	FAULT_COUNT
};

const char *fault_code(enum fault f);
const char *fault_zh(enum fault f);
const char *fault_en(enum fault f);

/* Content rules (gs1_rule.c, gs1_coupon.c): *ret_at is the offset of what is wrong. */
enum fault rule_apply(struct str name, struct str v, size_t *ret_at);
enum fault rule_set(char type, struct str v, size_t *ret_at);
enum fault rule_prefix(struct str v, size_t *ret_at);
enum fault rule_date(struct str v, size_t *ret_at);
enum fault rule_coupon(struct str v, size_t *ret_at);
enum fault rule_offer(struct str v, size_t *ret_at);
enum fault ai_value_fault(const struct ai_row *row, struct str value, size_t *ret_at);
bool cset82(char ch);
bool cset39(char ch);

struct element {
	struct str ai, value;
	const struct ai_row *row;
	bool in_path;
};

struct elements {
	size_t n;
	struct element e[ELEMENTS_MOST];
};

/* All report through c; `from` is the offset in c->in of what is being added. */
bool element_add(struct check *c, struct elements *set, struct str ai, struct str value, size_t from);
bool elements_related(struct check *c, const struct elements *set);
bool elements_read(struct check *c, struct elements *ret);      /* any written form of an element string */
bool elements_raw(struct check *c, struct str text, char separator, struct elements *ret);
const struct element *elements_have(const struct elements *set, struct str pattern, struct str except);
struct str elements_bracketed(struct arena *a, const struct elements *set);
bool elements_link(struct arena *a, const struct elements *set, struct str *ret);   /* canonical Digital Link */
bool sequence_ok(const struct elements *path, size_t n_path, const struct ai_row *extra, size_t at);
bool link_read(struct check *c, struct elements *ret);
bool link_decompress(struct check *c, struct str segment, struct elements *ret);
void elements_parts(struct check *c, const struct elements *set);

#endif
