/* crypto/fpe.c - FF1 of NIST SP 800-38G: numerals in, as many numerals out.
 *
 * Two ways to the same result: a fast one for radix 32 under short tweaks (sealed codes), and a plain one for any
 * radix (the published vectors; the fast one is tested against it). No foreign header, no randomness, no memory
 * but the key object. Letters in comments (u, v, b, d, P, Q, y) are those of SP 800-38G, algorithms 7 and 8.
 */
#include "crypto/cipher.h"

enum { ROUNDS = 10, RADIX = 32, BITS = 5, N_MIN = 2, N_MAX = 36, TWEAK_MAX = 16, BATCH = 64 };

/* A block read as a big-endian number. Half a string is at most 18 numerals = 90 bits, so a half fits as well. */
typedef unsigned __int128 wide;

static uint64_t swap_if_little(uint64_t v)
{
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	return __builtin_bswap64(v);
#else
	return v;
#endif
}

static wide wide_get(const unsigned char *p)
{
	uint64_t part[2];

	memcpy(part, p, sizeof(part));
	return (wide)swap_if_little(part[0]) << 64 | swap_if_little(part[1]);
}

static void wide_put(wide v, unsigned char *p)
{
	uint64_t part[2] = { swap_if_little((uint64_t)(v >> 64)), swap_if_little((uint64_t)v) };

	memcpy(p, part, sizeof(part));
}

/* P, step 5: everything that is fixed for a radix, a length and a tweak length. */
static void first_block(unsigned radix, size_t n, size_t t, unsigned char p[BLOCK])
{
	p[0] = 1;
	p[1] = 2;
	p[2] = 1;
	be_put(radix, p + 3, 3);
	p[6] = ROUNDS;
	p[7] = (unsigned char)(n / 2);
	be_put(n, p + 8, 4);
	be_put(t, p + 12, 4);
}

/* d, step 4: bytes of cipher output that make y. */
static size_t y_bytes(size_t b) { return 4 * ((b + 3) / 4) + 4; }

/* ---- the fast way ---- */

struct fpe {
	struct cipher *cipher;
	unsigned char p[N_MAX + 1][TWEAK_MAX + 1][BLOCK];       /* P enciphered, for every length and tweak length */
};

enum err fpe_new(enum cipher_id id, const unsigned char key[16], struct fpe **ret)
{
	struct fpe *f = calloc(1, sizeof(*f));
	struct cipher_use *use;
	enum err e;

	if (!f)
		return E_BUSY;
	e = cipher_new(id, (struct str){ (const char *)key, 16 }, &f->cipher);
	if (e) {
		free(f);
		return e;
	}
	for (size_t n = 0; n <= N_MAX; n++)
		for (size_t t = 0; t <= TWEAK_MAX; t++)
			first_block(RADIX, n, t, f->p[n][t]);
	use = cipher_borrow(f->cipher);
	if (!use || !cipher_blocks(use, f->p[0][0], f->p[0][0], sizeof(f->p) / BLOCK))
		e = E_CRYPTO;
	if (use)
		cipher_return(f->cipher, use);
	if (e) {
		fpe_free(f);
		return e;
	}
	*ret = f;
	return OK;
}

void fpe_free(struct fpe *f)
{
	if (!f)
		return;
	cipher_free(f->cipher);
	wipe(f, sizeof(*f));
	free(f);
}

/* What stays the same for all strings of one call. */
struct shape {
	struct cipher_use *use;
	size_t n, u, v;
	unsigned num_bits;        /* 8 b: NUM occupies the last b bytes of Q, the round number stands before them */
	unsigned drop_bits;       /* what y leaves of a block */
	wide base;                /* chaining value before the last block of Q, with the tweak's part of that block */
};

/* b <= 12 here: the round number and NUM always lie in the last block of Q, so whatever comes before is constant
 * and a round costs one cipher call. Likewise d <= 16: one block holds y. */
static enum err shape_of(const struct fpe *f, struct str tweak, size_t n, struct cipher_use *use, struct shape *ret)
{
	size_t u = n / 2, v = n - u, b = (v * BITS + 7) / 8;
	unsigned char t[BLOCK] = { 0 };
	wide base = wide_get(f->p[n][tweak.n]);

	if (tweak.n)
		memcpy(t, tweak.p, tweak.n);
	base ^= wide_get(t);
	if (tweak.n + b + 1 > BLOCK) {          /* the tweak fills a block of its own */
		wide_put(base, t);
		if (!cipher_blocks(use, t, t, 1))
			return E_CRYPTO;
		base = wide_get(t);
	}
	*ret = (struct shape){
		.use = use, .n = n, .u = u, .v = v, .base = base,
		.num_bits = (unsigned)(8 * b), .drop_bits = (unsigned)(8 * (BLOCK - y_bytes(b))),
	};
	return OK;
}

