/* mod/trace/lookup.c - asking a certificate service about one number over HTTP: a job, never part of an operation.
 *
 * The answer is filed like a row of a list, with the service as source and today as date, so that a later different answer shows in the
 * log. A service that is slow, down, lying or too talkative costs nobody anything: the job is put off, and after several failures in
 * a row its host is left alone for a while.
 */
#include <setjmp.h>

#include "kernel/job.h"
#include "mod/trace/state.h"

enum { TRIES_MAX = 8, FRESH_DAYS = 7, FAILURES_MAX = 5, LEAVE_ALONE_MS = 600000, ARENA_MAX = 32 << 20 };
static const int put_off_s[TRIES_MAX] = { 3, 30, 300, 1800, 7200, 21600, 43200, 43200 };

static const struct actor house = { .roles = R_OPERATOR, .login = { "lookup", 6 } };

/* ---- the setting "certificate_lookup" ---- */

static const struct node *service_for(const struct kernel *k, struct str number)
{
	const struct node *list = node_get(kernel_settings(k), "certificate_lookup");
	const char *kind = permit_is_ccc(number) ? "ccc" : "licence";

	for (const struct node *x = list ? list->first : NULL; x; x = x->next)
		if (str_is(node_text(x, "kind"), kind) && node_text(x, "url").n && node_text(x, "source").n)
			return x;
	return NULL;
}

static enum err is_fresh(struct call *c, const struct node *service, struct str number, bool *ret)
{
	int64_t days = node_number(service, "fresh_days", FRESH_DAYS);
	struct record said;
	enum err e = permit_latest(c, number, &said);

	*ret = !e && said.values[CERTIFICATE_as_of].i + days >= day_of(c->now, CHINA_OFFSET_MIN);
	return e == E_ABSENT ? OK : e;
}

/* ---- ordering one ---- */

static enum err order(struct call *c, struct str number, struct job *ret)
{
	*ret = (struct job){ .id = job_new_id(c), .kind = S("lookup"), .what = number, .state = S("waiting"), .at = c->now, .facts = node_obj(c->arena) };
	return job_keep(c, ret, true);
}

/* The product is in, whatever comes of this. */
enum err lookup_after_filing(struct call *c)
{
	const struct value *permit = &c->in[PRODUCT_licence_or_ccc_certificate_no];
	const struct node *service = permit->said == SAID_VALUE ? service_for(c->k, permit->text) : NULL;
	bool fresh = true, waits = false;
	struct job j;
	enum err e = service ? is_fresh(c, service, permit->text, &fresh) : OK;

	if (!e && !fresh)
		e = job_waits(c, "lookup", permit->text, &waits);
	return e || fresh || waits ? e : order(c, permit->text, &j);
}

enum err lookup_create(struct call *c)
{
	struct job j;
	enum err e;

	if (!service_for(c->k, c->in[0].text))
		return call_refuse(c, E_STATE, "没有为这种编号配置联网查询", "no look-up is configured for numbers of this kind");
	e = order(c, c->in[0].text, &j);
	if (!e) {
		put_str(c->arena, c->out, "lookup", id_str(c->arena, j.id));
		put_str(c->arena, c->out, "number", j.what);
		put_str(c->arena, c->out, "state", j.state);
	}
	return e;
}

enum err lookup_list(struct call *c)
{
	static const char *const texts[] = { "why_zh", "why_en", "next" };
	struct node *arr = put_arr(c->arena, c->out, "items");
	struct job *all;
	size_t n;
	enum err e = job_list(c, "lookup", true, &all, &n);

	for (size_t i = 0; i < n && !e; i++) {
		struct node *o = node_obj(c->arena);

		job_put(c, o, &all[i]);
		put_int(c->arena, o, "tries", job_fact(&all[i], "tries"));
		for (size_t t = 0; t < ROWS(texts); t++)
			if (node_text(all[i].facts, texts[t]).n)
				put_str(c->arena, o, texts[t], node_text(all[i].facts, texts[t]));
		node_add(arr, o);
	}
	return e;
}

/* ---- the answer ---- */

struct failure { const char *zh, *en; };

/* A number is told as text or as digits. */
static struct str told(const struct node *answer, const struct node *service, const char *name)
{
	struct str pointer = node_text(node_get(service, "map"), name);
	const struct node *x = pointer.n ? node_at(answer, pointer) : NULL;

