/* kernel/package.c - what a party filed, as one package other platforms can read, and its published schema.
 *
 * A type with .package stands in the package of that name; nothing here knows which types those are. A record names others of the same
 * package as "#ref", so that it can be filed anywhere: suyuan load takes it back in. Format: docs/formats/package.md.
 */
#include "kernel/sheet.h"

#include "kernel/house.h"

#define PACKAGE "annex2"
#define PACKAGE_VERSION "samr-2024-10/annex2/1"

enum { GET_as, GET_since };
static const struct field get_fields[] = {
	ROW(as, NAMES, OPTIONAL, PUBLIC, OURS, "格式", .list = "ndjson|json|csv|xlsx", .max = 1, .en = "format")
	ROW(since, DATE, OPTIONAL, PUBLIC, OURS, "起始日期", .en = "filed since")
};
static const struct type get_in = { .name = "package", .zh = "数据包", .en = "package", .fields = get_fields, .n = ROWS(get_fields) };

static bool in_package(const struct type *t) { return t->package && strcmp(t->package, PACKAGE) == 0; }

/* How a value reads where our own numbers mean nothing. */
static struct node *outward(struct call *c, const struct record *r, size_t field)
{
	const struct type *t = r->type;
	const struct value *v = &r->values[field];
	struct node *n = NULL;

	if (v->said == SAID_VALUE && t->fields[field].kind == KIND_REF)
		return node_str(c->arena, str_join(c->arena, S("#"), v->text));
	for (size_t m = 0; m < c->k->n_modules && !n && v->said == SAID_VALUE; m++)
		if (c->k->modules[m]->outward)
			n = c->k->modules[m]->outward(c, r, field);
	return n ? n : value_node(c->arena, &t->fields[field], v);
}

static struct node *withheld_names(struct call *c, const struct record *r)
{
	struct node *list = node_arr(c->arena);

	for (size_t i = 0; i < r->type->n; i++)
		if (r->type->fields[i].publicity == OWNER_CHOICE && r->values[i].said && !r->values[i].open)
			node_add(list, node_str(c->arena, str_of(r->type->fields[i].name)));
	return list;
}

static struct node *record_node(struct call *c, const struct record *r)
{
	struct node *o = node_obj(c->arena), *hidden = withheld_names(c, r);

	put_z(c->arena, o, "type", r->type->name);
	put_str(c->arena, o, "ref", id_str(c->arena, r->id));
	put_str(c->arena, o, "at", time_str(c->arena, r->at, false));
	put_int(c->arena, o, "index", (int64_t)r->index);
	for (size_t i = 0; i < r->type->n; i++) {
		struct node *v = r->type->fields[i].filled || r->type->fields[i].cls == TRANSIENT ? NULL : outward(c, r, i);

		if (v)
			node_set(o, str_of(r->type->fields[i].name), v);
	}
	if (hidden->n)
		node_set(o, S("withhold"), hidden);
	return o;
}

/* ---- every record of the party, type by type, oldest first ---- */

struct package {
	struct call *c;
	struct sheet *sheet;      /* CSV, XLSX */
	struct sheet *text;       /* NDJSON, JSON */
	size_t columns, n;
	int64_t since;
	bool json;
};

static enum err put_cells(struct package *p, const struct record *r, const struct node *o)
{
	struct arena *a = p->c->arena;
	struct str *cell = TAKE(a, struct str, p->columns);
	size_t n = 2, n_types;
	const struct type *const *types = kernel_types(p->c->k, &n_types);

	cell[0] = str_of(r->type->zh);
	cell[1] = node_text(o, "ref");
	for (size_t t = 0; t < n_types; t++)
		for (size_t i = 0; in_package(types[t]) && i < types[t]->n; i++)
			if (!types[t]->fields[i].filled && types[t]->fields[i].cls != TRANSIENT)
				cell[n++] = types[t] == r->type ? sheet_cell(a, node_get(o, types[t]->fields[i].name), '\n') : S("");
	cell[n++] = sheet_cell(a, node_get(o, "withhold"), '\n');
	return sheet_put(p->sheet, cell, n);
}

static enum err put_record(struct package *p, const struct record *r)
{
	struct node *o = record_node(p->c, r);
	struct str line;

	if (p->sheet)
		return put_cells(p, r, o);
	line = json_str(p->c->arena, o);
	return sheet_text(p->text, str_fmt(p->c->arena, "%s%.*s%s", p->json && p->n++ ? ",\n" : "", STR_ARG(line), p->json ? "" : "\n"));
}

static enum err put_type(struct package *p, const struct type *t)
{
	const unsigned all = (1u << KEY_CLASSES) - 1;
	struct call *c = p->c;
	struct arena *life = c->arena, page;
	int64_t after = 0;
	enum err e = OK;

