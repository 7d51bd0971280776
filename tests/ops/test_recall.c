/* tests/ops/test_recall.c - 一 责任可究: recalls and stops of sale: what they cover, what is refused, what everybody reads, who ends them. */
#include "tests/ops/recalls.h"

static const char *verdict(struct house *h, struct str code)
{
	struct answer a = call(h, ANYBODY, "scan", "code", z(h, code), NULL);

	return a.err ? err_name(a.err) : z(h, node_text(a.out, "verdict"));
}

static struct str batch_of(struct house *h, struct str product, const char *number, const char *made)
{
	struct node *in = batch_in(h, MAKER, product, number);
	struct answer a;

	((struct node *)(uintptr_t)node_get(in, "production_date"))->s = str_of(made);
	a = ask(h, actor(h, MAKER), "batch.create", in, S(""), NULL);
	assert_int_equal(a.err, OK);
	return answer_id(h, &a);
}

/* ---- what is covered ---- */

static void each_way_to_name_goods_covers_just_these(void **state)
{
	struct house *h = here(state);
	struct str product = new_product(h, MAKER, "钢丝绳"), other = new_product(h, MAKER, "别的绳"), pack[4], loose, foreign_code, code[4][3], batch[4];
	static const char *const made[] = { "2026-10-01", "2026-10-15", "2026-11-01", "2026-10-15" };
	struct { const char *by, *what; const char *from, *to; int64_t covers; int in[4]; } rows[] = {
		{ "items", NULL, NULL, NULL, 2, { 0, 0, 0, 0 } }, { "items", NULL, NULL, NULL, 1, { 0, 0, 0, 0 } }, { "items", "BOX-9", NULL, NULL, 1, { 0, 0, 0, 1 } },
		{ "batch", NULL, NULL, NULL, 12, { 1, 0, 0, 1 } }, { "product", NULL, "2026-10-10", "2026-10-31", 10, { 1, 1, 0, 1 } },
	};

	for (int i = 0; i < 4; i++) {
		batch[i] = batch_of(h, i < 3 ? product : other, str_fmt(&h->a, "W-%d", i).p, made[i]);
		pack[i] = new_pack(h, MAKER, batch[i], "10", NULL);
		for (size_t k = 0; k < 3; k++)
			code[i][k] = nth_code(h, MAKER, pack[i], k + 7);
		call_ok(h, MAKER, "sale.create", "buyer_kind", "consumer", "sale_time", "2026-11-15", "items", range(h, pack[i], "0-9"), NULL);
	}
	loose = new_pack(h, MAKER, S(""), "5", NULL);
	call_ok(h, MAKER, "activation.create", "items", range(h, loose, "0-1"), "batch", z(h, batch[0]), NULL);
	foreign_code = nth_code(h, MAKER, loose, 4);
	call_ok(h, MAKER, "aggregation.create", "parent", "BOX-9", "action", "add", "items", z(h, code[3][0]), NULL);
	rows[0].what = range(h, pack[2], "0-1");
	rows[1].what = z(h, nth_code(h, MAKER, pack[2], 2));
	rows[3].what = z(h, batch[0]);
	rows[4].what = z(h, product);
	for (size_t i = 0; i < ROWS(rows); i++) {
		struct node *in = order_in(h, "recall", rows[i].by, rows[i].what);
		struct answer a;

		if (rows[i].from) {
			put_z(&h->a, in, "made_from", rows[i].from);
			put_z(&h->a, in, "made_to", rows[i].to);
		}
		a = ask(h, actor(h, MAKER), "recall.create", in, S(""), NULL);
		if (a.err || number_of(&a, "covers") != rows[i].covers)
			fail_msg("row %zu: %s", i, z(h, text_of(h, &a)));
		for (int k = 0; k < 4; k++)         /* the call after it says so already */
			if ((strcmp(verdict(h, code[k][0]), "recalled_or_void") == 0) != rows[i].in[k])
				fail_msg("row %zu: batch %d is %s", i, k, verdict(h, code[k][0]));
	}
	assert_string_equal(verdict(h, nth_code(h, MAKER, loose, 1)), "recalled_or_void");
	assert_string_equal(verdict(h, foreign_code), "not_sold");
	assert_string_equal(verdict(h, code[3][1]), "valid_first");
}

