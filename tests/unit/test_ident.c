/* tests/unit/test_ident.c - the identifiers: outside vectors and known answers.
 *
 * The vectors are not part of the project: SUYUAN_SHARED or ../shared beside the source names the folder, and a test
 * that does not find it is skipped with a line saying so.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>
#include <jansson.h>

#include "../../ident/ident.h"

struct world {
	struct arena a;
	jmp_buf full;
};

static int setup(void **state)
{
	struct world *w = calloc(1, sizeof(*w));

	if (!w)
		return -1;
	arena_init(&w->a, (size_t)64 << 20, &w->full);
	*state = w;
	return 0;
}

static int teardown(void **state)
{
	struct world *w = *state;

	arena_end(&w->a);
	free(w);
	return 0;
}

/* ---- outside vectors ---- */

static json_t *vectors(const char *name)
{
	const char *shared = getenv("SUYUAN_SHARED"), *source = getenv("SUYUAN_SOURCE");
	char path[4096];
	json_t *j = NULL;

	if (shared) {
		snprintf(path, sizeof(path), "%s/vectors/%s", shared, name);
		j = json_load_file(path, 0, NULL);
	}
	for (int up = 0; up < 4 && !j; up++) {
		static const char *const ups[] = { "../shared", "../../shared", "../../../shared", "shared" };

		snprintf(path, sizeof(path), "%s/%s/vectors/%s", source ? source : ".", ups[up], name);
		j = json_load_file(path, 0, NULL);
	}
	if (!j)
		print_message("skipped: vectors/%s is not here\n", name);
	return j;
}

static struct str text_of(json_t *row, const char *key)
{
	json_t *v = json_object_get(row, key);

	return (struct str){ json_string_value(v), json_string_length(v) };
}

static bool part_is(const struct ident_part *p, json_t *want)
{
	char number[32];

	switch (json_typeof(want)) {
	case JSON_STRING:
		return p->type == IDENT_TEXT && str_eq(p->value, (struct str){ json_string_value(want), json_string_length(want) });
	case JSON_INTEGER:
		snprintf(number, sizeof(number), "%lld", (long long)json_integer_value(want));
		return p->type == IDENT_NUMBER && str_is(p->value, number);
	case JSON_TRUE: case JSON_FALSE:
		return p->type == IDENT_BOOL && str_is(p->value, json_is_true(want) ? "true" : "false");
	case JSON_NULL:
		return p->type == IDENT_NULL;
	case JSON_ARRAY:
		if (p->type != IDENT_LIST || p->n_items != json_array_size(want))
			return false;
		for (size_t i = 0; i < p->n_items; i++)
			if (!str_is(p->items[i], json_string_value(json_array_get(want, i))))
				return false;
		return true;
	default:
		return false;
	}
}

static void check_row(struct arena *a, json_t *row, enum ident_kind kind)
{
	struct str value = text_of(row, "value"), note = text_of(row, "note");
	bool lenient = str_is(note, "accept only in the lenient mode"), valid = json_is_true(json_object_get(row, "valid"));
	struct ident_result r, again;
	const char *key;
	json_t *want;

	ident_check(a, kind, value, lenient ? IDENT_LENIENT : IDENT_STRICT, &r);
	if (r.valid != valid)
		fail_msg("%s %.*s: valid %d, error %s", ident_kind_name(kind), STR_ARG(value), r.valid, r.error.code ? r.error.code : "-");
	if (!valid)
		return;
	json_object_foreach(json_object_get(row, "parts"), key, want) {
		const struct ident_part *p = ident_part(&r, key);

		if (strcmp(key, "normal") == 0)
			assert_true(str_is(r.normal, json_string_value(want)));
		if (!p || !part_is(p, want))
			fail_msg("%s %.*s: part %s", ident_kind_name(kind), STR_ARG(value), key);
	}
	ident_check(a, kind, r.normal, IDENT_STRICT, &again);
	assert_true(again.valid && str_eq(again.normal, r.normal));
}

