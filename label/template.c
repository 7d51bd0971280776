/* label/template.c - templates from JSON: members as rows of a table, bounds on every number, every trouble a sentence.
 *
 * Format: docs/formats/label.md.
 */
#include "label/draw.h"
#include "record/json.h"

enum { BYTES_MOST = 64 * 1024, DEPTH_MOST = 4, NODES_MOST = 1200, ELEMENTS_MOST = 64, TEXT_MOST = 2000, PLACES = 3 };
#define SLACK 0.0005              /* mm: sums of decimals are not exact */

enum value { MM, COUNT, TEXT, FLAG, KIND, SYMBOLOGY, ALIGN, ELEMENTS };
struct member {
	const char *name;
	enum value value;
	bool need;
	size_t at;
	double least, most;       /* MM, COUNT: bounds; TEXT: length in bytes */
};

#define T(field) offsetof(struct label_template, field)
static const struct member sheet_members[] = {
	{ "name", TEXT, true, T(name), 1, 120 },
	{ "page_w", MM, false, T(page_w), 20, 1200 },
	{ "page_h", MM, false, T(page_h), 20, 1200 },
	{ "left", MM, false, T(left), 0, 1200 },
	{ "top", MM, false, T(top), 0, 1200 },
	{ "w", MM, true, T(w), 5, 500 },
	{ "h", MM, true, T(h), 5, 500 },
	{ "gap_x", MM, false, T(gap_x), 0, 500 },
	{ "gap_y", MM, false, T(gap_y), 0, 500 },
	{ "columns", COUNT, false, T(columns), 1, 50 },
	{ "rows", COUNT, false, T(rows), 1, 50 },
	{ "crop_marks", FLAG, false, T(crop_marks), 0, 0 },
	{ "elements", ELEMENTS, true, 0, 1, ELEMENTS_MOST },
};
#undef T

#define T(field) offsetof(struct element, field)
static const struct member element_members[] = {
	{ "kind", KIND, true, T(kind), 0, 0 },
	{ "x", MM, true, T(x), 0, 500 },
	{ "y", MM, true, T(y), 0, 500 },
	{ "w", MM, true, T(w), 0.05, 500 },
	{ "h", MM, true, T(h), 0.05, 500 },
	{ "symbology", SYMBOLOGY, false, T(symbology), 0, 0 },
	{ "text", TEXT, false, T(text), 1, TEXT_MOST },
	{ "size", MM, false, T(size), 0.05, 100 },
	{ "align", ALIGN, false, T(align), 0, 0 },
	{ "bold", FLAG, false, T(bold), 0, 0 },
	{ "wrap", FLAG, false, T(wrap), 0, 0 },
};
#undef T

/* Which members an element of each kind must and may have besides kind, x, y, w, h. */
static const struct { const char *name, *must, *may; } element_kinds[] = {
	[ELEMENT_SYMBOL] = { "symbol", " symbology text ", " " },
	[ELEMENT_TEXT] = { "text", " text size ", " align bold wrap " },
	[ELEMENT_LOGO] = { "logo", " ", " " },
	[ELEMENT_LINE] = { "line", " ", " " },
	[ELEMENT_BOX] = { "box", " ", " size " },
};
#define BOX_THICK 0.3             /* mm, of a frame that names no size */

struct where {
	struct arena *a;
	struct why why;
	size_t element;           /* from 1; 0: the sheet itself */
};

/* `name` is a member's, from a table or from the text that is read. */
static enum err bad(const struct where *w, struct str name, const char *zh, const char *en)
{
	struct str shown = text_clean(w->a, str_sub(name, 0, 40), false);

	if (w->element) {
		*w->why.zh = str_fmt(w->a, "第 %zu 个元素的 %.*s：%s", w->element, STR_ARG(shown), zh);
		*w->why.en = str_fmt(w->a, "element %zu, %.*s: %s", w->element, STR_ARG(shown), en);
	} else {
		*w->why.zh = str_fmt(w->a, "%.*s：%s", STR_ARG(shown), zh);
		*w->why.en = str_fmt(w->a, "%.*s: %s", STR_ARG(shown), en);
	}
	return E_BAD;
}

static enum err out_of(const struct where *w, const struct member *m, const char *zh_unit, const char *en_unit)
{
	struct buf least = buf_in(w->a, 16), most = buf_in(w->a, 16);
	struct str zh, en;

	put_mm(&least, m->least);
	put_mm(&most, m->most);
	zh = str_fmt(w->a, "应在 %.*s 到 %.*s%s之间", (int)least.n, least.p, (int)most.n, most.p, zh_unit);
	en = str_fmt(w->a, "between %.*s and %.*s%s", (int)least.n, least.p, (int)most.n, most.p, en_unit);
	return bad(w, str_of(m->name), zh.p, en.p);
}

/* ---- values ---- */

