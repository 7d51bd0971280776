/* mod/trace/finding.h - inside mod/trace/: rules over the flow of goods, and what they found. */
#ifndef SUYUAN_FINDING_H
#define SUYUAN_FINDING_H

#include "mod/trace/flow.h"

#define FIELD(id, ...) FINDING_##id,
enum {
#include "finding.def"
	FINDING_FIELDS };
#undef FIELD
extern const struct type finding_type;

enum rule {
	RULE_NO_PURCHASE, RULE_SOLD_TWICE, RULE_MORE_THAN_MADE, RULE_AFTER_END, RULE_BEFORE_PRODUCTION, RULE_WRONG_PARTY, RULE_PERMIT, RULE_MISMATCH,
	RULE_UNANSWERED, RULES
};
/* key of the list "finding_rule"; grace: days after filing before it speaks, because the record that explains it may be on its way. */
struct rule_row { const char *key, *zh, *en, *clause; int grace; };
extern const struct rule_row rule_rows[RULES];

/* One thing found. Items as ranges of one pack, within one chunk. */
struct candidate {
	enum rule rule;
	int64_t party;            /* who must explain */
	int64_t subject, other;   /* records */
	struct pack pack;
	struct range *r;
	size_t n;
	uint64_t count;
	struct str detail;
	struct candidate *next;
};
struct candidates { struct candidate *first, *last; size_t n; struct map seen; };      /* seen: by key */
struct str candidate_key(struct arena *a, const struct candidate *x);
/* Adds it unless the same was added: its items join those found in another chunk. */
struct candidate *candidate_add(struct call *c, struct candidates *all, const struct candidate *x);

/* The rules that follow from what happened to items of one chunk. ev: their events; only events of records in `age` old enough speak. */
enum err rules_of_chunk(struct call *c, const struct pack *p, uint32_t chunk, struct chunk_event *ev, size_t n, struct candidates *all) MUST_USE;
/* The rules that follow from one record: quantities, permits, answers. */
enum err rules_of_record(struct call *c, const struct record *r, struct candidates *all) MUST_USE;
enum err rules_of_deliveries(struct call *c, struct candidates *all) MUST_USE;       /* those not answered in time */

/* ---- operations (finding.c, sweep.c) ---- */
enum err sweep_prepare(struct call *c);
enum err sweep_run(struct call *c);
enum err finding_groups(struct call *c);
enum err finding_stats(struct call *c);
void *flow_open(struct kernel *k);
void flow_close(void *state);
void flow_tick(struct kernel *k, int64_t now);

#endif
