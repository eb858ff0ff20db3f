"""Admission by steps: asked for by the first seller, reviewed by one operator, approved by another."""

from __future__ import annotations

import hashlib
import json
from datetime import datetime

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_noop as _

from accounts.errors import ChangedMeanwhile, RoleMissing, SamePerson
from accounts.rules import Actor, Role
from accounts.services import close_work_items, open_work_item, record_audit, require_confirmed
from exchange import errors, queries
from exchange.models import Admission, Instrument
from exchange.models.admissions import OPEN_ADMISSIONS
from exchange.rules import AdmissionState
from exchange.services.admission import admit_instrument
from exchange.services.terms import require_trader, yuan
from settlement.queries import asset, available_units
from settlement.services import refuse_frozen_product

OPERATOR = Role.EXCHANGE_OPERATOR
LONGEST = 300


@transaction.atomic
def request_admission(
    *, actor: Actor, asset_id: int, initial_price_fen: int, note: str = "", at: datetime
) -> Admission:
    """Ask for the product of a held batch to be admitted at a first price. It must be the holder's who asks.

    Raises RoleMissing, NothingToSell, InstrumentAdmitted, AdmissionOpen, InvalidPrice, PriceOffTick,
    AdmissionTextUnreadable, settlement's AssetNotThere, AssetFrozen.
    """
    require_trader(actor)
    assert actor.organisation_id is not None
    credit = asset(asset_id).credit
    held = available_units(actor.organisation_id, asset_id)
    if credit is None or not held:
        raise errors.NothingToSell(field="asset", available=held, needed=1)
    if Instrument.objects.filter(project_code=credit.project_code, vintage_year=credit.vintage_year).exists():
        raise errors.InstrumentAdmitted(field="asset")
    refuse_frozen_product(credit.project_code, credit.vintage_year)
    tick = queries.profile(at, queries.rule_scheme_of(credit.scheme, at)).tick_fen
    if initial_price_fen <= 0:
        raise errors.InvalidPrice(field="price")
    if initial_price_fen % tick:
        raise errors.PriceOffTick(field="price", tick=yuan(tick), price=yuan(initial_price_fen))
    text = _readable(note, "note")
    said = json.dumps([asset_id, actor.organisation_id, initial_price_fen, text, at.isoformat()], ensure_ascii=False)
    try:
        with transaction.atomic():  # `admission_is_open_once` has the word.
            row = Admission.objects.create(
                asset_id=asset_id,
                organisation_id=actor.organisation_id,
                project_code=credit.project_code,
                vintage_year=credit.vintage_year,
                initial_price_fen=initial_price_fen,
                note=text,
                digest=hashlib.sha256(said.encode()).hexdigest(),
                requested_by_id=actor.user_id,
                at=at,
            )
    except IntegrityError as error:
        if "admission_is_open_once" not in str(error):
            raise
        raise errors.AdmissionOpen(field="asset") from error
    _ask(row, "review_admission", _("Review the request to admit {product}"), at)
    _note(row, actor, "request_admission", at)
    return row


@transaction.atomic
def review_admission(*, actor: Actor, admission_id: int, opinion: str, at: datetime) -> Admission:
    """Find a request in order, as the first operator; another one approves it.

    Raises RoleMissing, AdmissionNotThere, AdmissionTextUnreadable.
    """
    user_id = _operator(actor)
    row = _open(admission_id, AdmissionState.REQUESTED.value)
    if row.requested_by_id == user_id:
        raise SamePerson
    row.state, row.reviewed_by_id = AdmissionState.REVIEWED, user_id
    row.opinion = _readable(opinion, "opinion", needed=True)
    row.save(update_fields=["state", "reviewed_by", "opinion"])
    close_work_items(subject=_subject(row), at=at)
    _ask(row, "approve_admission", _("Approve the admission of {product}"), at)
    _note(row, actor, "review_admission", at)
    return row


@transaction.atomic
def approve_admission(*, actor: Actor, admission_id: int, digest: str, at: datetime) -> Admission:
    """Approve a reviewed request, as the second operator: its product trades from the next trading day on.

    Raises RoleMissing, PasswordNeeded, AdmissionNotThere, SamePerson, ChangedMeanwhile, settlement's AssetFrozen.
    """
    user_id = _operator(actor)
    row = _open(admission_id, AdmissionState.REVIEWED.value)
    if user_id in (row.reviewed_by_id, row.requested_by_id):
        raise SamePerson
    require_confirmed(actor, at)
    if digest != row.digest:
        raise ChangedMeanwhile(field="digest")
    refuse_frozen_product(row.project_code, row.vintage_year)
    row.instrument = admit_instrument(
        actor=actor, asset_id=row.asset_id, initial_price_fen=row.initial_price_fen, at=at
    )
    row.decided_by_id = user_id
    _end(row, AdmissionState.ADMITTED, at)
    _note(row, actor, "approve_admission", at)
    return row


@transaction.atomic
def refuse_admission(*, actor: Actor, admission_id: int, opinion: str, at: datetime) -> Admission:
    """Refuse an open request with a reason, as an operator. Raises RoleMissing, AdmissionNotThere,
    AdmissionTextUnreadable.
    """
    user_id = _operator(actor)
    row = _open(admission_id, *OPEN_ADMISSIONS)
    row.decided_by_id, row.opinion = user_id, _readable(opinion, "opinion", needed=True)
    _end(row, AdmissionState.REFUSED, at)
    _note(row, actor, "refuse_admission", at)
    return row


@transaction.atomic
def withdraw_admission(*, actor: Actor, admission_id: int, at: datetime) -> Admission:
    """Take an own request back while it is open. Raises RoleMissing, AdmissionNotThere."""
    require_trader(actor)
    row = _open(admission_id, *OPEN_ADMISSIONS)
    if row.organisation_id != actor.organisation_id:
        raise errors.AdmissionNotThere
    _end(row, AdmissionState.WITHDRAWN, at)
    _note(row, actor, "withdraw_admission", at)
    return row


def _open(admission_id: int, *states: str) -> Admission:
    rows = Admission.objects.select_for_update(of=("self",)).filter(pk=admission_id, state__in=states)
    row = rows.select_related("asset").first()
    if row is None:
        raise errors.AdmissionNotThere
    return row


def _end(row: Admission, state: AdmissionState, at: datetime) -> None:
    row.state, row.ended_at = state, at
    row.save(update_fields=["state", "ended_at", "decided_by", "opinion", "instrument"])
    close_work_items(subject=_subject(row), at=at)


def _ask(row: Admission, kind: str, title: str, at: datetime) -> None:
    open_work_item(
        kind=kind,
        title=title,
        subject=_subject(row),
        url=f"/admissions/{row.pk}/",
        role=OPERATOR,
        found={"product": f"{row.project_code} {row.vintage_year}"},
        at=at,
    )


def _operator(actor: Actor) -> int:
    if not actor.has(OPERATOR) or actor.user_id is None:
        raise RoleMissing(roles=[OPERATOR])
    return actor.user_id


def _readable(text: str, field: str, *, needed: bool = False) -> str:
    text = text.strip()
    if not text.isprintable() or len(text) > LONGEST or (needed and not text):
        raise errors.AdmissionTextUnreadable(field=field)
    return text


def _subject(row: Admission) -> str:
    return f"admission:{row.pk}"


def _note(row: Admission, actor: Actor, verb: str, at: datetime) -> None:
    record_audit(
        actor=actor,
        verb=verb,
        subject=_subject(row),
        before=None,
        after={"state": str(row.state), "initial_price_fen": row.initial_price_fen, "opinion": row.opinion},
        at=at,
    )
