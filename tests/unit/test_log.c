/* tests/unit/test_log.c - the log's edge against trees that were never rewound, resumed or cut into tiles. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "log/log.h"

enum { SMALL = 1300, BIG = 70000, LEVELS = 3, TILES = 300, ENTRY = 16 };

static const unsigned char seed[SEED_LEN] = { 1, 2, 3 };

/* ---- entries, and where full tiles are stored ---- */

struct shelf {                    /* stands for the table of tiles */
	pthread_mutex_t lock;
	unsigned char *tile[LEVELS][TILES];
	uint64_t size;            /* tiles not yet full at this size are not there; 0: no such limit */
	bool broken;
};

struct world {
	struct hash leaf[BIG];
	struct hash root[SMALL + 1];      /* of the first n leaves */
	struct shelf full;                /* the tiles of all of them */
	struct arena a;
};

static struct str entry_of(uint64_t i, char out[ENTRY])
{
	return (struct str){ out, (size_t)snprintf(out, ENTRY, "entry %u", (unsigned)i) };
}

static enum err shelf_tile(void *ctx, enum tree_id t, unsigned level, uint64_t n, unsigned char ret[TILE_BYTES])
{
	struct shelf *s = ctx;
	enum err e = s->broken ? E_IO : E_ABSENT;

	assert_int_equal(t, TREE_SHA256);
	if (level >= LEVELS || n >= TILES || (s->size && tile_width(s->size, level, n) < TILE_WIDTH))
		return e;
	pthread_mutex_lock(&s->lock);
	if (e == E_ABSENT && s->tile[level][n]) {
		memcpy(ret, s->tile[level][n], TILE_BYTES);
		e = OK;
	}
	pthread_mutex_unlock(&s->lock);
	return e;
}

/* What a commit does: stores the pending tiles. They must be the ones of `full`. */
static void store_pending(struct log *g, struct shelf *s, const struct shelf *full)
{
	size_t n;
	const struct pending_tile *p = log_pending(g, TREE_SHA256, &n);

	for (size_t i = 0; i < n; i++) {
		assert_true(p[i].level < LEVELS && p[i].n < TILES);
		if (full)
			assert_memory_equal(p[i].bytes, full->tile[p[i].level][p[i].n], TILE_BYTES);
		if (!s)
			continue;
		pthread_mutex_lock(&s->lock);
		if (!s->tile[p[i].level][p[i].n])
			s->tile[p[i].level][p[i].n] = malloc(TILE_BYTES);
		memcpy(s->tile[p[i].level][p[i].n], p[i].bytes, TILE_BYTES);
		pthread_mutex_unlock(&s->lock);
	}
}

static void empty_shelf(struct shelf *s)
{
	for (size_t i = 0; i < LEVELS; i++)
		for (size_t n = 0; n < TILES; n++)
			free(s->tile[i][n]);
	pthread_mutex_destroy(&s->lock);
}

/* Not through the log: each tile from its leaves. */
static int make_world(void **state)
{
	struct world *w = calloc(1, sizeof(*w));
	struct frontier f = { 0 };
	char text[ENTRY];

	pthread_mutex_init(&w->full.lock, NULL);
	for (size_t i = 0; i < BIG; i++)
		w->leaf[i] = tree_leaf(HASH_SHA256, entry_of(i, text));
	w->root[0] = tree_empty(HASH_SHA256);
	for (size_t i = 0; i < SMALL; i++) {
		frontier_add(HASH_SHA256, &f, &w->leaf[i]);
		w->root[i + 1] = frontier_root(HASH_SHA256, &f);
	}
	for (size_t level = 0, span = 1; level < 2; level++, span *= TILE_WIDTH) {
		for (size_t n = 0; (n + 1) * TILE_WIDTH * span <= BIG; n++) {
			w->full.tile[level][n] = malloc(TILE_BYTES);
			for (size_t i = 0; i < TILE_WIDTH; i++) {
				struct hash h = tree_root(HASH_SHA256, 0x01, w->leaf + (n * TILE_WIDTH + i) * span, span);

				memcpy(w->full.tile[level][n] + i * HASH_LEN, h.b, HASH_LEN);
			}
		}
	}
	arena_init(&w->a, 1 << 24, NULL);
	*state = w;
	return 0;
}

