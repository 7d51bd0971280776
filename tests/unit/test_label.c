/* tests/unit/test_label.c - symbols, templates, text in boxes, sheets, SVG and printer languages: bounds, sentences, harmless texts.
 *
 * What readers make of the marks is asked by label_decode.py.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "label/label.h"

enum { ARENA = 64 * 1024 * 1024 };

static struct arena arena;
static jmp_buf full;

static int set_up(void **state)
{
	(void)state;
	arena_init(&arena, ARENA, &full);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	arena_end(&arena);
	return 0;
}

static bool holds(struct str s, const char *z) { return memmem(s.p, s.n, z, strlen(z)) != NULL; }

/* ---- symbols ---- */

static const struct { enum symbology kind; const char *text; enum err err; const char *why_en; } symbols[] = {
	{ SYM_QR, "https://example.com", OK, "" },
	{ SYM_QR, "", E_BAD, "no content" },
	{ SYM_QR, "\xff\xfe", E_BAD, "UTF-8" },
	{ SYM_EAN13, "6901234567892", OK, "" },
	{ SYM_EAN13, "690123456789", OK, "" },
	{ SYM_EAN13, "6901234567890", E_BAD, "check digit" },
	{ SYM_EAN13, "69012345678", E_BAD, "13 digits" },
	{ SYM_EAN13, "69012345678X2", E_BAD, "digits only" },
	{ SYM_CODE128, "ABC-123~^", OK, "" },
	{ SYM_CODE128, "中文", E_BAD, "ASCII" },
	{ SYM_CODE128, "a\nb", E_BAD, "ASCII" },
	{ SYM_GS1_128, "(01)06901234567892(21)ABC", OK, "" },
	{ SYM_GS1_128, "(01)06901234567893(21)ABC", E_BAD, "AI (01)" },
	{ SYM_GS1_128, "(01)0690123456789(21)ABC", E_BAD, "AI (01)" },
	{ SYM_GS1_128, "(9999)1", E_BAD, "AI (9999)" },
	{ SYM_GS1_128, "(17)261301", E_BAD, "AI (17)" },
	{ SYM_GS1_128, "0106901234567892", E_BAD, "brackets" },
	{ SYM_GS1_128, "[01]06901234567892", E_BAD, "character" },
	{ SYM_GS1_128, "(21)A(B)C", OK, "" },
	{ SYM_GS1_DATAMATRIX, "(01)06901234567892(21)ABC", OK, "" },
	{ SYM_GS1_DATAMATRIX, "(21)中", E_BAD, "character" },
	{ SYM_HANXIN, "汉信码", OK, "" },
	{ SYM_DATAMATRIX, "中文 abc", OK, "" },
};

static void test_symbols(void **state)
{
	(void)state;
	for (size_t i = 0; i < ROWS(symbols); i++) {
		struct symbol s = { .width = 12345 };
		struct str zh = S(""), en = S("");
		enum err e = symbol_make(&arena, symbols[i].kind, str_of(symbols[i].text), 0, &s, &zh, &en);

		if (e != symbols[i].err || (e && !holds(en, symbols[i].why_en)))
			fail_msg("%s: %s, %.*s", symbols[i].text, err_name(e), STR_ARG(en));
		assert_int_equal(e == OK, s.width != 12345);
		assert_int_equal(e == OK, zh.n == 0);
	}
}

static void test_too_long(void **state)
{
	static const size_t lengths[SYMBOLOGY_COUNT] = { 2400, 2400, 0, 0, 0, 200, 0 };
	char text[5000];

	(void)state;
	memset(text, 'x', sizeof(text));
	for (int k = 0; k < SYMBOLOGY_COUNT; k++) {
		struct str zh, en;
		struct symbol s;

		if (!lengths[k])
			continue;
		assert_int_equal(symbol_make(&arena, (enum symbology)k, (struct str){ text, lengths[k] }, 0, &s, &zh, &en), E_TOO_BIG);
		assert_int_equal(symbol_make(&arena, (enum symbology)k, (struct str){ text, sizeof(text) }, 0, &s, &zh, &en), E_TOO_BIG);
	}
}

