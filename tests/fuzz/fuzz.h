/* tests/fuzz/fuzz.h - what the targets share: an arena a run, and stopping at a broken promise. */
#ifndef SUYUAN_TEST_FUZZ_H
#define SUYUAN_TEST_FUZZ_H

#include <stdlib.h>

#include "../../ident/ident.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static inline void must(bool right)
{
	if (!right)
		abort();
}

/* The normal form checks to itself. */
static inline void must_hold(struct arena *a, const struct ident_result *r)
{
	struct ident_result again;

	must(r->valid == (r->error.code == NULL));
	if (!r->valid)
		return;
	ident_check(a, r->kind, r->normal, IDENT_STRICT, &again);
	must(again.valid && str_eq(again.normal, r->normal));
}

#endif
