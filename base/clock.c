/* base/clock.c - the clock and the random source; the only file that reads either. */
#include "sys.h"

#include <errno.h>
#include <sys/random.h>

int64_t clock_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

int64_t clock_mono(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

enum err random_fill(void *out, size_t n)
{
	unsigned char *at = out;

	while (n) {
		ssize_t got = getrandom(at, n, 0);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return E_CRYPTO;
		at += got;
		n -= (size_t)got;
	}
	return OK;
}