static void test_names_and_masks(void **state)
{
	struct str zh, en;
	struct symbol a, b;

	(void)state;
	for (int k = 0; k < SYMBOLOGY_COUNT; k++) {
		assert_int_equal(symbology_of(str_of(symbology_name((enum symbology)k))), k);
		assert_true(symbology_zh((enum symbology)k)[0]);
	}
	assert_int_equal(symbology_of(S("aztec")), SYMBOLOGY_COUNT);
	assert_int_equal(symbol_make(&arena, SYM_QR, S("mask"), 1, &a, &zh, &en), OK);
	assert_int_equal(symbol_make(&arena, SYM_QR, S("mask"), 8, &b, &zh, &en), OK);
	assert_int_equal(a.width, b.width);
	assert_memory_not_equal(a.row, b.row, a.height * ((a.width + 7) / 8));
	assert_int_equal(symbol_make(&arena, SYM_QR, S("mask"), 9, &b, &zh, &en), E_BAD);
	assert_int_equal(symbol_make(&arena, SYM_EAN13, S("690123456789"), 0, &a, &zh, &en), OK);
	assert_true(str_is(a.text, "6901234567892"));
	assert_int_equal(a.quiet, 11);
}

static void test_symbol_svg(void **state)
{
	struct buf b = buf_in(&arena, 100);
	struct str zh, en, png;
	struct symbol s;

	(void)state;
	assert_int_equal(symbol_make(&arena, SYM_QR, S("1"), 0, &s, &zh, &en), OK);
	symbol_svg(&b, &s, 0.5, 0);
	assert_true(holds(buf_str(&b), "width=\"14.5mm\" height=\"14.5mm\" viewBox=\"0 0 29 29\">"
		"<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/><path "));
	assert_true(holds(buf_str(&b), "d=\"M4 4h7v1h-7z"));
	b.n = 0;
	assert_int_equal(symbol_make(&arena, SYM_EAN13, S("690123456789"), 0, &s, &zh, &en), OK);
	symbol_svg(&b, &s, 0.33, 22.85);
	assert_true(holds(buf_str(&b), "width=\"38.61mm\" height=\"22.85mm\" viewBox=\"0 0 117 69.242\""));
	assert_int_equal(symbol_png(&arena, &s, 0, 10, &png), E_BAD);
	assert_int_equal(symbol_png(&arena, &s, 1, 0, &png), E_BAD);
	assert_int_equal(symbol_png(&arena, &s, 2, 50, &png), OK);
	assert_true(holds(png, "IHDR"));
}

/* ---- templates ---- */

#define LABEL "\"name\": \"n\", \"w\": 50, \"h\": 30"
#define ONE "\"elements\": [{\"kind\": \"line\", \"x\": 0, \"y\": 0, \"w\": 5, \"h\": 1}]"
#define ELEMENT(x) "{" LABEL ", \"elements\": [{" x "}]}"
#define BOX "\"x\": 1, \"y\": 1, \"w\": 10, \"h\": 10"

