/* record/json.h - the one strict JSON reader, the tree it builds, and the RFC 8785 writer.
 *
 * Strict: RFC 8259 UTF-8, no duplicate keys, bounded depth, length and count; numbers are integers within +-(2^53-1)
 * unless JSON_ANY_NUMBER is given (then their text is kept as it stands). Pure; the tree lives in the arena.
 */
#ifndef SUYUAN_JSON_H
#define SUYUAN_JSON_H

#include "base/base.h"

enum node_kind { NODE_NULL, NODE_BOOL, NODE_INT, NODE_NUMBER, NODE_STR, NODE_ARR, NODE_OBJ };

struct node {
	enum node_kind kind;
	bool yes;                 /* NODE_BOOL */
	int64_t i;                /* NODE_INT */
	struct str s;             /* NODE_STR decoded; NODE_NUMBER as written */
	struct str key;           /* name when inside an object */
	struct node *first, *last, *next;     /* children in order; next sibling */
	size_t n;                 /* number of children */
};

struct json_limits {
	size_t bytes, depth, nodes;
	bool any_number;
};
struct json_trouble {
	size_t at;                /* byte offset */
	const char *zh, *en;
};
/* E_BAD with *trouble filled, E_TOO_BIG over a limit. Strings point into `text` where no escape was met. */
enum err json_read(struct arena *a, struct str text, const struct json_limits *limits, struct node **ret, struct json_trouble *trouble) MUST_USE;

/* Building. Keys are borrowed C literals or arena text. */
struct node *node_obj(struct arena *a);
struct node *node_arr(struct arena *a);
struct node *node_str(struct arena *a, struct str s);
struct node *node_int(struct arena *a, int64_t i);
struct node *node_bool(struct arena *a, bool yes);
void node_add(struct node *arr, struct node *child);                 /* to an array */
void node_set(struct node *obj, struct str key, struct node *child); /* to an object; the caller keeps keys unique */
void put_str(struct arena *a, struct node *obj, const char *key, struct str s);
void put_z(struct arena *a, struct node *obj, const char *key, const char *z);
void put_int(struct arena *a, struct node *obj, const char *key, int64_t i);
void put_bool(struct arena *a, struct node *obj, const char *key, bool yes);
struct node *put_obj(struct arena *a, struct node *obj, const char *key);
struct node *put_arr(struct arena *a, struct node *obj, const char *key);
const struct node *node_get(const struct node *obj, const char *key);       /* NULL when absent or obj is NULL */
struct str node_text(const struct node *obj, const char *key);              /* empty when absent or no string */
int64_t node_number(const struct node *obj, const char *key, int64_t otherwise);
const struct node *node_at(const struct node *n, struct str pointer);       /* RFC 6901, "/a/0/b~1c"; NULL: nothing there, or no pointer */

/* Writing: in insertion order, or canonical (RFC 8785: members sorted by UTF-16 code units). */
void json_write(struct buf *b, const struct node *n);
void json_canon(struct buf *b, const struct node *n);
struct str json_str(struct arena *a, const struct node *n);
struct str canon_str(struct arena *a, const struct node *n);

#endif
