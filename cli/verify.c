/* cli/verify.c - `suyuan verify`: of a home, of anybody's log, of a receipt, of a package. Exit 0 ok, 1 bad, 2 undecided.
 *
 * What is handed over is trusted in nothing: only the keys the caller names decide. Formats: docs/formats/log.md; use: docs/verify.md.
 */
#include <sys/stat.h>

#include "base/sys.h"
#include "cli/verify.h"

enum { ARENA_MAX = 256 << 20 };

/* Exit 0 ok, 1 bad, 2 undecided (the home could not be read). */
static int verify_home(const struct cli *c)
{
	struct kernel *k;
	struct arena a;
	struct verify_report r;
	struct progress p = cli_progress(c);
	char why[300];
	struct kernel_setup s = c->setup;
	enum err e;

	s.writing = false;
	e = kernel_open(&s, &k, why);
	if (e) {
		fprintf(stderr, "suyuan: %s\n", why);
		return e == E_CORRUPT ? 1 : 2;
	}
	arena_init(&a, 1 << 20, NULL);
	e = c->log_alone ? kernel_verify_log(k, &a, &p, &r) : kernel_verify(k, &a, &p, &r);
	if (c->json)
		printf("{\"ok\":%s,\"entries\":%llu,\"records\":%llu,\"tiles\":%llu}\n", e ? "false" : "true", (unsigned long long)r.entries,
		       (unsigned long long)r.records, (unsigned long long)r.tiles);
	else if (!e)
		printf("通过：%llu 条日志、%llu 条记录与签名一致 / ok\n", (unsigned long long)r.entries, (unsigned long long)r.records);
	if (e)
		fprintf(stderr, "suyuan: 核验未通过 / verification failed: %.*s\n", STR_ARG(r.problem.n ? r.problem : str_of(err_en(e))));
	arena_end(&a);
	kernel_close(k);
	return e == OK ? 0 : e == E_CORRUPT ? 1 : 2;
}

/* ---- verdicts ---- */

int verify_say(struct verify_ask *q, int code, const char *zh, const char *en)
{
	FILE *to = code ? stderr : stdout;
	static const char *const head[] = { "", "核验未通过：", "不能判定：" }, *const head_en[] = { "", "verification failed: ", "undecided: " };

	if (code || !q->c->json)
		fprintf(to, "%s%s%s / %s%s\n", code ? "suyuan: " : "", head[code], zh, head_en[code], en);
	if (q->c->json) {
		put_bool(q->a, q->out, "ok", code == VERIFY_OK);
		put_bool(q->a, q->out, "decided", code != VERIFY_UNDECIDED);
		put_z(q->a, q->out, "zh", zh);
		put_z(q->a, q->out, "en", en);
		printf("%.*s\n", STR_ARG(json_str(q->a, q->out)));
	}
	return code;
}

int verify_err(struct verify_ask *q, enum err e, const char *zh, const char *en)
{
	bool bad = e == E_CORRUPT || e == E_CLASH || e == E_STATE || e == E_BAD;

	return verify_say(q, e == OK ? VERIFY_OK : bad ? VERIFY_BAD : VERIFY_UNDECIDED, zh ? zh : err_zh(e), en ? en : err_en(e));
}

struct str verify_plain(struct arena *a, struct str s)
{
	struct buf b = buf_in(a, s.n + 16);

	for (size_t at = 0; at < s.n;) {
		size_t from = at;
		int32_t c = utf8_next(s, &at);

		if (at == from)
			at++;                   /* ill-formed: one byte */
		if (c < ' ' || (c >= 0x7f && c < 0xa0) || c == 0x2028 || c == 0x2029 || (c >= 0x202a && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069))
			buf_char(&b, '?');
		else
			buf_add(&b, str_sub(s, from, at - from));
	}
	return buf_str(&b);
}

enum err verify_note(struct verify_ask *q, struct str note, struct checkpoint *ret, struct policy_found *found)
{
	struct checkpoint c;
	enum err e;

