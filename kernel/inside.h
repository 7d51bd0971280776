/* kernel/inside.h - the kernel's own struct and the calls between its files. Nobody else includes this. */
#ifndef SUYUAN_INSIDE_H
#define SUYUAN_INSIDE_H

#include <pthread.h>
#include <stdatomic.h>

#include "base/sys.h"
#include "kernel/kernel.h"
#include "log/remote.h"
#include "merkle/policy.h"
#include "store/writer.h"

struct code_key { unsigned char key[16]; int cipher; bool there; };

struct type_sql {             /* texts composed once at start, from const tables only */
	const struct type *type;
	const char *put, *gone, *retire, *list_all, *list_party, *own_from, *of_party, *list_region, *get, *by[64], *drop, *dump;
	const char *cases[64], *own_cases[64];        /* counted by the value of a public column */
	const char *find[64], *find_of[64];           /* listed by it: of regions, of one party */
};

struct kernel {
	struct arena life;        /* ends with the kernel */
	char home[3000], public_url[512], store[3400];
	struct node *settings;    /* suyuan.json */
	const struct engine *engine;
	const struct module *const *modules;
	size_t n_modules;
	void **state;
	const struct op **ops;    /* sorted by name */
	size_t n_ops;
	const struct type **types;
	struct type_sql *sql;
	size_t n_types;
	unsigned char master_key[32], table_key[32], blind_key[32];
	struct sealer *table;     /* table_key, ready for many small texts */
	struct code_key code_keys[32];
	unsigned code_key_now;
	struct log *log;
	struct keystore *keystore;
	struct guard *guard;      /* what was last signed, unless somebody else signs */
	bool signed_before, forgot;       /* the guard remembers keys that signed; but no head of theirs */
	char unsigned_why[300];   /* a reading kernel: why the store's head is not one to sign; empty: it is */
	int64_t anchored_at;      /* of anchor_tick alone */
	uint64_t anchored;
	const char *guard_dir, *signer_path;      /* of the setup; NULL: as the home says */
	enum hash_id hash;        /* of new commitments */
	enum seal_id seal;        /* of what is sealed from now on */
	struct witness *witness;  /* of the writing kernel, where the settings name logs to watch */
	struct cosigners *cosigners;      /* of the writing kernel, where the settings name a policy */
	struct cosigned *cosigned;        /* the same, where that policy asks for witnesses */
	struct stamper *stamper;          /* of the writing kernel, where the settings name a time-stamping authority */
	struct db *db;            /* the writing connection; NULL when only reading */
	struct writer *writer;
	struct readers *readers;
	struct crew *crew;
	struct jobs *jobs;        /* of the writing kernel */
	const struct fetcher *fetch;      /* NULL: no questions to other houses */
	const struct renderer *render;
	struct tile_source tiles; /* over the writing connection, for the writer thread */
	bool writing;
	struct str derived;       /* hash of the texts of the derived tables */
	bool stale;               /* they are empty: another program had made them */
	_Atomic int64_t last_id;
	_Atomic int64_t last_tick;
	_Atomic bool closing;     /* long operations are refused from here on */
	struct hidden_call *answers;      /* writer thread: committed, waiting for their receipts */
	int64_t group_at;
	_Atomic uint64_t writes, refused, reads;
};

struct hidden_call {
	struct change change;
	struct call *call;
	jmp_buf full;
	struct db *reader;
	struct hash request;      /* what an idempotency key was used for */
	struct hidden_call *next_answer;
	bool replay;              /* answered from an earlier use of the key */
};

#define IN(c, f) ((c)->in[f])

const struct module *house_module(struct arena *a);    /* people, lists, notices, records, documents: the house itself as a module */

