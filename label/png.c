/* label/png.c - one symbol as a PNG of one bit a pixel (ISO/IEC 15948); the only file here that sees zlib.
 *
 * Written by hand because cairo widens one-bit pictures to eight bits when it saves them.
 */
#include <zlib.h>

#include "label/draw.h"

enum { PIXELS_A_MODULE_MOST = 100, BAR_MOST = 5000, SIDE_MOST = 30000, HEAD = 13, CHUNK = 12, LEVEL = 6 };

static unsigned char *chunk(unsigned char *to, const char *type, const void *data, size_t n)
{
	be_put(n, to, 4);
	memcpy(to + 4, type, 4);
	if (n)
		memcpy(to + 8, data, n);
	be_put(crc32(0, to + 4, (uInt)(n + 4)), to + 8 + n, 4);
	return to + n + CHUNK;
}

/* One row: a byte for the filter (none), then the pixels; a set bit is white. */
static void put_row(unsigned char *to, const struct symbol *s, const unsigned char *row, unsigned scale, size_t bytes)
{
	to[0] = 0;
	memset(to + 1, 0xff, bytes);
	for (unsigned x = 0; row && x < s->width * scale; x++) {
		unsigned at = x / scale, px = x + s->quiet * scale;

		if (row[at / 8] & (0x80 >> at % 8))
			to[1 + px / 8] &= (unsigned char)~(0x80 >> px % 8);
	}
}

enum err symbol_png(struct arena *a, const struct symbol *s, unsigned pixels_a_module, unsigned bar_pixels, struct str *ret)
{
	static const unsigned char magic[8] = { 0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n' };
	const bool linear = symbology_linear(s->kind);
	const unsigned scale = pixels_a_module;
	unsigned char head[HEAD] = { [8] = 1 }, *raw, *packed, *out, *at;       /* one bit, grey */
	size_t w, h, bytes, symbol_bytes = (s->width + 7) / 8;
	uLongf n;

	if (scale == 0 || scale > PIXELS_A_MODULE_MOST || (linear && (bar_pixels == 0 || bar_pixels > BAR_MOST)))
		return E_BAD;
	w = (size_t)(s->width + 2 * s->quiet) * scale;
	h = linear ? bar_pixels : (size_t)(s->height + 2 * s->quiet) * scale;
	if (w > SIDE_MOST || h > SIDE_MOST)
		return E_TOO_BIG;
	bytes = (w + 7) / 8;
	raw = arena_take(a, (bytes + 1) * h);
	for (size_t y = 0; y < h; y++) {
		size_t row = linear ? 0 : y / scale - s->quiet;         /* wraps round in the upper quiet zone, and is then too large */

		put_row(raw + y * (bytes + 1), s, row < s->height ? s->row + row * symbol_bytes : NULL, scale, bytes);
	}
	n = compressBound((uLong)((bytes + 1) * h));
	packed = arena_take(a, n);
	if (compress2(packed, &n, raw, (uLong)((bytes + 1) * h), LEVEL) != Z_OK)
		return E_BUSY;
	be_put(w, head, 4);
	be_put(h, head + 4, 4);
	out = arena_take(a, sizeof(magic) + 3 * CHUNK + HEAD + n);
	memcpy(out, magic, sizeof(magic));
	at = chunk(out + sizeof(magic), "IHDR", head, HEAD);
	at = chunk(at, "IDAT", packed, n);
	at = chunk(at, "IEND", NULL, 0);
	*ret = (struct str){ (const char *)out, (size_t)(at - out) };
	return OK;
}
