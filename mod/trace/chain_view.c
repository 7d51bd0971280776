/* mod/trace/chain_view.c - the chain as its viewer may see it: goods, parties as nodes, moves as edges, steps with proof, who holds it. */
#include "mod/trace/chain.h"

enum { NODES_MOST = 200, EDGES_MOST = 600 };

/* ---- parties as nodes ---- */

struct hands { enum { AT_PARTY, AT_FIRM, AT_CONSUMER, AT_UNNAMED, AT_SEALED } kind; int64_t party; struct str uscc; };
struct graph {
	struct call *c;
	struct node *nodes, *edges;
	struct { struct hands h; struct node *node; } at[NODES_MOST];
	size_t n;
	int sealed;
};

static bool same_place(const struct hands *x, const struct hands *y)
{
	return x->kind == y->kind && x->party == y->party && (x->party || str_eq(x->uscc, y->uscc));
}

static const char *kind_word(const struct hands *h, const struct party *p)
{
	switch (h->kind) {
	case AT_PARTY: return p->roles & R_MAKER ? "maker" : p->roles & R_SELLER ? "seller" : "user_unit";
	case AT_FIRM: return "firm";
	case AT_CONSUMER: return "consumer";
	case AT_UNNAMED: return "unnamed";
	default: return "sealed";
	}
}

static enum err node_of(struct graph *g, const struct hands *h, struct str *ret_id)
{
	struct call *c = g->c;
	struct party p = { 0 };
	struct node *o;
	size_t i = 0;
	enum err e = OK;

	while (i < g->n && !same_place(&g->at[i].h, h))
		i++;
	if (i == NODES_MOST) {
		*ret_id = S("");
		return OK;
	}
	if (i == g->n) {
		if (h->kind == AT_PARTY)
			e = party_get(c, h->party, &p);
		if (e)
			return e;
		o = node_obj(c->arena);
		put_str(c->arena, o, "id", str_fmt(c->arena, "n%zu", i + 1));
		put_z(c->arena, o, "kind", kind_word(h, &p));
		if (h->kind == AT_PARTY) {
			put_str(c->arena, o, "name", p.name);
			put_str(c->arena, o, "uscc", p.uscc);
			put_str(c->arena, o, "region", p.region);
		} else if (h->kind == AT_FIRM) {
			put_str(c->arena, o, "uscc", h->uscc);
		} else if (h->kind == AT_SEALED) {
			put_int(c->arena, o, "number", ++g->sealed);      /* the same unnamed party all along this answer */
		}
		node_add(g->nodes, o);
		g->at[g->n].h = *h;
		g->at[g->n++].node = o;
	}
	*ret_id = node_text(g->at[i].node, "id");
	return OK;
}

/* ---- moves as edges ---- */

/* The two pairs of hands of a step, sealed where the caller may not know them. */
static enum err filer_hands(struct graph *g, const struct step_view *v, struct hands *ret)
{
	(void)g;
	*ret = v->filer.id ? (struct hands){ .kind = AT_PARTY, .party = v->filer.id } : (struct hands){ .kind = AT_SEALED, .party = v->r.party };
	return OK;
}

static enum err other_hands(struct graph *g, const struct item_event *ev, const struct step_view *v, struct hands *ret)
{
	struct party p = { 0 };
	bool named = ev->other.n == 18;
	enum err e = named ? party_by_uscc(g->c, ev->other, &p) : E_ABSENT;

	if (e && e != E_ABSENT)
		return e;
	if (str_is(ev->other, CONSUMER_HANDS))
		*ret = (struct hands){ .kind = v->sees[FACT_OTHER] ? AT_CONSUMER : AT_SEALED };
	else if (!named)
		*ret = (struct hands){ .kind = v->sees[FACT_OTHER] ? AT_UNNAMED : AT_SEALED };
	else if (!v->sees[FACT_OTHER])
		*ret = (struct hands){ .kind = AT_SEALED, .party = p.id, .uscc = p.id ? S("") : ev->other };
	else
		*ret = p.id ? (struct hands){ .kind = AT_PARTY, .party = p.id } : (struct hands){ .kind = AT_FIRM, .uscc = ev->other };
	return OK;
}

