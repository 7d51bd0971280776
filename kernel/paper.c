/* kernel/paper.c - papers a party hands on: chosen fields of one record, checked by whoever gets them against the leaf everybody sees.
 *
 * Two forms of the same: a receipt (c2sp.org/tlog-proof@v1) whose `slots` show the chosen fields alone, and an SD-JWT (RFC 9901) under a key
 * derived from the master key. Neither holds more of the other fields than a hash. docs/formats/record.md
 */
#include "kernel/house.h"

enum { GIVE_id, GIVE_fields, GIVE_as };
static const struct field give_fields[] = {
	ROW(id, REF, REQUIRED, PUBLIC, OURS, "记录编号", .ref = "any", .en = "record id")
	ROW(fields, NOTE, REQUIRED, PUBLIC, OURS, "要给出的字段", .en = "fields to show", .help = "字段名，用逗号分开；其余字段不会给出")
	ROW(as, NAMES, OPTIONAL, PUBLIC, OURS, "格式", .list = "tlog-proof|sd-jwt", .max = 1, .en = "format", .help = "tlog-proof 凭证，sd-jwt 可选择披露的令牌")
};
static const struct type give_in = { .name = "disclosure", .zh = "交给别人核对", .en = "fields for others to check", .fields = give_fields, .n = ROWS(give_fields) };

/* ---- the key of SD-JWTs ---- */

static enum err paper_key(const struct kernel *k, struct sign_key **ret)
{
	unsigned char seed[SEED_LEN];
	struct str part = S("suyuan/sd-jwt/1");
	struct hash h = hmac_of(HASH_SHA256, (struct str){ (const char *)k->master_key, 32 }, &part, 1);
	enum err e;

	memcpy(seed, h.b, SEED_LEN);
	e = sign_key_from_seed(SIGN_ED25519, seed, ret);
	explicit_bzero(&h, sizeof(h));
	explicit_bzero(seed, sizeof(seed));
	return e;
}

/* RFC 8037; its name is its thumbprint (RFC 7638). */
static enum err paper_jwk(struct arena *a, const struct sign_key *key, struct node **ret, struct str *ret_kid)
{
	unsigned char pub[65];
	struct node *o = node_obj(a);
	struct hash print;
	size_t n;
	enum err e = sign_public(key, pub, &n);

	if (e)
		return e;
	put_z(a, o, "crv", "Ed25519");
	put_z(a, o, "kty", "OKP");
	put_str(a, o, "x", base64url_str(a, pub, n));
	print = hash_of(HASH_SHA256, canon_str(a, o));
	*ret_kid = base64url_str(a, print.b, HASH_LEN);
	put_z(a, o, "alg", "EdDSA");
	put_str(a, o, "kid", *ret_kid);
	put_z(a, o, "use", "sig");
	*ret = o;
	return OK;
}

enum err kernel_issuer(struct kernel *k, struct arena *a, struct node **ret)
{
	struct node *o = node_obj(a), *jwk;
	struct sign_key *key;
	struct str kid;
	enum err e = paper_key(k, &key);

	if (e)
		return e;
	e = paper_jwk(a, key, &jwk, &kid);
	sign_key_free(key);
	if (e)
		return e;
	put_z(a, o, "issuer", k->public_url);
	node_add(put_arr(a, put_obj(a, o, "jwks"), "keys"), jwk);
	*ret = o;
	return OK;
}

/* ---- which fields ---- */

struct chosen { bool slot[256]; };

static bool show_chosen(const struct slots *s, size_t slot, const void *ctx)
{
	const struct chosen *x = ctx;

	(void)s;
	return x->slot[slot];
}

/* What was not filled in and what the caller may not see get one answer: silence looks like any other slot. */
static enum err choose(struct call *c, const struct slots *s, unsigned mask, struct chosen *ret)
{
	struct str rest = str_of(str_z(c->arena, IN(c, GIVE_fields).text)), name;
	size_t n = 0, at;

