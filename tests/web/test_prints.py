#!/usr/bin/env python3
"""Labels printed from pages: chosen, looked at, downloaded at once or ordered.    test_prints.py SUYUAN"""
import json
import os
import re
import sys
import time
import unittest
import urllib.parse

import kit

FORM = "application/x-www-form-urlencoded"
HOSTILE = "<script>alert(1)</script>'&<b>"
# a white square of 8 x 8
PNG = bytes.fromhex("89504e470d0a1a0a0000000d4948445200000008000000080800000000e164e1570000000e49444154789c63f80f050c943100f7c03fc1b23441bb0000000049454e44ae426082")


def filed(path, role="maker", **fields):
    status, r, data = H.ask("POST", path, json.dumps(fields), H.bearer(role, **{"Content-Type": "application/json"}))
    if status != 201:
        raise AssertionError(data.decode())
    return json.loads(data)["id"]


def new_pack(name, count=40, **more):
    product = filed("/v1/products", product_name=name, product_type="steel_wire_ropes_01", specification_model="6x36", warranty_period="不涉及",
                    mandatory_national_standard=["无适用的强制性国家标准"], standard_applied=["GB/T 20118-2017"],
                    licence_or_ccc_certificate_no="(苏)XK05-005-00001", manual_or_warning="不涉及", **more)
    status, r, data = H.ask("POST", "/v1/files", kit.PDF, H.bearer("maker", **{"Content-Type": "application/pdf"}))
    batch = filed("/v1/batches", product=product, factory_batch_or_serial_no="B-7", production_date="2026-11-20", trace_code="platform",
                  report_kind="factory", report_no="R", report_date="2026-11-20", report_issuer="本厂检验室", report_conclusion="合格",
                  inspection_report=json.loads(data)["file"])
    return filed("/v1/packs", grain="item", batch=batch, count=count)


def send(pack, role="maker", lang="zh", csrf=None, **fields):
    fields = {"template": "a4_24", "form": "url", "as": "pdf", "act": "print", **fields}
    body = urllib.parse.urlencode(dict(fields, id=pack, csrf=H.csrf(role) if csrf is None else csrf))
    return H.ask("POST", "/ui/print/new", body, H.cookie(role, lang, **{"Content-Type": FORM}))


def ordered(pack, **fields):
    status, r, page = send(pack, **fields)
    if status != 303:
        raise AssertionError(page.decode())
    return r.getheader("Location")


def settled(path):
    for _ in range(600):
        status, job = H.json(path.replace("/ui/", "/v1/"), "maker")
        if job["state"] not in ("waiting", "drawing"):
            return job
        time.sleep(0.1)
    raise RuntimeError("the job does not end")


def drop(path, role="maker"):
    return H.ask("POST", path + "/drop", urllib.parse.urlencode({"csrf": H.csrf(role)}), H.cookie(role, **{"Content-Type": FORM}))


