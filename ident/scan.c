/* ident/scan.c - finds out which kind a text is: the first kind in a fixed order whose check passes. Pure.
 *
 * When none passes, the first kind whose outline fits reports what is wrong. An 18-digit text may be a credit code or
 * an SSCC: whoever knows what is expected names the kind.
 */
#include "in.h"

/* Not tried: GLN, GRAI, GIAI, GDTI, GMN, most short telephone numbers. Written alone nothing tells them from other digits. */

struct glance {
	struct str s;                   /* folded, trimmed and squeezed when lenient */
	size_t n;
	bool digits, url;
	bool hyphen9;                   /* before squeezing: ten characters, the ninth a hyphen */
};

static bool bracket_digit(struct str s) { return s.n > 3 && s.p[0] == '(' && is_digit(s.p[1]); }

static bool has_gs(struct str s) { return str_find(s, 0x1d) < s.n; }

static bool xk_like(struct str s)
{
	for (size_t i = 0; i + 3 < s.n && i < 12; i++)
		if (s.p[i] == 'X' && s.p[i + 1] == 'K' && is_digit(s.p[i + 2]))
			return true;
	return false;
}

/* The memory of an RFID tag: hexadecimal of the lengths in use, with the header of a coding of a GS1 key. Digits alone
 * are rather an Ecode. */
static bool hex_tag(struct str s)
{
	static const char headers[] = "30 31 32 33 36 37 39 2C 2D 2E 3E ";

	if ((s.n != 24 && (s.n < 44 || s.n > 52)) || all_digits(s))
		return false;
	for (const char *h = headers; *h; h += 3)
		if (s.p[0] == h[0] && ascii_upper(s.p[1]) == h[1])
			return true;
	return false;
}

static bool letters_digits(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!is_alnum(s.p[i]))
			return false;
	return s.n > 0;
}

static bool standard_like(struct str s)
{
	size_t digits = 0;

	for (size_t i = 0; i < s.n; i++)
		digits += is_digit(s.p[i]);
	return s.n >= 4 && digits && s.p[0] >= 'A' && s.p[0] <= 'Z' && !is_digit(s.p[1]) && (str_find(s, ' ') < s.n ||
		str_find(s, '-') < s.n || str_find(s, '/') < s.n || str_starts(s, "GB"));
}

static bool has_text(struct str s, const char *text) { return memmem(s.p, s.n, text, strlen(text)) != NULL; }

/* Does the outline fit? The order of enum ident_kind is not the order of trial. */
static bool outline(enum ident_kind kind, const struct glance *g)
{
	struct str s = g->s;

	switch (kind) {
	case IDENT_LINK: return g->url;
	case IDENT_ECODE_URL: return g->url && (has_text(s, "/E=") || has_text(s, "?E=") || has_text(s, "&E="));
	case IDENT_MA: return str_starts(s, "MA.") || (g->url && has_text(s, "code=MA."));
	case IDENT_MA_DI: return str_starts(s, "MA.") && s.n > 8 && s.p[7] == 'M';
	case IDENT_MA_PI: return str_starts(s, ".") && s.n > 5;
	case IDENT_EPC: return starts_any_case(s, "urn:epc:") || hex_tag(s);
	case IDENT_ISO15434: return str_starts(s, "[)>");
	case IDENT_ELEMENTS: return bracket_digit(s) || (s.n && (s.p[0] == '^' || s.p[0] == ']')) || (is_digit(s.p[0]) && has_gs(s));
	case IDENT_XK: return xk_like(s);
	case IDENT_CCC: return (g->n == 16 && g->digits) || (g->n > 19 && s.p[16] == '(');
	case IDENT_USCC: return g->n == 18 && letters_digits(s);
	case IDENT_GTIN8: return g->n == 8 && g->digits;
	case IDENT_GTIN12: return g->n == 12 && g->digits;
	case IDENT_GTIN13: return g->n == 13 && g->digits;
	case IDENT_GTIN14: return g->n == 14 && g->digits;
	case IDENT_ECODE: return g->n >= 24 && s.p[0] >= '1' && s.p[0] <= '4' && all_digits(str_sub(s, 0, 5));
	case IDENT_SSCC: return g->n == 18 && g->digits;
	case IDENT_STANDARD: return standard_like(s);
	case IDENT_ORG_CODE: return g->hyphen9;
	case IDENT_SEALED: return g->n >= SEALED_TEXT;
	default: return false;
	}
}

/* Kinds with an outline too weak to report errors by: they count only when they pass. */
static bool weak(enum ident_kind kind, const struct glance *g)
{
	return kind == IDENT_PHONE || kind == IDENT_PHONE_SHORT || kind == IDENT_DIVISION || kind == IDENT_SEALED || kind == IDENT_ECODE ||
		kind == IDENT_MA_PI || (kind == IDENT_EPC && hex_tag(g->s));
}

/* AIs that begin with a check digit's key, so that few other texts pass. */
static bool raw_like(struct str s)
{
	static const char begin[] = "00 01 02 253 414 417 8003 8006 8017 8018 ";
	struct str rest = { begin, sizeof(begin) - 1 }, ai;

	while (s.n >= 16 && str_cut(&rest, ' ', &ai))
		if (ai.n <= s.n && memcmp(s.p, ai.p, ai.n) == 0)
			return true;
	return false;
}

