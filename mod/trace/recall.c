/* mod/trace/recall.c - 一 责任可究: which items a recall or stop of sale covers, who may end it, and what holders report back.
 *
 * The scope is worked out before the writer sees it and stands in the record as one set: of one batch, of all batches of a product made
 * in a window of days, or of codes as people name them; pieces cut from these are in it. From the commit on every scan says so.
 */
#include "mod/trace/recall.h"

enum { KNOWN = 1u << KEY_PUBLIC | 1u << KEY_BUSINESS };

struct value count_value(struct arena *a, uint64_t n)
{
	return (struct value){ .said = SAID_VALUE, .text = str_fmt(a, "%llu", (unsigned long long)n), .i = (int64_t)n };
}

static struct value text_value(struct str s) { return (struct value){ .said = s.n ? SAID_VALUE : SAID_NOTHING, .text = s }; }
static struct value id_value(struct arena *a, int64_t id) { return (struct value){ .said = SAID_VALUE, .text = id_str(a, id), .i = id }; }

/* ---- the scope, as said ---- */

static bool by_window(const struct value *v) { return v[RECALL_product].said || v[RECALL_made_from].said || v[RECALL_made_to].said; }

static size_t scope_field(const struct value *v)
{
	return v[RECALL_items].said ? RECALL_items : by_window(v) ? RECALL_product : RECALL_batch;
}

static enum err check_window(struct call *c)
{
	static const struct { size_t field; const char *zh, *en; } all[] = {
		{ RECALL_product, "按生产日期召回须选产品", "a window of days needs its product" },
		{ RECALL_made_from, "按产品召回须填生产日期的起止", "say from which day" }, { RECALL_made_to, "按产品召回须填生产日期的起止", "say to which day" },
	};
	const struct value *from = &c->in[RECALL_made_from], *to = &c->in[RECALL_made_to];

	for (size_t i = 0; i < ROWS(all); i++)
		if (!c->in[all[i].field].said)
			call_trouble(c, all[i].field, all[i].zh, all[i].en);
	if (from->said && to->said && to->i < from->i)
		call_trouble(c, RECALL_made_to, "止日早于起日", "the last day is before the first");
	return OK;
}

static enum err check_scope(struct call *c)
{
	const struct value *v = c->in;
	int ways = (v[RECALL_batch].said != SAID_NOTHING) + by_window(v) + (v[RECALL_items].said != SAID_NOTHING);

	if (!ways && !c->troubles.n)
		call_trouble(c, RECALL_batch, "请填批次、产品和生产日期、追溯码中的一种", "name a batch, a product with a window of days, or codes");
	else if (ways > 1)
		call_trouble(c, scope_field(v), "批次、产品和生产日期、追溯码只填一种", "name one of batch, product with days, codes");
	return by_window(v) ? check_window(c) : OK;
}

/* ---- the scope, as items ---- */

static enum err items_of_batch(struct call *c, int64_t batch, struct item_sets *to)
{
	struct item_sets s;
	enum err e = sets_of_batch(c, batch, true, &s);

	if (!e)
		sets_add_all(c, to, &s);
	return e;
}

static enum err items_of_window(struct call *c, struct item_sets *to)
{
	struct ids product = { 0 };
	enum err e = versions_of(c, c->in[RECALL_product].i, &product);

	for (size_t i = 0; i < product.n && !e; i++) {
		int64_t *batch;
		size_t n = 0;

		e = records_with(c, &batch_type, "product", id_str(c->arena, product.id[i]), &batch, &n);
		for (size_t k = 0; k < n && !e; k++) {
			struct record r;

			e = kernel_record(c, batch[k], 1u << KEY_PUBLIC, &r);
			if (!e && r.values[BATCH_production_date].i >= c->in[RECALL_made_from].i && r.values[BATCH_production_date].i <= c->in[RECALL_made_to].i)
				e = items_of_batch(c, batch[k], to);
		}
	}
	return e;
}

