"""The day: opened with checks, cleared, reconciled, sealed at the next opening, closed only to the fen."""

import threading
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, connection, transaction

from accounts.queries import work_items_for
from settlement import queries, services
from settlement.errors import Claimed, DayClosed, DayNotThere, DaySealed, SoldToday
from settlement.models import DayRun, Holding, SettlementDay
from settlement.rules import Purpose
from settlement.rules.day import BookedUnits, PaidFrom, reserve_share_fen
from settlement.services.deposits import BankMessage
from simulators.bank.camt import Line
from tests.settlement.day_makers import ACCOUNT, a_day_world, becomes_quiet
from tests.settlement.makers import give_money

MONDAY, TUESDAY = date(2026, 3, 2), date(2026, 3, 3)


@pytest.fixture(scope="session")
def admin_url(own_server):
    return own_server


@pytest.fixture
def world(committed, at, settings):
    settings.BANK_ACCOUNT = ACCOUNT
    return a_day_world(at)


@pytest.fixture
def opened(world):
    """The world with Monday open since half past eight."""
    world.run(world.at - timedelta(minutes=90))
    return world


def evening(world):
    return world.at + timedelta(hours=7)


def morning(world):
    return world.at + timedelta(hours=22, minutes=30)


def found(day=MONDAY, step="reconciliation"):
    run = DayRun.objects.filter(day_id=day, step=step).latest("pk")
    return [one["what"] for one in run.differences]


def state(day=MONDAY):
    return SettlementDay.objects.get(pk=day).state


def clean():
    assert {name: proof["broken"] for name, proof in queries.broken_invariants().items() if proof["broken"]} == {}


def test_a_day_goes_from_its_opening_to_its_close(world):
    assert world.run(world.at - timedelta(hours=2)) == ""  # Eight o'clock: before the opening, Friday was never open.
    assert world.run(world.at - timedelta(minutes=90)) == "2026-03-02 opened"
    assert world.run(world.at) == ""
    world.trade(units=2)
    world.trade()
    world.statement(world.at + timedelta(hours=6, minutes=35))
    assert world.run(evening(world)) == "2026-03-02 run"
    assert (found(), found(step="clearing"), state()) == ([], [], "open")
    assert world.run(evening(world) + timedelta(minutes=1)) == ""
    assert world.run(morning(world)) == "2026-03-02 sealed, 2026-03-02 run, 2026-03-02 closed, 2026-03-03 opened"
    assert world.run(morning(world)) == ""

    day = SettlementDay.objects.get(pk=MONDAY)
    assert (day.state, day.covers_from, day.reserve_fen) == ("closed", MONDAY, 120)  # A tenth of 4 x 300 fen.
    assert SettlementDay.objects.get(pk=TUESDAY).covers_from == TUESDAY
    held = Holding.objects.filter(organisation=None, asset__kind="cash").values_list("purpose", "units")
    assert dict(held)[Purpose.FEES] == 1_080
    assert dict(held)[Purpose.RISK_RESERVE] == 120
    clearing = DayRun.objects.filter(day=day, step="clearing").latest("pk").figures
    assert clearing == {"trades": 2, "units": 3, "value_fen": 150_000, "fees_fen": 1_200, "parties": 2}
    books = DayRun.objects.filter(day=day, step="reconciliation").latest("pk").figures
    assert books["bank_fen"] == books["ledger_fen"] == 1_000_000
    assert books["units_held"] == books["serials"] == 1_000
    clean()


def test_weekends_and_holidays_belong_to_the_next_trading_day(opened):
    world = opened
    friday = world.at + timedelta(days=4)
    for days in range(1, 5):
        world.statement(world.at + timedelta(days=days - 1, hours=6, minutes=35))
        world.run(morning(world) + timedelta(days=days - 1))
    world.statement(friday + timedelta(hours=6, minutes=35))
    give_money(world.buyer, 100, friday + timedelta(days=1))  # On Saturday.
    assert world.run(friday + timedelta(days=2)) == "2026-03-06 run"  # On Sunday: still open.
    world.run(morning(world) + timedelta(days=6))
    assert state(date(2026, 3, 6)) == "closed"
    assert SettlementDay.objects.get(pk=date(2026, 3, 9)).covers_from == date(2026, 3, 7)


