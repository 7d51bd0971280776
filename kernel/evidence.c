/* kernel/evidence.c - the glue between the store and the log: tiles and heads in tables, the writer's hooks, receipts. */
#include "kernel/inside.h"

static enum err tile_from(void *ctx, enum tree_id t, unsigned level, uint64_t n, unsigned char ret[TILE_BYTES])
{
	struct db **db = ctx;
	struct arena a;
	struct rows r;
	enum err e;

	arena_init(&a, 4 * TILE_BYTES + 4096, NULL);
	e = db_ask(*db, &a, kernel_sql[t == TREE_SM3 ? SQL_TILE_SM3_GET : SQL_TILE_GET], VALS(V_I(level), V_I((int64_t)n)), &r);
	if (!e && (r.n != 1 || row_str(&r, 0, 0).n != TILE_BYTES))
		e = E_ABSENT;
	if (!e)
		memcpy(ret, row_str(&r, 0, 0).p, TILE_BYTES);
	arena_end(&a);
	return e;
}

struct tile_source tiles_over(struct db **db) { return (struct tile_source){ db, tile_from }; }

struct tail {
	struct hash h[TREES][TILE_WIDTH];
	size_t n, trees;
};

static enum err tail_row(void *ctx, const struct val *row, size_t cols)
{
	struct tail *t = ctx;

	(void)cols;
	if (t->n == TILE_WIDTH)
		return E_CORRUPT;
	for (size_t i = 0; i < t->trees; i++)
		t->h[i][t->n] = tree_leaf(tree_hash((enum tree_id)i), row[0].s);
	t->n++;
	return OK;
}

static bool root_of(const struct rows *r, size_t col, struct hash *ret)
{
	if (row_str(r, 0, col).n != HASH_LEN)
		return false;
	memcpy(ret->b, row_str(r, 0, col).p, HASH_LEN);
	return true;
}

static enum err resume_from(struct kernel *k, struct db **db)
{
	struct log_resume at = { .n_tail = 0 };
	struct tail tail = { .trees = log_has(k->log, TREE_SM3) ? TREES : 1 };
	struct tile_source src = tiles_over(db);
	struct arena a;
	struct rows r;
	enum err e;

	arena_init(&a, 1 << 16, NULL);
	e = db_ask(*db, &a, kernel_sql[SQL_HEAD_LAST], NO_VALS, &r);
	for (size_t i = 0; !e && i < tail.trees; i++) {
		at.head[i].root = tree_empty(tree_hash((enum tree_id)i));
		at.head[i].size = r.n ? (uint64_t)row_int(&r, 0, 0) : 0;
		if (r.n && !root_of(&r, i + 1, &at.head[i].root))
			e = E_CORRUPT;
	}
	arena_end(&a);
	if (!e)
		e = db_each(*db, kernel_sql[SQL_ENTRY_TAIL], VALS(V_I((int64_t)(at.head[0].size & ~(uint64_t)(TILE_WIDTH - 1)))), tail_row, &tail);
	for (size_t i = 0; i < tail.trees; i++)
		at.tail[i] = tail.h[i];
	at.n_tail = tail.n;
	if (!e)
		e = log_resume(k->log, &at, &src);
	if (!e && k->forgot && at.head[0].size)
		e = E_STATE;                    /* what was signed is not known: nothing is signed on */
	return e ? e : log_publish(k->log, &src);
}

/* E_STATE: signed was more than the store holds; E_CORRUPT: the store disagrees with itself, or with what was signed. Beside a running
 * server the head and the entries are read in one transaction: between two reads the log may have grown. */
enum err evidence_resume(struct kernel *k)
{
	struct db *db = NULL;
	enum err e;

	if (k->db) {
		k->tiles = tiles_over(&k->db);
		e = resume_from(k, &k->db);
		return e ? e : log_publish_second(k->log, &k->tiles);
	}
	e = readers_borrow(k->readers, &db);
	if (!e)
		e = db_begin(db);
	if (!e)
		e = db_end(db, resume_from(k, &db));
	readers_return(k->readers, db);
	return e;
}

/* Each second: the checkpoint of the second tree. */
void evidence_tick(struct kernel *k)
{
	struct db *db;
	struct tile_source src;
	enum err e;

	if (!log_has(k->log, TREE_SM3) || readers_borrow(k->readers, &db))
		return;
	src = tiles_over(&db);
	e = log_publish_second(k->log, &src);
	readers_return(k->readers, db);
	if (e)
		say(SAY_WARN, "the checkpoint of the SM3 tree was not signed: %s", err_en(e));
}