static enum err scope_items(struct call *c, struct item_sets *ret)
{
	struct item_sets s = { 0 };
	enum err e = OK;

	if (c->in[RECALL_batch].said)
		e = items_of_batch(c, c->in[RECALL_batch].i, &s);
	else if (c->in[RECALL_items].said)
		e = items_of(c, 0, &c->in[RECALL_items], &s);
	else
		e = items_of_window(c, &s);
	sets_tidy(&s);
	if (!e)
		e = sets_with_pieces(c, &s);
	*ret = s;
	return e;
}

/* ---- ordering ---- */

struct ordered { struct prepared *record; struct ids maker; struct str region; };

/* Whose goods they are: makers are told of an authority's order, and their region's officers look after it. */
static enum err makers_of(struct call *c, const struct item_sets *s, struct ordered *o)
{
	struct party p;
	enum err e = OK;

	for (size_t i = 0; i < s->n; i++)
		if (!s->set[i].pack.pieces && !ids_has(&o->maker, s->set[i].pack.party))
			ids_add(c->arena, &o->maker, s->set[i].pack.party);
	if (c->who->party)
		return OK;
	o->region = c->who->region;
	if (o->maker.n == 1)
		e = party_get(c, o->maker.id[0], &p);
	if (!e && o->maker.n == 1)
		o->region = p.region;
	return e;
}

enum err recall_prepare(struct call *c)
{
	struct ordered *o = TAKE(c->arena, struct ordered, 1);
	size_t field = scope_field(c->in);
	struct item_sets s;
	enum err e = scope_items(c, &s);

	if (e)
		return e;
	if (!s.count)
		return call_trouble(c, field, "这个范围内没有申领过追溯码，请核对批次、日期", "no codes were issued within this scope: check the batch and the days");
	e = makers_of(c, &s, o);
	if (!e)
		e = items_normal(c, &s, &c->in[RECALL_items]);
	if (e)
		return e;
	c->in[RECALL_covers] = count_value(c->arena, s.count);
	c->in[RECALL_authority] = text_value(c->who->party ? S("") : c->who->region);
	c->in[RECALL_ordered_by] = text_value(c->who->party ? c->who->party_name : S(""));
	e = kernel_prepare(c, &recall_type, c->in, &o->record);
	c->scratch = o;
	return e;
}

static bool is_stop(const struct value *v) { return str_is(v[RECALL_kind].list[0], "stop_sale"); }

enum err recall_create(struct call *c)
{
	const struct ordered *o = c->scratch;
	struct filing f = { .type = &recall_type, .values = c->in, .party = c->who->party, .org = leaf_org(c->who->uscc), .region = o->region,
		.prepared = o->record };
	int64_t record;
	enum err e = kernel_append(c, &f, &record);

	if (!e)
		e = recall_order(c, record, false);
	if (e)
		return e;
	for (size_t i = 0; i < o->maker.n; i++)
		if (o->maker.id[i] != c->who->party)
			notice_put(c, o->maker.id[i], "recall", record, is_stop(c->in) ? S("监管部门责令贵单位的产品停止销售，请查看停止销售记录") : S("监管部门责令召回贵单位的产品，请查看召回记录"),
			           is_stop(c->in) ? S("the authority stopped the sale of your goods; see the record") : S("the authority recalls your goods; see the record"));
	put_int(c->arena, c->out, "covers", c->in[RECALL_covers].i);
	return db_sticky(c->db);
}

/* ---- ending ---- */

/* Its owner signs for a party; for an authority any of its officers, and no other authority's. */
static enum err may_end(struct call *c, const struct record *r, bool lifts)
{
	if (c->who->party && c->who->inside < IN_OWNER)
		return call_refuse(c, E_DENIED, "须由本单位负责人办理", "an owner of the party does this");
	if (!lifts)
		return OK;
	if (r->party ? r->party == c->who->party : c->who->roles & R_OFFICER && str_eq(c->who->region, r->values[RECALL_authority].text))
		return OK;
	return call_refuse(c, E_DENIED, "只能由作出停止销售决定的一方解除", "only who ordered the stop may lift it");
}

