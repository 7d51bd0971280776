/* label/symbol.c - from text to the modules of a symbol; the only file that sees zint.
 *
 * Allocates with arena_try, because zint's own object is alive meanwhile. Owner of that object: symbol_make.
 */
#include <zint.h>

#include "label/draw.h"

enum { TEXT_MOST = 4000, EAN_DIGITS = 13, ECI_UTF8 = 26, QR_LEVEL_M = 2, AI_LEAST = 2, AI_MOST = 4 };

/* Quiet zones by the standard of each: ISO/IEC 18004 asks 4, 16022 asks 1 and gets 2, 15417 and the GS1 General Specifications 10, EAN-13 11 on
 * the left and 7 on the right and gets 11 on both, so that a middled symbol keeps it, ISO/IEC 20830 asks 3. */
static const struct kind {
	const char *name, *zh;
	int zint, mode, level, option;
	unsigned quiet;
	bool linear, gs1, utf8;           /* utf8: text outside ASCII is marked as UTF-8 by an ECI */
} kinds[] = {
#define X(name, text, zh) [SYM_##name] = { text, zh, KIND_##name },
#define KIND_QR BARCODE_QRCODE, UNICODE_MODE, QR_LEVEL_M, 0, 4, false, false, true
#define KIND_DATAMATRIX BARCODE_DATAMATRIX, UNICODE_MODE, -1, DM_SQUARE, 2, false, false, true
#define KIND_GS1_DATAMATRIX BARCODE_DATAMATRIX, GS1_MODE, -1, DM_SQUARE, 2, false, true, false
#define KIND_GS1_128 BARCODE_GS1_128, GS1_MODE, -1, 0, 10, true, true, false
#define KIND_EAN13 BARCODE_EANX, UNICODE_MODE, -1, 0, 11, true, false, false
#define KIND_CODE128 BARCODE_CODE128, UNICODE_MODE, -1, 0, 10, true, false, false
#define KIND_HANXIN BARCODE_HANXIN, UNICODE_MODE, -1, 0, 3, false, false, false
	SYMBOLOGIES(X)
#undef X
};

const char *symbology_name(enum symbology s) { return s < SYMBOLOGY_COUNT ? kinds[s].name : ""; }
const char *symbology_zh(enum symbology s) { return s < SYMBOLOGY_COUNT ? kinds[s].zh : ""; }
bool symbology_linear(enum symbology s) { return s < SYMBOLOGY_COUNT && kinds[s].linear; }

enum symbology symbology_of(struct str name)
{
	size_t i = 0;

	while (i < SYMBOLOGY_COUNT && !str_is(name, kinds[i].name))
		i++;
	return (enum symbology)i;
}


static bool plain(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] < ' ' || s.p[i] > '~')
			return false;
	return true;
}

static bool ascii(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] > 0x7f)
			return false;
	return true;
}

/* ---- EAN-13 ---- */

/* Weights 1 and 3 from the left (GS1 General Specifications, check digits of standard length). */
static char ean_check(const char *p)
{
	int sum = 0;

	for (int i = 0; i < EAN_DIGITS - 1; i++)
		sum += (p[i] - '0') * (i % 2 ? 3 : 1);
	return (char)('0' + (10 - sum % 10) % 10);
}

static enum err ean_text(struct arena *a, struct str text, struct str *ret, struct why why)
{
	char *p;

	for (size_t i = 0; i < text.n; i++)
		if (!is_digit(text.p[i]))
			return why_say(E_BAD, why, "EAN-13 只能是数字", "EAN-13 takes digits only");
	if (text.n != EAN_DIGITS && text.n != EAN_DIGITS - 1)
		return why_say(E_BAD, why, "EAN-13 应为 13 位数字（或不含校验码的 12 位）", "EAN-13 takes 13 digits, or 12 without the check digit");
	if (text.n == EAN_DIGITS && text.p[EAN_DIGITS - 1] != ean_check(text.p))
		return why_say(E_BAD, why, "EAN-13 的校验码不对", "the check digit of this EAN-13 is wrong");
	p = arena_take(a, EAN_DIGITS + 1);
	memcpy(p, text.p, EAN_DIGITS - 1);
	p[EAN_DIGITS - 1] = ean_check(p);
	*ret = (struct str){ p, EAN_DIGITS };
	return OK;
}

/* ---- GS1 element strings ---- */

/* Length of "(01)" at the start of s, or 0. Other brackets belong to the data. */
static size_t ai_length(struct str s)
{
	size_t n = 1;

	if (s.n == 0 || s.p[0] != '(')
		return 0;
	while (n < s.n && n <= AI_MOST && is_digit(s.p[n]))
		n++;
	return n > AI_LEAST && n < s.n && s.p[n] == ')' ? n + 1 : 0;
}

/* As zint wants it: square brackets around the identifiers, which the character set of GS1 data has not. */
static enum err gs1_text(struct arena *a, struct str text, struct str *ret, struct why why)
{
	char *p = arena_take(a, text.n + 1);

	if (!plain(text) || str_find(text, '[') < text.n || str_find(text, ']') < text.n)
		return why_say(E_BAD, why, "GS1 元素串含有不允许的字符", "the element string has a character that GS1 does not allow");
	if (!ai_length(text))
		return why_say(E_BAD, why, "GS1 元素串应以括号中的应用标识符开头，例如 (01)",
		               "an element string begins with an application identifier in brackets, such as (01)");
	memcpy(p, text.p, text.n);
	for (size_t i = 0; i < text.n; i++) {
		size_t n = ai_length(str_sub(text, i, text.n));

		if (!n)
			continue;
		p[i] = '[';
		p[i + n - 1] = ']';
		i += n - 1;
	}
	*ret = (struct str){ p, text.n };
	return OK;
}

