/* mod/trace/statement.c - a statement about a party, made because the party wants it, computed from its records and from nothing else.
 *
 * 招标采购、供应商遴选、质量信用评价 need figures that nobody typed. Each is a public field of a record in the log, so that it stays what it
 * was when it was given, and anybody can check its receipt. It never says anything of another party. docs/findings.md
 */
#include <setjmp.h>
#include <stdlib.h>

#include "mod/trace/statement.h"

enum { KNOWN = 1u << KEY_PUBLIC | 1u << KEY_BUSINESS, DAYS_MOST = 3 * 366, FEWEST = 5 };

struct counting {
	struct call *c;           /* of the operation: its arena outlives the pages */
	struct call page;
	int64_t n[STATEMENT_FIELDS];
	int64_t product;          /* root of the product it is about, 0: of all */
	int64_t from, to;         /* ms */
	int64_t *days;            /* from event to filing */
	size_t n_days, cap_days;
	struct map roots;         /* record id -> its root */
};

/* ---- is it about this product? ---- */

static enum err root_of(struct counting *w, int64_t id, int64_t *ret)
{
	struct str key = str_fmt(w->page.arena, "%lld", (long long)id);
	int64_t *known = map_get(&w->roots, key);
	struct record r;
	enum err e = OK;

	if (!known) {
		known = TAKE(w->c->arena, int64_t, 1);
		e = kernel_record(&w->page, id, 0, &r);
		if (!e)
			*known = r.root;
		map_put(&w->roots, str_copy(w->c->arena, key), known);
	}
	*ret = *known;
	return e == E_ABSENT ? OK : e;
}

static enum err product_of_batch(struct counting *w, int64_t batch, int64_t *ret)
{
	struct record r;
	enum err e = kernel_latest(&w->page, batch, &batch);

	if (!e)
		e = kernel_record(&w->page, batch, 1u << KEY_PUBLIC, &r);
	if (!e && r.type == &batch_type)
		*ret = r.values[BATCH_product].i;
	return e == E_ABSENT ? OK : e;
}

/* A record is about the goods of its first item: goods are sold and packed by product. */
static enum err product_of_items(struct counting *w, const struct record *r, size_t items, int64_t *ret)
{
	struct chunk_set *s;
	struct item_event *ev;
	struct item_state st;
	struct range *x;
	struct pack p;
	size_t n;
	enum err e = items_chunks(&w->page, r->id, &r->values[items], &s, &n);

	if (e || !n)
		return e;
	e = pack_get(&w->page, s[0].pack, &p);
	if (e || p.product || !chunk_ranges(w->page.arena, s[0].bytes, &x, &n)) {
		*ret = e ? 0 : p.product;
		return e;
	}
	e = item_history(&w->page, p.record, (s[0].chunk << CHUNK_BITS) + x[0].lo, &ev, &n);
	if (e)
		return e;
	item_fold(&p, ev, n, &st);
	return st.batch ? product_of_batch(w, st.batch, ret) : OK;
}

static enum err is_about(struct counting *w, const struct record *r, bool *ret)
{
	const struct value *v = r->values;
	struct move_field f;
	int64_t product = 0;
	enum err e = OK;

	*ret = !w->product;
	if (*ret)
		return OK;
	if (r->type == &product_type)
		product = r->root;
	else if (r->type == &batch_type)
		product = v[BATCH_product].i;
	else if (r->type == &pack_type && v[PACK_product].said)
		product = v[PACK_product].i;
	else if (r->type == &pack_type && v[PACK_batch].said)
		e = product_of_batch(w, v[PACK_batch].i, &product);
	else if (moves_field(r->type, 0, &f) && v[f.items].said == SAID_VALUE)
		e = product_of_items(w, r, f.items, &product);
	if (!e && product)
		e = root_of(w, product, &product);
	*ret = !e && product == w->product;
	return e;
}

/* ---- what each kind of record adds ---- */

static enum err add_product(struct counting *w, const struct record *r)
{
	struct node *o = node_obj(w->page.arena);
	struct str state;
	enum err e = permit_view(&w->page, o, r->values, r->party);

