"""A scenario of orders through the product: services, task body and ledger, in the database this process works on.

`replay_orders --through-database` runs it in a scratch database; nothing here may ever run in one with real data.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta

from accounts.rules import NOBODY, Actor, OrganisationKind, Role, with_check_digit
from accounts.services import register_organisation, register_user
from config import invariants
from exchange import queries, services
from exchange.errors import InvalidPrice, ModeForbids, OrderEnded, PriceOffTick, ScenarioUnreadable
from exchange.errors import InvalidQuantity as InvalidOrderQuantity
from exchange.rules import OrderStatus, OrderType, RejectCode, Rest, SelfTradePrevention, Side, TimeInForce, scenario
from exchange.rules.events import Accept, Amend, Cancel, Close, OpenAuction, Pick, Place, Uncross
from exchange.tasks.matching import match
from rulebook.queries import business_date, now
from rulebook.rules import BEIJING
from rulebook.services import load_rules, set_clock
from rulebook.services.shipped import ShippedRule
from settlement.rules import CreditDescription
from settlement.services import book_bank_notice, issue_credits, request_deposit
from settlement.services.deposits import BankMessage

SCHEME = "replay"
ADMITTED_ON = datetime(2026, 1, 5, 10, tzinfo=BEIJING)
MOST = 10**9  # Tonnes of one seller: serial numbers have ten digits.
MOST_FEN = 10**17
CODES: dict[type[Exception], RejectCode] = {
    PriceOffTick: RejectCode.PRICE_OFF_TICK,
    InvalidPrice: RejectCode.PRICE_OFF_TICK,
    InvalidOrderQuantity: RejectCode.INVALID_QUANTITY,
    ModeForbids: RejectCode.MODE_FORBIDS,
    OrderEnded: RejectCode.NOT_LIVE,
}
"""What the product refuses at the edge, by the engine's words for it."""


WATCHER = replace(NOBODY, roles=frozenset({Role.AUDITOR}))


@dataclass
class _World:
    """The scratch world: who takes part, the instrument, and which row is which order of the scenario."""

    instrument_id: int
    code: str
    actors: dict[tuple[str, Side], Actor]
    first_day: date
    placed: dict[str, int] = field(default_factory=dict)
    owners: dict[str, Actor] = field(default_factory=dict)
    closes: int = 0

    def day_of_close(self, number: int) -> date:
        """Return the day at whose end the close of that number comes; one already past is today's."""
        left = max(0, number - self.closes - 1)
        today = self.first_day + timedelta(days=self.closes)
        return today + timedelta(days=min(left, (date.max - today).days))


def through_database(instrument: scenario.Instrument, steps: Sequence[scenario.Step]) -> scenario.Played:
    """Return what the product makes of the steps. Raises ScenarioUnreadable for more than the ledger holds, and
    AssertionError, with the invariants, when one does not hold at the end.
    """
    world = _made(instrument, steps)
    rejected: list[tuple[int, str | None, RejectCode]] = []
    ended_at_the_edge: dict[str, scenario.OrderState] = {}
    for number, step in enumerate(steps):
        code = step.code if step.event is None or step.code else _carry_out(step, world)
        match(world.instrument_id)
        if code is None and step.is_new_order and step.id is not None:
            refused = queries.order_view(WATCHER, world.placed[step.id]).reject_code
            code = RejectCode(refused) if refused else None
        if code is not None:
            rejected.append((number, step.id, code))
            if step.is_new_order:
                ended_at_the_edge[step.id or ""] = scenario.REJECTED
    broken = invariants.broken()
    assert not broken, broken
    return _played(world, ended_at_the_edge, rejected)


