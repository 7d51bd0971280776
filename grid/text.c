/* grid/text.c - bytes of any encoding people send, as a window of UTF-8 that moves over the source.
 *
 * The only file that includes iconv.h. What cannot be converted becomes the byte 0xFF, which no UTF-8 has: the line that holds it is
 * refused like any ill-formed line, the others are read. Owner: the caller of text_open; memory from malloc, because it grows and
 * outlives lines.
 */
#include <errno.h>
#include <iconv.h>

#include "inner.h"

enum { PROBE = 1 << 20 };

bool grid_read(const struct grid_source *s, uint64_t at, void *to, size_t n)
{
	return at <= s->size && n <= s->size - at && s->read(s->ctx, at, to, n) == (int64_t)n;
}

/* ---- which encoding ---- */

size_t grid_bad_byte(const char *p, size_t n)
{
	const uint64_t high = UINT64_C(0x8080808080808080), ones = UINT64_C(0x0101010101010101);
	const struct str s = { p, n };
	size_t i = 0;

	while (i < n) {
		uint64_t w;

		if (n - i >= sizeof(w)) {
			memcpy(&w, p + i, sizeof(w));
			if (((w | (w - ones)) & high) == 0) {   /* no byte above 0x7f, none zero */
				i += sizeof(w);
				continue;
			}
		}
		if (p[i] == 0 || utf8_next(s, &i) < 0)
			return i;
	}
	return n;
}

/* The start of a sequence that the end of the bytes cuts off. */
static bool utf8_cut(const char *p, size_t n)
{
	unsigned char c = (unsigned char)p[0];
	size_t len = c >= 0xf0 ? 4 : c >= 0xe0 ? 3 : 2;

	if (c < 0xc2 || c > 0xf4 || n >= len)
		return false;
	for (size_t i = 1; i < n; i++)
		if (((unsigned char)p[i] & 0xc0) != 0x80)
			return false;
	return true;
}

/* Length of the GB 18030 character at p, 0 when there is none, n + 1 when the bytes end inside it. */
static size_t gb_length(const unsigned char *p, size_t n)
{
	if (p[0] < 0x80)
		return 1;
	if (p[0] == 0x80 || p[0] == 0xff)
		return 0;
	if (n < 2)
		return n + 1;
	if (p[1] >= 0x40)
		return p[1] == 0x7f || p[1] == 0xff ? 0 : 2;
	if (p[1] < 0x30 || p[1] > 0x39)
		return 0;
	if (n > 2 && (p[2] < 0x81 || p[2] == 0xff))
		return 0;
	if (n > 3 && (p[3] < 0x30 || p[3] > 0x39))
		return 0;
	return n < 4 ? n + 1 : 4;
}

static bool gb_ok(const char *p, size_t n, bool whole)
{
	const unsigned char *u = (const unsigned char *)p;

	for (size_t i = 0; i < n;) {
		size_t len = gb_length(u + i, n - i);

		if (len == 0)
			return false;
		if (len > n - i)
			return !whole;
		i += len;
	}
	return true;
}

static const struct mark { const char *bytes; size_t n; const char *shown, *iconv; size_t unit; } marks[] = {
	{ "\xef\xbb\xbf", 3, "UTF-8", NULL, 1 },
	{ "\xff\xfe", 2, "UTF-16", "UTF-16LE", 2 },
	{ "\xfe\xff", 2, "UTF-16", "UTF-16BE", 2 },
	{ "\x84\x31\x95\x33", 4, "GB18030", "GB18030", 1 },
	{ "", 0, "UTF-8", NULL, 1 },
	{ "", 0, "GB18030", "GB18030", 1 },
};
enum { PLAIN_UTF8 = 4, PLAIN_GB = 5 };

/* p: the first n bytes of a file; whole: there are no more. */
static enum err find_encoding(const char *p, size_t n, bool whole, const struct mark **ret, struct why *why, size_t *ret_bad)
{
	size_t bad;

	for (size_t i = 0; i < PLAIN_UTF8; i++)
		if (n >= marks[i].n && memcmp(p, marks[i].bytes, marks[i].n) == 0) {
			*ret = &marks[i];
			return OK;
		}
	if (memchr(p, 0, n)) {
		*why = WHY("文件里有空字节，不是文本表格；请另存为 .xlsx 或 UTF-8 编码的 CSV",
		           "the file holds NUL bytes and is no text table; save it as .xlsx or as CSV in UTF-8");
		return E_BAD;
	}
	bad = grid_bad_byte(p, n);
	if (bad == n || (!whole && utf8_cut(p + bad, n - bad))) {
		*ret = &marks[PLAIN_UTF8];
		return OK;
	}
	if (gb_ok(p, n, whole)) {
		*ret = &marks[PLAIN_GB];
		return OK;
	}
	*why = WHY("文件既不是 UTF-8 编码，也不是 GB18030 编码；请另存为 UTF-8 编码的 CSV 或 .xlsx",
	           "the file is neither UTF-8 nor GB18030; save it as CSV in UTF-8 or as .xlsx");
	*ret_bad = bad;
	return E_BAD;
}

