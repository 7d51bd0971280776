/* tests/unit/test_http.c - the HTTP adaptor over real sockets: what is refused, what is answered, and how it ends. */
#include "test_http_kit.h"

#define H "Host: a.example\r\n"
#define LIMIT_BODY 4096

struct world {
	struct http *http;
	struct fake_writer writer, fast;
	char *reply;
	bool thread_each;
	atomic_int streams_done;
	_Atomic(struct http_call *) kept;
};

struct counting { struct world *w; size_t left; };

static int64_t pull_x(void *arg, char *to, size_t cap)
{
	struct counting *c = arg;
	size_t n = c->left < cap ? c->left : cap;

	if (n > 1000)
		n = 1000;
	memset(to, 'x', n);
	c->left -= n;
	return (int64_t)n;
}

static int64_t pull_break(void *arg, char *to, size_t cap)
{
	struct counting *c = arg;

	if (c->left == 0)
		return -1;
	return pull_x(arg, to, cap);
}

static void stream_done(void *arg)
{
	struct counting *c = arg;

	atomic_fetch_add(&c->w->streams_done, 1);
}

static void answer_stream(struct world *w, struct http_call *c, bool breaks)
{
	struct counting *n = TAKE(c->arena, struct counting, 1);
	struct http_stream s = { breaks ? pull_break : pull_x, stream_done, n };
	struct http_reply r = { .status = 200, .type = "text/plain", .stream = &s };

	*n = (struct counting){ w, 100000 };
	http_answer(c, &r);
}

static void answer_text(struct http_call *c, const char *type, struct str body)
{
	struct http_reply r = { .status = 200, .type = type, .body = body };

	http_answer(c, &r);
}

static void answer_extra(struct http_call *c, const char *name, struct str value)
{
	struct http_reply r = { .status = 200, .body = S("x"), .body_is_static = true, .extra[0] = { name, value }, .n_extra = 1 };

	http_answer(c, &r);
}

static void on_request(void *arg, struct http_call *c)
{
	struct world *w = arg;

	if (str_is(c->path, "/park"))
		fake_writer_add(&w->writer, c);
	else if (str_is(c->path, "/race"))
		fake_writer_add(&w->fast, c);
	else if (str_is(c->path, "/keep"))
		atomic_store(&w->kept, c);
	else if (str_is(c->path, "/stream"))
		answer_stream(w, c, false);
	else if (str_is(c->path, "/broken-stream"))
		answer_stream(w, c, true);
	else if (str_is(c->path, "/full"))
		answer_text(c, NULL, (struct str){ arena_take(c->arena, 10000000), 1 });
	else if (str_is(c->path, "/page"))
		answer_text(c, "text/html; charset=utf-8", S("<p>"));
	else if (str_is(c->path, "/inject"))
		answer_extra(c, "X-Bad", S("a\r\nSet-Cookie: x=1"));
	else if (str_is(c->path, "/location"))
		answer_extra(c, "Location", S("/elsewhere"));
	else
		answer_text(c, "text/plain", str_fmt(c->arena, "m=%d target=%.*s path=%.*s query=%.*s body=%zu agent=%.*s id=%.*s peer=%.*s", (int)c->method,
			STR_ARG(c->target), STR_ARG(c->path), STR_ARG(c->query), c->body.n, STR_ARG(http_header(c, "user-AGENT")),
			STR_ARG(http_cookie(c, "id")), STR_ARG(c->peer)));
}

static int world_begin(void **state, bool thread_each)
{
	struct world *w = calloc(1, sizeof(*w));
	struct http_limits limits = { .body_bytes = LIMIT_BODY, .arena_bytes = 256 * 1024, .timeout_s = 2, .threads = 2, .thread_each = thread_each };

	w->reply = malloc(REPLY_CAP);
	w->thread_each = thread_each;
	fake_writer_start(&w->writer, 2000);
	fake_writer_start(&w->fast, 0);
	*state = w;
	return (int)http_start("127.0.0.1:0", &limits, NULL, NULL, on_request, w, &w->http);
}

static int begin_loops(void **state) { return world_begin(state, false); }
static int begin_threads(void **state) { return world_begin(state, true); }

