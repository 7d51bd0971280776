/* tests/ops/privacy_story.h - a story in which everything that can be withheld is withheld, each value marked; for test_privacy.c alone. */
#ifndef SUYUAN_PRIVACY_STORY_H
#define SUYUAN_PRIVACY_STORY_H

static struct {
	struct str sale, sale_to_seller, purchase, resale, custom, report, batch, product, pack, life, attachment, activation;
	struct str report_file, contract, photo, paper, code[4], uscc;
} s;
static const char secret_paper[] = "KHEFTPAPERMARKER";

static struct str named_file(struct house *h, enum who w, const char *words, const char *file_name)
{
	struct call *c = TAKE(&h->a, struct call, 1);

	*c = (struct call){ .k = h->k, .op = op_find(h->k, S("file.put")), .who = actor(h, w), .raw = in_of(h, "open", "false", NULL), .arena = &h->a,
		.now = h->now++, .upload = { str_of(file_name), pdf(h, words) } };
	op_run_wait(c);
	assert_int_equal(c->err, OK);
	return str_copy(&h->a, node_text(c->out, "file"));
}

static struct str filed(struct house *h, enum who w, const char *op, struct node *in)
{
	struct answer a = ask(h, actor(h, w), op, in, S(""), NULL);

	if (a.err) {
		for (const struct trouble *t = a.c->troubles.first; t; t = t->next)
			print_error("  %.*s: %.*s\n", STR_ARG(t->field), STR_ARG(t->en));
		fail_msg("%s: %s", op, err_name(a.err));
	}
	return answer_id(h, &a);
}

static const char *items(struct house *h, const char *range) { return str_fmt(&h->a, "%.*s:%s", STR_ARG(s.pack), range).p; }

/* A right code of nobody in the house. */
static struct str stranger(struct house *h) { return str_fmt(&h->a, "%s", "91110108551385082Q"); }

static void tell_goods(struct house *h)
{
	struct node *in;

	s.product = new_product(h, MAKER, "示例钢丝绳");
	s.report_file = named_file(h, MAKER, secret_paper, "KHEFTFILENAME1.pdf");
	in = batch_in(h, MAKER, s.product, "B-1");
	put_str(&h->a, in, "unit", S("piece"));
	put_z(&h->a, in, "quantity", mark(h, "batch.quantity", "70413.294817"));
	for (struct node *x = in->first; x; x = x->next)
		if (str_is(x->key, "inspection_report"))
			x->s = s.report_file;
	mark(h, "batch.inspection_report", z(h, s.report_file));
	mark(h, "content of a file", secret_paper);
	mark(h, "name of a file", "KHEFTFILENAME");
	s.batch = filed(h, MAKER, "batch.create", in);
	s.pack = new_pack(h, MAKER, s.batch, "70000", NULL);
	for (size_t i = 0; i < ROWS(s.code); i++)
		s.code[i] = nth_code(h, MAKER, s.pack, i);
	s.photo = named_file(h, MAKER, "KHEFTATTACHED", "x.pdf");
	mark(h, "attachment.file", z(h, s.photo));
	mark(h, "content of an attachment", "KHEFTATTACHED");
	s.attachment = filed(h, MAKER, "attachment.create", in_of(h, "what", "report", "file", z(h, s.photo), "items", items(h, mark(h, "attachment.items", "0-41729")), NULL));
	s.life = filed(h, MAKER, "life.create", in_of(h, "event", "returned", "reason", "公开的原因", "items", items(h, mark(h, "life.items", "3-41731")), NULL));
}