/* Does the filer hand the goods over (1), take them (-1), or keep them (0)? */
static int direction(enum verb v)
{
	switch (v) {
	case VERB_SOLD: case VERB_RESOLD: case VERB_PIECE: return 1;
	case VERB_PURCHASED: case VERB_TAKEN_BACK: return -1;
	case VERB_REFUSED: return 1;
	default: return 0;
	}
}

static struct node *edge_between(struct graph *g, struct str from, struct str to)
{
	for (struct node *x = g->edges->first; x; x = x->next)
		if (str_eq(node_text(x, "from"), from) && str_eq(node_text(x, "to"), to))
			return x;
	return NULL;
}

static void count_more(struct node *o, const char *name, int64_t more)
{
	struct node *x = (struct node *)(uintptr_t)node_get(o, name);

	if (x)
		x->i += more;
}

/* A sale and the purchase that answers it are one edge, confirmed by both. */
static enum err put_edge(struct graph *g, struct node *step, const struct chain_step *s, const struct step_view *v)
{
	struct call *c = g->c;
	struct hands mine, other;
	struct str a, b;
	struct node *edge;
	int way = direction(s->ev.verb);
	enum err e = filer_hands(g, v, &mine);

	if (!e)
		e = node_of(g, &mine, &a);
	if (e)
		return e;
	put_str(c->arena, step, "node", a);
	if (!way || (s->ev.verb == VERB_PIECE && !s->ev.other.n))
		return OK;
	e = other_hands(g, &s->ev, v, &other);
	if (!e)
		e = node_of(g, &other, &b);
	if (e || !a.n || !b.n || g->edges->n >= EDGES_MOST)
		return e;
	put_str(c->arena, step, "from", way > 0 ? a : b);
	put_str(c->arena, step, "to", way > 0 ? b : a);
	edge = edge_between(g, node_text(step, "from"), node_text(step, "to"));
	if (!edge) {
		edge = node_obj(c->arena);
		put_str(c->arena, edge, "from", node_text(step, "from"));
		put_str(c->arena, edge, "to", node_text(step, "to"));
		put_z(c->arena, edge, "what", s->ev.verb == VERB_TAKEN_BACK || s->ev.verb == VERB_REFUSED ? "return" : "delivery");
		put_int(c->arena, edge, "records", 0);
		put_int(c->arena, edge, "confirmed", 0);
		node_add(g->edges, edge);
	}
	count_more(edge, "records", 1);
	if (s->ev.verb == VERB_PURCHASED)
		count_more(edge, "confirmed", 1);
	return OK;
}

/* ---- steps ---- */

static void put_times(struct call *c, struct node *o, const struct chain_step *s, const struct step_view *v)
{
	int64_t days = (v->r.at - s->ev.time) / DAY_MS;

	put_str(c->arena, o, "filed", date_str(c->arena, v->r.at, CHINA_OFFSET_MIN));
	if (v->sees[FACT_TIME] || s->ev.time == v->r.at) {
		put_str(c->arena, o, "at", time_str(c->arena, s->ev.time, false));
		if (days > 0)
			put_int(c->arena, o, "filed_late_days", days);
	}
	if (v->r.corrects)
		put_str(c->arena, o, "corrects", id_str(c->arena, v->r.corrects));
}

static enum err put_one(struct graph *g, struct node *list, const struct subject *subject, const struct chain_step *s, const struct looking *all)
{
	struct call *c = g->c;
	struct looking l = *all;
	struct step_view v;
	struct node *o;
	enum err e;

	l.opened = c->who->roles & R_OFFICER && kernel_looked(c, s->ev.record);
	e = put_step(c, list, &s->ev, &l, &v);
	if (e)
		return e;
	o = list->last;
	put_times(c, o, s, &v);
	if (subject->kind != SUBJECT_ITEM && v.sees[FACT_COUNT])
		put_int(c->arena, o, "count", (int64_t)s->count);
	if (s->upstream)
		put_bool(c->arena, o, "of_parent", true);
	return put_edge(g, o, s, &v);
}

