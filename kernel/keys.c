/* kernel/keys.c - the secrets of a home, and who signs for it: keys/ in this process, or another process behind a socket. */
#include <stdarg.h>

#include "kernel/inside.h"

const char *home_path(struct kernel *k, const char *name) { return str_fmt(&k->life, "%s/%s", k->home, name).p; }

void explain(char why[300], const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(why, 300, fmt, args);
	va_end(args);
}

/* ---- files of secrets ---- */

static enum err read_secret(struct kernel *k, const char *name, void *out, size_t n)
{
	struct str text;
	enum err e = file_read(&k->life, home_path(k, name), 4096, &text);

	if (e)
		return e;
	return hex_get(str_trim(text), out, n) ? OK : E_CORRUPT;
}

static enum err make_secret(struct kernel *k, const char *name, size_t n)
{
	unsigned char b[64];
	char text[130];
	enum err e = random_fill(b, n);

	if (e)
		return e;
	hex_put(b, n, text);
	text[2 * n] = '\n';
	e = file_write(home_path(k, name), (struct str){ text, 2 * n + 1 }, 0600);
	explicit_bzero(b, sizeof(b));
	explicit_bzero(text, sizeof(text));
	return e;
}

static void derive(struct kernel *k, const char *label, unsigned char ret[32])
{
	struct str part = str_of(label);
	struct hash h = hmac_of(HASH_SHA256, (struct str){ (const char *)k->master_key, 32 }, &part, 1);

	memcpy(ret, h.b, 32);
}

/* keys/code: one line a key, "id cipher hex": the line with the highest id is the current one. */
static enum err read_code_keys(struct kernel *k)
{
	struct str text, line;
	enum err e = file_read(&k->life, home_path(k, "keys/code"), 65536, &text);

	while (!e && str_cut(&text, '\n', &line)) {
		struct str id, cipher;
		int64_t i;

		if (!str_trim(line).n)
			continue;
		if (!str_cut(&line, ' ', &id) || !str_cut(&line, ' ', &cipher) || !str_to_int(id, &i) || i < 0 || i > 31 ||
		    !hex_get(str_trim(line), k->code_keys[i].key, 16))
			return E_CORRUPT;
		k->code_keys[i].cipher = str_is(cipher, "sm4") ? CIPHER_SM4 : CIPHER_AES128;
		k->code_keys[i].there = true;
		k->code_key_now = (unsigned)i;
	}
	return e;
}

static enum err add_code_key(struct kernel *k, unsigned id, const char *cipher)
{
	unsigned char b[16];
	struct str old = S("");
	const char *path = home_path(k, "keys/code");
	enum err e = random_fill(b, sizeof(b));

	if (!e && file_exists(path))
		e = file_read(&k->life, path, 65536, &old);
	if (e)
		return e;
	return file_write(path, str_fmt(&k->life, "%.*s%u %s %.*s\n", STR_ARG(old), id, cipher, STR_ARG(hex_str(&k->life, b, sizeof(b)))), 0600);
}

enum err code_key_get(struct kernel *k, unsigned id, unsigned char ret_key[16], int *ret_cipher)
{
	if (id > 31 || !k->code_keys[id].there)
		return E_ABSENT;
	memcpy(ret_key, k->code_keys[id].key, 16);
	*ret_cipher = k->code_keys[id].cipher;
	return OK;
}

enum err code_key_rotate(struct kernel *k, const char *cipher)
{
	return k->code_key_now == 31 ? E_CLASH : add_code_key(k, k->code_key_now + 1, cipher);
}

unsigned code_key_current(const struct kernel *k) { return k->code_key_now; }

enum err keys_read(struct kernel *k)
{
	enum err e = read_secret(k, "keys/master", k->master_key, sizeof(k->master_key));

	if (!e)
		e = read_code_keys(k);
	if (e)
		return e;
	derive(k, "suyuan/table/1", k->table_key);
	derive(k, "suyuan/blind/1", k->blind_key);
	return OK;
}

/* Nearly every 32 bytes are a private key of SM2; those that are not are drawn again. */
static enum err make_sm2(struct kernel *k)
{
	enum err e = E_CRYPTO;

