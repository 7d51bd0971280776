#include "kernel/house.h"
struct shower { struct kernel *k; };
enum err shower_begin(struct kernel *k, struct shower **ret) { *ret = (struct shower *)(void *)k; return OK; }
enum err shower_show(struct shower *s, struct arena *a, int64_t record, uint32_t part, struct str hidden, struct str *ret) { return kernel_show_of((struct kernel *)(void *)s, a, record, part, hidden, ret); }
void shower_end(struct shower *s) { (void)s; }
bool kernel_looked(struct call *c, int64_t target) { return looked_today(c, target); }
enum { ACCESS_target, ACCESS_viewer, ACCESS_reason };
enum err kernel_look(struct call *c, int64_t party, int64_t target, struct str reason, bool notice, int64_t *ret_record)
{
	struct value *v = TAKE(c->arena, struct value, access_type.n);
	struct filing f = { .type = &access_type, .values = v, .party = party };
	enum err e;
	v[ACCESS_target] = (struct value){ .said = SAID_VALUE, .text = id_str(c->arena, target), .i = target };
	v[ACCESS_viewer] = (struct value){ .said = SAID_VALUE, .text = c->who->login };
	v[ACCESS_reason] = (struct value){ .said = SAID_VALUE, .text = reason };
	e = kernel_append(c, &f, ret_record);
	if (!e && notice)
		notice_put(c, party, "access", *ret_record, S("有人查看了贵单位未公开的内容，可在“查看记录”中查询"), S("somebody looked at values you withhold; see your list of looks"));
	return e;
}
enum err kernel_receipt(struct call *c, const struct record *shown, struct str *ret)
{
	struct record_keys keys;
	struct rows rows, entry;
	struct str *d;
	enum err e = db_ask(c->db, c->arena, kernel_sql[SQL_RECORD_GET], VALS(V_I(shown->id)), &rows);
	if (!e) e = record_keys_get(c, rows.v, &keys);
	if (e) return e;
	d = TAKE(c->arena, struct str, shown->type->n);
	for (size_t i = 0; i < shown->type->n; i++)
		d[i] = slot_disclosure(c->arena, shown->type, i, &shown->values[i], &keys);
	e = db_ask(c->db, c->arena, kernel_sql[SQL_ENTRY_GET], VALS(V_I((int64_t)shown->index)), &entry);
	if (e || entry.n == 0) return e ? e : E_CORRUPT;
	return call_receipt(c, shown->index, row_str(&entry, 0, 0), d, shown->type->n, ret);
}