/* "12", "12.5": digits with at most three places, whatever the locale. */
static bool decimal(const struct node *n, double *ret)
{
	struct str whole, part = n->s;
	int64_t a, b = 0;
	double scale = 1;

	if (n->kind == NODE_INT) {
		*ret = (double)n->i;
		return true;
	}
	if (n->kind != NODE_NUMBER || !str_cut(&part, '.', &whole) || !str_to_int(whole, &a) || a < 0 || a > 1000000 || part.n > PLACES)
		return false;
	for (size_t i = 0; i < part.n; i++) {
		if (!is_digit(part.p[i]))
			return false;
		b = b * 10 + (part.p[i] - '0');
		scale *= 10;
	}
	*ret = (double)a + (double)b / scale;
	return true;
}

static enum err put_number(const struct where *w, const struct member *m, const struct node *n, void *to)
{
	double v;

	if (m->value == COUNT) {
		if (n->kind != NODE_INT || n->i < (int64_t)m->least || n->i > (int64_t)m->most)
			return out_of(w, m, "（整数）", ", a whole number");
		*(unsigned *)to = (unsigned)n->i;
		return OK;
	}
	if (!decimal(n, &v))
		return bad(w, str_of(m->name), "应为数，最多三位小数", "a number with at most three places");
	if (v < m->least || v > m->most)
		return out_of(w, m, " 毫米", " mm");
	*(double *)to = v;
	return OK;
}

static enum err put_text(const struct where *w, const struct member *m, const struct node *n, struct str *to)
{
	if (n->kind != NODE_STR)
		return bad(w, str_of(m->name), "应为文本", "a text");
	if (n->s.n < (size_t)m->least || n->s.n > (size_t)m->most)
		return out_of(w, m, " 字节", " bytes");
	*to = str_copy(w->a, n->s);
	return OK;
}

static enum err put_align(const struct where *w, const struct node *n, int *to)
{
	static const char *const names[] = { "left", "middle", "right" };

	for (int i = 0; i < 3; i++)
		if (n->kind == NODE_STR && str_is(n->s, names[i])) {
			*to = i - 1;
			return OK;
		}
	return bad(w, S("align"), "应为 left、middle 或 right", "left, middle or right");
}

static enum err put_kind(const struct where *w, const struct node *n, enum element_kind *to)
{
	for (size_t i = 0; i < ROWS(element_kinds); i++)
		if (n->kind == NODE_STR && str_is(n->s, element_kinds[i].name)) {
			*to = (enum element_kind)i;
			return OK;
		}
	return bad(w, S("kind"), "应为 symbol、text、logo、line 或 box", "symbol, text, logo, line or box");
}

static enum err put_symbology(const struct where *w, const struct node *n, enum symbology *to)
{
	enum symbology s = n->kind == NODE_STR ? symbology_of(n->s) : SYMBOLOGY_COUNT;

	if (s == SYMBOLOGY_COUNT)
		return bad(w, S("symbology"), "没有这种码", "there is no such symbology");
	*to = s;
	return OK;
}

static enum err put_value(const struct where *w, const struct member *m, const struct node *n, void *base)
{
	void *to = (char *)base + m->at;

	switch (m->value) {
	case MM:
	case COUNT: return put_number(w, m, n, to);
	case TEXT: return put_text(w, m, n, to);
	case KIND: return put_kind(w, n, to);
	case SYMBOLOGY: return put_symbology(w, n, to);
	case ALIGN: return put_align(w, n, to);
	case ELEMENTS: return OK;                        /* read afterwards */
	case FLAG: break;
	}
	if (n->kind != NODE_BOOL)
		return bad(w, str_of(m->name), "应为 true 或 false", "true or false");
	*(bool *)to = n->yes;
	return OK;
}

static enum err read_members(const struct where *w, const struct member *m, size_t n, const struct node *obj, void *to)
{
	for (const struct node *c = obj->first; c; c = c->next) {
		size_t i = 0;
		enum err e;

		while (i < n && !str_is(c->key, m[i].name))
			i++;
		if (i == n)
			return bad(w, c->key, "没有这个成员", "there is no such member");
		e = put_value(w, &m[i], c, to);
		if (e)
			return e;
	}
	for (size_t i = 0; i < n; i++)
		if (m[i].need && !node_get(obj, m[i].name))
			return bad(w, str_of(m[i].name), "缺少这个成员", "this member is missing");
	return OK;
}

/* ---- elements ---- */

/* What belongs to the kind of element is there, and nothing else. */
static enum err kind_check(const struct where *w, const struct node *obj, const struct element *e)
{
	for (size_t i = 0; i < ROWS(element_members); i++) {
		const struct member *m = &element_members[i];
		struct str word = str_fmt(w->a, " %s ", m->name);
		bool must = strstr(element_kinds[e->kind].must, word.p), may = must || m->need || strstr(element_kinds[e->kind].may, word.p);

		if (must && !node_get(obj, m->name))
			return bad(w, str_of(m->name), "缺少这个成员", "this member is missing");
		if (!may && node_get(obj, m->name))
			return bad(w, str_of(m->name), "这种元素没有这个成员", "an element of this kind has no such member");
	}
	return OK;
}

static enum err read_elements(struct where *w, const struct node *arr, struct label_template *t)
{
	struct element *list;

