/* tests/ops/test_roles.c - who may do what: the matrix of every operation, role and relation against roles.txt, and live.
 *
 * A change of a permission is a changed line of roles.txt:  test_roles --write tests/ops/roles.txt
 */
#include "tests/ops/harness.h"

#ifndef ROLES_FILE
#define ROLES_FILE "tests/ops/roles.txt"
#endif

enum relation { NO_TARGET, OWN, FOREIGN, OTHER_REGION, RELATIONS };

static char letter(enum err e) { return e == OK ? '+' : e == E_NOAUTH ? '?' : e == E_DENIED ? '-' : '!'; }

/* One line an operation; for each role four marks: without a record, own, of somebody in the same region, of somebody elsewhere. */
static struct str matrix(struct house *h)
{
	struct buf b = buf_in(&h->a, 65536);
	size_t n;
	const struct op *const *ops = kernel_ops(h->k, &n);

	buf_z(&b, "# operation: for each role the answer without a record, for an own one, a foreign one, one of another region.\n"
	          "# + allowed, - denied, ? log in first. Written by: test_roles --write FILE\n#");
	for (unsigned r = 0; r < ROLE_COUNT; r++)
		buf_fmt(&b, " %s", role_name(1u << r));
	buf_char(&b, '\n');
	for (size_t i = 0; i < n; i++) {
		buf_z(&b, ops[i]->name);
		for (unsigned r = 0; r < ROLE_COUNT; r++) {
			bool party = (1u << r & R_PARTY) != 0;
			struct actor who = { .roles = 1u << r, .inside = party ? IN_OWNER : IN_NOBODY, .party = party ? 7 : 0, .account = 70 + r,
				.region = 1u << r == R_OFFICER ? S("320000") : party ? S("320623") : S("") };
			static const struct { int64_t party; const char *region; } target[RELATIONS] = { { 0, "" }, { 7, "320623" }, { 8, "320611" }, { 9, "440606" } };

			buf_char(&b, ' ');
			for (int t = 0; t < RELATIONS; t++)
				buf_char(&b, letter(op_allowed(ops[i], &who, t != NO_TARGET, target[t].party, str_of(target[t].region))));
		}
		buf_char(&b, '\n');
	}
	return buf_str(&b);
}

static void every_permission_is_a_reviewed_line(void **state)
{
	struct house *h = here(state);
	struct str have = matrix(h), want, a, b;

	assert_int_equal(file_read(&h->a, ROLES_FILE, 1 << 20, &want), OK);
	while (str_cut(&have, '\n', &a)) {
		if (!str_cut(&want, '\n', &b))
			b = S("");
		if (!str_eq(a, b))
			fail_msg("now  %.*s\n     was  %.*s", STR_ARG(a), STR_ARG(b));
	}
	assert_int_equal(want.n, 0);
}

/* What a curious or broken client sends: nothing, wrong kinds, wrong names. */
static struct node *garbage(struct house *h, int which)
{
	struct node *o = node_obj(&h->a), *deep = put_arr(&h->a, o, "id");

	switch (which) {
	case 0: return NULL;
	case 1: return node_arr(&h->a);
	case 2: return node_str(&h->a, S("text"));
	default:
		for (int i = 0; i < 10; i++) {
			struct node *next = node_arr(&h->a);

			node_add(deep, next);
			deep = next;
		}
		put_int(&h->a, o, "login", 7);
		put_bool(&h->a, o, "corrects", true);
		put_z(&h->a, o, "open", "everything");
		return o;
	}
}

static void who_may_not_is_told_so_and_nothing_else(void **state)
{
	struct house *h = here(state);
	size_t n, tried = 0;
	const struct op *const *ops = kernel_ops(h->k, &n);
	uint64_t before = log_size(h);

	for (size_t i = 0; i < n; i++)
		for (size_t w = 0; w < CAST; w++) {
			const struct actor *who = actor(h, (enum who)w);

			if (ops[i]->who & who->roles)
				continue;
			for (int g = 0; g < 4; g++) {
				struct answer a = ask(h, who, ops[i]->name, garbage(h, g), S(""), NULL);

				if (a.err != (w == ANYBODY ? E_NOAUTH : E_DENIED))
					fail_msg("%s by %s: %s", ops[i]->name, who_names[w], err_name(a.err));
				if (a.c->troubles.n || a.out->n)
					fail_msg("%s by %s speaks of fields", ops[i]->name, who_names[w]);
				tried++;
			}
		}
	assert_true(tried > 500);
	assert_int_equal(log_size(h), before);
}

static void who_may_survives_garbage(void **state)
{
	struct house *h = here(state);
	size_t n;
	const struct op *const *ops = kernel_ops(h->k, &n);

	for (size_t i = 0; i < n; i++)
		for (size_t w = 0; w < CAST; w++) {
			const struct actor *who = actor(h, (enum who)w);

			if (!(ops[i]->who & who->roles) || strncmp(ops[i]->name, "session.", 8) == 0)
				continue;
			for (int g = 3; g < 4; g++) {
				struct answer a = ask(h, who, ops[i]->name, garbage(h, g), S(""), NULL);

				if (a.err == E_INTERNAL || a.err == E_CORRUPT || a.err == E_IO || a.err == E_CRYPTO)
					fail_msg("%s by %s: %s", ops[i]->name, who_names[w], err_name(a.err));
			}
		}
}

static void standing_inside_a_party_limits(void **state)
{
	struct house *h = here(state);
	size_t n;
	const struct op *const *ops = kernel_ops(h->k, &n);

	for (size_t i = 0; i < n; i++)
		for (int in = IN_WAREHOUSE; in <= IN_OWNER; in++) {
			struct actor who = *actor(h, MAKER);

			who.inside = (enum inside)in;
			if (!(ops[i]->who & who.roles))
				continue;
			assert_int_equal(op_allowed(ops[i], &who, false, 0, S("")), (int)ops[i]->inside > in ? E_DENIED : OK);
		}
}

static void a_suspended_party_files_nothing_but_still_reads(void **state)
{
	struct house *h = here(state);
	size_t n;
	const struct op *const *ops = kernel_ops(h->k, &n);

	for (size_t i = 0; i < n; i++) {
		struct actor who = *actor(h, MAKER);

		who.suspended = true;
		if (!(ops[i]->who & R_MAKER))
			continue;
		assert_int_equal(op_allowed(ops[i], &who, false, 0, S("")), ops[i]->method == POST && ops[i]->files ? E_DENIED : OK);
	}
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(every_permission_is_a_reviewed_line),
	cmocka_unit_test(who_may_not_is_told_so_and_nothing_else),
	cmocka_unit_test(who_may_survives_garbage),
	cmocka_unit_test(standing_inside_a_party_limits),
	cmocka_unit_test(a_suspended_party_files_nothing_but_still_reads),
};

int main(int argc, char **argv)
{
	if (argc == 3 && strcmp(argv[1], "--write") == 0) {
		struct house *h = house_new(&sqlite_engine, "std", NULL);
		enum err e = file_write(argv[2], matrix(h), 0644);

		house_end(h);
		return e ? 1 : 0;
	}
	return RUN_BOTH("roles", tests, NULL);
}
