/* label/ready.c - the templates that come with the program. Each is read by template_read like anybody's own. */
#include "label/label.h"

/* The 24 and 65 labels a page are the common stationery of 63.5 x 33.9 and 38.1 x 21.2 mm. */
static const char a4_24[] =
	"{\"name\": \"A4 3×8\", \"page_w\": 210, \"page_h\": 297, \"left\": 7.25, \"top\": 12.9, \"w\": 63.5, \"h\": 33.9,"
	" \"gap_x\": 2.5, \"columns\": 3, \"rows\": 8, \"crop_marks\": true, \"elements\": ["
	"{\"kind\": \"symbol\", \"x\": 1.5, \"y\": 3, \"w\": 28, \"h\": 28, \"symbology\": \"qr\", \"text\": \"{url}\"},"
	"{\"kind\": \"text\", \"x\": 30.5, \"y\": 3.5, \"w\": 31.5, \"h\": 9, \"text\": \"{product_name}\","
	" \"size\": 3.4, \"bold\": true, \"wrap\": true},"
	"{\"kind\": \"text\", \"x\": 30.5, \"y\": 13.5, \"w\": 31.5, \"h\": 3.8, \"text\": \"规格：{specification}\", \"size\": 2.8},"
	"{\"kind\": \"text\", \"x\": 30.5, \"y\": 18, \"w\": 31.5, \"h\": 3.8, \"text\": \"批号：{batch}\", \"size\": 2.8},"
	"{\"kind\": \"text\", \"x\": 30.5, \"y\": 22.5, \"w\": 31.5, \"h\": 7, \"text\": \"{maker}\", \"size\": 2.6, \"wrap\": true}]}";

static const char a4_65[] =
	"{\"name\": \"A4 5×13\", \"page_w\": 210, \"page_h\": 297, \"left\": 4.75, \"top\": 10.7, \"w\": 38.1, \"h\": 21.2,"
	" \"gap_x\": 2.5, \"columns\": 5, \"rows\": 13, \"elements\": ["
	"{\"kind\": \"symbol\", \"x\": 0.8, \"y\": 1.6, \"w\": 18, \"h\": 18, \"symbology\": \"qr\", \"text\": \"{url}\"},"
	"{\"kind\": \"text\", \"x\": 19, \"y\": 2.6, \"w\": 18, \"h\": 9, \"text\": \"{product_name}\","
	" \"size\": 2.4, \"bold\": true, \"wrap\": true},"
	"{\"kind\": \"text\", \"x\": 19, \"y\": 12, \"w\": 18, \"h\": 3, \"text\": \"{specification}\", \"size\": 2},"
	"{\"kind\": \"text\", \"x\": 19, \"y\": 15.4, \"w\": 18, \"h\": 3, \"text\": \"{batch}\", \"size\": 2}]}";

static const char thermal_100x70[] =
	"{\"name\": \"100×70\", \"w\": 100, \"h\": 70, \"gap_y\": 2, \"elements\": ["
	"{\"kind\": \"symbol\", \"x\": 2, \"y\": 2, \"w\": 44, \"h\": 44, \"symbology\": \"qr\", \"text\": \"{url}\"},"
	"{\"kind\": \"text\", \"x\": 48, \"y\": 4, \"w\": 50, \"h\": 12, \"text\": \"{product_name}\","
	" \"size\": 4.6, \"bold\": true, \"wrap\": true},"
	"{\"kind\": \"line\", \"x\": 48, \"y\": 17, \"w\": 50, \"h\": 0.25},"
	"{\"kind\": \"text\", \"x\": 48, \"y\": 18.5, \"w\": 50, \"h\": 4.6, \"text\": \"规格：{specification}\", \"size\": 3.4},"
	"{\"kind\": \"text\", \"x\": 48, \"y\": 24, \"w\": 50, \"h\": 4.6, \"text\": \"批号：{batch}\", \"size\": 3.4},"
	"{\"kind\": \"text\", \"x\": 48, \"y\": 29.5, \"w\": 50, \"h\": 4.6, \"text\": \"生产日期：{production_date}\", \"size\": 3.4},"
	"{\"kind\": \"text\", \"x\": 48, \"y\": 35, \"w\": 50, \"h\": 9.5, \"text\": \"{maker}\", \"size\": 3.4, \"wrap\": true},"
	"{\"kind\": \"symbol\", \"x\": 2, \"y\": 49, \"w\": 96, \"h\": 19, \"symbology\": \"gs1_128\", \"text\": \"{gs1}\"}]}";

