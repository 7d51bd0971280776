/* ident/scan.c - finds out which kind a text is: the first kind in a fixed order whose check passes. Pure.
 *
 * When none passes, the first kind whose outline fits reports what is wrong. An 18-digit text may be a credit code or
 * an SSCC: whoever knows what is expected names the kind.
 */
#include "in.h"

/* Not tried: short telephone numbers, GLN, GRAI, GIAI, GDTI, GMN. Written alone nothing tells them from other digits. */

struct glance {
	struct str s;                   /* folded, trimmed and squeezed when lenient */
	size_t n;
	bool digits, url;
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

static bool has_param(struct str s, const char *name)
{
	for (size_t i = 0; i < s.n; i++)
		if (str_starts(str_sub(s, i, s.n), name))
			return true;
	return false;
}

/* Does the outline fit? The order of enum ident_kind is not the order of trial. */
static bool outline(enum ident_kind kind, const struct glance *g)
{
	struct str s = g->s;

	switch (kind) {
	case IDENT_LINK: return g->url;
	case IDENT_ECODE_URL: return g->url && (has_param(s, "/E=") || has_param(s, "?E=") || has_param(s, "&E="));
	case IDENT_MA: return str_starts(s, "MA.") || (g->url && has_param(s, "code=MA."));
	case IDENT_MA_DI: return str_starts(s, "MA.") && s.n > 8 && s.p[7] == 'M';
	case IDENT_MA_PI: return str_starts(s, ".") && s.n > 5;
	case IDENT_EPC: return str_starts(s, "urn:epc:") || str_starts(s, "URN:") || str_starts(s, "urn:EPC");
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
	case IDENT_ORG_CODE: return g->n == 10 && s.p[8] == '-';
	case IDENT_SEALED: return g->n >= SEALED_TEXT;
	default: return false;
	}
}

/* Kinds with an outline too weak to report errors by: they count only when they pass. */
static bool weak(enum ident_kind kind)
{
	return kind == IDENT_PHONE || kind == IDENT_DIVISION || kind == IDENT_SEALED ||
		kind == IDENT_ECODE || kind == IDENT_MA_PI;
}

static bool weak_outline(enum ident_kind kind, const struct glance *g, bool raw_elements)
{
	if (raw_elements)
		return kind == IDENT_ELEMENTS && g->n >= 16 && (str_starts(g->s, "01") || str_starts(g->s, "00"));
	if (kind == IDENT_PHONE)
		return g->n >= 7 && (is_digit(g->s.p[0]) || g->s.p[0] == '+' || g->s.p[0] == '(');
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
	{ IDENT_DIVISION, false }, { IDENT_ELEMENTS, true }, { IDENT_SEALED, false },
};

static struct glance glance(struct arena *a, struct str text, bool lenient)
{
	struct glance g = { .s = text };
	struct str head;

	if (lenient)
		g.s = str_trim(fold(a, text));
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

void ident_scan(struct arena *a, struct str text, enum ident_mode mode, struct ident_result *ret)
{
	struct glance g = glance(a, text, mode == IDENT_LENIENT);
	struct ident_result first = { .kind = IDENT_NONE }, r;

	ident_check(a, IDENT_NONE, text, mode, ret);
	if (g.n == 0 || !utf8_ok(text))
		return;
	for (size_t i = 0; i < ROWS(order); i++) {
		enum ident_kind kind = order[i].kind;
		bool faint = order[i].raw || weak(kind);

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
}
