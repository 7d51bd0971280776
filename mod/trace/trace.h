/* mod/trace/trace.h - inside mod/trace/: record types by place, codes, item sets. Only src/modules.c includes it from outside. */
#ifndef SUYUAN_TRACE_H
#define SUYUAN_TRACE_H

#include "ident/ident.h"
#include "kernel/kernel.h"
#include "sets/sets.h"

extern const struct module trace_module;
#define TRACE_LISTS 50                    /* rows of lists.c; a test counts them against annex 1 */
extern const struct list_row trace_lists[TRACE_LISTS];

/* Places of fields: PRODUCT_product_name, BATCH_unit ... from the .def files. */
#define FIELD(id, ...) PRODUCT_##id,
enum {
#include "product.def"
	PRODUCT_FIELDS };
#undef FIELD
#define FIELD(id, ...) BATCH_##id,
enum {
#include "batch.def"
	BATCH_FIELDS };
#undef FIELD
#define FIELD(id, ...) SALE_##id,
enum {
#include "sale.def"
	SALE_FIELDS };
#undef FIELD
#define FIELD(id, ...) PURCHASE_##id,
enum {
#include "purchase.def"
	PURCHASE_FIELDS };
#undef FIELD
#define FIELD(id, ...) RESALE_##id,
enum {
#include "resale.def"
	RESALE_FIELDS };
#undef FIELD
#define FIELD(id, ...) PACK_##id,
enum {
#include "pack.def"
	PACK_FIELDS };
#undef FIELD
#define FIELD(id, ...) ACTIVATION_##id,
enum {
#include "activation.def"
	ACTIVATION_FIELDS };
#undef FIELD
#define FIELD(id, ...) LIFE_##id,
enum {
#include "life.def"
	LIFE_FIELDS };
#undef FIELD
#define FIELD(id, ...) ATTACHMENT_##id,
enum {
#include "attachment.def"
	ATTACHMENT_FIELDS };
#undef FIELD
#define FIELD(id, ...) CUSTOM_##id,
enum {
#include "custom.def"
	CUSTOM_FIELDS };
#undef FIELD
#define FIELD(id, ...) ALIAS_##id,
enum {
#include "alias.def"
	ALIAS_FIELDS };
#undef FIELD
#define FIELD(id, ...) CERTIFICATE_##id,
enum {
#include "certificate.def"
	CERTIFICATE_FIELDS };
#undef FIELD
#define FIELD(id, ...) REPORT_##id,
enum {
#include "report.def"
	REPORT_FIELDS };
#undef FIELD

#define FIELD(id, ...) RETURN_##id,
enum {
#include "return.def"
	RETURN_FIELDS };
#undef FIELD
#define FIELD(id, ...) REFUSAL_##id,
enum {
#include "refusal.def"
	REFUSAL_FIELDS };
#undef FIELD
#define FIELD(id, ...) AGGREGATION_##id,
enum {
#include "aggregation.def"
	AGGREGATION_FIELDS };
#undef FIELD
#define FIELD(id, ...) MEASURE_##id,
enum {
#include "measure.def"
	MEASURE_FIELDS };
#undef FIELD
#define FIELD(id, ...) CUT_##id,
enum {
#include "cut.def"
	CUT_FIELDS };
#undef FIELD
#define FIELD(id, ...) MATERIAL_##id,
enum {
#include "material.def"
	MATERIAL_FIELDS };
#undef FIELD

#define FIELD(id, ...) RECALL_##id,
enum {
#include "recall.def"
	RECALL_FIELDS };
#undef FIELD
extern const struct type return_type, refusal_type, aggregation_type, measure_type, cut_type, material_type, recall_type;
extern const struct type product_type, batch_type, sale_type, purchase_type, resale_type, pack_type, activation_type, life_type, attachment_type,
	custom_type, report_type, alias_type, certificate_type;

/* ---- codes (codes.c) ---- */

enum grain { GRAIN_PRODUCT, GRAIN_BATCH, GRAIN_ITEM };
#define PACK_MAX (INT64_C(1) << 27)

struct trace_state;                       /* keys expanded, packs and sets in memory: for the life of the process */
struct trace_state *trace_state(struct kernel *k);

/* Text -> key, number, index; E_FORGED with no question to the store. */
enum err code_open(struct kernel *k, struct str text, struct sealed *ret) MUST_USE;
/* count codes from `first`, each 20 characters and a newline, into out (21 * count bytes). */
enum err code_write_lines(struct kernel *k, unsigned key, unsigned grain, uint32_t number, uint32_t first, uint32_t count, char *out) MUST_USE;
struct str code_text(struct call *c, const struct sealed *s);

