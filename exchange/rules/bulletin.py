"""The bulletin of a day on paper: its published body and the hash of that."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

from accounts.rules.paper import chinese_day, english_day, paper

TEMPLATE = Path(__file__).with_name("bulletin.typ")
MODES = {"listed_agreement": "挂牌协议", "continuous": "连续竞价"}
TYPES = {"F": "林业 Forest", "G": "草原 Grassland", "W": "湿地 Wetland", "S": "沙地 Sandland"}
METHODS = {"trades": "当日成交均价 Day's trades", "carried": "沿用 Carried on", "none": "无 None"}


def bulletin_pdf(body: Mapping[str, Any], *, number: str, sha256: str, venue: str, check_url: str) -> bytes:
    """Return the bulletin as PDF, A4 across; byte-identical for equal content. check_url: where its QR code leads."""
    day = date.fromisoformat(body["day"])
    return paper(TEMPLATE, shown(body, number=number, sha256=sha256, venue=venue), day=day, qr=check_url)


def shown(body: Mapping[str, Any], *, number: str, sha256: str, venue: str) -> dict[str, Any]:
    """Return the texts of a bulletin as they are printed."""
    day = date.fromisoformat(body["day"])
    return {
        "number": number,
        "venue": venue,
        "digest": sha256,
        "day": [chinese_day(day), english_day(day)],
        "instruments": [
            [
                one["code"],
                one["name"],
                MODES.get(one["mode"], one["mode"]),
                *(_price(one[f"{name}_fen"]) for name in ("base_price", "open", "high", "low", "close", "vwap")),
                f"{one['trades']:,}",
                f"{one['quantity']:,}",
                _yuan(one["value_fen"]),
                f"{one['block_quantity']:,}",
                f"{one['auction_quantity']:,}",
            ]
            for one in body["instruments"]
        ],
        "references": [
            [
                TYPES.get(one["type"], one["type"]),
                str(one["vintage"]),
                _price(one["price_fen"]),
                METHODS[one["method"]] + (f" +{one['age']}" if one["age"] else ""),
                f"{one['quantity']:,}",
            ]
            for one in body["references"]
        ],
        "halts": [
            [one["code"] or "全市场 Whole market", one["since"], one["number"], one["reason"]] for one in body["halts"]
        ],
        "admitted": [[one["code"], one["from"]] for one in body["admitted"]],
    }


def _price(fen: int | None) -> str:
    return "—" if fen is None else f"{fen // 100}.{fen % 100:02d}"


def _yuan(fen: int) -> str:
    return f"{fen // 100:,}.{fen % 100:02d}"