static wide pack(const unsigned char *numeral, size_t n)
{
	wide v = 0;

	for (size_t i = 0; i < n; i++)
		v = v << BITS | numeral[i];
	return v;
}

static void unpack(wide v, unsigned char *numeral, size_t n)
{
	for (size_t i = n; i-- > 0; v >>= BITS)
		numeral[i] = (unsigned char)v & (RADIX - 1);
}

/* Up to BATCH strings, all rounds. Numerals change only after the last cipher call went well. */
static bool few(const struct shape *s, unsigned char *numerals, size_t count, bool decrypt)
{
	unsigned char block[BATCH * BLOCK] __attribute__((aligned(16)));
	wide a[BATCH], b[BATCH], c;

	for (size_t j = 0; j < count; j++) {
		a[j] = pack(numerals + j * s->n, s->u);
		b[j] = pack(numerals + j * s->n + s->u, s->v);
	}
	for (unsigned k = 0; k < ROUNDS; k++) {
		unsigned i = decrypt ? ROUNDS - 1 - k : k;
		wide base = s->base ^ (wide)i << s->num_bits;
		wide mask = ((wide)1 << (BITS * (i % 2 ? s->v : s->u))) - 1;     /* radix 32: mod radix^m keeps low bits */

		for (size_t j = 0; j < count; j++)
			wide_put(base ^ (decrypt ? a[j] : b[j]), block + j * BLOCK);
		if (!cipher_blocks(s->use, block, block, count))
			return false;
		for (size_t j = 0; j < count; j++) {
			wide y = wide_get(block + j * BLOCK) >> s->drop_bits;

			c = decrypt ? b[j] - y : a[j] + y;
			(decrypt ? b : a)[j] = decrypt ? a[j] : b[j];
			(decrypt ? a : b)[j] = c & mask;
		}
	}
	for (size_t j = 0; j < count; j++) {
		unpack(a[j], numerals + j * s->n, s->u);
		unpack(b[j], numerals + j * s->n + s->u, s->v);
	}
	return true;
}

static enum err many(const struct fpe *f, struct str tweak, unsigned char *numerals, size_t n, size_t count, bool decrypt)
{
	struct cipher_use *use;
	struct shape s;
	unsigned all = 0;
	enum err e;

	if (n < N_MIN || n > N_MAX || tweak.n > TWEAK_MAX || count > SIZE_MAX / N_MAX)
		return E_BAD;
	for (size_t i = 0; i < n * count; i++)
		all |= numerals[i];
	if (all >= RADIX)
		return E_BAD;
	use = cipher_borrow(f->cipher);
	if (!use)
		return E_BUSY;
	e = shape_of(f, tweak, n, use, &s);
	for (size_t at = 0; !e && at < count; at += BATCH)
		if (!few(&s, numerals + at * n, count - at < BATCH ? count - at : BATCH, decrypt))
			e = E_CRYPTO;
	cipher_return(f->cipher, use);
	return e;
}

enum err fpe_encrypt(const struct fpe *f, struct str tweak, unsigned char *numerals, size_t n, size_t count)
{
	return many(f, tweak, numerals, n, count, false);
}

enum err fpe_decrypt(const struct fpe *f, struct str tweak, unsigned char *numerals, size_t n, size_t count)
{
	return many(f, tweak, numerals, n, count, true);
}

/* ---- any radix, digit by digit ---- */

/* 64 digits of radix 36 are 331 bits = 42 bytes; y is then 48 bytes, three blocks. */
enum { ANY_N = 128, ANY_TWEAK = 64, ANY_B = 42, ANY_Y = 48, ANY_Q = ANY_TWEAK + ANY_B + 1 + BLOCK };

/* NUM: digits, most significant first, as a number of `size` bytes. */
static void num(const unsigned char *digit, size_t n, unsigned radix, unsigned char *out, size_t size)
{
	memset(out, 0, size);
	for (size_t i = 0; i < n; i++) {
		unsigned carry = digit[i];

		for (size_t j = size; j-- > 0; carry >>= 8) {
			carry += out[j] * radix;
			out[j] = (unsigned char)carry;
		}
	}
}

