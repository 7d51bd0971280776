/* mod/trace/print.c - an order becomes labels: a plan read from the order, then label after label into a sink. */
#include "mod/trace/print.h"

enum { FIXED_MOST = 80, OWN_VALUES = 2, TEXTS_A_LABEL = FORMS + OWN_VALUES, LIFE_OF_A_LABEL = 64 << 20 };

static const struct { const char *name, *media; } papers[PAPERS] = {
	[PAPER_PDF] = { "pdf", "application/pdf" },
	[PAPER_SVG] = { "svg", "image/svg+xml" },
	[PAPER_ZPL] = { "zpl", "text/plain; charset=utf-8" },
	[PAPER_TSPL] = { "tspl", "text/plain; charset=utf-8" },
};

const char *paper_name(enum paper p) { return papers[p].name; }
const char *paper_media(enum paper p) { return papers[p].media; }

static enum paper paper_of(struct str name)
{
	size_t i = 0;

	while (i + 1 < PAPERS && !str_is(name, papers[i].name))
		i++;
	return (enum paper)i;
}

enum err pack_texts(struct call *c, int64_t record, const struct str **ret, size_t *ret_n)
{
	struct record r;
	enum err e = kernel_record(c, record, 1u << KEY_PUBLIC | 1u << KEY_BUSINESS, &r);

	if (e)
		return e;
	*ret = r.values[PACK_codes].list;
	*ret_n = r.values[PACK_codes].n;
	return OK;
}

/* ---- the plan ---- */

static void plan_values(struct arena *a, struct plan *p, const struct node *values)
{
	p->v = TAKE(a, struct label_value, FIXED_MOST + TEXTS_A_LABEL);
	for (const struct node *x = values ? values->first : NULL; x && p->n_fixed < FIXED_MOST; x = x->next)
		p->v[p->n_fixed++] = (struct label_value){ x->key, x->s };
}

static enum err plan_logo(struct call *c, struct plan *p, struct str logo)
{
	return logo.n ? blob_read(c, logo, &p->logo.png) : OK;
}

enum err plan_open(struct call *c, const struct pack *pack, const struct node *order, struct plan *ret, struct str *why_zh, struct str *why_en)
{
	struct plan p = { .k = c->k, .pack = *pack, .mark = form_of(node_text(order, "form")), .as = paper_of(node_text(order, "as")),
		.dots = (unsigned)node_number(order, "dots", 8), .copies = (unsigned)node_number(order, "copies", 1),
		.from = (uint32_t)node_number(order, "from", 0), .count = (uint32_t)node_number(order, "count", 0),
		.part = (uint32_t)node_number(order, "part", PART_MOST) };
	const struct node *forms = node_get(order, "forms");
	size_t n = 0;
	enum err e = template_read(c->arena, node_text(order, "template"), &p.t, why_zh, why_en);

	p.t.mask = (unsigned)node_number(order, "mask", 0);
	plan_values(c->arena, &p, node_get(order, "values"));
	for (const struct node *x = forms ? forms->first : NULL; x && !e; x = x->next) {
		enum form f = form_of(x->key);

		if (f == FORMS || !spell_get(x, &p.spell[f]))
			return E_CORRUPT;
		p.spells[f] = true;
	}
	if (!e)
		e = plan_logo(c, &p, node_text(order, "logo"));
	if (!e && pack->theirs)
		e = pack_texts(c, pack->record, &p.texts, &n);
	if (!e && p.texts && p.from + (uint64_t)p.count > n)
		e = E_CORRUPT;
	if (!e && p.spells[FORM_SIGNED])
		e = mark_begin(c->k, &p.key);
	if (!e)
		*ret = p;
	return e;
}

void plan_end(struct plan *p)
{
	sign_key_free(p->key);
	p->key = NULL;
}

struct str plan_code(const struct plan *p, struct arena *a, uint32_t index)
{
	char *line = arena_take(a, SEALED_TEXT + 2);

	if (p->texts)
		return p->texts[index];
	if (code_write_lines(p->k, p->pack.key, p->pack.grain, p->pack.number, index, 1, line))
		return S("");
	return (struct str){ line, SEALED_TEXT };
}

