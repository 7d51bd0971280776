#!/usr/bin/env python3
"""Goods on the move, from pages: where they went, deliveries, the counter, arrivals, cuts, recalls, findings.    test_flow.py SUYUAN"""
import json
import os
import re
import sys
import time
import unittest
import urllib.parse

import kit

FORM = "application/x-www-form-urlencoded"
HOSTILE = "<script>alert(1)</script>'\"&<b>"
PASSWORD = "demo-password-1"
REEL, CARTON = "", "106901234567890003"


# ---- as programs ----

def call(method, path, role, **fields):
    status, r, data = H.ask(method, path, json.dumps(fields) if method == "POST" else None, H.bearer(role, **{"Content-Type": "application/json"}))
    return status, json.loads(data)


def filed(path, role="maker", **fields):
    status, out = call("POST", path, role, **fields)
    if status != 201:
        raise AssertionError(out)
    return out["id"]


def rows(path, role):
    return call("GET", path, role)[1]["items"]


def new_batch(name, number, count):
    product = filed("/v1/products", product_name=name, product_type="steel_wire_ropes_01", specification_model="6x36", warranty_period="不涉及",
                    mandatory_national_standard=["无适用的强制性国家标准"], standard_applied=["GB/T 20118-2017"],
                    licence_or_ccc_certificate_no="(苏)XK05-005-00001", manual_or_warning="不涉及")
    status, r, data = H.ask("POST", "/v1/files", kit.PDF, H.bearer("maker", **{"Content-Type": "application/pdf"}))
    batch = filed("/v1/batches", product=product, factory_batch_or_serial_no=number, production_date="2026-10-20", trace_code="platform", report_kind="factory",
                  report_no="R", report_date="2026-10-20", report_issuer="本厂检验室", report_conclusion="合格", inspection_report=json.loads(data)["file"])
    pack = filed("/v1/packs", grain="item", batch=batch, count=count)
    return batch, H.ask("GET", "/v1/packs/%s/codes" % pack, None, H.bearer("maker"))[2].decode().split()


def uscc(organisation):
    """A unified social credit code whose two check digits fit."""
    alphabet = "0123456789ABCDEFGHJKLMNPQRTUWXY"
    inner = (11 - sum(int(c, 36) * w for c, w in zip(organisation, [3, 7, 9, 10, 5, 8, 4, 2])) % 11) % 11
    s = "91440305" + organisation + ("X" if inner == 10 else str(inner))
    return s + alphabet[-sum(alphabet.index(c) * pow(3, i, 31) for i, c in enumerate(s)) % 31]


def register(name, code, login):
    body, head = kit.multipart([("seller_name", name), ("uscc", code), ("seller_address", "深圳"), ("seller_contact", "0755-12345678"), ("business_licence", kit.PDF, "a.pdf"),
                                ("region", "440305"), ("login", login), ("password", PASSWORD)])
    status, r, page = H.ask("POST", "/ui/op/seller.register", body, dict(kit.HTML, **head))
    if status != 303:
        raise AssertionError(page.decode())


def log_in(login, role=None):
    status, r, data = H.ask("POST", "/v1/sessions", json.dumps({"login": login, "password": PASSWORD}), {"Content-Type": "application/json"})
    H.demo["tokens"][role or login] = json.loads(data)["token"]


def deliver(items, to="shop2", **more):
    return filed("/v1/sales", buyer_uscc=USCC[to], items=items, **more)


# ---- as browsers without a script ----

def send(path, role, csrf=None, lang="zh", **fields):
    pairs = [("csrf", H.csrf(role) if csrf is None else csrf)]
    for name, value in fields.items():
        pairs += [(name, v) for v in (value if isinstance(value, list) else [value])]
    status, r, data = H.ask("POST", path, urllib.parse.urlencode(pairs), H.cookie(role, lang, **{"Content-Type": FORM}))
    return status, r.getheader("Location") or "", data.decode()


def chain(of, role, more="", lang="zh"):
    return H.page("/ui/chain?of=" + urllib.parse.quote(of) + more, role, lang)[1]


def once(page):
    return re.search(r'name="once" value="([^"]+)"', page)[1]


