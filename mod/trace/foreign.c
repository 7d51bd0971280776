/* mod/trace/foreign.c - codes of other schemes: what one says whatever its spelling, and which item of which pack it is.
 *
 * A code that was registered lies in the store as a keyed mark; what it stands for is masked with another part of the same keyed
 * hash. Whoever steals the store learns neither the codes nor how many a maker has; whoever scans one finds its place at once.
 */
#include "mod/trace/state.h"

enum { TEXTS = 256, TEXT_PART = 1 << 20, ASKED_AHEAD = 2000, NAMED_MOST = 1000 };     /* texts of 256 items are one sealed row; parts of kernel_hide above those of sets */

/* ---- one name for all spellings ---- */

/* A GS1 key with its serial names the item; a lot beside a serial adds nothing. Without a serial the lot names the batch. */
static struct str gs1_name(struct arena *a, const struct ident_result *r)
{
	static const char *const primary[] = { "01", "00", "8006", "8003", "8004", "253", "255", "8010", "414", "417", "8017", "8018", "402", "401", "8013" };
	static const char *const further[] = { "21", "8011", "254", "8019", "235" };
	struct buf b = buf_in(a, 80);
	bool serial = false;

	buf_z(&b, "gs1:");
	for (size_t i = 0; i < ROWS(primary) && b.n == 4; i++) {
		const struct ident_part *p = ident_part(r, primary[i]);

		if (p)
			buf_fmt(&b, "(%s)%.*s", primary[i], STR_ARG(p->value));
	}
	if (b.n == 4)
		return S("");
	for (size_t i = 0; i < ROWS(further); i++) {
		const struct ident_part *p = ident_part(r, further[i]);

		if (p) {
			buf_fmt(&b, "(%s)%.*s", further[i], STR_ARG(p->value));
			serial = true;
		}
	}
	if (!serial && ident_part(r, "10"))
		buf_fmt(&b, "(10)%.*s", STR_ARG(ident_part(r, "10")->value));
	return buf_str(&b);
}

static bool elements_of(struct arena *a, const struct ident_result *r, struct ident_result *ret)
{
	struct str link, text;

	switch (r->kind) {
	case IDENT_ELEMENTS:
		*ret = *r;
		return true;
	case IDENT_EPC:
		if (!link_of_epc(a, r->normal, &link) || !elements_of_link(a, link, &text))
			return false;
		break;
	case IDENT_LINK:
		if (!elements_of_link(a, r->normal, &text))
			return false;
		break;
	case IDENT_GTIN8: case IDENT_GTIN12: case IDENT_GTIN13: case IDENT_GTIN14:
		text = str_fmt(a, "(01)%.*s", STR_ARG(gtin14_of(a, r->normal)));
		break;
	default:
		return false;
	}
	ident_check(a, IDENT_ELEMENTS, text, IDENT_LENIENT, ret);
	return ret->valid;
}

/* An address of no scheme we know: host and protocol do not mind case, nor whether it is http or https. */
static bool url_name(struct arena *a, struct str text, struct str *ret)
{
	size_t from = 0, host;
	char *p;

	for (size_t i = 0; i + 3 <= text.n && i < 6 && !from; i++)
		if (memcmp(text.p + i, "://", 3) == 0)
			from = i + 3;
	if ((from != 7 && from != 8) || ascii_lower(text.p[0]) != 'h')
		return false;
	text = str_sub(text, from, text.n);
	host = str_find(text, '/');
	p = str_z(a, text);
	for (size_t i = 0; i < host; i++)
		p[i] = ascii_lower(p[i]);
	*ret = str_fmt(a, "url:%s", p);
	return true;
}

/* Version 3 has a number system of five digits, then the code in letters and digits. */
static void ecode_members(struct str ecode, struct code_read *ret)
{
	if (ecode.n != 6 + SEALED_TEXT || ecode.p[0] != '3')
		return;
	ret->system = str_sub(ecode, 1, 5);
	ret->serial = str_sub(ecode, 6, SEALED_TEXT);
}