/* sql.c */
enum {
	SQL_RECORD_PUT, SQL_RECORD_GET, SQL_RECORD_LAST, SQL_RECORD_EACH, SQL_RECORD_AT, SQL_RECORD_SPAN,
	SQL_PART_PUT, SQL_PART_GET, SQL_PART_LIST, SQL_PART_COUNT,
	SQL_RECORD_RANGE, SQL_ENTRY_PUT, SQL_ENTRY_GET, SQL_ENTRY_RANGE, SQL_ENTRY_TAIL, SQL_ENTRY_SPAN, SQL_TILE_PUT, SQL_TILE_GET, SQL_TILE_SM3_PUT, SQL_TILE_SM3_GET, SQL_HEAD_PUT, SQL_HEAD_LAST, SQL_HEAD_OVER,
	SQL_COSIGNED_PUT, SQL_COSIGNED_OVER, SQL_COSIGNED_LAST, SQL_COSIGNED_NEXT, SQL_STAMP_NEXT, SQL_STAMP_PUT, SQL_STAMP_GET, SQL_STAMP_LAST,
	SQL_IDEM_GET, SQL_IDEM_PUT, SQL_AUDIT_PUT, SQL_AUDIT_LIST,
	SQL_PARTY_GET, SQL_PARTY_BY_USCC, SQL_PARTY_PUT, SQL_PARTY_ROLES, SQL_PARTY_STATE, SQL_PARTY_OPEN, SQL_PARTY_LIST, SQL_PARTY_LIST_STATE,
	SQL_ACCOUNT_PUT, SQL_ACCOUNT_LOGIN, SQL_ACCOUNT_LIST, SQL_ACCOUNT_FAIL, SQL_ACCOUNT_GOOD, SQL_ACCOUNT_REMOVE, SQL_ACCOUNT_PASSWORD,
	SQL_ACCOUNT_GET, SQL_ACCOUNT_OWNERS, SQL_SESSION_DROP_ACCOUNT,
	SQL_SESSION_PUT, SQL_SESSION_GET, SQL_CONSENT_PUT, SQL_CONSENT_STOP, SQL_CONSENT_GET, SQL_CONSENT_LIST,
	SQL_CASE_PUT, SQL_CASE_GET, SQL_CASE_MOVE, SQL_CASE_LIST_PARTY, SQL_CASE_LIST_REGION, SQL_CASE_LATE, SQL_CASE_REMINDED, SQL_CASE_LIST_ALL,
	SQL_CASE_LIST_STATE, SQL_CASE_LIST_FLOW, SQL_CASE_LIST_OWN, SQL_CASE_LIST_OWN_STATE, SQL_CASE_LIST_MINE, SQL_CASE_GROUPS, SQL_CASE_GROUPS_OWN,
	SQL_NOTICE_PUT, SQL_NOTICE_LIST, SQL_NOTICE_UNSENT, SQL_NOTICE_SENT,
	SQL_BLOB_PUT, SQL_BLOB_GET, SQL_BLOB_NEXT, SQL_SETTING_PUT, SQL_SETTING_GET, SQL_WEBHOOK_PUT,
	SQL_JOB_PUT, SQL_JOB_GET, SQL_JOB_DUE, SQL_JOB_LATER, SQL_JOB_COME, SQL_JOB_WAITS, SQL_JOB_OLD, SQL_JOB_LIST, SQL_ACTOR_GET,
	SQL_CASE_HAND, SQL_RECORD_NEWEST, SQL_RECORD_CORRECTED, SQL_RECORD_LATEST, SQL_RECORD_EMPTY, SQL_ERASURE_GET, SQL_ERASURE_PUT, SQL_ERASURE_EACH, SQL_IDEM_DROP_RECORD, SQL_PARTS_DROP, SQL_RECORD_BEFORE, SQL_NEWEST_ID, SQL_RECORD_COUNT, SQL_HEAD_EACH, SQL_HEAD_AT, SQL_TEXTS
};
extern const char *const kernel_sql[SQL_TEXTS];
extern const char *const kernel_steps[];       /* numbered migrations of the kernel tables */
extern const size_t kernel_steps_n;
const char *ddl_for(struct arena *a, const char *text, bool pg);      /* @int @text @blob */

/* append.c */
enum err record_keys_get(struct call *c, int64_t record, struct record_keys *ret) MUST_USE;
enum err record_from_row(struct call *c, const struct val *row, unsigned classes, struct record *ret);
/* parts.c */
void nonce_of(int64_t record, unsigned part, unsigned char ret[SEAL_NONCE_LEN]);
struct sealed_parts { struct str *p; size_t n; };
enum err parts_seal(struct call *c, int64_t record, const struct type *t, const struct value *values, struct sealed_parts *ret) MUST_USE;
void parts_tell(struct db *db, int64_t record, const struct sealed_parts *s);
/* project.c */
enum err project_record(struct call *c, const struct type *t, int64_t record, uint64_t index, int64_t party, int64_t root, int64_t at, int64_t corrects,
                        const struct value *v);
