/* kernel/load_slice.c - slices of a load on their way to the writer, and the lines that are refused.
 *
 * While the writer commits one slice the next is read, checked and prepared. A slice that is refused is filed again line by line, so
 * that only the lines at fault are left out. What is filed and `done` stand in one transaction: after a crash the pass goes on at the
 * first line that is not in the log, and no line is filed twice.
 */
#include "kernel/load.h"

/* ---- refused lines ---- */

static int64_t column_named(const struct run *r, struct str field)
{
	for (size_t i = 0; i < r->lines.n; i++)
		if (r->lines.col[i].member && str_is(field, r->lines.col[i].member))
			return (int64_t)i + 1;
	return 0;
}

static void put_error(struct run *r, struct arena *a, struct node *list, struct str field, const char *clause, struct str zh, struct str en)
{
	struct node *o = node_obj(a);
	int64_t column = column_named(r, field);

	put_str(a, o, "field", field);
	if (column)
		put_int(a, o, "column", column);
	put_z(a, o, "clause", clause);
	put_str(a, o, "zh", zh);
	put_str(a, o, "en", en);
	node_add(list, o);
}

/* NDJSON, a refused line each: {line, cells or raw, errors}. */
static void refuse(struct run *r, struct arena *a, const struct grid_line *line, struct node *errors)
{
	struct node *o = node_obj(a);
	struct str text;

	put_int(a, o, "line", (int64_t)line->no);
	if (r->lines.form == GRID_NDJSON) {
		put_str(a, o, "raw", line->raw);
	} else {
		struct node *cells = put_arr(a, o, "cells");

		for (size_t i = 0; i < line->n; i++)
			node_add(cells, node_str(a, line->cell[i]));
	}
	node_set(o, S("errors"), errors);
	text = str_join(a, json_str(a, o), S("\n"));
	(void)spool_put(r->bad, text.p, text.n);        /* a failure is told by the sync before the next slice */
	r->bad_waits = true;
	atomic_store(&r->w->now.bad, ++r->n_bad);
}

void refuse_call(struct run *r, const struct grid_line *line, const struct call *c, enum err e)
{
	struct arena *a = c->arena;
	struct node *errors = node_arr(a);

	for (const struct trouble *t = c->troubles.first; t; t = t->next)
		put_error(r, a, errors, t->field, t->clause, t->zh, t->en);
	if (!errors->n)
		put_error(r, a, errors, S(""), c->op ? c->op->clause : OURS, str_of(c->why_zh ? c->why_zh : err_zh(e)), str_of(c->why_en ? c->why_en : err_en(e)));
	refuse(r, a, line, errors);
}

void refuse_text(struct run *r, struct arena *a, const struct grid_line *line, struct str zh, struct str en)
{
	struct node *errors = node_arr(a);

	put_error(r, a, errors, line->column < r->lines.n && r->lines.col[line->column].member ? str_of(r->lines.col[line->column].member) : S(""), OURS, zh, en);
	refuse(r, a, line, errors);
}

bool of_the_line(enum err e)
{
	return e != E_IO && e != E_INTERNAL && e != E_CORRUPT && e != E_CRYPTO && e != E_BUSY;
}

/* ---- slices on the writer thread ---- */

static enum err slice_write(struct change *ch, struct db *db)
{
	struct slice *s = (struct slice *)ch;

	for (size_t i = 0; i < (s->many ? 1 : s->n); i++) {
		enum err e = call_write(s->many ? s->many : s->one[i].call, db);

		if (e) {
			s->failed = i;
			return e;
		}
	}
	job_tell(db, &s->load, str_is(s->load.state, "filing"), s->sealed);
	return db_sticky(db);
}

/* On the writer's thread, as the commit is answered: a process that is killed later has told which lines became which records. */
static void list_filed(struct run *r, const struct slice *s)
{
	for (size_t i = 0; i < s->n; i++) {
		char text[64], id[ID_TEXT];
		int n;

		id_put((s->many ? s->many : s->one[i].call)->record, id);
		n = snprintf(text, sizeof(text), "%llu,%.*s\n", (unsigned long long)s->one[i].line.no, ID_TEXT, id);
		(void)spool_put(r->filed, text, (size_t)n);
	}
	(void)spool_flush(r->filed);
}

static void slice_written(struct change *ch, enum err e)
{
	struct slice *s = (struct slice *)ch;
	struct run *r = s->run;

	if (!e && s->n)
		list_filed(r, s);
	pthread_mutex_lock(&r->lock);
	s->err = e;
	s->answered = true;
	pthread_cond_signal(&r->answered);
	pthread_mutex_unlock(&r->lock);
}

