/* tests/ops/harness.c - homes, the cast, calls. See harness.h. */
#include <semaphore.h>
#include <unistd.h>

#include "ident/ident.h"
#include "tests/ops/harness.h"

const char *const who_names[CAST] = { "maker", "foreign maker", "seller", "foreign seller", "user unit", "officer", "foreign officer", "association",
	"auditor", "dock", "operator", "second operator", "anybody" };
const char password[] = "cast-password-1";

static const struct { const char *role, *name, *region, *body, *contact; unsigned bit; } cast[CAST] = {
	[MAKER]     = { "maker", "甲钢丝绳厂", "320623", "MA1EXRP0", "0513-80000001", R_MAKER },
	[MAKER2]    = { "maker", "乙燃气灶具厂", "440606", "MA4EXGT0", "0757-20000002", R_MAKER },
	[SELLER]    = { "seller", "丙五金批发部", "320611", "MA1EXHB1", "0513-80000003", R_SELLER },
	[SELLER2]   = { "seller", "丁建材商店", "440606", "MA1EXHB2", "0757-20000004", R_SELLER },
	[USER]      = { "user_unit", "戊建筑工程公司", "320623", "MA1EXHB6", "0513-80000006", R_USER },
	[OFFICER]   = { "officer", NULL, "320000", NULL, NULL, R_OFFICER },
	[OFFICER2]  = { "officer", NULL, "440000", NULL, NULL, R_OFFICER },
	[ASSOC]     = { "association", NULL, "", NULL, NULL, R_ASSOC },
	[AUDITOR]   = { "auditor", NULL, "", NULL, NULL, R_AUDITOR },
	[DOCK]      = { "dock", NULL, "", NULL, NULL, R_DOCK },
	[OPERATOR]  = { "operator", NULL, "", NULL, NULL, R_OPERATOR },
	[OPERATOR2] = { "operator", NULL, "", NULL, NULL, R_OPERATOR },
};

/* ---- calls ---- */

const char *z(struct house *h, struct str s) { return str_z(&h->a, s); }

struct answer ask(struct house *h, const struct actor *who, const char *op, struct node *in, struct str upload, const char *idem)
{
	struct call *c = TAKE(&h->a, struct call, 1);

	*c = (struct call){ .k = h->k, .op = op_find(h->k, str_of(op)), .who = who, .raw = in, .arena = &h->a, .now = h->now++, .idem = str_of(idem) };
	c->upload.bytes = upload;
	c->upload.name = upload.n ? S("document.pdf") : S("");
	if (!c->op)
		fail_msg("no operation %s", op);
	op_run_wait(c);
	return (struct answer){ c->err, c, c->out && !c->err ? c->out : node_obj(&h->a) };
}

struct node *in_args(struct house *h, va_list args)
{
	struct node *o = node_obj(&h->a);
	const char *name;

	while ((name = va_arg(args, const char *)) != NULL)
		put_z(&h->a, o, name, va_arg(args, const char *));
	return o;
}

struct node *in_of(struct house *h, ...)
{
	struct node *o;
	va_list args;

	va_start(args, h);
	o = in_args(h, args);
	va_end(args);
	return o;
}

const struct actor *actor(struct house *h, enum who w)
{
	const struct actor *who = &nobody;

	if (w == ANYBODY)
		return who;
	if (actor_of(h->k, &h->a, h->token[w], S(""), h->now, &who))
		fail_msg("%s has no session", who_names[w]);
	return who;
}

struct answer call(struct house *h, enum who w, const char *op, ...)
{
	struct node *o;
	va_list args;

	va_start(args, op);
	o = in_args(h, args);
	va_end(args);
	return ask(h, actor(h, w), op, o, S(""), NULL);
}

struct answer call_ok(struct house *h, enum who w, const char *op, ...)
{
	struct answer a;
	struct node *o;
	va_list args;

	va_start(args, op);
	o = in_args(h, args);
	va_end(args);
	a = ask(h, actor(h, w), op, o, S(""), NULL);
	if (a.err) {
		for (const struct trouble *t = a.c->troubles.first; t; t = t->next)
			print_error("  %.*s: %.*s\n", STR_ARG(t->field), STR_ARG(t->en));
		fail_msg("%s by %s: %s %s", op, who_names[w], err_name(a.err), a.c->why_en ? a.c->why_en : "");
	}
	return a;
}

