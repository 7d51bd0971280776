/* mod/trace/chain_package.c - a chain as one file that checks without us: receipts with what the caller may see, documents, a summary in plain
 * words, the hash of every member. Laid out in docs/formats/log.md.
 */
#include <setjmp.h>

#include "grid/grid.h"
#include "mod/trace/chain.h"

enum { DOCUMENTS_MOST = 32 << 20, GOODS_MOST = 100 };

struct packing {
	struct call *c;
	struct zip_out *zip;
	struct buf sums, summary, steps;
	struct map documents;     /* by their id: once each */
	size_t n, document_bytes;
	struct str out;
};

static enum err put_member(struct packing *p, struct str name, struct str bytes)
{
	struct hash h = hash_of(HASH_SHA256, bytes);

	buf_fmt(&p->sums, "%.*s  %.*s\n", STR_ARG(hex_str(p->c->arena, h.b, HASH_LEN)), STR_ARG(name));
	return zip_put(p->zip, str_z(p->c->arena, name), bytes);
}

/* ---- documents ---- */

/* As file.get has it: an open file, one of the caller's own party, one of a record whose other side or recorded viewer the caller is. */
static bool may_have(struct call *c, const struct record *r, const struct blob_info *b)
{
	return b->open || (c->who->party && c->who->party == b->party) || kernel_counterparty(c, r) || kernel_looked(c, r->id);
}

static const char *ending(struct str type) { return str_is(type, "application/pdf") ? "pdf" : str_is(type, "image/png") ? "png" : "jpg"; }

/* With what its name was made of: a withheld document is not named by its content alone. */
static enum err put_content(struct packing *p, const struct field *f, const struct blob_info *b)
{
	struct call *c = p->c;
	struct str name = str_fmt(c->arena, "documents/%.*s.%s", STR_ARG(b->id), ending(b->type)), bytes, prefix;
	enum err e = blob_read(c, b->id, &bytes), named = e ? e : blob_prefix(c, b, bytes, &prefix);

	if (e)
		return e;
	buf_fmt(&p->summary, "    %s：%.*s%s\n", f->words, STR_ARG(name), named ? "（名字不能由内容核对 / its name cannot be checked by its content）" : "");
	if (!map_put(&p->documents, b->id, p))
		return OK;
	p->document_bytes += (size_t)b->size;
	e = put_member(p, name, bytes);
	return e || named || !prefix.n ? e : put_member(p, str_fmt(c->arena, "documents/%.*s.prefix", STR_ARG(b->id)), prefix);
}

static enum err put_document(struct packing *p, const struct record *r, const struct field *f, struct str id)
{
	struct call *c = p->c;
	struct blob_info b;
	enum err e = blob_get(c, id, &b);

	if (e == E_ABSENT || (!e && !may_have(c, r, &b))) {
		buf_fmt(&p->summary, "    %s：没有放入 / not included: %.*s\n", f->words, STR_ARG(id));
		return OK;
	}
	if (e)
		return e;
	if (map_get(&p->documents, id) || p->document_bytes + (size_t)b.size <= DOCUMENTS_MOST)
		return put_content(p, f, &b);
	buf_fmt(&p->summary, "    %s：文件过大，没有放入 / too large, not included: %.*s\n", f->words, STR_ARG(id));
	return OK;
}

/* ---- records ---- */

static void put_value_line(struct packing *p, const struct field *f, const struct value *v)
{
	struct node *x = value_node(p->c->arena, f, v);

	if (!x || f->kind == KIND_FILE)
		return;
	buf_fmt(&p->summary, "    %s：", f->words);
	value_words(&p->summary, x);
	buf_char(&p->summary, '\n');
}

/* r: with the values its viewer sees. */
static enum err put_one(struct packing *p, const struct record *r, struct str what, struct str filer)
{
	struct call *c = p->c;
	struct str receipt, name = str_fmt(c->arena, "receipts/%03zu-%s-%llu.receipt", ++p->n, r->type->name, (unsigned long long)r->index);
	enum err e = kernel_receipt(c, r, &receipt);

	if (e)
		return e;
	buf_fmt(&p->summary, "\n%zu. %.*s  %.*s\n    记录 / record %.*s，日志第 %llu 条 / log entry %llu\n    凭证 / receipt %.*s\n", p->n, STR_ARG(what),
	        STR_ARG(time_str(c->arena, r->at, false)), STR_ARG(id_str(c->arena, r->id)), (unsigned long long)r->index, (unsigned long long)r->index, STR_ARG(name));
	if (filer.n)
		buf_fmt(&p->summary, "    填报单位 / filed by %.*s\n", STR_ARG(filer));
	e = put_member(p, name, receipt);
	for (size_t i = 0; i < r->type->n && !e; i++) {
		put_value_line(p, &r->type->fields[i], &r->values[i]);
		if (r->type->fields[i].kind == KIND_FILE && r->values[i].said == SAID_VALUE)
			e = put_document(p, r, &r->type->fields[i], r->values[i].text);
	}
	return e;
}

/* Product, batch and the papers attached to it, as chain.get found them. */
static enum err put_goods_records(struct packing *p)
{
	struct call *c = p->c;
	const struct node *list = node_get(node_get(c->out, "proof"), "records");
	size_t n = 0;
	enum err e = OK;

	for (const struct node *x = list ? list->first : NULL; x && !e && n < GOODS_MOST; x = x->next, n++) {
		struct record r;
		int64_t id;

		if (!id_get(node_text(x, "id"), &id))
			continue;
		e = kernel_record(c, id, 1u << KEY_PUBLIC, &r);
		if (!e)
			e = kernel_record(c, id, kernel_may_see(c, &r), &r);
		if (!e)
			e = put_one(p, &r, str_fmt(c->arena, "%s / %s", r.type->zh, r.type->en), S(""));
	}
	return e;
}

