/* label/fit.c - text into a box: cleaned, broken into lines, shrunk, cut. Widths come from the pen, the rest is arithmetic. */
#include <uchar.h>

#include "label/draw.h"

enum { TEXT_MOST = 4000, STEPS = 6 };
#define SIZE_LEAST 0.6            /* of the size asked for */
#define SLACK 1e-6

/* ---- cleaning ---- */

/* Controls have no picture; direction marks would let a text pass for another one; the rest are invisible. */
static bool unseen(int32_t c)
{
	return c < 0x20 || (c >= 0x7f && c <= 0x9f) || c == 0xad || c == 0x61c || c == 0x180e || (c >= 0x200b && c <= 0x200f) ||
	       (c >= 0x202a && c <= 0x202e) || (c >= 0x2060 && c <= 0x206f) || (c >= 0xfe00 && c <= 0xfe0f) || c == 0xfeff ||
	       (c >= 0xfff9 && c <= 0xfffb) || (c & 0xfffe) == 0xfffe || (c >= 0xe0000 && c <= 0xe0fff);
}

struct str text_clean(struct arena *a, struct str s, bool wrap)
{
	char *to = arena_take(a, s.n * 3 + 1);          /* an ill-formed byte becomes U+FFFD, three bytes */
	size_t n = 0, at = 0, points = 0;

	while (at < s.n && points++ < TEXT_MOST) {
		size_t from = at;
		int32_t c = utf8_next(s, &at);

		if (c < 0) {
			at = from + 1;
			c = 0xfffd;
		}
		if (c == '\t' || c == 0x2028 || c == 0x2029 || (c == '\n' && !wrap))
			c = ' ';
		if (c == '\n' || !unseen(c))
			n += utf8_put((uint32_t)c, to + n);
	}
	return (struct str){ to, n };
}

/* ---- breaking ---- */

struct run {
	struct str s;
	size_t n;                 /* code points */
	int32_t *point;
	size_t *at;               /* n + 1 byte offsets */
	double *wide;             /* at size 1 */
};
struct span { size_t from, to; };

/* Marks that no line begins with, and marks that no line ends with (GB/T 15834, 5.1). */
static const char32_t no_first[] = U"，。、；：！？）》」』】〉”’…—,.;:!?)]}%", no_last[] = U"（《「『【〈“‘([{";

static bool one_of(int32_t c, const char32_t *list)
{
	while (*list && *list != (char32_t)c)
		list++;
	return *list != 0;
}

static bool may_break(int32_t before, int32_t after)
{
	if (before != ' ' && before < 0x2e80 && after < 0x2e80 && before != '-' && before != '/')
		return false;
	return after != ' ' && !one_of(after, no_first) && !one_of(before, no_last);
}

static struct run run_of(struct arena *a, struct pen *measure, struct str s, bool bold)
{
	struct run r = { .s = s, .n = utf8_count(s) };
	size_t at = 0;

	r.point = TAKE(a, int32_t, r.n + 1);
	r.at = TAKE(a, size_t, r.n + 1);
	r.wide = TAKE(a, double, r.n + 1);
	for (size_t i = 0; i < r.n; i++) {
		r.at[i] = at;
		r.point[i] = utf8_next(s, &at);
	}
	r.at[r.n] = at;
	pen_measure(measure, str_z(a, s), bold, r.wide, r.n);
	return r;
}

static double wide(const struct run *r, struct span s)
{
	double w = 0;

	for (size_t i = s.from; i < s.to; i++)
		w += r->wide[i];
	return w;
}

/* The line that begins at `from` and is at most `room` wide at size 1; one code point at least. *ret_next: where the next begins. */
static struct span line_at(const struct run *r, size_t from, double room, size_t *ret_next)
{
	double w = 0;
	size_t good = from, i;

