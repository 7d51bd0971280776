/* tests/crash/test_crash.c - kill -9 at any moment loses nothing that was answered.
 *
 * A child files products from four threads and tells each answer through a pipe; the parent kills it at a random moment, opens the home
 * again, finds every answered record under its answered index, asks one answered request again (same receipt, nothing new) and verifies
 * the whole log. Seeds are printed. Rounds: 50, or SUYUAN_CRASH_ROUNDS.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/sys.h"
#include "src/modules.h"

enum { THREADS = 4, LINE = 64 };

struct answered { int64_t id; uint64_t index; long key; };

struct world {
	char home[200], token[200];
	struct answered *all;
	size_t n, cap;
	long next_key;
	uint64_t seed;
};

static struct kernel_setup setup_of(struct world *w, bool writing)
{
	return (struct kernel_setup){ .home = w->home, .engines = engines, .n_engines = engines_n, .modules = modules, .n_modules = modules_n, .writing = writing };
}

static struct kernel *open_home(struct world *w)
{
	struct kernel_setup s = setup_of(w, true);
	struct kernel *k = NULL;
	char why[300];

	if (kernel_open(&s, &k, why))
		fail_msg("open: %s", why);
	return k;
}

static enum err call_op(struct kernel *k, struct arena *a, const struct actor *who, const char *op, struct node *in, struct str upload, const char *idem,
                        struct call *c)
{
	*c = (struct call){ .k = k, .op = op_find(k, str_of(op)), .who = who, .raw = in, .arena = a, .now = clock_now(), .idem = str_of(idem) };
	c->upload.bytes = upload;
	op_run_wait(c);
	return c->err;
}

static struct node *product(struct arena *a, long key)
{
	struct node *o = node_obj(a);

	put_str(a, o, "product_name", str_fmt(a, "钢丝绳 %ld", key));
	put_z(a, o, "product_type", "steel_wire_ropes_01");
	put_z(a, o, "specification_model", "6×36WS+IWRC");
	put_z(a, o, "warranty_period", NOT_APPLICABLE);
	put_z(a, o, "mandatory_national_standard", NO_MANDATORY_STANDARD);
	put_z(a, o, "standard_applied", "GB/T 20118-2017");
	put_z(a, o, "licence_or_ccc_certificate_no", "(苏)XK05-005-00001");
	put_z(a, o, "manual_or_warning", NOT_APPLICABLE);
	return o;
}

/* ---- the child ---- */

struct filer { struct kernel *k; const struct actor *who; int out; long first; };

static void *file_for_ever(void *arg)
{
	struct filer *f = arg;

	for (volatile long key = f->first;; key += THREADS) {
		struct arena a;
		jmp_buf full;
		struct call c;
		char line[LINE], idem[32];

		arena_init(&a, 16 << 20, &full);
		if (setjmp(full))
			abort();
		snprintf(idem, sizeof(idem), "key-%ld", key);
		if (call_op(f->k, &a, f->who, "product.create", product(&a, key), S(""), idem, &c) == OK) {
			int n = snprintf(line, sizeof(line), "%lld %llu %ld\n", (long long)c.record, (unsigned long long)c.index, key);

			if (write(f->out, line, (size_t)n) != n)
				abort();
		}
		arena_end(&a);
	}
	return NULL;
}

static void child(struct world *w, int out)
{
	struct kernel *k = open_home(w);
	struct filer f[THREADS];
	pthread_t t[THREADS];
	struct arena a;
	jmp_buf full;
	const struct actor *who;

	arena_init(&a, 1 << 20, &full);
	if (setjmp(full) || actor_of(k, &a, str_of(w->token), S(""), clock_now(), &who))
		_exit(3);
	for (int i = 0; i < THREADS; i++) {
		f[i] = (struct filer){ k, who, out, w->next_key + i };
		if (pthread_create(&t[i], NULL, file_for_ever, &f[i]))
			_exit(4);
	}
	pause();
	_exit(0);
}

/* ---- the parent ---- */

static void note_line(struct world *w, const char *line)
{
	struct answered x;
	long long id;
	unsigned long long index;

	if (sscanf(line, "%lld %llu %ld", &id, &index, &x.key) != 3)
		return;
	x.id = id;
	x.index = index;
	if (w->n == w->cap)
		w->all = realloc(w->all, (w->cap = w->cap ? w->cap * 2 : 1024) * sizeof(x));
	w->all[w->n++] = x;
	if (x.key >= w->next_key)
		w->next_key = x.key + THREADS;
}

static void drain(struct world *w, int fd)
{
	static const size_t room = 1 << 20;
	char *text = malloc(room), *line;
	size_t n = 0;

	for (;;) {
		ssize_t got = read(fd, text + n, room - n - 1);

		if (got <= 0)
			break;
		n += (size_t)got;
		text[n] = 0;
		for (line = text; strchr(line, '\n'); line = strchr(line, '\n') + 1)
			note_line(w, line);
		n -= (size_t)(line - text);
		memmove(text, line, n);
	}
	free(text);
}

static void *drain_thread(void *arg)
{
	void **a = arg;

	drain(a[0], (int)(intptr_t)a[1]);
	return NULL;
}

