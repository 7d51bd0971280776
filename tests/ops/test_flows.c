/* tests/ops/test_flows.c - cases move along rows: who, from where, two persons, the other side, deadlines; and a flow that is data. */
#include "tests/ops/harness.h"

/* ---- a module of the test's own: one type, one flow, no code of states ---- */

static const struct field errand_fields[] = { ROW(what, TEXT, REQUIRED, PUBLIC, "试1", "事由", .en = "what") };
static const struct type errand_type = { .name = "errand", .schema = "test/errand", .zh = "事务", .en = "errand", .leaf = LEAF_NOTE, .fields = errand_fields,
	.n = ROWS(errand_fields), .clause = "试" };
static const struct type *const errand_types[] = { &errand_type };
static const struct step errand_steps[] = {
	{ "errand", "open", "pass", "half", R_SELLER, 5, true, "试2", "转交", "pass on" },
	{ "errand", "half", "pass", "done", R_OFFICER, 0, false, "试3", "转交", "pass on" },
	{ "errand", "half", "back", "open", R_OFFICER, 3, false, "试4", "退回", "give back" },
};
static const struct flow errand_flows[] = { { .name = "errand", .zh = "事务", .en = "errand", .start = "open", .types = "errand", .steps = errand_steps,
	.n = ROWS(errand_steps), .days = 2, .clause = "试" } };

static const struct op errand_ops[] = { { .name = "errand.create", .method = POST, .path = "/v1/errands", .who = R_SELLER, .scope = SCOPE_OWN, .mode = WRITES,
	.in = &errand_type, .run = kernel_file, .clause = "试", .zh = "事务", .en = "errand", .files = &errand_type } };
static const struct module errands = { .name = "errands", .types = errand_types, .n_types = 1, .ops = errand_ops, .n_ops = 1, .flows = errand_flows, .n_flows = 1 };

static const char *state_of(struct house *h, enum who w, struct str id)
{
	struct answer a = call_ok(h, w, "case.list", NULL);

	for (const struct node *x = node_get(a.out, "items")->first; x; x = x->next)
		if (str_eq(node_text(x, "id"), id))
			return z(h, node_text(x, "state"));
	return "";
}

static enum err step(struct house *h, enum who w, const char *op, struct str id) { return call(h, w, op, "id", z(h, id), NULL).err; }

static void a_flow_that_is_only_rows_works(void **state)
{
	struct house *h = here(state);
	struct answer a = call_ok(h, SELLER, "errand.create", "what", "送货", NULL);
	struct str id = answer_id(h, &a);

	assert_string_equal(state_of(h, SELLER, id), "open");
	assert_int_equal(step(h, OFFICER, "errand.pass", id), E_DENIED);       /* the verb is the officer's only from the next state */
	assert_int_equal(step(h, SELLER2, "errand.pass", id), E_DENIED);
	assert_int_equal(step(h, SELLER, "errand.pass", id), OK);
	assert_int_equal(step(h, SELLER, "errand.pass", id), E_DENIED);
	assert_int_equal(step(h, OFFICER2, "errand.pass", id), E_DENIED);
	assert_int_equal(step(h, OFFICER, "errand.back", id), OK);
	assert_int_equal(step(h, OFFICER, "errand.back", id), E_STATE);
	assert_int_equal(step(h, SELLER, "errand.pass", id), OK);
	assert_int_equal(step(h, OFFICER, "errand.pass", id), OK);
	assert_string_equal(state_of(h, OFFICER, id), "done");
	assert_string_equal(state_of(h, OPERATOR, id), "done");
	assert_string_equal(state_of(h, OFFICER2, id), "");
	assert_string_equal(state_of(h, MAKER, id), "");
}

/* ---- 二（五）: registration ---- */

static const char *party_state(struct house *h, enum who w)
{
	return z(h, id_str(&h->a, raw_number(h, str_fmt(&h->a, "SELECT CASE state WHEN 'unverified' THEN 1 WHEN 'confirmed' THEN 2 WHEN 'returned' THEN 3 ELSE 4 END"
	                                                       " FROM party WHERE id = %lld", (long long)h->party[w]).p))) + 12;
}

