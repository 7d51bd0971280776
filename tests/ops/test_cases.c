/* tests/ops/test_cases.c - open work: found by flow, state and hand, counted by party and by value, taken on many at once; each to its own. */
#include "tests/ops/harness.h"

/* ---- a module of the test's own: one type that may be corrected, one flow ---- */

static const struct field errand_fields[] = {
	ROW(what, TEXT, REQUIRED, PUBLIC, "试1", "事由", .en = "what", .index = true)
	ROW(note, TEXT, OPTIONAL, PRIVATE, "试1", "备注", .en = "note", .index = true)
};
static const struct type errand_type = { .name = "errand", .schema = "test/errand", .zh = "事务", .en = "errand", .leaf = LEAF_NOTE, .fields = errand_fields,
	.n = ROWS(errand_fields), .clause = "试" };
static const struct type *const errand_types[] = { &errand_type };
static const struct step errand_steps[] = {
	{ "errand", "open", "pass", "half", R_SELLER, 5, false, "试2", "转交", "pass on" },
	{ "errand", "half", "pass", "done", R_OFFICER | R_OPERATOR, 0, false, "试3", "转交", "pass on" },
	{ "errand", "half", "back", "open", R_OFFICER | R_OPERATOR, 3, false, "试4", "退回", "give back" },
};
static const struct flow errand_flows[] = { { .name = "errand", .zh = "事务", .en = "errand", .start = "open", .types = "errand", .steps = errand_steps,
	.n = ROWS(errand_steps), .days = 2, .clause = "试" } };
static const struct op errand_ops[] = { { .name = "errand.create", .method = POST, .path = "/v1/errands", .who = R_SELLER, .scope = SCOPE_OWN, .mode = WRITES,
	.in = &errand_type, .run = kernel_file, .clause = "试", .zh = "事务", .en = "errand", .files = &errand_type, .corrects = true } };
static const struct module errands = { .name = "errands", .types = errand_types, .n_types = 1, .ops = errand_ops, .n_ops = 1, .flows = errand_flows, .n_flows = 1 };

static struct str file_one(struct house *h, enum who w, const char *what)
{
	struct answer a = call_ok(h, w, "errand.create", "what", what, NULL);

	return answer_id(h, &a);
}

/* Ids of `n` new errands, comma between. */
static const char *file_many(struct house *h, enum who w, const char *what, size_t n)
{
	struct buf b = buf_in(&h->a, 16 * n);

	for (size_t i = 0; i < n; i++) {
		if (i)
			buf_char(&b, ',');
		buf_add(&b, file_one(h, w, what));
	}
	return z(h, buf_str(&b));
}

static struct node *filters(struct house *h, const char *flow, const char *state, bool mine)
{
	struct node *in = node_obj(&h->a);

	if (flow)
		put_z(&h->a, in, "flow", flow);
	if (state)
		put_z(&h->a, in, "state", state);
	if (mine)
		put_bool(&h->a, in, "mine", true);
	return in;
}

static size_t count_of(const struct answer *a) { return node_get(a->out, "items")->n; }

/* ---- the list ---- */

/* Filed first: two open and one half errand of SELLER, one open of SELLER2; the half one is in OFFICER's hand, the foreign one in OPERATOR's. */
static const struct { enum who who; const char *flow, *state; bool mine; size_t n; } lists[] = {
	{ SELLER, "errand", NULL, false, 3 }, { SELLER, "errand", "open", false, 2 }, { SELLER, "errand", "half", false, 1 }, { SELLER, "errand", "done", false, 0 },
	{ SELLER, "registration", NULL, false, 1 }, { SELLER, NULL, NULL, false, 4 }, { SELLER, "errand", NULL, true, 0 }, { SELLER, "nothing", NULL, false, 0 },
	{ SELLER2, "errand", NULL, false, 1 }, { SELLER2, "errand", "half", false, 0 }, { MAKER, "errand", NULL, false, 0 },
	{ OFFICER, "errand", NULL, false, 3 }, { OFFICER, "errand", "open", false, 2 }, { OFFICER, "errand", "half", false, 1 },
	{ OFFICER, NULL, NULL, true, 1 }, { OFFICER, "errand", "half", true, 1 }, { OFFICER, "errand", "open", true, 0 }, { OFFICER, "registration", NULL, true, 0 },
	{ OFFICER2, "errand", NULL, false, 1 }, { OFFICER2, "errand", "open", false, 1 }, { OFFICER2, NULL, NULL, true, 0 },
	{ OPERATOR, "errand", NULL, false, 4 }, { OPERATOR, "errand", "open", false, 3 }, { OPERATOR, NULL, NULL, true, 1 }, { OPERATOR2, NULL, NULL, true, 0 },
};

