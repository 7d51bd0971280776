/* web/page_print.c - labels of a pack: template, what the code says, how many; a few at once as a file, many as an order. */
#include "web/ask.h"

/* ---- what may be chosen ---- */

static struct node *pack_input(struct ask *q, struct str pack, struct str form)
{
	struct node *in = node_obj(q->a);

	put_str(q->a, in, "id", pack);
	if (form.n)
		put_str(q->a, in, "form", form);
	return in;
}

static bool is_ready(const struct node *x) { return node_get(x, "ready") && node_get(x, "ready")->yes; }

static struct str why_not(const struct ask *q, const struct node *x) { return node_text(x, q->english ? "why_en" : "why_zh"); }

/* The same sentence once, with the names of all forms it keeps out. */
static void put_reason(struct ask *q, struct node *list, struct str name, struct str why)
{
	struct node *o;

	for (struct node *x = list->first; x; x = x->next)
		if (str_eq(node_text(x, "why"), why)) {
			raw_set(q->a, x, S("names"), node_str(q->a, str_fmt(q->a, "%.*s%s%.*s", STR_ARG(node_text(x, "names")), q->english ? ", " : "、", STR_ARG(name))));
			return;
		}
	o = node_obj(q->a);
	put_str(q->a, o, "names", name);
	put_str(q->a, o, "why", why);
	node_add(list, o);
}

static void put_forms(struct ask *q, struct node *o, const struct node *choices, struct str chosen)
{
	struct node *list = put_arr(q->a, o, "forms"), *not = put_arr(q->a, o, "not_forms");
	const struct node *forms = node_get(choices, "forms");

	for (const struct node *x = forms ? forms->first : NULL; x; x = x->next) {
		struct str form = node_text(x, "form"), name = word_of(q, "form", form);
		struct node *row;

		if (!is_ready(x)) {
			put_reason(q, not, name, why_not(q, x));
			continue;
		}
		row = node_obj(q->a);
		put_str(q->a, row, "key", form);
		put_str(q->a, row, "name", name);
		put_bool(q->a, row, "selected", str_eq(form, chosen));
		node_add(list, row);
	}
}

static struct str preview_url(struct ask *q, struct str pack, struct str name, struct str form, struct str logo)
{
	struct buf b = buf_in(q->a, 200);
	const struct { const char *key; struct str value; } members[] = { { "id", pack }, { "template", name }, { "form", form }, { "logo", logo } };

	buf_z(&b, "/ui/print/preview");
	for (size_t i = 0; i < ROWS(members); i++)
		if (members[i].value.n) {
			buf_fmt(&b, "%s%s=", i ? "&" : "?", members[i].key);
			buf_url(&b, members[i].value);
		}
	return buf_str(&b);
}

static struct str size_words(struct ask *q, const struct node *t)
{
	int64_t page = node_number(t, "a_page", 0);
	struct str mm = str_fmt(q->a, "%.*s × %.*s %s", STR_ARG(node_text(t, "w")), STR_ARG(node_text(t, "h")), q->english ? "mm" : "毫米");

	return !page ? mm : str_fmt(q->a, q->english ? "%.*s, %lld a page" : "%.*s，一页 %lld 张", STR_ARG(mm), (long long)page);
}

static void put_templates(struct ask *q, struct node *o, const struct node *choices, const struct node *raw)
{
	struct node *list = put_arr(q->a, o, "templates"), *not = put_arr(q->a, o, "not_templates");
	const struct node *templates = node_get(choices, "templates");
	struct str chosen = node_text(raw, "template"), form = node_text(choices, "form");
	bool known = false;

	for (const struct node *x = templates ? templates->first : NULL; x; x = x->next)
		known = known || (is_ready(x) && str_eq(node_text(x, "name"), chosen));
	for (const struct node *x = templates ? templates->first : NULL; x; x = x->next) {
		struct node *row = node_obj(q->a);
		struct str name = node_text(x, "name");

		put_str(q->a, row, "key", name);
		put_str(q->a, row, "name", q->english ? word_of(q, "template", name) : node_text(x, "zh"));
		put_str(q->a, row, "size", size_words(q, x));
		put_str(q->a, row, "why", why_not(q, x));
		put_bool(q->a, row, "selected", known ? str_eq(chosen, name) : !list->n);
		put_str(q->a, row, "picture", preview_url(q, node_text(choices, "id"), name, form, S("")));
		node_add(is_ready(x) ? list : not, row);
	}
}

