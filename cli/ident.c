/* cli/ident.c - `suyuan ident`: one text a line in, one JSON object (or one line of text) out. No rule of any code.
 *
 * Always answers every line, whatever it holds: broken UTF-8, control characters, nothing at all.
 */
#include "../ident/ident.h"

enum { LINE_MOST = 65536, SHOW_MOST = 256 };

struct options {
	enum ident_kind kind;
	enum ident_mode mode;
	bool json;
};

static void put_text(struct buf *b, const struct ident_result *r)
{
	const char *kind = ident_kind_name(r->kind);

	buf_fmt(b, "%s\t%s\t", kind ? kind : "-", r->valid ? "valid" : "invalid");
	if (r->valid)
		buf_add(b, r->normal);
	else if (r->error.code)
		buf_fmt(b, "%s@%zu %.*s", r->error.code, r->error.position, STR_ARG(r->error.zh));
	buf_char(b, '\n');
}

static void answer(struct arena *a, const struct options *o, struct str line, bool too_long, FILE *out)
{
	struct ident_result r;
	struct buf b;

	if (too_long) {
		r = (struct ident_result){ .kind = o->kind, .error = { "too_long", LINE_MOST, S("一行超过 64 KiB，未检查"),
			S("the line is longer than 64 KiB and was not checked") } };
		line = str_sub(line, 0, SHOW_MOST);
	} else if (o->kind == IDENT_NONE) {
		ident_scan(a, line, o->mode, &r);
	} else {
		ident_check(a, o->kind, line, o->mode, &r);
	}
	b = buf_in(a, line.n + 512);
	if (o->json) {
		ident_json(&b, line, &r);
		buf_char(&b, '\n');
	} else {
		put_text(&b, &r);
	}
	fwrite(b.p, 1, b.n, out);
}

/* A frame of its own for the jump. False when the arena was full. */
static bool answer_within(struct arena *a, jmp_buf *full, const struct options *o, struct str line, bool too_long, FILE *out)
{
	if (setjmp(*full))
		return false;
	answer(a, o, line, too_long, out);
	return true;
}

/* False at the end of the input. A line longer than LINE_MOST is read to its end and cut. */
static bool read_line(FILE *in, char line[LINE_MOST], size_t *ret_n, bool *ret_long)
{
	int ch = getc(in);

	*ret_n = 0;
	*ret_long = false;
	if (ch == EOF)
		return false;
	for (; ch != EOF && ch != '\n'; ch = getc(in)) {
		if (*ret_n < LINE_MOST)
			line[(*ret_n)++] = (char)ch;
		else
			*ret_long = true;
	}
	if (*ret_n && line[*ret_n - 1] == '\r' && !*ret_long)
		(*ret_n)--;
	return true;
}

static int usage(FILE *err, const char *what)
{
	fprintf(err, "suyuan ident: %s\nusage: suyuan ident [--kind K] [--json] [--lenient]\nkinds:", what);
	for (unsigned k = IDENT_NONE + 1; k < IDENT_KIND_COUNT; k++)
		fprintf(err, " %s", ident_kind_name((enum ident_kind)k));
	fputc('\n', err);
	return 2;
}

int cli_ident(int argc, char **argv, FILE *in, FILE *out);

int cli_ident(int argc, char **argv, FILE *in, FILE *out)
{
	struct options o = { IDENT_NONE, IDENT_STRICT, false };
	struct arena a;
	jmp_buf full;
	char *line;
	size_t n;
	bool too_long;

	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--json") == 0) {
			o.json = true;
		} else if (strcmp(argv[i], "--lenient") == 0) {
			o.mode = IDENT_LENIENT;
		} else if (strcmp(argv[i], "--kind") == 0 && i + 1 < argc) {
			o.kind = ident_kind_of(str_of(argv[++i]));
			if (o.kind == IDENT_NONE)
				return usage(stderr, "no such kind");
		} else if (strncmp(argv[i], "--kind=", 7) == 0) {
			o.kind = ident_kind_of(str_of(argv[i] + 7));
			if (o.kind == IDENT_NONE)
				return usage(stderr, "no such kind");
		} else {
			return usage(stderr, "unknown option");
		}
	}
	line = malloc(LINE_MOST);
	if (!line)
		return 1;
	arena_init(&a, (size_t)256 << 20, &full);
	while (read_line(in, line, &n, &too_long)) {
		if (!answer_within(&a, &full, &o, (struct str){ line, n }, too_long, out))
			fputs("{\"input\":\"\",\"kind\":null,\"valid\":false,\"normal\":null,\"parts\":{},\"error\":{\"code\":\"memory\","
				"\"position\":0,\"zh\":\"内容过于复杂\",\"en\":\"too complex\"},\"warnings\":[]}\n", out);
		arena_reset(&a);
	}
	arena_end(&a);
	free(line);
	return ferror(out) || fflush(out) ? 1 : 0;
}
