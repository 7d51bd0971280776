/* web/page_findings.c - questions about the flow of goods: how many by cause and party; a group opened, its items answered or decided many at once. */
#include "web/ask.h"

static const char *const states[] = { "open", "explained", "confirmed", "dismissed", "closed", "withdrawn" };
static const char *const kept[] = { "state", "rule", "party" };

static struct str said(struct ask *q, const char *name)
{
	struct str s = q->form_body ? form_get(q->form, name) : ask_query(q, name);

	return str_trim(s);
}

static struct str state_asked(struct ask *q)
{
	struct str s = said(q, "state");

	return s.n ? s : S("open");
}

/* The list with these three and nothing else of what was asked. */
static struct str list_url(struct ask *q, struct str state, struct str rule, struct str party)
{
	const struct str values[] = { str_is(state, states[0]) ? S("") : state, rule, party };
	struct buf b = buf_in(q->a, 160);

	buf_z(&b, "/ui/findings");
	for (size_t i = 0; i < ROWS(kept); i++)
		if (values[i].n) {
			buf_fmt(&b, "%s%s=", memchr(b.p, '?', b.n) ? "&" : "?", kept[i]);
			buf_url(&b, values[i]);
		}
	return buf_str(&b);
}

static void put_states(struct ask *q, struct node *o, struct str at)
{
	struct node *list = put_arr(q->a, o, "tabs");

	for (size_t i = 0; i < ROWS(states); i++) {
		struct node *x = node_obj(q->a);

		put_str(q->a, x, "href", list_url(q, str_of(states[i]), S(""), S("")));
		put_str(q->a, x, "name", state_words(q, S("finding"), str_of(states[i])));
		put_bool(q->a, x, "here", str_is(at, states[i]));
		node_add(list, x);
	}
}

/* ---- groups ---- */

static void put_groups(struct ask *q, struct node *o, const struct node *groups, struct str state)
{
	struct node *list = put_arr(q->a, o, "groups");

	for (const struct node *x = groups ? groups->first : NULL; x; x = x->next) {
		struct node *row = node_obj(q->a);
		int64_t late = node_number(x, "late", 0);

		put_str(q->a, row, "cause", node_text(x, q->english ? "rule_en" : "rule_zh"));
		put_str(q->a, row, "clause", node_text(x, "clause"));
		put_str(q->a, row, "name", node_text(x, "name"));
		put_str(q->a, row, "count", number_words(q, node_number(x, "count", 0)));
		put_str(q->a, row, "oldest", str_sub(china_time(q, node_text(x, "oldest")), 0, 10));
		put_str(q->a, row, "late", late ? number_words(q, late) : S(""));
		put_str(q->a, row, "href", list_url(q, state, node_text(x, "rule"), node_text(x, "party")));
		node_add(list, row);
	}
	put_bool(q->a, o, "of_groups", true);
}

/* ---- the items of one group ---- */

static void put_item(struct ask *q, struct node *list, const struct node *x, struct str back)
{
	const struct node *codes = node_get(x, "codes");
	struct node *row = node_obj(q->a), *shown = put_arr(q->a, row, "codes");
	struct buf b = buf_in(q->a, 200);
	int64_t count = node_number(x, "count", 0);
	bool withheld = node_get(x, "withheld") && node_get(x, "withheld")->yes;

	put_str(q->a, row, "id", node_text(x, "id"));
	put_str(q->a, row, "cause", node_text(x, q->english ? "rule_en" : "rule_zh"));
	put_str(q->a, row, "name", node_text(x, "name"));
	put_str(q->a, row, "since", str_sub(china_time(q, node_text(x, "since")), 0, 10));
	put_str(q->a, row, "due", str_sub(china_time(q, node_text(x, "due")), 0, 10));
	put_bool(q->a, row, "late", node_get(x, "late") && node_get(x, "late")->yes);
	put_str(q->a, row, "detail", node_text(x, "detail"));
	put_str(q->a, row, "subject", node_text(x, "subject"));
	put_str(q->a, row, "other", node_text(x, "other"));
	put_str(q->a, row, "count", count ? number_words(q, count) : S(""));
	put_str(q->a, row, "explanation", node_text(x, "explanation"));
	put_bool(q->a, row, "withheld", withheld);
	put_bool(q->a, row, "to_officer", withheld && may(q, op_find(q->f->k, S("record.reveal"))));
	put_bool(q->a, row, "to_hand", may(q, op_find(q->f->k, S("case.hand"))));
	buf_url(&b, back);
	put_str(q->a, row, "back", buf_str(&b));
	for (const struct node *c = codes ? codes->first : NULL; c; c = c->next)
		node_add(shown, node_str(q->a, c->s));
	node_add(list, row);
}

/* What may be done with all that are ticked: the steps that lead on from this state and are open to the caller. */
static void put_acts(struct ask *q, struct node *o, struct str state)
{
	const struct flow *flow = kernel_flow(q->f->k, S("finding"));
	struct node *list = put_arr(q->a, o, "acts");
	bool first = true;

	for (size_t i = 0; flow && i < flow->n && may(q, op_find(q->f->k, S("case.bulk"))); i++) {
		const struct step *s = &flow->steps[i];
		struct str name = str_fmt(q->a, "finding.%s", s->verb);
		struct node *x;

		if (!str_is(state, s->from) || !(s->who & q->who->roles) || !may(q, op_find(q->f->k, name)))
			continue;
		x = node_obj(q->a);
		put_str(q->a, x, "op", name);
		put_str(q->a, x, "name", ask_words(q, s->zh, s->en));
		put_bool(q->a, x, "main", first);
		node_add(list, x);
		first = false;
	}
}

