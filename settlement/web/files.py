"""Files in forms and answers: how large one is, is known before a byte of it is read; none is run by a browser."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.http import FileResponse

from accounts.web.refusals import message_of
from settlement.errors import FileRejected
from settlement.models import Evidence
from settlement.queries.transfers import evidence_path
from settlement.rules.evidence import LIMIT_BYTES, MIB


class EvidenceField(forms.FileField):
    """A file of at most the limit."""

    def validate(self, value: Any) -> None:
        super().validate(value)
        if value and value.size > LIMIT_BYTES:
            refusal = FileRejected(field="evidence", reason=f"{value.size / MIB:.1f} MB > {LIMIT_BYTES // MIB} MB")
            raise ValidationError(message_of(refusal)) from refusal


def evidence_response(row: Evidence) -> FileResponse:
    """Return a paper as a file that a browser saves and never shows in the page's own place."""
    file = evidence_path(row.sha256).open("rb")
    response = FileResponse(file, as_attachment=True, filename=row.name, content_type=row.content_type)
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response
