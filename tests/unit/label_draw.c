/* tests/unit/label_draw.c - writes what label_decode.py reads back.
 *
 * label_draw symbols DIR < LIST   a line each: symbology TAB module TAB hex of the content; DIR/N.png and DIR/N.svg, or the line
 *                                 "N: sentence" on standard output. N counts from 1. module: pixels in the PNG, tenths of a mm in the SVG.
 * label_draw sheet TEMPLATE FILE COUNT [LOGO]     TEMPLATE is a ready name or a file; "{url}" and the rest are numbered; PDF
 * label_draw svg TEMPLATE FILE [LOGO]
 * label_draw zpl|tspl TEMPLATE FILE DOTS [LOGO]
 */
#include <setjmp.h>

#include "label/label.h"

enum { LINE = 20000, ARENA = 256 * 1024 * 1024 };

static struct arena arena, each;      /* each: one label */
static jmp_buf full;

static void die(const char *what, struct str en)
{
	fprintf(stderr, "%s: %.*s\n", what, STR_ARG(en));
	exit(1);
}

static void save(const char *name, struct str s)
{
	FILE *f = fopen(name, "wb");

	if (!f || fwrite(s.p, 1, s.n, f) != s.n || fclose(f))
		die(name, S("not written"));
}

static struct str load(const char *name)
{
	FILE *f = fopen(name, "rb");
	char *p = malloc(1 << 20);
	size_t n = f && p ? fread(p, 1, 1 << 20, f) : 0;
	struct str s = n ? str_copy(&arena, (struct str){ p, n }) : S("");

	free(p);
	if (!f)
		die(name, S("not read"));
	fclose(f);
	return s;
}

static void one_symbol(const char *dir, size_t at, char *line)
{
	struct str rest = str_trim(str_of(line)), kind, module, zh, en, png, content;
	struct symbol s;
	struct buf svg;
	int64_t size;
	char *raw;

	if (!str_cut(&rest, '\t', &kind) || !str_cut(&rest, '\t', &module) || !str_to_int(module, &size))
		die("list", S("no such line"));
	raw = TAKE(&arena, char, rest.n / 2 + 1);
	content = (struct str){ raw, rest.n / 2 };
	if (!hex_get(rest, raw, rest.n / 2))
		die("list", S("no hex"));
	if (symbol_make(&arena, symbology_of(kind), content, 0, &s, &zh, &en)) {
		printf("%zu: %.*s\n", at, STR_ARG(en));
		return;
	}
	if (symbol_png(&arena, &s, (unsigned)size, (unsigned)size * 40, &png))
		die("png", S("not made"));
	save(str_fmt(&arena, "%s/%zu.png", dir, at).p, png);
	svg = buf_in(&arena, 4096);
	symbol_svg(&svg, &s, (double)size / 10, (double)size * 4);
	save(str_fmt(&arena, "%s/%zu.svg", dir, at).p, buf_str(&svg));
}

static int symbols(const char *dir)
{
	static char line[LINE];

	for (size_t at = 1; fgets(line, sizeof(line), stdin); at++) {
		arena_reset(&arena);
		one_symbol(dir, at, line);
	}
	return 0;
}

static void template(const char *name, struct label_template *ret)
{
	const char *ready, *ready_zh, *json;
	struct str zh, en, text = S("");

	for (size_t i = 0; (json = template_ready(i, &ready, &ready_zh)); i++)
		if (strcmp(name, ready) == 0)
			text = str_of(json);
	if (text.n == 0)
		text = load(name);
	if (template_read(&arena, text, ret, &zh, &en))
		die(name, en);
}

