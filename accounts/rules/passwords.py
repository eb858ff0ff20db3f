"""When an entered password still counts."""

from datetime import datetime, timedelta


def is_confirmed(confirmed_at: datetime | None, *, at: datetime, minutes: int) -> bool:
    """Return whether the password was entered at most `minutes` before `at`."""
    return confirmed_at is not None and timedelta(0) <= at - confirmed_at <= timedelta(minutes=minutes)
