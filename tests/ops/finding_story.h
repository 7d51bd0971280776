/* tests/ops/finding_story.h - the stories of the rules: what each must ask about and what it must leave alone, one row each. For test_findings.c. */
#ifndef SUYUAN_TESTS_FINDING_STORY_H
#define SUYUAN_TESTS_FINDING_STORY_H

#include "mod/trace/finding.h"
#include "tests/ops/harness.h"

enum { LATER = 4 };           /* days: graces are over */

/* ---- calls ---- */

struct stage { struct house *h; struct str product, batch, pack; };

static const char *range(const struct stage *s, const char *of) { return str_fmt(&s->h->a, "%.*s:%s", STR_ARG(s->pack), of).p; }
static const char *code(const struct stage *s, size_t n) { return z(s->h, nth_code(s->h, MAKER, s->pack, n)); }
static int64_t filed(struct house *h) { return raw_number(h, "SELECT COUNT(*) FROM p_finding"); }
static int64_t filed_of(struct house *h, const char *rule) { return raw_number(h, str_fmt(&h->a, "SELECT COUNT(*) FROM p_finding WHERE rule = '%s'", rule).p); }

/* Until nothing more is found, `days` from now; then the clock is back. */
static struct answer sweep(struct house *h, int days)
{
	int64_t now = h->now, found = 0, withdrawn = 0;
	struct answer a;

	do {
		h->now = now + days * DAY_MS;
		a = call_ok(h, OPERATOR, "finding.sweep", NULL);
		found += node_number(a.out, "found", -1);
		withdrawn += node_number(a.out, "withdrawn", -1);
	} while (node_get(a.out, "more")->yes);
	h->now = now + 1;
	a.out = in_of(h, NULL);
	put_int(&h->a, (struct node *)(uintptr_t)a.out, "found", found);
	put_int(&h->a, (struct node *)(uintptr_t)a.out, "withdrawn", withdrawn);
	return a;
}

static void fields(const struct stage *s, struct node *in, const char *quantity, const char *unit)
{
	if (quantity) {
		put_z(&s->h->a, in, "quantity", quantity);
		put_z(&s->h->a, in, "unit", unit);
	}
}

static struct str done(const struct stage *s, enum who w, const char *op, struct node *in)
{
	struct answer a = ask(s->h, actor(s->h, w), op, in, S(""), NULL);

	if (a.err)
		fail_msg("%s: %s", op, z(s->h, text_of(s->h, &a)));
	return answer_id(s->h, &a);
}

/* to: CAST for a consumer. */
static struct str sell_much(const struct stage *s, enum who to, const char *items, const char *day, const char *quantity, const char *unit)
{
	struct node *in = in_of(s->h, "items", items, "sale_time", day, to == CAST ? "buyer_kind" : "buyer_uscc", to == CAST ? "consumer" : z(s->h, s->h->uscc[to]), NULL);

	fields(s, in, quantity, unit);
	return done(s, MAKER, "sale.create", in);
}
static struct str sell(const struct stage *s, enum who to, const char *of, const char *day) { return sell_much(s, to, range(s, of), day, NULL, NULL); }

static struct str resell(const struct stage *s, enum who w, enum who to, size_t n, const char *day)
{
	return done(s, w, "resale.create", in_of(s->h, "trace_code", code(s, n), "sold_time", day, to == CAST ? "customer_kind" : "customer_uscc",
	            to == CAST ? "consumer" : z(s->h, s->h->uscc[to]), NULL));
}

/* from: CAST when the supplier is named without a code. */
static struct str buy(const struct stage *s, enum who w, enum who from, size_t n, const char *day)
{
	return done(s, w, "purchase.create", in_of(s->h, "trace_code", code(s, n), "purchase_time", day, from == CAST ? "supplier_name" : "supplier_uscc",
	            from == CAST ? "某供应商" : z(s->h, s->h->uscc[from]), NULL));
}

