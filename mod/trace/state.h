/* mod/trace/state.h - what the module keeps in memory for the life of the process: expanded keys, caches, look counters. */
#ifndef SUYUAN_TRACE_STATE_H
#define SUYUAN_TRACE_STATE_H

#include <pthread.h>
#include <stdatomic.h>

#include "mod/trace/trace.h"

enum { TOUCHED_MAX = 256, CACHE_SLOTS = 8192, LOOK_SLOTS = 1 << 16 };

struct chunk_memory;          /* state.c: events of one chunk of one pack, with the answer's common part */
struct look { int64_t pack, first; uint32_t item, told, n; bool used; };

struct asked_host { char name[120]; int failures; int64_t until; };      /* left alone until then (lookup.c) */

struct trace_state {
	struct fpe *fpe[32];
	pthread_rwlock_t lock;                /* guards slot[] */
	struct chunk_memory *slot[CACHE_SLOTS];
	int64_t touched[TOUCHED_MAX];         /* writer thread: packs changed in the running group */
	size_t n_touched;
	bool all_touched;
	_Atomic uint64_t commits;             /* that touched something: what was read before one of them is not kept */
	pthread_mutex_t look_lock;            /* guards look[] */
	_Atomic bool twins;                   /* some codes of other schemes look like ours: a forged one must be looked up */
	struct asked_host host[8];            /* the worker's thread alone */
	struct look *look;
	size_t n_looks, cap_looks;
	bool looked;                          /* something to write since the last flush */
};

/* A text that reads as one of our codes and does not open: may it be one of another scheme? (foreign.c) */
bool may_be_foreign(const struct trace_state *t, struct str text);

#endif
