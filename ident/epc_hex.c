/* ident/epc_hex.c - EPC tags in memory (EPC Tag Data Standard, chapter 14), as hexadecimal, to EPC URIs and back. Pure.
 *
 * Only codings of fixed layout: header, filter, partition, company prefix, reference, serial. The filter value is no part
 * of the identity; it is handed out beside the URI.
 */
#include "gs1.h"

enum { PARTITIONS = 7, BYTES_MOST = 32, CHAR_BITS = 7, PAD_BITS = 16 };

enum serial {
	SERIAL_NONE,                    /* the rest of the tag is zero */
	SERIAL_NUMBER,                  /* binary, so that leading zeros cannot be told */
	SERIAL_TEXT                     /* seven bits a character, zeros after the last */
};

struct coding {
	unsigned char header, digits;   /* digits: of prefix and reference together */
	char scheme[6];
	enum serial serial;
	unsigned char serial_bits;
	uint16_t bits;
	unsigned char reference_bits[PARTITIONS];
};

static const unsigned char prefix_bits[PARTITIONS] = { 40, 37, 34, 30, 27, 24, 20 };

#define ITEM { 4, 7, 10, 14, 17, 20, 24 }
#define PLACE { 1, 4, 7, 11, 14, 17, 21 }
#define LOGISTIC { 18, 21, 24, 28, 31, 34, 38 }

/* TDS tables 14-2 and following. Of two for one scheme the shorter stands first. */
static const struct coding codings[] = {
	{ 0x30, 13, "sgtin", SERIAL_NUMBER, 38, 96, ITEM }, { 0x36, 13, "sgtin", SERIAL_TEXT, 140, 198, ITEM },
	{ 0x31, 17, "sscc", SERIAL_NONE, 0, 96, LOGISTIC },
	{ 0x32, 12, "sgln", SERIAL_NUMBER, 41, 96, PLACE }, { 0x39, 12, "sgln", SERIAL_TEXT, 140, 195, PLACE },
	{ 0x33, 12, "grai", SERIAL_NUMBER, 38, 96, ITEM }, { 0x37, 12, "grai", SERIAL_TEXT, 112, 170, ITEM },
	{ 0x2c, 12, "gdti", SERIAL_NUMBER, 41, 96, PLACE }, { 0x3e, 12, "gdti", SERIAL_TEXT, 119, 174, PLACE },
	{ 0x2d, 17, "gsrn", SERIAL_NONE, 0, 96, LOGISTIC }, { 0x2e, 17, "gsrnp", SERIAL_NONE, 0, 96, LOGISTIC },
};

struct tag {
	unsigned char bytes[BYTES_MOST];
	size_t at, bits;
};

static uint64_t take(struct tag *t, size_t n)
{
	uint64_t v = 0;

	for (; n; n--, t->at++)
		v = v << 1 | ((unsigned)t->bytes[t->at / 8] >> (7 - t->at % 8) & 1u);
	return v;
}

static void give(struct tag *t, uint64_t v, size_t n)
{
	for (; n; n--, t->at++)
		if (v >> (n - 1) & 1)
			t->bytes[t->at / 8] |= (unsigned char)(1u << (7 - t->at % 8));
}

static bool rest_is_zero(struct tag *t, size_t end)
{
	while (t->at < end)
		if (take(t, 1))
			return false;
	return true;
}

static const struct coding *coding_of(unsigned header)
{
	for (size_t i = 0; i < ROWS(codings); i++)
		if (codings[i].header == header)
			return &codings[i];
	return NULL;
}

/* Memory is handed out in bytes or in words of 16 bits: the hexadecimal may be longer than the coding. */
static bool right_length(const struct coding *k, size_t bits) { return bits >= k->bits && bits - k->bits < (size_t)PAD_BITS; }

static bool padded(struct buf *b, uint64_t v, size_t digits)
{
	char text[24];
	int n = snprintf(text, sizeof(text), "%0*llu", (int)digits, (unsigned long long)v);

	if (digits == 0)
		return v == 0;
	buf_add(b, (struct str){ text, (size_t)n });
	return (size_t)n == digits;
}

static bool read_text(struct tag *t, const struct coding *k, struct buf *b)
{
	size_t end = t->at + k->serial_bits, n = 0;

	while (t->at < end) {
		char ch = (char)take(t, CHAR_BITS);

		if (ch == 0)
			break;
		if (!cset82(ch))
			return false;
		if (strchr("\"%&/<>?", ch))
			buf_fmt(b, "%%%02X", (unsigned)ch);
		else
			buf_char(b, ch);
		n++;
	}
	return n > 0 && rest_is_zero(t, end);
}

static bool read_tag(struct tag *t, const struct coding *k, struct buf *b, unsigned *ret_filter)
{
	unsigned filter = (unsigned)take(t, 3), partition = (unsigned)take(t, 3);
	size_t prefix_digits = 12 - partition;

	if (partition >= PARTITIONS)
		return false;
	buf_fmt(b, "urn:epc:id:%s:", k->scheme);
	if (!padded(b, take(t, prefix_bits[partition]), prefix_digits))
		return false;
	buf_char(b, '.');
	if (!padded(b, take(t, k->reference_bits[partition]), k->digits - prefix_digits))
		return false;
	if (k->serial != SERIAL_NONE)
		buf_char(b, '.');
	if (k->serial == SERIAL_NUMBER)
		buf_fmt(b, "%llu", (unsigned long long)take(t, k->serial_bits));
	else if (k->serial == SERIAL_TEXT && !read_text(t, k, b))
		return false;
	*ret_filter = filter;
	return rest_is_zero(t, t->bits);
}

