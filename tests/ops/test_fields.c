/* tests/ops/test_fields.c - generated from the rows: every demand is asked for, every wrong answer is refused, nothing is half stored. */
#include "tests/ops/harness.h"

struct kept { int64_t records, cases, audit; uint64_t log; };

static struct kept kept(struct house *h)
{
	return (struct kept){ raw_number(h, "SELECT COUNT(*) FROM record"), raw_number(h, "SELECT COUNT(*) FROM flow_case"),
		raw_number(h, "SELECT COUNT(*) FROM audit"), log_size(h) };
}

static void assert_kept(struct house *h, const struct kept *k)
{
	struct kept now = kept(h);

	assert_memory_equal(&now, k, sizeof(now));
}

/* Somebody of the cast who may use the operation. */
static enum who user_of(struct house *h, const struct op *op)
{
	for (size_t w = 0; w < CAST; w++)
		if (op->who & actor(h, (enum who)w)->roles)
			return (enum who)w;
	fail_msg("nobody may %s", op->name);
	return ANYBODY;
}

/* Operations that file records or take input, apart from log-in (argon2 for each try). */
static size_t filing_ops(struct house *h, const struct op *ret[100])
{
	size_t n, found = 0;
	const struct op *const *ops = kernel_ops(h->k, &n);

	for (size_t i = 0; i < n && found < 100; i++)
		if (ops[i]->method == POST && ops[i]->files)
			ret[found++] = ops[i];
	assert_true(found >= 14);
	return found;
}

/* What sale_prefill answers for an empty sale. */
static bool filled_in(const struct op *op, const struct field *f)
{
	return op->prefill && (strstr(f->name, "_time") || (strcmp(op->name, "resale.create") == 0 && strcmp(f->name, "customer_name") == 0));
}

static void nothing_filled_names_every_demand_at_once_with_its_clause(void **state)
{
	struct house *h = here(state);
	const struct op *ops[100];
	size_t n = filing_ops(h, ops);
	struct kept before = kept(h);

	for (size_t i = 0; i < n; i++) {
		struct answer a = call(h, user_of(h, ops[i]), ops[i]->name, NULL);
		size_t wanted = 0;

		assert_int_equal(a.err, E_BAD);
		for (size_t f = 0; f < ops[i]->in->n; f++) {
			const struct field *row = &ops[i]->in->fields[f];
			const struct trouble *t = trouble_of(&a, row->name);

			if (row->need == OPTIONAL || filled_in(ops[i], row))
				continue;
			wanted++;
			if (!t)
				fail_msg("%s does not ask for %s", ops[i]->name, row->name);
			assert_string_equal(t->clause, row->clause);
			assert_true(t->zh.n > 6 && t->en.n > 6 && utf8_ok(t->zh));
			assert_true(holds(t->zh, row->words) && holds(t->zh, row->clause) && holds(t->en, row->clause));
		}
		if (a.c->troubles.n != wanted)
			fail_msg("%s: %zu troubles for %zu demands", ops[i]->name, a.c->troubles.n, wanted);
	}
	assert_kept(h, &before);
}

static struct node *nested(struct house *h)
{
	struct node *o = node_obj(&h->a);

	put_arr(&h->a, put_obj(&h->a, o, "a"), "b");
	return o;
}

/* One field at a time gets a wrong answer; the trouble must name that field. */
static void assert_refused(struct house *h, const struct op *op, const struct field *f, struct node *value, const char *what)
{
	struct node *in = node_obj(&h->a);
	struct answer a;

	node_set(in, str_of(f->name), value);
	a = ask(h, actor(h, user_of(h, op)), op->name, in, S(""), NULL);
	if (a.err != E_BAD || !trouble_of(&a, f->name))
		fail_msg("%s.%s took %s: %s", op->name, f->name, what, err_name(a.err));
	if (!utf8_ok(text_of(h, &a)))
		fail_msg("%s.%s: the answer to %s is no UTF-8", op->name, f->name, what);
}

static struct node *text(struct house *h, const char *words) { return node_str(&h->a, str_of(words)); }

