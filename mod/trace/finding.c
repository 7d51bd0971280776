/* mod/trace/finding.c - findings listed by cause and party, explained by who is asked, and what may be said of them in public. */
#include "mod/trace/finding.h"

enum { KNOWN = 1u << KEY_PUBLIC | 1u << KEY_BUSINESS, PAGE = 50, CODES_SHOWN = 20 };

/* ---- explained ---- */

/* The words are a record of who explains: whoever judges reads them, and they stay provable. */
enum err finding_explain(struct call *c, int64_t record)
{
	struct value v[EXPLANATION_FIELDS] = { { 0 } };
	struct filing f = { .type = &explanation_type, .values = v, .party = c->who->party };
	int64_t id;

	if (!c->in[1].said)
		return call_refuse(c, E_BAD, "请写明情况", "say how it came about");
	v[EXPLANATION_finding] = (struct value){ .said = SAID_VALUE, .text = id_str(c->arena, record), .i = record };
	v[EXPLANATION_note] = c->in[1];
	return kernel_append(c, &f, &id);
}

/* ---- the list ---- */

enum { LIST_state, LIST_rule, LIST_party, LIST_before };

static void put_rule(struct call *c, struct node *o, struct str key)
{
	const struct rule_row *rule = rule_of(key);

	put_str(c->arena, o, "rule", key);
	put_z(c->arena, o, "rule_zh", rule ? rule->zh : "");
	put_z(c->arena, o, "rule_en", rule ? rule->en : "");
	put_z(c->arena, o, "clause", rule ? rule->clause : "");
}

static void put_group(struct call *c, struct node *list, const struct rows *r, size_t i)
{
	struct node *o = node_obj(c->arena);

	put_rule(c, o, row_str(r, i, 0));
	put_str(c->arena, o, "party", id_str(c->arena, row_int(r, i, 1)));
	put_str(c->arena, o, "name", row_str(r, i, 2));
	put_int(c->arena, o, "count", row_int(r, i, 3));
	put_str(c->arena, o, "oldest", time_str(c->arena, row_int(r, i, 4), false));
	if (row_int(r, i, 5))
		put_str(c->arena, o, "due", time_str(c->arena, row_int(r, i, 5), false));
	put_int(c->arena, o, "late", row_int(r, i, 6));
	node_add(list, o);
}

/* Written to be read by who judges. */
static enum err put_explanation(struct call *c, struct node *o, int64_t finding)
{
	struct record x;
	struct rows r;
	enum err e = kernel_find(c, &explanation_type, "finding", id_str(c->arena, finding), INT64_MAX, &r);

	if (e || !r.n)
		return e;
	e = kernel_record(c, row_int(&r, 0, 0), KNOWN, &x);
	if (!e)
		put_str(c->arena, o, "explanation", x.values[EXPLANATION_note].text);
	return e;
}

/* What it says of withheld values: to its party, and to who looked at it with a reason that was recorded. */
static void put_values(struct call *c, struct node *o, const struct record *r)
{
	const struct value *v = r->values, *items = &v[FINDING_items];
	struct node *codes;

	put_str(c->arena, o, "detail", v[FINDING_detail].text);
	put_str(c->arena, o, "subject", v[FINDING_subject].text);
	if (v[FINDING_other].said)
		put_str(c->arena, o, "other", v[FINDING_other].text);
	if (v[FINDING_count].said)
		put_int(c->arena, o, "count", v[FINDING_count].i);
	codes = put_arr(c->arena, o, "codes");
	for (size_t i = 0; i < items->n && i < CODES_SHOWN && !value_has_parts(items); i++)
		node_add(codes, node_str(c->arena, items->list[i]));
}

static enum err put_item(struct call *c, struct node *list, const struct rows *rows, size_t i, struct str state)
{
	struct node *o = node_obj(c->arena);
	int64_t id = row_int(rows, i, 0), due = row_int(rows, i, 4);
	struct record r;
	struct party p;
	bool sees;
	enum err e = kernel_record(c, id, KNOWN, &r);

	if (!e)
		e = party_get(c, r.party, &p);
	if (e)
		return e;
	put_str(c->arena, o, "id", id_str(c->arena, id));
	put_rule(c, o, r.values[FINDING_rule].text);
	put_str(c->arena, o, "state", state);
	put_str(c->arena, o, "party", id_str(c->arena, p.id));
	put_str(c->arena, o, "name", p.name);
	put_str(c->arena, o, "since", time_str(c->arena, row_int(rows, i, 3), false));
	if (due)
		put_str(c->arena, o, "due", time_str(c->arena, due, false));
	put_bool(c->arena, o, "late", due && due < c->now);
	sees = kernel_may_see(c, &r) & 1u << KEY_BUSINESS || kernel_looked(c, id);
	put_bool(c->arena, o, "withheld", !sees);
	if (sees)
		put_values(c, o, &r);
	node_add(list, o);
	return put_explanation(c, o, id);
}

static enum err put_items(struct call *c, struct str state)
{
	struct node *list = put_arr(c->arena, c->out, "items");
	int64_t before = INT64_MAX, party = 0;
	struct rows r;
	enum err e;

