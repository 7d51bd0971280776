/* record/decimal.c - see decimal.h. One whole number of millionths; the range is checked at every step. */
#include "record/decimal.h"

enum { WHOLE_DIGITS = 15, PART_DIGITS = 6, MILLION = 1000000 };

/* The first number that does not fit: 10^15, in millionths. */
static const decimal_wide too_much = (decimal_wide)INT64_C(1000000000000000) * MILLION;

static bool fits(decimal_wide w, struct decimal *ret)
{
	if (w <= -too_much || w >= too_much)
		return false;
	ret->millionths = w;
	return true;
}

static bool is_normal(struct str s, size_t dot)
{
	if (dot == 0 || dot > WHOLE_DIGITS || (dot > 1 && s.p[0] == '0'))
		return false;
	for (size_t i = 0; i < s.n; i++)
		if (i != dot && !is_digit(s.p[i]))
			return false;
	return dot == s.n || (s.n - dot - 1 >= 1 && s.n - dot - 1 <= PART_DIGITS && s.p[s.n - 1] != '0');
}

bool decimal_get(struct str text, struct decimal *ret)
{
	size_t dot = str_find(text, '.'), parts = dot < text.n ? text.n - dot - 1 : 0;
	decimal_wide w = 0;

	if (!is_normal(text, dot))
		return false;
	for (size_t i = 0; i < text.n; i++)
		if (i != dot)
			w = w * 10 + (text.p[i] - '0');
	for (; parts < PART_DIGITS; parts++)
		w *= 10;
	return fits(w, ret);
}

struct str decimal_str(struct arena *a, struct decimal d)
{
	decimal_wide w = d.millionths < 0 ? -d.millionths : d.millionths;
	long long whole = (long long)(w / MILLION);
	int part = (int)(w % MILLION);
	struct str s = str_fmt(a, "%s%lld.%06d", d.millionths < 0 ? "-" : "", whole, part);

	while (s.p[s.n - 1] == '0')
		s.n--;
	if (s.p[s.n - 1] == '.')
		s.n--;
	return s;
}

bool decimal_add(struct decimal a, struct decimal b, struct decimal *ret) { return fits(a.millionths + b.millionths, ret); }
bool decimal_sub(struct decimal a, struct decimal b, struct decimal *ret) { return fits(a.millionths - b.millionths, ret); }

/* Both factors in range the product has at most 133 bits: divided first, so that nothing wraps. */
bool decimal_mul_int(struct decimal d, int64_t n, struct decimal *ret)
{
	decimal_wide times = n < 0 ? -(decimal_wide)n : n, size = d.millionths < 0 ? -d.millionths : d.millionths;

	if (times && size > (too_much - 1) / times)
		return false;
	return fits(d.millionths * n, ret);
}

int decimal_cmp(struct decimal a, struct decimal b) { return (a.millionths > b.millionths) - (a.millionths < b.millionths); }

bool decimal_share(struct decimal d, int64_t per_million, struct decimal *ret)
{
	if (per_million < 0)
		return false;
	return fits(d.millionths / MILLION * per_million + d.millionths % MILLION * per_million / MILLION, ret);
}
