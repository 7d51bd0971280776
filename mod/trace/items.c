/* mod/trace/items.c - sets of items: read as people write them, and their normal form in a record.
 *
 * From outside a set comes as codes, "first..last", a pack's id with ranges of it, or the code of a carton or pallet; it becomes
 * sorted ranges by pack. In a record it stands as codes again, few of them; a set of many ranges lies beside the record as parts,
 * one a chunk (docs/formats/set.md). Bounded: 100,000 texts, 2,000,000 ranges.
 */
#include "mod/trace/flow.h"

enum { RANGES_MAX = 2000000, RANGES_TEXT = 4096, TEXTS_MOST = 64 };

/* ---- reading ---- */

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

/* A range speaks of codes its writer did not show: of one's own packs, or of items that came to the party before. Anybody else could
 * count a maker's output by trying. */
static enum err may_range(struct call *c, const struct item_sets *s, const struct pack *p, struct range r, enum err otherwise)
{
	bool known;
	enum err e;

	if (!s->outside || p->party == c->who->party || c->who->roles & (R_OFFICER | R_OPERATOR))
		return OK;
	if (s->own)
		return E_DENIED;
	e = items_came_to(c, p, r, &known);
	return e ? e : known ? OK : otherwise;
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
	e = may_range(c, ret, &p, (struct range){ a.index, b.index }, E_DENIED);
	if (!e)
		sets_add(c, ret, &p, a.index, b.index);
	return e;
}

/* "0C9…": whole pack; "0C9…:10-19+25": indices of it. */
static enum err read_pack_ranges(struct call *c, struct str text, struct item_sets *ret)
{
	struct str id, rest = text;
	struct range *r, whole;
	struct pack p;
	int64_t record;
	size_t n = 1;
	enum err e;

	if (!str_cut(&rest, ':', &id) || !id_get(id, &record))
		return E_BAD;
	e = pack_get(c, record, &p);
	if (e)
		return e == E_ABSENT ? E_FORGED : e;
	whole = (struct range){ 0, (uint32_t)(p.count - 1) };
	r = &whole;
	if (rest.n && !ranges_read(c->arena, rest, RANGES_TEXT, &r, &n))
		return E_BAD;
	for (size_t i = 0; i < n && !e; i++) {
		e = may_range(c, ret, &p, r[i], E_FORGED);      /* before its bounds are looked at: they would tell how many there are */
		if (!e && r[i].hi >= p.count)
			e = E_BAD;
		if (!e)
			sets_add(c, ret, &p, r[i].lo, r[i].hi);
	}
	return e;
}

/* A carton's code stands for what is inside and came to the caller. An SSCC is easy to guess, and anybody may claim to have put something
 * into somebody's carton: neither shows or changes what others have. */
static enum err read_box(struct call *c, struct str text, struct item_sets *ret)
{
	struct item_sets in, mine = { 0 };
	enum err e = box_items(c, text, ret->at ? ret->at : c->now, &in);
	bool all = !ret->outside || c->who->roles & (R_OFFICER | R_OPERATOR);

	for (size_t i = 0; i < in.n && !e; i++)
		for (size_t k = 0; k < in.set[i].n && !e; k++)
			e = all ? OK : items_that_came(c, &in.set[i].pack, in.set[i].r[k], &mine);
	if (!e)
		sets_add_all(c, ret, all ? &in : &mine);
	return e == E_ABSENT || (!e && !all && !mine.n) ? E_FORGED : e;
}

/* A code of another scheme, or one of ours in another spelling, or a carton. */
static enum err read_foreign(struct call *c, struct str text, struct item_sets *ret)
{
	struct code_place p;
	enum err e = code_find(c, text, &p);

	if (!e)
		sets_add(c, ret, &p.p, p.item, p.item);
	return e == E_UNKNOWN || e == E_FORGED ? read_box(c, text, ret) : e;
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
		e = read_pack_ranges(c, text, ret);
		return e == E_FORGED ? read_foreign(c, text, ret) : e;         /* thirteen digits may also be a trade item number */
	}
	e = open_known(c, ret, code_part(text), &s, &p);
	if (!e)
		sets_add(c, ret, &p, s.index, s.index);
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

		if (!e && (one.n != 1 || s->n != 1))
			e = E_BAD;              /* a carton has no place among others */
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

static enum err parse(struct call *c, const struct str *list, size_t n, struct item_sets s, struct item_sets *ret, struct str *bad)
{
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
	sets_tidy(&s);
	*ret = s;
	return OK;
}

enum err items_parse(struct call *c, const struct str *list, size_t n, struct item_sets *ret, struct str *bad)
{
	return parse(c, list, n, (struct item_sets){ 0 }, ret, bad);
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

enum err items_read(struct call *c, size_t field, const struct value *v, struct reading how, struct item_sets *ret)
{
	struct str bad;
	enum err e = parse(c, v->list, v->n, (struct item_sets){ .outside = true, .own = how.own, .at = how.at }, ret, &bad);

