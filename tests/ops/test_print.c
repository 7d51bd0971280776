/* tests/ops/test_print.c - 附3: codes in every form scan back to their item; labels of a pack as sheets and as jobs, with nothing on them
 * that is withheld; signed labels that anybody checks.
 */
#include <unistd.h>

#include "ident/ident.h"
#include "kernel/mark.h"
#include "mod/trace/print.h"
#include "tests/ops/harness.h"

static struct str gs1_product(struct house *h, const char *name, const char *gtin)
{
	struct answer a = call_ok(h, MAKER, "product.create", "product_name", name, "product_type", "steel_wire_ropes_01", "specification_model", "6×36WS+IWRC",
	                          "warranty_period", "不涉及", "mandatory_national_standard", NO_MANDATORY_STANDARD, "standard_applied", "GB/T 20118-2017",
	                          "licence_or_ccc_certificate_no", "(苏)XK05-005-00001", "manual_or_warning", "不涉及", "gtin", gtin, "number_system", "10203", NULL);

	return answer_id(h, &a);
}

static void sell_all(struct house *h, struct str pack)
{
	call_ok(h, MAKER, "sale.create", "buyer_kind", "consumer", "sale_time", "2026-11-10", "items", z(h, pack), NULL);
}

static struct str codes_in(struct house *h, struct str pack, const char *form, const char *format)
{
	struct answer a = call_ok(h, MAKER, "pack.codes", "id", z(h, pack), "form", form, "format", format, NULL);

	return stream_text(h, &a);
}

static struct str line(struct str text, size_t n)
{
	struct str one = S("");

	for (size_t i = 0; i <= n; i++)
		if (!str_cut(&text, '\n', &one))
			return S("");
	return one;
}

static struct str scanned(struct house *h, struct str text, const char *member)
{
	struct answer a = call(h, ANYBODY, "scan", "code", z(h, text), NULL);

	if (a.err)
		fail_msg("%s: %s", z(h, text), err_name(a.err));
	return node_text(a.out, member);
}

static struct str place_of(struct house *h, struct str text)
{
	struct answer a = call(h, MAKER, "code.where", "code", z(h, text), NULL);

	if (a.err)
		fail_msg("%s: %s", z(h, text), z(h, text_of(h, &a)));
	return str_fmt(&h->a, "%.*s:%lld", STR_ARG(node_text(a.out, "pack")), (long long)node_number(a.out, "index", -1));
}

/* ---- forms ---- */

static void every_form_scans_back_to_its_item(void **state)
{
	static const struct { const char *form, *looks; } forms[] = { { "code", "" }, { "url", "https://example.org/c/" }, { "ecode", "310203" },
		{ "link", "https://example.org/01/06901234567892/10/P-1%2F2/21/" }, { "gs1", "(01)06901234567892(10)P-1/2(21)" }, { "epc", "urn:epc:id:sgtin:6901234.056789." },
		{ "sgtin198", "36" }, { "signed", "https://example.org/01/06901234567892/10/P-1%2F2/21/" } };
	struct house *h = here(state);
	struct str batch = new_batch(h, MAKER, gs1_product(h, "绳", "6901234567892"), "P-1/2"), pack = new_pack(h, MAKER, batch, "40", NULL);
	struct buf all = buf_in(&h->a, 200);

	sell_all(h, pack);
	for (size_t f = 0; f < ROWS(forms); f++) {
		struct str text = codes_in(h, pack, forms[f].form, "text"), csv = codes_in(h, pack, forms[f].form, "csv"), json = codes_in(h, pack, forms[f].form, "ndjson");

		buf_fmt(&all, "%s%s", f ? "|" : "", form_name((enum form)f));
		for (size_t i = 0; i < 40; i += 13) {
			struct str one = line(text, i);

			if (!str_starts(one, forms[f].looks))
				fail_msg("%s: %s", forms[f].form, z(h, one));
			assert_string_equal(z(h, place_of(h, one)), str_fmt(&h->a, "%.*s:%zu", STR_ARG(pack), i).p);
			assert_int_not_equal(scanned(h, one, "verdict").n, 0);
			assert_true(holds(csv, z(h, one)) && holds(json, z(h, one)));
		}
		assert_int_equal(line(text, 40).n, 0);
	}
	assert_string_equal(buf_str(&all).p, FORM_NAMES);
}

