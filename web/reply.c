/* web/reply.c - an outcome becomes an answer: JSON, problem details (RFC 9457), a page, bytes or a stream. */
#include "web/ask.h"

/* Nothing of other sites is loaded and nothing of ours runs inside them; pictures in the style sheet are data URLs. */
#define PAGE_POLICY "default-src 'self'; img-src 'self' data: blob:; style-src 'self' 'unsafe-inline'; script-src 'self' 'wasm-unsafe-eval'; " \
	"object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"

void reply_header(struct ask *q, const char *name, struct str value)
{
	if (q->reply.n_extra < HTTP_MAX_HEADERS)
		q->reply.extra[q->reply.n_extra++] = (struct http_header){ name, value };
}

void reply_send(struct ask *q, int status, const char *type, struct str body, bool is_static)
{
	q->reply.status = status;
	q->reply.type = type;
	q->reply.body = body;
	q->reply.body_is_static = is_static;
	http_answer(q->h, &q->reply);
}

void reply_json(struct ask *q, int status, const struct node *n)
{
	reply_header(q, "Cache-Control", S("no-store"));
	reply_send(q, status, "application/json", json_str(q->a, n), false);
}

void reply_page(struct ask *q, int status, const char *tpl, struct node *data)
{
	struct buf b = buf_in(q->a, 32768);
	enum err e = tpl_render(q->f->tpl, tpl, data, q->english, &b);

	if (q->lang_chosen)
		reply_header(q, "Set-Cookie", q->english ? S("lang=en; Path=/; Max-Age=31536000; SameSite=Lax") : S("lang=zh; Path=/; Max-Age=31536000; SameSite=Lax"));
	reply_header(q, "Content-Security-Policy", S(PAGE_POLICY));
	reply_header(q, "Cache-Control", q->cookie ? S("no-store") : S("no-cache"));
	reply_header(q, "Vary", S("Accept, Accept-Language, Cookie"));
	if (e)
		reply_send(q, 500, "text/plain; charset=utf-8", S("internal error\n"), true);
	else
		reply_send(q, status, "text/html; charset=utf-8", buf_str(&b), false);
}

bool local_path(struct str s)
{
	if (s.n == 0 || s.p[0] != '/' || (s.n > 1 && (s.p[1] == '/' || s.p[1] == '\\')))
		return false;
	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] <= 0x20 || (unsigned char)s.p[i] >= 0x7f || s.p[i] == '\\')
			return false;
	return true;
}

void reply_go(struct ask *q, struct str to)
{
	reply_header(q, "Location", local_path(to) ? to : S("/"));
	reply_header(q, "Cache-Control", S("no-store"));
	reply_send(q, 303, NULL, S(""), true);
}

/* ---- errors ---- */

static void member(struct buf *b, const char *name, const char *value)
{
	buf_z(b, name);
	buf_json(b, str_of(value));
}

/* Written straight out, without a tree: what is refused should cost less than what is answered. */
static void problem(struct ask *q, enum err e)
{
	const struct call *c = &q->call;
	struct buf b = buf_in(q->a, 768);
	const char *detail = q->english ? c->why_en : c->why_zh;

	member(&b, "{\"type\":", err_name(e));
	buf_z(&b, ",\"status\":");
	buf_int(&b, err_http(e));
	member(&b, ",\"title\":", q->english ? err_en(e) : err_zh(e));
	if (detail)
		member(&b, ",\"detail\":", detail);
	member(&b, ",\"zh\":", c->why_zh ? c->why_zh : err_zh(e));
	member(&b, ",\"en\":", c->why_en ? c->why_en : err_en(e));
	if (c->troubles.n) {
		buf_z(&b, ",\"errors\":");
		json_write(&b, troubles_node(q->a, &c->troubles));
	}
	buf_char(&b, '}');
	if (e == E_NOAUTH)
		reply_header(q, "WWW-Authenticate", S("Bearer"));
	if (e == E_RATE || e == E_BUSY)
		reply_header(q, "Retry-After", S("5"));
	reply_header(q, "Cache-Control", S("no-store"));
	reply_header(q, "Vary", S("Accept, Accept-Language"));
	reply_send(q, err_http(e), "application/problem+json", buf_str(&b), false);
}

static void error_page(struct ask *q, enum err e)
{
	struct node *o = frame(q, err_zh(e), err_en(e)), *list;
	const char *why = q->english ? q->call.why_en : q->call.why_zh;

	put_int(q->a, o, "status", err_http(e));
	put_z(q->a, o, "why", why ? why : "");
	put_bool(q->a, o, "absent", err_http(e) == 404);
	put_bool(q->a, o, "denied", e == E_DENIED || e == E_NOAUTH);
	list = put_arr(q->a, o, "troubles");
	for (const struct trouble *t = q->call.troubles.first; t; t = t->next)
		node_add(list, node_str(q->a, q->english ? t->en : t->zh));
	reply_page(q, err_http(e), "error", o);
}

