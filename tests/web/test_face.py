#!/usr/bin/env python3
"""The HTTP face of a demonstration home, as programs and browsers meet it.    test_face.py SUYUAN"""
import hashlib
import base64
import http.client
import json
import os
import re
import sys
import unittest
import urllib.parse

import kit

HTML = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
HOSTILE = "<script>alert(1)</script>\"'&<b>"
SECRET = "沉默购方有限公司"
PDF = b"%PDF-1.4\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF\n"


def ask(method, path, body=None, headers=None):
    c = http.client.HTTPConnection("127.0.0.1", S.port, timeout=30)
    c.request(method, path, body, headers or {})
    r = c.getresponse()
    data = r.read()
    c.close()
    return r.status, r, data


def token(role):
    return S.demo["tokens"][role]


def bearer(role, **more):
    return dict({"Authorization": "Bearer " + token(role)}, **more)


def cookie(role, **more):
    return dict(HTML, Cookie="suyuan=%s; lang=zh" % token(role), **more)


def csrf(role):
    return base64.urlsafe_b64encode(hashlib.sha256(b"csrf" + token(role).encode()).digest()).rstrip(b"=").decode()


def post_json(path, obj, headers):
    status, r, data = ask("POST", path, json.dumps(obj), dict(headers, **{"Content-Type": "application/json"}))
    return status, r, json.loads(data)


def form(fields):
    return urllib.parse.urlencode(fields), {"Content-Type": "application/x-www-form-urlencoded"}


def multipart(parts):
    """parts: (name, value) or (name, value, file name)."""
    out = b""
    for p in parts:
        head = 'Content-Disposition: form-data; name="%s"' % p[0] + ('; filename="%s"' % p[2] if len(p) > 2 else "")
        value = p[1] if isinstance(p[1], bytes) else p[1].encode()
        out += b"--XX\r\n" + head.encode() + b"\r\n\r\n" + value + b"\r\n"
    return out + b"--XX--\r\n", {"Content-Type": "multipart/form-data; boundary=XX"}


def product(**change):
    p = {"product_name": "试验钢丝绳", "product_type": "steel_wire_ropes_01", "specification_model": "6x36", "warranty_period": "不涉及",
         "mandatory_national_standard": ["无适用的强制性国家标准"], "standard_applied": ["GB/T 20118-2017"],
         "licence_or_ccc_certificate_no": "(苏)XK05-005-00001", "manual_or_warning": "不涉及"}
    p.update(change)
    return p