static void a_form_the_product_does_not_allow_names_the_field(void **state)
{
	static const struct { const char *form, *zh; } rows[] = { { "link", "gtin" }, { "gs1", "gtin" }, { "ecode", "number_system" }, { "epc", "gtin" }, { "signed", "gtin" } };
	struct house *h = here(state);
	struct str bare = new_pack(h, MAKER, new_batch(h, MAKER, new_product(h, MAKER, "绳"), "P-2"), "3", NULL), pack;
	struct answer a;

	for (size_t i = 0; i < ROWS(rows); i++) {
		a = call(h, MAKER, "pack.codes", "id", z(h, bare), "form", rows[i].form, NULL);
		assert_int_equal(a.err, E_BAD);
		if (!holds(trouble_of(&a, "form")->zh, rows[i].zh) || !holds(trouble_of(&a, "form")->en, rows[i].zh))
			fail_msg("%s: %s", rows[i].form, z(h, trouble_of(&a, "form")->zh));
	}
	a = call(h, MAKER, "label.sheet", "id", z(h, bare), "template", "thermal_100x70", NULL);
	assert_int_equal(a.err, E_BAD);
	assert_true(holds(trouble_of(&a, "template")->zh, "gtin"));
	/* a batch number that GS1 has no room for stays out of the link */
	pack = new_pack(h, MAKER, new_batch(h, MAKER, gs1_product(h, "绳", "6901234567892"), "二〇二六-1"), "1", NULL);
	assert_true(str_starts(codes_in(h, pack, "link", "text"), "https://example.org/01/06901234567892/21/"));
	pack = new_pack(h, MAKER, new_batch(h, MAKER, gs1_product(h, "绳", "6901234567892"), "A(21)B"), "1", NULL);
	assert_true(str_starts(codes_in(h, pack, "gs1", "text"), "(01)06901234567892(21)"));
	/* no prefix of China: its length is not known */
	pack = new_pack(h, MAKER, new_batch(h, MAKER, gs1_product(h, "绳", "4006381333931"), "P-3"), "1", NULL);
	assert_int_equal(call(h, MAKER, "pack.codes", "id", z(h, pack), "form", "epc", NULL).err, E_BAD);
	assert_true(str_starts(codes_in(h, pack, "link", "text"), "https://example.org/01/04006381333931/10/P-3/21/"));
}

static const struct node *choice(const struct answer *a, const char *list, const char *key, const char *name)
{
	for (const struct node *x = node_get(a->out, list)->first; x; x = x->next)
		if (str_is(node_text(x, key), name))
			return x;
	fail_msg("no %s", name);
	return NULL;
}

static bool ready(const struct answer *a, const char *list, const char *key, const char *name) { return node_get(choice(a, list, key, name), "ready")->yes; }

static void choices_say_what_a_pack_may_have_and_why_not(void **state)
{
	struct house *h = here(state);
	struct str bare = new_pack(h, MAKER, new_batch(h, MAKER, new_product(h, MAKER, "绳"), "P-2"), "3", NULL);
	struct str full = new_pack(h, MAKER, new_batch(h, MAKER, gs1_product(h, "码绳", "6901234567892"), "P-2"), "3", NULL);
	struct answer a = call_ok(h, MAKER, "label.choices", "id", z(h, bare), NULL);

	assert_int_equal(node_number(a.out, "count", 0), 3);
	assert_string_equal(z(h, node_text(a.out, "form")), "url");
	assert_true(ready(&a, "forms", "form", "url") && !ready(&a, "forms", "form", "signed") && ready(&a, "templates", "name", "a4_24"));
	assert_false(ready(&a, "templates", "name", "retail") || ready(&a, "templates", "name", "thermal_100x70"));
	assert_true(holds(node_text(choice(&a, "templates", "name", "retail"), "why_zh"), "gtin"));
	assert_true(holds(node_text(choice(&a, "forms", "form", "link"), "why_en"), "gtin"));
	a = call_ok(h, MAKER, "label.choices", "id", z(h, full), "form", "signed", NULL);
	for (const char *const *f = (const char *const[]){ "a4_24", "a4_65", "thermal_100x70", "thermal_60x40", "rope_tag", "pair", "retail", NULL }; *f; f++)
		assert_true(ready(&a, "templates", "name", *f));
	assert_string_equal(z(h, node_text(a.out, "form")), "signed");
	assert_int_equal(call(h, MAKER2, "label.choices", "id", z(h, full), NULL).err, E_DENIED);
}

