/* mod/trace/keep.c - moves of items by place, sealed, and asked again: for one item, for a chunk, for what came to a party.
 *
 * A set is filed under the smallest place that holds it: single items, buckets of 256, the chunk of 65,536. So "where has this item
 * been" reads three places however many sales its batch had. Places are keyed hashes and the rows sealed: whoever steals the store
 * learns neither which items moved nor how many. Large sets lie beside their record as parts and are read from there.
 */
#include <stdlib.h>

#include "mod/trace/flow.h"

enum { PART_BASE = 1024, BUCKET_BITS = 8, FEW = 4, BUCKETS_MOST = 8, ITEMS_MOST = 128, BODY_HEAD = 17, ROWS_MOST = 200000 };

/* ---- places ---- */

/* 0 is the chunk itself. The level is part of what is hashed: a bucket and an item never share a place. */
static int64_t place_of(struct kernel *k, int64_t pack, unsigned level, uint32_t number)
{
	unsigned char at[13], wide[32];

	be_put((uint64_t)pack, at, 8);
	at[8] = (unsigned char)level;
	be_put(number, at + 9, 4);
	kernel_blind_wide(k, "item place", (struct str){ (const char *)at, sizeof(at) }, wide);
	return (int64_t)(be_get(wide, 8) >> 2 | 1);
}

static int64_t bucket_place(struct kernel *k, int64_t pack, uint32_t item) { return place_of(k, pack, BUCKET_BITS, item >> BUCKET_BITS); }
static int64_t item_place(struct kernel *k, int64_t pack, uint32_t item) { return place_of(k, pack, 0, item); }

/* ---- keeping ---- */

struct keeping {
	struct call *c;
	int64_t record, party, order;
	uint64_t index;
	const struct move *m;
	uint32_t part;            /* sealed blobs of this record so far */
};

static struct str body_of(struct keeping *k, struct str set)
{
	struct buf b = buf_in(k->c->arena, BODY_HEAD + k->m->other.n + set.n);
	unsigned char head[BODY_HEAD];

	be_put((uint64_t)k->m->time, head, 8);
	be_put((uint64_t)k->order, head + 8, 8);
	head[16] = (unsigned char)k->m->other.n;
	buf_add(&b, (struct str){ (const char *)head, sizeof(head) });
	buf_add(&b, k->m->other);
	buf_add(&b, set);
	return buf_str(&b);
}

/* part: of the record, where the set is read from; -1: it is in `set`. */
static enum err keep_row(struct keeping *k, const struct chunk_set *s, int64_t part, int64_t place, struct str set)
{
	struct call *c = k->c;
	struct str hidden;
	uint32_t blob = PART_BASE + k->part++;
	enum err e = kernel_hide(c->k, c->arena, k->record, blob, body_of(k, set), &hidden);

	if (!e)
		db_tell(c->db, trace_sql[Q_ITEMS_PUT], VALS(V_I(s->pack), V_I(s->chunk), V_I(place), V_I((int64_t)k->index), V_I(k->m->verb), V_I(k->record),
		        V_I(k->party), V_I(k->m->link), V_I(blob), V_I(part), V_B(hidden)));
	return e;
}

static enum err keep_items(struct keeping *k, const struct chunk_set *s, const struct range *r, size_t n)
{
	for (size_t i = 0; i < n; i++)
		for (uint32_t at = r[i].lo; at <= r[i].hi; at++) {
			struct range one = { at, at };
			struct str set;
			enum err e = chunk_write(k->c->arena, &one, 1, &set);

			if (!e)
				e = keep_row(k, s, -1, item_place(k->c->k, s->pack, (s->chunk << CHUNK_BITS) + at), set);
			if (e)
				return e;
		}
	return OK;
}

static size_t buckets_touched(const struct range *r, size_t n)
{
	size_t count = 0;
	uint32_t last = UINT32_MAX;

	for (size_t i = 0; i < n; i++)
		for (uint32_t b = r[i].lo >> BUCKET_BITS; b <= r[i].hi >> BUCKET_BITS; b++)
			if (b != last) {
				last = b;
				count++;
			}
	return count;
}

