/* kernel/verify.c - does the store still say what the log says? Every entry, every full tile, every record against its leaf.
 *
 * Runs of entries are checked by as many threads as there are processors, each with connections of its own: first the log's part (entries,
 * leaves, bottom tiles), then the records of the same run. The roots of the bottom tiles are put together at the end.
 */
#include <pthread.h>
#include <unistd.h>

#include "kernel/inside.h"

enum { RUN = 4 * TILE_WIDTH, THREADS_MAX = 16, WORDS = 1 << 16 };

/* What the threads share. */
struct verify_work {
	struct kernel *k;
	struct log_head head;
	size_t trees;
	bool records;             /* not the log's part alone */
	struct hash *tile[TREES]; /* roots of the full bottom tiles, each written once */
	struct hash tail[TREES][TILE_WIDTH];      /* leaves after the last of them */
	const struct progress *progress;
	pthread_mutex_t lock;     /* guards what follows */
	uint64_t next, runs, entries;
	enum err e;               /* of the first run that failed: runs before it were all taken */
	uint64_t failed;
	struct str problem;
	char words[400];
};

/* One thread. */
struct verifying {
	struct call call;
	struct kernel *k;
	struct verify_work *work;
	struct verify_report *report;
	struct verify_report own;
	struct tile_source src;
	struct key_page keys;     /* of a page of records */
	struct arena page, one, beside, words;    /* of a page of records; of one; of its parts, which may be large; of what is wrong */
	jmp_buf full;
	uint64_t parts;           /* named by the records seen so far */
	char *bytes;              /* of the run's entries, one after the other; kept from run to run */
	size_t n_bytes, cap_bytes;
	struct str entry[RUN];    /* p is an offset while they are read */
	uint64_t from, size;      /* the run, and the entries of it read so far */
	uint64_t gap;             /* the first entry of the run that is not where it should be */
	pthread_t thread;
	bool caller;              /* runs on the thread that asked */
};

static enum err bad(struct verifying *v, struct arena *a, const char *what, uint64_t index)
{
	v->report->problem = str_fmt(a, "entry %llu: %s", (unsigned long long)index, what);
	return E_CORRUPT;
}

/* What lies beside the record must be what its value committed to, piece by piece and nothing more. */
static enum err check_parts(struct verifying *v, struct arena *a, const struct record *r)
{
	struct call beside = v->call;

	beside.arena = &v->beside;
	for (size_t i = 0; i < r->type->n; i++) {
		struct str *part;
		size_t n;
		enum err e;

		arena_reset(&v->beside);
		e = kernel_parts(&beside, r->id, &r->values[i], &part, &n);

		if (e == E_CORRUPT)
			return bad(v, a, "the parts beside the record are not those it committed to", r->index);
		if (e)
			return e;
		v->parts += n;
	}
	return OK;
}

/* What the entry says in clear of the row it belongs to. */
static const char *clear_wrong(struct call *c, const struct record *r, const struct leaf_facts *leaf, int64_t previous)
{
	const struct node *o = leaf->all;
	struct filed filed;
	int64_t at;

	if (!time_get(node_text(o, "a"), &at) || at != r->at - r->at % 60000)
		return "the record's time is not the entry's";
	if (r->type->blind)
		return NULL;
	if (leaf->org.n && (filing_facts(c, r->party, 0, 0, 0, &filed) || !str_eq(leaf->org, filed.uscc)))
		return "the record is of another party than its entry";
	return node_number(o, "p", -2) == previous ? NULL : "the entry before this one of its chain is another";
}

/* The record's values, salted again with its keys, must give the root its leaf committed to; who filed it is among them. */
static enum err check_record(struct verifying *v, struct arena *a, const struct val *row, struct str leaf)
{
	const unsigned all = (1u << KEY_CLASSES) - 1;
	struct call *c = &v->call;
	struct record r;
	struct record_keys keys;
	struct leaf_shape shape;
	struct hash *leaves, root;
	struct rows before;
	const char *wrong;
	enum err e = record_from_row(c, row, all, &r);