class EachPage(unittest.TestCase):
    PAGES = [("/ui/chain", "chain"), ("/ui/offers", "parties"), ("/ui/offers?tab=out", "parties"), ("/ui/offers?tab=answered", "parties"), ("/ui/receive", "parties"),
             ("/ui/retail", "sellers"), ("/ui/cut?from=", "works"), ("/ui/findings", "findings"), ("/ui/findings?state=explained", "findings"), ("/ui/recalls", "all")]
    ALLOWED = {"chain": "maker seller shop2 builder officer operator association", "parties": "maker seller shop2 builder", "sellers": "seller shop2",
               "works": "maker seller shop2", "findings": "maker seller shop2 builder officer operator", "all": "maker seller shop2 builder officer operator association"}

    def test_every_role_in_both_languages(self):
        for path, who in self.PAGES:
            for role in ("maker", "seller", "shop2", "builder", "officer", "operator", "association"):
                for lang, mark in (("zh", '<html lang="zh-CN">'), ("en", '<html lang="en">')):
                    status, page = H.page(path, role, lang)
                    self.assertEqual(status, 200 if role in self.ALLOWED[who].split() else 403, (path, role))
                    self.assertIn(mark, page)
                    self.assertNotIn("{{", page)

    def test_strangers_log_in_first_and_come_back_to_what_they_asked(self):
        for path, who in self.PAGES[:-1]:
            status, r, _ = H.ask("GET", path, None, kit.HTML)
            self.assertEqual((status, r.getheader("Location").split("%3F")[0]), (303, "/login?next=" + path.split("?")[0]), path)
        status, r, _ = H.ask("GET", "/ui/chain?of=" + CODES[0], None, kit.HTML)
        page = H.page(r.getheader("Location"))[1]
        self.assertIn('value="/ui/chain?of=%s"' % CODES[0], page)

    def test_the_desk_leads_there_and_says_how_many_wait(self):
        deliver([CODES[1]], document_no="DESK")
        page = H.page("/me", "shop2")[1]
        for path in ["/ui/offers", "/ui/receive", "/ui/retail", "/ui/chain", "/ui/cut?from=", "/ui/findings", "/ui/return", "/ui/aggregation"]:
            self.assertIn('href="%s"' % path, page)
        self.assertIn("货物流转", page)
        self.assertEqual(int(re.search(r'<span class="pill">(\d+)</span>', page)[1]), len(rows("/v1/offers", "shop2")))
        self.assertNotIn("pill", H.page("/me", "seller")[1])
        page = H.page("/me", "officer")[1]
        self.assertIn('href="/ui/chain"', page)
        for path in ["/ui/offers", "/ui/retail", "/ui/receive"]:
            self.assertNotIn('href="%s"' % path, page)

    def test_lists_of_the_new_records_have_words(self):
        deliver([CODES[2]])
        for path, role, words in [("/ui/aggregation", "maker", ["箱码或托盘码", "装入"]), ("/ui/measure", "maker", ["每个码所载数量", "米"]), ("/ui/cut", "shop2", ["取下的数量", "米"]),
                                  ("/ui/material", "maker", ["原材料名称"]), ("/ui/case?flow=offer", "maker", ["交货", "待接收"])]:
            page = H.page(path, role)[1]
            for word in words:
                self.assertIn(word, page, path)


