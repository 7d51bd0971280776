/* tests/unit/test_remote.c - other people's logs: everything in order, and every single byte of one out of order. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "log/remote.h"
#include "record/schema.h"

/* A served log in memory: path -> bytes. Entries are texts of any kind; the last ones are ours, with public disclosures. */
struct file { struct str path; char *p; size_t n; };

struct served {
	struct arena a;
	enum hash_id hash;
	struct file file[2048];
	size_t n_files;
	struct log_head head;
	enum err answer;              /* instead of any piece that is asked for, once `after` were answered */
	size_t asked, after;
	size_t entries_seen, slots_seen;
	uint64_t first_seen;
};

static enum err get(void *ctx, struct arena *a, const char *path, size_t max, struct str *ret)
{
	struct served *s = ctx;

	(void)a;
	if (s->answer && s->asked++ >= s->after)
		return s->answer;
	for (size_t i = 0; i < s->n_files; i++)
		if (str_is(s->file[i].path, path)) {
			if (s->file[i].n > max)
				return E_TOO_BIG;
			*ret = (struct str){ s->file[i].p, s->file[i].n };
			return OK;
		}
	return E_ABSENT;
}

static void put(struct served *s, struct str path, struct str bytes)
{
	struct str copy = str_copy(&s->a, bytes);

	assert_true(s->n_files < ROWS(s->file));
	s->file[s->n_files++] = (struct file){ str_copy(&s->a, path), (char *)(uintptr_t)copy.p, copy.n };
}

/* ["salt","name","value 7"] in two slots and a withheld third; its own entry commits to them. */
static struct str public_line(struct arena *a, uint64_t i, struct str *ret_entry)
{
	struct node *arr = node_arr(a), *o = node_obj(a);
	struct hash h[3], root;
	struct str root_text;

	for (size_t k = 0; k < 2; k++) {
		struct str d = str_fmt(a, "[\"AAAAAAAAAAAAAAAAAAAAAA\",\"%s\",\"value %llu\"]", k ? "maker" : "name", (unsigned long long)i);

		d = base64url_str(a, d.p, d.n);
		node_add(arr, node_str(a, d));
		h[k] = slot_leaf(HASH_SHA256, d);
	}
	h[2] = hash_of(HASH_SHA256, S("withheld"));
	node_add(arr, node_str(a, str_join(a, S(":"), base64url_str(a, h[2].b, HASH_LEN))));
	root = field_root(HASH_SHA256, h, 3);
	root_text = base64url_str(a, root.b, HASH_LEN);
	put_z(a, o, "h", "sha256");
	put_int(a, o, "n", 3);
	put_str(a, o, "r", root_text);
	*ret_entry = canon_str(a, o);
	return canon_str(a, arr);
}

static struct str entry_of(struct arena *a, uint64_t i, uint64_t changed, struct str *ret_line)
{
	struct str e;

	*ret_line = S("");
	if (i % 5 == 3)
		*ret_line = public_line(a, i, &e);
	else
		e = i % 7 == 0 ? S("") : str_fmt(a, "\x01 entry %llu", (unsigned long long)i);
	return i == changed ? S("another") : e;
}

static void put_tiles(struct served *s, const struct hash *h, size_t n, const char *tree)
{
	size_t width = n;

	for (int level = 0; width; level++) {
		struct hash *up = TAKE(&s->a, struct hash, width / TILE_WIDTH + 1);

		for (size_t t = 0; t * TILE_WIDTH < width; t++) {
			size_t w = width - t * TILE_WIDTH < TILE_WIDTH ? width - t * TILE_WIDTH : TILE_WIDTH;

			put(s, str_join(&s->a, str_of(tree), tile_path(&s->a, level, t, (unsigned)w)), (struct str){ (const char *)h[t * TILE_WIDTH].b, w * HASH_LEN });
			if (w == TILE_WIDTH)
				up[t] = tree_root(s->hash, 0x01, h + t * TILE_WIDTH, w);
		}
		h = up;
		width /= TILE_WIDTH;
	}
}

enum { NO_CHANGE = -1 };

