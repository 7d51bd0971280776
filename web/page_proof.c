/* web/page_proof.c - the proof panel of the scan page: the sentences its script (assets/proof.js) may say, and the commands for who has none;
 * and on the page of a record the form that makes a paper of chosen fields for others. */
#include "web/ask.h"

/* What is in braces is filled in by the script. One sentence each, for people who never heard of a hash. */
static const struct { const char *key, *zh, *en; } sentences[] = {
	{ "busy", "正在您的设备上核对……", "Checking on your device…" },
	{ "good", "您的设备已核对：这页的产品信息与 {date} 写入日志的记录一致（第 {index} 条，日志大小 {size}）。",
	  "Checked on your device: the product information on this page is what was written into the log on {date} (log entry {index}, log size {size})." },
	{ "note", "核对了 {n} 项：{what}。其余内容不在核对之内。", "{n} things were compared: {what}. The rest of the page was not." },
	{ "and", "、", ", " },
	{ "noed", "您的浏览器不能核对日志的签名（Ed25519）：内容与凭证一致，签名没有核对。请换用较新的浏览器，或按下面的方法核对。",
	  "Your browser cannot check the log's signature (Ed25519): the content agrees with the receipt, the signature was not checked. Use a newer browser, or check as described below." },
	{ "insecure", "这一页不是用 https 打开的，浏览器因此不提供核对功能：没有核对。请用 https 网址打开，或按下面的方法核对。",
	  "This page was not opened over https, so the browser has no means to check: nothing was checked. Open it over https, or check as described below." },
	{ "nocrypto", "您的浏览器没有核对所需的功能：没有核对。请换用较新的浏览器，或按下面的方法核对。",
	  "Your browser lacks what is needed to check: nothing was checked. Use a newer browser, or check as described below." },
	{ "hash", "这个记录用了这一页不认识的摘要算法：没有核对。请按下面的方法核对。",
	  "This record uses a hash this page does not know: nothing was checked. Check as described below." },
	{ "net", "没有取到凭证，因此没有核对。请检查网络后重新打开这一页。", "The receipts could not be fetched, so nothing was checked. Check the network and open this page again." },
	{ "nothing", "这一页没有可以核对的产品信息。", "There is no product information on this page to check." },
	{ "field", "核对不符：这页显示的“{what}”与日志里的记录不一样。", "Does not match: “{what}” on this page differs from the record in the log." },
	{ "record", "核对不符：凭证的内容不是日志里那条记录的内容。", "Does not match: what the receipt says is not what that record in the log says." },
	{ "other", "核对不符：凭证属于另一条记录。", "Does not match: the receipt is of another record." },
	{ "absent", "核对不符：日志里没有这一页所说的记录。", "Does not match: the record this page speaks of is not in the log." },
	{ "tree", "核对不符：凭证不能证明记录在日志里。", "Does not match: the receipt does not prove that the record is in the log." },
	{ "signature", "核对不符：日志的签名不对。", "Does not match: the signature of the log is wrong." },
	{ "key", "日志的验证密钥变了：与这台设备第一次见到的不同。", "The verifier key of the log has changed: it is not the one this device saw first." },
	{ "fork", "日志变了：与这台设备上次见到的对不上，写入过的内容可能被去掉或改动。",
	  "The log has changed: it does not agree with what this device saw last; something may have been taken out or altered." },
	{ "advice", "请不要相信这一页：保存截图，先不要购买或使用，并向市场监管部门反映（电话 12315）。",
	  "Do not trust this page: keep a screenshot, do not buy or use the goods for now, and tell the market regulator (12315 in China)." },
	{ "advice-log", "请先不要相信这一页：保存截图，向平台和市场监管部门（电话 12315）询问原因。",
	  "Do not trust this page for now: keep a screenshot and ask the platform and the market regulator (12315 in China) why." },
};

void put_proof(struct ask *q, struct node *o, const struct node *scan)
{
	const struct node *records = node_get(node_get(scan, "proof"), "records"), *first = records ? records->first : NULL;
	struct node *list = put_arr(q->a, o, "proof_words");

	for (size_t i = 0; i < ROWS(sentences); i++) {
		struct node *x = node_obj(q->a);

		put_z(q->a, x, "key", sentences[i].key);
		put_str(q->a, x, "text", ask_words(q, sentences[i].zh, sentences[i].en));
		node_add(list, x);
	}
	put_str(q->a, o, "proof_id", node_text(first, "id"));
	put_int(q->a, o, "proof_index", first ? node_get(first, "index")->i : 0);
	put_int(q->a, o, "log_size", (int64_t)log_shown(kernel_log(q->f->k)).size);
}

/* Whoever sees a blind record at all is one of its two sides; of one open to all only its own party gives more than everybody has. */
void put_give(struct ask *q, struct node *o, const struct type *t, const struct node *view, struct str id)
{
	const struct op *op = op_find(q->f->k, S("disclosure.give"));
	const struct node *mine = node_get(view, "mine");
	struct node *box, *list;

	if (!op || !may(q, op) || !((mine && mine->yes) || t->blind))
		return;
	box = put_obj(q->a, o, "give");
	put_str(q->a, box, "action", str_fmt(q->a, "/v1/records/%.*s/disclosure", STR_ARG(id)));
	list = put_arr(q->a, box, "fields");
	for (const struct node *row = node_get(view, "fields") ? node_get(view, "fields")->first : NULL; row; row = row->next) {
		const struct field *f = type_field(t, node_text(row, "name"), NULL);
		struct node *x = node_obj(q->a);

		if (!f)
			continue;
		put_z(q->a, x, "key", f->name);
		put_str(q->a, x, "name", ask_words(q, f->words, f->en));
		put_bool(q->a, x, "private", f->publicity == PRIVATE);
		node_add(list, x);
	}
}