struct pack { int64_t record, party, product, batch, count, at; unsigned key; uint32_t number; enum grain grain; bool unmarked, theirs, aliased, pieces; struct str goods; };      /* theirs: its codes came with the goods */
enum err pack_by_number(struct call *c, unsigned key, uint32_t number, struct pack *ret) MUST_USE;   /* E_ABSENT */
enum err pack_get(struct call *c, int64_t record, struct pack *ret) MUST_USE;

/* ---- codes of other schemes (foreign.c) ---- */

struct code_read {            /* what a text says: `name` is the same for all spellings of one code */
	struct str text, name, gtin, serial, system;       /* system: of an Ecode whose code may be ours */
	enum ident_kind kind;     /* IDENT_NONE: of no scheme we know, taken as it is */
};
struct code_read code_read(struct arena *a, struct str text);

struct code_place { int64_t pack; uint32_t item; struct pack p; };
/* Any code, ours or another scheme's, to its item: E_FORGED, E_UNKNOWN (a code of another scheme nobody registered). */
enum err code_find(struct call *c, struct str text, struct code_place *ret) MUST_USE;
enum err foreign_find(struct call *c, struct str name, int64_t *ret_pack, uint32_t *ret_item) MUST_USE;      /* E_ABSENT */
/* In a module's check: the same code twice, or one that is taken, is a trouble naming its place in the list. */
enum err foreign_check(struct call *c, size_t field, struct str scheme, const struct str *text, size_t n) MUST_USE;
/* text[i] is a further code of place[i]; E_CLASH when one is taken. Items of one pack stand together. scheme: of all, may be empty. */
enum err foreign_keep(struct call *c, int64_t record, struct str scheme, const struct code_place *place, const struct str *text, size_t n) MUST_USE;
/* The text stands for the one item of that pack unless it stands for another already. */
enum err foreign_keep_free(struct call *c, struct str text, int64_t pack) MUST_USE;
enum err foreign_drop(struct call *c, int64_t record, const struct str *text, size_t n) MUST_USE;
/* Adds {code, kind, scheme} of every other code this item carries. */
enum err foreign_texts(struct call *c, int64_t pack, uint32_t item, struct node *list) MUST_USE;

/* ---- item sets (items.c): ranges over a pack's indices ---- */

struct item_set { struct pack pack; struct range *r; size_t n, cap; uint64_t count; };
struct item_sets { struct item_set *set; size_t n, cap; uint64_t count; bool outside, own; int64_t at; };      /* outside: read from a request; own: only codes of the caller's packs are meant; at: when a carton is opened, 0: now */
/* Texts as people write them: a code, "first..last", a pack's record id, "id:0-9+12", a carton's code. Troubles go to `field`. */
struct reading { bool own; int64_t at; };  /* own: of the caller's own packs, or an officer's region; at: as of when cartons are opened, 0: now */
enum err items_read(struct call *c, size_t field, const struct value *v, struct reading how, struct item_sets *ret) MUST_USE;
/* The same texts in their own order, each item by itself; at most max. E_FORGED and others as items_parse. */
enum err items_places(struct call *c, const struct str *list, size_t n, size_t max, struct code_place **ret, size_t *ret_n, struct str *bad) MUST_USE;
/* Of a record: no text is refused for who wrote it. */
enum err items_parse(struct call *c, const struct str *list, size_t n, struct item_sets *ret, struct str *bad) MUST_USE;
/* The codes again: "first..last" a range, a code of another scheme by itself. */
enum err items_texts(struct call *c, const struct item_sets *s, struct str **ret, size_t *ret_n) MUST_USE;
/* The value as records keep it: codes, or a count and the root of parts (docs/formats/set.md). */
enum err items_normal(struct call *c, const struct item_sets *s, struct value *v) MUST_USE;
/* The set a record speaks of, from its value in normal form or in that of older records. */
enum err items_of(struct call *c, int64_t record, const struct value *v, struct item_sets *ret) MUST_USE;

enum { PART_HEAD = 28 };                  /* of a part: salt, pack, chunk; the chunk's bytes follow (sets/sets.h) */
struct chunk_set { int64_t pack; uint32_t chunk; struct str bytes; int64_t part; };      /* part: of the record that holds the bytes; -1: none */
enum err items_chunks(struct call *c, int64_t record, const struct value *v, struct chunk_set **ret, size_t *ret_n) MUST_USE;
bool part_read(struct str part, struct chunk_set *ret) MUST_USE;

struct node *items_outward(struct call *c, const struct record *r, size_t field);      /* struct module .outward */

