/* mod/trace/filing.c - filing products, batches, sales, purchases, resales and what happens to codes: cross-field rules, derived rows. */
#include "mod/trace/flow.h"


/* ---- facts of the product list ---- */

bool trace_fact(struct call *c, const char *fact, const struct type *t, const struct value *v)
{
	const struct list_row *unit;

	if (t != &product_type || v[PRODUCT_product_type].said != SAID_VALUE)
		return false;
	unit = list_find(c->k, "product_unit", v[PRODUCT_product_type].text, day_of(c->now, CHINA_OFFSET_MIN));
	if (!unit)
		return false;
	if (strcmp(fact, "permit") == 0)
		return row_fact(unit, "licence") || row_fact(unit, "ccc");
	return row_fact(unit, fact);
}

static bool names_standard(const struct list_row *unit)
{
	return unit->facts && strstr(unit->facts, "std=") != NULL;
}

/* What the code schemes of annex 3 need of a product. */
static void check_schemes(struct call *c)
{
	struct value *gtin = &c->in[PRODUCT_gtin], *nsi = &c->in[PRODUCT_number_system];
	int64_t n;

	if (gtin->said && !gtin_check(gtin->text))
		call_trouble(c, PRODUCT_gtin, "商品条码应为8、12、13或14位数字，且校验码正确", "a GTIN has 8, 12, 13 or 14 digits with a right check digit");
	if (nsi->said && (nsi->text.n != 5 || !str_to_int(nsi->text, &n) || !is_digit(nsi->text.p[0])))
		call_trouble(c, PRODUCT_number_system, "编码体系标识应为5位数字", "a number system identifier has 5 digits");
}

static void check_product(struct call *c)
{
	const struct value *v = c->in, *std = &v[PRODUCT_mandatory_national_standard];
	const struct list_row *unit = list_find(c->k, "product_unit", v[PRODUCT_product_type].text, day_of(c->now, CHINA_OFFSET_MIN));
	bool none = std->n == 1 && str_is(std->list[0], NO_MANDATORY_STANDARD), outside;
	struct str permit = v[PRODUCT_licence_or_ccc_certificate_no].text;

	if (!unit)
		return;
	outside = strcmp(unit->key, "outside") == 0;
	if (none && names_standard(unit))
		call_trouble(c, PRODUCT_mandatory_national_standard, "清单对这种产品列有强制性国家标准，不能填“无适用的强制性国家标准”",
		             "the list names a mandatory standard for this unit");
	if (none && !v[PRODUCT_standard_applied].said)
		call_trouble(c, PRODUCT_standard_applied, "没有适用的强制性国家标准时，须填执行的其他标准", "name the standard applied instead");
	for (size_t i = 0; i < std->n && !none; i++)
		if (!str_starts(std->list[i], "GB "))
			call_trouble(c, PRODUCT_mandatory_national_standard, "强制性国家标准的编号以“GB ”开头；推荐性标准请填在“执行的其他标准”",
			             "a mandatory standard begins with 'GB '; others go to standard_applied");
	if (outside && !v[PRODUCT_outside_ground].said)
		call_trouble(c, PRODUCT_outside_ground, "清单外产品须选追溯依据", "a product outside the list needs its ground");
	check_schemes(c);
	if (v[PRODUCT_licence_or_ccc_certificate_no].said == SAID_VALUE && row_fact(unit, "licence") && permit.n == 16 && is_digit(permit.p[0]))
		call_trouble(c, PRODUCT_licence_or_ccc_certificate_no, "这种产品实行生产许可证管理，应填许可证号", "this unit needs a production licence number");
	if (v[PRODUCT_licence_or_ccc_certificate_no].said == SAID_VALUE && row_fact(unit, "ccc") && !is_digit(permit.p[0]))
		call_trouble(c, PRODUCT_licence_or_ccc_certificate_no, "这种产品实行强制性认证，应填16位证书编号", "this unit needs a CCC certificate number");
}