static enum err put_steps(struct packing *p, const struct chain_seen *s)
{
	enum err e = OK;

	for (size_t i = 0; i < s->chain.n && !e; i++) {
		struct node *list = node_arr(p->c->arena);
		struct step_view v;

		e = chain_step(p->c, list, s, i, &v);
		if (e)
			return e;
		json_write(&p->steps, list->first);
		buf_char(&p->steps, '\n');
		e = put_one(p, &v.r, str_fmt(p->c->arena, "%.*s / %.*s%s", STR_ARG(node_text(list->first, "what_zh")), STR_ARG(node_text(list->first, "what_en")),
		                             v.withheld ? "（有内容未向您公开 / partly withheld from you）" : ""), node_text(list->first, "party"));
	}
	return e;
}

/* ---- the file ---- */

static const char readme[] =
	"这个文件不需要相信任何平台就能核对 / This package can be checked without trusting any platform\n"
	"\n"
	"  suyuan verify chain-….zip --vkey 公钥 / KEY\n"
	"  sha256sum -c SHA256SUMS && for f in receipts/*.receipt; do suyuan verify \"$f\" --vkey \"$(cat log.vkey)\" || break; done\n"
	"\n"
	"log.vkey 是日志的公钥；请与您从别处得到的比较（平台网站的 /log/vkey、以前的凭证、监管部门）。\n"
	"log.vkey is the key of the log; compare it with one you have from elsewhere (/log/vkey of the platform, older receipts, the authority).\n"
	"\n"
	"summary.html   给人看的经过（浏览器打开）/ what happened, for people, in a browser\n"
	"summary.txt    同样内容的文字 / the same as text\n"
	"steps.ndjson   同样内容，供程序读 / the same for programs\n"
	"receipts/      每条记录的凭证（c2sp.org/tlog-proof@v1），含您可以看到的内容；其余内容只有哈希 / a receipt of each record with what you may see; of the rest only hashes\n"
	"documents/     这些记录的文件，名字是内容的 SHA-256；旁边有 .prefix 的，是它连同内容的 SHA-256（cat X.prefix X.pdf | sha256sum）\n"
	"               documents of these records, named by the SHA-256 of their content; where a .prefix lies beside it, of that and the content\n"
	"checkpoint     制作时日志的签名状态 / the signed head of the log when this was made\n"
	"SHA256SUMS     以上各文件的 SHA-256 / SHA-256 of all of these\n";

static enum err put_rest(struct packing *p)
{
	struct call *c = p->c;
	struct log *log = kernel_log(c->k);
	struct str note = S(""), vkeys = log_vkey(log, TREE_SHA256), vkey = S("");
	struct str html = S("");
	enum err e = log_checkpoint(log, c->arena, TREE_SHA256, &note), page = kernel_render(c->k, c->arena, "evidence", told_node(c->arena, buf_str(&p->summary)), &html);
	const struct { const char *name; struct str bytes; } rest[] = {
		{ "summary.txt", buf_str(&p->summary) }, { "summary.html", html }, { "steps.ndjson", buf_str(&p->steps) }, { "README.txt", str_of(readme) },
		{ "log.vkey", str_cut(&vkeys, '\n', &vkey) ? str_join(c->arena, vkey, S("\n")) : S("") }, { "checkpoint", note },
	};

	if (page && page != E_STATE)
		e = page;
	for (size_t i = 0; i < ROWS(rest) && !e; i++)
		e = !html.n && strcmp(rest[i].name, "summary.html") == 0 ? OK : put_member(p, str_of(rest[i].name), rest[i].bytes);
	return e ? e : zip_put(p->zip, "SHA256SUMS", buf_str(&p->sums));
}

static enum err pack_all(struct packing *p, const struct chain_seen *s)
{
	struct call *c = p->c;
	enum err e;

	buf_fmt(&p->summary, "%.*s 的流向证据 / evidence of where it has been\n制作 / made %.*s，%.*s\n", STR_ARG(s->subject.text), STR_ARG(time_str(c->arena, c->now, false)),
	        STR_ARG(log_origin(kernel_log(c->k))));
	e = put_goods_records(p);
	if (!e)
		e = put_steps(p, s);
	if (s->chain.cut_short)
		buf_z(&p->summary, "\n记录太多，只列出前面的 / more records than are listed here\n");
	return e ? e : put_rest(p);
}

/* The buffer of the zip is no memory of the arena: it is given back also when the arena is full. */
enum err chain_package(struct call *c)
{
	struct packing p = { .c = c };
	struct chain_seen s;
	jmp_buf full, *before = c->arena->full;
	enum err e = chain_seen(c, true, &s), ended;
	int over;

	if (e)
		return e;
	p.sums = buf_in(c->arena, 8192);
	p.summary = buf_in(c->arena, 16384);
	p.steps = buf_in(c->arena, 16384);
	p.documents = map_in(c->arena);
	e = zip_begin(&p.zip);
	if (e)
		return e;
	c->arena->full = &full;
	over = setjmp(full);
	e = over ? (enum err)over : pack_all(&p, &s);
	c->arena->full = before;
	ended = zip_end(p.zip, e ? NULL : c->arena, &p.out);
	if (e || ended)
		return e ? e : ended;
	c->bytes = p.out;
	c->media = "application/zip";
	c->file_name = str_fmt(c->arena, "chain-%.*s.zip", (int)(s.subject.text.n > 40 ? 40 : s.subject.text.n), s.subject.text.p);
	return OK;
}
