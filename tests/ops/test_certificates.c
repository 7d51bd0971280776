/* tests/ops/test_certificates.c - 附3-四: numbers are compared with what lists say, before entry and at each scan; look-ups are jobs. */
#include <unistd.h>

#include "mod/trace/trace.h"
#include "tests/ops/harness.h"

#define LIST "全国认证认可信息公共服务平台"

static const char *a_number(struct house *h, int kind, int n)
{
	return kind ? str_fmt(&h->a, "202201160%07d", n).p : str_fmt(&h->a, "(苏)XK05-005-%05d", n).p;
}

/* state "", from "", to "", holder "": left out. */
static struct answer say_so(struct house *h, const char *number, const char *state, const char *as_of, const char *from, const char *to, const char *holder)
{
	struct node *in = in_of(h, "number", number, "listed_state", state, "source", LIST, "as_of", as_of, NULL);

	if (*from)
		put_z(&h->a, in, "valid_from", from);
	if (*to)
		put_z(&h->a, in, "valid_to", to);
	if (*holder)
		put_z(&h->a, in, "holder_uscc", holder);
	return ask(h, actor(h, OPERATOR), "certificate.create", in, S(""), NULL);
}

static void list_says(struct house *h, const char *number, const char *state, const char *as_of)
{
	struct answer a = say_so(h, number, state, as_of, "", "", "");

	if (a.err)
		fail_msg("%s %s: %s", number, state, z(h, text_of(h, &a)));
}

static struct node *product_in(struct house *h, const char *number)
{
	bool ccc = is_digit(number[0]);

	return in_of(h, "product_name", ccc ? "家用燃气灶" : "钢丝绳", "product_type", ccc ? "outside" : "steel_wire_ropes_01", "specification_model", "X-1", "warranty_period",
	             "不涉及", "mandatory_national_standard", NO_MANDATORY_STANDARD, "standard_applied", "GB/T 20118-2017", "licence_or_ccc_certificate_no", number,
	             "manual_or_warning", "不涉及", ccc ? "outside_ground" : NULL, "ccc", NULL);
}

static struct answer file_product(struct house *h, enum who w, const char *number) { return ask(h, actor(h, w), "product.create", product_in(h, number), S(""), NULL); }

static const char *check_word(struct house *h, const struct node *product, const char *name) { return z(h, node_text(node_get(product, "permit_check"), name)); }

static struct str sold_code(struct house *h, struct str product)
{
	struct str pack = new_pack(h, MAKER, new_batch(h, MAKER, product, "C-1"), "3", NULL), code = nth_code(h, MAKER, pack, 1);

	call_ok(h, MAKER, "sale.create", "buyer_kind", "consumer", "sale_time", "2026-11-10", "items", z(h, pack), NULL);
	return code;
}

static const struct node *scanned(struct house *h, struct str code)
{
	struct answer a = call_ok(h, ANYBODY, "scan", "code", z(h, code), NULL);

	assert_false(holds(text_of(h, &a), "正品"));
	return node_get(a.out, "product");
}

/* What is not in force stands at the top as well. */
static bool warned(struct house *h, struct str code)
{
	struct answer a = call_ok(h, ANYBODY, "scan", "code", z(h, code), NULL);

	return node_get(a.out, "warnings") && holds(json_str(&h->a, node_get(a.out, "warnings")), "截至 2026-11");
}

static const char *scan_state(struct house *h, struct str code) { return check_word(h, scanned(h, code), "state"); }

/* ---- every state, before entry and afterwards ---- */

static const struct { const char *state, *from, *to, *zh; bool good; } rows[] = {
	{ "valid",     "",           "",           "有效",   true },
	{ "valid",     "2020-01-01", "2026-11-20", "有效",   true },         /* its last day, the home's today */
	{ "valid",     "2026-11-20", "",           "有效",   true },
	{ "valid",     "2026-11-21", "",           "尚未生效", false },
	{ "valid",     "",           "2026-11-19", "已过有效期", false },
	{ "suspended", "",           "",           "暂停",   false },
	{ "withdrawn", "",           "",           "撤销",   false },
	{ "cancelled", "",           "2030-01-01", "注销",   false },
	{ "expired",   "",           "2030-01-01", "已过有效期", false },
};