	if (arr->kind != NODE_ARR || arr->n == 0 || arr->n > ELEMENTS_MOST)
		return bad(w, S("elements"), "应为 1 到 64 个元素的数组", "an array of 1 to 64 elements");
	list = TAKE(w->a, struct element, arr->n);
	for (const struct node *c = arr->first; c; c = c->next) {
		struct element *e = &list[w->element++];
		enum err err;

		e->align = -1;
		if (c->kind != NODE_OBJ)
			return bad(w, S("elements"), "应为对象", "an object");
		err = read_members(w, element_members, ROWS(element_members), c, e);
		if (!err)
			err = kind_check(w, c, e);
		if (err)
			return err;
		if (e->kind == ELEMENT_BOX && e->size <= 0)
			e->size = BOX_THICK;
	}
	t->element = list;
	t->n = arr->n;
	w->element = 0;
	return OK;
}

/* ---- the whole ---- */

static bool within(double v, double least, double most) { return v >= least && v <= most; }

static enum err element_check(const struct label_template *t, const struct element *e, struct why why)
{
	if (!within(e->x, 0, t->w) || !within(e->y, 0, t->h) || !within(e->w, 0.05, t->w - e->x + SLACK) || !within(e->h, 0.05, t->h - e->y + SLACK))
		return why_say(E_BAD, why, "elements：有元素超出标签边界", "elements: an element reaches beyond the label");
	if (e->kind == ELEMENT_TEXT && !within(e->size, 0.5, 100))
		return why_say(E_BAD, why, "size：字高应在 0.5 到 100 毫米之间", "size: characters are between 0.5 and 100 mm high");
	if (e->kind == ELEMENT_BOX && !within(e->size * 2, 0.1, e->w < e->h ? e->w : e->h))
		return why_say(E_BAD, why, "size：框线比框还粗", "size: the frame's line is thicker than the frame");
	return OK;
}

enum err template_check(const struct label_template *t, struct why why)
{
	bool page = t->page_w > 0 || t->page_h > 0;

	if (!within(t->w, 5, 500) || !within(t->h, 5, 500) || !within(t->columns, 1, 50) || !within(t->rows, 1, 50) || t->n > ELEMENTS_MOST)
		return why_say(E_BAD, why, "标签的尺寸、行列数或元素数超出范围", "the label's size, columns, rows or number of elements is out of bounds");
	if (page && (!within(t->page_w, 20, 1200) || !within(t->page_h, 20, 1200)))
		return why_say(E_BAD, why, "page_w、page_h：应同时给出，在 20 到 1200 毫米之间", "page_w, page_h: both or none, between 20 and 1200 mm");
	if (!page && (t->columns > 1 || t->rows > 1 || t->left > 0 || t->top > 0))
		return why_say(E_BAD, why, "columns、rows、left、top：没有页面尺寸时每页一个标签",
		               "columns, rows, left, top: without a page there is one label a page");
	if (!within(t->left, 0, 1200) || !within(t->top, 0, 1200) || !within(t->gap_x, 0, 500) || !within(t->gap_y, 0, 500))
		return why_say(E_BAD, why, "left、top、gap_x、gap_y 超出范围", "left, top, gap_x or gap_y is out of bounds");
	if (page && t->left + t->columns * (t->w + t->gap_x) - t->gap_x > t->page_w + SLACK)
		return why_say(E_BAD, why, "columns：各列标签超出页面宽度", "columns: the labels are wider than the page");
	if (page && t->top + t->rows * (t->h + t->gap_y) - t->gap_y > t->page_h + SLACK)
		return why_say(E_BAD, why, "rows：各行标签超出页面高度", "rows: the labels are higher than the page");
	for (size_t i = 0; i < t->n; i++) {
		enum err e = element_check(t, &t->element[i], why);

		if (e)
			return e;
	}
	return OK;
}

enum err template_read(struct arena *a, struct str json, struct label_template *ret, struct str *why_zh, struct str *why_en)
{
	const struct json_limits limits = { BYTES_MOST, DEPTH_MOST, NODES_MOST, true };
	struct where w = { a, { why_zh, why_en }, 0 };
	struct label_template t = { .columns = 1, .rows = 1 };
	struct json_trouble trouble = { 0, "模板太大", "the template is too large" };
	struct node *root;
	enum err e = json_read(a, json, &limits, &root, &trouble);

	if (e) {
		*why_zh = str_fmt(a, "模板不是有效的 JSON（第 %zu 字节）：%s", trouble.at + 1, trouble.zh);
		*why_en = str_fmt(a, "the template is no valid JSON (byte %zu): %s", trouble.at + 1, trouble.en);
		return e;
	}
	if (root->kind != NODE_OBJ)
		return why_say(E_BAD, w.why, "模板应为 JSON 对象", "a template is a JSON object");
	e = read_members(&w, sheet_members, ROWS(sheet_members), root, &t);
	if (!e)
		e = read_elements(&w, node_get(root, "elements"), &t);
	if (!e)
		e = template_check(&t, w.why);
	if (!e)
		*ret = t;
	return e;
}
