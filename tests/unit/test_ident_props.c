/* tests/unit/test_ident_props.c - what holds for every identifier: issued, read again, damaged, converted. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "ident_kit.h"

enum { ROUNDS = 400 };

struct world {
	struct arena a;
	jmp_buf full;
	struct random r;
};

static int setup(void **state)
{
	struct world *w = calloc(1, sizeof(*w));

	if (!w)
		return -1;
	w->r.s = seed_of(20261122);
	print_message("seed %llu\n", (unsigned long long)w->r.s);
	arena_init(&w->a, (size_t)64 << 20, &w->full);
	*state = w;
	return 0;
}

static int teardown(void **state)
{
	struct world *w = *state;

	arena_end(&w->a);
	free(w);
	return 0;
}

static bool all_digits_of(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!is_digit(s.p[i]))
			return false;
	return true;
}

static const char *code(const struct ident_result *r) { return r->error.code ? r->error.code : "-"; }

/* Issued texts are valid and their normal form checks to itself, in both modes. */
static void test_issue(void **state)
{
	struct world *w = *state;

	for (unsigned k = IDENT_NONE + 1; k < IDENT_KIND_COUNT; k++)
		for (int round = 0; round < ROUNDS; round++) {
			enum ident_kind kind = (enum ident_kind)k;
			struct ident_result strict, again;
			struct made m;

			make_kind(&w->a, kind, &w->r, &m);
			ident_check(&w->a, kind, made_str(&m), IDENT_STRICT, &strict);
			if (!strict.valid)
				fail_msg("%s %.*s: %s at %zu", ident_kind_name(kind), STR_ARG(made_str(&m)), code(&strict), strict.error.position);
			ident_check(&w->a, kind, strict.normal, IDENT_STRICT, &again);
			assert_true(again.valid && str_eq(again.normal, strict.normal));
			ident_check(&w->a, kind, strict.normal, IDENT_LENIENT, &again);
			if (!again.valid || !str_eq(again.normal, strict.normal))
				fail_msg("%s %.*s: lenient %s", ident_kind_name(kind), STR_ARG(strict.normal), code(&again));
			arena_reset(&w->a);
		}
}

/* Kinds whose letters have one case, so that the other can be repaired. */
static bool caseless(enum ident_kind kind)
{
	return kind == IDENT_USCC || kind == IDENT_ORG_CODE || kind == IDENT_XK || kind == IDENT_SEALED || kind == IDENT_STANDARD;
}

/* Spaces inside are noise where no space can be meant. */
static bool spaceless(enum ident_kind kind)
{
	return kind == IDENT_USCC || kind == IDENT_ORG_CODE || (kind >= IDENT_GTIN8 && kind <= IDENT_GMN) || kind == IDENT_XK ||
		kind == IDENT_SEALED || kind == IDENT_CCC || kind == IDENT_DIVISION || kind == IDENT_MA || kind == IDENT_EPC ||
		kind == IDENT_PHONE_SHORT;
}

/* As a phone or an input method may hand it over. */
static void damage(struct random *r, enum ident_kind kind, struct str s, struct made *ret)
{
	static const char *const around[] = { "", " ", "\t", "\n", "\r\n", "　", "\xc2\xa0", "\xef\xbb\xbf" };
	bool wide = below(r, 2), swap = caseless(kind) && below(r, 2), spaced = spaceless(kind) && below(r, 2);

	ret->n = 0;
	add(ret, around[below(r, 8)]);
	for (size_t i = 0; i < s.n; i++) {
		char ch = swap && below(r, 2) ? ascii_lower(s.p[i]) : s.p[i], out[4];

		if (spaced && i && (unsigned char)ch < 0x80 && (unsigned char)s.p[i - 1] < 0x80 && below(r, 6) == 0)
			add_char(ret, ' ');
		if (wide && ch > ' ' && ch <= '~' && below(r, 3) == 0)
			add_str(ret, (struct str){ out, utf8_put((uint32_t)(ch - '!' + 0xff01), out) });
		else
			add_char(ret, ch);
	}
	add(ret, around[below(r, 8)]);
}

