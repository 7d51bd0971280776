/* tests/unit/test_store.c - the store and the writer: one table of tests, run on SQLite and on PostgreSQL (SUYUAN_TEST_PG). */
#include <pthread.h>
#include <semaphore.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

#include <cmocka.h>

#include "store/writer.h"

struct place {                    /* where a group of tests keeps its tables */
	const struct engine *engine;
	char dir[64], url[4096];
	struct db *db;            /* the writing connection of the test */
	struct arena a;
};

static const char put[] = "INSERT INTO t (id, a) VALUES ($1, $2)";
static const char count[] = "SELECT COUNT(*), COALESCE(MAX(id), 0) FROM t";
static const char put_link[] = "INSERT INTO link (id, t) VALUES ($1, $2)";

static void put_row(struct db *db, int64_t id) { db_tell(db, put, VALS(V_I(id), V_T(S("x")))); }

static int64_t number_of(struct place *p, struct db *db, const char *sql)
{
	struct rows r;

	assert_int_equal(db_ask(db, &p->a, sql, NO_VALS, &r), OK);
	assert_int_equal(r.n, 1);
	assert_false(row_null(&r, 0, 0));
	assert_int_equal(r.v[0].kind, VAL_INT);
	return row_int(&r, 0, 0);
}

static int64_t rows_in(struct place *p) { return number_of(p, p->db, count); }

static enum err add_up(void *ctx, const struct val *row, size_t cols)
{
	*(int64_t *)ctx += row[0].i;
	return cols == 1 ? OK : E_INTERNAL;
}

static int64_t sum_ids(struct place *p)
{
	int64_t sum = 0;

	assert_int_equal(db_each(p->db, "SELECT id FROM t", NO_VALS, add_up, &sum), OK);
	return sum;
}

/* ---- transactions ---- */

static void first_failure_sticks(void **state)
{
	struct place *p = *state;

	assert_int_equal(db_begin(p->db), OK);
	put_row(p->db, 1);
	put_row(p->db, 1);
	put_row(p->db, 2);
	assert_int_equal(db_end(p->db, OK), E_CLASH);
	assert_int_equal(rows_in(p), 0);
	assert_int_equal(db_begin(p->db), OK);
	put_row(p->db, 3);
	assert_int_equal(db_end(p->db, OK), OK);
	assert_int_equal(rows_in(p), 1);
	/* more tells than any queue holds, behind the failure */
	assert_int_equal(db_begin(p->db), OK);
	for (int i = 0; i < 2000; i++)
		put_row(p->db, i);
	assert_int_equal(db_sticky(p->db), E_CLASH);
	assert_int_equal(db_end(p->db, OK), E_CLASH);
	assert_int_equal(rows_in(p), 1);
}

static void nothing_after_a_failure(void **state)
{
	struct place *p = *state;
	struct rows r;

	assert_int_equal(db_begin(p->db), OK);
	put_row(p->db, 1);
	put_row(p->db, 1);
	assert_int_equal(db_ask(p->db, &p->a, count, NO_VALS, &r), E_CLASH);
	assert_int_equal(db_sticky(p->db), E_CLASH);
	put_row(p->db, 2);
	assert_int_equal(db_told(p->db), 0);
	assert_int_equal(db_exec(p->db, "DELETE FROM t"), E_CLASH);
	assert_int_equal(db_save(p->db), E_CLASH);
	assert_int_equal(db_end(p->db, OK), E_CLASH);
	assert_int_equal(rows_in(p), 0);
	/* a failed ask fails the transaction too, and the first reason is the one that is told */
	assert_int_equal(db_begin(p->db), OK);
	assert_int_equal(db_ask(p->db, &p->a, "SELECT nothing FROM nowhere", NO_VALS, &r), E_IO);
	put_row(p->db, 2);
	assert_int_equal(db_end(p->db, OK), E_IO);
	assert_int_equal(rows_in(p), 0);
	/* the handler's own refusal comes before a failure that was still under way */
	assert_int_equal(db_begin(p->db), OK);
	put_row(p->db, 2);
	put_row(p->db, 3);
	assert_int_equal(db_end(p->db, E_DENIED), E_DENIED);
	assert_int_equal(rows_in(p), 0);
}

