/* bench/move.c - goods that move, against one row an item in the same engine and the same run.
 *
 * bench_move HOME STORE|- MAKER_TOKEN SELLER_TOKEN BATCH EVENTS: HOME is a demonstration home. Says one line a figure: "name value".
 *   sale_*    a sale of 100,000 of 1,000,000 items, at random and as a range, through the operation, against as many inserted rows
 *   where_*   one item among 1,000 sales of its batch, against one indexed SELECT
 *   then EVENTS sales of ten items each: where_big_* (one code's events), chain_*, holders_*
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/sys.h"
#include "mod/trace/flow.h"
#include "src/modules.h"

enum { ITEMS = 1000000, SOLD = 100000, FLIGHT = 512, PACK = 1000000, TEN = 10 };

struct bench {
	struct kernel *k;
	const char *home, *store;
	bool pg;
	struct arena a;
	jmp_buf full;
	const struct actor *maker, *seller;
	struct str batch;
	uint64_t seed;
};

static uint32_t roll(struct bench *b, uint32_t n)
{
	b->seed = b->seed * UINT64_C(6364136223846793005) + 1442695040888963407;
	return (uint32_t)(b->seed >> 33) % n;
}

static double now_ms(void) { return (double)clock_mono() / 1e6; }

static void die(const char *what)
{
	fprintf(stderr, "bench_move: %s\n", what);
	exit(1);
}

static int by_double(const void *x, const void *y)
{
	const double *a = x, *b = y;

	return (*a > *b) - (*a < *b);
}

static double at_share(double *t, size_t n, double share)
{
	qsort(t, n, sizeof(*t), by_double);
	return t[(size_t)((double)(n - 1) * share)];
}

/* ---- operations ---- */

static const struct node *ask_in(struct bench *b, struct arena *a, const struct actor *who, const char *op, struct node *in)
{
	struct call *c = TAKE(a, struct call, 1);

	*c = (struct call){ .k = b->k, .op = op_find(b->k, str_of(op)), .who = who, .raw = in, .arena = a, .now = clock_now() };
	op_run_wait(c);
	if (c->err) {
		for (const struct trouble *t = c->troubles.first; t; t = t->next)
			fprintf(stderr, "%.*s: %.*s\n", STR_ARG(t->field), STR_ARG(t->en));
		die(op);
	}
	return c->out;
}

static const struct node *ask(struct bench *b, const struct actor *who, const char *op, struct node *in) { return ask_in(b, &b->a, who, op, in); }

static struct node *in_of(struct arena *a, const char *n1, struct str v1, const char *n2, struct str v2)
{
	struct node *o = node_obj(a);

	put_str(a, o, n1, v1);
	if (n2)
		put_str(a, o, n2, v2);
	return o;
}

static struct str new_pack(struct bench *b, const char *count)
{
	struct node *in = in_of(&b->a, "batch", b->batch, "grain", S("item"));

	put_z(&b->a, in, "count", count);
	return str_copy(&b->a, node_text(ask(b, b->maker, "pack.create", in), "id"));
}

static struct node *sale_in(struct bench *b) { return in_of(&b->a, "buyer_kind", S("consumer"), "sale_time", S("2026-11-10")); }

/* One in ten of a million, each by chance: as few texts as the form allows. */
static struct node *random_tenth(struct bench *b, struct str pack, uint32_t *ret_n)
{
	struct node *list = node_arr(&b->a);
	struct buf t = buf_in(&b->a, 20000);
	uint32_t n = 0;

	for (uint32_t i = 0; i < ITEMS; i++) {
		if (roll(b, 10))
			continue;
		if (t.n > 19900) {
			node_add(list, node_str(&b->a, buf_str(&t)));
			t = buf_in(&b->a, 20000);
		}
		if (!t.n)
			buf_fmt(&t, "%.*s:", STR_ARG(pack));
		else
			buf_char(&t, '+');
		buf_int(&t, i);
		n++;
	}
	node_add(list, node_str(&b->a, buf_str(&t)));
	*ret_n = n;
	return list;
}