/* What an RFID reader hands over: the EPC memory of a tag in hex. */
static struct str tag_text(struct arena *a, struct str text)
{
	enum { HEX_LEAST = 24, HEX_MOST = 60 };      /* 96 bits; 198 bits are 50 to 56 digits, as the memory is read in words of 16 bits */
	struct str epc;
	unsigned filter;

	return text.n >= HEX_LEAST && text.n <= HEX_MOST && epc_of_hex(a, text, &epc, &filter) ? epc : text;
}

struct code_read code_read(struct arena *a, struct str text)
{
	struct ident_result r, gs1;
	struct code_read ret = { .text = str_trim(text) };

	ident_scan(a, tag_text(a, ret.text), IDENT_LENIENT, &r);
	ret.kind = r.valid ? r.kind : IDENT_NONE;
	if (r.valid && elements_of(a, &r, &gs1)) {
		const struct ident_part *gtin = ident_part(&gs1, "01"), *serial = ident_part(&gs1, "21");

		ret.name = gs1_name(a, &gs1);
		ret.gtin = gtin ? gtin->value : S("");
		ret.serial = serial ? serial->value : S("");
	} else if (r.valid && (r.kind == IDENT_ECODE || r.kind == IDENT_ECODE_URL)) {
		const struct ident_part *code = ident_part(&r, "ecode");

		ret.name = str_fmt(a, "ecode:%.*s", STR_ARG(code ? code->value : r.normal));
		ecode_members(str_sub(ret.name, 6, ret.name.n), &ret);
	}
	if (!ret.name.n && !r.valid && url_name(a, ret.text, &ret.name))
		return ret;
	if (!ret.name.n)
		ret.name = str_fmt(a, "text:%.*s", STR_ARG(r.valid ? r.normal : ret.text));
	return ret;
}

/* ---- marks ---- */

struct mark { unsigned char id[16], mask[16]; };

static struct str id_of(const struct mark *m) { return (struct str){ (const char *)m->id, sizeof(m->id) }; }

static struct mark mark_of(struct kernel *k, const char *label, struct str name)
{
	struct mark m;

	kernel_blind_wide(k, label, name, (unsigned char *)&m);
	return m;
}

static void place_bytes(int64_t pack, uint32_t item, const struct mark *m, unsigned char ret[12])
{
	be_put((uint64_t)pack, ret, 8);
	be_put(item, ret + 8, 4);
	for (size_t i = 0; i < 12; i++)
		ret[i] ^= m->mask[i];
}

/* The row of texts that holds this item's: its name tells neither pack nor place. */
static struct mark texts_mark(struct call *c, int64_t pack, uint32_t item)
{
	return mark_of(c->k, "code texts", str_fmt(c->arena, "%lld %u", (long long)pack, item / TEXTS));
}

static bool reads_as_sealed(struct str text)
{
	unsigned char key, numerals[SEALED_NUMERALS];

	return sealed_read(text, true, &key, numerals);
}

enum err foreign_find(struct call *c, struct str name, int64_t *ret_pack, uint32_t *ret_item)
{
	struct mark m = mark_of(c->k, "code", name);
	unsigned char place[12];
	struct rows r;
	enum err e = db_ask(c->db, c->arena, trace_sql[Q_CODE_GET], VALS(V_B(id_of(&m))), &r);

	if (e)
		return e;
	if (!r.n)
		return E_ABSENT;
	if (row_str(&r, 0, 0).n != sizeof(place))
		return E_CORRUPT;
	memcpy(place, row_str(&r, 0, 0).p, sizeof(place));
	for (size_t i = 0; i < sizeof(place); i++)
		place[i] ^= m.mask[i];
	*ret_pack = (int64_t)be_get(place, 8);
	*ret_item = (uint32_t)be_get(place + 8, 4);
	return OK;
}

/* ---- keeping ---- */

static struct mark record_mark(struct call *c, int64_t record) { return mark_of(c->k, "code record", str_fmt(c->arena, "%lld", (long long)record)); }

