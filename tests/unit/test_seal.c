/* tests/unit/test_seal.c - sealed blobs: a published vector, round trips, every damaged byte refused; the same under a kept key. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <pthread.h>

#include "crypto/crypto.h"

static struct str view(const unsigned char *p, size_t n) { return (struct str){ (const char *)p, n }; }

static void sealing(void **state)
{
	static const enum seal_id ids[] = { SEAL_AES256_GCM, SEAL_SM4_CTR_HMAC_SM3 };
	unsigned char key[SEAL_KEY_LEN] = { 7 }, other[SEAL_KEY_LEN] = { 8 }, nonce[SEAL_NONCE_LEN] = { 9 }, bad[256];
	struct arena a;

	(void)state;
	arena_init(&a, 1 << 20, NULL);
	for (size_t i = 0; i < ROWS(ids); i++) {
		for (size_t n = 0; n < 100; n += n < 4 ? 1 : 13) {
			struct str plain = { "0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789", n };
			struct str out, back = S("untouched");

			assert_int_equal(seal(ids[i], key, nonce, S("row 7"), plain, &a, &out), OK);
			assert_true(out.n <= n + SEAL_EXTRA);
			assert_int_equal(out.p[0], ids[i]);
			assert_int_equal(unseal(key, S("row 8"), out, &a, &back), E_CORRUPT);
			assert_int_equal(unseal(other, S("row 7"), out, &a, &back), E_CORRUPT);
			for (size_t at = 0; at < out.n; at++) {
				memcpy(bad, out.p, out.n);
				bad[at] ^= 1;
				assert_int_equal(unseal(key, S("row 7"), view(bad, out.n), &a, &back), E_CORRUPT);
				assert_int_equal(unseal(key, S("row 7"), str_sub(out, 0, at), &a, &back), E_CORRUPT);
			}
			assert_true(str_is(back, "untouched"));
			assert_int_equal(unseal(key, S("row 7"), out, &a, &back), OK);
			assert_true(str_eq(back, plain));
		}
	}
	arena_end(&a);
}

/* NIST GCM, AES-256 test case 14 of the GCM submission: zero key, nonce and block. */
static void gcm_known(void **state)
{
	unsigned char key[SEAL_KEY_LEN] = { 0 }, nonce[SEAL_NONCE_LEN] = { 0 }, zero[16] = { 0 }, want[32];
	struct arena a;
	struct str out;

	(void)state;
	arena_init(&a, 4096, NULL);
	assert_int_equal(seal(SEAL_AES256_GCM, key, nonce, S(""), view(zero, 16), &a, &out), OK);
	assert_true(hex_get(S("cea7403d4d606b6e074ec5d3baf39d18d0d1c8a799996bf0265b98b5d48ab919"), want, 32));
	assert_memory_equal(out.p + 13, want, 32);
	arena_end(&a);
	arena_init(&a, 8, NULL);
	assert_int_equal(seal(SEAL_AES256_GCM, key, nonce, S(""), view(zero, 16), &a, &out), E_TOO_BIG);
	arena_end(&a);
}

/* A kept context remembers nothing: sealed and opened in turns, after refusals, under both kinds of seal, it says what seal and unseal say. */
static void a_sealer_says_what_seal_and_unseal_say(void **state)
{
	unsigned char key[SEAL_KEY_LEN] = { 7 }, nonce[SEAL_NONCE_LEN] = { 0 }, bad[300];
	struct sealer *s;
	struct arena a;

	(void)state;
	arena_init(&a, 1 << 20, NULL);
	assert_int_equal(sealer_new(SEAL_AES256_GCM, key, &s), OK);
	for (size_t n = 0; n < 200; n += n < 40 ? 1 : 17) {
		char text[200] = { 0 };
		struct str plain = { text, n }, one, two, sm4, back = S("untouched"), bound = n % 3 ? S("hidden") : S("");

		memset(text, (int)n, n);
		nonce[0] = (unsigned char)n;
		assert_int_equal(seal(SEAL_AES256_GCM, key, nonce, bound, plain, &a, &one), OK);
		assert_int_equal(sealer_seal(s, nonce, bound, plain, &a, &two), OK);
		assert_true(str_eq(one, two));
		for (size_t at = 0; at < one.n; at += 5) {
			memcpy(bad, one.p, one.n);
			bad[at] ^= 64;
			assert_int_equal(sealer_open(s, bound, view(bad, one.n), &a, &back), E_CORRUPT);
			assert_int_equal(sealer_open(s, bound, str_sub(one, 0, at), &a, &back), E_CORRUPT);
		}
		assert_int_equal(sealer_open(s, S("other"), one, &a, &back), E_CORRUPT);
		assert_true(str_is(back, "untouched"));
		assert_int_equal(sealer_open(s, bound, one, &a, &back), OK);
		assert_true(str_eq(back, plain));
		assert_int_equal(seal(SEAL_SM4_CTR_HMAC_SM3, key, nonce, bound, plain, &a, &sm4), OK);
		assert_int_equal(sealer_open(s, bound, sm4, &a, &back), OK);
		assert_true(str_eq(back, plain));
	}
	sealer_free(s);
	arena_end(&a);
}

struct shared_sealer { const struct sealer *s; unsigned char who; bool ok; };

static void *seal_and_open(void *arg)
{
	struct shared_sealer *w = arg;
	struct arena a;

	arena_init(&a, 1 << 20, NULL);
	w->ok = true;
	for (unsigned i = 0; i < 2000 && w->ok; i++) {
		unsigned char nonce[SEAL_NONCE_LEN] = { w->who, (unsigned char)(i >> 8), (unsigned char)i };
		char text[40];
		struct str plain = { text, sizeof(text) }, out, back;

		memset(text, w->who, sizeof(text));
		arena_reset(&a);
		w->ok = sealer_seal(w->s, nonce, S("hidden"), plain, &a, &out) == OK && sealer_open(w->s, S("hidden"), out, &a, &back) == OK && str_eq(back, plain);
	}
	arena_end(&a);
	return NULL;
}

static void a_sealer_serves_many_threads(void **state)
{
	static const unsigned char key[SEAL_KEY_LEN] = { 3 };
	struct shared_sealer w[20];
	pthread_t t[20];
	struct sealer *s;

	(void)state;
	assert_int_equal(sealer_new(SEAL_AES256_GCM, key, &s), OK);
	for (size_t i = 0; i < ROWS(t); i++) {
		w[i] = (struct shared_sealer){ s, (unsigned char)i, false };
		assert_int_equal(pthread_create(&t[i], NULL, seal_and_open, &w[i]), 0);
	}
	for (size_t i = 0; i < ROWS(t); i++) {
		pthread_join(t[i], NULL);
		assert_true(w[i].ok);
	}
	sealer_free(s);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(sealing),
	cmocka_unit_test(gcm_known),
	cmocka_unit_test(a_sealer_says_what_seal_and_unseal_say),
	cmocka_unit_test(a_sealer_serves_many_threads),
};

int main(void) { return cmocka_run_group_tests_name("seal", tests, NULL, NULL); }
