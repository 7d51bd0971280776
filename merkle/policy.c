/* merkle/policy.c - a trust policy (C2SP tlog-policy), read strictly, and whether a checkpoint satisfies it.
 *
 * Pure. Names are opaque bytes; a name can be used only after the line that defines it, so there are no circles and one
 * pass over the lines in their order decides every group. Limits: POLICY_LOGS, POLICY_NAMES, WORDS_MAX a line.
 */
#include "merkle/policy.h"

enum { WORDS_MAX = POLICY_NAMES + 3, NO_ONE = -1 };

struct named {                /* a witness, or a group of what was named before */
	struct str name;
	bool group, taken;        /* taken: member of a group already */
	struct note_key key;
	struct str url;
	size_t need, n;
	const size_t *member;
};

struct log_line { struct note_key key; struct str url; };

struct policy {
	struct log_line log[POLICY_LOGS];
	struct named named[POLICY_NAMES];
	size_t n_logs, n_named, n_witnesses;
	size_t witness[POLICY_NAMES];     /* indices of named */
	int quorum;               /* index of named, NO_ONE: `quorum none` */
	bool decided;             /* there was a quorum line */
};

struct reading {
	struct arena *a;
	struct policy *p;
	struct policy_trouble *trouble;
	size_t line;
};

static enum err wrong(struct reading *r, const char *zh, const char *en)
{
	*r->trouble = (struct policy_trouble){ r->line, zh, en };
	return E_BAD;
}

static bool blank(char c) { return c == ' ' || c == '\t'; }

/* Words between spaces and tabs; more than WORDS_MAX are counted, not kept. */
static size_t words(struct str line, struct str w[WORDS_MAX])
{
	size_t n = 0;

	for (size_t i = 0; i < line.n;) {
		size_t from;

		for (; i < line.n && blank(line.p[i]); i++)
			;
		for (from = i; i < line.n && !blank(line.p[i]); i++)
			;
		if (i > from && n++ < WORDS_MAX)
			w[n - 1] = str_sub(line, from, i - from);
	}
	return n;
}

static int find(const struct policy *p, struct str name)
{
	for (size_t i = 0; i < p->n_named; i++)
		if (str_eq(p->named[i].name, name))
			return (int)i;
	return NO_ONE;
}

static bool same_key(const struct note_key *x, const struct note_key *y) { return str_eq(x->pub, y->pub); }

/* ---- lines ---- */

static enum err read_log(struct reading *r, const struct str *w, size_t n)
{
	struct policy *p = r->p;
	struct note_key k;

	if (n != 2 && n != 3)
		return wrong(r, "log 行应为：log 公钥 [地址]", "a log line is: log VKEY [URL]");
	if (vkey_get(r->a, w[1], &k))
		return wrong(r, "公钥写法不对", "not a verifier key");
	if (k.type == NOTE_COSIGN_ED25519)
		return wrong(r, "这是见证方的公钥，不是日志的", "a key of a witness, not of a log");
	if (p->n_logs == POLICY_LOGS)
		return wrong(r, "日志过多", "too many logs");
	for (size_t i = 0; i < p->n_logs; i++)
		if (same_key(&p->log[i].key, &k))
			return wrong(r, "同一公钥的日志出现两次", "the same log key twice");
	p->log[p->n_logs++] = (struct log_line){ k, n == 3 ? w[2] : S("") };
	return OK;
}

static enum err new_name(struct reading *r, struct str name, struct named **ret)
{
	if (str_is(name, "none"))
		return wrong(r, "none 不能用作名称", "none is no name");
	if (find(r->p, name) != NO_ONE)
		return wrong(r, "名称重复", "the name is taken");
	if (r->p->n_named == POLICY_NAMES)
		return wrong(r, "见证方和组过多", "too many witnesses and groups");
	*ret = &r->p->named[r->p->n_named];
	(*ret)->name = name;
	return OK;
}

