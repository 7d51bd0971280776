/* log/receipt.c - reading the log as shown: tiles, proofs, receipts, checkpoints. Any thread. */
#include "log/inside.h"

enum err log_tile(struct log *g, const struct tile_source *src, enum tree_id t, unsigned level, uint64_t n, unsigned width, unsigned char ret[TILE_BYTES])
{
	unsigned have;
	enum err e = OK;

	if (!log_has(g, t) || level >= LOG_LEVELS || width < 1 || width > TILE_WIDTH)
		return E_ABSENT;
	pthread_rwlock_rdlock(&g->lock);
	have = tile_width(g->tree[t].shown.f.size, level, n);
	if (have < width)
		e = E_ABSENT;
	else if (have < TILE_WIDTH)
		memcpy(ret, g->tree[t].shown.open[level], (size_t)width * HASH_LEN);
	pthread_rwlock_unlock(&g->lock);
	return e || have < TILE_WIDTH ? e : src->tile(src->ctx, t, level, n, ret);
}

/* ---- proofs: one tile of each level, for a path reads many hashes of few tiles ---- */

struct proof_ctx {
	struct log *g;
	const struct tile_source *src;
	enum tree_id tree;
	bool work;                /* the writer's edge instead of the shown one */
	struct arena *a;
	struct node_memory memory;
	struct { uint64_t n; unsigned width; unsigned char *bytes; } tile[LOG_LEVELS];      /* width: hashes there when it was read */
};

static enum err load_tile(struct proof_ctx *c, unsigned level, uint64_t n)
{
	const struct tree *t = &c->g->tree[c->tree];
	unsigned char *to = c->tile[level].bytes ? c->tile[level].bytes : arena_take(c->a, TILE_BYTES);
	unsigned have = TILE_WIDTH;
	enum err e = OK;

	c->tile[level].bytes = to;
	c->tile[level].width = 0;
	if (c->work) {
		e = tree_work_tile(t, c->src, level, n, to);
	} else {
		pthread_rwlock_rdlock(&c->g->lock);
		have = tile_width(t->shown.f.size, level, n);
		if (have < TILE_WIDTH)
			memcpy(to, t->shown.open[level], (size_t)have * HASH_LEN);
		pthread_rwlock_unlock(&c->g->lock);
		if (have == TILE_WIDTH)
			e = c->src ? c->src->tile(c->src->ctx, c->tree, level, n, to) : E_ABSENT;
	}
	c->tile[level].width = e ? 0 : have;
	c->tile[level].n = n;
	return e;
}

static enum err proof_hash(void *ctx, unsigned level, uint64_t index, struct hash *ret)
{
	struct proof_ctx *c = ctx;
	uint64_t n = index >> 8;

	/* of an unfinished tile there may be more by now */
	if (c->tile[level].n != n || (index & (TILE_WIDTH - 1)) >= c->tile[level].width) {
		enum err e = load_tile(c, level, n);

		if (e)
			return e;
	}
	memcpy(ret->b, c->tile[level].bytes + (size_t)(index & (TILE_WIDTH - 1)) * HASH_LEN, HASH_LEN);
	return OK;
}

static struct proof_ctx *proof_begin(struct log *g, struct arena *a, const struct tile_source *src, enum tree_id t)
{
	struct proof_ctx *c = TAKE(a, struct proof_ctx, 1);

	*c = (struct proof_ctx){ .g = g, .src = src, .tree = t, .a = a };
	return c;
}

static enum err prove_with(struct proof_ctx *c, struct extension *x)
{
	return prove_consistency(tree_hash(x->tree), &(struct hash_reader){ proof_hash, c, &c->memory }, x->from.size, x->to.size, x->proof, &x->n);
}

enum err log_prove(struct log *g, const struct tile_source *src, bool work, struct extension *x)
{
	struct arena a;
	struct proof_ctx *c;
	enum err e;

	arena_init(&a, 1 << 20, NULL);
	c = proof_begin(g, &a, src, x->tree);
	c->work = work;
	e = prove_with(c, x);
	arena_end(&a);
	return e;
}

enum err log_consistency(struct log *g, const struct tile_source *src, uint64_t old, uint64_t size, struct hash ret[MERKLE_MAX_PROOF], size_t *ret_n)
{
	struct extension x = { .tree = TREE_SHA256, .from.size = old, .to.size = size };
	enum err e = size > log_shown(g).size ? E_ABSENT : log_prove(g, src, false, &x);