static void what_the_list_says_decides_before_entry(void **state)
{
	struct house *h = here(state);

	for (int kind = 0; kind < 2; kind++)
		for (size_t i = 0; i < ROWS(rows); i++) {
			const char *number = a_number(h, kind, 100 + (int)i);
			struct answer a = say_so(h, number, rows[i].state, "2026-11-18", rows[i].from, rows[i].to, "");
			const struct trouble *t;

			assert_int_equal(a.err, OK);
			a = file_product(h, MAKER, number);
			if (rows[i].good) {
				assert_int_equal(a.err, OK);
				assert_string_equal(check_word(h, a.out, "state"), "listed_valid");
				continue;
			}
			assert_int_equal(a.err, E_BAD);
			t = trouble_of(&a, "licence_or_ccc_certificate_no");
			assert_non_null(t);
			assert_string_equal(t->clause, kind ? "附3-四" : "附2-1-2-9");
			assert_true(holds(t->zh, rows[i].zh) && holds(t->zh, LIST) && holds(t->zh, "2026-11-18") && holds(t->zh, number));
			assert_true(holds(t->en, "listed") && holds(t->en, "2026-11-18") && holds(t->en, number));
		}
}

static void a_number_no_list_names_is_neither_good_nor_bad(void **state)
{
	struct house *h = here(state);
	struct answer a = file_product(h, MAKER, a_number(h, 1, 1));
	struct str code;
	const struct node *p;

	assert_int_equal(a.err, OK);
	assert_string_equal(check_word(h, a.out, "state"), "not_listed");
	assert_true(holds(text_of(h, &a), "未在已导入的名录中，尚未核对"));
	code = sold_code(h, answer_id(h, &a));
	p = scanned(h, code);
	assert_string_equal(check_word(h, p, "state"), "not_listed");
	assert_string_equal(check_word(h, p, "source"), "");
	assert_string_equal(check_word(h, p, "checked_at"), "2026-11-20");
}

static void a_certificate_withdrawn_after_filing_shows_at_the_next_scan(void **state)
{
	struct house *h = here(state);
	const char *number = a_number(h, 1, 2), *other = a_number(h, 1, 3);
	struct str code, code2;
	struct answer a;
	const struct node *p;

	list_says(h, number, "valid", "2026-11-01");
	a = file_product(h, MAKER, number);
	code = sold_code(h, answer_id(h, &a));
	a = file_product(h, MAKER, other);
	code2 = sold_code(h, answer_id(h, &a));
	for (size_t i = 0; i < ROWS(rows); i++) {
		assert_int_equal(say_so(h, number, rows[i].state, "2026-11-02", rows[i].from, rows[i].to, "").err, OK);      /* the same day: by log order */
		p = scanned(h, code);
		assert_string_equal(check_word(h, p, "state"), rows[i].good ? "listed_valid" : "listed_invalid");
		assert_string_equal(check_word(h, p, "listed_state"), rows[i].state);
		assert_true(holds(node_text(node_get(p, "permit_check"), "state_zh"), rows[i].zh));
		assert_string_equal(check_word(h, p, "source"), LIST);
		assert_string_equal(check_word(h, p, "as_of"), "2026-11-02");
		assert_string_equal(scan_state(h, code2), "not_listed");
		assert_true(warned(h, code) == !rows[i].good && !warned(h, code2));
	}
}

static struct answer quick(struct house *h, struct str code)
{
	struct call *c = TAKE(&h->a, struct call, 1);

	*c = (struct call){ .k = h->k, .op = op_find(h->k, S("scan")), .who = &nobody, .arena = &h->a, .now = h->now };
	c->err = op_memory(c, code);
	return (struct answer){ c->err, c, NULL };
}

static bool quick_holds(struct house *h, struct str code, const char *words)
{
	struct answer a = quick(h, code);

	assert_int_equal(a.err, OK);
	return holds(a.c->bytes, words);
}

static void pages_in_memory_go_with_a_statement_and_with_the_day(void **state)
{
	struct house *h = here(state);
	const char *number = a_number(h, 0, 4);
	int64_t before = h->now;
	struct str code;
	struct answer a;

	assert_int_equal(say_so(h, number, "valid", "2026-11-01", "", "2026-11-21", "").err, OK);
	a = file_product(h, MAKER, number);
	code = sold_code(h, answer_id(h, &a));
	assert_true(quick_holds(h, code, "listed_valid") && quick_holds(h, code, "listed_valid"));
	h->now += 2 * DAY_MS;                                                       /* nothing was filed; its term is over */
	assert_true(quick_holds(h, code, "listed_invalid"));
	h->now = before + 10000;
	assert_true(quick_holds(h, code, "listed_valid"));
	list_says(h, number, "suspended", "2026-11-02");
	assert_true(quick_holds(h, code, "listed_invalid") && quick_holds(h, code, "暂停"));
	list_says(h, number, "valid", "2026-11-03");
	assert_true(quick_holds(h, code, "listed_valid"));
}

