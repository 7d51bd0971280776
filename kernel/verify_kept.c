/* kernel/verify_kept.c - what is kept beside the log about its heads: cosignatures and time-stamps, each against the tree itself.
 *
 * A line of a witness that the policy no longer names can only be read, not checked; whose signature a time-stamp carries is for
 * `openssl ts -verify` with certificates of that day.
 */
#include "kernel/inside.h"

enum { KEPT_SCRATCH = 4 << 20 };

struct kept {
	struct kernel *k;
	struct db *db;
	const struct tile_source *src;
	const struct policy *policy;      /* NULL: none that can be read */
	struct note_key key;              /* the log's own */
	uint64_t last, size;              /* row looked at; of the head that is verified */
	struct arena *a;                  /* of one row */
};

static enum err body_at(struct kept *x, uint64_t size, struct str *ret)
{
	struct hash root;
	enum err e = log_root_at(x->k->log, x->a, x->src, TREE_SHA256, size, &root);

	if (!e)
		*ret = checkpoint_text(x->a, log_origin(x->k->log), size, &root);
	return e;
}

static bool line_ok(struct kept *x, struct str body, const struct note_sig *sig)
{
	uint64_t when;

	for (size_t i = 0; x->policy && i < policy_witnesses(x->policy); i++) {
		const struct note_key *key = policy_witness(x->policy, i).key;

		if (note_line_of(sig, key))
			return cosign_check(x->a, key, body, sig->sig, &when);
	}
	return true;
}

static enum err check_cosigned(struct kept *x, const struct rows *r)
{
	struct note_sig sig[NOTE_MAX_SIGS];
	struct str body, again, note;
	struct checkpoint c;
	size_t n;
	enum err e = body_at(x, x->last, &body);

	if (e)
		return e;
	note = str_fmt(x->a, "%.*s\n%.*s", STR_ARG(body), STR_ARG(row_str(r, 0, 1)));
	if (note_open(x->a, note, &again, sig, &n) || !str_eq(body, again) || checkpoint_open(x->a, note, &x->key, &c))
		return E_CORRUPT;
	for (size_t i = 0; i < n; i++)
		if (!line_ok(x, body, &sig[i]))
			return E_CORRUPT;
	return OK;
}

static enum err check_stamp(struct kept *x, const struct rows *r)
{
	struct str note = row_str(r, 0, 2), body;
	struct stamp_want want = { .imprint = hash_of(HASH_SHA256, note), .any_nonce = true };
	struct checkpoint c;
	int64_t seconds;
	enum err e = body_at(x, x->last, &body);

	if (e)
		return e;
	if (checkpoint_open(x->a, note, &x->key, &c) || !str_eq(c.text, body))
		return E_CORRUPT;
	return stamp_check(row_str(r, 0, 3), &want, &seconds) ? E_CORRUPT : OK;
}

/* Row after row; *ret_bad is the size of the one that is wrong. */
static enum err each(struct kept *x, int next, enum err (*check)(struct kept *x, const struct rows *r), uint64_t *ret_bad)
{
	struct rows r;
	enum err e = OK;

	for (x->last = 0; !e;) {
		arena_reset(x->a);
		e = db_ask(x->db, x->a, kernel_sql[next], VALS(V_I((int64_t)x->last)), &r);
		if (e || r.n == 0 || (uint64_t)row_int(&r, 0, 0) > x->size)      /* those beyond came since: beside a running server */
			return e;
		x->last = (uint64_t)row_int(&r, 0, 0);
		e = check(x, &r);
	}
	*ret_bad = x->last;
	return e;
}

static const struct policy *policy_of(struct kernel *k, struct arena *a)
{
	struct str name = kernel_setting(k, "policy"), text;
	struct policy_trouble t;
	const struct policy *p;

	if (!name.n || file_read(a, str_fmt(a, "%s/%.*s", k->home, STR_ARG(name)).p, POLICY_MAX, &text) || policy_get(a, text, &p, &t))
		return NULL;
	return p;
}

/* lasting: of the policy and the key. */
static enum err all(struct kept *x, struct arena *lasting, struct arena *a, struct str *ret_problem)
{
	struct str keys = log_vkey(x->k->log, TREE_SHA256), first = S("");
	uint64_t bad = 0;
	const char *what = "the signatures kept for a head do not fit it";
	enum err e;

	x->policy = policy_of(x->k, lasting);
	e = str_cut(&keys, '\n', &first) ? vkey_get(lasting, first, &x->key) : E_INTERNAL;
	if (!e)
		e = each(x, SQL_COSIGNED_NEXT, check_cosigned, &bad);
	if (!e) {
		what = "the time-stamp kept for a head does not fit it";
		e = each(x, SQL_STAMP_NEXT, check_stamp, &bad);
	}
	if (e == E_CORRUPT)
		*ret_problem = str_fmt(a, "%s (size %llu)", what, (unsigned long long)bad);
	return e;
}

enum err verify_kept(struct kernel *k, struct db *db, const struct tile_source *src, uint64_t size, struct arena *a, struct str *ret_problem)
{
	struct arena scratch, lasting;
	struct kept x = { .k = k, .db = db, .src = src, .size = size, .a = &scratch };
	jmp_buf full, *before = a->full;
	enum err e;
	int over;

	arena_init(&scratch, KEPT_SCRATCH, &full);
	arena_init(&lasting, KEPT_SCRATCH, &full);
	a->full = &full;
	over = setjmp(full);
	e = over ? (enum err)over : all(&x, &lasting, a, ret_problem);
	a->full = before;
	arena_end(&scratch);
	arena_end(&lasting);
	return e;
}
