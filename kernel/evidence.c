/* kernel/evidence.c - the glue between the store and the log: tiles and heads in tables, the writer's hooks, receipts. */
#include "kernel/inside.h"

static enum err tile_from(void *ctx, unsigned level, uint64_t n, unsigned char ret[TILE_BYTES])
{
	struct db **db = ctx;
	struct arena a;
	struct rows r;
	enum err e;

	arena_init(&a, 4 * TILE_BYTES + 4096, NULL);
	e = db_ask(*db, &a, kernel_sql[SQL_TILE_GET], VALS(V_I(level), V_I((int64_t)n)), &r);
	if (!e && (r.n != 1 || row_str(&r, 0, 0).n != TILE_BYTES))
		e = E_ABSENT;
	if (!e)
		memcpy(ret, row_str(&r, 0, 0).p, TILE_BYTES);
	arena_end(&a);
	return e;
}

struct tile_source tiles_over(struct db **db) { return (struct tile_source){ db, tile_from }; }

struct tail {
	struct hash h[TILE_WIDTH];
	size_t n;
};

static enum err tail_row(void *ctx, const struct val *row, size_t cols)
{
	struct tail *t = ctx;

	(void)cols;
	if (t->n == TILE_WIDTH)
		return E_CORRUPT;
	t->h[t->n++] = tree_leaf(HASH_SHA256, row[0].s);
	return OK;
}

static enum err resume_from(struct kernel *k, struct db **db)
{
	struct log_head head = { .root = tree_empty(HASH_SHA256) };
	struct tail tail = { .n = 0 };
	struct tile_source src = tiles_over(db);
	struct arena a;
	struct rows r;
	enum err e;

	arena_init(&a, 1 << 16, NULL);
	e = db_ask(*db, &a, kernel_sql[SQL_HEAD_LAST], NO_VALS, &r);
	if (!e && r.n) {
		head.size = (uint64_t)row_int(&r, 0, 0);
		if (row_str(&r, 0, 1).n == HASH_LEN)
			memcpy(head.root.b, row_str(&r, 0, 1).p, HASH_LEN);
	}
	arena_end(&a);
	if (!e)
		e = db_each(*db, kernel_sql[SQL_ENTRY_TAIL], VALS(V_I((int64_t)(head.size & ~(uint64_t)(TILE_WIDTH - 1)))), tail_row, &tail);
	return e ? e : log_resume(k->log, &head, &src, tail.h, tail.n);
}

/* Beside a running server the head and the entries are read in one transaction: between two reads the log may have grown. */
enum err evidence_resume(struct kernel *k)
{
	struct db *db = NULL;
	enum err e;

	if (k->db)
		return resume_from(k, &k->db);
	e = readers_borrow(k->readers, &db);
	if (!e)
		e = db_begin(db);
	if (!e)
		e = db_end(db, resume_from(k, &db));
	readers_return(k->readers, db);
	return e;
}

static void hook_mark(void *ctx)
{
	struct kernel *k = ctx;

	log_mark(k->log);
}

static void hook_rewind(void *ctx)
{
	struct kernel *k = ctx;

	log_rewind(k->log);
}

static enum err hook_seal(void *ctx, struct db *db)
{
	struct kernel *k = ctx;
	size_t n;
	const struct pending_tile *t = log_pending(k->log, &n);
	struct log_head head;

	if (!log_grew(k->log))
		return OK;
	for (size_t i = 0; i < n; i++)
		db_tell(db, kernel_sql[SQL_TILE_PUT], VALS(V_I(t[i].level), V_I((int64_t)t[i].n), V_B(((struct str){ (const char *)t[i].bytes, TILE_BYTES }))));
	head = log_next_head(k->log);
	db_tell(db, kernel_sql[SQL_HEAD_PUT], VALS(V_I((int64_t)head.size), V_B(hash_str(&head.root)), V_I(k->group_at)));
	return db_sticky(db);
}

static enum err hook_publish(void *ctx)
{
	struct kernel *k = ctx;
	struct log_head head = log_next_head(k->log);
	enum err e = log_grew(k->log) ? guard_put(k, &head) : OK;

	if (!e && log_grew(k->log))
		e = log_publish(k->log);
	if (!e)
		for (size_t i = 0; i < k->n_modules; i++)
			if (k->modules[i]->committed)
				k->modules[i]->committed(k);
	return e;
}

static void hook_undo(void *ctx)
{
	struct kernel *k = ctx;

	log_undo(k->log);
}

static void hook_answered(void *ctx) { answers_hand_over(ctx); }

struct writer_hooks evidence_hooks(struct kernel *k)
{
	return (struct writer_hooks){ k, hook_mark, hook_rewind, hook_seal, hook_publish, hook_undo, hook_answered };
}

/* The receipt of an entry is always given against the first head that covers it, so asking twice gives the same bytes. */
static enum err head_over(struct call *c, uint64_t index, struct log_head *ret)
{
	struct rows r;
	enum err e;

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
	enum err e = head_over(c, index, &head);

	return e ? e : log_receipt(c->k->log, c->arena, &src, index, &head, canon_str(c->arena, extra), ret);
}

enum err call_receipt(struct call *c, uint64_t index, struct str leaf, const struct str *disclosures, size_t n, struct str *ret)
{
	struct log_head head;
	struct node *extra = node_obj(c->arena), *list;
	struct tile_source src = tiles_over(&c->db);
	enum err e = head_over(c, index, &head);

	if (e)
		return e;
	list = put_arr(c->arena, extra, "disclosures");
	for (size_t i = 0; i < n; i++)
		if (disclosures[i].n)
			node_add(list, node_str(c->arena, disclosures[i]));
	put_str(c->arena, extra, "leaf", base64_str(c->arena, leaf.p, leaf.n));
	return log_receipt(c->k->log, c->arena, &src, index, &head, canon_str(c->arena, extra), ret);
}
