"""Cases: from the draft to the registration, each step of the state table a sub-address."""

from __future__ import annotations

from collections.abc import Callable

from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.documentation import described, page_of
from accounts.api.endpoint import Endpoint
from accounts.api.idempotency import repeatable
from registry import queries, services
from registry.api import bodies, shown
from registry.models import Project
from registry.rules.states import Verb


def _shown_to(endpoint: Endpoint) -> Callable[[Project], shown.ProjectShown]:
    return lambda row: shown.project_shown(row, endpoint.actor)


class Projects(Endpoint):
    """The cases that the caller works on or may see in full, newest first; POST begins one as a draft."""

    @described(page_of(shown.ProjectShown), filters=bodies.ProjectFilters)
    def get(self, request: Request) -> Response:
        wanted = self.filters(bodies.ProjectFilters)
        rows = queries.projects_visible_to(self.actor, state=wanted.state or "", text=wanted.text)
        return self.page(rows, _shown_to(self))

    @described(shown.ProjectShown, body=bodies.ProjectBody, status=201)
    @repeatable
    def post(self, request: Request) -> Response:
        project = self.body(bodies.ProjectBody).as_project()
        row = services.create_project(actor=self.actor, project=project, at=self.at)
        return self.answer(_shown_to(self)(row), status=201, location=f"/api/v1/projects/{row.pk}/")


class OneProject(Endpoint):
    """One case; PATCH changes a draft or a returned one."""

    @described(shown.ProjectShown)
    def get(self, request: Request, project_id: int) -> Response:
        return self.answer(_shown_to(self)(queries.project(self.actor, project_id)))

    @described(shown.ProjectShown, body=bodies.ProjectChanges)
    @repeatable
    def patch(self, request: Request, project_id: int) -> Response:
        body = self.body(bodies.ProjectChanges)
        row = services.edit_project(
            actor=self.actor, project_id=project_id, changes=body.changes(), version=body.version, at=self.at
        )
        return self.answer(_shown_to(self)(row))


class Submit(Endpoint):
    """Hand a draft or a returned case in for review. Its land is bound from here on."""

    @described(shown.ProjectShown)
    @repeatable
    def post(self, request: Request, project_id: int) -> Response:
        row = services.submit_project(actor=self.actor, project_id=project_id, at=self.at)
        return self.answer(_shown_to(self)(row))


class Withdraw(Endpoint):
    """Take an own case back, for good. Its land is free again."""

    @described(shown.ProjectShown, body=bodies.OptionalReasonBody)
    @repeatable
    def post(self, request: Request, project_id: int) -> Response:
        reason = self.body(bodies.OptionalReasonBody).reason
        row = services.withdraw_project(actor=self.actor, project_id=project_id, reason=reason, at=self.at)
        return self.answer(_shown_to(self)(row))


class Reviews(Endpoint):
    """The checklist and every official act on a case; POST reviews it at the level where it is."""

    @described(shown.ReviewsShown)
    def get(self, request: Request, project_id: int) -> Response:
        row = queries.project(self.actor, project_id)
        return self.answer(
            shown.ReviewsShown(
                checklist=queries.checklist(row.scheme, self.at),
                levels=queries.levels(row.scheme, self.at),
                results=[shown.step_shown(one) for one in queries.steps_of(row)],
            )
        )

    @described(shown.ProjectShown, body=bodies.ReviewBody)
    @repeatable
    def post(self, request: Request, project_id: int) -> Response:
        body = self.body(bodies.ReviewBody)
        row = services.review_project(
            actor=self.actor,
            project_id=project_id,
            verb=Verb(body.verb),
            opinion=body.opinion,
            checklist=body.answers(),
            version=body.version,
            at=self.at,
        )
        return self.answer(_shown_to(self)(row))


class Publish(Endpoint):
    """Open the public notice of an accepted case: 20 working days, the first one counted."""

    @described(shown.ProjectShown)
    @repeatable
    def post(self, request: Request, project_id: int) -> Response:
        return self.answer(
            _shown_to(self)(services.publish_project(actor=self.actor, project_id=project_id, at=self.at))
        )


class Comments(Endpoint):
    """The comments of a case's notices, oldest first."""

    @described(page_of(shown.CommentShown))
    def get(self, request: Request, project_id: int) -> Response:
        row = queries.project(self.actor, project_id)
        return self.page(queries.comments_of(row), shown.comment_shown, ordering="pk")


class AnswerComment(Endpoint):
    """The owner's answer to a comment."""

    @described(shown.CommentShown, body=bodies.AnswerBody)
    @repeatable
    def post(self, request: Request, comment_id: int) -> Response:
        answer = self.body(bodies.AnswerBody).answer
        row = services.answer_comment(actor=self.actor, comment_id=comment_id, answer=answer, at=self.at)
        return self.answer(shown.comment_shown(row))


class SignValidation(Endpoint):
    """The signed validations of a case; POST signs one, for good, after the notice with every comment answered."""

    @described(page_of(shown.ValidationShown))
    def get(self, request: Request, project_id: int) -> Response:
        row = queries.project(self.actor, project_id)
        return self.page(queries.validations_of(row), shown.validation_shown, ordering="pk")

    @described(shown.ProjectShown, body=bodies.SignatureBody)
    @repeatable
    def post(self, request: Request, project_id: int) -> Response:
        body = self.body(bodies.SignatureBody)
        row = services.sign_validation(
            actor=self.actor, project_id=project_id, opinion=body.opinion, document_id=body.document_id, at=self.at
        )
        return self.answer(_shown_to(self)(row))


class RejectValidation(Endpoint):
    """The validator's rejection of a case."""

    @described(shown.ProjectShown, body=bodies.OpinionBody)
    @repeatable
    def post(self, request: Request, project_id: int) -> Response:
        opinion = self.body(bodies.OpinionBody).opinion
        row = services.reject_validation(actor=self.actor, project_id=project_id, opinion=opinion, at=self.at)
        return self.answer(_shown_to(self)(row))


class ProposeRegistration(Endpoint):
    """The region's maker proposes to register a validated case."""

    @described(shown.ProjectShown, body=bodies.OpinionBody)
    @repeatable
    def post(self, request: Request, project_id: int) -> Response:
        opinion = self.body(bodies.OpinionBody).opinion
        row = services.propose_registration(actor=self.actor, project_id=project_id, opinion=opinion, at=self.at)
        return self.answer(_shown_to(self)(row))


class DecideRegistration(Endpoint):
    """Another person of the region decides on the registration."""

    @described(shown.ProjectShown, body=bodies.DecisionBody)
    @repeatable
    def post(self, request: Request, project_id: int) -> Response:
        body = self.body(bodies.DecisionBody)
        row = services.decide_registration(
            actor=self.actor,
            project_id=project_id,
            approve=body.approve,
            opinion=body.opinion,
            version=body.version,
            at=self.at,
        )
        return self.answer(_shown_to(self)(row))


class RecordRegistration(Endpoint):
    """The ecology department records the decision: the project is registered."""

    @described(shown.ProjectShown)
    @repeatable
    def post(self, request: Request, project_id: int) -> Response:
        row = services.record_registration(actor=self.actor, project_id=project_id, at=self.at)
        return self.answer(_shown_to(self)(row))
