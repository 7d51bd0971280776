/* ident/ma.c - MA codes (IDcode): the generic form and the medical-device UDI forms with their check digit. Pure.
 *
 * Never refuses a UDI on its check digit where the two rules in circulation disagree.
 */
#include "in.h"

/* 0-9, A-Z = 10 to 35, a-g = 36 to 42, h-z = 45 to 63 (43 and 44 are left out), then the signs from 64. */
static int ma_value(char ch)
{
	static const char signs[] = "-.@$,*+%/#!^~";
	const char *at;

	if (is_digit(ch))
		return ch - '0';
	if (ch >= 'A' && ch <= 'Z')
		return ch - 'A' + 10;
	if (ch >= 'a' && ch <= 'g')
		return ch - 'a' + 36;
	if (ch >= 'h' && ch <= 'z')
		return ch - 'h' + 45;
	at = ch ? strchr(signs, ch) : NULL;
	return at ? (int)(at - signs) + 64 : -1;
}

/* Luhn over the decimal digits of all values; the place of the check digit counts, so its neighbour is not doubled.
 * `drop_nine` leaves the character 9 out, as one published checker does. */
static char ma_check_char(struct arena *a, struct str s, bool drop_nine)
{
	struct buf b = buf_in(a, s.n * 2 + 1);
	unsigned sum = 0;

	for (size_t i = 0; i < s.n; i++)
		if (!(drop_nine && s.p[i] == '9'))
			buf_int(&b, ma_value(s.p[i]));
	for (size_t i = 0; i < b.n; i++) {
		unsigned d = (unsigned)(b.p[b.n - 1 - i] - '0');

		d = i % 2 ? d * 2 : d;
		sum += d > 9 ? d - 9 : d;
	}
	return (char)('0' + (10 - sum % 10) % 10);
}

static bool ma_check_ok(struct check *c, struct str covered, char have, size_t at)
{
	char want = ma_check_char(c->a, covered, false), other = ma_check_char(c->a, covered, true);

	if (have == want)
		return true;
	if (have == other || str_find(covered, '9') < covered.n) {
		warn(c, "check_disputed", "含有数字 9 时，流通的校验规则结果不同，未按校验位判断",
			"check rules in circulation disagree when a 9 occurs; the check digit was not judged");
		return true;
	}
	part(c, "expected_check", str_fmt(c->a, "%c", want));
	return badf(c, "check", at, "校验位不符，应为 %c", "wrong check digit, expected %c", want);
}

static bool ma_characters(struct check *c)
{
	for (size_t i = 0; i < c->in.n; i++)
		if (ma_value(c->in.p[i]) < 0)
			return bad(c, "charset", i, "出现 MA 码字符表以外的字符", "a character outside the MA table");
	return true;
}

static bool ma_head(struct check *c, struct str *rest)
{
	struct str head;

	if (c->lenient && c->in.n >= 3 && ascii_upper(c->in.p[0]) == 'M' && ascii_upper(c->in.p[1]) == 'A')
		c->in = str_join(c->a, S("MA"), str_sub(c->in, 2, c->in.n));
	if (!str_starts(c->in, "MA."))
		return bad(c, "prefix", 0, "应以 MA. 开头", "must begin with MA.");
	*rest = str_sub(c->in, 3, c->in.n);
	if (!str_cut(rest, '.', &head) || head.n != 3 || !all_digits(head))
		return bad(c, "country", 3, "国家代码应为 3 位数字（中国为 156）", "the country must be 3 digits (China is 156)");
	part(c, "country", head);
	if (!str_is(head, "156"))
		warn(c, "country", "国家代码不是 156（中国）", "the country is not 156 (China)");
	return true;
}