static void answer_it(const struct stage *s, enum who w, struct str sale, const char *how)
{
	call_ok(s->h, w, "offer.answer", "id", z(s->h, sale), "accept", how, "reason", "不是所订的货", NULL);
}

static void take_back(const struct stage *s, enum who w, const char *items, const char *day, const char *quantity, const char *unit)
{
	struct node *in = in_of(s->h, "items", items, "return_time", day, "reason", "退货", NULL);

	fields(s, in, quantity, unit);
	done(s, w, "return.create", in);
}

static struct str life(const struct stage *s, const char *event, const char *of)
{
	return done(s, MAKER, "life.create", in_of(s->h, "items", range(s, of), "event", event, "reason", "核查", NULL));
}

static struct str batch_of(const struct stage *s, const char *corrects, const char *made, const char *quantity, const char *unit)
{
	struct node *in = batch_in(s->h, MAKER, s->product, "F-1");

	for (struct node *x = in->first; x; x = x->next)
		if (made && str_is(x->key, "production_date"))
			x->s = str_of(made);
	if (corrects)
		put_z(&s->h->a, in, "corrects", corrects);
	fields(s, in, quantity, unit);
	return done(s, MAKER, "batch.create", in);
}

/* A batch of another quantity than the stage's, and twenty codes for it. */
static void made(struct stage *s, const char *quantity, const char *unit)
{
	s->batch = batch_of(s, NULL, NULL, quantity, unit);
	s->pack = new_pack(s->h, MAKER, s->batch, "20", NULL);
}

static void correct(const struct stage *s, enum who w, const char *op, struct str old, struct node *in)
{
	put_str(&s->h->a, in, "corrects", old);
	done(s, w, op, in);
}

static struct str stop_sale(const struct stage *s)
{
	return done(s, MAKER, "recall.create", in_of(s->h, "kind", "stop_sale", "items", range(s, "0"), "reason", "断丝超标", "measures", "停止使用", "contact", "0513-80000001", NULL));
}

/* ---- the stories: one row, one rule; no rule: nothing may be found ---- */

static void resold_without_purchase(struct stage *s) { resell(s, SELLER, CAST, 0, "2026-11-10"); }
static void resold_and_bought_late(struct stage *s) { resell(s, SELLER, CAST, 0, "2026-11-10"); buy(s, SELLER, CAST, 0, "2026-11-09"); }
static void resold_and_bought_the_same_day(struct stage *s) { resell(s, SELLER, CAST, 0, "2026-11-10"); buy(s, SELLER, CAST, 0, "2026-11-10"); }
static void resold_what_was_sent_to_it(struct stage *s) { sell(s, SELLER, "0", "2026-11-09"); resell(s, SELLER, CAST, 0, "2026-11-10"); }
static void bought_after_it_was_resold(struct stage *s) { resell(s, SELLER, CAST, 0, "2026-11-10"); buy(s, SELLER, CAST, 0, "2026-11-12"); }
static void the_wrong_code_is_corrected(struct stage *s)
{
	struct str wrong = resell(s, SELLER, CAST, 0, "2026-11-10");

	buy(s, SELLER, CAST, 1, "2026-11-09");
	correct(s, SELLER, "resale.create", wrong, in_of(s->h, "trace_code", code(s, 1), "sold_time", "2026-11-10", "customer_kind", "consumer", NULL));
}
static void cut_before_it_was_bought(struct stage *s)
{
	buy(s, SELLER, CAST, 0, "2026-11-12");
	done(s, MAKER, "measure.create", in_of(s->h, "items", range(s, "0"), "quantity", "100", "unit", "m", NULL));
	done(s, SELLER, "cut.create", in_of(s->h, "from", code(s, 0), "quantity", "5", "unit", "m", "cut_time", "2026-11-10", NULL));
}

