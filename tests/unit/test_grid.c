/* tests/unit/test_grid.c - tables read and written: every form, encoding and kind of cell; what is refused, and with which line. */
#include "test_grid_kit.h"

#define BOM "\xef\xbb\xbf"
#define GB_HEAD "\xc6\xb7\xc3\xfb,\xca\xfd\xc1\xbf"                  /* 品名,数量 */

static const struct { const char *what, *name; struct str in; const char *out; } texts[] = {
	{ "plain CSV", "a.csv", B("a,b\n1,2\n"), "1:a|b;2:1|2;." },
	{ "no line end at the end", "a.csv", B("a,b\n1,2"), "1:a|b;2:1|2;." },
	{ "CRLF", "a.csv", B("a,b\r\n1,2\r\n"), "1:a|b;2:1|2;." },
	{ "CR alone", "a.csv", B("a,b\r1,2\r"), "1:a|b;2:1|2;." },
	{ "mixed ends", "a.csv", B("a,b\r1,2\n3,4\r\n5,6"), "1:a|b;2:1|2;3:3|4;4:5|6;." },
	{ "quotes", "a.csv", B("a,b\n\"x,\"\"y\"\"\",\"\"\n"), "1:a|b;2:x,\"y\"|;." },
	{ "a quoted line end counts as a line", "a.csv", B("a,b\n\"x\ny\",2\n3,4\n"), "1:a|b;2:x\ny|2;4:3|4;." },
	{ "a quote inside an unquoted cell is itself", "a.csv", B("a,b\n5\" pipe,2\n"), "1:a|b;2:5\" pipe|2;." },
	{ "empty lines are passed over and counted", "a.csv", B("a,b\n\n,,\n\"\",\n1,2\n"), "1:a|b;5:1|2;." },
	{ "cells are not trimmed", "a.csv", B("a,b\n 1 ,\t2\n"), "1:a|b;2: 1 |\t2;." },
	{ "tabs", "a.txt", B("a\tb\n1,5\t2\n"), "1:a|b;2:1,5|2;." },
	{ "semicolons", "a.txt", B("a;b;c,d\n1,5;2\n"), "1:a|b|c,d;2:1,5|2;." },
	{ "a separator inside quotes is none", "a.csv", B("\"a;;;\",b\n1;2,3\n"), "1:a;;;|b;2:1;2|3;." },
	{ "one column by name", "A.CSV", B("code\n1\n"), "1:code;2:1;." },
	{ "one value a line", "codes.txt", B("x1\n\n  \nx2\r\nx\"3\rx4"), "1:x1;4:x2;5:x\"3;6:x4;." },
	{ "NDJSON", "a.csv", B("{\"a\":1}\r\n\n{\"b,\":2}"), "1:{\"a\":1};3:{\"b,\":2};." },
	{ "NDJSON after white space", "", B(BOM "\n {\"a\":1}\n"), "2: {\"a\":1};." },
	{ "a mark", "a.csv", B(BOM "a,b\n1,2\n"), "1:a|b;2:1|2;." },
	{ "only a mark", "a.csv", B(BOM), "." },
	{ "an apostrophe before what would run goes", "a.csv", B("a,b\n'=1+1,'-5\n''=x,'abc\n'\xef\xbc\x9d" "1,'\n"),
	  "1:a|b;2:=1+1|'-5;3:'=x|'abc;4:\xef\xbc\x9d" "1|';." },
	{ "an apostrophe inside quotes goes too", "a.csv", B("a,b\n\"'@\"\"x\",1\n"), "1:a|b;2:@\"x|1;." },
	{ "GB18030", "a.csv", B(GB_HEAD "\n\xb2\xe8,3\n"), "1:品名|数量;2:茶|3;." },
	{ "GB18030 of four bytes", "a.csv", B(GB_HEAD "\n\x95\x32\x82\x36,3\n"), "1:品名|数量;2:\xf0\xa0\x80\x80|3;." },
	{ "UTF-16LE", "a.csv", B("\xff\xfe" "a\0,\0\x36\x83\n\0001\0,\0002\0"), "1:a|茶;2:1|2;." },
	{ "UTF-16BE", "a.csv", B("\xfe\xff" "\0a\0,\x83\x36\0\n\0001\0,\0002"), "1:a|茶;2:1|2;." },
	{ "UTF-16 cut inside a character", "a.csv", B("\xff\xfe" "a\0\n\0b\0\n\0c"), "1:a;2:b;3!0;." },
	{ "UTF-16 with half a pair", "a.csv", B("\xff\xfe" "a\0\n\0\0\xd8" "b\0\n\0c\0"), "1:a;2!0;3:c;." },
	{ "a mark, then bytes that are no UTF-8", "a.csv", B(BOM "a,b\n1,\xff\n3,4\n"), "1:a|b;2!1;3:3|4;." },
	{ "a mark, then NUL", "a.csv", B(BOM "a,b\n1\0,2\n3,4\n"), "1:a|b;2!0;3:3|4;." },
	{ "an overlong form is no UTF-8", "a.csv", B(BOM "a\n\xc0\xaf\n3\n"), "1:a;2!0;3:3;." },
	{ "neither UTF-8 nor GB18030", "a.csv", B("a,b\n\xff,1\n"), "open bad" },
	{ "UTF-8 cut at its end, two bytes that GB18030 has", "a.csv", B("a,b\n\xe8\x8c"), "1:a|b;2:\xe9\x91\xbc;." },
	{ "NUL", "a.csv", B("a,b\n1,\0\n"), "open bad" },
	{ "nothing", "a.csv", B(""), "open bad" },
	{ "text after a closing quote", "a.csv", B("a,b\n\"x\"y,1\n3,4\n"), "1:a|b;2!0;3:3|4;." },
	{ "a quote that does not end", "a.csv", B("a,b\n1,\"x\n3,4\n5,6\n"), "1:a|b;2!1;3:3|4;4:5|6;." },
	{ "a quote that does not end, in a later line of a record", "a.csv", B("a,b\n\"x\ny\",\"z\n3,4\n"), "1:a|b;3!1;4:3|4;." },
	{ "an old workbook", "a.csv", B("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 and more"), "open bad" },
	{ "an empty archive", "a.xlsx", B("PK\5\6\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"), "open bad" },
	{ "a PDF", "a.csv", B("%PDF-1.7\n"), "open bad" },
};

