/* mod/trace/scan.c - what a buyer sees of a code: a verdict that says only what is known, the goods, where they have been, the proof.
 *
 * No sentence ever claims that goods are the real thing: a code that is right in form can still have been copied.
 */
#include "mod/trace/sight.h"

enum { MANY_LOOKS = 20 };      /* more looks than one buyer and a shop make: shown as a warning (our reading) */

static const struct {
	const char *key, *level, *zh, *en, *advice_zh, *advice_en;
} verdicts[] = {
	[ST_FIRST] = { "valid_first", "ok", "有效·首次查询", "valid, first query", "请把下面的信息与实物、铭牌逐项核对。",
	               "Compare what follows with the goods and the nameplate." },
	[ST_AGAIN] = { "valid_again", "ok", "有效·已查询", "valid, queried before", "此码以前被查询过。若您是第一次查询而标签应为全新，请留意是否被复制。",
	               "This code was queried before. If yours should be a fresh label, it may have been copied." },
	[ST_NOT_SOLD] = { "not_sold", "warn", "未激活或未售出", "not activated or not sold", "生产单位尚未登记售出。若您已买到这件产品，请向卖家查问，也可报告可疑。",
	                  "The maker has not filed a sale. If you bought it already, ask the seller or report it." },
	[ST_ENDED] = { "recalled_or_void", "bad", "已召回或作废", "recalled or void", "请停止使用并联系卖家或生产单位。",
	               "Stop using it and contact the seller or the maker." },
	[ST_STOPPED] = { "sale_stopped", "bad", "停止销售", "sale stopped", "这件产品已停止销售：请不要购买、销售或使用，并按下面的措施处理。",
	                 "The sale of these goods is stopped: do not buy, sell or use them, and do as told below." },
	[ST_CLASS] = { "class_code", "none", "有效·同类共用码", "valid, shared code", "这是一品一码或一批一码，同类产品共用，不能分辨复制品。",
	                    "This code is shared by a product or batch; it cannot tell copies apart." },
};

/* ---- the goods: product, maker, batch, documents, warnings ---- */

static void put_value(struct call *c, struct node *o, const char *key, const struct record *r, size_t field)
{
	struct node *v = value_node(c->arena, &r->type->fields[field], &r->values[field]);

	if (v)
		node_set(o, str_of(key), v);
}

static void put_record(struct call *c, struct node *o, const struct record *r)
{
	struct node *proof = (struct node *)(uintptr_t)node_get(o, "proof"), *list, *row = node_obj(c->arena);

	if (!proof) {
		proof = put_obj(c->arena, o, "proof");
		put_str(c->arena, proof, "origin", log_origin(kernel_log(c->k)));
		put_arr(c->arena, proof, "records");
	}
	list = (struct node *)(uintptr_t)node_get(proof, "records");
	put_str(c->arena, row, "id", id_str(c->arena, r->id));
	put_z(c->arena, row, "type", r->type->name);
	put_z(c->arena, row, "what_zh", r->type->zh);
	put_z(c->arena, row, "what_en", r->type->en);
	put_int(c->arena, row, "index", (int64_t)r->index);
	node_add(list, row);
}

static void put_document(struct call *c, struct node *o, const char *zh, const char *en, struct str file)
{
	struct node *list = (struct node *)(uintptr_t)node_get(o, "documents"), *row = node_obj(c->arena);

	if (!list)
		list = put_arr(c->arena, o, "documents");
	put_z(c->arena, row, "what_zh", zh);
	put_z(c->arena, row, "what_en", en);
	put_str(c->arena, row, "file", file);
	node_add(list, row);
}

