/* record/disclose.c - values to stored objects and to the salted field tree, and back. Pure.
 *
 * disclosure = base64url(JSON [salt, name, value]) is exactly an SD-JWT disclosure (RFC 9901); its SHA-256 is the digest.
 * leaf = H(0x10 || digest), node = H(0x11 || l || r), slots in schema order. Format: docs/formats/record.md.
 */
#include "record/schema.h"

enum { SALT_LEN = 16, LEAF_BYTE = 0x10, NODE_BYTE = 0x11 };

enum key_class value_class(const struct field *f, const struct value *v)
{
	if (f->cls == PERSON)
		return KEY_PERSON;
	if (f->kind == KIND_ITEMS || f->kind == KIND_CODES)
		return KEY_BUSINESS;            /* a code is on its goods for all to read; how many went together is nobody's business */
	if (f->publicity == PUBLIC || f->publicity == UNSTATED || (f->publicity == OWNER_CHOICE && v->open))
		return KEY_PUBLIC;
	return KEY_BUSINESS;
}

struct node *value_node(struct arena *a, const struct field *f, const struct value *v)
{
	struct node *arr;

	if (v->said == SAID_NOTHING)
		return NULL;
	if (v->said == SAID_NOT_APPLICABLE)
		return node_str(a, S(NOT_APPLICABLE));
	if (f->kind == KIND_INTEGER)
		return node_int(a, v->i);
	if (f->kind == KIND_YES)
		return node_bool(a, v->i != 0);
	if (!v->list)
		return node_str(a, v->text);
	arr = node_arr(a);
	for (size_t i = 0; i < v->n; i++)
		node_add(arr, node_str(a, v->list[i]));
	return arr;
}

static void put_words(struct buf *b, struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		buf_char(b, s.p[i]);
		if (s.p[i] == '\n')
			buf_z(b, "        ");
	}
}

void value_words(struct buf *b, const struct node *value)
{
	if (value->kind == NODE_STR) {
		put_words(b, value->s);
	} else if (value->kind == NODE_ARR) {
		for (const struct node *x = value->first; x; x = x->next) {
			put_words(b, x->s);
			buf_z(b, x->next ? "、" : "");
		}
	} else {
		json_write(b, value);
	}
}

struct node *class_node(struct arena *a, const struct type *t, const struct value *values, enum key_class c)
{
	struct node *o = node_obj(a);

	for (size_t i = 0; i < t->n; i++) {
		const struct field *f = &t->fields[i];
		struct node *n = f->cls == TRANSIENT || value_class(f, &values[i]) != c ? NULL : value_node(a, f, &values[i]);

		if (n)
			node_set(o, str_of(f->name), n);
	}
	return o;
}

static void value_from(struct arena *a, const struct field *f, const struct node *x, struct value *v)
{
	v->said = SAID_VALUE;
	switch (x->kind) {
	case NODE_INT:
		v->i = x->i;
		v->text = str_fmt(a, "%lld", (long long)x->i);
		return;
	case NODE_BOOL:
		v->i = x->yes;
		v->text = x->yes ? S("true") : S("false");
		return;
	case NODE_ARR: {
		struct str *list = TAKE(a, struct str, x->n + 1);

		for (const struct node *y = x->first; y; y = y->next)
			list[v->n++] = y->s;
		v->list = list;
		return;
	}
	default:
		v->text = x->s;
	}
	if (f->need == IF_APPLICABLE && str_is(x->s, NOT_APPLICABLE))
		v->said = SAID_NOT_APPLICABLE;
	else if (f->kind == KIND_REF && !id_get(x->s, &v->i))
		v->i = 0;
	else if (f->kind == KIND_DATE && !date_get(x->s, &v->i))
		v->i = 0;
	else if (f->kind == KIND_TIME && !time_get(x->s, &v->i))
		v->i = date_get(x->s, &v->i) ? v->i * DAY_MS - CHINA_OFFSET_MIN * INT64_C(60000) : 0;
}

