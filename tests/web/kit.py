"""A home, a server of the whole program over it, and little servers for it to talk to, for the tests beside this file."""
import http.client
import json
import socket
import subprocess
import tempfile
import threading
import time


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


class Home:
    """A demonstration home with further settings."""

    def __init__(self, program, **settings):
        self.program, self.dir = program, tempfile.TemporaryDirectory()
        self.path = self.dir.name + "/home"
        self.demo = json.loads(self.run("demo", "--json").strip().splitlines()[-1])
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
