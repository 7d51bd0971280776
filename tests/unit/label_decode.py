#!/usr/bin/env python3
"""Every mark is read back by readers that are not ours.    label_decode.py LABEL_DRAW

Needs python3-zxing-cpp with numpy, zbarimg and pdftoppm; without them the test is skipped and says so (exit 77).
rsvg-convert, where it is, turns the SVG into something to read; without it that part says so. Han Xin has no free reader:
its modules are checked by their finder patterns. Printer languages are taken apart by a small interpreter of our own.
"""
import json
import os
import re
import shutil
import struct
import subprocess
import sys
import tempfile
import unittest
import zlib

missing = [t for t in ("zbarimg", "pdftoppm", "pdftotext") if not shutil.which(t)]
try:
    import numpy
    import zxingcpp
except ImportError as e:
    missing.append(str(e.name))
if missing:
    print("skipped: label_decode needs " + ", ".join(missing))
    sys.exit(77)

DRAW = sys.argv.pop(1)
DOC = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../docs/formats/label.md")
SVG = shutil.which("rsvg-convert") is not None
FORMATS = {"qr": "QRCode", "datamatrix": "DataMatrix", "gs1_datamatrix": "DataMatrix", "gs1_128": "Code128", "ean13": "EAN13", "code128": "Code128"}
QUIET = {"qr": 4, "datamatrix": 2, "gs1_datamatrix": 2, "gs1_128": 10, "ean13": 11, "code128": 10, "hanxin": 3}
HANXIN = [["#######", "#......", "#.#####", "#.#....", "#.#.###", "#.#.###", "#.#.###"],
          ["#######", "......#", "#####.#", "....#.#", "###.#.#", "###.#.#", "###.#.#"],
          ["#######", "......#", "#####.#", "....#.#", "###.#.#", "###.#.#", "###.#.#"],
          ["###.#.#", "###.#.#", "###.#.#", "....#.#", "#####.#", "......#", "#######"]]
CHINESE = ["钢芯阻燃输送带", "矿用本质安全型", "批号：二〇二六年第一一二二号", "某某矿用产品制造有限公司", "请扫码查询真伪", "「引号」、顿号；分号", "龘靐齉爩", "矿灯😀",
           "𠮷野家 𡘙", "φ28 6×36WS＋IWRC", "煤矿安全标志 MAA123456", "é ü ß ¥ €", "かな カナ 한글", "Привет"]


def gtin(n):
    body = f"{n:013d}"
    return body + str(-sum(int(c) * (3 if i % 2 == 0 else 1) for i, c in enumerate(body)) % 10)


def sscc(n):
    body = f"{n:017d}"
    return body + str(-sum(int(c) * (3 if i % 2 == 0 else 1) for i, c in enumerate(body)) % 10)


def urls(n):
    for i in range(n):
        s = f"https://suyuan.example.cn/q/{i:04d}7CEA61XZP272GEAWPHSN?from=label&n="
        yield (s + "0123456789abcdefghijklmnopqrstuvwxyz-._~" * 4)[:50 + i * 5]


def elements(n):
    g = lambda i: gtin(690123456789 + i * 37)
    forms = [lambda i: [("01", g(i)), ("21", f"ABC{i:05d}")], lambda i: [("01", g(i)), ("10", f"B-{i}/x"), ("21", f"{i}")],
             lambda i: [("01", g(i)), ("11", "261122"), ("10", f"L{i}")], lambda i: [("00", sscc(i + 10 ** 15))],
             lambda i: [("01", g(i)), ("3103", f"{i:06d}"), ("17", "271231")], lambda i: [("01", g(i)), ("10", f"A(x){i}")],
             lambda i: [("01", g(i)), ("21", f"7CEA61XZP272{i:08d}")], lambda i: [("21", f"S{i}"), ("01", g(i)), ("30", f"{i + 1}")]]
    for i in range(n):
        yield forms[i % len(forms)](i)


# Identifiers of predefined length: no separator behind them.
FIXED = {"00", "01", "02", "03", "04", "20", "41", *(str(n) for n in range(11, 20)), *(str(n) for n in range(31, 37))}


def bracketed(e):
    return "".join(f"({ai}){v}" for ai, v in e)


def message(e):
    s = ""
    for i, (ai, v) in enumerate(e):
        s += ai + v + ("\x1d" if ai[:2] not in FIXED and i + 1 < len(e) else "")
    return s