static void registration_is_returned_sent_in_again_confirmed_suspended_and_resumed(void **state)
{
	struct house *h = here(state);
	struct str id = h->card[MAKER];

	assert_int_equal(step(h, OFFICER2, "registration.confirm", id), E_DENIED);
	assert_int_equal(step(h, MAKER, "registration.resubmit", id), E_STATE);
	assert_int_equal(step(h, OFFICER, "registration.resume", id), E_STATE);
	assert_int_equal(step(h, OFFICER, "registration.return", id), OK);
	assert_string_equal(party_state(h, MAKER), "3");
	assert_int_equal(step(h, MAKER2, "registration.resubmit", id), E_DENIED);
	assert_int_equal(step(h, MAKER, "registration.resubmit", id), OK);
	assert_string_equal(party_state(h, MAKER), "1");
	assert_int_equal(step(h, OFFICER, "registration.confirm", id), OK);
	assert_string_equal(party_state(h, MAKER), "2");
	assert_int_equal(step(h, OFFICER, "registration.confirm", id), E_STATE);
	assert_int_equal(step(h, OFFICER, "registration.suspend", id), OK);
	assert_int_equal(call(h, MAKER, "pack.create", "grain", "item", "count", "3", NULL).err, E_DENIED);
	assert_int_equal(call(h, MAKER, "pack.list", NULL).err, OK);
	assert_int_equal(step(h, MAKER, "registration.resubmit", id), E_STATE);
	assert_int_equal(step(h, OPERATOR, "registration.resume", id), OK);       /* where no officer is, the operator */
	assert_int_equal(call(h, MAKER, "pack.create", "grain", "item", "count", "3", NULL).err, OK);
	assert_true(holds(text_of(h, &(struct answer){ .c = call_ok(h, MAKER, "notice.list", NULL).c }), "退回补正"));
}

static struct node *second_role(struct house *h, enum who w, struct str licence)
{
	return in_of(h, "seller_name", "甲钢丝绳厂", "uscc", z(h, h->uscc[w]), "seller_address", "某地", "seller_contact", "0513-80000001", "business_licence",
	             z(h, licence), "region", "320623", NULL);
}

static void a_suspended_party_cannot_lift_it_with_its_second_registration(void **state)
{
	struct house *h = here(state);
	struct answer a = ask(h, actor(h, MAKER), "seller.register", second_role(h, MAKER, put_file(h, ANYBODY, "licence", true)), S(""), NULL);
	struct str second = answer_id(h, &a);

	assert_int_equal(a.err, OK);
	assert_int_equal(step(h, OFFICER, "registration.return", second), OK);
	assert_int_equal(step(h, OFFICER, "registration.suspend", h->card[MAKER]), OK);
	assert_int_equal(step(h, MAKER, "registration.resubmit", second), E_STATE);
	assert_string_equal(party_state(h, MAKER), "4");
	assert_int_equal(step(h, OFFICER, "registration.resume", h->card[MAKER]), OK);
	assert_int_equal(step(h, MAKER, "registration.resubmit", second), OK);
}

static void only_an_owner_registers_the_party_for_another_role(void **state)
{
	struct house *h = here(state);
	struct actor who = *actor(h, MAKER2);
	struct str licence = put_file(h, ANYBODY, "licence", true);

	who.inside = IN_WAREHOUSE;
	assert_int_equal(ask(h, &who, "seller.register", second_role(h, MAKER2, licence), S(""), NULL).err, E_DENIED);
	who.inside = IN_FILER;
	assert_int_equal(ask(h, &who, "seller.register", second_role(h, MAKER2, licence), S(""), NULL).err, E_DENIED);
}

static void a_code_registered_already_cannot_be_taken_over(void **state)
{
	struct house *h = here(state);
	struct node *in = second_role(h, MAKER, put_file(h, ANYBODY, "licence", true));
	struct answer a;

	put_z(&h->a, in, "login", "thief");
	put_z(&h->a, in, "password", "thief-password-1");
	a = ask(h, &nobody, "seller.register", in, S(""), NULL);
	assert_int_equal(a.err, E_CLASH);
	assert_int_equal(raw_number(h, "SELECT COUNT(*) FROM account WHERE login = 'thief'"), 0);
}

/* ---- 二（四）: the ledger of custom products ---- */

static struct str ledger(struct house *h, enum who user)
{
	struct answer a = call_ok(h, MAKER, "custom.create", "product_name", "异形钢丝绳", "why_custom", "按图纸加工", "user_uscc", z(h, h->uscc[user]), "user_name",
	                          "某使用方", "delivered", "2026-11-01", NULL);

	return answer_id(h, &a);
}

static struct actor colleague(struct house *h, enum who w)
{
	struct actor who = *actor(h, w);

	who.account += 1;
	who.inside = IN_FILER;
	return who;
}

