"""suyuan verify as an auditor uses it: against a real server, static directories, receipts, and a log that misbehaves.

  test_verify.py PROGRAM
"""
import base64
import gzip
import hashlib
import http.server
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import unittest
import urllib.request

from kit import Home, House
from logkit import Signer, b64, write_log

PROGRAM = sys.argv[1]
FIRST = 300        # entries of the log we make ourselves, so that there is a full tile


def verify(*args):
    r = subprocess.run([PROGRAM, "verify", *args], capture_output=True, text=True, timeout=120)
    return r.returncode, r.stdout, r.stderr


def verify_json(*args):
    code, out, err = verify(*args, "--json")
    return code, json.loads(out.strip().splitlines()[-1])


class Served:
    """A directory over HTTP, with whatever a test does to the answers."""

    def __init__(self, directory):
        owner = self
        self.directory, self.zip, self.status, self.instead, self.asked = directory, False, {}, {}, []

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                path = self.path[1:]
                owner.asked.append(path)
                file = os.path.join(owner.directory, path)
                status = owner.status.get(path) or (200 if os.path.isfile(file) else 404)
                data = b"no"
                if status == 200:
                    with open(file, "rb") as f:
                        data = owner.instead.get(path) or f.read()
                self.send_response(status)
                if owner.zip and "entries" in path and status == 200:
                    data = gzip.compress(data)
                    self.send_header("Content-Encoding", "gzip")
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                try:
                    self.wfile.write(data)
                except OSError:
                    pass                # it has read enough

            def log_message(self, *args):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.handle_error = lambda *args: None           # a client that has read enough goes
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.url = "http://127.0.0.1:%d" % self.server.server_address[1]

    def stop(self):
        self.server.shutdown()
        self.server.server_close()


