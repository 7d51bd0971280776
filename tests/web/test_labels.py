#!/usr/bin/env python3
"""Labels as a maker gets them, read back by readers that are not ours; signed ones checked without us.    test_labels.py SUYUAN

Needs python3-zxing-cpp with numpy and pdftoppm; without them the test is skipped and says so (exit 77). The script of /label/check is
run by node where it is.
"""
import http.client
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import unittest

import kit

missing = [t for t in ("pdftoppm",) if not shutil.which(t)]
try:
    import numpy
    import zxingcpp
except ImportError as e:
    missing.append(str(e.name))
if missing:
    print("skipped: test_labels needs " + ", ".join(missing))
    sys.exit(77)

PROGRAM = sys.argv.pop(1)
SCRIPT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../web/assets/label.js")
GTIN = "06901234567892"
PDF = b"%PDF-1.4\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF\n"


def ask(method, path, body=None, **headers):
    c = http.client.HTTPConnection("127.0.0.1", T.port, timeout=60)
    c.request(method, path, body if isinstance(body, (bytes, type(None))) else json.dumps(body), dict({"Authorization": "Bearer " + T.token}, **headers))
    r = c.getresponse()
    data = r.read()
    c.close()
    return r.status, data


def post(path, body):
    status, data = ask("POST", path, body, **{"Content-Type": "application/json"})
    if status not in (200, 201):
        raise AssertionError("%s: %d %s" % (path, status, data.decode()))
    return data


def pages(pdf, dpi=200):
    with tempfile.TemporaryDirectory() as d:
        with open(d + "/s.pdf", "wb") as f:
            f.write(pdf)
        subprocess.run(["pdftoppm", "-gray", "-r", str(dpi), d + "/s.pdf", d + "/p"], check=True, timeout=120)
        for name in sorted(os.listdir(d)):
            if name.startswith("p"):
                with open(os.path.join(d, name), "rb") as f:
                    head = re.match(rb"P5\s+(\d+)\s+(\d+)\s+255\s", data := f.read())
                w, h = int(head[1]), int(head[2])
                yield numpy.frombuffer(data, numpy.uint8, w * h, head.end()).reshape(h, w)


def read(image, kind):
    formats = zxingcpp.BarcodeFormats(getattr(zxingcpp.BarcodeFormat, kind))
    return zxingcpp.read_barcodes(numpy.ascontiguousarray(image), formats=formats)


LAYOUT = {"a4_24": (3, 8, 7.25, 12.9, 63.5, 33.9), "a4_65": (5, 13, 4.75, 10.7, 38.1, 21.2)}      # columns, rows, left, top, w, h; gap 2.5


def labels(pdf, name):
    """The text of each label's QR, in order: each is cut out of its page first, as a reader in a hand sees it."""
    columns, rows, left, top, w, h = LAYOUT[name]
    mm = 300 / 25.4
    for page in pages(pdf, 300):
        for i in range(columns * rows):
            x, y = left + i % columns * (w + 2.5), top + i // columns * h
            cut = page[int(y * mm):int((y + h) * mm), int(x * mm):int((x + w) * mm)]
            if cut.min() < 128:
                yield "".join(r.text for r in read(cut, "QRCode"))


def codes(form):
    return ask("GET", "/v1/packs/%s/codes?form=%s" % (T.pack, form))[1].decode().split()


class Labels(unittest.TestCase):
    def test_every_label_of_a_sheet_reads_as_its_code(self):
        for form in ("url", "link", "signed", "ecode"):
            pdf = post("/v1/labels", {"id": T.pack, "template": "a4_24", "form": form, "as": "pdf"})
            self.assertEqual(list(labels(pdf, "a4_24")), codes(form), form)

    def test_mask_chosen_or_fixed(self):
        a = post("/v1/labels", {"id": T.pack, "template": "a4_65", "count": 65})
        b = post("/v1/labels", {"id": T.pack, "template": "a4_65", "count": 65, "best_mask": True})
        self.assertNotEqual(a, b)
        for pdf in (a, b):
            self.assertEqual(list(labels(pdf, "a4_65")), codes("url")[:65])

    def test_a_gs1_128_beside_the_qr(self):
        pdf = post("/v1/labels", {"id": T.pack, "template": "thermal_100x70", "count": 1})
        image, = pages(pdf, 300)
        linear = zxingcpp.read_barcode(numpy.ascontiguousarray(image), formats=zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.Code128))
        self.assertEqual(linear.bytes.decode().replace("\x1d", ""), re.sub(r"[()]", "", codes("gs1")[0]))
        self.assertEqual(len(read(image, "QRCode")), 1)

    def test_a_job(self):
        job = json.loads(post("/v1/prints", {"id": T.pack, "template": "a4_65", "part": 65}))["id"]
        for _ in range(200):
            state = json.loads(ask("GET", "/v1/prints/" + job)[1])
            if state["state"] not in ("waiting", "drawing"):
                break
            time.sleep(0.05)
        self.assertEqual(state["state"], "done")
        self.assertEqual([text for path in state["ready"] for text in labels(ask("GET", path)[1], "a4_65")], codes("url"))
        self.assertEqual(len(ask("GET", "/v1/prints/%s/manifest" % job)[1].splitlines()), len(state["ready"]))


