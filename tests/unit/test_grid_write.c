/* tests/unit/test_grid_write.c - what is written is read again as it was: random rows in every form, the apostrophe rule, refusals. */
#include <unistd.h>

#include "test_grid_kit.h"

enum { COLUMNS = 6 };

/* libxlsxwriter 1.1 copies the formula of a list twice and frees it once. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void) { return "leak:lxw_strdup"; }

static bool keep(void *ctx, const char *p, size_t n)
{
	add(ctx, p, n);
	return true;
}

static bool refuse(void *ctx, const char *p, size_t n)
{
	(void)ctx;
	(void)p;
	(void)n;
	return false;
}

static void file_name(char out[64]) { snprintf(out, 64, "/tmp/test_grid_%d.xlsx", (int)getpid()); }

static void slurp(const char *path, struct bytes *b)
{
	char buf[4096];
	FILE *f = fopen(path, "rb");
	size_t n;

	assert_non_null(f);
	while ((n = fread(buf, 1, sizeof(buf), f)) > 0)
		add(b, buf, n);
	fclose(f);
}

/* ---- random cells, mostly of what readers trip over ---- */

static uint64_t seed;

static uint32_t dice(uint32_t n)
{
	seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407u;
	return (uint32_t)(seed >> 33) % n;
}

static struct str random_cell(struct arena *a, enum grid_form f)
{
	static const char *const bits[] = {
		"'", "=", "+", "-", "@", "\"", ",", ";", "\t", " ", "\n", "\r", "\r\n", "_", "_x000D_", "_x005F_", "x", "0", "1.5", "12", "-", "茶",
		"\xf0\xa0\x80\x80", "&", "<", "]]>", "\x01", "\x1f", "\x7f", "\xef\xbf\xbf", "\xef\xbf\xbe", "\xef\xbb\xbf", "\xef\xbc\x9d", "NULL", "\xc2\x85", "{", "\\",
	};
	struct buf b = buf_in(a, 64);

	for (uint32_t n = dice(4) ? dice(7) : 0; n; n--) {
		const char *z = bits[dice(ROWS(bits))];

		if (f != GRID_TEXT || (*z != '\n' && *z != '\r' && strcmp(z, "\xef\xbb\xbf") != 0))     /* a mark at the start is no text */
			buf_z(&b, z);
	}
	return buf_str(&b);
}

static struct grid_column columns[COLUMNS];

static void name_columns(void)
{
	static const char *const names[] = { "品名", "code", "weight", "d", "e;x", "\"f\"" };

	for (size_t i = 0; i < COLUMNS; i++)
		columns[i] = (struct grid_column){ .heading = str_of(names[i]) };
}

static void compare(const struct grid_line *l, const struct str *want, size_t n, enum grid_form f, struct arena *a, unsigned round)
{
	struct buf json = buf_in(a, 256);
	bool first = true;

	if (f == GRID_NDJSON) {
		for (size_t i = 0; i < n; i++) {
			if (!want[i].n)
				continue;
			buf_z(&json, first ? "{" : ",");
			first = false;
			buf_json(&json, columns[i].heading);
			buf_char(&json, ':');
			buf_json(&json, want[i]);
		}
		buf_char(&json, '}');
		if (!str_eq(l->raw, buf_str(&json)))
			fail_msg("round %u: %.*s", round, STR_ARG(l->raw));
		return;
	}
	assert_int_equal(l->n, n);
	for (size_t i = 0; i < n; i++)
		if (!str_eq(l->cell[i], want[i]))
			fail_msg("form %d, round %u, cell %zu: got [%.*s], want [%.*s]", f, round, i, STR_ARG(l->cell[i]), STR_ARG(want[i]));
}

static void read_back(struct arena *a, const struct bytes *b, enum grid_form f, struct str (*want)[COLUMNS], size_t n, size_t cols, unsigned round)
{
	struct str in = { b->p, b->n }, zh, en;
	struct grid_source src = grid_of_bytes(&in);
	struct grid_in *r;
	struct grid_line l;

	if (f == GRID_TEXT && (b->n == 0 || memchr(b->p, ',', b->n) || memchr(b->p, ';', b->n) || memchr(b->p, '\t', b->n)))
		return;                 /* a heading with separators makes it CSV: codes have none */
	assert_int_equal(grid_open(a, &src, S(""), NULL, &r, &zh, &en), OK);
	if (grid_form(r) != f && f == GRID_TEXT) {
		grid_close(r);
		return;
	}
	assert_int_equal(grid_form(r), f);
	for (size_t i = f == GRID_CSV || f == GRID_XLSX ? 0 : 1; i <= n; i++) {
		bool empty = i > 0, blank = i > 0;
		struct str heading[COLUMNS];

		for (size_t c = 0; c < cols; c++) {
			heading[c] = columns[c].heading;
			empty = empty && want[i - 1][c].n == 0;
			blank = blank && str_trim(want[i - 1][c]).n == 0;
		}
		if ((empty && f != GRID_NDJSON) || (blank && f == GRID_TEXT))
			continue;
		assert_int_equal(grid_next(r, a, &l), OK);
		if (empty)
			assert_true(str_is(l.raw, "{}"));
		else
			compare(&l, i ? want[i - 1] : heading, cols, f, a, round);
	}
	assert_int_equal(grid_next(r, a, &l), E_ABSENT);
	grid_close(r);
}

