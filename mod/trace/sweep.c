/* mod/trace/sweep.c - findings are looked for behind the filing, never in its way: what was filed since the last sweep, and what it touches.
 *
 * A sweep is an operation like any other. Its prepare reads, off the writer's thread; its run files what was found and moves the mark.
 * Two marks walk along the log: one for rules that speak at once, one for those that give a record days to be explained by another.
 */
#include <stdatomic.h>
#include <stdlib.h>

#include "mod/trace/finding.h"

enum { KNOWN = 1u << KEY_PUBLIC | 1u << KEY_BUSINESS, RECORDS_A_SWEEP = 2000, FILED_A_SWEEP = 500, CHUNK_ROWS = 200000, FEW_ITEMS = 16, EVERY_MS = 60000 };

enum mark { MARK_NOW, MARK_LATER, MARKS };
static const char *const mark_names[MARKS] = { "now", "later" };
static const int mark_days[MARKS] = { 0, 3 };

struct sweep {
	struct candidates found;
	int64_t from[MARKS], to[MARKS];
	bool more;
	int64_t *gone;            /* open findings that nothing speaks for any more */
	size_t n_gone, cap_gone;
	struct map chunks;        /* looked through already in this sweep */
};

/* ---- which findings are open about a record ---- */

static enum err open_findings(struct call *c, int64_t subject, int64_t **ret, size_t *ret_n)
{
	int64_t *ids;
	size_t n, kept = 0;
	enum err e = records_with(c, &finding_type, "subject", id_str(c->arena, subject), &ids, &n);

	for (size_t i = 0; i < n && !e; i++) {
		struct flow_case fc;

		e = flow_case_get(c, ids[i], &fc);
		if (!e && str_is(fc.state, "open"))
			ids[kept++] = ids[i];
		if (e == E_ABSENT)
			e = OK;
	}
	*ret = ids;
	*ret_n = kept;
	return e;
}

static void gone(struct call *c, struct sweep *s, int64_t finding)
{
	for (size_t i = 0; i < s->n_gone; i++)
		if (s->gone[i] == finding)
			return;
	if (s->n_gone == s->cap_gone) {
		int64_t *grown = TAKE(c->arena, int64_t, s->cap_gone = s->cap_gone ? s->cap_gone * 2 : 16);

		if (s->n_gone)
			memcpy(grown, s->gone, s->n_gone * sizeof(*grown));
		s->gone = grown;
	}
	s->gone[s->n_gone++] = finding;
}

/* What was corrected is asked about no more; what nothing speaks for now neither. rule: only of that one, or RULES for all. */
static enum err withdraw_of(struct call *c, struct sweep *s, int64_t subject, const struct candidates *still, enum rule only)
{
	int64_t *ids;
	size_t n;
	enum err e = open_findings(c, subject, &ids, &n);

	for (size_t i = 0; i < n && !e; i++) {
		struct record f;

		e = kernel_record(c, ids[i], KNOWN, &f);
		if (e || (only != RULES && !str_is(f.values[FINDING_rule].text, rule_rows[only].key)))
			continue;
		if (!still || !map_get(&still->seen, f.values[FINDING_key].text))
			gone(c, s, ids[i]);
	}
	return e;
}

/* ---- what a record touches ---- */

static enum err few_items(struct call *c, const struct pack *p, const struct chunk_set *s, struct candidates *all)
{
	struct range *r;
	size_t n;

	if (!chunk_ranges(c->arena, s->bytes, &r, &n))
		return E_CORRUPT;
	for (size_t i = 0; i < n; i++)
		for (uint32_t at = r[i].lo; at <= r[i].hi; at++) {
			struct range one = { at, at };
			struct chunk_event *ev;
			struct item_event *mine;
			size_t events;
			enum err e = item_history(c, p->record, (s->chunk << CHUNK_BITS) + at, &mine, &events);

			if (e)
				return e;
			ev = TAKE(c->arena, struct chunk_event, events + 1);
			for (size_t k = 0; k < events && !e; k++) {
				ev[k].ev = mine[k];
				e = chunk_write(c->arena, &one, 1, &ev[k].bytes);
			}
			if (!e)
				e = rules_of_chunk(c, p, s->chunk, ev, events, all);
			if (e)
				return e;
		}
	return OK;
}

