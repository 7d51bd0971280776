/* tests/ops/test_moves.c - 一 来源可查、去向可追: sets of items as they are kept and asked, cartons, cut lengths, deliveries and their answers. */
#include "mod/trace/flow.h"
#include "tests/ops/harness.h"

static struct str some_batch(struct house *h, enum who w) { return new_batch(h, w, new_product(h, w, "钢丝绳"), "M-1"); }
static const char *range(struct house *h, struct str pack, const char *of) { return str_fmt(&h->a, "%.*s:%s", STR_ARG(pack), of).p; }
static struct str code_at(struct house *h, enum who w, struct str pack, size_t n) { return nth_code(h, w, pack, n); }

static struct answer sell_to(struct house *h, enum who seller, enum who buyer, const char *op, const char *items, const char *when)
{
	bool maker = strcmp(op, "sale.create") == 0;

	return call_ok(h, seller, op, maker ? "buyer_uscc" : "customer_uscc", z(h, h->uscc[buyer]), maker ? "sale_time" : "sold_time", when,
	               maker ? "items" : "trace_code", items, NULL);
}

static void accept(struct house *h, enum who w, const struct answer *sale) { call_ok(h, w, "offer.answer", "id", z(h, answer_id(h, sale)), "accept", "all", NULL); }

static const char *state_of(struct house *h, enum who w, const char *direction, const char *state, struct str id)
{
	struct answer a = call_ok(h, w, "offer.list", "direction", direction, "state", state, NULL);

	for (const struct node *x = node_get(a.out, "items")->first; x; x = x->next)
		if (str_eq(node_text(x, "id"), id))
			return z(h, node_text(x, "state"));
	return "none";
}

/* ---- sets ---- */

static uint64_t seed = 20241009;
static uint32_t roll(uint32_t n)
{
	seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407;
	return (uint32_t)(seed >> 33) % n;
}

/* Sets of every shape; each item's history must name exactly the records that spoke of it, whatever place they were kept at. */
static void what_is_kept_is_what_was_said(void **state)
{
	enum { COUNT = 140000, SETS = 14 };
	struct house *h = here(state);
	struct str pack = new_pack(h, MAKER, some_batch(h, MAKER), "140000", NULL);
	bool (*in)[COUNT] = calloc(SETS, sizeof(*in));
	int64_t id[SETS];

	for (int s = 0; s < SETS; s++) {
		struct node *o = in_of(h, "what", "report", "file", z(h, put_file(h, MAKER, "x", true)), NULL), *list = put_arr(&h->a, o, "items");
		struct buf b = buf_in(&h->a, 65536);
		uint32_t lo = 0;
		struct answer a;

		for (uint32_t i = 0; i < COUNT; i++)
			switch (s % 7) {
			case 0: in[s][i] = i == 77; break;                               /* one item */
			case 1: in[s][i] = i >= 65530 && i < 65540; break;              /* across a chunk's edge */
			case 2: in[s][i] = i >= 1000 && i < 3000; break;                /* a few buckets */
			case 3: in[s][i] = i % 1400 == 5; break;                        /* scattered thin */
			case 4: in[s][i] = i % 130 < 60; break;                         /* scattered thick */
			case 5: in[s][i] = roll(10) == 0; break;                        /* a random tenth: parts */
			default: in[s][i] = i > 20 && i < COUNT - 20; break;            /* nearly all */
			}
		for (uint32_t i = 0; i <= COUNT; i++) {
			bool now = i < COUNT && in[s][i], before = i && in[s][i - 1];

			if (now && !before)
				lo = i;
			if (!now && before) {
				if (b.n > 15000) {
					node_add(list, node_str(&h->a, str_fmt(&h->a, "%.*s:%.*s", STR_ARG(pack), STR_ARG(buf_str(&b)))));
					b = buf_in(&h->a, 65536);
				}
				if (b.n)
					buf_char(&b, '+');
				ranges_write(&b, &(struct range){ lo, i - 1 }, 1);
			}
		}
		node_add(list, node_str(&h->a, str_fmt(&h->a, "%.*s:%.*s", STR_ARG(pack), STR_ARG(buf_str(&b)))));
		a = ask(h, actor(h, MAKER), "attachment.create", o, S(""), NULL);
		if (a.err)
			fail_msg("set %d: %s", s, z(h, text_of(h, &a)));
		assert_true(id_get(answer_id(h, &a), &id[s]));
	}
	for (int round = 0; round < 300; round++) {
		uint32_t item = round < 20 ? (uint32_t[]){ 0, 5, 77, 78, 999, 1000, 2999, 3000, 65529, 65530, 65535, 65536, 65539, 65540, 20, 21, 139979, 139980, 139999, 1405 }[round]
		                           : roll(COUNT);
		struct call c = { .k = h->k, .who = &nobody, .arena = &h->a, .now = h->now };
		struct item_event *ev;
		int64_t pack_id;
		size_t n, want = 0;

		assert_true(id_get(pack, &pack_id));
		assert_int_equal(kernel_reader(h->k, &c.db), OK);
		assert_int_equal(item_history(&c, pack_id, item, &ev, &n), OK);
		kernel_reader_end(h->k, c.db);
		for (int s = 0; s < SETS; s++)
			if (in[s][item]) {
				if (want >= n || ev[want].record != id[s])
					fail_msg("item %u: set %d is missing", item, s);
				want++;
			}
		assert_int_equal(n, want);
	}
	free(in);
}

