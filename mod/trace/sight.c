/* mod/trace/sight.c - the visibility table of chains, and its use on one step.
 *
 * Both sides of a step see all of it. Others see what the filer opened, and of that only what does not identify a party that withholds
 * itself: a name that one side opens and the other keeps to itself stays sealed. What is sealed shows as a step with its proof.
 */
#include "mod/trace/sight.h"

#define OPENED_ONLY { SHOWN, SEALED }
#define ALWAYS { SHOWN, SHOWN }
#define NEVER { SEALED, SEALED }

const unsigned char sight[VIEWERS][FACTS][RELATIONS] = {
	/*                     step    time         filer        other        count   quantity document */
	[SEE_PUBLIC]       = { ALWAYS, OPENED_ONLY, OPENED_ONLY, OPENED_ONLY, NEVER,  NEVER,   NEVER },
	[SEE_SIDE]         = { ALWAYS, ALWAYS,      ALWAYS,      ALWAYS,      ALWAYS, ALWAYS,  ALWAYS },
	[SEE_MAKER]        = { ALWAYS, OPENED_ONLY, OPENED_ONLY, OPENED_ONLY, NEVER,  NEVER,   NEVER },
	[SEE_HOLDER]       = { ALWAYS, OPENED_ONLY, OPENED_ONLY, OPENED_ONLY, NEVER,  NEVER,   NEVER },
	[SEE_OFFICER]      = { ALWAYS, ALWAYS,      ALWAYS,      ALWAYS,      ALWAYS, ALWAYS,  ALWAYS },
	[SEE_OFFICER_SHUT] = { ALWAYS, OPENED_ONLY, OPENED_ONLY, OPENED_ONLY, NEVER,  NEVER,   NEVER },
	[SEE_ASSOCIATION]  = { ALWAYS, OPENED_ONLY, OPENED_ONLY, OPENED_ONLY, NEVER,  NEVER,   NEVER },
	[SEE_AUDITOR]      = { ALWAYS, OPENED_ONLY, OPENED_ONLY, OPENED_ONLY, NEVER,  NEVER,   NEVER },
	[SEE_OPERATOR]     = { ALWAYS, OPENED_ONLY, OPENED_ONLY, OPENED_ONLY, NEVER,  NEVER,   NEVER },
};

const char *const viewer_names[VIEWERS] = { "public", "side", "maker", "holder", "officer", "officer_shut", "association", "auditor", "operator" };
const char *const fact_names[FACTS] = { "step", "time", "filer", "other", "count", "quantity", "document" };
const char *const relation_names[RELATIONS] = { "open", "withheld" };

/* ---- which fact a field tells ---- */

