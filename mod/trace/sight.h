/* mod/trace/sight.h - inside mod/trace/: who sees what of a step in the chain of goods. One const table; every answer goes through it. */
#ifndef SUYUAN_SIGHT_H
#define SUYUAN_SIGHT_H

#include "mod/trace/flow.h"

/* Who looks, seen from one step. */
enum viewer {
	SEE_PUBLIC,               /* anybody */
	SEE_SIDE,                 /* filed the step, or is its other side by name */
	SEE_MAKER,                /* made the goods, but is no side of this step */
	SEE_HOLDER,               /* holds or held the goods, but is no side of this step */
	SEE_OFFICER,              /* of a region the goods touch, after opening the chain with a reason that was recorded */
	SEE_OFFICER_SHUT,         /* any officer before that */
	SEE_ASSOCIATION, SEE_AUDITOR, SEE_OPERATOR,
	VIEWERS
};
/* What may be known of a step. */
enum fact {
	FACT_STEP,                /* that something happened, what kind of thing, and its proof */
	FACT_TIME,
	FACT_FILER,               /* who filed it */
	FACT_OTHER,               /* who the other side is: its name, address, contact */
	FACT_COUNT,               /* how many items moved with it */
	FACT_QUANTITY,            /* metres, kilograms */
	FACT_DOCUMENT,            /* numbers of papers, reasons */
	FACTS
};
/* How its sides stand to that fact. */
enum relation {
	REL_OPEN,                 /* the filer opened it, and who is identified by it does not withhold itself */
	REL_WITHHELD,
	RELATIONS
};
enum sight { SEALED, SHOWN };
extern const unsigned char sight[VIEWERS][FACTS][RELATIONS];
extern const char *const viewer_names[VIEWERS], *const fact_names[FACTS], *const relation_names[RELATIONS];

/* What the caller is to this step. opened: the caller opened this chain with a reason within the last day. held: it holds or held the
 * goods in question; maker: the party that made them. */
struct looking { bool opened, held; int64_t maker; };
enum viewer viewer_of_step(struct call *c, const struct looking *l, int64_t filer, struct str other);

/* What of a step's record the caller sees: values of withheld fields are said nothing. r: read with both classes. */
struct step_view {
	enum viewer viewer;
	bool sees[FACTS];
	struct record r;          /* its values thinned out */
	struct party filer;       /* only when seen; id 0 otherwise */
	bool withheld;            /* something is held that the caller does not see */
};
enum err step_see(struct call *c, const struct looking *l, int64_t record, struct step_view *ret) MUST_USE;

#endif
