/* web/ask.h - one request as the files of the face share it. Nobody outside web/ includes this.
 *
 * Life: made in the request's arena by the handler; ends with http_answer, after which nobody touches it. An operation may end
 * on another thread: its `done` sets a boundary for the arena of its own and goes on with q->then there.
 */
#ifndef SUYUAN_ASK_H
#define SUYUAN_ASK_H

#include <pthread.h>
#include <stdatomic.h>

#include "base/sys.h"
#include "kernel/kernel.h"
#include "web/face.h"
#include "web/route.h"
#include "web/static.h"

struct face {
	struct kernel *k;
	struct http *http;
	struct tpl_set *tpl;
	struct crew *crew;                   /* pages of answers that came from the writer are made here */
	struct arena life;
	const struct route_node *routes;
	const struct node *api;              /* the OpenAPI document, for the pages made of it */
	struct str openapi;
	atomic_int running;                  /* operations that have not called back yet */
};

struct upload {                              /* a file of a form that is stored before the form itself is sent */
	const struct field *field;
	struct str name, bytes;
	bool open;
};

struct ask {
	struct face *f;
	struct http_call *h;
	struct arena *a;
	jmp_buf full;
	pthread_t thread;                    /* whose boundary the arena has now */
	struct route_hit hit;
	struct form_field *query;            /* decoded */
	struct form_field *form;             /* of a form body, decoded */
	bool form_body, from_page;           /* from_page: sent from a form page, goes back there when refused */
	void (*again)(struct ask *q, enum err e);    /* the page it goes back to; NULL: the form of the operation */
	bool html, english;
	bool lang_chosen;                    /* by ?lang=: remembered in a cookie */
	/* session.c */
	struct str token;
	bool bearer, cookie, trusted;        /* trusted: a cookie's request is known to be from our own page */
	const struct actor *who;
	/* the operation that is run */
	const struct op *op;
	struct call call, up_call;
	struct upload *up;
	size_t n_up, at_up;
	void (*then)(struct ask *q);
	void (*stored)(struct ask *q);       /* when the files of a form are there; NULL: the operation itself */
	struct http_reply reply;
};

/* face.c */
void ask_run(struct ask *q, const struct op *op, void (*then)(struct ask *q));     /* q->call.raw is set; then gets its outcome in q->call */
void ask_files(struct ask *q, void (*stored)(struct ask *q));                      /* the files of q->up first, their ids into q->call.raw */
void ask_op(struct ask *q, const struct op *op);                                   /* the whole way: body, session, run, reply */
void ask_later(struct ask *q, void (*then)(struct ask *q));                        /* on a worker; the last thing a handler does */
/* From whatever thread, for who was counted in f->running and waits: on a worker, or here when these have too much. */
void ask_resume(struct ask *q, void (*then)(struct ask *q));
/* A reading operation at once, as this caller; NULL when there is none, or it was refused. */
const struct node *ask_read(struct ask *q, const char *name, struct node *in);
struct str ask_query(const struct ask *q, const char *name);
struct str ask_member(const struct ask *q, size_t i);                              /* decoded; empty when ill-formed */
bool same_site(const struct ask *q);                                               /* not known to be sent by another site's page */

/* body.c */
enum err body_read(struct ask *q, const struct op *op);
void raw_set(struct arena *a, struct node *o, struct str key, struct node *v);     /* replaces */
struct str form_get(const struct form_field *first, const char *name);

/* session.c */
void language_find(struct ask *q);
bool wants_html(const struct ask *q, bool op);
enum err session_find(struct ask *q);                /* fills token, who; E_NOAUTH for a bad bearer token */
struct str csrf_of(struct ask *q);                   /* empty when there is no cookie session */
void cookie_put(struct ask *q, struct str token);    /* an empty token ends the session */

/* reply.c */
void reply_header(struct ask *q, const char *name, struct str value);
void reply_send(struct ask *q, int status, const char *type, struct str body, bool is_static);
void reply_json(struct ask *q, int status, const struct node *n);
void reply_page(struct ask *q, int status, const char *tpl, struct node *data);
void reply_error(struct ask *q, enum err e);         /* words and troubles from q->call */
void reply_go(struct ask *q, struct str to);         /* 303 */
void reply_call(struct ask *q);                      /* what became of q->call */
bool local_path(struct str s);                       /* may be redirected to: a path of this site */