	if (e)
		return e;
	memcpy(ret, x.proof, x.n * sizeof(*ret));
	*ret_n = x.n;
	return OK;
}

enum err log_root_at(struct log *g, struct arena *a, const struct tile_source *src, enum tree_id t, uint64_t size, struct hash *ret)
{
	struct proof_ctx *c = proof_begin(g, a, src, t);

	return size > log_shown_of(g, t).size ? E_ABSENT : root_at(tree_hash(t), &(struct hash_reader){ proof_hash, c, &c->memory }, size, ret);
}

/* ---- notes ---- */

struct note { char text[LOG_NOTE_MAX]; size_t n; };

/* Under the lock, so not into an arena, which may jump. */
static void copy_note(const struct signed_head *s, struct note *to)
{
	memcpy(to->text, s->note, s->n);
	to->n = s->n;
}

/* c: of the proof this note is for, which read about the same tiles. */
static enum err sign_again(struct proof_ctx *c, struct extension *x, struct str *ret)
{
	struct log *g = c->g;
	enum err e;

	pthread_rwlock_rdlock(&g->lock);
	x->to = x->tree == TREE_SM3 ? g->second.head : g->shown_head[x->tree];
	pthread_rwlock_unlock(&g->lock);
	e = prove_with(c, x);
	return e ? e : log_sign(g, x, c->a, ret);
}

/* The note of a head: found among the recent ones, or signed again. Ed25519 is deterministic, so that line is the same either way. */
static enum err note_of(struct proof_ctx *c, const struct log_head *h, struct str *ret)
{
	enum { TRIES = 4 };
	struct log *g = c->g;
	enum tree_id t = c->tree;
	struct extension x = { .tree = t, .from = *h, .again = true };
	struct note note = { .n = 0 };
	enum err e = E_STATE;

	pthread_rwlock_rdlock(&g->lock);
	for (size_t i = 0; i < RECENT && t == TREE_SHA256 && !note.n; i++)
		if (g->recent[i].n && same_head(&g->recent[i].head, h))
			copy_note(&g->recent[i], &note);
	if (t == TREE_SM3 && same_head(&g->second.head, h))
		copy_note(&g->second, &note);
	pthread_rwlock_unlock(&g->lock);
	if (note.n) {
		*ret = str_copy(c->a, (struct str){ note.text, note.n });
		return OK;
	}
	for (int i = 0; i < TRIES && e == E_STATE; i++)      /* the signer may have forgotten a head that was the newest a moment ago */
		e = sign_again(c, &x, ret);
	return e;
}

enum err log_checkpoint(struct log *g, struct arena *a, enum tree_id t, struct str *ret)
{
	struct note note;

	pthread_rwlock_rdlock(&g->lock);
	copy_note(t == TREE_SM3 ? &g->second : &g->recent[(g->n_recent + RECENT - 1) % RECENT], &note);
	pthread_rwlock_unlock(&g->lock);
	if (!note.n)
		return E_ABSENT;
	*ret = str_copy(a, (struct str){ note.text, note.n });
	return OK;
}

enum err log_receipt(struct log *g, struct arena *a, const struct tile_source *src, const struct receipt_of *q, struct str *ret)
{
	enum hash_id id = tree_hash(q->tree);
	struct proof_ctx *c = proof_begin(g, a, src, q->tree);
	struct hash_reader r = { proof_hash, c, &c->memory };
	struct tlog_proof p = { .extra = q->extra, .index = q->index };
	struct hash leaf, root;
	enum err e;

	if (q->at->size > log_shown_of(g, q->tree).size)     /* the edge would answer with slots of another tile */
		return E_ABSENT;
	e = prove_inclusion(id, &r, q->index, q->at->size, p.path, &p.n_path);
	if (!e)
		e = proof_hash(c, 0, q->index, &leaf);
	if (e)
		return e;
	/* a head somebody changed in the store is not signed: it must be the root of this very tree */
	if (!tree_root_from_path(id, 0x01, &leaf, q->index, q->at->size, p.path, p.n_path, &root) || !same_bytes(root.b, q->at->root.b, HASH_LEN))
		return E_CORRUPT;
	if (q->lines.n)
		p.checkpoint = str_fmt(a, "%.*s\n%.*s", STR_ARG(checkpoint_text(a, tree_origin(a, g->origin, q->tree), q->at->size, &q->at->root)), STR_ARG(q->lines));
	else
		e = note_of(c, q->at, &p.checkpoint);
	if (!e)
		*ret = proof_str(a, &p);
	return e;
}
