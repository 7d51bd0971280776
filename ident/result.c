/* ident/result.c - the result that every check fills, the repairs of the lenient mode, the table of kinds. Pure. */
#include "in.h"

static const char kind_names[IDENT_KIND_COUNT][20] = {
#define X(name, text) [IDENT_##name] = text,
	IDENT_KINDS(X)
#undef X
};

const char *ident_kind_name(enum ident_kind kind)
{
	return kind > IDENT_NONE && kind < IDENT_KIND_COUNT ? kind_names[kind] : NULL;
}

enum ident_kind ident_kind_of(struct str name)
{
	for (unsigned k = IDENT_NONE + 1; k < IDENT_KIND_COUNT; k++)
		if (str_is(name, kind_names[k]))
			return (enum ident_kind)k;
	return IDENT_NONE;
}

const struct ident_part *ident_part(const struct ident_result *r, const char *key)
{
	for (size_t i = 0; i < r->n_parts; i++)
		if (strcmp(r->parts[i].key, key) == 0)
			return &r->parts[i];
	return NULL;
}

bool accept(struct check *c, struct str normal)
{
	c->r->valid = true;
	c->r->normal = normal;
	c->r->error = (struct ident_error){ 0 };
	return true;
}

/* Positions are told in characters: a clerk counts 苏 as one. */
static size_t characters_before(struct str s, size_t at)
{
	size_t n = 0;

	for (size_t i = 0; i < s.n && i < at; i++)
		n += ((unsigned char)s.p[i] & 0xc0) != 0x80;
	return n;
}

bool bad(struct check *c, const char *code, size_t at, const char *zh, const char *en)
{
	c->r->valid = false;
	c->r->normal = (struct str){ "", 0 };
	c->r->error = (struct ident_error){ code, characters_before(c->in, at), str_of(zh), str_of(en) };
	return false;
}

static char *vfmt(struct arena *a, const char *fmt, va_list ap)
{
	va_list again;
	char *p;
	int n;

	if (!fmt)
		fmt = "";
	va_copy(again, ap);
	n = vsnprintf(NULL, 0, fmt, again);
	va_end(again);
	if (n < 0)
		n = 0;
	p = TAKE(a, char, (size_t)n + 1);
	vsnprintf(p, (size_t)n + 1, fmt, ap);
	return p;
}

bool badf(struct check *c, const char *code, size_t at, const char *zh, const char *en, ...)
{
	const char *z, *e;
	va_list ap;

	va_start(ap, en);
	z = vfmt(c->a, zh, ap);
	va_end(ap);
	va_start(ap, en);
	e = vfmt(c->a, en, ap);
	va_end(ap);
	return bad(c, code, at, z, e);
}

void warn(struct check *c, const char *code, const char *zh, const char *en)
{
	struct ident_result *r = c->r;

	for (size_t i = 0; i < r->n_warnings; i++)
		if (strcmp(r->warnings[i].code, code) == 0)
			return;
	if (r->n_warnings == r->cap_warnings) {
		size_t cap = r->cap_warnings ? r->cap_warnings * 2 : 4;
		struct ident_warning *more = TAKE(c->a, struct ident_warning, cap);

		if (r->n_warnings)
			memcpy(more, r->warnings, r->n_warnings * sizeof(*more));
		r->warnings = more;
		r->cap_warnings = cap;
	}
	r->warnings[r->n_warnings++] = (struct ident_warning){ code, str_of(zh), str_of(en) };
}

static struct ident_part *part_new(struct check *c, const char *key, enum ident_type type)
{
	struct ident_result *r = c->r;

	if (r->n_parts == r->cap_parts) {
		size_t cap = r->cap_parts ? r->cap_parts * 2 : 8;
		struct ident_part *more = TAKE(c->a, struct ident_part, cap);

		if (r->n_parts)
			memcpy(more, r->parts, r->n_parts * sizeof(*more));
		r->parts = more;
		r->cap_parts = cap;
	}
	r->parts[r->n_parts] = (struct ident_part){ .key = key, .type = type };
	return &r->parts[r->n_parts++];
}

void part(struct check *c, const char *key, struct str value) { part_new(c, key, IDENT_TEXT)->value = value; }

void part_number(struct check *c, const char *key, size_t value)
{
	part_new(c, key, IDENT_NUMBER)->value = str_fmt(c->a, "%zu", value);
}

void part_bool(struct check *c, const char *key, bool value)
{
	part_new(c, key, IDENT_BOOL)->value = value ? S("true") : S("false");
}

void part_null(struct check *c, const char *key) { part_new(c, key, IDENT_NULL)->value = S("null"); }

