/* log/signer.c - see signer.h: the signer in this process. */
#include <pthread.h>

#include "log/signer.h"

enum { RING = 128 };       /* heads remembered per tree: against these an older one may be proven */

struct line_key {
	struct sign_key *key;
	struct str name;
	unsigned char id[4];
};

struct local {
	struct arena life;
	pthread_mutex_t lock;
	struct signer_setup s;
	struct line_key ed25519, sm2[TREES];
	struct log_head ring[TREES][RING];
	size_t turn[TREES];
};

enum hash_id tree_hash(enum tree_id t) { return t == TREE_SM3 ? HASH_SM3 : HASH_SHA256; }

struct str tree_origin(struct arena *a, const char *origin, enum tree_id t)
{
	return t == TREE_SM3 ? str_fmt(a, "%s/sm3", origin) : str_copy(a, str_of(origin));
}

bool same_head(const struct log_head *a, const struct log_head *b) { return a->size == b->size && same_bytes(a->root.b, b->root.b, HASH_LEN); }

static bool remembered(const struct local *l, enum tree_id t, const struct log_head *h)
{
	for (size_t i = 0; i < RING; i++)
		if (l->ring[t][i].size && same_head(&l->ring[t][i], h))
			return true;
	return false;
}

static enum err line(const struct line_key *k, struct str body, struct arena *a, struct buf *b)
{
	unsigned char sig[SIG_LEN];

	if (!k->key)
		return OK;
	if (sign_make(k->key, body, sig))
		return E_CRYPTO;
	buf_add(b, note_sign_line(a, k->name, k->id, (struct str){ (const char *)sig, SIG_LEN }));
	return OK;
}

static enum err lines_of(const struct local *l, enum tree_id t, const struct log_head *h, struct arena *a, struct str *ret)
{
	struct str body = checkpoint_text(a, tree_origin(a, l->s.origin, t), h->size, &h->root);
	struct buf b = buf_in(a, 512);
	enum err e = t == TREE_SHA256 ? line(&l->ed25519, body, a, &b) : OK;

	if (!e)
		e = line(&l->sm2[t], body, a, &b);
	if (!e)
		*ret = buf_str(&b);
	return e;
}

/* Under the lock. */
static enum err may_sign(struct local *l, const struct extension *x)
{
	enum tree_id t = x->tree;
	enum err e = OK;

	if (x->again ? !remembered(l, t, &x->to) : !same_head(&x->from, &l->s.last[t]) || x->to.size < x->from.size)
		return E_STATE;
	if (!check_consistency(tree_hash(t), x->from.size, &x->from.root, x->to.size, &x->to.root, x->proof, x->n))
		return E_CORRUPT;
	if (x->again)
		return OK;
	if (l->s.keep && !same_head(&x->to, &l->s.last[t]))
		e = l->s.keep(l->s.ctx, t, &x->to);
	if (e)
		return e;
	l->s.last[t] = x->to;
	if (!remembered(l, t, &x->to))
		l->ring[t][l->turn[t]++ % RING] = x->to;
	return OK;
}

static enum err local_sign(void *ctx, const struct extension *x, struct arena *a, struct str *ret_lines)
{
	struct local *l = ctx;
	enum err e;

	if (x->tree >= TREES || (x->tree == TREE_SM3 && !l->s.sm2))
		return E_BAD;
	pthread_mutex_lock(&l->lock);
	e = may_sign(l, x);
	pthread_mutex_unlock(&l->lock);
	return e ? e : lines_of(l, x->tree, x->again ? &x->from : &x->to, a, ret_lines);
}

static struct log_head local_last(void *ctx, enum tree_id t)
{
	struct local *l = ctx;
	struct log_head h;

	pthread_mutex_lock(&l->lock);
	h = l->s.last[t];
	pthread_mutex_unlock(&l->lock);
	return h;
}

static void local_close(void *ctx)
{
	struct local *l = ctx;

	sign_key_free(l->ed25519.key);
	for (int t = 0; t < TREES; t++)
		sign_key_free(l->sm2[t].key);
	pthread_mutex_destroy(&l->lock);
	arena_end(&l->life);
	free(l);
}

static enum err key_of(struct local *l, enum sign_id id, const unsigned char *seed, enum tree_id t, struct line_key *k, struct buf *vkeys)
{
	unsigned char pub[65];
	struct str raw = { (const char *)pub, 0 };
	enum note_type type = id == SIGN_SM2 ? NOTE_OTHER : NOTE_ED25519;
	enum err e = sign_key_from_seed(id, seed, &k->key);

	if (!e)
		e = sign_public(k->key, pub, &raw.n);
	if (e)
		return e;
	if (id == SIGN_SM2)
		raw = note_sm2_pub(&l->life, raw);
	k->name = tree_origin(&l->life, l->s.origin, t);
	note_key_id(k->name, (unsigned char)type, raw, k->id);
	buf_add(vkeys, vkey_str(&l->life, k->name, (unsigned char)type, raw));
	buf_char(vkeys, '\n');
	return OK;
}

enum err signer_local(const struct signer_setup *s, struct signer *ret)
{
	struct local *l = calloc(1, sizeof(*l));
	struct signer made = { l, local_sign, local_last, local_close, { { NULL, 0 } } };
	enum err e = OK;

	if (!l)
		return E_BUSY;
	arena_init(&l->life, 1 << 16, NULL);
	pthread_mutex_init(&l->lock, NULL);
	l->s = *s;
	l->s.origin = str_z(&l->life, str_of(s->origin));
	for (int i = 0; i < TREES && !e; i++) {
		enum tree_id t = (enum tree_id)i;
		struct buf vkeys = buf_in(&l->life, 512);

		if (l->s.last[t].size == 0)
			l->s.last[t].root = tree_empty(tree_hash(t));
		else
			l->ring[t][l->turn[t]++] = l->s.last[t];
		if (t == TREE_SHA256)
			e = key_of(l, SIGN_ED25519, s->ed25519, t, &l->ed25519, &vkeys);
		if (!e && s->sm2)
			e = key_of(l, SIGN_SM2, s->sm2, t, &l->sm2[t], &vkeys);
		made.vkey[t] = buf_str(&vkeys);
	}
	if (e) {
		local_close(l);
		return e;
	}
	*ret = made;
	return OK;
}

void signer_close(struct signer *s)
{
	if (s->close)
		s->close(s->ctx);
	*s = (struct signer){ .ctx = NULL };
}
