/* tests/unit/test_signer.c - what a signer signs and what it refuses, and the second tree beside the first. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "log/log.h"

enum { MOST = 700, ENTRY = 32 };

static const unsigned char seed[SEED_LEN] = { 1, 2, 3 }, sm2[SEED_LEN] = { 4, 5, 6 };
static const char origin[] = "suyuan.test/log";

struct kept { struct log_head head[TREES]; int times; bool full; };

static enum err keep(void *ctx, enum tree_id t, const struct log_head *h)
{
	struct kept *k = ctx;

	if (k->full)
		return E_IO;
	k->head[t] = *h;
	k->times++;
	return OK;
}

static struct signer signer_with(struct kept *k, bool gm)
{
	struct signer_setup s = { .origin = origin, .ed25519 = seed, .sm2 = gm ? sm2 : NULL, .keep = keep, .ctx = k };
	struct signer made;

	memcpy(s.last, k->head, sizeof(s.last));
	assert_int_equal(signer_local(&s, &made), OK);
	return made;
}

/* Leaves of two stories that part at `fork`. */
static struct hash leaf_of(enum tree_id t, size_t i, size_t fork)
{
	char text[ENTRY];

	return tree_leaf(tree_hash(t), (struct str){ text, (size_t)snprintf(text, sizeof(text), "%s %zu", i < fork ? "entry" : "other", i) });
}

struct leaves { enum tree_id t; struct hash leaf[MOST]; };

static enum err leaf_reader(void *ctx, unsigned level, uint64_t index, struct hash *ret)
{
	struct leaves *l = ctx;
	size_t n = (size_t)1 << 8 * level;

	*ret = tree_root(tree_hash(l->t), 0x01, l->leaf + index * n, n);
	return OK;
}

static struct extension step(enum tree_id t, size_t from, size_t to, size_t fork)
{
	struct extension x = { .tree = t, .from = { from, tree_empty(tree_hash(t)) }, .to = { to, tree_empty(tree_hash(t)) } };
	struct leaves l = { .t = t };

	for (size_t i = 0; i < to || i < from; i++)
		l.leaf[i] = leaf_of(t, i, fork);
	if (to)
		x.to.root = tree_root(tree_hash(t), 0x01, l.leaf, to);
	if (from <= to)
		assert_int_equal(prove_consistency(tree_hash(t), &(struct hash_reader){ leaf_reader, &l }, from, to, x.proof, &x.n), OK);
	for (size_t i = 0; i < from; i++)                /* what was signed is the first story */
		l.leaf[i] = leaf_of(t, i, MOST);
	if (from)
		x.from.root = tree_root(tree_hash(t), 0x01, l.leaf, from);
	return x;
}

/* Sizes from -> to, where the stories part, and what the signer says. */
static const struct { size_t before, from, to, fork; enum err want; const char *what; } rows[] = {
	{ 0, 0, 1, MOST, OK, "the first entry" },
	{ 0, 0, 600, MOST, OK, "many at once" },
	{ 300, 300, 301, MOST, OK, "one more" },
	{ 300, 300, 600, MOST, OK, "across tiles" },
	{ 300, 300, 300, MOST, OK, "the same again" },
	{ 300, 300, 400, 299, E_CORRUPT, "a fork before what was signed" },
	{ 300, 300, 400, 0, E_CORRUPT, "another log" },
	{ 300, 300, 400, 300, OK, "parts after it: nobody saw that story yet" },
	{ 300, 200, 400, MOST, E_STATE, "from a head that is not the last" },
	{ 300, 0, 400, MOST, E_STATE, "from nothing" },
	{ 300, 400, 500, MOST, E_STATE, "from one it never signed" },
	{ 300, 300, 299, MOST, E_STATE, "shorter: an older backup" },
};

static void signs_extensions_alone(void **state)
{
	(void)state;
	for (int i = 0; i < TREES; i++)
		for (size_t r = 0; r < ROWS(rows); r++) {
			enum tree_id t = (enum tree_id)i;
			struct kept k = { .times = 0 }, before;
			struct signer s = signer_with(&k, true);
			struct extension x = step(t, 0, rows[r].before, MOST);
			struct arena a;
			struct str lines = S("untouched");

			arena_init(&a, 1 << 20, NULL);
			if (rows[r].before)
				assert_int_equal(s.sign(s.ctx, &x, &a, &lines), OK);
			before = k;
			x = step(t, rows[r].from, rows[r].to, rows[r].fork);
			if (s.sign(s.ctx, &x, &a, &lines) != rows[r].want)
				fail_msg("%s", rows[r].what);
			if (rows[r].want)
				assert_memory_equal(&k, &before, sizeof(k));
			else
				assert_int_equal(k.head[t].size, rows[r].to);
			arena_end(&a);
			signer_close(&s);
		}
}