static struct served *serve(enum hash_id id, size_t n, int64_t changed, bool public)
{
	struct served *s = calloc(1, sizeof(*s));
	struct hash *h;

	arena_init(&s->a, (size_t)1 << 30, NULL);
	s->hash = id;
	h = TAKE(&s->a, struct hash, n + 1);
	for (size_t first = 0; first < n; first += TILE_WIDTH) {
		size_t w = n - first < TILE_WIDTH ? n - first : TILE_WIDTH;
		struct str path = tile_path(&s->a, -1, first / TILE_WIDTH, (unsigned)w), line;
		struct buf b = buf_in(&s->a, 1024), lines = buf_in(&s->a, 1024);

		for (size_t i = first; i < first + w; i++) {
			struct str e = entry_of(&s->a, i, (uint64_t)changed, &line);
			unsigned char length[2];

			be_put(e.n, length, 2);
			buf_add(&b, (struct str){ (const char *)length, 2 });
			buf_add(&b, e);
			buf_add(&lines, line);
			buf_char(&lines, '\n');
			h[i] = tree_leaf(id, e);
		}
		put(s, path, buf_str(&b));
		if (public)
			put(s, str_join(&s->a, S("public/"), str_sub(path, sizeof("tile/entries/") - 1, path.n)), buf_str(&lines));
	}
	s->head = (struct log_head){ n, n ? tree_root(id, 0x01, h, n) : tree_empty(id) };
	put_tiles(s, h, n, id == HASH_SM3 ? "sm3/" : "");
	return s;
}

static void end(struct served *s)
{
	arena_end(&s->a);
	free(s);
}

static void see(void *ctx, uint64_t index, struct str entry, const struct node *slots)
{
	struct served *s = ctx;

	(void)entry;
	if (s->entries_seen++ == 0)
		s->first_seen = index;
	s->slots_seen += slots != NULL;
}

static enum err look(struct served *s, const struct log_head *old, struct remote_report *r)
{
	const struct log_head none = { 0, tree_empty(s->hash) };
	const struct remote_visitor v = { s, see, NULL };
	const struct log_source src = { s, get };
	const struct remote_setup setup = { &src, s->hash, true, false, &v };
	struct log_head now = s->head;
	enum err e;

	s->entries_seen = s->slots_seen = s->asked = 0;
	e = remote_check(&setup, old ? old : &none, &now, r);
	if (e && !r->trouble.en)
		fail_msg("no word about what is wrong");
	return e;
}

static const size_t sizes[] = { 0, 1, 2, 3, 7, 255, 256, 257, 511, 512, 513, 700, 65535, 65536, 65537, 66000, 70000 };

static void in_order(void **state)
{
	(void)state;
	for (size_t i = 0; i < ROWS(sizes); i++)
		for (int sm3 = 0; sm3 < 2; sm3++) {
			struct served *s = serve(sm3 ? HASH_SM3 : HASH_SHA256, sizes[i], NO_CHANGE, true);
			struct remote_report r;
			enum err e = look(s, NULL, &r);

			if (e || r.entries != sizes[i] || s->entries_seen != sizes[i] || s->slots_seen != (sizes[i] + 1) / 5 || r.disclosed != 2 * s->slots_seen)
				fail_msg("size %zu: %d %s %s", sizes[i], e, r.trouble.path, e ? r.trouble.en : "");
			end(s);
		}
}

/* From sizes to later ones: only what is new is shown, and the old head is a head of this tree. */
static void continued(void **state)
{
	(void)state;
	for (size_t i = 0; i < ROWS(sizes); i++)
		for (size_t j = i; j < ROWS(sizes) && (sizes[j] < 1000 || j - i < 3); j++) {
			struct served *old = serve(HASH_SHA256, sizes[i], NO_CHANGE, false), *now = serve(HASH_SHA256, sizes[j], NO_CHANGE, false);
			struct remote_report r;
			enum err e = look(now, &old->head, &r);

			if (e || now->entries_seen != sizes[j] - sizes[i] || (now->entries_seen && now->first_seen != sizes[i]))
				fail_msg("%zu to %zu: %d %s %s", sizes[i], sizes[j], e, r.trouble.path, e ? r.trouble.en : "");
			if (sizes[j] > sizes[i] && look(old, &now->head, &r) != E_STATE)
				fail_msg("%zu to %zu: a shrunk log", sizes[j], sizes[i]);
			end(old);
			end(now);
		}
}

