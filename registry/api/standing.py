"""The standing of a registered project: suspended, resumed by two persons, taken off the register."""

from __future__ import annotations

from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.documentation import described
from accounts.api.endpoint import Endpoint
from accounts.api.idempotency import repeatable
from registry import queries, services
from registry.api import bodies, shown
from registry.models import Project


class StandingEndpoint(Endpoint):
    """Answers with the project's standing."""

    def standing(self, row: Project) -> Response:
        return self.answer(shown.standing_shown(row))


class Standing(StandingEndpoint):
    """A project's standing: every change of it, what a suspension froze, and the proposal to end it with its digest."""

    @described(shown.StandingShown)
    def get(self, request: Request, project_id: int) -> Response:
        return self.standing(queries.project(self.actor, project_id))


class Suspend(StandingEndpoint):
    """Suspend a registered project; its credits are frozen with it, at once."""

    @described(shown.StandingShown, body=bodies.SuspensionBody)
    @repeatable
    def post(self, request: Request, project_id: int) -> Response:
        body = self.body(bodies.SuspensionBody)
        row = services.suspend_project(
            actor=self.actor,
            project_id=project_id,
            reason=body.reason,
            order_number=body.order_number,
            version=body.version,
            at=self.at,
        )
        return self.standing(row)


class ProposeResumption(StandingEndpoint):
    """The region's maker proposes that a suspension ends."""

    @described(shown.StandingShown, body=bodies.ReasonBody)
    @repeatable
    def post(self, request: Request, project_id: int) -> Response:
        reason = self.body(bodies.ReasonBody).reason
        row = services.propose_resumption(actor=self.actor, project_id=project_id, reason=reason, at=self.at)
        return self.standing(row)


class RefuseResumption(StandingEndpoint):
    """Another person of the region turns the proposal down: the project stays suspended."""

    @described(shown.StandingShown, body=bodies.ResumptionBody)
    @repeatable
    def post(self, request: Request, project_id: int) -> Response:
        body = self.body(bodies.ResumptionBody)
        row = services.keep_suspended(
            actor=self.actor, project_id=project_id, reason=body.reason, digest=body.digest, at=self.at
        )
        return self.standing(row)


class Resume(StandingEndpoint):
    """Another person of the region ends a suspension; what it froze is free again."""

    @described(shown.StandingShown, body=bodies.ResumptionBody)
    @repeatable
    def post(self, request: Request, project_id: int) -> Response:
        body = self.body(bodies.ResumptionBody)
        row = services.resume_project(
            actor=self.actor, project_id=project_id, reason=body.reason, digest=body.digest, at=self.at
        )
        return self.standing(row)


class Deregister(StandingEndpoint):
    """Take a project off the register, for good."""

    @described(shown.StandingShown, body=bodies.StandingBody)
    @repeatable
    def post(self, request: Request, project_id: int) -> Response:
        body = self.body(bodies.StandingBody)
        row = services.deregister_project(
            actor=self.actor, project_id=project_id, reason=body.reason, version=body.version, at=self.at
        )
        return self.standing(row)
