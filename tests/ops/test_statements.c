/* tests/ops/test_statements.c - 二（六）: what a party has said of its own records, figure by figure; read and checked by anybody; peers. */
#include "mod/trace/statement.h"
#include "tests/ops/harness.h"

static struct str done(struct house *h, enum who w, const char *op, struct node *in)
{
	struct answer a = ask(h, actor(h, w), op, in, S(""), NULL);

	if (a.err)
		fail_msg("%s: %s", op, z(h, text_of(h, &a)));
	return answer_id(h, &a);
}

static struct str sell(struct house *h, struct str pack, const char *of, enum who to, const char *day, const char *corrects)
{
	struct node *in = in_of(h, "items", z(h, str_fmt(&h->a, "%.*s:%s", STR_ARG(pack), of)), "sale_time", day, to == CAST ? "buyer_kind" : "buyer_uscc",
	                        to == CAST ? "consumer" : z(h, h->uscc[to]), NULL);

	if (corrects)
		put_z(&h->a, in, "corrects", corrects);
	return done(h, MAKER, "sale.create", in);
}

static struct str statement(struct house *h, enum who w, const char *product, const char *from, const char *to)
{
	struct node *in = in_of(h, "from", from, "to", to, "purpose", "某项目招标", NULL);

	if (product)
		put_z(&h->a, in, "product", product);
	return done(h, w, "statement.create", in);
}

static const struct node *values_of(struct house *h, enum who w, struct str id)
{
	struct answer a = call_ok(h, w, "statement.get", "id", z(h, id), NULL);

	return node_get(a.out, "values");
}

struct figure { const char *name; int64_t n; };
static void has(struct house *h, const struct node *v, const struct figure *want, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (node_number(v, want[i].name, -1) != want[i].n)
			fail_msg("%s is %lld, not %lld\n%s", want[i].name, (long long)node_number(v, want[i].name, -1), (long long)want[i].n, z(h, json_str(&h->a, v)));
}

/* The story: MAKER files two products, three batches (one corrected), 25 codes; three deliveries, one accepted; a sale to a consumer that is
 * corrected; SELLER files one purchase of what was sent and one of its own. Sales are 5, 10, 15 and 17 days old when they are filed.
 */
static struct { struct str rope, other, pack; } s;

static void tell(struct house *h)
{
	struct str b, sale, wrong;
	struct node *in;

	s.rope = new_product(h, MAKER, "钢丝绳");
	s.other = new_product(h, MAKER, "另一种钢丝绳");
	b = new_batch(h, MAKER, s.rope, "S-1");
	in = batch_in(h, MAKER, s.rope, "S-1a");
	put_str(&h->a, in, "corrects", b);
	b = done(h, MAKER, "batch.create", in);
	new_batch(h, MAKER, s.rope, "S-2");
	s.pack = new_pack(h, MAKER, b, "20", NULL);
	new_pack(h, MAKER, new_batch(h, MAKER, s.other, "S-3"), "5", NULL);
	sale = sell(h, s.pack, "0-4", SELLER, "2026-11-15", NULL);
	sell(h, s.pack, "5", SELLER2, "2026-11-10", NULL);
	sell(h, s.pack, "6", USER, "2026-11-05", NULL);
	wrong = sell(h, s.pack, "7", CAST, "2026-11-04", NULL);
	sell(h, s.pack, "7", CAST, "2026-11-03", z(h, wrong));
	call_ok(h, SELLER, "offer.answer", "id", z(h, sale), "accept", "all", NULL);
	call_ok(h, SELLER, "purchase.create", "supplier_name", "某供应商", "trace_code", z(h, nth_code(h, MAKER, s.pack, 9)), "purchase_time", "2026-11-19", NULL);
}

