/* mod/trace/goods.c - what a label may say of the goods: public values of product, batch and maker, by name. Nothing withheld comes here. */
#include "mod/trace/print.h"

static enum err latest(struct call *c, int64_t id, const struct type *t, struct record *ret, bool *ret_there)
{
	enum err e = kernel_latest(c, id, &id);

	if (!e)
		e = kernel_record(c, id, 1u << KEY_PUBLIC, ret);
	*ret_there = !e && ret->type == t;
	return e == E_ABSENT ? OK : e;
}

enum err goods_of(struct call *c, const struct pack *p, struct goods *ret)
{
	int64_t product = p->product;
	enum err e;

	memset(ret, 0, sizeof(*ret));
	e = kernel_record(c, p->record, 1u << KEY_PUBLIC, &ret->pack);
	if (!e && p->batch)
		e = latest(c, p->batch, &batch_type, &ret->batch, &ret->has_batch);
	if (!e && ret->has_batch)
		product = ret->batch.values[BATCH_product].i;
	if (!e && product)
		e = latest(c, product, &product_type, &ret->product, &ret->has_product);
	return e ? e : party_get(c, ret->has_product ? ret->product.party : p->party, &ret->maker);
}

struct str goods_gtin(struct call *c, const struct goods *g)
{
	const struct value *v = g->has_product ? &g->product.values[PRODUCT_gtin] : NULL;

	return v && v->said == SAID_VALUE ? gtin14_of(c->arena, v->text) : S("");
}

/* 不涉及 is an answer to the authority, not something to print. */
static struct str said(struct call *c, const struct record *r, size_t field)
{
	const struct value *v = &r->values[field];
	struct buf b = buf_in(c->arena, 64);

	if (v->said != SAID_VALUE || r->type->fields[field].publicity != PUBLIC)
		return S("");
	if (!v->n)
		return v->text;
	for (size_t i = 0; i < v->n; i++) {
		if (i)
			buf_z(&b, "、");
		buf_add(&b, v->list[i]);
	}
	return buf_str(&b);
}

static void put_fields(struct call *c, struct node *o, const struct record *r)
{
	for (size_t i = 0; i < r->type->n; i++) {
		const struct field *f = &r->type->fields[i];

		if (f->publicity == PUBLIC && f->kind != KIND_REF && f->kind != KIND_FILE && !node_get(o, f->name))
			put_str(c->arena, o, f->name, said(c, r, i));
	}
}

/* What the EAN-13 symbol takes: a GTIN of 14 digits that begins with another than 0 names a case and has none. */
static struct str retail_gtin(struct str gtin14) { return gtin14.n == 14 && gtin14.p[0] == '0' ? str_sub(gtin14, 1, 13) : gtin14; }

struct node *goods_values(struct call *c, const struct pack *p, const struct goods *g)
{
	static const char *const of_product[] = { "specification", "model", "licence" };
	struct node *o = node_obj(c->arena);
	struct str standard = S("");

	if (g->has_product) {
		standard = said(c, &g->product, PRODUCT_mandatory_national_standard);
		if (!standard.n || str_is(standard, NO_MANDATORY_STANDARD))
			standard = said(c, &g->product, PRODUCT_standard_applied);
		put_str(c->arena, o, "product_name", said(c, &g->product, PRODUCT_product_name));
		put_str(c->arena, o, "specification", said(c, &g->product, PRODUCT_specification_model));
		put_str(c->arena, o, "model", said(c, &g->product, PRODUCT_specification_model));
		put_str(c->arena, o, "licence", said(c, &g->product, PRODUCT_licence_or_ccc_certificate_no));
	} else {
		put_str(c->arena, o, "product_name", p->goods);
		for (size_t i = 0; i < ROWS(of_product); i++)
			put_str(c->arena, o, of_product[i], S(""));
	}
	put_str(c->arena, o, "standard", standard);
	put_str(c->arena, o, "batch", g->has_batch ? said(c, &g->batch, BATCH_factory_batch_or_serial_no) : S(""));
	put_str(c->arena, o, "maker", p->unmarked ? S("") : g->maker.name);      /* a seller's own label names no maker */
	put_str(c->arena, o, "maker_address", p->unmarked ? S("") : g->maker.address);
	put_str(c->arena, o, "gtin", retail_gtin(goods_gtin(c, g)));
	if (g->has_product)
		put_fields(c, o, &g->product);
	if (g->has_batch)
		put_fields(c, o, &g->batch);
	return o;
}
