/* tests/unit/test_ident_fuzz.c - valid texts of every kind, mutated: any answer is allowed; a crash, a read outside and a
 * normal form that does not check to itself are not. Repeatable: SUYUAN_SEED; bounded: SUYUAN_ROUNDS.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "ident_kit.h"

static const char *const spice[] = {
	"(", ")", "[", "]", "^", "/", "?", "&", "=", "%", "%2", "%00", ".", "-", ":", "+", "#", "*", "\\(", "\x1d", "\x1e", "\x04", " ",
	"０", "苏", "（", "\xff", "\xc0\x80", "0", "9", "A", "z", "01", "8008", "urn:epc:", "E=", "MA.", "]C1", "{GS}", "(01)", "/01/", "",
};

static void mutate(struct random *r, struct made *m)
{
	size_t at = below(r, (unsigned)m->n + 1), length = below(r, 8);
	struct made old = *m;
	const char *what = spice[below(r, (unsigned)ROWS(spice))];
	struct str s = made_str(&old);

	m->n = 0;
	add_str(m, str_sub(s, 0, at));
	switch (below(r, 5)) {
	case 0: add(m, what); break;                                            /* put in */
	case 1: add(m, what); at++; break;                                      /* instead of a byte */
	case 2: at += length; break;                                            /* cut out */
	case 3: add_str(m, str_sub(s, at, length)); break;                      /* twice */
	default: add_char(m, (char)next(r)); at++;                              /* any byte */
	}
	if (at < s.n)
		add_str(m, str_sub(s, at, s.n));
}

static void take_all(const struct ident_result *r, uint64_t *sum)
{
	for (size_t i = 0; i < r->n_parts; i++) {
		*sum += str_hash(r->parts[i].value, 1);
		for (size_t k = 0; k < r->parts[i].n_items; k++)
			*sum += str_hash(r->parts[i].items[k], 1);
	}
	for (size_t i = 0; i < r->n_warnings; i++)
		*sum += str_hash(r->warnings[i].zh, 1) + str_hash(r->warnings[i].en, 1);
	*sum += str_hash(r->error.zh, 1) + str_hash(r->error.en, 1);
}

static void one(struct arena *a, enum ident_kind kind, struct str s, enum ident_mode mode)
{
	struct ident_result r, again;
	uint64_t sum = 0;

	if (kind == IDENT_NONE)
		ident_scan(a, s, mode, &r);
	else
		ident_check(a, kind, s, mode, &r);
	assert_true(r.valid == (r.error.code == NULL));
	assert_true(r.valid || r.error.position <= s.n * 2 + 64);
	take_all(&r, &sum);
	if (!r.valid)
		return;
	ident_check(a, r.kind, r.normal, IDENT_STRICT, &again);
	if (!again.valid || !str_eq(again.normal, r.normal))
		fail_msg("%s: %.*s -> %.*s -> %s", ident_kind_name(r.kind), STR_ARG(s), STR_ARG(r.normal),
			again.valid ? "another form" : again.error.code);
}

static void test_fuzz(void **state)
{
	const char *limit = getenv("SUYUAN_ROUNDS");
	long rounds = limit ? strtol(limit, NULL, 10) : 60000;
	struct random r = { seed_of(20261122) };
	struct arena a;
	jmp_buf full;

	(void)state;
	print_message("seed %llu, %ld rounds\n", (unsigned long long)r.s, rounds);
	if (setjmp(full))
		fail_msg("the arena was full");
	arena_init(&a, (size_t)64 << 20, &full);
	for (long round = 0; round < rounds; round++) {
		enum ident_kind made_as = (enum ident_kind)(1 + below(&r, IDENT_KIND_COUNT - 1));
		enum ident_kind kind = below(&r, 4) ? made_as : (enum ident_kind)below(&r, IDENT_KIND_COUNT);
		struct made m;

		make_kind(&a, made_as, &r, &m);
		for (unsigned n = below(&r, 5); n; n--)
			mutate(&r, &m);
		one(&a, below(&r, 3) ? kind : IDENT_NONE, made_str(&m), below(&r, 2) ? IDENT_STRICT : IDENT_LENIENT);
		arena_reset(&a);
	}
	arena_end(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_fuzz) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