struct marked { struct mark m; uint32_t at; bool twin, gs1; };
struct marks { const struct str *text; size_t n; struct marked *m; };

static int by_mark(const void *x, const void *y) { return memcmp(((const struct marked *)x)->m.id, ((const struct marked *)y)->m.id, 16); }

/* In the order of their marks: neighbours in the tree, which goes several times faster than as they come. */
static struct marks *marks_of(struct call *c, const struct str *text, size_t n)
{
	struct marks *s = TAKE(c->arena, struct marks, 1);
	struct arena scratch;

	*s = (struct marks){ text, n, TAKE(c->arena, struct marked, n) };
	arena_init(&scratch, 1 << 20, c->arena->full);
	for (size_t i = 0; i < n; i++) {
		struct str name = code_read(&scratch, text[i]).name;

		s->m[i] = (struct marked){ mark_of(c->k, "code", name), (uint32_t)i, reads_as_sealed(text[i]), str_starts(name, "gs1:") };
		arena_reset(&scratch);
	}
	arena_end(&scratch);
	qsort(s->m, n, sizeof(*s->m), by_mark);
	return s;
}

static enum err taken_in(struct call *c, size_t field, const struct marks *s)
{
	for (size_t i = 0; i < s->n; i++) {
		struct rows r;
		enum err e = db_ask(c->db, c->arena, trace_sql[Q_CODE_GET], VALS(V_B(id_of(&s->m[i].m))), &r);

		if (e)
			return e;
		if (r.n)
			call_trouble_at(c, field, s->m[i].at, str_fmt(c->arena, "“%.*s”已登记过", STR_ARG(s->text[s->m[i].at])).p,
			                str_fmt(c->arena, "'%.*s' is registered already", STR_ARG(s->text[s->m[i].at])).p);
	}
	return OK;
}

/* As one reading: a transaction for each of many questions costs more than the question. */
static enum err taken(struct call *c, size_t field, const struct marks *s)
{
	enum err e = db_begin(c->db);

	return e ? e : db_end(c->db, taken_in(c, field, s));
}

enum err foreign_check(struct call *c, size_t field, struct str scheme, const struct str *text, size_t n)
{
	struct marks *s = marks_of(c, text, n);

	/* only GS1's rules are certain enough to refuse by: those of the other schemes are taken as they come */
	for (size_t i = 0; str_is(scheme, "gs1_barcode") && i < n && (c->dry || c->troubles.n < NAMED_MOST); i++)
		if (!s->m[i].gs1)
			call_trouble_at(c, field, s->m[i].at, str_fmt(c->arena, "“%.*s”不是商品条码体系的码（GTIN、GS1网址、EPC等）", STR_ARG(text[s->m[i].at])).p,
			                str_fmt(c->arena, "'%.*s' is no code of GS1", STR_ARG(text[s->m[i].at])).p);
	for (size_t i = 1; i < n && (c->dry || c->troubles.n < NAMED_MOST); i++)      /* dry: a table wants to know each line */
		if (by_mark(&s->m[i - 1], &s->m[i]) == 0) {
			size_t first = s->m[i - 1].at < s->m[i].at ? s->m[i - 1].at : s->m[i].at, again = s->m[i - 1].at + s->m[i].at - first;

			call_trouble_at(c, field, again, str_fmt(c->arena, "“%.*s”与第%zu个相同", STR_ARG(text[again]), first + 1).p,
			                str_fmt(c->arena, "'%.*s' is the same as number %zu", STR_ARG(text[again]), first + 1).p);
		}
	c->ahead = s;
	return n <= ASKED_AHEAD || c->dry ? taken(c, field, s) : OK;
}

static enum err put_marks(struct call *c, const struct code_place *place, const struct str *text, size_t n)
{
	const struct marks *s = c->ahead;
	enum err e;

