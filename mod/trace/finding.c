/* mod/trace/finding.c - findings listed by cause and party, and what may be said of them in public. */
#include "mod/trace/finding.h"

enum { KNOWN = 1u << KEY_PUBLIC | 1u << KEY_BUSINESS, FEWEST = 5 };

static const char *const states[] = { "open", "explained", "confirmed", "dismissed", "closed", "withdrawn" };

static const struct rule_row *row_of(struct str key)
{
	for (size_t i = 0; i < RULES; i++)
		if (str_is(key, rule_rows[i].key))
			return &rule_rows[i];
	return NULL;
}

/* ---- the list ---- */

enum { LIST_state, LIST_rule, LIST_party, LIST_before };

static void put_group(struct call *c, struct node *list, const struct rows *r, size_t i)
{
	const struct rule_row *rule = row_of(row_str(r, i, 0));
	struct node *o = node_obj(c->arena);

	put_str(c->arena, o, "rule", row_str(r, i, 0));
	put_z(c->arena, o, "rule_zh", rule ? rule->zh : "");
	put_z(c->arena, o, "rule_en", rule ? rule->en : "");
	put_z(c->arena, o, "clause", rule ? rule->clause : "");
	put_str(c->arena, o, "party", id_str(c->arena, row_int(r, i, 1)));
	put_str(c->arena, o, "name", row_str(r, i, 2));
	put_int(c->arena, o, "count", row_int(r, i, 3));
	put_str(c->arena, o, "since", time_str(c->arena, row_int(r, i, 4), false));
	if (row_int(r, i, 5))
		put_str(c->arena, o, "due", time_str(c->arena, row_int(r, i, 5), false));
	put_int(c->arena, o, "late", row_int(r, i, 6));
	node_add(list, o);
}

static enum err put_item(struct call *c, struct node *list, int64_t id, const struct flow_case *fc)
{
	struct node *o = node_obj(c->arena);
	const struct rule_row *rule;
	struct record r;
	struct party p;
	bool own;
	enum err e = kernel_record(c, id, KNOWN, &r);

	if (!e)
		e = party_get(c, r.party, &p);
	if (e)
		return e;
	own = c->who->party == r.party;
	rule = row_of(r.values[FINDING_rule].text);
	put_str(c->arena, o, "id", id_str(c->arena, id));
	put_str(c->arena, o, "rule", r.values[FINDING_rule].text);
	put_z(c->arena, o, "rule_zh", rule ? rule->zh : "");
	put_z(c->arena, o, "rule_en", rule ? rule->en : "");
	put_str(c->arena, o, "state", fc->state);
	put_str(c->arena, o, "party", p.name);
	put_str(c->arena, o, "since", time_str(c->arena, fc->since, false));
	if (fc->due)
		put_str(c->arena, o, "due", time_str(c->arena, fc->due, false));
	put_bool(c->arena, o, "late", fc->due && fc->due < c->now);
	put_str(c->arena, o, "detail", r.values[FINDING_detail].text);
	if (r.values[FINDING_count].said)
		put_int(c->arena, o, "count", r.values[FINDING_count].i);
	put_str(c->arena, o, "subject", r.values[FINDING_subject].text);
	if (own) {
		struct node *codes = put_arr(c->arena, o, "codes");

		for (size_t i = 0; i < r.values[FINDING_items].n && i < 20 && !value_has_parts(&r.values[FINDING_items]); i++)
			node_add(codes, node_str(c->arena, r.values[FINDING_items].list[i]));
	}
	node_add(list, o);
	return OK;
}

/* May the caller see this one? A party its own, an officer those of the region, the operator all. */
static bool in_scope(struct call *c, const struct flow_case *fc) { return op_allowed(c->op, c->who, true, fc->party, fc->region) == OK; }

static enum err put_items(struct call *c, struct str state)
{
	enum { PAGE = 50, LOOKED_AT = 2000 };
	struct node *list = put_arr(c->arena, c->out, "items");
	int64_t before = INT64_MAX, party = 0;
	struct rows r = { .n = 51 };
	size_t looked = 0;
	enum err e = OK;