def test_a_day_without_a_statement_waits_for_it_and_closes_by_itself(opened):
    world = opened
    world.trade()
    world.run(evening(world))
    assert found() == ["no_statement"]
    assert world.run(morning(world)) == "2026-03-02 sealed, 2026-03-02 run, 2026-03-03 opened"
    assert state() == "sealed"
    opening = DayRun.objects.get(day_id=TUESDAY, step="opening")
    assert [one["what"] for one in opening.differences] == ["O1"]
    assert world.run(morning(world) + timedelta(minutes=1)) == ""
    world.statement(world.at + timedelta(days=1))
    assert world.run(world.at + timedelta(days=1, minutes=1)) == "2026-03-02 run, 2026-03-02 closed"


@pytest.mark.parametrize(
    ("what", "spoil"),
    [
        ("line_unexplained", lambda world, at: world.statement(at, Line("X1", -1, at.date(), "乙"))),
        ("balance_is_not_its_movements", lambda world, at: world.statement(at, opening=1)),
        (
            "opening_is_not_the_closing_before",
            lambda world, at: (world.statement(at), world.statement(at + timedelta(minutes=1), opening=999_999)),
        ),
        (
            "received_on_no_statement",
            lambda world, at: (
                world.statement(at),
                services.book_bank_notice(message=BankMessage("N1", 5, "", "乙", "6222"), at=at),
                setattr(world, "closing", 1_000_000),
                _statement_without_notices(world, at + timedelta(minutes=1)),
            ),
        ),
    ],
)
def test_an_unexplained_fen_keeps_the_day_open_whoever_closes_it(opened, what, spoil):
    world = opened
    spoil(world, world.at + timedelta(hours=6, minutes=35))
    world.run(morning(world))
    assert what in found()
    assert state() == "sealed"
    assert becomes_quiet(MONDAY)
    with pytest.raises(IntegrityError, match="a day with a difference does not close"), transaction.atomic():
        SettlementDay.objects.filter(pk=MONDAY).update(closed_at=world.at)


@pytest.mark.parametrize(
    ("what", "spoil"),
    [
        ("ledger_is_not_the_bank", "UPDATE settlement_holding SET units = units - 11 WHERE purpose = 'bank'"),
        ("suspense_is_not_the_unknown", "UPDATE settlement_holding SET units = units + 5 WHERE purpose = 'suspense'"),
    ],
)
def test_a_total_that_is_off_keeps_the_day_open_whatever_the_rows_say(opened, what, spoil, as_superuser):
    world = opened
    services.book_bank_notice(message=BankMessage("N2", 700, "", "乙", "6222"), at=world.at)
    as_superuser.execute("SET session_replication_role = replica")
    as_superuser.execute(spoil)
    as_superuser.connection.commit()
    world.closing += 700
    world.statement(world.at + timedelta(hours=6, minutes=35))
    world.run(morning(world))
    assert what in found()
    assert state() == "sealed"


def _statement_without_notices(world, at):
    from simulators.bank.camt import statement

    world.number += 1
    data = statement(number=world.number, account=ACCOUNT, opening_fen=world.closing, lines=[], written_at=at)
    services.take_statement_file(data=data, account=ACCOUNT, at=at)


def test_a_paid_withdrawal_on_no_statement_is_a_difference(opened):
    world = opened
    row = services.request_withdrawal(actor=world.people[world.buyer], amount_fen=500, at=world.at)
    services.finish_withdrawal(withdrawal_id=row.pk, paid=True, at=world.at)
    world.statement(world.at + timedelta(hours=6, minutes=35))
    world.run(evening(world))
    assert found() == ["paid_on_no_statement"]


@pytest.mark.parametrize(
    ("what", "amount", "change"),
    [
        ("trade_units", -1, lambda one: replace(one, units=one.units + 1)),
        ("trade_value", 1, lambda one: replace(one, value_fen=one.value_fen - 1)),
        ("trade_buyer_fee", 300, lambda one: replace(one, buyer_fee_fen=0)),
        ("trade_seller_fee", -1, lambda one: replace(one, seller_fee_fen=301)),
        ("trade_other", None, lambda one: replace(one, buyer_id=one.seller_id, seller_id=one.buyer_id)),
        ("entry_without_trade", 0, None),
    ],
)
def test_clearing_finds_each_way_in_which_a_trade_was_moved_otherwise(opened, what, amount, change):
    world = opened
    one = world.trade()
    trades = [change(one)] if change else []
    places = {row.what: row.amount for row in queries.clearing_differences(trades, first=MONDAY, last=MONDAY)}
    assert what in places
    assert amount is None or places == {what: amount}
    assert queries.clearing_differences([one], first=MONDAY, last=MONDAY) == []


