/* tests/outside/test_log_privacy.c - 二（四）, 二（七）: nothing that a party withholds is in any byte under /log/, in no spelling of it.
 *
 * The story of tests/ops/privacy_story.h, served by the face over a real socket; all of /log/ is fetched: every head, every tile and bundle in
 * every width. On both engines.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/ops/harness.h"
#include "web/face.h"

/* ---- markers, and what anybody could make of them without a key ---- */

enum { MARKS = 64, NEEDLES = 12, SHORTEST = 7 };
struct mark { const char *name; struct str needle[NEEDLES]; size_t n; };
static struct mark marks[MARKS];
static size_t n_marks;

static void needle(struct mark *m, struct str s)
{
	if (s.n >= SHORTEST) {
		assert_true(m->n < NEEDLES);
		m->needle[m->n++] = s;
	}
}

/* Base64 wherever the text may begin: whole groups that hold nothing but it. */
static void needle_base64(struct house *h, struct mark *m, struct str s)
{
	for (size_t skip = 0; skip < 3; skip++) {
		char *copy = TAKE(&h->a, char, s.n + 4);
		struct str b;

		memset(copy, 'x', skip);
		memcpy(copy + skip, s.p, s.n);
		b = base64_str(&h->a, copy, skip + s.n);
		needle(m, str_sub(b, skip ? 4 : 0, ((s.n + skip) / 3 - (skip ? 1 : 0)) * 4));
	}
}

/* A hash without a salt would let anybody try values. */
static void needle_hash(struct house *h, struct mark *m, enum hash_id id, struct str s)
{
	struct hash *x = TAKE(&h->a, struct hash, 1);

	*x = hash_of(id, s);
	needle(m, (struct str){ (const char *)x->b, HASH_LEN });
	needle(m, hex_str(&h->a, x->b, HASH_LEN));
	needle(m, base64url_str(&h->a, x->b, HASH_LEN));
}

static const char *mark(struct house *h, const char *name, const char *text)
{
	struct mark *m = &marks[n_marks++];
	struct str s = str_of(text);

	assert_true(n_marks < MARKS);
	*m = (struct mark){ .name = name };
	needle(m, s);
	needle(m, hex_str(&h->a, s.p, s.n));
	needle_base64(h, m, s);
	needle_hash(h, m, HASH_SHA256, s);
	needle_hash(h, m, HASH_SM3, s);
	return text;
}

static const char *leak(struct str text)
{
	for (size_t i = 0; i < n_marks; i++)
		for (size_t k = 0; k < marks[i].n; k++)
			if (memmem(text.p, text.n, marks[i].needle[k].p, marks[i].needle[k].n))
				return marks[i].name;
	return NULL;
}

#include "tests/ops/privacy_story.h"

/* ---- fetching ---- */

struct crawl { struct house *h; struct face *f; size_t fetched, bytes; };

static struct str get(struct crawl *c, struct str path, int *ret_status)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons((uint16_t)face_port(c->f)), .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct str ask = str_fmt(&c->h->a, "GET %.*s HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n", STR_ARG(path));
	struct buf b = buf_in(&c->h->a, 16384);
	char part[8192];
	ssize_t n;
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof(to)), 0);
	assert_int_equal(write(fd, ask.p, ask.n), ask.n);
	while ((n = read(fd, part, sizeof(part))) > 0)
		buf_add(&b, (struct str){ part, (size_t)n });
	close(fd);
	assert_int_equal(n, 0);
	*ret_status = 0;
	assert_int_equal(sscanf(str_fmt(&c->h->a, "%.*s", STR_ARG(str_sub(buf_str(&b), 0, 40))).p, "HTTP/1.1 %d", ret_status), 1);
	c->fetched++;
	c->bytes += b.n;
	return buf_str(&b);
}

/* Head and body together: a header is a byte served as well. */
static bool silent(struct crawl *c, struct str path, bool has_to_be_there)
{
	int status;
	struct str all = get(c, path, &status);
	const char *what = leak(all);

	if (what)
		fail_msg("%.*s tells %s", STR_ARG(path), what);
	if (has_to_be_there && status != 200)
		fail_msg("%.*s: %d", STR_ARG(path), status);
	return status == 200;
}

static void crawl_tree(struct crawl *c, const char *prefix)
{
	uint64_t size = log_size(c->h);
	struct arena *a = &c->h->a;

	silent(c, str_fmt(a, "%scheckpoint", prefix), true);
	silent(c, str_fmt(a, "%svkey", prefix), true);
	for (int level = -1; level < 2; level++) {
		uint64_t total = level < 1 ? size : size >> 8;

		for (uint64_t n = 0; n * TILE_WIDTH < total; n++)
			for (unsigned w = 1; w <= TILE_WIDTH && n * TILE_WIDTH + w <= total; w++)
				silent(c, str_fmt(a, "%s%.*s", prefix, STR_ARG(tile_path(a, level, n, w))), true);
	}
}

static void no_byte_of_the_log_tells_what_is_withheld(void **state)
{
	struct crawl c = { .h = here(state) };
	struct arena *a = &c.h->a;

	print_message("%zu marks, %llu entries\n", n_marks, (unsigned long long)log_size(c.h));
	assert_true(n_marks > 30 && log_size(c.h) > 20);
	assert_non_null(leak(str_fmt(a, "..%s..", "KHEFTPAPERMARKER")));           /* it would be found */
	assert_non_null(leak(base64_str(a, "xy=KHEFTPAPERMARKER;", 20)));
	assert_int_equal(face_start(c.h->k, "127.0.0.1:0", NULL, NULL, &c.f), OK);
	crawl_tree(&c, "/log/");
	if (silent(&c, S("/log/sm3/checkpoint"), false))
		crawl_tree(&c, "/log/sm3/");
	assert_true(c.fetched > 2 * log_size(c.h));
	face_stop(c.f);
	print_message("%zu addresses, %zu bytes\n", c.fetched, c.bytes);
}

