/* kernel/lines.c - a line of a table becomes the input of an operation: headings to fields, words of people to values of the API. */
#include "kernel/lines.h"

#define MIDDLE_DOT "·"

/* Columns the platform itself adds to the files it gives back; sent again they say nothing. */
static const char *const passed_over[] = { "行号", "原因", "记录编号", "填报时间", "line", "reason", "id", "at" };
/* What a record may say beside its fields. */
static const struct { const char *zh, *member; } choices[] = { { "公开的栏目", "open" }, { "不公开的栏目", "withhold" }, { "更正的记录", "corrects" } };

static struct str plain_heading(struct str s)
{
	s = str_trim(s);
	while (s.n && (s.p[s.n - 1] == '*' || s.p[s.n - 1] == ' '))
		s.n--;
	return s;
}

static bool names_field(const struct field *f, struct str h)
{
	return str_is(h, f->name) || str_is(h, f->words) || (f->en && str_is(h, f->en));
}

/* "产品·产品名称" or "product.product_name" */
static bool column_of_any(struct kernel *k, struct str h, struct line_column *ret)
{
	static const struct { const char *zh, *member; } line_members[] = { { "记录种类", "type" }, { "名称", "ref" } };
	size_t n;
	const struct type *const *types = kernel_types(k, &n);

	for (size_t i = 0; i < ROWS(line_members); i++)
		if (str_is(h, line_members[i].zh) || str_is(h, line_members[i].member)) {
			*ret = (struct line_column){ .member = line_members[i].member };
			return true;
		}
	for (size_t i = 0; i < n; i++) {
		size_t zh = strlen(types[i]->zh), name = strlen(types[i]->name), skip = 0;

		if (str_starts(h, types[i]->zh) && str_starts(str_sub(h, zh, h.n), MIDDLE_DOT))
			skip = zh + strlen(MIDDLE_DOT);
		else if (str_starts(h, types[i]->name) && h.n > name && h.p[name] == '.')
			skip = name + 1;
		for (size_t f = 0; skip && f < types[i]->n; f++)
			if (names_field(&types[i]->fields[f], str_sub(h, skip, h.n))) {
				*ret = (struct line_column){ &types[i]->fields[f], types[i]->fields[f].name, f, types[i] };
				return true;
			}
	}
	return false;
}

struct str package_heading(struct arena *a, const struct type *t, const struct field *f) { return str_fmt(a, "%s" MIDDLE_DOT "%s", t->zh, f->words); }

static bool column_of(const struct op *op, struct str h, struct line_column *ret)
{
	for (size_t i = 0; op && i < op->in->n; i++)
		if (names_field(&op->in->fields[i], h)) {
			*ret = (struct line_column){ .f = &op->in->fields[i], .member = op->in->fields[i].name, .at = i };
			return true;
		}
	for (size_t i = 0; i < ROWS(choices); i++)
		if ((!op || op->in->schema) && (str_is(h, choices[i].zh) || str_is(h, choices[i].member))) {
			*ret = (struct line_column){ .member = choices[i].member };
			return true;
		}
	for (size_t i = 0; i < ROWS(passed_over); i++)
		if (str_is(h, passed_over[i])) {
			*ret = (struct line_column){ .member = NULL };
			return true;
		}
	return h.n == 0 || h.p[0] == '#';
}

static bool gathers(const struct lines *l)
{
	const struct gather *g = l->op ? l->op->gather : NULL;
	size_t seen = 0;

	for (size_t i = 0; g && i < l->n; i++) {
		bool one = false;

		if (!l->col[i].member)
			continue;
		for (size_t k = 0; k < g->n; k++)
			one = one || (l->col[i].f && l->col[i].at == g->field[k]);
		if (!one)
			return false;
		seen++;
	}
	return g && seen == g->n;
}

/* One value a line, no heading: the codes of an operation that takes many. */
static enum err lines_of_text(struct lines *l, struct str *zh, struct str *en)
{
	const struct gather *g = l->op ? l->op->gather : NULL;

	if (!g || g->n != 1) {
		*zh = S("这种记录不能用一行一个值的文本导入，请用模板");
		*en = S("records of this kind cannot come as one value a line; use the template");
		return E_BAD;
	}
	l->col[0] = (struct line_column){ &l->op->in->fields[g->field[0]], l->op->in->fields[g->field[0]].name, g->field[0] };
	l->n = 1;
	l->gather = true;
	return OK;
}

struct str heading_shown(struct str heading)
{
	size_t n = 60;

	while (n < heading.n && n && ((unsigned char)heading.p[n] & 0xc0) == 0x80)
		n--;
	return str_sub(heading, 0, n);
}

static bool has_member(const struct lines *l, const char *member)
{
	for (size_t i = 0; i < l->n; i++)
		if (l->col[i].member && !l->col[i].f && strcmp(l->col[i].member, member) == 0)
			return true;
	return false;
}

