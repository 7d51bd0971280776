/* store/db.h - one small interface over two engines: tell (no rows wanted), ask (rows into the arena), begin, end.
 *
 * The first failure of a transaction sticks: later tells do nothing, asks answer it, db_end reports it and rolls back.
 * So handlers need no cleanup. SQL texts are constants with $1..$9 placeholders, written once for both engines; a text is
 * prepared once per connection and found again by its address, so it must live for ever (const arrays in sql.c files).
 * A struct db is used by one thread at a time. Never knows a record type, a role or a route.
 */
#ifndef SUYUAN_DB_H
#define SUYUAN_DB_H

#include "base/base.h"

struct db;

enum val_kind { VAL_NULL, VAL_INT, VAL_TEXT, VAL_BLOB };
struct val {
	enum val_kind kind;
	int64_t i;
	struct str s;
};
#define V_NULL      ((struct val){ .kind = VAL_NULL })
#define V_I(x)      ((struct val){ .kind = VAL_INT, .i = (x) })
#define V_T(x)      ((struct val){ .kind = VAL_TEXT, .s = (x) })
#define V_B(x)      ((struct val){ .kind = VAL_BLOB, .s = (x) })
#define VALS(...)   (const struct val[]){ __VA_ARGS__ }, sizeof((const struct val[]){ __VA_ARGS__ }) / sizeof(struct val)
#define NO_VALS     NULL, 0

struct rows {
	size_t n, cols;
	const struct val *v;      /* row-major, in the arena */
};
int64_t row_int(const struct rows *r, size_t row, size_t col);       /* 0 for NULL */
struct str row_str(const struct rows *r, size_t row, size_t col);    /* empty for NULL */
bool row_null(const struct rows *r, size_t row, size_t col);

void db_tell(struct db *db, const char *sql, const struct val *v, size_t n);
enum err db_ask(struct db *db, struct arena *a, const char *sql, const struct val *v, size_t n, struct rows *ret) MUST_USE;
/* One call for each row, without keeping the rows; stops at the first error of fn. The row's texts live during the call, and fn
 * may not use the same db: one engine cannot start a statement while rows of another arrive. */
typedef enum err db_row_fn(void *ctx, const struct val *row, size_t cols);
enum err db_each(struct db *db, const char *sql, const struct val *v, size_t n, db_row_fn *fn, void *ctx) MUST_USE;
/* Several statements in one text, without values: DDL. */
enum err db_exec(struct db *db, const char *script) MUST_USE;
size_t db_told(struct db *db);             /* rows changed by the last tell; waits for a tell still under way. 0 after a failure */

enum err db_begin(struct db *db) MUST_USE;
enum err db_end(struct db *db, enum err so_far) MUST_USE;            /* commits when both are OK, else rolls back and answers why */
enum err db_save(struct db *db) MUST_USE;                            /* a savepoint inside the transaction, one deep */
enum err db_save_end(struct db *db, enum err so_far) MUST_USE;       /* releases, or rolls back to it; the transaction goes on */

bool db_is_pg(const struct db *db);
/* The first failure known so far. A tell may still be under way: the next ask, db_told, db_save_end or db_end has its failure. */
enum err db_sticky(const struct db *db);

/* ---- engines ---- */

struct conn;
struct engine {
	const char *name;
	/* url: a file path, or "postgresql://..."; read_only connections never write nor checkpoint. */
	enum err (*open)(const char *url, bool read_only, struct conn **ret);
	void (*close)(struct conn *c);
	enum err (*exec)(struct conn *c, const char *script);
	/* fn NULL: tell. *changed is filled for tells; an engine with `flush` may queue a tell of a transaction, answer OK and
	 * report its failure with the next ask or exec. exec("ROLLBACK...") must work after any failure. */
	enum err (*run)(struct conn *c, const char *sql, const struct val *v, size_t n, db_row_fn *fn, void *ctx, size_t *changed);
	/* Optional: waits for what is queued; the first failure, and the rows changed by the last tell. */
	enum err (*flush)(struct conn *c, size_t *changed);
	/* Holds the store for one writing process; E_BUSY when another has it. */
	enum err (*hold)(struct conn *c);
	enum err (*backup)(struct conn *c, const char *to);
	enum err (*compact)(struct conn *c);      /* checkpoint of the WAL where there is one */
	const char *(*last_error)(struct conn *c);
};
extern const struct engine sqlite_engine;
extern const struct engine pg_engine;

enum err db_open(const struct engine *e, const char *url, bool read_only, struct db **ret) MUST_USE;
void db_close(struct db *db);
enum err db_hold(struct db *db) MUST_USE;
enum err db_backup(struct db *db, const char *to) MUST_USE;
enum err db_compact(struct db *db) MUST_USE;
const char *db_why(struct db *db);       /* engine text of the last failure: for the operator's log, never for answers */

/* ---- readers: a pool of read-only connections ---- */
struct readers;
enum err readers_open(const struct engine *e, const char *url, struct readers **ret) MUST_USE;
enum err readers_borrow(struct readers *r, struct db **ret) MUST_USE;    /* any thread */
void readers_return(struct readers *r, struct db *db);
void readers_close(struct readers *r);

#endif
