/* kernel/load_run.c - one pass over a load's lines: looked through, or filed. */
#include "kernel/load.h"

/* SLICE_FULL: long lines go to the writer before there are many of them. LAST_WORD: to tell the row that there was no more room. */
enum { LIFE_MAX = 512 << 20, LINE_MAX = 64 << 20, SLICE_MAX = 768 << 20, SLICE_FULL = 96 << 20, LAST_WORD = 4 << 20 };

/* ---- lines ---- */

static struct grid_line kept_line(struct arena *a, const struct grid_line *line)
{
	struct grid_line l = *line;

	l.cell = TAKE(a, struct str, line->n + 1);
	for (size_t i = 0; i < line->n; i++)
		l.cell[i] = str_copy(a, line->cell[i]);
	l.raw = line->n ? S("") : str_copy(a, line->raw);
	return l;
}

static struct one *one_more(struct slice *s)
{
	if (s->n == s->cap) {
		size_t cap = s->cap ? s->cap * 2 : LOAD_SLICE;
		struct one *grown = TAKE(s->a, struct one, cap);

		if (s->n)
			memcpy(grown, s->one, s->n * sizeof(*grown));
		s->one = grown;
		s->cap = cap;
	}
	return &s->one[s->n++];
}

/* The name the line read last bears for the lines after it. */
static struct line_local *local_of(struct run *r, int64_t id)
{
	struct line_local *l;

	if (!r->lines.ref.n)
		return NULL;
	l = TAKE(&r->life, struct line_local, 1);
	l->id = id;
	return map_put(&r->local, str_copy(&r->life, r->lines.ref), l) ? l : NULL;
}

static enum err look_at(struct run *r, const struct grid_line *line)
{
	struct call *c = call_for(r, &r->line);
	enum err e = lines_input(&r->lines, c, line);

	if (e == E_ABSENT)
		return OK;
	(void)local_of(r, -1);
	if (!e)
		e = call_check(c, r->db);
	if (e && of_the_line(e)) {
		refuse_call(r, line, c, e);
		return OK;
	}
	if (!e)
		atomic_store(&r->w->now.good, ++r->n_good);
	return e;
}

/* A refused line leaves what was read of it behind: many of them alone would fill the slice that nothing else fills. */
static enum err line_refused(struct run *r, struct slice *s)
{
	s->n--;
	r->stopped = r->all;
	if (!s->n)
		slice_empty(s);
	return s->n && s->a->used > SLICE_FULL ? slice_submit(r) : OK;
}

static bool slice_full(struct run *r, const struct slice *s)
{
	bool whole = r->all && (uint64_t)job_fact(&r->load, "lines") <= LOAD_WHOLE;

	return s->n >= (whole ? LOAD_WHOLE : LOAD_SLICE) || (!whole && s->a->used > SLICE_FULL);
}

static enum err file_line(struct run *r, const struct grid_line *line, bool waited)
{
	struct slice *s = &r->slice[r->at];
	struct one *one = one_more(s);
	enum err e;

	*one = (struct one){ .call = call_for(r, s->a), .line = kept_line(s->a, line) };
	e = lines_input(&r->lines, one->call, &one->line);
	if (e == E_ABSENT) {
		s->n--;
		return OK;
	}
	if (e == E_STATE && !waited) {          /* it names a line that is on its way: that one is filed first */
		s->n--;
		e = slice_submit(r);
		if (!e)
			e = slices_settle(r);
		return e ? e : file_line(r, line, true);
	}
	if (!e)
		e = call_check(one->call, r->db);
	if (e && of_the_line(e)) {
		refuse_call(r, line, one->call, e);
		return line_refused(r, s);
	}
	one->local = e ? NULL : local_of(r, 0);
	return e ? e : slice_full(r, s) ? slice_submit(r) : OK;
}

/* ---- lines that go many to a call ---- */