static void told_counts(void **state)
{
	static const char again[] = "INSERT INTO t (id, a) VALUES ($1, $2) ON CONFLICT (id) DO NOTHING";
	static const char change[] = "UPDATE t SET a = $2 WHERE id >= $1";
	struct place *p = *state;

	for (int in_tx = 0; in_tx < 2; in_tx++) {
		assert_int_equal(in_tx ? db_begin(p->db) : OK, OK);
		for (int i = 1; i < 5; i++)
			put_row(p->db, 10 * in_tx + i);
		assert_int_equal(db_told(p->db), 1);
		assert_int_equal(db_told(p->db), 1);
		db_tell(p->db, again, VALS(V_I(2), V_T(S("y"))));
		assert_int_equal(db_told(p->db), 0);
		db_tell(p->db, change, VALS(V_I(10 * in_tx + 2), V_T(S("z"))));
		assert_int_equal(db_told(p->db), 3);
		put_row(p->db, 1);
		assert_int_equal(db_told(p->db), 0);
		assert_int_equal(db_sticky(p->db), in_tx ? E_CLASH : OK);
		assert_int_equal(in_tx ? db_end(p->db, OK) : OK, in_tx ? E_CLASH : OK);
	}
	assert_int_equal(rows_in(p), 4);
}

static void a_refused_part_leaves_its_neighbours(void **state)
{
	struct place *p = *state;
	struct rows r;

	assert_int_equal(db_begin(p->db), OK);
	for (int i = 0; i < 7; i++) {
		enum err said = i == 3 ? E_DENIED : OK, want = i == 1 || i == 5 ? E_CLASH : said;

		assert_int_equal(db_save(p->db), OK);
		put_row(p->db, 1 << i);
		if (i == 1 || i == 5)
			put_row(p->db, 1);               /* a clash that is still under way ... */
		if (i == 5)
			assert_int_equal(db_ask(p->db, &p->a, count, NO_VALS, &r), E_CLASH);    /* ... and one that is known */
		put_row(p->db, 1000 + i);
		assert_int_equal(db_save_end(p->db, said), want);
		assert_int_equal(db_sticky(p->db), OK);
	}
	assert_int_equal(db_end(p->db, OK), OK);
	assert_int_equal(sum_ids(p), (1 + 4 + 16 + 64) + 4000 + 0 + 2 + 4 + 6);
}

static void asks_see_tells(void **state)
{
	struct place *p = *state;
	struct rows r;

	assert_int_equal(db_begin(p->db), OK);
	for (int i = 1; i <= 1000; i++) {
		put_row(p->db, i);
		if (i % 333 == 0)
			assert_int_equal(rows_in(p), i);
	}
	assert_int_equal(db_save(p->db), OK);
	put_row(p->db, 1001);
	assert_int_equal(db_ask(p->db, &p->a, "INSERT INTO t (id, a) VALUES ($1, $2) RETURNING id, a", VALS(V_I(1002), V_T(S("r"))), &r), OK);
	assert_int_equal(row_int(&r, 0, 0), 1002);
	assert_true(str_is(row_str(&r, 0, 1), "r"));
	assert_int_equal(rows_in(p), 1002);
	assert_int_equal(db_save_end(p->db, E_STATE), E_STATE);
	assert_int_equal(rows_in(p), 1000);
	assert_int_equal(db_end(p->db, OK), OK);
	assert_int_equal(rows_in(p), 1000);
}

/* A deferred foreign key fails only at COMMIT: the transaction must end all the same. */
static void a_commit_may_fail(void **state)
{
	struct place *p = *state;

	assert_int_equal(db_begin(p->db), OK);
	put_row(p->db, 1);
	db_tell(p->db, put_link, VALS(V_I(1), V_I(99)));
	assert_int_equal(db_end(p->db, OK), E_CLASH);
	assert_int_equal(rows_in(p), 0);
	assert_int_equal(db_begin(p->db), OK);
	put_row(p->db, 99);
	db_tell(p->db, put_link, VALS(V_I(1), V_I(99)));
	assert_int_equal(db_end(p->db, OK), OK);
	assert_int_equal(rows_in(p), 1);
}

static void outside_a_transaction(void **state)
{
	struct place *p = *state;

	put_row(p->db, 1);
	put_row(p->db, 1);              /* fails alone */
	put_row(p->db, 2);
	assert_int_equal(db_sticky(p->db), OK);
	assert_int_equal(rows_in(p), 2);
	assert_int_equal(db_exec(p->db, "INSERT INTO t (id) VALUES (3); INSERT INTO t (id) VALUES (1)"), E_CLASH);
	put_row(p->db, 4);
	assert_int_equal(number_of(p, p->db, "SELECT COUNT(*) FROM t WHERE id = 4"), 1);
}

