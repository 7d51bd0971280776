/* kernel/notice.c - one outbox: notices to parties and roles, reminders of what is late. Sending is the faces' work. */
#include "kernel/inside.h"

void notice_put(struct call *c, int64_t party, const char *what, int64_t record, struct str zh, struct str en)
{
	if (party)
		db_tell(c->db, kernel_sql[SQL_NOTICE_PUT], VALS(V_I(new_id(c->k, c->now)), V_I(party), V_I(0), V_T(str_of(what)), V_I(record),
		        V_I(c->now), V_T(zh), V_T(en)));
}

struct tick {
	struct change change;
	struct kernel *k;
	int64_t now;
};

static enum err remind(struct call *c)
{
	struct rows r;
	enum err e = db_ask(c->db, c->arena, kernel_sql[SQL_CASE_LATE], VALS(V_I(c->now)), &r);

	if (e)
		return e;
	for (size_t i = 0; i < r.n; i++) {
		notice_put(c, row_int(&r, i, 3), "late", row_int(&r, i, 0),
		           str_fmt(c->arena, "事项已超过办理期限（%.*s）", STR_ARG(row_str(&r, i, 2))),
		           str_fmt(c->arena, "a case is past its deadline (%.*s)", STR_ARG(row_str(&r, i, 2))));
		db_tell(c->db, kernel_sql[SQL_CASE_REMINDED], VALS(V_I(row_int(&r, i, 0)), V_I(c->now)));
	}
	return db_sticky(c->db);
}

static enum err tick_run(struct change *ch, struct db *db)
{
	struct tick *t = (struct tick *)ch;
	struct arena a;
	struct call c = { .k = t->k, .who = &nobody, .db = db, .now = t->now, .arena = &a };
	jmp_buf full;
	enum err e;

	arena_init(&a, 1 << 20, &full);
	e = setjmp(full) ? E_TOO_BIG : remind(&c);
	arena_end(&a);
	return e;
}

static void tick_done(struct change *ch, enum err e)
{
	if (e)
		say(SAY_WARN, "reminders: %s", err_en(e));
	free(ch);
}

enum err kernel_tick(struct kernel *k, int64_t now)
{
	struct tick *t;
	enum err e;

	if (!k->writer || now - atomic_load(&k->last_tick) < 60000)
		return OK;
	atomic_store(&k->last_tick, now);
	t = calloc(1, sizeof(*t));
	if (!t)
		return E_IO;
	*t = (struct tick){ .change = { .run = tick_run, .done = tick_done }, .k = k, .now = now };
	e = writer_add(k->writer, &t->change);
	if (e)
		free(t);
	return e;
}