	if (e)
		return bad(v, a, "the stored values cannot be opened", (uint64_t)row[6].i);
	if (leaf_shape_of(c, r.type, leaf, &shape))
		return bad(v, a, "the record is of another type than its entry, or of a version this program does not know", r.index);
	if (record_keys_get(c, r.id, &keys))
		return bad(v, a, "the record's keys cannot be read", r.index);
	leaves = TAKE(c->arena, struct hash, shape.n);
	e = record_leaves(c, &r, &keys, &shape, leaves);
	explicit_bzero(&keys, sizeof(keys));
	if (e)
		return bad(v, a, "the stored values are not those whose erasure was recorded", r.index);
	root = field_root(shape.facts.hash, leaves, shape.n);
	if (!same_bytes(root.b, shape.facts.root.b, HASH_LEN))
		return bad(v, a, "the stored values, or who filed them, are not what the entry committed to", r.index);
	e = db_ask(c->db, c->arena, kernel_sql[SQL_RECORD_BEFORE], VALS(V_I(r.root), V_I((int64_t)r.index)), &before);
	if (e)
		return e;
	wrong = clear_wrong(c, &r, &shape.facts, before.n ? row_int(&before, 0, 0) : -1);
	if (wrong)
		return bad(v, a, wrong, r.index);
	if (r.type->leaf == LEAF_ANCHOR && anchor_check(c, &r))
		return bad(v, a, "the anchor does not name the roots of its size", r.index);
	v->report->records++;
	return check_parts(v, a, &r);
}

/* ---- a run of entries ---- */

static enum err entry_row(void *ctx, const struct val *row, size_t cols)
{
	struct verifying *v = ctx;
	struct str body = row[1].s;

	(void)cols;
	if (v->gap || v->size == RUN || (uint64_t)row[0].i != v->from + v->size) {
		v->gap = v->gap ? v->gap : (uint64_t)row[0].i;
		return OK;        /* what is wrong with the rows is no trouble of the store */
	}
	if (v->cap_bytes - v->n_bytes < body.n) {
		size_t cap = 2 * (v->cap_bytes + body.n);
		char *p = realloc(v->bytes, cap);

		if (!p)
			return E_BUSY;
		v->bytes = p;
		v->cap_bytes = cap;
	}
	if (body.n)
		memcpy(v->bytes + v->n_bytes, body.p, body.n);
	v->n_bytes += body.n;
	v->entry[v->size++].n = body.n;
	return OK;
}

static enum err read_entries(struct verifying *v, uint64_t end)
{
	char *at;
	enum err e;

	v->size = v->n_bytes = v->gap = 0;
	e = db_each(v->call.db, kernel_sql[SQL_ENTRY_SPAN], VALS(V_I((int64_t)v->from), V_I((int64_t)end)), entry_row, v);
	if (!e && v->gap)
		e = bad(v, &v->words, "an entry is missing before this one", v->gap);
	else if (!e && v->from + v->size != end)
		e = bad(v, &v->words, "entries the log signed are missing", v->from + v->size);
	at = v->bytes;
	for (size_t i = 0; !e && i < v->size; i++) {
		v->entry[i].p = at;
		at += v->entry[i].n;
	}
	return e;
}

/* The leaves of each tile of the run, and the tile against the stored one; leaves of the last, unfinished tile are kept. */
static enum err check_leaves(struct verifying *v, struct arena *a)
{
	struct verify_work *w = v->work;

