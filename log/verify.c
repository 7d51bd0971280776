/* log/verify.c - a stored log from its entries: every full tile is recomputed and compared. Reads nothing itself. */
#include "log/log.h"

enum err log_check_hash(struct log_check *c, const struct hash *leaf)
{
	struct hash up = *leaf;
	uint64_t at = c->f.size;

	frontier_add(HASH_SHA256, &c->f, leaf);
	for (unsigned level = 0; level < LOG_LEVELS; level++, at >>= 8) {
		size_t slot = (size_t)(at & (TILE_WIDTH - 1));
		unsigned char stored[TILE_BYTES];
		struct hash all[TILE_WIDTH];
		enum err e;

		memcpy(c->open[level] + slot * HASH_LEN, up.b, HASH_LEN);
		if (slot != TILE_WIDTH - 1)
			return OK;
		e = c->src->tile(c->src->ctx, level, at >> 8, stored);
		if (e || !same_bytes(stored, c->open[level], TILE_BYTES))
			return e && e != E_ABSENT ? e : E_CORRUPT;
		memcpy(all, stored, TILE_BYTES);
		up = tree_root(HASH_SHA256, 0x01, all, TILE_WIDTH);
	}
	return OK;
}

enum err log_check_add(struct log_check *c, struct str entry)
{
	struct hash leaf = tree_leaf(HASH_SHA256, entry);

	return log_check_hash(c, &leaf);
}
