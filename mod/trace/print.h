/* mod/trace/print.h - how codes are written (form.c), what a label says (goods.c), labels drawn one after the other (print.c), orders of
 * them as sheets and jobs (print_ops.c, print_run.c).
 */
#ifndef SUYUAN_TRACE_PRINT_H
#define SUYUAN_TRACE_PRINT_H

#include "kernel/job.h"
#include "kernel/mark.h"
#include "label/label.h"
#include "mod/trace/trace.h"

/* ---- goods.c: the public side of what a pack is for ---- */

struct goods {
	bool has_product, has_batch;
	struct record pack, product, batch;      /* public values, in their latest form */
	struct party maker;                      /* of the product; of the pack where there is none */
};
enum err goods_of(struct call *c, const struct pack *p, struct goods *ret) MUST_USE;
struct str goods_gtin(struct call *c, const struct goods *g);        /* 14 digits, or empty */
/* An object name -> text of everything a template may say about the goods. */
struct node *goods_values(struct call *c, const struct pack *p, const struct goods *g);

/* ---- form.c ---- */

enum form { FORM_CODE, FORM_URL, FORM_LINK, FORM_GS1, FORM_ECODE, FORM_EPC, FORM_SGTIN198, FORM_SIGNED, FORMS };
#define FORM_NAMES "code|url|link|gs1|ecode|epc|sgtin198|signed"
const char *form_name(enum form f);
enum form form_of(struct str name);              /* FORMS: unknown */
enum form form_usual(const struct pack *p, const struct goods *g);       /* of the scheme its maker chose */

struct spell {                /* how the codes of one pack are written in one form */
	enum form form;
	struct str before, after; /* around the code; of a shared code without serial `before` is all */
	struct str said_before, said_after;      /* signed: what is signed, around the code */
	bool coded;
};
/* E_BAD with two sentences that name the field to fill in. */
enum err spell_open(struct call *c, const struct pack *p, const struct goods *g, enum form f, struct spell *ret, const char **why_zh,
                    const char **why_en) MUST_USE;
struct node *spell_node(struct arena *a, const struct spell *s);
bool spell_get(const struct node *o, struct spell *ret);
/* The text of one code; key: only for FORM_SIGNED. */
enum err spell_text(struct arena *a, const struct spell *s, const struct sign_key *key, const char code[SEALED_TEXT], struct str *ret) MUST_USE;

/* ---- print.c ---- */

enum paper { PAPER_PDF, PAPER_SVG, PAPER_ZPL, PAPER_TSPL, PAPERS };
#define PAPER_NAMES "pdf|svg|zpl|tspl"
const char *paper_name(enum paper p);
const char *paper_media(enum paper p);

/* An order is an object that says all a label needs besides its code, frozen: drawn again it gives the same bytes. Members: template (JSON),
 * form, as, dots, mask, from, count, copies, part, logo, values {name: text}, forms {name: spell}. */
struct plan {
	struct kernel *k;
	struct pack pack;
	struct label_template t;
	struct label_logo logo;
	struct spell spell[FORMS];
	bool spells[FORMS];
	enum form mark;               /* what {url} says */
	const struct str *texts;      /* codes that came with the goods; NULL: ours */
	struct sign_key *key;
	enum paper as;
	unsigned dots, copies;
	uint32_t from, count, part;
	struct label_value *v;        /* the fixed ones, then those of each label */
	size_t n_fixed;
};
/* Logo, texts of the pack and key are read; everything lives in c->arena. Owner: caller, plan_end. */
enum err plan_open(struct call *c, const struct pack *p, const struct node *order, struct plan *ret, struct str *why_zh, struct str *why_en) MUST_USE;
void plan_end(struct plan *p);
struct str plan_code(const struct plan *p, struct arena *a, uint32_t index);      /* the code or the goods' own text */
/* Codes that came with the goods, by their place. */
enum err pack_texts(struct call *c, int64_t record, const struct str **ret, size_t *ret_n) MUST_USE;
enum err pack_places(struct call *c, const struct pack *p, int64_t *ret) MUST_USE;      /* how many labels of different codes there are */

struct drawing {
	const struct plan *plan;
	struct label_sink to;
	struct label_sheet *sheet;
	struct arena a;
	jmp_buf full;
	uint64_t labels, pages;
	uint32_t wanted;
	struct str zh, en;            /* why a label was refused */
};
/* `labels`: so many come. */
enum err drawing_begin(struct drawing *d, const struct plan *p, struct label_sink to, uint32_t labels) MUST_USE;
enum err drawing_put(struct drawing *d, uint32_t index) MUST_USE;      /* all its copies */
enum err drawing_end(struct drawing *d) MUST_USE;                      /* frees; what was put becomes a whole file */
void drawing_drop(struct drawing *d);

/* ---- orders (print_order.c) ---- */

enum { ORDER_id, ORDER_template, ORDER_form, ORDER_as, ORDER_dpi, ORDER_from, ORDER_count, ORDER_copies, ORDER_logo, ORDER_best_mask, ORDER_part };
/* From the checked input of sheet, preview and job: troubles at their fields. At most `most` codes; the first label is tried. */
enum err order_make(struct call *c, int64_t most, struct pack *ret_pack, struct node **ret) MUST_USE;

/* ---- operations ---- */

extern const struct type symbol_in, sheet_in, print_in, print_id_in, print_part_in, choices_in;
enum err symbol_get(struct call *c);
enum err label_choices(struct call *c);          /* print_choices.c */
enum err label_sheet(struct call *c);
enum err label_preview(struct call *c);
enum err print_prepare(struct call *c);
enum err print_create(struct call *c);
enum err print_get(struct call *c);
enum err print_list(struct call *c);
enum err print_part(struct call *c);
enum err print_manifest(struct call *c);
enum err print_drop(struct call *c);
enum err print_run(struct worker *w, int64_t id);
enum { SHEET_MOST = 2000, PART_MOST = 20000, PARTS_MOST = 9999 };
struct str part_name(struct arena *a, char kind, int64_t no);          /* "p0001" labels, "m0001" its line of the manifest */

#endif
