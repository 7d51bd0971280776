/* tests/unit/test_crypto.c - published vectors of every primitive, round trips, refusals. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <jansson.h>
#include <pthread.h>

#include "crypto/cipher.h"

static struct str view(const unsigned char *p, size_t n) { return (struct str){ (const char *)p, n }; }

/* Hex into a buffer of at least `cap` bytes; the number of bytes. */
static size_t unhex(const char *hex, unsigned char *out, size_t cap)
{
	size_t n = strlen(hex) / 2;

	assert_true(n <= cap);
	assert_true(hex_get(str_of(hex), out, n));
	return n;
}

static void same_hex(const char *row, const unsigned char *got, size_t n, const char *want)
{
	char text[1024];

	assert_true(HEX_LEN(n) < sizeof(text));
	text[hex_put(got, n, text)] = 0;
	if (strcasecmp(text, want) != 0)
		fail_msg("%s: got %s, want %s", row, text, want);
}

/* ---- hashes ---- */

static void hashes(void **state)
{
	/* FIPS 180-4 examples; GB/T 32905-2016 annex A */
	static const struct { enum hash_id id; const char *in, *want; } known[] = {
		{ HASH_SHA256, "", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" },
		{ HASH_SHA256, "abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" },
		{ HASH_SHA256, "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
		  "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1" },
		{ HASH_SM3, "", "1ab21d8355cfa17f8e61194831e81a8f22bec8c728fefb747ed035eb5082aa2b" },
		{ HASH_SM3, "abc", "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0" },
		{ HASH_SM3, "abcdabcdabcdabcdabcdabcdabcdabcdabcdabcdabcdabcdabcdabcdabcdabcd",
		  "debe9ff92275b8a138604889c18e5a4d6fdb70e5387e5765293dcba39c0c5732" },
	};

	(void)state;
	for (size_t i = 0; i < ROWS(known); i++) {
		struct str all = str_of(known[i].in);
		struct hash h = hash_of(known[i].id, all);

		same_hex(known[i].in, h.b, HASH_LEN, known[i].want);
		for (size_t cut = 0; cut <= all.n; cut++) {
			const struct str part[] = { str_sub(all, 0, cut), { NULL, 0 }, str_sub(all, cut, all.n) };

			h = hash_parts(known[i].id, part, ROWS(part));
			same_hex(known[i].in, h.b, HASH_LEN, known[i].want);
		}
	}
}

static void hmacs(void **state)
{
	/* RFC 4231 cases 1, 2, 6; Wycheproof hmac_sm3 */
	static const char k131[] = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	                           "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	                           "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
	static const struct { enum hash_id id; const char *key, *in, *want; } known[] = {
		{ HASH_SHA256, "0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b", "Hi There",
		  "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7" },
		{ HASH_SHA256, "4a656665", "what do ya want for nothing?",
		  "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843" },
		{ HASH_SHA256, k131, "Test Using Larger Than Block-Size Key - Hash Key First",
		  "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54" },
		{ HASH_SM3, "8159fd15133cd964c9a6964c94f0ea269a806fd9f43f0da58b6cd1b33d189b2a", "w",
		  "51aaf64843b6d2fc7a244ab9cda9b7b57164ce6a865f9808c01931b46195411d" },
	};

	(void)state;
	for (size_t i = 0; i < ROWS(known); i++) {
		unsigned char key[160];
		struct str in = str_of(known[i].in);
		const struct str part[] = { str_sub(in, 0, 1), str_sub(in, 1, in.n) };
		size_t n = unhex(known[i].key, key, sizeof(key));
		struct hash h = hmac_of(known[i].id, view(key, n), part, ROWS(part));

		same_hex(known[i].in, h.b, HASH_LEN, known[i].want);
	}
}

static void fill(unsigned char *x, size_t n, uint64_t seed)
{
	for (size_t i = 0; i < n; i++) {
		seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407u;
		x[i] = (unsigned char)(seed >> 59) & 31;
	}
}

/* Side by side or one by one: every length around the block bounds in every lane, any number of messages, unequal neighbours. */
static void many_at_once(void **state)
{
	enum { MOST = 200, MESSAGES = 21 };
	unsigned char text[MOST];
	struct str msg[MESSAGES];
	struct hash got[MESSAGES];

	(void)state;
	fill(text, sizeof(text), 7);
	for (size_t n = 0; n < MOST; n++) {
		size_t count = n % MESSAGES + 1;

		for (size_t i = 0; i < count; i++)
			msg[i] = view(text, i % 3 ? n : n * (i + 5) % MOST);
		for (int id = HASH_SHA256; id <= HASH_SM3; id++) {
			hash_many((enum hash_id)id, 0x01, msg, count, got);
			for (size_t i = 0; i < count; i++) {
				const struct str part[] = { S("\x01"), msg[i] };
				struct hash want = hash_parts((enum hash_id)id, part, 2);

				assert_memory_equal(got[i].b, want.b, HASH_LEN);
			}
		}
	}
}

static void comparing(void **state)
{
	(void)state;
	assert_true(same_bytes("abc", "abc", 3));
	assert_false(same_bytes("abc", "abd", 3));
	assert_true(same_bytes("a", "b", 0));
}

/* ---- signatures ---- */

static void ed25519(void **state)
{
	/* RFC 8032, 7.1, tests 1 to 3 */
	static const struct { const char *seed, *pub, *msg, *sig; } known[] = {
		{ "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
		  "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
		  "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24"
		  "655141438e7a100b" },
		{ "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
		  "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
		  "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aee"
		  "b00d291612bb0c00" },
		{ "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
		  "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
		  "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28d"
		  "c027beceea1ec40a" },
	};

	(void)state;
	for (size_t i = 0; i < ROWS(known); i++) {
		unsigned char seed[SEED_LEN], msg[8], pub[65], sig[SIG_LEN];
		size_t n, msg_n = unhex(known[i].msg, msg, sizeof(msg));
		struct sign_key *k;

		unhex(known[i].seed, seed, sizeof(seed));
		assert_int_equal(sign_key_from_seed(SIGN_ED25519, seed, &k), OK);
		assert_int_equal(sign_public(k, pub, &n), OK);
		same_hex("public", pub, n, known[i].pub);
		assert_int_equal(sign_make(k, view(msg, msg_n), sig), OK);
		same_hex("signature", sig, SIG_LEN, known[i].sig);
		assert_true(sign_check(SIGN_ED25519, view(pub, n), view(msg, msg_n), view(sig, SIG_LEN)));
		assert_false(sign_check(SIGN_ED25519, view(pub, n), S("other"), view(sig, SIG_LEN)));
		assert_false(sign_check(SIGN_ED25519, view(pub, n - 1), view(msg, msg_n), view(sig, SIG_LEN)));
		assert_false(sign_check(SIGN_ED25519, view(pub, n), view(msg, msg_n), view(sig, SIG_LEN - 1)));
		sig[5] ^= 1;
		assert_false(sign_check(SIGN_ED25519, view(pub, n), view(msg, msg_n), view(sig, SIG_LEN)));
		sign_key_free(k);
	}
}

static void sm2(void **state)
{
	static const char d[] = "3945208f7b2144b13f36e38ac6d39f95889393692860b51a42fb81ef4df7c5b8";
	static const char point[] = "0409f9df311e5421a150dd7d161e4bc5c672179fad1833fc076bb08ff356f35020"
	                            "ccea490ce26775a52dc6ea718cc1aa600aed05fbf35e084a6632f6072da9ad13";
	/* GB/T 32918.5-2017 annex A */
	static const char rs[] = "f5a03b0648d2c4630eeac513e1bb81a15944da3827d5b74143ac7eaceee720b3"
	                         "b1b6aa29df212fd8763182bc0d421ca1bb9038fd1f7f42d4840b69c485bbc1aa";
	unsigned char seed[SEED_LEN], pub[65], sig[SIG_LEN], known[SIG_LEN];
	struct sign_key *k;
	size_t n;

	(void)state;
	unhex(d, seed, sizeof(seed));
	unhex(rs, known, sizeof(known));
	assert_int_equal(sign_key_from_seed(SIGN_SM2, seed, &k), OK);
	assert_int_equal(sign_public(k, pub, &n), OK);
	same_hex("public", pub, n, point);
	assert_true(sign_check(SIGN_SM2, view(pub, n), S("message digest"), view(known, SIG_LEN)));
	assert_false(sign_check(SIGN_SM2, view(pub, n), S("message digesT"), view(known, SIG_LEN)));
	for (size_t i = 0; i < 20; i++) {
		assert_int_equal(sign_make(k, view(seed, i), sig), OK);
		assert_true(sign_check(SIGN_SM2, view(pub, n), view(seed, i), view(sig, SIG_LEN)));
		sig[i * 3] ^= 0x10;
		assert_false(sign_check(SIGN_SM2, view(pub, n), view(seed, i), view(sig, SIG_LEN)));
	}
	memset(sig, 0, sizeof(sig));
	assert_false(sign_check(SIGN_SM2, view(pub, n), S(""), view(sig, SIG_LEN)));
	pub[64] ^= 1;                           /* no longer on the curve */
	assert_false(sign_check(SIGN_SM2, view(pub, n), S("message digest"), view(known, SIG_LEN)));
	sign_key_free(k);
	k = NULL;
	memset(seed, 0, sizeof(seed));
	assert_int_equal(sign_key_from_seed(SIGN_SM2, seed, &k), E_CRYPTO);
	memset(seed, 0xff, sizeof(seed));
	assert_int_equal(sign_key_from_seed(SIGN_SM2, seed, &k), E_CRYPTO);
	assert_null(k);
}

/* ---- passwords ---- */

static void passwords(void **state)
{
	static const char *const bad[] = { "", "$argon2id$", "$argon2i$v=19$m=64,t=1,p=1$c29tZXNhbHQ$AAAA",
		"$argon2id$v=19$m=99999999,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$AAAAAAAAAAAAAAAAAAAAAA" };
	static const unsigned char salt[16] = "0123456789abcde";
	struct arena a;
	struct str phc;

	(void)state;
	arena_init(&a, 1 << 16, NULL);
	assert_int_equal(password_hash(S("重机溯源"), salt, &a, &phc), OK);
	assert_true(str_starts(phc, "$argon2id$v=19$m=19456,t=2,p=1$MDEyMzQ1Njc4OWFiY2RlAA$"));
	assert_true(password_check(S("重机溯源"), phc));
	assert_false(password_check(S("重机溯原"), phc));
	assert_false(password_check(S(""), phc));
	assert_false(password_check(S("重机溯源"), str_sub(phc, 0, phc.n - 1)));
	for (size_t i = 0; i < ROWS(bad); i++)
		assert_false(password_check(S("x"), str_of(bad[i])));
	arena_end(&a);
}

/* ---- FF1 ---- */

static void digits(const char *text, unsigned char *out)
{
	for (; *text; text++)
		*out++ = (unsigned char)(is_digit(*text) ? *text - '0' : *text - 'a' + 10);
}

static void ff1_known(void **state)
{
	/* NIST "FF1 samples" for SP 800-38G, 1 to 9 */
	static const char k[] = "2b7e151628aed2a6abf7158809cf4f3cef4359d8d580aa4f7f036d6f04fc6a94";
	static const struct { size_t key; const char *tweak; unsigned radix; const char *plain, *cipher; } known[] = {
		{ 16, "", 10, "0123456789", "2433477484" },
		{ 16, "39383736353433323130", 10, "0123456789", "6124200773" },
		{ 16, "3737373770717273373737", 36, "0123456789abcdefghi", "a9tv40mll9kdu509eum" },
		{ 24, "", 10, "0123456789", "2830668132" },
		{ 24, "39383736353433323130", 10, "0123456789", "2496655549" },
		{ 24, "3737373770717273373737", 36, "0123456789abcdefghi", "xbj3kv35jrawxv32ysr" },
		{ 32, "", 10, "0123456789", "6657667009" },
		{ 32, "39383736353433323130", 10, "0123456789", "1001623463" },
		{ 32, "3737373770717273373737", 36, "0123456789abcdefghi", "xs8a0azh2avyalyzuwd" },
	};

	(void)state;
	for (size_t i = 0; i < ROWS(known); i++) {
		unsigned char key[32], tweak[16], x[32], want[32], plain[32];
		size_t n = strlen(known[i].plain), t = unhex(known[i].tweak, tweak, sizeof(tweak));

		unhex(k, key, sizeof(key));
		digits(known[i].plain, plain);
		digits(known[i].plain, x);
		digits(known[i].cipher, want);
		assert_int_equal(ff1_any(CIPHER_AES128, view(key, known[i].key), view(tweak, t), known[i].radix, x, n, false), OK);
		if (memcmp(x, want, n) != 0)
			fail_msg("sample %zu", i + 1);
		assert_int_equal(ff1_any(CIPHER_AES128, view(key, known[i].key), view(tweak, t), known[i].radix, x, n, true), OK);
		assert_memory_equal(x, plain, n);
	}
}

/* Not random, but without pattern. */
static void ff1_fast_is_any(void **state)
{
	static const unsigned char key[16] = "suyuan test key";
	unsigned char x[5 * 36], y[5 * 36], z[5 * 36];

	(void)state;
	for (int id = CIPHER_AES128; id <= CIPHER_SM4; id++) {
		struct fpe *f;

		assert_int_equal(fpe_new((enum cipher_id)id, key, &f), OK);
		for (size_t n = 2; n <= 36; n++) {
			for (size_t t = 0; t <= 16; t++) {
				struct str tweak = { "0123456789abcdef", t };

				fill(x, 5 * n, n * 100 + t);
				memcpy(y, x, 5 * n);
				memcpy(z, x, 5 * n);
				assert_int_equal(fpe_encrypt(f, tweak, x, n, 5), OK);
				for (size_t i = 0; i < 5; i++)
					assert_int_equal(ff1_any((enum cipher_id)id, view(key, 16), tweak, 32, y + i * n, n, false), OK);
				assert_memory_equal(x, y, 5 * n);
				assert_int_equal(fpe_decrypt(f, tweak, x, n, 5), OK);
				assert_memory_equal(x, z, 5 * n);
			}
		}
		fpe_free(f);
	}
}

static void ff1_batches(void **state)
{
	enum { N = 19 };
	static const size_t counts[] = { 0, 1, 63, 64, 65, 128, 1000 };
	static const unsigned char key[16] = "suyuan test key";
	unsigned char x[1000 * N], y[1000 * N];
	struct fpe *f;

	(void)state;
	for (int id = CIPHER_AES128; id <= CIPHER_SM4; id++) {
		assert_int_equal(fpe_new((enum cipher_id)id, key, &f), OK);
		for (size_t i = 0; i < ROWS(counts); i++) {
			fill(x, sizeof(x), i + 1);
			memcpy(y, x, sizeof(x));
			assert_int_equal(fpe_encrypt(f, S("A"), x, N, counts[i]), OK);
			if (counts[i])
				assert_memory_not_equal(x, y, counts[i] * N);
			assert_memory_equal(x + counts[i] * N, y + counts[i] * N, sizeof(x) - counts[i] * N);
			for (size_t one = 0; one < counts[i]; one++)     /* singly or together: the same */
				assert_int_equal(fpe_decrypt(f, S("A"), x + one * N, N, 1), OK);
			assert_memory_equal(x, y, sizeof(x));
		}
		fpe_free(f);
	}
}

static void ff1_refuses(void **state)
{
	unsigned char key[16] = { 1 }, x[40] = { 0 }, same[40] = { 0 };
	struct fpe *f;

	(void)state;
	assert_int_equal(fpe_new(CIPHER_AES128, key, &f), OK);
	assert_int_equal(fpe_encrypt(f, S(""), x, 1, 1), E_BAD);
	assert_int_equal(fpe_encrypt(f, S(""), x, 37, 1), E_BAD);
	assert_int_equal(fpe_encrypt(f, S("0123456789abcdefg"), x, 19, 1), E_BAD);
	assert_int_equal(ff1_any(CIPHER_AES128, view(key, 15), S(""), 10, x, 10, false), E_BAD);
	assert_int_equal(ff1_any(CIPHER_SM4, view(x, 32), S(""), 10, x, 10, false), E_BAD);
	assert_int_equal(ff1_any(CIPHER_AES128, view(key, 16), S(""), 1, x, 10, false), E_BAD);
	assert_int_equal(ff1_any(CIPHER_AES128, view(key, 16), S(""), 37, x, 10, false), E_BAD);
	assert_int_equal(ff1_any(CIPHER_AES128, view(key, 16), S(""), 2, x, 6, false), E_BAD);
	x[18] = same[18] = 32;
	assert_int_equal(fpe_encrypt(f, S(""), x, 19, 1), E_BAD);
	assert_int_equal(ff1_any(CIPHER_AES128, view(key, 16), S(""), 32, x, 19, false), E_BAD);
	assert_memory_equal(x, same, sizeof(x));
	fpe_free(f);
}

struct shared_key {
	const struct fpe *f;
	bool ok;
};

static void *work(void *p)
{
	struct shared_key *s = p;
	unsigned char x[3 * 19], y[3 * 19];

	s->ok = true;
	for (uint64_t i = 0; i < 500 && s->ok; i++) {
		fill(x, sizeof(x), i);
		memcpy(y, x, sizeof(x));
		s->ok = !fpe_encrypt(s->f, S("t"), x, 19, 3) && !fpe_decrypt(s->f, S("t"), x, 19, 3) && !memcmp(x, y, sizeof(x));
	}
	return NULL;
}

static void ff1_threads(void **state)
{
	static const unsigned char key[16] = { 3 };
	struct shared_key s[20];
	pthread_t t[20];
	struct fpe *f;

	(void)state;
	assert_int_equal(fpe_new(CIPHER_AES128, key, &f), OK);
	for (size_t i = 0; i < ROWS(t); i++) {
		s[i].f = f;
		assert_int_equal(pthread_create(&t[i], NULL, work, &s[i]), 0);
	}
	for (size_t i = 0; i < ROWS(t); i++) {
		pthread_join(t[i], NULL);
		assert_true(s[i].ok);
	}
	fpe_free(f);
}

/* ---- the shared vector file ---- */

static const char *text_of(json_t *row, const char *key)
{
	json_t *parts = json_object_get(row, "parts"), *at = json_object_get(row, key);
	const char *s = json_string_value(at ? at : json_object_get(parts, key));

	return s ? s : "";
}

static void sm4_row(json_t *row, const char *kind)
{
	unsigned char key[16], x[16], chain[16] = { 0 }, in[16];
	json_int_t times = json_integer_value(json_object_get(json_object_get(row, "parts"), "iterations"));
	struct cipher_use *use;
	struct cipher *c;

	unhex(text_of(row, "key"), key, 16);
	unhex(text_of(row, "value"), in, 16);
	if (*text_of(row, "iv"))
		unhex(text_of(row, "iv"), chain, 16);
	memcpy(x, in, 16);
	assert_int_equal(cipher_new(CIPHER_SM4, view(key, 16), &c), OK);
	use = cipher_borrow(c);
	assert_non_null(use);
	for (size_t i = 0; i < 16; i++)
		x[i] = strcmp(kind, "sm4_ctr") == 0 ? chain[i] : x[i] ^ chain[i];
	for (json_int_t i = 0; i < (times ? times : 1); i++)
		assert_true(cipher_blocks(use, x, x, 1));
	for (size_t i = 0; i < 16 && strcmp(kind, "sm4_ctr") == 0; i++)
		x[i] ^= in[i];
	same_hex(kind, x, 16, text_of(row, "ciphertext"));
	cipher_return(c, use);
	cipher_free(c);
}

static void sm2_row(json_t *row)
{
	unsigned char pub[65] = { 4 }, sig[SIG_LEN];
	bool got;

	if (*text_of(row, "pub")) {
		unhex(text_of(row, "pub"), pub, 65);
	} else {
		unhex(text_of(row, "x"), pub + 1, 32);
		unhex(text_of(row, "y"), pub + 33, 32);
	}
	unhex(text_of(row, "r"), sig, 32);
	unhex(text_of(row, "s"), sig + 32, 32);
	got = sign_check(SIGN_SM2, view(pub, 65), str_of(text_of(row, "value")), view(sig, SIG_LEN));
	/* Only the default identity is offered, so what was signed under another must fail. */
	if (strcmp(text_of(row, "id"), "1234567812345678") == 0)
		assert_int_equal(got, json_is_true(json_object_get(row, "valid")));
	else if (*text_of(row, "pub"))
		assert_false(got);
}

static void hash_row(json_t *row, bool hmac)
{
	unsigned char key[64], in[512];
	size_t n = unhex(text_of(row, "value"), in, sizeof(in)), key_n = unhex(text_of(row, "key"), key, sizeof(key));
	struct str part = view(in, n);
	struct hash h = hmac ? hmac_of(HASH_SM3, view(key, key_n), &part, 1) : hash_of(HASH_SM3, part);

	same_hex(hmac ? "hmac" : "sm3", h.b, HASH_LEN, text_of(row, hmac ? "tag" : "digest"));
}

static void vector_file(void **state)
{
	const char *dir = getenv("SUYUAN_VECTORS");
	char path[512];
	json_t *all, *row;
	size_t i, seen = 0;

	(void)state;
	snprintf(path, sizeof(path), "%s/identifiers.json", dir ? dir : "../shared/vectors");
	all = json_load_file(path, 0, NULL);
	if (!all) {
		print_message("skipped: no %s\n", path);
		return;
	}
	json_array_foreach(all, i, row) {
		struct str kind = str_of(text_of(row, "kind"));

		seen++;
		if (str_is(kind, "sm3") || str_is(kind, "hmac_sm3"))
			hash_row(row, str_starts(kind, "hmac"));
		else if (str_starts(kind, "sm4") && !str_is(kind, "sm4_gcm"))
			sm4_row(row, kind.p);
		else if (str_is(kind, "sm2_sign"))
			sm2_row(row);
		else
			seen--;
	}
	print_message("%zu rows of %s\n", seen, path);
	json_decref(all);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hashes), cmocka_unit_test(hmacs), cmocka_unit_test(many_at_once), cmocka_unit_test(comparing), cmocka_unit_test(ed25519),
		cmocka_unit_test(sm2), cmocka_unit_test(passwords),
		cmocka_unit_test(ff1_known), cmocka_unit_test(ff1_fast_is_any), cmocka_unit_test(ff1_batches),
		cmocka_unit_test(ff1_refuses), cmocka_unit_test(ff1_threads), cmocka_unit_test(vector_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
