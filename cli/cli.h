/* cli/cli.h - the terminal's face: every operation as a verb, and the work on a home itself. No rule of any policy. */
#ifndef SUYUAN_CLI_H
#define SUYUAN_CLI_H

#include <stdio.h>

#include "kernel/kernel.h"

/* Options that every command takes: --home DIR, --store URL, --json, --token T. The rest is left in words. */
struct cli {
	struct kernel_setup setup;
	bool json, monitor, sm3, log_alone;
	const char *token, *public_url, *origin, *suite, *listen, *cert, *key;
	const char *words[64];        /* command first */
	size_t n;
	struct { const char *name, *value; } field[128];
	size_t n_fields;
};
/* false: the arguments cannot be read; what is wrong was said on err. */
bool cli_read(struct cli *c, int argc, char **argv, FILE *err);

int cli_ident(int argc, char **argv, FILE *in, FILE *out);
int cli_init(const struct cli *c);
int cli_make_home(const struct cli *c, bool quiet);
int cli_op(const struct cli *c);              /* suyuan product.create --product_name ... */
int cli_demo(const struct cli *c);
int cli_verify(const struct cli *c);
int cli_rebuild(const struct cli *c);
int cli_backup(const struct cli *c);
int cli_backup_keys(const struct cli *c);
int cli_restore(const struct cli *c);
int cli_doctor(const struct cli *c);
int cli_rotate(const struct cli *c);
int cli_timestamp(const struct cli *c);        /* of the newest checkpoint, by the authority of the settings */
int cli_manual(const struct cli *c);
int cli_openapi(const struct cli *c);
int cli_load(const struct cli *c);
int cli_signd(const struct cli *c);           /* signs for servers until it is ended */
int cli_verify_label(const struct cli *c);    /* 0 signed by that key, 1 not, 2 undecided */
int cli_label_key(const struct cli *c);

/* Shared by the files of cli/. */
int cli_say(enum err e, const char *why);     /* a failure in both languages on stderr; returns the exit code */
enum err cli_open(const struct cli *c, bool writing, struct kernel **ret);
struct progress cli_progress(const struct cli *c);     /* on a terminal's stderr */
extern const struct actor the_operator;       /* whoever holds the home's files is its operator */

#endif