static enum err gathered_look(struct run *r, struct slice *s)
{
	struct call *c = call_for(r, s->a);
	size_t refused = 0;
	enum err e;

	c->raw = gathered_input(r, s, s->a);
	e = call_check(c, r->db);
	if (e && !of_the_line(e))
		return e;
	for (const struct trouble *t = c->troubles.first; t; t = t->next)
		if (t->at && t->at <= s->n) {
			refuse_text(r, s->a, &s->one[t->at - 1].line, t->zh, t->en);
			refused++;
		}
	if (e && !refused) {
		refuse_call(r, &s->one[0].line, c, e);
		refused = s->n;
	}
	r->n_good += s->n - (refused < s->n ? refused : s->n);
	atomic_store(&r->w->now.good, r->n_good);
	slice_empty(s);
	return OK;
}

static enum err gathered(struct run *r)
{
	struct slice *s = &r->slice[r->at];
	enum err e;

	if (!s->n || r->stopped)
		return OK;
	if (r->dry)
		return gathered_look(r, s);
	s->many = call_for(r, s->a);
	s->many->raw = gathered_input(r, s, s->a);
	e = call_check(s->many, r->db);
	if (!e)
		return slice_submit(r);
	if (!of_the_line(e))
		return e;
	e = slices_settle(r);
	s->err = E_BAD;
	if (!e)
		e = slice_without_refused(r, s);
	slice_empty(s);
	return e;
}

/* Open addressing over the hashes of all values so far; the line where this one stood first, 0: nowhere. */
static uint64_t stood_on(struct run *r, struct str value, uint64_t line)
{
	uint64_t h = str_hash(value, 0x5eed) | 1;
	size_t i;

	if (2 * r->n_seen >= r->cap_seen) {
		size_t cap = r->cap_seen ? r->cap_seen * 2 : 1 << 16;
		struct seen *grown = calloc(cap, sizeof(*grown));

		if (!grown)
			return 0;               /* not told here: the store refuses it */
		for (i = 0; i < r->cap_seen; i++) {
			size_t to = r->seen[i].hash & (cap - 1);

			while (r->seen[i].hash && grown[to].hash)
				to = (to + 1) & (cap - 1);
			if (r->seen[i].hash)
				grown[to] = r->seen[i];
		}
		free(r->seen);
		r->seen = grown;
		r->cap_seen = cap;
	}
	for (i = h & (r->cap_seen - 1); r->seen[i].hash; i = (i + 1) & (r->cap_seen - 1))
		if (r->seen[i].hash == h)
			return r->seen[i].line;
	r->seen[i] = (struct seen){ h, line };
	r->n_seen++;
	return 0;
}

static enum err gather_line(struct run *r, const struct grid_line *line)
{
	const struct gather *g = r->op->gather;
	struct slice *s = &r->slice[r->at];
	uint64_t before = stood_on(r, lines_value(&r->lines, line, g->n - 1), line->no);

	if (before) {
		refuse_text(r, &r->line, line, str_fmt(&r->line, "与第%llu行相同", (unsigned long long)before),
		            str_fmt(&r->line, "the same as line %llu", (unsigned long long)before));
		return OK;
	}
	one_more(s)->line = kept_line(s->a, line);
	return s->n == g->max || s->a->used > SLICE_FULL ? gathered(r) : OK;
}

/* ---- the pass ---- */

/* Kept with the load: whoever looks at a refused line wants to know what its columns were called. Columns that say nothing (#...) may be long. */
static void keep_heading(struct run *r, const struct grid_line *h)
{
	struct node *arr = node_arr(&r->life);

	for (size_t i = 0; i < h->n && i < LINE_COLUMNS; i++)
		node_add(arr, node_str(&r->life, str_copy(&r->life, heading_shown(h->cell[i]))));
	job_put_fact(&r->load, "heading", arr);
}

