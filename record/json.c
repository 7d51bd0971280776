/* record/json.c - the one JSON reader: RFC 8259, and stricter where two readers could understand a text differently.
 *
 * Refuses what is ill-formed, duplicate names, lone surrogates, U+0000, and numbers that are not safe integers
 * (unless any_number). Pure; keeps open containers in an array instead of recursing. Nodes and decoded strings
 * live in the arena, other strings are views into the text.
 */
#include "record/json.h"

enum { DEPTH_MAX = 64, FEW = 8 };

static const int64_t safe_most = (INT64_C(1) << 53) - 1;       /* RFC 8259 section 6, RFC 7493 section 2.2 */

/* An array or object whose end has not come yet. Names of objects with more than FEW members are in `seen`. */
struct frame {
	struct node *node;
	struct map seen;
};

struct reader {
	struct arena *a;
	struct str s;
	size_t at;
	const struct json_limits *limits;
	struct json_trouble trouble;
	size_t nodes, depth;
	struct frame open[DEPTH_MAX];
	struct node *root;
};

static enum err fail_at(struct reader *r, size_t at, enum err e, const char *zh, const char *en)
{
	r->trouble = (struct json_trouble){ .at = at, .zh = zh, .en = en };
	return e;
}

static enum err bad(struct reader *r, const char *zh, const char *en) { return fail_at(r, r->at, E_BAD, zh, en); }

static int peek(const struct reader *r) { return r->at < r->s.n ? (unsigned char)r->s.p[r->at] : -1; }

static void skip_space(struct reader *r)
{
	for (int c = peek(r); c == ' ' || c == '\t' || c == '\n' || c == '\r'; c = peek(r))
		r->at++;
}

/* ---- strings ---- */

/* To the closing quote: everything but the meaning of escapes is checked here. `at` stands after the opening one. */
static enum err string_end(struct reader *r, bool *ret_escapes)
{
	bool escapes = false;
	int c;

	while ((c = peek(r)) != '"') {
		if (c < 0)
			return bad(r, "字符串没有结束", "unterminated string");
		if (c < 0x20)
			return bad(r, "字符串中有未转义的控制字符", "unescaped control character in a string");
		if (c == '\\') {
			escapes = true;
			r->at += r->at + 1 < r->s.n && (r->s.p[r->at + 1] == '"' || r->s.p[r->at + 1] == '\\') ? 2 : 1;
		} else if (c < 0x80) {
			r->at++;
		} else if (utf8_next(r->s, &r->at) < 0) {
			return bad(r, "不是合法的 UTF-8", "ill-formed UTF-8");
		}
	}
	*ret_escapes = escapes;
	return OK;
}

/* The four digits at s[at]; -1 for anything else. */
static int32_t four_hex(struct str s, size_t at)
{
	unsigned char b[2];

	return hex_get(str_sub(s, at, 4), b, 2) ? b[0] << 8 | b[1] : -1;
}

/* A \u escape, or the pair of them that makes one character; *at stands on the backslash. */
static int32_t unicode_escape(struct str s, size_t *at)
{
	int32_t hi = four_hex(s, *at + 2), lo;

	*at += 6;
	if (hi < 0xd800 || hi > 0xdfff)
		return hi;
	if (hi > 0xdbff || *at + 1 >= s.n || s.p[*at] != '\\' || s.p[*at + 1] != 'u')
		return -1;
	lo = four_hex(s, *at + 2);
	*at += 6;
	return lo < 0xdc00 || lo > 0xdfff ? -1 : 0x10000 + ((hi - 0xd800) << 10) + (lo - 0xdc00);
}

/* `raw` lies between the quotes; `from` is its offset, for messages. Decoding never lengthens. */
static enum err unescape(struct reader *r, struct str raw, size_t from, struct str *ret)
{
	static const char plain[] = "\"\"\\\\//b\bf\fn\nr\rt\t";
	char *out = TAKE(r->a, char, raw.n + 1);
	size_t n = 0;

