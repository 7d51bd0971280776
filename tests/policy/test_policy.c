/* tests/policy/test_policy.c - the tables against the policy's own text: annex 1, annex 2, phases, rules, and what clauses.tsv names.
 *
 * The text is found through SUYUAN_SHARED, or in a folder `shared` beside this source tree or above it; without it those tests are
 * skipped. White space and the width of brackets and commas are not compared: the text was taken from a printed page.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <ftw.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/sys.h"
#include "kernel/kernel.h"
#include "mod/registry/registry.h"
#include "mod/trace/flow.h"

static const struct module *const policy_modules[] = { &registry_module, &trace_module, &flow_module };
static const struct engine *const policy_engines[] = { &sqlite_engine };
static const char *const annex_types[] = { "maker", "seller", "product", "batch", "sale", "purchase", "resale" };

struct house {
	struct arena a;
	struct kernel *k;
	char home[64];
	const char *source;           /* this tree */
	struct str text;              /* source.txt; empty: absent */
	struct str plain;             /* the same without white space, one width */
	const char *shared;
};

/* ---- reading ---- */

static struct str read_whole(struct house *h, const char *path)
{
	struct str s = S("");

	if (file_read(&h->a, path, 1 << 24, &s))
		return S("");
	return s;
}

/* White space out, full-width ASCII to ASCII, the ideographic full stop and comma as they are. */
static struct str plain_of(struct arena *a, struct str s)
{
	struct buf b = buf_in(a, s.n + 1);

	for (size_t i = 0; i < s.n;) {
		unsigned char x = (unsigned char)s.p[i], y = i + 2 < s.n ? (unsigned char)s.p[i + 1] : 0, z = i + 2 < s.n ? (unsigned char)s.p[i + 2] : 0;

		if (x == ' ' || x == '\t' || x == '\r' || x == '\n') {
			i++;
		} else if (x == 0xe3 && y == 0x80 && z == 0x80) {              /* ideographic space */
			i += 3;
		} else if (x == 0xef && (y == 0xbc || y == 0xbd) && z >= 0x80) { /* U+FF01 to U+FF5E */
			unsigned code = (unsigned)(y - 0xbc) * 64 + (unsigned)(z - 0x80) + 0x20;

			buf_char(&b, (char)code);
			i += 3;
		} else {
			buf_char(&b, s.p[i]);
			i++;
		}
	}
	return (struct str){ b.p, b.n };
}

static size_t find(struct str in, struct str what, size_t from)
{
	for (size_t i = from; what.n && i + what.n <= in.n; i++)
		if (memcmp(in.p + i, what.p, what.n) == 0)
			return i;
	return in.n;
}
static bool holds(struct str in, const char *what) { return find(in, str_of(what), 0) < in.n; }

static const struct node *read_json(struct house *h, const char *name)
{
	static const struct json_limits limits = { .bytes = 1 << 22, .depth = 16, .nodes = 1 << 16 };
	struct json_trouble trouble;
	struct node *n = NULL;

	assert_int_equal(json_read(&h->a, read_whole(h, str_fmt(&h->a, "%s/policy/%s", h->shared, name).p), &limits, &n, &trouble), OK);
	return n;
}

#define NEED_TEXT(h) do { if (!(h)->text.n) { print_message("SKIP: no policy text (SUYUAN_SHARED)\n"); skip(); } } while (0)

/* ---- annex 2 ---- */

struct annex_row { int part, group, no; struct str words, demand; };

static int chinese_digit(struct str s)
{
	static const char *const digits[] = { "一", "二", "三", "四", "五", "六", "七", "八", "九" };

	for (int i = 0; i < 9; i++)
		if (str_starts(s, digits[i]))
			return i + 1;
	return 0;
}

static size_t annex_2(struct house *h, struct annex_row *rows, size_t cap)
{
	struct str rest = h->text, line;
	int part = 0, group = 0;
	bool inside = false;
	size_t n = 0;

	while (str_cut(&rest, '\n', &line)) {
		struct str p = plain_of(&h->a, line);

		if (str_starts(p, "附件3:") && inside)
			break;
		if (str_is(p, "附件2:") && holds(str_sub(rest, 0, 200), "通用数据要求"))
			inside = true;
		if (!inside || !p.n)
			continue;
		if (chinese_digit(p) && holds(p, "数据要求")) {
			part = chinese_digit(p);
		} else if (p.p[0] == '(' && chinese_digit(str_sub(p, 1, p.n))) {
			group = chinese_digit(str_sub(p, 1, p.n));
		} else if (p.p[0] >= '1' && p.p[0] <= '9' && n < cap) {
			size_t dot = str_find(p, '.'), open = str_find(p, '(');
			int64_t no = 0;

			assert_true(str_to_int(str_sub(p, 0, dot), &no));
			rows[n++] = (struct annex_row){ part, group, (int)no, str_sub(p, dot + 1, open - dot - 1), str_sub(p, open, p.n) };
		}
	}
	return n;
}