	if (e != E_FORGED && e != E_BAD && e != E_ABSENT && e != E_DENIED)
		return e;
	bad = shortened(bad, 60);
	if (e == E_DENIED && how.own)
		return call_trouble(c, field, "其中有不属于本单位的追溯码", "some of these codes are not of your packs");
	if (e == E_DENIED)
		return call_trouble(c, field, str_fmt(c->arena, "“%.*s”中有不是售给贵单位的码，请逐个扫码、扫箱码，或接收对方的交货", STR_ARG(bad)).p,
		                    str_fmt(c->arena, "'%.*s' holds codes that were not sold to you: scan each, scan the carton, or accept the delivery", STR_ARG(bad)).p);
	return call_trouble(c, field, str_fmt(c->arena, "“%.*s”不是有效的追溯码或范围", STR_ARG(bad)).p,
	                    str_fmt(c->arena, "'%.*s' is no valid code or range", STR_ARG(bad)).p);
}

/* ---- the normal form in a record ---- */

static struct str range_text(struct call *c, const struct pack *p, struct range r)
{
	struct str lo = code_text(c, &(struct sealed){ p->key, p->grain, p->number, r.lo });

	if (r.lo == r.hi)
		return lo;
	return str_fmt(c->arena, "%.*s..%.*s", STR_ARG(lo), STR_ARG(code_text(c, &(struct sealed){ p->key, p->grain, p->number, r.hi })));
}

/* A code the goods came with stands as it is printed. */
static enum err foreign_text(struct call *c, const struct pack *p, uint32_t item, struct str *ret)
{
	struct node *list = node_arr(c->arena);
	enum err e = foreign_texts(c, p->record, item, list);

	*ret = list->first ? node_text(list->first, "code") : S("");
	return e ? e : ret->n ? OK : E_CORRUPT;
}

enum err items_texts(struct call *c, const struct item_sets *s, struct str **ret, size_t *ret_n)
{
	size_t n = 0, cap = 0;
	struct str *t;

	for (size_t i = 0; i < s->n; i++)
		cap += s->set[i].pack.theirs ? s->set[i].count : s->set[i].n;
	t = TAKE(c->arena, struct str, cap + 1);
	for (size_t i = 0; i < s->n; i++) {
		const struct item_set *x = &s->set[i];

		for (size_t k = 0; k < x->n; k++) {
			if (!x->pack.theirs) {
				t[n++] = range_text(c, &x->pack, x->r[k]);
				continue;
			}
			for (uint32_t item = x->r[k].lo; item <= x->r[k].hi; item++) {
				enum err e = foreign_text(c, &x->pack, item, &t[n++]);

				if (e)
					return e;
			}
		}
	}
	*ret = t;
	*ret_n = n;
	return OK;
}

bool part_read(struct str part, struct chunk_set *ret)
{
	if (part.n <= PART_HEAD)
		return false;
	*ret = (struct chunk_set){ .pack = (int64_t)be_get((const unsigned char *)part.p + 16, 8), .chunk = (uint32_t)be_get((const unsigned char *)part.p + 24, 4),
		.bytes = str_sub(part, PART_HEAD, part.n) };
	return true;
}

static enum err set_chunks(struct call *c, const struct item_sets *s, struct chunk_set **ret, size_t *ret_n)
{
	struct range *r = TAKE(c->arena, struct range, CHUNK_SIZE / 2 + 1);
	size_t n = 0, cap = 0;

	for (size_t i = 0; i < s->n; i++)
		cap += (size_t)(s->set[i].pack.count >> CHUNK_BITS) + 1;
	*ret = TAKE(c->arena, struct chunk_set, cap + 1);
	for (size_t i = 0; i < s->n; i++) {
		const struct item_set *x = &s->set[i];
		uint32_t last = x->n ? x->r[x->n - 1].hi >> CHUNK_BITS : 0;
		size_t at = 0;

		for (uint32_t chunk = x->n ? x->r[0].lo >> CHUNK_BITS : 1; chunk <= last; chunk++) {
			size_t got = chunk_cut(x->r, x->n, chunk, &at, r, CHUNK_SIZE / 2 + 1);
			struct chunk_set *to = &(*ret)[n];
			enum err e;

			if (!got)
				continue;
			*to = (struct chunk_set){ .pack = x->pack.record, .chunk = chunk, .part = -1 };
			e = chunk_write(c->arena, r, got, &to->bytes);
			if (e)
				return e;
			n++;
		}
	}
	*ret_n = n;
	return OK;
}

/* salt, pack, chunk, set: a part that is shown to somebody says nothing about its neighbours. */
static enum err parts_of(struct call *c, const struct item_sets *s, struct str **ret, size_t *ret_n)
{
	struct chunk_set *ch;
	enum err e = set_chunks(c, s, &ch, ret_n);