static void shared_codes_have_no_serial_and_scan_back_too(void **state)
{
	struct house *h = here(state);
	struct str product = gs1_product(h, "共用绳", "6921234567890"), batch = new_batch(h, MAKER, product, "P-4"), one, two, again;
	struct answer a = call_ok(h, MAKER, "pack.create", "grain", "product", "product", z(h, product), NULL);

	one = answer_id(h, &a);
	a = call_ok(h, MAKER, "pack.create", "grain", "batch", "batch", z(h, batch), NULL);
	two = answer_id(h, &a);
	assert_string_equal(z(h, line(codes_in(h, one, "gs1", "text"), 0)), "(01)06921234567890");
	assert_string_equal(z(h, place_of(h, line(codes_in(h, one, "link", "text"), 0))), str_fmt(&h->a, "%.*s:0", STR_ARG(one)).p);
	assert_string_equal(z(h, line(codes_in(h, two, "gs1", "text"), 0)), "(01)06921234567890(10)P-4");
	assert_string_equal(z(h, place_of(h, line(codes_in(h, two, "link", "text"), 0))), str_fmt(&h->a, "%.*s:0", STR_ARG(two)).p);
	assert_string_equal(z(h, place_of(h, line(codes_in(h, two, "ecode", "text"), 0))), str_fmt(&h->a, "%.*s:0", STR_ARG(two)).p);
	assert_string_equal(z(h, scanned(h, S("6921234567890"), "verdict")), "class_code");
	assert_int_equal(call(h, MAKER, "pack.codes", "id", z(h, one), "form", "epc", NULL).err, E_BAD);
	a = call_ok(h, MAKER, "pack.create", "grain", "product", "product", z(h, product), NULL);
	again = answer_id(h, &a);
	a = call(h, MAKER, "pack.codes", "id", z(h, again), "form", "gs1", NULL);
	assert_int_equal(a.err, E_BAD);                             /* that barcode is the first pack's */
	assert_true(holds(codes_in(h, again, "url", "text"), "https://example.org/c/"));
}

static void codes_that_came_with_the_goods_are_written_as_they_are(void **state)
{
	struct house *h = here(state);
	struct str batch = new_batch(h, MAKER, new_product(h, MAKER, "绳"), "P-5"), pack, csv;
	struct answer a = call_ok(h, MAKER, "pack.create", "grain", "item", "batch", z(h, batch), "codes", "T-0001\nT-0002,\"x\"\n甲-0003", NULL);

	pack = answer_id(h, &a);
	a = call_ok(h, MAKER, "pack.codes", "id", z(h, pack), NULL);
	assert_string_equal(z(h, stream_text(h, &a)), "T-0001\nT-0002,\"x\"\n甲-0003\n");
	a = call_ok(h, MAKER, "pack.codes", "id", z(h, pack), "format", "csv", NULL);
	csv = stream_text(h, &a);
	assert_string_equal(z(h, csv), "code\r\nT-0001\r\n\"T-0002,\"\"x\"\"\"\r\n甲-0003\r\n");
	assert_int_equal(call(h, MAKER, "pack.codes", "id", z(h, pack), "form", "link", NULL).err, E_BAD);
	a = call_ok(h, MAKER, "label.sheet", "id", z(h, pack), "as", "svg", "template", "thermal_60x40", NULL);
	assert_true(holds(stream_text(h, &a), "甲-0003"));
	assert_int_equal(call(h, MAKER2, "pack.codes", "id", z(h, pack), NULL).err, E_DENIED);
}

/* ---- sheets ---- */

static struct str sheet(struct house *h, struct str pack, const char *as, const char *template, const char *count)
{
	struct answer a = call_ok(h, MAKER, "label.sheet", "id", z(h, pack), "as", as, "template", template, "count", count, NULL);

