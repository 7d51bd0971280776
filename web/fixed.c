/* web/fixed.c - what is neither operation nor page: health, counters, OpenAPI, static files, and the log as C2SP tlog-tiles asks. */
#include "web/ask.h"

void fixed_health(struct ask *q)
{
	const bool stopped = kernel_counts(q->f->k).stopped;

	reply_header(q, "Cache-Control", S("no-store"));
	reply_send(q, stopped ? 503 : 200, "text/plain; charset=utf-8", stopped ? S("no change is taken any more: see the log, restart, run suyuan verify\n") : S("ok\n"), true);
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
		{ "suyuan_writer_stopped", "gauge", "1: no change is taken until a restart", n.stopped },
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

/* A home of the suite gm serves its second tree below /log/sm3/, a log of its own over the same entries. */
static enum tree_id tree_asked(const struct ask *q) { return str_starts(q->h->path, "/log/sm3/") ? TREE_SM3 : TREE_SHA256; }

void fixed_vkey(struct ask *q)
{
	const enum tree_id t = tree_asked(q);
	const bool has = log_has(kernel_log(q->f->k), t);

	log_headers(q, has ? "public, max-age=3600" : NULL);
	if (has)
		reply_send(q, 200, "text/plain; charset=utf-8", log_vkey(kernel_log(q->f->k), t), false);
	else
		reply_error(q, E_ABSENT);
}

void fixed_checkpoint(struct ask *q)
{
	struct str note;
	enum err e = log_checkpoint(kernel_log(q->f->k), q->a, tree_asked(q), &note);

	log_headers(q, e ? NULL : "public, max-age=2");
	if (e)
		reply_error(q, e);
	else
		reply_send(q, 200, "text/plain; charset=utf-8", note, false);
}

void fixed_policy(struct ask *q)
{
	struct str text;
	enum err e = kernel_policy(q->f->k, q->a, &text);

	log_headers(q, e ? NULL : "public, max-age=300");
	if (e)
		reply_error(q, e);
	else
		reply_send(q, 200, "text/plain; charset=utf-8", text, false);
}

void fixed_issuer(struct ask *q)
{
	struct node *o;
	enum err e = kernel_issuer(q->f->k, q->a, &o);

	log_headers(q, e ? NULL : "public, max-age=3600");
	if (e)
		reply_error(q, e);
	else
		reply_send(q, 200, "application/json", json_str(q->a, o), false);
}

/* A tile of a width never changes, also one that is not full yet. */
void fixed_tile(struct ask *q)
{
	struct str bytes = S("");
	uint64_t n;
	int level;
	unsigned width;
	enum err e = tile_path_get(str_join(q->a, S("tile/"), q->hit.value[0]), &level, &n, &width) ? E_ABSENT : OK;

	log_headers(q, NULL);
	if (!e && !log_has(kernel_log(q->f->k), tree_asked(q)))
		e = E_ABSENT;
	if (!e && level < 0) {
		e = kernel_entries(q->f->k, q->a, n, width, &bytes);
	} else if (!e) {
		unsigned char *tile = arena_take(q->a, TILE_BYTES);

		e = kernel_tile(q->f->k, tree_asked(q), (unsigned)level, n, width, tile);
		bytes = (struct str){ (const char *)tile, (size_t)width * HASH_LEN };
	}
	if (e) {
		reply_error(q, e);
		return;
	}
	reply_header(q, "Cache-Control", S("public, max-age=31536000, immutable"));
	reply_send(q, 200, "application/octet-stream", bytes, false);
}

/* Opening and hashing 256 records takes too long for an event loop. */
static void public_made(struct ask *q)
{
	struct str lines;
	uint64_t n;
	int level;
	unsigned width;
	enum err e = tile_path_get(str_join(q->a, S("tile/entries/"), q->hit.value[0]), &level, &n, &width) ? E_ABSENT : OK;

	if (!e)
		e = kernel_public(q->f->k, q->a, n, width, &lines);
	if (e) {
		reply_error(q, e);
		return;
	}
	reply_header(q, "Cache-Control", S("public, max-age=300"));      /* values can be erased */
	reply_send(q, 200, "text/plain; charset=utf-8", lines, false);
}

void fixed_public(struct ask *q)
{
	log_headers(q, NULL);
	ask_later(q, public_made);
}

/* One number has one spelling. */
static bool number_asked(const struct ask *q, int64_t *ret)
{
	struct str s = q->hit.value[0];

	return s.n && is_digit(s.p[0]) && (s.n == 1 || s.p[0] != '0') && str_to_int(s, ret);
}

/* size 0: the newest, and where it stays. */
static enum err stamp_asked(struct ask *q, struct stamp *ret)
{
	int64_t size = 0;
	enum err e = q->hit.n && (!number_asked(q, &size) || size == 0) ? E_ABSENT : OK;

	if (!e)
		e = kernel_stamp(q->f->k, q->a, (uint64_t)size, ret);
	log_headers(q, e ? NULL : size ? "public, max-age=31536000, immutable" : "public, max-age=300");
	if (!e && !size) {
		reply_header(q, "Content-Location", str_fmt(q->a, "/log/timestamp/%llu", (unsigned long long)ret->size));
		reply_header(q, "Access-Control-Expose-Headers", S("Content-Location"));
	}
	return e;
}

void fixed_stamp(struct ask *q)
{
	struct stamp s;
	enum err e = stamp_asked(q, &s);

	if (e)
		reply_error(q, e);
	else
		reply_send(q, 200, "application/timestamp-reply", s.token, false);
}

/* The very bytes whose hash was stamped. */
void fixed_stamped(struct ask *q)
{
	struct stamp s;
	enum err e = stamp_asked(q, &s);

	if (e)
		reply_error(q, e);
	else
		reply_send(q, 200, "text/plain; charset=utf-8", s.note, false);
}

void fixed_receipt(struct ask *q)
{
	struct str text;
	int64_t at;
	enum err e = number_asked(q, &at) ? OK : E_ABSENT;

	if (!e)
		e = kernel_log_receipt(q->f->k, q->a, (uint64_t)at, &text);
	log_headers(q, e ? NULL : "public, max-age=300");
	if (e)
		reply_error(q, e);
	else
		reply_send(q, 200, "text/plain; charset=utf-8", text, false);
}