static enum err read_witness(struct reading *r, const struct str *w, size_t n)
{
	struct policy *p = r->p;
	struct named *x;
	enum err e;

	if (n != 3 && n != 4)
		return wrong(r, "witness 行应为：witness 名称 公钥 [地址]", "a witness line is: witness NAME VKEY [URL]");
	e = new_name(r, w[1], &x);
	if (e)
		return e;
	if (vkey_get(r->a, w[2], &x->key))
		return wrong(r, "公钥写法不对", "not a verifier key");
	if (x->key.type == NOTE_ED25519)
		return wrong(r, "这是日志的公钥，不是见证方的", "a key of a log, not of a witness");
	for (size_t i = 0; i < p->n_witnesses; i++)
		if (same_key(&p->named[p->witness[i]].key, &x->key))
			return wrong(r, "同一公钥的见证方出现两次", "the same witness key twice");
	x->url = n == 4 ? w[3] : S("");
	p->witness[p->n_witnesses++] = p->n_named++;
	return OK;
}

static bool threshold(struct str s, size_t n, size_t *ret)
{
	uint64_t k = str_is(s, "all") ? n : 1;

	if (!str_is(s, "all") && !str_is(s, "any") && !note_count(s, &k))
		return false;
	*ret = (size_t)k;
	return k >= 1 && k <= n;
}

static enum err read_group(struct reading *r, const struct str *w, size_t n)
{
	struct policy *p = r->p;
	size_t *member;
	struct named *x;
	enum err e;

	if (n < 4)
		return wrong(r, "group 行应为：group 名称 all|any|数 成员…", "a group line is: group NAME all|any|K MEMBER...");
	e = new_name(r, w[1], &x);
	if (e)
		return e;
	if (!threshold(w[2], n - 3, &x->need))
		return wrong(r, "数应在1与成员数之间", "the number must be from 1 to the number of members");
	member = TAKE(r->a, size_t, n - 3);
	for (size_t i = 3; i < n; i++) {
		int at = find(p, w[i]);

		if (at == NO_ONE)
			return wrong(r, "成员没有在前面定义", "a member that is not defined before");
		if (p->named[at].taken)
			return wrong(r, "一个名称只能属于一个组、一次", "a name can be a member once");
		p->named[at].taken = true;
		member[i - 3] = (size_t)at;
	}
	x->group = true;
	x->member = member;
	x->n = n - 3;
	p->n_named++;
	return OK;
}

static enum err read_quorum(struct reading *r, const struct str *w, size_t n)
{
	if (n != 2)
		return wrong(r, "quorum 行应为：quorum 名称|none", "a quorum line is: quorum NAME|none");
	if (r->p->decided)
		return wrong(r, "quorum 只能有一行", "there is one quorum line");
	r->p->decided = true;
	r->p->quorum = find(r->p, w[1]);
	if (r->p->quorum == NO_ONE && !str_is(w[1], "none"))
		return wrong(r, "名称没有在前面定义", "a name that is not defined before");
	return OK;
}

static enum err read_line(struct reading *r, struct str line)
{
	static const struct {
		const char *word;
		enum err (*read)(struct reading *r, const struct str *w, size_t n);
	} kinds[] = { { "log", read_log }, { "witness", read_witness }, { "group", read_group }, { "quorum", read_quorum } };
	struct str w[WORDS_MAX];
	size_t n = words(line, w);

	for (size_t i = 0; i < line.n; i++)
		if (((unsigned char)line.p[i] < ' ' && line.p[i] != '\t') || line.p[i] == 0x7f)
			return wrong(r, "有不允许的控制字符", "a control character");
	if (n == 0 || w[0].p[0] == '#')
		return OK;
	if (n > WORDS_MAX)
		return wrong(r, "一行过长", "too many words in a line");
	for (size_t i = 0; i < ROWS(kinds); i++)
		if (str_is(w[0], kinds[i].word))
			return kinds[i].read(r, w, n);
	return wrong(r, "应以 log、witness、group 或 quorum 开头", "a line begins with log, witness, group or quorum");
}

