/* grid/cell.c - what a number in a workbook shows: a decimal, or by its format a date, a moment or a time. Pure.
 *
 * A workbook keeps 15 significant digits. Fractions are given with these, as the spreadsheet shows them; whole numbers longer than that
 * are codes that have lost digits, and are refused. Serial dates: ECMA-376 18.17.4.
 */
#include <math.h>

#include "inner.h"

enum { DIGITS = 15, LAST_SERIAL = 2958465, DAYS_1900 = 25569, DAYS_1904 = 24107, DAY_SECONDS = 86400 };  /* 1970-01-01 as a serial */

/* ---- formats ---- */

struct letters { bool date, month, hour, second, elapsed; };

/* The letters of a format's first section, without what is quoted, escaped or bracketed. */
static struct letters format_letters(const char *f)
{
	struct letters l = { 0 };

	for (; *f && *f != ';'; f++) {
		const char *close = *f == '"' ? strchr(f + 1, '"') : *f == '[' ? strchr(f + 1, ']') : NULL;
		char c = ascii_lower(*f);

		if (*f == '[' && strchr("hHmMsS", f[1]) && f[1])
			l.elapsed = true;
		if (close) {
			f = close;
		} else if (*f == '\\' || *f == '_' || *f == '*') {
			if (!*++f)
				break;
		} else {
			l.date |= c == 'y' || c == 'd';
			l.month |= c == 'm';
			l.hour |= c == 'h';
			l.second |= c == 's';
		}
	}
	return l;
}

static const struct { unsigned char from, to, shows; } builtin[] = {   /* ECMA-376 18.8.30, and its list for zh-cn */
	{ 14, 17, SHOWS_DATE }, { 18, 21, SHOWS_TIME }, { 22, 22, SHOWS_MOMENT }, { 27, 31, SHOWS_DATE }, { 32, 35, SHOWS_TIME },
	{ 36, 36, SHOWS_DATE }, { 45, 45, SHOWS_TIME }, { 46, 46, SHOWS_ELAPSED }, { 47, 47, SHOWS_TIME }, { 50, 54, SHOWS_DATE },
	{ 55, 56, SHOWS_TIME }, { 57, 58, SHOWS_DATE },
};

enum shows cell_shows(unsigned id, const char *format)
{
	struct letters l;
	bool time;

	if (!format) {
		for (size_t i = 0; i < ROWS(builtin); i++)
			if (id >= builtin[i].from && id <= builtin[i].to)
				return builtin[i].shows;
		return SHOWS_NUMBER;
	}
	if (str_cmp(str_sub(str_of(format), 0, 7), S("General")) == 0)
		return SHOWS_NUMBER;
	l = format_letters(format);
	time = l.hour || l.second;
	if (l.elapsed)
		return SHOWS_ELAPSED;
	if (l.date || (l.month && !time))
		return time ? SHOWS_MOMENT : SHOWS_DATE;
	return time ? SHOWS_TIME : SHOWS_NUMBER;
}

/* ---- numbers ---- */

/* Already the shortest form of itself: -?(0|[1-9]d*)([.]d*[1-9])? of at most 15 digits. */
static bool plain(struct str v)
{
	size_t minus = v.n && v.p[0] == '-';

	if (v.n > DIGITS + minus || !grid_decimal(v, false))
		return false;
	if (v.p[minus] == '0' && v.n > minus + 1 && v.p[minus + 1] != '.')
		return false;
	return str_find(v, '.') == v.n ? !minus || v.p[1] != '0' : v.p[v.n - 1] != '0';
}

static bool parse(struct str v, double *ret)
{
	char z[64];
	char *end;

	if (v.n == 0 || v.n >= sizeof(z))
		return false;
	for (size_t i = 0; i < v.n; i++)
		if (!is_digit(v.p[i]) && !memchr("+-.eE", v.p[i], 5))
			return false;
	memcpy(z, v.p, v.n);
	z[v.n] = 0;
	*ret = strtod(z, &end);
	return *end == 0 && isfinite(*ret);
}

/* The digits d[0..n) with the point after the first `whole` of them, which may be none or more than there are. */
static size_t lay_out(bool minus, const char *d, size_t n, int whole, char *out)
{
	char *p = out;

	if (minus)
		*p++ = '-';
	if (whole <= 0) {
		*p++ = '0';
		*p++ = '.';
		for (int i = whole; i < 0; i++)
			*p++ = '0';
	}
	for (size_t i = 0; i < n; i++) {
		if (whole > 0 && i == (size_t)whole)
			*p++ = '.';
		*p++ = d[i];
	}
	for (int i = (int)n; i < whole; i++)
		*p++ = '0';
	return (size_t)(p - out);
}

