/* kernel/anchor.c - each hour an entry that names the roots of both trees at one size, so that each commits to the other's past (suite gm).
 *
 * Two histories in one tree would need two in the other. Checkpoint extensions would say the same, but verifiers refuse them.
 */
#include "kernel/house.h"

enum { ANCHOR_MS = 3600 * 1000 };

enum { ANCHOR_size, ANCHOR_sha256, ANCHOR_sm3 };
static const struct field anchor_fields[] = {
	ROW(size, INTEGER, REQUIRED, PUBLIC, OURS, "日志大小", .en = "size of the log")
	ROW(sha256, TEXT, REQUIRED, PUBLIC, OURS, "SHA-256 树根", .max = 44, .en = "root of the SHA-256 tree")
	ROW(sm3, TEXT, REQUIRED, PUBLIC, OURS, "SM3 树根", .max = 44, .en = "root of the SM3 tree")
};
const struct type anchor_type = { .name = "anchor", .schema = "suyuan/anchor", .zh = "双树锚定", .en = "anchor of both trees", .leaf = LEAF_ANCHOR, .blind = true,
	.fields = anchor_fields, .n = ROWS(anchor_fields), .clause = OURS, .title = "size", .common = true };

static struct value text(struct arena *a, const struct hash *h)
{
	return (struct value){ .said = SAID_VALUE, .open = true, .text = base64_str(a, h->b, HASH_LEN) };
}

/* Of the heads as they were shown when this group began: both of one size. */
static enum err anchor_put(struct call *c, void *ctx)
{
	const struct log_head std = log_shown_of(c->k->log, TREE_SHA256), sm3 = log_shown_of(c->k->log, TREE_SM3);
	const struct value v[ROWS(anchor_fields)] = {
		[ANCHOR_size] = { .said = SAID_VALUE, .open = true, .i = (int64_t)std.size, .text = str_fmt(c->arena, "%llu", (unsigned long long)std.size) },
		[ANCHOR_sha256] = text(c->arena, &std.root), [ANCHOR_sm3] = text(c->arena, &sm3.root),
	};
	struct filing f = { .type = &anchor_type, .values = v };
	int64_t id;

	(void)ctx;
	return std.size == sm3.size ? kernel_append(c, &f, &id) : E_BUSY;
}

/* An anchor alone is no reason for the next one. */
void anchor_tick(struct kernel *k, int64_t now)
{
	const uint64_t size = log_shown(k->log).size;

	if (!k->writer || !log_has(k->log, TREE_SM3) || now - k->anchored_at < ANCHOR_MS || size <= k->anchored + 1)
		return;
	if (kernel_change(k, now, anchor_put, NULL, NULL))
		return;
	k->anchored_at = now;
	k->anchored = size;
}

/* E_CORRUPT: an anchor that does not name the roots of its size. */
enum err anchor_check(struct call *c, const struct record *r)
{
	struct rows head;
	enum err e = db_ask(c->db, c->arena, kernel_sql[SQL_HEAD_AT], VALS(V_I(r->values[ANCHOR_size].i)), &head);

	if (e)
		return e;
	for (size_t t = 0; t < TREES; t++) {
		struct str root = head.n ? row_str(&head, 0, t) : S("");

		if (!root.n || !str_eq(base64_str(c->arena, root.p, root.n), r->values[ANCHOR_sha256 + t].text))
			return E_CORRUPT;
	}
	return OK;
}