/* ---- what a record does to items (moves.c), kept by place and asked again (keep.c) ---- */

enum verb {
	VERB_ACTIVATED = 1, VERB_SOLD, VERB_PURCHASED, VERB_RESOLD, VERB_RETURNED, VERB_VOID, VERB_RECALLED, VERB_DESTROYED, VERB_ATTACHED,
	VERB_REFUSED, VERB_TAKEN_BACK, VERB_PACKED, VERB_UNPACKED, VERB_MEASURED, VERB_CUT, VERB_PIECE, VERB_USED, VERB_STOPPED, VERB_RELEASED, VERBS
};
/* One thing a record says of one set: of which items, what, when in the world, with whom (统一社会信用代码, may be empty). */
struct move { size_t items; enum verb verb; int64_t time, link; struct str other; };
enum { MOVES_MAX = 2 };
/* The moves of a record, none for most types. at: when it was filed, where it names no time of its own. */
size_t moves_of(const struct type *t, const struct value *v, int64_t at, struct move ret[MOVES_MAX]);
bool moves_told(const struct type *t, const struct value *v, struct str what, struct str zh, struct str en);       /* as struct module has it */
/* What a step is called. */
struct verb_words { const char *key, *zh, *en; };
extern const struct verb_words verb_words[VERBS];
/* The nth field of such a type that holds items; false: there is none. */
struct move_field { size_t items; enum whose { ANY_GOODS, GOODS_AT_HAND, OWN_CODES } whose; int time; };      /* time: a field, or -1 */
bool moves_field(const struct type *t, size_t nth, struct move_field *ret);

struct item_event {
	int64_t record, party, link, time;      /* time: of the world, ms */
	uint64_t index, order;    /* of the record; of the first record of its chain of corrections: the order of filing */
	enum verb verb;
	struct str other;
};
/* All moves of a record, in its transaction. */
void moves_forgotten(struct call *c, const struct type *t, int64_t record, uint64_t index, int64_t at, const struct value *left);
enum err moves_keep(struct call *c, const struct type *t, int64_t record, uint64_t index, int64_t party, int64_t at, int64_t corrects,
                    const struct value *v) MUST_USE;
/* Everything that happened to one item, in log order. */
enum err item_history(struct call *c, int64_t pack, uint32_t item, struct item_event **ret, size_t *ret_n) MUST_USE;
/* Everything that happened inside one chunk: an event and the offsets it speaks of; E_BUSY beyond `max` rows. */
struct chunk_event { struct item_event ev; struct str bytes; };
enum err chunk_history(struct call *c, int64_t pack, uint32_t chunk, size_t max, struct chunk_event **ret, size_t *ret_n) MUST_USE;
enum err chunks_of_pack(struct call *c, int64_t pack, uint32_t **ret, size_t *ret_n) MUST_USE;      /* those that anything happened in */
/* Of these, what came to the caller's party: codes of its own packs, sold to it by name, or filed by it before; added, not tidied. */
enum err items_that_came(struct call *c, const struct pack *p, struct range r, struct item_sets *to) MUST_USE;
/* Did all of them? */
enum err items_came_to(struct call *c, const struct pack *p, struct range r, bool *ret) MUST_USE;
/* By day in China, then by the order of filing: two firms' clocks differ by less than a day. */
int event_by_time(const void *x, const void *y);

/* ---- the public page (scan.c) and its memory (memory.c) ---- */
enum err scan_run(struct call *c);
enum err scan_memory(struct call *c, struct str code);
enum err where_run(struct call *c);
void memory_touch(struct kernel *k, int64_t pack);      /* writer thread: this pack (0: everything) changed in the running group */

enum standing { ST_FIRST, ST_AGAIN, ST_NOT_SOLD, ST_ENDED, ST_CLASS, ST_STOPPED };
struct item_state { bool activated, sold, ended; enum verb end; int64_t batch, end_record, cut; };      /* cut: the record that made it a piece, or 0 */
void item_fold(const struct pack *p, const struct item_event *ev, size_t n, struct item_state *ret);
/* The part of the answer that is the same for every item of a batch (or product): product, maker, batch, documents, warnings. */
enum err goods_view(struct call *c, const struct pack *p, int64_t batch, struct node *o) MUST_USE;
/* Counts a look at an item and answers how many there were before, and when the first was. */
void put_verdict(struct call *c, struct node *o, struct str code, enum standing st, int64_t before, int64_t first);
enum standing standing_of_item(const struct pack *p, const struct item_state *s, int64_t before);
struct looking;
struct step_view;
/* One step as this caller may see it, appended to list; ret_view may be NULL. */
enum err put_step(struct call *c, struct node *list, const struct item_event *ev, const struct looking *l, struct step_view *ret_view) MUST_USE;
struct str code_part(struct str s);                         /* what follows the last "/c/" of a printed address, or s */
struct str bare_code(struct call *c, struct str text);      /* 20 characters in normal form, or empty */
enum err count_look(struct call *c, int64_t pack, uint32_t item, int64_t *ret_before, int64_t *ret_first) MUST_USE;

