/* cli/mark.c - `suyuan verify-label`: signed labels against a public key, with no network and, when the key is given, no home. */
#include "base/sys.h"
#include "cli/cli.h"
#include "kernel/mark.h"

enum { GOOD = 0, FALSE_MARK = 1, UNDECIDED = 2, KEY_MOST = 65536 };

static const char *field_of(const struct cli *c, const char *name)
{
	for (size_t i = 0; i < c->n_fields; i++)
		if (strcmp(c->field[i].name, name) == 0)
			return c->field[i].value;
	return NULL;
}

static struct str key_of_home(const struct cli *c, struct arena *a)
{
	struct kernel_setup s = c->setup;
	struct kernel *k = NULL;
	struct str key = S("");
	char why[300];

	s.writing = false;
	if (kernel_open(&s, &k, why))
		return S("");
	if (mark_vkey(k, a, &key))
		key = S("");
	kernel_close(k);
	return key;
}

/* A key as it is written, or a file whose first line it is. */
static struct str key_of(const struct cli *c, struct arena *a)
{
	const char *given = field_of(c, "key");
	struct str text, line;

	if (!given)
		return key_of_home(c, a);
	if (file_read(a, given, KEY_MOST, &text) || !str_cut(&text, '\n', &line))
		return str_of(given);
	return str_copy(a, str_trim(line));
}

static const struct { enum err e; int code; const char *zh, *en; } verdicts[] = {
	{ OK, GOOD, "签名有效：内容是持此密钥者写的。标签仍可能是复制的，须与实物核对", "signed by the holder of this key; the label may still be a copy: compare the goods" },
	{ E_CORRUPT, FALSE_MARK, "签名不符：内容被改动，或不是这个密钥签的", "the signature does not fit: altered, or signed with another key" },
	{ E_ABSENT, UNDECIDED, "没有签名，无法判断", "there is no signature: undecided" },
	{ E_BAD, UNDECIDED, "没有可用的公钥（--key 文件或密钥），无法判断", "there is no usable key (--key FILE or KEY): undecided" },
};

static int check_one(struct arena *a, const struct cli *c, struct str key, struct str text)
{
	struct str elements = S("");
	enum err e = mark_check(a, key, text, &elements);
	size_t i = 0;

	while (i + 1 < ROWS(verdicts) && verdicts[i].e != e)
		i++;
	if (c->json) {
		struct node *o = node_obj(a);

		put_str(a, o, "text", text);
		put_z(a, o, "verdict", verdicts[i].code == GOOD ? "good" : verdicts[i].code == FALSE_MARK ? "bad" : "undecided");
		put_str(a, o, "signed", elements);
		printf("%.*s\n", STR_ARG(json_str(a, o)));
	} else {
		printf("%s / %s\n  %.*s\n", verdicts[i].zh, verdicts[i].en, STR_ARG(elements.n ? elements : text));
	}
	return verdicts[i].code;
}

int cli_verify_label(const struct cli *c)
{
	struct arena a;
	struct str key;
	int worst = GOOD;

	if (c->n < 2) {
		cli_say(E_BAD, "suyuan verify-label [--key 文件|密钥] 标签内容... / [--key FILE|KEY] TEXT...");
		return UNDECIDED;
	}
	arena_init(&a, 64 << 20, NULL);
	key = key_of(c, &a);
	for (size_t i = 1; i < c->n; i++) {
		int code = check_one(&a, c, key, str_of(c->words[i]));

		worst = code == FALSE_MARK || worst == FALSE_MARK ? FALSE_MARK : code > worst ? code : worst;
	}
	arena_end(&a);
	return worst;
}

int cli_label_key(const struct cli *c)
{
	struct kernel *k = NULL;
	struct arena a;
	struct str key;
	enum err e = cli_open(c, false, &k);

	if (e)
		return err_exit(e);
	arena_init(&a, 1 << 20, NULL);
	e = mark_vkey(k, &a, &key);
	if (!e)
		printf("%.*s\n", STR_ARG(key));
	arena_end(&a);
	kernel_close(k);
	return e ? cli_say(e, NULL) : 0;
}