/* The same tables come out of the records alone, parts, places, cartons and deliveries included. */
static void tables_are_made_again_from_the_records(void **state)
{
	static const char *const tables[] = { "item_set", "box_event", "delivery", "pack", "p_sale", "p_cut" };
	struct house *h = here(state);

	assert_rebuilt(h, tables, ROWS(tables));
}

/* Who does not hold the goods cannot count a maker's output by trying ranges; who was sold them may name them by their ends. */
static void ranges_are_for_whom_the_goods_came_to(void **state)
{
	struct house *h = here(state);
	struct str pack = new_pack(h, MAKER, some_batch(h, MAKER), "1000", NULL), first = code_at(h, MAKER, pack, 0), tenth = code_at(h, MAKER, pack, 9);
	struct str beyond = code_at(h, MAKER, pack, 11);
	static const char *const guesses[] = { "0-9", "0-999", "0-1000", "1000", "5000000" };
	const char *said = NULL;

	for (size_t i = 0; i < ROWS(guesses); i++) {         /* every guess is answered alike, right or wrong */
		struct answer a = call(h, SELLER, "purchase.create", "supplier_name", "x", "trace_code", range(h, pack, guesses[i]), NULL);
		const struct trouble *t = trouble_of(&a, "trace_code");

		assert_int_equal(a.err, E_BAD);
		if (said && strcmp(said, z(h, str_sub(t->en, t->en.n - 20, 20))) != 0)
			fail_msg("'%s' is answered otherwise: %.*s", guesses[i], STR_ARG(t->en));
		said = z(h, str_sub(t->en, t->en.n - 20, 20));
	}
	assert_int_equal(call(h, SELLER, "purchase.create", "supplier_name", "x", "trace_code", str_fmt(&h->a, "%.*s..%.*s", STR_ARG(first), STR_ARG(tenth)).p, NULL).err, E_BAD);
	sell_to(h, MAKER, SELLER, "sale.create", range(h, pack, "0-9"), "2026-11-10");
	call_ok(h, SELLER, "resale.create", "trace_code", str_fmt(&h->a, "%.*s..%.*s", STR_ARG(first), STR_ARG(tenth)).p, NULL);
	assert_int_equal(call(h, SELLER, "resale.create", "trace_code", str_fmt(&h->a, "%.*s..%.*s", STR_ARG(first), STR_ARG(beyond)).p, NULL).err, E_BAD);
	assert_int_equal(call(h, SELLER2, "resale.create", "trace_code", str_fmt(&h->a, "%.*s..%.*s", STR_ARG(first), STR_ARG(tenth)).p, NULL).err, E_BAD);
}

