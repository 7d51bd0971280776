#!/usr/bin/env python3
"""Tables sent, looked through and filed on pages; files given out.    test_bulk.py SUYUAN"""
import json
import os
import re
import sys
import time
import unittest
import urllib.parse

import kit

HEAD = "产品名称,产品类型,规格型号,质保期限,执行强制性国家标准,执行的其他标准,生产许可证号/强制性认证证书编号,使用说明书或警示说明,铭牌内容\n"
HOSTILE = "<script>alert(1)</script>'&<b>"
PIECE = 65536 * 8


def line(name, kind="单层股钢丝绳", plate=""):
    return '"%s",%s,6×36,不涉及,无适用的强制性国家标准,GB/T 20118-2017,(苏)XK05-005-00001,不涉及,%s\n' % (name.replace('"', '""'), kind, plate)


SAFE = r"^attachment; filename=\"[-.\w]+\"; filename\*=UTF-8''([-.~%\w]+)$"


def file_name(r):
    """What a browser would call the file (RFC 6266, RFC 8187)."""
    m = re.match(SAFE, r.getheader("Content-Disposition") or "", re.A)
    return urllib.parse.unquote(m[1], errors="strict") if m else None


def send(text, what="product", role="maker", name="表.csv", fields=(), **headers):
    body, head = kit.multipart([("csrf", H.csrf(role)), ("load_choice", ""), *fields, ("table", text, name)])
    return H.ask("POST", "/ui/loads/new?what=" + what, body, H.cookie(role, **dict(head, **headers)))


def settled(path):
    for _ in range(300):
        status, load = H.json(path.replace("/ui/", "/v1/"), "maker")
        if load["state"] not in ("checking", "filing"):
            return load
        time.sleep(0.1)
    raise RuntimeError("the load does not end")


def sent(text, **how):
    status, r, page = send(text, **how)
    if status != 303:
        raise AssertionError(page.decode())
    path = r.getheader("Location")
    return path, settled(path)


def do(path, verb, role="maker", **fields):
    body = urllib.parse.urlencode(dict(fields, csrf=H.csrf(role)))
    return H.ask("POST", path + "/" + verb, body, H.cookie(role, **{"Content-Type": "application/x-www-form-urlencoded"}))