const struct trouble *trouble_of(const struct answer *a, const char *field)
{
	for (const struct trouble *t = a->c->troubles.first; t; t = t->next)
		if (str_is(t->field, field))
			return t;
	return NULL;
}

struct str stream_text(struct house *h, struct answer *a)
{
	struct buf b = buf_in(&h->a, 65536);
	char *page = malloc(40000);
	int64_t n;

	while ((n = a->c->stream->pull(a->c->stream->ctx, page, 40000)) > 0)
		buf_add(&b, (struct str){ page, (size_t)n });
	a->c->stream->done(a->c->stream->ctx);
	free(page);
	assert_int_equal(n, 0);
	a->c->stream = NULL;
	return buf_str(&b);
}

struct str text_of(struct house *h, const struct answer *a)
{
	struct buf b = buf_in(&h->a, 1024);

	if (a->c->out)
		json_write(&b, a->c->out);
	buf_add(&b, a->c->bytes);
	if (a->c->stream && !a->err)
		buf_add(&b, stream_text(h, &(struct answer){ a->err, a->c, a->out }));
	buf_z(&b, a->c->why_zh ? a->c->why_zh : "");
	buf_z(&b, a->c->why_en ? a->c->why_en : "");
	json_write(&b, troubles_node(&h->a, &a->c->troubles));
	return buf_str(&b);
}

struct str answer_id(struct house *h, const struct answer *a) { return str_copy(&h->a, node_text(a->out, "id")); }

struct str load_sent(struct house *h, enum who w, struct node *in, struct str bytes)
{
	struct answer a = ask(h, actor(h, w), "load.create", in, bytes, NULL);

	if (a.err)
		fail_msg("load.create: %s", z(h, text_of(h, &a)));
	return str_copy(&h->a, node_text(a.out, "id"));
}

struct answer job_ended(struct house *h, enum who w, const char *op, struct str id)
{
	static const char *const working[] = { "checking", "filing", "waiting", "drawing" };

	for (int i = 0; i < 24000; i++) {
		struct answer a = call_ok(h, w, op, "id", z(h, id), NULL);
		bool busy = false;

		for (size_t s = 0; s < ROWS(working); s++)
			busy = busy || str_is(node_text(a.out, "state"), working[s]);
		if (!busy)
			return a;
		usleep(5000);
	}
	fail_msg("the job does not end");
	return (struct answer){ E_INTERNAL };
}

/* ---- on the writer ---- */

struct on_writer { enum err (*fn)(struct call *c, void *ctx); void *ctx; sem_t done; enum err e; };

static enum err on_writer_run(struct call *c, void *ctx) { return ((struct on_writer *)ctx)->fn(c, ((struct on_writer *)ctx)->ctx); }

static void on_writer_after(void *ctx, enum err e)
{
	struct on_writer *o = ctx;

	o->e = e;
	sem_post(&o->done);
}

void on_writer(struct house *h, enum err (*fn)(struct call *c, void *ctx), void *ctx)
{
	struct on_writer o = { .fn = fn, .ctx = ctx };

	sem_init(&o.done, 0, 0);
	assert_int_equal(kernel_change(h->k, h->now, on_writer_run, on_writer_after, &o), OK);
	while (sem_wait(&o.done))
		;
	sem_destroy(&o.done);
	assert_int_equal(o.e, OK);
}

/* ---- the store ---- */

struct db *raw_open(struct house *h)
{
	struct db *db = NULL;

	assert_int_equal(db_open(h->engine, h->store, false, &db), OK);
	return db;
}

void raw_exec(struct house *h, const char *script)
{
	struct db *db = raw_open(h);
	enum err e = db_exec(db, script);

	db_close(db);
	assert_int_equal(e, OK);
}

void raw_keys(struct house *h, const char *script)
{
	struct db *db = NULL;
	enum err e;

	assert_int_equal(db_open(&sqlite_engine, str_fmt(&h->a, "%s/keystore/keys.db", h->dir).p, false, &db), OK);
	e = db_exec(db, script);
	db_close(db);
	assert_int_equal(e, OK);
}

