/* kernel/kernel.h - the vocabulary in which a policy is written down: operations, modules, flows, lists, calls.
 *
 * One operation, one path: HTTP, page, command line, bulk file and test all enter op_run(), where the role is allowed, the input
 * checked, the transaction opened, the record kept, the log appended, the audit written and the answer shaped. A module is const
 * tables and small functions; it never sees a socket, a template or a role test. The kernel never names a module.
 */
#ifndef SUYUAN_KERNEL_H
#define SUYUAN_KERNEL_H

#include "log/log.h"
#include "record/schema.h"
#include "store/db.h"

struct kernel;
struct call;
struct record;

/* ---- who ---- */

enum role {
	R_ANYONE   = 1,      /* not signed in */
	R_MAKER    = 2,      /* 生产单位 */
	R_SELLER   = 4,      /* 销售单位 */
	R_USER     = 8,      /* 用户单位 */
	R_DOCK     = 16,     /* 对接系统: files for parties that consented */
	R_ASSOC    = 32,     /* 行业协会 */
	R_OFFICER  = 64,     /* 监管人员 of a region */
	R_AUDITOR  = 128,    /* audit and statistics, no business values */
	R_OPERATOR = 256,    /* 平台运营 */
};
#define R_PARTY (R_MAKER | R_SELLER | R_USER)
#define R_SIGNED_IN (R_PARTY | R_DOCK | R_ASSOC | R_OFFICER | R_AUDITOR | R_OPERATOR)
#define R_ALL (R_ANYONE | R_SIGNED_IN)
#define ROLE_COUNT 9
const char *role_name(unsigned role);               /* "maker"; one bit */
unsigned role_of(struct str name);                  /* 0 when unknown */

/* Inside a party. An owner may do what a filer may, a filer what a warehouse may. */
enum inside { IN_NOBODY, IN_WAREHOUSE, IN_FILER, IN_OWNER };

struct actor {
	unsigned roles;           /* R_ANYONE alone when not signed in */
	enum inside inside;
	int64_t account, party;   /* 0: none */
	struct str login, party_name, uscc, region;    /* region: division digits an officer or party belongs to */
	bool open_by_default;     /* the party's choice for fields it may withhold */
	bool suspended;           /* filing is closed */
	int64_t dock;             /* the docked system's account when it files for a party */
};
extern const struct actor nobody;

/* ---- operations ---- */

enum method { GET = 1, POST = 4 };
enum scope {
	SCOPE_PUBLIC,     /* the answer does not depend on whose record it is */
	SCOPE_OWN,        /* own records; an officer those of the region; operator, auditor and association all */
};
enum mode {
	READS,            /* runs at once on a reading connection */
	WRITES,           /* runs on the writer thread, answered after commit and signature */
	SLOW,             /* long computation (passwords): prepared by a worker, then runs like WRITES */
	READS_LONG,       /* like READS, on a worker: makes a file first */
};

struct op {
	const char *name;         /* "product.create": CLI verb, audit name */
	enum method method;
	const char *path;         /* "/v1/products"; {name} members come from the path */
	unsigned who;             /* roles */
	enum inside inside;       /* least standing inside a party */
	enum scope scope;
	enum mode mode;
	const struct type *in;    /* NULL: no input */
	enum err (*run)(struct call *c);
	const char *clause;
	const char *zh, *en;
	/* optional, by name */
	enum err (*prefill)(struct call *c);      /* may complete c->raw before checking; may not write */
	enum err (*prepare)(struct call *c);      /* after checking, off the writer thread: what takes time and needs no transaction */
	const struct type *files;                 /* shown with the type: this op files such a record */
	const struct step *step;                  /* generated from a flow row */
	/* Answers from memory alone, before anything else runs; E_BUSY: not there, take the long way. */
	enum err (*memory)(struct call *c, struct str path_value);
	const char *page;                         /* template of the answer; NULL: generic */
	bool upload;                              /* takes a file beside its fields */
	bool corrects;                            /* takes the member "corrects": the record this one replaces */
	bool quiet;                               /* no audit line (counters, log-out) */
	const char *answer;                       /* members of a JSON answer, for the papers (kernel/doc.h); NULL: what the kernel knows */
	const char *gives;                        /* media types of an answer that is a file, "text/csv|application/pdf"; NULL: JSON */
	const struct gather *gather;              /* a table with these columns alone becomes few calls, each with many lines */
};