/* ---- size of the store ---- */

static int64_t number(struct bench *b, struct db *db, const char *sql)
{
	struct rows r;

	if (db_ask(db, &b->a, sql, NO_VALS, &r) || !r.n)
		die(sql);
	return row_int(&r, 0, 0);
}

static struct db *peer_open(struct bench *b)
{
	struct db *db;
	char path[4200];

	snprintf(path, sizeof(path), "%s/rows.db", b->home);
	if (db_open(b->pg ? &pg_engine : &sqlite_engine, b->pg ? b->store : path, false, &db))
		die("the peer does not open");
	return db;
}

/* Bytes of all tables and indexes: pages in use, or what the server says. */
static int64_t store_bytes(struct bench *b, struct db *db)
{
	if (b->pg)
		return number(b, db, "SELECT SUM(pg_total_relation_size(c.oid)) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
		                     " WHERE n.nspname = current_schema() AND c.relkind = 'r'");
	return (number(b, db, "SELECT page_count FROM pragma_page_count()") - number(b, db, "SELECT freelist_count FROM pragma_freelist_count()")) *
	       number(b, db, "SELECT page_size FROM pragma_page_size()");
}

static struct db *our_store(struct bench *b)
{
	struct db *db;
	char path[4200];

	snprintf(path, sizeof(path), "%s/suyuan.db", b->home);
	if (db_open(b->pg ? &pg_engine : &sqlite_engine, b->pg ? b->store : path, true, &db))
		die("the store does not open");
	return db;
}

/* ---- one row an item ---- */

static const char rows_ddl[] = "CREATE TABLE item_event (item bigint NOT NULL, event bigint NOT NULL, PRIMARY KEY (item, event))";
static const char rows_ddl_lite[] = "CREATE TABLE item_event (item INTEGER NOT NULL, event INTEGER NOT NULL, PRIMARY KEY (item, event)) WITHOUT ROWID";
static const char row_put[] = "INSERT INTO item_event (item, event) VALUES ($1, $2)";

static double rows_sale(struct bench *b, struct db *db, bool random, int64_t event, int64_t base)
{
	double t = now_ms();
	enum err e = db_begin(db);

	for (uint32_t i = 0; i < (random ? ITEMS : SOLD); i++)
		if (!random || !roll(b, 10))
			db_tell(db, row_put, VALS(V_I(base + i), V_I(event)));
	if (e || db_end(db, OK))
		die("rows");
	return now_ms() - t;
}

static void bench_sale(struct bench *b)
{
	enum { ROUNDS = 25 };      /* of ranges: one takes less than a page */
	struct db *peer = peer_open(b), *ours = our_store(b);
	static const char *const names[] = { "range", "random" };

	if (db_exec(peer, "DROP TABLE IF EXISTS item_event") || db_exec(peer, b->pg ? rows_ddl : rows_ddl_lite))
		die("ddl");
	for (int random = 0; random < 2; random++) {
		double mine[ROUNDS], rows[ROUNDS];
		int64_t my_bytes = 0, row_bytes = 0;
		int rounds = random ? 5 : ROUNDS;

		for (int i = 0; i < rounds; i++) {
			struct str pack = new_pack(b, "1000000");
			struct node *in = sale_in(b);
			uint32_t n = SOLD;
			int64_t before;
			double t;

			if (random)
				node_set(in, S("items"), random_tenth(b, pack, &n));
			else
				put_str(&b->a, in, "items", str_fmt(&b->a, "%.*s:300000-399999", STR_ARG(pack)));
			before = store_bytes(b, ours);
			t = now_ms();
			ask(b, b->maker, "sale.create", in);
			mine[i] = now_ms() - t;
			my_bytes += store_bytes(b, ours) - before;
			before = store_bytes(b, peer);
			rows[i] = rows_sale(b, peer, random != 0, i + ROUNDS * random, (int64_t)(i + ROUNDS * random) * ITEMS);
			row_bytes += store_bytes(b, peer) - before;
		}
		printf("sale_%s_ms %.3f\nsale_%s_rows_ms %.3f\nsale_%s_bytes %lld\nsale_%s_rows_bytes %lld\n", names[random], at_share(mine, (size_t)rounds, 0.5), names[random],
		       at_share(rows, (size_t)rounds, 0.5), names[random], (long long)(my_bytes / rounds), names[random], (long long)(row_bytes / rounds));
	}
	fflush(stdout);
	db_close(peer);
	db_close(ours);
}

