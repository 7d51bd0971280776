/* tests/ops/test_attacks.c - what a forger, a curious competitor, a careless administrator and the thief of a backup would try. */
#include "tests/ops/harness.h"

static struct str goods(struct house *h, enum who w, const char *count, struct str *ret_first)
{
	return new_pack(h, w, new_batch(h, w, new_product(h, w, "钢丝绳"), "A-1"), count, ret_first);
}

static const char *range(struct house *h, struct str pack, const char *of) { return str_fmt(&h->a, "%.*s:%s", STR_ARG(pack), of).p; }

static const char *verdict(struct house *h, struct str code)
{
	struct answer a = call(h, ANYBODY, "scan", "code", z(h, code), NULL);

	return a.err ? err_name(a.err) : z(h, node_text(a.out, "verdict"));
}

/* ---- the forger ---- */

/* Labels stolen before they were sold: registering as a seller and "selling" them must not make their page say so. */
static void a_resale_by_a_stranger_does_not_make_goods_sold(void **state)
{
	struct house *h = here(state);
	struct str code;

	goods(h, MAKER, "5", &code);
	call_ok(h, SELLER2, "purchase.create", "supplier_name", "某厂", "trace_code", z(h, code), NULL);
	call_ok(h, SELLER2, "resale.create", "customer_kind", "consumer", "trace_code", z(h, code), NULL);
	assert_string_equal(verdict(h, code), "not_sold");
	call_ok(h, MAKER, "sale.create", "buyer_kind", "consumer", "items", z(h, code), NULL);
	assert_string_equal(verdict(h, code), "valid_again");
}

/* The page of a void code sends people to its successor: only to a code of the same maker. */
static void a_successor_is_a_code_of_the_same_maker(void **state)
{
	static const char *const bad[] = { "正品", "http://evil.example/c/1", "00000000000000000000" };
	struct house *h = here(state);
	struct str mine, theirs;
	struct answer a;

	goods(h, MAKER, "5", &mine);
	goods(h, MAKER2, "5", &theirs);
	for (size_t i = 0; i <= ROWS(bad); i++) {
		a = call(h, MAKER, "life.create", "items", z(h, mine), "event", "void", "reason", "破损", "successor", i < ROWS(bad) ? bad[i] : z(h, theirs), NULL);
		assert_int_equal(a.err, E_BAD);
		assert_non_null(trouble_of(&a, "successor"));
	}
	assert_string_equal(verdict(h, mine), "not_sold");
}

/* ---- officers at odds ---- */

static void an_officer_elsewhere_cannot_correct_a_recall_away(void **state)
{
	struct house *h = here(state);
	struct str here_code, there_code;
	struct answer a;

	goods(h, MAKER, "5", &here_code);
	goods(h, MAKER2, "5", &there_code);
	a = call_ok(h, OFFICER, "life.create", "items", z(h, here_code), "event", "recalled", "reason", "抽查不合格", NULL);
	assert_int_equal(call(h, OFFICER2, "life.create", "items", z(h, there_code), "event", "returned", "reason", "更正", "corrects", z(h, answer_id(h, &a)), NULL).err, E_BAD);
	assert_int_not_equal(call(h, MAKER, "life.create", "items", z(h, here_code), "event", "returned", "reason", "更正", "corrects", z(h, answer_id(h, &a)), NULL).err, OK);
	assert_string_equal(verdict(h, here_code), "recalled_or_void");
	call_ok(h, OFFICER, "life.create", "items", z(h, here_code), "event", "returned", "reason", "误登", "corrects", z(h, answer_id(h, &a)), NULL);
	assert_string_equal(verdict(h, here_code), "not_sold");
}

/* ---- natural persons ---- */

static void a_consumer_leaves_no_name(void **state)
{
	struct house *h = here(state);
	struct str pack = goods(h, MAKER, "5", NULL);
	struct answer a = call(h, MAKER, "sale.create", "buyer_kind", "consumer", "buyer_name", "张三", "items", range(h, pack, "0"), NULL);

	assert_int_equal(a.err, E_BAD);
	assert_non_null(trouble_of(&a, "buyer_name"));
	a = call(h, SELLER, "resale.create", "customer_kind", "consumer", "customer_name", "李四", "trace_code", z(h, nth_code(h, MAKER, pack, 0)), NULL);
	assert_int_equal(a.err, E_BAD);
	assert_non_null(trouble_of(&a, "customer_name"));
	a = call_ok(h, SELLER, "resale.create", "trace_code", z(h, nth_code(h, MAKER, pack, 0)), NULL);
	a = call_ok(h, SELLER, "resale.get", "id", z(h, answer_id(h, &a)), NULL);
	assert_true(holds(text_of(h, &a), "个人消费者（不留名）"));
}

/* ---- the curious competitor ---- */