class Sending(unittest.TestCase):
    def test_what_may_be_sent_is_offered(self):
        _, page = H.page("/ui/loads/new", "maker")
        self.assertIn("/ui/loads/new?what=product.create", page)
        self.assertNotIn("register", page)
        self.assertNotIn("what=resale", page)
        self.assertIn("what=resale.create", H.page("/ui/loads/new", "seller")[1])
        self.assertEqual(H.page("/ui/loads/new", "association")[0], 403)
        self.assertEqual(H.page("/ui/loads/new")[0], 303)
        self.assertEqual(H.page("/ui/loads")[0], 303)
        page = H.page("/ui/loads/new?what=product", "maker")[1]
        for part in ["/v1/templates/product.create?as=xlsx", "/v1/templates/product.create?as=csv", "<noscript> 浏览器没有启用脚本时，一次最多 16 MB", "loads.js", "data-table"]:
            self.assertIn(part, page)
        self.assertIn("/ui/loads", H.page("/me", "maker")[1])
        for what in ["session.open", "nothing", "maker.register", "file.put", "resale"]:
            page = H.page("/ui/loads/new?what=" + what, "maker")[1]
            self.assertNotIn("data-table", page, what)

    def test_a_table_is_looked_through_and_the_good_lines_filed(self):
        bad = line("看二", "单层股钢丝蝇") + line("") + '"没有合上\n'
        path, load = sent(HEAD + line("看一") + bad)
        self.assertEqual((load["state"], load["good"], load["bad"]), ("checked", 1, 3))
        self.assertEqual(load["heading"], HEAD.strip().split(","))
        _, page = H.page(path, "maker")
        self.assertIn("表.csv", page)
        self.assertRegex(page, r'class="faulty" data-name="产品类型">.*单层股钢丝蝇')
        self.assertRegex(page, r'class="faulty" data-name="产品名称">.*<i class="withheld">空')
        self.assertIn("不在现行清单内", page)
        self.assertRegex(page, r'rowspan="2"><span class="line-word">行号 </span>3</th>')
        self.assertIn("只填报正确的行", page)
        self.assertIn("什么也不填报，并删除已上传的文件", page)
        self.assertNotIn(">全部填报<", page)
        english = H.page(path, "maker", "en")[1]
        self.assertIn("not in the list in force", english)
        self.assertIn("File the right lines only", english)
        self.assertEqual(do(path, "file", choice="all")[0], 409)
        status, r, _ = do(path, "file", choice="good")
        self.assertEqual((status, r.getheader("Location")), (303, path))
        self.assertEqual(settled(path)["filed"], 1)
        _, page = H.page(path, "maker")
        for part in ["已填报，写入日志的记录数： 1", "/ui/product", path.replace("/ui/", "/v1/") + "/filed", "/refused?as=xlsx", "/refused?as=csv"]:
            self.assertIn(part, page)
        self.assertIn("看一", H.page("/ui/product", "maker")[1])

    def test_all_lines_and_the_same_file_again(self):
        text = HEAD + line("全一") + line("全二")
        path, load = sent(text, name="全.csv")
        page = H.page(path, "maker")[1]
        self.assertIn(">全部填报<", page)
        self.assertNotIn("只填报正确的行</button>", page)
        do(path, "file", choice="all")
        self.assertEqual(settled(path)["filed"], 2)
        self.assertNotIn("完全相同", H.page(path, "maker")[1])
        again, load = sent(text, name="又.csv")
        page = H.page(again, "maker")[1]
        self.assertIn("这个文件的内容与已经填报过的一个文件完全相同", page)
        self.assertIn('href="%s"' % path, page)
        status, r, _ = do(again, "drop")
        self.assertEqual((status, r.getheader("Location")), (303, "/ui/loads?dropped=1"))
        page = H.page("/ui/loads?dropped=1", "maker")[1]
        self.assertIn("已放弃，上传的文件已删除", page)
        self.assertIn("全.csv", page)
        self.assertNotIn("又.csv", page)

    def test_chosen_before_it_is_filed_at_once(self):
        path, load = sent(HEAD + line("先选一"))
        self.assertEqual(load["state"], "checked")
        body, head = kit.multipart([("csrf", H.csrf("maker")), ("load_choice", "all"), ("table", HEAD + line("先选二"), "b.csv")])
        _, r, _ = H.ask("POST", "/ui/loads/new?what=product", body, H.cookie("maker", **head))
        self.assertEqual(settled(r.getheader("Location"))["filed"], 1)

    def test_a_package_goes_out_and_another_comes_in(self):
        _, page = H.page("/ui/loads/new", "maker")
        self.assertIn("/v1/packages/annex2?as=xlsx", page)
        for form in ("ndjson", "json", "csv", "xlsx"):
            status, r, text = H.ask("GET", "/v1/packages/annex2?as=" + form, None, H.bearer("maker"))
            self.assertEqual(status, 200)
            self.assertIsNotNone(file_name(r), form)
        record = {"type": "product", "ref": "p", "product_name": "别处来的绳", "product_type": "steel_wire_ropes_01", "specification_model": "6x36",
                  "warranty_period": "不涉及", "mandatory_national_standard": ["无适用的强制性国家标准"], "standard_applied": ["GB/T 20118-2017"],
                  "licence_or_ccc_certificate_no": "(苏)XK05-005-00001", "manual_or_warning": "不涉及"}
        path, load = sent(json.dumps({"schema": "samr-2024-10/annex2/1", "records": [record]}), what="any", name="包.json")
        self.assertEqual((load["state"], load["good"], load["bad"]), ("checked", 1, 0), load)
        do(path, "file", choice="all")
        self.assertEqual(settled(path)["filed"], 1)

    def test_a_bad_file_is_explained(self):
        path, load = sent("产品名称,颜色\n绳,红\n")
        page = H.page(path, "maker")[1]
        self.assertIn("这个文件不能导入，什么也没有填报", page)
        self.assertIn("颜色", page)
        status, _, page = send("")
        self.assertEqual(status, 400)
        self.assertIn("请选择要导入的文件", page.decode())

    def test_only_ones_own_page_and_own_loads(self):
        body, head = kit.multipart([("load_choice", "all"), ("table", HEAD + line("外"), "x.csv")])
        self.assertEqual(H.ask("POST", "/ui/loads/new?what=product", body, H.cookie("maker", **head))[0], 401)
        path, _ = sent(HEAD + line("己"))
        self.assertEqual(H.page(path, "seller")[0], 404)
        self.assertEqual(do(path, "file", "seller", choice="good")[0], 404)
        self.assertEqual(H.ask("POST", path + "/file", "choice=good", H.cookie("maker", **{"Content-Type": "application/x-www-form-urlencoded"}))[0], 401)
        self.assertEqual(do(path, "data")[0], 404)
        self.assertEqual(settled(path)["filed"], 0)

    def test_what_all_lines_share(self):
        product = H.json("/v1/products?field=product_name&value=" + urllib.parse.quote("示例牌钢丝绳"), "maker")[1]["items"][0]["id"]
        text = "出厂编号/批次号/序号,生产日期,检验报告编号\nGX-1,2026-11-02,R1\nGX-2,2026-11-03,R2\n"
        fields = [("product", product), ("trace_code", "platform"), ("report_kind", "factory"), ("report_date", "2026-11-02"), ("report_issuer", "本厂检验室"),
                  ("report_conclusion", "合格"), ("inspection_report", kit.PDF, "r.pdf")]
        path, load = sent(text, what="batch", fields=fields)
        self.assertEqual((load["good"], load["bad"]), (2, 0), load)
        do(path, "file", choice="all")
        self.assertEqual(settled(path)["filed"], 2)
        batch = H.json("/v1/batches?field=factory_batch_or_serial_no&value=GX-2", "maker")[1]["items"][0]
        self.assertEqual(batch["values"]["report_issuer"], "本厂检验室")
        self.assertEqual(len(batch["values"]["inspection_report"]), 64)
        fields = [("batch", batch["id"]), ("grain", "item"), ("scheme", "ecode")]
        path, load = sent("BULK-0001\nBULK-0002\nBULK-0001\n", what="pack", name="码.txt", fields=fields)
        self.assertEqual((load["good"], load["bad"]), (2, 1), load)
        self.assertIn("与第1行相同", H.page(path, "maker")[1])
        status, _, page = send("x\n", what="batch", fields=[("inspection_report", b"no document", "r.pdf")])
        self.assertEqual(status, 400)
        self.assertIn("PDF", page.decode())

    def test_hostile_names_and_cells_are_text(self):
        path, load = sent(HEAD + line(HOSTILE, HOSTILE), name=HOSTILE + ".csv")
        for where in [path, "/ui/loads", path + "?lang=en"]:
            page = H.page(where, "maker")[1]
            self.assertNotIn("<script>alert", page, where)
        self.assertIn("&lt;script&gt;alert(1)", H.page(path, "maker")[1])