static void put_product(struct call *c, struct node *o, const struct record *r)
{
	struct node *p = put_obj(c->arena, o, "product");
	const struct list_row *unit = list_find(c->k, "product_unit", r->values[PRODUCT_product_type].text, day_of(r->at, CHINA_OFFSET_MIN));
	const struct value *permit = &r->values[PRODUCT_licence_or_ccc_certificate_no], *manual = &r->values[PRODUCT_manual_or_warning];

	put_str(c->arena, p, "id", id_str(c->arena, r->id));
	put_value(c, p, "name", r, PRODUCT_product_name);
	put_value(c, p, "type", r, PRODUCT_product_type);
	put_z(c->arena, p, "type_zh", unit ? unit->zh : "");
	put_value(c, p, "resolver", r, PRODUCT_code_resolver);
	put_value(c, p, "model", r, PRODUCT_specification_model);
	put_value(c, p, "warranty", r, PRODUCT_warranty_period);
	put_value(c, p, "standards", r, PRODUCT_mandatory_national_standard);
	put_value(c, p, "standard_applied", r, PRODUCT_standard_applied);
	put_value(c, p, "permit", r, PRODUCT_licence_or_ccc_certificate_no);
	put_value(c, p, "ccc_mark_no", r, PRODUCT_ccc_mark_no);
	if (permit->said == SAID_VALUE) {
		put_z(c->arena, p, "permit_kind_zh", permit_is_ccc(permit->text) ? "强制性产品认证证书" : "生产许可证");
		put_z(c->arena, p, "permit_kind_en", permit_is_ccc(permit->text) ? "CCC certificate" : "Production licence");
	}
	put_str(c->arena, p, "stated_on", date_str(c->arena, r->at, CHINA_OFFSET_MIN));
	put_value(c, p, "photo", r, PRODUCT_photo);
	put_value(c, p, "label_place", r, PRODUCT_label_place);
	put_value(c, p, "nameplate", r, PRODUCT_nameplate);
	if (manual->said == SAID_VALUE)
		put_document(c, o, "使用说明书或警示说明", "manual or warning", manual->text);
}

static const char *state_zh(struct str state)
{
	return str_is(state, "confirmed") ? "已核验" : str_is(state, "suspended") ? "已暂停填报" : str_is(state, "returned") ? "退回补正" : "未核验";
}

static void put_warning(struct call *c, struct node *o, struct str zh, struct str en)
{
	struct node *list = (struct node *)(uintptr_t)node_get(o, "warnings"), *w = node_obj(c->arena);

	put_str(c->arena, w, "zh", zh);
	put_str(c->arena, w, "en", en);
	node_add(list ? list : put_arr(c->arena, o, "warnings"), w);
}

/* role: "maker", or "seller" for goods that came without a code and were given one in the shop. */
static enum err put_party(struct call *c, struct node *o, const char *role, int64_t party)
{
	struct node *m;
	struct party p;
	enum err e = party_get(c, party, &p);

	if (e)
		return e;
	m = put_obj(c->arena, o, role);
	put_str(c->arena, m, "name", p.name);
	put_str(c->arena, m, "uscc", p.uscc);
	put_str(c->arena, m, "address", p.address);
	put_str(c->arena, m, "contact", p.contact);
	put_str(c->arena, m, "region", p.region);
	put_str(c->arena, m, "state", p.state);
	put_z(c->arena, m, "state_zh", state_zh(p.state));
	if (!str_is(p.state, "confirmed"))
		put_warning(c, o, str_fmt(c->arena, "单位信息%s。", state_zh(p.state)), str_fmt(c->arena, "The %s is %.*s.", role, STR_ARG(p.state)));
	return OK;
}

static void put_batch(struct call *c, struct node *o, const struct record *r)
{
	struct node *b = put_obj(c->arena, o, "batch"), *report;
	const struct value *file = &r->values[BATCH_inspection_report];

	put_str(c->arena, b, "id", id_str(c->arena, r->id));
	put_value(c, b, "number", r, BATCH_factory_batch_or_serial_no);
	put_value(c, b, "production_date", r, BATCH_production_date);
	report = put_obj(c->arena, b, "report");
	put_z(c->arena, report, "kind_zh", r->values[BATCH_report_kind].n && str_is(r->values[BATCH_report_kind].list[0], "type") ? "型式检验报告" : "出厂检验报告");
	put_value(c, report, "no", r, BATCH_report_no);
	put_value(c, report, "date", r, BATCH_report_date);
	put_value(c, report, "issuer", r, BATCH_report_issuer);
	put_value(c, report, "conclusion", r, BATCH_report_conclusion);
	put_bool(c->arena, report, "withheld", file->said != SAID_VALUE);
	if (file->said == SAID_VALUE)
		put_document(c, o, "检验报告", "inspection report", file->text);
}