struct gather { size_t n, field[2], max; };      /* so many list fields take a value from each line; at most max lines a call */

struct stream {               /* an answer produced while it is sent */
	int64_t (*pull)(void *ctx, char *to, size_t cap);
	void (*done)(void *ctx);
	void *ctx;
	const char *media;        /* content type */
};

struct call {
	/* the face fills */
	struct kernel *k;
	const struct op *op;
	const struct actor *who;
	struct node *raw;         /* input as read, path members included */
	struct str idem;          /* Idempotency-Key, may be empty */
	struct arena *arena;
	int64_t now;              /* ms */
	void (*done)(struct call *c);      /* exactly once, on whatever thread; then the face owns the call again */
	void *user;
	/* the kernel fills */
	struct value *in;         /* op->in->n checked values */
	struct db *db;            /* reading connection, or the writing one during WRITES */
	struct troubles troubles; /* run may add, then answer E_BAD */
	enum err err;
	const char *why_zh, *why_en;       /* more exact words than err.def has */
	struct node *out;         /* the answer */
	struct stream *stream;    /* instead of out */
	struct str bytes;         /* instead of out: ready bytes of `media` */
	const char *media;
	struct str file_name;     /* of stream or bytes that are to be kept as a file; any text */
	int64_t record;           /* first record filed by this call */
	uint64_t index;           /* its log index */
	bool filed;
	struct str leaf;          /* its bytes */
	enum err verdict;         /* the change is kept, and this is answered (a counted failed log-in) */
	void *scratch;            /* from prefill or prepare to run of the same operation */
	void *ahead;              /* from a module's check to its project: worked out off the writer thread */
	bool dry;                 /* checked like any other and then left: nothing is written */
	struct { struct str name, bytes; } upload;      /* what came with the request besides its fields */
	struct hidden_call *hidden;
	const struct key_page *keys;       /* wrapped keys read ahead, may be NULL */
};
static inline bool op_reads(const struct op *op) { return op->mode == READS || op->mode == READS_LONG; }
/* "the current state does not allow this" with better words; returns e. */
enum err call_refuse(struct call *c, enum err e, const char *zh, const char *en);
enum err call_trouble(struct call *c, size_t field, const char *zh, const char *en);    /* field of op->in; answers E_BAD */
enum err call_trouble_at(struct call *c, size_t field, size_t at, const char *zh, const char *en);    /* the at-th of its list, from 0 */

/* ---- modules ---- */

struct step {                 /* one row of a flow: from --verb--> to */
	const char *flow, *from, *verb, *to;
	unsigned who;             /* roles that may take it */
	int days;                 /* time the next step has; 0 = none */
	bool working;             /* working days */
	const char *clause, *zh, *en;
	/* optional */
	enum err (*effect)(struct call *c, int64_t record);   /* what else changes, in the same transaction */
	bool two_persons;         /* not by the account that took the step before */
	bool other_side;          /* by the record's counterparty alone, never by the party that filed it */
	bool after_due;           /* not before the time of the state has run out: retention */
};
struct flow {
	const char *name, *zh, *en, *start;    /* "registration"; the first state */
	const char *types;        /* "a|b": record types whose filing opens a case */
	bool (*opens)(struct call *c, const struct type *t, const struct value *v);      /* of those, only records it says yes to; NULL: all */
	const struct step *steps;
	size_t n;
	int days;                 /* time the first step has */
	bool working;
	const char *clause;
};
struct list_row {
	const char *list, *key, *zh, *en, *from, *to;     /* validity dates, NULL = open */
	const char *facts;        /* "licensed ccc std=GB 2811-2019": space-separated words the module understands */
	const char *source;
};
struct module {
	const char *name, *zh;
	const struct type *const *types; size_t n_types;
	const struct op *ops; size_t n_ops;
	const struct flow *flows; size_t n_flows;
	const struct list_row *lists; size_t n_lists;
	const struct job_kind *jobs; size_t n_jobs;     /* long work (job.h) */
	const char *tables;       /* DDL of derived tables beyond p_<type>: @int @text @blob stand for column types */
	const char *const *derived; size_t n_derived;   /* their names, for rebuild */
	/* Called for each record in log order, live and on rebuild; only tells what follows from the record. */
	enum err (*project)(struct call *c, const struct type *t, int64_t record, uint64_t index, int64_t party, int64_t at, int64_t corrects,
	                    const struct value *v);
	/* A class of a record was erased: its derived rows become those that project would make of what is left. The record is a corrected one,
	 * unless only personal values went. */
	void (*forgotten)(struct call *c, const struct type *t, int64_t record, uint64_t index, int64_t at, const struct value *left);
	bool (*fact)(struct call *c, const char *fact, const struct type *t, const struct value *v);
	/* How a value reads on other platforms (codes instead of our ranges); NULL: as it is. */
	struct node *(*outward)(struct call *c, const struct record *r, size_t field);
	/* May a record of that type, of whose values these are known, be told as this step of a chain? For packages that are read without a store. */
	bool (*told)(const struct type *t, const struct value *v, struct str what, struct str zh, struct str en);
	enum err (*check)(struct call *c);          /* troubles across fields, after every field is checked */
	void (*tick)(struct kernel *k, int64_t now);     /* each second while serving */
	void (*committed)(struct kernel *k);        /* after each signed commit, on the writer thread: caches */
	void (*party_changed)(struct kernel *k, int64_t party);     /* its row changes in the running group */
	void *(*open)(struct kernel *k);            /* state of the module for the life of the process */
	void (*close)(void *state);
};