/* Codes ordered for one lot and put on goods of another are the other's; a lot that was corrected is still the same lot. */
static void goods_of_another_lot_are_not_covered(void **state)
{
	struct house *h = here(state);
	struct str product = new_product(h, MAKER, "钢丝绳"), a = batch_of(h, product, "L-1", "2026-11-01"), b = batch_of(h, product, "L-2", "2026-11-01");
	struct str pack = new_pack(h, MAKER, a, "10", NULL), later, fixed, shared;
	struct node *in = batch_in(h, MAKER, product, "L-1");
	struct answer ans;

	call_ok(h, MAKER, "activation.create", "items", range(h, pack, "5-9"), "batch", z(h, b), NULL);
	put_str(&h->a, in, "corrects", a);
	ans = ask(h, actor(h, MAKER), "batch.create", in, S(""), NULL);
	assert_int_equal(ans.err, OK);
	fixed = answer_id(h, &ans);
	later = new_pack(h, MAKER, fixed, "3", NULL);
	ans = call_ok(h, MAKER, "pack.create", "grain", "batch", "batch", z(h, fixed), NULL);
	shared = str_copy(&h->a, node_text(ans.out, "first"));
	ans = ordered(h, MAKER, "recall", "batch", z(h, a));
	assert_int_equal(number_of(&ans, "covers"), 5 + 3 + 1);
	assert_string_equal(verdict(h, nth_code(h, MAKER, pack, 4)), "recalled_or_void");
	assert_string_equal(verdict(h, nth_code(h, MAKER, pack, 5)), "not_sold");
	assert_string_equal(verdict(h, nth_code(h, MAKER, later, 2)), "recalled_or_void");
	assert_string_equal(verdict(h, shared), "recalled_or_void");
}

/* ---- a reel and what was cut from it, before and after ---- */

static void pieces_are_recalled_with_their_reel(void **state)
{
	struct house *h = here(state);
	struct str pack = new_pack(h, MAKER, new_batch(h, MAKER, new_product(h, MAKER, "钢丝绳"), "R-1"), "2", NULL), reel = nth_code(h, MAKER, pack, 0), pieces, recall;
	struct str got[8];
	struct answer a;

	call_ok(h, MAKER, "measure.create", "items", z(h, reel), "quantity", "1000", "unit", "m", NULL);
	sell_and_accept(h, MAKER, SELLER, z(h, reel));
	a = call_ok(h, SELLER, "pack.create", "grain", "item", "count", "9", "pieces", "true", NULL);
	pieces = answer_id(h, &a);
	for (size_t i = 0; i < 3; i++)
		a = call_ok(h, SELLER, "cut.create", "from", z(h, reel), "quantity", "100", "unit", "m", "cut_time", "2026-11-20", "piece", z(h, nth_code(h, SELLER, pieces, i)), NULL);
	sell_and_accept(h, SELLER, USER, z(h, nth_code(h, SELLER, pieces, 2)));
	a = ordered(h, MAKER, "stop_sale", "items", z(h, reel));
	recall = answer_id(h, &a);
	assert_int_equal(number_of(&a, "covers"), 4);
	call_ok(h, SELLER, "cut.create", "from", z(h, reel), "quantity", "5", "unit", "m", "cut_time", "2026-11-20", "piece", z(h, nth_code(h, SELLER, pieces, 3)), NULL);
	for (size_t i = 0; i < 4; i++)
		assert_string_equal(verdict(h, nth_code(h, SELLER, pieces, i)), "sale_stopped");
	assert_int_equal(notices(h, SELLER, recall, got), 1);
	assert_int_equal(notice_count(h, SELLER, got[0]), 3);            /* the reel, two pieces on the shelf */
	assert_int_equal(notices(h, USER, recall, got), 1);
	call_ok(h, MAKER, "recall.lift", "id", z(h, recall), NULL);
	for (size_t i = 0; i < 4; i++)
		assert_string_equal(verdict(h, nth_code(h, SELLER, pieces, i)), "valid_again");
}

/* ---- what is refused ---- */

static struct str changed(struct house *h, struct str code)
{
	char *p = str_z(&h->a, code);

	p[9] = p[9] == 'A' ? 'B' : 'A';
	return str_of(p);
}