/* Few items by themselves; otherwise the chunk once, whatever number of records touched it. */
static enum err look_through(struct call *c, struct sweep *s, const struct chunk_set *set, struct candidates *all)
{
	struct str key = str_fmt(c->arena, "%lld %u", (long long)set->pack, set->chunk);
	struct chunk_event *ev;
	struct pack p;
	size_t n;
	enum err e = pack_get(c, set->pack, &p);

	if (e)
		return e;
	if (chunk_count(set->bytes) <= FEW_ITEMS)
		return few_items(c, &p, set, all);
	if (!map_put(&s->chunks, key, s))
		return OK;
	e = chunk_history(c, set->pack, set->chunk, CHUNK_ROWS, &ev, &n);
	return e == E_BUSY ? OK : e ? e : rules_of_chunk(c, &p, set->chunk, ev, n, all);
}

static enum err of_record(struct call *c, struct sweep *s, const struct record *r, struct candidates *all)
{
	struct move m[MOVES_MAX];
	size_t moves = moves_of(r->type, r->values, r->at, m);
	enum err e = moves ? rules_of_record(c, r, all) : OK;

	for (size_t i = 0; i < moves && !e; i++) {
		struct chunk_set *set;
		size_t n;

		e = items_chunks(c, r->id, &r->values[m[i].items], &set, &n);
		for (size_t k = 0; k < n && !e; k++)
			e = look_through(c, s, &set[k], all);
	}
	return e;
}

/* What this record answers or replaces need not be asked any more. */
static enum err answers(struct call *c, struct sweep *s, const struct record *r, const struct candidates *now)
{
	int64_t offer = r->type == &purchase_type ? r->values[PURCHASE_offer].i : r->type == &refusal_type ? r->values[REFUSAL_offer].i : 0;
	enum err e = r->corrects ? withdraw_of(c, s, r->corrects, NULL, RULES) : OK;

	if (!e && offer)
		e = withdraw_of(c, s, offer, NULL, RULE_UNANSWERED);
	if (e || r->type != &purchase_type)
		return e;
	/* sales this purchase explains: those of the same party over the same goods */
	{
		struct chunk_set *set;
		size_t n;

		e = items_chunks(c, r->id, &r->values[PURCHASE_trace_code], &set, &n);
		for (size_t k = 0; k < n && !e; k++) {
			struct chunk_event *ev;
			size_t events;

			e = chunk_history(c, set[k].pack, set[k].chunk, CHUNK_ROWS, &ev, &events);
			for (size_t i = 0; i < events && !e; i++)
				if (ev[i].ev.verb == VERB_RESOLD && ev[i].ev.party == r->party)
					e = withdraw_of(c, s, ev[i].ev.record, now, RULE_NO_PURCHASE);
			if (e == E_BUSY)
				e = OK;
		}
	}
	return e;
}

/* ---- prepare: read ---- */

static enum err marks_get(struct call *c, struct sweep *s)
{
	for (int m = 0; m < MARKS; m++) {
		struct rows r;
		enum err e = db_ask(c->db, c->arena, trace_sql[Q_SWEEP_GET], VALS(V_T(str_of(mark_names[m]))), &r);

		if (e)
			return e;
		s->from[m] = s->to[m] = r.n ? row_int(&r, 0, 0) : 0;
	}
	return OK;
}

