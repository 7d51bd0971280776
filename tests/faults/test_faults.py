#!/usr/bin/env python3
"""The disk refuses, or the program is killed, at the n-th call that writes: what was answered is there, verify is content, and nothing forks.

test_faults.py SUYUAN LOG_DRIVER CACHE sparse|short|long
strace puts the fault into the serving program (per thread, which is how it counts); without ptrace the test is skipped by name.
"""
import collections
import http.client
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import threading
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "outside"))
import kit_outside as kit  # noqa: E402

CALLS = ["pwrite64", "fdatasync", "fsync", "write", "openat", "ftruncate", "rename", "unlink"]
FAULTS = {"EIO": "error=EIO", "ENOSPC": "error=ENOSPC", "full": "error=ENOSPC", "kill": "signal=SIGKILL"}
CLIENTS, POSTS = 2, 5
PRODUCT = {"product_type": "steel_wire_ropes_01", "specification_model": "6×36WS+IWRC", "warranty_period": "不涉及", "mandatory_national_standard": "无适用的强制性国家标准",
           "standard_applied": "GB/T 20118-2017", "licence_or_ccc_certificate_no": "(苏)XK05-005-00001"}


def pdf(words):
    return b"%PDF-1.4\n% " + words.encode() + b"\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF\n"


class Client:
    """Files products and documents; keeps what was answered. Ends at the first broken connection."""

    def __init__(self, port, token, name):
        self.port, self.token, self.name = port, token, name
        self.records, self.files, self.refused = [], {}, []

    def ask(self, method, path, body=None, **headers):
        c = http.client.HTTPConnection("127.0.0.1", self.port, timeout=4)
        try:
            c.request(method, path, body, {"Authorization": "Bearer " + self.token, **headers})
            r = c.getresponse()
            return r.status, r.read()
        finally:
            c.close()

    def document(self, words):
        status, data = self.ask("POST", "/v1/files?open=true", pdf(words), **{"Content-Type": "application/pdf", "X-File-Name": "x.pdf"})
        if status not in (200, 201):
            self.refused.append(status)
            return None
        name = json.loads(data)["file"]
        self.files[name] = pdf(words)
        return name

    def product(self, key):
        manual = self.document(key) if key.endswith(("0", "3")) else None
        body = json.dumps(dict(PRODUCT, product_name="钢丝绳 " + key, manual_or_warning=manual or "不涉及"))
        status, data = self.ask("POST", "/v1/products", body.encode(), **{"Content-Type": "application/json", "Idempotency-Key": key})
        if status == 201:
            self.records.append((key, body, json.loads(data)))
        else:
            self.refused.append(status)
        return status

    def run(self):
        try:
            for i in range(POSTS):
                self.product("%s-%d" % (self.name, i))
        except (OSError, http.client.HTTPException):
            pass