static void maker_sells_twice(struct stage *s) { sell(s, CAST, "0-3", "2026-11-05"); sell(s, CAST, "3-5", "2026-11-06"); }
static void seller_sells_twice(struct stage *s) { buy(s, SELLER, CAST, 0, "2026-11-04"); resell(s, SELLER, CAST, 0, "2026-11-05"); resell(s, SELLER, CAST, 0, "2026-11-06"); }
static void bought_and_sold_twice_in_a_day(struct stage *s) { buy(s, SELLER, CAST, 0, "2026-11-05"); resell(s, SELLER, CAST, 0, "2026-11-05"); resell(s, SELLER, CAST, 0, "2026-11-05"); }
static void a_return_lies_between(struct stage *s) { sell(s, CAST, "0", "2026-11-05"); take_back(s, MAKER, range(s, "0"), "2026-11-06", NULL, NULL); sell(s, CAST, "0", "2026-11-07"); }
static void the_return_is_filed_last(struct stage *s) { sell(s, CAST, "0", "2026-11-05"); sell(s, CAST, "0", "2026-11-07"); take_back(s, MAKER, range(s, "0"), "2026-11-06", NULL, NULL); }
static void the_return_of_that_day_is_filed_last(struct stage *s) { sell(s, CAST, "0", "2026-11-05"); sell(s, CAST, "0", "2026-11-07"); take_back(s, MAKER, range(s, "0"), "2026-11-07", NULL, NULL); }
static void refused_and_sold_to_another(struct stage *s) { answer_it(s, SELLER, sell(s, SELLER, "0", "2026-11-05"), "none"); sell(s, USER, "0", "2026-11-20"); }
static void a_shop_takes_back_and_sells_again(struct stage *s) { buy(s, SELLER, CAST, 0, "2026-11-04"); resell(s, SELLER, CAST, 0, "2026-11-05"); take_back(s, SELLER, code(s, 0), "2026-11-06", NULL, NULL); resell(s, SELLER, CAST, 0, "2026-11-07"); }
static void passed_on_and_taken_in_late(struct stage *s)
{
	struct str first = sell(s, SELLER, "0", "2026-11-05"), second = resell(s, SELLER, SELLER2, 0, "2026-11-06");

	buy(s, SELLER2, SELLER, 0, "2026-11-07");
	(void)second;
	answer_it(s, SELLER, first, "all");
	resell(s, SELLER2, CAST, 0, "2026-11-08");
}

static void more_pieces_than_made(struct stage *s) { made(s, "5", "piece"); sell(s, CAST, "0-3", "2026-11-05"); sell(s, CAST, "4-6", "2026-11-06"); }
static void as_many_pieces_as_made(struct stage *s) { made(s, "5", "piece"); sell(s, CAST, "0-4", "2026-11-05"); take_back(s, MAKER, range(s, "0-4"), "2026-11-06", NULL, NULL); sell(s, CAST, "0-4", "2026-11-07"); }
static void more_weight_than_made(struct stage *s) { made(s, "2", "t"); sell_much(s, CAST, range(s, "0"), "2026-11-05", "1500", "kg"); sell_much(s, CAST, range(s, "1"), "2026-11-06", "0.6", "t"); }
static void as_much_weight_as_made(struct stage *s) { made(s, "2", "t"); sell_much(s, CAST, range(s, "0"), "2026-11-05", "1.5", "t"); sell_much(s, CAST, range(s, "1"), "2026-11-06", "500", "kg"); }
static void reel(struct stage *s, const char *second)
{
	done(s, MAKER, "measure.create", in_of(s->h, "items", range(s, "0"), "quantity", "100", "unit", "m", "tolerance", "1", NULL));
	done(s, MAKER, "cut.create", in_of(s->h, "from", code(s, 0), "quantity", "60", "unit", "m", "cut_time", "2026-11-10", NULL));
	done(s, MAKER, "cut.create", in_of(s->h, "from", code(s, 0), "quantity", second, "unit", "m", "offcut", "0.5", "cut_time", "2026-11-11", NULL));
}
static void more_cut_than_a_reel_carries(struct stage *s) { reel(s, "40.6"); }
static void cut_within_tolerance(struct stage *s) { reel(s, "40.5"); }
static void more_sold_than_a_code_carries(struct stage *s)
{
	done(s, MAKER, "measure.create", in_of(s->h, "items", range(s, "0-1"), "quantity", "100", "unit", "m", NULL));
	sell_much(s, CAST, range(s, "0-1"), "2026-11-10", "201", "m");
}