static void tell_flows(struct house *h)
{
	s.uscc = stranger(h);
	/* a record keeps ranges as the codes at their ends */
	mark(h, "last code of sale.items", z(h, nth_code(h, MAKER, s.pack, 41733)));
	mark(h, "last code of purchase.trace_code", z(h, nth_code(h, MAKER, s.pack, 41737)));
	mark(h, "last code of resale.trace_code", z(h, nth_code(h, MAKER, s.pack, 41739)));
	mark(h, "sale.buyer_uscc", z(h, s.uscc));
	s.sale = filed(h, MAKER, "sale.create", in_of(h, "sale_time", mark(h, "sale.sale_time", "2026-10-13T11:13:17Z"), "buyer_name",
		mark(h, "sale.buyer_name", "秘密购方公司KHEFT1"), "buyer_address", mark(h, "sale.buyer_address", "秘密地址KHEFT02"), "buyer_contact",
		mark(h, "sale.buyer_contact", "秘密联系KHEFT03"), "items", items(h, mark(h, "sale.items", "0-41733")), "quantity",
		mark(h, "sale.quantity", "61528.730194"), "unit", "kg", "buyer_uscc", z(h, s.uscc), NULL));
	s.sale_to_seller = filed(h, MAKER, "sale.create", in_of(h, "sale_time", "2026-10-14", "buyer_name", mark(h, "own.buyer_name", "自己看得见KHEFT04"),
		"buyer_address", "KHEFTADDR04", "buyer_contact", mark(h, "own.buyer_contact", "KHEFTCONTACT04"), "items", items(h, "0-41739"), "buyer_uscc",
		z(h, h->uscc[SELLER]), NULL));
	s.purchase = filed(h, SELLER, "purchase.create", in_of(h, "supplier_name", mark(h, "purchase.supplier_name", "供应商KHEFT05"), "purchase_time",
		mark(h, "purchase.purchase_time", "2026-10-15T12:17:19Z"), "trace_code", items(h, mark(h, "purchase.trace_code", "0-41737")), NULL));
	s.resale = filed(h, SELLER, "resale.create", in_of(h, "customer_name", mark(h, "resale.customer_name", "客户KHEFT06"), "sold_time",
		mark(h, "resale.sold_time", "2026-10-16T13:19:23Z"), "trace_code", items(h, mark(h, "resale.trace_code", "0-41739")), "customer_uscc",
		z(h, h->uscc[USER]), NULL));
	s.contract = named_file(h, MAKER, "KHEFTCONTRACT", "KHEFTFILENAME2.pdf");
	mark(h, "custom.contract", z(h, s.contract));
	s.custom = filed(h, MAKER, "custom.create", in_of(h, "product_name", "定制绳", "why_custom", "按图", "user_uscc", z(h, s.uscc), "user_name",
		mark(h, "custom.user_name", "使用方KHEFT07"), "contract", z(h, s.contract), "delivered", mark(h, "custom.delivered", "2026-10-17"), "quantity",
		mark(h, "custom.quantity", "51637.902846"), "unit", "t", NULL));
	s.report = filed(h, ANYBODY, "report.create", in_of(h, "code", z(h, s.code[1]), "what", mark(h, "report.what", "可疑情况KHEFT08"), "place",
		mark(h, "report.place", "秘密商店KHEFT09"), "region", "320623", "contact", mark(h, "report.contact", "kheft.person@example.org"), NULL));
}

static void tell_moves(struct house *h)
{
	filed(h, MAKER, "measure.create", in_of(h, "items", z(h, s.code[2]), "quantity", mark(h, "measure.quantity", "77123.456"), "unit", "m", NULL));
	filed(h, MAKER, "aggregation.create", in_of(h, "parent", mark(h, "aggregation.parent", "KHEFTCARTON01"), "action", "add", "items", items(h, "100-199"), NULL));
	filed(h, MAKER, "cut.create", in_of(h, "from", z(h, s.code[2]), "quantity", mark(h, "cut.quantity", "31.41592"), "unit", "m", "offcut", mark(h, "cut.offcut", "0.27182"),
		"cut_time", "2026-11-02", "customer_name", mark(h, "cut.customer_name", "客户KHEFT10"), "document_no", mark(h, "cut.document_no", "KHEFTDOC11"), NULL));
	filed(h, MAKER, "material.create", in_of(h, "batch", z(h, s.batch), "name", mark(h, "material.name", "盘条KHEFT12"), "supplier_name",
		mark(h, "material.supplier_name", "供应商KHEFT13"), "lot", mark(h, "material.lot", "KHEFTLOT14"), "quantity", mark(h, "material.quantity", "19283.7465"), "unit", "kg", NULL));
	filed(h, SELLER, "return.create", in_of(h, "items", z(h, s.code[3]), "from_name", mark(h, "return.from_name", "退货方KHEFT15"), "reason",
		mark(h, "return.reason", "原因KHEFT16"), "document_no", mark(h, "return.document_no", "KHEFTDOC17"), NULL));
}

static int tell(void **state)
{
	n_marks = 0;
	memset(&s, 0, sizeof(s));
	tell_goods(here(state));
	tell_flows(here(state));
	tell_moves(here(state));
	return 0;
}

#endif
