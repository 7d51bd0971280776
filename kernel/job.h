/* kernel/job.h - long work: a row of state, one thread that works on it, files beside it. Resumed after a stop, at most one at a time.
 *
 * A module names kinds of jobs (struct module .jobs); an operation makes a row with `due`, the worker calls the kind's run. Facts lie
 * sealed: how many lines or labels there are is the party's business. Files ("parts") lie sealed under loads/.
 */
#ifndef SUYUAN_JOB_H
#define SUYUAN_JOB_H

#include "kernel/kernel.h"

struct job {
	int64_t id, account, party, at;
	struct str kind, what, state;      /* what: what it is about, in words of the kind */
	struct node *facts;                /* an object; sealed at rest */
	int64_t after;                     /* kept as due: not before this time, ms; 0: at once */
};

/* What the running job has done so far; read by operations that tell how it goes. */
struct job_now { _Atomic int64_t id; _Atomic uint64_t done, of, good, bad, filed; };

struct worker {
	struct kernel *k;
	_Atomic bool stop;                 /* end soon: the job is taken up again at the next start */
	struct job_now now;
};

struct job_kind {
	const char *kind;
	/* Leaves the job in a state that is not due (job_change), or answers why it could not: then it is tried again at the next start. */
	enum err (*run)(struct worker *w, int64_t id);
	bool patient;      /* waits while anything of another kind is due: there may be many, and each may take its time */
};

int64_t job_new_id(struct call *c);
enum err job_get(struct call *c, int64_t id, const char *kind, struct job *ret) MUST_USE;          /* E_ABSENT */
enum err job_own(struct call *c, struct str id, const char *kind, struct job *ret) MUST_USE;       /* its party's; of no party: the caller's; E_ABSENT */
enum err job_keep(struct call *c, const struct job *j, bool due) MUST_USE;      /* in run: new or changed; the worker is woken after the commit */
enum err job_change(struct worker *w, struct arena *a, const struct job *j, bool due) MUST_USE;    /* on the worker: waits for the commit */
/* Is one of that kind and about that waiting to be worked on? */
enum err job_waits(struct call *c, const char *kind, struct str what, bool *ret) MUST_USE;
/* For a kind's run, which is on no transaction and may wait: the time, and a question to another house. E_STATE: nobody lent a way to ask. */
int64_t job_clock(void);
enum err job_fetch(struct worker *w, struct arena *a, const char *url, struct fetched *ret) MUST_USE;
/* Own jobs of that kind, newest first; those of the house (account and party 0) when `house`. */
enum err job_list(struct call *c, const char *kind, bool house, struct job **ret, size_t *ret_n) MUST_USE;
/* The account as it stands now, for work it ordered earlier. E_DENIED when it ended. */
enum err job_actor(struct call *c, const struct job *j, const struct actor **ret) MUST_USE;
int64_t job_fact(const struct job *j, const char *name);                        /* 0 when absent */
void job_put_fact(struct job *j, const char *name, struct node *v);              /* replaces */
void job_set(struct job *j, struct arena *a, const char *name, int64_t v);
void job_set_text(struct job *j, struct arena *a, const char *name, struct str v);
/* Members id, kind, what, state, at; progress {done, of, good, bad, filed, percent} while it runs. */
void job_put(struct call *c, struct node *o, const struct job *j);
enum err job_wrong_state(struct call *c, const struct job *j);                  /* E_STATE with words */

/* ---- files of a job (spool.c): sealed in blocks of 65,536 bytes; a part is a word, "in", "bad", "p0001" ---- */

enum { SPOOL_BLOCK = 65536 };
struct spool;
struct spool_out;
/* at: a multiple of SPOOL_BLOCK; what stood there and after is replaced. */
enum err spool_write(struct kernel *k, int64_t id, const char *part, uint64_t at, struct str bytes) MUST_USE;
enum err spool_open(struct kernel *k, int64_t id, const char *part, struct spool **ret) MUST_USE;  /* E_ABSENT */
uint64_t spool_size(const struct spool *s);
int64_t spool_read(void *ctx, uint64_t at, void *to, size_t n);     /* ctx: struct spool; -1: not what was written */
void spool_close(struct spool *s);
void spool_drop(struct kernel *k, int64_t id);                      /* every part */
/* Written at the end as it comes; beginning again makes it empty. */
enum err spool_begin(struct kernel *k, int64_t id, const char *part, struct spool_out **ret) MUST_USE;
bool spool_put(void *ctx, const char *p, size_t n);                 /* ctx: struct spool_out */
bool spool_flush(struct spool_out *o);                               /* outlives the process; false: it failed */
enum err spool_sync(struct spool_out *o) MUST_USE;                  /* outlives a crash from here on */
enum err spool_end(struct spool_out *o) MUST_USE;
/* The answer of a call: this part, streamed. E_ABSENT. */
enum err spool_answer(struct call *c, int64_t id, const char *part, const char *media) MUST_USE;

#endif
