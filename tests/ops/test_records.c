/* tests/ops/test_records.c - records kept: asking twice, receipts, corrections, rebuilding, verifying. */
#include <pthread.h>

#include "tests/ops/harness.h"

static struct node *sale_in(struct house *h, struct str pack, const char *range)
{
	return in_of(h, "buyer_name", "某公司", "buyer_address", "某地一路", "buyer_contact", "0513-1", "sale_time", "2026-11-10", "items",
	             str_fmt(&h->a, "%.*s:%s", STR_ARG(pack), range).p, NULL);
}

static struct str goods(struct house *h, enum who w, const char *count, struct str *ret_batch)
{
	struct str batch = new_batch(h, w, new_product(h, w, "钢丝绳"), "P-1");

	if (ret_batch)
		*ret_batch = batch;
	return new_pack(h, w, batch, count, NULL);
}

/* ---- asking twice ---- */

static void the_same_key_and_content_give_the_same_bytes_even_after_a_restart(void **state)
{
	struct house *h = here(state);
	struct str pack = goods(h, MAKER, "100", NULL);
	struct node *in = sale_in(h, pack, "0-9");
	struct answer a = ask(h, actor(h, MAKER), "sale.create", in, S(""), "key-1"), b;
	struct str first = json_str(&h->a, a.out);
	int64_t records = raw_number(h, "SELECT COUNT(*) FROM record");

	assert_int_equal(a.err, OK);
	b = ask(h, actor(h, MAKER), "sale.create", sale_in(h, pack, "0-9"), S(""), "key-1");
	assert_int_equal(b.err, OK);
	assert_true(str_eq(json_str(&h->a, b.out), first));
	assert_int_equal(raw_number(h, "SELECT COUNT(*) FROM record"), records);
	for (int i = 0; i < 5; i++)
		new_product(h, MAKER2, "后来的记录");
	house_shut(h);
	house_open(h);
	b = ask(h, actor(h, MAKER), "sale.create", sale_in(h, pack, "0-9"), S(""), "key-1");
	assert_int_equal(b.err, OK);
	assert_true(str_eq(json_str(&h->a, b.out), first));
	assert_int_equal(raw_number(h, "SELECT COUNT(*) FROM record"), records + 5);
}

static void a_key_used_for_other_content_is_refused(void **state)
{
	struct house *h = here(state);
	struct str pack = goods(h, MAKER, "100", NULL);

	assert_int_equal(ask(h, actor(h, MAKER), "sale.create", sale_in(h, pack, "0-9"), S(""), "key-2").err, OK);
	assert_int_equal(ask(h, actor(h, MAKER), "sale.create", sale_in(h, pack, "0-8"), S(""), "key-2").err, E_REUSED);
	assert_int_equal(ask(h, actor(h, MAKER), "pack.create", in_of(h, "grain", "item", "count", "5", NULL), S(""), "key-2").err, E_REUSED);
	assert_int_equal(ask(h, actor(h, MAKER2), "pack.create", in_of(h, "grain", "item", "count", "5", NULL), S(""), "key-2").err, OK);
}

/* The platform fills in the time of a sale; a client that tries again a minute later sent the same content. */
static void what_the_platform_fills_in_is_not_part_of_the_content(void **state)
{
	struct house *h = here(state);
	struct str pack = goods(h, MAKER, "100", NULL);
	struct answer a, b;

	for (int i = 0; i < 2; i++) {
		struct node *in = in_of(h, "buyer_uscc", z(h, h->uscc[SELLER]), "items", str_fmt(&h->a, "%.*s:0-9", STR_ARG(pack)).p, NULL);

		b = ask(h, actor(h, MAKER), "sale.create", in, S(""), "key-3");
		assert_int_equal(b.err, OK);
		if (i)
			assert_true(str_eq(json_str(&h->a, a.out), json_str(&h->a, b.out)));
		a = b;
		h->now += 60000;
	}
}

