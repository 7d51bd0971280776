/* web/face.c - the way of a request: route, memory, body, session, operation, reply. Decides nothing about who may do what. */
#include <unistd.h>

#include "web/ask.h"

enum { LIFE_MAX = 64 << 20, BODY_MAX = 24 << 20, ARENA_MAX = 192 << 20, CREW_THREADS = 2, CREW_QUEUE = 4096, GRACE_MS = 5000,
	CONNECTIONS = 2000 };    /* twice as many as may wait for witnesses */

static const struct route pages[] = {
	{ HTTP_GET, "/", .page = page_home },
	{ HTTP_GET, "/00/{link*}", .page = page_link },
	{ HTTP_GET, "/01/{link*}", .page = page_link },
	{ HTTP_GET, "/253/{link*}", .page = page_link },
	{ HTTP_GET, "/255/{link*}", .page = page_link },
	{ HTTP_GET, "/401/{link*}", .page = page_link },
	{ HTTP_GET, "/402/{link*}", .page = page_link },
	{ HTTP_GET, "/414/{link*}", .page = page_link },
	{ HTTP_GET, "/417/{link*}", .page = page_link },
	{ HTTP_GET, "/8003/{link*}", .page = page_link },
	{ HTTP_GET, "/8004/{link*}", .page = page_link },
	{ HTTP_GET, "/8006/{link*}", .page = page_link },
	{ HTTP_GET, "/8010/{link*}", .page = page_link },
	{ HTTP_GET, "/8013/{link*}", .page = page_link },
	{ HTTP_GET, "/8017/{link*}", .page = page_link },
	{ HTTP_GET, "/8018/{link*}", .page = page_link },
	{ HTTP_GET, "/login", .page = page_login },
	{ HTTP_POST, "/logout", .page = page_logout },
	{ HTTP_GET, "/register", .page = page_register },
	{ HTTP_GET, "/me", .page = page_me },
	{ HTTP_GET, "/ui/op/{op}", .page = page_form_op },
	{ HTTP_POST, "/ui/op/{op}", .page = page_form_post },
	{ HTTP_GET, "/ui/record/{id}", .page = page_any_record },
	{ HTTP_GET, "/ui/load", .page = page_loads },
	{ HTTP_GET, "/ui/loads", .page = page_loads },
	{ HTTP_GET, "/ui/loads/new", .page = page_load_new },
	{ HTTP_POST, "/ui/loads/new", .page = page_load_send },
	{ HTTP_GET, "/ui/loads/{id}", .page = page_load },
	{ HTTP_POST, "/ui/loads/{id}/{verb}", .page = page_load_do },
	{ HTTP_GET, "/ui/print", .page = page_prints },
	{ HTTP_GET, "/ui/prints", .page = page_prints },
	{ HTTP_GET, "/ui/print/new", .page = page_print_new },
	{ HTTP_POST, "/ui/print/new", .page = page_print_send },
	{ HTTP_GET, "/ui/print/preview", .page = page_print_preview },
	{ HTTP_GET, "/ui/prints/{id}", .page = page_print },
	{ HTTP_POST, "/ui/prints/{id}/{verb}", .page = page_print_do },
	{ HTTP_GET, "/ui/chain", .page = page_chain },
	{ HTTP_GET, "/ui/offers", .page = page_offers },
	{ HTTP_POST, "/ui/offers", .page = page_offers_do },
	{ HTTP_GET, "/ui/offers/{id}", .page = page_offer },
	{ HTTP_POST, "/ui/offers/{id}/{verb}", .page = page_offer_do },
	{ HTTP_GET, "/ui/retail", .page = page_retail },
	{ HTTP_POST, "/ui/retail", .page = page_retail_send },
	{ HTTP_GET, "/ui/receive", .page = page_receive },
	{ HTTP_POST, "/ui/receive", .page = page_receive_send },
	{ HTTP_GET, "/ui/cut", .page = page_cut },
	{ HTTP_POST, "/ui/cut", .page = page_cut_send },
	{ HTTP_GET, "/ui/recalls", .page = page_recalls },
	{ HTTP_GET, "/ui/recalls/{id}", .page = page_recall },
	{ HTTP_GET, "/ui/findings", .page = page_findings },
	{ HTTP_POST, "/ui/findings", .page = page_findings_do },
	{ HTTP_GET, "/ui/{type}", .page = page_list },
	{ HTTP_GET, "/ui/{type}/new", .page = page_form_new },
	{ HTTP_GET, "/ui/{type}/{id}", .page = page_record },
	{ HTTP_GET, "/docs", .page = page_docs },
	{ HTTP_GET, "/docs/guide", .page = page_docs_guide },
	{ HTTP_GET, "/docs/{op}", .page = page_docs_op },
	{ HTTP_GET, "/healthz", .page = fixed_health },
	{ HTTP_GET, "/metrics", .page = fixed_metrics },
	{ HTTP_GET, "/openapi.json", .page = fixed_openapi },
	{ HTTP_GET, "/static/{file*}", .page = fixed_static },
	{ HTTP_GET, "/label/key", .page = fixed_label_key },
	{ HTTP_GET, "/label/check", .page = page_label_check },
	{ HTTP_GET, "/.well-known/jwt-vc-issuer", .page = fixed_issuer },
	{ HTTP_GET, "/log/vkey", .page = fixed_vkey },
	{ HTTP_GET, "/log/checkpoint", .page = fixed_checkpoint },
	{ HTTP_GET, "/log/policy", .page = fixed_policy },
	{ HTTP_GET, "/log/timestamp", .page = fixed_stamp },
	{ HTTP_GET, "/log/timestamp/{size}", .page = fixed_stamp },
	{ HTTP_GET, "/log/timestamp/{size}/checkpoint", .page = fixed_stamped },
	{ HTTP_GET, "/log/tile/{tile*}", .page = fixed_tile },
	{ HTTP_POST, "/witness/add-checkpoint", .page = witness_add },
	{ HTTP_GET, "/witness/vkey", .page = witness_vkey },
	{ HTTP_GET, "/witness/{origin}/checkpoint", .page = witness_last },
	{ HTTP_GET, "/log/sm3/vkey", .page = fixed_vkey },
	{ HTTP_GET, "/log/sm3/checkpoint", .page = fixed_checkpoint },
	{ HTTP_GET, "/log/sm3/tile/{tile*}", .page = fixed_tile },
	{ HTTP_GET, "/log/public/{tile*}", .page = fixed_public },
	{ HTTP_GET, "/log/receipt/{index}", .page = fixed_receipt },
};