/* And back to what was asked for. */
static void go_login(struct ask *q)
{
	struct buf b = buf_in(q->a, q->h->target.n * 3 + 32);

	buf_fmt(&b, "/login?next=%.*s", STR_ARG(q->h->path));
	if (q->h->query.n) {
		buf_z(&b, "%3F");
		buf_url(&b, q->h->query);
	}
	reply_go(q, buf_str(&b));
}

void reply_error(struct ask *q, enum err e)
{
	if (!q->html)
		problem(q, e);
	else if (e == E_NOAUTH && q->h->method != HTTP_POST)
		go_login(q);
	else if ((e == E_FORGED || e == E_UNKNOWN) && q->op)
		page_lost(q, e);
	else if (q->from_page && q->again)
		q->again(q, e);
	else if (q->from_page && q->op && e != E_METHOD)
		page_form(q, q->op, e);
	else
		error_page(q, e);
}

/* ---- outcomes ---- */

/* RFC 6266: programs of old read the plain name, the others the second (RFC 8187). What could end a value, or is no name of a file
 * anywhere, is in neither: names come from people. */
static void offer_file(struct ask *q)
{
	struct str name = q->call.file_name;
	struct buf plain = buf_in(q->a, name.n + 16), b = buf_in(q->a, name.n * 4 + 64);
	char *clean = str_z(q->a, name);

	if (!name.n)
		return;
	buf_z(&plain, "suyuan");
	for (size_t i = 0; i < name.n; i++) {
		if ((unsigned char)clean[i] < 0x20 || strchr("/\\:*?\"<>|\x7f", clean[i]))
			clean[i] = '_';
		if (is_alnum(clean[i]) || strchr("-._", clean[i]))
			buf_char(&plain, clean[i]);
	}
	buf_fmt(&b, "attachment; filename=\"%.*s\"; filename*=UTF-8''", STR_ARG(buf_str(&plain)));
	buf_url(&b, (struct str){ clean, name.n });
	reply_header(q, "Content-Disposition", buf_str(&b));
}

static void send_bytes(struct ask *q)
{
	/* documents are named by their content; browsers show a PDF only outside a sandbox */
	bool picture = str_starts(str_of(q->call.media), "image/"), pdf = strcmp(q->call.media, "application/pdf") == 0;

	if (!pdf)
		reply_header(q, "Content-Security-Policy", S("default-src 'none'; sandbox"));
	reply_header(q, "Cache-Control", picture || pdf ? S("private, max-age=86400") : S("private, no-cache"));
	if (picture || pdf)
		reply_header(q, "Content-Disposition", S("inline"));
	else
		offer_file(q);
	reply_send(q, 200, q->call.media, q->call.bytes, false);
}

static void send_stream(struct ask *q)
{
	const struct stream *s = q->call.stream;
	struct http_stream *out = TAKE(q->a, struct http_stream, 1);

	*out = (struct http_stream){ s->pull, s->done, s->ctx };
	q->reply.stream = out;
	reply_header(q, "Cache-Control", S("no-store"));
	offer_file(q);
	reply_send(q, 200, s->media, S(""), true);
}

/* Where a browser goes after something was done: where it came from, the new record, the desk. */
static void after_post(struct ask *q)
{
	struct call *c = &q->call;
	struct str token = node_text(c->out, "token"), back = form_get(q->form, "back"), id = node_text(c->out, "id");
	const struct op *get = c->op->files ? op_find(q->f->k, str_fmt(q->a, "%s.get", c->op->files->name)) : NULL;
	bool new_session = token.n && q->who->roles == R_ANYONE;

	if (new_session && !same_site(q)) {     /* a form elsewhere must not log a visitor in to an account of its choice */
		reply_error(q, E_DENIED);
		return;
	}
	if (new_session)
		cookie_put(q, token);
	if (local_path(back))
		reply_go(q, back);
	else if (new_session)
		reply_go(q, S("/me"));
	else if (token.n)
		page_done(q);
	else if (c->filed && get && id.n && may(q, get))
		reply_go(q, str_fmt(q->a, "/ui/%s/%.*s?done=1", c->op->files->name, STR_ARG(id)));
	else
		page_done(q);
}

/* Ready bytes were made for programs; a browser gets the page made of the same answer. */
static void page_of_bytes(struct ask *q)
{
	static const struct json_limits limits = { .bytes = 8 << 20, .depth = 16, .nodes = 1 << 20, .any_number = true };
	struct json_trouble trouble;
	struct node *o;

	if (json_read(q->a, q->call.bytes, &limits, &o, &trouble))
		reply_error(q, E_INTERNAL);
	else
		page_scan(q, o);
}

void reply_call(struct ask *q)
{
	struct call *c = &q->call;
	bool scan = c->op && c->op->page && strcmp(c->op->page, "scan") == 0;

	if (c->err)
		reply_error(q, c->err);
	else if (c->stream)
		send_stream(q);
	else if (c->media && q->html && scan && strcmp(c->media, "application/json") == 0)
		page_of_bytes(q);
	else if (c->media)
		send_bytes(q);
	else if (q->html && q->h->method == HTTP_POST)
		after_post(q);
	else if (q->html && scan)
		page_scan(q, c->out);
	else if (q->html)
		page_done(q);
	else
		await_reply(q);
}
