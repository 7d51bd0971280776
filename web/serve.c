/* web/serve.c - see serve.h. Signals are taken by one thread with sigwait; nothing runs in a handler. */
#include <signal.h>
#include <stdio.h>

#include "base/sys.h"
#include "web/face.h"
#include "web/outbox.h"
#include "web/serve.h"

/* Each second: counters, deadlines. A signal ends the wait. */
static void keep_time(struct kernel *k, struct outbox *box, const sigset_t *ends)
{
	for (;;) {
		struct timespec second = { 1, 0 };
		int sig = sigtimedwait(ends, NULL, &second);

		if (sig == SIGTERM || sig == SIGINT)
			return;
		if (kernel_tick(k, clock_now()))
			say(SAY_WARN, "the second hand: busy");
		outbox_wake(box);
	}
}

int serve_run(const struct kernel_setup *setup, const char *listen, const char *cert, const char *key)
{
	struct kernel_setup s = *setup;
	struct kernel *k;
	struct face *f;
	struct outbox *box = NULL;
	char why[300];
	sigset_t ends;
	enum err e;

	sigemptyset(&ends);
	sigaddset(&ends, SIGTERM);
	sigaddset(&ends, SIGINT);
	sigaddset(&ends, SIGHUP);
	pthread_sigmask(SIG_BLOCK, &ends, NULL);        /* before any thread starts: all inherit it */
	signal(SIGPIPE, SIG_IGN);
	s.writing = true;
	e = kernel_open(&s, &k, why);
	if (e) {
		fprintf(stderr, "suyuan: %s\n", why);
		return err_exit(e);
	}
	e = face_start(k, listen ? listen : "127.0.0.1:8080", cert, key, &f);
	if (e) {
		fprintf(stderr, "suyuan: 不能监听 %s / cannot listen: %s\n", listen ? listen : "127.0.0.1:8080", err_en(e));
		kernel_close(k);
		return err_exit(e);
	}
	say(SAY_INFO, "serving on port %u, log size %llu", face_port(f), (unsigned long long)log_shown(kernel_log(k)).size);
	if (outbox_start(k, &box))
		say(SAY_WARN, "notices stay in the inbox: the outbox did not start");
	keep_time(k, box, &ends);
	outbox_stop(box);
	face_stop(f);
	kernel_close(k);
	return 0;
}
