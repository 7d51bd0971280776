/* web/fetch.c - see fetch.h. An address may carry a key in its query: nothing of it is ever logged. */
#include <arpa/inet.h>
#include <curl/curl.h>
#include <netinet/in.h>
#include <stdatomic.h>

#include "base/sys.h"
#include "web/fetch.h"

enum { BODY_MAX = 1 << 20, BODY_FIRST = 16 << 10 };

/* ---- what all outgoing connections keep to ---- */

static bool private_v4(uint32_t a)
{
	return a >> 24 == 127 || a >> 24 == 10 || a >> 24 == 0 || a >> 20 == (172u << 4 | 1) || a >> 16 == (192u << 8 | 168) || a >> 16 == (169u << 8 | 254) ||
	       a >> 28 >= 14 || a >> 22 == (100u << 2 | 1);
}

bool address_private(const struct sockaddr *sa)
{
	if (sa->sa_family == AF_INET)
		return private_v4(ntohl(((const struct sockaddr_in *)(const void *)sa)->sin_addr.s_addr));
	if (sa->sa_family == AF_INET6) {
		const unsigned char *b = ((const struct sockaddr_in6 *)(const void *)sa)->sin6_addr.s6_addr;

		if (memcmp(b, "\0\0\0\0\0\0\0\0\0\0\xff\xff", 12) == 0)
			return private_v4((uint32_t)be_get(b + 12, 4));
		return (b[0] & 0xfe) == 0xfc || (b[0] == 0xfe && (b[1] & 0xc0) == 0x80) || b[0] == 0xff || be_get(b, 8) == 0;
	}
	return true;
}

static CURL *curl_limited(CURL *c)
{
	if (!c)
		return NULL;
	curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(c, CURLOPT_TIMEOUT, 10L);
	curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT, 5L);
	return c;
}

void *curl_prepared(void) { return curl_limited(curl_easy_init()); }

/* ---- where a question may go ---- */

static bool named(const struct node *hosts, struct str host)
{
	for (const struct node *x = hosts ? hosts->first : NULL; x; x = x->next)
		if (x->kind == NODE_STR && x->s.n == host.n && strncasecmp(x->s.p, host.p, host.n) == 0)
			return true;
	return false;
}

static bool address_named(const struct node *hosts, const struct sockaddr *sa)
{
	char text[INET6_ADDRSTRLEN] = "";
	const void *from = sa->sa_family == AF_INET ? (const void *)&((const struct sockaddr_in *)(const void *)sa)->sin_addr
	                 : sa->sa_family == AF_INET6 ? (const void *)&((const struct sockaddr_in6 *)(const void *)sa)->sin6_addr : NULL;

	return from && inet_ntop(sa->sa_family, from, text, sizeof(text)) && named(hosts, str_of(text));
}

static bool loopback(struct str host) { return str_starts(host, "127.") || str_is(host, "::1"); }

/* By libcurl's own reading of the address, so that no two readings of it can differ. */
static bool may_ask(const struct fetch *f, CURLU *u)
{
	char *scheme = NULL, *host = NULL, *user = NULL;
	struct str h;
	bool may = curl_url_set(u, CURLUPART_URL, f->url, 0) == CURLUE_OK && curl_url_get(u, CURLUPART_SCHEME, &scheme, 0) == CURLUE_OK &&
	           curl_url_get(u, CURLUPART_HOST, &host, 0) == CURLUE_OK && curl_url_get(u, CURLUPART_USER, &user, 0) != CURLUE_OK;

	h = str_of(host ? host : "");
	if (h.n > 2 && h.p[0] == '[')
		h = str_sub(h, 1, h.n - 2);
	may = may && (strcmp(scheme, "https") == 0 || (strcmp(scheme, "http") == 0 && (f->anywhere || f->plain || loopback(h)))) && (f->anywhere || named(f->hosts, h));
	curl_free(scheme);
	curl_free(host);
	curl_free(user);
	return may;
}

static curl_socket_t open_socket(void *ctx, curlsocktype purpose, struct curl_sockaddr *to)
{
	const struct fetch *f = ctx;

	(void)purpose;
	if (address_private(&to->addr) && !address_named(f->hosts, &to->addr))
		return CURL_SOCKET_BAD;
	return socket(to->family, to->socktype | SOCK_CLOEXEC, to->protocol);
}

/* ---- the answer ---- */

struct body { struct arena *a; char *p; size_t n, cap, max; bool full; };

