/* tests/unit/test_form.c - what browsers send is read in exactly one way or refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "web/http.h"

static int begin(void **state)
{
	struct arena *a = calloc(1, sizeof(*a));

	arena_init(a, 8 << 20, NULL);
	*state = a;
	return 0;
}

static int end(void **state)
{
	arena_end(*state);
	free(*state);
	return 0;
}

static const struct { const char *in; bool plus; const char *out; } decoded[] = {
	{ "", false, "" }, { "abc", false, "abc" }, { "a%20b", false, "a b" }, { "a+b", false, "a+b" }, { "a+b", true, "a b" }, { "%2B", true, "+" },
	{ "%E6%BA%AF", false, "溯" }, { "%e6%ba%af", false, "溯" }, { "溯", false, "溯" }, { "%25%2541", false, "%%41" }, { "%", false, NULL },
	{ "%4", false, NULL }, { "%4g", false, NULL }, { "% 4", false, NULL }, { "%%41", false, NULL }, { "a%00b", false, NULL }, { "%ff", false, NULL },
	{ "%C0%80", false, NULL }, { "%ED%A0%80", false, NULL }, { "\xff", false, NULL }, { "%-1", false, NULL }, { "%2", true, NULL },
};

static void percent_decoding_is_strict(void **state)
{
	for (size_t i = 0; i < ROWS(decoded); i++) {
		struct str got = S("?");
		enum err e = url_decode(*state, str_of(decoded[i].in), decoded[i].plus, &got);

		if ((e == OK) != (decoded[i].out != NULL) || (decoded[i].out && !str_is(got, decoded[i].out)))
			print_error("%s: err %d, %.*s\n", decoded[i].in, (int)e, STR_ARG(got));
		assert_int_equal(e, decoded[i].out ? OK : E_BAD);
		assert_true(str_is(got, decoded[i].out ? decoded[i].out : "?"));
	}
	assert_int_equal(url_decode(*state, (struct str){ "a\0b", 3 }, false, &(struct str){ 0 }), E_BAD);
}

static struct str shown(struct arena *a, const struct form_field *f)
{
	struct buf b = buf_in(a, 0);

	for (; f; f = f->next)
		buf_fmt(&b, "%.*s=%.*s%s%.*s%s%.*s;", STR_ARG(f->name), STR_ARG(f->value), f->file_name.n ? " file " : "", STR_ARG(f->file_name),
			f->type.n ? " type " : "", STR_ARG(f->type));
	return buf_str(&b);
}

static const struct { const char *in, *out; } queries[] = {
	{ "", "" }, { "a=1", "a=1;" }, { "a=1&b=2", "a=1;b=2;" }, { "a", "a=;" }, { "a=", "a=;" }, { "=a", "=a;" }, { "&&a=1&", "a=1;" },
	{ "a=1=2", "a=1=2;" }, { "a=1&a=2", "a=1;a=2;" }, { "%61=%26+%3D", "a=& =;" }, { "a=%zz", NULL }, { "%0=1", NULL }, { "a=%00", NULL },
};

static void queries_are_split_before_they_are_decoded(void **state)
{
	for (size_t i = 0; i < ROWS(queries); i++) {
		struct form_field *f = NULL;
		enum err e = form_query(*state, str_of(queries[i].in), &f);

		if (e != (queries[i].out ? OK : E_BAD) || (queries[i].out && !str_is(shown(*state, f), queries[i].out)))
			fail_msg("%s: err %d", queries[i].in, (int)e);
	}
}

static void more_than_a_thousand_fields_are_too_big(void **state)
{
	struct buf q = buf_in(*state, 0), m = buf_in(*state, 0);
	struct form_field *f;

	for (int i = 0; i < 1000; i++) {
		buf_z(&q, "a&");
		buf_z(&m, "--b\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n\r\n");
	}
	assert_int_equal(form_query(*state, buf_str(&q), &f), OK);
	buf_z(&q, "a");
	assert_int_equal(form_query(*state, buf_str(&q), &f), E_TOO_BIG);
	buf_z(&m, "--b\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n\r\n--b--\r\n");
	assert_int_equal(form_multipart(*state, S("multipart/form-data; boundary=b"), buf_str(&m), &f), E_TOO_BIG);
}

#define T "multipart/form-data; boundary=XX"
#define CD "Content-Disposition: form-data; name="
static const struct { const char *rule, *type, *body, *out; } parts[] = {
	{ "one field", T, "--XX\r\n" CD "\"a\"\r\n\r\nhello\r\n--XX--\r\n", "a=hello;" },
	{ "no line end after the last", T, "--XX\r\n" CD "\"a\"\r\n\r\nhello\r\n--XX--", "a=hello;" },
	{ "two fields and an empty value", T, "--XX\r\n" CD "\"a\"\r\n\r\n\r\n--XX\r\n" CD "\"b\"\r\n\r\n2\r\n--XX--\r\n", "a=;b=2;" },
	{ "no fields", T, "--XX--\r\n", "" },
	{ "a file", T, "--XX\r\n" CD "\"f\"; filename=\"x.csv\"\r\nContent-Type: text/csv\r\n\r\n1,2\r\n3\r\n--XX--\r\n", "f=1,2\r\n3 file x.csv type text/csv;" },
	{ "no file chosen", T, "--XX\r\n" CD "\"f\"; filename=\"\"\r\nContent-Type: application/octet-stream\r\n\r\n\r\n--XX--\r\n",
	  "f= file - type application/octet-stream;" },
	{ "quoted boundary, other case", "Multipart/Form-Data; charset=utf-8; Boundary=\"X X\"", "--X X\r\n" CD "\"a\"\r\n\r\n1\r\n--X X--", "a=1;" },
	{ "Chinese file name, folders cut", T, "--XX\r\n" CD "\"f\"; filename=\"C:\\数据\\表.xlsx\"\r\n\r\n.\r\n--XX--", "f=. file 表.xlsx;" },
	{ "path in a file name", T, "--XX\r\n" CD "\"f\"; filename=\"../../etc/passwd\"\r\n\r\n.\r\n--XX--", "f=. file passwd;" },
	{ "quote in a name, both ways", T, "--XX\r\n" CD "\"a%22b\\\"c\\\\d\"\r\n\r\n.\r\n--XX--", "a\"b\"c\\d=.;" },
	{ "other percent signs stay", T, "--XX\r\n" CD "\"a%41\"\r\n\r\n.\r\n--XX--", "a%41=.;" },
	{ "name as a token", T, "--XX\r\n" CD "a\r\n\r\n.\r\n--XX--", "a=.;" },
	{ "almost a boundary inside", T, "--XX\r\n" CD "\"a\"\r\n\r\n.--XX\r\n--X\r\n--XX--", "a=.--XX\r\n--X;" },
	{ "a boundary line inside", T, "--XX\r\n" CD "\"a\"\r\n\r\n--XX \r\n--XX--", NULL },
	{ "headers in any case and order", T, "--XX\r\ncontent-type: a/b\r\nCONTENT-DISPOSITION:form-data;name=\"a\"\r\n\r\n.\r\n--XX--", "a=. type a/b;" },
	{ "binary transfer", T, "--XX\r\n" CD "\"a\"\r\nContent-Transfer-Encoding: binary\r\n\r\n.\r\n--XX--", "a=.;" },
	{ "other media type", "application/json; boundary=XX", "--XX--", NULL },
	{ "no boundary", "multipart/form-data", "--XX--", NULL },
	{ "empty boundary", "multipart/form-data; boundary=\"\"", "----", NULL },
	{ "two boundaries", T "; boundary=YY", "--XX--", NULL },
	{ "boundary of 71", "multipart/form-data; boundary=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "--XX--", NULL },
	{ "boundary with a bad character", "multipart/form-data; boundary=\"a\"b", "--a--", NULL },
	{ "empty body", T, "", NULL },
	{ "text before the first boundary", T, "hi\r\n--XX--\r\n", NULL },
	{ "text after the last boundary", T, "--XX--\r\nhi", NULL },
	{ "no last boundary", T, "--XX\r\n" CD "\"a\"\r\n\r\nhello\r\n", NULL },
	{ "last boundary unfinished", T, "--XX\r\n" CD "\"a\"\r\n\r\nhello\r\n--XX-", NULL },
	{ "boundary that goes on", T, "--XX\r\n" CD "\"a\"\r\n\r\nhello\r\n--XXY\r\n--XX--", NULL },
	{ "blank after a boundary", T, "--XX \r\n" CD "\"a\"\r\n\r\n.\r\n--XX--", NULL },
	{ "bare line feeds", T, "--XX\n" CD "\"a\"\n\n.\n--XX--", NULL },
	{ "headers not ended", T, "--XX\r\n" CD "\"a\"\r\n--XX--", NULL },
	{ "no disposition", T, "--XX\r\nContent-Type: a/b\r\n\r\n.\r\n--XX--", NULL },
	{ "two dispositions", T, "--XX\r\n" CD "\"a\"\r\n" CD "\"b\"\r\n\r\n.\r\n--XX--", NULL },
	{ "other disposition", T, "--XX\r\nContent-Disposition: attachment; name=\"a\"\r\n\r\n.\r\n--XX--", NULL },
	{ "no name", T, "--XX\r\nContent-Disposition: form-data\r\n\r\n.\r\n--XX--", NULL },
	{ "two names", T, "--XX\r\n" CD "\"a\"; name=\"b\"\r\n\r\n.\r\n--XX--", NULL },
	{ "open quote", T, "--XX\r\n" CD "\"a\r\n\r\n.\r\n--XX--", NULL },
	{ "text after a quote", T, "--XX\r\n" CD "\"a\"b\r\n\r\n.\r\n--XX--", NULL },
	{ "folded header", T, "--XX\r\n" CD "\"a\"\r\n ; filename=\"x\"\r\n\r\n.\r\n--XX--", NULL },
	{ "blank before a colon", T, "--XX\r\nContent-Disposition : form-data; name=\"a\"\r\n\r\n.\r\n--XX--", NULL },
	{ "base64 transfer", T, "--XX\r\n" CD "\"a\"\r\nContent-Transfer-Encoding: base64\r\n\r\n.\r\n--XX--", NULL },
	{ "ill-formed UTF-8 in a name", T, "--XX\r\n" CD "\"\xff\"\r\n\r\n.\r\n--XX--", NULL },
	{ "ill-formed UTF-8 in a value", T, "--XX\r\n" CD "\"a\"\r\n\r\n\xff\r\n--XX--", NULL },
};

static void forms_with_parts_are_read_strictly(void **state)
{
	for (size_t i = 0; i < ROWS(parts); i++) {
		struct form_field *f = NULL;
		enum err e = form_multipart(*state, str_of(parts[i].type), str_of(parts[i].body), &f);
		struct str got = shown(*state, f);

		if (e != (parts[i].out ? OK : E_BAD) || (parts[i].out && !str_is(got, parts[i].out)))
			fail_msg("%s: err %d, %.*s", parts[i].rule, (int)e, STR_ARG(got));
	}
}

static void files_may_hold_any_byte_and_text_no_zero(void **state)
{
	static const char file[] = "--XX\r\n" CD "\"f\"; filename=\"x\"\r\n\r\n\0\xff\r\n--XX--";
	static const char plain[] = "--XX\r\n" CD "\"f\"\r\n\r\n\0\r\n--XX--";
	static const char named[] = "--XX\r\n" CD "\"f\0\"\r\n\r\n.\r\n--XX--";
	struct form_field *f;

	assert_int_equal(form_multipart(*state, S(T), S(file), &f), OK);
	assert_int_equal(f->value.n, 2);
	assert_int_equal(form_multipart(*state, S(T), S(plain), &f), E_BAD);
	assert_int_equal(form_multipart(*state, S(T), S(named), &f), E_BAD);
}

static void a_part_head_over_8_kib_is_too_big(void **state)
{
	struct buf b = buf_in(*state, 0);
	struct form_field *f;

	buf_z(&b, "--XX\r\n" CD "\"a\"\r\nX-Long: ");
	for (int i = 0; i < 9000; i++)
		buf_char(&b, 'x');
	buf_z(&b, "\r\n\r\n.\r\n--XX--");
	assert_int_equal(form_multipart(*state, S(T), buf_str(&b), &f), E_TOO_BIG);
}

/* Cutting a good body anywhere but in its last line end never gives a form. */
static void no_prefix_of_a_form_is_a_form(void **state)
{
	static const char whole[] = "--XX\r\n" CD "\"a\"; filename=\"x\"\r\n\r\nhello\r\n--XX\r\n" CD "\"b\"\r\n\r\n2\r\n--XX--\r\n";
	struct form_field *f;

	for (size_t n = 0; n < sizeof(whole) - 1; n++) {
		enum err e = form_multipart(*state, S(T), (struct str){ whole, n }, &f);

		assert_int_equal(e, n == sizeof(whole) - 3 ? OK : E_BAD);
	}
}

