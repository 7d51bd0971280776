/* web/page_chain.c - where goods have been: of a code, a carton, a lot or a paper. What a viewer may see was decided before it comes here. */
#include "record/decimal.h"
#include "web/ask.h"

/* ---- steps ---- */

/* The other side by its numbers and address is looked up when it is needed; a time stands beside the step already. */
static const char *const minor[] = { "buyer_address", "buyer_contact", "buyer_uscc", "buyer_kind", "customer_uscc", "customer_kind", "supplier_uscc", "from_uscc",
	"sender_uscc", "withhold" };
static const char *const passed[] = { "unit", "sale_time", "purchase_time", "sold_time", "cut_time", "return_time", "packed_time", "offer", "action" };

static bool among(struct str name, const char *const names[], size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (str_is(name, names[i]))
			return true;
	return false;
}

static struct str field_of(const struct node *fields, const char *name)
{
	for (const struct node *x = fields ? fields->first : NULL; x; x = x->next)
		if (str_is(node_text(x, "name"), name))
			return node_text(x, "value");
	return S("");
}

static void put_fields(struct ask *q, struct node *o, const struct node *fields)
{
	struct node *main = put_arr(q->a, o, "facts"), *more = put_arr(q->a, o, "more");
	struct str unit = listed_words(q, "unit", field_of(fields, "unit"));

	for (const struct node *x = fields ? fields->first : NULL; x; x = x->next) {
		struct str name = node_text(x, "name"), value = shown_value(q, str_z(q->a, name), node_get(x, "value"));
		struct node *row;

		if (among(name, passed, ROWS(passed)) || !value.n)
			continue;
		if (unit.n && (str_is(name, "quantity") || str_is(name, "offcut")))
			value = str_fmt(q->a, "%.*s %.*s", STR_ARG(value), STR_ARG(unit));
		row = node_obj(q->a);
		put_str(q->a, row, "name", ask_words(q, str_z(q->a, node_text(x, "zh")), str_z(q->a, node_text(x, "en"))));
		put_str(q->a, row, "value", value);
		node_add(among(name, minor, ROWS(minor)) ? more : main, row);
	}
}

static bool is_yes(const struct node *o, const char *name) { return node_get(o, name) && node_get(o, name)->yes; }

/* The public page has no time of its own beside a step. */
static struct str time_of(struct ask *q, const struct node *x)
{
	static const char *const times[] = { "sale_time", "purchase_time", "sold_time", "cut_time", "return_time", "packed_time" };
	struct str at = node_text(x, "at");

	for (size_t i = 0; i < ROWS(times) && !at.n; i++)
		at = field_of(node_get(x, "fields"), times[i]);
	return day_words(q, at);
}

static void put_step(struct ask *q, struct node *list, const struct node *x, bool *ret_shut)
{
	struct node *o = node_obj(q->a);
	int64_t late = node_number(x, "filed_late_days", 0), count = node_number(x, "count", 0);
	bool sealed = is_yes(x, "sealed"), withheld = node_get(x, "withheld") != NULL;

	put_str(q->a, o, "what", ask_words(q, str_z(q->a, node_text(x, "what_zh")), str_z(q->a, node_text(x, "what_en"))));
	put_str(q->a, o, "at", time_of(q, x));
	put_str(q->a, o, "filed", node_text(x, "filed"));
	put_str(q->a, o, "late", late > 0 ? str_fmt(q->a, q->english ? "filed %lld days later" : "%lld 天后填报", (long long)late) : S(""));
	put_str(q->a, o, "count", count ? number_words(q, count) : S(""));
	put_str(q->a, o, "party", node_text(x, "party"));
	put_str(q->a, o, "record", node_text(x, "record"));
	put_int(q->a, o, "index", node_number(x, "index", 0));
	put_str(q->a, o, "corrects", node_text(x, "corrects"));
	put_bool(q->a, o, "of_parent", is_yes(x, "of_parent"));
	put_bool(q->a, o, "sealed", sealed);
	put_bool(q->a, o, "some", !sealed && withheld);
	put_fields(q, o, node_get(x, "fields"));
	*ret_shut = *ret_shut || sealed || withheld;
	node_add(list, o);
}

