/* tests/ops/test_disclosure.c - papers a party hands on: each viewer asks for each field; what is given is checked as its receiver would, and holds
 * nothing of the others. Receipts are checked with merkle/, SD-JWTs with the key the house publishes.
 */
#include "tests/ops/harness.h"

static const struct json_limits limits = { .bytes = 1 << 20, .depth = 8, .nodes = 10000 };

struct story { struct str sale, batch, report_file; };

/* Every field of the sale is filled in and withheld; its other side is SELLER. */
static struct story tell(struct house *h)
{
	struct story s;
	struct str product = new_product(h, MAKER, "钢丝绳"), pack;
	struct node *in = batch_in(h, MAKER, product, "B-1");
	struct answer a;

	s.report_file = put_file(h, MAKER, "a withheld report", false);
	for (struct node *x = in->first; x; x = x->next)
		if (str_is(x->key, "inspection_report"))
			x->s = s.report_file;
	a = ask(h, actor(h, MAKER), "batch.create", in, S(""), NULL);
	assert_int_equal(a.err, OK);
	s.batch = answer_id(h, &a);
	pack = new_pack(h, MAKER, s.batch, "100", NULL);
	a = call_ok(h, MAKER, "sale.create", "sale_time", "2026-10-13T11:13:17Z", "buyer_name", "BUYERNAME", "buyer_address", "BUYERADDRESS", "buyer_contact",
	            "BUYERCONTACT", "items", str_fmt(&h->a, "%.*s:0-9", STR_ARG(pack)).p, "buyer_kind", "organisation", "buyer_uscc", z(h, h->uscc[SELLER]),
	            "quantity", "61528.73", "unit", "kg", "document_no", "DOCUMENT-1", NULL);
	s.sale = answer_id(h, &a);
	return s;
}

static struct node *read_json(struct house *h, struct str text)
{
	struct json_trouble t;
	struct node *o;

	assert_int_equal(json_read(&h->a, text, &limits, &o, &t), OK);
	return o;
}

static struct str decoded(struct house *h, struct str text, bool url)
{
	char *to = arena_take(&h->a, text.n + 4);
	size_t n;

	assert_true(url ? base64url_get(text, (unsigned char *)to, text.n + 4, &n) : base64_get(text, (unsigned char *)to, text.n + 4, &n));
	return (struct str){ to, n };
}

/* name and value of a disclosure */
static struct str disclosed(struct house *h, struct str text, struct str *ret_value)
{
	struct node *o = read_json(h, decoded(h, text, true));

	assert_int_equal(o->n, 3);
	assert_int_equal(decoded(h, o->first->s, true).n, 16);
	*ret_value = o->last->kind == NODE_STR ? o->last->s : canon_str(&h->a, o->last);
	return o->first->next->s;
}

/* The leaf's root over the slots, and how many of them are shown; the last shown one's name and value. */
static size_t check_slots(struct house *h, struct str leaf, const struct node *slots, struct str *ret_name, struct str *ret_value)
{
	const struct node *o = read_json(h, leaf);
	struct hash *hash = TAKE(&h->a, struct hash, slots->n), root;
	size_t n = 0, shown = 0;

	assert_int_equal(slots->n, node_get(o, "n")->i);
	for (const struct node *x = slots->first; x; x = x->next, n++)
		if (str_starts(x->s, ":")) {
			struct str raw = decoded(h, str_sub(x->s, 1, x->s.n), true);

			assert_int_equal(raw.n, HASH_LEN);
			memcpy(hash[n].b, raw.p, HASH_LEN);
		} else {
			hash[n] = slot_leaf(HASH_SHA256, x->s);
			*ret_name = disclosed(h, x->s, ret_value);
			shown++;
		}
	root = field_root(HASH_SHA256, hash, n);
	assert_true(str_eq(node_text(o, "r"), base64url_str(&h->a, root.b, HASH_LEN)));
	return shown;
}

/* The shown slots are listed once more by themselves. */
static const struct node *check_lists(const struct node *extra)
{
	const struct node *y = node_get(extra, "disclosures")->first;

	for (const struct node *x = node_get(extra, "slots")->first; x; x = x->next)
		if (!str_starts(x->s, ":")) {
			assert_non_null(y);
			assert_true(str_eq(x->s, y->s));
			y = y->next;
		}
	assert_null(y);
	return node_get(extra, "slots");
}

