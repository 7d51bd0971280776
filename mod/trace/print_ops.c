/* mod/trace/print_ops.c - one symbol, a look at a label, a sheet at once, and orders of labels as jobs with their parts. */
#include "mod/trace/print.h"

enum { PREVIEW_MOST = 24, SYMBOL_TEXT = 1000, SHOWN_PARTS = 1000 };

/* ---- inputs ---- */

enum { SYMBOL_text, SYMBOL_symbology, SYMBOL_as, SYMBOL_module };
static const struct field symbol_fields[] = {
	ROW(text, TEXT, REQUIRED, PUBLIC, OURS, "内容", .max = SYMBOL_TEXT, .en = "text")
	ROW(symbology, NAMES, OPTIONAL, PUBLIC, OURS, "码制", .list = "qr|datamatrix|gs1_datamatrix|gs1_128|ean13|code128|hanxin", .max = 1, .en = "symbology", .help = "不选为 QR 码")
	ROW(as, NAMES, OPTIONAL, PUBLIC, OURS, "格式", .list = "svg|png", .max = 1, .en = "format")
	ROW(module, DECIMAL, OPTIONAL, PUBLIC, OURS, "模块大小", .en = "size of a module", .help = "svg 为毫米，0.1 到 5；png 为像素，1 到 20")
};
const struct type symbol_in = { .name = "symbol", .zh = "码图", .en = "symbol", .fields = symbol_fields, .n = ROWS(symbol_fields) };

#define ORDER_FIELDS \
	ROW(id, REF, REQUIRED, PRIVATE, "附3", "码包", .ref = "pack", .own = true, .en = "pack") \
	ROW(template, NOTE, OPTIONAL, PRIVATE, OURS, "模板", .max = 65536, .en = "template", .help = "现成模板的名称，或模板的 JSON") \
	ROW(form, NAMES, OPTIONAL, PRIVATE, "附3", "码的形式", .list = FORM_NAMES, .max = 1, .en = "form", .help = "不选时按所选的追溯码种类") \
	ROW(as, NAMES, OPTIONAL, PRIVATE, OURS, "格式", .list = PAPER_NAMES, .max = 1, .en = "format", .help = "pdf 整版，zpl、tspl 标签打印机") \
	ROW(dpi, NAMES, OPTIONAL, PRIVATE, OURS, "打印机分辨率", .list = "203|300|600", .max = 1, .en = "printer's resolution") \
	ROW(from, INTEGER, OPTIONAL, PRIVATE, OURS, "从第几个", .en = "first place", .help = "码包内的序号，从0起") \
	ROW(count, INTEGER, OPTIONAL, PRIVATE, OURS, "几个码", .en = "how many codes") \
	ROW(copies, INTEGER, OPTIONAL, PRIVATE, OURS, "每个码几张", .en = "labels for each code", .help = "成对标签填2") \
	ROW(logo, FILE, OPTIONAL, PRIVATE, OURS, "标识图", .en = "logo", .help = "PNG") \
	ROW(best_mask, YES, OPTIONAL, PRIVATE, OURS, "逐个挑选 QR 掩模", .en = "choose the QR mask each time", .help = "慢一倍多；不选一样能读")
static const struct field order_fields[] = { ORDER_FIELDS
	ROW(part, INTEGER, OPTIONAL, PRIVATE, OURS, "每份几个码", .en = "codes in a part", .help = "不填时每份20000张") };
const struct type sheet_in = { .name = "label_sheet", .zh = "标签", .en = "labels", .fields = order_fields, .n = ORDER_part };
const struct type print_in = { .name = "print", .zh = "打印任务", .en = "print job", .fields = order_fields, .n = ROWS(order_fields) };

enum { ID_id, ID_part };
static const struct field print_id_fields[] = {
	ROW(id, TEXT, REQUIRED, PRIVATE, OURS, "任务编号", .max = 13, .en = "job")
	ROW(part, INTEGER, REQUIRED, PRIVATE, OURS, "第几份", .en = "part")
};
const struct type print_id_in = { .name = "print_id", .zh = "打印任务", .en = "print job", .fields = print_id_fields, .n = 1 };
const struct type print_part_in = { .name = "print_part", .zh = "打印任务的一份", .en = "part of a print job", .fields = print_id_fields, .n = 2 };