static void put_items(struct ask *q, struct node *o, const struct node *out, struct str state)
{
	const struct node *items = node_get(out, "items");
	struct str before = node_text(out, "before"), here = list_url(q, state, said(q, "rule"), said(q, "party"));
	struct node *list = put_arr(q->a, o, "items");

	for (const struct node *x = items ? items->first : NULL; x; x = x->next)
		put_item(q, list, x, here);
	put_str(q->a, o, "cause", items && items->first ? node_text(items->first, q->english ? "rule_en" : "rule_zh") : S(""));
	put_str(q->a, o, "whose", items && items->first ? node_text(items->first, "name") : S(""));
	put_str(q->a, o, "n", number_words(q, (int64_t)list->n));
	put_str(q->a, o, "more", before.n ? str_fmt(q->a, "%.*s%sbefore=%.*s", STR_ARG(here), memchr(here.p, '?', here.n) ? "&" : "?", STR_ARG(before)) : S(""));
	put_acts(q, o, state);
}

/* ---- the page ---- */

static struct node *list_input(struct ask *q)
{
	struct node *in = node_obj(q->a);

	for (size_t i = 0; i < ROWS(kept); i++)
		if (said(q, kept[i]).n)
			put_str(q->a, in, kept[i], said(q, kept[i]));
	if (ask_query(q, "before").n)
		put_str(q->a, in, "before", ask_query(q, "before"));
	return in;
}

static void findings_page(struct ask *q, const struct node *out, enum err e)
{
	struct node *o = frame(q, "问题线索", "Findings");
	struct str state = state_asked(q), done = ask_query(q, "done");

	put_states(q, o, state);
	put_str(q->a, o, "state", state);
	for (size_t i = 1; i < ROWS(kept); i++)
		put_str(q->a, o, kept[i], said(q, kept[i]));
	put_str(q->a, o, "note", q->form_body ? said(q, "note") : S(""));
	put_str(q->a, o, "done", done.n ? str_fmt(q->a, "%.*s%.*s", STR_ARG(ask_words(q, "已办理：", "done: ")), STR_ARG(done)) : S(""));
	put_bool(q->a, o, "mine", q->who->party != 0 && q->who->roles & R_PARTY);
	put_bool(q->a, o, "sweep", may(q, op_find(q->f->k, S("finding.sweep"))));
	put_form_state(q, o, NULL, NULL, 0, e);
	if (node_get(out, "groups"))
		put_groups(q, o, node_get(out, "groups"), state);
	if (node_get(out, "items"))
		put_items(q, o, out, state);
	reply_page(q, e ? err_http(e) : 200, "findings", o);
}

static void findings_answered(struct ask *q)
{
	if (answer_page(q))
		findings_page(q, q->call.out, OK);
}

void page_findings(struct ask *q)
{
	enum err e = own_open(q, "finding.groups");

	if (e) {
		reply_error(q, e);
		return;
	}
	q->call.raw = list_input(q);
	ask_run(q, op_find(q->f->k, S("finding.groups")), findings_answered);
}

static void again(struct ask *q, enum err e)
{
	const struct node *out = ask_read(q, "finding.groups", list_input(q));

	q->from_page = false;
	if (out)
		findings_page(q, out, e);
	else
		reply_error(q, e);
}

static void done(struct ask *q)
{
	struct str url = list_url(q, state_asked(q), said(q, "rule"), said(q, "party"));

	if (q->call.err)
		reply_error(q, q->call.err);
	else if (!q->html)
		reply_json(q, 201, q->call.out);
	else
		reply_go(q, str_fmt(q->a, "%.*s%sdone=%lld", STR_ARG(url), memchr(url.p, '?', url.n) ? "&" : "?", (long long)node_number(q->call.out, "done", 0)));
}

/* All of the page, or those that are ticked. */
static struct str ids_of(struct ask *q)
{
	const char *name = form_get(q->form, "all").n ? "every" : "ids";
	struct buf b = buf_in(q->a, 800);

	for (const struct form_field *x = q->form; x; x = x->next)
		if (str_is(x->name, name)) {
			if (b.n)
				buf_char(&b, '\n');
			buf_add(&b, x->value);
		}
	return buf_str(&b);
}

void page_findings_do(struct ask *q)
{
	enum err e = own_send(q, "case.bulk", again);
	struct node *in = node_obj(q->a);

	if (e) {
		reply_error(q, e);
		return;
	}
	put_str(q->a, in, "ids", ids_of(q));
	put_str(q->a, in, "op", form_get(q->form, "op"));
	if (said(q, "note").n)
		put_str(q->a, in, "note", said(q, "note"));
	q->call.raw = in;
	if (node_text(in, "ids").n)
		ask_run(q, q->op, done);
	else
		reply_error(q, call_refuse(&q->call, E_BAD, "请先勾选", "tick something first"));
}
