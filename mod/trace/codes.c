/* mod/trace/codes.c - sealed codes in and out, packs of them, and their stream.
 *
 * A code is (key, grain, number, index) under FF1: what fails to open was not issued, and no question to the store is needed to
 * say so. A pack of a million codes is one record. Construction: docs/formats/code.md.
 */
#include "mod/trace/state.h"

enum { LINE = SEALED_TEXT + 1, BLOCK = 64 };

static struct str tweak_of(const unsigned char *key) { return (struct str){ (const char *)key, 1 }; }

enum err code_open(struct kernel *k, struct str text, struct sealed *ret)
{
	const struct trace_state *t = trace_state(k);
	unsigned char numerals[SEALED_NUMERALS], key;
	struct sealed s;

	if (!sealed_read(text, true, &key, numerals) || !t->fpe[key])
		return E_FORGED;
	if (fpe_decrypt(t->fpe[key], tweak_of(&key), numerals, SEALED_NUMERALS, 1))
		return E_CRYPTO;
	if (!sealed_unpack(numerals, &s))
		return E_FORGED;
	s.key_id = key;
	*ret = s;
	return OK;
}

enum err code_write_lines(struct kernel *k, unsigned key, unsigned grain, uint32_t number, uint32_t first, uint32_t count, char *out)
{
	const struct trace_state *t = trace_state(k);
	unsigned char numerals[BLOCK * SEALED_NUMERALS], tweak = (unsigned char)key;

	if (key > 31 || !t->fpe[key])
		return E_ABSENT;
	for (uint32_t done = 0; done < count;) {
		uint32_t n = count - done < BLOCK ? count - done : BLOCK;
		enum err e;

		for (uint32_t i = 0; i < n; i++)
			sealed_pack(&(struct sealed){ key, grain, number, first + done + i }, numerals + i * SEALED_NUMERALS);
		e = fpe_encrypt(t->fpe[key], tweak_of(&tweak), numerals, SEALED_NUMERALS, n);
		if (e)
			return e;
		for (uint32_t i = 0; i < n; i++, out += LINE) {
			sealed_write(key, numerals + i * SEALED_NUMERALS, out);
			out[SEALED_TEXT] = '\n';
		}
		done += n;
	}
	return OK;
}

struct str code_text(struct call *c, const struct sealed *s)
{
	char *line = arena_take(c->arena, LINE + 1);

	if (code_write_lines(c->k, s->key_id, s->grain, s->batch, s->index, 1, line))
		return S("");
	return (struct str){ line, SEALED_TEXT };
}

/* ---- packs ---- */

/* How many codes were ordered is the maker's secret: the count lies sealed, the index of a code is checked against it here. */
static enum err pack_from(struct call *c, const struct rows *r, struct pack *ret)
{
	struct str count;
	int64_t n;
	enum err e = r->n ? kernel_show(c->k, c->arena, row_str(r, 0, 7), &count) : E_ABSENT;

	if (e)
		return e;
	if (!str_to_int(count, &n))
		return E_CORRUPT;
	*ret = (struct pack){ .record = row_int(r, 0, 0), .key = (unsigned)row_int(r, 0, 1), .number = (uint32_t)row_int(r, 0, 2), .party = row_int(r, 0, 3),
		.product = row_int(r, 0, 4), .batch = row_int(r, 0, 5), .grain = (enum grain)row_int(r, 0, 6), .count = n, .at = row_int(r, 0, 8),
		.unmarked = row_int(r, 0, 9) != 0, .goods = row_str(r, 0, 10), .theirs = row_int(r, 0, 11) != 0, .aliased = row_int(r, 0, 12) != 0,
		.pieces = row_int(r, 0, 13) != 0 };
	return OK;
}

enum err pack_by_number(struct call *c, unsigned key, uint32_t number, struct pack *ret)
{
	struct rows r;
	enum err e = db_ask(c->db, c->arena, trace_sql[Q_PACK_BY_NUMBER], VALS(V_I(key), V_I(number)), &r);

	return e ? e : pack_from(c, &r, ret);
}

enum err pack_get(struct call *c, int64_t record, struct pack *ret)
{
	struct rows r;
	enum err e = db_ask(c->db, c->arena, trace_sql[Q_PACK_GET], VALS(V_I(record)), &r);

	return e ? e : pack_from(c, &r, ret);
}