/* A step files nothing: its second answer has no receipt either, and the step is taken once. */
static void a_step_asked_twice_is_taken_once(void **state)
{
	struct house *h = here(state);
	struct answer a, b;

	a = ask(h, actor(h, OFFICER), "registration.confirm", in_of(h, "id", z(h, h->card[USER]), NULL), S(""), "key-4");
	b = ask(h, actor(h, OFFICER), "registration.confirm", in_of(h, "id", z(h, h->card[USER]), NULL), S(""), "key-4");
	assert_int_equal(a.err, OK);
	assert_int_equal(b.err, OK);
	assert_string_equal(z(h, json_str(&h->a, a.out)), z(h, json_str(&h->a, b.out)));
	assert_int_equal(call(h, OFFICER, "registration.confirm", "id", z(h, h->card[USER]), NULL).err, E_STATE);
}

/* A docked system numbers its requests itself; what it sends for one party never answers for another. */
static void a_key_of_a_dock_holds_for_one_party(void **state)
{
	struct house *h = here(state);
	const struct actor *one, *two;
	struct answer a, b;

	for (int w = MAKER; w <= MAKER2; w++)
		call_ok(h, (enum who)w, "consent.give", "login", z(h, h->login[DOCK]), NULL);
	assert_int_equal(actor_of(h->k, &h->a, h->token[DOCK], h->uscc[MAKER], h->now, &one), OK);
	assert_int_equal(actor_of(h->k, &h->a, h->token[DOCK], h->uscc[MAKER2], h->now, &two), OK);
	a = ask(h, one, "pack.create", in_of(h, "grain", "item", "count", "7", NULL), S(""), "key-5");
	b = ask(h, two, "pack.create", in_of(h, "grain", "item", "count", "7", NULL), S(""), "key-5");
	assert_int_equal(a.err, OK);
	assert_int_equal(b.err, E_REUSED);
}

struct racer { struct house *h; const struct actor *who; struct str pack; struct arena a; struct str out; enum err e; };

static void *race(void *arg)
{
	struct racer *r = arg;
	struct node *in = node_obj(&r->a);
	struct call c = { .k = r->h->k, .op = op_find(r->h->k, S("activation.create")), .who = r->who, .raw = in, .arena = &r->a, .now = r->h->now,
		.idem = S("key-of-eight") };

	put_str(&r->a, in, "items", str_fmt(&r->a, "%.*s:0-9", STR_ARG(r->pack)));
	put_str(&r->a, in, "batch", r->out);
	op_run_wait(&c);
	r->e = c.err;
	r->out = c.err ? S("") : json_str(&r->a, c.out);
	return NULL;
}

static void eight_threads_with_one_key_file_one_record(void **state)
{
	struct house *h = here(state);
	struct str batch, pack = goods(h, MAKER, "100", &batch);
	int64_t records = raw_number(h, "SELECT COUNT(*) FROM record");
	struct racer r[8];
	pthread_t t[8];

	for (int i = 0; i < 8; i++) {
		r[i] = (struct racer){ .h = h, .who = actor(h, MAKER), .pack = pack, .out = batch };
		arena_init(&r[i].a, 64 << 20, NULL);
		assert_int_equal(pthread_create(&t[i], NULL, race, &r[i]), 0);
	}
	for (int i = 0; i < 8; i++) {
		assert_int_equal(pthread_join(t[i], NULL), 0);
		assert_int_equal(r[i].e, OK);
		assert_true(str_eq(r[i].out, r[0].out));
	}
	for (int i = 0; i < 8; i++)
		arena_end(&r[i].a);
	assert_int_equal(raw_number(h, "SELECT COUNT(*) FROM record"), records + 1);
}

/* ---- receipts ---- */

static struct checkpoint opened(struct house *h, struct str note)
{
	struct note_key key;
	struct checkpoint cp;

	assert_int_equal(vkey_get(&h->a, str_trim(log_vkey(kernel_log(h->k), TREE_SHA256)), &key), OK);
	assert_int_equal(checkpoint_open(&h->a, note, &key, &cp), OK);
	return cp;
}

