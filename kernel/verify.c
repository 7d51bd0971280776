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

/* The record's values, salted again with its keys, must give the root its leaf committed to. A class whose key was destroyed
 * cannot be recomputed: its slots are checked by whoever holds their disclosures. */
static enum err check_record(struct verifying *v, struct arena *a, const struct val *row, struct str leaf)
{
	static const struct json_limits limits = { .bytes = LOG_ENTRY_MAX, .depth = 3, .nodes = 64 };
	const unsigned all = (1u << KEY_CLASSES) - 1;
	struct record r;
	struct record_keys keys;
	struct json_trouble trouble;
	struct node *o;
	struct hash *leaves, root;
	size_t slots;
	enum err e = record_from_row(&v->call, row, all, &r);

	if (e)
		return bad(v, a, "the stored values cannot be opened", (uint64_t)row[6].i);
	e = record_keys_get(&v->call, r.id, &keys);
	if (!e)
		e = json_read(v->call.arena, leaf, &limits, &o, &trouble);
	if (e)
		return bad(v, a, "the entry or its keys cannot be read", r.index);
	slots = type_slots(r.type, type_version_named(r.type, node_text(o, "k")));
	if (!slots)
		return bad(v, a, "the record is of another type than its entry, or of a version this program does not know", r.index);
	leaves = TAKE(v->call.arena, struct hash, slots);
	e = record_leaves(&v->call, &r, &keys, slots, leaves);
	if (e)
		return bad(v, a, "the stored values are not those whose erasure was recorded", r.index);
	root = field_root(keys.hash, leaves, slots);
	explicit_bzero(&keys, sizeof(keys));
	if (!str_eq(node_text(o, "r"), base64url_str(v->call.arena, root.b, HASH_LEN)))
		return bad(v, a, "the stored values are not those the entry committed to", r.index);
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

static enum err verify_all(struct verifying *v, struct arena *a, const struct progress *p)
{
	struct log_head head = log_shown(v->k->log);
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
	for (size_t t = 0; t < v->trees; t++) {
		struct log_head signed_head = log_shown_of(v->k->log, (enum tree_id)t);
		struct hash root = log_check_root(&v->check[t]);

		if (!same_bytes(root.b, signed_head.root.b, HASH_LEN))
			return bad(v, a, t == TREE_SM3 ? "the SM3 tree does not have the signed root" : "the tree does not have the signed root", head.size);
	}
	if (v->k->unsigned_why[0]) {
		v->report->problem = str_copy(a, str_of(v->k->unsigned_why));
		return E_CORRUPT;
	}
	v->report->tiles = head.size / TILE_WIDTH;
	e = check_part_count(v, a, head.size);
	return e ? e : verify_kept(v->k, v->call.db, v->check[0].src, head.size, a, &v->report->problem);
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
