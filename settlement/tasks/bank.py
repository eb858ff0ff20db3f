"""The bank port, outwards: payment orders (pain.001) and statements (camt.053) over HTTP, signed both ways."""

from __future__ import annotations

import hashlib
import json
import logging
from datetime import UTC, datetime, timedelta

import requests
from celery import shared_task
from django.conf import settings

from rulebook.errors import Refusal
from rulebook.queries import now
from settlement import queries, services
from settlement.rules.pain import OrderAnswer, payment_orders, read_answer
from settlement.rules.signatures import is_signed, signed_headers
from settlement.rules.xml import Unreadable

logger = logging.getLogger(__name__)
BATCH = 50
TIMEOUT_SECONDS = 10
MOST_AGE = timedelta(minutes=1)  # Of the bank's signature under an answer.


@shared_task(acks_late=True, ignore_result=True)
def send_payment_orders(**_later_arguments: object) -> None:
    """Send the payment orders that are due, as one message. The bank carries an order out once, however often sent."""
    at = now()
    orders = queries.payment_orders_to_send(queries.due_payment_orders(at=at, limit=BATCH))
    if not orders:
        return
    numbers = ",".join(order.end_to_end for _, order in orders)
    # The same orders again are another message: the bank knows an order by its end-to-end number.
    message_id = f"P{hashlib.sha256(f'{numbers} {datetime.now(UTC).timestamp()}'.encode()).hexdigest()[:30]}"
    message = payment_orders(
        [order for _, order in orders],
        message_id=message_id,
        written_at=datetime.now(UTC),  # Real time: the bank does not live by the platform's business clock.
        account=settings.BANK_ACCOUNT,
        owner=settings.VENUE_NAME,
    )
    answers, wrong = _send(message, message_id)
    for order_id, order in orders:
        answer = answers.get(order.end_to_end)
        if answer is None:
            services.record_payment_attempt(order_id=order_id, error=wrong or "no status", at=at)
        elif answer.is_taken:
            services.record_payment_attempt(order_id=order_id, error="", at=at)
        else:
            services.record_payment_refusal(order_id=order_id, reason=answer.reason, at=at)


def _send(message: bytes, message_id: str) -> tuple[dict[str, OrderAnswer], str]:
    """Send a message of orders; return what the bank says of each, or what went wrong."""
    headers = signed_headers(
        secret=settings.BANK_SECRET, message_id=message_id, text=message.decode(), at=datetime.now(UTC)
    )
    try:
        answer = requests.post(
            f"{settings.BANK_URL}/payments",
            data=message,
            headers={"content-type": "application/xml", **headers},
            timeout=TIMEOUT_SECONDS,
        )
        if answer.status_code != 200:
            return {}, f"{answer.status_code}"
        if not _is_signed(answer, f"answer_{message_id}"):
            return {}, "signature"
        return read_answer(answer.content, message_id=message_id), ""
    except (requests.RequestException, Unreadable) as error:
        logger.warning("The bank took no payment orders: %s", type(error).__name__)
        return {}, type(error).__name__


@shared_task(acks_late=True, ignore_result=True)
def fetch_statements(**_later_arguments: object) -> None:
    """Fetch the day's statement once its hour has come. Right when run late or twice: a statement is taken once."""
    at = now()
    if settings.BANK_URL and settings.BANK_ACCOUNT and queries.statement_is_due(at):
        fetch_next_statement(at)


def fetch_next_statement(at: datetime) -> str:
    """Fetch the statement after the newest one and take it; return an empty text, or what went wrong."""
    number = queries.next_sequence()
    headers = signed_headers(
        secret=settings.BANK_SECRET,
        message_id=f"statement_{number}",
        text=json.dumps({"statement": number}),
        at=datetime.now(UTC),
    )
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
    return is_signed(
        secret=settings.BANK_SECRET,
        body=answer.content,
        headers=dict(answer.headers.items()),
        at=datetime.now(UTC),
        most_age=MOST_AGE,
        message_id=message_id,
    )