static void the_newest_list_counts_whenever_it_is_imported(void **state)
{
	struct house *h = here(state);
	const char *number = a_number(h, 1, 5);

	list_says(h, number, "withdrawn", "2026-11-10");
	list_says(h, number, "valid", "2026-10-01");                                /* an older list, imported later */
	assert_int_equal(file_product(h, MAKER, number).err, E_BAD);
	list_says(h, number, "valid", "2026-11-10");
	assert_int_equal(file_product(h, MAKER, number).err, OK);
	assert_int_equal(say_so(h, number, "valid", "2026-11-22", "", "", "").err, E_BAD);       /* no list is true of tomorrow */
	assert_int_equal(call(h, OPERATOR, "certificate.create", "number", number, "kind", "licence", "listed_state", "valid", "source", LIST, "as_of", "2026-11-10",
	                      NULL).err, E_BAD);
	assert_int_equal(say_so(h, number, "valid", "2026-11-11", "2026-01-02", "2026-01-01", "").err, E_BAD);
	assert_int_equal(call(h, MAKER, "certificate.create", "number", number, "listed_state", "valid", "source", LIST, "as_of", "2026-11-11", NULL).err, E_DENIED);
}

static void the_holder_is_the_filer_or_named(void **state)
{
	struct house *h = here(state);
	const char *number = a_number(h, 1, 6);
	struct str maker = h->uscc[MAKER], maker2 = h->uscc[MAKER2], seller = h->uscc[SELLER], code;
	struct node *in;
	struct answer a;

	assert_int_equal(say_so(h, number, "valid", "2026-11-01", "", "", z(h, maker2)).err, OK);
	assert_int_equal(file_product(h, MAKER2, number).err, OK);
	a = file_product(h, MAKER, number);
	assert_int_equal(a.err, E_BAD);
	assert_true(holds(trouble_of(&a, "licence_or_ccc_certificate_no")->zh, "持有人"));
	in = product_in(h, number);
	put_str(&h->a, in, "licence_holder_uscc", seller);
	assert_int_equal(ask(h, actor(h, MAKER), "product.create", in, S(""), NULL).err, E_BAD);
	in = product_in(h, number);
	put_str(&h->a, in, "licence_holder_uscc", maker2);                          /* entrusted */
	a = ask(h, actor(h, MAKER), "product.create", in, S(""), NULL);
	assert_int_equal(a.err, OK);
	code = sold_code(h, answer_id(h, &a));
	assert_string_equal(scan_state(h, code), "listed_valid");
	assert_int_equal(say_so(h, number, "valid", "2026-11-02", "", "", z(h, maker)).err, OK);      /* it passed to the filer: the product still names another */
	assert_string_equal(scan_state(h, code), "listed_invalid");
	assert_true(holds(node_text(node_get(scanned(h, code), "permit_check"), "state_zh"), "持有人"));
	list_says(h, number, "valid", "2026-11-03");                                /* a list without holders contradicts nobody */
	assert_string_equal(scan_state(h, code), "listed_valid");
}

static void a_correction_is_compared_like_a_first_filing(void **state)
{
	struct house *h = here(state);
	const char *number = a_number(h, 1, 7);
	struct answer a = file_product(h, MAKER, number);
	struct node *in = product_in(h, number);

	put_str(&h->a, in, "corrects", answer_id(h, &a));
	list_says(h, number, "cancelled", "2026-11-01");
	assert_int_equal(ask(h, actor(h, MAKER), "product.create", in, S(""), NULL).err, E_BAD);
	in = product_in(h, a_number(h, 1, 8));
	put_str(&h->a, in, "corrects", answer_id(h, &a));
	assert_int_equal(ask(h, actor(h, MAKER), "product.create", in, S(""), NULL).err, OK);
}

