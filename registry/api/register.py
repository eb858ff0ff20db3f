"""The public register: what anyone may read of a project, and the comments of its notice."""

from __future__ import annotations

from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.documentation import described, page_of
from accounts.api.endpoint import Endpoint
from accounts.queries import organisations_by_kind
from accounts.rules import OrganisationKind
from registry import queries, services
from registry.api import bodies, shown


class Register(Endpoint):
    """The projects of the public register, newest first. Public."""

    @described(page_of(shown.RegisterEntryShown), filters=bodies.RegisterFilters)
    def get(self, request: Request) -> Response:
        wanted = self.filters(bodies.RegisterFilters)
        rows = queries.public_projects(state=wanted.state or "", text=wanted.text, methodology=wanted.methodology or "")
        return self.page(rows, shown.entry_shown)


class RegisterProject(Endpoint):
    """One project of the public register: generalised borders, public papers, comments, issuances. Public."""

    @described(shown.RegisterProjectShown)
    def get(self, request: Request, code: str) -> Response:
        row = queries.project_by_code(code)
        return self.answer(
            shown.RegisterProjectShown(
                **dict(shown.entry_shown(row)),
                land=queries.public_shapes(row),
                documents=[shown.document_shown(one) for one in queries.public_documents_of(row)],
                comments=[shown.comment_shown(one) for one in queries.comments_of(row)],
                reports=[shown.public_period_shown(one) for one in queries.public_periods_of(row)],
                changes=shown.changes_shown(row),
                issuances=[shown.public_issuance_shown(one) for one in queries.public_issuances_of(row)],
            )
        )


class VerificationBodies(Endpoint):
    """The validation and verification bodies that a project or a report may name. Public."""

    @described(page_of(shown.PartyShown))
    def get(self, request: Request) -> Response:
        rows = organisations_by_kind(OrganisationKind.VERIFICATION_BODY)
        return self.list_page(rows, lambda one: shown.PartyShown(id=one.id, name=one.name), key=lambda one: one.id)


class RegisterComments(Endpoint):
    """The comments of a project's public notices; anyone may add one while a notice runs. Public."""

    @described(page_of(shown.CommentShown))
    def get(self, request: Request, code: str) -> Response:
        return self.page(queries.comments_of(queries.project_by_code(code)), shown.comment_shown, ordering="pk")

    @described(shown.CommentShown, body=bodies.CommentBody, status=201)
    def post(self, request: Request, code: str) -> Response:
        body = self.body(bodies.CommentBody)
        row = services.comment(
            project_code=code, period_id=body.period_id, author=body.author, text=body.text, at=self.at
        )
        return self.answer(shown.comment_shown(row), status=201)