/* ---- one item among 1,000 sales of its batch ---- */

static void sell_many(struct bench *b, struct str pack, int how)
{
	uint32_t *order = malloc(ITEMS * sizeof(*order));

	for (uint32_t i = 0; i < ITEMS; i++)
		order[i] = i;
	for (uint32_t i = ITEMS; how == 1 && i-- > 1;) {
		uint32_t j = roll(b, i + 1), x = order[i];

		order[i] = order[j];
		order[j] = x;
	}
	for (uint32_t s = 0; s < 1000; s++) {
		struct arena mine;
		struct node *in, *list;
		struct buf t;

		arena_init(&mine, (size_t)1 << 30, &b->full);
		in = in_of(&mine, "buyer_kind", S("consumer"), "sale_time", S("2026-11-10"));
		list = put_arr(&mine, in, "items");
		t = buf_in(&mine, 20000);
		buf_fmt(&t, "%.*s:", STR_ARG(pack));
		if (how == 0)
			ranges_write(&t, &(struct range){ s * 1000, s * 1000 + 999 }, 1);
		for (uint32_t i = 0; how == 1 && i < 1000; i++) {
			if (i)
				buf_char(&t, '+');
			buf_int(&t, order[s * 1000 + i]);
		}
		node_add(list, node_str(&mine, buf_str(&t)));
		ask_in(b, &mine, b->maker, "sale.create", in);
		arena_end(&mine);
	}
	free(order);
}

static double where_us(struct bench *b, int64_t pack, uint32_t item, struct db *db)
{
	struct arena mine;
	struct call c = { .k = b->k, .who = &nobody, .arena = &mine, .now = clock_now(), .db = db };
	struct item_event *ev;
	size_t n;
	double t = now_ms();

	arena_init(&mine, 64 << 20, &b->full);
	if (item_history(&c, pack, item, &ev, &n) || !n)
		die("item_history");
	t = now_ms() - t;
	arena_end(&mine);
	return t * 1000;
}

static double select_us(struct bench *b, struct db *db, int64_t item)
{
	struct arena mine;
	struct rows r;
	double t = now_ms();

	arena_init(&mine, 1 << 20, &b->full);
	if (db_ask(db, &mine, "SELECT event FROM item_event WHERE item = $1", VALS(V_I(item)), &r))
		die("select");
	t = now_ms() - t;
	arena_end(&mine);
	return t * 1000;
}

static void bench_where(struct bench *b)
{
	enum { LOOKS = 2000 };
	static const char *const names[] = { "ranges", "random" };
	double *mine = TAKE(&b->a, double, LOOKS), *rows = TAKE(&b->a, double, LOOKS);
	struct db *peer = peer_open(b), *db;

	if (kernel_reader(b->k, &db))
		die("reader");
	for (int how = 0; how < 2; how++) {
		struct str pack = new_pack(b, "1000000");
		int64_t id;

		sell_many(b, pack, how);
		if (!id_get(pack, &id))
			die("id");
		for (int i = 0; i < LOOKS; i++) {
			mine[i] = where_us(b, id, roll(b, ITEMS), db);
			rows[i] = select_us(b, peer, roll(b, SOLD) + 300000);
		}
		printf("where_%s_us %.2f\nwhere_%s_select_us %.2f\n", names[how], at_share(mine, LOOKS, 0.5), names[how], at_share(rows, LOOKS, 0.5));
	}
	fflush(stdout);
	kernel_reader_end(b->k, db);
	db_close(peer);
}

