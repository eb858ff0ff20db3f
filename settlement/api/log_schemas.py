"""What the transparency log gives as JSON: hashes as hex, notes as they were signed."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel, Field

from accounts.api.bodies import Filters
from rulebook.rules import beijing
from settlement.models import LogHead
from settlement.queries import ConsistencyProof, InclusionProof

MOST = 2**62  # No log is larger; what fits the column for certain.


class ProofFilters(Filters):
    """`subject`: an act, `entry:12`. `size`: of the signed head that the path leads to, by default the newest."""

    subject: str = Field(max_length=80)
    size: int | None = Field(default=None, ge=1, le=MOST)


class ConsistencyFilters(Filters):
    """Sizes of two signed heads, the older first."""

    old: int = Field(ge=1, le=MOST)
    new: int = Field(ge=1, le=MOST)


class HeadShown(BaseModel):
    """A signed head: the root over the first `size` leaves; `note` is what was signed, with its signature."""

    id: int
    size: int
    root: str
    note: str
    at: datetime
    recorded_at: datetime


class HeadsShown(BaseModel):
    """Heads, newest first."""

    next: str | None
    results: list[HeadShown]


class KeysShown(BaseModel):
    """Verifier keys, `name+hash+key`, oldest first."""

    results: list[str]


class InclusionShown(BaseModel):
    """A leaf's place and the path from its hash to the root in `note`. `text` is empty for who may not read it."""

    subject: str
    position: int
    leaf_hash: str
    text: str
    size: int
    path: list[str]
    note: str


class ConsistencyShown(BaseModel):
    """The path that leads from the head in `old_note` to that in `new_note`."""

    old_size: int
    new_size: int
    old_note: str
    new_note: str
    path: list[str]


def head_shown(head: LogHead) -> HeadShown:
    """Return a head as JSON shows it."""
    return HeadShown(
        id=head.pk,
        size=head.size,
        root=bytes(head.root).hex(),
        note=head.note,
        at=beijing(head.at),
        recorded_at=beijing(head.recorded_at),
    )


def inclusion_shown(proof: InclusionProof) -> InclusionShown:
    """Return an inclusion proof as JSON shows it, and as the verifier reads it."""
    return InclusionShown(
        subject=proof.subject,
        position=proof.position,
        leaf_hash=proof.leaf_hash.hex(),
        text=proof.text,
        size=proof.size,
        path=[step.hex() for step in proof.path],
        note=proof.note,
    )


def consistency_shown(proof: ConsistencyProof) -> ConsistencyShown:
    """Return a consistency proof as JSON shows it, and as the verifier reads it."""
    return ConsistencyShown(
        old_size=proof.old_size,
        new_size=proof.new_size,
        old_note=proof.old_note,
        new_note=proof.new_note,
        path=[step.hex() for step in proof.path],
    )
