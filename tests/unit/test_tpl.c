/* tests/unit/test_tpl.c - the template language: what it writes and what it refuses at start. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "web/tpl.h"

/* A tree built by hand: the tests of this floor do not need the JSON reader. */
static struct node *leaf(struct arena *a, struct node *of, const char *key, enum node_kind kind)
{
	struct node *n = TAKE(a, struct node, 1);

	n->kind = kind;
	n->key = str_of(key);
	if (of && of->last)
		of->last->next = n;
	else if (of)
		of->first = n;
	if (of) {
		of->last = n;
		of->n++;
	}
	return n;
}

static void text(struct arena *a, struct node *of, const char *key, const char *z) { leaf(a, of, key, NODE_STR)->s = str_of(z); }

static const struct node *sample(struct arena *a)
{
	struct node *top = leaf(a, NULL, "", NODE_OBJ), *list, *item, *inner;

	text(a, top, "name", "Tom & \"Jerry\" <b>'x'</b>");
	text(a, top, "zh", "溯源");
	text(a, top, "empty", "");
	leaf(a, top, "none", NODE_NULL);
	leaf(a, top, "no", NODE_BOOL);
	leaf(a, top, "yes", NODE_BOOL)->yes = true;
	leaf(a, top, "zero", NODE_INT);
	leaf(a, top, "minus", NODE_INT)->i = -42;
	leaf(a, top, "decimal", NODE_NUMBER)->s = S("1.50");
	leaf(a, top, "nothing", NODE_ARR);
	list = leaf(a, top, "words", NODE_ARR);
	text(a, list, "", "a<");
	text(a, list, "", "b");
	list = leaf(a, top, "rows", NODE_ARR);
	for (int i = 1; i <= 2; i++) {
		item = leaf(a, list, "", NODE_OBJ);
		leaf(a, item, "no", NODE_INT)->i = i;
		text(a, item, "title", i == 1 ? "one" : "two");
		inner = leaf(a, item, "tags", NODE_ARR);
		text(a, inner, "", i == 1 ? "x" : "y");
		text(a, inner, "", "z");
	}
	inner = leaf(a, top, "maker", NODE_OBJ);
	text(a, inner, "name", "厂<");
	text(a, leaf(a, inner, "place", NODE_OBJ), "city", "西安");
	return top;
}

static const struct phrase phrases[] = { { "save", "保存", "Save" }, { "and", "甲&乙", "A<B" }, { "only", "只有中文", NULL } };

