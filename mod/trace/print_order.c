/* mod/trace/print_order.c - an order of labels from what was asked: template, form, range; everything frozen, the first label tried. */
#include "mod/trace/print.h"

enum { COPIES_MOST = 10, MASK_FIXED = 1 };      /* MASK_FIXED: any of the eight is read; looking for the best takes more than half of all the time */

/* ---- the template ---- */

static const char *ready_json(struct call *c, struct str name, struct buf *names)
{
	const char *json, *ready, *zh;

	(void)c;
	for (size_t i = 0; (json = template_ready(i, &ready, &zh)) != NULL; i++) {
		if (str_is(name, ready))
			return json;
		if (i)
			buf_z(names, "、");
		buf_z(names, ready);
	}
	return NULL;
}

static enum err template_of(struct call *c, struct str *ret_json, struct label_template *ret)
{
	struct str asked = str_trim(c->in[ORDER_template].text), zh, en;
	struct buf names = buf_in(c->arena, 200);
	bool pdf = !c->in[ORDER_as].n || str_is(c->in[ORDER_as].list[0], "pdf");
	const char *json = asked.n && asked.p[0] == '{' ? NULL : ready_json(c, asked.n ? asked : pdf ? S("a4_24") : S("thermal_60x40"), &names);
	enum err e;

	if (!json && (!asked.n || asked.p[0] != '{'))
		return call_trouble(c, ORDER_template, str_fmt(c->arena, "没有这个模板；现成的有：%.*s；也可填模板的 JSON", STR_ARG(buf_str(&names))).p,
		                    str_fmt(c->arena, "no such template; ready ones are %.*s; or give its JSON", STR_ARG(buf_str(&names))).p);
	*ret_json = json ? str_of(json) : asked;
	e = template_read(c->arena, *ret_json, ret, &zh, &en);
	return e ? call_trouble(c, ORDER_template, str_z(c->arena, zh), str_z(c->arena, en)) : OK;
}

/* ---- what its names need ---- */

struct naming { struct call *c; const struct node *values; struct node *forms; const struct pack *p; const struct goods *g; enum form mark; bool symbol; };

static enum err need_form(struct naming *x, enum form f, size_t field)
{
	struct spell s;
	const char *zh, *en;
	enum err e;

	if (node_get(x->forms, form_name(f)))
		return OK;
	e = spell_open(x->c, x->p, x->g, f, &s, &zh, &en);
	if (!e)
		node_set(x->forms, str_of(form_name(f)), spell_node(x->c->arena, &s));
	return e == E_BAD ? call_trouble(x->c, field, zh, en) : e;
}

static enum err need_name(struct naming *x, struct str name)
{
	enum form f = form_of(name);
	const struct field *known;

	if (f == FORM_URL)
		return need_form(x, x->mark, ORDER_form);
	if (f < FORMS)
		return need_form(x, f, ORDER_template);
	if (x->symbol && str_is(name, "gtin") && !node_text(x->values, "gtin").n)
		return call_trouble(x->c, ORDER_template, "产品没有商品条码：请更正产品，填写“商品条码（GTIN）”（gtin）", "the product has no barcode: correct it and fill in gtin");
	if (str_is(name, "n") || str_is(name, "code_text") || node_get(x->values, str_z(x->c->arena, name)))
		return OK;
	known = type_field(&product_type, name, NULL);
	if (!known)
		known = type_field(&batch_type, name, NULL);
	if (known && known->publicity == PUBLIC)
		return OK;                      /* nothing is known of it for this pack: it stays empty */
	return call_trouble(x->c, ORDER_template, str_fmt(x->c->arena, "模板里的 {%.*s} 不是可以印的内容", STR_ARG(name)).p,
	                    str_fmt(x->c->arena, "{%.*s} in the template is nothing that can be printed", STR_ARG(name)).p);
}

static enum err need_names(struct naming *x, struct str text)
{
	struct str rest = text, name;
	enum err e = OK;