class Routes(unittest.TestCase):
    def test_answers_by_path_and_kind(self):
        code = S.demo["codes"][0]
        rows = [
            ("GET", "/healthz", {}, 200, "text/plain"),
            ("GET", "/metrics", {}, 200, "text/plain"),
            ("GET", "/openapi.json", {}, 200, "application/json"),
            ("GET", "/c/" + code, {}, 200, "application/json"),
            ("GET", "/c/" + code, {"Accept": "application/json"}, 200, "application/json"),
            ("GET", "/c/" + code, HTML, 200, "text/html"),
            ("HEAD", "/c/" + code, HTML, 200, "text/html"),
            ("GET", "/c/" + code + "?from=camera&isappinstalled=0", HTML, 200, "text/html"),
            ("GET", "/c/0123456789ABCDEFGHJK", {}, 404, "application/problem+json"),
            ("GET", "/c/0123456789ABCDEFGHJK", HTML, 404, "text/html"),
            ("GET", "/nothing", {}, 404, "text/html"),
            ("GET", "/v1/nothing", {}, 404, "application/problem+json"),
            ("DELETE", "/v1/products", {}, 405, "application/problem+json"),
            ("POST", "/v1/me", {}, 405, "application/problem+json"),
            ("GET", "/v1/me", {}, 401, "application/problem+json"),
            ("GET", "/me", HTML, 303, None),
            ("GET", "/?q=" + code, HTML, 303, None),
            ("GET", "/?q=" + urllib.parse.quote("示例钢丝绳厂"), HTML, 200, "text/html"),
            ("GET", "/v1/products?nonsense=1", bearer("maker"), 400, "application/problem+json"),
            ("GET", "/%ff", HTML, 400, None), ("GET", "/?q=%zz", HTML, 400, None),
            ("GET", "/static/0000000000000000/app.css", {}, 404, None),
        ]
        for method, path, headers, status, kind in rows:
            got, r, _ = ask(method, path, None, headers)
            if path in ("/%ff",):
                self.assertIn(got, (400, 404), path)
                continue
            self.assertEqual(got, status, (method, path, headers))
            if kind:
                self.assertTrue(r.getheader("Content-Type").startswith(kind), (path, r.getheader("Content-Type")))
        self.assertEqual(ask("DELETE", "/v1/products")[1].getheader("Allow"), "GET, HEAD, POST")
        self.assertEqual(ask("GET", "/v1/me")[1].getheader("WWW-Authenticate"), "Bearer")

    def test_a_code_tells_its_verdict(self):
        for code, verdict in [(S.demo["codes"][1], "valid_first"), (S.demo["codes"][1], "valid_again")]:
            answer = json.loads(ask("GET", "/c/" + code)[2])
            self.assertEqual(answer["verdict"], verdict)
        lost = json.loads(ask("GET", "/c/0123456789ABCDEFGHJK")[2])
        self.assertEqual((lost["type"], lost["status"]), ("forged", 404))
        page = ask("GET", "/c/" + S.demo["codes"][1], None, HTML)[2].decode()
        self.assertNotIn("正品", page)
        self.assertNotIn("verdict-\"", page)

    def test_a_page_follows_what_changed_at_once(self):
        """Scans are answered from memory: a commit that changes what is shown must reach the very next one."""
        def scan(code):
            return json.loads(ask("GET", "/c/" + code)[2])

        code = S.demo["codes"][7]
        self.assertEqual(scan(code)["maker"]["state"], "confirmed")
        maker = S.demo["parties"][0]["id"]
        self.assertEqual(post_json("/v1/registration/%s/suspend" % maker, {}, bearer("officer"))[0], 201)
        self.assertEqual(scan(code)["maker"]["state"], "suspended")
        self.assertEqual(post_json("/v1/registration/%s/resume" % maker, {}, bearer("officer"))[0], 201)
        self.assertEqual(scan(code)["maker"]["state"], "confirmed")
        n = len(scan(code)["steps"])
        self.assertEqual(post_json("/v1/lives", {"items": [code], "event": "recalled", "reason": "试验召回"}, bearer("maker"))[0], 201)
        answer = scan(code)
        self.assertEqual((answer["verdict"], len(answer["steps"]), answer["ended"]["reason"]), ("recalled_or_void", n + 1, "试验召回"))
        self.assertEqual(scan(S.demo["codes"][6])["verdict"][:5], "valid")

    def test_the_log_is_served_as_tiles(self):
        status, r, note = ask("GET", "/log/checkpoint")
        self.assertEqual(r.getheader("Access-Control-Allow-Origin"), "*")
        size = int(note.decode().split("\n")[1])
        self.assertLessEqual(int(re.search(r"max-age=(\d+)", r.getheader("Cache-Control")).group(1)), 5)
        status, r, hashes = ask("GET", "/log/tile/0/000.p/%d" % size)
        self.assertEqual((status, len(hashes)), (200, 32 * size))
        self.assertIn("immutable", r.getheader("Cache-Control"))
        status, _, bundle = ask("GET", "/log/tile/entries/000.p/%d" % size)
        at = 0
        for i in range(size):
            n = int.from_bytes(bundle[at:at + 2], "big")
            self.assertEqual(hashlib.sha256(b"\0" + bundle[at + 2:at + 2 + n]).digest(), hashes[32 * i:32 * i + 32])
            at += 2 + n
        self.assertEqual(at, len(bundle))
        for path in ["0/000", "0/001", "0/000.p/%d" % (size + 1), "0/000.p/0", "0/000.p/256", "0/0", "0/x000/000", "9/000", "00/000", "entries/001", "x/000", "0/000.p/05"]:
            self.assertEqual(ask("GET", "/log/tile/" + path)[0], 404, path)
        self.assertEqual(ask("OPTIONS", "/log/checkpoint")[0], 204)


