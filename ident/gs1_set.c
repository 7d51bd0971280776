/* ident/gs1_set.c - element strings: reads every written form, checks the rules between elements. Pure.
 *
 * Never guesses in strict mode; the lenient mode may find FNC1 characters that a keyboard scanner swallowed, and only
 * when there is exactly one way to do so.
 */
#include "gs1.h"

enum { GS = 0x1d, GUESSES_MOST = 5000 };

bool element_add(struct check *c, struct elements *set, struct str ai, struct str value, size_t from)
{
	const struct ai_row *row = ai_find(ai);
	size_t at;
	enum fault f;

	if (!row)
		return badf(c, "unknown_ai", from, "未知的应用标识符 (%.*s)", "unknown application identifier (%.*s)", STR_ARG(ai));
	if (set->n == ELEMENTS_MOST)
		return bad(c, "too_many", from, "应用标识符过多", "too many application identifiers");
	f = ai_value_fault(row, value, &at);
	if (f == FAULT_CHECK) {
		size_t lead = row->parts[0].max == 1;   /* the fixed zero of a GRAI stands before the key */
		char want = gs1_check_digit(str_sub(value, lead, at - lead));

		from += at;
		part(c, "expected_check", str_fmt(c->a, "%c", want));
		return badf(c, "check", from, "(%.*s) 校验码不符，应为 %c", "(%.*s) wrong check digit, expected %c", STR_ARG(ai), want);
	}
	if (f) {
		const char *zh = str_fmt(c->a, "(%.*s) %s", STR_ARG(ai), fault_zh(f)).p;
		const char *en = str_fmt(c->a, "(%.*s) %s", STR_ARG(ai), fault_en(f)).p;

		return bad(c, fault_code(f), from + at, zh, en);
	}
	set->e[set->n++] = (struct element){ ai, value, row, (uint16_t)ai_number(ai), false };
	return true;
}

/* The first element within the range; `except` keeps an AI from meeting itself (no AI has that number: AI_NOBODY). */
const struct element *elements_have(const struct elements *set, unsigned low, unsigned high, unsigned except)
{
	for (const struct element *e = set->e; e < set->e + set->n; e++)
		if (e->number >= low && e->number <= high && e->number != except)
			return e;
	return NULL;
}

const struct element *elements_get(const struct elements *set, const char *ai)
{
	unsigned number = ai_number(str_of(ai));

	return elements_have(set, number, number, AI_NOBODY);
}

static bool needs_met(const struct elements *set, const struct element *e)
{
	bool met = true, none = e->row->needs_from == e->row->excludes_from;

	for (unsigned i = e->row->needs_from; i < e->row->excludes_from; i++) {
		const struct ai_range *r = ai_pool(i);

		met = met && elements_have(set, r->low, r->high, e->number);
		if (r->ends && met)
			return true;
		met = r->ends || met;
	}
	return none;
}

static bool none_excluded(struct check *c, const struct elements *set, const struct element *e)
{
	for (unsigned i = e->row->excludes_from; i < e->row->excludes_end; i++) {
		const struct ai_range *r = ai_pool(i);
		const struct element *other = elements_have(set, r->low, r->high, e->number);

		if (other)
			return badf(c, "excluded_ai", offset(c, e->ai), "(%.*s) 与 (%.*s) 不能同时出现", "(%.*s) and (%.*s) may not occur together",
				STR_ARG(e->ai), STR_ARG(other->ai));
	}
	return true;
}

/* A signature is of one thing: these keys then need their serial (General Specifications, AI 8030). */
static bool signature_serialised(struct check *c, const struct elements *set)
{
	static const char serialised[3][5] = { "253", "255", "8003" };

	if (!elements_get(set, "8030"))
		return true;
	for (size_t i = 0; i < ROWS(serialised); i++) {
		const struct element *key = elements_get(set, serialised[i]);

		if (key && key->value.n == key->row->least)
			return badf(c, "serial_missing", offset(c, key->ai), "数字签名 (8030) 要求 (%s) 带有序列号", "a signature (8030) needs a serial in (%s)",
				serialised[i]);
	}
	return true;
}

