"""Invoices over fees: a firm's title, its request, and the correction of an invoice by two settlement operators."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_noop as _

from accounts.errors import RoleMissing
from accounts.queries import organisation
from accounts.rules import Actor, Role
from accounts.services import close_work_items, open_work_item, record_audit, require_confirmed
from rulebook.queries import rule
from settlement import queries
from settlement.errors import (
    CorrectionOpen,
    FeesInvoiced,
    FeesUnchosen,
    InvoiceNotThere,
    InvoiceSamePerson,
    SpecialNotAllowed,
    StaleVersion,
    StepNotOpen,
    TitleIncomplete,
    TitleMissing,
)
from settlement.models import Invoice, InvoiceItem, InvoiceRequest, InvoiceTitle, RedLetter, TaxOrder
from settlement.rules.invoices import InvoiceKind, TaxpayerType, red_digest
from settlement.services.transfers import needed_text

OPERATOR = Role.SETTLEMENT_OPERATOR


@dataclass(frozen=True)
class NewTitle:
    """What a firm says of itself for its invoices; its name and taxpayer id are the register's."""

    taxpayer_type: TaxpayerType
    email: str
    address_phone: str = ""
    bank_account: str = ""


@transaction.atomic
def set_invoice_title(*, actor: Actor, title: NewTitle, at: datetime) -> InvoiceTitle:
    """Set the title of the actor's organisation; the one before is kept, and stays on what was asked for under it."""
    assert actor.organisation_id is not None
    holder = organisation(actor.organisation_id)
    before = InvoiceTitle.objects.select_for_update().filter(
        organisation_id=actor.organisation_id, superseded_at__isnull=True
    )
    before.update(superseded_at=at)
    row = InvoiceTitle.objects.create(
        organisation_id=actor.organisation_id,
        name=holder.name,
        taxpayer_id=holder.uscc,
        taxpayer_type=title.taxpayer_type.value,
        address_phone=title.address_phone.strip(),
        bank_account=title.bank_account.strip(),
        email=title.email,
        set_by_id=actor.user_id,
        at=at,
    )
    record_audit(
        actor=actor,
        verb="set_invoice_title",
        subject=f"invoice_title:{row.pk}",
        before=None,
        after={"taxpayer_type": row.taxpayer_type, "organisation_id": row.organisation_id},
        at=at,
    )
    return row


@transaction.atomic
def request_invoice(*, actor: Actor, kind: InvoiceKind, leg_ids: Sequence[int], at: datetime) -> InvoiceRequest:
    """Ask for one invoice over the named fees of the actor's organisation, and have it sent to the tax port.

    Raises FeesUnchosen, TitleMissing, TitleIncomplete, SpecialNotAllowed, FeesNotThere, FeesInvoiced.
    """
    assert actor.organisation_id is not None
    most = rule("invoice.most_items", at=at).value
    if not 0 < len(set(leg_ids)) == len(leg_ids) <= most:
        raise FeesUnchosen(field="fees", most=most, found_value=len(leg_ids))
    title = queries.invoice_title_of(actor.organisation_id)
    if title is None:
        raise TitleMissing
    if kind is InvoiceKind.SPECIAL:
        if title.taxpayer_type not in rule("invoice.special_for", at=at).value:
            raise SpecialNotAllowed(field="kind", type=title.taxpayer_type)
        if not (title.address_phone and title.bank_account):
            raise TitleIncomplete(field="kind")
    invoice = queries.invoice_preview(actor.organisation_id, leg_ids, at=at)
    try:
        with transaction.atomic():  # `fee_is_invoiced_once` has the word; by ascending leg, so that none deadlocks.
            row = InvoiceRequest.objects.create(
                organisation_id=actor.organisation_id,
                title=title,
                kind=kind.value,
                amount_fen=invoice.amount_fen,
                net_fen=invoice.net_fen,
                tax_fen=invoice.tax_fen,
                vat_rate=invoice.rate,
                asked_by_id=actor.user_id,
                asked_at=at,
            )
            InvoiceItem.objects.bulk_create(
                InvoiceItem(request=row, leg_id=fee.leg_id, entry_id=fee.entry_id, fen=fee.fen) for fee in invoice.fees
            )
    except IntegrityError as error:
        if "fee_is_invoiced_once" not in str(error):
            raise
        raise FeesInvoiced from error
    TaxOrder.objects.create(request=row, next_at=at)
    record_audit(
        actor=actor,
        verb="request_invoice",
        subject=_subject(row.pk),
        before=None,
        after={"amount_fen": row.amount_fen, "state": row.state, "kind": row.kind, "fees": len(invoice.fees)},
        at=at,
    )
    return row


