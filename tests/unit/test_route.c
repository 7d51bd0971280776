/* tests/unit/test_route.c - which row answers a request, and which sets of rows are refused at start. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "web/route.h"

static const struct route rows[] = {
	{ HTTP_GET, "/" }, { HTTP_GET, "/v1/products" }, { HTTP_POST, "/v1/products" }, { HTTP_GET, "/v1/products/{id}" },
	{ HTTP_POST, "/v1/products/import" }, { HTTP_GET, "/v1/{flow}/{id}/steps" }, { HTTP_POST, "/v1/report/{id}/{verb}" },
	{ HTTP_GET, "/ui/{type}" }, { HTTP_GET, "/ui/{type}/new" }, { HTTP_GET, "/ui/{type}/{id}" }, { HTTP_GET, "/ui/op/{op}" },
	{ HTTP_GET, "/log/tile/{tile*}" }, { HTTP_GET, "/log/tile/flat" },
};

static const struct { enum http_method m; const char *path; enum err e; const char *hit, *value; unsigned allow; } asked[] = {
	{ HTTP_GET,    "/", OK, "/", NULL, 0 },
	{ HTTP_HEAD,   "/v1/products", OK, "/v1/products", NULL, 0 },
	{ HTTP_POST,   "/v1/products", OK, "/v1/products", NULL, 0 },
	{ HTTP_DELETE, "/v1/products", E_METHOD, NULL, NULL, HTTP_GET | HTTP_POST },
	{ HTTP_GET,    "/v1/products/7", OK, "/v1/products/{id}", "7", 0 },
	{ HTTP_POST,   "/v1/products/7", E_METHOD, NULL, NULL, HTTP_GET },
	{ HTTP_POST,   "/v1/products/import", OK, "/v1/products/import", NULL, 0 },
	{ HTTP_GET,    "/v1/products/import", OK, "/v1/products/{id}", "import", 0 },
	{ HTTP_GET,    "/v1/products/7/steps", OK, "/v1/{flow}/{id}/steps", "products", 0 },
	{ HTTP_GET,    "/v1/products/", E_ABSENT, NULL, NULL, 0 },
	{ HTTP_GET,    "/v1/products/7/", E_ABSENT, NULL, NULL, 0 },
	{ HTTP_GET,    "/v1//7/steps", E_ABSENT, NULL, NULL, 0 },
	{ HTTP_GET,    "//", E_ABSENT, NULL, NULL, 0 },
	{ HTTP_GET,    "", E_ABSENT, NULL, NULL, 0 },
	{ HTTP_GET,    "/ui/op/sale.create", OK, "/ui/op/{op}", "sale.create", 0 },
	{ HTTP_GET,    "/ui/op/new", OK, "/ui/op/{op}", "new", 0 },
	{ HTTP_GET,    "/ui/sale/new", OK, "/ui/{type}/new", "sale", 0 },
	{ HTTP_GET,    "/ui/a%2Fb", OK, "/ui/{type}", "a%2Fb", 0 },
	{ HTTP_GET,    "/log/tile/0/x001/067.p/5", OK, "/log/tile/{tile*}", "0/x001/067.p/5", 0 },
	{ HTTP_GET,    "/log/tile/flat", OK, "/log/tile/flat", NULL, 0 },
	{ HTTP_GET,    "/log/tile", E_ABSENT, NULL, NULL, 0 },
	{ HTTP_GET,    "/log/tile/", E_ABSENT, NULL, NULL, 0 },
};

static void words_win_over_members_and_methods_are_told(void **state)
{
	const struct route_node *root = NULL;
	struct arena a;
	char why[200];

	(void)state;
	arena_init(&a, 1 << 20, NULL);
	assert_int_equal(routes_make(&a, rows, ROWS(rows), &root, why), OK);
	for (size_t i = 0; i < ROWS(asked); i++) {
		struct route_hit hit;
		enum err e = route_find(root, asked[i].m, str_of(asked[i].path), &hit);

		if (e != asked[i].e || (!e && strcmp(hit.route->path, asked[i].hit) != 0) || (e == E_METHOD && hit.allow != asked[i].allow) ||
		    (!e && asked[i].value && !(hit.n && str_is(hit.value[0], asked[i].value))))
			fail_msg("%s: %s %s", asked[i].path, err_name(e), e ? "" : hit.route->path);
	}
	arena_end(&a);
}

static void sets_of_rows_that_cannot_be_told_apart_are_refused(void **state)
{
	static const struct { struct route r[2]; enum err e; } sets[] = {
		{ { { HTTP_GET, "/a/{x}" }, { HTTP_GET, "/a/{y}" } }, E_CLASH },
		{ { { HTTP_GET, "/a" }, { HTTP_GET, "/a" } }, E_CLASH },
		{ { { HTTP_GET, "/a" }, { HTTP_POST, "/a" } }, OK },
		{ { { HTTP_GET, "/a" }, { HTTP_GET, "a" } }, E_BAD },
		{ { { HTTP_GET, "/a" }, { HTTP_GET, "/b/{x*}/c" } }, E_BAD },
		{ { { HTTP_GET, "/a" }, { HTTP_GET, "/b/{}" } }, E_BAD },
		{ { { HTTP_GET, "/a" }, { HTTP_GET, "/b/x{y}" } }, E_BAD },
		{ { { HTTP_GET, "/a" }, { HTTP_GET, "" } }, E_BAD },
	};

	(void)state;
	for (size_t i = 0; i < ROWS(sets); i++) {
		const struct route_node *root;
		struct arena a;
		char why[200] = "";
		enum err e;

		arena_init(&a, 1 << 20, NULL);
		e = routes_make(&a, sets[i].r, 2, &root, why);
		if (e != sets[i].e || (e && !why[0]))
			fail_msg("%s %s: %s", sets[i].r[0].path, sets[i].r[1].path, err_name(e));
		arena_end(&a);
	}
}

static void members_are_named_in_their_order(void **state)
{
	(void)state;
	assert_true(str_is(route_member("/v1/{flow}/{id}/x/{rest*}", 0), "flow"));
	assert_true(str_is(route_member("/v1/{flow}/{id}/x/{rest*}", 1), "id"));
	assert_true(str_is(route_member("/v1/{flow}/{id}/x/{rest*}", 2), "rest"));
	assert_true(route_member("/v1/{flow}", 1).n == 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(words_win_over_members_and_methods_are_told),
		cmocka_unit_test(sets_of_rows_that_cannot_be_told_apart_are_refused),
		cmocka_unit_test(members_are_named_in_their_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