static void assert_receipt(struct house *h, struct str receipt, struct str leaf)
{
	struct tlog_proof p;
	struct checkpoint cp;
	struct hash l = tree_leaf(HASH_SHA256, leaf);

	assert_int_equal(proof_get(&h->a, receipt, &p), OK);
	cp = opened(h, p.checkpoint);
	assert_true(p.index < cp.size);
	assert_true(check_inclusion(HASH_SHA256, &l, p.index, cp.size, &cp.root, p.path, p.n_path));
	leaf.n--;
	l = tree_leaf(HASH_SHA256, leaf);
	assert_false(check_inclusion(HASH_SHA256, &l, p.index, cp.size, &cp.root, p.path, p.n_path));
}

static struct node *json(struct house *h, struct str text)
{
	static const struct json_limits limits = { .bytes = 1 << 20, .depth = 8, .nodes = 10000 };
	struct json_trouble trouble;
	struct node *o;

	assert_int_equal(json_read(&h->a, text, &limits, &o, &trouble), OK);
	return o;
}

static void every_answer_carries_a_receipt_that_verifies_offline(void **state)
{
	struct house *h = here(state);
	struct str pack = goods(h, MAKER, "1000", NULL);

	for (int i = 0; i < 20; i++) {
		struct answer a = ask(h, actor(h, MAKER), "sale.create", sale_in(h, pack, "1-2"), S(""), NULL);
		const struct node *r = node_get(a.out, "receipt");
		struct tlog_proof p;

		assert_int_equal(a.err, OK);
		assert_receipt(h, node_text(r, "proof"), node_text(r, "leaf"));
		assert_int_equal(proof_get(&h->a, node_text(r, "proof"), &p), OK);
		assert_int_equal(p.index, node_number(r, "index", -1));
	}
}

static void every_record_of_the_house_has_a_receipt_anybody_may_fetch(void **state)
{
	struct house *h = here(state);
	struct db *db = raw_open(h);
	struct rows r;

	assert_int_equal(db_ask(db, &h->a, "SELECT r.id, e.body FROM record r JOIN log_entry e ON e.idx = r.idx", NO_VALS, &r), OK);
	assert_true(r.n > 10);
	assert_int_equal(r.n, (size_t)log_size(h));
	for (size_t i = 0; i < r.n; i++) {
		struct answer a = call_ok(h, ANYBODY, "receipt.get", "id", z(h, id_str(&h->a, row_int(&r, i, 0))), NULL);

		assert_receipt(h, a.c->bytes, row_str(&r, i, 1));
	}
	db_close(db);
}

static struct node *leaf_of(struct house *h, const struct node *extra, const struct answer *a)
{
	char *body = TAKE(&h->a, char, 4096);
	size_t n;

	assert_true(base64_get(node_text(extra, "leaf"), body, 4096, &n));
	assert_true(str_eq((struct str){ body, n }, node_text(node_get(a->out, "receipt"), "leaf")));
	return json(h, (struct str){ body, n });
}

/* Each disclosure in the slot of the field it names. */
static size_t put_slots(struct house *h, const struct type *t, const struct node *extra, struct hash *slot)
{
	size_t said = 0, at, n;

	for (const struct node *d = node_get(extra, "disclosures")->first; d; d = d->next, said++) {
		char *plain = TAKE(&h->a, char, d->s.n + 4);
		struct node *three;

		assert_true(base64url_get(d->s, plain, d->s.n + 4, &n));
		three = json(h, (struct str){ plain, n });
		assert_int_equal(three->n, 3);
		if (str_is(three->first->next->s, FILED_SLOT)) {
			at = t->n;
			assert_true(str_eq(three->last->first->s, h->uscc[MAKER]));
		} else {
			assert_non_null(type_field(t, three->first->next->s, &at));
		}
		slot[at] = slot_leaf(HASH_SHA256, d->s);
	}
	return said;
}

