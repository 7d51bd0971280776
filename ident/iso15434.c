/* ident/iso15434.c - messages of ISO/IEC 15434: header, format envelopes, trailer. Pure.
 *
 * Checks data identifiers for their form only; GS1 data inside is checked element by element.
 */
#include "gs1.h"

enum { EOT = 0x04, GS = 0x1d, RS = 0x1e, FIELDS_MOST = 128 };

struct message {
	struct str format;              /* of the first envelope */
	struct str *fields;
	size_t n_fields, n_envelopes;
};

/* What logs and keyboards write for the control characters. */
static struct str restore_controls(struct arena *a, struct str s)
{
	static const struct {
		char form[10], ch;
	} forms[] = {
		{ "<RS>", RS }, { "<GS>", GS }, { "<EOT>", EOT }, { "{RS}", RS }, { "{GS}", GS }, { "{EOT}", EOT }, { "[RS]", RS },
		{ "[GS]", GS }, { "[EOT]", EOT }, { "\xe2\x90\x9e", RS }, { "\xe2\x90\x9d", GS }, { "\xe2\x90\x84", EOT },
		{ "\\x1e", RS }, { "\\x1d", GS }, { "\\x04", EOT }, { "\\u001e", RS }, { "\\u001d", GS }, { "\\u0004", EOT },
		{ "^^", RS }, { "^]", GS }, { "^D", EOT },
	};
	struct buf b = buf_in(a, s.n + 1);

	for (size_t at = 0; at < s.n;) {
		size_t k = 0;

		while (k < ROWS(forms) && !str_starts(str_sub(s, at, s.n), forms[k].form))
			k++;
		buf_char(&b, k < ROWS(forms) ? forms[k].ch : s.p[at]);
		at += k < ROWS(forms) ? strlen(forms[k].form) : 1;
	}
	return buf_str(&b);
}

/* ANSI MH10.8.2: up to three digits and a capital (or one of a few signs), then the data. */
static bool data_identifier_ok(struct check *c, struct str field)
{
	size_t i = 0, at = (size_t)(field.p - c->in.p);

	while (i < field.n && i < 3 && is_digit(field.p[i]))
		i++;
	if (i == field.n || !((field.p[i] >= 'A' && field.p[i] <= 'Z') || strchr("&+!-/@*", field.p[i] ? field.p[i] : 'x')))
		return bad(c, "data_identifier", at, "字段应以数据标识符（0 至 3 位数字和 1 个大写字母）开头",
			"a field must begin with a data identifier (0 to 3 digits and a capital)");
	return i + 1 < field.n || bad(c, "empty_value", at + i + 1, "数据标识符后没有内容", "nothing follows the data identifier");
}

static bool envelope(struct check *c, struct str e, struct message *m)
{
	struct str format = str_sub(e, 0, 2), rest = str_sub(e, 3, e.n), field;
	size_t at = (size_t)(e.p - c->in.p);

	if (format.n != 2 || !all_digits(format))
		return bad(c, "format", at, "格式标志应为 2 位数字", "the format indicator must be 2 digits");
	if (e.n < 4 || e.p[2] != GS)
		return bad(c, "separator", at + 2, "格式标志之后应有分隔符 GS 和数据", "GS and data must follow the format indicator");
	if (!str_is(format, "05") && !str_is(format, "06") && !str_is(format, "12"))
		warn(c, "format", "不是 05、06、12 格式，仅拆分字段", "neither format 05, 06 nor 12: fields were split only");
	if (m->n_envelopes++ == 0)
		m->format = format;
	if (str_is(format, "05")) {
		struct elements *set = TAKE(c->a, struct elements, 1);

		if (!elements_raw(c, rest, GS, set))
			return false;
		if (!elements_related(&(struct check){ c->a, c->in, false, TAKE(c->a, struct ident_result, 1) }, set))
			warn(c, "relations", "应用标识符之间的搭配不完整", "the application identifiers do not go together");
	}
	if (rest.p[rest.n - 1] == GS)
		return bad(c, "empty_value", at + e.n, "字段为空", "an empty field");
	while (str_cut(&rest, GS, &field)) {
		if (field.n == 0)
			return bad(c, "empty_value", (size_t)(field.p - c->in.p), "字段为空", "an empty field");
		if (str_is(format, "06") && !data_identifier_ok(c, field))
			return false;
		if (m->n_fields == FIELDS_MOST)
			return bad(c, "too_many", at, "字段过多", "too many fields");
		m->fields[m->n_fields++] = field;
	}
	return true;
}

static bool read_message(struct check *c, struct message *m)
{
	struct str rest, e;

	if (!str_starts(c->in, "[)>"))
		return bad(c, "header", 0, "应以 [)> 开头", "must begin with [)>");
	if (c->in.n < 4 || c->in.p[3] != RS)
		return bad(c, "header", 3, "[)> 之后应为 RS（1E）", "RS (1E) must follow [)>");
	rest = str_sub(c->in, 4, c->in.n);
	if (rest.n == 0 || rest.p[rest.n - 1] != EOT) {
		if (!c->lenient)
			return bad(c, "trailer", c->in.n, "应以 EOT（04）结尾", "must end with EOT (04)");
		warn(c, "trailer", "缺少结尾的 RS、EOT", "the trailer RS EOT is missing");
	} else {
		rest.n--;
		if (rest.n == 0 || rest.p[rest.n - 1] != RS)
			return bad(c, "trailer", c->in.n - 1, "EOT 之前应为 RS（1E）", "RS (1E) must stand before EOT");
	}
	if (rest.n && rest.p[rest.n - 1] == RS)
		rest.n--;
	while (c->lenient && rest.n && rest.p[rest.n - 1] == RS)
		rest.n--;
	if (rest.n && rest.p[rest.n - 1] == RS)
		return bad(c, "format", 4 + rest.n, "此处应为格式标志", "a format indicator is expected here");
	if (rest.n == 0)
		return bad(c, "format", 4, "没有任何数据", "there is no data");
	while (str_cut(&rest, RS, &e))
		if (!envelope(c, e, m))
			return false;
	return true;
}

void iso15434_kind(struct check *c)
{
	struct message m = { .fields = TAKE(c->a, struct str, FIELDS_MOST) };
	struct buf b;

	if (c->lenient)
		c->in = restore_controls(c->a, c->in);
	if (!read_message(c, &m))
		return;
	part(c, "format", m.format);
	part_list(c, "fields", m.fields, m.n_fields);
	if (m.n_envelopes > 1)
		part_number(c, "envelopes", m.n_envelopes);
	while (c->in.p[c->in.n - 1] == EOT || c->in.p[c->in.n - 1] == RS)
		c->in.n--;                              /* a field stands before them: checked above */
	b = buf_in(c->a, c->in.n + 2);
	buf_add(&b, c->in);
	buf_char(&b, RS);
	buf_char(&b, EOT);
	accept(c, buf_str(&b));
}
