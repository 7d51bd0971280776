"""Signing in a process of its own: the server has no keys of the log, waits for a signer that is restarted, and is refused whatever is no extension."""
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import unittest

from kit import House, serve

PROGRAM = sys.argv.pop()


def signd(home, socket, *more):
    p = subprocess.Popen([PROGRAM, "signd", "--home", home, "--listen", socket, *more], stderr=subprocess.PIPE, text=True)
    for _ in range(100):
        if os.path.exists(socket) or p.poll() is not None:
            break
        time.sleep(0.05)
    return p


class Apart(unittest.TestCase):
    suite = "std"

    def setUp(self):
        self.dir = tempfile.TemporaryDirectory()
        self.home, self.keys, self.socket = (self.dir.name + "/" + n for n in ("home", "signer", "sock"))
        told = subprocess.run([PROGRAM, "demo", "--home", self.home, "--suite", self.suite, "--json"], check=True, capture_output=True, text=True).stdout
        self.demo = json.loads(told.strip().splitlines()[-1])
        os.makedirs(self.keys + "/keys")
        shutil.copy(self.home + "/suyuan.json", self.keys)
        for name in ("log", "log-sm2"):
            if os.path.exists(self.home + "/keys/" + name):
                shutil.move(self.home + "/keys/" + name, self.keys + "/keys/" + name)
        shutil.move(self.home + "/guard", self.keys + "/guard")
        self.signer = signd(self.keys, self.socket)
        self.server, self.port = serve(PROGRAM, self.home, "--signer", self.socket)

    def tearDown(self):
        for p in (self.server, self.signer):
            if p.poll() is None:
                p.terminate()
            p.wait(20)
            if p.stderr:
                p.stderr.close()
        self.dir.cleanup()

    ask = House.ask

    def file(self):
        body = json.dumps({"what": "标签可疑 %f" % time.time(), "region": "320623"})
        status, _, data = self.ask("POST", "/v1/reports", body, {"Content-Type": "application/json"})
        return status, json.loads(data)

    def verify(self):
        return subprocess.run([PROGRAM, "verify", "--home", self.home, "--signer", self.socket], capture_output=True, text=True)

    def size(self):
        return int(self.ask("GET", "/log/checkpoint")[2].split(b"\n")[1])

    def test_the_server_has_no_key_and_answers_signed(self):
        before = self.size()
        status, answer = self.file()
        self.assertEqual(status, 201)
        self.assertGreater(self.size(), before)
        self.assertIn("c2sp.org/tlog-proof@v1", answer["receipt"]["proof"])
        self.assertFalse(os.path.exists(self.home + "/keys/log"))
        self.assertFalse(os.path.exists(self.home + "/guard/head"))
        self.assertEqual(self.verify().returncode, 0)

    def test_a_killed_signer_is_waited_for(self):
        self.assertEqual(self.file()[0], 201)
        self.signer.send_signal(signal.SIGKILL)
        self.signer.wait(10)
        said = []
        t = threading.Thread(target=lambda: said.append(self.file()))
        t.start()
        time.sleep(1)
        self.assertEqual(said, [], "answered without a signature")
        self.signer.stderr.close()
        self.signer = signd(self.keys, self.socket)
        t.join(15)
        self.assertEqual(said[0][0], 201)
        self.assertEqual(self.file()[0], 201)
        self.assertEqual(self.verify().returncode, 0)

    def test_a_second_signer_or_one_without_its_keys_does_not_start(self):
        p = signd(self.keys, self.socket)
        self.assertEqual(p.wait(10) != 0, True)
        self.assertIn("正由另一个进程用着", p.stderr.read())
        p.stderr.close()
        os.makedirs(self.dir.name + "/empty/keys")
        shutil.copy(self.home + "/suyuan.json", self.dir.name + "/empty")
        p = signd(self.dir.name + "/empty", self.dir.name + "/other")
        self.assertEqual(p.wait(10) != 0, True)
        self.assertIn("keys/log", p.stderr.read())
        p.stderr.close()
        self.assertEqual(self.file()[0], 201)

    def test_an_older_store_is_refused(self):
        self.server.terminate()
        self.server.wait(20)
        shutil.copytree(self.home, self.dir.name + "/old")
        self.server, self.port = serve(PROGRAM, self.home, "--signer", self.socket)
        self.assertEqual(self.file()[0], 201)
        self.server.terminate()
        self.server.wait(20)
        p = subprocess.run([PROGRAM, "serve", "--home", self.dir.name + "/old", "--listen", "127.0.0.1:1", "--signer", self.socket], capture_output=True, text=True, timeout=60)
        self.assertNotEqual(p.returncode, 0)
        self.assertIn("已签署", p.stderr)
        p = subprocess.run([PROGRAM, "verify", "--home", self.dir.name + "/old", "--signer", self.socket], capture_output=True, text=True)
        self.assertEqual(p.returncode, 1)
        self.server, self.port = serve(PROGRAM, self.home, "--signer", self.socket)
        self.assertEqual(self.file()[0], 201)

    def test_what_is_no_question_is_hung_up_on(self):
        import socket as s
        for line in (b"sign\n", b"sign 0 0 x\n", b"last 9\n", b"hello\n", b"a" * 5000, b"sign 0 0 0 %s 5 %s 99\n" % (b"A" * 44, b"A" * 44)):
            c = s.socket(s.AF_UNIX)
            c.settimeout(5)
            c.connect(self.socket)
            c.sendall(line)
            if len(line) > 4000:
                c.shutdown(s.SHUT_WR)
            try:
                data = c.recv(100)
            except ConnectionResetError:     # what it did not read is thrown away with the connection
                data = b""
            self.assertTrue(data == b"" or data.startswith(b"no "), data)
            c.close()
        self.assertEqual(self.file()[0], 201)


class ApartGm(Apart):
    suite = "gm"

    def test_both_trees_are_signed(self):
        self.assertEqual(self.file()[0], 201)
        for _ in range(50):
            if self.ask("GET", "/log/sm3/checkpoint")[0] == 200 and int(self.ask("GET", "/log/sm3/checkpoint")[2].split(b"\n")[1]) == self.size():
                break
            time.sleep(0.1)
        self.assertEqual(int(self.ask("GET", "/log/sm3/checkpoint")[2].split(b"\n")[1]), self.size())


if __name__ == "__main__":
    unittest.main()
