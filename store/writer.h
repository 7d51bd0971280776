/* store/writer.h - the one thread that writes: many changes in one durable commit, natural batching.
 *
 * While a commit runs the next group gathers; there is no timer. Each change runs inside its own savepoint, so one refused
 * change does not disturb its neighbours and its asks see every earlier tell. Order: run all, `seal` (last tells of the group,
 * in the transaction), commit, `publish` (sign), then `done` of each change. Nothing is answered before publish succeeded.
 * A commit or publish that fails is fatal for the writer: everything queued is answered E_IO and no further change is taken.
 */
#ifndef SUYUAN_WRITER_H
#define SUYUAN_WRITER_H

#include "store/db.h"

struct change {
	enum err (*run)(struct change *c, struct db *db);
	void (*done)(struct change *c, enum err e);   /* on the writer thread, after publish or refusal */
	struct change *next;
	size_t weight;            /* how many ordinary changes it is worth when the next checkpoint is due; 0: one */
	enum err outcome;
	bool ran;
};

struct writer_hooks {
	void *ctx;
	void (*mark)(void *ctx);                    /* before each change: remember where the log stands */
	void (*rewind)(void *ctx);                  /* the change was refused: back to the mark */
	enum err (*seal)(void *ctx, struct db *db);
	enum err (*publish)(void *ctx);
	void (*undo)(void *ctx);                    /* the commit failed: forget the whole group */
	void (*answered)(void *ctx);                /* after `done` of the whole group; may be NULL */
};

struct writer;
enum { WRITER_GROUP_MAX = 1000, WRITER_QUEUE_MAX = 20000 };
/* db: the one writing connection, held; owned by the caller, used by the thread alone. */
enum err writer_start(struct db *db, const struct writer_hooks *hooks, struct writer **ret) MUST_USE;
enum err writer_add(struct writer *w, struct change *c) MUST_USE;      /* any thread; E_BUSY when the queue is full or ended */
size_t writer_queued(struct writer *w);
bool writer_dead(struct writer *w);             /* a commit or a signature failed: no change is taken until a restart */
void writer_stop(struct writer *w);             /* finishes what is queued, checkpoints, joins */

#endif
