/* crypto/sm3_many.c - SM3 (GB/T 32905) of many messages side by side: one message a lane of a vector register.
 *
 * Pure. The leaves of a batch and the nodes of a level do not depend on each other; eight at once cost about what one costs alone.
 * The vectors are the compiler's own: eight words are one AVX2 register where there is one, two SSE2 or NEON registers elsewhere.
 */
#include "crypto/lanes.h"

enum { LANES = SM3_LANES, WORDS = 16, STATE = 8, BLOCK_BYTES = 64, EXPANDED = 68, ROUNDS = 64, LENGTH_BYTES = 8 };

typedef uint32_t lanes __attribute__((vector_size(4 * LANES)));

#define ROTL(x, n) (((x) << (n)) | ((x) >> (32 - (n))))
#define P0(x) ((x) ^ ROTL(x, 9) ^ ROTL(x, 17))
#define P1(x) ((x) ^ ROTL(x, 15) ^ ROTL(x, 23))

static const uint32_t begin[STATE] = { 0x7380166f, 0x4914b2b9, 0x172442d7, 0xda8a0600, 0xa96f30bc, 0x163138aa, 0xe38dee4d, 0xb0fb0e4e };

static uint32_t round_constant(unsigned j)
{
	uint32_t t = j < 16 ? 0x79cc4519 : 0x7a879d8a;

	return j % 32 ? ROTL(t, j % 32) : t;
}

/* GB/T 32905, 5.3.2 and 5.3.3. In one piece, so that each caller compiles it for its own instruction set. */
static inline __attribute__((always_inline)) void compress(lanes v[STATE], lanes w[EXPANDED])
{
	lanes a = v[0], b = v[1], c = v[2], d = v[3], e = v[4], f = v[5], g = v[6], h = v[7];

	for (unsigned j = WORDS; j < EXPANDED; j++) {
		lanes x = w[j - 16] ^ w[j - 9] ^ ROTL(w[j - 3], 15);

		w[j] = P1(x) ^ ROTL(w[j - 13], 7) ^ w[j - 6];
	}
	for (unsigned j = 0; j < ROUNDS; j++) {
		lanes a12 = ROTL(a, 12), x = a12 + e + round_constant(j), ss1 = ROTL(x, 7);
		lanes ff = j < 16 ? a ^ b ^ c : (a & b) | (a & c) | (b & c), gg = j < 16 ? e ^ f ^ g : (e & f) | (~e & g);
		lanes tt1 = ff + d + (ss1 ^ a12) + (w[j] ^ w[j + 4]), tt2 = gg + h + ss1 + w[j];

		d = c;
		c = ROTL(b, 9);
		b = a;
		a = tt1;
		h = g;
		g = ROTL(f, 19);
		f = e;
		e = P0(tt2);
	}
	v[0] ^= a; v[1] ^= b; v[2] ^= c; v[3] ^= d;
	v[4] ^= e; v[5] ^= f; v[6] ^= g; v[7] ^= h;
}

static void compress_plain(lanes v[STATE], lanes w[EXPANDED]) { compress(v, w); }
#if defined(__x86_64__)
__attribute__((target("avx2"))) static void compress_avx2(lanes v[STATE], lanes w[EXPANDED]) { compress(v, w); }
#endif

typedef void compressor(lanes v[STATE], lanes w[EXPANDED]);

static compressor *best(void)
{
#if defined(__x86_64__)
	if (__builtin_cpu_supports("avx2"))
		return compress_avx2;
#endif
	return compress_plain;
}

/* ---- messages as padded blocks ---- */

static size_t blocks_of(size_t n) { return (n + 1 + LENGTH_BYTES + BLOCK_BYTES - 1) / BLOCK_BYTES; }

/* Block number `at` of prefix || msg || padding (5.2). */
static void block_of(unsigned char prefix, struct str msg, size_t at, unsigned char out[BLOCK_BYTES])
{
	size_t n = msg.n + 1, from = at * BLOCK_BYTES, have = from < n ? n - from : 0, lead = at == 0;

	if (have >= BLOCK_BYTES) {
		if (lead)
			out[0] = prefix;
		memcpy(out + lead, msg.p + from + lead - 1, BLOCK_BYTES - lead);
		return;
	}
	memset(out, 0, BLOCK_BYTES);
	if (lead)
		out[0] = prefix;
	if (have > lead)
		memcpy(out + lead, msg.p + from + lead - 1, have - lead);
	if (n >= from)
		out[have] = 0x80;
	if (at + 1 == blocks_of(n))
		be_put((uint64_t)n * 8, out + BLOCK_BYTES - LENGTH_BYTES, LENGTH_BYTES);
}

static uint32_t word_of(const unsigned char *p) { return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3]; }

void sm3_lanes(unsigned char prefix, const struct str *msg, size_t n, struct hash *ret)
{
	compressor *run = best();
	lanes v[STATE], w[EXPANDED];
	size_t most = 0;

	for (size_t i = 0; i < n; i++)
		most = blocks_of(msg[i].n + 1) > most ? blocks_of(msg[i].n + 1) : most;
	for (unsigned s = 0; s < STATE; s++)
		v[s] = (lanes){ 0 } + begin[s];
	for (size_t at = 0; at < most; at++) {
		for (size_t i = 0; i < n; i++) {
			unsigned char block[BLOCK_BYTES];

			if (at >= blocks_of(msg[i].n + 1))
				continue;       /* this lane has ended: what goes on in it is not read */
			block_of(prefix, msg[i], at, block);
			for (unsigned j = 0; j < WORDS; j++)
				w[j][i] = word_of(block + 4 * j);
		}
		for (size_t i = at ? LANES : n; i < LANES; i++)
			for (unsigned j = 0; j < WORDS; j++)
				w[j][i] = 0;
		run(v, w);
		for (size_t i = 0; i < n; i++)
			for (unsigned s = 0; s < STATE && at + 1 == blocks_of(msg[i].n + 1); s++)
				be_put(v[s][i], ret[i].b + 4 * s, 4);
	}
}
