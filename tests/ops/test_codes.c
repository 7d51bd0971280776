/* tests/ops/test_codes.c - 附3: codes of three grains and two suites, forgeries, sets of items, streams, what a scan may say. */
#include "mod/trace/trace.h"
#include "tests/ops/harness.h"

static const char alphabet[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

static struct str some_batch(struct house *h, enum who w) { return new_batch(h, w, new_product(h, w, "钢丝绳"), "C-1"); }
static struct answer scan(struct house *h, struct str code) { return call(h, ANYBODY, "scan", "code", z(h, code), NULL); }

static const char *verdict(struct house *h, struct str code)
{
	struct answer a = scan(h, code);

	return a.err ? err_name(a.err) : z(h, node_text(a.out, "verdict"));
}

static void sell(struct house *h, enum who w, const char *items)
{
	call_ok(h, w, "sale.create", "buyer_kind", "consumer", "sale_time", "2026-11-10", "items", items, NULL);
}

static const char *range(struct house *h, struct str pack, const char *of) { return str_fmt(&h->a, "%.*s:%s", STR_ARG(pack), of).p; }

/* One code of a large pack, without its whole stream. */
static struct str item_code(struct house *h, struct str pack, size_t n)
{
	char *line = TAKE(&h->a, char, SEALED_TEXT + 2);
	int64_t id, number;

	assert_true(id_get(pack, &id));
	number = raw_number(h, str_fmt(&h->a, "SELECT number FROM pack WHERE record = %lld", (long long)id).p);
	assert_int_equal(code_write_lines(h->k, 0, GRAIN_ITEM, (uint32_t)number, (uint32_t)n, 1, line), OK);
	return (struct str){ line, SEALED_TEXT };
}

/* ---- grains ---- */

static void product_and_batch_codes_say_that_they_cannot_tell_copies_apart(void **state)
{
	struct house *h = here(state);
	struct str product = new_product(h, MAKER, "钢丝绳"), batch = new_batch(h, MAKER, product, "C-2");
	struct answer p = call_ok(h, MAKER, "pack.create", "grain", "product", "product", z(h, product), NULL);
	struct answer b = call_ok(h, MAKER, "pack.create", "grain", "batch", "batch", z(h, batch), NULL);
	struct answer a[2];

	a[0] = scan(h, node_text(p.out, "first"));
	a[1] = scan(h, node_text(b.out, "first"));
	for (int i = 0; i < 2; i++) {
		assert_int_equal(a[i].err, OK);
		assert_string_equal(z(h, node_text(a[i].out, "verdict")), "class_code");
		assert_true(holds(node_text(a[i].out, "advice_zh"), "不能分辨复制品"));
		assert_true(holds(text_of(h, &a[i]), "钢丝绳"));
	}
	assert_string_equal(z(h, node_text(a[0].out, "grain")), "product");
	assert_string_equal(z(h, node_text(a[1].out, "grain")), "batch");
	assert_int_equal(call(h, MAKER, "pack.create", "grain", "product", NULL).err, E_BAD);
	assert_int_equal(call(h, MAKER, "pack.create", "grain", "batch", NULL).err, E_BAD);
	assert_int_equal(call(h, MAKER, "pack.create", "grain", "item", NULL).err, E_BAD);
	assert_int_equal(call(h, MAKER, "pack.create", "grain", "item", "count", "0", NULL).err, E_BAD);
	assert_int_equal(call(h, MAKER, "pack.create", "grain", "item", "count", "134217729", NULL).err, E_BAD);
	assert_int_equal(call(h, SELLER, "pack.create", "grain", "item", "count", "5", NULL).err, E_BAD);
	assert_int_equal(call(h, MAKER2, "pack.create", "grain", "batch", "batch", z(h, batch), NULL).err, E_DENIED);
}

static void an_item_code_goes_from_not_sold_to_first_query_to_queried_before(void **state)
{
	struct house *h = here(state);
	struct str pack = new_pack(h, MAKER, some_batch(h, MAKER), "10", NULL), code = nth_code(h, MAKER, pack, 3);

	assert_string_equal(verdict(h, code), "not_sold");
	sell(h, MAKER, range(h, pack, "4"));
	assert_string_equal(verdict(h, nth_code(h, MAKER, pack, 4)), "valid_first");
	assert_string_equal(verdict(h, nth_code(h, MAKER, pack, 4)), "valid_again");
	assert_int_equal(node_number(scan(h, nth_code(h, MAKER, pack, 4)).out, "count", -1), 2);
}

static void a_pack_ordered_first_is_activated_by_range(void **state)
{
	struct house *h = here(state);
	struct str pack = new_pack(h, MAKER, S(""), "20", NULL), batch = some_batch(h, MAKER);
	struct answer a;

	sell(h, MAKER, range(h, pack, "0-9"));
	assert_string_equal(verdict(h, nth_code(h, MAKER, pack, 5)), "not_sold");
	call_ok(h, MAKER, "activation.create", "items", range(h, pack, "4-7"), "batch", z(h, batch), NULL);
	assert_string_equal(verdict(h, nth_code(h, MAKER, pack, 5)), "valid_again");
	assert_string_equal(verdict(h, nth_code(h, MAKER, pack, 4)), "valid_first");
	assert_string_equal(verdict(h, nth_code(h, MAKER, pack, 3)), "not_sold");
	assert_string_equal(verdict(h, nth_code(h, MAKER, pack, 8)), "not_sold");
	a = scan(h, nth_code(h, MAKER, pack, 7));
	assert_true(holds(text_of(h, &a), "C-1"));
	assert_int_equal(call(h, MAKER2, "activation.create", "items", range(h, pack, "4-7"), "batch", z(h, some_batch(h, MAKER2)), NULL).err, E_BAD);
}

static void a_void_code_names_its_successor(void **state)
{
	struct house *h = here(state);
	struct str pack = new_pack(h, MAKER, some_batch(h, MAKER), "10", NULL), old = nth_code(h, MAKER, pack, 0), new = nth_code(h, MAKER, pack, 9);
	struct answer a;

	sell(h, MAKER, range(h, pack, "0-9"));
	call_ok(h, MAKER, "life.create", "items", z(h, old), "event", "void", "reason", "标签破损", "successor", z(h, new), NULL);
	assert_string_equal(verdict(h, old), "recalled_or_void");
	a = scan(h, old);
	assert_true(holds(text_of(h, &a), z(h, new)) && holds(text_of(h, &a), "标签破损"));
	assert_string_equal(verdict(h, new), "valid_first");
	call_ok(h, OFFICER, "life.create", "items", z(h, new), "event", "recalled", "reason", "抽查不合格", NULL);
	assert_string_equal(verdict(h, new), "recalled_or_void");
	assert_int_equal(call(h, OFFICER2, "life.create", "items", z(h, nth_code(h, MAKER, pack, 5)), "event", "recalled", "reason", "外地", NULL).err, E_BAD);
	assert_int_equal(call(h, MAKER2, "life.create", "items", z(h, nth_code(h, MAKER, pack, 5)), "event", "void", "reason", "别家", NULL).err, E_BAD);
}

static void a_seller_codes_goods_that_came_without_one(void **state)
{
	struct house *h = here(state);
	struct answer a = call_ok(h, SELLER, "pack.create", "grain", "item", "count", "2", "unmarked", "true", "goods", "旧库存螺栓", NULL);
	struct answer b = scan(h, node_text(a.out, "first"));

	assert_int_equal(b.err, OK);
	assert_true(holds(text_of(h, &b), "旧库存螺栓") && holds(text_of(h, &b), "上游未赋码"));
	assert_int_equal(call(h, SELLER, "pack.create", "grain", "item", "count", "2", "unmarked", "true", NULL).err, E_BAD);
}

/* ---- forgeries ---- */

/* 20 places, 31 other characters each: none opens. The forger needs a store for none of them: there is none. */
static void one_changed_character_is_forged_and_asks_the_store_nothing(void **state)
{
	struct house *h = here(state);
	struct str first, pack = new_pack(h, MAKER, some_batch(h, MAKER), "1000", &first);
	struct answer mine = scan(h, first);
	struct call quick = { .k = h->k, .op = op_find(h->k, S("scan")), .who = &nobody, .arena = &h->a, .now = h->now };
	struct call full = quick;
	size_t tried = 0;

	(void)pack;
	assert_int_equal(mine.err, OK);
	for (size_t at = 0; at < 20; at++)
		for (size_t k = 0; k < 32; k++) {
			char *code = str_z(&h->a, first);
			struct value in = { .said = SAID_VALUE, .text = str_of(code) };

			if (alphabet[k] == code[at])
				continue;
			code[at] = alphabet[k];
			full.in = &in;
			full.db = NULL;              /* a question would end here */
			full.out = node_obj(&h->a);
			assert_int_equal(full.op->run(&full), E_FORGED);
			quick.db = NULL;
			assert_int_equal(quick.op->memory(&quick, str_of(code)), E_FORGED);
			tried++;
		}
	assert_int_equal(tried, 20 * 31);
}

static void reading_is_tolerant_of_what_people_type(void **state)
{
	struct house *h = here(state);
	struct str first;
	char text[64], *out = text;

	new_pack(h, MAKER, some_batch(h, MAKER), "50", &first);
	for (size_t i = 0; i < first.n; i++) {
		char c = first.p[i];

		*out++ = c == '1' ? (i % 2 ? 'l' : 'I') : c == '0' ? (i % 2 ? 'o' : 'O') : ascii_lower(c);
		if (i % 5 == 4)
			*out++ = i % 2 ? '-' : ' ';
	}
	*out = 0;
	assert_string_equal(z(h, node_text(scan(h, str_of(text)).out, "code")), z(h, first));
	assert_string_equal(verdict(h, str_sub(first, 0, 19)), "forged");
	assert_string_equal(verdict(h, str_fmt(&h->a, "%.*s0", STR_ARG(first))), "forged");
	assert_string_equal(verdict(h, S("6901234567892")), "unknown");
	assert_string_equal(verdict(h, S("<script>alert(1)</script>")), "forged");
}

/* A right code of an index beyond its pack, of a number never used, of another grain. */
static void what_the_key_holder_did_not_issue_is_forged_too(void **state)
{
	struct house *h = here(state);
	struct str pack = new_pack(h, MAKER, some_batch(h, MAKER), "5", NULL);
	int64_t number = raw_number(h, str_fmt(&h->a, "SELECT MAX(number) FROM pack").p);
	unsigned char key[16], numerals[SEALED_NUMERALS], tweak = 0;
	static const struct { unsigned grain; int64_t more; uint32_t index; } wrong[] = { { 2, 0, 5 }, { 2, 0, 134217727 }, { 2, 1, 0 }, { 2, 1000, 0 } };
	struct fpe *f;
	int cipher;

	(void)pack;
	assert_int_equal(code_key_get(h->k, 0, key, &cipher), OK);
	assert_int_equal(fpe_new((enum cipher_id)cipher, key, &f), OK);
	for (size_t i = 0; i < ROWS(wrong); i++) {
		struct sealed s = { 0, wrong[i].grain, (uint32_t)(number + wrong[i].more), wrong[i].index };
		char text[SEALED_TEXT + 1] = "";

		sealed_pack(&s, numerals);
		assert_int_equal(fpe_encrypt(f, (struct str){ (const char *)&tweak, 1 }, numerals, SEALED_NUMERALS, 1), OK);
		sealed_write(0, numerals, text);
		assert_string_equal(verdict(h, str_of(text)), "forged");
		assert_int_equal(call(h, MAKER, "sale.create", "buyer_kind", "consumer", "items", text, NULL).err, E_BAD);
	}
	fpe_free(f);
}

/* A thief of the store alone has no key: another home opens none of these codes. */
static void another_home_opens_none_of_these_codes(void **state)
{
	static const char *const suites[] = { "std", "gm" };
	struct house *h = here(state);
	struct str first;

	new_pack(h, MAKER, some_batch(h, MAKER), "5", &first);
	for (size_t i = h->engine == &sqlite_engine ? 0 : 1; i < ROWS(suites); i++) {
		struct house *other = house_new(&sqlite_engine, suites[i], NULL);
		struct str batch = some_batch(other, MAKER), theirs, pack = new_pack(other, MAKER, batch, "300", &theirs);
		struct str again = nth_code(other, MAKER, pack, 299);

		assert_string_equal(verdict(other, first), "forged");
		assert_string_equal(verdict(h, theirs), "forged");
		assert_string_equal(verdict(other, theirs), "not_sold");
		assert_string_equal(verdict(other, again), "not_sold");
		sell(other, MAKER, str_fmt(&other->a, "%.*s..%.*s", STR_ARG(theirs), STR_ARG(again)).p);
		assert_string_equal(verdict(other, nth_code(other, MAKER, pack, 150)), "valid_first");
		house_end(other);
	}
}

/* ---- streams ---- */

static size_t lines(struct str s)
{
	size_t n = 0;

	for (size_t i = 0; i < s.n; i++)
		n += s.p[i] == '\n';
	return n;
}

static struct str whole(struct house *h, struct answer *a, size_t room)
{
	struct buf b = buf_in(&h->a, 1 << 16);
	char *page = TAKE(&h->a, char, room);
	int64_t n;

	assert_int_equal(a->err, OK);
	while ((n = a->c->stream->pull(a->c->stream->ctx, page, room)) > 0)
		buf_add(&b, (struct str){ page, (size_t)n });
	assert_int_equal(n, 0);
	a->c->stream->done(a->c->stream->ctx);
	return buf_str(&b);
}

static void streams_count_exactly_in_every_format_and_page_size(void **state)
{
	static const size_t rooms[] = { 1000, 4096, 32768, 1 << 20 };
	static const char *const counts[] = { "1", "256", "257", "3001" };
	struct house *h = here(state);

	for (size_t c = 0; c < ROWS(counts); c++) {
		struct str first, pack = new_pack(h, MAKER, S(""), counts[c], &first);
		int64_t n;

		assert_true(str_to_int(str_of(counts[c]), &n));
		for (size_t r = 0; r < ROWS(rooms); r++) {
			struct answer t = call_ok(h, MAKER, "pack.codes", "id", z(h, pack), NULL);
			struct answer v = call_ok(h, MAKER, "pack.codes", "id", z(h, pack), "format", "csv", NULL);
			struct answer j = call_ok(h, MAKER, "pack.codes", "id", z(h, pack), "format", "ndjson", NULL);
			struct str text = whole(h, &t, rooms[r]), csv = whole(h, &v, rooms[r]), json = whole(h, &j, rooms[r]);

			assert_int_equal(lines(text), n);
			assert_int_equal(lines(csv), n + 1);
			assert_int_equal(lines(json), n);
			assert_true(str_eq(str_sub(text, 0, 20), first));
			assert_true(str_starts(csv, "code,url\r\n") && holds(csv, z(h, str_fmt(&h->a, "%.*s,https://example.org/c/%.*s\r\n", STR_ARG(first), STR_ARG(first)))));
			assert_true(holds(json, z(h, str_fmt(&h->a, "{\"code\":\"%.*s\",", STR_ARG(first)))));
		}
	}
}

static void only_the_party_of_a_pack_reads_its_codes(void **state)
{
	struct house *h = here(state);
	struct str pack = new_pack(h, MAKER, S(""), "5", NULL);

	for (size_t w = 0; w < CAST; w++)
		if (w != MAKER)
			assert_int_equal(call(h, (enum who)w, "pack.codes", "id", z(h, pack), NULL).err, w == ANYBODY ? E_NOAUTH : E_DENIED);
}

static void the_log_and_the_store_hold_no_code(void **state)
{
	static const char *const tables[] = { "log_entry", "record", "pack", "item_set", "idem" };
	struct house *h = here(state);
	struct str first, dump;
	struct node *in = node_obj(&h->a);

	new_pack(h, MAKER, some_batch(h, MAKER), "5", &first);
	put_z(&h->a, in, "buyer_kind", "consumer");
	put_str(&h->a, in, "items", first);
	assert_int_equal(ask(h, actor(h, MAKER), "sale.create", in, S(""), "code-key").err, OK);
	dump = dump_tables(h, tables, ROWS(tables));
	assert_false(holds(dump, z(h, first)));
	assert_false(holds(dump, z(h, hex_str(&h->a, first.p, first.n))));
}

/* ---- sets ---- */

static void ranges_meet_at_the_edges_of_chunks(void **state)
{
	static const struct { const char *set; size_t in[6], out[6]; } rows[] = {
		{ "65535", { 65535, 65535, 65535, 65535, 65535, 65535 }, { 65534, 65536, 0, 131071, 131072, 139999 } },
		{ "65536", { 65536, 65536, 65536, 65536, 65536, 65536 }, { 65535, 65537, 0, 131071, 131072, 139999 } },
		{ "65535-65536", { 65535, 65536, 65535, 65536, 65535, 65536 }, { 65534, 65537, 0, 131071, 131072, 139999 } },
		{ "0-65535", { 0, 1, 65534, 65535, 127, 128 }, { 65536, 65537, 131071, 131072, 139998, 139999 } },
		{ "65536-131071", { 65536, 131071, 65537, 131070, 70000, 100000 }, { 65535, 131072, 0, 1, 139998, 139999 } },
		{ "0-139999", { 0, 65535, 65536, 131071, 131072, 139999 }, { 0 } },
	};
	struct house *h = here(state);
	struct str batch = some_batch(h, MAKER);

	for (size_t i = 0; i < ROWS(rows); i++) {
		struct str pack = new_pack(h, MAKER, batch, "140000", NULL);

		sell(h, MAKER, range(h, pack, rows[i].set));
		for (size_t k = 0; k < 6; k++) {
			if (strcmp(verdict(h, item_code(h, pack, rows[i].in[k])), "not_sold") == 0)
				fail_msg("%s does not hold %zu", rows[i].set, rows[i].in[k]);
			if (rows[i].out[0] && strcmp(verdict(h, item_code(h, pack, rows[i].out[k])), "not_sold") != 0)
				fail_msg("%s holds %zu", rows[i].set, rows[i].out[k]);
		}
	}
}

static void bad_ranges_are_refused(void **state)
{
	static const char *const bad[] = { "5-4", "0-10", "10", "-1", "1-", "a", "0-9999999999999999999", "", "1-2-3", "0x1", " 1", "1.5" };
	struct house *h = here(state);
	struct str pack = new_pack(h, MAKER, some_batch(h, MAKER), "10", NULL), other = new_pack(h, MAKER2, some_batch(h, MAKER2), "10", NULL), c1, c2;
	uint64_t before = log_size(h);

	for (size_t i = 0; i < ROWS(bad); i++) {
		struct answer a = call(h, MAKER, "sale.create", "buyer_kind", "consumer", "items", range(h, pack, bad[i]), NULL);

		if (strcmp(bad[i], "") == 0)
			continue;            /* "id:" is the whole pack */
		if (a.err != E_BAD)
			fail_msg("the range %s is taken: %s", bad[i], err_name(a.err));
	}
	c1 = nth_code(h, MAKER, pack, 3);
	c2 = nth_code(h, MAKER2, other, 5);
	assert_int_equal(call(h, MAKER, "sale.create", "buyer_kind", "consumer", "items", str_fmt(&h->a, "%.*s..%.*s", STR_ARG(c1), STR_ARG(c2)).p, NULL).err, E_BAD);
	assert_int_equal(call(h, MAKER, "sale.create", "buyer_kind", "consumer", "items", z(h, c2), NULL).err, E_BAD);
	assert_int_equal(call(h, MAKER, "sale.create", "buyer_kind", "consumer", "items", z(h, other), NULL).err, E_BAD);
	assert_int_equal(log_size(h), before + 1);
}

static void a_million_items_with_holes_are_one_small_record(void **state)
{
	struct house *h = here(state);
	struct str pack = new_pack(h, MAKER, some_batch(h, MAKER), "1000000", NULL);
	struct node *in = in_of(h, "buyer_kind", "consumer", NULL), *list = put_arr(&h->a, in, "items");
	struct answer a;
	int64_t bytes;

	/* ten thousand ranges of a hundred, each but its last */
	for (int i = 0; i < 10000; i++)
		node_add(list, node_str(&h->a, str_fmt(&h->a, "%.*s:%d-%d", STR_ARG(pack), i * 100, i * 100 + 98)));
	a = ask(h, actor(h, MAKER), "sale.create", in, S(""), NULL);
	assert_int_equal(a.err, OK);
	bytes = raw_number(h, str_fmt(&h->a, "SELECT SUM(length(body)) + (SELECT SUM(length(bytes)) FROM record_part WHERE record = (SELECT MAX(id) FROM record))"
	                              " FROM item_set WHERE record = (SELECT MAX(id) FROM record)").p);
	assert_in_range(bytes, 1, 45000);
	for (size_t i = 98; i < 1000000; i += 12345 * 100) {
		assert_string_equal(verdict(h, item_code(h, pack, i)), "valid_first");
		assert_string_equal(verdict(h, item_code(h, pack, i + 1)), "not_sold");
	}
	assert_string_equal(verdict(h, item_code(h, pack, 999998)), "valid_first");
	assert_string_equal(verdict(h, item_code(h, pack, 999999)), "not_sold");
}

/* Memory grows with what was sent, not with its square. */
static void codes_of_many_packs_take_memory_in_proportion(void **state)
{
	struct house *h = here(state);
	struct node *in = in_of(h, "buyer_kind", "consumer", NULL), *list = put_arr(&h->a, in, "items");
	struct answer a;
	size_t used;

	for (int i = 0; i < 500; i++) {
		struct str pack = new_pack(h, MAKER, S(""), "1", NULL);

		node_add(list, node_str(&h->a, pack));
	}
	used = h->a.used;
	a = ask(h, actor(h, MAKER), "sale.create", in, S(""), NULL);
	assert_int_equal(a.err, OK);
	assert_in_range(h->a.used - used, 1, 6 << 20);
}

/* ---- words ---- */

static void no_answer_ever_calls_goods_the_real_thing(void **state)
{
	struct house *h = here(state);
	struct db *db = raw_open(h);
	struct rows r;
	size_t n;
	const struct op *const *ops = kernel_ops(h->k, &n);
	static const char *const words[] = { "正品", "真品", "genuine", "authentic" };

	assert_int_equal(db_ask(db, &h->a, "SELECT record FROM pack ORDER BY record LIMIT 6", NO_VALS, &r), OK);
	db_close(db);
	for (size_t i = 0; i < r.n; i++) {
		struct str pack = id_str(&h->a, row_int(&r, i, 0)), code;
		struct answer a = call(h, MAKER, "pack.codes", "id", z(h, pack), NULL);

		if (a.err)
			continue;
		code = str_sub(whole(h, &a, 1 << 16), 0, 20);
		for (size_t k = 0; k < ROWS(words); k++) {
			struct answer s = scan(h, code), w = call(h, MAKER, "code.where", "code", z(h, code), NULL);

			assert_false(holds(text_of(h, &s), words[k]));
			assert_false(holds(text_of(h, &w), words[k]));
		}
	}
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < ROWS(words); k++)
			assert_false(strstr(ops[i]->zh, words[k]) || strstr(ops[i]->en, words[k]));
	for (size_t k = 0; k < ROWS(words); k++) {
		struct answer s = scan(h, S("00000000000000000000"));

		assert_false(holds(text_of(h, &s), words[k]));
	}
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(product_and_batch_codes_say_that_they_cannot_tell_copies_apart),
	cmocka_unit_test(an_item_code_goes_from_not_sold_to_first_query_to_queried_before),
	cmocka_unit_test(a_pack_ordered_first_is_activated_by_range),
	cmocka_unit_test(a_void_code_names_its_successor),
	cmocka_unit_test(a_seller_codes_goods_that_came_without_one),
	cmocka_unit_test(one_changed_character_is_forged_and_asks_the_store_nothing),
	cmocka_unit_test(reading_is_tolerant_of_what_people_type),
	cmocka_unit_test(what_the_key_holder_did_not_issue_is_forged_too),
	cmocka_unit_test(another_home_opens_none_of_these_codes),
	cmocka_unit_test(streams_count_exactly_in_every_format_and_page_size),
	cmocka_unit_test(only_the_party_of_a_pack_reads_its_codes),
	cmocka_unit_test(the_log_and_the_store_hold_no_code),
	cmocka_unit_test(ranges_meet_at_the_edges_of_chunks),
	cmocka_unit_test(bad_ranges_are_refused),
	cmocka_unit_test(no_answer_ever_calls_goods_the_real_thing),
	cmocka_unit_test(codes_of_many_packs_take_memory_in_proportion),
	cmocka_unit_test(a_million_items_with_holes_are_one_small_record),
};

int main(void) { return RUN_BOTH("codes", tests, NULL); }