/* ---- values ---- */

static void wrong_number_of_values(void **state)
{
	struct place *p = *state;
	static const char one[] = "SELECT a FROM t WHERE id = $1 OR id = $1 OR a = 'costs $2'";
	struct rows r;

	assert_int_equal(db_ask(p->db, &p->a, one, NO_VALS, &r), E_INTERNAL);
	assert_int_equal(db_ask(p->db, &p->a, one, VALS(V_I(1), V_I(2)), &r), E_INTERNAL);
	assert_int_equal(db_ask(p->db, &p->a, one, VALS(V_I(1)), &r), OK);
	assert_int_equal(r.n, 0);
	assert_int_equal(db_begin(p->db), OK);
	put_row(p->db, 1);
	db_tell(p->db, put, VALS(V_I(2)));
	assert_int_equal(db_end(p->db, OK), E_INTERNAL);
	assert_int_equal(rows_in(p), 0);
}

static void values_come_back(void **state)
{
	static const char all[] = "INSERT INTO t (id, a, b, n) VALUES ($1, $2, $3, $4)";
	static const char get[] = "SELECT id, a, b, n FROM t ORDER BY id";
	struct place *p = *state;
	size_t big = 1 << 20;
	char *blob = malloc(big);
	struct rows r;

	for (size_t i = 0; i < big; i++)
		blob[i] = (char)(i * 7 + (i >> 8));
	const struct val rows[][4] = {
		{ V_I(INT64_MIN), V_T(S("")), V_B(S("")), V_I(INT64_MAX) },
		{ V_I(-1), V_T(((struct str){ NULL, 0 })), V_B(((struct str){ NULL, 0 })), V_NULL },
		{ V_I(0), V_NULL, V_NULL, V_I(0) },
		{ V_I(1), V_T(S("溯源：产品质量安全，a'b\"c\\d\n\t$1 €𠀀")), V_B(S("a\0b\xff\0")), V_I(-5000000000) },
		{ V_I(INT64_MAX), V_T(((struct str){ "cut here", 3 })), V_B(((struct str){ blob, big })), V_I(INT64_MIN) },
	};
	assert_int_equal(db_begin(p->db), OK);
	for (size_t i = 0; i < ROWS(rows); i++)
		db_tell(p->db, all, rows[i], 4);
	assert_int_equal(db_end(p->db, OK), OK);
	assert_int_equal(db_ask(p->db, &p->a, get, NO_VALS, &r), OK);
	assert_int_equal(r.n, ROWS(rows));
	assert_int_equal(r.cols, 4);
	for (size_t i = 0; i < ROWS(rows); i++) {
		for (size_t k = 0; k < 4; k++) {
			const struct val *want = &rows[i][k], *got = &r.v[i * 4 + k];

			if (got->kind != want->kind || got->i != want->i || !str_eq(got->s, want->s) || !got->s.p)
				fail_msg("row %zu column %zu: kind %d for %d, %zu bytes for %zu", i, k, (int)got->kind, (int)want->kind, got->s.n, want->s.n);
		}
	}
	assert_int_equal(db_ask(p->db, &p->a, "SELECT id FROM t WHERE b = $1 AND a = $2 AND n = $3", VALS(rows[3][2], rows[3][1], rows[3][3]), &r), OK);
	assert_int_equal(r.n, 1);
	free(blob);
}

