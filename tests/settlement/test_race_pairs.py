"""Each pair of verbs on one holder's credits and money at once: the books stay right, and a serial order explains both answers.

A pair runs four times, each on a new holder: one after the other in both orders, then at once in both orders, with real
threads and commits. The one that is first has done its work and not committed when the other begins.
"""

import itertools
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest
from django.db import transaction

from rulebook.errors import Refusal
from settlement import queries, services
from settlement.models import Holding
from settlement.queries.holds import digest_of_hold, digest_of_lift
from settlement.rules import HoldReason, TradeToSettle
from settlement.services import EvidenceFile, NewHold
from tests.concurrency import started_beside
from tests.settlement.makers import an_organisation, bind_account, give_money
from tests.settlement.transfer_makers import World

AT = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)
# Of the holder's 100 credits an order holds 30: of the verbs that want 60 of the 70 left, the second finds too few.
ORDERED, WANTED, FROZEN = 30, 60, 10
MONEY_FEN, WITHDRAWN_FEN, PRICE_FEN = 100_000, 80_000, 2_000
_numbers = itertools.count(1)


class Holder(World):
    """A holder whose order holds some of its credits, and the persons of every verb."""

    def __init__(self) -> None:
        super().__init__(AT)
        self.buyer = 0
        self.order("first", ORDERED)

    def order(self, key: str, units: int) -> None:
        services.hold_units_for_order(
            key=f"{self.asset}:{key}", organisation_id=self.giver, asset_id=self.asset, units=units, at=AT
        )

    def new(self, units: int, kind: str = "court_ruling") -> NewHold:
        number = f"（2026）内01执{next(_numbers)}号"
        return NewHold(self.asset, units, number, "高级人民法院", EvidenceFile(kind, "a.pdf", b"%PDF-1.7"))

    def freeze(self, units: int) -> int:
        return services.place_freeze(
            actor=self.operator, organisation_id=self.giver, reason=HoldReason.JUDICIAL, new=self.new(units), at=AT
        ).pk


# -- the verbs: what is prepared, and the call that races

Call = Callable[[], object]


def match(holder: Holder) -> Call:
    if not holder.buyer:
        holder.buyer = an_organisation(at=AT)
        give_money(holder.buyer, 2 * ORDERED * PRICE_FEN, AT)
        services.hold_cash_for_order(
            key=f"{holder.asset}:bid", organisation_id=holder.buyer, fen=2 * ORDERED * PRICE_FEN, at=AT
        )
    value = ORDERED * PRICE_FEN
    trade = TradeToSettle(next(_numbers), holder.asset, ORDERED, PRICE_FEN, holder.buyer, holder.giver, value, 0, 0, 0)
    return lambda: services.settle_trades(trades=[trade], at=AT)


def cancel(holder: Holder) -> Call:
    key = f"{holder.asset}:cancel:{next(_numbers)}"
    return lambda: services.release_units_of_order(
        key=key, organisation_id=holder.giver, asset_id=holder.asset, units=ORDERED, at=AT
    )


def accept(holder: Holder) -> Call:
    key = f"accept:{next(_numbers)}"
    return lambda: holder.order(key, WANTED)


def pledge(holder: Holder) -> Call:
    row = services.ask_pledge(actor=holder.initiator, new=holder.new(WANTED), at=AT)
    step = {"hold_id": row.pk, "digest": digest_of_hold(row), "at": AT}
    services.confirm_pledge(actor=holder.confirmer, **step)
    return lambda: services.register_pledge(actor=holder.operator, **step)


def release(holder: Holder) -> Call:
    asked = services.ask_lift(
        actor=holder.operator,
        hold_id=holder.freeze(FROZEN),
        units=FROZEN,
        basis_number="解除 1 号",
        note="",
        evidence=EvidenceFile("court_ruling", "b.pdf", b"%PDF-1.7"),
        at=AT,
    )
    return lambda: services.lift_hold(actor=holder.second, lift_id=asked.pk, digest=digest_of_lift(asked), at=AT)


def freeze(holder: Holder) -> Call:
    return lambda: holder.freeze(WANTED)


def transfer(holder: Holder) -> Call:
    row = holder.propose(units=WANTED, basis_number=f"合并〔2026〕{next(_numbers)}号")
    holder.confirm(row)
    return lambda: holder.approve(row)


