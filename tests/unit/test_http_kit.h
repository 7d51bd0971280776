/* tests/unit/test_http_kit.h - raw sockets and a small server for the HTTP tests. */
#ifndef SUYUAN_TEST_HTTP_KIT_H
#define SUYUAN_TEST_HTTP_KIT_H

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/sys.h"
#include "web/http.h"

enum { REPLY_CAP = 4 * 1024 * 1024 };

static inline int dial(unsigned port)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int one = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof(to)), 0);
	return fd;
}

/* False when the other side has closed. */
static inline bool put_all(int fd, struct str s)
{
	while (s.n) {
		ssize_t n = send(fd, s.p, s.n, MSG_NOSIGNAL);

		if (n <= 0)
			return false;
		s = str_sub(s, (size_t)n, s.n);
	}
	return true;
}

/* Reads until the other side closes or is silent for `ms`. The text is terminated; *closed says which it was. */
static inline struct str get_all(int fd, char *to, size_t cap, int ms, bool *closed)
{
	size_t n = 0;

	*closed = false;
	while (n + 1 < cap) {
		struct pollfd p = { .fd = fd, .events = POLLIN };
		ssize_t got;

		if (poll(&p, 1, ms) <= 0)
			break;
		got = recv(fd, to + n, cap - 1 - n, 0);
		if (got <= 0) {
			*closed = true;
			break;
		}
		n += (size_t)got;
	}
	to[n] = 0;
	return (struct str){ to, n };
}

static inline size_t count_of(struct str s, const char *what)
{
	size_t n = 0, len = strlen(what);

	for (size_t i = 0; i + len <= s.n; i++)
		n += memcmp(s.p + i, what, len) == 0;
	return n;
}

static inline bool has(struct str s, const char *what) { return count_of(s, what) > 0; }

static inline int status_of(struct str s)
{
	int64_t v = 0;

	return str_starts(s, "HTTP/1.1 ") && str_to_int(str_sub(s, 9, 3), &v) ? (int)v : 0;
}

static inline struct str body_of(struct str s)
{
	const char *at = s.n ? memmem(s.p, s.n, "\r\n\r\n", 4) : NULL;

	return at ? str_sub(s, (size_t)(at - s.p) + 4, s.n) : S("");
}

/* ---- a writer that answers parked calls in groups, as a commit does ---- */

struct fake_writer {
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t more;
	struct http_call *queue[4096];
	size_t n;
	unsigned commit_us;
	bool ending;
	atomic_long groups, answered;
};

static inline void fake_answer(struct http_call *c)
{
	jmp_buf full;
	struct http_reply r = { .status = 201, .type = "application/json" };

	c->arena->full = &full;
	assert_int_equal(setjmp(full), 0);
	r.body = str_fmt(c->arena, "{\"got\":%zu}", c->body.n);
	http_answer(c, &r);
}

static inline void *fake_writer_loop(void *arg)
{
	struct fake_writer *w = arg;
	struct http_call *mine[4096];
	size_t n;

	for (;;) {
		pthread_mutex_lock(&w->lock);
		while (!w->n && !w->ending)
			pthread_cond_wait(&w->more, &w->lock);
		n = w->n;
		memcpy(mine, w->queue, n * sizeof(mine[0]));
		w->n = 0;
		pthread_mutex_unlock(&w->lock);
		if (n == 0)
			return NULL;
		if (w->commit_us)
			usleep(w->commit_us);
		atomic_fetch_add(&w->groups, 1);
		atomic_fetch_add(&w->answered, (long)n);
		for (size_t i = 0; i < n; i++)
			fake_answer(mine[i]);
	}
}

static inline void fake_writer_start(struct fake_writer *w, unsigned commit_us)
{
	memset(w, 0, sizeof(*w));
	w->commit_us = commit_us;
	pthread_mutex_init(&w->lock, NULL);
	pthread_cond_init(&w->more, NULL);
	assert_int_equal(pthread_create(&w->thread, NULL, fake_writer_loop, w), 0);
}

static inline void fake_writer_add(struct fake_writer *w, struct http_call *c)
{
	pthread_mutex_lock(&w->lock);
	assert_true(w->n < ROWS(w->queue));
	w->queue[w->n++] = c;
	pthread_cond_signal(&w->more);
	pthread_mutex_unlock(&w->lock);
}

static inline void fake_writer_stop(struct fake_writer *w)
{
	pthread_mutex_lock(&w->lock);
	w->ending = true;
	pthread_cond_signal(&w->more);
	pthread_mutex_unlock(&w->lock);
	pthread_join(w->thread, NULL);
	pthread_mutex_destroy(&w->lock);
	pthread_cond_destroy(&w->more);
}

#endif
