"""An issuance computed once more from what is stored: workbooks as uploaded, rows as read, record, vintages, units."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

from registry.models import CalculationRecord, Issuance, ObservationFile
from registry.queries.documents import path_of
from registry.queries.monitoring import parameter_sets, recalculated
from registry.rules.calculation import NotCalculable
from registry.rules.code_version import code_version
from registry.rules.issuance import buffer_of, vintages
from registry.rules.records import canonical, record_digest
from registry.rules.uploads import parse_content, species_names
from settlement.queries import asset

FIGURES = ("credits", "net_tco2e", "stock_part_tco2e", "uncertainty")
CONTENT = (
    *("methodology", "methodology_version", "parameter_versions", "files", "stated", "design", "previous"),
    *("parts", "provisional", *FIGURES, "code_version"),
)


@dataclass(frozen=True)
class Difference:
    """Something that is not as it was. `stored` is what the tables say, `found` what was computed or lies there."""

    what: str
    stored: Any
    found: Any

    def as_json(self) -> dict[str, Any]:
        return {"what": self.what, "stored": self.stored, "found": self.found}


def issuance_to_recalculate(issuance_id: int) -> Issuance | None:
    """Return an issuance by its number, None where there is none. For the command line of whoever runs the platform."""
    return (
        Issuance.objects.select_related("project", "period", "period__verification__record")
        .filter(pk=issuance_id)
        .first()
    )


def recalculation(issuance: Issuance) -> dict[str, Any]:
    """Return the answer of `recalculate`: equal to the tonne, or every difference."""
    record = issuance.period.verification.record
    differences = [*_of_record(record), *_of_files(record), *_of_result(record), *_of_issuance(issuance, record)]
    return {
        "status": "different" if differences else "equal",
        "issuance": issuance.pk,
        "project": issuance.project.code,
        "first": issuance.period.first.isoformat(),
        "last": issuance.period.last.isoformat(),
        "verified_tonnes": issuance.verified_tonnes,
        "buffer_tonnes": issuance.buffer_tonnes,
        "parameter_versions": record.parameter_versions,
        "code_version": {"stored": record.code_version, "now": code_version()},
        "differences": [one.as_json() for one in differences],
    }


def content_of_record(record: CalculationRecord) -> Any:
    """Return what a record says now, in the one form whose hash it states."""
    return canonical({name: getattr(record, name) for name in CONTENT})


def digest_of(record: CalculationRecord) -> str:
    """Return the hash of what a record says now."""
    return record_digest(content_of_record(record))


def _of_record(record: CalculationRecord) -> list[Difference]:
    found = digest_of(record)
    return [] if found == record.sha256 else [Difference("record", record.sha256, found)]


def _of_files(record: CalculationRecord) -> list[Difference]:
    """Compare each workbook with its hash, and what the tables hold of it with what it says when read again."""
    differences = []
    version = record.parameter_versions.get("tree_bef")
    sets = parameter_sets()
    species = species_names(sets.choosing({"tree_bef": version}).get("tree_bef") if version else None)
    rows = ObservationFile.objects.select_related("document").in_bulk([one["file"] for one in record.files])
    for one in record.files:
        name = f"file:{one['kind']}:{one['date_of']}"
        row = rows.get(one["file"])
        if row is None:
            differences.append(Difference(name, one["sha256"], None))
            continue
        path = path_of(one["sha256"])
        content = path.read_bytes() if path.is_file() else b""
        found = hashlib.sha256(content).hexdigest() if content else None
        if found != one["sha256"]:
            differences.append(Difference(name, one["sha256"], found))
            continue
        again = parse_content(row.kind, content, species=species).as_json()
        if canonical(again) != canonical(row.parsed):
            differences.append(
                Difference(f"rows:{one['kind']}:{one['date_of']}", record_digest(row.parsed), record_digest(again))
            )
    return differences


def _of_result(record: CalculationRecord) -> list[Difference]:
    try:
        result = recalculated(record)
    except NotCalculable as refused:
        return [Difference("calculation", "done", str(refused))]
    differences = [
        Difference(name, getattr(record, name), getattr(result, name))
        for name in FIGURES
        if canonical(getattr(record, name)) != canonical(getattr(result, name))
    ]
    stored, found = (
        record_digest({"parts": record.parts}),
        record_digest({"parts": [vars(one) for one in result.parts]}),
    )
    return differences if stored == found else [*differences, Difference("parts", stored, found)]


def _of_issuance(issuance: Issuance, record: CalculationRecord) -> list[Difference]:
    """Compare amount, buffer and vintages with what follows from the record, and the batches with the ledger."""
    differences = []
    if issuance.verified_tonnes != record.credits:
        differences.append(Difference("verified_tonnes", issuance.verified_tonnes, record.credits))
    period = issuance.period
    buffer = buffer_of(record.credits, record.net_tco2e, record.stock_part_tco2e, issuance.buffer_percent)
    expected = [
        {"year": one.year, "tonnes": one.tonnes, "buffer_tonnes": one.buffer_tonnes}
        for one in vintages(period.first, period.last, record.credits, buffer)
    ]
    if issuance.buffer_tonnes != buffer:
        differences.append(Difference("buffer_tonnes", issuance.buffer_tonnes, buffer))
    if issuance.vintages != expected:
        differences.append(Difference("vintages", issuance.vintages, expected))
    if issuance.state == "issued":
        batches = list(issuance.batches.order_by("vintage_year"))
        in_ledger = [
            {"year": one.vintage_year, "tonnes": asset(one.asset_id).issued_units, "buffer_tonnes": one.buffer_tonnes}
            for one in batches
        ]
        if in_ledger != expected:
            differences.append(Difference("batches", in_ledger, expected))
    return differences