static void a_statement_counts_the_records_of_its_party_and_no_others(void **state)
{
	static const struct figure maker[] = {
		{ "products", 2 }, { "batches", 3 }, { "items_coded", 25 }, { "deliveries_sent", 3 }, { "deliveries_answered", 1 }, { "receipts", 0 }, { "receipts_matched", 0 },
		{ "records_filed", 11 }, { "records_corrected", 2 }, { "records_timed", 4 }, { "recalls", 0 }, { "findings_filed", 0 }, { "permits_not_listed", 2 },
		{ "permits_in_force", 0 },
	};
	static const struct figure rope[] = {
		{ "products", 1 }, { "batches", 2 }, { "items_coded", 20 }, { "deliveries_sent", 3 }, { "records_filed", 8 }, { "records_timed", 4 }, { "permits_not_listed", 1 },
	};
	static const struct figure seller[] = {
		{ "products", 0 }, { "deliveries_sent", 0 }, { "receipts", 2 }, { "receipts_matched", 1 }, { "records_filed", 2 }, { "records_timed", 2 }, { "items_coded", 0 },
	};
	struct house *h = here(state);
	const struct node *v;
	uint64_t size;

	tell(h);
	size = log_size(h);
	v = values_of(h, ANYBODY, statement(h, MAKER, NULL, "2026-11-20", "2026-11-20"));
	has(h, v, maker, ROWS(maker));
	assert_string_equal(z(h, node_text(v, "answered_share")), "33.33");
	assert_string_equal(z(h, node_text(v, "median_days")), "12.5");
	assert_int_equal(node_number(v, "log_size", -1), (int)size);
	assert_string_equal(z(h, node_text(v, "from")), "2026-11-20");
	assert_true(str_starts(node_text(v, "computed_at"), "2026-11-20T02:00:"));
	v = values_of(h, ANYBODY, statement(h, MAKER, z(h, s.rope), "2026-11-01", "2026-11-20"));
	has(h, v, rope, ROWS(rope));
	v = values_of(h, ANYBODY, statement(h, SELLER, NULL, "2026-11-01", "2026-11-20"));
	has(h, v, seller, ROWS(seller));
	assert_null(node_get(v, "answered_share"));
	assert_string_equal(z(h, node_text(v, "median_days")), "3");          /* taken in as sold five days before, and bought the day before */
	v = values_of(h, ANYBODY, statement(h, MAKER, NULL, "2026-10-01", "2026-11-19"));
	assert_int_equal(node_number(v, "records_filed", -1), 0);
	assert_false(holds(json_str(&h->a, values_of(h, ANYBODY, statement(h, MAKER, NULL, "2026-11-20", "2026-11-20"))), z(h, h->uscc[SELLER])));
}

static void what_a_caller_says_of_figures_is_not_taken(void **state)
{
	struct house *h = here(state);
	struct node *in = in_of(h, "from", "2026-11-20", "to", "2026-11-20", "answered_share", "100", "median_days", "0", NULL);
	const struct node *v;

	put_int(&h->a, in, "batches", 999);
	put_int(&h->a, in, "findings_confirmed", 0);
	v = values_of(h, ANYBODY, done(h, MAKER, "statement.create", in));
	assert_int_equal(node_number(v, "batches", -1), 3);
	assert_string_equal(z(h, node_text(v, "answered_share")), "33.33");
}

static void only_an_owner_asks_and_only_about_its_own(void **state)
{
	struct house *h = here(state);
	struct actor below = *actor(h, MAKER);

	below.inside = IN_FILER;
	assert_int_equal(ask(h, &below, "statement.create", in_of(h, "from", "2026-11-20", "to", "2026-11-20", NULL), S(""), NULL).err, E_DENIED);
	assert_int_equal(call(h, MAKER2, "statement.create", "from", "2026-11-20", "to", "2026-11-20", "product", z(h, s.rope), NULL).err, E_DENIED);
	assert_int_equal(call(h, OFFICER, "statement.create", "from", "2026-11-20", "to", "2026-11-20", NULL).err, E_DENIED);
	assert_int_equal(call(h, USER, "statement.create", "from", "2026-11-20", "to", "2026-11-20", NULL).err, E_DENIED);
	assert_int_equal(call(h, MAKER, "statement.create", "from", "2026-11-20", "to", "2026-11-19", NULL).err, E_BAD);
	assert_int_equal(call(h, MAKER, "statement.create", "from", "2020-11-20", "to", "2026-11-19", NULL).err, E_BAD);
	assert_int_equal(call(h, MAKER, "statement.create", "from", "2026-11-20", "to", "2027-11-19", NULL).err, E_BAD);
}

