/* ident/gs1_rule.c - the content rules that the table of AIs names: check digits, dates, registries of others. Pure.
 *
 * Every rule takes one component and answers what is wrong and where. Written from the General Specifications.
 */
#include "gs1.h"

#define LIST(name, words) static const char name[] = words;
#include "lists.def"
#undef LIST

static enum fault set_64(struct str v, size_t *at)
{
	size_t n = v.n;

	while (n && v.p[n - 1] == '=')
		n--;
	*at = n;
	/* As published by GS1: a padded value has a length divisible by three. RFC 4648 would say four. */
	if (v.n - n > 2 || (v.n > n && v.n % 3 != 0))
		return FAULT_PADDING;
	for (*at = 0; *at < n; ++*at)
		if (!in_class(v.p[*at], CLASS_64))
			return FAULT_CSET64;
	return FAULT_NONE;
}

enum fault rule_set(char type, struct str v, size_t *at)
{
	size_t i = 0;

	if (type == 'Z')
		return set_64(v, at);
	if (type == 'N')
		while (i < v.n && is_digit(v.p[i]))
			i++;
	else
		while (i < v.n && in_class(v.p[i], type == 'X' ? CLASS_82 : CLASS_39))
			i++;
	*at = i < v.n ? i : 0;
	return i == v.n ? FAULT_NONE : type == 'N' ? FAULT_DIGIT : type == 'X' ? FAULT_CSET82 : FAULT_CSET39;
}

static enum fault digits_only(struct str v, size_t *at) { return rule_set('N', v, at); }

static bool listed(const char *words, struct str v)
{
	for (const char *p = words; *p; p = strchr(p, ' ') + 1) {
		size_t n = (size_t)(strchr(p, ' ') - p);

		if (str_eq(v, (struct str){ p, n }))
			return true;
	}
	return false;
}

char gs1_check_digit(struct str s)
{
	unsigned sum = 0;

	for (size_t i = 0; i < s.n; i++) {
		unsigned d = (unsigned)(s.p[s.n - 1 - i] - '0');

		if (!is_digit(s.p[s.n - 1 - i]))
			return 0;
		sum += i % 2 ? d : d * 3;               /* weight 3 next to the check digit, then 1, 3 ... */
	}
	return (char)('0' + (10 - sum % 10) % 10);
}

static enum fault rule_csum(struct str v, size_t *at)
{
	*at = v.n ? v.n - 1 : 0;
	return v.n && gs1_check_digit(str_sub(v, 0, v.n - 1)) == v.p[v.n - 1] ? FAULT_NONE : FAULT_CHECK;
}

/* General Specifications 7.9.5: values of set 82 in ASCII order without the gaps, weights are the primes from the
 * right, sum mod 1021, written as two characters of a 32-letter alphabet. Values are at most 25 long here. */
static enum fault rule_csumalpha(struct str v, size_t *at)
{
	static const char order[] = "!\"%&'()*+,-./0123456789:;<=>?ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz";
	static const char pair[] = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ";
	static const unsigned char primes[] = { 2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71,
		73, 79, 83, 89, 97 };
	unsigned sum = 0;

	*at = 0;
	if (v.n < 2)
		return FAULT_SHORT;
	if (v.n - 2 > sizeof(primes))
		return FAULT_LONG;
	for (size_t i = 0; i < v.n - 2; i++) {
		const char *o = v.p[i] ? strchr(order, v.p[i]) : NULL;

		*at = i;
		if (!o)
			return FAULT_CSET82;
		sum += (unsigned)(o - order) * primes[v.n - 3 - i];
	}
	sum %= 1021;
	*at = v.n - 2;
	return v.p[v.n - 2] == pair[sum >> 5] && v.p[v.n - 1] == pair[sum & 31] ? FAULT_NONE : FAULT_PAIR;
}

enum fault rule_gcppos1(struct str v, size_t *at)
{
	for (*at = 0; *at < 4; ++*at)
		if (*at >= v.n || !is_digit(v.p[*at]))
			return FAULT_PREFIX;
	return FAULT_NONE;
}

static enum fault rule_gcppos2(struct str v, size_t *at)
{
	enum fault f = rule_gcppos1(str_sub(v, 1, v.n), at);

	++*at;
	return f;
}

static enum fault date_of(struct str v, bool day00, size_t *at)
{
	enum fault f = digits_only(v, at);
	size_t wrong;

