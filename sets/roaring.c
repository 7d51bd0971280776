/* sets/roaring.c - the only file that sees CRoaring. It writes bitmaps; they are read by chunk.c, which trusts no byte.
 *
 * Foreign memory is freed here before anything is answered; arena_try, because a jump would leave it behind.
 */
#include "sets/sets.h"

#include <roaring/roaring.h>

enum err roaring_write(struct arena *a, const uint32_t *v, size_t n, struct str *ret)
{
	roaring_bitmap_t *r = roaring_bitmap_of_ptr(n, v);
	size_t size;
	char *to;

	if (!r)
		return E_IO;
	roaring_bitmap_run_optimize(r);
	size = roaring_bitmap_portable_size_in_bytes(r);
	to = arena_try(a, size);
	if (to)
		roaring_bitmap_portable_serialize(r, to);
	roaring_bitmap_free(r);
	if (!to)
		return E_TOO_BIG;
	*ret = (struct str){ to, size };
	return OK;
}
