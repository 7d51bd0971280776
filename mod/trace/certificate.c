/* mod/trace/certificate.c - certificates and licences as lists tell them; a number is compared before entry and again at each scan.
 *
 * A statement is a record of nobody: operator or officer file what a list said on a date. The newest by that date counts, by log order
 * within a day. What is not listed is neither good nor bad: a list may be old, or not imported at all.
 */
#include "mod/trace/flow.h"

/* ---- what a statement means on a day ---- */

static const struct {
	const char *key, *listed, *zh, *en;      /* listed: the state as the list has it; NULL: one that follows */
} states[] = {
	[PERMIT_UNLISTED]  = { "not_listed", NULL, "未在已导入的名录中，尚未核对", "not in the lists imported here; not compared yet" },
	[PERMIT_IN_FORCE]  = { "listed_valid", "valid", "在名录中，状态有效", "listed, in force" },
	[PERMIT_SUSPENDED] = { "listed_invalid", "suspended", "在名录中，状态为暂停", "listed as suspended" },
	[PERMIT_WITHDRAWN] = { "listed_invalid", "withdrawn", "在名录中，状态为撤销", "listed as withdrawn" },
	[PERMIT_CANCELLED] = { "listed_invalid", "cancelled", "在名录中，状态为注销", "listed as cancelled" },
	[PERMIT_EXPIRED]   = { "listed_invalid", "expired", "在名录中，已过有效期", "listed, and its term is over" },
	[PERMIT_NOT_YET]   = { "listed_invalid", NULL, "在名录中，尚未生效", "listed, not in force yet" },
	[PERMIT_OTHER]     = { "listed_invalid", NULL, "在名录中，持有人不是本产品所填的单位", "listed for another holder than this product names" },
};

bool permit_is_ccc(struct str number) { return number.n && is_digit(number.p[0]); }

/* Whether it is in force on that day, whoever holds it. */
static enum permit_state state_on(const struct value *v, int64_t day)
{
	if (v[CERTIFICATE_listed_state].said != SAID_VALUE)
		return PERMIT_UNLISTED;
	for (size_t i = 0; i < ROWS(states); i++)
		if (i != PERMIT_IN_FORCE && states[i].listed && str_is(v[CERTIFICATE_listed_state].list[0], states[i].listed))
			return (enum permit_state)i;
	if (v[CERTIFICATE_valid_to].said && v[CERTIFICATE_valid_to].i < day)
		return PERMIT_EXPIRED;
	return v[CERTIFICATE_valid_from].said && v[CERTIFICATE_valid_from].i > day ? PERMIT_NOT_YET : PERMIT_IN_FORCE;
}

/* An entrusted maker names the holder; a row without a holder's code cannot contradict anybody. */
static enum permit_state judge(const struct value *said, const struct value *product, struct str maker, int64_t day)
{
	const struct value *holder = &said[CERTIFICATE_holder_uscc], *named = &product[PRODUCT_licence_holder_uscc];
	enum permit_state s = state_on(said, day);

	if (s == PERMIT_IN_FORCE && holder->said && !str_eq(holder->text, named->said ? named->text : maker))
		return PERMIT_OTHER;
	return s;
}

enum err permit_latest(struct call *c, struct str number, struct record *ret)
{
	struct rows r;
	enum err e = db_ask(c->db, c->arena, trace_sql[Q_PERMIT_GET], VALS(V_T(number)), &r);

	if (!e && !r.n)
		e = E_ABSENT;
	if (!e)
		e = kernel_record(c, row_int(&r, 0, 0), 1u << KEY_PUBLIC, ret);
	return !e && ret->type != &certificate_type ? E_CORRUPT : e;
}

/* ret_said stays empty when no list tells of it. */
static enum err permit_of(struct call *c, const struct value *product, struct str maker, enum permit_state *ret, struct record *ret_said)
{
	enum err e = permit_latest(c, product[PRODUCT_licence_or_ccc_certificate_no].text, ret_said);

	if (e == E_ABSENT) {
		*ret = PERMIT_UNLISTED;
		return OK;
	}
	if (!e)
		*ret = judge(ret_said->values, product, maker, day_of(c->now, CHINA_OFFSET_MIN));
	return e;
}

/* Of the statements about it the newest that was true by that day; without one, what a later one says of its term alone. */
static void better(const struct record *x, int64_t day, struct record *best, bool *ret_any)
{
	int64_t at = x->values[CERTIFICATE_as_of].i, had = *ret_any ? best->values[CERTIFICATE_as_of].i : 0;
	bool in_time = at <= day, had_in_time = *ret_any && had <= day;

	if (*ret_any && in_time == had_in_time ? at < had || (at == had && x->index < best->index) : had_in_time)
		return;
	*best = *x;
	*ret_any = true;
}

enum err permit_on(struct call *c, struct str number, int64_t day, struct permit_said *ret, struct record *ret_said)
{
	struct record best = { 0 };
	enum permit_state s = PERMIT_UNLISTED;
	bool any = false;
	int64_t *ids;
	size_t n;
	enum err e = records_with(c, &certificate_type, "number", number, &ids, &n);