/* ---- certificates and licences (certificate.c), and asking about them (lookup.c) ---- */

enum permit_state { PERMIT_UNLISTED, PERMIT_IN_FORCE, PERMIT_SUSPENDED, PERMIT_WITHDRAWN, PERMIT_CANCELLED, PERMIT_EXPIRED, PERMIT_NOT_YET, PERMIT_OTHER };
bool permit_is_ccc(struct str number);                      /* of a normal form: a CCC certificate, else a production licence */
enum err permit_latest(struct call *c, struct str number, struct record *ret) MUST_USE;       /* the statement that counts; E_ABSENT */
/* What the lists said of that number on that day (days since 1970). PERMIT_UNLISTED: nothing, and ret_said is left alone. */
struct permit_said { enum permit_state state; const char *zh; };
enum err permit_on(struct call *c, struct str number, int64_t day, struct permit_said *ret, struct record *ret_said) MUST_USE;
/* In a module's check of a product: what the lists say of its number is a trouble when it is not in force or somebody else's. */
enum err permit_check(struct call *c) MUST_USE;
/* permit_check of a product as of c->now, into o; nothing when it names no number. */
enum err permit_view(struct call *c, struct node *o, const struct value *product, int64_t party) MUST_USE;
void permit_name_codes(struct call *c, struct node *out);
enum err product_create(struct call *c);
enum err certificate_prefill(struct call *c);
enum err certificate_create(struct call *c);
void certificate_check(struct call *c);
enum err project_certificate(struct call *c, int64_t record, const struct value *v) MUST_USE;
struct worker;
enum err lookup_after_filing(struct call *c) MUST_USE;      /* in product.create: orders a look-up when one is configured and due */
enum err lookup_create(struct call *c);
enum err lookup_list(struct call *c);
enum err lookup_run(struct worker *w, int64_t id);

/* ---- operations ---- */
enum err pack_create(struct call *c);
enum err pack_stream(struct call *c);
enum err trace_project(struct call *c, const struct type *t, int64_t record, uint64_t index, int64_t party, int64_t at, int64_t corrects, const struct value *v);
enum err trace_check(struct call *c);
bool trace_fact(struct call *c, const char *fact, const struct type *t, const struct value *v);
void *trace_open(struct kernel *k);
void trace_close(void *state);
void trace_committed(struct kernel *k);
void trace_party_changed(struct kernel *k, int64_t party);
void trace_tick(struct kernel *k, int64_t now);
enum err sale_prefill(struct call *c);
enum err custom_create(struct call *c);
enum err report_create(struct call *c);
enum err ticket_run(struct call *c);

enum {
	Q_PACK_PUT, Q_PACK_ALIASED, Q_PACK_NEXT, Q_PACK_BY_NUMBER, Q_PACK_GET, Q_ITEMS_PUT, Q_ITEMS_DROP, Q_ITEMS_CHUNK, Q_ITEMS_AT, Q_ITEMS_CHUNKS, Q_ITEMS_ACTIVATED, Q_PACKS_OF_BATCH, Q_BOX_PUT, Q_BOX_DROP, Q_BOX_GET, Q_DELIVERY_PUT, Q_DELIVERY_DROP, Q_DELIVERY_ANSWER,
	Q_DELIVERY_GET, Q_DELIVERY_TO, Q_DELIVERY_FROM, Q_DELIVERY_WAITING, Q_SWEEP_GET, Q_SWEEP_PUT, Q_SWEEP_SET, Q_SWEEP_RECORDS, Q_FLOW_PUT, Q_FLOW_DROP, Q_LOOK_GET, Q_LOOK_PUT,
	Q_RECALLS, Q_STATEMENTS, Q_PERMIT_GET, Q_PERMIT_PUT, Q_CODE_GET, Q_CODE_PUT, Q_CODE_PUT_FREE, Q_CODE_DROP, Q_CODE_TWIN, Q_TEXTS_GET, Q_TEXTS_PUT, Q_TEXTS_DROP,
	TRACE_TEXTS
};
extern const char *const trace_sql[TRACE_TEXTS];
extern const char trace_tables[];
#define TRACE_DERIVED 8
extern const char *const trace_derived[TRACE_DERIVED];

#endif
