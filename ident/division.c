/* ident/division.c - administrative division codes (GB/T 2260) with their history. Pure.
 *
 * Never refuses an abolished code: old licences and credit codes carry them for ever.
 */
#include "in.h"

struct division {
	uint32_t code;
	uint16_t since, until;          /* years; 0 = before the first edition, 0 = still valid */
	uint32_t name;                  /* offset into the pool */
};

#include "division_table.h"

/* The newest row of a code, or NULL. */
static const struct division *find(uint32_t code)
{
	size_t low = 0, high = ROWS(divisions);

	while (low < high) {
		size_t mid = (low + high) / 2;

		if (divisions[mid].code <= code)
			low = mid + 1;
		else
			high = mid;
	}
	return low && divisions[low - 1].code == code ? &divisions[low - 1] : NULL;
}

static struct str name_of(const struct division *d) { return str_of(division_names + d->name); }

static bool code_of(struct str s, uint32_t *ret)
{
	int64_t v;

	if (s.n != 6 || !all_digits(s) || !str_to_int(s, &v))
		return false;
	*ret = (uint32_t)v;
	return true;
}

int division_known(struct str s)
{
	const struct division *d;
	uint32_t code;

	if (!code_of(s, &code))
		return 0;
	d = find(code);
	return !d ? 0 : d->until ? 2 : 1;
}

/* In addresses the autonomous regions go by their short names. */
static struct str short_province(struct str name)
{
	static const char regions[5][10] = { "内蒙古", "广西", "西藏", "宁夏", "新疆" };

	for (size_t i = 0; i < 5; i++)
		if (str_starts(name, regions[i]))
			return str_of(regions[i]);
	return name;
}

/* Group headings such as 市辖区 or 省直辖县级行政单位 are no names, and 地区, 州, 盟 are left out before a county. */
static bool named_in_address(struct str prefecture)
{
	return str_ends(prefecture, "市") || str_ends(prefecture, "特别行政区");
}

static void put_names(struct check *c, uint32_t code, const struct division *self)
{
	const struct division *prov = find(code / 10000 * 10000), *pref = find(code / 100 * 100);
	struct buf b = buf_in(c->a, 64);

	if (code % 10000 == 0) {
		buf_add(&b, name_of(self));
	} else {
		if (prov)
			buf_add(&b, short_province(name_of(prov)));
		if (code % 100 && pref && named_in_address(name_of(pref)))
			buf_add(&b, name_of(pref));
		buf_add(&b, name_of(self));
	}
	part(c, "name", buf_str(&b));
	part(c, "level", code % 10000 == 0 ? S("province") : code % 100 == 0 ? S("prefecture") : S("county"));
	part(c, "status", self->until ? S("historical") : S("current"));
	if (prov)
		part(c, "province", name_of(prov));
	if (code % 10000 && pref)
		part(c, "prefecture", name_of(pref));
	if (code % 100)
		part(c, "county", name_of(self));
	if (self->since)
		part_number(c, "valid_from", self->since);
	if (self->until)
		part_number(c, "valid_to", self->until);
}

void division_kind(struct check *c)
{
	const struct division *self;
	uint32_t code = 0;

	if (c->lenient)
		c->in = squeeze(c->a, c->in, " \t-");
	if (!want_length(c, 6) || !want_digits(c))
		return;
	self = code_of(c->in, &code) ? find(code) : NULL;
	if (!self) {
		if (!find(code / 10000 * 10000))
			bad(c, "province", 0, "没有这个省级代码", "there is no such province code");
		else
			bad(c, "unknown", 2, "没有这个行政区划代码", "there is no such division code");
		return;
	}
	put_names(c, code, self);
	if (self->until)
		warn(c, "historical", "这个行政区划代码已撤销，只用于旧资料", "this code has been abolished and occurs in old records only");
	accept(c, c->in);
}
