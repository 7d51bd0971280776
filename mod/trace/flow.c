/* mod/trace/flow.c - the tables of goods that move: their record types, operations and flows. Functions are in the files beside it. */
#include "kernel/job.h"
#include "mod/trace/chain.h"
#include "mod/trace/recall.h"
#include "mod/trace/statement.h"

#define FIELD(id, ...) ROW(id, __VA_ARGS__)
static const struct field return_fields[] = {
#include "return.def"
};
static const struct field refusal_fields[] = {
#include "refusal.def"
};
static const struct field aggregation_fields[] = {
#include "aggregation.def"
};
static const struct field measure_fields[] = {
#include "measure.def"
};
static const struct field cut_fields[] = {
#include "cut.def"
};
static const struct field material_fields[] = {
#include "material.def"
};
static const struct field finding_fields[] = {
#include "finding.def"
};
static const struct field explanation_fields[] = {
#include "explanation.def"
};
static const struct field statement_fields[] = {
#include "statement.def"
};
static const struct field recall_fields[] = {
#include "recall.def"
};
static const struct field recall_notice_fields[] = {
#include "recall_notice.def"
};
static const struct field recall_report_fields[] = {
#include "recall_report.def"
};
#undef FIELD

#define TYPE(id, sch, z, e, lf, cl, ti, ...) \
	const struct type id##_type = { .name = #id, .schema = sch, .zh = z, .en = e, .leaf = lf, .blind = true, .fields = id##_fields, \
		.n = ROWS(id##_fields), .clause = cl, .title = ti, __VA_ARGS__ };
/*   name         schema                 Chinese        English                       leaf       clause  title */
TYPE(return,      "suyuan/return",      "退货入库",    "goods taken back",           LEAF_FLOW, "一",   "return_time")
TYPE(refusal,     "suyuan/refusal",     "拒收",        "delivery refused",           LEAF_FLOW, "一",   "reason", .plural = "refusals")
TYPE(aggregation, "suyuan/aggregation", "装箱拆箱",    "packing of cartons",         LEAF_SET,  "附3",  "action")
TYPE(measure,     "suyuan/measure",     "所载数量",    "quantity a code carries",    LEAF_SET,  OURS,   "quantity")
TYPE(cut,         "suyuan/cut",         "分割",        "cut",                        LEAF_FLOW, OURS,   "quantity")
TYPE(material,    "suyuan/material",    "用料",        "material of a batch",        LEAF_SET,  "一",   "name")
TYPE(finding,     "suyuan/finding",     "问题线索",    "finding",                    LEAF_NOTE, "一",   "rule", .guarded = true)
TYPE(explanation, "suyuan/explanation", "问题线索的说明", "explanation of a finding", LEAF_NOTE, "一", "finding", .guarded = true)
TYPE(recall_notice, "suyuan/recall_notice", "召回通知", "notice of a recall",        LEAF_FLOW, "一",   "recall")
TYPE(recall_report, "suyuan/recall_report", "召回处理", "what was done on a recall", LEAF_FLOW, "一",   "event")
/* For everybody to read: whoever has such goods must know. Which codes and how many stays with who ordered it. */
const struct type recall_type = { .name = "recall", .schema = "suyuan/recall", .zh = "召回停售", .en = "recall or stop of sale", .leaf = LEAF_OBJ,
	.fields = recall_fields, .n = ROWS(recall_fields), .clause = "一", .title = "reason", .common = true };

/* Made by whoever it is about, for everybody to read. */
const struct type statement_type = { .name = "statement", .schema = "suyuan/statement", .zh = "追溯情况证明", .en = "statement of traceability", .leaf = LEAF_OBJ,
	.fields = statement_fields, .n = ROWS(statement_fields), .clause = "二（六）", .title = "purpose" };

static const struct type *const types[] = { &return_type, &refusal_type, &aggregation_type, &measure_type, &cut_type, &material_type, &recall_type,
	&recall_notice_type, &recall_report_type, &finding_type, &explanation_type, &statement_type };

/* ---- inputs that are not records ---- */

static const struct field answer_fields[] = {
	ROW(id, REF, REQUIRED, PUBLIC, "一", "交货记录", .ref = "any", .en = "the delivery")
	ROW(accept, NAMES, REQUIRED, PUBLIC, "一", "接收", .list = "all|part|none", .max = 1, .en = "accept", .help = "all 全部接收，part 部分接收，none 不接收")
	ROW(items, ITEMS, OPTIONAL, PRIVATE, "一", "接收的追溯码", .en = "codes accepted", .help = "部分接收时填写；可填箱码")
	ROW(reason, NOTE, OPTIONAL, PRIVATE, "一", "原因", .en = "reason", .help = "部分接收或不接收时必填")
};
static const struct type answer_in = { .name = "answer", .zh = "答复交货", .en = "answer a delivery", .fields = answer_fields, .n = ROWS(answer_fields) };

static const struct field offers_fields[] = {
	ROW(state, NAMES, OPTIONAL, PUBLIC, "一", "状态", .list = "waiting|answered", .max = 1, .en = "state", .help = "waiting 待答复（不填即此），answered 已答复")
	ROW(direction, NAMES, OPTIONAL, PUBLIC, "一", "方向", .list = "in|out", .max = 1, .en = "direction", .help = "in 发给本单位的（不填即此），out 本单位发出的")
	ROW(before, TEXT, OPTIONAL, PUBLIC, OURS, "从此之前", .max = 13, .en = "before")
};
static const struct type offers_in = { .name = "offers", .zh = "交货", .en = "deliveries", .fields = offers_fields, .n = ROWS(offers_fields) };

static const struct field chain_fields[] = {
	ROW(of, TEXT, REQUIRED, PUBLIC, "一", "追溯码、箱码、批号或单据号", .max = 500, .en = "code, carton, lot or document number")
	ROW(until, DATE, OPTIONAL, PUBLIC, OURS, "截至", .en = "as of", .help = "只看到这一天为止的流向")
};
static const struct type chain_in = { .name = "chain", .zh = "流向", .en = "chain", .fields = chain_fields, .n = ROWS(chain_fields) };

static const struct field open_fields[] = {
	ROW(of, TEXT, REQUIRED, PUBLIC, "一", "追溯码、箱码、批号或单据号", .max = 500, .en = "code, carton, lot or document number")
	ROW(reason, NOTE, REQUIRED, PRIVATE, "二（七）", "事由", .en = "reason", .help = "会记录，并告知流向中的各单位")
};
static const struct type open_in = { .name = "chain_open", .zh = "打开流向", .en = "open a chain", .fields = open_fields, .n = ROWS(open_fields) };

static const struct field recall_id_fields[] = { ROW(id, REF, REQUIRED, PUBLIC, "一", "召回或停止销售", .ref = "recall", .own = true, .en = "recall or stop of sale") };
static const struct type recall_id_in = { .name = "recall_id", .zh = "召回停售", .en = "recall or stop of sale", .fields = recall_id_fields, .n = 1 };

static const struct job_kind jobs[] = { { .kind = "recall", .run = recall_run }, { .kind = "sweep", .run = sweep_job } };

static const struct field findings_fields[] = {
	ROW(state, NAMES, OPTIONAL, PUBLIC, "一", "状态", .list = "open|explained|confirmed|dismissed|closed|withdrawn", .max = 1, .en = "state", .help = "不填为 open 待说明")
	ROW(rule, LISTED, OPTIONAL, PUBLIC, "一", "规则", .list = "finding_rule", .en = "rule", .help = "规则和单位都不填则汇总")
	ROW(party, TEXT, OPTIONAL, PUBLIC, OURS, "单位", .max = 13, .en = "party")
	ROW(before, TEXT, OPTIONAL, PUBLIC, OURS, "从此之前", .max = 13, .en = "before")
};
static const struct type findings_in = { .name = "findings", .zh = "问题线索", .en = "findings", .fields = findings_fields, .n = ROWS(findings_fields) };

static const struct field sweep_fields[] = { ROW(note, TEXT, OPTIONAL, PUBLIC, OURS, "备注", .en = "note") };
static const struct type sweep_in = { .name = "sweep", .zh = "核对流向", .en = "sweep", .fields = sweep_fields, .n = ROWS(sweep_fields) };

#define RULE_ROW(k, z, e, cl) { "finding_rule", k, z, e, NULL, NULL, "", cl }
static const struct list_row lists[] = {
	RULE_ROW("sold_without_purchase", "售出了没有进货记录的货物", "sold without a purchase", "附2-2-2"),
	RULE_ROW("sold_twice", "同一件货物售出两次", "sold twice", "一"),
	RULE_ROW("sold_more_than_made", "售出超过生产或所载数量", "sold more than made", "一"),
	RULE_ROW("moved_after_end", "作废、召回、停售或销毁后仍在流转", "moved after recall, stop or void", "一"),
	RULE_ROW("sold_before_production", "售出早于生产日期", "sold before it was made", "附2-1-2-5"),
	RULE_ROW("wrong_party", "进货单位不是发货方填报的购方", "bought by another than the seller named", "附2-2-2"),
	RULE_ROW("permit_not_in_force", "售出时许可证或认证证书无效", "certificate not in force at the time", "附2-1-2-9"),
	RULE_ROW("purchase_sale_mismatch", "进货与对方售出不一致", "purchase and sale do not match", "一"),
	RULE_ROW("offer_unanswered", "交货超过期限未答复", "delivery not answered in time", "一"),
	RULE_ROW("batch_count", "没有逐件追溯码的批次售出超过产量", "more of a batch sold than made", "一"),
};

/* ---- flows ---- */

enum { OFFER_DAYS = 7 };      /* then both sides are reminded and it is late */
#define RECEIVES (R_SELLER | R_USER | R_MAKER)
static const struct step offer_steps[] = {
	{ "offer", "offered", "accept", "accepted", RECEIVES, 0, false, "一", "全部接收", "accept all", .effect = offer_accept, .other_side = true },
	{ "offer", "offered", "refuse", "refused", RECEIVES, 0, false, "一", "不接收", "refuse all", .effect = offer_refuse, .other_side = true },
	{ "offer", "offered", "part", "part", RECEIVES, 0, false, "一", "部分接收", "accept a part", .effect = offer_part, .other_side = true },
};
/* A recall ends when its work is done; a stop of sale ends for its goods when who ordered it lifts it, also after the work was closed. */
static const struct step recall_steps[] = {
	{ "recall", "open", "close", "closed", R_MAKER | R_OFFICER | R_OPERATOR, 0, false, "一", "结束", "close", .effect = recall_close },
	{ "recall", "open", "lift", "lifted", R_MAKER | R_OFFICER, 0, false, "一", "解除停止销售", "lift the stop of sale", .effect = recall_lift },
	{ "recall", "closed", "lift", "lifted", R_MAKER | R_OFFICER, 0, false, "一", "解除停止销售", "lift the stop of sale", .effect = recall_lift },
};
enum { NOTICE_DAYS = 2, OUTCOME_DAYS = 15 };      /* to acknowledge; to account for the goods (our reading) */
static const struct step notice_steps[] = {
	{ "recall_notice", "sent", "acknowledge", "acknowledged", R_PARTY, OUTCOME_DAYS, false, "一", "确认收到", "acknowledge" },
	{ "recall_notice", "acknowledged", "finish", "done", R_PARTY, 0, false, "一", "处理完毕", "finish" },
};
#define OVERSEES (R_OFFICER | R_OPERATOR)
static const struct step finding_steps[] = {
	{ "finding", "open", "explain", "explained", R_PARTY, 10, true, "一", "说明", "explain", .effect = finding_explain },
	{ "finding", "open", "confirm", "confirmed", OVERSEES, 15, true, "一", "认定属实", "confirm" },
	{ "finding", "explained", "confirm", "confirmed", OVERSEES, 15, true, "一", "认定属实", "confirm" },
	{ "finding", "open", "dismiss", "dismissed", OVERSEES, 0, false, "一", "误报", "dismiss as a false alarm" },
	{ "finding", "explained", "dismiss", "dismissed", OVERSEES, 0, false, "一", "误报", "dismiss as a false alarm" },
	{ "finding", "confirmed", "close", "closed", OVERSEES, 0, false, "一", "结案", "close" },
	{ "finding", "open", "withdraw", "withdrawn", R_OPERATOR, 0, false, "一", "撤回", "withdraw" },
};
static const struct flow flows[] = {
	{ .name = "finding", .zh = "问题线索", .en = "finding", .start = "open", .types = "finding", .steps = finding_steps, .n = ROWS(finding_steps), .days = 10,
	  .working = true, .clause = "一" },
	{ .name = "recall", .zh = "召回停售", .en = "recall or stop of sale", .start = "open", .types = "recall", .steps = recall_steps, .n = ROWS(recall_steps),
	  .clause = "一" },
	{ .name = "recall_notice", .zh = "召回通知", .en = "notice of a recall", .start = "sent", .types = "recall_notice", .steps = notice_steps,
	  .n = ROWS(notice_steps), .days = NOTICE_DAYS, .clause = "一" },
	{ .name = "offer", .zh = "交货", .en = "delivery", .start = "offered", .types = "sale|resale|cut", .opens = offer_opens, .steps = offer_steps,
	  .n = ROWS(offer_steps), .days = OFFER_DAYS, .working = true, .clause = "一" },
};

/* ---- operations ---- */

#define FILES(t, p, w, ins, cl, z, e, ...) \
	{ .name = #t ".create", .method = POST, .path = p, .who = w, .inside = ins, .scope = SCOPE_OWN, .mode = WRITES, .in = &t##_type, .run = kernel_file, \
	  .clause = cl, .zh = z, .en = e, .files = &t##_type, .corrects = true, .prepare = kernel_file_prepare, __VA_ARGS__ },

#define CHAIN_ANSWER "id:s receipt:Receipt of:s kind:s count:i candidates:[o] product:o batch:o maker:o seller:o documents:[o] warnings:[o] proof:o upstream:[o] balance:o " \
	"nodes:[o] edges:[o] steps:[o] cut_short:b"

static const struct op ops[] = {
	FILES(return, "/v1/returns", R_MAKER | R_SELLER, IN_WAREHOUSE, "一", "填报退货入库", "take goods back", .prefill = sale_prefill)
	FILES(aggregation, "/v1/aggregations", R_MAKER | R_SELLER, IN_WAREHOUSE, "附3", "装箱或拆箱", "pack or unpack", .prefill = sale_prefill)
	FILES(measure, "/v1/measures", R_MAKER | R_SELLER, IN_WAREHOUSE, OURS, "登记所载数量", "state what codes carry")
	FILES(cut, "/v1/cuts", R_MAKER | R_SELLER, IN_WAREHOUSE, OURS, "分割", "cut", .prefill = sale_prefill)
	FILES(material, "/v1/materials", R_MAKER, IN_FILER, "一", "填报用料", "file materials of a batch", .prefill = sale_prefill)
	{ .name = "recall.create", .method = POST, .path = "/v1/recalls", .who = R_MAKER | R_OFFICER, .inside = IN_OWNER, .scope = SCOPE_OWN, .mode = WRITES,
	  .in = &recall_type, .run = recall_create, .clause = "一", .zh = "召回或停止销售", .en = "recall, or stop the sale", .prepare = recall_prepare,
	  .files = &recall_type, .answer = "id!:s receipt!:Receipt covers!:i" },
	{ .name = "recall.get_progress", .method = GET, .path = "/v1/recalls/{id}/progress", .who = R_MAKER | R_OFFICER | R_OPERATOR, .inside = IN_FILER,
	  .scope = SCOPE_OWN, .mode = READS_LONG, .in = &recall_id_in, .run = recall_progress, .clause = "一", .zh = "召回进展", .en = "how far it got",
	  .answer = "id!:s kind!:s state!:s covers!:i held!:o holders:[o] told!:i acknowledged!:i finished!:i late!:i returned!:i destroyed!:i sold_on!:i "
	            "checked!:i left!:i" },
	{ .name = "recall.report", .method = GET, .path = "/v1/recalls/{id}/report", .who = R_MAKER | R_OFFICER | R_OPERATOR, .inside = IN_FILER,
	  .scope = SCOPE_OWN, .mode = READS_LONG, .in = &recall_id_in, .run = recall_closing, .clause = "一", .zh = "召回总结", .en = "closing report",
	  .gives = "application/x-ndjson" },
	{ .name = "recall.refresh", .method = POST, .path = "/v1/recalls/{id}/refresh", .who = R_MAKER | R_OFFICER | R_OPERATOR, .inside = IN_FILER,
	  .scope = SCOPE_OWN, .mode = WRITES, .in = &recall_id_in, .run = recall_refresh, .clause = "一", .zh = "通知新的持有人", .en = "tell new holders",
	  .answer = "recall!:s state!:s" },
	{ .name = "recall_report.create", .method = POST, .path = "/v1/recall_reports", .who = R_PARTY, .inside = IN_WAREHOUSE, .scope = SCOPE_OWN,
	  .mode = WRITES, .in = &recall_report_type, .run = recall_report_create, .clause = "一", .zh = "报告召回处理情况", .en = "report on a recall",
	  .files = &recall_report_type, .corrects = true, .prepare = kernel_file_prepare },
	{ .name = "offer.answer", .method = POST, .path = "/v1/offers/{id}/answer", .who = RECEIVES, .inside = IN_WAREHOUSE, .scope = SCOPE_OWN, .mode = WRITES,
	  .in = &answer_in, .run = offer_answer, .clause = "一", .zh = "答复交货", .en = "answer a delivery", .answer = "id!:s receipt:Receipt state!:s offer!:s" },
	{ .name = "offer.list", .method = GET, .path = "/v1/offers", .who = RECEIVES, .inside = IN_WAREHOUSE, .scope = SCOPE_OWN, .mode = READS, .in = &offers_in,
	  .run = offer_list, .clause = "一", .zh = "交货", .en = "deliveries",
	  .answer = "items!:[o] before:s" },
	{ .name = "chain.get", .method = GET, .path = "/v1/chain", .who = R_SIGNED_IN, .scope = SCOPE_OWN, .mode = READS, .in = &chain_in, .run = chain_get,
	  .clause = "一", .zh = "流向", .en = "chain", .answer = CHAIN_ANSWER },
	{ .name = "chain.holders", .method = GET, .path = "/v1/holders", .who = R_SIGNED_IN, .scope = SCOPE_OWN, .mode = READS, .in = &chain_in, .run = chain_holders,
	  .clause = "一", .zh = "现在谁持有", .en = "who holds them", .answer = "of:s kind:s count:i holders:[o] candidates:[o]" },
	{ .name = "chain.evidence", .method = GET, .path = "/v1/chain/evidence", .who = R_SIGNED_IN, .scope = SCOPE_OWN, .mode = READS_LONG, .in = &chain_in,
	  .run = chain_evidence, .clause = "二（七）", .zh = "流向证据文件", .en = "chain as evidence", .gives = "application/x-ndjson" },
	{ .name = "chain.package", .method = GET, .path = "/v1/chain/package", .who = R_SIGNED_IN, .scope = SCOPE_OWN, .mode = READS_LONG, .in = &chain_in,
	  .run = chain_package, .clause = "二（七）", .zh = "流向证据包", .en = "chain as a package of evidence", .gives = "application/zip" },
	{ .name = "finding.sweep", .method = POST, .path = "/v1/findings/sweep", .who = OVERSEES, .scope = SCOPE_OWN, .mode = SLOW, .in = &sweep_in, .run = sweep_run,
	  .clause = "一", .zh = "核对流向", .en = "look for findings", .prepare = sweep_prepare, .quiet = true, .answer = "found!:i withdrawn!:i more!:b" },
	{ .name = "finding.groups", .method = GET, .path = "/v1/findings/groups", .who = R_PARTY | OVERSEES, .inside = IN_WAREHOUSE, .scope = SCOPE_OWN, .mode = READS,
	  .in = &findings_in, .run = finding_groups, .clause = "一", .zh = "问题线索", .en = "findings", .answer = "state!:s groups:[o] items:[o] before:s" },
	{ .name = "finding.stats", .method = GET, .path = "/v1/findings/stats", .who = R_ALL, .scope = SCOPE_PUBLIC, .mode = READS_LONG, .run = finding_stats,
	  .clause = "一", .zh = "核对规则统计", .en = "rules and their outcomes", .answer = "rules!:[o] fewest_parties!:i" },
	{ .name = "statement.create", .method = POST, .path = "/v1/statements", .who = R_MAKER | R_SELLER, .inside = IN_OWNER, .scope = SCOPE_OWN, .mode = SLOW,
	  .in = &statement_type, .run = kernel_file, .clause = "二（六）", .zh = "出具追溯情况证明", .en = "have a statement made", .files = &statement_type,
	  .prepare = statement_prepare },
	{ .name = "statement.compare", .method = GET, .path = "/v1/statements/compare", .who = R_ALL, .scope = SCOPE_PUBLIC, .mode = READS_LONG,
	  .run = statement_compare, .clause = "二（六）", .zh = "各单位证明的中位数", .en = "medians of statements", .answer = "figures!:[o] fewest_parties!:i" },
	{ .name = "chain.open", .method = POST, .path = "/v1/chain/open", .who = R_OFFICER, .scope = SCOPE_OWN, .mode = WRITES, .in = &open_in, .run = chain_open,
	  .clause = "二（七）", .zh = "打开流向", .en = "open a chain", .answer = CHAIN_ANSWER },
};

static enum err flow_check(struct call *c)
{
	if (c->op->in == &aggregation_type)
		return box_check(c);
	if (c->op->in == &cut_type)
		return cut_check(c);
	if (c->op->in == &purchase_type)
		return purchase_check(c);
	return recall_check(c);
}

static enum err flow_project(struct call *c, const struct type *t, int64_t record, uint64_t index, int64_t party, int64_t at, int64_t corrects,
                             const struct value *v)
{
	enum err e = offer_project(c, t, record, party, at, corrects, v);

	return e || t != &aggregation_type ? e : box_project(c, record, index, party, corrects, v);
}

const struct module flow_module = { .name = "flow", .zh = "货物流转", .types = types, .n_types = ROWS(types), .ops = ops, .n_ops = ROWS(ops), .flows = flows,
	.n_flows = ROWS(flows), .jobs = jobs, .n_jobs = ROWS(jobs), .lists = lists, .n_lists = ROWS(lists), .project = flow_project, .check = flow_check, .open = flow_open, .close = flow_close, .tick = flow_tick };