static void test_vectors(void **state)
{
	struct world *w = *state;
	json_t *all = vectors("identifiers.json"), *row;
	size_t i, n = 0;

	if (!all)
		return;
	json_array_foreach(all, i, row) {
		enum ident_kind kind = ident_kind_of(text_of(row, "kind"));

		if (kind == IDENT_NONE || json_is_true(json_object_get(row, "disputed")))
			continue;
		check_row(&w->a, row, kind);
		arena_reset(&w->a);
		n++;
	}
	print_message("%zu identifier rows\n", n);
	json_decref(all);
}

static void test_link_vectors(void **state)
{
	struct world *w = *state;
	json_t *all = vectors("digital-link.json"), *row;
	size_t i;

	if (!all)
		return;
	json_array_foreach(all, i, row) {
		struct str uri = text_of(row, "uri");
		struct ident_result link, elements;

		ident_check(&w->a, IDENT_LINK, uri, IDENT_STRICT, &link);
		if (link.valid != json_is_true(json_object_get(row, "valid")))
			fail_msg("%.*s", STR_ARG(uri));
		if (link.valid) {
			ident_check(&w->a, IDENT_ELEMENTS, text_of(row, "element_string"), IDENT_STRICT, &elements);
			assert_true(elements.valid);
			assert_true(str_eq(elements.normal, ident_part(&link, "element_string")->value));
		}
		arena_reset(&w->a);
	}
	json_decref(all);
}

/* ---- known answers ---- */

struct answer {
	enum ident_kind kind;           /* NONE: by ident_scan */
	enum ident_mode mode;
	const char *text, *normal;      /* normal NULL: refused with `code` */
	const char *code;
};

