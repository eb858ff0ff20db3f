"""Any sequence of trades, withdrawals, objections, statements and openings: a plain model says what may leave, and when.

The model adds up what was sold for on days that are not closed and what objections claim. Days close by real commits, so
each example has a database of its own, on a server where nothing else is at work.
"""

from __future__ import annotations

from collections import Counter
from contextlib import ExitStack
from datetime import date, datetime, timedelta

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from accounts.rules import Role
from rulebook.errors import Refusal
from rulebook.queries import is_trading_day
from rulebook.rules import BEIJING
from settlement import queries, services
from settlement.errors import Claimed, SoldToday
from settlement.models import Objection, SettlementDay, Withdrawal
from settlement.rules.day import PaidFrom
from tests import database
from tests.accounts.makers import a_person
from tests.settlement.day_makers import ACCOUNT, a_day_world
from tests.settlement.makers import give_money

DONE: Counter[str] = Counter()


class Days(RuleBasedStateMachine):
    """One seller, one buyer, a bank whose statements come or do not come, and the days they trade on."""

    server, at = "", None

    @initialize()
    def begin(self):
        self.stack = ExitStack()
        name = self.stack.enter_context(database.copy_of_template(type(self).server))
        database.without_the_exchange(type(self).server, name)
        self.stack.enter_context(database.connected_to(type(self).server, name))
        self.now = type(self).at
        self.world = a_day_world(self.now)
        give_money(self.world.buyer, 10**9, self.now - timedelta(days=3))
        self.world.run(self.now - timedelta(minutes=90))
        self.sold: dict[date, int] = {}  # On each day that is not closed: what the seller got, less fees.
        self.claims: dict[int, int] = {}  # Of each open objection against the seller.
        self.last = None

    def teardown(self):
        if hasattr(self, "stack"):
            for what, count in (
                ("closed", SettlementDay.objects.filter(closed_at__isnull=False).count()),
                ("ended", Objection.objects.filter(state__in=["dismissed", "compensated"]).count()),
                ("left", Withdrawal.objects.filter(state__in=["sent", "paid"]).count()),
            ):
                DONE[what] += count
            self.stack.close()

    @rule(units=st.integers(1, 5))
    def trade(self, units):
        trade = self.world.trade(units=units, at=self.now)
        self.sold[self.now.date()] = self.sold.get(self.now.date(), 0) + trade.value_fen - 300
        self.last = trade

    @precondition(lambda self: getattr(self, "last", None) is not None)
    @rule(tenths=st.integers(1, 11))
    def object(self, tenths):
        trade = self.last
        fen = trade.value_fen * tenths // 10  # Now and then more than the trade was worth.
        actor = self.world.people[self.world.buyer]
        try:
            row = services.raise_objection(
                actor=actor, entry_id=trade.entry_id, claimed_fen=fen, reason="错价", at=self.now
            )
        except Refusal:
            return  # Late, over more than the trade, or open already.
        self.claims[row.pk] = fen

    @precondition(lambda self: getattr(self, "claims", None))
    @rule(data=st.data(), share=st.integers(0, 2))
    def end(self, data, share):
        number = data.draw(st.sampled_from(sorted(self.claims)))
        fen = min(self.claims[number] * share // 2, queries.available_fen(self.world.seller))
        first, second = (a_person(Role.SETTLEMENT_OPERATOR, at=self.now, confirmed=True) for _ in range(2))
        row = services.propose_end(
            actor=first,
            objection_id=number,
            finding="核对",
            compensation_fen=fen,
            paid_from=PaidFrom.COUNTERPARTY,
            at=self.now,
        )
        services.approve_end(actor=second, objection_id=number, digest=row.digest, at=self.now)
        del self.claims[number]

    @rule(fen=st.integers(1, 100_000))
    def withdraw(self, fen):
        if not queries.is_withdrawal_window(self.now):
            return
        seller = a_person(Role.FIRM_INITIATOR, at=self.now, organisation_id=self.world.seller, confirmed=True)
        may = self.may_leave()
        if fen > queries.available_fen(self.world.seller):
            return
        if fen <= may:
            assert services.request_withdrawal(actor=seller, amount_fen=fen, at=self.now).state == "sent"
        else:
            with pytest.raises((SoldToday, Claimed)):
                services.request_withdrawal(actor=seller, amount_fen=fen, at=self.now)

    @rule(fen=st.integers(1, 1_000))
    def deposit(self, fen):
        give_money(self.world.seller, fen, self.now)

    @rule()
    def statement(self):
        self.world.statement(self.now)

    @rule(has_statement=st.booleans())
    def next_morning(self, has_statement):
        evening = datetime.combine(self.now.date(), datetime.min.time(), BEIJING) + timedelta(hours=17)
        if has_statement and self.now < evening:
            self.world.statement(evening - timedelta(minutes=20))
        if self.now < evening:
            self.world.run(evening)
        day = self.now.date() + timedelta(days=1)
        while not is_trading_day(day):
            day += timedelta(days=1)
        self.now = datetime.combine(day, datetime.min.time(), BEIJING) + timedelta(hours=8, minutes=30)
        self.world.run(self.now)
        self.now = self.now + timedelta(hours=1, minutes=30)
        closed = set(SettlementDay.objects.filter(closed_at__isnull=False).values_list("day", flat=True))
        self.sold = {one: fen for one, fen in self.sold.items() if one not in closed}

    def may_leave(self) -> int:
        """Return what the model lets the seller withdraw."""
        kept = sum(self.sold.values()) + sum(self.claims.values())
        return max(0, queries.available_fen(self.world.seller) - kept)

    @invariant()
    def everything_holds(self):
        assert {name: one["broken"] for name, one in queries.broken_invariants().items() if one["broken"]} == {}
        assert queries.withdrawable(self.world.seller, self.now).fen == self.may_leave()
        states = [row.state for row in SettlementDay.objects.order_by("day")]
        assert states == sorted(states, key=["closed", "sealed", "open"].index)


def test_any_sequence_of_days_keeps_what_may_leave(own_server, at, django_db_blocker):
    Days.server, Days.at = own_server, at
    DONE.clear()
    with django_db_blocker.unblock():
        run_state_machine_as_test(
            Days,
            settings=settings(
                max_examples=10,
                stateful_step_count=40,
                deadline=None,
                derandomize=True,
                database=None,
                phases=[
                    Phase.generate
                ],  # Each example is a database: a failure is told by its steps, not made smaller.
                suppress_health_check=list(HealthCheck),
            ),
        )
    assert min(DONE[what] for what in ("closed", "ended", "left")) > 0, DONE  # It was no idle walk.


@pytest.fixture(autouse=True)
def _account(settings):
    settings.BANK_ACCOUNT = ACCOUNT