static int end_world(void **state)
{
	struct world *w = *state;

	empty_shelf(&w->full);
	arena_end(&w->a);
	free(w);
	return 0;
}

static struct log *new_log(void)
{
	const struct signer_setup setup = { .origin = "suyuan.test/log", .ed25519 = seed };
	struct signer signer;
	struct log *g;

	assert_int_equal(signer_local(&setup, &signer), OK);
	assert_int_equal(log_open("suyuan.test/log", &signer, &g), OK);
	return g;
}

static struct log_head head_of(const struct world *w, size_t n)
{
	return (struct log_head){ n, n <= SMALL ? w->root[n] : tree_root(HASH_SHA256, 0x01, w->leaf, n) };
}

static enum err resume_at(struct log *g, const struct log_head *head, const struct tile_source *src, const struct hash *tail, size_t n_tail)
{
	const struct log_resume r = { .head = { *head }, .tail = { tail }, .n_tail = n_tail };

	return log_resume(g, &r, src);
}

static enum err resume(const struct world *w, struct log *g, size_t n, struct shelf *s)
{
	const struct tile_source src = { s, shelf_tile };
	struct log_head head = head_of(w, n);

	enum err e = resume_at(g, &head, &src, w->leaf + (n & ~(size_t)(TILE_WIDTH - 1)), n % TILE_WIDTH);

	return e ? e : log_publish(g, &src);
}

/* Entries from..to-1 of the world; one in so many publishes (0: none). */
static void add(struct log *g, size_t from, size_t to, size_t publish_every)
{
	char text[ENTRY];

	for (size_t i = from; i < to; i++) {
		assert_int_equal(log_add(g, entry_of(i, text)), i);
		if (publish_every && (i + 1) % publish_every == 0)
			assert_int_equal(log_publish(g, NULL), OK);
	}
}

static void is_head(struct log_head got, size_t size, const struct hash *root)
{
	assert_int_equal(got.size, size);
	assert_memory_equal(got.root.b, root->b, HASH_LEN);
}

static void same_as(struct log_head got, struct log_head want) { is_head(got, want.size, &want.root); }

/* ---- growing ---- */

static void roots_of_every_size(void **state)
{
	const struct world *w = *state;
	struct log *quiet = new_log(), *loud = new_log();

	is_head(log_next_head(quiet, TREE_SHA256), 0, &w->root[0]);
	is_head(log_shown(loud), 0, &w->root[0]);
	for (size_t i = 0; i < 600; i++) {
		struct hash root = tree_root(HASH_SHA256, 0x01, w->leaf, i + 1);

		add(quiet, i, i + 1, 0);
		add(loud, i, i + 1, 0);
		assert_true(log_grew(loud));
		is_head(log_next_head(quiet, TREE_SHA256), i + 1, &root);
		is_head(log_shown(loud), i, &w->root[i]);
		store_pending(loud, NULL, &w->full);
		assert_int_equal(log_publish(loud, NULL), OK);
		assert_false(log_grew(loud));
		is_head(log_shown(loud), i + 1, &root);
	}
	is_head(log_shown(quiet), 0, &w->root[0]);
	store_pending(quiet, NULL, &w->full);
	assert_int_equal(log_publish(quiet, NULL), OK);
	is_head(log_shown(quiet), 600, &w->root[600]);
	log_close(quiet);
	log_close(loud);
}

static void names(void **state)
{
	static const char *const bad[] = { "", "a b", "a+b" };
	const struct signer_setup setup = { .origin = "suyuan.test/log", .ed25519 = seed };
	struct signer signer;
	struct log *g;
	char name[301];

	(void)state;
	assert_int_equal(signer_local(&setup, &signer), OK);
	for (size_t i = 0; i < ROWS(bad); i++)
		assert_int_equal(log_open(bad[i], &signer, &g), E_BAD);
	memset(name, 'a', 300);
	name[300] = '\0';
	assert_int_equal(log_open(name, &signer, &g), E_BAD);
	signer_close(&signer);
	g = new_log();
	assert_true(str_is(log_origin(g), "suyuan.test/log"));
	assert_true(str_starts(log_vkey(g, TREE_SHA256), "suyuan.test/log+"));
	log_close(g);
}

/* ---- going back ---- */