static void forked(void **state)
{
	static const struct { size_t old, now; int64_t changed; } rows[] = {
		{ 3, 3, 1 }, { 3, 3, 2 }, { 3, 4, 0 }, { 3, 4, 2 }, { 255, 256, 254 }, { 256, 257, 0 }, { 256, 512, 255 }, { 257, 600, 256 }, { 257, 600, 1 },
		{ 600, 66000, 599 }, { 600, 66000, 4 }, { 65536, 66000, 70 }, { 65537, 70000, 65536 }, { 65537, 70000, 3 }, { 66000, 70000, 65999 },
	};

	(void)state;
	for (size_t i = 0; i < ROWS(rows); i++) {
		struct served *old = serve(HASH_SHA256, rows[i].old, NO_CHANGE, false), *now = serve(HASH_SHA256, rows[i].now, rows[i].changed, false);
		struct remote_report r;
		enum err e = look(now, &old->head, &r);

		if (e != E_CLASH || look(now, NULL, &r) != OK)
			fail_msg("row %zu: %d %s", i, e, e ? r.trouble.en : "");
		end(old);
		end(now);
	}
}

/* Each byte, changed; each file, cut, lengthened, and gone. */
static void each_byte(void **state)
{
	static const size_t small[] = { 1, 6, 300 };

	(void)state;
	for (size_t i = 0; i < ROWS(small); i++) {
		struct served *s = serve(HASH_SHA256, small[i], NO_CHANGE, true);
		struct remote_report r;

		assert_int_equal(look(s, NULL, &r), OK);
		for (size_t f = 0; f < s->n_files; f++) {
			struct file *x = &s->file[f], kept = *x;

			for (size_t at = 0; at < x->n; at++) {
				unsigned char was = (unsigned char)x->p[at];

				x->p[at] = (char)(was ^ (at % 2 ? 0x80 : 1));
				if (look(s, NULL, &r) != E_CORRUPT)
					fail_msg("size %zu: %.*s, byte %zu", small[i], STR_ARG(x->path), at);
				x->p[at] = (char)was;
			}
			x->n = kept.n - 1;
			assert_int_equal(look(s, NULL, &r), E_CORRUPT);
			x->n = 0;
			assert_int_equal(look(s, NULL, &r), E_CORRUPT);
			x->p = memcpy(arena_take(&s->a, kept.n + 1), kept.p, kept.n);
			x->n = kept.n + 1;
			assert_int_equal(look(s, NULL, &r), E_CORRUPT);
			*x = kept;
			x->path = S("gone");
			if (look(s, NULL, &r) != (str_starts(kept.path, "public/000") ? OK : E_CORRUPT))
				fail_msg("without %.*s", STR_ARG(kept.path));
			*x = kept;
		}
		end(s);
	}
}

/* What the tree proves about new entries does not rest on what was read before. */
static void each_byte_of_the_new(void **state)
{
	struct served *old = serve(HASH_SHA256, 290, NO_CHANGE, false), *s = serve(HASH_SHA256, 600, NO_CHANGE, false);
	struct remote_report r;
	size_t found = 0, left = 0;

	(void)state;
	for (size_t f = 0; f < s->n_files; f++)
		for (size_t at = 0; at < s->file[f].n; at += 3) {
			enum err e;

			s->file[f].p[at] ^= 4;
			e = look(s, &old->head, &r);
			s->file[f].p[at] ^= 4;
			found += e == E_CORRUPT;
			left += e == OK;
			if (e && e != E_CORRUPT)
				fail_msg("%.*s, byte %zu: %d", STR_ARG(s->file[f].path), at, e);
			if (!e && !str_is(s->file[f].path, "tile/0/000") && !str_is(s->file[f].path, "tile/entries/000"))
				fail_msg("%.*s, byte %zu", STR_ARG(s->file[f].path), at);
		}
	assert_true(found > 5000 && left > 1000);       /* the first tile and bundle were read by the look before */
	end(old);
	end(s);
}

