/* mod/trace/lists.c - annex 1 as dated rows, with what each unit needs; the code schemes of annex 3. Data, not rules.
 *
 * facts: licence | ccc = which permit the unit needs; std=… = a mandatory national standard named for it (underscore for space).
 * A unit without std= takes 无适用的强制性国家标准. Rows with "memory" as source are not confirmed against the official text and
 * never cause a refusal by themselves (their std= is left out). Changes of policy are new rows with dates.
 */
#include "mod/trace/trace.h"

#define UNIT(key, zh, en, facts, source) { "product_unit", key, zh, en, "2024-10-09", NULL, facts, source }

const struct list_row trace_lists[TRACE_LISTS] = {
	UNIT("wire_and_cable_01", "架空绞线", "overhead stranded conductors", "licence", "附1；XK06-001"),
	UNIT("wire_and_cable_02", "塑料绝缘控制电缆", "plastic insulated control cables", "licence", "附1；XK06-001"),
	UNIT("wire_and_cable_03", "挤包绝缘低压电力电缆", "extruded insulated low-voltage power cables", "licence", "附1；XK06-001"),
	UNIT("wire_and_cable_04", "挤包绝缘中压电力电缆", "extruded insulated medium-voltage power cables", "licence", "附1；XK06-001"),
	UNIT("wire_and_cable_05", "架空绝缘电缆", "overhead insulated cables", "licence", "附1；XK06-001"),
	UNIT("gas_appliances_01", "燃气用具连接用软管", "hoses for gas appliances", "ccc std=GB_41317-2024,GB_44017-2024,GB_44023-2024", "附1；公告2024年第28号"),
	UNIT("gas_appliances_02", "燃气紧急切断阀", "gas emergency shut-off valves", "ccc std=GB_44016-2024", "附1；公告2024年第28号"),
	UNIT("gas_appliances_03", "家用燃气灶具", "domestic gas cooking appliances", "ccc std=GB_16410-2020", "附1"),
	UNIT("gas_appliances_04", "商用燃气燃烧器具", "commercial gas burning appliances", "ccc std=GB_35848-2024", "附1"),
	UNIT("gas_appliances_05", "瓶装液化石油气调压器（家用、商用）", "regulators for bottled LPG", "licence", "附1；国发〔2024〕11号"),
	UNIT("fire_products_01", "家用可燃气体探测器", "domestic combustible gas detectors", "ccc std=GB_15322.2-2019", "附1；CNCA-C18-01"),
	UNIT("electric_bicycles_01", "电动自行车", "electric bicycles", "ccc std=GB_17761-2024", "附1"),
	UNIT("electric_bicycles_02", "电动自行车用充电器", "chargers for electric bicycles", "ccc std=GB_42296-2022", "附1"),
	UNIT("electric_bicycles_03", "电动自行车用蓄电池", "batteries for electric bicycles", "ccc std=GB_43854-2024", "附1"),
	UNIT("safety_helmets_01", "普通型安全帽", "ordinary safety helmets", "licence std=GB_2811-2019", "附1；国发〔2024〕11号"),
	UNIT("safety_helmets_02", "特殊型安全帽", "special safety helmets", "licence std=GB_2811-2019", "附1；国发〔2024〕11号"),
	UNIT("plywood_01", "普通胶合板", "ordinary plywood", "licence std=GB_18580-2025", "附1；国发〔2024〕11号"),
	UNIT("plywood_02", "难燃胶合板", "flame-retardant plywood", "licence std=GB_18580-2025", "附1；国发〔2024〕11号"),
	UNIT("blockboard_01", "普通细木工板", "ordinary blockboard", "licence std=GB_18580-2025", "附1；国发〔2024〕11号"),
	UNIT("blockboard_02", "难燃细木工板", "flame-retardant blockboard", "licence std=GB_18580-2025", "附1；国发〔2024〕11号"),
	UNIT("cold_rolled_ribbed_bars_01", "普通钢筋混凝土用", "bars for ordinary reinforced concrete", "licence std=GB_13788-2024", "附1；国发〔2024〕11号"),
	UNIT("cold_rolled_ribbed_bars_02", "预应力混凝土用", "bars for prestressed concrete", "licence std=GB_13788-2024", "附1；国发〔2024〕11号"),
	UNIT("steel_wire_ropes_01", "单层股钢丝绳", "single-layer stranded ropes", "licence", "附1；XK05-005"),
	UNIT("steel_wire_ropes_02", "阻旋转钢丝绳", "rotation-resistant ropes", "licence", "附1；XK05-005"),
	UNIT("steel_wire_ropes_03", "平行捻密实钢丝绳", "parallel-closed ropes", "licence", "附1；XK05-005"),
	UNIT("steel_wire_ropes_04", "压实（股）钢丝绳", "compacted (strand) ropes", "licence", "附1；XK05-005"),
	UNIT("steel_wire_ropes_05", "异形股钢丝绳", "shaped-strand ropes", "licence", "附1；XK05-005"),
	UNIT("steel_wire_ropes_06", "单股钢丝绳", "single-strand ropes", "licence", "附1；XK05-005"),
	UNIT("steel_wire_ropes_07", "密封钢丝绳", "locked-coil ropes", "licence", "附1；XK05-005"),
	UNIT("steel_wire_ropes_08", "扁钢丝绳", "flat ropes", "licence", "附1；XK05-005"),
	UNIT("steel_wire_ropes_09", "编织钢丝绳", "braided ropes", "licence", "附1；XK05-005"),
	UNIT("outside", "清单外", "not in the list", "", OURS),

	{ "category", "wire_and_cable", "电线电缆", "wire and cable", "2024-10-09", NULL, "units=5", "附1" },
	{ "category", "gas_appliances", "燃气器具", "gas appliances", "2024-10-09", NULL, "units=5", "附1" },
	{ "category", "fire_products", "消防产品", "fire products", "2024-10-09", NULL, "units=1", "附1" },
	{ "category", "electric_bicycles", "电动自行车", "electric bicycles", "2024-10-09", NULL, "units=3", "附1" },
	{ "category", "safety_helmets", "安全帽", "safety helmets", "2024-10-09", NULL, "units=2", "附1" },
	{ "category", "plywood", "胶合板", "plywood", "2024-10-09", NULL, "units=2", "附1" },
	{ "category", "blockboard", "细木工板", "blockboard", "2024-10-09", NULL, "units=2", "附1" },
	{ "category", "cold_rolled_ribbed_bars", "冷轧带肋钢筋", "cold-rolled ribbed bars", "2024-10-09", NULL, "units=2", "附1" },
	{ "category", "steel_wire_ropes", "钢丝绳", "steel wire ropes", "2024-10-09", NULL, "units=9", "附1" },

	{ "phase", "2024-12-31", "实施生产许可证、强制性认证管理的重点工业产品（附件1）", "first batch of annex 1", "2024-10-09", NULL, "first_batch", "一" },
	{ "phase", "2025-12-31", "所有实施生产许可证、强制性认证管理的产品", "all products under licence or CCC", "2024-10-09", NULL,
	  "all_licence_and_ccc_products", "一" },
	{ "phase", "2027-12-31", "生产许可证、强制性认证管理以外，涉及人身健康和生命财产安全并有强制性国家标准要求的重点工业产品",
	  "safety products with mandatory standards", "2024-10-09", NULL, "safety_products_with_mandatory_standards", "一" },

	{ "code_scheme", "gs1_barcode", "商品条码", "GS1 barcode", "2024-10-09", NULL, "", "附3-一" },
	{ "code_scheme", "ecode", "物联网标识编码（Ecode）", "Ecode", "2024-10-09", NULL, "", "附3-二" },
	{ "code_scheme", "digital_identity_code", "数字身份码", "digital identity code", "2024-10-09", NULL, "", "附3-三" },
	{ "code_scheme", "ccc_code", "强制性产品认证（CCC认证）编码", "CCC certificate or mark number", "2024-10-09", NULL, "", "附3-四" },
	{ "code_scheme", "other_existing_code", "其他已有追溯码", "another existing code", "2024-10-09", NULL, "", "二（三）" },
	{ "code_scheme", "platform", "本平台密封码", "sealed code of this platform", "2024-10-09", NULL, "", OURS },
};
