/* tests/ops/test_package.c - 附2: what a party filed, as one package other platforms read and file again, in every form. */
#include "tests/ops/harness.h"

static struct answer look(struct house *h, enum who w, struct str id) { return job_ended(h, w, "load.get", id); }

static struct str story_for_package(struct house *h)
{
	struct str product = new_product(h, MAKER, "包装绳"), report = put_file(h, MAKER, "open report", true), batch, pack;
	struct node *in = batch_in(h, MAKER, product, "PK-1");
	struct answer a;

	for (struct node *x = in->first; x; x = x->next)
		if (str_is(x->key, "inspection_report"))
			x->s = report;
	a = ask(h, actor(h, MAKER), "batch.create", in, S(""), NULL);
	assert_int_equal(a.err, OK);
	batch = answer_id(h, &a);
	pack = new_pack(h, MAKER, batch, "5", NULL);
	call_ok(h, MAKER, "sale.create", "buyer_kind", "organisation", "buyer_name", "机密买家甲", "buyer_address", "某地", "buyer_contact", "0513-88880000", "sale_time",
	        "2026-11-10", "items", str_fmt(&h->a, "%.*s:1-3", STR_ARG(pack)).p, NULL);
	return pack;
}

static void a_package_goes_out_and_comes_in_elsewhere_in_every_form(void **state)
{
	struct house *h = here(state);
	static const char *const forms[] = { "ndjson", "json", "csv", "xlsx" };
	struct str pack = story_for_package(h);

	for (size_t i = 0; i < ROWS(forms); i++) {
		struct answer a = call_ok(h, MAKER, "package.get", "as", forms[i], NULL);
		struct str text = stream_text(h, &a), id;
		int64_t products = raw_number(h, "SELECT COUNT(*) FROM p_product WHERE product_name = '包装绳'");
		int64_t owned = raw_number(h, "SELECT COUNT(*) FROM p_batch WHERE factory_batch_or_serial_no = 'PK-1'");

		if (i < 3) {
			assert_true(holds(text, "包装绳") && holds(text, "机密买家甲") && holds(text, ".."));
			assert_false(holds(text, str_fmt(&h->a, "%.*s:1-3", STR_ARG(pack)).p));
		}
		id = load_sent(h, MAKER2, in_of(h, "what", "any", "name", str_fmt(&h->a, "package.%s", forms[i]).p, "choice", "good", NULL), text);
		a = look(h, MAKER2, id);
		assert_string_equal(z(h, node_text(a.out, "state")), "done");
		if (raw_number(h, "SELECT COUNT(*) FROM p_product WHERE product_name = '包装绳'") != products + 1 ||
		    raw_number(h, "SELECT COUNT(*) FROM p_batch WHERE factory_batch_or_serial_no = 'PK-1'") != owned + 1)
			fail_msg("%s: %s", forms[i], z(h, text_of(h, &a)));
		a = call_ok(h, MAKER2, "load.refused", "id", z(h, id), NULL);
		assert_true(holds(stream_text(h, &a), "其中有不属于本单位的追溯码"));      /* the sale is of another's codes: refused, told why */
	}
}

static void a_package_shows_only_its_own_party_and_keeps_what_is_withheld_withheld(void **state)
{
	struct house *h = here(state);
	struct answer a;
	struct str text;

	story_for_package(h);
	a = call_ok(h, MAKER, "package.get", NULL);
	text = stream_text(h, &a);
	assert_true(holds(text, "\"withhold\":["));
	assert_true(holds(text, "samr-2024-10/annex2/1"));
	a = call_ok(h, SELLER, "package.get", NULL);
	assert_false(holds(stream_text(h, &a), "机密买家甲"));
	assert_int_equal(call(h, OFFICER, "package.get", NULL).err, E_DENIED);
	assert_int_equal(call(h, ANYBODY, "package.get", NULL).err, E_NOAUTH);
	a = call_ok(h, ANYBODY, "package.schema", NULL);
	text = text_of(h, &a);
	assert_true(holds(text, "附2-1-1-1") && holds(text, "附2-2-2-4") && holds(text, "\"const\":\"sale\""));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_package_goes_out_and_comes_in_elsewhere_in_every_form),
		cmocka_unit_test(a_package_shows_only_its_own_party_and_keeps_what_is_withheld_withheld),
	};

	return RUN_BOTH("package", tests, NULL);
}
