"""Objections: of a party until the next opening, ended by two operators; what is retired stays retired."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction

from accounts.errors import RoleMissing
from accounts.rules import Role
from settlement import queries, services
from settlement.errors import (
    ClaimTooLarge,
    InsufficientFunds,
    ObjectionLate,
    ObjectionNotThere,
    ObjectionOpen,
    ReasonNeeded,
    StaleVersion,
    StepNotOpen,
    TransferSamePerson,
)
from settlement.models import Holding, Objection
from settlement.rules import Purpose
from settlement.rules.day import PaidFrom
from tests.accounts.makers import a_person
from tests.settlement.day_makers import ACCOUNT, a_day_world
from tests.settlement.test_day import clean, morning


@pytest.fixture(scope="session")
def admin_url(own_server):
    return own_server


@pytest.fixture
def world(committed, at, settings):
    settings.BANK_ACCOUNT = ACCOUNT
    made = a_day_world(at)
    made.run(at - timedelta(minutes=90))
    return made


def object_to(world, trade, fen=20_000, *, who=None, at=None, reason="价格有误"):
    actor = who or world.people[world.buyer]
    return services.raise_objection(
        actor=actor, entry_id=trade.entry_id, claimed_fen=fen, reason=reason, at=at or world.at
    )


def propose(world, row, fen=5_000, paid_from=PaidFrom.COUNTERPARTY, *, by=0):
    return services.propose_end(
        actor=world.operators[by],
        objection_id=row.pk,
        finding="核对成交记录",
        compensation_fen=fen,
        paid_from=paid_from,
        at=world.at,
    )


def approve(world, row, *, by=1, digest=None):
    row.refresh_from_db()
    return services.approve_end(
        actor=world.operators[by], objection_id=row.pk, digest=row.digest if digest is None else digest, at=world.at
    )


def money(organisation_id, purpose=Purpose.AVAILABLE):
    rows = Holding.objects.filter(organisation_id=organisation_id, asset__kind="cash", purpose=purpose)
    return rows.get().units if rows else 0


def test_two_operators_let_the_other_side_compensate_and_the_claim_is_free(world):
    trade = world.trade()
    row = object_to(world, trade)
    assert (row.state, row.against_id) == ("raised", world.seller)
    assert queries.withdrawable(world.seller, world.at).claimed_fen == 20_000
    propose(world, row)
    had = money(world.buyer)
    done = approve(world, row)
    assert done.state == "compensated"
    assert money(world.buyer) == had + 5_000
    assert money(world.seller) == 50_000 - 300 - 5_000
    assert queries.withdrawable(world.seller, world.at).claimed_fen == 0
    clean()


def test_the_seller_objects_as_well(world):
    row = object_to(world, world.trade(), who=world.people[world.seller])
    assert row.against_id == world.buyer


def test_a_dismissed_objection_moves_nothing(world):
    row = object_to(world, world.trade())
    propose(world, row, 0)
    row.refresh_from_db()
    assert row.paid_from == ""
    had = money(world.seller)
    assert approve(world, row).state == "dismissed"
    assert money(world.seller) == had
    object_to(world, world.trades[0])  # Until the next opening, another reason may be found.
    clean()


def test_the_risk_reserve_pays_where_it_has_money_and_no_more(world):
    world.trade()
    world.statement(world.at + timedelta(hours=6, minutes=35))
    world.run(morning(world))
    assert money(None, Purpose.RISK_RESERVE) == 60
    tuesday = world.at + timedelta(days=1)
    row = object_to(world, world.trade(at=tuesday), at=tuesday)
    checker = a_person(Role.SETTLEMENT_OPERATOR, at=tuesday, confirmed=True)
    propose(world, row, 61, PaidFrom.RISK_RESERVE)
    with pytest.raises(InsufficientFunds):
        services.approve_end(
            actor=checker, objection_id=row.pk, digest=Objection.objects.get(pk=row.pk).digest, at=tuesday
        )
    services.refuse_end(actor=world.operators[0], objection_id=row.pk, at=tuesday)
    row.refresh_from_db()
    assert (row.state, row.finding, row.digest) == ("raised", "", "")
    propose(world, row, 60, PaidFrom.RISK_RESERVE)
    row.refresh_from_db()
    services.approve_end(actor=checker, objection_id=row.pk, digest=row.digest, at=tuesday)
    assert money(None, Purpose.RISK_RESERVE) == 0
    clean()


def test_what_is_retired_stays_retired_whatever_the_objection_ends_in(world):
    trade = world.trade(units=3)
    services.retire_units(
        key="r1",
        organisation_id=world.buyer,
        asset_id=world.asset_id,
        units=3,
        at=world.at,
        maker_id=None,
        checker_id=None,
        basis="test",
    )
    row = object_to(world, trade, who=world.people[world.seller])
    propose(world, row, 20_000)
    approve(world, row)
    retired = Holding.objects.get(organisation_id=world.buyer, asset_id=world.asset_id, purpose=Purpose.RETIRED)
    assert retired.units == 3
    clean()


def test_objections_end_with_the_next_opening(world):
    trade = world.trade()
    object_to(world, trade, at=world.at + timedelta(hours=20))
    world.run(morning(world))
    with pytest.raises(ObjectionLate, match="2026-03-02"):
        object_to(world, trade, at=morning(world), who=world.people[world.seller])


def test_who_may_object_and_to_what(world, at):
    trade = world.trade()
    with pytest.raises(ObjectionNotThere):
        object_to(world, trade, who=a_person(Role.FIRM_INITIATOR, at=at))
    with pytest.raises(RoleMissing):
        object_to(world, trade, who=world.operators[0])
    for fen in (0, -1, 50_001):
        with pytest.raises(ClaimTooLarge, match=r"0\.01 to 500\.00"):
            object_to(world, trade, fen)
    with pytest.raises(ReasonNeeded):
        object_to(world, trade, reason=" ")
    object_to(world, trade, 50_000)
    with pytest.raises(ObjectionOpen):
        object_to(world, trade)
    deposit = Holding.objects.get(organisation_id=world.buyer, asset__kind="cash", purpose="available").credits.first()
    with pytest.raises(ObjectionNotThere):
        services.raise_objection(
            actor=world.people[world.buyer], entry_id=deposit.entry_id, claimed_fen=1, reason="x", at=world.at
        )


def test_two_persons_end_an_objection_and_only_as_proposed(world):
    row = object_to(world, world.trade())
    with pytest.raises(StepNotOpen):
        services.approve_end(actor=world.operators[0], objection_id=row.pk, digest="", at=world.at)
    with pytest.raises(ClaimTooLarge):
        propose(world, row, 20_001)
    with pytest.raises(RoleMissing):
        services.propose_end(
            actor=world.people[world.buyer],
            objection_id=row.pk,
            finding="x",
            compensation_fen=0,
            paid_from=PaidFrom.COUNTERPARTY,
            at=world.at,
        )
    propose(world, row)
    with pytest.raises(TransferSamePerson):
        approve(world, row, by=0)
    with pytest.raises(StaleVersion):
        approve(world, row, digest="0" * 64)
    approve(world, row)
    with pytest.raises(StepNotOpen):
        approve(world, row)
    with pytest.raises(StepNotOpen):
        services.withdraw_objection(actor=world.people[world.buyer], objection_id=row.pk, at=world.at)


def test_who_raised_it_takes_it_back_at_any_time_before_it_ends(world):
    row = object_to(world, world.trade())
    propose(world, row)
    with pytest.raises(ObjectionNotThere):
        services.withdraw_objection(actor=world.people[world.seller], objection_id=row.pk, at=world.at)
    assert services.withdraw_objection(actor=world.people[world.buyer], objection_id=row.pk, at=world.at)
    assert queries.withdrawable(world.seller, world.at).claimed_fen == 0
    clean()


def test_both_sides_and_the_watchers_see_it_and_nobody_else(world, at):
    row = object_to(world, world.trade())
    for actor in (*world.people.values(), *world.operators, a_person(Role.AUDITOR, at=at)):
        assert queries.objection(actor, row.pk).pk == row.pk
    stranger = a_person(Role.FIRM_INITIATOR, at=at)
    assert queries.objections_visible_to(stranger) == []
    with pytest.raises(ObjectionNotThere):
        queries.objection(stranger, row.pk)


def test_the_database_keeps_what_is_claimed_where_the_code_does_not(world, monkeypatch):
    row = object_to(world, world.trade(), 49_000)
    tuesday = world.at + timedelta(days=1)
    world.statement(world.at + timedelta(hours=6, minutes=35))
    world.run(morning(world))
    unlimited = queries.Withdrawable(10**9, 0, 0)
    monkeypatch.setattr(queries, "withdrawable", lambda *_: unlimited)
    with pytest.raises(IntegrityError, match="what an objection claims does not leave"):
        services.request_withdrawal(actor=world.people[world.seller], amount_fen=701, at=tuesday)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT settlement_claimed_from(%s)", [world.seller])
        assert cursor.fetchone()[0] == row.claimed_fen