static enum err probe(const struct grid_source *s, const struct mark **ret, struct why *why, uint64_t *ret_bad)
{
	size_t n = s->size < PROBE ? (size_t)s->size : PROBE, bad = SIZE_MAX;
	char *p = malloc(n + 1);
	enum err e;

	if (!p)
		return E_BUSY;
	e = grid_read(s, 0, p, n) ? find_encoding(p, n, n == s->size, ret, why, &bad) : E_IO;
	free(p);
	if (bad != SIZE_MAX)
		*ret_bad = bad;
	return e;
}

/* ---- the window ---- */

enum err text_open(const struct grid_source *s, struct text **ret, struct why *why, uint64_t *ret_bad)
{
	const struct mark *m = NULL;
	struct text *t;
	iconv_t cd;
	enum err e;

	*ret_bad = s->size;
	e = probe(s, &m, why, ret_bad);
	if (e)
		return e;
	t = calloc(1, sizeof(*t));
	if (!t)
		return E_BUSY;
	*t = (struct text){ .src = *s, .encoding = m->shown, .at = m->n, .base = m->n, .unit = m->unit };
	if (m->iconv) {
		cd = iconv_open("UTF-8", m->iconv);
		t->convert = cd == (iconv_t)-1 ? NULL : cd;
		t->raw = malloc(GRID_PIECE);
		if (!t->convert || !t->raw) {
			*why = WHY("本机不能转换这种编码；请另存为 UTF-8 编码的 CSV", "this encoding cannot be converted here; save the file in UTF-8");
			text_close(t);
			return E_BAD;
		}
	}
	*ret = t;
	return OK;
}

void text_close(struct text *t)
{
	if (!t)
		return;
	if (t->convert)
		iconv_close(t->convert);
	free(t->raw);
	free(t->p);
	free(t);
}

/* Room for `more` bytes after p[n], once what is done with has gone. */
static bool room(struct text *t, size_t more)
{
	size_t cap;
	char *p;

	if (t->from) {
		memmove(t->p, t->p + t->from, t->n - t->from);
		t->base += t->from;
		t->n -= t->from;
		t->from = 0;
	}
	if (t->cap - t->n >= more)
		return true;
	cap = t->n + more > t->cap * 2 ? t->n + more : t->cap * 2;
	p = realloc(t->p, cap);
	if (!p)
		return false;
	t->p = p;
	t->cap = cap;
	return true;
}

/* The next bytes of the source, at most n. */
static enum err take(struct text *t, char *to, size_t n, size_t *ret_n)
{
	if (n > t->src.size - t->at)
		n = (size_t)(t->src.size - t->at);
	if (n && !grid_read(&t->src, t->at, to, n))
		return E_IO;
	t->at += n;
	*ret_n = n;
	return OK;
}

/* Converts what is in raw; the tail of a cut sequence stays there. There is room for twice the piece, and no character grows more. */
static void convert(struct text *t, bool last)
{
	char *in = t->raw, *out = t->p + t->n;
	size_t left = t->raw_n, space = t->cap - t->n;

	while (left && space) {
		size_t skip;

		if (iconv(t->convert, &in, &left, &out, &space) != (size_t)-1 || (errno == EINVAL && !last) || errno == E2BIG)
			break;
		skip = left < t->unit ? left : t->unit;
		*out++ = (char)0xff;
		space--;
		in += skip;
		left -= skip;
	}
	memmove(t->raw, in, left);
	t->raw_n = left;
	t->n = (size_t)(out - t->p);
}

enum err text_more(struct text *t)
{
	size_t held = t->n - t->from, piece = held > GRID_PIECE ? held : GRID_PIECE, n;     /* doubling: a long line costs twice its length */
	enum err e;

	if (!room(t, t->convert ? 4 * GRID_PIECE : piece))
		return E_BUSY;
	if (!t->convert) {
		e = take(t, t->p + t->n, piece, &n);
		if (e)
			return e;
		t->n += n;
		t->end = t->at == t->src.size;
		return OK;
	}
	e = take(t, t->raw + t->raw_n, GRID_PIECE - t->raw_n, &n);
	if (e)
		return e;
	t->raw_n += n;
	convert(t, t->at == t->src.size);
	t->end = t->at == t->src.size && t->raw_n == 0;
	return OK;
}
