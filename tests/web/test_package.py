#!/usr/bin/env python3
"""A chain as a package: taken apart and checked with hashlib and openssl alone, for each who may ask for it; then by `suyuan verify`, whole and
damaged in every way there is.    test_package.py SUYUAN
"""
import base64
import hashlib
import io
import json
import os
import re
import stat
import subprocess
import sys
import tempfile
import unittest
import warnings
import zipfile

import c2sp
import kit
from logkit import Signer

PROGRAM = sys.argv.pop(1)


class T:
    """One demonstration home and its server."""


def setUpModule():
    T.house = kit.House(PROGRAM)
    T.vkey = T.house.ask("GET", "/log/vkey")[2].decode()
    T.code = T.house.demo["codes"][0]


def tearDownModule():
    T.house.stop()


def package(role, of=None):
    status, r, data = T.house.ask("GET", "/v1/chain/package?of=" + (of or T.code), None, T.house.bearer(role))
    assert status == 200, (role, status, data)
    assert r.headers["Content-Type"] == "application/zip"
    assert r.headers["Content-Disposition"].endswith("''chain-%s.zip" % (of or T.code)), r.headers["Content-Disposition"]
    z = zipfile.ZipFile(io.BytesIO(data))
    assert z.testzip() is None
    return {name: z.read(name) for name in z.namelist()}


def receipts(members):
    """index -> (leaf, what is shown), each checked."""
    out = {}
    for name, data in sorted(members.items()):
        if not name.startswith("receipts/"):
            continue
        index, leaf, extra = c2sp.receipt(data.decode(), members["log.vkey"].decode())
        assert name.endswith("-%d.receipt" % index), name
        out[index] = (json.loads(leaf), c2sp.fields(extra["slots"], leaf))
    return out


class Package(unittest.TestCase):
    def test_every_member_and_every_receipt(self):
        for role in ("maker", "seller", "officer", "association", "operator"):
            m = package(role)
            sums = dict(reversed(line.split("  ")) for line in m["SHA256SUMS"].decode().splitlines())
            self.assertEqual(set(sums), set(m) - {"SHA256SUMS"}, role)
            for name, digest in sums.items():
                self.assertEqual(c2sp.sha(m[name]).hex(), digest, name)
            self.assertEqual(m["log.vkey"].decode(), T.vkey)
            c2sp.checkpoint(m["checkpoint"].decode(), T.vkey)
            scan = T.house.json("/c/" + T.code)[1]
            got = receipts(m)
            self.assertLessEqual({r["index"] for r in scan["proof"]["records"]} | {s["index"] for s in scan["steps"]}, set(got), role)
            steps = [json.loads(line) for line in m["steps.ndjson"].decode().splitlines()]
            self.assertEqual([s["index"] for s in steps], [s["index"] for s in T.house.json("/v1/chain?of=" + T.code, role)[1]["steps"]])
            self.assertIn(" --vkey ", m["README.txt"].decode())
            for name in m:
                self.assertRegex(name, r"^(receipts/\d{3}-[a-z_]+-\d+\.receipt|documents/[0-9a-f]{64}\.(pdf|png|jpg|prefix)|summary\.(txt|html)|steps\.ndjson|README\.txt|log\.vkey|checkpoint|SHA256SUMS)$")
            for index in got:
                self.assertIn("日志第 %d 条" % index, m["summary.txt"].decode())

    def test_each_sees_what_is_theirs(self):
        """The maker's sale is withheld: it and its other side read it, the others get its proof and no more; a document of the maker's own is there."""
        maker, others = package("maker"), [package(r) for r in ("association", "operator", "officer")]
        sales = {i: f for i, (leaf, f) in receipts(maker).items() if leaf["k"].split("/")[1] == "sale"}
        self.assertTrue(sales and all("buyer_name" in f for f in sales.values()))
        for m in others:
            got = receipts(m)
            for i, f in sales.items():
                self.assertNotIn("buyer_name", got[i][1])
                for text in ([f["buyer_contact"], f["buyer_address"]] if f["buyer_name"] != "个人消费者" else []):
                    self.assertNotIn(text.encode(), m["summary.txt"] + m["steps.ndjson"])
        documents = {n[10:74]: d for n, d in maker.items() if n.startswith("documents/") and not n.endswith(".prefix")}
        prefixes = {n[10:74]: d for n, d in maker.items() if n.endswith(".prefix")}
        named = {f["inspection_report"] for leaf, f in receipts(maker).values() if "inspection_report" in f}
        self.assertTrue(named and named <= set(documents))
        for m in others:
            self.assertFalse({n[10:74] for n in m if n.startswith("documents/")} & named)
        self.assertEqual(set(prefixes), named)
        for id, data in documents.items():
            self.assertEqual(hashlib.sha256(prefixes.get(id, b"") + data).hexdigest(), id)
            self.assertEqual(T.house.ask("GET", "/v1/files/" + id, None, T.house.bearer("maker"))[2], data)

    def test_refusals(self):
        self.assertEqual(T.house.ask("GET", "/v1/chain/package?of=" + T.code)[0], 401)
        self.assertEqual(T.house.ask("GET", "/v1/chain/package", None, T.house.bearer("maker"))[0], 400)
        self.assertEqual(T.house.ask("GET", "/v1/chain/package?of=" + T.code[:-1] + ("0" if T.code[-1] != "0" else "1"), None, T.house.bearer("maker"))[0], 404)

    def test_a_lot_and_the_page(self):
        got = receipts(package("maker", T.house.demo["batches"][0]))
        self.assertGreater(len(got), 3)
        self.assertIn("/v1/chain/package?of=", T.house.page("/ui/chain?of=" + T.code, "maker")[1])


