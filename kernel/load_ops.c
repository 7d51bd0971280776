/* kernel/load_ops.c - a table is sent, looked through, filed; its refused lines come back with their reasons. */
#include "kernel/house.h"
#include "kernel/load.h"
#include "kernel/sheet.h"

enum { OPEN_MOST = 30 };
#define SIZE_MOST (INT64_C(1) << 30)

enum { CREATE_what, CREATE_name, CREATE_choice, CREATE_fixed };
static const struct field create_fields[] = {
	ROW(what, TEXT, REQUIRED, PRIVATE, OURS, "导入什么", .max = 60, .en = "what the lines are", .help = "记录类型或操作，如 batch、sale、pack.create")
	ROW(name, TEXT, OPTIONAL, PRIVATE, OURS, "文件名", .en = "file name")
	ROW(choice, NAMES, OPTIONAL, PRIVATE, OURS, "检查后", .list = "all|good", .max = 1, .en = "after checking", .help = "all 全部正确才填报，good 只填报正确的行；不选则先看检查结果")
	ROW(fixed, NOTE, OPTIONAL, PRIVATE, OURS, "各行相同的内容", .en = "values all lines share", .help = "每行一项：字段=值")
};
static const struct type create_in = { .name = "load", .zh = "批量导入", .en = "load of a table", .fields = create_fields, .n = ROWS(create_fields) };

enum { ID_id, DATA_at };
#define LOAD_ID ROW(id, TEXT, REQUIRED, PRIVATE, OURS, "导入编号", .max = 13, .en = "load")
static const struct field data_fields[] = { LOAD_ID ROW(at, INTEGER, OPTIONAL, PRIVATE, OURS, "位置", .en = "where the piece begins", .help = "65536的倍数；不填为0") };
static const struct type data_in = { .name = "load_data", .zh = "文件内容", .en = "a piece of the file", .fields = data_fields, .n = ROWS(data_fields) };
static const struct type id_in = { .name = "load_id", .zh = "批量导入", .en = "load", .fields = data_fields, .n = 1 };

enum { FILE_id, FILE_choice };
static const struct field file_fields[] = { LOAD_ID
	ROW(choice, NAMES, REQUIRED, PRIVATE, OURS, "填报哪些行", .list = "all|good", .max = 1, .en = "which lines", .help = "all 全部正确才填报，good 只填报正确的行") };
static const struct type file_in = { .name = "load_file", .zh = "填报", .en = "file the lines", .fields = file_fields, .n = ROWS(file_fields) };

enum { AS_id, AS_as };
static const struct field refused_fields[] = { LOAD_ID ROW(as, NAMES, OPTIONAL, PRIVATE, OURS, "格式", .list = "csv|xlsx|ndjson", .max = 1, .en = "format") };
static const struct type refused_in = { .name = "load_refused", .zh = "未填报的行", .en = "refused lines", .fields = refused_fields, .n = ROWS(refused_fields) };

static enum err own_load(struct call *c, struct job *ret) { return job_own(c, IN(c, ID_id).text, "load", ret); }

static void put_load(struct call *c, struct node *o, const struct job *l)
{
	static const char *const texts[] = { "name", "choice", "why_zh", "why_en", "same_as" }, *const numbers[] = { "size", "lines", "good", "bad", "filed" };
	const struct op *op = op_find(c->k, l->what);

	job_put(c, o, l);
	put_z(c->arena, o, "what_zh", op ? op->in->zh : "");
	for (size_t i = 0; i < ROWS(texts); i++)
		if (node_text(l->facts, texts[i]).n)
			put_str(c->arena, o, texts[i], node_text(l->facts, texts[i]));
	for (size_t i = 0; i < ROWS(numbers); i++)
		put_int(c->arena, o, numbers[i], job_fact(l, numbers[i]));
}

/* ---- a new one ---- */

static const struct op *op_of_what(const struct kernel *k, struct arena *a, struct str what)
{
	const struct op *op = op_find(k, what);

	return op ? op : op_find(k, str_join(a, what, S(".create")));
}

static enum err fixed_of(struct call *c, const struct op *op, struct node **ret)
{
	struct str rest = IN(c, CREATE_fixed).text, line;
	struct node *o = node_obj(c->arena);

