/* tests/ops/test_erase.c - the keystore, and forgetting: what is erased is nowhere, what is left still verifies (docs/formats/record.md). */
#include <fcntl.h>
#include <unistd.h>

#include "tests/ops/harness.h"

static struct str report_of_somebody(struct house *h, const char *idem)
{
	struct answer a = ask(h, actor(h, ANYBODY), "report.create", in_of(h, "what", "标签可疑", "region", "320623", "contact", "13912345678", NULL), S(""), idem);

	assert_int_equal(a.err, OK);
	return answer_id(h, &a);
}

static int64_t number_of(struct str id)
{
	int64_t n = 0;

	assert_true(id_get(id, &n));
	return n;
}

/* The wrapped key of a class as it lies in the keystore; empty: destroyed. */
static struct str wrapped(struct house *h, struct str record, enum key_class cls)
{
	struct call c = { .k = h->k, .who = &nobody, .arena = &h->a };
	struct str key[KEY_CLASSES];

	assert_int_equal(keystore_get(&c, number_of(record), key), OK);
	return key[cls];
}

static bool file_has(struct house *h, const char *path, struct str what)
{
	struct str text;

	return file_exists(path) && file_read(&h->a, path, 64 << 20, &text) == OK && text.n >= what.n && memmem(text.p, text.n, what.p, what.n);
}

static void assert_destroyed(struct house *h, struct str key)
{
	static const char *const files[] = { "keys.db", "keys.db-wal" };

	assert_true(key.n > 32);
	for (size_t i = 0; i < ROWS(files); i++)
		if (file_has(h, str_fmt(&h->a, "%s/keystore/%s", h->dir, files[i]).p, str_sub(key, 13, 45)))
			fail_msg("%s still has the key", files[i]);
}

static void assert_verified(struct house *h)
{
	struct verify_report r;

	if (kernel_verify(h->k, &h->a, NULL, &r))
		fail_msg("%.*s", STR_ARG(r.problem));
}

static const struct node *field_in(const struct answer *a, const char *name)
{
	const struct node *fields = node_get(a->out, "fields");

	for (const struct node *f = fields ? fields->first : NULL; f; f = f->next)
		if (str_is(node_text(f, "name"), name))
			return f;
	return NULL;
}

static void personal_values_go_at_any_time(void **state)
{
	struct house *h = here(state);
	struct str report = report_of_somebody(h, "once"), key = wrapped(h, report, KEY_PERSON);
	struct answer a = call_ok(h, OPERATOR, "record.erase", "target", z(h, report), "classes", "person", "basis", "个人信息保护法第四十七条", NULL), b;
	struct call c = { .k = h->k, .who = &nobody, .arena = &h->a };
	const unsigned all = (1u << KEY_CLASSES) - 1;
	struct record r;

	assert_int_equal(wrapped(h, report, KEY_PERSON).n, 0);
	assert_true(wrapped(h, report, KEY_BUSINESS).n > 0);
	assert_destroyed(h, key);
	assert_int_equal(kernel_reader(h->k, &c.db), OK);
	assert_int_equal(kernel_record(&c, number_of(report), all, &r), OK);
	kernel_reader_end(h->k, c.db);
	assert_false(r.held[KEY_PERSON]);
	assert_true(r.held[KEY_BUSINESS]);
	assert_true(str_is(r.values[1].text, "标签可疑"));
	assert_int_equal(r.values[5].said, SAID_NOTHING);
	/* the kept answer of the idempotency key is gone with it: asking again neither shows the old receipt nor files the values anew */
	b = ask(h, actor(h, ANYBODY), "report.create", in_of(h, "what", "标签可疑", "region", "320623", "contact", "13912345678", NULL), S(""), "once");
	assert_int_equal(b.err, E_STATE);
	/* the entry says which entry lost something */
	assert_true(holds(a.c->leaf, "\"t\":\"erase\""));
	assert_true(holds(a.c->leaf, str_fmt(&h->a, "\"c\":%llu", (unsigned long long)r.index).p));
	assert_verified(h);
	assert_int_equal(call(h, OPERATOR, "record.erase", "target", z(h, report), "classes", "person", "basis", "再来", NULL).err, E_STATE);
}

static struct str sale_to(struct house *h, const char *buyer, const char *items, const char *corrects)
{
	struct answer a = call_ok(h, MAKER, "sale.create", "sale_time", "2026-10-18", "buyer_name", buyer, "buyer_address", "某地", "buyer_contact", "13800000000", "items", items,
	                          corrects ? "corrects" : NULL, corrects, NULL);

