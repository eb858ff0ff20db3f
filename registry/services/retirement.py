"""Retirement: credits out of circulation for ever, for a beneficiary and a purpose, with a certificate."""

from __future__ import annotations

from datetime import date, datetime

from django.conf import settings
from django.db import connection, transaction
from django.utils.translation import gettext_noop as _

from accounts.errors import InvalidField
from accounts.queries import organisation
from accounts.rules import Actor, Role
from accounts.services import close_work_items, open_work_item, record_audit, require_confirmed
from registry import queries
from registry.errors import (
    Incomplete,
    OpinionNeeded,
    PurposeNotServed,
    RecordNotThere,
    RoleForbids,
    SamePerson,
    StateForbids,
)
from registry.models import Document, Retirement
from registry.rules.certificate import Certificate, certificate_pdf, masked_name
from registry.rules.texts import is_clean
from registry.services.documents import keep_document
from rulebook.queries import business_date, rule
from settlement.errors import AssetNotThere, InvalidQuantity, KeyReused
from settlement.queries import asset, available_units, shortage
from settlement.rules import CreditDescription
from settlement.services import retire_units

ASKING = (Role.FIRM_INITIATOR, Role.FIRM_CONFIRMER, Role.OWNER)
CONFIRMING = (Role.FIRM_CONFIRMER, Role.OWNER)
LIMITS = {"beneficiary": 120, "note": 200, "reason": 200}
MOST_TONNES = 10**12
MOST_KEY = 80


@transaction.atomic
def request_retirement(
    *,
    actor: Actor,
    asset_id: int,
    tonnes: int,
    beneficiary: str,
    beneficiary_is_person: bool = False,
    purpose: str,
    period_first: date | None = None,
    period_last: date | None = None,
    note: str = "",
    key: str,
    at: datetime,
) -> Retirement:
    """Retire credits of the actor's organisation, at once below the rule's limit; from it on a second person confirms.

    The limit is for what one person retires in a business day: what the organisation has retired that day with one
    person alone counts too, whoever and of whichever batch it was, so that nobody splits an amount to stay below.

    key: of this request; the same key and content give the first answer again, whatever has changed since.
    Raises RoleForbids, PasswordNeeded, KeyReused, PurposeNotServed, Incomplete, InvalidField and settlement's
    InvalidQuantity, AssetNotThere, InsufficientUnits, UnitsFrozen, UnitsPledged, AssetFrozen, HolderFrozen.
    """
    if actor.organisation_id is None or not actor.has(*ASKING):
        raise RoleForbids
    if not key or len(key) > MOST_KEY:
        raise InvalidField(field="key", reason=_("The key of a retirement has 1 to 80 characters."))
    whole_key = f"{actor.organisation_id}:{key}"
    content = {
        "asset_id": asset_id,
        "tonnes": tonnes,
        "beneficiary": _text("beneficiary", beneficiary, needed=True),
        "beneficiary_is_person": beneficiary_is_person,
        "purpose": purpose,
        "period_first": period_first,
        "period_last": period_last,
        "note": _text("note", note),
    }
    with connection.cursor() as cursor:  # Two requests of one key queue here; the second finds the first's row.
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"retirement {whole_key}"])
    known = Retirement.objects.filter(key=whole_key).first()
    if known is not None:
        if any(getattr(known, name) != value for name, value in content.items()):
            raise KeyReused(field="key")
        return known
    require_confirmed(actor, at)
    credit = _credit(asset_id)
    _check(credit, tonnes, purpose, period_first, period_last, at)
    limit = rule("retirement.two_persons_from_tonnes", at=at, scheme=credit.scheme)
    with connection.cursor() as cursor:  # Two parts of one amount at once queue here; the second counts the first.
        cursor.execute(
            "SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"retirements of {actor.organisation_id}"]
        )
    alone = queries.retired_alone(actor.organisation_id, business_date(at))
    needs_second = alone + tonnes >= int(limit.value)
    available = available_units(actor.organisation_id, asset_id)
    if available < tonnes:
        why = shortage(actor.organisation_id, asset_id, available=available, needed=tonnes)
        why.field = "tonnes"
        raise why
    row = Retirement.objects.create(
        number=_next_number(at),
        key=whole_key,
        organisation_id=actor.organisation_id,
        state="requested",
        needs_second=needs_second,
        requested_by_id=actor.user_id,
        requested_at=at,
        **content,
    )
    if needs_second:
        open_work_item(
            kind="confirm_retirement",
            title=_("Confirm the retirement of {tonnes} t for {beneficiary}"),
            subject=_subject(row),
            url=f"/retirements/{row.pk}/",
            role=Role.FIRM_CONFIRMER,
            organisation_id=row.organisation_id,
            found={"tonnes": f"{tonnes:,}", "beneficiary": row.beneficiary},
            at=at,
        )
        _note(row, actor, "request_retirement", before=None, at=at)
    else:
        _retire(row, actor, at)
    return row


