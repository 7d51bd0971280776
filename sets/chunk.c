/* sets/chunk.c - the bytes of one chunk, written and read again. docs/formats/set.md describes them.
 *
 * First byte 1: pairs of varints, gap since the end of the last range and length - 1. First byte 2: a portable Roaring bitmap of one
 * container. The choice follows from the set alone, so equal sets have equal bytes.
 */
#include "sets/sets.h"

enum { TAG_PAIRS = 1, TAG_ROARING = 2, PAIRS_MOST = 64, COOKIE = 12346, COOKIE_RUN = 12347, ARRAY_MOST = 4096, BITMAP_BYTES = 8192 };

/* ---- pairs ---- */

static void put_varint(struct buf *b, uint32_t v)
{
	for (; v >= 0x80; v >>= 7)
		buf_char(b, (char)(0x80 | (v & 0x7f)));
	buf_char(b, (char)v);
}

/* Shortest form only, at most three bytes. */
static bool get_varint(struct str *s, uint32_t *ret)
{
	uint32_t v = 0;

	for (unsigned i = 0; i < 3 && i < s->n; i++) {
		unsigned char c = (unsigned char)s->p[i];

		v |= (uint32_t)(c & 0x7f) << (7 * i);
		if (c & 0x80)
			continue;
		if (i && !c)
			return false;
		*s = str_sub(*s, i + 1, s->n);
		*ret = v;
		return true;
	}
	return false;
}

/* The next range of the pairs: 1, 0 at the end, -1 when they are not well formed. *end: one past the last range. */
static int next_pair(struct str *s, uint32_t *end, struct range *ret)
{
	uint32_t gap, more;

	if (!s->n)
		return 0;
	if (!get_varint(s, &gap) || !get_varint(s, &more) || (*end && !gap) || *end + gap + more >= CHUNK_SIZE)
		return -1;
	*ret = (struct range){ *end + gap, *end + gap + more };
	*end = ret->hi + 1;
	return 1;
}

static size_t pairs_count(struct str s)
{
	struct range r;
	uint32_t end = 0;
	size_t n = 0;
	int more;

	while ((more = next_pair(&s, &end, &r)) > 0)
		n++;
	return more < 0 ? 0 : n;
}

/* ---- roaring: one container ---- */

struct view {
	enum { VIEW_ARRAY, VIEW_BITMAP, VIEW_RUN } kind;
	const unsigned char *p;
	uint32_t n;               /* numbers of an array, runs */
};

static uint32_t le16(const unsigned char *p) { return (uint32_t)p[0] | (uint32_t)p[1] << 8; }
static uint32_t le32(const unsigned char *p) { return le16(p) | le16(p + 2) << 16; }

/* Where the container is and how long it must be; what it holds is checked by view_ok. */
static bool view_of(struct str s, struct view *ret, uint32_t *ret_count)
{
	const unsigned char *p = (const unsigned char *)s.p;
	uint32_t card;

	if (s.n < 9)
		return false;
	if (le32(p) == COOKIE_RUN) {                          /* one container, and it is runs: flags, key and count, the runs */
		if (s.n < 11 || p[4] != 1 || le16(p + 5) != 0)
			return false;
		*ret = (struct view){ VIEW_RUN, p + 11, le16(p + 9) };
		*ret_count = le16(p + 7) + 1;
		return ret->n && s.n == 11 + 4 * (size_t)ret->n;
	}
	if (s.n < 16 || le32(p) != COOKIE || le32(p + 4) != 1 || le16(p + 8) != 0 || le32(p + 12) != 16)
		return false;
	card = le16(p + 10) + 1;
	*ret = (struct view){ card > ARRAY_MOST ? VIEW_BITMAP : VIEW_ARRAY, p + 16, card };
	*ret_count = card;
	return s.n == 16 + (card > ARRAY_MOST ? (size_t)BITMAP_BYTES : 2 * (size_t)card);
}

static uint64_t word_at(const unsigned char *p, size_t i)
{
	uint64_t w = 0;

	for (size_t k = 8; k-- > 0;)
		w = w << 8 | p[8 * i + k];
	return w;
}

