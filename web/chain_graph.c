/* web/chain_graph.c - parties and deliveries as a drawing: columns by distance from the maker on a wide page, a tree on a narrow one.
 *
 * Works out places only; the template draws them. What the caller may not know is not in the answer this is made of.
 */
#include "web/ask.h"

enum { NODES_MOST = 200, EDGES_MOST = 600, IN_COLUMN = 12, FAR = 1000000 };
enum { WIDE_W = 176, WIDE_H = 68, WIDE_GAP_X = 92, WIDE_GAP_Y = 20, TALL_W = 326, TALL_H = 52, TALL_GAP = 34, INDENT = 22, INDENTS = 5, MARGIN = 8, CURVE = 26 };

struct dot {
	const struct node *n;
	int depth, row, parent;      /* parent: the node it hangs on in the tree; -1 */
	int x, y, w, h;
	bool hidden;
};
struct line { const struct node *n; int from, to; bool back, tree; };
struct drawing {
	struct ask *q;
	struct dot dot[NODES_MOST];
	struct line line[EDGES_MOST];
	int n, n_lines, columns, hidden;
	bool back, round;
};

/* ---- the answer as numbers ---- */

static int find_dot(const struct drawing *g, struct str id)
{
	for (int i = 0; i < g->n; i++)
		if (str_eq(node_text(g->dot[i].n, "id"), id))
			return i;
	return -1;
}

static void gather(struct drawing *g, const struct node *chain)
{
	const struct node *nodes = node_get(chain, "nodes"), *edges = node_get(chain, "edges");

	for (const struct node *x = nodes ? nodes->first : NULL; x && g->n < NODES_MOST; x = x->next)
		g->dot[g->n++] = (struct dot){ .n = x, .depth = FAR, .parent = -1 };
	for (const struct node *x = edges ? edges->first : NULL; x && g->n_lines < EDGES_MOST; x = x->next) {
		struct line l = { .n = x, .from = find_dot(g, node_text(x, "from")), .to = find_dot(g, node_text(x, "to")) };

		l.back = str_is(node_text(x, "what"), "return");
		g->back = g->back || l.back;
		if (l.from >= 0 && l.to >= 0 && l.from != l.to)
			g->line[g->n_lines++] = l;
	}
}

/* ---- distance from the maker ---- */

static bool has_source(const struct drawing *g, int i)
{
	for (int k = 0; k < g->n_lines; k++)
		if (g->line[k].to == i && !g->line[k].back)
			return true;
	return false;
}

static void spread(struct drawing *g, int start, int depth)
{
	bool more = true;

	g->dot[start].depth = depth;
	while (more) {
		more = false;
		for (int k = 0; k < g->n_lines; k++) {
			struct line *l = &g->line[k];

			if (l->back || g->dot[l->from].depth == FAR || g->dot[l->to].depth <= g->dot[l->from].depth + 1 || g->dot[l->to].depth != FAR)
				continue;
			g->dot[l->to].depth = g->dot[l->from].depth + 1;
			g->dot[l->to].parent = l->from;
			l->tree = more = true;
		}
	}
}

static int deepest(const struct drawing *g)
{
	int most = -1;

	for (int i = 0; i < g->n; i++)
		if (g->dot[i].depth != FAR && g->dot[i].depth > most)
			most = g->dot[i].depth;
	return most;
}

/* From the makers on; a part of the path whose beginning is not known goes on behind what is known. */
static void measure(struct drawing *g)
{
	int known;

	for (int i = 0; i < g->n; i++)
		if (str_is(node_text(g->dot[i].n, "kind"), "maker") && !has_source(g, i) && g->dot[i].depth == FAR)
			spread(g, i, 0);
	known = deepest(g);
	for (int pass = 0; pass < 2; pass++)
		for (int i = 0; i < g->n; i++)
			if (g->dot[i].depth == FAR && (pass || !has_source(g, i)))
				spread(g, i, known + 1);
	g->columns = deepest(g) + 1;
	for (int k = 0; k < g->n_lines; k++)    /* whatever does not go on to a later column goes round below */
		g->round = g->round || g->line[k].back || g->dot[g->line[k].to].depth <= g->dot[g->line[k].from].depth;
}

