/* kernel/cosigners.c - asking witnesses to cosign our checkpoints (C2SP tlog-witness, the log's side).
 *
 * The setting "policy" names a file in the home (C2SP tlog-policy); witnesses that stand there with an address are asked, each second that
 * the log has grown and every REFRESH_MS when it has not. A thread of its own does it, started by the first second of a server: whatever a
 * witness does, no write and no reader waits for it, and one that does not answer is asked less and less often. Their lines go to
 * log_cosigned(). Where addresses may lead is the home's "fetch_hosts", as for every question to another house.
 */
#include "kernel/inside.h"

enum { ASK_SECONDS = 3, REFRESH_MS = 600 * 1000, WAIT_MIN_MS = 1000, WAIT_MAX_MS = 300 * 1000, LINE_MAX_LEN = 1024, MEMORY = 16 << 20, LINES_MAX = 24 };

struct peer {
	struct policy_peer who;
	uint64_t old, done;           /* what it cosigned last, as far as known; the head its line is of */
	int64_t due, done_at;         /* ms of the monotonic clock */
	int64_t wait;                 /* after a failure */
	char line[LINE_MAX_LEN];
	size_t n_line;
};

struct cosigners {
	struct kernel *k;
	const struct policy *policy;
	struct peer *peer;
	size_t n;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t wake;
	bool started, quorum;
	_Atomic bool stop;
	void *kept;                   /* the connection */
};

static int64_t now_ms(void) { return clock_mono() / 1000000; }

/* ---- one witness ---- */

struct asking {
	struct cosigners *c;
	struct arena *a;
	struct str note;
	struct checkpoint head;
};

static enum err proof_from(struct asking *q, uint64_t old, struct add_checkpoint *ret)
{
	struct hash path[MERKLE_MAX_PROOF];
	struct tile_source src;
	struct db *db;
	size_t n = 0;
	enum err e = readers_borrow(q->c->k->readers, &db);

	if (e)
		return e;
	src = tiles_over(&db);
	if (old)
		e = log_consistency(q->c->k->log, &src, old, q->head.size, path, &n);
	readers_return(q->c->k->readers, db);
	if (e || n > WITNESS_MAX_PROOF)
		return e ? e : E_TOO_BIG;
	*ret = (struct add_checkpoint){ .old = old, .n_path = n, .note = q->note };
	memcpy(ret->path, path, n * sizeof(path[0]));
	return OK;
}

/* The witness's own line among those it answered; only a good one counts. */
static enum err take_line(struct asking *q, struct peer *p, struct str answer)
{
	struct str body, line, both = str_fmt(q->a, "%.*s\n%.*s", STR_ARG(q->head.text), STR_ARG(answer));
	struct note_sig sig[NOTE_MAX_SIGS];
	uint64_t when;
	size_t n;

	if (note_open(q->a, both, &body, sig, &n) || !str_eq(body, q->head.text))
		return E_BAD;
	for (size_t i = 0; i < n; i++) {
		if (!note_line_of(&sig[i], p->who.key) || !cosign_check(q->a, p->who.key, body, sig[i].sig, &when))
			continue;
		line = note_sign_line(q->a, sig[i].name, sig[i].id, sig[i].sig);
		if (line.n > sizeof(p->line))
			return E_TOO_BIG;
		memcpy(p->line, line.p, line.n);
		p->n_line = line.n;
		return OK;
	}
	return E_BAD;
}

static enum err ask_once(struct asking *q, struct peer *p, int *ret_status)
{
	struct add_checkpoint *r = TAKE(q->a, struct add_checkpoint, 1);
	struct fetch f = { .hosts = node_get(q->c->k->settings, "fetch_hosts"), .stop = &q->c->stop, .kept = &q->c->kept, .seconds = ASK_SECONDS };
	struct fetched got;
	uint64_t size;
	enum err e = proof_from(q, p->old, r);

