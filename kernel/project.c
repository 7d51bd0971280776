/* kernel/project.c - derived tables: written when a record is appended, dropped and rebuilt from the records alone. */
#include "kernel/inside.h"

static struct val column_value(struct call *c, const struct field *f, const struct value *v)
{
	if (v->said != SAID_VALUE)
		return V_NULL;
	if (f->publicity == OWNER_CHOICE || f->publicity == PRIVATE || f->cls == PERSON)
		return V_B(kernel_blind(c, f->name, v->text));
	if (strcmp(kind_row(f->kind)->column, "int") == 0)
		return V_I(v->i);
	return V_T(v->text);
}

const struct type_sql *type_sql(const struct kernel *k, const struct type *t)
{
	for (size_t i = 0; i < k->n_types; i++)
		if (k->sql[i].type == t)
			return &k->sql[i];
	return NULL;
}

static void project_row(struct call *c, const struct type *t, int64_t record, int64_t party, int64_t root, int64_t at, int64_t corrects, const struct value *v)
{
	const struct type_sql *q = type_sql(c->k, t);
	struct val vals[16];
	size_t n = 0;

	vals[n++] = V_I(record);
	vals[n++] = V_I(party);
	vals[n++] = V_I(root);
	vals[n++] = V_I(1);
	vals[n++] = V_I(at);
	for (size_t i = 0; i < t->n && n < ROWS(vals); i++)
		if (t->fields[i].index)
			vals[n++] = column_value(c, &t->fields[i], &v[i]);
	db_tell(c->db, q->put, vals, n);
	if (corrects)
		db_tell(c->db, q->retire, VALS(V_I(corrects)));
}

enum err project_again(struct call *c, const struct record *r)
{
	const struct type_sql *q = type_sql(c->k, r->type);
	struct rows later;
	enum err e;

	db_tell(c->db, q->gone, VALS(V_I(r->id)));
	project_row(c, r->type, r->id, r->party, r->root, r->at, 0, r->values);
	e = db_ask(c->db, c->arena, kernel_sql[SQL_RECORD_CORRECTED], VALS(V_I(r->id), V_I(r->root)), &later);
	if (!e && later.n)
		db_tell(c->db, q->retire, VALS(V_I(r->id)));
	for (size_t i = 0; i < c->k->n_modules && !e; i++)
		if (c->k->modules[i]->forgotten)
			c->k->modules[i]->forgotten(c, r->type, r->id, r->index, r->at, r->values);
	return e ? e : db_sticky(c->db);
}

enum err project_record(struct call *c, const struct type *t, int64_t record, uint64_t index, int64_t party, int64_t root, int64_t at, int64_t corrects,
                        const struct value *v)
{
	project_row(c, t, record, party, root, at, corrects, v);
	for (size_t i = 0; i < c->k->n_modules; i++) {
		const struct module *m = c->k->modules[i];
		enum err e = m->project ? m->project(c, t, record, index, party, at, corrects, v) : OK;

		if (e)
			return e;
	}
	return db_sticky(c->db);
}

/* ---- the texts of derived tables, composed once from const names ---- */

static const char *text_put(struct arena *a, const struct type *t)
{
	struct buf b = buf_in(a, 256), marks = buf_in(a, 64);
	int n = 5;

	buf_fmt(&b, "INSERT INTO p_%s (record, party, root, current, at", t->name);
	buf_z(&marks, "$1, $2, $3, $4, $5");
	for (size_t i = 0; i < t->n; i++)
		if (t->fields[i].index) {
			buf_fmt(&b, ", %s", t->fields[i].name);
			buf_fmt(&marks, ", $%d", ++n);
		}
	buf_fmt(&b, ") VALUES (%.*s)", STR_ARG(buf_str(&marks)));
	return str_z(a, buf_str(&b));
}