/* ---- one label's own texts ---- */

static enum err own_texts(struct drawing *d, uint32_t index, size_t *ret_n)
{
	const struct plan *p = d->plan;
	struct str code = plan_code(p, &d->a, index), text = code;
	size_t n = p->n_fixed;
	enum err e = code.n ? OK : E_INTERNAL;

	p->v[n++] = (struct label_value){ S("n"), str_fmt(&d->a, "%u", index + 1) };
	p->v[n++] = (struct label_value){ S("code_text"), p->texts ? code : str_fmt(&d->a, "%.5s %.5s %.5s %.5s", code.p, code.p + 5, code.p + 10, code.p + 15) };
	for (size_t f = 0; f < FORMS && !e; f++) {
		if (!p->spells[f] && f != FORM_URL)
			continue;
		if (!p->texts)
			e = spell_text(&d->a, &p->spell[f == FORM_URL ? p->mark : f], p->key, code.p, &text);
		p->v[n++] = (struct label_value){ str_of(form_name((enum form)f)), text };
	}
	*ret_n = n;
	return e;
}

/* ---- drawing ---- */

static bool put_buf(struct drawing *d, const struct buf *b) { return d->to.put(d->to.ctx, b->p, b->n); }

enum err drawing_begin(struct drawing *d, const struct plan *p, struct label_sink to, uint32_t labels)
{
	enum err e = OK;

	memset(d, 0, sizeof(*d));
	d->plan = p;
	d->to = to;
	d->wanted = labels;
	arena_init(&d->a, LIFE_OF_A_LABEL, &d->full);
	if (p->as == PAPER_PDF)
		return label_sheet_begin(&p->t, &p->logo, &d->to, &d->sheet, &d->zh, &d->en);
	if (setjmp(d->full))
		return E_TOO_BIG;
	if (p->as == PAPER_SVG) {
		struct buf b = buf_in(&d->a, 200);

		label_svg_open(&b, &p->t, labels);
		e = put_buf(d, &b) ? OK : E_IO;
	}
	return e;
}

static enum err put_one(struct drawing *d, size_t n)
{
	const struct plan *p = d->plan;
	struct buf b = buf_in(&d->a, 16384);
	enum err e;

	if (p->as == PAPER_PDF)
		return label_sheet_put(d->sheet, &d->a, p->v, n, &d->zh, &d->en);
	if (p->as == PAPER_SVG) {
		label_svg_place(&b, &p->t, d->labels);
		e = label_svg(&d->a, &p->t, &p->logo, p->v, n, &b, &d->zh, &d->en);
	} else {
		e = label_print(&d->a, p->as == PAPER_ZPL ? PRINTER_ZPL : PRINTER_TSPL, &p->t, &p->logo, p->dots, p->v, n, &b, &d->zh, &d->en);
	}
	return e ? e : put_buf(d, &b) ? OK : E_IO;
}

enum err drawing_put(struct drawing *d, uint32_t index)
{
	volatile enum err e = OK;

	for (volatile unsigned i = 0; i < d->plan->copies && !e; i++) {
		size_t n;

		arena_reset(&d->a);
		if (setjmp(d->full))
			return E_TOO_BIG;
		e = own_texts(d, index, &n);
		if (!e)
			e = put_one(d, n);
		if (!e)
			d->labels++;
	}
	return e;
}

static enum err svg_end(struct drawing *d)
{
	struct buf b;

	if (setjmp(d->full))
		return E_TOO_BIG;
	arena_reset(&d->a);
	b = buf_in(&d->a, 100);
	label_svg_close(&b, d->labels > 0);
	return put_buf(d, &b) ? OK : E_IO;
}

enum err drawing_end(struct drawing *d)
{
	enum err e = OK;

	d->pages = d->sheet ? label_sheet_pages(d->sheet) : d->labels;
	if (d->sheet)
		e = label_sheet_end(d->sheet);
	else if (d->plan->as == PAPER_SVG)
		e = svg_end(d);
	d->sheet = NULL;
	arena_end(&d->a);
	return e;
}

void drawing_drop(struct drawing *d)
{
	label_sheet_drop(d->sheet);
	d->sheet = NULL;
	arena_end(&d->a);
}
