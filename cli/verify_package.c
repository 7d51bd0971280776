/* cli/verify_package.c - a package of evidence (docs/formats/log.md), with no network and no home.
 *
 * A zip is a bag of names: SHA256SUMS has to list exactly what is in it; receipts have to hold under the key, documents are what records name, and
 * what is told in words is compared with what the receipts prove. Nothing is unpacked to the disk.
 */
#include <fcntl.h>
#include <unistd.h>

#include "base/sys.h"
#include "cli/verify_package.h"

enum { MEMBERS_MOST = 4000, TEXT_MOST = 24 << 20, UNPACKED_MOST = 192 << 20, PIECE = 1 << 16, ID_HEX = 2 * HASH_LEN };

int package_wrong(struct package *p, int code, struct str where, const char *zh, const char *en)
{
	struct str name = verify_plain(p->q->a, where);

	p->zh = where.n ? str_fmt(p->q->a, "%.*s：%s", STR_ARG(name), zh).p : zh;
	p->en = where.n ? str_fmt(p->q->a, "%.*s: %s", STR_ARG(name), en).p : en;
	return code;
}

static int by_name(const void *x, const void *y) { return str_cmp(((const struct member *)x)->name, ((const struct member *)y)->name); }

struct member *package_member(struct package *p, struct str name)
{
	const struct member key = { .name = name };

	return p->n ? bsearch(&key, p->member, p->n, sizeof(*p->member), by_name) : NULL;
}

/* ---- names ---- */

static bool all_of(struct str s, bool (*is)(char c))
{
	for (size_t i = 0; i < s.n; i++)
		if (!is(s.p[i]))
			return false;
	return s.n > 0;
}

static bool is_hex(char c) { return is_digit(c) || (c >= 'a' && c <= 'f'); }
static bool is_word(char c) { return c == '_' || (c >= 'a' && c <= 'z'); }

/* documents/HEX.prefix: what the name of a withheld document was made of, beside its content */
static bool is_prefix(struct str name)
{
	struct str s = str_sub(name, strlen("documents/"), ID_HEX);

	return str_starts(name, "documents/") && s.n == ID_HEX && all_of(s, is_hex) && str_eq(str_sub(name, strlen("documents/") + ID_HEX, name.n), S(".prefix"));
}

static bool is_document(struct str name)
{
	struct str s = str_sub(name, strlen("documents/"), ID_HEX), ending = str_sub(name, strlen("documents/") + ID_HEX, name.n);

	return str_starts(name, "documents/") && s.n == ID_HEX && all_of(s, is_hex) && (str_is(ending, ".pdf") || str_is(ending, ".png") || str_is(ending, ".jpg"));
}

/* receipts/003-sale-12.receipt */
static bool is_receipt(struct str name, int64_t *ret_number, struct str *ret_type, int64_t *ret_index)
{
	struct str rest = str_sub(name, strlen("receipts/"), name.n), number, type;

	if (!str_starts(name, "receipts/") || !str_ends(rest, ".receipt"))
		return false;
	rest.n -= strlen(".receipt");
	if (!str_cut(&rest, '-', &number) || !str_cut(&rest, '-', &type) || number.n < 3 || !all_of(number, is_digit) || !all_of(type, is_word) || !all_of(rest, is_digit))
		return false;
	*ret_type = type;
	return str_to_int(number, ret_number) && str_to_int(rest, ret_index);
}

static const char *const fixed[] = { "summary.txt", "summary.html", "steps.ndjson", "README.txt", "log.vkey", "checkpoint", "SHA256SUMS" };

static bool name_known(struct str name)
{
	int64_t number, index;
	struct str type;

	for (size_t i = 0; i < ROWS(fixed); i++)
		if (str_is(name, fixed[i]))
			return true;
	return is_document(name) || is_prefix(name) || is_receipt(name, &number, &type, &index);
}

/* ---- members ---- */

static int64_t read_file(void *ctx, uint64_t at, void *to, size_t n)
{
	size_t done = 0;

	while (done < n) {
		ssize_t got = pread(*(int *)ctx, (char *)to + done, n - done, (off_t)(at + done));

		if (got <= 0)
			return got < 0 ? -1 : (int64_t)done;
		done += (size_t)got;
	}
	return (int64_t)done;
}