def sums(members):
    """Hashes that agree: whoever changes a member can do that much."""
    m = {k: v for k, v in members.items() if k != "SHA256SUMS"}
    return dict(m, SHA256SUMS="".join("%s  %s\n" % (hashlib.sha256(v).hexdigest(), k) for k, v in m.items()).encode())


def packed(members):
    """members: a dict, or pairs of a name (or ZipInfo) and bytes."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as z, warnings.catch_warnings():
        warnings.simplefilter("ignore")                 # two members of one name are what is wanted
        for name, data in members.items() if isinstance(members, dict) else members:
            z.writestr(name, data)
    return out.getvalue()


def replaced(name, old, new, count=1):
    def change(m):
        assert old.encode() in m[name], (name, old)
        return sums(dict(m, **{name: m[name].replace(old.encode(), new.encode(), count)}))
    return change


def with_member(name, data=b"x"):
    return lambda m: sums(dict(m, **{name: data}))


def without(pattern):
    def change(m):
        gone = [n for n in m if re.fullmatch(pattern, n)]
        assert gone, pattern
        return sums({n: v for n, v in m.items() if n not in gone})
    return change


def step(number, **members):
    def change(m):
        lines = m["steps.ndjson"].decode().splitlines()
        o = json.loads(lines[number])
        for k, v in members.items():
            v(o) if callable(v) else o.update({k: v})
        lines[number] = json.dumps(o, ensure_ascii=False, separators=(",", ":"))
        return sums(dict(m, **{"steps.ndjson": ("\n".join(lines) + "\n").encode()}))
    return change


def shown_more(m):
    """A receipt with a value put into a withheld slot."""
    name = [n for n in m if n.startswith("receipts/") and "resale" in n][0]
    lines = m[name].decode().split("\n")
    extra = json.loads(base64.b64decode(lines[1].split(" ")[1]))
    text = base64.urlsafe_b64encode(json.dumps(["A" * 22, "sold_time", "2026-11-11"]).encode()).rstrip(b"=").decode()
    extra["slots"][2], extra["disclosures"] = text, [text]
    lines[1] = "extra " + base64.b64encode(json.dumps(extra, separators=(",", ":")).encode()).decode()
    return sums(dict(m, **{name: "\n".join(lines).encode()}))


def swapped(m):
    """Each receipt is sound, but stands under the other's name."""
    a, b = [n for n in m if n.startswith("receipts/")][:2]
    return sums(dict(m, **{a: m[b], b: m[a]}))


def renamed(old, new):
    def change(m):
        name = [n for n in m if re.fullmatch(old, n)][0]
        return sums({(re.sub(old, new, n) if n == name else n): v for n, v in m.items()})
    return change


def other_bytes(pattern):
    def change(m):
        name = [n for n in m if re.fullmatch(pattern, n)][0]
        return sums(dict(m, **{name: m[name] + b" "}))
    return change


def link(m):
    info = zipfile.ZipInfo("README.txt")
    info.create_system, info.external_attr = 3, (stat.S_IFLNK | 0o777) << 16
    return [(n, v) for n, v in m.items() if n != "README.txt"] + [(info, m["README.txt"])]


