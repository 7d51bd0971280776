/* cli/cli.c - arguments, and one operation as one command: same name, same fields, same checks as everywhere. */
#include "base/sys.h"
#include "cli/cli.h"

const struct actor the_operator = { .roles = R_OPERATOR, .login = { "operator", 8 } };

int cli_say(enum err e, const char *why)
{
	if (why && why[0])
		fprintf(stderr, "suyuan: %s\n", why);
	else
		fprintf(stderr, "suyuan: %s / %s\n", err_zh(e), err_en(e));
	return err_exit(e);
}

static bool take_option(struct cli *c, const char *name, const char *value)
{
	const struct { const char *name; const char **to; } known[] = {
		{ "home", &c->setup.home }, { "store", &c->setup.store }, { "token", &c->token }, { "public-url", &c->public_url }, { "origin", &c->origin },
		{ "suite", &c->suite }, { "listen", &c->listen }, { "guard", &c->setup.guard }, { "signer", &c->setup.signer }, { "tls-cert", &c->cert }, { "tls-key", &c->key },
	};

	for (size_t i = 0; i < ROWS(known); i++)
		if (strcmp(name, known[i].name) == 0) {
			*known[i].to = value;
			return true;
		}
	return false;
}

/* Options without a value. Those of `verify` are fields elsewhere. */
static bool take_flag(struct cli *c, const char *name)
{
	const struct { const char *name; bool *to; bool verify; } known[] = { { "json", &c->json, false }, { "monitor", &c->monitor, true }, { "sm3", &c->sm3, true },
		{ "log", &c->log_alone, true } };

	for (size_t i = 0; i < ROWS(known); i++)
		if (strcmp(name, known[i].name) == 0 && (!known[i].verify || (c->n && strcmp(c->words[0], "verify") == 0))) {
			*known[i].to = true;
			return true;
		}
	return false;
}

bool cli_read(struct cli *c, int argc, char **argv, FILE *err)
{
	c->setup.home = "suyuan-home";
	for (int i = 1; i < argc; i++) {
		const char *a = argv[i];

		if (strncmp(a, "--", 2) != 0) {
			if (c->n == ROWS(c->words)) {
				fprintf(err, "suyuan: too many arguments\n");
				return false;
			}
			c->words[c->n++] = a;
		} else if (take_flag(c, a + 2)) {
			continue;
		} else if (i + 1 == argc) {
			fprintf(err, "suyuan: %s 后面缺少值 / needs a value\n", a);
			return false;
		} else if (!take_option(c, a + 2, argv[i + 1])) {
			if (c->n_fields == ROWS(c->field)) {
				fprintf(err, "suyuan: too many fields\n");
				return false;
			}
			c->field[c->n_fields].name = a + 2;
			c->field[c->n_fields++].value = argv[++i];
		} else {
			i++;
		}
	}
	return true;
}

enum err cli_open(const struct cli *c, bool writing, struct kernel **ret)
{
	struct kernel_setup s = c->setup;
	char why[300];
	enum err e;

	s.writing = writing;
	e = kernel_open(&s, ret, why);
	if (e)
		cli_say(e, why);
	return e;
}

/* --standards A --standards B gives an array; file fields take a path and upload it first. */
static struct node *input_of(const struct cli *c, struct arena *a)
{
	struct node *o = node_obj(a);

	for (size_t i = 0; i < c->n_fields; i++) {
		struct node *old = (struct node *)(uintptr_t)node_get(o, c->field[i].name);
		struct str value = str_of(c->field[i].value);

		if (!old) {
			put_str(a, o, c->field[i].name, value);
		} else {
			if (old->kind == NODE_STR) {
				struct node *first = node_str(a, old->s);

				old->kind = NODE_ARR;
				old->first = old->last = NULL;
				old->n = 0;
				node_add(old, first);
			}
			node_add(old, node_str(a, value));
		}
	}
	return o;
}

