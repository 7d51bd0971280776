/* store/pg.c - the engine beside the program: PostgreSQL. The only file that sees libpq-fe.h.
 *
 * Everything travels in libpq's pipeline mode. Tells, BEGIN and SAVEPOINT are queued and nobody waits for them; an ask, RELEASE,
 * COMMIT, ROLLBACK, a script or `flush` sends the queue with one Sync and reads every answer, so a change of six tells costs one
 * wait. The first failure of a queue is what that call reports; the server skips the rest up to the Sync by itself. A tell outside
 * a transaction is synced at once, for nobody would ask for its outcome later.
 *
 * Values go out as text (integers), as binary (texts, blobs); all results come back binary and are read by their type.
 * The writing connection never reconnects: its lock is gone with the session. A reader does, between transactions.
 */
#include <unistd.h>

#include <libpq-fe.h>

#include "base/sys.h"
#include "store/db.h"

enum { STATEMENTS = 512, COLUMNS = 32, VALUES = 64, WAITING = 256, PER_RUN = 3 };

/* Of pg_type; these numbers are part of the wire format and do not change. */
enum { T_BOOL = 16, T_BYTEA = 17, T_CHAR = 18, T_NAME = 19, T_INT8 = 20, T_INT2 = 21, T_INT4 = 23, T_TEXT = 25, T_OID = 26,
       T_UNKNOWN = 705, T_BPCHAR = 1042, T_VARCHAR = 1043, T_NUMERIC = 1700, T_VOID = 2278 };

enum sent_kind { SENT_WORD, SENT_COMMIT, SENT_PREPARE, SENT_TELL, SENT_ASK };

struct conn {
	PGconn *pg;
	char why[512];                    /* text of the last failure */
	bool read_only, in_tx, lost;      /* lost: the session is gone or out of step */
	unsigned names;                   /* statements named so far: a name is never used twice */
	size_t told;                      /* rows changed by the last tell that was answered */
	size_t waiting;
	struct sent {
		enum sent_kind kind;
		struct prepared *p;       /* of SENT_PREPARE */
		unsigned name;
	} sent[WAITING];                  /* what the server has not answered yet, in order */
	struct prepared {
		const char *text;         /* the address is the key */
		unsigned name;
		size_t values;
		bool ready;               /* parsed by the server, or under way to it */
	} slot[STATEMENTS];
};

/* ---- failures ---- */

static void keep_why(struct conn *c, const char *text)
{
	size_t n;

	snprintf(c->why, sizeof(c->why), "%s", text);
	for (n = strlen(c->why); n && (c->why[n - 1] == '\n' || c->why[n - 1] == ' '); n--)
		c->why[n - 1] = '\0';
}

/* Without the detail and the hint: they repeat values of rows. */
static void keep_result(struct conn *c, const PGresult *r)
{
	const char *state = PQresultErrorField(r, PG_DIAG_SQLSTATE), *text = PQresultErrorField(r, PG_DIAG_MESSAGE_PRIMARY);

	if (state && text)
		snprintf(c->why, sizeof(c->why), "%s %s", state, text);
	else
		keep_why(c, PQresultErrorMessage(r));
}

static enum err lose(struct conn *c)
{
	if (!c->lost)
		keep_why(c, PQerrorMessage(c->pg));
	c->lost = true;
	c->waiting = 0;
	return E_IO;
}

static enum err map_error(const PGresult *r)
{
	static const struct { const char *state; enum err e; } known[] = {
		{ "23", E_CLASH }, { "40001", E_BUSY }, { "40P01", E_BUSY }, { "55P03", E_BUSY }, { "53100", E_DISK },
		{ "54", E_TOO_BIG }, { "XX001", E_CORRUPT }, { "XX002", E_CORRUPT },
	};
	const char *state = PQresultErrorField(r, PG_DIAG_SQLSTATE);

	for (size_t i = 0; state && i < ROWS(known); i++)
		if (!strncmp(state, known[i].state, strlen(known[i].state)))
			return known[i].e;
	return E_IO;
}

/* ---- reading rows ---- */

static int64_t signed_be(const char *p, size_t n)
{
	uint64_t v = be_get((const unsigned char *)p, n);

	if (n < 8 && v >> (8 * n - 1))
		v |= UINT64_MAX << (8 * n);
	return (int64_t)v;
}

