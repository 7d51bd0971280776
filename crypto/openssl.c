/* crypto/openssl.c - what OpenSSL does for us: hashes, HMAC, signatures. Its ciphers are in cipher.c; nobody else includes its headers.
 *
 * Keeps no writable global and draws no randomness of its own, except the per-signature secret of SM2, which GB/T 32918.2
 * wants random and OpenSSL draws itself. Owner of sign_key objects: the caller.
 */
#define OPENSSL_SUPPRESS_DEPRECATED     /* SHA256_Init and friends: EVP costs three times as much on 65 bytes */
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/obj_mac.h>
#include <openssl/param_build.h>
#include <openssl/sha.h>

#include "crypto/cipher.h"
#include "crypto/lanes.h"

enum { HMAC_BLOCK = 64, SM2_POINT = 65, DER_SIG_MAX = 72 };

static const char sm2_id[] = "1234567812345678";        /* GM/T 0009-2012 section 10: the default identity */

static const unsigned char *bytes(struct str s) { return (const unsigned char *)(s.n ? s.p : ""); }

bool same_bytes(const void *a, const void *b, size_t n) { return CRYPTO_memcmp(a, b, n) == 0; }
struct str hash_str(const struct hash *h) { return (struct str){ (const char *)h->b, HASH_LEN }; }
void wipe(void *p, size_t n) { OPENSSL_cleanse(p, n); }

/* ---- hashes ---- */

/* A running hash. SHA-256 lives on the stack; SM3 has no public state of that kind and takes a context. */
struct run {
	enum hash_id id;
	SHA256_CTX sha;
	EVP_MD_CTX *md;
};

/* A hash has no way to fail but lack of memory inside the library; then nothing that follows could be trusted. */
static void must(int ok)
{
	if (ok != 1)
		abort();
}

static void run_begin(struct run *r, enum hash_id id)
{
	r->id = id;
	r->md = NULL;
	if (id == HASH_SHA256) {
		must(SHA256_Init(&r->sha));
		return;
	}
	r->md = EVP_MD_CTX_new();
	must(r->md != NULL);
	must(EVP_DigestInit_ex(r->md, EVP_sm3(), NULL));
}

static void run_add(struct run *r, struct str s)
{
	if (s.n == 0)
		return;
	must(r->id == HASH_SHA256 ? SHA256_Update(&r->sha, s.p, s.n) : EVP_DigestUpdate(r->md, s.p, s.n));
}

/* Ends this run; `again` starts the next one in the same context. */
static struct hash run_end(struct run *r, bool again)
{
	struct hash h;

	if (r->id == HASH_SHA256) {
		must(SHA256_Final(h.b, &r->sha));
		if (again)
			must(SHA256_Init(&r->sha));
		return h;
	}
	must(EVP_DigestFinal_ex(r->md, h.b, NULL));
	if (again) {
		must(EVP_DigestInit_ex(r->md, NULL, NULL));
	} else {
		EVP_MD_CTX_free(r->md);
		r->md = NULL;
	}
	return h;
}

struct hash hash_parts(enum hash_id id, const struct str *part, size_t n)
{
	struct run r;

	run_begin(&r, id);
	for (size_t i = 0; i < n; i++)
		run_add(&r, part[i]);
	return run_end(&r, false);
}

struct hash hash_of(enum hash_id id, struct str s) { return hash_parts(id, &s, 1); }

void hash_many(enum hash_id id, unsigned char prefix, const struct str *msg, size_t n, struct hash *ret)
{
	enum { FEW = 3 };        /* fewer are quicker one by one */
	size_t at = 0;

	for (; id == HASH_SM3 && n - at >= FEW; at += n - at < SM3_LANES ? n - at : SM3_LANES)
		sm3_lanes(prefix, msg + at, n - at < SM3_LANES ? n - at : SM3_LANES, ret + at);
	for (; at < n; at++) {
		const struct str part[] = { { (const char *)&prefix, 1 }, msg[at] };

		ret[at] = hash_parts(id, part, ROWS(part));
	}
}

struct hash_run { struct run run; };

struct hash_run *hash_begin(enum hash_id id)
{
	struct hash_run *r = calloc(1, sizeof(*r));

	if (r)
		run_begin(&r->run, id);
	return r;
}

void hash_more(struct hash_run *r, struct str s) { run_add(&r->run, s); }

struct hash hash_end(struct hash_run *r)
{
	struct hash h = run_end(&r->run, false);

	free(r);
	return h;
}

/* RFC 2104; both hashes have blocks of 64 bytes. */
struct hash hmac_of(enum hash_id id, struct str key, const struct str *part, size_t n)
{
	unsigned char pad[HMAC_BLOCK] = { 0 };
	struct hash inner, outer;
	struct run r;

