/* log/log.c - see log.h. Two edges: `work` is the writer's, `shown` is what was signed and may be told to anybody. */
#include <pthread.h>

#include "log/log.h"

enum { PENDING_MAX = 64, RECENT = 32 };

struct edge {
	struct frontier f;
	unsigned char open[LOG_LEVELS][TILE_BYTES];   /* the unfinished tile of each level */
};

struct log {
	char origin[256];
	struct sign_key *key;
	unsigned char pub[65];
	size_t n_pub;
	unsigned char key_id[4];
	struct edge work, shown;
	struct log_head shown_head;
	struct pending_tile *pending;
	size_t n_pending, cap_pending;
	struct {
		struct frontier f;
		size_t n_pending;
	} mark;
	struct signed_head {            /* the last heads shown, with their notes: most receipts are against one of them */
		struct log_head head;
		char note[LOG_NOTE_MAX];
		size_t n, n_own;        /* with cosignatures, and without */
	} recent[RECENT];
	size_t n_recent;
	pthread_rwlock_t lock;          /* guards shown, shown_head and recent */
};

enum err log_open(const char *origin, const unsigned char seed[SEED_LEN], struct log **ret)
{
	struct log *g = calloc(1, sizeof(*g));
	enum err e;

	if (!g)
		return E_IO;
	snprintf(g->origin, sizeof(g->origin), "%s", origin);
	pthread_rwlock_init(&g->lock, NULL);
	/* a name cut short would be another log's */
	e = note_name_ok(str_of(g->origin)) && strlen(origin) < sizeof(g->origin) ? sign_key_from_seed(SIGN_ED25519, seed, &g->key) : E_BAD;
	if (!e)
		e = sign_public(g->key, g->pub, &g->n_pub);
	if (e) {
		log_close(g);
		return e;
	}
	note_key_id(str_of(g->origin), NOTE_ED25519, (struct str){ (const char *)g->pub, g->n_pub }, g->key_id);
	g->shown_head.root = tree_empty(HASH_SHA256);
	*ret = g;
	return OK;
}

static void drop_pending(struct log *g, size_t keep)
{
	while (g->n_pending > keep)
		free((void *)(uintptr_t)g->pending[--g->n_pending].bytes);
}

void log_close(struct log *g)
{
	if (!g)
		return;
	drop_pending(g, 0);
	free(g->pending);
	if (g->key)
		sign_key_free(g->key);
	pthread_rwlock_destroy(&g->lock);
	free(g);
}

struct str log_origin(const struct log *g) { return str_of(g->origin); }

struct str log_vkey(const struct log *g, struct arena *a)
{
	return vkey_str(a, str_of(g->origin), NOTE_ED25519, (struct str){ (const char *)g->pub, g->n_pub });
}

static struct hash slot_get(const unsigned char *tile, size_t i)
{
	struct hash h;

	memcpy(h.b, tile + i * HASH_LEN, HASH_LEN);
	return h;
}

static struct hash tile_root(const unsigned char *tile)
{
	struct hash all[TILE_WIDTH];

	memcpy(all, tile, TILE_BYTES);
	return tree_root(HASH_SHA256, 0x01, all, TILE_WIDTH);
}

/* ---- adding ---- */

static void keep_tile(struct log *g, unsigned level, uint64_t n, const unsigned char *tile)
{
	unsigned char *bytes = malloc(TILE_BYTES);

	if (g->n_pending == g->cap_pending) {
		size_t cap = g->cap_pending ? g->cap_pending * 2 : PENDING_MAX;
		struct pending_tile *p = realloc(g->pending, cap * sizeof(*p));

		if (!p)
			abort();                /* no memory to write evidence down: nothing was promised yet */
		g->pending = p;
		g->cap_pending = cap;
	}
	if (!bytes)
		abort();
	memcpy(bytes, tile, TILE_BYTES);
	g->pending[g->n_pending++] = (struct pending_tile){ level, n, bytes };
}