/* ---- cartons ---- */

#define CARTON "(00)069014110000000013"
#define PALLET "(00)069014110000000020"

static void a_pallet_is_received_by_one_scan(void **state)
{
	struct house *h = here(state);
	struct str pack = new_pack(h, MAKER, some_batch(h, MAKER), "100", NULL), sale;
	struct answer a;

	call_ok(h, MAKER, "aggregation.create", "parent", CARTON, "action", "add", "items", range(h, pack, "0-9"), "packed_time", "2026-11-03T01:00:00Z", NULL);
	call_ok(h, MAKER, "aggregation.create", "parent", "CARTON-B", "action", "add", "items", range(h, pack, "10-19"), "packed_time", "2026-11-03T01:00:00Z", NULL);
	call_ok(h, MAKER, "aggregation.create", "parent", PALLET, "action", "add", "containers", CARTON "\nCARTON-B", "packed_time", "2026-11-03T02:00:00Z", NULL);
	call_ok(h, MAKER, "aggregation.create", "parent", "CARTON-B", "action", "delete", "items", range(h, pack, "19"), "packed_time", "2026-11-05T00:00:00Z", NULL);
	assert_int_equal(call(h, SELLER, "resale.create", "trace_code", PALLET, NULL).err, E_BAD);          /* an SSCC is easy to guess */
	a = sell_to(h, MAKER, SELLER, "sale.create", PALLET, "2026-11-06");
	sale = answer_id(h, &a);
	a = call_ok(h, SELLER, "offer.list", NULL);
	assert_int_equal(node_number(node_get(a.out, "items")->first, "count", -1), 19);
	a = call_ok(h, SELLER, "purchase.create", "supplier_uscc", z(h, h->uscc[MAKER]), "trace_code", "00069014110000000020", NULL);      /* another spelling */
	assert_string_equal(state_of(h, SELLER, "in", "answered", sale), "accepted");      /* the same goods from the same sender: that was the answer */
	/* as of a day before the nineteenth came out, the carton holds it */
	a = call_ok(h, MAKER, "sale.create", "buyer_name", "某公司", "buyer_address", "a", "buyer_contact", "1", "sale_time", "2026-11-04", "items", "CARTON-B", NULL);
	a = call_ok(h, MAKER, "chain.get", "of", z(h, answer_id(h, &a)), NULL);
	assert_int_equal(node_number(a.out, "count", -1), 10);
	call_ok(h, MAKER, "aggregation.create", "parent", "CARTON-B", "action", "delete", "packed_time", "2026-11-07T00:00:00Z", NULL);
	assert_int_equal(call(h, MAKER, "sale.create", "buyer_kind", "consumer", "items", "CARTON-EMPTY", NULL).err, E_BAD);
}

static void cartons_refuse_nonsense(void **state)
{
	struct house *h = here(state);
	struct str pack = new_pack(h, MAKER, some_batch(h, MAKER), "20", NULL), code = code_at(h, MAKER, pack, 1);
	const struct { const char *field, *in[8]; } bad[] = {
		{ "items", { "parent", "BOX-1", "action", "add" } },
		{ "parent", { "parent", z(h, code), "action", "add", "items", range(h, pack, "2") } },
		{ "containers", { "parent", "BOX-1", "action", "add", "containers", "BOX-1" } },
		{ "containers", { "parent", "BOX-1", "action", "add", "containers", "BOX-NEVER" } },
		{ "items", { "parent", "BOX-1", "action", "add", "items", range(h, pack, "99") } },
	};

	for (size_t i = 0; i < ROWS(bad); i++) {
		const char *const *x = bad[i].in;
		struct answer a = call(h, MAKER, "aggregation.create", x[0], x[1], x[2], x[3], x[4], x[5], NULL);

		if (a.err != E_BAD || !trouble_of(&a, bad[i].field))
			fail_msg("row %zu: %s", i, z(h, text_of(h, &a)));
	}
}

