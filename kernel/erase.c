/* kernel/erase.c - forgetting: the key of a class of a record is destroyed, its values and what was derived from them go, the leaf stays.
 *
 * What is left of the record can still be checked: the hashes of all its slots are kept (they tell nothing without salts). An entry of
 * its own says which entry lost what, and on what ground. Personal values may go at any time; public and business values only of a record
 * that a later one corrects, so that nobody takes goods out of their chain by forgetting.
 */
#include "kernel/house.h"

enum { ERASE_target, ERASE_classes, ERASE_basis };
static const struct field erase_fields[] = {
	ROW(target, REF, REQUIRED, PUBLIC, "二（七）", "记录", .ref = "any", .index = true, .en = "record")
	ROW(classes, NAMES, REQUIRED, PUBLIC, "二（七）", "删除哪类内容", .list = "public|business|person", .max = KEY_CLASSES, .en = "which values",
	    .help = "person 个人信息；business 未公开内容；public 公开内容")
	ROW(basis, NOTE, REQUIRED, PUBLIC, "二（七）", "依据", .en = "legal basis", .help = "例如：个人信息保护法第四十七条。不要在这里写个人信息")
};
const struct type erase_type = { .name = "erase", .schema = "suyuan/erase", .zh = "内容删除", .en = "erasure", .leaf = LEAF_ERASE, .blind = true,
	.fields = erase_fields, .n = ROWS(erase_fields), .clause = "二（七）", .plural = "erasures", .guarded = true };

static const char *const class_names[KEY_CLASSES] = { "public", "business", "person" };

/* ---- what is left ---- */

enum err erased_of(struct call *c, int64_t record, struct erased *ret)
{
	struct rows r;
	enum err e = db_ask(c->db, c->arena, kernel_sql[SQL_ERASURE_GET], VALS(V_I(record)), &r);

	if (!e)
		*ret = r.n ? (struct erased){ (unsigned)row_int(&r, 0, 0), row_str(&r, 0, 1) } : (struct erased){ 0, S("") };
	return e;
}

static bool has_key(const struct record_keys *k, enum key_class c)
{
	static const unsigned char none[32];

	return memcmp(k->key[c], none, sizeof(none)) != 0;
}

enum err leaf_shape_of(struct call *c, const struct type *t, struct str leaf, struct leaf_shape *ret)
{
	struct leaf_shape s;

	if (!leaf_facts_get(c->arena, leaf, &s.facts))
		return E_CORRUPT;
	s.fields = type_slots(t, type_version_named(t, s.facts.schema));
	s.n = s.fields + (node_number(s.facts.all, "v", 1) >= 2);
	if (!s.fields || s.facts.n != (int64_t)s.n)
		return E_CORRUPT;
	*ret = s;
	return OK;
}

/* A slot with its key is computed; one without must have been kept, and one that is both must agree. */
static enum err merge_kept(struct call *c, const struct record *r, const struct record_keys *keys, const struct leaf_shape *shape, struct hash *now)
{
	struct erased gone;
	enum err e = erased_of(c, r->id, &gone);

	if (e || !gone.classes)
		return e;
	if (gone.leaves.n != shape->n * HASH_LEN)
		return E_CORRUPT;
	for (size_t i = 0; i < shape->n; i++) {
		const bool filed = i == shape->fields, decoy = !filed && r->values[i].said == SAID_NOTHING;
		enum key_class cls = filed ? KEY_BUSINESS : decoy ? KEY_PUBLIC : value_class(&r->type->fields[i], &r->values[i]);

		if (!decoy && has_key(keys, cls) && memcmp(now[i].b, gone.leaves.p + i * HASH_LEN, HASH_LEN) != 0)
			return E_CORRUPT;
		memcpy(now[i].b, gone.leaves.p + i * HASH_LEN, HASH_LEN);
	}
	return OK;
}

enum err record_leaves(struct call *c, const struct record *r, const struct record_keys *keys, const struct leaf_shape *shape, struct hash *ret)
{
	struct hash *now = TAKE(c->arena, struct hash, shape->n);
	struct filed filed;
	enum err e = OK;

	slot_leaves(c->arena, keys->hash, r->type, shape->fields, r->values, keys, now);
	if (shape->n > shape->fields) {
		e = filing_facts(c, r->party, r->root, r->corrects, r->at, &filed);
		if (e)
			return e;
		now[shape->fields] = slot_leaf(keys->hash, filed_disclosure(c->arena, filed_salt(c->arena, shape->fields, keys), &filed));
	}
	e = merge_kept(c, r, keys, shape, now);
	if (!e)
		memcpy(ret, now, shape->n * sizeof(*now));
	return e;
}

/* ---- forgetting ---- */

static unsigned classes_of(const struct value *v)
{
	unsigned mask = 0;

	for (size_t i = 0; i < v->n; i++)
		for (unsigned k = 0; k < KEY_CLASSES; k++)
			if (str_is(v->list[i], class_names[k]))
				mask |= 1u << k;
	return mask;
}

static enum err may_erase(struct call *c, const struct record *r, unsigned classes)
{
	struct rows later;
	enum err e;

