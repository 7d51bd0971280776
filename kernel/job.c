/* kernel/job.c - jobs as rows, and the one thread that works on them. */
#include "kernel/job.h"

#include "kernel/inside.h"

enum { KEPT_DAYS = 30, TIDY_EVERY_MS = 3600000 };

struct jobs {
	struct worker w;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t wake;
	bool woken, ending, started;
	int64_t tidied;           /* ms; the thread's own */
	_Atomic bool waits;       /* a change of the running group has work for the thread */
};

static struct str bound_to(struct arena *a, int64_t id) { return str_fmt(a, "job %lld", (long long)id); }

static enum err facts_of(struct call *c, int64_t id, struct str sealed, struct node **ret)
{
	static const struct json_limits limits = { .bytes = 1 << 20, .depth = 8, .nodes = 100000 };
	struct json_trouble trouble;
	struct str plain;
	enum err e = unseal(c->k->table_key, bound_to(c->arena, id), sealed, c->arena, &plain);

	return e ? e : json_read(c->arena, plain, &limits, ret, &trouble) ? E_CORRUPT : OK;
}

int64_t job_new_id(struct call *c) { return new_id(c->k, c->now); }

enum err job_get(struct call *c, int64_t id, const char *kind, struct job *ret)
{
	struct node *facts;
	struct rows r;
	enum err e = db_ask(c->db, c->arena, kernel_sql[SQL_JOB_GET], VALS(V_I(id)), &r);

	if (!e && (!r.n || !str_is(row_str(&r, 0, 3), kind)))
		e = E_ABSENT;
	if (!e)
		e = facts_of(c, id, row_str(&r, 0, 7), &facts);
	if (e)
		return e;
	*ret = (struct job){ .id = row_int(&r, 0, 0), .account = row_int(&r, 0, 1), .party = row_int(&r, 0, 2), .kind = row_str(&r, 0, 3),
		.what = row_str(&r, 0, 4), .state = row_str(&r, 0, 5), .at = row_int(&r, 0, 6), .facts = facts };
	return OK;
}

enum err job_own(struct call *c, struct str text, const char *kind, struct job *ret)
{
	int64_t id;
	enum err e = id_get(text, &id) ? job_get(c, id, kind, ret) : E_ABSENT;

	/* What was ordered for a party is that party's alone: a docked system sees it while it acts for it, not when the consent is gone. */
	return !e && (ret->party ? ret->party != c->who->party : ret->account != c->who->account) ? E_ABSENT : e;
}

enum err job_list(struct call *c, const char *kind, bool house, struct job **ret, size_t *ret_n)
{
	struct job *all;
	struct rows r;
	size_t n = 0;
	enum err e = db_ask(c->db, c->arena, kernel_sql[SQL_JOB_LIST], VALS(V_I(house ? 0 : c->who->party), V_T(str_of(kind))), &r);

	if (e)
		return e;
	all = TAKE(c->arena, struct job, r.n + 1);
	for (size_t i = 0; i < r.n && !e; i++) {
		e = job_get(c, row_int(&r, i, 0), kind, &all[n]);
		if (e == E_CORRUPT) {           /* told to whoever looks at that one; the others are not withheld for it */
			say(SAY_WARN, "job %lld cannot be read", (long long)row_int(&r, i, 0));
			e = OK;
			continue;
		}
		n += all[n].party || all[n].account == (house ? 0 : c->who->account);
	}
	*ret = all;
	*ret_n = n;
	return e;
}

enum err job_seal(struct kernel *k, struct arena *a, const struct job *j, struct str *ret)
{
	unsigned char nonce[SEAL_NONCE_LEN];
	enum err e = random_fill(nonce, sizeof(nonce));

	return e ? e : seal(k->seal, k->table_key, nonce, bound_to(a, j->id), json_str(a, j->facts), a, ret);
}

void job_tell(struct db *db, const struct job *j, bool due, struct str sealed)
{
	db_tell(db, kernel_sql[SQL_JOB_PUT], VALS(V_I(j->id), V_I(j->account), V_I(j->party), V_T(j->kind), V_T(j->what), V_T(j->state), V_I(!due ? 0 : j->after > 1 ? j->after : 1), V_I(j->at),
	        V_B(sealed)));
}

