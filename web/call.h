/* web/call.h - a server and its calls, as mhd.c and call.c share them; nobody else includes this.
 *
 * Life of a call: it is held by the connection, by the pending answer and by a stream that is being sent; the last one to
 * let go puts it back into the pool with its arena. So an answer that comes after http_stop finds its memory still there,
 * and the server itself ends with its last call.
 */
#ifndef SUYUAN_CALL_H
#define SUYUAN_CALL_H

#include <netinet/in.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/socket.h>

#include "web/http.h"

enum { NS_IN_MS = 1000000 };

enum stage { ASKED, LET_IN, ANSWER_DUE, QUEUED };        /* how far the library calls for one request have come */
enum wait { RUNNING, PARKED, ANSWERED };                 /* handler and http_answer meet here */

struct http_hidden {
	struct http_call call;
	struct http *server;
	struct http_hidden *next_free, *next_all;
	struct MHD_Connection *conn;
	struct MHD_Response *response;
	int status;
	enum stage stage;
	bool body_too_big;
	atomic_int wait;
	atomic_bool claimed;             /* somebody has the right to answer */
	atomic_int holds;
	struct arena arena;
	struct http_header *headers;
	size_t n_headers;
	size_t body_cap, body_over;
	int64_t body_since;
	struct http_stream stream;
	pthread_mutex_t lock;            /* thread_each only */
	pthread_cond_t answered;
	char peer[INET6_ADDRSTRLEN];
};

struct http {
	struct http_limits limits;
	http_handler *fn;
	void *ctx;
	struct MHD_Daemon *daemon;
	struct MHD_Response *refuse[ERR_COUNT];      /* ready answers for what this file refuses by itself */
	struct arena pem;
	unsigned port;
	bool tls;
	pthread_mutex_t lock;            /* the pool */
	struct http_hidden *free_calls, *all_calls;
	size_t in_use;
	atomic_bool stopping;            /* new requests are answered 503 */
	atomic_bool forcing;             /* parked ones too */
	bool closed;                     /* http_stop is through; the last call in use ends the server */
};

void calls_begin(struct http *h);
void calls_end(struct http *h);                          /* frees the pool; no call may be in use */
bool calls_ended(struct http *h);                        /* none in use now */
void calls_close(struct http *h);                        /* after this the last call in use ends the server */
void server_end(struct http *h);                         /* in mhd.c */

struct http_hidden *hidden_take(struct http *h);         /* with one hold; NULL when memory is short */
void hidden_hold(struct http_hidden *c);
void hidden_drop(struct http_hidden *c);
bool body_take(struct http_hidden *c, const char *data, size_t n);   /* false: give the connection up */
bool address_get(const char *listen, struct sockaddr_storage *ret);  /* "127.0.0.1:80", "[::1]:80" */

#endif