static enum err held_by_caller(struct call *c, const struct chain *ch, bool *ret)
{
	*ret = false;
	for (size_t i = 0; i < ch->n && !*ret; i++)
		*ret = c->who->party && (ch->step[i].ev.party == c->who->party || (ch->step[i].ev.other.n && str_eq(ch->step[i].ev.other, c->who->uscc)));
	return OK;
}

static int64_t maker_of(const struct subject *s) { return s->set.n ? s->set.set[0].pack.party : 0; }

static enum err put_chain(struct call *c, const struct subject *s, const struct chain *ch)
{
	struct graph g = { .c = c, .nodes = put_arr(c->arena, c->out, "nodes"), .edges = put_arr(c->arena, c->out, "edges") };
	struct node *steps = put_arr(c->arena, c->out, "steps");
	struct looking l = { .maker = maker_of(s) };
	struct str id;
	enum err e = held_by_caller(c, ch, &l.held);

	if (!e && l.maker)                      /* goods begin at their maker, also before anything was filed */
		e = node_of(&g, &(struct hands){ .kind = AT_PARTY, .party = l.maker }, &id);
	for (size_t i = 0; i < ch->n && !e; i++)
		e = put_one(&g, steps, s, &ch->step[i], &l);
	put_bool(c->arena, c->out, "cut_short", ch->cut_short);
	return e;
}

/* ---- goods, materials, quantity ---- */

static enum err put_material(struct call *c, struct node *list, int64_t record, const struct looking *l)
{
	struct node *o = node_obj(c->arena);
	struct step_view v;
	const struct value *x;
	enum err e = step_see(c, l, record, &v);

	if (e)
		return e;
	x = v.r.values;
	put_str(c->arena, o, "record", id_str(c->arena, record));
	put_int(c->arena, o, "index", (int64_t)v.r.index);
	put_bool(c->arena, o, "sealed", !x[MATERIAL_name].said);
	put_str(c->arena, o, "name", x[MATERIAL_name].text);
	put_str(c->arena, o, "lot", x[MATERIAL_lot].text);
	put_str(c->arena, o, "supplier", x[MATERIAL_supplier_name].text);
	put_str(c->arena, o, "certificate", x[MATERIAL_certificate].text);
	put_str(c->arena, o, "quantity", x[MATERIAL_quantity].text);
	put_str(c->arena, o, "unit", x[MATERIAL_unit].text);
	if (x[MATERIAL_items].said && x[MATERIAL_items].n && !value_has_parts(&x[MATERIAL_items]))
		put_str(c->arena, o, "code", x[MATERIAL_items].list[0]);
	node_add(list, o);
	return OK;
}

static enum err put_upstream(struct call *c, int64_t batch, const struct looking *l)
{
	struct node *list = put_arr(c->arena, c->out, "upstream");
	int64_t *ids;
	size_t n = 0;
	enum err e = batch ? records_with(c, &material_type, "batch", id_str(c->arena, batch), &ids, &n) : OK;

	for (size_t i = 0; i < n && !e; i++) {
		struct looking mine = *l;

		mine.opened = c->who->roles & R_OFFICER && kernel_looked(c, ids[i]);
		e = put_material(c, list, ids[i], &mine);
	}
	return e;
}

static void put_amount(struct call *c, struct node *o, const char *name, struct decimal d) { put_str(c->arena, o, name, decimal_str(c->arena, d)); }

/* What is left of a code is its holder's business: whoever has it, had it or cut from it; an officer after opening the chain. */
static enum err put_balance(struct call *c, const struct subject *s, const struct chain *ch)
{
	struct balance b;
	struct node *o;
	bool held;
	enum err e = balance_of(c, &s->place, &b);