	return answer_id(h, &a);
}

static void business_values_go_when_a_correction_stands(void **state)
{
	static const char *const tables[] = { "item_set", "p_sale", "flow_record", "delivery", "p_report", "p_erase" };
	struct house *h = here(state);
	struct str pack = new_pack(h, MAKER, new_batch(h, MAKER, new_product(h, MAKER, "钢丝绳"), "E1"), "9", NULL), one, two, key;
	const char *items = str_fmt(&h->a, "%.*s:1-3", STR_ARG(pack)).p;
	struct answer a;

	one = sale_to(h, "写错的买家", items, NULL);
	key = wrapped(h, one, KEY_BUSINESS);
	a = call(h, MAKER, "record.erase", "target", z(h, one), "classes", "business", "basis", "填错", NULL);
	assert_int_equal(a.err, E_STATE);
	assert_true(wrapped(h, one, KEY_BUSINESS).n > 0);
	two = sale_to(h, "对的买家", items, z(h, one));
	assert_int_equal(call(h, MAKER2, "record.erase", "target", z(h, one), "classes", "business", "basis", "看看", NULL).err, E_ABSENT);
	assert_int_equal(call(h, OFFICER, "record.erase", "target", z(h, one), "classes", "business", "basis", "看看", NULL).err, E_DENIED);
	assert_int_equal(call(h, ANYBODY, "record.erase", "target", z(h, one), "classes", "business", "basis", "看看", NULL).err, E_NOAUTH);
	assert_int_equal(call(h, MAKER, "record.erase", "target", z(h, two), "classes", "business", "basis", "还在用", NULL).err, E_STATE);
	call_ok(h, MAKER, "record.erase", "target", z(h, one), "classes", "business", "basis", "填错", NULL);
	assert_destroyed(h, key);
	a = call_ok(h, MAKER, "sale.get", "id", z(h, one), NULL);
	assert_false(holds(text_of(h, &a), "写错的买家"));
	a = call_ok(h, MAKER, "sale.get", "id", z(h, two), NULL);
	assert_true(holds(text_of(h, &a), "对的买家"));
	assert_verified(h);
	assert_rebuilt(h, tables, ROWS(tables));
}

static void public_values_of_what_was_corrected(void **state)
{
	static const char *const tables[] = { "p_product", "p_erase" }, *const files[] = { "suyuan.db", "suyuan.db-wal" };
	struct house *h = here(state);
	struct str product = new_product(h, MAKER, "电话13912345678"), other = new_product(h, MAKER, "钢丝绳");
	struct call c = { .k = h->k, .who = &nobody, .arena = &h->a };
	struct node *in = node_obj(&h->a);
	struct answer a = call_ok(h, MAKER, "product.get", "id", z(h, other), NULL);
	const struct node *fields = node_get(a.out, "fields");

	(void)c;
	for (const struct node *f = fields->first; f; f = f->next)
		if (node_get(f, "value"))
			node_set(in, node_text(f, "name"), (struct node *)(uintptr_t)node_get(f, "value"));
	assert_int_equal(call(h, MAKER, "record.erase", "target", z(h, product), "classes", "public", "basis", "误填个人号码", NULL).err, E_STATE);
	(void)field_in;
	put_str(&h->a, in, "corrects", product);
	a = ask(h, actor(h, MAKER), "product.create", in, S(""), NULL);
	if (a.err)
		fail_msg("%.*s", STR_ARG(text_of(h, &a)));
	call_ok(h, MAKER, "record.erase", "target", z(h, product), "classes", "public", "basis", "误填个人号码", NULL);
	a = call_ok(h, ANYBODY, "product.get", "id", z(h, product), NULL);
	assert_false(holds(text_of(h, &a), "13912345678"));
	for (size_t i = 0; i < ROWS(files); i++)
		if (file_has(h, str_fmt(&h->a, "%s/%s", h->dir, files[i]).p, S("13912345678")))
			fail_msg("%s still has the value", files[i]);
	assert_verified(h);
	assert_rebuilt(h, tables, ROWS(tables));
}

