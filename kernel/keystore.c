/* kernel/keystore.c - the keys of records, in a store of their own: what is erased here is gone, whatever backups hold the records.
 *
 * A record's values are sealed, and its fields salted, under random keys of that record and class. They lie wrapped under the home's master
 * key in a database apart (home/keystore/keys.db, or the setting "keystore"), with its own, short-lived backups (suyuan backup-keys).
 * Rows go there before the records they belong to are committed, and are destroyed after the commit of their erasure: a crash in
 * between leaves a key without a record, or an erasure that the next start finishes.
 */
#include <pthread.h>

#include "kernel/inside.h"

enum { KEY_BYTES = 32, GROW = 256, COMPACT_EVERY = 2000 };

enum { KS_DDL, KS_PUT, KS_GET, KS_DROP, KS_CANARY, KS_CANARY_PUT, KS_SPAN };
static const char *const keystore_sql[] = {
	[KS_DDL] = "CREATE TABLE IF NOT EXISTS record_key (record @int PRIMARY KEY, pub @blob, biz @blob, per @blob)@end;"
	           "CREATE TABLE IF NOT EXISTS canary (id @int PRIMARY KEY, seen @blob NOT NULL)@end;",
	[KS_PUT] = "INSERT INTO record_key (record, pub, biz, per) VALUES ($1, $2, $3, $4)"
	           " ON CONFLICT (record) DO UPDATE SET pub = $2, biz = $3, per = $4",
	[KS_GET] = "SELECT pub, biz, per FROM record_key WHERE record = $1",
	[KS_DROP] = "UPDATE record_key SET pub = CASE WHEN $2 = 1 THEN NULL ELSE pub END, biz = CASE WHEN $3 = 1 THEN NULL ELSE biz END,"
	            " per = CASE WHEN $4 = 1 THEN NULL ELSE per END WHERE record = $1",
	[KS_CANARY] = "SELECT seen FROM canary WHERE id = 1",
	[KS_SPAN] = "SELECT record, pub, biz, per FROM record_key WHERE record >= $1 AND record <= $2 ORDER BY record LIMIT 512",
	[KS_CANARY_PUT] = "INSERT INTO canary (id, seen) VALUES (1, $1)",
};

enum { WRAPPED = KEY_BYTES + SEAL_EXTRA };
struct key_row { int64_t record; struct { size_t n; char b[WRAPPED]; } key[KEY_CLASSES]; };
struct destroyed { int64_t record; unsigned classes; };

/* `row` and `gone` are the writer's: what its group adds and destroys. */
struct keystore {
	char url[3400];
	struct db *db;            /* of the writing kernel */
	struct readers *readers;
	struct key_row *row;
	struct destroyed *gone;
	size_t n, cap, n_gone, cap_gone, mark, mark_gone, since;
};

static void *grown(void *p, size_t n, size_t *cap, size_t size)
{
	void *q = p;

	if (n == *cap) {
		*cap = *cap ? *cap * 2 : GROW;
		q = realloc(p, *cap * size);
		if (!q)
			abort();        /* no memory to keep a key: nothing was promised yet */
	}
	return q;
}

/* ---- opening ---- */

static void missing(const struct keystore *s, char why[300])
{
	explain(why, "密钥库 %s 不在：未公开的内容打不开。请恢复它的备份（suyuan backup-keys 所存）/ the keystore is missing: restore its backup", s->url);
}

/* The same master key as when the keystore was made; and it is there at all. */
static enum err canary(struct kernel *k, struct keystore *s, bool expected, char why[300])
{
	static const char label[] = "suyuan/keystore/1";
	struct str part = S(label);
	struct hash want = hmac_of(HASH_SHA256, (struct str){ (const char *)k->master_key, 32 }, &part, 1);
	struct arena a;
	struct rows r;
	enum err e;

