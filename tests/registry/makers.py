"""Small worlds of the registry, made by the services: people, valid papers, land that nobody else has, cases."""

from __future__ import annotations

import itertools
import json
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any
from unittest.mock import patch

from accounts.queries import actor_of
from accounts.rules import Actor, Role
from registry import queries, services
from registry.models import Parcel, Project
from registry.rules.inputs import ChecklistAnswer, NewProject, ParcelCommon
from registry.rules.parcels import Limits, Survey
from registry.rules.parcels.reading import read_survey
from registry.rules.states import Verb
from rulebook.queries import add_working_days, business_date
from tests.accounts.makers import a_person

PDF = b"%PDF-1.4\n1 0 obj <<>> endobj\ntrailer <<>>\n%%EOF\n"
COMMON = ParcelCommon(land_category="unused", tenure="contract", tenure_number="蒙(2020)敖汉旗不动产权第0001号")
STEP = 0.01  # Degrees between the squares: some 800 m, each 0.005 wide.
_places = itertools.count()


def a_paper() -> bytes:
    """Return a PDF that no other has been."""
    return PDF + f"% {next(_places)}\n".encode()


def a_square(
    place: int | None = None, *, west: float = 119.6, south: float = 42.2, size: float = 0.005
) -> dict[str, Any]:
    """Return a square of some 23 ha in Aohan Banner as GeoJSON geometry; each place is another."""
    number = next(_places) if place is None else place
    x, y = west + STEP * (number % 60), south + STEP * (number // 60)
    ring = [[x, y], [x + size, y], [x + size, y + size], [x, y + size], [x, y]]
    return {"type": "Polygon", "coordinates": [[[round(a, 6), round(b, 6)] for a, b in ring]]}


def geojson(*geometries: dict[str, Any], names: tuple[str, ...] = ()) -> bytes:
    """Return a GeoJSON file in EPSG:4490 with these parcels."""
    named = [*names, *(f"{number}号地" for number in range(len(names) + 1, len(geometries) + 1))]
    features = [
        {"type": "Feature", "properties": {"name": name}, "geometry": one}
        for name, one in zip(named, geometries, strict=False)
    ]
    crs = {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::4490"}}
    return json.dumps({"type": "FeatureCollection", "crs": crs, "features": features}).encode()


@dataclass
class People:
    """Everyone a case meets, each made at the first use and with the password entered just now."""

    at: datetime

    def _one(self, role: Role) -> Actor:
        return a_person(role, at=self.at, confirmed=True)

    @cached_property
    def owner(self) -> Actor:
        return self._one(Role.OWNER)

    @cached_property
    def clerk(self) -> Actor:
        return self._one(Role.BANNER_CLERK)

    @cached_property
    def league(self) -> Actor:
        return self._one(Role.LEAGUE_REVIEWER)

    @cached_property
    def maker(self) -> Actor:
        return self._one(Role.REGION_MAKER)

    @cached_property
    def checker(self) -> Actor:
        return self._one(Role.REGION_CHECKER)

    @cached_property
    def recorder(self) -> Actor:
        return self._one(Role.ECOLOGY_RECORDER)

    @cached_property
    def validator(self) -> Actor:
        return self._one(Role.VALIDATOR)

    @cached_property
    def verifier(self) -> Actor:
        return self._one(Role.VERIFIER)


def confirmed(actor: Actor, at: datetime) -> Actor:
    """Return the actor with the password entered at `at`."""
    return replace(actor, confirmed_at=at)


def again(actor: Actor, at: datetime) -> Actor:
    """Return the person as an actor at another time, with the password entered then."""
    assert actor.user_id is not None
    return actor_of(actor.user_id, actor.organisation_id, at, confirmed_at=at)


def a_draft(people: People, at: datetime, *, parcels: int = 1, complete: bool = True, **changes: Any) -> Project:
    """Return a draft of the owner, complete but for its submission unless told otherwise."""
    described: dict[str, Any] = {
        "name": "敖汉旗新惠林场碳汇造林项目",
        "methodology": "F1",
        "division_code": "150430",
        "crediting_first": date(2022, 1, 1),
        "crediting_last": date(2041, 12, 31),
        "validator_id": people.validator.organisation_id,
    }
    by = changes.pop("by", people.owner)
    row = services.create_project(actor=by, project=NewProject(**{**described, **changes}), at=at)
    if complete:
        add_land(by, row, at, *(a_square() for _ in range(parcels)))
        for kind in ("design", "tenure"):
            services.add_document(
                actor=by,
                project_id=row.pk,
                kind=kind,
                name=f"{kind}.pdf",
                content=a_paper(),
                is_public=kind == "design",
                at=at,
            )
    return fresh(row)


def read_here(path: Path) -> Survey:
    """Read a parcel file as the child does, without the two seconds that a child takes; tests of files use the child."""
    return read_survey(path, limits=Limits(), in_region=True)


def add_land(by: Actor, row: Project, at: datetime, *geometries: dict[str, Any]) -> list[Parcel]:
    """Return parcels added to a case from a file of these geometries."""
    with patch("registry.services.land.read_in_child", read_here):
        return services.add_parcels(
            actor=by, project_id=row.pk, name="parcels.geojson", content=geojson(*geometries), common=COMMON, at=at
        )


def fresh(row: Project) -> Project:
    """Return a case as it is now."""
    return Project.objects.get(pk=row.pk)


def ticked(at: datetime, *, failed: str = "") -> list[ChecklistAnswer]:
    """Return every item of a review's checklist as passed, but for one."""
    return [
        ChecklistAnswer(item, item != failed, "与现场不符" if item == failed else "")
        for item in queries.checklist("nm_regional", at)
    ]


def review(by: Actor, row: Project, at: datetime, verb: Verb = Verb.PASS, opinion: str = "同意") -> Project:
    """Return a case after one level's review."""
    return services.review_project(actor=by, project_id=row.pk, verb=verb, opinion=opinion, checklist=ticked(at), at=at)


def a_submitted_project(people: People, at: datetime, **changes: Any) -> Project:
    """Return a case at the first level of its review."""
    row = a_draft(people, at, **changes)
    return services.submit_project(actor=changes.get("by", people.owner), project_id=row.pk, at=at)


def an_accepted_project(people: People, at: datetime, **changes: Any) -> Project:
    """Return a case that has passed every level."""
    row = a_submitted_project(people, at, **changes)
    for reviewer in (people.clerk, people.league, people.maker):
        row = review(reviewer, row, at)
    return row


def a_published_project(people: People, at: datetime, **changes: Any) -> Project:
    """Return a case on the first day of its notice."""
    row = an_accepted_project(people, at, **changes)
    return services.publish_project(actor=people.maker, project_id=row.pk, at=at)


def after_notice(at: datetime) -> datetime:
    """Return the same hour of the day after a notice that began at `at`."""
    last = add_working_days(business_date(at), 20, counting_first=True).date
    return at + (last - business_date(at)) + timedelta(days=1)


def a_project_in_review(people: People, at: datetime, **changes: Any) -> Project:
    """Return a case whose validation was signed after its notice, which began at `at`."""
    row = a_published_project(people, at, **changes)
    later = after_notice(at)
    return services.sign_validation(
        actor=confirmed(people.validator, later), project_id=row.pk, opinion="审定通过", document_id=None, at=later
    )


def a_registered_project(people: People, at: datetime, **changes: Any) -> Project:
    """Return a registered project; its notice began at `at`, and it was registered on the day after it."""
    row = a_project_in_review(people, at, **changes)
    later = after_notice(at)
    services.propose_registration(
        actor=confirmed(people.maker, later), project_id=row.pk, opinion="建议准予登记", at=later
    )
    services.decide_registration(
        actor=confirmed(people.checker, later), project_id=row.pk, approve=True, opinion="同意", at=later
    )
    return services.record_registration(actor=confirmed(people.recorder, later), project_id=row.pk, at=later)


__all__ = [
    "COMMON",
    "PDF",
    "People",
    "a_draft",
    "a_paper",
    "a_project_in_review",
    "a_published_project",
    "a_registered_project",
    "a_square",
    "a_submitted_project",
    "add_land",
    "after_notice",
    "again",
    "an_accepted_project",
    "confirmed",
    "fresh",
    "geojson",
    "review",
    "ticked",
]
