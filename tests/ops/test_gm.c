/* tests/ops/test_gm.c - a home of the suite gm: SM3 commitments, SM4 at rest, two trees that bind each other (docs/formats/log.md). */
#include "tests/ops/harness.h"

static struct house *gm;

static struct house *here_gm(void) { return gm; }

static int open_home(const struct engine *e)
{
	gm = house_new(e, "gm", NULL);
	return 0;
}

static int on_sqlite(void **state)
{
	(void)state;
	return open_home(&sqlite_engine);
}

static int on_pg(void **state)
{
	(void)state;
	return open_home(&pg_engine);
}

static int close_home(void **state)
{
	(void)state;
	house_end(gm);
	return 0;
}

static void assert_verified(struct house *h)
{
	struct verify_report r;

	if (kernel_verify(h->k, &h->a, NULL, &r))
		fail_msg("%.*s", STR_ARG(r.problem));
}

static struct str sold(struct house *h)
{
	struct str pack = new_pack(h, MAKER, new_batch(h, MAKER, new_product(h, MAKER, "钢丝绳"), "G1"), "700", NULL);
	struct answer a = call_ok(h, MAKER, "sale.create", "buyer_uscc", z(h, h->uscc[SELLER]), "items", str_fmt(&h->a, "%.*s:1-300", STR_ARG(pack)).p, NULL);

	return answer_id(h, &a);
}

/* Waits for the change that a second of the house orders. */
static enum err nothing(struct call *c, void *ctx)
{
	(void)c, (void)ctx;
	return OK;
}

static void second(struct house *h)
{
	assert_int_equal(kernel_tick(h->k, h->now), OK);
	on_writer(h, nothing, NULL);
	assert_int_equal(kernel_tick(h->k, h->now + 1000), OK);
}

static void entries_commit_with_sm3(void **state)
{
	struct house *h = here_gm();
	struct answer a = call_ok(h, MAKER, "receipt.get", "id", z(h, sold(h)), NULL);
	struct tlog_proof p;
	struct str leaf;
	char *bytes;
	size_t n;

	(void)state;
	assert_int_equal(proof_get(&h->a, a.c->bytes, &p), OK);
	assert_true(holds(p.extra, "\"leaf\":"));
	leaf = str_sub(p.extra, (size_t)(strstr(p.extra.p, "\"leaf\":\"") - p.extra.p) + 8, p.extra.n);
	leaf = str_sub(leaf, 0, (size_t)(strchr(leaf.p, '"') - leaf.p));
	bytes = TAKE(&h->a, char, leaf.n);
	assert_true(base64_get(leaf, bytes, leaf.n, &n));
	assert_true(holds((struct str){ bytes, n }, "\"h\":\"sm3\""));
	assert_verified(h);
}

/* One line each: SHA-256 tree Ed25519 and SM2, SM3 tree SM2; both verify, of one size. */
static void checkpoints_of_both_trees(void **state)
{
	struct house *h = here_gm();
	struct log *g = kernel_log(h->k);
	struct str note, vkeys, one;
	struct checkpoint cp[TREES];
	struct note_key key;

	(void)state;
	second(h);
	for (int t = 0; t < TREES; t++) {
		int lines = 0;

		assert_int_equal(log_checkpoint(g, &h->a, (enum tree_id)t, &note), OK);
		vkeys = log_vkey(g, (enum tree_id)t);
		for (; str_cut(&vkeys, '\n', &one) && one.n; lines++) {
			assert_int_equal(vkey_get(&h->a, one, &key), OK);
			assert_int_equal(checkpoint_open(&h->a, note, &key, &cp[t]), OK);
		}
		assert_int_equal(lines, t == TREE_SM3 ? 1 : 2);
	}
	assert_int_equal(cp[TREE_SM3].size, cp[TREE_SHA256].size);
	assert_memory_not_equal(cp[TREE_SM3].root.b, cp[TREE_SHA256].root.b, HASH_LEN);
}

/* A blob begins with how it was sealed; 1 would be AES. */
static void nothing_is_sealed_with_aes(void **state)
{
	static const char *const blobs[] = {
		"SELECT COUNT(*) FROM record WHERE biz IS NOT NULL AND substr(biz, 1, 1) <> %s", "SELECT COUNT(*) FROM item_set WHERE substr(body, 1, 1) <> %s",
		"SELECT COUNT(*) FROM pack WHERE substr(count, 1, 1) <> %s",
	};
	struct house *h = here_gm();
	const char *two = h->engine == &pg_engine ? "'\\x02'::bytea" : "X'02'";

	(void)state;
	sold(h);
	assert_true(raw_number(h, "SELECT COUNT(*) FROM item_set") > 0);
	for (size_t i = 0; i < ROWS(blobs); i++)
		assert_int_equal(raw_number(h, str_z(&h->a, str_of(str_fmt(&h->a, blobs[i], two).p))), 0);
}

