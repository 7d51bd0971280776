/* ident/uscc.c - unified social credit code (GB 32100-2015) and organisation code (GB 11714-1997). Pure.
 *
 * Never refuses a code for its authority, category or region: those lists change, the arithmetic does not.
 */
#include "in.h"

static const char alphabet31[] = "0123456789ABCDEFGHJKLMNPQRTUWXY";

/* One more than the value, by character code from '0'. */
static const unsigned char values31[] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 0, 0, 0, 0, 0, 0, 0, 11, 12, 13, 14, 15, 16, 17, 18, 0,
	19, 20, 21, 22, 23, 0, 24, 25, 26, 0, 27, 28, 0, 29, 30, 31, 0 };

static int value31(char ch) { return ch >= '0' && ch <= 'Z' ? values31[ch - '0'] - 1 : -1; }

char uscc_check_char(struct str s)
{
	/* 3^(i-1) mod 31, GB 32100 annex A */
	static const unsigned char weights[17] = { 1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28 };
	unsigned sum = 0;

	if (s.n < 17)
		return 0;
	for (size_t i = 0; i < 17; i++) {
		int v = value31(s.p[i]);

		if (v < 0)
			return 0;
		sum += (unsigned)v * weights[i];
	}
	return alphabet31[(31 - sum % 31) % 31];        /* the outer mod: a sum of 0 gives '0' */
}

char org_code_check_char(struct str s)
{
	static const unsigned char weights[8] = { 3, 7, 9, 10, 5, 8, 4, 2 };
	unsigned sum = 0;

	if (s.n < 8)
		return 0;
	for (size_t i = 0; i < 8; i++) {
		if (!any_upper_digit(s.p[i]))
			return 0;
		sum += weights[i] * (unsigned)(is_digit(s.p[i]) ? s.p[i] - '0' : s.p[i] - 'A' + 10);
	}
	return "0123456789X0"[11 - sum % 11];
}

bool uscc_ok(struct str s)
{
	return s.n == 18 && uscc_check_char(s) == s.p[17] && all_digits(str_sub(s, 2, 6)) &&
		org_code_check_char(str_sub(s, 8, 8)) == s.p[16];
}

/* GB 32100 table 1 with amendment 1 of 2016, as far as it is public. */
static bool authority_known(char authority, char category)
{
	static const char pairs[] = "11 12 13 19 21 29 31 32 33 34 35 39 41 49 51 52 53 59 61 62 69 71 72 79 81 89 "
		"91 92 93 99 A1 A9 N1 N2 N3 N9 Y1 Y9 ";

	for (const char *p = pairs; *p; p += 3)
		if (p[0] == authority && p[1] == category)
			return true;
	return false;
}

static bool letters_right(struct check *c)
{
	for (size_t i = 0; i < c->in.n; i++) {
		char ch = c->in.p[i];

		if (i >= 2 && i < 8 && !is_digit(ch))
			return bad(c, "charset", i, "第 3 至 8 位是行政区划码，只能是半角数字",
				"characters 3 to 8 are the region and must be ASCII digits");
		if (value31(ch) >= 0)
			continue;
		if (value31(ascii_upper(ch)) >= 0)
			return bad(c, "case", i, "字母须为大写", "letters must be upper case");
		return bad(c, "charset", i, "只能是半角数字和大写字母，且不含 I、O、S、V、Z",
			"only ASCII digits and capitals without I, O, S, V, Z");
	}
	return true;
}

static void uscc_warnings(struct check *c)
{
	struct str s = c->in;
	int known = division_known(str_sub(s, 2, 6));

	if (!authority_known(s.p[0], s.p[1]))
		warn(c, "authority", "登记管理部门与机构类别的组合不在已知表内", "authority and category are not a known pair");
	if (known == 0 && !str_is(str_sub(s, 2, 6), "100000"))   /* 100000: registered with the State itself */
		warn(c, "region", "登记机关行政区划码不在已知表内", "the region code is not known");
	else if (known == 2)
		warn(c, "region_historical", "登记机关行政区划码已撤销", "the region code has been abolished");
}

void uscc_kind(struct check *c)
{
	struct str given = c->in;
	char want;

	if (c->lenient)
		c->in = upper(c->a, squeeze(c->a, c->in, " \t-._"));
	if (!want_length(c, 18) || !letters_right(c))
		return;
	want = uscc_check_char(c->in);
	if (want != c->in.p[17]) {
		part(c, "expected_check", str_fmt(c->a, "%c", want));
		badf(c, "check", 17, "校验码不符，应为 %c", "wrong check character, expected %c", want);
		return;
	}
	want = org_code_check_char(str_sub(c->in, 8, 8));
	if (want != c->in.p[16]) {
		badf(c, "org_check", 16, "第 9 至 17 位主体标识码的校验码不符，应为 %c",
			"wrong check character of the organisation code, expected %c", want);
		return;
	}
	part(c, "authority", str_sub(c->in, 0, 1));
	part(c, "category", str_sub(c->in, 1, 1));
	part(c, "region", str_sub(c->in, 2, 6));
	part(c, "org", str_sub(c->in, 8, 9));
	part(c, "check", str_sub(c->in, 17, 1));
	if (!str_eq(given, c->in))
		part(c, "normalised", c->in);
	uscc_warnings(c);
	accept(c, c->in);
}

static bool org_code_letters(struct check *c, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (any_upper_digit(c->in.p[i]))
			continue;
		if (any_upper_digit(ascii_upper(c->in.p[i])))
			return bad(c, "case", i, "字母须为大写", "letters must be upper case");
		return bad(c, "charset", i, "只能是半角数字和大写字母", "only ASCII digits and capitals");
	}
	return true;
}

void org_code_kind(struct check *c)
{
	struct str body;
	char want, have;

	if (c->lenient)
		c->in = upper(c->a, squeeze(c->a, c->in, " \t-._"));
	else if (c->in.n == 10 && c->in.p[8] == '-')
		c->in = squeeze(c->a, c->in, "-");
	if (c->in.n != 9 && utf8_count(c->in) != 9) {
		bad(c, "length", 0, "应为 8 位本体代码、连字符和 1 位校验码", "must be 8 characters, a hyphen and a check character");
		return;
	}
	if (!org_code_letters(c, c->in.n))
		return;
	body = str_sub(c->in, 0, 8);
	want = org_code_check_char(body);
	have = c->in.p[8];
	if (want != have) {
		part(c, "expected_check", str_fmt(c->a, "%c", want));
		badf(c, "check", 8, "校验码不符，应为 %c", "wrong check character, expected %c", want);
		return;
	}
	part(c, "body", body);
	part(c, "check", str_sub(c->in, 8, 1));
	accept(c, str_fmt(c->a, "%.*s-%c", STR_ARG(body), have));
}