/* The hash of `before` and the member; its bytes where they are kept. */
static int read_member(struct package *p, struct member *m, struct str before, uint64_t size, bool keep)
{
	char *piece = arena_take(p->q->a, PIECE);
	struct buf b = buf_in(p->q->a, keep ? (size_t)size + 1 : 1);
	struct hash_run *run;
	int64_t n;

	if (zip_part(p->zip, str_z(p->q->a, m->name)))
		return package_wrong(p, VERIFY_BAD, m->name, "读不出", "cannot be read");
	run = hash_begin(HASH_SHA256);
	if (!run)
		return package_wrong(p, VERIFY_UNDECIDED, m->name, err_zh(E_BUSY), err_en(E_BUSY));
	hash_more(run, before);
	while ((n = zip_read(p->zip, piece, PIECE)) > 0) {
		hash_more(run, (struct str){ piece, (size_t)n });
		if (keep && b.n + (size_t)n <= size)
			buf_add(&b, (struct str){ piece, (size_t)n });
	}
	m->sum = hash_end(run);
	m->text = buf_str(&b);
	return n < 0 ? package_wrong(p, VERIFY_BAD, m->name, "已损坏", "is damaged") : VERIFY_OK;
}

/* A name is one of those a package has, so none leads anywhere else; a name that is none is looked at no further. */
static int take_members(struct package *p)
{
	int code = VERIFY_OK;

	p->member = TAKE(p->q->a, struct member, zip_count(p->zip) + 1);
	if (zip_count(p->zip) > MEMBERS_MOST)
		return package_wrong(p, VERIFY_BAD, S(""), "成员太多，不是证据包", "too many members for a package of evidence");
	for (size_t i = 0; i < zip_count(p->zip) && !code; i++) {
		struct zip_part x = zip_nth(p->zip, i);
		struct member *m = &p->member[p->n++];

		m->name = str_copy(p->q->a, str_of(x.name));
		if (!x.plain || !name_known(m->name))
			code = package_wrong(p, VERIFY_BAD, m->name, "证据包里不该有这样的成员", "a package of evidence has no such member");
		else if (!is_document(m->name) && x.size > TEXT_MOST)
			code = package_wrong(p, VERIFY_BAD, m->name, "大得不合常理", "is unreasonably large");
		else
			code = read_member(p, m, S(""), x.size, !is_document(m->name));
	}
	qsort(p->member, p->n, sizeof(*p->member), by_name);
	for (size_t i = 0; i < ROWS(fixed) && !code; i++)
		if (!package_member(p, str_of(fixed[i])))
			code = package_wrong(p, VERIFY_BAD, str_of(fixed[i]), "缺少这个成员", "this member is missing");
	return code;
}

static int open_zip(struct package *p, int fd)
{
	off_t size = lseek(fd, 0, SEEK_END);
	const struct grid_source s = { read_file, &fd, size > 0 ? (uint64_t)size : 0 };
	const struct grid_limits l = { .unpacked = UNPACKED_MOST };
	struct why why;
	enum err e = zip_open(&s, &l, &p->zip, &why);

	if (e == E_TOO_BIG)
		return package_wrong(p, VERIFY_BAD, S(""), "解压后大得不合常理，不予读取", "unpacks to an unreasonable size");
	if (e == E_BUSY || e == E_IO)
		return package_wrong(p, VERIFY_UNDECIDED, S(""), err_zh(e), err_en(e));
	if (e)
		return package_wrong(p, VERIFY_BAD, S(""), "不是完好的 zip：损坏、加密、有重名的成员，或压缩方法不识别", "no sound zip: damaged, encrypted, two members of one name, or a packing method we do not read");
	return take_members(p);
}

/* ---- SHA256SUMS ---- */

