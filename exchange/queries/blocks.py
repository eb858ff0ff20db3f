"""Block agreements, seen by their parties and by the market's watchers; trades by block, seen by everybody."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import QuerySet

from accounts.rules import Actor
from exchange.errors import BlockNotThere
from exchange.models import BlockTrade, Trade
from exchange.rules import TradingMode


def blocks_visible_to(actor: Actor) -> QuerySet[BlockTrade]:
    """Return the block agreements `actor` may see, newest first, with product and parties."""
    rows = BlockTrade.objects.visible_to(actor)
    return rows.select_related("instrument", "proposer", "counterparty", "trade").order_by("-pk")


def block(actor: Actor, block_id: int) -> BlockTrade:
    """Return one block agreement. Raises BlockNotThere, also for other organisations'."""
    found = blocks_visible_to(actor).filter(pk=block_id).first()
    if found is None:
        raise BlockNotThere
    return found


@dataclass(frozen=True)
class BlockLine:
    """A confirmed block agreement as the public sees it: no parties."""

    code: str
    price_fen: int
    quantity: int
    at: datetime


def blocks_of_day(day: date) -> list[BlockLine]:
    """Return the block trades of a business day, newest first."""
    rows = Trade.objects.filter(business_date=day, mode=TradingMode.BLOCK.value).order_by("-pk")
    return [BlockLine(*row) for row in rows.values_list("instrument__code", "price_fen", "quantity", "at")]
