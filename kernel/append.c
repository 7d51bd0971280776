/* kernel/append.c - a checked record becomes rows and a log entry, inside the caller's transaction; and back.
 *
 * Public values lie in clear, business and personal ones each sealed as one blob under a random key of that record and class.
 * The keys are wrapped under the home's master key, which is no part of the database. The leaf holds no value (docs/formats/record.md).
 */
#include "kernel/inside.h"

enum { LEAF_VERSION = 2 };

static const char *const leaf_words[] = { "", "reg", "obj", "flow", "set", "access", "note", "erase", "anchor" };

int64_t new_id(struct kernel *k, int64_t now)
{
	int64_t last = atomic_load(&k->last_id), id;

	do
		id = now << 20 > last ? now << 20 : last + 1;
	while (!atomic_compare_exchange_weak(&k->last_id, &last, id));
	return id;
}

static struct str bound_to(struct arena *a, int64_t record, const char *what) { return str_fmt(a, "%s %lld", what, (long long)record); }

static enum err wrap_keys(struct call *c, int64_t record, const struct record_keys *keys, struct str ret[KEY_CLASSES])
{
	for (unsigned i = 0; i < KEY_CLASSES; i++) {
		unsigned char nonce[SEAL_NONCE_LEN];
		enum err e;

		nonce_of(record, i, nonce);
		e = seal(c->k->seal, c->k->master_key, nonce, bound_to(c->arena, record, "key"), (struct str){ (const char *)keys->key[i], 32 },
		         c->arena, &ret[i]);
		if (e)
			return e;
	}
	return OK;
}

static enum err seal_class(struct call *c, int64_t record, const struct record_keys *keys, const struct node *values, enum key_class cls, struct val *ret)
{
	unsigned char nonce[SEAL_NONCE_LEN];
	struct str sealed;
	enum err e;

	*ret = V_NULL;
	if (!values->n)
		return OK;
	nonce_of(record, 16 + (unsigned)cls, nonce);
	e = seal(c->k->seal, keys->key[cls], nonce, bound_to(c->arena, record, "values"), canon_str(c->arena, values), c->arena, &sealed);
	if (!e)
		*ret = V_B(sealed);
	return e;
}

/* Minute precision: a second would let an observer match entries to parcels. */
static struct str leaf_time(struct arena *a, int64_t ms)
{
	return time_str(a, ms - ms % 60000, false);
}

struct correction { int64_t root, previous, corrected_index; };

static struct str leaf_bytes(struct call *c, const struct filing *f, const struct correction *fix, const struct hash *field_hash)
{
	struct arena *a = c->arena;
	struct node *o = node_obj(a);
	const struct type *t = f->type;

	put_str(a, o, "a", leaf_time(a, c->now));
	put_z(a, o, "h", c->k->hash == HASH_SM3 ? "sm3" : "sha256");
	put_str(a, o, "k", type_schema(a, t, type_version(t)));
	put_int(a, o, "n", (int64_t)t->n + 1);
	put_str(a, o, "r", base64url_str(a, field_hash->b, HASH_LEN));
	put_z(a, o, "t", f->corrects && !t->blind ? "fix" : leaf_words[t->leaf]);
	put_int(a, o, "v", LEAF_VERSION);
	if (f->about)
		put_int(a, o, "c", (int64_t)*f->about);
	if (!t->blind) {
		if (f->org.n)
			put_str(a, o, "o", f->org);
		put_str(a, o, "s", f->subject.n ? f->subject : id_str(a, fix->root));
		put_int(a, o, "p", fix->previous);
		if (f->corrects)
			put_int(a, o, "c", fix->corrected_index);
	}
	return canon_str(a, o);
}

static enum err correction_of(struct call *c, const struct filing *f, int64_t record, struct correction *ret)
{
	struct rows r;
	struct record old;
	enum err e;