	w->n[STATEMENT_products]++;
	state = node_text(node_get(o, "permit_check"), "state");
	w->n[STATEMENT_permits_in_force] += str_is(state, "listed_valid");
	w->n[STATEMENT_permits_not_in_force] += str_is(state, "listed_invalid");
	w->n[STATEMENT_permits_not_listed] += str_is(state, "not_listed");
	return e;
}

static enum err add_batch(struct counting *w, const struct record *r)
{
	(void)r;
	w->n[STATEMENT_batches]++;
	return OK;
}

static enum err add_pack(struct counting *w, const struct record *r)
{
	if (str_is(r->values[PACK_grain].list[0], "item"))
		w->n[STATEMENT_items_coded] += r->values[PACK_count].said ? r->values[PACK_count].i : (int64_t)r->values[PACK_codes].n;
	return OK;
}

static enum err add_delivery(struct counting *w, const struct record *r)
{
	struct flow_case fc;
	enum err e = flow_case_get(&w->page, r->root, &fc);

	if (e || !str_is(fc.flow, "offer"))
		return e == E_ABSENT ? OK : e;
	w->n[STATEMENT_deliveries_sent]++;
	w->n[STATEMENT_deliveries_answered] += !str_is(fc.state, "offered");
	return OK;
}

static enum err add_receipt(struct counting *w, const struct record *r)
{
	w->n[STATEMENT_receipts]++;
	w->n[STATEMENT_receipts_matched] += r->values[PURCHASE_offer].said == SAID_VALUE;
	return OK;
}

enum { UNTIMED = -1 };
static const struct counted { const struct type *type; int time; enum err (*add)(struct counting *w, const struct record *r); } counted[] = {
	{ &product_type, UNTIMED, add_product }, { &batch_type, UNTIMED, add_batch }, { &pack_type, UNTIMED, add_pack },
	{ &sale_type, SALE_sale_time, add_delivery }, { &resale_type, RESALE_sold_time, add_delivery }, { &cut_type, CUT_cut_time, add_delivery },
	{ &purchase_type, PURCHASE_purchase_time, add_receipt }, { &return_type, RETURN_return_time, NULL },
	{ &activation_type, UNTIMED, NULL }, { &life_type, UNTIMED, NULL }, { &aggregation_type, UNTIMED, NULL }, { &measure_type, UNTIMED, NULL },
	{ &material_type, UNTIMED, NULL }, { &refusal_type, UNTIMED, NULL },
};

static void add_days(struct counting *w, int64_t days)
{
	if (w->n_days == w->cap_days) {
		int64_t *grown = TAKE(w->c->arena, int64_t, w->cap_days = w->cap_days ? w->cap_days * 2 : 256);

		if (w->n_days)
			memcpy(grown, w->days, w->n_days * sizeof(*grown));
		w->days = grown;
	}
	w->days[w->n_days++] = days > 0 ? days : 0;
}

static enum err add_record(struct counting *w, const struct counted *k, int64_t id)
{
	struct record r;
	bool about;
	enum err e = kernel_record(&w->page, id, KNOWN, &r);

	if (!e)
		e = is_about(w, &r, &about);
	if (e || !about)
		return e;
	w->n[STATEMENT_records_filed]++;
	w->n[STATEMENT_records_corrected] += r.root != r.id;
	if (k->time != UNTIMED && r.values[k->time].said == SAID_VALUE)
		add_days(w, day_of(r.at, CHINA_OFFSET_MIN) - day_of(r.values[k->time].i, CHINA_OFFSET_MIN));
	return k->add ? k->add(w, &r) : OK;
}

static enum err add_type(struct counting *w, const struct counted *k)
{
	struct rows r;
	int64_t after = 0;
	enum err e;

	do {
		arena_reset(w->page.arena);
		e = kernel_records_of(&w->page, k->type, w->c->who->party, w->from, w->to, after, &r);
		for (size_t i = 0; i < r.n && !e; i++) {
			after = row_int(&r, i, 0);
			e = add_record(w, k, after);
		}
	} while (!e && r.n);
	return e;
}

/* ---- cases of the party: its recalls, what it was told of others, what it was asked ---- */

