/* store/writer.c - see writer.h. The only thread that touches the writing connection. */
#include <pthread.h>

#include "base/sys.h"
#include "store/writer.h"

enum { COMPACT_EVERY = 2000 };      /* changes between WAL checkpoints, by this same thread */

struct writer {
	struct db *db;
	struct writer_hooks hooks;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t more;
	struct change *head, *tail;
	size_t queued;
	bool ending, dead;
	size_t since_compact;
};

static struct change *take_group(struct writer *w, size_t *ret_n)
{
	struct change *first = w->head, *last = NULL, *c = first;
	size_t n = 0;

	for (; c && n < WRITER_GROUP_MAX; c = c->next, n++)
		last = c;
	w->head = c;
	if (!c)
		w->tail = NULL;
	if (last)
		last->next = NULL;
	w->queued -= n;
	*ret_n = n;
	return first;
}

static enum err run_group(struct writer *w, struct change *group)
{
	enum err e = db_begin(w->db);

	for (struct change *c = group; c && !e; c = c->next) {
		w->hooks.mark(w->hooks.ctx);
		e = db_save(w->db);
		if (e)
			break;
		c->outcome = db_save_end(w->db, c->run(c, w->db));
		if (c->outcome)
			w->hooks.rewind(w->hooks.ctx);
		e = db_sticky(w->db);
	}
	if (!e)
		e = w->hooks.seal(w->hooks.ctx, w->db);
	return db_end(w->db, e);
}

static void work(struct writer *w, struct change *group, size_t n)
{
	bool was_dead = w->dead;        /* only this thread sets it */
	enum err e = was_dead ? E_IO : run_group(w, group);
	struct change *next;

	if (e && !was_dead)
		w->hooks.undo(w->hooks.ctx);
	else if (!e)
		e = w->hooks.publish(w->hooks.ctx);
	if (e && !was_dead) {
		say(SAY_ERROR, "writer: %s; no further change is taken until a restart and a verify", err_en(e));
		pthread_mutex_lock(&w->lock);
		w->dead = true;
		pthread_mutex_unlock(&w->lock);
	}
	for (struct change *c = group; c; c = next) {
		next = c->next;
		n += c->weight;
		c->done(c, e ? (e == E_DISK ? E_DISK : E_IO) : c->outcome);
	}
	if (w->hooks.answered)
		w->hooks.answered(w->hooks.ctx);
	w->since_compact += n;
	if (w->since_compact >= COMPACT_EVERY && !w->dead) {
		if (db_compact(w->db))
			say(SAY_WARN, "writer: checkpoint of the write-ahead log: %s", db_why(w->db));
		w->since_compact = 0;
	}
}

static void *writer_loop(void *arg)
{
	struct writer *w = arg;

	for (;;) {
		struct change *group;
		size_t n;

		pthread_mutex_lock(&w->lock);
		while (!w->head && !w->ending)
			pthread_cond_wait(&w->more, &w->lock);
		group = take_group(w, &n);
		pthread_mutex_unlock(&w->lock);
		if (!group)
			break;
		work(w, group, n);
	}
	if (!w->dead && db_compact(w->db))
		say(SAY_WARN, "writer: last checkpoint: %s", db_why(w->db));
	return NULL;
}

enum err writer_start(struct db *db, const struct writer_hooks *hooks, struct writer **ret)
{
	struct writer *w = calloc(1, sizeof(*w));

	if (!w)
		return E_IO;
	w->db = db;
	w->hooks = *hooks;
	pthread_mutex_init(&w->lock, NULL);
	pthread_cond_init(&w->more, NULL);
	if (pthread_create(&w->thread, NULL, writer_loop, w)) {
		free(w);
		return E_IO;
	}
	*ret = w;
	return OK;
}

enum err writer_add(struct writer *w, struct change *c)
{
	enum err e = OK;

	c->next = NULL;
	c->outcome = OK;
	pthread_mutex_lock(&w->lock);
	if (w->ending || w->dead || w->queued >= WRITER_QUEUE_MAX) {
		e = E_BUSY;
	} else {
		if (w->tail)
			w->tail->next = c;
		else
			w->head = c;
		w->tail = c;
		if (w->queued++ == 0)
			pthread_cond_signal(&w->more);
	}
	pthread_mutex_unlock(&w->lock);
	return e;
}

bool writer_dead(struct writer *w)
{
	bool dead;

	pthread_mutex_lock(&w->lock);
	dead = w->dead;
	pthread_mutex_unlock(&w->lock);
	return dead;
}

size_t writer_queued(struct writer *w)
{
	size_t n;

	pthread_mutex_lock(&w->lock);
	n = w->queued;
	pthread_mutex_unlock(&w->lock);
	return n;
}

void writer_stop(struct writer *w)
{
	if (!w)
		return;
	pthread_mutex_lock(&w->lock);
	w->ending = true;
	pthread_cond_signal(&w->more);
	pthread_mutex_unlock(&w->lock);
	pthread_join(w->thread, NULL);
	pthread_mutex_destroy(&w->lock);
	pthread_cond_destroy(&w->more);
	free(w);
}
