/* tests/outside/canon_driver.c - the strict reader and the canonical writer under the orders of a script.
 *
 * Each line of input is a text as hex digits; the answer is one line: "ok HEX" with its canonical form (RFC 8785), or
 * "bad AT" with the byte that was refused. Limits as for a request body.
 */
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>

#include "record/json.h"

enum { LINE = 1 << 20 };

static void answer(struct arena *a, const char *hex, size_t n)
{
	static const struct json_limits limits = { .bytes = LINE / 2, .depth = 16, .nodes = 20000 };
	char *bytes = arena_take(a, n / 2 + 1);
	struct json_trouble t = { 0 };
	struct node *o;
	struct str out;

	if (n % 2 || !hex_get((struct str){ hex, n }, bytes, n / 2)) {
		printf("hex\n");
		return;
	}
	if (json_read(a, (struct str){ bytes, n / 2 }, &limits, &o, &t)) {
		printf("bad %zu\n", t.at);
		return;
	}
	out = canon_str(a, o);
	printf("ok %.*s\n", STR_ARG(hex_str(a, out.p, out.n)));
}

int main(void)
{
	char *line = malloc(LINE);
	struct arena a;
	jmp_buf full;

	arena_init(&a, (size_t)64 << 20, &full);
	while (fgets(line, LINE, stdin)) {
		if (setjmp(full))
			printf("bad 0\n");
		else
			answer(&a, line, strcspn(line, "\r\n"));
		arena_reset(&a);
		fflush(stdout);
	}
	arena_end(&a);
	free(line);
	return 0;
}