static void check_quantity(struct call *c, size_t quantity, size_t unit)
{
	if (c->in[quantity].said && !c->in[unit].said)
		call_trouble(c, unit, "填了数量须选计量单位", "a quantity needs its unit");
}

/* ---- the codes a record speaks of ---- */

/* A maker speaks of codes of its own packs only, an officer of those of the region; sellers of any goods they hold. */
static enum err speaks_of(struct call *c, size_t field, const struct pack *p)
{
	const struct op any = { .who = R_OFFICER, .scope = SCOPE_OWN };
	struct party owner;
	enum err e;

	if (p->party == c->who->party)
		return OK;
	if (!(c->who->roles & R_OFFICER))
		return call_trouble(c, field, "其中有不属于本单位的追溯码", "some of these codes are not of your packs");
	e = party_get(c, p->party, &owner);
	if (e || op_allowed(&any, c->who, true, owner.id, owner.region) == OK)
		return e;
	return call_trouble(c, field, "其中有不属于本监管地区的追溯码", "some of these codes are not of your region");
}

/* Whoever could cut, pack, use or take back goods that are not with him could write others' stock away. */
static enum err at_hand(struct call *c, size_t field, const struct item_sets *s)
{
	for (size_t i = 0; i < s->n; i++)
		for (size_t k = 0; k < s->set[i].n; k++) {
			bool came;
			enum err e = items_came_to(c, &s->set[i].pack, s->set[i].r[k], &came);

			if (e)
				return e;
			if (!came)
				return call_trouble(c, field, "其中有货物没有贵单位的进货或售出记录，请先填报进货", "some of these goods never came to you by record: file the purchase first");
		}
	return OK;
}

/* Read once, and from here on in the form the record keeps. A carton is opened as of the time the record speaks of. */
static enum err check_set(struct call *c, const struct move_field *f)
{
	struct value *v = &c->in[f->items];
	struct item_sets s = { 0 };
	struct reading how = { f->whose == OWN_CODES, f->time >= 0 && c->in[f->time].said ? c->in[f->time].i : 0 };
	enum err e = items_read(c, f->items, v, how, &s);

	for (size_t k = 0; k < s.n && f->whose == OWN_CODES && !e; k++)
		e = speaks_of(c, f->items, &s.set[k].pack);
	if (!e && f->whose == GOODS_AT_HAND)
		e = at_hand(c, f->items, &s);
	return e ? e : items_normal(c, &s, v);
}

/* Further codes stand in pairs with those registered already: the list keeps its order. */
static enum err check_aliased(struct call *c)
{
	struct item_sets s = { 0 };
	enum err e = items_read(c, ALIAS_items, &c->in[ALIAS_items], (struct reading){ .own = true }, &s);

	for (size_t k = 0; k < s.n && !e; k++)
		e = speaks_of(c, ALIAS_items, &s.set[k].pack);
	return e == E_BAD ? OK : e;
}

static enum err check_items(struct call *c)
{
	struct move_field f;

	if (c->op->in == &alias_type && c->in[ALIAS_items].said)
		return check_aliased(c);
	for (size_t i = 0; moves_field(c->op->in, i, &f); i++)
		if (c->in[f.items].said == SAID_VALUE) {
			enum err e = check_set(c, &f);

			if (e && e != E_BAD)            /* told as a trouble, together with all others */
				return e;
		}
	return OK;
}

/* Records of officers belong to no party: whoever corrects one must be free to speak of what it spoke of. */
static enum err check_corrected(struct call *c)
{
	const unsigned all = (1u << KEY_CLASSES) - 1;
	struct item_sets s = { 0 };
	struct record old;
	int64_t id;
	enum err e;

	if (c->op->in != &life_type || !(c->who->roles & R_OFFICER) || !id_get(node_text(c->raw, "corrects"), &id))
		return OK;
	e = kernel_record(c, id, all, &old);
	if (e || old.type != &life_type)
		return e == E_ABSENT ? OK : e;          /* said when it is filed */
	e = items_of(c, id, &old.values[LIFE_items], &s);
	for (size_t i = 0; i < s.n && !e; i++)
		e = speaks_of(c, LIFE_items, &s.set[i].pack);
	return e == E_BAD ? OK : e;
}