/* General Specifications 4.13 and 4.14. Whole sets only: a set over several carriers is joined before it is judged. */
bool elements_related(struct check *c, const struct elements *set)
{
	for (size_t i = 0; i < set->n; i++) {
		const struct element *e = &set->e[i];

		if (!none_excluded(c, set, e))
			return false;
		if (!needs_met(set, e))
			return badf(c, "missing_ai", offset(c, e->ai), "(%.*s) 还需要同时有：%s", "(%.*s) also needs: %s", STR_ARG(e->ai), e->row->needs);
		for (size_t k = 0; k < i; k++)
			if (set->e[k].number == e->number && !str_eq(set->e[k].value, e->value))
				return badf(c, "repeated_ai", offset(c, e->ai), "(%.*s) 重复出现且内容不同", "(%.*s) is repeated with different values",
					STR_ARG(e->ai));
	}
	return signature_serialised(c, set);
}

struct str elements_bracketed(struct arena *a, const struct elements *set)
{
	struct buf b = buf_in(a, 96);

	for (size_t i = 0; i < set->n; i++) {
		struct str rest = set->e[i].value, head;

		buf_char(&b, '(');
		buf_add(&b, set->e[i].ai);
		buf_char(&b, ')');
		while (str_find(rest, '(') < rest.n) {
			str_cut(&rest, '(', &head);
			buf_add(&b, head);
			buf_z(&b, "\\(");               /* a bracket of the data, as GS1's own syntax writes it */
		}
		buf_add(&b, rest);
	}
	return buf_str(&b);
}

/* The value from `from` to the next bracket that is not escaped, where *ret_at ends. */
static struct str bracketed_value(struct arena *a, struct str s, size_t from, size_t *ret_at)
{
	struct buf b;
	size_t at = from;

	while (at < s.n && s.p[at] != '(' && s.p[at] != '\\')
		at++;
	*ret_at = at;
	if (at == s.n || s.p[at] == '(')
		return str_sub(s, from, at - from);
	b = buf_in(a, 32);
	for (at = from; at < s.n && s.p[at] != '('; at++) {
		if (s.p[at] == '\\' && at + 1 < s.n && s.p[at + 1] == '(')
			at++;
		buf_char(&b, s.p[at]);
	}
	*ret_at = at;
	return buf_str(&b);
}

static bool read_bracketed(struct check *c, struct elements *ret)
{
	struct str s = c->in;
	size_t at = 0;

	while (at < s.n) {
		size_t close, from;
		struct str ai, v;

		if (s.p[at] != '(')
			return bad(c, "bracket", at, "此处应为 (应用标识符)", "an (AI) is expected here");
		close = at + str_find(str_sub(s, at, s.n), ')');
		if (close == s.n)
			return bad(c, "bracket", at, "缺少右括号", "a closing bracket is missing");
		ai = str_sub(s, at + 1, close - at - 1);
		from = close + 1;
		v = bracketed_value(c->a, s, from, &at);
		if (c->lenient) {
			ai = str_trim(ai);
			v = str_trim(v);
		}
		if (!element_add(c, ret, ai, v, from))
			return false;
	}
	return true;
}

/* Up to four characters, none of them cut. */
static struct str beginning(struct str s)
{
	size_t at = 0;

	for (int i = 0; i < 4 && at < s.n; i++)
		if (utf8_next(s, &at) < 0)
			return str_sub(s, 0, 0);
	return str_sub(s, 0, at);
}

bool elements_raw(struct check *c, struct str s, char separator, struct elements *ret)
{
	size_t base = offset(c, s), at = 0;

	while (at < s.n) {
		struct str left = str_sub(s, at, s.n), ai;
		const struct ai_row *row = ai_begins(left);
		size_t end, fixed;

		if (!row)
			return badf(c, "unknown_ai", base + at, "从这里开始没有已知的应用标识符：%.*s",
				"no known application identifier begins here: %.*s", STR_ARG(beginning(left)));
		ai = str_sub(left, 0, row->digits);
		at += ai.n;
		end = at + str_find(str_sub(s, at, s.n), separator);
		fixed = at + row->most;
		if (row->flags & AI_FIXED && fixed < end)
			end = fixed;
		if (!element_add(c, ret, ai, str_sub(s, at, end - at), base + at))
			return false;
		at = end;
		if (at < s.n && s.p[at] == separator)
			at++;
	}
	return ret->n ? true : bad(c, "empty", 0, "没有任何应用标识符", "there is no application identifier");
}

/* ---- lost FNC1 ---- */

struct guess {
	struct check *c;
	struct str s;
	struct elements now, found;
	size_t n_found, steps;
};

static bool quiet_related(struct check *c, const struct elements *set)
{
	struct ident_result scratch = { 0 };
	struct check q = *c;

	q.r = &scratch;
	return elements_related(&q, set);
}

/* Every AI either ends at a separator, at its fixed length, or where another known AI may begin. Depth is bounded by
 * ELEMENTS_MOST, work by GUESSES_MOST. */