/* ---- one symbol ---- */

/* In thousandths; -1: no such number. */
static int64_t thousandths(struct str s)
{
	struct str whole = S(""), part;
	int64_t v, f = 0;

	part = str_find(s, '.') < s.n ? str_sub(s, str_find(s, '.') + 1, s.n) : S("");
	whole = str_sub(s, 0, str_find(s, '.'));
	if (part.n > 3 || whole.n > 3 || !str_to_int(whole, &v) || v < 0 || (part.n && !str_to_int(part, &f)))
		return -1;
	for (size_t i = part.n; i < 3; i++)
		f *= 10;
	return v * 1000 + f;
}

enum err symbol_get(struct call *c)
{
	const struct value *v = c->in;
	enum symbology kind = v[SYMBOL_symbology].n ? symbology_of(v[SYMBOL_symbology].list[0]) : SYM_QR;
	bool png = v[SYMBOL_as].n && str_is(v[SYMBOL_as].list[0], "png");
	int64_t size = v[SYMBOL_module].said ? thousandths(v[SYMBOL_module].text) : png ? 4000 : 500;
	struct str zh = S(""), en = S("");
	struct symbol s;
	struct buf b;
	enum err e;

	if (size < (png ? 1000 : 100) || size > (png ? 20000 : 5000))
		return call_trouble(c, SYMBOL_module, "模块：svg 0.1 到 5 毫米，png 1 到 20 像素", "a module: 0.1 to 5 mm as svg, 1 to 20 pixels as png");
	e = symbol_make(c->arena, kind, v[SYMBOL_text].text, 0, &s, &zh, &en);
	if (e)
		return zh.n ? call_trouble(c, SYMBOL_text, str_z(c->arena, zh), str_z(c->arena, en)) : e;
	c->media = png ? "image/png" : "image/svg+xml";
	if (png)
		return symbol_png(c->arena, &s, (unsigned)(size / 1000), 60, &c->bytes);
	b = buf_in(c->arena, 16384);
	symbol_svg(&b, &s, (double)size / 1000, 15);
	c->bytes = buf_str(&b);
	return OK;
}

/* ---- a sheet, drawn while it is sent ---- */

struct sheet_stream {
	struct stream s;
	struct arena life;
	struct plan plan;
	struct drawing d;
	char *text;
	size_t n, at, cap;
	uint32_t done;
	bool drawing;
};

static bool sheet_sink(void *ctx, const char *p, size_t n)
{
	struct sheet_stream *s = ctx;

	if (s->n + n > s->cap) {
		size_t cap = 2 * (s->n + n) + 65536;
		char *grown = realloc(s->text, cap);

		if (!grown)
			return false;
		s->text = grown;
		s->cap = cap;
	}
	memcpy(s->text + s->n, p, n);
	s->n += n;
	return true;
}

static int64_t sheet_pull(void *ctx, char *to, size_t cap)
{
	struct sheet_stream *s = ctx;
	enum err e = OK;
	size_t n;

	if (s->at == s->n)
		s->at = s->n = 0;
	while (s->drawing && s->n == 0 && !e) {
		bool more = s->done < s->plan.count;

		e = more ? drawing_put(&s->d, s->plan.from + s->done++) : drawing_end(&s->d);
		s->drawing = more;
	}
	if (e)
		return -1;
	n = s->n - s->at < cap ? s->n - s->at : cap;
	if (n)
		memcpy(to, s->text + s->at, n);
	s->at += n;
	return (int64_t)n;
}

static void sheet_done(void *ctx)
{
	struct sheet_stream *s = ctx;

	if (s->drawing)
		drawing_drop(&s->d);
	plan_end(&s->plan);
	arena_end(&s->life);
	free(s->text);
	free(s);
}

