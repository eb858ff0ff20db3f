"""What a rule value, a due date and a division are; the arithmetic of days. No Django, no clock."""

from rulebook.rules.changes import ChangeView, ShapeDiffers, change_digest, fits, parsed
from rulebook.rules.days import BEIJING, Calendar, DueDate, beijing
from rulebook.rules.divisions import Division, DivisionLevel
from rulebook.rules.values import LegalBasis, RuleValue

__all__ = [
    "BEIJING",
    "Calendar",
    "ChangeView",
    "Division",
    "DivisionLevel",
    "DueDate",
    "LegalBasis",
    "RuleValue",
    "ShapeDiffers",
    "beijing",
    "change_digest",
    "fits",
    "parsed",
]
