/* cli/verify_log.c - a log behind an address or in a directory: its signed head, then every tile and every entry below it. */
#include <unistd.h>

#include "base/sys.h"
#include "cli/verify_log.h"

static void show_step(void *ctx, uint64_t done, uint64_t of)
{
	struct seeing *s = ctx;

	if (!s->q->c->json && isatty(2))
		fprintf(stderr, "\r%llu / %llu%s", (unsigned long long)done, (unsigned long long)of, done == of ? "\n" : "");
}

static void see_entry(void *ctx, uint64_t index, struct str entry, const struct node *slots)
{
	struct seeing *s = ctx;

	if (s->watch)
		watch_entry(s->watch, index, entry, slots);
}

const char *log_place(const struct verify_ask *q, const char *name)
{
	return q->hash == HASH_SM3 ? str_fmt(q->a, "sm3/%s", name).p : name;
}

/* Nobody named a key: the log's own word is taken, and that is said. */
static int key_of_the_log(struct seeing *s)
{
	struct verify_ask *q = s->q;
	struct str text, line;
	enum err e;

	if (q->have_key || (q->policy && policy_logs(q->policy)))
		return VERIFY_OK;
	e = s->from.src.get(&s->from, q->a, log_place(q, "vkey"), 4096, &text);
	while (!e && !q->have_key && str_cut(&text, '\n', &line))      /* a line for each suite */
		q->have_key = vkey_get(q->a, str_trim(line), &q->key) == OK;
	if (!q->have_key)
		return verify_say(q, VERIFY_UNDECIDED, "没有公钥：请给出 --vkey 或 --policy", "there is no key: give --vkey or --policy");
	s->key_from_log = true;
	return VERIFY_OK;
}

static int head_get(struct seeing *s)
{
	struct verify_ask *q = s->q;
	enum err e = s->from.src.get(&s->from, q->a, log_place(q, "checkpoint"), NOTE_MAX, &s->note);

	if (e == E_ABSENT && s->known)
		return verify_say(q, VERIFY_BAD, "日志头没有了：这个日志以前在这里", "the checkpoint is gone: this log was here before");
	if (e)
		return verify_say(q, VERIFY_UNDECIDED, e == E_ABSENT ? "这里没有日志头（checkpoint）" : "日志头没有取到",
		                  e == E_ABSENT ? "there is no checkpoint here" : "the checkpoint could not be fetched");
	e = verify_note(q, s->note, &s->head, &s->found);
	s->few = e == E_STATE;
	if (e == E_BAD)
		return verify_say(q, VERIFY_BAD, "日志头写法不对", "the checkpoint is ill-formed");
	if (e == E_CORRUPT)
		return verify_say(q, VERIFY_BAD, "日志头不是用所给公钥签名的", "the checkpoint is not signed with the given key");
	if (e && !s->few)
		return verify_err(q, e, NULL, NULL);
	put_str(q->a, q->out, "origin", s->head.origin);
	put_int(q->a, q->out, "size", (int64_t)s->head.size);
	put_str(q->a, q->out, "root", base64_str(q->a, s->head.root.b, HASH_LEN));
	put_int(q->a, q->out, "witnesses", (int64_t)s->found.witnesses);
	put_z(q->a, q->out, "key_from", s->key_from_log ? "log" : s->key_kept ? "state" : q->have_key ? "caller" : "policy");
	return VERIFY_OK;
}

int log_begin(struct seeing *s)
{
	int code = key_of_the_log(s);

	return code ? code : head_get(s);
}

int log_trouble(struct seeing *s, enum err e)
{
	struct verify_ask *q = s->q;
	const struct remote_trouble *t = &s->report.trouble;
	const char *path = t->path[0] ? t->path : "checkpoint";
	struct str at = t->index >= 0 ? str_fmt(q->a, "，条目 %lld", (long long)t->index) : S("");
	struct str at_en = t->index >= 0 ? str_fmt(q->a, ", entry %lld", (long long)t->index) : S("");

	put_z(q->a, q->out, "path", path);
	if (t->index >= 0)
		put_int(q->a, q->out, "index", t->index);
	return verify_err(q, e, str_fmt(q->a, "%s%.*s：%s", path, STR_ARG(at), t->zh ? t->zh : err_zh(e)).p,
	                  str_fmt(q->a, "%s%.*s: %s", path, STR_ARG(at_en), t->en ? t->en : err_en(e)).p);
}