class Choosing(unittest.TestCase):
    def test_what_the_data_allows_is_offered_and_the_rest_explained(self):
        status, page = H.page("/ui/print/new?pack=" + BARE, "maker")
        self.assertEqual(status, 200)
        for part in ["A4 纸 3 列 8 行", "63.5 × 33.9 毫米，一页 24 张", "钢丝绳吊牌 80×50 毫米", 'value="url" selected', 'value="code"', "/ui/print/preview?id=" + BARE,
                     "40 个码", "批号 B-7", "不超过 2,000"]:
            self.assertIn(part, page)
        for part in ['value="link"', 'value="signed"', 'value="retail"', 'value="thermal_100x70"']:
            self.assertNotIn(part, page)
        self.assertRegex(page, r"零售标签 EAN-13 38×25 毫米</b><br>产品没有商品条码")
        self.assertRegex(page, r"GS1 数字链接、GS1 元素串、[^<]*</b><br>产品没有商品条码")
        self.assertEqual(page.count('name="template"'), 5)
        self.assertEqual(page.count(" checked"), 2)             # a template and an output
        page = H.page("/ui/print/new?pack=" + FULL, "maker")[1]
        for part in ['value="signed"', 'value="retail"', 'value="thermal_100x70"', 'value="epc"']:
            self.assertIn(part, page)
        self.assertNotIn('value="ecode"', page)
        page = H.page("/ui/print/new?pack=" + BARE, "maker", "en")[1]
        for part in ["Choose the label", "Wire rope tag 80 × 50 mm", "24 a page", "the product has no barcode"]:
            self.assertIn(part, page)

    def test_pictures_are_pictures_and_do_nothing(self):
        page = H.page("/ui/print/new?pack=" + FULL, "maker")[1]
        links = [x.replace("&amp;", "&") for x in re.findall(r'<img src="([^"]+)"', page)]
        self.assertEqual(len(links), 7)
        for link in links:
            status, r, data = H.ask("GET", link, None, H.cookie("maker"))
            self.assertEqual((status, r.getheader("Content-Type")), (200, "image/svg+xml"), link)
            self.assertIn("sandbox", r.getheader("Content-Security-Policy"))
            self.assertIn(b"<svg", data)
        status, r, data = H.ask("GET", links[0], None, H.cookie("seller"))
        self.assertEqual((status, r.getheader("Content-Type")), (403, "application/problem+json"))
        hostile = new_pack(HOSTILE, 3)
        for link in ["/ui/print/new?pack=" + hostile, "/ui/print/new"]:
            page = H.page(link, "maker")[1]
            self.assertNotIn("<script>alert", page)
            self.assertIn("&lt;script&gt;alert(1)", page)
        data = H.ask("GET", "/ui/print/preview?id=%s&template=rope_tag&form=url" % hostile, None, H.cookie("maker"))[2]
        self.assertNotIn(b"<script", data)

    def test_without_a_pack_ones_own_are_listed(self):
        page = H.page("/ui/print/new", "maker")[1]
        self.assertIn('href="/ui/print/new?pack=%s"' % BARE, page)
        self.assertIn("裸绳 · B-7", page)
        self.assertNotIn(BARE, H.page("/ui/print/new", "seller")[1])
        for path in ["/ui/print/new", "/ui/print/new?pack=" + BARE, "/ui/prints", "/ui/prints/x"]:
            self.assertEqual(H.page(path)[0], 303, path)
        self.assertEqual(H.page("/ui/print/new", "officer")[0], 403)
        self.assertEqual(H.page("/ui/print/new?pack=" + BARE, "seller")[0], 403)
        self.assertEqual(H.page("/ui/print/new?pack=x", "maker")[0], 400)


    def test_sellers_print_labels_for_goods_without_codes(self):
        pack = filed("/v1/packs", "seller", grain="item", unmarked=True, goods="散装钢丝绳", count=30)
        page = H.page("/ui/print/new?pack=" + pack, "seller")[1]
        self.assertEqual(page.count('name="template"'), 5)
        self.assertIn("<b>散装钢丝绳</b>", page)
        self.assertIn("散装钢丝绳", H.page("/ui/print/new", "seller")[1])
        status, r, data = H.ask("GET", "/ui/print/preview?id=%s&template=rope_tag&form=url" % pack, None, H.cookie("seller"))
        self.assertEqual(status, 200)
        self.assertIn("散装钢丝绳", data.decode())

    def test_codes_that_came_with_the_goods_have_one_form(self):
        batch = H.json("/v1/packs/" + BARE, "maker")[1]["values"]["batch"]
        pack = filed("/v1/packs", grain="item", batch=batch, codes="T-0001\nT-0002\n甲-0003")
        page = H.page("/ui/print/new?pack=" + pack, "maker")[1]
        self.assertIn('<option value="code" selected>', page)
        self.assertNotIn('value="url"', page)
        self.assertIn("这些码是货物上原有的", page)
        self.assertEqual(send(pack, form="code")[0], 200)


