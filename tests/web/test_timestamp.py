"""Checkpoints time-stamped by an authority (RFC 3161): a real one behind a small server, and ones that are slow, lie or answer anything at all.

  test_timestamp.py PROGRAM
"""
import hashlib
import http.client
import http.server
import os
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
import unittest

from kit import Home, listen, wait_for

PROGRAM = sys.argv[1]
CONF = """[tsa]
default_tsa = one
[one]
serial = serial
crypto_device = builtin
signer_cert = tsa.pem
certs = ca.pem
signer_key = tsa.key
signer_digest = sha256
default_policy = 1.2.3.4.1
other_policies = 1.2.3.4.5
digests = sha256
accuracy = secs:1
ordering = no
tsa_name = no
ess_cert_id_chain = no
ess_cert_id_alg = sha256
"""


def openssl(d, *args):
    return subprocess.run(["openssl", *args], cwd=d, check=True, capture_output=True).stdout


class Authority:
    """openssl ts -reply, with a root of its own."""

    def __init__(self, d):
        self.d, self.lock = d, threading.Lock()
        os.mkdir(d)
        for name, text in (("conf", CONF), ("serial", "01\n"), ("ext", "extendedKeyUsage=critical,timeStamping\nkeyUsage=critical,digitalSignature\n")):
            with open(d + "/" + name, "w") as f:
                f.write(text)
        openssl(d, "req", "-x509", "-newkey", "ed25519", "-nodes", "-keyout", "ca.key", "-out", "ca.pem", "-subj", "/CN=root", "-days", "30")
        openssl(d, "req", "-newkey", "rsa:2048", "-nodes", "-keyout", "tsa.key", "-out", "tsa.csr", "-subj", "/CN=authority")
        openssl(d, "x509", "-req", "-in", "tsa.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", "30", "-extfile", "ext", "-out", "tsa.pem")

    def reply(self, query):
        with self.lock:
            with open(self.d + "/q", "wb") as f:
                f.write(query)
            openssl(self.d, "ts", "-reply", "-config", "conf", "-queryfile", "q", "-out", "r")
            with open(self.d + "/r", "rb") as f:
                return f.read()

    def query(self, digest, *more):
        return openssl(self.d, "ts", "-query", "-digest", digest.hex(), "-sha256", "-cert", *more)


def imprint(query):
    """The hash a question asks for: the one OCTET STRING of 32 bytes."""
    at = query.index(b"\x04\x20") + 2
    return query[at:at + 32]


class Handler(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        query = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.got.append((self.headers["Content-Type"], query))
        try:
            status, body = self.server.how(query)
            self.send_response(status)
            self.send_header("Content-Type", "application/timestamp-reply")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)
        except OSError:
            pass

    def log_message(self, *args):
        pass


