/* kernel/guard.c - what was last signed, kept apart from the store: a file of two records a tree, written in turn, flushed before each
 * signature.
 *
 * A store that does not hold everything that was signed (an older backup brought back, a second copy that went on) is refused: signing on
 * from it would give two histories for one size. The file may lie on another disk (--guard).
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include "kernel/inside.h"

enum { RECORD = 256, SLOTS = 2 };

struct guard {
	int fd;
	unsigned turn[TREES];
};

static const char *const heading[TREES] = { "suyuan guard 1", "suyuan guard 1 sm3" };

static struct str record_text(struct arena *a, enum tree_id t, const struct log_head *h)
{
	struct str body = str_fmt(a, "%s\n%llu\n%.*s\n", heading[t], (unsigned long long)h->size, STR_ARG(base64_str(a, h->root.b, HASH_LEN)));
	struct hash sum = hash_of(HASH_SHA256, body);

	return str_fmt(a, "%.*s%.*s\n", STR_ARG(body), STR_ARG(hex_str(a, sum.b, HASH_LEN)));
}

/* A torn or foreign record reads as none. */
static bool record_read(struct arena *a, enum tree_id t, struct str text, struct log_head *ret)
{
	struct str rest = text, line;
	struct log_head h;
	int64_t size;
	size_t n;

	if (!str_cut(&rest, '\n', &line) || !str_is(line, heading[t]) || !str_cut(&rest, '\n', &line) || !str_to_int(line, &size) || size < 0 ||
	    !str_cut(&rest, '\n', &line) || !base64_get(line, h.root.b, HASH_LEN, &n) || n != HASH_LEN)
		return false;
	h.size = (uint64_t)size;
	line = record_text(a, t, &h);
	if (text.n < line.n || memcmp(text.p, line.p, line.n) != 0)
		return false;
	*ret = h;
	return true;
}

/* writing false: it is only read, and need not be there. Else it is ours alone while it is open: two that sign by one guard, each remembering its
 * own last signature, would make two histories. E_BUSY: another has it. */
enum err guard_open(const char *path, bool writing, struct log_head ret_last[TREES], struct guard **ret)
{
	struct guard *g = calloc(1, sizeof(*g));
	char bytes[TREES * SLOTS * RECORD];
	struct arena a;
	ssize_t n;

	if (!g)
		return E_BUSY;
	g->fd = open(path, writing ? O_RDWR | O_CREAT | O_CLOEXEC : O_RDONLY | O_CLOEXEC, 0600);
	if (g->fd >= 0 && writing && flock(g->fd, LOCK_EX | LOCK_NB)) {
		guard_close(g);
		return E_BUSY;
	}
	n = g->fd >= 0 ? pread(g->fd, bytes, sizeof(bytes), 0) : writing || errno != ENOENT ? -1 : 0;
	if (n < 0) {
		guard_close(g);
		return E_IO;
	}
	arena_init(&a, 1 << 16, NULL);
	for (unsigned i = 0; i < TREES * SLOTS && (size_t)n > i * RECORD; i++) {
		enum tree_id t = (enum tree_id)(i / SLOTS);
		struct log_head h;

		if (!record_read(&a, t, str_sub((struct str){ bytes, (size_t)n }, i * RECORD, RECORD), &h) || h.size < ret_last[t].size)
			continue;
		ret_last[t] = h;
		g->turn[t] = i % SLOTS + 1;
	}
	arena_end(&a);
	*ret = g;
	return OK;
}

void guard_close(struct guard *g)
{
	if (g && g->fd >= 0)
		close(g->fd);
	free(g);
}

/* signer_setup.keep: durable when it returns. */
enum err guard_keep(void *ctx, enum tree_id t, const struct log_head *h)
{
	struct guard *g = ctx;
	off_t at = ((off_t)t * SLOTS + g->turn[t] % SLOTS) * RECORD;
	char bytes[RECORD];
	struct arena a;
	struct str text;

	arena_init(&a, 8192, NULL);
	text = record_text(&a, t, h);
	memset(bytes, ' ', sizeof(bytes));
	memcpy(bytes, text.p, text.n);
	arena_end(&a);
	if (pwrite(g->fd, bytes, sizeof(bytes), at) != (ssize_t)sizeof(bytes) || fdatasync(g->fd))
		return E_IO;
	g->turn[t]++;
	return OK;
}