enum err project_again(struct call *c, const struct record *r) MUST_USE;      /* the derived row of what is left of it */
enum err sql_of_types(struct kernel *k);
const struct type_sql *type_sql(const struct kernel *k, const struct type *t);
/* guard.c */
enum err guard_open(const char *path, bool writing, struct log_head ret_last[TREES], struct guard **ret) MUST_USE;
enum err guard_keep(void *ctx, enum tree_id t, const struct log_head *h) MUST_USE;
void guard_close(struct guard *g);
/* keystore.c */
struct keystore;
enum err keystore_open(struct kernel *k, const struct kernel_setup *setup, bool expected, char why[300]) MUST_USE;
void keystore_close(struct kernel *k);
void keystore_mark(struct keystore *s);
void keystore_rewind(struct keystore *s);
void keystore_forget(struct keystore *s);
void keystore_add(struct keystore *s, int64_t record, const struct str wrapped[KEY_CLASSES]);
void keystore_destroy(struct keystore *s, int64_t record, unsigned classes);
enum err keystore_seal(struct keystore *s) MUST_USE;
bool keystore_destroys(const struct keystore *s);      /* this group erases something */
enum err keystore_settle(struct keystore *s) MUST_USE;
enum err keystore_get(struct call *c, int64_t record, struct str ret[KEY_CLASSES]) MUST_USE;
enum err keystore_covers(struct kernel *k, char why[300]) MUST_USE;      /* E_CORRUPT: it is older than the store */
/* Keys of a page of records in one question, for call.keys; in the arena. What is not among them is asked for singly. */
struct key_page { struct rows rows; };
enum err keystore_page(struct call *c, struct arena *a, const struct rows *records, struct key_page *ret) MUST_USE;
enum err keystore_move_in(struct kernel *k) MUST_USE;
/* erase.c: what is left of a record whose class was erased */
struct erased { unsigned classes; struct str leaves; };      /* leaves: the hashes of its slots, as they were */
enum err erased_of(struct call *c, int64_t record, struct erased *ret) MUST_USE;      /* classes 0: nothing */
enum err erase_finish(struct kernel *k) MUST_USE;
struct leaf_shape;
/* Hashes of the slots: from values and keys, and where these were erased from what was kept of them. E_CORRUPT: the two disagree. */
enum err record_leaves(struct call *c, const struct record *r, const struct record_keys *keys, const struct leaf_shape *shape, struct hash *ret) MUST_USE;
/* How many slots an entry of that type has: those of the fields of its version, and from version 2 of the leaf on the one that says who
 * filed it. E_CORRUPT: not an entry of this type, or of a version this program does not know. */