/* A new label is one of the same maker's codes: the page of the old one sends people there. */
static enum err check_successor(struct call *c)
{
	struct code_place p;
	enum err e;

	if (c->op->in != &life_type || c->in[LIFE_successor].said != SAID_VALUE)
		return OK;
	e = code_find(c, c->in[LIFE_successor].text, &p);
	if (!e)
		e = speaks_of(c, LIFE_successor, &p.p);
	else if (e == E_FORGED || e == E_UNKNOWN)
		e = call_trouble(c, LIFE_successor, "不是本平台签发的追溯码", "this code was not issued here");
	return e == E_BAD ? OK : e;
}

/* What was said of these codes, or else of the batch they go to. */
static struct str scheme_of(struct call *c)
{
	struct record batch;
	size_t field = c->op->in == &alias_type ? ALIAS_scheme : PACK_scheme;

	if (c->in[field].said)
		return c->in[field].text;
	if (c->op->in != &pack_type || !c->in[PACK_batch].i || kernel_record(c, c->in[PACK_batch].i, 1u << KEY_PUBLIC, &batch) || batch.type != &batch_type)
		return S("");
	return batch.values[BATCH_trace_code].text;
}

/* Codes of other schemes: of the scheme the batch states, each once, one to each item. */
static enum err check_codes(struct call *c)
{
	const struct value *v = c->in;
	size_t field = c->op->in == &alias_type ? ALIAS_codes : PACK_codes, count;
	struct code_place *p;
	struct str bad;
	enum err e;

	if ((c->op->in != &alias_type && c->op->in != &pack_type) || !v[field].n)
		return OK;
	if (c->op->in == &alias_type && v[ALIAS_items].n) {
		e = items_places(c, v[ALIAS_items].list, v[ALIAS_items].n, v[ALIAS_codes].n, &p, &count, &bad);
		if (e == E_TOO_BIG || (!e && count != v[ALIAS_codes].n && count != 1))
			call_trouble(c, ALIAS_codes, "个数与已登记的追溯码不一致", "not as many as the codes registered already");
	}
	return foreign_check(c, field, scheme_of(c), v[field].list, v[field].n);
}

/* Nobody asks a consumer's name, and none is taken. */
static void check_consumer(struct call *c, size_t kind, size_t name)
{
	if (c->in[kind].said && str_is(c->in[kind].list[0], "consumer") && c->in[name].said && !str_is(c->in[name].text, CONSUMER))
		call_trouble(c, name, "个人消费者不留姓名，请留空", "no consumer's name is kept; leave it empty");
}

enum err trace_check(struct call *c)
{
	enum err e;

	if (c->op->in == &sale_type)
		check_consumer(c, SALE_buyer_kind, SALE_buyer_name);
	else if (c->op->in == &resale_type)
		check_consumer(c, RESALE_customer_kind, RESALE_customer_name);
	else if (c->op->in == &cut_type)
		check_consumer(c, CUT_customer_kind, CUT_customer_name);
	if (c->op->in == &product_type)
		check_product(c);
	else if (c->op->in == &certificate_type)
		certificate_check(c);
	else if (c->op->in == &batch_type)
		check_quantity(c, BATCH_quantity, BATCH_unit);
	else if (c->op->in == &sale_type)
		check_quantity(c, SALE_quantity, SALE_unit);
	else if (c->op->in == &resale_type)
		check_quantity(c, RESALE_quantity, RESALE_unit);
	else if (c->op->in == &purchase_type)
		check_quantity(c, PURCHASE_quantity, PURCHASE_unit);
	else if (c->op->in == &return_type)
		check_quantity(c, RETURN_quantity, RETURN_unit);
	else if (c->op->in == &custom_type && c->who->uscc.n && str_eq(c->in[CUSTOM_user_uscc].text, c->who->uscc))
		call_trouble(c, CUSTOM_user_uscc, "使用方不能是本单位", "the user is another party than yours");
	e = c->op->in == &product_type ? permit_check(c) : check_items(c);
	if (!e)
		e = check_codes(c);
	if (!e)
		e = check_corrected(c);
	return e ? e : check_successor(c);
}