	while (!e && str_find(rest, '{') < rest.n) {
		size_t end;

		rest = str_sub(rest, str_find(rest, '{') + 1, rest.n);
		end = 0;
		while (end < rest.n && (is_alnum(rest.p[end]) || rest.p[end] == '_'))
			end++;
		name = str_sub(rest, 0, end);
		if (name.n && end < rest.n && rest.p[end] == '}')
			e = need_name(x, name);
	}
	return e;
}

/* Of everything that may be said, an order keeps what its template names. */
static struct node *used_values(struct call *c, const struct label_template *t, const struct node *values)
{
	struct node *o = node_obj(c->arena);

	for (const struct node *x = values->first; x; x = x->next) {
		struct str braced = str_fmt(c->arena, "{%.*s}", STR_ARG(x->key));

		for (size_t i = 0; i < t->n; i++)
			if (t->element[i].text.n && memmem(t->element[i].text.p, t->element[i].text.n, braced.p, braced.n)) {
				node_set(o, x->key, node_str(c->arena, x->s));
				break;
			}
	}
	return o;
}

/* ---- range and logo ---- */

enum err pack_places(struct call *c, const struct pack *p, int64_t *ret)
{
	const struct str *texts;
	size_t n = 0;
	enum err e = p->theirs ? pack_texts(c, p->record, &texts, &n) : OK;

	*ret = p->theirs ? (int64_t)n : p->count;
	return e;
}

static enum err range_of(struct call *c, const struct pack *p, int64_t most, struct node *o)
{
	const struct value *v = c->in;
	int64_t there, from = v[ORDER_from].i, count, copies = v[ORDER_copies].said ? v[ORDER_copies].i : 1;
	enum err e = pack_places(c, p, &there);

	if (e)
		return e;
	if (from < 0 || from >= there)
		return call_trouble(c, ORDER_from, "从第几个码：超出了码包的范围", "the first code lies outside the pack");
	count = v[ORDER_count].said ? v[ORDER_count].i : there - from < most ? there - from : most;
	if (count < 1 || count > there - from)
		return call_trouble(c, ORDER_count, "几个码：超出了码包的范围", "there are not so many codes in the pack");
	if (copies < 1 || copies > COPIES_MOST)
		return call_trouble(c, ORDER_copies, "每个码 1 到 10 张", "1 to 10 labels for each code");
	if (count > most || (most == SHEET_MOST && count * copies > most))
		return call_trouble(c, ORDER_count, "一次至多2000张；更多的请用打印任务（print.create）", "at most 2,000 labels at once; order a job (print.create) for more");
	put_int(c->arena, o, "from", from);
	put_int(c->arena, o, "count", count);
	put_int(c->arena, o, "copies", copies);
	return OK;
}

static enum err logo_of(struct call *c, struct node *o)
{
	const struct value *v = &c->in[ORDER_logo];
	struct blob_info b;
	enum err e;

	if (v->said != SAID_VALUE)
		return OK;
	e = blob_get(c, v->text, &b);
	if (e && e != E_ABSENT)
		return e;
	if (e || (!b.open && b.party != c->who->party))
		return call_trouble(c, ORDER_logo, "没有这个文件，请先上传", "there is no such file; upload it first");
	if (!str_is(b.type, "image/png"))
		return call_trouble(c, ORDER_logo, "标识图须为 PNG", "the logo has to be a PNG");
	put_str(c->arena, o, "logo", v->text);
	return OK;
}

static enum err part_of(struct call *c, const struct node *order, struct node *o)
{
	int64_t copies = node_number(order, "copies", 1), count = node_number(order, "count", 1), part = PART_MOST / copies;

