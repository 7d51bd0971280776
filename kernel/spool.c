/* kernel/spool.c - files on their way in or out (loads/): sealed at rest in blocks, read anywhere, written at the end.
 *
 * An uploaded table holds what its party withholds elsewhere, so it lies no clearer than the records made of it. A block of 65,536
 * bytes is sealed by itself under a key of the file; its number is bound to it, so blocks cannot be exchanged.
 */
#include "kernel/job.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kernel/inside.h"

enum { BLOCK = SPOOL_BLOCK };

struct lock { unsigned char key[32]; enum seal_id seal; size_t extra; };      /* extra: what sealing adds to a block */

static const char *spool_path(struct arena *a, const struct kernel *k, int64_t id, const char *part)
{
	return str_fmt(a, "%s/loads/%.*s.%s", k->home, STR_ARG(id_str(a, id)), part).p;
}

static void spool_key(const struct kernel *k, int64_t id, const char *part, struct lock *ret)
{
	unsigned char number[8];
	struct str parts[] = { S("suyuan/spool/1\n"), str_of(part), { (const char *)number, 8 } };
	struct hash h;

	be_put((uint64_t)id, number, 8);
	h = hmac_of(HASH_SHA256, (struct str){ (const char *)k->master_key, 32 }, parts, ROWS(parts));
	memcpy(ret->key, h.b, 32);
	ret->seal = k->seal;
	ret->extra = seal_extra(k->seal);
}

static enum err seal_block(const struct lock *l, uint64_t no, struct str plain, struct arena *a, struct str *ret)
{
	unsigned char nonce[SEAL_NONCE_LEN], bound[8];
	enum err e = random_fill(nonce, sizeof(nonce));

	be_put(no, bound, 8);
	return e ? e : seal(l->seal, l->key, nonce, (struct str){ (const char *)bound, 8 }, plain, a, ret);
}

static bool write_all(int fd, struct str s, off_t at)
{
	while (s.n) {
		ssize_t n = pwrite(fd, s.p, s.n, at);

		if (n <= 0)
			return false;
		s = str_sub(s, (size_t)n, s.n);
		at += n;
	}
	return true;
}

/* at: a multiple of BLOCK; what stood there and after is replaced (a piece that was sent again). */
enum err spool_write(struct kernel *k, int64_t id, const char *part, uint64_t at, struct str bytes)
{
	struct arena a;
	struct lock lock;
	uint64_t no = at / BLOCK;
	enum err e = at % BLOCK ? E_BAD : OK;
	int fd;

	if (e)
		return e;
	arena_init(&a, 1 << 20, NULL);
	e = dir_make(str_fmt(&a, "%s/loads", k->home).p, 0700);
	fd = e ? -1 : open(spool_path(&a, k, id, part), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	spool_key(k, id, part, &lock);
	if (!e && (fd < 0 || ftruncate(fd, (off_t)(no * (BLOCK + lock.extra)))))
		e = E_IO;
	for (; bytes.n && !e; no++) {
		struct str plain = str_sub(bytes, 0, BLOCK), sealed;

		arena_reset(&a);
		e = seal_block(&lock, no, plain, &a, &sealed);
		if (!e && !write_all(fd, sealed, (off_t)(no * (BLOCK + lock.extra))))
			e = E_IO;
		bytes = str_sub(bytes, plain.n, bytes.n);
	}
	if (!e && fsync(fd))
		e = E_IO;
	if (fd >= 0)
		close(fd);
	arena_end(&a);
	explicit_bzero(&lock, sizeof(lock));
	return e;
}

/* ---- reading anywhere ---- */

struct spool {
	int fd;
	struct lock lock;
	uint64_t size, no;        /* no: the block in `plain`, ~0 for none */
	struct str plain;
	struct arena a;
};

enum err spool_open(struct kernel *k, int64_t id, const char *part, struct spool **ret)
{
	struct spool *s = calloc(1, sizeof(*s));
	struct stat st;
	uint64_t blocks, rest;

