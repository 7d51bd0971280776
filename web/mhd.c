/* web/mhd.c - the HTTP adaptor: the only file that knows the library libmicrohttpd.
 *
 * Event loops over epoll (or a thread a connection). A request passes: target taken (uri_taken) -> header gate on the first
 * library call -> body into the arena -> handler -> answer queued, or the connection is parked until http_answer.
 * What a call is and who holds it: call.h.
 * Never does: anything that waits inside an event loop; anything that knows paths, pages or rules.
 */
#include <microhttpd.h>

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <unistd.h>

#include "web/call.h"
#include "web/gate.h"

#include "base/sys.h"

enum { STREAM_BLOCK = 64 * 1024, PEM_MAX = 1024 * 1024, LAST_WORDS_MS = 50 };

void server_end(struct http *h)
{
	calls_end(h);
	for (size_t i = 0; i < ERR_COUNT; i++)
		if (h->refuse[i])
			MHD_destroy_response(h->refuse[i]);
	arena_end(&h->pem);
	free(h);
}

/* ---- answers ---- */

static bool add(struct MHD_Response *r, const char *name, const char *value)
{
	return MHD_add_response_header(r, name, value) == MHD_YES;
}

static bool has_extra(const struct http_reply *r, const char *name)
{
	for (size_t i = 0; i < r->n_extra; i++)
		if (str_same(str_of(r->extra[i].name), name))
			return true;
	return false;
}

/* 'wasm-unsafe-eval' and blob: are for the code scanner, inline styles for the component library. */
static const char page_policy[] =
	"default-src 'self'; img-src 'self' data: blob:; style-src 'self' 'unsafe-inline'; script-src 'self' 'wasm-unsafe-eval'; "
	"object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

static bool add_security(struct MHD_Response *to, const struct http_reply *r)
{
	bool ok = add(to, "X-Content-Type-Options", "nosniff");

	if (!has_extra(r, "Referrer-Policy"))
		ok = add(to, "Referrer-Policy", "same-origin") && ok;
	if (!r->type || !str_starts(str_of(r->type), "text/html"))
		return ok;
	if (!has_extra(r, "Content-Security-Policy"))
		ok = add(to, "Content-Security-Policy", page_policy) && ok;
	return add(to, "Permissions-Policy", "camera=(self)") && ok;
}

/* The library refuses line breaks, so a value can never start another header; here a zero byte is refused too. */
static bool add_extra(struct MHD_Response *to, const struct http_header *x)
{
	char small[512], *z = small;
	bool ok;

	if (x->value.n && memchr(x->value.p, 0, x->value.n))
		return false;
	if (x->value.n >= sizeof(small))
		z = malloc(x->value.n + 1);
	if (!z)
		return false;
	if (x->value.n)
		memcpy(z, x->value.p, x->value.n);
	z[x->value.n] = 0;
	ok = add(to, x->name, z);
	if (z != small)
		free(z);
	return ok;
}

static ssize_t stream_pull(void *arg, uint64_t pos, char *to, size_t cap)
{
	struct http_hidden *c = arg;
	int64_t n = c->stream.pull(c->stream.ctx, to, cap);

	(void)pos;
	if (n == 0)
		return MHD_CONTENT_READER_END_OF_STREAM;
	if (n < 0 || (uint64_t)n > cap)
		return MHD_CONTENT_READER_END_WITH_ERROR;
	return (ssize_t)n;
}

static void stream_end(void *arg)
{
	struct http_hidden *c = arg;

	if (c->stream.done)
		c->stream.done(c->stream.ctx);
	hidden_drop(c);
}

/* NULL when memory is short or a header cannot be sent; a stream is ended then as well. */
static struct MHD_Response *response_make(struct http_hidden *c, const struct http_reply *r)
{
	struct MHD_Response *to;
	bool ok;

