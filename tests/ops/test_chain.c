/* tests/ops/test_chain.c - 一 来源可查、去向可追、责任可究: the chain of any code, and who sees what of it: every cell of the visibility table. */
#include "mod/trace/chain.h"
#include "tests/ops/harness.h"

#define TIME_SOLD "2026-11-15T13:19:00Z"
#define NAME_BOUGHT "丁建材商店"
#define DOCUMENT "SHD-20261115-7"
#define QUANTITY "123.456"

static struct story { struct str pack, code, sale, resale, last, batch; } story;

static struct str some_batch(struct house *h, enum who w, const char *lot) { return new_batch(h, w, new_product(h, w, "钢丝绳"), lot); }
static const char *range(struct house *h, struct str pack, const char *of) { return str_fmt(&h->a, "%.*s:%s", STR_ARG(pack), of).p; }
static void open_by_default(struct house *h, enum who w, bool yes) { call_ok(h, w, "party.openness", "open_by_default", yes ? "true" : "false", NULL); }

static void answer_all(struct house *h, enum who w, struct str id) { call_ok(h, w, "offer.answer", "id", z(h, id), "accept", "all", NULL); }

/* maker -> shop -> shop of another region -> user unit. The step in question is the second. */
static void tell(struct house *h, const char *lot, bool open)
{
	struct answer a;

	open_by_default(h, SELLER, open);
	open_by_default(h, SELLER2, open);
	story.batch = some_batch(h, MAKER, lot);
	story.pack = new_pack(h, MAKER, story.batch, "50", NULL);
	story.code = nth_code(h, MAKER, story.pack, 3);
	a = call_ok(h, MAKER, "sale.create", "buyer_uscc", z(h, h->uscc[SELLER]), "sale_time", "2026-11-10", "items", range(h, story.pack, "0-9"), NULL);
	story.sale = answer_id(h, &a);
	answer_all(h, SELLER, story.sale);
	a = call_ok(h, SELLER, "resale.create", "customer_uscc", z(h, h->uscc[SELLER2]), "sold_time", TIME_SOLD, "trace_code",
	            str_fmt(&h->a, "%.*s\n%.*s", STR_ARG(story.code), STR_ARG(nth_code(h, MAKER, story.pack, 5))).p, "document_no", DOCUMENT, "quantity", QUANTITY, "unit", "m", NULL);
	story.resale = answer_id(h, &a);
	answer_all(h, SELLER2, story.resale);
	a = call_ok(h, SELLER2, "resale.create", "customer_uscc", z(h, h->uscc[USER]), "sold_time", "2026-11-20", "trace_code", z(h, story.code), NULL);
	story.last = answer_id(h, &a);
	answer_all(h, USER, story.last);
}

static const struct node *step_in(const struct node *out, struct str record)
{
	const struct node *list = node_get(out, "steps");

	for (const struct node *x = list ? list->first : NULL; x; x = x->next)
		if (str_eq(node_text(x, "record"), record))
			return x;
	return NULL;
}

static bool tells(struct house *h, const struct node *step, enum fact f)
{
	struct str all = json_str(&h->a, step);

	switch (f) {
	case FACT_STEP: return node_text(step, "what").n > 0 && node_get(step, "index");
	case FACT_TIME: return holds(all, "2026-11-15T13:19");
	case FACT_FILER: return holds(all, "丙五金批发部");
	case FACT_OTHER: return holds(all, NAME_BOUGHT) || holds(all, z(h, h->uscc[SELLER2]));
	case FACT_COUNT: return node_get(step, "count") != NULL;
	case FACT_QUANTITY: return holds(all, QUANTITY);
	case FACT_DOCUMENT: return holds(all, DOCUMENT);
	default: fail_msg("no such fact"); return false;
	}
}

