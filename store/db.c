/* store/db.c - what both engines share: sticky first error, rows into an arena, the pool of readers. */
#include <pthread.h>

#include "base/sys.h"
#include "store/db.h"

struct db {
	const struct engine *engine;
	struct conn *conn;
	enum err sticky;
	size_t changed;
	bool in_tx;
	bool reading;             /* a row function is running */
	struct db *next;
};

int64_t row_int(const struct rows *r, size_t row, size_t col) { return r->v[row * r->cols + col].i; }
struct str row_str(const struct rows *r, size_t row, size_t col) { return r->v[row * r->cols + col].s; }
bool row_null(const struct rows *r, size_t row, size_t col) { return r->v[row * r->cols + col].kind == VAL_NULL; }

static enum err note_failure(struct db *db, enum err e, const char *sql)
{
	if (e && e != E_CLASH)
		say(SAY_ERROR, "store: %s (%.60s)", db->engine->last_error(db->conn), sql);
	if (e && db->in_tx && !db->sticky)
		db->sticky = e;
	return e;
}

static enum err may_go(const struct db *db, const char *sql)
{
	if (db->reading) {
		say(SAY_ERROR, "store: a statement from within a row function (%.60s)", sql);
		return E_INTERNAL;
	}
	return db->sticky;
}

void db_tell(struct db *db, const char *sql, const struct val *v, size_t n)
{
	db->changed = 0;
	if (may_go(db, sql))
		return;
	(void)note_failure(db, db->engine->run(db->conn, sql, v, n, NULL, NULL, &db->changed), sql);
}

struct keep {
	struct arena *a;
	struct val *v;
	size_t n, cap, cols;
};

/* Called while the engine holds a statement: arena_try, never a jump. */
static enum err keep_row(void *ctx, const struct val *row, size_t cols)
{
	struct keep *k = ctx;

	if (k->n + cols > k->cap) {
		size_t cap = k->cap ? k->cap * 2 : cols * 4;
		struct val *v = arena_try(k->a, cap * sizeof(*v));

		if (!v)
			return E_TOO_BIG;
		if (k->n)
			memcpy(v, k->v, k->n * sizeof(*v));
		k->v = v;
		k->cap = cap;
	}
	for (size_t i = 0; i < cols; i++) {
		struct val *to = &k->v[k->n + i];

		*to = row[i];
		if (row[i].s.n) {
			char *p = arena_try(k->a, row[i].s.n + 1);

			if (!p)
				return E_TOO_BIG;
			memcpy(p, row[i].s.p, row[i].s.n);
			to->s.p = p;
		} else {
			to->s.p = "";
		}
	}
	k->n += cols;
	k->cols = cols;
	return OK;
}

enum err db_each(struct db *db, const char *sql, const struct val *v, size_t n, db_row_fn *fn, void *ctx)
{
	enum err e = may_go(db, sql);

	if (e)
		return e;
	db->reading = true;
	e = db->engine->run(db->conn, sql, v, n, fn, ctx, NULL);
	db->reading = false;
	return note_failure(db, e, sql);
}

enum err db_ask(struct db *db, struct arena *a, const char *sql, const struct val *v, size_t n, struct rows *ret)
{
	struct keep k = { .a = a };
	enum err e = db_each(db, sql, v, n, keep_row, &k);

	if (e)
		return e;
	*ret = (struct rows){ .n = k.cols ? k.n / k.cols : 0, .cols = k.cols, .v = k.v };
	return OK;
}

enum err db_exec(struct db *db, const char *script)
{
	enum err e = may_go(db, script);

	return e ? e : note_failure(db, db->engine->exec(db->conn, script), script);
}

size_t db_told(struct db *db)
{
	if (!db->sticky && db->engine->flush)
		(void)note_failure(db, db->engine->flush(db->conn, &db->changed), "flush");
	return db->sticky ? 0 : db->changed;
}

