/* kernel/boot.c - making, opening and closing a home: keys, settings, tables, tables of types and operations. */
#include "kernel/inside.h"
#include "kernel/sheet.h"

#include <sys/stat.h>
#include <unistd.h>

enum { LIFE_MAX = 256 << 20, CREW_THREADS = 2, CREW_QUEUE = 4096 };

/* ---- tables of the program, from the modules ---- */

static int by_name(const void *x, const void *y)
{
	return strcmp((*(const struct op *const *)x)->name, (*(const struct op *const *)y)->name);
}

static const char *plural_of(struct arena *a, const struct type *t) { return t->plural ? t->plural : str_fmt(a, "%ss", t->name).p; }

static const struct field *one_ref(struct arena *a, const struct type *t)
{
	struct field *f = TAKE(a, struct field, 1);

	*f = (struct field){ .name = "id", .kind = KIND_REF, .need = REQUIRED, .publicity = PUBLIC, .clause = OURS, .words = "记录编号",
	                     .en = "record id", .ref = t->name };
	return f;
}

/* Every kept type has a list and a page of one record; neither is written by hand. */
static void add_type_ops(struct kernel *k, const struct op **ops, size_t *n, const struct type *t)
{
	static const struct field list_fields[] = {
		ROW(before, REF, OPTIONAL, PUBLIC, OURS, "从此记录之前", .ref = "any", .en = "records before this one")
		ROW(field, TEXT, OPTIONAL, PUBLIC, OURS, "按字段查找", .max = 60, .en = "search in field")
		ROW(value, TEXT, OPTIONAL, PUBLIC, OURS, "查找的值", .en = "value searched")
		ROW(as, NAMES, OPTIONAL, PUBLIC, OURS, "格式", .list = "csv|xlsx|ndjson", .max = 1, .en = "format")
	};
	static const struct type list_in = { .name = "list", .fields = list_fields, .n = ROWS(list_fields) - 1, .zh = "列表", .en = "list" };
	static const struct type export_in = { .name = "export", .fields = list_fields, .n = ROWS(list_fields), .zh = "导出", .en = "export" };
	struct op *list = TAKE(&k->life, struct op, 1), *get = TAKE(&k->life, struct op, 1), *out = TAKE(&k->life, struct op, 1);
	struct type *in = TAKE(&k->life, struct type, 1);
	bool open = t->leaf == LEAF_REG || t->leaf == LEAF_OBJ;
	unsigned who = open ? R_ALL : t->guarded ? R_PARTY | R_OFFICER | R_OPERATOR : R_SIGNED_IN;
	const char *plural = plural_of(&k->life, t);

	*in = (struct type){ .name = "get", .zh = t->zh, .en = t->en, .fields = one_ref(&k->life, t), .n = 1 };
	*list = (struct op){ .name = str_fmt(&k->life, "%s.list", t->name).p, .method = GET, .path = str_fmt(&k->life, "/v1/%s", plural).p,
		.who = who, .scope = SCOPE_OWN, .mode = READS, .in = &list_in, .run = find_list, .clause = t->clause,
		.zh = str_fmt(&k->life, "%s列表", t->zh).p, .en = str_fmt(&k->life, "list of %s", t->en).p, .files = t };
	*get = (struct op){ .name = str_fmt(&k->life, "%s.get", t->name).p, .method = GET, .path = str_fmt(&k->life, "/v1/%s/{id}", plural).p,
		.who = who, .scope = open ? SCOPE_PUBLIC : SCOPE_OWN, .mode = READS, .in = in, .run = find_get,
		.clause = t->clause, .zh = str_fmt(&k->life, "单条%s", t->zh).p,
		.en = str_fmt(&k->life, "one %s", t->en).p, .files = t };
	*out = *list;
	out->name = str_fmt(&k->life, "%s.export", t->name).p;
	out->path = str_fmt(&k->life, "/v1/%s/export", plural).p;
	out->mode = READS_LONG;
	out->in = &export_in;
	out->run = export_run;
	out->gives = SHEET_GIVES;
	out->zh = str_fmt(&k->life, "导出%s", t->zh).p;
	out->en = str_fmt(&k->life, "export of %s", t->en).p;
	ops[(*n)++] = out;
	ops[(*n)++] = list;
	ops[(*n)++] = get;
}

