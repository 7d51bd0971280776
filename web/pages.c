/* web/pages.c - the pages that are not made from one type: home, log in, register, desk, scan result, lost code, done.
 *
 * A page is a tree of values for a template. What the caller may do is asked of the kernel and decided by it.
 */
#include "web/ask.h"
#include "web/gate.h"

static const struct { const char *group, *key, *zh, *en; } words[] = {
#define WORD(group, key, zh, en) { group, key, zh, en },
#include "web/words.def"
#undef WORD
};

/* Tables write English in lower case, as parts of sentences; on a page it stands alone. */
struct str ask_words(const struct ask *q, const char *zh, const char *en)
{
	char *p;

	if (!q->english || !en || !en[0])
		return str_of(zh);
	p = str_z(q->a, str_of(en));
	p[0] = ascii_upper(p[0]);
	return str_of(p);
}

struct str word_of(const struct ask *q, const char *group, struct str key)
{
	for (size_t i = 0; i < ROWS(words); i++)
		if (strcmp(words[i].group, group) == 0 && str_is(key, words[i].key))
			return ask_words(q, words[i].zh, words[i].en);
	return key;
}

/* A state has words of its flow where those differ from what it is called elsewhere. */
struct str state_words(const struct ask *q, struct str flow, struct str state)
{
	struct str own = word_of(q, str_fmt(q->a, "%.*s_state", STR_ARG(flow)).p, state);

	return own.p == state.p ? word_of(q, "state", state) : own;
}

/* "2026-11-22T09:30:00Z" as people in China write it; other texts stay as they are. */
struct str china_time(struct ask *q, struct str s)
{
	int64_t ms;
	struct str t;

	if (!time_get(s, &ms))
		return s;
	t = time_str(q->a, ms + CHINA_OFFSET_MIN * INT64_C(60000), false);
	return str_fmt(q->a, "%.10s %.5s", t.p, t.p + 11);
}

bool may(const struct ask *q, const struct op *op) { return op && op_allowed(op, q->who, false, 0, S("")) == OK; }

/* The same page in the other language: the query without its lang, and the new one. */
static struct str lang_url(struct ask *q)
{
	struct buf b = buf_in(q->a, q->h->target.n + 16);
	struct str rest = q->h->method == HTTP_POST ? S("") : q->h->query, one;

	buf_add(&b, q->h->path);
	buf_z(&b, q->english ? "?lang=zh" : "?lang=en");
	while (str_cut(&rest, '&', &one))
		if (one.n && !str_starts(one, "lang=")) {
			buf_char(&b, '&');
			buf_add(&b, one);
		}
	return buf_str(&b);
}

bool answer_page(struct ask *q)
{
	if (q->call.err)
		reply_error(q, q->call.err);
	else if (!q->html)
		reply_json(q, 200, q->call.out);
	return !q->call.err && q->html;
}

void page_op(struct ask *q, const char *name, void (*then)(struct ask *q))
{
	const struct op *op = op_find(q->f->k, str_of(name));
	enum err e = session_find(q);

	if (!e && !op)
		e = E_ABSENT;
	if (e) {
		reply_error(q, e);
		return;
	}
	q->call.raw = node_obj(q->a);
	if (q->hit.n)
		put_str(q->a, q->call.raw, "id", ask_member(q, 0));
	ask_run(q, op, then);
}

struct node *frame(struct ask *q, const char *zh, const char *en)
{
	struct node *o = node_obj(q->a);

	put_str(q->a, o, "title", ask_words(q, zh, en));
	put_str(q->a, o, "q", S(""));
	put_str(q->a, o, "lang_url", lang_url(q));
	put_bool(q->a, o, "english", q->english);
	put_str(q->a, o, "csrf", csrf_of(q));
	put_str(q->a, o, "here", q->h->path);
	put_z(q->a, o, "public_url", kernel_public_url(q->f->k));
	if (q->who && q->who->roles != R_ANYONE)
		put_str(q->a, put_obj(q->a, o, "user"), "name", q->who->party_name.n ? q->who->party_name : q->who->login);
	return o;
}

/* ---- home ---- */

static bool looks_like_code(struct str s)
{
	bool digit = false;

	if (str_starts(s, "http://") || str_starts(s, "https://"))
		return true;
	for (size_t i = 0; i < s.n; i++) {
		if ((unsigned char)s.p[i] > 0x7e || s.p[i] == ' ')
			return false;
		digit |= is_digit(s.p[i]);
	}
	return s.n >= 8 && digit;
}