class Input(unittest.TestCase):
    def test_problems_name_every_field(self):
        status, r, p = post_json("/v1/products", {"product_name": ""}, bearer("maker"))
        self.assertEqual((status, r.getheader("Content-Type"), p["type"], p["status"]), (400, "application/problem+json", "bad", 400))
        self.assertGreater(len(p["errors"]), 3)
        for e in p["errors"]:
            self.assertEqual(set(e), {"field", "clause", "zh", "en"})
        self.assertTrue(p["zh"] and p["en"])
        english = post_json("/v1/products", {}, bearer("maker", **{"Accept-Language": "en"}))[2]
        self.assertEqual(english["title"], english["en"])

    def test_content_types_and_limits(self):
        rows = [
            (b"<a/>", "text/xml", 415), (b"{", "application/json", 400), (b"[]", "application/json", 400), (b"{\"a\":1,\"a\":2}", "application/json", 400),
            (b"[" * 40, "application/json", 413), (b"{\"a\":" * 20 + b"1" + b"}" * 20, "application/json", 413), (b"%zz", "application/x-www-form-urlencoded", 400),
            (b"x", "multipart/form-data; boundary=XX", 400), (b"{\"a\":\"" + b"x" * (9 << 20) + b"\"}", "application/json", 413),
        ]
        for body, kind, status in rows:
            got = ask("POST", "/v1/products", body, bearer("maker", **{"Content-Type": kind}))[0]
            self.assertEqual(got, status, (body[:20], kind))

    def test_idempotency_key(self):
        for key, status in [("k" * 200, 201), ("k" * 200, 201), ("k" * 201, 400), ("a b", 400), ("\u00e9", 400)]:
            got = post_json("/v1/products", product(product_name="键"), bearer("maker", **{"Idempotency-Key": key}))
            self.assertEqual(got[0], status, key)
        self.assertEqual(post_json("/v1/products", product(product_name="别"), bearer("maker", **{"Idempotency-Key": "k" * 200}))[0], 422)

    def test_raw_and_form_uploads(self):
        status, _, data = ask("POST", "/v1/files?open=true", PDF, bearer("maker", **{"Content-Type": "application/pdf", "X-File-Name": "%E6%8A%A5.pdf"}))
        self.assertEqual((status, json.loads(data)["open"]), (201, True))
        self.assertEqual(ask("GET", "/v1/files/" + json.loads(data)["file"])[2], PDF)
        self.assertEqual(ask("POST", "/v1/files", PDF, bearer("maker", **{"Content-Type": "text/html"}))[0], 415)
        body, head = multipart([(k, v if isinstance(v, str) else "\n".join(v)) for k, v in product(product_name="表单").items() if k not in ("manual_or_warning", "warranty_period")]
                               + [("manual_or_warning", PDF, "a.pdf"), ("na_warranty_period", "on"), ("csrf", csrf("maker"))])
        status, r, _ = ask("POST", "/ui/op/product.create", body, cookie("maker", **head))
        self.assertEqual(status, 303)
        record = json.loads(ask("GET", "/v1/products/" + r.getheader("Location").split("/")[3].split("?")[0])[2])
        self.assertEqual(record["values"]["warranty_period"], "不涉及")
        self.assertEqual(ask("GET", "/v1/files/" + record["values"]["manual_or_warning"])[2], PDF)


