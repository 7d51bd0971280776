/* kernel/verify.c - does the store still say what the log says? Every entry, every full tile, every record against its leaf. */
#include "kernel/inside.h"

struct verifying {
	struct call call;
	struct kernel *k;
	struct log_check check[TREES];
	size_t trees;
	struct verify_report *report;
	struct arena page, beside;        /* of a page of entries; of one record's parts, which may be large */
	jmp_buf full;
	uint64_t parts;           /* named by the records seen so far */
};

static enum err bad(struct verifying *v, struct arena *a, const char *what, uint64_t index)
{
	v->report->problem = str_fmt(a, "entry %llu: %s", (unsigned long long)index, what);
	return E_CORRUPT;
}

/* What lies beside the record must be what its value committed to, piece by piece and nothing more. */
static enum err check_parts(struct verifying *v, struct arena *a, const struct record *r)
{
	struct call beside = v->call;

	beside.arena = &v->beside;
	for (size_t i = 0; i < r->type->n; i++) {
		struct str *part;
		size_t n;
		enum err e;

		arena_reset(&v->beside);
		e = kernel_parts(&beside, r->id, &r->values[i], &part, &n);

		if (e == E_CORRUPT)
			return bad(v, a, "the parts beside the record are not those it committed to", r->index);
		if (e)
			return e;
		v->parts += n;
	}
	return OK;
}

/* What the entry says in clear of the row it belongs to. */
static const char *clear_wrong(struct call *c, const struct record *r, const struct leaf_facts *leaf, int64_t previous)
{
	const struct node *o = leaf->all;
	struct filed filed;
	int64_t at;

	if (!time_get(node_text(o, "a"), &at) || at != r->at - r->at % 60000)
		return "the record's time is not the entry's";
	if (r->type->blind)
		return NULL;
	if (leaf->org.n && (filing_facts(c, r->party, 0, 0, 0, &filed) || !str_eq(leaf->org, filed.uscc)))
		return "the record is of another party than its entry";
	return node_number(o, "p", -2) == previous ? NULL : "the entry before this one of its chain is another";
}

/* The record's values, salted again with its keys, must give the root its leaf committed to; who filed it is among them. */
static enum err check_record(struct verifying *v, struct arena *a, const struct val *row, struct str leaf)
{
	const unsigned all = (1u << KEY_CLASSES) - 1;
	struct call *c = &v->call;
	struct record r;
	struct record_keys keys;
	struct leaf_shape shape;
	struct hash *leaves, root;
	struct rows before;
	const char *wrong;
	enum err e = record_from_row(c, row, all, &r);

	if (e)
		return bad(v, a, "the stored values cannot be opened", (uint64_t)row[6].i);
	if (leaf_shape_of(c, r.type, leaf, &shape))
		return bad(v, a, "the record is of another type than its entry, or of a version this program does not know", r.index);
	if (record_keys_get(c, r.id, &keys))
		return bad(v, a, "the record's keys cannot be read", r.index);
	leaves = TAKE(c->arena, struct hash, shape.n);
	e = record_leaves(c, &r, &keys, &shape, leaves);
	explicit_bzero(&keys, sizeof(keys));
	if (e)
		return bad(v, a, "the stored values are not those whose erasure was recorded", r.index);
	root = field_root(shape.facts.hash, leaves, shape.n);
	if (!same_bytes(root.b, shape.facts.root.b, HASH_LEN))
		return bad(v, a, "the stored values, or who filed them, are not what the entry committed to", r.index);
	e = db_ask(c->db, c->arena, kernel_sql[SQL_RECORD_BEFORE], VALS(V_I(r.root), V_I((int64_t)r.index)), &before);
	if (e)
		return e;
	wrong = clear_wrong(c, &r, &shape.facts, before.n ? row_int(&before, 0, 0) : -1);
	if (wrong)
		return bad(v, a, wrong, r.index);
	if (r.type->leaf == LEAF_ANCHOR && anchor_check(c, &r))
		return bad(v, a, "the anchor does not name the roots of its size", r.index);
	v->report->records++;
	return check_parts(v, a, &r);
}

static enum err check_entry(struct verifying *v, struct arena *a, const struct val *row)
{
	struct rows rec;
	enum err e = db_ask(v->call.db, v->call.arena, kernel_sql[SQL_RECORD_AT], VALS(V_I(row[0].i)), &rec);

	if (e)
		return e;
	if (rec.n == 0)
		return bad(v, a, "its record is missing", (uint64_t)row[0].i);
	return check_record(v, a, rec.v, row[1].s);
}

/* Entries of a page below `size`, against both trees; how many there were. */
static enum err check_page_entries(struct verifying *v, struct arena *a, const struct rows *r, uint64_t size, size_t *ret_n)
{
	struct str *entry = TAKE(&v->page, struct str, r->n + 1);
	size_t n = 0, wrong;

	for (; n < r->n && v->report->entries + n < size; n++) {
		if ((uint64_t)row_int(r, n, 0) != v->report->entries + n)
			return bad(v, a, "an entry is missing before this one", (uint64_t)row_int(r, n, 0));
		entry[n] = row_str(r, n, 1);
	}
	for (size_t t = 0; t < v->trees; t++) {
		enum err e = log_check_add(&v->check[t], entry, n, &wrong);

		if (e == E_CORRUPT)
			return bad(v, a, t == TREE_SM3 ? "a tile of the SM3 tree does not match the entries" : "a tile does not match the entries", v->report->entries + wrong);
		if (e)
			return e;
	}
	*ret_n = n;
	return OK;
}