	if (r->stream) {
		c->stream = *r->stream;
		hidden_hold(c);
		to = MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, STREAM_BLOCK, stream_pull, c, stream_end);
		if (!to)
			stream_end(c);
		else if (c->call.method == HTTP_HEAD)            /* 0.9.75 would send the closing chunk of a body that is not there */
			MHD_set_response_options(to, MHD_RF_HTTP_VERSION_1_0_ONLY, MHD_RO_END);
	} else {
		/* the library does not write to it; it lives until the connection has let go of the call */
		to = MHD_create_response_from_buffer(r->body.n, (void *)(uintptr_t)(r->body.n ? r->body.p : ""), MHD_RESPMEM_PERSISTENT);
	}
	if (!to)
		return NULL;
	ok = add_security(to, r) && (!r->type || add(to, "Content-Type", r->type)) && r->n_extra <= HTTP_MAX_HEADERS;
	for (size_t i = 0; ok && i < r->n_extra; i++)
		ok = add_extra(to, &r->extra[i]);
	if (ok)
		return to;
	MHD_destroy_response(to);
	return NULL;
}

/* Stores the answer and wakes whoever waits for it. The caller owns the claim and the pending hold. */
static void answer_set(struct http_hidden *c, struct MHD_Response *response, int status)
{
	struct MHD_Connection *conn = c->conn;

	c->response = response;
	c->status = status;
	if (c->server->limits.thread_each) {
		pthread_mutex_lock(&c->lock);
		atomic_store(&c->wait, ANSWERED);
		pthread_cond_signal(&c->answered);
		pthread_mutex_unlock(&c->lock);
	} else if (atomic_exchange(&c->wait, ANSWERED) == PARKED) {
		MHD_resume_connection(conn);
	}
}

static void answer_refuse(struct http_hidden *c, enum err e)
{
	if (!atomic_exchange(&c->claimed, true))
		answer_set(c, NULL, (int)e);
}

void http_answer(struct http_call *call, const struct http_reply *r)
{
	struct http_hidden *c = call->hidden;
	struct MHD_Response *response;

	if (atomic_exchange(&c->claimed, true)) {        /* http_stop has answered in our place */
		if (r->stream && r->stream->done)
			r->stream->done(r->stream->ctx);
	} else {
		response = response_make(c, r);
		answer_set(c, response, response ? r->status : E_INTERNAL);
	}
	hidden_drop(c);
}

static enum MHD_Result queue_refusal(struct http_hidden *c, struct MHD_Connection *conn, enum err e)
{
	c->stage = QUEUED;
	return MHD_queue_response(conn, (unsigned)err_http(e), c->server->refuse[e]);
}

static enum MHD_Result queue_answer(struct http_hidden *c, struct MHD_Connection *conn)
{
	struct MHD_Response *r = c->response;
	enum MHD_Result ok;

	if (!r)
		return queue_refusal(c, conn, (enum err)c->status);
	c->stage = QUEUED;
	c->response = NULL;
	ok = MHD_queue_response(conn, (unsigned)c->status, r);
	MHD_destroy_response(r);
	return ok;
}

/* ---- one request ---- */

struct head_walk {
	struct http_hidden *c;
	size_t n, bytes;
	char *at;                        /* NULL while counting */
};

static enum MHD_Result head_walk(void *arg, enum MHD_ValueKind kind, const char *name, size_t name_n, const char *value, size_t value_n)
{
	struct head_walk *w = arg;
	struct http_header *h;

	(void)kind;
	if (!value)
		value_n = 0;
	w->bytes += name_n + value_n + 2;
	if (w->at) {
		h = &w->c->headers[w->n];
		h->name = memcpy(w->at, name, name_n);
		w->at += name_n + 1;
		h->value = (struct str){ w->at, value_n };
		if (value_n)
			memcpy(w->at, value, value_n);
		w->at += value_n + 1;
	}
	w->n++;
	return MHD_YES;
}

/* The header block moves into the arena, so that a parked call can be read by any thread, however long it takes. */
static bool headers_take(struct http_hidden *c, struct MHD_Connection *conn)
{
	struct head_walk count = { .c = c }, fill = { .c = c };

	MHD_get_connection_values_n(conn, MHD_HEADER_KIND, head_walk, &count);
	c->headers = arena_try(&c->arena, count.n * sizeof(*c->headers) + count.bytes + 1);
	if (!c->headers)
		return false;
	fill.at = (char *)(c->headers + count.n);
	MHD_get_connection_values_n(conn, MHD_HEADER_KIND, head_walk, &fill);
	c->n_headers = fill.n;
	return true;
}

