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
	AI_RULES_MOST = 3,
	AI_SEQUENCES = 2,
	AI_QUALIFIERS = 3,
	ELEMENTS_MOST = 64,
	AI_NOBODY = 0xffff              /* the number of no AI */
};

/* Content rules the table may name; the build stops at one that is not here. */
#define GS1_RULES(X) \
	X(csum) X(csumalpha) X(gcppos1) X(gcppos2) X(yymmd0) X(yymmdd) X(yyyymmd0) X(yyyymmdd) X(hh) X(mi) X(ss) X(hhmi) \
	X(iso3166) X(iso3166999) X(iso3166alpha2) X(iso4217) X(iso5218) X(iban) X(pcenc) X(yesno) X(zero) X(nonzero) \
	X(nozeroprefix) X(pieceoftotal) X(posinseqslash) X(latitude) X(longitude) X(mediatype) X(packagetype) \
	X(hasnondigit) X(importeridx) X(winding) X(hyphen) X(couponcode) X(couponposoffer)

enum ai_rule {
	RULE_NONE,
#define X(name) RULE_##name,
	GS1_RULES(X)
#undef X
	RULE_COUNT
};

/* An AI as a number: its digits with zeros added on the right to four. No AI is the beginning of another. */
struct ai_range {
	uint16_t low, high;
	bool ends;                      /* of a group: all its members are needed together */
};

struct ai_component {
	char type;                      /* N digits, X of 82, Y of 39, Z base64url */
	bool optional;
	unsigned char min, max;
	unsigned char rules[AI_RULES_MOST];
};

struct ai_row {
	char first[5], last[5], needs[72];      /* needs: as it is told to people */
	unsigned char flags, digits, least, most, n_parts;
	uint16_t needs_from, excludes_from, excludes_end;       /* in the pool of ranges */
	uint16_t sequences[AI_SEQUENCES][AI_QUALIFIERS];        /* 0 = no more */
	struct ai_component parts[AI_PARTS_MOST];
};

enum { CLASS_82 = 1, CLASS_39 = 2, CLASS_64 = 4, CLASS_URI = 8, CLASS_DOMAIN = 16, CLASS_PLAIN = 32 };   /* PLAIN: never escaped */
extern const unsigned char gs1_class[256];

static inline bool in_class(char ch, unsigned class) { return gs1_class[(unsigned char)ch] & class; }
static inline bool cset82(char ch) { return in_class(ch, CLASS_82); }

const struct ai_row *ai_find(struct str ai);
const struct ai_row *ai_begins(struct str text);        /* the row of the AI that starts here, or NULL */
size_t ai_length(const char two[2]);                     /* of the AIs that begin with these digits; 0 = none */
unsigned ai_number(struct str ai);                      /* of digits, 2 to 4 */
const struct ai_range *ai_pool(unsigned at);

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
enum fault rule_apply(enum ai_rule rule, struct str v, size_t *ret_at);
enum fault rule_set(char type, struct str v, size_t *ret_at);
enum fault rule_gcppos1(struct str v, size_t *ret_at);
enum fault rule_yymmdd(struct str v, size_t *ret_at);
enum fault rule_couponcode(struct str v, size_t *ret_at);
enum fault rule_couponposoffer(struct str v, size_t *ret_at);
enum fault ai_value_fault(const struct ai_row *row, struct str value, size_t *ret_at);

struct element {
	struct str ai, value;
	const struct ai_row *row;
	uint16_t number;
	bool in_path;
};

struct elements {
	size_t n;                       /* the rest is not cleared: only n counts */
	struct element e[ELEMENTS_MOST];
};

/* All report through c; `from` is the offset in c->in of what is being added. */
bool element_add(struct check *c, struct elements *set, struct str ai, struct str value, size_t from);
bool elements_related(struct check *c, const struct elements *set);
bool elements_read(struct check *c, struct elements *ret);      /* any written form of an element string */
bool elements_raw(struct check *c, struct str text, char separator, struct elements *ret);
const struct element *elements_have(const struct elements *set, unsigned low, unsigned high, unsigned except);
const struct element *elements_get(const struct elements *set, const char *ai);
struct str elements_bracketed(struct arena *a, const struct elements *set);
bool elements_link(struct arena *a, const struct elements *set, struct str *ret);   /* canonical Digital Link */
bool sequence_ok(const struct elements *path, size_t n_path, const struct ai_row *extra, size_t at);
bool link_read(struct check *c, struct elements *ret);
bool link_decompress(struct check *c, struct str segment, struct elements *ret);
void elements_parts(struct check *c, const struct elements *set);

#endif
