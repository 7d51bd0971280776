/* crypto/cipher.c - OpenSSL's ciphers: sealing of blobs, single blocks (cipher.h).
 *
 * Keeps no writable global and draws no randomness of its own. Allocates results with arena_try, because foreign objects are alive
 * meanwhile. Owner of sealers and ciphers: the caller.
 */
#include <limits.h>
#include <stdatomic.h>

#include <openssl/evp.h>

#include "crypto/cipher.h"

static const unsigned char *bytes(struct str s) { return (const unsigned char *)(s.n ? s.p : ""); }

/* ---- spare contexts ---- */

/* Contexts hold an expanded key and working state, so each call borrows one; spare ones wait in slots exchanged atomically. The pool
 * is the one changing part of an otherwise constant object. */
enum { SPARES = 16 };
struct pool {
	_Atomic(EVP_CIPHER_CTX *) spare[SPARES];
};

static void pool_begin(struct pool *p)
{
	for (size_t i = 0; i < SPARES; i++)
		atomic_init(&p->spare[i], NULL);
}

static void pool_end(struct pool *p)
{
	for (size_t i = 0; i < SPARES; i++)
		EVP_CIPHER_CTX_free(atomic_load(&p->spare[i]));
}

static struct pool *pool_of(const struct pool *p) { return (struct pool *)(uintptr_t)p; }

static EVP_CIPHER_CTX *pool_take(const struct pool *pool)
{
	EVP_CIPHER_CTX *ctx = NULL;

	for (size_t i = 0; i < SPARES && !ctx; i++)
		ctx = atomic_exchange_explicit(&pool_of(pool)->spare[i], NULL, memory_order_acquire);
	return ctx;
}

static void pool_give(const struct pool *pool, EVP_CIPHER_CTX *ctx)
{
	for (size_t i = 0; i < SPARES; i++) {
		EVP_CIPHER_CTX *none = NULL;

		if (atomic_compare_exchange_strong_explicit(&pool_of(pool)->spare[i], &none, ctx, memory_order_release, memory_order_relaxed))
			return;
	}
	EVP_CIPHER_CTX_free(ctx);
}

/* ---- sealing ---- */

/* How one seal id is laid out: id(1) nonce(12) ciphertext tag. */
enum { SEAL_HEAD = 1 + SEAL_NONCE_LEN, GCM_TAG = 16, SM_TAG = 32, SM4_KEY = 16 };

static size_t seal_tag(unsigned id) { return id == SEAL_AES256_GCM ? GCM_TAG : id == SEAL_SM4_CTR_HMAC_SM3 ? SM_TAG : 0; }

size_t seal_extra(enum seal_id id) { return SEAL_HEAD + seal_tag(id); }

/* A context that holds the key; NULL: no memory. Finding the algorithm and expanding the key take two thirds of sealing a small blob. */
static EVP_CIPHER_CTX *gcm_begin(const unsigned char *key)
{
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();

	if (ctx && EVP_CipherInit_ex(ctx, EVP_aes_256_gcm(), NULL, key, NULL, 1) == 1)
		return ctx;
	EVP_CIPHER_CTX_free(ctx);
	return NULL;
}

/* AES-256-GCM, NIST SP 800-38D. Decrypting checks the tag. The nonce makes the context new, whatever it did before. */
static bool gcm(EVP_CIPHER_CTX *ctx, const unsigned char *nonce, struct str bound, struct str in, unsigned char *out, unsigned char *tag, bool decrypt)
{
	int n = 0;
	bool ok = EVP_CipherInit_ex(ctx, NULL, NULL, NULL, nonce, !decrypt) == 1;

	if (ok && bound.n)
		ok = EVP_CipherUpdate(ctx, NULL, &n, bytes(bound), (int)bound.n) == 1;
	if (ok && in.n)
		ok = EVP_CipherUpdate(ctx, out, &n, bytes(in), (int)in.n) == 1;
	if (ok && decrypt)
		ok = EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG, GCM_TAG, tag) == 1;
	ok = ok && EVP_CipherFinal_ex(ctx, out + in.n, &n) == 1;
	if (ok && !decrypt)
		ok = EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, GCM_TAG, tag) == 1;
	return ok;
}

/* The same call does both directions. The counter is the last four bytes and starts at zero. */
static bool sm4_ctr(const unsigned char *key, const unsigned char *nonce, struct str in, unsigned char *out)
{
	const struct str label = { "suyuan/seal/enc", 15 };
	struct hash k = hmac_of(HASH_SM3, (struct str){ (const char *)key, SEAL_KEY_LEN }, &label, 1);
	unsigned char iv[BLOCK] = { 0 };
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	int n = 0;
	bool ok;

	memcpy(iv, nonce, SEAL_NONCE_LEN);
	ok = ctx && EVP_EncryptInit_ex(ctx, EVP_sm4_ctr(), NULL, k.b, iv) == 1 &&
	     (in.n == 0 || EVP_EncryptUpdate(ctx, out, &n, bytes(in), (int)in.n) == 1);
	EVP_CIPHER_CTX_free(ctx);
	wipe(&k, sizeof(k));
	return ok;
}