class Pieces(unittest.TestCase):
    def test_a_big_table_goes_up_in_pieces_and_shows_how_it_goes(self):
        """What the script of the page does, and what its page shows meanwhile."""
        whole = (HEAD + "".join(line("段%05d" % i, plate="x" * 300) for i in range(30000))).encode()
        self.assertGreater(len(whole), 8 << 20)
        body, head = kit.multipart([("csrf", H.csrf("maker")), ("load_choice", ""), ("table_name", "大 表.csv")])
        cookie = {"Cookie": "suyuan=" + H.demo["tokens"]["maker"], "X-CSRF": H.csrf("maker"), "Accept": "application/json"}
        status, _, data = H.ask("POST", "/ui/loads/new?what=product", body, dict(cookie, **head))
        load = json.loads(data)
        self.assertEqual((status, load["state"], load["name"]), (201, "receiving", "大 表.csv"))
        path = "/ui/loads/" + load["id"]
        page = H.page(path, "maker")[1]
        self.assertIn('data-resume="%s"' % load["id"], page)
        self.assertIn("还没有传完", page)
        for at in range(0, len(whole), PIECE):
            for _ in range(2 if at == PIECE else 1):            # a piece that seemed lost is sent again
                status, _, data = H.ask("POST", "/v1/loads/%s/data?at=%d" % (load["id"], at), whole[at:at + PIECE], dict(cookie, **{"Content-Type": "application/octet-stream"}))
                self.assertEqual(status, 201, data)
        self.assertEqual(json.loads(data)["size"], len(whole))
        self.assertEqual(H.ask("POST", "/v1/loads/%s/check" % load["id"], "{}", dict(cookie, **{"Content-Type": "application/json"}))[0], 201)
        page = H.page(path, "maker")[1]
        self.assertIn('<noscript><meta http-equiv="refresh" content="3"></noscript>', page)
        self.assertIn('hx-get="%s"' % path, page)
        self.assertIn("<progress", page)
        load = settled(path)
        self.assertEqual((load["state"], load["lines"], load["good"]), ("checked", 30000, 30000))
        page = H.page(path, "maker")[1]
        self.assertNotIn("http-equiv", page)
        self.assertNotIn("hx-get", page)
        do(path, "drop")

    def test_a_refusal_answers_a_script_in_json(self):
        body, head = kit.multipart([("csrf", H.csrf("maker")), ("table_name", "x.csv")])
        status, r, data = H.ask("POST", "/ui/loads/new?what=resale", body, dict(head, Cookie="suyuan=" + H.demo["tokens"]["maker"], Accept="application/json"))
        self.assertEqual((status, r.getheader("Content-Type")), (403, "application/problem+json"))