class Chain(unittest.TestCase):
    def test_names_the_caller_may_not_know_are_locks(self):
        of = H.demo["codes"][0]
        for role, seen, hidden in [("maker", ["示例五金批发部"], ["示例建筑工程公司"]), ("seller", ["示例钢丝绳厂", "示例建筑工程公司"], []),
                                   ("shop2", [], ["示例五金批发部", "示例建筑工程公司"]), ("association", [], ["示例五金批发部", "示例建筑工程公司"])]:
            page = re.sub(r'<header class="top">.*?</header>', "", chain(of, role), flags=re.S)
            for name in seen:
                self.assertIn(name, page, role)
            for name in hidden:
                self.assertNotIn(name, page, role)
            self.assertEqual('class="dot-sealed"' in page, bool(hidden), role)
            self.assertEqual(page.count('<g class="dot-'), 2 * len(json.loads(H.ask("GET", "/v1/chain?of=" + of, None, H.bearer(role))[2])["nodes"]))
        page = chain(of, "maker")
        self.assertIn("未公开 1", page)
        self.assertIn("Not public 1", chain(of, "maker", lang="en"))
        self.assertIn("内容未公开，已封存并存证", page)

    def test_steps_have_times_proofs_and_lateness(self):
        page = chain(H.demo["codes"][0], "seller")
        self.assertIn("2026-11-10", page)
        self.assertRegex(page, r"\d+ 天后填报")
        links = re.findall(r'href="(/v1/receipts/\w{13})"', page)
        self.assertGreaterEqual(len(links), 4)
        for link in links:
            self.assertEqual(H.ask("GET", link, None, H.cookie("seller"))[0], 200)
        evidence = re.search(r'href="(/v1/chain/evidence[^"]+)"', page)[1].replace("&amp;", "&")
        status, r, data = H.ask("GET", evidence, None, H.cookie("seller"))
        self.assertEqual((status, r.getheader("Content-Type")), (200, "application/x-ndjson"))
        self.assertEqual(json.loads(data.splitlines()[0])["format"], "suyuan/chain/1")

    def test_both_sides_make_a_solid_line_and_goods_that_come_back_another(self):
        self.assertIn('class="line-both"', chain(H.demo["codes"][0], "seller"))
        deliver([CODES[3]])
        page = chain(CODES[3], "maker")
        self.assertIn('class="line-one"', page)
        self.assertNotIn('class="line-both"', page)
        filed("/v1/resales", "seller", trace_code=[H.demo["codes"][20 % 10]])
        sale = deliver([CODES[4]])
        call("POST", "/v1/offers/%s/answer" % sale, "shop2", accept="all")
        filed("/v1/returns", items=[CODES[4]], from_uscc=USCC["shop2"], reason="规格不符")
        page = chain(CODES[4], "maker")
        self.assertIn('class="line-back"', page)
        self.assertIn("退回", page)

    def test_until_a_day(self):
        page = chain(H.demo["codes"][0], "seller", "&until=2026-11-12")
        self.assertNotIn("示例建筑工程公司", page)
        self.assertIn('value="2026-11-12"', page)
        self.assertEqual(H.page("/ui/chain?of=%s&until=x" % H.demo["codes"][0], "seller")[0], 400)

    def test_what_is_left_of_a_reel_is_its_holders_business(self):
        page = chain(REEL, "shop2")
        for part in ["867.3 米", "1000 米", "132.5 米", "0.2 米", "± 5 米", 'class="bar-tolerance"', "/ui/cut?from=" + REEL]:
            self.assertIn(part, page)
        bars = [int(x) for x in re.findall(r'class="bar-(?:cut|offcut|left)"(?: x="\d+")? width="(\d+)"', page)]
        self.assertEqual(sum(bars), 1000)
        for role in ("seller", "officer", "association"):
            self.assertNotIn("867.3", chain(REEL, role))
        self.assertIn("120 米", chain(PIECE, "shop2"))
        self.assertIn("分割前", chain(PIECE, "shop2"))

    def test_lots_cartons_documents_and_materials(self):
        page = chain("FLOW-1", "maker")
        for part in ["批次", "60</b> 件", "制绳用圆钢丝", "12.5 吨", "GS-88"]:
            self.assertIn(part, page)
        self.assertIn("未公开", chain(BATCH, "seller") if H.page("/ui/chain?of=" + BATCH, "seller")[0] == 200 else "未公开")
        page = chain(CARTON, "maker")
        self.assertIn("10</b> 件", page)
        deliver([CODES[5]], document_no="CK-9001")
        self.assertIn("单据 <span", chain("CK-9001", "maker"))
        self.assertIn("单据 <span", chain("CK-9001", "shop2"))
        for of, role in [("FLOW-1", "seller"), ("CK-9001", "seller"), ("nothing", "maker"), (CARTON, "builder")]:
            status, page = H.page("/ui/chain?of=" + of, role)
            self.assertEqual(status, 404, (of, role))
            self.assertIn("请核对输入", page)
            self.assertNotIn("/ui/op/chain.open", page)

    def test_several_lots_of_one_number_are_offered(self):
        a, b = new_batch("甲绳", "TWICE", 1)[0], new_batch("乙绳", "TWICE", 1)[0]
        page = chain("TWICE", "maker")
        for part in ["几个批次用这个批号", "甲绳", "乙绳", 'href="/ui/chain?of=%s"' % a, 'href="/ui/chain?of=%s"' % b]:
            self.assertIn(part, page)
        self.assertIn("甲绳", chain(a, "maker"))

    def test_who_holds_them(self):
        page = chain("FLOW-1", "maker", "&holders=1")
        self.assertIn("在生产单位", page)
        self.assertIn('id="holders"', page)

    def test_hostile_names_are_text_in_the_drawing_too(self):
        deliver([CODES[6]], to="hostile", document_no=HOSTILE)
        for of in (CODES[6], HOSTILE, "HOSTILE-LOT"):
            page = chain(of, "maker", "&holders=1")
            self.assertNotIn("<script>alert", page)
            self.assertIn("&lt;script&gt;alert(1)", page)
        self.assertRegex(chain(CODES[6], "maker"), r"<text[^>]*>&lt;script&gt;")
        for path, role in [("/ui/offers", "hostile"), ("/ui/offers?tab=out", "maker")]:
            page = H.page(path, role)[1]
            self.assertNotIn("<script>alert", page)
            self.assertIn("&lt;script&gt;alert(1)", page)
        page = H.page("/ui/chain?of=" + urllib.parse.quote('"><script>alert(2)</script>'), "maker")[1]
        self.assertNotIn("<script>alert(2)", page)

    def test_many_parties_are_folded(self):
        batch, codes = new_batch("散绳", "MANY", 20)
        for i in range(14):
            filed("/v1/sales", items=[codes[i]], buyer_name="单位 %d" % i, buyer_address="某地", buyer_contact="0513-80000001", buyer_uscc=uscc("MA5EX%03d" % i))
        page = chain("MANY", "maker")
        self.assertIn("图中每列最多画 12 个单位", page)
        self.assertEqual(page.count('<g class="dot-'), 2 * 13)