	for (char *p = (char *)(uintptr_t)rest.p; *p; p++)
		if (*p == '\n' || *p == '\r' || *p == ' ' || *p == ';')
			*p = ',';
	memset(ret, 0, sizeof(*ret));
	while (str_cut(&rest, ',', &name)) {
		if (!name.n)
			continue;
		if (str_is(name, FILED_SLOT) && s->n > s->fields && s->fields < ROWS(ret->slot) && mask & 1u << KEY_BUSINESS) {
			ret->slot[s->fields] = true;
			n++;
			continue;
		}
		if (!type_field(s->r.type, name, &at) || at >= s->fields || at >= ROWS(ret->slot))
			return call_trouble(c, GIVE_fields, str_fmt(c->arena, "这类记录没有字段 %.*s", STR_ARG(name)).p,
			                    str_fmt(c->arena, "records of this kind have no field %.*s", STR_ARG(name)).p);
		if (!s->disclosure[at].n || !(mask & 1u << value_class(&s->r.type->fields[at], &s->r.values[at])))
			return call_trouble(c, GIVE_fields, str_fmt(c->arena, "%s没有填写，或不能由您给出", s->r.type->fields[at].words).p,
			                    str_fmt(c->arena, "%.*s was not filled in, or is not yours to give", STR_ARG(name)).p);
		ret->slot[at] = true;
		n++;
	}
	return n ? OK : call_trouble(c, GIVE_fields, "请至少选择一个字段", "choose at least one field");
}

/* ---- an SD-JWT ---- */

static int by_bytes(const void *x, const void *y) { return memcmp(x, y, HASH_LEN); }

/* Of a value that was erased only the leaf was kept. */
static bool digests_known(const struct slots *s)
{
	for (size_t i = 0; i < s->n; i++) {
		struct hash leaf = digest_leaf(s->h, &s->digest[i]);

		if (!same_bytes(leaf.b, s->leaf[i].b, HASH_LEN))
			return false;
	}
	return true;
}

/* Sorted, so that their order says nothing of the fields'. */
static struct node *sd_list(struct arena *a, const struct slots *s)
{
	struct hash *digest = TAKE(a, struct hash, s->n);
	struct node *list = node_arr(a);

	memcpy(digest, s->digest, s->n * sizeof(*digest));
	qsort(digest, s->n, sizeof(*digest), by_bytes);
	for (size_t i = 0; i < s->n; i++)
		node_add(list, node_str(a, base64url_str(a, digest[i].b, HASH_LEN)));
	return list;
}

static struct str jwt_payload(struct call *c, const struct slots *s, struct str leaf, struct str schema)
{
	struct arena *a = c->arena;
	struct node *o = node_obj(a), *log;

	node_set(o, S("_sd"), sd_list(a, s));
	put_z(a, o, "_sd_alg", "sha-256");
	put_int(a, o, "iat", c->now / 1000);
	put_z(a, o, "iss", c->k->public_url);
	put_str(a, o, "vct", str_join(a, S("urn:suyuan:"), schema));
	log = put_obj(a, o, "log");
	put_str(a, log, "origin", log_origin(c->k->log));
	put_int(a, log, "index", (int64_t)s->r.index);
	put_str(a, log, "leaf", base64_str(a, leaf.p, leaf.n));
	return canon_str(a, o);
}

static enum err put_jwt(struct call *c, const struct slots *s, struct str leaf, struct str schema, const struct chosen *x)
{
	struct node *head = node_obj(c->arena), *jwk;
	struct sign_key *key;
	unsigned char sig[SIG_LEN];
	struct str kid, text, said;
	struct buf b;
	enum err e = s->h == HASH_SHA256 ? paper_key(c->k, &key)
	             : call_refuse(c, E_STATE, "这条记录用国密 SM3，不能以 SD-JWT 给出；请用凭证格式", "this record uses SM3 and cannot be given as an SD-JWT; take a receipt");

	if (!e && !digests_known(s)) {
		sign_key_free(key);
		e = call_refuse(c, E_STATE, "这条记录有内容已删除，不能以 SD-JWT 给出；请用凭证格式", "something of this record was erased, it cannot be given as an SD-JWT; take a receipt");
	}
	if (e)
		return e;
	e = paper_jwk(c->arena, key, &jwk, &kid);
	put_z(c->arena, head, "alg", "EdDSA");
	put_str(c->arena, head, "kid", e ? S("") : kid);
	put_z(c->arena, head, "typ", "dc+sd-jwt");
	said = canon_str(c->arena, head);
	text = jwt_payload(c, s, leaf, schema);
	text = str_fmt(c->arena, "%.*s.%.*s", STR_ARG(base64url_str(c->arena, said.p, said.n)), STR_ARG(base64url_str(c->arena, text.p, text.n)));
	if (!e)
		e = sign_make(key, text, sig);
	sign_key_free(key);
	if (e)
		return e;
	b = buf_in(c->arena, text.n + 4096);
	buf_fmt(&b, "%.*s.%.*s~", STR_ARG(text), STR_ARG(base64url_str(c->arena, sig, SIG_LEN)));
	for (size_t i = 0; i < s->n; i++)
		if (x->slot[i])
			buf_fmt(&b, "%.*s~", STR_ARG(s->disclosure[i]));
	c->bytes = buf_str(&b);
	c->media = "application/sd-jwt";
	return OK;
}