static void rewinds(void **state)
{
	static const size_t at[] = { 0, 1, 250, 255, 256, 257, 511, 512, 65270, 65530, 65535, 65536 };
	static const size_t extra[] = { 0, 1, 6, 20, 256, 300, 700 };
	struct world *w = *state;

	for (size_t i = 0; i < ROWS(at); i++) {
		for (size_t k = 0; k < ROWS(extra); k++) {
			struct log *g = new_log();
			size_t near = at[i] > 5 ? at[i] - 5 : 0;

			/* some of what stays was published, some is of the same group */
			assert_int_equal(resume(w, g, near, &w->full), OK);
			add(g, near, at[i], 0);
			log_mark(g);
			for (size_t x = 0; x < extra[k]; x++)
				assert_int_equal(log_add(g, S("refused")), at[i] + x);
			log_rewind(g);
			add(g, at[i], at[i] + 600, 0);
			store_pending(g, NULL, &w->full);
			same_as(log_next_head(g, TREE_SHA256), head_of(w, at[i] + 600));
			assert_int_equal(log_publish(g, NULL), OK);
			log_close(g);
		}
	}
}

/* A writer's life: groups of changes, some refused, some groups forgotten whole. */
static void many_groups(void **state)
{
	struct world *w = *state;
	struct log *g = new_log();
	uint64_t random = 1;
	size_t n = 0, was;

	while (n < SMALL - 200) {
		was = n;
		for (int change = 0; change < 10; change++) {
			size_t k;

			random = random * 6364136223846793005 + 1442695040888963407;
			k = random >> 33 & 15;
			log_mark(g);
			if ((random >> 40) % 7 == 0) {
				for (size_t i = 0; i < k * k; i++)
					log_add(g, S("refused"));
				log_rewind(g);
			} else {
				add(g, n, n + k, 0);
				n += k;
			}
			is_head(log_next_head(g, TREE_SHA256), n, &w->root[n]);
		}
		if ((random >> 50) % 5 == 0) {
			log_undo(g);
			n = was;
			is_head(log_next_head(g, TREE_SHA256), n, &w->root[n]);
			assert_false(log_grew(g));
			continue;
		}
		store_pending(g, NULL, &w->full);
		assert_int_equal(log_publish(g, NULL), OK);
		is_head(log_shown(g), n, &w->root[n]);
	}
	log_close(g);
}

static void undone(void **state)
{
	static const size_t at[] = { 0, 1, 250, 256, 512, 65400, 65530, 65536 };
	struct world *w = *state;

	for (size_t i = 0; i < ROWS(at); i++) {
		for (size_t extra = 1; extra < 800; extra += 133) {
			struct log *g = new_log();
			size_t n;

			assert_int_equal(resume(w, g, at[i], &w->full), OK);
			for (size_t x = 0; x < extra; x++)
				log_add(g, S("lost"));
			log_undo(g);
			(void)log_pending(g, TREE_SHA256, &n);
			assert_int_equal(n, 0);
			add(g, at[i], at[i] + 300, 0);
			store_pending(g, NULL, &w->full);
			assert_int_equal(log_publish(g, NULL), OK);
			same_as(log_shown(g), head_of(w, at[i] + 300));
			log_close(g);
		}
	}
}

/* ---- starting again ---- */

static void resumes(void **state)
{
	struct world *w = *state;

	for (size_t n = 0; n <= 600; n++) {
		struct log *g = new_log();

		w->full.size = n;
		assert_int_equal(resume(w, g, n, &w->full), OK);
		is_head(log_shown(g), n, &w->root[n]);
		for (size_t i = n; i < n + 300; i++) {
			add(g, i, i + 1, 0);
			if (i % 16 == 0)
				is_head(log_next_head(g, TREE_SHA256), i + 1, &w->root[i + 1]);
		}
		store_pending(g, NULL, &w->full);
		assert_int_equal(log_publish(g, NULL), OK);
		is_head(log_shown(g), n + 300, &w->root[n + 300]);
		log_close(g);
	}
	w->full.size = 0;
}