void values_from(struct arena *a, const struct type *t, const struct node *const stored[KEY_CLASSES], struct value *values)
{
	for (size_t i = 0; i < t->n; i++)
		for (int c = 0; c < KEY_CLASSES; c++) {
			const struct node *x = node_get(stored[c], t->fields[i].name);

			if (!x)
				continue;
			values[i].open = c == KEY_PUBLIC;
			value_from(a, &t->fields[i], x, &values[i]);
		}
}

/* HMAC(record key of the class, label || slot), as 32 bytes. */
static struct hash slot_secret(const struct record_keys *k, enum key_class c, const char *label, size_t slot)
{
	unsigned char at[2] = { (unsigned char)(slot >> 8), (unsigned char)slot };
	struct str parts[] = { str_of(label), { (const char *)at, sizeof(at) } };

	return hmac_of(k->hash, (struct str){ (const char *)k->key[c], 32 }, parts, ROWS(parts));
}

static struct str disclosure_of(struct arena *a, struct str salt, struct str name, const struct node *value)
{
	struct buf b = buf_in(a, 128);

	buf_z(&b, "[");
	buf_json(&b, salt);
	buf_z(&b, ",");
	buf_json(&b, name);
	buf_z(&b, ",");
	json_canon(&b, value);
	buf_z(&b, "]");
	return base64url_str(a, b.p, b.n);
}

struct str slot_disclosure(struct arena *a, const struct type *t, size_t slot, const struct value *v, const struct record_keys *k)
{
	const struct field *f = &t->fields[slot];
	struct node *value = f->cls == TRANSIENT ? NULL : value_node(a, f, v);
	struct hash salt;

	if (!value)
		return S("");
	salt = slot_secret(k, value_class(f, v), "suyuan/salt/1", slot);
	return disclosure_of(a, base64url_str(a, salt.b, SALT_LEN), str_of(f->name), value);
}

struct hash slot_digest(enum hash_id h, struct str disclosure, const struct record_keys *k, size_t slot)
{
	return disclosure.n ? hash_of(h, disclosure) : slot_secret(k, KEY_PUBLIC, "suyuan/decoy/1", slot);
}

struct hash digest_leaf(enum hash_id h, const struct hash *digest)
{
	unsigned char byte = LEAF_BYTE;
	struct str parts[] = { { (const char *)&byte, 1 }, hash_str(digest) };

	return hash_parts(h, parts, ROWS(parts));
}

struct hash slot_leaf(enum hash_id h, struct str disclosure)
{
	struct hash digest = hash_of(h, disclosure);

	return digest_leaf(h, &digest);
}

void slot_leaves(struct arena *a, enum hash_id h, const struct type *t, size_t n, const struct value *values, const struct record_keys *k, struct hash *ret)
{
	for (size_t i = 0; i < n; i++) {
		struct hash digest = slot_digest(h, slot_disclosure(a, t, i, &values[i], k), k, i);

		ret[i] = digest_leaf(h, &digest);
	}
}

struct str filed_salt(struct arena *a, size_t slot, const struct record_keys *k)
{
	struct hash salt = slot_secret(k, KEY_BUSINESS, "suyuan/salt/1", slot);

	return base64url_str(a, salt.b, SALT_LEN);
}

static struct str id_or_none(struct arena *a, int64_t id) { return id ? id_str(a, id) : S(""); }

struct str filed_disclosure(struct arena *a, struct str salt, const struct filed *f)
{
	const struct str value[] = { f->uscc, id_or_none(a, f->party), id_or_none(a, f->root), id_or_none(a, f->corrects),
		str_fmt(a, "%lld", (long long)f->at) };
	struct node *list = node_arr(a);

	for (size_t i = 0; i < ROWS(value); i++)
		node_add(list, node_str(a, value[i]));
	return disclosure_of(a, salt, S(FILED_SLOT), list);
}

struct hash field_root(enum hash_id h, const struct hash *leaves, size_t n) { return tree_root(h, NODE_BYTE, leaves, n); }