/* All slots disclosed to the filer: digests in place, a decoy where nothing was said, give the root in the leaf. */
static void the_disclosures_of_a_receipt_recompute_the_root_of_the_leaf(void **state)
{
	struct house *h = here(state);
	struct str pack = goods(h, MAKER, "100", NULL);
	struct node *in = sale_in(h, pack, "0-9"), *leaf, *extra;
	struct answer a, full, bare;
	struct hash slot[64] = { 0 };
	const struct type *t = kernel_type(h->k, S("sale"));
	struct call c = { .k = h->k, .who = &nobody, .arena = &h->a };
	struct record rec;
	struct rows r;
	struct record_keys keys;
	struct tlog_proof p;
	struct hash all[64], root;

	put_z(&h->a, in, "quantity", "12.5");
	put_z(&h->a, in, "unit", "kg");
	a = ask(h, actor(h, MAKER), "sale.create", in, S(""), NULL);
	assert_int_equal(a.err, OK);
	full = call_ok(h, MAKER, "receipt.get", "id", z(h, answer_id(h, &a)), NULL);
	bare = call_ok(h, SELLER2, "receipt.get", "id", z(h, answer_id(h, &a)), NULL);
	assert_int_equal(proof_get(&h->a, bare.c->bytes, &p), OK);
	assert_int_equal(node_get(json(h, p.extra), "disclosures")->n, 0);
	assert_int_equal(proof_get(&h->a, full.c->bytes, &p), OK);
	extra = json(h, p.extra);
	leaf = leaf_of(h, extra, &a);
	assert_int_equal(put_slots(h, t, extra, slot), 8);      /* seven fields, and who filed them */
	/* the other slots are decoys: the keys make them, and they look like any other */
	assert_int_equal(kernel_reader(h->k, &c.db), OK);
	assert_int_equal(db_ask(c.db, &h->a, kernel_sql[SQL_RECORD_AT], VALS(V_I(node_number(node_get(a.out, "receipt"), "index", -1))), &r), OK);
	assert_int_equal(record_from_row(&c, r.v, 7, &rec), OK);
	assert_int_equal(record_keys_get(&c, rec.id, &keys), OK);
	slot_leaves(&h->a, HASH_SHA256, t, t->n, rec.values, &keys, all);
	kernel_reader_end(h->k, c.db);
	for (size_t i = 0; i < t->n; i++) {
		static const struct hash none;

		if (memcmp(&slot[i], &none, sizeof(none)) == 0)
			slot[i] = all[i];
		assert_memory_equal(&slot[i], &all[i], sizeof(slot[i]));
	}
	root = field_root(HASH_SHA256, slot, t->n + 1);
	assert_int_equal(node_number(leaf, "n", -1), (int)t->n + 1);
	assert_true(str_eq(node_text(leaf, "r"), base64url_str(&h->a, root.b, HASH_LEN)));
}

/* ---- corrections ---- */

static void a_correction_is_a_new_record_that_points_at_the_old_one(void **state)
{
	struct house *h = here(state);
	struct str product = new_product(h, MAKER, "写错的名称"), second;
	struct node *in, *leaf;
	struct answer a, old;
	struct str batch = new_batch(h, MAKER, product, "B-1");

	in = batch_in(h, MAKER, product, "B-2");
	put_str(&h->a, in, "corrects", batch);
	a = ask(h, actor(h, MAKER), "batch.create", in, S(""), NULL);
	assert_int_equal(a.err, OK);
	second = answer_id(h, &a);
	leaf = json(h, node_text(node_get(a.out, "receipt"), "leaf"));
	old = call_ok(h, ANYBODY, "batch.get", "id", z(h, batch), NULL);
	assert_string_equal(z(h, node_text(leaf, "t")), "fix");
	assert_int_equal(node_number(leaf, "c", -1), node_number(old.out, "index", -2));
	assert_int_equal(node_number(leaf, "p", -1), node_number(old.out, "index", -2));
	assert_true(str_eq(node_text(old.out, "corrected_by"), second));
	assert_false(holds(text_of(h, &(struct answer){ .c = call_ok(h, MAKER, "batch.list", NULL).c }), "\"B-1\""));
	assert_true(str_eq(node_text(call_ok(h, ANYBODY, "batch.get", "id", z(h, second), NULL).out, "corrects"), batch));
	/* the same one again, a foreign one, another type, one that is not there */
	in = batch_in(h, MAKER, product, "B-3");
	put_str(&h->a, in, "corrects", batch);
	assert_int_equal(ask(h, actor(h, MAKER), "batch.create", in, S(""), NULL).err, E_STATE);
	in = batch_in(h, MAKER2, new_product(h, MAKER2, "别人的"), "B-4");
	put_str(&h->a, in, "corrects", second);
	assert_int_equal(ask(h, actor(h, MAKER2), "batch.create", in, S(""), NULL).err, E_DENIED);
	in = batch_in(h, MAKER, product, "B-5");
	put_str(&h->a, in, "corrects", product);
	assert_int_equal(ask(h, actor(h, MAKER), "batch.create", in, S(""), NULL).err, E_DENIED);
	in = batch_in(h, MAKER, product, "B-6");
	put_z(&h->a, in, "corrects", "0000000000001");
	assert_int_equal(ask(h, actor(h, MAKER), "batch.create", in, S(""), NULL).err, E_ABSENT);
	/* a chain: the second correction points at the first */
	in = batch_in(h, MAKER, product, "B-7");
	put_str(&h->a, in, "corrects", second);
	a = ask(h, actor(h, MAKER), "batch.create", in, S(""), NULL);
	assert_int_equal(a.err, OK);
	assert_int_equal(raw_number(h, "SELECT COUNT(*) FROM p_batch WHERE current = 0"), 2);
}