class Officer(unittest.TestCase):
    def test_opening_needs_a_reason_and_is_told(self):
        of = H.demo["codes"][1]
        page = chain(of, "officer")
        for part in ["打开流向", "会写入日志，并告知流向中的各单位", 'action="/ui/op/chain.open"', 'class="dot-sealed"']:
            self.assertIn(part, page)
        self.assertNotIn("示例建筑工程公司", page)
        back = re.search(r'name="back" value="([^"]+)"', page)[1].replace("&amp;", "&")
        self.assertEqual(send("/ui/op/chain.open", "officer", csrf="x", of=of, reason="核查", back=back)[0], 401)
        self.assertEqual(send("/ui/op/chain.open", "officer", of=of, back=back)[0], 400)
        self.assertIn('class="dot-sealed"', chain(of, "officer"))
        status, where, _ = send("/ui/op/chain.open", "officer", of=of, reason="核查一件举报", back=back)
        self.assertEqual((status, where), (303, back))
        page = H.page(where, "officer")[1]
        self.assertIn("这次查看已记录", page)
        self.assertIn("示例建筑工程公司", page)
        self.assertNotIn('class="dot-sealed"', page)
        self.assertNotIn('action="/ui/op/chain.open"', page)
        self.assertIn("核查一件举报", json.dumps(rows("/v1/accesses", "seller"), ensure_ascii=False))

    def test_a_lot_is_opened_before_it_is_shown(self):
        status, page = H.page("/ui/chain?of=FLOW-1", "officer")
        self.assertEqual(status, 404)
        self.assertIn("须写明事由打开后才能看", page)
        self.assertEqual(send("/ui/op/chain.open", "officer", of="FLOW-1", reason="核查批次", back="/ui/chain?of=FLOW-1")[0], 303)
        self.assertIn("60</b> 件", chain("FLOW-1", "officer"))

    def test_only_officers_are_offered_it(self):
        for role in ("maker", "shop2", "operator", "association"):
            self.assertNotIn("/ui/op/chain.open", chain(H.demo["codes"][2], role))


