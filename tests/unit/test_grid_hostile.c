/* tests/unit/test_grid_hostile.c - files made to harm: bombs, lies in the directory, truncation at every byte, flipped bytes. */
#include <time.h>

#include "test_grid_kit.h"

enum { FLIPS = 20000 };

static const struct workbook usual = { ROWS_OF("<row r=\"1\"><c r=\"A1\" t=\"s\"><v>0</v></c><c r=\"B1\" s=\"1\"><v>45292.5</v></c></row>"
	"<row r=\"2\"><c r=\"A2\" t=\"inlineStr\"><is><t>x</t></is></c><c r=\"B2\"><v>1.5</v></c></row>"
	"<row r=\"4\"><c r=\"C4\" t=\"s\"><v>1</v></c></row>"), "<sst><si><t>one</t></si><si><r><t>t</t></r><r><t>wo</t></r></si></sst>",
	"<styleSheet><cellXfs><xf numFmtId=\"0\"/><xf numFmtId=\"14\"/></cellXfs></styleSheet>" };

static struct str all(const struct bytes *b) { return (struct str){ b->p, b->n }; }

static void repeat(struct bytes *b, const char *z, size_t times)
{
	while (times--)
		addz(b, z);
}

/* What reading a workbook with this sheet gives. */
static void check_sheet(const char *what, struct bytes *sheet, const char *want)
{
	struct bytes b;

	add(sheet, "", 1);
	b = book(&(struct workbook){ .sheet = sheet->p, .shared = usual.shared });
	check_dump(what, all(&b), "", NULL, want);
	drop(&b);
	drop(sheet);
}

static void bombs(void **state)
{
	struct bytes s = { 0 };
	struct zip_out z = { .method = 8 };

	(void)state;
	repeat(&s, "<worksheet><sheetData><row><c t=\"str\"><v>", 1);
	repeat(&s, "aaaaaaaaaaaaaaaa", 700000);
	repeat(&s, "</v></c></row></sheetData></worksheet>", 1);
	check_sheet("a part packed a thousand times", &s, "open too-big");
	for (int i = 0; i < 60; i++) {          /* each part small, all together not */
		repeat(&s, "                ", 60000);
		zip_add(&z, (char[]){ 'p', (char)('0' + i / 10), (char)('0' + i % 10), 0 }, s.p, s.n);
		drop(&s);
	}
	zip_book(&z, &usual);
	s = zip_done(&z);
	check_dump("many parts packed a thousand times", all(&s), "", NULL, "open too-big");
	drop(&s);
	z = (struct zip_out){ 0 };
	for (int i = 0; i < 10001; i++) {
		char name[16];

		snprintf(name, sizeof(name), "p%d", i);
		zip_add(&z, name, "", 0);
	}
	s = zip_done(&z);
	check_dump("many parts", all(&s), "", NULL, "open too-big");
	drop(&s);
}

static void heavy_xml(void **state)
{
	struct bytes s = { 0 };

	(void)state;
	repeat(&s, "<a>", 100000);
	check_sheet("nesting", &s, "#corrupt");
	addz(&s, "<worksheet ");
	for (int i = 0; i < 20000; i++)
		addf(&s, "a%d=\"\" ", i);
	addz(&s, "/>");
	check_sheet("attributes without end", &s, "#corrupt");
	for (int i = 0; i < 5000; i++)
		addf(&s, i ? "<b%d/>" : "<worksheet>", i);
	check_sheet("names without end", &s, "#corrupt");
	addz(&s, "<worksheet a=\"");
	for (int i = 0; i < 400000; i++)
		addf(&s, "%d", i % 9973 * 7919);
	addz(&s, "\"/>");
	check_sheet("a tag of megabytes", &s, "#corrupt");
	addz(&s, "<worksheet><sheetData><row><c t=\"str\"><v>");
	for (int i = 0; i < 400000; i++)
		addf(&s, "%d", i % 9973 * 7919);
	addz(&s, "</v></c></row><row><c><v>1</v></c></row></sheetData></worksheet>");
	check_sheet("a cell of megabytes", &s, "1!0;2:1;.");
	addz(&s, "<worksheet><sheetData><row>");
	for (int i = 0; i < 100000; i++)
		addf(&s, "<c><v>%d</v></c>", i % 1000);
	addz(&s, "</row></sheetData></worksheet>");
	check_sheet("a row of many columns", &s, "1!256;.");
}

