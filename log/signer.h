/* log/signer.h - whoever signs the log's heads: keys of its own, and a memory of what it signed.
 *
 * A signer signs an extension of what it signed last, proven to it (RFC 6962 consistency), and nothing else; so neither a store brought
 * back from a backup nor a second writer nor a broken server makes two histories of one log. It can live in this process
 * (signer_local) or behind a socket (kernel/signd.c). Each tree of a log is remembered on its own.
 */
#ifndef SUYUAN_SIGNER_H
#define SUYUAN_SIGNER_H

#include "merkle/merkle.h"

/* The trees over the log's entries. The second is kept in the suite gm alone; its origin is the log's with "/sm3" after it. */
enum tree_id { TREE_SHA256, TREE_SM3, TREES };
enum hash_id tree_hash(enum tree_id t);
struct str tree_origin(struct arena *a, const char *origin, enum tree_id t);

struct log_head {
	uint64_t size;
	struct hash root;
};
bool same_head(const struct log_head *a, const struct log_head *b);

struct extension {
	enum tree_id tree;
	struct log_head from, to;
	bool again;               /* `from`, an older head, is to be signed; `to` is one that was signed lately */
	struct hash proof[MERKLE_MAX_PROOF];
	size_t n;
};

struct signer {
	void *ctx;
	/* The signature lines of a checkpoint of x->to (again: of x->from). E_STATE: not after what was signed last; E_CORRUPT: no extension of
	 * it. Safe from any thread. */
	enum err (*sign)(void *ctx, const struct extension *x, struct arena *a, struct str *ret_lines);
	struct log_head (*last)(void *ctx, enum tree_id t);       /* signed last; size 0: nothing yet */
	void (*close)(void *ctx);
	struct str vkey[TREES];   /* verifier keys of its checkpoints, one a line; empty: this tree is not kept */
};

struct signer_setup {
	const char *origin;
	const unsigned char *ed25519;     /* seed, SEED_LEN */
	const unsigned char *sm2;         /* scalar, SEED_LEN; NULL: suite std */
	struct log_head last[TREES];      /* remembered from before */
	/* Durable when it returns, before the signature is made. NULL: remembered in memory alone (a reading process). */
	enum err (*keep)(void *ctx, enum tree_id t, const struct log_head *h);
	void *ctx;                        /* of keep */
};
/* Owner: caller, signer_close. The texts of ret live as long. */
enum err signer_local(const struct signer_setup *s, struct signer *ret) MUST_USE;
void signer_close(struct signer *s);

#endif