enum err job_keep(struct call *c, const struct job *j, bool due)
{
	struct str sealed;
	enum err e = job_seal(c->k, c->arena, j, &sealed);

	if (e)
		return e;
	job_tell(c->db, j, due, sealed);
	if (due && c->k->jobs)
		atomic_store(&c->k->jobs->waits, true);
	return db_sticky(c->db);
}

enum err job_waits(struct call *c, const char *kind, struct str what, bool *ret)
{
	struct rows r;
	enum err e = db_ask(c->db, c->arena, kernel_sql[SQL_JOB_WAITS], VALS(V_T(str_of(kind)), V_T(what)), &r);

	if (!e)
		*ret = r.n > 0;
	return e;
}

/* ---- a change ordered by the worker ---- */

struct row_change {
	struct change change;
	const struct job *job;
	struct str sealed;
	bool due, answered;
	enum err err;
	pthread_mutex_t lock;
	pthread_cond_t wake;
};

static enum err row_write(struct change *ch, struct db *db)
{
	struct row_change *r = (struct row_change *)ch;

	job_tell(db, r->job, r->due, r->sealed);
	return db_sticky(db);
}

static void row_written(struct change *ch, enum err e)
{
	struct row_change *r = (struct row_change *)ch;

	pthread_mutex_lock(&r->lock);
	r->err = e;
	r->answered = true;
	pthread_cond_signal(&r->wake);
	pthread_mutex_unlock(&r->lock);
}

enum err job_change(struct worker *w, struct arena *a, const struct job *j, bool due)
{
	struct row_change r = { .change = { .run = row_write, .done = row_written }, .job = j, .due = due };
	enum err e = job_seal(w->k, a, j, &r.sealed);

	pthread_mutex_init(&r.lock, NULL);
	pthread_cond_init(&r.wake, NULL);
	if (!e)
		e = writer_add(w->k->writer, &r.change);
	if (!e) {
		pthread_mutex_lock(&r.lock);
		while (!r.answered)
			pthread_cond_wait(&r.wake, &r.lock);
		pthread_mutex_unlock(&r.lock);
		e = r.err;
	}
	pthread_mutex_destroy(&r.lock);
	pthread_cond_destroy(&r.wake);
	return e;
}

/* ---- facts ---- */

int64_t job_fact(const struct job *j, const char *name) { return node_number(j->facts, name, 0); }

void job_put_fact(struct job *j, const char *name, struct node *v)
{
	for (struct node *x = j->facts->first; x; x = x->next)
		if (str_is(x->key, name)) {
			struct str key = x->key;
			struct node *next = x->next;

			*x = *v;
			x->key = key;
			x->next = next;
			return;
		}
	node_set(j->facts, str_of(name), v);
}

void job_set(struct job *j, struct arena *a, const char *name, int64_t v) { job_put_fact(j, name, node_int(a, v)); }
void job_set_text(struct job *j, struct arena *a, const char *name, struct str v) { job_put_fact(j, name, node_str(a, v)); }

enum err job_actor(struct call *c, const struct job *j, const struct actor **ret)
{
	return actor_again(c, j->account, node_text(j->facts, "on_behalf"), ret);
}

void job_put(struct call *c, struct node *o, const struct job *j)
{
	struct job_now *now = c->k->jobs ? &c->k->jobs->w.now : NULL;
	struct node *p;
	uint64_t of;

	put_str(c->arena, o, "id", id_str(c->arena, j->id));
	put_str(c->arena, o, "kind", j->kind);
	put_str(c->arena, o, "what", j->what);
	put_str(c->arena, o, "state", j->state);
	put_str(c->arena, o, "at", time_str(c->arena, j->at, false));
	if (!now || atomic_load(&now->id) != j->id)
		return;
	p = put_obj(c->arena, o, "progress");
	of = atomic_load(&now->of);
	put_int(c->arena, p, "done", (int64_t)atomic_load(&now->done));
	put_int(c->arena, p, "of", (int64_t)of);
	put_int(c->arena, p, "good", (int64_t)atomic_load(&now->good));
	put_int(c->arena, p, "bad", (int64_t)atomic_load(&now->bad));
	put_int(c->arena, p, "filed", (int64_t)atomic_load(&now->filed));
	put_int(c->arena, p, "percent", of ? (int64_t)(atomic_load(&now->done) * 100 / of) : 0);
}