	while (str_cut(&rest, '\n', &line)) {
		struct str name;

		line = str_trim(line);
		if (!line.n)
			continue;
		if (!str_cut(&line, '=', &name) || (op && !type_field(op->in, str_trim(name), NULL)))
			return call_trouble(c, CREATE_fixed, "每行应为“字段=值”，字段须是这种记录的字段", "each line is field=value, a field of this record");
		if (node_get(o, str_z(c->arena, str_trim(name))))
			return call_trouble(c, CREATE_fixed, "同一个字段写了两次", "one field stands here twice");
		put_str(c->arena, o, str_z(c->arena, str_trim(name)), str_trim(line));
	}
	*ret = o;
	return OK;
}

/* One JSON document with "records" becomes a line each, as everything else is read. */
static struct str unfolded(struct call *c, struct str bytes)
{
	static const struct json_limits limits = { .bytes = 64 << 20, .depth = 16, .nodes = 4 << 20 };
	struct str head = str_trim(str_sub(bytes, 0, 4096));
	struct json_trouble trouble;
	const struct node *records;
	struct node *o;
	struct buf b;

	if (!str_starts(head, "{") || json_read(c->arena, bytes, &limits, &o, &trouble))
		return bytes;
	records = node_get(o, "records");
	if (!records || records->kind != NODE_ARR)
		return bytes;
	b = buf_in(c->arena, bytes.n + 16);
	for (const struct node *x = records->first; x; x = x->next) {
		json_write(&b, x);
		buf_char(&b, '\n');
	}
	return buf_str(&b);
}

/* What is neither filed nor dropped takes room: a party looks after what it has before it sends more. */
static enum err too_many(struct call *c)
{
	struct job *all;
	size_t n, open = 0;
	enum err e = job_list(c, "load", false, &all, &n);

	for (size_t i = 0; !e && i < n; i++)
		open += !str_is(all[i].state, "done") && !str_is(all[i].state, "dropped") && !str_is(all[i].state, "expired");
	if (!e && open >= OPEN_MOST)
		e = call_refuse(c, E_STATE, "未处理完的导入已有30个，请先填报或放弃", "there are 30 loads neither filed nor dropped: see to those first");
	return e;
}

static enum err create_prepare(struct call *c)
{
	struct job *l = TAKE(c->arena, struct job, 1);
	const struct op *op = op_of_what(c->k, c->arena, IN(c, CREATE_what).text);
	bool any = str_is(IN(c, CREATE_what).text, ANY);
	struct node *fixed = NULL;
	enum err e;

	if (!any && (!op || op->mode != WRITES || !op->in || !op->in->schema || op->upload))
		return call_trouble(c, CREATE_what, "没有这种可以批量导入的记录", "there is no such record to load");
	e = any ? OK : op_allowed(op, c->who, false, 0, S(""));
	if (!e)
		e = fixed_of(c, op, &fixed);
	if (!e)
		e = too_many(c);
	if (e)
		return e;
	if (any)
		c->upload.bytes = unfolded(c, c->upload.bytes);
	*l = (struct job){ .id = job_new_id(c), .kind = S("load"), .account = c->who->account, .party = c->who->party, .what = any ? S(ANY) : str_of(op->name), .at = c->now,
		.state = !c->upload.bytes.n ? S("receiving") : IN(c, CREATE_choice).n && str_is(IN(c, CREATE_choice).list[0], "good") ? S("filing") : S("checking"), .facts = node_obj(c->arena) };
	put_str(c->arena, l->facts, "name", IN(c, CREATE_name).said ? IN(c, CREATE_name).text : utf8_ok(c->upload.name) ? c->upload.name : S(""));
	put_str(c->arena, l->facts, "choice", IN(c, CREATE_choice).n ? IN(c, CREATE_choice).list[0] : S(""));
	put_str(c->arena, l->facts, "on_behalf", c->who->dock ? c->who->uscc : S(""));
	node_set(l->facts, S("fixed"), fixed);
	put_int(c->arena, l->facts, "size", (int64_t)c->upload.bytes.n);
	if (c->upload.bytes.n)
		e = spool_write(c->k, l->id, "in", 0, c->upload.bytes);
	c->scratch = l;
	return e;
}

static enum err create_run(struct call *c)
{
	struct job *l = c->scratch;
	enum err e = job_keep(c, l, !str_is(l->state, "receiving"));