	if (c->in[LIST_before].said && !id_get(c->in[LIST_before].text, &before))
		return call_trouble(c, LIST_before, "应为13位编号", "give an id of 13 characters");
	if (c->in[LIST_party].said && !id_get(c->in[LIST_party].text, &party))
		return call_trouble(c, LIST_party, "应为13位编号", "give an id of 13 characters");
	while (!e && r.n > 50 && list->n < PAGE && looked < LOOKED_AT) {
		e = kernel_find(c, &finding_type, "rule", c->in[LIST_rule].text, before, &r);
		for (size_t i = 0; i < r.n && i < 50 && !e && list->n < PAGE; i++, looked++) {
			struct flow_case fc;

			before = row_int(&r, i, 0);
			e = flow_case_get(c, before, &fc);
			if (!e && str_eq(fc.state, state) && (!party || fc.party == party) && in_scope(c, &fc))
				e = put_item(c, list, before, &fc);
			if (e == E_ABSENT)
				e = OK;
		}
	}
	if (!e && (list->n == PAGE || looked >= LOOKED_AT) && r.n)
		put_str(c->arena, c->out, "before", id_str(c->arena, before));
	return e;
}

/* Without a rule: how many by cause and party. With one: the findings themselves. */
enum err finding_groups(struct call *c)
{
	struct str state = c->in[LIST_state].said ? c->in[LIST_state].list[0] : S("open");
	struct node *groups;
	struct rows r;
	enum err e;

	put_str(c->arena, c->out, "state", state);
	if (c->in[LIST_rule].said)
		return put_items(c, state);
	groups = put_arr(c->arena, c->out, "groups");
	e = kernel_case_groups(c, &finding_type, "rule", S("finding"), state, &r);
	for (size_t i = 0; i < r.n && !e; i++)
		put_group(c, groups, &r, i);
	return e;
}

/* ---- in public ---- */

/* How many of each rule and outcome, over how many parties. A figure over fewer than five parties is not given; and no sum is given over
 * cells of which one is withheld, from which it could be worked out. */
struct cell { int64_t n, parties; };

static enum err count_state(struct call *all, const char *state, struct cell cell[RULES])
{
	struct rows r;
	enum err e = kernel_case_groups(all, &finding_type, "rule", S("finding"), str_of(state), &r);

	for (size_t i = 0; i < r.n && !e; i++) {
		const struct rule_row *row = row_of(row_str(&r, i, 0));

		if (!row)
			continue;
		cell[row - rule_rows].n += row_int(&r, i, 3);
		cell[row - rule_rows].parties++;
	}
	return e;
}

static void put_cell(struct call *c, struct node *o, const char *name, const struct cell *x, bool *all_given)
{
	if (x->n && x->parties < FEWEST) {
		put_z(c->arena, o, name, "fewer_than_five");
		*all_given = false;
	} else {
		put_int(c->arena, o, name, x->n);
	}
}

static void put_rule(struct call *c, struct node *list, size_t rule, struct cell cell[ROWS(states)][RULES])
{
	struct node *o = node_obj(c->arena);
	bool given = true;
	int64_t judged = cell[2][rule].n + cell[3][rule].n + cell[4][rule].n;

	put_z(c->arena, o, "rule", rule_rows[rule].key);
	put_z(c->arena, o, "rule_zh", rule_rows[rule].zh);
	put_z(c->arena, o, "rule_en", rule_rows[rule].en);
	put_z(c->arena, o, "clause", rule_rows[rule].clause);
	for (size_t s = 0; s < ROWS(states); s++)
		put_cell(c, o, states[s], &cell[s][rule], &given);
	if (given && judged)                    /* ten thousandths: 0.21 % is 21 */
		put_str(c->arena, o, "false_alarm_rate", str_fmt(c->arena, "%lld.%02lld%%", (long long)(cell[3][rule].n * 10000 / judged / 100),
		        (long long)(cell[3][rule].n * 10000 / judged % 100)));
	node_add(list, o);
}

enum err finding_stats(struct call *c)
{
	static const struct actor everybody = { .roles = R_OPERATOR };
	struct cell cell[ROWS(states)][RULES] = { { { 0 } } };
	struct call all = *c;
	struct node *list = put_arr(c->arena, c->out, "rules");
	enum err e = OK;

	all.who = &everybody;                   /* counted over all, told only where five or more stand together */
	for (size_t s = 0; s < ROWS(states) && !e; s++)
		e = count_state(&all, states[s], cell[s]);
	for (size_t i = 0; i < RULES && !e; i++)
		put_rule(c, list, i, cell);
	put_int(c->arena, c->out, "fewest_parties", FEWEST);
	return e;
}
