"""The numbered checks of the automatic verification (自动核查): each passes, asks a question, or fails, with evidence.

A failed check blocks; a question becomes a draft finding of the human verifier. Source: design, section 3.3.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Any


class Outcome(StrEnum):
    """What a check answers."""

    PASSED = "passed"
    QUESTION = "question"
    FAILED = "failed"


@dataclass(frozen=True)
class Checked:
    """The answer of one check. `title` is an English message id; `evidence` is what was looked at."""

    code: str
    title: str
    outcome: Outcome
    evidence: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class PlausibleRange:
    """A yearly net change per hectare that needs no question, in tCO2e."""

    least: float
    most: float


@dataclass(frozen=True)
class Case:
    """Everything the checks look at. `recalculated` is None where the records cannot be calculated any more."""

    missing: Sequence[str]
    hashes: Sequence[tuple[str, str, str]]  # Document, hash as stored, hash of the file as it lies there now.
    stored_credits: int
    stored_net: float
    recalculated_credits: int | None
    recalculated_net: float | None
    first: date
    last: date
    crediting_first: date
    crediting_last: date
    today: date
    other_periods: Sequence[tuple[date, date]]
    repeated_plots: Sequence[str]
    repeated_files: Sequence[str]  # Files whose content stands in another case too.
    area_ha: float
    measured_ha: float | None
    years: float
    plausible: PlausibleRange
    uncertainty: float | None
    most_uncertainty: float
    provisional: Sequence[str]
    demonstration: Sequence[str]  # Sets confirmed for a demonstration only.
    is_demonstration: bool
    land_claims: Sequence[str]
    validator_id: int | None
    verifier_id: int | None
    joints: Sequence[
        tuple[date, float, float]
    ]  # Where two periods meet: the day, stock at its end, stock then begun with.
    # The same with another project's issued period on part of the land, where the hectares are not all the same ones.
    loose_joints: Sequence[tuple[date, float, float]] = ()


NET_TOLERANCE = 1e-9  # Relative: the same code on the same inputs gives the same double.
AREA_TOLERANCE = 0.02  # Share by which strata and parcels may differ without a question.
# Share by which a period may begin below the stock that the one before ended with: beyond the first a question (other
# values in use, another sample), beyond the second growth would be counted in both.
STOCK_TOLERANCE, MOST_STOCK_GAP = 1e-6, 0.02


def _passes(is_good: bool, otherwise: Outcome = Outcome.FAILED) -> Outcome:
    return Outcome.PASSED if is_good else otherwise


def _worse(one: Outcome, other: Outcome) -> Outcome:
    order = (Outcome.PASSED, Outcome.QUESTION, Outcome.FAILED)
    return max(one, other, key=order.index)


def _of_joints(joints: Sequence[tuple[date, float, float]], most: Outcome = Outcome.FAILED) -> Outcome:
    gap = max((1 - begun / ended for _day, ended, begun in joints if ended > 0), default=0.0)
    if gap > MOST_STOCK_GAP:
        return most
    return Outcome.QUESTION if gap > STOCK_TOLERANCE else Outcome.PASSED


def check_all(case: Case) -> list[Checked]:
    """Return the answers of all checks in order."""
    per_ha_year = case.stored_net / case.area_ha / case.years if case.area_ha and case.years else 0.0
    changed = [name for name, stored, found in case.hashes if stored != found]
    overlapping = [f"{first}–{last}" for first, last in case.other_periods if first <= case.last and case.first <= last]
    in_time = case.crediting_first <= case.first <= case.last <= case.crediting_last and case.last < case.today
    same = (
        case.recalculated_credits == case.stored_credits
        and case.recalculated_net is not None
        and abs(case.recalculated_net - case.stored_net) <= NET_TOLERANCE * max(1.0, abs(case.stored_net))
    )
    area_gap = abs(case.measured_ha - case.area_ha) / case.area_ha if case.measured_ha and case.area_ha else 0.0
    usable_demo = case.is_demonstration or not case.demonstration
    return [
        Checked("V01", "Completeness", _passes(not case.missing), {"missing": list(case.missing)}),
        Checked("V02", "File hashes", _passes(not changed), {"files": len(case.hashes), "changed": changed}),
        Checked(
            "V03",
            "Recalculation from the raw records",
            _passes(same),
            {
                "stored_credits": case.stored_credits,
                "recalculated_credits": case.recalculated_credits,
                "stored_net": case.stored_net,
                "recalculated_net": case.recalculated_net,
            },
        ),
        Checked(
            "V04",
            "Period and overlap",
            _passes(in_time and not overlapping),
            {"first": str(case.first), "last": str(case.last), "overlapping": overlapping},
        ),
        Checked("V05", "Duplicate plots", _passes(not case.repeated_plots), {"plots": list(case.repeated_plots)[:50]}),
        Checked(
            "V06",
            "Files used in another case",
            _passes(not case.repeated_files, Outcome.QUESTION),
            {"files": list(case.repeated_files)},
        ),
        Checked(
            "V07",
            "Plausible yearly change per hectare",
            _passes(case.plausible.least <= per_ha_year <= case.plausible.most, Outcome.QUESTION),
            {"tco2e_ha_yr": per_ha_year, "least": case.plausible.least, "most": case.plausible.most},
        ),
        Checked(
            "V08",
            "Sampling error",
            _passes(case.uncertainty is None or case.uncertainty <= case.most_uncertainty, Outcome.QUESTION),
            {"uncertainty": case.uncertainty, "most": case.most_uncertainty},
        ),
        Checked(
            "V09",
            "Status of the parameters",
            _passes(not case.provisional and usable_demo),
            {"provisional": list(case.provisional)[:50], "demonstration": list(case.demonstration)},
        ),
        Checked(
            "V10", "Earlier claims on the same land", _passes(not case.land_claims), {"claims": list(case.land_claims)}
        ),
        Checked(
            "V11",
            "Independence of the verifier",
            _passes(case.verifier_id is None or case.verifier_id != case.validator_id),
            {"validator": case.validator_id, "verifier": case.verifier_id},
        ),
        Checked(
            "V12",
            "Strata and parcels have one area",
            _passes(area_gap <= AREA_TOLERANCE, Outcome.QUESTION),
            {"parcels_ha": case.area_ha, "strata_ha": case.measured_ha},
        ),
        Checked(
            "V13",
            "Growth counted in one period only",
            _worse(_of_joints(case.joints), _of_joints(case.loose_joints, Outcome.QUESTION)),
            {
                "joints": [
                    f"{day}: {ended:.4f} → {begun:.4f}" for day, ended, begun in (*case.joints, *case.loose_joints)
                ]
            },
        ),
    ]


def failed(checked: Sequence[Checked]) -> list[str]:
    """Return the codes of the checks that failed."""
    return [one.code for one in checked if one.outcome is Outcome.FAILED]