int64_t raw_number(struct house *h, const char *sql)
{
	struct db *db = raw_open(h);
	struct rows r;
	int64_t n;

	assert_int_equal(db_ask(db, &h->a, sql, NO_VALS, &r), OK);
	n = r.n ? row_int(&r, 0, 0) : -1;
	db_close(db);
	return n;
}

struct dumping { struct buf b; };

static enum err dump_row(void *ctx, const struct val *v, size_t cols)
{
	struct dumping *d = ctx;

	for (size_t i = 0; i < cols; i++) {
		if (v[i].kind == VAL_INT)
			buf_fmt(&d->b, "%lld", (long long)v[i].i);
		else if (v[i].kind == VAL_BLOB) {
			buf_add(&d->b, v[i].s);
			buf_z(&d->b, " 0x");
			buf_add(&d->b, hex_str(d->b.a, v[i].s.p, v[i].s.n));
		} else if (v[i].kind == VAL_TEXT)
			buf_add(&d->b, v[i].s);
		buf_z(&d->b, i + 1 < cols ? "|" : "\n");
	}
	return OK;
}

struct str dump_tables(struct house *h, const char *const *tables, size_t n)
{
	struct db *db = raw_open(h);
	struct dumping d = { buf_in(&h->a, 65536) };

	for (size_t i = 0; i < n; i++) {
		struct rows r;

		buf_fmt(&d.b, "== %s\n", tables[i]);
		assert_int_equal(db_ask(db, &h->a, str_fmt(&h->a, "SELECT * FROM %s LIMIT 1", tables[i]).p, NO_VALS, &r), OK);
		assert_int_equal(db_each(db, str_fmt(&h->a, "SELECT * FROM %s ORDER BY 1, 2%s", tables[i], !r.n || r.cols < 3 ? "" : r.cols == 3 ? ", 3" : ", 3, 4").p, NO_VALS, dump_row, &d), OK);
	}
	db_close(db);
	return buf_str(&d.b);
}

void assert_rebuilt(struct house *h, const char *const *tables, size_t n)
{
	struct str *before = TAKE(&h->a, struct str, n);
	struct verify_report r;

	house_shut(h);
	house_open(h);
	for (size_t i = 0; i < n; i++)
		before[i] = dump_tables(h, &tables[i], 1);
	assert_int_equal(kernel_rebuild(h->k, &h->a, NULL, NULL), OK);
	for (size_t i = 0; i < n; i++)
		if (!str_eq(before[i], dump_tables(h, &tables[i], 1)))
			fail_msg("%s differs after rebuild", tables[i]);
	assert_int_equal(kernel_verify(h->k, &h->a, NULL, &r), OK);
}

uint64_t log_size(struct house *h) { return log_shown(kernel_log(h->k)).size; }

bool holds(struct str text, const char *needle) { return memmem(text.p, text.n, needle, strlen(needle)) != NULL; }

/* ---- homes ---- */

static struct kernel_setup setup_of(struct house *h)
{
	size_t n = 0;

	for (; n < modules_n; n++)
		h->all[n] = modules[n];
	if (h->extra)
		h->all[n++] = h->extra;
	return (struct kernel_setup){ .home = h->dir, .engines = engines, .n_engines = engines_n, .store = h->store, .modules = h->all, .n_modules = n,
		.writing = true };
}

enum err house_try_open(struct house *h)
{
	struct kernel_setup s = setup_of(h);
	char why[300];

	return kernel_open(&s, &h->k, why);
}

void house_open(struct house *h)
{
	if (house_try_open(h))
		fail_msg("the home does not open");
}

void house_shut(struct house *h)
{
	kernel_close(h->k);
	h->k = NULL;
}

static void store_for(struct house *h)
{
	static int runs;

	if (h->engine == &sqlite_engine) {
		snprintf(h->store, sizeof(h->store), "%s/suyuan.db", h->dir);
		return;
	}
	snprintf(h->schema, sizeof(h->schema), "t%d_%d", (int)getpid(), runs++);
	snprintf(h->store, sizeof(h->store), "%s", getenv("SUYUAN_TEST_PG"));
	raw_exec(h, str_fmt(&h->a, "CREATE SCHEMA %s", h->schema).p);
	snprintf(h->store, sizeof(h->store), "%s%coptions=-csearch_path%%3D%s", getenv("SUYUAN_TEST_PG"), strchr(getenv("SUYUAN_TEST_PG"), '?') ? '&' : '?',
	         h->schema);
}