	for (size_t i = 0; i < n && !e; i++) {
		struct record x;

		e = kernel_record(c, ids[i], 1u << KEY_PUBLIC, &x);
		if (!e)
			better(&x, day, &best, &any);
	}
	if (e || !any) {
		*ret = (struct permit_said){ PERMIT_UNLISTED, states[PERMIT_UNLISTED].zh };
		return e;
	}
	if (best.values[CERTIFICATE_as_of].i <= day)
		s = state_on(best.values, day);
	else if (best.values[CERTIFICATE_valid_to].said && best.values[CERTIFICATE_valid_to].i < day)
		s = PERMIT_EXPIRED;
	else if (best.values[CERTIFICATE_valid_from].said && best.values[CERTIFICATE_valid_from].i > day)
		s = PERMIT_NOT_YET;
	*ret = (struct permit_said){ s, states[s].zh };
	*ret_said = best;
	return OK;
}

static struct str where_from(struct call *c, const struct record *said, bool zh)
{
	const struct value *v = said->values;

	return str_fmt(c->arena, zh ? "（%.*s，截至 %.*s）" : " (%.*s, as of %.*s)", STR_ARG(v[CERTIFICATE_source].text), STR_ARG(v[CERTIFICATE_as_of].text));
}

/* ---- before entry ---- */

static void refuse(struct call *c, struct str number, struct str zh, struct str en)
{
	bool ccc = permit_is_ccc(number);

	trouble_named(&c->troubles, "licence_or_ccc_certificate_no", ccc ? "附3-四" : "附2-1-2-9",
	              str_fmt(c->arena, "%s %.*s %.*s", ccc ? "强制性产品认证证书" : "生产许可证", STR_ARG(number), STR_ARG(zh)).p,
	              str_fmt(c->arena, "%s %.*s: %.*s", ccc ? "CCC certificate" : "production licence", STR_ARG(number), STR_ARG(en)).p);
}

static void check_mark(struct call *c)
{
	const struct value *mark = &c->in[PRODUCT_ccc_mark_no];

	for (size_t i = 0; i < mark->text.n; i++)
		if (!is_alnum(mark->text.p[i]) && !strchr(" -./()", mark->text.p[i])) {
			call_trouble(c, PRODUCT_ccc_mark_no, "标志编号只用字母、数字、空格和 - . / ( )", "a mark number has letters, digits, spaces and - . / ( ) only");
			return;
		}
}

enum err permit_check(struct call *c)
{
	const struct value *permit = &c->in[PRODUCT_licence_or_ccc_certificate_no];
	enum permit_state s;
	struct record said;
	enum err e;

	check_mark(c);
	if (permit->said != SAID_VALUE)
		return OK;
	e = permit_of(c, c->in, c->who->uscc, &s, &said);
	if (e || s == PERMIT_IN_FORCE)
		return e;
	if (s != PERMIT_UNLISTED)
		refuse(c, permit->text, str_join(c->arena, str_of(states[s].zh), where_from(c, &said, true)),
		       str_join(c->arena, str_of(states[s].en), where_from(c, &said, false)));
	else if (str_is(kernel_setting(c->k, "certificates"), "listed_only"))
		refuse(c, permit->text, S("未在已导入的名录中；本平台只接受名录中的编号"), S("not in the lists imported here; this platform takes listed numbers only"));
	return OK;
}

/* ---- shown ---- */

enum err permit_view(struct call *c, struct node *o, const struct value *product, int64_t party)
{
	enum permit_state s;
	struct record said;
	struct party maker;
	struct node *p;
	enum err e;

	if (product[PRODUCT_licence_or_ccc_certificate_no].said != SAID_VALUE)
		return OK;
	e = party_get(c, party, &maker);
	if (!e)
		e = permit_of(c, product, maker.uscc, &s, &said);
	if (e)
		return e;
	p = put_obj(c->arena, o, "permit_check");
	put_z(c->arena, p, "state", states[s].key);
	put_z(c->arena, p, "state_zh", states[s].zh);
	put_z(c->arena, p, "state_en", states[s].en);
	put_str(c->arena, p, "checked_at", date_str(c->arena, c->now, CHINA_OFFSET_MIN));
	if (s == PERMIT_UNLISTED)
		return OK;
	put_str(c->arena, p, "listed_state", said.values[CERTIFICATE_listed_state].list[0]);
	put_str(c->arena, p, "source", said.values[CERTIFICATE_source].text);
	put_str(c->arena, p, "as_of", said.values[CERTIFICATE_as_of].text);
	if (said.values[CERTIFICATE_holder].said)
		put_str(c->arena, p, "holder", said.values[CERTIFICATE_holder].text);
	if (said.values[CERTIFICATE_valid_to].said)
		put_str(c->arena, p, "valid_to", said.values[CERTIFICATE_valid_to].text);
	put_str(c->arena, p, "statement", id_str(c->arena, said.id));
	return OK;
}