static enum err keep_buckets(struct keeping *k, const struct chunk_set *s, const struct range *r, size_t n)
{
	struct range *in = TAKE(k->c->arena, struct range, n);

	for (size_t i = 0; i < n;) {
		uint32_t bucket = r[i].lo >> BUCKET_BITS, last;
		size_t got = 0;
		struct str set;
		enum err e;

		for (last = r[i].hi >> BUCKET_BITS; bucket <= last; bucket++) {
			uint32_t from = bucket << BUCKET_BITS, to = from + (1u << BUCKET_BITS) - 1;

			got = 0;
			for (; i < n && r[i].lo <= to; i++) {
				in[got++] = (struct range){ r[i].lo < from ? from : r[i].lo, r[i].hi > to ? to : r[i].hi };
				if (r[i].hi > to)
					break;
			}
			if (i < n && r[i].lo <= to)
				last = r[i].hi >> BUCKET_BITS;
			if (!got)
				continue;
			e = chunk_write(k->c->arena, in, got, &set);
			if (!e)
				e = keep_row(k, s, -1, bucket_place(k->c->k, s->pack, (s->chunk << CHUNK_BITS) + from), set);
			if (e)
				return e;
		}
	}
	return OK;
}

/* Few items by themselves, a few buckets, scattered items by themselves, else the chunk. */
static enum err keep_chunk(struct keeping *k, const struct chunk_set *s)
{
	struct range *r;
	uint64_t count;
	size_t n;

	count = chunk_count(s->bytes);
	if (s->part >= 0 && count > ITEMS_MOST)
		return keep_row(k, s, s->part, 0, S(""));
	if (!chunk_ranges(k->c->arena, s->bytes, &r, &n))
		return E_CORRUPT;
	if (count <= FEW)
		return keep_items(k, s, r, n);
	if (buckets_touched(r, n) <= BUCKETS_MOST)
		return keep_buckets(k, s, r, n);
	return count <= ITEMS_MOST ? keep_items(k, s, r, n) : keep_row(k, s, -1, 0, s->bytes);
}

/* The order of filing is that of the record first filed: a correction does not overtake what came after it. */
static enum err order_of(struct call *c, uint64_t index, int64_t corrects, int64_t *ret)
{
	struct record r;
	enum err e = OK;

	*ret = (int64_t)index;
	if (corrects)
		e = kernel_record(c, corrects, 0, &r);
	if (corrects && !e && r.root != r.id)
		e = kernel_record(c, r.root, 0, &r);
	if (corrects && !e)
		*ret = (int64_t)r.index;
	return e;
}

/* Of a corrected record without its items nothing moves any more; what it kept was dropped when it was corrected. */
void moves_forgotten(struct call *c, const struct type *t, int64_t record, uint64_t index, int64_t at, const struct value *left)
{
	struct move m[MOVES_MAX];

	(void)record;
	if (moves_of(t, left, at, m) == 0)
		db_tell(c->db, trace_sql[Q_FLOW_DROP], VALS(V_I((int64_t)index)));
}

enum err moves_keep(struct call *c, const struct type *t, int64_t record, uint64_t index, int64_t party, int64_t at, int64_t corrects,
                    const struct value *v)
{
	struct move m[MOVES_MAX];
	size_t n = moves_of(t, v, at, m);
	struct keeping k = { .c = c, .record = record, .party = party, .index = index };
	enum err e = n ? order_of(c, index, corrects, &k.order) : OK;

	if (n)
		db_tell(c->db, trace_sql[Q_FLOW_PUT], VALS(V_I((int64_t)index), V_I(record), V_I(at)));
	for (size_t i = 0; i < n && !e; i++) {
		struct chunk_set *s;
		size_t chunks;

		k.m = &m[i];
		e = items_chunks(c, record, &v[m[i].items], &s, &chunks);
		for (size_t j = 0; j < chunks && !e; j++) {
			e = keep_chunk(&k, &s[j]);
			if (j == 0 || s[j].pack != s[j - 1].pack)
				memory_touch(c->k, s[j].pack);
		}
	}
	return e ? e : db_sticky(c->db);
}

