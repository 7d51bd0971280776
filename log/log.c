/* log/log.c - see log.h. Of each tree two edges: `work` is the writer's, `shown` is what was signed and may be told to anybody. */
#include "log/inside.h"

enum err log_open(const char *origin, struct signer *signer, struct log **ret)
{
	struct log *g = calloc(1, sizeof(*g));

	if (!g)
		return E_IO;
	pthread_rwlock_init(&g->lock, NULL);
	snprintf(g->origin, sizeof(g->origin), "%s", origin);
	g->n_trees = signer->vkey[TREE_SM3].n ? TREES : 1;
	for (size_t i = 0; i < g->n_trees; i++) {
		tree_open(&g->tree[i], (enum tree_id)i);
		g->shown_head[i].root = tree_empty(g->tree[i].hash);
	}
	/* a name cut short would be another log's */
	if (!note_name_ok(str_of(g->origin)) || strlen(origin) >= sizeof(g->origin)) {
		log_close(g);
		return E_BAD;
	}
	g->signer = *signer;
	*ret = g;
	return OK;
}

void log_close(struct log *g)
{
	if (!g)
		return;
	for (size_t i = 0; i < g->n_trees; i++)
		tree_close(&g->tree[i]);
	signer_close(&g->signer);
	pthread_rwlock_destroy(&g->lock);
	free(g);
}

struct str log_origin(const struct log *g) { return str_of(g->origin); }
struct str log_vkey(const struct log *g, enum tree_id t) { return g->signer.vkey[t]; }
struct log_head log_signed_last(const struct log *g, enum tree_id t) { return g->signer.last(g->signer.ctx, t); }
bool log_has(const struct log *g, enum tree_id t) { return (size_t)t < g->n_trees; }

/* ---- the writer ---- */

uint64_t log_add(struct log *g, struct str entry)
{
	uint64_t at = tree_size(&g->tree[0]);

	for (size_t i = 0; i < g->n_trees; i++)
		tree_add(&g->tree[i], entry);
	return at;
}

void log_mark(struct log *g)
{
	for (size_t i = 0; i < g->n_trees; i++)
		tree_mark(&g->tree[i]);
}

void log_rewind(struct log *g)
{
	for (size_t i = 0; i < g->n_trees; i++)
		tree_rewind(&g->tree[i]);
}

void log_undo(struct log *g)
{
	for (size_t i = 0; i < g->n_trees; i++)
		tree_undo(&g->tree[i]);
}

const struct pending_tile *log_pending(struct log *g, enum tree_id t, size_t *ret_n)
{
	tree_settle(&g->tree[t]);
	*ret_n = g->tree[t].n_pending;
	return g->tree[t].pending;
}

struct log_head log_next_head(struct log *g, enum tree_id t)
{
	tree_settle(&g->tree[t]);
	return tree_head(&g->tree[t]);
}

bool log_grew(const struct log *g) { return tree_size(&g->tree[0]) != g->tree[0].shown.f.size; }

/* ---- publishing ---- */

enum err log_sign(struct log *g, const struct extension *x, struct arena *a, struct str *ret_note)
{
	const struct log_head *h = x->again ? &x->from : &x->to;
	struct str lines;
	enum err e = g->signer.sign(g->signer.ctx, x, a, &lines);

	if (!e)
		*ret_note = str_fmt(a, "%.*s\n%.*s", STR_ARG(checkpoint_text(a, tree_origin(a, g->origin, x->tree), h->size, &h->root)), STR_ARG(lines));
	return e || ret_note->n <= LOG_NOTE_MAX ? e : E_TOO_BIG;
}

/* Under the lock. */
static void keep_note(struct signed_head *s, const struct log_head *h, struct str note)
{
	s->head = *h;
	s->n = s->n_own = note.n;
	memcpy(s->note, note.p, note.n);
}

/* The head of the SM3 tree is shown with that of the other; its own note may come later. */
static void show(struct log *g, const struct log_head head[TREES], struct str note)
{
	pthread_rwlock_wrlock(&g->lock);
	for (size_t i = 0; i < g->n_trees; i++) {
		tree_show(&g->tree[i]);
		g->shown_head[i] = head[i];
	}
	keep_note(&g->recent[g->n_recent++ % RECENT], &head[0], note);
	pthread_rwlock_unlock(&g->lock);
}

enum err log_publish(struct log *g, const struct tile_source *src)
{
	struct extension x = { .tree = TREE_SHA256, .from = log_signed_last(g, TREE_SHA256) };
	struct log_head head[TREES];
	struct arena a;
	struct str note;
	enum err e = OK;

	for (size_t i = 0; i < g->n_trees && !e; i++) {
		head[i] = log_next_head(g, (enum tree_id)i);
		e = tree_second_opinion(&g->tree[i], &head[i]);
	}
	if (e)
		return e;
	arena_init(&a, 1 << 16, NULL);
	x.to = head[0];
	e = x.from.size > x.to.size ? E_STATE : log_prove(g, src, true, &x);
	if (!e)
		e = log_sign(g, &x, &a, &note);
	if (!e)
		show(g, head, note);
	arena_end(&a);
	return e;
}

enum err log_publish_second(struct log *g, const struct tile_source *src)
{
	struct extension x = { .tree = TREE_SM3 };
	struct arena a;
	struct str note;
	enum err e;

	if (!log_has(g, TREE_SM3))
		return OK;
	x.to = log_shown_of(g, TREE_SM3);
	x.from = log_signed_last(g, TREE_SM3);
	if (g->second.n && same_head(&x.to, &g->second.head))
		return OK;
	arena_init(&a, 1 << 20, NULL);
	e = x.from.size > x.to.size ? E_STATE : log_prove(g, src, false, &x);
	if (!e)
		e = log_sign(g, &x, &a, &note);
	if (!e) {
		pthread_rwlock_wrlock(&g->lock);
		keep_note(&g->second, &x.to, note);
		pthread_rwlock_unlock(&g->lock);
	}
	arena_end(&a);
	return e;
}

enum err log_resume(struct log *g, const struct log_resume *r, const struct tile_source *src)
{
	enum err e = OK;

	for (size_t i = 0; i < g->n_trees && !e; i++)
		e = r->head[i].size == r->head[0].size ? tree_resume(&g->tree[i], &r->head[i], src, r->tail[i], r->n_tail) : E_CORRUPT;
	if (e)
		return e;
	pthread_rwlock_wrlock(&g->lock);
	for (size_t i = 0; i < g->n_trees; i++) {
		tree_show(&g->tree[i]);
		g->shown_head[i] = r->head[i];
	}
	pthread_rwlock_unlock(&g->lock);
	return OK;
}

/* ---- what any thread may ask ---- */

struct log_head log_shown_of(struct log *g, enum tree_id t)
{
	struct log_head h;

	pthread_rwlock_rdlock(&g->lock);
	h = g->shown_head[t];
	pthread_rwlock_unlock(&g->lock);
	return h;
}

struct log_head log_shown(struct log *g) { return log_shown_of(g, TREE_SHA256); }

struct log_head log_signed_second(struct log *g)
{
	struct log_head h;

	pthread_rwlock_rdlock(&g->lock);
	h = g->second.head;
	pthread_rwlock_unlock(&g->lock);
	return h;
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
