/* mod/trace/cut.c - rope, cable, bar and board: a code carries a quantity, cuts take from it, pieces carry their own.
 *
 * Quantities are exact decimals and private. A cut may go a little beyond what the label said, as reels do; what is beyond the
 * stated tolerance is filed and becomes a finding, what is beyond twice the whole is a slip of the hand and refused.
 */
#include "mod/trace/flow.h"

enum { KNOWN = 1u << KEY_PUBLIC | 1u << KEY_BUSINESS, PIECES_DEPTH = 20 };

/* ---- units ---- */

/* 1 t = 1000 kg (GB 3100); other listed units stand for themselves. */
static const struct { const char *unit, *base; int64_t factor; } units[] = { { "t", "kg", 1000 } };

static struct str base_unit(struct str unit, int64_t *ret_factor)
{
	for (size_t i = 0; i < ROWS(units); i++)
		if (str_is(unit, units[i].unit)) {
			*ret_factor = units[i].factor;
			return str_of(units[i].base);
		}
	*ret_factor = 1;
	return unit;
}

bool quantity_get(const struct value *quantity, const struct value *unit, struct decimal *ret, struct str *ret_unit)
{
	int64_t factor;

	if (quantity->said != SAID_VALUE || unit->said != SAID_VALUE || !decimal_get(quantity->text, ret))
		return false;
	*ret_unit = base_unit(unit->text, &factor);
	return decimal_mul_int(*ret, factor, ret);
}

/* ---- what a code carries and what is left ---- */

static enum err carried_by(struct call *c, const struct item_event *ev, struct balance *b)
{
	struct record r;
	struct decimal zero = { 0 };
	enum err e = kernel_record(c, ev->record, KNOWN, &r);

	if (e)
		return e;
	b->tolerance = zero;
	if (ev->verb == VERB_PIECE) {
		b->parent = r.id;
		b->measure_record = 0;
		return quantity_get(&r.values[CUT_quantity], &r.values[CUT_unit], &b->carried, &b->unit) ? OK : E_CORRUPT;
	}
	b->measure_record = r.id;
	b->parent = 0;
	if (!quantity_get(&r.values[MEASURE_quantity], &r.values[MEASURE_unit], &b->carried, &b->unit))
		return E_CORRUPT;
	if (r.values[MEASURE_tolerance].said) {
		struct decimal percent;

		if (decimal_get(r.values[MEASURE_tolerance].text, &percent) && !decimal_share(b->carried, (int64_t)(percent.millionths / 100), &b->tolerance))
			return E_TOO_BIG;
	}
	return OK;
}

static enum err taken_by(struct call *c, const struct item_event *ev, struct balance *b)
{
	struct decimal q;
	struct record r;
	struct str unit;
	enum err e = kernel_record(c, ev->record, KNOWN, &r);

	if (e)
		return e;
	if (ev->verb == VERB_TAKEN_BACK) {
		if (quantity_get(&r.values[RETURN_quantity], &r.values[RETURN_unit], &q, &unit) && str_eq(unit, b->unit) && !decimal_add(b->returned, q, &b->returned))
			return E_TOO_BIG;
		return OK;
	}
	if (!quantity_get(&r.values[CUT_quantity], &r.values[CUT_unit], &q, &unit) || !decimal_add(b->cut, q, &b->cut))
		return E_CORRUPT;
	b->cuts++;
	if (r.values[CUT_offcut].said && quantity_get(&r.values[CUT_offcut], &r.values[CUT_unit], &q, &unit) && !decimal_add(b->offcut, q, &b->offcut))
		return E_TOO_BIG;
	return OK;
}

enum err balance_of(struct call *c, const struct code_place *p, struct balance *ret)
{
	struct balance b = { 0 };
	struct item_event *ev;
	size_t n;
	enum err e = item_history(c, p->pack, p->item, &ev, &n);

	for (size_t i = 0; i < n && !e; i++)
		if (ev[i].verb == VERB_MEASURED || ev[i].verb == VERB_PIECE)
			e = carried_by(c, &ev[i], &b);
	if (!e && !b.unit.n)
		e = E_ABSENT;
	for (size_t i = 0; i < n && !e; i++)
		if (ev[i].verb == VERB_CUT || ev[i].verb == VERB_TAKEN_BACK)
			e = taken_by(c, &ev[i], &b);
	if (!e && (!decimal_sub(b.carried, b.cut, &b.remainder) || !decimal_sub(b.remainder, b.offcut, &b.remainder)))
		e = E_TOO_BIG;
	if (!e)
		*ret = b;
	return e;
}

/* ---- pieces ---- */

enum err cut_from(struct call *c, int64_t record, struct code_place *ret, int64_t *ret_time)
{
	struct item_sets s;
	struct record r;
	enum err e = kernel_record(c, record, KNOWN, &r);

	if (!e)
		e = items_of(c, record, &r.values[CUT_from], &s);
	if (!e && (s.n != 1 || s.count != 1))
		e = E_CORRUPT;
	if (e)
		return e;
	*ret = (struct code_place){ s.set[0].pack.record, s.set[0].r[0].lo, s.set[0].pack };
	*ret_time = r.values[CUT_cut_time].i;
	return OK;
}

enum err origin_of(struct call *c, const struct code_place *p, struct origin *ret)
{
	struct origin o = { .place = *p };