/* What an expression answers is a number on both engines, whatever type the engine gives it. */
static void expressions_are_numbers(void **state)
{
	static const int64_t sums[] = { 0, 1, -1, 9999, 10000, -10000, 10001, 100000000, 123456789012345678, 1000000000000000000, INT64_MAX, INT64_MIN };
	struct place *p = *state;
	struct rows r;

	assert_int_equal(number_of(p, p->db, "SELECT 1 = 1"), 1);
	assert_int_equal(number_of(p, p->db, "SELECT 7"), 7);
	assert_int_equal(number_of(p, p->db, "SELECT COALESCE(MAX(id), 0) FROM t"), 0);
	assert_int_equal(number_of(p, p->db, "SELECT COALESCE(SUM(n), 0) FROM t"), 0);
	for (size_t i = 0; i < ROWS(sums); i++) {
		db_tell(p->db, "INSERT INTO t (id, n) VALUES ($1, $2) ON CONFLICT (id) DO UPDATE SET n = $2", VALS(V_I(1), V_I(sums[i])));
		if (number_of(p, p->db, "SELECT SUM(n) FROM t") != sums[i])
			fail_msg("sum of %lld", (long long)sums[i]);
	}
	/* beside small constants a value is still of 64 bits */
	assert_int_equal(db_ask(p->db, &p->a, "SELECT $1 + 1, $1 > 0, $2", VALS(V_I(5000000000), V_T(S("x"))), &r), OK);
	assert_true(row_int(&r, 0, 0) == 5000000001);
	assert_int_equal(row_int(&r, 0, 1), 1);
	assert_int_equal(db_ask(p->db, &p->a, "SELECT id FROM t WHERE id = -1", NO_VALS, &r), OK);
	assert_int_equal(r.n, 0);
}

static void values_bind_by_number(void **state)
{
	struct place *p = *state;
	struct rows r;

	db_tell(p->db, "INSERT INTO t (a, n, id) VALUES ($2, $3, $1)", VALS(V_I(1), V_T(S("two")), V_I(3)));
	assert_int_equal(db_ask(p->db, &p->a, "SELECT n FROM t WHERE a = $2 AND id = $1", VALS(V_I(1), V_T(S("two"))), &r), OK);
	assert_int_equal(r.n, 1);
	assert_int_equal(row_int(&r, 0, 0), 3);
}

/* ---- rows one by one ---- */

struct stop { int64_t seen, at; struct db *db; enum err inner; };

static enum err stop_at(void *ctx, const struct val *row, size_t cols)
{
	struct stop *s = ctx;

	(void)cols;
	s->seen++;
	return row[0].i == s->at ? E_STATE : OK;
}

static enum err ask_inside(void *ctx, const struct val *row, size_t cols)
{
	struct stop *s = ctx;

	(void)row, (void)cols;
	s->inner = db_each(s->db, count, NO_VALS, stop_at, s);
	return OK;
}

static void each_stops(void **state)
{
	static const char ids[] = "SELECT id FROM t ORDER BY id";
	struct place *p = *state;
	struct stop s = { .at = 7, .db = p->db };

	assert_int_equal(db_begin(p->db), OK);
	for (int i = 1; i <= 50; i++)
		put_row(p->db, i);
	assert_int_equal(db_end(p->db, OK), OK);
	assert_int_equal(db_each(p->db, ids, NO_VALS, stop_at, &s), E_STATE);
	assert_int_equal(s.seen, 7);
	s = (struct stop){ .at = -1, .db = p->db };
	assert_int_equal(db_each(p->db, ids, NO_VALS, stop_at, &s), OK);
	assert_int_equal(s.seen, 50);
	s = (struct stop){ .db = p->db };
	assert_int_equal(db_each(p->db, "SELECT 1", NO_VALS, ask_inside, &s), OK);
	assert_int_equal(s.inner, E_INTERNAL);
	assert_int_equal(s.seen, 0);
	assert_int_equal(rows_in(p), 50);
}

/* ---- statements ---- */

/* A script's memory may hold another script the next time. */
static void scripts_may_move(void **state)
{
	struct place *p = *state;
	char text[64];

	for (int i = 1; i < 4; i++) {
		snprintf(text, sizeof(text), "INSERT INTO t (id)VALUES(%d)", i);
		assert_int_equal(db_exec(p->db, text), OK);
	}
	assert_int_equal(sum_ids(p), 6);
	snprintf(text, sizeof(text), "DROP TABLE link;DROP TABLE t");
	assert_int_equal(db_exec(p->db, text), OK);
	assert_int_equal(db_exec(p->db, "SELECT 1 FROM t"), E_IO);
	assert_int_equal(db_exec(p->db, ""), OK);
}