static const struct { const struct type *type; size_t field; enum fact fact; } tells[] = {
	{ &sale_type, SALE_sale_time, FACT_TIME }, { &sale_type, SALE_buyer_name, FACT_OTHER }, { &sale_type, SALE_buyer_address, FACT_OTHER },
	{ &sale_type, SALE_buyer_contact, FACT_OTHER }, { &sale_type, SALE_buyer_kind, FACT_OTHER }, { &sale_type, SALE_buyer_uscc, FACT_OTHER },
	{ &sale_type, SALE_items, FACT_COUNT }, { &sale_type, SALE_quantity, FACT_QUANTITY }, { &sale_type, SALE_unit, FACT_QUANTITY },
	{ &sale_type, SALE_document_no, FACT_DOCUMENT },
	{ &purchase_type, PURCHASE_purchase_time, FACT_TIME }, { &purchase_type, PURCHASE_supplier_name, FACT_OTHER },
	{ &purchase_type, PURCHASE_supplier_uscc, FACT_OTHER }, { &purchase_type, PURCHASE_trace_code, FACT_COUNT },
	{ &purchase_type, PURCHASE_offer, FACT_DOCUMENT }, { &purchase_type, PURCHASE_document_no, FACT_DOCUMENT },
	{ &purchase_type, PURCHASE_quantity, FACT_QUANTITY }, { &purchase_type, PURCHASE_unit, FACT_QUANTITY },
	{ &resale_type, RESALE_sold_time, FACT_TIME }, { &resale_type, RESALE_customer_name, FACT_OTHER }, { &resale_type, RESALE_customer_kind, FACT_OTHER },
	{ &resale_type, RESALE_customer_uscc, FACT_OTHER }, { &resale_type, RESALE_trace_code, FACT_COUNT },
	{ &resale_type, RESALE_document_no, FACT_DOCUMENT }, { &resale_type, RESALE_quantity, FACT_QUANTITY }, { &resale_type, RESALE_unit, FACT_QUANTITY },
	{ &return_type, RETURN_return_time, FACT_TIME }, { &return_type, RETURN_from_name, FACT_OTHER }, { &return_type, RETURN_from_uscc, FACT_OTHER },
	{ &return_type, RETURN_items, FACT_COUNT }, { &return_type, RETURN_reason, FACT_DOCUMENT }, { &return_type, RETURN_document_no, FACT_DOCUMENT },
	{ &return_type, RETURN_quantity, FACT_QUANTITY }, { &return_type, RETURN_unit, FACT_QUANTITY },
	{ &refusal_type, REFUSAL_offer, FACT_DOCUMENT }, { &refusal_type, REFUSAL_items, FACT_COUNT }, { &refusal_type, REFUSAL_reason, FACT_DOCUMENT },
	{ &refusal_type, REFUSAL_sender_uscc, FACT_OTHER },
	{ &aggregation_type, AGGREGATION_parent, FACT_DOCUMENT }, { &aggregation_type, AGGREGATION_items, FACT_COUNT },
	{ &aggregation_type, AGGREGATION_containers, FACT_DOCUMENT }, { &aggregation_type, AGGREGATION_packed_time, FACT_TIME },
	{ &measure_type, MEASURE_items, FACT_COUNT }, { &measure_type, MEASURE_quantity, FACT_QUANTITY }, { &measure_type, MEASURE_unit, FACT_QUANTITY },
	{ &measure_type, MEASURE_tolerance, FACT_QUANTITY },
	{ &cut_type, CUT_from, FACT_DOCUMENT }, { &cut_type, CUT_quantity, FACT_QUANTITY }, { &cut_type, CUT_unit, FACT_QUANTITY },
	{ &cut_type, CUT_offcut, FACT_QUANTITY }, { &cut_type, CUT_cut_time, FACT_TIME }, { &cut_type, CUT_piece, FACT_DOCUMENT },
	{ &cut_type, CUT_customer_name, FACT_OTHER }, { &cut_type, CUT_customer_kind, FACT_OTHER }, { &cut_type, CUT_customer_uscc, FACT_OTHER },
	{ &cut_type, CUT_document_no, FACT_DOCUMENT },
	{ &material_type, MATERIAL_name, FACT_DOCUMENT }, { &material_type, MATERIAL_items, FACT_COUNT }, { &material_type, MATERIAL_lot, FACT_DOCUMENT },
	{ &material_type, MATERIAL_supplier_name, FACT_OTHER }, { &material_type, MATERIAL_supplier_uscc, FACT_OTHER },
	{ &material_type, MATERIAL_certificate, FACT_DOCUMENT }, { &material_type, MATERIAL_quantity, FACT_QUANTITY }, { &material_type, MATERIAL_unit, FACT_QUANTITY },
};

static enum fact fact_of(const struct type *t, size_t field)
{
	for (size_t i = 0; i < ROWS(tells); i++)
		if (tells[i].type == t && tells[i].field == field)
			return tells[i].fact;
	return FACT_STEP;
}

/* ---- who looks ---- */

enum viewer viewer_of_step(struct call *c, const struct looking *l, int64_t filer, struct str other)
{
	const struct actor *who = c->who;

	if (who->party && (who->party == filer || (other.n && str_eq(other, who->uscc))))
		return SEE_SIDE;
	if (who->roles & R_OFFICER)
		return l->opened ? SEE_OFFICER : SEE_OFFICER_SHUT;
	if (who->party && who->party == l->maker)
		return SEE_MAKER;
	if (who->party && l->held)
		return SEE_HOLDER;
	return who->roles & R_OPERATOR ? SEE_OPERATOR : who->roles & R_AUDITOR ? SEE_AUDITOR : who->roles & R_ASSOC ? SEE_ASSOCIATION : SEE_PUBLIC;
}

/* ---- does the other side withhold itself ---- */

static const struct { const struct type *type; size_t name; } mirror[] = {
	{ &sale_type, SALE_buyer_name }, { &resale_type, RESALE_customer_name }, { &cut_type, CUT_customer_name }, { &purchase_type, PURCHASE_supplier_name },
};

