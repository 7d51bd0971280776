/* tests/faults/journal.c - see journal.h. */
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "tests/faults/journal.h"

static struct {
	pthread_mutex_t lock;
	bool on;
	char home[200];
	struct entry *entry;
	size_t n, cap;
} kept = { .lock = PTHREAD_MUTEX_INITIALIZER };

static const char *const names[FILES] = { "suyuan.db", "suyuan.db-wal", "keystore/keys.db", "keystore/keys.db-wal", "guard/head" };

/* Both names of each: files are large where this is built, SQLite's library was built by others. */
ssize_t large_pwrite(int fd, const void *p, size_t n, off_t at) __asm__("pwrite64");
ssize_t plain_pwrite(int fd, const void *p, size_t n, off_t at) __asm__("pwrite");
int large_ftruncate(int fd, off_t n) __asm__("ftruncate64");
int plain_ftruncate(int fd, off_t n) __asm__("ftruncate");

void journal_begin(const char *home)
{
	snprintf(kept.home, sizeof(kept.home), "%s", home);
	kept.on = true;
}

void journal_end(void) { kept.on = false; }

const struct entry *journal(size_t *ret_n)
{
	*ret_n = kept.n;
	return kept.entry;
}

void journal_free(void)
{
	for (size_t i = 0; i < kept.n; i++)
		free(kept.entry[i].bytes);
	free(kept.entry);
	kept.entry = NULL;
	kept.n = kept.cap = 0;
}

static void keep(struct entry e, const void *bytes)
{
	if (bytes) {
		e.bytes = malloc(e.n + 1);
		memcpy(e.bytes, bytes, e.n);
	}
	pthread_mutex_lock(&kept.lock);
	if (kept.n == kept.cap)
		kept.entry = realloc(kept.entry, (kept.cap = kept.cap ? 2 * kept.cap : 4096) * sizeof(e));
	kept.entry[kept.n++] = e;
	pthread_mutex_unlock(&kept.lock);
}

void journal_answered(const struct log_head *head) { keep((struct entry){ .what = W_ANSWERED, .head = *head }, NULL); }

/* Which of the files a path names; FILES and more: the folder of a write-ahead log; -1: none of them. */
static int file_of(const char *path)
{
	size_t n = strlen(kept.home);

	if (!kept.on || strncmp(path, kept.home, n) != 0)
		return -1;
	if (!path[n])
		return FILES + F_WAL;
	if (!strcmp(path + n + 1, "keystore"))
		return FILES + F_KEYS_WAL;
	for (int i = 0; i < FILES; i++)
		if (!strcmp(path + n + 1, names[i]))
			return i;
	return -1;
}

static int file_at(int fd)
{
	char link[64], path[4096];
	ssize_t n;

	if (!kept.on)
		return -1;
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(link, path, sizeof(path) - 1);
	if (n < 0)
		return -1;
	path[n] = 0;
	return file_of(path);
}

/* ---- the calls ---- */

ssize_t large_pwrite(int fd, const void *p, size_t n, off_t at)
{
	int f = file_at(fd);

	if (f >= 0 && f < FILES)
		keep((struct entry){ .what = W_WRITE, .file = (enum file)f, .at = at, .n = n }, p);
	return syscall(SYS_pwrite64, fd, p, n, at);
}

ssize_t plain_pwrite(int fd, const void *p, size_t n, off_t at) { return large_pwrite(fd, p, n, at); }

int large_ftruncate(int fd, off_t n)
{
	int f = file_at(fd);

	if (f >= 0 && f < FILES)
		keep((struct entry){ .what = W_CUT, .file = (enum file)f, .at = n }, NULL);
	return (int)syscall(SYS_ftruncate, fd, n);
}

int plain_ftruncate(int fd, off_t n) { return large_ftruncate(fd, n); }

static int synced(int fd, int rc)
{
	int f = file_at(fd);

	if (!rc && f >= 0)
		keep((struct entry){ .what = f >= FILES ? W_DIR_SYNC : W_SYNC, .file = (enum file)(f % FILES) }, NULL);
	return rc;
}

int fdatasync(int fd) { return synced(fd, (int)syscall(SYS_fdatasync, fd)); }
int fsync(int fd) { return synced(fd, (int)syscall(SYS_fsync, fd)); }

int unlink(const char *path)
{
	int f = file_of(path);

	if (f >= 0 && f < FILES)
		keep((struct entry){ .what = W_UNLINK, .file = (enum file)f }, NULL);
	return (int)syscall(SYS_unlink, path);
}