static void add_step_op(struct kernel *k, const struct op **ops, size_t *n, const struct flow *f, const struct step *s)
{
	struct op *op = TAKE(&k->life, struct op, 1);
	const char *name = str_fmt(&k->life, "%s.%s", f->name, s->verb).p;
	unsigned who = 0;

	/* one verb may lead from several states: one operation for whoever any row names, the row decides at run time */
	for (size_t i = 0; i < f->n; i++)
		who |= strcmp(f->steps[i].verb, s->verb) == 0 ? f->steps[i].who : 0;
	for (size_t i = 0; i < *n; i++)
		if (strcmp(ops[i]->name, name) == 0)
			return;
	*op = (struct op){ .name = name, .method = POST, .path = str_fmt(&k->life, "/v1/%s/{id}/%s", f->name, s->verb).p, .who = who,
		.inside = IN_FILER, .scope = SCOPE_OWN, .mode = WRITES, .in = &flow_step_in, .run = flow_step, .clause = s->clause, .zh = s->zh,
		.en = s->en, .step = s };
	ops[(*n)++] = op;
}

static enum err tables_of_modules(struct kernel *k, char why[300])
{
	size_t n_types = 0, n_ops = 0, t = 0, n = 0;
	const struct op **ops;

	for (size_t m = 0; m < k->n_modules; m++) {
		n_types += k->modules[m]->n_types;
		n_ops += k->modules[m]->n_ops + 3 * k->modules[m]->n_types;
		for (size_t f = 0; f < k->modules[m]->n_flows; f++)
			n_ops += k->modules[m]->flows[f].n;
	}
	k->types = TAKE(&k->life, const struct type *, n_types + 1);
	ops = TAKE(&k->life, const struct op *, n_ops + 1);
	for (size_t m = 0; m < k->n_modules; m++) {
		const struct module *mod = k->modules[m];
		char bad[200];

		for (size_t i = 0; i < mod->n_types; i++) {
			if (!schema_ok(mod->types[i], bad)) {
				explain(why, "%s", bad);
				return E_INTERNAL;
			}
			k->types[t++] = mod->types[i];
			add_type_ops(k, ops, &n, mod->types[i]);
		}
		for (size_t i = 0; i < mod->n_ops; i++)
			ops[n++] = &mod->ops[i];
		for (size_t f = 0; f < mod->n_flows; f++)
			for (size_t i = 0; i < mod->flows[f].n; i++)
				add_step_op(k, ops, &n, &mod->flows[f], &mod->flows[f].steps[i]);
	}
	qsort(ops, n, sizeof(*ops), by_name);
	for (size_t i = 1; i < n; i++)
		if (strcmp(ops[i]->name, ops[i - 1]->name) == 0) {
			explain(why, "two operations are called %s", ops[i]->name);
			return E_INTERNAL;
		}
	k->ops = ops;
	k->n_ops = n;
	k->n_types = n_types;
	return sql_of_types(k);
}

const struct type *kernel_type(const struct kernel *k, struct str name)
{
	for (size_t i = 0; i < k->n_types; i++)
		if (str_is(name, k->types[i]->name))
			return k->types[i];
	return NULL;
}

const struct type *const *kernel_types(const struct kernel *k, size_t *ret_n)
{
	*ret_n = k->n_types;
	return k->types;
}

/* ---- tables of the store ---- */

static struct str setting_of(struct kernel *k, struct db *db, const char *name)
{
	struct rows r;

	return db_ask(db, &k->life, kernel_sql[SQL_SETTING_GET], VALS(V_T(str_of(name))), &r) || r.n == 0 ? S("") : row_str(&r, 0, 0);
}

static enum err run_script(struct kernel *k, struct db *db, const char *text)
{
	return db_exec(db, ddl_for(&k->life, text, db_is_pg(db)));
}

/* Every derived table as this program wants it. */
static struct str derived_ddl(struct kernel *k, bool pg)
{
	struct buf b = buf_in(&k->life, 8192);

	for (size_t i = 0; i < k->n_types; i++)
		emit_table(&b, k->types[i], pg ? DIALECT_PG : DIALECT_SQLITE);
	for (size_t m = 0; m < k->n_modules; m++)
		if (k->modules[m]->tables)
			buf_fmt(&b, "%s\n", ddl_for(&k->life, k->modules[m]->tables, pg));
	buf_char(&b, 0);
	return (struct str){ b.p, b.n - 1 };
}