static const struct { const char *json; enum err err; const char *why_en; } templates[] = {
	{ "{" LABEL ", " ONE "}", OK, "" },
	{ "{" LABEL ", " ONE, E_BAD, "no valid JSON" },
	{ "[]", E_BAD, "object" },
	{ "{" LABEL "}", E_BAD, "elements: this member is missing" },
	{ "{\"w\": 50, \"h\": 30, " ONE "}", E_BAD, "name: this member is missing" },
	{ "{" LABEL ", \"colour\": 1, " ONE "}", E_BAD, "colour: there is no such member" },
	{ "{\"name\": \"n\", \"w\": 4, \"h\": 30, " ONE "}", E_BAD, "w: between 5 and 500 mm" },
	{ "{\"name\": \"n\", \"w\": 501, \"h\": 30, " ONE "}", E_BAD, "w: between 5 and 500 mm" },
	{ "{\"name\": \"n\", \"w\": \"50\", \"h\": 30, " ONE "}", E_BAD, "w: a number" },
	{ "{\"name\": \"n\", \"w\": 50.0001, \"h\": 30, " ONE "}", E_BAD, "w: a number" },
	{ "{\"name\": \"n\", \"w\": 5e1, \"h\": 30, " ONE "}", E_BAD, "w: a number" },
	{ "{\"name\": \"n\", \"w\": -5.5, \"h\": 30, " ONE "}", E_BAD, "w: " },
	{ "{\"name\": \"n\", \"w\": -0.5, \"h\": 30, " ONE "}", E_BAD, "w: " },
	{ "{" LABEL ", \"page_w\": 1201, \"page_h\": 100, " ONE "}", E_BAD, "page_w: between 20 and 1200 mm" },
	{ "{" LABEL ", \"page_w\": 100, " ONE "}", E_BAD, "page_w, page_h: both" },
	{ "{" LABEL ", \"page_w\": 100, \"page_h\": 100, \"columns\": 3, " ONE "}", E_BAD, "columns: the labels are wider" },
	{ "{" LABEL ", \"page_w\": 100, \"page_h\": 100, \"columns\": 2, \"rows\": 3, \"gap_y\": 6, " ONE "}", E_BAD, "rows: the labels are higher" },
	{ "{" LABEL ", \"page_w\": 100, \"page_h\": 100, \"columns\": 2, \"rows\": 3, \"gap_y\": 5, " ONE "}", OK, "" },
	{ "{" LABEL ", \"columns\": 51, " ONE "}", E_BAD, "columns: between 1 and 50, a whole number" },
	{ "{" LABEL ", \"rows\": 1.5, " ONE "}", E_BAD, "rows: between 1 and 50" },
	{ "{" LABEL ", \"rows\": 2, " ONE "}", E_BAD, "without a page" },
	{ "{" LABEL ", \"crop_marks\": 1, " ONE "}", E_BAD, "crop_marks: true or false" },
	{ "{" LABEL ", \"elements\": []}", E_BAD, "elements: an array of 1 to 64" },
	{ "{" LABEL ", \"elements\": [1]}", E_BAD, "element 1, elements: an object" },
	{ ELEMENT("\"kind\": \"circle\", " BOX), E_BAD, "element 1, kind: symbol, text" },
	{ ELEMENT(BOX), E_BAD, "element 1, kind: this member is missing" },
	{ ELEMENT("\"kind\": \"text\", \"text\": \"x\", \"size\": 3, \"x\": 45, \"y\": 1, \"w\": 10, \"h\": 5"), E_BAD, "beyond the label" },
	{ ELEMENT("\"kind\": \"text\", \"size\": 3, " BOX), E_BAD, "element 1, text: this member is missing" },
	{ ELEMENT("\"kind\": \"text\", \"text\": \"x\", \"size\": 0.2, " BOX), E_BAD, "size: characters" },
	{ ELEMENT("\"kind\": \"text\", \"text\": \"x\", \"size\": 3, \"align\": \"centre\", " BOX), E_BAD, "align: left, middle or right" },
	{ ELEMENT("\"kind\": \"text\", \"text\": \"x\", \"size\": 3, \"symbology\": \"qr\", " BOX), E_BAD, "symbology: an element of this kind" },
	{ ELEMENT("\"kind\": \"symbol\", \"text\": \"x\", \"symbology\": \"aztec\", " BOX), E_BAD, "symbology: there is no such symbology" },
	{ ELEMENT("\"kind\": \"box\", \"size\": 6, " BOX), E_BAD, "thicker" },
	{ ELEMENT("\"kind\": \"logo\", \"x\\u202e\": 1, " BOX), E_BAD, "element 1, x: there is no such member" },
};

