/* tests/ops/test_recall_told.c - 一 责任可究: who holds recalled goods is told once, accounts for them, and is named to nobody who may not know. */
#include "tests/ops/recalls.h"

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

static enum err nothing(struct call *c, void *ctx)
{
	(void)c;
	(void)ctx;
	return OK;
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

/* Who sent goods that are on their way is told to stop them; whoever is sold such goods later hears of it within the hour. */
static void senders_and_later_holders_hear_of_it(void **state)
{
	struct house *h = here(state);
	struct str batch = new_batch(h, MAKER, new_product(h, MAKER, "钢丝绳"), "B-1"), pack = new_pack(h, MAKER, batch, "10", NULL), recall, got[8];
	struct answer a;

	sell_and_accept(h, MAKER, SELLER2, range(h, pack, "0-9"));
	sell(h, SELLER2, USER, range(h, pack, "0-1"));
	a = ordered(h, MAKER, "stop_sale", "batch", z(h, batch));
	recall = answer_id(h, &a);
	assert_true(holds(text_of(h, &(struct answer){ .c = call_ok(h, SELLER2, "notice.list", NULL).c }), "对方尚未接收的货物已停止销售"));
	assert_int_equal(notices(h, USER, recall, got), 1);
	sell_and_accept(h, SELLER2, SELLER, range(h, pack, "5"));
	assert_int_equal(kernel_tick(h->k, h->now + 400 * DAY_MS), OK);
	on_writer(h, nothing, NULL);
	all_told(h);
	assert_int_equal(notices(h, SELLER, recall, got), 1);
	call_ok(h, MAKER, "recall.lift", "id", z(h, recall), NULL);
	assert_true(holds(text_of(h, &(struct answer){ .c = call_ok(h, SELLER, "notice.list", NULL).c }), "可以恢复销售"));
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

static void tables_are_made_again_from_the_records(void **state)
{
	static const char *const tables[] = { "item_set", "p_recall", "p_recall_notice", "p_recall_report", "p_life" };
	struct house *h = here(state);

	all_told(h);
	assert_rebuilt(h, tables, ROWS(tables));
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(each_holder_is_told_exactly_once),
	cmocka_unit_test(senders_and_later_holders_hear_of_it),
	cmocka_unit_test(holders_account_for_what_they_had),
	cmocka_unit_test(the_maker_sees_numbers_and_whom_it_delivered_to),
	cmocka_unit_test(officers_see_every_holder),
	cmocka_unit_test(the_closing_report_carries_its_proofs),
	cmocka_unit_test(a_competitor_learns_nothing),
	cmocka_unit_test(tables_are_made_again_from_the_records),
};

int main(void) { return RUN_BOTH("recall_told", tests, NULL); }
