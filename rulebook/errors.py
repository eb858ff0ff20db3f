"""What any room refuses. A refusal has a stable code; `config/refusals.py` alone turns it into an answer over HTTP.

The message is an English sentence with {names} of the found values; the edges translate it (gettext) and fill it in.
"""

from __future__ import annotations

from typing import Any, ClassVar


class Refusal(Exception):
    """A request that is understood and refused. Nothing was written.

    field: which input is meant, "" for the request as a whole.
    rule:  the dated rulebook value it rests on (rulebook.rules.RuleValue), or None.
    found: the values the message names.
    """

    code: ClassVar[str] = "refused"
    message: ClassVar[str] = "The request was refused."

    def __init__(self, field: str = "", rule: Any = None, **found: Any) -> None:
        super().__init__(field, rule, found)  # As args, so that it survives pickling.
        self.field, self.rule, self.found = field, rule, found

    def __reduce__(self) -> tuple[Any, ...]:
        return _again, (type(self), self.field, self.rule, self.found)

    def __str__(self) -> str:
        return self.message.format(**self.found)


def _again(kind: type[Refusal], field: str, rule: Any, found: dict[str, Any]) -> Refusal:
    return kind(field, rule, **found)


class NotThere(Refusal):
    """No such thing, or not one that this actor may know of: the two look the same."""

    code = "not_found"
    message = "There is no such record."


class NotAllowed(Refusal):
    """The actor is known and may not do this."""

    code = "not_allowed"
    message = "You may not do this."


class Conflicting(Refusal):
    """The request contradicts what is there now."""

    code = "conflict"
    message = "The record has changed in the meantime."


class Unavailable(Refusal):
    """Something needed does not answer now; the same request may be sent again."""

    code = "unavailable"
    message = "The service is busy. Please send the same request again."


class RuleMissing(Refusal):
    """No rule value of this key is in force on the day."""

    code = "rule_missing"
    message = "No rule value {key} of scheme {scheme} is in force on {day}."


class ClockRunsTrue(NotAllowed):
    """This installation lives by real time."""

    code = "clock_runs_true"
    message = "The business clock of this installation is the real time and cannot be moved."


class ClockMovesForwards(Conflicting):
    """The target lies before the present business time."""

    code = "clock_moves_forwards"
    message = "The business clock only moves forwards; it is past {target} already."


class ClockMovesTooFar(Refusal):
    """The target is further ahead than one move may go."""

    code = "clock_moves_too_far"
    message = "The business clock moves by at most {days} days at once, and never back."


class ClockTimeUnreadable(Refusal):
    """The target is neither a known name nor a time."""

    code = "clock_time_unreadable"
    message = "A time is expected, as 2026-03-27T09:35+08:00."


class ClockIsMoving(Conflicting):
    """Another move is under way."""

    code = "clock_is_moving"
    message = "The business clock is being moved already. Please wait until it has arrived."


class RuleIsFixed(Conflicting):
    """A shipped value differs from the one already in force since the same day."""

    code = "rule_is_fixed"
    message = "Rule {key} of {scheme} has been in force since {day} with another value. A change needs a new date."


class ValueDiffers(Refusal):
    """A text that is no value of the rule."""

    code = "value_differs"
    message = "This is no value of the rule. It is written like the present one: {example}"


class ValueUnchanged(Refusal):
    """The present value on the present basis."""

    code = "value_unchanged"
    message = "This is the present value, on the present basis."


class BasisUnknown(Refusal):
    """No such legal basis."""

    code = "basis_unknown"
    message = "Choose the law, measure or decision that the new value rests on."


class ChangeTooEarly(Refusal):
    """A change of a rule that would be in force at once or in the past."""

    code = "change_too_early"
    message = "A change of a rule takes effect on a day after today ({today})."


class OtherValueScheduled(Conflicting):
    """A later value has been decided already, or the rule has ended."""

    code = "other_value_scheduled"
    message = "Another value is decided to be in force from {day} on; a change begins after that day."


class ChangeOpen(Conflicting):
    """Another change of the rule waits to be decided."""

    code = "change_open"
    message = "A change of this rule waits to be decided already."


class ChangeNotThere(NotThere):
    """No such change, or it has been decided."""