enum err lines_heading(struct lines *l, const struct grid_line *h, struct str *zh, struct str *en)
{
	if (l->form == GRID_TEXT)
		return lines_of_text(l, zh, en);
	if (h->n > LINE_COLUMNS) {
		*zh = S("栏目过多");
		*en = S("too many columns");
		return E_BAD;
	}
	for (size_t i = 0; i < h->n; i++) {
		struct str name = plain_heading(h->cell[i]);

		l->col[i] = (struct line_column){ .member = NULL };
		if (!column_of(l->op, name, &l->col[i]) && !(!l->op && column_of_any(l->k, name, &l->col[i]))) {
			*zh = str_fmt(l->a, "第%zu栏“%.*s”不是%s的栏目，请对照模板", i + 1, STR_ARG(heading_shown(name)), l->op ? l->op->in->zh : "数据包");
			*en = str_fmt(l->a, "column %zu '%.*s' is not one of %s; compare with the template", i + 1, STR_ARG(heading_shown(name)), l->op ? l->op->in->name : "a package");
			return E_BAD;
		}
		for (size_t k = 0; k < i; k++)
			if (l->col[k].member && l->col[i].member && l->col[k].type == l->col[i].type && strcmp(l->col[k].member, l->col[i].member) == 0) {
				*zh = str_fmt(l->a, "第%zu栏和第%zu栏相同", k + 1, i + 1);
				*en = str_fmt(l->a, "columns %zu and %zu are the same", k + 1, i + 1);
				return E_BAD;
			}
	}
	l->n = h->n;
	l->gather = gathers(l);
	if (!l->op && !has_member(l, "type")) {
		*zh = S("请说明各行是哪种记录，或加一栏“记录种类”");
		*en = S("say what the lines are, or add a column 'type'");
		return E_BAD;
	}
	return OK;
}

/* "factory 出厂检验，type 型式检验" in a field's help gives each word its name: people write the name. */
struct str names_label(const struct field *f, struct str word)
{
	struct str help = str_of(f->help ? f->help : "");

	for (size_t i = 0; i + word.n + 1 < help.n; i++)
		if (memcmp(help.p + i, word.p, word.n) == 0 && help.p[i + word.n] == ' ' && (i == 0 || !is_alnum(help.p[i - 1]))) {
			struct str rest = str_sub(help, i + word.n + 1, help.n);

			for (size_t k = 0; k + 3 <= rest.n; k++)
				if (memcmp(rest.p + k, "，", 3) == 0 || memcmp(rest.p + k, "；", 3) == 0)
					return str_sub(rest, 0, k);
			return rest;
		}
	return S("");
}

static struct str word_of_label(const struct field *f, struct str label)
{
	struct str rest = str_of(f->list), word;

	while (str_cut(&rest, '|', &word))
		if (str_eq(names_label(f, word), label))
			return word;
	return label;
}

/* A reference by what the record is called, where exactly one of the caller's own bears that name. */
static struct str ref_of_name(struct lines *l, struct call *c, const struct line_column *col, struct str name)
{
	const struct type *t = kernel_type(c->k, str_of(col->f->ref));
	struct ref_seen *seen = &l->seen[(size_t)(col - l->col)];
	struct rows r;
	int64_t id, found = 0;
	size_t at, n = 0;

	if (id_get(name, &id) || !t || !t->title || !type_field(t, str_of(t->title), &at) || !t->fields[at].index)
		return name;
	if (str_eq(seen->name, name))
		return seen->id;
	if (kernel_find(c, t, t->title, name, INT64_MAX, &r))
		return name;
	for (size_t i = 0; i < r.n && n < 2; i++) {
		struct record rec;

		if (kernel_record(c, row_int(&r, i, 0), 1u << KEY_PUBLIC, &rec) == OK && rec.party == c->who->party) {
			found = rec.id;
			n++;
		}
	}
	if (n != 1)
		return name;
	*seen = (struct ref_seen){ str_copy(l->a, name), id_str(l->a, found) };
	return seen->id;
}

static void put_cell(struct lines *l, struct call *c, const struct line_column *col, struct str cell, struct node *o)
{
	struct str s = str_trim(cell);

	if (!col->member || !s.n)
		return;
	if (col->f && col->f->kind == KIND_NAMES && col->f->max == 1)
		s = word_of_label(col->f, s);
	else if (col->f && col->f->kind == KIND_REF)
		s = ref_of_name(l, c, col, s);
	node_set(o, str_of(col->member), node_str(c->arena, s));
}

static void add_fixed(struct lines *l, struct arena *a, struct node *o)
{
	for (const struct node *x = l->fixed ? l->fixed->first : NULL; x; x = x->next)
		if (!node_get(o, str_z(a, x->key)))
			node_set(o, x->key, node_str(a, x->s));
}

/* What a package says about a line besides its record: the name others call it by, and what another platform noted. */
static const char *const line_members[] = { "ref", "id", "at", "index", "withheld", "corrected_by" };

