"""What the rulebook does: take in shipped data, change rules, move the business clock."""

from rulebook.services.changes import approve_change, end_change, locked_change, propose_change
from rulebook.services.clock import finish_clock_move, record_sweep, set_clock, start_clock_move
from rulebook.services.shipped import load_calendar, load_divisions, load_outlines, load_rules, load_shipped_data

__all__ = [
    "approve_change",
    "end_change",
    "finish_clock_move",
    "load_calendar",
    "load_divisions",
    "load_outlines",
    "load_rules",
    "load_shipped_data",
    "locked_change",
    "propose_change",
    "record_sweep",
    "set_clock",
    "start_clock_move",
]