static bool weak_outline(enum ident_kind kind, const struct glance *g, bool raw_elements)
{
	if (raw_elements)
		return kind == IDENT_ELEMENTS && raw_like(g->s);
	if (kind == IDENT_PHONE)
		return g->n >= 7 && (is_digit(g->s.p[0]) || g->s.p[0] == '+' || g->s.p[0] == '(');
	if (kind == IDENT_PHONE_SHORT)                  /* 95588, 10086, 12315; 110 or 96xxxx could be anything */
		return g->n == 5 && g->digits && (str_starts(g->s, "95") || str_starts(g->s, "10") || str_starts(g->s, "12"));
	if (kind == IDENT_DIVISION)
		return g->n == 6 && g->digits;
	return outline(kind, g);
}

struct trial {
	enum ident_kind kind;
	bool raw;                       /* element string without brackets, prefix or separator */
};

static const struct trial order[] = {
	{ IDENT_ECODE_URL, false }, { IDENT_LINK, false }, { IDENT_MA_DI, false }, { IDENT_MA, false }, { IDENT_EPC, false },
	{ IDENT_ISO15434, false }, { IDENT_MA_PI, false }, { IDENT_ELEMENTS, false }, { IDENT_XK, false }, { IDENT_CCC, false },
	{ IDENT_USCC, false }, { IDENT_GTIN8, false }, { IDENT_GTIN12, false }, { IDENT_GTIN13, false }, { IDENT_GTIN14, false },
	{ IDENT_ECODE, false }, { IDENT_SSCC, false }, { IDENT_STANDARD, false }, { IDENT_ORG_CODE, false }, { IDENT_PHONE, false },
	{ IDENT_PHONE_SHORT, false }, { IDENT_DIVISION, false }, { IDENT_ELEMENTS, true }, { IDENT_SEALED, false },
};

static struct glance glance(struct arena *a, struct str text, bool lenient)
{
	struct glance g = { .s = text };
	struct str head;

	if (lenient)
		g.s = str_trim(fold(a, text));
	g.hyphen9 = g.s.n == 10 && g.s.p[8] == '-';
	head = lower(a, str_sub(g.s, 0, 8));
	g.url = str_starts(head, "http://") || str_starts(head, "https://");
	if (lenient && !g.url && !has_gs(g.s)) {
		struct str bare = squeeze(a, g.s, " \t-");

		if (letters_digits(bare) && !standard_like(upper(a, g.s)))
			g.s = bare;
		g.s = str_starts(lower(a, str_sub(g.s, 0, 4)), "urn:") ? g.s : upper(a, g.s);
	}
	g.n = g.s.n;
	g.digits = all_digits(g.s);
	return g;
}

/* ISO/IEC 15424: what a scanner puts before the data of symbols that do not carry GS1 elements. */
static bool foreign_symbology(struct str s)
{
	return s.n > 3 && s.p[0] == ']' && is_alnum(s.p[1]) && is_digit(s.p[2]) && !str_starts(s, "]C1") && !str_starts(s, "]e0") &&
		!str_starts(s, "]d2") && !str_starts(s, "]Q3") && !str_starts(s, "]J1");
}

/* 统一社会信用代码：9111...；名称：... : a name in Chinese, a colon, the code, and what may follow it. */
static struct str after_label(struct arena *a, struct str text)
{
	struct str s = str_trim(fold(a, text));
	size_t colon = str_find(s, ':'), end;

	if (s.n == 0 || (unsigned char)s.p[0] < 0x80 || colon == s.n)
		return text;
	s = str_trim(str_sub(s, colon + 1, s.n));
	end = str_find(s, '\n') < str_find(s, ';') ? str_find(s, '\n') : str_find(s, ';');
	return str_trim(str_sub(s, 0, end));
}

static void scan_plain(struct arena *a, struct str text, enum ident_mode mode, struct ident_result *ret)
{
	struct glance g = glance(a, text, mode == IDENT_LENIENT);
	struct ident_result first = { .kind = IDENT_NONE }, r;

	if (g.n == 0) {
		ident_check(a, IDENT_NONE, text, mode, ret);
		return;
	}
	for (size_t i = 0; i < ROWS(order); i++) {
		enum ident_kind kind = order[i].kind;
		bool faint = order[i].raw || weak(kind, &g);

		if (faint ? !weak_outline(kind, &g, order[i].raw) : !outline(kind, &g))
			continue;
		ident_check(a, kind, text, mode, &r);
		if (r.valid) {
			*ret = r;
			return;
		}
		/* An address that has nothing of GS1 in it is simply another address. */
		if (!faint && first.kind == IDENT_NONE && strcmp(r.error.code, "no_key") != 0)
			first = r;
	}
	if (first.kind != IDENT_NONE)
		*ret = first;
	else
		ident_check(a, IDENT_NONE, text, mode, ret);
}

void ident_scan(struct arena *a, struct str text, enum ident_mode mode, struct ident_result *ret)
{
	struct check c = { a, text, mode == IDENT_LENIENT, ret };
	struct str inner = text;

	if (!ascii(text) && !utf8_ok(text)) {
		ident_check(a, IDENT_NONE, text, mode, ret);
		return;
	}
	if (foreign_symbology(text))
		inner = str_sub(text, 3, text.n);
	else if (c.lenient)
		inner = after_label(a, text);
	scan_plain(a, inner, mode, ret);
	if (!ret->valid && inner.p != text.p && inner.n != text.n && !foreign_symbology(text))
		scan_plain(a, text, mode, ret);         /* the label was part of it */
	else if (ret->valid && foreign_symbology(text))
		part(&c, "symbology", str_sub(text, 0, 3));
	else if (ret->valid && inner.n < str_trim(text).n && !ascii(text))
		warn(&c, "label_removed", "已去掉编码前的名称", "the name before the code was taken off");
}
