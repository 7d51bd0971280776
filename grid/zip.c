/* grid/zip.c - the parts of a package, through minizip over our own reading, and the refusals a package from outside needs.
 *
 * Looks parts up by name only; nothing is ever written anywhere. The whole directory is looked at before a byte is unpacked: encrypted
 * or unknown methods, two parts of one name, too many parts, and sizes that only a bomb has are refused. Owner: the caller of zip_open.
 */
#include <minizip/unzip.h>

#include "inner.h"

enum { ENTRIES = 10000, NAME = 255, RATIO = 200, CACHE = 16 * 1024 };
static const uint64_t small = UINT64_C(10) << 20;       /* what unpacks to less may be packed as tightly as it likes */

struct part {
	char *name;             /* lower case: names of parts do not tell cases apart (ECMA-376-2, 6.2.2.3) */
	char *written;          /* as it stands in the file */
	unz64_file_pos pos;
	uint64_t size, packed;
	bool plain;
};

/* minizip reads its directory byte by byte; the source may be a system call away. */
struct stream {
	struct grid_source src;
	uint64_t at, cached_at;
	size_t cached_n;
	bool failed;
	unsigned char cache[CACHE];
};

struct zip {
	struct stream in;
	unzFile file;
	struct part *parts;
	size_t n;
	const struct part *now; /* being read */
	uint64_t read;
};

/* ---- minizip's view of the source ---- */

static voidpf stream_open(voidpf opaque, const void *name, int mode)
{
	(void)name;
	(void)mode;
	return opaque;
}

static int stream_close(voidpf opaque, voidpf stream)
{
	(void)opaque;
	(void)stream;
	return 0;
}

static int stream_error(voidpf opaque, voidpf stream)
{
	const struct stream *s = stream;

	(void)opaque;
	return s->failed;
}

static ZPOS64_T stream_tell(voidpf opaque, voidpf stream)
{
	const struct stream *s = stream;

	(void)opaque;
	return s->at;
}

static long stream_seek(voidpf opaque, voidpf stream, ZPOS64_T offset, int origin)
{
	struct stream *s = stream;
	uint64_t from = origin == ZLIB_FILEFUNC_SEEK_CUR ? s->at : origin == ZLIB_FILEFUNC_SEEK_END ? s->src.size : 0;

	(void)opaque;
	if (offset > s->src.size || from + offset > s->src.size)
		return -1;
	s->at = from + offset;
	return 0;
}

static bool fill(struct stream *s)
{
	uint64_t left = s->src.size - s->at;

	s->cached_at = s->at;
	s->cached_n = left < CACHE ? (size_t)left : CACHE;
	if (grid_read(&s->src, s->at, s->cache, s->cached_n))
		return true;
	s->cached_n = 0;
	s->failed = true;
	return false;
}

static uLong stream_read(voidpf opaque, voidpf stream, void *to, uLong n)
{
	struct stream *s = stream;
	uLong done = 0;

	(void)opaque;
	if (n > s->src.size - s->at)
		n = s->src.size - s->at;
	if (n >= CACHE) {
		s->failed = !grid_read(&s->src, s->at, to, n);
		s->at += s->failed ? 0 : n;
		return s->failed ? 0 : n;
	}
	while (done < n) {
		size_t off, most;

		if ((s->at < s->cached_at || s->at - s->cached_at >= s->cached_n) && !fill(s))
			break;
		off = (size_t)(s->at - s->cached_at);
		most = s->cached_n - off < n - done ? s->cached_n - off : n - done;
		memcpy((char *)to + done, s->cache + off, most);
		s->at += most;
		done += most;
	}
	return done;
}

/* ---- the directory ---- */

/* Made on a Unix, the upper half of the attributes is its file mode; what other systems say is a folder ends in a slash. */
static bool plain_file(const unz_file_info64 *info, const char *name)
{
	const unsigned long unix_made = 3, kind = info->external_fa >> 28;

	return name[0] && name[strlen(name) - 1] != '/' && (info->version >> 8 != unix_made || kind == 0 || kind == 8);
}

static void normal_name(char *name)
{
	for (char *p = name; *p; p++)
		*p = *p == '\\' ? '/' : ascii_lower(*p);
}

static int by_name(const void *a, const void *b) { return strcmp(((const struct part *)a)->name, ((const struct part *)b)->name); }

static enum err refuse(struct why *why, enum err e, const char *zh, const char *en)
{
	*why = WHY(zh, en);
	return e;
}

static enum err bomb(struct why *why) { return refuse(why, E_TOO_BIG, "文件解压后大得不合常理，不予读取", "the file unpacks to an unreasonable size"); }

static enum err damaged(struct why *why)
{
	return refuse(why, E_BAD, "文件不完整或已损坏；请重新保存后再上传", "the file is incomplete or damaged; save it again");
}

static enum err add_part(struct zip *z, struct why *why)
{
	struct part *p = &z->parts[z->n];
	char name[NAME + 1] = "";
	unz_file_info64 info;