	if (f)
		return f;
	if (v.n != 6)
		return FAULT_LENGTH;
	wrong = calendar_bad(v, day00);
	*at = wrong == 1 ? 2 : 4;
	return wrong == 0 ? FAULT_NONE : wrong == 1 ? FAULT_MONTH : FAULT_DAY;
}

enum fault rule_yymmdd(struct str v, size_t *at) { return date_of(v, false, at); }
static enum fault rule_yymmd0(struct str v, size_t *at) { return date_of(v, true, at); }

static enum fault long_date(struct str v, bool day00, size_t *at)
{
	enum fault f = digits_only(v, at);
	unsigned century;

	if (f || v.n != 8)
		return f ? f : FAULT_LENGTH;
	century = (unsigned)(v.p[0] - '0') * 10 + (unsigned)(v.p[1] - '0');
	f = date_of(str_sub(v, 2, 6), day00, at);
	*at += 2;
	if (!f && v.p[2] == '0' && v.p[3] == '0' && century % 4 != 0 && str_is(str_sub(v, 4, 4), "0229")) {  /* 1900, 2100 ... */
		*at = 6;
		f = FAULT_DAY;
	}
	return f;
}

static enum fault rule_yyyymmdd(struct str v, size_t *at) { return long_date(v, false, at); }
static enum fault rule_yyyymmd0(struct str v, size_t *at) { return long_date(v, true, at); }

static unsigned two(struct str v, size_t from)
{
	return v.n >= from + 2 && is_digit(v.p[from]) && is_digit(v.p[from + 1]) ?
		(unsigned)(v.p[from] - '0') * 10 + (unsigned)(v.p[from + 1] - '0') : 100;
}

static enum fault rule_hh(struct str v, size_t *at) { *at = 0; return two(v, 0) < 24 ? FAULT_NONE : FAULT_HOUR; }
static enum fault rule_mi(struct str v, size_t *at) { *at = 0; return two(v, 0) < 60 ? FAULT_NONE : FAULT_MINUTE; }
static enum fault rule_ss(struct str v, size_t *at) { *at = 0; return two(v, 0) < 60 ? FAULT_NONE : FAULT_SECOND; }

static enum fault rule_hhmi(struct str v, size_t *at)
{
	enum fault f = rule_hh(v, at);

	if (f)
		return f;
	*at = 2;
	return two(v, 2) < 60 ? FAULT_NONE : FAULT_MINUTE;
}

static enum fault rule_iso3166(struct str v, size_t *at)
{
	*at = 0;
	return listed(iso3166_numeric, v) ? FAULT_NONE : FAULT_COUNTRY;
}

static enum fault rule_iso3166999(struct str v, size_t *at)
{
	return str_is(v, "999") ? FAULT_NONE : rule_iso3166(v, at);
}

static enum fault rule_iso3166alpha2(struct str v, size_t *at)
{
	*at = 0;
	return listed(iso3166_alpha2, v) ? FAULT_NONE : FAULT_COUNTRY;
}

static enum fault rule_iso4217(struct str v, size_t *at)
{
	*at = 0;
	return listed(iso4217_numeric, v) ? FAULT_NONE : FAULT_CURRENCY;
}

static enum fault rule_packagetype(struct str v, size_t *at)
{
	*at = 0;
	return listed(package_types, v) ? FAULT_NONE : FAULT_PACKAGE;
}

static bool one_of(struct str v, const char *chars) { return v.n == 1 && v.p[0] && strchr(chars, v.p[0]); }

static enum fault rule_iso5218(struct str v, size_t *at) { *at = 0; return one_of(v, "0129") ? FAULT_NONE : FAULT_SEX; }
static enum fault rule_yesno(struct str v, size_t *at) { *at = 0; return one_of(v, "01") ? FAULT_NONE : FAULT_YESNO; }
static enum fault rule_winding(struct str v, size_t *at) { *at = 0; return one_of(v, "019") ? FAULT_NONE : FAULT_WINDING; }

static enum fault rule_importeridx(struct str v, size_t *at)
{
	*at = 0;
	return v.n == 1 && in_class(v.p[0], CLASS_64) ? FAULT_NONE : FAULT_IMPORTER;
}

/* ISO 13616: first four characters to the end, letters as 10 to 35, the number mod 97 is 1. */
static enum fault rule_iban(struct str v, size_t *at)
{
	unsigned sum = 0;