struct cases { const char *type, *waiting; size_t all, answered; };      /* answered: a field for those that do not wait any more */
static const struct cases cases[] = {
	{ "recall", NULL, STATEMENT_recalls, 0 },
	{ "recall_notice", "sent", STATEMENT_recall_notices, STATEMENT_recall_notices_answered },
	{ "finding", NULL, STATEMENT_findings_filed, 0 },
};

static enum err add_case(struct counting *w, const struct cases *k, int64_t root)
{
	struct flow_case fc;
	enum err e = flow_case_get(&w->page, root, &fc);

	w->n[k->all]++;
	if (e)
		return e == E_ABSENT ? OK : e;
	if (k->waiting && !str_is(fc.state, k->waiting))
		w->n[k->answered]++;
	if (str_is(fc.flow, "finding")) {
		w->n[STATEMENT_findings_confirmed] += str_is(fc.state, "confirmed") || str_is(fc.state, "closed");
		w->n[STATEMENT_findings_open] += str_is(fc.state, "open") || str_is(fc.state, "explained");
	}
	return OK;
}

static enum err add_cases(struct counting *w, const struct cases *k)
{
	const struct type *t = kernel_type(w->c->k, str_of(k->type));
	struct rows r = { .n = t != NULL };
	int64_t after = 0;
	enum err e = OK;

	while (!e && r.n) {
		arena_reset(w->page.arena);
		e = kernel_records_of(&w->page, t, w->c->who->party, w->from, w->to, after, &r);
		for (size_t i = 0; i < r.n && !e; i++) {
			after = row_int(&r, i, 0);
			e = add_case(w, k, row_int(&r, i, 1));
		}
	}
	return e;
}

/* ---- the figures ---- */

static int by_number(const void *x, const void *y)
{
	int64_t a = *(const int64_t *)x, b = *(const int64_t *)y;

	return (a > b) - (a < b);
}

/* In halves: the middle of an even number of days may lie between two. */
static int64_t median_halves(int64_t *v, size_t n)
{
	qsort(v, n, sizeof(*v), by_number);
	return n % 2 ? 2 * v[n / 2] : v[n / 2 - 1] + v[n / 2];
}

static void put_number(struct counting *w, size_t field)
{
	w->c->in[field] = (struct value){ .said = SAID_VALUE, .i = w->n[field], .text = str_fmt(w->c->arena, "%lld", (long long)w->n[field]) };
}

static void put_decimal(struct counting *w, size_t field, struct decimal d)
{
	w->c->in[field] = (struct value){ .said = SAID_VALUE, .text = decimal_str(w->c->arena, d) };
}

/* Whatever a caller sent for a figure is gone. */
static void put_figures(struct counting *w)
{
	struct call *c = w->c;
	int64_t sent = w->n[STATEMENT_deliveries_sent], answered = w->n[STATEMENT_deliveries_answered];

	w->n[STATEMENT_records_timed] = (int64_t)w->n_days;
	for (size_t i = STATEMENT_computed_at; i < STATEMENT_FIELDS; i++) {
		c->in[i] = (struct value){ 0 };
		if (statement_type.fields[i].kind == KIND_INTEGER)
			put_number(w, i);
	}
	c->in[STATEMENT_computed_at] = (struct value){ .said = SAID_VALUE, .text = time_str(c->arena, c->now, false), .i = c->now - c->now % 1000 };
	if (sent)                               /* hundredths of a per cent, cut */
		put_decimal(w, STATEMENT_answered_share, (struct decimal){ (decimal_wide)(answered * 10000 / sent) * 10000 });
	if (w->n_days)
		put_decimal(w, STATEMENT_median_days, (struct decimal){ (decimal_wide)median_halves(w->days, w->n_days) * 500000 });
}

static enum err check_period(struct call *c)
{
	int64_t from = c->in[STATEMENT_from].i, to = c->in[STATEMENT_to].i;

	if (to < from)
		return call_trouble(c, STATEMENT_to, "止于起始之前", "it ends before it begins");
	return to - from > DAYS_MOST ? call_trouble(c, STATEMENT_to, "一次不超过三年", "three years at most") : OK;
}

