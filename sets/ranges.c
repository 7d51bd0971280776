/* sets/ranges.c - ranges as texts and as sorted lists. */
#include <stdlib.h>

#include "sets/sets.h"

static int by_lo(const void *x, const void *y)
{
	const struct range *a = x, *b = y;

	return (a->lo > b->lo) - (a->lo < b->lo);
}

size_t ranges_tidy(struct range *r, size_t n)
{
	size_t kept = 0;
	bool sorted = true;

	for (size_t i = 1; i < n && sorted; i++)
		sorted = r[i - 1].lo <= r[i].lo;
	if (!sorted)
		qsort(r, n, sizeof(*r), by_lo);
	for (size_t i = 0; i < n; i++) {
		if (kept && (r[i].lo <= r[kept - 1].hi || r[i].lo == r[kept - 1].hi + 1)) {
			if (r[i].hi > r[kept - 1].hi)
				r[kept - 1].hi = r[i].hi;
		} else {
			r[kept++] = r[i];
		}
	}
	return kept;
}

uint64_t ranges_count(const struct range *r, size_t n)
{
	uint64_t count = 0;

	for (size_t i = 0; i < n; i++)
		count += (uint64_t)r[i].hi - r[i].lo + 1;
	return count;
}

/* Up to nine digits: every index fits. */
static bool read_number(struct str *s, uint32_t *ret)
{
	uint32_t v = 0;
	size_t n = 0;

	while (n < s->n && is_digit(s->p[n]) && n < 10)
		v = v * 10 + (uint32_t)(s->p[n++] - '0');
	*s = str_sub(*s, n, s->n);
	*ret = v;
	return n > 0 && n < 10;
}

bool ranges_read(struct arena *a, struct str text, size_t max, struct range **ret, size_t *ret_n)
{
	size_t n = 0, cap = 1;
	struct range *r;

	for (size_t i = 0; i < text.n; i++)
		cap += text.p[i] == '+';
	if (cap > max)
		return false;
	r = TAKE(a, struct range, cap);
	for (;;) {
		struct range *x = &r[n++];

		if (!read_number(&text, &x->lo))
			return false;
		x->hi = x->lo;
		if (text.n && text.p[0] == '-') {
			text = str_sub(text, 1, text.n);
			if (!read_number(&text, &x->hi) || x->hi < x->lo)
				return false;
		}
		if (!text.n)
			break;
		if (text.p[0] != '+')
			return false;
		text = str_sub(text, 1, text.n);
	}
	*ret = r;
	*ret_n = n;
	return true;
}

void ranges_write(struct buf *b, const struct range *r, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (i)
			buf_char(b, '+');
		buf_int(b, r[i].lo);
		if (r[i].hi != r[i].lo) {
			buf_char(b, '-');
			buf_int(b, r[i].hi);
		}
	}
}

size_t chunk_cut(const struct range *r, size_t n, uint32_t chunk, size_t *at, struct range *ret, size_t cap)
{
	uint64_t from = (uint64_t)chunk << CHUNK_BITS, to = from + CHUNK_SIZE - 1;
	size_t got = 0;

	while (*at < n && r[*at].hi < from)
		++*at;
	for (; *at < n && r[*at].lo <= to && got < cap; ++*at) {
		const struct range *x = &r[*at];

		ret[got++] = (struct range){ x->lo < from ? 0 : (uint32_t)(x->lo - from), x->hi > to ? CHUNK_SIZE - 1 : (uint32_t)(x->hi - from) };
		if (x->hi > to)
			break;                  /* the rest of it lies in the next chunk */
	}
	return got;
}