def retire(holder: Holder) -> Call:
    key = f"{holder.asset}:{next(_numbers)}"
    return lambda: services.retire_units(
        key=key,
        organisation_id=holder.giver,
        asset_id=holder.asset,
        units=WANTED,
        at=AT,
        maker_id=None,
        checker_id=None,
        basis="",
    )


def withdraw(holder: Holder) -> Call:
    if not queries.available_fen(holder.giver):
        give_money(holder.giver, MONEY_FEN, AT)
        bind_account(holder.giver, AT)
    return lambda: services.request_withdrawal(actor=holder.initiator, amount_fen=WITHDRAWN_FEN, at=AT)


# Each verb with the holdings of the holder that it changes: two that share one have to wait for each other.
VERBS = {
    match: {"held for orders", "money"},
    cancel: {"held for orders", "available"},
    accept: {"held for orders", "available"},
    pledge: {"available"},
    release: {"available"},
    freeze: {"available"},
    transfer: {"available"},
    retire: {"available"},
    withdraw: {"money"},
}
PAIRS = list(itertools.combinations_with_replacement(VERBS, 2))


# -- what came out


@dataclass(frozen=True)
class Outcome:
    """What each of two verbs was answered, by the verb's place in the pair, and what the holder has then."""

    answers: tuple[str, str]
    units: frozenset[tuple[str, str, int]]


def answer(call: Call) -> str:
    try:
        with transaction.atomic():
            call()
    except Refusal as error:
        return error.code
    return "done"


def units_of(holder: Holder) -> frozenset[tuple[str, str, int]]:
    rows = Holding.objects.filter(organisation_id__in=[holder.giver, holder.receiver, holder.buyer], units__gt=0)
    names = {holder.giver: "holder", holder.receiver: "receiver", holder.buyer: "buyer"}
    return frozenset(
        (names[row.organisation_id], f"{row.asset.kind} {row.purpose}", row.units)
        for row in rows.select_related("asset")
    )


def prepared(pair: tuple[Callable[[Holder], Call], ...]) -> tuple[Holder, list[Call]]:
    holder = Holder()
    return holder, [verb(holder) for verb in pair]


def in_turn(pair, order: tuple[int, int]) -> Outcome:
    """Run a pair one after the other."""
    holder, calls = prepared(pair)
    answers = {place: answer(calls[place]) for place in order}
    return Outcome((answers[0], answers[1]), units_of(holder))


def at_once(pair, order: tuple[int, int]) -> tuple[Outcome, bool]:
    """Run a pair at once, the first uncommitted when the second begins; tell whether the second waited."""
    holder, calls = prepared(pair)
    first, second = order
    answers = {}
    with transaction.atomic():
        answers[first] = answer(calls[first])
        other, waits = started_beside(lambda: answer(calls[second]))
    other.join()
    assert other.error is None, other.error
    answers[second] = other.result
    return Outcome((answers[0], answers[1]), units_of(holder)), waits


def clean() -> None:
    assert {name: proof["broken"] for name, proof in queries.broken_invariants().items() if proof["broken"]} == {}
    assert queries.unreconciled_holdings() == []


def test_there_is_a_pair_of_each_two_verbs():
    assert len(PAIRS) == 45


@pytest.mark.parametrize("pair", PAIRS, ids=[f"{one.__name__}-{other.__name__}" for one, other in PAIRS])
def test_a_serial_order_explains_two_verbs_at_once(pair, shared_database):
    explained = [in_turn(pair, order) for order in ((0, 1), (1, 0))]
    for order in ((0, 1), (1, 0)):
        outcome, waited = at_once(pair, order)
        clean()
        assert outcome in explained
        if VERBS[pair[0]] & VERBS[pair[1]]:
            assert waited, "both change one holding, and the second did not wait"


def test_the_pairs_are_about_something(shared_database):
    """Two that want more than there is cannot both have it: else the units were chosen so that nothing collides."""
    taking = (accept, pledge, transfer, retire)
    for pair in itertools.combinations(taking, 2):
        assert sorted(in_turn(pair, (0, 1)).answers)[0] == "done"
        assert sorted(in_turn(pair, (0, 1)).answers)[1] != "done"
