/* mod/trace/items.c - sets of items: read as people write them, kept as sealed ranges by chunk, asked for one item.
 *
 * A set from outside comes as codes, ranges of codes or ranges of a pack; it becomes sorted disjoint ranges. Bounded: 20,000 texts,
 * 2,000,000 ranges. Encoding of a chunk: varint pairs (gap since the last range's end, length - 1), offsets inside the chunk.
 */
#include "mod/trace/trace.h"

enum { RANGES_MAX = 2000000, PART_BASE = 1024, CHUNK = 1 << CHUNK_BITS };

/* ---- reading ---- */

static struct item_set *set_of(struct call *c, struct item_sets *s, const struct pack *p)
{
	struct item_set *grown;

	for (size_t i = 0; i < s->n; i++)
		if (s->set[i].pack.record == p->record)
			return &s->set[i];
	if (s->n == s->cap) {
		s->cap = s->cap ? s->cap * 2 : 4;
		grown = TAKE(c->arena, struct item_set, s->cap);
		if (s->n)
			memcpy(grown, s->set, s->n * sizeof(*grown));
		s->set = grown;
	}
	s->set[s->n] = (struct item_set){ .pack = *p };
	return &s->set[s->n++];
}

static void add_range(struct call *c, struct item_set *set, uint32_t lo, uint32_t hi)
{
	if (set->n == set->cap) {
		size_t cap = set->cap ? set->cap * 2 : 8;
		struct range *r = TAKE(c->arena, struct range, cap);

		if (set->n)
			memcpy(r, set->r, set->n * sizeof(*r));
		set->r = r;
		set->cap = cap;
	}
	set->r[set->n++] = (struct range){ lo, hi };
}

/* Most codes of a set are of one pack: those met already are not asked for again. */
static enum err pack_of(struct call *c, const struct item_sets *met, const struct sealed *s, struct pack *ret)
{
	for (size_t i = 0; i < met->n; i++)
		if (met->set[i].pack.key == s->key_id && met->set[i].pack.number == s->batch) {
			*ret = met->set[i].pack;
			return OK;
		}
	return pack_by_number(c, s->key_id, s->batch, ret);
}

static enum err open_known(struct call *c, const struct item_sets *met, struct str text, struct sealed *s, struct pack *p)
{
	enum err e = code_open(c->k, text, s);

	if (!e)
		e = pack_of(c, met, s, p);
	if (!e && (s->index >= p->count || s->grain != (unsigned)p->grain))
		e = E_FORGED;
	return e == E_ABSENT ? E_FORGED : e;
}

static enum err read_code_range(struct call *c, struct str first, struct str last, struct item_sets *ret)
{
	struct sealed a, b;
	struct pack p;
	enum err e = open_known(c, ret, str_trim(first), &a, &p);

	if (!e)
		e = code_open(c->k, str_trim(last), &b);
	if (e)
		return e;
	if (a.key_id != b.key_id || a.batch != b.batch || b.index >= p.count || b.index < a.index)
		return E_BAD;
	add_range(c, set_of(c, ret, &p), a.index, b.index);
	return OK;
}

/* "0C9…": whole pack; "0C9…:10-19": indices of it. */
static enum err read_pack_range(struct call *c, struct str text, struct item_sets *ret)
{
	struct str id, rest = text, lo, hi;
	struct pack p;
	int64_t record, from = 0, to;
	enum err e;

	if (!str_cut(&rest, ':', &id) || !id_get(id, &record))
		return E_BAD;
	e = pack_get(c, record, &p);
	if (e)
		return e == E_ABSENT ? E_FORGED : e;
	to = p.count - 1;
	if (rest.n) {
		hi = rest;
		if (!str_cut(&hi, '-', &lo) || !str_to_int(lo, &from))
			return E_BAD;
		to = from;
		if (lo.n < rest.n && !str_to_int(hi, &to))
			return E_BAD;
	}
	if (from < 0 || to < from || to >= p.count)
		return E_BAD;
	add_range(c, set_of(c, ret, &p), (uint32_t)from, (uint32_t)to);
	return OK;
}

/* A code of another scheme, or one of ours in another spelling. */
static enum err read_foreign(struct call *c, struct str text, struct item_sets *ret)
{
	struct code_place p;
	enum err e = code_find(c, text, &p);

	if (!e)
		add_range(c, set_of(c, ret, &p.p), p.item, p.item);
	return e == E_UNKNOWN ? E_FORGED : e;
}

static enum err read_one(struct call *c, struct str text, struct item_sets *ret)
{
	struct sealed s;
	struct pack p;
	enum err e;

