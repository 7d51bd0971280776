/* mod/trace/sweep.c - findings are looked for behind the filing, never in its way: what was filed since the last sweep, and what it touches.
 *
 * A sweep is an operation like any other. Its prepare reads, off the writer's thread; its run files what was found and moves the marks.
 * Two marks walk along the log: what was just filed, and what was filed three days ago, when rules that wait may speak. A third walks
 * round the open findings: what nothing speaks for any more is withdrawn. Marks are no derived table: what was found stays found.
 */
#include <setjmp.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "kernel/job.h"
#include "mod/trace/finding.h"

enum { KNOWN = 1u << KEY_PUBLIC | 1u << KEY_BUSINESS, RECORDS_A_SWEEP = 2000, ROWS_A_SWEEP = 2000000, FILED_A_SWEEP = 500, ROUND_A_SWEEP = 200,
	EVERY_MS = 60000, SWEEPS_A_JOB = 50 };

enum mark { MARK_NOW, MARK_LATER, MARK_OFFERS, MARK_ROUND, MARKS };
static const char *const mark_names[MARKS] = { "now", "later", "offers", "round" };

struct sweep {
	struct judging j;
	struct candidate **file;
	size_t n_file;
	int64_t from[MARKS], to[MARKS];
	bool more;
	int64_t *gone;            /* open findings that nothing speaks for any more */
	size_t n_gone, cap_gone;
	struct map met, filers;   /* findings looked at again; parties whose findings were */
};

static const struct actor house = { .roles = R_OPERATOR, .login = { "sweep", 5 } };
static struct str key_of(struct arena *a, int64_t id) { return str_fmt(a, "%lld", (long long)id); }

/* ---- what is open already ---- */

static void gone(struct call *c, struct sweep *s, int64_t finding)
{
	if (s->n_gone == s->cap_gone) {
		int64_t *grown = TAKE(c->arena, int64_t, s->cap_gone = s->cap_gone ? s->cap_gone * 2 : 16);

		if (s->n_gone)
			memcpy(grown, s->gone, s->n_gone * sizeof(*grown));
		s->gone = grown;
	}
	s->gone[s->n_gone++] = finding;
}

/* Does its rule still say the same of its record? What was corrected is asked about no more: its correction is. */
static enum err look_again(struct call *c, struct sweep *s, int64_t finding)
{
	struct record f;
	int64_t latest = 0, subject;
	enum err e = OK;

	if (!map_put(&s->met, key_of(c->arena, finding), s))
		return OK;
	e = kernel_record(c, finding, KNOWN, &f);
	if (e || f.type != &finding_type)
		return e;
	subject = f.values[FINDING_subject].i;
	e = kernel_latest(c, subject, &latest);
	if (!e && latest == subject)
		e = judge(&s->j, subject);
	if (!e && (latest != subject || !map_get(&s->j.all.seen, f.values[FINDING_key].text)))
		gone(c, s, finding);
	return e;
}

static enum err look_at_open(struct call *c, struct sweep *s, int64_t party, int64_t before, struct rows *ret)
{
	struct call all = *c;
	enum err e;

	all.who = &house;
	e = kernel_case_find(&all, &finding_type, "rule", S(""), S("finding"), S("open"), party, before, ret);
	for (size_t i = 0; i < ret->n && i < 50 && !e; i++)
		e = look_again(c, s, row_int(ret, i, 0));
	return e;
}

/* Newest first, round and round. */
static enum err go_round(struct call *c, struct sweep *s)
{
	int64_t before = s->from[MARK_ROUND] ? s->from[MARK_ROUND] : INT64_MAX;
	struct rows r = { .n = 51 };
	enum err e = OK;

	for (size_t looked = 0; r.n > 50 && looked < ROUND_A_SWEEP && s->j.rows < ROWS_A_SWEEP && !e; looked += 50) {
		e = look_at_open(c, s, 0, before, &r);
		if (!e && r.n > 50)
			before = row_int(&r, 49, 0);
	}
	s->to[MARK_ROUND] = r.n > 50 ? before : 0;
	return e;
}

/* ---- what is new ---- */

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

/* What a party files may answer what it was asked: the newest of its open findings are looked at again, about what it corrects or accepts
 * first of all. */
