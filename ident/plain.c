/* ident/plain.c - the public interface of the installed library, suyuan-ident.h, over ident.h. Pure.
 *
 * A full arena never leaves this file: every entry has its own boundary and answers NULL.
 */
#include "ident.h"

#include "suyuan-ident.h"

#ifndef SUYUAN_IDENT_VERSION
#define SUYUAN_IDENT_VERSION "0"
#endif

enum { TEXT_MOST = 1 << 20 };
#define MEMORY_MOST ((size_t)256 << 20)

struct suyuan_ident_reader {
	struct arena a;
	jmp_buf full;
	struct suyuan_ident_answer answer;
};

struct question {
	enum ident_kind kind;
	enum ident_mode mode;
	struct str text;
};

struct suyuan_ident_reader *suyuan_ident_new(void)
{
	struct suyuan_ident_reader *r = calloc(1, sizeof(*r));

	if (r)
		arena_init(&r->a, MEMORY_MOST, &r->full);
	return r;
}

void suyuan_ident_free(struct suyuan_ident_reader *r)
{
	if (r)
		arena_end(&r->a);
	free(r);
}

static bool asked(struct suyuan_ident_reader *r, const char *kind, const char *text, size_t n, enum suyuan_ident_mode mode,
	struct question *ret)
{
	enum ident_kind k = kind ? ident_kind_of(str_of(kind)) : IDENT_NONE;

	arena_reset(&r->a);
	if ((kind && k == IDENT_NONE) || n > TEXT_MOST || (!text && n))
		return false;
	*ret = (struct question){ k, mode == SUYUAN_IDENT_LENIENT ? IDENT_LENIENT : IDENT_STRICT, { text ? text : "", n } };
	return true;
}

static void answer(struct arena *a, const struct question *q, struct ident_result *ret)
{
	if (q->kind == IDENT_NONE)
		ident_scan(a, q->text, q->mode, ret);
	else
		ident_check(a, q->kind, q->text, q->mode, ret);
}

static struct suyuan_ident_text text_of(struct arena *a, struct str s)
{
	return (struct suyuan_ident_text){ str_z(a, s), s.n };
}

static struct suyuan_ident_part part_of(struct arena *a, const struct ident_part *p)
{
	struct suyuan_ident_part out = { .name = p->key, .type = (enum suyuan_ident_type)p->type, .value = { "", 0 } };

	if (p->type != IDENT_LIST) {
		out.value = text_of(a, p->value);
	} else {
		struct suyuan_ident_text *items = TAKE(a, struct suyuan_ident_text, p->n_items);

		for (size_t i = 0; i < p->n_items; i++)
			items[i] = text_of(a, p->items[i]);
		out.items = items;
		out.n_items = p->n_items;
	}
	return out;
}

static void fill(struct arena *a, const struct question *q, struct suyuan_ident_answer *ret)
{
	struct suyuan_ident_part *parts;
	struct suyuan_ident_notice *warnings;
	struct ident_result r;

	answer(a, q, &r);
	parts = TAKE(a, struct suyuan_ident_part, r.n_parts);
	warnings = TAKE(a, struct suyuan_ident_notice, r.n_warnings);
	for (size_t i = 0; i < r.n_parts; i++)
		parts[i] = part_of(a, &r.parts[i]);
	for (size_t i = 0; i < r.n_warnings; i++)
		warnings[i] = (struct suyuan_ident_notice){ r.warnings[i].code, text_of(a, r.warnings[i].zh), text_of(a, r.warnings[i].en) };
	*ret = (struct suyuan_ident_answer){ .kind = ident_kind_name(r.kind), .valid = r.valid, .normal = text_of(a, r.normal),
		.parts = parts, .n_parts = r.n_parts, .error = { r.error.code, text_of(a, r.error.zh), text_of(a, r.error.en) },
		.error_position = r.error.position, .warnings = warnings, .n_warnings = r.n_warnings };
}

const struct suyuan_ident_answer *suyuan_ident_check(struct suyuan_ident_reader *r, const char *kind, const char *text, size_t n,
	enum suyuan_ident_mode mode)
{
	struct question q;

	if (!asked(r, kind, text, n, mode, &q) || setjmp(r->full))
		return NULL;
	fill(&r->a, &q, &r->answer);
	return &r->answer;
}

const struct suyuan_ident_part *suyuan_ident_find(const struct suyuan_ident_answer *x, const char *name)
{
	for (size_t i = 0; x && i < x->n_parts; i++)
		if (strcmp(x->parts[i].name, name) == 0)
			return &x->parts[i];
	return NULL;
}

const char *suyuan_ident_json(struct suyuan_ident_reader *r, const char *kind, const char *text, size_t n,
	enum suyuan_ident_mode mode)
{
	struct ident_result result;
	struct question q;
	struct buf b;

