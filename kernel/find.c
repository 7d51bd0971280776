/* kernel/find.c - lists and single records of any type, and what a viewer may see of them: the visibility table. */
#include "kernel/inside.h"

/* ---- visibility: viewer x class of value. One table; every answer, page, export and error goes through it. ---- */

enum viewer { BY_PUBLIC, BY_FILER, BY_COUNTERPARTY, BY_OFFICER_IN_REGION, BY_OFFICER_ELSEWHERE, BY_ASSOCIATION, BY_AUDITOR, BY_OPERATOR, VIEWERS };
enum sight {
	HIDDEN,        /* marked as withheld, with its proof, nothing else */
	LOOK,          /* after a look that is recorded and shown to the owner (record.reveal) */
	BREAK_GLASS,   /* after a second person agreed, recorded and shown to the owner */
	SHOWN,
};
static const unsigned char visibility[VIEWERS][KEY_CLASSES] = {
	/*                         public  business     person */
	[BY_PUBLIC]            = { SHOWN,  HIDDEN,      HIDDEN },
	[BY_FILER]             = { SHOWN,  SHOWN,       SHOWN },
	[BY_COUNTERPARTY]      = { SHOWN,  SHOWN,       HIDDEN },
	[BY_OFFICER_IN_REGION] = { SHOWN,  LOOK,        LOOK },
	[BY_OFFICER_ELSEWHERE] = { SHOWN,  HIDDEN,      HIDDEN },
	[BY_ASSOCIATION]       = { SHOWN,  HIDDEN,      HIDDEN },
	[BY_AUDITOR]           = { SHOWN,  HIDDEN,      HIDDEN },
	[BY_OPERATOR]          = { SHOWN,  BREAK_GLASS, BREAK_GLASS },
};

/* Is the caller named as the other side? The field may be withheld, so the whole record is opened here and dropped again. */
bool kernel_counterparty(struct call *c, const struct record *r)
{
	struct record whole;

	if (!c->who->uscc.n || kernel_record(c, r->id, (1u << KEY_PUBLIC) | (1u << KEY_BUSINESS), &whole))
		return false;
	for (size_t i = 0; i < r->type->n; i++)
		if (r->type->fields[i].counterparty && whole.values[i].said == SAID_VALUE && str_eq(whole.values[i].text, c->who->uscc))
			return true;
	return false;
}

static enum viewer viewer_of(struct call *c, const struct record *r)
{
	const struct actor *who = c->who;
	struct str region;

	if (who->party && who->party == r->party)
		return BY_FILER;
	if (who->roles & R_PARTY && kernel_counterparty(c, r))
		return BY_COUNTERPARTY;
	if (who->roles & R_OFFICER) {
		struct op any = { .who = R_OFFICER, .scope = SCOPE_OWN };

		if (record_region(c, r, &region) == OK && op_allowed(&any, who, true, r->party, region) == OK)
			return BY_OFFICER_IN_REGION;
		return BY_OFFICER_ELSEWHERE;
	}
	if (who->roles & R_OPERATOR)
		return BY_OPERATOR;
	if (who->roles & R_AUDITOR)
		return BY_AUDITOR;
	return who->roles & R_ASSOC ? BY_ASSOCIATION : BY_PUBLIC;
}

unsigned kernel_may_see(struct call *c, const struct record *r)
{
	enum viewer v = viewer_of(c, r);
	unsigned mask = 0;

	for (unsigned i = 0; i < KEY_CLASSES; i++)
		if (visibility[v][i] == SHOWN)
			mask |= 1u << i;
	return mask;
}

/* ---- views ---- */

static void put_withheld(struct call *c, const struct record *r, struct node *o)
{
	struct node *list = node_arr(c->arena);

	/* A withheld slot and an empty one look alike: only whole classes are known to be held. */
	for (size_t i = 0; i < r->type->n; i++) {
		const struct field *f = &r->type->fields[i];

		if (r->values[i].said == SAID_NOTHING && f->publicity == OWNER_CHOICE && r->held[KEY_BUSINESS])
			node_add(list, node_str(c->arena, str_of(f->name)));
	}
	if (list->n)
		node_set(o, S("withheld"), list);
}

