/* web/gate.c - the strict header gate (see gate.h). Never touches a socket, never allocates. */
#include "web/gate.h"

bool is_token(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!is_alnum(s.p[i]) && !(s.p[i] && strchr("!#$%&'*+-.^_`|~", s.p[i])))
			return false;
	return s.n > 0;
}

bool str_same(struct str a, const char *z)
{
	size_t i;

	for (i = 0; i < a.n; i++)
		if (!z[i] || ascii_lower(a.p[i]) != ascii_lower(z[i]))
			return false;
	return !z[i];
}

/* Visible text, tabs and bytes over 127; no other control character (RFC 9110 5.5). */
static bool value_ok(struct str v)
{
	for (size_t i = 0; i < v.n; i++) {
		unsigned char c = (unsigned char)v.p[i];

		if ((c < 0x20 && c != '\t') || c == 0x7f)
			return false;
	}
	return true;
}

static bool host_ok(struct str v)
{
	for (size_t i = 0; i < v.n; i++)
		if (!is_alnum(v.p[i]) && !strchr("-._~:[]", v.p[i] ? v.p[i] : ' '))
			return false;
	return v.n > 0 && v.n <= 255 + 6;
}

static bool length_ok(struct str v, uint64_t *ret)
{
	uint64_t n = 0;

	if (v.n == 0 || v.n > 18)
		return false;
	for (size_t i = 0; i < v.n; i++) {
		if (!is_digit(v.p[i]))
			return false;
		n = n * 10 + (uint64_t)(v.p[i] - '0');
	}
	*ret = n;
	return true;
}

enum err gate_check(const struct http_header *headers, size_t n, struct str target, bool http_1_0, size_t body_max, struct gate *ret)
{
	struct gate g = { 0 };
	int hosts = 0, lengths = 0, codings = 0;

	for (size_t i = 0; i < target.n; i++)
		if ((unsigned char)target.p[i] <= 0x20 || target.p[i] == 0x7f)
			return E_BAD;
	for (size_t i = 0; i < n; i++) {
		struct str value = headers[i].value, named = str_of(headers[i].name);

		if (!is_token(named) || !value_ok(value))
			return E_BAD;
		if (str_same(named, "Host")) {
			g.host = value;
			if (++hosts > 1 || !host_ok(value))
				return E_BAD;
		} else if (str_same(named, "Content-Length")) {
			g.has_length = true;
			if (++lengths > 1 || !length_ok(value, &g.length))
				return E_BAD;
		} else if (str_same(named, "Transfer-Encoding")) {
			g.chunked = true;
			if (++codings > 1 || http_1_0 || !str_same(value, "chunked"))
				return E_BAD;
		}
	}
	if (hosts != 1 || (lengths && codings))
		return E_BAD;
	if (g.length > body_max)
		return E_TOO_BIG;
	*ret = g;
	return OK;
}

bool gate_target(struct str target, enum http_method m, struct str *ret_path, struct str *ret_query)
{
	struct str path = target;
	size_t at;

	if (str_starts(target, "http://") || str_starts(target, "https://")) {
		path = str_sub(target, str_starts(target, "https") ? 8 : 7, target.n);
		at = str_find(path, '/');
		if (at == 0)
			return false;
		path = at == path.n ? S("/") : str_sub(path, at, path.n);
	}
	if (!str_starts(path, "/") && !(m == HTTP_OPTIONS && str_is(path, "*")))
		return false;
	at = str_find(path, '?');
	*ret_query = str_sub(path, at + 1, path.n);
	*ret_path = str_sub(path, 0, at);
	return true;
}

enum http_method gate_method(struct str name)
{
	static const struct { const char *name; enum http_method m; } known[] = {
		{ "GET", HTTP_GET }, { "POST", HTTP_POST }, { "HEAD", HTTP_HEAD }, { "PUT", HTTP_PUT },
		{ "DELETE", HTTP_DELETE }, { "OPTIONS", HTTP_OPTIONS },
	};

	for (size_t i = 0; i < ROWS(known); i++)
		if (str_is(name, known[i].name))
			return known[i].m;
	return HTTP_OTHER;
}
