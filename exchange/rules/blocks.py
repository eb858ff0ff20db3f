"""The life of a block agreement."""

from enum import StrEnum


class BlockState(StrEnum):
    """Where a block agreement stands. The last five are final."""

    PROPOSED = "proposed"
    ACCEPTED = "accepted"
    CONFIRMED = "confirmed"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"
    REFUSED = "refused"
    LAPSED = "lapsed"
