"""A firm that has paid fees in trades, and the people who ask for, correct and watch over its invoices."""

from __future__ import annotations

import base64
import itertools
from datetime import datetime
from typing import Any

from django.db import transaction

from accounts.rules import Role
from settlement import queries, services
from settlement.models import InvoiceRequest, RedLetter, TaxOrder
from settlement.rules import TradeToSettle
from settlement.rules.invoices import InvoiceAnswer, InvoiceKind, TaxpayerType
from settlement.services.invoices import NewTitle
from tests.accounts.makers import a_person
from tests.settlement.makers import give_money, issue

_trades = itertools.count(900_000)
GENERAL = NewTitle(TaxpayerType.GENERAL, "tax@example.cn", "呼和浩特市 0471-1234567", "试验银行 1501")


def trade(buyer_id: int, seller_id: int, asset_id: int, at: datetime, *, buyer_fee: int, seller_fee: int) -> None:
    """Settle one trade of ten tonnes at 40 yuan between two organisations, with the fees of both sides."""
    number, value = next(_trades), 10 * 4_000
    services.hold_units_for_order(key=f"units-{number}", organisation_id=seller_id, asset_id=asset_id, units=10, at=at)
    services.hold_cash_for_order(key=f"cash-{number}", organisation_id=buyer_id, fen=value + buyer_fee, at=at)
    settled = TradeToSettle(number, asset_id, 10, 4_000, buyer_id, seller_id, value, buyer_fee, seller_fee, 0)
    with transaction.atomic():
        services.settle_trades(trades=[settled], at=at)


_issued = itertools.count(1)


def answer_to(order_id: int, **changes: object) -> InvoiceAnswer:
    """Return what an honest tax port says of an order, with changes."""
    order = queries.tax_order(order_id)
    values: dict[str, object] = {
        "state": "issued",
        "order_number": order.number,
        "number": f"26151{next(_issued):015d}",
        "issued_on": "2026-03-02",
        "taxpayer_id": order.taxpayer_id,
        "amount_fen": order.amount_fen,
        "net_fen": order.net_fen,
        "tax_fen": order.tax_fen,
        "corrects": order.corrects,
        "file_name": "a.pdf",
        "file": base64.b64encode(b"%PDF-1.7 an invoice").decode(),
    }
    return InvoiceAnswer.model_validate({**values, **changes})


class Invoicing:
    """A firm with three fees (240, 333 and 7 fen), its seller with fees of its own, two operators, an auditor."""

    def __init__(self, at: datetime) -> None:
        self.at = at
        self.firm = a_person(Role.FIRM_INITIATOR, at=at)
        self.seller = a_person(Role.FIRM_INITIATOR, at=at)
        self.first = a_person(Role.SETTLEMENT_OPERATOR, at=at, confirmed=True)
        self.second = a_person(
            Role.SETTLEMENT_OPERATOR, at=at, organisation_id=self.first.organisation_id, confirmed=True
        )
        self.auditor = a_person(Role.AUDITOR, at=at)
        assert self.firm.organisation_id
        assert self.seller.organisation_id
        batch = issue(self.seller.organisation_id, 100, at)
        give_money(self.firm.organisation_id, 1_000_000, at)
        for buyer_fee, seller_fee in ((240, 240), (333, 0), (7, 1)):
            trade(
                self.firm.organisation_id,
                self.seller.organisation_id,
                batch.asset_id,
                at,
                buyer_fee=buyer_fee,
                seller_fee=seller_fee,
            )
        services.set_invoice_title(actor=self.firm, title=GENERAL, at=at)

    def legs(self, organisation_id: int | None = None) -> list[int]:
        """Return the fees that can be invoiced."""
        rows = queries.fees_to_invoice(organisation_id or self.firm.organisation_id or 0, most=100)
        return [fee.leg_id for fee in rows]

    def ask(self, *legs: int, kind: InvoiceKind = InvoiceKind.SPECIAL) -> InvoiceRequest:
        """Ask for an invoice over some fees, or all."""
        return services.request_invoice(actor=self.firm, kind=kind, leg_ids=list(legs) or self.legs(), at=self.at)

    def answer(self, row: InvoiceRequest | RedLetter, **changes: object) -> None:
        """Have the tax port answer what a request or a red letter ordered."""
        order = TaxOrder.objects.get(**{"request" if isinstance(row, InvoiceRequest) else "red_letter": row})
        services.take_tax_answer(order_id=order.pk, answer=answer_to(order.pk, **changes), at=self.at)
        row.refresh_from_db()

    def issued(self, *legs: int) -> InvoiceRequest:
        """Ask for an invoice that is issued."""
        row = self.ask(*legs)
        self.answer(row)
        return row

    def propose(self, row: InvoiceRequest) -> RedLetter:
        """Propose a red letter of an issued invoice."""
        return services.propose_red_letter(actor=self.first, request_id=row.pk, reason="抬头有误", at=self.at)

    def approve(self, red: RedLetter, **changes: Any) -> RedLetter:
        """Approve a red letter as the second operator."""
        asked = {"actor": self.second, "red_letter_id": red.pk, "digest": red.digest, "at": self.at}
        return services.approve_red_letter(**{**asked, **changes})