static void sold_after_it_was_void(struct stage *s) { life(s, "void", "0"); s->h->now += DAY_MS; sell(s, CAST, "0-1", "2026-11-21"); }
static void sold_before_it_was_void(struct stage *s) { life(s, "void", "0"); sell(s, CAST, "0", "2026-11-10"); }
static void came_back_and_was_destroyed(struct stage *s)
{
	buy(s, SELLER, CAST, 0, "2026-11-10");
	life(s, "recalled", "0");
	s->h->now += DAY_MS;
	take_back(s, MAKER, range(s, "0"), "2026-11-21", NULL, NULL);
	life(s, "destroyed", "0");
}
static void taken_in_after_the_recall(struct stage *s)
{
	struct str sale = sell(s, SELLER, "0", "2026-11-18");

	life(s, "recalled", "0");
	s->h->now += DAY_MS;
	call_ok(s->h, SELLER, "purchase.create", "supplier_uscc", z(s->h, s->h->uscc[MAKER]), "trace_code", code(s, 0), "purchase_time", "2026-11-21", NULL);
	(void)sale;
}
static void sold_while_stopped(struct stage *s) { stop_sale(s); s->h->now += DAY_MS; sell(s, CAST, "0", "2026-11-21"); }
static void sold_when_released(struct stage *s) { call_ok(s->h, MAKER, "recall.lift", "id", z(s->h, stop_sale(s)), NULL); s->h->now += DAY_MS; sell(s, CAST, "0", "2026-11-21"); }
static void one_of_two_stops_is_released(struct stage *s) { stop_sale(s); call_ok(s->h, MAKER, "recall.lift", "id", z(s->h, stop_sale(s)), NULL); s->h->now += DAY_MS; sell(s, CAST, "0", "2026-11-21"); }

static void sold_before_production(struct stage *s) { sell(s, CAST, "0", "2026-10-25"); }
static void activated_and_sold_before_production(struct stage *s)
{
	s->pack = new_pack(s->h, MAKER, S(""), "20", NULL);
	sell(s, CAST, "0-1", "2026-10-25");
	done(s, MAKER, "activation.create", in_of(s->h, "items", range(s, "0-9"), "batch", z(s->h, s->batch), NULL));
}
static void sold_on_the_day_of_production(struct stage *s) { sell(s, CAST, "0", "2026-11-01"); }

static void bought_by_another_than_named(struct stage *s) { sell(s, SELLER, "0", "2026-11-05"); buy(s, SELLER2, MAKER, 0, "2026-11-06"); }
static void refused_and_bought_by_another(struct stage *s)
{
	answer_it(s, SELLER, sell(s, SELLER, "0", "2026-11-05"), "none");
	sell(s, SELLER2, "0", "2026-11-20");
	buy(s, SELLER2, MAKER, 0, "2026-11-20");
}
static void bought_from_who_bought(struct stage *s)
{
	answer_it(s, SELLER, sell(s, SELLER, "0", "2026-11-05"), "all");
	resell(s, SELLER, CAST, 0, "2026-11-06");
	buy(s, SELLER2, SELLER, 0, "2026-11-07");
}
static void bought_before_the_resale_is_filed(struct stage *s)
{
	sell(s, SELLER, "0", "2026-11-05");
	buy(s, SELLER2, SELLER, 0, "2026-11-07");
}
static void resold_what_another_holds(struct stage *s) { buy(s, SELLER, CAST, 0, "2026-11-05"); buy(s, SELLER2, CAST, 0, "2026-11-06"); resell(s, SELLER, CAST, 0, "2026-11-07"); }

