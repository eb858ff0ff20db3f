"""A monitoring period from its uploads to its tonnes: which operations run, on what, and everything they said.

The result holds every input, every intermediate figure and every version, so that it can be recalculated.
Source: methodologies F1, G1, W1, B1 and the conventions, section 2.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from registry.rules.methodologies import ParameterSets, Result, evaluate, provisional_values
from registry.rules.uploads import Upload
from registry.rules.uploads.observations import (
    PlotInputs,
    needs_equivalent_mass,
    plot_inputs,
    profile_inputs,
    strata_of_pairs,
    strata_of_plots,
    wetland_strata,
)

DAYS_OF_A_YEAR = 365.25
EARLIER, LATER = "earlier", "later"
# Which uploads a period of a methodology takes: (kind of workbook, date it speaks of) -> needed.
UPLOADS: Mapping[str, tuple[tuple[str, str], ...]] = {
    "F1": (("forest_plots", EARLIER), ("forest_plots", LATER)),
    "G1": (("grassland_pairs", LATER), ("grassland_layers", LATER)),
    "W1": (("wetland_mineral", LATER), ("wetland_organic", LATER)),
}
# Totals of the period that a person states beside the workbooks, by methodology.
STATED: Mapping[str, tuple[str, ...]] = {
    "F1": ("shrub_change_tco2e", "soc_change_tco2e", "baseline_change_tco2e", "emissions_tco2e", "leakage_tco2e"),
    "G1": ("livestock_counted_tco2e_yr", "fertiliser_n_kg", "diesel_t", "leakage_tco2e"),
    "W1": ("baseline_ch4_tco2e",),
}
OPERATION = {"F1": "F1.expost", "G1": "G1.net"}
ECOSYSTEMS: Mapping[str, tuple[str, str]] = {"F1": ("forest", "F"), "G1": ("grassland", "G"), "W1": ("wetland", "W")}

Progress = Callable[[int, int], None]


class NotCalculable(Exception):
    """A methodology refuses its inputs: the operation and its (code, field) pairs; or an upload is missing."""

    def __init__(self, operation: str, problems: tuple[tuple[str, str], ...]) -> None:
        super().__init__(operation, problems)
        self.operation, self.problems = operation, problems


@dataclass(frozen=True)
class PartResult:
    """One operation of a calculation with its inputs and its whole answer."""

    operation: str
    subject: str  # The plot, point or "" for the period.
    inputs: Mapping[str, Any]
    answer: Mapping[str, Any]


@dataclass(frozen=True)
class PeriodResult:
    """The tonnes of a period and how they came about. `stock_part` is None where all of the net is stored carbon."""

    credits: int
    net_tco2e: float
    stock_part_tco2e: float | None
    uncertainty: float | None
    parts: tuple[PartResult, ...]
    parameter_versions: Mapping[str, str]
    provisional: tuple[tuple[str, str, str], ...]

    @property
    def outputs(self) -> Mapping[str, Any]:
        found: Mapping[str, Any] = self.parts[-1].answer["outputs"]
        return found


def stock_per_ha(part: Mapping[str, Any]) -> tuple[float, float] | None:
    """Return the mean stock per hectare that a period began and ended with, from its last operation as it is kept.

    In the unit of the methodology, the same for both. None where it rests on no stock (wetlands count by the year).
    """
    inputs, outputs = part["inputs"], part["answer"]["outputs"]
    strata = inputs.get("strata", ())
    area_ha = math.fsum(one["area_ha"] for one in strata)
    if strata and all(one.get("pairs") for one in strata):
        weighed = [(one["area_ha"] / area_ha / len(one["pairs"]), pair) for one in strata for pair in one["pairs"]]
        return math.fsum(share * pair[0] for share, pair in weighed), math.fsum(
            share * pair[1] for share, pair in weighed
        )
    if "previous" in inputs and "stock_t2" in outputs:
        return inputs["previous"]["total_tco2e"] / area_ha, outputs["stock_t2"]["total_tco2e"] / area_ha
    return None


def years_between(first: date, last: date) -> float:
    """Return the years of a period, both days counted: whole ones exactly, the rest by days."""
    following = date.fromordinal(last.toordinal() + 1)
    whole = following.year - first.year - ((following.month, following.day) < (first.month, first.day))
    try:
        anniversary = first.replace(year=first.year + whole)
    except ValueError:  # From a 29 February.
        anniversary = date(first.year + whole, 3, 1)
    return whole + (following - anniversary).days / DAYS_OF_A_YEAR


def calculate_period(
    methodology: str,
    uploads: Mapping[tuple[str, str], Upload],
    *,
    version: str,
    parameters: ParameterSets,
    design: Mapping[str, Any],
    stated: Mapping[str, float],
    first: date,
    last: date,
    previous: Mapping[str, float] | None = None,
    progress: Progress | None = None,
) -> PeriodResult:
    """Return the result of a period. Raises NotCalculable.

    design:   the registered choices of the project (profile, pools).
    previous: `stock_t2` of the period before, where only the later inventory is uploaded.
    """
    run = _Calculation(version, parameters, progress or (lambda _done, _total: None))
    years = years_between(first, last)
    given = {name: stated[name] for name in STATED[methodology] if stated.get(name) is not None}
    if methodology == "F1":
        last_part, stock = run.forest(uploads, design, given, years, previous), None
    elif methodology == "G1":
        last_part = run.grassland(uploads, given, years)
        stock = float(last_part["stock_part_tco2e"])
    else:
        last_part = run.wetland(uploads, given)
        # Methane avoided in peat is permanent; the platform withholds from all of it until the split is confirmed.
        stock = None
    return PeriodResult(
        credits=int(last_part["credits"]),
        net_tco2e=float(last_part["net_tco2e"]),
        stock_part_tco2e=stock,
        uncertainty=last_part.get("uncertainty"),
        parts=tuple(run.parts),
        parameter_versions=parameters.versions,
        provisional=tuple(sorted(run.provisional)),
    )


class _Calculation:
    """Runs the operations of one period in order and keeps what each said."""

    def __init__(self, version: str, parameters: ParameterSets, progress: Progress) -> None:
        self.version, self.parameters, self.progress = version, parameters, progress
        self.parts: list[PartResult] = []
        self.provisional: set[tuple[str, str, str]] = set()

    def evaluate(self, operation: str, inputs: Mapping[str, Any], subject: str = "") -> Mapping[str, Any]:
        result: Result = evaluate(operation, inputs, version=self.version, parameters=self.parameters)
        if not result.is_ok:
            place = f"{operation} {subject}".strip()
            raise NotCalculable(place, tuple((problem.code.value, problem.path) for problem in result.errors))
        self.provisional.update(provisional_values(result))
        answer = result.as_json()
        self.parts.append(PartResult(operation, subject, dict(inputs), answer))
        outputs: Mapping[str, Any] = answer["outputs"]
        return outputs

    def plots(self, upload: Upload, label: str, done: int, total: int) -> tuple[list[PlotInputs], list[float]]:
        plots = plot_inputs(upload.sheets["plots"], upload.sheets["trees"])
        values = []
        for number, plot in enumerate(plots, start=1):
            outputs = self.evaluate("F1.plot", plot.inputs, f"{label} {plot.stratum}/{plot.plot}")
            values.append(float(outputs["co2e_t_ha"]))
            self.progress(done + number, total)
        return plots, values

    def forest(
        self,
        uploads: Mapping[tuple[str, str], Upload],
        design: Mapping[str, Any],
        given: Mapping[str, float],
        years: float,
        previous: Mapping[str, float] | None,
    ) -> Mapping[str, Any]:
        later, earlier = uploads.get(("forest_plots", LATER)), uploads.get(("forest_plots", EARLIER))
        if later is None:
            raise NotCalculable("F1.expost", (("E_REQUIRED", "forest_plots"),))
        count = sum(len(upload.sheets["plots"]) for upload in (later, earlier) if upload) + 2
        inputs: dict[str, Any] = {
            "profile": design.get("profile", "nm_regional"),
            "years": years,
            "method": "independent",
            "include_dead_wood": bool(design.get("include_dead_wood", False)),
            "include_litter": bool(design.get("include_litter", False)),
            **given,
        }
        before: dict[tuple[str, str], float] = {}
        strata_before: list[dict[str, Any]] = []
        if earlier is not None:
            first_plots, first_values = self.plots(earlier, "1", 0, count)
            before = {(one.stratum, one.plot): value for one, value in zip(first_plots, first_values, strict=True)}
            strata_before = strata_of_plots(earlier.sheets["strata"], first_plots, first_values)
        plots, values = self.plots(later, "2", len(before), count)
        strata = strata_of_plots(later.sheets["strata"], plots, values)
        names = {(one.stratum, one.plot) for one in plots}
        if before and names == set(before) and _areas(strata) == _areas(strata_before):
            # The same permanent plots at both dates: the change of each is known.
            inputs["method"] = "paired"
            inputs["strata"] = _paired(strata, plots, values, before)
        else:
            inputs["strata"] = strata
            inputs["previous"] = self.previous_stock(strata_before, previous)
        outputs = self.evaluate("F1.expost", inputs)
        self.progress(count, count)
        return outputs

    def previous_stock(self, strata: list[dict[str, Any]], previous: Mapping[str, float] | None) -> Mapping[str, float]:
        """Return the undiscounted stock before the period; 0 at the first verification of new planting."""
        if strata:
            estimate = self.evaluate("P1.estimate", {"strata": strata, "scheme": "none"}, "1")
            return {"total_tco2e": float(estimate["total"]), "uncertainty": float(estimate["uncertainty"])}
        return dict(previous) if previous else {"total_tco2e": 0.0, "uncertainty": 0.0}

    def grassland(
        self, uploads: Mapping[tuple[str, str], Upload], given: Mapping[str, float], years: float
    ) -> Mapping[str, Any]:
        pairs, layers = uploads.get(("grassland_pairs", LATER)), uploads.get(("grassland_layers", LATER))
        if pairs is not None:
            strata, control = strata_of_pairs(pairs.sheets["strata"], pairs.sheets["pairs"])
        elif layers is not None:
            strata, control = self.strata_of_layers(layers)
        else:
            raise NotCalculable("G1.net", (("E_REQUIRED", "grassland_pairs"),))
        inputs: dict[str, Any] = {"years": years, "strata": strata, **given}
        if control:
            inputs["control_strata"] = control
        outputs = self.evaluate("G1.net", inputs)
        self.progress(1, 1)
        return outputs

    def strata_of_layers(self, upload: Upload) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
        profiles = {(one.stratum, one.point, one.period): one for one in profile_inputs(upload.sheets["layers"])}
        points = list(dict.fromkeys((one.stratum, one.point) for one in profiles.values()))
        values: dict[str, list[list[float]]] = {}
        for number, (stratum, point) in enumerate(points, start=1):
            first, second = profiles.get((stratum, point, "1")), profiles.get((stratum, point, "2"))
            if first is None or second is None:
                raise NotCalculable(f"G1.soc_core {stratum}/{point}", (("E_REQUIRED", "layers"),))
            before = self.evaluate("G1.soc_core", first.inputs, f"1 {stratum}/{point}")
            after = self.evaluate("G1.soc_core", second.inputs, f"2 {stratum}/{point}")
            soc = float(after["soc_t_ha"])
            if needs_equivalent_mass(float(before["soil_t_ha"]), float(after["soil_t_ha"])):
                equal = {**second.inputs, "reference_soil_t_ha": before["soil_t_ha"]}
                soc = float(self.evaluate("G1.soc_core", equal, f"2 ESM {stratum}/{point}")["soc_esm_t_ha"])
            values.setdefault(stratum, []).append([float(before["soc_t_ha"]), soc])
            self.progress(number, len(points) + 1)
        rows = upload.sheets["strata"]
        sides: dict[bool, list[dict[str, Any]]] = {False: [], True: []}
        for row in rows:
            pairs = values.get(row.stratum, [])
            sides[row.is_control].append({"id": row.stratum, "area_ha": row.area_ha, "pairs": pairs})
        return sides[False], sides[True]

    def wetland(self, uploads: Mapping[tuple[str, str], Upload], given: Mapping[str, float]) -> Mapping[str, Any]:
        mineral, organic = uploads.get(("wetland_mineral", LATER)), uploads.get(("wetland_organic", LATER))
        if mineral is not None:
            outputs = self.evaluate("W1.mineral", {"strata": wetland_strata(mineral.sheets["strata"]), **given})
        elif organic is not None:
            outputs = self.evaluate("W1.organic", {"strata": wetland_strata(organic.sheets["strata"])})
        else:
            raise NotCalculable("W1.mineral", (("E_REQUIRED", "wetland_mineral"),))
        self.progress(1, 1)
        return outputs


def _areas(strata: Sequence[Mapping[str, Any]]) -> dict[str, float]:
    return {str(one["id"]): float(one["area_ha"]) for one in strata}


def _paired(
    strata: Sequence[Mapping[str, Any]],
    plots: Sequence[PlotInputs],
    values: Sequence[float],
    before: Mapping[tuple[str, str], float],
) -> list[dict[str, Any]]:
    pairs: dict[str, list[list[float]]] = {}
    for plot, value in zip(plots, values, strict=True):
        pairs.setdefault(plot.stratum, []).append([before[plot.stratum, plot.plot], value])
    return [{"id": one["id"], "area_ha": one["area_ha"], "pairs": pairs.get(str(one["id"]), [])} for one in strata]
