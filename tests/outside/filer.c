/* tests/outside/filer.c - see filer.h. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "tests/outside/filer.h"

enum { FLIGHT = 256, SLOT_ARENA = 4 << 20 };

static bool wrong(const char *what, const struct call *c)
{
	fprintf(stderr, "filer: %s%s%s\n", what, c ? ": " : "", c ? err_en(c->err) : "");
	for (const struct trouble *t = c ? c->troubles.first : NULL; t; t = t->next)
		fprintf(stderr, "filer:   %.*s: %.*s\n", STR_ARG(t->field), STR_ARG(t->en));
	return false;
}

struct str filer_path(struct arena *a, const char *home, const char *name) { return str_fmt(a, "%s/%s", home, name); }

static struct kernel_setup setup_of(const char *home, bool writing)
{
	return (struct kernel_setup){ .home = home, .engines = engines, .n_engines = engines_n, .modules = modules, .n_modules = modules_n, .writing = writing };
}

bool filer_make(const char *home, const char *suite)
{
	struct kernel_setup s = setup_of(home, true);
	struct kernel_init i = { .public_url = "http://127.0.0.1", .origin = "outside.example/log", .suite = suite };
	char why[300];

	return kernel_init_home(&s, &i, why) == OK || wrong(why, NULL);
}

struct kernel *filer_open(const char *home, bool writing)
{
	struct kernel_setup s = setup_of(home, writing);
	struct kernel *k = NULL;
	char why[300];

	if (kernel_open(&s, &k, why))
		wrong(why, NULL);
	return k;
}

uint64_t filer_size(struct kernel *k) { return log_shown(kernel_log(k)).size; }

/* ---- the maker ---- */

static bool ask(struct kernel *k, struct arena *a, const char *op, struct node *in, struct str upload, struct call *c)
{
	*c = (struct call){ .k = k, .op = op_find(k, str_of(op)), .who = &nobody, .raw = in, .arena = a, .now = clock_now() };
	c->upload.bytes = upload;
	op_run_wait(c);
	return c->err == OK || wrong(op, c);
}

static bool register_maker(struct kernel *k, struct arena *a, const char *home)
{
	static const char pdf[] = "%PDF-1.4\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF\n";
	static const char *const words[][2] = {
		{ "manufacturer_name", "示例厂" }, { "uscc", "91320623MA1EXRP04T" }, { "manufacturer_address", "示例路1号" },
		{ "manufacturer_contact", "0513-80000001" }, { "region", "320623" }, { "login", "owner" }, { "password", "a-long-password" },
	};
	struct node *in = node_obj(a);
	struct call c;

	put_z(a, in, "open", "true");
	if (!ask(k, a, "file.put", in, (struct str){ pdf, sizeof(pdf) - 1 }, &c))
		return false;
	in = node_obj(a);
	for (size_t i = 0; i < ROWS(words); i++)
		put_z(a, in, words[i][0], words[i][1]);
	put_str(a, in, "business_licence", str_copy(a, node_text(c.out, "file")));
	if (!ask(k, a, "maker.register", in, S(""), &c))
		return false;
	return file_write(filer_path(a, home, "keys/token").p, node_text(c.out, "token"), 0600) == OK || wrong("the token cannot be kept", NULL);
}

/* ---- products ---- */

struct slot { struct call call; struct arena a; bool busy, used; };
struct flight {
	struct kernel *k;
	const struct actor *who;
	pthread_mutex_t lock;
	pthread_cond_t free;
	bool failed;
	void (*told)(void *ctx, const struct call *c);
	void *ctx;
	struct slot slot[FLIGHT];
};

static void answered(struct call *c)
{
	struct slot *s = (struct slot *)c;
	struct flight *f = c->user;

	if (c->err == OK && f->told)
		f->told(f->ctx, c);
	pthread_mutex_lock(&f->lock);
	if (c->err) {
		if (!f->failed)
			wrong("product.create", c);
		f->failed = true;
	}
	s->busy = false;
	pthread_cond_signal(&f->free);
	pthread_mutex_unlock(&f->lock);
}