	if (c->op->in->n > ORDER_part && c->in[ORDER_part].said)
		part = c->in[ORDER_part].i;
	if (part < 1 || part * copies > PART_MOST || (count + part - 1) / part > PARTS_MOST)
		return call_trouble(c, ORDER_part, "每份至多20000张，至多9999份", "at most 20,000 labels a part and 9,999 parts");
	put_int(c->arena, o, "part", part);
	return OK;
}

/* ---- the whole ---- */

static bool swallow(void *ctx, const char *p, size_t n)
{
	(void)ctx, (void)p, (void)n;
	return true;
}

/* What is wrong with a template shows at its first label. Codes that came with the goods differ from each other: a sheet tries all. */
static enum err try_out(struct call *c, const struct pack *p, const struct node *o, bool every)
{
	struct drawing *d = TAKE(c->arena, struct drawing, 1);
	struct str zh = S(""), en = S("");
	struct plan plan;
	enum err e = plan_open(c, p, o, &plan, &zh, &en);
	uint32_t i = 0, n;

	if (e)
		return e == E_BAD ? call_trouble(c, ORDER_template, str_z(c->arena, zh), str_z(c->arena, en)) : e;
	n = every && plan.texts ? plan.count : 1;
	e = drawing_begin(d, &plan, (struct label_sink){ swallow, NULL }, n);
	for (; i < n && !e; i++)
		e = drawing_put(d, plan.from + i);
	zh = str_fmt(c->arena, "第%u张：%.*s", plan.from + (i ? i : 1), STR_ARG(d->zh));
	en = str_fmt(c->arena, "label %u: %.*s", plan.from + (i ? i : 1), STR_ARG(d->en));
	drawing_drop(d);
	plan_end(&plan);
	return e == E_BAD || (e == E_TOO_BIG && d->zh.n) ? call_trouble(c, ORDER_template, zh.p, en.p) : e;
}

static enum err put_names(struct call *c, const struct pack *p, const struct label_template *t, struct node *o)
{
	struct naming x = { .c = c, .p = p, .forms = node_obj(c->arena) };
	struct goods g;
	enum err e = goods_of(c, p, &g);

	if (e)
		return e;
	x.g = &g;
	x.values = goods_values(c, p, &g);
	x.mark = c->in[ORDER_form].n ? form_of(c->in[ORDER_form].list[0]) : form_usual(p, &g);
	for (size_t i = 0; i < t->n && !e; i++) {
		x.symbol = t->element[i].kind == ELEMENT_SYMBOL;
		e = need_names(&x, t->element[i].text);
	}
	put_z(c->arena, o, "form", form_name(x.mark));
	node_set(o, S("values"), used_values(c, t, x.values));
	node_set(o, S("forms"), x.forms);
	return e;
}

enum err order_make(struct call *c, int64_t most, struct pack *ret_pack, struct node **ret)
{
	const struct value *v = c->in;
	struct node *o = node_obj(c->arena);
	struct label_template t;
	struct str json;
	struct pack p;
	enum err e = pack_get(c, v[ORDER_id].i, &p);

	if (!e)
		e = template_of(c, &json, &t);
	if (!e)
		e = range_of(c, &p, most, o);
	if (!e)
		e = part_of(c, o, o);
	if (!e)
		e = logo_of(c, o);
	if (e)
		return e;
	put_str(c->arena, o, "template", json);
	put_str(c->arena, o, "name", t.name);
	put_str(c->arena, o, "as", v[ORDER_as].n ? v[ORDER_as].list[0] : S("pdf"));
	put_int(c->arena, o, "dots", !v[ORDER_dpi].n || str_is(v[ORDER_dpi].list[0], "203") ? 8 : str_is(v[ORDER_dpi].list[0], "300") ? 12 : 24);
	put_int(c->arena, o, "mask", v[ORDER_best_mask].i ? 0 : MASK_FIXED);
	e = put_names(c, &p, &t, o);
	if (!e)
		e = try_out(c, &p, o, most == SHEET_MOST);
	if (e)
		return e;
	*ret_pack = p;
	*ret = o;
	return OK;
}