	return stream_text(h, &a);
}

static size_t times(struct str text, const char *what)
{
	size_t n = 0;

	for (const char *p = text.p; (p = memmem(p, text.n - (size_t)(p - text.p), what, strlen(what))) != NULL; p += strlen(what))
		n++;
	return n;
}

static void sheets_come_in_four_kinds(void **state)
{
	struct house *h = here(state);
	struct str pack = new_pack(h, MAKER, new_batch(h, MAKER, gs1_product(h, "标签绳", "6901234567892"), "P-6"), "60", NULL), text;
	struct answer a;

	assert_true(str_starts(sheet(h, pack, "pdf", "a4_24", "60"), "%PDF-"));
	text = sheet(h, pack, "zpl", "thermal_100x70", "3");
	assert_int_equal(times(text, "^XA"), 3);
	text = sheet(h, pack, "tspl", "thermal_60x40", "2");
	assert_int_equal(times(text, "PRINT 1,1"), 2);
	text = sheet(h, pack, "svg", "retail", "2");
	assert_true(str_starts(text, "<svg") && str_ends(text, "</svg>\n"));
	assert_int_equal(times(text, "标签绳"), 2);
	a = call_ok(h, MAKER, "label.preview", "id", z(h, pack), "template", "pair", NULL);
	assert_true(holds(stream_text(h, &a), "台账联"));
	a = call_ok(h, MAKER, "label.sheet", "id", z(h, pack), "as", "tspl", "template", "thermal_60x40", "from", "58", "copies", "2", NULL);
	assert_int_equal(times(stream_text(h, &a), "PRINT 1,1"), 4);
	a = call(h, MAKER, "label.sheet", "id", z(h, pack), "from", "58", "count", "3", NULL);
	assert_non_null(trouble_of(&a, "count"));
	a = call(h, MAKER, "label.sheet", "id", z(h, pack), "template", "nonsense", NULL);
	assert_true(holds(trouble_of(&a, "template")->zh, "a4_24"));
	a = call(h, MAKER, "label.sheet", "id", z(h, pack), "template", "{\"name\":\"x\",\"w\":50,\"h\":20,\"elements\":[{\"kind\":\"text\",\"x\":1,\"y\":1,\"w\":40,\"h\":5,"
	         "\"size\":3,\"text\":\"{quantity}\"}]}", NULL);
	assert_true(holds(trouble_of(&a, "template")->zh, "{quantity}"));        /* withheld: no name of a template */
	assert_int_equal(call(h, MAKER2, "label.sheet", "id", z(h, pack), NULL).err, E_DENIED);
	assert_int_equal(call(h, SELLER, "label.preview", "id", z(h, pack), NULL).err, E_DENIED);
	assert_int_equal(call(h, OFFICER, "label.preview", "id", z(h, pack), NULL).err, E_DENIED);
}

static const char all_names[] = "{\"name\":\"all\",\"w\":500,\"h\":90,\"elements\":[{\"kind\":\"text\",\"x\":1,\"y\":1,\"w\":498,\"h\":8,\"size\":0.5,\"text\":"
	"\"{product_name};{specification};{model};{batch};{production_date};{standard};{licence};{maker};{maker_address};{code};{code_text};{url};{n};{gtin};"
	"{report_no};{report_issuer};{warranty_period};{gs1};{ecode};{epc};{link};{signed}\"}]}";

static void a_label_says_what_is_public_and_nothing_else(void **state)
{
	struct house *h = here(state);
	struct node *in = batch_in(h, MAKER, gs1_product(h, "公开绳", "6901234567892"), "P-7");
	struct str text, pack;
	struct answer a;

	put_z(&h->a, in, "quantity", "70413.29");
	put_z(&h->a, in, "unit", "kg");
	a = ask(h, actor(h, MAKER), "batch.create", in, S(""), NULL);
	assert_int_equal(a.err, OK);
	pack = new_pack(h, MAKER, answer_id(h, &a), "3", NULL);
	text = sheet(h, pack, "svg", all_names, "1");
	assert_true(holds(text, "公开绳") && holds(text, "6×36WS+IWRC") && holds(text, "2026-11-01") && holds(text, "GB/T 20118-2017"));
	assert_true(holds(text, "甲钢丝绳厂") && holds(text, "本厂") && holds(text, "6901234567892"));
	assert_false(holds(text, "70413") || holds(text, "不涉及") || holds(text, "0513-80000001"));
}