def cases():
    """(symbology, content, what a reader gives)"""
    plain = list(urls(21)) + ["^XA^FDx^XZ", "~JR \"quoted\" \\ back", "two\r\nlines", "0123456789" * 5,
                              "A", "HTTPS://SUYUAN.EXAMPLE/ABC-123", "'; DROP TABLE label;--"]
    for s in plain + CHINESE:
        yield "qr", s, s
        yield "datamatrix", s, s
    for s in ("zero\0inside", "\u202eevil\u202c"):
        yield "qr", s, s
    for e in elements(32):
        yield "gs1_datamatrix", bracketed(e), message(e)
        yield "gs1_128", bracketed(e), message(e)
    for i in range(24):
        s = gtin(690100000000 + i * 104729)[1:]
        yield "ean13", s[:12] if i % 2 else s, s
        s = ["MA", "7CEA61XZP272GEAWPHSN", "Ab 12~^\"\\", "00112233445566", "x!#$%&'()*+,-./:;<=>?@[]_`{|}"][i % 5] + f"{i * 7919}"
        yield "code128", s, s
    for s in CHINESE + list(urls(8)):
        yield "hanxin", s, None


def run(*args, data=None):
    done = subprocess.run([DRAW, *map(str, args)], input=data, capture_output=True, check=False)
    if done.returncode:
        raise AssertionError(done.stderr.decode())
    return done.stdout.decode()


def png(path):
    """A one-bit grey PNG as bytes of 0 and 255; the filters that cairo uses there are none and up."""
    with open(path, "rb") as f:
        b = f.read()
    w, h, depth, colour = struct.unpack(">IIBB", b[16:26])
    assert b[:8] == b"\x89PNG\r\n\x1a\n" and (depth, colour) == (1, 0), "a one-bit grey PNG"
    data, at = b"", 8
    while at < len(b):
        n, = struct.unpack(">I", b[at:at + 4])
        data += b[at + 8:at + 8 + n] if b[at + 4:at + 8] == b"IDAT" else b""
        at += n + 12
    rows = numpy.frombuffer(zlib.decompress(data), numpy.uint8).reshape(h, -1).copy()
    for y in range(h):
        assert rows[y, 0] in (0, 2)
        if rows[y, 0] == 2 and y:
            rows[y, 1:] += rows[y - 1, 1:]
    return numpy.unpackbits(rows[:, 1:], axis=1)[:, :w] * numpy.uint8(255)


def pgm(path):
    with open(path, "rb") as f:
        b = f.read()
    m = re.match(rb"P5\s+(\d+)\s+(\d+)\s+255\s", b)
    return numpy.frombuffer(b[m.end():], numpy.uint8).reshape(int(m[2]), int(m[1]))


def logo(path, w, h):
    """A black PNG, 8 bits grey."""
    raw = (b"\0" + bytes(w)) * h
    part = lambda kind, data: struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    with open(path, "wb") as f:
        f.write(b"\x89PNG\r\n\x1a\n" + part(b"IHDR", struct.pack(">IIBBBBB", w, h, 8, 0, 0, 0, 0)) + part(b"IDAT", zlib.compress(raw))
                + part(b"IEND", b""))


def pages(pdf, dpi, into):
    subprocess.run(["pdftoppm", "-gray", "-r", str(dpi), pdf, into], check=True, timeout=300)
    folder, stem = os.path.split(into)
    return [pgm(os.path.join(folder, f)) for f in sorted(os.listdir(folder)) if f.startswith(stem + "-")]


def read(image, what=None):
    """All symbols of one format or of all; of linear ones the first, since the reader stops the program over a second."""
    if what is None:
        return [r for kind in sorted(set(FORMATS.values())) for r in read(image, kind)]
    image, formats = numpy.ascontiguousarray(image), zxingcpp.BarcodeFormats(getattr(zxingcpp.BarcodeFormat, what))
    if what in ("Code128", "EAN13"):
        one = zxingcpp.read_barcode(image, formats=formats)
        return [one] if one is not None and one.valid else []
    return zxingcpp.read_barcodes(image, formats=formats)


def content_of(r):
    """What stands in a symbol, FNC1 as the separator GS."""
    return r.bytes.decode("utf-8") if r.content_type == zxingcpp.ContentType.GS1 else r.text