static void answers(void **state)
{
	static const enum err all[] = { E_BUSY, E_DENIED, E_IO, E_ABSENT, E_TOO_BIG };

	(void)state;
	for (size_t i = 0; i < ROWS(all); i++)
		for (size_t after = 0; after < 5; after++) {
			struct served *s = serve(HASH_SHA256, 600, NO_CHANGE, false);
			struct remote_report r;
			bool decided = all[i] == E_ABSENT || all[i] == E_TOO_BIG;

			s->answer = all[i];
			s->after = after;
			if (look(s, NULL, &r) != (decided ? E_CORRUPT : all[i]) && !(decided && after == 1))       /* 1: no public values, which may be */
				fail_msg("%s after %zu", err_name(all[i]), after);
			end(s);
		}
}

/* The log has grown between the head and the tiles: whole pieces stand where partial ones were. */
static void grown_meanwhile(void **state)
{
	struct served *old = serve(HASH_SHA256, 700, NO_CHANGE, true), *s = serve(HASH_SHA256, 1024, NO_CHANGE, true);
	struct remote_report r;
	struct log_head at = { 300, { { 0 } } };

	(void)state;
	s->head = old->head;
	assert_int_equal(look(s, NULL, &r), E_CORRUPT);         /* the level above has no whole tile yet: its partial one must be there */
	assert_true(str_is(str_of(r.trouble.path), "tile/1/000.p/2"));
	for (size_t i = 0; i < old->n_files; i++)
		if (str_is(old->file[i].path, "tile/1/000.p/2"))
			put(s, old->file[i].path, (struct str){ old->file[i].p, old->file[i].n });
	assert_int_equal(look(s, NULL, &r), OK);
	assert_int_equal(s->entries_seen, 700);
	end(old);
	old = serve(HASH_SHA256, 300, NO_CHANGE, false);
	at = old->head;
	assert_int_equal(look(s, &at, &r), OK);
	assert_int_equal(s->entries_seen, 400);
	end(old);
	end(s);
}

static void public_lines(void **state)
{
	struct arena a;
	struct str entry, line = S("");
	const struct node *slots;
	const char *zh;

	(void)state;
	arena_init(&a, 1 << 24, NULL);
	line = public_line(&a, 3, &entry);
	assert_null(public_wrong(&a, entry, line, &slots, &zh));
	assert_int_equal(slots->n, 3);
	assert_null(public_wrong(&a, entry, S(""), &slots, &zh));
	assert_null(slots);
	assert_null(public_wrong(&a, S("not ours"), S(""), &slots, &zh));
	for (size_t i = 0; i < line.n; i++)
		for (int bit = 0; bit < 8; bit++) {
			char *p = str_z(&a, line);

			p[i] = (char)(p[i] ^ (1 << bit));
			if (!public_wrong(&a, entry, (struct str){ p, line.n }, &slots, &zh))
				fail_msg("byte %zu", i);
			if (i % 64 == 0 && bit == 0)
				assert_non_null(zh);
		}
	assert_non_null(public_wrong(&a, S("not ours"), line, &slots, &zh));
	assert_non_null(public_wrong(&a, entry, str_join(&a, line, S(" ")), &slots, &zh));
	assert_non_null(public_wrong(&a, entry, S("[]"), &slots, &zh));
	assert_non_null(public_wrong(&a, entry, S("{}"), &slots, &zh));
	assert_non_null(public_wrong(&a, entry, S("[1,2,3]"), &slots, &zh));
	arena_end(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(in_order), cmocka_unit_test(continued), cmocka_unit_test(forked), cmocka_unit_test(each_byte), cmocka_unit_test(each_byte_of_the_new),
		cmocka_unit_test(answers), cmocka_unit_test(grown_meanwhile), cmocka_unit_test(public_lines),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
