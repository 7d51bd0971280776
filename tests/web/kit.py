"""A server of the whole program over a home, for the tests beside this file."""
import socket
import subprocess
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
