"""A Merkle tree as RFC 9162 has it: roots, inclusion and consistency proofs over kept hashes of whole subtrees.

A node is (level, index): the hash over 2^level leaves from position index * 2^level on. Whole subtrees never change, so
any proof of any size is made of a few kept nodes. Source: RFC 9162, section 2.1; the hash is a parameter.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Protocol

Node = tuple[int, int]
Span = tuple[int, int]  # Leaves from the first up to, not with, the second.


class TreeHash(Protocol):
    """How leaves and pairs are hashed."""

    def leaf(self, data: bytes) -> bytes:
        """Return the hash of a leaf."""

    def pair(self, left: bytes, right: bytes) -> bytes:
        """Return the hash over two subtrees."""

    def empty(self) -> bytes:
        """Return the root of a tree without leaves."""


def whole_subtrees(span: Span) -> list[Node]:
    """Return the largest whole subtrees that make up a span, left to right; it begins where the largest may begin."""
    first, end = span
    nodes = []
    while first < end:
        level = (end - first).bit_length() - 1
        while first % (1 << level):
            level -= 1
        nodes.append((level, first >> level))
        first += 1 << level
    return nodes


def folded(hashes: Sequence[bytes], tree: TreeHash) -> bytes:
    """Return the hash over neighbouring whole subtrees, given left to right, largest first. No subtree: empty tree."""
    if not hashes:
        return tree.empty()
    root = hashes[-1]
    for left in reversed(hashes[:-1]):
        root = tree.pair(left, root)
    return root


def grown(
    kept: Mapping[Node, bytes], size: int, leaves: Iterable[bytes], tree: TreeHash
) -> Iterator[tuple[Node, bytes]]:
    """Give the nodes that new leaf hashes complete, lowest first, each leaf itself as level 0.

    kept: the hashes of `whole_subtrees((0, size))`. Nodes are given in the order in which they are completed.
    """
    edge = [(node, kept[node]) for node in whole_subtrees((0, size))]
    for position, leaf in enumerate(leaves, start=size):
        node, value = (0, position), leaf
        yield node, value
        while edge and edge[-1][0][0] == node[0]:
            _, left = edge.pop()
            node, value = (node[0] + 1, node[1] >> 1), tree.pair(left, value)
            yield node, value
        edge.append((node, value))


def inclusion_spans(position: int, size: int) -> list[Span]:
    """Return the spans whose hashes prove that a leaf is at a position of a tree of `size`, nearest first."""
    assert 0 <= position < size
    first, end, spans = 0, size, []
    while end - first > 1:
        middle = first + _half(end - first)
        if position < middle:
            spans.append((middle, end))
            end = middle
        else:
            spans.append((first, middle))
            first = middle
    return spans[::-1]


def consistency_spans(old: int, new: int) -> list[Span]:
    """Return the spans whose hashes prove that a tree of `old` leaves is the beginning of one of `new`."""
    assert 0 < old <= new
    first, end, spans, whole = 0, new, [], True
    while old != end:
        middle = first + _half(end - first)
        if old <= middle:
            spans.append((middle, end))
            end = middle
        else:
            spans.append((first, middle))
            first, whole = middle, False
    if not whole:
        spans.append((first, end))
    return spans[::-1]


def _half(count: int) -> int:
    """Return the largest power of two below `count`."""
    return 1 << ((count - 1).bit_length() - 1)


def included(*, leaf: bytes, position: int, size: int, path: Sequence[bytes], root: bytes, tree: TreeHash) -> bool:
    """Tell whether a path proves a leaf's place under a root (RFC 9162, 2.1.3.2)."""
    if not 0 <= position < size:
        return False
    number, last, value = position, size - 1, leaf
    for step in path:
        if last == 0:
            return False
        if number & 1 or number == last:
            value = tree.pair(step, value)
            while not number & 1 and number:
                number, last = number >> 1, last >> 1
        else:
            value = tree.pair(value, step)
        number, last = number >> 1, last >> 1
    return last == 0 and value == root


def consistent(*, old: int, new: int, old_root: bytes, new_root: bytes, path: Sequence[bytes], tree: TreeHash) -> bool:
    """Tell whether a path proves that the old tree is the beginning of the new one (RFC 9162, 2.1.4.2)."""
    if old == new:
        return not path and old_root == new_root
    if not 0 < old < new:
        return False
    steps = list(path) if old & (old - 1) else [old_root, *path]
    if not steps:
        return False
    number, last = old - 1, new - 1
    while number & 1:
        number, last = number >> 1, last >> 1
    older = newer = steps[0]
    for step in steps[1:]:
        if last == 0:
            return False
        if number & 1 or number == last:
            older, newer = tree.pair(step, older), tree.pair(step, newer)
            while not number & 1 and number:
                number, last = number >> 1, last >> 1
        else:
            newer = tree.pair(newer, step)
        number, last = number >> 1, last >> 1
    return last == 0 and (older, newer) == (old_root, new_root)
