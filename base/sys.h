/* base/sys.h - what waits or surprises: clock, randomness, files, threads, log lines.
 *
 * Floor 1 (crypto, ident, record, merkle) may not include this header; a lint checks it.
 * Clock and randomness are called by faces, main and the writer only; everybody else is handed `now`.
 */
#ifndef SUYUAN_SYS_H
#define SUYUAN_SYS_H

#include "base.h"

/* clock.c */
int64_t clock_now(void);            /* wall clock, ms since 1970 UTC */
int64_t clock_mono(void);           /* monotonic, ns: for measuring only */
enum err random_fill(void *out, size_t n) MUST_USE;   /* kernel randomness; never short */

/* file.c: paths are plain C strings; every write is durable when the call returns */
enum err file_read(struct arena *a, const char *path, size_t max, struct str *ret) MUST_USE;
enum err file_write(const char *path, struct str body, unsigned mode) MUST_USE;   /* temp, fsync, rename, fsync dir */
enum err dir_make(const char *path, unsigned mode) MUST_USE;                       /* with parents; ok if there */
bool file_exists(const char *path);
int64_t disk_free(const char *path);                 /* bytes, -1 unknown */

/* crew.c: a fixed number of worker threads over a bounded queue */
struct crew;
typedef void crew_fn(void *arg);
enum err crew_start(int threads, size_t queue_max, struct crew **ret) MUST_USE;
enum err crew_add(struct crew *c, crew_fn *fn, void *arg) MUST_USE;   /* E_BUSY when the queue is full */
void crew_drain(struct crew *c);    /* waits until nothing is queued or running; others may add again afterwards */
void crew_stop(struct crew *c);     /* runs what was queued, then joins */

/* say.c: one structured line on stderr; never a withheld value, never a secret */
enum say_level { SAY_INFO, SAY_WARN, SAY_ERROR };
void say(enum say_level level, const char *fmt, ...) PRINTF(2, 3);

#endif
