/* log/remote.h - somebody's log, read through a callback and checked from nothing but its signed head.
 *
 * Any log of C2SP tlog-tiles: entries may be of any kind. What is ours beside it (public disclosures) is compared where it is served.
 * Waits for nothing itself: the source does. Memory: one bundle and one tile of each level, whatever the size of the log.
 */
#ifndef SUYUAN_REMOTE_H
#define SUYUAN_REMOTE_H

#include "log/log.h"
#include "record/json.h"

/* What stands at `path` below the log's address. E_ABSENT: nothing; E_TOO_BIG: more than max bytes; any other error: no answer. */
struct log_source {
	void *ctx;
	enum err (*get)(void *ctx, struct arena *a, const char *path, size_t max, struct str *ret);
};

struct remote_trouble {
	char path[160];           /* of the tile or bundle; empty: the checkpoint */
	int64_t index;            /* of the entry, -1: none */
	const char *zh, *en;
};

struct remote_visitor {
	void *ctx;
	/* slots: the public disclosures of the entry, an array with one text per slot; NULL: none are served. Each may be NULL. */
	void (*entry)(void *ctx, uint64_t index, struct str entry, const struct node *slots);
	void (*step)(void *ctx, uint64_t done, uint64_t of);
};

struct remote_setup {
	const struct log_source *src;
	enum hash_id hash;        /* of the tree: HASH_SM3 reads tiles below sm3/, the bundles are the same */
	bool disclosures;         /* compare public/<N> where it is served */
	bool disclosures_due;     /* and it was served before: missing is a trouble */
	const struct remote_visitor *visit;
};

struct remote_report {
	uint64_t entries, tiles, bundles, disclosed;      /* what was read and found right; disclosed: single public values */
	bool public_served;
	struct remote_trouble trouble;
};

/* Every entry from old->size on, every tile that holds one of them, and that the tree of `now` continues the tree of `old` (size 0: all of it).
 * E_CORRUPT: what is served is not what was signed, or a part is missing. E_CLASH: a tree that does not continue the old one. E_STATE: smaller
 * than the old one. Others: undecided. report->trouble says more. */
enum err remote_check(const struct remote_setup *s, const struct log_head *old, const struct log_head *now, struct remote_report *ret) MUST_USE;

/* ---- disclosures (disclosed.c) ---- */
/* What our own entries say of their field tree; false for entries of any other kind. */
struct leaf_facts { enum hash_id hash; struct hash root; int64_t n; struct str org, schema; struct node *all; };
bool leaf_facts_get(struct arena *a, struct str entry, struct leaf_facts *ret);
/* ["salt","name",value] */
struct disclosed { struct str name; const struct node *value; };
bool disclosed_get(struct arena *a, struct str text, struct disclosed *ret);
/* One text per slot: a disclosure, or ":" and the base64url leaf hash of what is withheld. NULL: they give the root of the leaf; else why
 * not, in English, and *zh in Chinese. */
const char *slots_wrong(struct arena *a, const struct leaf_facts *leaf, const struct node *slots, const char **zh);
/* A line of a public bundle: empty, or canonical JSON of such an array. *ret is NULL for the empty one. Same answer. */
const char *public_wrong(struct arena *a, struct str entry, struct str line, const struct node **ret, const char **zh);

#endif
