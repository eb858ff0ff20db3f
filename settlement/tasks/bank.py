"""The bank port, outwards: payment orders over HTTP, signed (Standard Webhooks)."""

from __future__ import annotations

import hmac
import json
import logging
from datetime import UTC, datetime, timedelta

import requests
from celery import shared_task
from django.conf import settings
from standardwebhooks.webhooks import Webhook

from rulebook.errors import Refusal
from rulebook.queries import now
from settlement import queries, services

logger = logging.getLogger(__name__)
BATCH = 20
TIMEOUT_SECONDS = 10


@shared_task(acks_late=True, ignore_result=True)
def send_payment_orders(**_later_arguments: object) -> None:
    """Send the payment orders that are due. The bank carries an order out once, however often it is sent."""
    at = now()
    for order_id in queries.due_payment_orders(at=at, limit=BATCH):
        services.record_payment_attempt(order_id=order_id, error=_send(queries.payment_message(order_id)), at=at)


def _send(message: dict[str, object]) -> str:
    """Send one payment order; return an empty text when the bank took it, else what went wrong."""
    body = json.dumps(message, ensure_ascii=False)
    # The signature carries real time: the bank does not live by the platform's business clock.
    signed_at = datetime.now(UTC)
    message_id = f"payment_{message['order_id']}"
    headers = {
        "content-type": "application/json",
        "webhook-id": message_id,
        "webhook-timestamp": str(int(signed_at.timestamp())),
        "webhook-signature": Webhook(settings.BANK_SECRET).sign(message_id, signed_at, body),
    }
    try:
        answer = requests.post(
            f"{settings.BANK_URL}/payments", data=body.encode(), headers=headers, timeout=TIMEOUT_SECONDS
        )
    except requests.RequestException as error:
        logger.warning("The bank does not answer: %s", type(error).__name__)
        return type(error).__name__
    return "" if answer.status_code < 300 else f"{answer.status_code}"


@shared_task(acks_late=True, ignore_result=True)
def fetch_statements(**_later_arguments: object) -> None:
    """Fetch the day's statement once its hour has come. Right when run late or twice: a statement is taken once."""
    at = now()
    if settings.BANK_URL and settings.BANK_ACCOUNT and queries.statement_is_due(at):
        fetch_next_statement(at)


def fetch_next_statement(at: datetime) -> str:
    """Fetch the statement after the newest one and take it; return an empty text, or what went wrong."""
    number = queries.newest_sequence() + 1
    signed_at, asked = datetime.now(UTC), json.dumps({"statement": number})
    headers = {
        "webhook-id": f"statement_{number}",
        "webhook-timestamp": str(int(signed_at.timestamp())),
        "webhook-signature": Webhook(settings.BANK_SECRET).sign(f"statement_{number}", signed_at, asked),
    }
    try:
        answer = requests.get(f"{settings.BANK_URL}/statements/{number}", headers=headers, timeout=TIMEOUT_SECONDS)
        if answer.status_code != 200:
            return f"{answer.status_code}"
        if not _is_signed(answer, f"statement_{number}"):
            return "signature"
        services.take_statement_file(data=answer.content, account=settings.BANK_ACCOUNT, at=at)
    except (requests.RequestException, Refusal) as error:
        logger.warning("Statement %s of the bank was not taken: %s", number, error)
        return str(error)[:200] or type(error).__name__
    return ""


def _is_signed(answer: requests.Response, message_id: str) -> bool:
    """Tell whether the bank has signed an answer, for this question and not too long ago."""
    # By hand: the library reads whatever it verifies as JSON.
    try:
        signed_at = datetime.fromtimestamp(int(answer.headers.get("webhook-timestamp", "")), UTC)
        expected = Webhook(settings.BANK_SECRET).sign(message_id, signed_at, answer.content.decode())
    except (ValueError, OverflowError):
        return False
    is_theirs = hmac.compare_digest(expected.encode(), answer.headers.get("webhook-signature", "").encode())
    return is_theirs and abs(datetime.now(UTC) - signed_at) <= timedelta(seconds=TIMEOUT_SECONDS * 6)
