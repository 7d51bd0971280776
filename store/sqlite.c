/* store/sqlite.c - the engine inside the program. The only file that sees sqlite3.h.
 *
 * WAL, synchronous=FULL. ONE connection in one thread does all writes and all checkpoints; readers are opened read-only with
 * wal_autocheckpoint=0 and a busy timeout, because SQLite before 3.51.3 can lose committed pages when one connection commits
 * while another starts a checkpoint (the WAL-reset race).
 */
#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/sys.h"
#include "store/db.h"

enum { STATEMENTS = 512, COLUMNS = 32 };

struct conn {
	sqlite3 *db;
	int lock_fd;
	char path[4096];
	struct prepared {
		const char *text;         /* the address is the key */
		sqlite3_stmt *stmt;
		int at[16];               /* parameter index of $1.. : SQLite numbers them by first appearance */
	} slot[STATEMENTS];
};

static enum err map_error(int rc)
{
	switch (rc & 0xff) {
	case SQLITE_OK: case SQLITE_ROW: case SQLITE_DONE: return OK;
	case SQLITE_CONSTRAINT: return E_CLASH;
	case SQLITE_BUSY: case SQLITE_LOCKED: return E_BUSY;
	case SQLITE_FULL: return E_DISK;
	case SQLITE_TOOBIG: return E_TOO_BIG;
	case SQLITE_CORRUPT: case SQLITE_NOTADB: return E_CORRUPT;
	default: return E_IO;
	}
}

static void sq_close(struct conn *c)
{
	for (size_t i = 0; i < STATEMENTS; i++)
		sqlite3_finalize(c->slot[i].stmt);
	sqlite3_close(c->db);
	if (c->lock_fd >= 0)
		close(c->lock_fd);
	free(c);
}

static enum err sq_open(const char *url, bool read_only, struct conn **ret)
{
	static const char writer[] = "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA wal_autocheckpoint=0;"
	                             " PRAGMA foreign_keys=ON; PRAGMA secure_delete=ON; PRAGMA cache_size=-65536; PRAGMA temp_store=MEMORY; PRAGMA trusted_schema=OFF;";
	static const char reader[] = "PRAGMA query_only=ON; PRAGMA wal_autocheckpoint=0; PRAGMA cache_size=-4096;"
	                             " PRAGMA mmap_size=268435456; PRAGMA trusted_schema=OFF;";
	int flags = SQLITE_OPEN_NOMUTEX | (read_only ? SQLITE_OPEN_READWRITE : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE);
	struct conn *c = calloc(1, sizeof(*c));
	int rc;

	if (!c)
		return E_IO;
	c->lock_fd = -1;
	snprintf(c->path, sizeof(c->path), "%s", url);
	rc = sqlite3_open_v2(url, &c->db, flags, NULL);
	if (rc == SQLITE_OK)
		rc = sqlite3_busy_timeout(c->db, 10000);
	if (rc == SQLITE_OK)
		rc = sqlite3_exec(c->db, read_only ? reader : writer, NULL, NULL, NULL);
	if (rc != SQLITE_OK) {
		say(SAY_ERROR, "sqlite: %s: %s", url, c->db ? sqlite3_errmsg(c->db) : "out of memory");
		sq_close(c);
		return map_error(rc);
	}
	*ret = c;
	return OK;
}

static enum err sq_exec(struct conn *c, const char *script)
{
	/* The words of every change are prepared like any statement; scripts are not, however short: their text may be gone
	 * tomorrow and another one have its address. */
	static const char *const words[] = { "BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT s", "RELEASE SAVEPOINT s", "ROLLBACK TO SAVEPOINT s" };

	for (size_t i = 0; i < ROWS(words); i++)
		if (!strcmp(script, words[i]))
			return sqlite_engine.run(c, words[i], NO_VALS, NULL, NULL, NULL);
	return map_error(sqlite3_exec(c->db, script, NULL, NULL, NULL));
}

static enum err prepare(struct conn *c, const char *sql, struct prepared **ret)
{
	size_t i = ((uintptr_t)sql >> 3) * 31 % STATEMENTS;
	struct prepared *p;
	int rc;

	for (size_t tries = 0; tries < STATEMENTS && c->slot[i].text && c->slot[i].text != sql; tries++)
		i = (i + 1) % STATEMENTS;
	p = &c->slot[i];
	if (p->text != sql) {
		sqlite3_finalize(p->stmt);      /* table full: the slot is given to the new text */
		p->text = NULL;
		p->stmt = NULL;
		rc = sqlite3_prepare_v3(c->db, sql, -1, SQLITE_PREPARE_PERSISTENT, &p->stmt, NULL);
		if (rc != SQLITE_OK)
			return map_error(rc);
		p->text = sql;
		for (int k = 1; k < (int)ROWS(p->at); k++) {
			char name[16];

			snprintf(name, sizeof(name), "$%d", k);
			p->at[k] = sqlite3_bind_parameter_index(p->stmt, name);
		}
	}
	*ret = p;
	return OK;
}

