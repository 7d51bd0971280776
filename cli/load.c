/* cli/load.c - suyuan load: a table is sent, looked through and filed, by the same operations as on the page. */
#include <unistd.h>

#include "base/sys.h"
#include "cli/cli.h"
#include "kernel/job.h"

enum { PIECE = 64 * SPOOL_BLOCK, SHOWN = 50 };

struct load {
	const struct cli *cli;
	struct kernel *k;
	const struct actor *who;
	struct arena a;
	jmp_buf full;
};

static const char *option(const struct cli *c, const char *name, const char *otherwise)
{
	for (size_t i = 0; i < c->n_fields; i++)
		if (strcmp(c->field[i].name, name) == 0)
			return c->field[i].value;
	return otherwise;
}

/* The answer, or NULL after saying why. */
static const struct node *ask(struct load *l, const char *op, struct node *in, struct str bytes)
{
	struct call *c = TAKE(&l->a, struct call, 1);

	*c = (struct call){ .k = l->k, .op = op_find(l->k, str_of(op)), .who = l->who, .arena = &l->a, .raw = in, .now = clock_now(), .upload = { .bytes = bytes } };
	op_run_wait(c);
	if (!c->err)
		return c->out;
	cli_say(c->err, c->why_zh ? str_fmt(&l->a, "%s / %s", c->why_zh, c->why_en).p : NULL);
	for (const struct trouble *t = c->troubles.first; t; t = t->next)
		fprintf(stderr, "  %.*s: %.*s / %.*s\n", STR_ARG(t->field), STR_ARG(t->zh), STR_ARG(t->en));
	return NULL;
}

static struct node *with_id(struct load *l, struct str id)
{
	struct node *in = node_obj(&l->a);

	put_str(&l->a, in, "id", id);
	return in;
}

/* What the lines are: said with --as, else the file's name up to its first dot, hyphen or underscore ("batch-2026.csv"). */
static struct str what_of(struct load *l, const char *path)
{
	const char *name = strrchr(path, '/') ? strrchr(path, '/') + 1 : path, *said = option(l->cli, "as", NULL);
	size_t n = strcspn(name, ".-_");

	if (said)
		return str_of(said);
	if (kernel_type(l->k, (struct str){ name, n }))
		return str_copy(&l->a, (struct str){ name, n });
	return S("any");
}

static bool send_pieces(struct load *l, FILE *f, struct str id)
{
	char *piece = malloc(PIECE);
	uint64_t at = 0;
	size_t n;
	bool ok = piece != NULL;

	while (ok && (n = fread(piece, 1, PIECE, f)) > 0) {
		struct node *in = with_id(l, id);

		put_int(&l->a, in, "at", (int64_t)at);
		ok = ask(l, "load.data", in, (struct str){ piece, n }) != NULL;
		at += n;
	}
	free(piece);
	return ok && !ferror(f);
}

static const struct node *wait_for(struct load *l, struct str id, const char *doing)
{
	bool tty = isatty(2) == 1;

	for (;;) {
		const struct node *o = ask(l, "load.get", with_id(l, id), S("")), *p = node_get(o, "progress");
		struct str state = node_text(o, "state");

		if (!o || (!str_is(state, "checking") && !str_is(state, "filing"))) {
			if (tty)
				fprintf(stderr, "\r%60s\r", "");
			return o;
		}
		if (tty && p)
			fprintf(stderr, "\r%s %lld%%", doing, (long long)node_number(p, "percent", 0));
		usleep(50000);
	}
}

static void print_refused(const struct node *o)
{
	size_t n = 0;

	for (const struct node *x = node_get(o, "refused") ? node_get(o, "refused")->first : NULL; x && n < SHOWN; x = x->next, n++)
		for (const struct node *e = node_get(x, "errors")->first; e; e = e->next)
			fprintf(stderr, "  %lld: %.*s / %.*s\n", (long long)node_number(x, "line", 0), STR_ARG(node_text(e, "zh")), STR_ARG(node_text(e, "en")));
	if (node_number(o, "bad", 0) > SHOWN)
		fprintf(stderr, "  ……\n");
}

/* --choice all: file nothing unless every line is right; good (the default): the good lines; look: only look through. */
static int load_file(struct load *l, const char *path)
{
	const char *choice = option(l->cli, "choice", "good"), *fixed = option(l->cli, "fixed", NULL), *name = strrchr(path, '/');
	struct node *in = node_obj(&l->a);
	const struct node *o;
	struct str id;
	FILE *f = fopen(path, "rb");
	bool sent;

	if (!f)
		return cli_say(E_ABSENT, str_fmt(&l->a, "%s: 打不开 / cannot be opened", path).p);
	put_str(&l->a, in, "what", what_of(l, path));
	put_z(&l->a, in, "name", name ? name + 1 : path);
	if (fixed)
		put_z(&l->a, in, "fixed", fixed);
	if (strcmp(choice, "good") == 0)
		put_z(&l->a, in, "choice", choice);
	o = ask(l, "load.create", in, S(""));
	id = node_text(o, "id");
	sent = o && send_pieces(l, f, id) && ask(l, "load.check", with_id(l, id), S(""));
	fclose(f);
	if (!sent || !(o = wait_for(l, id, "检查 / checking")))
		return err_exit(E_BAD);
	if (strcmp(choice, "all") == 0 && node_number(o, "good", 0) && !node_number(o, "bad", 0)) {
		in = with_id(l, id);
		put_z(&l->a, in, "choice", choice);
		if (!ask(l, "load.file", in, S("")) || !(o = wait_for(l, id, "填报 / filing")))
			return err_exit(E_BAD);
	}
	if (l->cli->json)
		printf("%.*s\n", STR_ARG(json_str(&l->a, o)));
	else
		printf("%s: %lld 行，%lld 行已填报，%lld 行被拒 / %lld lines, %lld filed, %lld refused\n", path, (long long)node_number(o, "lines", 0),
		       (long long)node_number(o, "filed", 0), (long long)node_number(o, "bad", 0), (long long)node_number(o, "lines", 0),
		       (long long)node_number(o, "filed", 0), (long long)node_number(o, "bad", 0));
	if (node_text(o, "why_zh").n)
		fprintf(stderr, "  %.*s / %.*s\n", STR_ARG(node_text(o, "why_zh")), STR_ARG(node_text(o, "why_en")));
	print_refused(o);
	return node_number(o, "bad", 0) || node_text(o, "why_zh").n ? err_exit(E_BAD) : 0;
}

int cli_load(const struct cli *c)
{
	struct load l = { .cli = c, .who = &the_operator };
	volatile int code = 0;
	enum err e;

	if (c->n < 2)
		return cli_say(E_BAD, "用法 / usage: suyuan load 文件… [--as batch] [--choice all|good|look] [--fixed 字段=值] --token T");
	e = cli_open(c, true, &l.k);
	if (e)
		return err_exit(e);
	arena_init(&l.a, (size_t)1 << 30, &l.full);
	if (c->token)
		e = actor_of(l.k, &l.a, str_of(c->token), S(""), clock_now(), &l.who);
	if (e)
		code = cli_say(e, NULL);
	for (volatile size_t i = 1; i < c->n && !e; i++) {
		int one = setjmp(l.full) ? cli_say(E_TOO_BIG, NULL) : load_file(&l, c->words[i]);

		code = one ? one : code;
	}
	arena_end(&l.a);
	kernel_close(l.k);
	return code;
}
