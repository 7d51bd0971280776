/* tests/ops/test_recall.c - 一 责任可究: recalls and stops of sale: what they cover, who is told, what is reported, who sees what, who ends them. */
#include <unistd.h>

#include "mod/trace/recall.h"
#include "tests/ops/harness.h"

static const char *range(struct house *h, struct str pack, const char *of) { return str_fmt(&h->a, "%.*s:%s", STR_ARG(pack), of).p; }

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

/* The worker has told whoever was to be told. */
static void all_told(struct house *h)
{
	for (int i = 0; i < 4000; i++) {
		if (raw_number(h, "SELECT COUNT(*) FROM job WHERE kind = 'recall' AND due = 1") == 0)
			return;
		usleep(5000);
	}
	fail_msg("the holders are not told");
}

static struct node *order_in(struct house *h, const char *kind, const char *by, const char *what)
{
	return in_of(h, "kind", kind, by, what, "reason", "断丝超标", "measures", "停止使用，退回生产单位", "contact", "0513-80000001", NULL);
}

static struct answer ordered(struct house *h, enum who w, const char *kind, const char *by, const char *what)
{
	struct answer a = ask(h, actor(h, w), "recall.create", order_in(h, kind, by, what), S(""), NULL);

	if (a.err)
		fail_msg("recall.create by %s: %s", who_names[w], z(h, text_of(h, &a)));
	all_told(h);
	return a;
}

static struct answer sell(struct house *h, enum who from, enum who to, const char *items)
{
	bool maker = from == MAKER;

	return call_ok(h, from, maker ? "sale.create" : "resale.create", maker ? "buyer_uscc" : "customer_uscc", z(h, h->uscc[to]), maker ? "sale_time" : "sold_time",
	               "2026-11-15", maker ? "items" : "trace_code", items, NULL);
}

static void sell_and_accept(struct house *h, enum who from, enum who to, const char *items)
{
	struct answer a = sell(h, from, to, items);

	call_ok(h, to, "offer.answer", "id", z(h, answer_id(h, &a)), "accept", "all", NULL);
}

static enum err step(struct house *h, enum who w, const char *op, struct str id) { return call(h, w, op, "id", z(h, id), NULL).err; }
static struct answer progress(struct house *h, enum who w, struct str recall) { return call_ok(h, w, "recall.get_progress", "id", z(h, recall), NULL); }
static int64_t number_of(const struct answer *a, const char *name) { return node_number(a->out, name, -1); }

/* The notices of one party about one recall, newest first. */
static size_t notices(struct house *h, enum who w, struct str recall, struct str ret[8])
{
	struct answer a = call_ok(h, w, "recall_notice.list", NULL);
	size_t n = 0;

	for (const struct node *x = node_get(a.out, "items")->first; x && n < 8; x = x->next)
		if (str_eq(node_text(node_get(x, "values"), "recall"), recall))
			ret[n++] = str_copy(&h->a, node_text(x, "id"));
	return n;
}

static int64_t notice_count(struct house *h, enum who w, struct str id)
{
	struct answer a = call_ok(h, w, "recall_notice.get", "id", z(h, id), NULL);

	return node_number(node_get(a.out, "values"), "count", -1);
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

/* What a buyer must know stands on the page of the code and in a list for everybody; which codes and how many does not. */
static void everybody_reads_what_to_do(void **state)
{
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
		assert_false(holds(text_of(h, &got), "61") || holds(text_of(h, &got), z(h, nth_code(h, MAKER, pack, 0))));
	}
	assert_true(holds(text_of(h, &(struct answer){ .c = call_ok(h, MAKER, "notice.list", NULL).c }), "监管部门责令贵单位的产品停止销售"));
}

/* ---- holders ---- */

static struct story { struct str pack, recall, seller[8], seller2[8], user[8]; } story;

