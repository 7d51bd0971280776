/* base/text.c - views and growing text: numbers, escaping, UTF-8. Pure. */
#include "base.h"

static const struct {
	int http, exit_code;
	const char *name, *zh, *en;
} errs[] = {
	[OK] = { 200, 0, "ok", "成功", "ok" },
#define ERR(name, http, exit_code, zh, en) [name] = { http, exit_code, #name, zh, en },
#include "err.def"
#undef ERR
};

int err_http(enum err e) { return errs[e].http; }
int err_exit(enum err e) { return errs[e].exit_code; }
const char *err_zh(enum err e) { return errs[e].zh; }
const char *err_en(enum err e) { return errs[e].en; }

const char *err_name(enum err e)
{
	static const char *const names[] = {
		[OK] = "ok", [E_BAD] = "bad", [E_NOAUTH] = "unauthenticated", [E_DENIED] = "denied", [E_ABSENT] = "absent",
		[E_FORGED] = "forged", [E_UNKNOWN] = "unknown", [E_METHOD] = "method", [E_CLASH] = "clash",
		[E_STATE] = "state", [E_TOO_BIG] = "too-big", [E_TYPE] = "media-type", [E_REUSED] = "key-reused",
		[E_RATE] = "rate", [E_INTERNAL] = "internal", [E_CRYPTO] = "internal", [E_CORRUPT] = "corrupt",
		[E_IO] = "internal", [E_BUSY] = "busy", [E_DISK] = "disk-full",
	};
	return names[e];
}

struct str str_of(const char *z) { return (struct str){ z ? z : "", z ? strlen(z) : 0 }; }
bool str_eq(struct str a, struct str b) { return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0); }
bool str_is(struct str a, const char *z) { return str_eq(a, str_of(z)); }

int str_cmp(struct str a, struct str b)
{
	size_t n = a.n < b.n ? a.n : b.n;
	int c = n ? memcmp(a.p, b.p, n) : 0;

	return c ? c : (a.n > b.n) - (a.n < b.n);
}

bool str_starts(struct str s, const char *prefix)
{
	size_t n = strlen(prefix);

	return s.n >= n && memcmp(s.p, prefix, n) == 0;
}

bool str_ends(struct str s, const char *suffix)
{
	size_t n = strlen(suffix);

	return s.n >= n && memcmp(s.p + s.n - n, suffix, n) == 0;
}

static bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

struct str str_trim(struct str s)
{
	while (s.n && is_space(s.p[0])) {
		s.p++;
		s.n--;
	}
	while (s.n && is_space(s.p[s.n - 1]))
		s.n--;
	return s;
}

struct str str_sub(struct str s, size_t from, size_t n)
{
	if (from > s.n)
		from = s.n;
	if (n > s.n - from)
		n = s.n - from;
	return (struct str){ s.p + from, n };
}

size_t str_find(struct str s, char c)
{
	const char *at = s.n ? memchr(s.p, c, s.n) : NULL;

	return at ? (size_t)(at - s.p) : s.n;
}

bool str_cut(struct str *rest, char c, struct str *ret_head)
{
	size_t at;

	if (rest->n == 0)
		return false;
	at = str_find(*rest, c);
	*ret_head = str_sub(*rest, 0, at);
	*rest = str_sub(*rest, at + 1, rest->n);
	return true;
}

