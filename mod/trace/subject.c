/* mod/trace/subject.c - what somebody asks about: any code, carton, lot, record or document number, as a set of items. */
#include <stdlib.h>

#include "mod/trace/chain.h"

const char *const subject_names[] = { "item", "class", "container", "lot", "record", "document" };

enum { KNOWN = 1u << KEY_PUBLIC | 1u << KEY_BUSINESS, DOCUMENTS_MOST = 200 };

/* An officer of the party's region: while opening the chain with a reason, and for a day after having looked at that record. How many
 * goods are in a lot or on a paper is withheld like what the steps say. */
static bool officer_may(struct call *c, int64_t party, int64_t record)
{
	const struct op any = { .who = R_OFFICER, .scope = SCOPE_OWN };
	struct party p;

	if (!(c->who->roles & R_OFFICER) || !party || party_get(c, party, &p) || op_allowed(&any, c->who, true, p.id, p.region))
		return false;
	return !op_reads(c->op) || kernel_looked(c, record);
}

/* More than one item's whereabouts is somebody's business: that of who filed it, of its other side, of the region's officers. */
static bool may_ask(struct call *c, const struct record *r)
{
	return (c->who->party && c->who->party == r->party) || kernel_counterparty(c, r) || officer_may(c, r->party, r->id);
}

static enum err of_record(struct call *c, struct record *r, struct subject *s)
{
	struct move m[MOVES_MAX];
	size_t n;
	enum err e = kernel_record(c, r->id, KNOWN, r);

	if (e || !may_ask(c, r))
		return e ? e : E_ABSENT;
	if (r->type == &batch_type) {
		s->kind = SUBJECT_LOT;
		s->batch = r->root;
		return sets_of_batch(c, r->id, false, &s->set);
	}
	n = moves_of(r->type, r->values, r->at, m);
	if (!n)
		return E_ABSENT;
	s->kind = SUBJECT_RECORD;
	s->record = r->id;
	return items_of(c, r->id, &r->values[m[0].items], &s->set);
}

static enum err of_id(struct call *c, struct str text, struct subject *s)
{
	struct record r;
	int64_t id;
	enum err e;

	if (text.n != ID_TEXT || !id_get(text, &id))
		return E_ABSENT;
	e = kernel_record(c, id, 1u << KEY_PUBLIC, &r);
	return e ? e : of_record(c, &r, s);
}

static enum err of_code(struct call *c, struct str text, struct subject *s)
{
	enum err e = code_find(c, text, &s->place);
	const struct pack *p = &s->place.p;

	if (e)
		return e;
	s->kind = p->grain == GRAIN_ITEM ? SUBJECT_ITEM : SUBJECT_CLASS;
	if (s->kind == SUBJECT_CLASS && p->batch && (c->who->party == p->party || officer_may(c, p->party, p->record))) {
		s->batch = p->batch;
		e = sets_of_batch(c, p->batch, false, &s->set);
	}
	sets_add(c, &s->set, p, s->place.item, s->place.item);
	sets_tidy(&s->set);
	return e;
}

static enum err of_box(struct call *c, struct str text, struct subject *s)
{
	enum err e = box_items(c, text, c->now, &s->set);

	for (size_t i = 0; i < s->set.n && !e; i++)
		for (size_t k = 0; k < s->set.set[i].n && !e; k++) {
			const struct pack *p = &s->set.set[i].pack;
			bool known = p->party == c->who->party || officer_may(c, p->party, p->record);

			if (!known)
				e = items_came_to(c, p, s->set.set[i].r[k], &known);
			if (!e && !known)
				e = E_ABSENT;
		}
	s->kind = SUBJECT_BOX;
	return e;
}

static void put_candidate(struct call *c, struct node *list, const struct record *r)
{
	struct node *o = node_obj(c->arena);
	struct party maker;
	struct record product;

	put_str(c->arena, o, "id", id_str(c->arena, r->id));
	put_str(c->arena, o, "lot", r->values[BATCH_factory_batch_or_serial_no].text);
	put_str(c->arena, o, "made_on", r->values[BATCH_production_date].text);
	if (party_get(c, r->party, &maker) == OK)
		put_str(c->arena, o, "maker", maker.name);
	if (kernel_record(c, r->values[BATCH_product].i, 1u << KEY_PUBLIC, &product) == OK && product.type == &product_type)
		put_str(c->arena, o, "product", product.values[PRODUCT_product_name].text);
	node_add(list, o);
}

/* Two makers may use the same number: then the caller chooses. Only lots the caller may ask about count. */
static enum err of_lot(struct call *c, struct str text, struct subject *s)
{
	struct node *list = node_arr(c->arena);
	struct record r, one = { 0 };
	int64_t *ids;
	size_t n;
	enum err e = records_with(c, &batch_type, "factory_batch_or_serial_no", text, &ids, &n);

	for (size_t i = 0; i < n && i < DOCUMENTS_MOST && !e; i++) {
		e = kernel_record(c, ids[i], 1u << KEY_PUBLIC, &r);
		if (e || !may_ask(c, &r))
			continue;
		put_candidate(c, list, &r);
		one = r;
	}
	if (e || !list->n)
		return e ? e : E_ABSENT;
	if (list->n == 1)
		return of_record(c, &one, s);
	node_set(c->out, S("candidates"), list);
	return E_CLASH;
}

static enum err of_document(struct call *c, struct str text, struct subject *s)
{
	static const struct type *const types[] = { &sale_type, &resale_type, &purchase_type, &return_type, &cut_type };
	enum err e = OK;

	s->found = TAKE(c->arena, struct record, DOCUMENTS_MOST);
	for (size_t t = 0; t < ROWS(types) && !e; t++) {
		int64_t *ids;
		size_t n;

		e = records_with(c, types[t], "document_no", text, &ids, &n);
		for (size_t i = 0; i < n && s->n_found < DOCUMENTS_MOST && !e; i++) {
			struct subject one = { 0 };
			struct record *r = &s->found[s->n_found];

			e = kernel_record(c, ids[i], 1u << KEY_PUBLIC, r);
			if (!e)
				e = of_record(c, r, &one);
			if (e == E_ABSENT) {
				e = OK;         /* somebody else's paper of the same number */
				continue;
			}
			if (!e)
				sets_add_all(c, &s->set, &one.set);
			s->n_found += !e;
		}
	}
	sets_tidy(&s->set);
	s->kind = SUBJECT_DOCUMENT;
	return e ? e : s->n_found ? OK : E_ABSENT;
}

enum err subject_find(struct call *c, struct str text, struct subject *ret)
{
	static enum err (*const ways[])(struct call *c, struct str text, struct subject *s) = { of_id, of_code, of_box, of_lot, of_document };
	enum err e = E_ABSENT, first = E_ABSENT;
	struct subject s;

	text = str_trim(text);
	for (size_t i = 0; i < ROWS(ways); i++) {
		s = (struct subject){ .text = text };
		if (i >= 3 && !c->who->party && !(c->who->roles & R_OFFICER))
			continue;
		e = ways[i](c, text, &s);
		if (e == E_FORGED || e == E_UNKNOWN)
			first = e;
		if (e != E_ABSENT && e != E_FORGED && e != E_UNKNOWN)
			break;
	}
	if (!e)
		*ret = s;
	if (e == E_ABSENT && first != E_ABSENT)
		e = first;
	return e;
}