static void more_texts_than_slots(void **state)
{
	enum { TEXTS = 1300 };
	struct place *p = *state;
	char (*text)[64] = calloc(TEXTS, sizeof(*text));

	for (int i = 0; i < TEXTS; i++)
		snprintf(text[i], sizeof(text[i]), "SELECT COUNT(*) + %d FROM t", i);
	for (int round = 0; round < 2; round++) {
		assert_int_equal(db_begin(p->db), OK);
		for (int i = 0; i < TEXTS; i++)
			assert_int_equal(number_of(p, p->db, text[i]), i);
		assert_int_equal(db_end(p->db, OK), OK);
	}
	/* a text first met behind a failure was never prepared; it works when it comes again */
	for (int i = 0; i < 2; i++) {
		assert_int_equal(db_begin(p->db), OK);
		put_row(p->db, 1);
		if (i == 0)
			put_row(p->db, 1);
		db_tell(p->db, "UPDATE t SET a = 'first met' WHERE id = $1", VALS(V_I(1)));
		assert_int_equal(db_end(p->db, OK), i ? OK : E_CLASH);
	}
	assert_int_equal(number_of(p, p->db, "SELECT COUNT(*) FROM t WHERE a = 'first met'"), 1);
	free(text);
}

/* ---- connections ---- */

static void one_writer(void **state)
{
	struct place *p = *state;
	struct db *other;

	assert_int_equal(db_hold(p->db), OK);
	assert_int_equal(db_open(p->engine, p->url, false, &other), OK);
	assert_int_equal(db_hold(other), E_BUSY);
	assert_int_equal(db_hold(other), E_BUSY);
	db_close(p->db);
	p->db = other;
	for (int i = 0; i < 100; i++) {         /* a server may take a moment to notice that a session ended */
		if (db_hold(other) == OK)
			return;
		usleep(20000);
	}
	fail_msg("the lock outlived its connection");
}

static void readers_only_read(void **state)
{
	struct place *p = *state;
	struct readers *pool;
	struct db *r, *again;

	put_row(p->db, 1);
	assert_int_equal(readers_open(p->engine, p->url, &pool), OK);
	assert_int_equal(readers_borrow(pool, &r), OK);
	assert_int_equal(number_of(p, r, count), 1);
	assert_int_equal(db_begin(r), OK);
	put_row(r, 2);
	assert_int_not_equal(db_end(r, OK), OK);
	assert_int_not_equal(db_exec(r, "CREATE TABLE more (id INTEGER)"), OK);
	assert_int_equal(rows_in(p), 1);
	/* a reader's transaction sees one moment */
	assert_int_equal(db_begin(r), OK);
	assert_int_equal(number_of(p, r, count), 1);
	put_row(p->db, 2);
	assert_int_equal(number_of(p, r, count), 1);
	assert_int_equal(db_end(r, OK), OK);
	assert_int_equal(number_of(p, r, count), 2);
	readers_return(pool, r);
	assert_int_equal(readers_borrow(pool, &again), OK);
	assert_ptr_equal(again, r);
	readers_return(pool, again);
	readers_close(pool);
	assert_int_not_equal(db_open(p->engine, p->engine == &pg_engine ? "postgresql:///none?host=/nowhere" : "/nowhere/none.db", false, &r), OK);
}

static void copies(void **state)
{
	struct place *p = *state;
	struct db *copy;
	char to[128];

	put_row(p->db, 1);
	assert_int_equal(db_compact(p->db), OK);
	snprintf(to, sizeof(to), "%s/copy.db", p->dir);
	if (p->engine == &pg_engine) {
		assert_int_equal(db_backup(p->db, to), E_STATE);
		return;
	}
	assert_int_equal(db_backup(p->db, to), OK);
	assert_int_equal(db_open(p->engine, to, true, &copy), OK);
	assert_int_equal(number_of(p, copy, count), 1);
	db_close(copy);
	assert_int_not_equal(db_backup(p->db, "/nowhere/copy.db"), OK);
}

/* The server ends a session: the writing one stays ended, a reader starts anew between transactions. */
static void sessions_end(void **state)
{
	static const char pid[] = "SELECT pg_backend_pid()", end[] = "SELECT pg_terminate_backend(CAST($1 AS INTEGER))";
	struct place *p = *state;
	struct db *reader, *killer;
	struct rows r;

	if (p->engine != &pg_engine)
		return;
	assert_int_equal(db_open(p->engine, p->url, false, &killer), OK);
	assert_int_equal(db_open(p->engine, p->url, true, &reader), OK);
	assert_int_equal(db_begin(p->db), OK);
	put_row(p->db, 1);
	assert_int_equal(db_ask(killer, &p->a, end, VALS(V_I(number_of(p, p->db, pid))), &r), OK);
	assert_int_equal(db_ask(killer, &p->a, end, VALS(V_I(number_of(p, reader, pid))), &r), OK);
	usleep(100000);
	put_row(p->db, 2);
	assert_int_equal(db_end(p->db, OK), E_IO);
	assert_int_equal(db_begin(p->db), E_IO);
	put_row(p->db, 3);
	assert_int_equal(db_end(p->db, OK), E_IO);
	assert_int_equal(number_of(p, killer, count), 0);
	assert_int_equal(db_ask(reader, &p->a, count, NO_VALS, &r), E_IO);
	assert_int_equal(db_ask(reader, &p->a, count, NO_VALS, &r), OK);
	assert_int_equal(db_begin(reader), OK);
	put_row(reader, 1);
	assert_int_equal(db_end(reader, OK), E_IO);     /* still one that only reads */
	db_close(killer);
	db_close(reader);
}