static void wrong_kinds_are_refused(void **state)
{
	struct house *h = here(state);
	const struct op *ops[100];
	size_t n = filing_ops(h, ops);
	struct kept before = kept(h);

	for (size_t i = 0; i < n; i++)
		for (size_t f = 0; f < ops[i]->in->n; f++) {
			const struct field *row = &ops[i]->in->fields[f];
			bool number = row->kind == KIND_INTEGER || row->kind == KIND_DECIMAL, yes = row->kind == KIND_YES;
			bool many = row->kind == KIND_ITEMS || row->kind == KIND_NAMES || row->kind == KIND_STANDARDS;
			struct node *list = node_arr(&h->a), *numbers = node_arr(&h->a);

			node_add(list, list->first ? NULL : nested(h));
			node_add(numbers, node_int(&h->a, 3));
			assert_refused(h, ops[i], row, nested(h), "an object");
			assert_refused(h, ops[i], row, list, "an array of objects");
			assert_refused(h, ops[i], row, numbers, "an array of numbers");
			if (!number)
				assert_refused(h, ops[i], row, node_int(&h->a, 12), "a number");
			if (!yes)
				assert_refused(h, ops[i], row, node_bool(&h->a, true), "true");
			if (row->need == REQUIRED && !filled_in(ops[i], row)) {
				struct node *null = node_obj(&h->a);

				null->kind = NODE_NULL;
				assert_refused(h, ops[i], row, null, "null");
				assert_refused(h, ops[i], row, text(h, ""), "an empty text");
				assert_refused(h, ops[i], row, text(h, "   "), "blanks");
				if (many)
					assert_refused(h, ops[i], row, node_arr(&h->a), "an empty array");
			}
		}
	assert_kept(h, &before);
}

static void invisible_and_control_characters_are_refused(void **state)
{
	static const char *const bad[] = { "\x01" "1", "1\x7f", "1\xc2\x85", "\xe2\x80\xae" "1", "1\xe2\x80\x8b" "1", "\xe2\x81\xa6" "1", "\xef\xbb\xbf" "1", "1\xff",
		"\xc0\xaf", "1\x1b[0m", "\xed\xa0\x80" };
	struct house *h = here(state);
	const struct op *ops[100];
	size_t n = filing_ops(h, ops);
	struct kept before = kept(h);

	for (size_t i = 0; i < n; i++)
		for (size_t f = 0; f < ops[i]->in->n; f++)
			for (size_t b = 0; b < ROWS(bad); b++) {
				const struct field *row = &ops[i]->in->fields[f];
				struct str good = row->kind == KIND_DATE || row->kind == KIND_TIME ? S("2026-01-05") : row->kind == KIND_YES ? S("true") :
					row->kind == KIND_CONTACT ? S("0513-80000001") : row->kind == KIND_REGION ? S("320623") : S("abcdefghijk");
				struct str half = str_fmt(&h->a, "%.*s%s", STR_ARG(good), bad[b]), other = str_fmt(&h->a, "%s%.*s", bad[b], STR_ARG(good));

				if (row->kind == KIND_ITEMS || row->kind == KIND_CODE)
					continue;          /* codes are opened, not shown: another test */
				assert_refused(h, ops[i], row, node_str(&h->a, half), str_fmt(&h->a, "character %zu behind", b).p);
				assert_refused(h, ops[i], row, node_str(&h->a, other), str_fmt(&h->a, "character %zu before", b).p);
			}
	assert_kept(h, &before);
}

static void text_over_its_length_is_refused(void **state)
{
	struct house *h = here(state);
	const struct op *ops[100];
	size_t n = filing_ops(h, ops);
	struct kept before = kept(h);

	for (size_t i = 0; i < n; i++)
		for (size_t f = 0; f < ops[i]->in->n; f++) {
			const struct field *row = &ops[i]->in->fields[f];
			size_t max = row->max ? row->max : kind_row(row->kind)->max;
			struct buf b = buf_in(&h->a, 4096);

			if (row->kind == KIND_FILE || row->kind == KIND_ITEMS || row->kind == KIND_NAMES || row->kind == KIND_STANDARDS)
				max = 300;
			for (size_t k = 0; k <= max; k++)
				buf_z(&b, "长");
			assert_refused(h, ops[i], row, node_str(&h->a, buf_str(&b)), "an over-long text");
		}
	assert_kept(h, &before);
}

static void twenty_megabytes_are_refused(void **state)
{
	struct house *h = here(state);
	struct buf b = buf_in(&h->a, 20 << 20);
	struct kept before = kept(h);
	const struct op *op = op_find(h->k, S("product.create"));

	while (b.n < 20 << 20)
		buf_z(&b, "一二三四五六七八九十一二三四五六七八九十一二三四五六七八九十一二三四五六七八九十一二三四五六七八九十一二三四五六七八九十");
	for (size_t f = 0; f < op->in->n; f += 4)
		assert_refused(h, op, &op->in->fields[f], node_str(&h->a, buf_str(&b)), "20 MB");
	assert_refused(h, op_find(h->k, S("sale.create")), type_field(op_find(h->k, S("sale.create"))->in, S("items"), NULL), node_str(&h->a, buf_str(&b)), "20 MB");
	assert_kept(h, &before);
}

