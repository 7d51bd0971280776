/* web/gate.h - which requests are let in: the strict rules of RFC 9110 and 9112 that the HTTP library does not check.
 *
 * Pure. A request that two programs could read differently (request smuggling) is refused with 400 before its body.
 */
#ifndef SUYUAN_GATE_H
#define SUYUAN_GATE_H

#include "web/http.h"

struct gate {
	bool chunked;            /* a body follows in chunks */
	bool has_length;         /* a body of `length` bytes follows */
	uint64_t length;
	struct str host;
};
/* OK, E_BAD for anything ambiguous, E_TOO_BIG when the announced body is over body_max. */
enum err gate_check(const struct http_header *headers, size_t n, struct str target, bool http_1_0, size_t body_max, struct gate *ret) MUST_USE;
/* Takes the absolute form apart and splits at '?'. False: not a target this server can have. */
bool gate_target(struct str target, enum http_method m, struct str *ret_path, struct str *ret_query);
enum http_method gate_method(struct str name);
bool is_token(struct str s);                     /* RFC 9110 5.6.2 */
bool str_same(struct str a, const char *z);      /* ASCII letters compared without case */

#endif
