/* merkle/note.c - signed notes, checkpoints and receipts as text: C2SP signed-note, tlog-checkpoint, tlog-proof.
 *
 * Pure. Views in results point into the text that was given; decoded bytes lie in the arena. Makes no signature
 * itself: it formats those the caller brings. Key ids are SHA-256 in every suite, for outside tools compute them.
 */
#include "merkle/policy.h"

enum { KEY_ID = 4, ED25519_PUB = 32 };

static const char dash[] = "\xe2\x80\x94 ";      /* U+2014 and a space: how a signature line starts */
static const char proof_head[] = "c2sp.org/tlog-proof@v1";

/* SM2 has no type byte of its own: 0xff, this identifier, SubjectPublicKeyInfo (RFC 5480 shape, curve
 * 1.2.156.10197.1.301, uncompressed point). */
static const unsigned char sm2_head[] = {
	'P', 'K', 'I', 'X', '-', 'S', 'M', '2', '-', 'S', 'M', '3',
	0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01,
	0x06, 0x08, 0x2a, 0x81, 0x1c, 0xcf, 0x55, 0x01, 0x82, 0x2d, 0x03, 0x42, 0x00,
};

struct str note_sm2_pub(struct arena *a, struct str point) { return str_join(a, (struct str){ (const char *)sm2_head, sizeof(sm2_head) }, point); }

/* ---- names and keys ---- */

/* White space as Unicode has it (property White_Space), for names are compared by people. */
static bool is_blank(int32_t c)
{
	return c == 0x85 || c == 0xa0 || c == 0x1680 || (c >= 0x2000 && c <= 0x200a) || c == 0x2028 || c == 0x2029 || c == 0x202f ||
	       c == 0x205f || c == 0x3000;
}

bool note_name_ok(struct str name)
{
	for (size_t at = 0; at < name.n;) {
		int32_t c = utf8_next(name, &at);

		if (c <= ' ' || c == 0x7f || c == '+' || is_blank(c))
			return false;
	}
	return name.n > 0;
}

void note_key_id(struct str name, unsigned char type, struct str pub, unsigned char ret[4])
{
	const char newline_type[] = { '\n', (char)type };
	const struct str part[] = { name, { newline_type, 2 }, pub };
	struct hash h = hash_parts(HASH_SHA256, part, ROWS(part));

	memcpy(ret, h.b, KEY_ID);
}

struct str vkey_str(struct arena *a, struct str name, unsigned char type, struct str pub)
{
	struct str key = str_join(a, (struct str){ (const char *)&type, 1 }, pub), hex, b64;
	unsigned char id[KEY_ID];

	note_key_id(name, type, pub, id);
	hex = hex_str(a, id, KEY_ID);
	b64 = base64_str(a, key.p, key.n);
	return str_fmt(a, "%.*s+%.*s+%.*s", STR_ARG(name), STR_ARG(hex), STR_ARG(b64));
}

/* Base 64 text into the arena; false for ill-formed text. */
static bool decode(struct arena *a, struct str text, struct str *ret)
{
	char *out = arena_take(a, text.n / 4 * 3 + 1);
	size_t n;

	if (!base64_get(text, out, text.n / 4 * 3, &n))
		return false;
	*ret = (struct str){ out, n };
	return true;
}

enum err vkey_get(struct arena *a, struct str text, struct note_key *ret)
{
	struct note_key k;
	struct str hex, key;
	unsigned char id[KEY_ID];

	/* Only the first two: base 64 contains '+' as well. */
	if (!str_cut(&text, '+', &k.name) || !str_cut(&text, '+', &hex))
		return E_BAD;
	if (!note_name_ok(k.name) || !hex_get(hex, k.id, KEY_ID) || !decode(a, text, &key) || key.n < 2)
		return E_BAD;
	k.type = (unsigned char)key.p[0];
	k.pub = str_sub(key, 1, key.n);
	if ((k.type == NOTE_ED25519 || k.type == NOTE_COSIGN_ED25519) && k.pub.n != ED25519_PUB)
		return E_BAD;
	note_key_id(k.name, k.type, k.pub, id);
	if (memcmp(id, k.id, KEY_ID) != 0)
		return E_BAD;
	*ret = k;
	return OK;
}