	if (e)
		return e == E_ABSENT ? OK : e;
	e = held_by_caller(c, ch, &held);
	if (!e && c->who->roles & R_OFFICER && ch->n)
		held = kernel_looked(c, ch->step[ch->n - 1].ev.record);
	if (e || !held)
		return e;
	o = put_obj(c->arena, c->out, "balance");
	put_str(c->arena, o, "unit", b.unit);
	put_amount(c, o, "carried", b.carried);
	put_amount(c, o, "tolerance", b.tolerance);
	put_amount(c, o, "cut", b.cut);
	put_amount(c, o, "offcut", b.offcut);
	put_amount(c, o, "returned", b.returned);
	put_amount(c, o, "remainder", b.remainder);
	put_int(c->arena, o, "cuts", (int64_t)b.cuts);
	return OK;
}

static enum err put_goods(struct call *c, const struct subject *s, const struct chain *ch)
{
	struct code_place at = s->place;
	int64_t batch = s->batch;
	enum err e = OK;

	for (size_t i = 0; i < ch->n; i++) {
		if (ch->step[i].ev.verb == VERB_ACTIVATED && !batch)
			batch = ch->step[i].ev.link;
		if (ch->step[i].upstream)
			at = ch->step[i].of;            /* a piece is goods of what it was cut from, at the root */
	}
	if (!at.pack && s->set.n)
		at = (struct code_place){ s->set.set[0].pack.record, s->set.set[0].r[0].lo, s->set.set[0].pack };
	if (!batch)
		batch = at.p.batch;
	if (at.pack)
		e = goods_view(c, &at.p, batch, c->out);
	if (!e)
		e = put_upstream(c, batch, &(struct looking){ .maker = maker_of(s) });
	return e ? e : s->kind == SUBJECT_ITEM ? put_balance(c, s, ch) : OK;
}

/* ---- operations ---- */

enum { GET_of, GET_until };

/* The end of that day, or no end. */
static int64_t until_of(const struct call *c) { return c->in[GET_until].said ? c->in[GET_until].i * DAY_MS - CHINA_OFFSET_MIN * INT64_C(60000) + DAY_MS - 1 : INT64_MAX; }

static enum err ask(struct call *c, int64_t until, struct subject *s, struct chain *ch)
{
	enum err e = subject_find(c, c->in[GET_of].text, s);

	if (e == E_CLASH) {                     /* several lots of that number: the answer lists them */
		put_str(c->arena, c->out, "of", s->text.n ? s->text : c->in[GET_of].text);
		put_z(c->arena, c->out, "kind", "candidates");
		return E_CLASH;
	}
	return e ? e : chain_of(c, s, until, ch);
}

static enum err put_all(struct call *c, const struct subject *s, const struct chain *ch)
{
	enum err e;

	put_str(c->arena, c->out, "of", s->text);
	put_z(c->arena, c->out, "kind", subject_names[s->kind]);
	if (s->kind != SUBJECT_ITEM && s->kind != SUBJECT_CLASS)
		put_int(c->arena, c->out, "count", (int64_t)s->set.count);
	e = put_goods(c, s, ch);
	return e ? e : put_chain(c, s, ch);
}

enum err chain_get(struct call *c)
{
	struct subject s;
	struct chain ch;
	enum err e = ask(c, until_of(c), &s, &ch);

	if (e == E_CLASH)
		return OK;
	return e ? e : put_all(c, &s, &ch);
}

/* ---- an officer opens a chain: a reason, recorded for and shown to everybody whose steps are seen ---- */

static bool touches(struct call *c, int64_t party)
{
	const struct op any = { .who = R_OFFICER, .scope = SCOPE_OWN };
	struct party p;

	return party && party_get(c, party, &p) == OK && op_allowed(&any, c->who, true, p.id, p.region) == OK;
}

/* Made, held, sold or bought in the officer's region, or reported there. */
static enum err region_has(struct call *c, const struct subject *s, const struct chain *ch, bool *ret)
{
	const struct op any = { .who = R_OFFICER, .scope = SCOPE_OWN };
	struct flow_case fc;
	int64_t *ids;
	size_t n = 0;
	enum err e = OK;

