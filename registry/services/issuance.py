"""Issuance: proposed by one person, issued by another, exactly the verified amount, by vintages, buffer withheld."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_noop as _

from accounts.rules import Actor, Role
from accounts.services import close_work_items, record_audit, require_confirmed
from registry import queries
from registry.errors import (
    ChecksFailed,
    DemonstrationOnly,
    NothingToIssue,
    ProvisionalParameters,
    SamePerson,
    StaleVersion,
    StateForbids,
)
from registry.models import Issuance, IssuedVintage, MonitoringPeriod, VerificationRun
from registry.rules.calculation import ECOSYSTEMS
from registry.rules.checks import check_all, failed
from registry.rules.issuance import Vintage, buffer_of, digest, vintages
from registry.rules.states import Verb
from registry.services.acts import change, write_step
from registry.services.gate import Gate, hand_on, locked_period
from registry.services.verification import needed_opinion, write_answers
from rulebook.queries import division, rule
from settlement.rules import CreditDescription
from settlement.services import issue_credits


@dataclass(frozen=True)
class Proposal:
    """What is to be issued for a period, and the hash of it that the second person approves."""

    verified_tonnes: int
    buffer_tonnes: int
    buffer_percent: int
    vintages: tuple[Vintage, ...]
    record_sha256: str

    @property
    def vintages_json(self) -> list[dict[str, int]]:
        return [{"year": one.year, "tonnes": one.tonnes, "buffer_tonnes": one.buffer_tonnes} for one in self.vintages]

    def digest_for(self, row: MonitoringPeriod) -> str:
        content: dict[str, Any] = {
            "period": row.pk,
            "project": row.project.code,
            "owner": row.project.owner_id,
            "first": row.first,
            "last": row.last,
            "record": self.record_sha256,
            "verified_tonnes": self.verified_tonnes,
            "buffer_tonnes": self.buffer_tonnes,
            "buffer_percent": self.buffer_percent,
            "vintages": self.vintages_json,
        }
        return digest(content)


@transaction.atomic
def propose_issuance(
    *, actor: Actor, period_id: int, is_demonstration: bool = False, version: int | None = None, at: datetime
) -> Issuance:
    """Propose to issue the verified amount of a period; the checks run before.

    A proposal that the checker gave back is made anew. Raises NothingToIssue, ProvisionalParameters,
    DemonstrationOnly, ChecksFailed, StateForbids, RoleForbids, StaleVersion.
    """
    gate = locked_period(actor, period_id, Verb.PROPOSE, version=version)
    row = gate.row
    proposal = _proposal(row, at)
    _require_sound(row, is_demonstration, at)
    existing = Issuance.objects.select_for_update().filter(period=row).first()
    if existing is not None and existing.digest:
        raise StateForbids(verb=Verb.PROPOSE.value, state="proposed")
    values = {
        "project_id": row.project_id,
        "verified_tonnes": proposal.verified_tonnes,
        "buffer_tonnes": proposal.buffer_tonnes,
        "buffer_percent": proposal.buffer_percent,
        "vintages": proposal.vintages_json,
        "digest": proposal.digest_for(row),
        "state": "proposed",
        "maker_id": actor.user_id,
        "checker_id": None,
        "proposed_at": at,
    }
    issuance, _is_new = Issuance.objects.update_or_create(period=row, defaults=values)
    write_step(actor, row, Verb.PROPOSE, gate.role, at)
    change(actor, row, "propose_issuance_of", at, state=gate.to)
    _note(actor, "propose_issuance", row, issuance, at)
    title = _("Decide on the issuance for {name}, {first} to {last}")
    hand_on(row, "decide_issuance", title, Role.REGION_CHECKER, at)
    return issuance


def _figures(issuance: Issuance) -> dict[str, Any]:
    names = ("verified_tonnes", "buffer_tonnes", "buffer_percent", "vintages", "digest")
    return {name: getattr(issuance, name) for name in names}


def _note(actor: Actor, verb: str, row: MonitoringPeriod, issuance: Issuance, at: datetime) -> None:
    after = {"issuance": issuance.pk, **_figures(issuance)}
    record_audit(actor=actor, verb=verb, subject=row.subject, before=None, after=after, at=at)


def _proposal(row: MonitoringPeriod, at: datetime) -> Proposal:
    """Return what follows from the verification and the rules in force. Raises NothingToIssue."""
    tonnes = row.verification.verified_tonnes
    if tonnes == 0:
        raise NothingToIssue
    record = row.verification.record
    percent = int(rule("buffer.flat_percent", at=at, scheme=row.project.scheme).value)
    buffer_tonnes = buffer_of(tonnes, record.net_tco2e, record.stock_part_tco2e, percent)
    return Proposal(
        tonnes,
        buffer_tonnes,
        percent,
        tuple(vintages(row.first, row.last, tonnes, buffer_tonnes)),
        record.sha256,
    )


def _require_sound(row: MonitoringPeriod, is_demonstration: bool, at: datetime) -> None:
    """Return if the verified record may become credits: on confirmed values, and after all checks once more.

    Raises ProvisionalParameters, DemonstrationOnly, ChecksFailed.
    """
    case = queries.case_to_check(row, is_demonstration=is_demonstration, at=at)
    if case.provisional:
        raise ProvisionalParameters(values=list(case.provisional)[:20])
    if case.demonstration and not is_demonstration:
        raise DemonstrationOnly(values=list(case.demonstration))
    checked = check_all(case)
    if codes := failed(checked):
        raise ChecksFailed(checks=codes)
    run = VerificationRun.objects.create(period=row, cause="issuance", state="queued", at=at)
    write_answers(run, checked, at)


@transaction.atomic
def decide_issuance(
    *,
    actor: Actor,
    issuance_id: int,
    approve: bool,
    opinion: str = "",
    digest: str | None = None,
    is_demonstration: bool = False,
    at: datetime,
) -> Issuance:
    """Issue what was proposed, nothing else, as another person than its maker, or give it back with the reason.

    digest: of what the person saw; None where the caller shows nothing. All batches, the pool's share and the new
    state are one transaction. Raises SamePerson, StaleVersion, OpinionNeeded, PasswordNeeded, ProvisionalParameters,
    DemonstrationOnly, ChecksFailed, StateForbids, RoleForbids.
    """
    gate = locked_period(actor, _period_of(actor, issuance_id), Verb.DECIDE)
    row = gate.row
    issuance = Issuance.objects.select_for_update().get(pk=issuance_id)
    if issuance.state != "proposed" or not issuance.digest:
        raise StateForbids(verb=Verb.DECIDE.value, state=row.state)
    if issuance.maker_id == actor.user_id:
        raise SamePerson
    if digest is not None and digest != issuance.digest:
        raise StaleVersion(field="digest")
    if not approve:
        return _give_back(issuance, gate, actor, needed_opinion(opinion), at)
    require_confirmed(actor, at)
    # Whatever was changed since the proposal, by whom and however, is not what was proposed.
    proposal = _proposal(row, at)
    if proposal.digest_for(row) != issuance.digest or _figures_differ(issuance, proposal):
        raise StaleVersion(field="digest")
    _require_sound(row, is_demonstration, at)
    assert actor.user_id is not None
    issuance.state, issuance.checker_id, issuance.issued_at = "issued", actor.user_id, at
    issuance.save(update_fields=["state", "checker", "issued_at"])
    for one in issuance.vintages:
        _issue_vintage(issuance, row, Vintage(one["year"], one["tonnes"], one["buffer_tonnes"]), actor.user_id, at)
    write_step(actor, row, Verb.DECIDE, gate.role, at, opinion=opinion.strip())
    change(actor, row, "issue", at, state=gate.to, due_on=None, due_provisional=False)
    _note(actor, "issue_credits", row, issuance, at)
    title = _("Record the issuance for {name}, {first} to {last}")
    hand_on(row, "record_issuance", title, Role.ECOLOGY_RECORDER, at)
    return issuance


def _figures_differ(issuance: Issuance, proposal: Proposal) -> bool:
    return (issuance.verified_tonnes, issuance.buffer_tonnes, issuance.buffer_percent, issuance.vintages) != (
        proposal.verified_tonnes,
        proposal.buffer_tonnes,
        proposal.buffer_percent,
        proposal.vintages_json,
    )


def _give_back(issuance: Issuance, gate: Gate, actor: Actor, opinion: str, at: datetime) -> Issuance:
    """Give a proposal back to the bureau's makers; without a digest nobody can issue it until it is made anew."""
    issuance.digest = ""
    issuance.save(update_fields=["digest"])
    write_step(actor, gate.row, Verb.RETURN, gate.role, at, opinion=opinion)
    _note(actor, "return_issuance", gate.row, issuance, at)
    title = _("The proposed issuance for {name}, {first} to {last}, was given back")
    hand_on(gate.row, "propose_issuance", title, Role.REGION_MAKER, at)
    return issuance