static void add_leaf(struct log *g, struct edge *w, const struct hash *leaf)
{
	struct hash up = *leaf;
	uint64_t at = w->f.size;

	frontier_add(HASH_SHA256, &w->f, leaf);
	for (unsigned level = 0; level < LOG_LEVELS; level++, at >>= 8) {
		size_t slot = (size_t)(at & (TILE_WIDTH - 1));

		memcpy(w->open[level] + slot * HASH_LEN, up.b, HASH_LEN);
		if (slot != TILE_WIDTH - 1)
			return;
		if (g)
			keep_tile(g, level, at >> 8, w->open[level]);
		up = tile_root(w->open[level]);
	}
}

uint64_t log_add(struct log *g, struct str entry)
{
	struct hash leaf = tree_leaf(HASH_SHA256, entry);
	uint64_t at = g->work.f.size;

	add_leaf(g, &g->work, &leaf);
	return at;
}

void log_mark(struct log *g)
{
	g->mark.f = g->work.f;
	g->mark.n_pending = g->n_pending;
}

/* Slots below the mark were not overwritten unless their tile was finished; then its bytes are in the pending list. */
void log_rewind(struct log *g)
{
	for (size_t i = g->n_pending; i > g->mark.n_pending; i--)
		memcpy(g->work.open[g->pending[i - 1].level], g->pending[i - 1].bytes, TILE_BYTES);
	drop_pending(g, g->mark.n_pending);
	g->work.f = g->mark.f;
}

const struct pending_tile *log_pending(const struct log *g, size_t *ret_n)
{
	*ret_n = g->n_pending;
	return g->pending;
}

struct log_head log_next_head(const struct log *g)
{
	return (struct log_head){ g->work.f.size, g->work.f.size ? frontier_root(HASH_SHA256, &g->work.f) : tree_empty(HASH_SHA256) };
}

bool log_grew(const struct log *g) { return g->work.f.size != g->shown.f.size; }

/* ---- publishing ---- */

/* The root a second way: from the open tiles instead of the frontier. Finds a flipped bit in either before it is signed. */
static enum err second_opinion(const struct edge *w, const struct log_head *head)
{
	struct hash acc = tree_empty(HASH_SHA256);
	bool have = false;

	for (unsigned level = 0; level < LOG_LEVELS; level++) {
		size_t width = (size_t)(w->f.size >> (8 * level) & (TILE_WIDTH - 1)), from = width, size = 1;

		/* the tile's own right edge: subtrees of its width, smallest first */
		for (; size <= width; size <<= 1) {
			struct hash part[TILE_WIDTH], sub;

			if (!(width & size))
				continue;
			from -= size;
			memcpy(part, w->open[level] + from * HASH_LEN, size * HASH_LEN);
			sub = tree_root(HASH_SHA256, 0x01, part, size);
			acc = have ? tree_node(HASH_SHA256, &sub, &acc) : sub;
			have = true;
		}
	}
	return same_bytes(acc.b, head->root.b, HASH_LEN) ? OK : E_CORRUPT;
}

static struct str sign_head(struct log *g, struct arena *a, const struct log_head *h)
{
	struct str body = checkpoint_text(a, str_of(g->origin), h->size, &h->root);
	unsigned char sig[SIG_LEN];

	if (sign_make(g->key, body, sig))
		return S("");
	return str_fmt(a, "%.*s\n%.*s", STR_ARG(body),
	               STR_ARG(note_sign_line(a, str_of(g->origin), g->key_id, (struct str){ (const char *)sig, SIG_LEN })));
}

static void copy_edge(struct edge *to, const struct edge *from)
{
	to->f = from->f;
	for (unsigned level = 0; level < LOG_LEVELS && from->f.size >> (8 * level); level++)
		memcpy(to->open[level], from->open[level], (size_t)(from->f.size >> (8 * level) & (TILE_WIDTH - 1)) * HASH_LEN);
}

enum err log_publish(struct log *g)
{
	struct log_head head = log_next_head(g);
	enum err e = second_opinion(&g->work, &head);
	struct signed_head *slot = &g->recent[g->n_recent % RECENT];
	struct arena a;
	struct str note;

	if (e)
		return e;
	arena_init(&a, 16384, NULL);
	note = sign_head(g, &a, &head);
	if (note.n == 0 || note.n > sizeof(slot->note))
		e = E_CRYPTO;
	pthread_rwlock_wrlock(&g->lock);
	if (!e) {
		copy_edge(&g->shown, &g->work);
		g->shown_head = head;
		slot->head = head;
		slot->n = slot->n_own = note.n;
		memcpy(slot->note, note.p, note.n);
		g->n_recent++;
	}
	pthread_rwlock_unlock(&g->lock);
	arena_end(&a);
	if (e)
		return e;
	drop_pending(g, 0);
	return OK;
}