/* Each change of the zip, and what it comes to. */
static void lies_in_the_directory(void **state)
{
	static const struct { const char *what; struct zip_out z; const char *want; } t[] = {
		{ "a true one", { .method = 8 }, "1:one|2024-01-01;2:x|1.5;4:||two;." },
		{ "stored", { .method = 0 }, "1:one|2024-01-01;2:x|1.5;4:||two;." },
		{ "encrypted", { .method = 8, .flag = 1 }, "open bad" },
		{ "packed with something else", { .method = 12 }, "open bad" },
		{ "a wrong checksum", { .method = 8, .crc_error = 1 }, "open bad" },
		{ "a claim of more", { .method = 8, .claim = 100000 }, "open bad" },
		{ "a claim of less", { .method = 8, .claim = 20 }, "open bad" },
		{ "a claim of gigabytes", { .method = 8, .claim = 0xfffffff0 }, "open too-big" },
	};

	(void)state;
	for (size_t i = 0; i < ROWS(t); i++) {
		struct zip_out z = t[i].z;
		struct bytes b;

		zip_book(&z, &usual);
		b = zip_done(&z);
		check_dump(t[i].what, all(&b), "", NULL, t[i].want);
		drop(&b);
	}
}

static void strangers(void **state)
{
	static const char *const parts[] = { "xl/vbaProject.bin", "xl/workbook.bin", "Index/Document.iwa", "META-INF/manifest.xml", "word/document.xml",
	                                     "XL\\WORKSHEETS\\SHEET1.XML" };
	struct bytes b;

	(void)state;
	for (size_t i = 0; i < ROWS(parts); i++) {
		struct zip_out z = { .method = 8 };

		zip_book(&z, &usual);
		zip_add(&z, parts[i], "x", 1);  /* the last is there twice then */
		b = zip_done(&z);
		check_dump(parts[i], all(&b), "a.xlsx", NULL, "open bad");
		drop(&b);
	}
	b = zip_done(&(struct zip_out){ 0 });
	check_dump("an archive of nothing", all(&b), "a.xlsx", NULL, "open bad");
	drop(&b);
}

/* Wrong only in the sheet's checksum: the rows are given, the end says that they cannot be trusted. */
static void a_wrong_checksum_is_told_at_the_end(void **state)
{
	struct zip_out z = { .method = 8 };
	struct bytes b;

	(void)state;
	zip_add(&z, "[Content_Types].xml", TYPES, sizeof(TYPES) - 1);
	zip_add(&z, "_rels/.rels", RELS_ROOT, sizeof(RELS_ROOT) - 1);
	zip_add(&z, "xl/workbook.xml", BOOK, sizeof(BOOK) - 1);
	zip_add(&z, "xl/_rels/workbook.xml.rels", RELS_BOOK, sizeof(RELS_BOOK) - 1);
	zip_add(&z, "xl/sharedStrings.xml", "<sst/>", 6);
	zip_add(&z, "xl/styles.xml", "<s/>", 4);
	z.crc_error = 1;
	zip_add(&z, "xl/worksheets/sheet1.xml", ROWS_OF("<row><c><v>1</v></c></row>"), sizeof(ROWS_OF("<row><c><v>1</v></c></row>")) - 1);
	b = zip_done(&z);
	check_dump("a wrong checksum of the sheet", all(&b), "", NULL, "1:1;#corrupt");
	drop(&b);
}

/* ---- truncation and flips: an answer within bounds, never a crash (the sanitizers watch) ---- */

