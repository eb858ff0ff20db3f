"""What the registry takes as JSON. Unknown fields are refused; days are ISO dates, amounts whole tonnes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any, Literal

from pydantic import Field

from accounts.api.bodies import Body, Filters, JsonObject, Quantity, Text
from registry.api.uploads import Content, FileBody
from registry.rules.inputs import ChecklistAnswer, NewProject, ParcelCommon
from registry.rules.states import PeriodState, ProjectState

Words = Annotated[Text, Field(max_length=4000)]
NeededWords = Annotated[Text, Field(min_length=1, max_length=4000)]
Name = Annotated[Text, Field(min_length=1, max_length=120)]
Short = Annotated[Text, Field(min_length=1, max_length=60)]
Code = Annotated[str, Field(pattern=r"^[0-9]{6}$")]
Kind = Annotated[str, Field(pattern=r"^[a-z_]{1,24}$")]
Id = Annotated[int, Field(ge=1, le=2**63 - 1)]
Digest = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Version = Annotated[int, Field(ge=1, le=2**31 - 1)]
Methodology = Literal["F1", "G1", "W1"]
Number = Annotated[float, Field(allow_inf_nan=False)]


class ProjectFilters(Filters):
    """Query parameters of the list of cases."""

    state: ProjectState | None = None
    text: Annotated[Text, Field(max_length=60)] = ""


class RegisterFilters(ProjectFilters):
    """Query parameters of the public register."""

    methodology: Methodology | None = None


class ProjectBody(Body):
    """A new project. `owner_id` is named by a clerk who helps; an owner's project is its own."""

    name: Name
    methodology: Methodology
    division_code: Code
    owner_id: Id | None = None
    summary: Words = ""
    design: JsonObject = {}
    crediting_first: date | None = None
    crediting_last: date | None = None
    validator_id: Id | None = None

    def as_project(self) -> NewProject:
        return NewProject(
            name=self.name,
            methodology=self.methodology,
            division_code=self.division_code,
            owner_id=self.owner_id,
            summary=self.summary,
            design=self.design,
            crediting_first=self.crediting_first,
            crediting_last=self.crediting_last,
            validator_id=self.validator_id,
        )


class ProjectChanges(Body):
    """New values of a draft or a returned project. `version`: the one that was read."""

    name: Name = ""  # What is not sent is not changed.
    division_code: Code = ""
    summary: Words = ""
    design: JsonObject = {}
    crediting_first: date | None = None
    crediting_last: date | None = None
    validator_id: Id | None = None
    version: Version | None = None

    def changes(self) -> Mapping[str, Any]:
        """Return what was sent, by the names of the service."""
        return self.model_dump(include=self.model_fields_set - {"version"})


class ReasonBody(Body):
    """A step with its reason."""

    reason: NeededWords


class OptionalReasonBody(Body):
    """A step whose reason may be left out."""

    reason: Words = ""


class OpinionBody(Body):
    """A step with an opinion."""

    opinion: NeededWords


class StandingBody(Body):
    """A change of a registered project's standing, with its reason, which everyone may read.

    `version`: the one that was read.
    """

    reason: Annotated[Text, Field(min_length=1, max_length=1000)]
    version: Version


class SuspensionBody(StandingBody):
    """A suspension, with the number of the order it rests on."""

    order_number: Short


class ResumptionBody(Body):
    """A second person's answer to a proposal to end a suspension. `digest`: of the proposal that was read."""

    reason: Annotated[Text, Field(max_length=1000)] = ""
    digest: Digest


class ChecklistLine(Body):
    """One item of the checklist; a failed one needs its reason."""

    item: NeededWords
    passed: bool
    reason: Words = ""


class ReviewBody(Body):
    """A review: passed on (at the last level: accepted), returned, or rejected."""

    verb: Literal["pass", "return", "reject"]
    opinion: Words = ""
    checklist: Annotated[list[ChecklistLine], Field(max_length=100)] = []
    version: Version | None = None

    def answers(self) -> list[ChecklistAnswer]:
        return [ChecklistAnswer(one.item, one.passed, one.reason) for one in self.checklist]


