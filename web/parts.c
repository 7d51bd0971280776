/* web/parts.c - what the pages about goods on the move share: opening and sending a page of one's own, days, units, refusals. */
#include "web/ask.h"

/* ---- a page built on an operation ---- */

enum err own_open(struct ask *q, const char *op)
{
	enum err e = session_find(q);

	if (!e && q->who->roles == R_ANYONE)
		e = E_NOAUTH;
	return e || may(q, op_find(q->f->k, str_of(op))) ? e : E_DENIED;
}

enum err own_send(struct ask *q, const char *name, void (*again)(struct ask *q, enum err e))
{
	const struct op *op = op_find(q->f->k, str_of(name));
	enum err e = op ? body_read(q, op) : E_ABSENT;

	if (!e)
		e = own_open(q, name);
	q->op = op;
	q->from_page = !e && again;
	q->again = again;
	q->call.troubles.a = q->a;
	return e;
}

/* ---- what was typed, and what is wrong with it ---- */

struct node *form_said(struct ask *q, const char *const names[], size_t n)
{
	struct node *raw = node_obj(q->a);

	for (size_t i = 0; i < n; i++)
		if (str_trim(form_get(q->form, names[i])).n)
			put_str(q->a, raw, names[i], str_trim(form_get(q->form, names[i])));
	return raw;
}

/* `was` holds the texts, `wrong` a sentence for each field that has one; the rest goes into the summary. */
void put_form_state(struct ask *q, struct node *o, const struct node *raw, const char *const names[], size_t n, enum err e)
{
	struct node *was = put_obj(q->a, o, "was"), *wrong = put_obj(q->a, o, "wrong"), *list = put_arr(q->a, o, "summary");
	const char *why = q->english ? q->call.why_en : q->call.why_zh;

	for (size_t i = 0; i < n; i++)
		put_str(q->a, was, names[i], node_text(raw, names[i]));
	for (const struct trouble *t = q->call.troubles.first; t; t = t->next) {
		struct str said = q->english ? t->en : t->zh;
		bool own = false;

		for (size_t i = 0; i < n; i++)
			own = own || str_is(t->field, names[i]);
		if (own)
			raw_set(q->a, wrong, t->field, node_str(q->a, said));
		else
			node_add(list, node_str(q->a, said));
	}
	if (e == E_BAD && !why)
		put_str(q->a, o, "refused", ask_words(q, "还没有填报，请修改：", "nothing is filed yet, please mend:"));
	else
		put_str(q->a, o, "refused", e ? str_of(why ? why : q->english ? err_en(e) : err_zh(e)) : S(""));
}

/* A form that is sent twice by impatience is filed once: it carries a number of its own, which with what it says is the key. */
void put_once(struct ask *q, struct node *o)
{
	unsigned char number[9];

	if (random_fill(number, sizeof(number)) == OK)
		put_str(q->a, o, "once", base64url_str(q->a, number, sizeof(number)));
}

void take_once(struct ask *q)
{
	struct str once = form_get(q->form, "once");
	bool ok = once.n > 0 && once.n <= 40;

	for (size_t i = 0; i < once.n && ok; i++)
		ok = is_alnum(once.p[i]) || once.p[i] == '-' || once.p[i] == '_';
	if (ok)
		q->call.idem = str_fmt(q->a, "%.*s.%llx", STR_ARG(once), (unsigned long long)str_hash(canon_str(q->a, q->call.raw), 1));
}

/* ---- words ---- */

/* People write a day where they mean a day. */
struct str day_words(struct ask *q, struct str rfc3339)
{
	struct str s = china_time(q, rfc3339);

	return s.n == 16 && str_ends(s, " 00:00") ? str_sub(s, 0, 10) : s;
}

struct str listed_words(struct ask *q, const char *list, struct str key)
{
	struct node *in = node_obj(q->a);
	const struct node *out, *items;

	put_z(q->a, in, "list", list);
	out = key.n ? ask_read(q, "list.get", in) : NULL;
	items = out ? node_get(out, "items") : NULL;
	for (const struct node *x = items ? items->first : NULL; x; x = x->next)
		if (str_eq(node_text(x, "key"), key))
			return q->english && node_text(x, "en").n ? node_text(x, "en") : node_text(x, "zh");
	return key;
}

struct str url_of(struct ask *q, const char *path, const char *name, struct str value)
{
	struct buf b = buf_in(q->a, value.n * 3 + 64);

	buf_fmt(&b, "%s?%s=", path, name);
	buf_url(&b, value);
	return buf_str(&b);
}

/* The choices of a list, one of them chosen. */
void put_choices(struct ask *q, struct node *o, const char *name, const char *list, struct str chosen)
{
	struct node *in = node_obj(q->a), *to = put_arr(q->a, o, name);
	const struct node *out, *items;

	put_z(q->a, in, "list", list);
	out = ask_read(q, "list.get", in);
	items = out ? node_get(out, "items") : NULL;
	for (const struct node *x = items ? items->first : NULL; x; x = x->next) {
		struct node *row = node_obj(q->a);

		put_str(q->a, row, "key", node_text(x, "key"));
		put_str(q->a, row, "name", q->english && node_text(x, "en").n ? node_text(x, "en") : node_text(x, "zh"));
		put_bool(q->a, row, "selected", str_eq(node_text(x, "key"), chosen));
		node_add(to, row);
	}
}