/* Sums of bigint are numeric: digits of base 10,000, most significant first. Only whole numbers of 64 bits are taken. */
static bool read_numeric(const char *p, size_t n, int64_t *ret)
{
	int64_t digits, weight, v = 0;
	uint64_t sign;

	if (n < 8)
		return false;
	digits = signed_be(p, 2);
	weight = signed_be(p + 2, 2);
	sign = be_get((const unsigned char *)p + 4, 2);
	if ((sign != 0 && sign != 0x4000) || digits < 0 || n < 8 + 2 * (size_t)digits || weight > 4)
		return false;
	for (int64_t i = 0; i <= weight || i < digits; i++) {
		int64_t d = i < digits ? signed_be(p + 8 + 2 * i, 2) : 0;

		if (i > weight && d)
			return false;
		if (i <= weight && (__builtin_mul_overflow(v, 10000, &v) || __builtin_add_overflow(v, sign ? -d : d, &v)))
			return false;
	}
	*ret = v;
	return true;
}

static bool read_cell(const PGresult *r, int row, int col, struct val *ret)
{
	struct str s = { PQgetvalue(r, row, col), (size_t)PQgetlength(r, row, col) };

	*ret = V_NULL;
	if (PQgetisnull(r, row, col))
		return true;
	switch (PQftype(r, col)) {
	case T_INT8: case T_INT4: case T_INT2:
		*ret = V_I(signed_be(s.p, s.n));
		return true;
	case T_BOOL: case T_OID:
		*ret = V_I((int64_t)be_get((const unsigned char *)s.p, s.n));
		return true;
	case T_NUMERIC:
		ret->kind = VAL_INT;
		return read_numeric(s.p, s.n, &ret->i);
	case T_BYTEA:
		*ret = V_B(s);
		return true;
	case T_TEXT: case T_VARCHAR: case T_BPCHAR: case T_NAME: case T_CHAR: case T_UNKNOWN:
		*ret = V_T(s);
		return true;
	default:
		return PQftype(r, col) == T_VOID;
	}
}

static enum err give_rows(struct conn *c, const PGresult *r, db_row_fn *fn, void *ctx)
{
	struct val row[COLUMNS];
	int cols = PQnfields(r);

	if (cols > COLUMNS) {
		keep_why(c, "too many columns");
		return E_INTERNAL;
	}
	for (int i = 0; i < PQntuples(r); i++) {
		enum err e;

		for (int k = 0; k < cols; k++) {
			if (!read_cell(r, i, k, &row[k])) {
				snprintf(c->why, sizeof(c->why), "column %d is of no type the store knows, or not a whole number", k + 1);
				return E_INTERNAL;
			}
		}
		e = fn(ctx, row, (size_t)cols);
		if (e) {
			keep_why(c, "the reader of the rows stopped");
			return e;
		}
	}
	return OK;
}

/* ---- the queue ---- */

static enum err one_result(struct conn *c, const struct sent *s, const PGresult *r, db_row_fn *fn, void *ctx)
{
	switch (PQresultStatus(r)) {
	case PGRES_COMMAND_OK:
	case PGRES_TUPLES_OK:
	case PGRES_SINGLE_TUPLE:
		if (s->kind == SENT_TELL)
			c->told = (size_t)strtoull(PQcmdTuples((PGresult *)(uintptr_t)r), NULL, 10);
		/* A COMMIT of a transaction that had failed is no error for the server: it answers "ROLLBACK". */
		if (s->kind == SENT_COMMIT && strcmp(PQcmdStatus((PGresult *)(uintptr_t)r), "COMMIT")) {
			keep_why(c, "COMMIT of a failed transaction");
			return E_IO;
		}
		return s->kind == SENT_ASK ? give_rows(c, r, fn, ctx) : OK;
	case PGRES_PIPELINE_ABORTED:
		break;                          /* skipped after a failure that has been reported already */
	default:
		keep_result(c, r);
	}
	if (s->kind == SENT_PREPARE && s->p->name == s->name)
		s->p->ready = false;
	return map_error(r);
}

static enum err one_answer(struct conn *c, const struct sent *s, db_row_fn *fn, void *ctx)
{
	enum err e = OK;
	bool any = false;
	PGresult *r;