static enum err answers(struct call *c, struct sweep *s, int64_t record)
{
	struct record r;
	struct rows open;
	enum err e = kernel_record(c, record, 0, &r);

	if (e || !r.party || !map_put(&s->filers, key_of(c->arena, r.party), s))
		return e;
	return look_at_open(c, s, r.party, INT64_MAX, &open);
}

/* In the order of the log; the later mark stops at the first record that is too young. */
static enum err walk(struct call *c, struct sweep *s, enum mark m)
{
	int64_t youngest = c->now - (m == MARK_LATER ? GRACE_DAYS * DAY_MS : 0);
	struct rows r;
	enum err e = db_ask(c->db, c->arena, trace_sql[Q_SWEEP_RECORDS], VALS(V_I(s->from[m]), V_I(RECORDS_A_SWEEP)), &r);
	size_t i = 0;

	for (; i < r.n && !e && s->j.rows < ROWS_A_SWEEP && (m == MARK_NOW || row_int(&r, i, 2) <= youngest); i++) {
		e = judge(&s->j, row_int(&r, i, 0));
		if (!e && m == MARK_NOW)
			e = answers(c, s, row_int(&r, i, 0));
		s->to[m] = row_int(&r, i, 1) + 1;
	}
	s->more = s->more || i == RECORDS_A_SWEEP || s->j.rows >= ROWS_A_SWEEP;
	return e;
}

/* Deliveries become late in the order they were filed in: the first that is not late yet ends the walk. */
static enum err late_offers(struct call *c, struct sweep *s)
{
	struct rows r;
	enum err e = db_ask(c->db, c->arena, trace_sql[Q_DELIVERY_WAITING], VALS(V_I(s->from[MARK_OFFERS]), V_I(RECORDS_A_SWEEP)), &r);

	for (size_t i = 0; i < r.n && !e; i++) {
		int64_t record = row_int(&r, i, 0);
		struct flow_case fc;
		struct record sent;

		e = kernel_record(c, record, 0, &sent);
		if (!e)
			e = flow_case_get(c, sent.root, &fc);
		if (!e && str_is(fc.state, "offered") && fc.due >= c->now)
			return OK;
		if (!e)
			e = judge(&s->j, record);
		if (e == E_ABSENT)              /* to somebody who is not registered: nobody to ask */
			e = OK;
		s->to[MARK_OFFERS] = record;
	}
	s->more = s->more || r.n == RECORDS_A_SWEEP;
	return e;
}

/* ---- what is to be filed ---- */

/* Asked once: also when it was explained, dismissed or withdrawn before. */
static enum err is_known(struct call *c, const struct candidate *x, bool *ret)
{
	struct rows r;
	enum err e = kernel_find(c, &finding_type, "key", candidate_key(c->arena, x->rule, x->subject), INT64_MAX, &r);

	*ret = !e && r.n > 0;
	return e;
}

static enum err is_ripe(struct call *c, const struct candidate *x, bool *ret)
{
	struct record r;
	enum err e = kernel_record(c, x->subject, 0, &r);

	*ret = !e && r.at <= c->now - (int64_t)rule_rows[x->rule].grace * DAY_MS;
	return e;
}

/* Of a record met beside another only a part of its items was seen: it is judged as a whole before it is asked about. */
static enum err choose(struct call *c, struct sweep *s)
{
	enum err e = OK;

	s->file = TAKE(c->arena, struct candidate *, FILED_A_SWEEP);
	for (struct candidate *x = s->j.all.first; x && !e; x = x->next) {
		bool known, ripe = false;

		e = is_known(c, x, &known);
		if (!e && !known)
			e = is_ripe(c, x, &ripe);
		if (e || !ripe)
			continue;
		if (s->n_file == FILED_A_SWEEP) {         /* the marks stay: what is filed now will be known then */
			memcpy(s->to, s->from, sizeof(s->to));
			s->more = true;
			return OK;
		}
		e = judge(&s->j, x->subject);
		if (!e)
			s->file[s->n_file++] = x;
	}
	return e;
}

static enum err look(struct call *c, struct sweep *s)
{
	enum err e = marks_get(c, s);

	if (!e)
		e = walk(c, s, MARK_NOW);
	if (!e)
		e = walk(c, s, MARK_LATER);
	if (!e)
		e = late_offers(c, s);
	if (!e)
		e = go_round(c, s);
	return e ? e : choose(c, s);
}

