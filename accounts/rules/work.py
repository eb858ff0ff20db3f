"""Work items (待办): what is due, for whom, and how many days are left."""

from dataclasses import dataclass
from datetime import date, datetime


@dataclass(frozen=True)
class WorkItemView:
    """An open work item as the workbench shows it."""

    id: int
    kind: str
    title: str  # English message id, with {names} of `found`.
    found: dict[str, str]
    subject: str
    url: str
    role: str
    opened_at: datetime
    due_at: datetime | None
    is_provisional: bool  # The due date rests on a calendar year that is not loaded yet.
    days_left: int | None  # Calendar days to the due date, negative when overdue.
    claimed_by_id: int | None
    claimed_by: str

    @property
    def is_overdue(self) -> bool:
        return self.days_left is not None and self.days_left < 0


def days_left(due: date, today: date) -> int:
    """Return the calendar days from today to the due date: 0 on the day itself, negative after it."""
    return (due - today).days