	if (c->in[LIST_before].said && !id_get(c->in[LIST_before].text, &before))
		return call_trouble(c, LIST_before, "应为13位编号", "give an id of 13 characters");
	if (c->in[LIST_party].said && !id_get(c->in[LIST_party].text, &party))
		return call_trouble(c, LIST_party, "应为13位编号", "give an id of 13 characters");
	e = kernel_case_find(c, &finding_type, "rule", c->in[LIST_rule].said ? c->in[LIST_rule].text : S(""), S("finding"), state, party, before, &r);
	for (size_t i = 0; !e && i < r.n && i < PAGE; i++)
		e = put_item(c, list, &r, i, state);
	if (!e && r.n > PAGE)
		put_str(c->arena, c->out, "before", id_str(c->arena, row_int(&r, PAGE - 1, 0)));
	return e;
}

/* Without a rule or a party: how many by cause and party. With one: the findings themselves. */
enum err finding_groups(struct call *c)
{
	struct str state = c->in[LIST_state].said ? c->in[LIST_state].list[0] : S("open");
	struct node *groups;
	struct rows r;
	enum err e;

	put_str(c->arena, c->out, "state", state);
	if (c->in[LIST_rule].said || c->in[LIST_party].said)
		return put_items(c, state);
	groups = put_arr(c->arena, c->out, "groups");
	e = kernel_case_groups(c, &finding_type, "rule", S("finding"), state, &r);
	for (size_t i = 0; i < r.n && !e; i++)
		put_group(c, groups, &r, i);
	return e;
}

/* ---- in public ---- */

/* What became of the findings of each rule, and over how many parties. No figure over fewer than five parties is told. The three cells
 * of a rule are parts of its whole: the whole is told only when each of them is, so that no difference gives a cell that is not. Nothing
 * is summed up over rules. */
enum { FEWEST = 5 };
enum outcome { CONFIRMED, DISMISSED, UNDECIDED, OUTCOMES };
static const struct { const char *state; enum outcome outcome; } states[] = {
	{ "open", UNDECIDED }, { "explained", UNDECIDED }, { "withdrawn", UNDECIDED }, { "confirmed", CONFIRMED }, { "closed", CONFIRMED }, { "dismissed", DISMISSED },
};
struct cell { int64_t n; size_t parties; struct map seen; };

static enum err count_state(struct call *all, const char *state, struct cell of[RULES])
{
	struct rows r;
	enum err e = kernel_case_groups(all, &finding_type, "rule", S("finding"), str_of(state), &r);

	for (size_t i = 0; i < r.n && !e; i++) {
		const struct rule_row *row = rule_of(row_str(&r, i, 0));
		struct cell *x = row ? &of[row - rule_rows] : NULL;

		if (!x)
			continue;
		x->n += row_int(&r, i, 3);
		x->parties += map_put(&x->seen, str_fmt(all->arena, "%lld", (long long)row_int(&r, i, 1)), x);
	}
	return e;
}

static bool is_told(const struct cell *x) { return !x->n || x->parties >= FEWEST; }

static void put_cell(struct call *c, struct node *o, const char *name, int64_t n, bool told)
{
	if (told)
		put_int(c->arena, o, name, n);
	else
		put_z(c->arena, o, name, "withheld");
}

static void put_outcomes(struct call *c, struct node *list, size_t rule, struct cell cell[OUTCOMES][RULES])
{
	const struct cell *yes = &cell[CONFIRMED][rule], *no = &cell[DISMISSED][rule], *rest = &cell[UNDECIDED][rule];
	struct node *o = node_obj(c->arena);
	int64_t judged = yes->n + no->n;

	put_rule(c, o, str_of(rule_rows[rule].key));
	put_cell(c, o, "filed", judged + rest->n, is_told(yes) && is_told(no) && is_told(rest));
	put_cell(c, o, "confirmed", yes->n, is_told(yes));
	put_cell(c, o, "dismissed", no->n, is_told(no));
	if (is_told(yes) && is_told(no) && judged)
		put_str(c->arena, o, "false_alarm_rate", str_fmt(c->arena, "%lld.%02lld%%", (long long)(no->n * 10000 / judged / 100), (long long)(no->n * 10000 / judged % 100)));
	node_add(list, o);
}

enum err finding_stats(struct call *c)
{
	static const struct actor everybody = { .roles = R_OPERATOR };
	struct cell cell[OUTCOMES][RULES];
	struct call all = *c;
	struct node *list = put_arr(c->arena, c->out, "rules");
	enum err e = OK;

	for (size_t o = 0; o < OUTCOMES; o++)
		for (size_t r = 0; r < RULES; r++)
			cell[o][r] = (struct cell){ .seen = map_in(c->arena) };
	all.who = &everybody;                   /* counted over all, told only where five or more stand together */
	for (size_t s = 0; s < ROWS(states) && !e; s++)
		e = count_state(&all, states[s].state, cell[states[s].outcome]);
	for (size_t i = 0; i < RULES && !e; i++)
		put_outcomes(c, list, i, cell);
	put_int(c->arena, c->out, "fewest_parties", FEWEST);
	return e;
}