/* Two cartons that were put into each other end, and hold what was put in. */
static void a_circle_of_cartons_ends(void **state)
{
	struct house *h = here(state);
	struct str pack = new_pack(h, MAKER, some_batch(h, MAKER), "20", NULL);
	struct answer a;

	call_ok(h, MAKER, "aggregation.create", "parent", "RING-1", "action", "add", "items", range(h, pack, "0-4"), NULL);
	call_ok(h, MAKER, "aggregation.create", "parent", "RING-2", "action", "add", "items", range(h, pack, "5-9"), "containers", "RING-1", NULL);
	call_ok(h, MAKER, "aggregation.create", "parent", "RING-1", "action", "add", "containers", "RING-2", NULL);
	a = call_ok(h, MAKER, "chain.get", "of", "RING-1", NULL);
	assert_int_equal(node_number(a.out, "count", -1), 10);
}

/* ---- a reel of 1,000 metres ---- */

static struct str piece_code(struct house *h, enum who w, struct str pieces, size_t n) { return nth_code(h, w, pieces, n); }

static struct answer cut(struct house *h, enum who w, struct str from, const char *metres, const char *piece, const char *offcut)
{
	struct node *in = in_of(h, "from", z(h, from), "quantity", metres, "unit", "m", "cut_time", "2026-11-20", NULL);
	struct answer a;

	if (piece)
		put_z(&h->a, in, "piece", piece);
	if (offcut)
		put_z(&h->a, in, "offcut", offcut);
	a = ask(h, actor(h, w), "cut.create", in, S(""), NULL);
	if (a.err)
		fail_msg("cut of %s: %s", metres, z(h, text_of(h, &a)));
	return a;
}

static const char *amount(struct house *h, enum who w, struct str code, const char *what)
{
	struct answer a = call_ok(h, w, "chain.get", "of", z(h, code), NULL);
	const struct node *b = node_get(a.out, "balance");

	return b ? z(h, node_text(b, what)) : "none";
}

