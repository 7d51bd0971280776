/* cli/verify_watch.c - --watch: which new entries are by this organisation, or publicly say this value. */
#include "cli/verify.h"

enum { VALUES_MAX = 256, HITS_MAX = 10000, PAGE_MAX = 64 << 20 };

struct watch {
	struct verify_ask *q;
	struct str value[VALUES_MAX];
	size_t n;
	bool too_many;
	uint64_t hits;
	struct node *list;
	struct arena page;        /* of one entry */
	jmp_buf full;
};

struct watch *watch_open(struct verify_ask *q)
{
	struct str rest = str_of(q->watch), one;
	struct watch *w = rest.n ? calloc(1, sizeof(*w)) : NULL;

	if (!w)
		return NULL;
	w->q = q;
	while (str_cut(&rest, ',', &one))
		if (str_trim(one).n && w->n < VALUES_MAX)
			w->value[w->n++] = str_trim(one);
		else if (str_trim(one).n)
			w->too_many = true;
	w->list = put_arr(q->a, q->out, "seen");
	arena_init(&w->page, PAGE_MAX, &w->full);
	return w;
}

void watch_close(struct watch *w)
{
	if (w)
		arena_end(&w->page);
	free(w);
}

bool watch_too_many(const struct watch *w) { return w && w->too_many; }
uint64_t watch_seen(const struct watch *w) { return w ? w->hits : 0; }

static bool digits(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!is_digit(s.p[i]))
			return false;
	return s.n > 0;
}

/* GTINs of 8, 12, 13 and 14 digits are one number; anything else is compared as it stands. */
static bool same_value(struct str x, struct str y)
{
	if (str_eq(x, y))
		return true;
	if (x.n < 8 || y.n < 8 || x.n > 14 || y.n > 14 || !digits(x) || !digits(y))
		return false;
	while (x.n > y.n && x.p[0] == '0')
		x = str_sub(x, 1, x.n);
	while (y.n > x.n && y.p[0] == '0')
		y = str_sub(y, 1, y.n);
	return str_eq(x, y);
}

static void hit(struct watch *w, uint64_t index, struct str field, struct str value, const struct leaf_facts *leaf)
{
	struct verify_ask *q = w->q;
	struct node *o;

	if (w->hits++ >= HITS_MAX)
		return;
	field = verify_plain(&w->page, field);
	value = q->c->json ? value : verify_plain(&w->page, value);
	if (!q->c->json) {
		printf("条目 %llu：%.*s = %.*s（%.*s） / entry %llu\n", (unsigned long long)index, STR_ARG(field), STR_ARG(value), STR_ARG(verify_plain(&w->page, leaf->schema)),
		       (unsigned long long)index);
		return;
	}
	o = node_obj(q->a);
	put_int(q->a, o, "index", (int64_t)index);
	put_str(q->a, o, "field", str_copy(q->a, field));
	put_str(q->a, o, "value", str_copy(q->a, value));
	put_str(q->a, o, "type", str_copy(q->a, leaf->schema));
	node_add(w->list, o);
}

static void look_at(struct watch *w, uint64_t index, struct str field, struct str value, const struct leaf_facts *leaf)
{
	for (size_t i = 0; i < w->n; i++)
		if (same_value(value, w->value[i])) {
			hit(w, index, field, value, leaf);
			return;
		}
}

static void look_into(struct watch *w, uint64_t index, struct str entry, const struct node *slots)
{
	struct leaf_facts leaf;
	struct disclosed d;

	if (!leaf_facts_get(&w->page, entry, &leaf))
		return;
	look_at(w, index, S("o"), leaf.org, &leaf);
	for (const struct node *x = slots ? slots->first : NULL; x; x = x->next) {
		if (str_starts(x->s, ":") || !disclosed_get(&w->page, x->s, &d))
			continue;
		if (d.value->kind == NODE_STR)
			look_at(w, index, d.name, d.value->s, &leaf);
		for (const struct node *y = d.value->kind == NODE_ARR ? d.value->first : NULL; y; y = y->next)
			look_at(w, index, d.name, y->s, &leaf);
	}
}

void watch_entry(struct watch *w, uint64_t index, struct str entry, const struct node *slots)
{
	arena_reset(&w->page);
	if (setjmp(w->full)) {          /* what was made too large to look into is pointed out, not passed over */
		arena_reset(&w->page);
		hit(w, index, S("?"), S("too large to look into"), &(struct leaf_facts){ .schema = S("") });
	} else {
		look_into(w, index, entry, slots);
	}
}