	for (size_t t = 0; t < w->trees; t++) {
		const struct log_check c = { .tree = (enum tree_id)t, .src = &v->src };

		for (size_t i = 0; i < v->size; i += TILE_WIDTH) {
			uint64_t n = (v->from + i) / TILE_WIDTH;
			enum err e = OK;

			if (v->size - i < TILE_WIDTH)
				tree_leaves(tree_hash(c.tree), v->entry + i, v->size - i, w->tail[t]);
			else
				e = log_check_tile(&c, n, v->entry + i, &w->tile[t][n]);
			if (e == E_CORRUPT)
				return bad(v, a, t == TREE_SM3 ? "a tile of the SM3 tree does not match the entries" : "a tile does not match the entries", v->from + i + TILE_WIDTH - 1);
			if (e)
				return e;
		}
	}
	return OK;
}

/* The records of the run, each against its entry. */
static enum err check_records(struct verifying *v, struct arena *a)
{
	struct rows r = { .n = 1 };
	uint64_t at = v->from, end = v->from + v->size;
	enum err e = OK;

	while (!e && at < end && r.n) {
		arena_reset(&v->page);
		e = db_ask(v->call.db, &v->page, kernel_sql[SQL_RECORD_SPAN], VALS(V_I((int64_t)at), V_I((int64_t)end)), &r);
		if (!e)
			e = keystore_page(&v->call, &v->page, &r, &v->keys);
		for (size_t i = 0; !e && i < r.n; i++, at++) {
			const struct val *row = r.v + i * r.cols;

			if ((uint64_t)row[6].i != at)
				return bad(v, a, "its record is missing", at);
			arena_reset(&v->one);
			e = check_record(v, a, row, v->entry[at - v->from]);
		}
	}
	return e || at == end ? e : bad(v, a, "its record is missing", at);
}

static enum err check_run(struct verifying *v, struct arena *a, uint64_t run)
{
	uint64_t end = (run + 1) * RUN < v->work->head.size ? (run + 1) * RUN : v->work->head.size;
	enum err e;

	v->from = run * RUN;
	e = read_entries(v, end);
	if (!e)
		e = check_leaves(v, a);
	return e || !v->work->records ? e : check_records(v, a);
}

/* ---- the threads ---- */

static bool take_run(struct verify_work *w, uint64_t *ret)
{
	bool more;

	pthread_mutex_lock(&w->lock);
	more = !w->e && w->next < w->runs;
	if (more)
		*ret = w->next++;
	pthread_mutex_unlock(&w->lock);
	return more;
}

static void end_run(struct verifying *v, uint64_t run, enum err e)
{
	struct verify_work *w = v->work;
	uint64_t done;

	pthread_mutex_lock(&w->lock);
	if (e && (!w->e || run < w->failed)) {
		struct str said = str_sub(v->report->problem, 0, sizeof(w->words));

		w->e = e;
		w->failed = run;
		if (said.n)
			memcpy(w->words, said.p, said.n);
		w->problem = (struct str){ w->words, said.n };
	}
	w->entries += v->size;
	done = w->entries;
	pthread_mutex_unlock(&w->lock);
	if (!e && w->progress && v->caller)
		w->progress->step(w->progress->ctx, done, w->head.size);
}

/* In one transaction: the run is of one moment, and nothing is locked anew for each question. */
static enum err try_run(struct verifying *v, uint64_t run)
{
	enum err e = db_begin(v->call.db);

	if (!e)
		e = setjmp(v->full) ? E_TOO_BIG : check_run(v, &v->words, run);
	return db_end(v->call.db, e);
}

static void *check_runs(void *ctx)
{
	struct verifying *v = ctx;
	uint64_t run;

	while (take_run(v->work, &run))
		end_run(v, run, try_run(v, run));
	return NULL;
}

static enum err verifying_new(struct verify_work *w, struct verifying **ret)
{
	struct verifying *v = calloc(1, sizeof(*v));
	enum err e = v ? readers_borrow(w->k->readers, &v->call.db) : E_BUSY;