class Sessions(unittest.TestCase):
    def test_a_cookie_alone_files_nothing(self):
        body, head = form(dict(product(), mandatory_national_standard="无适用的强制性国家标准", standard_applied="GB/T 20118-2017"))
        rows = [({}, 401), ({"X-CSRF": "x"}, 401), ({"Origin": "https://evil.example", "X-CSRF": csrf("maker")}, 401),
                ({"Sec-Fetch-Site": "cross-site", "X-CSRF": csrf("maker")}, 401), ({"X-CSRF": csrf("maker")}, 201), ({"Sec-Fetch-Site": "same-origin"}, 201)]
        for extra, status in rows:
            got = ask("POST", "/v1/products", body, dict({"Cookie": "suyuan=" + token("maker")}, **dict(head, **extra)))[0]
            self.assertEqual(got, status, extra)

    def test_log_in_and_out(self):
        login = {"login": "t" + str(os.getpid()), "password": "a long password"}
        self.assertEqual(post_json("/v1/accounts", dict(login, role=["auditor"]), bearer("operator"))[0], 201)
        body, head = form(dict(login, back="/me"))
        status, r, _ = ask("POST", "/ui/op/session.open", body, dict(HTML, **head))
        self.assertEqual((status, r.getheader("Location")), (303, "/me"))
        for mark in ["HttpOnly", "SameSite=Lax", "Path=/", "suyuan=sy_"]:
            self.assertIn(mark, r.getheader("Set-Cookie"))
        self.assertNotIn("Secure", r.getheader("Set-Cookie"))
        status, r, page = ask("POST", "/ui/op/session.open", form(dict(login, password="wrong password", back="/me"))[0], dict(HTML, **head))
        self.assertEqual((status, r.getheader("Set-Cookie")), (401, None))
        self.assertIn(login["login"], page.decode())
        self.assertNotIn("wrong password", page.decode())
        evil = dict(HTML, **dict(head, **{"Sec-Fetch-Site": "cross-site"}))
        self.assertIsNone(ask("POST", "/ui/op/session.open", body, evil)[1].getheader("Set-Cookie"))
        for back in ["//evil.example", "https://evil.example", "/\\evil.example", "/a\tb"]:
            r = ask("POST", "/ui/op/session.open", form(dict(login, back=back))[0], dict(HTML, **head))[1]
            self.assertEqual(r.getheader("Location"), "/me", back)
        mine = re.search(r"suyuan=([^;]+)", ask("POST", "/ui/op/session.open", body, dict(HTML, **head))[1].getheader("Set-Cookie")).group(1)
        digest = base64.urlsafe_b64encode(hashlib.sha256(b"csrf" + mine.encode()).digest()).rstrip(b"=").decode()
        status, r, _ = ask("POST", "/logout", form({"csrf": digest})[0], dict(HTML, Cookie="suyuan=" + mine, **head))
        self.assertEqual(status, 303)
        self.assertIn("Max-Age=0", r.getheader("Set-Cookie"))
        self.assertEqual(ask("GET", "/me", None, dict(HTML, Cookie="suyuan=" + mine))[0], 303)

    def test_bad_bearer_tokens_are_told(self):
        for value in ["Bearer nonsense", "Basic eDp5", "Bearer "]:
            self.assertEqual(ask("GET", "/v1/products", None, {"Authorization": value})[0], 401, value)


def uscc(organisation):
    """A unified social credit code whose two check digits fit."""
    alphabet = "0123456789ABCDEFGHJKLMNPQRTUWXY"
    inner = (11 - sum(int(c, 36) * w for c, w in zip(organisation, [3, 7, 9, 10, 5, 8, 4, 2])) % 11) % 11
    s = "91440305" + organisation + ("X" if inner == 10 else str(inner))
    return s + alphabet[-sum(alphabet.index(c) * pow(3, i, 31) for i, c in enumerate(s)) % 31]


