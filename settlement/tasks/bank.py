"""The bank port, outwards: payment orders over HTTP, signed (Standard Webhooks)."""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime

import requests
from celery import shared_task
from django.conf import settings
from standardwebhooks.webhooks import Webhook

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
