/* tests/unit/test_note.c - notes, checkpoints and receipts after C2SP: known ones, round trips, refusals. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "merkle/merkle.h"

/* ---- notes ---- */

static void known_note(void **state)
{
	/* The example of Go's golang.org/x/mod/sumdb/note, and the key of its public log: base 64 with a '+'. */
	static const char key[] = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
	static const char note[] = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n\n"
	                           "\xe2\x80\x94 PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdng"
	                           "otpRZb6KE6RyyBwJnAM=\n";
	static const char sumdb[] = "sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8";
	struct note_sig sigs[NOTE_MAX_SIGS];
	struct note_key k;
	struct str body;
	struct arena a;
	size_t n;

	(void)state;
	arena_init(&a, 1 << 16, NULL);
	assert_int_equal(vkey_get(&a, str_of(sumdb), &k), OK);
	assert_true(str_is(k.name, "sum.golang.org"));
	assert_true(str_is(vkey_str(&a, k.name, k.type, k.pub), sumdb));
	assert_int_equal(vkey_get(&a, str_of(key), &k), OK);
	assert_int_equal(note_open(&a, str_of(note), &body, sigs, &n), OK);
	assert_int_equal(n, 1);
	assert_true(str_is(sigs[0].name, "PeterNeumann"));
	assert_memory_equal(sigs[0].id, k.id, 4);
	assert_true(sign_check(SIGN_ED25519, k.pub, body, sigs[0].sig));
	arena_end(&a);
}

static void bad_keys(void **state)
{
	static const char *const bad[] = {
		"", "PeterNeumann", "PeterNeumann+c74f20a3", "PeterNeumann+c74f20a3+", "+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
		"PeterNeumann+c74f20a4+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
		"PeterNeumanm+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
		"PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10T",
		"PeterNeumann+c74f20a+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW", "a b+c74f20a3+AQ==",
	};
	static const struct { const char *name; bool ok; } names[] = {
		{ "suyuan.example/log/2026", true }, { "溯源", true }, { "", false }, { "a b", false }, { "a+b", false }, { "a\tb", false },
		{ "a\xe3\x80\x80" "b", false }, { "a\xc2\xa0", false }, { "\xff", false }, { "a\x7f", false },
	};
	struct note_key k;
	struct arena a;

	(void)state;
	arena_init(&a, 1 << 16, NULL);
	for (size_t i = 0; i < ROWS(bad); i++)
		if (vkey_get(&a, str_of(bad[i]), &k) != E_BAD)
			fail_msg("taken: %s", bad[i]);
	for (size_t i = 0; i < ROWS(names); i++)
		if (note_name_ok(str_of(names[i].name)) != names[i].ok)
			fail_msg("name: %s", names[i].name);
	arena_end(&a);
}

#define SIG "\xe2\x80\x94 log AAAAAAE=\n"
#define ROOT "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n"