/* A record that was corrected is shown in its latest form. */
static enum err latest(struct call *c, int64_t id, const struct type *t, struct record *ret)
{
	enum err e = kernel_latest(c, id, &id);

	if (!e)
		e = kernel_record(c, id, 1u << KEY_PUBLIC, ret);
	return e ? e : ret->type == t ? OK : E_CORRUPT;
}

static const struct { const char *key, *zh, *en; } attached[] = {
	{ "report", "检验报告", "inspection report" }, { "certificate", "合格证", "certificate" }, { "manual", "说明书", "manual" }, { "photo", "照片", "photo" },
	{ "factory_no", "出厂编号", "factory number" },
};

/* Papers attached to the whole batch; those of a range or one item stand among its steps. */
static enum err put_attachments(struct call *c, struct node *o, int64_t batch)
{
	struct rows r;
	enum err e = kernel_find(c, &attachment_type, "batch", id_str(c->arena, batch), INT64_MAX, &r);

	for (size_t i = 0; !e && i < r.n; i++) {
		struct record a;
		size_t kind = 0;

		e = kernel_record(c, row_int(&r, i, 0), 1u << KEY_PUBLIC, &a);
		if (e || !a.values[ATTACHMENT_what].n || a.values[ATTACHMENT_file].said != SAID_VALUE)
			continue;               /* a withheld paper is not named here */
		while (kind + 1 < ROWS(attached) && !str_is(a.values[ATTACHMENT_what].list[0], attached[kind].key))
			kind++;
		put_document(c, o, attached[kind].zh, attached[kind].en, a.values[ATTACHMENT_file].text);
		put_record(c, o, &a);
	}
	return e;
}

/* What lists say of the number; when it is not in force that stands at the top of the page. */
static enum err put_permit(struct call *c, struct node *o, const struct record *prod)
{
	struct node *p = (struct node *)(uintptr_t)node_get(o, "product");
	enum err e = permit_view(c, p, prod->values, prod->party);
	const struct node *said = node_get(p, "permit_check");
	struct str number = node_text(p, "permit"), as_of = node_text(said, "as_of");

	if (!e && str_is(node_text(said, "state"), "listed_invalid"))
		put_warning(c, o, str_fmt(c->arena, "%.*s %.*s：%.*s（截至 %.*s）。", STR_ARG(node_text(p, "permit_kind_zh")), STR_ARG(number),
		            STR_ARG(node_text(said, "state_zh")), STR_ARG(as_of)),
		            str_fmt(c->arena, "%.*s %.*s: %.*s (as of %.*s).", STR_ARG(node_text(p, "permit_kind_en")), STR_ARG(number),
		            STR_ARG(node_text(said, "state_en")), STR_ARG(as_of)));
	return e;
}

enum err goods_view(struct call *c, const struct pack *p, int64_t batch, struct node *o)
{
	struct record b, prod;
	int64_t product = p->product;
	enum err e = OK;

	if (batch) {
		e = latest(c, batch, &batch_type, &b);
		if (e)
			return e;
		product = b.values[BATCH_product].i;
	}
	if (product) {
		e = latest(c, product, &product_type, &prod);
		if (e)
			return e;
		put_product(c, o, &prod);
		put_record(c, o, &prod);
		e = put_permit(c, o, &prod);
		if (e)
			return e;
	} else {
		struct node *g = put_obj(c->arena, o, "product");

		put_str(c->arena, g, "name", p->goods);
		put_z(c->arena, g, "type_zh", p->unmarked ? "上游未赋码" : "");
	}
	if (p->unmarked)
		put_warning(c, o, S("上游未赋码：此码由销售单位补贴，生产单位信息不是由生产单位填报的。"),
		            S("These goods came without a code; the seller gave them this one, the maker stated nothing."));
	e = put_party(c, o, p->unmarked ? "seller" : "maker", product ? prod.party : p->party);
	if (!e && batch) {
		put_batch(c, o, &b);
		put_record(c, o, &b);
		e = put_attachments(c, o, batch);
	}
	return e;
}

/* ---- the steps ---- */