	run_begin(&r, id);
	if (key.n > HMAC_BLOCK) {
		run_add(&r, key);
		inner = run_end(&r, true);
		memcpy(pad, inner.b, HASH_LEN);
	} else if (key.n) {
		memcpy(pad, key.p, key.n);
	}
	for (size_t i = 0; i < HMAC_BLOCK; i++)
		pad[i] ^= 0x36;
	run_add(&r, (struct str){ (char *)pad, HMAC_BLOCK });
	for (size_t i = 0; i < n; i++)
		run_add(&r, part[i]);
	inner = run_end(&r, true);
	for (size_t i = 0; i < HMAC_BLOCK; i++)
		pad[i] ^= 0x36 ^ 0x5c;
	run_add(&r, (struct str){ (char *)pad, HMAC_BLOCK });
	run_add(&r, hash_str(&inner));
	outer = run_end(&r, false);
	wipe(pad, sizeof(pad));
	wipe(&r, sizeof(r));
	return outer;
}

/* ---- signatures ---- */

struct sign_key {
	enum sign_id id;
	EVP_PKEY *pkey;
	unsigned char pub[SM2_POINT];
	size_t pub_n;
};

/* pub = d * G; false unless 1 <= d <= n - 2 (GB/T 32918.2, 5.2). */
static bool sm2_point(const BIGNUM *d, unsigned char pub[SM2_POINT])
{
	EC_GROUP *g = EC_GROUP_new_by_curve_name(NID_sm2);
	EC_POINT *at = g ? EC_POINT_new(g) : NULL;
	BIGNUM *most = g ? BN_dup(EC_GROUP_get0_order(g)) : NULL;
	bool ok = false;

	if (at && most && BN_sub_word(most, 2) && !BN_is_zero(d) && BN_cmp(d, most) <= 0 &&
	    EC_POINT_mul(g, at, d, NULL, NULL, NULL) == 1)
		ok = EC_POINT_point2oct(g, at, POINT_CONVERSION_UNCOMPRESSED, pub, SM2_POINT, NULL) == SM2_POINT;
	BN_free(most);
	EC_POINT_free(at);
	EC_GROUP_free(g);
	return ok;
}

/* d is NULL for a public key. The library checks that the point lies on the curve. */
static EVP_PKEY *sm2_pkey(const unsigned char *pub, size_t n, const BIGNUM *d)
{
	OSSL_PARAM_BLD *bld = OSSL_PARAM_BLD_new();
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "SM2", NULL);
	OSSL_PARAM *params = NULL;
	EVP_PKEY *pkey = NULL;

	if (bld && ctx && OSSL_PARAM_BLD_push_utf8_string(bld, OSSL_PKEY_PARAM_GROUP_NAME, "SM2", 0) &&
	    OSSL_PARAM_BLD_push_octet_string(bld, OSSL_PKEY_PARAM_PUB_KEY, pub, n) &&
	    (!d || OSSL_PARAM_BLD_push_BN(bld, OSSL_PKEY_PARAM_PRIV_KEY, d)))
		params = OSSL_PARAM_BLD_to_param(bld);
	if (params && EVP_PKEY_fromdata_init(ctx) == 1 &&
	    EVP_PKEY_fromdata(ctx, &pkey, d ? EVP_PKEY_KEYPAIR : EVP_PKEY_PUBLIC_KEY, params) != 1)
		pkey = NULL;
	OSSL_PARAM_free(params);
	OSSL_PARAM_BLD_free(bld);
	EVP_PKEY_CTX_free(ctx);
	return pkey;
}

static void sm2_key(struct sign_key *k, const unsigned char seed[SEED_LEN])
{
	BIGNUM *d = BN_secure_new();

	if (d && BN_bin2bn(seed, SEED_LEN, d) && sm2_point(d, k->pub)) {
		k->pub_n = SM2_POINT;
		k->pkey = sm2_pkey(k->pub, k->pub_n, d);
	}
	BN_clear_free(d);
}

enum err sign_key_from_seed(enum sign_id id, const unsigned char seed[SEED_LEN], struct sign_key **ret)
{
	struct sign_key *k = calloc(1, sizeof(*k));

	if (!k)
		return E_BUSY;
	k->id = id;
	if (id == SIGN_SM2) {
		sm2_key(k, seed);
	} else {
		k->pub_n = sizeof(k->pub);
		k->pkey = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, seed, SEED_LEN);
		if (k->pkey && EVP_PKEY_get_raw_public_key(k->pkey, k->pub, &k->pub_n) != 1) {
			EVP_PKEY_free(k->pkey);
			k->pkey = NULL;
		}
	}
	if (!k->pkey) {
		sign_key_free(k);
		return E_CRYPTO;
	}
	*ret = k;
	return OK;
}

void sign_key_free(struct sign_key *k)
{
	if (!k)
		return;
	EVP_PKEY_free(k->pkey);
	free(k);
}

