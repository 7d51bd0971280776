/* tests/unit/test_static.c - what is embedded: files found by hashed path, and page templates that load with every phrase. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "web/static.h"

static const struct phrase frame[] = {
#define PHRASE(key, zh, en) { key, zh, en },
#include "web/phrases.def"
#undef PHRASE
};

static struct tpl_set *load(void)
{
	struct phrase all[ROWS(frame) + 40];
	struct tpl_set *set = NULL;
	char trouble[200];
	size_t n = ROWS(frame);

	memcpy(all, frame, sizeof(frame));
	n += static_phrases(all + n, ROWS(all) - n);
	if (tpl_load(page_templates, page_template_count, all, n, &set, trouble))
		fail_msg("%s", trouble);
	return set;
}

static const struct static_row *row(const char *key)
{
	for (size_t i = 0; i < static_count; i++)
		if (strcmp(static_rows[i].key, key) == 0)
			return &static_rows[i];
	fail_msg("%s is not embedded", key);
	return NULL;
}

static void every_embedded_file_is_found_under_its_hashed_path(void **state)
{
	static const char *const keys[] = { "asset.tabler.min.css", "asset.htmx.min.js", "asset.app.css", "asset.app.js" };

	(void)state;
	for (size_t i = 0; i < ROWS(keys); i++) {
		struct static_file plain, packed;
		struct str url = str_of(row(keys[i])->url);

		assert_true(static_find(url, false, &plain));
		assert_true(static_find(url, true, &packed));
		assert_false(plain.gzip);
		assert_true(packed.gzip && packed.body.n < plain.body.n);
		assert_memory_equal(packed.body.p, "\x1f\x8b", 2);
		assert_string_not_equal(plain.etag, packed.etag);
		assert_true(plain.etag[0] == '"' && strlen(plain.etag) == 34);
		assert_false(static_find(str_sub(url, 0, url.n - 1), false, &plain));
	}
}

static void an_unknown_path_or_hash_is_not_found(void **state)
{
	static const char *const paths[] = { "", "/", "/static/", "/static/app.css", "/static/0000000000000000/app.css", "/static/../app.css" };
	struct static_file f;

	(void)state;
	for (size_t i = 0; i < ROWS(paths); i++)
		assert_false(static_find(str_of(paths[i]), true, &f));
}

static void content_types_are_stated(void **state)
{
	(void)state;
	assert_string_equal(row("asset.app.css")->type, "text/css; charset=utf-8");
	assert_string_equal(row("asset.app.js")->type, "text/javascript; charset=utf-8");
	assert_true(str_starts((struct str){ row("asset.app.js")->plain, row("asset.app.js")->n }, "/* app.js"));
}

/* ---- the page frame ---- */

/* Templates that others take in, without a frame of their own. */
static bool is_part(const char *name)
{
	static const char *const parts[] = { "balance", "chain_graph", "chain_steps", "evidence", "foot", "head", "row" };

	for (size_t i = 0; i < ROWS(parts); i++)
		if (strcmp(parts[i], name) == 0)
			return true;
	return false;
}

static void the_page_frame_renders_in_both_languages(void **state)
{
	struct tpl_set *set = load();
	struct arena a;

	(void)state;
	arena_init(&a, 1 << 20, NULL);
	for (int english = 0; english < 2; english++)
		for (size_t i = 0; i < page_template_count; i++) {
			struct buf b = buf_in(&a, 8192);

			assert_int_equal(tpl_render(set, page_templates[i].name, NULL, english, &b), OK);
			buf_char(&b, 0);
			assert_null(strstr(b.p, "{{"));
			if (is_part(page_templates[i].name))
				continue;
			assert_non_null(strstr(b.p, english ? "<html lang=\"en\">" : "<html lang=\"zh-CN\">"));
			assert_non_null(strstr(b.p, row("asset.app.css")->url));
			assert_non_null(strstr(b.p, "</html>"));
		}
	arena_end(&a);
	tpl_free(set);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_embedded_file_is_found_under_its_hashed_path),
		cmocka_unit_test(an_unknown_path_or_hash_is_not_found),
		cmocka_unit_test(content_types_are_stated),
		cmocka_unit_test(the_page_frame_renders_in_both_languages),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