const struct verb_words verb_words[VERBS] = {
	[VERB_ACTIVATED] = { "activated", "激活", "activated" }, [VERB_SOLD] = { "sale", "生产单位售出", "sold by the maker" },
	[VERB_PURCHASED] = { "purchase", "销售单位进货", "bought by a seller" }, [VERB_RESOLD] = { "resale", "销售单位售出", "sold by a seller" },
	[VERB_RETURNED] = { "returned", "退货", "returned" }, [VERB_VOID] = { "void", "作废", "void" },
	[VERB_RECALLED] = { "recalled", "召回", "recalled" }, [VERB_DESTROYED] = { "destroyed", "销毁", "destroyed" },
	[VERB_ATTACHED] = { "attachment", "附件", "attachment" },
	[VERB_REFUSED] = { "refusal", "拒收", "refused on delivery" }, [VERB_TAKEN_BACK] = { "return", "退货入库", "taken back" },
	[VERB_PACKED] = { "packed", "装箱", "packed" }, [VERB_UNPACKED] = { "unpacked", "拆箱", "unpacked" },
	[VERB_MEASURED] = { "measure", "所载数量", "quantity stated" }, [VERB_CUT] = { "cut", "分割", "cut from" },
	[VERB_PIECE] = { "piece", "分割取得", "cut as a piece" }, [VERB_USED] = { "used", "用作原料", "used as material" },
	[VERB_STOPPED] = { "stop_sale", "停止销售", "sale stopped" }, [VERB_RELEASED] = { "released", "解除停售", "released for sale" },
};

static void put_shown_fields(struct call *c, struct node *o, const struct step_view *v)
{
	struct node *fields = put_arr(c->arena, o, "fields"), *withheld = node_arr(c->arena);
	const struct record *r = &v->r;

	for (size_t i = 0; i < r->type->n; i++) {
		const struct field *f = &r->type->fields[i];
		struct node *x = f->kind == KIND_ITEMS || f->kind == KIND_CODES || f->kind == KIND_REF ? NULL : value_node(c->arena, f, &r->values[i]), *row;

		if (x) {
			row = node_obj(c->arena);
			put_z(c->arena, row, "name", f->name);
			put_z(c->arena, row, "zh", f->words);
			put_z(c->arena, row, "en", f->en ? f->en : f->name);
			node_set(row, S("value"), x);
			node_add(fields, row);
		} else if (f->publicity == OWNER_CHOICE && r->held[KEY_BUSINESS]) {      /* a withheld slot and an empty one look alike */
			node_add(withheld, node_str(c->arena, str_of(f->name)));
		}
	}
	put_bool(c->arena, o, "sealed", !fields->n && !v->filer.id);
	if (withheld->n && v->withheld)
		node_set(o, S("withheld"), withheld);
}

/* What a viewer may not see shows as a sealed step with its proof, never as a gap (sight.c). */
enum err put_step(struct call *c, struct node *list, const struct item_event *ev, const struct looking *l, struct step_view *ret_view)
{
	struct node *o = node_obj(c->arena);
	struct step_view v;
	enum err e = step_see(c, l, ev->record, &v);

	if (e)
		return e;
	put_z(c->arena, o, "what", verb_words[ev->verb].key);
	put_z(c->arena, o, "what_zh", verb_words[ev->verb].zh);
	put_z(c->arena, o, "what_en", verb_words[ev->verb].en);
	put_str(c->arena, o, "record", id_str(c->arena, ev->record));
	put_int(c->arena, o, "index", (int64_t)ev->index);
	if (v.filer.id)
		put_str(c->arena, o, "party", v.filer.name);
	put_shown_fields(c, o, &v);
	node_add(list, o);
	if (ret_view)
		*ret_view = v;
	return OK;
}

static enum err put_steps(struct call *c, struct node *o, const struct item_event *ev, size_t n, int64_t maker)
{
	const struct looking l = { .maker = maker };
	struct node *list = put_arr(c->arena, o, "steps");
	enum err e = OK;

	for (size_t i = 0; i < n && !e; i++)
		e = put_step(c, list, &ev[i], &l, NULL);
	return e;
}

/* ---- the answer ---- */

static struct str grouped(struct call *c, struct str code)
{
	return str_fmt(c->arena, "%.5s %.5s %.5s %.5s", code.p, code.p + 5, code.p + 10, code.p + 15);
}