/* A receipt against the log's key: its leaf and slots. */
static const struct node *check_receipt(struct house *h, struct str text, struct str *ret_leaf)
{
	struct tlog_proof p;
	struct note_key key;
	struct checkpoint head;
	struct hash leaf;
	struct node *extra;

	assert_int_equal(proof_get(&h->a, text, &p), OK);
	assert_int_equal(vkey_get(&h->a, str_trim(log_vkey(kernel_log(h->k), TREE_SHA256)), &key), OK);
	assert_int_equal(checkpoint_open(&h->a, p.checkpoint, &key, &head), OK);
	extra = read_json(h, p.extra);
	*ret_leaf = decoded(h, node_text(extra, "leaf"), false);
	leaf = tree_leaf(HASH_SHA256, *ret_leaf);
	assert_true(check_inclusion(HASH_SHA256, &leaf, p.index, head.size, &head.root, p.path, p.n_path));
	assert_int_equal(extra->n, 3);
	return check_lists(extra);
}

static const char *const sale_values[] = { "BUYERNAME", "BUYERADDRESS", "BUYERCONTACT", "2026-10-13", "61528", "DOCUMENT-1" };

static void only_that_field(struct house *h, struct str id, const struct field *f, const struct answer *a)
{
	struct str leaf, name, value;
	const struct node *slots = check_receipt(h, a->c->bytes, &leaf);
	size_t others = 0;

	assert_int_equal(check_slots(h, leaf, slots, &name, &value), 1);
	assert_true(str_is(name, f->name));
	assert_true(holds(a->c->file_name, z(h, id)));
	for (const struct node *x = slots->first; x; x = x->next)
		for (size_t i = 0; i < ROWS(sale_values); i++)
			others += !str_starts(x->s, ":") && holds(decoded(h, x->s, true), sale_values[i]) && !holds(value, sale_values[i]);
	assert_int_equal(others, 0);
}

static void each_viewer_and_each_field(void **state)
{
	struct house *h = here(state);
	struct story s = tell(h);
	const struct type *sale = kernel_type(h->k, S("sale"));

	for (size_t w = 0; w < CAST; w++)
		for (size_t i = 0; i < sale->n; i++) {
			struct answer a = call(h, (enum who)w, "disclosure.give", "id", z(h, s.sale), "fields", sale->fields[i].name, NULL);

			if (w == MAKER || w == SELLER) {
				assert_int_equal(a.err, OK);
				only_that_field(h, s.sale, &sale->fields[i], &a);
			} else {
				assert_int_equal(a.err, w == ANYBODY ? E_NOAUTH : E_DENIED);
				assert_false(a.c->bytes.n);
			}
		}
}

static void a_withheld_report_of_an_open_record(void **state)
{
	struct house *h = here(state);
	struct story s = tell(h);
	struct str leaf, name, value;
	struct answer a = call_ok(h, MAKER, "disclosure.give", "id", z(h, s.batch), "fields", "inspection_report", NULL);

	const struct node *slots = check_receipt(h, a.c->bytes, &leaf);

	assert_int_equal(check_slots(h, leaf, slots, &name, &value), 1);
	assert_true(str_is(name, "inspection_report"));
	assert_true(str_eq(value, s.report_file));
	for (size_t w = 0; w < CAST; w++)
		if (w != MAKER)
			assert_int_not_equal(call(h, (enum who)w, "disclosure.give", "id", z(h, s.batch), "fields", "inspection_report", NULL).err, OK);
}

static void several_fields_and_what_is_refused(void **state)
{
	static const struct { const char *fields, *said; } wrong[] = {
		{ "nothing", "没有字段 nothing" }, { "buyer_name,nothing", "没有字段 nothing" }, { " , ,", "至少选择一个字段" }, { "BUYER_NAME", "没有字段" },
		{ "id", "没有字段 id" }, { "buyer_name;quantity\nBUYER", "没有字段 BUYER" },
	};
	struct house *h = here(state);
	struct story s = tell(h);
	struct str leaf, name, value;
	struct answer a = call_ok(h, SELLER, "disclosure.give", "id", z(h, s.sale), "fields", "buyer_name, quantity\nunit;buyer_name", NULL);
	const struct node *slots = check_receipt(h, a.c->bytes, &leaf);

	assert_int_equal(check_slots(h, leaf, slots, &name, &value), 3);
	for (size_t i = 0; i < ROWS(wrong); i++) {
		a = call(h, MAKER, "disclosure.give", "id", z(h, s.sale), "fields", wrong[i].fields, NULL);
		assert_int_equal(a.err, E_BAD);
		assert_non_null(trouble_of(&a, "fields"));
		if (!holds(trouble_of(&a, "fields")->zh, wrong[i].said))
			fail_msg("%s: %.*s", wrong[i].fields, STR_ARG(trouble_of(&a, "fields")->zh));
		assert_true(trouble_of(&a, "fields")->en.n > 0);
	}
	assert_int_equal(call(h, MAKER, "disclosure.give", "id", z(h, s.sale), NULL).err, E_BAD);
	assert_int_equal(call(h, MAKER, "disclosure.give", "id", z(h, id_str(&h->a, 12345)), "fields", "buyer_name", NULL).err, E_BAD);
	assert_int_equal(call(h, MAKER, "disclosure.give", "id", z(h, s.sale), "fields", "buyer_name", "as", "pdf", NULL).err, E_BAD);
	a = call(h, MAKER, "disclosure.give", "id", z(h, s.batch), "fields", "quantity", NULL);      /* not filled in */
	assert_int_equal(a.err, E_BAD);
	assert_true(holds(trouble_of(&a, "fields")->zh, "没有填写，或不能由您给出"));
}