static struct str drop_derived(struct kernel *k)
{
	struct buf b = buf_in(&k->life, 2048);

	for (size_t i = 0; i < k->n_types; i++)
		buf_fmt(&b, "DROP TABLE IF EXISTS p_%s;\n", k->types[i]->name);
	for (size_t m = 0; m < k->n_modules; m++)
		for (size_t i = 0; i < k->modules[m]->n_derived; i++)
			buf_fmt(&b, "DROP TABLE IF EXISTS %s;\n", k->modules[m]->derived[i]);
	buf_char(&b, 0);
	return (struct str){ b.p, b.n - 1 };
}

/* Derived tables of another shape than this program's are dropped here and filled again when the log is there (derived_fill). The
 * setting holds the hash of their texts, and nothing while they are not filled. */
static enum err tables_make(struct kernel *k, struct db *db)
{
	struct str ddl = derived_ddl(k, db_is_pg(db)), had = S("");
	struct hash h = hash_of(HASH_SHA256, ddl);
	int64_t have = 0;
	enum err e = run_script(k, db, "CREATE TABLE IF NOT EXISTS setting (name @text PRIMARY KEY, value @text NOT NULL)@end");

	if (!e)
		(void)str_to_int(setting_of(k, db, "schema"), &have);
	if (e || have > (int64_t)kernel_steps_n)
		return e ? e : E_STATE;
	k->derived = hex_str(&k->life, h.b, HASH_LEN);
	had = setting_of(k, db, "derived");
	k->stale = have > 0 && !str_eq(had, k->derived);
	e = db_begin(db);
	for (size_t i = (size_t)have; i < kernel_steps_n && !e; i++)
		e = run_script(k, db, kernel_steps[i]);
	if (!e && k->stale)
		e = db_exec(db, drop_derived(k).p);
	if (!e)
		e = db_exec(db, ddl.p);
	db_tell(db, kernel_sql[SQL_SETTING_PUT], VALS(V_T(S("derived")), V_T(k->stale ? S("") : k->derived)));
	db_tell(db, kernel_sql[SQL_SETTING_PUT], VALS(V_T(S("schema")), V_T(str_fmt(&k->life, "%zu", kernel_steps_n))));
	return db_end(db, e);
}

static enum err derived_fill(struct kernel *k)
{
	enum err e;

	if (!k->stale)
		return OK;
	say(SAY_INFO, "the derived tables have a new shape: they are made anew from %llu records", (unsigned long long)log_shown(k->log).size);
	e = kernel_rebuild(k, &k->life, NULL, NULL);
	if (!e)
		e = db_begin(k->db);
	if (e)
		return e;
	db_tell(k->db, kernel_sql[SQL_SETTING_PUT], VALS(V_T(S("derived")), V_T(k->derived)));
	k->stale = false;
	return db_end(k->db, OK);
}

/* ---- settings of the home ---- */

static enum err read_settings(struct kernel *k, char origin[256], char why[300])
{
	static const struct json_limits limits = { .bytes = 65536, .depth = 8, .nodes = 2000 };
	struct json_trouble trouble;
	struct node *o;
	struct str text;
	enum err e = file_read(&k->life, home_path(k, "suyuan.json"), 65536, &text);

	if (e) {
		explain(why, "%s 不是溯源目录，请先运行 suyuan init / is not a home of suyuan: run suyuan init first", k->home);
		return e;
	}
	e = json_read(&k->life, text, &limits, &o, &trouble);
	if (e) {
		explain(why, "suyuan.json: %s", trouble.en);
		return e;
	}
	k->settings = o;
	snprintf(k->public_url, sizeof(k->public_url), "%.*s", STR_ARG(node_text(o, "public_url")));
	snprintf(origin, 256, "%.*s", STR_ARG(node_text(o, "origin")));
	if (!k->store[0])
		snprintf(k->store, sizeof(k->store), "%.*s", STR_ARG(node_text(o, "store")));
	k->hash = str_is(node_text(o, "suite"), "gm") ? HASH_SM3 : HASH_SHA256;
	k->seal = k->hash == HASH_SM3 ? SEAL_SM4_CTR_HMAC_SM3 : SEAL_AES256_GCM;
	return OK;
}

