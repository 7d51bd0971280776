/* web/page_receive.c - goods arrive: what was scanned belongs to deliveries that wait, or is bought from somebody the platform does not know. */
#include "web/ask.h"

enum { LOOKED_UP = 60, OFFERS_MOST = 50 };

struct arrival {
	struct ask *q;
	const struct node *waiting;          /* items of offer.list */
	struct { const struct node *offer; struct buf codes; int64_t n; } found[OFFERS_MOST];
	size_t n_found;
	struct buf rest;
	int64_t n_rest, n_had;
	struct node *unknown;
	bool stopped;
};

/* ---- whose delivery is this code in ---- */

static const struct node *offer_with(const struct arrival *r, const struct node *chain)
{
	const struct node *steps = node_get(chain, "steps");

	for (const struct node *s = steps ? steps->first : NULL; s; s = s->next)
		for (const struct node *x = r->waiting ? r->waiting->first : NULL; x; x = x->next)
			if (str_eq(node_text(s, "record"), node_text(x, "id")))
				return x;
	return NULL;
}

static bool bought_before(struct ask *q, const struct node *chain)
{
	const struct node *steps = node_get(chain, "steps"), *nodes = node_get(chain, "nodes");
	struct str mine = S("");

	for (const struct node *x = nodes ? nodes->first : NULL; x; x = x->next)
		if (q->who->uscc.n && str_eq(node_text(x, "uscc"), q->who->uscc))
			mine = node_text(x, "id");
	for (const struct node *s = steps ? steps->first : NULL; s; s = s->next)
		if (mine.n && str_is(node_text(s, "what"), "purchase") && str_eq(node_text(s, "node"), mine))
			return true;
	return false;
}

static void add_line(struct buf *b, struct str line)
{
	if (b->n)
		buf_char(b, '\n');
	buf_add(b, line);
}

static void add_found(struct arrival *r, const struct node *offer, struct str code)
{
	size_t i = 0;

	while (i < r->n_found && r->found[i].offer != offer)
		i++;
	if (i == OFFERS_MOST)
		return;
	if (i == r->n_found) {
		r->found[i].offer = offer;
		r->found[i].codes = buf_in(r->q->a, 256);
		r->n_found++;
	}
	add_line(&r->found[i].codes, code);
	r->found[i].n++;
}

static void look_up(struct arrival *r, struct str code)
{
	struct node *in = node_obj(r->q->a);
	const struct node *chain, *offer;

	put_str(r->q->a, in, "of", code);
	chain = ask_read(r->q, "chain.get", in);
	offer = chain ? offer_with(r, chain) : NULL;
	r->stopped = r->stopped || (chain && sale_stopped(chain));
	if (offer) {
		add_found(r, offer, code);
	} else if (!chain || node_get(chain, "candidates")) {
		node_add(r->unknown, node_str(r->q->a, code));
	} else {
		r->n_had += bought_before(r->q, chain);
		r->n_rest++;
		add_line(&r->rest, code);
	}
}

/* A pallet's worth of codes is of one delivery: the first ones tell which, the operation checks the others. */
static void look_up_all(struct arrival *r, struct str text)
{
	struct map seen = map_in(r->q->a);
	struct str line;
	int n = 0;

	r->rest = buf_in(r->q->a, 256);
	while (str_cut(&text, '\n', &line)) {
		line = str_trim(line);
		if (!line.n || !map_put(&seen, line, r))
			continue;
		if (n++ < LOOKED_UP)
			look_up(r, line);
		else if (r->n_found == 1)
			add_found(r, r->found[0].offer, line);
		else {
			r->n_rest++;
			add_line(&r->rest, line);
		}
	}
}

/* ---- the page ---- */

static void put_found(struct arrival *r, struct node *o)
{
	struct ask *q = r->q;
	struct node *list = put_arr(q->a, o, "found");

	for (size_t i = 0; i < r->n_found; i++) {
		struct node *row = node_obj(q->a);

		put_delivery(q, row, r->found[i].offer);
		put_str(q->a, row, "scanned", number_words(q, r->found[i].n));
		put_str(q->a, row, "lines", buf_str(&r->found[i].codes));
		node_add(list, row);
	}
	put_str(q->a, o, "rest", buf_str(&r->rest));
	put_str(q->a, o, "n_rest", number_words(q, r->n_rest));
	put_int(q->a, o, "n_had", r->n_had);
	put_bool(q->a, o, "stopped", r->stopped);
	node_set(o, S("unknown"), r->unknown);
	put_bool(q->a, o, "buy", r->n_rest > 0 && may(q, op_find(q->f->k, S("purchase.create"))));
}

static struct node *receive_frame(struct ask *q)
{
	const struct node *waiting;
	struct node *o = frame(q, "收货", "Receive goods");

	put_int(q->a, o, "waiting", offers_waiting(q, &waiting));
	put_bool(q->a, o, "done", ask_query(q, "done").n > 0);
	return o;
}

void page_receive(struct ask *q)
{
	enum err e = own_open(q, "offer.list");

	if (e)
		reply_error(q, e);
	else
		reply_page(q, 200, "receive", receive_frame(q));
}

void page_receive_send(struct ask *q)
{
	struct arrival *r = TAKE(q->a, struct arrival, 1);
	enum err e = own_send(q, "offer.list", NULL);
	struct node *o;

	if (e) {
		q->from_page = false;
		reply_error(q, e);
		return;
	}
	o = receive_frame(q);
	r->q = q;
	r->unknown = node_arr(q->a);
	(void)offers_waiting(q, &r->waiting);
	look_up_all(r, str_trim(form_get(q->form, "codes")));
	put_str(q->a, o, "codes_said", str_trim(form_get(q->form, "codes")));
	put_found(r, o);
	put_bool(q->a, o, "looked", r->n_found || r->n_rest || r->unknown->n);
	put_bool(q->a, o, "nothing", !(r->n_found || r->n_rest || r->unknown->n));
	reply_page(q, 200, "receive", o);
}