/* The plan outlives the call: it is read again into memory of its own. */
static enum err sheet_answer(struct call *c, const struct pack *p, const struct node *order)
{
	struct sheet_stream *s = calloc(1, sizeof(*s));
	static const struct json_limits limits = { .bytes = 4 << 20, .depth = 8, .nodes = 100000 };
	struct call own = *c;
	struct json_trouble trouble;
	struct node *copy;
	struct str zh, en;
	enum err e;

	if (!s)
		return E_IO;
	arena_init(&s->life, (size_t)256 << 20, c->arena->full);
	own.arena = &s->life;
	e = json_read(&s->life, json_str(&s->life, order), &limits, &copy, &trouble);
	if (!e)
		e = plan_open(&own, p, copy, &s->plan, &zh, &en);
	if (!e)
		e = drawing_begin(&s->d, &s->plan, (struct label_sink){ sheet_sink, s }, s->plan.count * s->plan.copies);
	s->drawing = !e;
	s->life.full = NULL;
	if (e) {
		sheet_done(s);
		return e;
	}
	s->s = (struct stream){ sheet_pull, sheet_done, s, paper_media(s->plan.as) };
	c->stream = &s->s;
	if (s->plan.as != PAPER_SVG)
		c->file_name = str_fmt(c->arena, "标签-%.*s.%s", STR_ARG(id_str(c->arena, p->record)), paper_name(s->plan.as));
	return OK;
}

enum err label_sheet(struct call *c)
{
	struct node *order;
	struct pack p;
	enum err e = order_make(c, SHEET_MOST, &p, &order);

	return e ? e : sheet_answer(c, &p, order);
}

/* The same order, drawn as a picture of its first labels. */
enum err label_preview(struct call *c)
{
	struct value *as = &c->in[ORDER_as], *count = &c->in[ORDER_count];
	static const struct str svg[] = { { "svg", 3 } };

	if (!c->in[ORDER_template].said && (!as->n || str_is(as->list[0], "pdf")))
		c->in[ORDER_template] = (struct value){ .said = SAID_VALUE, .text = S("a4_24") };
	*as = (struct value){ .said = SAID_VALUE, .list = svg, .n = 1 };
	if (!count->said)
		*count = (struct value){ .said = SAID_VALUE, .i = 1 };
	if (count->i > PREVIEW_MOST)
		return call_trouble(c, ORDER_count, "预览至多24个", "a preview shows at most 24");
	return label_sheet(c);
}

/* ---- jobs ---- */

struct str part_name(struct arena *a, char kind, int64_t no) { return str_fmt(a, "%c%04lld", kind, (long long)no); }

static int64_t parts_of(const struct job *j)
{
	int64_t part = job_fact(j, "part");

	return part > 0 ? (job_fact(j, "count") + part - 1) / part : 0;
}

static void put_print(struct call *c, struct node *o, const struct job *j, bool whole)
{
	static const char *const texts[] = { "name", "as", "form", "why_zh", "why_en" }, *const numbers[] = { "from", "count", "copies", "part", "done", "labels", "bytes" };
	static const char *const goods[] = { "product_name", "batch" };
	const struct node *values = node_get(j->facts, "values");
	struct node *list;

	job_put(c, o, j);
	for (size_t i = 0; i < ROWS(texts); i++)
		if (node_text(j->facts, texts[i]).n)
			put_str(c->arena, o, texts[i], node_text(j->facts, texts[i]));
	for (size_t i = 0; i < ROWS(numbers); i++)
		put_int(c->arena, o, numbers[i], job_fact(j, numbers[i]));
	put_int(c->arena, o, "parts", parts_of(j));
	for (size_t i = 0; i < ROWS(goods); i++)
		if (node_text(values, goods[i]).n)
			put_str(c->arena, o, goods[i], node_text(values, goods[i]));
	if (!whole || str_is(j->state, "dropped"))
		return;
	list = put_arr(c->arena, o, "ready");
	for (int64_t i = 1; i <= job_fact(j, "done") && i <= SHOWN_PARTS; i++)
		node_add(list, node_str(c->arena, str_fmt(c->arena, "/v1/prints/%.*s/parts/%lld", STR_ARG(id_str(c->arena, j->id)), (long long)i)));
}