/* Every class of failure the server may report, raised by it. */
static void states_of_the_server(void **state)
{
	static const struct { const char *state; enum err e; } rows[] = {
		{ "23505", E_CLASH }, { "23503", E_CLASH }, { "40001", E_BUSY }, { "40P01", E_BUSY }, { "55P03", E_BUSY }, { "53100", E_DISK },
		{ "54000", E_TOO_BIG }, { "57P01", E_IO }, { "08006", E_IO }, { "22021", E_IO }, { "XX001", E_CORRUPT }, { "XX000", E_IO },
	};
	struct place *p = *state;
	char text[128];

	for (size_t i = 0; i < ROWS(rows) && p->engine == &pg_engine; i++) {
		snprintf(text, sizeof(text), "DO $$ BEGIN RAISE SQLSTATE '%s'; END $$;", rows[i].state);
		assert_int_equal(db_begin(p->db), OK);
		put_row(p->db, 1);
		if (db_exec(p->db, text) != rows[i].e)
			fail_msg("state %s", rows[i].state);
		assert_int_equal(db_end(p->db, OK), rows[i].e);
	}
	assert_int_equal(rows_in(p), 0);
}

/* ---- the writer ---- */

enum { THREADS = 4, EACH = 500, JOBS = THREADS * EACH };
enum moment { QUIET, RUNNING, SEALED, PUBLISHED, UNDONE };

struct book {                     /* what the hooks saw; the writer's thread alone, until it has ended */
	enum moment now;
	int marks, rewinds, seals, publishes, undos, out_of_order;
	int64_t log, marked;      /* stands for the log: it grows by one a change */
	enum err publish_says;
	sem_t go;
};

struct job {
	struct change c;          /* first: the writer's pointer is ours */
	struct book *book;
	int64_t id;
	enum err says;
	bool clash, waits, poison;
	int ran, done;
	enum err got;
};

static enum err job_run(struct change *c, struct db *db)
{
	struct job *j = (struct job *)c;

	j->ran++;
	j->book->now = RUNNING;
	j->book->log++;
	if (j->waits)
		sem_wait(&j->book->go);
	put_row(db, j->id);
	if (j->clash)
		put_row(db, j->id);
	if (j->poison)
		db_tell(db, put_link, VALS(V_I(j->id), V_I(-j->id)));
	return j->says ? j->says : db_sticky(db);
}

static void job_done(struct change *c, enum err e)
{
	struct job *j = (struct job *)c;

	j->done++;
	j->got = e;
	if (j->ran && j->book->now != PUBLISHED && j->book->now != UNDONE)
		j->book->out_of_order++;
}

static void on_mark(void *ctx)
{
	struct book *b = ctx;

	b->marks++;
	b->marked = b->log;
}

static void on_rewind(void *ctx)
{
	struct book *b = ctx;

	b->rewinds++;
	b->log = b->marked;
}

static enum err on_seal(void *ctx, struct db *db)
{
	struct book *b = ctx;

	b->seals++;
	b->now = SEALED;
	db_tell(db, "INSERT INTO seal (id, log) VALUES ($1, $2)", VALS(V_I(b->seals), V_I(b->log)));
	return db_sticky(db);
}

static enum err on_publish(void *ctx)
{
	struct book *b = ctx;

	b->publishes++;
	b->out_of_order += b->now != SEALED;
	b->now = PUBLISHED;
	return b->publish_says;
}

static void on_undo(void *ctx)
{
	struct book *b = ctx;

	b->undos++;
	b->now = UNDONE;
}

static struct writer *writer_over(struct place *p, struct book *b)
{
	const struct writer_hooks hooks = { .ctx = b, .mark = on_mark, .rewind = on_rewind, .seal = on_seal, .publish = on_publish, .undo = on_undo };
	struct writer *w;