static void anchors_bind_the_trees(void **state)
{
	struct house *h = here_gm();
	struct verify_report r;
	uint64_t before = log_size(h);
	struct answer a;

	(void)state;
	sold(h);
	h->now += 3700 * 1000;
	before = log_size(h);
	second(h);
	assert_int_equal(log_size(h), before + 1);
	second(h);
	h->now += 3700 * 1000;
	second(h);
	assert_int_equal(log_size(h), before + 1);      /* an anchor alone brings no other */
	a = call_ok(h, AUDITOR, "anchor.list", NULL);
	assert_true(holds(text_of(h, &a), str_fmt(&h->a, "%llu", (unsigned long long)before).p));
	assert_verified(h);
	/* a store that says another root at that size, in whichever tree, is found */
	raw_exec(h, "CREATE TABLE kept AS SELECT * FROM log_head");
	raw_exec(h, str_fmt(&h->a, "UPDATE log_head SET sm3 = root WHERE size = %llu", (unsigned long long)before).p);
	assert_int_equal(kernel_verify(h->k, &h->a, NULL, &r), E_CORRUPT);
	raw_exec(h, "DELETE FROM log_head");
	raw_exec(h, "INSERT INTO log_head SELECT * FROM kept");
	raw_exec(h, "DROP TABLE kept");
	assert_verified(h);
}

static void a_start_goes_on_with_both(void **state)
{
	static const char *const tables[] = { "item_set", "p_sale", "pack", "p_anchor" };
	struct house *h = here_gm();

	(void)state;
	sold(h);
	house_shut(h);
	house_open(h);
	sold(h);
	second(h);
	assert_rebuilt(h, tables, ROWS(tables));
}

/* The second tree alone is the court's: a byte of its tiles or heads is found like one of the first. */
static void a_byte_of_the_second_tree(void **state)
{
	struct house *h = here_gm();
	const bool pg = h->engine == &pg_engine;
	struct verify_report r;

	(void)state;
	for (int i = 0; log_size(h) < 300; i++)
		call_ok(h, ANYBODY, "report.create", "what", str_fmt(&h->a, "可疑%d", i).p, "region", "320623", NULL);
	assert_true(raw_number(h, "SELECT COUNT(*) FROM log_tile_sm3") > 0);
	assert_verified(h);
	raw_exec(h, "CREATE TABLE kept AS SELECT * FROM log_tile_sm3");
	raw_exec(h, pg ? "UPDATE log_tile_sm3 SET bytes = set_byte(bytes, 4000, 255 - get_byte(bytes, 4000))"
	               : "UPDATE log_tile_sm3 SET bytes = CAST(substr(bytes, 1, 4000) || substr(bytes, 4002, 1) || substr(bytes, 4001, 1) || substr(bytes, 4003) AS BLOB)");
	assert_int_equal(kernel_verify(h->k, &h->a, NULL, &r), E_CORRUPT);
	raw_exec(h, "DELETE FROM log_tile_sm3");
	assert_int_equal(kernel_verify(h->k, &h->a, NULL, &r), E_CORRUPT);
	raw_exec(h, "INSERT INTO log_tile_sm3 SELECT * FROM kept");
	raw_exec(h, "DROP TABLE kept");
	assert_verified(h);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(entries_commit_with_sm3), cmocka_unit_test(checkpoints_of_both_trees), cmocka_unit_test(nothing_is_sealed_with_aes),
		cmocka_unit_test(anchors_bind_the_trees), cmocka_unit_test(a_start_goes_on_with_both), cmocka_unit_test(a_byte_of_the_second_tree),
	};
	int bad = cmocka_run_group_tests_name("gm on sqlite", tests, on_sqlite, close_home);

	if (!getenv("SUYUAN_TEST_PG"))
		print_message("1..0 # SKIP gm on postgresql: SUYUAN_TEST_PG is not set\n");
	else
		bad += cmocka_run_group_tests_name("gm on postgresql", tests, on_pg, close_home);
	return bad;
}