static void makers_are_told_once_when_their_number_falls(void **state)
{
	struct house *h = here(state);
	const char *number = a_number(h, 1, 9);
	const char *count = str_fmt(&h->a, "SELECT COUNT(*) FROM notice WHERE what = 'permit' AND zh LIKE '%%%s%%'", number).p;
	struct answer a;

	for (int i = 0; i < 60; i++)                                                 /* more than one page of products */
		assert_int_equal(file_product(h, MAKER, number).err, OK);
	assert_int_equal(file_product(h, MAKER2, number).err, OK);
	list_says(h, number, "valid", "2026-11-01");
	assert_int_equal(raw_number(h, count), 0);
	list_says(h, number, "suspended", "2026-11-02");
	assert_int_equal(raw_number(h, count), 2);
	list_says(h, number, "suspended", "2026-11-03");                            /* nothing new */
	list_says(h, number, "withdrawn", "2026-10-01");                            /* an old list */
	assert_int_equal(raw_number(h, count), 2);
	list_says(h, number, "withdrawn", "2026-11-04");
	assert_int_equal(raw_number(h, count), 4);
	a = call_ok(h, MAKER, "notice.list", NULL);
	assert_true(holds(text_of(h, &a), number) && holds(text_of(h, &a), LIST));
}

/* ---- a list in bulk ---- */

static struct answer look(struct house *h, enum who w, struct str id) { return job_ended(h, w, "load.get", id); }

static void a_whole_list_is_imported_by_operator_or_officer(void **state)
{
	struct house *h = here(state);
	static const enum who by[] = { OPERATOR, OFFICER };

	for (size_t w = 0; w < ROWS(by); w++) {
		struct buf b = buf_in(&h->a, 8000);
		struct str id;
		struct answer a;

		buf_z(&b, "证书或许可证编号,名录中的状态,持有人,有效期至\r\n");
		for (int i = 0; i < 300; i++)
			buf_fmt(&b, "%s,%s,某公司,2030-01-01\r\n", a_number(h, i % 2, 1000 + 1000 * (int)w + i), i % 3 ? "有效" : "撤销");
		buf_z(&b, "不是编号,有效,,\r\n");
		a = ask(h, actor(h, by[w]), "load.create", in_of(h, "what", "certificate", "name", "名录.csv", "fixed", "source=" LIST "\nas_of=2026-11-15", NULL), buf_str(&b), NULL);
		if (a.err)
			fail_msg("%s", z(h, text_of(h, &a)));
		id = str_copy(&h->a, node_text(a.out, "id"));
		a = look(h, by[w], id);
		if (node_number(a.out, "good", -1) != 300 || node_number(a.out, "bad", -1) != 1)
			fail_msg("%s", z(h, text_of(h, &a)));
		call_ok(h, by[w], "load.file", "id", z(h, id), "choice", "good", NULL);
		assert_int_equal(node_number(look(h, by[w], id).out, "filed", -1), 300);
		assert_int_equal(file_product(h, MAKER, a_number(h, 1, 1000 + 1000 * (int)w + 1)).err, OK);
		assert_int_equal(file_product(h, MAKER, a_number(h, 1, 1000 + 1000 * (int)w + 3)).err, E_BAD);
	}
	assert_int_equal(call(h, MAKER, "load.create", "what", "certificate", NULL).err, E_DENIED);
	assert_true(call_ok(h, MAKER, "certificate.list", NULL).c->out->n > 0);
	assert_int_equal(node_get(call_ok(h, OFFICER2, "certificate.list", NULL).out, "items")->n, 50);
	assert_int_equal(node_get(call_ok(h, SELLER, "certificate.list", "field", "number", "value", a_number(h, 1, 1001), NULL).out, "items")->n, 1);
}

/* ---- marks and the QR beside them ---- */

static void the_qr_beside_the_mark_opens_the_item_and_names_its_certificate(void **state)
{
	struct house *h = here(state);
	const char *number = a_number(h, 1, 20), *qr = "https://ccc.example.cn/q?c=8Fk2";
	struct node *in = product_in(h, number);
	struct answer a;
	struct str code;

	list_says(h, number, "valid", "2026-11-01");
	put_z(&h->a, in, "ccc_mark_no", "E 000-123.45");
	a = ask(h, actor(h, MAKER), "product.create", in, S(""), NULL);
	assert_int_equal(a.err, OK);
	code = sold_code(h, answer_id(h, &a));
	call_ok(h, MAKER, "alias.create", "items", z(h, code), "codes", str_fmt(&h->a, "%s\nLOT-PLATE-1", qr).p, "scheme", "ccc_code", NULL);
	call_ok(h, MAKER, "alias.create", "items", z(h, code), "codes", "OTHER-1", "scheme", "other_existing_code", NULL);
	a = call_ok(h, ANYBODY, "scan", "code", qr, NULL);
	assert_string_equal(check_word(h, node_get(a.out, "product"), "state"), "listed_valid");
	assert_string_equal(z(h, node_text(node_get(a.out, "product"), "ccc_mark_no")), "E 000-123.45");
	for (const struct node *x = node_get(a.out, "codes")->first; x; x = x->next)
		assert_string_equal(z(h, node_text(x, "certificate")), str_is(node_text(x, "scheme"), "ccc_code") ? number : "");
	assert_true(holds(text_of(h, &a), z(h, code)));
	list_says(h, number, "withdrawn", "2026-11-02");
	assert_string_equal(scan_state(h, str_of(qr)), "listed_invalid");
	in = product_in(h, a_number(h, 1, 21));
	put_z(&h->a, in, "ccc_mark_no", "编号一");
	assert_non_null(trouble_of(&(struct answer){ E_BAD, ask(h, actor(h, MAKER), "product.create", in, S(""), NULL).c, NULL }, "ccc_mark_no"));
}

