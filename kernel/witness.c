/* kernel/witness.c - this house as a witness of other logs (C2SP tlog-witness, tlog-cosignature).
 *
 * The setting "witness" lists the verifier keys of the logs it watches. For each origin one file, HOME/witness/<sha256 of the origin>, holds
 * the last checkpoint it cosigned, our line included; it is durable before the cosignature leaves, and one lock is held from reading it to
 * that moment, so no two roots of one size are ever cosigned. A file that does not carry our own line stops that origin: nobody can tell
 * what was signed, and a key without that directory is not used at all, for copies of keys/ are common. Whoever brings back an older
 * HOME/witness must take a new key (remove keys/witness).
 */
#include "kernel/inside.h"

enum { LOGS_MAX = 64, NAME_MAX_LEN = 255 };

struct witness {
	struct note_key log[LOGS_MAX], own;
	size_t n;
	struct sign_key *key;
	unsigned char pub[65];
	pthread_mutex_t lock;
};

/* ---- start ---- */

static enum err own_key(struct kernel *k, struct witness *w)
{
	const char *path = str_fmt(&k->life, "%s/keys/witness", k->home).p;
	unsigned char seed[SEED_LEN];
	char text[2 * SEED_LEN];
	struct str kept;
	size_t n;
	enum err e = file_read(&k->life, path, 4096, &kept);

	if (e == E_ABSENT) {
		e = random_fill(seed, sizeof(seed));
		hex_put(seed, sizeof(seed), text);
		if (!e)
			e = file_write(path, str_fmt(&k->life, "%.*s\n", (int)sizeof(text), text), 0600);
	} else if (!e && !hex_get(str_trim(kept), seed, sizeof(seed))) {
		e = E_CORRUPT;
	}
	if (!e)
		e = sign_key_from_seed(SIGN_ED25519, seed, &w->key);
	if (!e)
		e = sign_public(w->key, w->pub, &n);
	explicit_bzero(seed, sizeof(seed));
	explicit_bzero(text, sizeof(text));
	if (e)
		return e;
	w->own.type = NOTE_COSIGN_ED25519;
	w->own.pub = (struct str){ (const char *)w->pub, n };
	note_key_id(w->own.name, w->own.type, w->own.pub, w->own.id);
	return OK;
}

/* Said in the settings, or the public address without its scheme. */
static struct str own_name(struct kernel *k)
{
	struct str said = kernel_setting(k, "witness_name"), url = str_of(k->public_url);
	const char *at = memmem(url.p, url.n, "://", 3);

	return said.n ? said : str_fmt(&k->life, "%s/witness", at ? at + 3 : url.p);
}

static enum err read_logs(struct kernel *k, struct witness *w, const struct node *list, char why[300])
{
	for (const struct node *x = list->kind == NODE_ARR ? list->first : NULL; x; x = x->next) {
		bool good = w->n < LOGS_MAX && x->kind == NODE_STR && vkey_get(&k->life, x->s, &w->log[w->n]) == OK;

		if (!good || w->log[w->n].type == NOTE_COSIGN_ED25519) {
			snprintf(why, 300, "设置 witness 第 %zu 项不是日志的核验公钥 / setting witness, item %zu: not the verifier key of a log", w->n + 1, w->n + 1);
			return E_BAD;
		}
		w->n++;
	}
	if (w->n && note_name_ok(w->own.name) && w->own.name.n <= NAME_MAX_LEN)
		return OK;
	snprintf(why, 300, "设置 witness 应列出日志的核验公钥，witness_name 应为不含空格和加号的名称 / setting witness lists verifier keys of logs, witness_name has no space or +");
	return E_BAD;
}

enum err witness_open(struct kernel *k, char why[300])
{
	const struct node *list = node_get(k->settings, "witness");
	struct witness *w;
	enum err e;

	if (!list)
		return OK;
	w = TAKE(&k->life, struct witness, 1);
	w->own.name = own_name(k);
	e = read_logs(k, w, list, why);
	if (!e && file_exists(str_fmt(&k->life, "%s/keys/witness", k->home).p) && !file_exists(str_fmt(&k->life, "%s/witness", k->home).p)) {
		snprintf(why, 300, "有 keys/witness 而没有 witness 目录：见证过什么无从知道，可能为分叉的日志见证。请删掉 keys/witness，换新的公钥"
		         " / keys/witness without the directory witness: what was cosigned is forgotten; remove keys/witness and hand out the new key");
		e = E_CORRUPT;
	}
	if (!e)
		e = dir_make(str_fmt(&k->life, "%s/witness", k->home).p, 0700);
	if (!e)
		e = own_key(k, w);
	if (e) {
		if (!why[0])
			snprintf(why, 300, "keys/witness: %s / %s", err_zh(e), err_en(e));
		if (w->key)
			sign_key_free(w->key);
		return e;
	}
	pthread_mutex_init(&w->lock, NULL);
	k->witness = w;
	return OK;
}

void witness_close(struct kernel *k)
{
	if (!k->witness)
		return;
	pthread_mutex_destroy(&k->witness->lock);
	sign_key_free(k->witness->key);
	k->witness = NULL;
}

struct str kernel_witness_vkey(const struct kernel *k, struct arena *a)
{
	const struct witness *w = k->witness;

	return w ? vkey_str(a, w->own.name, w->own.type, w->own.pub) : S("");
}

/* ---- what was cosigned last ---- */

static const char *file_of(const struct kernel *k, struct arena *a, struct str name) { return str_fmt(a, "%s/witness/%.*s", k->home, STR_ARG(name)).p; }