	for (int i = 0; i < 8 && e == E_CRYPTO; i++) {
		unsigned char seed[SEED_LEN];
		struct sign_key *key;

		e = make_secret(k, "keys/log-sm2", SEED_LEN);
		if (!e)
			e = read_secret(k, "keys/log-sm2", seed, sizeof(seed));
		if (!e)
			e = sign_key_from_seed(SIGN_SM2, seed, &key);
		if (!e)
			sign_key_free(key);
		explicit_bzero(seed, sizeof(seed));
	}
	return e;
}

enum err keys_make(struct kernel *k, const char *suite)
{
	const bool gm = suite && strcmp(suite, "gm") == 0;
	enum err e = dir_make(home_path(k, "keys"), 0700);

	if (!e)
		e = make_secret(k, "keys/master", 32);
	if (!e && !k->signer_path)
		e = make_secret(k, "keys/log", SEED_LEN);
	if (!e && gm && !k->signer_path)
		e = make_sm2(k);
	return e ? e : add_code_key(k, 0, gm ? "sm4" : "aes");
}

/* ---- who signs ---- */

/* The keys that signed before stand beside what they signed: another key or another name would begin another log over the same entries. */
static enum err same_signer(struct kernel *k, const char *dir, char why[300], struct signer *s)
{
	const char *path = str_fmt(&k->life, "%s/vkey", dir).p;
	struct str now = str_join(&k->life, s->vkey[TREE_SHA256], s->vkey[TREE_SM3]), before;
	enum err e = file_read(&k->life, path, 65536, &before);

	k->signed_before = e == OK;
	if (e == E_ABSENT)
		e = k->writing ? file_write(path, now, 0600) : OK;
	else if (!e && !str_eq(before, now)) {
		explain(why, "日志的名称或签名密钥与 %s 记的不同：请放回原来的 keys/log 和 suyuan.json / the log's name or key is not the one that signed before: bring back"
		             " keys/log and suyuan.json", path);
		e = E_CORRUPT;
	}
	if (e)
		signer_close(s);
	return e;
}

enum err signer_here(struct kernel *k, const char *origin, char why[300], struct signer *ret)
{
	struct str said = kernel_setting(k, "guard");
	const char *dir = k->guard_dir ? k->guard_dir : said.n ? str_z(&k->life, said) : home_path(k, "guard");
	struct signer_setup s = { .origin = origin };
	unsigned char ed25519[SEED_LEN], sm2[SEED_LEN];
	enum err e = read_secret(k, "keys/log", ed25519, sizeof(ed25519));

	if (!e && k->hash == HASH_SM3)
		e = read_secret(k, "keys/log-sm2", sm2, sizeof(sm2));
	if (e)
		explain(why, "没有日志的签名密钥 keys/log（已交给 suyuan signd？请用 --signer 指明）/ no key of the log in keys/ (with signd? name it with --signer)");
	if (!e && k->writing)
		e = dir_make(dir, 0700);
	if (!e)
		e = guard_open(str_fmt(&k->life, "%s/head", dir).p, k->writing, s.last, &k->guard);
	if (e == E_BUSY)
		explain(why, "%s/head 正由另一个进程用着（suyuan signd，或另一个 serve）/ another process signs by this guard", dir);
	else if (e && !why[0])
		explain(why, "%s/head: %s", dir, err_en(e));
	s.ed25519 = ed25519;
	s.sm2 = k->hash == HASH_SM3 ? sm2 : NULL;
	s.keep = k->writing ? guard_keep : NULL;
	s.ctx = k->guard;
	if (!e)
		e = signer_local(&s, ret);
	if (!e)
		e = same_signer(k, dir, why, ret);
	explicit_bzero(ed25519, sizeof(ed25519));
	explicit_bzero(sm2, sizeof(sm2));
	return e;
}

enum err signer_of(struct kernel *k, const char *origin, char why[300], struct signer *ret)
{
	struct str said = kernel_setting(k, "signer");
	const char *path = k->signer_path ? k->signer_path : said.n ? str_z(&k->life, said) : NULL;
	enum err e;

	if (!path)
		return signer_here(k, origin, why, ret);
	e = signd_dial(path, ret);
	if (e)
		explain(why, "连不上签名进程 %s（suyuan signd 在运行吗？）/ the signing process does not answer: is suyuan signd running? (%s)", path, err_en(e));
	return e;
}
