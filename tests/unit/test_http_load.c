/* tests/unit/test_http_load.c - reads beside parked writes: no answer may be late, whatever the library does with its ready list.
 *
 * SUYUAN_LOAD_S sets the seconds a mode (default 2). SUYUAN_SERVE=PORT serves for outside load generators instead.
 */
#include "test_http_kit.h"

enum { READERS = 24, WRITERS = 24, LATE_MS = 1000 };

struct load {
	struct http *http;
	struct fake_writer writer;
	atomic_bool ending;
	atomic_long reads, writes, worst_read_us, worst_write_us, broken;
};

static const char page[1200] = { [0 ... 1199] = 'x' };

static void on_request(void *arg, struct http_call *c)
{
	struct load *l = arg;
	struct http_reply r = { .status = 200, .type = "text/html; charset=utf-8", .body = { page, sizeof(page) }, .body_is_static = true };

	if (c->method == HTTP_POST) {
		fake_writer_add(&l->writer, c);
		return;
	}
	if (str_is(c->path, "/built")) {
		char *p = arena_take(c->arena, sizeof(page));

		memset(p, 'y', sizeof(page));
		r.body = (struct str){ p, sizeof(page) };
		r.body_is_static = false;
	}
	http_answer(c, &r);
}

static void note(atomic_long *worst, int64_t us)
{
	long old = atomic_load(worst);

	while (us > old && !atomic_compare_exchange_weak(worst, &old, (long)us))
		;
}

static void client(struct load *l, const char *request, atomic_long *count, atomic_long *worst)
{
	int fd = dial(http_port(l->http));
	char got[4096];

	while (!atomic_load(&l->ending)) {
		int64_t began = clock_mono();
		size_t n = 0;

		if (!put_all(fd, str_of(request)))
			break;
		do {
			struct pollfd p = { .fd = fd, .events = POLLIN };
			ssize_t k = poll(&p, 1, 5000) > 0 ? recv(fd, got + n, sizeof(got) - n, 0) : 0;

			if (k <= 0)
				break;
			n += (size_t)k;
		} while (request[0] == 'G' ? body_of((struct str){ got, n }).n < sizeof(page) : n < 100 || got[n - 1] != '}');
		note(worst, (clock_mono() - began) / 1000);
		if (status_of((struct str){ got, n }) / 100 != 2) {
			atomic_fetch_add(&l->broken, 1);
			break;
		}
		atomic_fetch_add(count, 1);
	}
	close(fd);
}

static void *reader(void *arg)
{
	struct load *l = arg;

	client(l, "GET / HTTP/1.1\r\nHost: a\r\n\r\n", &l->reads, &l->worst_read_us);
	return NULL;
}

static void *writer(void *arg)
{
	struct load *l = arg;

	client(l, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello", &l->writes, &l->worst_write_us);
	return NULL;
}

static void run(bool thread_each, int seconds)
{
	struct load *l = calloc(1, sizeof(*l));
	struct http_limits limits = { .thread_each = thread_each };
	pthread_t t[READERS + WRITERS];

	fake_writer_start(&l->writer, 1000);
	assert_int_equal(http_start("127.0.0.1:0", &limits, NULL, NULL, on_request, l, &l->http), OK);
	for (size_t i = 0; i < ROWS(t); i++)
		assert_int_equal(pthread_create(&t[i], NULL, i < READERS ? reader : writer, l), 0);
	sleep((unsigned)seconds);
	atomic_store(&l->ending, true);
	for (size_t i = 0; i < ROWS(t); i++)
		pthread_join(t[i], NULL);
	http_stop(l->http, 1000);
	fake_writer_stop(&l->writer);
	print_message("%s: %ld reads/s (worst %.1f ms), %ld writes/s (worst %.1f ms), %.1f writes a group\n", thread_each ? "threads" : "loops",
		l->reads / seconds, (double)l->worst_read_us / 1e3, l->writes / seconds, (double)l->worst_write_us / 1e3,
		(double)l->writer.answered / (double)(l->writer.groups ? l->writer.groups : 1));
	assert_int_equal(l->broken, 0);
	assert_true(l->reads > 0 && l->writes > 0);
	assert_true(l->worst_read_us < LATE_MS * 1000 && l->worst_write_us < LATE_MS * 1000);
	free(l);
}

static int seconds_asked(void)
{
	int64_t s = 2;

	if (getenv("SUYUAN_LOAD_S") && !str_to_int(str_of(getenv("SUYUAN_LOAD_S")), &s))
		s = 2;
	return (int)s;
}

static void no_answer_is_late_beside_parked_writes_with_event_loops(void **state)
{
	(void)state;
	run(false, seconds_asked());
}

static void no_answer_is_late_beside_parked_writes_with_a_thread_each(void **state)
{
	(void)state;
	run(true, seconds_asked());
}

static int serve(const char *port)
{
	struct load *l = calloc(1, sizeof(*l));
	struct http_limits limits = { .thread_each = getenv("SUYUAN_THREADS") != NULL };
	char listen[40];

	fake_writer_start(&l->writer, 1000);
	snprintf(listen, sizeof(listen), "127.0.0.1:%s", port);
	if (http_start(listen, &limits, getenv("SUYUAN_CERT"), getenv("SUYUAN_KEY"), on_request, l, &l->http))
		return 1;
	pause();
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_answer_is_late_beside_parked_writes_with_event_loops),
		cmocka_unit_test(no_answer_is_late_beside_parked_writes_with_a_thread_each),
	};

	if (getenv("SUYUAN_SERVE"))
		return serve(getenv("SUYUAN_SERVE"));
	return cmocka_run_group_tests(tests, NULL, NULL);
}