static void the_list_is_narrowed_by_flow_state_and_hand(void **state)
{
	struct house *h = here(state);
	struct str half = file_one(h, SELLER, "甲事"), foreign = file_one(h, SELLER2, "甲事");
	struct answer a;

	file_many(h, SELLER, "乙事", 2);
	call_ok(h, SELLER, "errand.pass", "id", z(h, half), NULL);
	call_ok(h, OPERATOR, "case.hand", "id", z(h, half), "login", z(h, h->login[OFFICER]), NULL);
	call_ok(h, OPERATOR, "case.hand", "id", z(h, foreign), "login", z(h, h->login[OPERATOR]), NULL);
	for (size_t i = 0; i < ROWS(lists); i++) {
		a = ask(h, actor(h, lists[i].who), "case.list", filters(h, lists[i].flow, lists[i].state, lists[i].mine), S(""), NULL);
		if (a.err || count_of(&a) != lists[i].n)
			fail_msg("row %zu, %s: %s, %zu cases, not %zu", i, who_names[lists[i].who], err_name(a.err), a.err ? 0 : count_of(&a), lists[i].n);
	}
	a = call(h, OFFICER, "case.list", "state", "open", NULL);
	assert_int_equal(a.err, E_BAD);
	assert_non_null(trouble_of(&a, "flow"));
	assert_int_equal(call(h, OFFICER, "case.list", "before", "short", NULL).err, E_BAD);
	a = call_ok(h, OFFICER, "case.list", "flow", "errand", "state", "half", NULL);
	assert_true(str_eq(node_text(node_get(a.out, "items")->first, "hand"), h->login[OFFICER]));
	a = call_ok(h, SELLER, "case.list", "flow", "errand", "state", "half", NULL);
	assert_null(node_get(node_get(a.out, "items")->first, "hand"));
}

/* Page after page, none twice and none left out, whoever looks and however it is narrowed. */
static void the_list_goes_on_where_its_page_ended(void **state)
{
	static const struct { enum who who; const char *flow, *state; } ways[] = {
		{ SELLER, "errand", "open" }, { SELLER, NULL, NULL }, { OFFICER, "errand", "open" }, { OFFICER, "errand", NULL }, { OFFICER, NULL, NULL },
		{ OPERATOR, "errand", "open" }, { OPERATOR, NULL, NULL },
	};
	struct house *h = here(state);
	const char *ids = file_many(h, SELLER, "丙事", 120);

	for (size_t i = 0; i < ROWS(ways); i++) {
		struct map seen = map_in(&h->a);
		struct str before = S("");
		size_t mine = 0, pages = 0;

		do {
			struct node *in = filters(h, ways[i].flow, ways[i].state, false);
			struct answer a;

			if (before.n)
				put_str(&h->a, in, "before", before);
			a = ask(h, actor(h, ways[i].who), "case.list", in, S(""), NULL);
			assert_int_equal(a.err, OK);
			assert_true(count_of(&a) <= 50);
			for (const struct node *x = node_get(a.out, "items")->first; x; x = x->next) {
				assert_true(map_put(&seen, str_copy(&h->a, node_text(x, "id")), h));
				mine += strstr(ids, z(h, node_text(x, "id"))) != NULL;
			}
			before = str_copy(&h->a, node_text(a.out, "before"));
		} while (before.n && ++pages < 20);
		if (mine != 120)
			fail_msg("way %zu shows %zu of 120", i, mine);
	}
}

