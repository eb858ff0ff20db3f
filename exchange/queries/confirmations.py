"""The confirmation of a trade for one of its parties, from rows that never change."""

from __future__ import annotations

from django.conf import settings

from accounts.queries import organisation
from accounts.rules import Actor
from exchange.errors import TradeNotThere
from exchange.models import Trade
from exchange.queries.orders import trades_visible_to
from exchange.rules.confirmation import Confirmation, TradeParty, number_of
from rulebook.rules import beijing
from settlement.queries import asset, serials_moved_by, text_of


def trade_confirmation(actor: Actor, trade_id: int, *, side: str = "") -> Confirmation:
    """Return the confirmation of a trade for the actor's side of it. Raises TradeNotThere.

    side: "buy" or "sell", for who watches over the market and is no party; a party gets its own, whatever is asked.
    """
    trade = trades_visible_to(actor).select_related("maker_order", "taker_order").filter(pk=trade_id).first()
    if trade is None:
        raise TradeNotThere
    own = {trade.buyer_id: "buy", trade.seller_id: "sell"}.get(actor.organisation_id or 0)
    return _for_side(trade, own or ("sell" if side == "sell" else "buy"))


def _for_side(trade: Trade, side: str) -> Confirmation:
    buys = side == "buy"
    fee = trade.buyer_fee_fen if buys else trade.seller_fee_fen
    credit = asset(trade.asset_id).credit
    assert credit is not None
    order = trade.taker_order if trade.taker_order.side == side else trade.maker_order
    return Confirmation(
        number=number_of(trade.pk, trade.at),
        venue=settings.VENUE_NAME,
        trade=trade.pk,
        entry=trade.entry_id,
        at=beijing(trade.at).isoformat(timespec="seconds"),
        side=side,
        mode=trade.mode,
        instrument=trade.instrument.code,
        project=credit.project_name,
        vintage_year=credit.vintage_year,
        quantity=trade.quantity,
        price_fen=trade.price_fen,
        value_fen=trade.value_fen,
        fee_fen=fee,
        proceeds_fen=trade.value_fen + fee if buys else trade.value_fen - fee,
        buyer=_party(trade.buyer_id),
        seller=_party(trade.seller_id),
        order=order.pk,
        serials=tuple(text_of(credit, part) for part in serials_moved_by(trade.entry_id)),
    )


def _party(organisation_id: int) -> TradeParty:
    found = organisation(organisation_id)
    return TradeParty(found.name, found.uscc)