static void one_round(enum grid_form f, unsigned round)
{
	struct bytes b = { 0 };
	struct grid_sink sink = { keep, &b };
	size_t n = dice(40), cols = f == GRID_TEXT ? 1 : f == GRID_XLSX || f == GRID_CSV ? COLUMNS : 1 + dice(COLUMNS);
	struct str want[40][COLUMNS];
	struct grid_out *o;
	char path[64];
	struct arena a;

	file_name(path);
	arena_init(&a, 64 << 20, NULL);
	assert_int_equal(grid_begin(&a, f, f == GRID_XLSX ? path : NULL, &sink, S("表"), columns, cols, false, &o), OK);
	for (size_t i = 0; i < n; i++) {
		for (size_t c = 0; c < cols; c++)
			want[i][c] = random_cell(&a, f);
		assert_int_equal(grid_put(o, want[i], cols), OK);
	}
	assert_int_equal(grid_end(o), OK);
	if (f == GRID_XLSX) {
		slurp(path, &b);
		unlink(path);
	}
	if (b.n)
		read_back(&a, &b, f, want, n, cols, round);
	drop(&b);
	arena_end(&a);
}

static void rows_come_back_as_they_went(void **state)
{
	const char *given = getenv("SUYUAN_SEED");

	(void)state;
	seed = given ? strtoull(given, NULL, 10) : (uint64_t)getpid() * 1000003;
	print_message("seed %llu\n", (unsigned long long)seed);
	name_columns();
	for (unsigned i = 0; i < 400; i++) {
		one_round(GRID_CSV, i);
		one_round(GRID_NDJSON, i);
		one_round(GRID_TEXT, i);
		if (i % 4 == 0)
			one_round(GRID_XLSX, i);
	}
}

/* ---- exact bytes ---- */

static void csv_as_spreadsheets_want_it(void **state)
{
	static const struct grid_column two[] = { { .heading = { "a", 1 }, .example = { "x", 1 } }, { .heading = { "b,", 2 } } };
	const struct str rows[][2] = { { B("=1+1"), B("-5") }, { B("+8613"), B("+8 613") }, { B("@x"), B("'=x") }, { B("\t"), B("\"q\"") },
	                               { B("-1.5.2"), B("'x") }, { B("\xef\xbc\x8b"), B("a\nb") }, { B("-"), B("") } };
	struct bytes b = { 0 };
	struct grid_sink sink = { keep, &b };
	struct grid_out *o;
	struct arena a;

	(void)state;
	arena_init(&a, 1 << 20, NULL);
	assert_int_equal(grid_begin(&a, GRID_CSV, NULL, &sink, S(""), two, 2, true, &o), OK);
	for (size_t i = 0; i < ROWS(rows); i++)
		assert_int_equal(grid_put(o, rows[i], 2), OK);
	assert_int_equal(grid_end(o), OK);
	add(&b, "", 1);
	assert_string_equal(b.p, "\xef\xbb\xbf" "a,\"b,\"\r\nx,\r\n'=1+1,-5\r\n+8613,'+8 613\r\n'@x,''=x\r\n\"'\t\",\"\"\"q\"\"\"\r\n'-1.5.2,'x\r\n"
	                         "'\xef\xbc\x8b,\"a\nb\"\r\n'-,\r\n");
	drop(&b);
	arena_end(&a);
}

static void what_cannot_be_written_is_refused(void **state)
{
	const struct grid_column one = { .heading = { "a", 1 } };
	const struct str nul = B("a\0b"), ill = B("\xff"), two[] = { B("a"), B("b") }, line = B("a\nb");
	struct bytes b = { 0 };
	struct grid_sink sink = { keep, &b }, deaf = { refuse, NULL };
	struct grid_out *o;
	char path[64];
	struct arena a;

	(void)state;
	file_name(path);
	arena_init(&a, 1 << 20, NULL);
	for (enum grid_form f = GRID_CSV; f < GRID_FORMS; f++) {
		assert_int_equal(grid_begin(&a, f, path, &sink, S("[]"), &one, 1, false, &o), OK);
		assert_int_equal(grid_put(o, &nul, 1), E_BAD);
		assert_int_equal(grid_put(o, &ill, 1), E_BAD);
		assert_int_equal(grid_put(o, two, 2), E_BAD);
		assert_int_equal(grid_put(o, &line, 1), f == GRID_TEXT ? E_BAD : OK);
		assert_int_equal(grid_end(o), OK);
	}
	assert_int_equal(grid_begin(&a, GRID_XLSX, path, NULL, S(""), &one, 1, false, &o), E_CLASH);     /* it is there */
	assert_int_equal(access(path, F_OK), 0);
	unlink(path);
	assert_int_equal(grid_begin(&a, GRID_XLSX, "/nowhere/at/all.xlsx", NULL, S(""), &one, 1, false, &o), E_IO);
	assert_int_equal(grid_begin(&a, GRID_CSV, NULL, &deaf, S(""), &one, 1, false, &o), E_IO);
	assert_int_equal(grid_begin(&a, GRID_TEXT, NULL, &deaf, S(""), &one, 1, false, &o), OK);
	assert_int_equal(grid_put(o, two, 1), E_IO);
	assert_int_equal(grid_put(o, two, 1), E_IO);
	assert_int_equal(grid_end(o), E_IO);
	drop(&b);
	arena_end(&a);
}