static void hook_mark(void *ctx)
{
	struct kernel *k = ctx;

	log_mark(k->log);
	keystore_mark(k->keystore);
}

static void hook_rewind(void *ctx)
{
	struct kernel *k = ctx;

	log_rewind(k->log);
	keystore_rewind(k->keystore);
}

static enum err hook_seal(void *ctx, struct db *db)
{
	static const int put[TREES] = { SQL_TILE_PUT, SQL_TILE_SM3_PUT };
	struct kernel *k = ctx;
	const bool second = log_has(k->log, TREE_SM3);
	struct log_head head, head_sm3;

	if (!log_grew(k->log))
		return OK;
	for (int t = 0; t < (second ? TREES : 1); t++) {
		size_t n;
		const struct pending_tile *p = log_pending(k->log, (enum tree_id)t, &n);

		for (size_t i = 0; i < n; i++)
			db_tell(db, kernel_sql[put[t]], VALS(V_I(p[i].level), V_I((int64_t)p[i].n), V_B(((struct str){ (const char *)p[i].bytes, TILE_BYTES }))));
	}
	head = log_next_head(k->log, TREE_SHA256);
	if (second)
		head_sm3 = log_next_head(k->log, TREE_SM3);
	db_tell(db, kernel_sql[SQL_HEAD_PUT], VALS(V_I((int64_t)head.size), V_B(hash_str(&head.root)), V_I(k->group_at), second ? V_B(hash_str(&head_sm3.root)) : V_NULL));
	return db_sticky(db) ? db_sticky(db) : keystore_seal(k->keystore);
}

static enum err hook_publish(void *ctx)
{
	struct kernel *k = ctx;
	const bool erased = keystore_destroys(k->keystore);
	enum err e = log_grew(k->log) ? log_publish(k->log, &k->tiles) : OK;

	if (!e)
		e = keystore_settle(k->keystore);
	/* what was erased stands in older pages of the write-ahead log, and in the file until that is copied into it */
	if (!e && erased && !db_is_pg(k->db) && db_exec(k->db, "PRAGMA wal_checkpoint(TRUNCATE)"))
		say(SAY_WARN, "erasing: checkpoint of the write-ahead log: %s", db_why(k->db));
	for (size_t i = 0; i < k->n_modules && !e; i++)
		if (k->modules[i]->committed)
			k->modules[i]->committed(k);
	return e;
}

static void hook_undo(void *ctx)
{
	struct kernel *k = ctx;

	log_undo(k->log);
	keystore_forget(k->keystore);
}

static void hook_answered(void *ctx) { answers_hand_over(ctx); }

struct writer_hooks evidence_hooks(struct kernel *k)
{
	return (struct writer_hooks){ k, hook_mark, hook_rewind, hook_seal, hook_publish, hook_undo, hook_answered };
}

/* The receipt of an entry is given against the first head that covers it and has the quorum of the policy; while there is none, against the first
 * that covers it. So asking twice gives the same bytes, from the quorum on for ever. */
static enum err head_over(struct call *c, uint64_t index, struct log_head *ret, struct str *ret_lines)
{
	struct rows r;
	enum err e = cosigned_over(c, index, ret, ret_lines);

	if (e != E_ABSENT)
		return e;
	if (log_head_over(c->k->log, index, ret))
		return OK;
	e = db_ask(c->db, c->arena, kernel_sql[SQL_HEAD_OVER], VALS(V_I((int64_t)index)), &r);
	if (e)
		return e;
	if (r.n == 0 || row_str(&r, 0, 1).n != HASH_LEN)
		return E_ABSENT;
	ret->size = (uint64_t)row_int(&r, 0, 0);
	memcpy(ret->root.b, row_str(&r, 0, 1).p, HASH_LEN);
	return OK;
}

enum err call_proof(struct call *c, uint64_t index, const struct node *extra, struct str *ret)
{
	struct log_head head;
	struct tile_source src = tiles_over(&c->db);
	struct receipt_of q = { .tree = TREE_SHA256, .index = index, .at = &head };
	enum err e = head_over(c, index, &head, &q.lines);

	if (e)
		return e;
	q.extra = canon_str(c->arena, extra);
	return log_receipt(c->k->log, c->arena, &src, &q, ret);
}

enum err call_receipt(struct call *c, uint64_t index, struct str leaf, struct str *ret)
{
	return call_proof(c, index, extra_of(c->arena, leaf, NULL, NULL, NULL), ret);
}