class Offers(unittest.TestCase):
    def test_one_tap_accepts_and_files_the_purchase(self):
        sale = deliver(CODES[7:9], document_no="CK-1")
        page = H.page("/ui/offers", "shop2")[1]
        for part in ["CK-1", 'action="/ui/offers/%s/accept"' % sale, "示例钢丝绳厂", "今天", CODES[7]]:
            self.assertIn(part, page)
        self.assertEqual(send("/ui/offers/%s/accept" % sale, "shop2", csrf="x")[0], 401)
        status, where, _ = send("/ui/offers/%s/accept" % sale, "shop2")
        self.assertEqual((status, where), (303, "/ui/offers?done=accepted"))
        page = H.page(where, "shop2")[1]
        self.assertIn("进货记录已由平台填好", page)
        self.assertNotIn(sale, page)
        page = H.page("/ui/offers?tab=answered", "shop2")[1]
        self.assertIn("/ui/offers/" + sale, page)
        self.assertIn("已接收", page)
        bought = [x for x in rows("/v1/purchases", "shop2") if x["values"].get("offer") == sale]
        self.assertEqual((len(bought), bought[0]["values"]["document_no"]), (1, "CK-1"))
        page = H.page("/ui/offers/" + sale, "shop2")[1]
        self.assertIn("这批货已经答复", page)
        self.assertNotIn("/accept", page)
        self.assertEqual(send("/ui/offers/%s/accept" % sale, "shop2")[0], 409)

    def test_a_part_with_ticks(self):
        sale = deliver([CODES[9], CODES[11], CODES[13]])
        page = H.page("/ui/offers/" + sale, "shop2")[1]
        self.assertEqual(page.count('type="checkbox" name="items"'), 3)
        status, _, page = send("/ui/offers/%s/part" % sale, "shop2", items=["", ""], pick="short")
        self.assertEqual(status, 400)
        self.assertIn("部分接收须列出接收的追溯码", page)
        status, _, page = send("/ui/offers/%s/part" % sale, "shop2", items=CODES[20], pick="short")
        self.assertEqual(status, 400)
        self.assertIn(CODES[20], page)
        self.assertIn("不在这次交货里", page)
        status, where, _ = send("/ui/offers/%s/part" % sale, "shop2", items=[CODES[9], CODES[13], ""], pick="broken", reason="第二盘外包装破了")
        self.assertEqual((status, where), (303, "/ui/offers?done=part"))
        self.assertIn("已部分接收", H.page(where, "shop2")[1])
        refused = [x for x in rows("/v1/refusals", "shop2") if x["values"]["offer"] == sale][0]["values"]
        self.assertEqual((refused["items"], refused["reason"]), ([CODES[11]], "货物破损。第二盘外包装破了"))

    def test_none_with_a_reason(self):
        sale = deliver([CODES[14]])
        status, _, page = send("/ui/offers/%s/refuse" % sale, "shop2", pick="other", reason=" ")
        self.assertEqual(status, 400)
        self.assertIn("须说明原因", page)
        self.assertEqual(send("/ui/offers/%s/refuse" % sale, "shop2", pick="wrong")[1], "/ui/offers?done=refused")
        self.assertIn("不是我们订的货", json.dumps(rows("/v1/refusals", "shop2"), ensure_ascii=False))

    def test_several_at_once(self):
        sales = [deliver([CODES[i]]) for i in (15, 16, 17)]
        page = H.page("/ui/offers", "shop2")[1]
        for sale in sales:
            self.assertIn('form="bulk" name="ids" value="%s"' % sale, page)
        status, _, page = send("/ui/offers", "shop2")
        self.assertEqual(status, 400)
        self.assertIn("请先勾选", page)
        self.assertEqual(send("/ui/offers", "shop2", csrf="x", ids=sales[:2])[0], 401)
        self.assertEqual(send("/ui/offers", "shop2", ids=sales[:2])[1], "/ui/offers?done=accepted")
        page = H.page("/ui/offers", "shop2")[1]
        self.assertEqual([s in page for s in sales], [False, False, True])
        self.assertEqual(len([x for x in rows("/v1/purchases", "shop2") if x["values"].get("offer") in sales]), 2)

    def test_a_corrected_delivery_is_accepted_like_any_other(self):
        first, other = deliver([CODES[26]]), deliver([CODES[27]])
        sale = deliver([CODES[28]], corrects=first)
        self.assertEqual(send("/ui/offers", "shop2", ids=[sale, other])[1], "/ui/offers?done=accepted")
        page = H.page("/ui/offers", "shop2")[1]
        self.assertEqual([sale in page, other in page], [False, False])

    def test_other_peoples_deliveries(self):
        sale = deliver([CODES[18]])
        for role in ("seller", "builder"):
            self.assertEqual(H.page("/ui/offers/" + sale, role)[0], 404)
            self.assertEqual(send("/ui/offers/%s/accept" % sale, role)[0], 404)
        page = H.page("/ui/offers/" + sale, "maker")[1]
        self.assertIn("由对方答复", page)
        self.assertNotIn("/accept", page)
        self.assertIn(sale, H.page("/ui/offers?tab=out", "maker")[1])
        self.assertEqual(H.page("/ui/offers/" + sale, "officer")[0], 403)
        for path in ("/ui/offers/x", "/ui/offers/0000000000000"):
            self.assertEqual(H.page(path, "shop2")[0], 404, path)
        self.assertEqual(send("/ui/offers/%s/burn" % sale, "shop2")[0], 404)

    def test_empty_says_what_will_come(self):
        self.assertIn("对方填报了售给贵单位的货，就会出现在这里", H.page("/ui/offers", "seller")[1])
        self.assertIn("Nothing waits for you", H.page("/ui/offers", "seller", "en")[1])


class Counter(unittest.TestCase):
    def test_scan_and_sold(self):
        page = H.page("/ui/retail", "seller")[1]
        for part in ["autofocus", 'name="trace_code"', "今天"]:
            self.assertIn(part, page)
        self.assertIn('<details class="folded">', page)
        fields = {"trace_code": "\r\n".join(H.demo["codes"][6:9]) + "\r\n", "once": once(page), "customer_name": "", "sold_time": ""}
        self.assertEqual(send("/ui/retail", "seller", csrf="x", **fields)[0], 401)
        status, where, said = send("/ui/retail", "seller", **fields)
        self.assertEqual(status, 303, said)
        page = H.page(where, "seller")[1]
        self.assertIn("已售出 3 件", page)
        record = where.split("=")[1]
        self.assertIn('href="/ui/op/resale.create?corrects=%s"' % record, page)
        self.assertEqual(H.page("/ui/op/resale.create?corrects=" + record, "seller")[0], 200)
        values = call("GET", "/v1/resales/" + record, "seller")[1]["values"]
        self.assertEqual(values["customer_kind"], ["consumer"])
        # the same form again, by impatience, is the same record
        self.assertEqual(send("/ui/retail", "seller", **fields)[1], where)
        self.assertIn("Sold: 3 items", H.page(where, "seller", "en")[1])

    def test_refused_keeps_what_was_scanned(self):
        status, _, page = send("/ui/retail", "seller", trace_code="NOT-A-CODE\n" + HOSTILE, document_no="D-1")
        self.assertEqual(status, 400)
        self.assertIn("NOT-A-CODE", page)
        self.assertNotIn("<script>alert", page)
        self.assertIn('<details class="folded" open>', page)
        self.assertEqual(send("/ui/retail", "seller", trace_code=" ")[0], 400)

    def test_to_a_company(self):
        where = send("/ui/retail", "seller", trace_code=H.demo["codes"][9], customer_uscc=USCC["builder"], sold_time="2026-11-20")[1]
        values = call("GET", "/v1/resales/" + where.split("=")[1], "seller")[1]["values"]
        self.assertEqual((values["customer_name"], values["sold_time"]), ("示例建筑工程公司", "2026-11-20"))

    def test_makers_and_builders_have_no_counter(self):
        for role in ("maker", "builder", "officer"):
            self.assertEqual(send("/ui/retail", role, trace_code=H.demo["codes"][9])[0], 403)