static enum err count_all(struct counting *w)
{
	struct call *c = w->c;
	enum err e = OK;

	w->n[STATEMENT_log_size] = (int64_t)log_shown(kernel_log(c->k)).size;
	if (c->in[STATEMENT_product].said)
		e = root_of(w, c->in[STATEMENT_product].i, &w->product);
	for (size_t i = 0; i < ROWS(counted) && !e; i++)
		e = add_type(w, &counted[i]);
	for (size_t i = 0; i < ROWS(cases) && !e; i++)
		e = add_cases(w, &cases[i]);
	return e;
}

enum err statement_prepare(struct call *c)
{
	struct arena page;
	struct counting *w = TAKE(c->arena, struct counting, 1);
	jmp_buf full, *before = c->arena->full;
	volatile enum err e = check_period(c);

	if (e)
		return e;
	*w = (struct counting){ .c = c, .page = *c, .roots = map_in(c->arena),
		.from = c->in[STATEMENT_from].i * DAY_MS - CHINA_OFFSET_MIN * INT64_C(60000), .to = (c->in[STATEMENT_to].i + 1) * DAY_MS - CHINA_OFFSET_MIN * INT64_C(60000) };
	w->page.arena = &page;
	arena_init(&page, (size_t)1 << 30, &full);
	c->arena->full = &full;
	if (setjmp(full))
		e = E_TOO_BIG;
	else
		e = count_all(w);
	c->arena->full = before;
	arena_end(&page);
	if (e)
		return e;
	put_figures(w);
	return kernel_file_prepare(c);
}

/* ---- among peers ---- */

/* The newest statement of each party about all it makes or sells, of the last year. A median over fewer than five parties is not told. */
static const size_t compared[] = { STATEMENT_answered_share, STATEMENT_median_days, STATEMENT_records_corrected, STATEMENT_findings_confirmed, STATEMENT_findings_open };

/* In millionths. */
static bool figure_of(const struct record *r, size_t field, int64_t *ret)
{
	struct decimal d;

	if (r->values[field].said != SAID_VALUE)
		return false;
	if (r->type->fields[field].kind == KIND_INTEGER) {
		*ret = r->values[field].i * 1000000;
		return true;
	}
	*ret = decimal_get(r->values[field].text, &d) ? (int64_t)d.millionths : 0;
	return true;
}

static void put_median(struct call *c, struct node *list, size_t field, int64_t *v, size_t n)
{
	struct node *o = node_obj(c->arena);

	put_z(c->arena, o, "figure", statement_type.fields[field].name);
	put_z(c->arena, o, "zh", statement_type.fields[field].words);
	put_z(c->arena, o, "en", statement_type.fields[field].en);
	if (n >= FEWEST) {
		put_int(c->arena, o, "parties", (int64_t)n);
		put_str(c->arena, o, "median", decimal_str(c->arena, (struct decimal){ median_halves(v, n) / 2 }));
	} else {
		put_z(c->arena, o, "median", "withheld");
	}
	node_add(list, o);
}

enum err statement_compare(struct call *c)
{
	struct node *list = put_arr(c->arena, c->out, "figures");
	struct map seen = map_in(c->arena);
	struct record *all;
	struct rows r;
	size_t n = 0;
	enum err e = db_ask(c->db, c->arena, trace_sql[Q_STATEMENTS], VALS(V_I(c->now - 365 * DAY_MS)), &r);

	all = TAKE(c->arena, struct record, r.n + 1);
	for (size_t i = 0; i < r.n && !e; i++) {
		if (map_put(&seen, str_fmt(c->arena, "%lld", (long long)row_int(&r, i, 1)), all))
			e = kernel_record(c, row_int(&r, i, 0), 1u << KEY_PUBLIC, &all[n++]);
	}
	for (size_t f = 0; f < ROWS(compared) && !e; f++) {
		int64_t *v = TAKE(c->arena, int64_t, n + 1);
		size_t got = 0;

		for (size_t i = 0; i < n; i++)
			got += figure_of(&all[i], compared[f], &v[got]);
		put_median(c, list, compared[f], v, got);
	}
	put_int(c->arena, c->out, "fewest_parties", FEWEST);
	return e;
}