static void a_custom_ledger_is_confirmed_by_its_user_alone(void **state)
{
	struct house *h = here(state);
	struct str id = ledger(h, USER);
	struct actor other = colleague(h, MAKER);

	assert_int_equal(step(h, MAKER, "custom.confirm", id), E_DENIED);
	assert_int_equal(ask(h, &other, "custom.confirm", in_of(h, "id", z(h, id), NULL), S(""), NULL).err, E_DENIED);
	assert_int_equal(step(h, SELLER2, "custom.confirm", id), E_DENIED);
	assert_int_equal(step(h, OFFICER, "custom.confirm", id), E_DENIED);
	assert_int_equal(step(h, USER, "custom.keep", id), E_DENIED);
	assert_true(holds(text_of(h, &(struct answer){ .c = call_ok(h, USER, "notice.list", NULL).c }), "定制产品台账待贵单位确认"));
	assert_int_equal(step(h, USER, "custom.confirm", id), OK);
	assert_int_equal(step(h, USER, "custom.confirm", id), E_STATE);
	assert_string_equal(state_of(h, MAKER, id), "confirmed");
}

/* A user that makes things itself is a maker too: it still may not end the ledger of another maker. */
static void the_other_side_confirms_and_does_nothing_else(void **state)
{
	struct house *h = here(state);
	struct str id = ledger(h, MAKER2);

	assert_int_equal(step(h, MAKER2, "custom.keep", id), E_DENIED);
	assert_int_equal(step(h, MAKER2, "custom.confirm", id), OK);
	assert_int_equal(step(h, MAKER2, "custom.release", id), E_DENIED);
}

static void a_maker_is_not_its_own_user(void **state)
{
	struct house *h = here(state);
	struct answer a = call(h, MAKER, "custom.create", "product_name", "异形钢丝绳", "why_custom", "按图纸", "user_uscc", z(h, h->uscc[MAKER]), "user_name", "本厂",
	                       "delivered", "2026-11-01", NULL);

	assert_int_equal(a.err, E_BAD);
	assert_non_null(trouble_of(&a, "user_uscc"));
}

/* 至少保留3年 */
static void a_custom_ledger_is_kept_three_years(void **state)
{
	struct house *h = here(state);
	struct str id = ledger(h, USER);
	const struct actor *maker = actor(h, MAKER);
	int64_t now = h->now, day;

	assert_int_equal(step(h, MAKER, "custom.keep", id), OK);
	assert_int_equal(step(h, MAKER, "custom.release", id), E_STATE);
	assert_true(date_get(S("2029-11-20"), &day));
	h->now = day * DAY_MS;
	assert_int_equal(ask(h, maker, "custom.release", in_of(h, "id", z(h, id), NULL), S(""), NULL).err, E_STATE);
	h->now = now;
}

static void after_three_years_the_ledger_may_go(void **state)
{
	struct house *h = here(state);
	struct str id = ledger(h, USER);
	const struct actor *maker = actor(h, MAKER);
	int64_t now = h->now;

	assert_int_equal(step(h, MAKER, "custom.keep", id), OK);
	h->now += 3 * 366 * DAY_MS + 1000;
	assert_int_equal(ask(h, maker, "custom.release", in_of(h, "id", z(h, id), NULL), S(""), NULL).err, OK);
	h->now = now;
}

/* ---- two persons ---- */

static void looking_behind_the_glass_takes_two_persons(void **state)
{
	struct house *h = here(state);
	struct answer a = call_ok(h, OPERATOR, "opening.create", "target", z(h, ledger(h, USER)), "reason", "核查", NULL);
	struct str id = answer_id(h, &a);

	assert_int_equal(step(h, OPERATOR, "opening.approve", id), E_DENIED);
	assert_int_equal(step(h, OFFICER, "opening.approve", id), E_DENIED);
	assert_int_equal(step(h, MAKER, "opening.approve", id), E_DENIED);
	assert_int_equal(step(h, OPERATOR2, "opening.approve", id), OK);
}

/* ---- steps name cases of their own flow ---- */

static void a_step_of_another_flow_finds_no_case(void **state)
{
	struct house *h = here(state);
	struct str id = ledger(h, USER);
	struct answer a;

	assert_int_equal(step(h, OPERATOR, "registration.confirm", id), E_ABSENT);
	assert_int_equal(step(h, OPERATOR, "opening.approve", h->card[MAKER]), E_ABSENT);
	a = call(h, OPERATOR, "case.hand", "id", z(h, new_product(h, MAKER, "无事项")), "login", z(h, h->login[OFFICER]), NULL);
	assert_int_equal(a.err, E_ABSENT);
}

/* ---- deadlines ---- */

static enum err nothing(struct call *c, void *ctx)
{
	(void)c;
	(void)ctx;
	return OK;
}

static int64_t reminders(struct house *h) { return raw_number(h, "SELECT COUNT(*) FROM notice WHERE what = 'late'"); }