class Registration(unittest.TestCase):
    def test_a_form_with_its_file_registers_and_logs_in(self):
        parts = [("seller_name", "新销售单位"), ("uscc", "no"), ("seller_address", "深圳"), ("seller_contact", "0755-12345678"), ("business_licence", PDF, "a.pdf"),
                 ("region", "440305"), ("also", "maker"), ("also", "seller"), ("login", "newseller"), ("password", "long enough pw")]
        body, head = multipart(parts)
        status, _, page = ask("POST", "/ui/op/seller.register", body, dict(HTML, **head))
        page = page.decode()
        self.assertEqual(status, 400)
        kept = re.search(r'name="kept_business_licence" value="([0-9a-f]{64})"', page)
        self.assertIsNotNone(kept)                      # the file need not be chosen again
        self.assertEqual(page.count('value="maker" checked') + page.count('value="seller" checked'), 2)
        self.assertNotIn("long enough pw", page)
        parts[1] = ("uscc", uscc("MA5EXTBT"))
        parts[4] = ("kept_business_licence", kept.group(1))
        body, head = multipart(parts)
        status, r, page = ask("POST", "/ui/op/seller.register", body, dict(HTML, **head))
        self.assertEqual((status, r.getheader("Location")), (303, "/me"), page.decode()[-3000:])
        desk = ask("GET", "/me", None, dict(HTML, Cookie=r.getheader("Set-Cookie").split(";")[0]))[2].decode()
        self.assertIn("新销售单位", desk)
        self.assertIn("/ui/op/product.create", desk)

    def test_anybody_reports_and_follows_the_ticket(self):
        body, head = form({"what": "标签像是复制的", "code": S.demo["codes"][2]})
        status, _, page = ask("POST", "/ui/op/report.create", body, dict(HTML, **head))
        self.assertEqual(status, 201)
        ticket = re.search(r"/v1/receipts/(\w{13})", page.decode()).group(1)
        self.assertEqual(ask("GET", "/v1/tickets/" + ticket, None, HTML)[0], 200)
        self.assertEqual(ask("GET", "/ui/report/" + ticket, None, HTML)[0], 303)