enum err job_wrong_state(struct call *c, const struct job *j)
{
	return call_refuse(c, E_STATE, str_fmt(c->arena, "现在的状态是 %.*s，不能这样做", STR_ARG(j->state)).p,
	                   str_fmt(c->arena, "not while it is %.*s", STR_ARG(j->state)).p);
}

/* ---- what a kind's run may ask for ---- */

int64_t job_clock(void) { return clock_now(); }

enum err job_fetch(struct worker *w, struct arena *a, const char *url, struct fetched *ret)
{
	struct fetch f = { url, node_get(w->k->settings, "fetch_hosts"), &w->stop };

	return w->k->fetch ? w->k->fetch->get(a, &f, ret) : E_STATE;
}

/* ---- the thread ---- */

enum { KINDS_MAX = 16 };

/* Each kind with how far this pass has come in it: a job that could not be worked on lets the others pass. */
struct kinds { const struct job_kind *kind[KINDS_MAX]; int64_t after[KINDS_MAX]; size_t n; };

static struct kinds kinds_of(const struct kernel *k)
{
	struct kinds ks = { .n = 0 };

	for (int patient = 0; patient < 2; patient++)
		for (size_t m = 0; m < k->n_modules; m++)
			for (size_t i = 0; i < k->modules[m]->n_jobs && ks.n < KINDS_MAX; i++)
				if (k->modules[m]->jobs[i].patient == (patient == 1))
					ks.kind[ks.n++] = &k->modules[m]->jobs[i];
	return ks;
}

/* The next due job and the place of its kind; 0: none. */
static int64_t next_due(struct kernel *k, const struct kinds *ks, size_t *ret)
{
	struct arena a;
	struct db *db;
	int64_t id = 0;

	if (readers_borrow(k->readers, &db))
		return 0;
	arena_init(&a, 1 << 16, NULL);
	for (size_t i = 0; i < ks->n && !id; i++) {
		struct rows r = { 0 };

		if (db_ask(db, &a, kernel_sql[SQL_JOB_DUE], VALS(V_I(ks->after[i]), V_T(str_of(ks->kind[i]->kind))), &r) || !r.n)
			continue;
		id = row_int(&r, 0, 0);
		*ret = i;
	}
	arena_end(&a);
	readers_return(k->readers, db);
	return id;
}

/* Files of jobs that nobody asked for in a month go; what was filed stands where it stands. */
static enum err tidy_one(struct jobs *q, struct call *c, int64_t id, const char *kind)
{
	struct job j;
	enum err e = job_get(c, id, kind, &j);

	if (e)
		return e;
	spool_drop(q->w.k, id);
	j.state = S("expired");
	return job_change(&q->w, c->arena, &j, false);
}

static void tidy(struct jobs *q)
{
	struct call c = { .k = q->w.k };
	struct arena a;
	struct rows r = { 0 };
	int64_t now = clock_now();
	enum err e;

	if (now - q->tidied < TIDY_EVERY_MS || readers_borrow(q->w.k->readers, &c.db))
		return;
	q->tidied = now;
	arena_init(&a, 64 << 20, NULL);
	c.arena = &a;
	e = db_ask(c.db, &a, kernel_sql[SQL_JOB_OLD], VALS(V_I(now - KEPT_DAYS * DAY_MS)), &r);
	for (size_t i = 0; i < r.n && !e && !atomic_load(&q->w.stop); i++)
		e = tidy_one(q, &c, row_int(&r, i, 0), str_z(&a, row_str(&r, i, 1)));
	arena_end(&a);
	readers_return(q->w.k->readers, c.db);
}