def test_a_trade_that_the_ledger_never_moved_is_found(opened):
    one = opened.trade()
    missing = replace(one, trade_id=77, entry_id=10**9)
    rows = queries.clearing_differences([one, missing], first=MONDAY, last=MONDAY)
    assert {(row.what, row.place) for row in rows} == {
        (f"trade_{part}", "77") for part in ("units", "value", "buyer_fee", "seller_fee")
    }


def test_the_registry_must_have_issued_and_retired_the_same(opened):
    world = opened
    assert queries.registry_differences(world.booked()) == []
    for booked, what, amount in (
        ([BookedUnits(world.asset_id, 999, 0)], "issued_otherwise", 1),
        ([BookedUnits(world.asset_id, 1000, 5)], "retired_otherwise", -5),
        ([], "issued_otherwise", 1000),
        ([*world.booked(), BookedUnits(10**6, 7, 0)], "issued_otherwise", -7),
    ):
        assert [(row.what, row.amount) for row in queries.registry_differences(booked)] == [(what, amount)]


def test_no_entry_comes_into_a_sealed_day(opened):
    world = opened
    services.seal_days(at=morning(world))
    with pytest.raises(DaySealed, match="try again"), transaction.atomic():
        give_money(world.buyer, 100, world.at)
    give_money(world.buyer, 100, morning(world))


def test_a_day_waits_for_what_was_on_its_way_when_it_was_sealed(opened):
    world = opened
    world.statement(world.at + timedelta(hours=6, minutes=35))
    wrote, go_on = threading.Event(), threading.Event()

    def slow():
        with transaction.atomic():
            give_money(world.buyer, 100, world.at + timedelta(hours=8))  # Of Monday, committed on Tuesday.
            wrote.set()
            go_on.wait(20)
        connection.close()

    thread = threading.Thread(target=slow)
    thread.start()
    assert wrote.wait(20)
    world.is_slow = True
    assert world.run(morning(world)) == "2026-03-02 sealed, 2026-03-03 opened"
    assert not queries.is_quiet(MONDAY)
    services.clear_day(day=MONDAY, trades=[], at=morning(world))
    services.reconcile_day(day=MONDAY, booked=world.booked(), at=morning(world))
    with pytest.raises(IntegrityError, match="may still be on its way"), transaction.atomic():
        SettlementDay.objects.filter(pk=MONDAY).update(closed_at=morning(world))
    go_on.set()
    thread.join()
    world.is_slow = False
    world.run(morning(world))
    assert state() == "closed"


def test_steps_of_a_closed_day_and_of_no_day_do_not_run(opened):
    world = opened
    world.statement(world.at + timedelta(hours=6, minutes=35))
    world.run(morning(world))
    with pytest.raises(DayClosed):
        services.clear_day(day=MONDAY, trades=[], at=world.at)
    with pytest.raises(DayNotThere):
        services.reconcile_day(day=date(2026, 1, 1), booked=[], at=world.at)
    with pytest.raises(DayNotThere):
        services.fill_reserve(day=TUESDAY, at=world.at)
    assert services.fill_reserve(day=MONDAY, at=world.at) == 0


def test_sale_money_leaves_after_the_close_not_after_midnight(opened):
    world = opened
    world.trade()
    seller, tuesday = world.people[world.seller], world.at + timedelta(days=1)
    world.run(morning(world))  # No statement: Monday stays sealed.
    assert queries.withdrawable(world.seller, tuesday).fen == 0
    with pytest.raises(SoldToday, match="not closed yet"):
        services.request_withdrawal(actor=seller, amount_fen=1, at=tuesday)
    world.statement(tuesday)
    world.run(tuesday)
    assert state() == "closed"
    assert services.request_withdrawal(actor=seller, amount_fen=49_700, at=tuesday).state == "sent"