/* A withheld file whose name one learned as the other side of a row cannot be claimed in a record of one's own. */
static void a_withheld_file_of_another_party_is_not_there(void **state)
{
	struct house *h = here(state);
	struct str file = put_file(h, MAKER, "a contract", false);
	struct answer a = call(h, MAKER2, "custom.create", "product_name", "绳", "why_custom", "图纸", "user_uscc", z(h, h->uscc[SELLER2]), "user_name", "x", "delivered",
	                       "2026-11-01", "contract", z(h, file), NULL), b;

	assert_int_equal(a.err, E_BAD);
	b = call(h, MAKER2, "custom.create", "product_name", "绳", "why_custom", "图纸", "user_uscc", z(h, h->uscc[SELLER2]), "user_name", "x", "delivered", "2026-11-01",
	         "contract", "0000000000000000000000000000000000000000000000000000000000000000", NULL);
	assert_string_equal(z(h, text_of(h, &a)), z(h, text_of(h, &b)));
	for (size_t w = 0; w < CAST; w++)
		if (w != MAKER && w != ANYBODY)
			assert_int_equal(call(h, (enum who)w, "file.get", "id", z(h, file), NULL).err, E_ABSENT);
}

/* A foreign record and one that is not there differ for nobody who has no business with either. */
static void a_foreign_record_shows_neither_values_nor_words(void **state)
{
	struct house *h = here(state);
	struct str pack = goods(h, MAKER, "5", NULL);
	struct answer a = call_ok(h, MAKER, "sale.create", "buyer_name", "某公司", "buyer_address", "某地", "buyer_contact", "x", "items", range(h, pack, "0"), NULL), b;
	static const char *const ops[] = { "sale.get", "pack.get", "pack.codes" };

	for (size_t i = 0; i < ROWS(ops); i++) {
		b = call(h, MAKER2, ops[i], "id", i ? z(h, pack) : z(h, answer_id(h, &a)), NULL);
		assert_int_equal(b.err, E_DENIED);
		assert_int_equal(b.out->n + b.c->bytes.n, 0);
	}
}

/* ---- text that wants to be something else ---- */

static void hostile_text_comes_back_as_text(void **state)
{
	static const char *const words[] = { "'; DROP TABLE record; --", "\"><script>alert(1)</script>", "$1 $2 %s %n {{x}}", "../../etc/passwd", "a\\u0000b", "\xf0\x9f\xaa\xa2绳" };
	struct house *h = here(state);

	for (size_t i = 0; i < ROWS(words); i++) {
		struct str id = new_product(h, MAKER, words[i]);
		struct answer a = call_ok(h, ANYBODY, "product.get", "id", z(h, id), NULL);

		assert_string_equal(z(h, node_text(node_get(a.out, "values"), "product_name")), words[i]);
		a = call_ok(h, ANYBODY, "product.list", "field", "product_name", "value", words[i], NULL);
		assert_int_equal(node_get(a.out, "items")->n, 1);
		assert_int_equal(call(h, ANYBODY, "product.list", "field", words[i], "value", "x", NULL).err, E_BAD);
		assert_int_equal(call(h, ANYBODY, "list.get", "list", words[i], NULL).err, E_ABSENT);
	}
	assert_true(raw_number(h, "SELECT COUNT(*) FROM record") > 6);
}

static void ids_that_are_none_are_troubles_never_crashes(void **state)
{
	static const char *const ids[] = { "", "0", "ZZZZZZZZZZZZZ", "0000000000000", "7ZZZZZZZZZZZZ", "FZZZZZZZZZZZZ", "00000000000001", "-000000000001", "999999999999999999999" };
	struct house *h = here(state);
	size_t n;
	const struct op *const *ops = kernel_ops(h->k, &n);

	for (size_t i = 0; i < n; i++)
		for (size_t w = 0; w < CAST; w++)
			for (size_t k = 0; k < ROWS(ids) && ops[i]->mode == READS; k++) {
				struct answer a;

				if (!ops[i]->in || !ops[i]->in->n || op_allowed(ops[i], actor(h, (enum who)w), false, 0, S("")))
					continue;
				a = call(h, (enum who)w, ops[i]->name, ops[i]->in->fields[0].name, ids[k], NULL);
				if (a.err == E_INTERNAL || a.err == E_IO || a.err == E_CORRUPT || a.err == E_CRYPTO)
					fail_msg("%s(%s) by %s: %s", ops[i]->name, ids[k], who_names[w], err_name(a.err));
			}
}

/* ---- the thief of a backup, the careless administrator ---- */

