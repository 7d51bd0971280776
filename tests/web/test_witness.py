"""A server as witness of other logs (C2SP tlog-witness): every status, and that nothing it says can contradict itself.

  test_witness.py PROGRAM
"""
import base64
import hashlib
import http.client
import http.server
import json
import os
import select
import shutil
import socket
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
import unittest

from kit import Home, listen, wait_for
from logkit import Signer, b64, checkpoint_body, consistency, key_id, leaves

PROGRAM = sys.argv[1]
HASHES = leaves([b"entry %d" % i for i in range(600)])
FORKED = leaves([b"entry %d" % i if i != 3 else b"another" for i in range(600)])


def request(signers, old, size, proof=None, hashes=HASHES, origin=None, more=""):
    """signers: who signs the checkpoint, the first names the log."""
    body = checkpoint_body(origin or signers[0].name, hashes[:size]) + more
    path = consistency(old, hashes[:size]) if proof is None else proof
    return ("old %d\n" % old + "".join(b64(h) + "\n" for h in path) + "\n" + body + "\n" + "".join(s.line(body) for s in signers)).encode()


class Witness(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.tmp = tempfile.TemporaryDirectory()
        cls.log, cls.other, cls.stranger = (Signer(cls.tmp.name, n) for n in ("one.example/log", "two.example/log", "three.example/log"))
        cls.home = Home(PROGRAM, witness=[cls.log.vkey, cls.other.vkey], witness_name="witness.example/w")
        cls.home.serve()
        cls.vkey = cls.get(cls, "/witness/vkey")[2].decode().strip()
        name, kid, key = cls.vkey.split("+", 2)
        cls.pub = base64.b64decode(key)[1:]
        assert name == "witness.example/w" and base64.b64decode(key)[0] == 4 and kid == key_id(name, 4, cls.pub).hex()

    @classmethod
    def tearDownClass(cls):
        cls.home.stop()
        cls.home.dir.cleanup()
        cls.tmp.cleanup()

    def ask(self, method, path, body=None):
        c = http.client.HTTPConnection("127.0.0.1", self.home.port, timeout=20)
        try:
            c.request(method, path, body)
            r = c.getresponse()
            return r.status, r.getheader("Content-Type"), r.read()
        finally:
            c.close()

    def get(self, path):
        return Witness.ask(self, "GET", path)

    def add(self, *args, **kw):
        return self.ask("POST", "/witness/add-checkpoint", request(*args, **kw))

    def setUp(self):
        """Each test begins with a log that was never cosigned."""
        for signer in (self.log, self.other):
            path = self.file_of(signer.name)
            if os.path.exists(path):
                os.remove(path)

    def file_of(self, origin):
        return self.home.path + "/witness/" + hashlib.sha256(origin.encode()).hexdigest()

    def last(self, origin):
        return self.get("/witness/%s/checkpoint" % hashlib.sha256(origin.encode()).hexdigest())

    def cosignature(self, answer, body):
        """The time of a good one; checked by openssl."""
        dash, name, data = answer.decode().rstrip("\n").split(" ")
        data = base64.b64decode(data)
        self.assertEqual((dash, name, data[:4], len(data)), ("\u2014", "witness.example/w", key_id(name, 4, self.pub), 76))
        when = int.from_bytes(data[4:12], "big")
        with tempfile.TemporaryDirectory() as d:
            for file, bytes_ in (("m", b"cosignature/v1\ntime %d\n" % when + body.encode()), ("s", data[12:]), ("k", bytes.fromhex("302a300506032b6570032100") + self.pub)):
                with open(d + "/" + file, "wb") as f:
                    f.write(bytes_)
            subprocess.run("openssl pkeyutl -verify -pubin -keyform DER -inkey k -rawin -in m -sigfile s".split(), cwd=d, check=True, capture_output=True)
        return when

    def grown_to(self, size):
        status, media, answer = self.add([self.log], 0, size)
        self.assertEqual(status, 200, answer)

    def test_cosigns(self):
        old = 0
        for size in (0, 1, 5, 5, 256, 600):
            status, media, answer = self.add([self.log], old, size)
            self.assertEqual(status, 200, answer)
            body = checkpoint_body(self.log.name, HASHES[:size])
            self.assertLess(abs(self.cosignature(answer, body) - time.time()), 10)
            status, media, note = self.last(self.log.name)
            self.assertEqual((status, note), (200, (body + "\n" + self.log.line(body)).encode() + answer))
            old = size

    def test_status(self):
        self.grown_to(5)
        good = request([self.log], 5, 9)
        head, checkpoint = good.split(b"\n\n", 1)
        extended = request([self.log], 5, 9, more="extension\n")
        rows = [
            ("unknown origin", request([self.stranger], 0, 9), 404),
            ("unknown origin, known key", request([self.log], 0, 9, origin="three.example/log"), 404),
            ("not signed by its key", request([self.stranger], 5, 9, origin=self.log.name), 403),
            ("signed by another watched log", request([self.other], 5, 9, origin=self.log.name), 403),
            ("signature over something else", good.replace(b"\n9\n", b"\n8\n"), 403),
            ("larger old size", request([self.log], 9, 5, proof=[]), 400),
            ("extension line", extended, 400),
            ("no body", b"", 400), ("old only", b"old 5\n", 400), ("no checkpoint", head + b"\n\n", 400), ("a word", good.replace(b"old 5", b"new 5"), 400),
            ("leading zero", good.replace(b"old 5", b"old 05"), 400), ("negative", good.replace(b"old 5", b"old -5"), 400),
            ("too many hashes", b"old 5\n" + (b64(b"x" * 32).encode() + b"\n") * 64 + b"\n" + checkpoint, 400),
            ("no signature", good[:good.rindex(b"\n\n") + 2], 400),
            ("other old size", request([self.log], 4, 9), 409), ("old size zero", request([self.log], 0, 9), 409), ("size zero", request([self.log], 0, 0), 409),
            ("fork", request([self.log], 5, 9, hashes=FORKED), 422),
            ("fork of the size", request([self.log], 5, 5, hashes=FORKED), 422),
            ("no proof", request([self.log], 5, 9, proof=[]), 422),
            ("proof too long", request([self.log], 5, 9, proof=consistency(5, HASHES[:9]) + [b"x" * 32]), 422),
            ("proof for no growth", request([self.log], 5, 5, proof=[b"x" * 32]), 422),
        ]
        for what, body, want in rows:
            with self.subTest(what):
                status, media, answer = self.ask("POST", "/witness/add-checkpoint", body)
                self.assertEqual(status, want, answer)
                if want == 409:
                    self.assertEqual((media, answer), ("text/x.tlog.size", b"5\n"))
        self.assertEqual(self.last(self.log.name)[2].split(b"\n")[1], b"5", "a refused request moved the state")
        self.assertEqual(self.ask("POST", "/witness/add-checkpoint", good)[0], 200)
        self.assertEqual(self.ask("POST", "/witness/add-checkpoint", b"old 5\n" + b"x" * 100000)[0], 413)
        self.assertEqual(self.ask("GET", "/witness/add-checkpoint")[0], 405)

    def test_never_cosigned(self):
        self.assertEqual(self.last(self.log.name)[0], 404)
        for name in ("x", "..", "a" * 64 + "b", "%2e%2e%2fkeys", "g" * 64):
            self.assertEqual(self.get("/witness/%s/checkpoint" % name)[0], 404)
        status, media, answer = self.add([self.log], 3, 9)
        self.assertEqual((status, answer), (409, b"0\n"))
        empty = checkpoint_body(self.log.name, [])
        wrong = empty.replace(empty.split("\n")[2], b64(b"x" * 32))
        self.assertEqual(self.ask("POST", "/witness/add-checkpoint", ("old 0\n\n" + wrong + "\n" + self.log.line(wrong)).encode())[0], 422)
        self.assertEqual(self.add([self.log], 0, 9, proof=[b"x" * 32])[0], 422)
        self.assertEqual(self.add([self.log, self.stranger], 0, 9)[0], 200)
        self.assertNotIn(b"three.example", self.last(self.log.name)[2])

    def test_two_logs(self):
        self.grown_to(5)
        self.assertEqual(self.add([self.other], 0, 7, hashes=FORKED)[0], 200)
        self.assertEqual(self.last(self.log.name)[2].split(b"\n")[1], b"5")
        self.assertEqual(self.last(self.other.name)[2].split(b"\n")[1], b"7")

    def test_race(self):
        """Two histories part after three entries; eight clients ask at the same moment, half of them for each. One history is cosigned."""
        rows = [(h, size, request([self.log], 3, size, hashes=h)) for size in (9, 9, 9, 8) for h in (HASHES, FORKED)]
        first = request([self.log], 0, 3)
        for turn in range(40):
            if os.path.exists(self.file_of(self.log.name)):
                os.remove(self.file_of(self.log.name))
            self.assertEqual(self.ask("POST", "/witness/add-checkpoint", first)[0], 200)
            told, start = [], threading.Barrier(len(rows))

            def client(hashes, size, body):
                c = http.client.HTTPConnection("127.0.0.1", self.home.port, timeout=20)
                c.connect()
                start.wait()
                c.request("POST", "/witness/add-checkpoint", body)
                r = c.getresponse()
                told.append((r.status, hashes, size, r.read()))
                c.close()

            threads = [threading.Thread(target=client, args=row) for row in rows]
            for t in threads:
                t.start()
            for t in threads:
                t.join()
            good = [x for x in told if x[0] == 200]
            self.assertEqual((len(told), len(good), {x[0] for x in told}), (len(rows), 1, {200, 409}), "turn %d" % turn)
            status, hashes, size, answer = good[0]
            self.assertEqual({x[3] for x in told if x[0] == 409}, {b"%d\n" % size})
            self.assertIn(answer, self.last(self.log.name)[2])
        self.cosignature(answer, checkpoint_body(self.log.name, hashes[:size]))

    def test_after_a_crash(self):
        self.grown_to(5)
        key = self.get("/witness/vkey")[2]
        self.home.process.kill()
        self.home.process.wait()
        self.home.serve()
        self.assertEqual(self.get("/witness/vkey")[2], key)
        self.assertEqual(self.add([self.log], 5, 5, hashes=FORKED)[0], 422)
        self.assertEqual(self.add([self.log], 5, 9)[0], 200)

    def test_key_without_memory(self):
        """keys/ brought back and witness/ not: it would cosign another history of what it cosigned before."""
        self.home.stop()
        away, there = self.home.dir.name + "/away", self.home.path + "/witness"
        os.rename(there, away)
        r = subprocess.run([PROGRAM, "serve", "--home", self.home.path, "--listen", "127.0.0.1:0"], capture_output=True, text=True, timeout=30)
        self.assertNotEqual(r.returncode, 0)
        self.assertIn("hand out the new key", r.stderr)
        self.assertFalse(os.path.exists(there))
        os.rename(away, there)
        self.home.serve()

    def test_state_that_is_not_ours(self):
        """A damaged file stops that origin: what was signed is not known any more."""
        self.grown_to(5)
        path = self.file_of(self.log.name)
        with open(path, "rb") as f:
            kept = f.read()
        for bad in (b"", kept[:-10], kept.replace(b"\n5\n", b"\n4\n"), b"\n".join(kept.split(b"\n")[:-2]) + b"\n"):
            with open(path, "wb") as f:
                f.write(bad)
            self.assertEqual(self.add([self.log], 5, 9)[0], 500)
            self.assertEqual(self.add([self.log], 0, 9)[0], 500)


class Asking(unittest.TestCase):
    """A log that asks a witness that works, one that is gone and one that never answers."""

    def setUp(self):
        self.tmp = tempfile.TemporaryDirectory()
        self.log = Home(PROGRAM)
        self.log.serve()
        self.vkey = self.text(self.log, "/log/vkey").strip()
        self.log.stop()
        self.witness = Home(PROGRAM, witness=[self.vkey], witness_name="witness.example/w")
        self.witness.serve()
        self.mute = socket.socket()
        self.mute.bind(("127.0.0.1", 0))
        self.mute.listen(50)
        others = [Signer(self.tmp.name, n, 4) for n in ("mute.example", "gone.example")]
        self.policy = self.log.path + "/policy.txt"
        with open(self.policy, "w") as f:
            f.write("log %s\nwitness mute %s http://127.0.0.1:%d/\nwitness gone %s http://127.0.0.1:1/w\nwitness w %s http://127.0.0.1:%d/witness\n"
                    "group any3 1 mute gone w\nquorum any3\n"
                    % (self.vkey, others[0].vkey, self.mute.getsockname()[1], others[1].vkey, self.text(self.witness, "/witness/vkey").strip(), self.witness.port))
        self.log.set(policy="policy.txt", fetch_hosts=["127.0.0.1"])
        self.log.serve()

    def tearDown(self):
        self.log.stop()
        self.witness.stop()
        self.mute.close()
        for x in (self.log.dir, self.witness.dir, self.tmp):
            x.cleanup()

    def text(self, home, path):
        c = http.client.HTTPConnection("127.0.0.1", home.port, timeout=20)
        c.request("GET", path)
        r = c.getresponse()
        data = r.read().decode()
        c.close()
        return data if r.status == 200 else ""

    def head(self):
        note = self.text(self.log, "/log/checkpoint")
        return int(note.split("\n")[1]), "\u2014 witness.example/w " in note

    def verify(self, *args):
        return subprocess.run([PROGRAM, "verify", *args, "--policy", self.policy], capture_output=True, text=True, timeout=60).returncode

    def test_growth(self):
        url = "http://127.0.0.1:%d/log" % self.log.port
        self.assertTrue(wait_for(lambda: self.head()[1], 20), "never cosigned")
        self.assertEqual(self.verify(url), 0)
        size = self.head()[0]
        status, answer = self.log.post("/v1/openings", {"target": self.log.demo["batches"][0], "reason": "a reason"}, self.log.demo["tokens"]["operator"])
        self.assertEqual(status, 201, answer)
        self.assertTrue(wait_for(lambda: self.head() == (size + 1, True), 20), "not cosigned again")
        note = self.text(self.log, "/log/checkpoint")
        self.assertEqual(note.count("witness.example/w"), 1)
        receipt = self.tmp.name + "/receipt"
        with open(receipt, "w") as f:
            f.write(self.text(self.log, "/v1/receipts/" + answer["id"]))
        self.assertEqual(self.verify(receipt), 0, "the receipt does not carry the cosignature")
        self.log.stop()                                 # begun anew it knows nothing of its witnesses' sizes
        self.log.serve()
        self.assertTrue(wait_for(lambda: self.head() == (size + 1, True), 20), "not cosigned after a restart")

    def test_nobody_waits(self):
        self.assertTrue(wait_for(lambda: self.head()[1], 20))
        times = []
        for i in range(40):
            began = time.monotonic()
            status, answer = self.log.post("/v1/openings", {"target": self.log.demo["batches"][0], "reason": "reason %d" % i}, self.log.demo["tokens"]["operator"])
            self.assertEqual(status, 201, answer)
            times.append(time.monotonic() - began)
            time.sleep(0.1)
        self.assertLess(max(times), 1.5)
        began = time.monotonic()
        self.log.process.terminate()
        self.log.process.wait(20)
        self.assertLess(time.monotonic() - began, 8, "the server waits for a mute witness when it ends")
        self.log.serve()

    def test_witness_that_knows_more(self):
        """A store that lost entries: the witness knows a larger log and does not cosign the smaller."""
        self.assertTrue(wait_for(lambda: self.head()[1], 20))
        self.log.stop()
        copy = Home.__new__(Home)
        copy.program, copy.path = PROGRAM, self.tmp.name + "/copy"
        shutil.copytree(self.log.path, copy.path)
        self.log.serve()
        size = self.head()[0]
        self.log.post("/v1/openings", {"target": self.log.demo["batches"][0], "reason": "lost"}, self.log.demo["tokens"]["operator"])
        self.assertTrue(wait_for(lambda: self.head() == (size + 1, True), 20))
        self.log.stop()
        said = open(self.tmp.name + "/said", "w+")
        copy.process, copy.port = subprocess.Popen([PROGRAM, "serve", "--home", copy.path, "--listen", "127.0.0.1:%d" % self.log.port], stderr=said), self.log.port

        def told():
            said.seek(0)
            return "older store" in said.read()

        self.assertTrue(wait_for(told, 20), "nobody was told")
        self.assertNotIn("witness.example/w", self.text(copy, "/log/checkpoint"))
        copy.stop()
        said.close()
        self.log.serve()

    def test_policy_that_cannot_be_read(self):
        self.log.stop()
        with open(self.policy, "a") as f:
            f.write("nonsense\n")
        r = subprocess.run([PROGRAM, "serve", "--home", self.log.path, "--listen", "127.0.0.1:0"], capture_output=True, text=True, timeout=30)
        self.assertNotEqual(r.returncode, 0)
        self.assertIn("line 7", r.stderr)
        self.log.set(policy="nothing.txt")
        r = subprocess.run([PROGRAM, "serve", "--home", self.log.path, "--listen", "127.0.0.1:0"], capture_output=True, text=True, timeout=30)
        self.assertIn("nothing.txt", r.stderr)
        self.log.set(policy="")
        self.log.serve()


class NoWitness(unittest.TestCase):
    def test_without_the_setting(self):
        home = Home(PROGRAM)
        home.serve()
        for method, path in (("POST", "/witness/add-checkpoint"), ("GET", "/witness/vkey"), ("GET", "/witness/%s/checkpoint" % ("0" * 64))):
            c = http.client.HTTPConnection("127.0.0.1", home.port, timeout=20)
            c.request(method, path, b"old 0\n\n" if method == "POST" else None)
            self.assertEqual(c.getresponse().status, 404)
            c.close()
        home.stop()
        self.assertFalse(os.path.exists(home.path + "/keys/witness"))
        for bad in ([], ["nonsense"], "x", [1]):
            home.set(witness=bad)
            r = subprocess.run([PROGRAM, "serve", "--home", home.path, "--listen", "127.0.0.1:0"], capture_output=True, text=True, timeout=30)
            self.assertNotEqual(r.returncode, 0)
            self.assertIn("witness", r.stderr)
        home.dir.cleanup()


class Cosigner(http.server.BaseHTTPRequestHandler):
    """Cosigns whatever it is shown, while it is told to."""

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        if self.server.on:
            status, said = 200, self.server.signer.line(body.split("\n\n", 1)[1].split("\n\n")[0] + "\n", int(time.time()))
        else:
            status, said = 500, ""
        self.send_response(status)
        self.send_header("Content-Length", str(len(said.encode())))
        self.end_headers()
        self.wfile.write(said.encode())

    def log_message(self, *args):
        pass


class Witnessed(unittest.TestCase):
    """Two witnesses that come and go, both of them asked for by the policy."""
    demo = ()

    @classmethod
    def setUpClass(cls):
        cls.tmp = tempfile.TemporaryDirectory()
        cls.log = Home(PROGRAM, cls.demo)
        cls.operator = cls.log.demo["tokens"]["operator"]
        cls.witness = [listen(http.server.ThreadingHTTPServer, Cosigner) for i in range(2)]
        cls.log.serve()
        cls.bare, answer = cls.write()
        cls.vkey = cls.text("/log/vkey").split("\n")[0]
        cls.log.stop()
        cls.policy = cls.log.path + "/policy.txt"
        with open(cls.policy, "w") as f:
            f.write("log %s\n" % cls.vkey)
            for i, w in enumerate(cls.witness):
                w.signer, w.on = Signer(cls.tmp.name, "w%d.example" % i, 4), False
                f.write("witness w%d %s http://127.0.0.1:%d\n" % (i, w.signer.vkey, w.server_address[1]))
            f.write("group both all w0 w1\nquorum both\n")
        cls.log.set(policy="policy.txt", fetch_hosts=["127.0.0.1"])

    @classmethod
    def tearDownClass(cls):
        for w in cls.witness:
            w.shutdown()
            w.server_close()
        cls.log.dir.cleanup()
        cls.tmp.cleanup()

    def setUp(self):
        self.on(False, False)
        self.log.serve()

    def tearDown(self):
        self.log.stop()

    def on(self, *which):
        for w, yes in zip(self.witness, which):
            w.on = yes

    @classmethod
    def text(cls, path, token=""):
        c = http.client.HTTPConnection("127.0.0.1", cls.log.port, timeout=20)
        try:
            c.request("GET", path, None, {"Authorization": "Bearer " + token} if token else {})
            r = c.getresponse()
            data = r.read().decode()
            return data if r.status == 200 else ""
        finally:
            c.close()

    @classmethod
    def head(cls, reason="a reason", **more):
        body = json.dumps({"target": cls.log.demo["batches"][0], "reason": reason})
        return body, {"Content-Type": "application/json", "Accept": "application/json", "Authorization": "Bearer " + cls.operator, **more}

    @classmethod
    def write(cls, reason="a reason", **more):
        c = http.client.HTTPConnection("127.0.0.1", cls.log.port, timeout=30)
        try:
            body, headers = cls.head(reason, **more)
            c.request("POST", "/v1/openings", body, headers)
            r = c.getresponse()
            data = json.loads(r.read())
            assert r.status == 201, data
            return r.getheader("Preference-Applied"), data
        finally:
            c.close()

    def timed(self, *args, **more):
        began = time.monotonic()
        said, answer = self.write(*args, **more)
        return time.monotonic() - began, said, answer

    def receipt(self, answer):
        return self.text("/v1/receipts/" + answer["id"], self.operator)

    def size_of(self, proof):
        return int(proof.split("\n\n", 1)[1].split("\n")[1])

    def size(self):
        return int(self.text("/log/checkpoint").split("\n")[1])

    def lines(self, proof):
        return [n for n in ("w0.example", "w1.example") if "\u2014 %s " % n in proof]

    def verify(self, proof):
        with open(self.tmp.name + "/receipt", "w") as f:
            f.write(proof)
        return subprocess.run([PROGRAM, "verify", self.tmp.name + "/receipt", "--policy", self.policy], capture_output=True, text=True, timeout=60).returncode

    def verify_home(self):
        return subprocess.run([PROGRAM, "verify", "--home", self.log.path], capture_output=True, timeout=60).returncode

    def witnessed(self, answer):
        self.assertTrue(wait_for(lambda: len(self.lines(self.receipt(answer))) == 2, 30), "no receipt with both lines")
        return self.receipt(answer)

    def settled(self):
        """A gm home anchors its trees soon after the start: an entry of its own."""
        before = self.size()
        if "Gm" in type(self).__name__:
            wait_for(lambda: self.size() > before, 3)

    def test_the_first_head_with_the_quorum(self):
        self.settled()
        _, a = self.write("a")
        first = self.receipt(a)
        at = self.size_of(first)
        self.assertEqual((self.lines(first), at, self.verify(first)), ([], a["receipt"]["index"] + 1, 1))
        _, b = self.write("b")
        self.on(True, False)
        self.assertTrue(wait_for(lambda: self.lines(self.text("/log/checkpoint")) == ["w0.example"], 20))
        self.assertEqual(self.receipt(a), first, "one of two is no quorum")
        self.on(True, True)
        kept = self.witnessed(a)
        self.assertEqual((self.size_of(kept), self.verify(kept)), (at + 1, 0))
        kept_b = self.receipt(b)
        self.assertEqual((self.size_of(kept_b), self.verify(kept_b)), (at + 1, 0))
        _, c = self.write("c")
        later = self.witnessed(c)
        self.assertEqual((self.size_of(later), self.verify(later)), (at + 2, 0))
        self.assertEqual(self.receipt(a), kept, "a later head changed it")
        for end in (self.log.process.kill, self.log.stop):
            self.on(False, False)
            end()
            self.log.process.wait()
            self.log.serve()
            self.assertEqual((self.receipt(a), self.receipt(b), self.receipt(c)), (kept, kept_b, later))
            self.on(True, True)                         # the same head once more, at another time
            self.assertTrue(wait_for(lambda: len(self.lines(self.text("/log/checkpoint"))) == 2, 20))
            time.sleep(1)
            self.assertEqual(self.receipt(c), later, "lines of a second time took the place of the first")
        for i in range(40):                             # more heads than are remembered
            self.write("d%d" % i)
        self.assertEqual((self.receipt(a), self.receipt(c)), (kept, later))
        by_index = self.text("/log/receipt/%d" % a["receipt"]["index"])
        self.assertEqual(by_index.split("\n\n", 1)[1], kept.split("\n\n", 1)[1])
        self.assertEqual(self.verify_home(), 0)
        with sqlite3.connect(self.log.path + "/suyuan.db") as db:
            (size, lines), = db.execute("SELECT size, lines FROM log_cosigned ORDER BY size LIMIT 1").fetchall()
            for bad in (lines[:-3] + ("A" if lines[-4] != "A" else "B") + lines[-2:], lines.replace("\u2014", "-"), lines[:-1], ""):
                db.execute("UPDATE log_cosigned SET lines = ? WHERE size = ?", (bad, size))
                db.commit()
                self.assertEqual(self.verify_home(), 1, bad)
            db.execute("UPDATE log_cosigned SET lines = ? WHERE size = ?", (lines, size))
            db.commit()
        db.close()
        self.assertEqual(self.verify_home(), 0)

    def test_wait(self):
        self.on(True, True)
        took, said, answer = self.timed("w", Prefer="wait=witnessed", **{"Idempotency-Key": "once"})
        self.assertEqual(said, "wait=witnessed")
        self.assertLess(took, 8)
        proof = answer["receipt"]["proof"]
        self.assertEqual((self.lines(proof), self.verify(proof)), (["w0.example", "w1.example"], 0))
        self.assertGreater(self.size_of(proof), answer["receipt"]["index"])
        self.on(False, False)
        took, said, again = self.timed("w", Prefer="wait=witnessed", **{"Idempotency-Key": "once"})
        self.assertEqual((said, again["id"], again["receipt"]), ("wait=witnessed", answer["id"], answer["receipt"]))
        self.assertLess(took, 3)

    def test_what_is_preferred(self):
        self.on(True, True)
        for text in ("wait=witnessed", 'Wait = "witnessed"', "respond-async, wait=witnessed", "wait=witnessed; x=1, return=minimal"):
            self.assertEqual(self.write(text, Prefer=text)[0], "wait=witnessed", text)
        self.on(False, False)
        for text in ("wait=10", "wait", "witnessed", "wait=witnessedx", "xwait=witnessed", "return=minimal; wait=witnessed", "", ",,;=,", "wait=\"witnessed"):
            took, said, answer = self.timed("not: " + text, Prefer=text)
            self.assertIsNone(said, text)
            self.assertLess(took, 3, text)
        self.assertIsNone(self.bare)

    def parked(self, n, prefer="wait=witnessed"):
        """So many who wait, each on a connection of its own."""
        before, out = self.size(), []
        for i in range(n):
            s = socket.create_connection(("127.0.0.1", self.log.port))
            body, headers = self.head("parked %d" % i, Prefer=prefer, Host="x")
            s.sendall(("POST /v1/openings HTTP/1.1\r\n" + "".join("%s: %s\r\n" % x for x in headers.items()) + "Content-Length: %d\r\n\r\n" % len(body) + body).encode())
            out.append(s)
        self.assertTrue(wait_for(lambda: self.size() >= before + n, 30), "not all were filed")
        return out

    def answers(self, sockets):
        out = []
        for s in sockets:
            s.settimeout(20)
            data = b""
            while b"\r\n\r\n" not in data:
                data += s.recv(65536) or self.fail("closed without an answer")
            out.append((int(data.split(b" ")[1]), b"Preference-Applied: wait=witnessed" in data))
            s.close()
        return out

    def threads(self):
        with open("/proc/%d/status" % self.log.process.pid) as f:
            return int(next(line.split()[1] for line in f if line.startswith("Threads:")))

    def test_nobody_else_waits(self):
        self.write("warm")
        before = self.threads()
        began = time.monotonic()
        late, gone = self.parked(100), self.parked(3)
        self.assertLessEqual(self.threads(), before + 1, "waiting costs threads")
        for s in gone:
            s.close()
        for i in range(10):
            took, said, answer = self.timed("meanwhile")
            self.assertIsNone(said)
            self.assertLess(took, 1.5)
        self.assertEqual(set(self.answers(late)), {(201, False)})
        self.assertTrue(7 < time.monotonic() - began < 13, time.monotonic() - began)
        self.log.stop()
        self.log.serve()                                # forgets how long its witnesses were away
        self.on(True, True)
        self.assertEqual(set(self.answers(self.parked(20))), {(201, True)})

    def test_too_many(self):
        began = time.monotonic()
        all_ = self.parked(1050)
        poll = select.poll()
        for s in all_:
            poll.register(s, select.POLLIN)
        self.assertTrue(wait_for(lambda: len(poll.poll(0)) >= 50, 10), "more than a thousand wait")
        self.assertTrue(self.text("/healthz"))
        took, said, answer = self.timed("one more", Prefer="wait=witnessed")
        self.assertIsNone(said)
        if time.monotonic() - began < 7:                # nobody's time is up yet
            self.assertLess(took, 2)
            self.assertEqual(len(poll.poll(0)), 50)
        self.assertEqual(set(self.answers(all_)), {(201, False)})

    def test_end(self):
        """A server that ends sends the answers it has."""
        waiting = self.parked(30)
        began = time.monotonic()
        self.log.process.terminate()
        self.assertEqual(set(self.answers(waiting)), {(201, False)})
        self.log.process.wait(20)
        self.assertLess(time.monotonic() - began, 6)
        self.log.serve()


class WitnessedGm(Witnessed):
    """The same of a home whose own signatures are not the same bytes twice (SM2)."""
    demo = ("--suite", "gm")
    test_wait = test_what_is_preferred = test_nobody_else_waits = test_too_many = test_end = None


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], "-v", *sys.argv[2:]])