enum err sweep_prepare(struct call *c)
{
	struct sweep *s = TAKE(c->arena, struct sweep, 1);
	jmp_buf full, *before = c->arena->full;
	volatile enum err e;

	s->j = judging_in(c);
	s->met = map_in(c->arena);
	s->filers = map_in(c->arena);
	arena_init(&s->j.page, (size_t)1 << 30, &full);
	arena_init(&s->j.beside, (size_t)1 << 30, &full);
	arena_init(&s->j.wide, (size_t)1 << 30, &full);
	c->arena->full = &full;
	if (setjmp(full))
		e = E_TOO_BIG;
	else
		e = look(c, s);
	c->arena->full = before;
	arena_end(&s->j.page);
	arena_end(&s->j.beside);
	arena_end(&s->j.wide);
	c->scratch = s;
	return e;
}

/* ---- run: file ---- */

static struct value text(struct str t) { return (struct value){ .said = t.n ? SAID_VALUE : SAID_NOTHING, .text = t }; }
static struct value ref(struct call *c, int64_t id) { return (struct value){ .said = id ? SAID_VALUE : SAID_NOTHING, .text = id_str(c->arena, id), .i = id }; }

static enum err file_one(struct call *c, const struct candidate *x, int64_t *ret)
{
	struct value *v = TAKE(c->arena, struct value, FINDING_FIELDS);
	struct filing f = { .type = &finding_type, .values = v, .party = x->party };
	struct item_sets s = { 0 };
	enum err e = OK;

	v[FINDING_rule] = text(str_of(rule_rows[x->rule].key));
	v[FINDING_subject] = ref(c, x->subject);
	v[FINDING_other] = ref(c, x->other);
	for (size_t i = 0; i < x->n; i++)
		sets_add(c, &s, &x->pack, x->r[i].lo, x->r[i].hi);
	sets_tidy(&s);
	if (x->n) {
		e = items_normal(c, &s, &v[FINDING_items]);
		v[FINDING_count] = (struct value){ .said = SAID_VALUE, .i = (int64_t)x->count, .text = str_fmt(c->arena, "%llu", (unsigned long long)x->count) };
	}
	v[FINDING_detail] = text(x->detail);
	v[FINDING_key] = text(candidate_key(c->arena, x->rule, x->subject));
	return e ? e : kernel_append(c, &f, ret);
}

static enum err file_all(struct call *c, const struct sweep *s, int64_t *ret_filed)
{
	struct map told = map_in(c->arena);
	enum err e = OK;

	for (size_t i = 0; i < s->n_file && !e; i++) {
		const struct candidate *x = s->file[i];
		bool known;
		int64_t id;

		e = is_known(c, x, &known);             /* another sweep may have been quicker */
		if (e || known)
			continue;
		e = file_one(c, x, &id);
		if (!e && map_put(&told, key_of(c->arena, x->party), &told))
			notice_put(c, x->party, "finding", id, S("流向核对发现需要贵单位说明的问题，请在“问题线索”中说明"),
			           S("a check of flows found something for you to explain"));
		*ret_filed += !e;
	}
	return e;
}

/* By the house, whoever asked for the sweep. What was explained or judged meanwhile stays as it is. */
static enum err withdraw_all(struct call *c, const struct sweep *s, int64_t *ret_withdrawn)
{
	enum err e = OK;

	for (size_t i = 0; i < s->n_gone && !e; i++) {
		struct call one = *c;

		one.who = &house;
		one.out = node_obj(c->arena);
		e = kernel_step(&one, s->gone[i], "finding", "withdraw", S("有关记录已更正或补齐"), false);
		*ret_withdrawn += !e;
		if (e == E_STATE)
			e = OK;
	}
	return e;
}

enum err sweep_run(struct call *c)
{
	struct sweep *s = c->scratch;
	int64_t filed = 0, withdrawn = 0;
	enum err e = file_all(c, s, &filed);