	*ret = touches(c, maker_of(s));
	for (size_t i = 0; i < ch->n && !*ret; i++) {
		struct party p;

		*ret = touches(c, ch->step[i].ev.party) ||
		       (ch->step[i].ev.other.n == 18 && party_by_uscc(c, ch->step[i].ev.other, &p) == OK && touches(c, p.id));
	}
	if (!*ret && s->kind == SUBJECT_ITEM)
		e = records_with(c, &report_type, "code", s->text, &ids, &n);
	for (size_t i = 0; i < n && !e && !*ret; i++)
		*ret = flow_case_get(c, ids[i], &fc) == OK && op_allowed(&any, c->who, true, 0, fc.region) == OK;
	return e;
}

enum { OPEN_of, OPEN_reason };

static enum err look_at(struct call *c, int64_t party, int64_t record, struct map *told)
{
	bool first = map_put(told, str_fmt(c->arena, "%lld", (long long)party), told);
	int64_t look;

	return kernel_look(c, party, record, c->in[OPEN_reason].text, first, &look);
}

/* What the officer asked about as a whole: the lot, the paper, or the codes of a carton. */
static int64_t about_of(const struct subject *s)
{
	if (s->kind == SUBJECT_ITEM)
		return 0;
	return s->batch ? s->batch : s->record ? s->record : s->n_found ? s->found[0].id : s->set.n ? s->set.set[0].pack.record : 0;
}

enum err chain_open(struct call *c)
{
	struct map told = map_in(c->arena);
	struct subject s;
	struct chain ch;
	bool may = false;
	enum err e = ask(c, INT64_MAX, &s, &ch);

	if (e == E_CLASH)
		return call_trouble(c, OPEN_of, "有几个批次用这个批号，请填批次的记录编号", "several lots have this number: give the batch's record id");
	if (!e)
		e = region_has(c, &s, &ch, &may);
	if (!e && !may)
		e = call_refuse(c, E_DENIED, "这些货物不在本监管地区生产、持有、售出，也没有在本地区被报告", "these goods were not made, held, sold or reported in your region");
	for (size_t i = 0; i < ch.n && !e; i++)
		if (ch.step[i].ev.party && !kernel_looked(c, ch.step[i].ev.record))
			e = look_at(c, ch.step[i].ev.party, ch.step[i].ev.record, &told);
	if (!e && about_of(&s) && !kernel_looked(c, about_of(&s)))
		e = look_at(c, maker_of(&s), about_of(&s), &told);
	return e ? e : put_all(c, &s, &ch);
}

/* ---- who holds them now ---- */

static const char *const holding_names[] = { "maker", "party", "offered", "consumer", "unnamed", "ended" };

/* Whose hands: named where the caller may know the move that put them there. How many: only of moves the caller is a side of, of what is
 * in its own hands, and for an officer who opened the whole. */
static enum err put_holder(struct call *c, struct node *list, const struct holder *h, const struct looking *all, bool opened)
{
	struct node *o = node_obj(c->arena);
	struct looking l = *all;
	struct step_view v = { .sees = { false } };
	struct party p = { 0 };
	bool mine = c->who->party && h->party == c->who->party, named;
	enum err e = OK;

	l.opened = opened || (c->who->roles & R_OFFICER && h->record && kernel_looked(c, h->record));
	if (h->record)
		e = step_see(c, &l, h->record, &v);
	if (e)
		return e;
	named = mine || h->side || h->kind == HOLD_MAKER || (h->kind == HOLD_PARTY && h->party == v.r.party ? v.sees[FACT_FILER] : v.sees[FACT_OTHER]);
	put_z(c->arena, o, "kind", holding_names[h->kind]);
	put_bool(c->arena, o, "sealed", !named);
	if (named && h->party) {
		e = party_get(c, h->party, &p);
		put_str(c->arena, o, "name", p.name);
		put_str(c->arena, o, "uscc", p.uscc);
		put_str(c->arena, o, "region", p.region);
	} else if (named && h->uscc.n == 18) {
		put_str(c->arena, o, "uscc", h->uscc);
	}
	if (mine || h->side || l.opened)
		put_int(c->arena, o, "count", (int64_t)h->count);
	if (v.sees[FACT_TIME] || mine || h->side)
		put_str(c->arena, o, "since", time_str(c->arena, h->since, false));
	node_add(list, o);
	return e;
}