void put_verdict(struct call *c, struct node *o, struct str code, enum standing st, int64_t before, int64_t first)
{
	put_str(c->arena, o, "code", code);
	put_str(c->arena, o, "code_text", code.n == SEALED_TEXT && bare_code(c, code).n ? grouped(c, code) : code);
	put_z(c->arena, o, "verdict", verdicts[st].key);
	put_str(c->arena, o, "verdict_zh", st == ST_AGAIN ? str_fmt(c->arena, "有效·已查询 %lld 次", (long long)before) : str_of(verdicts[st].zh));
	put_str(c->arena, o, "verdict_en", st == ST_AGAIN ? str_fmt(c->arena, "valid, queried %lld times before", (long long)before)
	                                                   : str_of(verdicts[st].en));
	put_z(c->arena, o, "level", st == ST_AGAIN && before >= MANY_LOOKS ? "warn" : verdicts[st].level);
	put_z(c->arena, o, "advice_zh", verdicts[st].advice_zh);
	put_z(c->arena, o, "advice_en", verdicts[st].advice_en);
	put_int(c->arena, o, "count", before);
	if (first)
		put_str(c->arena, o, "first_seen", time_str(c->arena, first, false));
}

static void put_end(struct call *c, struct node *o, const struct item_state *s)
{
	struct record r;
	struct node *end;

	if (!s->end_record || kernel_record(c, s->end_record, 1u << KEY_PUBLIC, &r))
		return;
	end = put_obj(c->arena, o, "ended");
	put_z(c->arena, end, "what_zh", verb_words[s->end].zh);
	put_z(c->arena, end, "what_en", verb_words[s->end].en);
	if (r.type == &recall_type) {
		put_str(c->arena, end, "recall", id_str(c->arena, r.id));
		put_z(c->arena, end, "by_zh", r.party ? "生产单位" : "监管部门");
		put_z(c->arena, end, "by_en", r.party ? "its maker" : "the authority");
		put_value(c, end, "reason", &r, RECALL_reason);
		put_value(c, end, "measures", &r, RECALL_measures);
		put_value(c, end, "contact", &r, RECALL_contact);
	} else if (r.type == &life_type) {
		put_value(c, end, "reason", &r, LIFE_reason);
		put_value(c, end, "successor", &r, LIFE_successor);
	}
	put_str(c->arena, end, "on", date_str(c->arena, r.at, CHINA_OFFSET_MIN));
}

enum standing standing_of_item(const struct pack *p, const struct item_state *s, int64_t before)
{
	if (s->ended)
		return s->end == VERB_STOPPED ? ST_STOPPED : ST_ENDED;
	if (p->grain != GRAIN_ITEM)
		return ST_CLASS;
	if (!s->activated || (!s->sold && !p->unmarked))
		return ST_NOT_SOLD;
	return before ? ST_AGAIN : ST_FIRST;
}

/* The code in a path or a search box may be spaced, hyphened, lower case, or the whole printed address. */
struct str bare_code(struct call *c, struct str s)
{
	unsigned char numerals[SEALED_NUMERALS], key;
	char *out = arena_take(c->arena, SEALED_TEXT + 1);

	if (!sealed_read(s, true, &key, numerals))
		return S("");
	sealed_write(key, numerals, out);
	return (struct str){ out, SEALED_TEXT };
}

static const char *const grain_words[] = { "product", "batch", "item" };

/* Every code the item carries: the one asked for first, its own, those registered beside it. */
static enum err put_codes(struct call *c, struct node *o, const struct code_place *p, bool own)
{
	struct node *list = node_arr(c->arena);
	enum err e = OK;

	if (own) {
		struct node *row = node_obj(c->arena);

		put_str(c->arena, row, "code", code_text(c, &(struct sealed){ p->p.key, p->p.grain, p->p.number, p->item }));
		put_z(c->arena, row, "kind", "sealed");
		node_add(list, row);
	}
	e = foreign_texts(c, p->pack, p->item, list);
	if (!e && list->n > own)
		node_set(o, S("codes"), list);
	return e;
}

