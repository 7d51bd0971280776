/* mod/trace/form.c - the forms a code is written in. Each is a text around the twenty characters, worked out once for a pack.
 *
 * A form scans back to its item (code_find); what the product's record does not allow is refused with the field to fill in.
 */
#include "mod/trace/print.h"

enum { EPC_FILTER_ALL_OTHERS = 0, SGTIN_BITS = 198 };

static const char sample[] = "ZZZZZZZZZZZZZZZZZZZZ";      /* stands for the code while the text around it is worked out */

struct opening {
	struct call *c;
	const struct pack *p;
	const struct goods *g;
	struct spell *s;
	const char *zh, *en;
};

static enum err refuse(struct opening *o, const char *zh, const char *en)
{
	o->zh = zh;
	o->en = en;
	return E_BAD;
}

/* At its last place: a batch number that looks like the sample stands before it. */
static void split(struct str text, struct str *ret_before, struct str *ret_after, bool *ret_coded)
{
	size_t at = text.n, n = sizeof(sample) - 1;

	for (size_t i = 0; i + n <= text.n; i++)
		if (memcmp(text.p + i, sample, n) == 0)
			at = i;
	*ret_coded = at < text.n;
	*ret_before = str_sub(text, 0, at);
	*ret_after = *ret_coded ? str_sub(text, at + n, text.n) : S("");
}

static enum err around(struct opening *o, struct str text)
{
	split(text, &o->s->before, &o->s->after, &o->s->coded);
	return OK;
}

/* ---- GS1 ---- */

/* Brackets are of GS1's characters too, but readers of bracketed strings take them for identifiers. */
static bool may_be_lot(struct opening *o, struct str gtin, struct str lot)
{
	struct ident_result r;
	const struct ident_part *p;

	if (!lot.n || lot.n > 20 || str_find(lot, '(') < lot.n || str_find(lot, ')') < lot.n || str_find(lot, '\\') < lot.n)
		return false;
	ident_check(o->c->arena, IDENT_ELEMENTS, str_fmt(o->c->arena, "(01)%.*s(10)%.*s", STR_ARG(gtin), STR_ARG(lot)), IDENT_STRICT, &r);
	p = r.valid ? ident_part(&r, "10") : NULL;
	return p && str_eq(p->value, lot);
}

/* A shared code has no serial: its text stands for the pack whose goods were first given that barcode. */
static enum err is_ours(struct opening *o, struct str elements)
{
	uint32_t item;
	int64_t pack;
	enum err e = foreign_find(o->c, code_read(o->c->arena, elements).name, &pack, &item);

	if (e && e != E_ABSENT)
		return e;
	if (e)
		return refuse(o, "申领这个码包时产品还没有商品条码：请按更正后的产品重新申领", "the product had no barcode when this pack was ordered: order one for the corrected product");
	return pack == o->p->record ? OK
	       : refuse(o, "这个商品条码已代表另一个码包，扫它看不到这些货物：请用 url 形式，或打印那个码包",
	                "this barcode stands for another pack already: use the form url, or print that pack");
}

static enum err elements_for(struct opening *o, struct str *ret)
{
	struct arena *a = o->c->arena;
	struct str gtin = goods_gtin(o->c, o->g), lot = S("");
	enum grain grain = o->p->grain;

	if (!o->g->has_product)
		return refuse(o, "码包没有产品：申领时填产品或批次（product、batch）", "the pack names no product: fill in product or batch when it is ordered");
	if (!gtin.n)
		return refuse(o, "产品没有商品条码：请更正产品，填写“商品条码（GTIN）”（gtin）", "the product has no barcode: correct it and fill in gtin");
	if (o->g->has_batch && grain != GRAIN_PRODUCT && may_be_lot(o, gtin, o->g->batch.values[BATCH_factory_batch_or_serial_no].text))
		lot = o->g->batch.values[BATCH_factory_batch_or_serial_no].text;
	if (grain == GRAIN_BATCH && !lot.n)
		return refuse(o, "批次号不能用作 GS1 批号（至多20个字母、数字和标点）：请改用 url 形式",
		              "the batch number is no GS1 lot (at most 20 letters, digits and marks): use the form url");
	*ret = str_fmt(a, "(01)%.*s%s%.*s%s%s", STR_ARG(gtin), lot.n ? "(10)" : "", STR_ARG(lot), grain == GRAIN_ITEM ? "(21)" : "",
	               grain == GRAIN_ITEM ? sample : "");
	return grain == GRAIN_ITEM ? OK : is_ours(o, *ret);
}

