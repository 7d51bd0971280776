#!/usr/bin/env python3
"""What the scan page finds out about itself on the visitor's device, in a real browser, also when the server lies.    test_proof.py SUYUAN

Needs chromium, node and the package of tests/web/package-lock.json (npm --prefix tests/web ci --ignore-scripts); skipped by name without them.
"""
import base64
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

import c2sp
import kit

HERE = os.path.dirname(os.path.abspath(__file__))
missing = [t for t in ("node", "chromium") if not shutil.which(t)]
if not os.path.isdir(HERE + "/node_modules/playwright-core"):
    missing.append("playwright-core")
if missing:
    print("skipped: test_proof needs " + ", ".join(missing))
    sys.exit(77)
PROGRAM = sys.argv.pop(1)
SHOTS = os.environ.get("SUYUAN_SHOTS", "")
STRANGER = "302e020100300506032b657004220420" + "07" * 32      # PKCS#8 of an Ed25519 key that is not the log's


def setUpModule():
    T.house = kit.House(PROGRAM)
    T.base = "http://127.0.0.1:%d" % T.house.port
    T.path = "/c/" + T.house.demo["codes"][0]
    T.vkey = T.house.ask("GET", "/log/vkey")[2].decode()
    T.scan = T.house.json(T.path)[1]
    T.index = {r["type"]: r["index"] for r in T.scan["proof"]["records"]}


def tearDownModule():
    T.house.stop()


class T:
    """One demonstration home and its server."""


def text(path):
    status, _, data = T.house.ask("GET", path)
    assert status == 200, (path, status)
    return data.decode()


def look(*steps, **more):
    for s in steps:
        s.setdefault("url", T.base + T.path)
    r = subprocess.run(["node", HERE + "/browser.js", json.dumps(dict(steps=steps, **more))], capture_output=True, text=True, timeout=240)
    assert r.returncode == 0, r.stderr
    out = [json.loads(line) for line in r.stdout.splitlines()]
    for o in out:
        assert not o["errors"], o
    return out


def stranger_signs(body, name):
    """A note over that body by another key, under the log's name: (note, vkey)."""
    with tempfile.TemporaryDirectory() as d:
        for f, data in (("k", bytes.fromhex(STRANGER)), ("m", body.encode())):
            with open(d + "/" + f, "wb") as out:
                out.write(data)
        sig = subprocess.run(["openssl", "pkeyutl", "-sign", "-inkey", d + "/k", "-keyform", "DER", "-rawin", "-in", d + "/m"], capture_output=True, check=True).stdout
        pub = subprocess.run(["openssl", "pkey", "-in", d + "/k", "-inform", "DER", "-pubout", "-outform", "DER"], capture_output=True, check=True).stdout[-32:]
    raw = b"\x01" + pub
    id = c2sp.sha(name.encode() + b"\n" + raw)[:4]
    return ("%s\n— %s %s\n" % (body, name, base64.b64encode(id + sig).decode()), "%s+%s+%s\n" % (name, id.hex(), base64.b64encode(raw).decode()))