/* ---- keeping records (append.c) ---- */

struct filing {
	const struct type *type;
	const struct value *values;
	int64_t party;            /* whose record */
	struct str org, subject;  /* for leaves that are not blind; subject empty: the record's own id */
	int64_t corrects;         /* the record this one replaces, 0: none */
	struct str region;        /* of the case a flow opens; empty: the party's */
	const uint64_t *about;    /* log index that the entry names in clear, as "c"; NULL: none */
	struct prepared *prepared;   /* from kernel_prepare with the same values; NULL: done now */
};
/* run and prepare of an operation that only files its input as a record of the caller's party; takes `corrects`. */
struct str leaf_org(struct str uscc);       /* for filing.org: empty for 个体工商户 */
enum err kernel_file(struct call *c);
enum err kernel_file_prepare(struct call *c);
/* The record that this call's `corrects` names, 0 for none. */
enum err kernel_corrects(struct call *c, int64_t *ret) MUST_USE;
/* In an op's prepare: salts, seals and hashes the record ahead, off the writer thread. The values must not change afterwards. */
enum err kernel_prepare(struct call *c, const struct type *t, const struct value *values, struct prepared **ret) MUST_USE;
/* In the caller's transaction: record row, keys, derived rows, log entry, flow case. E_CLASH and others as the store says. */
enum err kernel_append(struct call *c, const struct filing *f, int64_t *ret_record) MUST_USE;

struct record {
	int64_t id, party, root, at, corrects;
	uint64_t index;
	const struct type *type;
	struct value *values;     /* classes the caller asked for; others say nothing */
	bool held[KEY_CLASSES];   /* there are values of this class, shown or not */
};
/* classes: bit mask of 1<<KEY_PUBLIC ... to open. E_ABSENT. */
enum err kernel_record(struct call *c, int64_t id, unsigned classes, struct record *ret) MUST_USE;
/* Current records of that type and party filed in [from, to), ms, after record `after`: record, root, at; 500 at most, in their order. */
enum err kernel_records_of(struct call *c, const struct type *t, int64_t party, int64_t from, int64_t to, int64_t after, struct rows *ret) MUST_USE;
const struct type *kernel_type(const struct kernel *k, struct str name);
enum err kernel_latest(struct call *c, int64_t id, int64_t *ret_id) MUST_USE;     /* the newest of its chain of corrections */
bool kernel_counterparty(struct call *c, const struct record *r);      /* is the caller the other side of this record */
/* Work of the house itself (counters, reminders) on the writer thread; fn gets ctx, which must outlive it. Does not wait. */
enum err kernel_change(struct kernel *k, int64_t now, enum err (*fn)(struct call *c, void *ctx), void (*after)(void *ctx, enum err e), void *ctx) MUST_USE;
/* Which classes this viewer may see of that record without a recorded look: the visibility table. */
unsigned kernel_may_see(struct call *c, const struct record *r);
struct node *kernel_view(struct call *c, const struct record *r);       /* values shown, withheld ones marked */
/* On the writer: the caller's look at something this party withholds is filed and shown to the party; tell: it also gets a notice, once is
 * enough for several looks in one call. Whether the caller may look is judged before. */
