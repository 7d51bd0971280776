/* tests/faults/test_flip.c - does verify find one byte turned anywhere in what it reads from the store?
 *
 * test_flip SUYUAN all|some: two homes, the demonstration (every kind of record, nothing withheld from the test) and one of 260 entries (a full
 * tile). Every byte of every column of the log's and the records' tables is turned by SQL, one at a time, in the stored home; verify has
 * to say so, and has to be content again when it is put back. "some" takes the first, the last and one in so many bytes of each cell.
 * A column that verify does not read stands in `known`, with what that means.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <glob.h>
#include <stdlib.h>

#include "tests/outside/filer.h"

enum { ENTRIES_WITH_TILE = 260, EVERY = 7, EVERY_OF_TILE = 61, COMPACT = 200, OF_A_FILE = 32 };

static const char *program;
static bool all;

struct column {
	const char *name;
	const char *cells, *put;     /* rowid and value of each row; the change of one */
	bool key;                    /* the row's number itself */
	bool at_open;                /* read when the home is opened */
};
#define COLUMN(t, c)     { #t "." #c, "SELECT rowid, " #c " FROM " #t " ORDER BY rowid", "UPDATE " #t " SET " #c " = $2 WHERE rowid = $1", false, false }
#define COLUMN_KEY(t, c) { #t "." #c, "SELECT rowid, " #c " FROM " #t " ORDER BY rowid", "UPDATE " #t " SET " #c " = $2 WHERE rowid = $1", true, false }
#define LAST_HEAD(c)     { "log_head." #c " (last)", "SELECT rowid, " #c " FROM log_head WHERE size = (SELECT MAX(size) FROM log_head)", "UPDATE log_head SET " #c " = $2 WHERE rowid = $1", false, true }
#define OLD_HEADS(c)     { "log_head." #c " (older)", "SELECT rowid, " #c " FROM log_head WHERE size < (SELECT MAX(size) FROM log_head) ORDER BY size", "UPDATE log_head SET " #c " = $2 WHERE rowid = $1", false, true }
static const struct column columns[] = {
	COLUMN(log_entry, body), COLUMN_KEY(log_entry, idx), LAST_HEAD(root), OLD_HEADS(root),
	{ "log_head.size (last)", "SELECT rowid, size FROM log_head WHERE size = (SELECT MAX(size) FROM log_head)", "UPDATE log_head SET size = $2 WHERE rowid = $1", true, true },
	COLUMN(record, type), COLUMN(record, party), COLUMN(record, root), COLUMN(record, corrects), COLUMN(record, at), COLUMN(record, idx), COLUMN(record, pub),
	COLUMN(record, biz), COLUMN_KEY(record, id), COLUMN(record_key, pub), COLUMN(record_key, biz), COLUMN(record_key, per), COLUMN_KEY(record_key, record),
};
static const struct column tile_columns[] = { COLUMN(log_tile, bytes), COLUMN(log_tile, level), COLUMN(log_tile, n) };
/* The second tree of a gm home, where this program keeps one. */
static const struct column sm3_columns[] = { COLUMN(log_tile_sm3, bytes), LAST_HEAD(sm3), OLD_HEADS(sm3) };

/* What verify is known not to find. A row here is a fact about verify, not an excuse: each says who else would notice. */
static const struct { const char *column, *why; } known[] = {
	{ "suyuan.json", "the public address and such: what names the log and its key is compared with guard/vkey" },
	{ "guard/head", "one damaged record reads as none, for a power cut may leave one; the other stands in" },
};

struct house {
	char dir[64], home[80];
	struct kernel *k;
	struct db *db;
	struct arena a;
	size_t since_compact;
};

struct count { size_t turned, missed; int64_t first_row; size_t first_byte; };

/* ---- the verdict ---- */

static enum err verify(struct house *h)
{
	struct verify_report r;
	struct arena a;
	enum err e;

	arena_init(&a, 1 << 20, NULL);
	e = kernel_verify(h->k, &a, NULL, &r);
	arena_end(&a);
	return e;
}