	if (unzGetCurrentFileInfo64(z->file, &info, name, sizeof(name), NULL, 0, NULL, 0) != UNZ_OK)
		return damaged(why);
	if (info.size_filename > NAME || strlen(name) != info.size_filename)
		return damaged(why);
	if (info.flag & 1)
		return refuse(why, E_BAD, "文件加了密码；请去掉密码后再上传", "the file is encrypted; remove its password");
	if (info.compression_method != 0 && info.compression_method != Z_DEFLATED)
		return refuse(why, E_BAD, "文件用了不支持的压缩方法；请另存为 .xlsx 或 CSV", "a packing method we do not read; save it as .xlsx or CSV");
	if (info.uncompressed_size > small && info.uncompressed_size / RATIO > info.compressed_size)
		return bomb(why);
	*p = (struct part){ .written = strdup(name), .size = info.uncompressed_size, .packed = info.compressed_size, .plain = plain_file(&info, name) };
	normal_name(name);
	p->name = strdup(name);
	z->n++;
	if (!p->name || !p->written)
		return refuse(why, E_BUSY, err_zh(E_BUSY), err_en(E_BUSY));
	return unzGetFilePos64(z->file, &p->pos) == UNZ_OK ? OK : damaged(why);
}

static enum err check_parts(struct zip *z, const struct grid_limits *l, struct why *why)
{
	uint64_t total = 0;

	qsort(z->parts, z->n, sizeof(*z->parts), by_name);
	for (size_t i = 0; i < z->n; i++) {
		if (i && strcmp(z->parts[i].name, z->parts[i - 1].name) == 0)
			return refuse(why, E_BAD, "文件里有重名的部件", "two parts of the package have one name");
		if (z->parts[i].size > l->unpacked - total)
			return refuse(why, E_TOO_BIG, "文件解压后超过大小上限", "the file unpacks to more than the limit");
		total += z->parts[i].size;
	}
	return total > small && total / RATIO > z->in.src.size ? bomb(why) : OK;
}

static enum err list_parts(struct zip *z, const struct grid_limits *l, struct why *why)
{
	unz_global_info64 info;
	int at;

	if (unzGetGlobalInfo64(z->file, &info) != UNZ_OK || info.number_entry == 0)
		return damaged(why);
	if (info.number_entry > ENTRIES)
		return refuse(why, E_TOO_BIG, "文件里的部件太多", "the package has too many parts");
	z->parts = calloc((size_t)info.number_entry, sizeof(*z->parts));
	if (!z->parts)
		return refuse(why, E_BUSY, err_zh(E_BUSY), err_en(E_BUSY));
	for (at = unzGoToFirstFile(z->file); at == UNZ_OK && z->n < info.number_entry; at = unzGoToNextFile(z->file)) {
		enum err e = add_part(z, why);

		if (e)
			return e;
	}
	return at == UNZ_END_OF_LIST_OF_FILE && z->n == info.number_entry ? check_parts(z, l, why) : damaged(why);
}

enum err zip_open(const struct grid_source *s, const struct grid_limits *l, struct zip **ret, struct why *why)
{
	struct zip *z = calloc(1, sizeof(*z));
	zlib_filefunc64_def over = { stream_open, stream_read, NULL, stream_tell, stream_seek, stream_close, stream_error, NULL };
	enum err e;

	if (!z)
		return refuse(why, E_BUSY, err_zh(E_BUSY), err_en(E_BUSY));
	z->in.src = *s;
	over.opaque = &z->in;
	z->file = unzOpen2_64("", &over);
	e = z->file ? list_parts(z, l, why) : damaged(why);
	if (e) {
		zip_close(z);
		return e;
	}
	*ret = z;
	return OK;
}

size_t zip_count(const struct zip *z) { return z->n; }
struct zip_part zip_nth(const struct zip *z, size_t i) { return (struct zip_part){ z->parts[i].written, z->parts[i].size, z->parts[i].plain }; }

static const struct part *find(const struct zip *z, const char *name)
{
	char low[NAME + 1] = "";
	const struct part key = { .name = low };

	if (strlen(name) > NAME)
		return NULL;
	memcpy(low, name, strlen(name));
	normal_name(low);
	return bsearch(&key, z->parts, z->n, sizeof(*z->parts), by_name);
}

bool zip_has(const struct zip *z, const char *name) { return find(z, name) != NULL; }

/* ---- one part ---- */

static void leave(struct zip *z)
{
	if (z->now)
		unzCloseCurrentFile(z->file);
	z->now = NULL;
}

enum err zip_part(struct zip *z, const char *name)
{
	const struct part *p = find(z, name);

	leave(z);
	if (!p)
		return E_ABSENT;
	if (unzGoToFilePos64(z->file, &p->pos) != UNZ_OK || unzOpenCurrentFile(z->file) != UNZ_OK)
		return E_CORRUPT;
	z->now = p;
	z->read = 0;
	return OK;
}

int64_t zip_read(struct zip *z, void *to, size_t n)
{
	int got;

	if (!z->now)
		return -1;
	got = unzReadCurrentFile(z->file, to, (unsigned)n);
	if (got > 0) {
		z->read += (uint64_t)got;
		return got;
	}
	got = got < 0 || z->read != z->now->size;
	got |= unzCloseCurrentFile(z->file) != UNZ_OK;
	z->now = NULL;
	return got ? -1 : 0;
}

uint64_t zip_part_at(const struct zip *z) { return z->read; }
uint64_t zip_part_size(const struct zip *z) { return z->now ? z->now->size : z->read; }

void zip_close(struct zip *z)
{
	if (!z)
		return;
	leave(z);
	if (z->file)
		unzClose(z->file);
	for (size_t i = 0; i < z->n; i++) {
		free(z->parts[i].name);
		free(z->parts[i].written);
	}
	free(z->parts);
	free(z);
}