	arena_init(&a, 1 << 16, NULL);
	e = db_ask(s->db, &a, keystore_sql[KS_CANARY], NO_VALS, &r);
	if (!e && r.n && !str_eq(row_str(&r, 0, 0), hash_str(&want))) {
		explain(why, "密钥库不属于这个目录（keys/master 不同）/ the keystore belongs to another home: keys/master differs");
		e = E_CORRUPT;
	} else if (!e && r.n == 0 && expected) {
		missing(s, why);
		e = E_CORRUPT;
	} else if (!e && r.n == 0) {
		e = db_begin(s->db);
		if (!e) {
			db_tell(s->db, keystore_sql[KS_CANARY_PUT], VALS(V_B(hash_str(&want))));
			e = db_end(s->db, OK);
		}
	}
	arena_end(&a);
	return e;
}

static const struct engine *engine_of(const struct kernel_setup *setup, const char *url)
{
	const char *want = str_starts(str_of(url), "postgres") ? "postgresql" : "sqlite";

	for (size_t i = 0; i < setup->n_engines; i++)
		if (strcmp(setup->engines[i]->name, want) == 0)
			return setup->engines[i];
	return NULL;
}

/* expected: the store holds records whose keys lie here. */
enum err keystore_open(struct kernel *k, const struct kernel_setup *setup, bool expected, char why[300])
{
	struct str said = kernel_setting(k, "keystore");
	struct keystore *s = calloc(1, sizeof(*s));
	const struct engine *engine;
	enum err e = OK;

	if (!s)
		return E_BUSY;
	k->keystore = s;
	if (!said.n)
		e = dir_make(home_path(k, "keystore"), 0700);
	snprintf(s->url, sizeof(s->url), "%s", said.n ? str_z(&k->life, said) : home_path(k, "keystore/keys.db"));
	if (!e && expected && !said.n && !file_exists(s->url)) {
		missing(s, why);
		return E_CORRUPT;
	}
	engine = engine_of(setup, s->url);
	if (!engine)
		return E_BAD;
	if (!e && k->writing) {
		e = db_open(engine, s->url, false, &s->db);
		if (!e)
			e = db_exec(s->db, ddl_for(&k->life, keystore_sql[KS_DDL], db_is_pg(s->db)));
		if (!e && !db_is_pg(s->db))
			e = db_exec(s->db, "PRAGMA secure_delete=ON");
		if (!e)
			e = canary(k, s, expected, why);
	}
	if (!e)
		e = readers_open(engine, s->url, &s->readers);
	if (e && !why[0])
		explain(why, "密钥库打不开 / the keystore cannot be opened: %s (%s)", s->url, err_en(e));
	return e;
}

void keystore_close(struct kernel *k)
{
	struct keystore *s = k->keystore;

	if (!s)
		return;
	db_close(s->db);
	readers_close(s->readers);
	free(s->row);
	free(s->gone);
	free(s);
	k->keystore = NULL;
}

/* ---- the writer's group ---- */

void keystore_mark(struct keystore *s)
{
	s->mark = s->n;
	s->mark_gone = s->n_gone;
}

void keystore_rewind(struct keystore *s)
{
	s->n = s->mark;
	s->n_gone = s->mark_gone;
}

void keystore_forget(struct keystore *s) { s->n = s->n_gone = 0; }

void keystore_add(struct keystore *s, int64_t record, const struct str wrapped[KEY_CLASSES])
{
	struct key_row *r;

	s->row = grown(s->row, s->n, &s->cap, sizeof(*s->row));
	r = &s->row[s->n++];
	r->record = record;
	for (size_t i = 0; i < KEY_CLASSES; i++) {
		r->key[i].n = wrapped[i].n < WRAPPED ? wrapped[i].n : WRAPPED;
		memcpy(r->key[i].b, wrapped[i].p, r->key[i].n);
	}
}

static struct str key_of(const struct key_row *r, size_t i) { return (struct str){ r->key[i].b, r->key[i].n }; }

