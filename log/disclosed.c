/* log/disclosed.c - disclosed values against the field tree their entry committed to; see docs/formats/record.md. Pure.
 *
 * Knows no type: a slot is told by its place, so whoever checks needs no list of fields, only the entry.
 */
#include "log/remote.h"
#include "record/schema.h"

enum { SLOTS_MAX = 4096, VALUE_MAX = 4 << 20 };

bool leaf_facts_get(struct arena *a, struct str entry, struct leaf_facts *ret)
{
	static const struct json_limits limits = { .bytes = LOG_ENTRY_MAX, .depth = 8, .nodes = 4096 };
	struct json_trouble trouble;
	struct leaf_facts f;
	struct node *o;
	struct str h;
	size_t n;

	if (entry.n == 0 || entry.p[0] != '{' || json_read(a, entry, &limits, &o, &trouble) || o->kind != NODE_OBJ)
		return false;
	h = node_text(o, "h");
	f = (struct leaf_facts){ str_is(h, "sm3") ? HASH_SM3 : HASH_SHA256, { { 0 } }, node_number(o, "n", -1), node_text(o, "o"), node_text(o, "k"), o };
	if ((!str_is(h, "sm3") && !str_is(h, "sha256")) || f.n < 1 || f.n > SLOTS_MAX)
		return false;
	if (!base64url_get(node_text(o, "r"), f.root.b, HASH_LEN, &n) || n != HASH_LEN)
		return false;
	*ret = f;
	return true;
}

bool disclosed_get(struct arena *a, struct str text, struct disclosed *ret)
{
	static const struct json_limits limits = { .bytes = VALUE_MAX, .depth = 4, .nodes = 1 << 18 };
	char *p = arena_take(a, text.n / 4 * 3 + 3);
	struct json_trouble trouble;
	struct node *o;
	size_t n;

	if (text.n > VALUE_MAX || !base64url_get(text, p, text.n / 4 * 3 + 3, &n) || json_read(a, (struct str){ p, n }, &limits, &o, &trouble))
		return false;
	if (o->kind != NODE_ARR || o->n != 3 || o->first->kind != NODE_STR || o->first->next->kind != NODE_STR)
		return false;
	*ret = (struct disclosed){ o->first->next->s, o->last };
	return true;
}

static bool slot_hash(struct arena *a, enum hash_id h, struct str text, struct map *names, struct hash *ret)
{
	struct disclosed d;
	size_t n;

	if (str_starts(text, ":"))
		return base64url_get(str_sub(text, 1, text.n), ret->b, HASH_LEN, &n) && n == HASH_LEN;
	/* one name, one value: two slots of a name would let a reader be shown either */
	if (!disclosed_get(a, text, &d) || !map_put(names, d.name, names))
		return false;
	*ret = slot_leaf(h, text);
	return true;
}

const char *slots_wrong(struct arena *a, const struct leaf_facts *leaf, const struct node *slots, const char **zh)
{
	struct hash *h = TAKE(a, struct hash, leaf->n), root;
	struct map names = map_in(a);
	size_t i = 0;

	if (slots->kind != NODE_ARR || (int64_t)slots->n != leaf->n) {
		*zh = "公开内容的项数与日志条目不同";
		return "the number of slots is not that of the entry";
	}
	for (const struct node *x = slots->first; x; x = x->next)
		if (x->kind != NODE_STR || !slot_hash(a, leaf->hash, x->s, &names, &h[i++])) {
			*zh = "公开内容的写法不对";
			return "a slot is neither a disclosure nor a hash";
		}
	root = field_root(leaf->hash, h, i);
	if (same_bytes(root.b, leaf->root.b, HASH_LEN))
		return NULL;
	*zh = "公开内容与日志条目不一致";
	return "the disclosed values are not those the entry committed to";
}

const char *public_wrong(struct arena *a, struct str entry, struct str line, const struct node **ret, const char **zh)
{
	static const struct json_limits limits = { .bytes = (size_t)8 << 20, .depth = 2, .nodes = SLOTS_MAX + 1 };
	struct json_trouble trouble;
	struct leaf_facts leaf;
	const char *wrong;
	struct node *slots;

	*ret = NULL;
	if (line.n == 0)
		return NULL;
	*zh = "公开内容的写法不对";
	if (json_read(a, line, &limits, &slots, &trouble) || !str_eq(canon_str(a, slots), line))
		return "the line is no canonical JSON";
	*zh = "此条目没有可公开的内容";
	if (!leaf_facts_get(a, entry, &leaf))
		return "the entry commits to no values";
	wrong = slots_wrong(a, &leaf, slots, zh);
	if (!wrong)
		*ret = slots;
	return wrong;
}