/* ---- many at once ---- */

static int64_t in_state(struct house *h, const char *what, const char *in)
{
	return raw_number(h, str_fmt(&h->a, "SELECT COUNT(*) FROM flow_case f JOIN p_errand p ON p.record = f.record WHERE p.what = '%s' AND f.state = '%s'", what, in).p);
}

static enum err bulk(struct house *h, const struct actor *who, const char *ids, const char *op)
{
	return ask(h, who, "case.bulk", in_of(h, "ids", ids, "op", op, NULL), S(""), NULL).err;
}

static void a_party_takes_the_steps_of_its_own_cases_and_no_others(void **state)
{
	struct house *h = here(state);
	const char *own = file_many(h, SELLER, "丁事", 20), *foreign = file_many(h, SELLER2, "丁事", 1), *both = str_fmt(&h->a, "%s,%s", own, foreign).p;
	struct actor below = *actor(h, SELLER);

	below.inside = IN_WAREHOUSE;
	assert_int_equal(bulk(h, &below, own, "errand.pass"), E_DENIED);
	assert_int_equal(bulk(h, actor(h, SELLER), both, "errand.pass"), E_DENIED);
	assert_int_equal(bulk(h, actor(h, SELLER2), own, "errand.pass"), E_DENIED);
	assert_int_equal(bulk(h, actor(h, MAKER), own, "errand.pass"), E_DENIED);
	assert_int_equal(bulk(h, actor(h, SELLER), own, "errand.back"), E_DENIED);
	assert_int_equal(bulk(h, actor(h, SELLER), own, "errand.create"), E_BAD);
	assert_int_equal(bulk(h, actor(h, SELLER), str_fmt(&h->a, "%s,%.*s", own, ID_TEXT, own).p, "errand.pass"), E_DENIED);      /* one of them twice */
	assert_int_equal(in_state(h, "丁事", "open"), 21);
	assert_int_equal(bulk(h, actor(h, SELLER), own, "errand.pass"), OK);
	assert_int_equal(in_state(h, "丁事", "half"), 20);
	assert_int_equal(bulk(h, actor(h, SELLER), own, "errand.pass"), E_DENIED);       /* from here on the verb is the officer's */
	assert_int_equal(bulk(h, actor(h, OFFICER2), own, "errand.pass"), E_DENIED);
	assert_int_equal(bulk(h, actor(h, OFFICER), own, "errand.pass"), OK);
	assert_int_equal(in_state(h, "丁事", "done"), 20);
}

static void a_thousand_at_once_and_no_more(void **state)
{
	struct house *h = here(state);
	const char *ids = file_many(h, SELLER, "戊事", 1000);

	assert_int_equal(bulk(h, actor(h, SELLER), str_fmt(&h->a, "%s,%.*s", ids, ID_TEXT, ids).p, "errand.pass"), E_BAD);
	assert_int_equal(bulk(h, actor(h, SELLER), ids, "errand.pass"), OK);
	assert_int_equal(in_state(h, "戊事", "half"), 1000);
}

/* The other side of several records confirms them in one call; their filer does not. */
static void the_other_side_confirms_many_at_once(void **state)
{
	struct house *h = here(state);
	struct buf ids = buf_in(&h->a, 64);

	for (int i = 0; i < 3; i++) {
		struct answer a = call_ok(h, MAKER, "custom.create", "product_name", "异形钢丝绳", "why_custom", "按图纸", "user_uscc", z(h, h->uscc[USER]), "user_name",
		                          "某使用方", "delivered", "2026-11-01", NULL);

		buf_fmt(&ids, "%s%.*s", i ? "," : "", STR_ARG(answer_id(h, &a)));
	}
	assert_int_equal(bulk(h, actor(h, MAKER), z(h, buf_str(&ids)), "custom.confirm"), E_DENIED);
	assert_int_equal(bulk(h, actor(h, SELLER), z(h, buf_str(&ids)), "custom.confirm"), E_DENIED);
	assert_int_equal(bulk(h, actor(h, USER), z(h, buf_str(&ids)), "custom.confirm"), OK);
}