class AtOnce(unittest.TestCase):
    def test_few_are_a_file(self):
        for paper, media, start in [("pdf", "application/pdf", b"%PDF"), ("zpl", "text/plain; charset=utf-8", b"^XA"), ("tspl", "text/plain; charset=utf-8", b"SIZE")]:
            status, r, data = send(FULL, **{"as": paper, "count": 5, "template": "thermal_60x40", "dpi": 300})
            self.assertEqual((status, r.getheader("Content-Type")), (200, media))
            self.assertTrue(data.lstrip().startswith(start), data[:40])
            self.assertRegex(r.getheader("Content-Disposition"), r"attachment; .*\.%s$" % paper)

    def test_people_count_from_one_and_pairs_are_two(self):
        codes = H.ask("GET", "/v1/packs/%s/codes" % BARE, None, H.bearer("maker"))[2].decode().split()
        data = send(BARE, **{"as": "tspl", "template": "thermal_60x40", "form": "code", "from": 39})[2].decode("latin-1")
        self.assertNotIn(codes[37], data)
        self.assertEqual([data.count(c) > 0 for c in codes[38:]], [True, True])
        one = send(BARE, **{"as": "zpl", "template": "thermal_60x40", "count": 3})[2].count(b"^XZ")
        two = send(BARE, **{"as": "zpl", "template": "thermal_60x40", "count": 3, "paired": "on"})[2].count(b"^XZ")
        self.assertEqual((one, two), (3, 6))

    def test_looking_first_keeps_what_was_chosen_and_the_logo(self):
        body, head = kit.multipart([("csrf", H.csrf("maker")), ("id", FULL), ("template", "rope_tag"), ("form", "signed"), ("as", "zpl"), ("from", "3"), ("count", "7"),
                                    ("paired", "on"), ("act", "look"), ("logo", PNG, "l.png")])
        status, r, data = H.ask("POST", "/ui/print/new", body, H.cookie("maker", **head))
        page = data.decode()
        self.assertEqual(status, 200)
        for part in ['value="rope_tag" checked', 'value="signed" selected', 'value="zpl" checked', 'name="from" value="3"', 'name="count" value="7"',
                     'name="paired" value="on" checked', 'name="kept_logo"']:
            self.assertIn(part, page)
        look = re.search(r'class="label-big" src="([^"]+)"', page)[1].replace("&amp;", "&")
        self.assertIn("logo=", look)
        status, r, data = H.ask("GET", look, None, H.cookie("maker"))
        self.assertEqual(status, 200)
        self.assertIn(b"data:image/png", data)
        kept = re.search(r'name="kept_logo" value="(\w{64})"', page)[1]
        self.assertEqual(send(FULL, template="rope_tag", kept_logo=kept, count=2)[0], 200)

    def test_what_is_refused_comes_back_with_reasons(self):
        for fields, said in [({"count": 41}, "几个码：超出了码包的范围"), ({"from": 41}, "从第几个码：超出了码包的范围"), ({"from": 0}, "超出了码包的范围"),
                             ({"template": "retail"}, "产品没有商品条码"), ({"form": "link"}, "产品没有商品条码"), ({"template": "none"}, "没有这个模板"),
                             ({"count": "x"}, "还没有打印"), ({"as": "svgz"}, "还没有打印")]:
            status, r, data = send(BARE, **fields)
            self.assertEqual(status, 400, fields)
            self.assertIn(said, data.decode())
            self.assertIn('value="a4_24"', data.decode())
        self.assertIn("not so many codes", send(BARE, lang="en", count=41)[2].decode())
        body, head = kit.multipart([("csrf", H.csrf("maker")), ("id", FULL), ("template", "rope_tag"), ("as", "pdf"), ("logo", b"no picture", "l.png")])
        status, r, data = H.ask("POST", "/ui/print/new", body, H.cookie("maker", **head))
        self.assertEqual(status, 400)
        self.assertIn("PNG", data.decode())

    def test_only_ones_own_page_and_packs(self):
        self.assertEqual(send(BARE, csrf="x")[0], 401)
        self.assertEqual(send(BARE, "seller")[0], 404)
        self.assertEqual(send(BARE, "officer")[0], 403)
        self.assertIn(send("x")[0], (400, 404))


