/* tests/ops/test_people.c - logging in, locking out, leaving, tokens, passwords; docked systems and their consent. */
#include "tests/ops/harness.h"

static struct answer log_in(struct house *h, const char *login, const char *word)
{
	return ask(h, &nobody, "session.open", in_of(h, "login", login, "password", word, NULL), S(""), NULL);
}

static void the_right_password_opens_a_session_that_ends_with_its_days(void **state)
{
	struct house *h = here(state);
	struct answer a = log_in(h, z(h, h->login[ASSOC]), password);
	struct str token = node_text(a.out, "token");
	const struct actor *who;

	assert_int_equal(a.err, OK);
	assert_int_equal(actor_of(h->k, &h->a, token, S(""), h->now, &who), OK);
	assert_int_equal(who->roles, R_ASSOC);
	assert_int_equal(actor_of(h->k, &h->a, token, S(""), h->now + 91 * DAY_MS, &who), E_NOAUTH);
	assert_int_equal(actor_of(h->k, &h->a, str_sub(token, 0, token.n - 1), S(""), h->now, &who), E_NOAUTH);
	assert_int_equal(actor_of(h->k, &h->a, S(""), S(""), h->now, &who), E_NOAUTH);
	assert_int_equal(ask(h, actor(h, ASSOC), "session.close", NULL, S(""), NULL).err, OK);
	assert_int_equal(actor_of(h->k, &h->a, token, S(""), h->now, &who), E_NOAUTH);
	h->token[ASSOC] = str_copy(&h->a, node_text(log_in(h, z(h, h->login[ASSOC]), password).out, "token"));
}

static void a_token_of_one_day_ends_after_one_day(void **state)
{
	struct house *h = here(state);
	struct answer a = call_ok(h, AUDITOR, "token.create", "days", "1", NULL);
	const struct actor *who;

	assert_int_equal(actor_of(h->k, &h->a, node_text(a.out, "token"), S(""), h->now + DAY_MS - 1000, &who), OK);
	assert_int_equal(actor_of(h->k, &h->a, node_text(a.out, "token"), S(""), h->now + DAY_MS + 1000, &who), E_NOAUTH);
	assert_int_equal(call(h, AUDITOR, "token.create", "days", "0", NULL).err, E_BAD);
	assert_int_equal(call(h, AUDITOR, "token.create", "days", "-1", NULL).err, E_BAD);
	assert_int_equal(call(h, AUDITOR, "token.create", "days", "9999999999999", NULL).err, E_BAD);
}

/* Neither the words nor the trouble nor the kind of error say whether there is such a login. */
static void an_unknown_login_is_answered_like_a_wrong_password(void **state)
{
	struct house *h = here(state);
	struct answer wrong = log_in(h, z(h, h->login[AUDITOR]), "wrong-password"), unknown = log_in(h, "nobody-of-that-name", "wrong-password");

	assert_int_equal(wrong.err, E_NOAUTH);
	assert_int_equal(unknown.err, E_NOAUTH);
	assert_string_equal(z(h, text_of(h, &wrong)), z(h, text_of(h, &unknown)));
}

static void repeated_failures_lock_the_login_and_time_opens_it(void **state)
{
	struct house *h = here(state);
	int64_t now;

	for (int i = 0; i < 5; i++)
		assert_int_equal(log_in(h, z(h, h->login[OFFICER2]), "wrong-password").err, E_NOAUTH);
	assert_int_equal(log_in(h, z(h, h->login[OFFICER2]), password).err, OK);      /* five are free, and a good one forgives */
	for (int i = 0; i < 6; i++)
		assert_int_equal(log_in(h, z(h, h->login[OFFICER2]), "wrong-password").err, E_NOAUTH);
	assert_int_equal(log_in(h, z(h, h->login[OFFICER2]), password).err, E_NOAUTH);
	now = h->now;
	h->now += 61000;
	assert_int_equal(log_in(h, z(h, h->login[OFFICER2]), "wrong-password").err, E_NOAUTH);
	h->now += 61000;
	assert_int_equal(log_in(h, z(h, h->login[OFFICER2]), password).err, E_NOAUTH);       /* the wait doubles */
	h->now += 61000;
	assert_int_equal(log_in(h, z(h, h->login[OFFICER2]), password).err, OK);
	h->now = now;
}