static void texts_are_read(void **state)
{
	(void)state;
	for (size_t i = 0; i < ROWS(texts); i++)
		check_dump(texts[i].what, texts[i].in, texts[i].name, NULL, texts[i].out);
}

static void limits_of_texts(void **state)
{
	const struct grid_limits l = { .lines = 3, .columns = 3, .cell = 4 };

	(void)state;
	check_dump("columns", B("a,b,c\n1,2,3,4\n5\n"), "a.csv", &l, "1:a|b|c;2!3;3:5;.");
	check_dump("lines", B("a\n1\n2\n3\n4\n"), "a.csv", &l, "1:a;2:1;3:2;#too-big");
	check_dump("bad lines count", B("a,b\n12345\n\n12345\n12345\n"), "a.csv", &l, "1:a|b;2!0;4!0;#too-big");
	check_dump("cell", B("a,b\n1,12345\n1,1234\n"), "a.csv", &l, "1:a|b;2!1;3:1|1234;.");
	check_dump("quoted cell", B("a,b\n1,\"12345\"\n1,\"\"\"234\"\n"), "a.csv", &l, "1:a|b;2!1;3:1|\"234;.");
	check_dump("value", B("a\n12345\r\n1234\r\n"), "a.txt", &l, "1:a;2!0;3:1234;.");
	check_dump("JSON", B("{123456789}\n{123456789\n12}\n{12345678901}\r\n"), "a", &l, "1:{123456789};2:{123456789;3:12};#too-big");
}

/* A heading of two columns, lines up to `at`, then more. */
static struct bytes filled(const char *heading, const char *line, size_t at, const char *more)
{
	struct bytes b = { 0 };

	addz(&b, heading);
	while (b.n + strlen(line) < at)
		addz(&b, line);
	while (b.n < at)
		addz(&b, "x");
	addz(&b, more);
	return b;
}

/* The encoding is told from the first MiB: its edge may cut a character of two, three or four bytes. */
static void the_edge_of_the_probe_fools_nobody(void **state)
{
	static const struct { const char *heading, *line, *cut, *end; size_t most; } t[] = {
		{ GB_HEAD "\n", "\xb2\xe8,1\n", "\xb2\xe8,9\n", "茶|9;.", 1 },
		{ GB_HEAD "\n", "\xb2\xe8,1\n", "\x95\x32\x82\x36,9\n", "\xf0\xa0\x80\x80|9;.", 3 },
		{ "品名,数量\n", "茶,1\n", "茶,9\n\xff,9\n7,7\n", ":7|7;.", 2 },
		{ "品名,数量\n", "茶,1\n", "\xf0\xa0\x80\x80,9\n\xff,9\n7,7\n", ":7|7;.", 3 },
	};

	(void)state;
	for (size_t k = 0; k < ROWS(t); k++)
		for (size_t back = 1; back <= t[k].most; back++) {
			struct bytes b = filled(t[k].heading, t[k].line, ((size_t)1 << 20) - back, t[k].cut);
			struct bytes d = dump((struct str){ b.p, b.n }, "a.csv", NULL);

			if (!strstr(d.p, t[k].end) || !strchr(d.p, '!') != (k < 2))
				fail_msg("row %zu, %zu bytes before the edge", k, back);
			drop(&d);
			drop(&b);
		}
}

