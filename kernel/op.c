/* kernel/op.c - the one path: allow, check, run in a transaction, keep, audit, answer. Nothing else decides a permission. */
#include "kernel/inside.h"

const struct actor nobody = { .roles = R_ANYONE };

static const char *const role_words[ROLE_COUNT] = { "anyone", "maker", "seller", "user_unit", "dock", "association", "officer", "auditor", "operator" };

const char *role_name(unsigned role)
{
	for (unsigned i = 0; i < ROLE_COUNT; i++)
		if (role == 1u << i)
			return role_words[i];
	return "";
}

unsigned role_of(struct str name)
{
	for (unsigned i = 0; i < ROLE_COUNT; i++)
		if (str_is(name, role_words[i]))
			return 1u << i;
	return 0;
}

enum err call_refuse(struct call *c, enum err e, const char *zh, const char *en)
{
	c->why_zh = zh;
	c->why_en = en;
	return e;
}

enum err call_trouble_at(struct call *c, size_t field, size_t at, const char *zh, const char *en)
{
	enum err e = call_trouble(c, field, zh, en);

	c->troubles.last->at = at + 1;
	return e;
}

enum err call_trouble(struct call *c, size_t field, const char *zh, const char *en)
{
	trouble_add(&c->troubles, &c->op->in->fields[field], str_of(zh), str_of(en));
	return E_BAD;
}

/* ---- who may ---- */

static bool region_within(struct str region, struct str officer)
{
	size_t n = officer.n;

	/* 320000 is a province, 320600 a prefecture, 320623 a county: trailing pairs of zeros widen the region */
	while (n >= 2 && officer.p[n - 1] == '0' && officer.p[n - 2] == '0')
		n -= 2;
	return region.n >= n && memcmp(region.p, officer.p, n) == 0;
}

enum err op_allowed(const struct op *op, const struct actor *who, bool has_target, int64_t target_party, struct str target_region)
{
	unsigned fit = op->who & who->roles;

	if (!fit)
		return who->roles & R_ANYONE && !(op->who & R_ANYONE) ? E_NOAUTH : E_DENIED;
	if (fit & R_PARTY && !(fit & ~(unsigned)R_PARTY)) {
		if (op->inside > who->inside)
			return E_DENIED;
		if (who->suspended && !op_reads(op) && op->method == POST && op->files)
			return E_DENIED;
	}
	if (!has_target || op->scope == SCOPE_PUBLIC)
		return OK;
	if (fit & (R_OPERATOR | R_AUDITOR | R_ASSOC))
		return OK;
	if (fit & (R_PARTY | R_DOCK) && who->party && who->party == target_party)
		return OK;
	if (fit & R_OFFICER && who->region.n && region_within(target_region, who->region))
		return OK;
	return E_DENIED;
}

/* ---- checking ---- */

static bool env_listed(void *ctx, const char *list, struct str key, int64_t day, struct str *ret_key)
{
	struct call *c = ctx;
	const struct list_row *r = list_find(c->k, list, key, day);

	if (r)
		*ret_key = str_of(r->key);
	return r != NULL;
}

static bool env_fact(void *ctx, const char *fact, const struct type *t, const struct value *v)
{
	struct call *c = ctx;

	for (size_t i = 0; i < c->k->n_modules; i++)
		if (c->k->modules[i]->fact && c->k->modules[i]->fact(c, fact, t, v))
			return true;
	return false;
}

/* Region of whoever the record belongs to; a record of nobody (a consumer's report) belongs to the region of its case. */
enum err record_region(struct call *c, const struct record *r, struct str *ret)
{
	struct flow_case fc;
	struct party p;
	enum err e = r->party ? party_get(c, r->party, &p) : flow_case_get(c, r->id, &fc);

	*ret = e ? S("") : r->party ? p.region : fc.region;
	return e == E_ABSENT ? OK : e;
}

