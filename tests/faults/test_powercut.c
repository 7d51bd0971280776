/* tests/faults/test_powercut.c - the power goes at any moment: the home opens again, verify is content, what was answered is there.
 *
 * test_powercut all|some: a home is filed into while every write and flush of its store, its write-ahead log and its guard is kept. Then,
 * for each moment, four disks are built and opened: one that had written everything by then; one whose last write was torn; one that
 * had written only what was flushed; and one that had written any of the rest, whole or torn, in no order (from a seed that is said).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "tests/faults/journal.h"
#include "tests/outside/filer.h"

enum { GENERATIONS = 8, SECTOR = 512, ROUNDS_OF_CHANCE = 2 };
enum disk { ALL_WRITTEN, LAST_TORN, FLUSHED_ONLY, BY_CHANCE, DISKS };
static const char *const disk_names[DISKS] = { "all written", "last write torn", "flushed only", "by chance" };

static bool all;

struct image { unsigned char *p; size_t n, cap; bool there; };
struct world {
	char dir[64], home[80], base[80], cut[80];
	struct image was[FILES];             /* before the first kept write */
	uint64_t seed;
	size_t opened;
};

static uint32_t roll(struct world *w, uint32_t n)
{
	w->seed = w->seed * UINT64_C(6364136223846793005) + 1442695040888963407;
	return (uint32_t)(w->seed >> 33) % n;
}

static void run(const char *fmt, const char *a, const char *b)
{
	char cmd[400];

	snprintf(cmd, sizeof(cmd), fmt, a, b);
	assert_int_equal(system(cmd), 0);
}

/* ---- the story ---- */

static void told(void *ctx, const struct call *c)
{
	struct log_head head = log_shown(kernel_log(c->k));

	(void)ctx;
	assert_true(head.size > c->index);
	journal_answered(&head);
}

static void session(struct world *w, uint64_t singly, uint64_t together)
{
	struct kernel *k = filer_open(w->home, true);
	uint64_t now;

	assert_non_null(k);
	now = filer_size(k);
	assert_true(filer_singly(k, w->home, now + singly, told, NULL));
	assert_true(filer_to(k, w->home, now + singly + together, told, NULL));
	kernel_close(k);
}

static void image_read(struct image *m, const char *dir, const char *name)
{
	char path[200];
	FILE *f;
	long n;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	f = fopen(path, "rb");
	*m = (struct image){ .there = f != NULL };
	if (!f)
		return;
	fseek(f, 0, SEEK_END);
	n = ftell(f);
	rewind(f);
	m->p = malloc((size_t)n + 1);
	m->n = m->cap = fread(m->p, 1, (size_t)n, f);
	fclose(f);
}

static const char *const names[FILES] = { "suyuan.db", "suyuan.db-wal", "keystore/keys.db", "keystore/keys.db-wal", "guard/head" };

static bool is_wal(int f) { return f == F_WAL || f == F_KEYS_WAL; }