/* ---- places on a wide page ---- */

/* Under whom it hangs, so that lines cross little; the order of the answer otherwise. */
static int before_in_column(const struct drawing *g, const int *order, int n, int i)
{
	int at = n, mine = g->dot[i].parent >= 0 ? g->dot[g->dot[i].parent].row : FAR;

	while (at > 0) {
		int other = g->dot[order[at - 1]].parent;

		if ((other >= 0 ? g->dot[other].row : FAR) <= mine)
			break;
		at--;
	}
	return at;
}

static int fill_column(struct drawing *g, int depth)
{
	int order[NODES_MOST], n = 0, shown;

	for (int i = 0; i < g->n; i++) {
		int at;

		if (g->dot[i].depth != depth)
			continue;
		at = before_in_column(g, order, n, i);
		for (int k = n; k > at; k--)
			order[k] = order[k - 1];
		order[at] = i;
		n++;
	}
	shown = n > IN_COLUMN ? IN_COLUMN : n;
	for (int k = 0; k < n; k++) {
		g->dot[order[k]].row = k;
		g->dot[order[k]].hidden = k >= shown;
	}
	g->hidden += n - shown;
	return shown;
}

static void place_wide(struct drawing *g, int *ret_w, int *ret_h)
{
	int rows[NODES_MOST] = { 0 }, most = 1, below = g->round ? CURVE : 0;

	for (int d = 0; d < g->columns; d++) {
		rows[d] = fill_column(g, d);
		if (rows[d] > most)
			most = rows[d];
	}
	for (int i = 0; i < g->n; i++) {
		struct dot *o = &g->dot[i];

		o->w = WIDE_W;
		o->h = WIDE_H;
		o->x = MARGIN + o->depth * (WIDE_W + WIDE_GAP_X);
		o->y = MARGIN + o->row * (WIDE_H + WIDE_GAP_Y) + (most - rows[o->depth]) * (WIDE_H + WIDE_GAP_Y) / 2;
	}
	*ret_w = 2 * MARGIN + g->columns * WIDE_W + (g->columns - 1) * WIDE_GAP_X;
	*ret_h = 2 * MARGIN + below + most * WIDE_H + (most - 1) * WIDE_GAP_Y;
}

/* ---- places on a narrow page ---- */

static int hang(struct drawing *g, int i, int at)
{
	struct dot *o = &g->dot[i];
	int in = o->depth < INDENTS ? o->depth : INDENTS;

	o->x = MARGIN + in * INDENT;
	o->w = TALL_W - o->x - CURVE;
	o->h = TALL_H;
	o->y = at;
	at += TALL_H + TALL_GAP;
	for (int k = 0; k < g->n; k++)
		if (g->dot[k].parent == i && !g->dot[k].hidden)
			at = hang(g, k, at);
	return at;
}

static int place_tall(struct drawing *g)
{
	int at = MARGIN;

	for (int i = 0; i < g->n; i++)
		if (!g->dot[i].hidden && (g->dot[i].parent < 0 || g->dot[g->dot[i].parent].hidden))
			at = hang(g, i, at);
	return at - TALL_GAP + MARGIN;
}

/* ---- words in boxes ---- */

static struct str name_of(const struct drawing *g, const struct node *x)
{
	struct ask *q = g->q;
	struct str kind = node_text(x, "kind"), name = node_text(x, "name");

	if (str_is(kind, "sealed"))
		return str_fmt(q->a, "%.*s %lld", STR_ARG(ask_words(q, "未公开", "not public")), (long long)node_number(x, "number", 0));
	if (str_is(kind, "consumer") || str_is(kind, "unnamed"))
		return word_of(q, "hands", kind);
	return name.n ? name : node_text(x, "uscc");
}

/* As much of it as fits into so many pixels, in whole characters; the rest is left in *s. */
static struct str cut_to(struct str *s, int pixels)
{
	struct str head;
	size_t at = 0, end = 0;
	int used = 0;