	if (e)
		return e;
	f.post = add_checkpoint_str(q->a, r);
	f.url = str_fmt(q->a, "%.*s%sadd-checkpoint", STR_ARG(p->who.url), str_ends(p->who.url, "/") ? "" : "/").p;
	e = q->c->k->fetch->get(q->a, &f, &got);
	if (e)
		return e;
	*ret_status = got.status;
	if (got.status == 409 && note_count(str_trim(got.body), &size)) {
		p->old = size;
		return size > q->head.size ? E_STATE : E_CLASH;
	}
	return got.status == 200 ? take_line(q, p, got.body) : E_DENIED;
}

static enum err ask_twice(const struct asking *q, struct peer *p, int *ret_status)
{
	struct asking one = *q;
	struct arena a;
	enum err e;

	arena_init(&a, MEMORY, NULL);           /* of one witness: two proofs, two answers, well below this */
	one.a = &a;
	e = ask_once(&one, p, ret_status);
	if (e == E_CLASH)                       /* it told its size: the proof is made from there */
		e = ask_once(&one, p, ret_status);
	arena_end(&a);
	return e;
}

/* Did it answer with its line? */
static bool ask(struct asking *q, struct peer *p)
{
	int status = 0;
	enum err e = ask_twice(q, p, &status);

	if (!e) {
		p->old = p->done = q->head.size;
		p->done_at = now_ms();
		p->wait = 0;
		return true;
	}
	if (e == E_STATE && p->old > q->head.size)
		say(SAY_ERROR, "witness %.*s has cosigned %llu entries of this log, there are %llu: was an older store brought back?", STR_ARG(p->who.name),
		    (unsigned long long)p->old, (unsigned long long)q->head.size);
	else if (!p->wait)
		say(SAY_WARN, "witness %.*s: %s, status %d", STR_ARG(p->who.name), err_name(e), status);
	p->wait = p->wait ? p->wait * 2 : WAIT_MIN_MS;
	if (p->wait > WAIT_MAX_MS)
		p->wait = WAIT_MAX_MS;
	p->due = now_ms() + p->wait;
	return false;
}

/* ---- one head, all witnesses ---- */

static bool wanted(const struct peer *p, uint64_t size)
{
	int64_t now = now_ms();

	return now >= p->due && (!p->n_line || p->done != size || now - p->done_at > REFRESH_MS);
}

/* end: of the round, when it is known who answered. */
static void hand_in(struct asking *q, bool end)
{
	struct cosigners *c = q->c;
	struct buf lines = buf_in(q->a, 1024);
	struct policy_found found;
	struct checkpoint head;
	size_t n = 0;
	bool quorum;

	for (size_t i = 0; i < c->n && n < LINES_MAX; i++)
		if (c->peer[i].n_line && c->peer[i].done == q->head.size) {
			buf_add(&lines, (struct str){ c->peer[i].line, c->peer[i].n_line });
			n++;
		}
	if (!n)
		return;
	log_cosigned(c->k->log, q->head.size, buf_str(&lines));
	quorum = policy_check(q->a, c->policy, NULL, str_fmt(q->a, "%.*s%.*s", STR_ARG(q->note), STR_ARG(buf_str(&lines))), &head, &found) == OK;
	if (end && quorum != c->quorum)
		say(quorum ? SAY_INFO : SAY_WARN, quorum ? "the witnesses' quorum is reached, size %llu" : "too few witnesses, size %llu", (unsigned long long)q->head.size);
	if (end)
		c->quorum = quorum;
	if (quorum)
		cosigned_keep(c->k, q->head.size, str_join(q->a, str_sub(q->note, q->head.text.n + 1, q->note.n), buf_str(&lines)));
}

/* The log's own lines of a note: what was cosigned before is not sent around. */
static enum err own_note(struct asking *q)
{
	struct str full, body;
	struct note_sig sig[NOTE_MAX_SIGS];
	struct buf b;
	size_t n;
	enum err e = log_checkpoint(q->c->k->log, q->a, TREE_SHA256, &full);

	if (!e)
		e = note_open(q->a, full, &body, sig, &n);
	if (!e)
		e = checkpoint_get(q->a, body, &q->head);
	if (e)
		return e;
	b = buf_in(q->a, full.n);
	buf_add(&b, body);
	buf_char(&b, '\n');
	for (size_t i = 0; i < n; i++)
		if (str_eq(sig[i].name, log_origin(q->c->k->log)))
			buf_add(&b, note_sign_line(q->a, sig[i].name, sig[i].id, sig[i].sig));
	q->note = buf_str(&b);
	return OK;
}