	put_load(c, c->out, l);
	return e;
}

static enum err data_prepare(struct call *c)
{
	struct job *l = TAKE(c->arena, struct job, 1);
	int64_t at = IN(c, DATA_at).i, size = (int64_t)c->upload.bytes.n;
	enum err e = own_load(c, l);

	if (!e && !str_is(l->state, "receiving"))
		e = job_wrong_state(c, l);
	if (e)
		return e;
	if (at < 0 || at % 65536 || at > job_fact(l, "size"))
		return call_trouble(c, DATA_at, "应为65536的倍数，且不超过已收到的长度", "a multiple of 65536, not beyond what was received");
	if (!size || at + size > SIZE_MOST)
		return call_refuse(c, E_TOO_BIG, "没有内容，或总长超过1 GiB", "nothing was sent, or more than 1 GiB in all");
	job_set(l, c->arena, "size", at + size);
	c->scratch = l;
	return spool_write(c->k, l->id, "in", (uint64_t)at, c->upload.bytes);
}

static enum err data_run(struct call *c)
{
	struct job *sent = c->scratch, l;
	enum err e = own_load(c, &l);

	if (!e && !str_is(l.state, "receiving"))       /* checked or dropped while the piece came in */
		e = job_wrong_state(c, &l);
	if (!e && IN(c, DATA_at).i > job_fact(&l, "size"))
		e = call_refuse(c, E_STATE, "前面的一段同时在重新上传，请按顺序上传", "a piece before this one came again meanwhile; send them in order");
	if (e)
		return e;
	job_set(&l, c->arena, "size", job_fact(sent, "size"));
	e = job_keep(c, &l, false);
	put_load(c, c->out, &l);
	return e;
}

/* ---- on its way ---- */

/* Who wants the good lines whatever the others say needs no look beforehand: filing checks each line all the same. */
static bool straight(const struct job *l) { return str_is(node_text(l->facts, "choice"), "good"); }


static enum err move(struct call *c, struct job *l, const char *state)
{
	enum err e;

	l->state = str_of(state);
	e = job_keep(c, l, str_ends(l->state, "ing"));
	put_load(c, c->out, l);
	return e;
}

static enum err check_run(struct call *c)
{
	struct job l;
	enum err e = own_load(c, &l);

	if (!e && !str_is(l.state, "receiving") && !str_is(l.state, "checked") && !str_is(l.state, "failed"))
		e = job_wrong_state(c, &l);
	return e ? e : move(c, &l, straight(&l) || job_fact(&l, "done") ? "filing" : "checking");     /* what stands of it is not filed again */
}

static enum err file_run(struct call *c)
{
	bool all = str_is(IN(c, FILE_choice).list[0], "all");
	struct job l;
	enum err e = own_load(c, &l);

	if (!e && !str_is(l.state, "checked") && !(str_is(l.state, "stopped") && !all))
		e = job_wrong_state(c, &l);
	if (!e && all && job_fact(&l, "bad"))
		e = call_refuse(c, E_STATE, "有不正确的行：请改正后重新导入，或只填报正确的行", "some lines are refused: mend them, or file the good ones only");
	if (!e && str_is(l.state, "checked") && !job_fact(&l, "good"))
		e = call_refuse(c, E_STATE, "没有可以填报的行", "there is no line to file");
	if (e)
		return e;
	for (struct node *x = l.facts->first; x; x = x->next)
		if (str_is(x->key, "choice"))
			x->s = IN(c, FILE_choice).list[0];
	return move(c, &l, "filing");
}

static enum err drop_run(struct call *c)
{
	struct job l;
	enum err e = own_load(c, &l);

	if (!e && (str_is(l.state, "filing") || str_is(l.state, "checking")))
		e = job_wrong_state(c, &l);
	if (e)
		return e;
	spool_drop(c->k, l.id);
	return move(c, &l, "dropped");
}

/* ---- looking ---- */

/* Reads the lines of one part from the front. */
struct part { struct spool *in; uint64_t at; char *line; size_t cap; };