class Files(unittest.TestCase):
    def test_files_have_names(self):
        path, load = sent(HEAD + line("名", "错"), name="产品 一.csv")
        load = path.replace("/ui/", "/v1/")
        pack = H.json("/v1/packs", "maker")[1]["items"][0]["id"]
        rows = [("/v1/templates/product?as=xlsx", "产品模板.xlsx"), ("/v1/templates/batch?as=csv", "批次模板.csv"), ("/v1/templates/sale.create", "生产单位流向模板.xlsx"),
                ("/v1/products/export?as=xlsx", r"产品-\d{4}-\d\d-\d\d\.xlsx"), ("/v1/batches/export?as=ndjson", r"批次-[-\d]+\.ndjson"),
                ("/v1/sales/export", r"生产单位流向-[-\d]+\.csv"), (load + "/refused", "产品 一-未填报的行.csv"), (load + "/refused?as=xlsx", "产品 一-未填报的行.xlsx"),
                ("/v1/packages/annex2", r"附件2数据包-[-\d]+\.ndjson"), ("/v1/packages/annex2?as=xlsx", r"附件2数据包-[-\d]+\.xlsx"),
                ("/v1/packs/%s/codes?format=csv" % pack, "追溯码-%s.csv" % pack)]
        for where, want in rows:
            status, r, _ = H.ask("GET", where, None, H.bearer("maker"))
            self.assertEqual(status, 200, where)
            self.assertRegex(file_name(r), "^%s$" % want, where)

    def test_no_name_ends_a_header(self):
        for name in ['a"; x="b.csv', "a\r\nSet-Cookie: x=1\r\n.csv", "../../etc/passwd.csv", "a\u202eb.csv", "\x00.csv", "%0d%0aX: y.csv", ".csv", "。" * 190 + ".csv"]:
            body = json.dumps({"what": "product", "name": name})
            status, r, data = H.ask("POST", "/v1/loads", body, H.bearer("maker", **{"Content-Type": "application/json"}))
            if status == 400:
                continue
            load = "/v1/loads/" + json.loads(data)["id"]
            H.ask("POST", load + "/data", (HEAD + line("头", "错")).encode(), H.bearer("maker", **{"Content-Type": "application/octet-stream"}))
            H.ask("POST", load + "/check", "{}", H.bearer("maker", **{"Content-Type": "application/json"}))
            settled(load)
            status, r, _ = H.ask("GET", load + "/refused", None, H.bearer("maker"))
            self.assertEqual(status, 200, name)
            self.assertIsNone(r.getheader("Set-Cookie"))
            self.assertIsNone(r.getheader("X"))
            self.assertNotRegex(file_name(r), r'[/\\:*?"<>|\x00-\x1f]')

    def test_lists_offer_what_the_viewer_may(self):
        page = H.page("/ui/product", "maker")[1]
        for part in ["/v1/products/export?as=csv", "/v1/products/export?as=xlsx", "/ui/loads/new?what=product.create"]:
            self.assertIn(part, page)
        page = H.page("/ui/product?field=product_name&value=" + urllib.parse.quote("示例牌钢丝绳"), "maker")[1]
        link = re.search(r'href="(/v1/products/export\?[^"]*as=csv)"', page)[1].replace("&amp;", "&")
        status, _, data = H.ask("GET", link, None, H.cookie("maker"))
        self.assertEqual((status, data.decode().strip().count("\n")), (200, 1))
        self.assertIn("示例牌钢丝绳", data.decode())
        page = H.page("/ui/product")[1]
        self.assertIn("/v1/products/export?as=csv", page)
        self.assertNotIn("/ui/loads/new", page)
        self.assertNotIn("/ui/loads/new?what=sale", H.page("/ui/sale", "officer")[1])
        self.assertNotIn("export", H.page("/ui/notice", "maker")[1])


if __name__ == "__main__":
    H = kit.House(os.path.abspath(sys.argv.pop(1)))
    try:
        result = unittest.main(exit=False, verbosity=1).result
    finally:
        H.stop()
    sys.exit(0 if result.wasSuccessful() else 1)
