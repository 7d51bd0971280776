/* web/page_recall.c - one recall or stop of sale: what to do, for everybody; how far it got, for who oversees it; what is asked of a holder. */
#include "web/ask.h"

static struct node *id_in(struct ask *q, const char *name, struct str id)
{
	struct node *in = node_obj(q->a);

	put_str(q->a, in, name, id);
	return in;
}

static bool yes(const struct node *o, const char *name) { return node_get(o, name) && node_get(o, name)->yes; }

static bool op_open(struct ask *q, const char *op) { return may(q, op_find(q->f->k, str_of(op))); }

/* ---- how far it got ---- */

static void put_bar(struct ask *q, struct node *list, const char *zh, const char *en, int64_t n, int64_t of, const char *tone)
{
	struct node *o = node_obj(q->a);
	int64_t share = of > 0 ? n * 1000 / of : 0;

	put_str(q->a, o, "name", ask_words(q, zh, en));
	put_str(q->a, o, "n", number_words(q, n));
	put_str(q->a, o, "of", number_words(q, of));
	put_int(q->a, o, "share", n > 0 && share < 6 ? 6 : share > 1000 ? 1000 : share);      /* one of a million is still to be seen */
	put_z(q->a, o, "tone", tone);
	node_add(list, o);
}

static void put_bars(struct ask *q, struct node *o, const struct node *p)
{
	struct node *firms = put_arr(q->a, o, "firm_bars"), *goods = put_arr(q->a, o, "goods_bars");
	int64_t told = node_number(p, "told", 0), gone = 0, left = node_number(p, "left", 0);
	static const struct { const char *key, *zh, *en; } ways[] = {
		{ "returned", "已退回", "returned" }, { "destroyed", "已销毁", "destroyed" }, { "sold_on", "此前已售出", "sold on before" },
	};

	put_bar(q, firms, "已确认收到", "acknowledged", node_number(p, "acknowledged", 0), told, "ink");
	put_bar(q, firms, "处理完毕", "finished", node_number(p, "finished", 0), told, "ok");
	for (size_t i = 0; i < ROWS(ways); i++)
		gone += node_number(p, ways[i].key, 0);
	for (size_t i = 0; i < ROWS(ways); i++)
		put_bar(q, goods, ways[i].zh, ways[i].en, node_number(p, ways[i].key, 0), gone + left, i == 2 ? "warn" : "ok");
	put_bar(q, goods, "已清查、封存", "checked and set aside", node_number(p, "checked", 0), gone + left, "ink");
}

static void put_counts(struct ask *q, struct node *o, const struct node *p)
{
	static const char *const hands[] = { "maker", "party", "offered", "consumer", "unnamed", "ended" };
	const struct node *held = node_get(p, "held");
	struct node *list = put_arr(q->a, o, "held");

	for (size_t i = 0; i < ROWS(hands); i++) {
		struct node *x = node_obj(q->a);

		if (!node_number(held, hands[i], 0))
			continue;
		put_str(q->a, x, "name", word_of(q, "recall_held", str_of(hands[i])));
		put_str(q->a, x, "n", number_words(q, node_number(held, hands[i], 0)));
		node_add(list, x);
	}
	put_str(q->a, o, "covers", number_words(q, node_number(p, "covers", 0)));
	put_str(q->a, o, "told", number_words(q, node_number(p, "told", 0)));
	put_str(q->a, o, "left", number_words(q, node_number(p, "left", 0)));
	put_int(q->a, o, "late", node_number(p, "late", 0));
}

static struct str number_or_dash(struct ask *q, const struct node *x, const char *name)
{
	int64_t n = node_number(x, name, -1);

	return n < 0 ? S("—") : number_words(q, n);
}

static void put_recall_holders(struct ask *q, struct node *o, const struct node *p)
{
	static const char *const numbers[] = { "count", "returned", "destroyed", "sold_on", "checked" };
	const struct node *all = node_get(p, "holders");
	struct node *list = put_arr(q->a, o, "holders");

	for (const struct node *x = all ? all->first : NULL; x; x = x->next) {
		struct node *row = node_obj(q->a);
		struct str state = node_text(x, "state"), name = node_text(x, "name");

		put_bool(q->a, row, "sealed", yes(x, "sealed"));
		put_str(q->a, row, "name", name.n ? name : node_text(x, "uscc"));
		put_str(q->a, row, "state", word_of(q, "recall_told", state));
		put_z(q->a, row, "tone", yes(x, "late") ? "bad" : str_is(state, "done") ? "ok" : str_is(state, "acknowledged") ? "warn" : "none");
		put_bool(q->a, row, "is_late", yes(x, "late"));
		for (size_t i = 0; i < ROWS(numbers); i++)
			put_str(q->a, row, numbers[i], number_or_dash(q, x, numbers[i]));
		node_add(list, row);
	}
}

static void put_progress(struct ask *q, struct node *o, const struct node *p, struct str id)
{
	struct node *x;

	x = put_obj(q->a, o, "progress");
	put_counts(q, x, p);
	put_bars(q, x, p);
	put_recall_holders(q, x, p);
	put_bool(q->a, o, "refresh_op", str_is(node_text(p, "state"), "open") && op_open(q, "recall.refresh"));
	put_str(q->a, o, "report", op_open(q, "recall.report") ? str_fmt(q->a, "/v1/recalls/%.*s/report", STR_ARG(id)) : S(""));
}

/* ---- a holder's own letters ---- */