static void test_templates(void **state)
{
	(void)state;
	for (size_t i = 0; i < ROWS(templates); i++) {
		struct label_template t = { .columns = 77 };
		struct str zh = S(""), en = S("");
		enum err e = template_read(&arena, str_of(templates[i].json), &t, &zh, &en);

		if (e != templates[i].err || !holds(en, templates[i].why_en))
			fail_msg("%s: %s, %.*s", templates[i].json, err_name(e), STR_ARG(en));
		assert_int_equal(e == OK, t.columns != 77);
		assert_int_equal(e == OK, zh.n == 0);
	}
}

static void test_many_elements(void **state)
{
	struct label_template t;
	struct str zh, en;

	(void)state;
	for (size_t n = 64; n <= 65; n++) {
		struct buf b = buf_in(&arena, 8000);

		buf_z(&b, "{" LABEL ", \"elements\": [");
		for (size_t i = 0; i < n; i++)
			buf_fmt(&b, "%s{\"kind\": \"line\", " BOX "}", i ? "," : "");
		buf_z(&b, "]}");
		assert_int_equal(template_read(&arena, buf_str(&b), &t, &zh, &en), n == 64 ? OK : E_BAD);
	}
	assert_int_equal(t.n, 64);
}

static void test_fill(void **state)
{
	const struct label_value v[] = { { S("a"), S("{b}") }, { S("b"), S("2") } };

	(void)state;
	assert_true(str_is(label_fill(&arena, S("x{a}y{b}z{c}"), v, 2), "x{b}y2z"));
	assert_true(str_is(label_fill(&arena, S("{"), v, 2), "{"));
	assert_true(str_is(label_fill(&arena, S("{}{a b}{{b}}"), v, 2), "{}{a b}{2}"));
	assert_true(str_is(label_fill(&arena, S(""), v, 2), ""));
}

/* ---- drawing ---- */

static struct label_template ready(size_t at)
{
	const char *name, *name_zh, *json = template_ready(at, &name, &name_zh);
	struct label_template t;
	struct str zh, en;

	assert_non_null(json);
	if (template_read(&arena, str_of(json), &t, &zh, &en))
		fail_msg("%s: %.*s", name, STR_ARG(en));
	return t;
}

static const struct str hostile[] = { { "", 0 }, { "\0\0", 2 }, { "^XZ^XA~JR^FS", 12 }, { "\"\r\nPRINT 9,9\r\n", 14 }, { "\xff\xc3\xe9\x80", 4 },
	{ "\xe2\x80\xae" "evil", 7 }, { "<script>&\"'", 11 }, { "_5E\\[\"]\\[R]", 11 }, { "\xef\xbf\xbe\xef\xbf\xbf", 6 } };

static size_t values(struct label_value v[9], struct str all)
{
	static const char *const names[] = { "product_name", "specification", "batch", "production_date", "maker", "code" };

	v[0] = (struct label_value){ S("url"), S("https://example.com/q/7CEA61XZP272GEAWPHSN") };
	v[1] = (struct label_value){ S("gs1"), S("(01)06901234567892(21)ABC") };
	v[2] = (struct label_value){ S("gtin"), S("6901234567892") };
	for (size_t i = 0; i < 6; i++)
		v[3 + i] = (struct label_value){ str_of(names[i]), all };
	return 9;
}

static bool count_bytes(void *ctx, const char *p, size_t n)
{
	(void)p;
	*(size_t *)ctx += n;
	return true;
}

static size_t count(struct str s, const char *z)
{
	size_t n = 0;

	for (const char *at; (at = memmem(s.p, s.n, z, strlen(z))); n++)
		s = str_sub(s, (size_t)(at - s.p) + 1, s.n);
	return n;
}

static void check_svg(struct str s)
{
	assert_true(utf8_ok(s));
	assert_false(holds(s, "<script") || holds(s, "\xe2\x80\xae") || holds(s, "\xef\xbf\xbe"));
	assert_int_equal(count(s, "<svg"), count(s, "</svg>"));
	for (size_t i = 0; i < s.n; i++)
		assert_true((unsigned char)s.p[i] >= ' ');
}

