#!/usr/bin/env python3
"""Check an export of the transparency log, an evidence pack or one proof, without the platform and its word.

    python3 tanhui_log.py export LOG.zip --key KEY [--key KEY …] [--head NOTE.txt …]
    python3 tanhui_log.py pack PACK.zip --key KEY
    python3 tanhui_log.py proof PROOF.json --key KEY

KEY is the verifier key `name+hash+key` that you took down when you first met the log; a key out of the export itself
would prove nothing. NOTE.txt is a signed head that you kept earlier: only so a cut or rewritten end is found. Needs
Python 3.9 and the package `cryptography`, nothing else. Prints JSON; exit 0: all is well, 1: problems, 2: the input
cannot be read.

The tree is that of RFC 9162 (SHA-256), the heads are signed notes (C2SP, Ed25519). Licence: Apache-2.0.
"""

import argparse
import base64
import bisect
import hashlib
import json
import sys
import zipfile

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

FORMAT = "tanhui-log/1"
PACK_FORMAT = "tanhui-pack/1"
SUMS = "SHA256SUMS"
SOURCES = ("issuance", "bank")  # May go below zero: credits and money come in through them.
ENDS = ("retired", "cancelled", "exported")
MOST_TOLD = 200


def leaf_hash(text):
    return hashlib.sha256(b"\x00" + text.encode()).digest()


def pair_hash(left, right):
    return hashlib.sha256(b"\x01" + left + right).digest()


class Tree:
    """The roots of a growing tree, by the stack of its whole subtrees."""

    def __init__(self):
        self.size, self.stack = 0, []

    def add(self, value):
        level = 0
        while self.stack and self.stack[-1][0] == level:
            level, value = level + 1, pair_hash(self.stack.pop()[1], value)
        self.stack.append((level, value))
        self.size += 1

    def root(self):
        if not self.stack:
            return hashlib.sha256(b"").digest()
        value = self.stack[-1][1]
        for _, left in reversed(self.stack[:-1]):
            value = pair_hash(left, value)
        return value


def opened(note, keys):
    """Return (origin, size, root, time) of a signed note, or None unless one of the keys has signed it."""
    text, _, lines = note.partition("\n\n")
    text += "\n"
    for key in keys:
        try:
            name, hash_text, key_text = key.split("+", 2)
            public = base64.b64decode(key_text, validate=True)
            mark, signer, signature_text = lines.rstrip("\n").split(" ")
            signature = base64.b64decode(signature_text, validate=True)
            expected = hashlib.sha256(name.encode() + b"\n" + public).digest()[:4]
            if public[:1] != b"\x01" or (mark, signer, signature[:4]) != ("\u2014", name, expected):
                continue
            if hash_text != expected.hex():
                continue
            Ed25519PublicKey.from_public_bytes(public[1:]).verify(signature[4:], text.encode())
            origin, size, root, moment = text.rstrip("\n").split("\n")
            return origin, int(size), base64.b64decode(root, validate=True), moment
        except (ValueError, InvalidSignature):
            continue
    return None