bool put_chain_steps(struct ask *q, struct node *o, const struct node *chain)
{
	const struct node *steps = node_get(chain, "steps");
	struct node *list = put_arr(q->a, o, "steps");
	bool shut = false;

	for (const struct node *x = steps ? steps->first : NULL; x; x = x->next)
		put_step(q, list, x, &shut);
	return shut;
}

/* Some of these goods were recalled, or their sale was stopped and not released since. */
bool sale_stopped(const struct node *chain)
{
	const struct node *steps = node_get(chain, "steps");
	bool stopped = false;

	for (const struct node *x = steps ? steps->first : NULL; x; x = x->next) {
		struct str what = node_text(x, "what");

		if (str_is(what, "recalled") || str_is(what, "stop_sale"))
			stopped = true;
		else if (str_is(what, "released"))
			stopped = false;
	}
	return stopped;
}

/* ---- goods, materials, candidates, holders ---- */

static void put_goods(struct ask *q, struct node *o, const struct node *chain)
{
	const struct node *product = node_get(chain, "product"), *maker = node_get(chain, "maker"), *seller = node_get(chain, "seller"), *batch = node_get(chain, "batch");
	const struct node *warnings = node_get(chain, "warnings");
	struct node *g = put_obj(q->a, o, "goods"), *list = put_arr(q->a, o, "warnings");
	int64_t count = node_number(chain, "count", 0);

	put_str(q->a, g, "name", node_text(product, "name"));
	put_str(q->a, g, "model", node_text(product, "model"));
	put_str(q->a, g, "maker", node_text(maker ? maker : seller, "name"));
	put_str(q->a, g, "maker_state", q->english ? S("") : node_text(maker ? maker : seller, "state_zh"));
	put_str(q->a, g, "lot", node_text(batch, "number"));
	put_str(q->a, g, "lot_url", node_text(batch, "id").n ? url_of(q, "/ui/chain", "of", node_text(batch, "id")) : S(""));
	put_str(q->a, g, "made", node_text(batch, "production_date"));
	put_str(q->a, g, "count", count ? number_words(q, count) : S(""));
	put_bool(q->a, g, "item", str_is(node_text(chain, "kind"), "item"));
	for (const struct node *x = warnings ? warnings->first : NULL; x; x = x->next)
		node_add(list, node_str(q->a, node_text(x, q->english ? "en" : "zh")));
}

static void put_upstream(struct ask *q, struct node *o, const struct node *chain)
{
	const struct node *all = node_get(chain, "upstream");
	struct node *list = put_arr(q->a, o, "upstream");

	for (const struct node *x = all ? all->first : NULL; x; x = x->next) {
		struct node *row = node_obj(q->a);
		struct str code = node_text(x, "code"), lot = node_text(x, "lot"), quantity = node_text(x, "quantity");

		put_bool(q->a, row, "sealed", is_yes(x, "sealed"));
		put_str(q->a, row, "name", node_text(x, "name"));
		put_str(q->a, row, "lot", lot);
		put_str(q->a, row, "supplier", node_text(x, "supplier"));
		put_str(q->a, row, "quantity", quantity.n ? str_fmt(q->a, "%.*s %.*s", STR_ARG(quantity), STR_ARG(listed_words(q, "unit", node_text(x, "unit")))) : S(""));
		put_str(q->a, row, "certificate", node_text(x, "certificate"));
		put_str(q->a, row, "href", code.n ? url_of(q, "/ui/chain", "of", code) : S(""));
		put_str(q->a, row, "record", node_text(x, "record"));
		put_int(q->a, row, "index", node_number(x, "index", 0));
		node_add(list, row);
	}
}