/* ---- a large store: sales of ten items each, many under way ---- */

struct slot { struct call call; struct arena a; bool busy, used; };
struct fill { struct bench *b; struct slot slot[FLIGHT]; pthread_mutex_t lock; pthread_cond_t free; };

static void filled(struct call *c)
{
	struct slot *s = (struct slot *)c;
	struct fill *f = c->user;

	if (c->err)
		die("a sale was refused");
	pthread_mutex_lock(&f->lock);
	s->busy = false;
	pthread_cond_signal(&f->free);
	pthread_mutex_unlock(&f->lock);
}

static struct slot *slot_free(struct fill *f)
{
	struct slot *s = NULL;

	pthread_mutex_lock(&f->lock);
	while (!s) {
		for (int i = 0; i < FLIGHT && !s; i++)
			if (!f->slot[i].busy)
				s = &f->slot[i];
		if (!s)
			pthread_cond_wait(&f->free, &f->lock);
	}
	s->busy = true;
	pthread_mutex_unlock(&f->lock);
	if (s->used)
		arena_reset(&s->a);
	else
		arena_init(&s->a, 16 << 20, &f->b->full);
	s->used = true;
	return s;
}

static void fill_settle(struct fill *f)
{
	pthread_mutex_lock(&f->lock);
	for (int i = 0; i < FLIGHT; i++)
		while (f->slot[i].busy)
			pthread_cond_wait(&f->free, &f->lock);
	pthread_mutex_unlock(&f->lock);
}

static void fill_store(struct bench *b, long events, struct str *pack)
{
	struct fill *f = calloc(1, sizeof(*f));
	long packs = (events * TEN + PACK - 1) / PACK;
	double t = now_ms();

	f->b = b;
	pthread_mutex_init(&f->lock, NULL);
	pthread_cond_init(&f->free, NULL);
	for (long p = 0; p < packs; p++)
		pack[p] = new_pack(b, "1000000");
	for (long i = 0; i < events; i++) {
		struct slot *s = slot_free(f);
		long at = i * TEN % PACK;

		s->call = (struct call){ .k = b->k, .op = op_find(b->k, S("sale.create")), .who = b->maker, .arena = &s->a, .now = clock_now(), .done = filled, .user = f };
		s->call.raw = in_of(&s->a, "buyer_kind", S("consumer"), "sale_time", S("2026-11-10"));
		put_str(&s->a, s->call.raw, "items", str_fmt(&s->a, "%.*s:%ld-%ld", STR_ARG(pack[i * TEN / PACK]), at, at + TEN - 1));
		op_run(&s->call);
		if (i % 500000 == 499999)
			fprintf(stderr, "  %ld sales, %.0f/s\n", i + 1, (double)(i + 1) / (now_ms() - t) * 1000);
	}
	fill_settle(f);
	printf("fill_per_s %.0f\n", (double)events / (now_ms() - t) * 1000);
	for (int i = 0; i < FLIGHT; i++)
		if (f->slot[i].used)
			arena_end(&f->slot[i].a);
	free(f);
}

/* As many rows, made by the engine itself. */
static void fill_rows(struct bench *b, struct db *db, long items)
{
	char sql[400];
	double t = now_ms();

	if (db_exec(db, "DROP TABLE IF EXISTS item_event") || db_exec(db, b->pg ? rows_ddl : rows_ddl_lite))
		die("ddl");
	snprintf(sql, sizeof(sql), b->pg ? "INSERT INTO item_event SELECT i, i / 10 FROM generate_series(0, %ld) i"
	         : "INSERT INTO item_event WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < %ld) SELECT i, i / 10 FROM n", items - 1);
	if (db_exec(db, sql))
		die("rows");
	printf("fill_rows_s %.1f\n", (now_ms() - t) / 1000);
	fflush(stdout);
}