static void hostile_names_stay_text(void **state)
{
	static const char *const names[] = { "^XA^FO0,0^FDx^FS^XZ", "\"~JR^XB,PRINT 99", "</svg><script>alert(1)</script>", "]]>&lt;\"'", "CLS DOWNLOAD F,X", "${jndi:x}{code}" };
	struct house *h = here(state);

	for (size_t i = 0; i < ROWS(names); i++) {
		struct str pack = new_pack(h, MAKER, new_batch(h, MAKER, gs1_product(h, names[i], "6901234567892"), "P^XZ~\""), "1", NULL), text;

		text = sheet(h, pack, "zpl", "thermal_60x40", "1");
		assert_int_equal(times(text, "^XA"), 1);
		assert_int_equal(times(text, "^XZ"), 1);
		assert_false(holds(text, "~JR") || holds(text, "^FDx^FS"));
		text = sheet(h, pack, "tspl", "thermal_60x40", "1");
		assert_int_equal(times(text, "PRINT "), 1);
		assert_int_equal(times(text, "CLS"), 1);
		assert_false(holds(text, "DOWNLOAD"));
		text = sheet(h, pack, "svg", "thermal_60x40", "1");
		assert_false(holds(text, "<script") || holds(text, "]]>"));
		assert_int_equal(times(text, "</svg>"), 3);             /* picture, label, symbol */
		assert_true(str_starts(sheet(h, pack, "pdf", "a4_24", "1"), "%PDF-"));
	}
	/* direction characters are refused where names are filed, and dropped from a template */
	assert_int_equal(call(h, MAKER, "product.create", "product_name", "绳\u202e", NULL).err, E_BAD);
}

/* ---- jobs ---- */

static struct answer ended(struct house *h, enum who w, struct str id) { return job_ended(h, w, "print.get", id); }

static struct str manifest(struct house *h, struct str id)
{
	struct answer a = call_ok(h, MAKER, "print.manifest", "id", z(h, id), NULL);

	return str_copy(&h->a, a.c->bytes);
}

static struct str order(struct house *h, struct str pack, const char *as, const char *part)
{
	struct answer a = call_ok(h, MAKER, "print.create", "id", z(h, pack), "as", as, "template", "thermal_60x40", "form", "link", "part", part, NULL);

	return str_copy(&h->a, node_text(a.out, "id"));
}

