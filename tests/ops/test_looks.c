/* tests/ops/test_looks.c - looks that a module files: several in one change, of several owners, each shown to its own. */
#include "tests/ops/harness.h"

struct looking { const struct actor *who; struct { int64_t party, target; } at[3]; int64_t record[3]; bool before, after; };

static enum err look_at_three(struct call *c, void *ctx)
{
	struct looking *l = ctx;
	enum err e = OK;

	c->who = l->who;
	l->before = kernel_looked(c, l->at[0].target) || kernel_looked(c, l->at[1].target) || kernel_looked(c, l->at[2].target);
	for (size_t i = 0; i < ROWS(l->at) && !e; i++)
		e = kernel_look(c, l->at[i].party, l->at[i].target, S("核对往来KHEFT33"), true, &l->record[i]);
	l->after = kernel_looked(c, l->at[0].target) && kernel_looked(c, l->at[1].target) && kernel_looked(c, l->at[2].target);
	return e;
}

static int64_t notices_of(struct house *h, enum who w)
{
	return raw_number(h, str_fmt(&h->a, "SELECT COUNT(*) FROM notice WHERE what = 'access' AND party = %lld", (long long)h->party[w]).p);
}

static void each_look_of_a_change_is_shown_to_its_owner(void **state)
{
	struct house *h = here(state);
	struct looking l = { .who = actor(h, OFFICER) };
	struct call other = { .k = h->k, .arena = &h->a, .now = h->now };
	int64_t makers = notices_of(h, MAKER), users = notices_of(h, USER);
	struct answer a;
	int64_t id;

	for (size_t i = 0; i < ROWS(l.at); i++) {
		assert_true(id_get(h->card[i == 1 ? USER : i == 0 ? MAKER : SELLER2], &id));
		l.at[i].party = h->party[i == 1 ? USER : MAKER];
		l.at[i].target = id;
	}
	on_writer(h, look_at_three, &l);
	assert_false(l.before);
	assert_true(l.after);
	assert_int_equal(notices_of(h, MAKER), makers + 2);
	assert_int_equal(notices_of(h, USER), users + 1);
	for (size_t i = 0; i < ROWS(l.record); i++) {
		enum who owner = i == 1 ? USER : MAKER;

		a = call_ok(h, owner, "access.list", NULL);
		assert_true(holds(text_of(h, &a), id_str(&h->a, l.record[i]).p));
		assert_true(holds(text_of(h, &a), "KHEFT33"));
		a = call_ok(h, MAKER2, "access.list", NULL);
		assert_false(holds(text_of(h, &a), id_str(&h->a, l.record[i]).p));
	}
	assert_int_equal(kernel_reader(h->k, &other.db), OK);
	other.who = actor(h, OPERATOR);
	assert_false(kernel_looked(&other, l.at[0].target));
	other.who = actor(h, OFFICER);
	assert_true(kernel_looked(&other, l.at[0].target));
	other.now += DAY_MS + 1000;
	assert_false(kernel_looked(&other, l.at[0].target));
	kernel_reader_end(h->k, other.db);
}

static const struct CMUnitTest tests[] = { cmocka_unit_test(each_look_of_a_change_is_shown_to_its_owner) };

int main(void) { return RUN_BOTH("looks", tests, NULL); }
