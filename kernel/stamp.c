/* kernel/stamp.c - once a day the newest checkpoint is shown to a time-stamping authority (RFC 3161) and its reply is kept.
 *
 * So that nobody can later write another history that reaches back before that day, not even with all keys of this house. The setting "tsa_url"
 * names the authority, "tsa_ca" a file of the home with the certificates it has to answer to; where an address may lead is the home's
 * "fetch_hosts", as for every question to another house. A thread of its own asks, made for one question: a slow authority holds up nobody,
 * and one that fails is asked again after a minute, two, four, at last each hour.
 */
#include <semaphore.h>

#include "kernel/inside.h"

enum { ASK_SECONDS = 15, WAIT_MIN_MS = 60 * 1000, WAIT_MAX_MS = 3600 * 1000, MEMORY = 8 << 20, CA_MAX = 256 * 1024, ODD_SECONDS = 600 };

struct stamper {
	struct kernel *k;
	struct str url, ca;
	_Atomic int64_t day;          /* in China, of the newest stamp; -1: none yet */
	_Atomic uint64_t size;        /* of what it stamps */
	_Atomic int64_t due;          /* after a failure, ms of the monotonic clock */
	int64_t wait;                 /* the asking thread's */
	pthread_t thread;
	bool started;
	_Atomic bool running, stop;
};

static int64_t now_ms(void) { return clock_mono() / 1000000; }

/* ---- one question ---- */

struct got {
	uint64_t size;
	struct str note, token;
	int status;                   /* of the transport, 0: no answer */
};

static void say_time(const struct stamper *s, int64_t seconds)
{
	int64_t off = seconds - clock_now() / 1000;

	say(off > ODD_SECONDS || off < -ODD_SECONDS ? SAY_WARN : SAY_INFO, "time-stamp of %.*s, %lld s from our clock", STR_ARG(s->url), (long long)off);
}

static enum err question(struct stamper *s, struct arena *a, struct got *g, struct stamp_want *w, struct str *ret)
{
	struct checkpoint c;
	struct note_sig sig[NOTE_MAX_SIGS];
	struct str body;
	size_t n;
	enum err e = log_checkpoint(s->k->log, a, TREE_SHA256, &g->note);

	if (!e)
		e = note_open(a, g->note, &body, sig, &n);
	if (!e)
		e = checkpoint_get(a, body, &c);
	if (!e)
		e = random_fill(w->nonce, sizeof(w->nonce));
	if (e)
		return e;
	g->size = c.size;
	w->imprint = hash_of(HASH_SHA256, g->note);
	w->ca = s->ca;
	return stamp_query(a, &w->imprint, w->nonce, ret);
}

static enum err ask(struct stamper *s, struct arena *a, struct got *ret)
{
	struct fetch f = { .url = s->url.p, .hosts = node_get(s->k->settings, "fetch_hosts"), .stop = &s->stop, .seconds = ASK_SECONDS,
		.post_type = "Content-Type: application/timestamp-query", .plain = s->ca.n > 0 };
	struct stamp_want want = { .seconds = 0 };
	struct got g = { .status = 0 };
	struct fetched r;
	int64_t seconds;
	enum err e = question(s, a, &g, &want, &f.post);

	if (!e)
		e = s->k->fetch->get(a, &f, &r);
	if (e)
		return e;
	ret->status = g.status = r.status;
	g.token = r.body;
	want.seconds = clock_now() / 1000;
	e = r.status == 200 ? stamp_check(r.body, &want, &seconds) : E_DENIED;
	if (e)
		return e;
	say_time(s, seconds);
	*ret = g;
	return OK;
}

/* ---- keeping ---- */

struct keeping {
	struct got g;
	int64_t at;
	sem_t *kept;                  /* NULL: nobody waits */
	enum err *outcome;
	char bytes[];                 /* note, then token */
};

static enum err keep(struct call *c, void *ctx)
{
	const struct keeping *x = ctx;

	db_tell(c->db, kernel_sql[SQL_STAMP_PUT], VALS(V_I((int64_t)x->g.size), V_I(x->at), V_T(x->g.note), V_B(x->g.token)));
	return db_sticky(c->db);
}

