/* mod/trace/print_run.c - the worker's side of a print job: part after part, each with its line of the manifest, each once.
 *
 * A part is done when the row says so, after its file and its line are on disk: a stop before that draws it again, byte for byte.
 */
#include <errno.h>
#include <semaphore.h>
#include <stdatomic.h>

#include "mod/trace/print.h"

enum { LIFE = 256 << 20, LINE_ROOM = 1024 };

struct printing {
	struct worker *w;
	struct kernel *k;
	struct job job;
	struct plan plan;
	struct arena life;
	jmp_buf full;
	struct str zh, en;
	bool dropped;                 /* by its owner, meanwhile */
};

/* ---- the row, against somebody who drops the job meanwhile ---- */

struct row_step { struct printing *p; const char *state; bool due, dropped; enum err err; sem_t done; };

static enum err row_run(struct call *c, void *ctx)
{
	struct row_step *s = ctx;
	struct job now;
	enum err e = job_get(c, s->p->job.id, "print", &now);

	if (e)
		return e;
	s->dropped = str_is(now.state, "dropped");
	if (s->dropped)
		return OK;
	now.facts = s->p->job.facts;
	now.state = str_of(s->state);
	return job_keep(c, &now, s->due);
}

static void row_after(void *ctx, enum err e)
{
	struct row_step *s = ctx;

	s->err = e;
	sem_post(&s->done);
}

static enum err row_keep(struct printing *p, const char *state, bool due)
{
	struct row_step s = { .p = p, .state = state, .due = due };
	enum err e;

	sem_init(&s.done, 0, 0);
	e = kernel_change(p->k, p->job.at, row_run, row_after, &s);
	while (!e && sem_wait(&s.done) && errno == EINTR)
		;
	sem_destroy(&s.done);
	p->dropped = !e && !s.err && s.dropped;
	return e ? e : s.err ? s.err : s.dropped ? E_ABSENT : OK;
}

/* ---- one part ---- */

struct part_sink { struct spool_out *out; struct hash_run *hash; uint64_t bytes; };

static bool part_put(void *ctx, const char *p, size_t n)
{
	struct part_sink *s = ctx;

	hash_more(s->hash, (struct str){ p, n });
	s->bytes += n;
	return spool_put(s->out, p, n);
}

static enum err draw_labels(struct printing *p, struct drawing *d, uint32_t first, uint32_t n)
{
	enum err e = OK;

	for (uint32_t i = 0; i < n && !e; i++) {
		if (atomic_load(&p->w->stop))
			return E_BUSY;
		e = drawing_put(d, first + i);
		atomic_fetch_add(&p->w->now.done, p->plan.copies);
	}
	return e;
}

static struct str manifest_line(struct printing *p, int64_t no, uint32_t first, uint32_t n, const struct drawing *d, const struct part_sink *s,
                                const struct hash *h)
{
	struct node *o = node_obj(&p->life);

	put_int(&p->life, o, "part", no);
	put_str(&p->life, o, "file", str_fmt(&p->life, "p%04lld.%s", (long long)no, paper_name(p->plan.as)));
	put_int(&p->life, o, "first", first);
	put_int(&p->life, o, "last", first + n - 1);
	put_str(&p->life, o, "first_code", plan_code(&p->plan, &p->life, first));
	put_str(&p->life, o, "last_code", plan_code(&p->plan, &p->life, first + n - 1));
	put_int(&p->life, o, "labels", (int64_t)d->labels);
	put_int(&p->life, o, "pages", (int64_t)d->pages);
	put_int(&p->life, o, "bytes", (int64_t)s->bytes);
	put_str(&p->life, o, "sha256", hex_str(&p->life, h->b, HASH_LEN));
	return str_fmt(&p->life, "%.*s\n", STR_ARG(json_str(&p->life, o)));
}

static enum err refused(struct printing *p, const struct drawing *d, uint32_t first, enum err e)
{
	if (d->zh.n && (e == E_BAD || e == E_TOO_BIG)) {
		p->zh = str_fmt(&p->life, "第%u张：%.*s", (unsigned)(first + d->labels / p->plan.copies + 1), STR_ARG(d->zh));
		p->en = str_fmt(&p->life, "label %u: %.*s", (unsigned)(first + d->labels / p->plan.copies + 1), STR_ARG(d->en));
		return E_BAD;
	}
	return e;
}

