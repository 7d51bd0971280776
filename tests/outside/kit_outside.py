"""The log driver, the real program and the Go checker, for the tests beside this file."""
import atexit
import os
import pathlib
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.request

HERE = pathlib.Path(__file__).resolve().parent
GOCODE = "/usr/share/gocode"


def need(there, what):
    """A named skip where a tool is missing."""
    if not there:
        raise unittest.SkipTest(what)


def fresh(name):
    path = tempfile.mkdtemp(prefix="suyuan-%s-" % name)
    atexit.register(shutil.rmtree, path, True)
    return path


def get(url):
    with urllib.request.urlopen(url, timeout=30) as r:
        return r.read()


def listens(port):
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
        return True
    except OSError:
        return False


class Program:
    """The real program serving a home."""

    def __init__(self, program, home, before=(), said=None):
        with socket.socket() as s:
            s.bind(("127.0.0.1", 0))
            self.port = s.getsockname()[1]
        env = dict(os.environ)
        if before:          # a leak check cannot run beside a tracer
            env["ASAN_OPTIONS"] = env.get("ASAN_OPTIONS", "") + ":detect_leaks=0"
        with open(said or os.devnull, "wb") as to:
            self.process = subprocess.Popen([*before, program, "serve", "--home", home, "--listen", "127.0.0.1:%d" % self.port], stderr=to, env=env)
        self.url = "http://127.0.0.1:%d" % self.port
        until = time.monotonic() + 30
        while not listens(self.port):
            if self.process.poll() is not None or time.monotonic() > until:
                self.process.kill()
                raise RuntimeError("the program did not start")
            time.sleep(0.005)

    def stop(self):
        self.process.terminate()
        code = self.process.wait(60)
        if code:
            raise AssertionError("the program ended with %d" % code)


class Talker:
    """A process that answers each order with lines, the last one beginning with a word of `ends`."""

    def __init__(self, args):
        self.process = subprocess.Popen(args, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def ask(self, order):
        self.process.stdin.write(order + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            raise AssertionError("no answer to: " + order[:200])
        return line.rstrip("\n")

    def close(self):
        self.process.stdin.close()
        code = self.process.wait(120)
        self.process.stdout.close()
        return code


class Driver(Talker):
    def __init__(self, driver, home, suite="std"):
        super().__init__([driver, home, suite])
        self.url = None

    def open(self):
        said = self.ask("open").split()
        self.url = "http://127.0.0.1:" + said[1]
        return int(said[2])

    def to(self, n):
        if self.ask("to %d" % n) != "size %d" % n:
            raise AssertionError("the log did not grow to %d" % n)

    def ids(self):
        return self.ask("ids").split()[1:]

    def shut(self):
        self.ask("shut")


class Checker(Talker):
    """The Go checker, for the verifier key of a log."""

    def __init__(self, cache, vkey):
        super().__init__([build_checker(cache), vkey])

    def check(self, order):
        """("ok ..." or "bad ...", the lines before it)"""
        said, missed = self.ask(order), []
        while said.startswith("missed "):
            missed.append(said)
            said = self.process.stdout.readline().rstrip("\n")
        return said, missed


def build_checker(cache):
    need(shutil.which("go"), "golang-go is not installed")
    need(os.path.isdir(GOCODE + "/src/golang.org/x/mod/sumdb/tlog"), "golang-golang-x-mod-dev is not installed")
    cache = pathlib.Path(cache).resolve()
    made = cache / "checker"
    source = HERE / "checker.go"
    if not made.exists() or made.stat().st_mtime < source.stat().st_mtime:
        env = dict(os.environ, GO111MODULE="off", GOPATH=GOCODE, GOFLAGS="", GOPROXY="off", GOTOOLCHAIN="local", GOCACHE=str(cache / "go-cache"))
        subprocess.run(["go", "build", "-o", str(made) + ".new", str(source)], check=True, env=env)
        os.rename(str(made) + ".new", made)
    return str(made)


def vkey(url):
    return get(url + "/log/vkey").decode().splitlines()[0]


def arguments():
    """[test, suyuan, log_driver, cache] [sparse|short|long]; what is left is unittest's."""
    global SUYUAN, DRIVER, CACHE, HOW
    SUYUAN, DRIVER, CACHE, HOW = sys.argv[1:5]
    del sys.argv[1:5]
