/* tests/unit/test_merkle.c - trees and proofs against the recursive definition of RFC 6962; names of tiles. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "merkle/merkle.h"

enum { SMALL = 130, FRONTIER = 300, BIG = 70000 };

static void same_hash(const struct hash *a, const struct hash *b) { assert_memory_equal(a, b, sizeof(*a)); }

static struct hash hash_hex(const char *hex)
{
	struct hash h;

	assert_true(hex_get(str_of(hex), h.b, HASH_LEN));
	return h;
}

static struct hash numbered(enum hash_id id, uint64_t i)
{
	unsigned char entry[8];

	be_put(i, entry, sizeof(entry));
	return tree_leaf(id, (struct str){ (const char *)entry, sizeof(entry) });
}

/* MTH of RFC 6962, 2.1, word for word. */
static struct hash naive(enum hash_id id, const struct hash *leaf, size_t n)
{
	struct hash l, r;
	size_t k = 1;

	if (n == 0)
		return hash_of(id, S(""));
	if (n == 1)
		return leaf[0];
	while (k * 2 < n)
		k *= 2;
	l = naive(id, leaf, k);
	r = naive(id, leaf + k, n - k);
	return tree_node(id, &l, &r);
}

/* A pyramid of tile levels over leaves in memory. */
struct pyramid {
	enum hash_id id;
	uint64_t size;
	struct hash *level[3];
	size_t asked;
};

static enum err pyramid_get(void *ctx, unsigned level, uint64_t index, struct hash *ret)
{
	struct pyramid *p = ctx;

	p->asked++;
	assert_true(level < 3);
	assert_true((index + 1) << 8 * level <= p->size);       /* only complete subtrees */
	*ret = p->level[level][index];
	return OK;
}

static void pyramid_begin(struct pyramid *p, enum hash_id id, uint64_t size)
{
	*p = (struct pyramid){ .id = id, .size = size };
	for (unsigned l = 0; l < 3; l++) {
		uint64_t n = size >> 8 * l;

		p->level[l] = calloc(n + 1, sizeof(struct hash));
		assert_non_null(p->level[l]);
		for (uint64_t i = 0; i < n; i++)
			p->level[l][i] = l ? naive(id, p->level[l - 1] + 256 * i, 256) : numbered(id, i);
	}
}

static void pyramid_end(struct pyramid *p)
{
	for (unsigned l = 0; l < 3; l++)
		free(p->level[l]);
}

/* ---- trees ---- */

