/* web/static.h - the style sheets, scripts and page templates inside the program.
 *
 * A static file's path holds a hash of its content (/static/<hash>/<name>), so it may be cached for ever; a path with another
 * hash is not found. The rows are made at build time by web/assets/embed. Nothing here is allocated or freed.
 */
#ifndef SUYUAN_STATIC_H
#define SUYUAN_STATIC_H

#include "web/tpl.h"

#define STATIC_CACHE "public, max-age=31536000, immutable"

struct static_file {
	struct str body;
	const char *type, *etag;             /* the tag with its quotes; another one for the gzip'd form */
	bool gzip;                           /* body is gzip'd: send Content-Encoding and Vary */
};
/* gzip_ok: the client accepts gzip. False when there is no such file. */
bool static_find(struct str path, bool gzip_ok, struct static_file *ret);

/* Where the page finds them: phrases named "asset.<file name>", to be joined to the phrase table: {{t:asset.app.css}}. */
size_t static_phrases(struct phrase *to, size_t max);

struct static_row {
	const char *key, *url, *type, *etag, *etag_gz, *plain;
	size_t n;
	const char *gz;
	size_t n_gz;
};
extern const struct static_row static_rows[];
extern const size_t static_count;
extern const struct tpl_file page_templates[];      /* web/tpl/NAME.html as NAME */
extern const size_t page_template_count;

#endif
