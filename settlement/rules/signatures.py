"""Signatures between the platform and the bank (Standard Webhooks), over any UTF-8 text.

The library reads whatever it verifies as JSON; a bank speaks XML, so what was signed is compared here.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from standardwebhooks.webhooks import Webhook


def signed_headers(*, secret: str, message_id: str, text: str, at: datetime) -> dict[str, str]:
    """Return the headers that sign a text under a message's number at an instant of real time."""
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": Webhook(secret).sign(message_id, at, text),
    }


def is_signed(
    *, secret: str, body: bytes, headers: Mapping[str, str], at: datetime, most_age: timedelta, message_id: str = ""
) -> bool:
    """Tell whether the headers sign a body, at most `most_age` from `at`, and as an answer to `message_id` if given."""
    given = {name.lower(): value for name, value in headers.items()}
    number = given.get("webhook-id", "")
    try:
        signed_at = datetime.fromtimestamp(int(given.get("webhook-timestamp", "")), UTC)
        expected = Webhook(secret).sign(number, signed_at, body.decode())
    except (ValueError, OverflowError, RuntimeError):
        return False
    fits = any(
        hmac.compare_digest(expected.encode(), one.encode()) for one in given.get("webhook-signature", "").split(" ")
    )
    return fits and abs(at - signed_at) <= most_age and message_id in ("", number)
