/* bench/label.c - labels against the bare encoder: how much drawing costs beside ZBarcode_Encode of the same texts.
 *
 * label [LABELS] [ROUNDS]: rounds alternate bare, SVG and PDF over the same texts of 60 characters, mask chosen by the encoder each time;
 * prints the median ratio. Goals: SVG 0.8, PDF (24 a page, four lines of Chinese) 0.5.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <zint.h>

#include "label/label.h"

enum { ROUNDS_MOST = 99, CHARS = 60, LEVEL_M = 2 };

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void die(struct str why)
{
	fprintf(stderr, "%.*s\n", STR_ARG(why));
	exit(1);
}

static struct str text_of(char out[CHARS + 1], size_t i)
{
	snprintf(out, CHARS + 1, "https://suyuan.example.cn/q/%012zu7CEA61XZP272GEAWPHSN", i * 104729);
	return (struct str){ out, CHARS };
}

static double bare(size_t labels)
{
	double from = now();

	for (size_t i = 0; i < labels; i++) {
		struct zint_symbol *z = ZBarcode_Create();
		char text[CHARS + 1];

		z->symbology = BARCODE_QRCODE;
		z->input_mode = UNICODE_MODE;
		z->option_1 = LEVEL_M;
		text_of(text, i);
		if (ZBarcode_Encode(z, (const unsigned char *)text, CHARS))
			die(str_of(z->errtxt));
		ZBarcode_Delete(z);
	}
	return now() - from;
}

static double svg(struct arena *a, size_t labels)
{
	double from = now();

	for (size_t i = 0; i < labels; i++) {
		struct str zh, en;
		struct symbol s;
		struct buf b;
		char text[CHARS + 1];

		arena_reset(a);
		if (symbol_make(a, SYM_QR, text_of(text, i), 0, &s, &zh, &en))
			die(en);
		b = buf_in(a, 12000);
		symbol_svg(&b, &s, 0.5, 0);
	}
	return now() - from;
}

static bool swallow(void *ctx, const char *p, size_t n)
{
	(void)p;
	*(size_t *)ctx += n;
	return true;
}

static double pdf(struct arena *a, const struct label_template *t, size_t labels)
{
	size_t bytes = 0;
	const struct label_sink sink = { swallow, &bytes };
	struct label_sheet *s;
	struct str zh, en;
	double from = now();

	if (label_sheet_begin(t, NULL, &sink, &s, &zh, &en))
		die(en);
	for (size_t i = 0; i < labels; i++) {
		char text[CHARS + 1];
		const struct label_value v[] = { { S("url"), text_of(text, i) }, { S("product_name"), S("钢芯阻燃输送带") },
			{ S("specification"), S("ST/S 2500 1200×(8+8)") }, { S("batch"), S("B2026-1122") }, { S("maker"), S("某某矿用产品制造有限公司") } };

		arena_reset(a);
		if (label_sheet_put(s, a, v, ROWS(v), &zh, &en))
			die(en);
	}
	if (label_sheet_end(s))
		die(S("not ended"));
	return now() - from;
}

static int by_size(const void *x, const void *y)
{
	double a = *(const double *)x, b = *(const double *)y;

	return (a > b) - (a < b);
}

static double middle(double *v, size_t n)
{
	qsort(v, n, sizeof(*v), by_size);
	return v[n / 2];
}

int main(int argc, char **argv)
{
	size_t labels = argc > 1 ? strtoul(argv[1], NULL, 10) : 2400, rounds = argc > 2 ? strtoul(argv[2], NULL, 10) : 5;
	double rate[ROUNDS_MOST], svg_ratio[ROUNDS_MOST], pdf_ratio[ROUNDS_MOST];
	const char *name, *name_zh, *json = template_ready(0, &name, &name_zh);
	struct label_template t;
	struct arena lasting, a;
	struct str zh, en;

	if (labels == 0 || rounds == 0 || rounds > ROUNDS_MOST)
		return 2;
	arena_init(&lasting, SIZE_MAX / 2, NULL);
	arena_init(&a, SIZE_MAX / 2, NULL);
	if (template_read(&lasting, str_of(json), &t, &zh, &en))
		die(en);
	for (size_t i = 0; i < rounds; i++) {
		double alone = bare(labels);

		rate[i] = (double)labels / alone;
		svg_ratio[i] = alone / svg(&a, labels);
		pdf_ratio[i] = alone / pdf(&a, &t, labels);
	}
	printf("bare encoder %.0f symbols/s; SVG %.2f of it (goal 0.8); PDF %.2f of it (goal 0.5)\n", middle(rate, rounds), middle(svg_ratio, rounds),
	       middle(pdf_ratio, rounds));
	arena_end(&a);
	arena_end(&lasting);
	return 0;
}