void part_list(struct check *c, const char *key, const struct str *items, size_t n)
{
	struct ident_part *p = part_new(c, key, IDENT_LIST);

	p->items = items;
	p->n_items = n;
}

void parts_clear(struct check *c) { c->r->n_parts = 0; }

bool all_digits(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!is_digit(s.p[i]))
			return false;
	return s.n > 0;
}

bool all_alnum(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!is_alnum(s.p[i]))
			return false;
	return s.n > 0;
}

bool starts_any_case(struct str s, const char *prefix)
{
	size_t n = strlen(prefix), i = 0;

	while (i < n && i < s.n && ascii_lower(s.p[i]) == ascii_lower(prefix[i]))
		i++;
	return i == n;
}

bool any_upper_digit(char c) { return is_digit(c) || (c >= 'A' && c <= 'Z'); }

/* The part of NFKC that scanners and input methods make necessary; returns -1 for "drop it". */
static int32_t folded(int32_t cp)
{
	if (cp >= 0xff01 && cp <= 0xff5e)               /* full-width ASCII */
		return cp - 0xff01 + '!';
	if (cp == 0x3000 || cp == 0xa0 || (cp >= 0x2000 && cp <= 0x200a) || cp == 0x202f || cp == 0x205f)
		return ' ';
	if ((cp >= 0x200b && cp <= 0x200f) || cp == 0xfeff || cp == 0x2060)
		return -1;
	if ((cp >= 0x2010 && cp <= 0x2015) || cp == 0x2043 || cp == 0x2212 || cp == 0xfe58 || cp == 0xfe63)
		return '-';
	if (cp == 0x3010 || cp == 0x3014)               /* corner brackets, as typed around a province */
		return '(';
	if (cp == 0x3011 || cp == 0x3015)
		return ')';
	if (cp == 0x3002 || cp == 0xff61)
		return '.';
	if (cp >= 0x2080 && cp <= 0x2089)
		return cp - 0x2080 + '0';
	if (cp == 0x2070 || (cp >= 0x2074 && cp <= 0x2079))     /* superscripts; the first three are in Latin-1 */
		return cp - 0x2070 + '0';
	if (cp == 0xb9 || cp == 0xb2 || cp == 0xb3)
		return cp == 0xb9 ? '1' : cp - 0xb0 + '0';
	if (cp >= 0x2460 && cp <= 0x2468)
		return cp - 0x2460 + '1';
	if (cp >= 0x24b6 && cp <= 0x24cf)               /* circled capitals */
		return cp - 0x24b6 + 'A';
	if (cp >= 0x1d7ce && cp <= 0x1d7ff)             /* mathematical digits, five alphabets of ten */
		return (cp - 0x1d7ce) % 10 + '0';
	return cp;
}

bool ascii(struct str s)
{
	unsigned char any = 0;

	for (size_t i = 0; i < s.n; i++)
		any |= (unsigned char)s.p[i];
	return any < 0x80;
}

struct str fold(struct arena *a, struct str s)
{
	struct buf b;
	size_t at = 0;

	if (ascii(s))
		return s;
	b = buf_in(a, s.n + 1);
	while (at < s.n) {
		char out[4];
		int32_t cp = utf8_next(s, &at);

		if (cp < 0)
			return s;
		cp = folded(cp);
		if (cp >= 0)
			buf_add(&b, (struct str){ out, utf8_put((uint32_t)cp, out) });
	}
	return buf_str(&b);
}

struct str squeeze(struct arena *a, struct str s, const char *drop)
{
	size_t n = 0;
	char *p;

	for (const char *d = drop; *d; d++)
		n += str_find(s, *d) < s.n;
	if (n == 0)
		return s;
	n = 0;
	p = TAKE(a, char, s.n + 1);
	for (size_t i = 0; i < s.n; i++)
		if (!s.p[i] || !strchr(drop, s.p[i]))
			p[n++] = s.p[i];
	return (struct str){ p, n };
}

struct str upper(struct arena *a, struct str s)
{
	char *p = TAKE(a, char, s.n + 1);

	for (size_t i = 0; i < s.n; i++)
		p[i] = ascii_upper(s.p[i]);
	return (struct str){ p, s.n };
}

struct str lower(struct arena *a, struct str s)
{
	char *p = TAKE(a, char, s.n + 1);

	for (size_t i = 0; i < s.n; i++)
		p[i] = ascii_lower(s.p[i]);
	return (struct str){ p, s.n };
}

bool want_length(struct check *c, size_t n)
{
	size_t have = ascii(c->in) ? c->in.n : utf8_count(c->in);

	if (have == n)
		return true;
	return badf(c, "length", have < n ? c->in.n : n, "长度应为 %zu 个字符，现为 %zu 个", "must be %zu characters long, is %zu",
		n, have);
}

