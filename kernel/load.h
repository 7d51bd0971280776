/* kernel/load.h - loads: tables that arrive, are looked through, and are filed; shared by load_slice.c, load_run.c and load_ops.c. */
#ifndef SUYUAN_LOAD_H
#define SUYUAN_LOAD_H

#include "kernel/job.h"
#include "kernel/lines.h"

/* States of a job "load": receiving -> checking -> checked -> filing -> done; stopped: a line was refused half-way of all-or-nothing;
 * failed: it cannot be read at all; dropped by its owner. Facts: name, choice, fixed, on_behalf, size, lines, good, bad, done (the last
 * line that is in the log), filed, why_zh, why_en, digest, same_as. */

enum err load_run(struct worker *w, int64_t id) MUST_USE;

#define ANY "any"                         /* what of a load whose lines name their own operations (NDJSON) */
/* As one piece, so that nothing of it stands unless all of it does; beyond it, slices after everything was checked. */
enum { LOAD_WHOLE = 5000, LOAD_SLICE = 256, LOAD_SHOWN = 200 };


struct one { struct call *call; struct grid_line line; struct line_local *local; };      /* gathering: call NULL until the slice is full */

struct slice {
	struct change change;
	struct run *run;
	struct arena *a;
	struct one *one;
	size_t n, cap;
	struct job load;          /* the row as it stands with this slice */
	struct str sealed;
	struct call *many;        /* gathering: the one call of all lines */
	enum err err;
	size_t failed;
	int64_t done;             /* where the row stood before this slice: it stands there again when the slice is refused */
	bool under_way, answered;
};

struct seen { uint64_t hash; uint64_t line; };

struct run {
	struct worker *w;
	struct kernel *k;
	struct job load;
	struct arena life, line;
	jmp_buf full;
	const struct op *op;
	const struct actor *who;
	struct db *db;
	struct spool *in;
	struct grid_in *grid;
	struct lines lines;
	struct spool_out *bad, *filed;
	uint64_t n_lines, n_good, n_bad, resume;
	bool dry, all, stopped, bad_waits;
	struct arena slice_arena[2];
	struct slice slice[2];
	int at;
	pthread_mutex_t lock;
	pthread_cond_t answered;
	struct map local;
	struct filed_line { uint64_t line; int64_t id; } *before;      /* filed by an earlier start, in order */
	size_t n_before;
	struct seen *seen;        /* gathering: every value of the file, to name the line it stood on before */
	size_t n_seen, cap_seen;
};

/* load_slice.c: refused lines; slices on their way to the writer */
bool of_the_line(enum err e);             /* the line is at fault, not the house: it is refused and the next one goes on */
void refuse_call(struct run *r, const struct grid_line *line, const struct call *c, enum err e);
void refuse_text(struct run *r, struct arena *a, const struct grid_line *line, struct str zh, struct str en);
struct call *call_for(struct run *r, struct arena *a);
struct node *gathered_input(struct run *r, const struct slice *s, struct arena *a);
void slice_empty(struct slice *s);
enum err slice_submit(struct run *r) MUST_USE;        /* the one being filled, after the one before it was answered */
enum err slices_settle(struct run *r) MUST_USE;       /* both are answered, and what was refused is filed line by line */
enum err slice_without_refused(struct run *r, struct slice *s) MUST_USE;
enum err slice_wait(struct run *r, struct slice *s) MUST_USE;
enum err slice_hand_over(struct run *r, struct slice *s) MUST_USE;

#endif