static void print_troubles(const struct call *c)
{
	for (const struct trouble *t = c->troubles.first; t; t = t->next)
		fprintf(stderr, "  %.*s (%s): %.*s / %.*s\n", STR_ARG(t->field), t->clause, STR_ARG(t->zh), STR_ARG(t->en));
}

static void print_node(const struct node *n, int depth)
{
	for (const struct node *x = n->first; x; x = x->next) {
		printf("%*s%.*s%s", depth * 2, "", STR_ARG(x->key), x->key.n ? ": " : "- ");
		switch (x->kind) {
		case NODE_STR: printf("%.*s\n", STR_ARG(x->s)); break;
		case NODE_INT: printf("%lld\n", (long long)x->i); break;
		case NODE_BOOL: printf("%s\n", x->yes ? "true" : "false"); break;
		case NODE_OBJ: case NODE_ARR:
			printf("\n");
			print_node(x, depth + 1);
			break;
		default: printf("\n");
		}
	}
}

static int print_stream(struct stream *s)
{
	static const size_t room = 1 << 16;
	char *buf = malloc(room);
	int64_t n = -1;

	while (buf && (n = s->pull(s->ctx, buf, room)) > 0)
		if (fwrite(buf, 1, (size_t)n, stdout) != (size_t)n)
			break;
	s->done(s->ctx);
	free(buf);
	return n == 0 && fflush(stdout) == 0 ? 0 : err_exit(E_IO);
}

static int print_answer(const struct cli *c, struct call *call)
{
	if (call->err) {
		cli_say(call->err, call->why_zh ? str_fmt(call->arena, "%s / %s", call->why_zh, call->why_en).p : NULL);
		print_troubles(call);
		return err_exit(call->err);
	}
	if (call->stream)
		return print_stream(call->stream);
	if (call->media)
		fwrite(call->bytes.p, 1, call->bytes.n, stdout);
	else if (c->json)
		printf("%.*s\n", STR_ARG(json_str(call->arena, call->out)));
	else
		print_node(call->out, 0);
	return 0;
}

static enum err who_calls(const struct cli *c, struct kernel *k, struct arena *a, const struct actor **ret)
{
	*ret = &the_operator;
	return c->token ? actor_of(k, a, str_of(c->token), S(""), clock_now(), ret) : OK;
}

static enum err read_upload(const struct cli *c, struct call *call)
{
	if (!call->op->upload || c->n < 2)
		return OK;
	call->upload.name = str_of(c->words[1]);
	return file_read(call->arena, c->words[1], 32 << 20, &call->upload.bytes);
}

/* Reading goes on beside a running server; only what writes needs to be the one writer. */
static enum err open_for(const struct cli *c, struct kernel **ret)
{
	const struct op *op;
	enum err e = cli_open(c, false, ret);

	if (e)
		return e;
	op = op_find(*ret, str_of(c->words[0]));
	if (!op || op_reads(op))
		return OK;
	kernel_close(*ret);
	*ret = NULL;
	return cli_open(c, true, ret);
}

int cli_op(const struct cli *c)
{
	struct kernel *k = NULL;
	struct arena a;
	jmp_buf full;
	struct call call = { .arena = &a, .now = clock_now() };
	volatile int code = 0;
	enum err e = open_for(c, &k);

	if (e)
		return err_exit(e);
	arena_init(&a, 256 << 20, &full);
	if (setjmp(full)) {
		code = cli_say(E_TOO_BIG, NULL);
	} else {
		call.k = k;
		call.op = op_find(k, str_of(c->words[0]));
		e = call.op ? who_calls(c, k, &a, &call.who) : E_ABSENT;
		if (!call.op)
			fprintf(stderr, "suyuan: 没有这个命令 / no such command: %s\n", c->words[0]);
		if (!e) {
			call.raw = input_of(c, &a);
			e = read_upload(c, &call);
		}
		if (e) {
			code = call.op ? cli_say(e, NULL) : err_exit(E_BAD);
		} else {
			op_run_wait(&call);
			code = print_answer(c, &call);
		}
	}
	arena_end(&a);
	kernel_close(k);
	return code;
}