	if (s->kind == SENT_ASK)
		(void)PQsetSingleRowMode(c->pg);        /* refused where the ask was skipped: then there are no rows */
	while ((r = PQgetResult(c->pg))) {
		any = true;
		if (!e)
			e = one_result(c, s, r, fn, ctx);       /* after a failure the rest is only taken off the wire */
		PQclear(r);
		if (PQstatus(c->pg) == CONNECTION_BAD)
			break;
	}
	if (!any || PQstatus(c->pg) == CONNECTION_BAD) {
		char why[sizeof(c->why)];

		memcpy(why, c->why, sizeof(why));
		(void)lose(c);
		if (e)
			memcpy(c->why, why, sizeof(why));       /* the server's last words say more than "connection closed" */
		return e ? e : E_IO;
	}
	return e;
}

/* Sends what is queued and reads every answer; the last one may be an ask, whose rows go to fn. */
static enum err settle(struct conn *c, db_row_fn *fn, void *ctx)
{
	enum err first = OK;
	size_t n = c->waiting;
	PGresult *r;

	if (!n)
		return OK;
	c->waiting = 0;
	if (!PQpipelineSync(c->pg))
		return lose(c);
	for (size_t i = 0; i < n && !c->lost; i++) {
		enum err e = one_answer(c, &c->sent[i], fn, ctx);

		if (!first)
			first = e;
	}
	if (c->lost)
		return first ? first : E_IO;
	r = PQgetResult(c->pg);
	if (PQresultStatus(r) != PGRES_PIPELINE_SYNC && lose(c) && !first)
		first = E_IO;
	PQclear(r);
	if (!c->lost)
		c->in_tx = PQtransactionStatus(c->pg) != PQTRANS_IDLE;
	return first;
}

static enum err queued(struct conn *c, int sent, enum sent_kind kind, struct prepared *p)
{
	if (!sent)
		return lose(c);
	c->sent[c->waiting++] = (struct sent){ kind, p, p ? p->name : 0 };
	return OK;
}

static enum err send_word(struct conn *c, const char *word, enum sent_kind kind)
{
	return queued(c, PQsendQueryParams(c->pg, word, 0, NULL, NULL, NULL, NULL, 1), kind, NULL);
}

/* ---- connecting ---- */

static void no_notice(void *ctx, const char *text)
{
	(void)ctx;
	(void)text;
}

static enum err set_up(struct conn *c)
{
	/* A reader sees one moment for the length of its transaction, as it does with SQLite. */
	static const char common[] = "SET standard_conforming_strings = on; SET synchronous_commit = on; SET lock_timeout = '10s';";
	static const char reader[] = "SET default_transaction_read_only = on; SET default_transaction_isolation = 'repeatable read';";
	PGresult *r;
	bool ok;

	if (PQstatus(c->pg) != CONNECTION_OK || PQsetClientEncoding(c->pg, "UTF8"))
		return lose(c);
	(void)PQsetNoticeProcessor(c->pg, no_notice, NULL);
	r = PQexec(c->pg, common);
	ok = PQresultStatus(r) == PGRES_COMMAND_OK;
	PQclear(r);
	if (ok && c->read_only) {
		r = PQexec(c->pg, reader);
		ok = PQresultStatus(r) == PGRES_COMMAND_OK;
		PQclear(r);
	}
	return ok && PQenterPipelineMode(c->pg) ? OK : lose(c);
}

static void pg_close(struct conn *c)
{
	PQfinish(c->pg);
	free(c);
}

static enum err pg_open(const char *url, bool read_only, struct conn **ret)
{
	struct conn *c = calloc(1, sizeof(*c));

	if (!c)
		return E_IO;
	c->read_only = read_only;
	c->pg = PQconnectdb(url);
	if (set_up(c)) {
		say(SAY_ERROR, "postgresql: %s", c->why);       /* never the URL: it may hold a password */
		pg_close(c);
		return E_IO;
	}
	*ret = c;
	return OK;
}

/* What every call starts with. */
static enum err alive(struct conn *c)
{
	if (!c->lost)
		return OK;
	if (!c->read_only || c->in_tx)
		return E_IO;
	PQreset(c->pg);
	c->lost = false;
	for (size_t i = 0; i < STATEMENTS; i++)
		c->slot[i].ready = false;
	return set_up(c);
}

