/* kernel/accounts.c - operations on people: log in and out, invite, remove, tokens, consent of a party to a docked system. */
#include "kernel/house.h"

enum { SESSION_DAYS = 90, TOKEN_DAYS = 365, FAILS_FREE = 5 };

/* ---- log in ---- */

enum { LOGIN_login, LOGIN_password };
static const struct field login_fields[] = {
	ROW(login, LOGIN, REQUIRED, PRIVATE, OURS, "登录名", .en = "login")
	ROW(password, PASSWORD, REQUIRED, PRIVATE, OURS, "密码", .cls = TRANSIENT, .en = "password")
};
static const struct type login_in = { .name = "login", .zh = "登录", .en = "log in", .fields = login_fields, .n = ROWS(login_fields) };

struct login_try { int64_t account, fails, locked_until; bool good; };

/* Off the writer thread: argon2id takes tens of milliseconds. An unknown login costs the same time as a wrong password. */
static enum err login_prepare(struct call *c)
{
	static const char dummy[] = "$argon2id$v=19$m=19456,t=2,p=1$c3V5dWFuLXN1eXVhbi0x$JTT8F/pyxOvV6TkM3RZSqp0HQiMQSWBoAyYhKFV0m6o";
	struct login_try *t = TAKE(c->arena, struct login_try, 1);
	struct rows r;
	enum err e = db_ask(c->db, c->arena, kernel_sql[SQL_ACCOUNT_LOGIN], VALS(V_T(IN(c, LOGIN_login).text)), &r);
	bool match;

	if (e)
		return e;
	match = password_check(IN(c, LOGIN_password).text, r.n ? row_str(&r, 0, 1) : str_of(dummy));
	if (r.n)
		*t = (struct login_try){ row_int(&r, 0, 0), row_int(&r, 0, 2), row_int(&r, 0, 3), match };
	c->scratch = t;
	return OK;
}

static enum err login_run(struct call *c)
{
	struct login_try *t = c->scratch;
	struct str token;
	enum err e;

	if (!t->good || (t->account && t->locked_until > c->now)) {
		/* five tries free, then a wait that doubles up to an hour */
		int64_t over = t->fails + 1 - FAILS_FREE, wait = over <= 0 ? 0 : over > 6 ? 3600 : 60 << (over - 1);

		if (t->account && t->locked_until <= c->now)     /* tries during the wait do not prolong it */
			db_tell(c->db, kernel_sql[SQL_ACCOUNT_FAIL], VALS(V_I(t->account), V_I(wait ? c->now + wait * 1000 : 0)));
		c->verdict = E_NOAUTH;
		/* the same words for a wrong password, an unknown login and a locked one: none of them tells who has an account */
		return call_refuse(c, OK, "登录名或密码不对；多次失败后须过一段时间再试", "wrong login or password; after several failures it takes a while");
	}
	db_tell(c->db, kernel_sql[SQL_ACCOUNT_GOOD], VALS(V_I(t->account)));
	e = session_put(c, t->account, "session", SESSION_DAYS, &token);
	if (!e)
		put_str(c->arena, c->out, "token", token);
	return e;
}

static enum err logout_run(struct call *c)
{
	db_tell(c->db, kernel_sql[SQL_SESSION_DROP_ACCOUNT], VALS(V_I(c->who->account)));
	return db_sticky(c->db);
}

/* ---- the people of a party ---- */

enum { INVITE_login, INVITE_password, INVITE_standing };
static const struct field invite_fields[] = {
	ROW(login, LOGIN, REQUIRED, PRIVATE, OURS, "登录名", .en = "login")
	ROW(password, PASSWORD, REQUIRED, PRIVATE, OURS, "初始密码", .cls = TRANSIENT, .en = "first password")
	ROW(standing, NAMES, REQUIRED, PRIVATE, OURS, "身份", .list = "owner|filer|warehouse", .max = 1, .en = "standing",
	    .help = "owner 负责人，filer 填报人，warehouse 仓管")
};
static const struct type invite_in = { .name = "invite", .zh = "邀请人员", .en = "invite", .fields = invite_fields, .n = ROWS(invite_fields) };

