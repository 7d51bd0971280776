/* tests/ops/test_versions.c - a type grows a row while homes hold records of it: old ones stay true, are shown and checked, and the
 * derived tables take their new shape by themselves. */
#include "tests/ops/harness.h"

static const struct field errand_fields[] = {
	ROW(what, TEXT, REQUIRED, PUBLIC, "试1", "事由", .en = "what", .index = true)
	ROW(amount, DECIMAL, OPTIONAL, PRIVATE, OURS, "数量", .en = "amount")
	ROW(place, TEXT, OPTIONAL, PUBLIC, OURS, "地点", .en = "place", .version = 2, .index = true)
	ROW(note, NOTE, IF_APPLICABLE, OWNER_CHOICE, OURS, "备注", .en = "note", .version = 3)
};
#define ERRAND(upto) { .name = "errand", .schema = "test/errand", .zh = "事务", .en = "errand", .leaf = LEAF_NOTE, .fields = errand_fields, .n = upto, .clause = "试" }
static const struct type first = ERRAND(2), third = ERRAND(4);
static const struct type *const first_types[] = { &first }, *const third_types[] = { &third };
#define CREATE(t) { { .name = "errand.create", .method = POST, .path = "/v1/errands", .who = R_SELLER, .scope = SCOPE_OWN, .mode = WRITES, .in = t, \
	.run = kernel_file, .clause = "试", .zh = "事务", .en = "errand", .files = t } }
static const struct op first_ops[] = CREATE(&first), third_ops[] = CREATE(&third);
static const struct module old_program = { .name = "errands", .types = first_types, .n_types = 1, .ops = first_ops, .n_ops = 1 };
static const struct module new_program = { .name = "errands", .types = third_types, .n_types = 1, .ops = third_ops, .n_ops = 1 };

static void versions_count_rows_from_the_front(void **state)
{
	struct house *h = here(state);
	char why[200];
	static const struct field moved[] = { ROW(a, TEXT, OPTIONAL, PUBLIC, OURS, "甲", .version = 2) ROW(b, TEXT, OPTIONAL, PUBLIC, OURS, "乙") };
	const struct type wrong = { .name = "wrong", .schema = "test/wrong", .fields = moved, .n = 2 };

	assert_int_equal(type_version(&first), 1);
	assert_int_equal(type_version(&third), 3);
	assert_int_equal(type_slots(&third, 1), 2);
	assert_int_equal(type_slots(&third, 2), 3);
	assert_int_equal(type_slots(&third, 9), 4);
	assert_string_equal(z(h, type_schema(&h->a, &third, 2)), "test/errand/2");
	assert_int_equal(type_version_named(&third, S("test/errand/2")), 2);
	assert_int_equal(type_version_named(&first, S("test/errand/2")), 0);
	assert_int_equal(type_version_named(&third, S("test/errand/0")), 0);
	assert_int_equal(type_version_named(&third, S("test/errand")), 0);
	assert_int_equal(type_version_named(&third, S("test/errands/1")), 0);
	assert_true(schema_ok(&third, why));
	assert_false(schema_ok(&wrong, why));
}

static void old_records_stay_true_when_a_row_is_added(void **state)
{
	struct house *h = here(state);
	struct verify_report report;
	struct answer a = call_ok(h, SELLER, "errand.create", "what", "送货", "amount", "3.5", NULL);
	struct str old = answer_id(h, &a), leaf;
	enum err e;

	leaf = str_copy(&h->a, a.c->leaf);
	assert_true(holds(leaf, "\"k\":\"test/errand/1\""));
	house_shut(h);
	h->extra = &new_program;
	house_open(h);
	e = kernel_verify(h->k, &h->a, NULL, &report);
	if (e)
		fail_msg("%.*s", STR_ARG(report.problem));
	a = call_ok(h, SELLER, "errand.get", "id", z(h, old), NULL);
	assert_true(holds(text_of(h, &a), "送货"));
	assert_int_equal(call(h, SELLER, "errand.create", "what", "退货", NULL).err, E_BAD);         /* 备注 wants an answer now */
	a = call_ok(h, SELLER, "errand.create", "what", "退货", "place", "仓库", "note", NOT_APPLICABLE, NULL);
	assert_true(holds(a.c->leaf, "\"k\":\"test/errand/3\""));
	assert_true(holds(a.c->leaf, "\"n\":5"));
	assert_int_equal(raw_number(h, "SELECT COUNT(*) FROM p_errand"), 2);
	assert_int_equal(raw_number(h, "SELECT COUNT(*) FROM p_errand WHERE place IS NOT NULL"), 1);
	assert_int_equal(kernel_verify(h->k, &h->a, NULL, &report), OK);
	house_shut(h);
	h->extra = &old_program;                /* an older program does not judge what it cannot know */
	house_open(h);
	assert_int_equal(kernel_verify(h->k, &h->a, NULL, &report), E_CORRUPT);
	assert_true(holds(report.problem, "version"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(versions_count_rows_from_the_front),
		cmocka_unit_test(old_records_stay_true_when_a_row_is_added),
	};

	return RUN_BOTH("versions", tests, &old_program);
}
