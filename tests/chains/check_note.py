#!/usr/bin/python3
"""check_note.py PROOF_FILE ORIGIN PUBLIC_KEY_HEX: checks a proof file of the ledger without any of Drawbridge's code.

Written from the specifications alone (C2SP signed-note, tlog-checkpoint and tlog-proof, RFC 6962, RFC 8949); needs
python3-cryptography. Prints "index type" of the entry, or fails.
"""
import base64
import hashlib
import sys

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey


def sha256(data):
    return hashlib.sha256(data).digest()


def cbor(data, at=0):
    """One value of the few kinds that an entry is made of, and where it ends."""
    major, argument = data[at] >> 5, data[at] & 31
    at += 1
    if argument >= 24:
        length = 1 << (argument - 24)
        argument, at = int.from_bytes(data[at : at + length], "big"), at + length
    if major == 0:
        return argument, at
    if major == 2:
        return data[at : at + argument], at + argument
    if major == 3:
        return data[at : at + argument].decode(), at + argument
    assert major == 5, f"major type {major}"
    out = {}
    for _ in range(argument):
        key, at = cbor(data, at)
        out[key], at = cbor(data, at)
    return out, at


def whole_cbor(data):
    value, end = cbor(data)
    assert end == len(data), "trailing bytes"
    return value


def check_signature(note, origin, public_key):
    text, signatures = note.rsplit("\n\n", 1)
    text += "\n"
    key_id = sha256(origin.encode() + b"\n\x01" + public_key)[:4]
    for line in signatures.splitlines():
        dash, name, signature = line.split(" ")
        raw = base64.b64decode(signature, validate=True)
        if dash == "\u2014" and name == origin and raw[:4] == key_id:
            Ed25519PublicKey.from_public_bytes(public_key).verify(raw[4:], text.encode())
            return text
    raise AssertionError("not signed by this key")


def root_of(index, size, leaf, path):
    """The recursive definition of RFC 6962 section 2.1.1, read from the root down."""
    if size == 1:
        assert not path, "too many hashes"
        return leaf
    split = 1 << ((size - 1).bit_length() - 1)
    if index < split:
        return sha256(b"\x01" + root_of(index, split, leaf, path[:-1]) + path[-1])
    return sha256(b"\x01" + path[-1] + root_of(index - split, size - split, leaf, path[:-1]))


def main():
    with open(sys.argv[1], encoding="utf-8", newline="") as file:
        head, note = file.read().split("\n\n", 1)
    origin, public_key = sys.argv[2], bytes.fromhex(sys.argv[3])
    first, extra_line, index_line, *hash_lines = head.split("\n")
    assert first == "c2sp.org/tlog-proof@v1"
    extra = whole_cbor(base64.b64decode(extra_line.removeprefix("extra "), validate=True))
    index = int(index_line.removeprefix("index "))
    path = [base64.b64decode(line, validate=True) for line in hash_lines]

    signed_origin, size, root = check_signature(note, origin, public_key).splitlines()[:3]
    assert signed_origin == origin
    leaf = sha256(b"\x00" + extra["entry"])
    assert root_of(index, int(size), leaf, path) == base64.b64decode(root), "inclusion"

    entry = whole_cbor(extra["entry"])
    assert entry["v"] == 1
    if "salt" in extra:
        commitment = sha256(b"drawbridge.event/1\n" + extra["salt"] + extra["details"])
        assert commitment == entry["commitment"], "opening"
    print(index, entry["type"])


main()
