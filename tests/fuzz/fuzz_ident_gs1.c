/* tests/fuzz/fuzz_ident_gs1.c - every form of GS1 data: what can be converted comes back the same. */
#include "fuzz.h"

static void tag_and_back(struct arena *a, struct str hex)
{
	unsigned filter = 0, again_filter = 9;
	struct str epc, out, again;

	if (!epc_of_hex(a, hex, &epc, &filter))
		return;
	if (!hex_of_epc(a, epc, filter, 0, &out))
		abort();
	must(epc_of_hex(a, out, &again, &again_filter) && str_eq(again, epc) && again_filter == filter);
}

static void epc_and_back(struct arena *a, struct str epc)
{
	struct str link, back, again;
	struct ident_result r;
	int64_t prefix = 0;

	ident_check(a, IDENT_EPC, epc, IDENT_STRICT, &r);
	must_hold(a, &r);
	if (!r.valid || !link_of_epc(a, epc, &link) || !str_to_int(ident_part(&r, "gcp_length")->value, &prefix))
		return;
	if (epc_of_link(a, link, (unsigned)prefix, &back)) {
		must(link_of_epc(a, back, &again));
		must(str_eq(again, link));
	}
}

static void link_and_back(struct arena *a, struct str text)
{
	struct str link, elements, again;

	if (!link_of_elements(a, text, &link)) {
		if (!elements_of_link(a, text, &elements) || !link_of_elements(a, elements, &link))
			return;
	}
	must(elements_of_link(a, link, &elements));
	must(link_of_elements(a, elements, &again));
	must(str_eq(again, link));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct str s = { (const char *)data, n };
	struct arena a;
	jmp_buf full;

	if (setjmp(full))
		abort();
	arena_init(&a, (size_t)256 << 20, &full);
	tag_and_back(&a, s);
	epc_and_back(&a, s);
	link_and_back(&a, s);
	arena_end(&a);
	return 0;
}