static void proofs_are_checked(void **state)
{
	struct kept k = { .times = 0 };
	struct signer s = signer_with(&k, false);
	struct extension x = step(TREE_SHA256, 0, 333, MOST), good;
	struct arena a;
	struct str lines;

	(void)state;
	arena_init(&a, 1 << 20, NULL);
	assert_int_equal(s.sign(s.ctx, &x, &a, &lines), OK);
	good = step(TREE_SHA256, 333, 666, MOST);
	for (size_t i = 0; i < good.n; i++) {
		x = good;
		x.proof[i].b[i % HASH_LEN] ^= 1;
		assert_int_equal(s.sign(s.ctx, &x, &a, &lines), E_CORRUPT);
	}
	x = good;
	x.n--;
	assert_int_equal(s.sign(s.ctx, &x, &a, &lines), E_CORRUPT);
	x.n += 2;
	assert_int_equal(s.sign(s.ctx, &x, &a, &lines), E_CORRUPT);
	x = good;
	x.tree = TREE_SM3;
	assert_int_equal(s.sign(s.ctx, &x, &a, &lines), E_BAD);         /* of no such tree */
	k.full = true;
	assert_int_equal(s.sign(s.ctx, &good, &a, &lines), E_IO);       /* what cannot be remembered is not signed */
	k.full = false;
	assert_int_equal(s.sign(s.ctx, &good, &a, &lines), OK);
	arena_end(&a);
	signer_close(&s);
}

static void older_heads_again(void **state)
{
	struct kept k = { .times = 0 };
	struct signer s = signer_with(&k, false);
	struct extension x = step(TREE_SHA256, 0, 500, MOST), fork;
	struct arena a;
	struct str lines, again;
	int times;

	(void)state;
	arena_init(&a, 1 << 20, NULL);
	assert_int_equal(s.sign(s.ctx, &x, &a, &lines), OK);
	times = k.times;
	x = step(TREE_SHA256, 123, 500, MOST);
	x.again = true;
	assert_int_equal(s.sign(s.ctx, &x, &a, &lines), OK);
	assert_int_equal(s.sign(s.ctx, &x, &a, &again), OK);
	assert_true(str_eq(lines, again));                              /* Ed25519: the same bytes */
	fork = step(TREE_SHA256, 123, 500, 50);
	fork.again = true;
	fork.to = x.to;
	fork.from.root.b[0] ^= 1;
	assert_int_equal(s.sign(s.ctx, &fork, &a, &lines), E_CORRUPT);
	x = step(TREE_SHA256, 123, 400, MOST);
	x.again = true;
	assert_int_equal(s.sign(s.ctx, &x, &a, &lines), E_STATE);       /* proven against a head that was never signed */
	assert_int_equal(k.times, times);
	arena_end(&a);
	signer_close(&s);
}

/* What a fresh start is told it signed before counts as much as what it signed itself. */
static void remembers(void **state)
{
	struct kept k = { .times = 0 };
	struct signer s = signer_with(&k, false);
	struct extension x = step(TREE_SHA256, 0, 300, MOST);
	struct arena a;
	struct str lines;

	(void)state;
	arena_init(&a, 1 << 20, NULL);
	assert_int_equal(s.sign(s.ctx, &x, &a, &lines), OK);
	signer_close(&s);
	s = signer_with(&k, false);
	assert_int_equal(s.last(s.ctx, TREE_SHA256).size, 300);
	x = step(TREE_SHA256, 0, 200, MOST);
	assert_int_equal(s.sign(s.ctx, &x, &a, &lines), E_STATE);
	x = step(TREE_SHA256, 300, 301, 10);
	assert_int_equal(s.sign(s.ctx, &x, &a, &lines), E_CORRUPT);
	x = step(TREE_SHA256, 300, 301, MOST);
	assert_int_equal(s.sign(s.ctx, &x, &a, &lines), OK);
	arena_end(&a);
	signer_close(&s);
}

/* ---- the second tree ---- */

static enum err no_tile(void *ctx, enum tree_id t, unsigned level, uint64_t n, unsigned char ret[TILE_BYTES])
{
	(void)ctx, (void)t, (void)level, (void)n, (void)ret;
	return E_ABSENT;
}