class OtherLogs(unittest.TestCase):
    """Logs that are not ours."""

    def setUp(self):
        self.dir = tempfile.TemporaryDirectory()
        self.log = os.path.join(self.dir.name, "log")
        self.signer = Signer(self.dir.name, "other.example/log")
        self.entries = [b"\xff\0 not JSON %d" % i for i in range(FIRST)]
        write_log(self.log, self.entries, self.signer)
        self.state = os.path.join(self.dir.name, "state")

    def tearDown(self):
        self.dir.cleanup()

    def grow(self, to, change=None, **kw):
        more = [b"\xff\0 not JSON %d" % i for i in range(to)]
        if change is not None:
            more[change] = b"another"
        shutil.rmtree(self.log)
        write_log(self.log, more, self.signer, **kw)

    def test_directory(self):
        code, r = verify_json(self.log, "--vkey", self.signer.vkey)
        self.assertEqual((code, r["ok"], r["size"], r["entries"], r["key_from"], r["public"]), (0, True, FIRST, FIRST, "caller", False))
        code, r = verify_json(self.log)
        self.assertEqual((code, r["key_from"]), (0, "log"))
        self.assertIn("取自同一处", verify(self.log)[2])
        keyfile = os.path.join(self.dir.name, "key")
        shutil.copy(os.path.join(self.log, "vkey"), keyfile)
        self.assertEqual(verify(self.log, "--vkey", keyfile)[0], 0)

    def test_unknown_lines(self):
        lines = "\u2014 other.example/log %s\n\u2014 somebody %s\n" % (b64(b"\xff\1\2\3" + b"x" * 64), b64(b"abcd" + b"y" * 2420))
        shutil.rmtree(self.log)
        write_log(self.log, self.entries, self.signer, [lines])
        self.assertEqual(verify(self.log, "--vkey", self.signer.vkey)[0], 0)

    def test_wrong_keys(self):
        other = Signer(self.dir.name, "third.example/log")
        self.assertEqual(verify(self.log, "--vkey", other.vkey)[0], 1)
        same_name = Signer(os.path.dirname(self.log), "other.example/log")
        self.assertEqual(verify(self.log, "--vkey", same_name.vkey)[0], 1)
        self.assertEqual(verify(self.log, "--vkey", "nonsense")[0], 2)
        os.remove(os.path.join(self.log, "vkey"))
        self.assertEqual(verify(self.log)[0], 2)
        self.assertEqual(verify(self.dir.name)[0], 2)
        self.assertEqual(verify(self.dir.name + "/nothing")[0], 2)

    def test_http_and_gzip(self):
        s = Served(self.log)
        self.addCleanup(s.stop)
        self.assertEqual(verify(s.url + "/", "--vkey", self.signer.vkey)[0], 0)
        s.zip = True
        self.assertEqual(verify(s.url, "--vkey", self.signer.vkey)[0], 0)
        s.status = {"tile/0/000": 404}
        code, r = verify_json(s.url, "--vkey", self.signer.vkey)
        self.assertEqual((code, r["path"]), (1, "tile/0/000"))
        s.status = {"tile/entries/000": 403}
        self.assertEqual(verify(s.url, "--vkey", self.signer.vkey)[0], 2)
        s.status, s.asked = {"tile/entries/000": 503}, []
        self.assertEqual(verify(s.url, "--vkey", self.signer.vkey)[0], 2)
        self.assertEqual(s.asked.count("tile/entries/000"), 3)
        s.status = {"checkpoint": 302}                  # no redirect is followed
        self.assertEqual(verify(s.url, "--vkey", self.signer.vkey)[0], 2)
        s.status = {}
        s.instead = {"tile/entries/000": b"\0" * (200 << 20)}          # 200 KB on the way
        code, r = verify_json(s.url, "--vkey", self.signer.vkey)
        self.assertEqual((code, r["path"], r["en"].split(": ")[1]), (1, "tile/entries/000", "larger than it may be"))
        s.zip, s.instead = False, {"tile/0/000": b"\0" * 8193}
        self.assertEqual(verify(s.url, "--vkey", self.signer.vkey)[0], 1)
        self.assertEqual(verify("http://127.0.0.1:1", "--vkey", self.signer.vkey)[0], 2)
        self.assertEqual(verify("ftp://127.0.0.1/log", "--vkey", self.signer.vkey)[0], 2)

    def test_second_tree(self):
        """The same entries under SM3, hashed by openssl: tiles and checkpoint below sm3/, the bundles are those of the first tree."""
        def sm3(data):
            return subprocess.run(["openssl", "dgst", "-sm3", "-binary"], input=data, check=True, capture_output=True).stdout

        def put(path, data):
            os.makedirs(os.path.dirname(os.path.join(self.log, path)), exist_ok=True)
            with open(os.path.join(self.log, path), "wb") as f:
                f.write(data)

        entries = [b"one", b"two", b"three"]
        shutil.rmtree(self.log)
        write_log(self.log, entries, self.signer)
        second = Signer(self.dir.name, "other.example/log/sm3")
        h = [sm3(b"\0" + e) for e in entries]
        body = "%s\n3\n%s\n" % (second.name, b64(sm3(b"\1" + sm3(b"\1" + h[0] + h[1]) + h[2])))
        put("sm3/checkpoint", (body + "\n" + second.line(body)).encode())
        put("sm3/tile/0/000.p/3", b"".join(h))
        self.assertEqual(verify(self.log, "--vkey", self.signer.vkey)[0], 0)
        code, r = verify_json(self.log, "--sm3", "--vkey", second.vkey)
        self.assertEqual((code, r["origin"], r["entries"]), (0, second.name, 3))
        put("tile/entries/000.p/3", b"\0\3one\0\3two\0\5thref")
        self.assertEqual(verify(self.log, "--sm3", "--vkey", second.vkey)[0], 1)
        self.assertEqual(verify(self.log, "--vkey", self.signer.vkey)[0], 1)

    def test_too_large(self):
        with open(os.path.join(self.log, "tile/entries/001.p/44"), "ab") as f:
            f.write(b"\0" * (44 * 65537))
        self.assertEqual(verify(self.log, "--vkey", self.signer.vkey)[0], 1)
        with open(os.path.join(self.log, "checkpoint"), "ab") as f:
            f.write(b"x" * 70000)
        self.assertEqual(verify(self.log, "--vkey", self.signer.vkey)[0], 2)

    def monitor(self, *more):
        return verify_json(self.log, "--vkey", self.signer.vkey, "--monitor", "--state", self.state, *more)

    def test_monitor(self):
        code, r = self.monitor()
        self.assertEqual((code, r["entries"]), (0, FIRST))
        code, r = self.monitor()
        self.assertEqual((code, r["entries"], r["old_size"]), (0, 0, FIRST))
        self.grow(700)
        s = Served(self.log)
        self.addCleanup(s.stop)
        code, r = verify_json(s.url, "--monitor", "--state", self.state)        # the key is kept
        self.assertEqual((code, r["entries"], r["key_from"]), (0, 400, "state"))
        self.assertNotIn("tile/entries/000", s.asked)
        self.assertEqual(sorted(os.listdir(self.state)), ["checkpoint", "vkey"])

    def alarm(self, word):
        with open(self.state + "/checkpoint") as f:
            before = f.read()
        code, r = self.monitor()
        self.assertEqual(code, 1, r)
        self.assertIn(word, r["en"])
        with open(self.state + "/checkpoint") as f:
            self.assertEqual(f.read(), before, "an alarm moved the state")
        proof = sorted(x for x in os.listdir(self.state) if x.startswith("alarm-"))
        self.assertEqual(len(proof), 2)
        with open(self.state + "/" + proof[1]) as f:
            self.assertEqual(f.read(), before)
        with open(self.state + "/" + proof[0]) as f, open(self.log + "/checkpoint") as g:
            self.assertEqual(f.read(), g.read())
        self.assertEqual(self.monitor()[0], 1)
        self.assertEqual(len(os.listdir(self.state)), 4, "a repeated alarm fills the disk")

    def test_fork(self):
        self.monitor()
        self.grow(700, change=10)
        self.alarm("forked")

    def test_fork_of_one_size(self):
        self.monitor()
        self.grow(FIRST, change=10)
        self.alarm("forked")

    def test_shrunk(self):
        self.monitor()
        self.grow(299)
        self.alarm("shorter")

    def test_missing(self):
        self.monitor()
        self.grow(700)
        os.remove(self.log + "/tile/entries/001")
        self.alarm("missing")

    def test_gone(self):
        self.monitor()
        os.remove(self.log + "/checkpoint")
        code, r = self.monitor()
        self.assertEqual((code, r["decided"]), (1, True))

    def test_state_of_another(self):
        self.monitor()
        other = Signer(self.dir.name, "third.example/log")
        shutil.rmtree(self.log)
        write_log(self.log, self.entries, other)
        self.assertEqual(verify(self.log, "--vkey", other.vkey, "--monitor", "--state", self.state)[0], 2)
        self.assertEqual(verify(self.log, "--monitor", "--state", self.state)[0], 1)      # with the kept key: not signed

    def test_policy(self):
        w = [Signer(self.dir.name, "w%d.example" % i, 4) for i in range(3)]
        policy = os.path.join(self.dir.name, "policy")
        with open(policy, "w") as f:
            f.write("log %s\n" % self.signer.vkey + "".join("witness w%d %s\n" % (i, x.vkey) for i, x in enumerate(w)) + "group g 2 w0 w1 w2\nquorum g\n")
        now = int(time.time())
        rows = [([], 1), ([(w[0], now)], 1), ([(w[0], now), (w[2], now)], 0), ([(w[0], now - 3000), (w[2], now - 3000)], 1), ([(w[0], now - 3000), (w[2], now)], 0)]
        for lines, want in rows:
            self.grow(FIRST, more=lines)
            code, r = verify_json(self.log, "--policy", policy)
            self.assertEqual((code, r["key_from"], r["witnesses"]), (want, "policy", len(lines)), r)
        self.grow(FIRST, more=[(w[0], now - 3000), (w[1], now - 3000)])
        self.assertEqual(verify(self.log, "--policy", policy, "--stale", "60")[0], 0)
        with open(policy, "a") as f:
            f.write("quorum none\n")
        code, out, err = verify(self.log, "--policy", policy)
        self.assertEqual(code, 2)
        self.assertIn("line 7", err)

    def test_what_is_too_large_to_look_into(self):
        """A log cannot hide a value that is watched for behind values of many megabytes."""
        def text(name, value):
            return base64.urlsafe_b64encode(json.dumps(["A" * 22, name, value], separators=(",", ":")).encode()).rstrip(b"=").decode()

        def log(slots):
            h = [hashlib.sha256(b"\x10" + hashlib.sha256(s.encode()).digest()).digest() for s in slots]
            while len(h) > 1:
                h = [hashlib.sha256(b"\x11" + h[i] + h[i + 1]).digest() for i in range(0, len(h), 2)]
            entry = {"a": "2026-11-11T02:03:00Z", "h": "sha256", "k": "other/product/1", "n": 8, "r": base64.urlsafe_b64encode(h[0]).rstrip(b"=").decode(), "t": "obj", "v": 1}
            shutil.rmtree(self.log)
            write_log(self.log, [json.dumps(entry, separators=(",", ":")).encode()], self.signer)
            os.makedirs(self.log + "/public/000.p")
            with open(self.log + "/public/000.p/1", "w") as f:
                f.write(json.dumps(slots, separators=(",", ":")) + "\n")

        long = [1] * 250000
        for value, want in (("x", "c"), (long, "?")):
            slots = [text("abdefgh"[i], value) for i in range(5)] + [text("g", "y"), text("h", "z"), text("c", "06901234567892")]
            log(slots)
            code, r = verify_json(self.log, "--vkey", self.signer.vkey, "--watch", "6901234567892")
            self.assertEqual((code, [(x["index"], x["field"]) for x in r["seen"]]), (0, [(0, want)]), r)
        self.assertEqual(verify(self.log, "--vkey", self.signer.vkey, "--watch", ",".join(map(str, range(257))))[0], 2)

    def test_names_that_command_a_terminal(self):
        signer = Signer(self.dir.name, "a\u009b31m\u202eb/log")
        shutil.rmtree(self.log)
        write_log(self.log, [b"x"], signer)
        code, out, err = verify(self.log, "--vkey", signer.vkey)
        self.assertEqual((code, "\u009b" in out + err, "\u202e" in out + err), (0, False, False))

    def test_usage(self):
        for args in (["--monitor"], ["--state", self.state], ["--nonsense", "x"], ["--monitor", "--nonsense", "x", "--state", self.state]):
            self.assertEqual(verify(self.log, *args)[0], 2)