/* ---- filing ---- */

enum err custom_create(struct call *c)
{
	struct filing f = { .type = &custom_type, .values = c->in, .party = c->who->party };
	struct party user;
	int64_t record;
	enum err e = kernel_corrects(c, &f.corrects);

	if (!e)
		e = kernel_append(c, &f, &record);
	if (e)
		return e;
	/* the user unit confirms the ledger where it is registered; otherwise the contract stands for it */
	e = party_by_uscc(c, c->in[CUSTOM_user_uscc].text, &user);
	if (e == E_ABSENT)
		return OK;
	if (!e)
		notice_put(c, user.id, "custom", record, S("有一笔定制产品台账待贵单位确认"), S("a custom-product ledger waits for your confirmation"));
	return e;
}

/* ---- a consumer's report: a ticket anybody can follow, contents seen by nobody without a reason ---- */

enum err report_create(struct call *c)
{
	struct filing f = { .type = &report_type, .values = c->in };
	struct str region = c->in[REPORT_region].text;
	struct code_place p;
	struct party maker;
	int64_t record;
	enum err e;

	if (!region.n && c->in[REPORT_code].said && code_find(c, c->in[REPORT_code].text, &p) == OK && party_get(c, p.p.party, &maker) == OK)
		region = maker.region;
	f.region = region;
	e = kernel_append(c, &f, &record);
	if (!e) {
		put_str(c->arena, c->out, "ticket", id_str(c->arena, record));
		put_z(c->arena, c->out, "state", "open");
	}
	return e;
}

enum err ticket_run(struct call *c)
{
	struct flow_case fc;
	enum err e = flow_case_get(c, c->in[0].i, &fc);

	if (e || !str_is(fc.flow, "report"))
		return e ? e : E_ABSENT;
	put_str(c->arena, c->out, "ticket", id_str(c->arena, fc.record));
	put_str(c->arena, c->out, "state", fc.state);
	put_str(c->arena, c->out, "since", time_str(c->arena, fc.since, false));
	if (fc.due)
		put_str(c->arena, c->out, "due", time_str(c->arena, fc.due, false));
	return OK;
}

/* ---- derived rows ---- */

enum { PACK_PART = 1000 };      /* of kernel_hide: item sets begin at 1024 */

static enum err keep_codes(struct call *c, int64_t record, enum grain g, struct str scheme, const struct value *codes)
{
	struct code_place *p = TAKE(c->arena, struct code_place, codes->n);

	for (size_t i = 0; i < codes->n; i++)
		p[i] = (struct code_place){ .pack = record, .item = g == GRAIN_ITEM ? (uint32_t)i : 0 };
	return foreign_keep(c, record, scheme, p, codes->list, codes->n);
}

/* The barcode that all goods of a product or batch share: whose pack comes first, it stands for. */
static enum err keep_barcode(struct call *c, int64_t record, enum grain g, int64_t product, const struct record *batch)
{
	struct str gtin, lot = g == GRAIN_BATCH ? batch->values[BATCH_factory_batch_or_serial_no].text : S("");
	struct record r;
	enum err e = kernel_record(c, product, 1u << KEY_PUBLIC, &r);

	if (e || r.type != &product_type || r.values[PRODUCT_gtin].said != SAID_VALUE)
		return e == E_ABSENT ? OK : e;
	gtin = gtin14_of(c->arena, r.values[PRODUCT_gtin].text);
	return foreign_keep_free(c, str_fmt(c->arena, "(01)%.*s%s%.*s", STR_ARG(gtin), lot.n ? "(10)" : "", STR_ARG(lot)), record);
}