/* 1,000 m, 37 cuts by three sellers, one return, a recall reaches every piece. */
static void a_reel_is_cut_by_three_sellers(void **state)
{
	struct house *h = here(state);
	struct str pack = new_pack(h, MAKER, some_batch(h, MAKER), "3", NULL), reel = code_at(h, MAKER, pack, 0), pieces[3];
	struct str big[2], all[40];
	static const enum who who[3] = { SELLER, SELLER2, MAKER };
	size_t n = 0;
	struct answer a;

	call_ok(h, MAKER, "measure.create", "items", z(h, reel), "quantity", "1000", "unit", "m", "tolerance", "0.5", NULL);
	for (int i = 0; i < 3; i++) {
		a = call_ok(h, who[i], "pack.create", "grain", "item", "count", "40", "pieces", "true", NULL);
		pieces[i] = answer_id(h, &a);
	}
	a = sell_to(h, MAKER, SELLER, "sale.create", z(h, reel), "2026-11-10");
	accept(h, SELLER, &a);
	assert_string_equal(amount(h, SELLER, reel, "remainder"), "1000");
	/* two long pieces go on to other shops, who cut them further */
	for (int i = 0; i < 2; i++) {
		big[i] = piece_code(h, SELLER, pieces[0], (size_t)i);
		cut(h, SELLER, reel, "300", z(h, big[i]), NULL);
		all[n++] = big[i];
	}
	a = sell_to(h, SELLER, SELLER2, "resale.create", z(h, big[0]), "2026-11-19");
	accept(h, SELLER2, &a);
	for (size_t i = 0; i < 15; i++, n++)                        /* 15 of 12.5 m with codes */
		cut(h, SELLER, reel, "12.5", z(h, all[n] = piece_code(h, SELLER, pieces[0], 2 + i)), "0.05");
	for (size_t i = 0; i < 10; i++, n++)
		cut(h, SELLER2, big[0], "20.25", z(h, all[n] = piece_code(h, SELLER2, pieces[1], i)), NULL);
	for (size_t i = 0; i < 10; i++)                              /* and ten without: over the counter */
		cut(h, SELLER, big[1], "7", NULL, NULL);
	assert_string_equal(amount(h, SELLER, reel, "cut"), "787.5");
	assert_string_equal(amount(h, SELLER, reel, "offcut"), "0.75");
	assert_string_equal(amount(h, SELLER, reel, "remainder"), "211.75");
	assert_string_equal(amount(h, SELLER, reel, "tolerance"), "5");
	assert_string_equal(amount(h, SELLER2, big[0], "remainder"), "97.5");
	assert_string_equal(amount(h, SELLER, big[1], "remainder"), "230");
	assert_string_equal(amount(h, SELLER2, reel, "remainder"), "none");     /* what is left is its holder's business */
	assert_string_equal(amount(h, MAKER2, big[0], "remainder"), "none");
	/* one comes back */
	call_ok(h, SELLER, "return.create", "items", z(h, big[1]), "quantity", "7", "unit", "m", "reason", "量错", NULL);
	assert_string_equal(amount(h, SELLER, big[1], "returned"), "7");
	assert_string_equal(amount(h, SELLER, big[1], "remainder"), "230");      /* a piece that is cut off does not grow on again */
	/* the piece stands for goods of the reel: its certificate, its own length */
	a = call_ok(h, ANYBODY, "scan", "code", z(h, all[20]), NULL);
	assert_true(holds(text_of(h, &a), "(苏)XK05-005-00001") && holds(text_of(h, &a), "甲钢丝绳厂"));
	assert_string_equal(z(h, node_text(node_get(a.out, "piece"), "quantity")), "20.25");
	assert_false(holds(text_of(h, &a), "1000"));
	/* a recall of the reel reaches every piece */
	{
		struct item_sets s = { 0 };
		struct call c = { .k = h->k, .who = &nobody, .arena = &h->a, .now = h->now, .op = op_find(h->k, S("cut.create")) };
		struct str bad;

		assert_int_equal(kernel_reader(h->k, &c.db), OK);
		assert_int_equal(items_parse(&c, &reel, 1, &s, &bad), OK);
		assert_int_equal(sets_with_pieces(&c, &s), OK);
		kernel_reader_end(h->k, c.db);
		assert_int_equal(s.count, n + 1);
	}
}

static void cuts_that_cannot_be_are_refused(void **state)
{
	struct house *h = here(state);
	struct str pack = new_pack(h, MAKER, some_batch(h, MAKER), "5", NULL), reel = code_at(h, MAKER, pack, 0), bare = code_at(h, MAKER, pack, 1);
	struct answer a = call_ok(h, MAKER, "pack.create", "grain", "item", "count", "3", "pieces", "true", NULL);
	struct str pieces = answer_id(h, &a), piece = nth_code(h, MAKER, pieces, 0);

	call_ok(h, MAKER, "measure.create", "items", z(h, reel), "quantity", "0.5", "unit", "t", NULL);
	call_ok(h, MAKER, "cut.create", "from", z(h, reel), "quantity", "125.5", "unit", "kg", "piece", z(h, piece), NULL);
	assert_string_equal(amount(h, MAKER, reel, "remainder"), "374.5");
	{
		const struct { const char *field, *from, *quantity, *unit, *piece; } bad[] = {
			{ "from", z(h, bare), "1", "kg", NULL }, { "unit", z(h, reel), "1", "m", NULL }, { "quantity", z(h, reel), "1001", "kg", NULL },
			{ "quantity", z(h, reel), "1,5", "kg", NULL }, { "quantity", z(h, reel), "-1", "kg", NULL }, { "piece", z(h, reel), "1", "kg", z(h, piece) },
			{ "piece", z(h, reel), "1", "kg", z(h, bare) }, { "from", range(h, pack, "0-1"), "1", "kg", NULL }, { "unit", z(h, reel), "1", "ell", NULL },
		};

		for (size_t i = 0; i < ROWS(bad); i++) {
			struct node *in = in_of(h, "from", bad[i].from, "quantity", bad[i].quantity, "unit", bad[i].unit, NULL);

			if (bad[i].piece)
				put_z(&h->a, in, "piece", bad[i].piece);
			a = ask(h, actor(h, MAKER), "cut.create", in, S(""), NULL);
			if (a.err != E_BAD || !trouble_of(&a, bad[i].field))
				fail_msg("row %zu: %s", i, z(h, text_of(h, &a)));
		}
	}
}