static void peer_take(struct http_hidden *c, struct MHD_Connection *conn)
{
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(conn, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
	const char *z = NULL;

	if (info && info->client_addr->sa_family == AF_INET)
		z = inet_ntop(AF_INET, &((struct sockaddr_in *)(void *)info->client_addr)->sin_addr, c->peer, sizeof(c->peer));
	else if (info && info->client_addr->sa_family == AF_INET6)
		z = inet_ntop(AF_INET6, &((struct sockaddr_in6 *)(void *)info->client_addr)->sin6_addr, c->peer, sizeof(c->peer));
	c->call.peer = str_of(z);
}

/* First library call: everything that can be refused is refused before the body is read. */
static enum MHD_Result let_in(struct http_hidden *c, struct MHD_Connection *conn, const char *method, const char *version)
{
	struct http_call *call = &c->call;
	struct gate g;
	enum err e = E_BAD;

	c->conn = conn;
	call->method = gate_method(str_of(method));
	if (!headers_take(c, conn))
		return queue_refusal(c, conn, E_TOO_BIG);
	if (gate_target(call->target, call->method, &call->path, &call->query))
		e = gate_check(c->headers, c->n_headers, call->target, strcmp(version, "HTTP/1.0") == 0, c->server->limits.body_bytes, &g);
	if (e)
		return queue_refusal(c, conn, e);
	if (g.has_length && g.length)
		c->body_cap = (size_t)g.length;
	if (g.chunked || g.has_length)
		c->body_since = clock_mono();
	peer_take(c, conn);
	c->stage = LET_IN;
	return MHD_YES;
}

/* The boundary of the request: whatever overflows the arena inside the handler lands here. */
static void handler_run(struct http_hidden *c)
{
	jmp_buf full;
	int e;

	hidden_hold(c);                                  /* the pending answer */
	c->arena.full = &full;
	e = setjmp(full);
	if (e == 0) {
		c->server->fn(c->server->ctx, &c->call);
	} else if (!atomic_load(&c->claimed)) {
		answer_refuse(c, e > 0 && e < ERR_COUNT && c->server->refuse[e] ? (enum err)e : E_INTERNAL);
		hidden_drop(c);
	}
}

static void wait_here(struct http_hidden *c)
{
	pthread_mutex_lock(&c->lock);
	while (atomic_load(&c->wait) != ANSWERED)
		pthread_cond_wait(&c->answered, &c->lock);
	pthread_mutex_unlock(&c->lock);
}

static enum MHD_Result handle(struct http_hidden *c, struct MHD_Connection *conn)
{
	int running = RUNNING;

	if (c->body_too_big)
		return queue_refusal(c, conn, E_TOO_BIG);
	if (atomic_load(&c->server->stopping))
		return queue_refusal(c, conn, E_BUSY);
	c->stage = ANSWER_DUE;
	handler_run(c);
	if (atomic_load(&c->wait) == ANSWERED)
		return queue_answer(c, conn);
	if (c->server->limits.thread_each) {
		wait_here(c);
		return queue_answer(c, conn);
	}
	/* Suspended first, told second: an answer that comes between the two finds RUNNING and leaves the waking to us. */
	MHD_suspend_connection(conn);
	if (!atomic_compare_exchange_strong(&c->wait, &running, PARKED))
		MHD_resume_connection(conn);
	else if (atomic_load(&c->server->forcing))
		answer_refuse(c, E_BUSY);
	return MHD_YES;
}

/* Library call n for one request. An answer on the first call would cost the connection, so it only opens the gate. */
static enum MHD_Result on_call(void *arg, struct MHD_Connection *conn, const char *url, const char *method, const char *version,
                               const char *data, size_t *data_n, void **con_cls)
{
	struct http_hidden *c = *con_cls;
	enum MHD_Result ok;

	(void)arg;
	(void)url;
	if (!c)
		return MHD_NO;
	if (c->stage == ASKED)
		return c->call.target.p ? let_in(c, conn, method, version) : queue_refusal(c, conn, E_TOO_BIG);
	if (c->stage == LET_IN && *data_n) {
		ok = body_take(c, data, *data_n) ? MHD_YES : MHD_NO;
		*data_n = 0;
		return ok;
	}
	if (c->stage == LET_IN)
		return handle(c, conn);
	return c->stage == ANSWER_DUE ? queue_answer(c, conn) : MHD_YES;
}

static void *uri_taken(void *arg, const char *uri, struct MHD_Connection *conn)
{
	struct http_hidden *c = hidden_take(arg);
	size_t n = strlen(uri);
	char *p;

	(void)conn;
	if (c && (p = arena_try(&c->arena, n + 1))) {
		memcpy(p, uri, n);
		c->call.target = (struct str){ p, n };
	}
	return c;
}

static void on_done(void *arg, struct MHD_Connection *conn, void **con_cls, enum MHD_RequestTerminationCode why)
{
	struct http_hidden *c = *con_cls;

	(void)arg;
	(void)conn;
	(void)why;
	*con_cls = NULL;
	if (!c)
		return;
	if (c->response)
		MHD_destroy_response(c->response);
	c->response = NULL;
	hidden_drop(c);
}

/* Arguments are decoded by form.c, strictly; the library is kept from doing it first. */
static size_t leave_encoded(void *arg, struct MHD_Connection *conn, char *z)
{
	(void)arg;
	(void)conn;
	return strlen(z);
}

/* ---- start and stop ---- */

static bool refusals_make(struct http *h)
{
	static const enum err ours[] = { E_BAD, E_TOO_BIG, E_INTERNAL, E_BUSY };
	static const struct http_reply bare = { .type = "application/problem+json" };
	char body[400];
	int n;

	for (size_t i = 0; i < ROWS(ours); i++) {
		enum err e = ours[i];
		struct MHD_Response *r;

		n = snprintf(body, sizeof(body), "{\"type\":\"%s\",\"status\":%d,\"title\":\"%s\",\"zh\":\"%s\",\"en\":\"%s\",\"errors\":[]}\n", err_name(e),
		             err_http(e), err_en(e), err_zh(e), err_en(e));
		r = MHD_create_response_from_buffer((size_t)n, body, MHD_RESPMEM_MUST_COPY);
		if (!r)
			return false;
		h->refuse[e] = r;
		if (!add(r, "Content-Type", bare.type) || !add(r, "Connection", "close") || !add_security(r, &bare))
			return false;
	}
	return true;
}

static void limits_fill(struct http_limits *l)
{
	long cores = sysconf(_SC_NPROCESSORS_ONLN);

	l->header_bytes = l->header_bytes ? l->header_bytes : 32 * 1024;
	l->body_bytes = l->body_bytes ? l->body_bytes : (size_t)16 * 1024 * 1024;
	l->arena_bytes = l->arena_bytes ? l->arena_bytes : (size_t)64 * 1024 * 1024;
	l->connections = l->connections ? l->connections : 1000;
	l->timeout_s = l->timeout_s ? l->timeout_s : 30;
	l->threads = l->threads ? l->threads : cores > 0 ? (unsigned)cores : 1;
	if (l->connections < l->threads)
		l->connections = l->threads;
}

static enum err pem_read(struct http *h, const char *cert, const char *key, struct str *ret_cert, struct str *ret_key)
{
	enum err e;

	if (!cert != !key)
		return E_BAD;
	if (!cert)
		return OK;
	e = file_read(&h->pem, cert, PEM_MAX, ret_cert);       /* read with a zero after the end */
	if (!e)
		e = file_read(&h->pem, key, PEM_MAX, ret_key);
	if (!e && (memchr(ret_cert->p, 0, ret_cert->n) || memchr(ret_key->p, 0, ret_key->n)))
		e = E_BAD;
	h->tls = true;
	return e;
}

static bool daemon_start(struct http *h, const struct sockaddr_storage *address, struct str cert, struct str key)
{
	const struct http_limits *l = &h->limits;
	unsigned flags = l->thread_each ? MHD_USE_THREAD_PER_CONNECTION | MHD_USE_POLL_INTERNAL_THREAD | MHD_USE_ITC
	                                : MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME;
	struct MHD_OptionItem more[8];
	const union MHD_DaemonInfo *info;
	size_t n = 0;

	if (l->threads > 1 && !l->thread_each)
		more[n++] = (struct MHD_OptionItem){ MHD_OPTION_THREAD_POOL_SIZE, (intptr_t)l->threads, NULL };
	if (h->tls) {
		flags |= MHD_USE_TLS;
		more[n++] = (struct MHD_OptionItem){ MHD_OPTION_HTTPS_MEM_CERT, 0, (void *)(uintptr_t)cert.p };
		more[n++] = (struct MHD_OptionItem){ MHD_OPTION_HTTPS_MEM_KEY, 0, (void *)(uintptr_t)key.p };
		more[n++] = (struct MHD_OptionItem){ MHD_OPTION_HTTPS_PRIORITIES, 0, (void *)(uintptr_t)"NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2" };
	}
	more[n] = (struct MHD_OptionItem){ MHD_OPTION_END, 0, NULL };
	if (address->ss_family == AF_INET6)
		flags |= MHD_USE_IPv6;
	errno = 0;
	h->daemon = MHD_start_daemon(flags, 0, NULL, NULL, on_call, h, MHD_OPTION_SOCK_ADDR, (const struct sockaddr *)(const void *)address,
		MHD_OPTION_URI_LOG_CALLBACK, uri_taken, h, MHD_OPTION_NOTIFY_COMPLETED, on_done, h, MHD_OPTION_UNESCAPE_CALLBACK, leave_encoded, NULL,
		MHD_OPTION_CONNECTION_LIMIT, l->connections, MHD_OPTION_CONNECTION_TIMEOUT, l->timeout_s, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
		l->header_bytes, MHD_OPTION_LISTEN_BACKLOG_SIZE, 1024u, MHD_OPTION_ARRAY, more, MHD_OPTION_END);
	if (!h->daemon)
		return false;
	info = MHD_get_daemon_info(h->daemon, MHD_DAEMON_INFO_BIND_PORT);
	h->port = info ? info->port : 0;
	return true;
}

enum err http_start(const char *listen, const struct http_limits *limits, const char *cert, const char *key, http_handler *fn, void *ctx,
                    struct http **ret)
{
	struct sockaddr_storage address;
	struct str cert_pem = S(""), key_pem = S("");
	struct http *h;
	enum err e;

	if (!address_get(listen, &address))
		return E_BAD;
	h = calloc(1, sizeof(*h));
	if (!h)
		return E_IO;
	if (limits)
		h->limits = *limits;
	limits_fill(&h->limits);
	h->fn = fn;
	h->ctx = ctx;
	arena_init(&h->pem, 3 * PEM_MAX, NULL);
	calls_begin(h);
	e = pem_read(h, cert, key, &cert_pem, &key_pem);
	if (!e && (!refusals_make(h) || !daemon_start(h, &address, cert_pem, key_pem))) {
		say(SAY_ERROR, "cannot listen on %s: %s", listen, errno ? strerror(errno) : "certificate or key not usable");
		e = E_IO;
	}
	if (e) {
		server_end(h);
		return e;
	}
	*ret = h;
	return OK;
}

unsigned http_port(const struct http *h) { return h->port; }

/* The library cannot close a suspended connection: every parked call is answered 503 in its owner's place. */
static void parked_refuse(struct http *h)
{
	struct http_hidden *c;

	pthread_mutex_lock(&h->lock);
	for (c = h->all_calls; c; c = c->next_all)
		if (atomic_load(&c->wait) == PARKED || (h->limits.thread_each && atomic_load(&c->holds) > 0))
			answer_refuse(c, E_BUSY);
	pthread_mutex_unlock(&h->lock);
}

void http_stop(struct http *h, int grace_ms)
{
	int64_t until = clock_mono() + (int64_t)grace_ms * NS_IN_MS;
	MHD_socket listening = MHD_quiesce_daemon(h->daemon);

	atomic_store(&h->stopping, true);
	while (!calls_ended(h) && clock_mono() < until)
		usleep(2000);
	atomic_store(&h->forcing, true);
	if (!calls_ended(h)) {
		parked_refuse(h);
		usleep(LAST_WORDS_MS * 1000);
	}
	MHD_stop_daemon(h->daemon);
	if (listening != MHD_INVALID_SOCKET)
		close(listening);
	calls_close(h);
}
