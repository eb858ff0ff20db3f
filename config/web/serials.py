"""The serial passport with what the registry knows: the issuance it came from, the certificate it ended in."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _
from django.views import View

import registry.queries
import settlement.queries
from accounts.web.export import workbook_response
from settlement.queries import SerialLife
from settlement.web.serials import SerialPage, life_rows


class Passport(SerialPage):
    """The life of a serial, from its issuance to its certificate."""

    def beyond(self, life: SerialLife) -> dict[str, Any]:
        ended = life.end
        numbers = registry.queries.certificates_of_entries([ended.entry_id]) if ended else {}
        return {
            "issuance_id": registry.queries.issuances_of_batches([life.asset.id]).get(life.asset.id),
            "certificate": next(iter(numbers.values()), ""),
        }


class PassportExport(View):
    """The steps of a serial's life as an Excel file; holders are named to those who may know them alone."""

    def get(self, request: HttpRequest) -> HttpResponseBase:
        life = settlement.queries.serial_life(request.GET.get("serial", "").strip()[:80])
        head = [_("Time"), _("Act"), _("Holder"), _("Purpose"), _("Entry"), _("First serial"), _("Last serial")]
        return workbook_response("passport", head, life_rows(request.actor, life))  # type: ignore[attr-defined]