static void put_candidates(struct ask *q, struct node *o, const struct node *all)
{
	struct node *list = put_arr(q->a, o, "candidates");

	for (const struct node *x = all ? all->first : NULL; x; x = x->next) {
		struct node *row = node_obj(q->a);

		put_str(q->a, row, "href", url_of(q, "/ui/chain", "of", node_text(x, "id")));
		put_str(q->a, row, "product", node_text(x, "product"));
		put_str(q->a, row, "maker", node_text(x, "maker"));
		put_str(q->a, row, "lot", node_text(x, "lot"));
		put_str(q->a, row, "made", node_text(x, "made_on"));
		node_add(list, row);
	}
}

static struct node *chain_in(struct ask *q)
{
	struct node *in = node_obj(q->a);

	put_str(q->a, in, "of", str_trim(ask_query(q, "of")));
	if (ask_query(q, "until").n)
		put_str(q->a, in, "until", ask_query(q, "until"));
	return in;
}

static void put_holders(struct ask *q, struct node *o)
{
	const struct node *out = ask_read(q, "chain.holders", chain_in(q)), *all = out ? node_get(out, "holders") : NULL;
	struct node *list = put_arr(q->a, o, "holders");

	for (const struct node *x = all ? all->first : NULL; x; x = x->next) {
		struct node *row = node_obj(q->a);
		int64_t count = node_number(x, "count", -1);
		bool sealed = is_yes(x, "sealed");
		struct str name = node_text(x, "name"), kind = word_of(q, "holding", node_text(x, "kind"));

		put_bool(q->a, row, "sealed", sealed);
		put_str(q->a, row, "name", name.n ? name : node_text(x, "uscc").n ? node_text(x, "uscc") : kind);
		put_str(q->a, row, "kind", kind);
		put_str(q->a, row, "count", count >= 0 ? number_words(q, count) : S(""));
		put_str(q->a, row, "since", day_words(q, node_text(x, "since")));
		node_add(list, row);
	}
	put_bool(q->a, o, "held", true);
}

/* ---- what a reel carries and what is left ---- */

enum { BAR = 1000 };

/* Of a thousand parts of what it carries. */
static int64_t part_of(const struct node *b, const char *name)
{
	struct decimal d, all;

	if (!decimal_get(node_text(b, name), &d) || !decimal_get(node_text(b, "carried"), &all) || all.millionths <= 0)
		return 0;
	return (int64_t)(d.millionths * BAR / all.millionths);
}

void put_balance(struct ask *q, struct node *o, const struct node *chain)
{
	static const char *const amounts[] = { "carried", "cut", "offcut", "returned", "remainder", "tolerance" };
	const struct node *b = node_get(chain, "balance");
	struct str unit = listed_words(q, "unit", node_text(b, "unit"));
	int64_t cut = part_of(b, "cut"), offcut = part_of(b, "offcut"), tolerance = part_of(b, "tolerance");
	struct node *x;

	if (!b)
		return;
	x = put_obj(q->a, o, "balance");
	for (size_t i = 0; i < ROWS(amounts); i++)
		put_str(q->a, x, amounts[i], str_fmt(q->a, "%.*s %.*s", STR_ARG(node_text(b, amounts[i])), STR_ARG(unit)));
	put_bool(q->a, x, "any_offcut", !str_is(node_text(b, "offcut"), "0"));
	put_bool(q->a, x, "any_returned", !str_is(node_text(b, "returned"), "0"));
	put_bool(q->a, x, "any_tolerance", !str_is(node_text(b, "tolerance"), "0"));
	put_bool(q->a, x, "over", str_starts(node_text(b, "remainder"), "-"));
	put_str(q->a, x, "unit", unit);
	put_str(q->a, x, "unit_key", node_text(b, "unit"));
	put_int(q->a, x, "cuts", node_number(b, "cuts", 0));
	cut = cut > BAR ? BAR : cut;
	offcut = offcut > BAR - cut ? BAR - cut : offcut;
	put_int(q->a, x, "bar_cut", cut);
	put_int(q->a, x, "bar_offcut", offcut);
	put_int(q->a, x, "bar_left", BAR - cut - offcut);
	put_int(q->a, x, "bar_at", cut + offcut);
	put_int(q->a, x, "bar_from", BAR - tolerance);
	put_int(q->a, x, "bar_tolerance", tolerance);
}