/* A stray quote costs a line, not the file; and the time stays that of one reading. */
static void a_stray_quote_swallows_nothing(void **state)
{
	struct bytes b = { 0 }, d;
	size_t bad = 0, good = 0;

	(void)state;
	addz(&b, "a,b\n");
	for (unsigned i = 0; i < 200000; i++)
		addf(&b, i % 50000 == 7 ? "\"%u,x\n" : "%u,x\n", i);
	d = dump((struct str){ b.p, b.n }, "a.csv", NULL);
	for (const char *p = d.p; *p; p++) {
		bad += *p == '!';
		good += *p == '|';
	}
	assert_int_equal(bad, 4);
	assert_int_equal(good, 1 + 200000 - 4);
	drop(&b);
	drop(&d);
}

/* ---- workbooks ---- */

#define V(t, v) "<c t=\"" t "\"><v>" v "</v></c>"
#define N(v) "<c><v>" v "</v></c>"
#define D(s, v) "<c s=\"" s "\"><v>" v "</v></c>"
#define STYLES "<styleSheet><numFmts><numFmt numFmtId=\"164\" formatCode=\"yyyy&quot;d&quot;m/d;@\"/>" \
	"<numFmt numFmtId=\"165\" formatCode=\"[Red]0.00&quot;ymd&quot;\\d\"/><numFmt numFmtId=\"166\" formatCode=\"[$-804]yyyy-mm-dd hh:mm\"/>" \
	"<numFmt numFmtId=\"167\" formatCode=\"[h]:mm\"/></numFmts><cellStyleXfs><xf numFmtId=\"14\"/></cellStyleXfs><cellXfs><xf numFmtId=\"0\"/>" \
	"<xf numFmtId=\"14\"/><xf numFmtId=\"22\"/><xf numFmtId=\"20\"/><xf numFmtId=\"164\"/><xf numFmtId=\"165\"/><xf numFmtId=\"166\"/>" \
	"<xf numFmtId=\"9\"/><xf numFmtId=\"31\"/><xf numFmtId=\"58\"/><xf numFmtId=\"167\"/></cellXfs></styleSheet>"
#define SHARED "<sst><si><t>one</t></si><si><r><rPr><b/></rPr><t>t</t></r><r><t xml:space=\"preserve\"> wo</t></r><rPh><t>no</t></rPh></si>" \
	"<si><t>&lt;&#33590;&gt;</t></si><si><t/></si><si><t>a_x000D_b_x005F_x000D_</t></si></sst>"
#define ROW(x) "<row>" x "</row>"