static const struct phrase phrases[] = {
#define PHRASE(key, zh, en) { key, zh, en },
#include "web/phrases.def"
#undef PHRASE
};

struct str ask_query(const struct ask *q, const char *name) { return form_get(q->query, name); }

struct str ask_member(const struct ask *q, size_t i)
{
	struct str s;

	return i < q->hit.n && url_decode(q->a, q->hit.value[i], false, &s) == OK ? s : S("");
}

/* ---- running an operation ---- */

static void ask_continue(void *arg)
{
	struct ask *q = arg;
	struct face *f = q->f;                  /* q ends with the answer */
	int full;

	q->thread = pthread_self();
	q->a->full = &q->full;
	full = setjmp(q->full);
	if (full) {
		static const struct http_reply over = { .status = 413, .type = "application/problem+json", .body_is_static = true,
			.body = { "{\"type\":\"too-big\",\"status\":413}", 31 } };

		http_answer(q->h, &over);
	} else {
		q->then(q);
	}
	atomic_fetch_sub(&f->running, 1);
}

/* Still on the thread that asked: the boundary is its own. Else pages and further operations leave the writer alone. */
static void ask_done(struct call *c)
{
	struct ask *q = c->user;
	struct face *f = q->f;

	if (pthread_equal(q->thread, pthread_self())) {
		atomic_fetch_sub(&f->running, 1);
		q->then(q);
	} else if (!(q->html || q->n_up) || crew_add(f->crew, ask_continue, q)) {
		ask_continue(q);
	}
}

void ask_resume(struct ask *q, void (*then)(struct ask *q))
{
	q->then = then;
	if (crew_add(q->f->crew, ask_continue, q))
		ask_continue(q);
}

void ask_later(struct ask *q, void (*then)(struct ask *q))
{
	q->then = then;
	atomic_fetch_add(&q->f->running, 1);
	if (crew_add(q->f->crew, ask_continue, q)) {
		atomic_fetch_sub(&q->f->running, 1);
		reply_error(q, E_BUSY);
	}
}

