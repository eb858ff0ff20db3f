"""A replay as a drawing: prices over time as SVG shapes, and a mark for each moment of the evidence. No script."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from exchange.queries import Replay
from exchange.rules.surveillance import Act, Moment, OrderMoment

WIDTH, HEIGHT, LEFT, BOTTOM, TOP = 960, 260, 60, 30, 14
MOST_POINTS = 1500  # More are not told apart at this width.
SHAPES = {Act.PLACED: "placed", Act.AMENDED: "placed"}


@dataclass(frozen=True)
class Mark:
    """A moment of the evidence: where it stands, what shape it has, and the number of its row in the table."""

    x: int
    y: int
    shape: str
    number: int


@dataclass(frozen=True)
class Drawing:
    """What the template draws. Lines are lists of points as SVG writes them; gaps begin a new line."""

    width: int
    height: int
    last: list[str]
    bid: list[str]
    ask: list[str]
    marks: list[Mark]
    highest_fen: int
    lowest_fen: int
    begins: datetime
    ends: datetime
    left: int = LEFT
    floor: int = HEIGHT - BOTTOM
    top: int = TOP


def drawing(replay: Replay) -> Drawing | None:
    """Return a replay as a drawing; None where there is nothing to draw."""
    points = replay.points[:: len(replay.points) // MOST_POINTS + 1]
    prices = [price for point in points for price in point[1:] if price is not None]
    prices += [price for row in replay.rows if (price := price_of(row)) is not None]
    if not points or not replay.rows:
        return None
    begins, ends = min(points[0][0], replay.rows[0].at), max(points[-1][0], replay.rows[-1].at)
    low, high = min(prices), max(prices)
    span = max((ends - begins).total_seconds(), 1)
    room = max(high - low, 1)

    def x(at: datetime) -> int:
        return LEFT + int((at - begins).total_seconds() * (WIDTH - LEFT - 10) / span)

    def y(price: int) -> int:
        return HEIGHT - BOTTOM - (price - low) * (HEIGHT - BOTTOM - TOP) // room

    def line(prices: list[int | None]) -> list[str]:
        """Steps: what stood before a moment had stood since the one before; without a price the line breaks."""
        pieces: list[list[str]] = [[]]
        since = points[0][0]
        for point, price in zip(points, prices, strict=True):
            if price is None:
                pieces.append([])
            else:
                pieces[-1] += [f"{x(since)},{y(price)}", f"{x(point[0])},{y(price)}"]
            since = point[0]
        return [" ".join(piece) for piece in pieces if piece]

    marks = [
        Mark(x(row.at), y(price_of(row) or row.market.last_fen), shape_of(row), number)
        for number, row in enumerate(replay.rows, 1)
    ]
    last = line([point[1] for point in points])
    bid, ask = line([point[2] for point in points]), line([point[3] for point in points])
    return Drawing(WIDTH, HEIGHT, last, bid, ask, marks, high, low, begins, ends)


def price_of(row: Moment) -> int | None:
    """Return the price of an order or a trade, None for an order at any price."""
    return row.price_fen if isinstance(row, OrderMoment) else row.trade.price_fen


def shape_of(row: Moment) -> str:
    """Return the shape of a moment: of an order that came, of one that ended, of a trade."""
    return SHAPES.get(row.act, "ended") if isinstance(row, OrderMoment) else "traded"
