/* web/page_label.c - signed labels: the public key in one line, and a page that checks one; a small script does it without the server. */
#include "kernel/mark.h"
#include "web/ask.h"

void fixed_label_key(struct ask *q)
{
	struct str key;
	enum err e = mark_vkey(q->f->k, q->a, &key);

	if (e) {
		reply_error(q, e);
		return;
	}
	log_headers(q, "public, max-age=3600");
	reply_send(q, 200, "text/plain; charset=utf-8", str_fmt(q->a, "%.*s\n", STR_ARG(key)), false);
}

void page_label_check(struct ask *q)
{
	struct str text = str_trim(ask_query(q, "text")), key = S(""), elements;
	struct node *o;
	enum err e = mark_vkey(q->f->k, q->a, &key);

	(void)session_find(q);
	o = frame(q, "核对签名标签", "Check a signed label");
	put_str(q->a, o, "key", key);
	put_str(q->a, o, "text", text);
	if (text.n && !e) {
		e = mark_check(q->a, key, text, &elements);
		put_bool(q->a, o, "good", e == OK);
		put_bool(q->a, o, "bad", e == E_CORRUPT);
		put_bool(q->a, o, "none", e != OK && e != E_CORRUPT);
		put_str(q->a, o, "signed", e ? S("") : elements);
	}
	reply_page(q, 200, "label", o);
}