static const struct { const char *rule, *in, *out, *english; } writes[] = {
	{ "text stays as it is", "<p>} {溯}} </p>", "<p>} {溯}} </p>", NULL },
	{ "every special character is escaped", "<p>{{name}}</p>", "<p>Tom &amp; &quot;Jerry&quot; &lt;b&gt;&#39;x&#39;&lt;/b&gt;</p>", NULL },
	{ "a quoted attribute may hold a value", "<a href=\"/x?q={{zh}}\" title='{{zh}}'>", "<a href=\"/x?q=溯源\" title='溯源'>", NULL },
	{ "blanks inside the braces do not count", "{{ zh }}", "溯源", NULL },
	{ "numbers and booleans are written plainly", "{{minus}} {{decimal}} {{zero}} {{yes}} {{no}}", "-42 1.50 0 true false", NULL },
	{ "missing, null, list and object write nothing", "[{{missing}}{{none}}{{rows}}{{maker}}{{maker.none}}{{zh.x}}]", "[]", NULL },
	{ "dotted names descend", "{{maker.name}} {{maker.place.city}}", "厂&lt; 西安", NULL },
	{ "each over strings", "{{#each words}}({{.}}){{/each}}", "(a&lt;)(b)", NULL },
	{ "each over objects, outer names still seen", "{{#each rows}}{{no}}{{title}}{{zh}};{{/each}}", "1one溯源;2two溯源;", NULL },
	{ "the innermost scope wins", "{{no}}{{#each rows}}{{no}}{{/each}}{{no}}", "false12false", NULL },
	{ "each inside each", "{{#each rows}}{{#each tags}}{{no}}{{.}} {{/each}}{{/each}}", "1x 1z 2y 2z ", NULL },
	{ "each over nothing", "[{{#each nothing}}x{{/each}}{{#each missing}}x{{/each}}{{#each zh}}x{{/each}}]", "[]", NULL },
	{ "if takes the first branch", "{{#if zh}}y{{else}}n{{/if}}{{#if yes}}y{{/if}}{{#if minus}}y{{/if}}{{#if rows}}y{{/if}}{{#if maker}}y{{/if}}", "yyyyy", NULL },
	{ "empty, null, false, 0, [] and missing are false",
	  "{{#if empty}}y{{else}}n{{/if}}{{#if none}}y{{else}}n{{/if}}{{#if no}}y{{else}}n{{/if}}{{#if zero}}y{{else}}n{{/if}}{{#if nothing}}y{{else}}n{{/if}}"
	  "{{#if missing}}y{{else}}n{{/if}}", "nnnnnn", NULL },
	{ "if inside if", "{{#if yes}}{{#if no}}a{{else}}b{{/if}}c{{else}}d{{/if}}e", "bce", NULL },
	{ "if inside each", "{{#each rows}}{{#if title}}{{title}}{{else}}-{{/if}}{{/each}}", "onetwo", NULL },
	{ "if on the item itself", "{{#each words}}{{#if .}}!{{/if}}{{/each}}", "!!", NULL },
	{ "a part sees the same scope", "{{#each rows}}{{>part}}{{/each}}", "&lt;one&gt;&lt;two&gt;", NULL },
	{ "phrases follow the language and are escaped", "{{t:save}} {{t:and}} {{t:only}}", "保存 甲&amp;乙 只有中文", "Save A&lt;B 只有中文" },
};

static void templates_write_what_the_language_says(void **state)
{
	(void)state;
	for (size_t i = 0; i < ROWS(writes); i++) {
		struct tpl_file files[] = { { "page", str_of(writes[i].in) }, { "part", S("&lt;{{title}}&gt;") } };
		struct arena a;
		struct tpl_set *set;
		char trouble[200];

		arena_init(&a, 1 << 20, NULL);
		for (int english = 0; english < 2; english++) {
			struct buf b = buf_in(&a, 0);
			const char *want = english && writes[i].english ? writes[i].english : writes[i].out;

			if (tpl_load(files, ROWS(files), phrases, ROWS(phrases), &set, trouble))
				fail_msg("%s: %s", writes[i].rule, trouble);
			assert_int_equal(tpl_render(set, "page", sample(&a), english, &b), OK);
			if (!str_is(buf_str(&b), want))
				print_error("%s: got %.*s\n", writes[i].rule, STR_ARG(buf_str(&b)));
			assert_true(str_is(buf_str(&b), want));
			tpl_free(set);
		}
		arena_end(&a);
	}
}