static enum grain grain_of(struct str s) { return str_is(s, "product") ? GRAIN_PRODUCT : str_is(s, "batch") ? GRAIN_BATCH : GRAIN_ITEM; }

static enum err pack_wanted(struct call *c, enum grain g, int64_t *ret_count)
{
	const struct value *v = c->in;
	bool maker = (c->who->roles & R_MAKER) != 0, unmarked = v[PACK_unmarked].i != 0;
	size_t theirs = v[PACK_codes].n;

	*ret_count = g != GRAIN_ITEM ? 1 : theirs ? (int64_t)theirs : v[PACK_count].i;
	if (unmarked && !v[PACK_goods].said)
		call_trouble(c, PACK_goods, "上游未赋码的货物须填货物名称", "name the goods that came without a code");
	if (!unmarked && !maker && !v[PACK_pieces].i)
		call_trouble(c, PACK_unmarked, "销售单位只能为上游未赋码的货物补码，或领取分段用码", "a seller makes codes only for goods that came without one, or for pieces");
	if (v[PACK_pieces].i && (g != GRAIN_ITEM || v[PACK_product].said || v[PACK_batch].said || theirs || unmarked))
		call_trouble(c, PACK_pieces, "分段用码为一物一码，不填产品、批次和已有的码", "codes for pieces are item codes without product, batch or codes of their own");
	if (theirs && g == GRAIN_ITEM && v[PACK_count].said && v[PACK_count].i != (int64_t)theirs)
		call_trouble(c, PACK_count, "个数与登记的码数不符；登记已有的码时可不填", "the count differs from the number of codes; leave it out");
	if (!theirs && g == GRAIN_ITEM && (!v[PACK_count].said || *ret_count < 1 || *ret_count > PACK_MAX))
		call_trouble(c, PACK_count, "一物一码须填个数，1 到 134217728", "an item pack needs a count of 1 to 134217728");
	if (g == GRAIN_PRODUCT && !v[PACK_product].said && !unmarked)
		call_trouble(c, PACK_product, "一品一码须指明产品", "a product code needs its product");
	if (g == GRAIN_BATCH && !v[PACK_batch].said && !unmarked)
		call_trouble(c, PACK_batch, "一批一码须指明批次", "a batch code needs its batch");
	return c->troubles.n ? E_BAD : OK;
}

enum err pack_create(struct call *c)
{
	struct value *v = c->in;
	enum grain g = grain_of(v[PACK_grain].list[0]);
	struct filing f = { .type = &pack_type, .values = v, .party = c->who->party };
	int64_t count, record, number;
	struct rows r;
	enum err e = pack_wanted(c, g, &count);
	unsigned key = code_key_current(c->k);

	if (!e)
		e = db_ask(c->db, c->arena, trace_sql[Q_PACK_NEXT], VALS(V_I(key)), &r);
	if (e)
		return e;
	number = row_int(&r, 0, 0) + 1;
	if (number >= INT64_C(1) << 28)
		return call_refuse(c, E_STATE, "这把密钥的包号已用完，请运营人员轮换密钥", "this key has no numbers left; the operator rotates it");
	v[PACK_key] = (struct value){ .said = SAID_VALUE, .i = key, .text = str_fmt(c->arena, "%u", key) };
	v[PACK_number] = (struct value){ .said = SAID_VALUE, .i = number, .text = str_fmt(c->arena, "%lld", (long long)number) };
	v[PACK_count] = (struct value){ .said = SAID_VALUE, .i = count, .text = str_fmt(c->arena, "%lld", (long long)count) };
	e = kernel_append(c, &f, &record);
	if (e)
		return e;
	if (v[PACK_codes].n) {
		put_str(c->arena, c->out, "first", v[PACK_codes].list[0]);
		put_str(c->arena, c->out, "last", v[PACK_codes].list[v[PACK_codes].n - 1]);
	} else {
		put_str(c->arena, c->out, "first", code_text(c, &(struct sealed){ key, (unsigned)g, (uint32_t)number, 0 }));
		put_str(c->arena, c->out, "last", code_text(c, &(struct sealed){ key, (unsigned)g, (uint32_t)number, (uint32_t)(count - 1) }));
	}
	put_int(c->arena, c->out, "count", count);
	put_str(c->arena, c->out, "codes", str_fmt(c->arena, "/v1/packs/%.*s/codes", STR_ARG(id_str(c->arena, record))));
	return OK;
}
