"""Logs after C2SP as another program makes them: keys and signatures by the openssl command, trees and layout here."""
import base64
import hashlib
import os
import subprocess
import tempfile


def b64(b):
    return base64.b64encode(b).decode()


def node(left, right):
    return hashlib.sha256(b"\1" + left + right).digest()


def root(hashes):
    if len(hashes) < 2:
        return hashes[0] if hashes else hashlib.sha256(b"").digest()
    k = 1
    while k * 2 < len(hashes):
        k *= 2
    return node(root(hashes[:k]), root(hashes[k:]))


def key_id(name, kind, pub):
    return hashlib.sha256(name.encode() + b"\n" + bytes([kind]) + pub).digest()[:4]


class Signer:
    """Ed25519 through the openssl command; no Python package is needed."""

    def __init__(self, directory, name, kind=1):
        self.pem, self.name, self.kind = os.path.join(directory, hashlib.sha256(name.encode()).hexdigest()[:12] + ".pem"), name, kind
        subprocess.run(["openssl", "genpkey", "-algorithm", "ed25519", "-out", self.pem], check=True, capture_output=True)
        der = subprocess.run(["openssl", "pkey", "-in", self.pem, "-pubout", "-outform", "DER"], check=True, capture_output=True).stdout
        self.pub = der[-32:]
        self.vkey = "%s+%s+%s" % (name, key_id(name, kind, self.pub).hex(), b64(bytes([kind]) + self.pub))

    def raw(self, text):
        with tempfile.NamedTemporaryFile() as f:
            f.write(text)
            f.flush()
            return subprocess.run(["openssl", "pkeyutl", "-sign", "-inkey", self.pem, "-rawin", "-in", f.name], check=True, capture_output=True).stdout

    def line(self, body, when=0):
        if self.kind == 4:
            sig = when.to_bytes(8, "big") + self.raw(b"cosignature/v1\ntime %d\n" % when + body.encode())
        else:
            sig = self.raw(body.encode())
        return "\u2014 %s %s\n" % (self.name, b64(key_id(self.name, self.kind, self.pub) + sig))


def name_of(n):
    parts = []
    while True:
        parts.insert(0, "%03d" % (n % 1000))
        n //= 1000
        if not n:
            return "/".join(["x" + p for p in parts[:-1]] + parts[-1:])


def write_log(directory, entries, signer, more=""):
    """The layout of tlog-tiles, by another program than the one under test; a small file for each partial piece."""
    def put(path, data):
        path = os.path.join(directory, path)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as f:
            f.write(data)

    for n in range(0, len(entries), 256):
        some = entries[n:n + 256]
        put("tile/entries/" + name_of(n // 256) + ("" if len(some) == 256 else ".p/%d" % len(some)), b"".join(len(e).to_bytes(2, "big") + e for e in some))
    level, hashes = 0, [hashlib.sha256(b"\0" + e).digest() for e in entries]
    top = root(hashes)
    while hashes:
        for n in range(0, len(hashes), 256):
            some = hashes[n:n + 256]
            put("tile/%d/%s" % (level, name_of(n // 256) + ("" if len(some) == 256 else ".p/%d" % len(some))), b"".join(some))
        hashes = [root(hashes[n:n + 256]) for n in range(0, len(hashes) // 256 * 256, 256)]
        level += 1
    body = "%s\n%d\n%s\n" % (signer.name, len(entries), b64(top))
    put("checkpoint", (body + "\n" + signer.line(body) + more_lines(more, body)).encode())
    put("vkey", (signer.vkey + "\n").encode())


def more_lines(more, body):
    return "".join(x if isinstance(x, str) else x[0].line(body, x[1]) for x in more)


def leaves(entries):
    return [hashlib.sha256(b"\0" + e).digest() for e in entries]


def consistency(old, hashes):
    """RFC 6962, 2.1.2."""
    def sub(m, d, whole):
        if m == len(d):
            return [] if whole else [root(d)]
        k = 1
        while k * 2 < len(d):
            k *= 2
        return sub(m, d[:k], whole) + [root(d[k:])] if m <= k else sub(m - k, d[k:], False) + [root(d[:k])]

    return sub(old, hashes, True) if 0 < old < len(hashes) else []


def checkpoint_body(name, hashes):
    return "%s\n%d\n%s\n" % (name, len(hashes), b64(root(hashes)))
