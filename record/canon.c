/* record/canon.c - building JSON trees and writing them, in the order built or canonically (RFC 8785).
 *
 * Pure. Names and strings are borrowed, not copied. Writing recurses as deep as the tree: the reader allows 64
 * levels, and nobody builds more by hand. NODE_NUMBER is written as it was read, so a tree with such numbers is
 * canonical only as far as its numbers were; what goes into evidence has integers and strings alone.
 */
#include "record/json.h"

/* ---- building ---- */

static struct node *node_of(struct arena *a, enum node_kind kind)
{
	struct node *n = TAKE(a, struct node, 1);

	n->kind = kind;
	return n;
}

struct node *node_obj(struct arena *a) { return node_of(a, NODE_OBJ); }
struct node *node_arr(struct arena *a) { return node_of(a, NODE_ARR); }

struct node *node_str(struct arena *a, struct str s)
{
	struct node *n = node_of(a, NODE_STR);

	n->s = s;
	return n;
}

struct node *node_int(struct arena *a, int64_t i)
{
	struct node *n = node_of(a, NODE_INT);

	n->i = i;
	return n;
}

struct node *node_bool(struct arena *a, bool yes)
{
	struct node *n = node_of(a, NODE_BOOL);

	n->yes = yes;
	return n;
}

void node_add(struct node *arr, struct node *child)
{
	child->next = NULL;
	if (arr->last)
		arr->last->next = child;
	else
		arr->first = child;
	arr->last = child;
	arr->n++;
}

void node_set(struct node *obj, struct str key, struct node *child)
{
	child->key = key;
	node_add(obj, child);
}

void put_str(struct arena *a, struct node *obj, const char *key, struct str s) { node_set(obj, str_of(key), node_str(a, s)); }
void put_z(struct arena *a, struct node *obj, const char *key, const char *z) { put_str(a, obj, key, str_of(z)); }
void put_int(struct arena *a, struct node *obj, const char *key, int64_t i) { node_set(obj, str_of(key), node_int(a, i)); }
void put_bool(struct arena *a, struct node *obj, const char *key, bool yes) { node_set(obj, str_of(key), node_bool(a, yes)); }

struct node *put_obj(struct arena *a, struct node *obj, const char *key)
{
	struct node *n = node_obj(a);

	node_set(obj, str_of(key), n);
	return n;
}

struct node *put_arr(struct arena *a, struct node *obj, const char *key)
{
	struct node *n = node_arr(a);

	node_set(obj, str_of(key), n);
	return n;
}

/* ---- looking up ---- */

const struct node *node_get(const struct node *obj, const char *key)
{
	struct str want = str_of(key);

	if (!obj || obj->kind != NODE_OBJ)
		return NULL;
	for (const struct node *c = obj->first; c; c = c->next)
		if (str_eq(c->key, want))
			return c;
	return NULL;
}

struct str node_text(const struct node *obj, const char *key)
{
	const struct node *n = node_get(obj, key);

	return n && n->kind == NODE_STR ? n->s : S("");
}

int64_t node_number(const struct node *obj, const char *key, int64_t otherwise)
{
	const struct node *n = node_get(obj, key);

	return n && n->kind == NODE_INT ? n->i : otherwise;
}

/* "~1" is "/" and "~0" is "~" inside a step. */
static bool step_is(struct str step, struct str name)
{
	size_t at = 0;

	for (size_t i = 0; i < step.n; i++, at++) {
		char ch = step.p[i];

		if (ch == '~') {
			if (++i == step.n || (step.p[i] != '0' && step.p[i] != '1'))
				return false;
			ch = step.p[i] == '0' ? '~' : '/';
		}
		if (at == name.n || name.p[at] != ch)
			return false;
	}
	return at == name.n;
}

static bool place_of(struct str step, const struct node *arr, int64_t *ret)
{
	return step.n && is_digit(step.p[0]) && (step.n == 1 || step.p[0] != '0') && str_to_int(step, ret) && *ret < (int64_t)arr->n;
}