/* Whoever has a piece in hands has its length before the eyes: it says nothing of the reel or of how much is made. */
static enum err put_piece(struct call *c, struct node *o, int64_t cut)
{
	struct node *piece;
	struct record r;
	enum err e = kernel_record(c, cut, 1u << KEY_PUBLIC | 1u << KEY_BUSINESS, &r);
	const struct list_row *unit;

	if (e)
		return e;
	unit = list_find(c->k, "unit", r.values[CUT_unit].text, day_of(r.at, CHINA_OFFSET_MIN));
	piece = put_obj(c->arena, o, "piece");
	put_str(c->arena, piece, "quantity", r.values[CUT_quantity].text);
	put_str(c->arena, piece, "unit", r.values[CUT_unit].text);
	put_z(c->arena, piece, "unit_zh", unit ? unit->zh : "");
	put_z(c->arena, piece, "unit_en", unit && unit->en ? unit->en : "");
	return OK;
}

/* A piece is goods of what it was cut from: that maker, batch and certificate. */
static enum err put_goods(struct call *c, struct node *o, const struct code_place *p, const struct item_state *st)
{
	struct origin from = { *p, st->batch, 0 };
	enum err e = st->cut ? origin_of(c, p, &from) : OK;

	if (!e)
		e = goods_view(c, &from.place.p, from.batch, o);
	return e || !from.cut ? e : put_piece(c, o, from.cut);
}

/* What its parent is recalled or stopped for holds for a piece too, also for one cut off later. */
static enum err end_with_parent(struct call *c, struct item_state *st)
{
	enum { DEPTH = 20 };
	int64_t cut = st->cut, when;

	for (int depth = 0; cut && !st->ended && depth < DEPTH; depth++) {
		struct item_state up;
		struct code_place from;
		struct item_event *ev;
		size_t n;
		enum err e = cut_from(c, cut, &from, &when);

		if (!e)
			e = item_history(c, from.pack, from.item, &ev, &n);
		if (e)
			return e;
		item_fold(&from.p, ev, n, &up);
		if (up.ended && (up.end == VERB_RECALLED || up.end == VERB_STOPPED)) {
			st->ended = true;
			st->end = up.end;
			st->end_record = up.end_record;
		}
		cut = up.cut;
	}
	return OK;
}

enum err scan_run(struct call *c)
{
	struct str bare = bare_code(c, c->in[0].text);
	struct item_event *ev;
	struct item_state st;
	struct code_place p;
	size_t n;
	int64_t before = 0, first = 0;
	enum err e = code_find(c, c->in[0].text, &p);

	if (!e)
		e = item_history(c, p.pack, p.item, &ev, &n);
	if (!e)
		e = count_look(c, p.pack, p.item, &before, &first);
	if (e)
		return e;
	item_fold(&p.p, ev, n, &st);
	e = end_with_parent(c, &st);
	if (e)
		return e;
	put_verdict(c, c->out, bare.n ? bare : str_trim(c->in[0].text), standing_of_item(&p.p, &st, before), before, first);
	put_z(c->arena, c->out, "grain", grain_words[p.p.grain]);
	if (st.ended)
		put_end(c, c->out, &st);
	e = put_codes(c, c->out, &p, !p.p.theirs);
	if (!e)
		e = put_goods(c, c->out, &p, &st);
	permit_name_codes(c, c->out);
	return e ? e : put_steps(c, c->out, ev, n, p.p.party);
}

/* Where has this code been: for its maker, holders and officers; others get what the public page shows. */
enum err where_run(struct call *c)
{
	struct str bare = bare_code(c, c->in[0].text);
	struct item_event *ev;
	struct code_place p;
	size_t n;
	enum err e = code_find(c, c->in[0].text, &p);

	if (!e)
		e = item_history(c, p.pack, p.item, &ev, &n);
	if (e)
		return e;
	put_str(c->arena, c->out, "code", bare.n ? bare : str_trim(c->in[0].text));
	if (p.p.party == c->who->party || c->who->roles & (R_OFFICER | R_OPERATOR)) {      /* to others they would tell how much is made */
		put_str(c->arena, c->out, "pack", id_str(c->arena, p.pack));
		put_int(c->arena, c->out, "index", p.item);
	}
	e = put_codes(c, c->out, &p, !p.p.theirs);
	return e ? e : put_steps(c, c->out, ev, n, p.p.party);
}
