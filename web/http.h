/* web/http.h - what the rest of web/ knows of HTTP: a request, one answer, limits. The library behind it is in mhd.c only.
 *
 * One handler for the whole server. It is called on an event loop thread when the request is complete (header gate passed,
 * body read, within limits) and must not wait. It either calls http_answer before it returns, or keeps the call and
 * another thread answers later; the connection is parked meanwhile. Exactly one answer a call.
 * Memory: everything in a call lives in call->arena, which ends after the answer was sent. Whoever takes a call over to another
 * thread sets call->arena->full to its own boundary first (the handler's ends with the handler) and never touches the call
 * again after http_answer; handing over is the last thing a handler does with it.
 */
#ifndef SUYUAN_HTTP_H
#define SUYUAN_HTTP_H

#include "base/base.h"

enum http_method { HTTP_GET = 1, HTTP_HEAD = 2, HTTP_POST = 4, HTTP_PUT = 8, HTTP_DELETE = 16, HTTP_OPTIONS = 32, HTTP_OTHER = 64 };

struct http_header { const char *name; struct str value; };

/* A body that is produced while it is sent (code streams, exports). `pull` fills at most cap bytes and answers how many;
 * 0 ends the body, -1 aborts the connection. `done` is called exactly once, whatever happened. */
struct http_stream {
	int64_t (*pull)(void *ctx, char *to, size_t cap);
	void (*done)(void *ctx);
	void *ctx;
};

#define HTTP_MAX_HEADERS 16
struct http_reply {
	int status;
	const char *type;                    /* Content-Type, NULL: none */
	struct str body;                     /* in the call's arena or static: sent from where it is, never copied */
	bool body_is_static;                 /* lives for ever */
	const struct http_stream *stream;    /* instead of body */
	struct http_header extra[HTTP_MAX_HEADERS];
	size_t n_extra;
};

struct http_call {
	enum http_method method;
	struct str target;                   /* as sent, still encoded: path and query */
	struct str path;                     /* still percent-encoded, before '?' */
	struct str query;                    /* after '?', still encoded */
	struct str body;
	struct arena *arena;                 /* its jump boundary is set around the handler */
	struct str peer;                     /* address text; for rate limits only, never stored */
	bool tls;
	void *user;                          /* for the handler's own use */
	struct http_hidden *hidden;
};
struct str http_header(const struct http_call *c, const char *name);    /* empty when absent; case-insensitive */
struct str http_cookie(const struct http_call *c, const char *name);
void http_answer(struct http_call *c, const struct http_reply *r);       /* any thread; copies what it must */

typedef void http_handler(void *ctx, struct http_call *c);

struct http_limits {
	size_t header_bytes;     /* default 32 KiB */
	size_t body_bytes;       /* default 16 MiB */
	size_t arena_bytes;      /* default 64 MiB */
	unsigned connections;    /* default 1000 */
	unsigned timeout_s;      /* idle connection, default 30 */
	unsigned threads;        /* event loops, default: cores */
	bool thread_each;        /* a thread a connection instead of event loops: slower, but parks without the library's help */
};
struct http;
/* listen is "ADDR:PORT" ("127.0.0.1:8080", "[::1]:8080"; port 0 picks one). cert and key: PEM file paths, both or neither. */
enum err http_start(const char *listen, const struct http_limits *limits, const char *cert, const char *key, http_handler *fn, void *ctx,
                    struct http **ret) MUST_USE;
unsigned http_port(const struct http *h);
/* Stops accepting, lets running calls end for at most grace_ms, then closes. */
void http_stop(struct http *h, int grace_ms);

/* The value of one cookie in a Cookie header; quotes around it are taken off. Empty when absent. */
struct str cookie_get(struct str header, const char *name);

/* Decoding helpers (pure, form.c): percent-decoding is strict (bad escapes, NUL and ill-formed UTF-8 are E_BAD). At most 1000
 * fields. A field of a form with a file name is a file and may hold any bytes; its file name has no folder part. */
enum err url_decode(struct arena *a, struct str s, bool plus_is_space, struct str *ret) MUST_USE;
struct form_field { struct str name, value, file_name, type; struct form_field *next; };
enum err form_query(struct arena *a, struct str query, struct form_field **ret) MUST_USE;          /* also urlencoded bodies */
enum err form_multipart(struct arena *a, struct str content_type, struct str body, struct form_field **ret) MUST_USE;

#endif