/* Over id, nonce, length of `bound`, `bound`, ciphertext: no two inputs give the same bytes. */
static struct hash sm3_tag(const unsigned char *key, struct str head, struct str bound, struct str ciphertext)
{
	const struct str label = { "suyuan/seal/mac", 15 };
	struct hash k = hmac_of(HASH_SM3, (struct str){ (const char *)key, SEAL_KEY_LEN }, &label, 1), tag;
	unsigned char n[8];
	const struct str part[] = { head, { (const char *)n, sizeof(n) }, bound, ciphertext };

	be_put(bound.n, n, sizeof(n));
	tag = hmac_of(HASH_SM3, hash_str(&k), part, ROWS(part));
	wipe(&k, sizeof(k));
	return tag;
}

/* The id, the key and, for AES-GCM, a context that holds it. */
struct under { unsigned id; const unsigned char *key; EVP_CIPHER_CTX *ctx; };

static enum err seal_under(const struct under *u, const unsigned char *nonce, struct str bound, struct str plain, struct arena *a, struct str *ret)
{
	size_t tag_n = seal_tag(u->id), n = SEAL_HEAD + plain.n + tag_n;
	unsigned char *out;
	struct hash tag;
	bool ok;

	if (tag_n == 0 || (tag_n == GCM_TAG && !u->ctx))
		return E_CRYPTO;
	if (plain.n > INT_MAX - SEAL_EXTRA || bound.n > INT_MAX)
		return E_TOO_BIG;
	out = arena_try(a, n);
	if (!out)
		return E_TOO_BIG;
	out[0] = (unsigned char)u->id;
	memcpy(out + 1, nonce, SEAL_NONCE_LEN);
	if (tag_n == GCM_TAG) {
		ok = gcm(u->ctx, nonce, bound, plain, out + SEAL_HEAD, out + SEAL_HEAD + plain.n, false);
	} else {
		ok = sm4_ctr(u->key, nonce, plain, out + SEAL_HEAD);
		tag = sm3_tag(u->key, (struct str){ (char *)out, SEAL_HEAD }, bound, (struct str){ (char *)out + SEAL_HEAD, plain.n });
		memcpy(out + SEAL_HEAD + plain.n, tag.b, SM_TAG);
	}
	if (!ok)
		return E_CRYPTO;
	*ret = (struct str){ (char *)out, n };
	return OK;
}

static enum err unseal_under(const struct under *u, struct str bound, struct str sealed, struct arena *a, struct str *ret)
{
	size_t tag_n = seal_tag(u->id);
	unsigned char tag[SM_TAG], *out;
	const unsigned char *nonce = bytes(sealed) + 1;
	struct str in;
	struct hash want;

	if (tag_n == 0 || sealed.n < SEAL_HEAD + tag_n)
		return E_CORRUPT;
	if (tag_n == GCM_TAG && !u->ctx)
		return E_CRYPTO;
	if (sealed.n > INT_MAX || bound.n > INT_MAX)
		return E_TOO_BIG;
	in = str_sub(sealed, SEAL_HEAD, sealed.n - SEAL_HEAD - tag_n);
	memcpy(tag, sealed.p + sealed.n - tag_n, tag_n);
	out = arena_try(a, in.n + 1);
	if (!out)
		return E_TOO_BIG;
	if (tag_n == GCM_TAG) {
		if (!gcm(u->ctx, nonce, bound, in, out, tag, true)) {
			wipe(out, in.n);        /* unauthenticated plaintext stays nowhere */
			return E_CORRUPT;
		}
	} else {
		want = sm3_tag(u->key, str_sub(sealed, 0, SEAL_HEAD), bound, in);
		if (!same_bytes(want.b, tag, SM_TAG))
			return E_CORRUPT;
		if (!sm4_ctr(u->key, nonce, in, out))
			return E_CRYPTO;
	}
	*ret = (struct str){ (char *)out, in.n };
	return OK;
}

static unsigned seal_of(struct str sealed) { return sealed.n ? bytes(sealed)[0] : 0; }

enum err seal(enum seal_id id, const unsigned char key[SEAL_KEY_LEN], const unsigned char nonce[SEAL_NONCE_LEN], struct str bound,
              struct str plain, struct arena *a, struct str *ret)
{
	struct under u = { id, key, id == SEAL_AES256_GCM ? gcm_begin(key) : NULL };
	enum err e = seal_under(&u, nonce, bound, plain, a, ret);

	EVP_CIPHER_CTX_free(u.ctx);
	return e;
}

