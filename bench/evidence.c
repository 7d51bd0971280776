/* bench/evidence.c - what evidence costs, against limits measured by the same program in the same run. Says lines of "name value".
 *
 * bench_evidence limit HOME/suyuan.db NEW.db GUARD GROUP    the raw write path: the rows that `suyuan` wrote (record, record_key, log_entry,
 *       audit, p_product) into an empty store with the same DDL, GROUP records a transaction, synchronous=FULL; their leaf hashes,
 *       full tiles and the head as rows of it; the head into the guard file with fdatasync; one Ed25519 signature. Nothing checked or asked.
 * bench_evidence proof NEW.db ENTRIES                       a log of so many entries, tiles and heads in SQLite; whole receipts at random
 * bench_evidence verify HOME ROUNDS                         verify of a home, its log alone and all of it, against leaf hashes of the same entries
 * bench_evidence trees ROUNDS                               what the SM3 tree adds to the SHA-256 tree, entries of 300 bytes
 */
#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/sys.h"
#include "log/log.h"
#include "src/modules.h"

enum { TABLES = 5, ROWS_MAX = 200000, COLUMNS = 16, COMPACT = 2000, GROUP = 32, TRANSACTION = 64 * GROUP, RECEIPTS = 20000, CHECKED = 50, ENTRY = 300, GUARD_RECORD = 256 };

/* Of all threads. */
static double cpu_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static double now_us(void) { return (double)clock_mono() / 1e3; }

static void die(const char *what)
{
	fprintf(stderr, "bench_evidence: %s\n", what);
	exit(1);
}

static void must(enum err e, const char *what)
{
	if (e) {
		fprintf(stderr, "bench_evidence: %s: %s\n", what, err_en(e));
		exit(1);
	}
}

static int by_double(const void *x, const void *y)
{
	const double *a = x, *b = y;

	return (*a > *b) - (*a < *b);
}

static double at_share(double *t, size_t n, double share)
{
	qsort(t, n, sizeof(*t), by_double);
	return t[(size_t)((double)(n - 1) * share)];
}

static uint64_t roll(uint64_t *seed, uint64_t n)
{
	*seed = *seed * UINT64_C(6364136223846793005) + 1442695040888963407;
	return (*seed >> 20) % n;
}

/* ---- limit ---- */

static const char *const tables[TABLES] = { "record", "record_key", "audit", "p_product", "log_entry" };

struct set { sqlite3_value *(*row)[COLUMNS]; int n, cols; sqlite3_stmt *put; };

struct limit {
	sqlite3 *from, *to;
	struct set set[TABLES];
	sqlite3_stmt *put_tile, *put_head;
	struct frontier f;
	unsigned char open[LOG_LEVELS][TILE_BYTES];
	struct sign_key *key;
	struct arena a;
	int guard;
};

static void sql(sqlite3 *db, const char *text)
{
	if (sqlite3_exec(db, text, NULL, NULL, NULL))
		die(sqlite3_errmsg(db));
}

static sqlite3_stmt *prepared(sqlite3 *db, const char *text)
{
	sqlite3_stmt *s;

	if (sqlite3_prepare_v2(db, text, -1, &s, NULL))
		die(sqlite3_errmsg(db));
	return s;
}

static void done(struct limit *l, sqlite3_stmt *s)
{
	if (sqlite3_step(s) != SQLITE_DONE)
		die(sqlite3_errmsg(l->to));
	sqlite3_reset(s);
}

static void copy_ddl(struct limit *l, const char *table)
{
	sqlite3_stmt *s = prepared(l->from, "SELECT sql FROM (SELECT * FROM main.sqlite_master UNION ALL SELECT * FROM keys.sqlite_master)"
	                                    " WHERE tbl_name = ?1 AND sql IS NOT NULL GROUP BY sql ORDER BY type DESC");

	sqlite3_bind_text(s, 1, table, -1, SQLITE_STATIC);
	while (sqlite3_step(s) == SQLITE_ROW)
		sql(l->to, (const char *)sqlite3_column_text(s, 0));
	sqlite3_finalize(s);
}