static int end_world(void **state)
{
	struct world *w = *state;

	http_stop(w->http, 1000);
	fake_writer_stop(&w->writer);
	fake_writer_stop(&w->fast);
	free(w->reply);
	free(w);
	return 0;
}

static struct str talk(struct world *w, struct str request, int ms, bool *closed)
{
	int fd = dial(http_port(w->http));
	struct str got;

	put_all(fd, request);
	got = get_all(fd, w->reply, REPLY_CAP, ms, closed);
	close(fd);
	return got;
}

static struct str ask(struct world *w, const char *request)
{
	bool closed;

	return talk(w, str_of(request), 150, &closed);
}

/* ---- what two programs could read differently is refused (RFC 9112 3.2, 5.1, 6.3) ---- */

#define CLOSED 0
static const struct { const char *rule, *request; int status; } hostile[] = {
	{ "no Host", "GET / HTTP/1.1\r\n\r\n", 400 },
	{ "two Hosts", "GET / HTTP/1.1\r\n" H "Host: b\r\n\r\n", 400 },
	{ "the same Host twice", "GET / HTTP/1.1\r\n" H H "\r\n", 400 },
	{ "empty Host", "GET / HTTP/1.1\r\nHost:\r\n\r\n", 400 },
	{ "Host with a slash", "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", 400 },
	{ "Host list", "GET / HTTP/1.1\r\nHost: a, b\r\n\r\n", 400 },
	{ "Content-Length twice, differing", "POST / HTTP/1.1\r\n" H "Content-Length: 1\r\nContent-Length: 2\r\n\r\nab", 400 },
	{ "Content-Length twice, equal", "POST / HTTP/1.1\r\n" H "Content-Length: 1\r\nContent-Length: 1\r\n\r\na", 400 },
	{ "Content-Length list", "POST / HTTP/1.1\r\n" H "Content-Length: 1, 1\r\n\r\na", 400 },
	{ "Content-Length with plus", "POST / HTTP/1.1\r\n" H "Content-Length: +1\r\n\r\na", 400 },
	{ "negative Content-Length", "POST / HTTP/1.1\r\n" H "Content-Length: -1\r\n\r\na", 400 },
	{ "hexadecimal Content-Length", "POST / HTTP/1.1\r\n" H "Content-Length: 0x1\r\n\r\na", 400 },
	{ "Content-Length and chunked", "POST / HTTP/1.1\r\n" H "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400 },
	{ "chunked and Content-Length", "POST / HTTP/1.1\r\n" H "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n", 400 },
	{ "Transfer-Encoding twice", "POST / HTTP/1.1\r\n" H "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400 },
	{ "Transfer-Encoding identity", "POST / HTTP/1.1\r\n" H "Transfer-Encoding: identity\r\n\r\n", 400 },
	{ "Transfer-Encoding list", "POST / HTTP/1.1\r\n" H "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 400 },
	{ "Transfer-Encoding misspelt", "POST / HTTP/1.1\r\n" H "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n", 400 },
	{ "Transfer-Encoding in HTTP/1.0", "POST / HTTP/1.0\r\n" H "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400 },
	{ "space before the colon", "GET / HTTP/1.1\r\n" H "X-A : 1\r\n\r\n", 400 },
	{ "space before the colon of Content-Length", "POST / HTTP/1.1\r\n" H "Content-Length : 5\r\n\r\nhello", 400 },
	{ "parenthesis in a name", "GET / HTTP/1.1\r\n" H "X(A): 1\r\n\r\n", 400 },
	{ "control character in a value", "GET / HTTP/1.1\r\n" H "X-A: a\001b\r\n\r\n", 400 },
	{ "bad chunk size", "POST / HTTP/1.1\r\n" H "Transfer-Encoding: chunked\r\n\r\n0x5\r\nhello\r\n0\r\n\r\n", 400 },
	{ "chunk size in words", "POST / HTTP/1.1\r\n" H "Transfer-Encoding: chunked\r\n\r\nfive\r\nhello\r\n0\r\n\r\n", 400 },
	{ "huge chunk size", "POST / HTTP/1.1\r\n" H "Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\nhello\r\n0\r\n\r\n", 413 },
	{ "announced body over the limit", "POST / HTTP/1.1\r\n" H "Content-Length: 4097\r\n\r\n", 413 },
	{ "huge Content-Length", "POST / HTTP/1.1\r\n" H "Content-Length: 999999999999999999\r\n\r\n", 413 },
	{ "over-long Content-Length", "POST / HTTP/1.1\r\n" H "Content-Length: 99999999999999999999999\r\n\r\n", 413 },
	{ "target without slash", "GET x HTTP/1.1\r\n" H "\r\n", 400 },
	{ "star target of GET", "GET * HTTP/1.1\r\n" H "\r\n", 400 },
	{ "authority target", "GET http:///x HTTP/1.1\r\n" H "\r\n", 400 },
	{ "control character in the target", "GET /a\001b HTTP/1.1\r\n" H "\r\n", 400 },
};

static void ambiguous_requests_are_refused_once_and_the_connection_closed(void **state)
{
	for (size_t i = 0; i < ROWS(hostile); i++) {
		bool closed;
		struct str got = talk(*state, str_of(hostile[i].request), 1500, &closed);

		if (status_of(got) != hostile[i].status || !closed || has(got, "HTTP/1.1 2"))
			print_error("%s: wanted %d, closed=%d, got: %.*s\n", hostile[i].rule, hostile[i].status, closed, (int)(got.n < 600 ? got.n : 600), got.p);
		assert_int_equal(status_of(got), hostile[i].status);
		assert_false(has(got, "HTTP/1.1 2"));
		assert_true(closed);
	}
}

static void our_refusals_are_problem_documents_with_security_headers(void **state)
{
	struct str got = ask(*state, "GET / HTTP/1.1\r\n\r\nGET / HTTP/1.1\r\n" H "\r\n");

	assert_int_equal(status_of(got), 400);
	assert_int_equal(count_of(got, "HTTP/1.1 "), 1);
	assert_true(has(got, "Content-Type: application/problem+json"));
	assert_true(has(got, "X-Content-Type-Options: nosniff"));
	assert_true(has(got, "Connection: close"));
	assert_true(has(got, "\"errors\":[]"));
}

static void oversized_headers_are_431(void **state)
{
	char *big = malloc(200 * 1024), *at = big;
	struct str got;
	bool closed;

	at += snprintf(at, 100, "GET / HTTP/1.1\r\n" H "X-Big: ");
	memset(at, 'a', 100 * 1024);
	at += 100 * 1024;
	at += snprintf(at, 10, "\r\n\r\n");
	got = talk(*state, (struct str){ big, (size_t)(at - big) }, 1000, &closed);
	assert_true(closed);
	assert_true(status_of(got) == 431 || got.n == 0);        /* a reset may overtake the answer */
	at = big;
	at += snprintf(at, 100, "GET / HTTP/1.1\r\n" H);
	for (int i = 0; i < 5000; i++)
		at += snprintf(at, 40, "X-%d: y\r\n", i);
	at += snprintf(at, 10, "\r\n");
	got = talk(*state, (struct str){ big, (size_t)(at - big) }, 1000, &closed);
	assert_true(closed);
	assert_true(status_of(got) == 431 || got.n == 0);
	free(big);
}

static void a_chunked_body_over_the_limit_is_413(void **state)
{
	char big[8 * 1024];
	size_t n = (size_t)snprintf(big, sizeof(big), "POST / HTTP/1.1\r\n" H "Transfer-Encoding: chunked\r\n\r\n1400\r\n");
	bool closed;

	memset(big + n, 'b', 0x1400);
	n += 0x1400;
	n += (size_t)snprintf(big + n, sizeof(big) - n, "\r\n0\r\n\r\n");
	assert_int_equal(status_of(talk(*state, (struct str){ big, n }, 500, &closed)), 413);
}

static void an_endless_chunked_body_ends_with_the_connection(void **state)
{
	struct world *w = *state;
	int fd = dial(http_port(w->http));
	char chunk[1100];
	size_t n, sent;

	n = (size_t)snprintf(chunk, sizeof(chunk), "400\r\n%01024d\r\n", 0);
	assert_true(put_all(fd, S("POST / HTTP/1.1\r\n" H "Transfer-Encoding: chunked\r\n\r\n")));
	for (sent = 0; sent < 100000; sent++)
		if (!put_all(fd, (struct str){ chunk, n }))
			break;
	assert_true(sent < 100000);
	close(fd);
}

static void a_slow_partial_request_times_out_and_leaks_nothing(void **state)
{
	struct world *w = *state;
	int head = dial(http_port(w->http)), body = dial(http_port(w->http));
	int64_t began = clock_mono();
	bool closed;

	put_all(head, S("GET / HTTP/1.1\r\nHos"));
	put_all(body, S("POST / HTTP/1.1\r\n" H "Content-Length: 10\r\n\r\nabc"));
	get_all(head, w->reply, REPLY_CAP, 6000, &closed);
	assert_true(closed);
	get_all(body, w->reply, REPLY_CAP, 6000, &closed);
	assert_true(closed);
	assert_true(clock_mono() - began < INT64_C(6000000000));
	close(head);
	close(body);
}

/* ---- what is answered ---- */

static void a_request_reaches_the_handler_as_it_was_sent(void **state)
{
	struct str got = ask(*state, "GET /c/%41%2f?q=%E6%BA%AF&x=a+b HTTP/1.1\r\n" H "User-Agent: me\r\nCookie: a=b; id=\"77\"; c=d\r\n\r\n");

	assert_int_equal(status_of(got), 200);
	assert_true(has(got, "m=1 target=/c/%41%2f?q=%E6%BA%AF&x=a+b path=/c/%41%2f query=q=%E6%BA%AF&x=a+b body=0 agent=me id=77 peer=127.0.0.1"));
	got = ask(*state, "GET http://other/x?y HTTP/1.1\r\n" H "\r\n");
	assert_true(has(got, "path=/x query=y"));
	got = ask(*state, "OPTIONS * HTTP/1.1\r\n" H "\r\n");
	assert_true(has(got, "m=32 target=* path=*"));
}

static void bodies_arrive_whole_by_length_and_by_chunks(void **state)
{
	assert_true(has(ask(*state, "POST /x HTTP/1.1\r\n" H "Content-Length: 5\r\n\r\nhello"), "m=4 target=/x path=/x query= body=5"));
	assert_true(has(ask(*state, "PUT /x HTTP/1.1\r\n" H "Transfer-Encoding: Chunked\r\n\r\n3\r\nabc\r\n5\r\nhello\r\n0\r\n\r\n"), "body=8"));
	assert_true(has(ask(*state, "POST /x HTTP/1.1\r\n" H "Content-Length: 0\r\n\r\n"), "body=0"));
	assert_true(has(ask(*state, "POST /x HTTP/1.1\r\n" H "Content-Length: 5\r\nExpect: 100-continue\r\n\r\nhello"), "body=5"));
}

static void head_has_the_length_and_no_body(void **state)
{
	struct str got = ask(*state, "HEAD /page HTTP/1.1\r\n" H "\r\n");

	assert_int_equal(status_of(got), 200);
	assert_true(has(got, "Content-Length: 3\r\n"));
	assert_int_equal(body_of(got).n, 0);
	got = ask(*state, "HEAD /stream HTTP/1.1\r\n" H "\r\n");
	assert_int_equal(status_of(got), 200);
	assert_int_equal(body_of(got).n, 0);
}

static void security_headers_are_on_every_answer_and_policy_on_pages(void **state)
{
	struct str got = ask(*state, "GET /page HTTP/1.1\r\n" H "\r\n");

	assert_true(has(got, "X-Content-Type-Options: nosniff\r\n"));
	assert_true(has(got, "Referrer-Policy: same-origin\r\n"));
	assert_true(has(got, "Content-Security-Policy: default-src 'self'"));
	assert_true(has(got, "frame-ancestors 'none'"));
	assert_true(has(got, "Permissions-Policy: camera=(self)\r\n"));
	got = ask(*state, "GET /text HTTP/1.1\r\n" H "\r\n");
	assert_true(has(got, "X-Content-Type-Options: nosniff\r\n"));
	assert_false(has(got, "Content-Security-Policy"));
}

static void a_header_that_would_start_another_is_500(void **state)
{
	struct str got = ask(*state, "GET /inject HTTP/1.1\r\n" H "\r\n");

	assert_int_equal(status_of(got), 500);
	assert_false(has(got, "Set-Cookie"));
	assert_true(has(ask(*state, "GET /location HTTP/1.1\r\n" H "\r\n"), "Location: /elsewhere\r\n"));
}

static void a_full_arena_is_413_and_the_server_goes_on(void **state)
{
	for (int i = 0; i < 3; i++)
		assert_int_equal(status_of(ask(*state, "GET /full HTTP/1.1\r\n" H "\r\n")), 413);
	assert_int_equal(status_of(ask(*state, "GET / HTTP/1.1\r\n" H "\r\n")), 200);
}

static void pipelined_requests_are_answered_in_order(void **state)
{
	struct str got = ask(*state, "GET /1 HTTP/1.1\r\n" H "\r\nPOST /park HTTP/1.1\r\n" H "Content-Length: 2\r\n\r\nabGET /3 HTTP/1.1\r\n" H "\r\n");
	const char *one = strstr(got.p, "path=/1"), *two = strstr(got.p, "{\"got\":2}"), *three = strstr(got.p, "path=/3");

	assert_int_equal(count_of(got, "HTTP/1.1 20"), 3);
	assert_true(one && two && three && one < two && two < three);
}

static void a_stream_is_sent_in_chunks_and_ended_once(void **state)
{
	struct world *w = *state;
	struct str got;
	bool closed;

	got = talk(w, S("GET /stream HTTP/1.1\r\n" H "\r\n"), 300, &closed);
	assert_true(has(got, "Transfer-Encoding: chunked"));
	assert_int_equal(count_of(body_of(got), "x"), 100000);
	assert_true(str_ends(got, "0\r\n\r\n"));
	assert_false(closed);
	got = talk(w, S("GET /broken-stream HTTP/1.1\r\n" H "\r\n"), 300, &closed);
	assert_int_equal(count_of(body_of(got), "x"), 100000);
	assert_false(str_ends(got, "0\r\n\r\n"));
	assert_true(closed);
	ask(w, "HEAD /stream HTTP/1.1\r\n" H "\r\n");
	usleep(50000);
	assert_int_equal(atomic_load(&w->streams_done), 3);
}

static void a_reader_that_leaves_ends_its_stream_once(void **state)
{
	struct world *w = *state;
	int fd = dial(http_port(w->http));

	put_all(fd, S("GET /stream HTTP/1.1\r\n" H "\r\n"));
	close(fd);
	usleep(200000);
	assert_int_equal(atomic_load(&w->streams_done), 1);
}

/* ---- parking ---- */

static void a_parked_call_is_answered_from_another_thread(void **state)
{
	struct world *w = *state;
	struct str got;

	for (int i = 0; i < 20; i++) {
		got = ask(w, "POST /park HTTP/1.1\r\n" H "Connection: close\r\nContent-Length: 3\r\n\r\nabc");
		assert_int_equal(status_of(got), 201);
		assert_true(has(got, "{\"got\":3}"));
	}
	assert_int_equal(atomic_load(&w->writer.answered), 20);
}

/* The other thread answers without delay, so that it often wins against the parking itself. */
static void an_answer_may_overtake_the_parking(void **state)
{
	struct world *w = *state;
	int fd = dial(http_port(w->http));
	char small[2000];

	for (int i = 0; i < 3000; i++) {
		ssize_t n;

		assert_true(put_all(fd, S("POST /race HTTP/1.1\r\n" H "Content-Length: 1\r\n\r\na")));
		n = recv(fd, small, sizeof(small) - 1, 0);
		assert_true(n > 0);
		assert_int_equal(status_of((struct str){ small, (size_t)n }), 201);
	}
	close(fd);
}

static void a_client_that_leaves_while_parked_does_no_harm(void **state)
{
	struct world *w = *state;

	for (int i = 0; i < 50; i++) {
		int fd = dial(http_port(w->http));

		put_all(fd, S("POST /park HTTP/1.1\r\n" H "Content-Length: 1\r\n\r\na"));
		close(fd);
	}
	usleep(100000);
	assert_int_equal(status_of(ask(w, "GET / HTTP/1.1\r\n" H "\r\n")), 200);
}

static void stopping_refuses_what_is_still_parked_and_survives_a_late_answer(void **state)
{
	struct world *w = *state;
	struct http_reply late = { .status = 200, .type = "text/plain", .body = S("late") };
	int fd = dial(http_port(w->http)), wait = 0;
	struct str got;
	bool closed;

	put_all(fd, S("POST /keep HTTP/1.1\r\n" H "Content-Length: 1\r\n\r\na"));
	while (!atomic_load(&w->kept) && wait++ < 1000)
		usleep(1000);
	assert_non_null(atomic_load(&w->kept));
	usleep(20000);
	http_stop(w->http, 50);
	got = get_all(fd, w->reply, REPLY_CAP, 1000, &closed);
	assert_int_equal(status_of(got), 503);
	assert_true(closed);
	http_answer(atomic_load(&w->kept), &late);
	close(fd);
	fake_writer_stop(&w->writer);
	fake_writer_stop(&w->fast);
	free(w->reply);
	free(w);
}

static void addresses_that_cannot_be_are_refused(void **state)
{
	static const char *const bad[] = { "", "8080", "127.0.0.1", "127.0.0.1:x", "127.0.0.1:70000", "localhost:80", "::1:80", "[::1:80", ":80" };
	struct http *h;

	(void)state;
	for (size_t i = 0; i < ROWS(bad); i++)
		assert_int_equal(http_start(bad[i], NULL, NULL, NULL, on_request, NULL, &h), E_BAD);
	assert_int_equal(http_start("127.0.0.1:0", NULL, "/nonexistent", NULL, on_request, NULL, &h), E_BAD);
	assert_int_equal(http_start("127.0.0.1:0", NULL, "/nonexistent", "/nonexistent", on_request, NULL, &h), E_ABSENT);
}

#define IN(begin, t) { #t "/" #begin, t, begin, end_world, NULL }
int main(void)
{
	const struct CMUnitTest tests[] = {
		IN(begin_loops, ambiguous_requests_are_refused_once_and_the_connection_closed),
		IN(begin_loops, our_refusals_are_problem_documents_with_security_headers),
		IN(begin_loops, oversized_headers_are_431),
		IN(begin_loops, a_chunked_body_over_the_limit_is_413),
		IN(begin_loops, an_endless_chunked_body_ends_with_the_connection),
		IN(begin_loops, a_slow_partial_request_times_out_and_leaks_nothing),
		IN(begin_loops, a_request_reaches_the_handler_as_it_was_sent),
		IN(begin_loops, bodies_arrive_whole_by_length_and_by_chunks),
		IN(begin_loops, head_has_the_length_and_no_body),
		IN(begin_loops, security_headers_are_on_every_answer_and_policy_on_pages),
		IN(begin_loops, a_header_that_would_start_another_is_500),
		IN(begin_loops, a_full_arena_is_413_and_the_server_goes_on),
		IN(begin_loops, pipelined_requests_are_answered_in_order),
		IN(begin_loops, a_stream_is_sent_in_chunks_and_ended_once),
		IN(begin_loops, a_reader_that_leaves_ends_its_stream_once),
		IN(begin_loops, a_parked_call_is_answered_from_another_thread),
		IN(begin_loops, an_answer_may_overtake_the_parking),
		IN(begin_loops, a_client_that_leaves_while_parked_does_no_harm),
		IN(begin_threads, ambiguous_requests_are_refused_once_and_the_connection_closed),
		IN(begin_threads, pipelined_requests_are_answered_in_order),
		IN(begin_threads, a_stream_is_sent_in_chunks_and_ended_once),
		IN(begin_threads, a_parked_call_is_answered_from_another_thread),
		IN(begin_threads, an_answer_may_overtake_the_parking),
		IN(begin_threads, a_client_that_leaves_while_parked_does_no_harm),
		{ "stopping_refuses_what_is_still_parked/begin_loops", stopping_refuses_what_is_still_parked_and_survives_a_late_answer, begin_loops, NULL, NULL },
		{ "stopping_refuses_what_is_still_parked/begin_threads", stopping_refuses_what_is_still_parked_and_survives_a_late_answer, begin_threads, NULL, NULL },
		cmocka_unit_test(addresses_that_cannot_be_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
