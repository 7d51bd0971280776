/* tests/ops/test_foreign.c - 二（三）, 附3: codes of other schemes stand for the same goods, in every spelling; nothing about them lies in clear. */
#include "mod/trace/trace.h"
#include "tests/ops/harness.h"

static struct str some_batch(struct house *h, enum who w) { return new_batch(h, w, new_product(h, w, "钢丝绳"), "F-1"); }

static const char *said(struct house *h, const char *code)
{
	struct answer a = call(h, ANYBODY, "scan", "code", code, NULL);

	return a.err ? err_name(a.err) : z(h, node_text(a.out, "verdict"));
}

static struct str load(struct house *h, struct str batch, const char *scheme, const char *codes)
{
	struct answer a = call_ok(h, MAKER, "pack.create", "grain", "item", "batch", z(h, batch), "scheme", scheme, "codes", codes, NULL);

	return answer_id(h, &a);
}

static const char *range(struct house *h, struct str pack, const char *of) { return str_fmt(&h->a, "%.*s:%s", STR_ARG(pack), of).p; }

static void sell_all(struct house *h, struct str pack)
{
	call_ok(h, MAKER, "sale.create", "buyer_kind", "consumer", "sale_time", "2026-11-10", "items", z(h, pack), NULL);
}

static void every_spelling_of_a_code_is_the_same_item(void **state)
{
	struct house *h = here(state);
	static const struct { const char *kept, *asked; } rows[] = {
		{ "(01)06901234567892(21)A1", "https://id.gs1.org/01/06901234567892/21/A1" },
		{ "https://shop.example/01/06901234567892/10/LOT7/21/A2?17=271231", "(01)06901234567892(21)A2" },
		{ "urn:epc:id:sgtin:6901234.056789.A3", "010690123456789221A3" },
		{ "1009647007264657137080782", "https://www.iotroot.com/E=1009647007264657137080782" },
		{ "MA.156.1003.1629/73.10000000.6/", "MA.156.1003.1629/73.10000000.6/" },
		{ "厂内编号-0001；甲,乙", "厂内编号-0001；甲,乙" },
		{ "HTTPS://QR.EXAMPLE.CN/p?x=1", "https://qr.example.cn/p?x=1" },
	};
	struct buf b = buf_in(&h->a, 1000);
	struct str pack;

	for (size_t i = 0; i < ROWS(rows); i++)
		buf_fmt(&b, "%s\n", rows[i].kept);
	assert_string_equal(said(h, rows[0].asked), "unknown");
	pack = load(h, some_batch(h, MAKER), "other_existing_code", z(h, buf_str(&b)));
	assert_string_equal(said(h, rows[0].asked), "not_sold");
	sell_all(h, pack);
	for (size_t i = 0; i < ROWS(rows); i++) {
		const char *got = said(h, rows[i].asked);

		if (strcmp(got, i ? "valid_first" : "valid_again") != 0)      /* the first was looked at above */
			fail_msg("%s as %s: %s", rows[i].kept, rows[i].asked, got);
		assert_string_equal(said(h, rows[i].kept), "valid_again");
	}
	assert_string_equal(said(h, "(01)06901234567892(21)A9"), "unknown");
}

static void codes_are_named_by_their_place_when_they_are_refused(void **state)
{
	struct house *h = here(state);
	struct str batch = some_batch(h, MAKER);
	struct answer a = call(h, MAKER, "pack.create", "grain", "item", "batch", z(h, batch), "codes", "X-0001\nX-0002\nX-0001", NULL);

	assert_int_equal(a.err, E_BAD);
	assert_int_equal(trouble_of(&a, "codes")->at, 3);
	load(h, batch, "other_existing_code", "X-0001\nX-0002");
	a = call(h, MAKER2, "pack.create", "grain", "item", "batch", z(h, some_batch(h, MAKER2)), "codes", "X-0009\nX-0002", NULL);
	assert_int_equal(a.err, E_BAD);
	assert_int_equal(trouble_of(&a, "codes")->at, 2);
	assert_true(holds(trouble_of(&a, "codes")->zh, "X-0002") && holds(trouble_of(&a, "codes")->zh, "已登记"));
	assert_string_equal(said(h, "X-0009"), "forged");                    /* nothing of a refused list is there */
	assert_int_equal(call(h, MAKER, "pack.create", "grain", "item", "batch", z(h, batch), "codes", "Y-0001", "count", "2", NULL).err, E_BAD);
	assert_int_equal(call(h, SELLER, "pack.create", "grain", "item", "codes", "Y-0001", NULL).err, E_BAD);
	assert_int_equal(call(h, MAKER, "pack.create", "grain", "item", "batch", z(h, batch), "codes", "ab", NULL).err, E_BAD);
	a = call(h, MAKER, "pack.create", "grain", "item", "batch", z(h, batch), "scheme", "gs1_barcode", "codes", "(01)06901234567892(21)Z1\nno GTIN", NULL);
	assert_int_equal(a.err, E_BAD);
	assert_int_equal(trouble_of(&a, "codes")->at, 2);
	assert_true(holds(trouble_of(&a, "codes")->zh, "商品条码"));
}