/* ---- checked by anybody ---- */

static struct node *json(struct house *h, struct str text)
{
	static const struct json_limits limits = { .bytes = 1 << 20, .depth = 8, .nodes = 10000 };
	struct json_trouble trouble;
	struct node *o = NULL;

	assert_int_equal(json_read(&h->a, text, &limits, &o, &trouble), OK);
	return o;
}

/* Every field said and shown: the root in the leaf follows from what a stranger was given. */
static void a_stranger_checks_every_figure_against_the_log(void **state)
{
	struct house *h = here(state);
	struct str id = statement(h, MAKER, z(h, s.rope), "2026-11-20", "2026-11-20");
	struct answer a = call_ok(h, ANYBODY, "receipt.get", "id", z(h, id), NULL);
	struct hash slot[64] = { 0 }, root;
	struct tlog_proof p;
	const struct node *extra;
	char *leaf = TAKE(&h->a, char, 4096);
	size_t n, at;

	assert_int_equal(proof_get(&h->a, a.c->bytes, &p), OK);
	extra = json(h, p.extra);
	assert_int_equal(node_get(extra, "disclosures")->n, STATEMENT_FIELDS);
	for (const struct node *d = node_get(extra, "disclosures")->first; d; d = d->next) {
		char *plain = TAKE(&h->a, char, d->s.n + 4);
		struct node *three;

		assert_true(base64url_get(d->s, plain, d->s.n + 4, &n));
		three = json(h, (struct str){ plain, n });
		assert_non_null(type_field(&statement_type, three->first->next->s, &at));
		slot[at] = slot_leaf(HASH_SHA256, d->s);
	}
	/* who filed it is not said to a stranger; the hash of that slot is */
	assert_int_equal(node_get(extra, "slots")->n, STATEMENT_FIELDS + 1);
	assert_true(base64url_get(str_sub(node_get(extra, "slots")->last->s, 1, 44), slot[STATEMENT_FIELDS].b, HASH_LEN, &n));
	root = field_root(HASH_SHA256, slot, STATEMENT_FIELDS + 1);
	assert_true(base64_get(node_text(extra, "leaf"), leaf, 4096, &n));
	assert_true(str_eq(node_text(json(h, (struct str){ leaf, n }), "r"), base64url_str(&h->a, root.b, HASH_LEN)));
}

/* A later correction changes nothing of what was said: the next statement says it. */
static void a_statement_stays_what_it_was(void **state)
{
	struct house *h = here(state);
	struct str id = statement(h, MAKER, NULL, "2026-11-20", "2026-11-20");
	struct str before = json_str(&h->a, values_of(h, ANYBODY, id));

	sell(h, s.pack, "8", CAST, "2026-11-18", NULL);
	assert_true(str_eq(before, json_str(&h->a, values_of(h, ANYBODY, id))));
	assert_int_equal(node_number(values_of(h, ANYBODY, statement(h, MAKER, NULL, "2026-11-20", "2026-11-20")), "records_timed", -1), 5);
}

