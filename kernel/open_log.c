/* kernel/open_log.c - the log for anyone who reads it: tiles, entries, the values that are open to all, receipts by index.
 *
 * Every answer is bounded by one tile of entries. What is shown of a record is checked against its leaf first: a line that would
 * not give the leaf's root is never sent.
 */
#include "kernel/inside.h"

enum { RECORDS_A_TURN = 64, SCRATCH_MAX = 256 << 20 };

/* ---- a reader for as long as the answer is made ---- */

struct reading {
	struct kernel *k;
	struct db *db;
	struct arena *a;
	uint64_t first, index;
	unsigned width;
	struct str out;
};

/* The reader goes back whatever happens, also when an arena is full. */
static enum err with_reader(struct reading *q, enum err (*fn)(struct reading *q))
{
	jmp_buf full, *before = q->a->full;
	enum err e = readers_borrow(q->k->readers, &q->db);
	int over;

	if (e)
		return e;
	q->a->full = &full;
	over = setjmp(full);
	e = over ? (enum err)over : fn(q);
	q->a->full = before;
	readers_return(q->k->readers, q->db);
	return e;
}

static bool covers(struct kernel *k, uint64_t n, unsigned width)
{
	uint64_t size = log_shown(k->log).size;

	return width >= 1 && width <= TILE_WIDTH && n <= size / TILE_WIDTH && size - n * TILE_WIDTH >= width;
}

/* ---- tiles and entries ---- */

enum err kernel_tile(struct kernel *k, enum tree_id t, unsigned level, uint64_t n, unsigned width, unsigned char ret[TILE_BYTES])
{
	struct db *db;
	struct tile_source src;
	enum err e = readers_borrow(k->readers, &db);

	if (e)
		return e;
	src = tiles_over(&db);
	e = log_tile(k->log, &src, t, level, n, width, ret);
	readers_return(k->readers, db);
	return e;
}

static enum err entries_of(const struct reading *q, struct rows *ret)
{
	enum err e = db_ask(q->db, q->a, kernel_sql[SQL_ENTRY_RANGE], VALS(V_I((int64_t)q->first), V_I((int64_t)(q->first + q->width))), ret);

	for (size_t i = 0; !e && i < ret->n; i++)
		if (row_str(ret, i, 0).n > LOG_ENTRY_MAX)
			return E_CORRUPT;
	return e ? e : ret->n == q->width ? OK : E_CORRUPT;
}

static enum err put_entries(struct reading *q)
{
	struct rows r;
	struct buf b;
	enum err e = entries_of(q, &r);

	if (e)
		return e;
	b = buf_in(q->a, (size_t)q->width * 512);
	for (size_t i = 0; i < r.n; i++) {
		unsigned char length[2];

		be_put(row_str(&r, i, 0).n, length, sizeof(length));
		buf_add(&b, (struct str){ (const char *)length, sizeof(length) });
		buf_add(&b, row_str(&r, i, 0));
	}
	q->out = buf_str(&b);
	return OK;
}

enum err kernel_entries(struct kernel *k, struct arena *a, uint64_t n, unsigned width, struct str *ret)
{
	struct reading q = { .k = k, .a = a, .first = n * TILE_WIDTH, .width = width };
	enum err e = covers(k, n, width) ? with_reader(&q, put_entries) : E_ABSENT;

	if (!e)
		*ret = q.out;
	return e;
}

/* ---- slots ---- */

enum err slots_of(struct call *c, const struct val *row, struct str leaf, struct slots *ret)
{
	struct slots s = { .n = 0 };
	struct leaf_shape shape;
	struct record_keys keys;
	struct filed filed;
	struct hash root;
	enum err e = record_from_row(c, row, (1u << KEY_CLASSES) - 1, &s.r);