static const struct { const char *rule, *in, *trouble; } refused[] = {
	{ "unknown phrase", "a\nb {{t:nope}}", "page:2: unknown phrase: nope" },
	{ "unknown part", "{{>nope}}", "page:1: unknown template: nope" },
	{ "unclosed each", "\n\n{{#each rows}}x\n", "page:3: block is not closed" },
	{ "unclosed if", "{{#if a}}{{#if b}}{{/if}}", "page:1: block is not closed" },
	{ "closing nothing", "x{{/if}}", "page:1: closes nothing: if" },
	{ "closing the wrong block", "{{#if a}}\n{{/each}}", "page:2: closes another block than the one that is open: each" },
	{ "closing the wrong block after else", "{{#if a}}{{else}}{{/each}}", "page:1: closes another block than the one that is open: each" },
	{ "else outside if", "{{else}}", "page:1: else without if" },
	{ "else inside each", "{{#each a}}{{else}}{{/each}}", "page:1: else without if" },
	{ "else twice", "{{#if a}}{{else}}{{else}}{{/if}}", "page:1: else without if" },
	{ "braces not closed", "a\n{{name", "page:2: {{ without }} on the same line" },
	{ "braces closed on another line", "{{name\n}}", "page:1: {{ without }} on the same line" },
	{ "not a name", "{{a b}}", "page:1: not a name: a b" },
	{ "an expression", "{{a+b}}", "page:1: not a name: a+b" },
	{ "a name that ends in a dot", "{{a.}}", "page:1: not a name: a." },
	{ "empty braces", "{{}}", "page:1: not a name" },
	{ "unescaped braces do not exist", "{{{a}}}", "page:1: not a name: {a" },
	{ "a value outside quotes", "<p>\n<a href={{x}}>", "page:2: a value outside quotes in a tag: x" },
	{ "a value as a tag name", "<{{x}}>", "page:1: a value outside quotes in a tag: x" },
	{ "a value inside script", "<p>'</p><SCRIPT>var a = \"{{x}}\";</script>", "page:1: a value inside script or style: x" },
	{ "a value inside style", "<style>p{{{x}}}</style>", "page:1: a value inside script or style: {x" },
	{ "a part that includes itself", "{{>page}}", "page:1: includes itself: page" },
	{ "parts that include each other", "\n{{>back}}", "back:1: includes itself: page" },
};

static void broken_templates_stop_the_start_with_file_and_line(void **state)
{
	(void)state;
	for (size_t i = 0; i < ROWS(refused); i++) {
		struct tpl_file files[] = { { "page", str_of(refused[i].in) }, { "back", S("{{>page}}") }, { "part", S("") } };
		size_t n = strstr(refused[i].rule, "each other") ? 2 : 1;
		struct tpl_set *set = NULL;
		char trouble[200];
		enum err e = tpl_load(files, n, phrases, ROWS(phrases), &set, trouble);

		if (e != E_BAD || strcmp(trouble, refused[i].trouble) != 0)
			print_error("%s: err %d, %s\n", refused[i].rule, (int)e, trouble);
		assert_int_equal(e, E_BAD);
		assert_string_equal(trouble, refused[i].trouble);
		assert_null(set);
	}
}

static void values_stand_again_after_script_and_in_text(void **state)
{
	struct tpl_file files[] = { { "page", S("<script src=\"/a\"></script><p>{{zh}} it's < {{zh}}</p>") } };
	struct tpl_set *set;
	char trouble[200];

	(void)state;
	assert_int_equal(tpl_load(files, 1, NULL, 0, &set, trouble), OK);
	tpl_free(set);
}

static void two_templates_of_one_name_are_refused(void **state)
{
	struct tpl_file files[] = { { "a", S("") }, { "a", S("") } };
	struct tpl_set *set;
	char trouble[200];

	(void)state;
	assert_int_equal(tpl_load(files, 2, NULL, 0, &set, trouble), E_BAD);
}

static void an_unknown_template_is_absent(void **state)
{
	struct tpl_file files[] = { { "a", S("x") } };
	struct tpl_set *set;
	struct arena a;
	struct buf b;
	char trouble[200];

	(void)state;
	arena_init(&a, 4096, NULL);
	b = buf_in(&a, 0);
	assert_int_equal(tpl_load(files, 1, NULL, 0, &set, trouble), OK);
	assert_int_equal(tpl_render(set, "b", NULL, false, &b), E_ABSENT);
	assert_int_equal(tpl_render(set, "a", NULL, false, &b), OK);
	tpl_free(set);
	arena_end(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(templates_write_what_the_language_says),
		cmocka_unit_test(broken_templates_stop_the_start_with_file_and_line),
		cmocka_unit_test(values_stand_again_after_script_and_in_text),
		cmocka_unit_test(two_templates_of_one_name_are_refused),
		cmocka_unit_test(an_unknown_template_is_absent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