static void note_shapes(void **state)
{
	static const struct { const char *note; size_t sigs; } rows[] = {
		{ "text\n\n" SIG, 1 }, { "text\n\n" SIG SIG SIG, 3 }, { "a\n\nb\n\n" SIG, 1 },
		{ "", 0 }, { "\n", 0 }, { "\n\n", 0 }, { "text\n", 0 }, { "text\n\n", 0 }, { "text\n" SIG, 0 },
		{ "text\n\n- log AAAAAAE=\n", 0 }, { "text\n\n\xe2\x80\x94log AAAAAAE=\n", 0 }, { "text\n\n\xe2\x80\x94 log\n", 0 },
		{ "text\n\n\xe2\x80\x94 a b AAAAAAE=\n", 0 }, { "text\n\n\xe2\x80\x94 a+b AAAAAAE=\n", 0 }, { "text\n\n\xe2\x80\x94  AAAAAAE=\n", 0 },
		{ "text\n\n\xe2\x80\x94 log AAAAAAE=", 0 }, { "text\n\n\xe2\x80\x94 log AAAAAAE\n", 0 }, { "text\n\n\xe2\x80\x94 log AAAA*AE=\n", 0 },
		{ "text\n\n\xe2\x80\x94 log AAAAAAF=\n", 0 }, { "text\n\n\xe2\x80\x94 log AAAAAA==\n", 0 }, { "text\n\n\xe2\x80\x94 log AAAAAAE= \n", 0 },
		{ "te\rxt\n\n" SIG, 0 }, { "text\r\n\r\n" SIG, 0 }, { "te\txt\n\n" SIG, 0 }, { "te\x01xt\n\n" SIG, 0 }, { "te\xffxt\n\n" SIG, 0 },
		{ "text\n\n" SIG "\n", 0 }, { "text\n\n" SIG "text\n", 0 },
	};
	struct arena a;

	(void)state;
	arena_init(&a, 1 << 20, NULL);
	for (size_t i = 0; i < ROWS(rows); i++) {
		struct note_sig sigs[NOTE_MAX_SIGS];
		struct str body;
		size_t n = 0;
		enum err e = note_open(&a, str_of(rows[i].note), &body, sigs, &n);

		if (e != (rows[i].sigs ? OK : E_BAD) || n != rows[i].sigs)
			fail_msg("row %zu: %s", i, rows[i].note);
	}
	arena_end(&a);
}

static void note_limits(void **state)
{
	struct note_sig sigs[NOTE_MAX_SIGS];
	struct arena a;
	struct str body;
	struct buf b;
	size_t n;

	(void)state;
	arena_init(&a, 1 << 20, NULL);
	b = buf_in(&a, 0);
	buf_z(&b, "text\n\n");
	for (size_t i = 0; i < NOTE_MAX_SIGS; i++)
		buf_z(&b, SIG);
	assert_int_equal(note_open(&a, buf_str(&b), &body, sigs, &n), OK);
	assert_int_equal(n, NOTE_MAX_SIGS);
	buf_z(&b, SIG);
	assert_int_equal(note_open(&a, buf_str(&b), &body, sigs, &n), E_BAD);
	b = buf_in(&a, 0);
	for (size_t i = 0; i < NOTE_MAX - strlen("\n\n" SIG); i++)
		buf_char(&b, 'x');
	buf_z(&b, "\n\n" SIG);
	assert_int_equal(note_open(&a, buf_str(&b), &body, sigs, &n), OK);
	assert_int_equal(note_open(&a, str_join(&a, S("x"), buf_str(&b)), &body, sigs, &n), E_BAD);
	assert_int_equal(note_open(&a, str_join(&a, S("x\0"), S("\n\n" SIG)), &body, sigs, &n), E_BAD);
	arena_end(&a);
}

static void checkpoint_shapes(void **state)
{
	static const struct { const char *body; bool ok; } rows[] = {
		{ "o\n7\n" ROOT, true }, { "o\n0\n" ROOT, true }, { "o\n7\n" ROOT "extension 1\nextension 2\n", true },
		{ "o\n9223372036854775807\n" ROOT, true }, { "o\n9223372036854775808\n" ROOT, false },
		{ "", false }, { "\n7\n" ROOT, false }, { "o\n07\n" ROOT, false }, { "o\n00\n" ROOT, false }, { "o\n-7\n" ROOT, false },
		{ "o\n+7\n" ROOT, false }, { "o\n\n" ROOT, false }, { "o\n7 \n" ROOT, false }, { "o\n7\n", false }, { "o\n7\nAAAA\n", false },
		{ "o\n7\n" ROOT "\n", false }, { "o\n7\n" ROOT "x\n\ny\n", false }, { "o\n7\n" ROOT "x", false }, { "o\r\n7\n" ROOT, false },
		{ "o\n7\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAB=\n", false },
	};
	struct arena a;

	(void)state;
	arena_init(&a, 1 << 16, NULL);
	for (size_t i = 0; i < ROWS(rows); i++) {
		struct checkpoint c;

		if ((checkpoint_get(&a, str_of(rows[i].body), &c) == OK) != rows[i].ok)
			fail_msg("row %zu: %s", i, rows[i].body);
	}
	arena_end(&a);
}

