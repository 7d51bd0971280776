/* web/static.c - finds an embedded file by its path. Never reads a disk, never allocates. */
#include "web/static.h"

bool static_find(struct str path, bool gzip_ok, struct static_file *ret)
{
	for (size_t i = 0; i < static_count; i++) {
		const struct static_row *r = &static_rows[i];

		if (!str_is(path, r->url))
			continue;
		gzip_ok = gzip_ok && r->n_gz < r->n;
		*ret = (struct static_file){
			.body = gzip_ok ? (struct str){ r->gz, r->n_gz } : (struct str){ r->plain, r->n },
			.type = r->type,
			.etag = gzip_ok ? r->etag_gz : r->etag,
			.gzip = gzip_ok,
		};
		return true;
	}
	return false;
}

size_t static_phrases(struct phrase *to, size_t max)
{
	size_t n = 0;

	for (; n < static_count && n < max; n++)
		to[n] = (struct phrase){ static_rows[n].key, static_rows[n].url, static_rows[n].url };
	return n;
}
