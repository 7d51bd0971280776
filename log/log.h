/* log/log.h - the append-only log in memory: its right edge, the group being written, signed checkpoints, receipts.
 *
 * Knows no database: full tiles and entry rows are handed to the caller to be stored, and stored tiles are asked back through
 * a callback. One thread (the writer) adds, seals and publishes; any thread may ask for what was published.
 * Format: docs/formats/log.md (C2SP tlog-tiles, tlog-checkpoint, tlog-proof). Only full tiles are ever stored.
 */
#ifndef SUYUAN_LOG_H
#define SUYUAN_LOG_H

#include "merkle/merkle.h"

#define LOG_LEVELS 8                       /* 256^8 leaves */
#define TILE_BYTES (TILE_WIDTH * HASH_LEN)
#define LOG_ENTRY_MAX 65535
#define LOG_NOTE_MAX 8192                  /* a checkpoint with its cosignatures */

struct log;

struct log_head {
	uint64_t size;
	struct hash root;
};

/* A full tile, 8,192 bytes, from wherever the caller stores them. */
struct tile_source {
	void *ctx;
	enum err (*tile)(void *ctx, unsigned level, uint64_t n, unsigned char ret[TILE_BYTES]);
};

/* seed: the log's Ed25519 key; origin: its name, as in the checkpoint's first line. Owner: caller, log_close. */
enum err log_open(const char *origin, const unsigned char seed[SEED_LEN], struct log **ret) MUST_USE;
void log_close(struct log *g);
struct str log_origin(const struct log *g);
struct str log_vkey(const struct log *g, struct arena *a);

/* Starting: the edge is rebuilt from stored tiles and the last size%256 leaf hashes, and compared with `expect`.
 * E_CORRUPT when they disagree. */
enum err log_resume(struct log *g, const struct log_head *expect, const struct tile_source *src, const struct hash *tail, size_t n_tail) MUST_USE;

/* ---- the writer thread ---- */
uint64_t log_add(struct log *g, struct str entry);           /* answers its index */
void log_mark(struct log *g);
void log_rewind(struct log *g);
struct pending_tile { unsigned level; uint64_t n; const unsigned char *bytes; };
/* Full tiles finished since the last publish, to be stored in the same transaction. */
const struct pending_tile *log_pending(const struct log *g, size_t *ret_n);
struct log_head log_next_head(const struct log *g);          /* of what was added so far */
bool log_grew(const struct log *g);
/* After the commit: signs and shows the new head. The right edge is checked by a second routine first: E_CORRUPT stops. */
enum err log_publish(struct log *g) MUST_USE;
void log_undo(struct log *g);                                /* the commit failed: back to what was published */

/* ---- any thread ---- */
struct log_head log_shown(struct log *g);
struct str log_checkpoint(struct log *g, struct arena *a);   /* the signed note of the shown head */
/* The first shown head that covers entry `index`, when it is among the recent ones. */
bool log_head_over(struct log *g, uint64_t index, struct log_head *ret);
/* Receipt of entry `index` in the tree of head `at` (at->size <= shown size). `extra`: bytes to carry along, may be empty. */
enum err log_receipt(struct log *g, struct arena *a, const struct tile_source *src, uint64_t index, const struct log_head *at, struct str extra,
                     struct str *ret) MUST_USE;
/* Root of the first `size` entries (at most the shown size), recomputed from tiles. */
enum err log_root_at(struct log *g, struct arena *a, const struct tile_source *src, uint64_t size, struct hash *ret) MUST_USE;
/* Consistency proof from the first `old` to the first `size` entries (at most the shown size); none for old = 0. (consistency.c) */
enum err log_consistency(struct log *g, struct arena *a, const struct tile_source *src, uint64_t old, uint64_t size, struct hash ret[MERKLE_MAX_PROOF],
                         size_t *ret_n) MUST_USE;
/* Cosignature lines for the head of that size, when it is among the recent ones: checkpoints and receipts of it carry them from now on. All
 * of them at once: they take the place of those given before. */
void log_cosigned(struct log *g, uint64_t size, struct str lines);
/* Hashes of a tile as of the shown head: full from the source, partial cut from the edge. width 1..256, E_ABSENT beyond. */
enum err log_tile(struct log *g, const struct tile_source *src, unsigned level, uint64_t n, unsigned width, unsigned char ret[TILE_BYTES]) MUST_USE;

/* ---- checking a stored log from its entries (verify.c) ---- */
struct log_check {
	struct frontier f;
	unsigned char open[LOG_LEVELS][TILE_BYTES];
	const struct tile_source *src;
};
/* Feeds the next entry; every full tile that ends here is compared with the stored one. E_CORRUPT names nothing: the caller knows the index. */
enum err log_check_add(struct log_check *c, struct str entry) MUST_USE;
enum err log_check_hash(struct log_check *c, const struct hash *leaf) MUST_USE;

#endif