/* 0-9 with a shop, 4 of them passed on to another, one of those to a user; 10-19 on the way to the second shop; two with consumers. */
static void tell(struct house *h, enum who orders, const char *number)
{
	struct str batch = new_batch(h, MAKER, new_product(h, MAKER, "钢丝绳"), number);
	struct answer a;

	story.pack = new_pack(h, MAKER, batch, "40", NULL);
	sell_and_accept(h, MAKER, SELLER, range(h, story.pack, "0-9"));
	sell_and_accept(h, SELLER, SELLER2, range(h, story.pack, "0-3"));
	sell_and_accept(h, SELLER2, USER, range(h, story.pack, "0"));
	sell(h, MAKER, SELLER2, range(h, story.pack, "10-19"));
	call_ok(h, MAKER, "sale.create", "buyer_kind", "consumer", "items", range(h, story.pack, "20-21"), NULL);
	call_ok(h, MAKER, "sale.create", "buyer_uscc", "91110108551385082Q", "buyer_name", "外地公司", "buyer_address", "x", "buyer_contact", "1", "items", range(h, story.pack, "22"), NULL);
	call_ok(h, MAKER, "life.create", "items", range(h, story.pack, "30"), "event", "destroyed", "reason", "x", NULL);
	a = ordered(h, orders, "recall", "batch", z(h, batch));
	story.recall = answer_id(h, &a);
	assert_int_equal(notices(h, SELLER, story.recall, story.seller), 1);
	assert_int_equal(notices(h, SELLER2, story.recall, story.seller2), 1);
	assert_int_equal(notices(h, USER, story.recall, story.user), 1);
}

static enum err sweep(struct call *c, void *ctx)
{
	(void)ctx;
	return recall_sweep(c);
}

static void each_holder_is_told_exactly_once(void **state)
{
	struct house *h = here(state);
	struct str got[8], old;
	const struct { enum who who; const struct str *notice; int64_t count; } rows[] = {
		{ SELLER, story.seller, 6 }, { SELLER2, story.seller2, 13 }, { USER, story.user, 1 },
	};

	tell(h, MAKER, "H-1");
	for (size_t i = 0; i < ROWS(rows); i++) {
		assert_int_equal(notice_count(h, rows[i].who, rows[i].notice[0]), rows[i].count);
		assert_true(holds(text_of(h, &(struct answer){ .c = call_ok(h, rows[i].who, "notice.list", NULL).c }), "正在召回"));
	}
	assert_int_equal(notices(h, MAKER, story.recall, got), 0);
	for (int i = 0; i < 3; i++) {
		call_ok(h, i == 0 ? MAKER : i == 1 ? OFFICER : OPERATOR, "recall.refresh", "id", z(h, story.recall), NULL);
		all_told(h);
	}
	for (size_t i = 0; i < ROWS(rows); i++)
		assert_int_equal(notices(h, rows[i].who, story.recall, got), 1);
	/* goods that go on are told of where they come to, and of these alone */
	old = story.user[0];
	sell_and_accept(h, SELLER, USER, range(h, story.pack, "4-5"));
	on_writer(h, sweep, NULL);
	all_told(h);
	assert_int_equal(notices(h, USER, story.recall, got), 2);
	assert_int_equal(notice_count(h, USER, str_eq(got[0], old) ? got[1] : got[0]), 2);
	assert_int_equal(notices(h, SELLER, story.recall, got), 1);
}

/* ---- what holders answer ---- */

static struct answer report(struct house *h, enum who w, struct str notice, const char *event, const char *by, const char *what)
{
	return call(h, w, "recall_report.create", "notice", z(h, notice), "event", event, by, what, "note", "仓库核对", NULL);
}

