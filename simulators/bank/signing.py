"""Standard Webhooks signatures of any text. The library reads whatever it verifies as JSON; a bank speaks XML."""

from __future__ import annotations

import datetime
import hmac
from collections.abc import Mapping

from standardwebhooks.webhooks import Webhook

MOST_AGE = datetime.timedelta(minutes=5)


def signed(webhook: Webhook, message_id: str, text: str) -> dict[str, str]:
    """Return the headers that sign a text now."""
    now = datetime.datetime.now(datetime.UTC)
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": webhook.sign(message_id, now, text),
    }


def is_signed(webhook: Webhook, text: str, headers: Mapping[str, str]) -> bool:
    """Tell whether the headers sign a text, not long ago."""
    given = {name.lower(): value for name, value in headers.items()}
    try:
        moment = datetime.datetime.fromtimestamp(int(given.get("webhook-timestamp", "")), datetime.UTC)
        expected = webhook.sign(given.get("webhook-id", ""), moment, text)
    except (ValueError, OverflowError):
        return False
    fits = hmac.compare_digest(expected.encode(), given.get("webhook-signature", "").encode())
    return fits and abs(datetime.datetime.now(datetime.UTC) - moment) <= MOST_AGE
