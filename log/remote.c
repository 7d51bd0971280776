/* log/remote.c - see remote.h. One pass over the bundles rebuilds every tile; each is compared with the one that is served. */
#include "log/remote.h"

enum { PAGE_MAX = 256 << 20, PUBLIC_MAX = 24 << 20 };

struct remote {
	const struct remote_setup *s;
	const struct log_head *now;
	struct remote_report *report;
	struct arena page;                /* of one bundle */
	jmp_buf full;
	struct frontier f;
	unsigned char open[LOG_LEVELS][TILE_BYTES];
};

static enum err bad(struct remote *r, enum err e, const char *path, int64_t index, const char *zh, const char *en)
{
	struct remote_trouble *t = &r->report->trouble;

	*t = (struct remote_trouble){ .index = index, .zh = zh, .en = en };
	snprintf(t->path, sizeof(t->path), "%s", path);
	return e;
}

static enum err missing(struct remote *r, const char *path)
{
	return bad(r, E_CORRUPT, path, -1, "签名的日志头之内的内容没有提供", "missing, though the signed head covers it");
}

/* ---- one piece ---- */

struct piece_name { char part[160], whole[160]; };

static struct piece_name name_of(const struct remote *r, const char *before, int level, uint64_t n, unsigned width)
{
	struct piece_name p;
	struct arena a;
	struct str part, whole;
	size_t skip = before ? sizeof("tile/entries/") - 1 : 0;
	const char *tree = level >= 0 && r->s->hash == HASH_SM3 ? "sm3/" : "";

	arena_init(&a, 4096, NULL);
	part = tile_path(&a, level, n, width);
	whole = tile_path(&a, level, n, TILE_WIDTH);
	snprintf(p.part, sizeof(p.part), "%s%s%.*s", tree, before ? before : "", (int)(part.n - skip), part.p + skip);
	snprintf(p.whole, sizeof(p.whole), "%s%s%.*s", tree, before ? before : "", (int)(whole.n - skip), whole.p + skip);
	arena_end(&a);
	return p;
}

/* A partial piece may have given way to the whole one: the log grew meanwhile. */
static enum err piece_get(struct remote *r, struct piece_name *p, size_t max, struct str *ret, bool *ret_whole)
{
	const struct log_source *src = r->s->src;
	enum err e = src->get(src->ctx, &r->page, p->part, max, ret);

	*ret_whole = strcmp(p->part, p->whole) == 0;
	if (e != E_ABSENT || *ret_whole)
		return e;
	e = src->get(src->ctx, &r->page, p->whole, max, ret);
	if (!e) {
		*ret_whole = true;
		memcpy(p->part, p->whole, sizeof(p->part));
	}
	return e;
}

static enum err no_piece(struct remote *r, enum err e, const char *path)
{
	if (e == E_ABSENT)
		return missing(r, path);
	if (e == E_TOO_BIG)
		return bad(r, E_CORRUPT, path, -1, "比允许的大", "larger than it may be");
	return bad(r, e, path, -1, "没有取到", "could not be fetched");
}

static enum err tile_get(struct remote *r, unsigned level, uint64_t n, unsigned width, unsigned char ret[TILE_BYTES], struct piece_name *name)
{
	struct str got;
	bool whole;
	enum err e;

	*name = name_of(r, NULL, (int)level, n, width);
	e = piece_get(r, name, TILE_BYTES, &got, &whole);
	if (e)
		return no_piece(r, e, name->part);
	if (got.n != (size_t)(whole ? TILE_WIDTH : width) * HASH_LEN)
		return bad(r, E_CORRUPT, name->part, -1, "长度不对", "of a wrong length");
	memcpy(ret, got.p, (size_t)width * HASH_LEN);
	return OK;
}

static struct hash root_of(enum hash_id id, const unsigned char *tile, size_t n)
{
	struct hash all[TILE_WIDTH];

	memcpy(all, tile, n * HASH_LEN);
	return tree_root(id, 0x01, all, n);
}

/* ---- the edge of a smaller tree inside the present one ---- */

/* Its unfinished tiles, cut from those served now. A tile that is whole by now must be the one its parent names. */
static enum err edge_load(struct remote *r, uint64_t size)
{
	struct hash below = { { 0 } };
	bool check = false;