static bool content(struct house *h, bool reopen)
{
	enum err e;

	if (reopen) {
		kernel_close(h->k);
		h->k = filer_open(h->home, false);
		if (!h->k)
			return false;
	}
	e = verify(h);
	return e == OK;
}

/* Records and keys on one connection. */
static struct db *store_of(const char *home)
{
	struct db *db = NULL;
	char path[160], attach[200];

	snprintf(path, sizeof(path), "%s/suyuan.db", home);
	snprintf(attach, sizeof(attach), "ATTACH '%s/keystore/keys.db' AS keys", home);
	assert_int_equal(db_open(&sqlite_engine, path, false, &db), OK);
	assert_int_equal(db_exec(db, attach), OK);
	return db;
}

/* ---- turning ---- */

static bool put(struct house *h, const struct column *c, int64_t row, struct val v)
{
	enum err e = db_begin(h->db);

	assert_int_equal(e, OK);
	db_tell(h->db, c->put, VALS(V_I(row), v));
	e = db_end(h->db, db_sticky(h->db));
	if (++h->since_compact % COMPACT == 0)
		assert_int_equal(db_compact(h->db), OK);
	return e == OK;
}

static struct val turned(const struct val *v, size_t at, char *room)
{
	struct val out = *v;

	if (v->kind == VAL_INT) {
		out.i = (int64_t)((uint64_t)v->i ^ UINT64_C(1) << (8 * at));
	} else {
		memcpy(room, v->s.p, v->s.n);
		room[at] ^= 1;
		out.s.p = room;
	}
	return out;
}

static void turn_cell(struct house *h, const struct column *c, int64_t row, const struct val *v, size_t every, struct count *n)
{
	size_t len = v->kind == VAL_INT ? 8 : v->kind == VAL_NULL ? 0 : v->s.n;
	char *room = malloc(len + 1);

	for (size_t at = 0; at < len; at++) {
		struct val other = turned(v, at, room);
		bool found;

		if (v->kind != VAL_INT && at && at + 1 < len && (at + (size_t)row) % every)
			continue;
		if (!put(h, c, row, other))
			continue;               /* another row has this number */
		found = !content(h, c->at_open);
		n->turned++;
		if (!found && !n->missed++) {
			n->first_row = row;
			n->first_byte = at;
		}
		assert_true(put(h, c, c->key ? other.i : row, *v));
		if (!h->k)
			h->k = filer_open(h->home, false);
		assert_non_null(h->k);
	}
	free(room);
}

static const char *why_known(const char *column)
{
	for (size_t i = 0; i < ROWS(known); i++)
		if (!strcmp(known[i].column, column))
			return known[i].why;
	return NULL;
}

static bool turn_column(struct house *h, const struct column *c, size_t every)
{
	const char *why = why_known(c->name);
	struct count n = { 0 };
	struct rows r;

	assert_int_equal(db_ask(h->db, &h->a, c->cells, NO_VALS, &r), OK);
	for (size_t i = 0; i < r.n; i++)
		turn_cell(h, c, row_int(&r, i, 0), &r.v[i * r.cols + 1], every, &n);
	assert_true(content(h, true));
	print_message("%-26s %6zu turned, %zu not found%s%s\n", c->name, n.turned, n.missed, why ? "; known: " : "", why ? why : "");
	if (n.missed && !why)
		print_error("%s: row %lld, byte %zu: not found\n", c->name, (long long)n.first_row, n.first_byte);
	if (!n.missed && why)
		print_message("%s: now found: take it out of `known`\n", c->name);
	return n.turned && (!n.missed || why);
}

/* ---- the homes ---- */

static void house_open(struct house *h)
{
	arena_init(&h->a, (size_t)1 << 30, NULL);
	h->k = filer_open(h->home, false);
	assert_non_null(h->k);
	h->db = store_of(h->home);
	assert_int_equal(db_exec(h->db, "PRAGMA synchronous=OFF"), OK);
	assert_true(content(h, false));
}

static void house_new(struct house *h)
{
	*h = (struct house){ .dir = "/tmp/suyuan-flip-XXXXXX" };
	assert_non_null(mkdtemp(h->dir));
	snprintf(h->home, sizeof(h->home), "%s/home", h->dir);
}

