#!/usr/bin/env python3
"""Everything under /log/ as a stranger reads it, recomputed from the documents.    test_log.py SUYUAN"""
import json
import os
import sqlite3
import sys
import unittest

import c2sp
import kit

PROGRAM = sys.argv.pop(1)
PRODUCT = {"product_type": "steel_wire_ropes_01", "specification_model": "6×36WS+IWRC", "warranty_period": "不涉及",
           "mandatory_national_standard": "无适用的强制性国家标准", "standard_applied": "GB/T 20118-2017",
           "licence_or_ccc_certificate_no": "(苏)XK05-005-00001", "manual_or_warning": "不涉及"}
FULL = 256


class T:
    """One server over a log that is longer than a tile."""


def setUpModule():
    T.house = kit.House(PROGRAM)
    while size() < FULL + 40:
        status, _, data = T.house.ask("POST", "/v1/products", json.dumps(dict(PRODUCT, product_name="绳%d" % size())),
                                      T.house.bearer("maker", **{"Content-Type": "application/json"}))
        assert status == 201, data
    T.vkey = get("/log/vkey").decode()


def tearDownModule():
    T.house.stop()


def get(path):
    status, r, data = T.house.ask("GET", path)
    assert status == 200, (path, status)
    return data


def size():
    return int(get("/log/checkpoint").decode().split("\n")[1])


def entries(path):
    data, out = get(path), []
    while data:
        n = int.from_bytes(data[:2], "big")
        out.append(data[2:2 + n])
        data = data[2 + n:]
    return out


class Log(unittest.TestCase):
    def test_the_tree_from_its_entries(self):
        n, top = c2sp.checkpoint(get("/log/checkpoint").decode(), T.vkey)
        all_entries = entries("/log/tile/entries/000") + entries("/log/tile/entries/001.p/%d" % (n - FULL))
        hashes = [c2sp.sha(b"\x00" + e) for e in all_entries]
        self.assertEqual(len(hashes), n)
        self.assertEqual(c2sp.root(hashes), top)
        self.assertEqual(get("/log/tile/0/000"), b"".join(hashes[:FULL]))
        self.assertEqual(get("/log/tile/0/001.p/%d" % (n - FULL)), b"".join(hashes[FULL:]))
        self.assertEqual(get("/log/tile/1/000.p/1"), c2sp.root(hashes[:FULL]))
        for w in (1, 2, 255):
            self.assertEqual(get("/log/tile/0/000.p/%d" % w), b"".join(hashes[:w]))
            self.assertEqual(entries("/log/tile/entries/000.p/%d" % w), all_entries[:w])

    def test_one_spelling_and_nothing_that_is_not_there(self):
        n = size()
        for path in ("tile/0/002", "tile/0/001", "tile/0/001.p/%d" % (n - FULL + 1), "tile/0/002.p/1", "tile/1/000", "tile/2/000.p/1", "tile/7/000.p/1",
                     "tile/8/000.p/1", "tile/63/000.p/1", "tile/64/000.p/1", "tile/0/0", "tile/0/00", "tile/0/0000", "tile/0/x000/000", "tile/00/000",
                     "tile/-1/000", "tile/+0/000", "tile/0/000.p/0", "tile/0/000.p/01", "tile/0/000.p/256", "tile/0/000.p/", "tile/0/000.p", "tile/0/000/",
                     "tile/0//000", "tile/0/000.p/1/", "tile/0/%30%30%30", "tile/0/000%2ep/1", "tile/0", "tile/", "tile", "tile/entries", "tile/entries/",
                     "tile/entries/0", "tile/entries/001", "tile/entries/000.p/0", "tile/entries/002.p/1", "tile/data/000",
                     "tile/0/x999/x999/x999/x999/x999/x999/999", "tile/0/" + "x001/" * 40 + "001", "public", "public/", "public/0", "public/001", "public/000.p/0",
                     "public/002.p/1", "public/entries/000", "receipt", "receipt/", "receipt/%d" % n, "receipt/00", "receipt/-1", "receipt/+1", "receipt/1.p",
                     "receipt/99999999999999999999", "receipt/0x1", "checkpoint/", "nothing", ""):
            for method in ("GET", "HEAD"):
                status, r, data = T.house.ask(method, "/log/" + path)
                self.assertEqual((path, status), (path, 404))
                self.assertEqual(r.headers["Access-Control-Allow-Origin"], "*", path)
                self.assertNotIn("immutable", r.headers["Cache-Control"] or "", path)
                self.assertEqual(data == b"", method == "HEAD")

    def test_headers(self):
        for path, kind, cache in (("checkpoint", "text/plain; charset=utf-8", "public, max-age=2"), ("vkey", "text/plain; charset=utf-8", "public, max-age=3600"),
                                  ("policy", "text/plain; charset=utf-8", "public, max-age=300"),
                                  ("tile/0/000", "application/octet-stream", "public, max-age=31536000, immutable"),
                                  ("tile/0/000.p/7", "application/octet-stream", "public, max-age=31536000, immutable"),
                                  ("tile/entries/000", "application/octet-stream", "public, max-age=31536000, immutable"),
                                  ("public/000", "text/plain; charset=utf-8", "public, max-age=300"), ("receipt/0", "text/plain; charset=utf-8", "public, max-age=300")):
            for method in ("GET", "HEAD"):
                status, r, data = T.house.ask(method, "/log/" + path, None, {"Accept": "text/html,*/*;q=0.8"})
                self.assertEqual((path, status, r.headers["Content-Type"], r.headers["Cache-Control"]), (path, 200, kind, cache))
                self.assertEqual(r.headers["Access-Control-Allow-Origin"], "*")
                self.assertEqual(data == b"", method == "HEAD")
                self.assertIsNone(r.headers["Set-Cookie"])
            status, r, data = T.house.ask("OPTIONS", "/log/" + path)
            self.assertEqual((status, r.headers["Access-Control-Allow-Methods"]), (204, "GET, HEAD, OPTIONS"))
            status, r, data = T.house.ask("POST", "/log/" + path, b"x")
            self.assertEqual((path, status, r.headers["Access-Control-Allow-Origin"]), (path, 405, "*"))

    def test_policy(self):
        self.assertEqual(get("/log/policy").decode(), "log %s\nquorum none\n" % T.vkey.strip())
        with open(T.house.dir.name + "/home/policy", "w") as f:
            f.write("log %s\nwitness w w.example+00000000+AAAA\nquorum w\n" % T.vkey.strip())
        try:
            self.assertTrue(get("/log/policy").decode().endswith("quorum w\n"))
        finally:
            os.unlink(T.house.dir.name + "/home/policy")