class Check:
    """One reading of an export; `problems` says what is wrong and where."""

    def __init__(self, archive, keys, kept):
        self.archive, self.keys, self.kept, self.problems = archive, keys, kept, []
        self.units, self.serials = {}, {}

    def wrong(self, what, **place):
        self.problems.append({"what": what, **place})

    def lines(self, name):
        with self.archive.open(name) as part:
            for line in part:
                yield json.loads(line)

    def run(self):
        self.heads = self.read_heads()
        texts = self.read_leaves()
        waiting = self.compare_ledger(texts)
        self.compare_holdings()
        self.compare_blocks()
        return {
            "status": "broken" if self.problems else "ok",
            "leaves": self.size,
            "waiting": waiting,
            "heads": len(self.heads),
            "kept_heads": len(self.kept),
            "entries": self.entries,
            "found": len(self.problems),
            "problems": self.problems[:MOST_TOLD],
        }

    def read_heads(self):
        """Return the signed heads as (size, root, whose), those of the export and those that were kept."""
        heads, last_size, last_time = [], 0, ""
        for number, line in enumerate(self.lines("heads.jsonl")):
            said = opened(line["note"], self.keys)
            if said is None or said[1] != line["size"]:
                self.wrong("head is not signed by the key", head=number, size=line["size"])
                continue
            if said[1] < last_size or said[3] < last_time:
                self.wrong("head goes back", head=number, size=said[1], time=said[3])
            last_size, last_time = max(said[1], last_size), max(said[3], last_time)
            heads.append((said[1], said[2], "export"))
        for number, note in enumerate(self.kept):
            said = opened(note, self.keys)
            if said is None:
                self.wrong("kept head is not signed by the key", kept=number)
            else:
                heads.append((said[1], said[2], "kept"))
        if not heads:
            self.wrong("no signed head")
        return sorted(heads, key=lambda head: head[0])

    def read_leaves(self):
        """Return the texts of the leaves by position; compare each with its hash, and the roots with the heads."""
        tree, texts, due, good = Tree(), [], 0, 0
        while due < len(self.heads) and self.heads[due][0] == 0:
            due = self.compare_root(tree, due, good)
        for line in self.lines("leaves.jsonl"):
            if line["position"] != tree.size:
                self.wrong("leaf is missing", position=tree.size, found=line["position"])
                break
            text = line["text"] if line["text"] is not None else ""
            value = leaf_hash(text)
            if value.hex() != line["hash"]:
                self.wrong("leaf is not what its hash says", position=tree.size, subject=line["subject"])
            elif subject_of(text) not in (None, line["subject"]):
                self.wrong("leaf is of another subject", position=tree.size, subject=line["subject"])
            texts.append(text)
            tree.add(value)
            while due < len(self.heads) and self.heads[due][0] == tree.size:
                before = len(self.problems)
                due = self.compare_root(tree, due, good)
                if len(self.problems) == before:
                    good = tree.size
        for size, _, whose in self.heads[due:]:
            self.wrong("leaves of a signed head are missing", leaves=tree.size, after=good, up_to=size, head=whose)
        self.size = tree.size
        return texts

    def compare_root(self, tree, due, good):
        size, root, whose = self.heads[due]
        if tree.root() != root:
            self.wrong("leaves are not those of the signed head", after=good, up_to=size, head=whose)
        return due + 1

    def compare_ledger(self, texts):
        """Compare the ledger's own words with the leaves, replay all entries, and return how many wait for a place."""
        logged = {}
        for position, text in enumerate(texts):
            try:
                said = json.loads(text)
                number = said.get("entry")
            except (ValueError, AttributeError):
                self.wrong("leaf cannot be read", position=position)
                continue
            if number is not None:
                if number in logged:
                    self.wrong("entry has two leaves", entry=number, position=position)
                logged[number] = (position, text)
        self.entries, waiting = 0, 0
        for line in self.lines("ledger.jsonl"):
            number, text = line["entry"], line["text"]
            self.entries += 1
            if number in logged:
                position, leaf = logged.pop(number)
                if leaf != text:
                    self.wrong("entry is not what its leaf says", entry=number, position=position)
                if line["waits"]:
                    self.wrong("entry is said to wait for a place and has one", entry=number, position=position)
            elif line["waits"]:
                waiting += 1
            else:
                self.wrong("entry has no leaf", entry=number)
            if text is not None:
                self.replay(number, json.loads(text))
        for number, (position, _) in sorted(logged.items()):
            self.wrong("entry of a leaf is not there", entry=number, position=position)
        return waiting

    def replay(self, number, entry):
        moved = {}
        if not isinstance(entry, dict) or "legs" not in entry or "serials" not in entry:
            self.wrong("entry says no legs and serials", entry=number)
            return
        for asset, from_whom, from_what, to_whom, to_what, units in entry["legs"] or []:
            if units <= 0 or (from_whom, from_what) == (to_whom, to_what):
                self.wrong("leg moves nothing", entry=number)
            for whom, what, change in ((from_whom, from_what, -units), (to_whom, to_what, units)):
                place = (asset, whom, what)
                self.units[place] = self.units.get(place, 0) + change
                moved[place] = None
            if from_what in ENDS:
                self.wrong("ended credits move", entry=number)
        for asset, whom, what in moved:
            if self.units[asset, whom, what] < 0 and what not in SOURCES:
                self.wrong("holding falls below zero", entry=number, asset=asset, organisation=whom, purpose=what)
        for asset, from_whom, from_what, to_whom, to_what, first, last in entry["serials"] or []:
            if not self.hand_over(asset, (from_whom, from_what), (to_whom, to_what), first, last):
                self.wrong("serials move from where they are not", entry=number, asset=asset, first=first, last=last)

    def hand_over(self, asset, source, target, first, last):
        """Give serials from one place to another; tell whether they were there. Pieces are (first, last, place)."""
        pieces = self.serials.setdefault(asset, [])
        if source[1] == "issuance":
            pieces.append((first, last, target))
            pieces.sort()
            return True
        number = bisect.bisect_right(pieces, (first, float("inf"))) - 1
        wanted = first
        fits = True
        while wanted <= last:
            if not 0 <= number < len(pieces) or not pieces[number][0] <= wanted <= pieces[number][1]:
                return False
            low, high, place = pieces[number]
            fits = fits and place == source
            end = min(high, last)
            cut = [(low, wanted - 1, place)] if low < wanted else []
            cut.append((wanted, end, target))
            if end < high:
                cut.append((end + 1, high, place))
            pieces[number : number + 1] = cut
            number, wanted = number + len(cut) - (1 if end < high else 0), end + 1
        return fits

    def compare_holdings(self):
        left = {place: units for place, units in self.units.items() if units}
        for line in self.lines("holdings.jsonl"):
            place = (line["asset"], line["organisation"], line["purpose"])
            units = left.pop(place, 0)
            if units != line["units"]:
                self.wrong("holding is not what its legs say", **line, by_legs=units)
        for (asset, whom, what), units in sorted(left.items()):
            self.wrong("holding is missing", asset=asset, organisation=whom, purpose=what, by_legs=units)

    def compare_blocks(self):
        stored = {}
        for line in self.lines("blocks.jsonl"):
            piece = (line["first"], line["last"], (line["organisation"], line["purpose"]))
            stored.setdefault(line["asset"], []).append(piece)
        for asset in sorted(set(stored) | set(self.serials)):
            ours, theirs = merged(self.serials.get(asset, [])), merged(stored.get(asset, []))
            if ours != theirs:
                first = next((one for one in [*ours, *theirs] if one not in ours or one not in theirs), None)
                self.wrong("serial blocks are not what the moves say", asset=asset, first=first and first[0])