/* A record names files that are there and fit the field; a withheld one is for the party that uploaded it. */
static enum err check_files(struct call *c)
{
	if (!c->op->in->schema)
		return OK;
	for (size_t i = 0; i < c->op->in->n; i++) {
		const struct field *f = &c->op->in->fields[i];
		struct blob_info b;
		enum err e;

		if (f->kind != KIND_FILE || c->in[i].said != SAID_VALUE)
			continue;
		e = blob_get(c, c->in[i].text, &b);
		if (e && e != E_ABSENT)
			return e;
		if (e || (!b.open && b.party != c->who->party))
			call_trouble(c, i, "没有这个文件，请先上传", "there is no such file; upload it first");
		else if (!b.open && value_class(f, &c->in[i]) == KEY_PUBLIC)
			call_trouble(c, i, "此文件上传时未选择公开，而这一项是公开的；请以公开方式重新上传", "this file was uploaded as withheld but the field is public");
	}
	return OK;
}

/* May the caller use this call's operation on that record? The other side of it may take a step that is for the other side. */
enum err record_allowed(struct call *c, const struct record *r)
{
	struct str region;
	enum err e = record_region(c, r, &region);

	if (!e)
		e = op_allowed(c->op, c->who, true, r->party, region);
	if (e == E_DENIED && c->op->step && c->op->step->other_side && kernel_counterparty(c, r))
		e = OK;                 /* the other side confirms: the step's row says whether it may */
	return e;
}

/* The record an `.own` reference names: its party and region decide whether the caller may touch it. */
static enum err load_target(struct call *c)
{
	for (size_t i = 0; i < c->op->in->n; i++) {
		const struct field *f = &c->op->in->fields[i];
		struct record r;
		enum err e;

		if (f->kind != KIND_REF || c->in[i].said != SAID_VALUE || (c->dry && !c->in[i].i))      /* dry: a line of the same file */
			continue;
		e = kernel_record(c, c->in[i].i, 1u << KEY_PUBLIC, &r);
		if (e == E_ABSENT || (!e && strcmp(f->ref, "any") != 0 && strcmp(f->ref, r.type->name) != 0)) {
			call_trouble(c, i, "没有这条记录", "there is no such record");
			continue;
		}
		if (e)
			return e;
		if (!f->own)
			continue;
		e = record_allowed(c, &r);
		if (e)
			return e;
	}
	return OK;
}

/* ---- idempotency: the same key and content gives the same answer, other content is refused ---- */

/* Keyed, because the content may be a password or a withheld value that could be guessed; with the party, because a docked system
 * files for many. Taken before the platform fills anything in: a client that asks again has sent the same. */
static void request_hash(struct call *c)
{
	struct str parts[] = { str_fmt(c->arena, "suyuan/request/1\n%s\n%lld\n", c->op->name, (long long)c->who->party), canon_str(c->arena, c->raw),
		c->upload.bytes };

	c->hidden->request = hmac_of(HASH_SHA256, (struct str){ (const char *)c->k->blind_key, 32 }, parts, ROWS(parts));
}

/* A kept answer may hold a token or values that were revealed: it lies sealed, like they do elsewhere. */
static void idem_key(struct call *c, unsigned char ret[32])
{
	struct str part = S("suyuan/idem/1\n");
	struct hash h = hmac_of(HASH_SHA256, (struct str){ (const char *)c->k->master_key, 32 }, &part, 1);

	memcpy(ret, h.b, 32);
}

static struct str idem_bound(struct call *c) { return str_fmt(c->arena, "idem %lld %.*s", (long long)c->who->account, STR_ARG(c->idem)); }

static enum err idem_answer(struct call *c, struct str kept)
{
	static const struct json_limits limits = { .bytes = 1 << 24, .depth = 16, .nodes = 1 << 20 };
	unsigned char key[32];
	char *sealed = arena_take(c->arena, kept.n + 4);
	struct json_trouble trouble;
	struct str plain;
	size_t n = 0;
	enum err e = base64_get(kept, sealed, kept.n + 4, &n) ? OK : E_CORRUPT;

	idem_key(c, key);
	if (!e)
		e = unseal(key, idem_bound(c), (struct str){ sealed, n }, c->arena, &plain);
	explicit_bzero(key, sizeof(key));
	if (!e)
		e = json_read(c->arena, plain, &limits, &c->out, &trouble);
	return e ? E_CORRUPT : OK;
}