static int check_sums(struct package *p)
{
	struct str list = S("SHA256SUMS"), rest = package_member(p, list)->text, line;

	if (!str_ends(rest, "\n"))
		return package_wrong(p, VERIFY_BAD, list, "最后一行没有写完", "its last line is cut off");
	while (str_cut(&rest, '\n', &line)) {
		struct str name = str_sub(line, ID_HEX + 2, line.n);
		struct member *m = package_member(p, name);
		struct hash sum;

		if (!all_of(str_sub(line, 0, ID_HEX), is_hex) || !hex_get(str_sub(line, 0, ID_HEX), sum.b, HASH_LEN) || !str_eq(str_sub(line, ID_HEX, 2), S("  ")))
			return package_wrong(p, VERIFY_BAD, list, "有一行写法不对", "a line is ill-formed");
		if (!m || str_eq(name, list) || m->listed)
			return package_wrong(p, VERIFY_BAD, name, m ? "列了两次" : "列在 SHA256SUMS 里，却不在包里", m ? "is listed twice" : "is in SHA256SUMS, but not in the package");
		if (!same_bytes(sum.b, m->sum.b, HASH_LEN))
			return package_wrong(p, VERIFY_BAD, name, "与 SHA256SUMS 不符：内容被改过或已损坏", "is not what SHA256SUMS says: changed or damaged");
		m->listed = true;
	}
	for (size_t i = 0; i < p->n; i++)
		if (!p->member[i].listed && !str_eq(p->member[i].name, list))
			return package_wrong(p, VERIFY_BAD, p->member[i].name, "不在 SHA256SUMS 里", "is not in SHA256SUMS");
	return VERIFY_OK;
}

/* ---- the key ---- */

static bool same_key(const struct note_key *x, const struct note_key *y)
{
	return str_eq(x->name, y->name) && x->type == y->type && str_eq(x->pub, y->pub);
}

static int check_key(struct package *p)
{
	struct verify_ask *q = p->q;
	struct receipt_seen head = { .zh = NULL };
	struct note_key key;
	bool has = vkey_get(q->a, str_trim(package_member(p, S("log.vkey"))->text), &key) == OK;
	int code;

	if (!has)
		return package_wrong(p, VERIFY_BAD, S("log.vkey"), "不是核验公钥", "is no verifier key");
	if (!q->have_key && !(q->policy && policy_logs(q->policy))) {
		q->key = key;
		q->have_key = p->own_key = true;
	}
	code = verify_head(q, package_member(p, S("checkpoint"))->text, &head);
	if (code)
		return package_wrong(p, code, S("checkpoint"), head.zh, head.en);
	p->head = head.head;
	p->other_key = head.found.log && !same_key(head.found.log, &key);
	return VERIFY_OK;
}

/* ---- receipts ---- */

static void list_shown(struct package *p, struct proven *r)
{
	size_t most = r->seen.slots ? r->seen.slots->n : 0;

	r->shown = TAKE(p->q->a, struct disclosed, most + 1);
	for (const struct node *x = most ? r->seen.slots->first : NULL; x; x = x->next)
		if (!str_starts(x->s, ":") && disclosed_get(p->q->a, x->s, &r->shown[r->n_shown]))
			r->n_shown++;
}

static int check_receipt(struct package *p, const struct member *m, struct proven *r, struct str type, int64_t index)
{
	int code = receipt_check(p->q, m->text, &r->seen);
	struct str schema = r->seen.known ? r->seen.leaf.schema : S("");

	r->file = m;
	if (code)
		return package_wrong(p, code, m->name, r->seen.zh, r->seen.en);
	if (r->seen.proof.index != (uint64_t)index || !r->seen.known)
		return package_wrong(p, VERIFY_BAD, m->name, "是另一条日志的凭证", "is a receipt of another entry");
	if (!str_eq(r->seen.head.origin, p->head.origin) || r->seen.head.size > p->head.size)
		return package_wrong(p, VERIFY_BAD, m->name, "不在这个日志头之内", "is not below the package's checkpoint");
	r->type = type_known(p->q->c, schema);
	if (!r->type || !type_version_named(r->type, schema))
		return package_wrong(p, VERIFY_UNDECIDED, m->name, "是本程序不认识的记录种类", "is of a type this program does not know");
	if (!str_is(type, r->type->name))
		return package_wrong(p, VERIFY_BAD, m->name, "不是名字所说的那种记录", "is not of the type its name says");
	list_shown(p, r);
	return VERIFY_OK;
}

