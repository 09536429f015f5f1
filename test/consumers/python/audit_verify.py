"""
An auditor's verifier of an export: it follows docs/audit-format.md, needs Python 3 and nothing else, and shares no code
with the product. It prints a line of JSON and ends with 0 if the export is whole, with 5 if not.

    python3 audit_verify.py EXPORT VERIFIER_KEY...
"""

import base64
import hashlib
import json
import re
import struct
import sys
import zlib

MAGIC = b"streamvane audit export v1\n"
EVENT, ERASED = 1, 2


def sha256(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


# Ed25519 as RFC 8032, section 6, has it; only what verifies.
P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
ROOT = pow(2, (P - 1) // 4, P)


def add(a, b):
    e = (a[1] - a[0]) * (b[1] - b[0])
    f = (a[1] + a[0]) * (b[1] + b[0])
    g, h = 2 * a[3] * b[3] * D, 2 * a[2] * b[2]
    e, f, g, h = (f - e) % P, (h - g) % P, (h + g) % P, (f + e) % P
    return (e * f % P, g * h % P, f * g % P, e * h % P)


def times(number, point):
    result = (0, 1, 1, 0)
    while number > 0:
        if number & 1:
            result = add(result, point)
        point = add(point, point)
        number >>= 1
    return result


def point_of(text):
    y = int.from_bytes(text, "little")
    sign, y = y >> 255, y & ((1 << 255) - 1)
    if y >= P:
        return None
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P != 0:
        x = x * ROOT % P
    if (x * x - square) % P != 0 or (x == 0 and sign):
        return None
    if x & 1 != sign:
        x = P - x
    return (x, y, 1, x * y % P)


BASE = point_of((4 * pow(5, P - 2, P) % P).to_bytes(32, "little"))


def is_signed(public_key, text, signature):
    a, r, s = point_of(public_key), point_of(signature[:32]), int.from_bytes(signature[32:], "little")
    if len(signature) != 64 or a is None or r is None or s >= L:
        return False
    k = int.from_bytes(hashlib.sha512(signature[:32] + public_key + text).digest(), "little") % L
    left, right = times(s, BASE), add(r, times(k, a))
    return (left[0] * right[2] - right[0] * left[2]) % P == 0 and (left[1] * right[2] - right[1] * left[2]) % P == 0


def verifier_key(text):
    name, key_id, data = text.strip().split("+", 2)
    raw = base64.b64decode(data, validate=True)
    if raw[0] != 1 or len(raw) != 33 or sha256(name.encode(), b"\n", raw)[:4].hex() != key_id:
        raise ValueError("not a verifier key: " + text)
    return (name, bytes.fromhex(key_id)), raw[1:]


HEAD = re.compile(
    r"([^\n]+)\n(0|[1-9]\d*)\n(\S{44})\nat (\S+)\nthrough (\d+)\n(?:previous (\S{44})\n)?", re.ASCII
)


class Head:
    def __init__(self, note, keys):
        self.note = note
        text, _, signatures = note.decode().rpartition("\n\n")
        text += "\n"
        match = HEAD.fullmatch(text)
        if match is None:
            raise ValueError("not a head")
        self.origin, self.size, self.root = match[1], int(match[2]), base64.b64decode(match[3], validate=True)
        self.previous = None if match[6] is None else base64.b64decode(match[6], validate=True)
        self.is_signed = False
        for line in signatures.splitlines():
            dash, name, data = line.split(" ")
            raw = base64.b64decode(data, validate=True)
            key = keys.get((name, raw[:4]))
            if dash == "\u2014" and key is not None and is_signed(key, text.encode(), raw[4:]):
                self.is_signed = True


class Range:
    """The complete subtrees of a tree, from the left: enough to add leaves and to say the root."""

    def __init__(self, size, subtrees):
        self.size, self.subtrees = size, list(subtrees)

    def append(self, leaf):
        node, index = leaf, self.size
        while index % 2 == 1:
            node, index = sha256(b"\x01", self.subtrees.pop(), node), index // 2
        self.subtrees.append(node)
        self.size += 1

    def root(self):
        if not self.subtrees:
            return sha256()
        root = self.subtrees[-1]
        for left in reversed(self.subtrees[:-1]):
            root = sha256(b"\x01", left, root)
        return root


def leaf_of(kind, body):
    """The hash of the leaf, the stream, the type and the position of an item."""
    stream_end = 3 + struct.unpack(">H", body[1:3])[0]
    type_at = stream_end + 34
    type_end = type_at + struct.unpack(">H", body[type_at - 2 : type_at])[0]
    entry = body if kind == ERASED else body[:type_end] + sha256(body[type_end:])
    position = struct.unpack(">Q", body[stream_end + 8 : stream_end + 16])[0]
    return sha256(b"\x00", entry), body[3:stream_end].decode(), body[type_at:type_end].decode(), position


def items_of(data):
    inflate = zlib.decompressobj()
    data = inflate.decompress(data)
    if not inflate.eof or inflate.unused_data:
        raise ValueError("not one deflated block")
    at = 0
    while at < len(data):
        kind, length = struct.unpack(">BI", data[at : at + 5])
        yield kind, data[at + 5 : at + 5 + length]
        at += 5 + length


class Tree:
    def __init__(self, manifest, keys, find):
        self.manifest, self.keys, self.find = manifest, keys, find
        self.range = Range(manifest["from"], [base64.b64decode(each) for each in manifest["subtrees"]])
        self.last, self.pending, self.erased, self.records = None, [], {}, {}

    def head(self, payload):
        head = Head(payload, self.keys)
        is_next = (
            (head.previous is None or self.manifest["from"] > 0)
            if self.last is None
            else head.previous == sha256(self.last.note) and head.size > self.last.size
        )
        if not head.is_signed or head.origin != self.manifest["origin"] or not is_next:
            self.find("head", size=head.size)
        self.last = head
        self.pending.append(head)
        self.compare()

    def compare(self):
        while self.pending and self.pending[0].size <= self.range.size:
            head = self.pending.pop(0)
            if head.size != self.range.size or head.root != self.range.root():
                self.find("stretch", to=head.size)

    def block(self, payload):
        first, count = struct.unpack(">QI", payload[:12])
        if first != self.range.size:
            self.find("stretch", to=first)
        hashes = [payload[12 + 32 * nth : 44 + 32 * nth] for nth in range(count)]
        for each in hashes:
            self.range.append(each)
            self.compare()
        items = list(items_of(payload[12 + 32 * count :]))
        if len(items) != count:
            self.find("count", leaf=first)
        for nth, ((kind, body), wanted) in enumerate(zip(items, hashes)):
            found, stream, kind_of_event, position = leaf_of(kind, body)
            if found != wanted:
                self.find("leaf", leaf=first + nth, position=position)
            elif kind == ERASED:
                self.erased[stream] = first + nth
            elif kind_of_event == "StreamErased":
                self.records[stream] = first + nth

    def proof(self, payload):
        head, *rest = payload.split(b"\n\n", 1)
        lines = head.decode().split("\n")
        item = base64.b64decode(lines[1].removeprefix("extra "), validate=True)
        index = int(lines[2].removeprefix("index "))
        signed = Head(rest[0], self.keys)
        root, stream, _, _ = leaf_of(item[0], item[5:])
        node, last = index, signed.size - 1
        for line in lines[3:]:
            sibling = base64.b64decode(line, validate=True)
            if node % 2 == 1 or node == last:
                root = sha256(b"\x01", sibling, root)
                while node % 2 == 0 and node != 0:
                    node, last = node // 2, last // 2
            else:
                root = sha256(b"\x01", root, sibling)
            node, last = node // 2, last // 2
        if last != 0 or root != signed.root or not signed.is_signed or signed.origin != self.manifest["origin"]:
            self.find("proof")
        self.records[stream] = index

    def end(self):
        if self.range.size != self.manifest["to"] or self.last is None or self.last.size != self.manifest["to"]:
            self.find("head", size=self.manifest["to"])
        for stream, leaf in self.erased.items():
            tenant = stream.split(".", 1)[0]
            if self.records.get(f"{tenant}.config-erased-{stream}", -1) <= leaf:
                self.find("unrecorded-erasure", leaf=leaf)


def verify(data, keys):
    findings = []
    if not data.startswith(MAGIC):
        return [{"kind": "framing", "offset": 0}], []
    at, digest, frames = len(MAGIC), sha256(MAGIC), 0
    manifest, trees, is_over = None, [], False

    def finder(tree):
        return lambda kind, **place: findings.append({"kind": kind, "tree": tree, **place})

    while at < len(data):
        if is_over or at + 5 > len(data):
            findings.append({"kind": "framing", "offset": at})
            break
        kind, length = struct.unpack(">cI", data[at : at + 5])
        payload, stored = data[at + 5 : at + 5 + length], data[at + 5 + length : at + 37 + length]
        digest = sha256(digest, data[at : at + 5], payload)
        if digest != stored:
            findings.append({"kind": "framing", "offset": at})
            break
        try:
            if kind == b"M":
                manifest = json.loads(payload)["trees"]
            elif kind == b"T":
                if trees:
                    trees[-1].end()
                exported = manifest[struct.unpack(">H", payload)[0]]
                trees.append(Tree(exported, keys, finder(exported["tree"])))
            elif kind == b"E":
                is_over = True
                if trees:
                    trees[-1].end()
                if struct.unpack(">I", payload)[0] != frames or len(trees) != len(manifest):
                    findings.append({"kind": "framing", "offset": at})
            else:
                {b"H": Tree.head, b"B": Tree.block, b"P": Tree.proof}[kind](trees[-1], payload)
        except (ValueError, KeyError, IndexError, TypeError, struct.error, zlib.error) as fault:
            findings.append({"kind": "framing", "offset": at, "what": str(fault)})
        frames += 1
        at += 37 + length
    if not is_over:
        findings.append({"kind": "framing", "offset": at, "what": "the end is missing"})
    return findings, trees


def main():
    with open(sys.argv[1], "rb") as file:
        data = file.read()
    findings, trees = verify(data, dict(verifier_key(text) for text in sys.argv[2:]))
    told = [{"tree": each.manifest["tree"], "to": each.manifest["to"]} for each in trees]
    print(json.dumps({"whole": not findings, "trees": told, "findings": findings[:20]}))
    sys.exit(5 if findings else 0)


main()