/* A line filed by an earlier start may be named by those that follow. */
static void remember(struct run *r, const struct grid_line *line)
{
	struct call *c;
	size_t lo = 0, hi = r->n_before;

	if (r->op || !r->n_before)
		return;
	while (lo < hi) {
		size_t mid = (lo + hi) / 2;

		if (r->before[mid].line < line->no)
			lo = mid + 1;
		else
			hi = mid;
	}
	c = call_for(r, &r->line);
	if (lo < r->n_before && r->before[lo].line == line->no && lines_input(&r->lines, c, line) == OK)
		(void)local_of(r, r->before[lo].id);
}

static enum err one_line(struct run *r, const struct grid_line *line, bool readable)
{
	r->n_lines++;
	atomic_store(&r->w->now.done, grid_at(r->grid));
	if (line->no <= r->resume) {
		remember(r, line);
		return OK;
	}
	if (!readable) {
		refuse_text(r, &r->line, line, line->zh, line->en);
		r->stopped = !r->dry && r->all;
		return OK;
	}
	if (r->lines.gather)
		return gather_line(r, line);
	return r->dry ? look_at(r, line) : file_line(r, line, false);
}

/* A sentence about the whole file: the pass ends, the load is failed. */
static enum err unreadable(struct run *r, struct str zh, struct str en)
{
	job_set_text(&r->load, &r->life, "why_zh", str_copy(&r->life, zh));
	job_set_text(&r->load, &r->life, "why_en", str_copy(&r->life, en));
	return E_BAD;
}

static enum err all_lines(struct run *r)
{
	bool headed = r->lines.form == GRID_NDJSON;
	enum err e = OK;

	if (r->lines.form == GRID_TEXT) {
		struct str zh, en;

		headed = true;
		if (lines_heading(&r->lines, NULL, &zh, &en))
			return unreadable(r, zh, en);
	}
	while (!e && !r->stopped) {
		struct grid_line line;
		enum err got;

		if (atomic_load(&r->w->stop))
			return E_BUSY;
		arena_reset(&r->line);
		got = grid_next(r->grid, &r->line, &line);
		if (got == E_ABSENT)
			return r->lines.gather ? gathered(r) : r->dry ? OK : slice_submit(r);
		if (got && got != E_BAD)
			return unreadable(r, line.zh, line.en);
		if (!headed) {
			struct str zh = line.zh, en = line.en;

			if (got || lines_heading(&r->lines, &line, &zh, &en))
				return unreadable(r, zh, en);
			keep_heading(r, &line);
			headed = true;
		} else if (got || !line_is_example(&line)) {
			e = one_line(r, &line, !got);
		}
	}
	return e;
}

static enum err digest_of(struct run *r, struct str *ret)
{
	struct hash_run *h = hash_begin(HASH_SHA256);
	struct hash sum;
	char *piece = TAKE(&r->life, char, SPOOL_BLOCK);
	int64_t n = 0;

	if (!h)
		return E_IO;
	for (uint64_t at = 0; (n = spool_read(r->in, at, piece, SPOOL_BLOCK)) > 0; at += (uint64_t)n)
		hash_more(h, (struct str){ piece, (size_t)n });
	sum = hash_end(h);
	*ret = hex_str(&r->life, sum.b, HASH_LEN);
	return n < 0 ? E_CORRUPT : OK;
}

/* The same bytes sent before by this party, and filed: people press the button twice. */
static enum err note_same(struct run *r, struct call *c)
{
	struct job *all;
	struct str digest;
	size_t n = 0;
	enum err e = digest_of(r, &digest);

	if (e)
		return e;
	job_set_text(&r->load, &r->life, "digest", digest);
	c->who = r->who;
	e = job_list(c, "load", false, &all, &n);
	for (size_t i = n; i-- && !e;)
		if (all[i].id != r->load.id && job_fact(&all[i], "filed") && str_eq(node_text(all[i].facts, "digest"), digest))
			job_set_text(&r->load, &r->life, "same_as", id_str(&r->life, all[i].id));
	return e;
}