enum err kernel_look(struct call *c, int64_t party, int64_t target, struct str reason, bool tell, int64_t *ret_record) MUST_USE;
bool kernel_looked(struct call *c, int64_t target);      /* did this officer or operator look at it, recorded, within a day */
/* 16-byte keyed hash under which a withheld value can be looked up, e.g. a buyer's code. */
/* Records whose field has this value, newest first, by the field's column (withheld values through their keyed hash). */
enum err kernel_find(struct call *c, const struct type *t, const char *field, struct str value, int64_t before, struct rows *ret) MUST_USE;
struct str kernel_blind(struct call *c, const char *label, struct str text);
/* The whole 32 bytes of it: a mark and a mask from one code. */
void kernel_blind_wide(struct kernel *k, const char *label, struct str text, unsigned char ret[32]);
/* Small derived bytes at rest (item sets): sealed under the home's table key; (record, part) is unique. */
enum err kernel_hide(struct kernel *k, struct arena *a, int64_t record, uint32_t part, struct str plain, struct str *ret) MUST_USE;
enum err kernel_show(struct kernel *k, struct arena *a, struct str hidden, struct str *ret) MUST_USE;
/* The same, and only if it was hidden for this very place: E_CORRUPT otherwise. */
enum err kernel_show_of(struct kernel *k, struct arena *a, int64_t record, uint32_t part, struct str hidden, struct str *ret) MUST_USE;
/* What lies beside a record (struct value, part). kernel_append keeps the parts of filing.values with it. */
enum err kernel_part(struct call *c, int64_t record, size_t n, struct str *ret) MUST_USE;        /* E_ABSENT; E_CORRUPT: not of that place */
/* All that v, a value of that record, names, compared with its root: E_CORRUPT. None when it names none. */
enum err kernel_parts(struct call *c, int64_t record, const struct value *v, struct str **ret, size_t *ret_n) MUST_USE;

/* The receipt of a record: those values that `shown` still says as disclosures (what a caller may not have is taken out before), every other
 * slot as a hash, so that its receiver checks what is shown against the leaf (paper.c). */
enum err kernel_receipt(struct call *c, const struct record *shown, struct str *ret) MUST_USE;

/* ---- people, lists, flows, notices ---- */

struct party {
	int64_t id;
	struct str uscc, name, region, address, contact, state;
	unsigned roles;
	bool open_by_default;
};
enum err party_get(struct call *c, int64_t id, struct party *ret) MUST_USE;
enum err party_by_uscc(struct call *c, struct str uscc, struct party *ret) MUST_USE;
enum err party_put(struct call *c, const struct party *p, int64_t *ret_id) MUST_USE;          /* E_CLASH: registered already */
enum err party_add_roles(struct call *c, int64_t party, unsigned roles) MUST_USE;
enum err party_set_state(struct call *c, int64_t party, const char *state) MUST_USE;          /* unverified, confirmed, returned, suspended */
enum err account_put(struct call *c, int64_t party, unsigned roles, enum inside in, struct str login, struct str phc, struct str region,
                     int64_t *ret_id) MUST_USE;
enum err session_put(struct call *c, int64_t account, const char *kind, int64_t days, struct str *ret_token) MUST_USE;
/* Face: a bearer token or session cookie -> actor in the arena. E_NOAUTH. on_behalf: USCC a docked system files for, or empty. */
enum err actor_of(struct kernel *k, struct arena *a, struct str token, struct str on_behalf, int64_t now, const struct actor **ret) MUST_USE;

enum err fresh_salt(unsigned char ret[16]) MUST_USE;      /* for password_hash: modules have no random source of their own */

const struct list_row *list_find(const struct kernel *k, const char *list, struct str key, int64_t day);   /* NULL: not in force */
struct node *list_node(struct call *c, const char *list);      /* [{key, zh, en}] in force now */
bool row_fact(const struct list_row *r, const char *word);     /* does facts hold this word */