/* pages.c, page_form.c, page_list.c: the pages */
bool answer_page(struct ask *q);        /* false: a refusal, or an answer a program asked for, went out already */
/* An operation named by a page, with the path's member as its id. */
void page_op(struct ask *q, const char *name, void (*then)(struct ask *q));
struct node *frame(struct ask *q, const char *zh, const char *en);   /* what every page has, with its title */
struct str ask_words(const struct ask *q, const char *zh, const char *en);
struct str word_of(const struct ask *q, const char *group, struct str key);       /* words.def; the key itself when it has no row */
struct str state_words(const struct ask *q, struct str flow, struct str state);
struct str china_time(struct ask *q, struct str rfc3339);
void page_home(struct ask *q);
void page_link(struct ask *q);          /* a GS1 Digital Link at the root: the same answer as /c/{code} */
void page_login(struct ask *q);
void page_logout(struct ask *q);
void page_register(struct ask *q);
void page_me(struct ask *q);
void put_proof(struct ask *q, struct node *o, const struct node *scan);              /* page_proof.c */
void put_give(struct ask *q, struct node *o, const struct type *t, const struct node *view, struct str id);
void page_lost(struct ask *q, enum err e);           /* a code that is forged or unknown */
void page_scan(struct ask *q, const struct node *out);
void page_done(struct ask *q);                       /* after a POST that has no page of its own */
void page_form(struct ask *q, const struct op *op, enum err e);      /* e: why it comes back; the input is in q->call.raw */
void page_form_new(struct ask *q);
void page_form_op(struct ask *q);
void page_form_post(struct ask *q);
void page_list(struct ask *q);
void page_list_of(struct ask *q, struct str type);
void page_record(struct ask *q);
void page_label_check(struct ask *q);   /* page_label.c */
void fixed_label_key(struct ask *q);
void page_any_record(struct ask *q);
void page_loads(struct ask *q);         /* page_loads.c: tables that are sent, looked through, filed */
void page_load_new(struct ask *q);
void page_load_send(struct ask *q);
void page_load(struct ask *q);
void page_load_do(struct ask *q);
bool loadable(const struct ask *q, const struct op *op);
void page_print_new(struct ask *q);     /* page_print.c: labels are chosen and printed */
void page_print_send(struct ask *q);
void page_print_preview(struct ask *q);
void put_pack_links(struct ask *q, struct node *o, struct str id);   /* `labels`: printing and codes of that pack, where the caller may */
struct str number_words(struct ask *q, int64_t n);                   /* 1,234,567 */
void page_prints(struct ask *q);        /* page_prints.c: orders of labels */
void page_print(struct ask *q);
void page_print_do(struct ask *q);
void page_chain(struct ask *q);         /* page_chain.c: where goods have been */
void page_offers(struct ask *q);        /* page_offers.c: deliveries to and from the own party */
void page_offers_do(struct ask *q);
void put_delivery(struct ask *q, struct node *o, const struct node *x);              /* one of offer.list */
int64_t offers_waiting(struct ask *q, const struct node **ret_items);                /* for the own party, as far as one page of the list */
void page_offer(struct ask *q);
void page_offer_do(struct ask *q);
void page_retail(struct ask *q);        /* page_retail.c: sold over the counter */
void page_retail_send(struct ask *q);
void page_receive(struct ask *q);       /* page_receive.c: scanned on arrival */
void page_receive_send(struct ask *q);
void page_cut(struct ask *q);           /* page_cut.c: a length taken from a reel */
void page_cut_send(struct ask *q);
void page_recall(struct ask *q);        /* page_recall.c */
void page_recalls(struct ask *q);
void page_findings(struct ask *q);      /* page_findings.c */
void page_findings_do(struct ask *q);
void put_case_steps(struct ask *q, struct node *o, const struct node *view, struct str id);          /* page_list.c: what may be done in its case */
bool put_chain_steps(struct ask *q, struct node *o, const struct node *answer);         /* `steps`; is something of them shut to the caller? */
bool sale_stopped(const struct node *chain);
void put_balance(struct ask *q, struct node *o, const struct node *chain);  /* page_chain.c: `balance`, of an answer of chain.get */
void put_graph(struct ask *q, struct node *o, const struct node *chain);    /* chain_graph.c: parties and deliveries as a drawing */
void page_docs(struct ask *q);          /* page_docs.c: the OpenAPI document as pages */
void page_docs_guide(struct ask *q);
void page_docs_op(struct ask *q);
struct node *form_fields(struct ask *q, const struct op *op, const struct node *raw);    /* rows of what a person fills, as row.html shows them */
const struct op *op_filing(struct ask *q, const struct type *t);     /* the operation that files a new one; NULL */
bool may(const struct ask *q, const struct op *op);  /* asks the kernel; only for what is offered, op_run decides */

/* parts.c: what the pages about goods on the move share */
enum err own_open(struct ask *q, const char *op);    /* the session, and whether the operation is open to it */
/* The same for a form that was sent: its body first; again shows the page anew when it is refused. */
enum err own_send(struct ask *q, const char *op, void (*again)(struct ask *q, enum err e));
struct node *form_said(struct ask *q, const char *const names[], size_t n);          /* the fields that were filled in */
void put_form_state(struct ask *q, struct node *o, const struct node *raw, const char *const names[], size_t n, enum err e);
void put_once(struct ask *q, struct node *o);        /* `once`: a form sent twice is filed once */
void take_once(struct ask *q);
struct str day_words(struct ask *q, struct str rfc3339);             /* a time at midnight is a day */
struct str listed_words(struct ask *q, const char *list, struct str key);
struct str url_of(struct ask *q, const char *path, const char *name, struct str value);
void put_choices(struct ask *q, struct node *o, const char *name, const char *list, struct str chosen);
struct str shown_value(struct ask *q, const char *group, const struct node *v);      /* page_list.c: a value as people read it */

/* fixed.c: what is no operation and no page */
void fixed_health(struct ask *q);
void fixed_metrics(struct ask *q);
void fixed_openapi(struct ask *q);
void fixed_static(struct ask *q);
void fixed_vkey(struct ask *q);
void fixed_checkpoint(struct ask *q);
void fixed_tile(struct ask *q);
void fixed_public(struct ask *q);
void fixed_receipt(struct ask *q);
void fixed_policy(struct ask *q);
void fixed_stamp(struct ask *q);
void fixed_stamped(struct ask *q);
void fixed_issuer(struct ask *q);
void fixed_cors(struct ask *q);
void log_headers(struct ask *q, const char *cache);

/* await.c: the JSON of a write, when it is witnessed if that was preferred */
void await_reply(struct ask *q);

/* witness.c */
void witness_add(struct ask *q);
void witness_last(struct ask *q);
void witness_vkey(struct ask *q);

#endif