	for (unsigned level = 0; level < LOG_LEVELS; level++) {
		uint64_t n = size >> (8 * level) >> 8;
		unsigned width = tile_width(r->now->size, level, n), had = (unsigned)(size >> (8 * level) & (TILE_WIDTH - 1));
		uint64_t slot = size >> (8 * level) & (TILE_WIDTH - 1);
		unsigned char tile[TILE_BYTES];
		struct piece_name name;
		enum err e;

		if (width == 0)                 /* a whole tile was the last of this level; there may be more above */
			continue;
		e = tile_get(r, level, n, width, tile, &name);
		if (e)
			return e;
		if (check && memcmp(tile + slot * HASH_LEN, below.b, HASH_LEN) != 0)
			return bad(r, E_CORRUPT, name.part, -1, "与下一层的哈希块不一致", "not the hashes of the tiles below it");
		memcpy(r->open[level], tile, (size_t)had * HASH_LEN);
		check = width == TILE_WIDTH;
		if (check)
			below = root_of(r->s->hash, tile, TILE_WIDTH);
	}
	r->f.size = size;
	for (unsigned bit = 0; bit < 8 * LOG_LEVELS; bit++) {
		size_t sub = (size_t)1 << (bit % 8), in_tile = (size_t)(size >> (8 * (bit / 8)) & (TILE_WIDTH - 1));

		if (size >> bit & 1)
			r->f.at[bit] = root_of(r->s->hash, r->open[bit / 8] + (in_tile & ~(2 * sub - 1)) * HASH_LEN, sub);
	}
	return OK;
}

static bool root_is(const struct remote *r, const struct log_head *head)
{
	struct hash root = r->f.size ? frontier_root(r->s->hash, &r->f) : tree_empty(r->s->hash);

	return same_bytes(root.b, head->root.b, HASH_LEN);
}

static enum err edge_is(struct remote *r, const struct log_head *head)
{
	enum err e = edge_load(r, head->size);

	if (e || root_is(r, head))
		return e;
	return bad(r, E_CORRUPT, "", -1, "哈希块得不出签名的根", "the tiles do not give the signed root");
}

/* The state after `old`. When its root cannot be found in the present tree, that is a fork only if the present tree is itself in order. */
static enum err begin_after(struct remote *r, const struct log_head *old)
{
	enum err e;

	if (old->size == 0)
		return OK;
	e = edge_load(r, old->size);
	if (e || root_is(r, old))
		return e;
	e = edge_is(r, r->now);
	return e ? e : bad(r, E_CLASH, "", -1, "新的日志头不是旧日志头的延续：日志分叉了", "the new head does not continue the old one: the log has forked");
}

/* ---- entries ---- */

static enum err tile_same(struct remote *r, unsigned level, uint64_t n, unsigned width)
{
	unsigned char tile[TILE_BYTES];
	struct piece_name name;
	enum err e = tile_get(r, level, n, width, tile, &name);

	if (e)
		return e;
	if (memcmp(tile, r->open[level], (size_t)width * HASH_LEN) != 0)
		return bad(r, E_CORRUPT, name.part, -1, "哈希块与条目不一致", "the tile does not match the entries");
	r->report->tiles++;
	return OK;
}

static enum err add_leaf(struct remote *r, const struct hash *leaf)
{
	struct hash up = *leaf;
	uint64_t at = r->f.size;

	frontier_add(r->s->hash, &r->f, leaf);
	for (unsigned level = 0; level < LOG_LEVELS; level++, at >>= 8) {
		size_t slot = (size_t)(at & (TILE_WIDTH - 1));
		enum err e;

		memcpy(r->open[level] + slot * HASH_LEN, up.b, HASH_LEN);
		if (slot != TILE_WIDTH - 1)
			return OK;
		e = tile_same(r, level, at >> 8, TILE_WIDTH);
		if (e)
			return e;
		up = root_of(r->s->hash, r->open[level], TILE_WIDTH);
	}
	return OK;
}

static bool entry_cut(struct str *rest, struct str *ret)
{
	size_t n;

	if (rest->n < 2)
		return false;
	n = (size_t)be_get((const unsigned char *)rest->p, 2);
	if (rest->n - 2 < n)
		return false;
	*ret = str_sub(*rest, 2, n);
	*rest = str_sub(*rest, 2 + n, rest->n);
	return true;
}

/* Public disclosures of a bundle, as lines; *ret is empty where none are served. */
static enum err public_get(struct remote *r, uint64_t n, unsigned width, struct piece_name *name, struct str *ret)
{
	bool whole;
	size_t lines = 0;
	enum err e;

	*ret = S("");
	if (!r->s->disclosures)
		return OK;
	*name = name_of(r, "public/", -1, n, width);
	e = piece_get(r, name, PUBLIC_MAX, ret, &whole);
	if (e == E_ABSENT && !r->report->public_served && !r->s->disclosures_due)
		return OK;
	if (e)
		return no_piece(r, e, name->part);
	for (size_t i = 0; i < ret->n; i++)
		lines += ret->p[i] == '\n';
	if (ret->n == 0 || ret->p[ret->n - 1] != '\n' || lines != (whole ? TILE_WIDTH : width))
		return bad(r, E_CORRUPT, name->part, -1, "行数与条目数不同", "not one line for each entry");
	r->report->public_served = true;
	return OK;
}