class Jobs(unittest.TestCase):
    def test_many_are_an_order_with_parts(self):
        path = ordered(BIG, template="a4_65", count=21000, **{"from": 11})
        self.assertEqual(settled(path)["state"], "done")
        page = H.page(path, "maker")[1]
        for part in ["大绳 · B-7", "已完成", "11 – 20,010", "20,011 – 21,010", "21,000", "网址，手机扫码即可查询", path.replace("/ui/", "/v1/") + "/parts/2",
                     path.replace("/ui/", "/v1/") + "/manifest", "删除这些标签文件"]:
            self.assertIn(part, page)
        self.assertEqual(len(re.findall(r"[\d.]+ [KM]B<", page)), 2)
        self.assertNotIn("http-equiv", page)
        self.assertNotIn("hx-get", page)
        for link in re.findall(r'href="(/v1/prints/[^"]+)"', page):
            self.assertEqual(H.ask("GET", link, None, H.cookie("maker"))[0], 200, link)
        self.assertIn("Parts to download", H.page(path, "maker", "en")[1])
        page = H.page("/ui/prints", "maker")[1]
        self.assertIn('href="%s"' % path, page)
        self.assertIn("2 / 2", page)
        self.assertEqual(H.page(path, "seller")[0], 404)
        self.assertNotIn(path, H.page("/ui/prints", "seller")[1])
        self.assertEqual(drop(path, "seller")[0], 404)
        status, r, _ = drop(path)
        self.assertEqual((status, r.getheader("Location")), (303, "/ui/prints?dropped=1"))
        page = H.page("/ui/prints?dropped=1", "maker")[1]
        self.assertIn("已放弃，标签文件已删除", page)
        self.assertNotIn(path, page)
        page = H.page(path, "maker")[1]
        self.assertIn("这个任务已放弃", page)
        self.assertNotIn("/parts/", page)

    def test_pairs_count_twice(self):
        path = ordered(BIG, template="thermal_60x40", count=1001, paired="on")
        self.assertEqual(settled(path)["labels"], 2002)
        self.assertIn("每个码两张", H.page(path, "maker")[1])
        self.assertEqual(send(BIG, template="thermal_60x40", count=1000, paired="on")[0], 200)
        path = ordered(BIG, template="thermal_60x40", count=200000, **{"as": "zpl"})
        page = H.page(path, "maker")[1]
        for part in ['<noscript><meta http-equiv="refresh" content="3"></noscript>', 'hx-get="%s"' % path, "<progress", "停止生成", "可以离开此页"]:
            self.assertIn(part, page)
        self.assertEqual(drop(path)[0], 303)
        self.assertEqual(H.ask("POST", path + "/part", "csrf=" + H.csrf("maker"), H.cookie("maker", **{"Content-Type": FORM}))[0], 404)


class Around(unittest.TestCase):
    def test_the_page_of_a_pack_offers_printing_and_codes(self):
        page = H.page("/ui/pack/" + FULL, "maker")[1]
        for part in ['href="/ui/print/new?pack=%s"' % FULL, 'action="/v1/packs/%s/codes"' % FULL, 'value="signed"', 'value="csv"', "一物一码</h1>"]:
            self.assertIn(part, page)
        for part in ["/ui/op/label.sheet", "/ui/op/label.preview", "/ui/op/print.create"]:
            self.assertNotIn(part, page)
        self.assertNotIn('value="link"', H.page("/ui/pack/" + BARE, "maker")[1])
        self.assertNotIn("/ui/print/new", H.page("/ui/pack/" + FULL)[1])
        self.assertNotIn("/ui/print/new", H.page("/ui/pack/" + FULL, "officer")[1])
        for form, start in [("code", "code\r\n"), ("signed", "code,signed\r\n")]:
            status, r, data = H.ask("GET", "/v1/packs/%s/codes?form=%s&format=csv" % (FULL, form), None, H.cookie("maker"))
            self.assertEqual((status, data.decode().startswith(start)), (200, True))
            self.assertIn("attachment", r.getheader("Content-Disposition"))

    def test_the_desk_leads_there(self):
        for role in ("maker", "seller"):
            page = H.page("/me", role)[1]
            self.assertIn('href="/ui/print"', page)
            self.assertIn('href="/ui/print/new"', page)
        self.assertEqual(H.page("/ui/print", "maker")[0], 200)
        for role in ("officer", "operator", "association"):
            self.assertNotIn("/ui/print", H.page("/me", role)[1])


if __name__ == "__main__":
    H = kit.House(os.path.abspath(sys.argv.pop(1)))
    try:
        BARE, FULL, BIG = new_pack("裸绳"), new_pack("码绳", gtin="6901234567892"), new_pack("大绳", 250000)
        result = unittest.main(exit=False, verbosity=1).result
    finally:
        H.stop()
    sys.exit(0 if result.wasSuccessful() else 1)