static enum need need_of(struct str d)
{
	return holds(d, "必填一种") ? ONE_OF : holds(d, "如涉及则必填") ? IF_APPLICABLE : holds(d, "必填") ? REQUIRED : OPTIONAL;
}

static enum publicity publicity_of(struct str d)
{
	return holds(d, "单位选择是否公开") ? OWNER_CHOICE : holds(d, "公开") ? PUBLIC : UNSTATED;
}

/* Fields of the annex's types that name this clause: at least one, each as the row says. */
static size_t compare_row(struct house *h, const struct annex_row *r)
{
	struct str clause = str_fmt(&h->a, "附2-%d-%d-%d", r->part, r->group, r->no);
	size_t met = 0;

	for (size_t t = 0; t < ROWS(annex_types); t++) {
		const struct type *type = kernel_type(h->k, str_of(annex_types[t]));

		assert_non_null(type);
		for (size_t i = 0; i < type->n; i++) {
			const struct field *f = &type->fields[i];

			if (!str_is(clause, f->clause))
				continue;
			met++;
			if (!str_eq(plain_of(&h->a, str_of(f->words)), r->words) || f->need != need_of(r->demand) || f->publicity != publicity_of(r->demand))
				fail_msg("%.*s: %s.%s is \"%s\", need %d, publicity %d; the annex says %.*s %.*s", STR_ARG(clause), type->name, f->name, f->words,
				         (int)f->need, (int)f->publicity, STR_ARG(r->words), STR_ARG(r->demand));
		}
	}
	if (!met)
		fail_msg("%.*s %.*s: no field names this clause", STR_ARG(clause), STR_ARG(r->words));
	return met;
}

static void annex_2_is_the_field_rows(void **state)
{
	struct house *h = *state;
	struct annex_row rows[64];
	size_t n, met = 0, named = 0;

	NEED_TEXT(h);
	n = annex_2(h, rows, ROWS(rows));
	assert_int_equal(n, 30);
	for (size_t i = 0; i < n; i++)
		met += compare_row(h, &rows[i]);
	for (size_t t = 0; t < ROWS(annex_types); t++) {
		const struct type *type = kernel_type(h->k, str_of(annex_types[t]));

		for (size_t i = 0; i < type->n; i++)
			named += str_starts(str_of(type->fields[i].clause), "附2-");
	}
	assert_int_equal(met, named);           /* and no field claims a row the annex does not have */
	assert_int_equal(met, 31);              /* 附2-2-2-1 stands on both records of a seller */
}

static void the_data_file_names_the_same_fields(void **state)
{
	struct house *h = *state;
	const struct node *list;
	size_t n = 0;

	NEED_TEXT(h);
	list = node_get(read_json(h, "trace-data-requirements.json"), "fields");
	for (const struct node *x = list->first; x; x = x->next, n++) {
		struct str group = node_text(x, "group_no"), key = node_text(x, "name_en_key");
		/* "一（三）": each sign takes three bytes */
		struct str clause = str_fmt(&h->a, "附2-%d-%d-%d", chinese_digit(group), chinese_digit(str_sub(group, 6, group.n)), (int)node_number(x, "no", 0));
		bool met = false;

		for (size_t t = 0; t < ROWS(annex_types); t++) {
			const struct type *type = kernel_type(h->k, str_of(annex_types[t]));
			size_t at;

			met = met || (type_field(type, key, &at) && str_is(clause, type->fields[at].clause));
		}
		if (!met)
			fail_msg("%.*s: no field is called %.*s", STR_ARG(clause), STR_ARG(key));
	}
	assert_int_equal(n, 30);
}

/* ---- annex 1 and the phases ---- */

static const struct list_row *row_named(struct house *h, const char *list, struct str zh)
{
	for (size_t i = 0; i < trace_module.n_lists; i++) {
		const struct list_row *r = &trace_module.lists[i];

		if (strcmp(r->list, list) == 0 && str_eq(plain_of(&h->a, str_of(r->zh)), plain_of(&h->a, zh)))
			return r;
	}
	return NULL;
}

