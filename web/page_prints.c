/* web/page_prints.c - orders of labels: the list of them, how one goes, its parts, its manifest; and dropping one. */
#include "web/ask.h"

static bool at_work(const struct node *job) { return str_is(node_text(job, "state"), "waiting") || str_is(node_text(job, "state"), "drawing"); }

static const char *tone_of(struct str state) { return str_is(state, "done") ? "ok" : str_is(state, "failed") ? "bad" : "none"; }

/* 1,234,567 reads at a glance, 1234567 does not. */
struct str number_words(struct ask *q, int64_t n)
{
	struct str digits = str_fmt(q->a, "%lld", (long long)n);
	struct buf b = buf_in(q->a, digits.n * 2);

	for (size_t i = 0; i < digits.n; i++) {
		if (i && (digits.n - i) % 3 == 0)
			buf_char(&b, ',');
		buf_char(&b, digits.p[i]);
	}
	return buf_str(&b);
}

static struct str size_of(struct ask *q, int64_t bytes)
{
	if (bytes < 1 << 20)
		return str_fmt(q->a, "%lld KB", (long long)((bytes + 1023) / 1024));
	return str_fmt(q->a, "%.1f MB", (double)bytes / (1 << 20));
}

static struct str range(struct ask *q, int64_t first, int64_t n)
{
	return str_fmt(q->a, "%.*s – %.*s", STR_ARG(number_words(q, first + 1)), STR_ARG(number_words(q, first + n)));
}

static void put_job(struct ask *q, struct node *o, const struct node *job)
{
	struct str state = node_text(job, "state"), goods = node_text(job, "product_name");
	int64_t count = node_number(job, "count", 0), copies = node_number(job, "copies", 1);

	put_str(q->a, o, "id", node_text(job, "id"));
	put_str(q->a, o, "pack", node_text(job, "what"));
	put_str(q->a, o, "goods", goods.n ? goods : node_text(job, "what"));
	put_str(q->a, o, "batch", node_text(job, "batch"));
	put_str(q->a, o, "template", node_text(job, "name"));
	put_str(q->a, o, "form", word_of(q, "form", node_text(job, "form")));
	put_str(q->a, o, "paper", word_of(q, "paper_short", node_text(job, "as")));
	put_str(q->a, o, "labels", number_words(q, count * copies));
	put_str(q->a, o, "range", range(q, node_number(job, "from", 0), count));
	put_bool(q->a, o, "paired", copies == 2);
	put_str(q->a, o, "at", china_time(q, node_text(job, "at")));
	put_str(q->a, o, "state", word_of(q, "print_state", state));
	put_z(q->a, o, "tone", tone_of(state));
	put_int(q->a, o, "done", node_number(job, "done", 0));
	put_int(q->a, o, "parts", node_number(job, "parts", 0));
	put_str(q->a, o, "size", size_of(q, node_number(job, "bytes", 0)));
}

/* ---- the list ---- */

static void prints_answered(struct ask *q)
{
	const struct node *items = node_get(q->call.out, "items");
	struct node *o, *list;
	bool refresh = false;

	if (!answer_page(q))
		return;
	o = frame(q, "打印任务", "Print jobs");
	put_bool(q->a, o, "dropped", ask_query(q, "dropped").n > 0);
	list = put_arr(q->a, o, "prints");
	for (const struct node *x = items ? items->first : NULL; x; x = x->next) {
		struct node *row = node_obj(q->a);

		put_str(q->a, row, "href", str_fmt(q->a, "/ui/prints/%.*s", STR_ARG(node_text(x, "id"))));
		put_job(q, row, x);
		node_add(list, row);
		refresh = refresh || at_work(x);
	}
	put_bool(q->a, o, "refresh", refresh);
	reply_page(q, 200, "prints", o);
}

void page_prints(struct ask *q) { page_op(q, "print.list", prints_answered); }

/* ---- one of them ---- */

