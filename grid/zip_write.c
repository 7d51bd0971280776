/* grid/zip_write.c - a zip in memory, through minizip over a buffer of our own: members one after the other, names plain ASCII, no times, so that the
 * same members always give the same bytes.
 */
#include <minizip/zip.h>

#include "inner.h"

enum { ZIP_MOST = 128 << 20 };
#define YEAR_1980 0x210000u                     /* the first day DOS knows */

struct zip_out {
	zipFile file;
	char *p;
	size_t n, cap, at;
	bool failed;
};

/* ---- minizip's view of the buffer ---- */

static voidpf out_open(voidpf opaque, const void *name, int mode)
{
	(void)name;
	(void)mode;
	return opaque;
}

static uLong out_read(voidpf opaque, voidpf stream, void *to, uLong n)
{
	(void)opaque;
	(void)stream;
	(void)to;
	(void)n;
	return 0;
}

static bool grow(struct zip_out *o, size_t need)
{
	size_t cap = o->cap ? o->cap : 65536;
	char *p;

	if (need > ZIP_MOST)
		return false;
	while (cap < need)
		cap *= 2;
	p = cap == o->cap ? o->p : realloc(o->p, cap);
	if (!p)
		return false;
	o->p = p;
	o->cap = cap;
	return true;
}

static uLong out_write(voidpf opaque, voidpf stream, const void *from, uLong n)
{
	struct zip_out *o = stream;

	(void)opaque;
	if (o->failed || !grow(o, o->at + n)) {
		o->failed = true;
		return 0;
	}
	memcpy(o->p + o->at, from, n);
	o->at += n;
	if (o->at > o->n)
		o->n = o->at;
	return n;
}

static ZPOS64_T out_tell(voidpf opaque, voidpf stream)
{
	(void)opaque;
	return ((const struct zip_out *)stream)->at;
}

static long out_seek(voidpf opaque, voidpf stream, ZPOS64_T offset, int origin)
{
	struct zip_out *o = stream;
	uint64_t to = offset + (origin == ZLIB_FILEFUNC_SEEK_CUR ? o->at : origin == ZLIB_FILEFUNC_SEEK_END ? o->n : 0);

	(void)opaque;
	if (to > o->n)
		return -1;
	o->at = (size_t)to;
	return 0;
}

static int out_close(voidpf opaque, voidpf stream)
{
	(void)opaque;
	(void)stream;
	return 0;
}

static int out_error(voidpf opaque, voidpf stream)
{
	(void)opaque;
	return ((const struct zip_out *)stream)->failed;
}

/* ---- members ---- */

enum err zip_begin(struct zip_out **ret)
{
	struct zip_out *o = calloc(1, sizeof(*o));
	zlib_filefunc64_def calls = { out_open, out_read, out_write, out_tell, out_seek, out_close, out_error, o };

	if (!o)
		return E_IO;
	o->file = zipOpen2_64("", APPEND_STATUS_CREATE, NULL, &calls);
	if (!o->file) {
		free(o);
		return E_IO;
	}
	*ret = o;
	return OK;
}

enum err zip_put(struct zip_out *o, const char *name, struct str bytes)
{
	const zip_fileinfo info = { .dosDate = YEAR_1980 };

	if (o->failed || bytes.n > ZIP_MOST)
		return E_TOO_BIG;
	if (zipOpenNewFileInZip64(o->file, name, &info, NULL, 0, NULL, 0, NULL, Z_DEFLATED, Z_DEFAULT_COMPRESSION, 0) ||
	    zipWriteInFileInZip(o->file, bytes.p, (unsigned)bytes.n) || zipCloseFileInZip(o->file))
		o->failed = true;
	return o->failed ? E_TOO_BIG : OK;
}

enum err zip_end(struct zip_out *o, struct arena *a, struct str *ret)
{
	bool ok = o->file && !zipClose(o->file, NULL) && !o->failed && a;
	char *p = ok ? arena_try(a, o->n + 1) : NULL;

	if (p) {
		memcpy(p, o->p, o->n);
		*ret = (struct str){ p, o->n };
	}
	free(o->p);
	free(o);
	return p ? OK : E_TOO_BIG;
}