static int bind(const struct prepared *p, int at, const struct val *v)
{
	switch (v->kind) {
	case VAL_INT:  return sqlite3_bind_int64(p->stmt, at, v->i);
	case VAL_TEXT: return sqlite3_bind_text64(p->stmt, at, v->s.n ? v->s.p : "", v->s.n, SQLITE_STATIC, SQLITE_UTF8);      /* NULL would be no text at all */
	case VAL_BLOB: return v->s.n ? sqlite3_bind_blob64(p->stmt, at, v->s.p, v->s.n, SQLITE_STATIC) : sqlite3_bind_zeroblob(p->stmt, at, 0);
	default:       return sqlite3_bind_null(p->stmt, at);
	}
}

static void read_row(sqlite3_stmt *s, struct val *row, int cols)
{
	for (int i = 0; i < cols; i++) {
		row[i] = V_NULL;
		switch (sqlite3_column_type(s, i)) {
		case SQLITE_INTEGER:
			row[i] = V_I(sqlite3_column_int64(s, i));
			break;
		case SQLITE_NULL:
			break;
		case SQLITE_BLOB:
			row[i].kind = VAL_BLOB;
			row[i].s = (struct str){ sqlite3_column_blob(s, i), (size_t)sqlite3_column_bytes(s, i) };
			break;
		default:
			row[i].kind = VAL_TEXT;
			row[i].s = (struct str){ (const char *)sqlite3_column_text(s, i), (size_t)sqlite3_column_bytes(s, i) };
		}
	}
}

static enum err sq_run(struct conn *c, const char *sql, const struct val *v, size_t n, db_row_fn *fn, void *ctx, size_t *changed)
{
	struct prepared *p = NULL;
	enum err e = prepare(c, sql, &p);
	int rc = SQLITE_OK;

	if (e)
		return e;
	if ((size_t)sqlite3_bind_parameter_count(p->stmt) != n) {
		say(SAY_ERROR, "sqlite: %zu values given: %.80s", n, sql);
		return E_INTERNAL;
	}
	for (size_t i = 0; i < n && rc == SQLITE_OK; i++)
		rc = i + 1 < ROWS(p->at) && p->at[i + 1] ? bind(p, p->at[i + 1], &v[i]) : SQLITE_MISUSE;
	while (rc == SQLITE_OK && (rc = sqlite3_step(p->stmt)) == SQLITE_ROW) {
		struct val row[COLUMNS];
		int cols = sqlite3_column_count(p->stmt);

		rc = SQLITE_OK;
		if (!fn)
			continue;
		if (cols > COLUMNS) {
			e = E_INTERNAL;
			break;
		}
		read_row(p->stmt, row, cols);
		e = fn(ctx, row, (size_t)cols);
		if (e)
			break;
	}
	if (!e && rc != SQLITE_DONE)
		e = map_error(rc);
	if (changed)
		*changed = e ? 0 : (size_t)sqlite3_changes64(c->db);
	sqlite3_reset(p->stmt);
	return e;
}

/* One writing process: a lock file beside the database, held for the life of the process. */
static enum err sq_hold(struct conn *c)
{
	char path[4200];
	int fd;

	if (c->lock_fd >= 0)
		return OK;
	snprintf(path, sizeof(path), "%s.writer", c->path);
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0)
		return E_IO;
	if (flock(fd, LOCK_EX | LOCK_NB)) {
		close(fd);
		return E_BUSY;
	}
	c->lock_fd = fd;
	return OK;
}

static enum err sq_backup(struct conn *c, const char *to)
{
	sqlite3 *out = NULL;
	sqlite3_backup *b;
	int rc = sqlite3_open(to, &out);

	b = rc == SQLITE_OK ? sqlite3_backup_init(out, "main", c->db, "main") : NULL;
	if (b) {
		rc = sqlite3_backup_step(b, -1);
		sqlite3_backup_finish(b);
	}
	sqlite3_close(out);
	return rc == SQLITE_DONE ? OK : map_error(rc ? rc : SQLITE_ERROR);
}

static enum err sq_compact(struct conn *c)
{
	return map_error(sqlite3_wal_checkpoint_v2(c->db, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL));
}

static const char *sq_last_error(struct conn *c) { return sqlite3_errmsg(c->db); }

const struct engine sqlite_engine = {
	.name = "sqlite", .open = sq_open, .close = sq_close, .exec = sq_exec, .run = sq_run, .hold = sq_hold, .backup = sq_backup,
	.compact = sq_compact, .last_error = sq_last_error,
};
