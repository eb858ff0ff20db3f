"""Fees and their invoices: what can still be invoiced, what was asked for, what the tax port has still to answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db.models import Exists, F, OuterRef, QuerySet, Subquery

from accounts.rules import Actor, Role
from rulebook.queries import rule
from settlement.errors import FeesNotThere, InvoiceNotThere
from settlement.models import EntryKey, Invoice, InvoiceItem, InvoiceRequest, InvoiceTitle, Leg, RedLetter, TaxOrder
from settlement.rules import Purpose
from settlement.rules.invoices import InvoiceOrder, split_tax

INVOICE_WATCHERS = (Role.SETTLEMENT_OPERATOR, Role.AUDITOR)


@dataclass(frozen=True)
class Fee:
    """One fee that an organisation has paid, in fen: the leg that took it, and the entry of the trade."""

    leg_id: int
    entry_id: int
    fen: int
    at: datetime
    kind: str
    key: str  # The entry's: "trade:12".

    @property
    def number(self) -> str:
        """The number of the trade."""
        return self.key.partition(":")[2]


def _fees(organisation_id: int) -> QuerySet[Leg]:
    return Leg.objects.filter(
        debited__organisation_id=organisation_id,
        credited__organisation__isnull=True,
        credited__purpose=Purpose.FEES,
    )


def _as_fees(rows: QuerySet[Leg]) -> list[Fee]:
    key = EntryKey.objects.filter(entry_id=OuterRef("entry_id")).values("key")
    found = rows.annotate(when=F("entry__at"), act=F("entry__kind"), names=Subquery(key))
    return [Fee(*row) for row in found.order_by("pk").values_list("pk", "entry_id", "units", "when", "act", "names")]


def fees_to_invoice(organisation_id: int, *, most: int) -> list[Fee]:
    """Return the fees of an organisation that stand on no invoice and no open request, oldest first."""
    taken = InvoiceItem.objects.filter(is_live=True, leg_id=OuterRef("pk"))
    return _as_fees(_fees(organisation_id).filter(~Exists(taken)))[:most]


def fees_named(organisation_id: int, leg_ids: Sequence[int]) -> list[Fee]:
    """Return those of the named fees that the organisation has paid, by ascending id."""
    return _as_fees(_fees(organisation_id).filter(pk__in=leg_ids))


def fees_of_request(request_id: int) -> list[Fee]:
    """Return the fees on a request, oldest first."""
    legs = InvoiceItem.objects.filter(request_id=request_id).values("leg_id")
    return _as_fees(Leg.objects.filter(pk__in=legs))


@dataclass(frozen=True)
class InvoicePreview:
    """What an invoice over some fees would say, in fen."""

    fees: tuple[Fee, ...]
    amount_fen: int
    net_fen: int
    tax_fen: int
    rate: Decimal


def invoice_preview(organisation_id: int, leg_ids: Sequence[int], *, at: datetime) -> InvoicePreview:
    """Return what an invoice over the named fees would say. Raises FeesNotThere."""
    fees = fees_named(organisation_id, leg_ids)
    if len(fees) != len(leg_ids):
        raise FeesNotThere
    rate = Decimal(rule("invoice.vat_rate", at=at).value)
    total = sum(fee.fen for fee in fees)
    net, tax = split_tax(total_fen=total, rate=rate)
    return InvoicePreview(tuple(fees), total, net, tax, rate)


def invoice_title_of(organisation_id: int) -> InvoiceTitle | None:
    """Return what stands on an organisation's invoices at present."""
    return InvoiceTitle.objects.filter(organisation_id=organisation_id, superseded_at__isnull=True).first()


def invoice_titles_visible_to(actor: Actor) -> list[InvoiceTitle]:
    """Return the present titles `actor` may see, newest first."""
    return list(InvoiceTitle.objects.visible_to(actor).filter(superseded_at__isnull=True).order_by("-pk"))


def invoice_requests_visible_to(actor: Actor, *, state: str = "") -> list[InvoiceRequest]:
    """Return the requests `actor` may see, newest first, each with its title and invoices; `state`: only those."""
    rows = InvoiceRequest.objects.visible_to(actor).select_related("title", "order")
    if state:
        rows = rows.filter(state=state)
    return list(rows.prefetch_related("invoices", "red_letters__order").order_by("-pk"))


def invoice_request(actor: Actor, request_id: int) -> InvoiceRequest:
    """Return one request. Raises InvoiceNotThere."""
    rows = InvoiceRequest.objects.visible_to(actor).select_related("title", "order")
    found = rows.prefetch_related("invoices", "red_letters").filter(pk=request_id).first()
    if found is None:
        raise InvoiceNotThere
    return found


def invoice_visible_to(actor: Actor, number: str) -> Invoice:
    """Return one invoice by its number. Raises InvoiceNotThere."""
    own = InvoiceRequest.objects.visible_to(actor).values("pk")
    found = Invoice.objects.filter(number=number, request_id__in=own).first()
    if found is None:
        raise InvoiceNotThere
    return found


def open_red_letter(request_id: int) -> RedLetter | None:
    """Return the red letter of a request that is proposed, on its way or issued."""
    return RedLetter.objects.filter(request_id=request_id).exclude(state="refused").first()


def tax_orders_in_trouble(actor: Actor) -> list[TaxOrder]:
    """Return the orders that were laid aside or failed at least once, oldest first, for who watches over them."""
    if not actor.has(*INVOICE_WATCHERS):
        return []
    rows = TaxOrder.objects.filter(done_at__isnull=True).exclude(last_error="")
    return list(rows.select_related("request__title", "red_letter__request__title").order_by("pk"))


def due_tax_orders(*, at: datetime, limit: int) -> list[int]:
    """Return the ids of the orders to be sent now, oldest first."""
    rows = TaxOrder.objects.filter(done_at__isnull=True, dead_at__isnull=True, next_at__lte=at)
    return list(rows.order_by("next_at", "pk").values_list("pk", flat=True)[:limit])


def tax_order(order_id: int) -> InvoiceOrder:
    """Return what the tax port is told of an order: a red letter is the blue invoice with its amounts turned."""
    row = TaxOrder.objects.select_related("request__title", "red_letter__request__title").get(pk=order_id)
    red = row.red_letter
    request = red.request if red else row.request
    assert request is not None
    title, sign = request.title, -1 if red else 1
    blue = Invoice.objects.get(request=request, red_letter__isnull=True).number if red else ""
    return InvoiceOrder(
        number=f"R{red.pk}" if red else f"B{request.pk}",
        kind=request.kind,
        name=title.name,
        taxpayer_id=title.taxpayer_id,
        address_phone=title.address_phone,
        bank_account=title.bank_account,
        email=title.email,
        amount_fen=sign * request.amount_fen,
        net_fen=sign * request.net_fen,
        tax_fen=sign * request.tax_fen,
        vat_rate=str(request.vat_rate),
        corrects=blue,
        reason=red.reason if red else "",
    )
