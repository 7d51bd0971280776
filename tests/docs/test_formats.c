/* tests/docs/test_formats.c - the worked examples of docs/formats/ are computed again; every line must stand in the page.
 *
 * test_formats --print writes the examples, for whoever changes a format on purpose.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/sys.h"
#include "ident/ident.h"
#include "log/log.h"
#include "mod/trace/trace.h"

static struct str hex(struct arena *a, const void *p, size_t n)
{
	struct buf b = buf_in(a, 2 * n + 1);

	for (size_t i = 0; i < n; i++)
		buf_fmt(&b, "%02x", ((const unsigned char *)p)[i]);
	return (struct str){ b.p, b.n };
}

static struct str numerals_text(struct arena *a, const unsigned char *v)
{
	struct buf b = buf_in(a, 64);

	for (size_t i = 0; i < SEALED_NUMERALS; i++)
		buf_fmt(&b, i ? " %u" : "%u", v[i]);
	return (struct str){ b.p, b.n };
}

/* Key 000102...0f, key id 7, an item of pack number 5, index 41. */
static struct str code_example(struct arena *a)
{
	const struct sealed s = { .key_id = 7, .grain = GRAIN_ITEM, .batch = 5, .index = 41 };
	unsigned char key[16], numerals[SEALED_NUMERALS], tweak = 7;
	char text[SEALED_TEXT];
	struct fpe *f;
	struct buf b = buf_in(a, 1000);

	for (unsigned i = 0; i < 16; i++)
		key[i] = (unsigned char)i;
	assert_int_equal(fpe_new(CIPHER_AES128, key, &f), OK);
	sealed_pack(&s, numerals);
	buf_fmt(&b, "plain    %.*s\n", STR_ARG(numerals_text(a, numerals)));
	assert_int_equal(fpe_encrypt(f, (struct str){ (const char *)&tweak, 1 }, numerals, SEALED_NUMERALS, 1), OK);
	sealed_write(s.key_id, numerals, text);
	buf_fmt(&b, "cipher   %.*s\ncode     %.*s\n", STR_ARG(numerals_text(a, numerals)), SEALED_TEXT, text);
	fpe_free(f);
	return (struct str){ b.p, b.n };
}

static struct str leaf_example(struct arena *a, struct buf *say)
{
	static const char *const names[] = { "trace_code", "supplier_name", "purchase_time", "supplier_uscc" };
	const struct type *t = &purchase_type;
	const struct str items[] = { S("7CEA61XZP272GEAWPHSN") };
	struct value v[PURCHASE_FIELDS] = {
		[PURCHASE_trace_code] = { .said = SAID_VALUE, .list = items, .n = 1 },
		[PURCHASE_supplier_name] = { .said = SAID_VALUE, .text = S("示例钢丝绳厂") },
		[PURCHASE_purchase_time] = { .said = SAID_VALUE, .open = true, .text = S("2026-11-11") },
	};
	struct record_keys keys = { .hash = HASH_SHA256 };
	const struct filed filed = { S("91320611MA1SELLER2"), INT64_C(1882000000000000001), INT64_C(1882000000000000002), 0,
		INT64_C(1794362580000) };
	struct hash leaves[PURCHASE_FIELDS + 1], root;
	size_t slots = type_slots(t, 1);        /* as the first version had them */
	struct str leaf, last;

	for (unsigned c = 0; c < KEY_CLASSES; c++)
		memset(keys.key[c], (int)(0x11 * (c + 1)), 32);
	slot_leaves(a, HASH_SHA256, t, slots, v, &keys, leaves);
	last = filed_disclosure(a, filed_salt(a, slots, &keys), &filed);
	leaves[slots] = slot_leaf(HASH_SHA256, last);
	root = field_root(HASH_SHA256, leaves, slots + 1);
	for (size_t i = 0; i < slots; i++) {
		struct str d = slot_disclosure(a, t, i, &v[i], &keys);

		assert_string_equal(t->fields[i].name, names[i]);
		buf_fmt(say, "slot %zu   %.*s\n         %.*s\n", i, d.n ? (int)d.n : 5, d.n ? d.p : "decoy", STR_ARG(hex(a, leaves[i].b, HASH_LEN)));
	}
	buf_fmt(say, "slot %zu   %.*s\n         %.*s\n", slots, STR_ARG(last), STR_ARG(hex(a, leaves[slots].b, HASH_LEN)));
	buf_fmt(say, "root     %.*s\nslots    [", STR_ARG(base64url_str(a, root.b, HASH_LEN)));
	for (size_t i = 0; i <= slots; i++)     /* the opened one shown */
		buf_fmt(say, "%s\"%s%.*s\"", i ? "," : "", i == 2 ? "" : ":",
		        STR_ARG(i == 2 ? slot_disclosure(a, t, i, &v[i], &keys) : base64url_str(a, leaves[i].b, HASH_LEN)));
	buf_z(say, "]\n");
	leaf = str_fmt(a, "{\"a\":\"2026-11-11T02:03:00Z\",\"h\":\"sha256\",\"k\":\"%s\",\"n\":%zu,\"r\":\"%.*s\",\"t\":\"flow\",\"v\":2}", type_schema(a, t, 1).p, slots + 1,
	               STR_ARG(base64url_str(a, root.b, HASH_LEN)));
	buf_fmt(say, "%.*s\n", STR_ARG(leaf));
	return leaf;
}

