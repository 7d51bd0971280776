/* web/call.c - the pool of calls and what a call gathers: its body, its headers. Knows nothing of the HTTP library.
 *
 * Owner: the server owns every call it ever made; a call's arena keeps its first piece between requests.
 */
#include <arpa/inet.h>

#include "web/call.h"
#include "web/gate.h"

#include "base/sys.h"

enum { BODY_STEP = 64 * 1024, BODY_TIMES = 10 };         /* a body may take that many idle timeouts in all */

void calls_begin(struct http *h) { pthread_mutex_init(&h->lock, NULL); }

void calls_end(struct http *h)
{
	struct http_hidden *c = h->all_calls, *next;

	for (; c; c = next) {
		next = c->next_all;
		arena_end(&c->arena);
		pthread_mutex_destroy(&c->lock);
		pthread_cond_destroy(&c->answered);
		free(c);
	}
	pthread_mutex_destroy(&h->lock);
}

bool calls_ended(struct http *h)
{
	bool yes;

	pthread_mutex_lock(&h->lock);
	yes = h->in_use == 0;
	pthread_mutex_unlock(&h->lock);
	return yes;
}

void calls_close(struct http *h)
{
	bool last;

	pthread_mutex_lock(&h->lock);
	h->closed = true;
	last = h->in_use == 0;
	pthread_mutex_unlock(&h->lock);
	if (last)
		server_end(h);
}

static struct http_hidden *hidden_new(struct http *h)
{
	struct http_hidden *c = calloc(1, sizeof(*c));

	if (!c)
		return NULL;
	c->server = h;
	arena_init(&c->arena, h->limits.arena_bytes, NULL);
	pthread_mutex_init(&c->lock, NULL);
	pthread_cond_init(&c->answered, NULL);
	return c;
}

struct http_hidden *hidden_take(struct http *h)
{
	struct http_hidden *c;

	pthread_mutex_lock(&h->lock);
	c = h->free_calls;
	if (c) {
		h->free_calls = c->next_free;
	} else if ((c = hidden_new(h))) {
		c->next_all = h->all_calls;
		h->all_calls = c;
	}
	if (c) {
		h->in_use++;
		atomic_store_explicit(&c->wait, RUNNING, memory_order_relaxed);
		atomic_store_explicit(&c->claimed, false, memory_order_relaxed);
		atomic_store_explicit(&c->holds, 1, memory_order_relaxed);
	}
	pthread_mutex_unlock(&h->lock);
	if (!c)
		return NULL;
	c->call = (struct http_call){ .arena = &c->arena, .tls = h->tls, .hidden = c };
	c->response = NULL;
	c->stage = ASKED;
	c->body_too_big = false;
	c->n_headers = c->body_cap = c->body_over = 0;
	return c;
}

void hidden_drop(struct http_hidden *c)
{
	struct http *h = c->server;
	bool last;

	if (atomic_fetch_sub_explicit(&c->holds, 1, memory_order_acq_rel) != 1)
		return;
	arena_reset(&c->arena);
	c->arena.full = NULL;
	pthread_mutex_lock(&h->lock);
	c->next_free = h->free_calls;
	h->free_calls = c;
	last = --h->in_use == 0 && h->closed;
	pthread_mutex_unlock(&h->lock);
	if (last)
		server_end(h);
}

void hidden_hold(struct http_hidden *c) { atomic_fetch_add_explicit(&c->holds, 1, memory_order_relaxed); }

/* Room for `more` bytes: what was announced when that is little, else doubling, so that a claim alone costs nothing. */
static bool body_room(struct http_hidden *c, size_t more)
{
	struct str *body = &c->call.body;
	size_t announced = body->p ? 0 : c->body_cap, need = body->n + more, cap;
	char *p;

	if (body->p && need <= c->body_cap)
		return true;
	cap = announced && announced <= BODY_STEP ? announced : BODY_STEP;
	if (body->p)
		cap = c->body_cap * 2;
	if (cap < need)
		cap = need;
	p = arena_try(&c->arena, cap + 1);
	if (!p)
		return false;
	if (body->n)
		memcpy(p, body->p, body->n);
	body->p = p;
	c->body_cap = cap;
	return true;
}

/* A body in chunks that turns out too big is read to its end, within reason, because only then can the answer be heard. */
bool body_take(struct http_hidden *c, const char *data, size_t n)
{
	struct str *body = &c->call.body;
	size_t most = c->server->limits.body_bytes;

	if (clock_mono() - c->body_since > (int64_t)c->server->limits.timeout_s * BODY_TIMES * 1000 * NS_IN_MS)
		return false;
	if (!c->body_too_big && n <= most - body->n && body_room(c, n)) {
		memcpy((char *)(uintptr_t)body->p + body->n, data, n);
		body->n += n;
		return true;
	}
	c->body_too_big = true;
	c->body_over += n;
	return c->body_over <= most + BODY_STEP;
}

struct str http_header(const struct http_call *call, const char *name)
{
	const struct http_hidden *c = call->hidden;

	for (size_t i = 0; i < c->n_headers; i++)
		if (str_same(str_of(c->headers[i].name), name))
			return c->headers[i].value;
	return S("");
}

struct str http_cookie(const struct http_call *call, const char *name) { return cookie_get(http_header(call, "Cookie"), name); }

bool address_get(const char *listen, struct sockaddr_storage *ret)
{
	struct sockaddr_in *v4 = (struct sockaddr_in *)(void *)ret;
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)(void *)ret;
	struct str all = str_of(listen), host;
	char z[INET6_ADDRSTRLEN] = "";
	size_t colon = all.n;
	int64_t port;

	memset(ret, 0, sizeof(*ret));
	while (colon && all.p[colon - 1] != ':')
		colon--;
	if (!colon || !str_to_int(str_sub(all, colon, all.n), &port) || port < 0 || port > 65535)
		return false;
	host = str_sub(all, 0, colon - 1);
	if (host.n >= 2 && host.p[0] == '[' && host.p[host.n - 1] == ']') {
		host = str_sub(host, 1, host.n - 2);
		ret->ss_family = AF_INET6;
		v6->sin6_port = htons((uint16_t)port);
	} else {
		ret->ss_family = AF_INET;
		v4->sin_port = htons((uint16_t)port);
	}
	if (host.n == 0 || host.n >= sizeof(z))
		return false;
	memcpy(z, host.p, host.n);
	return inet_pton(ret->ss_family, z, ret->ss_family == AF_INET ? (void *)&v4->sin_addr : (void *)&v6->sin6_addr) == 1;
}
