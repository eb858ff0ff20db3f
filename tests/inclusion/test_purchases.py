"""Quotes and purchases on real PostgreSQL: bought at the quoted price or better, retired, nothing lost or doubled."""

import os
import signal
import subprocess
import sys
import threading
from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction

from accounts.errors import InvalidField, PasswordNeeded
from accounts.models import AuditRecord, User
from accounts.rules import Role
from config import invariants
from exchange.errors import Halted, MarketClosed
from exchange.models import Order
from exchange.rules import Side, TradingMode
from exchange.services import cancel_order, halt
from inclusion import errors, queries, services
from inclusion.models import Bought, OffsetPurchase, OffsetQuote, PurchaseRetirement
from inclusion.rules import Wanted
from inclusion.tasks import carry_on, sweep_purchases
from ops import postgres
from registry.errors import PurposeNotServed
from registry.models import Retirement
from settlement import queries as ledger
from settlement.errors import InsufficientFunds
from settlement.services import freeze_asset
from tests.accounts.makers import a_person
from tests.concurrency import started_and_waiting
from tests.database import BASE_DIR, check_deferred
from tests.inclusion.makers import EVENT, a_world

db = pytest.mark.django_db


def money(world):
    return ledger.available_fen(world.firm.organisation_id), ledger.held_fen(world.firm.organisation_id)


def retired(world):
    holdings = ledger.holdings_visible_to(world.firm)
    return sum(one.units for one in holdings if one.purpose == "retired")


def kept(world):
    return sum(ledger.available_units(world.firm.organisation_id, one.asset_id) for one in world.batches)


@db
def test_a_quote_takes_the_best_offers_over_all_instruments(at):
    world = a_world(at)
    world.offer(0, 2510, 10)
    world.offer(0, 2530, 10)
    world.offer(1, 2520, 5)

    quote = world.quote(18)
    check_deferred()

    lines = [(line.instrument_id, line.price_fen, line.quantity) for line in quote.lines.order_by("number")]
    first, second = (one.pk for one in world.instruments)
    assert lines == [(first, 2510, 10), (second, 2520, 5), (first, 2530, 3)]
    assert quote.value_fen == 25100 + 12600 + 7590
    assert (quote.fee_fen, quote.total_fen) == (0, quote.value_fen)  # Who retires at once pays no trading fee.
    assert quote.expires_at == at + timedelta(minutes=10)


@db
def test_a_quote_can_be_for_a_type_a_vintage_or_a_place(at):
    world = a_world(at)
    world.offer(0, 2510, 10)
    world.offer(1, 2520, 10)

    def code(**wanted):
        return world.quote(5, **wanted).lines.get().instrument_code

    assert code() == world.instruments[0].code
    assert code(credit_types=frozenset("G")) == world.instruments[1].code
    assert code(vintage_years=frozenset({2024})) == world.instruments[1].code
    assert code(division_code="150430") == world.instruments[0].code
    with pytest.raises(errors.NotEnoughOffered) as refused:
        world.quote(5, division_code="152500")
    assert refused.value.found == {"offered": 0, "needed": 5}


@db
def test_a_quote_is_refused_for_what_cannot_be_bought_at_once(at):
    world = a_world(at)
    world.offer(0, 2510, 999)

    with pytest.raises(errors.SecondPersonNeeded):
        world.quote(1000)
    with pytest.raises(errors.NothingToOffset):
        world.quote(0)
    with pytest.raises(MarketClosed):
        services.make_quote(actor=world.firm, wanted=Wanted(1), event=None, at=at + timedelta(hours=2))
    assert world.quote(999).units == 999
    assert not OffsetQuote.objects.filter(units__gte=1000).exists()


@db
def test_own_offers_halted_frozen_and_lately_sold_products_are_left_out(at):
    world = a_world(at, modes=(TradingMode.LISTED, TradingMode.CONTINUOUS, TradingMode.LISTED))
    for number in range(3):
        world.offer(number, 2510 + number, 10)
    seller = replace(world.sellers[0], confirmed_at=at)

    own = services.make_quote(actor=seller, wanted=Wanted(20), event=None, at=at)
    assert {line.instrument_id for line in own.lines.all()} == {one.pk for one in world.instruments[1:]}

    operator = a_person(Role.EXCHANGE_OPERATOR, at=at)
    halt(actor=operator, instrument_id=world.instruments[1].pk, order_number="1", reason="x", at=at)
    freeze_asset(asset_id=world.batches[2].asset_id, reason="x", order_number="2", set_by_id=None, at=at)
    assert world.quote(10).lines.get().instrument_id == world.instruments[0].pk

    world.place(world.firm, 0, Side.BUY, 2510, 5, kind="accept")
    other = a_person(Role.FIRM_INITIATOR, at=at)
    with pytest.raises(errors.NotEnoughOffered):  # The seller sold of it today, and may not buy it for five days.
        services.make_quote(actor=seller, wanted=Wanted(5), event=None, at=at)
    assert services.make_quote(actor=other, wanted=Wanted(5), event=None, at=at).units == 5


