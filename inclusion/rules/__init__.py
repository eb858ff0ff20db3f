"""Decisions and arithmetic of this room: no Django, no clock; whole fen and whole tonnes, but in footprints."""

from inclusion.rules.events import (
    CATEGORIES,
    ENERGY,
    FUELS,
    GROUPS,
    REGIONS,
    Group,
    Line,
    field_of,
    inputs_of,
    lines_of,
    not_counted,
)
from inclusion.rules.offers import Offer, Share, Wanted, best_shares
from inclusion.rules.states import OPEN, State, end_of

__all__ = [
    "CATEGORIES",
    "ENERGY",
    "FUELS",
    "GROUPS",
    "OPEN",
    "REGIONS",
    "Group",
    "Line",
    "Offer",
    "Share",
    "State",
    "Wanted",
    "best_shares",
    "end_of",
    "field_of",
    "inputs_of",
    "lines_of",
    "not_counted",
]