static void test_damage(void **state)
{
	struct world *w = *state;

	for (unsigned k = IDENT_NONE + 1; k < IDENT_KIND_COUNT; k++)
		for (int round = 0; round < ROUNDS; round++) {
			enum ident_kind kind = (enum ident_kind)k;
			struct ident_result strict, lenient;
			struct made m, bad;

			make_kind(&w->a, kind, &w->r, &m);
			ident_check(&w->a, kind, made_str(&m), IDENT_STRICT, &strict);
			damage(&w->r, kind, strict.normal, &bad);
			ident_check(&w->a, kind, made_str(&bad), IDENT_LENIENT, &lenient);
			if (!lenient.valid || !str_eq(lenient.normal, strict.normal))
				fail_msg("%s %.*s damaged to %.*s: %s %.*s", ident_kind_name(kind), STR_ARG(strict.normal), STR_ARG(made_str(&bad)),
					code(&lenient), STR_ARG(lenient.normal));
			arena_reset(&w->a);
		}
}

/* Every single wrong character and every swap of neighbours is refused: 31 is prime and the alphabet has 31. */
static void test_uscc_errors(void **state)
{
	struct world *w = *state;

	for (int round = 0; round < 50; round++) {
		struct made m;

		make_kind(&w->a, IDENT_USCC, &w->r, &m);
		assert_true(uscc_ok(made_str(&m)));
		for (size_t i = 0; i < 18; i++) {
			char right = m.p[i];

			for (const char *p = set_31; *p; p++) {
				m.p[i] = *p;
				assert_true(uscc_ok(made_str(&m)) == (*p == right));
			}
			m.p[i] = right;
			if (i + 1 < 18 && m.p[i] != m.p[i + 1]) {
				m.p[i] = m.p[i + 1];
				m.p[i + 1] = right;
				assert_false(uscc_ok(made_str(&m)));
				m.p[i + 1] = m.p[i];
				m.p[i] = right;
			}
		}
	}
}

/* One wrong digit never passes modulus 10; a swap passes only where the two differ by five. */
static void test_gs1_errors(void **state)
{
	static const enum ident_kind kinds[] = { IDENT_GTIN8, IDENT_GTIN12, IDENT_GTIN13, IDENT_GTIN14, IDENT_SSCC };
	struct world *w = *state;

	for (int round = 0; round < ROUNDS; round++) {
		struct made m;

		make_kind(&w->a, kinds[below(&w->r, 5)], &w->r, &m);
		for (size_t i = 0; i < m.n; i++) {
			char right = m.p[i], other = i + 1 < m.n ? m.p[i + 1] : right;

			for (char d = '0'; d <= '9'; d++) {
				m.p[i] = d;
				assert_true((gs1_check_digit(str_sub(made_str(&m), 0, m.n - 1)) == m.p[m.n - 1]) == (d == right));
			}
			m.p[i] = right;
			if (other == right)
				continue;
			m.p[i] = other;
			m.p[i + 1] = right;
			assert_true((gs1_check_digit(str_sub(made_str(&m), 0, m.n - 1)) == m.p[m.n - 1]) == (abs(other - right) == 5));
			m.p[i] = right;
			m.p[i + 1] = other;
		}
	}
}

static bool warned(const struct ident_result *r, const char *what)
{
	for (size_t i = 0; i < r->n_warnings; i++)
		if (strcmp(r->warnings[i].code, what) == 0)
			return true;
	return false;
}

static void add_element(struct made *raw, struct made *bracketed, const char *ai, struct str value)
{
	add(raw, ai);
	add_str(raw, value);
	add_char(bracketed, '(');
	add(bracketed, ai);
	add_char(bracketed, ')');
	add_str(bracketed, value);
}