static void holders_account_for_what_they_had(void **state)
{
	struct house *h = here(state);
	struct answer a, first;
	struct str id;

	tell(h, MAKER, "A-1");
	id = story.seller[0];
	assert_int_equal(step(h, SELLER, "recall_notice.finish", id), E_STATE);
	assert_int_equal(step(h, SELLER2, "recall_notice.acknowledge", id), E_DENIED);
	assert_int_equal(step(h, MAKER, "recall_notice.acknowledge", id), E_DENIED);
	assert_int_equal(step(h, SELLER, "recall_notice.acknowledge", id), OK);
	a = progress(h, MAKER, story.recall);
	assert_int_equal(number_of(&a, "told"), 3);
	assert_int_equal(number_of(&a, "acknowledged"), 1);
	assert_int_equal(report(h, SELLER2, id, "returned", "count", "1").err, E_DENIED);
	assert_int_equal(report(h, SELLER, id, "returned", "count", "7").err, E_BAD);
	assert_int_equal(report(h, SELLER, id, "returned", "count", "0").err, E_BAD);
	assert_int_equal(report(h, SELLER, id, "returned", "count", "-1").err, E_BAD);
	assert_int_equal(call(h, SELLER, "recall_report.create", "notice", z(h, id), "event", "returned", NULL).err, E_BAD);
	assert_int_equal(call(h, SELLER, "recall_report.create", "notice", z(h, id), "event", "returned", "count", "1", "items", range(h, story.pack, "4"), NULL).err, E_BAD);
	assert_int_equal(report(h, SELLER, id, "returned", "items", range(h, story.pack, "2-5")).err, E_BAD);         /* two of these went on */
	first = report(h, SELLER, id, "returned", "items", range(h, story.pack, "4-5"));
	assert_int_equal(first.err, OK);
	assert_int_equal(report(h, SELLER, id, "destroyed", "items", range(h, story.pack, "5-6")).err, E_BAD);        /* one was said before */
	assert_int_equal(report(h, SELLER, id, "destroyed", "count", "3").err, OK);
	a = report(h, SELLER, id, "sold_on", "count", "2");
	assert_int_equal(a.err, E_BAD);
	assert_true(holds(trouble_of(&a, "count")->zh, "6 件"));
	assert_int_equal(report(h, SELLER, id, "checked", "count", "6").err, OK);                                      /* another question */
	assert_int_equal(report(h, SELLER, id, "sold_on", "count", "1").err, OK);
	a = call(h, SELLER, "recall_report.create", "notice", z(h, id), "event", "returned", "count", "1", "corrects", z(h, answer_id(h, &first)), NULL);
	assert_int_equal(a.err, OK);
	assert_int_equal(step(h, SELLER, "recall_notice.finish", id), OK);
	a = progress(h, MAKER, story.recall);
	assert_int_equal(number_of(&a, "returned"), 1);
	assert_int_equal(number_of(&a, "destroyed"), 3);
	assert_int_equal(number_of(&a, "sold_on"), 1);
	assert_int_equal(number_of(&a, "checked"), 6);
	assert_int_equal(number_of(&a, "left"), 20 - 5);
	assert_int_equal(number_of(&a, "finished"), 1);
	assert_int_equal(step(h, MAKER, "recall.close", story.recall), OK);
	a = call_ok(h, ANYBODY, "recall.get", "id", z(h, story.recall), NULL);
	assert_string_equal(z(h, node_text(node_get(a.out, "case"), "state")), "closed");
}

/* ---- who sees what ---- */

static const struct node *row_of(const struct answer *a, const char *key, const char *value)
{
	for (const struct node *x = node_get(a->out, "holders")->first; x; x = x->next)
		if (str_is(node_text(x, key), value))
			return x;
	return NULL;
}