void log_undo(struct log *g)
{
	copy_edge(&g->work, &g->shown);
	drop_pending(g, 0);
}

enum err log_resume(struct log *g, const struct log_head *expect, const struct tile_source *src, const struct hash *tail, size_t n_tail)
{
	struct edge *w = &g->work;
	struct log_head head;

	if (n_tail != (expect->size & (TILE_WIDTH - 1)))
		return E_CORRUPT;
	memset(w, 0, sizeof(*w));
	for (size_t i = 0; i < n_tail; i++)
		memcpy(w->open[0] + i * HASH_LEN, tail[i].b, HASH_LEN);
	for (unsigned level = 1; level < LOG_LEVELS; level++) {
		uint64_t total = expect->size >> (8 * level), first = total & ~(uint64_t)(TILE_WIDTH - 1);

		for (uint64_t n = first; n < total; n++) {
			unsigned char below[TILE_BYTES];
			struct hash root;
			enum err e = src->tile(src->ctx, level - 1, n, below);

			if (e)
				return e == E_ABSENT ? E_CORRUPT : e;
			root = tile_root(below);
			memcpy(w->open[level] + (n - first) * HASH_LEN, root.b, HASH_LEN);
		}
	}
	w->f.size = expect->size;
	for (int bit = 0; bit < 64; bit++) {
		unsigned level = (unsigned)bit / 8;
		uint64_t in_tile = expect->size >> (8 * level) & (TILE_WIDTH - 1);
		size_t size = (size_t)1 << (bit % 8), from = (size_t)(in_tile & ~(uint64_t)(2 * size - 1));
		struct hash part[TILE_WIDTH];

		if (!(expect->size >> bit & 1))
			continue;
		memcpy(part, w->open[level] + from * HASH_LEN, size * HASH_LEN);
		w->f.at[bit] = tree_root(HASH_SHA256, 0x01, part, size);
	}
	head = log_next_head(g);
	return same_bytes(head.root.b, expect->root.b, HASH_LEN) ? log_publish(g) : E_CORRUPT;
}

/* ---- what any thread may ask ---- */

struct log_head log_shown(struct log *g)
{
	struct log_head h;

	pthread_rwlock_rdlock(&g->lock);
	h = g->shown_head;
	pthread_rwlock_unlock(&g->lock);
	return h;
}

/* The note of a head: found among the recent ones, or signed again. Ed25519 is deterministic, so it is the same either way. */
static struct str note_of(struct log *g, struct arena *a, const struct log_head *h)
{
	char *p = arena_take(a, sizeof(g->recent[0].note));
	size_t n = 0;

	pthread_rwlock_rdlock(&g->lock);
	for (size_t i = 0; i < RECENT && !n; i++)
		if (g->recent[i].n && g->recent[i].head.size == h->size && same_bytes(g->recent[i].head.root.b, h->root.b, HASH_LEN)) {
			n = g->recent[i].n;
			memcpy(p, g->recent[i].note, n);
		}
	pthread_rwlock_unlock(&g->lock);
	return n ? (struct str){ p, n } : sign_head(g, a, h);
}

/* Only certain when an earlier head, one that does not cover the entry, is remembered too. */
bool log_head_over(struct log *g, uint64_t index, struct log_head *ret)
{
	const struct log_head *over = NULL;
	bool before = false;

	pthread_rwlock_rdlock(&g->lock);
	for (size_t i = 0; i < RECENT; i++) {
		const struct log_head *h = &g->recent[i].head;

		if (!g->recent[i].n)
			continue;
		if (h->size <= index)
			before = true;
		else if (!over || h->size < over->size)
			over = h;
	}
	if (over && before)
		*ret = *over;
	pthread_rwlock_unlock(&g->lock);
	return over && before;
}

void log_cosigned(struct log *g, uint64_t size, struct str lines)
{
	pthread_rwlock_wrlock(&g->lock);
	for (size_t i = 0; i < RECENT; i++) {
		struct signed_head *s = &g->recent[i];

		if (!s->n || s->head.size != size || s->n_own + lines.n > sizeof(s->note))
			continue;
		memcpy(s->note + s->n_own, lines.p, lines.n);
		s->n = s->n_own + lines.n;
	}
	pthread_rwlock_unlock(&g->lock);
}