static void licensed(struct stage *s, const char *number)
{
	struct answer a = call_ok(s->h, MAKER, "product.create", "product_name", "钢丝绳", "product_type", "steel_wire_ropes_01", "specification_model", "6×36WS", "warranty_period",
	                          "不涉及", "mandatory_national_standard", NO_MANDATORY_STANDARD, "standard_applied", "GB/T 20118-2017", "licence_or_ccc_certificate_no", number,
	                          "manual_or_warning", "不涉及", NULL);

	s->product = answer_id(s->h, &a);
	s->batch = batch_of(s, NULL, NULL, NULL, NULL);
	s->pack = new_pack(s->h, MAKER, s->batch, "20", NULL);
}
static void listed(struct stage *s, const char *number, const char *state, const char *as_of, const char *to)
{
	struct node *in = in_of(s->h, "number", number, "listed_state", state, "source", "名录", "as_of", as_of, NULL);

	if (to)
		put_z(&s->h->a, in, "valid_to", to);
	done(s, OPERATOR, "certificate.create", in);
}
static void sold_while_suspended(struct stage *s) { licensed(s, "(苏)XK05-005-00101"); listed(s, "(苏)XK05-005-00101", "suspended", "2026-11-05", NULL); sell(s, CAST, "0", "2026-11-10"); }
static void suspended_after_the_sale(struct stage *s) { licensed(s, "(苏)XK05-005-00102"); listed(s, "(苏)XK05-005-00102", "suspended", "2026-11-15", NULL); sell(s, CAST, "0", "2026-11-10"); }
static void in_force_again(struct stage *s) { licensed(s, "(苏)XK05-005-00103"); listed(s, "(苏)XK05-005-00103", "suspended", "2026-11-05", NULL); listed(s, "(苏)XK05-005-00103", "valid", "2026-11-08", NULL); sell(s, CAST, "0", "2026-11-10"); }
static void its_term_was_over(struct stage *s) { licensed(s, "(苏)XK05-005-00104"); listed(s, "(苏)XK05-005-00104", "valid", "2026-11-15", "2026-11-09"); sell(s, CAST, "0", "2026-11-10"); }

static void bought(struct stage *s, const char *items, const char *day, const char *quantity, const char *unit, const char *paper)
{
	struct node *in = in_of(s->h, "trace_code", items, "purchase_time", day, "supplier_uscc", z(s->h, s->h->uscc[MAKER]), NULL);

	fields(s, in, quantity, unit);
	if (paper)
		put_z(&s->h->a, in, "document_no", paper);
	done(s, SELLER, "purchase.create", in);
}
static void less_weight_arrives(struct stage *s) { sell_much(s, SELLER, range(s, "0"), "2026-11-05", "100", "kg"); bought(s, code(s, 0), "2026-11-06", "90", "kg", NULL); }
static void the_same_weight_arrives(struct stage *s) { sell_much(s, SELLER, range(s, "0"), "2026-11-05", "100", "kg"); bought(s, code(s, 0), "2026-11-06", "0.1", "t", NULL); }
static void bought_days_before_the_sale(struct stage *s) { sell(s, SELLER, "0", "2026-11-10"); bought(s, code(s, 0), "2026-11-05", NULL, NULL, NULL); }
static void bought_the_day_before(struct stage *s) { sell(s, SELLER, "0", "2026-11-10"); bought(s, code(s, 0), "2026-11-09", NULL, NULL, NULL); }
static void one_more_than_on_the_paper(struct stage *s)
{
	done(s, MAKER, "sale.create", in_of(s->h, "items", range(s, "0"), "sale_time", "2026-11-05", "buyer_uscc", z(s->h, s->h->uscc[SELLER]), "document_no", "CK-77", NULL));
	bought(s, str_fmt(&s->h->a, "%s,%s", code(s, 0), code(s, 1)).p, "2026-11-06", NULL, NULL, "CK-77");
}