	for (size_t i = 0; i + 2 <= text.n; i++)
		if (text.p[i] == '.' && text.p[i + 1] == '.')
			return read_code_range(c, code_part(str_sub(text, 0, i)), code_part(str_sub(text, i + 2, text.n)), ret);
	if (text.n == ID_TEXT || (text.n > ID_TEXT && text.p[ID_TEXT] == ':')) {
		e = read_pack_range(c, text, ret);
		return e == E_FORGED ? read_foreign(c, text, ret) : e;         /* thirteen digits may also be a trade item number */
	}
	e = open_known(c, ret, code_part(text), &s, &p);
	if (!e)
		add_range(c, set_of(c, ret, &p), s.index, s.index);
	return e == E_FORGED ? read_foreign(c, text, ret) : e;
}

enum err items_places(struct call *c, const struct str *list, size_t n, size_t max, struct code_place **ret, size_t *ret_n, struct str *bad)
{
	struct code_place *p = TAKE(c->arena, struct code_place, max);
	size_t count = 0;

	for (size_t i = 0; i < n; i++) {
		struct item_sets one = { 0 };
		enum err e = read_one(c, list[i], &one);
		const struct item_set *s = one.set;

		if (!e && count + (s->r->hi - s->r->lo) >= max)
			e = E_TOO_BIG;
		if (e) {
			*bad = list[i];
			return e;
		}
		for (uint32_t at = s->r->lo; at <= s->r->hi; at++)
			p[count++] = (struct code_place){ s->pack.record, at, s->pack };
	}
	*ret = p;
	*ret_n = count;
	return OK;
}

static int by_lo(const void *x, const void *y)
{
	const struct range *a = x, *b = y;

	return (a->lo > b->lo) - (a->lo < b->lo);
}

static void tidy(struct item_set *s)
{
	size_t n = 0;

	qsort(s->r, s->n, sizeof(*s->r), by_lo);
	for (size_t i = 0; i < s->n; i++) {
		if (n && s->r[i].lo <= s->r[n - 1].hi + 1) {
			if (s->r[i].hi > s->r[n - 1].hi)
				s->r[n - 1].hi = s->r[i].hi;
		} else {
			s->r[n++] = s->r[i];
		}
	}
	s->n = n;
	s->count = 0;
	for (size_t i = 0; i < n; i++)
		s->count += (uint64_t)s->r[i].hi - s->r[i].lo + 1;
}

enum err items_parse(struct call *c, const struct str *list, size_t n, struct item_sets *ret, struct str *bad)
{
	struct item_sets s = { 0 };
	size_t ranges = 0;

	for (size_t i = 0; i < n; i++) {
		enum err e = read_one(c, list[i], &s);

		if (!e && ++ranges > RANGES_MAX)
			e = E_TOO_BIG;
		if (e) {
			*bad = list[i];
			return e;
		}
	}
	for (size_t i = 0; i < s.n; i++) {
		tidy(&s.set[i]);
		s.count += s.set[i].count;
	}
	*ret = s;
	return OK;
}

/* At most n bytes, and no character cut in two. */
static struct str shortened(struct str s, size_t n)
{
	if (n >= s.n)
		return s;
	while (n && ((unsigned char)s.p[n] & 0xc0) == 0x80)
		n--;
	return str_sub(s, 0, n);
}

enum err items_read(struct call *c, size_t field, const struct str *list, size_t n, struct item_sets *ret)
{
	struct str bad;
	enum err e = items_parse(c, list, n, ret, &bad);

	if (e != E_FORGED && e != E_BAD && e != E_ABSENT)
		return e;
	bad = shortened(bad, 60);
	return call_trouble(c, field, str_fmt(c->arena, "“%.*s”不是有效的追溯码或范围", STR_ARG(bad)).p,
	                    str_fmt(c->arena, "'%.*s' is no valid code or range", STR_ARG(bad)).p);
}

/* ---- keeping ---- */

static void put_varint(struct buf *b, uint32_t v)
{
	for (; v >= 0x80; v >>= 7)
		buf_char(b, (char)(0x80 | (v & 0x7f)));
	buf_char(b, (char)v);
}

static bool get_varint(struct str *s, uint32_t *ret)
{
	uint32_t v = 0;

	for (unsigned shift = 0; shift < 28 && s->n; shift += 7) {
		unsigned char c = (unsigned char)s->p[0];

		*s = str_sub(*s, 1, s->n);
		v |= (uint32_t)(c & 0x7f) << shift;
		if (!(c & 0x80)) {
			*ret = v;
			return true;
		}
	}
	return false;
}

struct keeping { int64_t record, party, link; uint64_t index; enum verb verb; uint32_t part; };

static enum err keep_chunk(struct call *c, struct keeping *k, int64_t pack, uint32_t chunk, const struct buf *plain)
{
	struct str hidden;
	enum err e = kernel_hide(c->k, c->arena, k->record, PART_BASE + k->part++, buf_str(plain), &hidden);

	if (!e)
		db_tell(c->db, trace_sql[Q_ITEMS_PUT], VALS(V_I(pack), V_I(chunk), V_I(k->record), V_I((int64_t)k->index), V_I(k->verb), V_I(k->party),
		        V_I(k->link), V_B(hidden)));
	return e;
}

