/* ident/gs1_link.c - GS1 Digital Link URIs: reads them by the rules of the standard, writes the canonical form. Pure.
 *
 * Never issues a compressed URI and never resolves one.
 */
#include "gs1.h"

/* ---- writing ---- */

static size_t qualifiers_held(const struct elements *set, const uint16_t *sequence)
{
	size_t n = 0;

	for (size_t i = 0; i < AI_QUALIFIERS && sequence[i]; i++)
		n += elements_have(set, sequence[i], sequence[i], AI_NOBODY) != NULL;
	return n;
}

static void put_value(struct buf *b, struct str s)
{
	size_t from = 0;

	for (size_t i = 0; i <= s.n; i++) {
		if (i < s.n && in_class(s.p[i], CLASS_PLAIN))
			continue;
		buf_add(b, str_sub(s, from, i - from));
		from = i + 1;
		if (i < s.n)
			buf_url(b, str_sub(s, i, 1));
	}
}

static void put_query(struct buf *b, const struct element *e, bool first)
{
	buf_char(b, first ? '?' : '&');
	buf_add(b, e->ai);
	buf_char(b, '=');
	put_value(b, e->value);
}

static void put_path(struct buf *b, const struct element *e)
{
	buf_char(b, '/');
	buf_add(b, e->ai);
	buf_char(b, '/');
	put_value(b, e->value);
}

/* Elements not in the path follow as attributes, those of predefined length first; a repeated one is written once. */
static bool put_attributes(struct buf *b, const struct elements *set, const bool *used)
{
	bool any = false;

	for (int variable = 0; variable < 2; variable++)
		for (size_t i = 0; i < set->n; i++) {
			const struct element *e = &set->e[i];

			if (used[i] || (e->row->flags & AI_FIXED ? 0 : 1) != variable ||
				elements_have(set, e->number, e->number, AI_NOBODY) != e)
				continue;
			if (!(e->row->flags & AI_ATTR))
				return false;
			put_query(b, e, !any);
			any = true;
		}
	return true;
}

static void mark(const struct elements *set, unsigned number, bool *used)
{
	for (size_t i = 0; i < set->n; i++)
		if (set->e[i].number == number)
			used[i] = true;
}

static bool write_with(struct arena *a, const struct elements *set, const struct element *key, const uint16_t *sequence,
	struct str *ret)
{
	struct buf b = buf_in(a, 96);
	bool used[ELEMENTS_MOST] = { false };

	buf_z(&b, "https://id.gs1.org");
	put_path(&b, key);
	mark(set, key->number, used);
	for (size_t i = 0; i < AI_QUALIFIERS && sequence[i]; i++) {
		const struct element *e = elements_have(set, sequence[i], sequence[i], AI_NOBODY);

		if (e) {
			put_path(&b, e);
			mark(set, e->number, used);
		}
	}
	if (!put_attributes(&b, set, used))
		return false;
	*ret = buf_str(&b);
	return true;
}

/* The first key leads; of its qualifier sequences the one that holds most. What is left over and may be no attribute
 * means that there is no link: (01) with (10) and (235), as in the reference implementation of GS1. */
static bool hoist(struct arena *a, const struct elements *set, struct str *ret)
{
	const struct element *key = NULL;
	size_t best = 0, held[AI_SEQUENCES];

	for (size_t i = 0; i < set->n && !key; i++)
		if (set->e[i].row->flags & AI_KEY)
			key = &set->e[i];
	if (!key)
		return false;
	for (size_t i = 0; i < AI_SEQUENCES; i++) {
		held[i] = qualifiers_held(set, key->row->sequences[i]);
		best = held[i] > held[best] ? i : best;
	}
	return write_with(a, set, key, key->row->sequences[best], ret);
}

bool elements_link(struct arena *a, const struct elements *set, struct str *ret)
{
	struct buf b = buf_in(a, 96);
	bool used[ELEMENTS_MOST] = { false };
	bool any = false;

	for (size_t i = 0; i < set->n; i++) {
		used[i] = set->e[i].in_path;
		any = any || used[i];
	}
	if (!any)
		return hoist(a, set, ret);
	buf_z(&b, "https://id.gs1.org");
	for (size_t i = 0; i < set->n; i++)
		if (set->e[i].in_path)
			put_path(&b, &set->e[i]);
	if (!put_attributes(&b, set, used))
		return false;
	*ret = buf_str(&b);
	return true;
}

/* ---- reading ---- */

static int nibble(char ch)
{
	if (is_digit(ch))
		return ch - '0';
	ch = ascii_upper(ch);
	return ch >= 'A' && ch <= 'F' ? ch - 'A' + 10 : -1;
}

