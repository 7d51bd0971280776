/* ident/licence.c - CCC certificate numbers and production licence numbers (XK). Pure.
 *
 * Never says that a certificate or licence exists or is in force.
 */
#include "in.h"

/* 年 4 + 机构 2 + 产品类别 4 + 流水 6; a version (x/y) may follow and is kept apart. */
static bool ccc_version(struct check *c, struct str *ret_number)
{
	size_t open = str_find(c->in, '(');
	struct str v = str_sub(c->in, open, c->in.n);
	size_t slash = str_find(v, '/');

	*ret_number = str_sub(c->in, 0, open);
	if (open == c->in.n)
		return true;
	if (!str_ends(v, ")") || slash == v.n || !all_digits(str_sub(v, 1, slash - 1)) ||
		!all_digits(str_sub(v, slash + 1, v.n - slash - 2)))
		return bad(c, "version", open, "版本号应为 (x/y)", "the version must be (x/y)");
	part(c, "version", str_sub(v, 1, v.n - 2));
	return true;
}

void ccc_kind(struct check *c)
{
	struct str number, class2;
	int64_t year = 0;

	if (c->lenient)
		c->in = squeeze(c->a, c->in, " \t-");
	if (!ccc_version(c, &number))
		return;
	if (utf8_count(number) != 16) {
		badf(c, "length", number.n < 16 ? number.n : 16, "证书编号应为 16 位数字，现为 %zu 位", "must be 16 digits, is %zu",
			utf8_count(number));
		return;
	}
	for (size_t i = 0; i < number.n; i++)
		if (!is_digit(number.p[i])) {
			bad(c, "charset", i, "此处只能是半角数字", "only ASCII digits are allowed here");
			return;
		}
	str_to_int(str_sub(number, 0, 4), &year);
	if (year < 2002 || year > 2099) {               /* the scheme began on 2002-05-01 */
		bad(c, "year", 0, "首次发证年份应在 2002 年以后", "the year of first issue must be 2002 or later");
		return;
	}
	class2 = str_sub(number, 6, 2);
	if (str_is(class2, "00"))
		warn(c, "class", "产品类别不在目录之内", "the product class is not in the catalogue");
	part(c, "first_issue_year", str_sub(number, 0, 4));
	part(c, "body", str_sub(number, 4, 2));
	part(c, "product_class", str_sub(number, 6, 4));
	part(c, "sequence", str_sub(number, 10, 6));
	accept(c, number);
}

/* ---- production licence ---- */

/* One of the 31 abbreviations at the start of s, as the text it stands for; second names are read in lenient mode. */
static struct str province(struct str s, bool lenient)
{
	static const char names[] = "京津冀晋蒙辽吉黑沪苏浙皖闽赣鲁豫鄂湘粤桂琼渝川贵云藏陕甘青宁新";
	static const char others[5][2][4] = { { "黔", "贵" }, { "滇", "云" }, { "陇", "甘" }, { "秦", "陕" }, { "蜀", "川" } };

	if (s.n < 3)
		return (struct str){ "", 0 };
	for (size_t i = 0; names[i]; i += 3)
		if (memcmp(s.p, names + i, 3) == 0)
			return (struct str){ names + i, 3 };
	for (size_t i = 0; lenient && i < 5; i++)
		if (memcmp(s.p, others[i][0], 3) == 0)
			return (struct str){ others[i][1], 3 };
	return (struct str){ "", 0 };
}

static bool skip(struct str *s, const char *what)
{
	if (!str_starts(*s, what))
		return false;
	*s = str_sub(*s, strlen(what), s->n);
	return true;
}

/* (苏) （苏） 苏 or nothing; brackets come in pairs of one width. */
static bool xk_province(struct check *c, struct str *rest, struct str *ret)
{
	const char *closing = NULL;

	if (skip(rest, "("))
		closing = ")";
	else if (skip(rest, "（"))
		closing = "）";
	*ret = province(*rest, c->lenient);
	if (ret->n)
		*rest = str_sub(*rest, 3, rest->n);
	if (closing && (ret->n == 0 || !skip(rest, closing)))
		return bad(c, "province", (size_t)(rest->p - c->in.p), "括号内应为省、自治区、直辖市的简称",
			"the abbreviation of a province is expected in brackets");
	return true;
}

static bool digits_group(struct check *c, struct str *rest, size_t n, const char *zh, const char *en, struct str *ret)
{
	size_t k = 0, at = (size_t)(rest->p - c->in.p);

	while (k < rest->n && is_digit(rest->p[k]))
		k++;
	if (k < n || (k > n && !c->lenient))   /* typed without hyphens the groups touch */
		return bad(c, "digits", at, zh, en);
	*ret = str_sub(*rest, 0, n);
	*rest = str_sub(*rest, n, rest->n);
	return true;
}

static bool dash(struct check *c, struct str *rest)
{
	if (skip(rest, "-") || skip(rest, "－") || skip(rest, "–") || skip(rest, "—") || c->lenient)
		return true;
	return bad(c, "separator", (size_t)(rest->p - c->in.p), "此处应为连字符", "a hyphen is expected here");
}

static bool xk_read(struct check *c, struct str rest)
{
	struct str prov, industry, product, enterprise;
	struct buf b = buf_in(c->a, 32);

	skip(&rest, "QS");
	if (!xk_province(c, &rest, &prov))
		return false;
	if (!skip(&rest, "XK"))
		return bad(c, "prefix", (size_t)(rest.p - c->in.p), "应为 (省简称)XK00-000-00000", "expected (province)XK00-000-00000");
	if (!digits_group(c, &rest, 2, "行业代码应为 2 位数字", "the industry must be 2 digits", &industry) || !dash(c, &rest) ||
		!digits_group(c, &rest, 3, "产品代码应为 3 位数字", "the product must be 3 digits", &product) || !dash(c, &rest) ||
		!digits_group(c, &rest, 5, "企业序号应为 5 位数字", "the enterprise must be 5 digits", &enterprise))
		return false;
	if (rest.n)
		return bad(c, "excess", (size_t)(rest.p - c->in.p), "编号之后还有多余的内容", "something follows the number");
	if (prov.n)
		buf_fmt(&b, "(%.*s)", STR_ARG(prov));
	buf_fmt(&b, "XK%.*s-%.*s-%.*s", STR_ARG(industry), STR_ARG(product), STR_ARG(enterprise));
	if (prov.n)
		part(c, "province", prov);
	else
		part_null(c, "province");
	part(c, "industry", industry);
	part(c, "product", product);
	part(c, "enterprise", enterprise);
	part(c, "normal", buf_str(&b));
	return accept(c, buf_str(&b));
}

void xk_kind(struct check *c)
{
	if (c->lenient)
		c->in = upper(c->a, squeeze(c->a, c->in, " \t"));
	xk_read(c, c->in);
}