static bool opened_name(const struct record *r)
{
	for (size_t i = 0; i < ROWS(mirror); i++)
		if (mirror[i].type == r->type)
			return r->values[mirror[i].name].said == SAID_VALUE && value_class(&r->type->fields[mirror[i].name], &r->values[mirror[i].name]) == KEY_PUBLIC;
	return false;
}

/* The record in which the other side says the same: the purchase that answered a delivery, or the delivery a purchase answers. */
static enum err mirror_of(struct call *c, const struct record *r, int64_t *ret)
{
	struct delivery d;
	enum err e;

	*ret = 0;
	if (r->type == &purchase_type) {
		*ret = r->values[PURCHASE_offer].said == SAID_VALUE ? r->values[PURCHASE_offer].i : 0;
		return OK;
	}
	e = delivery_get(c, r->id, &d);
	if (!e)
		*ret = d.answer;
	return e == E_ABSENT ? OK : e;
}

/* Its own record decides; where it filed none, what it chose for all its records. Who is not registered here filed nothing to withhold. */
static enum err other_withholds(struct call *c, const struct record *r, struct str other, bool *ret)
{
	struct record its;
	struct party p;
	int64_t id;
	enum err e;

	*ret = false;
	if (other.n != 18)
		return OK;
	e = party_by_uscc(c, other, &p);
	if (e)
		return e == E_ABSENT ? OK : e;
	*ret = !p.open_by_default;
	e = mirror_of(c, r, &id);
	if (e || !id)
		return e;
	e = kernel_latest(c, id, &id);
	if (!e)
		e = kernel_record(c, id, 1u << KEY_PUBLIC, &its);
	if (!e)
		*ret = !opened_name(&its);
	return e;
}

/* ---- one step ---- */

static struct str other_side(const struct record *r)
{
	for (size_t i = 0; i < r->type->n; i++)
		if (r->type->fields[i].counterparty && r->values[i].said == SAID_VALUE)
			return r->values[i].text;
	return S("");
}

/* The filer shows itself by opening anything of its choice: who opens nothing is not named by its neighbours' wish. */
static bool filer_open(const struct record *r, int64_t maker)
{
	if (r->party == maker && r->type != &purchase_type)
		return true;                    /* the maker is on the page of its goods */
	for (size_t i = 0; i < r->type->n; i++)
		if (r->type->fields[i].publicity == OWNER_CHOICE && r->values[i].said == SAID_VALUE && r->values[i].open)
			return true;
	return false;
}

static bool field_open(const struct record *r, size_t i, enum fact f, bool withholds)
{
	return value_class(&r->type->fields[i], &r->values[i]) == KEY_PUBLIC && !(f == FACT_OTHER && withholds);
}

enum err step_see(struct call *c, const struct looking *l, int64_t record, struct step_view *ret)
{
	const unsigned both = 1u << KEY_PUBLIC | 1u << KEY_BUSINESS;
	struct step_view s = { 0 };
	bool withholds = false, filer;
	enum err e = kernel_record(c, record, both, &s.r);

	if (e)
		return e;
	s.viewer = viewer_of_step(c, l, s.r.party, other_side(&s.r));
	if (s.viewer != SEE_SIDE && s.viewer != SEE_OFFICER)
		e = other_withholds(c, &s.r, other_side(&s.r), &withholds);
	if (e)
		return e;
	filer = sight[s.viewer][FACT_FILER][filer_open(&s.r, l->maker) ? REL_OPEN : REL_WITHHELD] == SHOWN;
	for (size_t i = 0; i < FACTS; i++)
		s.sees[i] = sight[s.viewer][i][REL_WITHHELD] == SHOWN;
	for (size_t i = 0; i < s.r.type->n; i++) {
		enum fact f = fact_of(s.r.type, i);
		struct value *v = &s.r.values[i];

		if (v->said == SAID_NOTHING)
			continue;
		if (sight[s.viewer][f][field_open(&s.r, i, f, withholds) ? REL_OPEN : REL_WITHHELD] == SHOWN &&
		    (f != FACT_STEP || s.r.type->fields[i].publicity == PUBLIC || s.viewer == SEE_SIDE || s.viewer == SEE_OFFICER)) {
			s.sees[f] = true;
			continue;
		}
		s.withheld = true;
		*v = (struct value){ 0 };
	}
	s.sees[FACT_FILER] = filer;
	s.withheld = s.withheld || !filer;
	if (filer && s.r.party)
		e = party_get(c, s.r.party, &s.filer);
	if (!e)
		*ret = s;
	return e;
}
