/* kernel/notice.c - one outbox: notices to parties and roles, reminders of what is late. Sending is the faces' work. */
#include "kernel/inside.h"

void notice_put(struct call *c, int64_t party, const char *what, int64_t record, struct str zh, struct str en)
{
	if (party)
		db_tell(c->db, kernel_sql[SQL_NOTICE_PUT], VALS(V_I(new_id(c->k, c->now)), V_I(party), V_I(0), V_T(str_of(what)), V_I(record),
		        V_I(c->now), V_T(zh), V_T(en)));
}

struct inside_change {
	struct change change;
	struct kernel *k;
	int64_t now;
	enum err (*fn)(struct call *c, void *ctx);
	void (*after)(void *ctx, enum err e);
	void *ctx;
};

static enum err change_run(struct change *ch, struct db *db)
{
	struct inside_change *t = (struct inside_change *)ch;
	struct arena a;
	struct call c = { .k = t->k, .who = &nobody, .db = db, .now = t->now, .arena = &a };
	jmp_buf full;
	enum err e;

	arena_init(&a, 16 << 20, &full);
	e = setjmp(full) ? E_TOO_BIG : t->fn(&c, t->ctx);
	arena_end(&a);
	return e;
}

static void change_done(struct change *ch, enum err e)
{
	struct inside_change *t = (struct inside_change *)ch;

	if (e)
		say(SAY_WARN, "work of the house: %s", err_en(e));
	if (t->after)
		t->after(t->ctx, e);
	free(t);
}

enum err kernel_change(struct kernel *k, int64_t now, enum err (*fn)(struct call *c, void *ctx), void (*after)(void *ctx, enum err e), void *ctx)
{
	struct inside_change *t = k->writer ? calloc(1, sizeof(*t)) : NULL;
	enum err e;

	if (!t)
		return E_BUSY;
	*t = (struct inside_change){ .change = { .run = change_run, .done = change_done }, .k = k, .now = now, .fn = fn, .after = after, .ctx = ctx };
	e = writer_add(k->writer, &t->change);
	if (e)
		free(t);
	return e;
}

static enum err remind(struct call *c, void *ctx)
{
	struct rows r;
	enum err e = db_ask(c->db, c->arena, kernel_sql[SQL_CASE_LATE], VALS(V_I(c->now)), &r);

	(void)ctx;
	if (e)
		return e;
	for (size_t i = 0; i < r.n; i++) {
		notice_put(c, row_int(&r, i, 3), "late", row_int(&r, i, 0),
		           str_fmt(c->arena, "事项已到期（%.*s）", STR_ARG(row_str(&r, i, 2))),
		           str_fmt(c->arena, "a case has reached its date (%.*s)", STR_ARG(row_str(&r, i, 2))));
		db_tell(c->db, kernel_sql[SQL_CASE_REMINDED], VALS(V_I(row_int(&r, i, 0)), V_I(c->now)));
	}
	return db_sticky(c->db);
}

enum err kernel_tick(struct kernel *k, int64_t now)
{
	for (size_t i = 0; i < k->n_modules; i++)
		if (k->modules[i]->tick)
			k->modules[i]->tick(k, now);
	jobs_tick(k, now);
	evidence_tick(k);
	anchor_tick(k, now);
	cosigners_tick(k);
	cosigned_tick(k);
	stamp_tick(k, now);
	if (!k->writer || now - atomic_load(&k->last_tick) < 60000)
		return OK;
	atomic_store(&k->last_tick, now);
	return kernel_change(k, now, remind, NULL, NULL);
}

/* ---- the outbox ---- */

struct sent { int64_t id[100]; size_t n; };

static enum err mark_sent(struct call *c, void *ctx)
{
	struct sent *s = ctx;

	for (size_t i = 0; i < s->n; i++)
		db_tell(c->db, kernel_sql[SQL_NOTICE_SENT], VALS(V_I(s->id[i]), V_I(c->now)));
	return db_sticky(c->db);
}

static void free_sent(void *ctx, enum err e)
{
	(void)e;
	free(ctx);
}

/* Nothing to send to counts as sent; what failed is tried again for three days, then given up: the inbox still has it. */
enum err outbox_send(struct kernel *k, int64_t now, bool (*send)(void *ctx, const struct notice *n), void *ctx, size_t *ret_n)
{
	struct sent *s = calloc(1, sizeof(*s));
	struct arena a;
	struct rows r;
	struct db *db;
	enum err e = s ? readers_borrow(k->readers, &db) : E_IO;

	if (e) {
		free(s);
		return e;
	}
	arena_init(&a, 4 << 20, NULL);
	e = db_ask(db, &a, kernel_sql[SQL_NOTICE_UNSENT], NO_VALS, &r);
	readers_return(k->readers, db);
	for (size_t i = 0; !e && i < r.n && s->n < ROWS(s->id); i++) {
		struct notice n = { row_int(&r, i, 0), row_int(&r, i, 3), row_int(&r, i, 4), row_str(&r, i, 2), row_str(&r, i, 5), row_str(&r, i, 6),
			row_str(&r, i, 7), row_str(&r, i, 8) };

		if ((!n.webhook.n && !n.mail.n) || now - n.at > 3 * DAY_MS || send(ctx, &n))
			s->id[s->n++] = n.id;
	}
	arena_end(&a);
	*ret_n = s->n;
	if (e || s->n == 0 || (e = kernel_change(k, now, mark_sent, free_sent, s)) != OK)
		free(s);
	return e;
}
