/* kernel/blob.c - documents beside the database: open ones named by their SHA-256, withheld ones by that of a secret prefix and the content, and sealed.
 *
 * A withheld file's name tells nothing (the plain hash of a known report would), and a stolen disk holds no readable copy. Records commit to the name:
 * who is handed the file gets the prefix too, and can tell that it is the one.
 */
#include "kernel/inside.h"
#include "record/media.h"

enum { FILE_MAX = 20 << 20 };

static const char *blob_path(struct call *c, struct str id)
{
	return str_fmt(c->arena, "%s/files/%.2s/%.*s", c->k->home, id.p, STR_ARG(id)).p;
}

static void file_key(struct call *c, struct str id, unsigned char ret[32])
{
	struct str parts[] = { S("suyuan/file/1\n"), id };
	struct hash h = hmac_of(HASH_SHA256, (struct str){ (const char *)c->k->master_key, 32 }, parts, ROWS(parts));

	memcpy(ret, h.b, 32);
}

/* A withheld file of one party has another name than the same bytes of another: nobody learns by uploading what others hold. Of one content, so
 * that who is handed it can test no guess at any other. */
static struct str name_prefix(struct call *c, int64_t party, struct str bytes)
{
	struct hash content = hash_of(HASH_SHA256, bytes), h;
	struct str parts[] = { str_fmt(c->arena, "suyuan/file/name/2\n%lld\n", (long long)party), hash_str(&content) };

	h = hmac_of(HASH_SHA256, (struct str){ (const char *)c->k->blind_key, 32 }, parts, ROWS(parts));
	return hex_str(c->arena, h.b, HASH_LEN);
}

static struct str blob_id(struct call *c, struct str bytes, bool open)
{
	struct str parts[] = { open ? S("") : name_prefix(c, c->who->party, bytes), bytes };
	struct hash h = hash_parts(HASH_SHA256, parts, ROWS(parts));

	return hex_str(c->arena, h.b, HASH_LEN);
}

/* What lies there under this name, if it is what the name says: an open file's is the hash of its bytes, a sealed one opens only as itself. */
static enum err open_bytes(struct call *c, struct str id, bool open, struct str *ret)
{
	unsigned char key[32];
	struct str bytes;
	enum err e = file_read(c->arena, blob_path(c, id), FILE_MAX + 64, &bytes);

	if (!e && !open) {
		file_key(c, id, key);
		e = unseal(key, id, bytes, c->arena, &bytes);
		explicit_bzero(key, sizeof(key));
	} else if (!e && !str_eq(blob_id(c, bytes, true), id)) {
		e = E_CORRUPT;
	}
	if (!e)
		*ret = bytes;
	return e;
}

enum err blob_prefix(struct call *c, const struct blob_info *b, struct str bytes, struct str *ret)
{
	struct str parts[] = { b->open ? S("") : name_prefix(c, b->party, bytes), bytes };
	struct hash h = hash_parts(HASH_SHA256, parts, ROWS(parts));

	if (!str_eq(hex_str(c->arena, h.b, HASH_LEN), b->id))
		return E_ABSENT;
	*ret = parts[0];
	return OK;
}

static enum err store_bytes(struct call *c, struct str id, struct str bytes, bool open)
{
	const char *path = blob_path(c, id);
	unsigned char key[32], nonce[SEAL_NONCE_LEN] = { 0 };      /* the key is of this one content: its nonce may be fixed */
	struct str there;
	enum err e = OK;

	if (file_exists(path) && open_bytes(c, id, open, &there) == OK)
		return OK;                      /* one that was damaged is written again */
	if (!open) {
		file_key(c, id, key);
		e = seal(c->k->seal, key, nonce, id, bytes, c->arena, &bytes);
		explicit_bzero(key, sizeof(key));
	}
	if (!e && file_read(c->arena, path, FILE_MAX + 64, &there) == OK && str_eq(there, bytes))
		return OK;                              /* one that was damaged or laid there is written anew */
	if (!e)
		e = dir_make(str_fmt(c->arena, "%s/files/%.2s", c->k->home, id.p).p, 0700);
	return e ? e : file_write(path, bytes, 0600);
}

enum err blob_put(struct call *c, struct str name, struct str bytes, bool open, struct blob_info *ret)
{
	const char *type = media_type(bytes);
	enum err e;

	if (!type)
		return call_refuse(c, E_TYPE, "只接受 PDF、JPEG 或 PNG 文件（按内容判断）", "PDF, JPEG or PNG files only, judged by content");
	if (bytes.n > FILE_MAX)
		return call_refuse(c, E_TOO_BIG, "文件不能超过20 MB", "a file has at most 20 MB");
	e = media_clean(c->arena, bytes, &bytes);
	if (e)
		return call_refuse(c, E_BAD, "图片文件已损坏", "the picture is broken");
	*ret = (struct blob_info){ .id = blob_id(c, bytes, open), .type = str_of(type), .name = name, .size = (int64_t)bytes.n, .party = c->who->party,
		.open = open };
	e = store_bytes(c, ret->id, bytes, open);
	if (e)
		return e;
	db_tell(c->db, kernel_sql[SQL_BLOB_PUT], VALS(V_T(ret->id), V_I(ret->party), V_T(ret->type), V_T(open ? name : S("")), V_I(ret->size), V_I(open), V_I(c->now)));
	return db_sticky(c->db);
}

enum err blob_get(struct call *c, struct str id, struct blob_info *ret)
{
	struct rows r;
	enum err e = db_ask(c->db, c->arena, kernel_sql[SQL_BLOB_GET], VALS(V_T(id)), &r);

	if (e)
		return e;
	if (r.n == 0)
		return E_ABSENT;
	*ret = (struct blob_info){ .id = row_str(&r, 0, 0), .type = row_str(&r, 0, 1), .name = row_str(&r, 0, 2), .size = row_int(&r, 0, 3),
		.party = row_int(&r, 0, 4), .open = row_int(&r, 0, 5) != 0 };
	return OK;
}

enum err blob_read(struct call *c, struct str id, struct str *ret_bytes)
{
	struct blob_info b;
	enum err e = blob_get(c, id, &b);

	return e ? e : open_bytes(c, id, b.open, ret_bytes);
}

/* All documents the store knows, one by one. E_CORRUPT: *ret_bad is the first that is gone or another. */
enum err blobs_check(struct call *c, struct arena *a, struct str *ret_bad)
{
	struct str after = S("");
	enum err e = OK;

	while (!e) {
		struct rows r;
		struct str bytes;

		arena_reset(c->arena);
		e = db_ask(c->db, c->arena, kernel_sql[SQL_BLOB_NEXT], VALS(V_T(after)), &r);
		if (e || r.n == 0)
			break;
		after = str_copy(a, row_str(&r, 0, 0));
		e = open_bytes(c, after, row_int(&r, 0, 1) != 0, &bytes);
		if (e == E_ABSENT)
			e = E_CORRUPT;
		if (e)
			*ret_bad = after;
	}
	return e;
}