static bool view_ok(const struct view *v, uint32_t count)
{
	uint32_t n = 0, end = 0;

	switch (v->kind) {
	case VIEW_ARRAY:
		for (uint32_t i = 1; i < v->n; i++)
			if (le16(v->p + 2 * i) <= le16(v->p + 2 * i - 2))
				return false;
		return true;
	case VIEW_RUN:
		for (uint32_t i = 0; i < v->n; i++) {
			uint32_t lo = le16(v->p + 4 * i), hi = lo + le16(v->p + 4 * i + 2);

			if ((i && lo <= end) || hi >= CHUNK_SIZE)      /* touching runs would be one */
				return false;
			end = hi + 1;
			n += hi - lo + 1;
		}
		return n == count;
	default:
		for (size_t i = 0; i < BITMAP_BYTES / 8; i++)
			n += (uint32_t)__builtin_popcountll(word_at(v->p, i));
		return n == count;
	}
}

static bool view_has(const struct view *v, uint32_t offset)
{
	uint32_t lo = 0, hi = v->n;

	if (v->kind == VIEW_BITMAP)
		return v->p[offset >> 3] >> (offset & 7) & 1;
	while (lo < hi) {                                     /* the first that begins behind the offset */
		uint32_t mid = (lo + hi) / 2;

		if (le16(v->p + (v->kind == VIEW_RUN ? 4 : 2) * mid) <= offset)
			lo = mid + 1;
		else
			hi = mid;
	}
	if (!lo)
		return false;
	if (v->kind == VIEW_ARRAY)
		return le16(v->p + 2 * (lo - 1)) == offset;
	return offset - le16(v->p + 4 * (lo - 1)) <= le16(v->p + 4 * (lo - 1) + 2);
}

/* ---- both ---- */

static struct str body_of(struct str bytes) { return str_sub(bytes, 1, bytes.n); }

static bool tagged(struct str bytes, unsigned char tag) { return bytes.n > 1 && (unsigned char)bytes.p[0] == tag; }

static bool roaring_view(struct str bytes, struct view *ret)
{
	uint32_t count;

	return tagged(bytes, TAG_ROARING) && view_of(body_of(bytes), ret, &count) && view_ok(ret, count);
}

bool chunk_ok(struct str bytes)
{
	struct view v;

	return tagged(bytes, TAG_PAIRS) ? pairs_count(body_of(bytes)) > 0 : roaring_view(bytes, &v);
}

uint32_t chunk_count(struct str bytes)
{
	struct str s = body_of(bytes);
	struct view v;
	struct range r;
	uint32_t end = 0, n = 0;

	if (tagged(bytes, TAG_ROARING))
		return view_of(s, &v, &n) ? n : 0;
	if (!tagged(bytes, TAG_PAIRS) || !pairs_count(s))
		return 0;
	while (next_pair(&s, &end, &r) > 0)
		n += r.hi - r.lo + 1;
	return n;
}

bool chunk_has(struct str bytes, uint32_t offset)
{
	struct str s = body_of(bytes);
	struct view v;
	struct range r;
	uint32_t end = 0, count;

	if (tagged(bytes, TAG_ROARING))                       /* its lengths are right; what lies sealed was checked when it was written */
		return view_of(s, &v, &count) && view_has(&v, offset);
	if (!tagged(bytes, TAG_PAIRS))
		return false;
	while (next_pair(&s, &end, &r) > 0)
		if (offset <= r.hi)
			return offset >= r.lo;
	return false;
}

enum err chunk_write(struct arena *a, const struct range *r, size_t n, struct str *ret)
{
	struct buf b = buf_in(a, n <= PAIRS_MOST ? 4 * n + 1 : 2 * BITMAP_BYTES);
	uint32_t end = 0, *v;
	size_t count = 0;
	struct str map;
	enum err e;

	if (n <= PAIRS_MOST) {
		buf_char(&b, TAG_PAIRS);
		for (size_t i = 0; i < n; i++) {
			put_varint(&b, r[i].lo - end);
			put_varint(&b, r[i].hi - r[i].lo);
			end = r[i].hi + 1;
		}
		*ret = buf_str(&b);
		return OK;
	}
	v = TAKE(a, uint32_t, ranges_count(r, n));
	for (size_t i = 0; i < n; i++)
		for (uint32_t x = r[i].lo; x <= r[i].hi; x++)
			v[count++] = x;
	e = roaring_write(a, v, count, &map);
	if (e)
		return e;
	buf_char(&b, TAG_ROARING);
	buf_add(&b, map);
	*ret = buf_str(&b);
	return OK;
}

static void view_bits(const struct view *v, struct bits *to)
{
	if (v->kind == VIEW_BITMAP)
		for (size_t i = 0; i < BITMAP_BYTES / 8; i++)
			to->w[i] |= word_at(v->p, i);
	for (uint32_t i = 0; v->kind != VIEW_BITMAP && i < v->n; i++) {
		uint32_t lo = le16(v->p + (v->kind == VIEW_RUN ? 4 : 2) * i);

		bits_add(to, lo, v->kind == VIEW_RUN ? lo + le16(v->p + 4 * i + 2) : lo);
	}
}

