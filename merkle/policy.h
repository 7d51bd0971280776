/* merkle/policy.h - who has to have signed a checkpoint: cosignatures of witnesses, what is sent to them, trust policies.
 *
 * Pure. Formats: C2SP tlog-cosignature (cosignature/v1), tlog-witness (the body of add-checkpoint), tlog-policy.
 * Texts come from outside: every one is bounded, and what a policy is made of points into the text it was read from.
 */
#ifndef SUYUAN_POLICY_H
#define SUYUAN_POLICY_H

#include "merkle/merkle.h"

/* ---- cosignature/v1: eight bytes of POSIX seconds, then a signature over them and the checkpoint's body ---- */
#define COSIG_LEN (8 + SIG_LEN)
/* A witness key is Ed25519 (type 0x04) or, in deployments of 国密, SM2 (type 0xff) with the same layout. */
enum err cosign_make(const struct sign_key *key, struct arena *a, uint64_t seconds, struct str body, unsigned char ret[COSIG_LEN]) MUST_USE;
bool cosign_check(struct arena *a, const struct note_key *key, struct str body, struct str sig, uint64_t *ret_seconds);

/* ---- add-checkpoint ---- */
#define WITNESS_MAX_PROOF 63
#define WITNESS_BODY_MAX (NOTE_MAX + 4096)
struct add_checkpoint {
	uint64_t old;
	struct hash path[WITNESS_MAX_PROOF];
	size_t n_path;
	struct str note;          /* the checkpoint with its signatures */
};
enum err add_checkpoint_get(struct arena *a, struct str body, struct add_checkpoint *ret) MUST_USE;      /* E_BAD for any other spelling */
struct str add_checkpoint_str(struct arena *a, const struct add_checkpoint *r);

/* ---- policies ---- */
#define POLICY_MAX (256 * 1024)
#define POLICY_LOGS 64
#define POLICY_NAMES 128          /* witnesses and groups together */

struct policy;                /* opaque; in the arena it was read into */
struct policy_trouble { size_t line; const char *zh, *en; };
enum err policy_get(struct arena *a, struct str text, const struct policy **ret, struct policy_trouble *trouble) MUST_USE;
struct policy_peer { struct str name, url; const struct note_key *key; };     /* name: of a witness, as the policy calls it */
bool policy_asks(const struct policy *p);     /* for witnesses: its quorum is not none */
size_t policy_logs(const struct policy *p);
struct policy_peer policy_log(const struct policy *p, size_t i);
size_t policy_witnesses(const struct policy *p);
struct policy_peer policy_witness(const struct policy *p, size_t i);

struct policy_found {
	const struct note_key *log;       /* whose signature it carries */
	size_t witnesses;                 /* of the policy, with a good cosignature */
	uint64_t newest;                  /* seconds of the newest of these, 0: none */
	bool quorum;
};
/* E_BAD: no checkpoint. E_CORRUPT: no log of the policy signed it in its own name, or, where `key` is given, this one did not. E_STATE: too
 * few witnesses. *ret and *found are filled for OK and E_STATE. */
enum err policy_check(struct arena *a, const struct policy *p, const struct note_key *key, struct str note, struct checkpoint *ret,
                      struct policy_found *found) MUST_USE;

#endif
