"""Confirmation of parameter values."""

from __future__ import annotations

from django.conf import settings
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.documentation import described
from accounts.api.endpoint import Endpoint
from accounts.api.idempotency import repeatable
from registry import services
from registry.api import bodies
from registry.api.methodologies import ParameterSetShown
from registry.api.uploads import PARSERS, as_forms, upload_of


class ConfirmParameters(Endpoint):
    """A named person confirms provisional values on an evidence file: the next version of the set."""

    parser_classes = PARSERS

    @described(ParameterSetShown, body=as_forms(bodies.ConfirmationBody), status=201)
    @repeatable
    def post(self, request: Request, set_id: str) -> Response:
        body = upload_of(self, bodies.ConfirmationBody)
        row = services.confirm_parameters(
            actor=self.actor,
            set_id=set_id,
            keys=body.keys,
            basis=body.basis,
            evidence_name=body.name,
            evidence=body.content,
            at=self.at,
            is_demonstration=settings.DEMO,
        )
        made = ParameterSetShown(set_id=row.set_id, version=row.version, basis=row.basis, values=row.document)
        return self.answer(made, status=201)