	while (at < s->n) {
		int32_t c = utf8_next(*s, &at);

		used += c < 0x300 ? 8 : 14;
		if (c < 0 || used > pixels)
			break;
		end = at;
	}
	head = str_sub(*s, 0, end);
	*s = str_sub(*s, end, s->n);
	return head;
}

static void put_lines(struct drawing *g, struct node *o, struct str name, int pixels, int lines)
{
	static const char *const names[] = { "line1", "line2" };

	for (int i = 0; i < lines; i++) {
		struct str part = cut_to(&name, pixels);

		if (i == lines - 1 && name.n)
			part = str_fmt(g->q->a, "%.*s…", STR_ARG(cut_to(&part, pixels - 14)));
		put_str(g->q->a, o, names[i], part);
	}
}

static void put_dot(struct drawing *g, struct node *list, const struct dot *d, int lines)
{
	struct ask *q = g->q;
	struct node *o = node_obj(q->a);
	struct str kind = node_text(d->n, "kind"), name = name_of(g, d->n), what = word_of(q, "hands", kind);
	bool sealed = str_is(kind, "sealed"), own = q->who->uscc.n && str_eq(q->who->uscc, node_text(d->n, "uscc"));
	bool alone = sealed || str_eq(what, name);      /* no second word about it */
	int text = d->x + (sealed ? 40 : 14), first = 0;

	put_lines(g, o, name, d->w - (sealed ? 50 : 26), lines);
	first = d->y + d->h / 2 + (node_text(o, "line2").n ? -13 : -4);
	put_str(q->a, o, "title", name);
	put_str(q->a, o, "kind", alone ? S("") : own ? str_fmt(q->a, "%.*s · %.*s", STR_ARG(what), STR_ARG(ask_words(q, "本单位", "you"))) : what);
	put_z(q->a, o, "class", sealed ? "dot-sealed" : own ? "dot-own" : str_is(kind, "maker") ? "dot-maker" : "dot-party");
	put_bool(q->a, o, "sealed", sealed);
	put_int(q->a, o, "x", d->x);
	put_int(q->a, o, "y", d->y);
	put_int(q->a, o, "w", d->w);
	put_int(q->a, o, "h", d->h);
	put_int(q->a, o, "tx", text);
	put_int(q->a, o, "y1", alone && !node_text(o, "line2").n ? d->y + d->h / 2 + 5 : first);
	put_int(q->a, o, "y2", first + 17);
	put_int(q->a, o, "y3", node_text(o, "line2").n ? first + 35 : first + 19);
	put_int(q->a, o, "lock_x", d->x + 12);
	put_int(q->a, o, "lock_y", d->y + d->h / 2 - 10);
	node_add(list, o);
}

/* ---- lines ---- */

static struct node *line_node(struct drawing *g, struct node *list, const struct line *l)
{
	struct ask *q = g->q;
	struct node *o = node_obj(q->a);
	int64_t records = node_number(l->n, "records", 0), both = node_number(l->n, "confirmed", 0);
	bool agreed = both > 0 && both * 2 >= records;

	put_z(q->a, o, "class", l->back ? "line-back" : agreed ? "line-both" : "line-one");
	put_str(q->a, o, "label", str_fmt(q->a, q->english ? "%lld rec." : "%lld 条", (long long)records));
	put_str(q->a, o, "title", str_fmt(q->a, "%.*s → %.*s：%lld", STR_ARG(name_of(g, g->dot[l->from].n)), STR_ARG(name_of(g, g->dot[l->to].n)), (long long)records));
	node_add(list, o);
	return o;
}

static void put_path(struct drawing *g, struct node *o, struct str d, int tip_x, int tip_y, bool down_left)
{
	struct ask *q = g->q;

	put_str(q->a, o, "d", d);
	put_str(q->a, o, "tip", down_left ? str_fmt(q->a, "M%d %dl9 -5v10z", tip_x, tip_y) : str_fmt(q->a, "M%d %dl-9 -5v10z", tip_x, tip_y));
}