static const struct { enum viewer viewer; enum who who; } seats[] = {
	{ SEE_PUBLIC, ANYBODY }, { SEE_PUBLIC, MAKER2 }, { SEE_SIDE, SELLER }, { SEE_SIDE, SELLER2 }, { SEE_MAKER, MAKER }, { SEE_HOLDER, USER },
	{ SEE_OFFICER_SHUT, OFFICER }, { SEE_OFFICER_SHUT, OFFICER2 }, { SEE_ASSOCIATION, ASSOC }, { SEE_AUDITOR, AUDITOR }, { SEE_OPERATOR, OPERATOR },
	{ SEE_OFFICER, OFFICER }, { SEE_OFFICER, OFFICER2 },      /* last: from here on the chain is open to them */
};

/* Of one item for everybody; of the record itself, where a count stands, for those who may ask for it. */
static void look(struct house *h, size_t seat, enum relation rel)
{
	enum who w = seats[seat].who;
	struct answer item, set;
	const struct node *a, *b;

	if (seats[seat].viewer == SEE_OFFICER) {
		call_ok(h, w, "chain.open", "of", z(h, story.code), "reason", "抽查", NULL);
		if (w == OFFICER)
			call_ok(h, w, "chain.open", "of", z(h, story.batch), "reason", "抽查整批", NULL);
	}
	item = w == ANYBODY ? call_ok(h, w, "scan", "code", z(h, story.code), NULL) : call_ok(h, w, "chain.get", "of", z(h, story.code), NULL);
	set = call(h, w, "chain.get", "of", z(h, w == MAKER || w == OFFICER ? story.batch : story.resale), NULL);
	a = step_in(item.out, story.resale);
	b = set.err ? NULL : step_in(set.out, story.resale);
	assert_non_null(a);
	for (enum fact f = 0; f < FACTS; f++) {
		bool want = sight[seats[seat].viewer][f][rel] == SHOWN, got = tells(h, f == FACT_COUNT && b ? b : a, f);

		if (f == FACT_COUNT && want && w == OFFICER2)
			continue;                       /* the record is of another region's seller: the officer sees it by its items */
		if (want != got)
			fail_msg("%s (%s) %s %s when %s: %s", viewer_names[seats[seat].viewer], who_names[w], got ? "sees" : "does not see", fact_names[f],
			         relation_names[rel], z(h, json_str(&h->a, f == FACT_COUNT && b ? b : a)));
	}
	if (a && !str_is(node_text(a, "what"), "resale"))
		fail_msg("a step is never hidden");
}

static void every_cell_when_both_sides_open(void **state)
{
	struct house *h = here(state);

	tell(h, "CH-1", true);
	for (size_t i = 0; i < ROWS(seats); i++)
		look(h, i, REL_OPEN);
}

static void every_cell_when_they_withhold(void **state)
{
	struct house *h = here(state);

	tell(h, "CH-2", false);
	for (size_t i = 0; i < ROWS(seats); i++)
		look(h, i, REL_WITHHELD);
}

/* One side opens, the other withholds: what identifies who withholds stays sealed for all others, in both records. */
static void who_withholds_is_not_named_by_the_other_side(void **state)
{
	static const struct { bool seller, buyer; const char *hidden; } ways[] = { { true, false, NAME_BOUGHT }, { false, true, "丙五金批发部" } };
	struct house *h = here(state);

	for (size_t i = 0; i < ROWS(ways); i++) {
		struct answer a, b;

		tell(h, i ? "CH-4" : "CH-3", false);
		open_by_default(h, SELLER, ways[i].seller);
		open_by_default(h, SELLER2, ways[i].buyer);
		a = call_ok(h, SELLER, "resale.create", "customer_uscc", z(h, h->uscc[SELLER2]), "trace_code", z(h, nth_code(h, MAKER, story.pack, 7)), NULL);
		answer_all(h, SELLER2, answer_id(h, &a));
		b = call_ok(h, ANYBODY, "scan", "code", z(h, nth_code(h, MAKER, story.pack, 7)), NULL);
		if (holds(json_str(&h->a, node_get(b.out, "steps")), ways[i].hidden))
			fail_msg("way %zu tells %s", i, ways[i].hidden);
		b = call_ok(h, MAKER2, "chain.get", "of", z(h, nth_code(h, MAKER, story.pack, 7)), NULL);
		if (holds(text_of(h, &b), ways[i].hidden))
			fail_msg("way %zu: the graph tells %s", i, ways[i].hidden);
	}
	open_by_default(h, SELLER, false);
	open_by_default(h, SELLER2, false);
}

