#!/usr/bin/env python3
"""What leaves and enters the house: notices to a webhook and a mailbox, HTTPS, a new code key.    test_outside.py SUYUAN"""
import http.client
import http.server
import json
import os
import shutil
import socketserver
import ssl
import subprocess
import sys
import tempfile
import threading
import time
import unittest

import kit

PROGRAM = sys.argv.pop(1)


def Home(**settings):
    return kit.Home(PROGRAM, **settings)


class Hook(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        self.server.got.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_):
        pass


class Mailbox(socketserver.StreamRequestHandler):
    """As much of SMTP as a client needs."""

    def handle(self):
        self.wfile.write(b"220 here\r\n")
        data = False
        for line in self.rfile:
            if data:
                self.server.got.append(line.decode())
                if line == b".\r\n":
                    data = False
                    self.wfile.write(b"250 kept\r\n")
                continue
            word = line[:4].upper()
            data = word == b"DATA"
            self.wfile.write(b"354 go on\r\n" if data else b"221 bye\r\n" if word == b"QUIT" else b"250 fine\r\n")


class Outside(unittest.TestCase):
    def notice_for_the_maker(self, home):
        """A suspension tells the party; its text holds no withheld value."""
        maker = [p for p in home.demo["parties"] if p["role"] == "maker"][0]
        status, _ = home.post("/v1/registration/%s/suspend" % maker["id"], {"note": "请来电说明"}, home.demo["tokens"]["officer"])
        self.assertEqual(status, 201)

    def test_notices_reach_webhook_and_mailbox(self):
        hook, box = kit.listen(http.server.ThreadingHTTPServer, Hook), kit.listen(socketserver.ThreadingTCPServer, Mailbox)
        home = Home(webhook_private="yes", smtp="smtp://127.0.0.1:%d" % box.server_address[1], mail_from="platform@example.org")
        home.serve()
        try:
            status, _ = home.post("/v1/parties/hook", {"webhook": "http://127.0.0.1:%d/n" % hook.server_address[1], "mail": "qa@example.com"}, home.demo["tokens"]["maker"])
            self.assertEqual(status, 201)
            self.notice_for_the_maker(home)
            self.assertTrue(kit.wait_for(lambda: any("暂停填报" in n["zh"] for n in hook.got)), hook.got)
            self.assertTrue(kit.wait_for(lambda: any("暂停填报" in l for l in box.got)), box.got)
            self.assertTrue(any(l.startswith("To: qa@example.com") for l in box.got))
            before = len(hook.got)
            time.sleep(2.5)
            self.assertEqual(len(hook.got), before, "a notice that went is not sent again")
        finally:
            home.stop()
            hook.shutdown()
            box.shutdown()

    def test_a_webhook_does_not_knock_on_neighbours(self):
        """Without the operator's word no party can make the server call private addresses."""
        hook = kit.listen(http.server.ThreadingHTTPServer, Hook)
        home = Home()
        home.serve()
        try:
            home.post("/v1/parties/hook", {"webhook": "http://127.0.0.1:%d/n" % hook.server_address[1]}, home.demo["tokens"]["maker"])
            self.notice_for_the_maker(home)
            time.sleep(3)
            self.assertEqual(hook.got, [])
        finally:
            home.stop()
            hook.shutdown()

    def test_https_without_a_proxy(self):
        home = Home()
        cert, key = home.dir.name + "/cert.pem", home.dir.name + "/key.pem"
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", key, "-out", cert,
                        "-days", "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1"], check=True, capture_output=True)
        home.serve("--tls-cert", cert, "--tls-key", key)
        try:
            c = http.client.HTTPSConnection("127.0.0.1", home.port, context=ssl.create_default_context(cafile=cert), timeout=10)
            c.request("GET", "/c/" + home.demo["codes"][0], headers={"Accept": "application/json"})
            r = c.getresponse()
            self.assertEqual((r.status, json.loads(r.read())["verdict"][:5]), (200, "valid"))
        finally:
            home.stop()

    def test_reading_goes_on_beside_a_running_server(self):
        home = Home()
        home.serve()
        try:
            self.assertEqual(json.loads(home.run("scan", "--code", home.demo["codes"][0], "--json"))["verdict"], "valid_again")
            refused = subprocess.run([PROGRAM, "pack.create", "--home", home.path, "--grain", "item"], capture_output=True, text=True)
            self.assertEqual(refused.returncode, 6)
            self.assertIn("another process writes", refused.stderr)
        finally:
            home.stop()

    def test_verify_beside_a_server_that_is_writing(self):
        home = Home()
        home.serve()
        product = {"product_name": "试验钢丝绳", "product_type": "steel_wire_ropes_01", "specification_model": "6x36", "warranty_period": "不涉及",
                   "mandatory_national_standard": ["无适用的强制性国家标准"], "standard_applied": ["GB/T 20118-2017"],
                   "licence_or_ccc_certificate_no": "(苏)XK05-005-00001", "manual_or_warning": "不涉及"}
        going = threading.Event()
        going.set()

        def file():
            while going.is_set():
                home.post("/v1/products", product, home.demo["tokens"]["maker"])

        writers = [threading.Thread(target=file) for _ in range(4)]
        for w in writers:
            w.start()
        try:
            for _ in range(4):
                told = json.loads(home.run("verify", "--json"))
                self.assertTrue(told["ok"] and told["entries"] == told["records"], told)
        finally:
            going.clear()
            for w in writers:
                w.join()
            home.stop()

    def test_an_older_store_brought_back_is_refused(self):
        """What was signed is kept apart from the store: no second history for one size (DESIGN 4)."""
        home = Home()
        store, pack = home.path + "/suyuan.db", ["pack.create", "--token", home.demo["tokens"]["maker"], "--batch", home.demo["batches"][0], "--grain", "item", "--count"]
        with open(store, "rb") as f:
            older = f.read()
        home.run(*pack, "5")
        with open(store, "rb") as f:
            newer = f.read()

        def try_with(store_bytes):
            for end in ("-wal", "-shm"):
                if os.path.exists(store + end):
                    os.remove(store + end)
            with open(store, "wb") as f:
                f.write(store_bytes)
            return subprocess.run([PROGRAM, *pack, "7", "--home", home.path], capture_output=True, text=True)

        refused = try_with(older)
        self.assertEqual(refused.returncode, 1)
        self.assertIn("older than what was signed", refused.stderr)
        self.assertEqual(try_with(newer).returncode, 0)
        with open(home.path + "/guard/head", "rb") as f:
            signed = f.read()
        with open(home.path + "/guard/head", "wb") as f:      # the other record alone is enough; a torn one reads as none
            f.write(b"x" * 256 + signed[256:])
        self.assertEqual(json.loads(home.run("verify", "--json"))["ok"], True)

    def test_a_forked_store_is_refused(self):
        home = Home()
        store, pack = home.path + "/suyuan.db", ["pack.create", "--token", home.demo["tokens"]["maker"], "--batch", home.demo["batches"][0], "--grain", "item", "--count"]
        with open(store, "rb") as f:
            fork = f.read()
        home.run(*pack, "5")
        os.rename(home.path + "/guard/head", home.path + "/head")
        lost = subprocess.run([PROGRAM, *pack, "6", "--home", home.path], capture_output=True, text=True)
        self.assertEqual(lost.returncode, 1)                  # keys signed here before, and nobody knows how far
        self.assertIn("guard/head is missing", lost.stderr)
        os.rename(home.path + "/head", home.path + "/guard/head")
        os.rename(home.path + "/guard", home.path + "/away")  # somebody writes another history without the guard ...
        with open(store, "wb") as f:
            f.write(fork)
        home.run(*pack, "6")
        shutil.rmtree(home.path + "/guard")                   # ... and it does not pass for the signed one
        os.rename(home.path + "/away", home.path + "/guard")
        refused = subprocess.run([PROGRAM, *pack, "7", "--home", home.path], capture_output=True, text=True)
        self.assertEqual(refused.returncode, 1)
        self.assertIn("not the one that was signed", refused.stderr)

    def test_a_new_code_key_leaves_old_codes_readable(self):
        home = Home()
        old = home.demo["codes"][0]
        home.run("rotate-code-key", "sm4")
        out = json.loads(home.run("pack.create", "--token", home.demo["tokens"]["maker"], "--batch", home.demo["batches"][0], "--grain", "item", "--count", "5", "--json"))
        self.assertEqual((old[0], out["first"][0]), ("0", "1"), "the first character is the key")
        for code, verdict in ((old, "valid_again"), (out["first"], "not_sold")):
            self.assertEqual(json.loads(home.run("scan", "--code", code, "--json"))["verdict"], verdict)