static enum err to_all(struct call *c, int64_t recall, struct str zh, struct str en)
{
	struct letter *l;
	size_t n = 0;
	enum err e = recall_letters(c, recall, &l, &n);

	for (size_t i = 0; i < n && !e; i++) {
		bool told = false;

		for (size_t k = 0; k < i && !told; k++)
			told = l[k].r.party == l[i].r.party;
		if (!told)
			notice_put(c, l[i].r.party, "recall", recall, zh, en);
	}
	return e;
}

enum err recall_close(struct call *c, int64_t record)
{
	struct record r;
	enum err e = kernel_record(c, record, 1u << KEY_PUBLIC, &r);

	return e ? e : may_end(c, &r, false);
}

/* The set of the stop, whole, in a record that ends it for each of its items. */
static enum err file_release(struct call *c, const struct record *r)
{
	struct value *v = TAKE(c->arena, struct value, LIFE_FIELDS);
	struct str *event = TAKE(c->arena, struct str, 1), *part;
	struct filing f = { .type = &life_type, .values = v, .party = r->party };
	int64_t record;
	size_t n;
	enum err e = OK;

	*event = S("released");
	v[LIFE_items] = r->values[RECALL_items];
	v[LIFE_event] = (struct value){ .said = SAID_VALUE, .list = event, .n = 1 };
	v[LIFE_reason] = (struct value){ .said = SAID_VALUE, .text = S("停止销售已解除") };
	v[LIFE_stop] = id_value(c->arena, r->id);
	if (value_has_parts(&v[LIFE_items])) {
		e = kernel_parts(c, r->id, &v[LIFE_items], &part, &n);
		v[LIFE_items].part = part;
		v[LIFE_items].n_part = n;
	}
	return e ? e : kernel_append(c, &f, &record);
}

enum err recall_lift(struct call *c, int64_t record)
{
	struct record r;
	enum err e = kernel_record(c, record, KNOWN, &r);

	if (!e)
		e = may_end(c, &r, true);
	if (!e && !is_stop(r.values))
		e = call_refuse(c, E_STATE, "召回不能解除；处理完毕后请结束召回", "a recall is not lifted; close it when everything is done");
	if (!e)
		e = file_release(c, &r);
	return e ? e : to_all(c, record, S("停止销售已解除，可以恢复销售"), S("the stop of sale is lifted: these goods may be sold again"));
}

/* ---- what is refused elsewhere ---- */

static enum err check_release(struct call *c)
{
	struct record old;
	int64_t id;
	enum err e;

	if (c->in[LIFE_event].n && str_is(c->in[LIFE_event].list[0], "released"))
		call_trouble(c, LIFE_event, "解除停售请在停止销售记录上办理（recall.lift）", "lift the stop of sale itself: recall.lift");
	if (c->in[LIFE_stop].said)
		call_trouble(c, LIFE_stop, "这一项由平台填写", "the platform fills this in");
	if (!id_get(node_text(c->raw, "corrects"), &id))
		return OK;
	e = kernel_record(c, id, 1u << KEY_PUBLIC, &old);
	if (!e && old.type == &life_type && old.values[LIFE_stop].said)
		e = call_refuse(c, E_STATE, "解除停售的记录不能更正；需要时请重新作出停止销售", "the lifting of a stop is not corrected; order another stop");
	return e == E_ABSENT ? OK : e;          /* said when it is filed */
}

/* ---- what holders report ---- */

static bool accounts(const struct value *v) { return !str_is(v[OUTCOME_event].list[0], "checked"); }

static enum err check_codes(struct call *c, const struct record *notice, const struct item_sets *mine)
{
	struct item_sets outside = { 0 }, told;
	enum err e = items_of(c, notice->id, &notice->values[NOTICE_items], &told);