static double op_ms(struct bench *b, const struct actor *who, const char *op, struct node *in, size_t *ret_steps, const char *list)
{
	struct arena mine;
	const struct node *out, *x;
	double t = now_ms();

	arena_init(&mine, (size_t)2 << 30, &b->full);
	out = ask_in(b, &mine, who, op, in);
	t = now_ms() - t;
	x = node_get(out, list);
	*ret_steps = x ? x->n : 0;
	arena_end(&mine);
	return t;
}

static struct str code_of(struct bench *b, struct str pack, uint32_t item)
{
	struct arena mine;
	struct call c = { .k = b->k, .who = &nobody, .arena = &mine, .now = clock_now() };
	struct pack p;
	struct str code;
	int64_t id;

	arena_init(&mine, 1 << 20, &b->full);
	if (!id_get(pack, &id) || kernel_reader(b->k, &c.db) || pack_get(&c, id, &p))
		die("pack");
	kernel_reader_end(b->k, c.db);
	code = str_copy(&b->a, code_text(&c, &(struct sealed){ p.key, p.grain, p.number, item }));
	arena_end(&mine);
	return code;
}

/* Sold, received, and then to and fro between shop and consumer: twenty records. */
static struct str twenty_steps(struct bench *b)
{
	struct str pack = new_pack(b, "100"), code = code_of(b, pack, 7);
	struct node *in = in_of(&b->a, "buyer_uscc", b->seller->uscc, "items", code);

	put_z(&b->a, in, "sale_time", "2026-11-01");
	ask(b, b->maker, "sale.create", in);
	ask(b, b->seller, "purchase.create", in_of(&b->a, "supplier_uscc", b->maker->uscc, "trace_code", code));
	for (int i = 0; i < 9; i++) {
		ask(b, b->seller, "resale.create", in_of(&b->a, "trace_code", code, "customer_kind", S("consumer")));
		ask(b, b->seller, "return.create", in_of(&b->a, "items", code, "reason", S("型号不符")));
	}
	return code;
}

/* Of a store that was filled before and kept. */
static bool kept_packs(struct bench *b, long packs, struct str *pack)
{
	struct str text, line;
	long n = 0;

	if (file_read(&b->a, str_fmt(&b->a, "%s/bench-packs", b->home).p, 1 << 20, &text))
		return false;
	for (; n < packs && str_cut(&text, '\n', &line); n++)
		pack[n] = line;
	return n == packs;
}

static void keep_packs(struct bench *b, long packs, const struct str *pack)
{
	struct buf t = buf_in(&b->a, 4096);

	for (long i = 0; i < packs; i++)
		buf_fmt(&t, "%.*s\n", STR_ARG(pack[i]));
	if (file_write(str_fmt(&b->a, "%s/bench-packs", b->home).p, buf_str(&t), 0600))
		die("packs");
}

static void bench_looks(struct bench *b, struct db *peer, const struct str *pack, long events)
{
	enum { LOOKS = 2000 };
	double *mine = TAKE(&b->a, double, LOOKS), *rows = TAKE(&b->a, double, LOOKS);
	long packs = events * TEN / PACK;
	size_t n;

	for (int i = 0; i < LOOKS; i++) {
		struct str one = code_of(b, pack[roll(b, (uint32_t)(packs ? packs : 1))], roll(b, packs ? PACK : (uint32_t)events * TEN));

		mine[i] = op_ms(b, b->maker, "code.where", in_of(&b->a, "code", one, NULL, S("")), &n, "steps");
		if (n != 1)
			die("a code of the store has not its one event");
		rows[i] = select_us(b, peer, roll(b, (uint32_t)(events * TEN))) / 1000;
	}
	printf("code_p50_ms %.3f\ncode_p99_ms %.3f\ncode_select_p99_ms %.3f\n", at_share(mine, LOOKS, 0.5), at_share(mine, LOOKS, 0.99), at_share(rows, LOOKS, 0.99));
}