/* use 2 digits . category 8 digits . item */
static bool ma_item(struct check *c, struct str tail)
{
	struct str use = { "", 0 }, category = { "", 0 };
	size_t at = (size_t)(tail.p - c->in.p);

	str_cut(&tail, '.', &use);
	str_cut(&tail, '.', &category);
	if (use.n != 2 || !all_digits(use))
		return bad(c, "use", at, "用途代码应为 2 位数字", "the use must be 2 digits");
	if (category.n != 8 || !all_digits(category))
		return bad(c, "category", at + 3, "品类代码应为 8 位数字", "the category must be 8 digits");
	if (tail.n == 0)
		return bad(c, "item", c->in.n, "缺少品目代码", "the item is missing");
	for (size_t i = 0; i < tail.n; i++)
		if (!is_alnum(tail.p[i]) && (!tail.p[i] || !strchr("._-", tail.p[i])))
			return bad(c, "charset", (size_t)(tail.p - c->in.p) + i, "品目代码只能是数字、字母和 . _ -",
				"the item may hold letters, digits and . _ - only");
	part(c, "use", use);
	part(c, "category", category);
	part(c, "item", tail);
	return true;
}

/* %2F and the like; only ASCII occurs in a code, anything else stays as it is and is refused later. */
static struct str unescaped(struct arena *a, struct str s)
{
	char *p = TAKE(a, char, s.n + 1);
	size_t n = 0;

	for (size_t i = 0; i < s.n; i++) {
		unsigned char ch = 0;

		if (s.p[i] == '%' && hex_get(str_sub(s, i + 1, 2), &ch, 1) && ch > ' ' && ch < 0x7f) {
			p[n++] = (char)ch;
			i += 2;
		} else {
			p[n++] = s.p[i];
		}
	}
	return (struct str){ p, n };
}

/* Resolver address: the code is a parameter. */
static struct str ma_of_url(struct arena *a, struct str s)
{
	for (size_t i = 0; i + 6 < s.n; i++)
		if ((s.p[i] == '?' || s.p[i] == '&') && str_starts(str_sub(s, i + 1, s.n), "code=")) {
			s = str_sub(s, i + 6, s.n);
			s = str_sub(s, 0, str_find(s, '#'));
			return unescaped(a, str_sub(s, 0, str_find(s, '&')));
		}
	return s;
}

void ma_kind(struct check *c)
{
	struct str rest, node, unit, tail = { "", 0 };
	bool slash;

	if (c->lenient)
		c->in = squeeze(c->a, c->in, " \t");
	if (str_starts(c->in, "http://") || str_starts(c->in, "https://"))
		c->in = ma_of_url(c->a, c->in);
	if (!ma_head(c, &rest))
		return;
	node = (struct str){ "", 0 };
	str_cut(&rest, '.', &node);
	if (node.n != 4 || !all_digits(node)) {
		bad(c, "node", 8, "第二级节点应为 4 位数字", "the second node must be 4 digits");
		return;
	}
	slash = str_find(rest, '/') < rest.n;
	unit = str_sub(rest, 0, str_find(rest, '/'));
	if (slash)
		tail = str_sub(rest, unit.n + 1, rest.n);
	if (!all_alnum(unit)) {
		bad(c, "unit", 12, "缺少单位代码，或含有数字和字母以外的字符", "the unit is missing or not letters and digits");
		return;
	}
	part(c, "node2", node);
	part(c, "unit", unit);
	if (str_ends(tail, "/"))
		tail.n--;
	if (slash && !ma_item(c, tail))
		return;
	accept(c, str_sub(c->in, 0, slash ? (size_t)(tail.p + tail.n - c->in.p) : c->in.n));
}

/* ---- medical devices ---- */

struct pi_field {
	char letter;
	bool date;
	char key[16];
};

static const struct pi_field pi_fields[] = {
	{ 'S', false, "serial" }, { 'M', true, "production" }, { 'P', true, "production" }, { 'L', false, "lot" },
	{ 'D', false, "sterile_lot" }, { 'E', true, "expiry" }, { 'V', true, "valid_until" },
};

static bool pi_field(struct check *c, struct str field)
{
	size_t at = (size_t)(field.p - c->in.p);

	for (size_t i = 0; field.n && i < ROWS(pi_fields); i++) {
		struct str value = str_sub(field, 1, field.n);

		if (pi_fields[i].letter != field.p[0])
			continue;
		if (value.n == 0)
			return bad(c, "empty_value", at, "标识后没有内容", "nothing follows the letter");
		if (ident_part(c->r, pi_fields[i].key))
			return bad(c, "duplicate", at, "同一标识重复出现", "a field is repeated");
		if (pi_fields[i].date && (value.n != 6 || !all_digits(value) || calendar_bad(value, true)))
			warn(c, "date", "日期不是 YYMMDD", "a date is not YYMMDD");
		part(c, pi_fields[i].key, value);
		return true;
	}
	return bad(c, "field", at, "未知的生产标识字段（应为 S、M、P、L、D、E、V）", "unknown field, expected S, M, P, L, D, E or V");
}