/* A link that was printed or copied leads to its own path when it is ours; else the whole text is the code. */
static struct str code_path(struct ask *q, struct str s)
{
	struct str base = str_of(kernel_public_url(q->f->k));
	struct buf b = buf_in(q->a, s.n * 3 + 4);

	if (base.n && str_starts(s, base.p) && local_path(str_sub(s, base.n, s.n)))
		return str_sub(s, base.n, s.n);
	buf_z(&b, "/c/");
	for (size_t i = 0; i < s.n; i++)        /* the groups in which codes are printed are no part of them */
		if (!(s.p[i] == '-' && s.n == 24))
			buf_url(&b, str_sub(s, i, 1));
	return buf_str(&b);
}

static void put_found(struct ask *q, struct node *list, const char *type_name, const char *field, struct str value)
{
	const struct type *t = kernel_type(q->f->k, str_of(type_name));
	struct node *in = node_obj(q->a);
	const struct node *out, *items;

	if (!t || !type_field(t, str_of(field ? field : t->title ? t->title : ""), NULL))
		return;
	put_z(q->a, in, "field", field ? field : t->title);
	put_str(q->a, in, "value", value);
	out = ask_read(q, str_fmt(q->a, "%s.list", type_name).p, in);
	items = out ? node_get(out, "items") : NULL;
	for (const struct node *x = items ? items->first : NULL; x; x = x->next) {
		struct node *o = node_obj(q->a);

		put_str(q->a, o, "href", str_fmt(q->a, "/ui/%s/%.*s", type_name, STR_ARG(node_text(x, "id"))));
		put_str(q->a, o, "name", node_text(node_get(x, "values"), t->title));
		put_str(q->a, o, "kind", ask_words(q, t->zh, t->en));
		node_add(list, o);
	}
}

void page_link(struct ask *q)
{
	struct str query = q->h->query;
	enum err e = session_find(q);

	q->html = wants_html(q, true);
	q->op = op_find(q->f->k, S("scan"));
	q->call.raw = node_obj(q->a);
	put_str(q->a, q->call.raw, "code", str_fmt(q->a, "%s%.*s%s%.*s", kernel_public_url(q->f->k), STR_ARG(q->h->path), query.n ? "?" : "", STR_ARG(query)));
	if (e)
		reply_error(q, e);
	else
		ask_run(q, q->op, reply_call);
}

void page_home(struct ask *q)
{
	static const char *const searched[] = { "maker", "seller", "user_unit", "product" };
	struct str s = str_trim(ask_query(q, "q"));
	struct node *o, *list;

	(void)session_find(q);
	o = frame(q, "", "");
	put_bool(q->a, o, "home", true);
	if (s.n) {
		list = put_arr(q->a, o, "found");
		for (size_t i = 0; i < ROWS(searched); i++)
			put_found(q, list, searched[i], NULL, s);
		for (size_t i = 0; i < 3 && s.n == 18; i++)
			put_found(q, list, searched[i], "uscc", s);
		if (!list->n && looks_like_code(s)) {
			reply_go(q, code_path(q, s));
			return;
		}
		put_bool(q->a, o, "searched", true);
	}
	raw_set(q->a, o, S("q"), node_str(q->a, s));
	reply_page(q, 200, "home", o);
}

/* ---- in and out ---- */

void page_login(struct ask *q)
{
	struct str next = ask_query(q, "next");
	struct node *o;

	(void)session_find(q);
	o = frame(q, "登录", "Log in");
	put_str(q->a, o, "next", local_path(next) ? next : S("/me"));
	reply_page(q, 200, "login", o);
}

static void logged_out(struct ask *q)
{
	cookie_put(q, S(""));
	reply_go(q, S("/"));
}

void page_logout(struct ask *q)
{
	const struct op *op = op_find(q->f->k, S("session.close"));
	enum err e = form_query(q->a, q->h->body, &q->form);

	if (!e)
		e = session_find(q);
	q->form_body = true;
	if (e || !op || q->who->roles == R_ANYONE)
		reply_error(q, e ? e : E_DENIED);
	else
		ask_run(q, op, logged_out);
}

