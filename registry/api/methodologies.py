"""Methodologies, their operations and parameter sets."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext
from django.utils.translation import gettext_noop as _
from pydantic import BaseModel
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.documentation import described, page_of
from accounts.api.endpoint import Endpoint
from registry import queries
from registry.api import bodies
from registry.errors import RecordNotThere
from registry.rules.calculation import STATED, UPLOADS
from registry.rules.methodologies import VERSION, evaluate, operations, shipped

TITLES: Mapping[str, str] = {
    "F1": _("Afforestation and reforestation"),
    "F2": _("Forest management"),
    "P1": _("Sampling and uncertainty"),
    "B1": _("Non-permanence risk and buffer"),
    "G1": _("Grassland restoration"),
    "W1": _("Wetland restoration"),
    "S1": _("Sandland shrubs"),
    "T1": _("Single trees"),
    "D1": _("Disturbance and reversal"),
    "I1": _("Carbon inclusion and events"),
}


class MethodologyShown(BaseModel):
    """A version of a methodology. `uploads` and `stated`: what a monitoring period takes, where projects use it."""

    code: str
    version: str
    title: str
    for_projects: bool
    operations: list[str]
    uploads: list[list[str]]
    stated: list[str]


class CalculatedShown(BaseModel):
    """The answer of an operation by the call contract: `ok` with outputs and trace, or `error` with errors."""

    status: str
    outputs: dict[str, Any] | None = None
    errors: list[dict[str, str]] | None = None
    warnings: list[str]
    trace: list[dict[str, Any]] | None = None


class ParameterSetShown(BaseModel):
    """A version of a parameter set. `basis`: how its values were confirmed; "shipped" for those of the software."""

    set_id: str
    version: str
    basis: str
    values: dict[str, Any]


def _methodology(code: str) -> MethodologyShown:
    return MethodologyShown(
        code=code,
        version=VERSION,
        title=gettext(TITLES[code]),
        for_projects=code in UPLOADS,
        operations=[one for one in operations() if one.partition(".")[0] == code],
        uploads=[list(one) for one in UPLOADS.get(code, ())],
        stated=list(STATED.get(code, ())),
    )


class Methodologies(Endpoint):
    """Every methodology with its operations. Public."""

    @described(page_of(MethodologyShown))
    def get(self, request: Request) -> Response:
        return self.list_page([_methodology(code) for code in TITLES], lambda one: one, key=lambda one: one.code)


class OneMethodology(Endpoint):
    """One version of a methodology. Public."""

    @described(MethodologyShown)
    def get(self, request: Request, code: str, version: str = VERSION) -> Response:
        if code not in TITLES or version != VERSION:
            raise RecordNotThere
        return self.answer(_methodology(code))


class Calculate(Endpoint):
    """One operation, answered as by `manage.py calculate`: 200 also when the answer is `"status": "error"`."""

    @described(CalculatedShown, body=bodies.CalculateBody)
    def post(self, request: Request, operation: str) -> Response:
        body = self.body(bodies.CalculateBody)
        # Published versions are at hand; those that came with the software are used unless others are named.
        sets = queries.parameter_sets().choosing(shipped().versions)
        answer = evaluate(
            operation,
            body.inputs,
            version=body.version,
            parameter_versions=body.parameter_versions,
            parameters=sets,
        )
        return self.answer(answer.as_json())


class ParameterSets(Endpoint):
    """The parameter sets in use. Public."""

    @described(page_of(ParameterSetShown))
    def get(self, request: Request) -> Response:
        return self.list_page(_sets_in_use(), lambda one: one, key=lambda one: one.set_id)


class OneParameterSet(Endpoint):
    """The version in use of a parameter set, every value with its status. Public."""

    @described(ParameterSetShown)
    def get(self, request: Request, set_id: str) -> Response:
        found = next((one for one in _sets_in_use() if one.set_id == set_id), None)
        if found is None:
            raise RecordNotThere
        return self.answer(found)


def _sets_in_use() -> list[ParameterSetShown]:
    sets, bases = queries.parameter_sets(), queries.bases_of_parameters()
    return [
        ParameterSetShown(
            set_id=set_id,
            version=version,
            basis=bases.get((set_id, version), "shipped"),
            values=dict(sets.get(set_id).values),
        )
        for set_id, version in sets.versions.items()
    ]