/* A pack, an opening or a report is never replaced: asking for it must not file a second one. */
static void what_cannot_be_corrected_says_so(void **state)
{
	struct house *h = here(state);
	struct str pack = new_pack(h, MAKER, S(""), "3", NULL);
	uint64_t before = log_size(h);
	struct answer a = call(h, MAKER, "pack.create", "grain", "item", "count", "3", "corrects", z(h, pack), NULL);

	assert_int_equal(a.err, E_BAD);
	assert_non_null(trouble_of(&a, "corrects"));
	a = call(h, ANYBODY, "report.create", "what", "可疑", "corrects", z(h, pack), NULL);
	assert_int_equal(a.err, E_BAD);
	assert_int_equal(log_size(h), before);
}

static const char *verdict_of(struct house *h, struct str code)
{
	return z(h, node_text(call_ok(h, ANYBODY, "scan", "code", z(h, code), NULL).out, "verdict"));
}

static void the_items_of_a_corrected_sale_follow_the_correction(void **state)
{
	struct house *h = here(state);
	struct str pack = goods(h, MAKER, "100", NULL);
	struct answer a = ask(h, actor(h, MAKER), "sale.create", sale_in(h, pack, "0-9"), S(""), NULL);
	struct node *in = sale_in(h, pack, "5-14");

	assert_int_equal(a.err, OK);
	assert_string_equal(verdict_of(h, nth_code(h, MAKER, pack, 0)), "valid_first");
	put_str(&h->a, in, "corrects", answer_id(h, &a));
	assert_int_equal(ask(h, actor(h, MAKER), "sale.create", in, S(""), NULL).err, OK);
	assert_string_equal(verdict_of(h, nth_code(h, MAKER, pack, 1)), "not_sold");
	assert_string_equal(verdict_of(h, nth_code(h, MAKER, pack, 7)), "valid_first");
	assert_string_equal(verdict_of(h, nth_code(h, MAKER, pack, 12)), "valid_first");
	assert_string_equal(verdict_of(h, nth_code(h, MAKER, pack, 15)), "not_sold");
}

/* ---- lists ---- */

static size_t pages(struct house *h, enum who w, const char *op, const char *field, const char *value, size_t *ret_items)
{
	const char *before = NULL;
	size_t n = 0;

	*ret_items = 0;
	do {
		struct node *in = in_of(h, "field", field, "value", value, NULL);
		struct answer a;

		if (before)
			put_z(&h->a, in, "before", before);
		a = ask(h, actor(h, w), op, in, S(""), NULL);
		assert_int_equal(a.err, OK);
		*ret_items += node_get(a.out, "items")->n;
		before = node_get(a.out, "before") ? z(h, node_text(a.out, "before")) : NULL;
		n++;
	} while (before);
	return n;
}

