/* tests/unit/grid_driver.c - for grid_openpyxl.py: "read FILE" prints each line as a JSON array, "write FILE" makes a known template. */
#include "grid/grid.h"

#define B(x) { x, sizeof(x) - 1 }

/* libxlsxwriter 1.1 copies the formula of a list twice and frees it once. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void) { return "leak:lxw_strdup"; }

static int64_t read_file(void *ctx, uint64_t at, void *to, size_t n)
{
	return fseek(ctx, (long)at, SEEK_SET) ? -1 : (int64_t)fread(to, 1, n, ctx);
}

static int read_all(const char *path)
{
	FILE *f = fopen(path, "rb");
	struct grid_source s = { read_file, f, 0 };
	struct str zh = S(""), en = S("");
	struct grid_in *r = NULL;
	struct grid_line l;
	struct arena a;
	enum err e;

	if (!f || fseek(f, 0, SEEK_END))
		return 2;
	s.size = (uint64_t)ftell(f);
	arena_init(&a, 64 << 20, NULL);
	e = grid_open(&a, &s, S(""), NULL, &r, &zh, &en);
	if (e)
		printf("{\"open\":\"%s\",\"en\":\"%.*s\"}\n", err_name(e), STR_ARG(en));
	while (r && (e = grid_next(r, &a, &l)) != E_ABSENT && (e == OK || e == E_BAD)) {
		struct buf b = buf_in(&a, 256);

		buf_fmt(&b, "[%llu", (unsigned long long)l.no);
		for (size_t i = 0; e == OK && i < l.n; i++) {
			buf_char(&b, ',');
			buf_json(&b, l.cell[i]);
		}
		if (e == E_BAD) {
			buf_fmt(&b, ",{\"column\":%zu,\"en\":", l.column);
			buf_json(&b, l.en);
			buf_char(&b, '}');
		}
		printf("%.*s]\n", (int)b.n, b.p);
	}
	grid_close(r);
	arena_end(&a);
	fclose(f);
	return 0;
}

static int write_known(const char *path)
{
	static const struct str grade[] = { B("甲"), B("乙"), B("丙") }, hard[] = { B("a,b"), B("c\"d"), B("e") };
	static const struct grid_column c[] = {
		{ .heading = B("品名"), .note = B("必填。见第三条。"), .required = true, .example = B("龙井") },
		{ .heading = B("追溯码"), .example = B("690123456789012345"), .width = 24 },
		{ .heading = B("重量"), .number = true, .example = B("1.5") },
		{ .heading = B("等级"), .choice = grade, .n_choice = 3 },
		{ .heading = B("类别"), .choice = hard, .n_choice = 3, .note = B("second note") },
	};
	static const struct str rows[][5] = {
		{ B("茶 <&>\"'"), B("012345678901234567"), B("-12.25"), B("甲"), B("a,b") },
		{ B("=1+1"), B("two\nlines"), B("0123"), B(""), B("e") },
		{ B(" blanks "), B("_x0041_"), B("0.1"), B("乙"), B("\x01") },
	};
	struct grid_out *o;
	struct arena a;
	enum err e;

	arena_init(&a, 1 << 20, NULL);
	if (grid_begin(&a, GRID_XLSX, path, NULL, S("产品"), c, ROWS(c), true, &o))
		return 2;
	for (size_t i = 0; i < ROWS(rows); i++)
		if (grid_put(o, rows[i], ROWS(c)))
			return 2;
	e = grid_end(o);
	arena_end(&a);
	return e ? 2 : 0;
}

int main(int argc, char **argv)
{
	if (argc != 3)
		return 2;
	return strcmp(argv[1], "read") == 0 ? read_all(argv[2]) : write_known(argv[2]);
}
