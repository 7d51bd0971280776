/* ident/in.h - what the files of ident/ share. Included by nobody else. */
#ifndef SUYUAN_IDENT_IN_H
#define SUYUAN_IDENT_IN_H

#include "ident.h"

struct check {
	struct arena *a;
	struct str in;                  /* lenient: after full width, trimming and the like */
	bool lenient;
	struct ident_result *r;
};

/* Each answers through c->r: either accept() or one of the bad functions, which return false. */
bool accept(struct check *c, struct str normal);
bool bad(struct check *c, const char *code, size_t at, const char *zh, const char *en);
bool badf(struct check *c, const char *code, size_t at, const char *zh, const char *en, ...)
	__attribute__((format(printf, 4, 6), format(printf, 5, 6)));
void warn(struct check *c, const char *code, const char *zh, const char *en);

void part(struct check *c, const char *key, struct str value);
void part_number(struct check *c, const char *key, size_t value);
void part_bool(struct check *c, const char *key, bool value);
void part_null(struct check *c, const char *key);
void part_list(struct check *c, const char *key, const struct str *items, size_t n);
void parts_clear(struct check *c);

/* Text helpers. */
bool all_digits(struct str s);
bool all_alnum(struct str s);
bool starts_any_case(struct str s, const char *prefix);  /* ASCII */
bool any_upper_digit(char c);                           /* 0-9 A-Z */
bool ascii(struct str s);
struct str fold(struct arena *a, struct str s);         /* full width to ASCII, exotic dashes and spaces to plain */
struct str squeeze(struct arena *a, struct str s, const char *drop);    /* without these characters */
struct str upper(struct arena *a, struct str s);
struct str lower(struct arena *a, struct str s);
bool want_length(struct check *c, size_t n);            /* in characters; reports */
bool want_digits(struct check *c);
size_t offset(const struct check *c, struct str s);     /* of a view of the text; 0 when s was made elsewhere */
size_t calendar_bad(struct str yymmdd, bool day00);     /* 0 right, 1 month, 2 day; digits are checked before */

/* One function for each kind or family. */
void uscc_kind(struct check *c);
void org_code_kind(struct check *c);
void gtin_kind(struct check *c, size_t digits);
void key_kind(struct check *c, const char *ai);
void elements_kind(struct check *c);
void link_kind(struct check *c);
void epc_kind(struct check *c);
void ecode_kind(struct check *c);
void ecode_url_kind(struct check *c);
void ma_kind(struct check *c);
void ma_di_kind(struct check *c);
void ma_pi_kind(struct check *c);
void iso15434_kind(struct check *c);
void ccc_kind(struct check *c);
void xk_kind(struct check *c);
void standard_kind(struct check *c);
void division_kind(struct check *c);
void phone_kind(struct check *c);
void phone_short_kind(struct check *c);
void sealed_kind(struct check *c);

/* 0 unknown, 1 known, 2 abolished. */
int division_known(struct str code);

#endif