static enum err project_pack(struct call *c, int64_t record, int64_t party, int64_t at, const struct value *v)
{
	enum grain g = str_is(v[PACK_grain].list[0], "product") ? GRAIN_PRODUCT : str_is(v[PACK_grain].list[0], "batch") ? GRAIN_BATCH : GRAIN_ITEM;
	int64_t product = v[PACK_product].i, batch = v[PACK_batch].i;
	struct str count;
	enum err e;
	struct record b;

	if (batch && (!product || g == GRAIN_BATCH)) {
		e = kernel_record(c, batch, 1u << KEY_PUBLIC, &b);
		if (e)
			return e;
		product = b.values[BATCH_product].i;
	}
	e = kernel_hide(c->k, c->arena, record, PACK_PART, v[PACK_count].text, &count);
	if (e)
		return e;
	db_tell(c->db, trace_sql[Q_PACK_PUT], VALS(V_I(record), V_I(v[PACK_key].i), V_I(v[PACK_number].i), V_I(party), V_I(product), V_I(batch), V_I(g),
	        V_B(count), V_I(at), V_I(v[PACK_unmarked].i), V_T(v[PACK_goods].text), V_I(v[PACK_codes].n > 0), V_I(v[PACK_pieces].i)));
	if (v[PACK_codes].n)
		return keep_codes(c, record, g, v[PACK_scheme].text, &v[PACK_codes]);
	return g != GRAIN_ITEM && product && (g == GRAIN_PRODUCT || batch) ? keep_barcode(c, record, g, product, &b) : OK;
}

/* One registered code may get several further ones; otherwise they stand in pairs. */
static enum err alias_places(struct call *c, const struct value *v, struct code_place **ret)
{
	size_t n = v[ALIAS_codes].n, got;
	struct str bad;
	enum err e = items_places(c, v[ALIAS_items].list, v[ALIAS_items].n, n, ret, &got, &bad);

	for (; !e && got == 1 && got < n; got++)
		(*ret)[got] = (*ret)[0];
	return e ? e : got == n ? OK : E_BAD;
}

static enum err project_alias(struct call *c, int64_t record, int64_t corrects, const struct value *v)
{
	const unsigned all = (1u << KEY_CLASSES) - 1;
	struct code_place *p;
	struct record old;
	enum err e = OK;

	if (corrects) {
		e = kernel_record(c, corrects, all, &old);
		if (!e)
			e = foreign_drop(c, corrects, old.values[ALIAS_codes].list, old.values[ALIAS_codes].n);
	}
	if (!e)
		e = alias_places(c, v, &p);
	if (!e)
		e = foreign_keep(c, record, v[ALIAS_scheme].text, p, v[ALIAS_codes].list, v[ALIAS_codes].n);
	for (size_t i = 0; !e && i < v[ALIAS_codes].n; i++)
		if (i == 0 || p[i].pack != p[i - 1].pack) {
			db_tell(c->db, trace_sql[Q_PACK_ALIASED], VALS(V_I(p[i].pack)));
			memory_touch(c->k, p[i].pack);
		}
	return e;
}

enum err trace_project(struct call *c, const struct type *t, int64_t record, uint64_t index, int64_t party, int64_t at, int64_t corrects,
                       const struct value *v)
{
	if (corrects) {
		db_tell(c->db, trace_sql[Q_ITEMS_DROP], VALS(V_I(corrects)));
		memory_touch(c->k, 0);          /* a corrected product, batch or sale may stand on any page */
	}
	if (t == &pack_type)
		return project_pack(c, record, party, at, v);
	if (t == &certificate_type)
		return project_certificate(c, record, v);
	if (t == &alias_type)
		return project_alias(c, record, corrects, v);
	if (t == &attachment_type && !v[ATTACHMENT_items].said)
		memory_touch(c->k, 0);           /* papers of a batch stand on the pages of all its packs */
	return moves_keep(c, t, record, index, party, at, corrects, v);
}