struct leaf_shape { size_t fields, n; struct leaf_facts facts; };
enum err leaf_shape_of(struct call *c, const struct type *t, struct str leaf, struct leaf_shape *ret) MUST_USE;
enum err filing_facts(struct call *c, int64_t party, int64_t root, int64_t corrects, int64_t at, struct filed *ret) MUST_USE;
/* keys.c: the secrets of a home, and who signs for it */
const char *home_path(struct kernel *k, const char *name);
void explain(char why[300], const char *fmt, ...) PRINTF(2, 3);
enum err keys_make(struct kernel *k, const char *suite) MUST_USE;
enum err keys_read(struct kernel *k) MUST_USE;
/* signd.c */
enum err signd_dial(const char *path, struct signer *ret) MUST_USE;
enum err signd_serve(struct signer *signer, const char *path, char why[300]);      /* does not come back */
enum err signer_here(struct kernel *k, const char *origin, char why[300], struct signer *ret) MUST_USE;
enum err signer_of(struct kernel *k, const char *origin, char why[300], struct signer *ret) MUST_USE;
/* witness.c */
enum err witness_open(struct kernel *k, char why[300]);
void witness_close(struct kernel *k);
/* cosigners.c: the witnesses we ask, and being one */
enum err peers_open(struct kernel *k, char why[300]);
void peers_stop(struct kernel *k);          /* before the writer ends: they ask it for changes */
void peers_close(struct kernel *k);
void cosigners_tick(struct kernel *k);
/* blob.c */
enum err blobs_check(struct call *c, struct arena *a, struct str *ret_bad) MUST_USE;
/* anchor.c */
void anchor_tick(struct kernel *k, int64_t now);
enum err anchor_check(struct call *c, const struct record *r) MUST_USE;
/* verify_heads.c */
enum err verify_heads(struct kernel *k, struct db *db, uint64_t size, uint64_t *ret_bad) MUST_USE;
/* cosigned.c: heads that reached the quorum */
enum err cosigned_open(struct kernel *k) MUST_USE;
void cosigned_close(struct kernel *k);
void cosigned_tick(struct kernel *k);
void cosigned_keep(struct kernel *k, uint64_t size, struct str lines);        /* all of its lines; does not wait; the first of a size stay */
/* The first of them that covers entry `index`, with its signature lines. E_ABSENT: none yet, or the home asks for none. */
enum err cosigned_over(struct call *c, uint64_t index, struct log_head *ret, struct str *ret_lines) MUST_USE;
/* stamp.c: time-stamps of checkpoints */
enum err stamp_open(struct kernel *k, char why[300]);
void stamp_stop(struct kernel *k);
void stamp_close(struct kernel *k);
void stamp_tick(struct kernel *k, int64_t now);
/* verify_kept.c: cosignatures and time-stamps kept for heads up to that size, against the tree. E_CORRUPT with the problem in words. */
enum err verify_kept(struct kernel *k, struct db *db, const struct tile_source *src, uint64_t size, struct arena *a, struct str *ret_problem) MUST_USE;
/* glue of store and log (evidence.c) */
enum err evidence_resume(struct kernel *k) MUST_USE;
void evidence_tick(struct kernel *k);
struct writer_hooks evidence_hooks(struct kernel *k);
struct tile_source tiles_over(struct db **db);
/* The inclusion proof of an entry with that object along. */
enum err call_proof(struct call *c, uint64_t index, const struct node *extra, struct str *ret) MUST_USE;
/* open_log.c: every slot of a record as its leaf committed to it, checked against the leaf's root: E_CORRUPT */
struct slots {
	struct record r;
	enum hash_id h;
	size_t n, fields;         /* slots of the version it was filed under; of them of fields, the others first of all FILED_SLOT */
	struct str *disclosure;   /* of all classes: empty where nothing was said */
	struct hash *leaf;
	struct hash *digest;      /* what the leaf is the hash of, where values and keys are still there */
};
enum err slots_of(struct call *c, const struct val *row, struct str leaf, struct slots *ret) MUST_USE;
bool slot_public(const struct slots *s, size_t slot);
/* In schema order: the disclosure where `show` says so and there is one, else ":" and the slot's leaf hash. */
typedef bool slot_shown(const struct slots *s, size_t slot, const void *ctx);
struct node *slots_node(struct arena *a, const struct slots *s, slot_shown *show, const void *ctx);
/* What goes along with a proof: leaf, slots, and the shown ones once more as `disclosures`. s NULL: the leaf alone. */
struct node *extra_of(struct arena *a, struct str leaf, const struct slots *s, slot_shown *show, const void *ctx);
/* find.c */
enum err find_list(struct call *c);
enum err find_get(struct call *c);
/* sheet.c: the list of a type as a file */
enum err export_run(struct call *c);
/* desk.c */
void region_range(struct call *c, struct str region, struct str *ret_from, struct str *ret_to);
/* job.c: a row sealed ahead, told in somebody's change */
struct job;
enum err job_seal(struct kernel *k, struct arena *a, const struct job *j, struct str *ret) MUST_USE;
void job_tell(struct db *db, const struct job *j, bool due, struct str sealed);
enum err jobs_start(struct kernel *k) MUST_USE;
void jobs_stop(struct kernel *k);
void jobs_end(struct kernel *k);
void jobs_committed(struct kernel *k);
void jobs_tick(struct kernel *k, int64_t now);
/* people.c: account 0 is the operator at the console */
enum err actor_again(struct call *c, int64_t account, struct str on_behalf, const struct actor **ret) MUST_USE;

/* op.c: the two halves of a call, for those who have many (load.c) */
enum err call_check(struct call *c, struct db *reader);     /* allow, prefill, check, prepare; troubles in the call */
enum err call_write(struct call *c, struct db *db);         /* on the writer thread, inside a change */
void answers_hand_over(struct kernel *k);
enum err record_region(struct call *c, const struct record *r, struct str *ret);
enum err record_allowed(struct call *c, const struct record *r);
/* flow.c */
enum err flow_of_type(struct call *c, const struct filing *f, int64_t record);
enum err flow_step(struct call *c);
int64_t new_id(struct kernel *k, int64_t now);
extern const struct type flow_step_in;

#endif
