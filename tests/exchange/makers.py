"""A small market for tests, made through the services."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from django.db import connection

from accounts.rules import Actor, Role
from config import invariants
from exchange import services
from exchange.models import ApprovalRecord, Instrument, Order
from exchange.rules import Side, TradingMode
from settlement.rules import IssuedBatch
from settlement.services import EvidenceFile
from tests.accounts.makers import a_person
from tests.settlement.makers import give_money, issue


@dataclass
class Market:
    """An open instrument and who trades in it. `at` is in a session of its first trading day."""

    instrument: Instrument
    batch: IssuedBatch
    at: datetime
    seller: Actor
    traders: list[Actor] = field(default_factory=list)

    def place(self, who: Actor, side: Side, price_fen: int | None, quantity: int, **more: object) -> int:
        """Place an order and return its id."""
        new = services.NewOrder(self.instrument.code, side, quantity, price_fen, **more)
        return services.place_order(actor=who, order=new, at=self.at).id

    def match(self) -> int:
        """Run the matching job to the end; return how many events it carried out."""
        done = 0
        while one := services.match_instrument(instrument_id=self.instrument.pk, at=self.at):
            done += one
        return done

    def order(self, number: int) -> Order:
        return Order.objects.get(pk=number)


def a_market(
    at: datetime,
    *,
    mode: TradingMode = TradingMode.CONTINUOUS,
    units: int = 1000,
    buyers: int = 2,
    base_fen: int = 2500,
) -> Market:
    """Return an open market: one seller with `units`, buyers with 100,000 yuan each, base price 25.00 yuan."""
    yesterday = at - timedelta(days=3)
    seller = a_person(Role.FIRM_INITIATOR, at=yesterday)
    batch = issue(seller.organisation_id, units, yesterday)
    operator = a_person(Role.EXCHANGE_OPERATOR, at=yesterday)
    instrument = services.admit_instrument(
        actor=operator, asset_id=batch.asset_id, initial_price_fen=base_fen, at=yesterday
    )
    if mode is TradingMode.CONTINUOUS:
        approve(instrument.pk, yesterday, until=(at + timedelta(days=365)).date())
    traders = [a_person(Role.FIRM_INITIATOR, at=yesterday) for _ in range(buyers)]
    for trader in traders:
        give_money(trader.organisation_id, 10_000_000, yesterday)
    services.open_day(instrument_id=instrument.pk, at=at)
    return Market(instrument, batch, at, seller, traders)


def approval(at: datetime, *, until: date, **changes: object) -> services.NewApproval:
    """Return an approval as it is entered, in force from `at` on."""
    return services.NewApproval(
        **{
            "authority": "试验批准",
            "authority_level": "state_council",
            "document_number": "试验〔2026〕1号",
            "document_date": at.date(),
            "scope": "连续竞价",
            "valid_from": at.date(),
            "valid_to": until,
            **changes,
        }
    )


def broken() -> dict[str, object]:
    """Return the invariants that are broken, once everything that is checked at a commit has been checked."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")
    return invariants.broken()


PAPER = EvidenceFile("approval", "批复.pdf", b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n")


def approve(instrument_id: int, at: datetime, *, until: date, **changes: object) -> ApprovalRecord:
    """Return an approval of continuous trading that one operator entered and another has checked."""
    maker, checker = (a_person(Role.EXCHANGE_OPERATOR, at=at, confirmed=True) for _ in range(2))
    new = approval(at, until=until, **changes)
    row = services.propose_approval(
        actor=maker, instrument_id=instrument_id, new=new, file=PAPER, demonstration=False, at=at
    )
    return services.approve_approval(actor=checker, approval_id=row.pk, digest=row.digest, at=at)
