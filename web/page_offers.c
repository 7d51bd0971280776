/* web/page_offers.c - deliveries that wait for an answer: to the own party, from it, and those that have one. An answer files the purchase. */
#include "web/ask.h"

/* ---- one delivery as a row ---- */

static struct str age_words(struct ask *q, int64_t days)
{
	if (days <= 0)
		return ask_words(q, "今天", "today");
	if (q->english)
		return days == 1 ? S("1 day ago") : str_fmt(q->a, "%lld days ago", (long long)days);
	return str_fmt(q->a, "%lld 天前", (long long)days);
}

static bool is_single(struct str code) { return !code.n || !memmem(code.p, code.n, "..", 2); }

void put_delivery(struct ask *q, struct node *o, const struct node *x)
{
	const struct node *codes = node_get(x, "codes"), *other = node_get(x, "from") ? node_get(x, "from") : node_get(x, "to");
	struct node *list = put_arr(q->a, o, "codes");
	struct str state = node_text(x, "state"), name = node_text(other, "name");
	bool singles = codes && codes->n;

	put_str(q->a, o, "id", node_text(x, "id"));
	put_str(q->a, o, "name", name.n ? name : node_text(other, "uscc"));
	put_str(q->a, o, "count", number_words(q, node_number(x, "count", 0)));
	put_str(q->a, o, "document", node_text(x, "document_no"));
	put_str(q->a, o, "at", china_time(q, node_text(x, "at")));
	put_str(q->a, o, "age", age_words(q, node_number(x, "days", 0)));
	put_bool(q->a, o, "late", node_get(x, "late") && node_get(x, "late")->yes);
	put_str(q->a, o, "state", state_words(q, S("offer"), state));
	put_z(q->a, o, "tone", str_is(state, "accepted") ? "ok" : str_is(state, "refused") ? "bad" : str_is(state, "part") ? "warn" : "none");
	put_bool(q->a, o, "waiting", str_is(state, "offered") && node_get(x, "from"));
	put_str(q->a, o, "answer", node_text(x, "answer"));
	for (const struct node *c = codes ? codes->first : NULL; c; c = c->next) {
		node_add(list, node_str(q->a, c->s));
		singles = singles && is_single(c->s);
	}
	put_bool(q->a, o, "singles", singles && (int64_t)codes->n == node_number(x, "count", 0));
}

int64_t offers_waiting(struct ask *q, const struct node **ret_items)
{
	const struct node *out = may(q, op_find(q->f->k, S("offer.list"))) ? ask_read(q, "offer.list", node_obj(q->a)) : NULL;

	*ret_items = out ? node_get(out, "items") : NULL;
	return *ret_items ? (int64_t)(*ret_items)->n : 0;
}

/* ---- the list ---- */

static const struct tab { const char *key, *direction, *state, *zh, *en; } tabs[] = {
	{ "", "in", "waiting", "待接收", "To accept" }, { "out", "out", "waiting", "等对方接收", "Sent, waiting" }, { "answered", "in", "answered", "已答复", "Answered" },
};

static const struct tab *tab_of(struct ask *q)
{
	for (size_t i = 0; i < ROWS(tabs); i++)
		if (str_is(ask_query(q, "tab"), tabs[i].key))
			return &tabs[i];
	return &tabs[0];
}

static struct node *tab_input(struct ask *q, const struct tab *tab)
{
	struct node *in = node_obj(q->a);

	put_z(q->a, in, "direction", tab->direction);
	put_z(q->a, in, "state", tab->state);
	if (ask_query(q, "before").n)
		put_str(q->a, in, "before", ask_query(q, "before"));
	return in;
}

static void put_tabs(struct ask *q, struct node *o, const struct tab *at)
{
	struct node *list = put_arr(q->a, o, "tabs");

	for (size_t i = 0; i < ROWS(tabs); i++) {
		struct node *x = node_obj(q->a);

		put_str(q->a, x, "href", tabs[i].key[0] ? str_fmt(q->a, "/ui/offers?tab=%s", tabs[i].key) : S("/ui/offers"));
		put_str(q->a, x, "name", ask_words(q, tabs[i].zh, tabs[i].en));
		put_bool(q->a, x, "here", &tabs[i] == at);
		node_add(list, x);
	}
}

static void offers_page(struct ask *q, const struct node *out, enum err e)
{
	const struct tab *tab = tab_of(q);
	const struct node *items = node_get(out, "items");
	struct node *o = frame(q, "交货", "Deliveries"), *list;
	struct str before = node_text(out, "before"), done = ask_query(q, "done");
	bool in = strcmp(tab->direction, "in") == 0, waiting = strcmp(tab->state, "waiting") == 0;

	put_tabs(q, o, tab);
	put_bool(q->a, o, "in", in);
	put_bool(q->a, o, "in_waiting", in && waiting);
	put_bool(q->a, o, "bulk", in && waiting && items && items->n > 1 && may(q, op_find(q->f->k, S("case.bulk"))));
	put_str(q->a, o, "done", done.n ? word_of(q, "offer_done", done) : S(""));
	put_str(q->a, o, "more", before.n ? str_fmt(q->a, "/ui/offers?tab=%s&before=%.*s", tab->key, STR_ARG(before)) : S(""));
	put_form_state(q, o, NULL, NULL, 0, e);
	list = put_arr(q->a, o, "offers");
	for (const struct node *x = items ? items->first : NULL; x; x = x->next) {
		struct node *row = node_obj(q->a);

		put_delivery(q, row, x);
		node_add(list, row);
	}
	reply_page(q, e ? err_http(e) : 200, "offers", o);
}