def zbar(path):
    got = subprocess.run(["zbarimg", "-q", "--raw", "-Sbinary", path], capture_output=True, check=False, timeout=60)
    return got.stdout


class Symbols(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.keep = tempfile.TemporaryDirectory()
        cls.dir = cls.keep.name
        cls.rows = [(k, c, want, size) for k, c, want in cases() for size in ((3, 5) if len(c) % 3 else (4, 7))]
        lines = "".join(f"{k}\t{size}\t{c.encode().hex()}\n" for k, c, _, size in cls.rows)
        cls.said = run("symbols", cls.dir, data=lines.encode())

    @classmethod
    def tearDownClass(cls):
        cls.keep.cleanup()

    def each(self):
        for at, (kind, content, want, size) in enumerate(self.rows, 1):
            yield at, kind, (kind, content, size), want, size, png(f"{self.dir}/{at}.png")

    def test_all_were_made(self):
        self.assertEqual(self.said, "")
        for kind in QUIET:
            self.assertGreaterEqual(len({c for k, c, _, _ in self.rows if k == kind}), 20, kind)

    def test_zxing_reads_the_png(self):
        for _, kind, what, want, _, image in self.each():
            if kind == "hanxin":
                continue
            got = read(image, FORMATS[kind])
            self.assertEqual([content_of(r) for r in got], [want], what)
            if kind.startswith("gs1"):
                self.assertEqual(got[0].content_type, zxingcpp.ContentType.GS1)

    def test_zbar_reads_the_png(self):
        for at, kind, what, want, size, _ in self.each():
            if kind in ("hanxin", "datamatrix", "gs1_datamatrix") or size not in (4, 5):
                continue
            self.assertEqual(zbar(f"{self.dir}/{at}.png"), want.encode(), what)

    def test_quiet_zones(self):
        for _, kind, what, _, size, image in self.each():
            q = QUIET[kind] * size
            dark = numpy.argwhere(image == 0)
            self.assertEqual(dark[:, 1].min(), q, what)
            self.assertEqual(image.shape[1] - 1 - dark[:, 1].max(), q, what)
            if kind in ("qr", "datamatrix", "gs1_datamatrix", "hanxin"):
                self.assertEqual(dark[:, 0].min(), q, what)
                self.assertEqual(image.shape[0] - 1 - dark[:, 0].max(), q, what)

    def test_hanxin_has_its_finders(self):
        """ISO/IEC 20830: an L of seven modules around each corner, upper left pointing inwards."""
        for _, kind, what, _, size, image in self.each():
            if kind != "hanxin":
                continue
            m = image[size // 2::size, size // 2::size][3:-3, 3:-3] == 0
            n = m.shape[0]
            self.assertEqual(m.shape[1], n)
            self.assertEqual((n - 23) % 2, 0)
            for corner, bits in zip((m[:7, :7], m[:7, -7:], m[-7:, :7], m[-7:, -7:]), HANXIN):
                self.assertEqual(["".join("#" if x else "." for x in r) for r in corner], bits, what)

    @unittest.skipUnless(SVG, "rsvg-convert is not there: the SVG is not read back")
    def test_svg(self):
        for at, kind, what, want, size, _ in self.each():
            if kind == "hanxin" or at % 9 or size < 4:
                continue
            with open(f"{self.dir}/{at}.svg", encoding="ascii") as f:
                text = f.read()
            self.assertEqual(text.count("<path"), 1)
            self.assertIn("crispEdges", text)
            subprocess.run(["rsvg-convert", "-f", "pdf", "-o", f"{self.dir}/s.pdf", f"{self.dir}/{at}.svg"], check=True, timeout=60)
            image, = pages(f"{self.dir}/s.pdf", 300, f"{self.dir}/svg{at}")
            self.assertEqual([content_of(r) for r in read(image, FORMATS[kind])], [want], what)


# What the driver fills into label number i.
def url(i):
    return f"https://suyuan.example.cn/q/7CEA61XZP272GEAWPHSN?n={i:05d}&v={i * 7919}"


def wanted(template, i):
    gs1, ean = f"010690123456789210B{i:04d}\x1d21{i}", f"6901{i:08d}"
    ean += str(-sum(int(c) * (3 if k % 2 else 1) for k, c in enumerate(ean)) % 10)
    return {"thermal_100x70": [gs1, url(i)], "pair": [url(i)] * 2, "retail": [ean]}.get(template, [url(i)])


def quiet_around(image, r, modules):
    """The four modules around a QR symbol are white."""
    p = r.position
    x0, x1 = min(p.top_left.x, p.bottom_left.x), max(p.top_right.x, p.bottom_right.x)
    y0, y1 = min(p.top_left.y, p.top_right.y), max(p.bottom_left.y, p.bottom_right.y)
    m = (x1 - x0) / modules
    near, far = 1, int(3.4 * m)
    sides = image[y0 - far:y0 - near - 1, x0 - far:x1 + far], image[y1 + near + 2:y1 + far, x0 - far:x1 + far], \
        image[y0 - far:y1 + far, x0 - far:x0 - near - 1], image[y0 - far:y1 + far, x1 + near + 2:x1 + far]
    return min(int(s.min()) if s.size else 0 for s in sides)


class Sheets(unittest.TestCase):
    def labels(self, template, count, dpi):
        """(number, picture) of each label, cut out of its page; and the pages."""
        with tempfile.TemporaryDirectory() as d:
            said = run("sheet", template, f"{d}/s.pdf", count).split()
            sheets = pages(f"{d}/s.pdf", dpi, f"{d}/p")
        n, (left, top, w, h, gap_x, gap_y), columns, rows = int(said[0]), map(float, said[1:7]), int(said[7]), int(said[8])
        self.assertEqual(len(sheets), n)
        self.assertEqual(n, -(-count // (columns * rows)))
        k, out = dpi / 25.4, []
        for i in range(count):
            at = i % (columns * rows)
            x, y = left + at % columns * (w + gap_x), top + at // columns * (h + gap_y)
            out.append((i, sheets[i // (columns * rows)][round(y * k):round((y + h) * k), round(x * k):round((x + w) * k)]))
        return out, sheets, (left, top, w, h, gap_x, gap_y, columns, rows)

    def test_every_label_of_every_page(self):
        for template, count in (("a4_24", 50), ("a4_65", 70), ("thermal_100x70", 9), ("thermal_60x40", 9), ("rope_tag", 9), ("pair", 9), ("retail", 30)):
            for dpi in (200, 300):
                labels, _, _ = self.labels(template, count, dpi)
                for i, image in labels:
                    got = read(image)
                    self.assertEqual(sorted(content_of(r) for r in got), sorted(wanted(template, i)), (template, dpi, i))
                    for r in got:
                        if r.format == zxingcpp.BarcodeFormat.QRCode:
                            self.assertGreaterEqual(quiet_around(image, r, 33), 250, (template, dpi, i))

    def test_nothing_stands_between_the_labels(self):
        for template in ("a4_24", "a4_65"):
            _, sheets, (left, top, w, h, gap_x, gap_y, columns, rows) = self.labels(template, 70, 200)
            k = 200 / 25.4
            for image in sheets:
                for c in range(1, columns):
                    x = left + c * (w + gap_x)
                    between = image[round(top * k):round((top + rows * (h + gap_y)) * k), round((x - gap_x) * k) + 1:round(x * k) - 1]
                    self.assertEqual(between.min(), 255)

    def test_zbar_reads_a_page(self):
        with tempfile.TemporaryDirectory() as d:
            run("sheet", "a4_24", f"{d}/s.pdf", 24)
            subprocess.run(["pdftoppm", "-gray", "-r", "200", f"{d}/s.pdf", f"{d}/p"], check=True, timeout=120)
            page, = (f for f in os.listdir(d) if f.startswith("p"))
            got = subprocess.run(["zbarimg", "-q", "--raw", f"{d}/{page}"], capture_output=True, check=False, timeout=60).stdout.decode().split()
        self.assertEqual(sorted(got), sorted(url(i) for i in range(24)))

    def test_logo_and_chinese(self):
        """The logo is in the picture where the template puts it, ideographs can be copied out of the PDF."""
        with tempfile.TemporaryDirectory() as d:
            logo(f"{d}/logo.png", 60, 25)
            run("sheet", "rope_tag", f"{d}/s.pdf", 1, f"{d}/logo.png")
            image, = pages(f"{d}/s.pdf", 254, f"{d}/p")
            self.assertEqual(image[35:125, 35:265].max(), 0)           # 3, 3, 24 x 10 mm at ten pixels a millimetre, a margin left off
            self.assertEqual([content_of(r) for r in read(image)], [url(0)])
            text = subprocess.run(["pdftotext", f"{d}/s.pdf", "-"], check=True, capture_output=True, timeout=60).stdout.decode()
            self.assertIn("钢芯阻燃输送带", text)
            for language, apart in (("zpl", zpl), ("tspl", tspl)):
                run(language, "rope_tag", f"{d}/out", 8, f"{d}/logo.png")
                with open(f"{d}/out", "rb") as f:
                    _, pictures = apart(f.read())
                self.assertTrue((canvas(pictures, 640, 400)[28:100, 28:212] == 0).all())

    def test_the_same_labels_give_the_same_bytes(self):
        with tempfile.TemporaryDirectory() as d:
            for name in "ab":
                run("sheet", "rope_tag", f"{d}/{name}.pdf", 3)
            with open(f"{d}/a.pdf", "rb") as a, open(f"{d}/b.pdf", "rb") as b:
                self.assertEqual(a.read(), b.read())


# ---- printers ----

def gfa(data, total, stride):
    """ZPL II compressed hex of ^GF to rows of bits."""
    rows, row, repeat = [], "", 0
    for c in data:
        if c == ":":
            assert row == ""
            rows.append(rows[-1])
        elif c == ",":
            rows.append(row.ljust(stride * 2, "0"))
            row = ""
        elif "G" <= c <= "Y":
            repeat += ord(c) - ord("G") + 1
        elif "g" <= c <= "z":
            repeat += (ord(c) - ord("g") + 1) * 20
        else:
            row += c * (repeat or 1)
            repeat = 0
            if len(row) == stride * 2:
                rows.append(row)
                row = ""
        assert len(row) <= stride * 2
    assert len(rows) * stride == total and row == "" and repeat == 0
    return numpy.unpackbits(numpy.array([list(bytes.fromhex(r)) for r in rows], numpy.uint8), axis=1)


def zpl(b):
    """(command, arguments) of a label; pictures as (x, y, bits) at the end."""
    text = b.decode("ascii")
    assert "~" not in text and text.count("^XA") == text.count("^XZ") == 1 and text.startswith("^XA") and text.rstrip().endswith("^XZ")
    out, pictures, at = [], [], (0, 0)
    for m in re.finditer(r"\^([A-Z@][A-Z0-9@])([^^]*)", text):
        name, arg = m[1], m[2].rstrip("\n")
        assert name in ("XA", "XZ", "CI", "PW", "LL", "LH", "FO", "FT", "GF", "GB", "BQ", "BX", "BC", "BE", "BY", "FH", "FD", "FS"), name
        if name in ("FO", "FT"):
            at = tuple(int(n) for n in arg.split(","))
        if name == "GF":
            kind, total, same, stride, data = arg.split(",", 4)
            assert kind == "A" and total == same
            pictures.append((*at, gfa(data, int(total), int(stride))))
        elif name == "FD":
            arg = re.sub("_([0-9A-F]{2})", lambda h: chr(int(h[1], 16)), arg)
        out.append((name, arg if name != "GF" else ""))
    return out, pictures


def tspl(b):
    out, pictures = [], []
    while b:
        m = re.match(rb"BITMAP (\d+),(\d+),(\d+),(\d+),0,", b)
        if m:
            x, y, stride, h = (int(n) for n in m.groups())
            data, b = b[m.end():m.end() + stride * h], b[m.end() + stride * h:]
            assert b[:2] == b"\r\n"
            b = b[2:]
            pictures.append((x, y, 1 - numpy.unpackbits(numpy.frombuffer(data, numpy.uint8).reshape(h, stride), axis=1)))
            continue
        line, b = b.split(b"\r\n", 1)
        name, _, arg = line.decode("ascii").partition(" ")
        assert name in ("SIZE", "GAP", "DIRECTION", "REFERENCE", "CLS", "QRCODE", "DMATRIX", "BARCODE", "BAR", "PRINT"), name
        assert arg.count('"') in (0, 2, 4)
        out.append((name, arg))
    return out, pictures


def canvas(pictures, w, h):
    image = numpy.full((h, w), 255, numpy.uint8)
    for x, y, bits in pictures:
        assert y + bits.shape[0] <= h and x + bits.shape[1] <= w + 8
        part = image[y:y + bits.shape[0], x:x + bits.shape[1]]
        part[bits[:, :part.shape[1]] == 1] = 0
    return image


OTHERS = """{"name": "all", "w": 100, "h": 60, "elements": [
 {"kind": "symbol", "x": 0, "y": 0, "w": 25, "h": 25, "symbology": "qr", "text": "HOSTILE"},
 {"kind": "symbol", "x": 25, "y": 0, "w": 25, "h": 25, "symbology": "datamatrix", "text": "{url}"},
 {"kind": "symbol", "x": 50, "y": 0, "w": 25, "h": 25, "symbology": "gs1_datamatrix", "text": "{gs1}"},
 {"kind": "symbol", "x": 75, "y": 0, "w": 25, "h": 25, "symbology": "hanxin", "text": "{url}"},
 {"kind": "symbol", "x": 0, "y": 26, "w": 100, "h": 16, "symbology": "code128", "text": "{batch}"},
 {"kind": "symbol", "x": 0, "y": 43, "w": 100, "h": 16, "symbology": "code128", "text": "^XZ~JR"}]}"""


class Printers(unittest.TestCase):
    def test_the_example_of_the_paper(self):
        with open(DOC, encoding="utf-8") as f:
            self.both(re.search(r"```json\n(.*?)```", f.read(), re.S)[1], 12)

    def both(self, template, dots):
        with tempfile.TemporaryDirectory() as d:
            if template.startswith("{"):
                with open(f"{d}/t.json", "w", encoding="utf-8") as f:
                    f.write(template)
                template = f"{d}/t.json"
            out = []
            for language, apart in (("zpl", zpl), ("tspl", tspl)):
                run(language, template, f"{d}/out", dots)
                with open(f"{d}/out", "rb") as f:
                    out.append(apart(f.read()))
            return out

    def test_ready_templates(self):
        for template, own in (("a4_24", "BQ"), ("thermal_100x70", "BQ"), ("thermal_60x40", "BQ"), ("rope_tag", "BQ"), ("pair", "BQ"), ("retail", "BE")):
            for dots in (8, 12, 24):
                (z, zp), (t, tp) = self.both(template, dots)
                names = [n for n, _ in t]
                self.assertEqual((names[:2], names.count("CLS"), names.count("PRINT"), names[-1]), (["SIZE", "GAP"], 1, 1, "PRINT"))
                self.assertEqual(t[-1], ("PRINT", "1,1"))
                if dots == 8:
                    self.assertIn(own, [n for n, _ in z])
                self.assertEqual(len(zp), len(tp))
                for a, b in zip(zp, tp):
                    self.assertEqual(a[:2], b[:2])
                    self.assertTrue((a[2] == b[2]).all())

    def test_own_symbols_carry_the_content(self):
        (z, _), (t, _) = self.both("thermal_60x40", 8)
        self.assertIn(("FD", "MA," + url(4)), z)
        self.assertTrue(any(n == "QRCODE" and a.endswith(f',"{url(4)}"') for n, a in t))

    def test_pictures_of_symbols_read(self):
        (_, zp), _ = self.both("thermal_100x70", 8)
        self.assertEqual([content_of(r) for r in read(canvas(zp, 800, 560))], wanted("thermal_100x70", 4)[:1])

    def test_what_is_not_plain_goes_as_a_picture(self):
        for hostile in ("^XA^FS^XZ", "~JR", '"\r\nPRINT 9,9\r\n', "\x01\x1b", "中文", "\u202eabc"):
            (z, zp), (t, tp) = self.both(OTHERS.replace('"HOSTILE"', json.dumps(hostile)), 12)
            for commands, pictures in ((z, zp), (t, tp)):
                self.assertEqual(sum(n in ("BQ", "QRCODE") for n, _ in commands), 0)
                self.assertEqual(sum(n in ("BX", "DMATRIX") for n, _ in commands), 1)
                self.assertEqual(sum(n in ("BC", "BARCODE") for n, _ in commands), 1)
                image = canvas(pictures, 1200, 720)
                self.assertEqual([content_of(r) for r in read(image[510:], "Code128")], ["^XZ~JR"])
                self.assertEqual([content_of(r) for r in read(image[:300, 600:900], "DataMatrix")], wanted("thermal_100x70", 4)[:1])
                self.assertEqual([content_of(r) for r in read(image[:300, :300], "QRCode")], [hostile])
            self.assertEqual([n for n, _ in t].count("PRINT"), 1)


if __name__ == "__main__":
    unittest.main(verbosity=1)