static void resumes_of_big_logs(void **state)
{
	static const size_t at[] = { 65279, 65280, 65535, 65536, 65537, 66000, BIG - 1, BIG };
	struct world *w = *state;

	for (size_t k = 0; k < ROWS(at); k++) {
		struct log *g = new_log(), *same = new_log();
		size_t to = at[k] + 700 < BIG ? at[k] + 700 : BIG;

		w->full.size = at[k];
		assert_int_equal(resume(w, g, at[k], &w->full), OK);
		w->full.size = 0;
		add(g, at[k], to, 7);
		assert_int_equal(log_publish(g, NULL), OK);
		same_as(log_shown(g), head_of(w, to));
		/* and past what the world holds, as one that started elsewhere */
		assert_int_equal(resume(w, same, 65000, &w->full), OK);
		add(same, 65000, to, 1000);
		for (size_t i = 0; i < 600; i++) {
			(void)log_add(g, S("more"));
			(void)log_add(same, S("more"));
		}
		same_as(log_next_head(g, TREE_SHA256), log_next_head(same, TREE_SHA256));
		assert_int_equal(log_publish(g, NULL), OK);
		log_close(g);
		log_close(same);
	}
}

static void resumes_refused(void **state)
{
	struct world *w = *state;
	const struct tile_source src = { &w->full, shelf_tile };
	struct log_head head = head_of(w, 1000), other = head_of(w, 999);
	struct hash tail[TILE_WIDTH];
	struct log *g = new_log();

	memcpy(tail, w->leaf + 768, sizeof(tail));
	assert_int_equal(resume_at(g, &head, &src, tail, 231), E_CORRUPT);
	assert_int_equal(resume_at(g, &head, &src, tail, 233), E_CORRUPT);
	assert_int_equal(resume_at(g, &other, &src, tail, 232), E_CORRUPT);
	other.size = 1000;
	assert_int_equal(resume_at(g, &other, &src, tail, 232), E_CORRUPT);
	tail[231].b[31] ^= 1;
	assert_int_equal(resume_at(g, &head, &src, tail, 232), E_CORRUPT);
	tail[231].b[31] ^= 1;
	w->full.tile[0][1][5000] ^= 1;
	assert_int_equal(resume_at(g, &head, &src, tail, 232), E_CORRUPT);
	w->full.tile[0][1][5000] ^= 1;
	w->full.size = 512;                     /* the third tile is missing */
	assert_int_equal(resume_at(g, &head, &src, tail, 232), E_CORRUPT);
	w->full.size = 0;
	w->full.broken = true;
	assert_int_equal(resume_at(g, &head, &src, tail, 232), E_IO);
	w->full.broken = false;
	is_head(log_shown(g), 0, &w->root[0]);
	assert_int_equal(resume_at(g, &head, &src, tail, 232), OK);
	log_close(g);
}

/* ---- receipts ---- */

static enum err receipt(struct log *g, struct arena *a, const struct tile_source *src, uint64_t index, const struct log_head *at, struct str extra, struct str *ret)
{
	return log_receipt(g, a, src, &(struct receipt_of){ TREE_SHA256, index, at, extra }, ret);
}

static enum err newest(struct log *g, struct arena *a, const struct note_key *key, struct checkpoint *ret)
{
	struct str note;
	enum err e = log_checkpoint(g, a, TREE_SHA256, &note);

	return e ? e : checkpoint_open(a, note, key, ret);
}

static bool receipt_holds(struct world *w, struct log *g, const struct note_key *key, uint64_t index, const struct log_head *at, struct str extra)
{
	const struct tile_source src = { &w->full, shelf_tile };
	struct tlog_proof p;
	struct checkpoint cp;
	struct str text;

	if (receipt(g, &w->a, &src, index, at, extra, &text) || proof_get(&w->a, text, &p) || checkpoint_open(&w->a, p.checkpoint, key, &cp))
		return false;
	return p.index == index && str_eq(p.extra, extra) && str_eq(cp.origin, log_origin(g)) && cp.size == at->size &&
	       same_bytes(cp.root.b, at->root.b, HASH_LEN) &&
	       check_inclusion(HASH_SHA256, &w->leaf[index], index, cp.size, &cp.root, p.path, p.n_path) &&
	       !check_inclusion(HASH_SHA256, &w->leaf[(index + 1) % BIG], index, cp.size, &cp.root, p.path, p.n_path);
}

