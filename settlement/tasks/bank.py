"""The bank port, outwards: payment orders (pain.001), accounts (acmt.023), statements (camt.053), all signed."""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TypeVar

import requests
from celery import shared_task
from django.conf import settings

from rulebook.errors import Refusal
from rulebook.queries import now
from settlement import queries, services
from settlement.rules.acmt import Verification, read_verification, verification_request
from settlement.rules.pain import OrderAnswer, payment_orders, read_answer
from settlement.rules.signatures import is_signed, signed_headers
from settlement.rules.xml import Unreadable

Read = TypeVar("Read")
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
    found, wrong = _ask("payments", message, message_id, _answers)
    answers = found or {}
    for order_id, order in orders:
        answer = answers.get(order.end_to_end)
        if answer is None:
            services.record_payment_attempt(order_id=order_id, error=wrong or "no status", at=at)
        elif answer.is_taken:
            services.record_payment_attempt(order_id=order_id, error="", at=at)
        else:
            services.record_payment_refusal(order_id=order_id, reason=answer.reason, at=at)


def _answers(data: bytes, message_id: str) -> dict[str, OrderAnswer]:
    return read_answer(data, message_id=message_id)


def _ask(path: str, message: bytes, message_id: str, read: Callable[[bytes, str], Read]) -> tuple[Read | None, str]:
    """Send a signed message to the bank; return what `read` makes of its signed answer, or what went wrong."""
    headers = signed_headers(
        secret=settings.BANK_SECRET, message_id=message_id, text=message.decode(), at=datetime.now(UTC)
    )
    try:
        answer = requests.post(
            f"{settings.BANK_URL}/{path}",
            data=message,
            headers={"content-type": "application/xml", **headers},
            timeout=TIMEOUT_SECONDS,
        )
        if answer.status_code != 200:
            return None, f"{answer.status_code}"
        if not _is_signed(answer, f"answer_{message_id}"):
            return None, "signature"
        return read(answer.content, message_id), ""
    except (requests.RequestException, Unreadable) as error:
        logger.warning("The bank did not answer at %s: %s", path, type(error).__name__)
        return None, type(error).__name__


@shared_task(acks_late=True, ignore_result=True)
def ask_about_accounts(**_later_arguments: object) -> None:
    """Ask the bank in whose name approved accounts stand. Right when run twice: an answer is taken once."""
    at = now()
    if not settings.BANK_URL:
        return
    for account in queries.accounts_to_ask(at=at, limit=BATCH):
        number = f"A{account.pk}"
        message_id = f"V{account.pk}-{account.attempts}"
        message = verification_request(
            message_id=message_id,
            written_at=datetime.now(UTC),
            asker=settings.VENUE_NAME,
            number=number,
            name=account.account_name,
            account=account.account_number,
        )
        found, wrong = _ask("verifications", message, message_id, partial(_verification, number))
        if found is None:  # The others stay due: a bank that is away would hold the worker up for each of them.
            services.record_account_attempt(account_id=account.pk, error=wrong, at=at)
            return
        services.record_account_answer(account_id=account.pk, is_holders=found.is_holders, reason=found.reason, at=at)


def _verification(number: str, data: bytes, message_id: str) -> Verification:
    return read_verification(data, message_id=message_id, number=number)


@shared_task(acks_late=True, ignore_result=True)
def fetch_statements(**_later_arguments: object) -> None:
    """Fetch the day's statement once its hour has come. Right when run late or twice: a statement is taken once."""
    fetch_due_statement(now())


def fetch_due_statement(at: datetime) -> str:
    """Fetch the day's statement where its hour has come and it was not taken; return "", or what was wrong."""
    if settings.BANK_URL and settings.BANK_ACCOUNT and queries.statement_is_due(at):
        return fetch_next_statement(at)
    return ""


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