	return !x ? S("") : x->kind == NODE_STR || x->kind == NODE_NUMBER ? str_trim(x->s) : S("");
}

static bool same_number(struct arena *a, struct str asked, struct str told_number)
{
	struct ident_result x, y;
	enum ident_kind kind = permit_is_ccc(asked) ? IDENT_CCC : IDENT_XK;

	ident_check(a, kind, asked, IDENT_LENIENT, &x);
	ident_check(a, kind, told_number, IDENT_LENIENT, &y);
	return x.valid && y.valid && str_eq(x.normal, y.normal);
}

/* The input of certificate.create, or what is wrong. */
static struct node *read_answer(struct call *c, const struct node *service, struct str number, struct str body, struct failure *why)
{
	static const struct json_limits limits = { .bytes = 1 << 20, .depth = 16, .nodes = 20000, .any_number = true };
	static const char *const further[] = { "holder", "holder_uscc", "product", "standard", "valid_from", "valid_to" };
	struct json_trouble trouble;
	struct node *answer, *raw = node_obj(c->arena);
	struct str state;

	*why = (struct failure){ "答复不是可读的 JSON", "the answer is no JSON that can be read" };
	if (json_read(c->arena, body, &limits, &answer, &trouble))
		return NULL;
	*why = (struct failure){ "答复说的是另一个编号", "the answer speaks of another number" };
	if (!same_number(c->arena, number, told(answer, service, "number")))
		return NULL;
	*why = (struct failure){ "答复中的状态不认识", "the answer's state is not a known one" };
	state = told(answer, service, "state");
	state = state.n ? node_text(node_get(service, "states"), str_z(c->arena, state)) : state;
	if (!state.n)
		return NULL;
	put_str(c->arena, raw, "number", number);
	put_str(c->arena, raw, "listed_state", state);
	put_str(c->arena, raw, "source", node_text(service, "source"));
	put_str(c->arena, raw, "as_of", date_str(c->arena, c->now, CHINA_OFFSET_MIN));
	for (size_t i = 0; i < ROWS(further); i++)
		if (told(answer, service, further[i]).n)
			put_str(c->arena, raw, further[i], told(answer, service, further[i]));
	return raw;
}

/* Filed as everything is. The key makes an answer that was filed before a stop count once. */
static bool file_answer(struct call *c, const struct job *j, struct node *raw, struct failure *why)
{
	struct call f = { .k = c->k, .op = op_find(c->k, S("certificate.create")), .who = &house, .raw = raw, .arena = c->arena, .now = c->now,
		.idem = str_fmt(c->arena, "lookup %lld %lld", (long long)j->id, (long long)job_fact(j, "tries")) };

	op_run_wait(&f);
	*why = (struct failure){ "答复的内容不合要求，或系统繁忙", "the answer does not meet the requirements, or this house is busy" };
	return !f.err || f.err == E_REUSED;
}

/* ---- one question ---- */

static struct str host_of(struct str url)
{
	struct str rest = url;

	for (size_t i = 0; i + 3 <= url.n && rest.n == url.n; i++)
		if (memcmp(url.p + i, "://", 3) == 0)
			rest = str_sub(url, i + 3, url.n);
	return str_sub(rest, 0, str_find(rest, '/'));
}

static struct str address_of(struct arena *a, const struct node *service, struct str number)
{
	static const char mark[] = "{number}";
	struct str url = node_text(service, "url");
	struct buf b = buf_in(a, url.n + 3 * number.n + 1);

	for (size_t i = 0; i < url.n; i++)
		if (i + sizeof(mark) - 1 <= url.n && memcmp(url.p + i, mark, sizeof(mark) - 1) == 0) {
			buf_url(&b, number);
			i += sizeof(mark) - 2;
		} else {
			buf_char(&b, url.p[i]);
		}
	return buf_str(&b);
}

/* Only the worker's thread comes here. */
static struct asked_host *host_row(struct trace_state *t, struct str host)
{
	struct asked_host *free_row = &t->host[0];

	for (size_t i = 0; i < ROWS(t->host); i++) {
		if (str_is(host, t->host[i].name))
			return &t->host[i];
		if (!t->host[i].name[0])
			free_row = &t->host[i];
	}
	*free_row = (struct asked_host){ .failures = 0 };
	snprintf(free_row->name, sizeof(free_row->name), "%.*s", STR_ARG(host));
	return free_row;
}

