"""The day as the sweep runs it: with the exchange's own trades and the registry's own batches."""

from datetime import date, timedelta

import pytest

import registry.queries
import settlement.queries
from accounts.rules import Role
from config import day, sweeps
from exchange.models import Trade
from exchange.rules import Side
from settlement.models import DayRun, SettlementDay
from settlement.rules.day import BookedUnits
from tests.accounts.makers import a_person
from tests.exchange.makers import a_market
from tests.settlement.day_makers import ACCOUNT, becomes_quiet

MONDAY = date(2026, 3, 2)


@pytest.fixture(scope="session")
def admin_url(own_server):
    return own_server


@pytest.fixture
def market(committed, at, settings, monkeypatch):
    """A market in which the first trader bought 40 t on Monday; its batch is on record as issued."""
    settings.BANK_ACCOUNT = ACCOUNT
    made = a_market(at)
    booked = [BookedUnits(made.batch.asset_id, 1000, 0)]
    assert registry.queries.booked_units() == []  # The batch came about without a registry.
    monkeypatch.setattr(registry.queries, "booked_units", lambda: booked)
    return made


def trade(market):
    market.place(market.seller, Side.SELL, 2500, 100)
    market.place(market.traders[0], Side.BUY, 2500, 40)
    market.match()


def take_statement(at):
    from tests.settlement.day_makers import DayWorld

    DayWorld(at, 0, 0, {}, [], 0).statement(at)


def test_the_sweep_takes_a_day_from_its_opening_to_its_close(market, at):
    assert day.run_days(at - timedelta(minutes=90)) == "2026-03-02 opened"
    trade(market)
    assert Trade.objects.get().business_date == MONDAY
    take_statement(at + timedelta(hours=6, minutes=35))
    assert day.run_days(at + timedelta(hours=7)) == "2026-03-02 agrees"
    said = day.run_days(at + timedelta(hours=22, minutes=30))
    assert said == "2026-03-02 sealed, 2026-03-02 agrees, 2026-03-02 closed, 2026-03-03 opened"
    figures = DayRun.objects.filter(day_id=MONDAY, step="clearing").latest("pk").figures
    assert (figures["trades"], figures["units"], figures["value_fen"]) == (1, 40, 100_000)


def test_orders_that_nobody_matched_fail_a_check(market, at):
    market.place(market.seller, Side.SELL, 2500, 100)
    day.run_days(at - timedelta(minutes=90))
    assert [one["what"] for one in DayRun.objects.get(step="opening").differences] == ["O7"]


def test_a_person_runs_the_steps_again_and_the_day_closes_once_it_agrees(market, at):
    day.run_days(at - timedelta(minutes=90))
    trade(market)
    morning = at + timedelta(hours=22, minutes=30)
    day.run_days(morning)
    assert becomes_quiet(MONDAY)
    operator = a_person(Role.SETTLEMENT_OPERATOR, at=at)
    assert not day.run_again(MONDAY, at=morning, actor=operator)
    take_statement(morning)
    assert day.run_again(MONDAY, at=morning, actor=operator)
    row = SettlementDay.objects.get(pk=MONDAY)
    assert (row.state, row.reserve_fen) == ("closed", 120)
    assert DayRun.objects.filter(day=row, run_by_id=operator.user_id).count() == 4


def test_the_day_is_swept_at_its_opening_and_at_its_hour(market, at):
    names = [one.name for one in sweeps.SWEEPS]
    assert names.index("settlement.day") > names.index("exchange.sessions")
    instants = settlement.queries.day_instants(at - timedelta(hours=10), at + timedelta(days=6))
    assert [f"{one:%m-%d %H:%M}" for one in instants][:4] == [
        "03-02 08:30",
        "03-02 17:00",
        "03-03 08:30",
        "03-03 17:00",
    ]
    assert len(instants) == 10  # Five trading days, no weekend; Sunday's noon has none.