static bool body_room(struct body *b, size_t more)
{
	size_t cap = b->cap ? b->cap : BODY_FIRST;
	char *p;

	if (more > b->max - b->n)
		return false;
	while (cap < b->n + more)
		cap *= 2;
	if (cap == b->cap)
		return true;
	p = arena_try(b->a, cap);
	if (p && b->n)
		memcpy(p, b->p, b->n);
	b->p = p ? p : b->p;
	b->cap = p ? cap : b->cap;
	return p != NULL;
}

static size_t take_piece(char *p, size_t size, size_t n, void *ctx)
{
	struct body *b = ctx;

	if (!body_room(b, size * n)) {
		b->full = true;
		return 0;
	}
	memcpy(b->p + b->n, p, size * n);
	b->n += size * n;
	return size * n;
}

static int look_up_from_work(void *ctx, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d)
{
	const struct fetch *f = ctx;

	(void)a, (void)b, (void)c, (void)d;
	return f->stop && atomic_load(f->stop);
}

/* Where a person typed the address, the environment's proxy is his own and so are the addresses it leads to. */
static void where_to(CURL *c, const struct fetch *f)
{
	if (f->anywhere) {
		curl_easy_setopt(c, CURLOPT_ACCEPT_ENCODING, "gzip");
		curl_easy_setopt(c, CURLOPT_TIMEOUT, 300L);
		curl_easy_setopt(c, CURLOPT_LOW_SPEED_LIMIT, 100L);
		curl_easy_setopt(c, CURLOPT_LOW_SPEED_TIME, 15L);
		return;
	}
	curl_easy_setopt(c, CURLOPT_PROXY, "");                 /* one from the environment would connect in our place, past open_socket */
	curl_easy_setopt(c, CURLOPT_OPENSOCKETFUNCTION, open_socket);
	curl_easy_setopt(c, CURLOPT_OPENSOCKETDATA, (void *)(uintptr_t)f);
}

static enum err perform(CURL *c, CURLU *u, const struct fetch *f, struct body *b, long *ret_status)
{
	struct curl_slist text = { (char *)(uintptr_t)(f->post_type ? f->post_type : "Content-Type: text/plain"), NULL }, *plain = &text;
	CURLcode code;

	curl_easy_setopt(c, CURLOPT_CURLU, u);
	curl_easy_setopt(c, CURLOPT_FOLLOWLOCATION, 0L);
	curl_easy_setopt(c, CURLOPT_MAXFILESIZE_LARGE, (curl_off_t)b->max);
	curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, take_piece);
	curl_easy_setopt(c, CURLOPT_WRITEDATA, b);
	curl_easy_setopt(c, CURLOPT_NOPROGRESS, 0L);
	curl_easy_setopt(c, CURLOPT_XFERINFOFUNCTION, look_up_from_work);
	curl_easy_setopt(c, CURLOPT_XFERINFODATA, (void *)(uintptr_t)f);
	where_to(c, f);
	if (f->post.n) {
		curl_easy_setopt(c, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)f->post.n);
		curl_easy_setopt(c, CURLOPT_POSTFIELDS, f->post.p);
		curl_easy_setopt(c, CURLOPT_HTTPHEADER, plain);
	}
	if (f->seconds)
		curl_easy_setopt(c, CURLOPT_TIMEOUT, (long)f->seconds);
	code = curl_easy_perform(c);
	if (code == CURLE_FILESIZE_EXCEEDED || b->full)
		return E_TOO_BIG;
	return code == CURLE_OK && curl_easy_getinfo(c, CURLINFO_RESPONSE_CODE, ret_status) == CURLE_OK ? OK : E_BUSY;
}

/* A kept handle keeps its connection; everything set on it is set anew. */
static CURL *handle_for(const struct fetch *f)
{
	CURL *c = f->kept ? *f->kept : NULL;

	if (!c)
		c = curl_easy_init();
	else
		curl_easy_reset(c);
	if (f->kept)
		*f->kept = c;
	return curl_limited(c);
}

static enum err get(struct arena *a, const struct fetch *f, struct fetched *ret)
{
	struct body b = { .a = a, .p = "", .max = f->anywhere ? f->max : BODY_MAX };
	CURLU *u = curl_url();
	CURL *c = handle_for(f);
	long status = 0;
	enum err e = !u || !c ? E_IO : may_ask(f, u) ? OK : E_DENIED;

	if (!e)
		e = perform(c, u, f, &b, &status);
	if (f->kept && c)
		curl_easy_reset(c);             /* holds nothing of this question */
	else
		curl_easy_cleanup(c);
	curl_url_cleanup(u);
	if (!e)
		*ret = (struct fetched){ (int)status, { b.p, b.n } };
	return e;
}

static void end(void *kept) { curl_easy_cleanup(kept); }

const struct fetcher web_fetcher = { get, end };