static bool part_line(struct part *p, struct str *ret)
{
	size_t n = 0;

	for (;;) {
		int64_t got;
		char *end;

		if (n + 65536 > p->cap) {
			size_t cap = p->cap ? 2 * p->cap : 131072;
			char *grown = cap > (size_t)64 << 20 ? NULL : realloc(p->line, cap);

			if (!grown)
				return false;
			p->line = grown;
			p->cap = cap;
		}
		got = spool_read(p->in, p->at + n, p->line + n, 65536);
		if (got <= 0)
			return false;
		end = memchr(p->line + n, '\n', (size_t)got);
		n += (size_t)got;
		if (end) {
			*ret = (struct str){ p->line, (size_t)(end - p->line) };
			p->at += ret->n + 1;
			return true;
		}
	}
}

static void part_close(struct part *p)
{
	spool_close(p->in);
	free(p->line);
}

static void put_refused(struct call *c, const struct job *l)
{
	static const struct json_limits limits = { .bytes = 64 << 20, .depth = 8, .nodes = 1 << 20 };
	struct node *list = put_arr(c->arena, c->out, "refused");
	struct part p = { NULL };
	struct str line;

	if (str_is(l->state, "checking") || str_is(l->state, "filing") || spool_open(c->k, l->id, "bad", &p.in))
		return;
	while (list->n < LOAD_SHOWN && part_line(&p, &line)) {
		struct json_trouble trouble;
		struct node *o;

		if (!json_read(c->arena, str_copy(c->arena, line), &limits, &o, &trouble))
			node_add(list, o);
	}
	part_close(&p);
}

static void put_heading(struct call *c, const struct job *l)
{
	const struct node *had = node_get(l->facts, "heading");
	struct node *arr = put_arr(c->arena, c->out, "heading");

	for (const struct node *x = had ? had->first : NULL; x; x = x->next)
		node_add(arr, node_str(c->arena, x->s));
}

static enum err get_run(struct call *c)
{
	struct job l;
	enum err e = own_load(c, &l);

	if (e)
		return e;
	put_load(c, c->out, &l);
	put_heading(c, &l);
	put_refused(c, &l);
	return OK;
}

static enum err list_run(struct call *c)
{
	struct node *arr = put_arr(c->arena, c->out, "items");
	struct job *all;
	size_t n;
	enum err e = job_list(c, "load", false, &all, &n);

	for (size_t i = 0; !e && i < n; i++) {
		struct node *o = node_obj(c->arena);

		if (str_is(all[i].state, "dropped"))
			continue;
		put_load(c, o, &all[i]);
		node_add(arr, o);
	}
	return e;
}

/* ---- the refused lines as a file of the shape that was sent, with a column of reasons ---- */

static struct str reasons_of(struct arena *a, const struct node *errors)
{
	struct buf b = buf_in(a, 200);

	for (const struct node *x = errors ? errors->first : NULL; x; x = x->next) {
		if (b.n)
			buf_z(&b, "；");
		buf_add(&b, node_text(x, "zh"));
	}
	return buf_str(&b);
}

/* The heading that was sent; NDJSON and texts have none. */
static enum err heading_of(struct call *c, const struct job *l, struct grid_line *ret)
{
	struct spool *in;
	struct str zh, en;
	struct grid_in *g;
	struct grid_source src;
	enum err e = spool_open(c->k, l->id, "in", &in);

	*ret = (struct grid_line){ .no = 1 };
	if (e)
		return e;
	src = (struct grid_source){ spool_read, in, spool_size(in) };
	e = grid_open(c->arena, &src, node_text(l->facts, "name"), NULL, &g, &zh, &en);
	if (!e) {
		if (grid_form(g) == GRID_CSV || grid_form(g) == GRID_XLSX)
			e = grid_next(g, c->arena, ret);
		grid_close(g);
	}
	spool_close(in);
	return e;
}

/* "批次.xlsx" gives 批次-未填报的行: the file that comes back is known by the one that was sent. */
static struct str file_title(struct call *c, const struct job *l, const char *what, const char *end)
{
	struct str name = node_text(l->facts, "name");
	size_t n = name.n;

	while (n && name.p[n - 1] != '.')
		n--;
	return n > 1 ? str_fmt(c->arena, "%.*s-%s.%s", (int)(n - 1), name.p, what, end) : str_fmt(c->arena, "%s.%s", what, end);
}

static enum err put_refused_lines(struct sheet *s, struct part *p, size_t columns)
{
	static const struct json_limits limits = { .bytes = 64 << 20, .depth = 8, .nodes = 1 << 20 };
	struct str line;