	for (i = from; i < r->n && r->point[i] != '\n'; i++) {
		w += r->wide[i];
		if (w > room + SLACK && i > from && r->point[i] != ' ')
			break;
		if (i + 1 < r->n && may_break(r->point[i], r->point[i + 1]))
			good = i + 1;
	}
	if (i == r->n || r->point[i] == '\n')
		good = i;
	else if (good == from)
		good = i;
	*ret_next = good;
	while (*ret_next < r->n && r->point[*ret_next] == ' ')
		++*ret_next;
	if (*ret_next < r->n && r->point[*ret_next] == '\n')
		++*ret_next;
	while (good > from && r->point[good - 1] == ' ')
		good--;
	return (struct span){ from, good };
}

/* All lines when they are at most `most`, otherwise `most` of them and *ret_cut. */
static size_t break_lines(const struct run *r, double room, size_t most, struct span *ret, bool *ret_cut)
{
	size_t n = 0, at = 0;

	while (at < r->n && n < most)
		ret[n++] = line_at(r, at, room, &at);
	*ret_cut = at < r->n;
	for (size_t i = 0; i < n; i++)
		*ret_cut = *ret_cut || wide(r, ret[i]) > room + SLACK;
	return n;
}

/* ---- fitting ---- */

static struct line line_of(struct arena *a, const struct run *r, struct span s, double size, bool dots, double dots_wide, double room)
{
	struct line l;
	double w = wide(r, s);

	while (s.to > s.from && (w + (dots ? dots_wide : 0)) * size > room + SLACK) {
		dots = true;
		w -= r->wide[--s.to];
	}
	l.z = str_fmt(a, "%.*s%s", (int)(r->at[s.to] - r->at[s.from]), r->s.p + r->at[s.from], dots ? "…" : "").p;
	l.w = (w + (dots ? dots_wide : 0)) * size;
	if (l.w > room + SLACK) {
		l.z = "";
		l.w = 0;
	}
	l.x = l.base = 0;
	return l;
}

static struct lines set_lines(struct arena *a, struct pen *measure, const struct run *r, const struct span *span, size_t n, bool cut, struct box b,
                              double size, int align, bool bold, bool middle)
{
	struct lines lines = { TAKE(a, struct line, n), n, size };
	double top = b.y + (middle ? (b.h - LINE_HEIGHT * size * (double)n) / 2 : 0), dots_wide;

	pen_measure(measure, "…", bold, &dots_wide, 1);
	for (size_t i = 0; i < n; i++) {
		struct line *l = &lines.line[i];

		*l = line_of(a, r, span[i], size, cut && i + 1 == n, dots_wide, b.w);
		l->x = b.x + (b.w - l->w) * (align < 0 ? 0 : align == 0 ? 0.5 : 1);
		l->base = top + size * (LINE_HEIGHT * (double)i + LINE_BASE);
	}
	return lines;
}

struct lines fit_text(struct arena *a, struct pen *measure, struct str text, struct box b, double size, int align, bool bold, bool wrap)
{
	struct str clean = text_clean(a, text, wrap);
	struct run r = run_of(a, measure, clean, bold);
	struct span *span, whole = { 0, r.n };
	double at, full = wide(&r, whole);
	size_t n = 1;
	bool cut = false;

	if (size > b.h / LINE_HEIGHT)
		size = b.h / LINE_HEIGHT;
	if (r.n == 0 || size <= 0 || b.w <= 0)
		return (struct lines){ NULL, 0, 0 };
	if (!wrap) {
		at = full * size > b.w ? b.w / full : size;
		at = at < size * SIZE_LEAST ? size * SIZE_LEAST : at;
		return set_lines(a, measure, &r, &whole, 1, false, b, at, align, bold, true);
	}
	span = TAKE(a, struct span, r.n);
	at = size;
	for (int step = 0; step < STEPS; step++) {
		size_t most = (size_t)(b.h / (LINE_HEIGHT * at) + SLACK);

		n = break_lines(&r, b.w / at, most < r.n ? most : r.n, span, &cut);
		if (!cut || step + 1 == STEPS)
			break;
		at = size * (1 - (1 - SIZE_LEAST) * (step + 1) / (STEPS - 1));
	}
	return set_lines(a, measure, &r, span, n, cut, b, at, align, bold, false);
}