	*ret = (struct correction){ record, -1, -1 };
	if (!f->corrects)
		return OK;
	e = kernel_record(c, f->corrects, 1u << KEY_PUBLIC, &old);
	if (e)
		return call_refuse(c, E_ABSENT, "没有找到要更正的记录", "the record to correct was not found");
	if (old.type != f->type || old.party != f->party)
		return call_refuse(c, E_DENIED, "只能更正本单位的同类记录", "only a record of the same type and party can be corrected");
	e = db_ask(c->db, c->arena, kernel_sql[SQL_RECORD_CORRECTED], VALS(V_I(old.id), V_I(old.root)), &r);
	if (!e && r.n)
		return call_refuse(c, E_STATE, "这条记录已被更正，请更正最新的一条", "this record was corrected already; correct the latest one");
	if (!e)
		e = db_ask(c->db, c->arena, kernel_sql[SQL_RECORD_LAST], VALS(V_I(old.root)), &r);
	if (!e)
		*ret = (struct correction){ old.root, r.n ? row_int(&r, 0, 0) : -1, (int64_t)old.index };
	return e;
}

/* Everything of a record that does not depend on where in the log it will stand: made on the caller's thread, not the writer's. */
struct prepared {
	const struct type *type;
	const struct value *values;
	int64_t record;
	struct hash *leaves;      /* of the fields; one more is left for who filed it */
	struct str filed_salt, shown, wrapped[KEY_CLASSES];
	struct val biz, per;
	struct sealed_parts parts;
};

enum err kernel_prepare(struct call *c, const struct type *t, const struct value *values, struct prepared **ret)
{
	struct prepared *p = TAKE(c->arena, struct prepared, 1);
	struct record_keys keys;
	enum err e = random_fill(keys.key, sizeof(keys.key));

	if (e)
		return e;
	keys.hash = c->k->hash;
	*p = (struct prepared){ .type = t, .values = values, .record = new_id(c->k, c->now), .leaves = TAKE(c->arena, struct hash, t->n + 1) };
	slot_leaves(c->arena, c->k->hash, t, t->n, values, &keys, p->leaves);
	p->filed_salt = filed_salt(c->arena, t->n, &keys);
	p->shown = canon_str(c->arena, class_node(c->arena, t, values, KEY_PUBLIC));
	e = seal_class(c, p->record, &keys, class_node(c->arena, t, values, KEY_BUSINESS), KEY_BUSINESS, &p->biz);
	if (!e)
		e = seal_class(c, p->record, &keys, class_node(c->arena, t, values, KEY_PERSON), KEY_PERSON, &p->per);
	if (!e)
		e = wrap_keys(c, p->record, &keys, p->wrapped);
	if (!e)
		e = parts_seal(c, p->record, t, values, &p->parts);
	explicit_bzero(&keys, sizeof(keys));
	if (!e)
		*ret = p;
	return e;
}

static void tell_record(struct call *c, const struct filing *f, const struct prepared *p, const struct correction *fix, uint64_t index, struct str leaf)
{
	db_tell(c->db, kernel_sql[SQL_RECORD_PUT], VALS(V_I(p->record), V_T(str_of(f->type->name)), V_I(f->party), V_I(fix->root), V_I(f->corrects),
	        V_I(c->now), V_I((int64_t)index), V_T(p->shown), p->biz, p->per));
	keystore_add(c->k->keystore, p->record, p->wrapped);
	parts_tell(c->db, p->record, &p->parts);
	db_tell(c->db, kernel_sql[SQL_ENTRY_PUT], VALS(V_I((int64_t)index), V_B(leaf)));
}

/* Who the record is of, by the code that outsiders know. */
enum err filing_facts(struct call *c, int64_t party, int64_t root, int64_t corrects, int64_t at, struct filed *ret)
{
	struct party p;
	enum err e = E_ABSENT;