/* A broken escape stays as it is, as browsers leave it; false for %00. */
static bool unescape(struct arena *a, struct str s, bool query, struct str *ret)
{
	size_t n = 0;
	char *p;

	if (str_find(s, '%') == s.n && (!query || str_find(s, '+') == s.n)) {
		*ret = s;
		return true;
	}
	p = TAKE(a, char, s.n + 1);
	for (size_t i = 0; i < s.n; i++) {
		int hi = s.p[i] == '%' && i + 2 < s.n ? nibble(s.p[i + 1]) : -1;
		int lo = hi >= 0 ? nibble(s.p[i + 2]) : -1;

		if (lo >= 0) {
			p[n] = (char)(hi << 4 | lo);
			if (p[n++] == 0)
				return false;
			i += 2;
		} else {
			p[n++] = query && s.p[i] == '+' ? ' ' : s.p[i];
		}
	}
	*ret = (struct str){ p, n };
	return true;
}

/* Only for the legacy mnemonics of version 1.0 of the standard; read in lenient mode. */
static struct str alpha_ai(struct str name)
{
	static const struct {
		char name[6], ai[5];
	} names[] = {
		{ "cpid", "8010" }, { "cpsn", "8011" }, { "cpv", "22" }, { "gcn", "255" }, { "gdti", "253" }, { "giai", "8004" },
		{ "ginc", "401" }, { "gln", "414" }, { "glnx", "254" }, { "gmn", "8013" }, { "grai", "8003" }, { "gsin", "402" },
		{ "gsrn", "8018" }, { "gsrnp", "8017" }, { "gtin", "01" }, { "itip", "8006" }, { "lot", "10" },
		{ "party", "417" }, { "refno", "8020" }, { "ser", "21" }, { "srin", "8019" }, { "sscc", "00" },
	};

	for (size_t i = 0; i < ROWS(names) && name.n && !is_digit(name.p[0]); i++)
		if (str_is(name, names[i].name))
			return str_of(names[i].ai);
	return name;
}

static bool add_escaped(struct check *c, struct elements *set, struct str ai, struct str raw, bool query)
{
	struct str value;
	size_t at = offset(c, raw);

	if (raw.n == 0)
		return badf(c, "empty_value", at, "(%.*s) 的值为空", "the value of (%.*s) is empty", STR_ARG(ai));
	if (!unescape(c->a, raw, query, &value))
		return badf(c, "null", at, "(%.*s) 的值含有 %%00", "the value of (%.*s) contains %%00", STR_ARG(ai));
	if (str_is(ai, "01") && (value.n == 13 || value.n == 12 || value.n == 8) && all_digits(value)) {
		value = str_join(c->a, str_sub(S("000000"), 0, 14 - value.n), value);
		warn(c, "gtin_padded", "GTIN 不足 14 位，已在前面补 0", "the GTIN was padded with zeros to 14 digits");
	}
	return element_add(c, set, ai, value, at);
}

/* The number of the i-th qualifier when `extra` is put in at `at` (0 = nowhere). */
static unsigned qualifier(const struct elements *set, const struct ai_row *extra, size_t at, size_t i)
{
	if (extra && i == at)
		return ai_number(str_of(extra->first));
	return set->e[extra && i > at ? i - 1 : i].number;
}

/* May `extra` be written at `at` of the path (0 = nowhere)? True when key and qualifiers follow one allowed sequence. */
bool sequence_ok(const struct elements *set, size_t n_path, const struct ai_row *extra, size_t at)
{
	const struct ai_row *key = set->e[0].row;
	size_t n = n_path + (extra ? 1 : 0);

	if (!(key->flags & AI_KEY))
		return false;
	if (n == 1)
		return true;
	for (size_t s = 0; s < AI_SEQUENCES; s++) {
		size_t i = 1;

		for (size_t q = 0; q < AI_QUALIFIERS && i < n && key->sequences[s][q]; q++)
			i += key->sequences[s][q] == qualifier(set, extra, at, i);
		if (i == n)
			return true;
	}
	return false;
}

/* Is this the AI of any qualifier of the key? A quick no for most attributes. */
static bool may_qualify(const struct ai_row *key, unsigned number)
{
	for (size_t s = 0; s < AI_SEQUENCES; s++)
		for (size_t q = 0; q < AI_QUALIFIERS && key->sequences[s][q]; q++)
			if (key->sequences[s][q] == number)
				return true;
	return false;
}