/* ---- asking ---- */

/* Columns as in ITEMS_COLUMNS of sql.c. */
enum { COL_INDEX, COL_VERB, COL_RECORD, COL_PARTY, COL_LINK, COL_BLOB, COL_PART, COL_BODY };

/* Rows are opened as they arrive, not kept first: a batch may have a hundred thousand. Nothing here may jump, a statement is under way. */
struct reading_rows { struct call *c; struct chunk_event *ev; int64_t *part; size_t n, cap; };

static bool more_room(struct reading_rows *w)
{
	size_t cap = w->cap ? w->cap * 2 : 64;
	struct chunk_event *ev = arena_try(w->c->arena, cap * sizeof(*ev));
	int64_t *part = arena_try(w->c->arena, cap * sizeof(*part));

	if (!ev || !part)
		return false;
	if (w->n) {
		memcpy(ev, w->ev, w->n * sizeof(*ev));
		memcpy(part, w->part, w->n * sizeof(*part));
	}
	w->ev = ev;
	w->part = part;
	w->cap = cap;
	return true;
}

static enum err read_row(void *ctx, const struct val *v, size_t cols)
{
	struct reading_rows *w = ctx;
	struct chunk_event *x;
	const unsigned char *p;
	struct str body;
	enum err e;

	if (cols != COL_BODY + 1)
		return E_INTERNAL;
	if (w->n == w->cap && !more_room(w))
		return E_TOO_BIG;
	e = kernel_show_of(w->c->k, w->c->arena, v[COL_RECORD].i, (uint32_t)v[COL_BLOB].i, v[COL_BODY].s, &body);
	if (e)
		return e;
	p = (const unsigned char *)body.p;
	if (body.n < BODY_HEAD || body.n < BODY_HEAD + (size_t)p[16])
		return E_CORRUPT;
	x = &w->ev[w->n];
	x->ev = (struct item_event){ .record = v[COL_RECORD].i, .party = v[COL_PARTY].i, .link = v[COL_LINK].i, .index = (uint64_t)v[COL_INDEX].i,
		.verb = (enum verb)v[COL_VERB].i, .time = (int64_t)be_get(p, 8), .order = be_get(p + 8, 8), .other = str_sub(body, BODY_HEAD, p[16]) };
	x->bytes = str_sub(body, BODY_HEAD + p[16], body.n);
	w->part[w->n++] = v[COL_PART].i;
	return OK;
}

/* Large sets lie with their records. */
static enum err fetch_parts(struct reading_rows *w)
{
	for (size_t i = 0; i < w->n; i++) {
		struct chunk_set in;
		struct str part;
		enum err e = w->part[i] >= 0 ? kernel_part(w->c, w->ev[i].ev.record, (size_t)w->part[i], &part) : OK;

		if (!e && w->part[i] >= 0 && !part_read(part, &in))
			e = E_CORRUPT;
		if (e)
			return e;
		if (w->part[i] >= 0)
			w->ev[i].bytes = in.bytes;
	}
	return OK;
}

static int by_index(const void *x, const void *y)
{
	const struct item_event *a = x, *b = y;

	return a->index != b->index ? (a->index < b->index ? -1 : 1) : (int)a->verb - (int)b->verb;
}

enum err item_history(struct call *c, int64_t pack, uint32_t item, struct item_event **ret, size_t *ret_n)
{
	struct reading_rows w = { .c = c };
	struct item_event *ev;
	size_t n = 0;
	enum err e = db_each(c->db, trace_sql[Q_ITEMS_AT], VALS(V_I(pack), V_I(item >> CHUNK_BITS), V_I(bucket_place(c->k, pack, item)),
	                     V_I(item_place(c->k, pack, item))), read_row, &w);

	if (!e)
		e = fetch_parts(&w);
	if (e)
		return e;
	ev = TAKE(c->arena, struct item_event, w.n + 1);
	for (size_t i = 0; i < w.n; i++)
		if (chunk_has(w.ev[i].bytes, item & (CHUNK_SIZE - 1)))
			ev[n++] = w.ev[i].ev;
	if (n)
		qsort(ev, n, sizeof(*ev), by_index);
	*ret = ev;
	*ret_n = n;
	return OK;
}