/* ---- giving ---- */

static enum err leaf_and_slots(struct call *c, const struct record *r, struct str *ret_leaf, struct slots *ret)
{
	struct rows row, entry;
	enum err e = db_ask(c->db, c->arena, kernel_sql[SQL_RECORD_GET], VALS(V_I(r->id)), &row);

	if (!e)
		e = db_ask(c->db, c->arena, kernel_sql[SQL_ENTRY_GET], VALS(V_I((int64_t)r->index)), &entry);
	if (e)
		return e;
	*ret_leaf = row_str(&entry, 0, 0);
	return row.n && entry.n ? slots_of(c, row.v, *ret_leaf, ret) : E_CORRUPT;
}

/* Who filed it is shown with the business values, whose class it is of. */
static bool show_said(const struct slots *s, size_t slot, const void *ctx)
{
	const struct value *v = ctx;
	bool business = false;

	if (slot < s->fields)
		return v[slot].said != SAID_NOTHING;
	for (size_t i = 0; i < s->fields; i++)
		business = business || (v[i].said != SAID_NOTHING && value_class(&s->r.type->fields[i], &v[i]) == KEY_BUSINESS);
	return business;
}

enum err kernel_receipt(struct call *c, const struct record *shown, struct str *ret)
{
	struct slots s;
	struct str leaf;
	enum err e = leaf_and_slots(c, shown, &leaf, &s);

	return e ? e : call_proof(c, shown->index, extra_of(c->arena, leaf, &s, show_said, shown->values), ret);
}

/* The filer and the other side of the row, who may read it: the visibility table, once more. */
static enum err may_give(struct call *c, const struct record *r, unsigned *ret)
{
	unsigned mask = kernel_may_see(c, r);

	if (!(mask & 1u << KEY_BUSINESS))
		return r->type->guarded ? E_ABSENT : call_refuse(c, E_DENIED, "只有填报单位和记录的另一方可以给出", "only the party that filed it and the other side of the record can give it");
	*ret = mask;
	return OK;
}

static enum err give_run(struct call *c)
{
	static const struct json_limits limits = { .bytes = LOG_ENTRY_MAX, .depth = 3, .nodes = 64 };
	struct json_trouble trouble;
	struct node *o;
	struct chosen x;
	struct slots s;
	struct record r;
	struct str leaf;
	unsigned mask = 0;
	bool jwt = IN(c, GIVE_as).n && str_is(IN(c, GIVE_as).list[0], "sd-jwt");
	enum err e = kernel_record(c, IN(c, GIVE_id).i, 1u << KEY_PUBLIC, &r);

	if (!e)
		e = may_give(c, &r, &mask);
	if (!e)
		e = leaf_and_slots(c, &r, &leaf, &s);
	if (!e)
		e = choose(c, &s, mask, &x);
	if (!e)
		e = json_read(c->arena, leaf, &limits, &o, &trouble);
	if (e)
		return e;
	c->file_name = str_fmt(c->arena, "%.*s.%s", STR_ARG(id_str(c->arena, r.id)), jwt ? "sd-jwt" : "receipt");
	if (jwt)
		return put_jwt(c, &s, leaf, node_text(o, "k"), &x);
	c->media = "text/plain; charset=utf-8";
	return call_proof(c, r.index, extra_of(c->arena, leaf, &s, show_chosen, &x), &c->bytes);
}

const struct op paper_ops[] = {
	{ "disclosure.give", GET, "/v1/records/{id}/disclosure", R_PARTY | R_DOCK, IN_FILER, SCOPE_OWN, READS, &give_in, give_run, "二（七）",
	  "交给别人核对", "fields for others to check", .gives = "text/plain|application/sd-jwt" },
};
const size_t paper_ops_n = ROWS(paper_ops);
