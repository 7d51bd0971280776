/* bench/ident.c - checks a second on one core: bench/ident [seconds a row]. Built with the rest, run by hand.
 *
 * Every row checks a ring of inputs and takes the whole answer (parts, normal form) as a caller would; the arena is
 * reset after each.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "../ident/ident.h"

enum { RING = 256, TEXT_MOST = 160, BURST = 4096 };

struct row {
	const char *name;
	enum ident_kind kind;           /* NONE: by ident_scan */
	enum ident_mode mode;
	double goal;                    /* a second; 0 = none set */
	void (*make)(unsigned i, char out[TEXT_MOST]);
};

static double seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void gtin(unsigned i, char out[15])
{
	struct str s = { out, 13 };

	snprintf(out, 15, "069%010u", 1000000 + i * 7919u);
	out[13] = gs1_check_digit(s);
	out[14] = 0;
}

static void make_link(unsigned i, char out[TEXT_MOST])
{
	char g[15];

	gtin(i, g);
	snprintf(out, TEXT_MOST, "https://id.example.cn/01/%s/10/LOT%05u/21/SN%09u", g, i * 31, i * 7717);
}

static void make_link_query(unsigned i, char out[TEXT_MOST])
{
	char g[15];

	gtin(i, g);
	snprintf(out, TEXT_MOST, "https://id.example.cn/01/%s/10/LOT%05u/21/SN%09u?17=271231&linkType=all", g, i * 31, i * 7717);
}

static void make_raw(unsigned i, char out[TEXT_MOST])
{
	char g[15];

	gtin(i, g);
	snprintf(out, TEXT_MOST, "]C101%s10LOT%05u\x1d" "21SN%09u", g, i * 31, i * 7717);
}

static void make_bracketed(unsigned i, char out[TEXT_MOST])
{
	char g[15];

	gtin(i, g);
	snprintf(out, TEXT_MOST, "(01)%s(10)LOT%05u(21)SN%09u", g, i * 31, i * 7717);
}

static void make_uscc(unsigned i, char out[TEXT_MOST])
{
	struct str org = { out + 8, 8 }, all = { out, 17 };

	snprintf(out, TEXT_MOST, "91310115MA1%05u", i % 100000);
	out[16] = org_code_check_char(org);
	out[17] = uscc_check_char(all);
	out[18] = 0;
}

static void make_gtin13(unsigned i, char out[TEXT_MOST])
{
	char g[15];

	gtin(i, g);
	memcpy(out, g + 1, 14);
}

static void make_bad_gtin(unsigned i, char out[TEXT_MOST])
{
	make_gtin13(i, out);
	out[12] = (char)('0' + (out[12] - '0' + 1) % 10);
}

static void make_epc(unsigned i, char out[TEXT_MOST])
{
	snprintf(out, TEXT_MOST, "urn:epc:id:sgtin:6901234.0%05u.SN%09u", i, i * 7717);
}

static void make_standard(unsigned i, char out[TEXT_MOST]) { snprintf(out, TEXT_MOST, "GB/T %u.%u-2019", 10000 + i, 1 + i % 9); }
static void make_xk(unsigned i, char out[TEXT_MOST]) { snprintf(out, TEXT_MOST, "(苏)XK06-001-%05u", i); }

static const struct row rows[] = {
	{ "digital link, gtin lot serial", IDENT_LINK, IDENT_STRICT, 1e6, make_link },
	{ "digital link, with query", IDENT_LINK, IDENT_STRICT, 1e6, make_link_query },
	{ "element string, raw with FNC1", IDENT_ELEMENTS, IDENT_STRICT, 1e6, make_raw },
	{ "element string, bracketed", IDENT_ELEMENTS, IDENT_STRICT, 1e6, make_bracketed },
	{ "uscc, whole answer", IDENT_USCC, IDENT_STRICT, 5e6, make_uscc },
	{ "gtin13", IDENT_GTIN13, IDENT_STRICT, 0, make_gtin13 },
	{ "gtin13 with an error", IDENT_GTIN13, IDENT_STRICT, 0, make_bad_gtin },
	{ "epc uri, sgtin", IDENT_EPC, IDENT_STRICT, 0, make_epc },
	{ "standard number", IDENT_STANDARD, IDENT_STRICT, 0, make_standard },
	{ "production licence", IDENT_XK, IDENT_STRICT, 0, make_xk },
	{ "scan: digital link", IDENT_NONE, IDENT_LENIENT, 0, make_link },
	{ "scan: uscc", IDENT_NONE, IDENT_LENIENT, 0, make_uscc },
	{ "scan: gtin13", IDENT_NONE, IDENT_LENIENT, 0, make_gtin13 },
};

static size_t burst(struct arena *a, const struct row *t, const struct str *ring, size_t n)
{
	size_t valid = 0;

	for (size_t i = 0; i < n; i++) {
		struct ident_result r;

		if (t->kind == IDENT_NONE)
			ident_scan(a, ring[i % RING], t->mode, &r);
		else
			ident_check(a, t->kind, ring[i % RING], t->mode, &r);
		valid += r.valid;
		arena_reset(a);
	}
	return valid;
}

static void run(struct arena *a, const struct row *t, double most)
{
	char texts[RING][TEXT_MOST];
	struct str ring[RING];
	size_t done = 0, valid = 0;
	double from, took;

	for (unsigned i = 0; i < RING; i++) {
		t->make(i, texts[i]);
		ring[i] = str_of(texts[i]);
	}
	burst(a, t, ring, BURST);
	from = seconds();
	do {
		valid += burst(a, t, ring, BURST);
		done += BURST;
		took = seconds() - from;
	} while (took < most);
	printf("%-34s %12.0f /s %8.0f ns", t->name, (double)done / took, took / (double)done * 1e9);
	if (t->goal > 0)
		printf("   goal %.0f %s", t->goal, (double)done / took >= t->goal ? "met" : "MISSED");
	printf(valid == done || valid == 0 ? "\n" : "   (only some inputs were valid)\n");
}

static void run_uscc_ok(double most)
{
	char texts[RING][TEXT_MOST];
	size_t done = 0, valid = 0;
	double from, took;

	for (unsigned i = 0; i < RING; i++)
		make_uscc(i, texts[i]);
	from = seconds();
	do {
		for (size_t i = 0; i < BURST; i++)
			valid += uscc_ok((struct str){ texts[i % RING], 18 });
		done += BURST;
		took = seconds() - from;
	} while (took < most);
	printf("%-34s %12.0f /s %8.0f ns   goal 5000000 %s%s\n", "uscc_ok", (double)done / took, took / (double)done * 1e9,
		(double)done / took >= 5e6 ? "met" : "MISSED", valid == done ? "" : " (wrong)");
}

int main(int argc, char **argv)
{
	double most = argc > 1 ? strtod(argv[1], NULL) : 0.5;
	struct arena a;
	jmp_buf full;

	if (setjmp(full)) {
		fputs("out of memory\n", stderr);
		return 1;
	}
	arena_init(&a, (size_t)1 << 20, &full);
	run_uscc_ok(most);
	for (size_t i = 0; i < ROWS(rows); i++)
		run(&a, &rows[i], most);
	arena_end(&a);
	return 0;
}