static void receipts(void **state)
{
	static const size_t heads[] = { 1, 2, 255, 256, 257, 300, 511, 512, 513, 65279, 65280, 65535, 65536, 65537, 65792, 66000, BIG - 1, BIG };
	struct world *w = *state;
	const struct tile_source src = { &w->full, shelf_tile };
	struct log *g = new_log();
	struct log_head at, beyond = { BIG + 1, w->root[0] };
	struct note_key key;
	struct checkpoint cp;
	struct str text;
	uint64_t random = 7;

	assert_int_equal(resume(w, g, BIG, &w->full), OK);
	w->full.size = BIG;
	assert_int_equal(vkey_get(&w->a, str_trim(log_vkey(g, TREE_SHA256)), &key), OK);
	for (size_t k = 0; k < ROWS(heads); k++) {
		at = head_of(w, heads[k]);
		for (int i = 0; i < 40; i++) {
			size_t index;

			random = random * 6364136223846793005 + 1442695040888963407;
			index = i == 0 ? 0 : i == 1 ? heads[k] - 1 : (size_t)(random >> 33) % heads[k];
			if (!receipt_holds(w, g, &key, index, &at, i % 3 ? S("") : S("\x01\0more")))
				fail_msg("receipt of %zu in %zu", index, heads[k]);
			arena_reset(&w->a);
			assert_int_equal(vkey_get(&w->a, str_trim(log_vkey(g, TREE_SHA256)), &key), OK);
		}
		assert_int_not_equal(receipt(g, &w->a, &src, heads[k], &at, S(""), &text), OK);
	}
	assert_int_equal(newest(g, &w->a, &key, &cp), OK);
	assert_int_equal(cp.size, BIG);
	assert_memory_equal(cp.root.b, log_shown(g).root.b, HASH_LEN);
	assert_int_equal(receipt(g, &w->a, &src, 1, &beyond, S(""), &text), E_ABSENT);
	w->full.broken = true;
	assert_int_equal(receipt(g, &w->a, &src, 1, &at, S(""), &text), E_IO);
	w->full.broken = false;
	w->full.size = 0;
	log_close(g);
}

/* ---- tiles as they are asked ---- */

static void tiles(void **state)
{
	static const struct { unsigned level; uint64_t n; unsigned width; } there[] = {
		{ 0, 0, 256 }, { 0, 0, 1 }, { 0, 272, 256 }, { 0, 273, 112 }, { 0, 273, 111 }, { 0, 273, 1 }, { 1, 0, 256 }, { 1, 0, 255 },
		{ 1, 1, 17 }, { 1, 1, 1 }, { 2, 0, 1 },
	}, absent[] = {
		{ 0, 0, 0 }, { 0, 0, 257 }, { 0, 273, 113 }, { 0, 273, 256 }, { 0, 274, 1 }, { 1, 1, 18 }, { 1, 2, 1 }, { 2, 0, 2 }, { 2, 1, 1 },
		{ 3, 0, 1 }, { 7, 0, 1 }, { 8, 0, 1 }, { 63, 0, 1 }, { 4000000000, 0, 1 }, { 0, UINT64_MAX, 1 },
	};
	struct world *w = *state;
	const struct tile_source src = { &w->full, shelf_tile };
	unsigned char got[TILE_BYTES];
	struct log *g = new_log();

	assert_int_equal(log_tile(g, &src, TREE_SHA256, 0, 0, 1, got), E_ABSENT);
	assert_int_equal(resume(w, g, BIG, &w->full), OK);
	for (size_t i = 0; i < ROWS(there); i++) {
		size_t span = (size_t)1 << 8 * there[i].level;

		if (log_tile(g, &src, TREE_SHA256, there[i].level, there[i].n, there[i].width, got))
			fail_msg("row %zu is there", i);
		for (size_t k = 0; k < there[i].width; k++) {
			struct hash h = tree_root(HASH_SHA256, 0x01, w->leaf + (there[i].n * TILE_WIDTH + k) * span, span);

			if (!same_bytes(h.b, got + k * HASH_LEN, HASH_LEN))
				fail_msg("row %zu, hash %zu", i, k);
		}
	}
	for (size_t i = 0; i < ROWS(absent); i++)
		if (log_tile(g, &src, TREE_SHA256, absent[i].level, absent[i].n, absent[i].width, got) != E_ABSENT)
			fail_msg("row %zu is not there", i);
	(void)log_add(g, S("not signed yet"));
	assert_int_equal(log_tile(g, &src, TREE_SHA256, 0, 273, 113, got), E_ABSENT);
	assert_int_equal(log_publish(g, NULL), OK);
	assert_int_equal(log_tile(g, &src, TREE_SHA256, 0, 273, 113, got), OK);
	log_close(g);
}