/* Every wrapped key is bound to its record: rows moved about in a restored store open nothing. */
static void keys_moved_to_another_record_open_nothing(void **state)
{
	struct house *h = here(state);
	struct str pack = goods(h, MAKER, "5", NULL);
	struct answer a = call_ok(h, MAKER, "sale.create", "buyer_name", "某公司甲", "buyer_address", "某地", "buyer_contact", "x", "items", range(h, pack, "0"), NULL);
	struct answer b = call_ok(h, MAKER, "sale.create", "buyer_name", "某公司乙", "buyer_address", "某地", "buyer_contact", "x", "items", range(h, pack, "1"), NULL), c;
	int64_t one = 0, two = 0;

	assert_true(id_get(answer_id(h, &a), &one) && id_get(answer_id(h, &b), &two));
	raw_keys(h, "CREATE TABLE kept AS SELECT * FROM record_key");
	raw_keys(h, str_fmt(&h->a, "UPDATE record_key SET biz = (SELECT k.biz FROM kept k WHERE k.record = %lld) WHERE record = %lld", (long long)two, (long long)one).p);
	c = call(h, MAKER, "sale.get", "id", z(h, answer_id(h, &a)), NULL);
	assert_int_equal(c.err, E_CORRUPT);
	assert_int_equal(c.out->n, 0);
	raw_keys(h, "UPDATE record_key SET biz = (SELECT k.biz FROM kept k WHERE k.record = record_key.record)");
	raw_keys(h, "DROP TABLE kept");
	call_ok(h, MAKER, "sale.get", "id", z(h, answer_id(h, &a)), NULL);
}

/* Another home's keys over a copied store: nothing withheld opens, and the log is not its own. */
static void a_store_under_other_keys_opens_nothing_withheld(void **state)
{
	struct house *h = here(state);
	struct str pack = goods(h, MAKER, "5", NULL), key;
	struct answer a = call_ok(h, MAKER, "sale.create", "buyer_name", "某公司", "buyer_address", "某地", "buyer_contact", "x", "items", range(h, pack, "0"), NULL);
	const char *path = str_fmt(&h->a, "%s/keys/master", h->dir).p;

	assert_int_equal(file_read(&h->a, path, 4096, &key), OK);
	house_shut(h);
	assert_int_equal(file_write(path, S("00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff\n"), 0600), OK);
	if (house_try_open(h) == OK) {
		assert_int_equal(call(h, MAKER, "sale.get", "id", z(h, answer_id(h, &a)), NULL).err, E_CORRUPT);
		house_shut(h);
	}
	assert_int_equal(file_write(path, key, 0600), OK);
	house_open(h);
	call_ok(h, MAKER, "sale.get", "id", z(h, answer_id(h, &a)), NULL);
}

/* ---- many cases at once ---- */

/* One call for many cases allows nothing that the steps one by one do not. */
static void many_cases_at_once_are_all_or_nothing_and_no_way_around(void **state)
{
	struct house *h = here(state);
	const char *both = str_fmt(&h->a, "%.*s,%.*s", STR_ARG(h->card[MAKER]), STR_ARG(h->card[MAKER2])).p;
	struct answer o = call_ok(h, OPERATOR, "opening.create", "target", z(h, h->card[MAKER]), "reason", "核查", NULL);

	assert_int_not_equal(call(h, OFFICER, "case.bulk", "ids", both, "op", "registration.confirm", NULL).err, OK);
	assert_int_equal(raw_number(h, "SELECT COUNT(*) FROM party WHERE state = 'confirmed'"), 0);
	assert_int_not_equal(call(h, OPERATOR, "case.bulk", "ids", z(h, answer_id(h, &o)), "op", "opening.approve", NULL).err, OK);
	assert_int_not_equal(call(h, OFFICER, "case.bulk", "ids", z(h, h->card[MAKER]), "op", "registration.resubmit", NULL).err, OK);
	assert_int_not_equal(call(h, OPERATOR, "case.bulk", "ids", z(h, h->card[MAKER]), "op", "account.create", NULL).err, OK);
	assert_int_equal(call(h, OPERATOR, "case.bulk", "ids", both, "op", "registration.confirm", NULL).err, OK);
	assert_int_equal(raw_number(h, "SELECT COUNT(*) FROM party WHERE state = 'confirmed'"), 2);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(a_resale_by_a_stranger_does_not_make_goods_sold),
	cmocka_unit_test(a_successor_is_a_code_of_the_same_maker),
	cmocka_unit_test(an_officer_elsewhere_cannot_correct_a_recall_away),
	cmocka_unit_test(a_consumer_leaves_no_name),
	cmocka_unit_test(a_withheld_file_of_another_party_is_not_there),
	cmocka_unit_test(a_foreign_record_shows_neither_values_nor_words),
	cmocka_unit_test(hostile_text_comes_back_as_text),
	cmocka_unit_test(ids_that_are_none_are_troubles_never_crashes),
	cmocka_unit_test(many_cases_at_once_are_all_or_nothing_and_no_way_around),
	cmocka_unit_test(keys_moved_to_another_record_open_nothing),
	cmocka_unit_test(a_store_under_other_keys_opens_nothing_withheld),
};

int main(void) { return RUN_BOTH("attacks", tests, NULL); }
