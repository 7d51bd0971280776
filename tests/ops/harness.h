/* tests/ops/harness.h - a fresh home with a whole cast, operations called as faces call them, on both engines.
 *
 * A program gives run_both() its tests; each group runs once on SQLite in a temporary home and once on PostgreSQL in a fresh
 * schema (SUYUAN_TEST_PG holds the URL; without it the second group is one named skip).
 */
#ifndef SUYUAN_TESTS_OPS_H
#define SUYUAN_TESTS_OPS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/sys.h"
#include "kernel/inside.h"
#include "src/modules.h"

enum who {
	MAKER,        /* 320623 */
	MAKER2,       /* 440606 */
	SELLER,       /* 320611 */
	SELLER2,      /* 440606 */
	USER,         /* 320623 */
	OFFICER,      /* 320000 */
	OFFICER2,     /* 440000 */
	ASSOC, AUDITOR, DOCK, OPERATOR, OPERATOR2,
	ANYBODY,      /* not signed in */
	CAST
};
extern const char *const who_names[CAST];

struct house {
	const struct engine *engine;
	char dir[64], store[4200], schema[40];
	const char *suite;
	struct kernel *k;
	struct arena a;
	jmp_buf full;
	int64_t now;              /* advances by a millisecond a call */
	struct str token[CAST], uscc[CAST], card[CAST], login[CAST];       /* card: the registration record */
	int64_t party[CAST], account[CAST];
	const struct module *extra;       /* a module of the test's own */
	const struct module *all[8];
};

extern const char password[];

/* Homes. The suite of codes is "std" or "gm". */
struct house *house_new(const struct engine *e, const char *suite, const struct module *extra);
void house_shut(struct house *h);                 /* closes the kernel, keeps the home */
enum err house_try_open(struct house *h);
void house_open(struct house *h);
void house_end(struct house *h);

struct answer {
	enum err err;
	struct call *c;
	const struct node *out;   /* never NULL */
};
const struct actor *actor(struct house *h, enum who w);
struct answer ask(struct house *h, const struct actor *who, const char *op, struct node *in, struct str upload, const char *idem);
/* "name", "value", ..., NULL */
struct node *in_of(struct house *h, ...);
struct node *in_args(struct house *h, va_list args);
struct answer call(struct house *h, enum who w, const char *op, ...);
struct answer call_ok(struct house *h, enum who w, const char *op, ...);
const struct trouble *trouble_of(const struct answer *a, const char *field);      /* first one of the field, NULL */
struct str text_of(struct house *h, const struct answer *a);      /* the whole answer as text: JSON, bytes or stream, and every sentence */
struct str answer_id(struct house *h, const struct answer *a);    /* id of the filed record */
const char *z(struct house *h, struct str s);

/* Things a story needs. */
struct str pdf(struct house *h, const char *words);
struct str put_file(struct house *h, enum who w, const char *words, bool open);
struct str new_product(struct house *h, enum who w, const char *name);
struct node *batch_in(struct house *h, enum who w, struct str product, const char *number);
struct str new_batch(struct house *h, enum who w, struct str product, const char *number);
struct str new_pack(struct house *h, enum who w, struct str batch, const char *count, struct str *ret_first);
struct str nth_code(struct house *h, enum who w, struct str pack, size_t n);
/* A table sent with load.create: its id. */
struct str load_sent(struct house *h, enum who w, struct node *in, struct str bytes);
/* The answer of "load.get" or "print.get" once the job is in none of its working states. */
struct answer job_ended(struct house *h, enum who w, const char *op, struct str id);
struct str stream_text(struct house *h, struct answer *a);

/* The store itself, on a connection of the test's own. */
struct db *raw_open(struct house *h);
void raw_exec(struct house *h, const char *script);
void raw_keys(struct house *h, const char *script);       /* in the keystore */
int64_t raw_number(struct house *h, const char *sql);
struct str dump_tables(struct house *h, const char *const *tables, size_t n);    /* every row, readable */
/* The home closed, opened and rebuilt has the same rows in these tables, and verifies. */
void assert_rebuilt(struct house *h, const char *const *tables, size_t n);
uint64_t log_size(struct house *h);
void on_writer(struct house *h, enum err (*fn)(struct call *c, void *ctx), void *ctx);      /* runs and waits */
bool holds(struct str text, const char *needle);

/* Runs the tests on both engines; answers how many failed. */
int run_both(const char *name, const struct CMUnitTest *tests, size_t n, const struct module *extra);
struct house *here(void **state);
#define RUN_BOTH(name, tests, extra) run_both(name, tests, ROWS(tests), extra)

#endif