/* The row that is true once this slice is in the log. */
static enum err with_row(struct run *r, struct slice *s, const char *state, uint64_t filed)
{
	struct job *l = &r->load;
	uint64_t upto = s->n ? s->one[s->n - 1].line.no : (uint64_t)job_fact(l, "done");

	s->done = job_fact(l, "done");
	job_set(l, &r->life, "done", (int64_t)upto);
	job_set(l, &r->life, "filed", (int64_t)(job_fact(l, "filed") + (int64_t)filed));
	job_set(l, &r->life, "bad", (int64_t)r->n_bad);
	s->load = *l;
	s->load.state = str_of(state);
	return job_seal(r->k, s->a, &s->load, &s->sealed);
}

/* Nothing of the slice is in the log: its lines are still to be filed. */
static void row_back(struct run *r, const struct slice *s, uint64_t filed)
{
	job_set(&r->load, &r->life, "filed", job_fact(&r->load, "filed") - (int64_t)filed);
	job_set(&r->load, &r->life, "done", s->done);
}

enum err slice_hand_over(struct run *r, struct slice *s)
{
	enum err e = OK;

	if (r->bad_waits && r->bad)
		e = spool_sync(r->bad);         /* the reasons of lines that `done` passes by must outlive a crash like `done` does */
	r->bad_waits = false;
	s->change = (struct change){ .run = slice_write, .done = slice_written, .weight = s->n };
	s->answered = false;
	if (!e)
		e = writer_add(r->k->writer, &s->change);
	s->under_way = !e;
	return e;
}

enum err slice_wait(struct run *r, struct slice *s)
{
	pthread_mutex_lock(&r->lock);
	while (!s->answered)
		pthread_cond_wait(&r->answered, &r->lock);
	pthread_mutex_unlock(&r->lock);
	s->under_way = false;
	return s->err;
}

void slice_empty(struct slice *s)
{
	arena_reset(s->a);
	s->one = NULL;
	s->n = s->cap = 0;
	s->many = NULL;
}

static void tell_filed(struct run *r, const struct slice *s)
{
	for (size_t i = 0; i < s->n; i++)
		if (s->one[i].local)
			s->one[i].local->id = (s->many ? s->many : s->one[i].call)->record;
	r->n_good += s->n;
	atomic_store(&r->w->now.filed, r->n_good);
}

/* ---- filing again, line by line or without the values at fault ---- */

struct call *call_for(struct run *r, struct arena *a)
{
	struct call *c = TAKE(a, struct call, 1);

	*c = (struct call){ .k = r->k, .op = r->op, .who = r->who, .arena = a, .db = r->db, .now = clock_now(), .dry = r->dry };
	return c;
}

static enum err file_one(struct run *r, struct slice *s, struct one *one)
{
	struct node *raw = one->call->raw;
	enum err e;

	one->call = call_for(r, s->a);
	one->call->raw = raw;
	e = call_check(one->call, r->db);
	if (!e) {
		struct slice alone = { .run = r, .a = s->a, .one = one, .n = 1 };

		e = with_row(r, &alone, "filing", 1);
		if (!e)
			e = slice_hand_over(r, &alone);
		if (!e)
			e = slice_wait(r, &alone);
		if (!e)
			tell_filed(r, &alone);
		else
			row_back(r, &alone, 1);
	}
	if (e && of_the_line(e)) {
		refuse_call(r, &one->line, one->call, e);
		if (r->all)
			r->stopped = true;
		e = OK;
	}
	return e;
}

struct node *gathered_input(struct run *r, const struct slice *s, struct arena *a)
{
	const struct gather *g = r->op->gather;
	struct node *o = node_obj(a);

	for (const struct node *x = r->lines.fixed ? r->lines.fixed->first : NULL; x; x = x->next)
		node_set(o, x->key, node_str(a, x->s));
	for (size_t k = 0; k < g->n; k++) {
		struct node *list = put_arr(a, o, r->op->in->fields[g->field[k]].name);

		for (size_t i = 0; i < s->n; i++)
			node_add(list, node_str(a, lines_value(&r->lines, &s->one[i].line, k)));
	}
	return o;
}

static enum err gathered_file(struct run *r, struct slice *s);