static bool attribute_ok(struct check *c, const struct elements *set, size_t n_path, const struct element *e)
{
	for (size_t at = 1; at <= n_path && may_qualify(set->e[0].row, e->number); at++)
		if (sequence_ok(set, n_path, e->row, at)) {
			if (!c->lenient)
				return badf(c, "qualifier_in_query", offset(c, e->ai), "(%.*s) 应写在路径中，不能写在问号之后",
					"(%.*s) belongs in the path, not in the query", STR_ARG(e->ai));
			return true;
		}
	if (!(e->row->flags & AI_ATTR))
		return badf(c, "not_attribute", offset(c, e->ai), "(%.*s) 不能作为数据属性", "(%.*s) may not be a data attribute", STR_ARG(e->ai));
	return true;
}

static bool attributes_ok(struct check *c, const struct elements *set, size_t n_path)
{
	for (size_t i = 0; i < set->n; i++) {
		for (size_t k = 0; k < i; k++)
			if (set->e[k].number == set->e[i].number)
				return badf(c, "duplicate_ai", offset(c, set->e[i].ai), "(%.*s) 重复", "(%.*s) is duplicated", STR_ARG(set->e[i].ai));
		if (i >= n_path && !attribute_ok(c, set, n_path, &set->e[i]))
			return false;
	}
	return true;
}

static bool read_query(struct check *c, struct str query, struct elements *set)
{
	struct str pair;

	while (str_cut(&query, '&', &pair)) {
		size_t eq = str_find(pair, '=');
		struct str name = str_sub(pair, 0, eq), value = str_sub(pair, eq + 1, pair.n);

		if (eq == pair.n)
			continue;
		if (c->lenient)
			name = alpha_ai(name);
		if (name.n && !all_digits(name))
			continue;                       /* linkType and whatever else is not ours */
		if (!ai_find(name))
			return badf(c, "unknown_ai", offset(c, pair), "问号之后有未知的应用标识符 %.*s",
				"unknown application identifier %.*s in the query", STR_ARG(name));
		if (!add_escaped(c, set, name, value, true))
			return false;
	}
	return true;
}

/* Splits off the last segment of *path, which begins with a slash; false when there is none left. */
static bool last_segment(struct str *path, struct str *ret)
{
	for (size_t i = path->n; i > 0; i--)
		if (path->p[i - 1] == '/') {
			*ret = str_sub(*path, i, path->n);
			*path = str_sub(*path, 0, i - 1);
			return true;
		}
	return false;
}

/* The rightmost primary key starts the data: pairs are walked from the end. */
static bool find_key(const struct check *c, struct str path, struct str *ret_data)
{
	struct str whole = path, name, value;

	while (last_segment(&path, &value) && last_segment(&path, &name)) {
		const struct ai_row *row = ai_find(c->lenient ? alpha_ai(name) : name);

		if (!row)
			return false;
		if (row->flags & AI_KEY) {
			*ret_data = str_sub(whole, (size_t)(name.p - whole.p), whole.n);
			return true;
		}
	}
	return false;
}

static bool read_path(struct check *c, struct str data, struct elements *set)
{
	struct str name, value;

	while (data.n) {
		str_cut(&data, '/', &name);
		if (!str_cut(&data, '/', &value))
			value = (struct str){ name.p + name.n, 0 };
		if (!add_escaped(c, set, c->lenient ? alpha_ai(name) : name, value, false))
			return false;
		set->e[set->n - 1].in_path = true;
	}
	if (!sequence_ok(set, set->n, NULL, 0))
		return bad(c, "sequence", offset(c, name), "路径中限定符的种类或顺序不符", "wrong qualifiers or wrong order in the path");
	return true;
}

/* The part after the scheme; false when it is not http or https. */
static bool after_scheme(struct check *c, struct str *ret)
{
	static const char schemes[][9] = { "https://", "HTTPS://", "http://", "HTTP://" };

	for (size_t i = 0; i < ROWS(schemes); i++)
		if (str_starts(c->in, schemes[i]) || (c->lenient && starts_any_case(c->in, schemes[i]))) {
			*ret = str_sub(c->in, strlen(schemes[i]), c->in.n);
			return true;
		}
	if (c->lenient && starts_any_case(c->in, "id.gs1.org/")) {
		*ret = c->in;
		return true;
	}
	return bad(c, "scheme", 0, "应以 http:// 或 https:// 开头", "must begin with http:// or https://");
}

static bool characters_ok(struct check *c, struct str rest, size_t *ret_slash)
{
	for (size_t i = 0; i < c->in.n; i++)
		if (!in_class(c->in.p[i], CLASS_URI))
			return bad(c, "uri", i, "网址中有不允许的字符", "a character that a URI may not contain");
	*ret_slash = str_find(rest, '/');
	if (*ret_slash == rest.n || *ret_slash == 0)
		return bad(c, "domain", 0, "缺少域名或路径", "the domain or the path is missing");
	for (size_t i = 0; i < *ret_slash; i++)
		if (!in_class(rest.p[i], CLASS_DOMAIN))
			return bad(c, "domain", offset(c, rest) + i, "域名中有不允许的字符", "a character that a domain may not contain");
	return true;
}

