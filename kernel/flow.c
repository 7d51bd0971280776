/* kernel/flow.c - cases that move along rows: from, verb, to, role, days. No module keeps states of its own. */
#include "kernel/inside.h"

static const struct field step_fields[] = {
	ROW(id, REF, REQUIRED, PUBLIC, OURS, "事项编号", .ref = "any", .own = true, .en = "case")
	ROW(note, NOTE, OPTIONAL, PRIVATE, OURS, "说明", .en = "note")
};
const struct type flow_step_in = { .name = "flow_step", .zh = "办理", .en = "step", .fields = step_fields, .n = ROWS(step_fields) };

const struct flow *kernel_flow(const struct kernel *k, struct str name)
{
	for (size_t m = 0; m < k->n_modules; m++)
		for (size_t i = 0; i < k->modules[m]->n_flows; i++)
			if (str_is(name, k->modules[m]->flows[i].name))
				return &k->modules[m]->flows[i];
	return NULL;
}

static const struct step *step_of(const struct flow *f, struct str state, const char *verb)
{
	for (size_t i = 0; i < f->n; i++)
		if (str_is(state, f->steps[i].from) && strcmp(f->steps[i].verb, verb) == 0)
			return &f->steps[i];
	return NULL;
}

static enum err flow_open(struct call *c, const struct flow *f, int64_t record, int64_t party, struct str region)
{
	db_tell(c->db, kernel_sql[SQL_CASE_PUT], VALS(V_I(record), V_T(str_of(f->name)), V_T(str_of(f->start)), V_I(party), V_T(region), V_I(c->now),
	        V_I(f->days ? working_days_after(c->k, c->now, f->days, f->working) : 0), V_I(c->who->account)));
	return db_sticky(c->db);
}

static bool names_type(const char *types, const char *type)
{
	struct str rest = str_of(types), one;

	while (str_cut(&rest, '|', &one))
		if (str_is(one, type))
			return true;
	return false;
}

/* A flow that names the type opens a case when such a record is filed; a correction goes on in the case of the first. */
enum err flow_of_type(struct call *c, const struct filing *f, int64_t record)
{
	enum err e = OK;

	for (size_t m = 0; m < c->k->n_modules; m++)
		for (size_t i = 0; i < c->k->modules[m]->n_flows && !e; i++) {
			const struct flow *flow = &c->k->modules[m]->flows[i];
			struct party p = { .region = f->region };

			if (f->corrects || !names_type(flow->types, f->type->name) || (flow->opens && !flow->opens(c, f->type, f->values)))
				continue;
			if (!f->region.n && f->party)
				e = party_get(c, f->party, &p);
			if (!e || e == E_ABSENT)
				e = flow_open(c, flow, record, f->party, p.region);
		}
	return e;
}

enum err flow_case_get(struct call *c, int64_t record, struct flow_case *ret)
{
	struct rows r;
	enum err e = db_ask(c->db, c->arena, kernel_sql[SQL_CASE_GET], VALS(V_I(record)), &r);

	if (e)
		return e;
	if (r.n == 0)
		return E_ABSENT;
	*ret = (struct flow_case){ .record = record, .flow = row_str(&r, 0, 1), .state = row_str(&r, 0, 2), .party = row_int(&r, 0, 3), .region = row_str(&r, 0, 4),
		.since = row_int(&r, 0, 5), .due = row_int(&r, 0, 6), .by = row_int(&r, 0, 7) };
	return OK;
}

/* The case must be in a state the verb leads from, the row must name one of the caller's roles. */
static enum err may_step(struct call *c, const struct flow_case *fc, const struct step *s, const char *verb_zh)
{
	struct record r;
	enum err e;

	if (!s)
		return call_refuse(c, E_STATE, str_fmt(c->arena, "当前状态为“%.*s”，不能%s", STR_ARG(fc->state), verb_zh).p,
		                   str_fmt(c->arena, "the case is '%.*s'", STR_ARG(fc->state)).p);
	if (!(s->who & c->who->roles))
		return E_DENIED;
	if (s->two_persons && fc->by == c->who->account)
		return call_refuse(c, E_DENIED, "此步须由另一人办理", "a second person must take this step");
	if (s->other_side) {
		e = kernel_record(c, fc->record, 1u << KEY_PUBLIC, &r);
		if (!e && !kernel_counterparty(c, &r))
			e = call_refuse(c, E_DENIED, "此步须由对方办理", "only the other side of the record takes this step");
		if (e)
			return e;
	}
	if (s->after_due && fc->due > c->now)
		return call_refuse(c, E_STATE, "期限未到，还不能办理", "the time of this state has not run out yet");
	return OK;
}

static void move_case(struct call *c, const struct flow *f, const struct flow_case *fc, const struct step *s, struct str note)
{
	db_tell(c->db, kernel_sql[SQL_CASE_MOVE], VALS(V_I(fc->record), V_T(str_of(s->to)), V_I(c->now),
	        V_I(s->days ? working_days_after(c->k, c->now, s->days, s->working) : 0), V_I(c->who->account)));
	/* the note is written for the party: a return without its reason helps nobody */
	notice_put(c, fc->party, f->name, fc->record, str_fmt(c->arena, "%s：%s%s%.*s", f->zh, s->zh, note.n ? "。" : "", STR_ARG(note)),
	           str_fmt(c->arena, "%s: %s %.*s", f->en, s->en, STR_ARG(note)));
}

static enum err take_step(struct call *c, int64_t record, const char *flow, const char *verb, const char *verb_zh, struct str note, bool effect)
{
	struct flow_case fc;
	const struct flow *f;
	const struct step *s;
	enum err e = flow_case_get(c, record, &fc);

	if (e)
		return e;
	f = kernel_flow(c->k, fc.flow);
	if (!f || strcmp(f->name, flow) != 0)
		return E_ABSENT;
	s = step_of(f, fc.state, verb);
	e = may_step(c, &fc, s, verb_zh);
	if (!e && s->effect && effect)
		e = s->effect(c, fc.record);
	if (e)
		return e;
	move_case(c, f, &fc, s, note);
	if (!c->filed) {                        /* a record that the effect filed is what the answer and its receipt speak of */
		c->record = fc.record;
		put_str(c->arena, c->out, "id", id_str(c->arena, fc.record));
	}
	put_z(c->arena, c->out, "state", s->to);
	return db_sticky(c->db);
}

enum err kernel_step(struct call *c, int64_t record, const char *flow, const char *verb, struct str note, bool effect)
{
	return take_step(c, record, flow, verb, "办理", note, effect);
}

/* Every step of every flow as an operation. A correction goes on in the case of the first: either is named. */
enum err flow_step(struct call *c)
{
	struct record r;
	enum err e = kernel_record(c, c->in[0].i, 0, &r);

	return e ? e : take_step(c, r.root, c->op->step->flow, c->op->step->verb, c->op->zh, c->in[1].text, true);
}
