/* crypto/timestamp.c - RFC 3161 by OpenSSL's TS functions: the question, and whether an answer is one to it. See crypto.h. */
#include <openssl/asn1.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ts.h>
#include <openssl/x509_vfy.h>

#include "crypto/crypto.h"

enum { NONCE_LEN = 8, CERTS_MAX = 64 };

/* A number is kept without the zeros in front, as DER wants it. */
static ASN1_INTEGER *nonce_of(const unsigned char nonce[NONCE_LEN])
{
	BIGNUM *n = BN_bin2bn(nonce, NONCE_LEN, NULL);
	ASN1_INTEGER *i = n ? BN_to_ASN1_INTEGER(n, NULL) : NULL;

	BN_free(n);
	return i;
}

static bool fill(TS_REQ *q, const struct hash *imprint, const unsigned char nonce[NONCE_LEN])
{
	TS_MSG_IMPRINT *m = TS_MSG_IMPRINT_new();
	X509_ALGOR *how = X509_ALGOR_new();
	ASN1_INTEGER *n = nonce_of(nonce);
	bool ok = m && how && n && X509_ALGOR_set0(how, OBJ_nid2obj(NID_sha256), V_ASN1_NULL, NULL) && TS_MSG_IMPRINT_set_algo(m, how) &&
	          TS_MSG_IMPRINT_set_msg(m, (unsigned char *)(uintptr_t)imprint->b, HASH_LEN) && TS_REQ_set_version(q, 1) &&
	          TS_REQ_set_msg_imprint(q, m) && TS_REQ_set_nonce(q, n) && TS_REQ_set_cert_req(q, 1);

	ASN1_INTEGER_free(n);
	X509_ALGOR_free(how);
	TS_MSG_IMPRINT_free(m);
	return ok;
}

enum err stamp_query(struct arena *a, const struct hash *imprint, const unsigned char nonce[8], struct str *ret)
{
	TS_REQ *q = TS_REQ_new();
	unsigned char *der = NULL;
	int n = q && fill(q, imprint, nonce) ? i2d_TS_REQ(q, &der) : -1;
	char *p = n > 0 ? arena_try(a, (size_t)n) : NULL;

	if (p) {
		memcpy(p, der, (size_t)n);
		*ret = (struct str){ p, (size_t)n };
	}
	OPENSSL_free(der);
	TS_REQ_free(q);
	ERR_clear_error();
	return p ? OK : E_CRYPTO;
}

/* Every certificate of a PEM text is trusted; their dates are judged at `seconds`. NULL: there is none, or too many. */
static X509_STORE *trusted(struct str pem, int64_t seconds)
{
	BIO *in = pem.n <= 1 << 20 ? BIO_new_mem_buf(pem.p, (int)pem.n) : NULL;
	X509_STORE *store = X509_STORE_new();
	bool ok = in && store;
	X509 *cert;
	int n = 0;

	while (ok && (cert = PEM_read_bio_X509(in, NULL, NULL, NULL))) {
		ok = n++ < CERTS_MAX && X509_STORE_add_cert(store, cert);
		X509_free(cert);
	}
	if (ok && n)
		X509_VERIFY_PARAM_set_time(X509_STORE_get0_param(store), (time_t)seconds);
	BIO_free(in);
	if (!ok || !n) {
		X509_STORE_free(store);
		store = NULL;
	}
	ERR_clear_error();
	return store;
}

bool stamp_trust_ok(struct str ca)
{
	X509_STORE *store = trusted(ca, 0);

	X509_STORE_free(store);
	return store != NULL;
}

/* Imprint, nonce and store become the context's own. */
static enum err verify(TS_RESP *r, const struct stamp_want *w)
{
	TS_VERIFY_CTX *c = TS_VERIFY_CTX_new();
	TS_REQ *q = TS_REQ_new();
	X509_STORE *store = NULL;
	unsigned flags = TS_VFY_VERSION | TS_VFY_IMPRINT | (w->any_nonce ? 0 : TS_VFY_NONCE);
	bool ready = c && q && fill(q, &w->imprint, w->nonce) && TS_REQ_to_TS_VERIFY_CTX(q, c);
	enum err e = E_CRYPTO;

	if (ready && w->ca.n) {
		store = trusted(w->ca, w->seconds);
		ready = store != NULL;
		flags |= TS_VFY_SIGNATURE;
		if (store)
			(void)TS_VERIFY_CTX_set_store(c, store);
	}
	if (ready) {
		(void)TS_VERIFY_CTX_set_flags(c, (int)flags);
		e = TS_RESP_verify_response(c, r) == 1 ? OK : E_CORRUPT;
	}
	TS_REQ_free(q);
	TS_VERIFY_CTX_free(c);
	return e;
}

/* When, as the authority says: whole seconds of UTC. */
static bool told_time(TS_RESP *r, int64_t *ret)
{
	const ASN1_GENERALIZEDTIME *t = TS_TST_INFO_get_time(TS_RESP_get_tst_info(r));
	ASN1_TIME *epoch = ASN1_TIME_set(NULL, 0);
	int days = 0, seconds = 0;
	bool ok = t && epoch && ASN1_TIME_diff(&days, &seconds, epoch, t) == 1;

	ASN1_TIME_free(epoch);
	if (ok)
		*ret = (int64_t)days * 86400 + seconds;
	return ok;
}

enum err stamp_check(struct str reply, const struct stamp_want *want, int64_t *ret_seconds)
{
	const unsigned char *p = (const unsigned char *)reply.p;
	TS_RESP *r = reply.n && reply.n <= STAMP_MAX ? d2i_TS_RESP(NULL, &p, (long)reply.n) : NULL;
	long status = -1;
	int64_t seconds = 0;
	enum err e = E_BAD;

	if (r && p == (const unsigned char *)reply.p + reply.n) {
		status = ASN1_INTEGER_get(TS_STATUS_INFO_get0_status(TS_RESP_get_status_info(r)));
		e = status != 0 && status != 1 ? E_DENIED : !TS_RESP_get_tst_info(r) ? E_BAD : verify(r, want);
	}
	if (!e && !told_time(r, &seconds))
		e = E_BAD;
	TS_RESP_free(r);
	ERR_clear_error();
	if (!e)
		*ret_seconds = seconds;
	return e;
}