static void check_answered(struct world *w, struct kernel *k, size_t from)
{
	struct arena a;
	jmp_buf full;
	struct call c = { .k = k, .who = &nobody, .arena = &a };

	arena_init(&a, (size_t)1 << 30, &full);
	if (setjmp(full))
		fail_msg("arena");
	assert_int_equal(kernel_reader(k, &c.db), OK);
	for (size_t i = from; i < w->n; i++) {
		struct record r;

		if (kernel_record(&c, w->all[i].id, 1u << KEY_PUBLIC, &r) || r.index != w->all[i].index)
			fail_msg("seed %llu: answered record %lld (index %llu) is gone", (unsigned long long)w->seed, (long long)w->all[i].id,
			         (unsigned long long)w->all[i].index);
		arena_reset(&a);
	}
	kernel_reader_end(k, c.db);
	arena_end(&a);
}

/* Asking again with the same key gives the same record and index, and files nothing. */
static void check_replay(struct world *w, struct kernel *k)
{
	const struct answered *x = &w->all[w->n - 1];
	uint64_t before = log_shown(kernel_log(k)).size;
	const struct actor *who;
	struct arena a;
	jmp_buf full;
	struct call c;
	char idem[32];

	arena_init(&a, 16 << 20, &full);
	if (setjmp(full))
		fail_msg("arena");
	assert_int_equal(actor_of(k, &a, str_of(w->token), S(""), clock_now(), &who), OK);
	snprintf(idem, sizeof(idem), "key-%ld", x->key);
	assert_int_equal(call_op(k, &a, who, "product.create", product(&a, x->key), S(""), idem, &c), OK);
	assert_int_equal(c.record, x->id);
	assert_int_equal(c.index, x->index);
	assert_int_equal(log_shown(kernel_log(k)).size, before);
	arena_end(&a);
}

static void one_round(struct world *w, bool last)
{
	int ends[2], status;
	size_t from = w->n;
	pid_t pid;
	pthread_t t;
	void *args[2];
	struct kernel *k;
	struct arena a;
	struct verify_report r;

	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	pid = fork();
	if (pid == 0) {
		close(ends[0]);
		child(w, ends[1]);
	}
	close(ends[1]);
	args[0] = w;
	args[1] = (void *)(intptr_t)ends[0];
	assert_int_equal(pthread_create(&t, NULL, drain_thread, args), 0);
	w->seed = w->seed * UINT64_C(6364136223846793005) + 1442695040888963407u;
	usleep((useconds_t)(30000 + (w->seed >> 33) % 120000));
	kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
	pthread_join(t, NULL);
	close(ends[0]);
	k = open_home(w);
	check_answered(w, k, last ? 0 : from);
	if (w->n)
		check_replay(w, k);
	arena_init(&a, 1 << 20, NULL);
	if (kernel_verify(k, &a, NULL, &r))
		fail_msg("seed %llu: %.*s", (unsigned long long)w->seed, STR_ARG(r.problem));
	arena_end(&a);
	kernel_close(k);
	w->next_key += 1000;
}

static void make_world(struct world *w)
{
	static const char pdf[] = "%PDF-1.4\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF\n";
	struct kernel_init i = { .public_url = "http://127.0.0.1", .origin = "crash.example/log", .suite = "std" };
	struct kernel_setup s;
	struct kernel *k;
	struct arena a;
	jmp_buf full;
	struct call c;
	struct node *in;
	char why[300];

	snprintf(w->home, sizeof(w->home), "/tmp/suyuan-crash-XXXXXX");
	assert_non_null(mkdtemp(w->home));
	s = setup_of(w, true);
	assert_int_equal(kernel_init_home(&s, &i, why), OK);
	k = open_home(w);
	arena_init(&a, 64 << 20, &full);
	if (setjmp(full))
		fail_msg("arena");
	in = node_obj(&a);
	put_z(&a, in, "open", "true");
	assert_int_equal(call_op(k, &a, &nobody, "file.put", in, (struct str){ pdf, sizeof(pdf) - 1 }, "", &c), OK);
	in = node_obj(&a);
	put_z(&a, in, "manufacturer_name", "示例厂");
	put_z(&a, in, "uscc", "91320623MA1EXRP04T");
	put_z(&a, in, "manufacturer_address", "示例路1号");
	put_z(&a, in, "manufacturer_contact", "0513-80000001");
	put_str(&a, in, "business_licence", str_copy(&a, node_text(c.out, "file")));
	put_z(&a, in, "region", "320623");
	put_z(&a, in, "login", "owner");
	put_z(&a, in, "password", "a-long-password");
	assert_int_equal(call_op(k, &a, &nobody, "maker.register", in, S(""), "", &c), OK);
	snprintf(w->token, sizeof(w->token), "%.*s", STR_ARG(node_text(c.out, "token")));
	arena_end(&a);
	kernel_close(k);
}

static void nothing_answered_is_lost(void **state)
{
	struct world w = { .seed = 20261122 };
	const char *text = getenv("SUYUAN_CRASH_ROUNDS");
	long rounds = text ? strtol(text, NULL, 10) : 50;
	char cmd[300];

	(void)state;
	make_world(&w);
	for (long i = 0; i < rounds; i++)
		one_round(&w, i + 1 == rounds);
	print_message("%ld kills, %zu answered records all there\n", rounds, w.n);
	assert_true(w.n > (size_t)rounds);
	snprintf(cmd, sizeof(cmd), "rm -rf %s", w.home);
	assert_int_equal(system(cmd), 0);
	free(w.all);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(nothing_answered_is_lost) };

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