class Faults(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        kit.need(shutil.which("strace"), "strace is not installed")
        probe = subprocess.run(["strace", "-qq", "-o", "/dev/null", "-e", "inject=write:error=EIO:when=1", "true"], capture_output=True)
        kit.need(probe.returncode == 0, "strace may not trace here (no ptrace)")
        kit.build_checker(kit.CACHE)
        cls.dir = kit.fresh("faults")
        cls.template = cls.dir + "/template"
        driver = kit.Driver(kit.DRIVER, cls.template)
        driver.open()
        driver.to(5)
        driver.shut()
        assert driver.close() == 0
        cls.token = pathlib.Path(cls.template + "/keys/token").read_text().strip()
        cls.points = cls.learn()

    @classmethod
    def home(cls):
        home = cls.dir + "/home"
        shutil.rmtree(home, True)
        shutil.copytree(cls.template, home)
        return home

    @classmethod
    def talk(cls, port, names="ab"):
        clients = [Client(port, cls.token, n) for n in names[:CLIENTS]]
        threads = [threading.Thread(target=c.run) for c in clients]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        return clients

    @classmethod
    def learn(cls):
        """A run without a fault, traced: {call: the numbers, counted in each thread, at which it may fail}."""
        trace, home = cls.dir + "/trace", cls.home()
        program = kit.Program(kit.SUYUAN, home, ["strace", "-D", "-f", "-y", "-q", "-o", trace, "-e", "trace=" + ",".join(CALLS)])
        clients = cls.talk(program.port)
        program.stop()
        until = time.monotonic() + 20         # strace -D is nobody's child and may write its last lines later
        while not re.search(r"(?m)^%d +\+\+\+ exited" % program.process.pid, pathlib.Path(trace).read_text(errors="replace")) and time.monotonic() < until:
            time.sleep(0.02)
        assert all(len(c.records) == POSTS and not c.refused for c in clients), "without a fault everything is answered"
        seen, points = collections.Counter(), collections.defaultdict(set)
        for line in pathlib.Path(trace).read_text(errors="replace").splitlines():
            m = re.match(r"(\d+) +(\w+)\((.*)", line)
            if m:
                seen[m[1], m[2]] += 1
                # a thread's wake-up call is a write too, but no disk refuses it
                if "O_CREAT" in m[3] if m[2] == "openat" else m[2] != "write" or home in m[3]:
                    points[m[2]].add(seen[m[1], m[2]])
        return {call: sorted(n) for call, n in points.items()}

    def sample(self, numbers):
        most = {"sparse": 1, "short": 3, "long": 40}[kit.HOW]
        if len(numbers) <= most:
            return numbers
        return sorted({numbers[(2 * i + 1) * len(numbers) // (2 * most)] for i in range(most)})

    def check(self, what, home, clients):
        """After the fault: verify, start again, everything answered is there, nothing contradicts what was handed out."""
        r = subprocess.run([kit.SUYUAN, "verify", "--home", home, "--json"], capture_output=True, text=True)
        self.assertEqual(r.returncode, 0, "%s: verify: %s" % (what, r.stderr))
        program = kit.Program(kit.SUYUAN, home)
        checker = kit.Checker(kit.CACHE, kit.vkey(program.url))
        try:
            said, _ = checker.check("check " + program.url)
            self.assertTrue(said.startswith("ok "), "%s: %s" % (what, said))
            again = Client(program.port, self.token, "again")
            for key, body, answer in [x for c in clients for x in c.records]:
                self.answered(what, checker, again, home, key, body, answer)
            for name, data in [x for c in clients for x in c.files.items()]:
                self.assertEqual(again.ask("GET", "/v1/files/" + name), (200, data), "%s: document %s" % (what, name))
            self.assertEqual(again.product("after"), 201, "%s: filing goes on" % what)
            said, _ = checker.check("check " + program.url)
            self.assertTrue(said.startswith("ok "), "%s: after filing on: %s" % (what, said))
        finally:
            checker.close()
            program.stop()

    def answered(self, what, checker, again, home, key, body, answer):
        proof = answer["receipt"]["proof"]
        file = home + ".receipt"
        pathlib.Path(file).write_text(proof)
        said, _ = checker.check("receipt " + file)
        self.assertTrue(said.startswith("ok"), "%s: the receipt of %s: %s" % (what, key, said))
        status, data = again.ask("GET", "/v1/receipts/" + answer["id"])
        self.assertEqual(status, 200, "%s: the record %s is gone" % (what, key))
        self.assertEqual(data.decode().split("\n")[2], proof.split("\n")[2], "%s: another index" % what)
        status, data = again.ask("POST", "/v1/products", body.encode(), **{"Content-Type": "application/json", "Idempotency-Key": key})
        self.assertEqual((status, json.loads(data)["id"]), (201, answer["id"]), "%s: the same request again" % what)

    def one(self, call, fault, n):
        what = "%s %s at %d" % (call, fault, n)
        home, said = self.home(), self.dir + "/said"
        rule = "inject=%s:%s:when=%d%s" % (call, FAULTS[fault], n, "+" if fault == "full" else "")
        try:
            program = kit.Program(kit.SUYUAN, home, ["strace", "-D", "-f", "-qq", "-o", "/dev/null", "-e", "trace=" + call, "-e", rule], said=said)
        except RuntimeError:
            self.check(what, home, [])
            return 0
        clients = self.talk(program.port)
        program.process.terminate()
        try:
            code = program.process.wait(20)
        except subprocess.TimeoutExpired:
            program.process.kill()
            program.process.wait()
            self.fail(what + ": the program does not end")
        # libmicrohttpd 0.9.75 gives up with abort() when its eventfd fails (no disk does that), and sometimes while it stops listening: as good as a kill
        if code != -6 or b"GNU libmicrohttpd" not in pathlib.Path(said).read_bytes():
            self.assertNotIn(-code, (6, 7, 8, 11), "%s: ended by signal %d" % (what, -code))
        self.check(what, home, clients)
        return sum(len(c.records) for c in clients)

    def test_nothing_answered_is_lost_whatever_call_fails(self):
        runs = answered = 0
        for call in CALLS:
            for fault in [f for f in FAULTS if f != "full" or call != "write"]:
                for n in self.sample(self.points.get(call, [])):
                    with self.subTest(call=call, fault=fault, n=n):
                        answered += self.one(call, fault, n)
                        runs += 1
        print("faults: %d runs, %d answered; calls %s" % (runs, answered, {c: len(n) for c, n in self.points.items()}), file=sys.stderr)
        self.assertGreater(runs, 10)
        self.assertGreater(answered, runs)

    def test_the_calls_that_matter_were_seen(self):
        for call in ("pwrite64", "fdatasync", "fsync", "openat", "rename"):
            self.assertIn(call, self.points)


if __name__ == "__main__":
    kit.arguments()
    unittest.main(verbosity=2)
