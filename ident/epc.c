/* ident/epc.c - EPC URIs (EPC Tag Data Standard 2): reads the pure-identity and class forms, converts both ways. Pure.
 *
 * The same key has one URN for each company prefix length: the Digital Link is what is stored and compared.
 */
#include "gs1.h"

enum shape {
	SHAPE_PLAIN,                    /* prefix.rest: digits, the check digit is added */
	SHAPE_LEAD,                     /* prefix.Xrest: the first digit of rest moves to the front */
	SHAPE_OPEN                      /* prefix.text without check digit */
};

struct scheme {
	char name[20];
	enum shape shape;
	unsigned char digits;           /* of prefix and reference together; 0 for open ones */
	char ai[5], serial_ai[5];       /* serial_ai empty: the serial is the end of the key itself */
	unsigned char serial_most;      /* 0: there is no serial */
	bool pattern;                   /* urn:epc:idpat with * is a class of these */
	char key_part[10], serial_part[10];
};

static const struct scheme schemes[] = {
	{ "id:sgtin", SHAPE_LEAD, 13, "01", "21", 20, true, "gtin14", "serial" },
	{ "class:lgtin", SHAPE_LEAD, 13, "01", "10", 20, false, "gtin14", "lot" },
	{ "id:upui", SHAPE_LEAD, 13, "01", "235", 28, true, "gtin14", "tpx" },
	{ "id:sscc", SHAPE_LEAD, 17, "00", "", 0, false, "sscc", "" },
	{ "id:sgln", SHAPE_PLAIN, 12, "414", "254", 20, false, "gln", "extension" },
	{ "id:pgln", SHAPE_PLAIN, 12, "417", "", 0, false, "gln", "" },
	{ "id:grai", SHAPE_PLAIN, 12, "8003", "", 16, true, "grai", "serial" },
	{ "id:gdti", SHAPE_PLAIN, 12, "253", "", 17, true, "gdti", "serial" },
	{ "id:sgcn", SHAPE_PLAIN, 12, "255", "", 12, true, "gcn", "serial" },
	{ "id:gsrn", SHAPE_PLAIN, 17, "8018", "", 0, false, "gsrn", "" },
	{ "id:gsrnp", SHAPE_PLAIN, 17, "8017", "", 0, false, "gsrn", "" },
	{ "id:gsin", SHAPE_PLAIN, 16, "402", "", 0, false, "gsin", "" },
	{ "id:giai", SHAPE_OPEN, 0, "8004", "", 0, false, "giai", "" },
	{ "id:ginc", SHAPE_OPEN, 0, "401", "", 0, false, "ginc", "" },
	{ "id:cpi", SHAPE_OPEN, 0, "8010", "8011", 12, true, "cpid", "serial" },
	{ "id:itip", SHAPE_LEAD, 13, "8006", "21", 20, true, "itip", "serial" },
};

static int hex_of(char ch)
{
	if (is_digit(ch))
		return ch - '0';
	ch = ascii_upper(ch);
	return ch >= 'A' && ch <= 'F' ? ch - 'A' + 10 : -1;
}

/* TDS table A-1: these must be written as escapes; # only occurs in the set of component parts. */
static bool must_escape(char ch) { return ch && strchr("\"%&/<>?#", ch); }

static bool unescape(struct check *c, struct str s, struct str *ret)
{
	char *p = TAKE(c->a, char, s.n + 1);
	size_t n = 0, base = (size_t)(s.p - c->in.p);

	for (size_t i = 0; i < s.n; i++) {
		int hi, lo;

		if (s.p[i] != '%') {
			if (must_escape(s.p[i]) || !cset82(s.p[i]))
				return bad(c, "charset", base + i, "此字符不允许，或须写成 %XX（\" % & / < > ?）",
					"a character that is not allowed or must be escaped (\" % & / < > ?)");
			p[n++] = s.p[i];
			continue;
		}
		hi = i + 2 < s.n ? hex_of(s.p[i + 1]) : -1;
		lo = i + 2 < s.n ? hex_of(s.p[i + 2]) : -1;
		if (hi < 0 || lo < 0 || !(cset82((char)(hi << 4 | lo)) || (hi << 4 | lo) == '#'))
			return bad(c, "percent", base + i, "转义不正确", "a wrong escape");
		p[n++] = (char)(hi << 4 | lo);
		i += 2;
	}
	*ret = (struct str){ p, n };
	return true;
}