/* "product", or "产品" as a spreadsheet has it */
static const struct op *op_of_type(const struct kernel *k, struct arena *a, struct str type)
{
	size_t n;
	const struct type *const *types = kernel_types(k, &n);

	for (size_t i = 0; i < n; i++)
		if (str_is(type, types[i]->zh))
			return op_find(k, str_fmt(a, "%s.create", types[i]->name));
	return op_find(k, str_join(a, type, S(".create")));
}

/* A type of the package that is not filed by the line: parties state their own card when they register. */
static bool card_of(const struct kernel *k, struct str type)
{
	size_t n;
	const struct type *const *types = kernel_types(k, &n);

	for (size_t i = 0; i < n; i++)
		if (types[i]->package && (str_is(type, types[i]->zh) || str_is(type, types[i]->name)))
			return true;
	return false;
}

/* "#name": the record another line of the same file became. */
static enum err refs_resolved(struct lines *l, struct call *c)
{
	for (struct node *x = c->raw->first; x; x = x->next) {
		const struct field *f = x->kind == NODE_STR && str_starts(x->s, "#") ? type_field(c->op->in, x->key, NULL) : NULL;
		const struct line_local *to = f && f->kind == KIND_REF && l->local ? map_get(l->local, str_sub(x->s, 1, x->s.n)) : NULL;

		if (to && !to->id)
			return E_STATE;
		if (to)
			x->s = id_str(c->arena, to->id < 0 ? 0 : to->id);
	}
	return OK;
}

/* {"op": "batch.create", ...} or {"type": "batch", ...}: the member is about the line, not the record. */
static enum err op_named(struct call *c)
{
	struct str op = node_text(c->raw, "op"), type = node_text(c->raw, "type");
	struct node *o = node_obj(c->arena);

	c->op = op.n ? op_find(c->k, op) : op_of_type(c->k, c->arena, type);
	for (struct node *x = c->raw->first, *next; x; x = next) {
		bool about = str_is(x->key, op.n ? "op" : "type");

		next = x->next;
		for (size_t i = 0; i < ROWS(line_members) && !op.n; i++)
			about = about || str_is(x->key, line_members[i]);
		if (!about)
			node_set(o, x->key, x);
	}
	c->raw = o;
	if (!c->op && (type.n ? card_of(c->k, type) : node_get(o, "schema") != NULL))
		return E_ABSENT;
	if (c->op && c->op->mode == WRITES && c->op->in && c->op->in->schema)
		return OK;
	c->troubles.a = c->arena;
	trouble_named(&c->troubles, op.n ? "op" : "type", OURS, "这一行须写明 type（记录类型）或 op（操作）", "the line must name its type or op");
	return E_BAD;
}

static enum err cells_input(struct lines *l, struct call *c, const struct grid_line *line)
{
	enum err e;

	c->raw = node_obj(c->arena);
	for (size_t i = 0; !l->op && i < l->n && i < line->n; i++)
		if (l->col[i].member && !l->col[i].f)
			put_cell(l, c, &l->col[i], line->cell[i], c->raw);
	l->ref = l->op ? S("") : node_text(c->raw, "ref");
	e = l->op ? OK : op_named(c);
	if (e)
		return e;
	for (size_t i = 0; i < l->n && i < line->n; i++)
		if (l->op || (l->col[i].f && l->col[i].type == c->op->in))
			put_cell(l, c, &l->col[i], line->cell[i], c->raw);
	return OK;
}

enum err lines_input(struct lines *l, struct call *c, const struct grid_line *line)
{
	static const struct json_limits limits = { .bytes = 1 << 20, .depth = 8, .nodes = 1 << 16 };
	struct json_trouble trouble;
	enum err e;

	if (l->form == GRID_NDJSON) {
		e = json_read(c->arena, line->raw, &limits, &c->raw, &trouble);
		if (e || c->raw->kind != NODE_OBJ) {
			c->troubles.a = c->arena;
			trouble_named(&c->troubles, "", OURS, "这一行不是JSON对象", e ? trouble.en : "this line is no JSON object");
			return E_BAD;
		}
		l->ref = l->op ? S("") : node_text(c->raw, "ref");
		e = l->op ? OK : op_named(c);
		if (e)
			return e;
	} else {
		e = cells_input(l, c, line);
		if (e)
			return e;
	}
	add_fixed(l, c->arena, c->raw);
	return l->op ? OK : refs_resolved(l, c);
}

/* The k-th gathered value of a line. */
struct str lines_value(const struct lines *l, const struct grid_line *line, size_t k)
{
	const struct gather *g = l->op->gather;

	for (size_t i = 0; i < l->n && i < line->n; i++)
		if (l->col[i].f && l->col[i].at == g->field[k])
			return str_trim(line->cell[i]);
	return S("");
}

bool line_is_example(const struct grid_line *line) { return line->n && str_starts(str_trim(line->cell[0]), EXAMPLE_MARK); }
