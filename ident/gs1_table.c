/* ident/gs1_table.c - looks Application Identifiers up in the dated table gs1_ai.def. Pure. */
#include "gs1.h"

static const struct ai_row rows[] = {
#define AI(first, last, flags, spec, needs, excludes, sequences) { first, last, flags, spec, needs, excludes, sequences },
#include "gs1_ai.def"
#undef AI
};

/* AIs are prefix-free: all that share two leading digits have one length (General Specifications 7.8). */
size_t ai_length(struct str s)
{
	if (s.n < 2 || !is_digit(s.p[0]) || !is_digit(s.p[1]))
		return 0;
	for (size_t i = 0; i < ROWS(rows); i++)
		if (memcmp(rows[i].first, s.p, 2) <= 0 && memcmp(rows[i].last, s.p, 2) >= 0)
			return strlen(rows[i].first);
	return 0;
}

const struct ai_row *ai_find(struct str ai)
{
	size_t low = 0, high = ROWS(rows);

	if (ai.n < 2 || ai.n > AI_DIGITS_MOST || !all_digits(ai))
		return NULL;
	while (low < high) {                            /* the table is in order of `first`, as text */
		size_t mid = (low + high) / 2;

		if (str_cmp(ai, str_of(rows[mid].last)) > 0)
			low = mid + 1;
		else
			high = mid;
	}
	if (low == ROWS(rows) || strlen(rows[low].first) != ai.n || str_cmp(ai, str_of(rows[low].first)) < 0)
		return NULL;
	return &rows[low];
}

static struct ai_component component_of(struct str word)
{
	struct ai_component c = { 0 };
	int64_t n = 0;
	struct str size;

	if (str_starts(word, "[")) {
		size_t end = str_find(word, ']');

		c.optional = true;
		c.type = word.p[1];
		size = str_sub(word, 2, end - 2);
		c.rules = str_sub(word, end + 1, word.n);
	} else {
		size_t end = str_find(word, ',');

		c.type = word.p[0];
		size = str_sub(word, 1, end - 1);
		c.rules = str_sub(word, end, word.n);
	}
	if (str_starts(c.rules, ","))
		c.rules = str_sub(c.rules, 1, c.rules.n);
	c.min = 1;
	if (str_starts(size, ".."))
		size = str_sub(size, 2, size.n);
	else
		c.min = 0;                              /* stands for "equal to max" below */
	if (str_to_int(size, &n))
		c.max = (size_t)n;
	if (c.min == 0)
		c.min = c.max;
	return c;
}

size_t ai_components(const struct ai_row *row, struct ai_component out[AI_PARTS_MOST])
{
	struct str rest = str_of(row->spec), word;
	size_t n = 0;

	while (n < AI_PARTS_MOST && str_cut(&rest, ' ', &word))
		out[n++] = component_of(word);
	return n;
}

size_t ai_most(const struct ai_row *row)
{
	struct ai_component parts[AI_PARTS_MOST];
	size_t n = ai_components(row, parts), sum = 0;

	for (size_t i = 0; i < n; i++)
		sum += parts[i].max;
	return sum;
}

size_t ai_least(const struct ai_row *row)
{
	struct ai_component parts[AI_PARTS_MOST];
	size_t n = ai_components(row, parts), sum = 0;

	for (size_t i = 0; i < n; i++)
		sum += parts[i].optional ? 0 : parts[i].min;
	return sum;
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
	struct ai_component parts[AI_PARTS_MOST];
	size_t n = ai_components(row, parts), from = 0;

	*ret_at = 0;
	if (value.n < ai_least(row))
		return FAULT_SHORT;
	if (value.n > ai_most(row))
		return FAULT_LONG;
	if (str_find(value, '^') < value.n)
		return FAULT_CARET;
	for (size_t i = 0; i < n; i++) {
		struct str v = str_sub(value, from, parts[i].max), rules = parts[i].rules, rule;
		enum fault f;

		if (parts[i].optional && v.n == 0)
			continue;
		*ret_at = from;
		if (v.n < parts[i].min)
			return FAULT_LENGTH;
		f = rule_set(parts[i].type, v, ret_at);
		while (!f && str_cut(&rules, ',', &rule))
			f = rule_apply(rule, v, ret_at);
		if (f) {
			*ret_at += from;
			return f;
		}
		from += v.n;
	}
	return FAULT_NONE;
}
