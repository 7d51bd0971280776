/* web/witness.c - the witness's addresses (C2SP tlog-witness). Waits for the disk, so a worker answers. */
#include "web/ask.h"
#include "merkle/policy.h"

static void answer(struct ask *q)
{
	struct witness_answer r = kernel_witness_add(q->f->k, q->a, q->h->body, clock_now());

	reply_header(q, "Cache-Control", S("no-store"));
	reply_send(q, r.status, r.media, r.body, false);
}

void witness_add(struct ask *q)
{
	if (q->h->body.n > WITNESS_BODY_MAX)
		reply_error(q, E_TOO_BIG);
	else
		ask_later(q, answer);
}

void witness_last(struct ask *q)
{
	struct str note;
	enum err e = kernel_witness_last(q->f->k, q->a, q->hit.value[0], &note);

	log_headers(q, e ? NULL : "no-cache");
	if (e)
		reply_error(q, e);
	else
		reply_send(q, 200, "text/plain; charset=utf-8", note, false);
}

void witness_vkey(struct ask *q)
{
	struct str key = kernel_witness_vkey(q->f->k, q->a);

	log_headers(q, key.n ? "public, max-age=3600" : NULL);
	if (key.n)
		reply_send(q, 200, "text/plain; charset=utf-8", str_fmt(q->a, "%.*s\n", STR_ARG(key)), false);
	else
		reply_error(q, E_ABSENT);
}