/* Two roots of one size under one key: two histories. */
static int check_heads(struct package *p)
{
	for (size_t i = 0; i < p->n_records; i++) {
		const struct checkpoint *x = &p->record[i].seen.head;
		bool two = x->size == p->head.size && !same_bytes(x->root.b, p->head.root.b, HASH_LEN);

		for (size_t k = 0; k < i && !two; k++)
			two = x->size == p->record[k].seen.head.size && !same_bytes(x->root.b, p->record[k].seen.head.root.b, HASH_LEN);
		if (two)
			return package_wrong(p, VERIFY_BAD, p->record[i].file->name, "日志分叉：同样大小签了两个不同的根", "the log forked: two roots of one size were signed");
	}
	return VERIFY_OK;
}

static int check_receipts(struct package *p)
{
	int code = VERIFY_OK;

	p->record = TAKE(p->q->a, struct proven, p->n + 1);
	for (size_t i = 0; i < p->n && !code; i++) {
		int64_t number, index;
		struct str type;

		if (!is_receipt(p->member[i].name, &number, &type, &index))
			continue;
		if (number < 1 || (size_t)number > p->n || p->record[number - 1].file)
			return package_wrong(p, VERIFY_BAD, p->member[i].name, "编号不连续", "the numbers do not follow each other");
		code = check_receipt(p, &p->member[i], &p->record[number - 1], type, index);
		p->n_records++;
	}
	for (size_t i = 0; i < p->n_records && !code; i++)
		if (!p->record[i].file)
			return package_wrong(p, VERIFY_BAD, S("receipts/"), "编号不连续", "the numbers do not follow each other");
	if (!code && !p->n_records)
		return package_wrong(p, VERIFY_BAD, S("receipts/"), "一个凭证也没有", "there is no receipt at all");
	return code ? code : check_heads(p);
}

/* ---- documents ---- */

static struct member *prefix_of(struct package *p, const struct member *m)
{
	return package_member(p, str_fmt(p->q->a, "%.*s.prefix", (int)strlen("documents/") + ID_HEX, m->name.p));
}

static bool named_by(struct package *p, const struct hash *h, const struct member *m)
{
	return str_eq(hex_str(p->q->a, h->b, HASH_LEN), str_sub(m->name, strlen("documents/"), ID_HEX));
}

static int check_document(struct package *p, const struct member *m)
{
	struct member *prefix = prefix_of(p, m), whole = { .name = m->name };
	int code = VERIFY_OK;

	if (!m->named)
		return package_wrong(p, VERIFY_BAD, m->name, "没有一条记录提到这个文件", "no record names this document");
	if (prefix) {
		prefix->named = true;
		code = read_member(p, &whole, prefix->text, 0, false);
	}
	if (code || m->nameless)
		return code;
	return named_by(p, prefix ? &whole.sum : &m->sum, m) ? VERIFY_OK : package_wrong(p, VERIFY_BAD, m->name, "名字不是内容的 SHA-256", "its name is not the SHA-256 of its content");
}

static int check_documents(struct package *p)
{
	int code = VERIFY_OK;

	for (size_t i = 0; i < p->n && !code; i++)
		if (is_document(p->member[i].name))
			code = check_document(p, &p->member[i]);
	for (size_t i = 0; i < p->n && !code; i++)
		if (is_prefix(p->member[i].name) && !p->member[i].named)
			code = package_wrong(p, VERIFY_BAD, p->member[i].name, "没有它的文件", "there is no document to it");
	return code;
}

/* ---- the verdict ---- */