static void a_job_makes_parts_and_says_what_is_in_them(void **state)
{
	static const struct json_limits limits = { .bytes = 4096, .depth = 2, .nodes = 40 };
	struct house *h = here(state);
	struct str pack = new_pack(h, MAKER, new_batch(h, MAKER, gs1_product(h, "任务绳", "6901234567892"), "P-8"), "25", NULL);
	struct str id = order(h, pack, "zpl", "10"), lines, one, all = S("");
	struct answer a = ended(h, MAKER, id);

	assert_string_equal(z(h, node_text(a.out, "state")), "done");
	assert_int_equal(node_number(a.out, "parts", 0), 3);
	assert_int_equal(node_number(a.out, "labels", 0), 25);
	lines = manifest(h, id);
	for (int i = 1; str_cut(&lines, '\n', &one); i++) {
		struct json_trouble trouble;
		struct node *o;
		struct answer p = call_ok(h, MAKER, "print.part", "id", z(h, id), "part", str_fmt(&h->a, "%d", i).p, NULL);
		struct str bytes = stream_text(h, &p);
		struct hash sum = hash_of(HASH_SHA256, bytes);

		assert_int_equal(json_read(&h->a, one, &limits, &o, &trouble), OK);
		assert_int_equal(node_number(o, "bytes", 0), bytes.n);
		assert_true(str_eq(node_text(o, "sha256"), hex_str(&h->a, sum.b, HASH_LEN)));
		assert_true(str_eq(node_text(o, "first_code"), nth_code(h, MAKER, pack, (size_t)(i - 1) * 10)));
		assert_int_equal(node_number(o, "labels", 0), i < 3 ? 10 : 5);
		assert_int_equal(times(bytes, "^XA"), i < 3 ? 10 : 5);
		all = str_join(&h->a, all, bytes);
	}
	assert_int_equal(times(all, "^XA"), 25);
	assert_int_equal(call(h, MAKER, "print.part", "id", z(h, id), "part", "4", NULL).err, E_ABSENT);
	for (size_t w = MAKER2; w < CAST; w++)
		assert_int_not_equal(call(h, (enum who)w, "print.part", "id", z(h, id), "part", "1", NULL).err, OK);
	assert_int_equal(call(h, MAKER2, "print.get", "id", z(h, id), NULL).err, E_ABSENT);
	assert_int_equal(call(h, MAKER2, "print.drop", "id", z(h, id), NULL).err, E_ABSENT);
	assert_int_equal(call(h, MAKER2, "print.create", "id", z(h, pack), NULL).err, E_DENIED);
	assert_int_equal(node_get(call_ok(h, MAKER2, "print.list", NULL).out, "items")->n, 0);
	assert_int_equal(system(str_fmt(&h->a, "grep -rqsa -e '%s' -e '任务绳' '%s/loads'", z(h, nth_code(h, MAKER, pack, 0)), h->dir).p) >> 8, 1);
	call_ok(h, MAKER, "print.drop", "id", z(h, id), NULL);
	assert_int_equal(system(str_fmt(&h->a, "ls '%s/loads' | grep -q %s", h->dir, z(h, id)).p) >> 8, 1);
	assert_int_equal(call(h, MAKER, "print.part", "id", z(h, id), "part", "1", NULL).err, E_ABSENT);
}

static void a_stop_in_the_middle_gives_the_same_manifest(void **state)
{
	struct house *h = here(state);
	struct str pack = new_pack(h, MAKER, new_batch(h, MAKER, gs1_product(h, "中断绳", "6901234567892"), "P-9"), "600", NULL), id, whole, mended;
	struct answer a;
	int stops = 0;

	id = order(h, pack, "pdf", "60");
	assert_string_equal(z(h, node_text(ended(h, MAKER, id).out, "state")), "done");
	whole = manifest(h, id);
	id = order(h, pack, "pdf", "60");
	/* the order is frozen: what is corrected meanwhile does not change half of it */
	call_ok(h, MAKER, "party.openness", "open_by_default", "false", NULL);
	for (;;) {
		usleep(2000u << (stops < 12 ? stops : 12));        /* longer each time: on a slow machine a part has to end at last */
		a = call_ok(h, MAKER, "print.get", "id", z(h, id), NULL);
		if (!str_is(node_text(a.out, "state"), "waiting") && !str_is(node_text(a.out, "state"), "drawing"))
			break;
		house_shut(h);
		house_open(h);
		stops++;
	}
	assert_true(stops > 0);
	assert_string_equal(z(h, node_text(a.out, "state")), "done");
	mended = manifest(h, id);
	assert_int_equal(times(whole, "\n"), 10);
	assert_true(str_eq(whole, mended));
}

static void a_job_is_dropped_while_it_draws(void **state)
{
	struct house *h = here(state);
	struct str pack = new_pack(h, MAKER, new_batch(h, MAKER, gs1_product(h, "放弃绳", "6901234567892"), "P-10"), "1000", NULL), id = order(h, pack, "pdf", "100");
	struct str next;

	usleep(20000);
	call_ok(h, MAKER, "print.drop", "id", z(h, id), NULL);
	next = order(h, new_pack(h, MAKER, new_batch(h, MAKER, gs1_product(h, "绳", "6901234567892"), "P-11"), "2", NULL), "tspl", "2");
	assert_string_equal(z(h, node_text(ended(h, MAKER, next).out, "state")), "done");       /* the worker is past the dropped one */
	assert_string_equal(z(h, node_text(call_ok(h, MAKER, "print.get", "id", z(h, id), NULL).out, "state")), "dropped");
	assert_int_equal(system(str_fmt(&h->a, "ls '%s/loads' | grep -q %s", h->dir, z(h, id)).p) >> 8, 1);
}

/* ---- signed labels ---- */

