/* cli/picture.c - the small documents of the demonstration: a PNG drawn here and one-page PDFs. Example data, plainly marked. */
#include "cli/demo.h"

enum { W = 480, H = 320 };

static uint32_t crc_of(struct str s, uint32_t crc)
{
	crc = ~crc;
	for (size_t i = 0; i < s.n; i++) {
		crc ^= (unsigned char)s.p[i];
		for (int k = 0; k < 8; k++)
			crc = crc & 1 ? crc >> 1 ^ 0xedb88320u : crc >> 1;
	}
	return ~crc;
}

static void add_be(struct buf *b, uint64_t v, size_t n)
{
	unsigned char x[8];

	be_put(v, x, n);
	buf_add(b, (struct str){ (const char *)x, n });
}

static void chunk(struct buf *b, const char *type, struct str body)
{
	uint32_t crc = crc_of(body, crc_of(str_of(type), 0));

	add_be(b, body.n, 4);
	buf_z(b, type);
	buf_add(b, body);
	add_be(b, crc, 4);
}

/* A coil of rope, or a burner: rings, with the kind's colour. */
static void row_of(unsigned char *to, int y, bool rope)
{
	*to++ = 0;
	for (int x = 0; x < W; x++) {
		int dx = x - W / 2, dy = (y - H / 2) * 5 / 4, r2 = dx * dx + dy * dy, ring = (r2 / 900) % 2, inside = r2 > 2500 && r2 < 22500;
		int strand = ((x + y) / 6) % 2;
		int base = inside ? (ring ? 150 : 110) + strand * 25 : 236;

		*to++ = (unsigned char)(rope || !inside ? base : base / 2);
		*to++ = (unsigned char)(rope || !inside ? base : base * 3 / 4);
		*to++ = (unsigned char)(inside && rope ? base + 8 : inside ? 220 : base + 6);
	}
}

struct str demo_photo(struct arena *a, bool rope)
{
	static const char head[] = "\x89PNG\r\n\x1a\n";
	size_t line = 1 + W * 3, n = line * H;
	unsigned char *raw = arena_take(a, n);
	struct buf png = buf_in(a, n + 4096), z = buf_in(a, n + 4096), ihdr = buf_in(a, 16);
	uint32_t s1 = 1, s2 = 0;

	for (int y = 0; y < H; y++)
		row_of(raw + (size_t)y * line, y, rope);
	for (size_t i = 0; i < n; i++) {
		s1 = (s1 + raw[i]) % 65521;
		s2 = (s2 + s1) % 65521;
	}
	buf_add(&z, S("\x78\x01"));
	for (size_t at = 0; at < n; at += 65535) {          /* stored blocks: no compressor needed */
		size_t part = n - at < 65535 ? n - at : 65535;

		buf_char(&z, at + part == n);
		buf_char(&z, (char)(part & 255));
		buf_char(&z, (char)(part >> 8));
		buf_char(&z, (char)(~part & 255));
		buf_char(&z, (char)(~part >> 8));
		buf_add(&z, (struct str){ (const char *)raw + at, part });
	}
	add_be(&z, (uint64_t)s2 << 16 | s1, 4);
	buf_add(&png, (struct str){ head, 8 });
	add_be(&ihdr, W, 4);
	add_be(&ihdr, H, 4);
	buf_add(&ihdr, (struct str){ "\x08\x02\x00\x00\x00", 5 });
	chunk(&png, "IHDR", buf_str(&ihdr));
	chunk(&png, "IDAT", buf_str(&z));
	chunk(&png, "IEND", S(""));
	return buf_str(&png);
}

/* A one-page PDF with Latin text; the example documents are not meant to be read as evidence of anything. */
struct str demo_paper(struct arena *a, const char *title)
{
	struct str page = str_fmt(a, "BT /F1 24 Tf 60 760 Td (EXAMPLE - %s) Tj ET", title);
	struct buf b = buf_in(a, 1024);
	size_t at[6];

	buf_z(&b, "%PDF-1.4\n");
	at[1] = b.n;
	buf_z(&b, "1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n");
	at[2] = b.n;
	buf_z(&b, "2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n");
	at[3] = b.n;
	buf_z(&b, "3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>>>>>endobj\n");
	at[4] = b.n;
	buf_fmt(&b, "4 0 obj<</Length %zu>>stream\n%.*s\nendstream endobj\n", page.n, STR_ARG(page));
	at[5] = b.n;
	buf_z(&b, "5 0 obj<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>endobj\n");
	at[0] = b.n;
	buf_z(&b, "xref\n0 6\n0000000000 65535 f \n");
	for (int i = 1; i < 6; i++)
		buf_fmt(&b, "%010zu 00000 n \n", at[i]);
	buf_fmt(&b, "trailer<</Size 6/Root 1 0 R>>\nstartxref\n%zu\n%%%%EOF\n", at[0]);
	return buf_str(&b);
}