static const struct answer answers[] = {
	{ IDENT_USCC, IDENT_STRICT, "91110000600037341L", "91110000600037341L", NULL },
	{ IDENT_USCC, IDENT_STRICT, "91110000600037341l", NULL, "case" },
	{ IDENT_USCC, IDENT_STRICT, "91110000600037341K", NULL, "check" },
	{ IDENT_USCC, IDENT_STRICT, "9111000060003734IL", NULL, "charset" },
	{ IDENT_USCC, IDENT_STRICT, " 91110000600037341L", NULL, "length" },
	{ IDENT_USCC, IDENT_LENIENT, " 9111 0000-6000３７341l ", "91110000600037341L", NULL },
	{ IDENT_ORG_CODE, IDENT_STRICT, "71526726X", "71526726-X", NULL },
	{ IDENT_ORG_CODE, IDENT_STRICT, "71526726-1", NULL, "check" },
	{ IDENT_GTIN13, IDENT_STRICT, "6901234567892", "6901234567892", NULL },
	{ IDENT_GTIN13, IDENT_STRICT, "6901234567893", NULL, "check" },
	{ IDENT_GTIN13, IDENT_STRICT, "690123456789２", NULL, "charset" },
	{ IDENT_GTIN13, IDENT_LENIENT, "６⁹0¹²③₄567𝟖92", "6901234567892", NULL },
	{ IDENT_SSCC, IDENT_STRICT, "106141412345678908", "106141412345678908", NULL },
	{ IDENT_GLN, IDENT_STRICT, "950600013435", NULL, "too_short" },
	{ IDENT_GRAI, IDENT_STRICT, "00950600013435212", NULL, "check" },
	{ IDENT_GDTI, IDENT_STRICT, "4012345000009AB", "4012345000009AB", NULL },
	{ IDENT_GMN, IDENT_STRICT, "1987654Ad4X4bL5ttr2310c2K", "1987654Ad4X4bL5ttr2310c2K", NULL },
	{ IDENT_GMN, IDENT_STRICT, "1987654Ad4X4bL5ttr2310c2J", NULL, "check" },
	{ IDENT_ELEMENTS, IDENT_STRICT, "^0106901234567892" "10ABC^21X", "(01)06901234567892(10)ABC(21)X", NULL },
	{ IDENT_ELEMENTS, IDENT_STRICT, "]C10106901234567892" "10ABC\x1d" "21X", "(01)06901234567892(10)ABC(21)X", NULL },
	{ IDENT_ELEMENTS, IDENT_STRICT, "]E0106901234567892", NULL, "symbology" },
	{ IDENT_ELEMENTS, IDENT_STRICT, "(01)06901234567892(90)a\\(b", "(01)06901234567892(90)a\\(b", NULL },
	{ IDENT_ELEMENTS, IDENT_STRICT, "(10)ABC", NULL, "missing_ai" },
	{ IDENT_ELEMENTS, IDENT_STRICT, "(01)06901234567892(10)A(10)B", NULL, "repeated_ai" },
	{ IDENT_ELEMENTS, IDENT_STRICT, "(01)06901234567892(8030)abc", NULL, "missing_ai" },
	{ IDENT_ELEMENTS, IDENT_STRICT, "(253)4012345000009(8030)abc", NULL, "serial_missing" },
	{ IDENT_ELEMENTS, IDENT_LENIENT, "（01）06901234567892 (10) ABC", "(01)06901234567892(10)ABC", NULL },
	{ IDENT_ELEMENTS, IDENT_LENIENT, "00106141412345678908" "0206901234567892" "3715" "400AB",
		"(00)106141412345678908(02)06901234567892(37)15(400)AB", NULL },
	{ IDENT_ELEMENTS, IDENT_LENIENT, "00106141412345678908" "0206901234567892" "3712" "400AB", NULL, "charset" },
	{ IDENT_ELEMENTS, IDENT_LENIENT, "0106901234567892" "10ABC{GS}21X", "(01)06901234567892(10)ABC(21)X", NULL },
	{ IDENT_LINK, IDENT_STRICT, "https://example.com/a/01/06901234567892/10/A%2FB?17=261231&x=1#f",
		"https://id.gs1.org/01/06901234567892/10/A%2FB?17=261231", NULL },
	{ IDENT_LINK, IDENT_STRICT, "https://example.com/01/06901234567892?10=A", NULL, "qualifier_in_query" },
	{ IDENT_LINK, IDENT_LENIENT, "https://example.com/01/06901234567892?10=A", "https://id.gs1.org/01/06901234567892/10/A", NULL },
	{ IDENT_LINK, IDENT_STRICT, "https://example.com/gtin/06901234567892", NULL, "no_key" },
	{ IDENT_LINK, IDENT_LENIENT, "example.com/01/06901234567892", NULL, "scheme" },
	{ IDENT_LINK, IDENT_STRICT, "https://x.org/Cgc-iqsivh1nS5YNyyhAJ1chgdIQdWKhU",
		"https://id.gs1.org/01/03982597919071/22/98762328601290/10/896669725/21/5646869", NULL },
	{ IDENT_LINK, IDENT_STRICT, "https://a/AAFdGUuw5W0g", "https://id.gs1.org/00/006141411234567890", NULL },
	{ IDENT_LINK, IDENT_STRICT, "https://a/AQEd-2eu5EIGA4", "https://id.gs1.org/01/00614141777778/21/007", NULL },
	{ IDENT_LINK, IDENT_STRICT, "https://a/nYqJOTrRRja-b", "https://id.gs1.org/414/9520123456788/254/a-b", NULL },
	{ IDENT_EPC, IDENT_STRICT, "urn:epc:id:gdti:4012345.00000.A%2fB", "urn:epc:id:gdti:4012345.00000.A%2FB", NULL },
	{ IDENT_EPC, IDENT_STRICT, "urn:epc:id:itip:4012345.011111.01.02.9", "urn:epc:id:itip:4012345.011111.01.02.9", NULL },
	{ IDENT_EPC, IDENT_STRICT, "urn:epc:class:sgtin:4012345.011111.9", NULL, "scheme" },
	{ IDENT_EPC, IDENT_STRICT, "urn:epc:id:sgtin:4012345.011111.", NULL, "serial" },
	{ IDENT_ECODE, IDENT_STRICT, "5009647007264657137080782", NULL, "version" },
	{ IDENT_ECODE, IDENT_STRICT, "400121产品001", "400121产品001", NULL },
	{ IDENT_ECODE, IDENT_STRICT, "006901234567892", "006901234567892", NULL },
	{ IDENT_ECODE, IDENT_STRICT, "0(01)06901234567892(21)A", "0(01)06901234567892(21)A", NULL },
	{ IDENT_ECODE, IDENT_STRICT, "0", NULL, "length" },
	{ IDENT_EPC, IDENT_STRICT, "3074257bf7194e4000001a85", "urn:epc:id:sgtin:0614141.812345.6789", NULL },
	{ IDENT_EPC, IDENT_STRICT, "3574257BF7194E4000001A85", NULL, "prefix" },
	{ IDENT_ELEMENTS, IDENT_STRICT, "(01)12312312312326(235)ABC(10)DEF", "(01)12312312312326(235)ABC(10)DEF", NULL },
	{ IDENT_ELEMENTS, IDENT_STRICT, "\x1b.粤X", NULL, "unknown_ai" },
	{ IDENT_ISO15434, IDENT_STRICT, "[)>\x1e" "06\x1d" "18VD\x1e\x1e\x04", NULL, "format" },
	{ IDENT_ISO15434, IDENT_LENIENT, "[)>\x1e" "06\x1d" "18VD\x1e\x1e", "[)>\x1e" "06\x1d" "18VD\x1e\x04", NULL },
	{ IDENT_ECODE_URL, IDENT_STRICT, "http://q.example.cn/x?E=1009647007264657137080782",
		"https://www.iotroot.com/E=1009647007264657137080782", NULL },
	{ IDENT_MA, IDENT_STRICT, "MA.156.1003.1629/73.10000000.6/", "MA.156.1003.1629/73.10000000.6", NULL },
	{ IDENT_MA, IDENT_STRICT, "MA.156.1003.1629/73.1000.6", NULL, "category" },
	{ IDENT_MA, IDENT_STRICT, "https://s.idcode.org.cn/?code=MA.156.1003.1629%2F10.46100000.a&x=1#f", "MA.156.1003.1629/10.46100000.a",
		NULL },
	{ IDENT_EPC, IDENT_STRICT, "urn:epc:tag:sgtin-96:3.0614141.812345.6789", "urn:epc:id:sgtin:0614141.812345.6789", NULL },
	{ IDENT_EPC, IDENT_STRICT, "urn:epc:tag:sgtin-198:0.0614141.712345.32a%2Fb", "urn:epc:id:sgtin:0614141.712345.32a%2Fb", NULL },
	{ IDENT_EPC, IDENT_STRICT, "urn:epc:tag:sgtin-96:3.0614141.812345.A", NULL, "tag" },
	{ IDENT_EPC, IDENT_STRICT, "urn:epc:tag:sgtin-97:3.0614141.812345.1", NULL, "tag" },
	{ IDENT_EPC, IDENT_STRICT, "urn:epc:tag:sgtin-96:8.0614141.812345.1", NULL, "tag" },
	{ IDENT_MA_PI, IDENT_STRICT, ".S1576130942.P190101.LABS20191201.E191201.C7",
		".S1576130942.P190101.LABS20191201.E191201.C7", NULL },
	{ IDENT_ISO15434, IDENT_STRICT, "[)>\x1e" "06\x1d" "18VD89536\x1d" "1P8902A\x1d" "S3122A02965\x1e\x04",
		"[)>\x1e" "06\x1d" "18VD89536\x1d" "1P8902A\x1d" "S3122A02965\x1e\x04", NULL },
	{ IDENT_ISO15434, IDENT_STRICT, "[)>\x1e" "06\x1d" "18VD89536", NULL, "trailer" },
	{ IDENT_ISO15434, IDENT_LENIENT, "[)>{RS}06{GS}18VD89536{RS}{EOT}", "[)>\x1e" "06\x1d" "18VD89536\x1e\x04", NULL },
	{ IDENT_CCC, IDENT_STRICT, "2022011606454871(1/2)", "2022011606454871", NULL },
	{ IDENT_XK, IDENT_STRICT, "XK06-001-00238", "XK06-001-00238", NULL },
	{ IDENT_XK, IDENT_STRICT, "(苏)xk06-001-00238", NULL, "prefix" },
	{ IDENT_XK, IDENT_LENIENT, "（滇） xk06-001-00238", "(云)XK06-001-00238", NULL },
	{ IDENT_XK, IDENT_LENIENT, "QS（粤）XK16 204 02450", "(粤)XK16-204-02450", NULL },
	{ IDENT_XK, IDENT_STRICT, "粤XK16 204 02450", NULL, "separator" },
	{ IDENT_STANDARD, IDENT_STRICT, "GB/T38157—2019", "GB/T 38157-2019", NULL },
	{ IDENT_STANDARD, IDENT_STRICT, "T/CAS 001-2020", "T/CAS 001-2020", NULL },
	{ IDENT_STANDARD, IDENT_STRICT, "DB44/T 1-2020", "DB44/T 1-2020", NULL },
	{ IDENT_STANDARD, IDENT_STRICT, "YY 0505-2012", "YY 0505-2012", NULL },
	{ IDENT_STANDARD, IDENT_STRICT, "GB/X 1-2020", NULL, "prefix" },
	{ IDENT_STANDARD, IDENT_STRICT, "ASTM 1-2020", NULL, "prefix" },
	{ IDENT_STANDARD, IDENT_STRICT, "EN 1078-2012", NULL, "prefix" },
	{ IDENT_STANDARD, IDENT_STRICT, "GB 1-202", NULL, "year" },
	{ IDENT_DIVISION, IDENT_STRICT, "659012", "659012", NULL },
	{ IDENT_DIVISION, IDENT_STRICT, "130390", NULL, "unknown" },
	{ IDENT_PHONE, IDENT_STRICT, "010-84267313转12", "+861084267313ext12", NULL },
	{ IDENT_PHONE, IDENT_LENIENT, "１３８００１３８０００", "+8613800138000", NULL },
	{ IDENT_PHONE_SHORT, IDENT_STRICT, "12315", "12315", NULL },
	{ IDENT_SEALED, IDENT_STRICT, "0123456789ABCDEFGHJK", "0123456789ABCDEFGHJK", NULL },
	{ IDENT_SEALED, IDENT_STRICT, "0123456789ABCDEFGHJU", NULL, "charset" },
	{ IDENT_SEALED, IDENT_LENIENT, "o1234-56789-abcde-fghjl", "0123456789ABCDEFGHJ1", NULL },
	{ IDENT_NONE, IDENT_STRICT, "", NULL, "empty" },
	{ IDENT_NONE, IDENT_STRICT, "hello", NULL, "unrecognised" },
	{ IDENT_NONE, IDENT_STRICT, "\xff", NULL, "encoding" },
};