static void read_rows(struct limit *l, const char *table, struct set *set)
{
	sqlite3_stmt *s = prepared(l->from, str_fmt(&l->a, strcmp(table, "record_key") ? "SELECT * FROM main.%s ORDER BY 1" : "SELECT * FROM keys.%s ORDER BY 1", table).p);
	struct buf b = buf_in(&l->a, 200);

	set->cols = sqlite3_column_count(s);
	set->row = calloc(ROWS_MAX, sizeof(*set->row));
	if (!set->row || set->cols > COLUMNS)
		die(table);
	for (; set->n < ROWS_MAX && sqlite3_step(s) == SQLITE_ROW; set->n++)
		for (int i = 0; i < set->cols; i++)
			set->row[set->n][i] = sqlite3_value_dup(sqlite3_column_value(s, i));
	sqlite3_finalize(s);
	buf_add(&b, str_fmt(&l->a, "INSERT INTO %s VALUES (?", table));
	for (int i = 1; i < set->cols; i++)
		buf_add(&b, S(",?"));
	buf_char(&b, ')');
	set->put = prepared(l->to, str_z(&l->a, buf_str(&b)));
}

static void put_row(struct limit *l, const struct set *set, int i)
{
	for (int c = 0; c < set->cols; c++)
		sqlite3_bind_value(set->put, c + 1, set->row[i][c]);
	done(l, set->put);
}

static void put_leaf(struct limit *l, sqlite3_value *entry)
{
	struct hash up = tree_leaf(HASH_SHA256, (struct str){ sqlite3_value_blob(entry), (size_t)sqlite3_value_bytes(entry) });
	uint64_t at = l->f.size;

	frontier_add(HASH_SHA256, &l->f, &up);
	for (unsigned level = 0; level < LOG_LEVELS; level++, at >>= 8) {
		struct hash all[TILE_WIDTH];

		memcpy(l->open[level] + (at & (TILE_WIDTH - 1)) * HASH_LEN, up.b, HASH_LEN);
		if ((at & (TILE_WIDTH - 1)) != TILE_WIDTH - 1)
			return;
		sqlite3_bind_int64(l->put_tile, 1, level);
		sqlite3_bind_int64(l->put_tile, 2, (sqlite3_int64)(at >> 8));
		sqlite3_bind_blob(l->put_tile, 3, l->open[level], TILE_BYTES, SQLITE_STATIC);
		done(l, l->put_tile);
		memcpy(all, l->open[level], TILE_BYTES);
		up = tree_root(HASH_SHA256, 0x01, all, TILE_WIDTH);
	}
}

static void put_head(struct limit *l, const struct hash *root)
{
	sqlite3_bind_int64(l->put_head, 1, (sqlite3_int64)l->f.size);
	sqlite3_bind_blob(l->put_head, 2, root->b, HASH_LEN, SQLITE_STATIC);
	sqlite3_bind_int64(l->put_head, 3, 1);
	done(l, l->put_head);
}

static void keep_and_sign(struct limit *l, const struct hash *root)
{
	unsigned char sig[SIG_LEN];
	char record[GUARD_RECORD] = "";
	struct str text;

	arena_reset(&l->a);
	text = checkpoint_text(&l->a, S("bench.example/log"), l->f.size, root);
	memcpy(record, text.p, text.n);
	if (pwrite(l->guard, record, sizeof(record), (off_t)(l->f.size & 1) * GUARD_RECORD) != GUARD_RECORD || fdatasync(l->guard))
		die("guard");
	must(sign_make(l->key, text, sig), "sign");
}