static const struct { const char *what; struct workbook w; const char *out; } books[] = {
	{ "shared texts", { ROWS_OF(ROW(V("s", "0") V("s", "1") V("s", "2") V("s", "3") V("s", "0"))), SHARED }, "1:one|t wo|<茶>||one;." },
	{ "escaped characters", { ROWS_OF(ROW(V("s", "4") V("str", "_x0041__x00GG_"))), SHARED }, "1:a\rb_x000D_|A_x00GG_;." },
	{ "a shared text that is not there", { ROWS_OF(ROW(V("s", "0") V("s", "5")) ROW(V("s", "-1")) ROW(V("s", "0"))), SHARED }, "1!1;2!0;3:one;." },
	{ "inline texts", { ROWS_OF(ROW("<c t=\"inlineStr\"><is><t>a</t></is></c><c t=\"inlineStr\"><is><r><t>b</t></r><r><t>c</t></r>"
	                                "<rPh><t>no</t></rPh></is></c>")) }, "1:a|bc;." },
	{ "booleans", { ROWS_OF(ROW(V("b", "1") V("b", "0"))) }, "1:是|否;." },
	{ "an error of a formula", { ROWS_OF(ROW(N("1") V("e", "#N/A")) ROW(N("2"))) }, "1!1;2:2;." },
	{ "a formula's value", { ROWS_OF(ROW("<c><f>1+1</f><v>2</v></c><c t=\"str\"><f>A</f><v>x</v></c><c t=\"str\"><f>A</f><v></v></c>")) }, "1:2|x;." },
	{ "a formula without its value", { ROWS_OF(ROW(N("1") "<c><f>1+1</f></c>")) }, "1!1;." },
	{ "numbers", { ROWS_OF(ROW(N("0") N("-0") N("12") N("-1.50") N("1E-2") N("1.2E3") N("0.30000000000000004") N("123456789012345") N("007")
	                           N("1.0000000000000001E-7") N("-1.5e-9"))) }, "1:0|0|12|-1.5|0.01|1200|0.3|123456789012345|7|0.0000001|-0.0000000015;." },
	{ "numbers that have lost digits", { ROWS_OF(ROW(N("1234567890123456")) ROW(N("1.23456789012345E+17")) ROW(N("1E15")) ROW(N("1"))) },
	  "1!0;2!0;3!0;4:1;." },
	{ "what is no number", { ROWS_OF(ROW(N("nan")) ROW(N("0x10")) ROW(N("1e999")) ROW(N("1 2")) ROW(N(" 1 "))) }, "1!0;2!0;3!0;4!0;5:1;." },
	{ "dates", { ROWS_OF(ROW(D("1", "45292") D("2", "45292.5") D("3", "0.75") D("4", "45292") D("5", "45292") D("6", "45292.999999") D("7", "0.25")
	                         D("8", "59") D("9", "61") D("10", "1.125") D("1", "1") D("3", "45292.25"))), NULL, STYLES },
	  "1:2024-01-01|2024-01-01T12:00:00+08:00|18:00:00|2024-01-01|45292|2024-01-02T00:00:00+08:00|0.25|1900-02-28|1900-03-01|27:00:00|1900-01-01|"
	  "2024-01-01T06:00:00+08:00;." },
	{ "dates that are none", { ROWS_OF(ROW(D("1", "60")) ROW(D("1", "-1")) ROW(D("1", "2958466")) ROW(D("1", "2958465"))), NULL, STYLES },
	  "1!0;2!0;3!0;4:9999-12-31;." },
	{ "dates from 1904", { ROWS_OF(ROW(D("1", "0") D("1", "43830"))), NULL, STYLES,
	                       "<workbook xmlns:r=\"x\"><workbookPr date1904=\"1\"/><sheets><sheet name=\"a\" r:id=\"r1\"/></sheets></workbook>" },
	  "1:1904-01-01|2024-01-01;." },
	{ "dates in ISO 8601", { ROWS_OF(ROW(V("d", "2024-01-02") V("d", "2024-01-02T00:00:00") V("d", "2024-01-02T03:04:05.000")) ROW(V("d", "2024-02-30"))) },
	  "1:2024-01-02|2024-01-02|2024-01-02T03:04:05+08:00;2!0;." },
	{ "sparse cells and rows", { ROWS_OF("<row r=\"2\"><c r=\"B2\"><v>1</v></c><c r=\"D2\"><v>2</v></c></row><row r=\"5\"><c r=\"A5\"><v>3</v></c></row>"
	                                     "<row><c><v>4</v></c></row>") }, "2:|1||2;5:3|||;6:4|||;." },
	{ "cells out of order", { ROWS_OF(ROW("<c r=\"C1\"><v>3</v></c><c r=\"A1\"><v>1</v></c><c><v>2</v></c>")) }, "1:1|2|3;." },
	{ "a cell twice", { ROWS_OF(ROW("<c r=\"A1\"><v>3</v></c><c r=\"A1\"><v>1</v></c>") ROW(N("1"))) }, "1!0;2:1;." },
	{ "an ill place", { ROWS_OF(ROW("<c r=\"1A\"><v>3</v></c>") ROW("<c r=\"ABCD1\"><v>3</v></c>") ROW(N("1"))) }, "1!0;2!0;3:1;." },
	{ "a far column, empty or not", { ROWS_OF(ROW("<c r=\"A1\"><v>1</v></c><c r=\"XFD1\" s=\"1\"/>") ROW("<c r=\"XFD2\"><v>1</v></c>")) }, "1:1;2!16383;." },
	{ "ill row numbers", { ROWS_OF(ROW(N("1")) "<row r=\"1048577\">" N("2") "</row><row r=\"1\">" N("3") "</row><row r=\"x\">" N("4") "</row>" ROW(N("5"))) },
	  "1:1;2!0;3!0;4!0;5:5;." },
	{ "empty rows", { ROWS_OF(ROW(N("1")) "<row/><row r=\"9\"/>" ROW("<c/><c s=\"1\"/>") ROW(V("str", "")) ROW(V("s", "3")) "<row hidden=\"1\">" N("2") "</row>"
	                          "<row r=\"99\"/>"), SHARED }, "1:1;13:2;." },
	{ "prefixed names", { "<x:worksheet xmlns:x=\"y\"><x:sheetData><x:row r=\"1\"><x:c r=\"A1\" t=\"str\"><x:v>a</x:v></x:c></x:row></x:sheetData></x:worksheet>" },
	  "1:a;." },
	{ "what stands around the rows", { "<?xml version=\"1.0\" encoding=\"UTF-8\"?><!-- x --><worksheet><cols><col/></cols><sheetData><row><c t=\"str\"><v>a<!-- b -->"
	                                   "<![CDATA[<]]></v><extLst><v>no</v></extLst></c><extLst><c><v>9</v></c></extLst></row><y><row/></y></sheetData><mergeCells/></worksheet>" },
	  "1:a<;." },
	{ "no sheet data", { "<worksheet/>" }, "." },
	{ "the first sheet to be seen", { ROWS_OF(ROW(N("1"))), NULL, NULL, "<workbook xmlns:r=\"x\"><sheets><sheet name=\"a\" state=\"hidden\" r:id=\"r1\"/>"
	                                  "<sheet name=\"c\" r:id=\"r2\"/><sheet name=\"b\" state=\"visible\" r:id=\"r4\"/></sheets></workbook>" }, "1:second;." },
	{ "no sheet to be seen", { ROWS_OF(ROW(N("1"))), NULL, NULL, "<workbook><sheets><sheet name=\"a\" state=\"veryHidden\" id=\"r1\"/></sheets></workbook>" }, "open bad" },
	{ "macros", { .types = "<Types><Override ContentType=\"application/vnd.ms-excel.sheet.macroEnabled.main+xml\"/></Types>" }, "open bad" },
	{ "a document type", { "<!DOCTYPE worksheet>" ROWS_OF(ROW(N("1"))) }, "#corrupt" },
	{ "entities", { "<!DOCTYPE x [<!ENTITY a \"aaaa\"><!ENTITY b \"&a;&a;\">]>" ROWS_OF(ROW(N("&b;"))) }, "#corrupt" },
	{ "a document type in the shared texts", { ROWS_OF(""), "<!DOCTYPE sst SYSTEM \"file:///etc/passwd\"><sst/>" }, "open bad" },
	{ "an unknown entity", { ROWS_OF(ROW(N("1")) ROW(N("&b;"))) }, "1:1;#corrupt" },
	{ "XML that does not end", { "<worksheet><sheetData><row>" N("1") "</row><row>" }, "1:1;#corrupt" },
};

