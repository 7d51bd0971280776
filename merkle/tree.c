/* merkle/tree.c - hashes of the tree of RFC 6962 section 2.1: roots, paths in memory, the compact range.
 *
 * Pure and without allocation: leaf hashes are the caller's, results are values. Never sees entries but to hash
 * one. Loops instead of the recursion of the RFC, so the stack does not depend on the size of a tree.
 */
#include "merkle/merkle.h"

enum { LEAF_BYTE = 0x00, NODE_BYTE = 0x01, TILE_BITS = 8 };

struct hash tree_leaf(enum hash_id id, struct str entry)
{
	const char byte = LEAF_BYTE;
	const struct str part[] = { { &byte, 1 }, entry };

	return hash_parts(id, part, ROWS(part));
}

void tree_leaves(enum hash_id id, const struct str *entry, size_t n, struct hash *ret) { hash_many(id, LEAF_BYTE, entry, n, ret); }

/* One contiguous input: the shortest way through the hash. */
static struct hash node_of(enum hash_id id, unsigned char byte, const struct hash *l, const struct hash *r)
{
	unsigned char in[1 + 2 * HASH_LEN];

	in[0] = byte;
	memcpy(in + 1, l->b, HASH_LEN);
	memcpy(in + 1 + HASH_LEN, r->b, HASH_LEN);
	return hash_of(id, (struct str){ (const char *)in, sizeof(in) });
}

struct hash tree_node(enum hash_id id, const struct hash *l, const struct hash *r) { return node_of(id, NODE_BYTE, l, r); }
struct hash tree_empty(enum hash_id id) { return hash_of(id, S("")); }

/* ---- the compact range ---- */

/* The root of the next 2^k leaves; the size is a multiple of that. */
static void range_add(enum hash_id id, unsigned char byte, struct frontier *f, unsigned k, const struct hash *root)
{
	const uint64_t leaves = UINT64_C(1) << k;
	struct hash h = *root;

	for (; f->size >> k & 1; k++)
		h = node_of(id, byte, &f->at[k], &h);
	f->at[k] = h;
	f->size += leaves;
}

static struct hash range_root(enum hash_id id, unsigned char byte, const struct frontier *f)
{
	struct hash h;
	bool any = false;

	for (unsigned k = 0; k < 64; k++) {
		if (!(f->size >> k & 1))
			continue;
		h = any ? node_of(id, byte, &f->at[k], &h) : f->at[k];
		any = true;
	}
	return any ? h : tree_empty(id);
}

void frontier_add(enum hash_id id, struct frontier *f, const struct hash *leaf) { range_add(id, NODE_BYTE, f, 0, leaf); }
void frontier_add_tile(enum hash_id id, struct frontier *f, const struct hash *root) { range_add(id, NODE_BYTE, f, TILE_BITS, root); }
struct hash frontier_root(enum hash_id id, const struct frontier *f) { return range_root(id, NODE_BYTE, f); }

/* Level by level: what stands open on it, then the new ones; pairs of a level are hashed together, one without a partner stays open. */
void frontier_add_many(enum hash_id id, struct frontier *f, const struct hash *leaf, size_t n)
{
	struct hash level[TILE_WIDTH + 1];
	struct str pair[TILE_WIDTH / 2];
	const uint64_t size = f->size;

	f->size += n;
	memcpy(level + 1, leaf, n * sizeof(*leaf));
	for (unsigned k = 0; n; k++) {
		const bool open = size >> k & 1;
		const struct hash *from = level + !open;

		if (open)
			level[0] = f->at[k];
		n += open;
		for (size_t i = 0; i < n / 2; i++)
			pair[i] = (struct str){ (const char *)from[2 * i].b, 2 * HASH_LEN };
		if (n & 1)
			f->at[k] = from[n - 1];
		n /= 2;
		/* a group of lanes is read before its results are written, and these lie before what is still to be read */
		hash_many(id, NODE_BYTE, pair, n, level);
		memmove(level + 1, level, n * sizeof(*level));
	}
}

/* Root of a complete subtree of `n` nodes, a power of two up to TILE_WIDTH, level by level: pairs of a level are hashed together. */
static struct hash block_root(enum hash_id id, unsigned char byte, const struct hash *leaf, size_t n)
{
	struct hash level[TILE_WIDTH];
	struct str pair[TILE_WIDTH / 2];

	memcpy(level, leaf, n * sizeof(*leaf));
	for (; n > 1; n /= 2) {
		for (size_t i = 0; i < n / 2; i++)
			pair[i] = (struct str){ (const char *)level[2 * i].b, 2 * HASH_LEN };
		/* a group of lanes is read before its results are written, and these lie before what is still to be read */
		hash_many(id, byte, pair, n / 2, level);
	}
	return level[0];
}

struct hash tree_root(enum hash_id id, unsigned char node_byte, const struct hash *leaf, size_t n)
{
	struct frontier f = { .size = 0 };

	while (id == HASH_SM3 && n >= TILE_WIDTH) {
		struct hash h = block_root(id, node_byte, leaf, TILE_WIDTH);

		range_add(id, node_byte, &f, TILE_BITS, &h);
		leaf += TILE_WIDTH;
		n -= TILE_WIDTH;
	}
	for (size_t i = 0; i < n; i++)
		range_add(id, node_byte, &f, 0, &leaf[i]);
	return range_root(id, node_byte, &f);
}

/* ---- paths ---- */

/* The largest power of two below n (n >= 2): where RFC 6962 splits. */
static size_t split(size_t n)
{
	size_t k = 1;

	while (k < n - k)
		k *= 2;
	return k;
}

size_t tree_path(enum hash_id id, unsigned char node_byte, const struct hash *leaf, size_t n, size_t i, struct hash path[MERKLE_MAX_PROOF])
{
	size_t got = 0;

	if (i >= n)
		return 0;
	while (n > 1) {                          /* from the root down ... */
		size_t k = split(n);

		if (i < k) {
			path[got++] = tree_root(id, node_byte, leaf + k, n - k);
			n = k;
		} else {
			path[got++] = tree_root(id, node_byte, leaf, k);
			leaf += k;
			i -= k;
			n -= k;
		}
	}
	for (size_t j = 0; j < got / 2; j++) {   /* ... but a path starts at the leaf */
		struct hash h = path[j];

		path[j] = path[got - 1 - j];
		path[got - 1 - j] = h;
	}
	return got;
}

/* RFC 9162, 2.1.3.2. fn and sn: the numbers, on the current level, of our node and of the last one. */
bool tree_root_from_path(enum hash_id id, unsigned char node_byte, const struct hash *leaf, uint64_t i, uint64_t n,
                         const struct hash *path, size_t n_path, struct hash *ret)
{
	uint64_t fn = i, sn = n - 1;
	struct hash h = *leaf;

	if (i >= n || n_path > MERKLE_MAX_PROOF)
		return false;
	for (size_t k = 0; k < n_path; k++) {
		if (sn == 0)
			return false;
		if (fn & 1 || fn == sn) {
			h = node_of(id, node_byte, &path[k], &h);
			for (; !(fn & 1) && fn; fn >>= 1)        /* levels where the last node has no sibling */
				sn >>= 1;
		} else {
			h = node_of(id, node_byte, &h, &path[k]);
		}
		fn >>= 1;
		sn >>= 1;
	}
	if (sn != 0)
		return false;
	*ret = h;
	return true;
}
