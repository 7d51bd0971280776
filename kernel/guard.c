/* kernel/guard.c - what was last signed, kept apart from the store: a file of two records, written in turn, flushed before each signature.
 *
 * A store that does not hold everything that was signed (an older backup brought back, a second copy that went on) is refused at
 * the start: signing on from it would give two histories for one size. The file may lie on another disk (guard/ as a link or mount).
 */
#include <fcntl.h>
#include <unistd.h>

#include "kernel/inside.h"

enum { RECORD = 256 };

struct guard {
	int fd;
	struct log_head head;     /* size 0: nothing was signed yet */
	unsigned turn;
};

static struct str record_text(struct arena *a, const struct log_head *h)
{
	struct str body = str_fmt(a, "suyuan guard 1\n%llu\n%.*s\n", (unsigned long long)h->size, STR_ARG(base64_str(a, h->root.b, HASH_LEN)));
	struct hash sum = hash_of(HASH_SHA256, body);

	return str_fmt(a, "%.*s%.*s\n", STR_ARG(body), STR_ARG(hex_str(a, sum.b, HASH_LEN)));
}

/* A torn or foreign record reads as none. */
static bool record_read(struct arena *a, struct str text, struct log_head *ret)
{
	struct str rest = text, line;
	struct log_head h;
	int64_t size;
	size_t n;

	if (!str_cut(&rest, '\n', &line) || !str_is(line, "suyuan guard 1") || !str_cut(&rest, '\n', &line) || !str_to_int(line, &size) || size < 0 ||
	    !str_cut(&rest, '\n', &line) || !base64_get(line, h.root.b, HASH_LEN, &n) || n != HASH_LEN)
		return false;
	h.size = (uint64_t)size;
	line = record_text(a, &h);
	if (text.n < line.n || memcmp(text.p, line.p, line.n) != 0)
		return false;
	*ret = h;
	return true;
}

enum err guard_open(struct kernel *k, const char *path)
{
	struct guard *g = TAKE(&k->life, struct guard, 1);
	char bytes[2 * RECORD];
	ssize_t n;

	g->fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (g->fd < 0)
		return E_IO;
	k->guard = g;
	n = pread(g->fd, bytes, sizeof(bytes), 0);
	for (unsigned i = 0; n >= 0 && i < 2 && (size_t)n > i * RECORD; i++) {
		struct log_head h;
		struct str text = str_sub((struct str){ bytes, (size_t)n }, i * RECORD, RECORD);

		if (record_read(&k->life, text, &h) && h.size >= g->head.size) {
			g->head = h;
			g->turn = i + 1;
		}
	}
	return n < 0 ? E_IO : OK;
}

void guard_close(struct kernel *k)
{
	if (k->guard)
		close(k->guard->fd);
	k->guard = NULL;
}

/* E_CORRUPT with the reason: the store is older than what was signed, or tells another story. */
enum err guard_check(struct kernel *k, char why[300])
{
	struct tile_source src = tiles_over(&k->db);
	struct log_head now = log_shown(k->log);
	const struct log_head *signed_head = &k->guard->head;
	struct hash root;
	struct arena a;
	enum err e = OK;

	if (signed_head->size > now.size) {
		snprintf(why, 300, "库比已签署的日志旧：已签署 %llu 条，库里只有 %llu 条（恢复了旧备份？）。请找回缺少的记录；不能接着写 / the store is older than what was"
		         " signed: bring back the missing entries, do not write on", (unsigned long long)signed_head->size, (unsigned long long)now.size);
		return E_CORRUPT;
	}
	arena_init(&a, 1 << 20, NULL);
	if (signed_head->size)
		e = log_root_at(k->log, &a, &src, signed_head->size, &root);
	arena_end(&a);
	if (!e && signed_head->size && !same_bytes(root.b, signed_head->root.b, HASH_LEN)) {
		snprintf(why, 300, "库的历史与已签署的不同（第 %llu 条以前）：不能接着写 / the store's history is not the one that was signed", (unsigned long long)signed_head->size);
		e = E_CORRUPT;
	}
	return e;
}

/* Before the signature of `h`: durable when it returns. */
enum err guard_put(struct kernel *k, const struct log_head *h)
{
	struct guard *g = k->guard;
	char bytes[RECORD];
	struct arena a;
	struct str text;
	enum err e = OK;

	arena_init(&a, 8192, NULL);
	text = record_text(&a, h);
	memset(bytes, ' ', sizeof(bytes));
	memcpy(bytes, text.p, text.n);
	arena_end(&a);
	if (pwrite(g->fd, bytes, sizeof(bytes), (off_t)(g->turn++ % 2) * RECORD) != (ssize_t)sizeof(bytes) || fdatasync(g->fd))
		e = E_IO;
	if (!e)
		g->head = *h;
	return e;
}
