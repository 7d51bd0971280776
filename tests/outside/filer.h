/* tests/outside/filer.h - a home of a test's own, one maker in it, and small records filed through op_run, many under way at once.
 *
 * Nothing of it ends the process: what goes wrong is said on stderr and answered as false. The maker's token lies beside the home's keys.
 */
#ifndef SUYUAN_FILER_H
#define SUYUAN_FILER_H

#include "base/sys.h"
#include "src/modules.h"

/* Makes the home where there is none; nothing is filed yet. suite: "std" or "gm". */
bool filer_make(const char *home, const char *suite);
/* Opens as the one writer, or to read alone; NULL and a word on stderr when it does not open. */
struct kernel *filer_open(const char *home, bool writing);
uint64_t filer_size(struct kernel *k);
/* Files until the log has exactly `size` entries: first a maker, then its products. `told` is called for each answer, on any thread; may be NULL. */
bool filer_to(struct kernel *k, const char *home, uint64_t size, void (*told)(void *ctx, const struct call *c), void *ctx);
/* One record after the other, each answered before the next is sent: so many groups. */
bool filer_singly(struct kernel *k, const char *home, uint64_t size, void (*told)(void *ctx, const struct call *c), void *ctx);
/* The path of a file in the home. */
struct str filer_path(struct arena *a, const char *home, const char *name);

#endif