static void say_records(struct package *p)
{
	struct node *list = put_arr(p->q->a, p->q->out, "records");

	for (size_t i = 0; i < p->n_records; i++) {
		const struct proven *r = &p->record[i];
		struct node *o = node_obj(p->q->a);

		put_int(p->q->a, o, "index", (int64_t)r->seen.proof.index);
		put_str(p->q->a, o, "type", r->seen.leaf.schema);
		put_str(p->q->a, o, "at", node_text(r->seen.leaf.all, "a"));
		put_int(p->q->a, o, "shown", (int64_t)r->n_shown);
		put_int(p->q->a, o, "of", r->seen.leaf.n);
		node_add(list, o);
		if (!p->q->c->json)
			printf("  第 %llu 条 / entry %llu  %s / %s  %.*s  %zu/%lld 项 / fields\n", (unsigned long long)r->seen.proof.index, (unsigned long long)r->seen.proof.index, r->type->zh,
			       r->type->en, STR_ARG(verify_plain(p->q->a, node_text(r->seen.leaf.all, "a"))), r->n_shown, (long long)r->seen.leaf.n);
	}
	put_str(p->q->a, p->q->out, "origin", p->head.origin);
	put_int(p->q->a, p->q->out, "size", (int64_t)p->head.size);
	put_z(p->q->a, p->q->out, "key_from", p->own_key ? "package" : p->q->have_key ? "caller" : "policy");
	put_bool(p->q->a, p->q->out, "same_key", !p->other_key);
	put_int(p->q->a, p->q->out, "documents_absent", (int64_t)p->absent);
	put_int(p->q->a, p->q->out, "filers_unproven", (int64_t)p->unproven);
}

static int verdict(struct package *p)
{
	struct arena *a = p->q->a;
	const char *key_zh = p->other_key ? "；包里的 log.vkey 是另一把公钥，以您给出的为准" : "", *key_en = p->other_key ? "; log.vkey in the package is another key: yours decided" : "";

	say_records(p);
	if (p->own_key)
		return package_wrong(p, VERIFY_UNDECIDED, S(""), "包内处处一致，但公钥是包里自带的，谁都能这样做一个：请用 --vkey 或 --policy 给出从别处得到的公钥",
		                     "the package agrees with itself, but its key came along with it, and anybody can make such a one: give a key from elsewhere with --vkey or --policy");
	if (p->nameless)
		return package_wrong(p, VERIFY_UNDECIDED, S(""), str_fmt(a, "记录和文字相符，但有 %zu 个文件是旧版本命名的，不能核对是不是记录所指的那个%s", p->nameless, key_zh).p,
		                     str_fmt(a, "records and words agree, but %zu documents were named by an older version: whether they are those the records name cannot be told%s", p->nameless, key_en).p);
	return package_wrong(p, VERIFY_OK, S(""), str_fmt(a, "通过：%zu 条记录都在 %.*s 签名的日志里，文字与之一致（%zu 个文件没有放入；%zu 处填报单位是平台的说法，记录本身不写明；有没有漏掉记录不能由此证明）%s",
	                     p->n_records, STR_ARG(verify_plain(a, p->head.origin)), p->absent, p->unproven, key_zh).p,
	                     str_fmt(a, "ok: %zu records are in the signed log and the words say what they prove (%zu documents not included; who filed is the platform's word %zu times, "
	                     "for such records name nobody; that no record was left out is not proven)%s", p->n_records, p->absent, p->unproven, key_en).p);
}

bool package_like(const char *path)
{
	char head[4] = "";
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	bool zip = fd >= 0 && read(fd, head, sizeof(head)) == sizeof(head) && memcmp(head, "PK\3\4", sizeof(head)) == 0;

	if (fd >= 0)
		close(fd);
	return zip || str_ends(str_of(path), ".zip");
}

static int check_all(struct package *p, int fd)
{
	static int (*const step[])(struct package *p) = { check_sums, check_key, check_receipts, package_told, check_documents, verdict };
	int code = open_zip(p, fd);

	for (size_t i = 0; i < ROWS(step) && !code; i++)
		code = step[i](p);
	return code;
}

/* What the zip holds is no memory of the arena: it is given back also when the arena is full. */
int verify_package(struct verify_ask *q)
{
	struct package *p = TAKE(q->a, struct package, 1);
	jmp_buf full, *before = q->a->full;
	int fd = open(q->target, O_RDONLY | O_CLOEXEC), code;

	put_z(q->a, q->out, "kind", "package");
	if (fd < 0)
		return verify_say(q, VERIFY_UNDECIDED, "文件读不出", "the file cannot be read");
	p->q = q;
	q->hash = HASH_SHA256;
	q->a->full = &full;
	if (setjmp(full)) {
		q->a->full = before;
		zip_close(p->zip);
		close(fd);
		longjmp(*before, E_TOO_BIG);
	}
	code = check_all(p, fd);
	q->a->full = before;
	zip_close(p->zip);
	close(fd);
	return verify_say(q, code, p->zh, p->en);
}