/* ---- zint ---- */

__attribute__((format(printf, 2, 0))) static struct str fmt_try(struct arena *a, const char *fmt, int n, const char *s)
{
	int need = snprintf(NULL, 0, fmt, n, s);
	char *p = need > 0 ? arena_try(a, (size_t)need + 1) : NULL;

	if (!p)
		return S("");
	snprintf(p, (size_t)need + 1, fmt, n, s);
	return (struct str){ p, (size_t)need };
}

/* "Error 259: Invalid data length for AI (01)": what stands behind the number. Holds no text of the caller but the identifier. */
static enum err gs1_trouble(struct arena *a, const struct zint_symbol *z, struct why why)
{
	const char *words = strstr(z->errtxt, ": "), *open = strstr(z->errtxt, "AI ("), *shut = open ? strchr(open, ')') : NULL;
	const char *en = words ? words + 2 : "invalid", *at = open ? open + 4 : "";

	*why.zh = fmt_try(a, "GS1 元素串中应用标识符（%.*s）不存在，或其内容的格式、长度、日期、校验码不符合规定", shut ? (int)(shut - at) : 0, at);
	*why.en = fmt_try(a, "GS1 element string: %.*s", (int)strlen(en), en);
	return E_BAD;
}

static enum err trouble(struct arena *a, const struct kind *k, const struct zint_symbol *z, int said, struct why why)
{
	if (said == ZINT_ERROR_TOO_LONG && !k->gs1)
		return why_say(E_TOO_BIG, why, "内容太长，这种码放不下", "the text is too long for this symbol");
	if (said == ZINT_ERROR_MEMORY)
		return why_say(E_BUSY, why, "内存不足", "out of memory");
	if (k->gs1 && strstr(z->errtxt, "AI ("))
		return gs1_trouble(a, z, why);
	if (k->gs1 && said == ZINT_ERROR_TOO_LONG)
		return why_say(E_TOO_BIG, why, "元素串太长，这种码放不下", "the element string is too long for this symbol");
	return why_say(E_BAD, why, "内容含有这种码不能表示的字符", "the text has a character that this symbol cannot hold");
}

/* zint keeps the leftmost module in the low bit. */
static unsigned char mirrored(unsigned char b)
{
	b = (unsigned char)((b & 0x55) << 1 | (b & 0xaa) >> 1);
	b = (unsigned char)((b & 0x33) << 2 | (b & 0xcc) >> 2);
	return (unsigned char)(b << 4 | b >> 4);
}

static enum err bits(struct arena *a, const struct zint_symbol *z, struct symbol *s)
{
	size_t bytes;
	unsigned char *row;

	s->width = (unsigned)z->width;
	s->height = (unsigned)z->rows;
	bytes = (s->width + 7) / 8;
	row = arena_try(a, bytes * s->height);
	if (!row)
		return E_TOO_BIG;
	s->row = row;
	for (unsigned y = 0; y < s->height; y++)
		for (size_t x = 0; x < bytes; x++)
			*row++ = mirrored(z->encoded_data[y][x]);
	return OK;
}

static enum err encode(struct arena *a, const struct kind *k, struct str text, unsigned mask, struct symbol *s, struct why why)
{
	struct zint_symbol *z = ZBarcode_Create();
	enum err e;
	int said;

	if (!z)
		return why_say(E_BUSY, why, "内存不足", "out of memory");
	z->symbology = k->zint;
	z->input_mode = k->mode;
	z->show_hrt = 0;
	z->option_1 = k->level;
	z->option_3 = k->option;
	if (s->kind == SYM_QR && mask)
		z->option_3 = (int)(mask << 8);
	if (k->utf8 && !ascii(text))
		z->eci = ECI_UTF8;
	said = ZBarcode_Encode(z, (const unsigned char *)text.p, (int)text.n);
	if (said >= ZINT_ERROR || (k->gs1 && said == ZINT_WARN_NONCOMPLIANT))
		e = trouble(a, k, z, said, why);
	else
		e = bits(a, z, s);
	ZBarcode_Delete(z);
	return e;
}

enum err symbol_make(struct arena *a, enum symbology kind, struct str text, unsigned mask, struct symbol *ret, struct str *why_zh,
                     struct str *why_en)
{
	struct symbol s = { .kind = kind };
	struct why why = { why_zh, why_en };
	struct str coded = text;
	const struct kind *k;
	enum err e = OK;

	if (kind >= SYMBOLOGY_COUNT || mask > 8)
		return why_say(E_BAD, why, "没有这种码", "there is no such symbol");
	k = &kinds[kind];
	if (text.n == 0)
		return why_say(E_BAD, why, "码的内容为空", "the symbol has no content");
	if (text.n > TEXT_MOST)
		return why_say(E_TOO_BIG, why, "内容太长，这种码放不下", "the text is too long for this symbol");
	if (!utf8_ok(text))
		return why_say(E_BAD, why, "码的内容不是有效的 UTF-8 文本", "the content is not well-formed UTF-8");
	if (kind == SYM_CODE128 && !plain(text))
		return why_say(E_BAD, why, "Code 128 只能含可见的 ASCII 字符", "Code 128 takes printable ASCII only");
	if (kind == SYM_EAN13)
		e = ean_text(a, text, &coded, why);
	else if (k->gs1)
		e = gs1_text(a, text, &coded, why);
	if (!e)
		e = encode(a, k, coded, mask, &s, why);
	if (e)
		return e;
	s.quiet = k->quiet;
	if (k->linear)
		s.text = kind == SYM_EAN13 ? coded : str_copy(a, text);
	*ret = s;
	return OK;
}
