"""The bank port, inwards: signed notices over HTTP (Standard Webhooks).

A notice that is not signed by the bank, or was signed too long ago, is answered 401 and nothing else. Money without a
known reference is taken to suspense (202), so that the bank need not ask again.
"""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta

from django.conf import settings
from rest_framework.request import Request
from rest_framework.response import Response
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from accounts.api.bodies import parsed
from accounts.api.documentation import described
from accounts.api.endpoint import Endpoint
from rulebook.queries import rule
from settlement import services
from settlement.api.schemas import BankEvent, NoticeTaken
from settlement.services.deposits import BankMessage

logger = logging.getLogger(__name__)


class BankNotices(Endpoint):
    """Takes what the bank has to say, once; sent again it is answered the same."""

    @described(NoticeTaken, body=BankEvent)
    def post(self, request: Request) -> Response:
        raw = getattr(request._request, "raw_json", None) if request.data is not None else None
        if raw is None or not self._is_signed(request, raw):
            logger.warning("A bank notice without a valid signature was refused")
            return Response(status=401)
        event = parsed(BankEvent, raw)
        if event.type == "deposit.received":
            notice = services.book_bank_notice(
                message=BankMessage(
                    event.data.bank_serial,
                    event.data.amount_fen,
                    event.data.reference,
                    event.data.payer_name,
                    event.data.payer_account,
                ),
                at=self.at,
            )
            return self.answer(NoticeTaken(entry=notice.entry_id), status=200 if notice.organisation_id else 202)
        services.finish_withdrawal(
            withdrawal_id=int(event.data.order_id) if event.data.order_id.isdecimal() else 0,
            paid=event.type == "payment.settled",
            at=self.at,
        )
        return self.answer(NoticeTaken())

    def _is_signed(self, request: Request, raw: bytes) -> bool:
        if not settings.BANK_SECRET:  # No bank is connected: nobody can have signed.
            return False
        headers = {key.lower(): value for key, value in request.headers.items()}
        try:
            Webhook(settings.BANK_SECRET).verify(raw.decode(), headers)
            # The bank does not live by the platform's business clock: the age is real time.
            signed_at = datetime.fromtimestamp(int(headers["webhook-timestamp"]), UTC)
        except (WebhookVerificationError, ValueError, KeyError, OverflowError, RuntimeError):
            return False
        age = timedelta(seconds=rule("bank.notice_age_seconds", at=self.at).value)
        return abs(datetime.now(UTC) - signed_at) <= age