static void test_answers(void **state)
{
	struct world *w = *state;

	for (size_t i = 0; i < ROWS(answers); i++) {
		const struct answer *t = &answers[i];
		struct ident_result r;

		if (t->kind == IDENT_NONE)
			ident_scan(&w->a, str_of(t->text), t->mode, &r);
		else
			ident_check(&w->a, t->kind, str_of(t->text), t->mode, &r);
		if (r.valid != (t->normal != NULL))
			fail_msg("%s: valid %d, error %s", t->text, r.valid, r.error.code ? r.error.code : "-");
		if (r.valid && !str_is(r.normal, t->normal))
			fail_msg("%s: normal %.*s", t->text, STR_ARG(r.normal));
		if (!r.valid && strcmp(r.error.code, t->code) != 0)
			fail_msg("%s: code %s", t->text, r.error.code);
		arena_reset(&w->a);
	}
}

/* In characters, of what is wrong. */
static void test_positions(void **state)
{
	static const struct {
		enum ident_kind kind;
		const char *text, *code;
		size_t position;
	} rows[] = {
		{ IDENT_USCC, "91110000600037341K", "check", 17 }, { IDENT_GTIN13, "6901234567893", "check", 12 },
		{ IDENT_ELEMENTS, "(01)06901234567892(10)批次", "charset", 22 }, { IDENT_ELEMENTS, "(01)06901234567893", "check", 17 },
		{ IDENT_ELEMENTS, "(01)06901234567892(250)A", "missing_ai", 19 }, { IDENT_ELEMENTS, "^0106901234567892" "10A^1726", "too_short", 23 },
		{ IDENT_ELEMENTS, "(01)06901234567892(21)A(235)B", "excluded_ai", 19 },
		{ IDENT_LINK, "https://a.cn/01/06901234567892?10=A", "qualifier_in_query", 31 },
		{ IDENT_LINK, "https://a.cn/01/06901234567893", "check", 29 }, { IDENT_LINK, "https://a.cn/01/06901234567892?17=260101&17=260101",
			"duplicate_ai", 41 },
		{ IDENT_XK, "（苏）XK06-01-00238", "digits", 8 }, { IDENT_EPC, "urn:epc:id:sgtin:0614141.107346.A/B", "charset", 33 },
		{ IDENT_STANDARD, "GB 0123-2020", "leading_zero", 3 }, { IDENT_PHONE, "１３８", "charset", 0 },
	};
	struct world *w = *state;

	for (size_t i = 0; i < ROWS(rows); i++) {
		struct ident_result r;

		ident_check(&w->a, rows[i].kind, str_of(rows[i].text), IDENT_STRICT, &r);
		if (r.valid || strcmp(r.error.code, rows[i].code) != 0 || r.error.position != rows[i].position)
			fail_msg("%s: %s at %zu", rows[i].text, r.valid ? "valid" : r.error.code, r.error.position);
	}
}