static enum err idem_keep(struct call *c)
{
	unsigned char key[32], nonce[SEAL_NONCE_LEN];
	struct str sealed;
	enum err e = random_fill(nonce, sizeof(nonce));

	idem_key(c, key);
	if (!e)
		e = seal(c->k->seal, key, nonce, idem_bound(c), json_str(c->arena, c->out), c->arena, &sealed);
	explicit_bzero(key, sizeof(key));
	if (!e)
		db_tell(c->db, kernel_sql[SQL_IDEM_PUT], VALS(V_I(c->who->account), V_T(c->idem), V_B(hash_str(&c->hidden->request)),
		        V_T(base64_str(c->arena, sealed.p, sealed.n)), V_I(c->record), V_I(c->filed ? (int64_t)c->index : -1), V_I(c->now)));
	return e;
}

static enum err idem_seen(struct call *c)
{
	struct rows r;
	enum err e;

	if (!c->idem.n)
		return OK;
	e = db_ask(c->db, c->arena, kernel_sql[SQL_IDEM_GET], VALS(V_I(c->who->account), V_T(c->idem)), &r);
	if (e || r.n == 0)
		return e;
	if (!row_str(&r, 0, 1).n)          /* a late repetition would file again what was erased */
		return call_refuse(c, E_STATE, "这个 Idempotency-Key 用过，所填报记录的内容后来已删除", "this key was used, and values of the record it filed were erased since");
	if (!str_eq(row_str(&r, 0, 0), hash_str(&c->hidden->request)))
		return E_REUSED;
	e = idem_answer(c, row_str(&r, 0, 1));
	if (e)
		return e;
	c->hidden->replay = true;
	c->record = row_int(&r, 0, 2);
	c->filed = row_int(&r, 0, 3) >= 0;      /* a step of a case speaks of a record and files none */
	c->index = c->filed ? (uint64_t)row_int(&r, 0, 3) : 0;
	return OK;
}

/* ---- before running ---- */

/* "corrects" must be an id, and of an operation that corrects: passed over, a correction would become a second record. */
static void check_corrects(struct call *c)
{
	const struct node *x = node_get(c->raw, "corrects");
	int64_t id;

	if (!x || x->kind == NODE_NULL || !c->op->in->schema)
		return;
	if (!c->op->corrects)
		trouble_named(&c->troubles, "corrects", OURS, "这种记录不能更正", "records of this kind are not corrected");
	else if (x->kind != NODE_STR || !id_get(x->s, &id))
		trouble_named(&c->troubles, "corrects", OURS, "应为13位记录编号", "give a record id of 13 characters");
}

static enum err prepare(struct call *c)
{
	const struct op *op = c->op;
	struct check_env env = { c->now, c, env_listed, env_fact, c->who->open_by_default };
	enum err e = op_allowed(op, c->who, false, 0, S(""));

	c->troubles.a = c->arena;
	if (!c->raw)
		c->raw = node_obj(c->arena);
	if (!e && !op_reads(op) && c->idem.n)
		request_hash(c);
	if (!e && op->prefill)
		e = op->prefill(c);
	if (e || !op->in)
		return e;
	c->in = TAKE(c->arena, struct value, op->in->n + 1);
	check_input(c->arena, op->in, c->raw, &env, c->in, &c->troubles);
	check_corrects(c);
	e = load_target(c);
	if (!e)
		e = check_files(c);
	for (size_t i = 0; i < c->k->n_modules && !e; i++)
		if (c->k->modules[i]->check)
			e = c->k->modules[i]->check(c);
	if (!e && op->prepare && !c->troubles.n && !c->dry)
		e = op->prepare(c);
	return e ? e : c->troubles.n ? E_BAD : OK;
}

static enum err write_down(struct call *c)
{
	enum err e = c->idem.n && !c->verdict ? idem_keep(c) : OK;      /* a refusal is given anew each time */

	if (!c->op->quiet)
		db_tell(c->db, kernel_sql[SQL_AUDIT_PUT], VALS(V_I(new_id(c->k, c->now)), V_I(c->now), V_I(c->who->account), V_I(c->who->party),
		        V_T(str_of(c->op->name)), V_I(c->record)));
	return e ? e : db_sticky(c->db);
}