@db
def test_the_name_of_a_natural_person_does_not_reach_the_trail(at):
    world = a_world(at)
    world.offer(0, 2510, 10)
    row = world.buy(world.quote(5), beneficiary="巴特尔", beneficiary_is_person=True, purpose="voluntary")
    world.match()
    world.carry_on(row)

    assert Retirement.objects.get().beneficiary == "巴特尔"
    assert "巴特尔" not in str(list(AuditRecord.objects.values("before", "after")))


@db
def test_bought_and_retired_in_one_step(at):
    world = a_world(at)
    world.offer(0, 2510, 10)
    world.offer(1, 2520, 10)
    quote = world.quote(15)

    row = world.buy(quote)
    check_deferred()
    assert (row.state, money(world)) == ("ordered", (10_000_000 - quote.total_fen, quote.total_fen))
    assert world.carry_on(row).state == "ordered"  # The matching job has not been there yet.
    world.match()
    world.carry_on(row)
    check_deferred()

    assert (row.state, row.bought_units, row.retired_units) == ("retired", 15, 15)
    assert (row.value_fen, row.fee_fen) == (quote.value_fen, 0)
    assert money(world) == (10_000_000 - quote.total_fen, 0)
    assert (retired(world), kept(world)) == (15, 0)
    certified = queries.certificates_of(row)
    assert [(one.units, one.state) for one in certified] == [(10, "retired"), (5, "retired")]
    assert all(one.serials for one in certified)
    assert {one.beneficiary for one in Retirement.objects.all()} == {"草原论坛组委会"}
    assert invariants.broken() == {}


@db
def test_the_worked_event_is_offset_with_66_units(at):
    world = a_world(at)
    world.offer(0, 2510, 100)

    event = services.EventToOffset("草原论坛", EVENT)
    quote = services.make_quote(actor=world.firm, wanted=Wanted(0), event=event, at=at)

    assert quote.units == quote.footprint.units_required == 66
    assert quote.footprint.outputs["total_tco2e"] == pytest.approx(65.60493, abs=1e-9)
    shown = queries.footprint_of(quote)
    assert shown.by_category["travel"] == pytest.approx(34.57152)
    assert sum(one.line.tco2e for one in shown.lines) == pytest.approx(shown.total_tco2e)
    assert all(one.factor and one.factor.source for one in shown.lines)
    assert "metro_pkm" in shown.not_counted
    assert "rail_pkm" not in shown.not_counted


@db
def test_a_footprint_with_bad_inputs_is_refused_field_by_field(at):
    world = a_world(at)
    bad = {**EVENT, "green_power_kwh": 99999, "heat_gj": -1}

    with pytest.raises(errors.FootprintRefused) as refused:
        services.make_quote(actor=world.firm, wanted=Wanted(0), event=services.EventToOffset("x", bad), at=at)

    assert {(one.field, one.code) for one in refused.value.problems} == {
        ("green_power_kwh", "E_RANGE"),
        ("heat_gj", "E_RANGE"),
    }


@db
def test_when_better_offers_came_meanwhile_the_buyer_has_the_gain(at):
    world = a_world(at)
    world.offer(0, 2510, 10)
    quote = world.quote(10)
    world.offer(0, 2490, 4)

    row = world.buy(quote)
    world.match()
    world.carry_on(row)

    assert (row.state, row.value_fen) == ("retired", 4 * 2490 + 6 * 2510)
    assert money(world) == (10_000_000 - row.value_fen, 0)
    assert invariants.broken() == {}


@db
@pytest.mark.parametrize(("left", "state"), [(7, "partly"), (0, "failed")])
def test_offers_that_vanish_meanwhile_are_told_and_nothing_is_lost(at, left, state):
    world = a_world(at)
    gone = world.offer(0, 2510, 10)
    if left:
        world.offer(1, 2520, left)
    quote = world.quote(10 + left)
    cancel_order(actor=world.sellers[0], order_id=gone, at=at)  # Accepted before the purchase, matched after it.

    row = world.buy(quote)
    world.match()
    world.carry_on(row)
    check_deferred()

    assert (row.state, row.bought_units, row.retired_units) == (state, left, left)
    assert row.ended_at is not None
    assert money(world) == (10_000_000 - left * 2520, 0)
    assert retired(world) == left
    assert invariants.broken() == {}


