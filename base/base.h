/* base/base.h - the one header everybody knows: errors, text views, arena, growing text, small maths.
 *
 * Pure: no clock, no file, no socket, no randomness (those are in sys.h, which floor 1 may not include).
 * Memory: everything that is returned lives in the arena that was passed; there is no free().
 */
#ifndef SUYUAN_BASE_H
#define SUYUAN_BASE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "banned.h"

#define MUST_USE __attribute__((warn_unused_result))
#define PRINTF(f, a) __attribute__((format(printf, f, a)))
#define ROWS(t) (sizeof(t) / sizeof((t)[0]))

/* ---- errors: base/err.def ---- */

enum err {
	OK = 0,
#define ERR(name, http, exit_code, zh, en) name,
#include "err.def"
#undef ERR
	ERR_COUNT
};

int err_http(enum err e);           /* HTTP status, 200 for OK */
int err_exit(enum err e);           /* process exit code, 0 for OK */
const char *err_zh(enum err e);
const char *err_en(enum err e);
const char *err_name(enum err e);   /* "bad", "denied" ...: the problem type of RFC 9457 */

/* ---- text views: a pointer and a length, not terminated, never owned ---- */

struct str {
	const char *p;
	size_t n;
};

#define S(lit) ((struct str){ (lit), sizeof(lit) - 1 })
#define STR_ARG(s) (int)(s).n, (s).p        /* for "%.*s" */

struct str str_of(const char *z);            /* NULL gives the empty view */
bool str_eq(struct str a, struct str b);
bool str_is(struct str a, const char *z);
int str_cmp(struct str a, struct str b);     /* byte order, like memcmp */
bool str_starts(struct str s, const char *prefix);
bool str_ends(struct str s, const char *suffix);
struct str str_trim(struct str s);           /* ASCII white space at both ends */
struct str str_sub(struct str s, size_t from, size_t n);   /* clipped to s */
size_t str_find(struct str s, char c);       /* index, or s.n */
bool str_cut(struct str *rest, char c, struct str *ret_head);   /* splits at c; false when *rest is empty */
bool str_to_int(struct str s, int64_t *ret); /* whole view, optional '-', no overflow */
bool is_digit(char c);
bool is_alnum(char c);
char ascii_upper(char c);
char ascii_lower(char c);
uint64_t str_hash(struct str s, uint64_t seed);   /* for tables in memory, never for evidence */

/* UTF-8. utf8_next: the code point at *at (advanced), or -1 for an ill-formed sequence. */
int32_t utf8_next(struct str s, size_t *at);
bool utf8_ok(struct str s);
size_t utf8_count(struct str s);             /* code points of a well-formed view */
size_t utf8_put(uint32_t cp, char out[4]);   /* bytes written */

/* ---- arena: bump memory that ends all at once ----
 *
 * Grows in pieces up to `limit` bytes. When it is full, arena_take jumps to *full with the err as value
 * (E_TOO_BIG); whoever owns the request has set that jump. Files that hold foreign objects while they
 * allocate use arena_try, which answers NULL instead.
 */
struct arena {
	struct piece *pieces;
	char *at, *end;
	size_t used, limit;
	jmp_buf *full;
};

void arena_init(struct arena *a, size_t limit, jmp_buf *full);
void arena_end(struct arena *a);             /* frees everything; the arena may be used again */
void arena_reset(struct arena *a);           /* keeps the first piece for the next request */
void *arena_take(struct arena *a, size_t n) MUST_USE;    /* zeroed, aligned to 16 */
void *arena_try(struct arena *a, size_t n) MUST_USE;     /* same, NULL when full */
#define TAKE(a, type, count) ((type *)arena_take((a), sizeof(type) * (size_t)(count)))

struct str str_copy(struct arena *a, struct str s);      /* also terminated with a zero */
char *str_z(struct arena *a, struct str s);              /* terminated copy */
struct str str_fmt(struct arena *a, const char *fmt, ...) PRINTF(2, 3);
struct str str_join(struct arena *a, struct str x, struct str y);

/* ---- buf: text that grows inside an arena ---- */

struct buf {
	struct arena *a;
	char *p;
	size_t n, cap;
};

struct buf buf_in(struct arena *a, size_t expect);
void buf_add(struct buf *b, struct str s);
void buf_z(struct buf *b, const char *z);
void buf_char(struct buf *b, char c);
void buf_int(struct buf *b, int64_t v);
void buf_fmt(struct buf *b, const char *fmt, ...) PRINTF(2, 3);
void buf_html(struct buf *b, struct str s);              /* & < > " ' escaped */
void buf_json(struct buf *b, struct str s);              /* quoted, escaped as RFC 8785 3.2.2.2 asks */
void buf_url(struct buf *b, struct str s);               /* percent-encoded, unreserved kept */
struct str buf_str(const struct buf *b);

/* ---- encodings; out must have room, the length written is returned ---- */

#define HEX_LEN(n) ((n) * 2)
#define BASE64_LEN(n) (((n) + 2) / 3 * 4)
size_t hex_put(const void *in, size_t n, char *out);
bool hex_get(struct str s, void *out, size_t n);         /* exactly n bytes, either case */
size_t base64_put(const void *in, size_t n, char *out);  /* RFC 4648 with padding */
bool base64_get(struct str s, void *out, size_t cap, size_t *ret_n);      /* strict: padding, zero spare bits */
size_t base64url_put(const void *in, size_t n, char *out);   /* unpadded */
bool base64url_get(struct str s, void *out, size_t cap, size_t *ret_n);
struct str base64_str(struct arena *a, const void *in, size_t n);
struct str base64url_str(struct arena *a, const void *in, size_t n);
struct str hex_str(struct arena *a, const void *in, size_t n);

/* Record ids as people see them: 13 characters of Crockford base 32, from a 64-bit number. */
#define ID_TEXT 13
void id_put(int64_t id, char out[ID_TEXT]);
bool id_get(struct str s, int64_t *ret);                 /* tolerant of case; refuses other lengths */
struct str id_str(struct arena *a, int64_t id);

/* ---- time as text; the clock itself is in sys.h ---- */

/* Milliseconds since 1970 UTC <-> "2026-11-22T09:30:00Z"; with_ms adds ".123". */
struct str time_str(struct arena *a, int64_t ms, bool with_ms);
struct str date_str(struct arena *a, int64_t ms, int offset_min);   /* the civil date at that offset (China: 480) */
bool time_get(struct str s, int64_t *ret_ms);            /* RFC 3339, offset required */
bool date_get(struct str s, int64_t *ret_day);           /* yyyy-mm-dd -> days since 1970, calendar checked */
int64_t day_of(int64_t ms, int offset_min);              /* days since 1970 at that offset */
#define CHINA_OFFSET_MIN 480
#define DAY_MS INT64_C(86400000)

/* ---- big-endian numbers ---- */
void be_put(uint64_t v, unsigned char *out, size_t n);
uint64_t be_get(const unsigned char *in, size_t n);

/* ---- hash map from text to pointer, in an arena; keys are borrowed ---- */
struct map {
	struct arena *a;
	struct map_slot *slots;
	size_t n, cap;
};
struct map map_in(struct arena *a);
void *map_get(const struct map *m, struct str key);
bool map_put(struct map *m, struct str key, void *value);   /* false: key was there and keeps its value */

#endif