/* 二（七）: the owners see who looked, why, and at what. */
static void a_look_across_borders_is_shown_to_the_owners(void **state)
{
	struct house *h = here(state);
	struct answer a;

	tell(h, "CH-5", false);
	a = call_ok(h, OFFICER2, "chain.open", "of", z(h, story.code), "reason", "核查外省货源KHEFT", NULL);      /* sold on in its region */
	assert_true(holds(text_of(h, &a), DOCUMENT));
	for (enum who w = MAKER; w <= USER; w++) {
		if (w == MAKER2)
			continue;
		a = call_ok(h, w, "access.list", NULL);
		assert_true(holds(text_of(h, &a), "核查外省货源KHEFT"));
		a = call_ok(h, w, "notice.list", NULL);
		assert_true(holds(text_of(h, &a), "\"access\""));
	}
	a = call_ok(h, MAKER2, "access.list", NULL);
	assert_false(holds(text_of(h, &a), "核查外省货源KHEFT"));
	/* nothing of these goods ever came to that region */
	{
		struct str pack = new_pack(h, MAKER, some_batch(h, MAKER, "CH-6"), "5", NULL), code = nth_code(h, MAKER, pack, 0);

		call_ok(h, MAKER, "sale.create", "buyer_uscc", z(h, h->uscc[SELLER]), "items", z(h, code), NULL);
		assert_int_equal(call(h, OFFICER2, "chain.open", "of", z(h, code), "reason", "好奇", NULL).err, E_DENIED);
		assert_int_equal(call(h, OFFICER2, "chain.open", "of", z(h, code), NULL).err, E_BAD);
		/* reported there, it is that region's business */
		call_ok(h, ANYBODY, "report.create", "code", z(h, code), "what", "可疑", "region", "440606", NULL);
		call_ok(h, OFFICER2, "chain.open", "of", z(h, code), "reason", "群众举报", NULL);
	}
	assert_int_equal(call(h, OPERATOR, "chain.open", "of", z(h, story.code), "reason", "x", NULL).err, E_DENIED);
}

/* ---- what may be asked about, by whom ---- */

static const char *kind_of(struct house *h, enum who w, struct str of)
{
	struct answer a = call(h, w, "chain.get", "of", z(h, of), NULL);

	return a.err ? err_name(a.err) : z(h, node_text(a.out, "kind"));
}

static void lots_and_papers_are_for_their_sides(void **state)
{
	struct house *h = here(state);
	struct str lot = S("CH-7");

	tell(h, "CH-7", false);
	{
		const struct { enum who who; struct str of; const char *kind; } asks[] = {
			{ MAKER, story.code, "item" }, { MAKER2, story.code, "item" }, { MAKER, lot, "lot" }, { OFFICER, lot, "absent" }, { MAKER2, lot, "absent" },
			{ SELLER, lot, "absent" }, { SELLER, story.resale, "record" }, { SELLER2, story.resale, "record" }, { MAKER, story.resale, "absent" },
			{ USER, story.resale, "absent" }, { SELLER, S(DOCUMENT), "document" }, { SELLER2, S(DOCUMENT), "document" }, { MAKER, S(DOCUMENT), "absent" },
			{ MAKER2, S(DOCUMENT), "absent" }, { MAKER, story.batch, "lot" }, { MAKER2, story.batch, "absent" }, { MAKER, S("no-such-thing"), "forged" },
			{ MAKER, S("6901234567892"), "unknown" },
		};

		for (size_t i = 0; i < ROWS(asks); i++) {
			const char *got = kind_of(h, asks[i].who, asks[i].of);

			if (strcmp(got, asks[i].kind) != 0 && !(strcmp(asks[i].kind, "absent") == 0 && (strcmp(got, "forged") == 0 || strcmp(got, "unknown") == 0)))
				fail_msg("row %zu: %s asks %.*s and gets %s", i, who_names[asks[i].who], STR_ARG(asks[i].of), got);
		}
	}
	assert_int_equal(call(h, ANYBODY, "chain.get", "of", z(h, story.code), NULL).err, E_NOAUTH);
	/* an officer opens a lot with a reason; until then how many are in it is withheld too */
	assert_int_not_equal(call(h, OFFICER, "chain.holders", "of", z(h, story.batch), NULL).err, OK);
	call_ok(h, OFFICER, "chain.open", "of", z(h, lot), "reason", "核查整批", NULL);
	assert_string_equal(kind_of(h, OFFICER, lot), "lot");
	/* two lots of one number: the caller chooses */
	some_batch(h, MAKER, "CH-7");
	assert_string_equal(kind_of(h, MAKER, lot), "candidates");
}

