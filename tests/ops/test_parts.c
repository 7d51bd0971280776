/* tests/ops/test_parts.c - what is too large for a record's values lies beside them: committed to, read back, and no byte of it exchanged. */
#include "tests/ops/harness.h"

/* ---- a module of the test's own ---- */

enum { HEAP_name, HEAP_goods, HEAP_more, HEAP_FIELDS };
static const struct field heap_fields[HEAP_FIELDS] = {
	ROW(name, TEXT, REQUIRED, PUBLIC, "试1", "名称", .en = "name")
	ROW(goods, CODES, OPTIONAL, PRIVATE, OURS, "货物", .en = "goods")
	ROW(more, CODES, OPTIONAL, PRIVATE, OURS, "其他货物", .en = "more goods")
};
static const struct type heap_type = { .name = "heap", .schema = "test/heap", .zh = "货堆", .en = "heap", .leaf = LEAF_SET, .blind = true,
	.fields = heap_fields, .n = HEAP_FIELDS, .clause = "试" };
static const struct type *const heap_types[] = { &heap_type };
static const struct op heap_ops[] = { { .name = "heap.create", .method = POST, .path = "/v1/heaps", .who = R_MAKER, .scope = SCOPE_OWN, .mode = WRITES,
	.in = &heap_type, .prepare = kernel_file_prepare, .run = kernel_file, .clause = "试", .zh = "货堆", .en = "heap", .files = &heap_type } };
static const struct module heaps = { .name = "heaps", .types = heap_types, .n_types = 1, .ops = heap_ops, .n_ops = 1 };

/* ---- the text that commits to them ---- */

#define ROOT43 "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
static const struct { const char *text; size_t n; } texts[] = {      /* n 0: refused */
	{ "parts:1:" ROOT43, 1 }, { "parts:16:" ROOT43, 16 }, { "parts:1048576:" ROOT43, 1 << 20 },
	{ "parts:1048577:" ROOT43, 0 }, { "parts:0:" ROOT43, 0 }, { "parts:01:" ROOT43, 0 }, { "parts:-1:" ROOT43, 0 }, { "parts::" ROOT43, 0 },
	{ "parts:1:" ROOT43 "A", 0 }, { "parts:1:" ROOT43 "=", 0 }, { "parts:1:" ROOT43 ":", 0 }, { "parts:1:AAAA", 0 }, { "parts:1:", 0 }, { "parts:1", 0 },
	{ "Parts:1:" ROOT43, 0 }, { " parts:1:" ROOT43, 0 }, { "parts:1 :" ROOT43, 0 }, { "parts:99999999999999999999:" ROOT43, 0 }, { "", 0 },
};

static void only_one_text_names_so_many_parts_of_that_root(void **state)
{
	struct house *h = here(state);
	const struct hash none = { { 0 } };

	for (size_t i = 0; i < ROWS(texts); i++) {
		struct hash root = { { 1 } };
		size_t n = 7;
		bool ok = parts_read(str_of(texts[i].text), &n, &root);

		if (ok != (texts[i].n != 0) || (ok ? n != texts[i].n || memcmp(&root, &none, sizeof(root)) != 0 : n != 7))
			fail_msg("'%s' was %s", texts[i].text, ok ? "read" : "refused");
		if (ok)
			assert_string_equal(parts_text(&h->a, n, &root).p, texts[i].text);
	}
}

/* ---- filing ---- */

enum how { RIGHT, NO_PARTS, ONE_LESS, ANOTHER_ROOT, UNNAMED, NAMED_FIRST, ONLY_TYPED, TWO_VALUES };
struct heap { const char *what; enum how how; size_t n; enum err want; int64_t record; };
static struct heap in_order(size_t n) { return (struct heap){ "in order", RIGHT, n, OK, 0 }; }

/* The i-th part of a heap of n: every one different, one of them empty, sizes up to some pages. */
static struct str part_of(struct arena *a, size_t n, size_t i)
{
	struct buf b = buf_in(a, 64);

	for (size_t k = 0; k < i * 5000; k++)
		buf_char(&b, (char)(k * 7 + i + n));
	return buf_str(&b);
}

static enum err file_heap(struct call *c, void *ctx)
{
	struct heap *p = ctx;
	struct arena *a = c->arena;
	struct value v[HEAP_FIELDS] = { [HEAP_name] = { .said = SAID_VALUE, .text = S("堆") } };
	struct filing f = { .type = &heap_type, .values = v, .party = 1 };
	struct str *part = TAKE(a, struct str, p->n + 1), *list = TAKE(a, struct str, 3);
	struct hash root;
	enum err e;