@db
def test_what_the_registry_refuses_to_retire_stays_with_the_buyer(at):
    world = a_world(at)
    world.offer(0, 2510, 10)
    world.offer(1, 2520, 10)
    row = world.buy(world.quote(20))
    world.match()
    freeze_asset(asset_id=world.batches[0].asset_id, reason="火灾", order_number="9", set_by_id=None, at=at)

    world.carry_on(row)
    check_deferred()

    assert (row.state, row.bought_units, row.retired_units) == ("partly", 20, 10)
    assert [(one["code"], one["units"]) for one in row.problems] == [("frozen", 10)]
    assert (retired(world), kept(world)) == (10, 10)
    assert invariants.broken() == {}


@db
def test_when_the_buyer_has_left_meanwhile_the_purchase_ends_and_says_so(at):
    world = a_world(at)
    world.offer(0, 2510, 10)
    row = world.buy(world.quote(10))
    User.objects.filter(pk=world.firm.user_id).update(is_active=False)
    world.match()
    world.carry_on(row)
    check_deferred()

    assert (row.state, row.bought_units, row.retired_units) == ("failed", 10, 0)
    assert [one["code"] for one in row.problems] == ["role_forbids"]
    assert (retired(world), kept(world)) == (0, 10)


@db
def test_without_enough_money_nothing_is_ordered(at):
    world = a_world(at)
    world.offer(0, 2510, 900)
    world.place(world.firm, 0, Side.BUY, 2500, 3950)  # Holds nearly all of the money.
    quote = world.quote(900)
    before = Order.objects.count(), money(world)

    with pytest.raises(InsufficientFunds), transaction.atomic():
        world.buy(quote)

    assert (Order.objects.count(), money(world)) == before
    assert not OffsetPurchase.objects.exists()


@db
def test_a_quote_is_bought_once_in_its_time_by_its_own_with_the_password(at):
    world = a_world(at)
    world.offer(0, 2510, 10)
    quote = world.quote(5)
    stranger = replace(a_person(Role.FIRM_INITIATOR, at=at), confirmed_at=at)
    colleague = replace(world.firm, confirmed_at=None)
    new = services.NewPurchase(quote.pk, "草原论坛组委会")

    with pytest.raises(errors.QuoteNotThere):
        services.buy_offset(actor=stranger, purchase=new, at=at)
    with pytest.raises(PasswordNeeded):
        services.buy_offset(actor=colleague, purchase=new, at=at)
    with pytest.raises(PurposeNotServed):
        services.buy_offset(actor=world.firm, purchase=replace(new, purpose="compliance"), at=at)
    for wrong in ({"beneficiary": " "}, {"note": "\u202e"}, {"period_first": at.date()}):
        with pytest.raises(
            InvalidField
        ):  # What the registry would refuse of the retirement, before anything is bought.
            services.buy_offset(actor=world.firm, purchase=replace(new, **wrong), at=at)
    late = at + timedelta(minutes=10)
    with pytest.raises(errors.QuoteExpired):
        services.buy_offset(actor=replace(world.firm, confirmed_at=late), purchase=new, at=late)
    operator = a_person(Role.EXCHANGE_OPERATOR, at=at)
    assert not OffsetPurchase.objects.exists()

    first = services.buy_offset(actor=world.firm, purchase=new, at=at)
    halt(actor=operator, instrument_id=world.instruments[0].pk, order_number="1", reason="x", at=at)
    again = services.buy_offset(actor=colleague, purchase=new, at=late)  # A replay, whatever has changed.
    assert (first.pk, first.orders.count()) == (again.pk, 1)
    with pytest.raises(errors.QuoteTaken):
        services.buy_offset(actor=world.firm, purchase=replace(new, beneficiary="别人"), at=at)
    with pytest.raises(errors.PurchaseNotThere):
        queries.purchase(stranger, first.pk)
    with pytest.raises(errors.QuoteNotThere):
        queries.quote(stranger, quote.pk)


@db
def test_a_product_halted_since_the_quote_refuses_the_whole_purchase(at):
    world = a_world(at)
    world.offer(0, 2510, 10)
    world.offer(1, 2520, 10)
    quote = world.quote(15)
    operator = a_person(Role.EXCHANGE_OPERATOR, at=at)
    halt(actor=operator, instrument_id=world.instruments[1].pk, order_number="1", reason="x", at=at)

    with pytest.raises(Halted), transaction.atomic():
        world.buy(quote)
    assert money(world) == (10_000_000, 0)


@db
def test_the_task_is_right_when_run_again_and_the_sweep_ends_what_was_never_woken(at, monkeypatch):
    monkeypatch.setattr("inclusion.tasks.purchases.now", lambda: at)
    world = a_world(at)
    world.offer(0, 2510, 10)
    row = world.buy(world.quote(5))
    carry_on(row.pk)
    world.match()

    sweep_purchases()
    for _ in range(3):
        carry_on(row.pk)
        sweep_purchases()

    row.refresh_from_db()
    assert (row.state, retired(world), Retirement.objects.count()) == ("retired", 5, 1)