static void annex_1_is_the_list(void **state)
{
	struct house *h = *state;
	struct str rest, line, head, unit;
	size_t from, to, categories = 0, units = 0;

	NEED_TEXT(h);
	from = find(h->text, S("\n产品类别\t产品单元"), 0);
	to = find(h->text, S("附件 2:\n\n重点工业产品"), from);
	assert_true(from < to && to < h->text.n);
	rest = str_sub(h->text, from, to - from);
	while (str_cut(&rest, '\n', &line)) {
		const struct list_row *category;
		size_t here = 0;

		if (!str_cut(&line, '\t', &head) || !line.n || str_is(head, "产品类别"))
			continue;
		category = row_named(h, "category", head);
		if (!category)
			fail_msg("no category %.*s", STR_ARG(head));
		while (str_cut(&line, ' ', &unit)) {
			const struct list_row *r = row_named(h, "product_unit", unit);

			if (!r || !str_starts(str_of(r->key), category->key))
				fail_msg("%.*s: no unit %.*s", STR_ARG(head), STR_ARG(unit));
			here++;
		}
		assert_string_equal(category->facts, str_fmt(&h->a, "units=%zu", here).p);
		categories++;
		units += here;
	}
	assert_int_equal(categories, 9);
	assert_int_equal(units, 31);
}

static void annex_1_holds_nothing_else(void **state)
{
	size_t categories = 0, units = 0;

	(void)state;
	for (size_t i = 0; i < trace_module.n_lists; i++) {
		const struct list_row *r = &trace_module.lists[i];

		categories += strcmp(r->list, "category") == 0;
		units += strcmp(r->list, "product_unit") == 0 && strcmp(r->key, "outside") != 0;
	}
	assert_int_equal(categories, 9);
	assert_int_equal(units, 31);
}

static void the_three_phases_have_their_dates(void **state)
{
	struct house *h = *state;
	const struct node *list;
	size_t n = 0;

	NEED_TEXT(h);
	list = node_get(read_json(h, "trace-products-batch1.json"), "phases");
	for (const struct node *x = list->first; x; x = x->next, n++) {
		struct str by = node_text(x, "by"), year = str_fmt(&h->a, "到%.4s年底", by.p);
		const struct list_row *met = NULL;

		for (size_t i = 0; i < trace_module.n_lists; i++)
			if (strcmp(trace_module.lists[i].list, "phase") == 0 && str_is(by, trace_module.lists[i].key))
				met = &trace_module.lists[i];
		if (!met || !str_is(node_text(x, "scope"), met->facts) || !holds(h->plain, year.p))
			fail_msg("phase %.*s", STR_ARG(by));
	}
	assert_int_equal(n, 3);
}

/* ---- clauses.tsv ---- */

struct clause_row { struct str clause, key, kind, targets; size_t at; };

static size_t clause_rows(struct house *h, struct clause_row *rows, size_t cap)
{
	struct str rest = read_whole(h, str_fmt(&h->a, "%s/docs/policy/clauses.tsv", h->source).p), line;
	size_t n = 0;

	while (str_cut(&rest, '\n', &line) && n < cap) {
		struct clause_row *r = &rows[n];

		if (!line.n || line.p[0] == '#')
			continue;
		if (str_cut(&line, '\t', &r->clause) && str_cut(&line, '\t', &r->key) && str_cut(&line, '\t', &r->kind) && str_cut(&line, '\t', &r->targets))
			n++;
	}
	return n;
}

/* Every row's key stands in the text, in the text's order; so a rule lies in the row whose stretch covers it. */
static void every_rule_has_its_row(void **state)
{
	struct house *h = *state;
	static struct clause_row rows[400];
	size_t n, at, rules = 0;
	const struct node *list;

	NEED_TEXT(h);
	n = clause_rows(h, rows, ROWS(rows));
	at = find(h->plain, S("各省、自治区、直辖市和新疆生产建设兵团市场监管局"), 0);
	for (size_t i = 0; i < n; i++) {
		rows[i].at = at = find(h->plain, plain_of(&h->a, rows[i].key), at);
		if (at == h->plain.n)
			fail_msg("%.*s %.*s: not in the text after the row before it", STR_ARG(rows[i].clause), STR_ARG(rows[i].key));
	}
	list = node_get(read_json(h, "trace-data-requirements.json"), "rules");
	for (const struct node *x = list->first; x; x = x->next, rules++) {
		struct str clause = plain_of(&h->a, node_text(x, "clause"));
		size_t where = find(h->plain, plain_of(&h->a, node_text(x, "text")), rows[0].at);
		size_t last = 0;

		for (size_t i = 0; i < n; i++)
			if (rows[i].at <= where)
				last = i;
		if (where == h->plain.n)
			fail_msg("rule %.*s: not in the text", STR_ARG(node_text(x, "key")));
		/* "政策解读 二" is 政策解读-二 in the table; 二（一） has its full-width brackets there */
		if (!str_starts(clause, "政策解读") && !str_eq(clause, plain_of(&h->a, rows[last].clause)))
			fail_msg("rule %.*s: lies in row %.*s", STR_ARG(node_text(x, "key")), STR_ARG(rows[last].clause));
		if (str_is(rows[last].kind, "none"))
			fail_msg("rule %.*s: nothing answers it", STR_ARG(node_text(x, "key")));
	}
	assert_int_equal(rules, 12);
}