static void work_through(struct jobs *q)
{
	struct kinds ks = kinds_of(q->w.k);
	size_t at = 0;
	int64_t id;

	while (!atomic_load(&q->w.stop) && (id = next_due(q->w.k, &ks, &at)) != 0) {
		struct job_now *now = &q->w.now;

		atomic_store(&now->done, 0);
		atomic_store(&now->of, 0);
		atomic_store(&now->good, 0);
		atomic_store(&now->bad, 0);
		atomic_store(&now->filed, 0);
		atomic_store(&now->id, id);
		if (ks.kind[at]->run(&q->w, id) && !atomic_load(&q->w.stop)) {
			say(SAY_WARN, "job %lld could not be worked on; it is tried again at the next start", (long long)id);
			ks.after[at] = id;
		}
		atomic_store(&now->id, 0);
	}
}

static void *work(void *arg)
{
	struct jobs *q = arg;

	for (;;) {
		pthread_mutex_lock(&q->lock);
		while (!q->woken && !q->ending)
			pthread_cond_wait(&q->wake, &q->lock);
		q->woken = false;
		if (q->ending) {
			pthread_mutex_unlock(&q->lock);
			return NULL;
		}
		pthread_mutex_unlock(&q->lock);
		tidy(q);
		work_through(q);
	}
}

/* Again after jobs_stop, too. */
enum err jobs_start(struct kernel *k)
{
	struct jobs *q = k->jobs ? k->jobs : calloc(1, sizeof(*q));

	if (!q)
		return E_IO;
	if (!k->jobs) {
		q->w.k = k;
		pthread_mutex_init(&q->lock, NULL);
		pthread_cond_init(&q->wake, NULL);
		k->jobs = q;
	}
	atomic_store(&q->w.stop, false);
	q->ending = false;
	q->woken = true;                        /* what an earlier process left */
	q->started = pthread_create(&q->thread, NULL, work, q) == 0;
	return q->started ? OK : E_IO;
}

static void wake(struct jobs *q)
{
	pthread_mutex_lock(&q->lock);
	q->woken = true;
	pthread_cond_signal(&q->wake);
	pthread_mutex_unlock(&q->lock);
}

/* After each commit: what waits can be seen now. */
void jobs_committed(struct kernel *k)
{
	if (k->jobs && atomic_exchange(&k->jobs->waits, false))
		wake(k->jobs);
}

static enum err come_due(struct call *c, void *ctx)
{
	(void)ctx;
	db_tell(c->db, kernel_sql[SQL_JOB_COME], VALS(V_I(c->now)));
	atomic_store(&c->k->jobs->waits, true);
	return db_sticky(c->db);
}

/* Jobs that were put off until a time: asked of a reader each second, changed only when there is one. */
void jobs_tick(struct kernel *k, int64_t now)
{
	struct rows r = { 0 };
	struct arena a;
	struct db *db;

	if (!k->jobs || readers_borrow(k->readers, &db))
		return;
	arena_init(&a, 1 << 16, NULL);
	if (!db_ask(db, &a, kernel_sql[SQL_JOB_LATER], VALS(V_I(now)), &r) && r.n && kernel_change(k, now, come_due, NULL, NULL))
		say(SAY_WARN, "jobs that have come due wait for a quieter second");
	arena_end(&a);
	readers_return(k->readers, db);
}

void jobs_stop(struct kernel *k)
{
	struct jobs *q = k->jobs;

	if (!q)
		return;
	atomic_store(&q->w.stop, true);
	pthread_mutex_lock(&q->lock);
	q->ending = true;
	pthread_cond_signal(&q->wake);
	pthread_mutex_unlock(&q->lock);
	if (q->started)
		pthread_join(q->thread, NULL);
	q->started = false;
}

/* When no change can come any more: the writer's thread looks at it until then. */
void jobs_end(struct kernel *k)
{
	struct jobs *q = k->jobs;

	if (!q)
		return;
	pthread_mutex_destroy(&q->lock);
	pthread_cond_destroy(&q->wake);
	k->jobs = NULL;
	free(q);
}
