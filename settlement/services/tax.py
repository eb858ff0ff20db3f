"""What the tax port has answered, or not, to an order for an invoice. Each is right when told twice."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext_noop as _

from accounts.rules import Role
from accounts.services import open_work_item
from rulebook.queries import rule
from settlement import queries
from settlement.models import Invoice, InvoiceRequest, RedLetter, TaxOrder
from settlement.rules.evidence import file_name
from settlement.rules.invoices import InvoiceAnswer, contradiction, day_of, file_of, wait_minutes
from settlement.services.evidence import store_content


@transaction.atomic
def record_tax_silence(*, order_id: int, error: str, at: datetime) -> None:
    """Note why the tax port's answer is not known; it is asked again, later and later, then laid aside for a person.

    What was asked for stays asked for: nobody knows whether an invoice was issued.
    """
    order = _locked(order_id)
    if order.done_at is not None:
        return
    order.attempts, order.last_error = order.attempts + 1, error[:300]
    if order.attempts >= rule("invoice.most_tries", at=at).value:
        _lay_aside(order, at)
    minutes = wait_minutes(first=rule("invoice.retry_minutes", at=at).value, attempts=order.attempts)
    order.next_at = at + timedelta(minutes=minutes)
    order.save(update_fields=["attempts", "last_error", "next_at", "dead_at"])


@transaction.atomic
def take_tax_answer(*, order_id: int, answer: InvoiceAnswer, at: datetime) -> None:
    """Do what the tax port says of an order: wait, keep the invoice, or note the refusal.

    An invoice with another number, amount or taxpayer than was asked for is not taken: the order is laid aside, and an
    operator sees which field it is.
    """
    order = _locked(order_id)
    if order.done_at is not None:
        return
    asked = queries.tax_order(order_id)
    wrong = "order_number" if answer.order_number != asked.number else ""
    if answer.state == "issued":
        wrong = contradiction(asked, answer)
        if not wrong and Invoice.objects.filter(number=answer.number).exists():
            wrong = "number"
    if wrong:
        order.attempts, order.last_error = order.attempts + 1, f"contradiction: {wrong}"
        _lay_aside(order, at)
    elif answer.state == "issued":
        _issue(order, answer, at)
    elif answer.state == "refused":
        _refuse(order, answer.reason, at)
    else:
        _step(order, "sent", at)
        order.attempts, order.last_error = 0, ""
        order.next_at = at + timedelta(minutes=rule("invoice.late_minutes", at=at).value)
    order.save(update_fields=["attempts", "last_error", "next_at", "done_at", "dead_at"])


def _locked(order_id: int) -> TaxOrder:
    return TaxOrder.objects.select_for_update().get(pk=order_id)


def _lay_aside(order: TaxOrder, at: datetime) -> None:
    order.dead_at = at
    open_work_item(
        kind="look_at_tax_order",
        title=_("An order to the tax port was laid aside"),
        subject=f"tax_order:{order.pk}",
        url="/invoice-desk/",
        role=Role.SETTLEMENT_OPERATOR,
        at=at,
    )


def _issue(order: TaxOrder, answer: InvoiceAnswer, at: datetime) -> None:
    content = file_of(answer)
    sha256 = hashlib.sha256(content).hexdigest()
    store_content(sha256, content)
    issued_on = day_of(answer)
    assert issued_on is not None
    Invoice.objects.create(
        number=answer.number,
        request_id=_request_id(order),
        red_letter_id=order.red_letter_id,
        taxpayer_id=answer.taxpayer_id,
        amount_fen=answer.amount_fen,
        net_fen=answer.net_fen,
        tax_fen=answer.tax_fen,
        issued_on=issued_on,
        file_name=file_name(answer.file_name) or f"{answer.number}.pdf",
        file_size=len(content),
        sha256=sha256,
        at=at,
    )
    _step(order, "issued", at)
    if order.red_letter_id:
        InvoiceRequest.objects.filter(pk=_request_id(order)).update(state=InvoiceRequest.State.CORRECTED, closed_at=at)
    order.done_at, order.last_error = at, ""


def _refuse(order: TaxOrder, reason: str, at: datetime) -> None:
    text = reason[:300]
    if order.red_letter_id is not None:
        RedLetter.objects.filter(pk=order.red_letter_id).update(state="refused", refusal=text, closed_at=at)
    elif order.request_id is not None:
        InvoiceRequest.objects.filter(pk=order.request_id).update(state="refused", reason=text, closed_at=at)
    order.done_at, order.last_error = at, text


def _step(order: TaxOrder, state: str, at: datetime) -> None:
    closed_at = at if state == "issued" else None
    if order.red_letter_id is not None:
        RedLetter.objects.filter(pk=order.red_letter_id).update(state=state, closed_at=closed_at)
    elif order.request_id is not None:
        InvoiceRequest.objects.filter(pk=order.request_id).update(state=state, closed_at=closed_at)


def _request_id(order: TaxOrder) -> int:
    if order.red_letter is not None:
        return order.red_letter.request_id
    assert order.request_id is not None
    return order.request_id