/* The same key and the same wrong password are refused again, and count again. */
static void a_refused_log_in_is_refused_again_under_the_same_key(void **state)
{
	struct house *h = here(state);

	for (int i = 0; i < 6; i++)
		assert_int_equal(ask(h, &nobody, "session.open", in_of(h, "login", z(h, h->login[OPERATOR2]), "password", "wrong-password", NULL), S(""), "try-key").err, E_NOAUTH);
	assert_int_equal(log_in(h, z(h, h->login[OPERATOR2]), password).err, E_NOAUTH);
}

static void invite(struct house *h, enum who w, const char *login, const char *standing)
{
	call_ok(h, w, "person.invite", "login", login, "password", "first-password-1", "standing", standing, NULL);
}

static struct str token_of(struct house *h, const char *login, const char *word) { return str_copy(&h->a, node_text(log_in(h, login, word).out, "token")); }

static void a_removed_person_is_out_at_once(void **state)
{
	struct house *h = here(state);
	const struct actor *who;
	struct str token;

	invite(h, MAKER, "clerk.one", "filer");
	token = token_of(h, "clerk.one", "first-password-1");
	assert_int_equal(actor_of(h->k, &h->a, token, S(""), h->now, &who), OK);
	assert_int_equal(who->inside, IN_FILER);
	assert_int_equal(ask(h, who, "person.invite", in_of(h, "login", "x.y.z", "password", "first-password-1", "standing", "owner", NULL), S(""), NULL).err, E_DENIED);
	assert_int_equal(call(h, MAKER2, "person.remove", "login", "clerk.one", NULL).err, E_ABSENT);
	assert_int_equal(call(h, MAKER, "person.remove", "login", "clerk.one", NULL).err, OK);
	assert_int_equal(actor_of(h->k, &h->a, token, S(""), h->now, &who), E_NOAUTH);
	assert_int_equal(log_in(h, "clerk.one", "first-password-1").err, E_NOAUTH);
	assert_false(holds(text_of(h, &(struct answer){ .c = call_ok(h, MAKER, "person.list", NULL).c }), "clerk.one"));
}

static void the_last_owner_stays(void **state)
{
	struct house *h = here(state);

	assert_int_equal(call(h, SELLER, "person.remove", "login", z(h, h->login[SELLER]), NULL).err, E_STATE);
	assert_int_equal(call(h, OPERATOR, "person.remove", "login", z(h, h->login[SELLER]), NULL).err, E_STATE);
	invite(h, SELLER, "owner.two", "owner");
	assert_int_equal(call(h, SELLER, "person.remove", "login", "owner.two", NULL).err, OK);
	assert_int_equal(call(h, SELLER, "person.remove", "login", z(h, h->login[SELLER]), NULL).err, E_STATE);
}

static struct str notices(struct house *h, enum who w) { return text_of(h, &(struct answer){ .c = call_ok(h, w, "notice.list", NULL).c }); }

static void a_password_set_by_somebody_else_is_noticed_and_ends_sessions(void **state)
{
	struct house *h = here(state);
	const struct actor *who;
	struct str token;

	invite(h, SELLER2, "clerk.two", "warehouse");
	token = token_of(h, "clerk.two", "first-password-1");
	assert_false(holds(notices(h, SELLER2), "密码被重设"));
	assert_int_equal(call(h, MAKER, "person.password", "login", "clerk.two", "password", "stolen-password-1", NULL).err, E_ABSENT);
	assert_int_equal(call(h, OFFICER, "person.password", "login", "clerk.two", "password", "stolen-password-1", NULL).err, E_ABSENT);
	assert_int_equal(call(h, SELLER2, "person.password", "login", "clerk.two", "password", "second-password-1", NULL).err, OK);
	assert_true(holds(notices(h, SELLER2), "密码被重设"));
	assert_int_equal(actor_of(h->k, &h->a, token, S(""), h->now, &who), E_NOAUTH);
	assert_int_equal(log_in(h, "clerk.two", "first-password-1").err, E_NOAUTH);
	assert_int_equal(log_in(h, "clerk.two", "second-password-1").err, OK);
	assert_int_equal(call(h, OPERATOR, "person.password", "login", "clerk.two", "password", "third-password-1", NULL).err, OK);
	assert_int_equal(raw_number(h, "SELECT COUNT(*) FROM audit WHERE op = 'person.password'"), 2);
	assert_int_equal(raw_number(h, str_fmt(&h->a, "SELECT COUNT(*) FROM notice WHERE what = 'password' AND party = %lld", (long long)h->party[SELLER2]).p), 2);
}