/* ---- notes ---- */

struct str note_sign_line(struct arena *a, struct str name, const unsigned char id[4], struct str sig)
{
	struct str both = str_join(a, (struct str){ (const char *)id, KEY_ID }, sig), b64 = base64_str(a, both.p, both.n);

	return str_fmt(a, "%s%.*s %.*s\n", dash, STR_ARG(name), STR_ARG(b64));
}

static enum err sig_line(struct arena *a, struct str line, struct note_sig *ret)
{
	struct str bytes;

	if (!str_starts(line, dash))
		return E_BAD;
	line = str_sub(line, sizeof(dash) - 1, line.n);
	if (!str_cut(&line, ' ', &ret->name) || !note_name_ok(ret->name) || !decode(a, line, &bytes) || bytes.n <= KEY_ID)
		return E_BAD;
	memcpy(ret->id, bytes.p, KEY_ID);
	ret->sig = str_sub(bytes, KEY_ID, bytes.n);
	return OK;
}

/* UTF-8 without control characters other than the newline. */
static bool plain_text(struct str s)
{
	for (size_t at = 0; at < s.n;) {
		int32_t c = utf8_next(s, &at);

		if (c < ' ' && c != '\n')
			return false;
	}
	return true;
}

/* Where the body ends: the last blank line. Signature lines cannot hold one, a body may. */
static size_t body_end(struct str note)
{
	for (size_t i = note.n; i-- > 1;)
		if (note.p[i] == '\n' && note.p[i - 1] == '\n')
			return i;
	return 0;
}

enum err note_open(struct arena *a, struct str note, struct str *ret_body, struct note_sig sigs[NOTE_MAX_SIGS], size_t *ret_n)
{
	struct note_sig got[NOTE_MAX_SIGS];
	struct str rest, line;
	size_t end, n = 0;

	if (note.n == 0 || note.n > NOTE_MAX || note.p[note.n - 1] != '\n' || !plain_text(note))
		return E_BAD;
	end = body_end(note);
	if (end == 0)
		return E_BAD;
	for (rest = str_sub(note, end + 1, note.n); str_cut(&rest, '\n', &line); n++) {
		enum err e = n == NOTE_MAX_SIGS ? E_BAD : sig_line(a, line, &got[n]);

		if (e)
			return e;
	}
	if (n == 0)
		return E_BAD;
	memcpy(sigs, got, n * sizeof(got[0]));
	*ret_n = n;
	*ret_body = str_sub(note, 0, end);
	return OK;
}

/* ---- checkpoints ---- */

struct str checkpoint_text(struct arena *a, struct str origin, uint64_t size, const struct hash *root)
{
	struct str b64 = base64_str(a, root->b, HASH_LEN);

	return str_fmt(a, "%.*s\n%llu\n%.*s\n", STR_ARG(origin), (unsigned long long)size, STR_ARG(b64));
}

bool note_count(struct str s, uint64_t *ret)
{
	int64_t v;

	if (s.n == 0 || !is_digit(s.p[0]) || (s.p[0] == '0' && s.n > 1) || !str_to_int(s, &v))
		return false;
	*ret = (uint64_t)v;
	return true;
}

bool note_hash(struct str s, struct hash *ret)
{
	unsigned char b[HASH_LEN];
	size_t n;

	if (!base64_get(s, b, sizeof(b), &n) || n != HASH_LEN)
		return false;
	memcpy(ret->b, b, HASH_LEN);
	return true;
}

enum err checkpoint_get(struct arena *a, struct str body, struct checkpoint *ret)
{
	struct checkpoint c = { .text = body };
	struct str rest = body, line;