static void a_deadline_that_passed_is_reminded_once(void **state)
{
	struct house *h = here(state);
	struct answer a = call_ok(h, SELLER2, "errand.create", "what", "限期", NULL);
	struct str id = answer_id(h, &a);
	int64_t before;

	assert_int_equal(kernel_tick(h->k, h->now), OK);
	on_writer(h, nothing, NULL);
	before = raw_number(h, str_fmt(&h->a, "SELECT COUNT(*) FROM notice WHERE what = 'late' AND party = %lld", (long long)h->party[SELLER2]).p);
	assert_int_equal(before, 0);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(kernel_tick(h->k, h->now + 2 * DAY_MS + 60000 * (i + 1)), OK);
		on_writer(h, nothing, NULL);
		assert_int_equal(raw_number(h, str_fmt(&h->a, "SELECT COUNT(*) FROM notice WHERE what = 'late' AND party = %lld", (long long)h->party[SELLER2]).p), 1);
	}
	assert_true(reminders(h) >= 1);
	/* the next state has its own deadline: five working days */
	assert_int_equal(step(h, SELLER2, "errand.pass", id), OK);
	assert_int_equal(kernel_tick(h->k, h->now + 5 * DAY_MS), OK);
	on_writer(h, nothing, NULL);
	assert_int_equal(raw_number(h, str_fmt(&h->a, "SELECT COUNT(*) FROM notice WHERE what = 'late' AND party = %lld", (long long)h->party[SELLER2]).p), 1);
	assert_int_equal(kernel_tick(h->k, h->now + 8 * DAY_MS), OK);
	on_writer(h, nothing, NULL);
	assert_int_equal(raw_number(h, str_fmt(&h->a, "SELECT COUNT(*) FROM notice WHERE what = 'late' AND party = %lld", (long long)h->party[SELLER2]).p), 2);
}

static void working_days_skip_weekends_and_holidays(void **state)
{
	struct house *h = here(state);
	int64_t from, due;

	assert_true(time_get(S("2026-09-30T02:00:00Z"), &from));       /* a Wednesday; the next two days are holidays */
	assert_true(time_get(S("2026-10-05T15:59:59Z"), &due));        /* the end of Monday in China */
	assert_int_equal(working_days_after(h->k, from, 1, true), due + 999);
	assert_int_equal(working_days_after(h->k, from, 1, false), from + DAY_MS);
}

/* ---- 一: reports ---- */

static void a_report_is_followed_by_its_ticket_and_handled_in_its_region(void **state)
{
	struct house *h = here(state);
	struct answer a = call_ok(h, ANYBODY, "report.create", "what", "标签可疑", "region", "320623", NULL), t;
	struct str id = str_copy(&h->a, node_text(a.out, "ticket"));

	assert_int_equal(step(h, OFFICER2, "report.take", id), E_DENIED);
	assert_int_equal(step(h, OFFICER, "report.answer", id), E_STATE);
	assert_int_equal(step(h, OFFICER, "report.take", id), OK);
	t = call_ok(h, ANYBODY, "report.ticket", "id", z(h, id), NULL);
	assert_string_equal(z(h, node_text(t.out, "state")), "taken");
	assert_false(holds(text_of(h, &t), "标签可疑"));
	assert_int_equal(step(h, OFFICER, "report.answer", id), OK);
	assert_int_equal(step(h, OPERATOR, "report.reopen", id), OK);
	assert_int_equal(call(h, ANYBODY, "report.ticket", "id", z(h, h->card[MAKER]), NULL).err, E_BAD);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(a_flow_that_is_only_rows_works),
	cmocka_unit_test(registration_is_returned_sent_in_again_confirmed_suspended_and_resumed),
	cmocka_unit_test(a_suspended_party_cannot_lift_it_with_its_second_registration),
	cmocka_unit_test(only_an_owner_registers_the_party_for_another_role),
	cmocka_unit_test(a_code_registered_already_cannot_be_taken_over),
	cmocka_unit_test(a_custom_ledger_is_confirmed_by_its_user_alone),
	cmocka_unit_test(the_other_side_confirms_and_does_nothing_else),
	cmocka_unit_test(a_maker_is_not_its_own_user),
	cmocka_unit_test(a_custom_ledger_is_kept_three_years),
	cmocka_unit_test(after_three_years_the_ledger_may_go),
	cmocka_unit_test(looking_behind_the_glass_takes_two_persons),
	cmocka_unit_test(a_step_of_another_flow_finds_no_case),
	cmocka_unit_test(working_days_skip_weekends_and_holidays),
	cmocka_unit_test(a_report_is_followed_by_its_ticket_and_handled_in_its_region),
	cmocka_unit_test(a_deadline_that_passed_is_reminded_once),
};

int main(void) { return RUN_BOTH("flows", tests, &errands); }