/* ---- the page ---- */

static struct str with_more(struct ask *q, const char *path, const char *more)
{
	struct str url = url_of(q, path, "of", str_trim(ask_query(q, "of")));

	if (ask_query(q, "until").n) {
		struct buf b = buf_in(q->a, url.n + 64);

		buf_add(&b, url);
		buf_z(&b, "&until=");
		buf_url(&b, ask_query(q, "until"));
		url = buf_str(&b);
	}
	return str_fmt(q->a, "%.*s%s", STR_ARG(url), more);
}

/* An officer opens what is shut, with a reason; also what cannot even be asked about before. */
static void put_opening(struct ask *q, struct node *o, bool shut)
{
	put_bool(q->a, o, "open", shut && may(q, op_find(q->f->k, S("chain.open"))));
	put_str(q->a, o, "back", with_more(q, "/ui/chain", "&opened=1"));
	put_bool(q->a, o, "opened", ask_query(q, "opened").n > 0 && !shut);
}

static struct node *chain_frame(struct ask *q)
{
	struct node *o = frame(q, "流向", "Where goods went");

	put_str(q->a, o, "of", str_trim(ask_query(q, "of")));
	put_str(q->a, o, "until", ask_query(q, "until"));
	return o;
}

static void chain_refused(struct ask *q)
{
	struct node *o = chain_frame(q);
	const char *why = q->english ? q->call.why_en : q->call.why_zh;
	enum err e = q->call.err;

	put_str(q->a, o, "refused", str_of(e != E_BAD && why ? why : q->english ? err_en(e) : err_zh(e)));
	put_bool(q->a, o, "absent", e == E_ABSENT || e == E_FORGED || e == E_UNKNOWN);
	put_opening(q, o, e != E_BAD);
	reply_page(q, err_http(e), "chain", o);
}

static void chain_answered(struct ask *q)
{
	const struct node *chain = q->call.out;
	struct node *o;

	if (q->html && q->call.err && q->call.err != E_NOAUTH) {
		chain_refused(q);
		return;
	}
	if (!answer_page(q))
		return;
	o = chain_frame(q);
	put_candidates(q, o, node_get(chain, "candidates"));
	if (!node_get(chain, "candidates")) {
		put_bool(q->a, o, "found", true);
		put_str(q->a, o, "kind", word_of(q, "subject", node_text(chain, "kind")));
		put_goods(q, o, chain);
		put_graph(q, o, chain);
		put_opening(q, o, put_chain_steps(q, o, chain));
		put_upstream(q, o, chain);
		put_balance(q, o, chain);
		put_bool(q->a, o, "side", node_get(chain, "balance") || (node_get(chain, "upstream") && node_get(chain, "upstream")->n));
		put_bool(q->a, o, "cut_short", is_yes(chain, "cut_short"));
		put_str(q->a, o, "evidence", with_more(q, "/v1/chain/evidence", ""));
		put_str(q->a, o, "package", with_more(q, "/v1/chain/package", ""));
		put_str(q->a, o, "holders_url", with_more(q, "/ui/chain", "&holders=1#holders"));
		put_str(q->a, o, "cut_url", node_get(chain, "balance") && may(q, op_find(q->f->k, S("cut.create"))) ? url_of(q, "/ui/cut", "from", node_text(chain, "of")) : S(""));
		if (ask_query(q, "holders").n)
			put_holders(q, o);
	}
	reply_page(q, 200, "chain", o);
}

void page_chain(struct ask *q)
{
	enum err e = own_open(q, "chain.get");

	if (e) {
		reply_error(q, e);
	} else if (!str_trim(ask_query(q, "of")).n) {
		reply_page(q, 200, "chain", chain_frame(q));
	} else {
		q->call.raw = chain_in(q);
		ask_run(q, op_find(q->f->k, S("chain.get")), chain_answered);
	}
}
