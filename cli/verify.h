/* cli/verify.h - what the files of `suyuan verify` share: options, answers, where a log is read from. */
#ifndef SUYUAN_CLI_VERIFY_H
#define SUYUAN_CLI_VERIFY_H

#include "cli/cli.h"
#include "log/remote.h"
#include "merkle/policy.h"

enum { VERIFY_OK, VERIFY_BAD, VERIFY_UNDECIDED };     /* exit codes */

struct verify_ask {
	const struct cli *c;
	struct arena *a;
	const char *target;           /* URL, directory or receipt */
	const char *vkey, *policy_file, *state, *watch, *entry;
	const char *stale;            /* minutes a cosignature may be old */
	bool monitor;
	enum hash_id hash;
	const struct policy *policy;  /* NULL: none */
	struct note_key key;
	bool have_key;
	struct node *out;             /* the one JSON object */
};

/* Says the verdict: text on stdout when well, on stderr when not; with --json the object, completed. Returns the exit code. */
int verify_say(struct verify_ask *q, int code, const char *zh, const char *en);
int verify_err(struct verify_ask *q, enum err e, const char *zh, const char *en);      /* the code that goes with e */

struct str verify_plain(struct arena *a, struct str s);      /* for a terminal: control characters from outside become '?' */
/* The checkpoint against key and policy, whichever are given. E_STATE: too few witnesses. */
enum err verify_note(struct verify_ask *q, struct str note, struct checkpoint *ret, struct policy_found *found) MUST_USE;

/* ---- where a log is read from (verify_source.c) ---- */
struct verify_source { struct log_source src; const struct fetcher *fetch; const char *base; void *kept; bool web; };
void source_open(struct verify_source *s, const struct verify_ask *q);
void source_close(struct verify_source *s);

int verify_log(struct verify_ask *q);          /* verify_log.c: URL, directory, monitor */
int verify_receipt(struct verify_ask *q);      /* verify_receipt.c */

/* ---- who is watched for (verify_watch.c) ---- */
struct watch;
struct watch *watch_open(struct verify_ask *q);       /* of --watch; NULL: nothing is watched for. Owner: caller, watch_close */
void watch_close(struct watch *w);
uint64_t watch_seen(const struct watch *w);
void watch_entry(struct watch *w, uint64_t index, struct str entry, const struct node *slots);

#endif