class Receive(unittest.TestCase):
    def test_scanned_goods_find_their_delivery(self):
        sale, other = deliver(CODES[21:24], document_no="RC-1"), deliver([CODES[25]], document_no="RC-2")
        status, _, page = send("/ui/receive", "shop2", codes="\n".join([CODES[21], CODES[22], CODES[21], CODES[25], "NONSENSE<b>"]))
        self.assertEqual(status, 200)
        for part in ["RC-1", "RC-2", "本次扫到 2", "本次扫到 1", 'action="/ui/offers/%s/accept"' % sale, "认不出这些码", "NONSENSE&lt;b&gt;"]:
            self.assertIn(part, page)
        self.assertNotIn("purchase.create", page)
        status, _, page = send("/ui/offers/%s/scanned" % sale, "shop2", items=CODES[21] + "\n" + CODES[22])
        self.assertEqual(status, 200)
        self.assertRegex(page, r"(?s)<textarea[^>]*>\s*%s\s+%s" % (CODES[21], CODES[22]))
        self.assertIn(sale, [x["id"] for x in rows("/v1/offers", "shop2")])     # only shown so far
        self.assertEqual(send("/ui/offers/%s/part" % sale, "shop2", items=CODES[21] + "\n" + CODES[22], pick="short")[0], 303)
        self.assertEqual(send("/ui/offers/%s/accept" % other, "shop2")[0], 303)

    def test_a_carton_finds_its_delivery(self):
        sale = deliver([CARTON], document_no="RC-3")
        page = send("/ui/receive", "shop2", codes=CARTON)[2]
        self.assertIn('action="/ui/offers/%s/accept"' % sale, page)
        self.assertIn("<b>10</b> 件", page)

    def test_without_a_delivery_it_is_a_purchase(self):
        page = send("/ui/receive", "shop2", codes=CODES[40])[2]
        for part in ['action="/ui/op/purchase.create"', CODES[40], 'value="不详"']:
            self.assertIn(part, page)
        status, where, page = send("/ui/op/purchase.create", "shop2", trace_code=CODES[40], supplier_name="不详", supplier_uscc="", back="/ui/receive?done=1")
        self.assertEqual((status, where), (303, "/ui/receive?done=1"), page)
        self.assertIn("已登记进货", H.page(where, "shop2")[1])
        self.assertIn("已经登记过进货", send("/ui/receive", "shop2", codes=CODES[40])[2])

    def test_nothing_and_nobody(self):
        self.assertIn("请先扫码", send("/ui/receive", "shop2", codes="  ")[2])
        self.assertEqual(send("/ui/receive", "shop2", csrf="x", codes=CODES[40])[0], 401)
        self.assertEqual(send("/ui/receive", "officer", codes=CODES[40])[0], 403)


class Cut(unittest.TestCase):
    def test_a_length_is_taken_and_what_is_left_is_told(self):
        path = "/ui/cut?from=" + REEL2
        page = H.page(path, "shop2")[1]
        for part in ["1000 米", '<option value="m" selected>', "autofocus", '<details class="folded">']:
            self.assertIn(part, page)
        status, where, said = send("/ui/cut", "shop2", **{"from": REEL2, "quantity": "40.5", "unit": "m", "once": once(page), "piece": "", "cut_time": ""})
        self.assertEqual(status, 303, said)
        page = H.page(where, "shop2")[1]
        self.assertIn("959.5 米", page)
        self.assertIn("下面是新的余量", page)
        self.assertIn("/ui/op/cut.create?corrects=", page)
        self.assertIn("959.5 metre", H.page(where, "shop2", "en")[1])

    def test_refused_keeps_the_numbers(self):
        for fields, words in [({"quantity": "3000", "unit": "m"}, "两倍"), ({"quantity": "3", "unit": "kg"}, "计量"), ({"quantity": "x", "unit": "m"}, "")]:
            status, _, page = send("/ui/cut", "shop2", **dict(fields, **{"from": REEL2}))
            self.assertEqual(status, 400)
            self.assertIn('value="%s"' % fields["quantity"], page)
            self.assertIn(words, page)
        self.assertEqual(send("/ui/cut", "shop2", csrf="x", **{"from": REEL2, "quantity": "1", "unit": "m"})[0], 401)

    def test_codes_without_a_quantity(self):
        self.assertIn("没有登记所载数量", H.page("/ui/cut?from=" + CODES[30], "shop2")[1])
        self.assertIn("/ui/op/measure.create?items=" + CODES[30], H.page("/ui/cut?from=" + CODES[30], "maker")[1])
        self.assertIn("认不出这个码", H.page("/ui/cut?from=nonsense", "shop2")[1])
        self.assertIn("取下的数量", H.page("/ui/cut", "shop2")[1])          # the list of cuts
        self.assertEqual(H.page("/ui/cut?from=" + REEL2, "builder")[0], 403)