static enum err pick_engine(struct kernel *k, const struct kernel_setup *s, char why[300])
{
	bool pg = str_starts(str_of(k->store), "postgres");

	for (size_t i = 0; i < s->n_engines; i++)
		if ((strcmp(s->engines[i]->name, "postgresql") == 0) == pg)
			k->engine = s->engines[i];
	if (!pg && !k->store[0])
		snprintf(k->store, sizeof(k->store), "%s/suyuan.db", k->home);
	if (k->engine)
		return OK;
	explain(why, "no engine for the store %s", pg ? "postgresql" : "sqlite");
	return E_BAD;
}

/* ---- open and close ---- */

/* Only who writes brings the tables of an earlier program up to date. */
static enum err as_new_as_we(struct kernel *k, char why[300])
{
	struct db *db;
	int64_t have = (int64_t)kernel_steps_n;
	enum err e = readers_borrow(k->readers, &db);

	if (e)
		return e;
	(void)str_to_int(setting_of(k, db, "schema"), &have);
	readers_return(k->readers, db);
	if (have >= (int64_t)kernel_steps_n)
		return OK;
	explain(why, "库是较早的版本写的：请先用本版本启动一次 suyuan serve，或运行 suyuan rebuild / the store is of an earlier version: start suyuan serve once, or run suyuan rebuild");
	return E_STATE;
}

static enum err open_store(struct kernel *k, char why[300])
{
	enum err e = readers_open(k->engine, k->store, &k->readers);

	if (!e && k->writing) {
		e = db_open(k->engine, k->store, false, &k->db);
		if (!e)
			e = db_hold(k->db);
		if (e == E_BUSY)
			explain(why, "另一个进程正在写这个库（suyuan serve 是否在运行？）/ another process writes this store (is suyuan serve running?)");
		if (!e)
			e = tables_make(k, k->db);
	}
	if (!e && !k->writing)
		e = as_new_as_we(k, why);
	if (e && !why[0])
		explain(why, "the store cannot be opened: %s", err_en(e));
	return e;
}

/* A clock that was set back gives no id a second time. */
static enum err open_ids(struct kernel *k)
{
	struct rows r;
	enum err e = db_ask(k->db, &k->life, kernel_sql[SQL_NEWEST_ID], NO_VALS, &r);

	if (!e)
		atomic_store(&k->last_id, row_int(&r, 0, 0));
	return e;
}

/* The setting "keys" says that the keys of records lie apart; homes of earlier versions have them among the records. */
static enum err open_keystore(struct kernel *k, const struct kernel_setup *s, char why[300])
{
	const bool apart = !k->writing || str_is(setting_of(k, k->db, "keys"), "apart");
	enum err e = keystore_open(k, s, apart, why);

	if (e || apart)
		return e;
	e = keystore_move_in(k);
	if (!e)
		e = db_begin(k->db);
	if (!e)
		e = db_exec(k->db, "DROP TABLE record_key");
	db_tell(k->db, kernel_sql[SQL_SETTING_PUT], VALS(V_T(S("keys")), V_T(S("apart"))));
	return db_end(k->db, e);
}

static enum err open_log(struct kernel *k, const char *origin, char why[300])
{
	struct signer signer;
	unsigned long long had;
	enum err e = signer_of(k, origin, why, &signer);

