/* kernel/house.c - the house itself as a module: its types, flows and the operations of accounts.c, looks.c, desk.c, cases.c and others. */
#include "kernel/house.h"
#include "kernel/load.h"

static const struct job_kind house_jobs[] = { { "load", load_run } };

static const struct type *const house_types[] = { &access_type, &opening_type, &erase_type, &anchor_type };

/* Public holidays and make-up working days are rows here when the State Council publishes them for a year. */
static const struct list_row house_lists[] = {
	{ "unit", "m", "米", "metre", NULL, NULL, "decimal", "GB 3100" },
	{ "unit", "kg", "千克", "kilogram", NULL, NULL, "decimal", "GB 3100" },
	{ "unit", "t", "吨", "tonne", NULL, NULL, "decimal", "GB 3100" },
	{ "unit", "m2", "平方米", "square metre", NULL, NULL, "decimal", "GB 3100" },
	{ "unit", "m3", "立方米", "cubic metre", NULL, NULL, "decimal", "GB 3100" },
	{ "unit", "piece", "件", "piece", NULL, NULL, "whole", OURS },
	{ "unit", "sheet", "张", "sheet", NULL, NULL, "whole", OURS },
	{ "unit", "reel", "盘", "reel", NULL, NULL, "whole", OURS },
	{ "unit", "set", "台（套）", "set", NULL, NULL, "whole", OURS },
	{ "holiday", "2026-10-01", "国庆节", "National Day", NULL, NULL, "", OURS },
	{ "holiday", "2026-10-02", "国庆节", "National Day", NULL, NULL, "", OURS },
	{ "holiday", "2027-01-01", "元旦", "New Year", NULL, NULL, "", OURS },
};

#define HOUSE_OPS_MAX 64

/* The kernel joins the three arrays once; a module has one. */
static const struct op *join(struct arena *a, size_t *ret_n)
{
	const struct { const struct op *ops; size_t n; } parts[] = {
		{ account_ops, account_ops_n }, { record_ops, record_ops_n }, { desk_ops, desk_ops_n }, { case_ops, case_ops_n }, { load_ops, load_ops_n },
		{ sheet_ops, sheet_ops_n }, { package_ops, package_ops_n }, { export_ops, export_ops_n }, { erase_ops, erase_ops_n }, { paper_ops, paper_ops_n },
	};
	struct op *all = TAKE(a, struct op, HOUSE_OPS_MAX);
	size_t n = 0;

	for (size_t p = 0; p < ROWS(parts); p++)
		for (size_t i = 0; i < parts[p].n && n < HOUSE_OPS_MAX; i++)
			memcpy(&all[n++], &parts[p].ops[i], sizeof(*all));
	*ret_n = n;
	return all;
}

const struct module *house_module(struct arena *a)
{
	struct module *m = TAKE(a, struct module, 1);

	*m = (struct module){ .name = "house", .zh = "平台", .types = house_types, .n_types = ROWS(house_types), .flows = &opening_flow, .n_flows = 1,
		.lists = house_lists, .n_lists = ROWS(house_lists), .committed = jobs_committed, .jobs = house_jobs, .n_jobs = ROWS(house_jobs) };
	m->ops = join(a, &m->n_ops);
	return m;
}