def merged(pieces):
    """Return neighbouring pieces of one place as one."""
    out = []
    for first, last, place in sorted(pieces):
        if out and out[-1][2] == place and out[-1][1] + 1 == first:
            out[-1] = (out[-1][0], last, place)
        else:
            out.append((first, last, place))
    return out


def check_export(file, keys, kept=()):
    """Return what a check of an export found. Raises ValueError, KeyError, zipfile.BadZipFile."""
    with zipfile.ZipFile(file) as archive:
        if archive.read("format.txt").decode().strip() != FORMAT:
            raise ValueError("this is no " + FORMAT)
        return Check(archive, list(keys), list(kept)).run()


def check_pack(file, keys):
    """Return what a check of an evidence pack found. Raises ValueError, KeyError, zipfile.BadZipFile."""
    problems = []

    def wrong(what, **place):
        problems.append({"what": what, **place})

    with zipfile.ZipFile(file) as archive:
        names = archive.namelist()
        if archive.read("format.txt").decode().strip() != PACK_FORMAT:
            raise ValueError("this is no " + PACK_FORMAT)
        compare_sums(archive, names, wrong)
        head = opened(archive.read("log/head.txt").decode(), keys)
        if head is None:
            wrong("head is not signed by the key")
        proved = {}
        for number, line in enumerate(archive.read("log/proofs.jsonl").splitlines()):
            proof = json.loads(line)
            value, path = bytes.fromhex(proof["leaf_hash"]), [bytes.fromhex(step) for step in proof["path"]]
            if proof["subject"] in proved:
                wrong("subject has two proofs", line=number, subject=proof["subject"])
            proved[proof["subject"]] = proof["text"]
            if leaf_hash(proof["text"] or "") != value:
                wrong("leaf is not what its hash says", line=number, subject=proof["subject"])
            elif head is not None and not included(value, proof["position"], head[1], path, head[2]):
                wrong("the path does not lead to the head", line=number, subject=proof["subject"])
        waiting = archive.read("log/waiting.txt").decode().split()
        before = archive.read("log/before.txt").decode().split()
        entries = compare_entries(archive, proved, {*waiting, *before}, wrong)
        for name in names:
            if name.startswith("calculations/") and name[13:-5] != hashlib.sha256(archive.read(name)).hexdigest():
                wrong("calculation is not what its record says", file=name)
    return {
        "status": "broken" if problems else "ok",
        "files": len(names),
        "leaves": len(proved),
        "entries": entries,
        "waiting": len(waiting),
        "before_the_log": len(before),
        "found": len(problems),
        "problems": problems[:MOST_TOLD],
    }


def compare_sums(archive, names, wrong):
    """Compare each file with the list of hashes: none changed, none missing, none beside it, none twice."""
    listed = {}
    for line in archive.read(SUMS).decode().splitlines():
        value, _, name = line.partition("  ")
        listed[name] = value
    if len(names) != len(set(names)):
        wrong("a file is there twice")
    for name in sorted({*names, *listed} - {SUMS}):
        if name not in listed:
            wrong("file is not in the list of hashes", file=name)
        elif name not in names:
            wrong("file is missing", file=name)
        elif hashlib.sha256(archive.read(name)).hexdigest() != listed[name]:
            wrong("file is not what its hash says", file=name)


