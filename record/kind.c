/* record/kind.c - one row a kind, and the rules of accepting one text of it. Pure. */
#include "record/kind.h"

#include "ident/ident.h"

static const struct kind_row rows[KINDS] = {
	[KIND_TEXT]      = { "text",      "文字",             "text",           "string",  "text", 200 },
	[KIND_NOTE]      = { "note",      "长文字",           "textarea",       "string",  "text", 2000 },
	[KIND_LISTED]    = { "listed",    "清单内的一项",     "select",         "string",  "text", 100 },
	[KIND_USCC]      = { "uscc",      "统一社会信用代码", "text",           "string",  "text", 18 },
	[KIND_CONTACT]   = { "contact",   "电话或电子邮箱",   "text",           "string",  "text", 100 },
	[KIND_DATE]      = { "date",      "日期",             "date",           "string",  "text", 20 },
	[KIND_TIME]      = { "time",      "日期或时间",       "datetime-local", "string",  "text", 40 },
	[KIND_FILE]      = { "file",      "文件",             "file",           "string",  "text", 8 << 20 },
	[KIND_PERMIT]    = { "permit",    "许可证或证书编号", "text",           "string",  "text", 60 },
	[KIND_STANDARDS] = { "standards", "标准编号",         "text",           "array",   "text", 10 },
	[KIND_CODE]      = { "code",      "追溯码",           "text",           "string",  "text", 500 },
	[KIND_ITEMS]     = { "items",     "追溯码或序号范围", "textarea",       "array",   "text", 20000 },
	[KIND_DECIMAL]   = { "decimal",   "数量",             "text",           "string",  "text", 24 },
	[KIND_INTEGER]   = { "integer",   "整数",             "number",         "integer", "int",  20 },
	[KIND_YES]       = { "yes",       "是或否",           "checkbox",       "boolean", "int",  5 },
	[KIND_REF]       = { "ref",       "记录编号",         "text",           "string",  "int",  13 },
	[KIND_REGION]    = { "region",    "行政区划代码",     "text",           "string",  "text", 6 },
	[KIND_LOGIN]     = { "login",     "登录名",           "text",           "string",  "text", 40 },
	[KIND_PASSWORD]  = { "password",  "密码",             "password",       "string",  "text", 200 },
	[KIND_NAMES]     = { "names",     "选项",             "select",         "array",   "text", 16 },
	[KIND_CODES]     = { "codes",     "其他体系的码",     "textarea",       "array",   "text", 100000 },
	[KIND_URL]       = { "url",       "网址",             "url",            "string",  "text", 500 },
};

const struct kind_row *kind_row(enum kind k) { return &rows[k]; }

static struct verdict no(const char *zh, const char *en) { return (struct verdict){ .zh = zh, .en = en }; }
static struct verdict yes(struct str normal) { return (struct verdict){ .ok = true, .normal = normal }; }
static struct verdict yes_i(struct str normal, int64_t i) { return (struct verdict){ .ok = true, .normal = normal, .i = i }; }

/* Control characters never; direction overrides and invisible joiners neither, they make two texts look like one. */
static bool shown_text(struct str s, bool lines)
{
	for (size_t at = 0; at < s.n;) {
		int32_t cp;

		while (at < s.n && s.p[at] >= 0x20 && s.p[at] < 0x7f)      /* long lists of codes are nothing else */
			at++;
		if (at == s.n)
			break;
		cp = utf8_next(s, &at);

		if (cp < 0 || cp == 0x7f || (cp >= 0x80 && cp < 0xa0) || (cp >= 0x200b && cp <= 0x200f) || (cp >= 0x202a && cp <= 0x202e) ||
		    (cp >= 0x2060 && cp <= 0x206f) || cp == 0xfeff || (cp >= 0xfff0 && cp <= 0xffff))
			return false;
		if (cp < 0x20 && !(lines && (cp == '\n' || cp == '\t' || cp == '\r')))
			return false;
	}
	return true;
}

static struct verdict accept_text(struct arena *a, const struct field *f, struct str s)
{
	bool list = f->kind == KIND_ITEMS || f->kind == KIND_NAMES || f->kind == KIND_STANDARDS;      /* of these the row bounds how many */
	size_t max = f->max && !list ? f->max : rows[f->kind].max;

	(void)a;
	if (utf8_count(s) > max)
		return no("文字过长", "too long");
	return yes(s);
}

static struct verdict accept_ident(struct arena *a, enum ident_kind kind, struct str s)
{
	struct ident_result r;

	ident_check(a, kind, s, IDENT_LENIENT, &r);
	return r.valid ? yes(str_copy(a, r.normal)) : no(str_z(a, r.error.zh), str_z(a, r.error.en));
}