/* What was said of each value, in their order; of all of them: at 0. */
static const struct trouble **troubles_by_place(struct call *c, size_t n)
{
	const struct trouble **at = TAKE(c->arena, const struct trouble *, n + 1);

	for (const struct trouble *t = c->troubles.first; t; t = t->next)
		if (t->at <= n && !at[t->at])
			at[t->at] = t;
	return at;
}

/* Values that are taken since they were looked at are named by checking once more, and left out. */
enum err slice_without_refused(struct run *r, struct slice *s)
{
	struct call *c = call_for(r, s->a);
	const struct trouble **said;
	size_t n = 0;
	enum err e;

	c->dry = true;
	c->raw = s->many->raw;
	e = call_check(c, r->db);
	said = troubles_by_place(c, s->n);
	for (size_t i = 0; i < s->n; i++) {
		const struct trouble *t = said[i + 1] ? said[i + 1] : said[0];

		if (t)
			refuse_text(r, s->a, &s->one[i].line, t->zh, t->en);
		else
			s->one[n++] = s->one[i];
	}
	if (n == s->n || r->all) {
		if (n == s->n)
			for (size_t i = 0; i < s->n; i++)
				refuse_call(r, &s->one[i].line, c, e ? e : s->err);
		r->stopped = r->all;
		n = 0;
	}
	s->n = n;
	return n ? gathered_file(r, s) : OK;
}

static enum err gathered_file(struct run *r, struct slice *s)
{
	struct node *raw;
	enum err e;

	s->many = call_for(r, s->a);
	raw = s->many->raw = gathered_input(r, s, s->a);
	e = call_check(s->many, r->db);
	if (e && of_the_line(e)) {
		s->err = e;
		s->many->raw = raw;
		return slice_without_refused(r, s);
	}
	if (!e)
		e = with_row(r, s, "filing", s->n);
	if (!e)
		e = slice_hand_over(r, s);
	if (!e)
		e = slice_wait(r, s);
	if (!e)
		tell_filed(r, s);
	else if (of_the_line(e)) {
		row_back(r, s, s->n);
		e = slice_without_refused(r, s);
	}
	return e;
}

/* After a slice was answered. */
static enum err settle(struct run *r, struct slice *s)
{
	enum err e = slice_wait(r, s);

	if (!e) {
		tell_filed(r, s);
	} else if (of_the_line(e)) {
		row_back(r, s, s->n);
		if (r->all && !s->many && (uint64_t)job_fact(&r->load, "lines") <= LOAD_WHOLE) {
			refuse_call(r, &s->one[s->failed].line, s->one[s->failed].call, e);       /* nothing of the file stands */
			r->stopped = true;
			e = OK;
		} else if (s->many) {
			e = slice_without_refused(r, s);
		} else {
			e = OK;
			for (size_t i = 0; i < s->n && !e && !r->stopped; i++)
				e = file_one(r, s, &s->one[i]);
		}
	}
	slice_empty(s);
	return e;
}

enum err slices_settle(struct run *r)
{
	enum err e = OK;

	for (int i = 0; i < 2; i++) {
		struct slice *s = &r->slice[(r->at + 1 + i) % 2];
		enum err one = s->under_way ? settle(r, s) : OK;

		if (!e)
			e = one;
	}
	return e;
}

/* Rights end while a long load runs: an account that was closed, a party that was suspended. What stands then stands. */
static enum err still_may(struct run *r, struct arena *a)
{
	struct call c = { .k = r->k, .arena = a, .db = r->db };
	const struct actor *now;
	enum err e = job_actor(&c, &r->load, &now);

	if (!e && now->suspended == r->who->suspended && now->roles == r->who->roles && now->inside == r->who->inside)
		return OK;
	if (e && of_the_line(e) == false)
		return e;
	job_set_text(&r->load, &r->life, "why_zh", S("账号或单位的权限已改变，填报到此为止"));
	job_set_text(&r->load, &r->life, "why_en", S("the rights of the account or party have changed: filing ends here"));
	r->stopped = true;
	return OK;
}

/* The slice being filled goes to the writer, after the one before it was answered. */
enum err slice_submit(struct run *r)
{
	struct slice *s = &r->slice[r->at], *other = &r->slice[1 - r->at];
	enum err e = other->under_way ? settle(r, other) : OK;

	if (e || !s->n || r->stopped)
		return e;
	e = still_may(r, s->a);
	if (e || r->stopped)
		return e;
	e = with_row(r, s, "filing", s->n);
	if (!e)
		e = slice_hand_over(r, s);
	r->at = 1 - r->at;
	return e;
}