static enum err check_page(struct verifying *v, struct arena *a, uint64_t size, bool *ret_more)
{
	struct rows r;
	size_t n = 0;
	enum err e;

	arena_reset(&v->page);
	e = db_ask(v->call.db, &v->page, kernel_sql[SQL_ENTRY_EACH], VALS(V_I((int64_t)v->report->entries)), &r);
	if (!e)
		e = check_page_entries(v, a, &r, size, &n);
	for (size_t i = 0; !e && i < n; i++) {
		v->report->entries++;
		e = check_entry(v, a, r.v + i * r.cols);
	}
	*ret_more = r.n > 0 && v->report->entries < size;
	return e;
}

/* Every part seen belongs to a record that names it; are there others, of records that name none or are not there at all? */
static enum err check_part_count(struct verifying *v, struct arena *a, uint64_t size)
{
	struct rows r;
	enum err e = db_ask(v->call.db, v->call.arena, kernel_sql[SQL_PART_COUNT], VALS(V_I((int64_t)size)), &r);

	if (!e && (uint64_t)row_int(&r, 0, 0) != v->parts) {
		v->report->problem = str_fmt(a, "there are %lld parts beside records, the records name %llu", (long long)row_int(&r, 0, 0), (unsigned long long)v->parts);
		e = E_CORRUPT;
	}
	return e;
}

/* No record stands beyond the log, and none twice. */
static enum err check_counts(struct verifying *v, struct arena *a)
{
	struct rows r;
	enum err e = db_ask(v->call.db, v->call.arena, kernel_sql[SQL_RECORD_COUNT], NO_VALS, &r);

	if (!e && row_int(&r, 0, 0)) {
		v->report->problem = str_fmt(a, "%lld records stand for no entry of the log", (long long)row_int(&r, 0, 0));
		e = E_CORRUPT;
	}
	return e;
}

static enum err verify_all(struct verifying *v, struct arena *a, const struct progress *p)
{
	struct log_head head = log_shown(v->k->log);
	uint64_t wrong = 0;
	struct str file = S("");
	bool more = true;
	enum err e = OK;

	while (!e && more) {
		e = check_page(v, a, head.size, &more);
		if (p)
			p->step(p->ctx, v->report->entries, head.size);
	}
	if (e)
		return e;
	if (v->report->entries != head.size)
		return bad(v, a, "entries the log signed are missing", v->report->entries);
	e = check_counts(v, a);
	if (!e)
		e = verify_heads(v->k, v->call.db, head.size, &wrong);
	if (e == E_CORRUPT && !v->report->problem.n)
		return bad(v, a, "a head of this size is remembered that is not the tree's", wrong);
	if (e)
		return e;
	for (size_t t = 0; t < v->trees; t++) {
		struct log_head signed_head = log_shown_of(v->k->log, (enum tree_id)t);
		struct hash root = log_check_root(&v->check[t]);

		if (!same_bytes(root.b, signed_head.root.b, HASH_LEN))
			return bad(v, a, t == TREE_SM3 ? "the SM3 tree does not have the signed root" : "the tree does not have the signed root", head.size);
	}
	v->call.arena = &v->beside;
	e = blobs_check(&v->call, a, &file);
	v->call.arena = &v->page;
	if (e == E_CORRUPT)
		v->report->problem = str_fmt(a, "the document %.*s is gone or is not what it was", STR_ARG(file));
	if (e)
		return e;
	if (v->k->unsigned_why[0]) {
		v->report->problem = str_copy(a, str_of(v->k->unsigned_why));
		return E_CORRUPT;
	}
	v->report->tiles = head.size / TILE_WIDTH;
	return check_part_count(v, a, head.size);
}

enum err kernel_verify(struct kernel *k, struct arena *a, const struct progress *p, struct verify_report *ret)
{
	struct verifying v = { .k = k, .report = ret, .call = { .k = k, .who = &nobody } };
	struct db *db;
	struct tile_source src;
	enum err e = readers_borrow(k->readers, &db);

	*ret = (struct verify_report){ 0 };
	if (e)
		return e;
	src = tiles_over(&db);
	v.trees = log_has(k->log, TREE_SM3) ? TREES : 1;
	for (size_t t = 0; t < v.trees; t++) {
		v.check[t].tree = (enum tree_id)t;
		v.check[t].src = &src;
	}
	v.call.db = db;
	v.call.arena = &v.page;
	arena_init(&v.page, (size_t)1 << 30, &v.full);
	arena_init(&v.beside, (size_t)1 << 30, &v.full);
	e = setjmp(v.full) ? E_TOO_BIG : verify_all(&v, a, p);
	arena_end(&v.page);
	arena_end(&v.beside);
	readers_return(k->readers, db);
	return e;
}

enum err kernel_backup(struct kernel *k, const char *to, char why[300])
{
	enum err e = k->db ? db_backup(k->db, to) : E_STATE;

	why[0] = 0;
	if (e)
		snprintf(why, 300, "backup: %s", err_en(e));
	return e;
}