static enum err open_run(struct run *r, int64_t id)
{
	struct call c = { .k = r->k, .arena = &r->life, .db = r->db, .now = clock_now() };
	struct str zh = S(""), en = S("");
	struct grid_source src;
	enum err e = job_get(&c, id, "load", &r->load);

	if (e)
		return e;
	r->dry = str_is(r->load.state, "checking");
	r->all = str_is(node_text(r->load.facts, "choice"), "all");
	r->resume = (uint64_t)job_fact(&r->load, "done");
	r->n_good = r->dry ? 0 : (uint64_t)job_fact(&r->load, "filed");
	r->op = op_find(r->k, r->load.what);
	e = r->op || str_is(r->load.what, ANY) ? job_actor(&c, &r->load, &r->who) : E_ABSENT;
	if (e)
		return unreadable(r, str_of(err_zh(e)), str_of(err_en(e)));
	e = spool_open(r->k, id, "in", &r->in);
	if (e)
		return unreadable(r, S("没有收到内容"), S("nothing was received"));
	if (!r->resume && node_text(r->load.facts, "digest").n == 0)
		e = note_same(r, &c);
	if (e)
		return e;
	r->dry = r->dry || (node_text(r->load.facts, "same_as").n && !job_fact(&r->load, "ended"));      /* first the party is told */
	src = (struct grid_source){ spool_read, r->in, spool_size(r->in) };
	e = grid_open(&r->life, &src, node_text(r->load.facts, "name"), NULL, &r->grid, &zh, &en);
	if (e)
		return unreadable(r, zh, en);
	r->lines = (struct lines){ .a = &r->life, .op = r->op, .form = grid_form(r->grid), .fixed = node_get(r->load.facts, "fixed"),
		.k = r->k, .local = &r->local };
	r->local = map_in(&r->life);
	job_set_text(&r->load, &r->life, "why_zh", S(""));
	job_set_text(&r->load, &r->life, "why_en", S(""));
	atomic_store(&r->w->now.of, src.size);
	return OK;
}

/* After a crash the lists of refused and of filed lines go on where `done` stands. */
static enum err again(struct run *r, const char *part, struct spool_out **ret)
{
	struct spool *old = NULL;
	struct str text = S(""), line;
	enum err e = r->resume ? spool_open(r->k, r->load.id, part, &old) : OK;

	if (!e && old) {
		char *all = TAKE(&r->life, char, spool_size(old) + 1);
		int64_t n = spool_read(old, 0, all, spool_size(old));

		text = (struct str){ all, n > 0 ? (size_t)n : 0 };
		r->before = TAKE(&r->life, struct filed_line, text.n / ID_TEXT + 1);
	}
	spool_close(old);
	e = spool_begin(r->k, r->load.id, part, ret);
	while (!e && str_cut(&text, '\n', &line)) {
		struct str number = str_starts(line, "{\"line\":") ? str_sub(line, 8, line.n) : line;
		size_t digits = 0;
		int64_t no;

		while (digits < number.n && is_digit(number.p[digits]))
			digits++;
		if (!str_to_int(str_sub(number, 0, digits), &no) || (uint64_t)no > r->resume)
			break;
		r->n_bad += str_starts(line, "{");
		if (!str_starts(line, "{") && id_get(str_sub(line, digits + 1, line.n), &r->before[r->n_before].id))
			r->before[r->n_before++].line = (uint64_t)no;
		if (!spool_put(*ret, line.p, line.n) || !spool_put(*ret, "\n", 1))
			e = E_IO;
	}
	return e ? e : spool_sync(*ret);        /* the one before is gone: a second stop finds this one */
}

static const char *next_state(const struct run *r, enum err e)
{
	if (e == E_BAD)
		return "failed";
	if (r->dry)
		return "checked";
	return r->stopped ? "stopped" : "done";
}