	for (size_t i = 0; i < raw.n;) {
		size_t start = i, k = 0;
		int32_t c;

		if (raw.p[i] != '\\') {
			out[n++] = raw.p[i++];
			continue;
		}
		if (raw.p[i + 1] == 'u') {
			c = unicode_escape(raw, &i);
			if (c < 0)
				return fail_at(r, from + start, E_BAD, "\\u 转义不完整或代理项不成对", "incomplete \\u escape or lone surrogate");
			if (c == 0)
				return fail_at(r, from + start, E_BAD, "不允许空字符 U+0000", "U+0000 is not allowed");
			n += utf8_put((uint32_t)c, out + n);
			continue;
		}
		while (k < sizeof(plain) - 1 && plain[k] != raw.p[i + 1])
			k += 2;
		if (k == sizeof(plain) - 1)
			return fail_at(r, from + start, E_BAD, "未知的转义符", "unknown escape");
		out[n++] = plain[k + 1];
		i += 2;
	}
	*ret = (struct str){ out, n };
	return OK;
}

static enum err read_string(struct reader *r, struct str *ret)
{
	size_t from = ++r->at;
	bool escapes;
	struct str raw;
	enum err e = string_end(r, &escapes);

	if (e)
		return e;
	raw = str_sub(r->s, from, r->at - from);
	r->at++;
	if (escapes)
		return unescape(r, raw, from, ret);
	*ret = raw;
	return OK;
}

/* ---- numbers and words ---- */

static size_t digits(struct reader *r)
{
	size_t from = r->at;

	while (r->at < r->s.n && is_digit(r->s.p[r->at]))
		r->at++;
	return r->at - from;
}

/* RFC 8259 section 6. *ret_whole: no fraction and no exponent. */
static bool number_shape(struct reader *r, bool *ret_whole)
{
	bool whole = true;

	if (peek(r) == '-')
		r->at++;
	if (peek(r) == '0')
		r->at++;
	else if (digits(r) == 0)
		return false;
	if (peek(r) == '.') {
		whole = false;
		r->at++;
		if (digits(r) == 0)
			return false;
	}
	if (peek(r) == 'e' || peek(r) == 'E') {
		whole = false;
		r->at++;
		if (peek(r) == '+' || peek(r) == '-')
			r->at++;
		if (digits(r) == 0)
			return false;
	}
	*ret_whole = whole;
	return peek(r) < 0 || !is_digit((char)peek(r));         /* 01 */
}

static enum err read_number(struct reader *r, struct node *n)
{
	size_t from = r->at;
	bool whole;

	if (!number_shape(r, &whole))
		return bad(r, "数字写法不合法", "ill-formed number");
	n->s = str_sub(r->s, from, r->at - from);
	if (whole && !str_is(n->s, "-0") && str_to_int(n->s, &n->i) && n->i >= -safe_most && n->i <= safe_most) {
		n->kind = NODE_INT;
		n->s = S("");
		return OK;
	}
	n->i = 0;
	n->kind = NODE_NUMBER;
	if (r->limits->any_number)
		return OK;
	if (!whole)
		return fail_at(r, from, E_BAD, "只接受整数，小数请用字符串", "only integers; send decimals as strings");
	return fail_at(r, from, E_BAD, "整数超出正负 2^53-1 或写作 -0", "integer beyond +-(2^53-1), or -0");
}

static enum err read_word(struct reader *r, struct node *n)
{
	struct str rest = str_sub(r->s, r->at, r->s.n);

	if (str_starts(rest, "true") || str_starts(rest, "false")) {
		n->kind = NODE_BOOL;
		n->yes = rest.p[0] == 't';
		r->at += n->yes ? 4 : 5;
		return OK;
	}
	if (str_starts(rest, "null")) {
		n->kind = NODE_NULL;
		r->at += 4;
		return OK;
	}
	if (rest.n == 0)
		return bad(r, "内容不完整", "unexpected end");
	return bad(r, "此处应为一个值", "a value is expected here");
}

/* ---- containers ---- */

