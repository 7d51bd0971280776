/* log/edge.c - see inside.h: one tree. */
#include "log/inside.h"

enum { PENDING_MAX = 64, ENTRIES = 64, WAIT = 16384 };

void tree_open(struct tree *t, enum tree_id id)
{
	t->id = id;
	t->hash = tree_hash(id);
}

static void drop_pending(struct tree *t, size_t keep)
{
	while (t->n_pending > keep)
		free((void *)(uintptr_t)t->pending[--t->n_pending].bytes);
}

void tree_close(struct tree *t)
{
	drop_pending(t, 0);
	free(t->pending);
	free(t->wait);
	free(t->entry);
}

static struct hash tile_root(enum hash_id id, const unsigned char *tile)
{
	struct hash all[TILE_WIDTH];

	memcpy(all, tile, TILE_BYTES);
	return tree_root(id, 0x01, all, TILE_WIDTH);
}

/* ---- adding ---- */

/* No memory to write evidence down: nothing was promised yet. */
static void *grown(void *p, size_t n, size_t size)
{
	void *q = realloc(p, n * size);

	if (!q)
		abort();
	return q;
}

static void keep_tile(struct tree *t, unsigned level, uint64_t n, const unsigned char *tile)
{
	unsigned char *bytes = grown(NULL, TILE_BYTES, 1);

	if (t->n_pending == t->cap_pending) {
		t->cap_pending = t->cap_pending ? t->cap_pending * 2 : PENDING_MAX;
		t->pending = grown(t->pending, t->cap_pending, sizeof(*t->pending));
	}
	memcpy(bytes, tile, TILE_BYTES);
	t->pending[t->n_pending++] = (struct pending_tile){ t->id, level, n, bytes };
}

/* Leaf number `at` into its tile, and what it finishes. */
static void into_tiles(struct tree *t, uint64_t at, const struct hash *leaf)
{
	struct edge *w = &t->work;
	struct hash up = *leaf;

	for (unsigned level = 0; level < LOG_LEVELS; level++, at >>= 8) {
		size_t slot = (size_t)(at & (TILE_WIDTH - 1));

		memcpy(w->open[level] + slot * HASH_LEN, up.b, HASH_LEN);
		if (slot != TILE_WIDTH - 1)
			return;
		keep_tile(t, level, at >> 8, w->open[level]);
		up = tile_root(t->hash, w->open[level]);
	}
}

static void let_wait(struct tree *t, struct str entry)
{
	if (t->n_entry == t->cap_entry) {
		t->cap_entry = t->cap_entry ? t->cap_entry * 2 : ENTRIES;
		t->entry = grown(t->entry, t->cap_entry, sizeof(*t->entry));
	}
	if (t->wait_cap - t->wait_n < entry.n) {
		t->wait_cap = 2 * (t->wait_cap + entry.n) + WAIT;
		t->wait = grown(t->wait, t->wait_cap, 1);
	}
	if (entry.n)
		memcpy(t->wait + t->wait_n, entry.p, entry.n);
	t->entry[t->n_entry++].n = entry.n;
	t->wait_n += entry.n;
}

void tree_add(struct tree *t, struct str entry)
{
	struct hash leaf;

	if (t->hash == HASH_SM3) {
		let_wait(t, entry);
		return;
	}
	leaf = tree_leaf(t->hash, entry);
	into_tiles(t, t->work.f.size, &leaf);
	frontier_add(t->hash, &t->work.f, &leaf);
}

void tree_settle(struct tree *t)
{
	struct hash leaf[TILE_WIDTH];
	size_t from = 0;

	for (size_t at = 0; at < t->n_entry; at += TILE_WIDTH) {
		size_t n = t->n_entry - at < TILE_WIDTH ? t->n_entry - at : TILE_WIDTH;

		for (size_t i = at; i < at + n; i++) {
			t->entry[i].p = (const char *)t->wait + from;
			from += t->entry[i].n;
		}
		tree_leaves(t->hash, t->entry + at, n, leaf);
		for (size_t i = 0; i < n; i++)
			into_tiles(t, t->work.f.size + i, &leaf[i]);
		frontier_add_many(t->hash, &t->work.f, leaf, n);
	}
	t->n_entry = 0;
	t->wait_n = 0;
}

void tree_mark(struct tree *t)
{
	t->mark.f = t->work.f;
	t->mark.n_pending = t->n_pending;
	t->mark.n_wait = t->n_entry;
	t->mark_wait = t->wait_n;
}

/* Slots below the mark were not overwritten unless their tile was finished; then its bytes are in the pending list. */
void tree_rewind(struct tree *t)
{
	for (size_t i = t->n_pending; i > t->mark.n_pending; i--)
		memcpy(t->work.open[t->pending[i - 1].level], t->pending[i - 1].bytes, TILE_BYTES);
	drop_pending(t, t->mark.n_pending);
	t->work.f = t->mark.f;
	t->n_entry = t->mark.n_wait;
	t->wait_n = t->mark_wait;
}

