"""The log folder read by another hand: src/audit/segment.h and RFC 6962.

Shares nothing with the product but the formats.
"""
import base64
import hashlib
import os
import struct

HEAD, RECORD = 32, 56


def leaf_hash(entry):
    return hashlib.sha256(b"\0" + entry).digest()


def node_hash(left, right):
    return hashlib.sha256(b"\1" + left + right).digest()


def tree_root(leaves):
    """RFC 6962 section 2.1, as it is written there."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    k = 1
    while 2 * k < len(leaves):
        k *= 2
    return node_hash(tree_root(leaves[:k]), tree_root(leaves[k:]))


def segments(folder):
    names = [n for n in os.listdir(os.path.join(folder, "journal"))
             if n.isdigit()]
    return [os.path.join(folder, "journal", n) for n in sorted(names)]


def records(path):
    """(index, batch, entry, place) of each whole record of a segment."""
    with open(path, "rb") as f:
        data = f.read()
    magic, version, zero, number, index = struct.unpack("<8sIIQQ", data[:HEAD])
    assert (magic, version, zero) == (b"WDJOURN\0", 1, 0), path
    assert number == int(os.path.basename(path)), path
    at = HEAD
    while at + RECORD <= len(data):
        length, zero, i, batch, leaf = struct.unpack(
            "<IIQQ32s", data[at:at + RECORD])
        entry = data[at + RECORD:at + RECORD + length]
        if length == 0 or i != index or leaf != leaf_hash(entry):
            return
        yield i, batch, entry, at
        index += 1
        at += RECORD + (length + 7) // 8 * 8


def entries(folder):
    """Every entry; a later segment counts where two have the same."""
    found = {}
    for path in segments(folder):
        for index, _, entry, _ in records(path):
            found[index] = entry
    assert sorted(found) == list(range(len(found)))
    return [found[i] for i in range(len(found))]


# ---- tiles and checkpoints (C2SP tlog-tiles, signed-note)

def tile_path(level, n, width=256):
    digits = "%03d" % (n % 1000)
    while n >= 1000:
        n //= 1000
        digits = "x%03d/%s" % (n % 1000, digits)
    return "tile/%s/%s%s" % (level, digits,
                             "" if width == 256 else ".p/%d" % width)


def note_key(folder):
    """(name, key id, public key) of checkpoint.pub."""
    from cryptography.hazmat.primitives.asymmetric import ed25519
    with open(os.path.join(folder, "checkpoint.pub")) as f:
        name, key_id, data = f.read().strip().split("+", 2)
    raw = base64.b64decode(data)
    assert raw[0] == 1 and len(raw) == 33
    digest = hashlib.sha256(name.encode() + b"\n" + raw).digest()
    assert digest[:4].hex() == key_id
    return (name, digest[:4],
            ed25519.Ed25519PublicKey.from_public_bytes(raw[1:]))


def checkpoint(folder):
    """(size, root) of the checkpoint, its signature checked."""
    name, key_id, key = note_key(folder)
    with open(os.path.join(folder, "checkpoint"), encoding="utf-8") as f:
        text, signature = f.read().split("\n\n")
    dash, who, data = signature.strip().split(" ")
    assert (dash, who) == ("\u2014", name)
    data = base64.b64decode(data)
    assert data[:4] == key_id
    key.verify(data[4:], text.encode() + b"\n")
    origin, size, root = text.split("\n")
    assert origin == name
    return int(size), base64.b64decode(root)


def check_tiles(folder):
    """Everything that the checkpoint stands for; its size."""
    size, root = checkpoint(folder)
    logged = entries(folder)
    assert size <= len(logged), (size, len(logged))
    hashes = [leaf_hash(e) for e in logged[:size]]
    assert root == tree_root(hashes)

    def look(level, n, width, want):
        for w in (width, 256):
            path = os.path.join(folder, tile_path(level, n, w))
            if os.path.exists(path):
                with open(path, "rb") as f:
                    assert f.read()[:len(want)] == want, path
                return
        raise AssertionError("no " + tile_path(level, n, width))

    for first in range(0, size, 256):
        part = logged[first:min(first + 256, size)]
        look("entries", first // 256, len(part), b"".join(
            struct.pack(">H", len(e)) + e for e in part))
    level = 0
    while hashes:
        for first in range(0, len(hashes), 256):
            part = hashes[first:first + 256]
            look(level, first // 256, len(part), b"".join(part))
        hashes = [tree_root(hashes[i:i + 256])
                  for i in range(0, len(hashes) // 256 * 256, 256)]
        level += 1
    return size


# ---- proofs, as RFC 9162 sections 2.1.3.2 and 2.1.4.2 check them

def inclusion_root(index, size, leaf, proof):
    assert index < size
    fn, sn, r = index, size - 1, leaf
    for p in proof:
        assert sn != 0
        if fn & 1 or fn == sn:
            r = node_hash(p, r)
            while not fn & 1 and fn != 0:
                fn >>= 1
                sn >>= 1
        else:
            r = node_hash(r, p)
        fn >>= 1
        sn >>= 1
    assert sn == 0
    return r


def is_consistent(old_size, old_root, size, root, proof):
    if old_size == 0:
        return proof == []
    if old_size == size:
        return proof == [] and old_root == root
    if old_size & (old_size - 1) == 0:
        proof = [old_root] + proof
    fn, sn = old_size - 1, size - 1
    while fn & 1:
        fn >>= 1
        sn >>= 1
    fr = sr = proof[0]
    for c in proof[1:]:
        assert sn != 0
        if fn & 1 or fn == sn:
            fr, sr = node_hash(c, fr), node_hash(c, sr)
            while not fn & 1 and fn != 0:
                fn >>= 1
                sn >>= 1
        else:
            sr = node_hash(sr, c)
        fn >>= 1
        sn >>= 1
    return sn == 0 and (fr, sr) == (old_root, root)
