/* log/log.h - the append-only log in memory: its right edge, the group being written, signed checkpoints, receipts.
 *
 * Knows no database: full tiles and entry rows are handed to the caller to be stored, and stored tiles are asked back through
 * a callback. One thread (the writer) adds, seals and publishes; any thread may ask for what was published. Over the same entries stand
 * one tree (SHA-256) or, in the suite gm, two (SM3 beside it). Signing is somebody else's (signer.h).
 * Format: docs/formats/log.md (C2SP tlog-tiles, tlog-checkpoint, tlog-proof). Only full tiles are ever stored.
 */
#ifndef SUYUAN_LOG_H
#define SUYUAN_LOG_H

#include "log/signer.h"

#define LOG_LEVELS 8                       /* 256^8 leaves */
#define TILE_BYTES (TILE_WIDTH * HASH_LEN)
#define LOG_ENTRY_MAX 65535
#define LOG_NOTE_MAX 8192                  /* a checkpoint with its cosignatures */

struct log;

/* A full tile, 8,192 bytes, from wherever the caller stores them. */
struct tile_source {
	void *ctx;
	enum err (*tile)(void *ctx, enum tree_id t, unsigned level, uint64_t n, unsigned char ret[TILE_BYTES]);
};

/* origin: the log's name, as in the checkpoint's first line. signer: taken over when the answer is OK; its vkeys say which trees are kept.
 * Owner: caller, log_close. */
enum err log_open(const char *origin, struct signer *signer, struct log **ret) MUST_USE;
void log_close(struct log *g);
struct str log_origin(const struct log *g);
struct str log_vkey(const struct log *g, enum tree_id t);    /* one a line; empty: no such tree */
bool log_has(const struct log *g, enum tree_id t);
struct log_head log_signed_last(const struct log *g, enum tree_id t);       /* what the signer says it signed last */

/* Starting: the edges are rebuilt from stored tiles and the last size%256 leaf hashes, and compared with what the store says.
 * E_CORRUPT when they disagree. Nothing is signed by that: log_publish. */
struct log_resume {
	struct log_head head[TREES];      /* of one size */
	const struct hash *tail[TREES];
	size_t n_tail;
};
enum err log_resume(struct log *g, const struct log_resume *r, const struct tile_source *src) MUST_USE;

/* ---- the writer thread ---- */
uint64_t log_add(struct log *g, struct str entry);           /* answers its index */
void log_mark(struct log *g);
void log_rewind(struct log *g);
struct pending_tile { enum tree_id tree; unsigned level; uint64_t n; const unsigned char *bytes; };
/* Full tiles of a tree finished since the last publish, to be stored in the same transaction. */
const struct pending_tile *log_pending(struct log *g, enum tree_id t, size_t *ret_n);
struct log_head log_next_head(struct log *g, enum tree_id t);        /* of what was added so far */
bool log_grew(const struct log *g);
/* After the commit: proves the new head to the signer and shows it with its signature. The right edge is checked by a second routine first:
 * E_CORRUPT stops. src: for tiles older than the group; NULL when the signer signed the head before this one. */
enum err log_publish(struct log *g, const struct tile_source *src) MUST_USE;
void log_undo(struct log *g);                                /* the commit failed: back to what was published */

/* ---- any thread ---- */
struct log_head log_shown(struct log *g);                    /* of the SHA-256 tree */
struct log_head log_shown_of(struct log *g, enum tree_id t);
/* The checkpoint of the SM3 tree is signed apart, once a second at most: its signature is too dear for each group. One caller at a time. */
enum err log_publish_second(struct log *g, const struct tile_source *src) MUST_USE;
/* The signed note of the newest head. E_ABSENT: nothing was signed. */
enum err log_checkpoint(struct log *g, struct arena *a, enum tree_id t, struct str *ret) MUST_USE;
/* Cosignature lines for the head of that size, when it is among the recent ones: checkpoints and receipts of it carry them from now on. All
 * of them at once: they take the place of those given before. */
void log_cosigned(struct log *g, uint64_t size, struct str lines);
/* Consistency proof of the SHA-256 tree from the first `old` to the first `size` entries (at most the shown size). */
enum err log_consistency(struct log *g, const struct tile_source *src, uint64_t old, uint64_t size, struct hash ret[MERKLE_MAX_PROOF], size_t *ret_n) MUST_USE;
/* The first shown head that covers entry `index`, when it is among the recent ones. */
bool log_head_over(struct log *g, uint64_t index, struct log_head *ret);
/* Receipt of entry `index` in the tree of head `at` (at->size <= shown size). `extra`: bytes to carry along, may be empty.
 * Of the SM3 tree: `at` is the head signed last, log_signed_second. */
struct receipt_of {
	enum tree_id tree;
	uint64_t index;
	const struct log_head *at;
	struct str extra;
	struct str lines;         /* all signature lines, kept with that head; empty: signed now, with the cosignatures a recent head has */
};
enum err log_receipt(struct log *g, struct arena *a, const struct tile_source *src, const struct receipt_of *q, struct str *ret) MUST_USE;
struct log_head log_signed_second(struct log *g);
/* Root of the first `size` entries (at most the shown size), recomputed from tiles. */
enum err log_root_at(struct log *g, struct arena *a, const struct tile_source *src, enum tree_id t, uint64_t size, struct hash *ret) MUST_USE;
/* Hashes of a tile as of the shown head: full from the source, partial cut from the edge. width 1..256, E_ABSENT beyond. */
enum err log_tile(struct log *g, const struct tile_source *src, enum tree_id t, unsigned level, uint64_t n, unsigned width, unsigned char ret[TILE_BYTES]) MUST_USE;

/* ---- checking a stored log from its entries (verify.c) ---- */
struct log_check {
	enum tree_id tree;
	struct frontier f;
	unsigned char open[LOG_LEVELS][TILE_BYTES];
	const struct tile_source *src;
};
/* Feeds the next n entries; every full tile that ends here is compared with the stored one. E_CORRUPT: *ret_bad is the entry, from 0. */
enum err log_check_add(struct log_check *c, const struct str *entry, size_t n, size_t *ret_bad) MUST_USE;
/* In two steps, for many threads: entries of the full bottom tile n against the stored tile (nothing of c changes); later the roots of all bottom
 * tiles in order, for the tiles above. */
enum err log_check_tile(const struct log_check *c, uint64_t n, const struct str entry[TILE_WIDTH], struct hash *ret_root) MUST_USE;
enum err log_check_above(struct log_check *c, const struct hash *root) MUST_USE;
enum err log_check_hash(struct log_check *c, const struct hash *leaf) MUST_USE;
struct hash log_check_root(const struct log_check *c);

#endif
