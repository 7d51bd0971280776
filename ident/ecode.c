/* ident/ecode.c - Ecode (GB/T 31866) and the addresses it travels in. Pure.
 *
 * Keeps the number system identifier opaque. Lengths are those of public descriptions, not of the standard's text.
 */
#include "in.h"

struct version {
	char v;
	unsigned char nsi, most;        /* most: of the main data code; 0 = open */
	bool digits;
};

static const struct version versions[] = {
	{ '1', 4, 20, true }, { '2', 4, 28, true }, { '3', 5, 39, false }, { '4', 5, 0, false },
};

static const struct version *version_of(char v)
{
	for (size_t i = 0; i < ROWS(versions); i++)
		if (versions[i].v == v)
			return &versions[i];
	return NULL;
}

static bool main_data_ok(struct check *c, const struct version *v, struct str s, struct str md)
{
	size_t from = s.n - md.n, count = utf8_count(md);

	if (count == 0)
		return bad(c, "length", s.n, "缺少主码", "the main data code is missing");
	for (size_t i = 0; v->most && i < md.n; i++)
		if (v->digits ? !is_digit(md.p[i]) : !is_alnum(md.p[i]))
			return bad(c, "charset", from + i, v->digits ? "主码只能是半角数字" : "主码只能是半角数字和字母",
				v->digits ? "the main data code must be ASCII digits" : "the main data code must be ASCII letters and digits");
	for (size_t i = 0; i < md.n; i++)
		if ((unsigned char)md.p[i] < 0x20 || md.p[i] == 0x7f)
			return bad(c, "charset", from + i, "主码含有控制字符", "a control character in the main data code");
	if (v->most && count > v->most)
		return badf(c, "length", from + v->most, "此版本的主码最多 %u 个字符，现为 %zu 个",
			"the main data code of this version is at most %u characters, is %zu", (unsigned)v->most, count);
	return true;
}

/* The 2023 edition keeps version 0 for codes of GS1, which need no NSI: whatever GS1 could mean is let through. */
static bool version0_read(struct check *c, struct str s)
{
	struct str md = str_sub(s, 1, s.n), elements;
	struct ident_result r;

	if (md.n == 0)
		return bad(c, "length", s.n, "缺少主码", "the main data code is missing");
	for (size_t i = 0; i < md.n; i++)
		if (md.p[i] <= ' ' || md.p[i] > '~')
			return bad(c, "charset", s.n - md.n + i, "主码含有不允许的字符", "a character that is not allowed in the main data code");
	part(c, "V", str_sub(s, 0, 1));
	part_null(c, "NSI");
	part(c, "MD", md);
	ident_check(c->a, IDENT_ELEMENTS, md, IDENT_STRICT, &r);
	elements = r.normal;
	if (gtin_check(md))
		part(c, "gtin14", gtin14_of(c->a, md));
	else if (r.valid)
		part(c, "element_string", elements);
	warn(c, "version_gs1", "Ecode 的 0 版本留给 GS1 编码，宜直接使用 GS1 编码",
		"version 0 is kept for codes of GS1; better use the GS1 code itself");
	return true;
}

static bool ecode_read(struct check *c, struct str s)
{
	const struct version *v = s.n ? version_of(s.p[0]) : NULL;
	struct str nsi, md;

	if (s.n && s.p[0] == '0')
		return version0_read(c, s);
	if (!v)
		return bad(c, "version", 0, "Ecode 的版本应为 0 至 4", "the version must be 0 to 4");
	nsi = str_sub(s, 1, v->nsi);
	if (nsi.n != v->nsi || !all_digits(nsi))
		return badf(c, "nsi", 1, "编码体系标识应为 %u 位数字", "the number system identifier must be %u digits", (unsigned)v->nsi);
	md = str_sub(s, 1u + v->nsi, s.n);
	if (!main_data_ok(c, v, s, md))
		return false;
	part(c, "V", str_sub(s, 0, 1));
	part(c, "NSI", nsi);
	part(c, "MD", md);
	warn(c, "unverified", "长度与字符规则来自公开资料，未与标准正文核对",
		"lengths and characters follow public descriptions, not the text of the standard");
	return true;
}

void ecode_kind(struct check *c)
{
	if (c->lenient) {
		if (c->in.p[0] != '4')
			c->in = squeeze(c->a, c->in, " \t-");
		if (str_starts(c->in, "E=") || str_starts(c->in, "e="))
			c->in = str_sub(c->in, 2, c->in.n);
	}
	if (c->in.n == 0)
		bad(c, "empty", 0, "内容为空", "the text is empty");
	else if (ecode_read(c, c->in))
		accept(c, c->in);
}

/* The code follows "E=" at the start of the last path segment or as a query parameter. */
static bool find_code(struct str url, struct str *ret)
{
	for (size_t i = url.n; i >= 3; i--) {
		struct str at = str_sub(url, i - 3, 3);

		if ((at.p[0] == '/' || at.p[0] == '?' || at.p[0] == '&') && ascii_upper(at.p[1]) == 'E' && at.p[2] == '=') {
			*ret = str_sub(url, i, url.n);
			return true;
		}
	}
	return false;
}

void ecode_url_kind(struct check *c)
{
	struct str head = lower(c->a, str_sub(c->in, 0, 8)), code;
	size_t scheme = str_starts(head, "https://") ? 8 : str_starts(head, "http://") ? 7 : 0;
	size_t host = str_find(str_sub(c->in, scheme, c->in.n), '/');

	if (scheme == 0) {
		bad(c, "scheme", 0, "应以 http:// 或 https:// 开头", "must begin with http:// or https://");
		return;
	}
	if (host == 0 || scheme + host == c->in.n) {
		bad(c, "domain", scheme, "缺少域名或路径", "the domain or the path is missing");
		return;
	}
	if (!find_code(c->in, &code)) {
		bad(c, "no_code", c->in.n, "网址中没有 E=…", "there is no E=... in the address");
		return;
	}
	code = str_sub(code, 0, str_find(code, '#'));
	code = str_sub(code, 0, str_find(code, '&'));
	if (c->lenient)
		while (str_ends(code, "/"))
			code.n--;
	part(c, "ecode", code);
	if (!ecode_read(c, code)) {
		parts_clear(c);
		return;
	}
	accept(c, str_fmt(c->a, "https://www.iotroot.com/E=%.*s", STR_ARG(code)));
}