/* ---- deliveries ---- */

static void a_delivery_waits_for_its_answer(void **state)
{
	static const struct { const char *accept, *state, *items; uint64_t bought, refused; } ways[] = {
		{ "all", "accepted", NULL, 20, 0 }, { "none", "refused", NULL, 0, 20 }, { "part", "part", "0-4+10", 6, 14 },
	};
	struct house *h = here(state);

	for (size_t i = 0; i < ROWS(ways); i++) {
		struct str pack = new_pack(h, MAKER, some_batch(h, MAKER), "100", NULL);
		struct answer a = sell_to(h, MAKER, SELLER, "sale.create", range(h, pack, "0-19"), "2026-11-10");
		struct str sale = answer_id(h, &a);
		struct node *in = in_of(h, "id", z(h, sale), "accept", ways[i].accept, "reason", "数量不符", NULL);
		int64_t purchases = raw_number(h, "SELECT COUNT(*) FROM p_purchase"), refusals = raw_number(h, "SELECT COUNT(*) FROM p_refusal");

		assert_string_equal(state_of(h, SELLER, "in", "waiting", sale), "offered");
		assert_string_equal(state_of(h, MAKER, "out", "waiting", sale), "offered");
		assert_string_equal(state_of(h, SELLER2, "in", "waiting", sale), "none");
		assert_int_equal(ask(h, actor(h, SELLER2), "offer.answer", in, S(""), NULL).err, E_ABSENT);
		if (ways[i].items)
			put_z(&h->a, in, "items", range(h, pack, ways[i].items));
		a = ask(h, actor(h, SELLER), "offer.answer", in, S(""), NULL);
		if (a.err)
			fail_msg("%s: %s", ways[i].accept, z(h, text_of(h, &a)));
		assert_string_equal(z(h, node_text(a.out, "state")), ways[i].state);
		assert_true(node_get(a.out, "receipt") != NULL);
		assert_string_equal(state_of(h, SELLER, "in", "waiting", sale), "none");
		assert_string_equal(state_of(h, SELLER, "in", "answered", sale), ways[i].state);
		assert_string_equal(state_of(h, MAKER, "out", "answered", sale), ways[i].state);
		assert_int_equal(raw_number(h, "SELECT COUNT(*) FROM p_purchase") - purchases, ways[i].bought > 0);
		assert_int_equal(raw_number(h, "SELECT COUNT(*) FROM p_refusal") - refusals, ways[i].refused > 0);
		in = in_of(h, "id", z(h, sale), "accept", "all", NULL);
		assert_int_equal(ask(h, actor(h, SELLER), "offer.answer", in, S(""), NULL).err, E_STATE);       /* answered once */
		a = call_ok(h, MAKER, "chain.holders", "of", z(h, sale), NULL);
		for (const struct node *x = node_get(a.out, "holders")->first; x; x = x->next)
			if (str_is(node_text(x, "kind"), "maker"))
				assert_int_equal(node_number(x, "count", -1), ways[i].refused);
	}
}

