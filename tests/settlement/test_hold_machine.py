"""Any sequence of what can happen to a holder's units: after each step the ledger, the holds and a plain model agree.

The model is a bag of units, each with the list of reasons that are on it: slow, obvious, and without any of the code.
"""

from __future__ import annotations

from datetime import timedelta

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

from rulebook.errors import Refusal
from settlement import queries
from settlement.models import Hold
from settlement.rules import HoldReason
from tests.database import check_deferred
from tests.settlement.hold_makers import Place

UNITS = st.integers(1, 40)


class Holdings(RuleBasedStateMachine):
    """One holder, one batch of 60 tonnes, and every verb that touches them."""

    at = None

    @initialize()
    def begin(self):
        from django.db import transaction

        self.savepoint = transaction.atomic()
        self.savepoint.__enter__()
        self.place = Place(type(self).at, 60)
        self.orders: dict[str, int] = {}
        self.live: list[int] = []
        self.number = 0
        self.retired = 0

    def teardown(self):
        from django.db import transaction

        if hasattr(self, "savepoint"):
            transaction.set_rollback(True)
            self.savepoint.__exit__(None, None, None)

    def key(self, name: str) -> str:
        self.number += 1
        return f"{name}-{self.place.asset}-{self.number}"

    def available(self) -> int:
        return self.place.units.get("available", 0)

    @rule(units=UNITS)
    def hold_for_an_order(self, units):
        key = self.key("order")
        enough = self.available() >= units
        try:
            self.place.order(units, key)
            self.orders[key] = units
            assert enough
        except Refusal:
            assert not enough

    @precondition(lambda self: getattr(self, "orders", None))
    @rule(data=st.data())
    def end_an_order(self, data):
        key = data.draw(st.sampled_from(sorted(self.orders)))
        self.place.end_order(self.orders.pop(key), self.key("end"))

    @rule(units=UNITS)
    def retire(self, units):
        enough = self.available() >= units
        try:
            self.place.retire(units, self.key("retire"))
            self.retired += units
            assert enough
        except Refusal:
            assert not enough

    @rule(units=UNITS)
    def pledge(self, units):
        enough = self.available() >= units
        try:
            self.live.append(self.place.pledge(units))
            assert enough
        except Refusal:
            assert not enough

    @rule(units=UNITS, reason=st.sampled_from([HoldReason.JUDICIAL, HoldReason.JUDICIAL, HoldReason.INQUIRY]))
    def freeze(self, units, reason):
        self.live.append(self.place.freeze(units, reason))

    @precondition(lambda self: getattr(self, "live", None))
    @rule(data=st.data(), whole=st.booleans())
    def lift(self, data, whole):
        number = data.draw(st.sampled_from(self.live))
        row = Hold.objects.get(pk=number)
        left = row.units - row.released_units
        units = left if whole else data.draw(st.integers(1, left))
        self.place.at += timedelta(seconds=1)
        self.place.lift(number, units)
        if units == left:
            self.live.remove(number)

    @invariant()
    def everything_holds(self):
        if not hasattr(self, "place"):
            return
        check_deferred()
        broken = queries.broken_invariants()
        assert {name: proof["broken"] for name, proof in broken.items() if proof["broken"]} == {}
        units = self.place.units
        assert sum(units.values()) == 60
        assert units.get("retired", 0) == self.retired
        assert units.get("held_for_orders", 0) == sum(self.orders.values())
        assert set(Hold.objects.filter(state="live").values_list("pk", flat=True)) == set(self.live)
        pledged, wanted = 0, 0
        for one in queries.live_holds(self.place.holder, self.place.asset):
            if one.reason is HoldReason.PLEDGE:
                pledged += one.units
                assert one.in_ledger + one.waiting == one.units
            else:
                wanted += one.units
                assert one.in_ledger + one.waiting + one.open == one.units
        # What freezes want they have, as far as there is anything that may be frozen.
        free = 60 - self.retired - sum(self.orders.values())
        assert units.get("frozen", 0) == min(wanted, free)
        # A pledge loses its units to a freeze only where nothing available was left.
        assert units.get("pledged", 0) <= pledged
        assert not (wanted > units.get("frozen", 0) and units.get("available", 0))


@pytest.mark.django_db
def test_any_sequence_of_steps_keeps_ledger_and_holds_together(at):
    Holdings.at = at
    run_state_machine_as_test(
        Holdings,
        settings=settings(
            max_examples=12,
            stateful_step_count=14,
            deadline=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        ),
    )