static void wrong_scopes_are_refused_with_words(void **state)
{
	struct house *h = here(state);
	struct str product = new_product(h, MAKER, "钢丝绳"), batch = new_batch(h, MAKER, product, "X-1"), empty = batch_of(h, product, "X-2", "2025-01-01");
	struct str pack = new_pack(h, MAKER, batch, "5", NULL), theirs = new_pack(h, MAKER2, new_batch(h, MAKER2, new_product(h, MAKER2, "灶"), "Y-1"), "5", NULL);
	struct str their_code = nth_code(h, MAKER2, theirs, 0), forged = changed(h, nth_code(h, MAKER, pack, 0));
	const struct { const char *field, *in[8]; } bad[] = {
		{ "batch", { NULL } },
		{ "items", { "batch", z(h, batch), "items", range(h, pack, "0"), NULL } },
		{ "product", { "batch", z(h, batch), "product", z(h, product), NULL } },
		{ "made_from", { "product", z(h, product), NULL } },
		{ "made_to", { "product", z(h, product), "made_from", "2026-11-01", NULL } },
		{ "made_to", { "product", z(h, product), "made_from", "2026-11-02", "made_to", "2026-11-01", NULL } },
		{ "product", { "made_from", "2026-11-02", "made_to", "2026-11-03", NULL } },
		{ "product", { "product", z(h, product), "made_from", "2026-01-01", "made_to", "2026-01-02", NULL } },
		{ "batch", { "batch", z(h, empty), NULL } },
		{ "items", { "items", z(h, their_code), NULL } },
		{ "items", { "items", range(h, theirs, "0-4"), NULL } },
		{ "items", { "items", range(h, pack, "0-9"), NULL } },
		{ "items", { "items", z(h, forged), NULL } },
		{ "items", { "items", "BOX-NEVER", NULL } },
	};
	uint64_t before = log_size(h);

	for (size_t i = 0; i < ROWS(bad); i++) {
		struct node *in = in_of(h, "kind", "recall", "reason", "r", "measures", "m", "contact", "0513-80000001", NULL);
		struct answer a;

		for (int k = 0; bad[i].in[k]; k += 2)
			put_z(&h->a, in, bad[i].in[k], bad[i].in[k + 1]);
		a = ask(h, actor(h, MAKER), "recall.create", in, S(""), NULL);
		if (a.err != E_BAD || !trouble_of(&a, bad[i].field))
			fail_msg("row %zu: %s", i, z(h, text_of(h, &a)));
	}
	assert_int_equal(ask(h, actor(h, MAKER2), "recall.create", order_in(h, "recall", "batch", z(h, batch)), S(""), NULL).err, E_DENIED);
	assert_int_equal(ask(h, actor(h, OFFICER2), "recall.create", order_in(h, "recall", "batch", z(h, batch)), S(""), NULL).err, E_DENIED);
	assert_int_equal(ask(h, actor(h, OFFICER2), "recall.create", order_in(h, "recall", "items", range(h, pack, "0")), S(""), NULL).err, E_BAD);
	assert_int_equal(ask(h, actor(h, SELLER), "recall.create", order_in(h, "recall", "batch", z(h, batch)), S(""), NULL).err, E_DENIED);
	assert_int_equal(log_size(h), before);
}

static void only_an_owner_orders_and_ends(void **state)
{
	struct house *h = here(state);
	struct str pack = new_pack(h, MAKER, new_batch(h, MAKER, new_product(h, MAKER, "钢丝绳"), "O-1"), "5", NULL), recall;
	struct actor filer = *actor(h, MAKER);
	struct answer a;

	filer.inside = IN_FILER;
	assert_int_equal(ask(h, &filer, "recall.create", order_in(h, "stop_sale", "items", range(h, pack, "0")), S(""), NULL).err, E_DENIED);
	a = ordered(h, MAKER, "stop_sale", "items", range(h, pack, "0"));
	recall = answer_id(h, &a);
	assert_int_equal(ask(h, &filer, "recall.lift", in_of(h, "id", z(h, recall), NULL), S(""), NULL).err, E_DENIED);
	assert_int_equal(ask(h, &filer, "recall.close", in_of(h, "id", z(h, recall), NULL), S(""), NULL).err, E_DENIED);
	assert_int_equal(step(h, MAKER, "recall.close", recall), OK);
	assert_int_equal(step(h, MAKER, "recall.refresh", recall), E_STATE);
	assert_int_equal(step(h, MAKER, "recall.lift", recall), OK);            /* the work is done, and later the goods are sold again */
	assert_int_equal(step(h, MAKER, "recall.lift", recall), E_STATE);
}