static void a_code_of_twenty_letters_like_ours_is_no_forgery_when_registered(void **state)
{
	struct house *h = here(state);
	struct str pack;

	assert_string_equal(said(h, "ABCD0123456789ABCDEF"), "forged");
	pack = load(h, some_batch(h, MAKER), "other_existing_code", "ABCD0123456789ABCDEF");
	sell_all(h, pack);
	assert_string_equal(said(h, "ABCD0123456789ABCDEF"), "valid_first");
	assert_string_equal(said(h, "ABCD0123456789ABCDEG"), "forged");
	house_shut(h);
	house_open(h);
	assert_string_equal(said(h, "ABCD0123456789ABCDEF"), "valid_again");
}

static void one_item_carries_several_codes_and_each_is_shown(void **state)
{
	struct house *h = here(state);
	struct str pack = new_pack(h, MAKER, some_batch(h, MAKER), "5", NULL), second = nth_code(h, MAKER, pack, 1), third = nth_code(h, MAKER, pack, 2), alias;
	struct answer a = call_ok(h, MAKER, "alias.create", "items", str_fmt(&h->a, "%.*s\n%.*s", STR_ARG(third), STR_ARG(second)).p, "codes", "CCC-QR-3\nCCC-QR-2",
	                          "scheme", "ccc_code", NULL);

	alias = answer_id(h, &a);
	sell_all(h, pack);
	a = call_ok(h, ANYBODY, "scan", "code", "CCC-QR-2", NULL);
	assert_true(holds(text_of(h, &a), z(h, second)));
	assert_false(holds(text_of(h, &a), "CCC-QR-3"));
	a = call_ok(h, ANYBODY, "scan", "code", z(h, third), NULL);
	assert_true(holds(text_of(h, &a), "CCC-QR-3"));
	assert_string_equal(said(h, "CCC-QR-3"), "valid_again");              /* looks count for the item, whatever was scanned */
	call_ok(h, MAKER, "alias.create", "items", z(h, third), "codes", "one-more-1\none-more-2", "scheme", "other_existing_code", NULL);
	a = call_ok(h, ANYBODY, "scan", "code", "one-more-2", NULL);
	assert_true(holds(text_of(h, &a), "one-more-1") && holds(text_of(h, &a), "CCC-QR-3") && holds(text_of(h, &a), z(h, third)));
	assert_int_equal(call(h, MAKER2, "alias.create", "items", z(h, third), "codes", "squat-1", "scheme", "other_existing_code", NULL).err, E_BAD);
	assert_int_equal(call(h, MAKER, "alias.create", "items", range(h, pack, "0-2"), "codes", "two-1\ntwo-2", "scheme", "other_existing_code", NULL).err, E_BAD);
	call_ok(h, MAKER, "alias.create", "items", z(h, second), "codes", "CCC-QR-2B", "scheme", "ccc_code", "corrects", z(h, alias), NULL);
	assert_string_equal(said(h, "CCC-QR-2B"), "valid_again");
	assert_string_equal(said(h, "CCC-QR-3"), "forged");
	a = call_ok(h, ANYBODY, "scan", "code", z(h, third), NULL);
	assert_false(holds(text_of(h, &a), "CCC-QR-3"));
}

static void a_shared_barcode_names_product_or_batch(void **state)
{
	struct house *h = here(state);
	struct str product = new_product(h, MAKER, "钢丝绳"), batch = new_batch(h, MAKER, product, "F-2");
	struct answer a;

	call_ok(h, MAKER, "pack.create", "grain", "product", "product", z(h, product), "scheme", "gs1_barcode", "codes", "6901234567892", NULL);
	call_ok(h, MAKER, "pack.create", "grain", "batch", "batch", z(h, batch), "scheme", "gs1_barcode", "codes", "(01)06901234567892(10)F-2", NULL);
	a = call_ok(h, ANYBODY, "scan", "code", "6901234567892", NULL);
	assert_string_equal(z(h, node_text(a.out, "verdict")), "class_code");
	assert_string_equal(z(h, node_text(a.out, "grain")), "product");
	a = call_ok(h, ANYBODY, "scan", "code", "https://example.org/01/06901234567892", NULL);
	assert_string_equal(z(h, node_text(a.out, "grain")), "product");
	a = call_ok(h, ANYBODY, "scan", "code", "https://example.org/01/06901234567892/10/F-2", NULL);
	assert_string_equal(z(h, node_text(a.out, "grain")), "batch");
	assert_true(holds(text_of(h, &a), "F-2"));
}