/* ---- the page ---- */

static void put_options(struct ask *q, struct node *o, const char *name, const char *keys, const char *group, struct str chosen)
{
	struct node *list = put_arr(q->a, o, name);
	struct str rest = str_of(keys), key;

	for (bool first = true; str_cut(&rest, '|', &key); first = false) {
		struct node *x = node_obj(q->a);

		put_str(q->a, x, "key", key);
		put_str(q->a, x, "name", word_of(q, group, key));
		put_bool(q->a, x, "selected", chosen.n ? str_eq(chosen, key) : first);
		node_add(list, x);
	}
}

static void put_wrong(struct ask *q, struct node *o, enum err e)
{
	struct node *list = put_arr(q->a, o, "summary");
	const char *why = q->english ? q->call.why_en : q->call.why_zh;

	if (e == E_BAD && !why)
		put_str(q->a, o, "refused", ask_words(q, "还没有打印，请修改：", "nothing is printed yet, please mend:"));
	else
		put_str(q->a, o, "refused", e ? str_of(why ? why : q->english ? err_en(e) : err_zh(e)) : S(""));
	for (const struct trouble *t = q->call.troubles.first; t; t = t->next)
		node_add(list, node_str(q->a, q->english ? t->en : t->zh));
}

static void put_goods(struct ask *q, struct node *o, const struct node *choices)
{
	static const char *const names[] = { "product_name", "specification", "batch" };

	put_str(q->a, o, "pack", node_text(choices, "id"));
	put_int(q->a, o, "count", node_number(choices, "count", 0));
	put_str(q->a, o, "count_words", number_words(q, node_number(choices, "count", 0)));
	put_str(q->a, o, "at_once", number_words(q, node_number(choices, "at_once", 0)));
	for (size_t i = 0; i < ROWS(names); i++)
		put_str(q->a, o, names[i], node_text(choices, names[i]));
}

static void choose_page(struct ask *q, const struct node *choices, const struct node *raw, enum err e)
{
	static const char *const kept[] = { "from", "count", "logo" };
	struct node *o = frame(q, "打印标签", "Print labels"), *was = put_obj(q->a, o, "was");
	struct str name = node_text(raw, "template");

	put_goods(q, o, choices);
	put_forms(q, o, choices, node_text(choices, "form"));
	put_templates(q, o, choices, raw);
	put_options(q, o, "papers", "pdf|zpl|tspl", "paper", node_text(raw, "as"));
	put_options(q, o, "dots", "203|300|600", "dpi", node_text(raw, "dpi"));
	for (size_t i = 0; i < ROWS(kept); i++)
		put_str(q->a, was, kept[i], node_text(raw, kept[i]));
	put_bool(q->a, was, "paired", node_text(raw, "paired").n > 0);
	put_str(q->a, o, "look", !e && name.n ? preview_url(q, node_text(choices, "id"), name, node_text(choices, "form"), node_text(raw, "logo")) : S(""));
	put_wrong(q, o, e);
	reply_page(q, e ? err_http(e) : 200, "print_new", o);
}

static void choices_answered(struct ask *q)
{
	if (answer_page(q))
		choose_page(q, q->call.out, node_obj(q->a), OK);
}

/* What the record that a reference names is called. */
static struct str title_of(struct ask *q, const char *type, struct str id, const struct node **ret_values)
{
	const struct type *t = kernel_type(q->f->k, str_of(type));
	struct node *in = node_obj(q->a);

	put_str(q->a, in, "id", id);
	*ret_values = id.n && t ? node_get(ask_read(q, str_fmt(q->a, "%s.get", type).p, in), "values") : NULL;
	return *ret_values && t->title ? node_text(*ret_values, t->title) : S("");
}