def bomb(m):
    return sums(dict(m, **{"README.txt": b"\0" * (30 << 20)}))


def no_name(m):
    """A forger says of its document what is true of old ones, in both spellings of the words."""
    name = [n for n in m if re.fullmatch(DOC, n)][0]
    said = name + "（名字不能由内容核对 / its name cannot be checked by its content）"
    return replaced("summary.txt", name, said)(replaced("summary.html", name, said)(m))


def sums_line(change):
    return lambda m: dict(m, SHA256SUMS=change(m["SHA256SUMS"].decode()).encode())


def forged_head(m):
    """The whole package again under a key of the forger's, but for the receipts."""
    with tempfile.TemporaryDirectory() as d:
        body = m["checkpoint"].decode().split("\n\n")[0] + "\n"
        return sums(dict(m, checkpoint=(body + "\n" + Signer(d, body.split("\n")[0]).line(body)).encode()))


DOC, RECEIPT = r"documents/.*\.pdf", r"receipts/.*-sale-.*"
DAMAGE = [
    # what, how, exit code, a word of the answer
    ("a byte of a text", lambda m: dict(m, **{"summary.txt": m["summary.txt"] + b"\n"}), 1, "summary.txt: is not what SHA256SUMS says"),
    ("a byte of a document", lambda m: dict(m, **{[n for n in m if re.fullmatch(DOC, n)][0]: b"%PDF other"}), 1, "is not what SHA256SUMS says"),
    ("a member too many", lambda m: dict(m, **{"documents/%s.pdf" % ("0" * 64): b"x"}), 1, "is not in SHA256SUMS"),
    ("a member too many, listed", with_member("NOTE.txt"), 1, "no such member"),
    ("a member gone", lambda m: {n: v for n, v in m.items() if n != "README.txt"}, 1, "README.txt: this member is missing"),
    ("a receipt gone", without(RECEIPT), 1, "numbers"),
    ("the last receipt gone", without(r"receipts/006.*"), 1, ""),
    ("all receipts gone", without(r"receipts/.*"), 1, "no receipt at all"),
    ("a document gone", without(DOC), 1, "summary.txt"),
    ("no steps", with_member("steps.ndjson", b""), 1, "summary.txt"),
    ("a document nobody names", lambda m: with_member("documents/%s.pdf" % hashlib.sha256(b"x").hexdigest())(m), 1, "no record names"),
    ("a document of another name", other_bytes(DOC), 1, "not the SHA-256"),
    ("a prefix changed", other_bytes(r"documents/.*\.prefix"), 1, "not the SHA-256"),
    ("a prefix gone", without(r"documents/.*\.prefix"), 1, "not the SHA-256"),
    ("a prefix of nothing", with_member("documents/%s.prefix" % ("0" * 64)), 1, "no document to it"),
    ("a document said to have no name", lambda m: other_bytes(DOC)(no_name(m)), 2, "named by an older version"),
    ("out of the folder", with_member("../README.txt"), 1, "no such member"),
    ("out of a folder", with_member("documents/../../x"), 1, "no such member"),
    ("from the root", with_member("/etc/passwd"), 1, "no such member"),
    ("a drive", with_member("C:\\x"), 1, "no such member"),
    ("another case", renamed("README.txt", "readme.txt"), 1, "no such member"),
    ("a folder", with_member("documents/", b""), 1, "no such member"),
    ("a control character", with_member("README.txt\x1b[2J"), 1, "no such member"),
    ("a link", link, 1, "no such member"),
    ("twice", lambda m: list(m.items()) + [("README.txt", m["README.txt"])], 1, "no sound zip"),
    ("twice but for the case", lambda m: list(m.items()) + [("ReadMe.txt", b"x")], 1, "no sound zip"),
    ("a bomb", bomb, 1, "unreasonable"),
    ("too many", lambda m: list(m.items()) + [("documents/%064x.pdf" % i, b"") for i in range(4001)], 1, "too many"),
    ("a hash twice", sums_line(lambda s: s + s.splitlines()[0] + "\n"), 1, "listed twice"),
    ("a hash of itself", sums_line(lambda s: s + "0" * 64 + "  SHA256SUMS\n"), 1, "listed twice"),
    ("a hash of nothing", sums_line(lambda s: s + "0" * 64 + "  documents/%s.pdf\n" % ("0" * 64)), 1, "not in the package"),
    ("a hash in capitals", sums_line(lambda s: s[:64].upper() + s[64:]), 1, "ill-formed"),
    ("a line cut off", sums_line(lambda s: s[:-1]), 1, "cut off"),
    ("another key", with_member("log.vkey", b"nonsense\n"), 1, "is no verifier key"),
    ("another head", forged_head, 1, "checkpoint: the checkpoint is not signed"),
    ("another root", replaced("checkpoint", "\n", "\n1"), 1, "checkpoint"),
    ("a receipt cut off", lambda m: sums(dict(m, **{n: (v[:-40] if re.fullmatch(RECEIPT, n) else v) for n, v in m.items()})), 1, "receipts/003"),
    ("a value too many", shown_more, 1, "receipts/005"),
    ("receipts exchanged", swapped, 1, "another entry"),
    ("a receipt of another number", renamed(r"receipts/(\d+)-sale-(\d+)(.*)", r"receipts/\1-sale-9\2\3"), 1, "another entry"),
    ("a receipt of another type", renamed(r"receipts/(\d+)-sale-(.*)", r"receipts/\1-recall-\2"), 1, "not of the type"),
    ("a later head in a receipt", lambda m: sums(dict(m, checkpoint=c2sp_head(m, "receipts/001"))), 1, "not below"),
    ("a step's value", replaced("steps.ndjson", "2026-11-10", "2026-11-09"), 1, "steps.ndjson, 1"),
    ("a step's label", replaced("steps.ndjson", "购方名称", "购方地址"), 1, "steps.ndjson, 1"),
    ("a step's kind", step(0, what="recalled", what_zh="召回", what_en="recalled"), 1, "steps.ndjson, 1"),
    ("a step's words", step(1, what_zh="生产单位召回"), 1, "steps.ndjson, 2"),
    ("a step's entry", step(0, index=13), 1, "steps.ndjson, 1"),
    ("a step of no entry", step(0, index="12"), 1, "steps.ndjson, 1"),
    ("a step says more", step(0, count=5000), 1, "steps.ndjson, 1"),
    ("a field says more", step(0, x=lambda o: o["fields"][0].update(note="x")), 1, "steps.ndjson, 1"),
    ("a field of another", step(0, x=lambda o: o["fields"].append({"name": "customer_name", "zh": "客户名称", "en": "customer", "value": "x"})), 1, "steps.ndjson, 1"),
    ("a withheld value told", step(2, x=lambda o: o.update(sealed=False, fields=[{"name": "sold_time", "zh": "售出时间", "en": "time of sale", "value": "2026-11-11"}])), 1, "steps.ndjson, 3"),
    ("a shown value withheld", step(0, withheld=["buyer_name"]), 1, "steps.ndjson, 1"),
    ("a sealed step", step(0, sealed=True), 1, "steps.ndjson, 1"),
    ("another record", step(0, record="1M8GQTP7E0000"), 1, "summary.txt"),
    ("another filer", step(0, party="别的厂"), 1, "summary.txt"),
    ("a step too many", lambda m: sums(dict(m, **{"steps.ndjson": m["steps.ndjson"] * 3})), 1, "steps.ndjson"),
    ("a step that is none", lambda m: sums(dict(m, **{"steps.ndjson": b"[]\n" + m["steps.ndjson"]})), 1, "steps.ndjson, 1"),
    ("a told value", replaced("summary.txt", "规格型号：", "规格型号：9"), 1, "summary.txt, "),
    ("a told filer", replaced("summary.txt", "filed by ", "filed by 别的"), 1, "summary.txt, "),
    ("a told time", replaced("summary.txt", "  20", "  19"), 1, "summary.txt, "),
    ("a told kind", replaced("summary.txt", "3. 生产单位售出", "3. 召回"), 1, "summary.txt, "),
    ("a told origin", replaced("summary.txt", "/log\n", "/log2\n"), 1, "summary.txt, "),
    ("a line too many", replaced("summary.txt", "\n\n2. ", "\n    检验结论：合格\n\n2. "), 1, "summary.txt, "),
    ("a line at the end", lambda m: sums(dict(m, **{"summary.txt": m["summary.txt"] + "\n7. 召回".encode()})), 1, "summary.txt, "),
    ("a page that says more", lambda m: sums(dict(m, **{"summary.html": m["summary.html"].replace("</body>".encode(), "<p>合格</p></body>".encode())})), 1, "summary.html"),
    ("an empty text", with_member("summary.txt", b""), 1, "summary.txt, 1"),
]