	if (!e) {
		e = log_open(origin, &signer, &k->log);
		if (e)
			signer_close(&signer);
	}
	if (e)
		return e;
	k->forgot = k->signed_before && log_signed_last(k->log, TREE_SHA256).size == 0;
	e = evidence_resume(k);
	had = log_signed_last(k->log, TREE_SHA256).size;
	if (e == E_STATE && k->forgot) {
		explain(why, "guard/head 丢失或损坏：不知道签到了第几条。请先用较新的凭证或见证核对日志大小，再删去同一目录的 vkey 重新开始 / guard/head is missing or damaged:"
		             " compare the log's size with a late receipt or a witness, then remove vkey beside it to begin anew");
		e = E_CORRUPT;
	} else if (e == E_STATE) {
		explain(why, "库比已签署的日志旧：已签署 %llu 条，库里只有 %llu 条（恢复了旧备份，或另一处在写？）。请用较新的备份或副本补回缺少的记录，不能接着写"
		        " / the store is older than what was signed (%llu entries): bring back the missing ones from a newer copy, do not write on",
		        had, (unsigned long long)log_shown(k->log).size, had);
		e = E_CORRUPT;
	} else if (e == E_CORRUPT && log_shown(k->log).size && log_shown(k->log).size >= had) {
		explain(why, "库的历史与已签署的不同（已签署 %llu 条）：不能接着写，请找回原来的库并运行 suyuan verify / the store's history is not the one that was signed:"
		        " bring back the original store and run suyuan verify", had);
	} else if (e && !why[0]) {
		explain(why, "日志无法恢复，请运行 suyuan verify / the log cannot be resumed (%s)", err_en(e));
	}
	if (!e || k->writing || !log_shown(k->log).size)
		return e;
	snprintf(k->unsigned_why, sizeof(k->unsigned_why), "%s", why);      /* may still be read and verified, not signed */
	why[0] = 0;
	return OK;
}

static enum err open_all(struct kernel *k, const struct kernel_setup *s, char why[300])
{
	char origin[256] = "";
	enum err e = read_settings(k, origin, why);

	if (!e)
		e = pick_engine(k, s, why);
	if (!e)
		e = keys_read(k);
	if (e) {
		if (!why[0])
			explain(why, "keys of the home: %s", err_en(e));
		return e;
	}
	e = sealer_new(k->seal, k->table_key, &k->table);
	if (!e)
		e = tables_of_modules(k, why);
	if (!e)
		e = open_store(k, why);
	if (!e)
		e = open_keystore(k, s, why);
	if (!e && k->writing)
		e = keystore_covers(k, why);
	if (!e)
		e = open_log(k, origin, why);
	if (!e && k->writing)
		e = open_ids(k);
	if (!e && k->writing)
		e = erase_finish(k);
	if (!e)
		e = crew_start(CREW_THREADS, CREW_QUEUE, &k->crew);
	for (size_t i = 0; i < k->n_modules && !e; i++)
		if (k->modules[i]->open)
			k->state[i] = k->modules[i]->open(k);
	if (!e && k->writing)
		e = derived_fill(k);
	if (!e && k->writing) {
		struct writer_hooks hooks = evidence_hooks(k);

		e = writer_start(k->db, &hooks, &k->writer);
		if (!e)
			e = jobs_start(k);
		if (!e)
			e = peers_open(k, why);
	}
	return e;
}

static const struct module *const *with_house(struct kernel *k, const struct kernel_setup *s)
{
	const struct module **all = TAKE(&k->life, const struct module *, s->n_modules + 1);

	all[0] = house_module(&k->life);
	for (size_t i = 0; i < s->n_modules; i++)
		all[i + 1] = s->modules[i];
	return all;
}

static struct kernel *kernel_new(const char *home)
{
	struct kernel *k = calloc(1, sizeof(*k));

	if (!k)
		return NULL;
	arena_init(&k->life, LIFE_MAX, NULL);
	snprintf(k->home, sizeof(k->home), "%s", home);
	return k;
}

enum err kernel_open(const struct kernel_setup *s, struct kernel **ret, char why[300])
{
	struct kernel *k = kernel_new(s->home);
	enum err e;

	why[0] = 0;
	if (!k)
		return E_IO;
	if (s->store)
		snprintf(k->store, sizeof(k->store), "%s", s->store);
	k->modules = with_house(k, s);
	k->n_modules = s->n_modules + 1;
	k->writing = s->writing;
	k->fetch = s->fetch;
	k->render = s->render;
	k->guard_dir = s->guard;
	k->signer_path = s->signer;
	k->state = TAKE(&k->life, void *, k->n_modules);
	e = open_all(k, s, why);
	if (e) {
		kernel_close(k);
		return e;
	}
	*ret = k;
	return OK;
}