static void offers_answered(struct ask *q)
{
	if (answer_page(q))
		offers_page(q, q->call.out, OK);
}

void page_offers(struct ask *q)
{
	enum err e = own_open(q, "offer.list");

	if (e) {
		reply_error(q, e);
		return;
	}
	q->call.raw = tab_input(q, tab_of(q));
	ask_run(q, op_find(q->f->k, S("offer.list")), offers_answered);
}

/* ---- many at once ---- */

static void offers_again(struct ask *q, enum err e)
{
	const struct node *out = ask_read(q, "offer.list", tab_input(q, &tabs[0]));

	q->from_page = false;
	if (out)
		offers_page(q, out, e);
	else
		reply_error(q, e);
}

static void bulk_done(struct ask *q)
{
	if (q->call.err)
		reply_error(q, q->call.err);
	else
		reply_go(q, S("/ui/offers?done=accepted"));
}

void page_offers_do(struct ask *q)
{
	enum err e = own_send(q, "case.bulk", offers_again);

	if (e) {
		reply_error(q, e);
		return;
	}
	raw_set(q->a, q->call.raw, S("op"), node_str(q->a, S("offer.accept")));
	if (node_text(q->call.raw, "ids").n)
		ask_run(q, q->op, bulk_done);
	else
		reply_error(q, call_refuse(&q->call, E_BAD, "请先勾选", "tick something first"));
}

/* ---- one delivery ---- */

/* Lists go backwards from an id: from the next one this is the first. */
static const struct node *delivery_find(struct ask *q, struct str id)
{
	int64_t number;

	if (!id_get(id, &number))
		return NULL;
	for (size_t i = 0; i < ROWS(tabs); i++) {
		struct node *in = node_obj(q->a);
		const struct node *out, *items;

		put_z(q->a, in, "direction", tabs[i].direction);
		put_z(q->a, in, "state", tabs[i].state);
		put_str(q->a, in, "before", id_str(q->a, number + 1));
		out = ask_read(q, "offer.list", in);
		items = out ? node_get(out, "items") : NULL;
		if (items && items->first && str_eq(node_text(items->first, "id"), id))
			return items->first;
	}
	return NULL;
}

static const char *const answer_fields[] = { "items", "reason" };

static void offer_page(struct ask *q, enum err e)
{
	const struct node *x = delivery_find(q, ask_member(q, 0));
	struct node *o, *kept = node_obj(q->a);

	if (!x) {
		q->from_page = false;
		reply_error(q, e ? e : E_ABSENT);
		return;
	}
	o = frame(q, "交货", "Delivery");
	put_delivery(q, o, x);
	put_bool(q->a, o, "out", node_get(x, "to") != NULL);
	put_str(q->a, kept, "items", q->form_body ? node_text(q->call.raw, "items") : S(""));
	put_str(q->a, kept, "reason", str_trim(form_get(q->form, "reason")));
	put_form_state(q, o, kept, answer_fields, ROWS(answer_fields), e);
	put_str(q->a, o, "page_url", str_fmt(q->a, "/ui/offers/%.*s", STR_ARG(node_text(x, "id"))));
	reply_page(q, e ? err_http(e) : 200, "offer", o);
}

void page_offer(struct ask *q)
{
	enum err e = own_open(q, "offer.list");

	if (e)
		reply_error(q, e);
	else
		offer_page(q, OK);
}

static void answered(struct ask *q)
{
	if (q->call.err)
		reply_error(q, q->call.err);
	else if (!q->html)
		reply_json(q, 201, q->call.out);
	else
		reply_go(q, str_fmt(q->a, "/ui/offers?done=%.*s", STR_ARG(node_text(q->call.out, "state"))));
}

/* One of the reasons people give, more words where somebody writes them. */
static struct str reason_of(struct ask *q)
{
	struct str picked = form_get(q->form, "pick"), own = str_trim(form_get(q->form, "reason"));

	if (!picked.n || str_is(picked, "other"))
		return own;
	picked = word_of(q, "refuse", picked);
	return own.n ? str_fmt(q->a, "%.*s。%.*s", STR_ARG(picked), STR_ARG(own)) : picked;
}

void page_offer_do(struct ask *q)
{
	static const struct { const char *verb, *accept; } verbs[] = { { "accept", "all" }, { "part", "part" }, { "refuse", "none" } };
	const char *accept = NULL;
	enum err e = own_send(q, "offer.answer", offer_page);
	struct node *in = node_obj(q->a);
	struct str reason;

	for (size_t i = 0; i < ROWS(verbs); i++)
		if (str_is(ask_member(q, 1), verbs[i].verb))
			accept = verbs[i].accept;
	if (!e && str_is(ask_member(q, 1), "scanned")) {       /* only shown: what was scanned, to be accepted in part */
		offer_page(q, OK);
		return;
	}
	if (e || !accept) {
		reply_error(q, e ? e : E_ABSENT);
		return;
	}
	reason = reason_of(q);
	put_str(q->a, in, "id", ask_member(q, 0));
	put_z(q->a, in, "accept", accept);
	if (str_trim(node_text(q->call.raw, "items")).n && strcmp(accept, "part") == 0)
		put_str(q->a, in, "items", str_trim(node_text(q->call.raw, "items")));
	if (reason.n)
		put_str(q->a, in, "reason", reason);
	q->call.raw = in;
	ask_run(q, q->op, answered);
}