/* Of its own record, of its batch's, and what a seller wrote of goods without any. */
static struct str goods_of(struct ask *q, const struct node *values, struct str *ret_batch)
{
	const struct node *batch, *product;
	struct str id = node_text(values, "product"), name;

	*ret_batch = title_of(q, "batch", node_text(values, "batch"), &batch);
	name = title_of(q, "product", id.n || !batch ? id : node_text(batch, "product"), &product);
	return name.n ? name : node_text(values, "goods");
}

/* No pack is named yet: the newest of one's own. */
static void packs_page(struct ask *q)
{
	struct node *o = frame(q, "打印标签", "Print labels"), *list = put_arr(q->a, o, "packs");
	const struct node *out = ask_read(q, "pack.list", node_obj(q->a)), *items = out ? node_get(out, "items") : NULL;

	for (const struct node *x = items ? items->first : NULL; x; x = x->next) {
		const struct node *values = node_get(x, "values"), *grain = node_get(values, "grain");
		struct node *row = node_obj(q->a);
		struct str batch;

		put_str(q->a, row, "goods", goods_of(q, values, &batch));
		put_str(q->a, row, "batch", batch);
		put_str(q->a, row, "href", str_fmt(q->a, "/ui/print/new?pack=%.*s", STR_ARG(node_text(x, "id"))));
		put_str(q->a, row, "id", node_text(x, "id"));
		put_str(q->a, row, "at", china_time(q, node_text(x, "at")));
		put_str(q->a, row, "count", number_words(q, node_number(values, "count", 0)));
		put_str(q->a, row, "grain", grain && grain->first ? word_of(q, "grain", grain->first->s) : S(""));
		node_add(list, row);
	}
	reply_page(q, 200, "print_packs", o);
}

void page_print_new(struct ask *q)
{
	const struct op *op = op_find(q->f->k, S("label.choices"));
	struct str pack = ask_query(q, "pack");
	enum err e = session_find(q);

	if (!e && q->who->roles == R_ANYONE)
		e = E_NOAUTH;
	if (!e && !may(q, op))
		e = E_DENIED;
	if (e) {
		reply_error(q, e);
	} else if (!pack.n) {
		packs_page(q);
	} else {
		q->call.raw = pack_input(q, pack, ask_query(q, "form"));
		ask_run(q, op, choices_answered);
	}
}

/* ---- a picture of one label ---- */

void page_print_preview(struct ask *q)
{
	const struct op *op = op_find(q->f->k, S("label.preview"));
	enum err e = session_find(q);

	if (e || !op) {
		reply_error(q, e ? e : E_ABSENT);
		return;
	}
	q->html = false;
	q->call.raw = node_obj(q->a);
	for (const struct form_field *x = q->query; x; x = x->next)
		if (type_field(op->in, x->name, NULL))
			raw_set(q->a, q->call.raw, x->name, node_str(q->a, x->value));
	reply_header(q, "Content-Security-Policy", S("default-src 'none'; style-src 'unsafe-inline'; img-src data:; sandbox"));
	ask_run(q, op, reply_call);
}

/* ---- sending ---- */

/* As the form was sent; the logo is stored by then. */
static struct node *sent(struct ask *q)
{
	static const char *const names[] = { "id", "template", "form", "as", "dpi", "from", "count", "paired" };
	struct node *raw = node_obj(q->a);

	for (size_t i = 0; i < ROWS(names); i++)
		if (str_trim(form_get(q->form, names[i])).n)
			put_str(q->a, raw, names[i], str_trim(form_get(q->form, names[i])));
	if (node_text(q->call.raw, "logo").n)
		put_str(q->a, raw, "logo", node_text(q->call.raw, "logo"));
	return raw;
}

static bool chosen_is_ready(const struct node *choices)
{
	const struct node *forms = node_get(choices, "forms");

	for (const struct node *x = forms ? forms->first : NULL; x; x = x->next)
		if (str_eq(node_text(x, "form"), node_text(choices, "form")))
			return is_ready(x);
	return false;
}