size_t offset(const struct check *c, struct str s)
{
	uintptr_t from = (uintptr_t)c->in.p, at = (uintptr_t)s.p;

	return at >= from && at - from <= c->in.n ? at - from : 0;
}

bool want_digits(struct check *c)
{
	for (size_t i = 0; i < c->in.n; i++)
		if (!is_digit(c->in.p[i]))
			return bad(c, "charset", i, "此处只能是半角数字", "only ASCII digits are allowed here");
	return true;
}

/* Years 00 to 99 around 2000: 70 and later were in the last century for every use here, and both 2000 and the
 * windows of GS1 (49 back, 50 ahead) agree on which two-digit years are leap years. */
size_t calendar_bad(struct str s, bool day00)
{
	static const unsigned char days[] = { 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	int yy = (s.p[0] - '0') * 10 + s.p[1] - '0';
	int mm = (s.p[2] - '0') * 10 + s.p[3] - '0';
	int dd = (s.p[4] - '0') * 10 + s.p[5] - '0';

	if (mm < 1 || mm > 12)
		return 1;
	if ((dd == 0 && !day00) || dd > days[mm - 1] || (mm == 2 && dd == 29 && yy % 4 != 0))
		return 2;
	return 0;
}

/* A refused text has no parts, but what its check character should have been is worth telling. */
static void keep_expected(struct check *c)
{
	const struct ident_part *p = ident_part(c->r, "expected_check");
	struct str value = p ? p->value : (struct str){ "", 0 };

	parts_clear(c);
	if (p)
		part(c, "expected_check", value);
}

static void dispatch(struct check *c, enum ident_kind kind)
{
	switch (kind) {
	case IDENT_USCC: uscc_kind(c); break;
	case IDENT_ORG_CODE: org_code_kind(c); break;
	case IDENT_GTIN8: gtin_kind(c, 8); break;
	case IDENT_GTIN12: gtin_kind(c, 12); break;
	case IDENT_GTIN13: gtin_kind(c, 13); break;
	case IDENT_GTIN14: gtin_kind(c, 14); break;
	case IDENT_SSCC: key_kind(c, "00"); break;
	case IDENT_GLN: key_kind(c, "414"); break;
	case IDENT_GRAI: key_kind(c, "8003"); break;
	case IDENT_GIAI: key_kind(c, "8004"); break;
	case IDENT_GDTI: key_kind(c, "253"); break;
	case IDENT_GMN: key_kind(c, "8013"); break;
	case IDENT_ELEMENTS: elements_kind(c); break;
	case IDENT_LINK: link_kind(c); break;
	case IDENT_EPC: epc_kind(c); break;
	case IDENT_ECODE: ecode_kind(c); break;
	case IDENT_ECODE_URL: ecode_url_kind(c); break;
	case IDENT_MA: ma_kind(c); break;
	case IDENT_MA_DI: ma_di_kind(c); break;
	case IDENT_MA_PI: ma_pi_kind(c); break;
	case IDENT_ISO15434: iso15434_kind(c); break;
	case IDENT_CCC: ccc_kind(c); break;
	case IDENT_XK: xk_kind(c); break;
	case IDENT_STANDARD: standard_kind(c); break;
	case IDENT_DIVISION: division_kind(c); break;
	case IDENT_PHONE: phone_kind(c); break;
	case IDENT_PHONE_SHORT: phone_short_kind(c); break;
	case IDENT_SEALED: sealed_kind(c); break;
	case IDENT_NONE: case IDENT_KIND_COUNT:
		bad(c, "unrecognised", 0, "无法识别这段文字是哪一种编码", "this text is not a code of a known kind");
	}
}

void ident_check(struct arena *a, enum ident_kind kind, struct str text, enum ident_mode mode, struct ident_result *ret)
{
	struct check c = { a, text, mode == IDENT_LENIENT, ret };
	size_t at = 0;

	*ret = (struct ident_result){ .kind = kind, .normal = { "", 0 } };
	for (bool plain = ascii(text); !plain && at < text.n;)
		if (utf8_next(text, &at) < 0) {
			bad(&c, "encoding", at, "不是正确的 UTF-8 文字", "not well-formed UTF-8");
			return;
		}
	if (c.lenient)
		c.in = str_trim(fold(a, text));
	if (c.in.n == 0)
		bad(&c, "empty", 0, "内容为空", "the text is empty");
	else
		dispatch(&c, kind);
	if (!ret->valid)
		keep_expected(&c);
}
