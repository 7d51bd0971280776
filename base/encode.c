/* base/encode.c - hex, base 64, record ids, big-endian numbers, dates as text. Pure. */
#include "base.h"

static const char hex_digits[] = "0123456789abcdef";
static const char b64_std[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static const char b64_url[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
static const char crockford[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

size_t hex_put(const void *in, size_t n, char *out)
{
	const unsigned char *b = in;

	for (size_t i = 0; i < n; i++) {
		out[2 * i] = hex_digits[b[i] >> 4];
		out[2 * i + 1] = hex_digits[b[i] & 15];
	}
	return 2 * n;
}

static int hex_value(char c)
{
	c = ascii_lower(c);
	return is_digit(c) ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool hex_get(struct str s, void *out, size_t n)
{
	unsigned char *b = out;

	if (s.n != 2 * n)
		return false;
	for (size_t i = 0; i < n; i++) {
		int hi = hex_value(s.p[2 * i]), lo = hex_value(s.p[2 * i + 1]);

		if (hi < 0 || lo < 0)
			return false;
		b[i] = (unsigned char)(hi << 4 | lo);
	}
	return true;
}

static size_t b64_put(const void *in, size_t n, char *out, const char *alphabet, bool pad)
{
	const unsigned char *b = in;
	size_t at = 0;

	for (size_t i = 0; i < n; i += 3) {
		size_t left = n - i;
		uint32_t v = (uint32_t)b[i] << 16 | (left > 1 ? (uint32_t)b[i + 1] << 8 : 0) | (left > 2 ? b[i + 2] : 0);

		out[at++] = alphabet[v >> 18];
		out[at++] = alphabet[v >> 12 & 63];
		if (left > 1)
			out[at++] = alphabet[v >> 6 & 63];
		else if (pad)
			out[at++] = '=';
		if (left > 2)
			out[at++] = alphabet[v & 63];
		else if (pad)
			out[at++] = '=';
	}
	return at;
}

static bool b64_get(struct str s, void *out, size_t cap, size_t *ret_n, const char *alphabet)
{
	unsigned char *b = out;
	uint32_t v = 0;
	size_t bits = 0, n = 0;

	if (s.n % 4 == 1)
		return false;
	for (size_t i = 0; i < s.n; i++) {
		const char *at = memchr(alphabet, s.p[i], 64);

		if (!at)
			return false;
		v = v << 6 | (uint32_t)(at - alphabet);
		bits += 6;
		if (bits >= 8) {
			if (n == cap)
				return false;
			bits -= 8;
			b[n++] = (unsigned char)(v >> bits);
		}
	}
	if (v & ((1u << bits) - 1))
		return false;                   /* spare bits must be zero: one text, one meaning */
	*ret_n = n;
	return true;
}

size_t base64_put(const void *in, size_t n, char *out) { return b64_put(in, n, out, b64_std, true); }
size_t base64url_put(const void *in, size_t n, char *out) { return b64_put(in, n, out, b64_url, false); }

bool base64_get(struct str s, void *out, size_t cap, size_t *ret_n)
{
	if (s.n % 4)
		return false;
	for (int i = 0; i < 2 && s.n && s.p[s.n - 1] == '='; i++)
		s.n--;
	return b64_get(s, out, cap, ret_n, b64_std);
}

bool base64url_get(struct str s, void *out, size_t cap, size_t *ret_n) { return b64_get(s, out, cap, ret_n, b64_url); }

struct str base64_str(struct arena *a, const void *in, size_t n)
{
	char *p = arena_take(a, BASE64_LEN(n) + 1);

	return (struct str){ p, base64_put(in, n, p) };
}

struct str base64url_str(struct arena *a, const void *in, size_t n)
{
	char *p = arena_take(a, BASE64_LEN(n) + 1);

	return (struct str){ p, base64url_put(in, n, p) };
}

struct str hex_str(struct arena *a, const void *in, size_t n)
{
	char *p = arena_take(a, HEX_LEN(n) + 1);

	return (struct str){ p, hex_put(in, n, p) };
}

void id_put(int64_t id, char out[ID_TEXT])
{
	uint64_t v = (uint64_t)id;

	for (int i = ID_TEXT - 1; i >= 0; i--, v >>= 5)
		out[i] = crockford[v & 31];
}

bool id_get(struct str s, int64_t *ret)
{
	uint64_t v = 0;

	if (s.n != ID_TEXT)
		return false;
	for (size_t i = 0; i < s.n; i++) {
		const char *at = memchr(crockford, ascii_upper(s.p[i]), 32);

		if (!at || v >> 59)
			return false;
		v = v << 5 | (uint64_t)(at - crockford);
	}
	if (v > INT64_MAX)
		return false;
	*ret = (int64_t)v;
	return true;
}

struct str id_str(struct arena *a, int64_t id)
{
	char *p = arena_take(a, ID_TEXT + 1);

	id_put(id, p);
	return (struct str){ p, ID_TEXT };
}

void be_put(uint64_t v, unsigned char *out, size_t n)
{
	for (size_t i = n; i-- > 0; v >>= 8)
		out[i] = (unsigned char)v;
}

uint64_t be_get(const unsigned char *in, size_t n)
{
	uint64_t v = 0;

	for (size_t i = 0; i < n; i++)
		v = v << 8 | in[i];
	return v;
}

/* ---- civil dates (proleptic Gregorian, days since 1970-01-01) ---- */

static int64_t days_from_civil(int64_t y, int64_t m, int64_t d)
{
	int64_t era, yoe, doy;

	y -= m <= 2;
	era = (y >= 0 ? y : y - 399) / 400;
	yoe = y - era * 400;
	doy = (153 * (m + (m > 2 ? -3 : 9)) + 2) / 5 + d - 1;
	return era * 146097 + yoe * 365 + yoe / 4 - yoe / 100 + doy - 719468;
}

static void civil_from_days(int64_t z, int *ret_y, int *ret_m, int *ret_d)
{
	int64_t era, doe, yoe, doy, mp;

	z += 719468;
	era = (z >= 0 ? z : z - 146096) / 146097;
	doe = z - era * 146097;
	yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
	mp = (5 * doy + 2) / 153;
	*ret_d = (int)(doy - (153 * mp + 2) / 5 + 1);
	*ret_m = (int)(mp < 10 ? mp + 3 : mp - 9);
	*ret_y = (int)(yoe + era * 400 + (*ret_m <= 2));
}

static int64_t floor_div(int64_t a, int64_t b) { return a / b - (a % b < 0); }

int64_t day_of(int64_t ms, int offset_min) { return floor_div(ms + offset_min * INT64_C(60000), DAY_MS); }

struct str date_str(struct arena *a, int64_t ms, int offset_min)
{
	int y, m, d;

	civil_from_days(day_of(ms, offset_min), &y, &m, &d);
	return str_fmt(a, "%04d-%02d-%02d", y, m, d);
}

struct str time_str(struct arena *a, int64_t ms, bool with_ms)
{
	int64_t day = day_of(ms, 0), rest = ms - day * DAY_MS, s = rest / 1000;
	int y, m, d;

	civil_from_days(day, &y, &m, &d);
	if (with_ms)
		return str_fmt(a, "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ", y, m, d, (int)(s / 3600), (int)(s / 60 % 60),
		               (int)(s % 60), (int)(rest % 1000));
	return str_fmt(a, "%04d-%02d-%02dT%02d:%02d:%02dZ", y, m, d, (int)(s / 3600), (int)(s / 60 % 60), (int)(s % 60));
}

static bool two(struct str s, size_t at, int most, int64_t *ret)
{
	return str_to_int(str_sub(s, at, 2), ret) && s.p[at] != '-' && *ret <= most;
}

bool date_get(struct str s, int64_t *ret_day)
{
	int64_t y, m, d, day;
	int yy, mm, dd;

	if (s.n != 10 || s.p[4] != '-' || s.p[7] != '-' || !is_digit(s.p[0]))
		return false;
	if (!str_to_int(str_sub(s, 0, 4), &y) || !two(s, 5, 12, &m) || !two(s, 8, 31, &d) || m < 1 || d < 1)
		return false;
	day = days_from_civil(y, m, d);
	civil_from_days(day, &yy, &mm, &dd);
	if (mm != m || dd != d)
		return false;                   /* 2026-02-30 */
	*ret_day = day;
	return true;
}

bool time_get(struct str s, int64_t *ret_ms)
{
	int64_t day, h, m, sec, ms = 0, oh = 0, om = 0;
	size_t at = 19;
	int sign = 0;

	if (s.n < 20 || !date_get(str_sub(s, 0, 10), &day) || (s.p[10] != 'T' && s.p[10] != 't') || s.p[13] != ':' || s.p[16] != ':')
		return false;
	if (!two(s, 11, 23, &h) || !two(s, 14, 59, &m) || !two(s, 17, 59, &sec))
		return false;
	if (s.p[at] == '.') {
		int64_t unit = 100;
		size_t from = ++at;

		for (; at < s.n && is_digit(s.p[at]); at++, unit /= 10)
			ms += (s.p[at] - '0') * unit;
		if (at == from || at - from > 9)
			return false;
	}
	if (at + 1 == s.n && (s.p[at] == 'Z' || s.p[at] == 'z')) {
		sign = 1;
	} else if (at + 6 == s.n && (s.p[at] == '+' || s.p[at] == '-') && s.p[at + 3] == ':' && two(s, at + 1, 23, &oh) &&
	           two(s, at + 4, 59, &om)) {
		sign = s.p[at] == '+' ? 1 : -1;
	} else {
		return false;
	}
	*ret_ms = day * DAY_MS + (h * 3600 + m * 60 + sec) * 1000 + ms - sign * (oh * 60 + om) * 60000;
	return true;
}