struct signer {
	struct sign_key *key;
	struct note_key v;
};

static struct signer signer_of(struct arena *a, const char *name, unsigned char type, unsigned char first)
{
	static const unsigned char spki[] = { /* GB/T 32918 point as SubjectPublicKeyInfo, after the long type's name */
		'P', 'K', 'I', 'X', '-', 'S', 'M', '2', '-', 'S', 'M', '3', 0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d,
		0x02, 0x01, 0x06, 0x08, 0x2a, 0x81, 0x1c, 0xcf, 0x55, 0x01, 0x82, 0x2d, 0x03, 0x42, 0x00 };
	unsigned char seed[SEED_LEN] = { 0x11, first }, pub[65];
	struct signer s;
	struct str raw;
	size_t n;

	assert_int_equal(sign_key_from_seed(type == NOTE_OTHER ? SIGN_SM2 : SIGN_ED25519, seed, &s.key), OK);
	assert_int_equal(sign_public(s.key, pub, &n), OK);
	raw = str_copy(a, (struct str){ (const char *)pub, n });
	if (type == NOTE_OTHER)
		raw = str_join(a, (struct str){ (const char *)spki, sizeof(spki) }, raw);
	assert_int_equal(vkey_get(a, vkey_str(a, str_of(name), type, raw), &s.v), OK);
	return s;
}

static struct str line_by(struct arena *a, const struct signer *s, struct str body)
{
	unsigned char sig[SIG_LEN], both[8 + SIG_LEN];
	struct str said = body;

	if (s->v.type == NOTE_COSIGN_ED25519)
		said = str_fmt(a, "cosignature/v1\ntime 1795343400\n%.*s", STR_ARG(body));
	assert_int_equal(sign_make(s->key, said, sig), OK);
	if (s->v.type != NOTE_COSIGN_ED25519)
		return note_sign_line(a, s->v.name, s->v.id, (struct str){ (const char *)sig, SIG_LEN });
	be_put(1795343400, both, 8);
	memcpy(both + 8, sig, SIG_LEN);
	return note_sign_line(a, s->v.name, s->v.id, (struct str){ (const char *)both, sizeof(both) });
}

static void checkpoint_trip(void **state)
{
	struct signer s[4];
	struct checkpoint c;
	struct hash root = hash_of(HASH_SHA256, S("root"));
	struct str body, note, bad;
	struct arena a;

	(void)state;
	arena_init(&a, 1 << 20, NULL);
	s[0] = signer_of(&a, "log.example/2026", NOTE_ED25519, 1);
	s[1] = signer_of(&a, "log.example/2026", NOTE_OTHER, 2);
	s[2] = signer_of(&a, "witness.example", NOTE_COSIGN_ED25519, 3);
	s[3] = signer_of(&a, "stranger.example", NOTE_ED25519, 4);
	body = checkpoint_text(&a, S("log.example/2026"), 70000, &root);
	note = str_join(&a, body, S("\n"));
	note = str_join(&a, note, S("\xe2\x80\x94 nobody.example AAAAAAE=\n"));
	for (size_t i = 0; i < 3; i++)
		note = str_join(&a, note, line_by(&a, &s[i], body));
	for (size_t i = 0; i < 3; i++) {
		memset(&c, 0, sizeof(c));
		assert_int_equal(checkpoint_open(&a, note, &s[i].v, &c), OK);
		assert_true(str_is(c.origin, "log.example/2026") && c.size == 70000 && str_eq(c.text, body));
		assert_memory_equal(&c.root, &root, sizeof(root));
	}
	assert_int_equal(checkpoint_open(&a, note, &s[3].v, &c), E_CORRUPT);
	bad = str_copy(&a, note);
	((char *)(uintptr_t)bad.p)[str_find(bad, '7')] = '8';
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(checkpoint_open(&a, bad, &s[i].v, &c), E_CORRUPT);
	assert_int_equal(checkpoint_open(&a, body, &s[0].v, &c), E_BAD);
	for (size_t i = 0; i < ROWS(s); i++)
		sign_key_free(s[i].key);
	arena_end(&a);
}