	*at = 0;
	if (v.n <= 10 || v.n > 34 || !listed(iso3166_alpha2, str_sub(v, 0, 2)))
		return FAULT_IBAN;
	for (size_t i = 0; i < v.n; i++) {
		char ch = v.p[(i + 4) % v.n];

		*at = (i + 4) % v.n;
		if (!any_upper_digit(ch))
			return FAULT_IBAN;
		sum = (is_digit(ch) ? sum * 10 + (unsigned)(ch - '0') : sum * 100 + (unsigned)(ch - 'A') + 10) % 97;
	}
	*at = 2;
	return sum == 1 ? FAULT_NONE : FAULT_IBAN;
}

static bool is_hex(char ch) { return is_digit(ch) || (ascii_upper(ch) >= 'A' && ascii_upper(ch) <= 'F'); }

static enum fault rule_pcenc(struct str v, size_t *at)
{
	for (*at = 0; *at < v.n; ++*at)
		if (v.p[*at] == '%' && (*at + 2 >= v.n || !is_hex(v.p[*at + 1]) || !is_hex(v.p[*at + 2])))
			return FAULT_PERCENT;
	return FAULT_NONE;
}

static bool only(struct str v, char ch)
{
	for (size_t i = 0; i < v.n; i++)
		if (v.p[i] != ch)
			return false;
	return v.n > 0;
}

static enum fault rule_zero(struct str v, size_t *at) { *at = 0; return only(v, '0') ? FAULT_NONE : FAULT_ZERO; }
static enum fault rule_hyphen(struct str v, size_t *at) { *at = 0; return only(v, '-') ? FAULT_NONE : FAULT_HYPHEN; }
static enum fault rule_nonzero(struct str v, size_t *at) { *at = 0; return only(v, '0') ? FAULT_NONZERO : FAULT_NONE; }

static enum fault rule_nozeroprefix(struct str v, size_t *at)
{
	*at = 0;
	return v.n && v.p[0] == '0' ? FAULT_LEADING_ZERO : FAULT_NONE;
}

static enum fault rule_pieceoftotal(struct str v, size_t *at)
{
	struct str piece = str_sub(v, 0, v.n / 2), total = str_sub(v, v.n / 2, v.n);

	*at = 0;
	if (v.n == 0 || v.n % 2 || only(piece, '0') || only(total, '0') || str_cmp(piece, total) > 0)
		return FAULT_PIECE;
	return FAULT_NONE;
}

static enum fault rule_posinseqslash(struct str v, size_t *at)
{
	size_t slash = str_find(v, '/');
	struct str pos = str_sub(v, 0, slash), end = str_sub(v, slash + 1, v.n);

	*at = 0;
	if (slash == v.n || !all_digits(pos) || !all_digits(end) || pos.p[0] == '0' || end.p[0] == '0')
		return FAULT_SEQUENCE;
	return pos.n > end.n || (pos.n == end.n && str_cmp(pos, end) > 0) ? FAULT_SEQUENCE : FAULT_NONE;
}

/* Ten digits: degrees times 10^7, moved by 90 or 180 degrees so that they are never negative. */
static enum fault rule_latitude(struct str v, size_t *at)
{
	*at = 0;
	return v.n == 10 && str_cmp(v, S("1800000000")) <= 0 ? FAULT_NONE : FAULT_LATITUDE;
}

static enum fault rule_longitude(struct str v, size_t *at)
{
	*at = 0;
	return v.n == 10 && str_cmp(v, S("3600000000")) <= 0 ? FAULT_NONE : FAULT_LONGITUDE;
}

/* 01 to 10 by ICCBBA, 80 to 99 for national use; the rest is reserved. */
static enum fault rule_mediatype(struct str v, size_t *at)
{
	unsigned n = two(v, 0);

	*at = 0;
	return v.n == 2 && ((n >= 1 && n <= 10) || (n >= 80 && n <= 99)) ? FAULT_NONE : FAULT_MEDIA;
}

static enum fault rule_hasnondigit(struct str v, size_t *at)
{
	*at = 0;
	return all_digits(v) ? FAULT_NONDIGIT : FAULT_NONE;
}

/* Without pointers in the table, which would need relocations. */
enum fault rule_apply(enum ai_rule rule, struct str v, size_t *at)
{
	*at = 0;
	switch (rule) {
#define X(name) case RULE_##name: return rule_##name(v, at);
	GS1_RULES(X)
#undef X
	case RULE_NONE: case RULE_COUNT: break;
	}
	return FAULT_RULE;
}