/* Whether the open object has this name already; from the ninth member on by table. */
static bool seen_before(struct frame *f, struct node *member)
{
	if (f->node->n < FEW) {
		for (const struct node *c = f->node->first; c; c = c->next)
			if (str_eq(c->key, member->key))
				return true;
		return false;
	}
	if (f->node->n == FEW)
		for (struct node *c = f->node->first; c; c = c->next)
			if (!map_put(&f->seen, c->key, c))
				return true;
	return !map_put(&f->seen, member->key, member);
}

static enum err read_name(struct reader *r, struct frame *f, struct node *member)
{
	size_t from = r->at;
	enum err e;

	if (peek(r) != '"')
		return bad(r, "此处应为带引号的名称", "a quoted name is expected here");
	e = read_string(r, &member->key);
	if (e)
		return e;
	if (seen_before(f, member))
		return fail_at(r, from, E_BAD, "名称重复", "duplicate name");
	skip_space(r);
	if (peek(r) != ':')
		return bad(r, "名称之后应为冒号", "a colon is expected after the name");
	r->at++;
	skip_space(r);
	return OK;
}

static enum err open_container(struct reader *r, struct node *n, enum node_kind kind)
{
	if (r->depth >= r->limits->depth || r->depth >= DEPTH_MAX)
		return fail_at(r, r->at, E_TOO_BIG, "嵌套过深", "nested too deeply");
	n->kind = kind;
	r->at++;
	r->open[r->depth++] = (struct frame){ .node = n, .seen = map_in(r->a) };
	return OK;
}

static void attach(struct node *parent, struct node *n)
{
	if (parent->last)
		parent->last->next = n;
	else
		parent->first = n;
	parent->last = n;
	parent->n++;
}

/* One value, with its name inside an object. A container is only opened. */
static enum err read_item(struct reader *r)
{
	struct frame *f = r->depth ? &r->open[r->depth - 1] : NULL;
	struct node *n;
	enum err e = OK;
	int c;

	if (r->nodes >= r->limits->nodes)
		return fail_at(r, r->at, E_TOO_BIG, "内容项过多", "too many values");
	r->nodes++;
	n = TAKE(r->a, struct node, 1);
	if (f && f->node->kind == NODE_OBJ)
		e = read_name(r, f, n);
	if (e)
		return e;
	if (f)
		attach(f->node, n);
	else
		r->root = n;
	c = peek(r);
	if (c == '{' || c == '[')
		return open_container(r, n, c == '{' ? NODE_OBJ : NODE_ARR);
	if (c == '"') {
		n->kind = NODE_STR;
		return read_string(r, &n->s);
	}
	return c == '-' || (c >= '0' && c <= '9') ? read_number(r, n) : read_word(r, n);
}

/* The next member of the innermost open container, or its end. */
static enum err step(struct reader *r)
{
	const struct node *n = r->open[r->depth - 1].node;
	int end = n->kind == NODE_OBJ ? '}' : ']', c;

	skip_space(r);
	c = peek(r);
	if (c == end) {
		r->at++;
		r->depth--;
		return OK;
	}
	if (n->n == 0)
		return read_item(r);
	if (c < 0)
		return bad(r, "内容不完整", "unexpected end");
	if (c != ',')
		return end == '}' ? bad(r, "此处应为逗号或 }", "a comma or } is expected here")
		                  : bad(r, "此处应为逗号或 ]", "a comma or ] is expected here");
	r->at++;
	skip_space(r);
	return read_item(r);
}

enum err json_read(struct arena *a, struct str text, const struct json_limits *limits, struct node **ret, struct json_trouble *trouble)
{
	struct reader *r = TAKE(a, struct reader, 1);
	enum err e;

	*r = (struct reader){ .a = a, .s = text, .limits = limits };
	skip_space(r);
	if (text.n > limits->bytes)
		e = fail_at(r, limits->bytes, E_TOO_BIG, "内容过长", "too long");
	else if (r->at == text.n)
		e = bad(r, "内容为空", "empty");
	else
		e = read_item(r);
	while (!e && r->depth)
		e = step(r);
	skip_space(r);
	if (!e && r->at < text.n)
		e = bad(r, "结尾有多余内容", "trailing content");
	if (e)
		*trouble = r->trouble;
	else
		*ret = r->root;
	return e;
}
