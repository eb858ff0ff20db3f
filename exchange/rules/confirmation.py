"""The confirmation of a trade (成交凭证) for one party: its data, their digest, and the paper."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from accounts.rules.paper import money_in_words, paper
from rulebook.rules import beijing

TEMPLATE = Path(__file__).with_name("confirmation.typ")
MODES = {
    "listed_agreement": ("挂牌协议", "Listed agreement"),
    "continuous": ("连续竞价", "Continuous trading"),
    "block_agreement": ("大宗协议", "Block agreement"),
    "one_way_auction": ("单向竞价", "One-way auction"),
}


@dataclass(frozen=True)
class TradeParty:
    """A party of the trade as both know it: its name and unified social credit code."""

    name: str
    uscc: str


@dataclass(frozen=True)
class Confirmation:
    """What one party is told of a trade. Money in fen, units in whole tCO2e, `at` in Beijing time with offset.

    side: "buy" or "sell"; of the fees it names its reader's alone. proceeds_fen: what the buyer pays, the seller gets.
    """

    number: str
    venue: str
    trade: int
    entry: int
    at: str
    side: str
    mode: str
    instrument: str
    project: str
    vintage_year: int
    quantity: int
    price_fen: int
    value_fen: int
    fee_fen: int
    proceeds_fen: int
    buyer: TradeParty
    seller: TradeParty
    order: int
    serials: tuple[str, ...]

    @property
    def digest(self) -> str:
        """The hash of what it says."""
        return hashlib.sha256(json.dumps(asdict(self), sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def number_of(trade_id: int, at: datetime) -> str:
    """Return the number of a trade's confirmation: the same for both parties, and for ever."""
    return f"CJ{beijing(at):%Y%m%d}{trade_id:010d}"


def who_invoices(confirmation: Confirmation) -> tuple[tuple[str, str], ...]:
    """Return who invoices whom for what, in Chinese and English: the venue invoices its fee, never the price."""
    seller, buyer, venue = confirmation.seller, confirmation.buyer, confirmation.venue
    value, fee = yuan(confirmation.value_fen), yuan(confirmation.fee_fen)
    price = (
        f"价款 {value} 由卖方 {seller.name} 向买方 {buyer.name}（{buyer.uscc}）开具发票。",
        f"For the price of {value} the seller {seller.name} invoices the buyer {buyer.name} ({buyer.uscc}).",
    )
    if not confirmation.fee_fen:
        return (price,)
    own = buyer if confirmation.side == "buy" else seller
    return (
        price,
        (
            f"交易手续费 {fee} 由 {venue} 向 {own.name} 开具发票；交易场所不就价款开票。",
            f"For the trading fee of {fee} {venue} invoices {own.name}; the venue never invoices the price.",
        ),
    )


def yuan(fen: int) -> str:
    """Return an amount as ¥1,234.56."""
    return f"¥{fen // 100:,}.{fen % 100:02d}"


def confirmation_pdf(confirmation: Confirmation, *, check_url: str) -> bytes:
    """Return the confirmation as PDF, A4, Chinese with English beneath; byte-identical for equal content.

    check_url: where its QR code leads.
    """
    day = datetime.fromisoformat(confirmation.at).date()
    return paper(TEMPLATE, shown(confirmation), day=day, qr=check_url)


def shown(confirmation: Confirmation) -> dict[str, Any]:
    """Return the texts of a confirmation as they are printed."""
    one, buys = confirmation, confirmation.side == "buy"
    mode = MODES.get(one.mode, (one.mode, one.mode))
    at = datetime.fromisoformat(one.at).strftime("%Y-%m-%d %H:%M:%S")
    return {
        "number": one.number,
        "venue": one.venue,
        "digest": one.digest,
        "serials": list(one.serials),
        "notes": [list(note) for note in who_invoices(one)],
        "rows": [
            ["成交时间", "Time of the trade (Beijing)", at],
            ["交易方式", "Mode", f"{mode[0]} {mode[1]}"],
            ["标的", "Instrument", one.instrument, f"{one.project}（{one.vintage_year}）"],
            ["买卖方向", "Side", "买入 Buy" if buys else "卖出 Sell", f"委托编号 {one.order}"],
            ["买方", "Buyer", one.buyer.name, one.buyer.uscc],
            ["卖方", "Seller", one.seller.name, one.seller.uscc],
            ["数量", "Quantity", f"{one.quantity:,} tCO₂e"],
            ["价格", "Price", f"{yuan(one.price_fen)} / tCO₂e"],
            ["成交金额", "Value", yuan(one.value_fen), money_in_words(one.value_fen)],
            ["手续费", "Trading fee", yuan(one.fee_fen)],
            ["应付合计" if buys else "实收合计", "To pay" if buys else "Proceeds", yuan(one.proceeds_fen)],
            ["成交编号、账本事项", "Trade, entry of the ledger", f"{one.trade}、{one.entry}"],
        ],
    }
