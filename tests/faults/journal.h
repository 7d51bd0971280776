/* tests/faults/journal.h - what a process writes to its store, its keystore, their write-ahead logs and its guard, in order, with every flush.
 *
 * The C library's write calls are taken over in this program alone (SQLite's too: they are found here first), so these files are in one
 * journal. The shared-memory index of the write-ahead log is left out: it does not outlive a power cut.
 */
#ifndef SUYUAN_JOURNAL_H
#define SUYUAN_JOURNAL_H

#include "log/log.h"

/* The folder that holds a store is at its write-ahead log's place. */
enum file { F_DB, F_WAL, F_KEYS, F_KEYS_WAL, F_GUARD, FILES };
enum what { W_WRITE, W_CUT, W_SYNC, W_DIR_SYNC, W_UNLINK, W_ANSWERED };
struct entry {
	enum what what;
	enum file file;
	int64_t at;                 /* offset, or the length it is cut to */
	size_t n;
	unsigned char *bytes;
	struct log_head head;       /* answered: what was shown by then */
};

void journal_begin(const char *home);      /* from now on what this process does to that home is kept */
void journal_end(void);
void journal_answered(const struct log_head *head);
const struct entry *journal(size_t *ret_n);
void journal_free(void);

#endif