def _text(name: str, text: str, *, needed: bool = False) -> str:
    """Return a text without blanks around it. Raises Incomplete, InvalidField."""
    clean = text.strip()
    if needed and not clean:
        raise Incomplete(field=name, missing=name)
    if len(clean) > LIMITS[name] or not is_clean(clean):
        raise InvalidField(field=name, reason=_("The text is too long or holds characters that may not stand in it."))
    return clean


def _credit(asset_id: int) -> CreditDescription:
    credit = asset(asset_id).credit
    if credit is None:
        raise AssetNotThere(field="asset_id")
    return credit


def _check(
    credit: CreditDescription,
    tonnes: int,
    purpose: str,
    period_first: date | None,
    period_last: date | None,
    at: datetime,
) -> None:
    if isinstance(tonnes, bool) or not isinstance(tonnes, int) or not 0 < tonnes <= MOST_TONNES:
        raise InvalidQuantity(field="tonnes", found_value=tonnes)
    served = rule("retirement.purposes", at=at, scheme=credit.scheme)
    if purpose not in served.value:
        raise PurposeNotServed(field="purpose", rule=served, purpose=purpose)
    if (period_first is None) != (period_last is None) or (
        period_first is not None and period_last is not None and period_last < period_first
    ):
        raise InvalidField(field="period_last", reason=_("The period has a first and a last day, in this order."))


