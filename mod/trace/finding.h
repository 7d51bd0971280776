/* mod/trace/finding.h - inside mod/trace/: rules over the flow of goods, and what they found.
 *
 * A rule is a row: what it is called, how long it waits, and the function that judges. Rules of items see one event of one item at a
 * time while a chunk is replayed (rules.c); rules of records see one record (rules_record.c, tally.c). Nothing is decided here: a
 * finding is a question to a party. docs/findings.md
 */
#ifndef SUYUAN_FINDING_H
#define SUYUAN_FINDING_H

#include "mod/trace/flow.h"

#define FIELD(id, ...) FINDING_##id,
enum {
#include "finding.def"
	FINDING_FIELDS };
#undef FIELD
#define FIELD(id, ...) EXPLANATION_##id,
enum {
#include "explanation.def"
	EXPLANATION_FIELDS };
#undef FIELD
extern const struct type finding_type, explanation_type;

enum rule {
	RULE_NO_PURCHASE, RULE_SOLD_TWICE, RULE_MORE_THAN_MADE, RULE_AFTER_END, RULE_BEFORE_PRODUCTION, RULE_WRONG_PARTY, RULE_PERMIT, RULE_MISMATCH,
	RULE_UNANSWERED, RULE_BATCH_COUNT, RULES
};
enum { GRACE_DAYS = 3 };      /* of every rule that waits at all: sweep.c looks twice at a record, at once and after this */

struct replay;
struct judging;
struct rule_row {
	const char *key, *zh, *en, *clause;       /* as in the list "finding_rule" */
	int grace;                /* days after filing before it speaks, because the record that explains it may be on its way */
	/* of items: which verbs may break it, does this event for this item, and what is said then */
	unsigned verbs;
	bool (*bad)(struct replay *w, uint32_t event, uint32_t item, int64_t *ret_other);
	const char *says;
	/* of records: adds what it finds */
	enum err (*check)(struct judging *j, enum rule rule, const struct record *r);
};
extern const struct rule_row rule_rows[RULES];
const struct rule_row *rule_of(struct str key);             /* NULL: none */

/* One thing found. Items as ranges of one pack; count: of all packs. */
struct candidate {
	enum rule rule;
	int64_t party;            /* who must explain */
	int64_t subject, other;   /* records; other may be 0 */
	struct pack pack;
	struct range *r;
	size_t n;
	uint64_t count;
	struct str detail;
	struct candidate *next;
};
struct candidates { struct candidate *first, *last; size_t n; struct map seen; };      /* seen: by key */
struct str candidate_key(struct arena *a, enum rule rule, int64_t subject);      /* a record is asked about once for a rule */

/* What one sweep works with. Answers live in c->arena; page holds one record's work, beside one chunk's,
 * wide one batch's; they are emptied often. */
struct judging {
	struct call *c;
	struct arena page, beside, wide;
	struct candidates all;
	struct map judged, chunks, parties, batches, codes, permits;
	uint64_t rows;            /* events read so far */
	/* of the record being judged */
	struct goods_in { int64_t batch, product, pack; enum grain grain; } *good;
	size_t n_good;
};
struct judging judging_in(struct call *c);
struct call call_in(const struct judging *j, struct arena *a);                /* the same call, working in that arena */
/* All rules on that record and the items it moves; once a sweep, whatever number of times it is asked. E_ABSENT: no such record. */
enum err judge(struct judging *j, int64_t record) MUST_USE;
void found(struct judging *j, const struct candidate *x);   /* its items join those found of the same record; everything is copied */
/* The code and party of an event's sides, asked of the store once a sweep. */
struct firm { int64_t party; struct str uscc; uint32_t n; };      /* n: a number of its own, from 0 */
enum err firm_of(struct judging *j, int64_t party, struct firm **ret) MUST_USE;
struct firm *firm_named(struct judging *j, struct str uscc);
/* The rules of items over one chunk, or over the one item `only` of it when that is not UINT32_MAX. ev is sorted. */
enum err rules_of_chunk(struct judging *j, const struct pack *p, uint32_t chunk, uint32_t only, struct chunk_event *ev, size_t n) MUST_USE;

enum { EVENTS_MOST = 1000000 };
enum err check_amount(struct judging *j, enum rule rule, const struct record *r) MUST_USE;         /* tally.c */
enum err check_permit(struct judging *j, enum rule rule, const struct record *r) MUST_USE;         /* rules_record.c */
enum err check_both_sides(struct judging *j, enum rule rule, const struct record *r) MUST_USE;
enum err check_answered(struct judging *j, enum rule rule, const struct record *r) MUST_USE;

/* ---- operations (finding.c, sweep.c) ---- */
enum err sweep_prepare(struct call *c);
enum err sweep_run(struct call *c);
struct worker;
enum err sweep_job(struct worker *w, int64_t id);
enum err finding_explain(struct call *c, int64_t record);   /* effect of the flow's step */
enum err finding_groups(struct call *c);
enum err finding_stats(struct call *c);
void *flow_open(struct kernel *k);
void flow_close(void *state);
void flow_tick(struct kernel *k, int64_t now);

#endif