	sem_init(&b->go, 0, 0);
	assert_int_equal(writer_start(p->db, &hooks, &w), OK);
	return w;
}

struct crowd { struct writer *w; struct job *jobs; int refused; };

static void *add_many(void *arg)
{
	struct crowd *c = arg;

	for (int i = 0; i < EACH; i++)
		while (writer_add(c->w, &c->jobs[i].c))
			c->refused++;
	return NULL;
}

static void many_changes(void **state)
{
	struct place *p = *state;
	struct job *jobs = calloc(JOBS, sizeof(*jobs));
	struct crowd crowd[THREADS];
	struct book b = { 0 };
	struct writer *w = writer_over(p, &b);
	pthread_t thread[THREADS];
	int refused = 0;
	int64_t sum = 0;

	for (int i = 0; i < JOBS; i++) {
		bool no = i % 7 == 3;

		jobs[i] = (struct job){ .c = { .run = job_run, .done = job_done }, .book = &b, .id = i + 1,
		                        .says = no && i % 2 ? E_DENIED : OK, .clash = no && i % 2 == 0 };
		refused += no;
		sum += no ? 0 : i + 1;
	}
	for (int i = 0; i < THREADS; i++) {
		crowd[i] = (struct crowd){ w, jobs + i * EACH, 0 };
		assert_int_equal(pthread_create(&thread[i], NULL, add_many, &crowd[i]), 0);
	}
	for (int i = 0; i < THREADS; i++) {
		pthread_join(thread[i], NULL);
		assert_int_equal(crowd[i].refused, 0);
	}
	writer_stop(w);
	for (int i = 0; i < JOBS; i++) {
		enum err want = i % 7 != 3 ? OK : i % 2 ? E_DENIED : E_CLASH;

		if (jobs[i].ran != 1 || jobs[i].done != 1 || jobs[i].got != want)
			fail_msg("change %d: ran %d, done %d, %s", i, jobs[i].ran, jobs[i].done, err_en(jobs[i].got));
	}
	assert_int_equal(b.marks, JOBS);
	assert_int_equal(b.rewinds, refused);
	assert_int_equal(b.publishes, b.seals);
	assert_int_equal(b.undos, 0);
	assert_int_equal(b.out_of_order, 0);
	assert_int_equal(b.log, JOBS - refused);
	assert_int_equal(rows_in(p), JOBS - refused);
	assert_int_equal(sum_ids(p), sum);
	assert_int_equal(number_of(p, p->db, "SELECT COUNT(*) FROM seal"), b.seals);
	assert_int_equal(number_of(p, p->db, "SELECT MAX(log) FROM seal"), b.log);
	sem_destroy(&b.go);
	free(jobs);
}

/* While the first change waits, the others gather: one full group, and some behind it. */
static void a_group_fails(struct place *p, bool at_commit)
{
	enum { BEHIND = 300, ALL = 1 + WRITER_GROUP_MAX + BEHIND };
	struct job *jobs = calloc(ALL + 1, sizeof(*jobs));
	struct book b = { .publish_says = at_commit ? OK : E_CORRUPT };
	struct writer *w = writer_over(p, &b);
	int ran = 0;

	for (int i = 0; i <= ALL; i++)
		jobs[i] = (struct job){ .c = { .run = job_run, .done = job_done }, .book = &b, .id = i + 1, .waits = i == 0,
		                        .poison = at_commit && i == 500 };
	assert_int_equal(writer_add(w, &jobs[0].c), OK);
	while (writer_queued(w))
		usleep(1000);
	for (int i = 1; i < ALL; i++)
		assert_int_equal(writer_add(w, &jobs[i].c), OK);
	assert_int_equal(writer_queued(w), ALL - 1);
	sem_post(&b.go);
	while (writer_queued(w))
		usleep(1000);
	while (writer_add(w, &jobs[ALL].c) == OK)       /* must not happen: the queue emptied after the failure */
		fail_msg("taken after a failure");
	writer_stop(w);
	for (int i = 0; i < ALL; i++) {
		enum err want = at_commit && i == 0 ? OK : E_IO;

		ran += jobs[i].ran;
		if (jobs[i].done != 1 || jobs[i].got != want)
			fail_msg("change %d: done %d, %s", i, jobs[i].done, err_en(jobs[i].got));
	}
	assert_int_equal(jobs[ALL].done, 0);
	assert_int_equal(ran, at_commit ? 1 + WRITER_GROUP_MAX : 1);
	assert_int_equal(b.undos, at_commit);
	assert_int_equal(b.publishes, 1);
	assert_int_equal(b.out_of_order, 0);
	assert_int_equal(rows_in(p), 1);                /* the first group; publishing failed after its commit */
	sem_destroy(&b.go);
	free(jobs);
}