static void findings_and_certificates_are_said(void **state)
{
	struct house *h = here(state);
	const struct node *v;
	struct answer a;

	sell(h, s.pack, "10", CAST, "2026-10-01", NULL);
	sell(h, s.pack, "11", CAST, "2026-10-02", NULL);
	a = call_ok(h, OPERATOR, "finding.sweep", NULL);
	assert_int_equal(node_number(a.out, "found", -1), 2);
	a = call_ok(h, MAKER, "finding.groups", "rule", "sold_before_production", NULL);
	call_ok(h, OFFICER, "finding.confirm", "id", z(h, node_text(node_get(a.out, "items")->first, "id")), NULL);
	call_ok(h, OPERATOR, "certificate.create", "number", "(苏)XK05-005-00001", "listed_state", "valid", "source", "名录", "as_of", "2026-11-15", NULL);
	v = values_of(h, ANYBODY, statement(h, MAKER, NULL, "2026-11-20", "2026-11-20"));
	has(h, v, (const struct figure[]){ { "findings_filed", 2 }, { "findings_confirmed", 1 }, { "findings_open", 1 }, { "permits_in_force", 2 }, { "permits_not_listed", 0 } }, 5);
}

/* ---- peers ---- */

struct peer { int64_t party; const char *share; };

static enum err plant(struct call *c, void *ctx)
{
	struct peer *p = ctx;
	struct value v[STATEMENT_FIELDS] = { { 0 } };
	struct filing f = { .type = &statement_type, .values = v, .party = p->party };
	int64_t id;

	v[STATEMENT_from] = v[STATEMENT_to] = (struct value){ .said = SAID_VALUE, .text = S("2026-11-01"), .i = 20758 };
	v[STATEMENT_answered_share] = (struct value){ .said = SAID_VALUE, .text = str_of(p->share) };
	return kernel_append(c, &f, &id);
}

static const struct node *median(struct house *h, const char *figure)
{
	struct answer a = call_ok(h, ANYBODY, "statement.compare", NULL);

	for (const struct node *x = node_get(a.out, "figures")->first; x; x = x->next)
		if (str_is(node_text(x, "figure"), figure))
			return x;
	return NULL;
}

static void peers_are_compared_when_five_of_them_stand_together(void **state)
{
	struct house *h = here(state);
	const struct node *x;

	/* MAKER and SELLER had theirs made; SELLER sent nothing, so it has no share */
	for (int i = 0; i < 3; i++)
		on_writer(h, plant, &(struct peer){ h->party[i == 0 ? MAKER2 : i == 1 ? SELLER2 : USER], i == 0 ? "50" : i == 1 ? "90" : "80.5" });
	x = median(h, "answered_share");        /* four parties */
	assert_string_equal(z(h, node_text(x, "median")), "withheld");
	assert_null(node_get(x, "parties"));
	on_writer(h, plant, &(struct peer){ h->party[USER], "10" });            /* the newest of a party counts, and once */
	assert_string_equal(z(h, node_text(median(h, "answered_share"), "median")), "withheld");
	on_writer(h, plant, &(struct peer){ h->party[SELLER], "70" });
	x = median(h, "answered_share");
	assert_int_equal(node_number(x, "parties", -1), 5);
	assert_string_equal(z(h, node_text(x, "median")), "50");
}

static void statements_are_made_again_from_the_records(void **state)
{
	static const char *const tables[] = { "p_statement" };
	struct house *h = here(state);
	struct str before = dump_tables(h, tables, 1);
	struct verify_report r;

	house_shut(h);
	house_open(h);
	assert_int_equal(kernel_rebuild(h->k, &h->a, NULL, NULL), OK);
	assert_true(str_eq(before, dump_tables(h, tables, 1)));
	assert_int_equal(kernel_verify(h->k, &h->a, NULL, &r), OK);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(a_statement_counts_the_records_of_its_party_and_no_others),
	cmocka_unit_test(what_a_caller_says_of_figures_is_not_taken),
	cmocka_unit_test(only_an_owner_asks_and_only_about_its_own),
	cmocka_unit_test(a_stranger_checks_every_figure_against_the_log),
	cmocka_unit_test(a_statement_stays_what_it_was),
	cmocka_unit_test(findings_and_certificates_are_said),
	cmocka_unit_test(peers_are_compared_when_five_of_them_stand_together),
	cmocka_unit_test(statements_are_made_again_from_the_records),
};

int main(void) { return RUN_BOTH("statements", tests, NULL); }