/* Without its separators a logistic label is read as it was or not with certainty: what is said to be restored is right. */
static void test_lost_separators(void **state)
{
	struct world *w = *state;
	size_t restored = 0, rounds = 4000;

	for (size_t round = 0; round < rounds; round++) {
		struct made raw = { .n = 0 }, bracketed = { .n = 0 }, v = { .n = 0 };
		struct ident_result lost, right;

		add_key(&v, &w->r, 18);
		add_element(&raw, &bracketed, "00", made_str(&v));
		v.n = 0;
		add_key(&v, &w->r, 14);
		add_element(&raw, &bracketed, "02", made_str(&v));
		v.n = 0;
		add_any(&v, &w->r, set_digits, 1 + below(&w->r, 8));
		add_element(&raw, &bracketed, "37", made_str(&v));
		v.n = 0;
		add_any(&v, &w->r, below(&w->r, 2) ? "ABCXYZ" : set_36, 1 + below(&w->r, 10));
		add_element(&raw, &bracketed, below(&w->r, 2) ? "400" : "10", made_str(&v));
		ident_check(&w->a, IDENT_ELEMENTS, made_str(&bracketed), IDENT_STRICT, &right);
		ident_check(&w->a, IDENT_ELEMENTS, made_str(&raw), IDENT_LENIENT, &lost);
		assert_true(right.valid);
		if (lost.valid && warned(&lost, "fnc1_lost")) {
			restored++;
			if (!str_eq(lost.normal, right.normal))
				fail_msg("%.*s became %.*s", STR_ARG(right.normal), STR_ARG(lost.normal));
		}
		ident_check(&w->a, IDENT_ELEMENTS, made_str(&raw), IDENT_STRICT, &lost);
		assert_false(lost.valid && warned(&lost, "fnc1_lost"));
		arena_reset(&w->a);
	}
	print_message("%zu of %zu restored\n", restored, rounds);
	assert_true(restored > 0);
}

static void test_link_round(void **state)
{
	struct world *w = *state;

	for (int round = 0; round < ROUNDS * 5; round++) {
		struct str elements, link, again;
		struct ident_result r;
		struct made m;

		make_kind(&w->a, below(&w->r, 2) ? IDENT_LINK : IDENT_ELEMENTS, &w->r, &m);
		if (m.p[0] == 'h' || m.p[0] == 'H') {
			assert_true(elements_of_link(&w->a, made_str(&m), &elements));
		} else {
			ident_check(&w->a, IDENT_ELEMENTS, made_str(&m), IDENT_STRICT, &r);
			elements = r.normal;
		}
		assert_true(link_of_elements(&w->a, elements, &link));
		assert_true(elements_of_link(&w->a, link, &elements));
		assert_true(link_of_elements(&w->a, elements, &again));
		if (!str_eq(again, link))
			fail_msg("%.*s\n%.*s\n%.*s", STR_ARG(made_str(&m)), STR_ARG(link), STR_ARG(again));
		arena_reset(&w->a);
	}
}

/* The prefix length has to be kept beside the link: it is the one thing a link does not say. */
static void test_epc_round(void **state)
{
	struct world *w = *state;

	for (int round = 0; round < ROUNDS * 5; round++) {
		struct str link = { "", 0 }, back = link;
		struct ident_result r;
		int64_t prefix = 0;
		struct made m;

		make_kind(&w->a, IDENT_EPC, &w->r, &m);
		ident_check(&w->a, IDENT_EPC, made_str(&m), IDENT_STRICT, &r);
		assert_true(r.valid && str_to_int(ident_part(&r, "gcp_length")->value, &prefix));
		if (!link_of_epc(&w->a, made_str(&m), &link) || !epc_of_link(&w->a, link, (unsigned)prefix, &back) ||
			!str_eq(back, r.normal))
			fail_msg("%.*s -> %.*s -> %.*s", STR_ARG(made_str(&m)), STR_ARG(link), STR_ARG(back));
		arena_reset(&w->a);
	}
}

static void test_tag_round(void **state)
{
	struct world *w = *state;

	for (int round = 0; round < ROUNDS * 5; round++) {
		bool number = below(&w->r, 2);
		unsigned filter = below(&w->r, 8), back_filter = 99;
		struct str hex = { "", 0 }, back = hex;
		struct ident_result r;
		struct made m = { .n = 0 };

		make_sgtin(&m, &w->r, number);
		ident_check(&w->a, IDENT_EPC, made_str(&m), IDENT_STRICT, &r);
		assert_true(r.valid);
		if (!hex_of_epc(&w->a, r.normal, filter, number ? 96 : 198, &hex))
			fail_msg("no tag for %.*s", STR_ARG(r.normal));
		assert_int_equal(hex.n, number ? 24 : 52);
		assert_true(epc_of_hex(&w->a, hex, &back, &back_filter));
		assert_true(str_eq(back, r.normal) && back_filter == filter);
		ident_scan(&w->a, hex, IDENT_STRICT, &r);
		assert_true(all_digits_of(hex) || (r.valid && r.kind == IDENT_EPC && str_eq(r.normal, back)));
		arena_reset(&w->a);
	}
}