/* ---- after erasure ---- */

static bool in_a_table(struct house *h, struct str what)
{
	struct db *db = raw_open(h);
	struct str hex = hex_str(&h->a, what.p, what.n);
	bool found = false;
	struct rows r;

	assert_int_equal(db_ask(db, &h->a, h->engine == &pg_engine ? "SELECT table_name::text COLLATE \"C\" FROM information_schema.tables WHERE table_schema = current_schema()"
	                                                           : "SELECT name FROM sqlite_master WHERE type = 'table'", NO_VALS, &r), OK);
	assert_true(r.n > 20);
	db_close(db);
	for (size_t i = 0; i < r.n && !found; i++) {
		const char *name = z(h, row_str(&r, i, 0));
		struct str all = dump_tables(h, &name, 1);

		found = memmem(all.p, all.n, hex.p, hex.n) || memmem(all.p, all.n, what.p, what.n);
	}
	return found;
}

/* With every key that the home still has, of whatever record and class, the known values of the erased record give none of its slots. */
static size_t keys_that_fit(struct house *h, int64_t record, const struct record *before, enum key_class cls)
{
	struct call c = { .k = h->k, .who = &nobody, .arena = &h->a };
	struct rows all;
	struct erased gone;
	size_t tried = 0;

	assert_int_equal(kernel_reader(h->k, &c.db), OK);
	assert_int_equal(erased_of(&c, record, &gone), OK);
	assert_true(gone.classes >> cls & 1);
	assert_int_equal(db_ask(c.db, &h->a, "SELECT id FROM record ORDER BY id", NO_VALS, &all), OK);
	for (size_t i = 0; i < all.n; i++) {
		struct record_keys keys;

		assert_int_equal(record_keys_get(&c, row_int(&all, i, 0), &keys), OK);
		for (unsigned k = 0; k < KEY_CLASSES; k++) {
			struct record_keys as = { .hash = keys.hash };

			for (unsigned to = 0; to < KEY_CLASSES; to++)
				memcpy(as.key[to], keys.key[k], sizeof(as.key[to]));
			for (size_t slot = 0; slot < before->type->n; slot++) {
				struct str d = slot_disclosure(&h->a, before->type, slot, &before->values[slot], &as);
				struct hash leaf = slot_leaf(keys.hash, d);

				if (!d.n || value_class(&before->type->fields[slot], &before->values[slot]) != cls)
					continue;
				tried++;
				if (memcmp(leaf.b, gone.leaves.p + slot * HASH_LEN, HASH_LEN) == 0)
					fail_msg("slot %s of the erased record is derived with a key that is left", before->type->fields[slot].name);
			}
		}
	}
	kernel_reader_end(h->k, c.db);
	return tried;
}

static struct record opened(struct house *h, int64_t id)
{
	const unsigned all = (1u << KEY_CLASSES) - 1;
	struct call c = { .k = h->k, .who = &nobody, .arena = &h->a };
	struct record r;

	assert_int_equal(kernel_reader(h->k, &c.db), OK);
	assert_int_equal(kernel_record(&c, id, all, &r), OK);
	kernel_reader_end(h->k, c.db);
	return r;
}

/* A thief with the store, the files and every key that is left gets nothing back, not even by trying the right value. */
static void nothing_erased_can_be_derived(void **state)
{
	struct house *h = here(state);
	struct call c = { .k = h->k, .who = &nobody, .arena = &h->a };
	struct str blind = kernel_blind(&c, "buyer_uscc", s.uscc);
	struct record sale, report, left;
	struct verify_report v;
	int64_t id = 0, told = 0;

	assert_true(id_get(s.sale, &id) && id_get(s.report, &told));
	sale = opened(h, id);
	report = opened(h, told);
	assert_true(in_a_table(h, blind));              /* it would be found */
	filed(h, MAKER, "sale.create", in_of(h, "sale_time", "2026-10-13", "buyer_name", "更正后的买家", "buyer_address", "别处", "buyer_contact", "无", "items",
		items(h, "0-9"), "corrects", z(h, s.sale), NULL));
	call_ok(h, MAKER, "record.erase", "target", z(h, s.sale), "classes", "business", "basis", "填错", NULL);
	call_ok(h, OPERATOR, "record.erase", "target", z(h, s.report), "classes", "person", "basis", "个人信息保护法第四十七条", NULL);
	left = opened(h, id);
	for (size_t i = 0; i < left.type->n; i++)
		if (left.values[i].said != SAID_NOTHING)
			fail_msg("%s is still there", left.type->fields[i].name);
	assert_false(in_a_table(h, blind));
	assert_true(keys_that_fit(h, id, &sale, KEY_BUSINESS) > 100);
	assert_true(keys_that_fit(h, told, &report, KEY_PERSON) > 20);
	assert_int_equal(kernel_verify(h->k, &h->a, NULL, &v), OK);
	no_byte_of_the_log_tells_what_is_withheld(state);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(no_byte_of_the_log_tells_what_is_withheld, tell),
		cmocka_unit_test(nothing_erased_can_be_derived),
	};

	return RUN_BOTH("log_privacy", tests, NULL);
}
