/* mod/trace/recall.h - inside mod/trace/: recalls and stops of sale: which items (recall.c), who is told (recall_tell.c), how far it got
 * (recall_view.c). */
#ifndef SUYUAN_RECALL_H
#define SUYUAN_RECALL_H

#include "kernel/job.h"
#include "mod/trace/flow.h"

#define FIELD(id, ...) NOTICE_##id,
enum {
#include "recall_notice.def"
	NOTICE_FIELDS };
#undef FIELD
#define FIELD(id, ...) OUTCOME_##id,
enum {
#include "recall_report.def"
	OUTCOME_FIELDS };
#undef FIELD
extern const struct type recall_notice_type, recall_report_type;

/* ---- ordering, ending, reporting (recall.c) ---- */

enum err recall_check(struct call *c) MUST_USE;             /* in a module's check of recalls, of reports on them and of releases */
enum err recall_prepare(struct call *c);
enum err recall_create(struct call *c);
enum err recall_close(struct call *c, int64_t record);      /* effects of the flow's steps */
enum err recall_lift(struct call *c, int64_t record);
enum err recall_report_create(struct call *c);
struct value count_value(struct arena *a, uint64_t n);      /* of an integer */

/* ---- telling the holders (recall_tell.c) ---- */

/* Of the items of a recall: what one firm has, and by which records it came there. uscc: of one that is not registered here. */
struct reach_part { enum holding kind; int64_t record, from; uint64_t count; };
struct reach_hand { int64_t party; struct str uscc; uint64_t count; struct item_sets set; struct reach_part *part; size_t n, cap; };
struct reach { uint64_t covers, count[HOLD_ENDED + 1]; struct reach_hand **hand; size_t n, cap; };      /* count: items by kind of hands */
enum err recall_reach(struct call *c, const struct record *recall, struct reach *ret) MUST_USE;      /* recall: read with both classes */

/* Every letter of a recall: what each party was told. */
struct letter { struct record r; struct flow_case at; };
enum err recall_letters(struct call *c, int64_t recall, struct letter **ret, size_t *ret_n) MUST_USE;

/* On the writer: holders that are not told yet are told by the worker. at_once: now; else from now on each hour while it is open. */
enum err recall_order(struct call *c, int64_t recall, bool at_once) MUST_USE;
/* On the writer: the same at once for every open recall; orders nothing twice. */
enum err recall_sweep(struct call *c) MUST_USE;
enum err recall_refresh(struct call *c);
enum err recall_run(struct worker *w, int64_t id);

/* ---- how far it got (recall_view.c) ---- */

enum err recall_progress(struct call *c);
enum err recall_closing(struct call *c);

#endif