enum err chunk_history(struct call *c, int64_t pack, uint32_t chunk, size_t max, struct chunk_event **ret, size_t *ret_n)
{
	struct reading_rows w = { .c = c };
	enum err e = db_each(c->db, trace_sql[Q_ITEMS_CHUNK], VALS(V_I(pack), V_I(chunk), V_I((int64_t)max + 1)), read_row, &w);

	if (!e && w.n > max)
		e = E_BUSY;
	if (!e)
		e = fetch_parts(&w);
	if (e)
		return e;
	if (w.n)
		qsort(w.ev, w.n, sizeof(*w.ev), by_index);      /* the store sorts slower, blobs and all */
	*ret = w.ev ? w.ev : TAKE(c->arena, struct chunk_event, 1);
	*ret_n = w.n;
	return OK;
}

enum err chunks_of_pack(struct call *c, int64_t pack, uint32_t **ret, size_t *ret_n)
{
	struct rows r;
	enum err e = db_ask(c->db, c->arena, trace_sql[Q_ITEMS_CHUNKS], VALS(V_I(pack)), &r);

	if (e)
		return e;
	*ret = TAKE(c->arena, uint32_t, r.n + 1);
	for (size_t i = 0; i < r.n; i++)
		(*ret)[i] = (uint32_t)row_int(&r, i, 0);
	*ret_n = r.n;
	return OK;
}

int event_by_time(const void *x, const void *y)
{
	const struct item_event *a = x, *b = y;
	int64_t p = day_of(a->time, CHINA_OFFSET_MIN), q = day_of(b->time, CHINA_OFFSET_MIN);

	if (p != q)
		return p < q ? -1 : 1;
	if (a->order != b->order)
		return a->order < b->order ? -1 : 1;
	return (a->index > b->index) - (a->index < b->index);
}

/* Sold to it by name, or filed by it: what it has said of these goods already it may say again by a range. */
static enum err came_in_chunk(struct call *c, int64_t pack, uint32_t chunk, struct bits *ret)
{
	struct chunk_event *ev;
	struct span span;
	size_t n;
	enum err e = chunk_history(c, pack, chunk, ROWS_MOST, &ev, &n);

	memset(ret, 0, sizeof(*ret));
	for (size_t i = 0; i < n && !e; i++)
		if ((ev[i].ev.party == c->who->party || (ev[i].ev.other.n && str_eq(ev[i].ev.other, c->who->uscc))) && !chunk_bits(ev[i].bytes, ret, &span))
			e = E_CORRUPT;
	return e;
}

enum err items_that_came(struct call *c, const struct pack *p, struct range r, struct item_sets *to)
{
	struct bits *had = TAKE(c->arena, struct bits, 1), *want = TAKE(c->arena, struct bits, 1);

	if (p->party == c->who->party) {
		sets_add(c, to, p, r.lo, r.hi);
		return OK;
	}
	for (uint32_t chunk = r.lo >> CHUNK_BITS; c->who->party && chunk <= r.hi >> CHUNK_BITS; chunk++) {
		uint32_t from = chunk << CHUNK_BITS;
		struct range *x;
		size_t n;
		enum err e = came_in_chunk(c, p->record, chunk, had);

		if (e)
			return e;
		memset(want, 0, sizeof(*want));
		bits_add(want, r.lo > from ? r.lo - from : 0, r.hi >> CHUNK_BITS > chunk ? CHUNK_SIZE - 1 : r.hi - from);
		bits_and(want, had, WHOLE_CHUNK);
		x = bits_ranges(c->arena, want, &n);
		for (size_t i = 0; i < n; i++)
			sets_add(c, to, p, from + x[i].lo, from + x[i].hi);
	}
	return OK;
}

enum err items_came_to(struct call *c, const struct pack *p, struct range r, bool *ret)
{
	struct item_sets got = { 0 };
	enum err e = items_that_came(c, p, r, &got);

	sets_tidy(&got);
	*ret = got.count == (uint64_t)r.hi - r.lo + 1;
	return e;
}
