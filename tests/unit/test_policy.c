/* tests/unit/test_policy.c - trust policies (C2SP tlog-policy): what is read, what is refused, which checkpoints satisfy them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "merkle/policy.h"

/* A to E: verifier keys of five witnesses, L and M: of two logs, N: of a log with the public key of L. Made from seeds 1.. below. */
enum { KEYS = 7 };
struct party { struct sign_key *key; unsigned char pub[65], id[4]; const char *name; struct str vkey; bool log; };

struct world { struct arena a; struct party p[KEYS]; };

static void world_open(struct world *w)
{
	static const char *const names[KEYS] = { "a.example", "b.example", "c.example", "d.example", "e.example", "log.example/1", "log.example/2" };

	arena_init(&w->a, (size_t)64 << 20, NULL);
	for (int i = 0; i < KEYS; i++) {
		struct party *p = &w->p[i];
		unsigned char seed[SEED_LEN];
		unsigned char type = i < 5 ? NOTE_COSIGN_ED25519 : NOTE_ED25519;
		size_t n;

		memset(seed, i + 1, sizeof(seed));
		assert_int_equal(sign_key_from_seed(SIGN_ED25519, seed, &p->key), OK);
		assert_int_equal(sign_public(p->key, p->pub, &n), OK);
		p->name = names[i];
		p->log = i >= 5;
		note_key_id(str_of(p->name), type, (struct str){ (const char *)p->pub, n }, p->id);
		p->vkey = vkey_str(&w->a, str_of(p->name), type, (struct str){ (const char *)p->pub, n });
	}
}

static void world_close(struct world *w)
{
	for (int i = 0; i < KEYS; i++)
		sign_key_free(w->p[i].key);
	arena_end(&w->a);
}

/* "$A" in a text becomes that key: A to E witnesses, L and M logs. */
static struct str filled(struct world *w, const char *text)
{
	struct buf b = buf_in(&w->a, 1024);

	for (; *text; text++)
		if (*text == '$' && text[1]) {
			text++;
			buf_add(&b, w->p[*text == 'L' ? 5 : *text == 'M' ? 6 : *text - 'A'].vkey);
		} else {
			buf_char(&b, *text);
		}
	return buf_str(&b);
}

/* line 0: accepted; else the line that is complained of. */
static const struct { const char *text; size_t line; } syntax[] = {
	{ "quorum none\n", 0 },
	{ "\n\t \n# log nonsense\n  # more\nquorum none\n", 0 },
	{ "log $L\nquorum none\n", 0 },
	{ "  log\t$L  https://log.example/  \nquorum none\n", 0 },
	{ "log $L\nlog $M\nwitness a $A\nquorum a\n", 0 },
	{ "witness a $A https://a.example/\nwitness b $B\ngroup g all a b\nquorum g\n", 0 },
	{ "witness a $A\nwitness b $B\nwitness c $C\ngroup g 2 a b c\ngroup h any g\nquorum h\n", 0 },
	{ "witness a $A\nquorum none\nwitness b $B\n", 0 },
	{ "witness \xe7\x94\xb2 $A\nquorum \xe7\x94\xb2\n", 0 },
	{ "witness \xff $A\nquorum \xff\n", 0 },
	{ "witness all $A\ngroup any all all\nquorum any\n", 0 },
	{ "", 0xff }, { "log $L\n", 1 }, { "quorum none", 0xff },
	{ "quorum\n", 1 }, { "quorum none none\n", 1 }, { "quorum a\n", 1 }, { "quorum none\nquorum none\n", 2 },
	{ "quorum a\nwitness a $A\n", 1 },
	{ "log\nquorum none\n", 1 }, { "log $L x y\nquorum none\n", 1 }, { "log nonsense\nquorum none\n", 1 }, { "log $A\nquorum none\n", 1 },
	{ "log $L\nlog $L\nquorum none\n", 2 },
	{ "witness a\nquorum none\n", 1 }, { "witness a $A u v\nquorum none\n", 1 }, { "witness a x\nquorum none\n", 1 }, { "witness a $L\nquorum none\n", 1 },
	{ "witness none $A\nquorum none\n", 1 }, { "witness a $A\nwitness a $B\nquorum none\n", 2 }, { "witness a $A\nwitness b $A\nquorum none\n", 2 },
	{ "group g all\nquorum none\n", 1 }, { "witness a $A\ngroup a all a\nquorum a\n", 2 }, { "witness a $A\ngroup none all a\nquorum none\n", 2 },
	{ "witness a $A\ngroup g 0 a\nquorum g\n", 2 }, { "witness a $A\ngroup g 2 a\nquorum g\n", 2 }, { "witness a $A\ngroup g 01 a\nquorum g\n", 2 },
	{ "witness a $A\ngroup g +1 a\nquorum g\n", 2 }, { "witness a $A\ngroup g -1 a\nquorum g\n", 2 }, { "witness a $A\ngroup g ALL a\nquorum g\n", 2 },
	{ "witness a $A\ngroup g 18446744073709551617 a\nquorum g\n", 2 },
	{ "witness a $A\ngroup g any a a\nquorum g\n", 2 }, { "witness a $A\ngroup g any g\nquorum g\n", 2 }, { "witness a $A\ngroup g any b\nwitness b $B\nquorum g\n", 2 },
	{ "witness a $A\ngroup g any a\ngroup h any a\nquorum h\n", 3 }, { "witness a $A\ngroup g any none\nquorum g\n", 2 },
	{ "Log $L\nquorum none\n", 1 }, { "witnesses a $A\nquorum none\n", 1 }, { "x\nquorum none\n", 1 },
	{ "quorum none\r\n", 1 }, { "quorum\x0bnone\n", 1 }, { "# a\x7f\nquorum none\n", 1 }, { "# a\x01\nquorum none\n", 1 },
};

