/* web/await.c - Prefer: wait=witnessed (RFC 7240): a write is answered when enough witnesses have cosigned a head over its entry.
 *
 * The write itself is done and its answer made; only the sending of it waits, in the kernel's list and without a thread (kernel_await).
 * Whatever goes wrong with the wait, the answer goes out as it is.
 */
#include "web/ask.h"
#include "web/gate.h"

struct waiting {
	struct await await;       /* first: is_told gets it and wants the rest */
	struct ask *q;
};

/* One preference: name = value or "value", then parameters, which say nothing to us. */
static bool is_witnessed(struct str one)
{
	size_t eq;
	struct str value;

	one = str_sub(one, 0, str_find(one, ';'));
	eq = str_find(one, '=');
	if (eq == one.n || !str_same(str_trim(str_sub(one, 0, eq)), "wait"))
		return false;
	value = str_trim(str_sub(one, eq + 1, one.n));
	return str_is(value, "witnessed") || str_is(value, "\"witnessed\"");
}

static bool preferred(const struct ask *q)
{
	struct str rest = http_header(q->h, "Prefer"), one;

	while (str_cut(&rest, ',', &one))
		if (is_witnessed(one))
			return true;
	return false;
}

static void as_it_is(struct ask *q) { reply_json(q, 201, q->call.out); }

static void with_lines(struct ask *q)
{
	if (call_receipt_again(&q->call) == OK)
		reply_header(q, "Preference-Applied", S("wait=witnessed"));
	as_it_is(q);
}

static void is_told(struct await *x, bool there)
{
	struct ask *q = ((struct waiting *)x)->q;

	ask_resume(q, there ? with_lines : as_it_is);
}

void await_reply(struct ask *q)
{
	struct waiting *w;

	if (q->h->method != HTTP_POST || !q->call.filed || !preferred(q)) {
		reply_json(q, q->h->method == HTTP_POST ? 201 : 200, q->call.out);
		return;
	}
	w = TAKE(q->a, struct waiting, 1);
	*w = (struct waiting){ { .index = q->call.index, .done = is_told }, q };
	atomic_fetch_add(&q->f->running, 1);
	if (kernel_await(q->f->k, &w->await)) {          /* not one touch of q afterwards, unless it was refused */
		atomic_fetch_sub(&q->f->running, 1);
		as_it_is(q);
	}
}
