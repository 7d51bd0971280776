/* web/session.c - who asks, in which language, and for which form of answer. Keeps nothing: tokens are checked by the kernel. */
#include "web/ask.h"
#include "web/gate.h"

enum { COOKIE_DAYS = 90, DAY_SECONDS = 86400 };

/* ---- what the request prefers ---- */

/* Weight 0..1000 that an Accept or Accept-Language header gives to one of its words; 0 when it is not named. */
static int weight_of(struct str header, const char *word, bool prefix)
{
	struct str one;
	int best = 0;

	while (str_cut(&header, ',', &one)) {
		struct str name = str_trim(str_sub(one, 0, str_find(one, ';')));
		const char *mark = one.n ? memmem(one.p, one.n, "q=", 2) : NULL;
		int weight = 1000;

		if (!str_same(prefix ? str_sub(name, 0, strlen(word)) : name, word))
			continue;
		if (mark && mark + 2 < one.p + one.n && mark[2] == '0') {
			weight = 0;
			for (int i = 0, unit = 100; i < 3 && mark + 4 + i < one.p + one.n && is_digit(mark[4 + i]); i++, unit /= 10)
				weight += (mark[4 + i] - '0') * unit;
		}
		if (weight > best)
			best = weight;
	}
	return best;
}

/* Browsers name text/html; a program that names nothing gets JSON from operations and HTML from pages. */
bool wants_html(const struct ask *q, bool op)
{
	struct str accept = http_header(q->h, "Accept");
	int html = weight_of(accept, "text/html", false), json = weight_of(accept, "application/json", false);

	if (html || json)
		return html > json || (html == json && !op);
	if (str_starts(q->h->path, "/v1/") || str_starts(q->h->path, "/log/") || op)
		return false;
	return !http_header(q->h, "Authorization").n;
}

void language_find(struct ask *q)
{
	struct str asked = ask_query(q, "lang"), accept;

	q->lang_chosen = str_is(asked, "en") || str_is(asked, "zh");
	if (!q->lang_chosen)
		asked = http_cookie(q->h, "lang");
	if (str_is(asked, "en") || str_is(asked, "zh")) {
		q->english = str_is(asked, "en");
		return;
	}
	accept = http_header(q->h, "Accept-Language");
	q->english = accept.n && weight_of(accept, "en", true) > weight_of(accept, "zh", true);
}

/* ---- who ---- */

static struct str bearer_of(const struct ask *q)
{
	struct str s = http_header(q->h, "Authorization");

	return str_same(str_sub(s, 0, 7), "Bearer ") ? str_trim(str_sub(s, 7, s.n)) : S("");
}

bool same_site(const struct ask *q)
{
	struct str site = http_header(q->h, "Sec-Fetch-Site"), origin = http_header(q->h, "Origin"), host = http_header(q->h, "Host");
	const char *mark = origin.n ? memmem(origin.p, origin.n, "://", 3) : NULL;

	if (site.n)
		return str_is(site, "same-origin") || str_is(site, "none");
	if (!origin.n)
		return true;
	return mark && str_eq(str_sub(origin, (size_t)(mark - origin.p) + 3, origin.n), host);
}

struct str csrf_of(struct ask *q)
{
	struct str parts[] = { S("csrf"), q->token };
	struct hash h;

	if (!q->token.n || !q->cookie)
		return S("");
	h = hash_parts(HASH_SHA256, parts, ROWS(parts));
	return base64url_str(q->a, h.b, HASH_LEN);
}

/* A form of another site can carry our cookie but neither this digest nor the browser's own word that it is ours. */
static bool own_page(struct ask *q)
{
	struct str want = csrf_of(q), got = http_header(q->h, "X-CSRF");

	if (str_is(http_header(q->h, "Sec-Fetch-Site"), "same-origin"))
		return true;
	if (!got.n)
		got = form_get(q->form, "csrf");
	return same_site(q) && got.n == want.n && same_bytes(got.p, want.p, want.n);
}

enum err session_find(struct ask *q)
{
	enum err e;

	q->who = &nobody;
	q->token = bearer_of(q);
	q->bearer = q->token.n > 0;
	if (!q->bearer) {
		q->token = http_cookie(q->h, "suyuan");
		q->cookie = q->token.n > 0;
	}
	if (!q->token.n)
		return http_header(q->h, "Authorization").n ? E_NOAUTH : OK;
	if (q->cookie && q->h->method == HTTP_POST && !own_page(q)) {
		q->cookie = false;
		q->token = S("");
		return OK;
	}
	e = actor_of(q->f->k, q->a, q->token, http_header(q->h, "On-Behalf-Of"), clock_now(), &q->who);
	if (!e)
		return OK;
	q->who = &nobody;
	if (e == E_NOAUTH && q->cookie) {       /* an old cookie is no error: the page is shown as to anybody */
		q->cookie = false;
		q->token = S("");
		return OK;
	}
	return e;
}

void cookie_put(struct ask *q, struct str token)
{
	bool tls = q->h->tls || str_is(http_header(q->h, "X-Forwarded-Proto"), "https");

	reply_header(q, "Set-Cookie", str_fmt(q->a, "suyuan=%.*s; Path=/; Max-Age=%d; HttpOnly; SameSite=Lax%s", STR_ARG(token),
	             token.n ? COOKIE_DAYS * DAY_SECONDS : 0, tls ? "; Secure" : ""));
}
