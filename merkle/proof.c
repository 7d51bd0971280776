/* merkle/proof.c - inclusion and consistency proofs of RFC 6962: made from stored hashes, checked from nothing.
 *
 * Pure: hashes come through the caller's reader, whose error is passed on. Reads only roots of complete subtrees
 * at tile levels (256^L leaves); what lies between two tile levels is combined from at most 128 hashes.
 */
#include "merkle/merkle.h"

enum { TILE_BITS = 8 };

/* The largest power of two below n (n >= 2): where RFC 6962 splits. */
static uint64_t split(uint64_t n)
{
	uint64_t k = 1;

	while (k < n - k)
		k *= 2;
	return k;
}

static bool remembered(const struct node_memory *m, unsigned bits, uint64_t index, struct hash *ret)
{
	for (size_t i = 0; m && i < m->n; i++)
		if (m->node[i].index == index && m->node[i].bits == bits) {
			*ret = m->node[i].root;
			return true;
		}
	return false;
}

static void remember(struct node_memory *m, unsigned bits, uint64_t index, const struct hash *root)
{
	if (!m || m->n == NODE_MEMORY)
		return;
	m->node[m->n].index = index;
	m->node[m->n].bits = bits;
	m->node[m->n++].root = *root;
}

/* Root of the complete subtree of 2^bits leaves number `index`. */
static enum err subtree(enum hash_id id, const struct hash_reader *r, unsigned bits, uint64_t index, struct hash *ret)
{
	struct hash h[TILE_WIDTH / 2];
	unsigned level = bits / TILE_BITS, up = bits % TILE_BITS;

	if (up && remembered(r->memory, bits, index, ret))
		return OK;
	for (uint64_t i = 0; i < (uint64_t)1 << up; i++) {
		enum err e = r->get(r->ctx, level, (index << up) + i, &h[i]);

		if (e)
			return e;
	}
	for (; up > 0; up--)
		for (size_t i = 0; i < (size_t)1 << (up - 1); i++)
			h[i] = tree_node(id, &h[2 * i], &h[2 * i + 1]);
	*ret = h[0];
	if (bits % TILE_BITS)
		remember(r->memory, bits, index, ret);
	return OK;
}

/* Root of the n >= 1 leaves from lo on. lo is a multiple of the power of two that covers n, as everywhere in the
 * splits of RFC 6962; so each bit of n is one complete subtree. */
static enum err range(enum hash_id id, const struct hash_reader *r, uint64_t lo, uint64_t n, struct hash *ret)
{
	uint64_t end = lo + n;
	struct hash h, left;
	bool any = false;

	for (unsigned k = 0; k < 64; k++) {
		enum err e;

		if (!(n >> k & 1))
			continue;
		end -= (uint64_t)1 << k;
		e = subtree(id, r, k, end >> k, &left);
		if (e)
			return e;
		h = any ? tree_node(id, &left, &h) : left;
		any = true;
	}
	*ret = h;
	return OK;
}

enum err root_at(enum hash_id id, const struct hash_reader *r, uint64_t size, struct hash *ret)
{
	if (size)
		return range(id, r, 0, size, ret);
	*ret = tree_empty(id);
	return OK;
}

/* Proofs are found from the root down and handed out from the leaf up. */
static void hand_out(const struct hash *found, size_t n, struct hash *ret, size_t *ret_n)
{
	for (size_t i = 0; i < n; i++)
		ret[i] = found[n - 1 - i];
	*ret_n = n;
}

enum err prove_inclusion(enum hash_id id, const struct hash_reader *r, uint64_t index, uint64_t size, struct hash ret[MERKLE_MAX_PROOF], size_t *ret_n)
{
	struct hash found[MERKLE_MAX_PROOF];
	uint64_t lo = 0, n = size;
	size_t got = 0;

	if (index >= size)
		return E_BAD;
	while (n > 1) {
		uint64_t k = split(n);
		bool left = index - lo < k;
		enum err e = left ? range(id, r, lo + k, n - k, &found[got++]) : range(id, r, lo, k, &found[got++]);

		if (e)
			return e;
		lo = left ? lo : lo + k;
		n = left ? k : n - k;
	}
	hand_out(found, got, ret, ret_n);
	return OK;
}

/* SUBPROOF of RFC 6962, 2.1.2: m of the n leaves from lo on are old; `whole` while lo is 0, when the verifier has
 * the old root already. */
enum err prove_consistency(enum hash_id id, const struct hash_reader *r, uint64_t old_size, uint64_t size, struct hash ret[MERKLE_MAX_PROOF], size_t *ret_n)
{
	struct hash found[MERKLE_MAX_PROOF + 1];
	uint64_t lo = 0, m = old_size, n = size;
	bool whole = true;
	size_t got = 0;
	enum err e = OK;

	if (old_size > size)
		return E_BAD;
	while (!e && m && m != n) {
		uint64_t k = split(n);

		if (m <= k) {
			e = range(id, r, lo + k, n - k, &found[got++]);
			n = k;
		} else {
			e = range(id, r, lo, k, &found[got++]);
			lo += k;
			m -= k;
			n -= k;
			whole = false;
		}
	}
	if (!e && !whole)
		e = range(id, r, lo, n, &found[got++]);
	if (e)
		return e;
	if (got > MERKLE_MAX_PROOF)
		return E_TOO_BIG;
	hand_out(found, got, ret, ret_n);
	return OK;
}

bool check_inclusion(enum hash_id id, const struct hash *leaf, uint64_t index, uint64_t size, const struct hash *root, const struct hash *path, size_t n)
{
	struct hash got;

	return tree_root_from_path(id, 0x01, leaf, index, size, path, n, &got) && same_bytes(&got, root, sizeof(got));
}

/* RFC 9162, 2.1.4.2, steps 3 to 7; fr and sr grow towards the old and the new root. */
static bool consistent(enum hash_id id, uint64_t old_size, const struct hash *old_root, uint64_t size, const struct hash *root,
                       const struct hash *first, const struct hash *path, size_t n)
{
	uint64_t fn = old_size - 1, sn = size - 1;
	struct hash fr = *first, sr = *first;

	for (; fn & 1; fn >>= 1)
		sn >>= 1;
	for (size_t i = 0; i < n; i++) {
		if (sn == 0)
			return false;
		if (fn & 1 || fn == sn) {
			fr = tree_node(id, &path[i], &fr);
			sr = tree_node(id, &path[i], &sr);
			for (; !(fn & 1) && fn; fn >>= 1)
				sn >>= 1;
		} else {
			sr = tree_node(id, &sr, &path[i]);
		}
		fn >>= 1;
		sn >>= 1;
	}
	return sn == 0 && same_bytes(&fr, old_root, sizeof(fr)) && same_bytes(&sr, root, sizeof(sr));
}

bool check_consistency(enum hash_id id, uint64_t old_size, const struct hash *old_root, uint64_t size, const struct hash *root, const struct hash *path, size_t n)
{
	struct hash empty = tree_empty(id);

	if (old_size > size || n > MERKLE_MAX_PROOF)
		return false;
	if (old_size == size)
		return n == 0 && same_bytes(old_root, root, sizeof(*root)) && (size || same_bytes(root, &empty, sizeof(empty)));
	if (old_size == 0)
		return n == 0 && same_bytes(old_root, &empty, sizeof(empty));
	if ((old_size & (old_size - 1)) == 0)
		return consistent(id, old_size, old_root, size, root, old_root, path, n);
	return n > 0 && consistent(id, old_size, old_root, size, root, &path[0], path + 1, n - 1);
}
