/* tests/outside/log_driver.c - a home under the orders of a script: filed into in process, served over real HTTP, shut and opened again.
 *
 * log_driver HOME [SUITE]: makes the home where there is none, then reads one order a line and answers each with one line:
 *   open      opens the home and serves it       "open PORT SIZE"
 *   to N      files until the log has N entries  "size N"
 *   ids       ids of the records in log order    "ids ID ID ..."
 *   shut      stops serving, closes the home     "shut"
 * Ends with its input. Exit 1 when an order could not be carried out.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "kernel/inside.h"
#include "tests/outside/filer.h"
#include "web/face.h"

struct driver { const char *home; struct kernel *k; struct face *f; };

static bool driver_open(struct driver *d)
{
	d->k = filer_open(d->home, true);
	if (!d->k || face_start(d->k, "127.0.0.1:0", NULL, NULL, &d->f))
		return false;
	printf("open %u %llu\n", face_port(d->f), (unsigned long long)filer_size(d->k));
	return true;
}

static bool driver_shut(struct driver *d)
{
	if (d->f)
		face_stop(d->f);
	kernel_close(d->k);
	d->f = NULL;
	d->k = NULL;
	printf("shut\n");
	return true;
}

static enum err print_id(void *ctx, const struct val *row, size_t cols)
{
	struct arena *a = ctx;

	(void)cols;
	printf(" %.*s", STR_ARG(id_str(a, row[0].i)));
	return OK;
}

static bool driver_ids(struct driver *d)
{
	struct arena a;
	struct db *db;
	enum err e = kernel_reader(d->k, &db);

	if (e)
		return false;
	arena_init(&a, 64 << 20, NULL);
	printf("ids");
	e = db_each(db, "SELECT id FROM record ORDER BY idx", NO_VALS, print_id, &a);
	printf("\n");
	arena_end(&a);
	kernel_reader_end(d->k, db);
	return !e;
}

static bool order(struct driver *d, const char *line)
{
	unsigned long long n;

	if (!strcmp(line, "open\n"))
		return !d->k && driver_open(d);
	if (!strcmp(line, "shut\n"))
		return d->k && driver_shut(d);
	if (!strcmp(line, "ids\n"))
		return d->k && driver_ids(d);
	if (sscanf(line, "to %llu", &n) == 1 && d->k && filer_to(d->k, d->home, n, NULL, NULL)) {
		evidence_tick(d->k);            /* what a server does each second: the checkpoint of the second tree */
		return printf("size %llu\n", n) > 0;
	}
	return false;
}

int main(int argc, char **argv)
{
	struct driver d = { .home = argc > 1 ? argv[1] : "" };
	char line[100];
	bool good = argc > 1;

	signal(SIGPIPE, SIG_IGN);
	if (good && access(d.home, F_OK) != 0)
		good = filer_make(d.home, argc > 2 ? argv[2] : "std");
	while (good && fgets(line, sizeof(line), stdin)) {
		good = order(&d, line);
		if (!good)
			fprintf(stderr, "log_driver: not done: %s", line);
		fflush(stdout);
	}
	if (d.k)
		driver_shut(&d);
	return good ? 0 : 1;
}
