/* cli/verify_monitor.c - --monitor: one look at a log that remembers the last one. To be run again and again (cron, a timer).
 *
 * The state directory holds `checkpoint` (the last head found right, as signed), `vkey` (the key it was checked with) and `public` (public
 * disclosures were served). An alarm leaves the state as it is and lays the two signed heads beside it: they are the proof.
 */
#include "base/sys.h"
#include "cli/verify_log.h"

struct kept {
	struct str note;
	struct log_head head;
};

static const char *in_state(const struct verify_ask *q, const char *name) { return str_fmt(q->a, "%s/%s", q->state, name).p; }

static int key_kept(struct seeing *s)
{
	struct verify_ask *q = s->q;
	struct str text;

	if (q->have_key || (q->policy && policy_logs(q->policy)) || file_read(q->a, in_state(q, "vkey"), 4096, &text))
		return VERIFY_OK;
	if (vkey_get(q->a, str_trim(text), &q->key))
		return verify_say(q, VERIFY_UNDECIDED, "状态目录里的公钥读不出", "the key in the state directory cannot be read");
	q->have_key = s->key_kept = true;
	return VERIFY_OK;
}

/* What was kept is trusted no further than its signature. */
static int state_get(struct seeing *s, struct kept *ret)
{
	struct verify_ask *q = s->q;
	struct policy_found found;
	struct checkpoint c;
	enum err e = file_read(q->a, in_state(q, "checkpoint"), NOTE_MAX, &ret->note);

	ret->head = (struct log_head){ 0, tree_empty(q->hash) };
	s->public_due = file_exists(in_state(q, "public"));
	if (e == E_ABSENT)
		return VERIFY_OK;
	if (e)
		return verify_say(q, VERIFY_UNDECIDED, "状态目录读不出", "the state directory cannot be read");
	if (!q->have_key && !(q->policy && policy_logs(q->policy)))
		return verify_say(q, VERIFY_UNDECIDED, "状态目录里没有公钥：请给出 --vkey 或 --policy", "there is no key in the state directory: give --vkey or --policy");
	e = verify_note(q, ret->note, &c, &found);
	if (e && e != E_STATE)
		return verify_say(q, VERIFY_UNDECIDED, "状态目录里的日志头不是用这个公钥签名的：是别的日志的，或公钥换了",
		                  "the kept checkpoint is not signed with this key: it is another log's, or the key has changed");
	ret->head = (struct log_head){ c.size, c.root };
	s->known = true;
	put_int(q->a, q->out, "old_size", (int64_t)c.size);
	return VERIFY_OK;
}

/* Named by what they show, so that a repeated alarm does not fill the disk. */
static void lay_down(struct seeing *s, const struct kept *old)
{
	struct verify_ask *q = s->q;
	struct str id = hex_str(q->a, s->head.root.b, 8);
	const char *base = str_fmt(q->a, "%s/alarm-%llu-%llu-%.*s", q->state, (unsigned long long)old->head.size, (unsigned long long)s->head.size,
	                           STR_ARG(id)).p;
	enum err e = old->note.n ? file_write(str_fmt(q->a, "%s.old", base).p, old->note, 0644) : OK;

	if (!e)
		e = file_write(str_fmt(q->a, "%s.new", base).p, s->note, 0644);
	if (e)
		fprintf(stderr, "suyuan: 证据没有存下 / the proof could not be kept: %s / %s\n", err_zh(e), err_en(e));
	else
		put_str(q->a, q->out, "proof", str_fmt(q->a, "%s.new", base));
}

static enum err state_put(struct seeing *s)
{
	struct verify_ask *q = s->q;
	enum err e = OK;

	if (q->have_key)
		e = file_write(in_state(q, "vkey"), str_fmt(q->a, "%.*s\n", STR_ARG(vkey_str(q->a, q->key.name, q->key.type, q->key.pub))), 0644);
	if (!e && s->report.public_served && !s->public_due)
		e = file_write(in_state(q, "public"), S("served\n"), 0644);
	return e ? e : file_write(in_state(q, "checkpoint"), s->note, 0644);
}

int verify_monitor(struct seeing *s)
{
	struct verify_ask *q = s->q;
	struct kept old;
	enum err e = dir_make(q->state, 0755);
	int code = e ? verify_err(q, e, "状态目录不能建立", "the state directory cannot be made") : key_kept(s);

	if (!code)
		code = state_get(s, &old);
	if (!code)
		code = log_begin(s);
	if (code)
		return code;
	e = log_read(s, &old.head);
	if (e == E_CORRUPT || e == E_CLASH || e == E_STATE)
		lay_down(s, &old);
	if (e)
		return log_trouble(s, e);
	e = state_put(s);
	return e ? verify_err(q, e, "状态没有存下", "the state could not be kept") : log_verdict(s);
}