/* ---- running ---- */

static enum err run_in_arena(struct call *c, enum err (*fn)(struct call *c))
{
	jmp_buf *before = c->arena->full;
	enum err e;
	int full;

	c->arena->full = &c->hidden->full;
	full = setjmp(c->hidden->full);
	e = full ? (enum err)full : fn(c);
	c->arena->full = before;
	return e;
}

static enum err write_body(struct call *c)
{
	enum err e = idem_seen(c);

	if (e || c->hidden->replay)
		return e;
	if (!c->out)
		c->out = node_obj(c->arena);
	e = c->op->run(c);
	if (!e && c->troubles.n)
		e = E_BAD;
	return e ? e : write_down(c);
}

static enum err answer_body(struct call *c)
{
	struct node *receipt;
	struct str proof;
	struct rows r;
	enum err e;

	if (!c->filed)
		return OK;
	if (!c->leaf.n) {                       /* answered again: the entry is in the store */
		e = db_ask(c->db, c->arena, kernel_sql[SQL_ENTRY_GET], VALS(V_I((int64_t)c->index)), &r);
		if (e || r.n == 0)
			return e ? e : E_CORRUPT;
		c->leaf = row_str(&r, 0, 0);
	}
	e = call_receipt(c, c->index, c->leaf, &proof);
	if (e)
		return e;
	put_str(c->arena, c->out, "id", id_str(c->arena, c->record));
	receipt = put_obj(c->arena, c->out, "receipt");
	put_int(c->arena, receipt, "index", (int64_t)c->index);
	put_str(c->arena, receipt, "leaf", c->leaf);
	put_str(c->arena, receipt, "proof", proof);
	return OK;
}

static enum err receipt_again(struct call *c)
{
	struct str proof;
	enum err e = call_receipt(c, c->index, c->leaf, &proof);

	for (struct node *x = e ? NULL : c->out->first; x; x = x->next)
		for (struct node *y = str_is(x->key, "receipt") ? x->first : NULL; y; y = y->next)
			if (str_is(y->key, "proof"))
				y->s = proof;
	return e;
}

enum err call_receipt_again(struct call *c)
{
	struct db *db;
	enum err e = readers_borrow(c->k->readers, &db);

	if (e)
		return e;
	c->db = db;
	e = run_in_arena(c, receipt_again);
	c->db = NULL;
	readers_return(c->k->readers, db);
	return e;
}

static void finish(struct call *c, enum err e)
{
	if (!e)
		e = c->verdict;
	c->err = e;
	if (e)
		atomic_fetch_add(&c->k->refused, 1);
	if (e == E_DENIED || e == E_INTERNAL || e == E_CORRUPT || e == E_CRYPTO)
		say(SAY_WARN, "op %s: %s, account %lld", c->op->name, err_name(e), (long long)c->who->account);
	c->done(c);
}

enum err call_write(struct call *c, struct db *db)
{
	c->db = db;
	return run_in_arena(c, write_body);
}

enum err call_check(struct call *c, struct db *reader)
{
	enum err e;

	c->hidden = TAKE(c->arena, struct hidden_call, 1);
	c->hidden->call = c;
	c->db = reader;
	e = run_in_arena(c, prepare);
	c->db = NULL;
	return e;
}

static enum err change_run(struct change *ch, struct db *db)
{
	return call_write(((struct hidden_call *)ch)->call, db);
}

/* The changes are committed and signed; their receipts are made on a worker, a handful at a time, so that the writer can go on. */
static void answer_task(void *arg)
{
	struct hidden_call *h = arg, *next;
	struct kernel *k = h->call->k;
	struct db *db = NULL;
	enum err open = readers_borrow(k->readers, &db);

	for (; h; h = next) {
		struct call *c = h->call;

		next = h->next_answer;          /* the face may end the call's arena as soon as it is answered */
		c->db = db;
		finish(c, open ? open : run_in_arena(c, answer_body));
	}
	readers_return(k->readers, db);
}

static void change_done(struct change *ch, enum err e)
{
	struct hidden_call *h = (struct hidden_call *)ch;
	struct kernel *k = h->call->k;

	atomic_fetch_add(&k->writes, 1);
	if (e || !h->call->filed) {
		finish(h->call, e);
		return;
	}
	h->next_answer = k->answers;
	k->answers = h;
}