def test_two_workers_at_one_purchase_retire_it_once(committed, at):
    world = a_world(at)
    world.offer(0, 2510, 10)
    row = world.buy(world.quote(5))
    world.match()
    services.carry_on_purchase(purchase_id=row.pk, at=at)

    with transaction.atomic():
        assert services.carry_on_purchase(purchase_id=row.pk, at=at)
        # The row is locked by this transaction: the second worker leaves it alone.
        answers = []
        second = threading.Thread(
            target=lambda: (
                answers.append(services.carry_on_purchase(purchase_id=row.pk, at=at)),
                connection.close(),
            )
        )
        second.start()
        second.join(10)
        assert answers == [False]
    world.carry_on(row)

    assert (row.state, retired(world)) == ("retired", 5)
    assert PurchaseRetirement.objects.count() == Retirement.objects.count() == 1
    assert invariants.broken() == {}


def test_a_quote_bought_twice_at_once_is_bought_once(committed, at):
    world = a_world(at)
    world.offer(0, 2510, 10)
    quote = world.quote(5)

    with transaction.atomic():
        first = world.buy(quote)
        second = started_and_waiting(lambda: world.buy(quote))
    second.join()

    assert second.error is None
    assert second.result.pk == first.pk
    assert Order.objects.filter(side="buy").count() == 1


CHILD = """
import os, signal, sys
from datetime import datetime
import django
django.setup()
from inclusion.services import carry_on_purchase
number, step, point, at = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3], datetime.fromisoformat(sys.argv[4])
count = 0

def interrupt(reached):
    global count
    count += reached == "locked"
    if count == step and reached == point:
        os.kill(os.getpid(), signal.SIGKILL)

while carry_on_purchase(purchase_id=number, at=at, interrupt=interrupt):
    pass
"""


@pytest.mark.parametrize("step", [1, 2, 3])
@pytest.mark.parametrize("point", ["before_commit", "after_commit"])
def test_a_worker_killed_between_or_in_steps_loses_and_doubles_nothing(committed, admin_url, at, step, point):
    world = a_world(at)
    world.offer(0, 2510, 10)
    world.offer(1, 2520, 10)
    row = world.buy(world.quote(15))
    world.match()
    url = postgres.with_role(postgres.with_database(admin_url, committed), postgres.APP_ROLE)
    environment = {**os.environ, "DATABASE_URL": url, "DJANGO_SETTINGS_MODULE": "config.settings", "TIME_TRAVEL": "1"}
    killed = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", CHILD, str(row.pk), str(step), point, at.isoformat()],
        cwd=BASE_DIR,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    steps_done = step if point == "after_commit" else step - 1
    assert Bought.objects.exists() is (steps_done >= 1)
    assert Retirement.objects.count() == max(0, steps_done - 1)
    assert invariants.broken() == {}

    world.carry_on(row)
    assert (row.state, retired(world), kept(world)) == ("retired", 15, 0)
    assert Retirement.objects.count() == 2
    assert invariants.broken() == {}


def run(statement, values):
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(statement, values)
        check_deferred()


def broken_by(statement, *values):
    """Return the name of the constraint that a statement breaks, now or at the commit."""
    with pytest.raises(IntegrityError) as refused:
        run(statement, values)
    return refused.value.__cause__.diag.constraint_name


@db
def test_the_database_holds_a_purchase_to_its_orders_and_trades(at):
    world = a_world(at)
    world.offer(0, 2510, 10)
    row = world.buy(world.quote(5))
    world.match()
    update = "UPDATE inclusion_offsetpurchase SET {} WHERE id = %s"

    assert broken_by(update.format("beneficiary = 'x'"), row.pk) == "purchase_keeps_its_terms"
    assert (
        broken_by(update.format("state = 'bought', bought_units = 5, value_fen = 12550"), row.pk) == "purchase_sums_up"
    )
    assert broken_by(update.format("state = 'failed', ended_at = now()"), row.pk) == "purchase_counts_its_trades"
    assert broken_by(update.format("retired_units = 6, bought_units = 6"), row.pk) in (
        "retired_is_bought_and_bought_is_wanted",
        "purchase_state_fits_its_units",
    )
    assert broken_by("DELETE FROM inclusion_offsetpurchase WHERE id = %s", row.pk) == "purchase_is_kept"
    world.carry_on(row)
    assert broken_by(update.format("state = 'partly'"), row.pk) == "ended_purchase_stays_ended"
