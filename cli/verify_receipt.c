/* cli/verify_receipt.c - a receipt, offline: the entry is in the signed tree, and the values shown are those it committed to. */
#include "base/sys.h"
#include "cli/verify.h"

static enum err read_extra(struct verify_ask *q, struct receipt_seen *r)
{
	static const struct json_limits limits = { .bytes = RECEIPT_MAX, .depth = 3, .nodes = 1 << 16 };
	struct json_trouble trouble;
	struct node *o;
	struct str text;
	char *p;
	size_t n;

	if (q->entry)
		return file_read(q->a, q->entry, LOG_ENTRY_MAX, &r->entry);
	if (!r->proof.extra.n || json_read(q->a, r->proof.extra, &limits, &o, &trouble) || o->kind != NODE_OBJ)
		return E_ABSENT;
	text = node_text(o, "leaf");
	p = arena_take(q->a, text.n + 1);
	if (text.n == 0 || !base64_get(text, p, text.n, &n) || n > LOG_ENTRY_MAX)
		return E_ABSENT;
	r->extra = o;
	r->entry = (struct str){ p, n };
	return OK;
}

const struct type *type_known(const struct cli *c, struct str schema)
{
	for (size_t m = 0; m < c->setup.n_modules; m++)
		for (size_t t = 0; t < c->setup.modules[m]->n_types; t++) {
			const struct type *x = c->setup.modules[m]->types[t];

			if (x->schema && str_starts(schema, x->schema) && schema.n > strlen(x->schema) && schema.p[strlen(x->schema)] == '/')
				return x;
		}
	return NULL;
}

/* The name a person knows, from the types of this program; empty for those it does not know. */
static const char *plain_name(const struct cli *c, struct str schema, struct str field)
{
	const struct type *t = type_known(c, schema);
	const struct field *f = t ? type_field(t, field, NULL) : NULL;

	return f ? f->words : "";
}

static void show_value(struct verify_ask *q, struct node *to, struct str schema, const struct disclosed *d)
{
	struct str value = d->value->kind == NODE_STR ? d->value->s : json_str(q->a, d->value);
	const char *zh = plain_name(q->c, schema, d->name);

	put_str(q->a, to, str_z(q->a, d->name), value);
	if (!q->c->json)
		printf("  %s%s%.*s = %.*s\n", zh, zh[0] ? " " : "", STR_ARG(verify_plain(q->a, d->name)), STR_ARG(verify_plain(q->a, value)));
}

/* The disclosures are listed twice: alone, and in their slots. */
static bool same_lists(const struct node *shown, const struct node *slots)
{
	const struct node *y = shown ? shown->first : NULL;

	for (const struct node *x = slots->first; x; x = x->next) {
		if (str_starts(x->s, ":"))
			continue;
		if (!y || y->kind != NODE_STR || !str_eq(x->s, y->s))
			return false;
		y = y->next;
	}
	return shown && shown->kind == NODE_ARR && !y;
}

static int wrong(struct receipt_seen *r, int code, const char *zh, const char *en)
{
	r->zh = zh;
	r->en = en;
	return code;
}

/* The slots have to give what the entry committed to. */
static int check_values(struct verify_ask *q, struct receipt_seen *r)
{
	const struct node *shown = node_get(r->extra, "disclosures"), *slots = node_get(r->extra, "slots");
	const char *zh = NULL, *en;

	if (!slots && (!shown || shown->n == 0))
		return VERIFY_OK;
	if (!r->known)
		return wrong(r, VERIFY_BAD, "此条目没有可公开的内容", "the entry commits to no values");
	if (!slots)
		return wrong(r, VERIFY_UNDECIDED, "凭证没有带全部各项的哈希，其中的内容无法核对", "the receipt lacks the other slots: its values cannot be checked");
	en = slots_wrong(q->a, &r->leaf, slots, &zh);
	if (en)
		return wrong(r, VERIFY_BAD, zh, en);
	if (!same_lists(shown, slots))
		return wrong(r, VERIFY_BAD, "所列内容与各项不一致", "the disclosures listed are not those in the slots");
	r->slots = slots;
	return VERIFY_OK;
}

static void say_values(struct verify_ask *q, const struct receipt_seen *r)
{
	struct node *values = put_obj(q->a, q->out, "values");
	struct disclosed d;

	for (const struct node *x = r->slots ? r->slots->first : NULL; x; x = x->next)
		if (!str_starts(x->s, ":") && disclosed_get(q->a, x->s, &d))
			show_value(q, values, r->leaf.schema, &d);
}