/* Driven from the cases of the state: each is met again as the current row of its record's chain of corrections. */
static void case_texts(struct arena *a, struct type_sql *q, size_t at)
{
	const char *type = q->type->name, *field = q->type->fields[at].name;
	static const char *const scope[] = { "f.region >= $4 AND f.region < $5", "f.party = $4" };
	const char *text[ROWS(scope)];

	for (size_t i = 0; i < ROWS(scope); i++)
		text[i] = str_fmt(a, "SELECT g.value, g.party, p.name, g.n, g.since, g.due, g.late FROM (SELECT t.%s AS value, f.party AS party, COUNT(*) AS n,"
		                     " MIN(f.since) AS since, MIN(CASE WHEN f.due > 0 THEN f.due END) AS due, COUNT(CASE WHEN f.due > 0 AND f.due < $3 THEN 1 END) AS late"
		                     " FROM flow_case f JOIN record r ON r.root = f.record JOIN p_%s t ON t.record = r.id AND t.current = 1"
		                     " WHERE f.flow = $1 AND f.state = $2 AND %s GROUP BY t.%s, f.party) g LEFT JOIN party p ON p.id = g.party ORDER BY g.value, g.party",
		                  field, type, scope[i], field).p;
	q->cases[at] = text[0];
	q->own_cases[at] = text[1];
}

/* One case opens with one record: its row is met by the case's own number. */
static void find_texts(struct arena *a, struct type_sql *q, size_t at)
{
	static const char *const party[] = { "", " AND f.party = $7" };
	const char *text[ROWS(party)], *field = q->type->fields[at].name;

	for (size_t i = 0; i < ROWS(party); i++)
		text[i] = str_fmt(a, "SELECT f.record, f.party, f.region, f.since, f.due FROM flow_case f JOIN p_%s t ON t.record = f.record"
		                     " WHERE f.flow = $1 AND f.state = $2 AND f.record < $3 AND f.region >= $4 AND f.region < $5 AND (t.%s = $6 OR $6 = '')%s"
		                     " ORDER BY f.record DESC LIMIT 51", q->type->name, field, party[i]).p;
	q->find[at] = text[0];
	q->find_of[at] = text[1];
}

static bool shown_column(const struct field *f) { return f->index && (f->publicity == PUBLIC || f->publicity == UNSTATED) && f->cls != PERSON; }

enum err sql_of_types(struct kernel *k)
{
	struct arena *a = &k->life;

	k->sql = TAKE(a, struct type_sql, k->n_types);
	for (size_t i = 0; i < k->n_types; i++) {
		const struct type *t = k->types[i];
		struct type_sql *q = &k->sql[i];
		size_t columns = 0;

		q->type = t;
		if (t->n > ROWS(q->by))
			return E_INTERNAL;
		q->put = text_put(a, t);
		q->gone = str_fmt(a, "DELETE FROM p_%s WHERE record = $1", t->name).p;
		q->retire = str_fmt(a, "UPDATE p_%s SET current = 0 WHERE record = $1", t->name).p;
		q->list_all = str_fmt(a, "SELECT record FROM p_%s WHERE record < $1 AND current = 1 ORDER BY record DESC LIMIT 51", t->name).p;
		q->list_party = str_fmt(a, "SELECT record FROM p_%s WHERE party = $2 AND record < $1 AND current = 1 ORDER BY record DESC LIMIT 51", t->name).p;
		q->list_region = str_fmt(a, "SELECT t.record FROM p_%s t JOIN party p ON p.id = t.party WHERE t.record < $1 AND t.current = 1"
		                            " AND p.region >= $2 AND p.region < $3 ORDER BY t.record DESC LIMIT 51", t->name).p;
		q->own_from = str_fmt(a, "SELECT record FROM p_%s WHERE party = $2 AND record > $1 AND current = 1 ORDER BY record LIMIT 50", t->name).p;
		q->of_party = str_fmt(a, "SELECT record, root, at FROM p_%s WHERE party = $1 AND record > $2 AND at >= $3 AND at < $4 AND current = 1"
		                         " ORDER BY record LIMIT 500", t->name).p;
		q->drop = str_fmt(a, "DELETE FROM p_%s", t->name).p;
		q->dump = str_fmt(a, "SELECT * FROM p_%s ORDER BY record", t->name).p;
		for (size_t f = 0; f < t->n; f++) {
			columns += t->fields[f].index;
			if (shown_column(&t->fields[f]))
				case_texts(a, q, f);
			if (shown_column(&t->fields[f]) && strcmp(kind_row(t->fields[f].kind)->column, "text") == 0)
				find_texts(a, q, f);
			if (t->fields[f].index)
				q->by[f] = str_fmt(a, "SELECT record FROM p_%s WHERE %s = $1 AND record < $2 AND current = 1 ORDER BY record DESC LIMIT 51",
				                   t->name, t->fields[f].name).p;
		}
		if (columns > 10)
			return E_INTERNAL;      /* fifteen placeholders at most */
	}
	return OK;
}

