"""A server of the whole program over a home, for the tests beside this file."""
import base64
import hashlib
import http.client
import json
import socket
import subprocess
import tempfile
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