/* The lowest digit of a number, which is divided by the radix. */
static unsigned take_digit(unsigned char *number, size_t size, unsigned radix)
{
	unsigned rest = 0;

	for (size_t i = 0; i < size; i++) {
		rest = rest << 8 | number[i];
		number[i] = (unsigned char)(rest / radix);
		rest %= radix;
	}
	return rest;
}

/* b, step 3: bytes of the largest number of v digits. */
static size_t num_bytes(size_t v, unsigned radix)
{
	unsigned char digit[ANY_N], number[ANY_B];
	size_t zeros = 0;

	memset(digit, (int)radix - 1, v);
	num(digit, v, radix, number, sizeof(number));
	while (number[zeros] == 0)
		zeros++;
	return sizeof(number) - zeros;
}

/* Steps 6 i-iii: y of one round. chain is P enciphered. */
static bool round_y(struct cipher_use *use, const unsigned char *chain, struct str tweak, unsigned i, const unsigned char *numb,
                    size_t b, unsigned char y[ANY_Y])
{
	unsigned char q[ANY_Q] = { 0 }, r[BLOCK], s[BLOCK];
	size_t q_n = (tweak.n + b + 1 + BLOCK - 1) / BLOCK * BLOCK;

	if (tweak.n)
		memcpy(q, tweak.p, tweak.n);
	q[q_n - b - 1] = (unsigned char)i;
	memcpy(q + q_n - b, numb, b);
	memcpy(r, chain, BLOCK);
	for (size_t at = 0; at < q_n; at += BLOCK) {
		for (size_t k = 0; k < BLOCK; k++)
			r[k] ^= q[at + k];
		if (!cipher_blocks(use, r, r, 1))
			return false;
	}
	memcpy(y, r, BLOCK);
	for (unsigned j = 1; j < ANY_Y / BLOCK; j++) {
		memcpy(s, r, BLOCK);
		s[BLOCK - 1] ^= (unsigned char)j;
		if (!cipher_blocks(use, s, y + j * BLOCK, 1))
			return false;
	}
	return true;
}

/* part := part + y or part - y, modulo radix^m, in digits. */
static void shift_digits(unsigned char *part, size_t m, unsigned radix, unsigned char *y, size_t d, bool minus)
{
	unsigned carry = 0;

	for (size_t k = m; k-- > 0;) {
		unsigned digit = take_digit(y, d, radix) + carry;

		carry = minus ? part[k] < digit : part[k] + digit >= radix;
		part[k] = (unsigned char)(minus ? part[k] + carry * radix - digit : part[k] + digit - carry * radix);
	}
}

static bool any_rounds(struct cipher_use *use, struct str tweak, unsigned radix, unsigned char *x, size_t n, bool decrypt)
{
	size_t u = n / 2, v = n - u, b = num_bytes(v, radix);
	unsigned char p[BLOCK], numb[ANY_B], y[ANY_Y];

	first_block(radix, n, tweak.n, p);
	if (!cipher_blocks(use, p, p, 1))
		return false;
	/* Halves do not change places: even rounds alter the left one from the right one, odd rounds the reverse. */
	for (unsigned k = 0; k < ROUNDS; k++) {
		unsigned i = decrypt ? ROUNDS - 1 - k : k;
		unsigned char *from = i % 2 ? x : x + u, *to = i % 2 ? x + u : x;

		num(from, i % 2 ? u : v, radix, numb, b);
		if (!round_y(use, p, tweak, i, numb, b, y))
			return false;
		shift_digits(to, i % 2 ? v : u, radix, y, y_bytes(b), decrypt);
	}
	return true;
}

enum err ff1_any(enum cipher_id id, struct str key, struct str tweak, unsigned radix, unsigned char *numerals, size_t n, bool decrypt)
{
	unsigned char x[ANY_N];
	struct cipher_use *use;
	struct cipher *c;
	unsigned domain = 1;
	enum err e;

	if (radix < 2 || radix > 36 || n < 2 || n > ANY_N || tweak.n > ANY_TWEAK)
		return E_BAD;
	for (size_t i = 0; i < n; i++) {
		if (numerals[i] >= radix)
			return E_BAD;
		domain = domain < 100 ? domain * radix : domain;
		x[i] = numerals[i];
	}
	if (domain < 100)
		return E_BAD;                   /* section 5.1: radix^minlen >= 100 */
	e = cipher_new(id, key, &c);
	if (e)
		return e;
	use = cipher_borrow(c);
	e = !use ? E_BUSY : any_rounds(use, tweak, radix, x, n, decrypt) ? OK : E_CRYPTO;
	if (use)
		cipher_return(c, use);
	cipher_free(c);
	if (!e)
		memcpy(numerals, x, n);
	return e;
}