void answers_hand_over(struct kernel *k)
{
	enum { HANDFUL = 16 };

	while (k->answers) {
		struct hidden_call *first = k->answers, *last = first;

		for (int n = 1; n < HANDFUL && last->next_answer; n++)
			last = last->next_answer;
		k->answers = last->next_answer;
		last->next_answer = NULL;
		if (crew_add(k->crew, answer_task, first))
			answer_task(first);     /* the crew is full: the writer waits a little instead */
	}
}

static enum err check_body(struct call *c)
{
	enum err e = prepare(c);

	if (!e && op_reads(c->op)) {
		c->out = node_obj(c->arena);
		atomic_fetch_add(&c->k->reads, 1);
		e = c->op->run(c);
		if (!e && c->troubles.n)
			e = E_BAD;
	}
	return e;
}

static void check_task(void *arg)
{
	struct call *c = arg;
	enum err e = readers_borrow(c->k->readers, &c->hidden->reader);

	c->db = c->hidden->reader;
	if (!e)
		e = run_in_arena(c, check_body);
	if (c->hidden->reader)
		readers_return(c->k->readers, c->hidden->reader);
	c->hidden->reader = NULL;
	c->db = NULL;
	if (!e && !op_reads(c->op)) {
		c->hidden->change = (struct change){ .run = change_run, .done = change_done };
		e = c->k->writer ? writer_add(c->k->writer, &c->hidden->change) : E_BUSY;
		if (!e)
			return;                 /* answered by change_done */
	}
	finish(c, e);
}

void op_run(struct call *c)
{
	c->hidden = TAKE(c->arena, struct hidden_call, 1);
	c->hidden->call = c;
	if (c->op->mode != SLOW && c->op->mode != READS_LONG)
		check_task(c);
	else if (atomic_load(&c->k->closing) || crew_add(c->k->crew, check_task, c))
		finish(c, E_BUSY);
}

enum err call_reader(struct call *c) { return c->db ? OK : readers_borrow(c->k->readers, &c->db); }

enum err op_memory(struct call *c, struct str path_value)
{
	enum err e;

	if (!c->op->memory)
		return E_BUSY;
	c->who = &nobody;
	c->db = NULL;                           /* a forged code is refused without one; see call_reader */
	e = c->op->memory(c, path_value);
	if (c->db)
		readers_return(c->k->readers, c->db);
	c->db = NULL;
	if (e != E_BUSY)
		atomic_fetch_add(&c->k->reads, 1);
	return e;
}

struct waiting {
	pthread_mutex_t lock;
	pthread_cond_t answered;
	bool done;
};

static void wake(struct call *c)
{
	struct waiting *w = c->user;

	pthread_mutex_lock(&w->lock);
	w->done = true;
	pthread_cond_signal(&w->answered);
	pthread_mutex_unlock(&w->lock);
}

void op_run_wait(struct call *c)
{
	struct waiting w = { .done = false };
	void *user = c->user;

	pthread_mutex_init(&w.lock, NULL);
	pthread_cond_init(&w.answered, NULL);
	c->user = &w;
	c->done = wake;
	op_run(c);
	pthread_mutex_lock(&w.lock);
	while (!w.done)
		pthread_cond_wait(&w.answered, &w.lock);
	pthread_mutex_unlock(&w.lock);
	pthread_mutex_destroy(&w.lock);
	pthread_cond_destroy(&w.answered);
	c->user = user;
}

const struct op *op_find(const struct kernel *k, struct str name)
{
	size_t lo = 0, hi = k->n_ops;

	while (lo < hi) {
		size_t mid = (lo + hi) / 2;
		int d = str_cmp(name, str_of(k->ops[mid]->name));

		if (d == 0)
			return k->ops[mid];
		if (d < 0)
			hi = mid;
		else
			lo = mid + 1;
	}
	return NULL;
}

const struct op *const *kernel_ops(const struct kernel *k, size_t *ret_n)
{
	*ret_n = k->n_ops;
	return k->ops;
}