class Scan(unittest.TestCase):
    def test_a_piece_says_its_length_and_members_are_led_on(self):
        page = H.page("/c/" + PIECE)[1]
        self.assertIn("120 米", page)
        self.assertNotIn("/ui/chain", page)
        self.assertIn("120 metre", H.page("/c/" + PIECE, None, "en")[1])
        self.assertIn('href="/ui/chain?of=%s"' % PIECE, H.page("/c/" + PIECE, "seller")[1])


class Recall(unittest.TestCase):
    def test_from_the_order_to_the_end(self):
        batch, codes = new_batch("召回绳", "RECALL-1", 10)
        sale = deliver(codes[:4])
        call("POST", "/v1/offers/%s/answer" % sale, "shop2", accept="all")
        recall = filed("/v1/recalls", kind="recall", batch=batch, reason="断丝" + HOSTILE, measures="停止使用，退回", contact="0513-80000001")
        path = "/ui/recalls/" + recall
        self.assertTrue(kit.wait_for(lambda: rows("/v1/recall_notices?field=recall&value=" + recall, "shop2"), 30))
        notice = rows("/v1/recall_notices?field=recall&value=" + recall, "shop2")[0]["id"]
        page = H.page(path)[1]
        for part in ["停止使用，退回", "0513-80000001", "召回绳", "RECALL-1", "&lt;script&gt;"]:
            self.assertIn(part, page)
        for part in ["<script>alert", "进展", "贵单位持有", "示例建材商店"]:
            self.assertNotIn(part, page)
        page = H.page(path, "shop2")[1]
        self.assertIn("贵单位持有 <b>4</b> 件", page)
        self.assertNotIn("各持有单位", page)
        back = path + "?said=acknowledged"
        self.assertEqual(send("/ui/op/recall_notice.acknowledge", "shop2", id=notice, back=back)[1], back)
        page = H.page(back, "shop2")[1]
        self.assertIn("已确认收到", page)
        self.assertEqual(send("/ui/op/recall_report.create", "shop2", notice=notice, event="returned", count="3", items="", note="", back=path)[1], path)
        for role in ("maker", "officer"):
            page = H.page(path, role)[1]
            for part in ["示例建材商店", "已确认", "<b>1</b> / 1", "<b>3</b> / 4", "/v1/recalls/%s/report" % recall, "recall.close"]:
                self.assertIn(part, page, role)
            self.assertNotIn("recall.lift", page)
        page = H.page(path, "operator")[1]
        self.assertIn("进展", page)
        self.assertNotIn("示例建材商店", page)
        self.assertIn("How far it got", H.page(path, "maker", "en")[1])
        self.assertEqual(H.ask("GET", "/v1/recalls/%s/report" % recall, None, H.cookie("maker"))[0], 200)
        self.assertEqual(send("/ui/op/recall.refresh", "maker", id=recall, back=path + "?said=refreshed")[0], 303)
        self.assertEqual(send("/ui/op/recall_notice.finish", "shop2", id=notice, back=path)[0], 303)
        self.assertEqual(send("/ui/op/recall.close", "maker", id=recall, back=path)[0], 303)
        self.assertIn("已结束", H.page(path, "maker")[1])
        page = H.page("/c/" + codes[0])[1]
        self.assertIn('href="%s"' % path, page)
        self.assertIn('href="%s"' % path, H.page("/ui/recalls", "shop2")[1])
        self.assertIn("已召回或停止销售的货物", send_retail_page(codes[0]))
        self.assertIn("已召回或停止销售的货物", send("/ui/receive", "shop2", codes=codes[1])[2])

    def test_no_such_recall(self):
        for role in (None, "maker", "shop2"):
            self.assertEqual(H.page("/ui/recalls/0000000000000", role)[0], 404)


def send_retail_page(code):
    return H.page(send("/ui/retail", "shop2", trace_code=code)[1], "shop2")[1]


