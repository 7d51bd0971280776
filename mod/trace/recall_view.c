/* mod/trace/recall_view.c - how far a recall got: numbers for who ordered it, names for the authority, and the file that closes it.
 *
 * Whom a wholesaler sold to is no business of the maker, recall or not: a holder has a name here only for officers, and for the maker
 * where one of the two filed the delivery between them. How many a holder has is shown where all of them came that way.
 */
#include "mod/trace/recall.h"
#include "mod/trace/sight.h"

enum { KNOWN = 1u << KEY_PUBLIC | 1u << KEY_BUSINESS };
enum said_of { SENT, ACKNOWLEDGED, DONE, SAIDS };
enum { EVENTS = 4 };
static const char *const state_names[SAIDS] = { "sent", "acknowledged", "done" };
static const char *const event_names[EVENTS] = { "returned", "destroyed", "sold_on", "checked" };

/* What one party was told, and what it answered: of several letters the one that got least far speaks. */
struct told { int64_t party, since; uint64_t count, event[EVENTS]; enum said_of state; bool late; };

struct standing_now {
	struct call *c;
	struct record r;
	struct flow_case at;
	struct reach reach;
	struct letter *letter;
	size_t n_letters;
	struct told *told;
	size_t n_told;
	bool names;               /* the caller is an officer: load let no other region's in */
};

/* ---- gathering ---- */

static struct told *told_of(struct standing_now *s, int64_t party)
{
	for (size_t i = 0; i < s->n_told; i++)
		if (s->told[i].party == party)
			return &s->told[i];
	return NULL;
}

static enum said_of state_said(struct str state)
{
	for (enum said_of i = SENT; i < SAIDS; i++)
		if (str_is(state, state_names[i]))
			return i;
	return SENT;
}

static enum err outcomes_of(struct call *c, int64_t notice, struct record **ret, size_t *ret_n)
{
	int64_t *ids;
	enum err e = records_with(c, &recall_report_type, "notice", id_str(c->arena, notice), &ids, ret_n);

	if (!e)
		*ret = TAKE(c->arena, struct record, *ret_n + 1);
	for (size_t i = 0; !e && i < *ret_n; i++)
		e = kernel_record(c, ids[i], KNOWN, &(*ret)[i]);
	return e;
}

static enum err add_letter(struct standing_now *s, const struct letter *l)
{
	struct told *t = told_of(s, l->r.party);
	enum said_of state = state_said(l->at.state);
	struct record *out;
	size_t n;
	enum err e = outcomes_of(s->c, l->r.id, &out, &n);

	if (e)
		return e;
	if (!t) {
		t = &s->told[s->n_told++];
		*t = (struct told){ .party = l->r.party, .state = state, .since = l->at.since };
	}
	if (state < t->state || (state == t->state && l->at.since > t->since)) {
		t->state = state;
		t->since = l->at.since;
	}
	t->late = t->late || (state != DONE && l->at.due && l->at.due < s->c->now);
	t->count += (uint64_t)l->r.values[NOTICE_count].i;
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < EVENTS; k++)
			if (str_is(out[i].values[OUTCOME_event].list[0], event_names[k]))
				t->event[k] += (uint64_t)out[i].values[OUTCOME_count].i;
	return OK;
}

static enum err load(struct call *c, struct standing_now *s)
{
	enum err e = kernel_record(c, c->in[0].i, KNOWN, &s->r);

	s->c = c;
	s->names = c->who->roles & R_OFFICER;
	if (!e)
		e = flow_case_get(c, s->r.id, &s->at);
	if (!e)
		e = recall_reach(c, &s->r, &s->reach);
	if (!e)
		e = recall_letters(c, s->r.id, &s->letter, &s->n_letters);
	if (e)
		return e;
	s->told = TAKE(c->arena, struct told, s->n_letters + 1);
	for (size_t i = 0; i < s->n_letters && !e; i++)
		e = add_letter(s, &s->letter[i]);
	return e;
}

/* ---- holders, one by one ---- */

/* Does the caller know this hand, and of how many of its items does it know that they are there? */
static enum err known_to_maker(struct standing_now *s, const struct reach_hand *x, bool *ret_named, uint64_t *ret_seen)
{
	const struct looking l = { .maker = s->r.party };

	for (size_t i = 0; i < x->n; i++) {
		const struct reach_part *p = &x->part[i];
		struct step_view v;
		bool named;
		enum err e = p->record ? step_see(s->c, &l, p->record, &v) : E_ABSENT;

		if (e == E_ABSENT)
			continue;
		if (e)
			return e;
		named = p->kind != HOLD_OFFERED && x->party && x->party == v.r.party ? v.sees[FACT_FILER] : v.sees[FACT_OTHER];
		*ret_named = *ret_named || named;
		if (named && v.sees[FACT_COUNT])
			*ret_seen += p->count;
	}
	return OK;
}