/* A cell the library refuses ends the writing, and the file goes. */
static void a_workbook_half_written_goes(void **state)
{
	const struct grid_column one = { .heading = { "a", 1 } };
	struct bytes b = { 0 };
	struct grid_out *o;
	char path[64];
	struct arena a;

	(void)state;
	file_name(path);
	for (int i = 0; i < 40000; i++)
		addz(&b, "x");
	arena_init(&a, 1 << 20, NULL);
	assert_int_equal(grid_begin(&a, GRID_XLSX, path, NULL, S("x"), &one, 1, false, &o), OK);
	assert_int_equal(grid_put(o, &(struct str){ b.p, b.n }, 1), E_TOO_BIG);
	assert_int_equal(grid_end(o), E_TOO_BIG);
	assert_int_not_equal(access(path, F_OK), 0);
	drop(&b);
	arena_end(&a);
}

/* Numbers as numbers, codes as text, choices long and short, and the same bytes every time. */
static void a_template(void **state)
{
	static const struct str few[] = { { "甲", 3 }, { "乙", 3 } }, commas[] = { { "a,b", 3 }, { "c", 1 } };
	const struct grid_column c[] = { { .heading = B("名称"), .note = B("必填"), .required = true, .example = B("例") },
		{ .heading = B("重量"), .number = true, .example = B("1.5") }, { .heading = B("级"), .choice = few, .n_choice = 2 },
		{ .heading = B("别"), .choice = commas, .n_choice = 2, .width = 30 } };
	const struct str row[] = { B("123456789012345678"), B("-12.25"), B("甲"), B("a,b") }, odd[] = { B("x"), B("007"), B("1234567890123456"), B("") };
	struct bytes b[2] = { { 0 }, { 0 } };
	struct grid_out *o;
	char path[64];
	struct arena a;

	(void)state;
	file_name(path);
	arena_init(&a, 1 << 20, NULL);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(grid_begin(&a, GRID_XLSX, path, NULL, S("产品/表"), c, ROWS(c), true, &o), OK);
		assert_int_equal(grid_put(o, row, 4), OK);
		assert_int_equal(grid_put(o, odd, 3), OK);
		assert_int_equal(grid_end(o), OK);
		slurp(path, &b[i]);
		unlink(path);
	}
	assert_int_equal(b[0].n, b[1].n);
	assert_memory_equal(b[0].p, b[1].p, b[0].n);
	check_dump("a template", (struct str){ b[0].p, b[0].n }, "", NULL,
	           "1:名称|重量|级|别;2:例|1.5||;3:123456789012345678|-12.25|甲|a,b;4:x|007|1234567890123456|;.");
	drop(&b[0]);
	drop(&b[1]);
	arena_end(&a);
}

/* A sheet holds 1,048,576 rows; reading gives the first sheet. */
static void more_lines_than_a_sheet_holds(void **state)
{
	const struct grid_column one = { .heading = { "a", 1 }, .number = true };
	const struct str cell = { "7", 1 };
	struct bytes b = { 0 }, d;
	struct grid_out *o;
	size_t lines = 0;
	char path[64];
	struct arena a;

	(void)state;
	file_name(path);
	arena_init(&a, 1 << 20, NULL);
	assert_int_equal(grid_begin(&a, GRID_XLSX, path, NULL, S("x"), &one, 1, false, &o), OK);
	for (int i = 0; i < 1048577; i++)
		assert_int_equal(grid_put(o, &cell, 1), OK);
	assert_int_equal(grid_end(o), OK);
	slurp(path, &b);
	unlink(path);
	d = dump((struct str){ b.p, b.n }, "", NULL);
	for (const char *p = d.p; *p; p++)
		lines += *p == ';';
	assert_int_equal(lines, 1048576);
	assert_true(d.n > 20 && strcmp(d.p + d.n - 12, "1048576:7;.") == 0);
	drop(&b);
	drop(&d);
	arena_end(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(more_lines_than_a_sheet_holds),
		cmocka_unit_test(rows_come_back_as_they_went), cmocka_unit_test(csv_as_spreadsheets_want_it),
		cmocka_unit_test(what_cannot_be_written_is_refused), cmocka_unit_test(a_workbook_half_written_goes), cmocka_unit_test(a_template),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