static void guess_from(struct guess *g, size_t at)
{
	struct str left = str_sub(g->s, at, g->s.n), ai;
	const struct ai_row *row;
	size_t skip;

	if (g->steps++ > GUESSES_MOST || g->n_found > 1)
		return;
	if (left.n == 0) {
		if (quiet_related(g->c, &g->now) && g->n_found++ == 0)
			g->found = g->now;
		return;
	}
	row = ai_begins(left);
	if (!row || g->now.n == ELEMENTS_MOST)
		return;
	ai = str_sub(left, 0, row->digits);
	for (size_t n = row->least; n <= row->most && ai.n + n <= left.n; n++) {
		struct str value = str_sub(left, ai.n, n);
		size_t wrong;

		if (n && value.p[n - 1] == GS)
			return;
		if (ai_value_fault(row, value, &wrong))
			continue;
		skip = ai.n + n < left.n && left.p[ai.n + n] == GS;
		g->now.e[g->now.n++] = (struct element){ ai, value, row, (uint16_t)ai_number(ai), false };
		guess_from(g, at + ai.n + n + skip);
		g->now.n--;
	}
}

static bool guess_separators(struct check *c, struct str s, struct elements *ret)
{
	struct guess *g = TAKE(c->a, struct guess, 1);

	g->c = c;
	g->s = s;
	guess_from(g, 0);
	if (g->n_found != 1 || g->steps > GUESSES_MOST)
		return false;
	*ret = g->found;
	c->r->error = (struct ident_error){ 0 };
	parts_clear(c);
	warn(c, "fnc1_lost", "扫描结果缺少分隔符 FNC1，已按唯一可能的方式恢复",
		"separators (FNC1) were lost; restored in the only possible way");
	return true;
}

/* What scanners and logs write for the group separator. */
static struct str restore_gs(struct arena *a, struct str s)
{
	static const char forms[][12] = { "<GS>", "{GS}", "[GS]", "<FNC1>", "{FNC1}", "[FNC1]", "\\x1d", "\\u001d", "%1D",
		"\xe2\x90\x9d", "\\F" };
	struct buf b = buf_in(a, s.n + 1);

	for (size_t at = 0; at < s.n;) {
		size_t k = 0;

		while (k < ROWS(forms) && !str_starts(str_sub(s, at, s.n), forms[k]))
			k++;
		buf_char(&b, k < ROWS(forms) ? GS : s.p[at]);
		at += k < ROWS(forms) ? strlen(forms[k]) : 1;
	}
	return buf_str(&b);
}

bool elements_read(struct check *c, struct elements *ret)
{
	static const char symbologies[][4] = { "]C1", "]e0", "]d2", "]Q3", "]J1" };
	struct str s;
	char separator = GS;

	ret->n = 0;
	if (c->lenient)
		c->in = restore_gs(c->a, c->in);
	s = c->in;
	if (str_starts(s, "("))
		return read_bracketed(c, ret);
	if (str_starts(s, "]")) {
		size_t k = 0;

		while (k < ROWS(symbologies) && !str_starts(s, symbologies[k]))
			k++;
		if (k == ROWS(symbologies))
			return bad(c, "symbology", 0, "不是 GS1 数据的码制标识符（]C1、]e0、]d2、]Q3、]J1）",
				"not a symbology identifier of GS1 data (]C1 ]e0 ]d2 ]Q3 ]J1)");
		s = str_sub(s, 3, s.n);
	} else if (str_starts(s, "^")) {
		separator = '^';
		s = str_sub(s, 1, s.n);
	} else if (s.p[0] == GS) {
		s = str_sub(s, 1, s.n);
	}
	if (elements_raw(c, s, separator, ret))
		return true;
	ret->n = 0;
	return c->lenient && separator == GS && s.n && guess_separators(c, s, ret);
}

void elements_parts(struct check *c, const struct elements *set)
{
	for (size_t i = 0; i < set->n; i++) {
		const struct element *e = &set->e[i];

		if (elements_have(set, e->number, e->number, AI_NOBODY) == e)   /* a repeated one only once */
			part(c, str_is(e->ai, e->row->first) ? e->row->first : str_z(c->a, e->ai), e->value);
	}
}

void elements_kind(struct check *c)
{
	struct elements set;
	struct str link;

	if (!elements_read(c, &set) || !elements_related(c, &set))
		return;
	if (elements_link(c->a, &set, &link))
		part(c, "digital_link", link);
	else
		part_null(c, "digital_link");
	elements_parts(c, &set);
	accept(c, elements_bracketed(c->a, &set));
}
