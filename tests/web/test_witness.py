"""A server as witness of other logs (C2SP tlog-witness): every status, and that nothing it says can contradict itself.

  test_witness.py PROGRAM
"""
import base64
import hashlib
import http.client
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
import unittest

from kit import Home, wait_for
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


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], "-v", *sys.argv[2:]])