static void a_large_delivery_is_accepted_whole(void **state)
{
	struct house *h = here(state);
	struct str pack = new_pack(h, MAKER, some_batch(h, MAKER), "200000", NULL);
	struct node *in = in_of(h, "buyer_uscc", z(h, h->uscc[SELLER]), "sale_time", "2026-11-10", NULL), *list = put_arr(&h->a, in, "items");
	struct verify_report r;
	struct answer a, b;

	for (int i = 0; i < 1000; i++)
		node_add(list, node_str(&h->a, str_fmt(&h->a, "%.*s:%d-%d", STR_ARG(pack), i * 200, i * 200 + 50)));
	a = ask(h, actor(h, MAKER), "sale.create", in, S(""), NULL);
	assert_int_equal(a.err, OK);
	accept(h, SELLER, &a);
	b = call_ok(h, SELLER, "chain.holders", "of", z(h, answer_id(h, &a)), NULL);
	assert_int_equal(node_get(b.out, "holders")->n, 1);
	assert_int_equal(node_number(node_get(b.out, "holders")->first, "count", -1), 51000);
	assert_int_equal(kernel_verify(h->k, &h->a, NULL, &r), OK);
}

static void deliveries_say_what_is_missing(void **state)
{
	struct house *h = here(state);
	struct str pack = new_pack(h, MAKER, some_batch(h, MAKER), "100", NULL), other = new_pack(h, MAKER, some_batch(h, MAKER), "100", NULL);
	struct answer a = sell_to(h, MAKER, SELLER, "sale.create", range(h, pack, "0-9"), "2026-11-10");
	const char *id = z(h, answer_id(h, &a));
	const struct { const char *field, *in[8]; } bad[] = {
		{ "reason", { "id", id, "accept", "none" } }, { "reason", { "id", id, "accept", "part", "items", range(h, pack, "0-4") } },
		{ "items", { "id", id, "accept", "part", "reason", "x" } }, { "items", { "id", id, "accept", "part", "reason", "x", "items", range(h, other, "0") } },
		{ "items", { "id", id, "accept", "part", "reason", "x", "items", range(h, pack, "0-9") } }, { "accept", { "id", id } },
	};

	for (size_t i = 0; i < ROWS(bad); i++) {
		const char *const *x = bad[i].in;

		a = call(h, SELLER, "offer.answer", x[0], x[1], x[2], x[3], x[4], x[5], x[6], x[7], NULL);
		if (a.err != E_BAD || !trouble_of(&a, bad[i].field))
			fail_msg("row %zu: %s", i, z(h, text_of(h, &a)));
	}
	assert_string_equal(state_of(h, SELLER, "in", "waiting", str_of(id)), "offered");      /* nothing half-stored */
}

/* Who is not registered cannot answer: no case waits, and the sender's word stands. */
static void only_registered_buyers_are_waited_for(void **state)
{
	struct house *h = here(state);
	struct str pack = new_pack(h, MAKER, some_batch(h, MAKER), "10", NULL);
	int64_t cases = raw_number(h, "SELECT COUNT(*) FROM flow_case WHERE flow = 'offer'");

	call_ok(h, MAKER, "sale.create", "buyer_uscc", "91110108551385082Q", "buyer_name", "外地公司", "buyer_address", "x", "buyer_contact", "1", "items", range(h, pack, "0"), NULL);
	call_ok(h, MAKER, "sale.create", "buyer_kind", "consumer", "items", range(h, pack, "1"), NULL);
	assert_int_equal(raw_number(h, "SELECT COUNT(*) FROM flow_case WHERE flow = 'offer'"), cases);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(what_is_kept_is_what_was_said), cmocka_unit_test(ranges_are_for_whom_the_goods_came_to), cmocka_unit_test(a_pallet_is_received_by_one_scan),
	cmocka_unit_test(cartons_refuse_nonsense), cmocka_unit_test(a_circle_of_cartons_ends), cmocka_unit_test(a_reel_is_cut_by_three_sellers),
	cmocka_unit_test(cuts_that_cannot_be_are_refused), cmocka_unit_test(a_delivery_waits_for_its_answer), cmocka_unit_test(a_large_delivery_is_accepted_whole),
	cmocka_unit_test(deliveries_say_what_is_missing), cmocka_unit_test(only_registered_buyers_are_waited_for),
	cmocka_unit_test(tables_are_made_again_from_the_records),
};

int main(void) { return RUN_BOTH("moves", tests, NULL); }
