"""What a stranger writes to check a log and its receipts from the documents alone: hashlib, and openssl for the signature."""
import base64
import hashlib
import json
import subprocess
import tempfile

HASHES = {"sha256": lambda b: hashlib.sha256(b).digest(), "sm3": lambda b: hashlib.new("sm3", b).digest()}


def sha(b):
    return hashlib.sha256(b).digest()


def b64url(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def unpadded(b):
    return base64.urlsafe_b64encode(b).rstrip(b"=").decode()


def root(leaves, node=lambda l, r: sha(b"\x01" + l + r)):
    """RFC 6962, 2.1: split at the largest power of two below n."""
    if len(leaves) == 1:
        return leaves[0]
    k = 1 << (len(leaves) - 1).bit_length() - 1
    return node(root(leaves[:k], node), root(leaves[k:], node))


def path(leaves, index):
    """The inclusion path of that leaf, from the leaf upwards."""
    if len(leaves) == 1:
        return []
    k = 1 << (len(leaves) - 1).bit_length() - 1
    return path(leaves[:k], index) + [root(leaves[k:])] if index < k else path(leaves[k:], index - k) + [root(leaves[:k])]


def fold(leaf, index, size, path):
    """RFC 9162, 2.1.3.2; None when the path has not the length of that place."""
    fn, sn, r = index, size - 1, leaf
    for p in path:
        if sn == 0:
            return None
        if fn & 1 or fn == sn:
            r = sha(b"\x01" + p + r)
            while not fn & 1 and fn:
                fn >>= 1
                sn >>= 1
        else:
            r = sha(b"\x01" + r + p)
        fn >>= 1
        sn >>= 1
    return r if sn == 0 else None


def signed(pub, message, signature):
    with tempfile.TemporaryDirectory() as d:
        for name, data in (("k", bytes.fromhex("302a300506032b6570032100") + pub), ("m", message), ("s", signature)):
            with open(d + "/" + name, "wb") as f:
                f.write(data)
        return subprocess.run(["openssl", "pkeyutl", "-verify", "-pubin", "-keyform", "DER", "-inkey", d + "/k", "-rawin", "-in", d + "/m",
                               "-sigfile", d + "/s"], capture_output=True).returncode == 0


def checkpoint(note, vkey):
    """(size, root) of a note the key signed."""
    name, key_id, key = vkey.strip().split("+", 2)
    body, lines = note.split("\n\n", 1)
    origin, size, at = (body + "\n").split("\n")[:3]
    assert origin == name, origin
    for line in lines.strip().split("\n"):
        dash, who, sig = line.split(" ")
        raw = base64.b64decode(sig)
        if dash == "—" and who == name and raw[:4].hex() == key_id and signed(base64.b64decode(key)[1:], (body + "\n").encode(), raw[4:]):
            return int(size), base64.b64decode(at)
    raise AssertionError("no line of that key verifies")


def receipt(text, vkey):
    """Checks a c2sp.org/tlog-proof@v1 of ours: (index, leaf as bytes, the rest of `extra`)."""
    head, note = text.split("\n\n", 1)
    lines = head.split("\n")
    assert lines[0] == "c2sp.org/tlog-proof@v1", lines[0]
    extra = json.loads(base64.b64decode(lines[1].split(" ")[1]))
    index = int(lines[2].split(" ")[1])
    leaf = base64.b64decode(extra["leaf"])
    size, top = checkpoint(note, vkey)
    assert fold(sha(b"\x00" + leaf), index, size, [base64.b64decode(x) for x in lines[3:]]) == top, "not in the tree"
    if "slots" in extra:
        assert extra["disclosures"] == [s for s in extra["slots"] if s[0] != ":"], "two lists of what is shown"
    return index, leaf, extra


def fields(slots, leaf):
    """The fields a line of slots shows, checked against the leaf's root."""
    said = json.loads(leaf)
    h = HASHES[said["h"]]
    assert len(slots) == said["n"], "number of slots"
    leaves = [b64url(s[1:]) if s[0] == ":" else h(b"\x10" + h(s.encode())) for s in slots]
    assert unpadded(root(leaves, lambda l, r: h(b"\x11" + l + r))) == said["r"], "the slots do not give the root"
    return {name: value for _, name, value in (json.loads(b64url(s)) for s in slots if s[0] != ":")}
