"""Parcels and papers of a case."""

from __future__ import annotations

from urllib.parse import quote

from django.http import HttpResponse
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.bodies import field_missing
from accounts.api.documentation import described, page_of
from accounts.api.endpoint import Endpoint
from accounts.api.idempotency import repeatable
from accounts.rules import NOBODY, Actor
from registry import queries, services
from registry.api import bodies, shown
from registry.api.bodies import ParcelFile
from registry.api.uploads import PARSERS, as_forms, upload_of


def _file(body: ParcelFile) -> bytes:
    content = body.file()
    if content is None:
        raise field_missing("content")
    return content


class ParcelsOfProject(Endpoint):
    """The parcels of a case, oldest first; POST adds those of a zipped shapefile or of GeoJSON, all or none."""

    parser_classes = PARSERS

    @described(page_of(shown.ParcelShown))
    def get(self, request: Request, project_id: int) -> Response:
        row = queries.project(self.actor, project_id)
        return self.page(queries.parcels_of(row), shown.parcel_shown, ordering="pk")

    @described(shown.ParcelsAdded, body=as_forms(bodies.ParcelsBody), status=201)
    @repeatable
    def post(self, request: Request, project_id: int) -> Response:
        body = upload_of(self, bodies.ParcelsBody)
        rows = services.add_parcels(
            actor=self.actor,
            project_id=project_id,
            name=body.name,
            content=_file(body),
            common=body.common(),
            at=self.at,
        )
        return self.answer(shown.ParcelsAdded(results=[shown.parcel_shown(row) for row in rows]), status=201)


class PreviewParcels(Endpoint):
    """What a file of parcels would bring: areas, everything that is wrong with it, overlaps. Nothing is stored."""

    parser_classes = PARSERS

    @described(shown.PreviewShown, body=as_forms(bodies.PreviewBody))
    def post(self, request: Request, project_id: int) -> Response:
        body = upload_of(self, bodies.PreviewBody)
        found = services.preview_parcels(
            actor=self.actor, project_id=project_id, name=body.name, content=_file(body), at=self.at
        )
        return self.answer(shown.preview_shown(found))


class Shapes(Endpoint):
    """The parcels of a case as one GeoJSON collection, for maps and GIS programs."""

    @described({"type": "object", "description": "A GeoJSON FeatureCollection in EPSG:4490."})
    def get(self, request: Request, project_id: int) -> Response:
        row = queries.project(self.actor, project_id)
        return self.answer(queries.shapes_of(queries.parcels_of(row)))


class Parcels(Endpoint):
    """The parcels of all cases that the caller may see, newest first."""

    @described(page_of(shown.ParcelShown), filters=bodies.ParcelFilters)
    def get(self, request: Request) -> Response:
        wanted = self.filters(bodies.ParcelFilters)
        return self.page(queries.parcels_visible_to(self.actor, project_id=wanted.project), shown.parcel_shown)


class OneParcel(Endpoint):
    """One parcel; DELETE takes it out of a draft (it is kept for the record)."""

    @described(shown.ParcelShown)
    def get(self, request: Request, parcel_id: int) -> Response:
        return self.answer(shown.parcel_shown(queries.parcel(self.actor, parcel_id)))

    @described(shown.ParcelShown)
    @repeatable
    def delete(self, request: Request, parcel_id: int) -> Response:
        row = services.remove_parcel(actor=self.actor, parcel_id=parcel_id, at=self.at)
        return self.answer(shown.parcel_shown(row))


class DecideBorder(Endpoint):
    """A reviewer's decision that a parcel across its banner's border may stand."""

    @described(shown.BorderDecisionShown, body=bodies.ReasonBody, status=201)
    @repeatable
    def post(self, request: Request, parcel_id: int) -> Response:
        reason = self.body(bodies.ReasonBody).reason
        row = services.decide_border(actor=self.actor, parcel_id=parcel_id, reason=reason, at=self.at)
        return self.answer(shown.border_decision_shown(row), status=201)


class DocumentsOfProject(Endpoint):
    """The papers of a case, newest first; POST adds one (PDF, picture, Excel, Word), judged by its content."""

    parser_classes = PARSERS

    @described(page_of(shown.DocumentShown))
    def get(self, request: Request, project_id: int) -> Response:
        row = queries.project(self.actor, project_id)
        return self.page(queries.documents_of(row), shown.document_shown)

    @described(shown.DocumentShown, body=as_forms(bodies.DocumentBody), status=201)
    @repeatable
    def post(self, request: Request, project_id: int) -> Response:
        body = upload_of(self, bodies.DocumentBody)
        row = services.add_document(
            actor=self.actor,
            project_id=project_id,
            kind=body.kind,
            name=body.name,
            content=body.content,
            is_public=body.is_public,
            at=self.at,
        )
        return self.answer(shown.document_shown(row), status=201, location=f"/api/v1/documents/{row.pk}/")


def _reader(endpoint: Endpoint) -> Actor:
    """Return who reads a paper: a client without the scope reads what anyone may."""
    actor = endpoint.actor
    return actor if not actor.is_client or "registry:read" in actor.scopes else NOBODY


class OneDocument(Endpoint):
    """One paper: its name, type, size and hash. Public ones are open to anyone."""

    @described(shown.DocumentShown)
    def get(self, request: Request, document_id: int) -> Response:
        return self.answer(shown.document_shown(queries.document(_reader(self), document_id)))


class DocumentContent(Endpoint):
    """The content of a paper, as a file to be saved. Public ones are open to anyone."""

    @described({"type": "string", "format": "binary"}, media_type="application/octet-stream")
    def get(self, request: Request, document_id: int) -> HttpResponse:
        row = queries.document(_reader(self), document_id)
        return file_answer(queries.content_of(row), row.content_type, row.name)


def file_answer(content: bytes, content_type: str, name: str) -> HttpResponse:
    """Return a file that a browser saves and never runs."""
    answer = HttpResponse(content, content_type=content_type or "application/octet-stream")
    answer["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(name, safe='')}"
    answer["X-Content-Type-Options"] = "nosniff"
    return answer
