/* mod/trace/flow.h - inside mod/trace/: goods that move: deliveries, cartons, cut lengths, chains, findings, recalls. */
#ifndef SUYUAN_FLOW_H
#define SUYUAN_FLOW_H

#include "mod/trace/trace.h"
#include "record/decimal.h"

extern const struct module flow_module;

#define CONSUMER "个人消费者（不留名）"
#define CONSUMER_HANDS "consumer"         /* move.other when goods went to a consumer: no name is kept */

/* ---- who holds what (hold.c) ---- */

enum holding {
	HOLD_MAKER,               /* never left whoever ordered the codes, or came back to it */
	HOLD_PARTY,               /* party, or a firm that is not registered (party 0, uscc) */
	HOLD_OFFERED,             /* sent to a registered party that has not answered yet; `from` sent it */
	HOLD_CONSUMER, HOLD_UNNAMED, HOLD_ENDED,
	HOLD_NOWHERE              /* of an event that moves nothing; never in an answer */
};
/* record: the last that moved some of them here; side: the caller filed those moves or is their other side; what others moved to the same
 * hands stands in a row of its own. */
struct holder { enum holding kind; int64_t party, from, record, since; struct str uscc; uint64_t count; bool side; };
struct holders { struct holder *h; size_t n, cap; };
/* For each piece of the set that one record moved into one pair of hands within one chunk of a pack; h->count: as many as the bits, which
 * end with the call. */
typedef enum err hold_fn(void *ctx, const struct pack *p, uint32_t chunk, const struct holder *h, const struct bits *b);
enum { HOLD_ROWS = 1000000 };
/* Who holds how many of these as of `until` (ms of the world; INT64_MAX: now). fn may be NULL. */
enum err holders_of(struct call *c, const struct item_sets *scope, int64_t until, struct holders *ret, hold_fn *fn, void *ctx) MUST_USE;

/* Sets put together by hand: add, then tidy once. */
void sets_add(struct call *c, struct item_sets *s, const struct pack *p, uint32_t lo, uint32_t hi);
void sets_tidy(struct item_sets *s);
void sets_without(struct call *c, struct item_sets *from, const struct item_sets *s);      /* both tidy */
/* The offsets of a tidy set in one chunk as bits; false: none. */
bool scope_of(const struct item_set *s, uint32_t chunk, struct bits *ret);
/* Every current record of the type whose indexed field has this value, newest first. */
enum err records_with(struct call *c, const struct type *t, const char *field, struct str value, int64_t **ret, size_t *ret_n) MUST_USE;
void sets_add_all(struct call *c, struct item_sets *to, const struct item_sets *s);

/* ---- lots (lot.c) ---- */

struct ids { int64_t *id; size_t n, cap; };
void ids_add(struct arena *a, struct ids *s, int64_t id);
bool ids_has(const struct ids *s, int64_t id);
/* A record and all it corrects and was corrected by: others name any of them. */
enum err versions_of(struct call *c, int64_t id, struct ids *ret) MUST_USE;
/* The goods of a batch, tidy; shared: with the code they all have in common, where there is one. */
enum err sets_of_batch(struct call *c, int64_t batch, bool shared, struct item_sets *ret) MUST_USE;

bool value_has_parts(const struct value *v);                /* of items: the set lies beside the record */
uint64_t items_count(struct call *c, const struct value *v);      /* how many items a record's value speaks of */

/* ---- cartons and pallets (box.c) ---- */

/* What the container with that code held at that time, cartons inside opened. E_ABSENT: nobody ever packed one. */
enum err box_items(struct call *c, struct str code, int64_t at, struct item_sets *ret) MUST_USE;
enum err box_check(struct call *c) MUST_USE;                /* in a module's check of an aggregation */
enum err box_project(struct call *c, int64_t record, uint64_t index, int64_t party, int64_t corrects, const struct value *v) MUST_USE;

/* ---- divisible goods (cut.c) ---- */

struct balance {              /* of one code, in `unit` */
	struct str unit;
	struct decimal carried, cut, offcut, remainder, tolerance, returned;      /* remainder may be negative; tolerance: an amount */
	size_t cuts;
	int64_t parent;           /* the cut record that made it a piece, or 0: then carried was stated by measure_record */
	int64_t measure_record;
};
/* E_ABSENT: the code carries no quantity. Values are private: whoever shows them asks sight.c first. */
enum err balance_of(struct call *c, const struct code_place *p, struct balance *ret) MUST_USE;
/* A quantity in its base unit (t becomes kg); false: none was said. */
bool quantity_get(const struct value *quantity, const struct value *unit, struct decimal *ret, struct str *ret_unit) MUST_USE;
enum err cut_check(struct call *c) MUST_USE;
/* What a piece was cut from in the end, and its batch; the place itself, and its batch, when it is no piece. */
struct origin { struct code_place place; int64_t batch, cut; };      /* cut: the record that made it a piece, or 0 */
enum err origin_of(struct call *c, const struct code_place *p, struct origin *ret) MUST_USE;
/* The one item a cut was made from, and when. */
enum err cut_from(struct call *c, int64_t record, struct code_place *ret, int64_t *ret_time) MUST_USE;
/* All codes cut from these, and from those, are added. */
enum err sets_with_pieces(struct call *c, struct item_sets *s) MUST_USE;

/* ---- deliveries (offer.c) ---- */

bool offer_opens(struct call *c, const struct type *t, const struct value *v);      /* struct flow .opens */
enum err offer_accept(struct call *c, int64_t record);      /* effects of the flow's steps */
enum err offer_refuse(struct call *c, int64_t record);
enum err offer_part(struct call *c, int64_t record);
enum err offer_answer(struct call *c);                      /* operations */
enum err offer_list(struct call *c);
enum err purchase_prepare(struct call *c);
enum err purchase_create(struct call *c);
enum err purchase_check(struct call *c) MUST_USE;
enum err offer_project(struct call *c, const struct type *t, int64_t record, int64_t party, int64_t at, int64_t corrects, const struct value *v) MUST_USE;
struct delivery { int64_t record, sender, at, answer; bool answered; };      /* answer: the purchase, or 0 */
enum err delivery_get(struct call *c, int64_t record, struct delivery *ret) MUST_USE;      /* E_ABSENT */

#endif
