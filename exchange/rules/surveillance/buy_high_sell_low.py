"""Repeatedly buying high and selling low (多次高买低卖): losses that no honest purpose explains."""

from __future__ import annotations

from collections import defaultdict, deque
from dataclasses import dataclass, field

from exchange.rules.surveillance.limits import Limits
from exchange.rules.surveillance.records import Alert, Pattern, Traded, Watched

NAMES = ("loss_days", "loss_turns", "loss_share")


@dataclass
class _Book:
    """What a group has open, the oldest first: positive tonnes were bought, negative ones sold."""

    open: deque[tuple[Traded, int]] = field(default_factory=deque)
    turns: list[tuple[Traded, Traded]] = field(default_factory=list)


def buy_high_sell_low(watched: Watched, limits: Limits) -> list[Alert]:
    """Return the groups that so often closed what they had opened at a loss of at least such a share of the price.

    First in, first out: each trade closes the oldest open one of the other direction. A turn is a trade that closes
    something at such a loss, bought before sold or sold before bought. Only groups whose last turn is of the day.
    """
    if not limits.hold(*NAMES):
        return []
    books: dict[str, _Book] = defaultdict(_Book)
    for trade in watched.trades_of(limits.whole("loss_days")):
        if len(trade.groups) == 1:
            continue  # Of a group with itself: nothing was opened or closed.
        _enter(books[trade.buyer_group], trade, 1, limits)
        _enter(books[trade.seller_group], trade, -1, limits)
    today = {trade.id for trade in watched.trades}
    alerts = []
    for group, book in sorted(books.items()):
        if len(book.turns) < limits.whole("loss_turns") or book.turns[-1][1].id not in today:
            continue
        trades = {trade.id: trade for turn in book.turns for trade in turn}
        opened, closed = max(book.turns, key=lambda turn: abs(turn[0].price_fen - turn[1].price_fen))
        bought = max(opened.price_fen, closed.price_fen)
        alerts.append(
            Alert(
                Pattern.BUY_HIGH_SELL_LOW,
                (group,),
                tuple(sorted({trade.organisation_of(group) for trade in trades.values()})),
                (
                    limits.figure("loss_turns", len(book.turns)),
                    limits.figure_of_share("loss_share", abs(opened.price_fen - closed.price_fen), bought),
                ),
                (),
                tuple(sorted(trades)),
                book.turns[0][0].at,
                book.turns[-1][1].at,
            )
        )
    return alerts


def _enter(book: _Book, trade: Traded, sign: int, limits: Limits) -> None:
    """Let a trade close what is open the other way, and open what is left of it."""
    left, is_turn = trade.quantity, False
    while left and book.open and book.open[0][1] * sign < 0:
        opened, units = book.open.popleft()
        common = min(left, abs(units))
        left -= common
        if abs(units) > common:
            book.open.appendleft((opened, units + common * sign))
        bought, sold = (opened, trade) if sign < 0 else (trade, opened)
        if not is_turn and limits.reaches_share("loss_share", bought.price_fen - sold.price_fen, bought.price_fen):
            book.turns.append((opened, trade))
            is_turn = True
    if left:
        book.open.append((trade, left * sign))
