/* record/parts.c - a value too large to lie in the record's JSON lies beside it in parts; one text in the value commits to them. Pure.
 *
 * leaf = H(0x10 || part), node = H(0x11 || l || r) as in the field tree. Format: docs/formats/record.md.
 */
#include "record/schema.h"

static const unsigned char leaf_byte = 0x10;

struct hash parts_root(struct arena *a, enum hash_id h, const struct str *part, size_t n)
{
	struct hash *leaves = TAKE(a, struct hash, n);

	for (size_t i = 0; i < n; i++) {
		struct str both[] = { { (const char *)&leaf_byte, 1 }, part[i] };

		leaves[i] = hash_parts(h, both, ROWS(both));
	}
	return field_root(h, leaves, n);
}

struct str parts_text(struct arena *a, size_t n, const struct hash *root)
{
	return str_fmt(a, "parts:%zu:%.*s", n, STR_ARG(base64url_str(a, root->b, HASH_LEN)));
}

bool parts_read(struct str text, size_t *ret_n, struct hash *ret_root)
{
	struct str word, count;
	struct hash root;
	int64_t n;
	size_t len;

	if (!str_cut(&text, ':', &word) || !str_is(word, "parts") || !str_cut(&text, ':', &count))
		return false;
	if (count.n == 0 || count.p[0] == '0' || !is_digit(count.p[0]) || !str_to_int(count, &n) || (uint64_t)n > PARTS_MAX)
		return false;
	if (!base64url_get(text, root.b, HASH_LEN, &len) || len != HASH_LEN)
		return false;
	*ret_n = (size_t)n;
	*ret_root = root;
	return true;
}

bool parts_named(const struct value *v, size_t *ret_n, struct hash *ret_root)
{
	return v->said == SAID_VALUE && v->list && v->n && parts_read(v->list[v->n - 1], ret_n, ret_root);
}