class Documents(unittest.TestCase):
    def test_a_document_changed_on_disk(self):
        """An open one is not served, a sealed one cannot be; sending the same again heals both."""
        home = Home()
        home.serve()
        self.addCleanup(home.stop)
        maker = {"Authorization": "Bearer " + home.demo["tokens"]["maker"]}

        def ask(method, path, body=None, headers=maker):
            c = http.client.HTTPConnection("127.0.0.1", home.port, timeout=20)
            c.request(method, path, body, headers)
            r = c.getresponse()
            return r.status, r.read()

        for opened in ("true", "false"):
            body, head = kit.multipart([("open", opened), ("file", kit.PDF + opened.encode(), "a.pdf")])
            status, said = ask("POST", "/v1/files", body, dict(maker, **head))
            self.assertEqual(status, 201, said)
            name = json.loads(said)["file"]
            path = "%s/files/%s/%s" % (home.path, name[:2], name)
            with open(path, "r+b") as f:
                f.seek(20)
                f.write(b"X")
            self.assertEqual(ask("GET", "/v1/files/" + name)[0], 500, opened)
            self.assertEqual(ask("POST", "/v1/files", body, dict(maker, **head))[0], 201)
            self.assertEqual(ask("GET", "/v1/files/" + name), (200, kit.PDF + opened.encode()))


