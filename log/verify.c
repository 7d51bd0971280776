/* log/verify.c - a stored log from its entries: every full tile is recomputed and compared. Reads nothing itself. */
#include "log/log.h"

static enum err stored_tile(const struct log_check *c, unsigned level, uint64_t n, const unsigned char *tile, struct hash *ret_root)
{
	unsigned char stored[TILE_BYTES];
	struct hash all[TILE_WIDTH];
	enum err e = c->src->tile(c->src->ctx, c->tree, level, n, stored);

	if (e || !same_bytes(stored, tile, TILE_BYTES))
		return e && e != E_ABSENT ? e : E_CORRUPT;
	memcpy(all, stored, TILE_BYTES);
	*ret_root = tree_root(tree_hash(c->tree), 0x01, all, TILE_WIDTH);
	return OK;
}

/* Hash number `at` of a level, and what it finishes. */
static enum err climb(struct log_check *c, unsigned level, uint64_t at, struct hash up)
{
	for (; level < LOG_LEVELS; level++, at >>= 8) {
		size_t slot = (size_t)(at & (TILE_WIDTH - 1));
		enum err e;

		memcpy(c->open[level] + slot * HASH_LEN, up.b, HASH_LEN);
		if (slot != TILE_WIDTH - 1)
			return OK;
		e = stored_tile(c, level, at >> 8, c->open[level], &up);
		if (e)
			return e;
	}
	return OK;
}

enum err log_check_hash(struct log_check *c, const struct hash *leaf)
{
	uint64_t at = c->f.size;

	frontier_add(tree_hash(c->tree), &c->f, leaf);
	return climb(c, 0, at, *leaf);
}

enum err log_check_tile(const struct log_check *c, uint64_t n, const struct str entry[TILE_WIDTH], struct hash *ret_root)
{
	struct hash leaf[TILE_WIDTH];

	tree_leaves(tree_hash(c->tree), entry, TILE_WIDTH, leaf);
	return stored_tile(c, 0, n, (const unsigned char *)leaf, ret_root);
}

enum err log_check_above(struct log_check *c, const struct hash *root)
{
	uint64_t at = c->f.size / TILE_WIDTH;

	frontier_add_tile(tree_hash(c->tree), &c->f, root);
	return climb(c, 1, at, *root);
}

enum err log_check_add(struct log_check *c, const struct str *entry, size_t n, size_t *ret_bad)
{
	struct hash leaf[TILE_WIDTH];

	for (size_t at = 0; at < n; at += TILE_WIDTH) {
		size_t some = n - at < TILE_WIDTH ? n - at : TILE_WIDTH;

		tree_leaves(tree_hash(c->tree), entry + at, some, leaf);
		for (size_t i = 0; i < some; i++) {
			enum err e = log_check_hash(c, &leaf[i]);

			if (e) {
				*ret_bad = at + i;
				return e;
			}
		}
	}
	return OK;
}

struct hash log_check_root(const struct log_check *c)
{
	return c->f.size ? frontier_root(tree_hash(c->tree), &c->f) : tree_empty(tree_hash(c->tree));
}