void keystore_destroy(struct keystore *s, int64_t record, unsigned classes)
{
	s->gone = grown(s->gone, s->n_gone, &s->cap_gone, sizeof(*s->gone));
	s->gone[s->n_gone++] = (struct destroyed){ record, classes };
}

/* Before the records are committed. */
enum err keystore_seal(struct keystore *s)
{
	enum err e = s->n ? db_begin(s->db) : OK;

	if (e || !s->n)
		return e;
	for (size_t i = 0; i < s->n; i++)
		db_tell(s->db, keystore_sql[KS_PUT], VALS(V_I(s->row[i].record), V_B(key_of(&s->row[i], 0)), V_B(key_of(&s->row[i], 1)), V_B(key_of(&s->row[i], 2))));
	e = db_end(s->db, OK);
	s->since += s->n;
	s->n = 0;
	if (!e && s->since >= COMPACT_EVERY) {
		s->since = 0;
		e = db_compact(s->db);
	}
	return e;
}

bool keystore_destroys(const struct keystore *s) { return s->n_gone > 0; }

/* After they are. The write-ahead log is emptied too: the bytes of a destroyed key shall be nowhere in the file. */
enum err keystore_settle(struct keystore *s)
{
	enum err e = s->n_gone ? db_begin(s->db) : OK;

	if (e || !s->n_gone)
		return e;
	for (size_t i = 0; i < s->n_gone; i++) {
		const unsigned c = s->gone[i].classes;

		db_tell(s->db, keystore_sql[KS_DROP], VALS(V_I(s->gone[i].record), V_I(c >> KEY_PUBLIC & 1), V_I(c >> KEY_BUSINESS & 1), V_I(c >> KEY_PERSON & 1)));
	}
	e = db_end(s->db, OK);
	s->n_gone = 0;
	return e || db_is_pg(s->db) ? e : db_exec(s->db, "PRAGMA wal_checkpoint(TRUNCATE)");
}

/* ---- reading ---- */

static enum err ask_keys(struct db *db, struct arena *a, int64_t record, struct str ret[KEY_CLASSES])
{
	struct rows r;
	enum err e = db_ask(db, a, keystore_sql[KS_GET], VALS(V_I(record)), &r);

	for (size_t i = 0; i < KEY_CLASSES && !e; i++)
		ret[i] = r.n ? row_str(&r, 0, i) : S("");
	return e;
}

/* A reader is borrowed for one question; the arena may jump meanwhile, so the answer comes into one of our own first. */
static enum err ask_reader(struct keystore *s, struct arena *a, int64_t record, struct str ret[KEY_CLASSES])
{
	struct arena mine;
	struct db *db;
	struct str got[KEY_CLASSES];
	char bytes[KEY_CLASSES][WRAPPED];
	enum err e = readers_borrow(s->readers, &db);

	if (e)
		return e;
	arena_init(&mine, 1 << 16, NULL);
	e = ask_keys(db, &mine, record, got);
	for (size_t i = 0; i < KEY_CLASSES && !e; i++) {
		if (got[i].n > sizeof(bytes[i]))
			e = E_CORRUPT;
		else if (got[i].n)
			memcpy(bytes[i], got[i].p, got[i].n);
	}
	arena_end(&mine);
	readers_return(s->readers, db);
	for (size_t i = 0; i < KEY_CLASSES && !e; i++)
		ret[i] = str_copy(a, (struct str){ bytes[i], got[i].n });
	return e;
}

/* records: RECORD_COLUMNS of sql.c. Their ids lie together, for records are filed about when they are made. */
enum err keystore_page(struct call *c, struct arena *a, const struct rows *records, struct key_page *ret)
{
	struct keystore *s = c->k->keystore;
	int64_t from = INT64_MAX, to = INT64_MIN;
	struct db *db;
	enum err e;