bool chunk_bits(struct str bytes, struct bits *to, struct span *ret)
{
	struct str s = body_of(bytes);
	struct span span = { 0, 0 };
	struct range r;
	struct view v;
	uint32_t end = 0;

	if (tagged(bytes, TAG_ROARING)) {
		if (!roaring_view(bytes, &v))
			return false;
		view_bits(&v, to);
		*ret = WHOLE_CHUNK;
		return true;
	}
	if (!tagged(bytes, TAG_PAIRS) || !pairs_count(s))
		return false;
	while (next_pair(&s, &end, &r) > 0) {
		if (!span.to)
			span.from = r.lo >> 6;
		span.to = (r.hi >> 6) + 1;
		bits_add(to, r.lo, r.hi);
	}
	*ret = span;
	return true;
}

bool chunk_ranges(struct arena *a, struct str bytes, struct range **ret, size_t *ret_n)
{
	struct bits *b;
	struct span span;
	struct str s = body_of(bytes);
	uint32_t end = 0;
	size_t n;

	if (!tagged(bytes, TAG_PAIRS)) {
		b = TAKE(a, struct bits, 1);
		if (!chunk_bits(bytes, b, &span))
			return false;
		*ret = bits_ranges(a, b, ret_n);
		return true;
	}
	n = pairs_count(s);
	*ret = TAKE(a, struct range, n + 1);
	for (size_t i = 0; i < n; i++)
		(void)next_pair(&s, &end, &(*ret)[i]);
	*ret_n = n;
	return n > 0;
}

/* ---- bits ---- */

void bits_add(struct bits *b, uint32_t lo, uint32_t hi)
{
	size_t first = lo >> 6, last = hi >> 6;
	uint64_t from = UINT64_MAX << (lo & 63), to = UINT64_MAX >> (63 - (hi & 63));

	if (first == last) {
		b->w[first] |= from & to;
		return;
	}
	b->w[first] |= from;
	for (size_t i = first + 1; i < last; i++)
		b->w[i] = UINT64_MAX;
	b->w[last] |= to;
}

void bits_clear(struct bits *b, struct span s)
{
	if (s.to > s.from)
		memset(b->w + s.from, 0, (s.to - s.from) * sizeof(b->w[0]));
}

void bits_or(struct bits *b, const struct bits *x, struct span s)
{
	for (uint32_t i = s.from; i < s.to; i++)
		b->w[i] |= x->w[i];
}

void bits_and(struct bits *b, const struct bits *x, struct span s)
{
	for (uint32_t i = s.from; i < s.to; i++)
		b->w[i] &= x->w[i];
}

void bits_andnot(struct bits *b, const struct bits *x, struct span s)
{
	for (uint32_t i = s.from; i < s.to; i++)
		b->w[i] &= ~x->w[i];
}

bool bits_has(const struct bits *b, uint32_t offset) { return b->w[offset >> 6] >> (offset & 63) & 1; }

uint32_t bits_count(const struct bits *b, struct span s)
{
	uint32_t n = 0;

	for (uint32_t i = s.from; i < s.to; i++)
		n += (uint32_t)__builtin_popcountll(b->w[i]);
	return n;
}

struct range *bits_ranges(struct arena *a, const struct bits *b, size_t *ret_n)
{
	size_t n = 0, edges = 0;
	struct range *r;
	bool in = false;

	for (size_t i = 0; i < ROWS(b->w); i++) {
		uint64_t w = b->w[i];

		edges += (size_t)__builtin_popcountll(w ^ (w << 1 | (i ? b->w[i - 1] >> 63 : 0)));
	}
	r = TAKE(a, struct range, edges / 2 + 2);
	for (uint32_t i = 0; i < ROWS(b->w); i++) {
		uint64_t w = b->w[i];

		if ((w == 0 && !in) || (w == UINT64_MAX && in))
			continue;
		for (uint32_t k = 0; k < 64; k++) {
			bool has = w >> k & 1;

			if (has && !in)
				r[n].lo = i * 64 + k;
			else if (!has && in)
				r[n++].hi = i * 64 + k - 1;
			in = has;
		}
	}
	if (in)
		r[n++].hi = CHUNK_SIZE - 1;
	*ret_n = n;
	return r;
}