static void house_end(struct house *h)
{
	char cmd[100];

	kernel_close(h->k);
	db_close(h->db);
	arena_end(&h->a);
	snprintf(cmd, sizeof(cmd), "rm -rf %s", h->dir);
	assert_int_equal(system(cmd), 0);
}

static void demo(struct house *h)
{
	char cmd[5000];

	house_new(h);
	snprintf(cmd, sizeof(cmd), "%s demo --home %s --json >/dev/null", program, h->home);
	assert_int_equal(system(cmd), 0);
	house_open(h);
}

static void each_byte_of_the_records_and_the_log(void **state)
{
	struct house h;
	bool good = true;

	(void)state;
	demo(&h);
	for (size_t i = 0; i < ROWS(columns); i++)
		good = turn_column(&h, &columns[i], all ? 1 : EVERY) && good;
	house_end(&h);
	assert_true(good);
}

static void filed(struct house *h, const char *suite)
{
	house_new(h);
	assert_true(filer_make(h->home, suite));
	h->k = filer_open(h->home, true);
	assert_true(h->k && filer_to(h->k, h->home, ENTRIES_WITH_TILE, NULL, NULL));
	kernel_close(h->k);
	house_open(h);
}

static void each_byte_of_a_tile(void **state)
{
	struct house h;
	bool good = true;

	(void)state;
	filed(&h, "std");
	for (size_t i = 0; i < ROWS(tile_columns); i++)
		good = turn_column(&h, &tile_columns[i], all ? 1 : EVERY_OF_TILE) && good;
	house_end(&h);
	assert_true(good);
}

static void each_byte_of_the_second_tree(void **state)
{
	struct house h;
	struct rows r;
	bool good = true, there;

	(void)state;
	filed(&h, "gm");
	assert_int_equal(db_ask(h.db, &h.a, "SELECT COUNT(*) FROM pragma_table_info('log_tile_sm3')", NO_VALS, &r), OK);
	there = row_int(&r, 0, 0) > 0;
	for (size_t i = 0; i < ROWS(sm3_columns) && there; i++)
		good = turn_column(&h, &sm3_columns[i], all ? 1 : EVERY_OF_TILE) && good;
	house_end(&h);
	assert_true(good);
	if (!there) {
		print_message("this program keeps no second tree\n");
		skip();
	}
}

/* ---- rows that are gone, doubled or changed with another ---- */

static const struct { const char *what, *script; bool known; } moves[] = {
	{ "an entry is gone",            "DELETE FROM log_entry WHERE idx = 5" },
	{ "the last entry is gone",      "DELETE FROM log_entry WHERE idx = (SELECT MAX(idx) FROM log_entry)" },
	{ "two entries change places",   "UPDATE log_entry SET body = CASE idx WHEN 5 THEN (SELECT body FROM log_entry WHERE idx = 6)"
	                                 " ELSE (SELECT body FROM log_entry WHERE idx = 5) END WHERE idx IN (5, 6)" },
	{ "a record is gone",            "DELETE FROM record WHERE idx = 5" },
	{ "a record's keys are gone",    "DELETE FROM record_key WHERE record = (SELECT id FROM record WHERE idx = 5)" },
	{ "two records change places",   "UPDATE record SET idx = -1 WHERE idx = 5; UPDATE record SET idx = 5 WHERE idx = 6; UPDATE record SET idx = 6 WHERE idx = -1" },
	{ "withheld values are gone",    "UPDATE record SET biz = NULL WHERE idx = (SELECT MAX(idx) FROM record WHERE biz IS NOT NULL)" },
	{ "withheld values and their key are gone",
	                                 "UPDATE record_key SET biz = NULL WHERE record = (SELECT id FROM record WHERE idx = (SELECT MAX(idx) FROM record WHERE biz IS NOT NULL));"
	                                 "UPDATE record SET biz = NULL WHERE idx = (SELECT MAX(idx) FROM record WHERE biz IS NOT NULL)" },
	{ "public values are gone",      "UPDATE record SET pub = '{}' WHERE idx = 5" },
	{ "the last head is gone",       "DELETE FROM log_head WHERE size = (SELECT MAX(size) FROM log_head)", true },
	{ "all heads are gone",          "DELETE FROM log_head", true },
	{ "head and last entry and record are gone",
	                                 "DELETE FROM log_head WHERE size = (SELECT MAX(size) FROM log_head); DELETE FROM log_entry WHERE idx = (SELECT MAX(idx) FROM log_entry);"
	                                 "DELETE FROM record WHERE idx = (SELECT MAX(idx) FROM record)" },
	{ "a record more than the log",  "INSERT INTO record SELECT 77, type, party, 77, 0, at, 1000, pub, biz, per FROM record WHERE idx = 5" },
};

