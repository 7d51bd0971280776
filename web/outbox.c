/* web/outbox.c - see outbox.h. Sees libcurl; what it shares with fetch.c is there. A text holds no withheld value: the kernel wrote it so. */
#include <curl/curl.h>
#include <stdatomic.h>
#include <sys/socket.h>

#include "base/sys.h"
#include "web/fetch.h"
#include "web/outbox.h"

struct outbox {
	struct kernel *k;
	struct crew *crew;
	atomic_bool busy;
};

/* ---- where a webhook may go ---- */

static curl_socket_t open_socket(void *ctx, curlsocktype purpose, struct curl_sockaddr *to)
{
	const bool *allow = ctx;

	(void)purpose;
	if (!*allow && address_private(&to->addr))
		return CURL_SOCKET_BAD;
	return socket(to->family, to->socktype | SOCK_CLOEXEC, to->protocol);
}

static size_t ignore(char *p, size_t size, size_t n, void *ctx)
{
	(void)p;
	(void)ctx;
	return size * n;
}

static struct str notice_json(struct arena *a, const struct notice *n)
{
	struct node *o = node_obj(a);

	put_str(a, o, "id", id_str(a, n->id));
	put_str(a, o, "what", n->what);
	if (n->record)
		put_str(a, o, "record", id_str(a, n->record));
	put_str(a, o, "at", time_str(a, n->at, false));
	put_str(a, o, "zh", n->zh);
	put_str(a, o, "en", n->en);
	return json_str(a, o);
}

static bool post(struct arena *a, const struct notice *n, bool private_ok)
{
	CURL *c = curl_prepared();
	struct str body = notice_json(a, n);
	struct curl_slist *head = curl_slist_append(NULL, "Content-Type: application/json");
	long status = 0;
	bool went;

	if (!c || !head) {
		curl_slist_free_all(head);
		curl_easy_cleanup(c);
		return false;
	}
	curl_easy_setopt(c, CURLOPT_URL, str_z(a, n->webhook));
	curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(c, CURLOPT_FOLLOWLOCATION, 0L);
	curl_easy_setopt(c, CURLOPT_HTTPHEADER, head);
	curl_easy_setopt(c, CURLOPT_POSTFIELDSIZE, (long)body.n);
	curl_easy_setopt(c, CURLOPT_POSTFIELDS, body.p);
	curl_easy_setopt(c, CURLOPT_OPENSOCKETFUNCTION, open_socket);
	curl_easy_setopt(c, CURLOPT_OPENSOCKETDATA, &private_ok);
	curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, ignore);
	went = curl_easy_perform(c) == CURLE_OK && curl_easy_getinfo(c, CURLINFO_RESPONSE_CODE, &status) == CURLE_OK && status / 100 == 2;
	curl_slist_free_all(head);
	curl_easy_cleanup(c);
	return went;
}

/* ---- mail ---- */

static size_t feed(char *to, size_t size, size_t n, void *ctx)
{
	struct str *left = ctx;
	size_t take = left->n < size * n ? left->n : size * n;

	memcpy(to, left->p, take);
	*left = str_sub(*left, take, left->n);
	return take;
}

static bool mail(struct kernel *k, struct arena *a, const struct notice *n)
{
	struct str server = kernel_setting(k, "smtp"), from = kernel_setting(k, "mail_from"), user = kernel_setting(k, "smtp_user"), text;
	struct curl_slist *to;
	CURL *c;
	bool went;

	if (!server.n || !from.n)
		return true;                    /* no mail is set up: the inbox has it */
	c = curl_prepared();
	to = curl_slist_append(NULL, str_z(a, n->mail));
	text = str_fmt(a, "From: %.*s\r\nTo: %.*s\r\nSubject: =?UTF-8?B?%.*s?=\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n"
	               "Content-Transfer-Encoding: 8bit\r\n\r\n%.*s\r\n\r\n%.*s\r\n%s\r\n", STR_ARG(from), STR_ARG(n->mail),
	               STR_ARG(base64_str(a, "溯源平台通知", sizeof("溯源平台通知") - 1)), STR_ARG(n->zh), STR_ARG(n->en), kernel_public_url(k));
	if (!c || !to) {
		curl_slist_free_all(to);
		curl_easy_cleanup(c);
		return false;
	}
	curl_easy_setopt(c, CURLOPT_URL, str_z(a, server));
	curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
	curl_easy_setopt(c, CURLOPT_USE_SSL, (long)CURLUSESSL_TRY);
	if (user.n) {
		curl_easy_setopt(c, CURLOPT_USERNAME, str_z(a, user));
		curl_easy_setopt(c, CURLOPT_PASSWORD, str_z(a, kernel_setting(k, "smtp_password")));
	}
	curl_easy_setopt(c, CURLOPT_MAIL_FROM, str_z(a, from));
	curl_easy_setopt(c, CURLOPT_MAIL_RCPT, to);
	curl_easy_setopt(c, CURLOPT_READFUNCTION, feed);
	curl_easy_setopt(c, CURLOPT_READDATA, &text);
	curl_easy_setopt(c, CURLOPT_UPLOAD, 1L);
	curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, ignore);
	went = curl_easy_perform(c) == CURLE_OK;
	curl_slist_free_all(to);
	curl_easy_cleanup(c);
	return went;
}

/* ---- the thread ---- */

static bool send_one(void *ctx, const struct notice *n)
{
	struct outbox *o = ctx;
	struct arena a;
	bool went = true;

	arena_init(&a, 1 << 20, NULL);
	if (n->webhook.n)
		went = post(&a, n, str_is(kernel_setting(o->k, "webhook_private"), "yes"));
	if (n->mail.n && str_find(n->mail, '@') < n->mail.n)
		went = mail(o->k, &a, n) && went;
	arena_end(&a);
	return went;
}

static void work(void *arg)
{
	struct outbox *o = arg;
	size_t n;

	if (outbox_send(o->k, clock_now(), send_one, o, &n))
		say(SAY_WARN, "outbox: the store is busy");
	atomic_store(&o->busy, false);
}

enum err outbox_start(struct kernel *k, struct outbox **ret)
{
	struct outbox *o = calloc(1, sizeof(*o));
	enum err e = o && curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK ? crew_start(1, 4, &o->crew) : E_IO;

	if (e) {
		free(o);
		return e;
	}
	o->k = k;
	*ret = o;
	return OK;
}

void outbox_wake(struct outbox *o)
{
	if (o && !atomic_exchange(&o->busy, true) && crew_add(o->crew, work, o))
		atomic_store(&o->busy, false);
}

void outbox_stop(struct outbox *o)
{
	if (!o)
		return;
	crew_stop(o->crew);
	curl_global_cleanup();
	free(o);
}