static void start(struct ask *q, struct call *c, const struct op *op)
{
	c->k = q->f->k;
	c->op = op;
	c->who = q->who ? q->who : &nobody;
	c->arena = q->a;
	c->now = clock_now();
	c->done = ask_done;
	c->user = q;
	atomic_fetch_add(&q->f->running, 1);
	op_run(c);
}

void ask_run(struct ask *q, const struct op *op, void (*then)(struct ask *q))
{
	q->op = op;
	q->then = then;
	start(q, &q->call, op);
}

static void read_done(struct call *c) { (void)c; }

const struct node *ask_read(struct ask *q, const char *name, struct node *in)
{
	struct call *c = TAKE(q->a, struct call, 1);
	const struct op *op = op_find(q->f->k, str_of(name));

	if (!op || op->mode != READS)
		return NULL;
	*c = (struct call){ .k = q->f->k, .op = op, .who = q->who ? q->who : &nobody, .arena = q->a, .raw = in, .now = clock_now(), .done = read_done };
	op_run(c);
	return c->err ? NULL : c->out;
}

/* ---- files of a form go first, one after the other; then the form with their ids ---- */

static void files_next(struct ask *q);

static void file_stored(struct ask *q)
{
	const struct upload *u = &q->up[q->at_up];

	if (q->up_call.err) {
		q->call.err = q->up_call.err;
		q->call.why_zh = q->up_call.why_zh;
		q->call.why_en = q->up_call.why_en;
		q->call.troubles.a = q->a;
		if (q->up_call.err == E_BAD || q->up_call.err == E_TYPE || q->up_call.err == E_TOO_BIG) {
			const char *zh = q->up_call.why_zh ? q->up_call.why_zh : err_zh(q->up_call.err);
			const char *en = q->up_call.why_en ? q->up_call.why_en : err_en(q->up_call.err);

			trouble_add(&q->call.troubles, u->field, str_of(zh), str_of(en));
			q->call.err = E_BAD;
		}
		reply_call(q);
		return;
	}
	raw_set(q->a, q->call.raw, str_of(u->field->name), node_str(q->a, node_text(q->up_call.out, "file")));
	q->at_up++;
	files_next(q);
}

static void files_next(struct ask *q)
{
	const struct op *put = op_find(q->f->k, S("file.put"));
	struct node *in;

	if (q->at_up == q->n_up || !put) {
		if (q->stored)
			q->stored(q);
		else
			ask_run(q, q->op, reply_call);
		return;
	}
	in = node_obj(q->a);
	put_bool(q->a, in, "open", q->up[q->at_up].open);
	q->up_call = (struct call){ .raw = in, .upload = { q->up[q->at_up].name, q->up[q->at_up].bytes } };
	q->then = file_stored;
	start(q, &q->up_call, put);
}

void ask_files(struct ask *q, void (*stored)(struct ask *q))
{
	q->stored = stored;
	files_next(q);
}

static enum err idem_read(struct ask *q)
{
	struct str s = http_header(q->h, "Idempotency-Key");
	bool ok = s.n <= 200;

	for (size_t i = 0; i < s.n && ok; i++)
		ok = s.p[i] > 0x20 && s.p[i] < 0x7f;
	if (!ok)
		return call_refuse(&q->call, E_BAD, "幂等键最多200个可见的ASCII字符", "an idempotency key has at most 200 visible ASCII characters");
	q->call.idem = s;
	return OK;
}

void ask_op(struct ask *q, const struct op *op)
{
	enum err e;

	q->op = op;
	e = body_read(q, op);
	if (!e)
		e = session_find(q);
	if (!e)
		e = idem_read(q);
	if (e)
		reply_error(q, e);
	else
		files_next(q);
}

/* ---- the handler ---- */

/* Bytes that are ready, without looking at anything else of the request. False: take the long way. */
static bool from_memory(struct ask *q, const struct op *op)
{
	enum err e;

	if (!op->memory || q->h->method == HTTP_POST || http_header(q->h, "Authorization").n || http_cookie(q->h, "suyuan").n)
		return false;
	q->call = (struct call){ .k = q->f->k, .op = op, .who = &nobody, .arena = q->a, .now = clock_now() };
	e = op_memory(&q->call, ask_member(q, 0));
	if (e == E_BUSY) {
		q->call = (struct call){ .k = NULL };
		return false;
	}
	q->op = op;
	q->call.err = e;
	reply_call(q);
	return true;
}