static void test_scan(void **state)
{
	static const struct {
		const char *text;
		enum ident_kind kind;
	} rows[] = {
		{ "https://id.gs1.org/01/06901234567892", IDENT_LINK }, { "urn:epc:id:sgln:0614141.00777.0", IDENT_EPC },
		{ "https://www.iotroot.com/E=1009647007264657137080782", IDENT_ECODE_URL }, { "MA.156.1003.1629", IDENT_MA },
		{ "MA.156.M0.100472.11103316", IDENT_MA_DI }, { "(01)06901234567892", IDENT_ELEMENTS },
		{ "^0106901234567892", IDENT_ELEMENTS }, { "XK06-001-00238", IDENT_XK }, { "2022011606454871", IDENT_CCC },
		{ "91110000600037341L", IDENT_USCC }, { "69012341", IDENT_GTIN8 }, { "036000291452", IDENT_GTIN12 },
		{ "6901234567892", IDENT_GTIN13 }, { "58425876097843", IDENT_GTIN14 }, { "106141412345678908", IDENT_SSCC },
		{ "1009647007264657137080782", IDENT_ECODE }, { "GB 15322.2-2019", IDENT_STANDARD },
		{ "71526726-X", IDENT_ORG_CODE }, { "13800138000", IDENT_PHONE }, { "95588", IDENT_PHONE_SHORT }, { "110101", IDENT_DIVISION },
		{ "00106141412345678908" "0206901234567892" "3715", IDENT_ELEMENTS },
		{ "]E06901234567892", IDENT_GTIN13 }, { "]E469012341", IDENT_GTIN8 }, { "3074257BF7194E4000001A85", IDENT_EPC },
		{ "]Q1https://id.gs1.org/01/06901234567892", IDENT_LINK }, { "]d2" "0106901234567892", IDENT_ELEMENTS },
		{ "0123456789ABCDEFGHJK", IDENT_SEALED }, { "http://s.idcode.org.cn/?code=MA.156.1003.1629", IDENT_MA },
	};
	static const char *const typed[] = {
		"o1234-56789-abcde-fghjl", " 9111 0000 6000 37341l", "６９０１２３４５６７８９２", "gb/t 38157 - 2019", "（苏）xk06-001-00238",
		"统一社会信用代码：91110000600037341L；名称：甲", "许可证编号: XK06-001-00238\n", "电话：010-84267313转12",
		"https://id.gs1.org/01/06901234567892 \r\n", "71526726-x", "0731 8814 9520", "1 06141412 34567890 8", "[)>{RS}06{GS}18VD89536{RS}{EOT}", "ma.156.1003.1629",
	};
	struct world *w = *state;
	struct ident_result r;

	for (size_t i = 0; i < ROWS(rows); i++) {
		ident_scan(&w->a, str_of(rows[i].text), IDENT_STRICT, &r);
		if (!r.valid || r.kind != rows[i].kind)
			fail_msg("%s is %s", rows[i].text, ident_kind_name(r.kind) ? ident_kind_name(r.kind) : "nothing");
	}
	for (size_t i = 0; i < ROWS(typed); i++) {
		ident_scan(&w->a, str_of(typed[i]), IDENT_LENIENT, &r);
		if (!r.valid)
			fail_msg("%s is refused: %s", typed[i], r.error.code);
	}
}