static void written(void **state)
{
	struct world w;

	(void)state;
	world_open(&w);
	for (size_t i = 0; i < ROWS(syntax); i++) {
		const struct policy *p = NULL;
		struct policy_trouble t = { 0 };
		enum err e = policy_get(&w.a, filled(&w, syntax[i].text), &p, &t);

		if (e != (syntax[i].line ? E_BAD : OK))
			fail_msg("row %zu: %d", i, e);
		if (e && (!t.zh || !t.en || (syntax[i].line != 0xff && t.line != syntax[i].line)))
			fail_msg("row %zu: line %zu", i, t.line);
		if (e && p)
			fail_msg("row %zu: an output was touched", i);
	}
	world_close(&w);
}

static void limits(void **state)
{
	const struct policy *p;
	struct policy_trouble t;
	struct world w;
	struct buf b;

	(void)state;
	world_open(&w);
	b = buf_in(&w.a, 1024);
	buf_add(&b, filled(&w, "witness w0 $A\n"));
	for (int i = 1; i < POLICY_NAMES; i++)                  /* a chain of groups as deep as names allow */
		buf_fmt(&b, "group w%d any w%d\n", i, i - 1);
	buf_fmt(&b, "quorum w%d\n", POLICY_NAMES - 1);
	assert_int_equal(policy_get(&w.a, buf_str(&b), &p, &t), OK);
	buf_fmt(&b, "group x any w%d\n", POLICY_NAMES - 1);
	assert_int_equal(policy_get(&w.a, buf_str(&b), &p, &t), E_BAD);
	b = buf_in(&w.a, 1024);
	buf_z(&b, "group g any");
	for (int i = 0; i < 4 * POLICY_NAMES; i++)
		buf_z(&b, " a");
	buf_z(&b, "\nquorum none\n");
	assert_int_equal(policy_get(&w.a, buf_str(&b), &p, &t), E_BAD);
	b = buf_in(&w.a, POLICY_MAX + 100);
	for (int i = 0; i <= POLICY_MAX; i++)
		buf_char(&b, '\n');
	buf_z(&b, "quorum none\n");
	assert_int_equal(policy_get(&w.a, buf_str(&b), &p, &t), E_BAD);
	world_close(&w);
}

/* who: letters of those who signed; lower case: signed another text; '!': the same line twice. */
static struct str signed_by(struct world *w, const char *origin, const char *who)
{
	struct hash root = hash_of(HASH_SHA256, S("root"));
	struct str body = checkpoint_text(&w->a, str_of(origin), 70, &root), other = checkpoint_text(&w->a, str_of(origin), 71, &root), line = S("");
	struct buf b = buf_in(&w->a, 1024);

	buf_add(&b, body);
	buf_char(&b, '\n');
	for (; *who; who++) {
		bool wrong = *who >= 'a' && *who <= 'z';
		char c = ascii_upper(*who);
		const struct party *p = &w->p[c == 'L' ? 5 : c == 'M' ? 6 : c == '!' ? 0 : c - 'A'];
		unsigned char sig[COSIG_LEN];

		if (c != '!' && p->log)
			assert_int_equal(sign_make(p->key, wrong ? other : body, sig), OK);
		else if (c != '!')
			assert_int_equal(cosign_make(p->key, &w->a, 1000 + (uint64_t)c, wrong ? other : body, sig), OK);
		if (c != '!')
			line = note_sign_line(&w->a, str_of(p->name), p->id, (struct str){ (const char *)sig, p->log ? SIG_LEN : COSIG_LEN });
		buf_add(&b, line);
	}
	return buf_str(&b);
}