void page_register(struct ask *q)
{
	size_t n;
	const struct op *const *ops = kernel_ops(q->f->k, &n);
	struct node *o, *list;

	(void)session_find(q);
	o = frame(q, "单位登记", "Register");
	list = put_arr(q->a, o, "kinds");
	for (size_t i = 0; i < n; i++) {
		struct node *x = node_obj(q->a);

		if (!ops[i]->files || ops[i]->method != POST || !str_ends(str_of(ops[i]->name), ".register"))
			continue;
		put_z(q->a, x, "href", str_fmt(q->a, "/ui/op/%s", ops[i]->name).p);
		put_str(q->a, x, "name", ask_words(q, ops[i]->files->zh, ops[i]->files->en));
		put_str(q->a, x, "text", word_of(q, "register", str_of(ops[i]->files->name)));
		node_add(list, x);
	}
	reply_page(q, 200, "register", o);
}

/* ---- the desk ---- */

/* In the order people work. Offered when the operation is there and open to the caller; roles say to whom it is of use. */
static const struct { const char *list, *post; unsigned roles; const char *group; } desk[] = {
	{ "notice.list", NULL, R_SIGNED_IN, "me.todo" }, { "case.list", NULL, R_SIGNED_IN, "me.todo" },
	{ "party.list", NULL, R_SIGNED_IN, "me.todo" }, { "report.list", NULL, R_OFFICER | R_OPERATOR, "me.todo" },
	{ "opening.list", NULL, R_OPERATOR, "me.todo" },
	{ "product.list", NULL, R_MAKER, "me.work" }, { "batch.list", NULL, R_MAKER, "me.work" }, { "pack.list", NULL, R_MAKER | R_SELLER, "me.work" },
	{ "print.list", "label.sheet", R_MAKER | R_SELLER, "me.work" },
	{ "activation.list", NULL, R_MAKER, "me.work" }, { "sale.list", NULL, R_MAKER, "me.work" }, { "attachment.list", NULL, R_MAKER, "me.work" },
	{ "purchase.list", NULL, R_SELLER | R_USER, "me.work" }, { "resale.list", NULL, R_SELLER, "me.work" },
	{ "life.list", NULL, R_MAKER | R_SELLER | R_USER, "me.work" }, { "custom.list", NULL, R_MAKER | R_USER, "me.work" },
	{ "return.list", NULL, R_MAKER | R_SELLER, "me.flow" }, { "aggregation.list", NULL, R_MAKER | R_SELLER, "me.flow" },
	{ "measure.list", NULL, R_MAKER | R_SELLER, "me.flow" }, { "cut.list", NULL, R_MAKER | R_SELLER, "me.flow" },
	{ "material.list", NULL, R_MAKER, "me.flow" }, { "refusal.list", NULL, R_PARTY, "me.flow" },
	{ "recall_notice.list", NULL, R_PARTY, "me.todo" }, { "recall.list", NULL, R_PARTY | R_OFFICER | R_OPERATOR, "me.work" },
	{ "recall_report.list", NULL, R_PARTY, "me.work" },
	{ "certificate.list", NULL, R_OFFICER | R_OPERATOR, "me.work" },
	{ "maker.list", NULL, R_OFFICER | R_OPERATOR | R_ASSOC | R_AUDITOR, "me.work" },
	{ "product.list", NULL, R_OFFICER | R_OPERATOR | R_ASSOC | R_AUDITOR, "me.work" },
	{ "load.list", "load.create", R_PARTY | R_DOCK | R_OPERATOR, "me.work" },
	{ "access.list", NULL, R_PARTY, "me.house" }, { "person.list", "person.invite", R_PARTY, "me.house" },
	{ "consent.list", "consent.give", R_PARTY, "me.house" }, { NULL, "party.openness", R_PARTY, "me.house" },
	{ NULL, "party.hook", R_PARTY, "me.house" }, { NULL, "person.password", R_SIGNED_IN, "me.house" },
	{ NULL, "account.create", R_OPERATOR, "me.house" }, { "audit.list", NULL, R_AUDITOR | R_OPERATOR, "me.house" },
	{ NULL, "token.create", R_SIGNED_IN, "me.house" },
};

const struct op *op_filing(struct ask *q, const struct type *t)
{
	size_t n;
	const struct op *const *ops = kernel_ops(q->f->k, &n), *found = NULL;

	for (size_t i = 0; i < n; i++) {
		const struct op *op = ops[i];

		if (op->method != POST || op->files != t || !op->in || op->step || !may(q, op))
			continue;
		if (!found || str_ends(str_of(op->name), ".create") || str_ends(str_of(op->name), ".register"))
			found = op;
	}
	return found;
}