/* `s` begins with the leading dot and ends with .C and one digit. */
static bool pi_read(struct check *c, struct str s)
{
	struct str covered, rest, field;
	size_t at = (size_t)(s.p - c->in.p);

	if (!str_starts(s, "."))
		return bad(c, "prefix", at, "生产标识应以 . 开头", "must begin with a dot");
	if (s.n < 6 || memcmp(s.p + s.n - 3, ".C", 2) != 0 || !is_digit(s.p[s.n - 1]))
		return bad(c, "check_missing", c->in.n, "应以 .C 和 1 位校验位结尾", "must end with .C and a check digit");
	covered = str_sub(s, 0, s.n - 3);
	rest = str_sub(covered, 1, covered.n);
	while (str_cut(&rest, '.', &field))
		if (!pi_field(c, field))
			return false;
	if (covered.p[covered.n - 1] == '.')
		return bad(c, "field", at + covered.n, "字段为空", "an empty field");
	if (!ma_check_ok(c, covered, s.p[s.n - 1], at + s.n - 1))
		return false;
	part(c, "check_over", covered);
	return true;
}

void ma_pi_kind(struct check *c)
{
	if (c->lenient)
		c->in = squeeze(c->a, c->in, " \t");
	if (!ma_characters(c) || !pi_read(c, c->in))
		return;
	part(c, "check", str_sub(c->in, c->in.n - 1, 1));
	accept(c, c->in);
}

static bool di_last(struct check *c, struct str last)
{
	size_t at = (size_t)(last.p - c->in.p), end = at + last.n;

	if (last.n < 3 || !is_digit(last.p[0]) || !is_digit(last.p[last.n - 1]))
		return bad(c, "item", at, "应为 1 位包装级别、产品代码和 1 位校验位", "expected a packaging level, an item and a check digit");
	for (size_t i = 0; i < last.n; i++)
		if (!is_alnum(last.p[i]) && (last.p[i] == '.' || last.p[i] == '/'))
			return bad(c, "charset", at + i, "产品代码含有不允许的字符", "the item holds a character that is not allowed");
	return ma_check_ok(c, str_sub(c->in, 0, end - 1), last.p[last.n - 1], end - 1);
}

/* A production identifier may follow the device identifier: both are then checked, each by its own digit. */
void ma_di_kind(struct check *c)
{
	struct str rest, industry = { "", 0 }, registrant = { "", 0 }, last = { "", 0 }, tail = { "", 0 };

	if (c->lenient)
		c->in = squeeze(c->a, c->in, " \t");
	if (!ma_characters(c) || !ma_head(c, &rest))
		return;
	str_cut(&rest, '.', &industry);
	if (industry.n != 2 || industry.p[0] != 'M' || !is_digit(industry.p[1])) {
		bad(c, "industry", 7, "行业代码应为 M0", "the industry must be M0");
		return;
	}
	str_cut(&rest, '.', &registrant);
	if (registrant.n != 6 || !all_alnum(registrant)) {
		bad(c, "registrant", 10, "注册人代码应为 6 位", "the registrant must be 6 characters");
		return;
	}
	last = str_sub(rest, 0, str_find(rest, '.'));
	if (last.n < rest.n)
		tail = str_sub(rest, last.n, rest.n);
	if (!di_last(c, last) || (tail.n && !pi_read(c, tail)))
		return;
	part(c, "iac", S("MA"));
	part(c, "industry", industry);
	part(c, "registrant", registrant);
	part(c, "package_level", str_sub(last, 0, 1));
	part(c, "item", str_sub(last, 1, last.n - 2));
	part(c, "check", str_sub(last, last.n - 1, 1));
	if (tail.n)
		part(c, "pi", tail);
	accept(c, c->in);
}