static void add(struct log *g, size_t from, size_t to, const char *word)
{
	char text[ENTRY];

	for (size_t i = from; i < to; i++)
		assert_int_equal(log_add(g, (struct str){ text, (size_t)snprintf(text, sizeof(text), "%s %zu", word, i) }), i);
}

/* Marks, rewinds and lost groups move both trees alike; each has the root of its own hashes, and its own signatures. */
static void two_trees(void **state)
{
	struct kept k = { .times = 0 };
	struct signer s = signer_with(&k, true);
	const struct tile_source none = { NULL, no_tile };
	struct log *g;
	struct arena a;

	(void)state;
	arena_init(&a, 1 << 22, NULL);
	assert_int_equal(log_open(origin, &s, &g), OK);
	assert_true(log_has(g, TREE_SM3));
	for (size_t n = 0; n < 250; n += 10) {          /* within one tile: no store is needed */
		struct str note;
		struct note_key key;
		struct checkpoint cp;

		log_mark(g);
		add(g, n, n + 7, "refused");
		log_rewind(g);
		if (n % 40 == 0) {
			log_mark(g);
			add(g, n, n + 3, "lost");
			log_undo(g);
		}
		log_mark(g);
		add(g, n, n + 10, "entry");
		assert_int_equal(log_publish(g, &none), OK);
		assert_int_equal(log_publish_second(g, &none), OK);
		for (int t = 0; t < TREES; t++) {
			struct extension want = step((enum tree_id)t, 0, n + 10, MOST);
			struct str vkeys = log_vkey(g, (enum tree_id)t), one;
			int lines = 0;

			assert_true(same_head(&(struct log_head){ want.to.size, want.to.root }, &(struct log_head){ log_shown_of(g, (enum tree_id)t).size, log_shown_of(g, (enum tree_id)t).root }));
			assert_int_equal(log_checkpoint(g, &a, (enum tree_id)t, &note), OK);
			for (; str_cut(&vkeys, '\n', &one) && one.n; lines++) {
				assert_int_equal(vkey_get(&a, one, &key), OK);
				assert_int_equal(checkpoint_open(&a, note, &key, &cp), OK);
				assert_int_equal(cp.size, n + 10);
				assert_true(str_eq(cp.origin, tree_origin(&a, origin, (enum tree_id)t)));
			}
			assert_int_equal(lines, t == TREE_SM3 ? 1 : 2);
		}
		arena_reset(&a);
	}
	log_close(g);
	arena_end(&a);
}

static void receipts_of_both(void **state)
{
	struct kept k = { .times = 0 };
	struct signer s = signer_with(&k, true);
	const struct tile_source none = { NULL, no_tile };
	struct log *g;
	struct arena a;

	(void)state;
	arena_init(&a, 1 << 22, NULL);
	assert_int_equal(log_open(origin, &s, &g), OK);
	add(g, 0, 200, "entry");
	assert_int_equal(log_publish(g, &none), OK);
	assert_int_equal(log_publish_second(g, &none), OK);
	for (int t = 0; t < TREES; t++)
		for (uint64_t i = 0; i < 200; i += 13) {
			struct log_head at = t == TREE_SM3 ? log_signed_second(g) : log_shown(g);
			struct hash leaf = leaf_of((enum tree_id)t, i, MOST);
			struct tlog_proof p;
			struct str text;

			assert_int_equal(log_receipt(g, &a, &none, &(struct receipt_of){ (enum tree_id)t, i, &at, S("x") }, &text), OK);
			assert_int_equal(proof_get(&a, text, &p), OK);
			assert_true(check_inclusion(tree_hash((enum tree_id)t), &leaf, i, at.size, &at.root, p.path, p.n_path));
			assert_false(check_inclusion(tree_hash((enum tree_id)(1 - t)), &leaf, i, at.size, &at.root, p.path, p.n_path));
			arena_reset(&a);
		}
	log_close(g);
	arena_end(&a);
}

int main(void)
{
	static const struct CMUnitTest all[] = {
		cmocka_unit_test(signs_extensions_alone), cmocka_unit_test(proofs_are_checked), cmocka_unit_test(older_heads_again), cmocka_unit_test(remembers),
		cmocka_unit_test(two_trees), cmocka_unit_test(receipts_of_both),
	};

	return cmocka_run_group_tests(all, NULL, NULL);
}
