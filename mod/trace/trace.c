/* mod/trace/trace.c - the tables of the trace platform: record types, operations, flows. Functions are in the files beside it. */
#include "kernel/job.h"
#include "mod/trace/flow.h"
#include "mod/trace/print.h"

#define FIELD(id, ...) ROW(id, __VA_ARGS__)
static const struct field product_fields[] = {
#include "product.def"
};
static const struct field batch_fields[] = {
#include "batch.def"
};
static const struct field sale_fields[] = {
#include "sale.def"
};
static const struct field purchase_fields[] = {
#include "purchase.def"
};
static const struct field resale_fields[] = {
#include "resale.def"
};
static const struct field pack_fields[] = {
#include "pack.def"
};
static const struct field activation_fields[] = {
#include "activation.def"
};
static const struct field life_fields[] = {
#include "life.def"
};
static const struct field attachment_fields[] = {
#include "attachment.def"
};
static const struct field custom_fields[] = {
#include "custom.def"
};
static const struct field alias_fields[] = {
#include "alias.def"
};
static const struct field certificate_fields[] = {
#include "certificate.def"
};
static const struct field report_fields[] = {
#include "report.def"
};
#undef FIELD

#define TYPE(id, sch, z, e, lf, bl, cl, ti, ...) \
	const struct type id##_type = { .name = #id, .schema = sch, .zh = z, .en = e, .leaf = lf, .blind = bl, .fields = id##_fields, \
		.n = ROWS(id##_fields), .clause = cl, .title = ti, __VA_ARGS__ };
/*   name        schema                      Chinese             English                  leaf       blind  clause       title */
TYPE(product,    "samr-2024-10/product",   "产品",             "product",               LEAF_OBJ,  false, "附2-1-2",   "product_name", .package = "annex2")
TYPE(batch,      "samr-2024-10/batch",     "批次",             "batch",                 LEAF_OBJ,  false, "附2-1-2",   "factory_batch_or_serial_no", .plural = "batches", .package = "annex2")
TYPE(sale,       "samr-2024-10/sale",      "生产单位流向",     "sale by the maker",     LEAF_FLOW, true,  "附2-1-3",   "buyer_name", .package = "annex2")
TYPE(purchase,   "samr-2024-10/purchase",  "销售单位进货",     "purchase by a seller",  LEAF_FLOW, true,  "附2-2-2",   "supplier_name", .package = "annex2")
TYPE(resale,     "samr-2024-10/resale",    "销售单位售出",     "sale by a seller",      LEAF_FLOW, true,  "附2-2-2",   "customer_name", .package = "annex2")
TYPE(pack,       "suyuan/pack",            "码包",             "pack of codes",         LEAF_SET,  true,  "附3",       "grain")
TYPE(activation, "suyuan/activation",      "激活",             "activation",            LEAF_SET,  true,  "附3",       "batch")
TYPE(life,       "suyuan/life",            "码的状态变化",     "what happened to codes", LEAF_SET, true,  "一",        "event", .plural = "lives")
TYPE(attachment, "suyuan/attachment",      "附件",             "attachment",            LEAF_SET,  true,  "附2-1-2",   "what")
TYPE(custom,     "suyuan/custom",          "定制产品台账",     "custom-product ledger", LEAF_FLOW, true,  "二（四）",  "product_name")
TYPE(alias,      "suyuan/alias",          "同物多码",         "further codes of goods", LEAF_SET, true,  "二（三）",  "scheme", .plural = "aliases")
TYPE(certificate, "suyuan/certificate",   "证书与许可证名录",   "certificate or licence as listed", LEAF_OBJ, false, "附3-四", "number", .common = true)
TYPE(report,     "suyuan/report",          "可疑产品线索",     "report of suspicious goods", LEAF_NOTE, true, "一",     "what")

static const struct type *const types[] = { &product_type, &batch_type, &sale_type, &purchase_type, &resale_type, &pack_type, &activation_type,
	&life_type, &attachment_type, &custom_type, &report_type, &alias_type, &certificate_type };

/* ---- inputs that are not records ---- */

static const struct field code_fields[] = { ROW(code, CODE, REQUIRED, PUBLIC, "二（一）", "追溯码", .max = 500, .en = "code") };
static const struct type code_in = { .name = "code", .zh = "追溯码", .en = "code", .fields = code_fields, .n = 1 };

static const struct field stream_fields[] = {
	ROW(id, REF, REQUIRED, PUBLIC, "附3", "码包", .ref = "pack", .own = true, .en = "pack")
	ROW(format, NAMES, OPTIONAL, PUBLIC, OURS, "格式", .list = "text|csv|ndjson", .max = 1, .en = "format")
	ROW(form, NAMES, OPTIONAL, PUBLIC, "附3", "形式", .list = FORM_NAMES, .max = 1, .en = "form", .help = "码怎样书写：裸码、网址、GS1 数字链接、元素串、Ecode、RFID 等")
};
static const struct type stream_in = { .name = "codes", .zh = "追溯码清单", .en = "codes", .fields = stream_fields, .n = ROWS(stream_fields) };

static const struct field ticket_fields[] = { ROW(id, REF, REQUIRED, PUBLIC, "一", "线索编号", .ref = "report", .en = "ticket") };
static const struct type ticket_in = { .name = "ticket", .zh = "线索查询", .en = "ticket", .fields = ticket_fields, .n = 1 };

static const struct field number_fields[] = { ROW(number, PERMIT, REQUIRED, PUBLIC, "附3-四", "证书或许可证编号", .en = "certificate or licence number") };
static const struct type number_in = { .name = "number", .zh = "联网查询", .en = "look-up", .fields = number_fields, .n = 1 };

static const struct job_kind jobs[] = { { .kind = "lookup", .run = lookup_run, .patient = true }, { .kind = "print", .run = print_run } };

/* ---- flows ---- */

static const struct step report_steps[] = {
	{ "report", "open", "take", "taken", R_OFFICER | R_OPERATOR, 15, true, "一", "受理", "take" },
	{ "report", "open", "refuse", "closed", R_OFFICER | R_OPERATOR, 0, false, "一", "不予受理", "refuse" },
	{ "report", "taken", "answer", "answered", R_OFFICER | R_OPERATOR, 0, false, "一", "答复", "answer" },
	{ "report", "answered", "reopen", "taken", R_OFFICER | R_OPERATOR, 15, true, "一", "重新办理", "reopen" },
};
/* Retention: the ledger of a custom product is kept at least three years; then its party may let it go. */
static const struct step custom_steps[] = {
	{ "custom", "filed", "confirm", "confirmed", R_USER | R_MAKER | R_SELLER, 3 * 366, false, "二（四）", "使用方确认", "confirm",
	  .two_persons = true, .other_side = true },
	{ "custom", "filed", "keep", "kept", R_MAKER, 3 * 366, false, "二（四）", "以合同为凭", "keep on the contract" },
	{ "custom", "confirmed", "release", "released", R_MAKER, 0, false, "二（四）", "保存期满", "release", .after_due = true },
	{ "custom", "kept", "release", "released", R_MAKER, 0, false, "二（四）", "保存期满", "release", .after_due = true },
};
static const struct flow flows[] = {
	{ .name = "report", .zh = "可疑产品线索", .en = "report", .start = "open", .types = "report", .steps = report_steps, .n = ROWS(report_steps), .days = 7,
	  .working = true, .clause = "一" },
	{ .name = "custom", .zh = "定制产品台账", .en = "custom ledger", .start = "filed", .types = "custom", .steps = custom_steps, .n = ROWS(custom_steps),
	  .days = 30, .clause = "二（四）" },
};

/* ---- operations ---- */

#define FILES(t, verb, p, w, ins, run_, cl, z, e, ...) \
	{ .name = #t "." verb, .method = POST, .path = p, .who = w, .inside = ins, .scope = SCOPE_OWN, .mode = WRITES, .in = &t##_type, .run = run_, \
	  .clause = cl, .zh = z, .en = e, .files = &t##_type, __VA_ARGS__ },

/* A file of codes alone, or of pairs of codes, is filed many lines at a time. */
static const struct gather pack_lines = { 1, { PACK_codes }, 50000 }, alias_lines = { 2, { ALIAS_items, ALIAS_codes }, 20000 };

#define PRINT_OP(n, m, p, least, md, t, r, z, e, ...) { .name = n, .method = m, .path = p, .who = R_MAKER | R_SELLER, .inside = least, .scope = SCOPE_OWN, .mode = md, \
	.in = t, .run = r, .clause = "附3", .zh = z, .en = e, __VA_ARGS__ },

#define SCAN_ANSWER "code!:s code_text:s verdict!:s verdict_zh!:s verdict_en!:s level!:s advice_zh:s advice_en:s count:i first_seen:s grain:s product:o batch:o " \
	"maker:o documents:[o] steps:[o] ended:o proof:o"

#define PRINT_ANSWER "id!:s kind!:s what!:s state!:s at!:s progress:o name:s as:s form:s why_zh:s why_en:s from!:i count!:i copies!:i part!:i done!:i " \
	"labels!:i bytes!:i parts!:i product_name:s batch:s"

static const struct op ops[] = {
	FILES(product, "create", "/v1/products", R_MAKER, IN_FILER, product_create, "附2-1-2", "填报产品", "file a product", .corrects = true, .prepare = kernel_file_prepare,
	      .answer = "id!:s receipt!:Receipt permit_check:o")
	FILES(batch, "create", "/v1/batches", R_MAKER, IN_FILER, kernel_file, "附2-1-2", "填报批次", "file a batch", .corrects = true, .prepare = kernel_file_prepare)
	FILES(sale, "create", "/v1/sales", R_MAKER, IN_WAREHOUSE, kernel_file, "附2-1-3", "填报售出", "file a sale", .prefill = sale_prefill, .corrects = true, .prepare = kernel_file_prepare)
	FILES(purchase, "create", "/v1/purchases", R_SELLER | R_USER | R_MAKER, IN_WAREHOUSE, purchase_create, "附2-2-2", "填报进货", "file a purchase", .prefill = sale_prefill, .corrects = true, .prepare = purchase_prepare)
	FILES(resale, "create", "/v1/resales", R_SELLER, IN_WAREHOUSE, kernel_file, "附2-2-2", "填报售出", "file a resale", .prefill = sale_prefill, .corrects = true, .prepare = kernel_file_prepare)
	FILES(pack, "create", "/v1/packs", R_MAKER | R_SELLER, IN_FILER, pack_create, "附3", "申领或登记追溯码", "order or register codes", .gather = &pack_lines,
	      .answer = "id!:s receipt!:Receipt first:s last:s count!:i codes!:s")
	FILES(activation, "create", "/v1/activations", R_MAKER, IN_WAREHOUSE, kernel_file, "附3", "激活", "activate", .corrects = true, .prepare = kernel_file_prepare)
	FILES(life, "create", "/v1/lives", R_MAKER | R_OFFICER, IN_FILER, kernel_file, "一", "登记作废、退货、召回、销毁", "void, return, recall, destroy", .corrects = true, .prepare = kernel_file_prepare)
	FILES(attachment, "create", "/v1/attachments", R_MAKER, IN_FILER, kernel_file, "附2-1-2", "附文件或出厂编号", "attach", .corrects = true, .prepare = kernel_file_prepare)
	FILES(alias, "create", "/v1/aliases", R_MAKER, IN_FILER, kernel_file, "二（三）", "登记同物多码", "register further codes of goods", .corrects = true, .prepare = kernel_file_prepare,
	      .gather = &alias_lines)
	FILES(custom, "create", "/v1/customs", R_MAKER, IN_FILER, custom_create, "二（四）", "登记定制产品", "file a custom product", .corrects = true)
	FILES(certificate, "create", "/v1/certificates", R_OFFICER | R_OPERATOR, IN_NOBODY, certificate_create, "附3-四", "登记名录中的证书或许可证", "file what a list says of a certificate",
	      .prefill = certificate_prefill, .prepare = kernel_file_prepare)
	{ .name = "certificate.lookup", .method = POST, .path = "/v1/certificate_lookups", .who = R_OFFICER | R_OPERATOR, .scope = SCOPE_OWN, .mode = WRITES,
	  .in = &number_in, .run = lookup_create, .clause = "附3-四", .zh = "联网查询一个编号", .en = "look a number up" },
	{ .name = "certificate.lookups", .method = GET, .path = "/v1/certificate_lookups", .who = R_OFFICER | R_OPERATOR, .scope = SCOPE_OWN, .mode = READS,
	  .run = lookup_list, .clause = "附3-四", .zh = "联网查询情况", .en = "look-ups" },
	FILES(report, "create", "/v1/reports", R_ALL, IN_NOBODY, report_create, "一", "报告可疑产品", "report suspicious goods", .answer = "id!:s receipt!:Receipt ticket!:s state!:s")
	{ .name = "pack.codes", .method = GET, .path = "/v1/packs/{id}/codes", .who = R_MAKER | R_SELLER, .inside = IN_WAREHOUSE, .scope = SCOPE_OWN,
	  .mode = READS, .in = &stream_in, .run = pack_stream, .clause = "附3", .zh = "取码", .en = "stream codes",
	  .gives = "text/plain|text/csv|application/x-ndjson" },
	{ .name = "symbol.get", .method = GET, .path = "/v1/symbols", .who = R_ALL, .scope = SCOPE_PUBLIC, .mode = READS_LONG, .in = &symbol_in, .run = symbol_get,
	  .clause = "附3", .zh = "码图", .en = "one symbol", .gives = "image/svg+xml|image/png" },
	PRINT_OP("label.choices", GET, "/v1/labels/choices", IN_WAREHOUSE, READS, &choices_in, label_choices, "标签可选项", "what labels a pack may have",
	         .answer = "id!:s count!:i at_once!:i product_name:s specification:s batch:s forms!:[o] form!:s templates!:[o]")
	PRINT_OP("label.preview", POST, "/v1/labels/preview", IN_WAREHOUSE, READS_LONG, &sheet_in, label_preview, "预览标签", "look at a label", .gives = "image/svg+xml")
	PRINT_OP("label.sheet", POST, "/v1/labels", IN_WAREHOUSE, READS_LONG, &sheet_in, label_sheet, "打印标签", "print labels", .gives = "application/pdf|image/svg+xml|text/plain")
	PRINT_OP("print.create", POST, "/v1/prints", IN_FILER, WRITES, &print_in, print_create, "新建打印任务", "order a print job", .prepare = print_prepare, .answer = PRINT_ANSWER)
	PRINT_OP("print.get", GET, "/v1/prints/{id}", IN_WAREHOUSE, READS, &print_id_in, print_get, "打印任务的进度", "how it goes", .answer = PRINT_ANSWER " ready:[s]")
	PRINT_OP("print.list", GET, "/v1/prints", IN_WAREHOUSE, READS, NULL, print_list, "打印任务", "print jobs", .answer = "items!:[o]")
	PRINT_OP("print.part", GET, "/v1/prints/{id}/parts/{part}", IN_WAREHOUSE, READS, &print_part_in, print_part, "取一份", "one part", .gives = "application/pdf|text/plain")
	PRINT_OP("print.manifest", GET, "/v1/prints/{id}/manifest", IN_WAREHOUSE, READS_LONG, &print_id_in, print_manifest, "清单", "manifest", .gives = "application/x-ndjson")
	PRINT_OP("print.drop", POST, "/v1/prints/{id}/drop", IN_FILER, WRITES, &print_id_in, print_drop, "放弃打印任务", "drop a print job", .answer = PRINT_ANSWER)
	{ .name = "scan", .method = GET, .path = "/c/{code}", .who = R_ALL, .scope = SCOPE_PUBLIC, .mode = READS, .in = &code_in, .run = scan_run,
	  .clause = "二（一）", .zh = "扫码查询", .en = "scan", .page = "scan", .memory = scan_memory,
	  .answer = SCAN_ANSWER },
	{ .name = "code.where", .method = GET, .path = "/v1/codes/{code}/where", .who = R_SIGNED_IN, .scope = SCOPE_OWN, .mode = READS, .in = &code_in,
	  .run = where_run, .clause = "一", .zh = "流向", .en = "where has it been",
	  .answer = "code!:s pack:s index:i steps:[o]" },
	{ .name = "report.ticket", .method = GET, .path = "/v1/tickets/{id}", .who = R_ALL, .scope = SCOPE_PUBLIC, .mode = READS, .in = &ticket_in,
	  .run = ticket_run, .clause = "一", .zh = "查询线索办理", .en = "follow a ticket",
	  .answer = "ticket!:s state!:s since!:s due:s" },
};

const struct module trace_module = { .name = "trace", .zh = "重点工业产品质量安全追溯", .types = types, .n_types = ROWS(types), .ops = ops,
	.n_ops = ROWS(ops), .flows = flows, .n_flows = ROWS(flows), .lists = trace_lists, .n_lists = TRACE_LISTS, .jobs = jobs, .n_jobs = ROWS(jobs), .tables = trace_tables, .derived = trace_derived,
	.n_derived = TRACE_DERIVED, .project = trace_project, .forgotten = moves_forgotten, .fact = trace_fact, .outward = items_outward, .told = moves_told, .check = trace_check, .committed = trace_committed, .party_changed = trace_party_changed, .open = trace_open,
	.close = trace_close, .tick = trace_tick };
