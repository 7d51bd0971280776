/* kernel/mark.c - see mark.h. The key is derived from the master key: no further file to keep, and a backup needs nothing more. */
#include "kernel/mark.h"

#include "ident/ident.h"
#include "kernel/inside.h"

static void mark_seed(const struct kernel *k, unsigned char ret[SEED_LEN])
{
	struct str part = S("suyuan/label/1");
	struct hash h = hmac_of(HASH_SHA256, (struct str){ (const char *)k->master_key, 32 }, &part, 1);

	memcpy(ret, h.b, SEED_LEN);
	explicit_bzero(&h, sizeof(h));
}

enum err mark_begin(const struct kernel *k, struct sign_key **ret)
{
	unsigned char seed[SEED_LEN];
	enum err e;

	mark_seed(k, seed);
	e = sign_key_from_seed(SIGN_ED25519, seed, ret);
	explicit_bzero(seed, sizeof(seed));
	return e;
}

enum err mark_sign(const struct sign_key *key, struct str elements, char ret[MARK_TEXT])
{
	unsigned char sig[SIG_LEN];
	enum err e = sign_make(key, elements, sig);

	if (!e)
		base64url_put(sig, sizeof(sig), ret);
	return e;
}

enum err mark_vkey(const struct kernel *k, struct arena *a, struct str *ret)
{
	struct sign_key *key;
	unsigned char pub[65];
	size_t n;
	enum err e = mark_begin(k, &key);

	if (e)
		return e;
	e = sign_public(key, pub, &n);
	sign_key_free(key);
	if (!e)
		*ret = vkey_str(a, str_join(a, log_origin(k->log), S("/label")), NOTE_ED25519, (struct str){ (const char *)pub, n });
	return e;
}

/* ---- checking ---- */

/* Both spellings go through the canonical link, so that order and escapes are one. False: it is no GS1 key at all. */
static bool canonical(struct arena *a, struct str text, bool *ret_gs1, struct str *ret)
{
	struct ident_result r;
	struct str link;

	ident_scan(a, text, IDENT_STRICT, &r);
	*ret_gs1 = r.kind == IDENT_LINK || r.kind == IDENT_ELEMENTS;
	if (!r.valid || !*ret_gs1)
		return false;
	link = r.normal;
	if (r.kind == IDENT_ELEMENTS && !link_of_elements(a, r.normal, &link))
		return false;
	return elements_of_link(a, link, ret);
}

/* "(8030)" and its 86 characters stand once: no other value of GS1 has room for them. */
static bool take_mark(struct arena *a, struct str elements, struct str *ret_rest, struct str *ret_mark)
{
	const char *at = memmem(elements.p, elements.n, "(8030)", 6);
	size_t from, end;

	if (!at)
		return false;
	from = (size_t)(at - elements.p) + 6;
	end = from;
	while (end < elements.n && elements.p[end] != '(')
		end++;
	*ret_mark = str_sub(elements, from, end - from);
	*ret_rest = str_join(a, str_sub(elements, 0, from - 6), str_sub(elements, end, elements.n));
	return true;
}

enum err mark_check(struct arena *a, struct str vkey, struct str text, struct str *ret_elements)
{
	struct str elements, rest, mark;
	unsigned char sig[SIG_LEN];
	struct note_key key;
	bool gs1;
	size_t n;

	if (!canonical(a, text, &gs1, &elements))
		return gs1 ? E_CORRUPT : E_ABSENT;
	if (!take_mark(a, elements, &rest, &mark))
		return E_ABSENT;
	if (vkey_get(a, vkey, &key) || key.type != NOTE_ED25519)
		return E_BAD;
	if (mark.n != MARK_TEXT || !base64url_get(mark, sig, sizeof(sig), &n) || n != SIG_LEN)
		return E_CORRUPT;
	if (!sign_check(SIGN_ED25519, key.pub, rest, (struct str){ (const char *)sig, n }))
		return E_CORRUPT;
	*ret_elements = rest;
	return OK;
}