static void put_escaped(struct buf *b, struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		if (must_escape(s.p[i]))
			buf_fmt(b, "%%%02X", (unsigned char)s.p[i]);
		else
			buf_char(b, s.p[i]);
	}
}

struct epc {
	const struct scheme *scheme;
	bool pattern;
	struct str prefix, reference, piece, total, serial;     /* serial still escaped */
	bool has_serial;
};

static const struct scheme *scheme_of(struct str form, struct str name, bool *ret_pattern)
{
	*ret_pattern = str_is(form, "idpat");
	for (size_t i = 0; i < ROWS(schemes); i++) {
		struct str rest = str_of(schemes[i].name), f;

		str_cut(&rest, ':', &f);
		if (!str_eq(rest, name))
			continue;
		if (*ret_pattern ? schemes[i].pattern : str_eq(f, form))
			return &schemes[i];
	}
	return NULL;
}

static bool split(struct check *c, struct epc *e)
{
	struct str none = { "", 0 }, rest = c->in, urn = none, epc = none, form = none, name = none;

	str_cut(&rest, ':', &urn);
	str_cut(&rest, ':', &epc);
	if (c->lenient) {
		urn = lower(c->a, urn);
		epc = lower(c->a, epc);
	}
	if (!str_is(urn, "urn") || !str_is(epc, "epc"))
		return bad(c, "prefix", 0, "应以 urn:epc: 开头（区分大小写）", "must begin with urn:epc: (case matters)");
	str_cut(&rest, ':', &form);
	str_cut(&rest, ':', &name);
	e->scheme = scheme_of(form, name, &e->pattern);
	if (!e->scheme)
		return badf(c, "scheme", 8, "未知的 EPC 类型 %.*s:%.*s", "unknown EPC scheme %.*s:%.*s", STR_ARG(form), STR_ARG(name));
	e->prefix = str_sub(rest, 0, str_find(rest, '.'));
	if (e->prefix.n == rest.n)
		return bad(c, "fields", c->in.n, "缺少字段", "a field is missing");
	rest = str_sub(rest, e->prefix.n + 1, rest.n);
	e->reference = str_sub(rest, 0, rest.n);
	if (e->scheme->serial_most) {
		size_t dot = str_find(rest, '.');

		if (dot == rest.n)
			return bad(c, "fields", c->in.n, "缺少序列号或批号字段", "the serial or lot field is missing");
		e->reference = str_sub(rest, 0, dot);
		e->serial = str_sub(rest, dot + 1, rest.n);
		e->has_serial = true;
	}
	return true;
}

/* Individual trade item piece: two more fields of two digits before the serial. */
static bool split_piece(struct check *c, struct epc *e)
{
	if (strcmp(e->scheme->ai, "8006") != 0)
		return true;
	if (e->serial.n < 7 || e->serial.p[2] != '.' || e->serial.p[5] != '.')
		return bad(c, "fields", c->in.n, "应有两位件序号、两位总件数和序列号", "piece, total and serial are expected");
	e->piece = str_sub(e->serial, 0, 2);
	e->total = str_sub(e->serial, 3, 2);
	e->serial = str_sub(e->serial, 6, e->serial.n);
	return true;
}

static bool lengths_ok(struct check *c, const struct epc *e)
{
	size_t have = e->prefix.n + e->reference.n;
	size_t at = (size_t)(e->prefix.p - c->in.p);

	if (e->prefix.n < 6 || e->prefix.n > 12 || !all_digits(e->prefix))
		return bad(c, "company_prefix", at, "厂商识别代码应为 6 至 12 位数字", "the company prefix must be 6 to 12 digits");
	if (e->scheme->shape == SHAPE_OPEN) {
		if (e->reference.n == 0)
			return bad(c, "fields", c->in.n, "缺少参考代码", "the reference is missing");
		return true;
	}
	if (have != e->scheme->digits || (e->reference.n && !all_digits(e->reference)))
		return badf(c, "digits", at, "厂商识别代码与参考代码合计应为 %u 位数字", "company prefix and reference must be %u digits together",
			(unsigned)e->scheme->digits);
	return true;
}

