/* ident/standard.c - numbers of Chinese standards: national, industry, local, group, enterprise. Pure.
 *
 * Never says that a standard exists or is in force.
 */
#include "in.h"

/* Codes of industry standards and of the other families that write their numbers the same way, state of 2025. */
static const char families[] =
	" AQ BB CB CC CH CJ CJJ CNCA CY DA DB DJ DL DY DZ EJ FZ GA GB GBJ GBN GBZ GC GD GF GH GJB GM GY HB HG HJ HS HY JB JC JG "
	"JGJ JJF JJG JR JS JT JTG JY KA LB LD LS LY MH MR MT MZ NB NY QB QC QJ QX RB RY SB SC SD SF SH SJ SL SN SW SY TB TD TSG TY "
	"WB WH WJ WM WS WW XB XF YB YC YD YJ YS YY YZ ZY ";

enum { DASHES = 6 };

/* Bytes of a dash at s.p[at], or 0: hyphen, en and em dash, minus, hyphen bullet, horizontal bar. */
static size_t dash_at(struct str s, size_t at)
{
	static const char dashes[DASHES][4] = { "-", "–", "—", "−", "⁃", "―" };

	for (size_t i = 0; i < DASHES; i++)
		if (str_starts(str_sub(s, at, s.n), dashes[i]))
			return strlen(dashes[i]);
	return 0;
}

/* Two letters that are no Chinese industry but occur on the same papers. */
static const char foreign[] = " BS EN NF UL ";

static bool word_in(const char *words, struct str code)
{
	size_t n = strlen(words);

	for (size_t i = 0; i + code.n + 2 <= n; i++)
		if (words[i] == ' ' && memcmp(words + i + 1, code.p, code.n) == 0 && words[i + 1 + code.n] == ' ')
			return true;
	return false;
}

static size_t run(struct str s, size_t at, bool (*is)(char))
{
	size_t n = 0;

	while (at + n < s.n && is(s.p[at + n]))
		n++;
	return n;
}

static bool is_capital(char ch) { return ch >= 'A' && ch <= 'Z'; }

/* T/XXX and Q/XXX: the body's or the enterprise's code may hold digits and further groups. */
static size_t owner_prefix(struct str s)
{
	size_t at = 2, n = run(s, at, any_upper_digit);

	return n && run(str_sub(s, at, n), 0, is_digit) < n ? at + n : 0;
}

/* Length of the prefix, 0 when there is none; *ret_owned for group and enterprise standards. */
static size_t prefix_length(struct check *c, struct str s, bool *ret_owned)
{
	size_t n;

	*ret_owned = str_starts(s, "T/") || str_starts(s, "Q/");
	if (*ret_owned)
		return owner_prefix(s);
	n = run(s, 0, is_capital);
	if (n < 2 || n > 4)
		return 0;
	if ((n == 2 && str_starts(s, "DB")) || (n == 3 && str_starts(s, "DBS"))) {
		size_t d = run(s, n, is_digit);         /* province 2 digits, city 4; DBS: food safety */

		if (d != 2 && d != 4)
			return 0;
		n += d;
	} else if (!word_in(families, str_sub(s, 0, n))) {
		if (n > 2 || word_in(foreign, str_sub(s, 0, n)))
			return 0;                       /* a new industry would have two letters */
		warn(c, "family", "标准代号不在已知表内", "the code of the standard is not known");
	}
	if (n < s.n && s.p[n] == '/') {
		if (n + 1 >= s.n || !(s.p[n + 1] == 'T' || s.p[n + 1] == 'Z' || s.p[n + 1] == 'C'))
			return 0;
		n += 2;
	}
	return n;
}

/* n[.n...]; national standards have no leading zero, while YY 0505 and others do. */
static size_t number_length(struct check *c, struct str s, size_t at, bool national)
{
	size_t from = at;

	for (;;) {
		size_t n = run(s, at, is_digit);

		if (n == 0) {
			bad(c, "number", at, "此处应为标准顺序号", "the number of the standard is expected here");
			return 0;
		}
		if (s.p[at] == '0' && national) {
			bad(c, "leading_zero", at, "标准顺序号不能以 0 开头", "the number may not begin with zero");
			return 0;
		}
		at += n;
		if (at + 1 >= s.n || s.p[at] != '.')
			return at - from;
		at++;
	}
}

