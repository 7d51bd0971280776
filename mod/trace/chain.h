/* mod/trace/chain.h - inside mod/trace/: what is asked about (subject.c), and where it has been (chain.c). */
#ifndef SUYUAN_CHAIN_H
#define SUYUAN_CHAIN_H

#include "mod/trace/sight.h"

enum subject_kind { SUBJECT_ITEM, SUBJECT_CLASS, SUBJECT_BOX, SUBJECT_LOT, SUBJECT_RECORD, SUBJECT_DOCUMENT };
extern const char *const subject_names[];

struct subject {
	enum subject_kind kind;
	struct str text;          /* as it was asked */
	struct item_sets set;
	struct code_place place;  /* of one item or a class code */
	int64_t batch, record;    /* of a lot; of a record that was asked by its id */
	struct record *found;     /* records of that document number */
	size_t n_found;
};
/* A code, a carton, a lot number or batch id, a record id, a document number, in this order. E_ABSENT, E_FORGED, E_UNKNOWN as code_find.
 * Several lots of that number: E_CLASH, and `candidates` in the answer. */
enum err subject_find(struct call *c, struct str text, struct subject *ret) MUST_USE;

struct chain_step {
	struct item_event ev;
	uint64_t count;           /* of the subject's items in it */
	struct code_place of;     /* the item it happened to, where the subject is one item: itself or what it was cut from */
	bool upstream;            /* of what the subject was cut from */
};
struct chain { struct chain_step *step; size_t n; bool cut_short; };      /* in the order of the world; cut_short: more than STEPS_MOST records */
enum { STEPS_MOST = 500 };
enum err chain_of(struct call *c, const struct subject *s, int64_t until, struct chain *ret) MUST_USE;

enum err chain_get(struct call *c);
enum err chain_open(struct call *c);
enum err chain_holders(struct call *c);
enum err chain_evidence(struct call *c);
enum err chain_package(struct call *c);          /* chain_package.c */

/* The chain the caller asked for and what the caller is to it; goods: what chain.get says of the goods stands in c->out. */
struct chain_seen { struct subject subject; struct chain chain; struct looking looking; };
enum err chain_seen(struct call *c, bool goods, struct chain_seen *ret) MUST_USE;
/* Its i-th step as this caller sees it, added to the list. */
enum err chain_step(struct call *c, struct node *list, const struct chain_seen *s, size_t i, struct step_view *ret) MUST_USE;

#endif