/* ---- receipts ---- */

static void receipts(void **state)
{
	struct tlog_proof *p, *q;
	struct arena a;
	struct str text;

	(void)state;
	arena_init(&a, 1 << 20, NULL);
	p = TAKE(&a, struct tlog_proof, 1);
	q = TAKE(&a, struct tlog_proof, 1);
	p->index = 1234067;
	p->checkpoint = S("o\n7\n" ROOT "\n" SIG);
	p->n_path = 1;
	assert_string_equal(str_copy(&a, proof_str(&a, p)).p,
	                    "c2sp.org/tlog-proof@v1\nindex 1234067\n" ROOT "\no\n7\n" ROOT "\n" SIG);
	for (p->n_path = 0; p->n_path <= MERKLE_MAX_PROOF; p->n_path++) {
		p->extra = str_sub(S("\0extra bytes of any kind, which nobody has signed; they may be as long as they like"), 0, p->n_path);
		if (p->n_path)
			p->path[p->n_path - 1].b[0] = (unsigned char)p->n_path;
		text = proof_str(&a, p);
		assert_int_equal(proof_get(&a, text, q), OK);
		assert_true(q->index == p->index && q->n_path == p->n_path && str_eq(q->extra, p->extra));
		assert_true(str_eq(q->checkpoint, p->checkpoint));
		assert_memory_equal(q->path, p->path, p->n_path * sizeof(p->path[0]));
	}
	arena_end(&a);
}

static void bad_receipts(void **state)
{
#define HEAD "c2sp.org/tlog-proof@v1\n"
#define NOTE "o\n7\n" ROOT "\n" SIG
	static const struct { const char *text; bool ok; } rows[] = {
		{ HEAD "index 0\n\n" NOTE, true }, { HEAD "extra AAE=\nindex 0\n" ROOT "\n" NOTE, true },
		{ "", false }, { HEAD, false }, { "c2sp.org/tlog-proof@v2\nindex 0\n\n" NOTE, false }, { HEAD "index 00\n\n" NOTE, false },
		{ HEAD "index 01\n\n" NOTE, false }, { HEAD "index -1\n\n" NOTE, false }, { HEAD "index \n\n" NOTE, false },
		{ HEAD "\n" NOTE, false }, { HEAD "index 0\n" NOTE, false }, { HEAD "index 0\n" ROOT, false }, { HEAD "index 0\n\n", false },
		{ HEAD "extra A\nindex 0\n\n" NOTE, false }, { HEAD "extra AAE=\n\n" NOTE, false }, { HEAD "index 0\nAAAA\n\n" NOTE, false },
		{ HEAD "index 0\n" ROOT ROOT " \n" NOTE, false }, { HEAD "index 0\r\n\r\n" NOTE, false }, { HEAD "index 0\n\no", false },
	};
	struct tlog_proof p;
	struct arena a;
	struct buf b;

	(void)state;
	arena_init(&a, 1 << 20, NULL);
	for (size_t i = 0; i < ROWS(rows); i++)
		if ((proof_get(&a, str_of(rows[i].text), &p) == OK) != rows[i].ok)
			fail_msg("row %zu: %s", i, rows[i].text);
	b = buf_in(&a, 0);
	buf_z(&b, HEAD "index 0\n");
	for (size_t i = 0; i <= MERKLE_MAX_PROOF; i++)
		buf_z(&b, ROOT);
	buf_z(&b, "\n" NOTE);
	assert_int_equal(proof_get(&a, buf_str(&b), &p), E_BAD);
	arena_end(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(known_note), cmocka_unit_test(bad_keys), cmocka_unit_test(note_shapes), cmocka_unit_test(note_limits),
		cmocka_unit_test(checkpoint_shapes), cmocka_unit_test(checkpoint_trip), cmocka_unit_test(receipts),
		cmocka_unit_test(bad_receipts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