static void bench_twenty(struct bench *b)
{
	struct str code = twenty_steps(b);
	size_t n;
	double t[9];

	for (int i = 0; i < 9; i++) {
		t[i] = op_ms(b, b->seller, "chain.get", in_of(&b->a, "of", code, NULL, S("")), &n, "steps");
		if (n != 20)
			die("not twenty steps");
	}
	printf("chain_ms %.2f\n", at_share(t, 9, 0.5));
}

static double holders_ms(struct bench *b, struct str pack)
{
	struct arena hold;
	struct call c = { .k = b->k, .who = &nobody, .arena = &hold, .now = clock_now() };
	struct item_sets s = { 0 };
	struct holders h;
	struct pack p;
	int64_t id;
	double t = now_ms();

	arena_init(&hold, (size_t)2 << 30, &b->full);
	if (!id_get(pack, &id) || kernel_reader(b->k, &c.db) || pack_get(&c, id, &p))
		die("pack");
	sets_add(&c, &s, &p, 0, PACK - 1);
	sets_tidy(&s);
	if (holders_of(&c, &s, INT64_MAX, &h, NULL, NULL))
		die("holders");
	kernel_reader_end(b->k, c.db);
	arena_end(&hold);
	return now_ms() - t;
}

static void bench_holders(struct bench *b, struct db *peer, struct str pack)
{
	double t[5], rows[5], at;
	struct arena a;
	struct rows r;

	for (int i = 0; i < 5; i++) {
		t[i] = holders_ms(b, pack);
		arena_init(&a, 64 << 20, &b->full);
		at = now_ms();
		if (db_ask(peer, &a, "SELECT e % 3, COUNT(*) FROM (SELECT MAX(event) AS e FROM item_event WHERE item < 1000000 GROUP BY item) x GROUP BY 1", NO_VALS, &r))
			die("group");
		rows[i] = now_ms() - at;
		arena_end(&a);
	}
	printf("holders_ms %.1f\nholders_rows_ms %.1f\n", at_share(t, 5, 0.5), at_share(rows, 5, 0.5));
}

static void bench_big(struct bench *b, long events)
{
	struct db *peer = peer_open(b);
	long packs = (events * TEN + PACK - 1) / PACK;
	struct str *pack = TAKE(&b->a, struct str, packs + 1);

	if (!kept_packs(b, packs, pack)) {
		fill_rows(b, peer, events * TEN);        /* first: what was written last is what the machine's memory holds */
		fill_store(b, events, pack);
		keep_packs(b, packs, pack);
	}
	bench_looks(b, peer, pack, events);
	bench_twenty(b);
	bench_holders(b, peer, pack[0]);
	db_close(peer);
}

int main(int argc, char **argv)
{
	struct bench b = { .seed = 20241009 };
	struct kernel_setup s = { .engines = engines, .n_engines = engines_n, .modules = modules, .n_modules = modules_n, .writing = true };
	char why[300] = "";

	if (argc != 7)
		die("HOME STORE|- MAKER_TOKEN SELLER_TOKEN BATCH EVENTS");
	s.home = b.home = argv[1];
	s.store = b.store = strcmp(argv[2], "-") == 0 ? NULL : argv[2];
	b.pg = s.store != NULL;
	if (kernel_open(&s, &b.k, why))
		die(why);
	arena_init(&b.a, (size_t)12 << 30, &b.full);
	if (setjmp(b.full))
		die("memory");
	if (actor_of(b.k, &b.a, str_of(argv[3]), S(""), clock_now(), &b.maker) || actor_of(b.k, &b.a, str_of(argv[4]), S(""), clock_now(), &b.seller))
		die("no such token");
	b.batch = str_of(argv[5]);
	bench_sale(&b);
	if (strtol(argv[6], NULL, 10) >= 0)
		bench_where(&b);
	if (strtol(argv[6], NULL, 10) > 0)
		bench_big(&b, strtol(argv[6], NULL, 10));
	kernel_close(b.k);
	arena_end(&b.a);
	return 0;
}
