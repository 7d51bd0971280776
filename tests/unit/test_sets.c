/* tests/unit/test_sets.c - ranges and chunk bytes against a plain array of truth; every damaged byte is refused or is another set. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "sets/sets.h"

static uint64_t seed = 20241009;

static uint32_t roll(uint32_t n)
{
	seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407;
	return (uint32_t)(seed >> 33) % n;
}

static struct range *ranges_of(struct arena *a, const bool *in, size_t *ret_n)
{
	struct range *r = TAKE(a, struct range, CHUNK_SIZE / 2 + 1);
	size_t n = 0;

	for (uint32_t i = 0; i < CHUNK_SIZE; i++)
		if (in[i]) {
			if (!i || !in[i - 1])
				r[n++].lo = i;
			r[n - 1].hi = i;
		}
	*ret_n = n;
	return r;
}

/* How sets look in life: one range, a few, scattered thin, thick and nearly full, alternating, runs, one, all. */
static void draw(bool *in, int how)
{
	memset(in, 0, CHUNK_SIZE);
	switch (how) {
	case 0: in[roll(CHUNK_SIZE)] = true; break;
	case 1: memset(in, 1, CHUNK_SIZE); break;
	case 2: memset(in + 100, 1, 1 + roll(60000)); break;
	case 3: for (int i = 0; i < 40; i++) in[roll(CHUNK_SIZE)] = true; break;
	case 4: for (int i = 0; i < 2000; i++) in[roll(CHUNK_SIZE)] = true; break;
	case 5: for (uint32_t i = 0; i < CHUNK_SIZE; i++) in[i] = roll(10) == 0; break;
	case 6: for (uint32_t i = 0; i < CHUNK_SIZE; i++) in[i] = roll(100) != 0; break;
	case 7: for (uint32_t i = 0; i < CHUNK_SIZE; i += 2) in[i] = true; break;
	case 8: for (uint32_t i = 0; i + 100 < CHUNK_SIZE; i += 200 + roll(300)) memset(in + i, 1, 100); break;
	default: in[0] = in[CHUNK_SIZE - 1] = true; break;
	}
}

static void a_chunk_comes_back_as_it_was(void **state)
{
	bool *in = malloc(CHUNK_SIZE);

	(void)state;
	for (int how = 0; how < 40; how++) {
		struct arena a;
		struct range *r, *back;
		struct bits *b;
		struct span span;
		struct str bytes;
		size_t n, got;
		uint64_t count = 0;

		arena_init(&a, 64 << 20, NULL);
		draw(in, how % 10);
		r = ranges_of(&a, in, &n);
		assert_int_equal(chunk_write(&a, r, n, &bytes), OK);
		assert_true(bytes.n <= 8192 + 17);
		assert_true(chunk_ok(bytes));
		assert_true(chunk_ranges(&a, bytes, &back, &got));
		assert_int_equal(got, n);
		assert_memory_equal(back, r, n * sizeof(*r));
		b = TAKE(&a, struct bits, 1);
		assert_true(chunk_bits(bytes, b, &span));
		assert_int_equal(bits_count(b, span), bits_count(b, WHOLE_CHUNK));
		for (uint32_t i = 0; i < CHUNK_SIZE; i++) {
			count += in[i];
			if (chunk_has(bytes, i) != in[i] || bits_has(b, i) != in[i])
				fail_msg("set %d differs at %u", how, i);
		}
		assert_int_equal(bits_count(b, WHOLE_CHUNK), count);
		assert_int_equal(ranges_count(r, n), count);
		assert_int_equal(chunk_count(bytes), count);
		arena_end(&a);
	}
	free(in);
}