	if (!s || s->text != text || s->n != n)
		s = marks_of(c, text, n);
	for (size_t i = 0; i < n; i++) {
		const struct marked *m = &s->m[i];
		unsigned char where[12];

		place_bytes(place[m->at].pack, place[m->at].item, &m->m, where);
		db_tell(c->db, trace_sql[Q_CODE_PUT], VALS(V_B(id_of(&m->m)), V_B(((struct str){ (const char *)where, 12 })), V_I(m->twin)));
		if (m->twin)
			trace_state(c->k)->twins = true;
	}
	e = db_sticky(c->db);
	return e == E_CLASH ? call_refuse(c, E_CLASH, "其中有已登记的码", "one of these codes is registered already") : e;
}

enum err foreign_keep_free(struct call *c, struct str text, int64_t pack)
{
	struct mark m = mark_of(c->k, "code", code_read(c->arena, text).name);
	unsigned char where[12];

	place_bytes(pack, 0, &m, where);
	db_tell(c->db, trace_sql[Q_CODE_PUT_FREE], VALS(V_B(id_of(&m)), V_B(((struct str){ (const char *)where, 12 })), V_I(0)));
	return db_sticky(c->db);
}

/* Lines "offset TAB text TAB scheme": the texts this record gives to 256 neighbouring items are one sealed row. */
enum err foreign_keep(struct call *c, int64_t record, struct str scheme, const struct code_place *place, const struct str *text, size_t n)
{
	struct mark made = record_mark(c, record);
	uint32_t part = TEXT_PART;
	enum err e = put_marks(c, place, text, n);

	for (size_t i = 0; i < n && !e;) {
		struct buf b = buf_in(c->arena, 4096);
		struct mark slot = texts_mark(c, place[i].pack, place[i].item);
		struct str hidden;
		size_t from = i;

		for (; i < n && place[i].pack == place[from].pack && place[i].item / TEXTS == place[from].item / TEXTS; i++)
			buf_fmt(&b, "%u\t%.*s\t%.*s\n", place[i].item % TEXTS, STR_ARG(text[i]), STR_ARG(scheme));
		e = kernel_hide(c->k, c->arena, record, part++, buf_str(&b), &hidden);
		if (!e)
			db_tell(c->db, trace_sql[Q_TEXTS_PUT], VALS(V_B(id_of(&slot)), V_B(id_of(&made)), V_B(hidden)));
	}
	return e ? e : db_sticky(c->db);
}

enum err foreign_drop(struct call *c, int64_t record, const struct str *text, size_t n)
{
	struct mark made = record_mark(c, record);

	for (size_t i = 0; i < n; i++) {
		struct mark m = mark_of(c->k, "code", code_read(c->arena, text[i]).name);

		db_tell(c->db, trace_sql[Q_CODE_DROP], VALS(V_B(id_of(&m))));
	}
	db_tell(c->db, trace_sql[Q_TEXTS_DROP], VALS(V_B(id_of(&made))));
	return db_sticky(c->db);
}

/* ---- shown beside each other ---- */

static void add_lines(struct call *c, struct str lines, uint32_t offset, struct node *list)
{
	struct str line, at, text;
	int64_t i;

	while (str_cut(&lines, '\n', &line)) {
		struct node *row = node_obj(c->arena);
		enum ident_kind kind;

		if (!str_cut(&line, '\t', &at) || !str_to_int(at, &i) || (uint32_t)i != offset || !str_cut(&line, '\t', &text))
			continue;
		kind = code_read(c->arena, text).kind;
		put_str(c->arena, row, "code", text);
		put_z(c->arena, row, "kind", kind == IDENT_NONE ? "other" : ident_kind_name(kind));
		if (line.n)
			put_str(c->arena, row, "scheme", line);
		node_add(list, row);
	}
}

enum err foreign_texts(struct call *c, int64_t pack, uint32_t item, struct node *list)
{
	struct mark slot = texts_mark(c, pack, item);
	struct rows r;
	enum err e = db_ask(c->db, c->arena, trace_sql[Q_TEXTS_GET], VALS(V_B(id_of(&slot))), &r);

	for (size_t i = 0; i < r.n && !e; i++) {
		struct str lines;

		e = kernel_show(c->k, c->arena, row_str(&r, i, 0), &lines);
		if (!e)
			add_lines(c, lines, item % TEXTS, list);
	}
	return e;
}

