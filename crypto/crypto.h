/* crypto/crypto.h - hashes, MACs, signatures, sealing and format-preserving encryption, chosen by id.
 *
 * Pure: no randomness of its own (callers pass seeds and nonces), no file, no clock.
 * Only openssl.c, cipher.c, timestamp.c and argon2.c of this folder see foreign headers. Contexts that are expensive to make
 * (fetched algorithms, expanded keys) are opaque objects the caller frees; everything else is by value.
 * Thread safety: a const object may be used by many threads at once; each call makes or borrows its own state.
 */
#ifndef SUYUAN_CRYPTO_H
#define SUYUAN_CRYPTO_H

#include "base/base.h"

/* ---- hashes ---- */
enum hash_id { HASH_SHA256, HASH_SM3 };
#define HASH_LEN 32
struct hash { unsigned char b[HASH_LEN]; };

/* Hash of up to four parts put together, without copying them. */
struct hash hash_parts(enum hash_id id, const struct str *part, size_t n);
struct hash hash_of(enum hash_id id, struct str s);
/* Hashes of prefix || msg[i], n of them: leaves of a batch, nodes of a level. SM3 takes several at a time. */
void hash_many(enum hash_id id, unsigned char prefix, const struct str *msg, size_t n, struct hash *ret);
/* A hash of what comes piece by piece. Owner: caller; hash_end frees it. NULL: no memory. */
struct hash_run;
struct hash_run *hash_begin(enum hash_id id) MUST_USE;
void hash_more(struct hash_run *r, struct str s);
struct hash hash_end(struct hash_run *r);
struct hash hmac_of(enum hash_id id, struct str key, const struct str *part, size_t n);
bool same_bytes(const void *a, const void *b, size_t n);     /* constant time */
struct str hash_str(const struct hash *h);                   /* view of its 32 bytes */

/* ---- signatures ---- */
enum sign_id { SIGN_ED25519, SIGN_SM2 };
#define SEED_LEN 32
#define SIG_LEN 64
struct sign_key;      /* private */
/* Ed25519: seed is the RFC 8032 secret key. SM2: the private scalar. Owner: caller, sign_key_free. */
enum err sign_key_from_seed(enum sign_id id, const unsigned char seed[SEED_LEN], struct sign_key **ret) MUST_USE;
void sign_key_free(struct sign_key *k);
/* Ed25519: 32 bytes. SM2: 65 bytes uncompressed point. *ret_n <= 65. */
enum err sign_public(const struct sign_key *k, unsigned char ret_pub[65], size_t *ret_n) MUST_USE;
/* 64 bytes: Ed25519, or SM2 r||s with id 1234567812345678. */
enum err sign_make(const struct sign_key *k, struct str msg, unsigned char ret_sig[SIG_LEN]) MUST_USE;
bool sign_check(enum sign_id id, struct str pub, struct str msg, struct str sig);

/* ---- sealing: authenticated encryption of one blob under a 32-byte key ---- */
enum seal_id { SEAL_AES256_GCM = 1, SEAL_SM4_CTR_HMAC_SM3 = 2 };
#define SEAL_KEY_LEN 32
#define SEAL_NONCE_LEN 12
#define SEAL_EXTRA 45          /* at most: 1 id + 12 nonce + 32 tag */
size_t seal_extra(enum seal_id id);     /* how much longer sealed bytes are */
/* out: id(1) || nonce(12) || ciphertext || tag (16 or 32). `bound` is authenticated, not stored.
 * The nonce comes from the caller; a key never sees the same nonce twice. */
enum err seal(enum seal_id id, const unsigned char key[SEAL_KEY_LEN], const unsigned char nonce[SEAL_NONCE_LEN], struct str bound,
              struct str plain, struct arena *a, struct str *ret) MUST_USE;
enum err unseal(const unsigned char key[SEAL_KEY_LEN], struct str bound, struct str sealed, struct arena *a, struct str *ret) MUST_USE;
/* The same under one key many times: what it costs to begin is paid once, a blob of 60 bytes opens in a third of the time. Seals in
 * the way of `id`, opens both kinds. Owner: caller, sealer_free. */
struct sealer;
enum err sealer_new(enum seal_id id, const unsigned char key[SEAL_KEY_LEN], struct sealer **ret) MUST_USE;
void sealer_free(struct sealer *s);
enum err sealer_seal(const struct sealer *s, const unsigned char nonce[SEAL_NONCE_LEN], struct str bound, struct str plain, struct arena *a, struct str *ret) MUST_USE;
enum err sealer_open(const struct sealer *s, struct str bound, struct str sealed, struct arena *a, struct str *ret) MUST_USE;

/* ---- passwords: argon2id, PHC string "$argon2id$v=19$m=...,t=...,p=...$salt$hash" ---- */
enum err password_hash(struct str password, const unsigned char salt[16], struct arena *a, struct str *ret) MUST_USE;
bool password_check(struct str password, struct str phc);

/* ---- time-stamps (RFC 3161) ---- */
#define STAMP_MAX (256 * 1024)        /* a reply with its certificates */
/* The question, DER: SHA-256, and the certificate wanted in the answer. */
enum err stamp_query(struct arena *a, const struct hash *imprint, const unsigned char nonce[8], struct str *ret) MUST_USE;
/* What a reply has to answer. ca: PEM certificates, each of them trusted at `seconds`; empty: whose signature it is, is not asked. */
struct stamp_want { struct hash imprint; unsigned char nonce[8]; bool any_nonce; struct str ca; int64_t seconds; };
/* E_BAD: no reply. E_DENIED: not granted. E_CORRUPT: of something else, or not signed by whom we trust. *ret_seconds: when, as it says. */
enum err stamp_check(struct str reply, const struct stamp_want *want, int64_t *ret_seconds) MUST_USE;
bool stamp_trust_ok(struct str ca);           /* does it hold certificates */

/* ---- FF1 (NIST SP 800-38G), radix 32, for sealed codes ----
 * numerals are bytes 0..31. One key object per code key; n numerals between 2 and 36, tweak at most 16 bytes. */
enum cipher_id { CIPHER_AES128 = 1, CIPHER_SM4 = 2 };
struct fpe;
enum err fpe_new(enum cipher_id id, const unsigned char key[16], struct fpe **ret) MUST_USE;
void fpe_free(struct fpe *f);
/* In place, `count` numeral strings of `n` numerals each, one after the other; all under the same tweak.
 * Cipher calls go in blocks of 64. The encrypt and decrypt calls are thread safe. */
enum err fpe_encrypt(const struct fpe *f, struct str tweak, unsigned char *numerals, size_t n, size_t count) MUST_USE;
enum err fpe_decrypt(const struct fpe *f, struct str tweak, unsigned char *numerals, size_t n, size_t count) MUST_USE;
/* General radix (2..36) for the published vectors of SP 800-38G; not fast. */
enum err ff1_any(enum cipher_id id, struct str key, struct str tweak, unsigned radix, unsigned char *numerals, size_t n, bool decrypt) MUST_USE;

#endif
