/* kernel/cosigned.c - heads that reached the quorum of the home's policy: kept with their lines, found for receipts, waited for.
 *
 * Kept is a head when its row is committed; before that no receipt carries it and nobody who waits is told, so that a receipt given once is
 * given again after a crash. All lines are kept, the log's own too: an SM2 signature is another one each time. The first ones of a size stay: a
 * witness that cosigns the same head anew changes nothing. Writers and readers never wait here; whoever asked to be told waits in memory of
 * its own, without a thread.
 */
#include "kernel/inside.h"

enum { AWAIT_MS = 10000, AWAIT_MAX = 1000, TICK_MS = 1000 };

struct cosigned {
	struct kernel *k;
	_Atomic uint64_t kept, asked;     /* size of the largest head kept; of the one on its way to the store */
	pthread_mutex_t lock;             /* of what follows */
	struct await *first;
	size_t n;
	bool ended;
};

static int64_t now_ms(void) { return clock_mono() / 1000000; }

/* ---- keeping ---- */

struct keeping {
	struct cosigned *w;
	uint64_t size;
	size_t n;
	char lines[];
};

static enum err keep(struct call *c, void *ctx)
{
	const struct keeping *x = ctx;

	db_tell(c->db, kernel_sql[SQL_COSIGNED_PUT], VALS(V_I((int64_t)x->size), V_T(((struct str){ x->lines, x->n }))));
	return db_sticky(c->db);
}

/* Those whose time has come, taken out of the list. */
static struct await *take(struct cosigned *w, bool (*come)(const struct cosigned *w, const struct await *x, int64_t now))
{
	struct await **at = &w->first, *out = NULL, *x;
	int64_t now = now_ms();

	while ((x = *at)) {
		if (!come(w, x, now)) {
			at = &x->next;
			continue;
		}
		*at = x->next;
		x->next = out;
		out = x;
		w->n--;
	}
	return out;
}

static void tell(struct await *x, bool there)
{
	struct await *next;

	for (; x; x = next) {
		next = x->next;                 /* its owner may end it as soon as it is told */
		x->done(x, there);
	}
}

static bool covered(const struct cosigned *w, const struct await *x, int64_t now)
{
	(void)now;
	return x->index < atomic_load(&w->kept);
}

static bool late(const struct cosigned *w, const struct await *x, int64_t now)
{
	return w->ended || x->until <= now + TICK_MS;     /* asked again in a second only */
}

static void is_kept(void *ctx, enum err e)
{
	struct keeping *x = ctx;
	struct cosigned *w = x->w;
	struct await *told = NULL;

	if (!e) {
		pthread_mutex_lock(&w->lock);
		if (x->size > atomic_load(&w->kept))
			atomic_store(&w->kept, x->size);
		told = take(w, covered);
		pthread_mutex_unlock(&w->lock);
	} else {
		atomic_store(&w->asked, 0);
	}
	free(x);
	tell(told, true);
}

void cosigned_keep(struct kernel *k, uint64_t size, struct str lines)
{
	struct cosigned *w = k->cosigned;
	struct keeping *x;

	if (!w || size <= atomic_load(&w->kept) || size == atomic_load(&w->asked))
		return;
	x = malloc(sizeof(*x) + lines.n);
	if (!x)
		return;
	x->w = w;
	x->size = size;
	x->n = lines.n;
	memcpy(x->lines, lines.p, lines.n);
	atomic_store(&w->asked, size);
	if (kernel_change(k, clock_now(), keep, is_kept, x)) {
		atomic_store(&w->asked, 0);       /* the writer is full: with the next round */
		free(x);
	}
}

/* ---- for receipts ---- */

enum err cosigned_over(struct call *c, uint64_t index, struct log_head *ret, struct str *ret_lines)
{
	const struct cosigned *w = c->k->cosigned;
	struct rows r;
	enum err e;

	if (!kernel_setting(c->k, "policy").n || (c->k->writing && (!w || index >= atomic_load(&w->kept))))
		return E_ABSENT;
	e = db_ask(c->db, c->arena, kernel_sql[SQL_COSIGNED_OVER], VALS(V_I((int64_t)index)), &r);
	if (e || r.n == 0)
		return e ? e : E_ABSENT;
	if (row_str(&r, 0, 1).n != HASH_LEN)
		return E_CORRUPT;
	ret->size = (uint64_t)row_int(&r, 0, 0);
	memcpy(ret->root.b, row_str(&r, 0, 1).p, HASH_LEN);
	*ret_lines = row_str(&r, 0, 2);
	return OK;
}

/* ---- for those who wait ---- */

enum err kernel_await(struct kernel *k, struct await *x)
{
	struct cosigned *w = k->cosigned;
	bool there;
	enum err e = OK;

	if (!w)
		return E_STATE;
	pthread_mutex_lock(&w->lock);
	there = covered(w, x, 0);
	if (!there && (w->ended || w->n >= AWAIT_MAX)) {
		e = E_BUSY;
	} else if (!there) {
		x->until = now_ms() + AWAIT_MS;
		x->next = w->first;
		w->first = x;
		w->n++;
	}
	pthread_mutex_unlock(&w->lock);
	if (there) {
		x->next = NULL;
		tell(x, true);
	}
	return e;
}

void cosigned_tick(struct kernel *k)
{
	struct cosigned *w = k->cosigned;
	struct await *told;

	if (!w)
		return;
	pthread_mutex_lock(&w->lock);
	told = take(w, late);
	pthread_mutex_unlock(&w->lock);
	tell(told, false);
}

void kernel_await_end(struct kernel *k)
{
	struct cosigned *w = k->cosigned;

	if (!w)
		return;
	pthread_mutex_lock(&w->lock);
	w->ended = true;
	pthread_mutex_unlock(&w->lock);
	cosigned_tick(k);
}

/* ---- start and stop ---- */

enum err cosigned_open(struct kernel *k)
{
	struct cosigned *w = TAKE(&k->life, struct cosigned, 1);
	struct rows r;
	struct db *db;
	enum err e = readers_borrow(k->readers, &db);

	if (e)
		return e;
	e = db_ask(db, &k->life, kernel_sql[SQL_COSIGNED_LAST], NO_VALS, &r);
	readers_return(k->readers, db);
	if (e)
		return e;
	w->k = k;
	atomic_store(&w->kept, r.n ? (uint64_t)row_int(&r, 0, 0) : 0);
	pthread_mutex_init(&w->lock, NULL);
	k->cosigned = w;
	return OK;
}

void cosigned_close(struct kernel *k)
{
	if (!k->cosigned)
		return;
	kernel_await_end(k);
	pthread_mutex_destroy(&k->cosigned->lock);
	k->cosigned = NULL;
}
