/* kernel/load.c - loads as rows, and the one thread that works on them. */
#include "kernel/house.h"
#include "kernel/load.h"

static struct str bound_to(struct arena *a, int64_t id) { return str_fmt(a, "load %lld", (long long)id); }

static enum err facts_of(struct call *c, int64_t id, struct str sealed, struct node **ret)
{
	static const struct json_limits limits = { .bytes = 1 << 20, .depth = 8, .nodes = 10000 };
	struct json_trouble trouble;
	struct str plain;
	enum err e = unseal(c->k->table_key, bound_to(c->arena, id), sealed, c->arena, &plain);

	return e ? e : json_read(c->arena, plain, &limits, ret, &trouble) ? E_CORRUPT : OK;
}

enum err load_get(struct call *c, int64_t id, struct load *ret)
{
	struct node *facts;
	struct rows r;
	enum err e = db_ask(c->db, c->arena, kernel_sql[SQL_LOAD_GET], VALS(V_I(id)), &r);

	if (!e && !r.n)
		e = E_ABSENT;
	if (!e)
		e = facts_of(c, id, row_str(&r, 0, 6), &facts);
	if (e)
		return e;
	*ret = (struct load){ .id = row_int(&r, 0, 0), .account = row_int(&r, 0, 1), .party = row_int(&r, 0, 2), .what = row_str(&r, 0, 3),
		.state = row_str(&r, 0, 4), .at = row_int(&r, 0, 5), .facts = facts };
	return OK;
}

enum err load_seal(struct kernel *k, struct arena *a, const struct load *l, struct str *ret)
{
	unsigned char nonce[SEAL_NONCE_LEN];
	enum err e = random_fill(nonce, sizeof(nonce));

	return e ? e : seal(SEAL_AES256_GCM, k->table_key, nonce, bound_to(a, l->id), json_str(a, l->facts), a, ret);
}

void load_tell(struct db *db, const struct load *l, struct str sealed)
{
	db_tell(db, kernel_sql[SQL_LOAD_PUT], VALS(V_I(l->id), V_I(l->account), V_I(l->party), V_T(l->what), V_T(l->state), V_I(l->at), V_B(sealed)));
}

enum err load_keep(struct call *c, const struct load *l)
{
	struct str sealed;
	enum err e = load_seal(c->k, c->arena, l, &sealed);

	if (e)
		return e;
	load_tell(c->db, l, sealed);
	return db_sticky(c->db);
}

int64_t load_fact(const struct load *l, const char *name) { return node_number(l->facts, name, 0); }

void load_put(struct load *l, const char *name, struct node *v)
{
	for (struct node *x = l->facts->first; x; x = x->next)
		if (str_is(x->key, name)) {
			struct str key = x->key;
			struct node *next = x->next;

			*x = *v;
			x->key = key;
			x->next = next;
			return;
		}
	node_set(l->facts, str_of(name), v);
}

void load_set(struct load *l, struct arena *a, const char *name, int64_t v) { load_put(l, name, node_int(a, v)); }

void load_say(struct load *l, struct arena *a, struct str zh, struct str en)
{
	load_put(l, "why_zh", node_str(a, zh));
	load_put(l, "why_en", node_str(a, en));
}

/* ---- the thread ---- */

static int64_t next_due(struct kernel *k)
{
	struct arena a;
	struct rows r = { 0 };
	struct db *db;
	int64_t id = 0;

	if (readers_borrow(k->readers, &db))
		return 0;
	arena_init(&a, 1 << 16, NULL);
	if (!db_ask(db, &a, kernel_sql[SQL_LOAD_DUE], NO_VALS, &r) && r.n)
		id = row_int(&r, 0, 0);
	arena_end(&a);
	readers_return(k->readers, db);
	return id;
}

static void *work(void *arg)
{
	struct loader *w = arg;

	for (;;) {
		int64_t id, failed = 0;

		pthread_mutex_lock(&w->lock);
		while (!w->woken && !w->ending)
			pthread_cond_wait(&w->wake, &w->lock);
		w->woken = false;
		if (w->ending) {
			pthread_mutex_unlock(&w->lock);
			return NULL;
		}
		pthread_mutex_unlock(&w->lock);
		while (!atomic_load(&w->stop) && (id = next_due(w->k)) != 0 && id != failed)
			if (load_run(w, id) && !atomic_load(&w->stop)) {
				say(SAY_WARN, "load %lld could not be worked on; it is tried again at the next start", (long long)id);
				failed = id;
			}
	}
}

enum err loader_start(struct kernel *k)
{
	struct loader *w = calloc(1, sizeof(*w));

	if (!w)
		return E_IO;
	w->k = k;
	w->woken = true;                        /* what an earlier process left */
	pthread_mutex_init(&w->lock, NULL);
	pthread_cond_init(&w->wake, NULL);
	k->loader = w;
	w->started = pthread_create(&w->thread, NULL, work, w) == 0;
	return w->started ? OK : E_IO;
}

/* After each commit: what waits can be seen now. */
void loads_committed(struct kernel *k)
{
	if (k->loader && atomic_exchange(&k->loader->waits, false))
		loader_wake(k);
}

void loader_wake(struct kernel *k)
{
	if (!k->loader)
		return;
	pthread_mutex_lock(&k->loader->lock);
	k->loader->woken = true;
	pthread_cond_signal(&k->loader->wake);
	pthread_mutex_unlock(&k->loader->lock);
}

void loader_stop(struct kernel *k)
{
	struct loader *w = k->loader;

	if (!w)
		return;
	atomic_store(&w->stop, true);
	pthread_mutex_lock(&w->lock);
	w->ending = true;
	pthread_cond_signal(&w->wake);
	pthread_mutex_unlock(&w->lock);
	if (w->started)
		pthread_join(w->thread, NULL);
	pthread_mutex_destroy(&w->lock);
	pthread_cond_destroy(&w->wake);
	k->loader = NULL;
	free(w);
}