/* ---- checking what is stored ---- */

static enum err check_one(struct log_check *c, struct str entry)
{
	size_t bad;

	return log_check_add(c, &entry, 1, &bad);
}

static void flipped_bytes_are_found(void **state)
{
	struct world *w = *state;
	const struct tile_source src = { &w->full, shelf_tile };
	struct log_check *c = calloc(1, sizeof(*c)), *before = calloc(1, sizeof(*c));
	struct hash root;
	char text[ENTRY];
	size_t found = 0;

	c->src = &src;
	for (size_t i = 0; i < BIG; i++) {
		struct str entry = entry_of(i, text);

		/* at each tile's end: all the ways it may be wrong, then as it is */
		for (size_t level = 0; level < 2 && (i + 1) % ((size_t)TILE_WIDTH << 8 * level) == 0; level++) {
			unsigned char **tile = &w->full.tile[level][i >> 8 >> 8 * level], *kept = *tile;
			size_t byte = level ? 7777 : i * 37 % TILE_BYTES;

			*before = *c;
			kept[byte] ^= 0x10;
			assert_int_equal(check_one(c, entry), E_CORRUPT);
			kept[byte] ^= 0x10;
			*c = *before;
			*tile = NULL;
			assert_int_equal(check_one(c, entry), E_CORRUPT);
			*tile = kept;
			*c = *before;
			found++;
		}
		if (i == 511) {
			*before = *c;
			assert_int_equal(check_one(c, S("another entry")), E_CORRUPT);
			*c = *before;
			w->full.broken = true;
			assert_int_equal(check_one(c, entry), E_IO);
			w->full.broken = false;
			*c = *before;
		}
		assert_int_equal(i % 2 ? check_one(c, entry) : log_check_hash(c, &w->leaf[i]), OK);
	}
	assert_int_equal(found, BIG / TILE_WIDTH + 1);
	root = frontier_root(HASH_SHA256, &c->f);
	same_as((struct log_head){ c->f.size, root }, head_of(w, BIG));
	free(before);
	free(c);
}

/* Bottom tiles in any order, what is above them in theirs. */
static void tiles_are_checked_apart(void **state)
{
	enum { FULL = BIG / TILE_WIDTH };
	struct world *w = *state;
	const struct tile_source src = { &w->full, shelf_tile };
	struct log_check *c = calloc(1, sizeof(*c)), *before = calloc(1, sizeof(*c));
	static char text[TILE_WIDTH][ENTRY];
	struct hash root[FULL], end;
	struct str entry[TILE_WIDTH];

	c->src = &src;
	for (uint64_t n = FULL; n-- > 0; ) {
		for (size_t i = 0; i < TILE_WIDTH; i++)
			entry[i] = entry_of(n * TILE_WIDTH + i, text[i]);
		assert_int_equal(log_check_tile(c, n, entry, &root[n]), OK);
		w->full.tile[0][n][n * 31 % TILE_BYTES] ^= 1;
		assert_int_equal(log_check_tile(c, n, entry, &end), E_CORRUPT);
		w->full.tile[0][n][n * 31 % TILE_BYTES] ^= 1;
		entry[n % TILE_WIDTH] = S("another entry");
		assert_int_equal(log_check_tile(c, n, entry, &end), E_CORRUPT);
	}
	assert_int_equal(log_check_tile(c, FULL + 1, entry, &end), E_CORRUPT);      /* no such tile */
	for (uint64_t n = 0; n < FULL; n++) {
		if (n == TILE_WIDTH - 1) {
			*before = *c;
			w->full.tile[1][0][7777] ^= 1;
			assert_int_equal(log_check_above(c, &root[n]), E_CORRUPT);
			w->full.tile[1][0][7777] ^= 1;
			*c = *before;
		}
		assert_int_equal(log_check_above(c, &root[n]), OK);
	}
	for (size_t i = FULL * TILE_WIDTH; i < BIG; i++)
		assert_int_equal(log_check_hash(c, &w->leaf[i]), OK);
	same_as((struct log_head){ c->f.size, log_check_root(c) }, head_of(w, BIG));
	free(before);
	free(c);
}