class Public(unittest.TestCase):
    def lines(self, first, path):
        got = get(path).decode()
        self.assertTrue(got.endswith("\n"))
        return list(enumerate(got[:-1].split("\n"), first))

    def test_open_records_and_no_others(self):
        n = size()
        leaves = entries("/log/tile/entries/000") + entries("/log/tile/entries/001.p/%d" % (n - FULL))
        lines = self.lines(0, "/log/public/000") + self.lines(FULL, "/log/public/001.p/%d" % (n - FULL))
        self.assertEqual(len(lines), n)
        seen = {}
        for index, line in lines:
            leaf = json.loads(leaves[index])
            seen.setdefault(leaf["t"], []).append(bool(line))
            if line:
                slots = json.loads(line)
                self.assertEqual(line, json.dumps(slots, ensure_ascii=False, separators=(",", ":")))
                shown = c2sp.fields(slots, leaves[index])
                if leaf["t"] == "reg":
                    self.assertEqual(shown.get("uscc", leaf.get("o")), leaf.get("o", shown.get("uscc")))
        for t, is_open in (("reg", True), ("obj", True), ("flow", False), ("set", False)):
            self.assertEqual(set(seen[t]), {is_open}, t)
        self.assertEqual(self.lines(0, "/log/public/000.p/3"), lines[:3])

    def test_nothing_withheld(self):
        """A batch whose report is withheld: the field is a hash here, and its value nowhere under /log/."""
        product = json.loads(T.house.ask("GET", "/v1/products", None, T.house.bearer("maker"))[2])["items"][0]["id"]
        for withheld in (True, False):
            file = json.loads(T.house.ask("POST", "/v1/files?open=%s" % ("false" if withheld else "true"), kit.PDF + b"%%%d" % withheld,
                                          T.house.bearer("maker", **{"Content-Type": "application/pdf"}))[2])["file"]
            said = {"product": product, "trace_code": "platform", "production_date": "2026-11-01", "factory_batch_or_serial_no": "W-%d" % withheld,
                    "inspection_report": file, "report_kind": "factory", "report_no": "1", "report_date": "2026-11-02", "report_issuer": "本厂",
                    "report_conclusion": "合格", "withhold" if withheld else "open": ["inspection_report"]}
            status, _, data = T.house.ask("POST", "/v1/batches", json.dumps(said), T.house.bearer("maker", **{"Content-Type": "application/json"}))
            self.assertEqual(status, 201, data)
            index = json.loads(data)["receipt"]["index"]
            at, leaf, extra = c2sp.receipt(get("/log/receipt/%d" % index).decode(), T.vkey)
            shown = c2sp.fields(extra["slots"], leaf)
            self.assertEqual((at, shown["factory_batch_or_serial_no"]), (index, "W-%d" % withheld))
            self.assertEqual("inspection_report" in shown, not withheld)
            self.assertFalse(withheld and file.encode() in get("/log/receipt/%d" % index) + get("/log/public/001.p/%d" % (index + 1 - FULL)))
            line = get("/log/public/001.p/%d" % (index + 1 - FULL)).decode().split("\n")[index - FULL]
            self.assertEqual(json.loads(line), extra["slots"])

    def test_receipts(self):
        for index in range(0, size(), 7):
            at, leaf, extra = c2sp.receipt(get("/log/receipt/%d" % index).decode(), T.vkey)
            self.assertEqual(at, index)
            self.assertEqual("slots" in extra, json.loads(leaf)["t"] in ("reg", "obj", "fix"))

    def test_a_changed_row_is_not_shown(self):
        """The stored value is no longer the one committed to: the line is empty, the receipt has no slots; the leaf is proved all the same."""
        index = size() - 3
        db = sqlite3.connect(T.house.dir.name + "/home/suyuan.db")
        try:
            id, pub = db.execute("SELECT id, pub FROM record WHERE type = 'product' AND idx < ? ORDER BY idx DESC LIMIT 1", (index,)).fetchone()
            at, = db.execute("SELECT idx FROM record WHERE id = ?", (id,)).fetchone()
            db.execute("UPDATE record SET pub = replace(pub, '6×36WS', '6×37WS') WHERE id = ?", (id,))
            db.commit()
            self.assertEqual(get("/log/public/001.p/%d" % (at + 1 - FULL)).decode().split("\n")[at - FULL], "")
            self.assertNotIn("slots", c2sp.receipt(get("/log/receipt/%d" % at).decode(), T.vkey)[2])
        finally:
            db.execute("UPDATE record SET pub = ? WHERE id = ?", (pub, id))
            db.commit()
            db.close()
        self.assertNotEqual(get("/log/public/001.p/%d" % (at + 1 - FULL)).decode().split("\n")[at - FULL], "")


unittest.main(verbosity=2)
