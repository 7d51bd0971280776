/* mod/trace/print_choices.c - what may be chosen for the labels of one pack: forms and ready templates, each tried, with the reason where
 * the product's data does not allow it.
 */
#include "mod/trace/print.h"

enum { CHOICES_id, CHOICES_form };
static const struct field choices_fields[] = {
	ROW(id, REF, REQUIRED, PRIVATE, "附3", "码包", .ref = "pack", .own = true, .en = "pack")
	ROW(form, NAMES, OPTIONAL, PRIVATE, "附3", "码的形式", .list = FORM_NAMES, .max = 1, .en = "form", .help = "不选时按所选的追溯码种类")
};
const struct type choices_in = { .name = "label_choices", .zh = "标签可选项", .en = "choices for labels", .fields = choices_fields, .n = ROWS(choices_fields) };

static void put_tried(struct call *c, struct node *o, const char *zh, const char *en)
{
	put_bool(c->arena, o, "ready", zh == NULL);
	if (!zh)
		return;
	put_z(c->arena, o, "why_zh", zh);
	put_z(c->arena, o, "why_en", en);
}

/* The usual form where the data allows it, else the first that can be had. */
static enum err put_forms(struct call *c, const struct pack *p, const struct goods *g, enum form *ret)
{
	struct node *list = put_arr(c->arena, c->out, "forms");
	enum form usual = form_usual(p, g), first = FORMS;
	bool allowed = false;

	for (enum form f = 0; f < FORMS; f++) {
		struct node *o = node_obj(c->arena);
		const char *zh = NULL, *en = NULL;
		struct spell s;
		enum err e = spell_open(c, p, g, f, &s, &zh, &en);

		if (e && e != E_BAD)
			return e;
		put_z(c->arena, o, "form", form_name(f));
		put_tried(c, o, e ? zh : NULL, en);
		node_add(list, o);
		allowed = allowed || (!e && f == usual);
		if (!e && (first == FORMS || first == FORM_CODE))
			first = f;
	}
	*ret = allowed ? usual : first;
	return OK;
}

static void put_size(struct call *c, struct node *o, const char *name, double mm)
{
	put_str(c->arena, o, name, str_fmt(c->arena, "%g", mm));
}

static enum err put_layout(struct call *c, struct node *o, const char *json)
{
	struct label_template t;
	struct str zh, en;

	if (template_read(c->arena, str_of(json), &t, &zh, &en))
		return E_INTERNAL;
	put_size(c, o, "w", t.w);
	put_size(c, o, "h", t.h);
	put_int(c->arena, o, "a_page", t.page_w > 0 ? (int64_t)t.columns * t.rows : 0);
	return OK;
}

/* As label.sheet would take it, for the first code alone. */
static enum err try_template(struct call *c, const char *name, enum form f, struct node *o)
{
	struct value in[ORDER_part + 1] = { [ORDER_id] = c->in[CHOICES_id] };
	const struct str svg = S("svg"), form = str_of(form_name(f));
	struct call own = *c;
	struct node *order;
	struct pack p;
	enum err e;

	in[ORDER_template] = (struct value){ .said = SAID_VALUE, .text = str_of(name) };
	in[ORDER_form] = (struct value){ .said = SAID_VALUE, .list = &form, .n = 1 };
	in[ORDER_as] = (struct value){ .said = SAID_VALUE, .list = &svg, .n = 1 };
	in[ORDER_count] = (struct value){ .said = SAID_VALUE, .i = 1 };
	own.op = op_find(c->k, S("label.sheet"));
	own.in = in;
	own.troubles = (struct troubles){ .a = c->arena };
	e = own.op ? order_make(&own, SHEET_MOST, &p, &order) : E_INTERNAL;
	if (e == E_BAD && own.troubles.first)
		put_tried(c, o, str_z(c->arena, own.troubles.first->zh), str_z(c->arena, own.troubles.first->en));
	else if (!e)
		put_tried(c, o, NULL, NULL);
	return e == E_BAD && own.troubles.first ? OK : e;
}

static enum err put_templates(struct call *c, enum form f)
{
	struct node *list = put_arr(c->arena, c->out, "templates");
	const char *json, *name, *zh;
	enum err e = OK;

	for (size_t i = 0; !e && (json = template_ready(i, &name, &zh)) != NULL; i++) {
		struct node *o = node_obj(c->arena);

		put_z(c->arena, o, "name", name);
		put_z(c->arena, o, "zh", zh);
		e = put_layout(c, o, json);
		if (!e)
			e = try_template(c, name, f, o);
		node_add(list, o);
	}
	return e;
}

enum err label_choices(struct call *c)
{
	static const char *const said[] = { "product_name", "specification", "batch" };
	const struct value *asked = &c->in[CHOICES_form];
	const struct node *values;
	struct goods g;
	struct pack p;
	enum form f = FORM_CODE;
	int64_t count = 0;
	enum err e = pack_get(c, c->in[CHOICES_id].i, &p);

	if (!e)
		e = goods_of(c, &p, &g);
	if (!e)
		e = pack_places(c, &p, &count);
	if (e)
		return e;
	put_str(c->arena, c->out, "id", id_str(c->arena, p.record));
	put_int(c->arena, c->out, "count", count);
	put_int(c->arena, c->out, "at_once", SHEET_MOST);
	values = goods_values(c, &p, &g);
	for (size_t i = 0; i < ROWS(said); i++)
		put_str(c->arena, c->out, said[i], node_text(values, said[i]));
	e = put_forms(c, &p, &g, &f);
	f = asked->n ? form_of(asked->list[0]) : f;
	put_z(c->arena, c->out, "form", form_name(f));
	return e ? e : put_templates(c, f);
}