/* A search that meets foreign records goes on over them, and says nothing of how many there were. */
static void a_list_goes_on_where_its_page_ended(void **state)
{
	struct house *h = here(state);
	size_t items;

	for (int i = 0; i < 104; i++) {
		struct str mine = new_pack(h, i % 2 ? MAKER : MAKER2, S(""), "1", NULL);

		(void)ask(h, actor(h, i % 2 ? MAKER : MAKER2), "sale.create", in_of(h, "buyer_uscc", z(h, h->uscc[SELLER2]), "items", z(h, str_fmt(&h->a, "%.*s:0", STR_ARG(mine))),
		          NULL), S(""), NULL);
	}
	assert_int_equal(pages(h, MAKER, "sale.list", "buyer_uscc", z(h, h->uscc[SELLER2]), &items), 2);
	assert_int_equal(items, 52);
	assert_int_equal(pages(h, SELLER2, "sale.list", "buyer_uscc", z(h, h->uscc[SELLER2]), &items), 3);
	assert_int_equal(items, 104);
	assert_int_equal(pages(h, SELLER, "sale.list", "buyer_uscc", z(h, h->uscc[SELLER2]), &items), 1);
	assert_int_equal(items, 0);
	assert_int_equal(pages(h, MAKER2, "sale.list", "", "", &items), 2);
	assert_int_equal(items, 52);
}

/* ---- rebuilding ---- */

static struct str derived(struct house *h)
{
	static const char *const more[] = { "pack", "item_set" };
	const char *names[64];
	size_t n, m = 0;
	const struct type *const *types = kernel_types(h->k, &n);

	for (size_t i = 0; i < n; i++)
		names[m++] = str_fmt(&h->a, "p_%s", types[i]->name).p;
	for (size_t i = 0; i < ROWS(more); i++)
		names[m++] = more[i];
	return dump_tables(h, names, m);
}

static void rebuilding_gives_the_same_tables_byte_for_byte(void **state)
{
	struct house *h = here(state);
	struct str before = derived(h);

	assert_true(before.n > 4000);
	assert_int_equal(kernel_rebuild(h->k, &h->a, NULL, NULL), OK);
	assert_true(str_eq(derived(h), before));
}

static void rebuilding_one_type_gives_the_same_tables_byte_for_byte(void **state)
{
	struct house *h = here(state);
	struct str before = derived(h);
	size_t n;
	const struct type *const *types = kernel_types(h->k, &n);

	for (size_t i = 0; i < n; i++) {
		enum err e = kernel_rebuild(h->k, &h->a, types[i]->name, NULL);

		if (e)
			fail_msg("rebuild %s: %s", types[i]->name, err_name(e));
	}
	assert_true(str_eq(derived(h), before));
	assert_int_equal(kernel_rebuild(h->k, &h->a, "no_such_type", NULL), E_ABSENT);
}

/* ---- verifying ---- */

static enum err verified(struct house *h)
{
	struct verify_report r;
	enum err e = kernel_verify(h->k, &h->a, NULL, &r);

	if (!e)
		assert_int_equal(r.entries, (int64_t)log_size(h));
	return e;
}

/* Each change is made behind the program's back and undone again. */
static void assert_found(struct house *h, const char *what, const char *change, const char *back)
{
	raw_exec(h, change);
	if (verified(h) != E_CORRUPT)
		fail_msg("verify does not see %s", what);
	raw_exec(h, back);
	if (verified(h) != OK)
		fail_msg("%s: not undone", what);
}

