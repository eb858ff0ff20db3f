"""Papers as PDF: equal content gives equal bytes, so that a paper made twice is the same paper."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import cn2an

MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)


def paper(template: Path, content: Mapping[str, Any], *, day: date, qr: str) -> bytes:
    """Return the PDF that a typst template makes of `content` (its input `content`, as JSON) and a QR code (`qr`).

    day: the day of the act, so that the clock of the machine does not stand in the file.
    """
    import noto_cjk_sans_otc  # Heavy, and only for who prints.
    import typst

    made: bytes = typst.compile(
        template,
        format="pdf",
        font_paths=[Path(noto_cjk_sans_otc.__file__).parent],
        ignore_system_fonts=True,
        sys_inputs={"content": json.dumps(content, ensure_ascii=False), "qr": _qr(qr)},
        timestamp=_noon(day),
    )
    return made


def in_words(number: int) -> str:
    """Return a whole number in Chinese capitals (大写): 1234 is 壹仟贰佰叁拾肆."""
    words: str = cn2an.an2cn(number, "up")
    return words


def money_in_words(fen: int) -> str:
    """Return an amount in Chinese capitals: 1230 fen is 壹拾贰元叁角."""
    words: str = cn2an.an2cn(f"{fen // 100}.{fen % 100:02d}", "rmb")
    return words


def chinese_day(day: date) -> str:
    """Return a day as 2026年3月2日."""
    return f"{day.year}年{day.month}月{day.day}日"


def english_day(day: date) -> str:
    """Return a day as 2 March 2026."""
    return f"{day.day} {MONTHS[day.month - 1]} {day.year}"


def _qr(text: str) -> str:
    import segno

    drawn = io.BytesIO()
    segno.make(text, error="m", micro=False).save(drawn, kind="svg", border=0, dark="#12372a", xmldecl=False)
    return drawn.getvalue().decode()


def _noon(day: date) -> int:
    return int(datetime(day.year, day.month, day.day, 12, tzinfo=UTC).timestamp())
