/* record/emit.c - what follows from a type without further code: table, JSON Schema, form, manual, CSV header. Pure. */
#include "record/schema.h"

static const char *const need_zh[] = { "必填", "如涉及则必填", "必填一种", "选填" };
static const char *const need_en[] = { "required", "required if applicable", "one of", "optional" };
static const char *const publicity_zh[] = { "公开", "单位选择是否公开", "不公开", "未规定（随码公开）" };
static const char *const publicity_en[] = { "public", "party chooses", "private", "unstated (public with the code)" };

/* Columns of withheld values hold a keyed hash, so that a stolen database does not tell who sold to whom. */
static const char *column_type(const struct field *f, enum dialect d)
{
	if (f->publicity == OWNER_CHOICE || f->publicity == PRIVATE || f->cls == PERSON)
		return d == DIALECT_PG ? "bytea" : "BLOB";
	if (strcmp(kind_row(f->kind)->column, "int") == 0)
		return d == DIALECT_PG ? "bigint" : "INTEGER";
	return d == DIALECT_PG ? "text COLLATE \"C\"" : "TEXT";      /* byte order on both engines */
}

void emit_table(struct buf *b, const struct type *t, enum dialect d)
{
	const char *integer = d == DIALECT_PG ? "bigint" : "INTEGER";

	buf_fmt(b, "CREATE TABLE IF NOT EXISTS p_%s (\n\trecord %s PRIMARY KEY,\n\tparty %s NOT NULL,\n\troot %s NOT NULL,\n\tcurrent %s NOT NULL,\n\tat %s NOT NULL",
	        t->name, integer, integer, integer, integer, integer);
	for (size_t i = 0; i < t->n; i++)
		if (t->fields[i].index)
			buf_fmt(b, ",\n\t%s %s", t->fields[i].name, column_type(&t->fields[i], d));
	buf_fmt(b, "\n)%s;\n", d == DIALECT_PG ? "" : " STRICT");
	buf_fmt(b, "CREATE INDEX IF NOT EXISTS p_%s_party ON p_%s (party, record);\n", t->name, t->name);
	for (size_t i = 0; i < t->n; i++)
		if (t->fields[i].index)
			buf_fmt(b, "CREATE INDEX IF NOT EXISTS p_%s_%s ON p_%s (%s, record);\n", t->name, t->fields[i].name, t->name,
			        t->fields[i].name);
}

static const char *schema_format(enum kind k)
{
	switch (k) {
	case KIND_DATE: return "date";
	case KIND_URL: return "uri";
	case KIND_PASSWORD: return "password";
	default: return NULL;
	}
}

/* 不涉及 is a text whatever the kind of the value would be. */
static void put_type(struct arena *a, struct node *p, const struct field *f)
{
	const char *type = kind_row(f->kind)->json_type, *format = schema_format(f->kind);
	bool array = strcmp(type, "array") == 0, or_text = f->need == IF_APPLICABLE && strcmp(type, "string") != 0;
	struct node *items;

	if (or_text) {
		struct node *both = put_arr(a, p, "type");

		node_add(both, node_str(a, str_of(type)));
		node_add(both, node_str(a, S("string")));
	} else {
		put_z(a, p, "type", type);
	}
	if (format && f->need != IF_APPLICABLE)
		put_z(a, p, "format", format);
	if (!array)
		return;
	items = put_obj(a, p, "items");
	put_z(a, items, "type", "string");
	if (f->kind == KIND_NAMES) {
		struct str rest = str_of(f->list), word;
		struct node *words = put_arr(a, items, "enum");

		while (str_cut(&rest, '|', &word))
			node_add(words, node_str(a, word));
	}
}

static void put_marks(struct arena *a, struct node *p, const struct field *f)
{
	put_z(a, p, "x-en", f->en ? f->en : f->name);
	put_z(a, p, "x-clause", f->clause);
	put_z(a, p, "x-need", need_en[f->need]);
	put_z(a, p, "x-publicity", publicity_en[f->publicity]);
	put_z(a, p, "x-kind", kind_row(f->kind)->name);
	if (f->help)
		put_z(a, p, "x-help", f->help);
	if (f->kind == KIND_LISTED)
		put_z(a, p, "x-list", f->list);
	if (f->kind == KIND_REF)
		put_z(a, p, "x-ref", f->ref);
}

struct node *emit_json_schema(struct arena *a, const struct type *t)
{
	struct node *o = node_obj(a), *props, *required;