	while (part_line(p, &line)) {
		struct arena *a = sheet_line(s);
		struct str *cell = TAKE(a, struct str, columns + 2);
		const struct node *x;
		struct json_trouble trouble;
		struct node *o;
		size_t n = 0;
		enum err e = json_read(a, line, &limits, &o, &trouble);

		if (e)
			return E_CORRUPT;
		cell[n++] = str_fmt(a, "%lld", (long long)node_number(o, "line", 0));
		x = node_get(o, "cells") ? node_get(o, "cells")->first : NULL;
		for (size_t i = 0; i < columns; i++, x = x ? x->next : NULL)
			cell[n++] = x ? x->s : i == 0 ? node_text(o, "raw") : S("");
		cell[n++] = reasons_of(a, node_get(o, "errors"));
		e = sheet_put(s, cell, n);
		if (e)
			return e;
	}
	return OK;
}

static enum err refused_run(struct call *c)
{
	struct grid_line head;
	struct part p = { NULL };
	struct sheet *s = NULL;
	struct grid_column *col;
	struct job l;
	size_t n;
	enum err e = own_load(c, &l);

	if (!e && (str_is(l.state, "checking") || str_is(l.state, "filing")))
		e = job_wrong_state(c, &l);
	if (!e)
		e = heading_of(c, &l, &head);
	if (!e)
		e = spool_open(c->k, l.id, "bad", &p.in);
	if (e)
		return e;
	n = head.n ? head.n : 1;
	col = TAKE(c->arena, struct grid_column, n + 2);
	col[0].heading = S("行号");
	for (size_t i = 0; i < n; i++)
		col[i + 1].heading = head.n ? head.cell[i] : S("内容");
	col[n + 1].heading = S("原因");
	e = sheet_begin(c, IN(c, AS_as).n ? IN(c, AS_as).list[0] : S("csv"), S("未填报的行"), col, n + 2, false, &s);
	if (!e)
		e = put_refused_lines(s, &p, n);
	c->file_name = file_title(c, &l, "未填报的行", IN(c, AS_as).n ? str_z(c->arena, IN(c, AS_as).list[0]) : "csv");
	part_close(&p);
	return s ? sheet_end(s, c, e) : e;
}

/* line,id of everything filed */
static enum err filed_run(struct call *c)
{
	struct job l;
	enum err e = own_load(c, &l);

	if (!e)
		c->file_name = file_title(c, &l, "已填报", "csv");
	return e ? e : spool_answer(c, l.id, "filed", "text/csv; charset=utf-8");
}

#define WHO (R_PARTY | R_DOCK | R_OFFICER | R_OPERATOR)
#define LOAD_OP(n, m, p, md, t, r, z, e, ...) { .name = "load." n, .method = m, .path = "/v1/loads" p, .who = WHO, .inside = IN_WAREHOUSE, .scope = SCOPE_OWN, \
	.mode = md, .in = t, .run = r, .clause = "二（三）", .zh = z, .en = e, __VA_ARGS__ },
const struct op load_ops[] = {
	LOAD_OP("create", POST, "", WRITES, &create_in, create_run, "导入一个文件", "load a table", .upload = true, .prepare = create_prepare)
	LOAD_OP("data", POST, "/{id}/data", WRITES, &data_in, data_run, "上传一段", "send a piece", .upload = true, .prepare = data_prepare, .quiet = true)
	LOAD_OP("check", POST, "/{id}/check", WRITES, &id_in, check_run, "检查", "look it through")
	LOAD_OP("file", POST, "/{id}/file", WRITES, &file_in, file_run, "填报", "file it")
	LOAD_OP("drop", POST, "/{id}/drop", WRITES, &id_in, drop_run, "放弃", "drop it")
	LOAD_OP("get", GET, "/{id}", READS, &id_in, get_run, "导入情况", "how it goes")
	LOAD_OP("list", GET, "", READS, NULL, list_run, "批量导入", "bulk loads")
	LOAD_OP("refused", GET, "/{id}/refused", READS_LONG, &refused_in, refused_run, "未填报的行", "refused lines", .gives = SHEET_GIVES)
	LOAD_OP("filed", GET, "/{id}/filed", READS, &id_in, filed_run, "已填报的行", "filed lines", .gives = SHEET_CSV)
};
const size_t load_ops_n = ROWS(load_ops);