static enum err seat(struct call *c, void *ctx)
{
	struct house *h = ctx;
	unsigned char salt[16] = { 7 };
	struct str phc, token;
	enum err e = password_hash(str_of(password), salt, c->arena, &phc);

	for (size_t i = OFFICER; i < ANYBODY && !e; i++) {
		h->login[i] = str_fmt(&h->a, "%s%zu", cast[i].role, i);
		e = account_put(c, 0, cast[i].bit, IN_NOBODY, h->login[i], phc, str_of(cast[i].region), &h->account[i]);
		if (!e)
			e = session_put(c, h->account[i], "session", 90, &token);
		if (!e)
			h->token[i] = str_copy(&h->a, token);
	}
	return e;
}

static struct str uscc_of(struct house *h, const char *region, const char *body)
{
	struct str first17 = str_fmt(&h->a, "91%s%s%c", region, body, org_code_check_char(str_of(body)));

	return str_fmt(&h->a, "%.*s%c", STR_ARG(first17), uscc_check_char(first17));
}

static void register_one(struct house *h, enum who w, struct str licence)
{
	static const char *const prefix[] = { "manufacturer", "manufacturer", "seller", "seller", "user_unit" };
	struct node *in = node_obj(&h->a);
	struct answer a;

	h->uscc[w] = uscc_of(h, cast[w].region, cast[w].body);
	h->login[w] = str_fmt(&h->a, "owner%d", (int)w);
	put_z(&h->a, in, str_fmt(&h->a, "%s_name", prefix[w]).p, cast[w].name);
	put_str(&h->a, in, "uscc", h->uscc[w]);
	put_str(&h->a, in, str_fmt(&h->a, "%s_address", prefix[w]).p, str_fmt(&h->a, "%s一路1号", cast[w].name));
	put_z(&h->a, in, str_fmt(&h->a, "%s_contact", prefix[w]).p, cast[w].contact);
	put_str(&h->a, in, "business_licence", licence);
	put_z(&h->a, in, "region", cast[w].region);
	put_str(&h->a, in, "login", h->login[w]);
	put_z(&h->a, in, "password", password);
	a = ask(h, &nobody, str_fmt(&h->a, "%s.register", cast[w].role).p, in, S(""), NULL);
	if (a.err)
		fail_msg("%s cannot register: %s", who_names[w], err_name(a.err));
	h->token[w] = str_copy(&h->a, node_text(a.out, "token"));
	h->card[w] = answer_id(h, &a);
	h->party[w] = actor(h, w)->party;
	h->account[w] = actor(h, w)->account;
}

struct house *house_new(const struct engine *e, const char *suite, const struct module *extra)
{
	struct house *h = calloc(1, sizeof(*h));
	struct kernel_init init = { .public_url = "https://example.org", .origin = "example.org/log", .suite = suite };
	struct kernel_setup s;
	char why[300];
	struct str licence;

	h->engine = e;
	h->suite = suite;
	h->extra = extra;
	arena_init(&h->a, (size_t)2 << 30, NULL);
	snprintf(h->dir, sizeof(h->dir), "/tmp/suyuan-ops.XXXXXX");
	if (!mkdtemp(h->dir) || !time_get(S("2026-11-20T02:00:00Z"), &h->now))
		fail_msg("no temporary directory");
	store_for(h);
	s = setup_of(h);
	init.store = h->store;
	if (kernel_init_home(&s, &init, why))
		fail_msg("no home: %s", why);
	house_open(h);
	on_writer(h, seat, h);
	licence = put_file(h, ANYBODY, "licence", true);
	for (size_t i = MAKER; i <= USER; i++)
		register_one(h, (enum who)i, licence);
	return h;
}