static void not_applicable_is_no_answer_where_the_policy_demands_one(void **state)
{
	struct house *h = here(state);
	const struct op *ops[100];
	size_t n = filing_ops(h, ops);
	struct kept before = kept(h);

	for (size_t i = 0; i < n; i++)
		for (size_t f = 0; f < ops[i]->in->n; f++) {
			const struct field *row = &ops[i]->in->fields[f];
			struct answer a;

			if (row->need == IF_APPLICABLE) {
				a = call(h, user_of(h, ops[i]), ops[i]->name, row->name, NOT_APPLICABLE, NULL);
				assert_null(trouble_of(&a, row->name));
			} else if (row->need != OPTIONAL) {
				assert_refused(h, ops[i], row, text(h, NOT_APPLICABLE), NOT_APPLICABLE);
			}
		}
	assert_kept(h, &before);
}

/* 附1: every unit whose row says licence or ccc needs the number; the unit outside the list may answer 不涉及. */
static void a_listed_unit_cannot_answer_not_applicable_for_its_permit(void **state)
{
	struct house *h = here(state);
	struct answer list = call_ok(h, ANYBODY, "list.get", "list", "product_unit", NULL);
	size_t listed = 0;

	for (const struct node *x = node_get(list.out, "items")->first; x; x = x->next) {
		struct answer a = call(h, MAKER, "product.create", "product_type", z(h, node_text(x, "key")), "licence_or_ccc_certificate_no", NOT_APPLICABLE, NULL);
		bool needs = node_text(x, "facts").n > 0;

		assert_true(needs == (trouble_of(&a, "licence_or_ccc_certificate_no") != NULL));
		listed += needs;
	}
	assert_int_equal(listed, 31);
}

static void unknown_fields_are_refused(void **state)
{
	static const char *const names[] = { "productname", "party", "id", "constructor", "__proto__", "产品名称", "Product_Name", "record", "root" };
	struct house *h = here(state);
	const struct op *ops[100];
	size_t n = filing_ops(h, ops);
	struct kept before = kept(h);

	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < ROWS(names); k++) {
			struct answer a = call(h, user_of(h, ops[i]), ops[i]->name, names[k], "1", NULL);

			if (type_field(ops[i]->in, str_of(names[k]), NULL))
				continue;
			assert_int_equal(a.err, E_BAD);
			assert_non_null(trouble_of(&a, names[k]));
		}
	assert_kept(h, &before);
}

/* 二（四）: a choice that cannot be read must not be taken for the other choice. */
static void a_choice_of_publicity_that_cannot_be_read_is_refused(void **state)
{
	static const char *const members[] = { "open", "withhold", "corrects" };
	struct house *h = here(state);

	for (size_t m = 0; m < ROWS(members); m++)
		for (int kind = 0; kind < 4; kind++) {
			struct node *in = node_obj(&h->a), *list = node_arr(&h->a);
			struct answer a;

			node_add(list, text(h, "no_such_field"));
			node_set(in, str_of(members[m]), kind == 0 ? node_int(&h->a, 1) : kind == 1 ? node_bool(&h->a, true) : kind == 2 ? nested(h) : list);
			a = ask(h, actor(h, MAKER), "sale.create", in, S(""), NULL);
			assert_int_equal(a.err, E_BAD);
			if (!trouble_of(&a, members[m]))
				fail_msg("%s, kind %d, is silently passed over", members[m], kind);
		}
}

static void a_trouble_never_cuts_a_character(void **state)
{
	struct house *h = here(state);

	for (size_t pad = 0; pad < 4; pad++) {
		struct buf b = buf_in(&h->a, 200);
		struct answer a;

		for (size_t i = 0; i < pad; i++)
			buf_char(&b, 'x');
		for (size_t i = 0; i < 40; i++)
			buf_z(&b, "码");
		a = call(h, MAKER, "sale.create", "buyer_name", "某公司", "buyer_address", "某地", "buyer_contact", "x", "items", z(h, buf_str(&b)), NULL);
		assert_int_equal(a.err, E_BAD);
		assert_non_null(trouble_of(&a, "items"));
		assert_true(utf8_ok(text_of(h, &a)));
	}
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(nothing_filled_names_every_demand_at_once_with_its_clause),
	cmocka_unit_test(wrong_kinds_are_refused),
	cmocka_unit_test(invisible_and_control_characters_are_refused),
	cmocka_unit_test(text_over_its_length_is_refused),
	cmocka_unit_test(twenty_megabytes_are_refused),
	cmocka_unit_test(not_applicable_is_no_answer_where_the_policy_demands_one),
	cmocka_unit_test(a_listed_unit_cannot_answer_not_applicable_for_its_permit),
	cmocka_unit_test(unknown_fields_are_refused),
	cmocka_unit_test(a_choice_of_publicity_that_cannot_be_read_is_refused),
	cmocka_unit_test(a_trouble_never_cuts_a_character),
};

int main(void) { return RUN_BOTH("fields", tests, NULL); }
