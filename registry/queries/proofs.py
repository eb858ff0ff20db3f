"""The invariants of the registry, proved on the data as they are. Each answers with the rows that break it.

These queries read what the triggers and constraints should have guarded; land is measured anew.
"""

from __future__ import annotations

from typing import Any

from django.db import connection

from registry.models import Parcel
from registry.rules.parcels import overlap_ha
from registry.rules.states import BOUND_LAND
from rulebook.queries import now, rule
from settlement.queries import batches

PROOFS: dict[str, tuple[str, str]] = {
    "I8": (
        "the issuances of a period sum exactly to its verified amount; neither the periods of a project nor the land"
        " of live projects overlap",
        """SELECT 'issuance' AS what, i.id, i.verified_tonnes AS expected, coalesce(b.tonnes, 0) AS found
           FROM registry_issuance i LEFT JOIN registry_verification v ON v.period_id = i.period_id
           LEFT JOIN (SELECT issuance_id, sum(tonnes) AS tonnes, sum(buffer_tonnes) AS buffers
                      FROM registry_issuedvintage GROUP BY issuance_id) b ON b.issuance_id = i.id
           WHERE v.verified_tonnes IS DISTINCT FROM i.verified_tonnes
              OR (i.state = 'issued' AND (coalesce(b.tonnes, 0) <> i.verified_tonnes
                                          OR coalesce(b.buffers, 0) <> i.buffer_tonnes))
              OR (i.state <> 'issued' AND b.issuance_id IS NOT NULL)
           UNION ALL
           SELECT 'periods overlap', a.id, a.project_id, b.id FROM registry_monitoringperiod a
           JOIN registry_monitoringperiod b ON b.project_id = a.project_id AND b.id > a.id
           WHERE a.state <> 'rejected' AND b.state <> 'rejected' AND a.first <= b.last AND b.first <= a.last
           UNION ALL
           SELECT 'period of another project', i.id, i.project_id, p.project_id FROM registry_issuance i
           JOIN registry_monitoringperiod p ON p.id = i.period_id WHERE p.project_id <> i.project_id
           UNION ALL
           SELECT 'land never compared', a.id, b.id, b.project_id FROM registry_parcel a JOIN registry_parcel b
             ON b.id > a.id AND b.project_id <> a.project_id AND b.is_live AND a.is_live
            AND a.west < b.east AND b.west < a.east AND a.south < b.north AND b.south < a.north
           WHERE NOT EXISTS (SELECT FROM registry_landcomparison c WHERE c.first_id = a.id AND c.second_id = b.id)
           UNION ALL
           SELECT 'free land is bound', a.id, a.project_id, NULL FROM registry_parcel a
           JOIN registry_project p ON p.id = a.project_id
           WHERE a.is_live AND (a.is_removed OR NOT p.state = ANY (%(bound)s))
           UNION ALL
           SELECT 'bound land is free', a.id, a.project_id, NULL FROM registry_parcel a
           JOIN registry_project p ON p.id = a.project_id
           WHERE NOT a.is_live AND NOT a.is_removed AND p.state = ANY (%(bound)s) AND p.state <> 'returned'""",
    ),
    "I15": (
        "who decides did not propose; who reviews entered nothing",
        """SELECT 'registration' AS what, id, proposed_by_id AS maker, decided_by_id AS checker FROM registry_project
           WHERE decided_by_id = proposed_by_id OR (decided_by_id IS NOT NULL AND proposed_by_id IS NULL)
           UNION ALL
           SELECT 'issuance', id, maker_id, checker_id FROM registry_issuance
           WHERE maker_id = checker_id OR (state = 'issued' AND checker_id IS NULL)
           UNION ALL
           SELECT 'retirement', id, requested_by_id, confirmed_by_id FROM registry_retirement
           WHERE state = 'retired' AND needs_second
             AND (confirmed_by_id IS NULL OR confirmed_by_id = requested_by_id)
           UNION ALL
           SELECT 'reviewer took part', s.id, c.user_id, s.reviewer_id FROM registry_reviewstep s
           JOIN registry_contribution c ON c.project_id = s.project_id AND c.user_id = s.reviewer_id
           UNION ALL
           SELECT 'verifier validated', id, validator_id, verifier_id FROM registry_monitoringperiod
           WHERE verifier_id = validator_id""",
    ),
}


def broken_invariants(*, most: int = 20) -> dict[str, dict[str, Any]]:
    """Return, for each invariant of this room, its sentence and at most `most` rows that break it (none: it holds)."""
    answers: dict[str, dict[str, Any]] = {}
    with connection.cursor() as cursor:
        for name, (sentence, sql) in PROOFS.items():
            cursor.execute(f"{sql} LIMIT {most:d}", {"bound": [state.value for state in BOUND_LAND]})
            columns = [column.name for column in cursor.description]
            answers[name] = {"holds": sentence, "broken": [dict(zip(columns, row, strict=True)) for row in cursor]}
    answers["I8"]["broken"] = [*answers["I8"]["broken"], *_shared_land(), *_other_batches()][:most]
    return answers


def _shared_land() -> list[dict[str, Any]]:
    """Return the pairs of live parcels whose land is shared beyond the tolerance, measured now."""
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT a.id, b.id FROM registry_parcel a JOIN registry_parcel b
               ON b.id > a.id AND b.project_id <> a.project_id
               AND box(point(a.east, a.north), point(a.west, a.south))
                   && box(point(b.east, b.north), point(b.west, b.south))
               WHERE a.is_live AND b.is_live"""
        )
        pairs = cursor.fetchall()
    if not pairs:
        return []
    tolerance = float(rule("land.overlap_tolerance_ha", at=now()).value)
    shapes = Parcel.objects.in_bulk({pk for pair in pairs for pk in pair})
    found = []
    for first, second in pairs:
        shared = overlap_ha(shapes[first].geometry, shapes[second].geometry)
        if shared > tolerance:
            found.append({"what": "land shared", "id": first, "expected": second, "found": shared})
    return found


def _other_batches() -> list[dict[str, Any]]:
    """Return the batches whose tonnes are not those that the ledger has serials for."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT asset_id, tonnes, id FROM registry_issuedvintage")
        rows = cursor.fetchall()
    units = {one.id: one.issued_units for one in batches()} if rows else {}
    return [
        {"what": "batch and ledger", "id": pk, "expected": tonnes, "found": units.get(asset_id)}
        for asset_id, tonnes, pk in rows
        if units.get(asset_id) != tonnes
    ]