/* ident writes the canonical host; ours answers for what is printed here. */
static enum err link_for(struct opening *o, struct str *ret_link, struct str *ret_elements)
{
	static const char canonical_host[] = "https://id.gs1.org";
	struct str elements, link;
	enum err e = elements_for(o, &elements);

	if (e)
		return e;
	if (!link_of_elements(o->c->arena, elements, &link) || !str_starts(link, canonical_host) || !elements_of_link(o->c->arena, link, ret_elements))
		return E_INTERNAL;
	*ret_link = str_fmt(o->c->arena, "%s%.*s", kernel_public_url(o->c->k), STR_ARG(str_sub(link, sizeof(canonical_host) - 1, link.n)));
	return OK;
}

static enum err open_code(struct opening *o) { return around(o, S(sample)); }

static enum err open_url(struct opening *o) { return around(o, str_fmt(o->c->arena, "%s/c/%s", kernel_public_url(o->c->k), sample)); }

static enum err open_link(struct opening *o)
{
	struct str link, elements;
	enum err e = link_for(o, &link, &elements);

	return e ? e : around(o, link);
}

static enum err open_gs1(struct opening *o)
{
	struct str elements;
	enum err e = elements_for(o, &elements);

	return e ? e : around(o, elements);
}

static enum err open_epc(struct opening *o)
{
	unsigned prefix = gs1_prefix_length(goods_gtin(o->c, o->g));
	struct str link, elements, epc;
	enum err e = OK;

	if (o->p->grain != GRAIN_ITEM)
		return refuse(o, "RFID 标签要一物一码", "a tag names one item: order a pack of items");
	e = link_for(o, &link, &elements);
	if (e)
		return e;
	if (!prefix || !epc_of_link(o->c->arena, link, prefix, &epc))
		return refuse(o, "从商品条码（gtin）看不出厂商识别代码的长度：只认690至699开头的", "the length of the company prefix cannot be told from gtin: only those of 690 to 699");
	return around(o, epc);
}

static enum err open_ecode(struct opening *o)
{
	const struct value *system = o->g->has_product ? &o->g->product.values[PRODUCT_number_system] : NULL;

	if (!system)
		return refuse(o, "码包没有产品：申领时填产品或批次（product、batch）", "the pack names no product: fill in product or batch when it is ordered");
	if (system->said != SAID_VALUE || system->text.n != 5)
		return refuse(o, "产品没有编码体系标识：请更正产品，填写“Ecode编码体系标识（NSI）”（number_system）",
		              "the product has no number system: correct it and fill in number_system");
	return around(o, str_fmt(o->c->arena, "3%.*s%s", STR_ARG(system->text), sample));
}

static enum err open_signed(struct opening *o)
{
	struct str link, elements;
	bool coded;
	enum err e = OK;

	if (o->p->grain != GRAIN_ITEM)
		return refuse(o, "签名标签要一物一码", "a signed label names one item: order a pack of items");
	e = link_for(o, &link, &elements);
	if (e)
		return e;
	split(elements, &o->s->said_before, &o->s->said_after, &coded);
	return around(o, str_join(o->c->arena, link, S("?8030=")));
}

