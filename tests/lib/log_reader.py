"""The log folder read by another hand: src/audit/segment.h and RFC 6962.

Shares nothing with the product but the formats.
"""
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