/* A rule with a grace speaks when that has passed; those without speak at the first mark. */
static void take_ripe(struct call *c, struct sweep *s, const struct candidates *all, enum mark m, const struct map *ages)
{
	for (const struct candidate *x = all->first; x; x = x->next) {
		const int64_t *at = map_get(ages, str_fmt(c->arena, "%lld", (long long)x->subject));
		int64_t age = at ? c->now - *at : INT64_MAX;

		if (age < (int64_t)rule_rows[x->rule].grace * DAY_MS)
			continue;
		if (s->found.n >= FILED_A_SWEEP) {
			s->more = true;
			return;
		}
		candidate_add(c, &s->found, x);
	}
	(void)m;
}

static enum err age_of(struct call *c, struct map *ages, int64_t record)
{
	struct str key = str_fmt(c->arena, "%lld", (long long)record);
	struct record r;
	int64_t *at;
	enum err e;

	if (map_get(ages, key))
		return OK;
	e = kernel_record(c, record, 0, &r);
	if (e)
		return e;
	at = TAKE(c->arena, int64_t, 1);
	*at = r.at;
	map_put(ages, key, at);
	return OK;
}

static enum err walk(struct call *c, struct sweep *s, enum mark m)
{
	struct candidates all = { .seen = map_in(c->arena) };
	struct map ages = map_in(c->arena);
	struct rows r;
	enum err e = db_ask(c->db, c->arena, trace_sql[Q_SWEEP_RECORDS], VALS(V_I(s->from[m]), V_I(c->now - (int64_t)mark_days[m] * DAY_MS), V_I(RECORDS_A_SWEEP)), &r);

	s->chunks = map_in(c->arena);
	for (size_t i = 0; i < r.n && !e; i++) {
		struct record rec;

		e = kernel_record(c, row_int(&r, i, 0), KNOWN, &rec);
		if (!e)
			e = of_record(c, s, &rec, &all);
		if (!e && m == MARK_NOW)
			e = answers(c, s, &rec, &all);
		s->to[m] = row_int(&r, i, 1) + 1;
	}
	s->more = s->more || r.n == RECORDS_A_SWEEP;
	for (const struct candidate *x = all.first; x && !e; x = x->next)
		e = age_of(c, &ages, x->subject);
	if (!e)
		take_ripe(c, s, &all, m, &ages);
	return e;
}

enum err sweep_prepare(struct call *c)
{
	struct sweep *s = TAKE(c->arena, struct sweep, 1);
	enum err e = marks_get(c, s);

	s->found.seen = map_in(c->arena);
	for (enum mark m = 0; m < MARKS && !e; m++)
		e = walk(c, s, m);
	if (!e)
		e = rules_of_deliveries(c, &s->found);
	c->scratch = s;
	return e;
}

/* ---- run: file ---- */

static struct value text(struct str t) { return (struct value){ .said = t.n ? SAID_VALUE : SAID_NOTHING, .text = t }; }

static enum err file_one(struct call *c, const struct candidate *x, int64_t *ret)
{
	struct value *v = TAKE(c->arena, struct value, FINDING_FIELDS);
	struct filing f = { .type = &finding_type, .values = v, .party = x->party };
	enum err e = OK;

	v[FINDING_rule] = text(str_of(rule_rows[x->rule].key));
	v[FINDING_subject] = (struct value){ .said = SAID_VALUE, .text = id_str(c->arena, x->subject), .i = x->subject };
	if (x->other)
		v[FINDING_other] = (struct value){ .said = SAID_VALUE, .text = id_str(c->arena, x->other), .i = x->other };
	if (x->n) {
		struct item_sets s = { 0 };

		for (size_t i = 0; i < x->n; i++)
			sets_add(c, &s, &x->pack, x->r[i].lo, x->r[i].hi);
		sets_tidy(&s);
		e = items_normal(c, &s, &v[FINDING_items]);
		v[FINDING_count] = (struct value){ .said = SAID_VALUE, .i = (int64_t)x->count, .text = str_fmt(c->arena, "%llu", (unsigned long long)x->count) };
	}
	v[FINDING_detail] = text(x->detail);
	v[FINDING_key] = text(candidate_key(c->arena, x));
	return e ? e : kernel_append(c, &f, ret);
}