static void is_kept(void *ctx, enum err e)
{
	struct keeping *x = ctx;

	if (x->kept) {
		*x->outcome = e;
		sem_post(x->kept);
	}
	free(x);
}

static enum err keep_soon(struct stamper *s, const struct got *g, sem_t *kept, enum err *outcome)
{
	struct keeping *x = malloc(sizeof(*x) + g->note.n + g->token.n);
	int64_t now = clock_now();
	enum err e;

	if (!x)
		return E_IO;
	*x = (struct keeping){ .g = *g, .at = now, .kept = kept, .outcome = outcome };
	memcpy(x->bytes, g->note.p, g->note.n);
	memcpy(x->bytes + g->note.n, g->token.p, g->token.n);
	x->g.note.p = x->bytes;
	x->g.token.p = x->bytes + g->note.n;
	e = kernel_change(s->k, now, keep, is_kept, x);
	if (e) {
		free(x);
		return e;
	}
	atomic_store(&s->size, g->size);
	atomic_store(&s->day, day_of(now, CHINA_OFFSET_MIN));
	return OK;
}

/* ---- each day ---- */

static void failed(struct stamper *s, enum err e, int status)
{
	s->wait = s->wait ? s->wait * 2 : WAIT_MIN_MS;
	if (s->wait > WAIT_MAX_MS)
		s->wait = WAIT_MAX_MS;
	atomic_store(&s->due, now_ms() + s->wait);
	if (!atomic_load(&s->stop))
		say(SAY_WARN, "no time-stamp from %.*s: %s, status %d; again in %lld s", STR_ARG(s->url), err_name(e), status, (long long)(s->wait / 1000));
}

static void *work(void *arg)
{
	struct stamper *s = arg;
	struct got g = { .status = 0 };
	struct arena a;
	jmp_buf full;
	enum err e;
	int over;

	arena_init(&a, MEMORY, &full);
	over = setjmp(full);
	e = over ? (enum err)over : ask(s, &a, &g);
	if (!e)
		e = keep_soon(s, &g, NULL, NULL);
	arena_end(&a);
	if (e)
		failed(s, e, g.status);
	else
		s->wait = 0;
	atomic_store(&s->running, false);
	return NULL;
}

static void join(struct stamper *s)
{
	if (s->started)
		pthread_join(s->thread, NULL);
	s->started = false;
}

void stamp_tick(struct kernel *k, int64_t now)
{
	struct stamper *s = k->stamper;

	if (!s || !k->fetch || atomic_load(&s->running) || now_ms() < atomic_load(&s->due))
		return;
	if (day_of(now, CHINA_OFFSET_MIN) <= atomic_load(&s->day) || log_shown(k->log).size <= atomic_load(&s->size))
		return;
	join(s);
	atomic_store(&s->running, true);
	s->started = pthread_create(&s->thread, NULL, work, s) == 0;
	if (!s->started)
		atomic_store(&s->running, false);
}

/* ---- at once ---- */

static enum err now_and_wait(struct stamper *s, struct arena *a, int *ret_status)
{
	struct got g = { .status = 0 };
	enum err e = ask(s, a, &g), outcome = OK;
	sem_t kept;

	*ret_status = g.status;
	if (e)
		return e;
	if (sem_init(&kept, 0, 0))
		return E_IO;
	e = keep_soon(s, &g, &kept, &outcome);
	while (!e && sem_wait(&kept))
		;                               /* a signal came */
	sem_destroy(&kept);
	return e ? e : outcome;
}

enum err kernel_stamp_now(struct kernel *k, char why[300])
{
	struct stamper *s = k->stamper;
	struct arena a;
	int status = 0;
	enum err e;

	why[0] = 0;
	if (!s || !k->fetch) {
		explain(why, "suyuan.json 没有设置 tsa_url / the setting tsa_url is not there");
		return E_STATE;
	}
	if (log_shown(k->log).size <= atomic_load(&s->size)) {
		explain(why, "最新的检查点已有时间戳 / the newest checkpoint has its time-stamp");
		return E_CLASH;
	}
	arena_init(&a, MEMORY, NULL);
	e = now_and_wait(s, &a, &status);
	arena_end(&a);
	if (e)
		explain(why, "时间戳服务没有给出可用的时间戳（%s，状态 %d；地址须在 fetch_hosts 中） / no good time-stamp (%s, status %d; is its host in fetch_hosts?)", err_zh(e), status,
		        err_en(e), status);
	return e;
}