static void say_entry(struct verify_ask *q, const struct receipt_seen *r)
{
	put_str(q->a, q->out, "origin", r->head.origin);
	put_int(q->a, q->out, "index", (int64_t)r->proof.index);
	put_int(q->a, q->out, "size", (int64_t)r->head.size);
	put_str(q->a, q->out, "root", base64_str(q->a, r->head.root.b, HASH_LEN));
	if (r->found.newest)
		put_str(q->a, q->out, "witnessed_at", time_str(q->a, (int64_t)r->found.newest * 1000, false));
	put_int(q->a, q->out, "witnesses", (int64_t)r->found.witnesses);
	if (r->known) {
		put_str(q->a, q->out, "type", r->leaf.schema);
		put_str(q->a, q->out, "at", node_text(r->leaf.all, "a"));
		if (!q->c->json)
			printf("%.*s，第 %llu 条，%.*s，%.*s\n", STR_ARG(verify_plain(q->a, r->head.origin)), (unsigned long long)r->proof.index,
			       STR_ARG(verify_plain(q->a, r->leaf.schema)), STR_ARG(verify_plain(q->a, node_text(r->leaf.all, "a"))));
	}
}

/* Whose signature: without a key the head can be read but nobody vouches for it. */
int verify_head(struct verify_ask *q, struct str note, struct receipt_seen *r)
{
	struct note_sig sig[NOTE_MAX_SIGS];
	struct str body;
	size_t n;
	enum err e;

	r->vouched = q->have_key || (q->policy && policy_logs(q->policy));
	if (r->vouched)
		e = verify_note(q, note, &r->head, &r->found);
	else if ((e = note_open(q->a, note, &body, sig, &n)) == OK)
		e = checkpoint_get(q->a, body, &r->head);
	if (e == E_BAD)
		return wrong(r, VERIFY_BAD, "凭证里的日志头写法不对", "the receipt's checkpoint is ill-formed");
	if (e == E_CORRUPT)
		return wrong(r, VERIFY_BAD, "日志头不是用所给公钥签名的", "the checkpoint is not signed with the given key");
	if (e == E_STATE)
		return wrong(r, VERIFY_BAD, "见证签名没有达到策略的要求", "too few witnesses for the policy");
	return e ? wrong(r, VERIFY_UNDECIDED, err_zh(e), err_en(e)) : VERIFY_OK;
}

int receipt_check(struct verify_ask *q, struct str text, struct receipt_seen *r)
{
	struct hash leaf;
	int code;

	*r = (struct receipt_seen){ .zh = "通过：条目在签名的日志里，所示内容与之一致", .en = "ok: the entry is in the signed log and the values shown are its own" };
	if (proof_get(q->a, text, &r->proof))
		return wrong(r, VERIFY_BAD, "不是 c2sp.org/tlog-proof@v1 凭证", "not a receipt (c2sp.org/tlog-proof@v1)");
	code = verify_head(q, r->proof.checkpoint, r);
	if (code)
		return code;
	if (read_extra(q, r))
		return wrong(r, VERIFY_UNDECIDED, "凭证没有带条目本身，请用 --entry 给出", "the receipt does not carry the entry: give it with --entry");
	leaf = tree_leaf(q->hash, r->entry);
	if (!check_inclusion(q->hash, &leaf, r->proof.index, r->head.size, &r->head.root, r->proof.path, r->proof.n_path))
		return wrong(r, VERIFY_BAD, "条目不在签名的日志里", "the entry is not in the signed tree");
	r->in_tree = true;
	r->known = leaf_facts_get(q->a, r->entry, &r->leaf);
	code = check_values(q, r);
	if (!code && !r->vouched)
		return wrong(r, VERIFY_UNDECIDED, "内部一致，但没有公钥，不知是谁签的：请给出 --vkey 或 --policy",
		             "consistent in itself, but whose signature it is cannot be told: give --vkey or --policy");
	return code;
}

int verify_receipt(struct verify_ask *q)
{
	struct receipt_seen *r = TAKE(q->a, struct receipt_seen, 1);
	struct str text;
	int code;
	enum err e = file_read(q->a, q->target, RECEIPT_MAX, &text);

	put_z(q->a, q->out, "kind", "receipt");
	if (e)
		return verify_err(q, e == E_TOO_BIG ? E_BAD : e, NULL, NULL);
	code = receipt_check(q, text, r);
	if (r->in_tree) {
		say_entry(q, r);
		say_values(q, r);
	}
	return verify_say(q, code, r->zh, r->en);
}