static void judged(void **state)
{
	static const char two[] = "log $L\nwitness a $A\nwitness b $B\nwitness c $C\nwitness d $D\nwitness e $E\n"
	                          "group x 2 a b c\ngroup y any d e\ngroup both all x y\nquorum both\n";
	static const char none[] = "log $L\nlog $M\nwitness a $A\nquorum none\n";
	static const char one[] = "witness a $A\nquorum a\n";
	static const struct { const char *policy, *origin, *who; char key; enum err e; size_t witnesses; uint64_t newest; } rows[] = {
		{ two, "log.example/1", "LABD", 0, OK, 3, 1068 }, { two, "log.example/1", "DBAL", 0, OK, 3, 1068 }, { two, "log.example/1", "LABCDE", 0, OK, 5, 1069 },
		{ two, "log.example/1", "LAB", 0, E_STATE, 2, 1066 }, { two, "log.example/1", "LADE", 0, E_STATE, 3, 1069 }, { two, "log.example/1", "L", 0, E_STATE, 0, 0 },
		{ two, "log.example/1", "LA!D", 0, E_STATE, 2, 1068 }, { two, "log.example/1", "LaBD", 0, E_STATE, 2, 1068 }, { two, "log.example/1", "aALBD", 0, OK, 3, 1068 },
		{ two, "log.example/1", "ABD", 0, E_CORRUPT, 0, 0 }, { two, "log.example/1", "lABD", 0, E_CORRUPT, 0, 0 }, { two, "log.example/1", "MABD", 0, E_CORRUPT, 0, 0 },
		{ two, "log.example/2", "LABD", 0, E_CORRUPT, 0, 0 },      /* a key speaks for the log of its name */
		{ none, "log.example/1", "L", 0, OK, 0, 0 }, { none, "log.example/2", "M", 0, OK, 0, 0 }, { none, "log.example/2", "L", 0, E_CORRUPT, 0, 0 },
		{ none, "log.example/1", "LB", 0, OK, 0, 0 }, { none, "log.example/1", "LA", 0, OK, 1, 1065 },
		{ none, "log.example/1", "L", 'L', OK, 0, 0 }, { none, "log.example/1", "L", 'M', E_CORRUPT, 0, 0 },
		{ one, "log.example/1", "LA", 'L', OK, 1, 1065 }, { one, "log.example/1", "A", 'L', E_CORRUPT, 0, 0 }, { one, "log.example/1", "LA", 0, E_CORRUPT, 0, 0 },
		{ one, "log.example/1", "LB", 'L', E_STATE, 0, 0 },
	};
	struct world w;

	(void)state;
	world_open(&w);
	for (size_t i = 0; i < ROWS(rows); i++) {
		const struct policy *p;
		struct policy_trouble t;
		struct policy_found f = { 0 };
		struct checkpoint c;
		struct note_key k;
		enum err e;

		assert_int_equal(policy_get(&w.a, filled(&w, rows[i].policy), &p, &t), OK);
		assert_int_equal(vkey_get(&w.a, filled(&w, rows[i].key == 'M' ? "$M" : "$L"), &k), OK);
		e = policy_check(&w.a, p, rows[i].key ? &k : NULL, signed_by(&w, rows[i].origin, rows[i].who), &c, &f);
		if (e != rows[i].e || f.witnesses != rows[i].witnesses || f.newest != rows[i].newest || f.quorum != (e == OK))
			fail_msg("row %zu: %d, %zu witnesses, newest %llu", i, e, f.witnesses, (unsigned long long)f.newest);
		if (e == OK && (c.size != 70 || !f.log || !str_eq(f.log->name, c.origin)))
			fail_msg("row %zu: not the log that signed", i);
	}
	world_close(&w);
}

/* Texts of the right words in a wrong order, and with a byte changed: read or refused, never more. */
static void hostile(void **state)
{
	static const char *const words[] = { "log ", "witness ", "group ", "quorum ", "none", "all ", "any ", "2 ", "a ", "b ", "$A ", "$L ", "\n", "\n", "\t", "#", "old ", "7\n",
		"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n", "\n\n", "\xe2\x80\x94 ", "log.example/1 ", "AAAAAAE=\n", "c2sp.org/tlog-proof@v1\n", "index 3\n", "extra " };
	uint64_t dice = 88172645463325252ULL;
	size_t read[3] = { 0 };
	struct world w;

	(void)state;
	for (int turn = 0; turn < 20000; turn++) {
		struct policy_trouble t;
		const struct policy *p;
		struct add_checkpoint r;
		struct tlog_proof proof;
		struct buf b;
		struct str text;

		if (turn % 200 == 0)
			world_open(&w);
		b = buf_in(&w.a, 256);
		if (turn % 3)
			buf_z(&b, turn % 3 == 1 ? "old 3\n" : "c2sp.org/tlog-proof@v1\nindex 3\n");
		for (int i = 0; i < 12; i++) {
			dice ^= dice << 13, dice ^= dice >> 7, dice ^= dice << 17;
			buf_add(&b, filled(&w, words[dice % ROWS(words)]));
		}
		if (dice >> 40 & 1 && b.n)
			b.p[(dice >> 20) % b.n] = (char)(dice >> 50);
		buf_z(&b, "\nquorum none\n");
		text = str_copy(&w.a, buf_str(&b));
		read[0] += policy_get(&w.a, text, &p, &t) == OK;
		read[1] += add_checkpoint_get(&w.a, text, &r) == OK;
		read[2] += proof_get(&w.a, text, &proof) == OK;
		if (turn % 200 == 199)
			world_close(&w);
	}
	assert_true(read[1] > 100 && read[2] > 100);    /* some of it is well-formed, or the dice are loaded */
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(written), cmocka_unit_test(limits), cmocka_unit_test(judged), cmocka_unit_test(hostile) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