static const char thermal_60x40[] =
	"{\"name\": \"60×40\", \"w\": 60, \"h\": 40, \"gap_y\": 2, \"elements\": ["
	"{\"kind\": \"symbol\", \"x\": 1, \"y\": 5, \"w\": 30, \"h\": 30, \"symbology\": \"qr\", \"text\": \"{url}\"},"
	"{\"kind\": \"text\", \"x\": 32, \"y\": 5, \"w\": 26.5, \"h\": 10, \"text\": \"{product_name}\","
	" \"size\": 3.6, \"bold\": true, \"wrap\": true},"
	"{\"kind\": \"text\", \"x\": 32, \"y\": 16, \"w\": 26.5, \"h\": 4, \"text\": \"{specification}\", \"size\": 2.8},"
	"{\"kind\": \"text\", \"x\": 32, \"y\": 20.5, \"w\": 26.5, \"h\": 4, \"text\": \"批号 {batch}\", \"size\": 2.8},"
	"{\"kind\": \"text\", \"x\": 32, \"y\": 25, \"w\": 26.5, \"h\": 8, \"text\": \"{maker}\", \"size\": 2.6, \"wrap\": true},"
	"{\"kind\": \"text\", \"x\": 2, \"y\": 35, \"w\": 56, \"h\": 3.4, \"text\": \"{code}\", \"size\": 2.6}]}";

static const char rope_tag[] =
	"{\"name\": \"钢丝绳吊牌 80×50\", \"w\": 80, \"h\": 50, \"gap_y\": 3, \"elements\": ["
	"{\"kind\": \"box\", \"x\": 1, \"y\": 1, \"w\": 78, \"h\": 48, \"size\": 0.4},"
	"{\"kind\": \"logo\", \"x\": 3, \"y\": 3, \"w\": 24, \"h\": 10},"
	"{\"kind\": \"text\", \"x\": 29, \"y\": 3, \"w\": 48, \"h\": 10, \"text\": \"{product_name}\","
	" \"size\": 4.2, \"bold\": true, \"wrap\": true},"
	"{\"kind\": \"line\", \"x\": 3, \"y\": 14, \"w\": 74, \"h\": 0.25},"
	"{\"kind\": \"symbol\", \"x\": 45, \"y\": 15, \"w\": 32, \"h\": 32, \"symbology\": \"qr\", \"text\": \"{url}\"},"
	"{\"kind\": \"text\", \"x\": 3, \"y\": 16, \"w\": 41, \"h\": 4.4, \"text\": \"规格：{specification}\", \"size\": 3.2},"
	"{\"kind\": \"text\", \"x\": 3, \"y\": 21.5, \"w\": 41, \"h\": 4.4, \"text\": \"卷号：{batch}\", \"size\": 3.2},"
	"{\"kind\": \"text\", \"x\": 3, \"y\": 27, \"w\": 41, \"h\": 4.4, \"text\": \"生产日期：{production_date}\", \"size\": 3.2},"
	"{\"kind\": \"text\", \"x\": 3, \"y\": 32.5, \"w\": 41, \"h\": 8.4, \"text\": \"{maker}\", \"size\": 3, \"wrap\": true},"
	"{\"kind\": \"text\", \"x\": 3, \"y\": 42.5, \"w\": 41, \"h\": 4, \"text\": \"{code}\", \"size\": 3}]}";