/* ---- statements ---- */

static enum err script(struct conn *c, const char *text)
{
	enum err e = settle(c, NULL, NULL);
	PGresult *r;

	if (e)
		return e;
	if (!PQexitPipelineMode(c->pg))
		return lose(c);
	r = PQexec(c->pg, text);
	if (PQresultStatus(r) != PGRES_COMMAND_OK && PQresultStatus(r) != PGRES_TUPLES_OK && PQresultStatus(r) != PGRES_EMPTY_QUERY) {
		keep_result(c, r);
		e = map_error(r);
	}
	PQclear(r);
	if (PQstatus(c->pg) == CONNECTION_BAD || !PQenterPipelineMode(c->pg)) {
		(void)lose(c);
		return e ? e : E_IO;
	}
	c->in_tx = PQtransactionStatus(c->pg) != PQTRANS_IDLE;
	return e;
}

static enum err roll_back(struct conn *c, const char *word)
{
	enum err e;

	/* Queued behind a failure the word would be skipped like the rest, so what is queued is settled first; how it ended
	 * does not matter any more. */
	(void)settle(c, NULL, NULL);
	if (c->lost) {
		c->in_tx = false;
		return E_IO;
	}
	e = send_word(c, word, SENT_WORD);
	return e ? e : settle(c, NULL, NULL);
}

static enum err pg_exec(struct conn *c, const char *text)
{
	bool one = !strchr(text, ';');
	enum err e;

	if (one && str_starts(str_of(text), "ROLLBACK"))
		return roll_back(c, text);
	e = alive(c);
	if (!e && c->waiting + PER_RUN > WAITING)
		e = settle(c, NULL, NULL);
	if (e)
		return e;
	if (one && (!strcmp(text, "BEGIN") || str_starts(str_of(text), "SAVEPOINT "))) {
		e = send_word(c, text, SENT_WORD);
		c->in_tx = true;
		return e;
	}
	if (one && (!strcmp(text, "COMMIT") || str_starts(str_of(text), "RELEASE "))) {
		e = send_word(c, text, text[0] == 'C' ? SENT_COMMIT : SENT_WORD);
		return e ? e : settle(c, NULL, NULL);
	}
	return script(c, text);
}

/* The highest $n outside quotes. Counted here because the server would be asked only with the next Sync. */
static size_t values_of(const char *sql)
{
	size_t most = 0;
	bool quoted = false;

	for (; *sql; sql++) {
		size_t k = 0;

		if (*sql == '\'')
			quoted = !quoted;
		if (*sql != '$' || quoted)
			continue;
		for (; is_digit(sql[1]) && k <= VALUES; sql++)
			k = k * 10 + (size_t)(sql[1] - '0');
		if (k > most)
			most = k;
	}
	return most;
}

static enum err forget(struct conn *c, struct prepared *p)
{
	char word[40];

	if (!p->ready)
		return OK;
	p->ready = false;
	snprintf(word, sizeof(word), "DEALLOCATE s%u", p->name);
	return send_word(c, word, SENT_WORD);
}

static enum err prepare(struct conn *c, const char *sql, const struct val *v, size_t n, struct prepared **ret)
{
	/* Types are told, not guessed: next to a small constant the server would take a parameter for 32 bits. */
	static const Oid type_of[] = { [VAL_NULL] = 0, [VAL_INT] = T_INT8, [VAL_TEXT] = T_TEXT, [VAL_BLOB] = T_BYTEA };
	size_t i = ((uintptr_t)sql >> 3) * 31 % STATEMENTS;
	struct prepared *p;
	Oid types[VALUES];
	char name[16];
	enum err e = OK;

