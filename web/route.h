/* web/route.h - which row answers a method and a path. Pure: made once from rows, then only read.
 *
 * A template is words and members: "/v1/products/{id}"; a member "{rest*}" at the end takes the remaining segments (one or more).
 * Words win over members, members over a rest. Values come out as sent, still percent-encoded.
 */
#ifndef SUYUAN_ROUTE_H
#define SUYUAN_ROUTE_H

#include "web/http.h"

struct ask;
struct op;
struct route {
	unsigned method;                     /* HTTP_GET or HTTP_POST */
	const char *path;
	const struct op *op;                 /* an operation, or */
	void (*page)(struct ask *q);         /* a page of the face */
};

enum { ROUTE_MEMBERS = 8 };
struct route_hit {
	const struct route *route;
	struct str value[ROUTE_MEMBERS];     /* in the order of the members */
	size_t n;
	unsigned allow;                      /* E_METHOD: what the path does answer */
};
struct route_node;
/* In the arena. E_CLASH: two rows of one method and shape, E_BAD: an ill-formed template; why says which. */
enum err routes_make(struct arena *a, const struct route *rows, size_t n, const struct route_node **ret, char why[200]) MUST_USE;
/* HEAD is looked up as GET. E_ABSENT, E_METHOD. */
enum err route_find(const struct route_node *root, enum http_method m, struct str path, struct route_hit *ret) MUST_USE;
/* Name of member i of a template; empty beyond the last. */
struct str route_member(const char *path, size_t i);

#endif
