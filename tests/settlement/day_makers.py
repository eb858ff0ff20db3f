"""A small world for the day: a seller and a buyer, what they trade, and what the bank says of it."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from django.db import transaction

from accounts.rules import Actor, Role
from settlement import queries, services
from settlement.models import BankNotice, SettlementDay, StatementLine, Withdrawal
from settlement.rules import TradeToSettle
from settlement.rules.day import BookedUnits, ClearedTrade
from simulators.bank.camt import Line, statement
from tests.accounts.makers import a_person
from tests.settlement.makers import an_organisation, bind_account, give_money, issue

ACCOUNT = "150100888800000001"


@dataclass
class DayWorld:
    """`at` is ten o'clock of the first trading day."""

    at: datetime
    seller: int
    buyer: int
    people: dict[int, Actor]
    operators: list[Actor]
    asset_id: int
    trades: list[ClearedTrade] = field(default_factory=list)
    number: int = 0
    closing: int = 0
    is_slow: bool = False  # Something is on its way on purpose.

    def trade(self, units: int = 1, price_fen: int = 50_000, at: datetime | None = None) -> ClearedTrade:
        """Let the buyer buy of the seller, each with a fee of 300 fen."""
        at, key = at or self.at, f"d{len(self.trades)}"
        value = units * price_fen
        services.hold_units_for_order(
            key=f"u{key}", organisation_id=self.seller, asset_id=self.asset_id, units=units, at=at
        )
        services.hold_cash_for_order(key=f"c{key}", organisation_id=self.buyer, fen=value + 400, at=at)
        new = TradeToSettle(
            1000 + len(self.trades), self.asset_id, units, price_fen, self.buyer, self.seller, value, 300, 300, 100
        )
        with transaction.atomic():
            (entry,) = services.settle_trades(trades=[new], at=at)
        cleared = ClearedTrade(new.trade_id, entry, self.asset_id, self.buyer, self.seller, units, value, 300, 300)
        self.trades.append(cleared)
        return cleared

    def statement(self, at: datetime, *extra: Line, opening: int | None = None) -> None:
        """Let the bank state what moved since its last statement, and whatever else."""
        known = StatementLine.objects.values("bank_serial")
        rows = BankNotice.objects.exclude(bank_serial__in=known).order_by("pk")
        lines = [Line(row.bank_serial, row.amount_fen, at.date(), "甲", "6222", row.reference) for row in rows]
        paid = Withdrawal.objects.filter(state="sent").order_by("pk")
        lines += [Line(f"W{row.pk}", -row.amount_fen, at.date(), "甲", "6222", "", str(row.pk)) for row in paid]
        lines += extra
        self.number += 1
        opening = self.closing if opening is None else opening
        data = statement(number=self.number, account=ACCOUNT, opening_fen=opening, lines=lines, written_at=at)
        services.take_statement_file(data=data, account=ACCOUNT, at=at)
        self.closing = opening + sum(line.fen for line in lines)

    def booked(self) -> list[BookedUnits]:
        """Return what the registry would have on record."""
        return [BookedUnits(self.asset_id, 1000, 0)]

    def run(self, at: datetime) -> str:
        """Do what is due for the days, as config.day does it, with the trades and batches of this world.

        Whatever runs beside in other databases of the server is waited for: its transactions count as well.
        """
        said = [f"{day} sealed" for day in services.seal_days(at=at)]
        for row in queries.unclosed_days():
            if row.sealed_at is not None and not (self.is_slow or becomes_quiet(row.day)):
                raise AssertionError("something else was on its way all the time")
            if queries.is_run_due(row, at=at) and queries.is_quiet(row.day):
                services.clear_day(day=row.day, trades=self.of_day(row), at=at)
                services.reconcile_day(day=row.day, booked=self.booked(), at=at)
                said.append(f"{row.day} run")
            if row.sealed_at is not None and services.close_day(day=row.day, at=at):
                said.append(f"{row.day} closed")
        for day in services.reserves_to_fill():
            services.fill_reserve(day=day, at=at)
        if (opened := services.open_day(at=at, unmatched=0)) is not None:
            said.append(f"{opened.day} opened")
        return ", ".join(said)

    def of_day(self, row: SettlementDay) -> list[ClearedTrade]:
        """Return the trades made on the dates of a day: those whose entries have its dates."""
        from settlement.models import Entry

        dates = dict(Entry.objects.filter(kind="trade").values_list("pk", "business_date"))
        return [one for one in self.trades if row.covers_from <= dates[one.entry_id] <= row.day]


def becomes_quiet(day: date) -> bool:
    """Wait until a sealed day is quiet, at most twenty seconds."""
    ends = time.monotonic() + 20
    while not queries.is_quiet(day):
        if time.monotonic() > ends:
            return False
        time.sleep(0.05)
    return True


def a_day_world(at: datetime) -> DayWorld:
    """Return a seller with 1000 t, a buyer with 10,000 yuan, both with bank accounts, and two settlement operators."""
    before = at - timedelta(days=3)
    seller, buyer = an_organisation(at=before), an_organisation(at=before)
    batch = issue(seller, 1000, before)
    give_money(buyer, 1_000_000, before)
    for one in (seller, buyer):
        bind_account(one, before)
    people = {one: a_person(Role.FIRM_INITIATOR, at=at, organisation_id=one, confirmed=True) for one in (seller, buyer)}
    operators = [a_person(Role.SETTLEMENT_OPERATOR, at=at, confirmed=True) for _ in range(2)]
    return DayWorld(at, seller, buyer, people, operators, batch.asset_id)
