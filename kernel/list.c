/* kernel/list.c - reference lists: rows with validity dates, from the modules' const tables. A change of policy is a new row. */
#include "kernel/inside.h"

static bool row_in_force(const struct list_row *r, int64_t day)
{
	int64_t limit;

	if (r->from && date_get(str_of(r->from), &limit) && day < limit)
		return false;
	return !(r->to && date_get(str_of(r->to), &limit) && day > limit);
}

const struct list_row *list_find(const struct kernel *k, const char *list, struct str key, int64_t day)
{
	for (size_t m = 0; m < k->n_modules; m++)
		for (size_t i = 0; i < k->modules[m]->n_lists; i++) {
			const struct list_row *r = &k->modules[m]->lists[i];

			if (strcmp(r->list, list) == 0 && (str_is(key, r->key) || str_is(key, r->zh)) && row_in_force(r, day))
				return r;
		}
	return NULL;
}

struct node *list_node(struct call *c, const char *list)
{
	struct node *arr = node_arr(c->arena);
	int64_t day = day_of(c->now, CHINA_OFFSET_MIN);

	for (size_t m = 0; m < c->k->n_modules; m++)
		for (size_t i = 0; i < c->k->modules[m]->n_lists; i++) {
			const struct list_row *r = &c->k->modules[m]->lists[i];
			struct node *o;

			if (strcmp(r->list, list) != 0 || !row_in_force(r, day))
				continue;
			o = node_obj(c->arena);
			put_z(c->arena, o, "key", r->key);
			put_z(c->arena, o, "name", r->zh);
			put_z(c->arena, o, "zh", r->zh);
			put_z(c->arena, o, "en", r->en ? r->en : "");
			put_z(c->arena, o, "facts", r->facts ? r->facts : "");
			put_z(c->arena, o, "source", r->source ? r->source : "");
			node_add(arr, o);
		}
	return arr;
}

bool row_fact(const struct list_row *r, const char *word)
{
	struct str rest = str_of(r->facts), one;

	while (str_cut(&rest, ' ', &one))
		if (str_is(one, word))
			return true;
	return false;
}

/* Working days skip Saturday and Sunday; public holidays are rows of the list "holiday" and "workday" (make-up days). */
int64_t working_days_after(const struct kernel *k, int64_t ms, int days, bool working)
{
	int64_t day = day_of(ms, CHINA_OFFSET_MIN);
	struct arena a;

	if (!working)
		return ms + days * DAY_MS;
	arena_init(&a, 65536, NULL);
	while (days > 0) {
		int64_t week = (++day + 4) % 7;         /* 1970-01-01 was a Thursday; 0 = Sunday */
		struct str date = date_str(&a, day * DAY_MS, 0);
		bool off = (week == 0 || week == 6) && !list_find(k, "workday", date, day);

		if (!off && !list_find(k, "holiday", date, day))
			days--;
		arena_reset(&a);
	}
	arena_end(&a);
	return (day + 1) * DAY_MS - CHINA_OFFSET_MIN * INT64_C(60000) - 1;      /* the end of that day in China */
}
