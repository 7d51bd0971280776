/* kernel/signd.c - signing in a process of its own: server and client of one small protocol over a unix socket.
 *
 * The process that holds the log's keys and its guard file needs no database, no network and no rights on the server's files; the server
 * needs no keys. One line a question, answered by "ok BYTES" and so many bytes, or "no ERROR":
 *   keys                                                      verifier keys, a blank line between the trees
 *   last TREE                                                 "SIZE ROOT": signed last
 *   sign TREE AGAIN FROM_SIZE FROM_ROOT TO_SIZE TO_ROOT N     then N lines, the consistency proof; answered by signature lines
 */
#include <errno.h>
#include <pthread.h>
#include <stdarg.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "kernel/inside.h"

enum { LINE = 512, ANSWER_MAX = 4096, PATIENCE_S = 10, BACKLOG = 8 };

/* ---- bytes on a socket ---- */

static bool put_all(int fd, struct str s)
{
	while (s.n) {
		ssize_t n = send(fd, s.p, s.n, MSG_NOSIGNAL);

		if (n <= 0 && errno != EINTR)
			return false;
		if (n > 0)
			s = str_sub(s, (size_t)n, s.n);
	}
	return true;
}

/* Buffered, for lines come a byte at a time otherwise. */
struct in { int fd; char b[LINE * 8]; size_t from, n; };

static bool more(struct in *in)
{
	ssize_t n;

	in->from = 0;
	do
		n = recv(in->fd, in->b, sizeof(in->b), 0);
	while (n < 0 && errno == EINTR);
	in->n = n > 0 ? (size_t)n : 0;
	return n > 0;
}

static bool get_bytes(struct in *in, char *to, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (in->from == in->n && !more(in))
			return false;
		to[i] = in->b[in->from++];
	}
	return true;
}

/* Without its newline. */
static bool get_line(struct in *in, char to[LINE], struct str *ret)
{
	size_t n = 0;

	for (; n < LINE; n++) {
		if (!get_bytes(in, to + n, 1))
			return false;
		if (to[n] == '\n')
			break;
	}
	*ret = (struct str){ to, n };
	return n < LINE;
}

static bool word(struct str *rest, struct str *ret) { return str_cut(rest, ' ', ret) && ret->n; }

static bool get_head(struct str *rest, struct log_head *ret)
{
	struct str size, root;
	int64_t v;
	size_t n;

	if (!word(rest, &size) || !word(rest, &root) || !str_to_int(size, &v) || v < 0 || root.n != BASE64_LEN(HASH_LEN) ||
	    !base64_get(root, ret->root.b, HASH_LEN, &n) || n != HASH_LEN)
		return false;
	ret->size = (uint64_t)v;
	return true;
}

static struct str head_text(struct arena *a, const struct log_head *h)
{
	return str_fmt(a, "%llu %.*s", (unsigned long long)h->size, STR_ARG(base64_str(a, h->root.b, HASH_LEN)));
}

static bool get_tree(struct str *rest, enum tree_id *ret)
{
	struct str t;
	int64_t v;

	if (!word(rest, &t) || !str_to_int(t, &v) || v < 0 || v >= TREES)
		return false;
	*ret = (enum tree_id)v;
	return true;
}

/* Only the same account, or root; on both ends: whoever else may lay a socket at that path would be asked for the log's keys. */
static bool friendly(int fd)
{
	struct ucred who;
	socklen_t n = sizeof(who);

	return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &n) == 0 && (who.uid == geteuid() || who.uid == 0);
}

/* ---- the signing process ---- */

struct served { struct signer *signer; int fd; };

static enum err answer_sign(const struct signer *s, struct in *in, struct str rest, struct arena *a, struct str *ret)
{
	struct extension x = { .n = 0 };
	struct str again, count, line;
	char text[LINE];
	int64_t n;
	size_t got;

	if (!get_tree(&rest, &x.tree) || !word(&rest, &again) || !get_head(&rest, &x.from) || !get_head(&rest, &x.to) || !word(&rest, &count) ||
	    !str_to_int(count, &n) || n < 0 || n > MERKLE_MAX_PROOF)
		return E_BAD;
	x.again = str_is(again, "1");
	for (; x.n < (size_t)n; x.n++)
		if (!get_line(in, text, &line) || line.n != BASE64_LEN(HASH_LEN) || !base64_get(line, x.proof[x.n].b, HASH_LEN, &got) || got != HASH_LEN)
			return E_BAD;
	return s->sign(s->ctx, &x, a, ret);
}

static enum err answer(const struct signer *s, struct in *in, struct str line, struct arena *a, struct str *ret)
{
	struct str rest = line, verb;
	enum tree_id t;
	struct log_head h;