	if (!asked(r, kind, text, n, mode, &q) || setjmp(r->full))
		return NULL;
	answer(&r->a, &q, &result);
	b = buf_in(&r->a, 512);
	ident_json(&b, q.text, &result);
	return str_z(&r->a, buf_str(&b));
}

size_t suyuan_ident(const char *kind, const char *text, size_t n, enum suyuan_ident_mode mode, char *json, size_t cap)
{
	struct suyuan_ident_reader *r = suyuan_ident_new();
	const char *got = r ? suyuan_ident_json(r, kind, text, n, mode) : NULL;
	size_t length = got ? strlen(got) : 0;

	if (cap) {
		json[0] = 0;
		if (got && length < cap)
			memcpy(json, got, length + 1);
	}
	suyuan_ident_free(r);
	return length;
}

/* ---- conversions ---- */

/* Any form of GS1 data as a link; *ret_prefix is the length of the company prefix where the form tells it, else 0. */
static bool as_link(struct arena *a, struct str text, struct str *ret, unsigned *ret_prefix)
{
	static const char keys[2][16] = { "canonical", "digital_link" };
	const struct ident_part *p = NULL, *length;
	struct ident_result r;
	int64_t prefix = 0;

	ident_scan(a, text, IDENT_STRICT, &r);
	if (!r.valid)
		ident_check(a, IDENT_ELEMENTS, text, IDENT_STRICT, &r);
	if (!r.valid || (r.kind != IDENT_LINK && r.kind != IDENT_ELEMENTS && r.kind != IDENT_EPC))
		return false;
	for (size_t i = 0; i < 2 && !p; i++)
		p = ident_part(&r, keys[i]);
	if (!p || p->type != IDENT_TEXT)
		return false;
	length = ident_part(&r, "gcp_length");
	if (length)
		str_to_int(length->value, &prefix);
	*ret = p->value;
	*ret_prefix = (unsigned)prefix;
	return true;
}

static bool as_epc(struct arena *a, struct str text, unsigned prefix, struct str *ret)
{
	struct ident_result r;
	unsigned own = 0;
	struct str link;

	ident_scan(a, text, IDENT_STRICT, &r);
	if (r.valid && r.kind == IDENT_EPC && prefix == 0) {
		*ret = r.normal;
		return true;
	}
	return as_link(a, text, &link, &own) && epc_of_link(a, link, prefix ? prefix : own, ret);
}

enum form { FORM_LINK, FORM_ELEMENTS, FORM_EPC, FORM_TAG };

struct wish {
	enum form form;
	unsigned prefix_length, filter, bits;
};

static bool converted(struct arena *a, struct str text, const struct wish *w, struct str *ret)
{
	struct str link, epc;
	unsigned own;

	switch (w->form) {
	case FORM_LINK: return as_link(a, text, ret, &own);
	case FORM_ELEMENTS: return as_link(a, text, &link, &own) && elements_of_link(a, link, ret);
	case FORM_EPC: return as_epc(a, text, w->prefix_length, ret);
	case FORM_TAG: return as_epc(a, text, w->prefix_length, &epc) && hex_of_epc(a, epc, w->filter, w->bits, ret);
	}
	return false;
}

/* A frame of its own for the jump. */
static const char *guarded(struct suyuan_ident_reader *r, const struct question *q, const struct wish *w)
{
	struct str out;

	if (setjmp(r->full) || !converted(&r->a, q->text, w, &out))
		return NULL;
	return str_z(&r->a, out);
}

static const char *convert(struct suyuan_ident_reader *r, const char *text, size_t n, const struct wish *w)
{
	struct question q;

	return asked(r, NULL, text, n, SUYUAN_IDENT_STRICT, &q) ? guarded(r, &q, w) : NULL;
}

const char *suyuan_ident_to_link(struct suyuan_ident_reader *r, const char *text, size_t n)
{
	return convert(r, text, n, &(struct wish){ FORM_LINK, 0, 0, 0 });
}

const char *suyuan_ident_to_elements(struct suyuan_ident_reader *r, const char *text, size_t n)
{
	return convert(r, text, n, &(struct wish){ FORM_ELEMENTS, 0, 0, 0 });
}

const char *suyuan_ident_to_epc(struct suyuan_ident_reader *r, const char *text, size_t n, unsigned prefix_length)
{
	return convert(r, text, n, &(struct wish){ FORM_EPC, prefix_length, 0, 0 });
}

const char *suyuan_ident_to_tag(struct suyuan_ident_reader *r, const char *text, size_t n, unsigned prefix_length,
	unsigned filter, unsigned bits)
{
	return convert(r, text, n, &(struct wish){ FORM_TAG, prefix_length, filter, bits });
}

const char *suyuan_ident_kind(size_t i)
{
	return i < IDENT_KIND_COUNT - 1 ? ident_kind_name((enum ident_kind)(i + 1)) : NULL;
}

const char *suyuan_ident_version(void) { return SUYUAN_IDENT_VERSION; }