class Signing(unittest.TestCase):
    """Who may sign, and at which socket."""

    def setUp(self):
        self.home = Home()
        self.started = []

    def tearDown(self):
        for p in self.started:
            p.kill()
            p.wait()
            p.stderr.close()

    def signd(self, socket_path, alive, *args):
        p = subprocess.Popen([PROGRAM, "signd", "--home", self.home.path, "--listen", socket_path, *args], stderr=subprocess.PIPE, text=True)
        self.started.append(p)
        if alive:
            self.assertTrue(kit.wait_for(lambda: os.path.exists(socket_path)))
            self.assertIsNone(p.poll())
            return p
        self.assertNotEqual(p.wait(20), 0)
        return p.stderr.read()

    def program(self, *args):
        return subprocess.run([PROGRAM, *args, "--home", self.home.path], capture_output=True, text=True, timeout=60)

    def test_one_guard_signs_for_one(self):
        """Two that remember different last signatures of one guard would sign two histories."""
        first = self.signd(self.home.dir.name + "/s1", True)
        self.assertIn("signs by this guard", self.signd(self.home.dir.name + "/s2", False))
        r = self.program("backup", self.home.dir.name + "/b")
        self.assertEqual((r.returncode != 0, "signs by this guard" in r.stderr), (True, True), r.stderr)
        self.assertEqual(self.program("verify").returncode, 0)
        self.assertEqual(self.program("backup", self.home.dir.name + "/b", "--signer", self.home.dir.name + "/s1").returncode, 0)
        first.kill()                    # the lock goes with the process, however it ends
        first.wait()
        self.signd(self.home.dir.name + "/s3", True)

    def test_signing_process_gone(self):
        """Killed and back soon: nobody notices but the one who waits. Gone: no change is taken, health says so, and nothing is lost."""
        path = self.home.dir.name + "/s"
        first = self.signd(path, True)
        self.home.serve("--signer", path)
        self.addCleanup(self.home.stop)

        def report():
            c = http.client.HTTPConnection("127.0.0.1", self.home.port, timeout=60)
            c.request("POST", "/v1/reports", json.dumps({"what": "x", "region": "320623"}), {"Content-Type": "application/json", "Accept": "application/json"})
            return c.getresponse().status

        def health():
            c = http.client.HTTPConnection("127.0.0.1", self.home.port, timeout=10)
            c.request("GET", "/healthz")
            return c.getresponse().status

        self.assertEqual((report(), health()), (201, 200))
        first.kill()
        first.wait()
        got = []
        waiting = threading.Thread(target=lambda: got.append(report()))
        waiting.start()
        time.sleep(1)
        second = self.signd(path, True)
        waiting.join(30)
        self.assertEqual((got, health()), ([201], 200))
        second.kill()
        second.wait()
        self.assertEqual((report(), health()), (500, 503))
        os.remove(path)
        self.signd(path, True)
        self.assertEqual((report(), health()), (503, 503))
        self.home.stop()
        self.home.serve("--signer", path)
        self.assertEqual((report(), health()), (201, 200))
        self.assertEqual(self.program("verify", "--signer", path).returncode, 0)

    def test_two_copies_of_a_home_and_one_guard(self):
        guard = self.home.dir.name + "/guard"
        shutil.copytree(self.home.path + "/guard", guard)
        other = self.home.dir.name + "/copy"
        shutil.copytree(self.home.path, other)
        self.home.serve("--guard", guard)
        self.addCleanup(self.home.stop)
        r = subprocess.run([PROGRAM, "backup", self.home.dir.name + "/b", "--home", other, "--guard", guard], capture_output=True, text=True, timeout=60)
        self.assertIn("signs by this guard", r.stderr)
        self.assertNotEqual(r.returncode, 0)

    def test_no_file_is_taken_for_a_socket(self):
        path = self.home.path + "/suyuan.json"
        self.assertIn("no socket", self.signd(path, False))
        self.assertTrue(os.path.isfile(path))

    @unittest.skipUnless(os.geteuid() == 0, "needs another account")
    def test_a_socket_of_somebody_else(self):
        """It is told nothing and believed nothing."""
        with tempfile.TemporaryDirectory() as d:
            os.chmod(d, 0o777)
            got = d + "/got"
            squat = ("import socket\ns = socket.socket(socket.AF_UNIX)\ns.bind(%r)\ns.listen(5)\nwhile True:\n    c, _ = s.accept()\n    x = c.recv(100)\n"
                     "    open(%r, 'ab').write(x)\n    c.close()\n" % (d + "/s", got))
            p = subprocess.Popen(["/usr/bin/python3", "-c", squat], user="nobody", stderr=subprocess.PIPE)
            self.started.append(p)
            self.assertTrue(kit.wait_for(lambda: os.path.exists(d + "/s")))
            r = self.program("backup", self.home.dir.name + "/b", "--signer", d + "/s")
            self.assertNotEqual(r.returncode, 0)
            self.assertIn("signd", r.stderr)
            self.assertFalse(os.path.exists(got) and os.path.getsize(got))

    def test_a_new_code_key_is_of_the_homes_suite(self):
        with tempfile.TemporaryDirectory() as d:
            subprocess.run([PROGRAM, "init", "--home", d + "/h", "--suite", "gm"], check=True, capture_output=True)
            subprocess.run([PROGRAM, "rotate-code-key", "--home", d + "/h"], check=True, capture_output=True)
            with open(d + "/h/keys/code") as f:
                self.assertEqual([line.split()[1] for line in f], ["sm4", "sm4"])


if __name__ == "__main__":
    unittest.main(verbosity=2, warnings="ignore")
