/* cli/verify_source.c - a log behind an address, or a directory with the same layout, as the source log/remote.c reads. */
#include <unistd.h>

#include "base/sys.h"
#include "cli/verify.h"

enum { TRIES = 3 };

static enum err from_web(void *ctx, struct arena *a, const char *path, size_t max, struct str *ret)
{
	struct verify_source *s = ctx;
	struct fetch f = { .anywhere = true, .max = max, .kept = &s->kept };
	struct fetched got;
	enum err e = E_BUSY;

	f.url = str_fmt(a, "%s/%s", s->base, path).p;
	for (int i = 0; i < TRIES && e == E_BUSY; i++) {
		if (i)
			sleep(1);
		e = s->fetch->get(a, &f, &got);
		if (!e && (got.status >= 500 || got.status == 429))
			e = E_BUSY;
	}
	if (e)
		return e;
	if (got.status == 404 || got.status == 410)
		return E_ABSENT;
	if (got.status != 200)
		return E_DENIED;
	*ret = got.body;
	return OK;
}

static enum err from_dir(void *ctx, struct arena *a, const char *path, size_t max, struct str *ret)
{
	struct verify_source *s = ctx;

	return file_read(a, str_fmt(a, "%s/%s", s->base, path).p, max, ret);
}

void source_open(struct verify_source *s, const struct verify_ask *q)
{
	struct str base = str_of(q->target);

	while (base.n > 1 && base.p[base.n - 1] == '/')
		base.n--;
	*s = (struct verify_source){ .fetch = q->c->setup.fetch, .base = str_z(q->a, base), .web = strstr(q->target, "://") != NULL };
	s->src = (struct log_source){ s, s->web ? from_web : from_dir };
}

void source_close(struct verify_source *s)
{
	if (s->kept)
		s->fetch->end(s->kept);
}