static void verify_finds_what_was_changed_behind_its_back(void **state)
{
	struct house *h = here(state);
	bool pg = h->engine == &pg_engine;
	int64_t last = (int64_t)log_size(h) - 1, a = raw_number(h, "SELECT idx FROM record WHERE type = 'batch' ORDER BY idx LIMIT 1"),
		b = raw_number(h, "SELECT idx FROM record WHERE type = 'batch' ORDER BY idx DESC LIMIT 1");

	assert_int_equal(verified(h), OK);
	assert_found(h, "a changed public value", "UPDATE record SET pub = replace(pub, '合格', '優良') WHERE type = 'batch'",
	             "UPDATE record SET pub = replace(pub, '優良', '合格') WHERE type = 'batch'");
	assert_found(h, "a type changed", "UPDATE record SET type = 'resale' WHERE type = 'sale'", "UPDATE record SET type = 'sale' WHERE type = 'resale'");
	assert_found(h, "two records swapped",
	             str_fmt(&h->a, "UPDATE record SET idx = -1 WHERE idx = %lld; UPDATE record SET idx = %lld WHERE idx = %lld; UPDATE record SET idx = %lld WHERE idx = -1",
	                     (long long)a, (long long)a, (long long)b, (long long)b).p,
	             str_fmt(&h->a, "UPDATE record SET idx = -1 WHERE idx = %lld; UPDATE record SET idx = %lld WHERE idx = %lld; UPDATE record SET idx = %lld WHERE idx = -1",
	                     (long long)b, (long long)b, (long long)a, (long long)a).p);
	assert_found(h, "a record deleted", str_fmt(&h->a, "UPDATE record SET idx = -7 WHERE idx = %lld", (long long)a).p,
	             str_fmt(&h->a, "UPDATE record SET idx = %lld WHERE idx = -7", (long long)a).p);
	assert_found(h, "the last entry deleted", str_fmt(&h->a, "CREATE TABLE kept AS SELECT * FROM log_entry; DELETE FROM log_entry WHERE idx = %lld", (long long)last).p,
	             str_fmt(&h->a, "INSERT INTO log_entry SELECT * FROM kept WHERE idx = %lld", (long long)last).p);
	assert_found(h, "an entry deleted", "DELETE FROM log_entry WHERE idx = 3", "INSERT INTO log_entry SELECT * FROM kept WHERE idx = 3");
	assert_found(h, "an entry changed", pg ? "UPDATE log_entry SET body = set_byte(body, 0, 65) WHERE idx = 3" : "UPDATE log_entry SET body = CAST(X'41' || substr(body, 2) AS BLOB) WHERE idx = 3",
	             "DELETE FROM log_entry WHERE idx = 3; INSERT INTO log_entry SELECT * FROM kept WHERE idx = 3");
	raw_exec(h, "DROP TABLE kept");
	assert_found(h, "sealed values of two records exchanged",
	             "CREATE TABLE kept2 AS SELECT id, biz FROM record; UPDATE record SET biz = (SELECT k.biz FROM kept2 k WHERE k.biz IS NOT NULL AND k.id <> record.id ORDER BY k.id LIMIT 1)"
	             " WHERE type = 'sale'",
	             "UPDATE record SET biz = (SELECT k.biz FROM kept2 k WHERE k.id = record.id); DROP TABLE kept2");
}

/* Each 256 entries make a full tile; a thread checks four of them at a time. */
static void verify_finds_a_changed_byte_of_a_tile(void **state)
{
	struct house *h = here(state);
	bool pg = h->engine == &pg_engine;
	struct verify_report r;
	struct answer a;

	while (log_size(h) < 1300) {
		a = call(h, ANYBODY, "report.create", "what", "可疑", "region", "320623", NULL);
		assert_int_equal(a.err, OK);
	}
	assert_int_equal(raw_number(h, "SELECT COUNT(*) FROM log_tile"), 5);
	assert_int_equal(verified(h), OK);
	raw_exec(h, "CREATE TABLE kept AS SELECT * FROM log_tile");
	assert_found(h, "a changed byte of a tile",
	             pg ? "UPDATE log_tile SET bytes = set_byte(bytes, 4000, 255 - get_byte(bytes, 4000))"
	                : "UPDATE log_tile SET bytes = CAST(substr(bytes, 1, 4000) || substr(bytes, 4002, 1) || substr(bytes, 4001, 1) || substr(bytes, 4003) AS BLOB)",
	             "DELETE FROM log_tile; INSERT INTO log_tile SELECT * FROM kept");
	raw_exec(h, "DROP TABLE kept");
	/* of several places that are wrong the first is named, whoever comes upon it first */
	raw_exec(h, "UPDATE record SET type = 'sale' WHERE idx IN (700, 1290)");
	for (int i = 0; i < 20; i++)
		assert_true(kernel_verify(h->k, &h->a, NULL, &r) == E_CORRUPT && str_starts(r.problem, "entry 700: "));
	assert_int_equal(kernel_verify_log(h->k, &h->a, NULL, &r), OK);      /* opens no record */
	assert_int_equal(r.entries, (int64_t)log_size(h));
	raw_exec(h, "UPDATE record SET type = 'report' WHERE idx IN (700, 1290)");
	assert_int_equal(verified(h), OK);
}