static struct str name_of(struct arena *a, struct str origin)
{
	struct hash h = hash_of(HASH_SHA256, origin);

	return hex_str(a, h.b, HASH_LEN);
}

/* E_CORRUPT: not what we wrote. */
static enum err last_get(struct kernel *k, struct arena *a, struct str origin, struct log_head *ret)
{
	struct checkpoint c;
	struct str note;
	enum err e = file_read(a, file_of(k, a, name_of(a, origin)), 2 * NOTE_MAX, &note);

	*ret = (struct log_head){ 0, tree_empty(HASH_SHA256) };
	if (e == E_ABSENT)
		return OK;
	if (!e)
		e = checkpoint_open(a, note, &k->witness->own, &c);
	if (e || !str_eq(c.origin, origin))
		return E_CORRUPT;
	*ret = (struct log_head){ c.size, c.root };
	return OK;
}

enum err kernel_witness_last(struct kernel *k, struct arena *a, struct str name, struct str *ret)
{
	unsigned char b[HASH_LEN];

	if (!k->witness || !hex_get(name, b, HASH_LEN))
		return E_ABSENT;
	return file_read(a, file_of(k, a, hex_str(a, b, HASH_LEN)), 2 * NOTE_MAX, ret);
}

/* ---- add-checkpoint ---- */

struct asking {
	struct kernel *k;
	struct arena *a;
	uint64_t seconds;
	struct add_checkpoint r;
	struct checkpoint c;
	struct str log_line;          /* the line of a log key we know, as it was sent */
};

static struct witness_answer said(int status, struct str body) { return (struct witness_answer){ status, "text/plain; charset=utf-8", body }; }

/* 404: an origin nobody here watches; 403: watched, but no line of its keys holds. */
static int known_signer(struct asking *q)
{
	struct note_sig sig[NOTE_MAX_SIGS];
	const struct witness *w = q->k->witness;
	struct str body;
	size_t n;
	bool known = false;

	if (note_open(q->a, q->r.note, &body, sig, &n) || checkpoint_get(q->a, body, &q->c))
		return 400;
	for (size_t i = 0; i < w->n; i++) {
		if (!str_eq(w->log[i].name, q->c.origin))
			continue;
		known = true;
		for (size_t j = 0; j < n; j++)
			if (note_line_of(&sig[j], &w->log[i]) && note_sig_ok(q->a, &w->log[i], body, sig[j].sig)) {
				q->log_line = note_sign_line(q->a, sig[j].name, sig[j].id, sig[j].sig);
				return 200;
			}
	}
	return known ? 403 : 404;
}

/* Only origin, size and root: we vouch for a tree, not for whatever else somebody had us sign. */
static bool bare(struct asking *q)
{
	return str_eq(q->c.text, checkpoint_text(q->a, q->c.origin, q->c.size, &q->c.root));
}

/* With the lock held. */
static struct witness_answer cosign(struct asking *q)
{
	struct witness *w = q->k->witness;
	unsigned char sig[COSIG_LEN];
	struct log_head last;
	struct str line;
	enum err e = last_get(q->k, q->a, q->c.origin, &last);

	if (e)
		return said(500, S("the last cosigned checkpoint cannot be read\n"));
	if (q->r.old != last.size)
		return (struct witness_answer){ 409, "text/x.tlog.size", str_fmt(q->a, "%llu\n", (unsigned long long)last.size) };
	if (!check_consistency(HASH_SHA256, last.size, &last.root, q->c.size, &q->c.root, q->r.path, q->r.n_path))
		return said(422, S("the consistency proof does not hold\n"));
	e = cosign_make(w->key, q->a, q->seconds, q->c.text, sig);
	if (e)
		return said(500, S("no cosignature could be made\n"));
	line = note_sign_line(q->a, w->own.name, w->own.id, (struct str){ (const char *)sig, COSIG_LEN });
	e = file_write(file_of(q->k, q->a, name_of(q->a, q->c.origin)), str_fmt(q->a, "%.*s\n%.*s%.*s", STR_ARG(q->c.text), STR_ARG(q->log_line), STR_ARG(line)), 0600);
	return e ? said(500, S("the checkpoint could not be kept\n")) : said(200, line);
}

struct witness_answer kernel_witness_add(struct kernel *k, struct arena *a, struct str body, int64_t now)
{
	struct asking *q = TAKE(a, struct asking, 1);
	struct witness_answer r;
	jmp_buf full, *before = a->full;
	int status;

	*q = (struct asking){ .k = k, .a = a, .seconds = (uint64_t)(now / 1000) };
	if (!k->witness)
		return said(404, S("this house is no witness\n"));
	if (add_checkpoint_get(a, body, &q->r))
		return said(400, S("the body is ill-formed\n"));
	status = known_signer(q);
	if (status == 400)
		return said(status, S("the checkpoint is ill-formed\n"));
	if (status == 404)
		return said(status, S("unknown origin\n"));
	if (status == 403)
		return said(status, S("no signature of a key trusted for this origin\n"));
	if (q->r.old > q->c.size || !bare(q))
		return said(400, q->r.old > q->c.size ? S("the old size is larger than the checkpoint's\n") : S("extension lines are not cosigned\n"));
	pthread_mutex_lock(&k->witness->lock);
	a->full = &full;                        /* the lock is given back whatever happens */
	if (setjmp(full))
		r = said(500, S("too large\n"));
	else
		r = cosign(q);
	a->full = before;
	pthread_mutex_unlock(&k->witness->lock);
	return r;
}