	if (!str_cut(&rest, ' ', &verb))
		return E_BAD;
	if (str_is(verb, "sign"))
		return answer_sign(s, in, rest, a, ret);
	if (str_is(verb, "keys")) {
		*ret = str_fmt(a, "%.*s\n%.*s", STR_ARG(s->vkey[TREE_SHA256]), STR_ARG(s->vkey[TREE_SM3]));
		return OK;
	}
	if (!str_is(verb, "last") || !get_tree(&rest, &t))
		return E_BAD;
	h = s->last(s->ctx, t);
	*ret = head_text(a, &h);
	return OK;
}

static void *serve_one(void *arg)
{
	struct served *c = arg;
	struct in *in = calloc(1, sizeof(*in));
	char text[LINE];
	struct str line;
	bool going = in != NULL;

	if (in)
		in->fd = c->fd;
	while (going && get_line(in, text, &line)) {
		struct arena a;
		struct str said;
		enum err e;

		arena_init(&a, 1 << 20, NULL);
		e = answer(c->signer, in, line, &a, &said);
		said = e ? str_fmt(&a, "no %d\n", (int)e) : str_fmt(&a, "ok %zu\n%.*s", said.n, STR_ARG(said));
		going = put_all(c->fd, said) && e != E_BAD;     /* who speaks another language is let go */
		if (e == E_STATE || e == E_CORRUPT)
			say(SAY_WARN, "signd: refused to sign: %s", err_en(e));
		arena_end(&a);
	}
	free(in);
	close(c->fd);
	free(c);
	return NULL;
}

static int listen_at(const char *path, char why[300])
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), probe;
	struct stat there;

	if (strlen(path) >= sizeof(at.sun_path)) {
		explain(why, "套接字路径太长 / the path of the socket is too long");
		close(fd);
		return -1;
	}
	memcpy(at.sun_path, path, strlen(path) + 1);
	probe = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (connect(probe, (const struct sockaddr *)&at, sizeof(at)) == 0)
		explain(why, "%s 已有签名进程 / a signing process listens there already", path);
	else if (lstat(path, &there) == 0 && !S_ISSOCK(there.st_mode))
		explain(why, "%s 已有别的文件 / is there already and no socket", path);
	else if (unlink(path) && errno != ENOENT)
		explain(why, "%s: %s", path, strerror(errno));
	close(probe);
	if (!why[0] && (bind(fd, (const struct sockaddr *)&at, sizeof(at)) || chmod(path, 0600) || listen(fd, BACKLOG)))
		explain(why, "%s: %s", path, strerror(errno));
	if (!why[0])
		return fd;
	close(fd);
	return -1;
}

enum err signd_serve(struct signer *signer, const char *path, char why[300])
{
	int fd;

	why[0] = 0;
	fd = listen_at(path, why);
	if (fd < 0)
		return E_IO;
	say(SAY_INFO, "signd: listening at %s", path);
	for (;;) {
		int one = accept4(fd, NULL, NULL, SOCK_CLOEXEC);
		struct served *c = one >= 0 && friendly(one) ? calloc(1, sizeof(*c)) : NULL;
		pthread_t thread;

		if (!c) {
			if (one >= 0)
				close(one);
			continue;
		}
		*c = (struct served){ signer, one };
		if (pthread_create(&thread, NULL, serve_one, c)) {
			close(one);
			free(c);
		} else {
			pthread_detach(thread);
		}
	}
}

/* ---- the server's side ---- */

struct remote {
	pthread_mutex_t lock;
	struct arena life;
	char path[sizeof(((struct sockaddr_un *)NULL)->sun_path)];
	struct in in;             /* fd -1: not connected */
	struct log_head last[TREES];
	bool known[TREES];
};

static bool dial(struct remote *r)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	struct timeval wait = { .tv_sec = PATIENCE_S };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	memcpy(at.sun_path, r->path, sizeof(at.sun_path));
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof(wait));
	if (connect(fd, (const struct sockaddr *)&at, sizeof(at)) || !friendly(fd)) {
		close(fd);
		return false;
	}
	r->in = (struct in){ .fd = fd };
	return true;
}

static void hang_up(struct remote *r)
{
	if (r->in.fd >= 0)
		close(r->in.fd);
	r->in.fd = -1;
	memset(r->known, 0, sizeof(r->known));
}