/* A head changed in the store: the program does not start on it, and never signs it. */
static void a_changed_head_is_never_signed(void **state)
{
	struct house *h = here(state);
	bool pg = h->engine == &pg_engine;
	int64_t old = raw_number(h, "SELECT MIN(size) FROM log_head WHERE size > 5");
	struct str id = id_str(&h->a, raw_number(h, str_fmt(&h->a, "SELECT id FROM record WHERE idx = %lld", (long long)old - 1).p));
	struct answer a;
	int64_t last;

	raw_exec(h, "CREATE TABLE kept AS SELECT * FROM log_head");
	house_shut(h);
	raw_exec(h, str_fmt(&h->a, pg ? "UPDATE log_head SET root = set_byte(root, 0, 255 - get_byte(root, 0)) WHERE size = %lld"
	                              : "UPDATE log_head SET root = CAST(substr(root, 2) || substr(root, 1, 1) AS BLOB) WHERE size = %lld", (long long)old).p);
	house_open(h);
	a = call(h, ANYBODY, "receipt.get", "id", z(h, id), NULL);
	assert_int_equal(a.err, E_CORRUPT);
	house_shut(h);
	raw_exec(h, "DELETE FROM log_head; INSERT INTO log_head SELECT * FROM kept");
	last = raw_number(h, "SELECT MAX(size) FROM log_head");
	raw_exec(h, str_fmt(&h->a, pg ? "UPDATE log_head SET root = set_byte(root, 0, 255 - get_byte(root, 0)) WHERE size = %lld"
	                              : "UPDATE log_head SET root = CAST(substr(root, 2) || substr(root, 1, 1) AS BLOB) WHERE size = %lld", (long long)last).p);
	assert_int_equal(house_try_open(h), E_CORRUPT);
	raw_exec(h, "DELETE FROM log_head; INSERT INTO log_head SELECT * FROM kept; DROP TABLE kept");
	house_open(h);
	call_ok(h, ANYBODY, "receipt.get", "id", z(h, id), NULL);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(the_same_key_and_content_give_the_same_bytes_even_after_a_restart),
	cmocka_unit_test(a_key_used_for_other_content_is_refused),
	cmocka_unit_test(what_the_platform_fills_in_is_not_part_of_the_content),
	cmocka_unit_test(a_step_asked_twice_is_taken_once),
	cmocka_unit_test(a_key_of_a_dock_holds_for_one_party),
	cmocka_unit_test(eight_threads_with_one_key_file_one_record),
	cmocka_unit_test(every_answer_carries_a_receipt_that_verifies_offline),
	cmocka_unit_test(the_disclosures_of_a_receipt_recompute_the_root_of_the_leaf),
	cmocka_unit_test(a_correction_is_a_new_record_that_points_at_the_old_one),
	cmocka_unit_test(what_cannot_be_corrected_says_so),
	cmocka_unit_test(the_items_of_a_corrected_sale_follow_the_correction),
	cmocka_unit_test(a_list_goes_on_where_its_page_ended),
	cmocka_unit_test(every_record_of_the_house_has_a_receipt_anybody_may_fetch),
	cmocka_unit_test(rebuilding_gives_the_same_tables_byte_for_byte),
	cmocka_unit_test(rebuilding_one_type_gives_the_same_tables_byte_for_byte),
	cmocka_unit_test(verify_finds_what_was_changed_behind_its_back),
	cmocka_unit_test(verify_finds_a_changed_byte_of_a_tile),
	cmocka_unit_test(a_changed_head_is_never_signed),
};

int main(void) { return RUN_BOTH("records", tests, NULL); }
