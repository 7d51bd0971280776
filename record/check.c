/* record/check.c - an input object becomes values, or all its troubles at once, each with field and clause. Pure. */
#include "record/kind.h"

void trouble_add(struct troubles *t, const struct field *f, struct str zh, struct str en)
{
	struct trouble *x = TAKE(t->a, struct trouble, 1);

	*x = (struct trouble){ .field = f ? str_of(f->name) : S(""), .clause = f ? f->clause : "", .zh = zh, .en = en };
	if (t->last)
		t->last->next = x;
	else
		t->first = x;
	t->last = x;
	t->n++;
}

void trouble_named(struct troubles *t, const char *field, const char *clause, const char *zh, const char *en)
{
	struct field f = { .name = field, .clause = clause };

	trouble_add(t, &f, str_of(zh), str_of(en));
}

struct node *troubles_node(struct arena *a, const struct troubles *t)
{
	struct node *arr = node_arr(a);

	for (const struct trouble *x = t->first; x; x = x->next) {
		struct node *o = node_obj(a);

		put_str(a, o, "field", x->field);
		put_z(a, o, "clause", x->clause);
		put_str(a, o, "zh", x->zh);
		put_str(a, o, "en", x->en);
		if (x->at)
			put_int(a, o, "at", (int64_t)x->at);
		node_add(arr, o);
	}
	return arr;
}

const struct field *type_field(const struct type *t, struct str name, size_t *ret_at)
{
	for (size_t i = 0; i < t->n; i++)
		if (str_is(name, t->fields[i].name)) {
			if (ret_at)
				*ret_at = i;
			return &t->fields[i];
		}
	return NULL;
}

static bool reserved(const char *name)
{
	static const char *const columns[] = { "record", "party", "root", "current", "at" };

	for (size_t i = 0; i < ROWS(columns); i++)
		if (strcmp(columns[i], name) == 0)
			return true;
	return false;
}

static unsigned brought_in(const struct field *f) { return f->version ? f->version : 1; }

unsigned type_version(const struct type *t) { return t->n ? brought_in(&t->fields[t->n - 1]) : 1; }

size_t type_slots(const struct type *t, unsigned version)
{
	size_t n = t->n;

	while (n && brought_in(&t->fields[n - 1]) > version)
		n--;
	return n;
}

struct str type_schema(struct arena *a, const struct type *t, unsigned version) { return str_fmt(a, "%s/%u", t->schema, version); }

unsigned type_version_named(const struct type *t, struct str schema)
{
	size_t n = strlen(t->schema);
	int64_t v;

	if (!str_starts(schema, t->schema) || schema.n < n + 2 || schema.p[n] != '/' || !str_to_int(str_sub(schema, n + 1, schema.n), &v))
		return 0;
	return v >= 1 && v <= (int64_t)type_version(t) ? (unsigned)v : 0;
}

bool schema_ok(const struct type *t, char why[200])
{
	for (size_t i = 0; i < t->n; i++) {
		const struct field *f = &t->fields[i];
		size_t first;
		const char *bad = NULL;

		if (!f->name || !f->clause || !f->words || f->kind >= KINDS)
			bad = "a compulsory column is empty";
		else if (type_field(t, str_of(f->name), &first) && first != i)
			bad = "the name is used twice";
		else if (i && brought_in(f) < brought_in(f - 1))
			bad = "rows are added at the end: its version is older than that of the row before";
		else if ((f->kind == KIND_LISTED || f->kind == KIND_NAMES) && !f->list)
			bad = "names no list";
		else if (f->kind == KIND_REF && !f->ref)
			bad = "names no record type";
		else if (f->index && reserved(f->name))
			bad = "the name is a column of every derived table";
		else if (f->index && (f->kind == KIND_STANDARDS || f->kind == KIND_ITEMS || f->kind == KIND_CODES || f->cls == TRANSIENT))
			bad = "this kind cannot be a column";
		if (bad) {
			snprintf(why, 200, "%s.%s: %s", t->name, f->name ? f->name : "?", bad);
			return false;
		}
	}
	return true;
}

struct checking {
	struct arena *a;
	const struct type *t;
	const struct check_env *env;
	struct troubles *troubles;
};

static void refuse(struct checking *c, const struct field *f, const char *zh, const char *en)
{
	trouble_add(c->troubles, f, str_fmt(c->a, "“%s”：%s（%s）", f->words, zh, f->clause),
	            str_fmt(c->a, "%s: %s (%s)", f->en ? f->en : f->name, en, f->clause));
}

