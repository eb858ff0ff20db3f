"""The tax port: orders for invoices over HTTP as JSON, signed both ways. The port knows an order by its number."""

from __future__ import annotations

import hashlib
import logging
from datetime import UTC, datetime, timedelta

import requests
from celery import shared_task
from django.conf import settings

from rulebook.queries import now
from settlement import queries, services
from settlement.rules.invoices import InvoiceAnswer, InvoiceOrder, order_text, read_answer
from settlement.rules.signatures import is_signed, signed_headers

logger = logging.getLogger(__name__)
BATCH = 20
TIMEOUT_SECONDS = 10
MOST_AGE = timedelta(minutes=1)  # Of the port's signature under an answer.


@shared_task(acks_late=True, ignore_result=True)
def send_tax_orders(**_later_arguments: object) -> None:
    """Send the orders for invoices that are due. The port issues one invoice an order, however often it is sent."""
    if not settings.TAX_URL:
        return
    at = now()
    for order_id in queries.due_tax_orders(at=at, limit=BATCH):
        answer, wrong = _send(queries.tax_order(order_id))
        if answer is None:
            services.record_tax_silence(order_id=order_id, error=wrong, at=at)
        else:
            services.take_tax_answer(order_id=order_id, answer=answer, at=at)


def _send(order: InvoiceOrder) -> tuple[InvoiceAnswer | None, str]:
    """Send an order; return what the port says, or why that is not known."""
    text = order_text(order)
    sent_at = datetime.now(UTC)  # Real time: the tax bureau does not live by the platform's business clock.
    message_id = f"T{hashlib.sha256(f'{text} {sent_at.timestamp()}'.encode()).hexdigest()[:30]}"
    headers = signed_headers(secret=settings.TAX_SECRET, message_id=message_id, text=text, at=sent_at)
    try:
        answer = requests.post(
            f"{settings.TAX_URL}/invoices",
            data=text.encode(),
            headers={"content-type": "application/json", **headers},
            timeout=TIMEOUT_SECONDS,
        )
        if answer.status_code != 200:
            return None, f"{answer.status_code}"
        is_the_ports = is_signed(
            secret=settings.TAX_SECRET,
            body=answer.content,
            headers=dict(answer.headers.items()),
            at=datetime.now(UTC),
            most_age=MOST_AGE,
            message_id=f"answer_{message_id}",
        )
        return (read_answer(answer.content), "") if is_the_ports else (None, "signature")
    except (requests.RequestException, ValueError) as error:
        logger.warning("The tax port gave no answer to order %s: %s", order.number, type(error).__name__)
        return None, type(error).__name__
