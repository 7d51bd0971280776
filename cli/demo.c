/* cli/demo.c - the whole chain once, through the same operations everybody uses: register, confirm, file, issue a million codes, sell,
 * receive, resell, scan, report, trace, verify. Every name begins with 示例; every code has right check digits.
 */
#include "base/sys.h"
#include "cli/demo.h"
#include "ident/ident.h"

struct demo {
	const struct cli *cli;
	struct kernel *k;
	struct arena *a;
	const struct actor *operator_, *officer, *association;
	const struct actor *party[6];
	struct str party_id[6], token[6], uscc[6];
	struct str operator_token, officer_token, association_token;
	struct str rope, rope_batch, stove, stove_batch, pack, stove_pack;
	struct str first, codes[10], reel;
	int64_t began;
	bool failed;
};

enum { ROPE_WORKS, STOVE_WORKS, SHOP_1, SHOP_2, SHOP_3, BUILDER };
static const struct {
	const char *role, *name, *region, *body, *address, *contact, *login;
} cast[6] = {
	[ROPE_WORKS] = { "maker", "示例钢丝绳厂", "320623", "MA1EXRP0", "江苏省南通市如东县示例路1号", "0513-80000001", "rope" },
	[STOVE_WORKS] = { "maker", "示例燃气灶具厂", "440606", "MA4EXGT0", "广东省佛山市顺德区示例路2号", "0757-20000002", "stove" },
	[SHOP_1] = { "seller", "示例五金批发部", "320611", "MA1EXHB1", "江苏省南通市港闸区示例路3号", "0513-80000003", "shop1" },
	[SHOP_2] = { "seller", "示例建材商店", "320623", "MA1EXHB2", "江苏省南通市如东县示例路4号", "0513-80000004", "shop2" },
	[SHOP_3] = { "seller", "示例厨具商店", "440606", "MA4EXHB3", "广东省佛山市顺德区示例路5号", "0757-20000005", "shop3" },
	[BUILDER] = { "user_unit", "示例建筑工程公司", "320623", "MA1EXHB6", "江苏省南通市如东县示例路6号", "0513-80000006", "builder" },
};
static const char demo_password[] = "demo-password-1";

/* ---- calling ---- */

static const struct node *ask(struct demo *d, const struct actor *who, const char *op, struct node *in, struct str upload)
{
	struct call *c = TAKE(d->a, struct call, 1);

	*c = (struct call){ .k = d->k, .op = op_find(d->k, str_of(op)), .who = who, .raw = in, .arena = d->a, .now = clock_now() };
	c->upload.bytes = upload;
	if (d->failed)
		return NULL;
	if (!c->op) {
		fprintf(stderr, "demo: no operation %s\n", op);
		d->failed = true;
		return NULL;
	}
	op_run_wait(c);
	if (c->err) {
		fprintf(stderr, "demo: %s: %s %s\n", op, err_zh(c->err), c->why_zh ? c->why_zh : "");
		for (const struct trouble *t = c->troubles.first; t; t = t->next)
			fprintf(stderr, "  %.*s: %.*s\n", STR_ARG(t->field), STR_ARG(t->zh));
		d->failed = true;
		return NULL;
	}
	if (c->media && !c->out->n)
		put_str(d->a, c->out, "text", c->bytes);
	if (c->stream) {
		char *text = arena_take(d->a, 4096);
		int64_t n = c->stream->pull(c->stream->ctx, text, 4000);

		c->stream->done(c->stream->ctx);
		put_str(d->a, c->out, "text", (struct str){ text, n > 0 ? (size_t)n : 0 });
	}
	return c->out;
}

/* "name", "value", ..., NULL */
static struct node *in_of(struct demo *d, ...)
{
	struct node *o = node_obj(d->a);
	const char *name;
	va_list args;

	va_start(args, d);
	while ((name = va_arg(args, const char *)) != NULL)
		put_z(d->a, o, name, va_arg(args, const char *));
	va_end(args);
	return o;
}

static void step(struct demo *d, const char *zh, const char *en)
{
	int64_t now = clock_mono();

	if (!d->cli->json && !d->failed)
		printf("%8.1f ms  %s / %s\n", (double)(now - d->began) / 1e6, zh, en);
	fflush(stdout);
	d->began = clock_mono();
}