static void cookies_are_found_by_their_whole_name(void **state)
{
	static const struct { const char *header, *name, *value; } rows[] = {
		{ "", "a", "" }, { "a=1", "a", "1" }, { "ba=2; a=1", "a", "1" }, { "b=a=3; a=\"q\"", "a", "q" }, { "a=1; a=2", "a", "1" }, { "a", "a", "" },
		{ "A=1", "a", "" }, { "a=x=y", "a", "x=y" }, { "a=\"", "a", "\"" }, { " a = 1 ;", "a", "1" },
	};

	(void)state;
	for (size_t i = 0; i < ROWS(rows); i++)
		if (!str_is(cookie_get(str_of(rows[i].header), rows[i].name), rows[i].value))
			fail_msg("%s", rows[i].header);
}

#define ROW(t) cmocka_unit_test_setup_teardown(t, begin, end)
int main(void)
{
	const struct CMUnitTest tests[] = {
		ROW(percent_decoding_is_strict), ROW(queries_are_split_before_they_are_decoded), ROW(more_than_a_thousand_fields_are_too_big),
		ROW(forms_with_parts_are_read_strictly), ROW(files_may_hold_any_byte_and_text_no_zero), ROW(a_part_head_over_8_kib_is_too_big),
		ROW(no_prefix_of_a_form_is_a_form), ROW(cookies_are_found_by_their_whole_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
