/* tests/unit/test_decimal.c - declared amounts add up exactly, and what leaves the range is refused instead of wrapped. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "record/decimal.h"

#define MOST "999999999999999.999999"

static struct arena arena;
static uint64_t seed = 20241009;

static uint64_t roll(uint64_t n)
{
	seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407;
	return (seed >> 20) % n;
}

static struct decimal dec(const char *text)
{
	struct decimal d = { 0 };
	bool minus = text[0] == '-';

	if (!decimal_get(str_of(text + minus), &d))
		fail_msg("%s is no decimal", text);
	if (minus)
		d.millionths = -d.millionths;
	return d;
}

static void same(const char *what, struct decimal d, const char *want)
{
	struct str have = decimal_str(&arena, d);

	if (!str_is(have, want))
		fail_msg("%s: %.*s, not %s", what, STR_ARG(have), want);
}

static void only_normal_forms_are_read(void **state)
{
	static const char *const good[] = { "0", "1", "10", "0.5", "0.000001", "12.5", "100.01", "999999999999999", MOST };
	static const char *const bad[] = { "", ".", "1.", ".5", "00", "01", "0.10", "1.0", "1.0000001", "1000000000000000", "-1", "+1", " 1", "1 ", "1,5", "1.2.3", "1e3",
		"１" };

	(void)state;
	for (size_t i = 0; i < ROWS(good); i++)
		same(good[i], dec(good[i]), good[i]);
	for (size_t i = 0; i < ROWS(bad); i++) {
		struct decimal d = { 7 };

		if (decimal_get(str_of(bad[i]), &d) || d.millionths != 7)
			fail_msg("'%s' was read", bad[i]);
	}
}

enum what { ADD, SUB, MUL, SHARE };
static const char *const words[] = { "+", "-", "*", "share" };
static const struct { const char *a; enum what what; const char *b; int64_t n; const char *want; } rows[] = {
	{ "0.1", ADD, "0.2", 0, "0.3" },
	{ "0.999999", ADD, "0.000001", 0, "1" },
	{ MOST, ADD, "0.000001", 0, NULL },
	{ "-5", ADD, "5", 0, "0" },
	{ "1", SUB, "13.5", 0, "-12.5" },
	{ "0.3", SUB, "0.3", 0, "0" },
	{ "0", SUB, "0.000001", 0, "-0.000001" },
	{ "-" MOST, SUB, "0.000001", 0, NULL },
	{ "12.345678", MUL, NULL, 3, "37.037034" },
	{ "12.5", MUL, NULL, -2, "-25" },
	{ MOST, MUL, NULL, 0, "0" },
	{ MOST, MUL, NULL, 1, MOST },
	{ MOST, MUL, NULL, -1, "-" MOST },
	{ MOST, MUL, NULL, 2, NULL },
	{ MOST, MUL, NULL, INT64_MAX, NULL },
	{ "-" MOST, MUL, NULL, INT64_MIN, NULL },
	{ "0.000001", MUL, NULL, INT64_MIN, "-9223372036854.775808" },
	{ "1000", SHARE, NULL, 3000, "3" },
	{ "0.000333", SHARE, NULL, 3000, "0" },
	{ "-0.000999", SHARE, NULL, 999999, "-0.000998" },
	{ MOST, SHARE, NULL, 1000000, MOST },
	{ MOST, SHARE, NULL, 1000001, NULL },
	{ MOST, SHARE, NULL, INT64_MAX, NULL },
	{ "1", SHARE, NULL, -1, NULL },
};

static void sums_are_exact_and_their_range_is_checked(void **state)
{
	(void)state;
	for (size_t i = 0; i < ROWS(rows); i++) {
		struct decimal a = dec(rows[i].a), b = rows[i].b ? dec(rows[i].b) : a, d = { 7 };
		bool ok = rows[i].what == ADD   ? decimal_add(a, b, &d)
		          : rows[i].what == SUB ? decimal_sub(a, b, &d)
		          : rows[i].what == MUL ? decimal_mul_int(a, rows[i].n, &d)
		                                : decimal_share(a, rows[i].n, &d);

		if (ok != (rows[i].want != NULL) || (!ok && d.millionths != 7))
			fail_msg("%s %s %s %lld: %s", rows[i].a, words[rows[i].what], rows[i].b ? rows[i].b : "", (long long)rows[i].n, ok ? "fits" : "refused");
		if (ok)
			same(rows[i].a, d, rows[i].want);
	}
}

/* Small enough that 64 bits are the truth; of every size up to there. */
static int64_t any(void) { return (int64_t)(roll(UINT64_C(1) << (1 + roll(40))) + 1); }

static void what_was_added_can_be_taken_away_again(void **state)
{
	(void)state;
	for (int i = 0; i < 20000; i++) {
		int64_t x = any(), y = any(), n = any() % 1000 + 1, share = any() % 2000000;
		struct decimal a, b = { 0 }, d, many, sum = { 0 };
		struct str text = decimal_str(&arena, (struct decimal){ x });

		assert_true(decimal_get(text, &a) && a.millionths == x);
		b.millionths = y;
		assert_true(decimal_add(a, b, &d) && d.millionths == x + y);
		assert_true(decimal_sub(d, b, &d) && decimal_cmp(d, a) == 0);
		assert_int_equal(decimal_cmp(a, b), (x > y) - (x < y));
		assert_true(decimal_mul_int(a, n, &many));
		for (int64_t k = 0; k < n && n < 50; k++)
			assert_true(decimal_add(sum, a, &sum));
		assert_true(n >= 50 || decimal_cmp(sum, many) == 0);
		assert_true(decimal_share(a, share, &d));
		assert_true(d.millionths * 1000000 <= (decimal_wide)x * share && (d.millionths + 1) * 1000000 > (decimal_wide)x * share);
		arena_reset(&arena);
	}
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(only_normal_forms_are_read),
	cmocka_unit_test(sums_are_exact_and_their_range_is_checked),
	cmocka_unit_test(what_was_added_can_be_taken_away_again),
};

int main(void)
{
	int failed;

	arena_init(&arena, 1 << 20, NULL);
	failed = cmocka_run_group_tests_name("decimal", tests, NULL, NULL);
	arena_end(&arena);
	return failed;
}