static enum err keep_set(struct call *c, struct keeping *k, const struct item_set *s)
{
	struct buf b = buf_in(c->arena, 64);
	uint32_t chunk = 0, end = 0;
	enum err e;

	for (size_t i = 0; i < s->n; i++)
		for (uint32_t lo = s->r[i].lo, hi; lo <= s->r[i].hi; lo = hi + 1) {
			uint32_t here = lo >> CHUNK_BITS;

			hi = s->r[i].hi >> CHUNK_BITS == here ? s->r[i].hi : (here + 1) * CHUNK - 1;
			if (here != chunk && b.n) {
				e = keep_chunk(c, k, s->pack.record, chunk, &b);
				if (e)
					return e;
				b.n = 0;
			}
			if (b.n == 0) {
				chunk = here;
				end = here * CHUNK;
			}
			put_varint(&b, lo - end);
			put_varint(&b, hi - lo);
			end = hi + 1;
		}
	return b.n ? keep_chunk(c, k, s->pack.record, chunk, &b) : OK;
}

enum err items_keep(struct call *c, int64_t record, uint64_t index, int64_t party, enum verb verb, int64_t link, const struct item_sets *s)
{
	struct keeping k = { record, party, link, index, verb, 0 };

	for (size_t i = 0; i < s->n; i++) {
		enum err e = keep_set(c, &k, &s->set[i]);

		if (e)
			return e;
		memory_touch(c->k, s->set[i].pack.record);
	}
	return db_sticky(c->db);
}

/* ---- asking ---- */

bool ranges_hold(struct str plain, uint32_t offset)
{
	uint32_t at = 0, gap, more;

	while (plain.n && get_varint(&plain, &gap) && get_varint(&plain, &more)) {
		if (offset < at + gap)
			return false;
		if (offset <= at + gap + more)
			return true;
		at += gap + more + 1;
	}
	return false;
}

enum err item_history(struct call *c, int64_t pack, uint32_t item, struct item_event **ret, size_t *ret_n)
{
	struct rows r;
	struct item_event *ev;
	size_t n = 0;
	enum err e = db_ask(c->db, c->arena, trace_sql[Q_ITEMS_CHUNK], VALS(V_I(pack), V_I(item >> CHUNK_BITS)), &r);

	if (e)
		return e;
	ev = TAKE(c->arena, struct item_event, r.n + 1);
	for (size_t i = 0; i < r.n; i++) {
		struct str plain;

		e = kernel_show(c->k, c->arena, row_str(&r, i, 5), &plain);
		if (e)
			return e;
		if (ranges_hold(plain, item & (CHUNK - 1)))
			ev[n++] = (struct item_event){ row_int(&r, i, 0), row_int(&r, i, 3), row_int(&r, i, 4), (uint64_t)row_int(&r, i, 1),
				(enum verb)row_int(&r, i, 2) };
	}
	*ret = ev;
	*ret_n = n;
	return OK;
}

void item_fold(const struct pack *p, const struct item_event *ev, size_t n, struct item_state *ret)
{
	struct item_state s = { .activated = p->batch != 0 || p->grain == GRAIN_PRODUCT || p->unmarked, .batch = p->batch };

	for (size_t i = 0; i < n; i++)
		switch (ev[i].verb) {
		case VERB_ACTIVATED: s.activated = true; s.batch = ev[i].link; break;
		case VERB_SOLD: s.sold = true; break;      /* its maker says so; a seller's word alone makes nothing sold */
		case VERB_VOID: case VERB_RECALLED: case VERB_DESTROYED:
			s.ended = true;
			s.end = ev[i].verb;
			s.end_record = ev[i].record;
			break;
		default: break;
		}
	*ret = s;
}

/* ---- for other platforms ---- */

/* Ranges of our packs mean nothing elsewhere: "first..last" of their codes does, and reads back here. */
struct node *items_outward(struct call *c, const struct type *t, size_t field, const struct value *v)
{
	struct item_sets s = { 0 };
	struct node *list;
	struct str bad;

	if (t->fields[field].kind != KIND_ITEMS || items_parse(c, v->list, v->n, &s, &bad))
		return NULL;
	list = node_arr(c->arena);
	for (size_t i = 0; i < s.n; i++) {
		const struct pack *p = &s.set[i].pack;

		if (p->theirs)
			return NULL;            /* such codes were told as they are printed */
		for (size_t k = 0; k < s.set[i].n; k++) {
			const struct range *r = &s.set[i].r[k];
			struct str lo = code_text(c, &(struct sealed){ p->key, p->grain, p->number, r->lo });
			struct str hi = code_text(c, &(struct sealed){ p->key, p->grain, p->number, r->hi });

			node_add(list, node_str(c->arena, r->lo == r->hi ? lo : str_fmt(c->arena, "%.*s..%.*s", STR_ARG(lo), STR_ARG(hi))));
		}
	}
	return list;
}
