/* ident/sealed.c - the sealed code: 20 characters, the first a key id, the rest 19 numerals of radix 32. Pure.
 *
 * Packs and reads; never enciphers. grain 2 | batch 28 | index 27 | 38 zero bits = 95 bits, most significant first.
 */
#include "in.h"

static const char alphabet32[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

enum { ZERO_BITS = 38, ALL_BITS = 95 };

static unsigned field_bit(const struct sealed *s, unsigned at)
{
	if (at < 2)
		return s->grain >> (1 - at) & 1;
	if (at < 30)
		return s->batch >> (29 - at) & 1;
	if (at < 57)
		return s->index >> (56 - at) & 1;
	return 0;
}

void sealed_pack(const struct sealed *s, unsigned char numerals[SEALED_NUMERALS])
{
	for (unsigned i = 0; i < SEALED_NUMERALS; i++) {
		unsigned v = 0;

		for (unsigned j = 0; j < 5; j++)
			v = v << 1 | field_bit(s, i * 5 + j);
		numerals[i] = (unsigned char)v;
	}
}

bool sealed_unpack(const unsigned char numerals[SEALED_NUMERALS], struct sealed *ret)
{
	uint64_t head = 0;                              /* the 57 bits that carry something */
	unsigned rest = 0;

	for (unsigned at = 0; at < ALL_BITS; at++) {
		unsigned bit = (unsigned)numerals[at / 5] >> (4 - at % 5) & 1;

		if (at < ALL_BITS - ZERO_BITS)
			head = head << 1 | bit;
		else
			rest |= bit;
	}
	if (rest)
		return false;
	ret->grain = (unsigned)(head >> 55);
	ret->batch = (uint32_t)(head >> 27 & 0xfffffff);
	ret->index = (uint32_t)(head & 0x7ffffff);
	return true;
}

static int value32(char ch, bool tolerant)
{
	const char *at;

	if (tolerant) {
		ch = ascii_upper(ch);
		if (ch == 'I' || ch == 'L')
			ch = '1';
		if (ch == 'O')
			ch = '0';
	}
	at = ch ? strchr(alphabet32, ch) : NULL;
	return at ? (int)(at - alphabet32) : -1;
}

/* Position of the first wrong character, or text.n when all were read; *ret_n counts them. */
static size_t read_all(struct str text, bool tolerant, unsigned char out[SEALED_TEXT], size_t *ret_n)
{
	size_t n = 0;

	for (size_t i = 0; i < text.n; i++) {
		int v = value32(text.p[i], tolerant);

		if (v < 0 && tolerant && (text.p[i] == ' ' || text.p[i] == '-'))
			continue;
		if (v < 0)
			return i;
		if (n < SEALED_TEXT)
			out[n] = (unsigned char)v;
		n++;
	}
	*ret_n = n;
	return text.n;
}

bool sealed_read(struct str text, bool tolerant, unsigned char *key_id, unsigned char numerals[SEALED_NUMERALS])
{
	unsigned char all[SEALED_TEXT];
	size_t n = 0;

	if (read_all(text, tolerant, all, &n) != text.n || n != SEALED_TEXT)
		return false;
	*key_id = all[0];
	memcpy(numerals, all + 1, SEALED_NUMERALS);
	return true;
}

void sealed_write(unsigned key_id, const unsigned char numerals[SEALED_NUMERALS], char out[SEALED_TEXT])
{
	out[0] = alphabet32[key_id & 31];
	for (size_t i = 0; i < SEALED_NUMERALS; i++)
		out[i + 1] = alphabet32[numerals[i] & 31];
}

void sealed_kind(struct check *c)
{
	unsigned char all[SEALED_TEXT] = { 0 };
	char *text = TAKE(c->a, char, SEALED_TEXT + 1);
	size_t n = 0, at = read_all(c->in, c->lenient, all, &n);

	if (at < c->in.n) {
		if (value32(ascii_upper(c->in.p[at]), false) >= 0)
			bad(c, "case", at, "字母须为大写", "letters must be upper case");
		else
			bad(c, "charset", at, "只能是半角数字和大写字母，且不含 I、L、O、U",
				"only ASCII digits and capitals without I, L, O, U");
		return;
	}
	if (n != SEALED_TEXT) {
		badf(c, "length", n < SEALED_TEXT ? c->in.n : SEALED_TEXT, "长度应为 20 个字符，现为 %zu 个",
			"must be 20 characters long, is %zu", n);
		return;
	}
	sealed_write(all[0], all + 1, text);
	part_number(c, "key_id", all[0]);
	part(c, "body", (struct str){ text + 1, SEALED_NUMERALS });
	warn(c, "form_only", "未用密钥核验，仅检查了格式", "only the form was checked: no key was used");
	accept(c, (struct str){ text, SEALED_TEXT });
}