static void rows_gone_and_exchanged(void **state)
{
	struct house h;
	size_t bad = 0;

	(void)state;
	demo(&h);
	kernel_close(h.k);
	db_close(h.db);
	arena_end(&h.a);
	for (size_t i = 0; i < ROWS(moves); i++) {
		char cmd[300];
		bool found;

		snprintf(cmd, sizeof(cmd), "cp -r %s %s/kept", h.home, h.dir);
		assert_int_equal(system(cmd), 0);
		h.db = store_of(h.home);
		assert_int_equal(db_exec(h.db, moves[i].script), OK);
		assert_int_equal(db_compact(h.db), OK);
		db_close(h.db);
		h.k = filer_open(h.home, false);
		found = !h.k || verify(&h) != OK;
		kernel_close(h.k);
		print_message("%-42s %s%s\n", moves[i].what, found ? "found" : "not found", moves[i].known && !found ? " (known)" : "");
		bad += !found && !moves[i].known;
		snprintf(cmd, sizeof(cmd), "rm -rf %s && mv %s/kept %s", h.home, h.dir, h.home);
		assert_int_equal(system(cmd), 0);
	}
	house_open(&h);
	house_end(&h);
	assert_int_equal(bad, 0);
}

/* ---- files of the home ---- */

static bool turn_file(struct house *h, const char *path, struct count *n)
{
	struct str body, other;
	char *room;

	arena_reset(&h->a);
	assert_int_equal(file_read(&h->a, path, 1 << 24, &body), OK);
	room = malloc(body.n + 1);
	memcpy(room, body.p, body.n);
	other = (struct str){ room, body.n };
	for (size_t at = 0, step = 1 + body.n / OF_A_FILE; at < body.n; at += step) {
		room[at] ^= 1;
		assert_int_equal(file_write(path, other, 0600), OK);
		n->turned++;
		if (content(h, true))
			n->missed++;
		room[at] ^= 1;
	}
	free(room);
	return file_write(path, body, 0600) == OK;
}

static void each_byte_of_the_files(void **state)
{
	static const char *const places[] = { "keys/master", "keys/log", "suyuan.json", "guard/head", "files/*/*" };
	struct house h;
	bool good = true;

	(void)state;
	demo(&h);
	for (size_t i = 0; i < ROWS(places); i++) {
		const char *why = why_known(places[i]);
		struct count n = { 0 };
		char pattern[200];
		glob_t g;

		snprintf(pattern, sizeof(pattern), "%s/%s", h.home, places[i]);
		assert_int_equal(glob(pattern, 0, NULL, &g), 0);
		for (size_t k = 0; k < g.gl_pathc; k++)
			assert_true(turn_file(&h, g.gl_pathv[k], &n));
		globfree(&g);
		print_message("%-26s %6zu turned, %zu not found%s%s\n", places[i], n.turned, n.missed, why ? "; known: " : "", why ? why : "");
		good = good && n.turned && (!n.missed || why);
	}
	assert_true(content(&h, true));
	house_end(&h);
	assert_true(good);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_byte_of_the_records_and_the_log),
		cmocka_unit_test(each_byte_of_a_tile),
		cmocka_unit_test(each_byte_of_the_second_tree),
		cmocka_unit_test(rows_gone_and_exchanged),
		cmocka_unit_test(each_byte_of_the_files),
	};

	if (argc < 3)
		return 2;
	program = argv[1];
	all = !strcmp(argv[2], "all");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