static void our_code_may_be_the_serial_of_the_product_s_own_barcode_only(void **state)
{
	struct house *h = here(state);
	struct answer a = call_ok(h, MAKER, "product.create", "product_name", "绳", "product_type", "steel_wire_ropes_01", "specification_model", "6×36", "warranty_period",
	                          "不涉及", "mandatory_national_standard", NO_MANDATORY_STANDARD, "standard_applied", "GB/T 20118-2017", "licence_or_ccc_certificate_no",
	                          "(苏)XK05-005-00001", "manual_or_warning", "不涉及", "gtin", "6901234567892", NULL);
	struct str batch = new_batch(h, MAKER, answer_id(h, &a), "F-3"), pack = new_pack(h, MAKER, batch, "3", NULL), code = nth_code(h, MAKER, pack, 1);

	sell_all(h, pack);
	assert_string_equal(said(h, str_fmt(&h->a, "https://example.org/01/06901234567892/21/%.*s", STR_ARG(code)).p), "valid_first");
	assert_string_equal(said(h, str_fmt(&h->a, "(01)06901234567892(21)%.*s", STR_ARG(code)).p), "valid_again");
	assert_string_equal(said(h, str_fmt(&h->a, "(01)06975602402061(21)%.*s", STR_ARG(code)).p), "forged");       /* another product's barcode */
	assert_int_equal(call(h, MAKER, "product.create", "gtin", "6901234567893", NULL).err, E_BAD);
}

static void sellers_speak_of_goods_by_whatever_is_printed_on_them(void **state)
{
	struct house *h = here(state);
	struct str pack = load(h, some_batch(h, MAKER), "other_existing_code", "S-0001\nS-0002\nS-0003"), seen;
	struct answer a;

	sell_all(h, pack);
	call_ok(h, SELLER, "purchase.create", "trace_code", "S-0002\nS-0003", "supplier_name", "某厂", NULL);
	a = call_ok(h, SELLER, "code.where", "code", "S-0003", NULL);
	seen = text_of(h, &a);
	assert_true(holds(seen, "purchase"));
	assert_false(holds(seen, "S-0002"));
	assert_int_equal(call(h, SELLER, "purchase.create", "trace_code", "S-0004", "supplier_name", "某厂", NULL).err, E_BAD);
}

static void nothing_of_them_lies_in_clear_and_a_rebuild_gives_the_same_rows(void **state)
{
	struct house *h = here(state);
	static const char *const tables[] = { "code_mark", "code_text", "pack", "record", "log_entry" };
	int64_t shared = raw_number(h, "SELECT COUNT(*) FROM code_mark");
	struct str pack = load(h, some_batch(h, MAKER), "ecode", "SECRET-CODE-0001\nSECRET-CODE-0002"), before, after;
	struct answer a = call_ok(h, MAKER, "alias.create", "items", range(h, pack, "0"), "codes", "SECRET-CODE-0003", "scheme", "other_existing_code", NULL);

	call_ok(h, MAKER, "alias.create", "items", range(h, pack, "1"), "codes", "SECRET-CODE-0004", "scheme", "other_existing_code", "corrects", z(h, answer_id(h, &a)), NULL);
	before = dump_tables(h, tables, ROWS(tables));
	assert_false(holds(before, "SECRET-CODE"));
	assert_int_equal(raw_number(h, "SELECT COUNT(*) FROM code_mark"), shared + 3);
	house_shut(h);
	house_open(h);
	assert_int_equal(kernel_rebuild(h->k, &h->a, NULL, NULL), OK);
	after = dump_tables(h, tables, ROWS(tables));
	assert_true(str_eq(before, after));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_spelling_of_a_code_is_the_same_item),
		cmocka_unit_test(codes_are_named_by_their_place_when_they_are_refused),
		cmocka_unit_test(a_code_of_twenty_letters_like_ours_is_no_forgery_when_registered),
		cmocka_unit_test(one_item_carries_several_codes_and_each_is_shown),
		cmocka_unit_test(a_shared_barcode_names_product_or_batch),
		cmocka_unit_test(our_code_may_be_the_serial_of_the_product_s_own_barcode_only),
		cmocka_unit_test(sellers_speak_of_goods_by_whatever_is_printed_on_them),
		cmocka_unit_test(nothing_of_them_lies_in_clear_and_a_rebuild_gives_the_same_rows),
	};

	return RUN_BOTH("foreign", tests, NULL);
}