/* ---- the same as an SD-JWT, checked with the published key alone ---- */

static bool listed(const struct node *list, struct str digest)
{
	for (const struct node *x = list->first; x; x = x->next)
		if (str_eq(x->s, digest))
			return true;
	return false;
}

static struct str issuer_key(struct house *h, struct str kid)
{
	struct node *o;
	const struct node *jwk;

	assert_int_equal(kernel_issuer(h->k, &h->a, &o), OK);
	assert_true(str_is(node_text(o, "issuer"), kernel_public_url(h->k)));
	jwk = node_get(node_get(o, "jwks"), "keys")->first;
	assert_true(str_is(node_text(jwk, "kty"), "OKP") && str_is(node_text(jwk, "crv"), "Ed25519"));
	assert_true(str_eq(node_text(jwk, "kid"), kid));
	return decoded(h, node_text(jwk, "x"), true);
}

static void an_sd_jwt(void **state)
{
	struct house *h = here(state);
	struct story s = tell(h);
	struct answer a = call_ok(h, MAKER, "disclosure.give", "id", z(h, s.sale), "fields", "buyer_name,unit", "as", "sd-jwt", NULL);
	struct str rest = a.c->bytes, jwt, head, body, sig, one, value, before = S("");
	const struct node *payload;
	size_t n = 0;

	assert_string_equal(a.c->media, "application/sd-jwt");
	assert_true(str_ends(rest, "~"));
	assert_true(str_cut(&rest, '~', &jwt));
	sig = jwt;
	assert_true(str_cut(&sig, '.', &head) && str_cut(&sig, '.', &body));
	assert_true(str_is(node_text(read_json(h, decoded(h, head, true)), "alg"), "EdDSA"));
	assert_true(sign_check(SIGN_ED25519, issuer_key(h, node_text(read_json(h, decoded(h, head, true)), "kid")), str_sub(jwt, 0, head.n + 1 + body.n),
	                       decoded(h, sig, true)));
	payload = read_json(h, decoded(h, body, true));
	assert_true(str_is(node_text(payload, "_sd_alg"), "sha-256"));
	assert_true(str_is(node_text(payload, "vct"), "urn:suyuan:samr-2024-10/sale/2"));
	assert_int_equal(node_get(payload, "_sd")->n, kernel_type(h->k, S("sale"))->n + 1);
	for (const struct node *x = node_get(payload, "_sd")->first; x; x = x->next)
		assert_int_equal(decoded(h, x->s, true).n, HASH_LEN);
	while (str_cut(&rest, '~', &one)) {
		struct hash digest = hash_of(HASH_SHA256, one);
		struct str name = disclosed(h, one, &value);

		assert_true(listed(node_get(payload, "_sd"), base64url_str(&h->a, digest.b, HASH_LEN)));
		assert_true(n ? str_is(name, "unit") && str_is(value, "kg") : str_is(name, "buyer_name") && str_is(value, "BUYERNAME"));
		n++;
	}
	assert_int_equal(n, 2);
	for (const struct node *x = node_get(payload, "_sd")->first; x; x = x->next) {       /* their order is not that of the fields */
		struct str raw = decoded(h, x->s, true);

		assert_true(!before.n || memcmp(before.p, raw.p, HASH_LEN) < 0);
		before = raw;
	}
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(each_viewer_and_each_field), cmocka_unit_test(a_withheld_report_of_an_open_record),
	cmocka_unit_test(several_fields_and_what_is_refused), cmocka_unit_test(an_sd_jwt),
};

int main(void) { return RUN_BOTH("disclosure", tests, NULL); }
