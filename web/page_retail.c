/* web/page_retail.c - sold over the counter: scan, scan, scan, one button. Who bought is asked of nobody. */
#include "web/ask.h"

static const char *const fields[] = { "trace_code", "sold_time", "customer_name", "customer_uscc", "document_no" };

/* What was filed a moment ago: how many, and the way to mend it. */
static void put_done(struct ask *q, struct node *o)
{
	struct node *in = node_obj(q->a), *done;
	const struct node *chain;
	struct str id = ask_query(q, "done");

	if (id.n != ID_TEXT)
		return;
	put_str(q->a, in, "of", id);
	chain = ask_read(q, "chain.get", in);
	if (!chain)
		return;
	done = put_obj(q->a, o, "done");
	put_str(q->a, done, "id", id);
	put_str(q->a, done, "count", number_words(q, node_number(chain, "count", 0)));
	put_bool(q->a, done, "stopped", sale_stopped(chain));
}

static void retail_page(struct ask *q, const struct node *raw, enum err e)
{
	struct node *o = frame(q, "零售", "Over the counter");

	put_form_state(q, o, raw, fields, ROWS(fields), e);
	put_bool(q->a, o, "folded_out", node_text(raw, "customer_name").n || node_text(raw, "customer_uscc").n || node_text(raw, "document_no").n ||
	         node_text(raw, "sold_time").n);
	put_str(q->a, o, "today", date_str(q->a, clock_now(), CHINA_OFFSET_MIN));
	put_once(q, o);
	if (!e)
		put_done(q, o);
	reply_page(q, e ? err_http(e) : 200, "retail", o);
}

void page_retail(struct ask *q)
{
	enum err e = own_open(q, "resale.create");

	if (e)
		reply_error(q, e);
	else
		retail_page(q, node_obj(q->a), OK);
}

static void again(struct ask *q, enum err e) { retail_page(q, form_said(q, fields, ROWS(fields)), e); }

static void sold(struct ask *q)
{
	if (q->call.err)
		reply_error(q, q->call.err);
	else if (!q->html)
		reply_json(q, 201, q->call.out);
	else
		reply_go(q, str_fmt(q->a, "/ui/retail?done=%.*s", STR_ARG(node_text(q->call.out, "id"))));
}

void page_retail_send(struct ask *q)
{
	enum err e = own_send(q, "resale.create", again);

	if (e) {
		reply_error(q, e);
		return;
	}
	q->call.raw = form_said(q, fields, ROWS(fields));       /* what is left empty the operation fills: today, a consumer */
	take_once(q);
	ask_run(q, q->op, sold);
}