	if (!s)
		return E_IO;
	arena_init(&s->a, 4 << 20, NULL);
	s->fd = open(spool_path(&s->a, k, id, part), O_RDONLY | O_CLOEXEC);
	s->no = UINT64_MAX;
	if (s->fd < 0 || fstat(s->fd, &st)) {
		spool_close(s);
		return E_ABSENT;
	}
	spool_key(k, id, part, &s->lock);
	blocks = (uint64_t)st.st_size / (BLOCK + s->lock.extra);
	rest = (uint64_t)st.st_size % (BLOCK + s->lock.extra);
	s->size = blocks * BLOCK + (rest > s->lock.extra ? rest - s->lock.extra : 0);
	*ret = s;
	return OK;
}

uint64_t spool_size(const struct spool *s) { return s->size; }

void spool_close(struct spool *s)
{
	if (!s)
		return;
	if (s->fd >= 0)
		close(s->fd);
	arena_end(&s->a);
	explicit_bzero(&s->lock, sizeof(s->lock));
	free(s);
}

static bool load_block(struct spool *s, uint64_t no)
{
	unsigned char bound[8];
	char *sealed;
	ssize_t n;

	if (s->no == no)
		return true;
	arena_reset(&s->a);
	s->no = UINT64_MAX;
	sealed = arena_try(&s->a, BLOCK + s->lock.extra);
	n = sealed ? pread(s->fd, sealed, BLOCK + s->lock.extra, (off_t)(no * (BLOCK + s->lock.extra))) : -1;
	be_put(no, bound, 8);
	if (n <= 0 || unseal(s->lock.key, (struct str){ (const char *)bound, 8 }, (struct str){ sealed, (size_t)n }, &s->a, &s->plain))
		return false;
	s->no = no;
	return true;
}

int64_t spool_read(void *ctx, uint64_t at, void *to, size_t n)
{
	struct spool *s = ctx;
	size_t done = 0;

	while (done < n && at + done < s->size) {
		size_t from = (size_t)((at + done) % BLOCK), take;

		if (!load_block(s, (at + done) / BLOCK) || s->plain.n <= from)
			return -1;
		take = s->plain.n - from < n - done ? s->plain.n - from : n - done;
		memcpy((char *)to + done, s->plain.p + from, take);
		done += take;
	}
	return (int64_t)done;
}

void spool_drop(struct kernel *k, int64_t id)
{
	struct arena a;
	struct str name;
	DIR *d;

	arena_init(&a, 1 << 20, NULL);
	name = str_join(&a, id_str(&a, id), S("."));
	d = opendir(str_fmt(&a, "%s/loads", k->home).p);
	for (struct dirent *x = d ? readdir(d) : NULL; x; x = readdir(d))
		if (str_starts(str_of(x->d_name), name.p))
			(void)unlinkat(dirfd(d), x->d_name, 0);
	if (d)
		closedir(d);
	arena_end(&a);
}

/* ---- as an answer ---- */

struct answer { struct spool *in; uint64_t at; };

static int64_t answer_pull(void *ctx, char *to, size_t cap)
{
	struct answer *s = ctx;
	int64_t n = spool_read(s->in, s->at, to, cap);

	s->at += n > 0 ? (uint64_t)n : 0;
	return n;
}

static void answer_done(void *ctx)
{
	spool_close(((struct answer *)ctx)->in);
	free(ctx);
}

enum err spool_answer(struct call *c, int64_t id, const char *part, const char *media)
{
	struct stream *stream = TAKE(c->arena, struct stream, 1);
	struct answer *s = calloc(1, sizeof(*s));
	enum err e = s ? spool_open(c->k, id, part, &s->in) : E_IO;

	if (e) {
		free(s);
		return e;
	}
	*stream = (struct stream){ answer_pull, answer_done, s, media };
	c->stream = stream;
	return OK;
}

/* ---- written at the end as it comes, without asking for durability of each piece ---- */

struct spool_out {
	int fd;
	struct lock lock;
	uint64_t no;
	size_t n;
	char plain[BLOCK];
	bool failed;
};

enum err spool_begin(struct kernel *k, int64_t id, const char *part, struct spool_out **ret)
{
	struct spool_out *o = calloc(1, sizeof(*o));
	struct arena a;
	enum err e;

	if (!o)
		return E_IO;
	arena_init(&a, 65536, NULL);
	e = dir_make(str_fmt(&a, "%s/loads", k->home).p, 0700);
	o->fd = e ? -1 : open(spool_path(&a, k, id, part), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	arena_end(&a);
	if (o->fd < 0) {
		free(o);
		return E_IO;
	}
	spool_key(k, id, part, &o->lock);
	*ret = o;
	return OK;
}

static void flush_block(struct spool_out *o)
{
	struct arena a;
	struct str sealed;

	if (!o->n || o->failed)
		return;
	arena_init(&a, 1 << 20, NULL);
	o->failed = seal_block(&o->lock, o->no, (struct str){ o->plain, o->n }, &a, &sealed) || !write_all(o->fd, sealed, (off_t)(o->no * (BLOCK + o->lock.extra)));
	arena_end(&a);
	o->no += o->n == BLOCK;
	o->n = o->n == BLOCK ? 0 : o->n;
}

bool spool_put(void *ctx, const char *p, size_t n)
{
	struct spool_out *o = ctx;

	while (n && !o->failed) {
		size_t take = BLOCK - o->n < n ? BLOCK - o->n : n;

		memcpy(o->plain + o->n, p, take);
		o->n += take;
		p += take;
		n -= take;
		if (o->n == BLOCK)
			flush_block(o);
	}
	return !o->failed;
}

/* What was put so far outlives the process. */
bool spool_flush(struct spool_out *o)
{
	flush_block(o);
	return !o->failed;
}

/* What was put so far can be read by others and outlives a crash. */
enum err spool_sync(struct spool_out *o)
{
	flush_block(o);
	return o->failed || fsync(o->fd) ? E_IO : OK;
}

enum err spool_end(struct spool_out *o)
{
	enum err e = spool_sync(o);

	close(o->fd);
	explicit_bzero(o, sizeof(*o));
	free(o);
	return e;
}
