"""The tree against the definitions of RFC 9162, written out as plainly as they stand there."""

import base64
import hashlib
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from settlement.rules import merkle, seals
from settlement.rules.seals import TREE, Head, Signer, opened

# Source: RFC 6962's reference implementation (its test vectors of eight leaves).
EIGHT = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"]
ROOTS = {
    0: "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    1: "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    2: "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    3: "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    8: "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
}


def mth(data):
    """Return the root as 2.1.1 defines it."""
    if not data:
        return hashlib.sha256(b"").digest()
    if len(data) == 1:
        return hashlib.sha256(b"\0" + data[0]).digest()
    k = half(len(data))
    return hashlib.sha256(b"\1" + mth(data[:k]) + mth(data[k:])).digest()


def half(n):
    k = 1
    while k * 2 < n:
        k *= 2
    return k


def path(m, data):
    """2.1.3.1."""
    if len(data) == 1:
        return []
    k = half(len(data))
    return [*path(m, data[:k]), mth(data[k:])] if m < k else [*path(m - k, data[k:]), mth(data[:k])]


def proof(m, data, whole=True):
    """2.1.4.1."""
    if m == len(data):
        return [] if whole else [mth(data)]
    k = half(len(data))
    if m <= k:
        return [*proof(m, data[:k], whole), mth(data[k:])]
    return [*proof(m - k, data[k:], False), mth(data[:k])]


def grow(data, cuts=()):
    """Return all nodes of a tree that was grown in parts."""
    nodes, size = {}, 0
    for end in [*sorted(cuts), len(data)]:
        for node, value in merkle.grown(nodes, size, [TREE.leaf(one) for one in data[size:end]], TREE):
            nodes[node] = value
        size = end
    return nodes


def over(nodes, span):
    return merkle.folded([nodes[node] for node in merkle.whole_subtrees(span)], TREE)


LEAVES = st.integers(1, 70).map(lambda n: [bytes([i]) for i in range(n)])


@pytest.mark.parametrize(("size", "root"), ROOTS.items())
def test_the_published_roots_come_out(size, root):
    data = [bytes.fromhex(one) for one in EIGHT[:size]]
    assert over(grow(data), (0, size)).hex() == root == mth(data).hex()


@given(data=LEAVES, draw=st.data())
def test_a_tree_grown_in_parts_has_the_root_of_the_definition(data, draw):
    cuts = draw.draw(st.lists(st.integers(0, len(data)), max_size=4))
    nodes = grow(data, cuts)
    for size in range(len(data) + 1):
        assert over(nodes, (0, size)) == mth(data[:size])


@given(data=LEAVES, draw=st.data())
def test_inclusion_is_proved_as_defined_and_nothing_else_is(data, draw):
    position = draw.draw(st.integers(0, len(data) - 1))
    nodes = grow(data)
    given_path = [over(nodes, span) for span in merkle.inclusion_spans(position, len(data))]
    assert given_path == path(position, data)

    told = {"position": position, "size": len(data), "path": given_path, "root": mth(data), "tree": TREE}
    assert merkle.included(leaf=TREE.leaf(data[position]), **told)
    assert not merkle.included(leaf=TREE.leaf(b"another"), **told)
    if len(data) > 1:
        other = draw.draw(st.integers(0, len(data) - 1).filter(lambda one: one != position))
        assert not merkle.included(leaf=TREE.leaf(data[position]), **told | {"position": other})
    assert not merkle.included(leaf=TREE.leaf(data[position]), **told | {"path": [*given_path, mth(data)]})


@given(data=LEAVES, draw=st.data())
def test_consistency_is_proved_as_defined_and_nothing_else_is(data, draw):
    old = draw.draw(st.integers(1, len(data)))
    nodes = grow(data)
    steps = [over(nodes, span) for span in merkle.consistency_spans(old, len(data))]
    assert steps == proof(old, data)

    told = {"old": old, "new": len(data), "old_root": mth(data[:old]), "new_root": mth(data), "tree": TREE}
    assert merkle.consistent(path=steps, **told)
    assert not merkle.consistent(path=steps, **told | {"old_root": mth([*data[: old - 1], b"rewritten"])})
    assert not merkle.consistent(path=[*steps, mth(data)], **told)


SIGNER = Signer(name="tanhui.test/log", secret=base64.b64encode(bytes(range(32))).decode())
HEAD = Head("tanhui.test/log", 3, bytes(32), datetime(2026, 3, 2, 2, 0, tzinfo=UTC))


def test_a_note_is_opened_by_the_key_of_its_signer_alone():
    note = SIGNER.signed(HEAD)
    other = Signer(name="tanhui.test/log", secret=base64.b64encode(bytes(32)).decode())
    assert opened(note, SIGNER.verifier_key) == HEAD
    assert opened(note, other.verifier_key) is None
    assert opened(note.replace("\n3\n", "\n4\n"), SIGNER.verifier_key) is None
    assert opened(note.replace("02:00:00", "03:00:00"), SIGNER.verifier_key) is None


@given(text=st.text(max_size=200))
def test_any_text_is_no_note(text):
    assert opened(text, SIGNER.verifier_key) is None


@pytest.mark.parametrize("secret", ["", "AAAA", "not base64", "A" * 44])
def test_a_key_that_is_none_is_refused(secret):
    with pytest.raises(ValueError, match="32 bytes"):
        Signer(name="a", secret=secret)


def test_the_spans_of_whole_subtrees_are_largest_first():
    assert merkle.whole_subtrees((0, 7)) == [(2, 0), (1, 2), (0, 6)]
    assert merkle.whole_subtrees((4, 7)) == [(1, 2), (0, 6)]
    assert seals.note_text(HEAD).splitlines() == [
        "tanhui.test/log",
        "3",
        base64.b64encode(bytes(32)).decode(),
        "2026-03-02T02:00:00Z",
    ]