struct str log_checkpoint(struct log *g, struct arena *a)
{
	struct log_head h = log_shown(g);

	return note_of(g, a, &h);
}

enum err log_tile(struct log *g, const struct tile_source *src, unsigned level, uint64_t n, unsigned width, unsigned char ret[TILE_BYTES])
{
	unsigned have;
	enum err e = OK;

	if (level >= LOG_LEVELS || width < 1 || width > TILE_WIDTH)
		return E_ABSENT;
	pthread_rwlock_rdlock(&g->lock);
	have = tile_width(g->shown.f.size, level, n);
	if (have < width)
		e = E_ABSENT;
	else if (have < TILE_WIDTH)
		memcpy(ret, g->shown.open[level], (size_t)width * HASH_LEN);
	pthread_rwlock_unlock(&g->lock);
	return e || have < TILE_WIDTH ? e : src->tile(src->ctx, level, n, ret);
}

/* One tile of each level: a path reads many hashes of few tiles. */
struct proof_ctx {
	struct log *g;
	const struct tile_source *src;
	struct arena *a;
	struct { unsigned char *bytes; uint64_t n; } tile[LOG_LEVELS];
};

static enum err load_tile(struct proof_ctx *c, unsigned level, uint64_t n)
{
	unsigned char *to = c->tile[level].bytes;
	unsigned have;

	if (!to)
		to = arena_take(c->a, TILE_BYTES);
	c->tile[level].bytes = NULL;
	pthread_rwlock_rdlock(&c->g->lock);
	have = tile_width(c->g->shown.f.size, level, n);
	if (have < TILE_WIDTH)
		memcpy(to, c->g->shown.open[level], (size_t)have * HASH_LEN);
	pthread_rwlock_unlock(&c->g->lock);
	if (have == TILE_WIDTH) {
		enum err e = c->src->tile(c->src->ctx, level, n, to);

		if (e)
			return e;
	}
	c->tile[level].bytes = to;
	c->tile[level].n = n;
	return OK;
}

static enum err proof_hash(void *ctx, unsigned level, uint64_t index, struct hash *ret)
{
	struct proof_ctx *c = ctx;
	uint64_t n = index >> 8;

	if (!c->tile[level].bytes || c->tile[level].n != n) {
		enum err e = load_tile(c, level, n);

		if (e)
			return e;
	}
	*ret = slot_get(c->tile[level].bytes, (size_t)(index & (TILE_WIDTH - 1)));
	return OK;
}

enum err log_root_at(struct log *g, struct arena *a, const struct tile_source *src, uint64_t size, struct hash *ret)
{
	struct proof_ctx c = { .g = g, .src = src, .a = a };
	struct hash_reader r = { proof_hash, &c };

	return size > log_shown(g).size ? E_ABSENT : root_at(HASH_SHA256, &r, size, ret);
}

enum err log_receipt(struct log *g, struct arena *a, const struct tile_source *src, uint64_t index, const struct log_head *at, struct str extra,
                     struct str *ret)
{
	struct proof_ctx c = { .g = g, .src = src, .a = a };
	struct hash_reader r = { proof_hash, &c };
	struct tlog_proof p = { .extra = extra, .index = index };
	struct hash leaf, root;
	enum err e;

	if (at->size > log_shown(g).size)       /* the edge would answer with slots of another tile */
		return E_ABSENT;
	e = prove_inclusion(HASH_SHA256, &r, index, at->size, p.path, &p.n_path);
	if (!e)
		e = proof_hash(&c, 0, index, &leaf);
	if (e)
		return e;
	/* a head somebody changed in the store is not signed: it must be the root of this very tree */
	if (!tree_root_from_path(HASH_SHA256, 0x01, &leaf, index, at->size, p.path, p.n_path, &root) || !same_bytes(root.b, at->root.b, HASH_LEN))
		return E_CORRUPT;
	p.checkpoint = note_of(g, a, at);
	if (!p.checkpoint.n)
		return E_CRYPTO;
	*ret = proof_str(a, &p);
	return OK;
}