/* The QR beside a CCC mark names no item by itself: the page says which certificate the goods it is bound to carry. */
void permit_name_codes(struct call *c, struct node *out)
{
	const struct node *codes = node_get(out, "codes");
	struct str number = node_text(node_get(out, "product"), "permit");

	for (struct node *x = codes && permit_is_ccc(number) ? codes->first : NULL; x; x = x->next)
		if (str_is(node_text(x, "scheme"), "ccc_code"))
			put_str(c->arena, x, "certificate", number);
}

enum err product_create(struct call *c)
{
	enum err e = kernel_file(c);

	if (!e)
		e = permit_view(c, c->out, c->in, c->who->party);
	return e ? e : lookup_after_filing(c);
}

/* ---- filing statements ---- */

enum err certificate_prefill(struct call *c)
{
	struct str number = str_trim(node_text(c->raw, "number"));
	struct ident_result r;

	if (!number.n || node_get(c->raw, "kind"))
		return OK;
	ident_check(c->arena, IDENT_CCC, number, IDENT_LENIENT, &r);
	put_z(c->arena, c->raw, "kind", r.valid ? "ccc" : "licence");
	return OK;
}

void certificate_check(struct call *c)
{
	const struct value *v = c->in;

	if (v[CERTIFICATE_number].said && v[CERTIFICATE_kind].n &&
	    permit_is_ccc(v[CERTIFICATE_number].text) != str_is(v[CERTIFICATE_kind].list[0], "ccc"))
		call_trouble(c, CERTIFICATE_kind, "种类与编号不符", "the number is not one of this kind");
	if (v[CERTIFICATE_valid_from].said && v[CERTIFICATE_valid_to].said && v[CERTIFICATE_valid_to].i < v[CERTIFICATE_valid_from].i)
		call_trouble(c, CERTIFICATE_valid_to, "有效期止于生效之前", "its term ends before it begins");
}

enum { TOLD_MAX = 500 };

/* Each maker once, whatever number of its products carry it. */
static enum err tell_makers(struct call *c, const struct value *v, enum permit_state s)
{
	struct str number = v[CERTIFICATE_number].text, zh, en;
	int64_t *told = TAKE(c->arena, int64_t, TOLD_MAX), before = INT64_MAX;
	struct record said = { .values = c->in };
	struct rows r = { .n = 1 };
	size_t n = 0;

	zh = str_fmt(c->arena, "产品所填的编号 %.*s %s%.*s", STR_ARG(number), states[s].zh, STR_ARG(where_from(c, &said, true)));
	en = str_fmt(c->arena, "the number %.*s your products carry is %s%.*s", STR_ARG(number), states[s].en, STR_ARG(where_from(c, &said, false)));
	while (r.n && n < TOLD_MAX) {
		enum err e = kernel_find(c, &product_type, "licence_or_ccc_certificate_no", number, before, &r);

		for (size_t i = 0; i < r.n && !e && n < TOLD_MAX; i++) {
			struct record p;
			size_t k = 0;

			before = row_int(&r, i, 0);
			e = kernel_record(c, before, 0, &p);
			while (!e && k < n && told[k] != p.party)
				k++;
			if (e || k < n)
				continue;
			told[n++] = p.party;
			notice_put(c, p.party, "permit", p.id, zh, en);
		}
		if (e)
			return e;
	}
	return OK;
}

/* Told once: when the list did not say so before. */
enum err certificate_create(struct call *c)
{
	int64_t day = day_of(c->now, CHINA_OFFSET_MIN);
	enum permit_state before = PERMIT_UNLISTED, after;
	struct record said;
	enum err e = permit_latest(c, c->in[CERTIFICATE_number].text, &said);

	if (!e)
		before = state_on(said.values, day);
	if (!e || e == E_ABSENT)
		e = kernel_file(c);
	if (!e)
		e = permit_latest(c, c->in[CERTIFICATE_number].text, &said);
	if (e || said.id != c->record)
		return e;
	after = state_on(said.values, day);
	return after != PERMIT_IN_FORCE && after != before ? tell_makers(c, c->in, after) : OK;
}

/* In log order, live and on rebuild. Pages in memory go only when some product carries the number: a list of a hundred thousand
 * rows does not empty them for nothing. */
enum err project_certificate(struct call *c, int64_t record, const struct value *v)
{
	struct rows r;
	enum err e = kernel_find(c, &product_type, "licence_or_ccc_certificate_no", v[CERTIFICATE_number].text, INT64_MAX, &r);

	db_tell(c->db, trace_sql[Q_PERMIT_PUT], VALS(V_T(v[CERTIFICATE_number].text), V_I(record), V_I(v[CERTIFICATE_as_of].i)));
	if (!e && r.n)
		memory_touch(c->k, 0);
	return e ? e : db_sticky(c->db);
}