static bool in_words(const char *words, struct str s)
{
	struct str rest = str_of(words), word;

	while (str_cut(&rest, '|', &word))
		if (str_eq(word, s))
			return true;
	return false;
}

static bool accept_one(struct checking *c, const struct field *f, struct str s, struct value *v)
{
	struct verdict ok;

	if (f->kind == KIND_STANDARDS && str_is(s, NO_MANDATORY_STANDARD)) {
		v->text = s;
		return true;
	}
	if (f->kind == KIND_NAMES) {
		v->text = s;
		if (in_words(f->list, s))
			return true;
		refuse(c, f, str_fmt(c->a, "只能是 %s", f->list).p, str_fmt(c->a, "must be one of %s", f->list).p);
		return false;
	}
	if (f->kind == KIND_LISTED) {
		struct str key;

		if (!c->env->listed || !c->env->listed(c->env->ctx, f->list, s, day_of(c->env->now, CHINA_OFFSET_MIN), &key)) {
			refuse(c, f, "不在现行清单内", "not in the list in force");
			return false;
		}
		v->text = key;
		return true;
	}
	ok = kind_accept(c->a, f, s);
	if (!ok.ok) {
		refuse(c, f, ok.zh, ok.en);
		return false;
	}
	if (f->past && f->kind == KIND_DATE && ok.i > day_of(c->env->now, CHINA_OFFSET_MIN)) {
		refuse(c, f, "不能晚于今天", "must not be in the future");
		return false;
	}
	if (f->past && f->kind == KIND_TIME && ok.i > c->env->now + 5 * 60000) {   /* five minutes for clocks that differ */
		refuse(c, f, "不能晚于现在", "must not be in the future");
		return false;
	}
	v->text = ok.normal;
	v->i = ok.i;
	return true;
}

static bool many(enum kind k) { return k == KIND_STANDARDS || k == KIND_ITEMS || k == KIND_CODES || k == KIND_NAMES; }

/* A code of another scheme may hold a comma or a semicolon. */
static bool separates(enum kind k, char c) { return c == '\n' || (k != KIND_CODES && (c == ',' || c == ';')); }

enum { LIST_TROUBLES = 1000 };          /* told of one list */

/* Several answers arrive as an array, or as one text with separators (forms, CSV). */
static void accept_many(struct checking *c, const struct field *f, const struct node *in, struct value *v)
{
	size_t max = f->max ? f->max : kind_row(f->kind)->max, n = 0, cap = 0, before = c->troubles->n;
	struct str *list;
	struct str text = in->kind == NODE_STR ? in->s : S("");

	if (in->kind == NODE_ARR)
		cap = in->n;
	else
		for (size_t i = 0; i <= text.n; i++)
			cap += i == text.n || separates(f->kind, text.p[i]);
	if (cap > max) {
		refuse(c, f, str_fmt(c->a, "最多%zu项", max).p, str_fmt(c->a, "at most %zu items", max).p);
		return;
	}
	list = TAKE(c->a, struct str, cap + 1);
	for (const struct node *x = in->first; x; x = x->next) {
		if (x->kind != NODE_STR) {
			refuse(c, f, "每一项都应为文字", "every item must be a string");
			return;
		}
		list[n++] = str_trim(x->s);
	}
	for (size_t from = 0, i = 0; in->kind == NODE_STR && i <= text.n; i++) {
		struct str one;

		if (i < text.n && !separates(f->kind, text.p[i]))
			continue;
		one = str_trim(str_sub(text, from, i - from));
		from = i + 1;
		if (one.n)
			list[n++] = one;
	}
	for (size_t i = 0; i < n; i++) {
		struct value one = { 0 };

		if (accept_one(c, f, list[i], &one))
			list[i] = one.text;
		else if (n > 1)
			c->troubles->last->at = i + 1;
		if (c->troubles->n >= before + LIST_TROUBLES)
			break;
	}
	if (n && c->troubles->n == before)
		*v = (struct value){ .said = SAID_VALUE, .list = list, .n = n };
}