static const struct actor *as(struct demo *d, struct str token)
{
	const struct actor *who = NULL;

	if (!d->failed && actor_of(d->k, d->a, token, S(""), clock_now(), &who))
		d->failed = true;
	return who;
}

static struct str file(struct demo *d, const struct actor *who, struct str bytes, bool open)
{
	return str_copy(d->a, node_text(ask(d, who, "file.put", in_of(d, "open", open ? "true" : "false", NULL), bytes), "file"));
}

/* ---- the cast ---- */

static struct str make_uscc(struct demo *d, const char *region, const char *body)
{
	struct str first17 = str_fmt(d->a, "91%s%s%c", region, body, org_code_check_char(str_of(body)));

	return str_fmt(d->a, "%.*s%c", STR_ARG(first17), uscc_check_char(first17));
}

static struct str open_account(struct demo *d, const struct actor *who, const char *login, const char *role, const char *region)
{
	struct node *in = in_of(d, "login", login, "password", demo_password, "role", role, NULL);

	if (region)
		put_z(d->a, in, "region", region);
	(void)ask(d, who, "account.create", in, S(""));
	return str_copy(d->a, node_text(ask(d, &nobody, "session.open", in_of(d, "login", login, "password", demo_password, NULL), S("")), "token"));
}

static void register_all(struct demo *d)
{
	struct str licence = file(d, &nobody, demo_paper(d->a, "business licence"), true);

	for (size_t i = 0; i < ROWS(cast) && !d->failed; i++) {
		struct node *in = node_obj(d->a);
		const struct node *out;

		d->uscc[i] = make_uscc(d, cast[i].region, cast[i].body);
		put_z(d->a, in, i < SHOP_1 ? "manufacturer_name" : i < BUILDER ? "seller_name" : "user_unit_name", cast[i].name);
		put_str(d->a, in, "uscc", d->uscc[i]);
		put_z(d->a, in, i < SHOP_1 ? "manufacturer_address" : i < BUILDER ? "seller_address" : "user_unit_address", cast[i].address);
		put_z(d->a, in, i < SHOP_1 ? "manufacturer_contact" : i < BUILDER ? "seller_contact" : "user_unit_contact", cast[i].contact);
		put_str(d->a, in, "business_licence", licence);
		put_z(d->a, in, "region", cast[i].region);
		put_z(d->a, in, "login", cast[i].login);
		put_z(d->a, in, "password", demo_password);
		out = ask(d, &nobody, str_fmt(d->a, "%s.register", cast[i].role).p, in, S(""));
		d->token[i] = str_copy(d->a, node_text(out, "token"));
		d->party_id[i] = str_copy(d->a, node_text(out, "id"));
		d->party[i] = as(d, d->token[i]);
	}
}

static void confirm_some(struct demo *d)
{
	static const size_t confirmed[] = { ROPE_WORKS, SHOP_1, SHOP_2, BUILDER };      /* the others stay 未核验, as on a first day */

	for (size_t i = 0; i < ROWS(confirmed) && !d->failed; i++)
		(void)ask(d, d->officer, "registration.confirm", in_of(d, "id", str_z(d->a, d->party_id[confirmed[i]]), NULL), S(""));
}

/* ---- goods ---- */

static struct str batch_of(struct demo *d, size_t who, struct str product, const char *number, const char *date, const char *report_no,
                           const char *quantity, const char *unit)
{
	struct str report = file(d, d->party[who], demo_paper(d->a, report_no), false);
	struct node *in = in_of(d, "trace_code", "platform", "production_date", date, "factory_batch_or_serial_no", number, "report_kind", "factory",
	                        "report_no", report_no, "report_date", date, "report_conclusion", "合格", "quantity", quantity, "unit", unit, NULL);

	put_str(d->a, in, "product", product);
	put_str(d->a, in, "inspection_report", report);
	put_z(d->a, in, "report_issuer", cast[who].name);
	return str_copy(d->a, node_text(ask(d, d->party[who], "batch.create", in, S("")), "id"));
}