class OurLog(unittest.TestCase):
    """A real server, real records."""

    @classmethod
    def setUpClass(cls):
        cls.house = House(PROGRAM)
        cls.url = "http://127.0.0.1:%d" % cls.house.port
        cls.vkey = urllib.request.urlopen(cls.url + "/log/vkey").read().decode().strip()
        cls.tmp = tempfile.TemporaryDirectory()

    @classmethod
    def tearDownClass(cls):
        cls.house.stop()
        cls.tmp.cleanup()

    def file(self, name, data):
        path = os.path.join(self.tmp.name, name)
        with open(path, "wb") as f:
            f.write(data)
        return path

    def receipt(self, record, role=None):
        status, r, data = self.house.ask("GET", "/v1/receipts/" + record, None, self.house.bearer(role) if role else {})
        self.assertEqual(status, 200)
        return data

    def test_the_log(self):
        code, r = verify_json(self.url + "/log", "--vkey", self.vkey)
        self.assertEqual(code, 0)
        self.assertGreater(r["entries"], 20)
        self.assertEqual(verify(self.url + "/log", "--vkey", self.vkey.replace("log+", "log2+"))[0], 2)

    def test_receipts(self):
        batch = self.house.demo["batches"][0]
        for role in (None, "maker"):
            data = self.receipt(batch, role)
            path = self.file("receipt", data)
            code, r = verify_json(path, "--vkey", self.vkey)
            self.assertEqual(code, 0, r)
            self.assertIn("production_date", r["values"])
            code, out, err = verify(path, "--vkey", self.vkey)
            self.assertIn("生产日期 production_date = ", out)
            self.assertEqual(verify(path)[0], 2)
        policy = self.file("policy", ("log %s\nquorum none\n" % self.vkey).encode())
        self.assertEqual(verify(path, "--policy", policy)[0], 0)

    def test_receipts_show_what_the_role_may_see(self):
        """A flow record: its two sides are shown values, others hashes alone; both are checked against one root."""
        items = json.loads(self.house.ask("GET", "/v1/sales", None, self.house.bearer("maker"))[2])
        sale = (items.get("items") or items.get("rows"))[0]["id"]
        seen = {}
        for role in ("maker", None):
            code, seen[role] = verify_json(self.file("sale", self.receipt(sale, role)), "--vkey", self.vkey)
            self.assertEqual(code, 0, seen[role])
        self.assertTrue(seen["maker"]["values"])
        self.assertFalse(seen[None]["values"])

    def test_each_byte_of_a_receipt(self):
        data = self.receipt(self.house.demo["batches"][0])
        self.assertEqual(verify(self.file("whole", data), "--vkey", self.vkey)[0], 0)
        step = 1 if len(data) < 700 else 11         # a process each: some of the long line, all of the rest
        line = data.index(b"\nindex ")
        for at in list(range(0, line, step)) + list(range(line, len(data))):
            spoilt = bytearray(data)
            spoilt[at] ^= 1
            self.assertNotEqual(verify(self.file("spoilt", bytes(spoilt)), "--vkey", self.vkey)[0], 0, "byte %d" % at)
        for cut in (0, 1, 20, line, line + 1, len(data) - 1):
            self.assertNotEqual(verify(self.file("cut", data[:cut]), "--vkey", self.vkey)[0], 0)

    def test_the_lines_in_the_papers(self):
        """docs/verify.md: the same verdict with Python and openssl alone."""
        with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../docs/verify.md")) as f:
            script = self.file("check.py", f.read().split("```python\n")[1].split("```")[0].encode())
        data = self.receipt(self.house.demo["batches"][0])
        line = data.index(b"\nindex ")

        def run(text):
            return subprocess.run([sys.executable, script, self.file("papers", text), self.vkey], cwd=self.tmp.name, capture_output=True).returncode

        self.assertEqual(run(data), 0)
        for at in (line + 8, line + 12, data.index(b"\n\n") + 5, len(data) - 20):
            spoilt = bytearray(data)
            spoilt[at] ^= 1
            self.assertNotEqual(run(bytes(spoilt)), 0, at)

    def extra_changed(self, change):
        lines = self.receipt(self.house.demo["batches"][0]).split(b"\n")
        extra = json.loads(base64.b64decode(lines[1].split(b" ")[1]))
        change(extra)
        lines[1] = b"extra " + base64.b64encode(json.dumps(extra, separators=(",", ":"), sort_keys=True).encode())
        return verify(self.file("changed", b"\n".join(lines)), "--vkey", self.vkey)

    def test_values_that_are_not_its_own(self):
        forged = base64.urlsafe_b64encode(b'["AAAAAAAAAAAAAAAAAAAAAA","product","another"]').rstrip(b"=").decode()

        def swap(x):
            x["slots"][0] = forged
            x["disclosures"][0] = forged

        def hide(x):
            x["disclosures"].pop()

        def more(x):
            x["disclosures"].append(forged)

        self.assertEqual(self.extra_changed(lambda x: None)[0], 0)
        self.assertEqual(self.extra_changed(swap)[0], 1)
        self.assertEqual(self.extra_changed(hide)[0], 1)
        self.assertEqual(self.extra_changed(more)[0], 1)
        self.assertEqual(self.extra_changed(lambda x: x["slots"].pop())[0], 1)
        self.assertEqual(self.extra_changed(lambda x: x.pop("slots"))[0], 2)
        self.assertEqual(self.extra_changed(lambda x: x.pop("leaf"))[0], 2)

    def test_entry_from_elsewhere(self):
        lines = self.receipt(self.house.demo["batches"][0]).split(b"\n")
        leaf = base64.b64decode(json.loads(base64.b64decode(lines.pop(1).split(b" ")[1]))["leaf"])
        bare, entry = self.file("bare", b"\n".join(lines)), self.file("entry", leaf)
        self.assertEqual(verify(bare, "--vkey", self.vkey)[0], 2)
        self.assertEqual(verify(bare, "--vkey", self.vkey, "--entry", entry)[0], 0)
        self.assertEqual(verify(bare, "--vkey", self.vkey, "--entry", self.file("other", leaf + b" "))[0], 1)

    def test_the_receipt_of_a_write(self):
        body = json.dumps({"target": self.house.demo["batches"][0], "reason": "a reason"})
        status, r, data = self.house.ask("POST", "/v1/openings", body, self.house.bearer("operator", **{"Content-Type": "application/json"}))
        self.assertEqual(status, 201, data)
        code, r = verify_json(self.file("answer", json.loads(data)["receipt"]["proof"].encode()), "--vkey", self.vkey)
        self.assertEqual((code, r["type"], r["values"]), (0, "suyuan/opening/1", {}), r)

    def test_monitor_and_watch(self):
        state = os.path.join(self.tmp.name, "state")
        maker = next(p for p in self.house.demo["parties"] if p["role"] == "maker")["uscc"]
        code, r = verify_json(self.url + "/log", "--monitor", "--state", state, "--watch", maker + ",nobody")
        self.assertEqual((code, r["key_from"]), (0, "log"))
        self.assertTrue(any(x["field"] == "o" and x["value"] == maker for x in r["seen"]), r["seen"])
        code, r = verify_json(self.url + "/log", "--monitor", "--state", state, "--watch", maker)
        self.assertEqual((code, r["entries"], r["seen"], r["key_from"]), (0, 0, [], "state"))

    def mirror(self, directory):
        """The log as a directory, with the public disclosures of one record beside it."""
        def get(path):
            return urllib.request.urlopen(self.url + "/log/" + path).read()

        size = int(get("checkpoint").split(b"\n")[1])
        for path in ("checkpoint", "vkey", "tile/0/000.p/%d" % size, "tile/entries/000.p/%d" % size):
            os.makedirs(os.path.dirname(os.path.join(directory, path)), exist_ok=True)
            with open(os.path.join(directory, path), "wb") as f:
                f.write(get(path))
        receipt = self.receipt(self.house.demo["batches"][0]).split(b"\n")
        index = int(receipt[2].split(b" ")[1])
        slots = json.loads(base64.b64decode(receipt[1].split(b" ")[1]))["slots"]
        lines = [json.dumps(slots, separators=(",", ":")) if i == index else "" for i in range(size)]
        return size, index, lines

    def test_public_disclosures(self):
        directory = os.path.join(self.tmp.name, "mirror")
        size, index, lines = self.mirror(directory)
        path = directory + "/public/000.p/%d" % size
        os.makedirs(os.path.dirname(path))

        def with_lines(some, *more):
            with open(path, "w") as f:
                f.write("".join(x + "\n" for x in some))
            return verify_json(directory, "--vkey", self.vkey, *more)

        code, r = with_lines(lines, "--watch", "20261101-A,合格")
        self.assertEqual((code, r["public"]), (0, True), r)
        self.assertGreater(r["disclosed"], 5)
        self.assertEqual({(x["index"], x["field"]) for x in r["seen"]}, {(index, "factory_batch_or_serial_no"), (index, "report_conclusion")})
        moved = lines[1:] + lines[:1]
        code, r = with_lines(moved)
        self.assertEqual((code, r["path"], r["index"]), (1, "public/000.p/%d" % size, (index - 1) % size))
        self.assertEqual(with_lines(lines[:-1])[0], 1)
        self.assertEqual(with_lines(lines + [""])[0], 1)
        state = os.path.join(self.tmp.name, "public-state")
        self.assertEqual(with_lines(lines, "--monitor", "--state", state)[0], 0)
        self.assertTrue(os.path.exists(state + "/public"))


class OurHome(unittest.TestCase):
    def test_home(self):
        home = Home(PROGRAM)
        r = json.loads(home.run("verify", "--json"))
        self.assertEqual((r["ok"], r["entries"], r["records"]), (True, r["records"], r["entries"]))
        code, out, err = verify(home.path)
        self.assertEqual(code, 2)
        self.assertIn("--home", err)
        home.dir.cleanup()


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], "-v", *sys.argv[2:]])
