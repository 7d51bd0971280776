/* ident/gs1_table.c - looks Application Identifiers up in the tables made from the dated data/gs1_ai.tsv. Pure. */
#include "gs1.h"

#include "gs1_ai_table.h"

const struct ai_range *ai_pool(unsigned at) { return ai_ranges + at; }

unsigned ai_number(struct str ai)
{
	unsigned v = 0;

	for (size_t i = 0; i < AI_DIGITS_MOST; i++)
		v = v * 10 + (i < ai.n ? (unsigned)(ai.p[i] - '0') : 0);
	return v;
}

size_t ai_length(const char two[2]) { return ai_digits[(two[0] - '0') * 10 + two[1] - '0']; }

const struct ai_row *ai_begins(struct str s)
{
	size_t n, at;

	if (s.n < 2 || !is_digit(s.p[0]) || !is_digit(s.p[1]))
		return NULL;
	n = ai_length(s.p);
	if (n == 0 || n > s.n)
		return NULL;
	for (size_t i = 2; i < n; i++)
		if (!is_digit(s.p[i]))
			return NULL;
	at = ai_row_at[ai_number(str_sub(s, 0, n))];
	return at ? &ai_rows[at - 1] : NULL;
}

const struct ai_row *ai_find(struct str ai)
{
	const struct ai_row *row = ai_begins(ai);

	return row && row->digits == ai.n ? row : NULL;
}

static const struct {
	char code[16], zh[112], en[80];         /* arrays: no relocations */
} faults[FAULT_COUNT] = {
#define FAULT(name, code, zh, en) [name] = { code, zh, en },
#include "gs1_fault.def"
#undef FAULT
};

const char *fault_code(enum fault f) { return faults[f].code; }
const char *fault_zh(enum fault f) { return faults[f].zh; }
const char *fault_en(enum fault f) { return faults[f].en; }

/* Each component takes its length from the front of what is left; optional ones only while something is left. */
enum fault ai_value_fault(const struct ai_row *row, struct str value, size_t *ret_at)
{
	size_t from = 0;

	*ret_at = 0;
	if (value.n < row->least)
		return FAULT_SHORT;
	if (value.n > row->most)
		return FAULT_LONG;
	if (str_find(value, '^') < value.n)
		return FAULT_CARET;
	for (const struct ai_component *p = row->parts; p < row->parts + row->n_parts; p++) {
		struct str v = str_sub(value, from, p->max);
		enum fault f;

		if (p->optional && v.n == 0)
			continue;
		*ret_at = from;
		if (v.n < p->min)
			return FAULT_LENGTH;
		f = rule_set(p->type, v, ret_at);
		for (size_t i = 0; !f && i < AI_RULES_MOST && p->rules[i]; i++)
			f = rule_apply((enum ai_rule)p->rules[i], v, ret_at);
		if (f) {
			*ret_at += from;
			return f;
		}
		from += v.n;
	}
	return FAULT_NONE;
}
