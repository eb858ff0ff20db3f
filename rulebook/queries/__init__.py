"""What the law says on a day, and what time it is."""

from rulebook.queries.calendar import (
    add_calendar_days,
    add_trading_days,
    add_working_days,
    calendar,
    calendar_loaded_until,
    is_trading_day,
    is_working_day,
    next_trading_day,
    previous_trading_day,
    special_days,
)
from rulebook.queries.clock import (
    ClockMoveView,
    business_date,
    clock_move,
    is_clock_moving,
    last_move,
    now,
    running_move,
)
from rulebook.queries.divisions import banner_outline, division, divisions, is_under, outlines
from rulebook.queries.edition import edition
from rulebook.queries.targets import ClockTarget, clock_targets
from rulebook.queries.values import (
    change,
    changes_of,
    history_of,
    legal_bases,
    legal_basis,
    rule,
    rules_in_force,
    rules_of,
    schemes,
)

__all__ = [
    "ClockMoveView",
    "ClockTarget",
    "add_calendar_days",
    "add_trading_days",
    "add_working_days",
    "banner_outline",
    "business_date",
    "calendar",
    "calendar_loaded_until",
    "change",
    "changes_of",
    "clock_move",
    "clock_targets",
    "division",
    "divisions",
    "edition",
    "history_of",
    "is_clock_moving",
    "is_trading_day",
    "is_under",
    "is_working_day",
    "last_move",
    "legal_bases",
    "legal_basis",
    "next_trading_day",
    "now",
    "outlines",
    "previous_trading_day",
    "rule",
    "rules_in_force",
    "rules_of",
    "running_move",
    "schemes",
    "special_days",
]
