/* log/consistency.c - that the shown log continues a smaller one, from its tiles: for those who saw that one (witnesses). */
#include "log/log.h"

struct reading {
	struct log *g;
	struct arena *a;
	const struct tile_source *src;
	uint64_t shown;
	struct { unsigned char *bytes; uint64_t n; unsigned width; } tile[LOG_LEVELS];
};

static enum err hash_at(void *ctx, unsigned level, uint64_t index, struct hash *ret)
{
	struct reading *r = ctx;
	uint64_t n = index / TILE_WIDTH;
	size_t slot = (size_t)(index % TILE_WIDTH);
	enum err e = OK;

	if (level >= LOG_LEVELS)
		return E_ABSENT;
	if (!r->tile[level].bytes || r->tile[level].n != n) {
		unsigned char *to = r->tile[level].bytes ? r->tile[level].bytes : arena_take(r->a, TILE_BYTES);

		r->tile[level].width = tile_width(r->shown, level, n);
		e = r->tile[level].width ? log_tile(r->g, r->src, level, n, r->tile[level].width, to) : E_ABSENT;
		r->tile[level].bytes = e ? NULL : to;
		r->tile[level].n = n;
	}
	if (e || slot >= r->tile[level].width)
		return e ? e : E_ABSENT;
	memcpy(ret->b, r->tile[level].bytes + slot * HASH_LEN, HASH_LEN);
	return OK;
}

enum err log_consistency(struct log *g, struct arena *a, const struct tile_source *src, uint64_t old, uint64_t size, struct hash ret[MERKLE_MAX_PROOF],
                         size_t *ret_n)
{
	struct reading r = { .g = g, .a = a, .src = src, .shown = log_shown(g).size };
	struct hash_reader reader = { hash_at, &r };

	return size > r.shown ? E_ABSENT : prove_consistency(HASH_SHA256, &reader, old, size, ret, ret_n);
}
