/* base/crew.c - a fixed number of worker threads over a bounded ring. */
#include "sys.h"

#include <pthread.h>

struct crew {
	pthread_mutex_t lock;
	pthread_cond_t more, idle;
	struct task {
		crew_fn *fn;
		void *arg;
	} *ring;
	size_t head, count, cap;
	pthread_t *threads;
	int n_threads, busy;
	bool ending;
};

static void *crew_loop(void *arg)
{
	struct crew *c = arg;

	for (;;) {
		struct task t;

		pthread_mutex_lock(&c->lock);
		while (!c->count && !c->ending)
			pthread_cond_wait(&c->more, &c->lock);
		if (!c->count) {
			pthread_mutex_unlock(&c->lock);
			return NULL;
		}
		t = c->ring[c->head];
		c->head = (c->head + 1) % c->cap;
		c->count--;
		c->busy++;
		pthread_mutex_unlock(&c->lock);
		t.fn(t.arg);
		pthread_mutex_lock(&c->lock);
		if (--c->busy == 0 && !c->count)
			pthread_cond_broadcast(&c->idle);
		pthread_mutex_unlock(&c->lock);
	}
}

enum err crew_start(int threads, size_t queue_max, struct crew **ret)
{
	struct crew *c = calloc(1, sizeof(*c));

	if (!c)
		return E_IO;
	c->ring = calloc(queue_max, sizeof(*c->ring));
	c->threads = calloc((size_t)threads, sizeof(*c->threads));
	c->cap = queue_max;
	pthread_mutex_init(&c->lock, NULL);
	pthread_cond_init(&c->more, NULL);
	pthread_cond_init(&c->idle, NULL);
	while (c->ring && c->threads && c->n_threads < threads) {
		if (pthread_create(&c->threads[c->n_threads], NULL, crew_loop, c))
			break;
		c->n_threads++;
	}
	if (c->n_threads < threads) {
		crew_stop(c);
		return E_IO;
	}
	*ret = c;
	return OK;
}

enum err crew_add(struct crew *c, crew_fn *fn, void *arg)
{
	enum err e = OK;

	pthread_mutex_lock(&c->lock);
	if (c->count == c->cap || c->ending) {
		e = E_BUSY;
	} else {
		c->ring[(c->head + c->count++) % c->cap] = (struct task){ fn, arg };
		pthread_cond_signal(&c->more);
	}
	pthread_mutex_unlock(&c->lock);
	return e;
}

void crew_drain(struct crew *c)
{
	pthread_mutex_lock(&c->lock);
	while (c->busy || c->count)
		pthread_cond_wait(&c->idle, &c->lock);
	pthread_mutex_unlock(&c->lock);
}

void crew_stop(struct crew *c)
{
	pthread_mutex_lock(&c->lock);
	c->ending = true;
	pthread_cond_broadcast(&c->more);
	pthread_mutex_unlock(&c->lock);
	for (int i = 0; i < c->n_threads; i++)
		pthread_join(c->threads[i], NULL);
	pthread_mutex_destroy(&c->lock);
	pthread_cond_destroy(&c->more);
	pthread_cond_destroy(&c->idle);
	free(c->ring);
	free(c->threads);
	free(c);
}
