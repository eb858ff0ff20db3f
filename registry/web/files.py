"""Files in forms: how large one is, is known before a byte of it is read."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.files import File

from accounts.web.refusals import message_of
from registry.errors import FileRejected
from registry.rules.documents import LIMIT_BYTES, MIB


def refuse_large(sent: File[bytes]) -> None:
    """Return if a file is within the limit, else raise FileRejected."""
    if sent.size > LIMIT_BYTES:
        raise FileRejected(field="file", reason=f"{sent.size / MIB:.1f} MB > {LIMIT_BYTES // MIB} MB")


class UploadField(forms.FileField):
    """A file of at most the limit."""

    def validate(self, value: Any) -> None:
        super().validate(value)
        if value:
            try:
                refuse_large(value)
            except FileRejected as refusal:
                raise ValidationError(message_of(refusal)) from refusal