static void known_roots(void **state)
{
	/* The eight leaves used by the implementations of RFC 6962 since its draft. */
	static const struct { const char *leaf, *root; } known[] = {
		{ "", "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d" },
		{ "00", "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125" },
		{ "10", "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77" },
		{ "2021", "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7" },
		{ "3031", "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4" },
		{ "40414243", "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef" },
		{ "5051525354555657", "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c" },
		{ "606162636465666768696a6b6c6d6e6f", "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328" },
	};
	struct frontier f = { 0 };
	struct hash leaf[ROWS(known)], got = frontier_root(HASH_SHA256, &f), want;

	(void)state;
	want = hash_hex("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
	same_hash(&got, &want);
	for (size_t i = 0; i < ROWS(known); i++) {
		unsigned char entry[16];
		size_t n = strlen(known[i].leaf) / 2;

		assert_true(hex_get(str_of(known[i].leaf), entry, n));
		leaf[i] = tree_leaf(HASH_SHA256, (struct str){ (const char *)entry, n });
		frontier_add(HASH_SHA256, &f, &leaf[i]);
		want = hash_hex(known[i].root);
		got = frontier_root(HASH_SHA256, &f);
		same_hash(&got, &want);
		got = tree_root(HASH_SHA256, 0x01, leaf, i + 1);
		same_hash(&got, &want);
	}
}

static void frontiers(void **state)
{
	(void)state;
	for (int id = HASH_SHA256; id <= HASH_SM3; id++) {
		struct hash leaf[FRONTIER], a, b;
		struct frontier f = { 0 };

		for (size_t n = 0; n <= FRONTIER; n++) {
			a = frontier_root((enum hash_id)id, &f);
			b = naive((enum hash_id)id, leaf, n);
			same_hash(&a, &b);
			if (n == FRONTIER)
				break;
			leaf[n] = numbered((enum hash_id)id, n);
			frontier_add((enum hash_id)id, &f, &leaf[n]);
		}
	}
}

/* Whole blocks are hashed level by level: the same roots as leaf by leaf. */
static void roots_by_blocks(void **state)
{
	enum { MOST = 3 * TILE_WIDTH + 3 };
	static struct hash leaf[MOST];
	struct frontier f = { 0 };

	(void)state;
	for (size_t n = 0; n < MOST; n++) {
		struct hash a, b;

		leaf[n] = numbered(HASH_SM3, n);
		frontier_add(HASH_SM3, &f, &leaf[n]);
		a = frontier_root(HASH_SM3, &f);
		b = tree_root(HASH_SM3, 0x01, leaf, n + 1);
		same_hash(&a, &b);
	}
}

/* Many at once, from any size to any other: the same as one by one, open subtrees included. */
static void many_leaves_at_once(void **state)
{
	static const size_t steps[] = { 1, 2, 3, 5, 7, 16, 31, 64, 100, 255, TILE_WIDTH };

	(void)state;
	for (int id = HASH_SHA256; id <= HASH_SM3; id++)
		for (size_t s = 0; s < ROWS(steps); s++) {
			struct frontier one = { 0 }, many = { 0 };
			struct hash leaf[TILE_WIDTH];

			for (size_t size = 0, round = 0; round < 9; round++, size += steps[s]) {
				for (size_t i = 0; i < steps[s]; i++) {
					leaf[i] = numbered((enum hash_id)id, size + i);
					frontier_add((enum hash_id)id, &one, &leaf[i]);
				}
				frontier_add_many((enum hash_id)id, &many, leaf, steps[s]);
				assert_int_equal(many.size, one.size);
				for (unsigned k = 0; k < 64; k++)
					if (one.size >> k & 1)
						same_hash(&many.at[k], &one.at[k]);
			}
			frontier_add_many((enum hash_id)id, &many, leaf, 0);
			assert_int_equal(many.size, one.size);
		}
}

static void paths_in_memory(void **state)
{
	struct hash leaf[40], path[MERKLE_MAX_PROOF], root, got;

	(void)state;
	for (size_t n = 1; n <= ROWS(leaf); n++) {
		leaf[n - 1] = numbered(HASH_SM3, n);
		root = tree_root(HASH_SM3, 0x11, leaf, n);
		for (size_t i = 0; i < n; i++) {
			size_t len = tree_path(HASH_SM3, 0x11, leaf, n, i, path);

			assert_true(tree_root_from_path(HASH_SM3, 0x11, &leaf[i], i, n, path, len, &got));
			same_hash(&got, &root);
			if (len && tree_root_from_path(HASH_SM3, 0x11, &leaf[i], i, n, path, len - 1, &got))
				fail_msg("short path taken: leaf %zu of %zu", i, n);
			assert_false(tree_root_from_path(HASH_SM3, 0x11, &leaf[i], i, n, path, len + 1, &got));
			assert_true(n == 1 || !check_inclusion(HASH_SM3, &leaf[i], i, n, &root, path, len));    /* other domain */
		}
		assert_int_equal(tree_path(HASH_SM3, 0x11, leaf, n, n, path), 0);
		assert_false(tree_root_from_path(HASH_SM3, 0x11, &leaf[0], n, n, path, 0, &got));
	}
	assert_false(tree_root_from_path(HASH_SM3, 0x11, &leaf[0], 0, 0, path, 0, &got));
}

/* ---- proofs ---- */

static void all_inclusions(void **state)
{
	struct pyramid p;
	struct hash_reader r = { pyramid_get, &p };
	struct hash path[MERKLE_MAX_PROOF], other[MERKLE_MAX_PROOF], root, got;
	size_t len, other_len;

	(void)state;
	pyramid_begin(&p, HASH_SHA256, SMALL);
	for (uint64_t n = 1; n <= SMALL; n++) {
		root = naive(HASH_SHA256, p.level[0], n);
		assert_int_equal(root_at(HASH_SHA256, &r, n, &got), OK);
		same_hash(&got, &root);
		for (uint64_t i = 0; i < n; i++) {
			const struct hash *leaf = &p.level[0][i];

			assert_int_equal(prove_inclusion(HASH_SHA256, &r, i, n, path, &len), OK);
			other_len = tree_path(HASH_SHA256, 0x01, p.level[0], n, i, other);
			assert_int_equal(len, other_len);
			assert_memory_equal(path, other, len * sizeof(path[0]));
			assert_true(check_inclusion(HASH_SHA256, leaf, i, n, &root, path, len));
			assert_false(check_inclusion(HASH_SHA256, leaf, i + 1, n, &root, path, len));
			assert_false(len && check_inclusion(HASH_SHA256, leaf, i, n, &root, path, len - 1));
			if (len) {
				path[i % len].b[i % HASH_LEN] ^= 1;
				assert_false(check_inclusion(HASH_SHA256, leaf, i, n, &root, path, len));
			}
		}
		assert_int_equal(prove_inclusion(HASH_SHA256, &r, n, n, path, &len), E_BAD);
	}
	pyramid_end(&p);
}

static void all_consistencies(void **state)
{
	struct pyramid p;
	struct hash_reader r = { pyramid_get, &p };
	struct hash path[MERKLE_MAX_PROOF], root[SMALL + 1];
	size_t len;

	(void)state;
	pyramid_begin(&p, HASH_SHA256, SMALL);
	for (size_t n = 0; n <= SMALL; n++)
		root[n] = naive(HASH_SHA256, p.level[0], n);
	for (uint64_t n = 0; n <= SMALL; n++) {
		for (uint64_t m = 0; m <= n; m++) {
			assert_int_equal(prove_consistency(HASH_SHA256, &r, m, n, path, &len), OK);
			if (!check_consistency(HASH_SHA256, m, &root[m], n, &root[n], path, len))
				fail_msg("%llu to %llu", (unsigned long long)m, (unsigned long long)n);
			if (m != n)
				assert_false(check_consistency(HASH_SHA256, m, &root[n], n, &root[n], path, len));
			if (m && m != n)
				assert_false(check_consistency(HASH_SHA256, m, &root[m], n, &root[m], path, len));
			if (!len)
				continue;
			assert_false(check_consistency(HASH_SHA256, m, &root[m], n, &root[n], path, len - 1));
			path[m % len].b[n % HASH_LEN] ^= 0x80;
			assert_false(check_consistency(HASH_SHA256, m, &root[m], n, &root[n], path, len));
		}
		assert_int_equal(prove_consistency(HASH_SHA256, &r, n + 1, n, path, &len), E_BAD);
		assert_false(check_consistency(HASH_SHA256, n + 1, &root[0], n, &root[n], path, 0));
		path[0] = root[0];
		assert_false(check_consistency(HASH_SHA256, n, &root[n], n, &root[n], path, 1));
	}
	pyramid_end(&p);
}

static void over_tile_levels(void **state)
{
	static const uint64_t sizes[] = { 255, 256, 257, 511, 512, 4096, 65535, 65536, 65537, BIG };
	struct pyramid p;
	struct hash_reader r = { pyramid_get, &p };
	struct hash path[MERKLE_MAX_PROOF], root[ROWS(sizes)];
	struct frontier f = { 0 };
	size_t len, at = 0;

	(void)state;
	pyramid_begin(&p, HASH_SHA256, BIG);
	for (uint64_t i = 0; i < BIG; i++) {
		frontier_add(HASH_SHA256, &f, &p.level[0][i]);
		if (f.size == sizes[at])
			root[at++] = frontier_root(HASH_SHA256, &f);
	}
	assert_int_equal(at, ROWS(sizes));
	for (size_t n = 0; n < ROWS(sizes); n++) {
		p.asked = 0;
		for (uint64_t i = 0; i < sizes[n]; i += 1 + sizes[n] / 7) {
			assert_int_equal(prove_inclusion(HASH_SHA256, &r, i, sizes[n], path, &len), OK);
			assert_true(check_inclusion(HASH_SHA256, &p.level[0][i], i, sizes[n], &root[n], path, len));
		}
		assert_true(p.asked < 7 * 6 * 256);              /* tiles are read, not leaves counted over */
		for (size_t m = 0; m <= n; m++) {
			assert_int_equal(prove_consistency(HASH_SHA256, &r, sizes[m], sizes[n], path, &len), OK);
			assert_true(check_consistency(HASH_SHA256, sizes[m], &root[m], sizes[n], &root[n], path, len));
		}
	}
	pyramid_end(&p);
}

static enum err broken_get(void *ctx, unsigned level, uint64_t index, struct hash *ret)
{
	(void)ctx;
	(void)level;
	(void)ret;
	return index == 3 ? E_IO : OK;
}

static void reader_errors(void **state)
{
	struct hash_reader r = { broken_get, NULL };
	struct hash path[MERKLE_MAX_PROOF];
	size_t len = 77;

	(void)state;
	assert_int_equal(prove_inclusion(HASH_SHA256, &r, 5, 8, path, &len), E_IO);
	assert_int_equal(prove_consistency(HASH_SHA256, &r, 6, 8, path, &len), E_IO);
	assert_int_equal(root_at(HASH_SHA256, &r, 8, path), E_IO);
	assert_int_equal(len, 77);
}

/* ---- tiles ---- */

static void tile_paths(void **state)
{
	static const struct { int level; uint64_t n; unsigned width; const char *path; } known[] = {
		{ 0, 1234067, 256, "tile/0/x001/x234/067" },
		{ 0, 1234067, 112, "tile/0/x001/x234/067.p/112" },
		{ 0, 0, 256, "tile/0/000" },
		{ 1, 273, 17, "tile/1/273.p/17" },
		{ 2, 0, 1, "tile/2/000.p/1" },
		{ -1, 999, 256, "tile/entries/999" },
		{ -1, 1000, 255, "tile/entries/x001/000.p/255" },
		{ 63, INT64_MAX, 1, "tile/63/x009/x223/x372/x036/x854/x775/807.p/1" },
	};
	static const char *const bad[] = {
		"", "tile", "tile/", "tile/0", "tile/0/", "tile/0/1", "tile/0/0001", "tile/0/x001", "tile/0/x000/067", "tile/0/001/067",
		"tile/0/x001/x067", "tile/0/067/", "tile/00/067", "tile/64/067", "tile/-1/067", "tile/+1/067", "tile/0/067.p",
		"tile/0/067.p/", "tile/0/067.p/0", "tile/0/067.p/256", "tile/0/067.p/01", "tile/0/067.p/1/", "tile/0/067.p/1/000",
		"/tile/0/067", "tile//067", "Tile/0/067", "tile/0/-67", "tile/0/x-01/067", "tile/0/06a", "tile/entrie/000",
		"tile/0/x009/x223/x372/x036/x854/x775/808", "tile/0/x999/x999/x999/x999/x999/x999/x999/x999/999", "tile/0/067.q/1",
	};
	struct arena a;

	(void)state;
	arena_init(&a, 1 << 16, NULL);
	for (size_t i = 0; i < ROWS(known); i++) {
		int level;
		uint64_t n;
		unsigned width;
		struct str got = tile_path(&a, known[i].level, known[i].n, known[i].width);

		assert_string_equal(got.p, known[i].path);
		assert_int_equal(tile_path_get(got, &level, &n, &width), OK);
		assert_true(level == known[i].level && n == known[i].n && width == known[i].width);
	}
	for (size_t i = 0; i < ROWS(bad); i++) {
		int level;
		uint64_t n;
		unsigned width;

		if (tile_path_get(str_of(bad[i]), &level, &n, &width) != E_BAD)
			fail_msg("taken: %s", bad[i]);
	}
	arena_end(&a);
}

static void tile_widths(void **state)
{
	(void)state;
	for (uint64_t n = 0; n < 273; n++)
		assert_int_equal(tile_width(BIG, 0, n), 256);
	assert_int_equal(tile_width(BIG, 0, 273), 112);
	assert_int_equal(tile_width(BIG, 0, 274), 0);
	assert_int_equal(tile_width(BIG, 1, 0), 256);
	assert_int_equal(tile_width(BIG, 1, 1), 17);
	assert_int_equal(tile_width(BIG, 1, 2), 0);
	assert_int_equal(tile_width(BIG, 2, 0), 1);
	assert_int_equal(tile_width(BIG, 3, 0), 0);
	assert_int_equal(tile_width(256, 0, 1), 0);              /* empty tiles are not there */
	assert_int_equal(tile_width(UINT64_MAX, 7, 0), 255);
	assert_int_equal(tile_width(UINT64_MAX, 8, 0), 0);
	assert_int_equal(tile_width(UINT64_MAX, 63, 0), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(known_roots), cmocka_unit_test(frontiers), cmocka_unit_test(roots_by_blocks), cmocka_unit_test(many_leaves_at_once), cmocka_unit_test(paths_in_memory),
		cmocka_unit_test(all_inclusions), cmocka_unit_test(all_consistencies), cmocka_unit_test(over_tile_levels),
		cmocka_unit_test(reader_errors), cmocka_unit_test(tile_paths), cmocka_unit_test(tile_widths),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
