/* web/page_cut.c - a length taken from a reel: what is on it, how much is wanted, what is left. */
#include "web/ask.h"

static const char *const fields[] = { "from", "quantity", "unit", "piece", "offcut", "cut_time", "customer_name", "customer_uscc", "document_no" };

static void cut_page(struct ask *q, const struct node *raw, enum err e)
{
	struct node *o = frame(q, "分割", "Cut"), *in = node_obj(q->a);
	const struct node *chain = NULL, *balance;
	struct str from = node_text(raw, "from"), unit = node_text(raw, "unit"), done = ask_query(q, "done");

	if (from.n) {
		put_str(q->a, in, "of", from);
		chain = ask_read(q, "chain.get", in);
	}
	balance = node_get(chain, "balance");
	put_str(q->a, o, "from", from);
	put_bool(q->a, o, "known", chain != NULL);
	put_str(q->a, o, "goods", node_text(node_get(chain, "product"), "name"));
	put_str(q->a, o, "model", node_text(node_get(chain, "product"), "model"));
	put_balance(q, o, chain);
	put_choices(q, o, "units", "unit", unit.n ? unit : node_text(balance, "unit"));
	put_form_state(q, o, raw, fields, ROWS(fields), e);
	put_bool(q->a, o, "folded_out", node_text(raw, "customer_name").n || node_text(raw, "customer_uscc").n || node_text(raw, "document_no").n ||
	         node_text(raw, "offcut").n || node_text(raw, "cut_time").n);
	put_str(q->a, o, "measure", !balance && may(q, op_find(q->f->k, S("measure.create"))) ? url_of(q, "/ui/op/measure.create", "items", from) : S(""));
	put_str(q->a, o, "chain_url", from.n ? url_of(q, "/ui/chain", "of", from) : S(""));
	put_str(q->a, o, "done", !e && done.n == ID_TEXT ? done : S(""));
	put_once(q, o);
	reply_page(q, e ? err_http(e) : 200, "cut", o);
}

void page_cut(struct ask *q)
{
	bool asked = false;
	struct node *raw = node_obj(q->a);
	enum err e;

	for (const struct form_field *x = q->query; x; x = x->next)
		asked = asked || str_is(x->name, "from");
	if (!asked) {                           /* without a code these are the cuts that were filed */
		page_list_of(q, S("cut"));
		return;
	}
	e = own_open(q, "cut.create");
	put_str(q->a, raw, "from", str_trim(ask_query(q, "from")));
	if (e)
		reply_error(q, e);
	else
		cut_page(q, raw, OK);
}

static void again(struct ask *q, enum err e) { cut_page(q, form_said(q, fields, ROWS(fields)), e); }

static void cut_off(struct ask *q)
{
	if (q->call.err)
		reply_error(q, q->call.err);
	else if (!q->html)
		reply_json(q, 201, q->call.out);
	else
		reply_go(q, str_fmt(q->a, "%.*s&done=%.*s", STR_ARG(url_of(q, "/ui/cut", "from", str_trim(form_get(q->form, "from")))), STR_ARG(node_text(q->call.out, "id"))));
}

void page_cut_send(struct ask *q)
{
	enum err e = own_send(q, "cut.create", again);

	if (e) {
		reply_error(q, e);
		return;
	}
	q->call.raw = form_said(q, fields, ROWS(fields));
	take_once(q);
	ask_run(q, q->op, cut_off);
}