static enum cell_trouble decimal(double v, char *out, size_t *ret_n)
{
	char e[40], d[DIGITS];
	size_t n = DIGITS;
	int power;

	if (fabs(v) >= 1e15)
		return CELL_DIGITS_LOST;
	if (fabs(v) < 1e-300) {
		out[0] = '0';
		*ret_n = 1;
		return CELL_OK;
	}
	snprintf(e, sizeof(e), "%.*e", DIGITS - 1, fabs(v));        /* d.dddddddddddddde[+-]dd */
	d[0] = e[0];
	memcpy(d + 1, e + 2, DIGITS - 1);
	power = (int)strtol(e + DIGITS + 2, NULL, 10);
	while (n > 1 && d[n - 1] == '0')
		n--;
	*ret_n = lay_out(v < 0, d, n, power + 1, out);
	return CELL_OK;
}

/* ---- dates ---- */

/* Seconds since 1970 as a civil day and time. Day 60 of the 1900 system is the 29 February 1900 that never was. */
static enum cell_trouble moment(double v, enum shows how, bool from_1904, char *out, size_t *ret_n)
{
	double day = floor(v), second = floor((v - day) * DAY_SECONDS + 0.5);
	int s = (int)second;
	struct tm tm;
	time_t at;
	int n;

	if (s == DAY_SECONDS) {
		s = 0;
		day++;
	}
	if (!from_1904 && (day == 60 || day == 0))
		return CELL_NO_DATE;
	at = ((time_t)day - (from_1904 ? DAYS_1904 : day < 60 ? DAYS_1900 - 1 : DAYS_1900)) * DAY_SECONDS;
	if (!gmtime_r(&at, &tm))
		return CELL_NO_DATE;
	n = snprintf(out, CELL_TEXT, "%04d-%02d-%02d", tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday);
	if (how != SHOWS_DATE)
		n += snprintf(out + n, CELL_TEXT - (size_t)n, "T%02d:%02d:%02d+08:00", s / 3600, s / 60 % 60, s % 60);
	*ret_n = (size_t)n;
	return CELL_OK;
}

static enum cell_trouble date(double v, enum shows how, bool from_1904, char *out, size_t *ret_n)
{
	long s;

	if (v < 0 || v >= LAST_SERIAL + 1)
		return CELL_NO_DATE;
	if (how == SHOWS_DATE || how == SHOWS_MOMENT || (how == SHOWS_TIME && v >= 1))
		return moment(v, how == SHOWS_DATE ? how : SHOWS_MOMENT, from_1904, out, ret_n);
	s = (long)floor(v * DAY_SECONDS + 0.5);
	*ret_n = (size_t)snprintf(out, CELL_TEXT, "%02ld:%02ld:%02ld", s / 3600, s / 60 % 60, s % 60);
	return CELL_OK;
}

enum cell_trouble cell_number(struct str v, enum shows how, bool from_1904, char out[CELL_TEXT], size_t *ret_n)
{
	double d;

	v = str_trim(v);
	if (how == SHOWS_NUMBER && plain(v)) {
		memcpy(out, v.p, v.n);
		*ret_n = v.n;
		return CELL_OK;
	}
	if (!parse(v, &d))
		return CELL_NOT_A_NUMBER;
	return how == SHOWS_NUMBER ? decimal(d, out, ret_n) : date(d, how, from_1904, out, ret_n);
}

/* Cells of type d hold ISO 8601 in local time, a date as midnight or alone. */
enum cell_trouble cell_iso(struct str v, char out[CELL_TEXT], size_t *ret_n)
{
	struct str day, time;
	int64_t ms;

	v = str_trim(v);
	day = str_sub(v, 0, 10);
	time = str_sub(v, 11, 8);
	if (!date_get(day, &ms) || (v.n > 10 && v.p[10] != 'T'))
		return CELL_NO_DATE;
	memcpy(out, day.p, day.n);
	*ret_n = day.n;
	if (v.n == 10 || str_is(time, "00:00:00"))
		return CELL_OK;
	*ret_n = (size_t)snprintf(out, CELL_TEXT, "%.*sT%.*s+08:00", STR_ARG(day), STR_ARG(time));
	return time_get((struct str){ out, *ret_n }, &ms) ? CELL_OK : CELL_NO_DATE;
}