static size_t nodes_of(const struct answer *a, const char *kind)
{
	size_t n = 0;

	for (const struct node *x = node_get(a->out, "nodes")->first; x; x = x->next)
		n += str_is(node_text(x, "kind"), kind);
	return n;
}

/* A sale and the purchase that answers it are one edge, confirmed; goods that came back go round in a circle that ends. */
static void the_graph_joins_both_words_for_one_move(void **state)
{
	struct house *h = here(state);
	const struct node *edge;
	struct answer a;

	tell(h, "CH-8", true);
	call_ok(h, SELLER2, "return.create", "items", z(h, story.code), "from_uscc", z(h, h->uscc[USER]), "reason", "型号不符", NULL);
	call_ok(h, OFFICER, "chain.open", "of", z(h, story.code), "reason", "核查", NULL);
	a = call_ok(h, OFFICER, "chain.get", "of", z(h, story.code), NULL);
	assert_int_equal(node_get(a.out, "nodes")->n, 4);
	edge = node_get(a.out, "edges")->first;
	assert_int_equal(node_get(a.out, "edges")->n, 4);
	assert_int_equal(node_number(edge, "confirmed", 0), 1);
	assert_int_equal(node_number(edge, "records", 0), 2);
	a = call_ok(h, MAKER2, "chain.get", "of", z(h, story.code), NULL);
	assert_true(nodes_of(&a, "sealed") > 0 || nodes_of(&a, "seller") > 0);
	open_by_default(h, SELLER, false);
	open_by_default(h, SELLER2, false);
}

/* Filed out of order, corrected, and asked as of a day. */
static void order_is_that_of_the_world(void **state)
{
	struct house *h = here(state);
	struct str pack = new_pack(h, MAKER, some_batch(h, MAKER, "CH-9"), "5", NULL), code = nth_code(h, MAKER, pack, 0);
	struct answer sale, a;
	const struct node *x;

	call_ok(h, SELLER, "resale.create", "trace_code", z(h, code), "sold_time", "2026-11-18", NULL);              /* the shop files first */
	call_ok(h, SELLER, "purchase.create", "trace_code", z(h, code), "supplier_uscc", z(h, h->uscc[MAKER]), "purchase_time", "2026-11-12", NULL);
	sale = call_ok(h, MAKER, "sale.create", "items", z(h, code), "buyer_uscc", z(h, h->uscc[SELLER]), "sale_time", "2026-11-19", NULL);
	call_ok(h, MAKER, "sale.create", "items", z(h, code), "buyer_uscc", z(h, h->uscc[SELLER]), "sale_time", "2026-11-11", "corrects", z(h, answer_id(h, &sale)), NULL);
	a = call_ok(h, SELLER, "chain.get", "of", z(h, code), NULL);
	x = node_get(a.out, "steps")->first;
	assert_string_equal(z(h, node_text(x, "what")), "sale");
	assert_true(node_get(x, "corrects") != NULL);
	assert_string_equal(z(h, node_text(x->next, "what")), "purchase");
	assert_string_equal(z(h, node_text(x->next->next, "what")), "resale");
	assert_null(x->next->next->next);
	a = call_ok(h, SELLER, "chain.get", "of", z(h, code), "until", "2026-11-12", NULL);
	assert_int_equal(node_get(a.out, "steps")->n, 2);
	a = call_ok(h, MAKER, "chain.holders", "of", "CH-9", NULL);
	for (x = node_get(a.out, "holders")->first; x; x = x->next)
		if (str_is(node_text(x, "kind"), "maker"))
			assert_int_equal(node_number(x, "count", -1), 4);
}