/* The GS1 key without serial: prefix and reference put together, check digit computed. */
static struct str key_of(struct arena *a, const struct epc *e)
{
	struct str body;
	const char *zero = strcmp(e->scheme->ai, "8003") == 0 ? "0" : "";

	if (e->scheme->shape == SHAPE_OPEN)
		return str_join(a, e->prefix, e->reference);
	if (e->scheme->shape == SHAPE_LEAD)
		body = str_fmt(a, "%.*s%.*s%.*s", (int)1, e->reference.p, STR_ARG(e->prefix), STR_ARG(str_sub(e->reference, 1, 20)));
	else
		body = str_join(a, e->prefix, e->reference);
	return str_fmt(a, "%s%.*s%c%.*s%.*s", zero, STR_ARG(body), gs1_check_digit(body), STR_ARG(e->piece), STR_ARG(e->total));
}

static bool serial_of(struct check *c, const struct epc *e, struct str *ret)
{
	size_t at = (size_t)(e->serial.p - c->in.p);

	if (e->pattern)
		return str_is(e->serial, "*") ||
			bad(c, "pattern", at, "类型级形式的序列号应为 *", "the serial of a pattern must be *");
	if (!unescape(c, e->serial, ret))
		return false;
	if (ret->n == 0 || ret->n > e->scheme->serial_most)
		return badf(c, "serial", at, "序列号或批号应为 1 至 %u 个字符", "the serial or lot must be 1 to %u characters",
			(unsigned)e->scheme->serial_most);
	return true;
}

static struct str normal_of(struct arena *a, const struct epc *e, struct str reference, struct str serial)
{
	struct buf b = buf_in(a, 64);
	struct str name = str_of(e->scheme->name), form;

	if (e->pattern) {
		str_cut(&name, ':', &form);
		buf_fmt(&b, "urn:epc:idpat:%.*s:", STR_ARG(name));
	} else {
		buf_fmt(&b, "urn:epc:%.*s:", STR_ARG(name));
	}
	buf_fmt(&b, "%.*s.", STR_ARG(e->prefix));
	put_escaped(&b, reference);
	if (e->piece.n)
		buf_fmt(&b, ".%.*s.%.*s", STR_ARG(e->piece), STR_ARG(e->total));
	if (e->has_serial) {
		buf_char(&b, '.');
		if (e->pattern)
			buf_char(&b, '*');
		else
			put_escaped(&b, serial);
	}
	return buf_str(&b);
}

/* What an RFID reader hands out: hexadecimal or the URI of a tag instead of that of the thing. */
static bool from_tag(struct check *c)
{
	bool uri = str_starts(c->in, "urn:epc:tag:");
	struct str epc, hex = c->in;
	unsigned filter;

	if (uri && !epc_of_tag(c->a, c->in, &epc, &filter))
		return bad(c, "tag", 12, "不是此类标签所能存放的内容（urn:epc:tag:编码:过滤值.…）",
			"not what such a tag can hold (urn:epc:tag:coding:filter...)");
	if (!uri && (str_starts(c->in, "urn:") || !epc_of_hex(c->a, hex, &epc, &filter)))
		return true;
	c->in = epc;
	if (!uri)
		part(c, "hex", upper(c->a, hex));
	part_number(c, "filter", filter);
	if (uri)
		warn(c, "from_tag", "由射频标签的 URI 换算而来", "converted from the URI of an RFID tag");
	else
		warn(c, "from_hex", "由射频标签的十六进制内容换算而来", "converted from the hexadecimal content of an RFID tag");
	return true;
}