	*ret = (struct filed){ S(""), party, root, corrects, at };
	if (party && party == c->who->party)
		ret->uscc = c->who->uscc;
	else if (party)
		e = party_get(c, party, &p);
	if (!e)
		ret->uscc = p.uscc;
	return e == E_ABSENT ? OK : e;
}

enum err kernel_append(struct call *c, const struct filing *f, int64_t *ret_record)
{
	struct kernel *k = c->k;
	struct prepared *p = f->prepared;
	struct correction fix;
	struct filed filed;
	struct hash root;
	struct str leaf;
	uint64_t index;
	enum err e = p && p->type == f->type && p->values == f->values ? OK : kernel_prepare(c, f->type, f->values, &p);

	if (!e)
		e = correction_of(c, f, p->record, &fix);
	if (e)
		return e;
	e = filing_facts(c, f->party, fix.root, f->corrects, c->now, &filed);
	if (e)
		return e;
	p->leaves[f->type->n] = slot_leaf(k->hash, filed_disclosure(c->arena, p->filed_salt, &filed));
	root = field_root(k->hash, p->leaves, f->type->n + 1);
	leaf = leaf_bytes(c, f, &fix, &root);
	if (leaf.n > LOG_ENTRY_MAX)
		return E_TOO_BIG;
	index = log_add(k->log, leaf);
	k->group_at = c->now;
	tell_record(c, f, p, &fix, index, leaf);
	e = project_record(c, f->type, p->record, index, f->party, fix.root, c->now, f->corrects, f->values);
	if (e)
		return e;
	e = flow_of_type(c, f, p->record);
	if (e)
		return e;
	if (!c->filed) {
		c->filed = true;
		c->record = p->record;
		c->index = index;
		c->leaf = leaf;
	}
	*ret_record = p->record;
	return db_sticky(c->db);
}

/* ---- filing the input as it is ---- */

enum err kernel_corrects(struct call *c, int64_t *ret)
{
	struct str id = node_text(c->raw, "corrects");

	*ret = 0;
	return !id.n || id_get(id, ret) ? OK : call_refuse(c, E_BAD, "更正的记录编号不对", "bad id of the record to correct");
}

enum err kernel_file_prepare(struct call *c)
{
	struct prepared *p;
	enum err e = kernel_prepare(c, c->op->in, c->in, &p);

	if (!e)
		c->scratch = p;
	return e;
}

/* 个体工商户 (92...) are natural persons in trade: their leaf does not carry the code in clear. */
struct str leaf_org(struct str uscc) { return str_starts(uscc, "92") ? S("") : uscc; }

enum err kernel_file(struct call *c)
{
	struct filing f = { .type = c->op->in, .values = c->in, .party = c->who->party, .org = leaf_org(c->who->uscc), .prepared = c->scratch };
	int64_t record;
	enum err e = kernel_corrects(c, &f.corrects);

	return e ? e : kernel_append(c, &f, &record);
}

/* ---- and back ---- */

static enum err open_class(struct call *c, int64_t record, struct str wrapped, struct str sealed, struct node **ret)
{
	static const struct json_limits limits = { .bytes = 1 << 24, .depth = 8, .nodes = 1 << 20 };
	struct str key, plain;
	struct json_trouble trouble;
	enum err e = unseal(c->k->master_key, bound_to(c->arena, record, "key"), wrapped, c->arena, &key);

	if (!e && key.n != 32)
		e = E_CORRUPT;
	if (!e)
		e = unseal((const unsigned char *)key.p, bound_to(c->arena, record, "values"), sealed, c->arena, &plain);
	if (!e)
		e = json_read(c->arena, plain, &limits, ret, &trouble);
	return e ? E_CORRUPT : OK;
}

