/* ident/gs1_short.c - reads the compressed form of GS1 Digital Link (standard 1.1 to 1.2, since withdrawn). Pure.
 *
 * Never writes it. Numbers are decoded in decimal of any length, so that no leading zero and no digit of an 18-digit
 * key is lost.
 */
#include "gs1.h"

enum { DIGITS_MOST = 100, SHORT_DIGITS = 19, TEXT_MOST = 128 };

static const char alphabet64[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

struct bits {
	struct str s;                   /* six bits a character */
	size_t at, n;
	bool over;
	bool printed_order;             /* of two combinations: see combination() */
};

static unsigned bit(struct bits *b)
{
	size_t at = b->at++;
	unsigned v;

	if (at >= b->n) {
		b->over = true;
		return 0;
	}
	v = (unsigned)(strchr(alphabet64, b->s.p[at / 6]) - alphabet64);
	return v >> (5 - at % 6) & 1;
}

static unsigned bits_get(struct bits *b, unsigned n)
{
	unsigned v = 0;

	while (n--)
		v = v << 1 | bit(b);
	return v;
}

/* Bits of a number of n digits: n log2(10) + 0.01, rounded up. */
static size_t number_bits(size_t n) { return (n * UINT64_C(3321928095) + 10000000) / 1000000000 + 1; }

static unsigned length_bits(size_t most)
{
	unsigned n = 0;

	for (; most; most >>= 1)
		n++;
	return n;
}

/* The same for numbers that fit a machine word, which nearly all do: what is no link at all is found out soon. */
static bool get_short_number(struct bits *b, size_t n, struct buf *out)
{
	char digits[SHORT_DIGITS];
	uint64_t v = 0;

	for (size_t left = number_bits(n); left--;)
		v = v << 1 | bit(b);
	for (size_t i = n; i--; v /= 10)
		digits[i] = (char)('0' + v % 10);
	if (v || b->over)
		return false;
	buf_add(out, (struct str){ digits, n });
	return true;
}

/* Appends exactly n digits; false when the number needs more. */
static bool get_number(struct bits *b, size_t n, struct buf *out)
{
	unsigned char digits[DIGITS_MOST] = { 0 };      /* least significant first */
	size_t left = number_bits(n);

	if (n <= SHORT_DIGITS)
		return get_short_number(b, n, out);
	if (n > DIGITS_MOST)
		return false;
	while (left--) {
		unsigned carry = bit(b);

		for (size_t i = 0; i < n; i++) {
			unsigned d = digits[i] * 2u + carry;

			carry = d >= 10;
			digits[i] = (unsigned char)(d - carry * 10);
		}
		if (carry)
			return false;
	}
	while (n--)
		buf_char(out, (char)('0' + digits[n]));
	return !b->over;
}

static bool get_text(struct bits *b, unsigned encoding, size_t n, struct buf *out)
{
	if (n > TEXT_MOST || encoding > 4)
		return false;
	if (encoding == 0)
		return get_number(b, n, out);
	for (size_t i = 0; i < n && !b->over; i++) {
		if (encoding == 1)
			buf_char(out, "0123456789abcdef"[bits_get(b, 4)]);
		else if (encoding == 2)
			buf_char(out, "0123456789ABCDEF"[bits_get(b, 4)]);
		else if (encoding == 3)
			buf_char(out, alphabet64[bits_get(b, 6)]);
		else
			buf_char(out, (char)bits_get(b, 7));
	}
	return !b->over;
}

static bool get_run(struct bits *b, bool number, size_t fixed, size_t most, struct buf *out)
{
	unsigned encoding = number ? 0 : bits_get(b, 3);
	size_t n = fixed ? fixed : bits_get(b, length_bits(most));

	if (!fixed && n > most)
		return false;
	if (number)
		return fixed || n ? get_number(b, n, out) : get_number(b, 0, out);
	return get_text(b, encoding, n, out);
}

/* The format table of the standard follows from the components: neighbouring fixed digits are one number, optional
 * digits one number of told length, everything else is text. */
static bool get_value(struct bits *b, const struct ai_row *row, struct str *ret, struct arena *a)
{
	const struct ai_component *parts = row->parts;
	size_t n = row->n_parts, i = 0;
	struct buf out = buf_in(a, 32);

	while (i < n) {
		bool number = parts[i].type == 'N', fixed = !parts[i].optional && parts[i].min == parts[i].max;
		size_t sum = 0, k = i;

		while (k < n && (parts[k].type == 'N') == number &&
			(!parts[k].optional && parts[k].min == parts[k].max) == fixed) {
			sum += parts[k].max;
			k++;
			if (!fixed && !number)
				break;
		}
		if (!get_run(b, number, fixed ? sum : 0, sum, &out))
			return false;
		i = k;
	}
	*ret = buf_str(&out);
	return !b->over;
}

static bool get_element(struct check *c, struct bits *b, struct str ai, struct elements *set)
{
	const struct ai_row *row = ai_find(ai);
	struct str value;

	return row && get_value(b, row, &value, c->a) && element_add(c, set, ai, value, 0);
}

/* Frequent combinations have a byte of their own: two hexadecimal digits, then the AIs. Published encoders write the
 * members of 1A and 9D in sorted order, the standard prints them in another: both are read, the sorted one first. */
static const char *combination(unsigned code, bool printed_order)
{
	static const char rows[][16] = {
		"0A01 22", "0B01 10", "0C01 21", "0D01 17", "0E01 7003", "0F01 30", "1A01 10 17 21", "1B01 15", "1C01 11",
		"1D01 16", "1E01 91", "1F01 10 15", "2A01 3100", "2B01 3101", "2C01 3102", "2D01 3103", "2E01 3104", "2F01 3105",
		"3A01 3200", "3B01 3201", "3C01 3202", "3D01 3203", "3E01 3204", "3F01 3205", "9A8010 8011", "9B8017 8019",
		"9C8018 8019", "9D254 414", "A001 3920", "A101 3921", "A201 3922", "A301 3923", "A401 3924", "A501 3925",
		"A601 3926", "A701 3927", "A801 3928", "A901 3929", "C0255 3900", "C1255 3901", "C2255 3902", "C3255 3903",
		"C4255 3904", "C5255 3905", "C6255 3906", "C7255 3907", "C8255 3908", "C9255 3909", "CA255 3940", "CB255 3941",
		"CC255 3942", "CD255 3943",
	};
	char hex[2] = { "0123456789ABCDEF"[code >> 4 & 15], "0123456789ABCDEF"[code & 15] };

	if (printed_order && code == 0x1a)
		return "01 10 21 17";
	if (printed_order && code == 0x9d)
		return "414 254";
	for (size_t i = 0; i < ROWS(rows); i++)
		if (memcmp(rows[i], hex, 2) == 0)
			return rows[i] + 2;
	return NULL;
}

/* A pair that is no AI: key of told length, then a value of told encoding and length. It is read over. */
static bool skip_foreign(struct bits *b, unsigned low, struct arena *a)
{
	struct buf out = buf_in(a, 32);
	unsigned n = low << 3 | bits_get(b, 3), encoding, length;

	if (!get_text(b, 3, n, &out))
		return false;
	encoding = bits_get(b, 3);
	length = bits_get(b, 7);
	return get_text(b, encoding, length, &out);
}

static bool get_next(struct check *c, struct bits *b, struct elements *set)
{
	unsigned code = bits_get(b, 8);
	char *digits = TAKE(c->a, char, AI_DIGITS_MOST + 1);
	struct str rest, ai;
	size_t n;

	if (code >> 4 == 15)
		return skip_foreign(b, code & 15, c->a);
	if (code >> 4 > 9 || (code & 15) > 9) {
		const char *list = combination(code, b->printed_order);

		rest = str_of(list);
		while (str_cut(&rest, ' ', &ai))
			if (!get_element(c, b, ai, set))
				return false;
		return list != NULL;
	}
	digits[0] = (char)('0' + (code >> 4));
	digits[1] = (char)('0' + (code & 15));
	n = ai_length(digits);
	for (size_t i = 2; i < n; i++)
		digits[i] = (char)('0' + bits_get(b, 4));
	return n && get_element(c, b, (struct str){ digits, n }, set);
}

static bool decompress(struct check *c, struct bits *b, struct elements *ret)
{
	size_t before = ret->n;

	while (b->n - b->at > 8)
		if (!get_next(c, b, ret) || b->over)
			return false;
	while (b->at < b->n)                            /* padding */
		if (bit(b))
			return false;
	return ret->n > before;
}

bool link_decompress(struct check *c, struct str segment, struct elements *ret)
{
	struct elements *start = TAKE(c->a, struct elements, 1);

	for (size_t i = 0; i < segment.n; i++)
		if (!segment.p[i] || !strchr(alphabet64, segment.p[i]))
			return false;
	*start = *ret;
	for (int printed = 0; printed < 2; printed++) {
		struct bits b = { segment, 0, segment.n * 6, false, printed };

		*ret = *start;
		if (decompress(c, &b, ret))
			return true;
	}
	return false;
}
