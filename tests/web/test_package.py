#!/usr/bin/env python3
"""A chain as a package: taken apart and checked with hashlib and openssl alone, for each who may ask for it.    test_package.py SUYUAN"""
import io
import json
import sys
import unittest
import zipfile

import c2sp
import kit

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
                self.assertRegex(name, r"^(receipts/\d{3}-[a-z_]+-\d+\.receipt|documents/[0-9a-f]{64}\.(pdf|png|jpg)|summary\.txt|steps\.ndjson|README\.txt|log\.vkey|checkpoint|SHA256SUMS)$")
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
        documents = {n[10:74]: d for n, d in maker.items() if n.startswith("documents/")}
        named = {f["inspection_report"] for leaf, f in receipts(maker).values() if "inspection_report" in f}
        self.assertTrue(named and named <= set(documents))
        for m in others:
            self.assertFalse({n[10:74] for n in m if n.startswith("documents/")} & named)
        for id, data in documents.items():
            self.assertEqual(T.house.ask("GET", "/v1/files/" + id, None, T.house.bearer("maker"))[2], data)

    def test_refusals(self):
        self.assertEqual(T.house.ask("GET", "/v1/chain/package?of=" + T.code)[0], 401)
        self.assertEqual(T.house.ask("GET", "/v1/chain/package", None, T.house.bearer("maker"))[0], 400)
        self.assertEqual(T.house.ask("GET", "/v1/chain/package?of=" + T.code[:-1] + ("0" if T.code[-1] != "0" else "1"), None, T.house.bearer("maker"))[0], 404)

    def test_a_lot_and_the_page(self):
        got = receipts(package("maker", T.house.demo["batches"][0]))
        self.assertGreater(len(got), 3)
        self.assertIn("/v1/chain/package?of=", T.house.page("/ui/chain?of=" + T.code, "maker")[1])


unittest.main(verbosity=2)