static void put_letter(struct ask *q, struct node *list, const struct node *x)
{
	const struct node *full = ask_read(q, "recall_notice.get", id_in(q, "id", node_text(x, "id"))), *at = node_get(full, "case");
	const struct node *values = node_get(x, "values"), *items = node_get(values, "items");
	struct str state = node_text(at, "state");
	struct node *o = node_obj(q->a), *codes = put_arr(q->a, o, "codes");

	put_str(q->a, o, "notice", node_text(x, "id"));
	put_str(q->a, o, "count", number_words(q, node_number(values, "count", 0)));
	put_str(q->a, o, "state", state_words(q, S("recall_notice"), state));
	put_str(q->a, o, "due", day_words(q, node_text(at, "due")));
	put_bool(q->a, o, "sent", str_is(state, "sent") && op_open(q, "recall_notice.acknowledge"));
	put_bool(q->a, o, "working", str_is(state, "acknowledged") && op_open(q, "recall_report.create"));
	put_bool(q->a, o, "finished", str_is(state, "done"));
	for (const struct node *c = items ? items->first : NULL; c; c = c->next)
		node_add(codes, node_str(q->a, c->s));
	node_add(list, o);
}

static void put_letters(struct ask *q, struct node *o, struct str id)
{
	struct node *in = id_in(q, "value", id), *list = put_arr(q->a, o, "letters");
	const struct node *out, *items;

	put_z(q->a, in, "field", "recall");
	out = op_open(q, "recall_notice.list") && q->who->party ? ask_read(q, "recall_notice.list", in) : NULL;
	items = out ? node_get(out, "items") : NULL;
	for (const struct node *x = items ? items->first : NULL; x; x = x->next)
		if (yes(x, "mine"))
			put_letter(q, list, x);
}

/* ---- the page ---- */

static void put_scope(struct ask *q, struct node *o, const struct node *values)
{
	const struct node *batch = node_text(values, "batch").n ? ask_read(q, "batch.get", id_in(q, "id", node_text(values, "batch"))) : NULL;
	const struct node *of_batch = node_get(batch, "values");
	struct str product_id = node_text(values, "product").n ? node_text(values, "product") : node_text(of_batch, "product");
	const struct node *product = product_id.n ? ask_read(q, "product.get", id_in(q, "id", product_id)) : NULL;

	put_str(q->a, o, "product", node_text(node_get(product, "values"), "product_name"));
	put_str(q->a, o, "lot", node_text(of_batch, "factory_batch_or_serial_no"));
	put_str(q->a, o, "made_from", node_text(values, "made_from"));
	put_str(q->a, o, "made_to", node_text(values, "made_to"));
}

/* A recall is for good: only a stop of sale is lifted. */
static void drop_lift(struct node *o)
{
	struct node *steps = (struct node *)(uintptr_t)node_get(node_get(o, "case"), "steps"), *kept = NULL;

	for (struct node *x = steps ? steps->first : NULL; x; x = x->next) {
		if (!memmem(node_text(x, "href").p, node_text(x, "href").n, "recall.lift", 11)) {
			kept = x;
			continue;
		}
		if (kept)
			kept->next = x->next;
		else
			steps->first = x->next;
	}
}

static void recall_page(struct ask *q, const struct node *view, const struct node *progress)
{
	static const char *const said[] = { "reason", "measures", "contact" };
	const struct node *values = node_get(view, "values"), *kind = node_get(values, "kind"), *at = node_get(view, "case");
	struct str id = node_text(view, "id"), by = node_text(values, "ordered_by");
	bool stop = kind && kind->first && str_is(kind->first->s, "stop_sale");
	struct node *o = stop ? frame(q, "停止销售", "Stop of sale") : frame(q, "召回", "Recall");
	put_str(q->a, o, "id", id);
	put_str(q->a, o, "heading", node_text(o, "title"));
	for (size_t i = 0; i < ROWS(said); i++)
		put_str(q->a, o, said[i], node_text(values, said[i]));
	put_str(q->a, o, "by", by.n ? by : ask_words(q, "监管部门", "the authority"));
	put_str(q->a, o, "at", china_time(q, node_text(view, "at")));
	put_str(q->a, o, "state", state_words(q, S("recall"), node_text(at, "state")));
	put_z(q->a, o, "tone", str_is(node_text(at, "state"), "open") ? "bad" : "none");
	put_scope(q, o, values);
	put_case_steps(q, o, view, id);
	if (!stop)
		drop_lift(o);
	if (progress)
		put_progress(q, o, progress, id);
	put_letters(q, o, id);
	put_str(q->a, o, "said", ask_query(q, "said").n ? word_of(q, "recall_said", ask_query(q, "said")) : S(""));
	reply_page(q, 200, "recall", o);
}

/* Who may not know how far it got reads what everybody reads. */
static void progress_known(struct ask *q)
{
	const struct node *progress = q->call.err ? NULL : q->call.out, *view = ask_read(q, "recall.get", id_in(q, "id", ask_member(q, 0)));

	if (!view)
		reply_error(q, E_ABSENT);
	else if (!q->html)
		reply_json(q, 200, view);
	else
		recall_page(q, view, progress);
}

void page_recall(struct ask *q)
{
	enum err e = session_find(q);

	if (e) {
		reply_error(q, e);
	} else if (!op_open(q, "recall.get_progress")) {
		q->call.err = E_DENIED;
		progress_known(q);
	} else {
		q->call.raw = id_in(q, "id", ask_member(q, 0));
		ask_run(q, op_find(q->f->k, S("recall.get_progress")), progress_known);
	}
}

void page_recalls(struct ask *q) { page_list_of(q, S("recall")); }