static void make_world(struct world *w, const char *suite)
{
	struct kernel *k;

	*w = (struct world){ .seed = 20261128 };
	snprintf(w->dir, sizeof(w->dir), "%s/suyuan-power-XXXXXX", access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
	assert_non_null(mkdtemp(w->dir));
	snprintf(w->home, sizeof(w->home), "%s/home", w->dir);
	snprintf(w->base, sizeof(w->base), "%s/base", w->dir);
	snprintf(w->cut, sizeof(w->cut), "%s/cut", w->dir);
	assert_true(filer_make(w->home, suite));
	k = filer_open(w->home, true);
	assert_true(k && filer_to(k, w->home, 250, NULL, NULL));
	kernel_close(k);
	run("cp -r %s %s", w->home, w->base);
	run("cp -r %s %s", w->home, w->cut);
	for (int f = 0; f < FILES; f++)
		image_read(&w->was[f], w->base, names[f]);
	journal_begin(w->home);
	session(w, 5, 20);          /* over the end of a tile */
	session(w, 3, 5);
	journal_end();
}

/* ---- a disk at a moment ---- */

static void image_room(struct image *m, size_t n)
{
	if (n > m->cap) {
		m->cap = n + n / 2;
		m->p = realloc(m->p, m->cap);
	}
	if (n > m->n) {
		memset(m->p + m->n, 0, n - m->n);
		m->n = n;
	}
}

static void image_apply(struct image *m, const struct entry *e, size_t n)
{
	m->there = true;
	if (e->what == W_CUT) {
		image_room(m, (size_t)e->at);
		m->n = (size_t)e->at;
	} else if (n) {
		image_room(m, (size_t)e->at + n);
		memcpy(m->p + e->at, e->bytes, n);
	}
}

/* How much of a write is on the disk. */
static size_t share(struct world *w, enum disk d, const struct entry *e, bool flushed, bool last)
{
	size_t torn = e->n > SECTOR ? e->n / 2 / SECTOR * SECTOR : e->n / 2;

	if (flushed || d == ALL_WRITTEN)
		return e->n;
	if (d == LAST_TORN)
		return last ? torn : e->n;
	if (d == FLUSHED_ONLY)
		return 0;
	switch (roll(w, 4)) {
	case 0: return 0;
	case 1: return torn;
	default: return e->n;
	}
}

/* The write-ahead log is made and removed anew: each time another file; which of them the directory names is flushed by itself. */
struct names { int now, flushed, last; };

static struct names wal_names(const struct entry *e, size_t n, int wal, int generation[])
{
	struct names s = { -1, -1, -1 };

	for (size_t i = 0; i < n; i++) {
		if ((int)e[i].file == wal && (e[i].what == W_WRITE || e[i].what == W_CUT)) {
			if (s.now < 0)
				s.now = ++s.last;
			generation[i] = s.now;
		} else if ((int)e[i].file == wal && e[i].what == W_SYNC) {
			generation[i] = s.now;
		} else if ((int)e[i].file == wal && e[i].what == W_UNLINK) {
			s.now = -1;
		} else if (e[i].what == W_DIR_SYNC && (int)e[i].file == wal) {
			s.flushed = s.now;
		}
	}
	return s;
}

static void image_write(const struct image *m, const char *dir, const char *name)
{
	char path[200];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	unlink(path);
	if (!m->there)
		return;
	f = fopen(path, "wb");
	assert_non_null(f);
	assert_int_equal(fwrite(m->p, 1, m->n, f), m->n);
	fclose(f);
}

/* One file as it lies there; shown: which of the write-ahead logs made one after the other the directory names, -1 none. */
static void file_build(struct world *w, enum disk d, const struct entry *e, size_t n, int f, const int generation[], int shown)
{
	struct image m = { .there = !is_wal(f) && w->was[f].there };
	size_t flushed = 0, last = 0;

	image_room(&m, w->was[f].n);
	if (w->was[f].n)
		memcpy(m.p, w->was[f].p, w->was[f].n);
	for (size_t i = 0; i < n; i++)
		if (e[i].file == (enum file)f && (!is_wal(f) || generation[i] == shown)) {
			if (e[i].what == W_SYNC)
				flushed = i;
			else if (e[i].what == W_WRITE)
				last = i;
		}
	for (size_t i = 0; i < n; i++)
		if (e[i].file == (enum file)f && (e[i].what == W_WRITE || e[i].what == W_CUT) && (!is_wal(f) || generation[i] == shown))
			image_apply(&m, &e[i], e[i].what == W_CUT ? 0 : share(w, d, &e[i], i < flushed, i == last && i + 1 == n));
	if (is_wal(f) && shown < 0)
		m.there = false;
	image_write(&m, w->cut, names[f]);
	free(m.p);
}

static void disk_build(struct world *w, enum disk d, const struct entry *e, size_t n)
{
	int *generation = calloc(n + 1, sizeof(*generation));

	for (int f = 0; f < FILES; f++) {
		int shown = -1;

		if (is_wal(f)) {
			struct names s = wal_names(e, n, f, generation);

			shown = d == FLUSHED_ONLY ? s.flushed : d == BY_CHANCE && roll(w, 2) ? s.flushed : s.now;
		}
		file_build(w, d, e, n, f, generation, shown);
	}
	free(generation);
}

/* ---- what the home says then ---- */

static enum err add_leaf(void *ctx, const struct val *row, size_t cols)
{
	struct hash leaf = tree_leaf(HASH_SHA256, row[0].s);

	(void)cols;
	frontier_add(HASH_SHA256, ctx, &leaf);
	return OK;
}

/* The root of the first entries, from the entries. */
static bool same_beginning(struct kernel *k, const struct log_head *h)
{
	struct frontier f = { 0 };
	struct hash root;
	struct db *db;

	if (!h->size)
		return true;
	assert_int_equal(kernel_reader(k, &db), OK);
	assert_int_equal(db_each(db, "SELECT body FROM log_entry WHERE idx < $1 ORDER BY idx", VALS(V_I((int64_t)h->size)), add_leaf, &f), OK);
	kernel_reader_end(k, db);
	root = frontier_root(HASH_SHA256, &f);
	return f.size == h->size && same_bytes(root.b, h->root.b, HASH_LEN);
}

static const char *opened_says(struct world *w, struct kernel *k, struct arena *a, const struct log_head *answered)
{
	struct verify_report r;

	if (kernel_verify(k, a, NULL, &r))
		return str_fmt(a, "verify: %.*s", STR_ARG(r.problem)).p;
	if (filer_size(k) < answered->size)
		return str_fmt(a, "%llu entries, answered were %llu", (unsigned long long)filer_size(k), (unsigned long long)answered->size).p;
	if (!same_beginning(k, answered))
		return "another history than the one answered";
	if (w->opened++ % 16 == 0 && !filer_singly(k, w->cut, filer_size(k) + 1, NULL, NULL))
		return "nothing can be filed";
	return NULL;
}

/* NULL: all is well. */
static const char *home_says(struct world *w, struct arena *a, const struct log_head *answered)
{
	struct kernel *k;
	const char *trouble;

	unlink(str_fmt(a, "%s/suyuan.db-shm", w->cut).p);
	unlink(str_fmt(a, "%s/keystore/keys.db-shm", w->cut).p);
	unlink(str_fmt(a, "%s/suyuan.db.writer", w->cut).p);
	k = filer_open(w->cut, true);
	if (!k)
		return "the home does not open";
	trouble = opened_says(w, k, a, answered);
	kernel_close(k);
	return trouble;
}

static struct log_head answered_by(const struct entry *e, size_t n)
{
	struct log_head h = { 0 };

	for (size_t i = 0; i < n; i++)
		if (e[i].what == W_ANSWERED && e[i].head.size > h.size)
			h = e[i].head;
	return h;
}

static void cut_at(struct world *w, const struct entry *e, size_t n, enum disk d)
{
	struct log_head answered = answered_by(e, n);
	uint64_t seed = w->seed;
	struct arena a;
	const char *trouble;

	arena_init(&a, 8 << 20, NULL);
	disk_build(w, d, e, n);
	trouble = home_says(w, &a, &answered);
	if (trouble)
		fail_msg("cut before write %zu, %s (seed %llu): %s", n, disk_names[d], (unsigned long long)seed, trouble);
	arena_end(&a);
}

/* Would it be found? A disk that says "flushed" of the write-ahead log and lies, a moment after an answer; a store put back to before. */
static void a_lie_would_be_found(struct world *w, const struct entry *e, size_t n)
{
	struct entry *lies = malloc(n * sizeof(*lies));
	struct log_head answered = { 0 };
	struct arena a;
	size_t at = 0;

	for (size_t seen = 0; at < n && seen < 5; at++)
		seen += e[at].what == W_ANSWERED;
	memcpy(lies, e, n * sizeof(*lies));
	for (size_t i = 0; i < at; i++)
		if (lies[i].what == W_SYNC && lies[i].file == F_WAL)
			lies[i].what = W_ANSWERED;
	arena_init(&a, 8 << 20, NULL);
	answered = answered_by(e, at);
	disk_build(w, FLUSHED_ONLY, lies, at);
	assert_non_null(home_says(w, &a, &answered));
	disk_build(w, ALL_WRITTEN, e, n);
	image_write(&w->was[F_DB], w->cut, names[F_DB]);
	assert_non_null(home_says(w, &a, &answered));
	unlink(str_fmt(&a, "%s/guard/head", w->cut).p);
	assert_non_null(home_says(w, &a, &answered));
	arena_end(&a);
	free(lies);
}

static void power_goes(const char *suite, size_t every)
{
	struct world w;
	const struct entry *e;
	size_t n, what[W_ANSWERED + 1] = { 0 };

	make_world(&w, suite);
	e = journal(&n);
	for (size_t i = 0; i < n; i++)
		what[e[i].what]++;
	print_message("%zu writes, %zu cuts, %zu flushes, %zu flushes of the directory, %zu removals, %zu answers\n", what[W_WRITE], what[W_CUT], what[W_SYNC],
	              what[W_DIR_SYNC], what[W_UNLINK], what[W_ANSWERED]);
	assert_true(what[W_WRITE] > 100 && what[W_SYNC] > 20 && what[W_ANSWERED] == 33);
	for (size_t at = 0; at <= n; at++)
		for (int d = 0; d < DISKS; d++)
			for (int round = 0; round < (d == BY_CHANCE ? ROUNDS_OF_CHANCE : 1); round++)
				if (all || at == n || (at + (size_t)d) % every == 0)
					cut_at(&w, e, at, (enum disk)d);
	a_lie_would_be_found(&w, e, n);
	print_message("%zu disks opened\n", w.opened);
	for (int f = 0; f < FILES; f++)
		free(w.was[f].p);
	journal_free();
	run("rm -rf %s%s", w.dir, "");
}

static void the_power_goes_at_any_moment(void **state)
{
	(void)state;
	power_goes("std", 5);
}

static void the_power_goes_at_any_moment_of_a_gm_home(void **state)
{
	(void)state;
	power_goes("gm", 11);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(the_power_goes_at_any_moment), cmocka_unit_test(the_power_goes_at_any_moment_of_a_gm_home) };

	all = argc > 1 && !strcmp(argv[1], "all");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
