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

struct str verify_plain(struct arena *a, struct str s);      /* for a terminal: control characters from outside, also those that turn the order of text, become '?' */
/* The checkpoint against key and policy, whichever are given. E_STATE: too few witnesses. */
enum err verify_note(struct verify_ask *q, struct str note, struct checkpoint *ret, struct policy_found *found) MUST_USE;

/* ---- where a log is read from (verify_source.c) ---- */
struct verify_source { struct log_source src; const struct fetcher *fetch; const char *base; void *kept; bool web; };
void source_open(struct verify_source *s, const struct verify_ask *q);
void source_close(struct verify_source *s);

int verify_log(struct verify_ask *q);          /* verify_log.c: URL, directory, monitor */
int verify_receipt(struct verify_ask *q);      /* verify_receipt.c */

/* ---- a receipt, without a word said ---- */
enum { RECEIPT_MAX = 24 << 20 };
struct receipt_seen {
	struct tlog_proof proof;
	struct node *extra;           /* NULL: none that can be read */
	struct str entry;
	struct checkpoint head;
	struct policy_found found;
	struct leaf_facts leaf;
	const struct node *slots;     /* they give the root of the entry; NULL: nothing is shown */
	bool vouched, in_tree, known; /* signed by a key that was given; leaf is filled */
	const char *zh, *en;          /* of the verdict */
};
int receipt_check(struct verify_ask *q, struct str text, struct receipt_seen *ret);      /* a code; what was found so far is in *ret */
int verify_head(struct verify_ask *q, struct str note, struct receipt_seen *ret);        /* the same of a checkpoint alone */
const struct type *type_known(const struct cli *c, struct str schema);                   /* of this program's types; NULL */

/* ---- a package of evidence ---- */
int verify_package(struct verify_ask *q);      /* verify_package.c */
bool package_like(const char *path);           /* begins or is named like a zip */

/* ---- who is watched for (verify_watch.c) ---- */
struct watch;
struct watch *watch_open(struct verify_ask *q);       /* of --watch; NULL: nothing is watched for. Owner: caller, watch_close */
void watch_close(struct watch *w);
bool watch_too_many(const struct watch *w);           /* more values than are watched for */
uint64_t watch_seen(const struct watch *w);
void watch_entry(struct watch *w, uint64_t index, struct str entry, const struct node *slots);

#endif