def _next_number(at: datetime) -> str:
    """Return the next certificate number. Numbers never come twice; a request that fails may leave a gap."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval('registry_certificate_number')")
        number = int(cursor.fetchone()[0])
    return f"NMZX-{business_date(at).year}-{number:06d}"


def _retire(row: Retirement, actor: Actor, at: datetime) -> None:
    """Move the units to their end and write it down; the person confirming is the checker of the entry."""
    done = retire_units(
        key=str(row.pk),
        organisation_id=row.organisation_id,
        asset_id=row.asset_id,
        units=row.tonnes,
        at=at,
        maker_id=row.requested_by_id,
        checker_id=row.confirmed_by_id,
        basis=f"retirement:{row.pk}",
    )
    row.serials = [
        {"first": part.first, "last": part.last, "text": text}
        for part, text in zip(done.serials, done.serial_texts, strict=True)
    ]
    before = {"state": row.state}
    row.state, row.retired_at, row.entry_id = "retired", at, done.entry_id
    row.save(update_fields=["state", "retired_at", "entry_id", "serials", "confirmed_by"])
    _note(row, actor, "retire_credits", before=before, at=at)


def _note(row: Retirement, actor: Actor, verb: str, *, before: dict[str, str] | None, at: datetime) -> None:
    # The trail is never erased, so that a natural person's name does not go into it.
    beneficiary = masked_name(row.beneficiary) if row.beneficiary_is_person else row.beneficiary
    after = {"state": row.state, "number": row.number, "tonnes": row.tonnes, "beneficiary": beneficiary}
    record_audit(actor=actor, verb=verb, subject=_subject(row), before=before, after=after, at=at)


def _subject(row: Retirement) -> str:
    return f"retirement:{row.pk}"


@transaction.atomic
def confirm_retirement(*, actor: Actor, retirement_id: int, at: datetime) -> Retirement:
    """Confirm a retirement above the limit as the second person of the holder; it is final then.

    Raises RecordNotThere, RoleForbids, SamePerson, PasswordNeeded, StateForbids and settlement's refusals.
    """
    row = _requested(actor, retirement_id, "confirm")
    if not actor.has(*CONFIRMING) or actor.user_id is None:
        raise RoleForbids
    if row.requested_by_id == actor.user_id:
        raise SamePerson
    require_confirmed(actor, at)
    row.confirmed_by_id = actor.user_id
    _retire(row, actor, at)
    close_work_items(subject=_subject(row), at=at)
    return row


@transaction.atomic
def cancel_retirement(*, actor: Actor, retirement_id: int, at: datetime) -> Retirement:
    """Take back a retirement that nobody has confirmed. Raises RecordNotThere, RoleForbids, StateForbids."""
    row = _requested(actor, retirement_id, "cancel")
    if not actor.has(*ASKING):
        raise RoleForbids
    row.state = "cancelled"
    row.save(update_fields=["state"])
    close_work_items(subject=_subject(row), at=at)
    _note(row, actor, "cancel_retirement", before={"state": "requested"}, at=at)
    return row


@transaction.atomic
def read_beneficiary(*, actor: Actor, retirement_id: int, reason: str, at: datetime) -> Retirement:
    """Return a retirement for the name of its natural person to be read, and log who read it and why, without the name.

    Raises RecordNotThere, OpinionNeeded, InvalidField.
    """
    row = Retirement.objects.visible_to(actor).filter(pk=retirement_id).first()
    if row is None:
        raise RecordNotThere
    reason = _text("reason", reason)
    if not reason:
        raise OpinionNeeded(field="reason")
    record_audit(
        actor=actor, verb="read_beneficiary", subject=_subject(row), before=None, after={"reason": reason}, at=at
    )
    return row


def _requested(actor: Actor, retirement_id: int, verb: str) -> Retirement:
    row = Retirement.objects.visible_to(actor).select_for_update(of=("self",)).filter(pk=retirement_id).first()
    if row is None:
        raise RecordNotThere
    if row.organisation_id != actor.organisation_id:
        raise RoleForbids
    if row.state != "requested":
        raise StateForbids(verb=verb, state=row.state)
    return row


@transaction.atomic
def make_certificate(*, retirement_id: int, at: datetime) -> Document:
    """Return the certificate of a done retirement, made now if it is missing: one paper, however often it is asked for.

    Raises RecordNotThere.
    """
    row = Retirement.objects.select_for_update().filter(pk=retirement_id, state="retired").first()
    if row is None:
        raise RecordNotThere
    if row.certificate is not None:
        return row.certificate
    paper = keep_document(
        project=None,
        kind="certificate",
        name=f"{row.number}.pdf",
        content=certificate_pdf(certificate_of(row)),
        content_type="application/pdf",
        is_public=not row.beneficiary_is_person,
        actor=None,
        at=at,
    )
    row.certificate = paper
    row.save(update_fields=["certificate"])
    return paper


def certificate_of(row: Retirement) -> Certificate:
    """Return what the certificate of a done retirement says."""
    credit = _credit(row.asset_id)
    assert row.retired_at is not None
    return Certificate(
        number=row.number,
        venue=settings.VENUE_NAME,
        holder=organisation(row.organisation_id).name,
        beneficiary=row.beneficiary,
        purpose=row.purpose,
        period_first=row.period_first,
        period_last=row.period_last,
        note=row.note,
        tonnes=row.tonnes,
        project_name=credit.project_name,
        project_code=credit.project_code,
        place=credit.division_name,
        methodology=credit.methodology,
        vintage_year=credit.vintage_year,
        serials=tuple(one["text"] for one in row.serials),
        retired_on=business_date(row.retired_at),
        check_url=f"{settings.PUBLIC_URL.rstrip('/')}/certificates/{row.number}/",
    )