class CommentBody(Body):
    """A comment during a public notice; `period_id` for that of a monitoring report."""

    author: Short
    text: NeededWords
    period_id: Id | None = None


class AnswerBody(Body):
    """An answer to a comment or a finding."""

    answer: NeededWords


class SignatureBody(Body):
    """A report signed by a validator or verifier, with its paper among the documents."""

    opinion: NeededWords
    document_id: Id | None = None


class DecisionBody(Body):
    """A second person's decision on what was proposed. `version`: the one that was read."""

    approve: bool
    opinion: Words = ""
    version: Version


class ParcelFilters(Filters):
    """Query parameters of the list of parcels."""

    project: Annotated[int, Field(ge=1, le=2**63 - 1)] | None = None


class ParcelFields(Body):
    """What all parcels of a file have in common. `division_code`: the project's own if left out."""

    land_category: Kind
    tenure: Kind
    tenure_number: Annotated[Text, Field(min_length=1, max_length=60)]
    division_code: Code | None = None

    def common(self) -> ParcelCommon:
        return ParcelCommon(self.land_category, self.tenure, self.tenure_number, self.division_code)


class ParcelFile(Body):
    """A file of parcels, or GeoJSON as it is."""

    name: Annotated[Text, Field(min_length=1, max_length=160)] = "parcels.geojson"
    content: Content | None = None
    geojson: JsonObject | None = None

    def file(self) -> bytes | None:
        """Return the file's bytes, or the GeoJSON as a file; None where neither was sent."""
        if self.content is not None:
            return self.content
        return None if self.geojson is None else json.dumps(self.geojson).encode()


class PreviewBody(ParcelFile):
    """Parcels to look at: a zipped shapefile or GeoJSON file as `content`, or GeoJSON as it is."""


class ParcelsBody(ParcelFile, ParcelFields):
    """Parcels to add: a zipped shapefile or GeoJSON file as `content`, or GeoJSON as it is."""


class DocumentBody(FileBody):
    """A paper of a case. Private unless made public here; that cannot be changed later."""

    kind: Kind
    is_public: bool = False


class PeriodFilters(Filters):
    """Query parameters of the list of monitoring periods."""

    state: PeriodState | None = None
    project: Annotated[int, Field(ge=1, le=2**63 - 1)] | None = None


class PeriodBody(Body):
    """The first and the last day of a monitoring period."""

    first: date
    last: date


class StatedBody(Body):
    """Totals beside the workbooks, by the names of the methodology."""

    stated: dict[Annotated[Text, Field(max_length=60)], Number]


class ObservationBody(FileBody):
    """A workbook (.xlsx) of one kind, for the earlier or the later date."""

    kind: Kind
    date_of: Literal["earlier", "later"]


class SubmissionBody(Body):
    """A monitoring report to be published and verified by this organisation."""

    verifier_id: Id


class FindingBody(Body):
    """Something the owner shall answer."""

    text: NeededWords


class IssuanceDecisionBody(Body):
    """A second person's decision. `digest`: of what was read, so that nothing else is issued or given back."""

    approve: bool
    opinion: Words = ""
    digest: Digest


class RetirementBody(Body):
    """Credits to be taken out of circulation for ever."""

    asset_id: Id
    tonnes: Quantity
    beneficiary: Annotated[Text, Field(min_length=1, max_length=120)]
    beneficiary_is_person: bool = False
    purpose: Kind
    period_first: date | None = None
    period_last: date | None = None
    note: Annotated[Text, Field(max_length=200)] = ""


class ConfirmationBody(FileBody):
    """Values of a parameter set that a named person confirms on the evidence in the file."""

    keys: Annotated[list[Annotated[Text, Field(min_length=1, max_length=120)]], Field(min_length=1, max_length=500)]
    basis: Literal["confirmed", "demonstration"]


class CalculateBody(Body):
    """The inputs of one operation, by the call contract of the methodologies."""

    inputs: JsonObject
    version: Annotated[Text, Field(max_length=12)] = "1.0.0"
    parameter_versions: Annotated[dict[Short, Annotated[Text, Field(max_length=12)]], Field(max_length=50)] = {}