	if (e) {
		free(v);
		return e;
	}
	v->k = v->call.k = w->k;
	v->work = w;
	v->report = &v->own;
	v->src = tiles_over(&v->call.db);
	v->call.who = &nobody;
	v->call.arena = &v->one;
	v->call.keys = &v->keys;
	arena_init(&v->page, (size_t)1 << 30, &v->full);
	arena_init(&v->one, (size_t)1 << 30, &v->full);
	arena_init(&v->beside, (size_t)1 << 30, &v->full);
	arena_init(&v->words, WORDS, NULL);
	*ret = v;
	return OK;
}

static void verifying_end(struct verifying *v)
{
	readers_return(v->k->readers, v->call.db);
	arena_end(&v->page);
	arena_end(&v->one);
	arena_end(&v->beside);
	arena_end(&v->words);
	free(v->bytes);
	free(v);
}

/* `first` is the caller's thread. What the others saw is added to it. */
static void check_all_runs(struct verify_work *w, struct verifying *first)
{
	struct verifying *more[THREADS_MAX];
	long processors = sysconf(_SC_NPROCESSORS_ONLN);
	size_t n = 0;

	while (n + 1 < THREADS_MAX && (long)n + 1 < processors && n + 1 < w->runs && !verifying_new(w, &more[n])) {
		if (pthread_create(&more[n]->thread, NULL, check_runs, more[n])) {
			verifying_end(more[n]);
			break;
		}
		n++;
	}
	check_runs(first);
	for (size_t i = 0; i < n; i++) {
		pthread_join(more[i]->thread, NULL);
		first->report->records += more[i]->report->records;
		first->parts += more[i]->parts;
		verifying_end(more[i]);
	}
	first->report->entries = w->entries;
}

/* Every part seen belongs to a record that names it; are there others, of records that name none or are not there at all? */
static enum err check_part_count(struct verifying *v, struct arena *a, uint64_t size)
{
	struct rows r;
	enum err e = db_ask(v->call.db, v->call.arena, kernel_sql[SQL_PART_COUNT], VALS(V_I((int64_t)size)), &r);

	if (!e && (uint64_t)row_int(&r, 0, 0) != v->parts) {
		v->report->problem = str_fmt(a, "there are %lld parts beside records, the records name %llu", (long long)row_int(&r, 0, 0), (unsigned long long)v->parts);
		e = E_CORRUPT;
	}
	return e;
}

/* No record stands beyond the log, and none twice. */
static enum err check_counts(struct verifying *v, struct arena *a)
{
	struct rows r;
	enum err e = db_ask(v->call.db, v->call.arena, kernel_sql[SQL_RECORD_COUNT], NO_VALS, &r);

	if (!e && row_int(&r, 0, 0)) {
		v->report->problem = str_fmt(a, "%lld records stand for no entry of the log", (long long)row_int(&r, 0, 0));
		e = E_CORRUPT;
	}
	return e;
}

/* The tiles above the bottom, and the root. */
static enum err check_tree(struct verifying *v, struct arena *a, enum tree_id t)
{
	struct verify_work *w = v->work;
	struct log_check c = { .tree = t, .src = &v->src };
	struct log_head signed_head = log_shown_of(v->k->log, t);
	const uint64_t tiles = w->head.size / TILE_WIDTH;
	struct hash root;
	enum err e = OK;

	for (uint64_t n = 0; n < tiles && !e; n++) {
		e = log_check_above(&c, &w->tile[t][n]);
		if (e == E_CORRUPT)
			return bad(v, a, t == TREE_SM3 ? "a tile of the SM3 tree does not match the entries" : "a tile does not match the entries", (n + 1) * TILE_WIDTH - 1);
	}
	for (size_t i = 0; i < w->head.size % TILE_WIDTH && !e; i++)
		e = log_check_hash(&c, &w->tail[t][i]);
	if (e)
		return e;
	root = log_check_root(&c);
	return same_bytes(root.b, signed_head.root.b, HASH_LEN) ? OK : bad(v, a, t == TREE_SM3 ? "the SM3 tree does not have the signed root" : "the tree does not have the signed root", w->head.size);
}

