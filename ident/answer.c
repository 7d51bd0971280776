/* ident/answer.c - a result as the JSON object of the command `suyuan ident` and of the library. Pure. */
#include "ident.h"

/* Ill-formed bytes become U+FFFD, one for each byte: the answer must be JSON whatever came in. */
static struct str well_formed(struct arena *a, struct str s)
{
	struct buf b = buf_in(a, s.n + 1);
	size_t at = 0;

	while (at < s.n) {
		size_t from = at;

		if (utf8_next(s, &at) < 0) {
			buf_z(&b, "\xef\xbf\xbd");
			at = from + 1;
		} else {
			buf_add(&b, str_sub(s, from, at - from));
		}
	}
	return buf_str(&b);
}

static void put_key(struct buf *b, const char *key)
{
	buf_json(b, str_of(key));
	buf_char(b, ':');
}

static void put_part(struct buf *b, const struct ident_part *p)
{
	put_key(b, p->key);
	if (p->type == IDENT_TEXT) {
		buf_json(b, p->value);
	} else if (p->type == IDENT_LIST) {
		buf_char(b, '[');
		for (size_t i = 0; i < p->n_items; i++) {
			if (i)
				buf_char(b, ',');
			buf_json(b, p->items[i]);
		}
		buf_char(b, ']');
	} else {
		buf_add(b, p->value);
	}
}

static void put_error(struct buf *b, const struct ident_error *e)
{
	put_key(b, "error");
	if (!e->code) {
		buf_z(b, "null");
		return;
	}
	buf_char(b, '{');
	put_key(b, "code");
	buf_json(b, str_of(e->code));
	buf_fmt(b, ",\"position\":%zu,", e->position);
	put_key(b, "zh");
	buf_json(b, e->zh);
	buf_char(b, ',');
	put_key(b, "en");
	buf_json(b, e->en);
	buf_char(b, '}');
}

static void put_warnings(struct buf *b, const struct ident_result *r)
{
	put_key(b, "warnings");
	buf_char(b, '[');
	for (size_t i = 0; i < r->n_warnings; i++) {
		if (i)
			buf_char(b, ',');
		buf_char(b, '{');
		put_key(b, "code");
		buf_json(b, str_of(r->warnings[i].code));
		buf_char(b, ',');
		put_key(b, "zh");
		buf_json(b, r->warnings[i].zh);
		buf_char(b, ',');
		put_key(b, "en");
		buf_json(b, r->warnings[i].en);
		buf_char(b, '}');
	}
	buf_char(b, ']');
}

void ident_json(struct buf *b, struct str input, const struct ident_result *r)
{
	const char *kind = ident_kind_name(r->kind);

	buf_char(b, '{');
	put_key(b, "input");
	buf_json(b, well_formed(b->a, input));
	buf_char(b, ',');
	put_key(b, "kind");
	if (kind)
		buf_json(b, str_of(kind));
	else
		buf_z(b, "null");
	buf_fmt(b, ",\"valid\":%s,", r->valid ? "true" : "false");
	put_key(b, "normal");
	if (r->valid)
		buf_json(b, r->normal);
	else
		buf_z(b, "null");
	buf_char(b, ',');
	put_key(b, "parts");
	buf_char(b, '{');
	for (size_t i = 0; i < r->n_parts; i++) {
		if (i)
			buf_char(b, ',');
		put_part(b, &r->parts[i]);
	}
	buf_z(b, "},");
	put_error(b, &r->error);
	buf_char(b, ',');
	put_warnings(b, r);
	buf_char(b, '}');
}