static bool exchange(struct remote *r, struct str question, struct arena *a, enum err *ret_e, struct str *ret)
{
	char text[LINE];
	struct str line, verb;
	int64_t n;

	if ((r->in.fd < 0 && !dial(r)) || !put_all(r->in.fd, question) || !get_line(&r->in, text, &line) || !str_cut(&line, ' ', &verb) ||
	    !str_to_int(line, &n) || n < 0 || n > ANSWER_MAX)
		return false;
	*ret_e = str_is(verb, "ok") ? OK : (enum err)n;
	if (*ret_e == OK) {
		char *to = arena_take(a, (size_t)n + 1);

		if (!str_is(verb, "ok") || !get_bytes(&r->in, to, (size_t)n))
			return false;
		*ret = (struct str){ to, (size_t)n };
	}
	return true;
}

/* Under the lock. A signing process that is being restarted is waited for: what was committed is answered only when it is signed. */
static enum err ask(struct remote *r, struct str question, struct arena *a, struct str *ret)
{
	enum err e = E_IO;

	for (int i = 0; i <= PATIENCE_S * 10; i++) {
		if (exchange(r, question, a, &e, ret))
			return e;
		hang_up(r);
		usleep(100000);
	}
	return E_IO;
}

static struct log_head remote_last_locked(struct remote *r, enum tree_id t)
{
	struct arena a;
	struct str said;

	arena_init(&a, 1 << 16, NULL);
	if (!r->known[t]) {
		r->last[t] = (struct log_head){ 0, tree_empty(tree_hash(t)) };
		if (!ask(r, str_fmt(&a, "last %d\n", (int)t), &a, &said) && get_head(&said, &r->last[t]))
			r->known[t] = true;
	}
	arena_end(&a);
	return r->last[t];
}

static struct log_head remote_last(void *ctx, enum tree_id t)
{
	struct remote *r = ctx;
	struct log_head h;

	pthread_mutex_lock(&r->lock);
	h = remote_last_locked(r, t);
	pthread_mutex_unlock(&r->lock);
	return h;
}

/* Asked in an arena of its own: the caller's may jump, and there is a lock to give back. */
static enum err remote_sign(void *ctx, const struct extension *x, struct arena *a, struct str *ret_lines)
{
	struct remote *r = ctx;
	struct arena mine;
	struct buf b;
	struct str said;
	char lines[ANSWER_MAX];
	size_t n = 0;
	enum err e;

	arena_init(&mine, 1 << 20, NULL);
	b = buf_in(&mine, 2048);
	buf_fmt(&b, "sign %d %d %.*s %.*s %zu\n", (int)x->tree, x->again, STR_ARG(head_text(&mine, &x->from)), STR_ARG(head_text(&mine, &x->to)), x->n);
	for (size_t i = 0; i < x->n; i++)
		buf_fmt(&b, "%.*s\n", STR_ARG(base64_str(&mine, x->proof[i].b, HASH_LEN)));
	pthread_mutex_lock(&r->lock);
	e = ask(r, buf_str(&b), &mine, &said);
	if (e)
		r->known[x->tree] = false;
	else if (!x->again)
		r->last[x->tree] = x->to;
	pthread_mutex_unlock(&r->lock);
	if (!e) {
		memcpy(lines, said.p, said.n);
		n = said.n;
	}
	arena_end(&mine);
	if (!e)
		*ret_lines = str_copy(a, (struct str){ lines, n });
	return e;
}

static void remote_close(void *ctx)
{
	struct remote *r = ctx;

	hang_up(r);
	arena_end(&r->life);
	pthread_mutex_destroy(&r->lock);
	free(r);
}

enum err signd_dial(const char *path, struct signer *ret)
{
	struct remote *r = calloc(1, sizeof(*r));
	struct signer made = { r, remote_sign, remote_last, remote_close, { { NULL, 0 } } };
	struct str keys, line;
	enum tree_id t = TREE_SHA256;
	enum err e = OK;

	if (!r)
		return E_BUSY;
	pthread_mutex_init(&r->lock, NULL);
	arena_init(&r->life, 1 << 16, NULL);
	r->in.fd = -1;
	if (strlen(path) >= sizeof(r->path))
		e = E_BAD;
	else
		memcpy(r->path, path, strlen(path) + 1);
	if (!e && !exchange(r, S("keys\n"), &r->life, &e, &keys))
		e = E_IO;
	while (!e && str_cut(&keys, '\n', &line)) {
		if (line.n)
			made.vkey[t] = str_fmt(&r->life, "%.*s%.*s\n", STR_ARG(made.vkey[t]), STR_ARG(line));
		else
			t = TREE_SM3;
	}
	if (!e && !made.vkey[TREE_SHA256].n)
		e = E_BAD;
	if (e)
		remote_close(r);
	else
		*ret = made;
	return e;
}