struct flow_case { int64_t record, party, due, since, by; struct str flow, state, region; };
enum err flow_case_get(struct call *c, int64_t record, struct flow_case *ret) MUST_USE;
/* Inside another operation of the caller: the same step with the same permission; its effect only when asked for. E_STATE, E_DENIED. */
enum err kernel_step(struct call *c, int64_t record, const char *flow, const char *verb, struct str note, bool effect) MUST_USE;
const struct flow *kernel_flow(const struct kernel *k, struct str name);       /* NULL: unknown */
/* Cases in that state counted for each value of `field` (public, with a column) and party: value, party, its name, count, oldest since,
 * earliest due, how many late. Of the caller's region, or its own party's; of all for the operator, the association, an auditor. A case
 * counts under the newest correction of its record. */
enum err kernel_case_groups(struct call *c, const struct type *t, const char *field, struct str flow, struct str state, struct rows *ret) MUST_USE;
/* Cases of that flow and state the caller may see, newest first, 51 at most: record, party, region, since, due. value: of the public column
 * `field` of their records, empty: any; party 0: of whatever party. */
enum err kernel_case_find(struct call *c, const struct type *t, const char *field, struct str value, struct str flow, struct str state, int64_t party,
                          int64_t before, struct rows *ret) MUST_USE;
int64_t working_days_after(const struct kernel *k, int64_t ms, int days, bool working);

/* To a party (or a role when party is 0); one outbox feeds inbox, webhook and mail. Texts hold no withheld value. */
void notice_put(struct call *c, int64_t party, const char *what, int64_t record, struct str zh, struct str en);

/* The outbox: what waits to be sent to webhooks and mailboxes. `send` answers true when it went; it is called outside any lock and
 * may take its time. Answers how many were taken. */
struct notice { int64_t id, record, at; struct str what, zh, en, webhook, mail; };
enum err outbox_send(struct kernel *k, int64_t now, bool (*send)(void *ctx, const struct notice *n), void *ctx, size_t *ret_n) MUST_USE;

/* ---- files (documents) ---- */
struct blob_info { struct str id, type, name; int64_t size, party; bool open; };
enum err blob_get(struct call *c, struct str id, struct blob_info *ret) MUST_USE;
enum err blob_read(struct call *c, struct str id, struct str *ret_bytes) MUST_USE;
/* A text whose SHA-256, the content after it, is the name of the file; empty for open ones. E_ABSENT: its name was made otherwise (files of version
 * 0.1). Only for those who may have the file. */
enum err blob_prefix(struct call *c, const struct blob_info *b, struct str bytes, struct str *ret) MUST_USE;

/* Content, not name, decides: PDF, JPEG and PNG only; photos lose EXIF and comments. `open`: for a field everybody sees. */
enum err blob_put(struct call *c, struct str name, struct str bytes, bool open, struct blob_info *ret) MUST_USE;

/* ---- secrets of the home ---- */
/* 16 bytes of the code key, its cipher (1 AES, 2 SM4); E_ABSENT. Key ids 0..31 (DESIGN section 5). */
enum err code_key_get(struct kernel *k, unsigned id, unsigned char ret_key[16], int *ret_cipher) MUST_USE;
unsigned code_key_current(const struct kernel *k);
/* A further code key becomes the current one from the next start; old codes stay readable. cipher "aes" or "sm4". E_CLASH: 32 are used. */
enum err code_key_rotate(struct kernel *k, const char *cipher) MUST_USE;

/* ---- running ---- */

/* One question to another house: GET, whole answer in the arena. Rules of the home decide where to: `hosts` is its setting "fetch_hosts",
 * a list of names and addresses. E_DENIED: not allowed there; E_TOO_BIG: the answer is; E_BUSY: no answer. `stop` ends the wait early. */
struct fetch {
	const char *url;
	const struct node *hosts;
	const _Atomic bool *stop;
	/* `anywhere`: a person at the terminal typed the address, no list is asked; at most max bytes, compression undone. *kept holds the
	 * connection for the next question, starts as NULL and is given to end() at last. */
	bool anywhere;
	size_t max;
	void **kept;
	struct str post;          /* not empty: a POST of these bytes instead */
	const char *post_type;    /* "Content-Type: ..."; NULL: plain text */
	int seconds;              /* that the answer may take; 0: 10 */
	bool plain;               /* http will do: nothing of the question is secret, and the answer is signed by whom we know */
};
struct fetched { int status; struct str body; };
struct fetcher {
	enum err (*get)(struct arena *a, const struct fetch *f, struct fetched *ret);
	void (*end)(void *kept);
};