enum outcome { CAME, NOT_THERE, FAILED };

static enum outcome ask(struct worker *w, struct call *c, const struct node *service, const struct job *j, struct failure *why)
{
	struct fetched got = { 0 };
	enum err e = job_fetch(w, c->arena, str_z(c->arena, address_of(c->arena, service, j->what)), &got);
	struct node *raw;

	*why = e == E_DENIED ? (struct failure){ "查询网址不在允许的主机之列", "the address is not among the hosts allowed" }
	     : e == E_TOO_BIG ? (struct failure){ "答复过长", "the answer is too long" }
	     : e ? (struct failure){ "没有答复", "no answer" }
	         : (struct failure){ "对方答复出错或要求转到别处", "the other side answers with an error, or sends us elsewhere" };
	if (!e && got.status == 404)
		return NOT_THERE;
	if (e || got.status != 200)
		return FAILED;
	raw = read_answer(c, service, j->what, got.body, why);
	return raw && file_answer(c, j, raw, why) ? CAME : FAILED;
}

static enum err put_off(struct worker *w, struct call *c, struct job *j, int64_t ms, const struct failure *why)
{
	j->after = c->now + ms;
	job_set_text(j, c->arena, "why_zh", str_of(why->zh));
	job_set_text(j, c->arena, "why_en", str_of(why->en));
	job_set_text(j, c->arena, "next", time_str(c->arena, j->after, false));
	return job_change(w, c->arena, j, true);
}

static enum err leave(struct worker *w, struct call *c, struct job *j, const char *state, const struct failure *why)
{
	j->state = str_of(state);
	job_set_text(j, c->arena, "why_zh", str_of(why->zh));
	job_set_text(j, c->arena, "why_en", str_of(why->en));
	job_set_text(j, c->arena, "next", S(""));
	return job_change(w, c->arena, j, false);
}

static enum err settle(struct worker *w, struct call *c, struct job *j, struct asked_host *h, enum outcome how, const struct failure *why)
{
	static const struct failure absent = { "对方没有这个编号", "the other side does not know this number" }, none = { "", "" };
	int64_t tries = job_fact(j, "tries");

	if (how != FAILED) {
		h->failures = 0;
		return leave(w, c, j, how == CAME ? "done" : "not_found", how == CAME ? &none : &absent);
	}
	if (++h->failures >= FAILURES_MAX)
		h->until = c->now + LEAVE_ALONE_MS;
	job_set(j, c->arena, "tries", tries + 1);
	return tries + 1 >= TRIES_MAX ? leave(w, c, j, "given_up", why) : put_off(w, c, j, put_off_s[tries] * INT64_C(1000), why);
}

static enum err look_up(struct worker *w, struct arena *a, int64_t id)
{
	static const struct failure left_alone = { "该主机连续失败，稍后再试", "this host failed several times in a row; later" };
	static const struct failure unset = { "没有配置联网查询", "no look-up is configured" };
	struct call c = { .k = w->k, .arena = a, .who = &house, .now = job_clock() };
	const struct node *service;
	struct asked_host *h;
	struct failure why;
	enum outcome how;
	struct job j;
	enum err e = kernel_reader(w->k, &c.db);

	if (e)
		return e;
	e = job_get(&c, id, "lookup", &j);
	kernel_reader_end(w->k, c.db);
	c.db = NULL;
	if (e)
		return e;
	service = service_for(w->k, j.what);
	if (!service)
		return leave(w, &c, &j, "given_up", &unset);
	h = host_row(trace_state(w->k), host_of(node_text(service, "url")));
	if (h->until > c.now)
		return put_off(w, &c, &j, h->until - c.now, &left_alone);
	how = ask(w, &c, service, &j, &why);
	if (how == FAILED && atomic_load(&w->stop))
		return E_BUSY;                  /* still due: taken up at the next start */
	c.now = job_clock();
	return settle(w, &c, &j, h, how, &why);
}

enum err lookup_run(struct worker *w, int64_t id)
{
	struct arena a;
	jmp_buf full;
	volatile enum err e = OK;

	arena_init(&a, ARENA_MAX, &full);
	if (setjmp(full))
		e = E_TOO_BIG;
	else
		e = look_up(w, &a, id);
	arena_end(&a);
	return e;
}