static void draw_wide(struct drawing *g, struct node *list, const struct line *l)
{
	const struct dot *a = &g->dot[l->from], *b = &g->dot[l->to];
	struct node *o = line_node(g, list, l);
	bool onward = b->depth > a->depth && !l->back;
	int ax = a->x + a->w, ay = a->y + a->h / 2, bx = b->x, by = b->y + b->h / 2, mid = (ax + bx) / 2;

	if (onward) {
		put_path(g, o, str_fmt(g->q->a, "M%d %dC%d %d %d %d %d %d", ax, ay, mid, ay, mid, by, bx - 8, by), bx, by, false);
		put_int(g->q->a, o, "lx", mid);
		put_int(g->q->a, o, "ly", (ay + by) / 2 - 7);
		return;
	}
	/* goods that come back pass below what lies between */
	ay = a->y + a->h;
	by = b->y + b->h;
	ax = a->x + a->w / 2 - 12;
	bx = b->x + b->w / 2 + 12;
	mid = (ay > by ? ay : by) + CURVE;
	put_str(g->q->a, o, "d", str_fmt(g->q->a, "M%d %dC%d %d %d %d %d %d", ax, ay, ax, mid + 6, bx, mid + 6, bx, by + 8));
	put_str(g->q->a, o, "tip", str_fmt(g->q->a, "M%d %dl-5 9h10z", bx, by));
	put_int(g->q->a, o, "lx", (ax + bx) / 2);
	put_int(g->q->a, o, "ly", mid - 4);
}

static void draw_tall(struct drawing *g, struct node *list, const struct line *l)
{
	const struct dot *a = &g->dot[l->from], *b = &g->dot[l->to];
	struct node *o = line_node(g, list, l);
	int right = TALL_W - CURVE, ay = a->y + a->h / 2, by = b->y + b->h / 2, lane = a->x + 10;

	if (!l->tree) {
		put_path(g, o, str_fmt(g->q->a, "M%d %dC%d %d %d %d %d %d", right, ay, right + CURVE, ay, right + CURVE, by, right + 8, by), right, by, true);
		return;
	}
	if (b->x > a->x)
		put_path(g, o, str_fmt(g->q->a, "M%d %dV%dq0 8 8 8H%d", lane, a->y + a->h, by - 8, b->x - 8), b->x, by, false);
	else
		put_str(g->q->a, o, "d", str_fmt(g->q->a, "M%d %dV%d", lane, a->y + a->h, b->y));
	put_int(g->q->a, o, "lx", lane + 24);
	put_int(g->q->a, o, "ly", b->y - 11);
}

/* ---- both drawings ---- */

static void put_drawing(struct drawing *g, struct node *o, const char *name, int w, int h, int lines, void (*draw)(struct drawing *, struct node *, const struct line *))
{
	struct ask *q = g->q;
	struct node *x = put_obj(q->a, o, name), *list;

	put_int(q->a, x, "w", w);
	put_int(q->a, x, "h", h);
	list = put_arr(q->a, x, "lines");
	for (int k = 0; k < g->n_lines; k++)
		if (!g->dot[g->line[k].from].hidden && !g->dot[g->line[k].to].hidden)
			draw(g, list, &g->line[k]);
	list = put_arr(q->a, x, "dots");
	for (int i = 0; i < g->n; i++)
		if (!g->dot[i].hidden)
			put_dot(g, list, &g->dot[i], lines);
}

void put_graph(struct ask *q, struct node *o, const struct node *chain)
{
	struct drawing *g = TAKE(q->a, struct drawing, 1);
	struct node *to;
	int w, h;

	g->q = q;
	gather(g, chain);
	if (!g->n)
		return;
	measure(g);
	to = put_obj(q->a, o, "graph");
	place_wide(g, &w, &h);
	put_drawing(g, to, "wide", w, h, 2, draw_wide);
	h = place_tall(g);
	put_drawing(g, to, "tall", TALL_W, h, 1, draw_tall);
	put_int(q->a, to, "hidden", g->hidden);
	put_bool(q->a, to, "back", g->back);
}