/* A maker knows how many it sold to whom, and nothing of what the same shop got elsewhere. */
static void counts_are_of_ones_own_moves(void **state)
{
	struct house *h = here(state);
	struct str batch = some_batch(h, MAKER, "CH-12"), pack = new_pack(h, MAKER, batch, "50", NULL);
	struct answer a = call_ok(h, MAKER, "sale.create", "buyer_uscc", z(h, h->uscc[SELLER]), "sale_time", "2026-11-10", "items", range(h, pack, "0-9"), NULL);
	int64_t seen = 0;
	size_t sealed = 0;

	answer_all(h, SELLER, answer_id(h, &a));
	a = call_ok(h, MAKER, "sale.create", "buyer_uscc", z(h, h->uscc[SELLER2]), "sale_time", "2026-11-10", "items", range(h, pack, "10-29"), NULL);
	answer_all(h, SELLER2, answer_id(h, &a));
	a = call_ok(h, SELLER2, "resale.create", "customer_uscc", z(h, h->uscc[SELLER]), "sold_time", "2026-11-12", "trace_code",
	            str_fmt(&h->a, "%.*s..%.*s", STR_ARG(nth_code(h, MAKER, pack, 10)), STR_ARG(nth_code(h, MAKER, pack, 16))).p, NULL);
	answer_all(h, SELLER, answer_id(h, &a));
	a = call_ok(h, MAKER, "chain.holders", "of", z(h, batch), NULL);
	for (const struct node *x = node_get(a.out, "holders")->first; x; x = x->next) {
		sealed += node_get(x, "sealed")->yes;
		if (str_is(node_text(x, "kind"), "party"))
			seen += node_number(x, "count", 0);
	}
	assert_int_equal(seen, 10 + 13);
	assert_int_equal(sealed, 1);
}

/* Who claims goods that others hold by their own and their sender's word moves nothing: a recall must find the real holder. */
static void a_strangers_claim_moves_nothing(void **state)
{
	struct house *h = here(state);
	struct str batch = some_batch(h, MAKER, "CH-13"), pack = new_pack(h, MAKER, batch, "10", NULL);
	const char *code = z(h, nth_code(h, MAKER, pack, 0)), *other = z(h, nth_code(h, MAKER, pack, 1));
	struct answer a = call_ok(h, MAKER, "sale.create", "buyer_uscc", z(h, h->uscc[SELLER]), "sale_time", "2026-11-10", "items", range(h, pack, "0-1"), NULL);

	answer_all(h, SELLER, answer_id(h, &a));
	call_ok(h, SELLER2, "purchase.create", "trace_code", code, "supplier_name", "路边", "purchase_time", "2026-11-11", NULL);
	call_ok(h, SELLER2, "resale.create", "trace_code", code, "sold_time", "2026-11-12", NULL);
	assert_int_equal(call(h, MAKER2, "material.create", "batch", z(h, some_batch(h, MAKER2, "M2")), "name", "x", "items", other, NULL).err, E_BAD);
	assert_int_equal(call(h, SELLER2, "return.create", "items", other, "reason", "x", NULL).err, E_BAD);
	/* a buyer that names the holder as its supplier is believed: the holder's record may be late */
	call_ok(h, USER, "purchase.create", "trace_code", other, "supplier_uscc", z(h, h->uscc[SELLER]), "purchase_time", "2026-11-13", NULL);
	a = call_ok(h, SELLER, "chain.holders", "of", code, NULL);
	assert_int_equal(node_get(a.out, "holders")->n, 1);
	assert_string_equal(z(h, node_text(node_get(a.out, "holders")->first, "name")), "丙五金批发部");
	a = call_ok(h, USER, "chain.holders", "of", other, NULL);
	assert_string_equal(z(h, node_text(node_get(a.out, "holders")->first, "name")), "戊建筑工程公司");
}