static void the_maker_sees_numbers_and_whom_it_delivered_to(void **state)
{
	struct house *h = here(state);
	const struct node *held, *x;
	struct answer a;
	size_t sealed = 0;

	tell(h, MAKER, "V-1");
	a = progress(h, MAKER, story.recall);
	held = node_get(a.out, "held");
	assert_int_equal(number_of(&a, "covers"), 40);
	assert_int_equal(node_number(held, "maker", -1), 16);
	assert_int_equal(node_number(held, "party", -1), 6 + 3 + 1 + 1);
	assert_int_equal(node_number(held, "offered", -1), 10);
	assert_int_equal(node_number(held, "consumer", -1), 2);
	assert_int_equal(node_number(held, "ended", -1), 1);
	x = row_of(&a, "name", "丙五金批发部");
	assert_int_equal(node_number(x, "count", -1), 6);
	x = row_of(&a, "name", "丁建材商店");                                   /* of its thirteen the ten the maker sent */
	assert_int_equal(node_number(x, "count", -1), 10);
	assert_null(node_get(x, "returned"));
	assert_non_null(row_of(&a, "uscc", "91110108551385082Q"));
	assert_false(holds(text_of(h, &a), "戊建筑工程公司") || holds(text_of(h, &a), z(h, h->uscc[USER])));
	for (x = node_get(a.out, "holders")->first; x; x = x->next)
		if (node_get(x, "sealed")->yes) {
			sealed++;
			assert_null(node_get(x, "count"));
			assert_string_equal(z(h, node_text(x, "state")), "sent");
		}
	assert_int_equal(sealed, 1);
	a = progress(h, OPERATOR, story.recall);
	assert_null(node_get(a.out, "holders"));
	assert_int_equal(number_of(&a, "told"), 3);
}

static void officers_see_every_holder(void **state)
{
	struct house *h = here(state);
	const struct { const char *name; int64_t count; } rows[] = { { "丙五金批发部", 6 }, { "丁建材商店", 13 }, { "戊建筑工程公司", 1 } };
	const enum who orders[] = { MAKER, OFFICER };

	for (size_t o = 0; o < ROWS(orders); o++) {
		struct answer a;

		tell(h, orders[o], o ? "V-3" : "V-2");
		a = progress(h, OFFICER, story.recall);
		for (size_t i = 0; i < ROWS(rows); i++) {
			const struct node *x = row_of(&a, "name", rows[i].name);

			assert_non_null(x);
			assert_int_equal(node_number(x, "count", -1), rows[i].count);
			assert_true(node_text(x, "region").n == 6 && node_text(x, "uscc").n == 18);
		}
		assert_int_equal(row_of(&a, "name", "甲钢丝绳厂") != NULL, o == 1);      /* the maker has some as well, and was told by the authority */
		assert_int_equal(call(h, OFFICER2, "recall.get_progress", "id", z(h, story.recall), NULL).err, E_DENIED);
	}
	assert_int_equal(call(h, MAKER, "recall.get_progress", "id", z(h, story.recall), NULL).err, E_DENIED);
	{
		struct str got[8];

		assert_int_equal(notices(h, MAKER, story.recall, got), 1);
	}
}

static bool late(struct house *h, int64_t days)
{
	int64_t now = h->now;
	const struct actor *officer = actor(h, OFFICER);
	struct answer a;

	h->now += days * DAY_MS;
	a = ask(h, officer, "recall.get_progress", in_of(h, "id", z(h, story.recall), NULL), S(""), NULL);
	h->now = now;
	assert_int_equal(a.err, OK);
	return number_of(&a, "late") == 3;
}

static void the_closing_report_carries_its_proofs(void **state)
{
	struct house *h = here(state);
	struct answer a;
	struct str text, rest, line;
	const enum who who[] = { MAKER, OFFICER };

	tell(h, MAKER, "C-1");
	assert_false(late(h, 1));
	assert_true(late(h, 40));
	assert_int_equal(report(h, USER, story.user[0], "destroyed", "count", "1").err, OK);
	for (size_t i = 0; i < ROWS(who); i++) {
		int notes = 0, reports = 0, proofs = 0;

		a = call_ok(h, who[i], "recall.report", "id", z(h, story.recall), NULL);
		text = rest = a.c->bytes;
		assert_true(str_starts(text, "{\"format\":\"suyuan/recall/1\"") && holds(text, "断丝超标") && holds(text, "\"what\":\"progress\""));
		while (str_cut(&rest, '\n', &line)) {
			notes += holds(line, "\"what\":\"notice\"");
			reports += holds(line, "\"what\":\"report\"");
			proofs += holds(line, "c2sp.org/tlog-proof@v1");
		}
		assert_int_equal(notes, 3);
		assert_int_equal(reports, 1);
		assert_int_equal(proofs, 5);
		assert_int_equal(holds(text, "戊建筑工程公司"), who[i] == OFFICER);
		assert_int_equal(holds(text, "仓库核对"), who[i] == OFFICER);
	}
	assert_int_equal(call(h, MAKER2, "recall.report", "id", z(h, story.recall), NULL).err, E_DENIED);
}