	if (!e)
		e = leaf_shape_of(c, s.r.type, leaf, &shape);
	if (!e)
		e = record_keys_get(c, s.r.id, &keys);
	if (!e)
		e = filing_facts(c, s.r.party, s.r.root, s.r.corrects, s.r.at, &filed);
	if (e)
		return e;
	s.h = shape.facts.hash;
	s.n = shape.n;
	s.fields = shape.fields;
	s.disclosure = TAKE(c->arena, struct str, s.n);
	s.digest = TAKE(c->arena, struct hash, s.n);
	s.leaf = TAKE(c->arena, struct hash, s.n);
	for (size_t i = 0; i < s.n; i++) {
		s.disclosure[i] = i < s.fields ? slot_disclosure(c->arena, s.r.type, i, &s.r.values[i], &keys)
		                               : filed_disclosure(c->arena, filed_salt(c->arena, i, &keys), &filed);
		s.digest[i] = slot_digest(s.h, s.disclosure[i], &keys, i);
	}
	e = record_leaves(c, &s.r, &keys, &shape, s.leaf);
	explicit_bzero(&keys, sizeof(keys));
	if (e)
		return e;
	root = field_root(s.h, s.leaf, s.n);
	if (!same_bytes(root.b, shape.facts.root.b, HASH_LEN))
		return E_CORRUPT;
	*ret = s;
	return OK;
}

/* Kept in clear and public today: what a party withheld stays so when the rule of its field changes later. */
bool slot_public(const struct slots *s, size_t slot)
{
	return slot < s->fields && s->r.values[slot].open && value_class(&s->r.type->fields[slot], &s->r.values[slot]) == KEY_PUBLIC;
}

struct node *slots_node(struct arena *a, const struct slots *s, slot_shown *show, const void *ctx)
{
	struct node *list = node_arr(a);

	for (size_t i = 0; i < s->n; i++) {
		struct str text = s->disclosure[i];

		if (!text.n || !show(s, i, ctx))
			text = str_join(a, S(":"), base64url_str(a, s->leaf[i].b, HASH_LEN));
		node_add(list, node_str(a, text));
	}
	return list;
}

struct node *extra_of(struct arena *a, struct str leaf, const struct slots *s, slot_shown *show, const void *ctx)
{
	struct node *extra = node_obj(a), *slots = s ? slots_node(a, s, show, ctx) : NULL, *list = put_arr(a, extra, "disclosures");

	for (const struct node *x = slots ? slots->first : NULL; x; x = x->next)
		if (!str_starts(x->s, ":"))
			node_add(list, node_str(a, x->s));
	put_str(a, extra, "leaf", base64_str(a, leaf.p, leaf.n));
	if (slots)
		node_set(extra, S("slots"), slots);
	return extra;
}

static bool show_public(const struct slots *s, size_t slot, const void *ctx)
{
	(void)ctx;
	return slot_public(s, slot);
}

static bool type_open(const struct type *t) { return ((t->leaf == LEAF_REG || t->leaf == LEAF_OBJ) && !t->blind) || t->leaf == LEAF_ANCHOR; }

/* " maker product batch ... ": only these are asked for, so that sets of a million codes are not read for an empty line. */
static struct str open_types(struct kernel *k, struct arena *a)
{
	struct buf b = buf_in(a, 256);

	buf_char(&b, ' ');
	for (size_t i = 0; i < k->n_types; i++)
		if (type_open(k->types[i]))
			buf_fmt(&b, "%s ", k->types[i]->name);
	return buf_str(&b);
}

static enum err ask_open(struct reading *q, struct call *c, uint64_t from, uint64_t to, int64_t most, struct rows *ret)
{
	return db_ask(q->db, c->arena, kernel_sql[SQL_RECORD_RANGE],
	              VALS(V_I((int64_t)from), V_I((int64_t)to), V_T(open_types(q->k, c->arena)), V_I(most)), ret);
}

/* The line of one record; empty when its values are not, or no longer, what the leaf committed to. */
static enum err put_line(struct call *c, const struct val *row, struct str leaf, struct buf *b)
{
	struct slots s;
	enum err e = slots_of(c, row, leaf, &s);