	for (size_t tries = 0; tries < STATEMENTS && c->slot[i].text && c->slot[i].text != sql; tries++)
		i = (i + 1) % STATEMENTS;
	p = *ret = &c->slot[i];
	if (p->text != sql) {
		e = forget(c, p);               /* table full: the slot is given to the new text */
		p->text = sql;
		p->values = values_of(sql);
	}
	if (!e && (p->values != n || n > VALUES)) {
		snprintf(c->why, sizeof(c->why), "%zu values given, %zu wanted", n, p->values);
		return E_INTERNAL;
	}
	if (e || p->ready)
		return e;
	for (size_t k = 0; k < n; k++)
		types[k] = type_of[v[k].kind];
	p->name = ++c->names;
	snprintf(name, sizeof(name), "s%u", p->name);
	e = queued(c, PQsendPrepare(c->pg, name, sql, (int)n, types), SENT_PREPARE, p);
	p->ready = !e;
	return e;
}

static enum err send_run(struct conn *c, const struct prepared *p, const struct val *v, size_t n, enum sent_kind kind)
{
	const char *at[VALUES];
	int len[VALUES], format[VALUES];
	char digits[VALUES][24], name[16];

	for (size_t i = 0; i < n; i++) {
		if (v[i].s.n > INT32_MAX) {
			keep_why(c, "a value of more than 2 GiB");
			return E_TOO_BIG;
		}
		len[i] = (int)v[i].s.n;
		format[i] = v[i].kind == VAL_TEXT || v[i].kind == VAL_BLOB;
		at[i] = v[i].kind == VAL_NULL ? NULL : v[i].s.n ? v[i].s.p : "";
		if (v[i].kind == VAL_INT) {
			snprintf(digits[i], sizeof(digits[i]), "%lld", (long long)v[i].i);
			at[i] = digits[i];
		}
	}
	snprintf(name, sizeof(name), "s%u", p->name);
	return queued(c, PQsendQueryPrepared(c->pg, name, (int)n, at, len, format, 1), kind, NULL);
}

static enum err pg_run(struct conn *c, const char *sql, const struct val *v, size_t n, db_row_fn *fn, void *ctx, size_t *changed)
{
	struct prepared *p = NULL;
	enum err e = alive(c);

	if (changed)
		*changed = c->told = 0;
	if (!e && c->waiting + PER_RUN > WAITING)
		e = settle(c, NULL, NULL);
	if (!e)
		e = prepare(c, sql, v, n, &p);
	if (!e)
		e = send_run(c, p, v, n, fn ? SENT_ASK : SENT_TELL);
	if (e || (!fn && c->in_tx))
		return e;
	e = settle(c, fn, ctx);
	if (changed)
		*changed = e ? 0 : c->told;
	return e;
}

static enum err pg_flush(struct conn *c, size_t *changed)
{
	enum err e = c->lost ? E_IO : settle(c, NULL, NULL);

	*changed = e ? 0 : c->told;
	return e;
}

/* ---- the rest ---- */

static enum err got_it(void *ctx, const struct val *row, size_t cols)
{
	*(bool *)ctx = cols == 1 && row[0].i;
	return OK;
}

/* One writing process: a lock of the session, so it ends with the connection that writes. */
static enum err pg_hold(struct conn *c)
{
	/* "suyuan" in ASCII, and the schema: two homes may share a database, each in a schema of its own */
	static const char sql[] = "SELECT pg_try_advisory_lock(126948386103662 # hashtextextended(current_schema()::text, 0))";
	bool got = false;
	enum err e = OK;

	/* the server notices a little later that the connection before this one has ended: a restart waits for that */
	for (int tries = 0; tries < 20 && !e && !got; tries++) {
		if (tries)
			usleep(100000);
		e = pg_run(c, sql, NO_VALS, got_it, &got, NULL);
	}
	return e ? e : got ? OK : E_BUSY;
}

static enum err pg_backup(struct conn *c, const char *to)
{
	(void)to;
	keep_why(c, "PostgreSQL is backed up with pg_dump, or with a base backup and archived WAL (PITR)");
	say(SAY_ERROR, "postgresql: %s", c->why);
	return E_STATE;
}

static enum err pg_compact(struct conn *c)
{
	(void)c;
	return OK;                              /* the server checkpoints by itself */
}

static const char *pg_last_error(struct conn *c) { return c->why; }

const struct engine pg_engine = {
	.name = "postgresql", .open = pg_open, .close = pg_close, .exec = pg_exec, .run = pg_run, .flush = pg_flush, .hold = pg_hold,
	.backup = pg_backup, .compact = pg_compact, .last_error = pg_last_error,
};