void house_end(struct house *h)
{
	kernel_close(h->k);
	if (h->schema[0])
		raw_exec(h, str_fmt(&h->a, "DROP SCHEMA %s CASCADE", h->schema).p);
	if (system(str_fmt(&h->a, "rm -rf '%s'", h->dir).p))
		print_error("%s is left\n", h->dir);
	arena_end(&h->a);
	free(h);
}

/* ---- things ---- */

struct str pdf(struct house *h, const char *words) { return str_fmt(&h->a, "%%PDF-1.4\n%% %s\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%%%EOF\n", words); }

struct str put_file(struct house *h, enum who w, const char *words, bool open)
{
	struct answer a = ask(h, actor(h, w), "file.put", in_of(h, "open", open ? "true" : "false", NULL), pdf(h, words), NULL);

	if (a.err)
		fail_msg("file.put: %s", err_name(a.err));
	return str_copy(&h->a, node_text(a.out, "file"));
}

struct str new_product(struct house *h, enum who w, const char *name)
{
	struct answer a = call_ok(h, w, "product.create", "product_name", name, "product_type", "steel_wire_ropes_01", "specification_model", "6×36WS+IWRC",
	                          "warranty_period", "不涉及", "mandatory_national_standard", NO_MANDATORY_STANDARD, "standard_applied", "GB/T 20118-2017",
	                          "licence_or_ccc_certificate_no", "(苏)XK05-005-00001", "manual_or_warning", "不涉及", NULL);

	return answer_id(h, &a);
}

struct node *batch_in(struct house *h, enum who w, struct str product, const char *number)
{
	struct node *in = in_of(h, "trace_code", "platform", "production_date", "2026-11-01", "factory_batch_or_serial_no", number, "report_kind", "factory",
	                        "report_no", number, "report_date", "2026-11-02", "report_issuer", "本厂", "report_conclusion", "合格", NULL);

	put_str(&h->a, in, "product", product);
	put_str(&h->a, in, "inspection_report", put_file(h, w, number, false));
	return in;
}

struct str new_batch(struct house *h, enum who w, struct str product, const char *number)
{
	struct answer a = ask(h, actor(h, w), "batch.create", batch_in(h, w, product, number), S(""), NULL);

	assert_int_equal(a.err, OK);
	return answer_id(h, &a);
}

struct str new_pack(struct house *h, enum who w, struct str batch, const char *count, struct str *ret_first)
{
	struct answer a = batch.n ? call_ok(h, w, "pack.create", "batch", z(h, batch), "grain", "item", "count", count, NULL)
	                          : call_ok(h, w, "pack.create", "grain", "item", "count", count, NULL);

	if (ret_first)
		*ret_first = str_copy(&h->a, node_text(a.out, "first"));
	return answer_id(h, &a);
}

/* Through the stream, as its owner reads it. */
struct str nth_code(struct house *h, enum who w, struct str pack, size_t n)
{
	struct answer a = call_ok(h, w, "pack.codes", "id", z(h, pack), NULL);

	return str_sub(stream_text(h, &a), n * 21, 20);
}

/* ---- both engines ---- */

static const struct engine *engine_now;
static const struct module *extra_now;

static int group_setup(void **state)
{
	*state = house_new(engine_now, "std", extra_now);
	return 0;
}

static int group_teardown(void **state)
{
	house_end(*state);
	return 0;
}

struct house *here(void **state) { return *state; }

static void postgresql_needs_SUYUAN_TEST_PG(void **state)
{
	(void)state;
	skip();
}

int run_both(const char *name, const struct CMUnitTest *tests, size_t n, const struct module *extra)
{
	static const struct CMUnitTest skipped[] = { cmocka_unit_test(postgresql_needs_SUYUAN_TEST_PG) };
	char group[100];
	int failed;

	extra_now = extra;
	engine_now = &sqlite_engine;
	snprintf(group, sizeof(group), "%s on sqlite", name);
	failed = _cmocka_run_group_tests(group, tests, n, group_setup, group_teardown);
	snprintf(group, sizeof(group), "%s on postgresql", name);
	if (!getenv("SUYUAN_TEST_PG"))
		return failed + _cmocka_run_group_tests(group, skipped, 1, NULL, NULL);
	engine_now = &pg_engine;
	return failed + _cmocka_run_group_tests(group, tests, n, group_setup, group_teardown);
}