class Browser(unittest.TestCase):
    def test_good(self):
        zh, en, dark = look({}, {"lang": "en-GB", "width": 1280}, {"dark": True, "width": 1280},)
        size = text("/log/checkpoint").split("\n")[1]
        for o in (zh, en, dark):
            self.assertEqual(o["state"], "good", o)
            self.assertFalse(o["wide"])
        self.assertEqual(zh["said"], dark["said"])
        self.assertRegex(zh["said"], "^您的设备已核对：这页的产品信息与 20..-..-.. 写入日志的记录一致（第 %d、%d 条，日志大小 %s）。$"
                         % (T.index["product"], T.index["batch"], size))
        self.assertRegex(en["said"], "^Checked on your device: .* \\(log entry %d, %d, log size %s\\)\\.$" % (T.index["product"], T.index["batch"], size))
        for name in ("产品名称", "规格型号", "统一社会信用代码", "出厂编号/批次号", "生产日期", "执行的其他标准"):
            self.assertIn(name, zh["compared"])

    def bad(self, *cases):
        """(sentence, change) each, in one browser, each as a visitor who was never here."""
        for (sentence, change), o in zip(cases, look(*(dict(change=change, who="visitor %d" % i) for i, (_, change) in enumerate(cases)))):
            with self.subTest(sentence + " " + str(list(change))):
                self.assertEqual(o["state"], "bad", o)
                self.assertIn(sentence, o["said"])
                self.assertIn("12315", o["note"])
                self.assertEqual(o["color"], "rgb(179, 38, 30)")

    def test_the_page_lies(self):
        name = T.scan["product"]["name"]
        page = T.path
        self.bad(*(("这页显示的“%s”与日志里的记录不一样" % what, {page: {"from": field, "to": field.replace("1", "2") if "1" in field else "好" + field}}) for field, what in ((name + "</h2>", "产品名称"), (T.scan["batch"]["production_date"] + "</dd>", "生产日期"), (T.scan["maker"]["uscc"], "统一社会信用代码"),
                            ("GB/T 20118-2017", "执行的其他标准"), (T.scan["batch"]["report"]["conclusion"] + "</span>", "检验报告"))))

    def test_the_receipt_lies(self):
        product = "/log/receipt/%d" % T.index["product"]
        receipt = text(product)
        head, note = receipt.split("\n\n", 1)
        lines = head.split("\n")
        extra = json.loads(base64.b64decode(lines[1].split(" ")[1]))

        def with_extra(**change):
            packed = base64.b64encode(json.dumps(dict(extra, **change)).encode()).decode()
            return {product: {"body": "\n".join([lines[0], "extra " + packed] + lines[2:]) + "\n\n" + note}}

        shown = next(i for i, s in enumerate(extra["slots"]) if s[0] != ":")
        salt, name, value = json.loads(c2sp.b64url(extra["slots"][shown]))
        other = c2sp.unpadded(json.dumps([salt, name, "别的"], ensure_ascii=False, separators=(",", ":")).encode())
        slots = extra["slots"]
        leaf = base64.b64decode(extra["leaf"])
        self.bad(*((sentence, change) for what, sentence, change in (
                ("a value", "不是日志里那条记录的内容", with_extra(slots=slots[:shown] + [other] + slots[shown + 1:])),
                ("two slots changed places", "不是日志里那条记录的内容", with_extra(slots=slots[1:2] + slots[:1] + slots[2:])),
                ("a slot less", "不是日志里那条记录的内容", with_extra(slots=slots[:-1])),
                ("no slots", "不是日志里那条记录的内容", with_extra(slots=[])),
                ("another leaf", "不能证明记录在日志里", with_extra(leaf=base64.b64encode(leaf.replace(b'"obj"', b'"reg"')).decode())),
                ("a longer path", "不能证明记录在日志里", {product: {"from": "\n\n", "to": "\n" + "A" * 43 + "=\n\n"}}),
                ("a step of the path", "不能证明记录在日志里", {product: {"body": receipt.replace(lines[3], "B" + lines[3][1:])}}),
                ("another size", "日志的签名不对", {product: {"from": "\n\n%s\n" % note.split("\n")[0], "to": "\n\n%s\n9" % note.split("\n")[0]}}),
                ("another record", "凭证属于另一条记录", {product: {"body": text("/log/receipt/%d" % T.index["batch"])}}),
                ("another type", "凭证属于另一条记录", {T.path: {"from": 'data-proof-record="product" data-index="%d"' % T.index["product"],
                                                            "to": 'data-proof-record="product" data-index="%d"' % T.index["batch"]}}),
                ("not there", "日志里没有这一页所说的记录", {product: {"status": 404}}),
                ("no receipt at all", "凭证", {product: {"body": "<html>"}}))))

    def test_the_log_lies(self):
        """A server with another key signs a whole tree of its own: nothing of it fits the key remembered, and the key of itself is no proof."""
        note = text("/log/checkpoint")
        body = note.split("\n\n")[0] + "\n"
        forged, vkey = stranger_signs(body, body.split("\n")[0])
        sig = note.strip().split("\n")[-1]
        self.bad(("日志的签名不对", {"/log/checkpoint": {"body": forged}}), ("日志的签名不对", {"/log/vkey": {"body": vkey}}),
                 ("日志的签名不对", {"/log/checkpoint": {"body": note.replace(sig[-12:], "A" + sig[-11:])}}))
        first, changed, still, again = look({"who": "a"}, {"who": "a", "change": {"/log/vkey": {"body": vkey}, "/log/checkpoint": {"body": forged}}},
                                            {"who": "a", "change": {"/log/vkey": {"body": vkey}}}, {"who": "a"})
        self.assertEqual(first["state"], "good")
        for o in (changed, still):
            self.assertEqual((o["state"], "验证密钥变了" in o["said"]), ("bad", True), o)
        self.assertEqual(again["state"], "good")        # what is remembered is the first key, not the last

    def test_a_shorter_log_and_another_of_the_same_size(self):
        size, = re.findall(r"^(\d+)$", text("/log/checkpoint"), re.M)
        older = text("/log/receipt/%d" % T.index["product"]).split("\n\n", 1)[1]
        longer = "localStorage.setItem('suyuan-log', JSON.stringify({ vkey: %s, size: %s, root: '%s' }))"
        old, fork, same = look({"who": "b"}, {"who": "b", "change": {"/log/checkpoint": {"body": older}}}, {"who": "b"})[1:] + \
            look({"who": "c", "before": longer % (json.dumps(T.vkey.strip()), size, "00" * 32)})
        self.assertEqual((old["state"], "日志变了" in old["said"]), ("bad", True), old)
        self.assertEqual(fork["state"], "good")         # the older head was not taken for the newest
        self.assertEqual((same["state"], "日志变了" in same["said"]), ("bad", True), same)

    def test_a_new_key_that_was_announced(self):
        other = "localStorage.getItem('suyuan-log') || localStorage.setItem('suyuan-log', JSON.stringify({ vkey: 'x+00000000+AA', size: 1, root: '' }))"
        o, after = look({"who": "d", "before": other, "press": "[data-proof-forget]"}, {"who": "d"})
        self.assertEqual((o["state"], after["state"]), ("good", "good"))

    def test_fields_under_sm3(self):
        """A log of another house whose fields are hashed with SM3, made here with hashlib and openssl."""
        leaves, extras, name = [os.urandom(32) for _ in range(40)], {}, "sm3.example/log"
        sm3 = c2sp.HASHES["sm3"]
        for index in T.index.values():
            at, leaf, extra = c2sp.receipt(text("/log/receipt/%d" % index), T.vkey)
            hashes = [c2sp.b64url(s[1:]) if s[0] == ":" else sm3(b"\x10" + sm3(s.encode())) for s in extra["slots"]]
            leaf = json.dumps(dict(json.loads(leaf), h="sm3", r=c2sp.unpadded(c2sp.root(hashes, lambda l, r: sm3(b"\x11" + l + r)))), separators=(",", ":")).encode()
            leaves[index] = c2sp.sha(b"\x00" + leaf)
            extras[index] = dict(extra, leaf=base64.b64encode(leaf).decode())
        note, vkey = stranger_signs("%s\n40\n%s\n" % (name, base64.b64encode(c2sp.root(leaves)).decode()), name)
        change = {"/log/vkey": {"body": vkey}, "/log/checkpoint": {"body": note}}
        for index, extra in extras.items():
            change["/log/receipt/%d" % index] = {"body": "c2sp.org/tlog-proof@v1\nextra %s\nindex %d\n%s\n\n%s" % (
                base64.b64encode(json.dumps(extra).encode()).decode(), index, "\n".join(base64.b64encode(h).decode() for h in c2sp.path(leaves, index)), note)}
        good, = look({"change": change})
        self.assertEqual(good["state"], "good", good)
        self.assertIn("日志大小 40", good["said"])
        index = T.index["product"]
        wrong = dict(extras[index], slots=[":" + c2sp.unpadded(os.urandom(32))] + extras[index]["slots"][1:])
        receipt = change["/log/receipt/%d" % index]["body"]
        change["/log/receipt/%d" % index] = {"body": receipt.replace(receipt.split("\n")[1], "extra " + base64.b64encode(json.dumps(wrong).encode()).decode())}
        self.bad(("不是日志里那条记录的内容", change))

    def test_not_checked(self):
        for what, sentence, step in (
                ("no Ed25519", "签名没有核对", {"before": "crypto.subtle.importKey = () => Promise.reject(new DOMException('x', 'NotSupportedError'))"}),
                ("no network", "没有取到凭证", {"change": {"/log/receipt/": {"cut": True}}}), ("a busy server", "没有取到凭证", {"change": {"/log/receipt/": {"status": 503}}})):
            with self.subTest(what):
                o, = look(step)
                self.assertEqual((o["state"], sentence in o["said"]), ("warn", True), o)
        o, = look({"url": "http://trace.example:%d%s" % (T.house.port, T.path)}, args=["--host-resolver-rules=MAP trace.example 127.0.0.1"])
        self.assertEqual((o["state"], "不是用 https 打开" in o["said"]), ("warn", True), o)

    def test_without_a_script(self):
        o, = look({"script": False})
        self.assertEqual(o["state"], "off")
        self.assertIn("下载下面的凭证", o["said"])
        status, page = T.house.page(T.path)
        for type, index in T.index.items():
            self.assertIn('href="/log/receipt/%d" download=' % index, page)
        self.assertIn("suyuan verify ", page)
        at, leaf, extra = c2sp.receipt(text("/log/receipt/%d" % T.index["product"]), T.vkey)
        self.assertEqual(c2sp.fields(extra["slots"], leaf)["product_name"], T.scan["product"]["name"])

    def test_a_paper_from_the_page_of_a_record(self):
        """Only what was ticked is in the file; it is checked with the log's key alone. What nobody ticked is told, not guessed."""
        sale = T.house.json("/v1/sales", "maker")[1]["items"][0]
        status, page = T.house.page("/ui/sale/" + sale["id"], "maker")
        self.assertIn('action="/v1/records/%s/disclosure"' % sale["id"], page)
        self.assertEqual(set(re.findall(r'name="fields" value="(\w+)"', page)), set(sale["values"]))
        self.assertNotIn("/disclosure", T.house.page("/ui/product/%s" % T.scan["product"]["id"], "seller")[1])
        self.assertIn("/disclosure", T.house.page("/ui/product/%s" % T.scan["product"]["id"], "maker")[1])
        path = "/v1/records/%s/disclosure?fields=buyer_name&fields=sale_time&as=" % sale["id"]
        status, r, data = T.house.ask("GET", path + "tlog-proof", None, T.house.cookie("maker"))
        self.assertEqual((status, r.headers["Content-Type"]), (200, "text/plain; charset=utf-8"))
        self.assertIn("attachment", r.headers["Content-Disposition"])
        at, leaf, extra = c2sp.receipt(data.decode(), T.vkey)
        self.assertEqual((at, c2sp.fields(extra["slots"], leaf)), (sale["index"], {k: sale["values"][k] for k in ("buyer_name", "sale_time")}))
        status, r, data = T.house.ask("GET", path + "sd-jwt", None, T.house.cookie("maker"))
        self.assertEqual((status, r.headers["Content-Type"]), (200, "application/sd-jwt"))
        jwt, *shown, end = data.decode().split("~")
        head, body, sig = jwt.split(".")
        issuer = T.house.json("/.well-known/jwt-vc-issuer")[1]
        key, = issuer["jwks"]["keys"]
        claims = json.loads(c2sp.b64url(body))
        self.assertEqual((json.loads(c2sp.b64url(head)), end, claims["iss"]), ({"alg": "EdDSA", "kid": key["kid"], "typ": "dc+sd-jwt"}, "", issuer["issuer"]))
        self.assertTrue(c2sp.signed(c2sp.b64url(key["x"]), (head + "." + body).encode(), c2sp.b64url(sig)))
        self.assertEqual({n: v for _, n, v in (json.loads(c2sp.b64url(s)) for s in shown)}, {k: sale["values"][k] for k in ("buyer_name", "sale_time")})
        for s in shown:
            self.assertIn(c2sp.unpadded(c2sp.sha(s.encode())), claims["_sd"])
        for query, role, wanted in (("", "maker", 400), ("?fields=", "maker", 400), ("?fields=buyer_name", "officer", 403), ("?fields=buyer_name", "association", 403)):
            self.assertEqual(T.house.ask("GET", "/v1/records/%s/disclosure%s" % (sale["id"], query), None, T.house.bearer(role))[0], wanted, (query, role))
        self.assertEqual(T.house.ask("GET", path + "tlog-proof")[0], 401)
        status, page = T.house.page("/v1/records/%s/disclosure" % sale["id"], "maker")
        self.assertEqual((status, "请" in page or "必填" in page), (400, True))

    @unittest.skipUnless(SHOTS, "pictures are for people: SUYUAN_SHOTS=DIR")
    def test_pictures(self):
        product = "/log/receipt/%d" % T.index["product"]
        steps = [dict(lang=lang, width=w, dark=dark, who="pictures", shot="%s/proof-%s-%d-%s-%s.png" % (SHOTS, name, w, lang, "dark" if dark else "light"), change=change)
                 for name, change in (("good", {}), ("bad", {product: {"from": "\n\n", "to": "\nAAAA\n\n"}}))
                 for w, lang, dark in ((390, "zh-CN", False), (390, "en-GB", True), (1280, "zh-CN", True), (1280, "en-GB", False))]
        look(*steps)


unittest.main(verbosity=2)