static void test_hostile_texts(void **state)
{
	const char *name, *name_zh;
	struct label_value v[9];

	(void)state;
	for (size_t k = 0; template_ready(k, &name, &name_zh); k++)
		for (size_t i = 0; i < ROWS(hostile); i++) {
			size_t bytes = 0, n = values(v, hostile[i]);
			const struct label_sink sink = { count_bytes, &bytes };
			struct label_template t = ready(k);
			struct buf svg = buf_in(&arena, 9000), zpl = buf_in(&arena, 9000), tspl = buf_in(&arena, 9000);
			struct label_sheet *s;
			struct str zh, en;

			assert_int_equal(label_svg(&arena, &t, NULL, v, n, &svg, &zh, &en), OK);
			check_svg(buf_str(&svg));
			assert_int_equal(label_print(&arena, PRINTER_ZPL, &t, NULL, 8, v, n, &zpl, &zh, &en), OK);
			assert_int_equal(count(buf_str(&zpl), "^XA"), 1);
			assert_int_equal(count(buf_str(&zpl), "^XZ"), 1);
			assert_int_equal(count(buf_str(&zpl), "~"), 0);
			assert_int_equal(label_print(&arena, PRINTER_TSPL, &t, NULL, 8, v, n, &tspl, &zh, &en), OK);
			assert_int_equal(count(buf_str(&tspl), "PRINT"), 1);
			assert_int_equal(label_sheet_begin(&t, NULL, &sink, &s, &zh, &en), OK);
			assert_int_equal(label_sheet_put(s, &arena, v, n, &zh, &en), OK);
			assert_int_equal(label_sheet_end(s), OK);
			assert_true(bytes > 500);
		}
}

/* Every line of text lies within the label, however long the text and however small its box. */
static void test_text_stays_inside(void **state)
{
	static const char *const texts[] = { "中", "钢丝绳钢丝绳钢丝绳钢丝绳钢丝绳钢丝绳钢丝绳，钢丝绳",
		"WWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWW", "a b c d e f g h i j k l m n o p", "，，，，，，，，，，，，，，" };

	(void)state;
	for (size_t i = 0; i < ROWS(texts) * 12; i++) {
		double w = 0.6 * (double)(i % 12 + 1), h = 6 - 0.4 * (double)(i % 12);
		struct element e = { .kind = ELEMENT_TEXT, .x = 1, .y = 1, .w = w, .h = h, .text = str_of(texts[i / 12]),
			 .size = 3, .align = 1, .wrap = i % 2 };
		struct label_template t = { .w = 10, .h = 10, .columns = 1, .rows = 1, .element = &e, .n = 1 };
		struct buf b = buf_in(&arena, 1000);
		struct str zh, en, rest;

		assert_int_equal(label_svg(&arena, &t, NULL, NULL, 0, &b, &zh, &en), OK);
		buf_char(&b, 0);
		rest = buf_str(&b);
		for (const char *at = rest.p; (at = strstr(at, "<text ")); at++) {
			double x, y, size, wide;

			assert_int_equal(sscanf(at, "<text x=\"%lf\" y=\"%lf\" font-size=\"%lf\" textLength=\"%lf\"", &x, &y, &size, &wide), 4);
			assert_true(x >= 0.999 && x + wide <= 1 + w + 0.002);
			assert_true(y - size * 0.9 >= 0.999 && y + size * 0.26 <= 1 + h + 0.002);
		}
	}
}

static bool refuse(void *ctx, const char *p, size_t n)
{
	(void)ctx;
	(void)p;
	return n == 0;
}