/* The new password's hash goes from the worker to the writer in c->scratch. `field` is the password's place in the input. */
static enum err hash_password(struct call *c, size_t field)
{
	unsigned char salt[16];
	struct str *phc = TAKE(c->arena, struct str, 1);
	enum err e = fresh_salt(salt);

	if (!e)
		e = password_hash(IN(c, field).text, salt, c->arena, phc);
	c->scratch = phc;
	return e;
}

static enum err second_is_password(struct call *c) { return hash_password(c, 1); }

static enum inside standing_of(struct str s) { return str_is(s, "owner") ? IN_OWNER : str_is(s, "filer") ? IN_FILER : IN_WAREHOUSE; }

static enum err invite_run(struct call *c)
{
	int64_t id;
	enum err e = account_put(c, c->who->party, c->who->roles, standing_of(IN(c, INVITE_standing).list[0]), IN(c, INVITE_login).text,
	                         *(struct str *)c->scratch, c->who->region, &id);

	if (!e)
		put_str(c->arena, c->out, "login", IN(c, INVITE_login).text);
	return e;
}

static const struct field login_only_fields[] = { ROW(login, LOGIN, REQUIRED, PRIVATE, OURS, "登录名", .en = "login") };
static const struct type login_only_in = { .name = "login_only", .zh = "人员", .en = "person", .fields = login_only_fields, .n = 1 };

struct person { int64_t id, party; unsigned roles; int64_t standing; };

static enum err person_by_login(struct call *c, struct str login, struct person *ret)
{
	struct rows r;
	enum err e = db_ask(c->db, c->arena, kernel_sql[SQL_ACCOUNT_LOGIN], VALS(V_T(login)), &r);

	if (!e && r.n == 0)
		e = E_ABSENT;
	if (!e)
		e = db_ask(c->db, c->arena, kernel_sql[SQL_ACCOUNT_GET], VALS(V_I(row_int(&r, 0, 0))), &r);
	if (!e)
		*ret = (struct person){ row_int(&r, 0, 0), row_int(&r, 0, 1), (unsigned)row_int(&r, 0, 2), row_int(&r, 0, 3) };
	return e;
}

/* An owner reaches the people of the own party; the operator everybody. Others look as if they did not exist. */
static bool reaches(const struct call *c, const struct person *p)
{
	return c->who->roles & R_OPERATOR || p->id == c->who->account || (c->who->party && p->party == c->who->party && c->who->inside == IN_OWNER);
}

static enum err remove_run(struct call *c)
{
	struct person p;
	struct rows r;
	enum err e = person_by_login(c, IN(c, 0).text, &p);

	if (e || !reaches(c, &p))
		return e ? e : E_ABSENT;
	if (p.party && p.standing == IN_OWNER) {
		e = db_ask(c->db, c->arena, kernel_sql[SQL_ACCOUNT_OWNERS], VALS(V_I(p.party)), &r);
		if (!e && row_int(&r, 0, 0) < 2)
			return call_refuse(c, E_STATE, "不能移除最后一位负责人", "the last owner cannot be removed");
	}
	db_tell(c->db, kernel_sql[SQL_ACCOUNT_REMOVE], VALS(V_I(p.id), V_I(c->now)));
	db_tell(c->db, kernel_sql[SQL_SESSION_DROP_ACCOUNT], VALS(V_I(p.id)));
	return e ? e : db_sticky(c->db);
}

static enum err password_run(struct call *c)
{
	struct person p;
	enum err e = person_by_login(c, IN(c, LOGIN_login).text, &p);

