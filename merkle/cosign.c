/* merkle/cosign.c - cosignatures of witnesses and the request that asks for one: C2SP tlog-cosignature, tlog-witness. Pure. */
#include "merkle/policy.h"

static struct str said(struct arena *a, uint64_t seconds, struct str body)
{
	return str_fmt(a, "cosignature/v1\ntime %llu\n%.*s", (unsigned long long)seconds, STR_ARG(body));
}

enum err cosign_make(const struct sign_key *key, struct arena *a, uint64_t seconds, struct str body, unsigned char ret[COSIG_LEN])
{
	unsigned char sig[SIG_LEN];
	enum err e = seconds > INT64_MAX ? E_BAD : sign_make(key, said(a, seconds, body), sig);

	if (e)
		return e;
	be_put(seconds, ret, 8);
	memcpy(ret + 8, sig, SIG_LEN);
	return OK;
}

bool cosign_check(struct arena *a, const struct note_key *key, struct str body, struct str sig, uint64_t *ret_seconds)
{
	struct note_key plain = *key;
	uint64_t seconds;

	if (sig.n != COSIG_LEN || (key->type != NOTE_COSIGN_ED25519 && key->type != NOTE_OTHER))
		return false;
	seconds = be_get((const unsigned char *)sig.p, 8);
	if (key->type == NOTE_COSIGN_ED25519)
		plain.type = NOTE_ED25519;
	if (seconds > INT64_MAX || !note_sig_ok(a, &plain, said(a, seconds, body), str_sub(sig, 8, sig.n)))
		return false;
	*ret_seconds = seconds;
	return true;
}

/* ---- add-checkpoint ---- */

enum err add_checkpoint_get(struct arena *a, struct str body, struct add_checkpoint *ret)
{
	struct add_checkpoint *r = TAKE(a, struct add_checkpoint, 1);
	struct str line;

	if (body.n > WITNESS_BODY_MAX || !str_cut(&body, '\n', &line) || !str_starts(line, "old ") || !note_count(str_sub(line, 4, line.n), &r->old))
		return E_BAD;
	while (str_cut(&body, '\n', &line) && line.n)
		if (r->n_path == WITNESS_MAX_PROOF || !note_hash(line, &r->path[r->n_path++]))
			return E_BAD;
	/* without an empty line the text has run out */
	if (body.n == 0 || body.n > NOTE_MAX || body.p[body.n - 1] != '\n')
		return E_BAD;
	r->note = body;
	*ret = *r;
	return OK;
}

struct str add_checkpoint_str(struct arena *a, const struct add_checkpoint *r)
{
	struct buf b = buf_in(a, 64 + r->n_path * (BASE64_LEN(HASH_LEN) + 1) + r->note.n);

	buf_fmt(&b, "old %llu\n", (unsigned long long)r->old);
	for (size_t i = 0; i < r->n_path; i++) {
		buf_add(&b, base64_str(a, r->path[i].b, HASH_LEN));
		buf_char(&b, '\n');
	}
	buf_char(&b, '\n');
	buf_add(&b, r->note);
	return buf_str(&b);
}