enum err print_prepare(struct call *c)
{
	struct job *j = TAKE(c->arena, struct job, 1);
	struct pack p;
	struct node *order;
	enum err e = order_make(c, PACK_MAX, &p, &order);

	if (e)
		return e;
	if (str_is(node_text(order, "as"), "svg"))
		return call_trouble(c, ORDER_as, "打印任务为 pdf、zpl 或 tspl", "a print job makes pdf, zpl or tspl");
	put_int(c->arena, order, "done", 0);
	put_int(c->arena, order, "labels", 0);
	put_int(c->arena, order, "bytes", 0);
	*j = (struct job){ .id = job_new_id(c), .kind = S("print"), .account = c->who->account, .party = c->who->party, .what = id_str(c->arena, p.record),
		.state = S("waiting"), .at = c->now, .facts = order };
	c->scratch = j;
	return OK;
}

enum err print_create(struct call *c)
{
	struct job *j = c->scratch;
	enum err e = job_keep(c, j, true);

	put_print(c, c->out, j, false);
	return e;
}

static enum err own_print(struct call *c, struct job *ret) { return job_own(c, c->in[ID_id].text, "print", ret); }

enum err print_get(struct call *c)
{
	struct job j;
	enum err e = own_print(c, &j);

	if (!e)
		put_print(c, c->out, &j, true);
	return e;
}

enum err print_list(struct call *c)
{
	struct node *arr = put_arr(c->arena, c->out, "items");
	struct job *all;
	size_t n;
	enum err e = job_list(c, "print", false, &all, &n);

	for (size_t i = 0; !e && i < n; i++) {
		struct node *o = node_obj(c->arena);

		if (str_is(all[i].state, "dropped"))
			continue;
		put_print(c, o, &all[i], false);
		node_add(arr, o);
	}
	return e;
}

enum err print_part(struct call *c)
{
	struct job j;
	enum err e = own_print(c, &j);
	int64_t no = c->in[ID_part].i;
	const char *media = "application/pdf";

	if (e)
		return e;
	if (no < 1 || no > job_fact(&j, "done") || str_is(j.state, "dropped"))
		return E_ABSENT;
	if (!str_is(node_text(j.facts, "as"), "pdf"))
		media = "text/plain; charset=utf-8";
	c->file_name = str_fmt(c->arena, "标签-%.*s-p%04lld.%.*s", STR_ARG(j.what), (long long)no, STR_ARG(node_text(j.facts, "as")));
	return spool_answer(c, j.id, part_name(c->arena, 'p', no).p, media);
}

enum err print_manifest(struct call *c)
{
	struct buf b = buf_in(c->arena, 65536);
	struct job j;
	enum err e = own_print(c, &j);

	if (!e && str_is(j.state, "dropped"))
		e = E_ABSENT;
	for (int64_t i = 1; !e && i <= job_fact(&j, "done"); i++) {
		struct spool *in;
		char line[1024];
		int64_t n;

		e = spool_open(c->k, j.id, part_name(c->arena, 'm', i).p, &in);
		if (e)
			break;
		n = spool_read(in, 0, line, sizeof(line));
		spool_close(in);
		if (n > 0)
			buf_add(&b, (struct str){ line, (size_t)n });
		else
			e = E_CORRUPT;
	}
	c->bytes = buf_str(&b);
	c->media = "application/x-ndjson";
	return e;
}

/* While it draws, too: the worker sees it at the end of its part and leaves nothing behind. */
enum err print_drop(struct call *c)
{
	struct job j;
	enum err e = own_print(c, &j);

	if (e)
		return e;
	j.state = S("dropped");
	e = job_keep(c, &j, false);
	if (!e)
		spool_drop(c->k, j.id);
	put_print(c, c->out, &j, false);
	return e;
}
