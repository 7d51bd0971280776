/* log/inside.h - one tree of the log in memory: its right edge, and the tiles finished since the last publish; and the log itself. For this
 * folder only. */
#ifndef SUYUAN_LOG_INSIDE_H
#define SUYUAN_LOG_INSIDE_H

#include <pthread.h>

#include "log/log.h"

struct edge {
	struct frontier f;
	unsigned char open[LOG_LEVELS][TILE_BYTES];   /* the unfinished tile of each level */
};

struct tree {
	enum tree_id id;
	enum hash_id hash;
	struct edge work, shown;  /* the writer's; what was signed and may be told to anybody */
	struct pending_tile *pending;
	size_t n_pending, cap_pending;
	struct {
		struct frontier f;
		size_t n_pending, n_wait;
	} mark;
	/* SM3 hashes many entries at a time: they wait here, copied one after the other, until the group is sealed. */
	unsigned char *wait;
	size_t wait_n, wait_cap;
	struct str *entry;        /* p is an offset while they wait */
	size_t n_entry, cap_entry;
	size_t mark_wait;
};

void tree_open(struct tree *t, enum tree_id id);
void tree_close(struct tree *t);
void tree_add(struct tree *t, struct str entry);
void tree_settle(struct tree *t);                 /* hashes what waits */
void tree_mark(struct tree *t);
void tree_rewind(struct tree *t);
void tree_undo(struct tree *t);                   /* back to what was shown */
void tree_show(struct tree *t);                   /* the work becomes what is shown; pending tiles are dropped */
uint64_t tree_size(const struct tree *t);         /* with what waits */
struct log_head tree_head(const struct tree *t);  /* settled */
/* The root a second way, from the open tiles instead of the frontier: finds a flipped bit in either before it is signed. E_CORRUPT. */
enum err tree_second_opinion(const struct tree *t, const struct log_head *head) MUST_USE;
enum err tree_resume(struct tree *t, const struct log_head *expect, const struct tile_source *src, const struct hash *tail, size_t n_tail) MUST_USE;
/* A tile as of the work: from the edge, from the pending ones, else from the source. */
enum err tree_work_tile(const struct tree *t, const struct tile_source *src, unsigned level, uint64_t n, unsigned char ret[TILE_BYTES]) MUST_USE;

enum { RECENT = 32 };

struct signed_head {              /* a head with its note */
	struct log_head head;
	char note[LOG_NOTE_MAX];
	size_t n, n_own;          /* with cosignatures, and without */
};

struct log {
	char origin[256];
	struct signer signer;
	struct tree tree[TREES];
	size_t n_trees;
	struct log_head shown_head[TREES];
	struct signed_head recent[RECENT];    /* the last heads shown: most receipts are against one of them */
	size_t n_recent;
	struct signed_head second;            /* newest signed head of the SM3 tree */
	pthread_rwlock_t lock;                /* guards shown edges and heads, recent and second */
};

/* The proof from head `from` to head `to` of what is shown (work: of what is being written), for the signer. */
enum err log_prove(struct log *g, const struct tile_source *src, bool work, struct extension *x) MUST_USE;
/* Body and signature lines; E_STATE, E_CORRUPT as the signer says. */
enum err log_sign(struct log *g, const struct extension *x, struct arena *a, struct str *ret_note) MUST_USE;

#endif