def _made(instrument: scenario.Instrument, steps: Sequence[scenario.Step]) -> _World:
    """Make the participants with what their orders need, a profile without band, fee, interval or cap, the instrument.

    Without self-trade prevention a participant may meet itself, which the ledger knows only between two holders: then
    its sales and its purchases are two organisations.
    """
    orders = [step.event for step in steps if isinstance(step.event, Place | Accept | Pick)]
    amends = [step.event for step in steps if isinstance(step.event, Amend)]
    prices = [price for event in (*orders, *amends) if (price := _price_of(event)) is not None]
    highest = max([*prices, instrument.tick])
    amended = sum(amend.quantity or 0 for amend in amends)
    need: dict[tuple[str, Side], int] = {}
    of_order = {}
    for order in orders:
        who = (str(order.participant), order.side)
        of_order[order.id] = who
        need[who] = need.get(who, 0) + order.quantity
    # An amendment is held for beside the order it changes, until it is carried out.
    for amend in amends:
        if amend.id in of_order:
            need[of_order[amend.id]] += (amend.quantity or 0) + amended
    if any(units > MOST or units * highest > MOST_FEN for units in need.values()):
        raise ScenarioUnreadable("events", code="out_of_range", reason="the ledger holds no such quantities")
    if now() < ADMITTED_ON + timedelta(days=3):
        set_clock(to=ADMITTED_ON + timedelta(days=3))
    _to_the_morning_of(business_date(now()) + timedelta(days=1))
    groups = {str(order.participant): str(order.group) for order in orders}
    prevents = instrument.self_trade_prevention is not SelfTradePrevention.NONE
    actors = _participants(need, groups, prevents)
    product = _issued(need, actors)
    _load_profile(instrument, highest)
    operator = replace(NOBODY, user_id=_person())
    admitted = services.admit_instrument(
        actor=operator,
        asset_id=product,
        initial_price_fen=highest,
        at=ADMITTED_ON,
        mode=instrument.mode,
        rule_scheme=SCHEME,
    )
    for who, units in need.items():
        if who[1] is Side.BUY and units:
            _pay_in(actors[who], units * highest)
    return _World(admitted.pk, admitted.code, actors, business_date(now()))


def _price_of(event: Place | Accept | Pick | Amend) -> int | None:
    return event.limit if isinstance(event, Accept) else event.price


_numbers = itertools.count(1)


def _person() -> int:
    number = next(_numbers)
    return register_user(
        username=f"replay{number}",
        display_name=f"replay {number}",
        password=f"replay-{number}-of-a-scenario",
        organisation_id=None,
        at=ADMITTED_ON,
    )


def _participants(
    need: dict[tuple[str, Side], int], groups: dict[str, str], prevents: bool
) -> dict[tuple[str, Side], Actor]:
    actors: dict[tuple[str, Side], Actor] = {}
    for name, side in need:
        other = actors.get((name, side.other))
        if prevents and other is not None:
            actors[name, side] = other
            continue
        organisation_id = register_organisation(
            name=f"{name} {side.value}",
            kind=OrganisationKind.FIRM,
            uscc=with_check_digit(f"91150000RE{next(_numbers):07d}"),
            control_group=f"group of {groups[name]}" if prevents else "",
            at=ADMITTED_ON,
        )
        actors[name, side] = replace(NOBODY, organisation_id=organisation_id)
    return actors


def _issued(need: dict[tuple[str, Side], int], actors: dict[tuple[str, Side], Actor]) -> int:
    """Issue to each seller what its orders need, of one product; return one of the batches."""
    maker, checker = _person(), _person()
    credit = CreditDescription(
        scheme=SCHEME,
        project_code="RE-PL-000001",
        project_name="Replay",
        vintage_year=2025,
        credit_type="F",
        division_code="150430",
        division_name="Replay",
        methodology="F1",
        project_serial="000001",
    )
    sellers = {who: units for who, units in need.items() if who[1] is Side.SELL and units}
    if not sellers:  # Nobody sells: the product must be there all the same.
        owner = register_organisation(
            name="Nobody", kind=OrganisationKind.FIRM, uscc=with_check_digit("91150000RE0000000"), at=ADMITTED_ON
        )
        sellers, actors = {("", Side.SELL): 1}, {("", Side.SELL): replace(NOBODY, organisation_id=owner)}
    for who, units in sellers.items():
        owner_id = actors[who].organisation_id
        assert owner_id is not None
        batch = issue_credits(
            key=f"replay-{owner_id}",
            credit=credit,
            owner_id=owner_id,
            available_units=units,
            buffer_units=0,
            at=ADMITTED_ON,
            maker_id=maker,
            checker_id=checker,
            basis="replay",
        )
    return batch.asset_id