static void accept_field(struct checking *c, const struct field *f, const struct node *in, struct value *v)
{
	bool none = f->need == IF_APPLICABLE && in->kind == NODE_STR && str_is(str_trim(in->s), NOT_APPLICABLE);
	struct str s;

	if (many(f->kind) && !none && (in->kind == NODE_ARR || (in->kind == NODE_STR && str_trim(in->s).n))) {
		accept_many(c, f, in, v);
		return;
	}
	switch (in->kind) {
	case NODE_STR: s = str_trim(in->s); break;
	case NODE_INT: s = str_fmt(c->a, "%lld", (long long)in->i); break;
	case NODE_BOOL: s = in->yes ? S("true") : S("false"); break;
	case NODE_NULL: return;
	default: refuse(c, f, "格式不对，应为单个值", "give one value"); return;
	}
	if (in->kind != NODE_STR && f->kind != KIND_INTEGER && f->kind != KIND_YES && !(f->kind == KIND_DECIMAL && in->kind == NODE_INT)) {
		refuse(c, f, "应为文字（加引号）", "give a string");
		return;
	}
	if (s.n == 0)
		return;
	if (f->need != IF_APPLICABLE && f->need != OPTIONAL && str_is(s, NOT_APPLICABLE)) {
		refuse(c, f, "必填，不能填“不涉及”", "required; 不涉及 is refused");
		return;
	}
	if (f->need == IF_APPLICABLE && str_is(s, NOT_APPLICABLE)) {
		if (f->must_if && c->env->fact && c->env->fact(c->env->ctx, f->must_if, c->t, v - (f - c->t->fields)))
			refuse(c, f, "此产品必须填写，不能填“不涉及”", "this product must have it; 不涉及 is refused");
		else
			*v = (struct value){ .said = SAID_NOT_APPLICABLE, .text = S(NOT_APPLICABLE) };
		return;
	}
	if (accept_one(c, f, s, v))
		v->said = SAID_VALUE;
}

static void choose(struct checking *c, const char *member, struct str name, bool open, struct value *values)
{
	size_t at;
	const struct field *f = type_field(c->t, name, &at);

	if (!f || f->publicity != OWNER_CHOICE)
		trouble_named(c->troubles, member, OURS, "只能列出可以选择是否公开的字段", "only fields whose publicity the party chooses");
	else
		values[at].open = open;
}

/* An array of names, or one text with separators (forms, CSV, a command line). What cannot be read is refused: a choice that is
 * passed over would publish what its party withholds. */
static void choices(struct checking *c, const struct node *in, const char *member, bool open, struct value *values)
{
	const struct node *names = node_get(in, member);
	struct str rest = names && names->kind == NODE_STR ? names->s : S("");

	if (!names || names->kind == NODE_NULL)
		return;
	if (names->kind != NODE_STR && names->kind != NODE_ARR)
		trouble_named(c->troubles, member, OURS, "应为字段名的列表", "give a list of field names");
	for (const struct node *x = names->kind == NODE_ARR ? names->first : NULL; x; x = x->next)
		choose(c, member, x->kind == NODE_STR ? x->s : S(""), open, values);
	for (size_t from = 0, i = 0; i <= rest.n && rest.n; i++)
		if (i == rest.n || rest.p[i] == ',' || rest.p[i] == ';' || rest.p[i] == '\n') {
			struct str one = str_trim(str_sub(rest, from, i - from));

			if (one.n)
				choose(c, member, one, open, values);
			from = i + 1;
		}
}

static bool in_force(const struct field *f, int64_t now)
{
	int64_t day = day_of(now, CHINA_OFFSET_MIN), limit;

	return !(f->since && date_get(str_of(f->since), &limit) && day < limit) && !(f->until && date_get(str_of(f->until), &limit) && day > limit);
}

void check_input(struct arena *a, const struct type *t, const struct node *in, const struct check_env *env, struct value *values,
                 struct troubles *troubles)
{
	struct checking c = { a, t, env, troubles };
	size_t before, at;

	for (const struct node *x = in ? in->first : NULL; x; x = x->next) {
		if (t->schema && (str_is(x->key, "open") || str_is(x->key, "withhold") || str_is(x->key, "corrects")))
			continue;
		if (!type_field(t, x->key, &at))
			trouble_add(troubles, &(struct field){ .name = str_z(a, x->key), .clause = OURS }, S("没有这个字段"), S("there is no such field"));
	}
	for (size_t i = 0; i < t->n; i++) {
		const struct field *f = &t->fields[i];
		const struct node *x = node_get(in, f->name);

		before = troubles->n;
		if (x)
			accept_field(&c, f, x, &values[i]);
		if (troubles->n == before && values[i].said == SAID_NOTHING && in_force(f, env->now)) {
			if (f->need == REQUIRED || f->need == ONE_OF)
				refuse(&c, f, f->need == ONE_OF ? "必填一种" : "必填", "required");
			else if (f->need == IF_APPLICABLE)
				refuse(&c, f, "如涉及则必填；不涉及请填“不涉及”", "required where applicable; otherwise answer 不涉及");
		}
		values[i].open = f->publicity == OWNER_CHOICE && env->open_by_default;
	}
	if (t->schema) {
		choices(&c, in, "open", true, values);
		choices(&c, in, "withhold", false, values);
	}
}