/* ---- counted ---- */

static const struct node *group_of(const struct answer *a, struct str party)
{
	for (const struct node *x = node_get(a->out, "items")->first; x; x = x->next)
		if (str_eq(node_text(x, "party"), party))
			return x;
	return NULL;
}

static void cases_are_counted_by_whose_they_are(void **state)
{
	static const struct { enum who who; size_t groups; bool one, two; } views[] = {
		{ OPERATOR, 2, true, true }, { OFFICER, 1, true, false }, { OFFICER2, 1, false, true }, { SELLER, 1, true, false }, { SELLER2, 1, false, true },
		{ MAKER, 0, false, false },
	};
	struct house *h = here(state);
	struct str party[2] = { id_str(&h->a, h->party[SELLER]), id_str(&h->a, h->party[SELLER2]) };
	int64_t now = h->now, all, since;

	file_many(h, SELLER, "己事", 4);
	h->now += 3 * DAY_MS;
	file_many(h, SELLER, "己事", 3);
	file_many(h, SELLER2, "己事", 2);
	all = raw_number(h, str_fmt(&h->a, "SELECT COUNT(*) FROM flow_case WHERE state = 'open' AND flow = 'errand' AND party = %lld", (long long)h->party[SELLER]).p);
	for (size_t i = 0; i < ROWS(views); i++) {
		struct answer a = ask(h, actor(h, views[i].who), "case.groups", filters(h, "errand", "open", false), S(""), NULL);
		const struct node *one = group_of(&a, party[0]), *two = group_of(&a, party[1]);

		assert_int_equal(a.err, OK);
		if (count_of(&a) != views[i].groups || (one != NULL) != views[i].one || (two != NULL) != views[i].two)
			fail_msg("%s sees %zu groups", who_names[views[i].who], count_of(&a));
		if (one) {
			assert_int_equal(node_number(node_get(a.out, "items")->n == 1 ? node_get(a.out, "items")->first : one, "count", -1), all);
			assert_int_equal(node_number(one, "late", -1), all - 3);
			assert_true(str_is(node_text(one, "name"), "丙五金批发部"));
			assert_true(time_get(node_text(one, "since"), &since) && since <= now && node_text(one, "due").n);
		}
	}
	assert_int_equal(call(h, OPERATOR, "case.groups", "flow", "errand", NULL).err, E_BAD);
	h->now = now;
}

struct group { const char *value; enum who party; int64_t n; };

static void assert_groups(struct house *h, enum who w, const struct group *want, size_t n)
{
	struct call c = { .k = h->k, .who = actor(h, w), .arena = &h->a, .now = h->now };
	struct rows r;

	assert_int_equal(kernel_reader(h->k, &c.db), OK);
	assert_int_equal(kernel_case_groups(&c, &errand_type, "what", S("errand"), S("half"), &r), OK);
	kernel_reader_end(h->k, c.db);
	for (size_t i = 0, found = 0; i < n; i++, found = 0) {
		for (size_t k = 0; k < r.n; k++)
			if (str_is(row_str(&r, k, 0), want[i].value) && row_int(&r, k, 1) == h->party[want[i].party]) {
				found++;
				assert_int_equal(row_int(&r, k, 3), want[i].n);
				assert_true(row_str(&r, k, 2).n > 0);
			}
		if (found != (want[i].n > 0))
			fail_msg("%s sees %s of %s %zu times", who_names[w], want[i].value, who_names[want[i].party], found);
	}
}