/* Whoever is no side of it learns from no answer who holds such goods, which and how many. */
static void a_competitor_learns_nothing(void **state)
{
	static const char *const ops[] = { "recall.get_progress", "recall.report", "recall.refresh", "recall.close", "recall.lift" };
	static const enum who others[] = { MAKER2, OFFICER2 };
	struct house *h = here(state);
	struct str got[8];
	struct answer a;

	tell(h, MAKER, "K-1");
	for (size_t w = 0; w < ROWS(others); w++) {
		for (size_t i = 0; i < ROWS(ops); i++) {
			a = call(h, others[w], ops[i], "id", z(h, story.recall), NULL);
			assert_int_equal(a.err, E_DENIED);
			assert_int_equal(a.c->troubles.n, 0);
		}
		assert_int_equal(notices(h, others[w], story.recall, got), 0);
		assert_int_equal(call(h, others[w], "recall_notice.get", "id", z(h, story.seller[0]), NULL).err, E_DENIED);
		a = call(h, others[w], "receipt.get", "id", z(h, story.seller[0]), NULL);
		assert_false(holds(text_of(h, &a), z(h, story.recall)));
	}
	for (size_t w = 0; w < CAST; w++) {
		a = call(h, (enum who)w, "recall_notice.list", NULL);
		if (w != USER)
			assert_false(holds(text_of(h, &a), z(h, story.user[0])) && holds(text_of(h, &a), "\"count\":1,"));
		assert_int_equal(call(h, (enum who)w, "recall.list", "field", "items", "value", "1", NULL).err == OK, false);
	}
	for (enum who w = SELLER; w <= USER; w++)
		assert_int_equal(call(h, w, "recall.get_progress", "id", z(h, story.recall), NULL).err, E_DENIED);
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

static void tables_are_made_again_from_the_records(void **state)
{
	static const char *const tables[] = { "item_set", "p_recall", "p_recall_notice", "p_recall_report", "p_life" };
	struct house *h = here(state);
	struct str before[ROWS(tables)], after;
	struct verify_report r;

	all_told(h);
	for (size_t i = 0; i < ROWS(tables); i++)
		before[i] = dump_tables(h, &tables[i], 1);
	house_shut(h);
	house_open(h);
	assert_int_equal(kernel_rebuild(h->k, &h->a, NULL, NULL), OK);
	for (size_t i = 0; i < ROWS(tables); i++) {
		after = dump_tables(h, &tables[i], 1);
		if (!str_eq(before[i], after))
			fail_msg("%s differs after rebuild", tables[i]);
	}
	assert_int_equal(kernel_verify(h->k, &h->a, NULL, &r), OK);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(each_way_to_name_goods_covers_just_these), cmocka_unit_test(goods_of_another_lot_are_not_covered),
	cmocka_unit_test(pieces_are_recalled_with_their_reel), cmocka_unit_test(wrong_scopes_are_refused_with_words),
	cmocka_unit_test(only_an_owner_orders_and_ends), cmocka_unit_test(a_stop_is_lifted_by_who_ordered_it_alone), cmocka_unit_test(everybody_reads_what_to_do),
	cmocka_unit_test(each_holder_is_told_exactly_once), cmocka_unit_test(holders_account_for_what_they_had),
	cmocka_unit_test(the_maker_sees_numbers_and_whom_it_delivered_to), cmocka_unit_test(officers_see_every_holder),
	cmocka_unit_test(the_closing_report_carries_its_proofs), cmocka_unit_test(a_competitor_learns_nothing), cmocka_unit_test(a_large_stop_is_lifted_whole),
	cmocka_unit_test(tables_are_made_again_from_the_records),
};

int main(void) { return RUN_BOTH("recall", tests, NULL); }