/* Two digits until 1994, four since. */
static bool year_ok(struct check *c, struct str year, size_t at)
{
	int64_t y = 0;

	if (!all_digits(year) || !str_to_int(year, &y))
		return bad(c, "year", at, "年号应为 4 位数字", "the year must be 4 digits");
	if (year.n == 2 && y >= 50 && y <= 99) {
		warn(c, "two_digit_year", "两位年号是旧写法", "a two-digit year is the old form");
		return true;
	}
	if (year.n != 4 || y < 1950 || y > 2099)
		return bad(c, "year", at, "年号应为 4 位数字（1950 年以后）", "the year must be 4 digits, 1950 or later");
	return true;
}

struct number {
	struct str prefix, number, year, amendment;
};

/* /XGn-yyyy */
static bool read_amendment(struct check *c, struct str s, size_t at, struct number *ret)
{
	struct str n, year;
	size_t from = at, d;

	if (!str_starts(str_sub(s, at, s.n), "/XG"))
		return bad(c, "excess", at, "标准号之后还有多余的内容", "something follows the number");
	at += 3;
	n = str_sub(s, at, run(s, at, is_digit));
	at += n.n;
	d = dash_at(s, at);
	year = str_sub(s, at + d, s.n);
	if (n.n == 0 || n.p[0] == '0' || d == 0 || year.n != 4)
		return bad(c, "amendment", from, "修改单应写作 /XG1-2016", "an amendment is written /XG1-2016");
	if (!year_ok(c, year, at + d))
		return false;
	ret->amendment = str_fmt(c->a, "/XG%.*s-%.*s", STR_ARG(n), STR_ARG(year));
	return true;
}

static size_t spaces(struct str s, size_t at)
{
	size_t n = 0;

	while (at + n < s.n && s.p[at + n] == ' ')
		n++;
	return n;
}

static bool read_number(struct check *c, struct number *ret)
{
	struct str s = c->in;
	bool owned;
	size_t at = prefix_length(c, s, &owned), n, d;

	if (at == 0)
		return bad(c, "prefix", 0, "应以标准代号开头（如 GB、GB/T、JB/T、DB44、T/XXX、Q/XXX）",
			"must begin with a code such as GB, GB/T, JB/T, DB44, T/XXX, Q/XXX");
	ret->prefix = str_sub(s, 0, at);
	n = spaces(s, at);
	if (n > 1 && !c->lenient)
		return bad(c, "space", at + 1, "代号与顺序号之间只空一格", "only one space stands before the number");
	at += n;
	n = number_length(c, s, at, !owned && str_starts(s, "GB"));
	if (n == 0)
		return false;
	ret->number = str_sub(s, at, n);
	at += n;
	if (c->lenient)
		at += spaces(s, at);
	d = dash_at(s, at);
	if (d) {
		at += d;
		if (c->lenient)
			at += spaces(s, at);
		ret->year = str_sub(s, at, run(s, at, is_digit));
		if (!year_ok(c, ret->year, at))
			return false;
		at += ret->year.n;
	}
	if (at == s.n)
		return true;
	if (!d)
		return bad(c, "excess", at, "此处应为连字符和年号", "a hyphen and the year are expected here");
	return read_amendment(c, s, at, ret);
}

void standard_kind(struct check *c)
{
	struct number n = { .year = { "", 0 }, .amendment = { "", 0 } };
	struct str normal;

	if (c->lenient)
		c->in = upper(c->a, c->in);
	if (!read_number(c, &n))
		return;
	normal = str_fmt(c->a, "%.*s %.*s%s%.*s%.*s", STR_ARG(n.prefix), STR_ARG(n.number), n.year.n ? "-" : "",
		STR_ARG(n.year), STR_ARG(n.amendment));
	part(c, "prefix", n.prefix);
	part_bool(c, "mandatory", str_is(n.prefix, "GB"));
	part(c, "number", n.number);
	if (n.year.n)
		part(c, "year", n.year);
	else
		part_null(c, "year");
	if (n.amendment.n)
		part(c, "amendment", n.amendment);
	else
		part_null(c, "amendment");
	part(c, "normal", normal);
	accept(c, normal);
}