	*ret = (struct key_page){ { 0 } };
	for (size_t i = 0; i < records->n; i++) {
		int64_t id = row_int(records, i, 0);

		from = id < from ? id : from;
		to = id > to ? id : to;
	}
	e = records->n ? readers_borrow(s->readers, &db) : E_ABSENT;
	if (e)
		return records->n ? e : OK;
	e = db_ask(db, a, keystore_sql[KS_SPAN], VALS(V_I(from), V_I(to)), &ret->rows);
	readers_return(s->readers, db);
	return e;
}

static bool in_page(const struct key_page *p, int64_t record, struct str ret[KEY_CLASSES])
{
	size_t from = 0, to = p ? p->rows.n : 0;

	while (from < to) {
		size_t mid = from + (to - from) / 2;
		int64_t id = row_int(&p->rows, mid, 0);

		if (id == record) {
			for (size_t i = 0; i < KEY_CLASSES; i++)
				ret[i] = row_str(&p->rows, mid, 1 + i);
			return true;
		}
		if (id < record)
			from = mid + 1;
		else
			to = mid;
	}
	return false;
}

/* The wrapped keys of a record; empty: destroyed, or never there. */
enum err keystore_get(struct call *c, int64_t record, struct str ret[KEY_CLASSES])
{
	struct keystore *s = c->k->keystore;
	const bool writer = c->db && c->db == c->k->db;

	if (in_page(c->keys, record, ret))
		return OK;
	for (size_t i = s->n; writer && i > 0; i--)
		if (s->row[i - 1].record == record) {
			for (size_t k = 0; k < KEY_CLASSES; k++)
				ret[k] = str_copy(c->arena, key_of(&s->row[i - 1], k));
			return OK;
		}
	return writer ? ask_keys(s->db, c->arena, record, ret) : ask_reader(s, c->arena, record, ret);
}

/* An older keystore beside a newer store: the newest record has no keys here. Whoever has no newer one says so in suyuan.json, and what was
 * withheld in the records between is lost. */
enum err keystore_covers(struct kernel *k, char why[300])
{
	struct str key[KEY_CLASSES] = { { NULL, 0 } };
	struct arena a;
	struct rows r;
	enum err e;

	arena_init(&a, 1 << 16, NULL);
	e = db_ask(k->db, &a, kernel_sql[SQL_RECORD_NEWEST], NO_VALS, &r);
	if (!e && r.n)
		e = ask_keys(k->keystore->db, &a, row_int(&r, 0, 0), key);
	if (!e && r.n && !key[KEY_PUBLIC].n && !key[KEY_BUSINESS].n && !key[KEY_PERSON].n && row_int(&r, 0, 1) == 0 &&
	    !str_is(kernel_setting(k, "keystore_older"), "accepted")) {
		explain(why, "密钥库比记录旧（恢复了旧的密钥库？）：最新的记录没有密钥。请用较新的密钥库；确实没有时在 suyuan.json 里写 \"keystore_older\": \"accepted\""
		        " / the keystore is older than the records: bring back a newer one");
		e = E_CORRUPT;
	}
	arena_end(&a);
	return e;
}

/* ---- moving in, and backups ---- */

struct moving { struct keystore *s; struct db *from; };

static enum err move_row(void *ctx, const struct val *row, size_t cols)
{
	struct moving *m = ctx;

	(void)cols;
	db_tell(m->s->db, keystore_sql[KS_PUT], row, 4);
	return db_sticky(m->s->db);
}

/* Homes of earlier versions kept the keys among the records. */
enum err keystore_move_in(struct kernel *k)
{
	struct moving m = { k->keystore, k->db };
	enum err e = db_begin(m.s->db);

	if (!e)
		e = db_each(k->db, "SELECT record, pub, biz, per FROM record_key", NO_VALS, move_row, &m);
	return db_end(m.s->db, e);
}

enum err kernel_backup_keys(struct kernel *k, const char *to, char why[300])
{
	enum err e = k->keystore && k->keystore->db ? db_backup(k->keystore->db, to) : E_STATE;

	why[0] = 0;
	if (e)
		snprintf(why, 300, "backup-keys: %s", err_en(e));
	return e;
}