	(void)a;
	if (body.n == 0 || body.p[body.n - 1] != '\n' || !plain_text(body))
		return E_BAD;
	if (!str_cut(&rest, '\n', &c.origin) || c.origin.n == 0)
		return E_BAD;
	if (!str_cut(&rest, '\n', &line) || !note_count(line, &c.size))
		return E_BAD;
	if (!str_cut(&rest, '\n', &line) || !note_hash(line, &c.root))
		return E_BAD;
	while (str_cut(&rest, '\n', &line))
		if (line.n == 0)
			return E_BAD;           /* extension lines are not empty */
	*ret = c;
	return OK;
}

bool note_sig_ok(struct arena *a, const struct note_key *key, struct str body, struct str sig)
{
	struct str head = str_sub(key->pub, 0, sizeof(sm2_head));
	uint64_t when;

	switch (key->type) {
	case NOTE_ED25519:
		return sign_check(SIGN_ED25519, key->pub, body, sig);
	case NOTE_COSIGN_ED25519:
		return cosign_check(a, key, body, sig, &when);
	case NOTE_OTHER:
		return str_eq(head, (struct str){ (const char *)sm2_head, sizeof(sm2_head) }) &&
		       sign_check(SIGN_SM2, str_sub(key->pub, head.n, key->pub.n), body, sig);
	default:
		return false;
	}
}

bool note_line_of(const struct note_sig *line, const struct note_key *key)
{
	return str_eq(line->name, key->name) && memcmp(line->id, key->id, KEY_ID) == 0;
}

enum err checkpoint_open(struct arena *a, struct str note, const struct note_key *key, struct checkpoint *ret)
{
	struct note_sig sig[NOTE_MAX_SIGS];
	struct str body;
	size_t n;
	enum err e = note_open(a, note, &body, sig, &n);

	if (e)
		return e;
	for (size_t i = 0; i < n; i++)
		if (note_line_of(&sig[i], key) && note_sig_ok(a, key, body, sig[i].sig))
			return checkpoint_get(a, body, ret);
	return E_CORRUPT;
}

/* ---- receipts ---- */

struct str proof_str(struct arena *a, const struct tlog_proof *p)
{
	struct buf b = buf_in(a, 512 + p->checkpoint.n + BASE64_LEN(p->extra.n) + p->n_path * (BASE64_LEN(HASH_LEN) + 1));

	buf_fmt(&b, "%s\n", proof_head);
	if (p->extra.n) {
		buf_z(&b, "extra ");
		buf_add(&b, base64_str(a, p->extra.p, p->extra.n));
		buf_char(&b, '\n');
	}
	buf_fmt(&b, "index %llu\n", (unsigned long long)p->index);
	for (size_t i = 0; i < p->n_path; i++) {
		char line[BASE64_LEN(HASH_LEN) + 1];
		size_t n = base64_put(p->path[i].b, HASH_LEN, line);

		line[n] = '\n';
		buf_add(&b, (struct str){ line, n + 1 });
	}
	buf_char(&b, '\n');
	buf_add(&b, p->checkpoint);
	return buf_str(&b);
}

enum err proof_get(struct arena *a, struct str text, struct tlog_proof *ret)
{
	struct tlog_proof *p = TAKE(a, struct tlog_proof, 1);
	struct str line;

	if (!str_cut(&text, '\n', &line) || !str_is(line, proof_head) || !str_cut(&text, '\n', &line))
		return E_BAD;
	if (str_starts(line, "extra ")) {
		if (!decode(a, str_sub(line, 6, line.n), &p->extra) || !str_cut(&text, '\n', &line))
			return E_BAD;
	}
	if (!str_starts(line, "index ") || !note_count(str_sub(line, 6, line.n), &p->index))
		return E_BAD;
	while (str_cut(&text, '\n', &line) && line.n)
		if (p->n_path == MERKLE_MAX_PROOF || !note_hash(line, &p->path[p->n_path++]))
			return E_BAD;
	/* Without a blank line the text has run out. */
	if (text.n == 0 || text.n > NOTE_MAX || text.p[text.n - 1] != '\n')
		return E_BAD;
	p->checkpoint = text;
	*ret = *p;
	return OK;
}
