/* merkle/merkle.h - append-only trees: RFC 6962 hashes, proofs, C2SP notes, checkpoints and tile names.
 *
 * Pure: no clock, no file, no database. Callers bring hashes through a reader callback; a reader's error is passed on.
 * Formats: C2SP tlog-tiles, tlog-checkpoint, signed-note, tlog-proof; docs/formats/log.md.
 * Proofs are at most 64 hashes (MERKLE_MAX_PROOF).
 */
#ifndef SUYUAN_MERKLE_H
#define SUYUAN_MERKLE_H

#include "crypto/crypto.h"

#define MERKLE_MAX_PROOF 64
#define TILE_WIDTH 256

/* ---- hashes: leaf 0x00, node 0x01, empty = H("") ---- */
struct hash tree_leaf(enum hash_id id, struct str entry);
void tree_leaves(enum hash_id id, const struct str *entry, size_t n, struct hash *ret);       /* the same of many */
struct hash tree_node(enum hash_id id, const struct hash *l, const struct hash *r);
struct hash tree_empty(enum hash_id id);
/* Root over n leaf hashes in memory (RFC 6962 split), with any two domain bytes. Field trees use 0x10 and 0x11. */
struct hash tree_root(enum hash_id id, unsigned char node_byte, const struct hash *leaf, size_t n);
/* Inclusion path of leaf i in such a tree; returns the number of hashes. */
size_t tree_path(enum hash_id id, unsigned char node_byte, const struct hash *leaf, size_t n, size_t i, struct hash path[MERKLE_MAX_PROOF]);
/* Root from a leaf hash and its path; false when the path has the wrong length. */
bool tree_root_from_path(enum hash_id id, unsigned char node_byte, const struct hash *leaf, uint64_t i, uint64_t n,
                         const struct hash *path, size_t n_path, struct hash *ret);

/* ---- frontier: the compact range of an append-only tree ---- */
struct frontier {
	uint64_t size;
	struct hash at[64];       /* at[k] is valid where bit k of size is set: root of that full subtree */
};
void frontier_add(enum hash_id id, struct frontier *f, const struct hash *leaf);
void frontier_add_tile(enum hash_id id, struct frontier *f, const struct hash *root);      /* the next TILE_WIDTH leaves at once */
void frontier_add_many(enum hash_id id, struct frontier *f, const struct hash *leaf, size_t n);     /* n <= TILE_WIDTH; SM3 takes several at a time */
struct hash frontier_root(enum hash_id id, const struct frontier *f);

/* ---- proofs over stored tiles ----
 * A reader answers the hash at (level, index) of the tile pyramid: level 0 = leaves, level L = roots of 256^L leaves.
 * Only complete subtrees are asked for. */
struct hash_reader {
	enum err (*get)(void *ctx, unsigned level, uint64_t index, struct hash *ret);
	void *ctx;
	struct node_memory *memory;       /* of one tree, for several proofs about the same place; may be NULL */
};
/* Roots worked out between two tile levels. Zeroed by the caller. */
#define NODE_MEMORY 64
struct node_memory {
	size_t n;
	struct { uint64_t index; unsigned bits; struct hash root; } node[NODE_MEMORY];
};
enum err prove_inclusion(enum hash_id id, const struct hash_reader *r, uint64_t index, uint64_t size, struct hash ret[MERKLE_MAX_PROOF], size_t *ret_n) MUST_USE;
enum err prove_consistency(enum hash_id id, const struct hash_reader *r, uint64_t old_size, uint64_t size, struct hash ret[MERKLE_MAX_PROOF], size_t *ret_n) MUST_USE;
enum err root_at(enum hash_id id, const struct hash_reader *r, uint64_t size, struct hash *ret) MUST_USE;
bool check_inclusion(enum hash_id id, const struct hash *leaf, uint64_t index, uint64_t size, const struct hash *root, const struct hash *path, size_t n);
bool check_consistency(enum hash_id id, uint64_t old_size, const struct hash *old_root, uint64_t size, const struct hash *root, const struct hash *path, size_t n);

/* ---- signed notes and checkpoints ---- */
enum note_type { NOTE_ED25519 = 0x01, NOTE_COSIGN_ED25519 = 0x04, NOTE_OTHER = 0xff };
struct note_key {                 /* a verifier: parsed vkey */
	struct str name;
	unsigned char id[4];
	unsigned char type;
	struct str pub;           /* raw key bytes after the type byte */
};
void note_key_id(struct str name, unsigned char type, struct str pub, unsigned char ret[4]);
struct str vkey_str(struct arena *a, struct str name, unsigned char type, struct str pub);
enum err vkey_get(struct arena *a, struct str text, struct note_key *ret) MUST_USE;    /* E_BAD */
/* What stands after the type byte NOTE_OTHER of an SM2 key: identifier and SubjectPublicKeyInfo of the point (65 bytes, uncompressed). */
struct str note_sm2_pub(struct arena *a, struct str point);
bool note_name_ok(struct str name);       /* not empty, no space, no '+', UTF-8 */

struct checkpoint {
	struct str origin;
	uint64_t size;
	struct hash root;
	struct str text;          /* the signed body, through its last newline before the blank line */
};
#define NOTE_MAX (64 * 1024)
#define NOTE_MAX_SIGS 32
struct str checkpoint_text(struct arena *a, struct str origin, uint64_t size, const struct hash *root);
/* Body + blank line + one signature line per call of note_sign_line. */
struct str note_sign_line(struct arena *a, struct str name, const unsigned char id[4], struct str sig);
/* Splits a note; E_BAD where it is ill-formed. sigs: name, 4-byte id and bytes of each line. */
struct note_sig { struct str name; unsigned char id[4]; struct str sig; };
enum err note_open(struct arena *a, struct str note, struct str *ret_body, struct note_sig sigs[NOTE_MAX_SIGS], size_t *ret_n) MUST_USE;
enum err checkpoint_get(struct arena *a, struct str body, struct checkpoint *ret) MUST_USE;   /* extension lines tolerated */
bool note_line_of(const struct note_sig *line, const struct note_key *key);      /* by name and key id; nothing of the signature */
bool note_sig_ok(struct arena *a, const struct note_key *key, struct str body, struct str sig);
bool note_count(struct str s, uint64_t *ret);     /* decimal, one spelling: no sign, no leading zero; at most 2^63 - 1 */
bool note_hash(struct str s, struct hash *ret);   /* 32 bytes as base 64 */
/* E_CORRUPT when no line of `key` verifies; unknown lines are ignored. */
enum err checkpoint_open(struct arena *a, struct str note, const struct note_key *key, struct checkpoint *ret) MUST_USE;

/* ---- tlog-proof receipts ---- */
struct tlog_proof {
	struct str extra;         /* decoded bytes, may be empty */
	uint64_t index;
	struct hash path[MERKLE_MAX_PROOF];
	size_t n_path;
	struct str checkpoint;    /* the note */
};
struct str proof_str(struct arena *a, const struct tlog_proof *p);
enum err proof_get(struct arena *a, struct str text, struct tlog_proof *ret) MUST_USE;

/* ---- tiles ---- */
/* "tile/0/x001/x234/067.p/112", or "tile/entries/..." for level -1. width 256 = full. */
struct str tile_path(struct arena *a, int level, uint64_t n, unsigned width);
enum err tile_path_get(struct str path, int *ret_level, uint64_t *ret_n, unsigned *ret_width) MUST_USE;   /* E_BAD for any other spelling */
unsigned tile_width(uint64_t size, unsigned level, uint64_t n);     /* 0: not there for that size */

#endif
