/* kernel/parts.c - small bytes sealed for one place, and the parts of a record that lie beside its values (record/parts.c).
 *
 * A part is as much of the record as its values: written in the same transaction, never derived, checked by verify.
 */
#include "kernel/inside.h"

/* Parts of kernel_hide above those of every derived table: a nonce is used once. */
enum { PARTS_FROM = 1 << 28 };

/* A key seals at most one thing for one place, so the nonce may come from the place: record id and part. */
void nonce_of(int64_t record, unsigned part, unsigned char ret[SEAL_NONCE_LEN])
{
	be_put((uint64_t)record, ret, 8);
	be_put(part, ret + 8, 4);
}

enum err kernel_hide(struct kernel *k, struct arena *a, int64_t record, uint32_t part, struct str plain, struct str *ret)
{
	unsigned char nonce[SEAL_NONCE_LEN];

	nonce_of(record, part, nonce);
	return sealer_seal(k->table, nonce, S("hidden"), plain, a, ret);
}

enum err kernel_show(struct kernel *k, struct arena *a, struct str hidden, struct str *ret) { return sealer_open(k->table, S("hidden"), hidden, a, ret); }

/* The seal holds the nonce, and the nonce is the place. */
static bool is_of(int64_t record, uint32_t part, struct str hidden)
{
	unsigned char nonce[SEAL_NONCE_LEN];

	nonce_of(record, part, nonce);
	return hidden.n > sizeof(nonce) && memcmp(hidden.p + 1, nonce, sizeof(nonce)) == 0;
}

enum err kernel_show_of(struct kernel *k, struct arena *a, int64_t record, uint32_t part, struct str hidden, struct str *ret)
{
	return is_of(record, part, hidden) ? kernel_show(k, a, hidden, ret) : E_CORRUPT;
}

/* ---- filing ---- */

/* What a value says of its parts and the parts it brings must agree: a text that somebody typed commits to nothing. */
static enum err parts_agree(struct call *c, const struct value *v, bool *ret_has)
{
	struct hash root, have;
	size_t n;

	*ret_has = parts_named(v, &n, &root);
	if (!*ret_has)
		return v->n_part ? E_INTERNAL : OK;
	if (!v->n_part)
		return call_refuse(c, E_BAD, "清单的最后一项不能是这样的内容", "the last element of the list may not be such a text");
	if (n != v->n_part)
		return E_INTERNAL;
	have = parts_root(c->arena, c->k->hash, v->part, n);
	return same_bytes(have.b, root.b, HASH_LEN) ? OK : E_INTERNAL;
}

enum err parts_seal(struct call *c, int64_t record, const struct type *t, const struct value *values, struct sealed_parts *ret)
{
	const struct value *with = NULL;
	enum err e = OK;

	*ret = (struct sealed_parts){ 0 };
	for (size_t i = 0; i < t->n && !e; i++) {
		bool has;

		e = parts_agree(c, &values[i], &has);
		if (!e && has && with)
			e = E_INTERNAL;         /* the places of parts are counted for one value */
		if (has)
			with = &values[i];
	}
	if (e || !with)
		return e;
	ret->p = TAKE(c->arena, struct str, with->n_part);
	for (; ret->n < with->n_part && !e; ret->n++)
		e = kernel_hide(c->k, c->arena, record, PARTS_FROM + (uint32_t)ret->n, with->part[ret->n], &ret->p[ret->n]);
	return e;
}

void parts_tell(struct db *db, int64_t record, const struct sealed_parts *s)
{
	for (size_t i = 0; i < s->n; i++)
		db_tell(db, kernel_sql[SQL_PART_PUT], VALS(V_I(record), V_I((int64_t)i), V_B(s->p[i])));
}

/* ---- reading ---- */

enum err kernel_part(struct call *c, int64_t record, size_t n, struct str *ret)
{
	struct rows r;
	enum err e = n < PARTS_MAX ? db_ask(c->db, c->arena, kernel_sql[SQL_PART_GET], VALS(V_I(record), V_I((int64_t)n)), &r) : E_ABSENT;

	if (e || r.n == 0)
		return e ? e : E_ABSENT;
	return kernel_show_of(c->k, c->arena, record, PARTS_FROM + (uint32_t)n, row_str(&r, 0, 0), ret);
}

enum err kernel_parts(struct call *c, int64_t record, const struct value *v, struct str **ret, size_t *ret_n)
{
	struct str *part;
	struct hash root, have;
	struct rows r;
	size_t n;
	enum err e;

	if (!parts_named(v, &n, &root)) {
		*ret = NULL;
		*ret_n = 0;
		return OK;
	}
	e = db_ask(c->db, c->arena, kernel_sql[SQL_PART_LIST], VALS(V_I(record)), &r);
	if (!e && r.n != n)
		e = E_CORRUPT;
	part = TAKE(c->arena, struct str, n);
	for (size_t i = 0; i < n && !e; i++)
		e = row_int(&r, i, 0) == (int64_t)i ? kernel_show_of(c->k, c->arena, record, PARTS_FROM + (uint32_t)i, row_str(&r, i, 1), &part[i]) : E_CORRUPT;
	if (e)
		return e;
	have = parts_root(c->arena, c->k->hash, part, n);
	if (!same_bytes(have.b, root.b, HASH_LEN))
		return E_CORRUPT;
	*ret = part;
	*ret_n = n;
	return OK;
}