/* ---- what is kept ---- */

/* Answers OK with size 0 where there is none. */
static enum err read_stamp(struct kernel *k, struct arena *a, uint64_t size, struct stamp *ret)
{
	struct db *db;
	struct rows r;
	enum err e = readers_borrow(k->readers, &db);

	if (e)
		return e;
	e = size ? db_ask(db, a, kernel_sql[SQL_STAMP_GET], VALS(V_I((int64_t)size)), &r) : db_ask(db, a, kernel_sql[SQL_STAMP_LAST], NO_VALS, &r);
	readers_return(k->readers, db);
	*ret = (struct stamp){ .size = 0 };
	if (!e && r.n)
		*ret = (struct stamp){ (uint64_t)row_int(&r, 0, 0), row_int(&r, 0, 1), row_str(&r, 0, 2), row_str(&r, 0, 3) };
	return e;
}

enum err kernel_stamp(struct kernel *k, struct arena *a, uint64_t size, struct stamp *ret)
{
	struct arena scratch;         /* of its own: the reader goes back whatever the caller's has room for */
	struct stamp s;
	enum err e;

	arena_init(&scratch, 4 * STAMP_MAX, NULL);
	e = read_stamp(k, &scratch, size, &s);
	if (!e && !s.size)
		e = E_ABSENT;
	if (!e) {
		char *p = arena_try(a, s.note.n + s.token.n);

		e = p ? OK : E_TOO_BIG;
		if (p) {
			memcpy(p, s.note.p, s.note.n);
			memcpy(p + s.note.n, s.token.p, s.token.n);
			*ret = (struct stamp){ s.size, s.at, { p, s.note.n }, { p + s.note.n, s.token.n } };
		}
	}
	arena_end(&scratch);
	return e;
}

/* ---- start and stop ---- */

static enum err read_ca(struct kernel *k, struct stamper *s, char why[300])
{
	struct str name = kernel_setting(k, "tsa_ca");
	enum err e = name.n ? file_read(&k->life, home_path(k, str_z(&k->life, name)), CA_MAX, &s->ca) : OK;

	if (!name.n)
		say(SAY_WARN, "tsa_ca is not set: whose signature a time-stamp carries is not checked");
	if (!e && name.n && !stamp_trust_ok(s->ca))
		e = E_BAD;
	if (e)
		explain(why, "设置 tsa_ca 的文件不是 PEM 证书 / the file of the setting tsa_ca holds no PEM certificates: %.*s", STR_ARG(name));
	return e;
}

enum err stamp_open(struct kernel *k, char why[300])
{
	struct str url = kernel_setting(k, "tsa_url");
	struct stamper *s;
	struct stamp last;
	enum err e;

	if (!url.n)
		return OK;
	if (!str_starts(url, "https://") && !str_starts(url, "http://")) {
		explain(why, "设置 tsa_url 应为网址 / the setting tsa_url is an address: %.*s", STR_ARG(url));
		return E_BAD;
	}
	s = TAKE(&k->life, struct stamper, 1);
	e = read_ca(k, s, why);
	if (!e)
		e = read_stamp(k, &k->life, 0, &last);
	if (e)
		return e;
	s->k = k;
	s->url = (struct str){ str_z(&k->life, url), url.n };
	atomic_store(&s->day, last.size ? day_of(last.at, CHINA_OFFSET_MIN) : -1);
	atomic_store(&s->size, last.size);
	k->stamper = s;
	return OK;
}

void stamp_stop(struct kernel *k)
{
	if (!k->stamper)
		return;
	atomic_store(&k->stamper->stop, true);
	join(k->stamper);
	atomic_store(&k->stamper->due, INT64_MAX);
}

void stamp_close(struct kernel *k)
{
	stamp_stop(k);
	k->stamper = NULL;
}
