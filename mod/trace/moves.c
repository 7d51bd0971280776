/* mod/trace/moves.c - what each kind of record does to items: one table, from which follow checking, keeping, chains and findings. */
#include "mod/trace/flow.h"

enum { NONE = -1 };

static const struct row {
	const struct type *type;
	size_t items;
	enum verb verb;           /* 0: the record says which */
	int time, other, link;    /* fields; NONE: when it was filed, nobody, nothing */
	enum whose whose;         /* of which goods the filer may speak: any that it scans, those that came to it, those of its own codes */
} rows[] = {
	{ &sale_type,        SALE_items,          VERB_SOLD,       SALE_sale_time,         SALE_buyer_uscc,        NONE,             OWN_CODES },
	{ &purchase_type,    PURCHASE_trace_code, VERB_PURCHASED,  PURCHASE_purchase_time, PURCHASE_supplier_uscc, NONE,             ANY_GOODS },
	{ &resale_type,      RESALE_trace_code,   VERB_RESOLD,     RESALE_sold_time,       RESALE_customer_uscc,   NONE,             ANY_GOODS },
	{ &activation_type,  ACTIVATION_items,    VERB_ACTIVATED,  NONE,                   NONE,                   ACTIVATION_batch, OWN_CODES },
	{ &life_type,        LIFE_items,          0,               NONE,                   NONE,                   LIFE_stop,        OWN_CODES },
	{ &attachment_type,  ATTACHMENT_items,    VERB_ATTACHED,   NONE,                   NONE,                   NONE,             OWN_CODES },
	{ &return_type,      RETURN_items,        VERB_TAKEN_BACK, RETURN_return_time,     RETURN_from_uscc,       NONE,             GOODS_AT_HAND },
	{ &refusal_type,     REFUSAL_items,       VERB_REFUSED,    NONE,                   REFUSAL_sender_uscc,    NONE,             ANY_GOODS },
	{ &aggregation_type, AGGREGATION_items,   0,               AGGREGATION_packed_time, NONE,                  NONE,             GOODS_AT_HAND },
	{ &measure_type,     MEASURE_items,       VERB_MEASURED,   NONE,                   NONE,                   NONE,             OWN_CODES },
	{ &cut_type,         CUT_from,            VERB_CUT,        CUT_cut_time,           CUT_customer_uscc,      NONE,             GOODS_AT_HAND },
	{ &cut_type,         CUT_piece,           VERB_PIECE,      CUT_cut_time,           CUT_customer_uscc,      NONE,             OWN_CODES },
	{ &material_type,    MATERIAL_items,      VERB_USED,       NONE,                   NONE,                   MATERIAL_batch,   GOODS_AT_HAND },
	{ &recall_type,      RECALL_items,        0,               NONE,                   NONE,                   NONE,             OWN_CODES },
};

static enum verb verb_said(const struct row *r, const struct value *v)
{
	static const struct { const char *event; enum verb verb; } life[] = {
		{ "void", VERB_VOID }, { "returned", VERB_RETURNED }, { "recalled", VERB_RECALLED }, { "destroyed", VERB_DESTROYED }, { "released", VERB_RELEASED },
	};

	if (r->verb)
		return r->verb;
	if (r->type == &aggregation_type)
		return str_is(v[AGGREGATION_action].list[0], "add") ? VERB_PACKED : VERB_UNPACKED;
	if (r->type == &recall_type)
		return str_is(v[RECALL_kind].list[0], "recall") ? VERB_RECALLED : VERB_STOPPED;
	for (size_t i = 0; i < ROWS(life); i++)
		if (str_is(v[LIFE_event].list[0], life[i].event))
			return life[i].verb;
	return 0;
}

/* Types whose records say which step they are; that field is open, but a package may lack it. */
static const struct { const struct type *type; size_t field; enum verb may[5]; } choosing[] = {
	{ &life_type, LIFE_event, { VERB_VOID, VERB_RETURNED, VERB_RECALLED, VERB_DESTROYED, VERB_RELEASED } },
	{ &aggregation_type, AGGREGATION_action, { VERB_PACKED, VERB_UNPACKED } },
	{ &recall_type, RECALL_kind, { VERB_RECALLED, VERB_STOPPED } },
};

static bool may_be(const struct row *r, const struct value *v, enum verb verb)
{
	if (r->verb)
		return r->verb == verb;
	for (size_t i = 0; i < ROWS(choosing); i++)
		if (choosing[i].type == r->type) {
			if (v[choosing[i].field].n)
				return verb_said(r, v) == verb;
			for (size_t k = 0; k < ROWS(choosing[i].may); k++)
				if (choosing[i].may[k] == verb)
					return true;
		}
	return false;
}

bool moves_told(const struct type *t, const struct value *v, struct str what, struct str zh, struct str en)
{
	for (int i = 1; i < VERBS; i++) {
		if (!str_is(what, verb_words[i].key) || !str_is(zh, verb_words[i].zh) || !str_is(en, verb_words[i].en))
			continue;
		for (size_t r = 0; r < ROWS(rows); r++)
			if (rows[r].type == t && may_be(&rows[r], v, (enum verb)i))
				return true;
	}
	return false;
}

/* The other side's code; of a consumer only that it is one. */
static struct str other_of(const struct row *r, const struct value *v)
{
	static const struct { const struct type *type; size_t kind, name; } retail[] = {
		{ &sale_type, SALE_buyer_kind, SALE_buyer_name }, { &resale_type, RESALE_customer_kind, RESALE_customer_name },
		{ &cut_type, CUT_customer_kind, CUT_customer_name },
	};

	if (r->other == NONE || v[r->other].said)
		return r->other == NONE ? S("") : v[r->other].text;
	for (size_t i = 0; i < ROWS(retail); i++)
		if (retail[i].type == r->type && ((v[retail[i].kind].said && str_is(v[retail[i].kind].list[0], "consumer")) || str_is(v[retail[i].name].text, CONSUMER)))
			return S(CONSUMER_HANDS);
	return S("");
}

size_t moves_of(const struct type *t, const struct value *v, int64_t at, struct move ret[MOVES_MAX])
{
	size_t n = 0;

	for (size_t i = 0; i < ROWS(rows); i++) {
		const struct row *r = &rows[i];

		if (r->type != t || v[r->items].said != SAID_VALUE)
			continue;
		ret[n++] = (struct move){ .items = r->items, .verb = verb_said(r, v),
			.time = r->time != NONE && v[r->time].said ? v[r->time].i : at,
			.other = other_of(r, v),
			.link = r->link != NONE ? v[r->link].i : 0 };
	}
	return n;
}

bool moves_field(const struct type *t, size_t nth, struct move_field *ret)
{
	for (size_t i = 0; i < ROWS(rows); i++)
		if (rows[i].type == t && nth-- == 0) {
			*ret = (struct move_field){ rows[i].items, rows[i].whose, rows[i].time };
			return true;
		}
	return false;
}