class Pages(unittest.TestCase):
    def test_language(self):
        rows = [({}, "", "zh-CN"), ({"Accept-Language": "en-GB,en;q=0.9"}, "", "en"), ({"Accept-Language": "zh-CN,en;q=0.9"}, "", "zh-CN"),
                ({"Accept-Language": "en", "Cookie": "lang=zh"}, "", "zh-CN"), ({"Cookie": "lang=zh"}, "?lang=en", "en"), ({"Accept-Language": "fr"}, "", "zh-CN")]
        for headers, query, lang in rows:
            _, r, page = ask("GET", "/" + query, None, dict(HTML, **headers))
            self.assertIn('<html lang="%s">' % lang, page.decode(), (headers, query))
            self.assertEqual("lang=en" in (r.getheader("Set-Cookie") or ""), bool(query))

    def test_hostile_values_are_text_on_every_page(self):
        status, _, filed = post_json("/v1/products", product(product_name=HOSTILE, nameplate=HOSTILE, label_place=HOSTILE), bearer("maker"))
        self.assertEqual(status, 201)
        quoted = urllib.parse.quote(HOSTILE)
        pages = ["/ui/product", "/ui/product/" + filed["id"], "/ui/product/new?product_name=" + quoted, "/ui/op/product.create?corrects=" + filed["id"],
                 "/?q=" + quoted, "/ui/batch/new?product=" + quoted, "/login?next=" + quoted, "/c/" + quoted.replace("/", "%2F"), "/ui/" + quoted.replace("/", "%2F"),
                 "/ui/report/new?code=" + quoted, "/me?" + quoted, "/ui/op/product.create?back=" + quoted]
        for path in pages:
            page = ask("GET", path, None, cookie("maker"))[2].decode()
            self.assertNotIn("<script>alert", page, path)
            self.assertNotIn(HOSTILE, page, path)
        self.assertIn("&lt;script&gt;alert(1)", ask("GET", "/ui/product/" + filed["id"], None, HTML)[2].decode())
        body, head = form({"product_name": HOSTILE, "specification_model": '"><img src=x>', "csrf": csrf("maker")})
        status, _, page = ask("POST", "/ui/op/product.create", body, cookie("maker", **head))
        self.assertEqual(status, 400)
        self.assertNotIn("<script>alert", page.decode())
        self.assertNotIn("<img src=x", page.decode())

    def test_a_refused_form_comes_back_filled_in(self):
        body, head = form({"product_name": "填过的名称", "na_warranty_period": "on", "csrf": csrf("maker")})
        status, _, page = ask("POST", "/ui/op/product.create", body, cookie("maker", **head))
        page = page.decode()
        self.assertEqual(status, 400)
        self.assertIn('value="填过的名称"', page)
        self.assertIn('name="na_warranty_period" value="on" checked', page)
        self.assertGreater(page.count('class="wrong-text"'), 2)
        self.assertIn("附2-1-2-4", page)

    def test_what_is_withheld_is_on_no_page(self):
        batch = S.demo["batches"][0]
        pack = post_json("/v1/packs", {"batch": batch, "grain": ["item"], "count": 3}, bearer("maker"))[2]["id"]
        sale = {"sale_time": "2026-11-10", "buyer_name": SECRET, "buyer_address": SECRET + "仓库", "buyer_contact": "0513-80000099", "items": [pack + ":0-2"]}
        status, _, filed = post_json("/v1/sales", sale, bearer("maker"))
        self.assertEqual(status, 201, filed)
        codes = ask("GET", "/v1/packs/%s/codes" % pack, None, bearer("maker"))[2].decode().split()
        for role in ["officer", "association", "operator"]:
            for path in ["/ui/sale", "/ui/sale/" + filed["id"], "/c/" + codes[0], "/v1/sales/" + filed["id"]]:
                page = ask("GET", path, None, cookie(role))[2].decode()
                self.assertNotIn(SECRET, page, (role, path))
                self.assertNotIn("0513-80000099", page, (role, path))
        self.assertNotIn(SECRET, ask("GET", "/c/" + codes[0], None, HTML)[2].decode())
        self.assertIn("class=\"sealed\"", ask("GET", "/c/" + codes[0], None, HTML)[2].decode())
        self.assertIn(SECRET, ask("GET", "/ui/sale/" + filed["id"], None, cookie("maker"))[2].decode())

    def test_every_operation_has_a_form_and_every_list_a_page(self):
        paths = json.loads(ask("GET", "/openapi.json")[2])["paths"]
        names = [o["operationId"] for p in paths.values() for o in p.values()]
        for name in names:
            if name.endswith(".list"):
                self.assertIn(ask("GET", "/ui/" + name[:-5], None, cookie("maker"))[0], (200, 403), name)
        for path in paths.values():
            if "post" in path:
                name = path["post"]["operationId"]
                self.assertIn(ask("GET", "/ui/op/" + name, None, cookie("maker"))[0], (200, 403), name)

    def test_pages_are_guarded(self):
        r = ask("GET", "/", None, HTML)[1]
        self.assertIn("default-src 'self'", r.getheader("Content-Security-Policy"))
        self.assertEqual(r.getheader("X-Content-Type-Options"), "nosniff")
        self.assertEqual(ask("GET", "/me", None, cookie("maker"))[1].getheader("Cache-Control"), "no-store")


if __name__ == "__main__":
    S = kit.House(os.path.abspath(sys.argv[1]))
    try:
        result = unittest.main(argv=sys.argv[:1] + sys.argv[2:], exit=False, verbosity=1).result
    finally:
        S.stop()
    sys.exit(0 if result.wasSuccessful() else 1)