static void file_goods(struct demo *d)
{
	struct node *in = in_of(d, "product_name", "示例牌钢丝绳", "product_type", "steel_wire_ropes_01", "specification_model", "6×36WS+IWRC-20-1770",
	                        "warranty_period", "不涉及", "mandatory_national_standard", NO_MANDATORY_STANDARD, "standard_applied", "GB/T 20118-2017",
	                        "licence_or_ccc_certificate_no", "(苏)XK05-005-00001", "label_place", "绳盘侧板和合格证",
	                        "nameplate", "示例钢丝绳厂 6×36WS+IWRC 公称直径20mm 1770MPa", NULL);

	put_str(d->a, in, "manual_or_warning", file(d, d->party[ROPE_WORKS], demo_paper(d->a, "wire rope manual"), true));
	put_str(d->a, in, "photo", file(d, d->party[ROPE_WORKS], demo_photo(d->a, true), true));
	d->rope = str_copy(d->a, node_text(ask(d, d->party[ROPE_WORKS], "product.create", in, S("")), "id"));
	d->rope_batch = batch_of(d, ROPE_WORKS, d->rope, "20261101-A", "2026-11-01", "SL-2026-1101", "1000000", "piece");
	in = in_of(d, "product_name", "示例牌家用燃气灶", "product_type", "gas_appliances_03", "specification_model", "JZT-2B6", "warranty_period", "24个月",
	           "mandatory_national_standard", "GB 16410-2020", "licence_or_ccc_certificate_no", "2024012401000001", "label_place", "灶具底部铭牌旁",
	           "nameplate", "JZT-2B6 12T 4.2kW 2800Pa", NULL);
	put_str(d->a, in, "manual_or_warning", file(d, d->party[STOVE_WORKS], demo_paper(d->a, "gas stove manual"), true));
	put_str(d->a, in, "photo", file(d, d->party[STOVE_WORKS], demo_photo(d->a, false), true));
	d->stove = str_copy(d->a, node_text(ask(d, d->party[STOVE_WORKS], "product.create", in, S("")), "id"));
	d->stove_batch = batch_of(d, STOVE_WORKS, d->stove, "ZJ20261015", "2026-10-15", "CJ-2026-1015", "500", "set");
}

static void issue(struct demo *d)
{
	const struct node *out = ask(d, d->party[ROPE_WORKS], "pack.create",
	                             in_of(d, "batch", str_z(d->a, d->rope_batch), "grain", "item", "count", "1000000", NULL), S(""));

	d->pack = str_copy(d->a, node_text(out, "id"));
	d->first = str_copy(d->a, node_text(out, "first"));
	step(d, "申领 1,000,000 个追溯码", "1,000,000 codes issued");
	out = ask(d, d->party[STOVE_WORKS], "pack.create", in_of(d, "batch", str_z(d->a, d->stove_batch), "grain", "item", "count", "500", NULL), S(""));
	d->stove_pack = str_copy(d->a, node_text(out, "id"));
	out = ask(d, d->party[ROPE_WORKS], "pack.codes", in_of(d, "id", str_z(d->a, d->pack), NULL), S(""));
	for (size_t i = 0; i < ROWS(d->codes); i++)
		d->codes[i] = str_sub(node_text(out, "text"), i * 21, 20);
}

static struct node *items_of(struct demo *d, struct node *in, const char *field, const char *range, struct str pack)
{
	struct node *list = put_arr(d->a, in, field);

	node_add(list, node_str(d->a, str_fmt(d->a, "%.*s:%s", STR_ARG(pack), range)));
	return in;
}

/* A sale to a named buyer waits for its answer; the answer files the purchase. */
static void deliver(struct demo *d, size_t from, size_t to, const char *op, struct node *in)
{
	struct str id = str_copy(d->a, node_text(ask(d, d->party[from], op, in, S("")), "id"));

	(void)ask(d, d->party[to], "offer.answer", in_of(d, "id", str_z(d->a, id), "accept", "all", NULL), S(""));
}