static struct slot *slot_free(struct flight *f, size_t abreast)
{
	struct slot *s = NULL;

	pthread_mutex_lock(&f->lock);
	while (!s) {
		for (size_t i = 0; i < abreast && !s; i++)
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
		arena_init(&s->a, SLOT_ARENA, NULL);
	s->used = true;
	return s;
}

static struct node *product(struct arena *a, uint64_t n)
{
	static const char *const words[][2] = {
		{ "product_type", "steel_wire_ropes_01" }, { "specification_model", "6×36WS+IWRC" }, { "standard_applied", "GB/T 20118-2017" },
		{ "licence_or_ccc_certificate_no", "(苏)XK05-005-00001" }, { "warranty_period", NOT_APPLICABLE },
		{ "mandatory_national_standard", NO_MANDATORY_STANDARD }, { "manual_or_warning", NOT_APPLICABLE },
	};
	struct node *o = node_obj(a);

	put_str(a, o, "product_name", str_fmt(a, "钢丝绳 %llu", (unsigned long long)n));
	for (size_t i = 0; i < ROWS(words); i++)
		put_z(a, o, words[i][0], words[i][1]);
	return o;
}

static void settle(struct flight *f, size_t abreast)
{
	pthread_mutex_lock(&f->lock);
	for (size_t i = 0; i < abreast; i++)
		while (f->slot[i].busy)
			pthread_cond_wait(&f->free, &f->lock);
	pthread_mutex_unlock(&f->lock);
}

static bool file_products(struct flight *f, uint64_t from, uint64_t to, size_t abreast)
{
	bool good;

	pthread_mutex_init(&f->lock, NULL);
	pthread_cond_init(&f->free, NULL);
	for (uint64_t i = from; i < to && !f->failed; i++) {
		struct slot *s = slot_free(f, abreast);

		s->call = (struct call){ .k = f->k, .op = op_find(f->k, S("product.create")), .who = f->who, .arena = &s->a, .now = clock_now(), .done = answered, .user = f };
		s->call.raw = product(&s->a, i);
		op_run(&s->call);
	}
	settle(f, abreast);
	good = !f->failed;
	for (size_t i = 0; i < abreast; i++)
		if (f->slot[i].used)
			arena_end(&f->slot[i].a);
	return good;
}

static bool file_to(struct kernel *k, const char *home, uint64_t size, size_t abreast, void (*told)(void *ctx, const struct call *c), void *ctx)
{
	struct arena a;
	struct str token;
	struct flight *f = calloc(1, sizeof(*f));
	uint64_t now = filer_size(k);
	bool good = f != NULL;

	arena_init(&a, 64 << 20, NULL);
	if (good && now < size && now == 0)
		good = register_maker(k, &a, home);
	now = filer_size(k);
	if (good && now < size) {
		*f = (struct flight){ .k = k, .told = told, .ctx = ctx };
		good = file_read(&a, filer_path(&a, home, "keys/token").p, 300, &token) == OK && actor_of(k, &a, token, S(""), clock_now(), &f->who) == OK;
		good = good ? file_products(f, now, size, abreast) : wrong("the maker is not known", NULL);
	}
	if (good && filer_size(k) != size)
		good = wrong("the log has another size than asked for", NULL);
	arena_end(&a);
	free(f);
	return good;
}

bool filer_to(struct kernel *k, const char *home, uint64_t size, void (*told)(void *ctx, const struct call *c), void *ctx)
{
	return file_to(k, home, size, FLIGHT, told, ctx);
}

bool filer_singly(struct kernel *k, const char *home, uint64_t size, void (*told)(void *ctx, const struct call *c), void *ctx)
{
	return file_to(k, home, size, 1, told, ctx);
}