def verify(*args):
    return subprocess.run([PROGRAM, "verify-label", "--home", "/nonexistent", *args], capture_output=True, timeout=60).returncode


class Signed(unittest.TestCase):
    def test_by_command_without_home_and_network(self):
        key, labels = ask("GET", "/label/key")[1].decode().strip(), codes("signed")[:5]
        self.assertEqual(subprocess.run([PROGRAM, "label-key", "--home", T.home], capture_output=True, text=True).stdout.strip(), key)
        self.assertEqual(verify("--key", key, *labels), 0)
        with tempfile.NamedTemporaryFile("w") as f:
            f.write(key + "\n")
            f.flush()
            self.assertEqual(verify("--key", f.name, labels[0]), 0)
        changed = labels[0].replace("/21/0", "/21/1")
        self.assertNotEqual(changed, labels[0])
        self.assertEqual(verify("--key", key, labels[1], changed), 1)
        self.assertEqual(verify("--key", key, codes("link")[0]), 2)
        self.assertEqual(verify(labels[0]), 2)
        self.assertEqual(verify(), 2)

    def test_by_page(self):
        import urllib.parse
        label = codes("signed")[0]
        for text, word in ((label, "签名有效"), (label.replace(GTIN, "06901234567893"), "签名不符"), ("hello", "无法判断")):
            status, data = ask("GET", "/label/check?lang=zh&text=" + urllib.parse.quote(text), Accept="text/html")
            page = data.decode()
            self.assertEqual(status, 200)
            self.assertIn(word, re.sub(r'data-\w+="[^"]*"', "", page))
            self.assertIn("复制的标签也能通过核对", page)
            self.assertNotIn("正品", page)

    @unittest.skipUnless(shutil.which("node"), "no node")
    def test_by_script(self):
        key, label = ask("GET", "/label/key")[1].decode().strip(), codes("signed")[0]
        path, mark = label[len("https://"):].split("?8030=")
        elements = codes("gs1")[0] + "(8030)" + mark
        harness = """
            const [key, ...texts] = process.argv.slice(2), fs = require("fs"), { webcrypto } = require("crypto");
            const got = [];
            (async () => {
              for (const text of texts) {
                let said, run;
                const el = { getAttribute: n => n.slice(5), set textContent(v) { said(v); } };
                const form = { getAttribute: () => key, elements: { text: { value: text } }, querySelector: q => q.includes("here") ? { addEventListener: (e, f) => { run = f; } } : el };
                const done = new Promise(r => { said = r; });
                new Function("document", "window", "crypto", fs.readFileSync(process.env.SCRIPT, "utf8"))({ querySelector: () => form }, { crypto: webcrypto }, webcrypto);
                run();
                got.push(await done);
              }
              console.log(got.join(" "));
            })();"""
        with tempfile.NamedTemporaryFile("w", suffix=".js") as f:
            f.write(harness)
            f.flush()
            said = subprocess.run(["node", f.name, key, label, elements, label.replace("/21/0", "/21/1"), label[:-1] + "B", "hello"], capture_output=True, text=True,
                                  env=dict(os.environ, SCRIPT=SCRIPT), timeout=60)
        self.assertEqual(said.stdout.split(), ["good", "good", "bad", "bad", "none"], said.stderr)


class T:
    """One home, one server, one pack of a product with a barcode."""


def setUpModule():
    T.dir = tempfile.TemporaryDirectory()
    T.home = T.dir.name + "/home"
    told = subprocess.run([PROGRAM, "demo", "--home", T.home, "--json"], check=True, capture_output=True, text=True).stdout
    T.token = list(json.loads(told.strip().splitlines()[-1])["tokens"].values())[0]
    T.process, T.port = kit.serve(PROGRAM, T.home)
    demo = json.loads(told.strip().splitlines()[-1])["tokens"]
    T.token = demo.get("rope", demo.get("maker"))
    file = json.loads(ask("POST", "/v1/files", PDF, **{"Content-Type": "application/pdf"})[1])["file"]
    product = json.loads(post("/v1/products", {"product_name": "标签绳", "product_type": "steel_wire_ropes_01", "specification_model": "6×36WS+IWRC",
        "warranty_period": "不涉及", "mandatory_national_standard": "无适用的强制性国家标准", "standard_applied": "GB/T 20118-2017",
        "licence_or_ccc_certificate_no": "(苏)XK05-005-00001", "manual_or_warning": "不涉及", "gtin": "6901234567892", "number_system": "10203"}))["id"]
    batch = json.loads(post("/v1/batches", {"product": product, "trace_code": "platform", "production_date": "2026-11-01", "factory_batch_or_serial_no": "L-1",
        "inspection_report": file, "report_kind": "factory", "report_no": "1", "report_date": "2026-11-02", "report_issuer": "本厂", "report_conclusion": "合格"}))["id"]
    T.pack = json.loads(post("/v1/packs", {"batch": batch, "grain": "item", "count": 150}))["id"]


def tearDownModule():
    T.process.terminate()
    T.process.wait(20)
    T.dir.cleanup()


unittest.main(verbosity=2)