/* ---- stops ---- */

static void a_stop_is_lifted_by_who_ordered_it_alone(void **state)
{
	struct house *h = here(state);
	struct str pack = new_pack(h, MAKER, new_batch(h, MAKER, new_product(h, MAKER, "钢丝绳"), "S-1"), "9", NULL), code = nth_code(h, MAKER, pack, 3), own, theirs;
	struct answer a;

	call_ok(h, MAKER, "sale.create", "buyer_kind", "consumer", "items", range(h, pack, "0-8"), NULL);
	a = ordered(h, MAKER, "stop_sale", "items", range(h, pack, "0-5"));
	own = answer_id(h, &a);
	a = ordered(h, OFFICER, "stop_sale", "items", range(h, pack, "2-8"));
	theirs = answer_id(h, &a);
	assert_string_equal(verdict(h, code), "sale_stopped");
	assert_int_equal(step(h, MAKER, "recall.lift", theirs), E_DENIED);
	assert_int_equal(step(h, MAKER, "recall.close", theirs), E_DENIED);
	assert_int_equal(step(h, OFFICER, "recall.lift", own), E_DENIED);
	assert_int_equal(step(h, OFFICER2, "recall.lift", theirs), E_DENIED);
	assert_int_equal(step(h, OPERATOR, "recall.lift", theirs), E_DENIED);
	assert_int_equal(step(h, MAKER2, "recall.lift", own), E_DENIED);
	a = call(h, MAKER, "life.create", "items", z(h, code), "event", "released", "reason", "自行解除", NULL);
	assert_int_equal(a.err, E_BAD);
	assert_true(holds(trouble_of(&a, "event")->zh, "停止销售记录"));
	a = call(h, MAKER, "life.create", "items", z(h, code), "event", "returned", "reason", "x", "stop", z(h, own), NULL);
	assert_non_null(trouble_of(&a, "stop"));
	call_ok(h, MAKER, "recall.lift", "id", z(h, own), NULL);
	assert_string_equal(verdict(h, code), "sale_stopped");                  /* the authority's stands */
	a = call_ok(h, MAKER, "life.list", "field", "stop", "value", z(h, own), NULL);
	assert_string_equal(verdict(h, nth_code(h, MAKER, pack, 0)), "valid_first");
	assert_int_equal(call(h, MAKER, "life.create", "items", z(h, code), "event", "void", "reason", "x", "corrects",
	                      z(h, node_text(node_get(a.out, "items")->first, "id")), NULL).err, E_STATE);
	call_ok(h, OFFICER, "recall.lift", "id", z(h, theirs), NULL);
	assert_string_equal(verdict(h, nth_code(h, MAKER, pack, 4)), "valid_first");
	a = ordered(h, MAKER, "stop_sale", "items", z(h, code));                /* and again */
	assert_string_equal(verdict(h, code), "sale_stopped");
	a = ordered(h, MAKER, "recall", "items", z(h, code));
	assert_string_equal(verdict(h, code), "recalled_or_void");
	assert_int_equal(step(h, MAKER, "recall.lift", answer_id(h, &a)), E_STATE);
}

/* What the platform fills in is not for the sender to say. */
static void who_ordered_it_is_not_taken_from_the_sender(void **state)
{
	struct house *h = here(state);
	struct str pack = new_pack(h, MAKER, new_batch(h, MAKER, new_product(h, MAKER, "钢丝绳"), "F-1"), "5", NULL);
	struct node *in = order_in(h, "stop_sale", "items", range(h, pack, "0-2"));
	struct answer a;

	put_z(&h->a, in, "ordered_by", "别家");
	put_z(&h->a, in, "authority", "320000");
	put_z(&h->a, in, "covers", "1");
	a = ask(h, actor(h, MAKER), "recall.create", in, S(""), NULL);
	assert_int_equal(a.err, OK);
	assert_int_equal(number_of(&a, "covers"), 3);
	a = call_ok(h, ANYBODY, "recall.get", "id", z(h, answer_id(h, &a)), NULL);
	assert_string_equal(z(h, node_text(node_get(a.out, "values"), "ordered_by")), "甲钢丝绳厂");
	assert_null(node_get(node_get(a.out, "values"), "authority"));
}