	if (!e)
		e = withdraw_all(c, s, &withdrawn);
	if (e)
		return e;
	for (int m = 0; m < MARKS; m++)
		if (s->to[m] != s->from[m])
			db_tell(c->db, trace_sql[m == MARK_ROUND ? Q_SWEEP_SET : Q_SWEEP_PUT], VALS(V_T(str_of(mark_names[m])), V_I(s->to[m])));
	put_int(c->arena, c->out, "found", filed);
	put_int(c->arena, c->out, "withdrawn", withdrawn);
	put_bool(c->arena, c->out, "more", s->more);
	return db_sticky(c->db);
}

/* ---- by itself, while serving ---- */

struct flow_state { _Atomic bool under_way; _Atomic uint64_t seen; _Atomic int64_t last; };
struct order { struct flow_state *state; int64_t now; };

void *flow_open(struct kernel *k)
{
	(void)k;
	return calloc(1, sizeof(struct flow_state));
}

void flow_close(void *state) { free(state); }

/* One row for ever: the same job comes due again. */
static enum err order_sweep(struct call *c, void *ctx)
{
	struct order *o = ctx;
	struct job *all, j;
	size_t n;
	enum err e = job_list(c, "sweep", true, &all, &n);

	if (e)
		return e;
	j = n ? all[0] : (struct job){ .id = job_new_id(c), .kind = S("sweep"), .what = S(""), .at = c->now, .facts = node_obj(c->arena) };
	j.state = S("waiting");
	job_set(&j, c->arena, "now", o->now);
	return job_keep(c, &j, true);
}

static void ordered(void *ctx, enum err e)
{
	struct order *o = ctx;

	if (e)
		atomic_store(&o->state->under_way, false);
	free(o);
}

/* Once a minute when something was filed; once an hour anyway, because graces end and dates pass. Never at the first tick: a kernel that
 * closes ticks once. */
void flow_tick(struct kernel *k, int64_t now)
{
	struct flow_state *st = module_state(k, "flow");
	uint64_t size = log_shown(kernel_log(k)).size;
	int64_t last = atomic_load(&st->last);
	struct order *o;

	if (!last) {
		atomic_store(&st->last, now);
		return;
	}
	if (now - last < EVERY_MS || (size == atomic_load(&st->seen) && now - last < 60 * EVERY_MS) || atomic_exchange(&st->under_way, true))
		return;
	o = calloc(1, sizeof(*o));
	if (o)
		*o = (struct order){ st, now };
	if (!o || kernel_change(k, now, order_sweep, ordered, o)) {
		free(o);
		atomic_store(&st->under_way, false);
		return;
	}
	atomic_store(&st->last, now);
	atomic_store(&st->seen, size);
}

static enum err sweep_once(struct kernel *k, int64_t now, bool *ret_more)
{
	struct arena a;
	struct call c = { .k = k, .op = op_find(k, S("finding.sweep")), .who = &house, .arena = &a, .now = now };

	arena_init(&a, (size_t)1 << 30, NULL);
	op_run_wait(&c);
	*ret_more = !c.err && node_get(c.out, "more")->yes;
	arena_end(&a);
	return c.err;
}

static enum err job_row(struct worker *w, struct arena *a, int64_t id, struct job *ret)
{
	struct call c = { .k = w->k, .arena = a };
	enum err e = kernel_reader(w->k, &c.db);

	if (e)
		return e;
	e = job_get(&c, id, "sweep", ret);
	kernel_reader_end(w->k, c.db);
	return e;
}

/* A long way is gone in stretches, so that others have their turn; the tick orders the next one. */
enum err sweep_job(struct worker *w, int64_t id)
{
	struct flow_state *st = module_state(w->k, "flow");
	struct arena a;
	struct job j = { 0 };
	bool more = true;
	enum err e;

	arena_init(&a, 1 << 20, NULL);
	e = job_row(w, &a, id, &j);
	j.state = S("done");
	for (int i = 0; i < SWEEPS_A_JOB && more && !e && !atomic_load(&w->stop); i++) {
		int64_t now = job_clock(), asked = job_fact(&j, "now");

		e = sweep_once(w->k, now > asked ? now : asked, &more);
	}
	if (more)
		atomic_store(&st->seen, 0);             /* not all was looked at */
	if (j.id) {
		enum err left = job_change(w, &a, &j, false);

		e = e ? e : left;
	}
	arena_end(&a);
	atomic_store(&st->under_way, false);
	return e;
}
