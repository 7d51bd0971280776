/* mod/registry/registry.c - who takes part: makers, sellers and user units register once; officers confirm, return or suspend.
 *
 * One submission registers a party in all its roles. Filing opens at once when the checks pass; until a licence look-up or an
 * officer confirms it, everything the party files is shown with 未核验.
 */
#include "kernel/kernel.h"
#include "mod/registry/registry.h"

#define FIELD(id, ...) ROW(id, __VA_ARGS__)
static const struct field maker_fields[] = {
#include "maker.def"
};
static const struct field seller_fields[] = {
#include "seller.def"
};
static const struct field user_unit_fields[] = {
#include "user_unit.def"
};
#undef FIELD

/* The same places in all three types. */
enum { NAME, USCC, ADDRESS, CONTACT, LICENCE, REGION, ALSO, OPEN, LOGIN, PASSWORD, PLACES };
_Static_assert(ROWS(maker_fields) == PLACES && ROWS(seller_fields) == PLACES && ROWS(user_unit_fields) == PLACES, "parallel rows");

static const struct type maker_type = { .name = "maker", .schema = "samr-2024-10/maker", .zh = "生产单位", .en = "maker", .leaf = LEAF_REG,
	.fields = maker_fields, .n = PLACES, .clause = "附2-1-1", .title = "manufacturer_name", .package = "annex2" };
static const struct type seller_type = { .name = "seller", .schema = "samr-2024-10/seller", .zh = "销售单位", .en = "seller", .leaf = LEAF_REG,
	.fields = seller_fields, .n = PLACES, .clause = "附2-2-1", .title = "seller_name", .package = "annex2" };
static const struct type user_unit_type = { .name = "user_unit", .schema = "suyuan/user_unit", .zh = "用户单位", .en = "user unit", .leaf = LEAF_REG,
	.fields = user_unit_fields, .n = PLACES, .clause = "二（六）", .title = "user_unit_name" };
static const struct type *const types[] = { &maker_type, &seller_type, &user_unit_type };

static unsigned roles_asked(struct call *c)
{
	unsigned roles = role_of(str_of(c->op->in->name));

	for (size_t i = 0; i < c->in[ALSO].n; i++)
		roles |= role_of(c->in[ALSO].list[i]);
	return roles;
}

static enum err register_prepare(struct call *c)
{
	unsigned char salt[16];
	struct str *phc = TAKE(c->arena, struct str, 1);
	bool known = c->who->party && str_eq(c->who->uscc, c->in[USCC].text);
	enum err e;

	if (known)
		return OK;
	if (!c->in[LOGIN].said || !c->in[PASSWORD].said)
		return call_trouble(c, c->in[LOGIN].said ? PASSWORD : LOGIN, "首次登记须设负责人登录名和密码", "a first registration needs the owner's login and password");
	e = fresh_salt(salt);
	if (!e)
		e = password_hash(c->in[PASSWORD].text, salt, c->arena, phc);
	c->scratch = phc;
	return e;
}

static enum err new_party(struct call *c, int64_t *ret_party)
{
	struct party p = { .uscc = c->in[USCC].text, .name = c->in[NAME].text, .region = c->in[REGION].text, .address = c->in[ADDRESS].text,
		.contact = c->in[CONTACT].text, .roles = roles_asked(c), .open_by_default = c->in[OPEN].i != 0 };
	struct str token;
	int64_t account;
	enum err e = party_put(c, &p, ret_party);

	if (!e)
		e = account_put(c, *ret_party, p.roles, IN_OWNER, c->in[LOGIN].text, *(struct str *)c->scratch, p.region, &account);
	if (!e)
		e = session_put(c, account, "session", 90, &token);
	if (!e)
		put_str(c->arena, c->out, "token", token);
	return e;
}

static enum err register_run(struct call *c)
{
	bool known = c->who->party && str_eq(c->who->uscc, c->in[USCC].text);
	int64_t party = c->who->party, record = 0;
	unsigned roles = roles_asked(c);
	enum err e = known ? party_add_roles(c, party, roles) : new_party(c, &party);