static const struct { const char *name; enum err (*open)(struct opening *o); } forms[FORMS] = {
	[FORM_CODE] = { "code", open_code },
	[FORM_URL] = { "url", open_url },
	[FORM_LINK] = { "link", open_link },
	[FORM_GS1] = { "gs1", open_gs1 },
	[FORM_ECODE] = { "ecode", open_ecode },
	[FORM_EPC] = { "epc", open_epc },
	[FORM_SGTIN198] = { "sgtin198", open_epc },
	[FORM_SIGNED] = { "signed", open_signed },
};

const char *form_name(enum form f) { return forms[f].name; }

enum form form_of(struct str name)
{
	size_t i = 0;

	while (i < FORMS && !str_is(name, forms[i].name))
		i++;
	return (enum form)i;
}

enum form form_usual(const struct pack *p, const struct goods *g)
{
	const struct value *own = &g->pack.values[PACK_scheme], *of_batch = g->has_batch ? &g->batch.values[BATCH_trace_code] : NULL;
	struct str scheme = own->said == SAID_VALUE ? own->text : of_batch ? of_batch->text : S("");

	if (p->theirs)
		return FORM_CODE;
	return str_is(scheme, "gs1_barcode") ? FORM_LINK : str_is(scheme, "ecode") ? FORM_ECODE : FORM_URL;
}

enum err spell_open(struct call *c, const struct pack *p, const struct goods *g, enum form f, struct spell *ret, const char **why_zh,
                    const char **why_en)
{
	struct spell s = { .form = f };
	struct opening o = { .c = c, .p = p, .g = g, .s = &s };
	enum err e = p->theirs && f != FORM_CODE
	             ? refuse(&o, "这些码是货物上原有的，只能按原样书写：不选形式（form）", "these codes came with the goods and are written as they are: leave form out")
	             : forms[f].open(&o);

	if (e == E_BAD) {
		*why_zh = o.zh;
		*why_en = o.en;
	}
	if (!e)
		*ret = s;
	return e;
}

/* ---- kept with an order ---- */

struct node *spell_node(struct arena *a, const struct spell *s)
{
	struct node *o = node_obj(a);

	put_z(a, o, "form", forms[s->form].name);
	put_str(a, o, "before", s->before);
	put_str(a, o, "after", s->after);
	put_bool(a, o, "coded", s->coded);
	put_str(a, o, "said_before", s->said_before);
	put_str(a, o, "said_after", s->said_after);
	return o;
}

bool spell_get(const struct node *o, struct spell *ret)
{
	const struct node *coded = node_get(o, "coded");

	*ret = (struct spell){ .form = form_of(node_text(o, "form")), .before = node_text(o, "before"), .after = node_text(o, "after"),
		.said_before = node_text(o, "said_before"), .said_after = node_text(o, "said_after"), .coded = coded && coded->yes };
	return ret->form < FORMS;
}

/* ---- one text ---- */

static struct str put_around(struct arena *a, struct str before, const char *code, struct str after, size_t room)
{
	char *p = arena_take(a, before.n + SEALED_TEXT + after.n + room + 1);

	memcpy(p, before.p, before.n);
	memcpy(p + before.n, code, SEALED_TEXT);
	if (after.n)
		memcpy(p + before.n + SEALED_TEXT, after.p, after.n);
	return (struct str){ p, before.n + SEALED_TEXT + after.n };
}

enum err spell_text(struct arena *a, const struct spell *s, const struct sign_key *key, const char code[SEALED_TEXT], struct str *ret)
{
	struct str text = s->coded ? put_around(a, s->before, code, s->after, MARK_TEXT) : s->before;
	enum err e = OK;

	if (s->form == FORM_SGTIN198) {
		struct str hex;

		e = hex_of_epc(a, text, EPC_FILTER_ALL_OTHERS, SGTIN_BITS, &hex) ? OK : E_INTERNAL;
		text = e ? text : hex;
	} else if (s->form == FORM_SIGNED) {
		e = mark_sign(key, put_around(a, s->said_before, code, s->said_after, 0), (char *)(uintptr_t)(text.p + text.n));
		text.n += MARK_TEXT;
	}
	if (!e)
		*ret = text;
	return e;
}