	put_z(a, o, "type", "object");
	put_z(a, o, "title", t->zh);
	props = put_obj(a, o, "properties");
	required = node_arr(a);
	for (size_t i = 0; i < t->n; i++) {
		const struct field *f = &t->fields[i];
		struct node *p = put_obj(a, props, f->name);

		put_type(a, p, f);
		put_z(a, p, "title", f->words);
		put_str(a, p, "description", str_fmt(a, "%s；%s；%s%s%s", f->clause, need_zh[f->need], publicity_zh[f->publicity], f->help ? "；" : "", f->help ? f->help : ""));
		put_marks(a, p, f);
		if (f->need != OPTIONAL)
			node_add(required, node_str(a, str_of(f->name)));
	}
	if (required->n)
		node_set(o, S("required"), required);
	put_bool(a, o, "additionalProperties", false);
	return o;
}

struct node *emit_package_schema(struct arena *a, const struct type *t)
{
	static const char *const texts[] = { "ref", "at", "id" }, *const lists[] = { "open", "withhold", "withheld" };
	struct node *o = emit_json_schema(a, t), *props = (struct node *)(uintptr_t)node_get(o, "properties");
	struct node *required = (struct node *)(uintptr_t)node_get(o, "required");

	put_z(a, put_obj(a, props, "type"), "const", t->name);
	for (size_t i = 0; i < ROWS(texts); i++)
		put_z(a, put_obj(a, props, texts[i]), "type", "string");
	put_z(a, put_obj(a, props, "index"), "type", "integer");
	for (size_t i = 0; i < ROWS(lists); i++) {
		struct node *list = put_obj(a, props, lists[i]);

		put_z(a, list, "type", "array");
		put_z(a, put_obj(a, list, "items"), "type", "string");
	}
	if (required)
		node_add(required, node_str(a, S("type")));
	return o;
}

static struct node *form_options(struct arena *a, const struct field *f)
{
	struct node *arr = node_arr(a);
	struct str rest = str_of(f->list), word;

	while (str_cut(&rest, '|', &word)) {
		struct node *o = node_obj(a);

		put_str(a, o, "key", word);
		put_str(a, o, "name", word);
		node_add(arr, o);
	}
	return arr;
}

struct node *emit_form(struct arena *a, const struct type *t, const struct value *values)
{
	struct node *rows = node_arr(a);

	for (size_t i = 0; i < t->n; i++) {
		const struct field *f = &t->fields[i];
		struct node *o = node_obj(a);

		put_z(a, o, "name", f->name);
		put_z(a, o, "zh", f->words);
		put_z(a, o, "en", f->en ? f->en : f->name);
		put_z(a, o, "input", kind_row(f->kind)->input);
		put_z(a, o, "kind", kind_row(f->kind)->name);
		put_bool(a, o, "textarea", strcmp(kind_row(f->kind)->input, "textarea") == 0);
		put_bool(a, o, "select", f->kind == KIND_LISTED || f->kind == KIND_NAMES);
		put_bool(a, o, "checkbox", f->kind == KIND_YES);
		put_bool(a, o, "file", f->kind == KIND_FILE);
		put_bool(a, o, "must", f->need == REQUIRED || f->need == ONE_OF);
		put_bool(a, o, "if_applicable", f->need == IF_APPLICABLE);
		put_bool(a, o, "choice", f->publicity == OWNER_CHOICE);
		put_bool(a, o, "private", f->publicity == PRIVATE);
		put_z(a, o, "clause", f->clause);
		put_z(a, o, "need_zh", need_zh[f->need]);
		put_z(a, o, "need_en", need_en[f->need]);
		put_z(a, o, "help", f->help ? f->help : "");
		if (f->kind == KIND_LISTED)
			put_z(a, o, "list", f->list);
		if (f->kind == KIND_NAMES)
			node_set(o, S("options"), form_options(a, f));
		if (values && values[i].said != SAID_NOTHING && !values[i].list)
			put_str(a, o, "value", values[i].text);
		node_add(rows, o);
	}
	return rows;
}

void emit_manual(struct buf *b, const struct type *t)
{
	buf_fmt(b, "## %s（%s）\n\n", t->zh, t->name);
	buf_z(b, "| 字段 | 名称 | 种类 | 是否必填 | 公开 | 条款 |\n|---|---|---|---|---|---|\n");
	for (size_t i = 0; i < t->n; i++) {
		const struct field *f = &t->fields[i];

		buf_fmt(b, "| `%s` | %s | %s | %s | %s | %s |\n", f->name, f->words, kind_row(f->kind)->zh, need_zh[f->need],
		        publicity_zh[f->publicity], f->clause);
	}
	buf_char(b, '\n');
}
