/* kernel/export.c - any other list as a file: parties, cases, notices, the audit, loads. Lists of records have exports of their own. */
#include "kernel/house.h"
#include "kernel/sheet.h"

enum { COLUMNS = 64, PAGES = 4000, PAGE_MAX = 64 << 20 };
enum { LIST_name, LIST_as };

static const struct field export_fields[] = {
	ROW(list, TEXT, REQUIRED, PUBLIC, OURS, "哪个列表", .max = 60, .en = "which list", .help = "操作名，如 party.list、case.list")
	ROW(as, NAMES, OPTIONAL, PUBLIC, OURS, "格式", .list = "csv|xlsx|ndjson", .max = 1, .en = "format")
};
static const struct type export_in = { .name = "list_export", .zh = "导出列表", .en = "export of a list", .fields = export_fields, .n = ROWS(export_fields) };

/* The next page as the list's own operation gives it to this caller; `last` is the id its page before ended with. */
static enum err page_of(struct call *c, const struct op *op, struct arena *page, struct str last, const struct node **ret_items)
{
	struct call p = { .k = c->k, .op = op, .who = c->who, .arena = page, .now = c->now, .db = c->db };
	enum err e;

	arena_reset(page);
	p.out = node_obj(page);
	p.raw = node_obj(page);
	p.troubles.a = page;
	p.in = TAKE(page, struct value, (op->in ? op->in->n : 0) + 1);
	for (size_t i = 0; op->in && i < op->in->n && last.n; i++)
		if (strcmp(op->in->fields[i].name, "before") == 0 || strcmp(op->in->fields[i].name, "from") == 0)
			p.in[i] = (struct value){ .said = SAID_VALUE, .text = str_copy(page, last) };
	e = op->run(&p);
	*ret_items = e ? NULL : node_get(p.out, "items");
	return e;
}

static size_t columns_of(struct call *c, const struct node *items, struct grid_column *col)
{
	size_t n = 0;

	for (const struct node *o = items ? items->first : NULL; o; o = o->next)
		for (const struct node *x = o->first; x && n < COLUMNS; x = x->next) {
			bool known = false;

			for (size_t i = 0; i < n; i++)
				known = known || str_eq(col[i].heading, x->key);
			if (!known)
				col[n++].heading = str_copy(c->arena, x->key);
		}
	return n;
}

static enum err put_items(struct sheet *s, const struct node *items, const struct grid_column *col, size_t n)
{
	enum err e = OK;

	for (const struct node *o = items ? items->first : NULL; o && !e; o = o->next) {
		struct arena *a = sheet_line(s);
		struct str *cells = TAKE(a, struct str, n + 1);

		for (size_t i = 0; i < n; i++)
			cells[i] = sheet_cell(a, node_get(o, str_z(a, col[i].heading)), ';');
		e = sheet_put(s, cells, n);
	}
	return e;
}

static enum err put_pages(struct call *c, const struct op *op, struct arena *page, struct sheet **ret)
{
	struct grid_column *col = TAKE(c->arena, struct grid_column, COLUMNS + 1);
	char last[ID_TEXT + 1] = "";
	size_t n = 0;
	enum err e = OK;

	for (int i = 0; i < PAGES && !e; i++) {
		const struct node *items;
		struct str id;

		e = page_of(c, op, page, str_of(last), &items);
		if (!e && i == 0) {
			n = columns_of(c, items, col);
			if (!n)
				col[n++].heading = S("id");
			e = sheet_begin(c, IN(c, LIST_as).n ? IN(c, LIST_as).list[0] : S("csv"), str_of(op->zh), col, n, false, ret);
		}
		if (e || !items || !items->n)
			return e;
		e = put_items(*ret, items, col, n);
		id = node_text(items->last, "id");
		if (id.n != ID_TEXT || str_is(id, last) || !op->in)
			return e;
		memcpy(last, id.p, ID_TEXT);
	}
	return e;
}

static enum err export_list_run(struct call *c)
{
	const struct op *op = op_find(c->k, IN(c, LIST_name).text);
	struct sheet *s = NULL;
	struct arena page;
	enum err e;

	if (!op || op->mode != READS || !str_ends(str_of(op->name), ".list") || op->files)
		return call_refuse(c, E_ABSENT, "没有这个列表；记录的列表请用各自的 export", "there is no such list; lists of records have exports of their own");
	e = op_allowed(op, c->who, false, 0, S(""));
	if (e)
		return e;
	arena_init(&page, PAGE_MAX, c->arena->full);
	e = put_pages(c, op, &page, &s);
	arena_end(&page);
	return s ? sheet_end(s, c, e) : e;
}

const struct op export_ops[] = {
	{ .name = "list.export", .method = GET, .path = "/v1/exports/{list}", .who = R_SIGNED_IN, .scope = SCOPE_OWN, .mode = READS_LONG, .in = &export_in,
	  .run = export_list_run, .clause = OURS, .zh = "导出列表", .en = "export a list", .gives = SHEET_GIVES },
};
const size_t export_ops_n = ROWS(export_ops);
