/* tests/ops/recalls.c - what the stories about recalls have in common. See recalls.h. */
#include <unistd.h>

#include "tests/ops/recalls.h"

const char *range(struct house *h, struct str pack, const char *of) { return str_fmt(&h->a, "%.*s:%s", STR_ARG(pack), of).p; }

/* The worker has told whoever was to be told. */
void all_told(struct house *h)
{
	for (int i = 0; i < 4000; i++) {
		if (raw_number(h, "SELECT COUNT(*) FROM job WHERE kind = 'recall' AND due = 1") == 0)
			return;
		usleep(5000);
	}
	fail_msg("the holders are not told");
}

struct node *order_in(struct house *h, const char *kind, const char *by, const char *what)
{
	return in_of(h, "kind", kind, by, what, "reason", "断丝超标", "measures", "停止使用，退回生产单位", "contact", "0513-80000001", NULL);
}

struct answer ordered(struct house *h, enum who w, const char *kind, const char *by, const char *what)
{
	struct answer a = ask(h, actor(h, w), "recall.create", order_in(h, kind, by, what), S(""), NULL);

	if (a.err)
		fail_msg("recall.create by %s: %s", who_names[w], z(h, text_of(h, &a)));
	all_told(h);
	return a;
}

struct answer sell(struct house *h, enum who from, enum who to, const char *items)
{
	bool maker = from == MAKER;

	return call_ok(h, from, maker ? "sale.create" : "resale.create", maker ? "buyer_uscc" : "customer_uscc", z(h, h->uscc[to]), maker ? "sale_time" : "sold_time",
	               "2026-11-20", maker ? "items" : "trace_code", items, NULL);
}

void sell_and_accept(struct house *h, enum who from, enum who to, const char *items)
{
	struct answer a = sell(h, from, to, items);

	call_ok(h, to, "offer.answer", "id", z(h, answer_id(h, &a)), "accept", "all", NULL);
}

enum err step(struct house *h, enum who w, const char *op, struct str id) { return call(h, w, op, "id", z(h, id), NULL).err; }
struct answer progress(struct house *h, enum who w, struct str recall) { return call_ok(h, w, "recall.get_progress", "id", z(h, recall), NULL); }
int64_t number_of(const struct answer *a, const char *name) { return node_number(a->out, name, -1); }

/* The notices of one party about one recall, newest first. */
size_t notices(struct house *h, enum who w, struct str recall, struct str ret[8])
{
	struct answer a = call_ok(h, w, "recall_notice.list", NULL);
	size_t n = 0;

	for (const struct node *x = node_get(a.out, "items")->first; x && n < 8; x = x->next)
		if (str_eq(node_text(node_get(x, "values"), "recall"), recall))
			ret[n++] = str_copy(&h->a, node_text(x, "id"));
	return n;
}

int64_t notice_count(struct house *h, enum who w, struct str id)
{
	struct answer a = call_ok(h, w, "recall_notice.get", "id", z(h, id), NULL);

	return node_number(node_get(a.out, "values"), "count", -1);
}