static void sell(struct demo *d)
{
	struct node *in = items_of(d, in_of(d, "buyer_uscc", str_z(d->a, d->uscc[SHOP_1]), "sale_time", "2026-11-10", NULL), "items", "0-99999", d->pack);

	deliver(d, ROPE_WORKS, SHOP_1, "sale.create", in);
	step(d, "生产单位售出 100,000 件，销售单位接收", "100,000 sold by the maker, accepted by the shop");
	in = in_of(d, "customer_uscc", str_z(d->a, d->uscc[BUILDER]), "sold_time", "2026-11-15", NULL);
	deliver(d, SHOP_1, BUILDER, "resale.create", items_of(d, in, "trace_code", "0-9", d->pack));
	step(d, "售出 10 件给用户单位", "10 resold to a user unit");
	in = items_of(d, in_of(d, "buyer_uscc", str_z(d->a, d->uscc[SHOP_3]), "sale_time", "2026-11-12", NULL), "items", "0-199", d->stove_pack);
	deliver(d, STOVE_WORKS, SHOP_3, "sale.create", in);
	(void)ask(d, d->party[SHOP_3], "resale.create", items_of(d, in_of(d, "customer_kind", "consumer", "sold_time", "2026-11-20", NULL), "trace_code", "0-0",
	          d->stove_pack), S(""));
	(void)ask(d, d->party[STOVE_WORKS], "life.create", items_of(d, in_of(d, "event", "void", "reason", "标签印刷破损", NULL), "items", "499-499",
	          d->stove_pack), S(""));
	step(d, "燃气灶：售出、接收、零售给个人消费者、作废一枚标签", "stoves: sold, accepted, retailed, one label void");
}

/* A reel of rope: what it carries, a piece with a code of its own, a length over the counter. Another delivery is still on its way. */
static void cut_reel(struct demo *d)
{
	const struct node *out = ask(d, d->party[ROPE_WORKS], "pack.create", in_of(d, "batch", str_z(d->a, d->rope_batch), "grain", "item", "count", "20", NULL), S(""));
	struct str reels = str_copy(d->a, node_text(out, "id")), piece;

	d->reel = str_copy(d->a, node_text(out, "first"));
	(void)ask(d, d->party[ROPE_WORKS], "measure.create", items_of(d, in_of(d, "quantity", "1000", "unit", "m", "tolerance", "0.5", NULL), "items", "0-19", reels), S(""));
	deliver(d, ROPE_WORKS, SHOP_2, "sale.create", items_of(d, in_of(d, "buyer_uscc", str_z(d->a, d->uscc[SHOP_2]), "sale_time", "2026-11-12", NULL), "items", "0-4", reels));
	(void)ask(d, d->party[ROPE_WORKS], "sale.create", items_of(d, in_of(d, "buyer_uscc", str_z(d->a, d->uscc[SHOP_2]), "document_no", "CK-20261118-03", NULL), "items",
	          "5-9", reels), S(""));
	out = ask(d, d->party[SHOP_2], "pack.create", in_of(d, "grain", "item", "count", "50", "pieces", "true", NULL), S(""));
	piece = str_copy(d->a, node_text(out, "first"));
	(void)ask(d, d->party[SHOP_2], "cut.create", in_of(d, "from", str_z(d->a, d->reel), "quantity", "120", "unit", "m", "piece", str_z(d->a, piece), NULL), S(""));
	(void)ask(d, d->party[SHOP_2], "cut.create", in_of(d, "from", str_z(d->a, d->reel), "quantity", "12.5", "unit", "m", "offcut", "0.2", NULL), S(""));
	step(d, "一盘 1000 米的绳：分割 120 米一段（有码）和 12.5 米（零售）", "a reel of 1000 m: a piece of 120 m with a code, 12.5 m over the counter");
}

static void look(struct demo *d)
{
	const struct node *out;

	(void)ask(d, &nobody, "report.create", in_of(d, "code", str_z(d->a, d->codes[3]), "what", "绳盘上的标签像是后贴的，请核查。", "region", "320623", NULL), S(""));
	step(d, "消费者报告一件可疑产品", "a consumer reports suspicious goods");
	out = ask(d, &nobody, "scan", in_of(d, "code", str_z(d->a, d->codes[0]), NULL), S(""));
	if (!d->cli->json && out)
		printf("             %.*s → %.*s\n", STR_ARG(d->codes[0]), STR_ARG(node_text(out, "verdict_zh")));
	step(d, "扫码查询", "scan");
	out = ask(d, d->officer, "code.where", in_of(d, "code", str_z(d->a, d->codes[0]), NULL), S(""));
	if (!d->cli->json && out)
		for (const struct node *s = node_get(out, "steps")->first; s; s = s->next)
			printf("             %.*s（日志第 %lld 条）\n", STR_ARG(node_text(s, "what_zh")), (long long)node_number(s, "index", -1));
	step(d, "追溯流向", "trace");
}

