/* ident/gtin.c - GTIN of every length and the other GS1 keys written alone. Pure. */
#include "gs1.h"

bool gtin_check(struct str s)
{
	if (s.n != 8 && s.n != 12 && s.n != 13 && s.n != 14)
		return false;
	return all_digits(s) && gs1_check_digit(str_sub(s, 0, s.n - 1)) == s.p[s.n - 1];
}

struct str gtin14_of(struct arena *a, struct str s)
{
	if (!gtin_check(s))
		return (struct str){ "", 0 };
	return s.n == 14 ? s : str_join(a, str_sub(S("000000"), 0, 14 - s.n), s);
}

/* Lengths that GS1 China gives out with its prefixes 690 to 699; only a hint, other lengths exist. */
unsigned gs1_prefix_length(struct str s)
{
	static const unsigned char lengths[10] = { 7, 7, 8, 8, 8, 8, 8, 9, 10, 10 };

	if (s.n != 14 || s.p[1] != '6' || s.p[2] != '9' || !is_digit(s.p[3]))
		return 0;
	return lengths[s.p[3] - '0'];
}

void gtin_kind(struct check *c, size_t digits)
{
	struct str body;
	char want;

	if (c->lenient)
		c->in = squeeze(c->a, c->in, " \t-");
	if (!want_length(c, digits) || !want_digits(c))
		return;
	body = str_sub(c->in, 0, digits - 1);
	want = gs1_check_digit(body);
	if (want != c->in.p[digits - 1]) {
		part(c, "expected_check", str_fmt(c->a, "%c", want));
		badf(c, "check", digits - 1, "校验码不符，应为 %c", "wrong check digit, expected %c", want);
		return;
	}
	part(c, "gtin14", gtin14_of(c->a, c->in));
	part(c, "check", str_sub(c->in, digits - 1, 1));
	accept(c, c->in);
}

static void grai_parts(struct check *c)
{
	part(c, "asset_type", str_sub(c->in, 1, 12));
	part(c, "check", str_sub(c->in, 13, 1));
	if (c->in.n > 14)
		part(c, "serial", str_sub(c->in, 14, c->in.n));
	else
		part_null(c, "serial");
}

static void gdti_parts(struct check *c)
{
	part(c, "document_type", str_sub(c->in, 0, 12));
	part(c, "check", str_sub(c->in, 12, 1));
	if (c->in.n > 13)
		part(c, "serial", str_sub(c->in, 13, c->in.n));
	else
		part_null(c, "serial");
}

void key_kind(struct check *c, const char *ai)
{
	struct elements set;
	size_t n;

	set.n = 0;
	if (c->lenient)
		c->in = squeeze(c->a, c->in, " \t");
	if (c->lenient && (ai[0] == '0' || strcmp(ai, "414") == 0))
		c->in = squeeze(c->a, c->in, "-");      /* keys of digits only */
	if (!element_add(c, &set, str_of(ai), c->in, 0))
		return;
	n = c->in.n;
	if (strcmp(ai, "00") == 0) {
		part(c, "extension", str_sub(c->in, 0, 1));
		part(c, "check", str_sub(c->in, n - 1, 1));
	} else if (strcmp(ai, "414") == 0) {
		part(c, "check", str_sub(c->in, n - 1, 1));
	} else if (strcmp(ai, "8003") == 0) {
		grai_parts(c);
	} else if (strcmp(ai, "253") == 0) {
		gdti_parts(c);
	} else if (strcmp(ai, "8004") == 0) {
		part_number(c, "length", n);
	} else {
		part(c, "model", str_sub(c->in, 0, n - 2));
		part(c, "check_pair", str_sub(c->in, n - 2, 2));
	}
	accept(c, c->in);
}
