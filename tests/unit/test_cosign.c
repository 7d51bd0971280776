/* tests/unit/test_cosign.c - cosignature/v1 and the body of add-checkpoint (C2SP tlog-cosignature, tlog-witness). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "merkle/policy.h"

static struct sign_key *key_of(enum sign_id id, unsigned char fill, unsigned char pub[65], size_t *n)
{
	unsigned char seed[SEED_LEN];
	struct sign_key *k;

	memset(seed, fill, sizeof(seed));
	assert_int_equal(sign_key_from_seed(id, seed, &k), OK);
	assert_int_equal(sign_public(k, pub, n), OK);
	return k;
}

static void cosigned(void **state)
{
	static const char body[] = "log.example\n3\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n";
	unsigned char pub[65], sig[COSIG_LEN], spoilt[COSIG_LEN], plain[SIG_LEN];
	struct note_key k = { .name = S("w.example"), .type = NOTE_COSIGN_ED25519 };
	uint64_t when = 7;
	struct arena a;
	size_t n;
	struct sign_key *key = key_of(SIGN_ED25519, 9, pub, &n);

	(void)state;
	arena_init(&a, 1 << 24, NULL);
	k.pub = (struct str){ (const char *)pub, n };
	assert_int_equal(cosign_make(key, &a, 1795343400, str_of(body), sig), OK);
	assert_true(cosign_check(&a, &k, str_of(body), (struct str){ (const char *)sig, COSIG_LEN }, &when));
	assert_int_equal(when, 1795343400);
	/* what is signed, written out: the specification's own words */
	assert_int_equal(sign_make(key, str_fmt(&a, "cosignature/v1\ntime 1795343400\n%s", body), plain), OK);
	assert_memory_equal(sig + 8, plain, SIG_LEN);
	for (size_t i = 0; i < COSIG_LEN; i++)
		for (int bit = 0; bit < 8; bit++) {
			memcpy(spoilt, sig, COSIG_LEN);
			spoilt[i] ^= (unsigned char)(1 << bit);
			if (cosign_check(&a, &k, str_of(body), (struct str){ (const char *)spoilt, COSIG_LEN }, &when))
				fail_msg("byte %zu", i);
		}
	for (size_t i = 0; i + 1 < sizeof(body); i++) {
		char text[sizeof(body)];

		memcpy(text, body, sizeof(body));
		text[i] ^= 1;
		assert_false(cosign_check(&a, &k, (struct str){ text, sizeof(body) - 1 }, (struct str){ (const char *)sig, COSIG_LEN }, &when));
	}
	assert_int_equal(when, 1795343400);
	assert_false(cosign_check(&a, &k, str_of(body), (struct str){ (const char *)sig, COSIG_LEN - 1 }, &when));
	assert_int_equal(cosign_make(key, &a, (uint64_t)1 << 63, str_of(body), sig), E_BAD);
	k.type = NOTE_ED25519;                                  /* a log's key is no witness's */
	assert_false(cosign_check(&a, &k, str_of(body), (struct str){ (const char *)sig, COSIG_LEN }, &when));
	sign_key_free(key);
	arena_end(&a);
}

#define H "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n"
#define NOTE "log\n3\n" H "\n\xe2\x80\x94 log AAAAAAE=\n"

static void bodies(void **state)
{
	static const struct { const char *text; int hashes; } rows[] = {     /* -1: refused */
		{ "old 0\n\n" NOTE, 0 }, { "old 3\n" H H "\n" NOTE, 2 }, { "old 9223372036854775807\n\n" NOTE, 0 },
		{ "", -1 }, { "\n", -1 }, { "old 3\n", -1 }, { "old 3\n" H, -1 }, { "old 3\n" H "\n", -1 }, { "old 3\n\n", -1 },
		{ "old\n\n" NOTE, -1 }, { "old \n\n" NOTE, -1 }, { "old 03\n\n" NOTE, -1 }, { "old -1\n\n" NOTE, -1 }, { "old +1\n\n" NOTE, -1 },
		{ "old 9223372036854775808\n\n" NOTE, -1 }, { "old  3\n\n" NOTE, -1 }, { "old 3 \n\n" NOTE, -1 }, { "old 3\r\n\n" NOTE, -1 },
		{ "Old 3\n\n" NOTE, -1 }, { "size 3\n\n" NOTE, -1 }, { "old 3\nAAAA\n\n" NOTE, -1 }, { "old 3\nnonsense\n\n" NOTE, -1 },
		{ "old 3\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAB=\n\n" NOTE, -1 }, { "old 3\n\nlog", -1 },
	};
	struct add_checkpoint r;
	struct arena a;
	struct buf b;

	(void)state;
	arena_init(&a, 1 << 24, NULL);
	for (size_t i = 0; i < ROWS(rows); i++) {
		enum err e = add_checkpoint_get(&a, str_of(rows[i].text), &r);

		if ((e == E_BAD) != (rows[i].hashes < 0) || (e && e != E_BAD) || (!e && (int)r.n_path != rows[i].hashes))
			fail_msg("row %zu: %d", i, e);
		if (!e)
			assert_true(str_is(add_checkpoint_str(&a, &r), rows[i].text));
	}
	for (int n = WITNESS_MAX_PROOF; n <= WITNESS_MAX_PROOF + 1; n++) {
		b = buf_in(&a, 8192);
		buf_z(&b, "old 5\n");
		for (int i = 0; i < n; i++)
			buf_z(&b, H);
		buf_z(&b, "\n" NOTE);
		assert_int_equal(add_checkpoint_get(&a, buf_str(&b), &r) == OK, n == WITNESS_MAX_PROOF);
	}
	b = buf_in(&a, WITNESS_BODY_MAX);
	buf_z(&b, "old 5\n\n");
	for (int i = 0; i < NOTE_MAX; i++)
		buf_char(&b, 'x');
	buf_char(&b, '\n');
	assert_int_equal(add_checkpoint_get(&a, buf_str(&b), &r), E_BAD);
	arena_end(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(cosigned), cmocka_unit_test(bodies) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