/* ---- one writes, others ask ---- */

struct asker { struct world *w; struct log *g; struct shelf *s; int bad, asked; bool *over; pthread_mutex_t *lock; };

static void *ask_on(void *arg)
{
	struct asker *k = arg;
	const struct tile_source src = { k->s, shelf_tile };
	struct note_key key;
	struct arena a, forever;
	bool over = false;

	arena_init(&a, 1 << 20, NULL);
	arena_init(&forever, 1 << 16, NULL);
	k->bad += vkey_get(&forever, str_trim(log_vkey(k->g, TREE_SHA256)), &key) != OK;
	for (uint64_t i = 0; !over; i++) {
		struct log_head at = log_shown(k->g);
		struct tlog_proof p;
		struct checkpoint cp;
		struct str text;
		unsigned char tile[TILE_BYTES];

		pthread_mutex_lock(k->lock);
		over = *k->over;
		pthread_mutex_unlock(k->lock);
		if (!at.size)
			continue;
		k->asked++;
		if (receipt(k->g, &a, &src, i * 101 % at.size, &at, S(""), &text) || proof_get(&a, text, &p) ||
		    checkpoint_open(&a, p.checkpoint, &key, &cp) ||
		    !check_inclusion(HASH_SHA256, &k->w->leaf[p.index], p.index, cp.size, &cp.root, p.path, p.n_path))
			k->bad++;
		if (log_tile(k->g, &src, TREE_SHA256, 0, (at.size - 1) / TILE_WIDTH, (unsigned)((at.size - 1) % TILE_WIDTH) + 1, tile) ||
		    !same_bytes(tile, k->w->leaf[(at.size - 1) & ~(uint64_t)(TILE_WIDTH - 1)].b, HASH_LEN))
			k->bad++;
		k->bad += newest(k->g, &a, &key, &cp) != OK;
		arena_reset(&a);
	}
	arena_end(&a);
	arena_end(&forever);
	return NULL;
}

static void asked_while_growing(void **state)
{
	struct world *w = *state;
	struct shelf s = { .size = 0 };
	struct log *g = new_log();
	struct asker asker[2];
	pthread_t thread[2];
	pthread_mutex_t lock;
	bool over = false;

	pthread_mutex_init(&lock, NULL);
	pthread_mutex_init(&s.lock, NULL);
	for (int i = 0; i < 2; i++) {
		asker[i] = (struct asker){ .w = w, .g = g, .s = &s, .over = &over, .lock = &lock };
		assert_int_equal(pthread_create(&thread[i], NULL, ask_on, &asker[i]), 0);
	}
	for (size_t n = 0; n < 20000; n += 5) {
		log_mark(g);
		(void)log_add(g, S("refused"));
		log_rewind(g);
		add(g, n, n + 5, 0);
		store_pending(g, &s, &w->full);
		assert_int_equal(log_publish(g, NULL), OK);
	}
	pthread_mutex_lock(&lock);
	over = true;
	pthread_mutex_unlock(&lock);
	for (int i = 0; i < 2; i++) {
		pthread_join(thread[i], NULL);
		assert_int_equal(asker[i].bad, 0);
		assert_true(asker[i].asked > 0);
	}
	pthread_mutex_destroy(&lock);
	log_close(g);
	empty_shelf(&s);
}

int main(void)
{
	static const struct CMUnitTest all[] = {
		cmocka_unit_test(roots_of_every_size), cmocka_unit_test(names), cmocka_unit_test(rewinds), cmocka_unit_test(many_groups),
		cmocka_unit_test(undone), cmocka_unit_test(resumes), cmocka_unit_test(resumes_of_big_logs), cmocka_unit_test(resumes_refused),
		cmocka_unit_test(receipts), cmocka_unit_test(tiles), cmocka_unit_test(flipped_bytes_are_found), cmocka_unit_test(tiles_are_checked_apart),
		cmocka_unit_test(asked_while_growing),
	};

	return cmocka_run_group_tests_name("log", all, make_world, end_world);
}