@transaction.atomic
def propose_red_letter(*, actor: Actor, request_id: int, reason: str, at: datetime) -> RedLetter:
    """Propose to take an issued invoice back in full. Raises RoleMissing, InvoiceNotThere, StepNotOpen, ReasonNeeded,
    CorrectionOpen.
    """
    _require_operator(actor)
    assert actor.user_id is not None
    text = needed_text("reason", reason)
    request = InvoiceRequest.objects.select_for_update().filter(pk=request_id).first()
    if request is None:
        raise InvoiceNotThere
    if queries.open_red_letter(request_id):
        raise CorrectionOpen
    if request.state != InvoiceRequest.State.ISSUED:
        raise StepNotOpen(verb="correct", state=request.state)
    row = RedLetter.objects.create(
        request=request,
        reason=text,
        digest=red_digest(_blue_number(request_id), request.amount_fen, text),
        proposed_by_id=actor.user_id,
        proposed_at=at,
    )
    open_work_item(
        kind="decide_red_letter",
        title=_("Decide on the red letter for invoice {number}"),
        subject=f"red_letter:{row.pk}",
        url=f"/invoice-desk/{request_id}/",
        role=OPERATOR,
        found={"number": _blue_number(request_id)},
        at=at,
    )
    _note(row, actor, "propose_red_letter", None, at)
    return row


@transaction.atomic
def approve_red_letter(*, actor: Actor, red_letter_id: int, digest: str, at: datetime) -> RedLetter:
    """Send a red letter to the tax port, as another operator than who proposed it.

    Raises RoleMissing, InvoiceNotThere, StepNotOpen, InvoiceSamePerson, PasswordNeeded, StaleVersion.
    """
    row = _locked(actor, red_letter_id)
    if row.proposed_by_id == actor.user_id:
        raise InvoiceSamePerson
    require_confirmed(actor, at)
    if not digest == row.digest == red_digest(_blue_number(row.request_id), row.request.amount_fen, row.reason):
        raise StaleVersion(field="digest")
    _decide(row, RedLetter.State.ASKED, actor, "approve_red_letter", at)
    TaxOrder.objects.create(red_letter=row, next_at=at)
    return row


@transaction.atomic
def refuse_red_letter(*, actor: Actor, red_letter_id: int, at: datetime) -> RedLetter:
    """Leave the invoice as it is: another operator refuses, or who proposed the red letter takes it back.

    Raises RoleMissing, InvoiceNotThere, StepNotOpen.
    """
    row = _locked(actor, red_letter_id)
    _decide(row, RedLetter.State.REFUSED, actor, "refuse_red_letter", at)
    return row


@transaction.atomic
def send_tax_order_again(*, actor: Actor, order_id: int, at: datetime) -> TaxOrder:
    """Have an order that was laid aside sent again: the tax port knows it by its number. Raises RoleMissing,
    InvoiceNotThere.
    """
    _require_operator(actor)
    row = TaxOrder.objects.select_for_update().filter(pk=order_id, done_at__isnull=True, dead_at__isnull=False).first()
    if row is None:
        raise InvoiceNotThere
    error = row.last_error
    row.attempts, row.dead_at, row.next_at, row.last_error = 0, None, at, ""
    row.save(update_fields=["attempts", "dead_at", "next_at", "last_error"])
    close_work_items(subject=f"tax_order:{row.pk}", at=at)
    record_audit(
        actor=actor,
        verb="send_tax_order_again",
        subject=f"tax_order:{row.pk}",
        before={"error": error},
        after={"error": ""},
        at=at,
    )
    return row


def _require_operator(actor: Actor) -> None:
    if not actor.has(OPERATOR) or actor.user_id is None:
        raise RoleMissing(roles=[OPERATOR])


def _locked(actor: Actor, red_letter_id: int) -> RedLetter:
    _require_operator(actor)
    rows = RedLetter.objects.select_for_update(of=("self",)).select_related("request")
    row = rows.filter(pk=red_letter_id).first()
    if row is None:
        raise InvoiceNotThere
    if row.state != RedLetter.State.PROPOSED:
        raise StepNotOpen(verb="decide", state=row.state)
    return row


def _decide(row: RedLetter, state: RedLetter.State, actor: Actor, verb: str, at: datetime) -> None:
    row.state, row.decided_by_id, row.decided_at = state, actor.user_id, at
    row.closed_at = at if state is RedLetter.State.REFUSED else None
    row.save(update_fields=["state", "decided_by", "decided_at", "closed_at"])
    close_work_items(subject=f"red_letter:{row.pk}", at=at)
    _note(row, actor, verb, {"state": RedLetter.State.PROPOSED.value}, at)


def _blue_number(request_id: int) -> str:
    return Invoice.objects.get(request_id=request_id, red_letter__isnull=True).number


def _subject(request_id: int) -> str:
    return f"invoice:{request_id}"


def _note(row: RedLetter, actor: Actor, verb: str, before: dict[str, str] | None, at: datetime) -> None:
    after = {"state": row.state, "number": _blue_number(row.request_id), "amount_fen": row.request.amount_fen}
    record_audit(actor=actor, verb=verb, subject=_subject(row.request_id), before=before, after=after, at=at)