	for (size_t i = 0; i < p->n; i++)
		part[i] = part_of(a, p->n, i);
	list[0] = S("第一件");
	list[1] = S("第二件");
	v[HEAP_goods] = (struct value){ .said = SAID_VALUE, .list = list, .n = 2 };
	if (p->how != NO_PARTS) {
		root = parts_root(a, HASH_SHA256, part, p->how == ONE_LESS ? p->n - 1 : p->n);
		root.b[0] ^= p->how == ANOTHER_ROOT;
		list[p->how == NAMED_FIRST ? 0 : 2] = p->how == UNNAMED ? S("第三件") : parts_text(a, p->how == ONE_LESS ? p->n - 1 : p->n, &root);
		v[HEAP_goods].n = p->how == NAMED_FIRST ? 2 : 3;
		v[HEAP_goods].part = part;
		v[HEAP_goods].n_part = p->how == ONLY_TYPED ? 0 : p->n;
	}
	if (p->how == TWO_VALUES)
		v[HEAP_more] = v[HEAP_goods];
	e = kernel_append(c, &f, &p->record);
	if (e != p->want)
		print_error("%s: %s\n", p->what, err_name(e));
	return e == p->want ? OK : E_STATE;
}

static const struct heap heaps_filed[] = {
	{ "one part", RIGHT, 1, OK, 0 },
	{ "three parts", RIGHT, 3, OK, 0 },
	{ "many parts", RIGHT, 37, OK, 0 },
	{ "a list without parts", NO_PARTS, 0, OK, 0 },
	{ "fewer named than brought", ONE_LESS, 3, E_INTERNAL, 0 },
	{ "another root", ANOTHER_ROOT, 3, E_INTERNAL, 0 },
	{ "parts nobody names", UNNAMED, 2, E_INTERNAL, 0 },
	{ "named, but not last", NAMED_FIRST, 2, E_INTERNAL, 0 },
	{ "named and not brought", ONLY_TYPED, 2, E_BAD, 0 },
	{ "two values with parts", TWO_VALUES, 2, E_INTERNAL, 0 },
};

struct reading { const struct heap *heap; size_t at; enum err all, one; };

/* On the reading side: what kernel_parts says of the record, and kernel_part of one place; bytes compared when they come. */
static void read_back(struct house *h, struct reading *r)
{
	struct call c = { .k = h->k, .who = &nobody, .arena = &h->a };
	struct record rec;
	struct str *part = NULL, one;
	size_t n = 99;

	assert_int_equal(kernel_reader(h->k, &c.db), OK);
	assert_int_equal(kernel_record(&c, r->heap->record, (1u << KEY_CLASSES) - 1, &rec), OK);
	assert_int_equal(rec.values[HEAP_goods].n_part, 0);
	r->all = kernel_parts(&c, rec.id, &rec.values[HEAP_goods], &part, &n);
	for (size_t i = 0; !r->all && i < n; i++)
		assert_true(str_eq(part[i], part_of(&h->a, n, i)));
	if (!r->all)
		assert_int_equal(n, r->heap->n);
	r->one = kernel_part(&c, rec.id, r->at, &one);
	if (!r->one)
		assert_true(str_eq(one, part_of(&h->a, r->heap->n, r->at)));
	kernel_reader_end(h->k, c.db);
}

static void parts_are_kept_with_their_record_and_read_back(void **state)
{
	struct house *h = here(state);
	struct verify_report report;

	for (size_t i = 0; i < ROWS(heaps_filed); i++) {
		struct heap p = heaps_filed[i];
		struct reading r = { .heap = &p, .at = p.n - 1 };
		int64_t before = raw_number(h, "SELECT COUNT(*) FROM record_part");

		on_writer(h, file_heap, &p);
		assert_int_equal(raw_number(h, "SELECT COUNT(*) FROM record_part"), before + (p.want ? 0 : (int64_t)p.n));
		if (p.want)
			continue;
		read_back(h, &r);
		assert_int_equal(r.all, OK);
		assert_int_equal(r.one, p.n ? OK : E_ABSENT);
		r.at = p.n;
		read_back(h, &r);
		assert_int_equal(r.one, E_ABSENT);
	}
	assert_int_equal(kernel_verify(h->k, &h->a, NULL, &report), OK);
	assert_int_equal(kernel_rebuild(h->k, &h->a, NULL, NULL), OK);
	assert_int_equal(kernel_verify(h->k, &h->a, NULL, &report), OK);
}

static void nobody_types_the_name_of_parts(void **state)
{
	struct house *h = here(state);

	struct answer a = call(h, MAKER, "heap.create", "name", "堆", "goods", "parts:3:" ROOT43, NULL);

	assert_int_equal(a.err, E_BAD);
	assert_true(holds(text_of(h, &a), "last element"));
	call_ok(h, MAKER, "heap.create", "name", "堆", "goods", "parts:3:" ROOT43 "\n第二件货", NULL);
}

/* ---- behind the program's back: LOW and HIGH are two records of three parts each ---- */