/* With the form that was asked for; with the usual one where that cannot be had. */
static const struct node *choices_of(struct ask *q, const struct node *raw)
{
	const struct node *choices = ask_read(q, "label.choices", pack_input(q, node_text(raw, "id"), node_text(raw, "form")));

	return choices && chosen_is_ready(choices) ? choices : ask_read(q, "label.choices", pack_input(q, node_text(raw, "id"), S("")));
}

static void again(struct ask *q, enum err e)
{
	struct node *raw = sent(q);
	const struct node *choices = choices_of(q, raw);

	q->from_page = choices != NULL;
	if (choices)
		choose_page(q, choices, raw, e);
	else
		reply_error(q, e ? e : E_ABSENT);
}

/* People count from 1, the operation from 0. */
static int64_t from_of(const struct node *raw)
{
	int64_t n;

	return str_to_int(node_text(raw, "from"), &n) ? n - 1 : 0;
}

static struct node *order_of(struct ask *q, const struct node *raw)
{
	static const char *const names[] = { "id", "template", "form", "as", "dpi", "count", "logo" };
	struct node *in = node_obj(q->a);
	int64_t n;

	for (size_t i = 0; i < ROWS(names); i++)
		if (node_text(raw, names[i]).n)
			put_str(q->a, in, names[i], node_text(raw, names[i]));
	if (node_text(raw, "from").n)
		put_str(q->a, in, "from", str_to_int(node_text(raw, "from"), &n) ? str_fmt(q->a, "%lld", (long long)(n - 1)) : node_text(raw, "from"));
	if (node_text(raw, "paired").n)
		put_z(q->a, in, "copies", "2");
	return in;
}

/* More than can be given at once: an order. */
static bool many(const struct node *choices, const struct node *raw)
{
	int64_t n, all = node_number(choices, "count", 0) - from_of(raw);

	if (node_text(raw, "count").n)
		all = str_to_int(node_text(raw, "count"), &n) ? n : 0;
	return all > node_number(choices, "at_once", 0) / (node_text(raw, "paired").n ? 2 : 1);
}

static void ordered(struct ask *q)
{
	if (q->call.err)
		reply_error(q, q->call.err);
	else if (!q->html)
		reply_json(q, 201, q->call.out);
	else
		reply_go(q, str_fmt(q->a, "/ui/prints/%.*s", STR_ARG(node_text(q->call.out, "id"))));
}

static void send_order(struct ask *q)
{
	struct node *raw = sent(q);
	const struct node *choices = choices_of(q, raw);
	bool order = choices && many(choices, raw);

	if (!choices) {
		again(q, E_ABSENT);
	} else if (str_is(form_get(q->form, "act"), "look")) {
		choose_page(q, choices, raw, OK);
	} else {
		q->call.raw = order_of(q, raw);
		ask_run(q, op_find(q->f->k, order ? S("print.create") : S("label.sheet")), order ? ordered : reply_call);
	}
}

void page_print_send(struct ask *q)
{
	const struct op *op = op_find(q->f->k, S("label.sheet"));
	enum err e = op ? body_read(q, op) : E_ABSENT;

	if (!e)
		e = session_find(q);
	if (!e && q->who->roles == R_ANYONE)
		e = E_NOAUTH;
	if (!e && !may(q, op))
		e = E_DENIED;
	q->op = op;
	q->from_page = !e;
	q->again = again;
	q->call.troubles.a = q->a;
	if (e)
		reply_error(q, e);
	else
		ask_files(q, send_order);
}

/* ---- the page of a pack ---- */

void put_pack_links(struct ask *q, struct node *o, struct str id)
{
	const struct node *choices = may(q, op_find(q->f->k, S("label.choices"))) ? ask_read(q, "label.choices", pack_input(q, id, S(""))) : NULL;
	struct node *x;

	if (!choices)
		return;
	x = put_obj(q->a, o, "labels");
	put_str(q->a, x, "print", str_fmt(q->a, "/ui/print/new?pack=%.*s", STR_ARG(id)));
	put_str(q->a, x, "codes", str_fmt(q->a, "/v1/packs/%.*s/codes", STR_ARG(id)));
	put_forms(q, x, choices, S("code"));
}
