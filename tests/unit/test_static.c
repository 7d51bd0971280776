/* tests/unit/test_static.c - what is embedded: files found by hashed path, and page templates that load with every phrase.
 *
 * SUYUAN_SERVE=PORT serves the sample page instead, to look at it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

#include <cmocka.h>

#include "web/http.h"
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

/* ---- the sample page ---- */

static struct node *leaf(struct arena *a, struct node *of, const char *key, enum node_kind kind)
{
	struct node *n = TAKE(a, struct node, 1);

	n->kind = kind;
	n->key = str_of(key);
	if (of && of->last)
		of->last->next = n;
	else if (of)
		of->first = n;
	if (of)
		of->last = n;
	return n;
}

static void text(struct arena *a, struct node *of, const char *key, const char *z) { leaf(a, of, key, NODE_STR)->s = str_of(z); }

static void verdict(struct arena *a, struct node *top, const char *tone)
{
	struct node *v = leaf(a, top, "verdict", NODE_OBJ);
	bool warn = strcmp(tone, "warn") == 0, bad = strcmp(tone, "bad") == 0, none = strcmp(tone, "none") == 0;

	text(a, v, "tone", tone);
	text(a, v, "mark", bad ? "M8 8l8 8M16 8l-8 8" : warn ? "M12 6v7M12 17v.5" : none ? "M9.5 9.5a2.5 2.5 0 1 1 3.5 2.3c-.8.4-1 .9-1 1.7M12 17v.5" : "M7 12.5l3.5 3.5L17 9");
	text(a, v, "title", bad ? "该批次已召回，请停止使用" : warn ? "此码已被查询 17 次" : none ? "本平台没有此码的信息" : "首次查询，码由本平台签发");
	text(a, v, "text", bad ? "生产企业于 2026-11-02 发布召回，联系电话见下方。" : "首次查询时间 2026-11-22 17:20。仅凭查询结果不能判断实物真伪，请核对包装与产品信息。");
}

static const struct node *sample(struct arena *a, const char *tone)
{
	static const char *const facts[][2] = { { "产品名称", "聚氯乙烯绝缘电缆 60227 IEC 01(BV)" }, { "生产企业", "西安某某线缆有限公司" }, { "规格型号", "2.5 mm² 红" },
		{ "生产批次", "20261108-03" }, { "执行标准", "GB/T 5023.3-2008" }, { "强制性国家标准", "无适用的强制性国家标准" }, { "出厂检验报告", NULL } };
	static const char *const steps[][3] = { { "出厂", "西安某某线缆有限公司", "2026-11-09" }, { "销售", "陕西某某建材批发市场", "2026-11-15" },
		{ "验收", "雁塔区某某五金店", "2026-11-17" } };
	struct node *top = leaf(a, NULL, "", NODE_OBJ), *list, *one;

	text(a, top, "title", "查询结果");
	text(a, top, "q", "");
	text(a, top, "lang_url", "?lang=en");
	text(a, top, "code", "4K7QM-2W9XT-PB3HN-8DRVC");
	text(a, top, "leaf", "sha256 9f2c1d0b7a6e5f4d3c2b1a09f8e7d6c5b4a392817f6e5d4c3b2a190817263544");
	verdict(a, top, tone);
	list = leaf(a, top, "facts", NODE_ARR);
	for (size_t i = 0; i < ROWS(facts); i++) {
		one = leaf(a, list, "", NODE_OBJ);
		text(a, one, "name", facts[i][0]);
		if (facts[i][1])
			text(a, one, "value", facts[i][1]);
		leaf(a, one, "withheld", NODE_BOOL)->yes = !facts[i][1];
	}
	list = leaf(a, top, "steps", NODE_ARR);
	for (size_t i = 0; i < ROWS(steps); i++) {
		one = leaf(a, list, "", NODE_OBJ);
		text(a, one, "what", steps[i][0]);
		text(a, one, "who", steps[i][1]);
		text(a, one, "when", steps[i][2]);
		leaf(a, one, "last", NODE_BOOL)->yes = i + 1 == ROWS(steps);
	}
	return top;
}

static void the_page_frame_renders_in_both_languages(void **state)
{
	struct tpl_set *set = load();
	struct arena a;

	(void)state;
	arena_init(&a, 1 << 20, NULL);
	for (int english = 0; english < 2; english++) {
		struct buf b = buf_in(&a, 8192);

		assert_int_equal(tpl_render(set, "sample", sample(&a, "ok"), english, &b), OK);
		buf_char(&b, 0);
		assert_non_null(strstr(b.p, english ? "<html lang=\"en\">" : "<html lang=\"zh-CN\">"));
		assert_non_null(strstr(b.p, row("asset.app.css")->url));
		assert_non_null(strstr(b.p, "</html>"));
		assert_null(strstr(b.p, "{{"));
	}
	arena_end(&a);
	tpl_free(set);
}

static void on_request(void *arg, struct http_call *c)
{
	struct http_reply r = { .status = 404, .type = "text/plain", .body = S("?"), .body_is_static = true };
	struct static_file f;

	if (static_find(c->path, true, &f)) {
		r = (struct http_reply){ .status = 200, .type = f.type, .body = f.body, .body_is_static = true, .n_extra = 4, .extra = {
			{ "ETag", str_of(f.etag) }, { "Cache-Control", S(STATIC_CACHE) }, { "Content-Encoding", S("gzip") }, { "Vary", S("Accept-Encoding") } } };
	} else if (str_starts(c->path, "/s/")) {
		struct buf b = buf_in(c->arena, 8192);

		if (tpl_render(arg, "sample", sample(c->arena, str_z(c->arena, str_sub(c->path, 3, 20))), c->query.n > 0, &b) == OK)
			r = (struct http_reply){ .status = 200, .type = "text/html; charset=utf-8", .body = buf_str(&b) };
	}
	http_answer(c, &r);
}

static int serve(const char *port)
{
	char listen[40];
	struct http *h;

	snprintf(listen, sizeof(listen), "127.0.0.1:%s", port);
	if (http_start(listen, NULL, NULL, NULL, on_request, load(), &h))
		return 1;
	pause();
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_embedded_file_is_found_under_its_hashed_path),
		cmocka_unit_test(an_unknown_path_or_hash_is_not_found),
		cmocka_unit_test(content_types_are_stated),
		cmocka_unit_test(the_page_frame_renders_in_both_languages),
	};

	if (getenv("SUYUAN_SERVE"))
		return serve(getenv("SUYUAN_SERVE"));
	return cmocka_run_group_tests(tests, NULL, NULL);
}