/* Templates are of the faces' floor; what has to be a page elsewhere is rendered through this. E_ABSENT: no such template. */
struct renderer { enum err (*page)(struct arena *a, const char *name, const struct node *data, struct str *ret); };

struct kernel_setup {
	const char *home;                         /* directory */
	const struct engine *const *engines; size_t n_engines;
	const char *store;                        /* NULL: what the home says; else a URL */
	const struct module *const *modules; size_t n_modules;
	bool writing;                             /* become the one writer */
	const struct fetcher *fetch;              /* NULL: no questions to other houses */
	const struct renderer *render;            /* NULL: no pages */
	const char *guard;                        /* directory of what was last signed; NULL: as the home says */
	const char *signer;                       /* socket of a signing process; NULL: as the home says */
};
struct kernel_init { const char *public_url, *origin, *suite, *store; };
/* Makes a new home: keys, settings, tables, lists, entry 0. E_CLASH when there is one. */
enum err kernel_init_home(const struct kernel_setup *s, const struct kernel_init *i, char why[300]) MUST_USE;
enum err kernel_open(const struct kernel_setup *s, struct kernel **ret, char why[300]) MUST_USE;
void kernel_close(struct kernel *k);
/* Signs for the servers of this home at a unix socket, with its keys and its guard; no store is opened. Comes back with a failure only. */
enum err kernel_signd(const struct kernel_setup *s, const char *path, char why[300]) MUST_USE;
void op_run(struct call *c);                  /* answers through c->done */
/* The quick way of an op that has one: OK with c->bytes, an error, or E_BUSY: use op_run. For callers that are not signed in. */
enum err op_memory(struct call *c, struct str path_value) MUST_USE;
enum err call_reader(struct call *c) MUST_USE;     /* inside op->memory, before the store is asked for the first time */
void op_run_wait(struct call *c);             /* same, returns when answered; c->done is not used */
const struct op *op_find(const struct kernel *k, struct str name);
const struct op *const *kernel_ops(const struct kernel *k, size_t *ret_n);
const struct type *const *kernel_types(const struct kernel *k, size_t *ret_n);
void *module_state(const struct kernel *k, const char *module);
const char *kernel_public_url(const struct kernel *k);
struct str kernel_setting(const struct kernel *k, const char *name);     /* of suyuan.json; empty when absent */
const struct node *kernel_settings(const struct kernel *k);               /* all of suyuan.json */
struct log *kernel_log(const struct kernel *k);
enum hash_id kernel_hash(const struct kernel *k);       /* of what records of this home commit to: its suite */
const struct renderer *kernel_renderer(const struct kernel *k);
/* told.c: E_STATE: this program has no renderer. */
enum err kernel_render(const struct kernel *k, struct arena *a, const char *name, const struct node *data, struct str *ret) MUST_USE;
/* summary.txt of a package of evidence as the data of its page: {lead: [{line}], records: [{heading, rows: [{name, value}]}]} */
struct node *told_node(struct arena *a, struct str summary);
/* May this actor use this op at all, and on a record of that party in that region? The one place that decides. */
enum err op_allowed(const struct op *op, const struct actor *who, bool has_target, int64_t target_party, struct str target_region);
/* Of an entry alone; leaf: its bytes. */
enum err call_receipt(struct call *c, uint64_t index, struct str leaf, struct str *ret) MUST_USE;
enum err kernel_tick(struct kernel *k, int64_t now) MUST_USE;       /* deadlines, reminders, outbox: called each second by serve */