	if (e || !reaches(c, &p))
		return e ? e : E_ABSENT;
	db_tell(c->db, kernel_sql[SQL_ACCOUNT_PASSWORD], VALS(V_I(p.id), V_T(*(struct str *)c->scratch)));
	db_tell(c->db, kernel_sql[SQL_SESSION_DROP_ACCOUNT], VALS(V_I(p.id)));
	notice_put(c, p.party, "password", 0, S("有人员的密码被重设"), S("a password of one of your people was reset"));
	return db_sticky(c->db);
}

static enum err people_run(struct call *c)
{
	static const char *const standings[] = { "", "warehouse", "filer", "owner" };
	struct node *arr = put_arr(c->arena, c->out, "items");
	struct rows r;
	enum err e = db_ask(c->db, c->arena, kernel_sql[SQL_ACCOUNT_LIST], VALS(V_I(c->who->party)), &r);

	for (size_t i = 0; !e && i < r.n; i++) {
		struct node *o = node_obj(c->arena);

		put_str(c->arena, o, "login", row_str(&r, i, 1));
		put_z(c->arena, o, "standing", standings[row_int(&r, i, 2) & 3]);
		node_add(arr, o);
	}
	return e;
}

/* ---- accounts without a party: officers, associations, auditors, docked systems, operators ---- */

enum { NEW_login, NEW_password, NEW_role, NEW_region };
static const struct field account_fields[] = {
	ROW(login, LOGIN, REQUIRED, PRIVATE, OURS, "登录名", .en = "login")
	ROW(password, PASSWORD, REQUIRED, PRIVATE, OURS, "初始密码", .cls = TRANSIENT, .en = "first password")
	ROW(role, NAMES, REQUIRED, PRIVATE, OURS, "角色", .list = "officer|association|auditor|dock|operator", .max = 1, .en = "role")
	ROW(region, REGION, OPTIONAL, PRIVATE, OURS, "监管地区", .en = "region", .help = "监管人员必填；省级填如 320000")
};
static const struct type account_in = { .name = "account", .zh = "账号", .en = "account", .fields = account_fields, .n = ROWS(account_fields) };

static enum err account_run(struct call *c)
{
	unsigned role = role_of(IN(c, NEW_role).list[0]);
	int64_t id;
	enum err e;

	if (role == R_OFFICER && !IN(c, NEW_region).said)
		return call_trouble(c, NEW_region, "监管人员须有地区", "an officer needs a region");
	e = account_put(c, 0, role, IN_NOBODY, IN(c, NEW_login).text, *(struct str *)c->scratch, IN(c, NEW_region).text, &id);
	if (!e)
		put_str(c->arena, c->out, "login", IN(c, NEW_login).text);
	return e;
}

static const struct field token_fields[] = {
	ROW(days, INTEGER, OPTIONAL, PRIVATE, OURS, "有效天数", .en = "days", .help = "默认365天")
};
static const struct type token_in = { .name = "token", .zh = "接口令牌", .en = "token", .fields = token_fields, .n = 1 };

static enum err token_run(struct call *c)
{
	int64_t days = IN(c, 0).said ? IN(c, 0).i : TOKEN_DAYS;
	struct str token;
	enum err e;

	if (days < 1 || days > 3660)
		return call_trouble(c, 0, "有效天数为1到3660", "1 to 3660 days");
	e = session_put(c, c->who->account, "token", days, &token);
	if (!e)
		put_str(c->arena, c->out, "token", token);
	return e;
}

/* ---- consent ---- */

static enum err dock_by_login(struct call *c, struct person *ret)
{
	enum err e = person_by_login(c, IN(c, 0).text, ret);

	return e ? e : ret->roles & R_DOCK ? OK : E_ABSENT;
}

static enum err consent_give(struct call *c)
{
	struct person dock;
	enum err e = dock_by_login(c, &dock);

	if (e)
		return e;
	db_tell(c->db, kernel_sql[SQL_CONSENT_PUT], VALS(V_I(c->who->party), V_I(dock.id), V_I(c->now)));
	return db_sticky(c->db);
}

