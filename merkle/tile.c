/* merkle/tile.c - names and widths of tiles, after C2SP tlog-tiles. Pure.
 *
 * One tile has one spelling: what tile_path_get accepts is exactly what tile_path writes.
 */
#include "merkle/merkle.h"

enum { LEVEL_MAX = 63, PATH_MAX_LEN = 80 };

/* tile/<L>/<N>[.p/<W>]; N in groups of three digits, all but the last with an x before them. */
static size_t path_put(int level, uint64_t n, unsigned width, char out[PATH_MAX_LEN])
{
	unsigned group[8];
	size_t groups = 0, at;

	do {
		group[groups++] = (unsigned)(n % 1000);
		n /= 1000;
	} while (n);
	if (level < 0)
		at = (size_t)snprintf(out, PATH_MAX_LEN, "tile/entries");
	else
		at = (size_t)snprintf(out, PATH_MAX_LEN, "tile/%d", level);
	while (groups-- > 0)
		at += (size_t)snprintf(out + at, PATH_MAX_LEN - at, groups ? "/x%03u" : "/%03u", group[groups]);
	if (width < TILE_WIDTH)
		at += (size_t)snprintf(out + at, PATH_MAX_LEN - at, ".p/%u", width);
	return at;
}

struct str tile_path(struct arena *a, int level, uint64_t n, unsigned width)
{
	char out[PATH_MAX_LEN];

	return str_copy(a, (struct str){ out, path_put(level, n, width, out) });
}

static bool number(struct str s, int64_t most, int64_t *ret)
{
	return s.n && is_digit(s.p[0]) && str_to_int(s, ret) && *ret <= most;
}

/* Reads loosely; the caller compares with the one spelling. */
static bool path_read(struct str path, int64_t *level, int64_t *n, int64_t *width)
{
	struct str part;
	int64_t group;

	if (!str_cut(&path, '/', &part) || !str_is(part, "tile") || !str_cut(&path, '/', &part))
		return false;
	*level = -1;
	if (!str_is(part, "entries") && !number(part, LEVEL_MAX, level))
		return false;
	*n = 0;
	*width = TILE_WIDTH;
	while (str_cut(&path, '/', &part)) {
		bool partial = str_ends(part, ".p");
		struct str digits = str_sub(part, part.n && part.p[0] == 'x', partial ? part.n - 2 : part.n);

		if (!number(digits, 999, &group) || *n > (INT64_MAX - group) / 1000)
			return false;
		*n = *n * 1000 + group;
		if (partial)
			return number(path, TILE_WIDTH - 1, width) && *width > 0;
	}
	return true;
}

enum err tile_path_get(struct str path, int *ret_level, uint64_t *ret_n, unsigned *ret_width)
{
	char again[PATH_MAX_LEN];
	int64_t level, n, width;

	if (path.n >= PATH_MAX_LEN || !path_read(path, &level, &n, &width))
		return E_BAD;
	if (!str_eq(path, (struct str){ again, path_put((int)level, (uint64_t)n, (unsigned)width, again) }))
		return E_BAD;
	*ret_level = (int)level;
	*ret_n = (uint64_t)n;
	*ret_width = (unsigned)width;
	return OK;
}

unsigned tile_width(uint64_t size, unsigned level, uint64_t n)
{
	uint64_t hashes = level < 8 ? size >> 8 * level : 0;

	if (n < hashes / TILE_WIDTH)
		return TILE_WIDTH;
	return n == hashes / TILE_WIDTH ? (unsigned)(hashes % TILE_WIDTH) : 0;
}