static void test_epc_round(void **state)
{
	static const char *const rows[] = {
		"urn:epc:id:sgtin:0614141.812345.6789%2F%26", "urn:epc:class:lgtin:234567.1890124.1234", "urn:epc:idpat:sgtin:4012345.066666.*",
		"urn:epc:id:sscc:0614141.1234567890", "urn:epc:id:sgln:0614141.00777.0", "urn:epc:id:sgln:0614141.07346.1234",
		"urn:epc:id:pgln:4012345.00225", "urn:epc:id:grai:1234567890.12.4ABC", "urn:epc:id:grai:123456789012..4",
		"urn:epc:id:giai:4000001.12345", "urn:epc:id:gdti:4012345.00000.7", "urn:epc:id:gsrn:4012345.0000000001",
		"urn:epc:id:itip:4012345.011111.01.02.987", "urn:epc:id:cpi:0614141.123ABC.123456789",
	};
	struct world *w = *state;

	for (size_t i = 0; i < ROWS(rows); i++) {
		struct str link = { "", 0 }, back = link;
		struct ident_result r;
		int64_t n = 0;

		ident_check(&w->a, IDENT_EPC, str_of(rows[i]), IDENT_STRICT, &r);
		if (!r.valid || !link_of_epc(&w->a, str_of(rows[i]), &link))
			fail_msg("%s: %s", rows[i], r.error.code);
		assert_true(str_to_int(ident_part(&r, "gcp_length")->value, &n));
		if (!epc_of_link(&w->a, link, (unsigned)n, &back) || !str_is(back, rows[i]))
			fail_msg("%s -> %.*s -> %.*s", rows[i], STR_ARG(link), STR_ARG(back));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_vectors, setup, teardown),
		cmocka_unit_test_setup_teardown(test_link_vectors, setup, teardown),
		cmocka_unit_test_setup_teardown(test_answers, setup, teardown),
		cmocka_unit_test_setup_teardown(test_positions, setup, teardown),
		cmocka_unit_test_setup_teardown(test_scan, setup, teardown),
		cmocka_unit_test_setup_teardown(test_epc_round, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