enum err kernel_find(struct call *c, const struct type *t, const char *field, struct str value, int64_t before, struct rows *ret)
{
	size_t at;
	const struct field *f = type_field(t, str_of(field), &at);
	const struct type_sql *q = type_sql(c->k, t);
	struct value v = { .said = SAID_VALUE, .text = value };

	if (!f || !q || !q->by[at])
		return E_INTERNAL;
	if (strcmp(kind_row(f->kind)->column, "int") == 0 && !id_get(value, &v.i) && !str_to_int(value, &v.i))
		return E_BAD;
	return db_ask(c->db, c->arena, q->by[at], VALS(column_value(c, f, &v), V_I(before)), ret);
}

enum err kernel_records_of(struct call *c, const struct type *t, int64_t party, int64_t from, int64_t to, int64_t after, struct rows *ret)
{
	return db_ask(c->db, c->arena, type_sql(c->k, t)->of_party, VALS(V_I(party), V_I(after), V_I(from), V_I(to)), ret);
}

/* ---- rebuild ---- */

static enum err clear_derived(struct kernel *k, struct call *c, const char *type)
{
	for (size_t i = 0; i < k->n_types; i++)
		if (!type || strcmp(type, k->types[i]->name) == 0)
			db_tell(c->db, k->sql[i].drop, NO_VALS);
	for (size_t m = 0; m < k->n_modules && !type; m++)
		for (size_t i = 0; i < k->modules[m]->n_derived; i++)
			db_tell(c->db, str_fmt(&k->life, "DELETE FROM %s", k->modules[m]->derived[i]).p, NO_VALS);
	return db_sticky(c->db);
}

static enum err rebuild_rows(struct call *c, const char *type, const struct rows *r)
{
	const unsigned all = (1u << KEY_CLASSES) - 1;

	for (size_t i = 0; i < r->n; i++) {
		struct record rec;
		enum err e = record_from_row(c, r->v + i * r->cols, all, &rec);

		if (!e && type && strcmp(type, rec.type->name) == 0)
			project_row(c, rec.type, rec.id, rec.party, rec.root, rec.at, rec.corrects, rec.values);
		else if (!e && !type)
			e = project_record(c, rec.type, rec.id, rec.index, rec.party, rec.root, rec.at, rec.corrects, rec.values);
		if (e)
			return e;
	}
	return OK;
}

/* One transaction: readers see the old tables until the new ones are whole. A single type rebuilds its p_ table; only when `type`
 * is NULL also the tables of modules, which speak of several types. */
enum err kernel_rebuild(struct kernel *k, struct arena *a, const char *type, const struct progress *p)
{
	struct call c = { .k = k, .who = &nobody, .arena = a, .db = k->db };
	struct arena page;
	volatile int64_t from = 0;      /* lives across the arena's jump */
	uint64_t total = log_shown(k->log).size;
	const bool had_jobs = k->jobs != NULL;
	jmp_buf full;
	enum err e;

	if (!k->db)
		return E_STATE;
	if (type && !kernel_type(k, str_of(type)))
		return E_ABSENT;
	jobs_stop(k);                           /* a job that is due would write on the same connection */
	arena_init(&page, (size_t)1 << 30, &full);
	c.arena = &page;
	e = db_begin(k->db);
	if (setjmp(full))
		e = E_TOO_BIG;
	else if (!e)
		e = clear_derived(k, &c, type);
	while (!e) {
		struct rows r;

		arena_reset(&page);
		e = db_ask(k->db, &page, kernel_sql[SQL_RECORD_EACH], VALS(V_I(from)), &r);
		if (e || r.n == 0)
			break;
		from = row_int(&r, r.n - 1, 6) + 1;
		e = rebuild_rows(&c, type, &r);
		if (p)
			p->step(p->ctx, (uint64_t)from, total);
	}
	arena_end(&page);
	e = db_end(k->db, e);
	if (had_jobs && jobs_start(k))
		say(SAY_WARN, "jobs do not start again before the next start");
	return e;
}