def _load_profile(instrument: scenario.Instrument, highest: int) -> None:
    values = {
        "trading.tick_fen": instrument.tick,
        "trading.self_trade_prevention": instrument.self_trade_prevention.value,
        "trading.highest_price_fen": highest,
        **({"trading.pick_levels": instrument.pick_levels} if instrument.pick_levels is not None else {}),
    }
    load_rules(
        [
            ShippedRule(
                scheme=SCHEME, key=key, value=value, basis="platform-interim-rules", in_force_from=date(2024, 1, 1)
            )
            for key, value in values.items()
        ]
    )


def _pay_in(actor: Actor, fen: int) -> None:
    at = now()
    reference = request_deposit(actor=actor, amount_fen=fen, at=at).reference
    book_bank_notice(message=BankMessage(f"RE{next(_numbers):010d}", fen, reference, "Replay", "0"), at=at)


def _to_the_morning_of(day: date) -> None:
    set_clock(to=datetime.combine(day, time(10), BEIJING))


def _carry_out(step: scenario.Step, world: _World) -> RejectCode | None:
    """Make the service call that an event stands for; return the engine's word where the product refuses it."""
    event = step.event
    try:
        if isinstance(event, Close):
            day = world.first_day + timedelta(days=world.closes)
            services.open_day(instrument_id=world.instrument_id, at=now())  # A day on which nothing was asked for, too.
            services.close_day(instrument_id=world.instrument_id, day=day, at=now())
            match(world.instrument_id)
            world.closes += 1
            _to_the_morning_of(day + timedelta(days=1))
        elif isinstance(event, OpenAuction):
            services.begin_call(instrument_id=world.instrument_id, at=now())
        elif isinstance(event, Uncross):
            services.end_call(instrument_id=world.instrument_id, base_price_fen=event.base_price, at=now())
        elif isinstance(event, Cancel | Amend):
            name = str(event.id)
            if name not in world.placed:
                return RejectCode.NOT_LIVE
            actor, order_id = world.owners[name], world.placed[name]
            if isinstance(event, Cancel):
                services.cancel_order(actor=actor, order_id=order_id, at=now())
            else:
                services.amend_order(
                    actor=actor, order_id=order_id, price_fen=event.price, quantity=event.quantity, at=now()
                )
        else:
            assert isinstance(event, Place | Accept | Pick)
            actor = world.actors[str(event.participant), event.side]
            placed = services.place_order(actor=actor, order=_asked(event, world), at=now())
            world.placed[str(event.id)], world.owners[str(event.id)] = placed.id, actor
    except tuple(CODES) as refusal:
        return CODES[type(refusal)]
    return None


def _asked(event: Place | Accept | Pick, world: _World) -> services.NewOrder:
    code = world.code
    if isinstance(event, Pick):
        return services.NewOrder(code, event.side, event.quantity, event.price, kind="pick")
    until = None
    if event.time_in_force is TimeInForce.GTD and event.until is not None:
        until = world.day_of_close(event.until)
    order = services.NewOrder(
        code, event.side, event.quantity, _price_of(event), time_in_force=event.time_in_force, valid_until=until
    )
    if isinstance(event, Accept):
        return replace(order, kind="accept", posts_rest=event.rest is Rest.POST)
    return replace(order, type=OrderType(event.type), minimum_quantity=event.minimum_quantity)


def _played(
    world: _World,
    ended_at_the_edge: dict[str, scenario.OrderState],
    rejected: list[tuple[int, str | None, RejectCode]],
) -> scenario.Played:
    names = {pk: name for name, pk in world.placed.items()}
    fills = [
        scenario.Fill(names[trade.maker_order_id], names[trade.taker_order_id], trade.price_fen, trade.quantity)
        for trade in queries.trades_visible_to(WATCHER).order_by("pk")
    ]
    states = {
        names[order.pk]: scenario.OrderState(
            OrderStatus(order.status), order.filled, order.cancelled, order.expired, order.remaining
        )
        for order in queries.orders_visible_to(WATCHER).order_by("pk")
    }
    book = queries.book(world.instrument_id, depth=len(names) + 1)
    bids, asks = ([(level.price_fen, level.quantity) for level in side] for side in (book.bids, book.asks))
    return scenario.Played(fills, {**states, **ended_at_the_edge}, bids, asks, rejected)