static void cases_are_counted_by_a_value_of_their_records(void **state)
{
	static const struct group all[] = { { "庚事", SELLER, 3 }, { "庚事", SELLER2, 2 }, { "辛事", SELLER, 1 }, { "壬事", SELLER, 0 } };
	static const struct group here_only[] = { { "庚事", SELLER, 3 }, { "庚事", SELLER2, 0 }, { "辛事", SELLER, 1 } };
	static const struct group after[] = { { "庚事", SELLER, 3 }, { "辛事", SELLER, 0 }, { "壬事", SELLER, 1 } };
	struct house *h = here(state);
	struct call c = { .k = h->k, .who = actor(h, OPERATOR), .arena = &h->a, .now = h->now };
	const char *wrong = file_many(h, SELLER, "辛事", 1);
	struct rows r;

	assert_int_equal(bulk(h, actor(h, SELLER), str_fmt(&h->a, "%s,%s", file_many(h, SELLER, "庚事", 3), wrong).p, "errand.pass"), OK);
	assert_int_equal(bulk(h, actor(h, SELLER2), file_many(h, SELLER2, "庚事", 2), "errand.pass"), OK);
	assert_groups(h, OPERATOR, all, ROWS(all));
	assert_groups(h, OFFICER, here_only, ROWS(here_only));
	assert_groups(h, SELLER, here_only, ROWS(here_only));
	call_ok(h, SELLER, "errand.create", "what", "壬事", "corrects", wrong, NULL);
	assert_groups(h, OPERATOR, after, ROWS(after));
	assert_int_equal(kernel_reader(h->k, &c.db), OK);
	assert_int_equal(kernel_case_groups(&c, &errand_type, "note", S("errand"), S("half"), &r), E_INTERNAL);      /* a withheld value is no heading */
	c.who = &nobody;
	assert_int_equal(kernel_case_groups(&c, &errand_type, "what", S("errand"), S("half"), &r), OK);
	assert_int_equal(r.n, 0);
	kernel_reader_end(h->k, c.db);
}

/* ---- no list walks through all cases ---- */

static const struct { int sql; size_t marks; const char *index; } plans[] = {
	{ SQL_CASE_LIST_STATE, 5, "flow_case_state" }, { SQL_CASE_LIST_FLOW, 4, "flow_case_state" }, { SQL_CASE_LIST_OWN, 3, "flow_case_party" },
	{ SQL_CASE_LIST_OWN_STATE, 4, "flow_case_own" },
	{ SQL_CASE_LIST_MINE, 7, "flow_case_hand" }, { SQL_CASE_GROUPS, 6, "COVERING INDEX flow_case_state" }, { SQL_CASE_GROUPS_OWN, 5, "COVERING INDEX flow_case_own" },
};

static void every_list_has_its_index(void **state)
{
	struct house *h = here(state);
	struct val any[8] = { { 0 } };
	struct db *db;

	if (h->engine == &pg_engine)
		skip();                 /* it weighs the size of the tables, which are small here */
	db = raw_open(h);
	for (size_t i = 0; i < ROWS(plans); i++) {
		struct buf plan = buf_in(&h->a, 400);
		struct rows r;

		assert_int_equal(db_ask(db, &h->a, str_fmt(&h->a, "EXPLAIN QUERY PLAN %s", kernel_sql[plans[i].sql]).p, any, plans[i].marks, &r), OK);
		for (size_t k = 0; k < r.n; k++)
			buf_fmt(&plan, "%.*s; ", STR_ARG(row_str(&r, k, 3)));
		if (!holds(buf_str(&plan), plans[i].index) || holds(buf_str(&plan), "SCAN flow_case"))
			fail_msg("%s: %.*s", kernel_sql[plans[i].sql], STR_ARG(buf_str(&plan)));
	}
	db_close(db);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(the_list_is_narrowed_by_flow_state_and_hand),
	cmocka_unit_test(the_list_goes_on_where_its_page_ended),
	cmocka_unit_test(a_party_takes_the_steps_of_its_own_cases_and_no_others),
	cmocka_unit_test(a_thousand_at_once_and_no_more),
	cmocka_unit_test(the_other_side_confirms_many_at_once),
	cmocka_unit_test(cases_are_counted_by_whose_they_are),
	cmocka_unit_test(cases_are_counted_by_a_value_of_their_records),
	cmocka_unit_test(every_list_has_its_index),
};

int main(void) { return RUN_BOTH("cases", tests, &errands); }