static void workbooks_are_read(void **state)
{
	(void)state;
	for (size_t i = 0; i < ROWS(books); i++) {
		struct bytes b = book(&books[i].w);

		check_dump(books[i].what, (struct str){ b.p, b.n }, "a.xlsx", NULL, books[i].out);
		drop(&b);
	}
}

static void limits_of_workbooks(void **state)
{
	const struct grid_limits l = { .lines = 2, .columns = 3, .cell = 4 }, few = { .shared = 20 }, little = { .unpacked = 900 };
	struct bytes b = book(&(struct workbook){ ROWS_OF(ROW(N("1")) ROW(N("12345")) ROW(N("3"))) });

	(void)state;
	check_dump("lines and cell", (struct str){ b.p, b.n }, "", &l, "1:1;2!0;#too-big");
	check_dump("unpacked", (struct str){ b.p, b.n }, "", &little, "open too-big");
	drop(&b);
	b = book(&(struct workbook){ ROWS_OF(ROW(V("s", "0") V("s", "2"))), SHARED });
	check_dump("shared", (struct str){ b.p, b.n }, "", &few, "open too-big");
	check_dump("a long shared text", (struct str){ b.p, b.n }, "", &l, "1!1;.");
	drop(&b);
	b = book(&(struct workbook){ ROWS_OF(ROW(N("1") N("2") N("3")) ROW(N("1") N("2") N("3") N("4"))) });
	check_dump("columns", (struct str){ b.p, b.n }, "", &l, "1:1|2|3;2!3;.");
	drop(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(texts_are_read), cmocka_unit_test(limits_of_texts), cmocka_unit_test(the_edge_of_the_probe_fools_nobody),
		cmocka_unit_test(a_stray_quote_swallows_nothing), cmocka_unit_test(workbooks_are_read), cmocka_unit_test(limits_of_workbooks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
