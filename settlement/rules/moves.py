"""Which serial blocks follow which movement of units.

A block is handed over whole, or a piece is carved from its top; its first serial never changes.
Source: docs/decisions/0004-serial-blocks.md.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Block:
    """A block of one holding: serials `first`..`last`, both included."""

    id: int
    first: int
    last: int


@dataclass(frozen=True)
class Take:
    """`units` of the holding go to `holding_id` under `entry_id`."""

    units: int
    holding_id: int
    entry_id: int


@dataclass(frozen=True)
class Piece:
    """Serials `first`..`last`, to be cut from the top of `parent_id`."""

    parent_id: int
    first: int
    last: int
    holding_id: int
    entry_id: int


@dataclass(frozen=True)
class Handover:
    """The rest of block `block_id` changes hands as it is."""

    block_id: int
    first: int
    last: int
    holding_id: int
    entry_id: int


def plan_moves(blocks: Sequence[Block], takes: Iterable[Take]) -> tuple[list[Piece], list[Handover]]:
    """Return the pieces to carve and the blocks to hand over whole, so that each take gets exactly its units.

    blocks: of one holding, lowest serials first; together at least as long as all takes.
    All pieces are to be inserted in one statement, before the hand-overs: pieces of one parent touch each other.
    """
    pieces: list[Piece] = []
    handovers: list[Handover] = []
    rest = [(block.id, block.first, block.last) for block in reversed(blocks)]
    for take in takes:
        wanted = take.units
        while wanted:
            block_id, first, last = rest.pop()
            length = last - first + 1
            if length <= wanted:
                handovers.append(Handover(block_id, first, last, take.holding_id, take.entry_id))
                wanted -= length
            else:
                pieces.append(Piece(block_id, last - wanted + 1, last, take.holding_id, take.entry_id))
                rest.append((block_id, first, last - wanted))
                wanted = 0
    return pieces, handovers


@dataclass(frozen=True)
class NamedTake:
    """Serials `first`..`last` of the holding go to `holding_id` under `entry_id`."""

    first: int
    last: int
    holding_id: int
    entry_id: int


class SerialsElsewhere(ValueError):
    """A named serial does not stand in the holding, or not so that it can be taken out by itself."""


def plan_named_moves(blocks: Sequence[Block], takes: Iterable[NamedTake]) -> tuple[list[Piece], list[Handover]]:
    """Return the pieces to carve and the blocks to hand over whole, so that each take gets exactly its serials.

    blocks: those of one holding that the takes touch, in any order. A take may end anywhere above the first serial of
    a block, but must reach the block's top: pieces are cut from there alone. What came into a holding by one entry
    and what was later split off it always is such a range. Raises SerialsElsewhere.
    """
    pieces: list[Piece] = []
    handovers: list[Handover] = []
    tops = {block.last: block for block in blocks}
    for take in sorted(takes, key=lambda one: one.first, reverse=True):
        at = take.last
        while at >= take.first:
            block = tops.pop(at, None)
            if block is None:
                raise SerialsElsewhere(at)
            first = max(block.first, take.first)
            if first == block.first:
                handovers.append(Handover(block.id, first, at, take.holding_id, take.entry_id))
            else:
                pieces.append(Piece(block.id, first, at, take.holding_id, take.entry_id))
                tops[first - 1] = Block(block.id, block.first, first - 1)
            at = first - 1
    return pieces, handovers
