"""What the rulebook does: take in shipped data, move the business clock."""

from rulebook.services.clock import finish_clock_move, record_sweep, set_clock, start_clock_move
from rulebook.services.shipped import load_calendar, load_divisions, load_outlines, load_rules, load_shipped_data

__all__ = [
    "finish_clock_move",
    "load_calendar",
    "load_divisions",
    "load_outlines",
    "load_rules",
    "load_shipped_data",
    "record_sweep",
    "set_clock",
    "start_clock_move",
]