	if (e)
		return e == E_CORRUPT ? OK : e;
	if (type_open(s.r.type))
		json_canon(b, slots_node(c->arena, &s, show_public, NULL));
	return OK;
}

/* c->arena is a scratch one: a turn of records is gone before the next is read. */
static enum err put_lines(struct reading *q, struct call *c, const struct rows *entry, struct buf *b)
{
	uint64_t at = q->first, to = q->first + q->width;
	struct rows r;
	enum err e;

	do {
		arena_reset(c->arena);
		e = ask_open(q, c, at, to, RECORDS_A_TURN, &r);
		for (size_t i = 0; !e && i < r.n; i++) {
			const struct val *row = r.v + i * r.cols;
			uint64_t index = (uint64_t)row[6].i;

			for (; at < index; at++)
				buf_char(b, '\n');
			e = put_line(c, row, row_str(entry, (size_t)(index - q->first), 0), b);
			buf_char(b, '\n');
			at++;
		}
	} while (!e && r.n == RECORDS_A_TURN);
	for (; !e && at < to; at++)
		buf_char(b, '\n');
	return e;
}

static enum err put_public(struct reading *q)
{
	struct arena scratch;
	struct call c = { .k = q->k, .db = q->db, .who = &nobody, .arena = &scratch };
	struct rows entry;
	struct buf b;
	jmp_buf full, *before = q->a->full;
	enum err e = entries_of(q, &entry);
	int over;

	if (e)
		return e;
	b = buf_in(q->a, (size_t)q->width * 256);
	arena_init(&scratch, SCRATCH_MAX, &full);
	q->a->full = &full;
	over = setjmp(full);
	e = over ? (enum err)over : put_lines(q, &c, &entry, &b);
	q->a->full = before;
	arena_end(&scratch);
	if (!e)
		q->out = buf_str(&b);
	return e;
}

enum err kernel_public(struct kernel *k, struct arena *a, uint64_t n, unsigned width, struct str *ret)
{
	struct reading q = { .k = k, .a = a, .first = n * TILE_WIDTH, .width = width };
	enum err e = covers(k, n, width) ? with_reader(&q, put_public) : E_ABSENT;

	if (!e)
		*ret = q.out;
	return e;
}

/* ---- a receipt by index ---- */

static enum err put_receipt(struct reading *q)
{
	struct call c = { .k = q->k, .db = q->db, .who = &nobody, .arena = q->a };
	struct rows r, entry;
	struct slots s;
	struct str leaf;
	bool shown;
	enum err e = entries_of(q, &entry);

	if (!e)
		e = ask_open(q, &c, q->first, q->first + 1, 1, &r);
	if (e)
		return e;
	leaf = row_str(&entry, 0, 0);
	e = r.n ? slots_of(&c, r.v, leaf, &s) : E_CORRUPT;
	if (e && e != E_CORRUPT)
		return e;
	shown = !e && type_open(s.r.type);
	return call_proof(&c, q->first, extra_of(q->a, leaf, shown ? &s : NULL, show_public, NULL), &q->out);
}

enum err kernel_log_receipt(struct kernel *k, struct arena *a, uint64_t index, struct str *ret)
{
	struct reading q = { .k = k, .a = a, .first = index, .width = 1 };
	enum err e = index < log_shown(k->log).size ? with_reader(&q, put_receipt) : E_ABSENT;

	if (!e)
		*ret = q.out;
	return e;
}

enum err kernel_policy(struct kernel *k, struct arena *a, struct str *ret)
{
	struct str said = kernel_setting(k, "policy");
	enum err e = file_read(a, str_fmt(a, "%s/%.*s", k->home, STR_ARG(said.n ? said : S("policy"))).p, POLICY_MAX, ret);

	if (e == E_ABSENT)
		*ret = str_fmt(a, "log %.*s\nquorum none\n", STR_ARG(str_trim(log_vkey(k->log, TREE_SHA256))));
	return e == E_ABSENT ? OK : e;
}