enum err log_read(struct seeing *s, const struct log_head *old)
{
	struct remote_visitor v = { s, see_entry, show_step };
	struct remote_setup setup = { &s->from.src, s->q->hash, true, s->public_due, &v };
	struct log_head now = { s->head.size, s->head.root };
	enum err e = remote_check(&setup, old, &now, &s->report);
	struct verify_ask *q = s->q;

	put_int(q->a, q->out, "entries", (int64_t)s->report.entries);
	put_int(q->a, q->out, "tiles", (int64_t)s->report.tiles);
	put_int(q->a, q->out, "bundles", (int64_t)s->report.bundles);
	put_int(q->a, q->out, "disclosed", (int64_t)s->report.disclosed);
	put_bool(q->a, q->out, "public", s->report.public_served);
	return e;
}

static bool stale(const struct seeing *s)
{
	int64_t minutes = 15, age = clock_now() / 1000 - (int64_t)s->found.newest;

	if (s->q->stale && !str_to_int(str_of(s->q->stale), &minutes))
		minutes = 15;
	return s->found.newest && age > minutes * 60;
}

int log_verdict(struct seeing *s)
{
	struct verify_ask *q = s->q;
	const char *public_zh = s->report.public_served ? "公开内容一致" : "没有提供公开内容", *public_en = s->report.public_served ? "public values agree" : "no public values are served";
	struct remote_report *r = &s->report;

	if (s->few)
		return verify_say(q, VERIFY_BAD, "见证签名没有达到策略的要求", "too few witnesses for the policy");
	if (stale(s))
		return verify_say(q, VERIFY_BAD, "最新的见证签名过旧：日志没有再发布", "the newest cosignature is too old: the log is not published any more");
	if (s->key_from_log && !q->c->json)
		fprintf(stderr, "注意：公钥取自同一处，只能说明它与自己一致 / note: the key was taken from the same place, so this shows only that the log agrees with itself\n");
	return verify_say(q, VERIFY_OK, str_fmt(q->a, "通过：%.*s 共 %llu 条，本次核对 %llu 条、%llu 个哈希块、%llu 包；%s", STR_ARG(verify_plain(q->a, s->head.origin)), (unsigned long long)s->head.size,
	                                        (unsigned long long)r->entries, (unsigned long long)r->tiles, (unsigned long long)r->bundles, public_zh).p,
	                  str_fmt(q->a, "ok: %llu entries, %llu read now, %s", (unsigned long long)s->head.size, (unsigned long long)r->entries, public_en).p);
}

static int plain(struct seeing *s)
{
	const struct log_head none = { 0, tree_empty(s->q->hash) };
	enum err e;
	int code = log_begin(s);

	if (code)
		return code;
	e = log_read(s, &none);
	return e ? log_trouble(s, e) : log_verdict(s);
}

int verify_log(struct verify_ask *q)
{
	struct seeing *s = TAKE(q->a, struct seeing, 1);
	int code;

	put_z(q->a, q->out, "kind", "log");
	s->q = q;
	if (!strstr(q->target, "://") && file_exists(str_fmt(q->a, "%s/suyuan.json", q->target).p))
		return verify_say(q, VERIFY_UNDECIDED, "这是溯源目录，请用 suyuan verify --home", "this is a home: suyuan verify --home");
	source_open(&s->from, q);
	s->watch = watch_open(q);
	code = watch_too_many(s->watch) ? verify_say(q, VERIFY_UNDECIDED, "--watch 的值太多（最多256个）", "too many values for --watch: at most 256") :
	       q->monitor ? verify_monitor(s) : plain(s);
	watch_close(s->watch);
	source_close(&s->from);
	return code;
}