static void test_sheet_troubles(void **state)
{
	const struct label_sink sink = { refuse, NULL };
	struct label_template t = ready(0), wrong = t;
	struct label_value v[9];
	struct label_sheet *s;
	struct str zh, en;
	size_t n = values(v, S("文字"));
	const struct label_logo broken = { S("\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\1\0\0\0\1\x08\x02\0\0\0\0\0\0\0") };
	const struct label_logo huge = { S("\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\1\0\0\0\1\0\0\x08\x02\0\0\0\0\0\0\0") };

	(void)state;
	assert_int_equal(label_sheet_begin(&t, &(struct label_logo){ S("GIF89a") }, &sink, &s, &zh, &en), E_TYPE);
	assert_int_equal(label_sheet_begin(&t, &broken, &sink, &s, &zh, &en), E_BAD);
	assert_int_equal(label_sheet_begin(&t, &huge, &sink, &s, &zh, &en), E_TOO_BIG);
	assert_true(holds(en, "4 megapixels"));
	wrong.columns = 4;
	assert_int_equal(label_sheet_begin(&wrong, NULL, &sink, &s, &zh, &en), E_BAD);
	assert_int_equal(label_sheet_begin(&t, NULL, &sink, &s, &zh, &en), OK);
	v[0].text = S("");
	assert_int_equal(label_sheet_put(s, &arena, v, n, &zh, &en), E_BAD);
	assert_true(holds(en, "no content"));
	assert_int_equal(label_sheet_pages(s), 0);
	v[0].text = S("x");
	assert_int_equal(label_sheet_put(s, &arena, v, n, &zh, &en), OK);
	assert_int_equal(label_sheet_pages(s), 1);
	assert_int_equal(label_sheet_end(s), E_IO);
	assert_int_equal(label_sheet_begin(&t, NULL, &sink, &s, &zh, &en), OK);
	label_sheet_drop(s);
	label_sheet_drop(NULL);
}

static void test_too_small(void **state)
{
	const struct element e = { .kind = ELEMENT_SYMBOL, .x = 0, .y = 0, .w = 3.5, .h = 3.5, .symbology = SYM_QR,
		.text = S("https://example.com/q/7CEA61XZP272GEAWPHSN/1") };
	const struct label_template t = { .w = 10, .h = 10, .columns = 1, .rows = 1, .element = &e, .n = 1 };
	struct buf b = buf_in(&arena, 100);
	struct str zh, en;

	(void)state;
	assert_int_equal(label_svg(&arena, &t, NULL, NULL, 0, &b, &zh, &en), E_BAD);
	assert_true(holds(en, "element 1: the box is too small, modules of 0.0"));
	assert_int_equal(label_print(&arena, PRINTER_ZPL, &t, NULL, 8, NULL, 0, &b, &zh, &en), E_BAD);
	assert_true(holds(zh, "至少要 0.125 毫米"));
	assert_int_equal(label_print(&arena, PRINTER_ZPL, &t, NULL, 9, NULL, 0, &b, &zh, &en), E_BAD);
	assert_int_equal(b.n, 0);
}

/* A full arena is an answer, not a jump over foreign objects (the sanitizer build counts them). */
static void test_full_arena(void **state)
{
	struct label_template t = ready(2);
	struct label_value v[9];
	size_t n = values(v, S("钢丝绳"));

	(void)state;
	for (size_t limit = 1000; limit < 120000; limit += 7919) {
		struct arena small;
		struct buf b = buf_in(&arena, 1000);
		struct str zh, en;
		enum err e;

		arena_init(&small, limit, NULL);
		e = label_svg(&small, &t, NULL, v, n, &b, &zh, &en);
		assert_true(e == OK || e == E_TOO_BIG);
		e = label_print(&small, PRINTER_ZPL, &t, NULL, 8, v, n, &b, &zh, &en);
		assert_true(e == OK || e == E_TOO_BIG);
		arena_end(&small);
	}
}

#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
int main(void)
{
	const struct CMUnitTest tests[] = { T(test_symbols), T(test_too_long), T(test_names_and_masks), T(test_symbol_svg), T(test_templates),
		T(test_many_elements), T(test_fill), T(test_hostile_texts),
		T(test_text_stays_inside), T(test_sheet_troubles), T(test_too_small), T(test_full_arena) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