enum err unseal(const unsigned char key[SEAL_KEY_LEN], struct str bound, struct str sealed, struct arena *a, struct str *ret)
{
	struct under u = { seal_of(sealed), key, seal_of(sealed) == SEAL_AES256_GCM ? gcm_begin(key) : NULL };
	enum err e = unseal_under(&u, bound, sealed, a, ret);

	EVP_CIPHER_CTX_free(u.ctx);
	return e;
}

/* ---- many small blobs under one key ---- */

struct sealer {
	enum seal_id id;
	unsigned char key[SEAL_KEY_LEN];
	struct pool pool;
};

enum err sealer_new(enum seal_id id, const unsigned char key[SEAL_KEY_LEN], struct sealer **ret)
{
	struct sealer *s = calloc(1, sizeof(*s));

	if (!s)
		return E_BUSY;
	s->id = id;
	memcpy(s->key, key, SEAL_KEY_LEN);
	pool_begin(&s->pool);
	*ret = s;
	return OK;
}

void sealer_free(struct sealer *s)
{
	if (!s)
		return;
	pool_end(&s->pool);
	wipe(s, sizeof(*s));
	free(s);
}

/* A context is lent for one blob only, and nothing in between jumps: none is ever lost. */
static EVP_CIPHER_CTX *sealer_borrow(const struct sealer *s)
{
	EVP_CIPHER_CTX *ctx = pool_take(&s->pool);

	return ctx ? ctx : gcm_begin(s->key);
}

enum err sealer_seal(const struct sealer *s, const unsigned char nonce[SEAL_NONCE_LEN], struct str bound, struct str plain, struct arena *a, struct str *ret)
{
	struct under u = { s->id, s->key, s->id == SEAL_AES256_GCM ? sealer_borrow(s) : NULL };
	enum err e = seal_under(&u, nonce, bound, plain, a, ret);

	if (u.ctx)
		pool_give(&s->pool, u.ctx);
	return e;
}

enum err sealer_open(const struct sealer *s, struct str bound, struct str sealed, struct arena *a, struct str *ret)
{
	struct under u = { seal_of(sealed), s->key, seal_of(sealed) == SEAL_AES256_GCM ? sealer_borrow(s) : NULL };
	enum err e = unseal_under(&u, bound, sealed, a, ret);

	if (u.ctx)
		pool_give(&s->pool, u.ctx);
	return e;
}

/* ---- single blocks: cipher.h ---- */

struct cipher {
	EVP_CIPHER_CTX *first;          /* never used itself, only copied */
	struct pool pool;
};

static const EVP_CIPHER *cipher_of(enum cipher_id id, size_t key_n)
{
	if (id == CIPHER_SM4)
		return key_n == 16 ? EVP_sm4_ecb() : NULL;
	return key_n == 16 ? EVP_aes_128_ecb() : key_n == 24 ? EVP_aes_192_ecb() : key_n == 32 ? EVP_aes_256_ecb() : NULL;
}

enum err cipher_new(enum cipher_id id, struct str key, struct cipher **ret)
{
	const EVP_CIPHER *kind = cipher_of(id, key.n);
	struct cipher *c;

	if (!kind)
		return E_BAD;
	c = calloc(1, sizeof(*c));
	if (!c)
		return E_BUSY;
	pool_begin(&c->pool);
	c->first = EVP_CIPHER_CTX_new();
	if (!c->first || EVP_EncryptInit_ex(c->first, kind, NULL, bytes(key), NULL) != 1 ||
	    EVP_CIPHER_CTX_set_padding(c->first, 0) != 1) {
		cipher_free(c);
		return E_CRYPTO;
	}
	*ret = c;
	return OK;
}

void cipher_free(struct cipher *c)
{
	if (!c)
		return;
	pool_end(&c->pool);
	EVP_CIPHER_CTX_free(c->first);
	free(c);
}

struct cipher_use *cipher_borrow(const struct cipher *c)
{
	EVP_CIPHER_CTX *ctx = pool_take(&c->pool);

	if (ctx)
		return (struct cipher_use *)ctx;
	ctx = EVP_CIPHER_CTX_new();
	if (ctx && EVP_CIPHER_CTX_copy(ctx, c->first) == 1)
		return (struct cipher_use *)ctx;
	EVP_CIPHER_CTX_free(ctx);
	return NULL;
}

void cipher_return(const struct cipher *c, struct cipher_use *use) { pool_give(&c->pool, (EVP_CIPHER_CTX *)use); }

/* EVP_Cipher passes whole blocks straight to the implementation: without the buffering of EVP_EncryptUpdate a
 * single block takes half the time. */
bool cipher_blocks(struct cipher_use *use, const unsigned char *in, unsigned char *out, size_t blocks)
{
	return EVP_Cipher((EVP_CIPHER_CTX *)use, out, in, (unsigned)(blocks * BLOCK)) > 0;
}
