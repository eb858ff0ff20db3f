"""A small market of several instruments, and a firm that offsets, made through the services."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from accounts.rules import Actor, Role
from exchange import services as exchange_services
from exchange.models import Instrument, Order
from exchange.rules import Side, TradingMode
from inclusion import services
from inclusion.models import OffsetPurchase, OffsetQuote
from inclusion.rules import Wanted
from settlement.rules import IssuedBatch
from tests.accounts.makers import a_person
from tests.exchange.makers import approve
from tests.settlement.makers import give_money, issue

EVENT = {
    "year": 2026,
    "region": "inner_mongolia",
    "electricity_kwh": 18500,
    "green_power_kwh": 4000,
    "heat_gj": 36,
    "fuels": [{"fuel": "diesel", "tonnes": 0.42}],
    "activities": [
        {"category": "travel", "item": "flight_economy_pkm", "quantity": 168000},
        {"category": "travel", "item": "rail_pkm", "quantity": 96000},
        {"category": "travel", "item": "bus_pkm", "quantity": 8400},
        {"category": "hotel", "item": "hotel_room_night", "quantity": 260},
        {"category": "catering", "item": "meal", "quantity": 1100},
        {"category": "waste", "item": "waste_landfill_kg", "quantity": 420},
        {"category": "material", "item": "paper_kg", "quantity": 65},
    ],
}


@dataclass
class World:
    """Instruments that are open at `at`, their sellers, and a firm with 100,000 yuan whose password was just entered."""

    at: datetime
    firm: Actor
    sellers: list[Actor] = field(default_factory=list)
    instruments: list[Instrument] = field(default_factory=list)
    batches: list[IssuedBatch] = field(default_factory=list)

    def offer(self, number: int, price_fen: int, quantity: int, **more: object) -> int:
        """Have the seller of an instrument offer tonnes, and let the offer enter the book."""
        return self.place(self.sellers[number], number, Side.SELL, price_fen, quantity, **more)

    def place(
        self,
        who: Actor,
        number: int,
        side: Side,
        price_fen: int,
        quantity: int,
        *,
        matched: bool = True,
        **more: object,
    ) -> int:
        new = exchange_services.NewOrder(self.instruments[number].code, side, quantity, price_fen, **more)
        order = exchange_services.place_order(actor=who, order=new, at=self.at)
        if matched:
            self.match()
        return order.id

    def match(self) -> None:
        """Run the matching job of every instrument to the end."""
        for one in self.instruments:
            while exchange_services.match_instrument(instrument_id=one.pk, at=self.at):
                pass

    def quote(self, units: int, **wanted: object) -> OffsetQuote:
        return services.make_quote(actor=self.firm, wanted=Wanted(units, **wanted), event=None, at=self.at)

    def buy(self, quote: OffsetQuote, **words: object) -> OffsetPurchase:
        new = services.NewPurchase(**{"quote_id": quote.pk, "beneficiary": "草原论坛组委会", **words})
        return services.buy_offset(actor=self.firm, purchase=new, at=self.at)

    def carry_on(self, row: OffsetPurchase) -> OffsetPurchase:
        """Take a purchase as far as it goes, as the task does."""
        for _ in range(20):
            if not services.carry_on_purchase(purchase_id=row.pk, at=self.at):
                break
        row.refresh_from_db()
        return row

    def order(self, number: int) -> Order:
        return Order.objects.get(pk=number)


def a_world(
    at: datetime, *, modes: tuple[TradingMode, ...] = (TradingMode.LISTED, TradingMode.CONTINUOUS), units: int = 1000
) -> World:
    """Return a world with one instrument a mode, of one project each, vintages 2023, 2024, …, base price 25.00 yuan."""
    yesterday = at - timedelta(days=3)
    firm = a_person(Role.FIRM_INITIATOR, at=yesterday, confirmed=False)
    firm = Actor(**{**firm.__dict__, "confirmed_at": at})
    assert firm.organisation_id is not None
    give_money(firm.organisation_id, 10_000_000, yesterday)
    world = World(at, firm)
    operator = a_person(Role.EXCHANGE_OPERATOR, at=yesterday)
    for number, mode in enumerate(modes):
        seller = a_person(Role.FIRM_INITIATOR, at=yesterday)
        batch = issue(
            seller.organisation_id,
            units,
            yesterday,
            project_code=f"NM-CS-000{201 + number}",
            project_serial=f"000{201 + number}",
            vintage_year=2023 + number,
            credit_type="FGW"[number % 3],
        )
        instrument = exchange_services.admit_instrument(
            actor=operator, asset_id=batch.asset_id, initial_price_fen=2500, at=yesterday
        )
        if mode is TradingMode.CONTINUOUS:
            approve(instrument.pk, yesterday, until=(at + timedelta(days=365)).date())
        exchange_services.open_day(instrument_id=instrument.pk, at=at)
        world.sellers.append(seller)
        world.instruments.append(instrument)
        world.batches.append(batch)
    return world