class Findings(unittest.TestCase):
    def test_a_group_is_explained_and_decided_at_once(self):
        batch, codes = new_batch("早卖绳", "FIND-1", 6)
        for code in codes[:3]:
            filed("/v1/sales", items=[code], buyer_kind="consumer", sale_time="2026-10-01")
        status, out = call("POST", "/v1/findings/sweep", "officer")
        self.assertEqual(status, 201, out)
        group = [x for x in call("GET", "/v1/findings/groups", "officer")[1]["groups"] if x["rule"] == "sold_before_production"][0]
        path = "/ui/findings?rule=%s&party=%s" % (group["rule"], group["party"])
        page = H.page("/ui/findings", "maker")[1]
        self.assertIn(path.replace("&", "&amp;"), page)
        self.assertIn(group["rule_zh"], page)
        self.assertNotIn("sold_before_production", H.page("/ui/findings", "seller")[1])
        page = H.page(path, "maker")[1]
        ids = re.findall(r'name="ids" value="(\w{13})"', page)
        self.assertEqual(len(ids), group["count"])
        self.assertIn('value="finding.explain"', page)
        self.assertNotIn("finding.confirm", page)
        self.assertIn("/ui/chain?of=" + codes[0], page)
        fields = {"rule": group["rule"], "party": group["party"], "state": "open", "op": "finding.explain"}
        status, _, page = send("/ui/findings", "maker", note="系统重复上传", **fields)
        self.assertEqual(status, 400)
        self.assertIn("请先勾选", page)
        self.assertIn("系统重复上传</textarea>", page)
        self.assertEqual(send("/ui/findings", "maker", ids=ids[:1], **fields)[0], 400)            # without a word
        self.assertEqual(send("/ui/findings", "maker", csrf="x", ids=ids, note="n", **fields)[0], 401)
        status, where, page = send("/ui/findings", "maker", every=ids, all="on", note="系统重复上传" + HOSTILE, **fields)
        self.assertEqual(status, 303, page)
        self.assertIn("done=%d" % len(ids), where)
        page = H.page(path + "&state=explained", "officer")[1]
        self.assertEqual(len(re.findall(r'name="ids"', page)), len(ids))
        for part in ['value="finding.confirm"', 'value="finding.dismiss"', "&lt;script&gt;", "/ui/op/record.reveal?record=", "/ui/op/case.hand?id="]:
            self.assertIn(part, page)
        for part in ["<script>alert", "finding.explain", codes[0]]:
            self.assertNotIn(part, page)
        fields.update(state="explained", op="finding.dismiss")
        self.assertEqual(send("/ui/findings", "officer", ids=ids[:1], note="已核实", **fields)[0], 303)
        self.assertEqual(send("/ui/findings", "maker", ids=ids[1:2], note="已核实", **fields)[0], 403)
        fields.update(op="finding.confirm")
        self.assertEqual(send("/ui/findings", "officer", ids=ids[1:], note="属实", **fields)[0], 303)
        self.assertIn("认定属实", H.page("/ui/findings?state=confirmed", "maker")[1])
        self.assertIn("Confirmed", H.page("/ui/findings?state=confirmed", "officer", "en")[1])

    def test_empty(self):
        self.assertIn("没有需要说明的问题", H.page("/ui/findings", "builder")[1])


def set_up():
    global CODES, BATCH, REEL, REEL2, PIECE, USCC
    for login in ("shop2", "builder"):
        log_in(login)
    USCC = {"seller": "示例五金批发部", "shop2": "示例建材商店", "builder": "示例建筑工程公司", "maker": "示例钢丝绳厂"}
    known = {p["name"]: p["uscc"] for p in H.demo["parties"]}
    USCC = {k: known[v] for k, v in USCC.items()}
    USCC["hostile"] = uscc("MA5EXTBT")
    register(HOSTILE, USCC["hostile"], "hostile")
    log_in("hostile")
    BATCH, CODES = new_batch("流转绳", "FLOW-1", 60)
    filed("/v1/materials", batch=BATCH, name="制绳用圆钢丝", lot="GS-88", supplier_name="某钢丝公司", quantity="12.5", unit="t")
    filed("/v1/aggregations", parent=CARTON, action="add", items=CODES[45:55])
    new_batch(HOSTILE, "HOSTILE-LOT", 1)
    cuts = rows("/v1/cuts", "shop2")
    REEL = cuts[0]["values"]["from"][0]
    PIECE = [c for c in cuts if "piece" in c["values"]][0]["values"]["piece"][0]
    pack = call("GET", "/v1/codes/%s/where" % REEL, "maker")[1]["pack"]
    REEL2 = H.ask("GET", "/v1/packs/%s/codes" % pack, None, H.bearer("maker"))[2].decode().split()[1]


if __name__ == "__main__":
    H = kit.House(os.path.abspath(sys.argv.pop(1)))
    try:
        set_up()
        result = unittest.main(exit=False, verbosity=1).result
    finally:
        H.stop()
    sys.exit(0 if result.wasSuccessful() else 1)