static enum err consent_stop(struct call *c)
{
	struct person dock;
	enum err e = dock_by_login(c, &dock);

	if (e)
		return e;
	db_tell(c->db, kernel_sql[SQL_CONSENT_STOP], VALS(V_I(c->who->party), V_I(dock.id), V_I(c->now)));
	return db_sticky(c->db);
}

static enum err consent_list(struct call *c)
{
	struct node *arr = put_arr(c->arena, c->out, "items");
	struct rows r;
	enum err e = db_ask(c->db, c->arena, kernel_sql[SQL_CONSENT_LIST], VALS(V_I(c->who->party)), &r);

	for (size_t i = 0; !e && i < r.n; i++) {
		struct node *o = node_obj(c->arena);

		put_str(c->arena, o, "login", row_str(&r, i, 1));
		put_str(c->arena, o, "since", time_str(c->arena, row_int(&r, i, 2), false));
		put_bool(c->arena, o, "in_force", row_int(&r, i, 3) == 0);
		node_add(arr, o);
	}
	return e;
}

#define OP_IN(n, p, w, ins, sc, m, t, r, z, e, ...) \
	{ .name = n, .method = POST, .path = p, .who = w, .inside = ins, .scope = sc, .mode = m, .in = t, .run = r, .zh = z, .en = e, .clause = OURS, __VA_ARGS__ },
#define OP_GET(n, p, w, ins, r, z, e) \
	{ .name = n, .method = GET, .path = p, .who = w, .inside = ins, .scope = SCOPE_OWN, .mode = READS, .run = r, .clause = OURS, .zh = z, .en = e },

const struct op account_ops[] = {
	OP_IN("session.open", "/v1/sessions", R_ALL, IN_NOBODY, SCOPE_PUBLIC, SLOW, &login_in, login_run, "登录", "log in", .prepare = login_prepare, .quiet = true)
	OP_IN("session.close", "/v1/sessions/close", R_SIGNED_IN, IN_NOBODY, SCOPE_PUBLIC, WRITES, NULL, logout_run, "退出", "log out", .quiet = true)
	OP_IN("person.invite", "/v1/people", R_PARTY, IN_OWNER, SCOPE_OWN, SLOW, &invite_in, invite_run, "邀请人员", "invite a person", .prepare = second_is_password)
	OP_IN("person.remove", "/v1/people/remove", R_PARTY | R_OPERATOR, IN_OWNER, SCOPE_OWN, WRITES, &login_only_in, remove_run, "移除人员", "remove a person")
	OP_IN("person.password", "/v1/people/password", R_SIGNED_IN, IN_NOBODY, SCOPE_OWN, SLOW, &login_in, password_run, "设置密码", "set a password", .prepare = second_is_password)
	OP_GET("person.list", "/v1/people", R_PARTY, IN_OWNER, people_run, "本单位人员", "people of the party")
	OP_IN("account.create", "/v1/accounts", R_OPERATOR, IN_NOBODY, SCOPE_PUBLIC, SLOW, &account_in, account_run, "开设账号", "open an account", .prepare = second_is_password)
	OP_IN("token.create", "/v1/tokens", R_SIGNED_IN, IN_NOBODY, SCOPE_OWN, WRITES, &token_in, token_run, "开设接口令牌", "make a token")
	OP_IN("consent.give", "/v1/consents", R_PARTY, IN_OWNER, SCOPE_OWN, WRITES, &login_only_in, consent_give, "同意对接系统代填", "let a docked system file")
	OP_IN("consent.stop", "/v1/consents/stop", R_PARTY, IN_OWNER, SCOPE_OWN, WRITES, &login_only_in, consent_stop, "停止代填", "stop a docked system")
	OP_GET("consent.list", "/v1/consents", R_PARTY, IN_WAREHOUSE, consent_list, "代填系统", "docked systems")
};
const size_t account_ops_n = ROWS(account_ops);