static enum err one_entry(struct remote *r, struct str entry, const struct piece_name *public, bool served, struct str line)
{
	uint64_t index = r->f.size;
	struct hash leaf = tree_leaf(r->s->hash, entry);
	const struct node *slots = NULL;
	const char *zh = NULL, *en = served ? public_wrong(&r->page, entry, line, &slots, &zh) : NULL;

	if (en)
		return bad(r, E_CORRUPT, public->part, (int64_t)index, zh, en);
	for (const struct node *x = slots ? slots->first : NULL; x; x = x->next)
		r->report->disclosed += !str_starts(x->s, ":");
	if (r->s->visit && r->s->visit->entry)
		r->s->visit->entry(r->s->visit->ctx, index, entry, slots);
	r->report->entries++;
	return add_leaf(r, &leaf);
}

static enum err bundle(struct remote *r, uint64_t n, unsigned width)
{
	struct piece_name name = name_of(r, NULL, -1, n, width), public = { "", "" };
	struct str rest, entry, lines, line = S("");
	bool whole, served;
	enum err e = piece_get(r, &name, (size_t)TILE_WIDTH * (LOG_ENTRY_MAX + 2), &rest, &whole);

	if (e)
		return no_piece(r, e, name.part);
	e = public_get(r, n, width, &public, &lines);
	served = lines.n > 0;
	for (unsigned i = 0; !e && i < (whole ? TILE_WIDTH : width); i++) {
		if (!entry_cut(&rest, &entry))
			return bad(r, E_CORRUPT, name.part, (int64_t)(n * TILE_WIDTH + i), "条目不完整", "an entry is cut short");
		if (served)
			str_cut(&lines, '\n', &line);
		if (n * TILE_WIDTH + i < r->f.size) {           /* read before; it has to be the same still */
			struct hash leaf = tree_leaf(r->s->hash, entry);

			if (memcmp(leaf.b, r->open[0] + i * HASH_LEN, HASH_LEN) != 0)
				return bad(r, E_CORRUPT, name.part, (int64_t)(n * TILE_WIDTH + i), "条目与哈希块不一致", "the entry does not match its tile");
		} else if (i < width) {
			e = one_entry(r, entry, &public, served, line);
		}
	}
	if (!e && rest.n)
		e = bad(r, E_CORRUPT, name.part, -1, "末尾有多余的字节", "bytes after the last entry");
	r->report->bundles += !e;
	return e;
}

static enum err all_bundles(struct remote *r)
{
	uint64_t size = r->now->size;
	enum err e = OK;

	while (!e && r->f.size < size) {
		uint64_t n = r->f.size / TILE_WIDTH, left = size - n * TILE_WIDTH;

		arena_reset(&r->page);
		e = bundle(r, n, left < TILE_WIDTH ? (unsigned)left : TILE_WIDTH);
		if (r->s->visit && r->s->visit->step)
			r->s->visit->step(r->s->visit->ctx, r->f.size, size);
	}
	for (unsigned level = 0; !e && level < LOG_LEVELS; level++) {
		unsigned width = (unsigned)(size >> (8 * level) & (TILE_WIDTH - 1));

		arena_reset(&r->page);
		if (width)
			e = tile_same(r, level, size >> (8 * level) >> 8, width);
	}
	if (!e && !root_is(r, r->now))
		e = bad(r, E_CORRUPT, "", -1, "条目得不出签名的根", "the entries do not give the signed root");
	return e;
}

static enum err check(struct remote *r, const struct log_head *old)
{
	enum err e;

	if (r->now->size < old->size)
		return bad(r, E_STATE, "", -1, "日志比以前短", "the log is shorter than it was");
	if (r->now->size == old->size && old->size)
		return same_bytes(old->root.b, r->now->root.b, HASH_LEN) ? OK :
			bad(r, E_CLASH, "", -1, "同样大小的日志有两个不同的根：日志分叉了", "two roots of one size: the log has forked");
	e = begin_after(r, old);
	return e ? e : all_bundles(r);
}

enum err remote_check(const struct remote_setup *s, const struct log_head *old, const struct log_head *now, struct remote_report *ret)
{
	struct remote *r = calloc(1, sizeof(*r));
	enum err e;

	if (!r)
		return E_IO;
	*ret = (struct remote_report){ .trouble = { .index = -1 } };
	*r = (struct remote){ .s = s, .now = now, .report = ret };
	arena_init(&r->page, PAGE_MAX, &r->full);
	if (setjmp(r->full))
		e = bad(r, E_CORRUPT, "", (int64_t)r->f.size, "内容过大", "too large to be read");
	else
		e = check(r, old);
	arena_end(&r->page);
	free(r);
	return e;
}