static void short_passwords_and_odd_logins_are_refused(void **state)
{
	struct house *h = here(state);

	assert_int_equal(call(h, MAKER, "person.invite", "login", "clerk.x", "password", "short", "standing", "filer", NULL).err, E_BAD);
	assert_int_equal(call(h, MAKER, "person.invite", "login", "a b", "password", "long-enough-1", "standing", "filer", NULL).err, E_BAD);
	assert_int_equal(call(h, MAKER, "person.invite", "login", "clerk.x", "password", "long-enough-1", "standing", "operator", NULL).err, E_BAD);
	assert_int_equal(call(h, MAKER, "person.invite", "login", z(h, h->login[OPERATOR]), "password", "long-enough-1", "standing", "filer", NULL).err, E_CLASH);
	assert_int_equal(call(h, OPERATOR, "account.create", "login", "officer.x", "password", "long-enough-1", "role", "officer", NULL).err, E_BAD);
	assert_int_equal(call(h, OPERATOR, "account.create", "login", "maker.x", "password", "long-enough-1", "role", "maker", NULL).err, E_BAD);
}

/* A stolen copy of the store opens nothing: no token, no password, nor what was sent or answered under an idempotency key. */
static void the_store_holds_no_token_and_no_password(void **state)
{
	static const char *const tables[] = { "session", "account", "idem", "audit", "notice", "party" };
	struct house *h = here(state);
	struct answer a = ask(h, &nobody, "session.open", in_of(h, "login", z(h, h->login[AUDITOR]), "password", password, NULL), S(""), "log-in-key");
	struct str token = node_text(a.out, "token"), dump;
	struct hash plain;

	assert_int_equal(a.err, OK);
	a = ask(h, actor(h, AUDITOR), "token.create", in_of(h, "days", "3", NULL), S(""), "token-key");
	dump = dump_tables(h, tables, ROWS(tables));
	assert_false(holds(dump, z(h, token)));
	assert_false(holds(dump, z(h, node_text(a.out, "token"))));
	assert_false(holds(dump, password));
	/* the hash of what was sent is keyed: the password cannot be tried against it */
	{
		struct str parts[] = { S("session.open"), S("\n"), canon_str(&h->a, in_of(h, "login", z(h, h->login[AUDITOR]), "password", password, NULL)) };

		plain = hash_parts(HASH_SHA256, parts, ROWS(parts));
	}
	assert_false(holds(dump, z(h, hex_str(&h->a, plain.b, HASH_LEN))));
}

/* ---- docked systems ---- */

static enum err as_dock(struct house *h, enum who party, const struct actor **ret) { return actor_of(h->k, &h->a, h->token[DOCK], h->uscc[party], h->now, ret); }