static void a_failed_commit_ends_the_writer(void **state) { a_group_fails(*state, true); }
static void a_failed_publish_ends_the_writer(void **state) { a_group_fails(*state, false); }

/* ---- both engines ---- */

static int make_tables(void **state)
{
	static const char tables[] =
		"DROP TABLE IF EXISTS link; DROP TABLE IF EXISTS t; DROP TABLE IF EXISTS seal;"
		"CREATE TABLE t (id %s PRIMARY KEY, a %s, b %s, n %s)%s;"
		"CREATE TABLE link (id %s PRIMARY KEY, t %s NOT NULL REFERENCES t (id) DEFERRABLE INITIALLY DEFERRED)%s;"
		"CREATE TABLE seal (id %s PRIMARY KEY, log %s NOT NULL)%s;";
	struct place *p = *state;
	bool pg = p->engine == &pg_engine;
	const char *i = pg ? "bigint" : "INTEGER", *strict = pg ? "" : " STRICT";
	char script[1024];

	snprintf(script, sizeof(script), tables, i, pg ? "text" : "TEXT", pg ? "bytea" : "BLOB", i, strict, i, i, strict, i, i, strict);
	arena_init(&p->a, 8 << 20, NULL);
	return db_open(p->engine, p->url, false, &p->db) || db_exec(p->db, script);
}

static int close_store(void **state)
{
	struct place *p = *state;

	db_close(p->db);
	arena_end(&p->a);
	return 0;
}

#define T(f) cmocka_unit_test_setup_teardown(f, make_tables, close_store)
static const struct CMUnitTest tests[] = {
	T(first_failure_sticks), T(nothing_after_a_failure), T(told_counts), T(a_refused_part_leaves_its_neighbours), T(asks_see_tells),
	T(a_commit_may_fail), T(outside_a_transaction), T(wrong_number_of_values), T(values_come_back), T(expressions_are_numbers),
	T(values_bind_by_number), T(each_stops), T(scripts_may_move), T(more_texts_than_slots), T(one_writer), T(readers_only_read),
	T(copies), T(sessions_end), T(states_of_the_server), T(many_changes), T(a_failed_commit_ends_the_writer),
	T(a_failed_publish_ends_the_writer),
};

static int new_place(void **state, const struct engine *engine)
{
	struct place *p = calloc(1, sizeof(*p));
	const char *url = getenv("SUYUAN_TEST_PG");

	p->engine = engine;
	snprintf(p->dir, sizeof(p->dir), "/tmp/suyuan-store.XXXXXX");
	if (!mkdtemp(p->dir))
		return -1;
	if (engine == &pg_engine)
		snprintf(p->url, sizeof(p->url), "%s", url);
	else
		snprintf(p->url, sizeof(p->url), "%s/test.db", p->dir);
	*state = p;
	return 0;
}

static int sqlite_place(void **state) { return new_place(state, &sqlite_engine); }
static int pg_place(void **state) { return new_place(state, &pg_engine); }

static int end_place(void **state)
{
	static const char *const files[] = { "test.db", "test.db-wal", "test.db-shm", "test.db.writer", "copy.db", "copy.db-wal", "copy.db-shm" };
	struct place *p = *state;
	char path[128];

	for (size_t i = 0; i < ROWS(files); i++) {
		snprintf(path, sizeof(path), "%s/%s", p->dir, files[i]);
		unlink(path);
	}
	rmdir(p->dir);
	free(p);
	return 0;
}

int main(void)
{
	int bad = cmocka_run_group_tests_name("store on sqlite", tests, sqlite_place, end_place);

	if (getenv("SUYUAN_TEST_PG"))
		bad += cmocka_run_group_tests_name("store on postgresql", tests, pg_place, end_place);
	else
		print_message("SKIP store on postgresql: SUYUAN_TEST_PG names no server (tests/pg.sh start)\n");
	return bad ? 1 : 0;
}