static enum err put_name(struct call *c, struct node *o, int64_t party, struct str uscc)
{
	struct party p = { .uscc = uscc };
	enum err e = party ? party_get(c, party, &p) : OK;

	if (!e && p.name.n)
		put_str(c->arena, o, "name", p.name);
	if (!e && p.region.n)
		put_str(c->arena, o, "region", p.region);
	if (!e)
		put_str(c->arena, o, "uscc", p.uscc);
	return e;
}

static void put_told(struct call *c, struct node *o, const struct told *t, bool counts)
{
	put_z(c->arena, o, "state", state_names[t->state]);
	if (t->state != SENT)
		put_str(c->arena, o, t->state == DONE ? "finished_at" : "acknowledged_at", time_str(c->arena, t->since, false));
	put_bool(c->arena, o, "late", t->late);
	for (size_t k = 0; k < EVENTS && counts; k++)
		put_int(c->arena, o, event_names[k], (int64_t)t->event[k]);
}

/* x or t may be NULL: told and sold on since, or not told yet. */
static enum err put_holder(struct standing_now *s, struct node *list, const struct reach_hand *x, const struct told *t)
{
	struct call *c = s->c;
	struct node *o = node_obj(c->arena);
	bool named = s->names;
	uint64_t seen = 0;
	enum err e = !s->names && x ? known_to_maker(s, x, &named, &seen) : OK;
	bool counts = s->names || (x && seen == x->count && (!t || t->count <= seen));

	if (!e && named)
		e = put_name(c, o, x ? x->party : t->party, x ? x->uscc : S(""));
	if (e)
		return e;
	put_bool(c->arena, o, "sealed", !named);
	if (s->names)
		put_int(c->arena, o, "count", x ? (int64_t)x->count : 0);
	else if (seen)
		put_int(c->arena, o, "count", (int64_t)seen);
	if (t)
		put_told(c, o, t, counts);
	else
		put_z(c->arena, o, "state", x->party ? "waiting" : "unregistered");
	node_add(list, o);
	return OK;
}

static enum err put_holders(struct standing_now *s, struct node *o)
{
	struct node *list = put_arr(s->c->arena, o, "holders");
	enum err e = OK;

	for (size_t i = 0; i < s->reach.n && !e; i++) {
		const struct reach_hand *x = s->reach.hand[i];

		if (!s->r.party || x->party != s->r.party)
			e = put_holder(s, list, x, x->party ? told_of(s, x->party) : NULL);
	}
	for (size_t i = 0; i < s->n_told && !e; i++) {
		bool holds = false;

		for (size_t k = 0; k < s->reach.n && !holds; k++)
			holds = s->reach.hand[k]->party == s->told[i].party;
		if (!holds)
			e = put_holder(s, list, NULL, &s->told[i]);
	}
	return e;
}

/* ---- the sums ---- */

static void put_sums(struct standing_now *s, struct node *o)
{
	static const char *const hands[] = { "maker", "party", "offered", "consumer", "unnamed", "ended" };
	struct arena *a = s->c->arena;
	struct node *held = put_obj(a, o, "held");
	uint64_t told = 0, event[EVENTS] = { 0 }, done;
	int64_t state[SAIDS] = { 0 }, late = 0;

	for (size_t i = 0; i < ROWS(hands); i++)
		put_int(a, held, hands[i], (int64_t)s->reach.count[i]);
	for (size_t i = 0; i < s->n_told; i++) {
		told += s->told[i].count;
		late += s->told[i].late;
		for (enum said_of k = SENT; k <= s->told[i].state; k++)
			state[k]++;
		for (size_t k = 0; k < EVENTS; k++)
			event[k] += s->told[i].event[k];
	}
	put_int(a, o, "told", state[SENT]);
	put_int(a, o, "acknowledged", state[ACKNOWLEDGED]);
	put_int(a, o, "finished", state[DONE]);
	put_int(a, o, "late", late);
	for (size_t k = 0; k < EVENTS; k++)
		put_int(a, o, event_names[k], (int64_t)event[k]);
	done = event[0] + event[1] + event[2];
	put_int(a, o, "left", told > done ? (int64_t)(told - done) : 0);
}

static enum err put_progress(struct standing_now *s, struct node *o)
{
	struct call *c = s->c;

