/* mod/trace/prefill.c - nobody types what the platform knows, and no natural person's name is asked. */
#include "mod/trace/flow.h"

#define NOT_KEPT "不留"

/* The other side of a record by its fields: its code brings the rest. NULL: the type has no such field. */
static const struct side {
	const struct type *type;
	const char *code, *name, *kind, *address, *contact, *time;
	bool retail;              /* without a word about the other side it is a consumer */
} sides[] = {
	{ &sale_type, "buyer_uscc", "buyer_name", "buyer_kind", "buyer_address", "buyer_contact", "sale_time", false },
	{ &resale_type, "customer_uscc", "customer_name", "customer_kind", NULL, NULL, "sold_time", true },
	{ &cut_type, "customer_uscc", "customer_name", "customer_kind", NULL, NULL, "cut_time", true },
	{ &purchase_type, "supplier_uscc", "supplier_name", NULL, NULL, NULL, "purchase_time", false },
	{ &return_type, "from_uscc", "from_name", NULL, NULL, NULL, "return_time", false },
	{ &material_type, "supplier_uscc", "supplier_name", NULL, NULL, NULL, NULL, false },
	{ &aggregation_type, NULL, NULL, NULL, NULL, NULL, "packed_time", false },
};

static void fill(struct call *c, const char *name, struct str value)
{
	if (name && !node_get(c->raw, name) && value.n)
		put_str(c->arena, c->raw, name, value);
}

static bool said(struct call *c, const char *name) { return name && node_text(c->raw, name).n; }

/* A piece with a code of its own may be for stock; one without went over the counter. */
static bool goes_to_a_consumer(struct call *c, const struct side *s)
{
	if (!s->kind)
		return false;
	if (str_is(node_text(c->raw, s->kind), "consumer"))
		return true;
	return s->retail && !said(c, s->name) && !said(c, s->code) && !said(c, s->kind) && !(s->type == &cut_type && node_get(c->raw, "piece"));
}

enum err sale_prefill(struct call *c)
{
	const struct side *s = NULL;
	struct party p;
	enum err e = OK;

	for (size_t i = 0; i < ROWS(sides); i++)
		if (sides[i].type == c->op->in)
			s = &sides[i];
	if (!s)
		return OK;
	if (goes_to_a_consumer(c, s)) {
		fill(c, s->name, S(CONSUMER));
		fill(c, s->kind, S("consumer"));
		fill(c, s->address, S(NOT_KEPT));
		fill(c, s->contact, S(NOT_KEPT));
	}
	if (s->code && node_text(c->raw, s->code).n == 18)
		e = party_by_uscc(c, node_text(c->raw, s->code), &p);
	else
		p = (struct party){ 0 };
	if (e && e != E_ABSENT)
		return e;
	if (!e) {
		fill(c, s->name, p.name);
		fill(c, s->address, p.address);
		fill(c, s->contact, p.contact);
	}
	fill(c, s->time, time_str(c->arena, c->now, false));
	return OK;
}