static void verify(struct demo *d)
{
	struct verify_report r;
	enum err e = d->failed ? OK : kernel_verify(d->k, d->a, NULL, &r);

	if (e) {
		fprintf(stderr, "demo: verify: %.*s\n", STR_ARG(r.problem));
		d->failed = true;
	}
	step(d, "核验全部日志和记录", "everything verified");
}

static void play(struct demo *d)
{
	d->began = clock_mono();
	d->operator_token = open_account(d, &the_operator, "operator", "operator", NULL);
	d->officer_token = open_account(d, &the_operator, "officer", "officer", "320000");
	d->association_token = open_account(d, &the_operator, "association", "association", NULL);
	d->officer = as(d, d->officer_token);
	step(d, "开设运营、监管、协会账号", "operator, officer and association");
	register_all(d);
	step(d, "六家单位登记", "six parties registered");
	confirm_some(d);
	step(d, "监管人员核验", "confirmed by an officer");
	file_goods(d);
	step(d, "填报产品和批次", "products and batches filed");
	issue(d);
	sell(d);
	cut_reel(d);
	look(d);
	verify(d);
}

static void print_json(struct demo *d)
{
	static const size_t shown[] = { ROPE_WORKS, STOVE_WORKS, SHOP_1, SHOP_2, SHOP_3, BUILDER };
	struct node *o = node_obj(d->a), *list = put_arr(d->a, o, "parties"), *tokens = put_obj(d->a, o, "tokens");

	for (size_t i = 0; i < ROWS(shown); i++) {
		struct node *p = node_obj(d->a);

		put_str(d->a, p, "id", d->party_id[i]);
		put_z(d->a, p, "role", cast[i].role);
		put_str(d->a, p, "uscc", d->uscc[i]);
		put_z(d->a, p, "name", cast[i].name);
		node_add(list, p);
	}
	put_str(d->a, tokens, "operator", d->operator_token);
	put_str(d->a, tokens, "maker", d->token[ROPE_WORKS]);
	put_str(d->a, tokens, "seller", d->token[SHOP_1]);
	put_str(d->a, tokens, "association", d->association_token);
	put_str(d->a, tokens, "officer", d->officer_token);
	list = put_arr(d->a, o, "batches");
	node_add(list, node_str(d->a, d->rope_batch));
	node_add(list, node_str(d->a, d->stove_batch));
	list = put_arr(d->a, o, "codes");
	for (size_t i = 0; i < ROWS(d->codes); i++)
		node_add(list, node_str(d->a, d->codes[i]));
	printf("%.*s\n", STR_ARG(json_str(d->a, o)));
}

int cli_demo(const struct cli *c)
{
	struct arena a;
	jmp_buf full;
	struct demo d = { .cli = c, .a = &a };
	int code = cli_make_home(c, true);

	if (code)
		return code;
	if (cli_open(c, true, &d.k))
		return err_exit(E_IO);
	arena_init(&a, (size_t)1 << 30, &full);
	if (setjmp(full))
		d.failed = true;
	else
		play(&d);
	if (!d.failed && c->json)
		print_json(&d);
	else if (!d.failed)
		printf("示例追溯码 / example codes:\n  %s/c/%.*s\n  %s/c/%.*s\n登录 / log in: rope, stove, shop1, shop2, shop3, builder, officer, operator；密码 / password: %s\n",
		       kernel_public_url(d.k), STR_ARG(d.codes[0]), kernel_public_url(d.k), STR_ARG(d.codes[5]), demo_password);
	arena_end(&a);
	kernel_close(d.k);
	return d.failed ? err_exit(E_INTERNAL) : 0;
}