void kernel_close(struct kernel *k)
{
	if (!k)
		return;
	jobs_stop(k);
	peers_stop(k);
	atomic_store(&k->closing, true);        /* long work is taken no more; what is under way still needs the writer */
	if (k->crew)
		crew_drain(k->crew);
	for (size_t i = 0; i < k->n_modules && k->writer; i++)
		if (k->modules[i]->tick)
			k->modules[i]->tick(k, clock_now());    /* the counters of the last second */
	writer_stop(k->writer);
	jobs_end(k);
	if (k->crew)
		crew_stop(k->crew);
	for (size_t i = 0; i < k->n_modules; i++)
		if (k->modules[i]->close && k->state[i])
			k->modules[i]->close(k->state[i]);
	peers_close(k);
	log_close(k->log);
	guard_close(k->guard);
	keystore_close(k);
	db_close(k->db);
	readers_close(k->readers);
	sealer_free(k->table);
	arena_end(&k->life);
	explicit_bzero(k, sizeof(*k));
	free(k);
}

enum err kernel_signd(const struct kernel_setup *s, const char *path, char why[300])
{
	struct kernel *k = kernel_new(s->home);
	struct signer signer = { .ctx = NULL };
	char origin[256] = "";
	enum err e;

	why[0] = 0;
	if (!k)
		return E_IO;
	k->modules = with_house(k, s);          /* kernel_close walks them */
	k->state = TAKE(&k->life, void *, s->n_modules + 1);
	k->guard_dir = s->guard;
	k->writing = true;
	e = read_settings(k, origin, why);
	if (!e)
		e = signer_here(k, origin, why, &signer);
	if (!e)
		e = signd_serve(&signer, path, why);
	signer_close(&signer);
	kernel_close(k);
	return e;
}

/* ---- a new home ---- */

static enum err make_files(struct kernel *k, const struct kernel_setup *s, const struct kernel_init *i)
{
	struct node *o = node_obj(&k->life);
	enum err e = dir_make(home_path(k, "files"), 0700);

	if (!e)
		e = keys_make(k, i->suite);
	put_z(&k->life, o, "origin", i->origin);
	put_z(&k->life, o, "public_url", i->public_url);
	put_z(&k->life, o, "suite", i->suite ? i->suite : "std");
	put_z(&k->life, o, "store", i->store ? i->store : "");
	if (s->guard)
		put_z(&k->life, o, "guard", s->guard);
	if (s->signer)
		put_z(&k->life, o, "signer", s->signer);
	if (!e)
		e = file_write(home_path(k, "suyuan.json"), str_fmt(&k->life, "%.*s\n", STR_ARG(json_str(&k->life, o))), 0600);
	return e;
}

enum err kernel_init_home(const struct kernel_setup *s, const struct kernel_init *i, char why[300])
{
	struct kernel *k = kernel_new(s->home);
	enum err e;

	why[0] = 0;
	if (!k)
		return E_IO;
	if (file_exists(home_path(k, "suyuan.json"))) {
		explain(why, "%s 已经是溯源目录 / is a home already", s->home);
		e = E_CLASH;
	} else {
		e = make_files(k, s, i);
		if (e)
			explain(why, "%s: %s", s->home, err_en(e));
	}
	kernel_close(k);
	if (!e) {
		struct kernel_setup with = *s;

		with.writing = true;
		e = kernel_open(&with, &k, why);
		if (!e)
			kernel_close(k);
	}
	return e;
}

void *module_state(const struct kernel *k, const char *module)
{
	for (size_t i = 0; i < k->n_modules; i++)
		if (strcmp(k->modules[i]->name, module) == 0)
			return k->state[i];
	return NULL;
}

const char *kernel_public_url(const struct kernel *k) { return k->public_url; }
struct str kernel_setting(const struct kernel *k, const char *name) { return node_text(k->settings, name); }
const struct node *kernel_settings(const struct kernel *k) { return k->settings; }
struct log *kernel_log(const struct kernel *k) { return k->log; }
enum hash_id kernel_hash(const struct kernel *k) { return k->hash; }
const struct renderer *kernel_renderer(const struct kernel *k) { return k->render; }
enum err kernel_reader(struct kernel *k, struct db **ret) { return readers_borrow(k->readers, ret); }
void kernel_reader_end(struct kernel *k, struct db *db) { readers_return(k->readers, db); }

struct kernel_counts kernel_counts(const struct kernel *k)
{
	return (struct kernel_counts){ .reads = atomic_load(&k->reads), .writes = atomic_load(&k->writes), .refused = atomic_load(&k->refused),
		.log_size = log_shown(k->log).size, .queued = k->writer ? writer_queued(k->writer) : 0, .stopped = k->writer && writer_dead(k->writer) };
}