static void lost(struct ask *q, enum err e)
{
	if (e == E_METHOD)
		reply_header(q, "Allow", q->hit.allow & HTTP_GET ? q->hit.allow & HTTP_POST ? S("GET, HEAD, POST") : S("GET, HEAD") : S("POST"));
	if (str_starts(q->h->path, "/log/"))
		log_headers(q, NULL);
	reply_error(q, e);
}

static void handle(void *ctx, struct http_call *h)
{
	struct ask *q = arena_take(h->arena, sizeof(*q));
	const struct route *r;
	enum err e;

	q->f = ctx;
	q->h = h;
	q->a = h->arena;
	q->thread = pthread_self();
	q->who = &nobody;
	e = route_find(q->f->routes, h->method, h->path, &q->hit);
	r = q->hit.route;
	if (h->method == HTTP_OPTIONS && str_starts(h->path, "/log/")) {
		fixed_cors(q);
		return;
	}
	q->html = wants_html(q, !e && r->op);
	if (e == OK && form_query(q->a, h->query, &q->query))
		e = E_BAD;
	language_find(q);
	if (e)
		lost(q, e);
	else if (r->page)
		r->page(q);
	else if (!from_memory(q, r->op))
		ask_op(q, r->op);
}

/* ---- start and stop ---- */

static enum err make_routes(struct face *f, char why[200])
{
	size_t n_ops, n = 0;
	const struct op *const *ops = kernel_ops(f->k, &n_ops);
	struct route *rows = TAKE(&f->life, struct route, ROWS(pages) + n_ops);

	for (; n < ROWS(pages); n++)
		rows[n] = pages[n];
	for (size_t i = 0; i < n_ops; i++)
		if (ops[i]->path)
			rows[n++] = (struct route){ ops[i]->method == POST ? HTTP_POST : HTTP_GET, ops[i]->path, .op = ops[i] };
	return routes_make(&f->life, rows, n, &f->routes, why);
}

static enum err make_templates(struct face *f, char why[200])
{
	struct phrase *all = TAKE(&f->life, struct phrase, ROWS(phrases) + static_count);
	size_t n = ROWS(phrases);

	memcpy(all, phrases, sizeof(phrases));
	n += static_phrases(all + n, static_count);
	return tpl_load(page_templates, page_template_count, all, n, &f->tpl, why);
}

enum err face_start(struct kernel *k, const char *listen, const char *cert, const char *key, struct face **ret)
{
	struct http_limits limits = { .body_bytes = BODY_MAX, .arena_bytes = ARENA_MAX, .connections = CONNECTIONS };
	struct face *f = calloc(1, sizeof(*f));
	char why[200] = "";
	enum err e;

	if (!f)
		return E_IO;
	f->k = k;
	arena_init(&f->life, LIFE_MAX, NULL);
	e = make_routes(f, why);
	if (!e)
		e = make_templates(f, why);
	if (!e) {
		f->api = doc_openapi(k, &f->life);
		f->openapi = json_str(&f->life, f->api);
		e = crew_start(CREW_THREADS, CREW_QUEUE, &f->crew);
	}
	if (!e)
		e = http_start(listen, &limits, cert, key, handle, f, &f->http);
	if (e) {
		if (why[0])
			say(SAY_ERROR, "face: %s", why);
		face_stop(f);
		return e;
	}
	*ret = f;
	return OK;
}

unsigned face_port(const struct face *f) { return http_port(f->http); }

void face_stop(struct face *f)
{
	if (!f)
		return;
	kernel_await_end(f->k);                 /* their answers are there, only without the witnesses */
	if (f->http)
		http_stop(f->http, GRACE_MS);
	while (atomic_load(&f->running) > 0)    /* the kernel is still open: what runs there comes back here */
		usleep(1000);
	if (f->crew)
		crew_stop(f->crew);
	tpl_free(f->tpl);
	arena_end(&f->life);
	free(f);
}
