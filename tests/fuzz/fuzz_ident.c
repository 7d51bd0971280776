/* tests/fuzz/fuzz_ident.c - any kind in any mode: the first byte chooses both, the rest is the text. */
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct ident_result r;
	struct arena a;
	jmp_buf full;
	struct str s;
	struct buf b;

	if (n == 0)
		return 0;
	if (setjmp(full))
		abort();
	arena_init(&a, (size_t)256 << 20, &full);
	s = (struct str){ (const char *)data + 1, n - 1 };
	if (data[0] / 2 % IDENT_KIND_COUNT == IDENT_NONE)
		ident_scan(&a, s, data[0] % 2 ? IDENT_LENIENT : IDENT_STRICT, &r);
	else
		ident_check(&a, (enum ident_kind)(data[0] / 2 % IDENT_KIND_COUNT), s, data[0] % 2 ? IDENT_LENIENT : IDENT_STRICT, &r);
	must_hold(&a, &r);
	b = buf_in(&a, 256);
	ident_json(&b, s, &r);
	must(b.n > 2 && b.p[b.n - 1] == '}' && utf8_ok(buf_str(&b)));
	arena_end(&a);
	return 0;
}