/* Committed and not yet carried out when the power went: the next start carries it out. */
static void a_start_finishes_what_a_crash_left(void **state)
{
	struct house *h = here(state);
	struct str report = report_of_somebody(h, NULL), key = wrapped(h, report, KEY_PERSON);

	call_ok(h, OPERATOR, "record.erase", "target", z(h, report), "classes", "person", "basis", "个人信息保护法第四十七条", NULL);
	house_shut(h);
	raw_keys(h, str_fmt(&h->a, "UPDATE record_key SET per = X'%.*s' WHERE record = %lld", STR_ARG(hex_str(&h->a, (const unsigned char *)key.p, key.n)), (long long)number_of(report)).p);
	house_open(h);
	assert_int_equal(wrapped(h, report, KEY_PERSON).n, 0);
	assert_destroyed(h, key);
	assert_verified(h);
}

/* What was kept of an erased record is itself checked. */
static void kept_hashes_cannot_be_changed(void **state)
{
	struct house *h = here(state);
	struct str report = report_of_somebody(h, NULL);
	struct verify_report r;

	call_ok(h, OPERATOR, "record.erase", "target", z(h, report), "classes", "person", "basis", "个人信息保护法第四十七条", NULL);
	raw_exec(h, "CREATE TABLE kept AS SELECT * FROM erasure");
	raw_exec(h, h->engine == &pg_engine ? "UPDATE erasure SET leaves = set_byte(leaves, 0, 255 - get_byte(leaves, 0))"
	                                    : "UPDATE erasure SET leaves = CAST(substr(leaves, 2) || substr(leaves, 1, 1) AS BLOB)");
	assert_int_equal(kernel_verify(h->k, &h->a, NULL, &r), E_CORRUPT);
	raw_exec(h, "DELETE FROM erasure");
	assert_int_equal(kernel_verify(h->k, &h->a, NULL, &r), E_CORRUPT);
	raw_exec(h, "INSERT INTO erasure SELECT * FROM kept; DROP TABLE kept");
	assert_verified(h);
}

static void a_home_without_its_keystore_is_refused(void **state)
{
	struct house *h = here(state);
	const char *there = str_fmt(&h->a, "%s/keystore/keys.db", h->dir).p, *away = str_fmt(&h->a, "%s/keys.away", h->dir).p;

	house_shut(h);
	assert_int_equal(rename(there, away), 0);
	assert_int_equal(house_try_open(h), E_CORRUPT);
	assert_false(file_exists(there));               /* none is made in its place */
	assert_int_equal(rename(away, there), 0);
	raw_keys(h, "UPDATE canary SET seen = X'00'");
	assert_int_equal(house_try_open(h), E_CORRUPT);         /* another home's */
	raw_keys(h, "DELETE FROM canary");
	assert_int_equal(house_try_open(h), E_CORRUPT);
}

/* An older copy of it put beside newer records is noticed before anything is filed on. */
static void a_keystore_older_than_the_records_is_refused(void **state)
{
	struct house *h = here(state);
	const char *old = str_fmt(&h->a, "%s/keys.old", h->dir).p, *there = str_fmt(&h->a, "%s/keystore/keys.db", h->dir).p;
	const char *json = str_fmt(&h->a, "%s/suyuan.json", h->dir).p;
	struct str text, settings;
	char why[300];

	assert_int_equal(kernel_backup_keys(h->k, old, why), OK);
	report_of_somebody(h, NULL);
	house_shut(h);
	assert_int_equal(file_read(&h->a, old, 64 << 20, &text), OK);
	unlink(str_fmt(&h->a, "%s-wal", there).p);
	unlink(str_fmt(&h->a, "%s-shm", there).p);
	assert_int_equal(file_write(there, text, 0600), OK);
	assert_int_equal(house_try_open(h), E_CORRUPT);
	assert_int_equal(file_read(&h->a, json, 65536, &settings), OK);
	settings = str_fmt(&h->a, "{\"keystore_older\":\"accepted\",%.*s", (int)settings.n - 1, settings.p + 1);
	assert_int_equal(file_write(json, settings, 0600), OK);
	house_open(h);
	report_of_somebody(h, NULL);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(personal_values_go_at_any_time),
	cmocka_unit_test(business_values_go_when_a_correction_stands),
	cmocka_unit_test(public_values_of_what_was_corrected),
	cmocka_unit_test(a_start_finishes_what_a_crash_left),
	cmocka_unit_test(kept_hashes_cannot_be_changed),
	cmocka_unit_test(a_keystore_older_than_the_records_is_refused),
	cmocka_unit_test(a_home_without_its_keystore_is_refused),
};

int main(void) { return RUN_BOTH("erase", tests, NULL); }
