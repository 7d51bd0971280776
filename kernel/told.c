/* kernel/told.c - the words of a package of evidence as data for a page: the page says what summary.txt says, no more. */
#include "kernel/kernel.h"

static const char indent[] = "    ", colon[] = "：";

/* "    name：value"; without the colon all of it is the value. */
static void put_row(struct arena *a, struct node *rows, struct str line)
{
	struct node *x = node_obj(a);
	const char *at;

	line = str_sub(line, sizeof(indent) - 1, line.n);
	at = line.n ? memmem(line.p, line.n, colon, sizeof(colon) - 1) : NULL;
	put_str(a, x, "name", at ? str_sub(line, 0, (size_t)(at - line.p)) : S(""));
	put_str(a, x, "value", at ? str_sub(line, (size_t)(at - line.p) + sizeof(colon) - 1, line.n) : line);
	node_add(rows, x);
}

/* "3. what it is" */
static bool is_heading(struct str line)
{
	size_t n = 0;

	while (n < line.n && is_digit(line.p[n]))
		n++;
	return n && str_starts(str_sub(line, n, line.n), ". ");
}

struct node *told_node(struct arena *a, struct str summary)
{
	struct node *o = node_obj(a), *lead = put_arr(a, o, "lead"), *records = put_arr(a, o, "records"), *record = NULL, *rows = NULL;
	struct str line;

	while (str_cut(&summary, '\n', &line)) {
		if (!line.n)
			continue;
		if (str_starts(line, indent) && rows) {
			put_row(a, rows, line);
		} else if (is_heading(line)) {
			record = node_obj(a);
			put_str(a, record, "heading", line);
			rows = put_arr(a, record, "rows");
			node_add(records, record);
		} else {
			struct node *x = node_obj(a);

			put_str(a, x, "line", line);
			node_add(lead, x);
		}
	}
	return o;
}

enum err kernel_render(const struct kernel *k, struct arena *a, const char *name, const struct node *data, struct str *ret)
{
	const struct renderer *r = kernel_renderer(k);

	return r ? r->page(a, name, data, ret) : E_STATE;
}