#define LOW "(SELECT MIN(record) FROM kept)"
#define HIGH "(SELECT MAX(record) FROM kept)"
static const struct { const char *what, *sqlite, *pg; size_t at; enum err all, one; } changes[] = {
	{ "a byte changed", "UPDATE record_part SET bytes = CAST(substr(bytes, 1, 40) || substr(bytes, 42, 1) || substr(bytes, 41, 1) || substr(bytes, 43) AS BLOB) WHERE n = 2 AND record = " LOW,
	  "UPDATE record_part SET bytes = set_byte(bytes, 40, 255 - get_byte(bytes, 40)) WHERE n = 2 AND record = " LOW, 2, E_CORRUPT, E_CORRUPT },
	{ "the seal cut off", "UPDATE record_part SET bytes = CAST(substr(bytes, 1, 5) AS BLOB) WHERE n = 1 AND record = " LOW,
	  "UPDATE record_part SET bytes = substr(bytes, 1, 5) WHERE n = 1 AND record = " LOW, 1, E_CORRUPT, E_CORRUPT },
	{ "two places exchanged", "UPDATE record_part SET bytes = (SELECT k.bytes FROM kept k WHERE k.record = record_part.record AND k.n = 1 - record_part.n) WHERE n < 2 AND record = " LOW,
	  NULL, 0, E_CORRUPT, E_CORRUPT },
	{ "two records exchanged", "UPDATE record_part SET bytes = (SELECT k.bytes FROM kept k WHERE k.record <> record_part.record AND k.n = record_part.n) WHERE n = 2 AND record IN (" LOW ", " HIGH ")",
	  NULL, 2, E_CORRUPT, E_CORRUPT },
	{ "all of them of another record", "UPDATE record_part SET bytes = (SELECT k.bytes FROM kept k WHERE k.record = " HIGH " AND k.n = record_part.n) WHERE record = " LOW, NULL, 1, E_CORRUPT, E_CORRUPT },
	{ "one gone", "DELETE FROM record_part WHERE n = 1 AND record = " LOW, NULL, 1, E_CORRUPT, E_ABSENT },
	{ "all gone", "DELETE FROM record_part WHERE record = " LOW, NULL, 0, E_CORRUPT, E_ABSENT },
	{ "one under another number", "UPDATE record_part SET n = 9 WHERE n = 2 AND record = " LOW, NULL, 9, E_CORRUPT, E_CORRUPT },
	{ "one more", "INSERT INTO record_part SELECT record, 3, bytes FROM kept WHERE n = 2 AND record = " LOW, NULL, 0, E_CORRUPT, OK },
	{ "one of a record that names none", "INSERT INTO record_part SELECT (SELECT MIN(id) FROM record), n, bytes FROM kept WHERE n = 0 AND record = " LOW, NULL, 0, OK, OK },
	{ "one of no record", "INSERT INTO record_part SELECT 5, n, bytes FROM kept WHERE n = 0 AND record = " LOW, NULL, 0, OK, OK },
};

static void what_is_changed_behind_its_back_is_refused_and_found(void **state)
{
	struct house *h = here(state);
	struct heap low = in_order(3), high = in_order(3);
	struct verify_report report;

	on_writer(h, file_heap, &low);
	on_writer(h, file_heap, &high);
	raw_exec(h, str_fmt(&h->a, "CREATE TABLE kept AS SELECT * FROM record_part WHERE record IN (%lld, %lld)", (long long)low.record, (long long)high.record).p);
	for (size_t i = 0; i < ROWS(changes); i++) {
		struct reading r = { .heap = &low, .at = changes[i].at };

		raw_exec(h, h->engine == &pg_engine && changes[i].pg ? changes[i].pg : changes[i].sqlite);
		read_back(h, &r);
		if (r.all != changes[i].all || r.one != changes[i].one)
			fail_msg("%s: all %s, one %s", changes[i].what, err_name(r.all), err_name(r.one));
		if (kernel_verify(h->k, &h->a, NULL, &report) != E_CORRUPT || !holds(report.problem, "parts beside"))
			fail_msg("verify does not see %s: '%.*s'", changes[i].what, STR_ARG(report.problem));
		raw_exec(h, "DELETE FROM record_part WHERE record IN (SELECT record FROM kept) OR record = 5 OR record = (SELECT MIN(id) FROM record);"
		            " INSERT INTO record_part SELECT * FROM kept");
		if (kernel_verify(h->k, &h->a, NULL, &report))
			fail_msg("%s: not undone", changes[i].what);
	}
	raw_exec(h, "DROP TABLE kept");
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(only_one_text_names_so_many_parts_of_that_root),
	cmocka_unit_test(parts_are_kept_with_their_record_and_read_back),
	cmocka_unit_test(nobody_types_the_name_of_parts),
	cmocka_unit_test(what_is_changed_behind_its_back_is_refused_and_found),
};

int main(void) { return RUN_BOTH("parts", tests, &heaps); }
