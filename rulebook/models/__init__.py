"""Tables of the rulebook: dated rules, the calendar, divisions, and the business clock."""

from rulebook.models.calendar import CalendarYear, SpecialDay
from rulebook.models.changes import RuleChange
from rulebook.models.clock import ClockMove, ClockMoveStep, ClockOffset, Installation
from rulebook.models.divisions import Division, DivisionOutline
from rulebook.models.values import LegalBasis, RuleValue

__all__ = [
    "CalendarYear",
    "ClockMove",
    "ClockMoveStep",
    "ClockOffset",
    "Division",
    "DivisionOutline",
    "Installation",
    "LegalBasis",
    "RuleChange",
    "RuleValue",
    "SpecialDay",
]