	put_str(c->arena, o, "id", id_str(c->arena, s->r.id));
	put_str(c->arena, o, "kind", s->r.values[RECALL_kind].list[0]);
	put_str(c->arena, o, "state", s->at.state);
	put_int(c->arena, o, "covers", (int64_t)s->reach.covers);
	put_sums(s, o);
	if (c->who->roles & R_OPERATOR && !s->names)
		return OK;                      /* numbers only */
	return put_holders(s, o);
}

enum err recall_progress(struct call *c)
{
	struct standing_now s = { 0 };
	enum err e = load(c, &s);

	return e ? e : put_progress(&s, c->out);
}

/* ---- the file that closes it ---- */

static void put_line(struct buf *b, const struct node *o)
{
	json_write(b, o);
	buf_char(b, '\n');
}

/* One record with its receipt; who may not know what it says gets the proof that it was filed, and nothing of it. */
static enum err put_record(struct standing_now *s, struct buf *b, const char *what, struct record r, bool shown)
{
	struct call *c = s->c;
	struct node *o = node_obj(c->arena);
	struct str receipt;
	enum err e = OK;

	put_z(c->arena, o, "what", what);
	put_str(c->arena, o, "record", id_str(c->arena, r.id));
	put_int(c->arena, o, "index", (int64_t)r.index);
	put_str(c->arena, o, "at", time_str(c->arena, r.at, false));
	if (!shown)
		r.values = TAKE(c->arena, struct value, r.type->n);
	else if (r.party)
		e = put_name(c, o, r.party, S(""));
	for (size_t i = 0; i < r.type->n && !e; i++) {
		const struct field *f = &r.type->fields[i];
		struct node *x = f->kind == KIND_ITEMS ? NULL : value_node(c->arena, f, &r.values[i]);

		if (x)
			node_set(o, str_of(f->name), x);
	}
	if (!e)
		e = kernel_receipt(c, &r, &receipt);
	if (e)
		return e;
	put_str(c->arena, o, "receipt", receipt);
	put_line(b, o);
	return OK;
}

static enum err put_releases(struct standing_now *s, struct buf *b)
{
	int64_t *ids;
	size_t n;
	enum err e = records_with(s->c, &life_type, "stop", id_str(s->c->arena, s->r.id), &ids, &n);

	for (size_t i = 0; !e && i < n; i++) {
		struct record r;

		e = kernel_record(s->c, ids[i], 1u << KEY_PUBLIC, &r);
		if (!e)
			e = put_record(s, b, "release", r, true);
	}
	return e;
}

static enum err put_letters(struct standing_now *s, struct buf *b)
{
	enum err e = OK;

	for (size_t i = 0; i < s->n_letters && !e; i++) {
		struct record *out;
		size_t n = 0;

		e = put_record(s, b, "notice", s->letter[i].r, s->names);
		if (!e)
			e = outcomes_of(s->c, s->letter[i].r.id, &out, &n);
		for (size_t k = 0; k < n && !e; k++)
			e = put_record(s, b, "report", out[k], s->names);
	}
	return e;
}

/* Lines of JSON: a head, the order, each notice and report with its receipt (c2sp.org/tlog-proof@v1), and how far it got. */
enum err recall_closing(struct call *c)
{
	struct node *head = node_obj(c->arena), *end = node_obj(c->arena);
	struct buf b = buf_in(c->arena, 65536);
	struct standing_now s = { 0 };
	struct record order;
	enum err e = load(c, &s);

	if (e)
		return e;
	put_z(c->arena, head, "format", "suyuan/recall/1");
	put_str(c->arena, head, "recall", id_str(c->arena, s.r.id));
	put_str(c->arena, head, "at", time_str(c->arena, c->now, false));
	put_str(c->arena, head, "origin", log_origin(kernel_log(c->k)));
	put_int(c->arena, head, "notices", (int64_t)s.n_letters);
	put_line(&b, head);
	e = kernel_record(c, s.r.id, 1u << KEY_PUBLIC, &order);
	if (!e)
		e = put_record(&s, &b, "order", order, true);
	if (!e)
		e = put_releases(&s, &b);
	if (!e)
		e = put_letters(&s, &b);
	put_z(c->arena, end, "what", "progress");
	if (!e)
		e = put_progress(&s, end);
	if (e)
		return e;
	put_line(&b, end);
	c->bytes = buf_str(&b);
	c->media = "application/x-ndjson";
	c->file_name = str_fmt(c->arena, "recall-%.*s.ndjson", STR_ARG(id_str(c->arena, s.r.id)));
	return OK;
}