	for (size_t i = 0; i < ROWS(types) && !e; i++) {
		struct filing f = { .type = types[i], .values = c->in, .party = party, .org = leaf_org(c->in[USCC].text), .region = c->in[REGION].text };

		if (!(roles & role_of(str_of(types[i]->name))))
			continue;
		e = kernel_append(c, &f, &record);
	}
	if (!e)
		put_z(c->arena, c->out, "state", "unverified");
	return e;
}

/* ---- the flow ---- */

static enum err set_state(struct call *c, int64_t record, const char *state)
{
	struct flow_case fc;
	enum err e = flow_case_get(c, record, &fc);

	return e ? e : party_set_state(c, fc.party, state);
}

static enum err effect_confirm(struct call *c, int64_t record) { return set_state(c, record, "confirmed"); }
static enum err effect_return(struct call *c, int64_t record) { return set_state(c, record, "returned"); }
static enum err effect_suspend(struct call *c, int64_t record) { return set_state(c, record, "suspended"); }

/* A party with two registrations may have one returned and the other suspended: sending one in again opens nothing. */
static enum err effect_resubmit(struct call *c, int64_t record)
{
	if (c->who->suspended)
		return call_refuse(c, E_STATE, "本单位已被暂停填报，须由监管人员恢复", "the party is suspended; an officer resumes it");
	return set_state(c, record, "unverified");
}

/* Where no officer exists for a region the operator confirms. */
static const struct step registration_steps[] = {
	{ "registration", "unverified", "confirm", "confirmed", R_OFFICER | R_OPERATOR, 0, false, "二（五）", "核验通过", "confirm", .effect = effect_confirm },
	{ "registration", "unverified", "return", "returned", R_OFFICER | R_OPERATOR, 10, true, "二（五）", "退回补正", "return", .effect = effect_return },
	{ "registration", "returned", "resubmit", "unverified", R_PARTY, 10, true, "二（五）", "补正后重新提交", "resubmit", .effect = effect_resubmit },
	{ "registration", "returned", "confirm", "confirmed", R_OFFICER | R_OPERATOR, 0, false, "二（五）", "核验通过", "confirm", .effect = effect_confirm },
	{ "registration", "unverified", "suspend", "suspended", R_OFFICER | R_OPERATOR, 0, false, "二（五）", "暂停填报", "suspend", .effect = effect_suspend },
	{ "registration", "confirmed", "suspend", "suspended", R_OFFICER | R_OPERATOR, 0, false, "二（五）", "暂停填报", "suspend", .effect = effect_suspend },
	{ "registration", "suspended", "resume", "confirmed", R_OFFICER | R_OPERATOR, 0, false, "二（五）", "恢复填报", "resume", .effect = effect_confirm },
};
static const struct flow flows[] = {
	{ .name = "registration", .zh = "单位核验", .en = "registration", .start = "unverified", .types = "maker|seller|user_unit", .steps = registration_steps,
	  .n = ROWS(registration_steps), .days = 20, .working = true, .clause = "二（五）" },
};

#define REGISTER(t, p, cl, z, e) \
	{ .name = #t ".register", .method = POST, .path = p, .who = R_ALL, .inside = IN_OWNER, .scope = SCOPE_PUBLIC, .mode = SLOW, .in = &t##_type, .run = register_run, \
	  .clause = cl, .zh = z, .en = e, .prepare = register_prepare, .files = &t##_type },
static const struct op ops[] = {
	REGISTER(maker, "/v1/makers", "附2-1-1", "生产单位登记", "register a maker")
	REGISTER(seller, "/v1/sellers", "附2-2-1", "销售单位登记", "register a seller")
	REGISTER(user_unit, "/v1/user_units", "二（六）", "用户单位登记", "register a user unit")
};

const struct module registry_module = { .name = "registry", .zh = "单位登记", .types = types, .n_types = ROWS(types), .ops = ops, .n_ops = ROWS(ops),
	.flows = flows, .n_flows = ROWS(flows) };