static bool mail_ok(struct str s)
{
	size_t at = str_find(s, '@');
	struct str host = str_sub(s, at + 1, s.n);

	if (at == 0 || at >= s.n || host.n < 3 || str_find(host, '.') >= host.n - 1 || str_find(host, '@') < host.n)
		return false;
	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] <= ' ' || (unsigned char)s.p[i] >= 0x7f || strchr("<>()[],;:\"\\", s.p[i]))
			return false;
	return true;
}

/* A telephone, a short service number or an e-mail; an extension after 转 is kept as typed. */
static struct verdict accept_contact(struct arena *a, struct str s)
{
	static const enum ident_kind phones[] = { IDENT_PHONE, IDENT_PHONE_SHORT };
	struct str main = s;

	for (size_t i = 0; i + 3 <= s.n; i++)
		if (memcmp(s.p + i, "转", 3) == 0)
			main = str_trim(str_sub(s, 0, i));
	for (size_t i = 0; i < ROWS(phones); i++) {
		struct ident_result r;

		ident_check(a, phones[i], main, IDENT_LENIENT, &r);
		if (r.valid)
			return yes(s);
	}
	return mail_ok(s) ? yes(s) : no("应为电话号码（可带“转”分机）或电子邮箱", "give a telephone number or an e-mail address");
}

static struct verdict accept_permit(struct arena *a, struct str s)
{
	struct verdict v = accept_ident(a, IDENT_XK, s);

	if (!v.ok)
		v = accept_ident(a, IDENT_CCC, s);
	return v.ok ? v : no("应为生产许可证号（如 (苏)XK05-005-00001）或16位强制性产品认证证书编号",
	                     "give a production licence number or a 16-digit CCC certificate number");
}

/* 2026-1-5, 2026/01/05, 20260105 and 2026年1月5日 are what people type; stored is 2026-01-05. */
static struct verdict accept_date(struct arena *a, struct str s)
{
	int64_t part[3] = { 0, 0, 0 }, day;
	size_t n = 0, digits = 0;
	struct str normal;

	if (s.n == 8 && str_to_int(s, &day) && is_digit(s.p[0])) {
		normal = str_fmt(a, "%.4s-%.2s-%.2s", s.p, s.p + 4, s.p + 6);
	} else {
		for (size_t i = 0; i < s.n && n < 3; i++) {
			if (is_digit(s.p[i]) && digits < 4) {
				part[n] = part[n] * 10 + (s.p[i] - '0');
				digits++;
			} else if (digits) {
				n++;
				digits = 0;
				if ((unsigned char)s.p[i] >= 0x80)
					i += 2;         /* 年 月 日 are three bytes each */
			}
		}
		normal = str_fmt(a, "%04d-%02d-%02d", (int)part[0], (int)part[1], (int)part[2]);
	}
	if (!date_get(normal, &day))
		return no("应为日期，如 2026-01-05", "give a date such as 2026-01-05");
	return yes_i(normal, day);
}

static struct verdict accept_time(struct arena *a, struct str s)
{
	int64_t ms;
	struct verdict v;

	if (time_get(s, &ms))
		return yes_i(time_str(a, ms, false), ms);
	if (s.n == 16 && (s.p[10] == 'T' || s.p[10] == ' ')) {   /* what an HTML datetime-local sends: Chinese local time */
		struct str full = str_fmt(a, "%.10sT%.5s:00+08:00", s.p, s.p + 11);

		if (time_get(full, &ms))
			return yes_i(time_str(a, ms, false), ms);
	}
	v = accept_date(a, s);
	if (!v.ok)
		return no("应为日期或时间，如 2026-01-05 或 2026-01-05T09:30:00+08:00", "give a date, or a time with its offset");
	v.i = v.i * DAY_MS - CHINA_OFFSET_MIN * INT64_C(60000);
	return v;
}

static struct verdict accept_decimal(struct arena *a, struct str s)
{
	size_t dot = str_find(s, '.'), from = 0, to = s.n;

	for (size_t i = 0; i < s.n; i++)
		if (!is_digit(s.p[i]) && i != dot)
			return no("应为非负的十进制数，不用逗号和单位", "give a non-negative decimal number without commas or units");
	if (dot == 0 || dot == s.n - 1 || dot > 15 || (dot < s.n && s.n - dot - 1 > 6))
		return no("整数部分最多15位，小数最多6位", "at most 15 digits before and 6 after the point");
	while (from + 1 < dot && s.p[from] == '0')
		from++;
	if (dot < s.n) {
		while (s.p[to - 1] == '0')
			to--;
		if (s.p[to - 1] == '.')
			to--;
	}
	return yes(str_copy(a, str_sub(s, from, to - from)));
}