/* ---- settings of the home ---- */

static void set(struct house *h, const char *with)
{
	struct str path = str_fmt(&h->a, "%s/suyuan.json", h->dir), text;

	house_shut(h);
	assert_int_equal(file_read(&h->a, path.p, 65536, &text), OK);
	text = str_sub(text, 0, str_find(text, '}'));
	assert_int_equal(file_write(path.p, str_fmt(&h->a, "%.*s,%s}\n", STR_ARG(text), with), 0600), OK);
	house_open(h);
}

static void a_home_may_take_listed_numbers_only(void **state)
{
	struct house *h = here(state);
	const char *number = a_number(h, 1, 30);
	struct answer a;

	assert_int_equal(call(h, OPERATOR, "certificate.lookup", "number", number, NULL).err, E_STATE);      /* no service is configured */
	set(h, "\"certificates\":\"listed_only\",\"certificate_lookup\":[{\"kind\":\"ccc\",\"url\":\"https://list.example/q?no={number}\",\"source\":\"S\"}]");
	a = file_product(h, MAKER, number);
	assert_int_equal(a.err, E_BAD);
	assert_true(holds(trouble_of(&a, "licence_or_ccc_certificate_no")->zh, "只接受名录中的编号"));
	list_says(h, number, "valid", "2026-11-01");
	assert_int_equal(file_product(h, MAKER, number).err, OK);
	call_ok(h, OPERATOR, "certificate.lookup", "number", number, NULL);          /* nobody lent this house a way to ask: put off, nothing lost */
	a = call_ok(h, OPERATOR, "certificate.lookups", NULL);
	assert_true(holds(text_of(h, &a), number));
	assert_int_equal(call(h, OPERATOR, "certificate.lookup", "number", a_number(h, 0, 30), NULL).err, E_STATE);
	assert_int_equal(call(h, MAKER, "certificate.lookup", "number", number, NULL).err, E_DENIED);
}

static void a_rebuild_gives_the_same_rows(void **state)
{
	struct house *h = here(state);
	static const char *const tables[] = { "permit", "p_certificate", "p_product", "code_mark", "code_text", "pack" };
	struct str before, after;
	struct arena a;

	assert_true(raw_number(h, "SELECT COUNT(*) FROM permit") > 500);
	before = dump_tables(h, tables, ROWS(tables));
	house_shut(h);
	house_open(h);
	arena_init(&a, 64 << 20, NULL);
	assert_int_equal(kernel_rebuild(h->k, &a, NULL, NULL), OK);
	arena_end(&a);
	after = dump_tables(h, tables, ROWS(tables));
	assert_true(str_eq(before, after));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_the_list_says_decides_before_entry),
		cmocka_unit_test(a_number_no_list_names_is_neither_good_nor_bad),
		cmocka_unit_test(a_certificate_withdrawn_after_filing_shows_at_the_next_scan),
		cmocka_unit_test(pages_in_memory_go_with_a_statement_and_with_the_day),
		cmocka_unit_test(the_newest_list_counts_whenever_it_is_imported),
		cmocka_unit_test(the_holder_is_the_filer_or_named),
		cmocka_unit_test(a_correction_is_compared_like_a_first_filing),
		cmocka_unit_test(makers_are_told_once_when_their_number_falls),
		cmocka_unit_test(a_whole_list_is_imported_by_operator_or_officer),
		cmocka_unit_test(the_qr_beside_the_mark_opens_the_item_and_names_its_certificate),
		cmocka_unit_test(a_home_may_take_listed_numbers_only),
		cmocka_unit_test(a_rebuild_gives_the_same_rows),
	};

	return RUN_BOTH("certificates", tests, NULL);
}