enum err sign_public(const struct sign_key *k, unsigned char ret_pub[65], size_t *ret_n)
{
	memcpy(ret_pub, k->pub, k->pub_n);
	*ret_n = k->pub_n;
	return OK;
}

/* A context ready to sign or check. The library gives SM2 no default identity and drops one that is passed as a
 * parameter of the initialisation, so it is set right after. SM2 goes with SM3; Ed25519 has its own digest. */
static EVP_MD_CTX *sign_begin(enum sign_id id, EVP_PKEY *pkey, bool check)
{
	const char *digest = id == SIGN_SM2 ? "SM3" : NULL;
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	EVP_PKEY_CTX *inner = NULL;             /* owned by ctx */
	int ok;

	if (!ctx)
		return NULL;
	ok = check ? EVP_DigestVerifyInit_ex(ctx, &inner, digest, NULL, NULL, pkey, NULL)
	           : EVP_DigestSignInit_ex(ctx, &inner, digest, NULL, NULL, pkey, NULL);
	if (ok == 1 && id == SIGN_SM2)
		ok = EVP_PKEY_CTX_set1_id(inner, sm2_id, sizeof(sm2_id) - 1);
	if (ok == 1)
		return ctx;
	EVP_MD_CTX_free(ctx);
	return NULL;
}

static bool raw_from_der(const unsigned char *der, size_t n, unsigned char raw[SIG_LEN])
{
	ECDSA_SIG *sig = d2i_ECDSA_SIG(NULL, &der, (long)n);
	bool ok = sig && BN_bn2binpad(ECDSA_SIG_get0_r(sig), raw, SIG_LEN / 2) == SIG_LEN / 2 &&
	          BN_bn2binpad(ECDSA_SIG_get0_s(sig), raw + SIG_LEN / 2, SIG_LEN / 2) == SIG_LEN / 2;

	ECDSA_SIG_free(sig);
	return ok;
}

static size_t der_from_raw(const unsigned char *raw, unsigned char der[DER_SIG_MAX])
{
	BIGNUM *r = BN_bin2bn(raw, SIG_LEN / 2, NULL), *s = BN_bin2bn(raw + SIG_LEN / 2, SIG_LEN / 2, NULL);
	ECDSA_SIG *sig = ECDSA_SIG_new();
	unsigned char *at = der;
	int n = 0;

	if (sig && r && s && ECDSA_SIG_set0(sig, r, s) == 1) {
		r = s = NULL;                   /* owned by sig now */
		n = i2d_ECDSA_SIG(sig, NULL);
		n = n > 0 && n <= DER_SIG_MAX ? i2d_ECDSA_SIG(sig, &at) : 0;
	}
	BN_free(r);
	BN_free(s);
	ECDSA_SIG_free(sig);
	return n > 0 ? (size_t)n : 0;
}

enum err sign_make(const struct sign_key *k, struct str msg, unsigned char ret_sig[SIG_LEN])
{
	EVP_MD_CTX *ctx = sign_begin(k->id, k->pkey, false);
	unsigned char out[DER_SIG_MAX], raw[SIG_LEN];
	size_t n = sizeof(out);
	bool ok = ctx && EVP_DigestSign(ctx, out, &n, bytes(msg), msg.n) == 1;

	EVP_MD_CTX_free(ctx);
	if (ok && k->id == SIGN_SM2) {
		ok = raw_from_der(out, n, raw);
	} else if (ok) {
		ok = n == SIG_LEN;
		memcpy(raw, out, SIG_LEN);
	}
	if (!ok)
		return E_CRYPTO;
	memcpy(ret_sig, raw, SIG_LEN);
	return OK;
}

static bool check_with(enum sign_id id, EVP_PKEY *pkey, struct str msg, const unsigned char *sig, size_t n)
{
	EVP_MD_CTX *ctx = sign_begin(id, pkey, true);
	bool ok = ctx && EVP_DigestVerify(ctx, sig, n, bytes(msg), msg.n) == 1;

	EVP_MD_CTX_free(ctx);
	return ok;
}

bool sign_check(enum sign_id id, struct str pub, struct str msg, struct str sig)
{
	unsigned char der[DER_SIG_MAX];
	const unsigned char *wire = bytes(sig);
	size_t n = sig.n;
	EVP_PKEY *pkey;
	bool ok;

	if (sig.n != SIG_LEN)
		return false;
	if (id == SIGN_SM2) {
		if (pub.n != SM2_POINT || pub.p[0] != 4)
			return false;
		n = der_from_raw(wire, der);
		wire = der;
		pkey = n ? sm2_pkey(bytes(pub), pub.n, NULL) : NULL;
	} else {
		pkey = pub.n == 32 ? EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, bytes(pub), pub.n) : NULL;
	}
	ok = pkey && check_with(id, pkey, msg, wire, n);
	EVP_PKEY_free(pkey);
	return ok;
}
