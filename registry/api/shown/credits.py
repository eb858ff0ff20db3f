"""Issuances, batches, retirements and certificates, as JSON."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from pydantic import BaseModel

from accounts.queries import user_name
from accounts.rules import Actor
from registry import queries
from registry.api.shown.cases import CommentShown, RegisterEntryShown
from registry.api.shown.land import DocumentShown
from registry.api.shown.parties import PartyShown, party_shown, shown_time
from registry.api.shown.standing import ChangeShown
from registry.models import (
    Issuance,
    IssuedVintage,
    MonitoringPeriod,
    Retirement,
)
from registry.rules.certificate import masked_name
from rulebook.rules import beijing
from settlement.queries import asset


class VintageShown(BaseModel):
    """The tonnes of one calendar year, the buffer's share among them."""

    year: int
    tonnes: int
    buffer_tonnes: int


class IssuedBatchShown(BaseModel):
    """A batch of an issuance; `batch` leads to /batches/{id}."""

    batch: int
    vintage: int
    tonnes: int
    buffer_tonnes: int
    serials: str


def issued_batch_shown(row: IssuedVintage) -> IssuedBatchShown:
    """Return a batch of an issuance."""
    return IssuedBatchShown(
        batch=row.asset_id,
        vintage=row.vintage_year,
        tonnes=row.tonnes,
        buffer_tonnes=row.buffer_tonnes,
        serials=row.serial_text,
    )


class IssuanceShown(BaseModel):
    """An issuance as proposed or done. `digest` covers what was proposed; the decision states it."""

    id: int
    period: int
    project: int
    project_code: str
    verified_tonnes: int
    buffer_tonnes: int
    buffer_percent: int
    vintages: list[VintageShown]
    digest: str
    state: str
    maker: str
    checker: str
    proposed_at: datetime
    issued_at: datetime | None
    recorded_at: datetime | None
    batches: list[IssuedBatchShown]


def issuance_shown(row: Issuance) -> IssuanceShown:
    """Return an issuance with its batches."""
    return IssuanceShown(
        id=row.pk,
        period=row.period_id,
        project=row.project_id,
        project_code=row.project.code,
        verified_tonnes=row.verified_tonnes,
        buffer_tonnes=row.buffer_tonnes,
        buffer_percent=row.buffer_percent,
        vintages=[
            VintageShown(year=one["year"], tonnes=one["tonnes"], buffer_tonnes=one["buffer_tonnes"])
            for one in row.vintages
        ],
        digest=row.digest,
        state=row.state,
        maker=user_name(row.maker_id),
        checker=user_name(row.checker_id),
        proposed_at=beijing(row.proposed_at),
        issued_at=shown_time(row.issued_at),
        recorded_at=shown_time(row.entered_at),
        batches=[issued_batch_shown(one) for one in row.batches.order_by("vintage_year")],
    )


class PublicIssuanceShown(BaseModel):
    """An issuance of the public register."""

    verified_tonnes: int
    buffer_tonnes: int
    issued_at: datetime | None
    batches: list[IssuedBatchShown]


def public_issuance_shown(row: Issuance) -> PublicIssuanceShown:
    """Return an issuance of the public register."""
    return PublicIssuanceShown(
        verified_tonnes=row.verified_tonnes,
        buffer_tonnes=row.buffer_tonnes,
        issued_at=shown_time(row.issued_at),
        batches=[issued_batch_shown(one) for one in row.batches.order_by("vintage_year")],
    )


class PublicPeriodShown(BaseModel):
    """A monitoring report of the public register; a comment names its id while its notice runs."""

    id: int
    first: date
    last: date
    state: str
    verifier: PartyShown | None
    credits: int | None
    notice_from: date | None
    notice_until: date | None


def public_period_shown(row: MonitoringPeriod) -> PublicPeriodShown:
    """Return a monitoring report of the public register."""
    return PublicPeriodShown(
        id=row.pk,
        first=row.first,
        last=row.last,
        state=row.state,
        verifier=party_shown(row.verifier_id),
        credits=row.record.credits if row.record else None,
        notice_from=row.notice_from,
        notice_until=row.notice_until,
    )


class RegisterProjectShown(RegisterEntryShown):
    """A project of the public register, with its land (borders generalised), papers, comments, issuances."""

    land: dict[str, Any]
    documents: list[DocumentShown]
    comments: list[CommentShown]
    reports: list[PublicPeriodShown]
    changes: list[ChangeShown]
    issuances: list[PublicIssuanceShown]


class SerialsShown(BaseModel):
    """A range of serials, and how it is printed."""

    first: int
    last: int
    text: str


class RetirementShown(BaseModel):
    """A retirement of the caller's organisation; `certificate` is its number, which anyone may check once done."""

    id: int
    certificate: str
    organisation: PartyShown | None
    asset: int
    tonnes: int
    beneficiary: str
    beneficiary_is_person: bool
    purpose: str
    period_first: date | None
    period_last: date | None
    note: str
    state: str
    needs_second: bool
    serials: list[SerialsShown]
    entry: int | None
    requested_at: datetime
    retired_at: datetime | None


def retirement_shown(row: Retirement, actor: Actor) -> RetirementShown:
    """Return a retirement as the actor may read it."""
    return RetirementShown(
        id=row.pk,
        certificate=row.number,
        organisation=party_shown(row.organisation_id),
        asset=row.asset_id,
        tonnes=row.tonnes,
        beneficiary=queries.beneficiary_for(actor, row),
        beneficiary_is_person=row.beneficiary_is_person,
        purpose=row.purpose,
        period_first=row.period_first,
        period_last=row.period_last,
        note=queries.note_for(actor, row),
        state=row.state,
        needs_second=row.needs_second,
        serials=[SerialsShown(**one) for one in row.serials],
        entry=row.entry_id,
        requested_at=beijing(row.requested_at),
        retired_at=shown_time(row.retired_at),
    )


class CertificateShown(BaseModel):
    """A retirement certificate as anyone may check it. `page` is where its QR code leads, `pdf` the paper itself.

    Of a natural person's retirement the name is covered, the organisation left out, and the paper the holder's alone.
    """

    number: str
    organisation: str
    beneficiary: str
    purpose: str
    period_first: date | None
    period_last: date | None
    note: str
    tonnes: int
    project: str
    project_name: str
    vintage: int
    methodology: str
    batch: int
    serials: list[SerialsShown]
    retired_at: datetime
    page: str
    pdf: str | None


def certificate_shown(row: Retirement, public_url: str) -> CertificateShown:
    """Return a certificate as anyone may see it."""
    assert row.retired_at is not None
    credit = asset(row.asset_id).credit
    assert credit is not None
    party = party_shown(row.organisation_id)
    return CertificateShown(
        number=row.number,
        # Of a small holder the name of the organisation says who the person is.
        organisation=party.name if party and not row.beneficiary_is_person else "",
        beneficiary=masked_name(row.beneficiary) if row.beneficiary_is_person else row.beneficiary,
        purpose=row.purpose,
        period_first=row.period_first,
        period_last=row.period_last,
        note="" if row.beneficiary_is_person else row.note,
        tonnes=row.tonnes,
        project=credit.project_code,
        project_name=credit.project_name,
        vintage=credit.vintage_year,
        methodology=credit.methodology,
        batch=row.asset_id,
        serials=[SerialsShown(**one) for one in row.serials],
        retired_at=beijing(row.retired_at),
        page=f"{public_url}/certificates/{row.number}/",
        pdf=None if row.beneficiary_is_person else f"{public_url}/api/v1/certificates/{row.number}/pdf/",
    )