static const char pair[] =
	"{\"name\": \"双联 120×40\", \"w\": 120, \"h\": 40, \"gap_y\": 2, \"elements\": ["
	"{\"kind\": \"line\", \"x\": 59.9, \"y\": 0, \"w\": 0.2, \"h\": 40},"
	"{\"kind\": \"symbol\", \"x\": 1, \"y\": 5, \"w\": 30, \"h\": 30, \"symbology\": \"qr\", \"text\": \"{url}\"},"
	"{\"kind\": \"text\", \"x\": 2, \"y\": 1, \"w\": 56, \"h\": 4, \"text\": \"随货联\", \"size\": 2.8},"
	"{\"kind\": \"text\", \"x\": 32, \"y\": 7, \"w\": 26, \"h\": 10, \"text\": \"{product_name}\","
	" \"size\": 3.4, \"bold\": true, \"wrap\": true},"
	"{\"kind\": \"text\", \"x\": 32, \"y\": 18, \"w\": 26, \"h\": 4, \"text\": \"{specification}\", \"size\": 2.8},"
	"{\"kind\": \"text\", \"x\": 32, \"y\": 23, \"w\": 26, \"h\": 4, \"text\": \"批号 {batch}\", \"size\": 2.8},"
	"{\"kind\": \"text\", \"x\": 2, \"y\": 35, \"w\": 56, \"h\": 3.6, \"text\": \"{code}\", \"size\": 2.6},"
	"{\"kind\": \"symbol\", \"x\": 61, \"y\": 5, \"w\": 30, \"h\": 30, \"symbology\": \"qr\", \"text\": \"{url}\"},"
	"{\"kind\": \"text\", \"x\": 62, \"y\": 1, \"w\": 56, \"h\": 4, \"text\": \"台账联\", \"size\": 2.8},"
	"{\"kind\": \"text\", \"x\": 92, \"y\": 7, \"w\": 26, \"h\": 10, \"text\": \"{product_name}\","
	" \"size\": 3.4, \"bold\": true, \"wrap\": true},"
	"{\"kind\": \"text\", \"x\": 92, \"y\": 18, \"w\": 26, \"h\": 4, \"text\": \"{specification}\", \"size\": 2.8},"
	"{\"kind\": \"text\", \"x\": 92, \"y\": 23, \"w\": 26, \"h\": 4, \"text\": \"批号 {batch}\", \"size\": 2.8},"
	"{\"kind\": \"text\", \"x\": 62, \"y\": 35, \"w\": 56, \"h\": 3.6, \"text\": \"{code}\", \"size\": 2.6}]}";

static const char retail[] =
	"{\"name\": \"零售 38×25\", \"w\": 38, \"h\": 25, \"gap_y\": 2, \"elements\": ["
	"{\"kind\": \"text\", \"x\": 1.5, \"y\": 1, \"w\": 35, \"h\": 4, \"text\": \"{product_name}\","
	" \"size\": 2.8, \"align\": \"middle\", \"bold\": true},"
	"{\"kind\": \"text\", \"x\": 1.5, \"y\": 5, \"w\": 35, \"h\": 3.2, \"text\": \"{specification}\", \"size\": 2.2, \"align\": \"middle\"},"
	"{\"kind\": \"symbol\", \"x\": 0.5, \"y\": 9, \"w\": 37, \"h\": 15, \"symbology\": \"ean13\", \"text\": \"{gtin}\"}]}";

static const struct { const char *name, *zh, *json; } ready[] = {
	{ "a4_24", "A4 纸 3 列 8 行", a4_24 },
	{ "a4_65", "A4 纸 5 列 13 行小标签", a4_65 },
	{ "thermal_100x70", "热敏标签 100×70 毫米", thermal_100x70 },
	{ "thermal_60x40", "热敏标签 60×40 毫米", thermal_60x40 },
	{ "rope_tag", "钢丝绳吊牌 80×50 毫米", rope_tag },
	{ "pair", "双联标签：随货联与台账联", pair },
	{ "retail", "零售标签 EAN-13 38×25 毫米", retail },
};

const char *template_ready(size_t at, const char **ret_name, const char **ret_zh)
{
	if (at >= ROWS(ready))
		return NULL;
	*ret_name = ready[at].name;
	*ret_zh = ready[at].zh;
	return ready[at].json;
}
