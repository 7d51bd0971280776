/* kernel/people.c - parties, accounts, sessions, consents: the rows behind struct actor. */
#include "kernel/inside.h"

static void party_from(const struct rows *r, struct party *ret)
{
	*ret = (struct party){ .id = row_int(r, 0, 0), .uscc = row_str(r, 0, 1), .name = row_str(r, 0, 2), .region = row_str(r, 0, 3),
		.address = row_str(r, 0, 4), .contact = row_str(r, 0, 5), .roles = (unsigned)row_int(r, 0, 6), .state = row_str(r, 0, 7),
		.open_by_default = row_int(r, 0, 8) != 0 };
}

static enum err party_ask(struct call *c, const char *sql, struct val v, struct party *ret)
{
	struct rows r;
	enum err e = db_ask(c->db, c->arena, sql, VALS(v), &r);

	if (e)
		return e;
	if (r.n == 0)
		return E_ABSENT;
	party_from(&r, ret);
	return OK;
}

enum err party_get(struct call *c, int64_t id, struct party *ret) { return party_ask(c, kernel_sql[SQL_PARTY_GET], V_I(id), ret); }
enum err party_by_uscc(struct call *c, struct str uscc, struct party *ret) { return party_ask(c, kernel_sql[SQL_PARTY_BY_USCC], V_T(uscc), ret); }

enum err party_put(struct call *c, const struct party *p, int64_t *ret_id)
{
	struct party old;
	int64_t id = new_id(c->k, c->now);
	enum err e = party_by_uscc(c, p->uscc, &old);

	if (e != E_ABSENT)
		return e ? e : call_refuse(c, E_CLASH, "这个统一社会信用代码已经注册，请登录后操作", "this code is registered already; log in instead");
	db_tell(c->db, kernel_sql[SQL_PARTY_PUT], VALS(V_I(id), V_T(p->uscc), V_T(p->name), V_T(p->region), V_T(p->address), V_T(p->contact),
	        V_I(p->roles), V_T(S("unverified")), V_I(p->open_by_default)));
	*ret_id = id;
	return db_sticky(c->db);
}

enum err party_add_roles(struct call *c, int64_t party, unsigned roles)
{
	db_tell(c->db, kernel_sql[SQL_PARTY_ROLES], VALS(V_I(party), V_I(roles)));
	return db_sticky(c->db);
}

enum err party_set_state(struct call *c, int64_t party, const char *state)
{
	for (size_t i = 0; i < c->k->n_modules; i++)
		if (c->k->modules[i]->party_changed)
			c->k->modules[i]->party_changed(c->k, party);
	db_tell(c->db, kernel_sql[SQL_PARTY_STATE], VALS(V_I(party), V_T(str_of(state))));
	return db_sticky(c->db);
}

enum err account_put(struct call *c, int64_t party, unsigned roles, enum inside in, struct str login, struct str phc, struct str region,
                     int64_t *ret_id)
{
	int64_t id = new_id(c->k, c->now);
	struct rows r;
	enum err e = db_ask(c->db, c->arena, kernel_sql[SQL_ACCOUNT_LOGIN], VALS(V_T(login)), &r);

	if (e)
		return e;
	if (r.n)
		return call_refuse(c, E_CLASH, "这个登录名已被使用，请换一个", "this login is taken; choose another");
	db_tell(c->db, kernel_sql[SQL_ACCOUNT_PUT], VALS(V_I(id), V_I(party), V_I(roles), V_I(in), V_T(login), V_T(phc), V_T(region)));
	*ret_id = id;
	return db_sticky(c->db);
}

/* A token is 32 random bytes; the database keeps only its hash, so a stolen backup opens no session. */
enum err session_put(struct call *c, int64_t account, const char *kind, int64_t days, struct str *ret_token)
{
	unsigned char b[32];
	struct hash h;
	struct str token;
	enum err e = random_fill(b, sizeof(b));

	if (e)
		return e;
	token = str_join(c->arena, S("sy_"), base64url_str(c->arena, b, sizeof(b)));
	h = hash_of(HASH_SHA256, token);
	db_tell(c->db, kernel_sql[SQL_SESSION_PUT], VALS(V_B(hash_str(&h)), V_I(account), V_T(str_of(kind)), V_I(c->now), V_I(c->now + days * DAY_MS)));
	*ret_token = token;
	return db_sticky(c->db);
}

/* A docked system acts for a party only while that party's consent stands, and only as a filer of it. */
static enum err act_for(struct call *c, struct str uscc, struct actor *who)
{
	struct party p;
	struct rows r;
	enum err e = party_by_uscc(c, uscc, &p);

	if (!e)
		e = db_ask(c->db, c->arena, kernel_sql[SQL_CONSENT_GET], VALS(V_I(p.id), V_I(who->account)), &r);
	if (e || r.n == 0)
		return e == E_ABSENT || !e ? E_DENIED : e;
	who->dock = who->account;
	who->party = p.id;
	who->roles = p.roles;
	who->inside = IN_FILER;
	who->uscc = p.uscc;
	who->party_name = p.name;
	who->region = p.region;
	who->open_by_default = p.open_by_default;
	who->suspended = str_is(p.state, "suspended");
	return OK;
}

static enum err actor_from(struct call *c, const struct rows *r, struct str on_behalf, const struct actor **ret)
{
	struct actor *who = TAKE(c->arena, struct actor, 1);

	*who = (struct actor){ .account = row_int(r, 0, 0), .party = row_int(r, 0, 1), .roles = (unsigned)row_int(r, 0, 2),
		.inside = (enum inside)row_int(r, 0, 3), .login = row_str(r, 0, 4), .region = row_str(r, 0, 5) };
	if (who->party) {
		who->uscc = row_str(r, 0, 7);
		who->party_name = row_str(r, 0, 8);
		who->region = row_str(r, 0, 9);
		who->roles = (unsigned)row_int(r, 0, 10);
		who->suspended = str_is(row_str(r, 0, 11), "suspended");
		who->open_by_default = row_int(r, 0, 12) != 0;
	}
	*ret = who;
	return who->roles & R_DOCK && on_behalf.n ? act_for(c, on_behalf, who) : OK;
}

enum err actor_of(struct kernel *k, struct arena *a, struct str token, struct str on_behalf, int64_t now, const struct actor **ret)
{
	struct call c = { .k = k, .arena = a, .now = now };
	struct hash h = hash_of(HASH_SHA256, token);
	struct rows r;
	const struct actor *who = NULL;
	enum err e = readers_borrow(k->readers, &c.db);

	if (e)
		return e;
	e = db_ask(c.db, a, kernel_sql[SQL_SESSION_GET], VALS(V_B(hash_str(&h))), &r);
	if (!e)
		e = r.n == 0 || row_int(&r, 0, 6) < now ? E_NOAUTH : actor_from(&c, &r, on_behalf, &who);
	readers_return(k->readers, c.db);
	if (!e)
		*ret = who;
	return e;
}

enum err actor_again(struct call *c, int64_t account, struct str on_behalf, const struct actor **ret)
{
	static const struct actor console = { .roles = R_OPERATOR, .login = { "operator", 8 } };
	struct rows r;
	enum err e;

	if (!account) {
		*ret = &console;
		return OK;
	}
	e = db_ask(c->db, c->arena, kernel_sql[SQL_ACTOR_GET], VALS(V_I(account)), &r);
	if (!e && !r.n)
		e = E_DENIED;
	return e ? e : actor_from(c, &r, on_behalf, ret);
}

enum err fresh_salt(unsigned char ret[16]) { return random_fill(ret, 16); }