class Stamped(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.tmp = tempfile.TemporaryDirectory()
        cls.good, cls.other = Authority(cls.tmp.name + "/good"), Authority(cls.tmp.name + "/other")
        cls.tsa = listen(http.server.ThreadingHTTPServer, Handler)
        cls.home = Home(PROGRAM, tsa_url="http://127.0.0.1:%d/tsa" % cls.tsa.server_address[1], tsa_ca="tsa-ca.pem", fetch_hosts=["127.0.0.1"])
        with open(cls.good.d + "/ca.pem") as f, open(cls.home.path + "/tsa-ca.pem", "w") as to:
            to.write(f.read())

    @classmethod
    def tearDownClass(cls):
        cls.tsa.shutdown()
        cls.home.dir.cleanup()
        cls.tmp.cleanup()

    def setUp(self):
        self.tsa.got.clear()
        self.home.set(tsa_ca="tsa-ca.pem", fetch_hosts=["127.0.0.1"])
        self.sql("DELETE FROM log_stamp")

    def sql(self, text, *values):
        with sqlite3.connect(self.home.path + "/suyuan.db") as db:
            rows = db.execute(text, values).fetchall()
        db.close()
        return rows

    def get(self, path):
        c = http.client.HTTPConnection("127.0.0.1", self.home.port, timeout=20)
        try:
            c.request("GET", path)
            r = c.getresponse()
            return r.status, r, r.read()
        finally:
            c.close()

    def answer(self, how):
        type(self).tsa.how = staticmethod(how)

    def once(self):
        r = subprocess.run([PROGRAM, "timestamp", "--home", self.home.path], capture_output=True, text=True, timeout=60)
        return r.returncode, r.stdout + r.stderr

    def verified(self, size):
        """By openssl, from what the server shows alone."""
        status, r, note = self.get("/log/timestamp/%d/checkpoint" % size)
        self.assertEqual((status, note.split(b"\n")[1]), (200, b"%d" % size))
        status, r, token = self.get("/log/timestamp/%d" % size)
        self.assertEqual((status, r.getheader("Content-Type")), (200, "application/timestamp-reply"))
        self.assertIn("immutable", r.getheader("Cache-Control"))
        for name, data in (("note", note), ("token", token)):
            with open(self.tmp.name + "/" + name, "wb") as f:
                f.write(data)
        said = openssl(self.tmp.name, "ts", "-verify", "-data", "note", "-in", "token", "-CAfile", "good/ca.pem")
        self.assertIn(b"OK", said)
        with self.assertRaises(subprocess.CalledProcessError):
            openssl(self.tmp.name, "ts", "-verify", "-data", "note", "-in", "token", "-CAfile", "other/ca.pem")
        return note, token

    def test_each_day(self):
        self.answer(lambda q: (200, self.good.reply(q)))
        self.home.serve()
        try:
            self.assertTrue(wait_for(lambda: self.get("/log/timestamp")[0] == 200, 20), "no time-stamp on the first day")
            media, query = self.tsa.got[0]
            self.assertEqual(media, "application/timestamp-query")
            status, r, newest = self.get("/log/timestamp")
            self.assertRegex(r.getheader("Content-Location"), r"^/log/timestamp/[1-9][0-9]*$")
            size = int(r.getheader("Content-Location").rsplit("/")[-1])
            note, token = self.verified(size)
            self.assertEqual(newest, token)
            self.assertIn(hashlib.sha256(note).digest(), query)
            self.assertEqual(note.split(b"\n\n")[0], self.get("/log/checkpoint")[2].split(b"\n\n")[0])
            for path in ("0", "00%d" % size, "%d" % (size + 1), "x", "-1", "%d.0" % size, "%d/other" % size, "99999999999999999999"):
                self.assertEqual(self.get("/log/timestamp/" + path)[0], 404, path)
                self.assertEqual(self.get("/log/timestamp/" + path + "/checkpoint")[0], 404, path)
            self.assertEqual(self.grow(), 201)
            time.sleep(3)
            self.assertEqual(len(self.tsa.got), 1, "stamped twice on one day")
        finally:
            self.home.stop()
        self.sql("UPDATE log_stamp SET at = at - 86400000")           # a day later
        self.home.serve()
        try:
            self.assertTrue(wait_for(lambda: self.get("/log/timestamp/%d" % (size + 1))[0] == 200, 20), "no time-stamp on the second day")
            self.verified(size + 1)
            self.assertEqual(self.verified(size), (note, token), "an old one changed")
        finally:
            self.home.stop()
        self.sql("UPDATE log_stamp SET at = at - 86400000")
        self.home.serve()
        try:
            time.sleep(3)
            self.assertEqual(len(self.tsa.got), 2, "asked for a log that did not grow")
        finally:
            self.home.stop()

    def grow(self):
        return self.home.post("/v1/openings", {"target": self.home.demo["batches"][0], "reason": "a reason"}, self.home.demo["tokens"]["operator"])[0]

    def refused(self):
        code, said = self.once()
        self.assertNotEqual(code, 0, said)
        self.assertIn("time-stamp", said)
        self.assertEqual(self.sql("SELECT COUNT(*) FROM log_stamp"), [(0,)])

    def test_from_the_terminal(self):
        self.answer(lambda q: (200, self.good.reply(q)))
        code, said = self.once()
        self.assertEqual(code, 0, said)
        self.assertEqual(self.sql("SELECT COUNT(*) FROM log_stamp"), [(1,)])
        self.assertNotEqual(self.once()[0], 0, "the same checkpoint twice")
        self.assertEqual(len(self.tsa.got), 1)
        self.sql("DELETE FROM log_stamp")
        self.assertEqual(self.once()[0], 0)
        self.assertNotEqual(self.tsa.got[0][1], self.tsa.got[1][1], "the same nonce twice")

    def verify(self):
        return subprocess.run([PROGRAM, "verify", "--home", self.home.path], capture_output=True, timeout=60).returncode

    def test_verify(self):
        """What is kept is compared with the tree."""
        self.answer(lambda q: (200, self.good.reply(q)))
        self.assertEqual(self.once()[0], 0)
        self.assertEqual(self.verify(), 0)
        (size, note, token), = self.sql("SELECT size, note, token FROM log_stamp")
        elsewhere = self.good.reply(self.good.query(hashlib.sha256(b"something else").digest()))
        rows = [("token", elsewhere), ("token", token[:-1]), ("token", b""), ("note", note.replace("\n%d\n" % size, "\n%d\n" % (size - 1))), ("note", ""), ("size", size - 1)]
        for column, bad in rows:
            with self.subTest(column):
                self.sql("UPDATE log_stamp SET %s = ?" % column, bad)
                self.assertEqual(self.verify(), 1)
                self.sql("UPDATE log_stamp SET size = ?, note = ?, token = ?", size, note, token)
        self.assertEqual(self.verify(), 0)

    def test_answers_that_are_none(self):
        replies = {}

        def of_another_time(q):
            return replies.setdefault("first", self.good.reply(q))

        rows = [
            ("another imprint", lambda q: (200, self.good.reply(q.replace(imprint(q), hashlib.sha256(b"something else").digest())))),
            ("no nonce", lambda q: (200, self.good.reply(self.good.query(imprint(q), "-no_nonce")))),
            ("another nonce", lambda q: (200, self.good.reply(self.good.query(imprint(q))))),
            ("another authority", lambda q: (200, self.other.reply(q))),
            ("garbage", lambda q: (200, b"\x30\x82\xff\xff" + b"x" * 1000)),
            ("the question", lambda q: (200, q)),
            ("nothing", lambda q: (200, b"")),
            ("cut short", lambda q: (200, self.good.reply(q)[:-7])),
            ("something behind it", lambda q: (200, self.good.reply(q) + b"x")),
            ("one bit", lambda q: (200, (lambda r: r[:-20] + bytes([r[-20] ^ 1]) + r[-19:])(self.good.reply(q)))),
            ("rejected", lambda q: (200, bytes.fromhex("30053003020102"))),
            ("granted, and no token", lambda q: (200, bytes.fromhex("30053003020100"))),
            ("status 500", lambda q: (500, self.good.reply(q))),
            ("10 MB", lambda q: (200, b"\x30\x84\x00\xa0\x00\x00" + b"\x00" * (10 << 20))),
        ]
        for what, how in rows:
            with self.subTest(what):
                self.answer(how)
                self.refused()
        self.answer(lambda q: (200, of_another_time(q)))
        self.assertEqual(self.once()[0], 0)
        self.sql("DELETE FROM log_stamp")
        self.refused()                                  # the same answer again: another nonce was asked
        self.assertEqual(len(self.tsa.got), len(rows) + 2, "not all of them were asked")

    def test_where_it_may_ask(self):
        self.answer(lambda q: (200, self.good.reply(q)))
        self.home.set(fetch_hosts=[])
        self.refused()
        self.assertEqual(self.tsa.got, [])

    def test_plain_http(self):
        """Many authorities have no other; whose answer it is, their certificate says. Without one, only the own machine is asked that way."""
        self.answer(lambda q: (200, self.good.reply(q)))
        self.home.set(tsa_url="http://localhost:%d/tsa" % self.tsa.server_address[1], fetch_hosts=["localhost", "127.0.0.1", "::1"], tsa_ca="")
        try:
            self.refused()
            self.assertEqual(self.tsa.got, [])
            self.home.set(tsa_ca="tsa-ca.pem")
            self.assertEqual(self.once()[0], 0)
        finally:
            self.home.set(tsa_url="http://127.0.0.1:%d/tsa" % self.tsa.server_address[1])

    def test_without_certificates(self):
        self.home.set(tsa_ca="")
        self.answer(lambda q: (200, self.other.reply(q)))
        self.assertEqual(self.once()[0], 0, "whose signature it is was not to be asked")
        self.home.set(tsa_ca="suyuan.json")
        code, said = self.once()
        self.assertIn("tsa_ca", said)
        self.home.set(tsa_ca="nothing.pem")
        self.assertIn("tsa_ca", self.once()[1])

    def test_nobody_waits(self):
        """An authority that never answers, one that sends a byte a second."""
        ends = threading.Event()

        def never(q):
            ends.wait(60)
            return 200, b""

        self.answer(never)
        self.home.serve()
        try:
            self.assertTrue(wait_for(lambda: self.tsa.got, 20), "not asked")
            times = []
            for i in range(20):
                began = time.monotonic()
                self.assertEqual(self.grow(), 201)
                times.append(time.monotonic() - began)
            self.assertLess(max(times), 1.5)
            self.assertEqual(self.get("/log/timestamp")[0], 404)
            began = time.monotonic()
        finally:
            self.home.stop()
            ends.set()
        self.assertLess(time.monotonic() - began, 8, "the end waits for the authority")


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], "-v", *sys.argv[2:]])