	*found = (struct policy_found){ 0 };
	if (q->policy)
		return policy_check(q->a, q->policy, q->have_key ? &q->key : NULL, note, ret, found);
	e = checkpoint_open(q->a, note, &q->key, &c);
	if (!e && !str_eq(c.origin, q->key.name))
		e = E_CORRUPT;                  /* a key speaks for the log of its own name */
	if (!e) {
		*ret = c;
		found->log = &q->key;
		found->quorum = true;
	}
	return e;
}

/* ---- what was asked ---- */

/* A verifier key as text, or a file that holds it. */
static enum err read_key(struct verify_ask *q)
{
	struct str text = str_of(q->vkey);

	q->have_key = vkey_get(q->a, text, &q->key) == OK;
	if (!q->have_key && file_read(q->a, q->vkey, 4096, &text) == OK)
		q->have_key = vkey_get(q->a, str_trim(text), &q->key) == OK;
	return q->have_key ? OK : E_BAD;
}

static int read_policy(struct verify_ask *q)
{
	struct policy_trouble t;
	struct str text;
	enum err e = file_read(q->a, q->policy_file, POLICY_MAX, &text);

	if (e)
		return verify_say(q, VERIFY_UNDECIDED, "策略文件读不出", "the policy file cannot be read");
	e = policy_get(q->a, text, &q->policy, &t);
	if (e)
		return verify_say(q, VERIFY_UNDECIDED, str_fmt(q->a, "策略文件第 %zu 行：%s", t.line, t.zh).p,
		                  str_fmt(q->a, "the policy file, line %zu: %s", t.line, t.en).p);
	return VERIFY_OK;
}

static bool read_options(struct verify_ask *q)
{
	const struct { const char *name; const char **to; } known[] = {
		{ "vkey", &q->vkey }, { "policy", &q->policy_file }, { "state", &q->state }, { "watch", &q->watch }, { "stale", &q->stale }, { "entry", &q->entry },
	};

	for (size_t i = 0; i < q->c->n_fields; i++) {
		size_t k = 0;

		while (k < ROWS(known) && strcmp(q->c->field[i].name, known[k].name) != 0)
			k++;
		if (k == ROWS(known))
			return false;
		*known[k].to = q->c->field[i].value;
	}
	return q->c->n <= 2 && !q->monitor == !q->state;
}

static int verify_other(struct verify_ask *q)
{
	struct stat st;
	int code;

	if (!read_options(q))
		return verify_say(q, VERIFY_UNDECIDED, "用法：suyuan verify [地址|目录|凭证|证据包] [--vkey 公钥] [--policy 文件] [--sm3] [--monitor --state 目录] [--watch 值,值] [--stale 分钟]；本目录：suyuan verify --home 目录 [--log]",
		                  "usage: suyuan verify [URL|DIR|RECEIPT|PACKAGE.zip] [--vkey K] [--policy FILE] [--sm3] [--monitor --state DIR] [--watch VALUE,VALUE] [--stale MINUTES]");
	if (q->vkey && read_key(q))
		return verify_say(q, VERIFY_UNDECIDED, "--vkey 不是核验公钥", "--vkey is not a verifier key");
	code = q->policy_file ? read_policy(q) : VERIFY_OK;
	if (code)
		return code;
	if (strstr(q->target, "://"))
		return verify_log(q);
	if (stat(q->target, &st))
		return verify_say(q, VERIFY_UNDECIDED, "没有这个文件或目录", "no such file or directory");
	return S_ISDIR(st.st_mode) ? verify_log(q) : package_like(q->target) ? verify_package(q) : verify_receipt(q);
}

int cli_verify(const struct cli *c)
{
	struct arena a;
	jmp_buf full;
	struct verify_ask q = { .c = c, .a = &a, .target = c->n > 1 ? c->words[1] : NULL, .monitor = c->monitor, .hash = c->sm3 ? HASH_SM3 : HASH_SHA256 };
	volatile int code = VERIFY_UNDECIDED;

	if (!q.target && !c->monitor && !c->n_fields)
		return verify_home(c);
	if (!q.target)
		q.target = "";
	arena_init(&a, ARENA_MAX, &full);
	if (setjmp(full)) {
		cli_say(E_TOO_BIG, NULL);
	} else {
		q.out = node_obj(&a);
		code = verify_other(&q);
	}
	arena_end(&a);
	return code;
}
