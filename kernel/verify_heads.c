/* kernel/verify_heads.c - every head the store remembers, against the tree at its size: receipts are made against them for ever. */
#include "kernel/inside.h"

enum { PAGE = 1000 };

struct heads {
	struct kernel *k;
	struct db *db;
	struct arena page;
	enum tree_id tree;
	struct frontier f;
	unsigned char tile[TILE_BYTES];
	uint64_t size;            /* of the log */
};

/* Leaf hashes up to `size` come from the tiles, which were compared with the entries before. */
static enum err grow_to(struct heads *h, uint64_t size)
{
	struct tile_source src = tiles_over(&h->db);

	while (h->f.size < size) {
		size_t slot = (size_t)(h->f.size % TILE_WIDTH);
		struct hash leaf;

		if (slot == 0) {
			enum err e = log_tile(h->k->log, &src, h->tree, 0, h->f.size / TILE_WIDTH, tile_width(h->size, 0, h->f.size / TILE_WIDTH), h->tile);

			if (e)
				return e == E_ABSENT ? E_CORRUPT : e;
		}
		memcpy(leaf.b, h->tile + slot * HASH_LEN, HASH_LEN);
		frontier_add(tree_hash(h->tree), &h->f, &leaf);
	}
	return OK;
}

static enum err check_page(struct heads *h, const struct rows *r, uint64_t *ret_bad)
{
	for (size_t i = 0; i < r->n && (uint64_t)row_int(r, i, 0) <= h->size; i++) {
		struct str said = row_str(r, i, h->tree == TREE_SM3 ? 2 : 1);
		enum err e = grow_to(h, (uint64_t)row_int(r, i, 0));
		struct hash root;

		*ret_bad = (uint64_t)row_int(r, i, 0);
		if (e)
			return e;
		root = frontier_root(tree_hash(h->tree), &h->f);
		if (!str_eq(said, hash_str(&root)))
			return E_CORRUPT;
	}
	return OK;
}

static enum err check_tree(struct heads *h, uint64_t *ret_bad)
{
	int64_t after = 0;
	enum err e = OK;

	while (!e) {
		struct rows r;

		arena_reset(&h->page);
		e = db_ask(h->db, &h->page, kernel_sql[SQL_HEAD_EACH], VALS(V_I(after)), &r);
		if (e || r.n == 0)
			break;
		after = row_int(&r, r.n - 1, 0);
		e = check_page(h, &r, ret_bad);
		if ((uint64_t)after >= h->size || r.n < PAGE)
			break;
	}
	return e;
}

/* E_CORRUPT: *ret_bad is the size of a head that is not the tree's. `size`: as far as the entries were checked. */
enum err verify_heads(struct kernel *k, struct db *db, uint64_t size, uint64_t *ret_bad)
{
	struct heads *h = calloc(1, sizeof(*h));
	enum err e = h ? OK : E_BUSY;

	for (int t = 0; !e && t < TREES && log_has(k->log, (enum tree_id)t); t++) {
		*h = (struct heads){ .k = k, .db = db, .tree = (enum tree_id)t, .size = size };
		arena_init(&h->page, 4 << 20, NULL);
		e = check_tree(h, ret_bad);
		arena_end(&h->page);
	}
	free(h);
	return e;
}