	if (!(c->who->roles & R_OPERATOR) && (!r->party || r->party != c->who->party))
		return E_ABSENT;
	if (r->type->leaf == LEAF_ACCESS || r->type->leaf == LEAF_ERASE)
		return call_refuse(c, E_STATE, "查看和删除的记录不能删除", "records of looks and erasures cannot be erased");
	for (unsigned k = 0; k < KEY_CLASSES; k++)
		if (classes >> k & 1 && !r->held[k])
			return call_refuse(c, E_STATE, "这条记录没有这类内容，或已删除", "the record has no such values, or they were erased already");
	if (!(classes & ~(1u << KEY_PERSON)))
		return OK;
	e = db_ask(c->db, c->arena, kernel_sql[SQL_RECORD_CORRECTED], VALS(V_I(r->id), V_I(r->root)), &later);
	if (e || later.n)
		return e;
	return call_refuse(c, E_STATE, "公开和未公开的内容要先更正：填报一条更正，再删除被更正的这条的内容",
	                   "public and business values: file a correction first, then erase those of the record it corrects");
}

static enum err leaves_now(struct call *c, const struct record *r, struct str *ret)
{
	struct leaf_shape shape;
	struct record_keys keys;
	struct rows entry;
	struct hash *h;
	enum err e = db_ask(c->db, c->arena, kernel_sql[SQL_ENTRY_GET], VALS(V_I((int64_t)r->index)), &entry);

	if (!e)
		e = entry.n ? leaf_shape_of(c, r->type, row_str(&entry, 0, 0), &shape) : E_CORRUPT;
	if (!e)
		e = record_keys_get(c, r->id, &keys);
	if (e)
		return e;
	h = TAKE(c->arena, struct hash, shape.n);
	e = record_leaves(c, r, &keys, &shape, h);
	explicit_bzero(&keys, sizeof(keys));
	if (!e)
		*ret = (struct str){ (const char *)h, shape.n * HASH_LEN };
	return e;
}

static void tell_gone(struct call *c, struct record *r, unsigned classes, struct str leaves)
{
	const struct val record = V_I(r->id), pub = V_I(classes >> KEY_PUBLIC & 1), biz = V_I(classes >> KEY_BUSINESS & 1), per = V_I(classes >> KEY_PERSON & 1);

	db_tell(c->db, kernel_sql[SQL_ERASURE_PUT], VALS(record, V_I(classes), V_B(leaves)));
	db_tell(c->db, kernel_sql[SQL_RECORD_EMPTY], VALS(record, pub, biz, per));
	if (classes & 1u << KEY_BUSINESS)
		db_tell(c->db, kernel_sql[SQL_PARTS_DROP], VALS(record));
	db_tell(c->db, kernel_sql[SQL_IDEM_DROP_RECORD], VALS(record, V_B(S(""))));      /* kept answers hold receipts with disclosures; the key stays used */
	for (size_t i = 0; i < r->type->n; i++)
		if (r->values[i].said != SAID_NOTHING && classes >> value_class(&r->type->fields[i], &r->values[i]) & 1)
			r->values[i] = (struct value){ .said = SAID_NOTHING };
}

static enum err erase_run(struct call *c)
{
	const unsigned all = (1u << KEY_CLASSES) - 1, classes = classes_of(&IN(c, ERASE_classes));
	struct filing f = { .type = &erase_type, .values = c->in };
	struct record r;
	struct str leaves;
	int64_t filed;
	enum err e = kernel_record(c, IN(c, ERASE_target).i, all, &r);

	if (!e)
		e = may_erase(c, &r, classes);
	if (!e)
		e = leaves_now(c, &r, &leaves);
	if (e)
		return e;
	tell_gone(c, &r, classes, leaves);
	e = project_again(c, &r);
	keystore_destroy(c->k->keystore, r.id, classes);
	f.party = r.party;
	f.about = &r.index;
	if (!e)
		e = kernel_append(c, &f, &filed);
	if (!e && r.party && r.party != c->who->party)
		notice_put(c, r.party, "erase", r.id, S("平台删除了本单位一条记录的部分内容，见内容删除记录"), S("values of a record of yours were erased by the operator"));
	return e;
}

/* At the start: keys whose destruction was committed but not carried out. */
struct finishing { struct keystore *s; };

static enum err finish_row(void *ctx, const struct val *row, size_t cols)
{
	struct finishing *f = ctx;

	(void)cols;
	keystore_destroy(f->s, row[0].i, (unsigned)row[1].i);
	return OK;
}

enum err erase_finish(struct kernel *k)
{
	struct finishing f = { k->keystore };
	enum err e = db_each(k->db, kernel_sql[SQL_ERASURE_EACH], NO_VALS, finish_row, &f);

	return e ? e : keystore_settle(k->keystore);
}

const struct op erase_ops[] = {
	{ "record.erase", POST, "/v1/erasures", R_PARTY | R_OPERATOR, IN_OWNER, SCOPE_OWN, WRITES, &erase_type, erase_run, "二（七）",
	  "删除记录的部分内容", "erase values of a record", .files = &erase_type },
};
const size_t erase_ops_n = ROWS(erase_ops);