/* Where a check ends and the party had chosen beforehand, filing begins at once. */
static const char *go_on(struct run *r, const char *state)
{
	struct str choice = node_text(r->load.facts, "choice");

	if (strcmp(state, "checked") != 0 || !choice.n || node_text(r->load.facts, "same_as").n || !r->n_good || (r->all && r->n_bad))
		return state;
	return "filing";
}

static enum err conclude(struct run *r, enum err e)
{
	struct slice *s = &r->slice[0];
	struct job *l = &r->load;
	enum err closed = OK;

	if (r->bad)
		closed = spool_end(r->bad);
	if (r->filed && !closed)
		closed = spool_end(r->filed);
	if ((e && e != E_BAD) || closed)
		return e && e != E_BAD ? e : closed;
	slice_empty(s);
	if (r->grid) {
		job_set(l, &r->life, "lines", (int64_t)(r->stopped ? job_fact(l, "lines") : (int64_t)r->n_lines));
		job_set(l, &r->life, "good", (int64_t)r->n_good);
		if (!r->dry)
			job_set(l, &r->life, "filed", (int64_t)r->n_good);
		if (r->dry)
			job_set(l, &r->life, "done", 0);
	}
	job_set(l, &r->life, "bad", (int64_t)r->n_bad);
	job_set(l, &r->life, "ended", clock_now());
	s->load = *l;
	s->load.state = str_of(go_on(r, next_state(r, e)));
	e = job_seal(r->k, s->a, &s->load, &s->sealed);
	r->bad = NULL;
	if (!e)
		e = slice_hand_over(r, s);
	return e ? e : slice_wait(r, s);
}

static enum err pass(struct run *r, int64_t id)
{
	enum err e = open_run(r, id);

	if (!e)
		e = again(r, "bad", &r->bad);
	if (!e && !r->dry)
		e = again(r, "filed", &r->filed);
	return e ? e : all_lines(r);
}

/* More than there is room for would be more again at the next start: the load ends here, what stands of it stands. */
static enum err no_room(struct run *r)
{
	r->life.limit += LAST_WORD;
	return unreadable(r, S("内容过长，放不下：请分成几个文件，或只填报正确的行"), S("too much at once: send it as several files, or file the good lines only"));
}

enum err load_run(struct worker *w, int64_t id)
{
	struct run *r = calloc(1, sizeof(*r));
	volatile enum err e = r ? readers_borrow(w->k->readers, &r->db) : E_IO;

	if (e) {
		free(r);
		return e;
	}
	r->w = w;
	r->k = w->k;
	pthread_mutex_init(&r->lock, NULL);
	pthread_cond_init(&r->answered, NULL);
	arena_init(&r->life, LIFE_MAX, &r->full);
	arena_init(&r->line, LINE_MAX, &r->full);
	for (int i = 0; i < 2; i++) {
		arena_init(&r->slice_arena[i], SLICE_MAX, &r->full);
		r->slice[i] = (struct slice){ .run = r, .a = &r->slice_arena[i] };
	}
	e = setjmp(r->full) ? E_TOO_BIG : pass(r, id);
	if (setjmp(r->full))
		e = E_TOO_BIG;
	else if (!e || e == E_BAD)
		e = slices_settle(r) ? E_IO : e;
	else
		e = slices_settle(r) ? E_IO : e;
	if (e == E_TOO_BIG && r->load.facts)
		e = no_room(r);
	e = setjmp(r->full) ? E_TOO_BIG : conclude(r, e);
	grid_close(r->grid);
	spool_close(r->in);
	readers_return(w->k->readers, r->db);
	for (int i = 0; i < 2; i++)
		arena_end(&r->slice_arena[i]);
	arena_end(&r->line);
	arena_end(&r->life);
	pthread_mutex_destroy(&r->lock);
	pthread_cond_destroy(&r->answered);
	free(r->seen);
	free(r);
	return e;
}