def test_failed_opening_checks_say_which(world):
    services.book_bank_notice(message=BankMessage("U1", 5, "", "路人", "6222"), at=world.at - timedelta(days=6))
    checks = queries.opening_checks(MONDAY, at=world.at, unmatched=2)
    assert [one.number for one in checks] == ["O1", "O2", "O3", "O4", "O5", "O6", "O7"]
    assert [one.number for one in checks if not one.passed] == ["O6", "O7"]


def test_the_reserve_share_is_rounded_half_up():
    share = Decimal("0.10")
    assert [reserve_share_fen(fees_fen=fen, share=share) for fen in (4, 5, 14, 15)] == [0, 1, 1, 2]


def test_what_is_claimed_does_not_leave(opened):
    world = opened
    trade = world.trade()
    world.statement(world.at + timedelta(hours=6, minutes=35))
    services.raise_objection(
        actor=world.people[world.buyer], entry_id=trade.entry_id, claimed_fen=20_000, reason="错价", at=world.at
    )
    world.run(morning(world))
    tuesday = world.at + timedelta(days=1)
    left = queries.withdrawable(world.seller, tuesday)
    assert (left.available_fen, left.sales_fen, left.claimed_fen, left.fen) == (49_700, 0, 20_000, 29_700)
    with pytest.raises(Claimed, match=r"297\.00 yuan may leave now"):
        services.request_withdrawal(actor=world.people[world.seller], amount_fen=29_701, at=tuesday)
    assert services.request_withdrawal(actor=world.people[world.seller], amount_fen=29_700, at=tuesday)


TAMPERS = {
    "day does not follow": "UPDATE settlement_settlementday SET covers_from = covers_from - 1 WHERE day = '2026-03-03'",
    "closed before an earlier one": (
        "UPDATE settlement_settlementday SET sealed_at = now(), closed_at = now() WHERE day = '2026-03-03';"
        " UPDATE settlement_settlementday SET closed_at = NULL, reserve_fen = NULL, reserve_entry_id = NULL"
        " WHERE day = '2026-03-02'"
    ),
    "closed without both steps": "DELETE FROM settlement_dayrun WHERE step = 'clearing'",
    "entry came into a sealed day": (
        "UPDATE settlement_entry SET business_date = '2026-03-02' WHERE business_date = '2026-03-03'"
    ),
    "reserve of a day was not moved": (
        "UPDATE settlement_settlementday SET reserve_fen = reserve_fen + 1 WHERE reserve_fen > 0"
    ),
    "risk reserve": ("UPDATE settlement_objection SET paid_from = 'risk_reserve' WHERE state = 'compensated'"),
    "compensation is not what was decided": (
        "UPDATE settlement_objection SET compensation_fen = compensation_fen - 1 WHERE state = 'compensated'"
    ),
}


@pytest.mark.parametrize("what", TAMPERS)
def test_what_is_changed_behind_the_guards_is_found(opened, what, as_superuser):
    world = opened
    trade = world.trade()
    row = services.raise_objection(
        actor=world.people[world.buyer], entry_id=trade.entry_id, claimed_fen=900, reason="错价", at=world.at
    )
    services.propose_end(
        actor=world.operators[0],
        objection_id=row.pk,
        finding="属实",
        compensation_fen=900,
        paid_from=PaidFrom.COUNTERPARTY,
        at=world.at,
    )
    row.refresh_from_db()
    services.approve_end(actor=world.operators[1], objection_id=row.pk, digest=row.digest, at=world.at)
    world.statement(world.at + timedelta(hours=6, minutes=35))
    world.run(morning(world))
    clean()
    as_superuser.execute("SET session_replication_role = replica")
    as_superuser.execute(TAMPERS[what])
    as_superuser.connection.commit()
    assert what in {broken["what"] for broken in queries.broken_invariants()["S1"]["broken"]}


def test_what_a_person_has_to_look_at_becomes_work_and_goes_away(opened):
    world = opened
    operator, tuesday = world.operators[0], world.at + timedelta(days=1)
    world.trade()
    world.run(morning(world))
    found = {one.kind: one.found for one in work_items_for(operator, at=tuesday)}
    assert found == {
        "close_day": {"day": "2026-03-02", "count": "1"},
        "look_at_opening": {"day": "2026-03-03", "checks": "O1"},
    }
    world.statement(tuesday)
    world.run(tuesday + timedelta(minutes=1))
    assert {one.kind for one in work_items_for(operator, at=tuesday)} == {"look_at_opening"}  # Until Tuesday closes.
