/* base/file.c - whole files, durable writes. An fsync that fails is reported and never retried. */
#include "sys.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

static enum err io_err(void) { return errno == ENOENT ? E_ABSENT : errno == ENOSPC || errno == EDQUOT ? E_DISK : E_IO; }

enum err file_read(struct arena *a, const char *path, size_t max, struct str *ret)
{
	struct stat st;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t n = 0;
	char *p;

	if (fd < 0)
		return io_err();
	if (fstat(fd, &st) || !S_ISREG(st.st_mode) || (uint64_t)st.st_size > max) {
		close(fd);
		return E_TOO_BIG;
	}
	p = arena_try(a, (size_t)st.st_size + 1);
	while (p && n < (size_t)st.st_size) {
		ssize_t got = read(fd, p + n, (size_t)st.st_size - n);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			break;
		n += (size_t)got;
	}
	close(fd);
	if (!p)
		return E_TOO_BIG;
	if (n != (size_t)st.st_size)
		return E_IO;
	*ret = (struct str){ p, n };
	return OK;
}

static enum err write_all(int fd, struct str body)
{
	while (body.n) {
		ssize_t put = write(fd, body.p, body.n);

		if (put < 0 && errno == EINTR)
			continue;
		if (put <= 0)
			return io_err();
		body = str_sub(body, (size_t)put, body.n);
	}
	return fsync(fd) ? io_err() : OK;
}

static enum err sync_parent(const char *path)
{
	const char *slash = strrchr(path, '/');
	char dir[4096];
	int fd;
	enum err e = OK;

	snprintf(dir, sizeof(dir), "%.*s", slash ? (int)(slash - path) : 1, slash ? path : ".");
	fd = open(dir[0] ? dir : "/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return io_err();
	if (fsync(fd))
		e = io_err();
	close(fd);
	return e;
}

enum err file_write(const char *path, struct str body, unsigned mode)
{
	char temp[4096];
	enum err e;
	int fd;

	if (snprintf(temp, sizeof(temp), "%s.new", path) >= (int)sizeof(temp))
		return E_TOO_BIG;
	fd = open(temp, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);
	if (fd < 0)
		return io_err();
	e = write_all(fd, body);
	close(fd);
	if (e == OK && rename(temp, path))
		e = io_err();
	if (e) {
		unlink(temp);
		return e;
	}
	return sync_parent(path);
}

enum err dir_make(const char *path, unsigned mode)
{
	char part[4096];
	size_t n = strlen(path);

	if (n >= sizeof(part))
		return E_TOO_BIG;
	for (size_t i = 1; i <= n; i++) {
		if (i < n && path[i] != '/')
			continue;
		memcpy(part, path, i);
		part[i] = 0;
		if (mkdir(part, mode) == 0) {
			enum err e = sync_parent(part);

			if (e)
				return e;
		} else if (errno != EEXIST) {
			return io_err();
		}
	}
	return OK;
}

bool file_exists(const char *path) { return access(path, F_OK) == 0; }

int64_t disk_free(const char *path)
{
	struct statvfs v;

	return statvfs(path, &v) ? -1 : (int64_t)(v.f_bavail * v.f_frsize);
}
