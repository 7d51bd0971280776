/* bench/raw.c - the limit against which filing is measured: the same rows into the same tables and indexes, nothing else done.
 *
 * raw HOME.db NEW.db GROUP: takes the rows that `suyuan` wrote (record, record_key, log_entry, audit, p_product) from a filled store and
 * inserts them into an empty one with the same DDL, GROUP records a transaction, WAL and synchronous=FULL, one thread. Prints rows/s.
 */
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { TABLES = 5, MAX = 200000 };
static const char *const tables[TABLES] = { "record", "record_key", "log_entry", "audit", "p_product" };

struct row { sqlite3_value *v[16]; };
struct set { struct row *rows; int n, cols; sqlite3_stmt *put; };

static void die(sqlite3 *db, const char *what)
{
	fprintf(stderr, "%s: %s\n", what, sqlite3_errmsg(db));
	exit(1);
}

static void copy_ddl(sqlite3 *from, sqlite3 *to, const char *table)
{
	sqlite3_stmt *s;

	sqlite3_prepare_v2(from, "SELECT sql FROM (SELECT * FROM main.sqlite_master UNION ALL SELECT * FROM keys.sqlite_master) WHERE tbl_name = ?1 AND sql IS NOT NULL ORDER BY type DESC", -1, &s, NULL);
	sqlite3_bind_text(s, 1, table, -1, SQLITE_STATIC);
	while (sqlite3_step(s) == SQLITE_ROW)
		if (sqlite3_exec(to, (const char *)sqlite3_column_text(s, 0), NULL, NULL, NULL))
			die(to, table);
	sqlite3_finalize(s);
}

static void read_rows(sqlite3 *from, sqlite3 *to, const char *table, struct set *set)
{
	char sql[400], *at = sql;
	sqlite3_stmt *s;

	snprintf(sql, sizeof(sql), "SELECT * FROM %s", table);
	if (sqlite3_prepare_v2(from, sql, -1, &s, NULL))
		die(from, table);
	set->cols = sqlite3_column_count(s);
	set->rows = calloc(MAX, sizeof(*set->rows));
	while (set->n < MAX && sqlite3_step(s) == SQLITE_ROW) {
		for (int i = 0; i < set->cols; i++)
			set->rows[set->n].v[i] = sqlite3_value_dup(sqlite3_column_value(s, i));
		set->n++;
	}
	sqlite3_finalize(s);
	at += snprintf(sql, sizeof(sql), "INSERT INTO %s VALUES (", table);
	for (int i = 0; i < set->cols; i++)
		at += snprintf(at, 8, "%s?", i ? "," : "");
	snprintf(at, 4, ")");
	if (sqlite3_prepare_v2(to, sql, -1, &set->put, NULL))
		die(to, sql);
}

int main(int argc, char **argv)
{
	struct set set[TABLES] = { 0 };
	sqlite3 *from, *to;
	struct timespec a, b;
	int group = argc > 3 ? atoi(argv[3]) : 32, n;
	char attach[4200];
	double s;

	if (argc < 3 || sqlite3_open(argv[1], &from) || sqlite3_open(argv[2], &to))
		return 2;
	snprintf(attach, sizeof(attach), "ATTACH '%.*s/keystore/keys.db' AS keys", (int)(strrchr(argv[1], '/') - argv[1]), argv[1]);
	if (sqlite3_exec(from, attach, NULL, NULL, NULL))
		die(from, attach);
	sqlite3_exec(to, "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA wal_autocheckpoint=0; PRAGMA cache_size=-16384", NULL, NULL, NULL);
	for (int t = 0; t < TABLES; t++) {
		copy_ddl(from, to, tables[t]);
		read_rows(from, to, tables[t], &set[t]);
	}
	n = set[4].n;
	clock_gettime(CLOCK_MONOTONIC, &a);
	for (int i = 0; i < n; i++) {
		if (i % group == 0)
			sqlite3_exec(to, "BEGIN", NULL, NULL, NULL);
		for (int t = 0; t < TABLES; t++) {
			if (i >= set[t].n)
				continue;
			for (int c = 0; c < set[t].cols; c++)
				sqlite3_bind_value(set[t].put, c + 1, set[t].rows[i].v[c]);
			if (sqlite3_step(set[t].put) != SQLITE_DONE)
				die(to, tables[t]);
			sqlite3_reset(set[t].put);
		}
		if (i % group == group - 1 || i == n - 1)
			sqlite3_exec(to, "COMMIT", NULL, NULL, NULL);
		if (i % 2000 == 1999)
			sqlite3_wal_checkpoint_v2(to, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
	}
	clock_gettime(CLOCK_MONOTONIC, &b);
	s = (double)(b.tv_sec - a.tv_sec) + (double)(b.tv_nsec - a.tv_nsec) / 1e9;
	printf("%.0f\n", n / s);
	return 0;
}