static struct str record_example(struct arena *a)
{
	struct buf b = buf_in(a, 4000);

	leaf_example(a, &b);
	return (struct str){ b.p, b.n };
}

static enum err no_tile(void *ctx, enum tree_id t, unsigned level, uint64_t n, unsigned char ret[TILE_BYTES])
{
	(void)ctx, (void)t, (void)level, (void)n, (void)ret;
	return E_ABSENT;
}

/* A log of three entries: "first", the leaf of the record page, "third". Seed 0101...01. */
static struct str log_example(struct arena *a)
{
	const struct tile_source none = { NULL, no_tile };
	unsigned char seed[SEED_LEN];
	const struct signer_setup setup = { .origin = "example.org/log", .ed25519 = seed };
	struct signer signer;
	struct buf b = buf_in(a, 6000), aside = buf_in(a, 4000);
	struct str leaf = leaf_example(a, &aside), receipt;
	struct hash h = tree_leaf(HASH_SHA256, leaf);
	struct log_head head;
	struct log *g;

	memset(seed, 1, sizeof(seed));
	assert_int_equal(signer_local(&setup, &signer), OK);
	assert_int_equal(log_open("example.org/log", &signer, &g), OK);
	log_add(g, S("first"));
	log_add(g, leaf);
	log_add(g, S("third"));
	assert_int_equal(log_publish(g, NULL), OK);
	head = log_shown(g);
	assert_int_equal(log_receipt(g, a, &none, &(struct receipt_of){ TREE_SHA256, 1, &head, S("") }, &receipt), OK);
	buf_fmt(&b, "vkey     %.*s\nleaf 1   %.*s\n%.*s", STR_ARG(str_trim(log_vkey(g, TREE_SHA256))), STR_ARG(hex(a, h.b, HASH_LEN)), STR_ARG(receipt));
	log_close(g);
	return (struct str){ b.p, b.n };
}

static const struct { const char *page; struct str (*make)(struct arena *a); } pages[] = {
	{ "code.md", code_example }, { "record.md", record_example }, { "log.md", log_example },
};

static void compare(size_t i)
{
	const char *source = getenv("SUYUAN_SOURCE");
	struct arena a;
	struct str page, made, line;

	arena_init(&a, 1 << 24, NULL);
	assert_int_equal(file_read(&a, str_fmt(&a, "%s/docs/formats/%s", source ? source : ".", pages[i].page).p, 1 << 20, &page), OK);
	made = pages[i].make(&a);
	while (str_cut(&made, '\n', &line))
		if (line.n && !strstr(str_z(&a, page), str_z(&a, line)))
			fail_msg("%s does not hold: %.*s", pages[i].page, STR_ARG(line));
	arena_end(&a);
}

static void the_code_of_the_page(void **state) { (void)state; compare(0); }
static void the_record_of_the_page(void **state) { (void)state; compare(1); }
static void the_receipt_of_the_page(void **state) { (void)state; compare(2); }

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_code_of_the_page),
		cmocka_unit_test(the_record_of_the_page),
		cmocka_unit_test(the_receipt_of_the_page),
	};
	struct arena a;

	if (argc < 2 || strcmp(argv[1], "--print") != 0)
		return cmocka_run_group_tests(tests, NULL, NULL);
	arena_init(&a, 1 << 24, NULL);
	for (size_t i = 0; i < ROWS(pages); i++) {
		struct str made = pages[i].make(&a);

		printf("%s\n%.*s\n", pages[i].page, STR_ARG(made));
	}
	arena_end(&a);
	return 0;
}