/* Asked once: also when it was explained, dismissed or withdrawn before. */
static enum err is_known(struct call *c, const struct candidate *x, bool *ret)
{
	struct rows r;
	enum err e = kernel_find(c, &finding_type, "key", candidate_key(c->arena, x), INT64_MAX, &r);

	*ret = !e && r.n > 0;
	return e;
}

static enum err tell(struct call *c, struct map *told, int64_t party, int64_t finding)
{
	struct str key = str_fmt(c->arena, "%lld", (long long)party);

	if (map_put(told, key, told))
		notice_put(c, party, "finding", finding, S("流向核对发现需要贵单位说明的问题，请在“问题线索”中说明"), S("a check of flows found something for you to explain"));
	return OK;
}

enum err sweep_run(struct call *c)
{
	struct sweep *s = c->scratch;
	struct map told = map_in(c->arena);
	int64_t filed = 0, withdrawn = 0;
	enum err e = OK;

	for (const struct candidate *x = s->found.first; x && !e; x = x->next) {
		bool known;
		int64_t id;

		e = is_known(c, x, &known);
		if (e || known)
			continue;
		e = file_one(c, x, &id);
		if (!e)
			e = tell(c, &told, x->party, id);
		filed++;
	}
	for (size_t i = 0; i < s->n_gone && !e; i++) {
		e = kernel_step(c, s->gone[i], "finding", "withdraw", S("有关记录已更正或补齐"), false);
		withdrawn += !e;
		if (e == E_STATE)
			e = OK;
	}
	for (enum mark m = 0; m < MARKS && !e; m++)
		db_tell(c->db, trace_sql[Q_SWEEP_PUT], VALS(V_T(str_of(mark_names[m])), V_I(s->to[m])));
	if (e)
		return e;
	c->out = node_obj(c->arena);            /* steps left their own words */
	put_int(c->arena, c->out, "found", filed);
	put_int(c->arena, c->out, "withdrawn", withdrawn);
	put_bool(c->arena, c->out, "more", s->more);
	return db_sticky(c->db);
}

/* ---- by itself, once a minute while serving ---- */

struct flow_state { _Atomic bool under_way; _Atomic uint64_t seen; _Atomic int64_t last; };
struct own_sweep { struct call call; struct arena a; struct flow_state *state; jmp_buf full; };

static const struct actor house = { .roles = R_OPERATOR, .login = { "sweep", 5 } };

void *flow_open(struct kernel *k)
{
	(void)k;
	return calloc(1, sizeof(struct flow_state));
}

void flow_close(void *state) { free(state); }

static void swept(struct call *c)
{
	struct own_sweep *o = (struct own_sweep *)c;

	if (!c->err && node_get(c->out, "more") && node_get(c->out, "more")->yes)
		atomic_store(&o->state->last, 0);       /* go on at the next tick */
	atomic_store(&o->state->under_way, false);
	arena_end(&o->a);
	free(o);
}

/* A day is looked at once even when nothing was filed: graces end. */
void flow_tick(struct kernel *k, int64_t now)
{
	struct flow_state *st = module_state(k, "flow");
	uint64_t size = log_shown(kernel_log(k)).size;
	int64_t since = now - atomic_load(&st->last);
	struct own_sweep *o;

	if (since < EVERY_MS || (size == atomic_load(&st->seen) && since < DAY_MS / 24) || atomic_exchange(&st->under_way, true))
		return;
	o = calloc(1, sizeof(*o));
	if (!o) {
		atomic_store(&st->under_way, false);
		return;
	}
	atomic_store(&st->last, now);
	atomic_store(&st->seen, size);
	o->state = st;
	arena_init(&o->a, (size_t)1 << 30, &o->full);
	o->call = (struct call){ .k = k, .op = op_find(k, S("finding.sweep")), .who = &house, .arena = &o->a, .now = now, .done = swept };
	op_run(&o->call);
}