bool epc_of_hex(struct arena *a, struct str hex, struct str *ret, unsigned *ret_filter)
{
	struct tag t = { .bits = hex.n * 4 };
	const struct coding *k;
	struct ident_result r;
	unsigned filter = 0;
	struct buf b;

	if (hex.n % 2 || hex.n < 24 || hex.n / 2 > BYTES_MOST || !hex_get(hex, t.bytes, hex.n / 2))
		return false;
	k = coding_of((unsigned)take(&t, 8));
	if (!k || !right_length(k, t.bits))
		return false;
	b = buf_in(a, 64);
	if (!read_tag(&t, k, &b, &filter))
		return false;
	ident_check(a, IDENT_EPC, buf_str(&b), IDENT_STRICT, &r);       /* the rules of the key itself */
	if (!r.valid)
		return false;
	*ret = r.normal;
	*ret_filter = filter;
	return true;
}

/* ---- writing ---- */

/* Digits without a leading zero, within so many bits. */
static bool number_fits(struct str s, unsigned bits, uint64_t *ret)
{
	int64_t v = 0;

	if (!all_digits(s) || (s.n > 1 && s.p[0] == '0') || !str_to_int(s, &v) || (uint64_t)v >> bits)
		return false;
	*ret = (uint64_t)v;
	return true;
}

static bool write_text(struct tag *t, const struct coding *k, struct str serial)
{
	size_t end = t->at + k->serial_bits;

	for (size_t i = 0; i < serial.n; i++) {
		unsigned char ch = (unsigned char)serial.p[i];

		if (ch == '%') {                        /* checked before: two hexadecimal digits follow */
			if (!hex_get(str_sub(serial, i + 1, 2), &ch, 1))
				return false;
			i += 2;
		}
		if (t->at == end)
			return false;
		give(t, ch, CHAR_BITS);
	}
	t->at = end;
	return true;
}

static bool write_tag(struct tag *t, const struct coding *k, unsigned filter, struct str prefix, struct str reference,
	struct str serial)
{
	size_t partition = 12 - prefix.n;
	int64_t v = 0;
	uint64_t number;

	give(t, k->header, 8);
	give(t, filter, 3);
	give(t, partition, 3);
	if (!str_to_int(prefix, &v))
		return false;
	give(t, (uint64_t)v, prefix_bits[partition]);
	v = 0;
	if (reference.n && !str_to_int(reference, &v))
		return false;
	give(t, (uint64_t)v, k->reference_bits[partition]);
	if (k->serial == SERIAL_TEXT)
		return write_text(t, k, serial);
	if (k->serial == SERIAL_NONE)
		return true;
	if (!number_fits(serial, k->serial_bits, &number))
		return false;
	give(t, number, k->serial_bits);
	return true;
}

/* urn:epc:tag:scheme-bits:filter.rest: what reader software writes. It must be what such a tag can hold. */
bool epc_of_tag(struct arena *a, struct str tag, struct str *ret, unsigned *ret_filter)
{
	struct str rest = str_sub(tag, 12, tag.n), coding, scheme, filter, epc, hex;
	int64_t bits = 0;

	if (!str_starts(tag, "urn:epc:tag:") || !str_cut(&rest, ':', &coding) || !str_cut(&coding, '-', &scheme) ||
		!str_to_int(coding, &bits) || bits < 96 || bits > 256)
		return false;
	if (!str_cut(&rest, '.', &filter) || filter.n != 1 || filter.p[0] < '0' || filter.p[0] > '7')
		return false;
	epc = str_fmt(a, "urn:epc:id:%.*s:%.*s", STR_ARG(scheme), STR_ARG(rest));
	if (!hex_of_epc(a, epc, (unsigned)(filter.p[0] - '0'), (unsigned)bits, &hex))
		return false;
	*ret = epc;
	*ret_filter = (unsigned)(filter.p[0] - '0');
	return true;
}

bool hex_of_epc(struct arena *a, struct str epc, unsigned filter, unsigned bits, struct str *ret)
{
	static const char upper_hex[] = "0123456789ABCDEF";
	struct str rest, prefix = { "", 0 }, reference = { "", 0 }, scheme = { "", 0 };
	struct ident_result r;

	ident_check(a, IDENT_EPC, epc, IDENT_STRICT, &r);
	if (!r.valid || filter > 7 || !str_starts(r.normal, "urn:epc:id:"))
		return false;
	rest = str_sub(r.normal, 11, r.normal.n);
	str_cut(&rest, ':', &scheme);
	str_cut(&rest, '.', &prefix);
	str_cut(&rest, '.', &reference);
	for (size_t i = 0; i < ROWS(codings); i++) {
		const struct coding *k = &codings[i];
		size_t n = (k->bits + 15u) / 16 * 4;    /* whole words */
		struct tag t = { .bits = k->bits };
		char *p;

		if (!str_is(scheme, k->scheme) || (bits && bits != k->bits) || !write_tag(&t, k, filter, prefix, reference, rest))
			continue;
		p = TAKE(a, char, n + 1);
		for (size_t d = 0; d < n; d++)
			p[d] = upper_hex[t.bytes[d / 2] >> (d % 2 ? 0 : 4) & 15];
		*ret = (struct str){ p, n };
		return true;
	}
	return false;
}