static struct verdict accept_login(struct arena *a, struct str s)
{
	char *p;

	if (s.n < 3 || s.n > 40)
		return no("登录名为3到40个字符", "a login has 3 to 40 characters");
	for (size_t i = 0; i < s.n; i++)
		if (!is_alnum(s.p[i]) && !strchr("._@-", s.p[i]))
			return no("登录名只用字母、数字和 . _ @ -", "letters, digits and . _ @ - only");
	p = str_z(a, s);
	for (size_t i = 0; i < s.n; i++)
		p[i] = ascii_lower(p[i]);
	return yes((struct str){ p, s.n });
}

static struct verdict accept_url(struct str s)
{
	if (s.n > 500 || !(str_starts(s, "https://") || str_starts(s, "http://")) || s.n < 12)
		return no("应为 http:// 或 https:// 开头的网址", "give a http:// or https:// address");
	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] <= ' ' || (unsigned char)s.p[i] >= 0x7f || strchr("\"<>\\^`{|}", s.p[i]))
			return no("网址含有不允许的字符", "a character not allowed in an address");
	return yes(s);
}

static struct verdict accept_integer(struct str s)
{
	int64_t i;

	return str_to_int(s, &i) ? yes_i(s, i) : no("应为整数", "give a whole number");
}

static struct verdict accept_yes(struct str s)
{
	static const char *const on[] = { "1", "true", "yes", "on", "是" };
	static const char *const off[] = { "0", "false", "no", "off", "否" };

	for (size_t i = 0; i < ROWS(on); i++) {
		if (str_is(s, on[i]))
			return yes_i(S("true"), 1);
		if (str_is(s, off[i]))
			return yes_i(S("false"), 0);
	}
	return no("应为是或否", "give yes or no");
}

static struct verdict accept_file(struct arena *a, struct str s)
{
	unsigned char b[HASH_LEN];

	if (s.n != 64 || !hex_get(s, b, sizeof(b)))
		return no("应为已上传文件的编号（64位十六进制）", "give the id of an uploaded file (64 hex digits)");
	return yes(hex_str(a, b, sizeof(b)));
}

static struct verdict accept_ref(struct arena *a, struct str s)
{
	int64_t id;

	return id_get(s, &id) ? yes_i(id_str(a, id), id) : no("应为13位记录编号", "give a record id of 13 characters");
}

/* Any scheme's code is taken as it is printed; a scanner's separator (FNC1, GS) becomes the bracketed form. */
static struct verdict accept_code_text(struct arena *a, struct str s)
{
	struct ident_result r;
	size_t n = utf8_count(s);

	if (memchr(s.p, 0x1d, s.n)) {
		ident_scan(a, s, IDENT_LENIENT, &r);
		if (!r.valid)
			return no(str_z(a, r.error.zh), str_z(a, r.error.en));
		return yes(str_copy(a, r.normal));
	}
	if (!shown_text(s, false))
		return no("含有不可见或不合规的字符", "contains control or invisible characters");
	return n >= 4 && n <= 300 ? yes(s) : no("一个码应为4到300个字符", "a code has 4 to 300 characters");
}

struct verdict kind_accept(struct arena *a, const struct field *f, struct str s)
{
	if (f->kind == KIND_CODES)
		return accept_code_text(a, s);
	if (!shown_text(s, f->kind == KIND_NOTE))
		return no("含有不可见或不合规的字符", "contains control or invisible characters");
	switch (f->kind) {
	case KIND_USCC:      return accept_ident(a, IDENT_USCC, s);
	case KIND_CONTACT:   return accept_contact(a, s);
	case KIND_DATE:      return accept_date(a, s);
	case KIND_TIME:      return accept_time(a, s);
	case KIND_FILE:      return accept_file(a, s);
	case KIND_PERMIT:    return accept_permit(a, s);
	case KIND_STANDARDS: return accept_ident(a, IDENT_STANDARD, s);
	case KIND_DECIMAL:   return accept_decimal(a, s);
	case KIND_INTEGER:   return accept_integer(s);
	case KIND_YES:       return accept_yes(s);
	case KIND_REF:       return accept_ref(a, s);
	case KIND_REGION:    return accept_ident(a, IDENT_DIVISION, s);
	case KIND_LOGIN:     return accept_login(a, s);
	case KIND_PASSWORD:
		return utf8_count(s) < 10 ? no("密码至少10个字符", "a password has at least 10 characters") : accept_text(a, f, s);
	case KIND_URL:       return accept_url(s);
	default:             return accept_text(a, f, s);
	}
}