/* Compressed forms: everything in the last segment, or a key in clear followed by one compressed segment. */
static bool read_compressed(struct check *c, struct str path, struct elements *set)
{
	struct str segment, value = { "", 0 }, name = { "", 0 };
	struct ident_result scratch = { 0 };
	struct check q = *c;

	q.r = &scratch;
	if (!last_segment(&path, &segment))
		return false;
	if (last_segment(&path, &value) && last_segment(&path, &name) && ai_find(name) && ai_find(name)->flags & AI_KEY) {
		if (add_escaped(&q, set, name, value, false) && link_decompress(&q, segment, set))
			return true;
		set->n = 0;
	}
	if (!link_decompress(&q, segment, set))
		return false;
	for (size_t i = 0; i < set->n; i++)
		if (set->e[i].row->flags & AI_KEY)
			return elements_related(&q, set);
	return false;
}

bool link_read(struct check *c, struct elements *ret)
{
	struct str rest, path, query = { "", 0 }, data;
	size_t slash = 0, n_path;

	ret->n = 0;
	if (!after_scheme(c, &rest) || !characters_ok(c, rest, &slash))
		return false;
	path = str_sub(rest, slash, rest.n);
	path = str_sub(path, 0, str_find(path, '#'));
	if (str_find(path, '?') < path.n)
		query = str_sub(path, str_find(path, '?') + 1, path.n);
	path = str_sub(path, 0, str_find(path, '?'));
	while (c->lenient && str_ends(path, "/"))
		path.n--;
	if (!find_key(c, path, &data)) {
		if (!read_compressed(c, path, ret))
			return bad(c, "no_key", offset(c, path), "路径中没有 GS1 主标识（如 /01/…）",
				"there is no GS1 primary key in the path (such as /01/...)");
		warn(c, "compressed", "压缩形式的网址已不再使用，已还原", "compressed URIs are deprecated; expanded");
		for (size_t i = 0; i < ret->n; i++)
			ret->e[i].in_path = false;
		return read_query(c, query, ret) && elements_related(c, ret);
	}
	if (!read_path(c, data, ret))
		return false;
	n_path = ret->n;
	if (!read_query(c, query, ret) || !attributes_ok(c, ret, n_path))
		return false;
	return elements_related(c, ret);
}

/* In lenient mode a qualifier may have stood in the query: the canonical form is then built anew. */
static void lenient_order(struct check *c, struct elements *set)
{
	size_t n_path = 0;

	while (n_path < set->n && set->e[n_path].in_path)
		n_path++;
	for (size_t i = n_path; i < set->n; i++)
		for (size_t at = 1; at <= n_path; at++)
			if (sequence_ok(set, n_path, set->e[i].row, at)) {
				for (size_t k = 0; k < set->n; k++)
					set->e[k].in_path = false;
				warn(c, "qualifier_moved", "限定符已从问号之后移入路径", "a qualifier was moved from the query into the path");
				return;
			}
}

void link_kind(struct check *c)
{
	struct elements set;
	struct str canonical;

	if (!link_read(c, &set))
		return;
	if (c->lenient)
		lenient_order(c, &set);
	if (!elements_link(c->a, &set, &canonical)) {
		bad(c, "not_attribute", 0, "无法写成规范形式", "cannot be written in canonical form");
		return;
	}
	if (!set.e[0].in_path) {                       /* expanded or moved: take order and rules from what was written */
		struct check again = *c;

		again.in = canonical;
		again.lenient = false;
		if (!link_read(&again, &set))
			return;
	}
	part(c, "element_string", elements_bracketed(c->a, &set));
	part(c, "canonical", canonical);
	elements_parts(c, &set);
	accept(c, canonical);
}

bool link_of_elements(struct arena *a, struct str elements, struct str *ret)
{
	struct ident_result r;
	const struct ident_part *p;

	ident_check(a, IDENT_ELEMENTS, elements, IDENT_STRICT, &r);
	p = r.valid ? ident_part(&r, "digital_link") : NULL;
	if (!p || p->type != IDENT_TEXT)
		return false;
	*ret = p->value;
	return true;
}

bool elements_of_link(struct arena *a, struct str link, struct str *ret)
{
	struct ident_result r;

	ident_check(a, IDENT_LINK, link, IDENT_STRICT, &r);
	if (!r.valid)
		return false;
	*ret = ident_part(&r, "element_string")->value;
	return true;
}