	for (int depth = 0; depth < PIECES_DEPTH; depth++) {
		struct item_event *ev;
		struct item_state st;
		int64_t when;
		size_t n;
		enum err e = item_history(c, o.place.pack, o.place.item, &ev, &n);

		if (e)
			return e;
		item_fold(&o.place.p, ev, n, &st);
		o.batch = st.batch;
		if (!depth)
			o.cut = st.cut;
		if (!st.cut)
			break;
		e = cut_from(c, st.cut, &o.place, &when);
		if (e)
			return e;
	}
	*ret = o;
	return OK;
}

static enum err pieces_in_chunk(struct call *c, const struct pack *p, uint32_t chunk, const struct bits *scope, struct item_sets *to)
{
	struct chunk_event *ev;
	size_t n;
	enum err e = chunk_history(c, p->record, chunk, HOLD_ROWS, &ev, &n);

	for (size_t i = 0; i < n && !e; i++) {
		struct range *r;
		struct record cut;
		struct item_sets s;
		size_t got;

		if (ev[i].ev.verb != VERB_CUT || !chunk_ranges(c->arena, ev[i].bytes, &r, &got) || !bits_has(scope, r[0].lo))
			continue;
		e = kernel_record(c, ev[i].ev.record, KNOWN, &cut);
		if (!e && cut.values[CUT_piece].said)
			e = items_of(c, cut.id, &cut.values[CUT_piece], &s);
		for (size_t k = 0; !e && cut.values[CUT_piece].said && k < s.n; k++)
			sets_add(c, to, &s.set[k].pack, s.set[k].r[0].lo, s.set[k].r[0].hi);
	}
	return e;
}

static enum err pieces_of(struct call *c, const struct item_sets *of, struct item_sets *ret)
{
	struct item_sets s = { 0 };
	struct bits *scope = TAKE(c->arena, struct bits, 1);
	enum err e = OK;

	for (size_t i = 0; i < of->n && !e; i++) {
		uint32_t *chunk;
		size_t n;

		e = chunks_of_pack(c, of->set[i].pack.record, &chunk, &n);
		for (size_t k = 0; k < n && !e; k++)
			if (scope_of(&of->set[i], chunk[k], scope))
				e = pieces_in_chunk(c, &of->set[i].pack, chunk[k], scope, &s);
	}
	sets_tidy(&s);
	*ret = s;
	return e;
}

enum err sets_with_pieces(struct call *c, struct item_sets *s)
{
	struct item_sets of = *s, more;
	enum err e = OK;

	for (int depth = 0; depth < PIECES_DEPTH && of.count && !e; depth++) {
		e = pieces_of(c, &of, &more);
		if (!e)
			sets_without(c, &more, s);       /* a circle ends where everything is known already */
		if (!e)
			sets_add_all(c, s, &more);
		sets_tidy(s);
		of = more;
	}
	return e;
}

/* ---- filing ---- */

/* The one item of a set in normal form; false: none or several. */
static bool one_item(struct call *c, const struct value *v, struct code_place *ret)
{
	struct item_sets s;
	struct str bad;

	if (v->said != SAID_VALUE || v->n_part || items_parse(c, v->list, v->n, &s, &bad) || s.count != 1)
		return false;
	*ret = (struct code_place){ s.set[0].pack.record, s.set[0].r[0].lo, s.set[0].pack };
	return true;
}

static enum err check_piece(struct call *c)
{
	struct item_event *ev;
	struct code_place piece;
	size_t n;
	enum err e;

	if (!c->in[CUT_piece].said)
		return OK;
	if (!one_item(c, &c->in[CUT_piece], &piece) || piece.p.grain != GRAIN_ITEM)
		return call_trouble(c, CUT_piece, "这一段填一个一物一码的追溯码", "give one item code for the piece");
	if (!piece.p.pieces && piece.p.party == c->who->party && (piece.p.product || piece.p.batch))
		return call_trouble(c, CUT_piece, "此码已归属别的产品，请用“分段用码”码包中的码", "this code is of other goods; use one from a pack for pieces");
	e = item_history(c, piece.pack, piece.item, &ev, &n);
	for (size_t i = 0; i < n && !e; i++)
		if (!node_text(c->raw, "corrects").n && ev[i].verb != VERB_ATTACHED && ev[i].verb != VERB_PACKED)
			return call_trouble(c, CUT_piece, "此码已用过", "this code was used already");
	return e;
}

enum err cut_check(struct call *c)
{
	struct code_place from;
	struct balance b;
	struct decimal q, twice;
	struct str unit;
	enum err e;

	if (!c->in[CUT_from].said || c->troubles.n)
		return OK;
	if (!one_item(c, &c->in[CUT_from], &from) || from.p.grain != GRAIN_ITEM)
		return call_trouble(c, CUT_from, "一次分割只填一个一物一码的追溯码", "a cut is made from one item code");
	e = balance_of(c, &from, &b);
	if (e == E_ABSENT)
		return call_trouble(c, CUT_from, "此码没有登记所载数量，请生产单位先登记", "no quantity is stated for this code; its maker states it first");
	if (e)
		return e;
	if (!quantity_get(&c->in[CUT_quantity], &c->in[CUT_unit], &q, &unit))
		return OK;                      /* told by its own field */
	if (!str_eq(unit, b.unit))
		call_trouble(c, CUT_unit, str_fmt(c->arena, "此码以“%.*s”计量", STR_ARG(b.unit)).p, str_fmt(c->arena, "this code is measured in %.*s", STR_ARG(b.unit)).p);
	else if (decimal_mul_int(b.carried, 2, &twice) && decimal_cmp(q, twice) > 0)
		call_trouble(c, CUT_quantity, "超过此码所载数量的两倍，请检查小数点和单位", "more than twice what the code carries: check the point and the unit");
	return check_piece(c);
}