/* Upstream: a batch, its materials, and the chain of a material's own code. */
static void materials_lead_upstream(void **state)
{
	struct house *h = here(state);
	struct str wire = new_pack(h, MAKER2, some_batch(h, MAKER2, "WIRE-1"), "10", NULL), coil = nth_code(h, MAKER2, wire, 0), batch, pack;
	struct answer a = call_ok(h, MAKER2, "sale.create", "items", z(h, coil), "buyer_uscc", z(h, h->uscc[MAKER]), "sale_time", "2026-10-01", NULL);

	answer_all(h, MAKER, answer_id(h, &a));                 /* a maker receives materials like anybody */
	batch = some_batch(h, MAKER, "CH-10");
	pack = new_pack(h, MAKER, batch, "5", NULL);
	call_ok(h, MAKER, "material.create", "batch", z(h, batch), "name", "盘条KHEFTWIRE", "lot", "WIRE-1", "items", z(h, coil), "supplier_uscc", z(h, h->uscc[MAKER2]), "quantity", "2", "unit", "t", NULL);
	a = call_ok(h, MAKER, "chain.get", "of", z(h, nth_code(h, MAKER, pack, 0)), NULL);
	assert_int_equal(node_get(a.out, "upstream")->n, 1);
	assert_true(holds(text_of(h, &a), "盘条KHEFTWIRE"));
	assert_string_equal(z(h, node_text(node_get(a.out, "upstream")->first, "code")), z(h, coil));
	a = call_ok(h, SELLER2, "chain.get", "of", z(h, nth_code(h, MAKER, pack, 0)), NULL);
	assert_false(holds(text_of(h, &a), "KHEFTWIRE"));          /* withheld: a sealed line with its proof */
	assert_true(node_get(node_get(a.out, "upstream")->first, "sealed")->yes);
	a = call_ok(h, MAKER2, "chain.get", "of", z(h, coil), NULL);
	assert_true(holds(text_of(h, &a), "\"used\""));
}

/* The evidence file holds what the viewer may see, each step with a receipt that names its leaf. */
static void the_evidence_file_says_no_more_than_the_page(void **state)
{
	struct house *h = here(state);
	struct answer a;
	struct str rest, line;
	size_t n = 0;

	tell(h, "CH-11", false);
	a = call_ok(h, SELLER, "chain.evidence", "of", z(h, story.code), NULL);
	assert_true(holds(a.c->bytes, DOCUMENT) && holds(a.c->bytes, "c2sp.org/tlog-proof@v1"));
	for (rest = a.c->bytes; str_cut(&rest, '\n', &line); n++)
		;
	a = call_ok(h, MAKER2, "chain.evidence", "of", z(h, story.code), NULL);
	assert_false(holds(a.c->bytes, DOCUMENT) || holds(a.c->bytes, NAME_BOUGHT));
	for (rest = a.c->bytes; str_cut(&rest, '\n', &line); n--)
		;
	assert_int_equal(n, 0);                 /* never a gap: as many steps */
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(every_cell_when_both_sides_open), cmocka_unit_test(every_cell_when_they_withhold),
	cmocka_unit_test(who_withholds_is_not_named_by_the_other_side), cmocka_unit_test(a_look_across_borders_is_shown_to_the_owners),
	cmocka_unit_test(lots_and_papers_are_for_their_sides), cmocka_unit_test(the_graph_joins_both_words_for_one_move), cmocka_unit_test(order_is_that_of_the_world),
	cmocka_unit_test(materials_lead_upstream), cmocka_unit_test(counts_are_of_ones_own_moves), cmocka_unit_test(a_strangers_claim_moves_nothing), cmocka_unit_test(the_evidence_file_says_no_more_than_the_page),
};

int main(void) { return RUN_BOTH("chain", tests, NULL); }