/* Every coding at its published example (Tag Data Standard, annex E) and at its bounds. */
static void test_tag_answers(void **state)
{
	static const struct {
		const char *hex, *epc;
		unsigned bits;
	} rows[] = {
		{ "3074257BF7194E4000001A85", "urn:epc:id:sgtin:0614141.812345.6789", 96 },
		{ "3674257BF6B7A659B2C2BF100000000000000000000000000000", "urn:epc:id:sgtin:0614141.712345.32a%2Fb", 198 },
		{ "3174257BF4499602D2000000", "urn:epc:id:sscc:0614141.1234567890", 96 },
		{ "3274257BF460720000000190", "urn:epc:id:sgln:0614141.12345.400", 96 },
		{ "3374257BF40C0E400000162E", "urn:epc:id:grai:0614141.12345.5678", 96 },
		{ "2C74257BF46072000000162E", "urn:epc:id:gdti:0614141.12345.5678", 96 },
		{ "2D74257BF4499602D2000000", "urn:epc:id:gsrn:0614141.1234567890", 96 },
		{ "2E74257BF4499602D2000000", "urn:epc:id:gsrnp:0614141.1234567890", 96 },
	};
	static const char *const refused[] = {
		"", "30", "3074257BF7194E4000001A8", "3074257BF7194E4000001A8G", "3574257BF7194E4000001A85", "307C257BF7194E4000001A85",
		"3174257BF4499602D2000001", "307FFFFFFFFFFFFFFFFFFFFF", "3674257BF6B7A6000000000000000000000000000000000000",
	};
	struct world *w = *state;
	struct str hex, epc;
	unsigned filter;

	for (size_t i = 0; i < ROWS(rows); i++) {
		assert_true(epc_of_hex(&w->a, str_of(rows[i].hex), &epc, &filter));
		assert_true(str_is(epc, rows[i].epc) && filter == 3);
		assert_true(hex_of_epc(&w->a, epc, 3, rows[i].bits, &hex));
		assert_true(str_is(hex, rows[i].hex));
	}
	for (size_t i = 0; i < ROWS(refused); i++)
		assert_false(epc_of_hex(&w->a, str_of(refused[i]), &epc, &filter));
	assert_true(hex_of_epc(&w->a, S("urn:epc:id:sgtin:0614141.812345.274877906943"), 0, 96, &hex));
	assert_false(hex_of_epc(&w->a, S("urn:epc:id:sgtin:0614141.812345.274877906944"), 0, 96, &hex));
	assert_false(hex_of_epc(&w->a, S("urn:epc:id:sgtin:0614141.812345.007"), 0, 96, &hex));
	assert_true(hex_of_epc(&w->a, S("urn:epc:id:sgtin:0614141.812345.007"), 0, 0, &hex) && hex.n == 52);
	assert_false(hex_of_epc(&w->a, S("urn:epc:id:sgtin:0614141.812345.7"), 8, 96, &hex));
	assert_false(hex_of_epc(&w->a, S("urn:epc:idpat:sgtin:0614141.812345.*"), 1, 96, &hex));
}

static void test_sealed_round(void **state)
{
	struct world *w = *state;

	for (int round = 0; round < 5000; round++) {
		struct sealed in = { below(&w->r, 32), below(&w->r, 4), below(&w->r, 1u << 28), below(&w->r, 1u << 27) }, out = { 0 };
		unsigned char numerals[SEALED_NUMERALS], back[SEALED_NUMERALS], key;
		char text[SEALED_TEXT];

		sealed_pack(&in, numerals);
		sealed_write(in.key_id, numerals, text);
		assert_true(sealed_read((struct str){ text, SEALED_TEXT }, false, &key, back));
		out.key_id = key;
		assert_true(sealed_unpack(back, &out));
		assert_true(in.key_id == out.key_id && in.grain == out.grain && in.batch == out.batch && in.index == out.index);
		back[11 + below(&w->r, 8)] ^= (unsigned char)(1u << below(&w->r, 3));
		assert_false(sealed_unpack(back, &out));
	}
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_issue), TEST(test_damage), TEST(test_uscc_errors), TEST(test_gs1_errors), TEST(test_lost_separators), TEST(test_link_round),
		TEST(test_epc_round), TEST(test_tag_round), TEST(test_tag_answers), TEST(test_sealed_round),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
