"""The serial passport: a credit's whole life, from issuance through each holder to its end."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from accounts.queries import organisations
from accounts.rules import Actor, OrganisationKind, Role
from settlement.errors import SerialUnknown
from settlement.models import Asset
from settlement.queries.assets import text_of, view
from settlement.queries.serials import SerialPart, printed_serial
from settlement.rules import AssetKind, AssetView, EntryKind, Purpose, SerialRange

ENDS = (Purpose.RETIRED, Purpose.CANCELLED, Purpose.EXPORTED)
# Whoever watches over the ledger reads every holder's name; all others their own organisation's alone.
WATCHERS = (Role.AUDITOR, Role.SETTLEMENT_OPERATOR, Role.ECOLOGY_RECORDER)
# Kinds that are no natural person. A kind that is not listed here is masked for everybody but itself: a person's name
# is read only with a reason, which a passport does not ask for. docs/decisions/0017-who-is-named-in-a-passport.md.
NAMED_KINDS = frozenset(
    {
        OrganisationKind.STATE_FARM,
        OrganisationKind.COLLECTIVE,
        OrganisationKind.COOPERATIVE,
        OrganisationKind.FIRM,
        OrganisationKind.PARTNER_PROVINCE,
        OrganisationKind.VENUE,
        OrganisationKind.FORESTRY_BUREAU,
    }
)

# One query. The block a serial is in now, and the blocks it was cut from, are all that it ever was in; their first
# serials never change, so the moves of a serial are found by these few numbers and not among all of the batch.
LIFE = """
WITH RECURSIVE batch AS (
    SELECT a.id FROM settlement_asset a
    WHERE a.kind = %(kind)s AND a.region_code = %(region)s AND a.scheme_code = %(scheme)s
      AND a.division_code = %(division)s AND a.credit_type = %(type)s AND a.project_serial = %(project)s
      AND a.vintage_year = %(vintage)s AND %(number)s BETWEEN a.first_serial AND a.last_serial
), block AS (
    SELECT b.* FROM batch CROSS JOIN LATERAL (
        SELECT s.asset_id, s.parent_id, s.first_serial FROM settlement_serialblock s
        WHERE s.asset_id = batch.id AND s.first_serial <= %(number)s ORDER BY s.first_serial DESC LIMIT 1) b
    UNION ALL
    SELECT p.asset_id, p.parent_id, p.first_serial FROM block JOIN settlement_serialblock p ON p.id = block.parent_id
)
SELECT a.*, e.id AS entry_id, e.kind AS entry_kind, e.at AS entry_at, m.first_serial AS moved_first,
       m.last_serial AS moved_last, t.organisation_id AS to_organisation, t.purpose AS to_purpose,
       f.organisation_id AS from_organisation, f.purpose AS from_purpose
FROM batch JOIN settlement_asset a ON a.id = batch.id
LEFT JOIN (block JOIN settlement_serialmove m
             ON m.asset_id = block.asset_id AND m.first_serial = block.first_serial AND m.last_serial >= %(number)s
           JOIN settlement_entry e ON e.id = m.entry_id
           JOIN settlement_holding t ON t.id = m.credited_id
           JOIN settlement_holding f ON f.id = m.debited_id) ON true
ORDER BY m.id"""


@dataclass(frozen=True)
class SerialStep:
    """One move of a serial: under which entry, from whom to whom (None: the system) and for what.

    serials: all that moved with it as one range.
    """

    entry_id: int
    kind: EntryKind
    at: datetime
    organisation_id: int | None
    purpose: Purpose
    serials: SerialRange
    from_organisation_id: int | None
    from_purpose: Purpose


@dataclass(frozen=True)
class SerialLife:
    """A credit from issuance to where it is now, oldest step first. `batch_text`: its batch's whole range in print."""

    asset: AssetView
    serial: int
    text: str
    batch_text: str
    steps: tuple[SerialStep, ...]

    @property
    def end(self) -> SerialStep | None:
        """The step that ended it: retired, cancelled or exported; None while it lives."""
        last = self.steps[-1] if self.steps else None
        return last if last and last.purpose in ENDS else None


def serial_life(text: str) -> SerialLife:
    """Return the life of a printed serial; of a range, that of its first number.

    Raises SerialMistyped (form or check digits) and SerialUnknown (never issued).
    """
    printed = printed_serial(text)
    number = printed.serials.first
    values = {
        "kind": AssetKind.CREDIT.value,
        "region": printed.region_code,
        "scheme": printed.scheme_code,
        "division": printed.division_code,
        "type": printed.credit_type,
        "project": printed.project_serial,
        "vintage": printed.vintage_year,
        "number": number,
    }
    rows = list(Asset.objects.raw(LIFE, values))
    if not rows:
        raise SerialUnknown(field="serial", serial=text[:80])
    seen = view(rows[0])
    assert seen.credit is not None
    return SerialLife(
        seen,
        number,
        text_of(seen.credit, SerialRange(number, number)),
        text_of(seen.credit, SerialRange(seen.first_serial, seen.last_serial)),
        tuple(_step(row) for row in rows if row.entry_id is not None),  # type: ignore[attr-defined]
    )


def _step(row: Asset) -> SerialStep:
    told = vars(row)
    return SerialStep(
        told["entry_id"],
        EntryKind(told["entry_kind"]),
        told["entry_at"],
        told["to_organisation"],
        Purpose(told["to_purpose"]),
        SerialRange(told["moved_first"], told["moved_last"]),
        told["from_organisation"],
        Purpose(told["from_purpose"]),
    )


def holder_names(actor: Actor, steps: Iterable[SerialStep | SerialPart]) -> dict[int, str]:
    """Return the names, by id, of those holders in a life or a range whom `actor` may know; the others are left out."""
    ids = {step.organisation_id for step in steps if step.organisation_id is not None}
    own = actor.organisation_id
    if not actor.has(*WATCHERS):
        ids &= {own} if own is not None else set()
    return {
        number: found.name for number, found in organisations(ids).items() if found.kind in NAMED_KINDS or number == own
    }