static void a_docked_system_files_only_while_the_party_consents(void **state)
{
	struct house *h = here(state);
	const struct actor *who;
	struct answer a;
	int64_t dock;

	assert_int_equal(as_dock(h, MAKER, &who), E_DENIED);
	assert_int_equal(call(h, DOCK, "pack.create", "grain", "item", "count", "3", NULL).err, E_DENIED);
	assert_int_equal(call(h, MAKER, "consent.give", "login", z(h, h->login[OPERATOR]), NULL).err, E_ABSENT);
	assert_int_equal(call(h, MAKER, "consent.give", "login", z(h, h->login[DOCK]), NULL).err, OK);
	assert_int_equal(as_dock(h, MAKER, &who), OK);
	assert_int_equal(as_dock(h, MAKER2, &who), E_DENIED);
	assert_int_equal(as_dock(h, MAKER, &who), OK);
	dock = who->dock;
	assert_int_equal(dock, h->account[DOCK]);
	a = ask(h, who, "pack.create", in_of(h, "grain", "item", "count", "3", NULL), S(""), NULL);
	assert_int_equal(a.err, OK);
	assert_int_equal(raw_number(h, str_fmt(&h->a, "SELECT COUNT(*) FROM audit WHERE account = %lld AND party = %lld", (long long)dock, (long long)h->party[MAKER]).p), 1);
	/* a filer of the party: not its owner */
	assert_int_equal(ask(h, who, "consent.give", in_of(h, "login", z(h, h->login[DOCK]), NULL), S(""), NULL).err, E_DENIED);
	assert_int_equal(ask(h, who, "person.invite", in_of(h, "login", "mole.one", "password", "first-password-1", "standing", "owner", NULL), S(""), NULL).err, E_DENIED);
	assert_int_equal(ask(h, who, "party.openness", in_of(h, "open_by_default", "true", NULL), S(""), NULL).err, E_DENIED);
	assert_int_equal(ask(h, who, "person.password", in_of(h, "login", z(h, h->login[MAKER]), "password", "first-password-1", NULL), S(""), NULL).err, E_ABSENT);
	assert_int_equal(call(h, MAKER, "consent.stop", "login", z(h, h->login[DOCK]), NULL).err, OK);
	assert_int_equal(as_dock(h, MAKER, &who), E_DENIED);
	call_ok(h, MAKER, "consent.give", "login", z(h, h->login[DOCK]), NULL);
	assert_int_equal(as_dock(h, MAKER, &who), OK);
	call_ok(h, MAKER, "consent.stop", "login", z(h, h->login[DOCK]), NULL);
}

/* A session of a docked system that is kept for the party must not outlive the consent. */
static void a_dock_that_files_for_a_suspended_party_is_stopped_too(void **state)
{
	struct house *h = here(state);
	const struct actor *who;

	call_ok(h, SELLER, "consent.give", "login", z(h, h->login[DOCK]), NULL);
	call_ok(h, OFFICER, "registration.suspend", "id", z(h, h->card[SELLER]), NULL);
	assert_int_equal(as_dock(h, SELLER, &who), OK);
	assert_true(who->suspended);
	assert_int_equal(ask(h, who, "pack.create", in_of(h, "grain", "item", "count", "3", "unmarked", "true", "goods", "螺栓", NULL), S(""), NULL).err, E_DENIED);
	call_ok(h, OFFICER, "registration.resume", "id", z(h, h->card[SELLER]), NULL);
}

/* A login that lives only in another on_behalf header is ignored for people who are no dock. */
static void only_a_dock_acts_for_others(void **state)
{
	struct house *h = here(state);
	const struct actor *who;

	assert_int_equal(actor_of(h->k, &h->a, h->token[SELLER2], h->uscc[MAKER], h->now, &who), OK);
	assert_int_equal(who->party, h->party[SELLER2]);
	assert_int_equal(actor_of(h->k, &h->a, h->token[OFFICER], h->uscc[MAKER], h->now, &who), OK);
	assert_int_equal(who->party, 0);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(the_right_password_opens_a_session_that_ends_with_its_days),
	cmocka_unit_test(a_token_of_one_day_ends_after_one_day),
	cmocka_unit_test(an_unknown_login_is_answered_like_a_wrong_password),
	cmocka_unit_test(repeated_failures_lock_the_login_and_time_opens_it),
	cmocka_unit_test(a_refused_log_in_is_refused_again_under_the_same_key),
	cmocka_unit_test(a_removed_person_is_out_at_once),
	cmocka_unit_test(the_last_owner_stays),
	cmocka_unit_test(a_password_set_by_somebody_else_is_noticed_and_ends_sessions),
	cmocka_unit_test(short_passwords_and_odd_logins_are_refused),
	cmocka_unit_test(the_store_holds_no_token_and_no_password),
	cmocka_unit_test(a_docked_system_files_only_while_the_party_consents),
	cmocka_unit_test(a_dock_that_files_for_a_suspended_party_is_stopped_too),
	cmocka_unit_test(only_a_dock_acts_for_others),
};

int main(void) { return RUN_BOTH("people", tests, NULL); }
