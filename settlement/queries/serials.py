"""Which serials stand where, and which moved under an entry."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet

from settlement import rules
from settlement.errors import SerialMistyped, SerialUnknown
from settlement.models import Asset, SerialBlock, SerialMove
from settlement.queries.assets import text_of, view
from settlement.rules import AssetKind, Purpose, SerialRange
from settlement.rules.serials import CheckDigitsWrong, NotASerial, PrintedSerial


@dataclass(frozen=True)
class SerialPart:
    """Serials that stand together: in which batch, with whom (None: the system), for what, since when."""

    serials: SerialRange
    text: str
    organisation_id: int | None
    purpose: Purpose
    since: datetime


@dataclass(frozen=True)
class SerialParts:
    """A range of serials as printed, and where its parts stand. `unknown`: how many of it were never issued."""

    serials: SerialRange
    parts: tuple[SerialPart, ...]
    unknown: int
    is_cut: bool  # There are more parts than are told.


def serial_parts(text: str, *, most: int = 200) -> SerialParts:
    """Return where the serials of a printed range stand now, in order, at most so many parts.

    Raises what serial_life raises for a text that is no serial.
    """
    printed = printed_serial(text)
    asked = printed.serials
    batches = {
        row.pk: row for row in _batches_of(printed).filter(first_serial__lte=asked.last, last_serial__gte=asked.first)
    }
    issued = sum(
        min(row.last_serial or 0, asked.last) - max(row.first_serial or 0, asked.first) + 1 for row in batches.values()
    )
    blocks = (
        SerialBlock.objects.filter(asset_id__in=batches, first_serial__lte=asked.last, last_serial__gte=asked.first)
        .order_by("first_serial")
        .values_list(
            "asset_id",
            "first_serial",
            "last_serial",
            "holding__organisation_id",
            "holding__purpose",
            "entry__at",
        )[: most + 1]
    )
    parts = []
    for asset_id, first, last, organisation_id, purpose, at in blocks:
        credit = view(batches[asset_id]).credit
        assert credit is not None
        part = SerialRange(max(first, asked.first), min(last, asked.last))
        parts.append(SerialPart(part, text_of(credit, part), organisation_id, Purpose(purpose), at))
    return SerialParts(asked, tuple(parts[:most]), asked.units - issued, len(parts) > most)


def printed_serial(text: str) -> PrintedSerial:
    """Return a printed serial or range in its parts. Raises SerialMistyped (check digits) and SerialUnknown (form)."""
    try:
        return rules.parse_serial(text)
    except CheckDigitsWrong as error:
        raise SerialMistyped(field="serial", serial=text[:80]) from error
    except NotASerial as error:
        raise SerialUnknown(field="serial", serial=text[:80]) from error


def batch_of_serial(text: str) -> int:
    """Return the batch that a printed serial, or the first of a printed range, belongs to.

    Raises SerialMistyped, SerialUnknown.
    """
    printed = printed_serial(text)
    first = printed.serials.first
    found = _batches_of(printed).filter(first_serial__lte=first, last_serial__gte=first).first()
    if found is None:
        raise SerialUnknown(field="serial", serial=text[:80])
    return found.pk


def _batches_of(printed: PrintedSerial) -> QuerySet[Asset]:
    return Asset.objects.filter(
        kind=AssetKind.CREDIT,
        region_code=printed.region_code,
        scheme_code=printed.scheme_code,
        division_code=printed.division_code,
        credit_type=printed.credit_type,
        project_serial=printed.project_serial,
        vintage_year=printed.vintage_year,
    )


def serials_moved(entry_id: int, credited_id: int) -> tuple[SerialRange, ...]:
    """Return the serials that reached a holding under an entry, in order, touching ranges joined."""
    rows = SerialMove.objects.filter(entry_id=entry_id, credited_id=credited_id).order_by("first_serial")
    return joined(SerialRange(row.first_serial, row.last_serial) for row in rows)


def serials_moved_by(entry_id: int) -> tuple[SerialRange, ...]:
    """Return all serials that an entry moved, in order, touching ranges joined."""
    rows = SerialMove.objects.filter(entry_id=entry_id).order_by("first_serial")
    return joined(SerialRange(row.first_serial, row.last_serial) for row in rows)


def serials_held(holding_id: int) -> tuple[SerialRange, ...]:
    """Return the serials in a holding, in order, touching ranges joined."""
    rows = SerialBlock.objects.filter(holding_id=holding_id).order_by("first_serial")
    return joined(SerialRange(row.first_serial, row.last_serial) for row in rows)


def joined(ranges: Iterable[SerialRange]) -> tuple[SerialRange, ...]:
    """Return ranges, given in order, with those that touch made one."""
    result: list[SerialRange] = []
    for part in ranges:
        if result and result[-1].last + 1 == part.first:
            result[-1] = SerialRange(result[-1].first, part.last)
        else:
            result.append(part)
    return tuple(result)