static const char *class_code(struct stage *s)
{
	struct answer a = call_ok(s->h, MAKER, "pack.create", "batch", z(s->h, s->batch), "grain", "batch", NULL);

	return z(s->h, node_text(a.out, "first"));
}
static void more_of_a_batch_than_made(struct stage *s)
{
	const char *c;

	s->batch = batch_of(s, NULL, NULL, "100", "piece");
	c = class_code(s);
	sell_much(s, CAST, c, "2026-11-05", "60", "piece");
	sell_much(s, CAST, c, "2026-11-06", "50", "piece");
}
static void part_of_a_batch_came_back(struct stage *s)
{
	const char *c;

	s->batch = batch_of(s, NULL, NULL, "100", "piece");
	c = class_code(s);
	sell_much(s, CAST, c, "2026-11-05", "60", "piece");
	take_back(s, MAKER, c, "2026-11-06", "20", "piece");
	sell_much(s, CAST, c, "2026-11-07", "60", "piece");
}

static const struct { enum rule rule; void (*tell)(struct stage *s); } stories[] = {
	{ RULE_NO_PURCHASE, resold_without_purchase }, { RULES, resold_and_bought_late }, { RULES, resold_and_bought_the_same_day }, { RULES, resold_what_was_sent_to_it },
	{ RULE_NO_PURCHASE, bought_after_it_was_resold }, { RULES, the_wrong_code_is_corrected }, { RULE_NO_PURCHASE, cut_before_it_was_bought },
	{ RULE_SOLD_TWICE, maker_sells_twice }, { RULE_SOLD_TWICE, seller_sells_twice }, { RULE_SOLD_TWICE, bought_and_sold_twice_in_a_day },
	{ RULES, a_return_lies_between }, { RULES, the_return_is_filed_last }, { RULES, the_return_of_that_day_is_filed_last }, { RULES, refused_and_sold_to_another },
	{ RULES, a_shop_takes_back_and_sells_again }, { RULES, passed_on_and_taken_in_late },
	{ RULE_MORE_THAN_MADE, more_pieces_than_made }, { RULES, as_many_pieces_as_made }, { RULE_MORE_THAN_MADE, more_weight_than_made }, { RULES, as_much_weight_as_made },
	{ RULE_MORE_THAN_MADE, more_cut_than_a_reel_carries }, { RULES, cut_within_tolerance }, { RULE_MORE_THAN_MADE, more_sold_than_a_code_carries },
	{ RULE_AFTER_END, sold_after_it_was_void }, { RULES, sold_before_it_was_void }, { RULES, came_back_and_was_destroyed }, { RULES, taken_in_after_the_recall },
	{ RULE_AFTER_END, sold_while_stopped }, { RULES, sold_when_released }, { RULE_AFTER_END, one_of_two_stops_is_released },
	{ RULE_BEFORE_PRODUCTION, sold_before_production }, { RULE_BEFORE_PRODUCTION, activated_and_sold_before_production }, { RULES, sold_on_the_day_of_production },
	{ RULE_WRONG_PARTY, bought_by_another_than_named }, { RULES, refused_and_bought_by_another }, { RULES, bought_from_who_bought }, { RULES, bought_before_the_resale_is_filed },
	{ RULE_WRONG_PARTY, resold_what_another_holds },
	{ RULE_PERMIT, sold_while_suspended }, { RULES, suspended_after_the_sale }, { RULES, in_force_again }, { RULE_PERMIT, its_term_was_over },
	{ RULE_MISMATCH, less_weight_arrives }, { RULES, the_same_weight_arrives }, { RULE_MISMATCH, bought_days_before_the_sale }, { RULES, bought_the_day_before },
	{ RULE_MISMATCH, one_more_than_on_the_paper },
	{ RULE_BATCH_COUNT, more_of_a_batch_than_made }, { RULES, part_of_a_batch_came_back },
};

static struct stage stage(struct house *h)
{
	struct stage s = { .h = h };

	s.product = new_product(h, MAKER, "钢丝绳");
	s.batch = new_batch(h, MAKER, s.product, "F-1");
	s.pack = new_pack(h, MAKER, s.batch, "20", NULL);
	return s;
}

#endif
