"""Retirement certificates for anyone: looked up by number, read, downloaded as PDF."""

from __future__ import annotations

from typing import Any

import segno
from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views import View

from accounts.queries import organisation
from accounts.rules import Actor
from accounts.web.pages import Page
from accounts.web.words_of_numbers import tonnes_in_words
from registry import queries, services
from registry.errors import RecordNotThere
from registry.models import Retirement
from registry.queries import credit_pages
from registry.rules.certificate import knows_names_of
from registry.web.credit_words import ECOSYSTEM_NAMES, METHODOLOGY_NAMES
from registry.web.retirements import retirement_view, serial_texts

MOST_CHARACTERS = 40


class CertificateCheck(Page):
    """Looks a certificate up by its number; what does not exist is said clearly."""

    template_name = "registry/certificate_check.html"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:  # type: ignore[override]
        number = request.GET.get("number", "").strip()[:MOST_CHARACTERS]
        if not number:
            return self.render_to_response(self.get_context_data(number="", is_missing=False))
        try:
            found = queries.certificate(number)
        except RecordNotThere:
            context = self.get_context_data(number=number, is_missing=True)
            return self.render_to_response(context, status=404)
        return HttpResponseRedirect(reverse("registry-certificate", args=[found.number]))


def may_download(actor: Actor, row: Retirement) -> bool:
    """Tell whether the PDF is open to the actor: it names the beneficiary, a person to the holder alone."""
    return not row.beneficiary_is_person or knows_names_of(actor, row.organisation_id)


class CertificatePage(Page):
    """A certificate as the QR code on it shows it. Public."""

    template_name = "registry/certificate.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        row = queries.certificate(self.kwargs["number"])
        sees_all = credit_pages.may_see_retirement(self.actor, row)
        shown = retirement_view(row, self.actor)
        address = f"{settings.PUBLIC_URL}{reverse('registry-certificate', args=[row.number])}"
        return super().get_context_data(
            **kwargs,
            **shown,
            holder=organisation(row.organisation_id).name if sees_all or not row.beneficiary_is_person else "",
            words=tonnes_in_words(row.tonnes),
            serials=serial_texts(row),
            type=_(ECOSYSTEM_NAMES.get(shown["credit"].credit_type, "")),
            methodology=_(METHODOLOGY_NAMES.get(shown["credit"].methodology, shown["credit"].methodology)),
            may_download=may_download(self.actor, row),
            address=address,
            code=segno.make(address, error="m").svg_data_uri(scale=4, border=2, dark="#12241a"),
        )


class CertificatePdf(View):
    """The PDF of a certificate; made now if it is not there yet."""

    def get(self, request: HttpRequest, number: str) -> HttpResponseBase:
        row = queries.certificate(number)
        if not may_download(request.actor, row):  # type: ignore[attr-defined]
            raise RecordNotThere
        paper = row.certificate or services.make_certificate(retirement_id=row.pk, at=request.at)  # type: ignore[attr-defined]
        response = HttpResponse(queries.content_of(paper), content_type="application/pdf")
        response["Content-Disposition"] = f'attachment; filename="{row.number}.pdf"'
        response["X-Content-Type-Options"] = "nosniff"
        return response