def _period_of(actor: Actor, issuance_id: int) -> int:
    row = queries.issuance(actor, issuance_id)
    return row.period_id


def _issue_vintage(issuance: Issuance, row: MonitoringPeriod, one: Vintage, checker_id: int, at: datetime) -> None:
    project = row.project
    batch = issue_credits(
        key=f"{issuance.pk}:{one.year}",
        credit=CreditDescription(
            scheme=project.scheme,
            project_code=project.code,
            project_name=project.name,
            vintage_year=one.year,
            credit_type=ECOSYSTEMS[project.methodology][1],
            division_code=project.division_code,
            division_name=division(project.division_code).name,
            methodology=project.methodology,
            project_serial=project.serial,
        ),
        owner_id=project.owner_id,
        available_units=one.available_tonnes,
        buffer_units=one.buffer_tonnes,
        at=at,
        maker_id=issuance.maker_id,
        checker_id=checker_id,
        basis=f"issuance:{issuance.pk}",
    )
    IssuedVintage.objects.create(
        issuance=issuance,
        asset_id=batch.asset_id,
        vintage_year=one.year,
        tonnes=one.tonnes,
        buffer_tonnes=one.buffer_tonnes,
        serial_text=batch.serial_text,
    )


@transaction.atomic
def record_issuance(*, actor: Actor, issuance_id: int, at: datetime) -> Issuance:
    """Enter an issuance in the ecology department's records. Raises StateForbids, RoleForbids."""
    gate = locked_period(actor, _period_of(actor, issuance_id), Verb.RECORD)
    row = gate.row
    issuance = Issuance.objects.select_for_update().get(pk=issuance_id)
    if issuance.entered_at is not None:
        raise StateForbids(verb=Verb.RECORD.value, state="recorded")
    issuance.recorder_id, issuance.entered_at = actor.user_id, at
    issuance.save(update_fields=["recorder", "entered_at"])
    write_step(actor, row, Verb.RECORD, gate.role, at)
    close_work_items(subject=row.subject, at=at)
    _note(actor, "record_issuance", row, issuance, at)
    return issuance