static bool named_list(struct str name)
{
	for (size_t i = 0; i < trace_module.n_lists; i++)
		if (str_is(name, trace_module.lists[i].list))
			return true;
	return false;
}

static bool named_flow(struct str name)
{
	for (size_t m = 0; m < ROWS(policy_modules); m++)
		for (size_t i = 0; i < policy_modules[m]->n_flows; i++)
			if (str_is(name, policy_modules[m]->flows[i].name))
				return true;
	return false;
}

static bool path_of_an_op(const struct kernel *k, struct str path)
{
	size_t n;
	const struct op *const *ops = kernel_ops(k, &n);

	for (size_t i = 0; i < n; i++)
		if (str_is(path, ops[i]->path))
			return true;
	return false;
}

static bool target_exists(struct house *h, struct str t)
{
	struct str rest = t, head;
	const struct type *type;
	size_t at;

	if (str_starts(t, "list:"))
		return named_list(str_sub(t, 5, t.n));
	if (str_starts(t, "flow:"))
		return named_flow(str_sub(t, 5, t.n));
	if (t.p[0] == '/')
		return path_of_an_op(h->k, t);
	if (str_find(t, '/') < t.n)
		return file_exists(str_fmt(&h->a, "%s/%.*s", h->source, STR_ARG(t)).p);
	if (op_find(h->k, t))
		return true;
	if (!str_cut(&rest, '.', &head) || !(type = kernel_type(h->k, head)))
		return false;
	return type_field(type, rest, &at) != NULL;
}

static void everything_the_clauses_name_exists(void **state)
{
	struct house *h = *state;
	static struct clause_row rows[400];
	size_t n = clause_rows(h, rows, ROWS(rows)), targets = 0;

	assert_true(n > 100);
	for (size_t i = 0; i < n; i++) {
		struct str rest = rows[i].targets, t;

		if (str_is(rows[i].kind, "none"))
			continue;
		while (str_cut(&rest, ' ', &t)) {
			if (!target_exists(h, t))
				fail_msg("%.*s names %.*s, which does not exist", STR_ARG(rows[i].clause), STR_ARG(t));
			targets++;
		}
	}
	assert_true(targets > n / 2);
}

/* ---- set-up ---- */

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *walk)
{
	(void)st, (void)kind, (void)walk;
	return remove(path);
}

static const char *find_shared(struct house *h)
{
	const char *said = getenv("SUYUAN_SHARED"), *up = h->source;

	for (int i = 0; i < 6 && !said; i++) {
		const char *dir = str_fmt(&h->a, "%s/shared", up).p;

		if (file_exists(str_fmt(&h->a, "%s/policy/source.txt", dir).p))
			return dir;
		up = str_fmt(&h->a, "%s/..", up).p;
	}
	return said;
}

static int open_house(void **state)
{
	static struct house h;
	const struct kernel_setup setup = { .home = h.home, .engines = policy_engines, .n_engines = 1, .modules = policy_modules,
		.n_modules = ROWS(policy_modules), .writing = true };
	const struct kernel_init init = { .public_url = "http://127.0.0.1", .origin = "policy.test/log", .suite = "std" };
	const char *base = getenv("TMPDIR");
	char why[300];

	arena_init(&h.a, (size_t)1 << 28, NULL);
	h.source = getenv("SUYUAN_SOURCE") ? getenv("SUYUAN_SOURCE") : ".";
	h.shared = find_shared(&h);
	h.text = h.shared ? read_whole(&h, str_fmt(&h.a, "%s/policy/source.txt", h.shared).p) : S("");
	h.plain = plain_of(&h.a, h.text);
	snprintf(h.home, sizeof(h.home), "%s/policy.XXXXXX", base && strlen(base) < 40 ? base : "/tmp");
	if (!mkdtemp(h.home))
		return 1;
	*state = &h;
	if (kernel_init_home(&setup, &init, why) || kernel_open(&setup, &h.k, why)) {
		print_error("%s\n", why);
		return 1;
	}
	return 0;
}

static int close_house(void **state)
{
	struct house *h = *state;

	if (h->k)
		kernel_close(h->k);
	nftw(h->home, remove_one, 8, FTW_DEPTH | FTW_PHYS);
	arena_end(&h->a);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(annex_2_is_the_field_rows),
		cmocka_unit_test(the_data_file_names_the_same_fields),
		cmocka_unit_test(annex_1_is_the_list),
		cmocka_unit_test(annex_1_holds_nothing_else),
		cmocka_unit_test(the_three_phases_have_their_dates),
		cmocka_unit_test(every_rule_has_its_row),
		cmocka_unit_test(everything_the_clauses_name_exists),
	};

	return cmocka_run_group_tests(tests, open_house, close_house);
}