/* What is of no single entry: the heads remembered, documents, rows that stand for nothing. */
static enum err check_rest(struct verifying *v, struct arena *a)
{
	struct verify_work *w = v->work;
	struct str file = S("");
	uint64_t wrong = 0;
	enum err e = check_counts(v, a);

	if (!e)
		e = verify_heads(v->k, v->call.db, w->head.size, &wrong);
	if (e == E_CORRUPT && !v->report->problem.n)
		return bad(v, a, "a head of this size is remembered that is not the tree's", wrong);
	if (e)
		return e;
	v->call.arena = &v->beside;
	e = blobs_check(&v->call, a, &file);
	v->call.arena = &v->one;
	if (e == E_CORRUPT)
		v->report->problem = str_fmt(a, "the document %.*s is gone or is not what it was", STR_ARG(file));
	if (!e)
		e = check_part_count(v, a, w->head.size);
	return e ? e : verify_kept(v->k, v->call.db, &v->src, w->head.size, a, &v->report->problem);
}

static enum err check_whole(struct verifying *v, struct arena *a)
{
	struct verify_work *w = v->work;
	enum err e = OK;

	if (w->e) {
		v->report->problem = str_copy(a, w->problem);
		return w->e;
	}
	for (size_t t = 0; t < w->trees && !e; t++)
		e = check_tree(v, a, (enum tree_id)t);
	if (!e && v->k->unsigned_why[0]) {
		v->report->problem = str_copy(a, str_of(v->k->unsigned_why));
		return E_CORRUPT;
	}
	if (e)
		return e;
	v->report->tiles = w->head.size / TILE_WIDTH;
	return w->records ? check_rest(v, a) : OK;
}

static enum err verify_with(struct verify_work *w, struct arena *a, struct verify_report *ret)
{
	struct verifying *v = NULL;
	enum err e = OK;

	w->head = log_shown(w->k->log);
	w->trees = log_has(w->k->log, TREE_SM3) ? TREES : 1;
	w->runs = (w->head.size + RUN - 1) / RUN;
	for (size_t t = 0; t < w->trees && !e; t++) {
		w->tile[t] = malloc((w->head.size / TILE_WIDTH + 1) * sizeof(struct hash));
		e = w->tile[t] ? OK : E_BUSY;
	}
	if (!e)
		e = verifying_new(w, &v);
	if (!e) {
		v->report = ret;
		v->caller = true;
		check_all_runs(w, v);
		e = setjmp(v->full) ? E_TOO_BIG : check_whole(v, a);
		verifying_end(v);
	}
	for (size_t t = 0; t < w->trees; t++)
		free(w->tile[t]);
	return e;
}

static enum err verify_some(struct kernel *k, struct arena *a, const struct progress *p, bool records, struct verify_report *ret)
{
	struct verify_work *w = calloc(1, sizeof(*w));
	enum err e;

	*ret = (struct verify_report){ 0 };
	if (!w)
		return E_BUSY;
	w->k = k;
	w->records = records;
	w->progress = p;
	pthread_mutex_init(&w->lock, NULL);
	e = verify_with(w, a, ret);
	pthread_mutex_destroy(&w->lock);
	free(w);
	return e;
}

enum err kernel_verify(struct kernel *k, struct arena *a, const struct progress *p, struct verify_report *ret) { return verify_some(k, a, p, true, ret); }
enum err kernel_verify_log(struct kernel *k, struct arena *a, const struct progress *p, struct verify_report *ret) { return verify_some(k, a, p, false, ret); }

enum err kernel_backup(struct kernel *k, const char *to, char why[300])
{
	enum err e = k->db ? db_backup(k->db, to) : E_STATE;

	why[0] = 0;
	if (e)
		snprintf(why, 300, "backup: %s", err_en(e));
	return e;
}