static void put_fields(struct call *c, const struct record *r, struct node *o)
{
	struct node *rows = node_arr(c->arena);

	for (size_t i = 0; i < r->type->n; i++) {
		const struct field *f = &r->type->fields[i];
		struct node *v = value_node(c->arena, f, &r->values[i]), *row;

		if (!v)
			continue;
		row = node_obj(c->arena);
		put_z(c->arena, row, "name", f->name);
		put_z(c->arena, row, "zh", f->words);
		put_z(c->arena, row, "en", f->en ? f->en : f->name);
		put_z(c->arena, row, "clause", f->clause);
		put_bool(c->arena, row, "file", f->kind == KIND_FILE && r->values[i].said == SAID_VALUE);
		node_set(row, S("value"), v);
		if (f->kind == KIND_LISTED) {
			const struct list_row *l = list_find(c->k, f->list, r->values[i].text, day_of(r->at, CHINA_OFFSET_MIN));

			put_z(c->arena, row, "value_zh", l ? l->zh : "");
		}
		node_add(rows, row);
	}
	node_set(o, S("fields"), rows);
}

struct node *kernel_view(struct call *c, const struct record *r)
{
	struct node *o = node_obj(c->arena), *values = node_obj(c->arena);

	put_str(c->arena, o, "id", id_str(c->arena, r->id));
	put_z(c->arena, o, "type", r->type->name);
	put_z(c->arena, o, "type_zh", r->type->zh);
	put_str(c->arena, o, "at", time_str(c->arena, r->at, false));
	put_int(c->arena, o, "index", (int64_t)r->index);
	put_bool(c->arena, o, "mine", c->who->party && c->who->party == r->party);
	if (r->corrects)
		put_str(c->arena, o, "corrects", id_str(c->arena, r->corrects));
	for (size_t i = 0; i < r->type->n; i++) {
		struct node *v = value_node(c->arena, &r->type->fields[i], &r->values[i]);

		if (v)
			node_set(values, str_of(r->type->fields[i].name), v);
	}
	node_set(o, S("values"), values);
	put_fields(c, r, o);
	put_withheld(c, r, o);
	return o;
}

/* r: its public class. Read again only when there is more of it and the caller may see that. */
static enum err view_of(struct call *c, struct record *r, struct node **ret)
{
	unsigned mask = kernel_may_see(c, r), more = 0;
	enum err e = OK;

	for (unsigned i = 0; i < KEY_CLASSES; i++)
		if (i != KEY_PUBLIC && r->held[i])
			more |= mask & 1u << i;
	if (more)
		e = kernel_record(c, r->id, mask, r);
	if (!e)
		*ret = kernel_view(c, r);
	return e;
}

/* Where the record stands in its flow, if it opened a case. */
static enum err put_case(struct call *c, int64_t record, struct node *view)
{
	struct flow_case fc;
	struct node *o;
	enum err e = flow_case_get(c, record, &fc);

	if (e)
		return e == E_ABSENT ? OK : e;
	o = put_obj(c->arena, view, "case");
	put_str(c->arena, o, "flow", fc.flow);
	put_str(c->arena, o, "state", fc.state);
	put_str(c->arena, o, "region", fc.region);
	put_str(c->arena, o, "since", time_str(c->arena, fc.since, false));
	if (fc.due)
		put_str(c->arena, o, "due", time_str(c->arena, fc.due, false));
	return OK;
}

enum err kernel_type_of(struct kernel *k, struct arena *a, int64_t record, const struct type **ret)
{
	struct call c = { .k = k, .arena = a };
	struct record r;
	enum err e = readers_borrow(k->readers, &c.db);

	if (e)
		return e;
	e = kernel_record(&c, record, 0, &r);
	readers_return(k->readers, c.db);
	if (!e)
		*ret = r.type;
	return e;
}

enum err find_get(struct call *c)
{
	struct node *view;
	struct record r;
	struct rows newer;
	enum err e = kernel_record(c, c->in[0].i, 1u << KEY_PUBLIC, &r);

