/* web/fixed.c - what is neither operation nor page: health, counters, OpenAPI, static files, and the log as C2SP tlog-tiles asks. */
#include "web/ask.h"

void fixed_health(struct ask *q)
{
	reply_header(q, "Cache-Control", S("no-store"));
	reply_send(q, 200, "text/plain; charset=utf-8", S("ok\n"), true);
}

void fixed_metrics(struct ask *q)
{
	struct kernel_counts n = kernel_counts(q->f->k);
	struct buf b = buf_in(q->a, 1024);
	const struct { const char *name, *kind, *help; uint64_t v; } rows[] = {
		{ "suyuan_reads_total", "counter", "Reading operations run", n.reads },
		{ "suyuan_writes_total", "counter", "Writing operations run", n.writes },
		{ "suyuan_refused_total", "counter", "Operations answered with an error", n.refused },
		{ "suyuan_log_size", "gauge", "Entries under the shown checkpoint", n.log_size },
		{ "suyuan_write_queue", "gauge", "Changes waiting for the writer", n.queued },
	};

	for (size_t i = 0; i < ROWS(rows); i++)
		buf_fmt(&b, "# HELP %s %s\n# TYPE %s %s\n%s %llu\n", rows[i].name, rows[i].help, rows[i].name, rows[i].kind, rows[i].name,
		        (unsigned long long)rows[i].v);
	reply_send(q, 200, "text/plain; version=0.0.4; charset=utf-8", buf_str(&b), false);
}

void fixed_openapi(struct ask *q)
{
	reply_header(q, "Cache-Control", S("no-cache"));
	reply_send(q, 200, "application/json", q->f->openapi, true);
}

void fixed_static(struct ask *q)
{
	struct str encodings = http_header(q->h, "Accept-Encoding");
	struct static_file s;

	if (!static_find(q->h->path, encodings.n && memmem(encodings.p, encodings.n, "gzip", 4), &s)) {
		reply_error(q, E_ABSENT);
		return;
	}
	reply_header(q, "ETag", str_of(s.etag));
	reply_header(q, "Cache-Control", S(STATIC_CACHE));
	reply_header(q, "Vary", S("Accept-Encoding"));
	if (s.gzip)
		reply_header(q, "Content-Encoding", S("gzip"));
	if (str_eq(http_header(q->h, "If-None-Match"), str_of(s.etag)))
		reply_send(q, 304, NULL, S(""), true);
	else
		reply_send(q, 200, s.type, s.body, true);
}

/* ---- the log ---- */

/* Anyone's page may read the log: it is public and there is nothing to steal with a cookie. */
void log_headers(struct ask *q, const char *cache)
{
	reply_header(q, "Access-Control-Allow-Origin", S("*"));
	if (cache)
		reply_header(q, "Cache-Control", str_of(cache));
}

void fixed_cors(struct ask *q)
{
	log_headers(q, NULL);
	reply_header(q, "Access-Control-Allow-Methods", S("GET, HEAD, OPTIONS"));
	reply_header(q, "Access-Control-Allow-Headers", S("*"));
	reply_header(q, "Access-Control-Max-Age", S("86400"));
	reply_send(q, 204, NULL, S(""), true);
}

void fixed_vkey(struct ask *q)
{
	log_headers(q, "public, max-age=3600");
	reply_send(q, 200, "text/plain; charset=utf-8", log_vkey(kernel_log(q->f->k), TREE_SHA256), false);
}

void fixed_checkpoint(struct ask *q)
{
	struct str note;
	enum err e = log_checkpoint(kernel_log(q->f->k), q->a, TREE_SHA256, &note);

	log_headers(q, e ? NULL : "public, max-age=2");
	if (e)
		reply_error(q, e);
	else
		reply_send(q, 200, "text/plain; charset=utf-8", note, false);
}

static bool number(struct str s, size_t digits, uint64_t *ret)
{
	uint64_t v = 0;

	if (s.n == 0 || (digits && s.n != digits) || s.n > 3)
		return false;
	for (size_t i = 0; i < s.n; i++) {
		if (!is_digit(s.p[i]))
			return false;
		v = v * 10 + (uint64_t)(s.p[i] - '0');
	}
	*ret = v;
	return true;
}

/* "x001/x234/067" or "x001/x234/067.p/5": groups of three digits, all but the last marked x. */
static bool tile_number(struct str s, uint64_t *ret_n, unsigned *ret_width)
{
	const char *part = s.n ? memmem(s.p, s.n, ".p/", 3) : NULL;
	uint64_t n = 0, width = TILE_WIDTH, group;
	struct str one;

	if (part) {
		struct str w = str_sub(s, (size_t)(part - s.p) + 3, s.n);

		if (!number(w, 0, &width) || width == 0 || width >= TILE_WIDTH || w.p[0] == '0')
			return false;
		s = str_sub(s, 0, (size_t)(part - s.p));
	}
	if (s.n == 0 || s.n > 23 || str_ends(s, "/"))
		return false;
	while (str_cut(&s, '/', &one)) {
		if (s.n ? !(str_starts(one, "x") && number(str_sub(one, 1, one.n), 3, &group)) : !number(one, 3, &group))
			return false;
		if (s.n && n == 0 && group == 0)
			return false;           /* one name a tile: no leading empty groups */
		n = n * 1000 + group;
	}
	*ret_n = n;
	*ret_width = (unsigned)width;
	return true;
}

void fixed_tile(struct ask *q)
{
	struct str rest = q->hit.value[0], level;
	bool entries = str_starts(rest, "entries/");
	uint64_t n = 0, l = 0;
	unsigned width = 0;
	struct str bytes = S("");
	enum err e = E_ABSENT;

	log_headers(q, NULL);
	if (str_cut(&rest, '/', &level) && (entries || (number(level, 0, &l) && l < LOG_LEVELS && (level.n == 1 || level.p[0] != '0'))) &&
	    tile_number(rest, &n, &width)) {
		if (entries) {
			e = kernel_entries(q->f->k, q->a, n, width, &bytes);
		} else {
			unsigned char *tile = arena_take(q->a, TILE_BYTES);

			e = kernel_tile(q->f->k, (unsigned)l, n, width, tile);
			bytes = (struct str){ (const char *)tile, (size_t)width * HASH_LEN };
		}
	}
	if (e) {
		reply_error(q, e);
		return;
	}
	reply_header(q, "Cache-Control", S("public, max-age=31536000, immutable"));
	reply_send(q, 200, "application/octet-stream", bytes, false);
}