const struct node *node_at(const struct node *n, struct str pointer)
{
	while (n && pointer.n) {
		size_t end = pointer.p[0] == '/' ? str_find(str_sub(pointer, 1, pointer.n), '/') : 0;
		struct str step = str_sub(pointer, 1, end);
		const struct node *x = n->first;
		int64_t at = 0;

		if (pointer.p[0] != '/' || (n->kind != NODE_OBJ && n->kind != NODE_ARR) || (n->kind == NODE_ARR && !place_of(step, n, &at)))
			return NULL;
		while (x && (n->kind == NODE_ARR ? at-- > 0 : !step_is(step, x->key)))
			x = x->next;
		n = x;
		pointer = str_sub(pointer, 1 + end, pointer.n);
	}
	return n;
}

/* ---- writing ---- */

/* UTF-8 sorts by code point, UTF-16 puts U+E000..U+FFFF (first byte ee or ef) behind the surrogates of everything
 * above U+FFFF (first byte f0 to f4). No other byte changes place. */
static int utf16_rank(unsigned char c) { return c == 0xee || c == 0xef ? c + 0x10 : c; }

static int utf16_cmp(struct str a, struct str b)
{
	for (size_t i = 0; i < a.n && i < b.n; i++)
		if (a.p[i] != b.p[i])
			return utf16_rank((unsigned char)a.p[i]) - utf16_rank((unsigned char)b.p[i]);
	return (a.n > b.n) - (a.n < b.n);
}

static int by_key(const void *a, const void *b)
{
	const struct node *const *x = a, *const *y = b;

	return utf16_cmp((*x)->key, (*y)->key);
}

/* RFC 8785, 3.2.3 */
static const struct node **sorted(struct arena *a, const struct node *obj)
{
	const struct node **all = TAKE(a, const struct node *, obj->n);
	size_t i = 0;

	for (const struct node *c = obj->first; c; c = c->next)
		all[i++] = c;
	if (i > 1)
		qsort(all, i, sizeof(all[0]), by_key);
	return all;
}

static void write_node(struct buf *b, const struct node *n, bool canon);

static void write_members(struct buf *b, const struct node *n, bool canon)
{
	bool object = n->kind == NODE_OBJ;
	const struct node **order = canon && object ? sorted(b->a, n) : NULL;
	const struct node *c = n->first;

	buf_char(b, object ? '{' : '[');
	for (size_t i = 0; i < n->n; i++, c = c->next) {
		const struct node *m = order ? order[i] : c;

		if (i)
			buf_char(b, ',');
		if (object) {
			buf_json(b, m->key);
			buf_char(b, ':');
		}
		write_node(b, m, canon);
	}
	buf_char(b, object ? '}' : ']');
}

static void write_node(struct buf *b, const struct node *n, bool canon)
{
	switch (n->kind) {
	case NODE_NULL:
		buf_z(b, "null");
		break;
	case NODE_BOOL:
		buf_z(b, n->yes ? "true" : "false");
		break;
	case NODE_INT:
		buf_int(b, n->i);
		break;
	case NODE_NUMBER:
		buf_add(b, n->s);
		break;
	case NODE_STR:
		buf_json(b, n->s);
		break;
	case NODE_ARR:
	case NODE_OBJ:
		write_members(b, n, canon);
		break;
	}
}

void json_write(struct buf *b, const struct node *n) { write_node(b, n, false); }
void json_canon(struct buf *b, const struct node *n) { write_node(b, n, true); }

static struct str text_of(struct arena *a, const struct node *n, bool canon)
{
	struct buf b = buf_in(a, 256);

	write_node(&b, n, canon);
	return buf_str(&b);
}

struct str json_str(struct arena *a, const struct node *n) { return text_of(a, n, false); }
struct str canon_str(struct arena *a, const struct node *n) { return text_of(a, n, true); }
