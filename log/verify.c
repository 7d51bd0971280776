/* log/verify.c - a stored log from its entries: every full tile is recomputed and compared. Reads nothing itself. */
#include "log/log.h"

enum err log_check_hash(struct log_check *c, const struct hash *leaf)
{
	enum hash_id id = tree_hash(c->tree);
	struct hash up = *leaf;
	uint64_t at = c->f.size;

	frontier_add(id, &c->f, leaf);
	for (unsigned level = 0; level < LOG_LEVELS; level++, at >>= 8) {
		size_t slot = (size_t)(at & (TILE_WIDTH - 1));
		unsigned char stored[TILE_BYTES];
		struct hash all[TILE_WIDTH];
		enum err e;

		memcpy(c->open[level] + slot * HASH_LEN, up.b, HASH_LEN);
		if (slot != TILE_WIDTH - 1)
			return OK;
		e = c->src->tile(c->src->ctx, c->tree, level, at >> 8, stored);
		if (e || !same_bytes(stored, c->open[level], TILE_BYTES))
			return e && e != E_ABSENT ? e : E_CORRUPT;
		memcpy(all, stored, TILE_BYTES);
		up = tree_root(id, 0x01, all, TILE_WIDTH);
	}
	return OK;
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
