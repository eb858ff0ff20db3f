"""The ledger as of an instant, against what was stored when that instant was the present."""

import contextlib
import itertools
import random
from datetime import timedelta

import pytest
from django.db import connection

from accounts.rules import Role
from rulebook.errors import Refusal
from settlement import queries, services
from settlement.errors import InstantInFuture, InsufficientFunds, InsufficientUnits
from settlement.rules import LedgerClock, SerialRange, StoodIn, where_serials_stood
from settlement.services.deposits import BankMessage
from tests.accounts.makers import a_person
from tests.settlement.makers import an_organisation, give_money, issue, of_organisation
from tests.settlement.test_ledger import TradeToSettle


def stored():
    """Return what is stored now: units by holding, and the holder of every serial."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT id, units FROM settlement_holding WHERE units <> 0")
        units = dict(cursor.fetchall())
        cursor.execute(
            """SELECT b.asset_id, h.organisation_id, h.purpose, b.first_serial, b.last_serial
               FROM settlement_serialblock b JOIN settlement_holding h ON h.id = b.holding_id"""
        )
        serials = {
            (asset_id, serial): (organisation_id, purpose)
            for asset_id, organisation_id, purpose, first, last in cursor
            for serial in range(first, last + 1)
        }
    return units, serials


def as_of(watcher, assets, instant, clock=LedgerClock.BUSINESS):
    units = {row.id: row.units for row in queries.holdings_as_of(watcher, at=instant, clock=clock)}
    serials = {
        (part.asset_id, serial): (part.organisation_id, part.purpose.value)
        for part in queries.serials_as_of(watcher, assets, at=instant, clock=clock)
        for serial in range(part.serials.first, part.serials.last + 1)
    }
    return units, serials


class Act:
    """One random act through the services, at an instant of its own."""

    def __init__(self, chance, holders, assets):
        self.chance, self.holders, self.assets, self.number = chance, holders, assets, 0

    def __call__(self, at):
        self.number += 1
        kind = self.chance.choice(["hold", "release", "retire", "trade", "money", "withdraw", "issue"])
        who, asset, units = (
            self.chance.choice(self.holders),
            self.chance.choice(self.assets),
            self.chance.randint(1, 60),
        )
        key = f"act-{self.number}"
        with contextlib.suppress(InsufficientUnits, InsufficientFunds):
            getattr(self, kind)(key, who, asset, units, at)

    def hold(self, key, who, asset, units, at):
        services.hold_units_for_order(key=key, organisation_id=who, asset_id=asset, units=units, at=at)

    def release(self, key, who, asset, units, at):
        services.release_units_of_order(key=key, organisation_id=who, asset_id=asset, units=units, at=at)

    def retire(self, key, who, asset, units, at):
        services.retire_units(
            key=key, organisation_id=who, asset_id=asset, units=units, at=at, maker_id=None, checker_id=None, basis=""
        )

    def trade(self, key, who, asset, units, at):
        from django.db import transaction

        buyer = self.chance.choice([one for one in self.holders if one != who])
        trade = TradeToSettle(self.number, asset, units, 10, buyer, who, units * 10, 0, 0, 0)
        with transaction.atomic():
            services.hold_units_for_order(key=f"{key}-u", organisation_id=who, asset_id=asset, units=units, at=at)
            services.hold_cash_for_order(key=f"{key}-c", organisation_id=buyer, fen=units * 10, at=at)
            services.settle_trades(trades=[trade], at=at)

    def money(self, key, who, asset, units, at):
        give_money(who, units * 100, at)

    def withdraw(self, key, who, asset, units, at):
        services.hold_cash_for_order(key=key, organisation_id=who, fen=units, at=at)

    def issue(self, key, who, asset, units, at):
        self.assets.append(issue(who, units, at, buffer_units=units // 5).asset_id)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_every_remembered_instant_is_given_back(seed, committed, at):
    chance = random.Random(seed)
    holders = [an_organisation(at=at) for _ in range(3)]
    watcher = a_person(Role.AUDITOR, at=at)
    act = Act(chance, holders, [issue(holders[0], 200, at, buffer_units=20).asset_id])
    remembered = [(at, stored(), now_recorded())]
    for number in range(1, 41):
        instant = at + timedelta(minutes=number)
        act(instant)
        remembered.append((instant, stored(), now_recorded()))
    for instant, state, recorded in remembered:
        assert as_of(watcher, act.assets, instant) == state, instant
        assert as_of(watcher, act.assets, instant + timedelta(seconds=59)) == state
        assert as_of(watcher, act.assets, recorded, LedgerClock.RECORDED) == state
    assert as_of(watcher, act.assets, at - timedelta(seconds=1)) == ({}, {})
    # A holder sees its own alone, and the same of it.
    one = of_organisation(holders[1])
    instant, (units, serials), _ = remembered[20]
    own_units, own_serials = as_of(one, act.assets, instant)
    assert own_serials == {key: place for key, place in serials.items() if place[0] == holders[1]}
    assert own_units.items() <= units.items()
    assert len(own_units) < len(units)
    for asset_id in act.assets:
        totals = queries.batch_units_as_of(asset_id, at=instant)
        assert sum(totals.values()) == sum(1 for key in serials if key[0] == asset_id)


def now_recorded():
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        return cursor.fetchone()[0]


def test_what_was_written_down_late_belongs_to_its_business_time(committed, at):
    """The bank's notice of Friday comes on Monday: as of Friday the money was there, and the ledger did not know."""
    holder, before = an_organisation(at=at), now_recorded()
    reference = services.request_deposit(actor=of_organisation(holder), amount_fen=None, at=at).reference
    friday = at - timedelta(days=3)
    services.book_bank_notice(message=BankMessage("B1", 500, reference, "", ""), at=friday)
    one = of_organisation(holder)
    assert [row.units for row in queries.holdings_as_of(one, at=friday)] == [500]
    assert queries.holdings_as_of(one, at=before, clock=LedgerClock.RECORDED) == []
    with pytest.raises(InstantInFuture):
        queries.refuse_future(at + timedelta(seconds=1), at)


def test_ranges_agree_with_single_serials():
    chance = random.Random(20260302)
    for _ in range(400):
        plain, moves = {}, []
        for holding in range(chance.randint(0, 9)):
            first = chance.randint(1, 25)
            last = chance.randint(first, 25)
            plain.update(dict.fromkeys(range(first, last + 1), holding))
            moves.append(StoodIn(SerialRange(first, last), holding))
        found = where_serials_stood(reversed(moves))
        assert {n: part.holding_id for part in found for n in range(part.serials.first, part.serials.last + 1)} == plain
        for part, following in itertools.pairwise(found):
            assert part.serials.last < following.serials.first
            assert part.holding_id != following.holding_id or part.serials.last + 1 < following.serials.first


def test_a_batch_that_is_none_is_not_there(committed, at):
    with pytest.raises(Refusal):
        queries.batch_units_as_of(queries.cash_asset_id(), at=at)