/* What a buyer must know stands on the page of the code and in a list for everybody; which codes and how many does not. */
static void everybody_reads_what_to_do(void **state)
{
	static const char *const sixty_one[] = { ":61,", ":61}", "\"61\"", "61件", "61 件", "61 item" };
	struct house *h = here(state);
	struct str pack = new_pack(h, MAKER, new_batch(h, MAKER, new_product(h, MAKER, "钢丝绳"), "P-1"), "77", NULL), code = nth_code(h, MAKER, pack, 3), recall;
	struct answer a;

	call_ok(h, MAKER, "sale.create", "buyer_kind", "consumer", "items", range(h, pack, "0-8"), NULL);
	a = call_ok(h, ANYBODY, "scan", "code", z(h, code), NULL);
	a = ordered(h, OFFICER, "stop_sale", "items", range(h, pack, "0-60"));
	recall = answer_id(h, &a);
	a = call_ok(h, ANYBODY, "scan", "code", z(h, code), NULL);
	assert_string_equal(z(h, node_text(a.out, "verdict_zh")), "停止销售");
	assert_true(node_text(a.out, "advice_en").n > 20);
	assert_true(holds(text_of(h, &a), "断丝超标") && holds(text_of(h, &a), "停止使用，退回生产单位") && holds(text_of(h, &a), "0513-80000001") &&
	            holds(text_of(h, &a), "监管部门"));
	assert_true(str_eq(node_text(node_get(a.out, "ended"), "on"), S("2026-11-20")));
	for (size_t w = 0; w < CAST; w++) {
		struct answer got = call_ok(h, (enum who)w, "recall.get", "id", z(h, recall), NULL), list = call_ok(h, (enum who)w, "recall.list", NULL);

		assert_true(holds(text_of(h, &got), "停止使用，退回生产单位") && str_is(node_text(node_get(got.out, "case"), "state"), "open"));
		assert_true(holds(text_of(h, &list), z(h, recall)));
		for (size_t i = 0; i < ROWS(sixty_one); i++)      /* how many, as a number or in words; ids may have these digits */
			assert_false(holds(text_of(h, &got), sixty_one[i]));
		assert_false(holds(text_of(h, &got), z(h, nth_code(h, MAKER, pack, 0))));
	}
	assert_true(holds(text_of(h, &(struct answer){ .c = call_ok(h, MAKER, "notice.list", NULL).c }), "监管部门责令贵单位的产品停止销售"));
}

/* ---- a large one ---- */

/* Sets too large for a record's own values lie beside it, in the order, the letters and the release alike. */
static void a_large_stop_is_lifted_whole(void **state)
{
	struct house *h = here(state);
	struct str pack = new_pack(h, MAKER, new_batch(h, MAKER, new_product(h, MAKER, "钢丝绳"), "G-1"), "100000", NULL), first = nth_code(h, MAKER, pack, 0), recall, got[8];
	struct buf b = buf_in(&h->a, 65536);
	struct answer a;

	buf_fmt(&b, "%.*s:", STR_ARG(pack));
	for (int i = 0; i < 1000; i++)
		buf_fmt(&b, "%s%d-%d", i ? "+" : "", i * 100, i * 100 + 49);
	sell_and_accept(h, MAKER, SELLER, z(h, buf_str(&b)));
	a = ordered(h, MAKER, "stop_sale", "items", z(h, buf_str(&b)));
	recall = answer_id(h, &a);
	assert_int_equal(number_of(&a, "covers"), 50000);
	assert_int_equal(notices(h, SELLER, recall, got), 1);
	assert_int_equal(notice_count(h, SELLER, got[0]), 50000);
	assert_string_equal(verdict(h, first), "sale_stopped");
	call_ok(h, MAKER, "recall.lift", "id", z(h, recall), NULL);
	assert_string_equal(verdict(h, first), "valid_again");
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(each_way_to_name_goods_covers_just_these),
	cmocka_unit_test(goods_of_another_lot_are_not_covered),
	cmocka_unit_test(pieces_are_recalled_with_their_reel),
	cmocka_unit_test(wrong_scopes_are_refused_with_words),
	cmocka_unit_test(only_an_owner_orders_and_ends),
	cmocka_unit_test(a_stop_is_lifted_by_who_ordered_it_alone),
	cmocka_unit_test(who_ordered_it_is_not_taken_from_the_sender),
	cmocka_unit_test(everybody_reads_what_to_do),
	cmocka_unit_test(a_large_stop_is_lifted_whole),
};

int main(void) { return RUN_BOTH("recall", tests, NULL); }