/* Most are filed on the form of the operation, some on a page of their own. */
static struct str add_url(struct ask *q, const struct op *post)
{
	static const struct { const char *op, *url; } own[] = { { "load.create", "/ui/loads/new" }, { "label.sheet", "/ui/print/new" },
		{ "cut.create", "/ui/cut?from=" } };

	for (size_t i = 0; i < ROWS(own); i++)
		if (strcmp(own[i].op, post->name) == 0)
			return str_of(own[i].url);
	return str_fmt(q->a, "/ui/op/%s", post->name);
}

static struct node *desk_entry(struct ask *q, size_t i)
{
	const struct op *list = desk[i].list ? op_find(q->f->k, str_of(desk[i].list)) : NULL;
	const struct op *post = desk[i].post ? op_find(q->f->k, str_of(desk[i].post)) : NULL;
	struct node *o = node_obj(q->a);
	struct str name = S("");

	if (!(desk[i].roles & q->who->roles))
		return NULL;
	list = list && may(q, list) ? list : NULL;
	post = post && may(q, post) ? post : NULL;
	if (!list && !post)
		return NULL;
	if (list) {
		name = list->files ? ask_words(q, list->files->zh, list->files->en) : ask_words(q, list->zh, list->en);
		put_str(q->a, o, "href", str_fmt(q->a, "/ui/%.*s", (int)str_find(str_of(list->name), '.'), list->name));
	} else {
		name = ask_words(q, post->zh, post->en);
		put_str(q->a, o, "href", str_fmt(q->a, "/ui/op/%s", post->name));
	}
	if (list && list->files && !post && !(list->who & R_ANYONE && q->who->roles & ~(unsigned)R_PARTY))
		post = op_filing(q, list->files);
	put_str(q->a, o, "name", name);
	put_str(q->a, o, "add", list && post ? add_url(q, post) : S(""));
	put_str(q->a, o, "add_name", list && post ? ask_words(q, post->zh, post->en) : S(""));
	return o;
}

/* Pages of their own about goods on the move, offered when what they are built on is open to the caller. */
static void put_flow_pages(struct ask *q, struct node *entries)
{
	static const struct { const char *op, *url, *zh, *en; unsigned roles; } pages[] = {
		{ "offer.list", "/ui/offers", "交货", "Deliveries", R_PARTY }, { "offer.list", "/ui/receive", "收货", "Receive goods", R_SELLER | R_USER },
		{ "finding.groups", "/ui/findings", "问题线索", "Findings", R_PARTY | R_OFFICER | R_OPERATOR },
		{ "resale.create", "/ui/retail", "零售", "Over the counter", R_SELLER }, { "chain.get", "/ui/chain", "流向", "Where goods went", R_SIGNED_IN },
	};
	const struct node *waiting;

	for (size_t i = 0; i < ROWS(pages); i++) {
		struct node *o;

		if (!(pages[i].roles & q->who->roles) || !may(q, op_find(q->f->k, str_of(pages[i].op))))
			continue;
		o = node_obj(q->a);
		put_z(q->a, o, "href", pages[i].url);
		put_str(q->a, o, "name", ask_words(q, pages[i].zh, pages[i].en));
		put_int(q->a, o, "waiting", i == 0 ? offers_waiting(q, &waiting) : 0);
		put_z(q->a, o, "add", "");
		node_add(entries, o);
	}
}

void page_me(struct ask *q)
{
	static const struct { const char *key, *zh, *en; } groups[] = {
		{ "me.todo", "待办与消息", "To do" }, { "me.flow", "货物流转", "Goods on the move" }, { "me.work", "业务", "Records" }, { "me.house", "账号与设置", "Account and settings" },
	};
	struct node *o, *list, *roles;

	if (session_find(q) || q->who->roles == R_ANYONE) {
		reply_error(q, E_NOAUTH);
		return;
	}
	o = frame(q, "我的工作台", "My desk");
	put_str(q->a, o, "login", q->who->party_name.n ? q->who->login : S(""));
	put_str(q->a, o, "uscc", q->who->uscc);
	put_bool(q->a, o, "suspended", q->who->suspended);
	put_bool(q->a, o, "done", ask_query(q, "done").n > 0);
	roles = put_arr(q->a, o, "roles");
	for (unsigned b = 1; b < ROLE_COUNT; b++)
		if (q->who->roles & 1u << b)
			node_add(roles, node_str(q->a, word_of(q, "role", str_of(role_name(1u << b)))));
	list = put_arr(q->a, o, "groups");
	for (size_t g = 0; g < ROWS(groups); g++) {
		struct node *x = node_obj(q->a), *entries;

		put_str(q->a, x, "name", ask_words(q, groups[g].zh, groups[g].en));
		entries = put_arr(q->a, x, "entries");
		if (strcmp(groups[g].key, "me.flow") == 0)
			put_flow_pages(q, entries);
		for (size_t i = 0; i < ROWS(desk); i++) {
			struct node *e = strcmp(desk[i].group, groups[g].key) == 0 ? desk_entry(q, i) : NULL;

			if (e)
				node_add(entries, e);
		}
		if (entries->n)
			node_add(list, x);
	}
	reply_page(q, 200, "me", o);
}