static void round_of(struct cosigners *c, struct arena *a)
{
	struct asking q = { .c = c, .a = a };
	bool any = false;

	if (own_note(&q))
		return;
	for (size_t i = 0; i < c->n && !atomic_load(&c->stop); i++)
		if (wanted(&c->peer[i], q.head.size)) {
			if (ask(&q, &c->peer[i]))
				hand_in(&q, false);         /* at once: the next one may be slow */
			any = true;
		}
	if (any)
		hand_in(&q, true);
}

static void *work(void *arg)
{
	struct cosigners *c = arg;
	struct timespec second;
	struct arena a;
	jmp_buf full;

	arena_init(&a, MEMORY, &full);
	while (!atomic_load(&c->stop)) {
		if (!setjmp(full))
			round_of(c, &a);
		arena_reset(&a);
		pthread_mutex_lock(&c->lock);
		second = (struct timespec){ clock_now() / 1000 + 1, 0 };
		if (!atomic_load(&c->stop))
			pthread_cond_timedwait(&c->wake, &c->lock, &second);
		pthread_mutex_unlock(&c->lock);
	}
	arena_end(&a);
	return NULL;
}

/* ---- start and stop ---- */

static enum err cosigners_open(struct kernel *k, char why[300])
{
	struct str name = kernel_setting(k, "policy"), text;
	struct policy_trouble t;
	struct cosigners *c;
	enum err e;

	if (!name.n)
		return OK;
	c = TAKE(&k->life, struct cosigners, 1);
	e = file_read(&k->life, str_fmt(&k->life, "%s/%.*s", k->home, STR_ARG(name)).p, POLICY_MAX, &text);
	if (e) {
		snprintf(why, 300, "设置 policy 的文件读不出 / the file of the setting policy cannot be read: %.*s", STR_ARG(name));
		return e;
	}
	e = policy_get(&k->life, text, &c->policy, &t);
	if (e) {
		snprintf(why, 300, "%.*s 第 %zu 行：%s / line %zu: %s", STR_ARG(name), t.line, t.zh, t.line, t.en);
		return e;
	}
	c->k = k;
	c->peer = TAKE(&k->life, struct peer, policy_witnesses(c->policy) + 1);
	for (size_t i = 0; i < policy_witnesses(c->policy); i++)
		if (policy_witness(c->policy, i).url.n)
			c->peer[c->n++].who = policy_witness(c->policy, i);
	pthread_mutex_init(&c->lock, NULL);
	pthread_cond_init(&c->wake, NULL);
	k->cosigners = c;
	return policy_asks(c->policy) && c->n ? cosigned_open(k) : OK;
}

void cosigners_tick(struct kernel *k)
{
	struct cosigners *c = k->cosigners;

	if (c && c->n && k->fetch && !c->started)
		c->started = pthread_create(&c->thread, NULL, work, c) == 0;
}

static void cosigners_close(struct kernel *k)
{
	struct cosigners *c = k->cosigners;

	if (!c)
		return;
	pthread_mutex_lock(&c->lock);
	atomic_store(&c->stop, true);
	pthread_cond_signal(&c->wake);
	pthread_mutex_unlock(&c->lock);
	if (c->started)
		pthread_join(c->thread, NULL);
	if (c->kept)
		k->fetch->end(c->kept);
	pthread_cond_destroy(&c->wake);
	pthread_mutex_destroy(&c->lock);
	k->cosigners = NULL;
}

enum err peers_open(struct kernel *k, char why[300])
{
	enum err e = witness_open(k, why);

	if (!e)
		e = cosigners_open(k, why);
	return e ? e : stamp_open(k, why);
}

void peers_stop(struct kernel *k)
{
	cosigners_close(k);
	stamp_stop(k);
}

void peers_close(struct kernel *k)
{
	peers_stop(k);
	cosigned_close(k);
	stamp_close(k);
	witness_close(k);
}