	if (e)
		return e;
	sets_add_all(c, &outside, mine);
	sets_tidy(&outside);
	sets_without(c, &outside, &told);
	if (outside.count)
		return call_trouble(c, OUTCOME_items, "其中有不在这份通知里的追溯码", "some of these codes are not in this notice");
	c->in[OUTCOME_count] = count_value(c->arena, mine->count);
	return items_normal(c, mine, &c->in[OUTCOME_items]);
}

/* Said twice, an item would count twice. */
static enum err check_again(struct call *c, const struct record *old)
{
	struct item_sets before, mine, rest = { 0 };
	enum err e = OK;

	if (!c->in[OUTCOME_items].said || !old->values[OUTCOME_items].said)
		return OK;
	e = items_of(c, 0, &c->in[OUTCOME_items], &mine);
	if (!e)
		e = items_of(c, old->id, &old->values[OUTCOME_items], &before);
	if (e)
		return e;
	sets_add_all(c, &rest, &mine);
	sets_tidy(&rest);
	sets_without(c, &rest, &before);
	return rest.count == mine.count ? OK : call_trouble(c, OUTCOME_items, "其中有已经报告过的追溯码", "some of these codes were reported before");
}

/* What is gone is gone once; checking is another question. A correction counts instead of what it corrects. */
static enum err check_room(struct call *c, const struct record *notice)
{
	int64_t *ids, corrects = 0, sum = c->in[OUTCOME_count].i, held = notice->values[NOTICE_count].i;
	size_t n;
	enum err e = records_with(c, &recall_report_type, "notice", id_str(c->arena, notice->id), &ids, &n);

	if (!id_get(node_text(c->raw, "corrects"), &corrects))
		corrects = 0;
	for (size_t i = 0; !e && i < n; i++) {
		struct record old;

		if (ids[i] == corrects)
			continue;
		e = kernel_record(c, ids[i], KNOWN, &old);
		if (e || accounts(old.values) != accounts(c->in))
			continue;
		sum += old.values[OUTCOME_count].i;
		e = check_again(c, &old);
	}
	if (e || (c->in[OUTCOME_count].i > 0 && c->in[OUTCOME_count].i <= held && sum <= held))
		return e;
	return call_trouble(c, OUTCOME_count, str_fmt(c->arena, "各次报告合计须多于零，且不超过通知的 %lld 件", (long long)held).p,
	                    str_fmt(c->arena, "all reports together are more than none and at most the %lld items of the notice", (long long)held).p);
}

static enum err check_outcome(struct call *c)
{
	const struct value *v = c->in;
	struct item_sets mine = { 0 };
	struct record notice;
	enum err e = v[OUTCOME_items].said ? items_read(c, OUTCOME_items, &v[OUTCOME_items], (struct reading){ 0 }, &mine) : OK;

	if (!c->troubles.n && (v[OUTCOME_items].said != SAID_NOTHING) + (v[OUTCOME_count].said != SAID_NOTHING) != 1)
		call_trouble(c, OUTCOME_count, "追溯码和件数填一项", "give codes or a count, one of them");
	if (c->troubles.n || !v[OUTCOME_notice].i)
		return OK;
	if (!e)
		e = kernel_record(c, v[OUTCOME_notice].i, KNOWN, &notice);
	if (!e && v[OUTCOME_items].said)
		e = check_codes(c, &notice, &mine);
	if (!e)
		e = check_room(c, &notice);
	return e == E_BAD ? OK : e;             /* told as a trouble, together with all others */
}

/* Once more on the writer: two reports at a time might not fit together. */
enum err recall_report_create(struct call *c)
{
	struct record notice;
	enum err e = kernel_record(c, c->in[OUTCOME_notice].i, KNOWN, &notice);

	if (!e)
		e = check_room(c, &notice);
	return e ? e : kernel_file(c);
}

enum err recall_check(struct call *c)
{
	if (c->op->in == &recall_type)
		return check_scope(c);
	if (c->op->in == &recall_report_type)
		return check_outcome(c);
	return c->op->in == &life_type ? check_release(c) : OK;
}
