/* record/media.c - see media.h. Walks JPEG segments and PNG chunks; never decodes a pixel. */
#include "record/media.h"

static const unsigned char png_head[8] = { 0x89, 'P', 'N', 'G', 0x0d, 0x0a, 0x1a, 0x0a };

const char *media_type(struct str s)
{
	const unsigned char *b = (const unsigned char *)s.p;

	if (s.n > 8 && str_starts(s, "%PDF-"))
		return "application/pdf";
	if (s.n > 4 && b[0] == 0xff && b[1] == 0xd8 && b[2] == 0xff)
		return "image/jpeg";
	if (s.n > 16 && memcmp(b, png_head, sizeof(png_head)) == 0)
		return "image/png";
	return NULL;
}

/* Kept: JFIF (APP0), colour profile (APP2), Adobe transform (APP14). Dropped: every other APPn and comments. */
static bool jpeg_keep(unsigned char marker)
{
	if (marker >= 0xe0 && marker <= 0xef)
		return marker == 0xe0 || marker == 0xe2 || marker == 0xee;
	return marker != 0xfe;
}

static enum err clean_jpeg(struct arena *a, struct str s, struct str *ret)
{
	const unsigned char *b = (const unsigned char *)s.p;
	struct buf out = buf_in(a, s.n);
	size_t at = 2;

	buf_add(&out, str_sub(s, 0, 2));
	while (at + 4 <= s.n) {
		size_t len;

		if (b[at] != 0xff)
			return E_BAD;
		if (b[at + 1] == 0xff) {        /* fill byte */
			at++;
			continue;
		}
		if (b[at + 1] == 0xda) {        /* start of scan: entropy-coded data to the end */
			buf_add(&out, str_sub(s, at, s.n));
			*ret = buf_str(&out);
			return OK;
		}
		len = (size_t)be_get(b + at + 2, 2);
		if (len < 2 || len + 2 > s.n - at)
			return E_BAD;
		if (jpeg_keep(b[at + 1]))
			buf_add(&out, str_sub(s, at, len + 2));
		at += len + 2;
	}
	return E_BAD;
}

static bool png_keep(const char *type)
{
	static const char *const drop[] = { "tEXt", "zTXt", "iTXt", "tIME", "eXIf" };

	for (size_t i = 0; i < ROWS(drop); i++)
		if (memcmp(type, drop[i], 4) == 0)
			return false;
	return true;
}

static enum err clean_png(struct arena *a, struct str s, struct str *ret)
{
	struct buf out = buf_in(a, s.n);
	size_t at = sizeof(png_head);

	buf_add(&out, str_sub(s, 0, at));
	while (at + 12 <= s.n) {
		size_t len = (size_t)be_get((const unsigned char *)s.p + at, 4);

		if (len > s.n - at - 12)
			return E_BAD;
		if (png_keep(s.p + at + 4))
			buf_add(&out, str_sub(s, at, len + 12));
		if (memcmp(s.p + at + 4, "IEND", 4) == 0) {
			*ret = buf_str(&out);    /* what hides behind the end is dropped too */
			return OK;
		}
		at += len + 12;
	}
	return E_BAD;
}

enum err media_clean(struct arena *a, struct str bytes, struct str *ret)
{
	const char *type = media_type(bytes);

	if (type && strcmp(type, "image/jpeg") == 0)
		return clean_jpeg(a, bytes, ret);
	if (type && strcmp(type, "image/png") == 0)
		return clean_png(a, bytes, ret);
	*ret = bytes;
	return OK;
}