bool db_is_pg(const struct db *db) { return db->engine == &pg_engine; }
enum err db_sticky(const struct db *db) { return db->sticky; }
const char *db_why(struct db *db) { return db->engine->last_error(db->conn); }

enum err db_begin(struct db *db)
{
	enum err e = db->engine->exec(db->conn, "BEGIN");

	db->sticky = OK;
	db->in_tx = e == OK;
	return note_failure(db, e, "BEGIN");
}

enum err db_end(struct db *db, enum err so_far)
{
	enum err e = so_far ? so_far : db->sticky;

	if (!e) {
		e = db->engine->exec(db->conn, "COMMIT");
		if (e && e != E_CLASH)
			say(SAY_ERROR, "store: commit failed: %s", db->engine->last_error(db->conn));
	}
	db->in_tx = false;
	db->sticky = OK;
	if (e && db->engine->exec(db->conn, "ROLLBACK"))
		say(SAY_WARN, "store: rollback: %s", db->engine->last_error(db->conn));
	return e;
}

enum err db_save(struct db *db)
{
	return db->sticky ? db->sticky : note_failure(db, db->engine->exec(db->conn, "SAVEPOINT s"), "SAVEPOINT");
}

enum err db_save_end(struct db *db, enum err so_far)
{
	enum err e = so_far ? so_far : db->sticky, back;

	if (!e) {
		e = note_failure(db, db->engine->exec(db->conn, "RELEASE SAVEPOINT s"), "RELEASE");
		if (!e)
			return OK;
	}
	db->sticky = OK;
	back = db->engine->exec(db->conn, "ROLLBACK TO SAVEPOINT s");
	if (!back)
		back = db->engine->exec(db->conn, "RELEASE SAVEPOINT s");
	if (back)
		db->sticky = back;              /* the group as a whole cannot go on */
	return e;
}

enum err db_open(const struct engine *e, const char *url, bool read_only, struct db **ret)
{
	struct db *db = calloc(1, sizeof(*db));
	enum err bad;

	if (!db)
		return E_IO;
	db->engine = e;
	bad = e->open(url, read_only, &db->conn);
	if (bad) {
		free(db);
		return bad;
	}
	*ret = db;
	return OK;
}

void db_close(struct db *db)
{
	if (!db)
		return;
	db->engine->close(db->conn);
	free(db);
}

enum err db_hold(struct db *db) { return db->engine->hold(db->conn); }
enum err db_backup(struct db *db, const char *to) { return db->engine->backup(db->conn, to); }
enum err db_compact(struct db *db) { return db->engine->compact(db->conn); }

/* ---- readers ---- */

struct readers {
	const struct engine *engine;
	char url[4096];
	pthread_mutex_t lock;
	struct db *idle;
};

enum err readers_open(const struct engine *e, const char *url, struct readers **ret)
{
	struct readers *r = calloc(1, sizeof(*r));

	if (!r)
		return E_IO;
	r->engine = e;
	snprintf(r->url, sizeof(r->url), "%s", url);
	pthread_mutex_init(&r->lock, NULL);
	*ret = r;
	return OK;
}

enum err readers_borrow(struct readers *r, struct db **ret)
{
	struct db *db;

	pthread_mutex_lock(&r->lock);
	db = r->idle;
	if (db)
		r->idle = db->next;
	pthread_mutex_unlock(&r->lock);
	if (!db)
		return db_open(r->engine, r->url, true, ret);
	*ret = db;
	return OK;
}

void readers_return(struct readers *r, struct db *db)
{
	if (!db)
		return;
	pthread_mutex_lock(&r->lock);
	db->next = r->idle;
	r->idle = db;
	pthread_mutex_unlock(&r->lock);
}

void readers_close(struct readers *r)
{
	struct db *db, *next;

	if (!r)
		return;
	for (db = r->idle; db; db = next) {
		next = db->next;
		db_close(db);
	}
	pthread_mutex_destroy(&r->lock);
	free(r);
}