static void write_group(struct limit *l, int from, int to)
{
	struct hash root;

	sql(l->to, "BEGIN");
	for (int i = from; i < to; i++) {
		for (int t = 0; t < TABLES; t++)
			if (i < l->set[t].n)
				put_row(l, &l->set[t], i);
		put_leaf(l, l->set[TABLES - 1].row[i][1]);
	}
	root = frontier_root(HASH_SHA256, &l->f);
	put_head(l, &root);
	sql(l->to, "COMMIT");
	keep_and_sign(l, &root);
}

static void limit(const char *home, const char *made, const char *guard, int group)
{
	static const unsigned char seed[SEED_LEN] = { 1 };
	struct limit *l = calloc(1, sizeof(*l));
	double began;
	int n;

	arena_init(&l->a, 1 << 20, NULL);
	l->guard = open(guard, O_RDWR | O_CREAT | O_TRUNC, 0600);
	if (l->guard < 0 || sqlite3_open(home, &l->from) || sqlite3_open(made, &l->to))
		die("cannot open");
	sql(l->from, str_fmt(&l->a, "ATTACH '%.*s/keystore/keys.db' AS keys", (int)(strrchr(home, '/') - home), home).p);
	sql(l->to, "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA wal_autocheckpoint=0; PRAGMA cache_size=-65536; PRAGMA temp_store=MEMORY");
	for (int t = 0; t < TABLES; t++) {
		copy_ddl(l, tables[t]);
		read_rows(l, tables[t], &l->set[t]);
	}
	copy_ddl(l, "log_tile");
	copy_ddl(l, "log_head");
	l->put_tile = prepared(l->to, "INSERT INTO log_tile (level, n, bytes) VALUES (?, ?, ?)");
	l->put_head = prepared(l->to, "INSERT INTO log_head (size, root, at) VALUES (?, ?, ?)");
	must(sign_key_from_seed(SIGN_ED25519, seed, &l->key), "key");
	n = l->set[TABLES - 1].n;
	began = now_us();
	for (int i = 0, since = 0; i < n; i += group) {
		write_group(l, i, i + group < n ? i + group : n);
		since += group;
		if (since >= COMPACT) {
			since = 0;
			sqlite3_wal_checkpoint_v2(l->to, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
		}
	}
	printf("rate %.0f\n", n / (now_us() - began) * 1e6);
}

/* ---- proof ---- */

enum { PUT_TILE, PUT_HEAD, GET_TILE, GET_HEAD };
static const char *const proof_sql[] = {
	[PUT_TILE] = "INSERT INTO log_tile (level, n, bytes) VALUES ($1, $2, $3)",
	[PUT_HEAD] = "INSERT INTO log_head (size, root, at) VALUES ($1, $2, 0)",
	[GET_TILE] = "SELECT bytes FROM log_tile WHERE level = $1 AND n = $2",
	[GET_HEAD] = "SELECT size, root FROM log_head WHERE size > $1 ORDER BY size LIMIT 1",
};
static const char proof_ddl[] = "CREATE TABLE log_tile (level INTEGER NOT NULL, n INTEGER NOT NULL, bytes BLOB NOT NULL, PRIMARY KEY (level, n)) STRICT;"
                                "CREATE TABLE log_head (size INTEGER PRIMARY KEY, root BLOB NOT NULL, at INTEGER NOT NULL) STRICT;";

static enum err tile_of(void *ctx, enum tree_id t, unsigned level, uint64_t n, unsigned char ret[TILE_BYTES])
{
	struct db *db = ctx;
	struct arena a;
	struct rows r;
	enum err e;

	(void)t;
	arena_init(&a, 4 * TILE_BYTES + 4096, NULL);
	e = db_ask(db, &a, proof_sql[GET_TILE], VALS(V_I(level), V_I((int64_t)n)), &r);
	if (!e && (r.n != 1 || row_str(&r, 0, 0).n != TILE_BYTES))
		e = E_ABSENT;
	if (!e)
		memcpy(ret, row_str(&r, 0, 0).p, TILE_BYTES);
	arena_end(&a);
	return e;
}

static void store_group(struct log *g, struct db *db)
{
	struct log_head head;
	size_t n;
	const struct pending_tile *p = log_pending(g, TREE_SHA256, &n);

	for (size_t i = 0; i < n; i++)
		db_tell(db, proof_sql[PUT_TILE], VALS(V_I(p[i].level), V_I((int64_t)p[i].n), V_B(((struct str){ (const char *)p[i].bytes, TILE_BYTES }))));
	head = log_next_head(g, TREE_SHA256);
	db_tell(db, proof_sql[PUT_HEAD], VALS(V_I((int64_t)head.size), V_B(hash_str(&head.root))));
	must(db_sticky(db), "tile or head");
}

static void fill_log(struct log *g, struct db *db, uint64_t size)
{
	const struct tile_source src = { db, tile_of };
	char entry[ENTRY];

	memset(entry, 'x', sizeof(entry));
	must(db_begin(db), "begin");
	for (uint64_t i = 1; i <= size; i++) {
		memcpy(entry, &i, sizeof(i));
		log_add(g, (struct str){ entry, sizeof(entry) });
		if (i % GROUP && i != size)
			continue;
		store_group(g, db);
		must(log_publish(g, &src), "publish");
		if (i % TRANSACTION && i != size)
			continue;
		must(db_end(db, OK), "commit");
		if (i / TRANSACTION % 32 == 0)
			must(db_compact(db), "compact");
		must(db_begin(db), "begin");
	}
	must(db_end(db, OK), "commit");
}

static enum err head_over(struct db *db, struct arena *a, uint64_t index, struct log_head *ret)
{
	struct rows r;
	enum err e = db_ask(db, a, proof_sql[GET_HEAD], VALS(V_I((int64_t)index)), &r);

	if (e || r.n == 0)
		return e ? e : E_ABSENT;
	ret->size = (uint64_t)row_int(&r, 0, 0);
	memcpy(ret->root.b, row_str(&r, 0, 1).p, HASH_LEN);
	return OK;
}

/* A figure of receipts that prove nothing would be none. */
static void check_receipt(struct log *g, struct arena *a, uint64_t index, struct str text)
{
	struct str vkeys = log_vkey(g, TREE_SHA256), line;
	struct tlog_proof p;
	struct note_key key;
	struct checkpoint cp;
	char entry[ENTRY];
	uint64_t number = index + 1;
	struct hash leaf;

	memset(entry, 'x', sizeof(entry));
	memcpy(entry, &number, sizeof(number));
	leaf = tree_leaf(HASH_SHA256, (struct str){ entry, sizeof(entry) });
	str_cut(&vkeys, '\n', &line);
	must(vkey_get(a, line, &key), "vkey");
	must(proof_get(a, text, &p), "receipt");
	must(checkpoint_open(a, p.checkpoint, &key, &cp), "checkpoint");
	if (p.index != index || !check_inclusion(HASH_SHA256, &leaf, index, cp.size, &cp.root, p.path, p.n_path))
		die("a receipt proves nothing");
}

/* newest: against the newest head; else against the first that covers the entry, as receipts are given. */
static void receipts(struct log *g, struct db *db, bool newest, uint64_t size)
{
	const struct tile_source src = { db, tile_of };
	double *t = calloc(RECEIPTS, sizeof(*t)), *busy = calloc(RECEIPTS, sizeof(*busy));
	char extra[ENTRY];
	struct arena a;
	uint64_t seed = 7;

	memset(extra, 'x', sizeof(extra));
	arena_init(&a, 1 << 20, NULL);
	for (size_t i = 0; i < RECEIPTS; i++) {
		uint64_t index = roll(&seed, size);
		double began = now_us(), cpu = cpu_us();
		struct log_head head = log_shown(g);
		struct str text;

		arena_reset(&a);
		if (!newest)
			must(head_over(db, &a, index, &head), "head");
		must(log_receipt(g, &a, &src, &(struct receipt_of){ TREE_SHA256, index, &head, { extra, sizeof(extra) } }, &text), "receipt");
		t[i] = now_us() - began;
		busy[i] = cpu_us() - cpu;
		if (i % (RECEIPTS / CHECKED) == 0)
			check_receipt(g, &a, index, text);
	}
	arena_end(&a);
	printf("%s_p50_us %.1f\n", newest ? "newest" : "first", at_share(t, RECEIPTS, 0.5));
	printf("%s_cpu_p99_us %.1f\n", newest ? "newest" : "first", at_share(busy, RECEIPTS, 0.99));
	printf("%s_p99_us %.1f\n", newest ? "newest" : "first", at_share(t, RECEIPTS, 0.99));
	free(t);
	free(busy);
}

static void proof(const char *path, uint64_t size)
{
	static const unsigned char seed[SEED_LEN] = { 1 };
	const struct signer_setup s = { .origin = "bench.example/log", .ed25519 = seed };
	struct signer signer;
	struct log *g;
	struct db *db, *reader;
	double began = now_us();

	must(db_open(&sqlite_engine, path, false, &db), "store");
	must(db_exec(db, proof_ddl), "tables");
	must(signer_local(&s, &signer), "signer");
	must(log_open(s.origin, &signer, &g), "log");
	fill_log(g, db, size);
	must(db_compact(db), "compact");
	printf("built_per_s %.0f\n", (double)size / (now_us() - began) * 1e6);
	must(db_open(&sqlite_engine, path, true, &reader), "reader");
	receipts(g, reader, true, size);
	receipts(g, reader, false, size);
	db_close(reader);
	log_close(g);
	db_close(db);
}

/* ---- verify ---- */

struct entries { struct arena a; struct str *entry; size_t n, cap; };

static enum err keep_entry(void *ctx, const struct val *row, size_t cols)
{
	struct entries *x = ctx;

	(void)cols;
	if (x->n == x->cap) {
		x->cap = x->cap ? 2 * x->cap : 1 << 16;
		x->entry = realloc(x->entry, x->cap * sizeof(*x->entry));
		if (!x->entry)
			die("no memory");
	}
	x->entry[x->n++] = str_copy(&x->a, row[0].s);
	return OK;
}

static double leaf_rate(const struct entries *x)
{
	double began = now_us();
	unsigned seen = 0;

	for (size_t i = 0; i < x->n; i++)
		seen += tree_leaf(HASH_SHA256, x->entry[i]).b[0];
	return seen ? (double)x->n / (now_us() - began) * 1e6 : 0;
}

static double verify_rate(struct kernel *k, bool log_alone, size_t n)
{
	struct verify_report r;
	struct arena a;
	double began = now_us();

	arena_init(&a, 1 << 20, NULL);
	must(log_alone ? kernel_verify_log(k, &a, NULL, &r) : kernel_verify(k, &a, NULL, &r), "verify");
	if (r.entries != n || (!log_alone && r.records != n))
		die("verify left entries out");
	arena_end(&a);
	return (double)n / (now_us() - began) * 1e6;
}

static void verify(const char *home, size_t rounds)
{
	struct kernel_setup s = { .home = home, .engines = engines, .n_engines = engines_n, .modules = modules, .n_modules = modules_n };
	struct entries x = { .n = 0 };
	struct kernel *k;
	struct db *db;
	double leaf[64], log[64], all[64], ratio[64], cpu[64];
	char why[300], path[4096];

	rounds = rounds > 64 ? 64 : rounds;
	arena_init(&x.a, (size_t)4 << 30, NULL);
	snprintf(path, sizeof(path), "%s/suyuan.db", home);
	must(db_open(&sqlite_engine, path, true, &db), path);
	must(db_each(db, "SELECT body FROM log_entry ORDER BY idx", NO_VALS, keep_entry, &x), "entries");
	db_close(db);
	must(kernel_open(&s, &k, why), why);
	for (size_t i = 0; i < rounds; i++) {
		double from = cpu_us(), leaves, tree;

		leaf[i] = leaf_rate(&x);
		leaves = cpu_us() - from;
		log[i] = verify_rate(k, true, x.n);
		tree = cpu_us() - from - leaves;
		cpu[i] = tree / leaves;
		ratio[i] = log[i] / leaf[i];
		all[i] = verify_rate(k, false, x.n);
	}
	kernel_close(k);
	printf("entries %zu\nratio %.3f\ncpu %.2f\nleaf_per_s %.0f\nlog_per_s %.0f\nall_per_s %.0f\n", x.n, at_share(ratio, rounds, 0.5), at_share(cpu, rounds, 0.5), at_share(leaf, rounds, 0.5),
	       at_share(log, rounds, 0.5), at_share(all, rounds, 0.5));
}

/* ---- trees ---- */

static enum err sign_nothing(void *ctx, const struct extension *x, struct arena *a, struct str *ret_lines)
{
	struct log_head *last = ctx;

	*last = x->to;
	*ret_lines = str_copy(a, S("no signature\n"));
	return OK;
}

static struct log_head last_of(void *ctx, enum tree_id t)
{
	const struct log_head *last = ctx;

	(void)t;
	return *last;
}

/* CPU us an entry for leaves, tiles and the root of each group, and those of both trees when asked for. */
static double tree_cost(size_t batch, bool both)
{
	struct log_head last = { 0, tree_empty(HASH_SHA256) };
	struct signer signer = { &last, sign_nothing, last_of, NULL, { S("sha256"), both ? S("sm3") : S("") } };
	const size_t groups = batch < 100 ? 20000 / batch : 100;
	struct log *g;
	char entry[ENTRY];
	double took = 0;

	memset(entry, 'x', sizeof(entry));
	must(log_open("bench.example/log", &signer, &g), "log");
	for (size_t i = 0; i < groups; i++) {
		double began = cpu_us();
		size_t n;

		for (size_t k = 0; k < batch; k++) {
			memcpy(entry, &k, sizeof(k));
			log_add(g, (struct str){ entry, sizeof(entry) });
		}
		for (int t = 0; t < (both ? TREES : 1); t++) {
			log_pending(g, (enum tree_id)t, &n);
			log_next_head(g, (enum tree_id)t);
		}
		took += cpu_us() - began;
		must(log_publish(g, NULL), "publish");
	}
	log_close(g);
	return took / (double)(groups * batch);
}

static void trees(size_t rounds)
{
	static const size_t batches[] = { 1, 32, 1000 };

	rounds = rounds > 64 ? 64 : rounds;
	for (size_t b = 0; b < ROWS(batches); b++) {
		double one[64], ratio[64];

		for (size_t i = 0; i < rounds; i++) {
			one[i] = tree_cost(batches[b], false);
			ratio[i] = (tree_cost(batches[b], true) - one[i]) / one[i];
		}
		printf("sm3_%zu %.2f\nsha_us_%zu %.3f\n", batches[b], at_share(ratio, rounds, 0.5), batches[b], at_share(one, rounds, 0.5));
	}
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";
	int64_t n = 0;

	if (argc < 3 || !str_to_int(str_of(argv[argc - 1]), &n) || n < 1)
		die("see the head of bench/evidence.c");
	if (!strcmp(what, "limit") && argc == 6)
		limit(argv[2], argv[3], argv[4], (int)n);
	else if (!strcmp(what, "proof") && argc == 4)
		proof(argv[2], (uint64_t)n);
	else if (!strcmp(what, "verify") && argc == 4)
		verify(argv[2], (size_t)n);
	else if (!strcmp(what, "trees") && argc == 3)
		trees((size_t)n);
	else
		die("see the head of bench/evidence.c");
	return 0;
}
