"""Where a purchase stands, and where it ends."""

from enum import StrEnum


class State(StrEnum):
    """ordered: with the matching job; bought: to be retired. The other three are ends.

    retired: all that was wanted; partly: some was bought and retired; failed: nothing was retired (what was bought,
    if anything, stays with the buyer as holdings).
    """

    ORDERED = "ordered"
    BOUGHT = "bought"
    RETIRED = "retired"
    PARTLY = "partly"
    FAILED = "failed"


OPEN = (State.ORDERED, State.BOUGHT)


def end_of(*, wanted: int, retired: int) -> State:
    """Return the end of a purchase of which `retired` of the `wanted` tonnes have been retired."""
    assert 0 <= retired <= wanted
    if retired == wanted:
        return State.RETIRED
    return State.PARTLY if retired else State.FAILED