void epc_kind(struct check *c)
{
	struct epc e = { 0 };
	struct elements set;
	struct str key, serial = { "", 0 }, link, reference;

	set.n = 0;
	if (c->lenient)
		c->in = squeeze(c->a, c->in, " \t");
	if (!from_tag(c) || !split(c, &e) || !split_piece(c, &e) || !lengths_ok(c, &e))
		return;
	if (!unescape(c, e.reference, &reference))
		return;
	e.reference = reference;
	if (e.has_serial && !serial_of(c, &e, &serial))
		return;
	key = key_of(c->a, &e);
	if (e.scheme->serial_ai[0] == 0)
		key = str_join(c->a, key, serial);
	if (!element_add(c, &set, str_of(e.scheme->ai), key, 0))
		return;
	set.e[0].in_path = true;
	if (serial.n && e.scheme->serial_ai[0] && !(strcmp(e.scheme->ai, "414") == 0 && str_is(serial, "0"))) {
		if (!element_add(c, &set, str_of(e.scheme->serial_ai), serial, 0))
			return;
		set.e[1].in_path = true;
	}
	part(c, e.scheme->key_part, key);
	part_number(c, "gcp_length", e.prefix.n);
	if (e.has_serial && !e.pattern)
		part(c, e.scheme->serial_part, serial);
	if (elements_link(c->a, &set, &link))
		part(c, "digital_link", link);
	accept(c, normal_of(c->a, &e, e.reference, serial));
}

bool link_of_epc(struct arena *a, struct str epc, struct str *ret)
{
	struct ident_result r;
	const struct ident_part *p;

	ident_check(a, IDENT_EPC, epc, IDENT_STRICT, &r);
	p = r.valid ? ident_part(&r, "digital_link") : NULL;
	if (!p)
		return false;
	*ret = p->value;
	return true;
}

/* Takes the key apart again: the check digit goes, the leading digit of a GTIN or SSCC moves behind the prefix. */
static bool take_apart(const struct scheme *s, struct str key, size_t n, struct epc *e, struct arena *a, struct str *serial)
{
	struct str body;

	if (s->shape == SHAPE_OPEN) {
		e->prefix = str_sub(key, 0, n);
		e->reference = str_sub(key, n, key.n);
		return e->reference.n > 0;
	}
	if (strcmp(s->ai, "8003") == 0)
		key = str_sub(key, 1, key.n);
	body = str_sub(key, 0, s->digits);
	if (s->serial_ai[0] == 0 && s->serial_most)
		*serial = str_sub(key, s->digits + 1u, key.n);
	if (strcmp(s->ai, "8006") == 0) {
		e->piece = str_sub(key, 14, 2);
		e->total = str_sub(key, 16, 2);
	}
	if (n > s->digits - (s->shape == SHAPE_LEAD ? 1u : 0u))
		return false;
	if (s->shape == SHAPE_LEAD) {
		e->prefix = str_sub(body, 1, n);
		e->reference = str_fmt(a, "%.*s%.*s", 1, body.p, STR_ARG(str_sub(body, n + 1, body.n)));
	} else {
		e->prefix = str_sub(body, 0, n);
		e->reference = str_sub(body, n, body.n);
	}
	return true;
}

/* Of several schemes for one key: the one whose serial the link carries, else the class of the first. */
static const struct scheme *scheme_for(const struct elements *set, struct str *ret_serial)
{
	const struct scheme *found = NULL;

	for (size_t i = 0; i < ROWS(schemes); i++) {
		const struct element *e;

		if (!str_is(set->e[0].ai, schemes[i].ai))
			continue;
		e = schemes[i].serial_ai[0] ? elements_get(set, schemes[i].serial_ai) : NULL;
		if (e) {
			*ret_serial = e->value;
			return &schemes[i];
		}
		if (!found)
			found = &schemes[i];
	}
	return found;
}

bool epc_of_link(struct arena *a, struct str link, unsigned prefix_length, struct str *ret)
{
	struct elements *set = TAKE(a, struct elements, 1);
	struct ident_result scratch = { 0 };
	struct check c = { a, link, false, &scratch };
	struct epc e = { 0 };
	struct str serial = { "", 0 };

	if (prefix_length < 6 || prefix_length > 12 || !utf8_ok(link) || !link_read(&c, set))
		return false;
	e.scheme = scheme_for(set, &serial);
	if (!e.scheme || set->e[0].value.n < prefix_length)
		return false;
	if (!take_apart(e.scheme, set->e[0].value, prefix_length, &e, a, &serial) || !all_digits(e.prefix))
		return false;
	e.has_serial = e.scheme->serial_most > 0;
	if (e.has_serial && serial.n == 0 && strcmp(e.scheme->ai, "414") == 0)
		serial = S("0");
	e.pattern = e.has_serial && serial.n == 0;
	if (e.pattern && !e.scheme->pattern)
		return false;
	*ret = normal_of(a, &e, e.reference, serial);
	return true;
}