/* ---- for faces ---- */
struct kernel_counts { uint64_t reads, writes, refused, log_size, queued; bool stopped; };
struct kernel_counts kernel_counts(const struct kernel *k);
/* Which type the record is of, nothing else of it. E_ABSENT. */
enum err kernel_type_of(struct kernel *k, struct arena *a, int64_t record, const struct type **ret) MUST_USE;
/* The log as published (open_log.c): a tile's first `width` hashes, and the entries below it with a 16-bit length before each. E_ABSENT. */
enum err kernel_tile(struct kernel *k, enum tree_id t, unsigned level, uint64_t n, unsigned width, unsigned char ret[TILE_BYTES]) MUST_USE;
enum err kernel_entries(struct kernel *k, struct arena *a, uint64_t n, unsigned width, struct str *ret) MUST_USE;
/* A line for each of those entries: its slots where the record is open to all, else nothing (docs/formats/record.md). */
enum err kernel_public(struct kernel *k, struct arena *a, uint64_t n, unsigned width, struct str *ret) MUST_USE;
/* The proof of an entry with its leaf, and its slots where the record is open to all. */
enum err kernel_log_receipt(struct kernel *k, struct arena *a, uint64_t index, struct str *ret) MUST_USE;
/* Who signs SD-JWTs, as /.well-known/jwt-vc-issuer says it (paper.c). */
enum err kernel_issuer(struct kernel *k, struct arena *a, struct node **ret) MUST_USE;
/* What a verifier should ask for (C2SP tlog-policy): the file that the setting "policy" names, else HOME/policy, else this log's key alone. */
enum err kernel_policy(struct kernel *k, struct arena *a, struct str *ret) MUST_USE;

/* This house as a witness of other logs (witness.c): the answer to add-checkpoint, its last cosigned checkpoint of an origin by the origin's
 * hash in hexadecimal (E_ABSENT), its verifier key (empty: no witness). kernel_witness_add waits for the disk. */
struct witness_answer { int status; const char *media; struct str body; };
struct witness_answer kernel_witness_add(struct kernel *k, struct arena *a, struct str body, int64_t now);
enum err kernel_witness_last(struct kernel *k, struct arena *a, struct str name, struct str *ret) MUST_USE;
struct str kernel_witness_vkey(const struct kernel *k, struct arena *a);

/* Time-stamps of checkpoints (stamp.c): of that size, or size 0 the newest. E_ABSENT. */
struct stamp { uint64_t size; int64_t at; struct str note, token; };     /* at: ms, when it came; token: the reply, DER */
enum err kernel_stamp(struct kernel *k, struct arena *a, uint64_t size, struct stamp *ret) MUST_USE;
/* Has the newest checkpoint stamped, now, of a writing kernel; waits. E_CLASH: that one is. why: what the authority answered. */
enum err kernel_stamp_now(struct kernel *k, char why[300]) MUST_USE;
/* The largest wait of the house: until a head over entry `index` has the quorum of the policy and is kept. `done` is called once and must not
 * hold its thread; `there` false: it took too long. E_STATE: nobody is asked here. E_BUSY: too many wait. Neither calls `done`. */
struct await {
	uint64_t index;
	void (*done)(struct await *x, bool there);
	int64_t until;            /* the kernel's, as what follows */
	struct await *next;
};
enum err kernel_await(struct kernel *k, struct await *x) MUST_USE;
void kernel_await_end(struct kernel *k);        /* tells all who wait; nobody waits from now on */
enum err call_receipt_again(struct call *c) MUST_USE;        /* an answered call's receipt as it is now, in c->out */

/* read-only connection for faces and modules outside a call */
enum err kernel_reader(struct kernel *k, struct db **ret) MUST_USE;
void kernel_reader_end(struct kernel *k, struct db *db);

/* ---- upkeep (verify.c, rebuild in project.c) ---- */
struct progress { void (*step)(void *ctx, uint64_t done, uint64_t of); void *ctx; };
struct verify_report { uint64_t entries, records, tiles; struct str problem; };
enum err kernel_verify(struct kernel *k, struct arena *a, const struct progress *p, struct verify_report *ret) MUST_USE;   /* E_CORRUPT */
/* Entries, tiles and roots alone: the records are not opened. */
enum err kernel_verify_log(struct kernel *k, struct arena *a, const struct progress *p, struct verify_report *ret) MUST_USE;
enum err kernel_rebuild(struct kernel *k, struct arena *a, const char *type, const struct progress *p) MUST_USE;
enum err kernel_backup(struct kernel *k, const char *to, char why[300]) MUST_USE;
/* The keystore alone: its backups are to be kept apart from those of the records, and for 30 days at most. */
enum err kernel_backup_keys(struct kernel *k, const char *to, char why[300]) MUST_USE;

/* ---- generated papers (doc.c) ---- */
struct node *doc_openapi(struct kernel *k, struct arena *a);
void doc_manual(struct kernel *k, struct buf *b);

#endif