static void a_signed_label_is_checked_by_anybody_and_bears_no_change(void **state)
{
	static const char host[] = "https://example.org";
	struct house *h = here(state);
	struct str pack = new_pack(h, MAKER, new_batch(h, MAKER, gs1_product(h, "签名绳", "6901234567892"), "P-12"), "20", NULL);
	struct str all = codes_in(h, pack, "signed", "text"), vkey, text, elements, said;

	assert_int_equal(mark_vkey(h->k, &h->a, &vkey), OK);
	assert_true(str_starts(vkey, "example.org/log/label+"));
	for (size_t i = 0; i < 20; i++) {
		text = line(all, i);
		assert_int_equal(mark_check(&h->a, vkey, text, &said), OK);
		assert_string_equal(z(h, said), str_fmt(&h->a, "(01)06901234567892(10)P-12(21)%.*s", STR_ARG(nth_code(h, MAKER, pack, i))).p);
		assert_true(elements_of_link(&h->a, text, &elements));
		assert_int_equal(mark_check(&h->a, vkey, elements, &said), OK);
	}
	for (size_t at = sizeof(host) - 1; at < text.n; at++)       /* the host is no part of what is said: any resolver may answer */
		for (const char *c = "0A~(/-"; *c; c++) {
			char *changed = str_z(&h->a, text);

			if (changed[at] == *c)
				continue;
			changed[at] = *c;
			if (mark_check(&h->a, vkey, str_of(changed), &said) == OK)
				fail_msg("passes: %s", changed);
		}
	assert_int_equal(mark_check(&h->a, vkey, str_join(&h->a, text, S("&17=271231")), &said), E_CORRUPT);
	assert_int_equal(mark_check(&h->a, vkey, line(codes_in(h, pack, "link", "text"), 0), &said), E_ABSENT);
	assert_int_equal(mark_check(&h->a, vkey, S("hello"), &said), E_ABSENT);
	assert_int_equal(mark_check(&h->a, S("nothing"), text, &said), E_BAD);
	assert_int_equal(mark_check(&h->a, str_trim(log_vkey(kernel_log(h->k), TREE_SHA256)), text, &said), E_CORRUPT);
}

/* ---- one symbol ---- */

static void one_symbol_of_any_text(void **state)
{
	struct house *h = here(state);
	struct answer a = call_ok(h, ANYBODY, "symbol.get", "text", "https://example.org/c/X", NULL);

	assert_string_equal(a.c->media, "image/svg+xml");
	assert_true(str_starts(a.c->bytes, "<svg"));
	a = call_ok(h, ANYBODY, "symbol.get", "text", "汉信码文字", "symbology", "hanxin", "as", "png", "module", "3", NULL);
	assert_true(str_starts(a.c->bytes, "\x89PNG"));
	a = call(h, ANYBODY, "symbol.get", "text", "123", "symbology", "ean13", NULL);
	assert_non_null(trouble_of(&a, "text"));
	a = call(h, ANYBODY, "symbol.get", "text", "1", "module", "0.05", NULL);
	assert_non_null(trouble_of(&a, "module"));
	assert_int_equal(call(h, ANYBODY, "symbol.get", NULL).err, E_BAD);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_form_scans_back_to_its_item),
		cmocka_unit_test(a_form_the_product_does_not_allow_names_the_field),
		cmocka_unit_test(choices_say_what_a_pack_may_have_and_why_not), cmocka_unit_test(shared_codes_have_no_serial_and_scan_back_too),
		cmocka_unit_test(codes_that_came_with_the_goods_are_written_as_they_are),
		cmocka_unit_test(sheets_come_in_four_kinds),
		cmocka_unit_test(a_label_says_what_is_public_and_nothing_else),
		cmocka_unit_test(hostile_names_stay_text),
		cmocka_unit_test(a_job_makes_parts_and_says_what_is_in_them),
		cmocka_unit_test(a_stop_in_the_middle_gives_the_same_manifest),
		cmocka_unit_test(a_job_is_dropped_while_it_draws),
		cmocka_unit_test(a_signed_label_is_checked_by_anybody_and_bears_no_change),
		cmocka_unit_test(one_symbol_of_any_text),
	};

	return RUN_BOTH("print", tests, NULL);
}