bool str_to_int(struct str s, int64_t *ret)
{
	bool minus = s.n && s.p[0] == '-';
	uint64_t v = 0, most = minus ? (uint64_t)INT64_MAX + 1 : (uint64_t)INT64_MAX;

	if (minus)
		s = str_sub(s, 1, s.n);
	if (s.n == 0)
		return false;
	for (size_t i = 0; i < s.n; i++) {
		uint64_t d = (uint64_t)(s.p[i] - '0');

		if (!is_digit(s.p[i]) || v > (most - d) / 10)
			return false;
		v = v * 10 + d;
	}
	*ret = minus ? (int64_t)(0 - v) : (int64_t)v;
	return true;
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_alnum(char c) { return is_digit(c) || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'); }
char ascii_upper(char c) { return c >= 'a' && c <= 'z' ? (char)(c - 32) : c; }
char ascii_lower(char c) { return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c; }

uint64_t str_hash(struct str s, uint64_t seed)
{
	uint64_t h = UINT64_C(14695981039346656037) ^ seed;      /* FNV-1a */

	for (size_t i = 0; i < s.n; i++)
		h = (h ^ (unsigned char)s.p[i]) * UINT64_C(1099511628211);
	return h ^ (h >> 29);
}

/* ---- UTF-8 (RFC 3629: shortest form, no surrogates, at most U+10FFFF) ---- */

int32_t utf8_next(struct str s, size_t *at)
{
	static const int32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	unsigned char c;
	size_t len;
	int32_t cp;

	if (*at >= s.n)
		return -1;
	c = (unsigned char)s.p[*at];
	if (c < 0x80) {
		(*at)++;
		return c;
	}
	len = c >= 0xf0 ? 4 : c >= 0xe0 ? 3 : 2;
	if (c < 0xc2 || c > 0xf4 || s.n - *at < len)
		return -1;
	cp = c & (0x7f >> len);
	for (size_t i = 1; i < len; i++) {
		unsigned char d = (unsigned char)s.p[*at + i];

		if ((d & 0xc0) != 0x80)
			return -1;
		cp = cp << 6 | (d & 0x3f);
	}
	if (cp < least[len] || cp > 0x10ffff || (cp >= 0xd800 && cp <= 0xdfff))
		return -1;
	*at += len;
	return cp;
}

bool utf8_ok(struct str s)
{
	for (size_t at = 0; at < s.n;)
		if (utf8_next(s, &at) < 0)
			return false;
	return true;
}

size_t utf8_count(struct str s)
{
	size_t n = 0;

	for (size_t i = 0; i < s.n; i++)
		n += ((unsigned char)s.p[i] & 0xc0) != 0x80;
	return n;
}

size_t utf8_put(uint32_t cp, char out[4])
{
	if (cp < 0x80) {
		out[0] = (char)cp;
		return 1;
	}
	if (cp < 0x800) {
		out[0] = (char)(0xc0 | cp >> 6);
		out[1] = (char)(0x80 | (cp & 0x3f));
		return 2;
	}
	if (cp < 0x10000) {
		out[0] = (char)(0xe0 | cp >> 12);
		out[1] = (char)(0x80 | (cp >> 6 & 0x3f));
		out[2] = (char)(0x80 | (cp & 0x3f));
		return 3;
	}
	out[0] = (char)(0xf0 | cp >> 18);
	out[1] = (char)(0x80 | (cp >> 12 & 0x3f));
	out[2] = (char)(0x80 | (cp >> 6 & 0x3f));
	out[3] = (char)(0x80 | (cp & 0x3f));
	return 4;
}

/* ---- text in an arena ---- */

char *str_z(struct arena *a, struct str s)
{
	char *p = arena_take(a, s.n + 1);

	if (s.n)
		memcpy(p, s.p, s.n);
	return p;
}

struct str str_copy(struct arena *a, struct str s) { return (struct str){ str_z(a, s), s.n }; }

struct str str_join(struct arena *a, struct str x, struct str y)
{
	char *p = arena_take(a, x.n + y.n + 1);

	if (x.n)
		memcpy(p, x.p, x.n);
	if (y.n)
		memcpy(p + x.n, y.p, y.n);
	return (struct str){ p, x.n + y.n };
}

static __attribute__((nonnull(2))) struct str str_vfmt(struct arena *a, const char *fmt, va_list args)
{
	va_list again;
	char *p;
	int n;

	va_copy(again, args);
	n = vsnprintf(NULL, 0, fmt, again);
	va_end(again);
	if (n < 0)
		n = 0;
	p = arena_take(a, (size_t)n + 1);
	vsnprintf(p, (size_t)n + 1, fmt, args);
	return (struct str){ p, (size_t)n };
}

struct str str_fmt(struct arena *a, const char *fmt, ...)
{
	va_list args;
	struct str s;

	va_start(args, fmt);
	s = str_vfmt(a, fmt, args);
	va_end(args);
	return s;
}

struct buf buf_in(struct arena *a, size_t expect)
{
	struct buf b = { .a = a, .cap = expect ? expect : 64 };

	b.p = arena_take(a, b.cap);
	return b;
}

static char *buf_room(struct buf *b, size_t more)
{
	if (b->cap - b->n < more) {
		size_t cap = b->cap * 2 > b->n + more ? b->cap * 2 : b->n + more;
		char *p = arena_take(b->a, cap);

		memcpy(p, b->p, b->n);
		b->p = p;
		b->cap = cap;
	}
	return b->p + b->n;
}

void buf_add(struct buf *b, struct str s)
{
	char *to = buf_room(b, s.n);

	if (s.n)
		memcpy(to, s.p, s.n);
	b->n += s.n;
}

void buf_z(struct buf *b, const char *z) { buf_add(b, str_of(z)); }

void buf_char(struct buf *b, char c)
{
	*buf_room(b, 1) = c;
	b->n++;
}

void buf_int(struct buf *b, int64_t v)
{
	char text[20];
	size_t at = sizeof(text);
	uint64_t u = v < 0 ? 0 - (uint64_t)v : (uint64_t)v;

	do
		text[--at] = (char)('0' + u % 10);
	while ((u /= 10) != 0);
	if (v < 0)
		buf_char(b, '-');
	buf_add(b, (struct str){ text + at, sizeof(text) - at });
}

/* Short texts are written where they belong; only what does not fit is measured first. */
void buf_fmt(struct buf *b, const char *fmt, ...)
{
	char *to = buf_room(b, 64);
	size_t room = b->cap - b->n;
	va_list args;
	int n;

	va_start(args, fmt);
	n = vsnprintf(to, room, fmt, args);
	va_end(args);
	if (n >= 0 && (size_t)n < room) {
		b->n += (size_t)n;
		return;
	}
	va_start(args, fmt);
	buf_add(b, str_vfmt(b->a, fmt, args));
	va_end(args);
}

void buf_html(struct buf *b, struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		switch (s.p[i]) {
		case '&': buf_z(b, "&amp;"); break;
		case '<': buf_z(b, "&lt;"); break;
		case '>': buf_z(b, "&gt;"); break;
		case '"': buf_z(b, "&quot;"); break;
		case '\'': buf_z(b, "&#39;"); break;
		default: buf_char(b, s.p[i]);
		}
	}
}

void buf_json(struct buf *b, struct str s)
{
	static const char short_form[] = "\bb\tt\nn\ff\rr\"\"\\\\";

	buf_char(b, '"');
	for (size_t i = 0, from = 0; i <= s.n; i++) {
		const char *at;

		if (i < s.n && (unsigned char)s.p[i] >= 0x20 && s.p[i] != '"' && s.p[i] != '\\')
			continue;
		buf_add(b, str_sub(s, from, i - from));
		from = i + 1;
		if (i == s.n)
			break;
		for (at = short_form; *at && *at != s.p[i]; at += 2)
			;
		if (*at)
			buf_fmt(b, "\\%c", at[1]);
		else
			buf_fmt(b, "\\u%04x", (unsigned)(unsigned char)s.p[i]);
	}
	buf_char(b, '"');
}

void buf_url(struct buf *b, struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];

		if (is_alnum(c) || c == '-' || c == '.' || c == '_' || c == '~')
			buf_char(b, c);
		else
			buf_fmt(b, "%%%02X", (unsigned)(unsigned char)c);
	}
}

struct str buf_str(const struct buf *b) { return (struct str){ b->p, b->n }; }
