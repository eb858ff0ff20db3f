"""How figures are shown: money, prices, tonnes, areas, times. Whole numbers come in and are only formatted."""

from __future__ import annotations

from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal

from django import template
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext

from accounts.rules.paper import money_in_words
from rulebook import rules

register = template.Library()
MU_PER_HA = 15


def _whole(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


@register.filter
def fen(value: object) -> str:
    """12345 → ¥123.45."""
    number = _whole(value)
    if number is None:
        return "—"
    sign = "-" if number < 0 else ""
    return f"{sign}¥{abs(number) // 100:,}.{abs(number) % 100:02d}"


@register.filter
def price(value: object) -> str:
    """A price in fen per tonne → 12.34."""
    number = _whole(value)
    return "—" if number is None else f"{number // 100}.{number % 100:02d}"


@register.filter
def tonnes(value: object) -> str:
    """1234 → 1,234 tCO₂e."""
    number = _whole(value)
    return "—" if number is None else f"{number:,} tCO₂e"


@register.filter
def bracketed(value: object) -> str:
    """Return a text in brackets, as they are written in the reader's language, to stand right behind another."""
    return gettext(" (%(text)s)") % {"text": value}


@register.filter
def colon(value: object) -> str:
    """Return a text and a colon, as it is written in the reader's language, before another text."""
    return gettext("%(text)s: ") % {"text": value}


@register.filter
def grouped(value: object) -> str:
    """1234567 → 1,234,567."""
    number = _whole(value)
    return "—" if number is None else f"{number:,}"


@register.filter
def ha(value: object) -> str:
    """An area in hectares → 1,234.56 ha (公顷)."""
    return "—" if value is None or value == "" else f"{_two_decimals(value):,} {gettext('ha')}"


@register.filter
def mu(value: object) -> str:
    """An area in hectares → 亩 (1 ha = 15 亩 exactly)."""
    return (
        "—" if value is None or value == "" else f"{_two_decimals(Decimal(str(value)) * MU_PER_HA):,} {gettext('mu')}"
    )


def _two_decimals(value: object) -> Decimal:
    return Decimal(str(value)).quantize(Decimal("0.01"), rounding=ROUND_HALF_UP)


@register.filter
def beijing(value: object) -> str:
    """An instant → 2026-11-22 14:05, in Beijing."""
    if isinstance(value, str):
        value = parse_datetime(value)
    return rules.beijing(value).strftime("%Y-%m-%d %H:%M") if isinstance(value, datetime) else "—"


@register.filter
def beijing_moment(value: object) -> str:
    """An instant → 2026-11-22 14:05:09.123, in Beijing, where minutes do not tell one from another."""
    if not isinstance(value, datetime):
        return "—"
    shown = rules.beijing(value)
    return f"{shown:%Y-%m-%d %H:%M:%S}.{shown.microsecond // 1000:03d}"


@register.filter
def day(value: object) -> str:
    """A day, or the Beijing day of an instant → 2026-11-22."""
    if isinstance(value, datetime):
        return rules.beijing(value).strftime("%Y-%m-%d")
    return value.isoformat() if isinstance(value, date) else "—"


@register.filter
def in_percent(share: Decimal) -> str:
    """Return a share in per cent: 0.06 as 6 %."""
    return f"{(share * 100).normalize():f} %"


@register.filter
def in_words(value: object) -> str:
    """An amount in fen → 壹拾贰元叁角肆分."""
    number = _whole(value)
    return "—" if number is None else money_in_words(number)