static int64_t bytes_said(struct ask *q, struct str line)
{
	static const struct json_limits limits = { .bytes = 4096, .depth = 4, .nodes = 64 };
	struct json_trouble trouble;
	struct node *o;

	return json_read(q->a, line, &limits, &o, &trouble) ? 0 : node_number(o, "bytes", 0);
}

/* Ranges follow from the order; sizes stand in the manifest, a line a part. */
static void put_parts(struct ask *q, struct node *o, const struct node *job, struct str manifest)
{
	struct node *list = put_arr(q->a, o, "ready");
	const struct node *ready = node_get(job, "ready");
	int64_t part = node_number(job, "part", 1), from = node_number(job, "from", 0), count = node_number(job, "count", 0), no = 0;
	struct str line = S("");

	for (const struct node *x = ready ? ready->first : NULL; x; x = x->next, no++) {
		int64_t left = count - no * part, n = left < part ? left : part, bytes;
		struct node *row = node_obj(q->a);

		bytes = str_cut(&manifest, '\n', &line) ? bytes_said(q, line) : 0;
		put_int(q->a, row, "no", no + 1);
		put_str(q->a, row, "href", x->s);
		put_str(q->a, row, "range", range(q, from + no * part, n));
		put_str(q->a, row, "labels", number_words(q, n * node_number(job, "copies", 1)));
		put_str(q->a, row, "size", bytes ? size_of(q, bytes) : S("—"));
		node_add(list, row);
	}
	put_int(q->a, o, "more", node_number(job, "done", 0) - no);
}

static void job_page(struct ask *q, const struct node *job, struct str manifest)
{
	static const char *const states[] = { "waiting", "drawing", "done", "failed", "dropped" };
	int64_t parts = node_number(job, "parts", 0), percent = node_number(node_get(job, "progress"), "percent", -1);
	struct node *o = frame(q, "打印任务", "Print job");

	put_job(q, o, job);
	for (size_t i = 0; i < ROWS(states); i++)
		put_bool(q->a, o, str_fmt(q->a, "is_%s", states[i]).p, str_is(node_text(job, "state"), states[i]));
	put_bool(q->a, o, "refresh", at_work(job));
	put_int(q->a, o, "percent", percent >= 0 ? percent : parts ? node_number(job, "done", 0) * 100 / parts : 0);
	put_str(q->a, o, "why", node_text(job, q->english ? "why_en" : "why_zh"));
	put_parts(q, o, job, manifest);
	put_bool(q->a, o, "drop", !str_is(node_text(job, "state"), "dropped") && may(q, op_find(q->f->k, S("print.drop"))));
	reply_page(q, 200, "print", o);
}

/* The manifest first: the job is read at once, and then tells what has become of it meanwhile. */
static void manifest_read(struct ask *q)
{
	struct node *in = node_obj(q->a);
	const struct node *job;
	enum err e = q->call.err;

	put_str(q->a, in, "id", ask_member(q, 0));
	job = !e || e == E_ABSENT ? ask_read(q, "print.get", in) : NULL;
	if (!job)
		reply_error(q, e ? e : E_ABSENT);
	else if (!q->html)
		reply_json(q, 200, job);
	else
		job_page(q, job, e ? S("") : q->call.bytes);
}

void page_print(struct ask *q) { page_op(q, "print.manifest", manifest_read); }

/* ---- dropping ---- */

static void dropped(struct ask *q)
{
	if (q->call.err)
		reply_error(q, q->call.err);
	else
		reply_go(q, S("/ui/prints?dropped=1"));
}

void page_print_do(struct ask *q)
{
	const struct op *op = str_is(ask_member(q, 1), "drop") ? op_find(q->f->k, S("print.drop")) : NULL;
	enum err e = op ? body_read(q, op) : E_ABSENT;

	if (!e)
		e = session_find(q);
	if (e) {
		reply_error(q, e);
		return;
	}
	raw_set(q->a, q->call.raw, S("id"), node_str(q->a, ask_member(q, 0)));
	ask_run(q, op, dropped);
}