	if (!e)
		*ret = TAKE(c->arena, struct str, *ret_n + 1);
	for (size_t i = 0; !e && i < *ret_n; i++) {
		struct buf b = buf_in(c->arena, PART_HEAD + ch[i].bytes.n);
		unsigned char head[PART_HEAD];

		e = fresh_salt(head);
		be_put((uint64_t)ch[i].pack, head + 16, 8);
		be_put(ch[i].chunk, head + 24, 4);
		buf_add(&b, (struct str){ (const char *)head, sizeof(head) });
		buf_add(&b, ch[i].bytes);
		(*ret)[i] = buf_str(&b);
	}
	return e;
}

/* Few codes stand in the record; of many only how many there are, and the root of the parts that hold them. */
enum err items_normal(struct call *c, const struct item_sets *s, struct value *v)
{
	struct str *list = TAKE(c->arena, struct str, 3), *part;
	struct hash root;
	size_t ranges = 0, n;
	enum err e;

	for (size_t i = 0; i < s->n; i++)
		ranges += s->set[i].pack.theirs ? s->set[i].count : s->set[i].n;
	if (ranges <= TEXTS_MOST) {
		e = items_texts(c, s, &list, &n);
		if (!e)
			*v = (struct value){ .said = SAID_VALUE, .open = v->open, .list = list, .n = n };
		return e;
	}
	e = parts_of(c, s, &part, &n);
	if (e)
		return e;
	root = parts_root(c->arena, kernel_hash(c->k), part, n);
	list[0] = str_fmt(c->arena, "*%llu", (unsigned long long)s->count);
	list[1] = parts_text(c->arena, n, &root);
	*v = (struct value){ .said = SAID_VALUE, .open = v->open, .list = list, .n = 2, .part = part, .n_part = n };
	return OK;
}

bool value_has_parts(const struct value *v)
{
	struct hash root;
	size_t n;

	return v->n == 2 && v->list[0].n && v->list[0].p[0] == '*' && parts_read(v->list[1], &n, &root);
}

static enum err part_chunks(struct call *c, int64_t record, const struct value *v, struct chunk_set **ret, size_t *ret_n)
{
	struct str *part = (struct str *)(uintptr_t)v->part;
	size_t n = v->n_part;
	enum err e = n ? OK : kernel_parts(c, record, v, &part, &n);

	if (e)
		return e;
	*ret = TAKE(c->arena, struct chunk_set, n + 1);
	for (size_t i = 0; i < n; i++) {
		if (!part_read(part[i], &(*ret)[i]))
			return E_CORRUPT;
		(*ret)[i].part = (int64_t)i;
	}
	*ret_n = n;
	return OK;
}

enum err items_chunks(struct call *c, int64_t record, const struct value *v, struct chunk_set **ret, size_t *ret_n)
{
	struct item_sets s;
	struct str bad;
	enum err e;

	if (v->said != SAID_VALUE) {
		*ret_n = 0;
		return OK;
	}
	if (value_has_parts(v))
		return part_chunks(c, record, v, ret, ret_n);
	e = items_parse(c, v->list, v->n, &s, &bad);
	return e ? e : set_chunks(c, &s, ret, ret_n);
}

enum err items_of(struct call *c, int64_t record, const struct value *v, struct item_sets *ret)
{
	struct chunk_set *ch;
	size_t n;
	struct str bad;
	struct item_sets s = { 0 };
	enum err e;

	if (!value_has_parts(v))
		return items_parse(c, v->list, v->n, ret, &bad);
	e = part_chunks(c, record, v, &ch, &n);
	for (size_t i = 0; i < n && !e; i++) {
		struct range *r;
		struct pack p;
		size_t got;

		e = pack_get(c, ch[i].pack, &p);
		if (!e && !chunk_ranges(c->arena, ch[i].bytes, &r, &got))
			e = E_CORRUPT;
		for (size_t k = 0; k < got && !e; k++)
			sets_add(c, &s, &p, (ch[i].chunk << CHUNK_BITS) + r[k].lo, (ch[i].chunk << CHUNK_BITS) + r[k].hi);
	}
	if (e)
		return e;
	sets_tidy(&s);
	*ret = s;
	return OK;
}

/* ---- for other platforms ---- */

/* Parts mean nothing elsewhere: "first..last" of their codes does, and reads back here. */
struct node *items_outward(struct call *c, const struct record *r, size_t field)
{
	struct item_sets s;
	struct node *list;
	struct str *text;
	size_t n;

	if (r->type->fields[field].kind != KIND_ITEMS || !value_has_parts(&r->values[field]) || items_of(c, r->id, &r->values[field], &s) ||
	    items_texts(c, &s, &text, &n))
		return NULL;
	list = node_arr(c->arena);
	for (size_t i = 0; i < n; i++)
		node_add(list, node_str(c->arena, text[i]));
	return list;
}