/* ---- codes ---- */

static const char *mark_of(struct str level)
{
	if (str_is(level, "ok"))
		return "M7 12.5l3.5 3.5L17 9";
	if (str_is(level, "bad"))
		return "M8 8l8 8M16 8l-8 8";
	return str_is(level, "warn") ? "M12 6.5v7M12 17v.2" : "M12 11v6M12 7.2v.1";
}

static struct str grouped(struct ask *q, struct str code)
{
	struct buf b = buf_in(q->a, code.n * 2 + 1);

	for (size_t i = 0; i < code.n; i++) {
		if (i && i % 5 == 0 && code.n == 20)
			buf_char(&b, ' ');
		buf_char(&b, code.p[i]);
	}
	return buf_str(&b);
}

void page_scan(struct ask *q, const struct node *out)
{
	struct node *o, *scan = node_obj(q->a);

	if (!q->who || q->who == &nobody)
		(void)session_find(q);
	o = frame(q, "查询结果", "Result");
	*scan = *out;
	scan->next = NULL;
	node_set(o, S("scan"), scan);
	(void)put_chain_steps(q, o, out);
	put_z(q->a, o, "mark", mark_of(node_text(out, "level")));
	put_str(q->a, o, "report_code", node_text(out, "code"));
	put_proof(q, o, out);
	put_str(q->a, o, "first_seen_at", china_time(q, node_text(out, "first_seen")));
	reply_page(q, 200, "scan", o);
}

void page_lost(struct ask *q, enum err e)
{
	struct node *o = frame(q, "查询结果", "Result");
	struct str code = q->hit.n ? ask_member(q, q->hit.n - 1) : S("");

	put_z(q->a, o, "level", e == E_FORGED ? "bad" : "none");
	put_bool(q->a, o, "forged", e == E_FORGED);
	put_z(q->a, o, "mark", mark_of(e == E_FORGED ? S("bad") : S("none")));
	put_str(q->a, o, "heading", ask_words(q, err_zh(e), err_en(e)));
	put_str(q->a, o, "why", ask_words(q, q->call.why_zh ? q->call.why_zh : "", q->call.why_en));
	put_str(q->a, o, "code_shown", grouped(q, code));
	put_str(q->a, o, "report_code", code);
	reply_page(q, err_http(e), "lost", o);
}

/* ---- done ---- */

static void put_rows(struct ask *q, struct node *list, const struct node *out)
{
	for (const struct node *x = out ? out->first : NULL; x; x = x->next) {
		struct node *o = node_obj(q->a);
		struct str value = x->kind == NODE_STR ? x->s : x->kind == NODE_BOOL ? word_of(q, "yes", x->yes ? S("true") : S("false"))
		                 : x->kind == NODE_OBJ || x->kind == NODE_NULL ? S("") : json_str(q->a, x);

		if (str_is(x->key, "state"))
			value = word_of(q, "state", value);
		if (!value.n)
			continue;
		put_str(q->a, o, "name", word_of(q, "key", x->key));
		put_str(q->a, o, "value", china_time(q, value));
		node_add(list, o);
	}
}

void page_done(struct ask *q)
{
	const struct op *op = q->call.op;
	struct node *o = frame(q, op->zh, op->en);

	put_bool(q->a, o, "posted", op->method == POST);
	put_rows(q, put_arr(q->a, o, "rows"), q->call.out);
	put_bool(q->a, o, "token", node_text(q->call.out, "token").n > 0);
	put_str(q->a, o, "receipt", q->call.filed ? node_text(q->call.out, "id") : S(""));
	reply_page(q, op->method == POST ? 201 : 200, "done", o);
}