/* row: RECORD_COLUMNS of sql.c */
enum err record_from_row(struct call *c, const struct val *row, unsigned classes, struct record *ret)
{
	static const struct json_limits limits = { .bytes = 1 << 24, .depth = 8, .nodes = 1 << 20 };
	struct record r = { .id = row[0].i, .party = row[2].i, .root = row[3].i, .corrects = row[4].i, .at = row[5].i, .index = (uint64_t)row[6].i };
	struct node *stored[KEY_CLASSES] = { NULL };
	struct str key[KEY_CLASSES];
	struct json_trouble trouble;
	bool sealed;
	enum err e = OK;

	r.type = kernel_type(c->k, row[1].s);
	if (!r.type)
		return E_CORRUPT;
	r.held[KEY_PUBLIC] = true;
	r.held[KEY_BUSINESS] = row[8].kind == VAL_BLOB;
	r.held[KEY_PERSON] = row[9].kind == VAL_BLOB;
	sealed = (r.held[KEY_BUSINESS] && classes & 1u << KEY_BUSINESS) || (r.held[KEY_PERSON] && classes & 1u << KEY_PERSON);
	if (sealed)
		e = keystore_get(c, r.id, key);
	if (!e && classes & 1u << KEY_PUBLIC)
		e = json_read(c->arena, row[7].s, &limits, &stored[KEY_PUBLIC], &trouble);
	if (!e && r.held[KEY_BUSINESS] && classes & 1u << KEY_BUSINESS)
		e = open_class(c, r.id, key[KEY_BUSINESS], row[8].s, &stored[KEY_BUSINESS]);
	if (!e && r.held[KEY_PERSON] && classes & 1u << KEY_PERSON)
		e = open_class(c, r.id, key[KEY_PERSON], row[9].s, &stored[KEY_PERSON]);
	if (e)
		return E_CORRUPT;
	r.values = TAKE(c->arena, struct value, r.type->n);
	values_from(c->arena, r.type, (const struct node *const *)stored, r.values);
	*ret = r;
	return OK;
}

enum err kernel_record(struct call *c, int64_t id, unsigned classes, struct record *ret)
{
	struct rows r;
	enum err e = db_ask(c->db, c->arena, kernel_sql[SQL_RECORD_GET], VALS(V_I(id)), &r);

	if (e)
		return e;
	return r.n ? record_from_row(c, r.v, classes, ret) : E_ABSENT;
}

/* To make or to recompute disclosures. A destroyed key is left zero. */
enum err record_keys_get(struct call *c, int64_t record, struct record_keys *ret)
{
	struct str wrapped[KEY_CLASSES];
	enum err e = keystore_get(c, record, wrapped);

	*ret = (struct record_keys){ .hash = c->k->hash };
	for (unsigned i = 0; i < KEY_CLASSES && !e; i++) {
		struct str key;

		if (!wrapped[i].n)
			continue;
		e = unseal(c->k->master_key, bound_to(c->arena, record, "key"), wrapped[i], c->arena, &key);
		if (e || key.n != 32)
			return E_CORRUPT;
		memcpy(ret->key[i], key.p, 32);
	}
	return e;
}

enum err kernel_latest(struct call *c, int64_t id, int64_t *ret_id)
{
	struct rows r;
	enum err e = db_ask(c->db, c->arena, kernel_sql[SQL_RECORD_LATEST], VALS(V_I(id)), &r);

	if (!e && r.n == 0)
		e = E_ABSENT;
	if (!e)
		*ret_id = row_int(&r, 0, 0);
	return e;
}

void kernel_blind_wide(struct kernel *k, const char *label, struct str text, unsigned char ret[32])
{
	struct str parts[] = { str_of(label), S("\n"), text };
	struct hash h = hmac_of(HASH_SHA256, (struct str){ (const char *)k->blind_key, 32 }, parts, ROWS(parts));

	memcpy(ret, h.b, HASH_LEN);
}

struct str kernel_blind(struct call *c, const char *label, struct str text)
{
	unsigned char wide[32];

	kernel_blind_wide(c->k, label, text, wide);
	return str_copy(c->arena, (struct str){ (const char *)wide, 16 });
}