def compare_entries(archive, proved, excused, wrong):
    """Compare the ledger's own words of each entry with the log's; return how many entries there are."""
    entries, seen = 0, set()
    for line in archive.read("ledger/entries.jsonl").splitlines():
        said = json.loads(line)
        subject, entries = f"entry:{said['entry']}", entries + 1
        seen.add(subject)
        if subject in proved:
            if proved[subject] != said["text"]:
                wrong("entry is not what its leaf says", entry=said["entry"])
        elif subject not in excused:
            wrong("entry has no leaf", entry=said["entry"])
    for subject in sorted(proved):
        if subject.startswith("entry:") and subject not in seen:
            wrong("entry of a leaf is not there", subject=subject)
    return entries


def check_proof(proof, keys):
    """Return what a check of one inclusion or consistency proof found. Raises ValueError, KeyError."""
    problems = []
    path = [bytes.fromhex(step) for step in proof["path"]]
    if "position" in proof:
        head = opened(proof["note"], keys)
        value = bytes.fromhex(proof["leaf_hash"])
        if head is None:
            problems.append({"what": "head is not signed by the key"})
        elif not included(value, proof["position"], head[1], path, head[2]):
            problems.append({"what": "the path does not lead to the head"})
        if proof.get("text") and leaf_hash(proof["text"]) != value:
            problems.append({"what": "leaf is not what its hash says"})
    else:
        old, new = opened(proof["old_note"], keys), opened(proof["new_note"], keys)
        if old is None or new is None:
            problems.append({"what": "head is not signed by the key"})
        elif not consistent(old[1], new[1], old[2], new[2], path):
            problems.append({"what": "the old head is not the beginning of the new one"})
    return {"status": "broken" if problems else "ok", "found": len(problems), "problems": problems}


def subject_of(text):
    """The subject that a leaf's own text names, or None where it names none."""
    try:
        said = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if not isinstance(said, dict):
        return None
    return f"entry:{said['entry']}" if "entry" in said else said.get("decision")


def included(value, position, size, path, root):
    """RFC 9162, 2.1.3.2."""
    if not 0 <= position < size:
        return False
    number, last = position, size - 1
    for step in path:
        if last == 0:
            return False
        if number % 2 or number == last:
            value = pair_hash(step, value)
            while number % 2 == 0 and number:
                number, last = number // 2, last // 2
        else:
            value = pair_hash(value, step)
        number, last = number // 2, last // 2
    return last == 0 and value == root


def consistent(old, new, old_root, new_root, path):
    """RFC 9162, 2.1.4.2."""
    if old == new:
        return not path and old_root == new_root
    if not 0 < old < new:
        return False
    steps = list(path) if old & (old - 1) else [old_root, *path]
    if not steps:
        return False
    number, last = old - 1, new - 1
    while number % 2:
        number, last = number // 2, last // 2
    older = newer = steps[0]
    for step in steps[1:]:
        if last == 0:
            return False
        if number % 2 or number == last:
            older, newer = pair_hash(step, older), pair_hash(step, newer)
            while number % 2 == 0 and number:
                number, last = number // 2, last // 2
        else:
            newer = pair_hash(newer, step)
        number, last = number // 2, last // 2
    return last == 0 and (older, newer) == (old_root, new_root)


def main():
    parser = argparse.ArgumentParser(description="Check an export of the transparency log, a pack, or one proof.")
    parser.add_argument("what", choices=["export", "pack", "proof"])
    parser.add_argument("file")
    parser.add_argument("--key", action="append", required=True, help="the verifier key you took down")
    parser.add_argument("--head", action="append", default=[], help="a file with a signed head you kept")
    given = parser.parse_args()
    try:
        if given.what == "export":
            kept = []
            for name in given.head:
                with open(name, encoding="utf-8") as file:
                    kept.append(file.read())
            answer = check_export(given.file, given.key, kept)
        elif given.what == "pack":
            answer = check_pack(given.file, given.key)
        else:
            with open(given.file, encoding="utf-8") as file:
                answer = check_proof(json.load(file), given.key)
    except (OSError, ValueError, KeyError, TypeError, RecursionError, zipfile.BadZipFile) as error:
        told = {"error": {"code": "unreadable", "field": given.file, "message": f"{type(error).__name__}: {error}"}}
        sys.stderr.write(json.dumps(told) + "\n")
        return 2
    sys.stdout.write(json.dumps(answer, ensure_ascii=False, indent=1) + "\n")
    return 1 if answer["problems"] else 0


if __name__ == "__main__":
    sys.exit(main())