/* Whatever is changed: the reader refuses, or reads another well-formed set; never beyond the bytes (the sanitizer watches). */
static void damaged_bytes_are_refused_or_are_another_set(void **state)
{
	bool *in = malloc(CHUNK_SIZE);

	(void)state;
	for (int how = 0; how < 10; how++) {
		struct arena a;
		struct range *r;
		struct str bytes;
		size_t n, step;

		arena_init(&a, (size_t)1 << 30, NULL);
		draw(in, how);
		r = ranges_of(&a, in, &n);
		assert_int_equal(chunk_write(&a, r, n, &bytes), OK);
		step = bytes.n / 200 + 1;
		for (size_t cut = 0; cut < bytes.n; cut += cut < 40 ? 1 : step) {
			char *short_copy = malloc(cut + 1);

			memcpy(short_copy, bytes.p, cut);
			if (chunk_ok((struct str){ short_copy, cut }) && (unsigned char)bytes.p[0] == 2)
				fail_msg("a cut bitmap is accepted");
			(void)chunk_has((struct str){ short_copy, cut }, roll(CHUNK_SIZE));
			free(short_copy);
		}
		for (size_t at = 0; at < bytes.n; at += at < 40 ? 1 : step)
			for (int bit = 0; bit < 8; bit++) {
				char *copy = malloc(bytes.n);
				struct str changed = { copy, bytes.n }, again;
				struct range *back;
				size_t got;

				memcpy(copy, bytes.p, bytes.n);
				copy[at] = (char)(copy[at] ^ (1 << bit));
				(void)chunk_has(changed, roll(CHUNK_SIZE));
				if (chunk_ok(changed)) {
					assert_true(chunk_ranges(&a, changed, &back, &got));
					assert_int_equal(ranges_tidy(back, got), got);
					assert_int_equal(chunk_write(&a, back, got, &again), OK);
				}
				free(copy);
			}
		arena_end(&a);
	}
	free(in);
}

static void ranges_as_text(void **state)
{
	static const struct { const char *text, *tidy; } good[] = {
		{ "0", "0" }, { "0-9", "0-9" }, { "0-9+12+15-20", "0-9+12+15-20" }, { "5+3+4", "3-5" }, { "7-9+8-12", "7-12" }, { "007", "7" },
		{ "134217727", "134217727" },
	};
	static const char *const bad[] = { "", "-", "1-", "-1", "+", "1+", "+1", "9-3", "1,2", "1 2", "1--2", "9999999999", "a", "1-2-3" };
	struct arena a;
	struct range *r;
	size_t n;

	(void)state;
	arena_init(&a, 1 << 20, NULL);
	for (size_t i = 0; i < ROWS(good); i++) {
		struct buf b = buf_in(&a, 64);

		assert_true(ranges_read(&a, str_of(good[i].text), 100, &r, &n));
		n = ranges_tidy(r, n);
		ranges_write(&b, r, n);
		if (!str_is(buf_str(&b), good[i].tidy))
			fail_msg("%s: %.*s", good[i].text, STR_ARG(buf_str(&b)));
	}
	for (size_t i = 0; i < ROWS(bad); i++)
		if (ranges_read(&a, str_of(bad[i]), 100, &r, &n))
			fail_msg("'%s' is accepted", bad[i]);
	assert_false(ranges_read(&a, S("1+2+3"), 2, &r, &n));
	arena_end(&a);
}

static void ranges_are_cut_by_chunk(void **state)
{
	const struct range r[] = { { 5, 9 }, { 65530, 131080 }, { 200000, 200000 } };
	static const struct { uint32_t chunk; const char *text; } want[] = { { 0, "5-9+65530-65535" }, { 1, "0-65535" }, { 2, "0-8" }, { 3, "3392" }, { 4, "" } };
	struct arena a;
	size_t at = 0;

	(void)state;
	arena_init(&a, 1 << 20, NULL);
	for (size_t i = 0; i < ROWS(want); i++) {
		struct range got[8];
		size_t n = chunk_cut(r, ROWS(r), want[i].chunk, &at, got, ROWS(got));
		struct buf b = buf_in(&a, 64);

		ranges_write(&b, got, n);
		if (!str_is(buf_str(&b), want[i].text))
			fail_msg("chunk %u: %.*s", want[i].chunk, STR_ARG(buf_str(&b)));
	}
	arena_end(&a);
}

static void bits_as_sets(void **state)
{
	struct bits x = { { 0 } }, y = { { 0 } }, z;

	(void)state;
	bits_add(&x, 10, 200);
	bits_add(&y, 150, 300);
	z = x;
	bits_and(&z, &y, WHOLE_CHUNK);
	assert_int_equal(bits_count(&z, WHOLE_CHUNK), 51);
	z = x;
	bits_andnot(&z, &y, WHOLE_CHUNK);
	assert_int_equal(bits_count(&z, WHOLE_CHUNK), 140);
	bits_or(&x, &y, WHOLE_CHUNK);
	assert_int_equal(bits_count(&x, WHOLE_CHUNK), 291);
	bits_add(&x, 0, CHUNK_SIZE - 1);
	assert_int_equal(bits_count(&x, WHOLE_CHUNK), CHUNK_SIZE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_chunk_comes_back_as_it_was), cmocka_unit_test(damaged_bytes_are_refused_or_are_another_set),
		cmocka_unit_test(ranges_as_text), cmocka_unit_test(ranges_are_cut_by_chunk), cmocka_unit_test(bits_as_sets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