uint64_t tree_size(const struct tree *t) { return t->work.f.size + t->n_entry; }

struct log_head tree_head(const struct tree *t)
{
	return (struct log_head){ t->work.f.size, t->work.f.size ? frontier_root(t->hash, &t->work.f) : tree_empty(t->hash) };
}

/* ---- showing ---- */

enum err tree_second_opinion(const struct tree *t, const struct log_head *head)
{
	const struct edge *w = &t->work;
	struct hash acc = tree_empty(t->hash);
	bool have = false;

	for (unsigned level = 0; level < LOG_LEVELS; level++) {
		size_t width = (size_t)(w->f.size >> (8 * level) & (TILE_WIDTH - 1)), from = width, size = 1;

		/* the tile's own right edge: subtrees of its width, smallest first */
		for (; size <= width; size <<= 1) {
			struct hash part[TILE_WIDTH], sub;

			if (!(width & size))
				continue;
			from -= size;
			memcpy(part, w->open[level] + from * HASH_LEN, size * HASH_LEN);
			sub = tree_root(t->hash, 0x01, part, size);
			acc = have ? tree_node(t->hash, &sub, &acc) : sub;
			have = true;
		}
	}
	return same_bytes(acc.b, head->root.b, HASH_LEN) ? OK : E_CORRUPT;
}

static void copy_edge(struct edge *to, const struct edge *from)
{
	to->f = from->f;
	for (unsigned level = 0; level < LOG_LEVELS && from->f.size >> (8 * level); level++)
		memcpy(to->open[level], from->open[level], (size_t)(from->f.size >> (8 * level) & (TILE_WIDTH - 1)) * HASH_LEN);
}

void tree_show(struct tree *t)
{
	copy_edge(&t->shown, &t->work);
	drop_pending(t, 0);
}

void tree_undo(struct tree *t)
{
	copy_edge(&t->work, &t->shown);
	drop_pending(t, 0);
	t->n_entry = 0;
	t->wait_n = 0;
}

enum err tree_resume(struct tree *t, const struct log_head *expect, const struct tile_source *src, const struct hash *tail, size_t n_tail)
{
	struct edge *w = &t->work;
	struct log_head head;

	if (n_tail != (expect->size & (TILE_WIDTH - 1)))
		return E_CORRUPT;
	memset(w, 0, sizeof(*w));
	for (size_t i = 0; i < n_tail; i++)
		memcpy(w->open[0] + i * HASH_LEN, tail[i].b, HASH_LEN);
	for (unsigned level = 1; level < LOG_LEVELS; level++) {
		uint64_t total = expect->size >> (8 * level), first = total & ~(uint64_t)(TILE_WIDTH - 1);

		for (uint64_t n = first; n < total; n++) {
			unsigned char below[TILE_BYTES];
			struct hash root;
			enum err e = src->tile(src->ctx, t->id, level - 1, n, below);

			if (e)
				return e == E_ABSENT ? E_CORRUPT : e;
			root = tile_root(t->hash, below);
			memcpy(w->open[level] + (n - first) * HASH_LEN, root.b, HASH_LEN);
		}
	}
	w->f.size = expect->size;
	for (int bit = 0; bit < 64; bit++) {
		unsigned level = (unsigned)bit / 8;
		uint64_t in_tile = expect->size >> (8 * level) & (TILE_WIDTH - 1);
		size_t size = (size_t)1 << (bit % 8), from = (size_t)(in_tile & ~(uint64_t)(2 * size - 1));
		struct hash part[TILE_WIDTH];

		if (!(expect->size >> bit & 1))
			continue;
		memcpy(part, w->open[level] + from * HASH_LEN, size * HASH_LEN);
		w->f.at[bit] = tree_root(t->hash, 0x01, part, size);
	}
	head = tree_head(t);
	return same_bytes(head.root.b, expect->root.b, HASH_LEN) ? tree_second_opinion(t, &head) : E_CORRUPT;
}

enum err tree_work_tile(const struct tree *t, const struct tile_source *src, unsigned level, uint64_t n, unsigned char ret[TILE_BYTES])
{
	unsigned have = tile_width(t->work.f.size, level, n);

	if (have < TILE_WIDTH) {
		memcpy(ret, t->work.open[level], (size_t)have * HASH_LEN);
		return OK;
	}
	for (size_t i = t->n_pending; i > 0; i--)
		if (t->pending[i - 1].level == level && t->pending[i - 1].n == n) {
			memcpy(ret, t->pending[i - 1].bytes, TILE_BYTES);
			return OK;
		}
	return src ? src->tile(src->ctx, t->id, level, n, ret) : E_ABSENT;
}