static size_t values(struct label_value *v, size_t at)
{
	static const char *const hostile = "^XZ~JR\"\r\nPRINT 9\r\n^FS^FD\\x1b\xe2\x80\xae<b>&";
	size_t n = 0;

	v[n++] = (struct label_value){ S("url"), str_fmt(&each, "https://suyuan.example.cn/q/7CEA61XZP272GEAWPHSN?n=%05zu&v=%zu", at, at * 7919) };
	v[n++] = (struct label_value){ S("product_name"), at % 5 == 4 ? str_of(hostile) : at % 3 == 2 ?
		S("矿用提升钢丝绳（特级镀锌）6×36WS+IWRC 面接触重要用途超长产品名称示例，仍须排在框内") : S("钢芯阻燃输送带") };
	v[n++] = (struct label_value){ S("specification"), at % 2 ? S("ST/S 2500 1200×(8+8) 超长规格型号 ABCDEFGHIJKLMNOPQRST") : S("6×36WS φ28") };
	v[n++] = (struct label_value){ S("batch"), str_fmt(&each, "B2026-%04zu", at) };
	v[n++] = (struct label_value){ S("production_date"), S("2026-11-22") };
	v[n++] = (struct label_value){ S("maker"), S("某某矿用产品制造有限公司（山东省济宁市任城区开发大道一百二十八号）") };
	v[n++] = (struct label_value){ S("code"), str_fmt(&each, "7CEA6 1XZP2 72GEA %05zu", at) };
	v[n++] = (struct label_value){ S("gs1"), str_fmt(&each, "(01)06901234567892(10)B%04zu(21)%zu", at, at) };
	v[n++] = (struct label_value){ S("gtin"), str_fmt(&each, "6901%08zu", at) };
	return n;
}

static bool to_file(void *ctx, const char *p, size_t n) { return fwrite(p, 1, n, ctx) == n; }

static int sheet(const char *name, const char *file, size_t count, const struct label_logo *logo)
{
	struct label_sink sink = { to_file, fopen(file, "wb") };
	struct label_value v[16];
	struct label_template t;
	struct label_sheet *s;
	struct str zh, en = S("not written");

	template(name, &t);
	if (!sink.ctx || label_sheet_begin(&t, logo, &sink, &s, &zh, &en))
		die(file, en);
	for (size_t i = 0; i < count; i++) {
		arena_reset(&each);
		if (label_sheet_put(s, &each, v, values(v, i), &zh, &en))
			die("sheet", en);
	}
	printf("%llu %g %g %g %g %g %g %u %u\n", (unsigned long long)label_sheet_pages(s), t.left, t.top, t.w, t.h, t.gap_x, t.gap_y, t.columns, t.rows);
	if (label_sheet_end(s) || fclose(sink.ctx))
		die(file, S("not ended"));
	return 0;
}

static int single(const char *what, const char *name, const char *file, unsigned dots, const struct label_logo *logo)
{
	struct buf out = buf_in(&arena, 1024);
	struct label_template t;
	struct label_value v[16];
	struct str zh, en;
	size_t n = values(v, 4);
	enum err e;

	template(name, &t);
	if (strcmp(what, "svg") == 0)
		e = label_svg(&arena, &t, logo, v, n, &out, &zh, &en);
	else
		e = label_print(&arena, strcmp(what, "zpl") == 0 ? PRINTER_ZPL : PRINTER_TSPL, &t, logo, dots, v, n, &out, &zh, &en);
	if (e)
		die(what, en);
	save(file, buf_str(&out));
	return 0;
}

static int run(int argc, char **argv)
{
	struct label_logo logo = { S("") };
	int at = argc > 1 && strcmp(argv[1], "svg") == 0 ? 4 : 5;

	if (argc > at)
		logo.png = load(argv[at]);
	if (argc == 3 && strcmp(argv[1], "symbols") == 0)
		return symbols(argv[2]);
	if (argc >= 5 && strcmp(argv[1], "sheet") == 0)
		return sheet(argv[2], argv[3], strtoul(argv[4], NULL, 10), &logo);
	if (argc >= 4)
		return single(argv[1], argv[2], argv[3], argc > 4 && at == 5 ? (unsigned)strtoul(argv[4], NULL, 10) : 8, &logo);
	return 2;
}

int main(int argc, char **argv)
{
	int done;

	arena_init(&arena, ARENA, &full);
	arena_init(&each, ARENA, &full);
	if (setjmp(full))
		die("memory", S("full"));
	done = run(argc, argv);
	arena_end(&arena);
	arena_end(&each);
	return done;
}