/* ---- any code to its place ---- */

/* What a scanner hands over may be the printed address: the code is what follows the last "/c/". */
struct str code_part(struct str s)
{
	size_t from = 0;

	for (size_t i = 0; i + 3 <= s.n; i++)
		if (memcmp(s.p + i, "/c/", 3) == 0)
			from = i + 3;
	return from ? str_sub(s, from, SEALED_TEXT) : s;
}

/* Twenty characters of our letters need not be ours: an SSCC with its (00), a GTIN with a short serial, or what a maker registered. */
bool may_be_foreign(const struct trace_state *t, struct str text)
{
	size_t digits = 0;

	while (digits < text.n && is_digit(text.p[digits]))
		digits++;
	return t->twins || (digits >= 16 && (str_starts(text, "00") || str_starts(text, "01")));
}

static enum err sealed_place(struct call *c, struct str text, struct code_place *ret)
{
	struct sealed s;
	enum err e = code_open(c->k, text, &s);

	if (!e)
		e = pack_by_number(c, s.key_id, s.batch, &ret->p);
	if (!e && (s.index >= ret->p.count || s.grain != (unsigned)ret->p.grain))
		e = E_FORGED;
	if (e)
		return e == E_ABSENT ? E_FORGED : e;
	ret->pack = ret->p.record;
	ret->item = s.index;
	return OK;
}

/* A sealed code inside another scheme's: GTIN or number system must be what its maker filed for the product, or the mark was copied
 * onto other goods. */
static enum err goods_fit(struct call *c, const struct code_place *p, const struct code_read *read)
{
	struct record r;
	int64_t product = p->p.product;
	enum err e = product ? kernel_latest(c, product, &product) : E_ABSENT;

	if (!e)
		e = kernel_record(c, product, 1u << KEY_PUBLIC, &r);
	if (e)
		return e == E_ABSENT ? OK : e;
	if (r.type != &product_type)
		return OK;
	if (read->system.n)
		return str_eq(r.values[PRODUCT_number_system].text, read->system) ? OK : E_FORGED;
	if (!r.values[PRODUCT_gtin].said || str_eq(gtin14_of(c->arena, r.values[PRODUCT_gtin].text), read->gtin))
		return OK;
	return E_FORGED;
}

enum err code_find(struct call *c, struct str text, struct code_place *ret)
{
	struct code_read r;
	struct str bare = bare_code(c, code_part(text));
	enum err e;

	memset(ret, 0, sizeof(*ret));           /* below, a pack that is there already is not read again */
	e = bare.n ? sealed_place(c, bare, ret) : E_FORGED;
	if (e != E_FORGED || (bare.n && !may_be_foreign(trace_state(c->k), text)))
		return e == E_FORGED ? call_refuse(c, e, "本平台未签发此码：可能输错，也可能是伪造的", "not issued here: mistyped or forged") : e;
	r = code_read(c->arena, text);
	if (r.serial.n && bare_code(c, r.serial).n) {
		e = sealed_place(c, r.serial, ret);
		if (!e)
			e = goods_fit(c, ret, &r);
	}
	if (e == E_FORGED)
		e = foreign_find(c, r.name, &ret->pack, &ret->item);
	if (!e && ret->p.record != ret->pack)
		e = pack_get(c, ret->pack, &ret->p);
	if (e != E_ABSENT)
		return e;
	if (r.kind == IDENT_SEALED || (r.serial.n == SEALED_TEXT && !r.system.n))
		return call_refuse(c, E_FORGED, "本平台未签发此码：可能输错，也可能是伪造的", "not issued here: mistyped or forged");
	if (r.kind == IDENT_NONE)
		return call_refuse(c, E_FORGED, "认不出这个码：请检查是否输错", "this text is no code; check for typing errors");
	return call_refuse(c, E_UNKNOWN, "这是其他体系的码，本平台没有登记它的信息", "a code of another scheme that this platform knows nothing about");
}