def c2sp_head(m, of):
    """The signed head that one of the receipts carries."""
    return [v for n, v in m.items() if n.startswith(of)][0].split(b"\n\n", 1)[1]


class Verified(unittest.TestCase):
    """By our own program, offline: the server is of no use to it."""

    def verify(self, data, *args):
        with tempfile.TemporaryDirectory() as d:
            path = os.path.join(d, "p.zip")
            with open(path, "wb") as f:
                f.write(data)
            r = subprocess.run([PROGRAM, "verify", path, *args, "--json"], capture_output=True, text=True, timeout=120, env={})
            self.assertEqual(os.listdir(d), ["p.zip"])
            return r.returncode, json.loads(r.stdout.strip().splitlines()[-1])

    def test_everybodys(self):
        for role in ("maker", "seller", "officer", "association", "operator"):
            for of in (T.code, T.house.demo["codes"][3]) + ((T.house.demo["batches"][0],) if role == "maker" else ()):
                m = package(role, of)
                code, r = self.verify(packed(m), "--vkey", T.vkey.strip())
                self.assertEqual((code, r["ok"], r["of"], r["key_from"], r["same_key"]), (0, True, of, "caller", True), r)
                self.assertEqual(sorted(x["index"] for x in r["records"]), sorted(receipts(m)), role)

    def test_as_it_came(self):
        data = T.house.ask("GET", "/v1/chain/package?of=" + T.code, None, T.house.bearer("maker"))[2]
        self.assertEqual(self.verify(data, "--vkey", T.vkey.strip())[0], 0)
        code, r = self.verify(data)
        self.assertEqual((code, r["key_from"]), (2, "package"))
        with tempfile.NamedTemporaryFile("w") as f:
            f.write("log %s\nquorum none\n" % T.vkey.strip())
            f.flush()
            self.assertEqual(self.verify(data, "--policy", f.name)[0], 0)
            f.write("witness w %s\n" % T.vkey.strip())
            f.flush()
            self.assertEqual(self.verify(data, "--policy", f.name)[0], 2)
        for cut in (0, 3, 100, len(data) // 2, len(data) - 30):
            self.assertEqual(self.verify(data[:cut], "--vkey", T.vkey.strip())[0], 1, cut)
        out = subprocess.run([PROGRAM, "verify", "/dev/null/p.zip"], capture_output=True, text=True)
        self.assertEqual(out.returncode, 2)

    def test_whose_key(self):
        """The key given decides: over another in the package, which is said, and over a package that another key signed."""
        m = package("maker")
        with tempfile.TemporaryDirectory() as d:
            other = Signer(d, T.vkey.split("+")[0])
        changed = packed(sums(dict(m, **{"log.vkey": (other.vkey + "\n").encode()})))
        code, r = self.verify(changed, "--vkey", T.vkey.strip())
        self.assertEqual((code, r["same_key"]), (0, False))
        self.assertIn("yours decided", r["en"])
        self.assertEqual(self.verify(changed)[0], 1)
        self.assertEqual(self.verify(packed(m), "--vkey", other.vkey)[0], 1)

    def test_documents_withheld(self):
        code, r = self.verify(packed(package("association")), "--vkey", T.vkey.strip())
        self.assertEqual(code, 0, r)
        self.assertEqual(self.verify(packed(package("maker")), "--vkey", T.vkey.strip())[1]["documents_absent"], 0)
        self.assertEqual(r["documents_absent"], 0)        # a withheld field does not even name its document

    def test_damage(self):
        m = package("maker")
        for what, change, want, word in DAMAGE:
            with self.subTest(what):
                code, r = self.verify(packed(change(m)), "--vkey", T.vkey.strip())
                self.assertEqual(code, want, (what, r))
                self.assertIn(word, r["en"], what)
                self.assertNotIn("\x1b", r["en"])

    def test_words(self):
        data = packed(package("maker"))
        with tempfile.NamedTemporaryFile(suffix=".zip") as f:
            f.write(data)
            f.flush()
            r = subprocess.run([PROGRAM, "verify", f.name, "--vkey", T.vkey.strip()], capture_output=True, text=True, timeout=60)
        self.assertEqual(r.returncode, 0, r.stderr)
        last = r.stdout.splitlines()[-1]
        self.assertTrue(last.startswith("通过：") and " / ok: " in last, last)


unittest.main(verbosity=2)