	if (e || r.type != c->op->files)
		return e ? e : E_ABSENT;
	if (c->op->scope == SCOPE_OWN && viewer_of(c, &r) != BY_COUNTERPARTY) {
		struct str region;

		e = record_region(c, &r, &region);
		if (!e)
			e = op_allowed(c->op, c->who, true, r.party, region);
		if (e)
			return e;
	}
	e = view_of(c, &r, &view);
	if (!e)
		e = db_ask(c->db, c->arena, kernel_sql[SQL_RECORD_CORRECTED], VALS(V_I(r.id), V_I(r.root)), &newer);
	if (e)
		return e;
	if (newer.n)
		put_str(c->arena, view, "corrected_by", id_str(c->arena, row_int(&newer, 0, 0)));
	c->out = view;
	return put_case(c, r.id, view);
}

static enum err list_rows(struct call *c, const struct field *by, int64_t before, struct rows *ret)
{
	const struct type_sql *q = type_sql(c->k, c->op->files);
	const struct actor *who = c->who;
	struct str from, to;

	if (by)
		return kernel_find(c, c->op->files, by->name, c->in[2].text, before, ret);
	if (c->op->who & R_ANYONE && (c->op->files->common || !(who->roles & (R_PARTY | R_OFFICER))))
		return db_ask(c->db, c->arena, q->list_all, VALS(V_I(before)), ret);
	if (who->roles & R_OFFICER) {
		region_range(c, who->region, &from, &to);
		return db_ask(c->db, c->arena, q->list_region, VALS(V_I(before), V_T(from), V_T(to)), ret);
	}
	if (who->roles & (R_OPERATOR | R_AUDITOR | R_ASSOC))
		return db_ask(c->db, c->arena, q->list_all, VALS(V_I(before)), ret);
	return db_ask(c->db, c->arena, q->list_party, VALS(V_I(before), V_I(who->party)), ret);
}

static enum err search_field(struct call *c, const struct field **ret)
{
	size_t at;

	*ret = NULL;
	if (!c->in[1].said || !c->in[2].said)
		return OK;
	*ret = type_field(c->op->files, c->in[1].text, &at);
	if (!*ret || !type_sql(c->k, c->op->files)->by[at])
		return call_trouble(c, 1, "这个字段不能用来查找", "this field cannot be searched");
	return OK;
}

/* A search by value finds only what the caller may list; by a withheld value only what the caller may read: a hit is an answer. */
static enum err may_list(struct call *c, int64_t id, const struct field *by, struct record *ret_record, bool *ret)
{
	struct record r;
	struct str region;
	enum err e = kernel_record(c, id, 1u << KEY_PUBLIC, &r);

	if (!e)
		e = record_region(c, &r, &region);
	if (e)
		return e;
	*ret = c->op->who & R_ANYONE || op_allowed(c->op, c->who, true, r.party, region) == OK || viewer_of(c, &r) == BY_COUNTERPARTY;
	if (by && *ret && (by->publicity == OWNER_CHOICE || by->publicity == PRIVATE || by->cls == PERSON))
		*ret = kernel_may_see(c, &r) & 1u << (by->cls == PERSON ? KEY_PERSON : KEY_BUSINESS);
	*ret_record = r;
	return OK;
}

enum { LIST_MAX = 50, LIST_PAGES = 40 };

/* Pages are looked through until one is full, so that "before" names a record the caller was shown and counts nothing else. */
enum err find_list(struct call *c)
{
	struct node *arr = put_arr(c->arena, c->out, "items");
	int64_t before = c->in[0].said ? c->in[0].i : INT64_MAX;
	const struct field *by;
	enum err e = search_field(c, &by);

	for (int page = 0; page < LIST_PAGES && !e; page++) {
		struct rows r;

		e = list_rows(c, by, before, &r);
		for (size_t i = 0; i < r.n && !e; i++) {
			struct record rec;
			struct node *view;
			bool may;

			before = row_int(&r, i, 0);
			e = may_list(c, before, by, &rec, &may);
			if (!e && may && arr->n == LIST_MAX) {
				put_str(c->arena, c->out, "before", node_text(arr->last, "id"));
				return OK;
			}
			if (!e && may)
				e = view_of(c, &rec, &view);
			if (!e && may)
				node_add(arr, view);
		}
		if (!e && r.n <= LIST_MAX)
			return OK;
	}
	return e;
}