enum err chain_holders(struct call *c)
{
	struct node *list;
	struct holders h;
	struct subject s;
	bool opened;
	enum err e = subject_find(c, c->in[GET_of].text, &s);

	if (e == E_CLASH)
		return OK;
	if (!e)
		e = holders_of(c, &s.set, until_of(c), &h, NULL, NULL);
	if (e)
		return e;
	put_str(c->arena, c->out, "of", s.text);
	put_z(c->arena, c->out, "kind", subject_names[s.kind]);
	put_int(c->arena, c->out, "count", (int64_t)s.set.count);
	opened = c->who->roles & R_OFFICER && about_of(&s) && kernel_looked(c, about_of(&s));
	list = put_arr(c->arena, c->out, "holders");
	for (size_t i = 0; i < h.n && !e; i++)
		e = put_holder(c, list, &h.h[i], &(struct looking){ .maker = maker_of(&s) }, opened);
	return e;
}

/* ---- the chain as a file that checks offline ---- */

enum err chain_seen(struct call *c, bool goods, struct chain_seen *ret)
{
	struct chain_seen s = { .looking = { 0 } };
	enum err e = ask(c, until_of(c), &s.subject, &s.chain);

	if (e == E_CLASH)
		return call_trouble(c, GET_of, "有几个批次用这个批号，请填批次的记录编号", "several lots have this number: give the batch's record id");
	if (!e)
		e = held_by_caller(c, &s.chain, &s.looking.held);
	if (!e && goods)
		e = put_goods(c, &s.subject, &s.chain);
	if (e)
		return e;
	s.looking.maker = maker_of(&s.subject);
	*ret = s;
	return OK;
}

enum err chain_step(struct call *c, struct node *list, const struct chain_seen *s, size_t i, struct step_view *ret)
{
	struct looking l = s->looking;

	l.opened = c->who->roles & R_OFFICER && kernel_looked(c, s->chain.step[i].ev.record);
	return put_step(c, list, &s->chain.step[i].ev, &l, ret);
}

static enum err put_receipt(struct call *c, struct buf *b, const struct chain_seen *s, size_t i)
{
	struct node *o = node_arr(c->arena);
	struct step_view v;
	struct str receipt;
	enum err e = chain_step(c, o, s, i, &v);

	if (!e)
		e = kernel_receipt(c, &v.r, &receipt);
	if (e)
		return e;
	put_str(c->arena, o->first, "receipt", receipt);
	json_write(b, o->first);
	buf_char(b, '\n');
	return OK;
}

/* Lines of JSON: a head, then each step with its receipt (c2sp.org/tlog-proof@v1) and the disclosures this caller may have. */
enum err chain_evidence(struct call *c)
{
	struct buf b = buf_in(c->arena, 65536);
	struct node *head = node_obj(c->arena);
	struct chain_seen s;
	enum err e = chain_seen(c, false, &s);

	if (e)
		return e;
	put_z(c->arena, head, "format", "suyuan/chain/1");
	put_str(c->arena, head, "of", s.subject.text);
	put_z(c->arena, head, "kind", subject_names[s.subject.kind]);
	put_str(c->arena, head, "at", time_str(c->arena, c->now, false));
	put_str(c->arena, head, "origin", log_origin(kernel_log(c->k)));
	put_int(c->arena, head, "steps", (int64_t)s.chain.n);
	json_write(&b, head);
	buf_char(&b, '\n');
	for (size_t i = 0; i < s.chain.n && !e; i++)
		e = put_receipt(c, &b, &s, i);
	if (e)
		return e;
	c->bytes = buf_str(&b);
	c->media = "application/x-ndjson";
	c->file_name = str_fmt(c->arena, "chain-%.*s.ndjson", (int)(s.subject.text.n > 40 ? 40 : s.subject.text.n), s.subject.text.p);
	return OK;
}