static const char csv[] = "\xef\xbb\xbf品名,\"数\"\"量\"\r\n茶,\"1\r\n2\"\r\n'=x,3\r\n";
static const char gb[] = "\xc6\xb7\xc3\xfb,\xca\xfd\xc1\xbf\n\xb2\xe8,3\n\x95\x32\x82\x36,4\n";
static const char wide[] = "\xff\xfe" "a\0,\0\x36\x83\n\0001\0,\0\x40\xd8\x00\xdc\n\0";

static void count_lines(struct str in, size_t *ret)
{
	struct bytes d = dump(in, "a.csv", NULL);

	*ret = 0;
	for (const char *p = d.p; *p; p++)
		*ret += *p == ':';
	drop(&d);
}

/* A copy of just n bytes, so that a read behind them is seen. */
static void truncate_at(struct str whole, size_t n, size_t most)
{
	char *p = malloc(n + !n);
	size_t lines;

	assert_non_null(p);
	memcpy(p, whole.p, n);
	count_lines((struct str){ p, n }, &lines);
	assert_true(lines <= most);
	free(p);
}

static void truncated_at_every_byte(void **state)
{
	struct bytes b = book(&usual);
	const struct str files[] = { all(&b), B(csv), B(gb), B(wide) };

	(void)state;
	for (size_t i = 0; i < ROWS(files); i++)
		for (size_t n = 0; n < files[i].n; n++)
			truncate_at(files[i], n, 8);
	drop(&b);
}

static void flipped_bytes(void **state)
{
	struct zip_out stored = { 0 };
	const char *given = getenv("SUYUAN_SEED");
	uint64_t seed = given ? strtoull(given, NULL, 10) : (uint64_t)time(NULL);
	struct bytes b = book(&usual), c;

	(void)state;
	zip_book(&stored, &usual);
	c = zip_done(&stored);
	print_message("seed %llu\n", (unsigned long long)seed);
	for (int i = 0; i < FLIPS; i++) {
		const struct str files[] = { all(&b), all(&c), all(&b), B(csv), all(&c), B(gb), B(wide) };
		struct str f = files[(size_t)i % ROWS(files)];
		char *p = malloc(f.n);
		size_t lines;

		assert_non_null(p);
		memcpy(p, f.p, f.n);
		for (int k = 0; k < 1 + i % 3; k++) {
			seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407u;
			p[(seed >> 33) % f.n] = (char)(seed >> 20);
		}
		count_lines((struct str){ p, f.n }, &lines);
		free(p);
	}
	drop(&b);
	drop(&c);
}

/* A source that stops answering is E_IO, wherever it does. */
struct failing { struct str s; size_t after; };

static int64_t read_failing(void *ctx, uint64_t at, void *to, size_t n)
{
	struct failing *f = ctx;

	if (f->after-- == 0)
		return -1;
	memcpy(to, f->s.p + at, n);
	return (int64_t)n;
}

static void a_source_that_fails(void **state)
{
	struct bytes b = book(&usual);
	const struct str files[] = { all(&b), B(csv), B(gb) };

	(void)state;
	for (size_t i = 0; i < 3 * ROWS(files); i++) {
		struct failing f = { files[i / 3], i % 3 };
		struct grid_source src = { read_failing, &f, f.s.n };
		struct str zh = S(""), en = S("");
		struct grid_in *r = NULL;
		struct grid_line l;
		struct arena a;

		f.after = i % 3;
		arena_init(&a, 1 << 20, NULL);
		if (grid_open(&a, &src, S(""), NULL, &r, &zh, &en) == OK)
			while (grid_next(r, &a, &l) == OK)
				;
		else
			assert_true(zh.n > 0);
		grid_close(r);
		arena_end(&a);
	}
	drop(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bombs), cmocka_unit_test(heavy_xml), cmocka_unit_test(lies_in_the_directory), cmocka_unit_test(strangers),
		cmocka_unit_test(a_wrong_checksum_is_told_at_the_end), cmocka_unit_test(truncated_at_every_byte), cmocka_unit_test(flipped_bytes),
		cmocka_unit_test(a_source_that_fails),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
