/* record/kind.h - inside record/: whether one text is of a kind, and its normal form. */
#ifndef SUYUAN_KIND_H
#define SUYUAN_KIND_H

#include "record/schema.h"

struct verdict {
	bool ok;
	struct str normal;
	int64_t i;                /* see struct value */
	const char *zh, *en;      /* why not; a literal or arena text */
};
struct verdict kind_accept(struct arena *a, const struct field *f, struct str s);

#endif