enum err policy_get(struct arena *a, struct str text, const struct policy **ret, struct policy_trouble *trouble)
{
	struct reading r = { .a = a, .p = TAKE(a, struct policy, 1), .trouble = trouble };
	struct str line;

	r.p->quorum = NO_ONE;
	if (text.n > POLICY_MAX)
		return wrong(&r, "策略过大", "the policy is too large");
	if (text.n && text.p[text.n - 1] != '\n')
		return wrong(&r, "最后一行没有换行", "the last line has no newline");
	while (str_cut(&text, '\n', &line)) {
		enum err e;

		r.line++;
		e = read_line(&r, line);
		if (e)
			return e;
	}
	if (!r.p->decided)
		return wrong(&r, "缺少 quorum 行", "there is no quorum line");
	*ret = r.p;
	return OK;
}

bool policy_asks(const struct policy *p) { return p->quorum != NO_ONE; }
size_t policy_logs(const struct policy *p) { return p->n_logs; }
size_t policy_witnesses(const struct policy *p) { return p->n_witnesses; }

struct policy_peer policy_log(const struct policy *p, size_t i)
{
	return (struct policy_peer){ p->log[i].key.name, p->log[i].url, &p->log[i].key };
}

struct policy_peer policy_witness(const struct policy *p, size_t i)
{
	const struct named *x = &p->named[p->witness[i]];

	return (struct policy_peer){ x->name, x->url, &x->key };
}

/* ---- judging a checkpoint ---- */

static bool log_signed(struct arena *a, const struct note_key *key, struct str origin, struct str body, const struct note_sig *sig, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (str_eq(key->name, origin) && note_line_of(&sig[i], key) && note_sig_ok(a, key, body, sig[i].sig))
			return true;
	return false;
}

static bool witnessed(struct arena *a, const struct named *x, struct str body, const struct note_sig *sig, size_t n, struct policy_found *f)
{
	uint64_t when;
	bool any = false;

	for (size_t i = 0; i < n; i++)
		if (note_line_of(&sig[i], &x->key) && cosign_check(a, &x->key, body, sig[i].sig, &when)) {
			any = true;
			if (when > f->newest)
				f->newest = when;
		}
	f->witnesses += any;
	return any;
}

static bool quorum(struct arena *a, const struct policy *p, struct str body, const struct note_sig *sig, size_t n, struct policy_found *f)
{
	bool yes[POLICY_NAMES];

	for (size_t i = 0; i < p->n_named; i++) {       /* members stand before their group */
		const struct named *x = &p->named[i];
		size_t have = 0;

		for (size_t j = 0; x->group && j < x->n; j++)
			have += yes[x->member[j]];
		yes[i] = x->group ? have >= x->need : witnessed(a, x, body, sig, n, f);
	}
	return p->quorum == NO_ONE || yes[p->quorum];
}

enum err policy_check(struct arena *a, const struct policy *p, const struct note_key *key, struct str note, struct checkpoint *ret,
                      struct policy_found *found)
{
	struct note_sig sig[NOTE_MAX_SIGS];
	struct policy_found f = { 0 };
	struct checkpoint c;
	struct str body;
	size_t n;
	enum err e = note_open(a, note, &body, sig, &n);

	if (!e)
		e = checkpoint_get(a, body, &c);
	if (e)
		return e;
	for (size_t i = 0; !f.log && i < p->n_logs; i++)
		if (log_signed(a, &p->log[i].key, c.origin, body, sig, n))
			f.log = &p->log[i].key;
	if ((p->n_logs && !f.log) || (key && !log_signed(a, key, c.origin, body, sig, n)) || (!key && !f.log))
		return E_CORRUPT;
	if (!f.log)
		f.log = key;
	f.quorum = quorum(a, p, body, sig, n, &f);
	*ret = c;
	*found = f;
	return f.quorum ? OK : E_STATE;
}
