/* web/form.c - decoding of what browsers send: percent-encoding, query strings, multipart forms, cookies.
 *
 * Pure and strict: what cannot be read in exactly one way is E_BAD. Everything lives in the arena that was passed;
 * views point into the input where nothing had to be decoded.
 */
#include "web/gate.h"

enum { FIELDS_MAX = 1000, PART_HEAD_MAX = 8 * 1024, BOUNDARY_MAX = 70 };

static bool text_ok(struct str s) { return (s.n == 0 || !memchr(s.p, 0, s.n)) && utf8_ok(s); }

enum err url_decode(struct arena *a, struct str s, bool plus_is_space, struct str *ret)
{
	struct str got = s;
	bool coded = false;
	char *p;

	for (size_t i = 0; i < s.n; i++)
		coded = coded || s.p[i] == '%' || (plus_is_space && s.p[i] == '+');
	if (coded) {
		p = arena_take(a, s.n + 1);
		got = (struct str){ p, 0 };
		for (size_t i = 0; i < s.n; i++) {
			p[got.n] = s.p[i];
			if (s.p[i] == '+' && plus_is_space) {
				p[got.n] = ' ';
			} else if (s.p[i] == '%') {
				if (!hex_get(str_sub(s, i + 1, 2), &p[got.n], 1))
					return E_BAD;
				i += 2;
			}
			got.n++;
		}
	}
	if (!text_ok(got))
		return E_BAD;
	*ret = got;
	return OK;
}

struct list { struct form_field *first, **end; size_t n; };

static enum err list_add(struct arena *a, struct list *l, struct form_field f)
{
	if (++l->n > FIELDS_MAX)
		return E_TOO_BIG;
	*l->end = TAKE(a, struct form_field, 1);
	**l->end = f;
	l->end = &(*l->end)->next;
	return OK;
}

enum err form_query(struct arena *a, struct str query, struct form_field **ret)
{
	struct list l = { .end = &l.first };
	struct str one;

	while (str_cut(&query, '&', &one)) {
		size_t at = str_find(one, '=');
		struct form_field f = { .value = S("") };
		enum err e;

		if (one.n == 0)
			continue;
		e = url_decode(a, str_sub(one, 0, at), true, &f.name);
		if (!e)
			e = url_decode(a, str_sub(one, at + 1, one.n), true, &f.value);
		if (!e)
			e = list_add(a, &l, f);
		if (e)
			return e;
	}
	*ret = l.first;
	return OK;
}

/* ---- header values with parameters: form-data; name="a"; filename="b" ---- */

/* A quoted string up to its closing quote; only \" and \\ are escapes, because browsers send other backslashes as they are. */
static bool quoted_take(struct arena *a, struct str *rest, struct str *ret)
{
	char *p = arena_take(a, rest->n + 1);
	size_t n = 0, i;

	for (i = 1; i < rest->n && rest->p[i] != '"'; i++) {
		if (rest->p[i] == '\\' && i + 1 < rest->n && (rest->p[i + 1] == '"' || rest->p[i + 1] == '\\'))
			i++;
		p[n++] = rest->p[i];
	}
	if (i >= rest->n)
		return false;
	*rest = str_sub(*rest, i + 1, rest->n);
	*ret = (struct str){ p, n };
	return true;
}

static struct str skip_blank(struct str s)
{
	while (s.n && (s.p[0] == ' ' || s.p[0] == '\t'))
		s = str_sub(s, 1, s.n);
	return s;
}

/* The next "; name=value" of *rest. False at the end; *bad when there is something else. */
static bool param_next(struct arena *a, struct str *rest, struct str *ret_name, struct str *ret_value, bool *bad)
{
	struct str s = skip_blank(*rest);
	size_t at;

	*rest = s;
	if (s.n == 0)
		return false;
	*bad = true;
	if (s.p[0] != ';')
		return false;
	s = skip_blank(str_sub(s, 1, s.n));
	at = str_find(s, '=');
	*ret_name = str_sub(s, 0, at);
	s = str_sub(s, at + 1, s.n);
	if (!is_token(*ret_name) || s.n == 0)
		return false;
	if (s.p[0] == '"') {
		if (!quoted_take(a, &s, ret_value))
			return false;
	} else {
		at = 0;
		while (at < s.n && s.p[at] != ';' && s.p[at] != ' ' && s.p[at] != '\t')
			at++;
		*ret_value = str_sub(s, 0, at);
		s = str_sub(s, at, s.n);
		if (!is_token(*ret_value))
			return false;
	}
	*bad = false;
	*rest = s;
	return true;
}

static struct str value_head(struct str *rest)
{
	size_t at = str_find(*rest, ';');
	struct str head = str_trim(str_sub(*rest, 0, at));

	*rest = str_sub(*rest, at, rest->n);
	return head;
}

static bool boundary_get(struct arena *a, struct str content_type, struct str *ret)
{
	struct str name, value, found = S("");
	bool bad = false;

	if (!str_same(value_head(&content_type), "multipart/form-data"))
		return false;
	while (param_next(a, &content_type, &name, &value, &bad)) {
		if (!str_same(name, "boundary"))
			continue;
		if (found.n)
			return false;
		found = value;
	}
	if (bad || found.n == 0 || found.n > BOUNDARY_MAX || found.p[found.n - 1] == ' ')
		return false;
	for (size_t i = 0; i < found.n; i++)
		if (!is_alnum(found.p[i]) && !(found.p[i] && strchr("'()+_,-./:=? ", found.p[i])))
			return false;
	*ret = found;
	return true;
}