	arena_init(&page, 512 << 20, life->full);
	for (size_t n = 50; n == 50 && !e;) {
		struct rows rows;

		arena_reset(&page);
		c->arena = &page;
		e = db_ask(c->db, &page, type_sql(c->k, t)->own_from, VALS(V_I(after), V_I(c->who->party)), &rows);
		n = e ? 0 : rows.n;
		for (size_t i = 0; i < n && !e; i++) {
			struct record r;

			after = row_int(&rows, i, 0);
			e = kernel_record(c, after, all, &r);
			if (!e && r.at >= p->since)
				e = put_record(p, &r);
		}
	}
	c->arena = life;
	arena_end(&page);
	return e;
}

/* ---- the file ---- */

static size_t columns_of(struct call *c, struct grid_column *col)
{
	size_t n = 0, n_types;
	const struct type *const *types = kernel_types(c->k, &n_types);

	col[n++].heading = S("记录种类");
	col[n++].heading = S("名称");
	for (size_t t = 0; t < n_types; t++)
		for (size_t i = 0; in_package(types[t]) && i < types[t]->n; i++)
			if (!types[t]->fields[i].filled && types[t]->fields[i].cls != TRANSIENT)
				col[n++] = (struct grid_column){ .heading = package_heading(c->arena, types[t], &types[t]->fields[i]), .note = str_of(types[t]->fields[i].clause) };
	col[n++].heading = S("不公开的栏目");
	return n;
}

static enum err package_begin(struct package *p, struct str as)
{
	struct call *c = p->c;
	struct grid_column *col = TAKE(c->arena, struct grid_column, LINE_COLUMNS + 4);
	struct str head;
	enum err e;

	p->json = str_is(as, "json");
	p->columns = columns_of(c, col);
	if (str_is(as, "csv") || str_is(as, "xlsx"))
		return sheet_begin(c, as, S("附件2数据包"), col, p->columns, false, &p->sheet);
	head = str_fmt(c->arena, "{\"schema\":\"" PACKAGE_VERSION "\",\"platform\":\"%s\",\"made\":\"%.*s\"%s\n", kernel_public_url(c->k),
	               STR_ARG(time_str(c->arena, c->now, false)), p->json ? ",\"records\":[" : "}");
	c->file_name = str_fmt(c->arena, "附件2数据包-%.*s.%s", STR_ARG(date_str(c->arena, c->now, CHINA_OFFSET_MIN)), p->json ? "json" : "ndjson");
	e = sheet_text_begin(c, p->json ? "application/json" : "application/x-ndjson", &p->text);
	return e ? e : sheet_text(p->text, head);
}

static enum err package_run(struct call *c)
{
	struct package p = { .c = c, .since = IN(c, GET_since).said ? IN(c, GET_since).i * DAY_MS - CHINA_OFFSET_MIN * INT64_C(60000) : 0 };
	size_t n;
	const struct type *const *types = kernel_types(c->k, &n);
	enum err e = package_begin(&p, IN(c, GET_as).n ? IN(c, GET_as).list[0] : S("ndjson"));

	for (size_t i = 0; i < n && !e; i++)
		if (in_package(types[i]))
			e = put_type(&p, types[i]);
	if (!e && p.json)
		e = sheet_text(p.text, S("\n]}\n"));
	if (p.sheet)
		return sheet_end(p.sheet, c, e);
	return p.text ? sheet_end(p.text, c, e) : e;
}

/* ---- the published schema ---- */

static enum err schema_run(struct call *c)
{
	struct node *o = c->out, *defs, *one;
	size_t n;
	const struct type *const *types = kernel_types(c->k, &n);

	put_z(c->arena, o, "$schema", "https://json-schema.org/draft/2020-12/schema");
	put_str(c->arena, o, "$id", str_fmt(c->arena, "%s/v1/schemas/" PACKAGE, kernel_public_url(c->k)));
	put_z(c->arena, o, "title", "重点工业产品质量安全追溯数据（附件2）");
	put_z(c->arena, o, "version", PACKAGE_VERSION);
	one = put_arr(c->arena, o, "oneOf");
	defs = put_obj(c->arena, o, "$defs");
	for (size_t i = 0; i < n; i++) {
		struct node *def, *ref;

		if (!in_package(types[i]))
			continue;
		ref = node_obj(c->arena);
		put_str(c->arena, ref, "$ref", str_fmt(c->arena, "#/$defs/%s", types[i]->name));
		node_add(one, ref);
		def = emit_package_schema(c->arena, types[i]);
		node_set(defs, str_of(types[i]->name), def);
	}
	return OK;
}

const struct op package_ops[] = {
	{ .name = "package.get", .method = GET, .path = "/v1/packages/" PACKAGE, .who = R_PARTY | R_DOCK, .inside = IN_FILER, .scope = SCOPE_OWN, .mode = READS_LONG,
	  .in = &get_in, .run = package_run, .gives = SHEET_GIVES "|application/json", .clause = "附2", .zh = "取附件2数据包", .en = "what was filed, as a package" },
	{ .name = "package.schema", .method = GET, .path = "/v1/schemas/" PACKAGE, .who = R_ALL, .scope = SCOPE_PUBLIC, .mode = READS, .run = schema_run,
	  .clause = "附2", .zh = "数据包的格式", .en = "schema of the package" },
};
const size_t package_ops_n = ROWS(package_ops);
