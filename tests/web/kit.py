"""A home, a server of the whole program over it, and little servers for it to talk to, for the tests beside this file."""
import base64
import hashlib
import http.client
import json
import socket
import subprocess
import tempfile
import threading
import time

HTML = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
PDF = b"%PDF-1.4\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF\n"


def serve(program, home, *args):
    """Starts it on a free port of the loopback interface; answers (process, port) once it listens."""
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        port = s.getsockname()[1]
    process = subprocess.Popen([program, "serve", "--home", home, "--listen", "127.0.0.1:%d" % port, *args], stderr=subprocess.DEVNULL)
    for _ in range(100):
        try:
            socket.create_connection(("127.0.0.1", port)).close()
            return process, port
        except OSError:
            time.sleep(0.1)
    process.kill()
    raise RuntimeError("the server did not start")


class House:
    """A demonstration home behind a server, and requests to it as programs and browsers make them."""

    def __init__(self, program):
        self.dir = tempfile.TemporaryDirectory()
        home = self.dir.name + "/home"
        told = subprocess.run([program, "demo", "--home", home, "--json"], check=True, capture_output=True, text=True).stdout
        self.demo = json.loads(told.strip().splitlines()[-1])
        self.process, self.port = serve(program, home)

    def stop(self):
        self.process.terminate()
        self.process.wait(20)
        self.dir.cleanup()

    def ask(self, method, path, body=None, headers=None):
        c = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            c.request(method, path, body, headers or {})
            r = c.getresponse()
            return r.status, r, r.read()
        finally:
            c.close()

    def bearer(self, role, **more):
        return dict({"Authorization": "Bearer " + self.demo["tokens"][role]}, **more)

    def cookie(self, role, lang="zh", **more):
        return dict(HTML, Cookie="suyuan=%s; lang=%s" % (self.demo["tokens"][role], lang), **more)

    def csrf(self, role):
        digest = hashlib.sha256(b"csrf" + self.demo["tokens"][role].encode()).digest()
        return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()

    def json(self, path, role=None):
        status, r, data = self.ask("GET", path, None, self.bearer(role) if role else {})
        return status, json.loads(data)

    def page(self, path, role=None, lang="zh"):
        status, r, data = self.ask("GET", path, None, self.cookie(role, lang) if role else dict(HTML, Cookie="lang=" + lang))
        return status, data.decode()


def multipart(parts):
    """parts: (name, value) or (name, value, file name)."""
    out = b""
    for p in parts:
        head = 'Content-Disposition: form-data; name="%s"' % p[0] + ('; filename="%s"' % p[2] if len(p) > 2 else "")
        value = p[1] if isinstance(p[1], bytes) else p[1].encode()
        out += b"--XX\r\n" + head.encode() + b"\r\n\r\n" + value + b"\r\n"
    return out + b"--XX--\r\n", {"Content-Type": "multipart/form-data; boundary=XX"}


class Home:
    """A demonstration home with further settings."""

    def __init__(self, program, demo=(), **settings):
        self.program, self.dir = program, tempfile.TemporaryDirectory()
        self.path = self.dir.name + "/home"
        self.demo = json.loads(self.run("demo", "--json", *demo).strip().splitlines()[-1])
        self.set(**settings)

    def set(self, **settings):
        file = self.path + "/suyuan.json"
        with open(file) as f:
            known = json.load(f)
        known.update(settings)
        with open(file, "w") as f:
            json.dump(known, f)

    def run(self, *args):
        return subprocess.run([self.program, *args, "--home", self.path], check=True, capture_output=True, text=True).stdout

    def serve(self, *args):
        self.process, self.port = serve(self.program, self.path, *args)

    def ask(self, method, path, body=None, token=""):
        c = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        c.request(method, path, None if body is None else json.dumps(body),
                  {"Accept": "application/json", **({"Content-Type": "application/json"} if body is not None else {}),
                   **({"Authorization": "Bearer " + token} if token else {})})
        r = c.getresponse()
        return r.status, json.loads(r.read())

    def post(self, path, body, token):
        return self.ask("POST", path, body, token)

    def get(self, path, token=""):
        return self.ask("GET", path, None, token)

    def stop(self):
        self.process.terminate()
        self.process.wait(20)


def listen(server_class, handler, port=0):
    s = server_class(("127.0.0.1", port), handler)
    s.got = []
    threading.Thread(target=s.serve_forever, daemon=True).start()
    return s


def wait_for(what, seconds=10):
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if what():
            return True
        time.sleep(0.1)
    return False