/* Browsers write a quote and line ends inside names as %22, %0D and %0A; nothing else is percent-encoded there. */
static struct str name_decode(struct arena *a, struct str s)
{
	static const struct { char code[4], c; } three[] = { { "%22", '"' }, { "%0D", '\r' }, { "%0A", '\n' } };
	char *p = arena_take(a, s.n + 1);
	size_t n = 0;

	for (size_t i = 0; i < s.n; i++) {
		p[n] = s.p[i];
		for (size_t k = 0; s.p[i] == '%' && k < ROWS(three); k++)
			if (str_same(str_sub(s, i, 3), three[k].code)) {
				p[n] = three[k].c;
				i += 2;
				break;
			}
		n++;
	}
	return (struct str){ p, n };
}

static struct str without_folders(struct str s)
{
	size_t at = s.n;

	while (at && s.p[at - 1] != '/' && s.p[at - 1] != '\\')
		at--;
	return str_sub(s, at, s.n);
}

static enum err disposition_read(struct arena *a, struct str value, struct form_field *f)
{
	struct str name, text;
	bool bad = false, named = false, filed = false;

	if (!str_same(value_head(&value), "form-data"))
		return E_BAD;
	while (param_next(a, &value, &name, &text, &bad)) {
		if (str_same(name, "name")) {
			bad = named;
			named = true;
			f->name = name_decode(a, text);
		} else if (str_same(name, "filename")) {
			bad = filed;
			filed = true;
			f->file_name = without_folders(name_decode(a, text));
			if (f->file_name.n == 0)
				f->file_name = S("-");           /* a file all the same: an empty choice in a browser */
		}
		if (bad)
			break;
	}
	return bad || !named || !text_ok(f->name) || !text_ok(f->file_name) ? E_BAD : OK;
}

static enum err part_head(struct arena *a, struct str head, struct form_field *f)
{
	bool disposed = false;

	*f = (struct form_field){ .file_name = S(""), .type = S("") };
	while (head.n) {
		char *end = memmem(head.p, head.n, "\r\n", 2);
		struct str line = str_sub(head, 0, end ? (size_t)(end - head.p) : head.n), name, value;
		size_t colon = str_find(line, ':');
		enum err e = OK;

		head = str_sub(head, line.n + 2, head.n);
		name = str_sub(line, 0, colon);
		value = str_trim(str_sub(line, colon + 1, line.n));
		if (colon == line.n || !is_token(name) || memchr(line.p, 0, line.n) || memchr(line.p, '\r', line.n) || memchr(line.p, '\n', line.n))
			return E_BAD;
		if (str_same(name, "Content-Disposition")) {
			e = disposed ? E_BAD : disposition_read(a, value, f);
			disposed = true;
		} else if (str_same(name, "Content-Type")) {
			f->type = value;
		} else if (str_same(name, "Content-Transfer-Encoding")) {
			e = str_same(value, "binary") || str_same(value, "8bit") || str_same(value, "7bit") ? OK : E_BAD;
		}
		if (e)
			return e;
	}
	return disposed ? OK : E_BAD;
}

/* Takes "CRLF head CRLF CRLF data" off *rest, up to the next delimiter. */
static enum err part_take(struct arena *a, struct str *rest, struct str delimiter, struct form_field *f)
{
	struct str s = str_sub(*rest, 2, rest->n);
	const char *end = s.n ? memmem(s.p, s.n < PART_HEAD_MAX ? s.n : PART_HEAD_MAX, "\r\n\r\n", 4) : NULL;
	enum err e;

	if (!end)
		return s.n >= PART_HEAD_MAX ? E_TOO_BIG : E_BAD;
	e = part_head(a, str_sub(s, 0, (size_t)(end - s.p)), f);
	if (e)
		return e;
	s = str_sub(s, (size_t)(end - s.p) + 2, s.n);          /* the delimiter's CRLF may be the empty line's */
	end = memmem(s.p, s.n, delimiter.p, delimiter.n);
	if (!end)
		return E_BAD;
	f->value = end == s.p ? S("") : str_sub(s, 2, (size_t)(end - s.p) - 2);
	*rest = str_sub(s, (size_t)(end - s.p) + delimiter.n, s.n);
	return f->file_name.n || text_ok(f->value) ? OK : E_BAD;
}

enum err form_multipart(struct arena *a, struct str content_type, struct str body, struct form_field **ret)
{
	struct list l = { .end = &l.first };
	struct str boundary, delimiter;
	enum err e;

	if (!boundary_get(a, content_type, &boundary))
		return E_BAD;
	delimiter = str_join(a, S("\r\n--"), boundary);
	if (!str_starts(body, delimiter.p + 2))
		return E_BAD;
	body = str_sub(body, delimiter.n - 2, body.n);
	while (str_starts(body, "\r\n")) {
		struct form_field f;

		e = part_take(a, &body, delimiter, &f);
		if (!e)
			e = list_add(a, &l, f);
		if (e)
			return e;
	}
	if (!str_is(body, "--") && !str_is(body, "--\r\n"))
		return E_BAD;
	*ret = l.first;
	return OK;
}

struct str cookie_get(struct str header, const char *name)
{
	struct str one;

	while (str_cut(&header, ';', &one)) {
		size_t at = str_find(one, '=');
		struct str value = str_trim(str_sub(one, at + 1, one.n));

		if (at == one.n || !str_is(str_trim(str_sub(one, 0, at)), name))
			continue;
		if (value.n >= 2 && value.p[0] == '"' && value.p[value.n - 1] == '"')
			value = str_sub(value, 1, value.n - 2);
		return value;
	}
	return S("");
}