static enum err part_draw(struct printing *p, struct part_sink *s, struct drawing *d, uint32_t first, uint32_t n)
{
	enum err e = drawing_begin(d, &p->plan, (struct label_sink){ part_put, s }, n * p->plan.copies);

	if (!e)
		e = draw_labels(p, d, first, n);
	e = refused(p, d, first, e);
	if (!e)
		return drawing_end(d);
	drawing_drop(d);
	return e;
}

static enum err part_make(struct printing *p, int64_t no)
{
	uint32_t first = p->plan.from + (uint32_t)(no - 1) * p->plan.part, left = p->plan.from + p->plan.count - first, n = left < p->plan.part ? left : p->plan.part;
	struct drawing *d = TAKE(&p->life, struct drawing, 1);
	struct part_sink s = { .hash = hash_begin(HASH_SHA256) };
	struct str line;
	struct hash h;
	enum err e = s.hash ? spool_begin(p->k, p->job.id, part_name(&p->life, 'p', no).p, &s.out) : E_IO, ended;

	if (!e) {
		e = part_draw(p, &s, d, first, n);
		ended = spool_end(s.out);
		e = e ? e : ended;
	}
	if (!s.hash)
		return e;
	h = hash_end(s.hash);
	if (e)
		return e;
	line = manifest_line(p, no, first, n, d, &s, &h);
	if (line.n >= LINE_ROOM)
		return E_INTERNAL;
	e = spool_write(p->k, p->job.id, part_name(&p->life, 'm', no).p, 0, line);
	job_set(&p->job, &p->life, "done", no);
	job_set(&p->job, &p->life, "labels", job_fact(&p->job, "labels") + (int64_t)d->labels);
	job_set(&p->job, &p->life, "bytes", job_fact(&p->job, "bytes") + (int64_t)s.bytes);
	return e;
}

/* ---- the whole ---- */

static enum err all_parts(struct printing *p)
{
	int64_t parts = (p->plan.count + (int64_t)p->plan.part - 1) / p->plan.part, done = job_fact(&p->job, "done");
	enum err e = row_keep(p, "drawing", true);

	atomic_store(&p->w->now.of, (uint64_t)p->plan.count * p->plan.copies);
	atomic_store(&p->w->now.done, (uint64_t)job_fact(&p->job, "labels"));
	while (!e && done < parts) {
		e = part_make(p, ++done);
		if (!e)
			e = row_keep(p, done == parts ? "done" : "drawing", done < parts);
	}
	return e;
}

static enum err read_order(struct printing *p, int64_t id, struct db *db)
{
	struct call c = { .k = p->k, .arena = &p->life, .db = db, .who = &nobody };
	struct pack pack;
	int64_t record;
	enum err e = job_get(&c, id, "print", &p->job);

	c.now = p->job.at;
	if (!e && !id_get(p->job.what, &record))
		e = E_CORRUPT;
	if (!e)
		e = pack_get(&c, record, &pack);
	if (!e)
		e = plan_open(&c, &pack, p->job.facts, &p->plan, &p->zh, &p->en);
	return e;
}

static enum err failed(struct printing *p, enum err e)
{
	job_set_text(&p->job, &p->life, "why_zh", p->zh.n ? p->zh : str_of(err_zh(e)));
	job_set_text(&p->job, &p->life, "why_en", p->en.n ? p->en : str_of(err_en(e)));
	return row_keep(p, "failed", false);
}

static enum err work_on(struct printing *p, int64_t id)
{
	struct db *db;
	enum err e = kernel_reader(p->k, &db);

	if (e)
		return e;
	e = read_order(p, id, db);
	kernel_reader_end(p->k, db);
	if (!e)
		e = all_parts(p);
	if (e && e != E_BUSY && e != E_IO && !p->dropped && p->job.id)
		e = failed(p, e);
	if (!p->dropped)
		return e;
	spool_drop(p->k, id);
	return OK;
}

enum err print_run(struct worker *w, int64_t id)
{
	struct printing *p = calloc(1, sizeof(*p));
	volatile enum err e = E_TOO_BIG;

	if (!p)
		return E_IO;
	p->w = w;
	p->k = w->k;
	arena_init(&p->life, LIFE, &p->full);
	if (!setjmp(p->full))
		e = work_on(p, id);
	plan_end(&p->plan);
	arena_end(&p->life);
	free(p);
	return e;
}
