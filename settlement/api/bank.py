"""The bank port, inwards: signed notifications (camt.054) over HTTP (Standard Webhooks).

A message that is not signed by the bank, or was signed too long ago, is answered 401 and nothing else. Money without a
known reference is taken to suspense (202), so that the bank need not ask again.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import IO, Any

from django.conf import settings
from rest_framework.parsers import BaseParser
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.documentation import described
from accounts.api.endpoint import Endpoint
from rulebook.queries import rule
from settlement import services
from settlement.api.schemas import NoticesTaken
from settlement.rules.signatures import is_signed
from settlement.rules.xml import MOST_BYTES

logger = logging.getLogger(__name__)


class XmlBody(BaseParser):
    """Hands the bytes of an XML body on, as they came: they are signed."""

    media_type = "application/xml"

    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:
        return stream.read(MOST_BYTES + 1)


class BankNotices(Endpoint):
    """Takes what the bank has to say, once; sent again it is answered the same."""

    parser_classes = (XmlBody,)

    @described(NoticesTaken, body={"application/xml": {"type": "string"}})
    def post(self, request: Request) -> Response:
        data = request.data
        if not isinstance(data, bytes) or not self._is_signed(request, data):
            logger.warning("A bank notice without a valid signature was refused")
            return Response(status=401)
        taken = services.take_notification(data=data, account=settings.BANK_ACCOUNT, at=self.at)
        is_known = all(notice.organisation_id for notice in taken)
        return self.answer(NoticesTaken(entries=[one.entry_id for one in taken]), status=200 if is_known else 202)

    def _is_signed(self, request: Request, data: bytes) -> bool:
        if not settings.BANK_SECRET:  # No bank is connected: nobody can have signed.
            return False
        return is_signed(
            secret=settings.BANK_SECRET,
            body=data,
            headers=dict(request.headers.items()),
            # The bank does not live by the platform's business clock: the age is real time.
            at=datetime.now(UTC),
            most_age=timedelta(seconds=rule("bank.notice_age_seconds", at=self.at).value),
        )
