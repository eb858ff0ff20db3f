"""The baseline of scattered trees, by crown cover. Source: F1, sections 2 and 3 (CDM AR-TOOL14)."""

from __future__ import annotations

import math
from typing import Any

from registry.rules.methodologies.numeric import CARBON_TO_CO2, class_boundary
from registry.rules.methodologies.outcome import ErrorCode, Refused
from registry.rules.methodologies.reading import Fields, unique_ids
from registry.rules.methodologies.run import Run


def baseline_crown_cover(inputs: Fields, run: Run) -> dict[str, Any]:
    """F1.baseline_crown_cover: yearly growth and initial stock of what stands there without the project."""
    rows = inputs.items("strata")
    unique_ids(rows, may_be_missing=True)
    strata = [(row.number("area_ha", above=0), row.number("crown_cover", least=0, most=1)) for row in rows]
    growth = inputs.optional_number("delta_b_forest_t_ha_yr", least=0)
    stock = inputs.optional_number("b_forest_t_ha", least=0)
    fraction = inputs.optional_number("cf", above=0, most=1)
    ratio = inputs.optional_number("r", least=0)
    forest = inputs.optional_number("forest_threshold_crown_cover", above=0, most=1)
    inputs.refuse_problems()

    if forest is None:
        forest = run.constant("forest_threshold", "", "ar_defaults", "forest_threshold_crown_cover")
    share = run.constant("method_share", "", "ar_defaults", "crown_cover_method_share")
    covered = math.fsum(area * cover for area, cover in strata)
    mean = covered / math.fsum(area for area, _ in strata)
    run.note("mean_crown_cover", mean, "", "F1 2")
    if class_boundary(mean) >= class_boundary(share * forest):
        raise Refused.because(ErrorCode.NOT_APPLICABLE, "strata.crown_cover")
    if fraction is None:
        fraction = run.constant("CF", "t C/t d.m.", "ar_defaults", "cf_tree")
    if ratio is None:
        ratio = run.constant("R", "", "ar_defaults", "r_tree_baseline")
    if growth is None:
        growth = run.constant("delta_b_forest", "t d.m./ha/yr", "ar_defaults", "delta_b_forest_t_ha_yr")
    if stock is None:
        stock = run.constant("b_forest", "t d.m./ha", "shrub", "b_forest_t_ha")
    per_tonne = CARBON_TO_CO2 * fraction * (1 + ratio) * covered
    run.note("delta_C_BSL", per_tonne * growth, "tCO2e/yr", "F1 3")
    run.note("C_BSL", per_tonne * stock, "tCO2e", "F1 3")
    return {
        "mean_crown_cover": mean,
        "annual_change_tco2e": per_tonne * growth,
        "initial_stock_tco2e": per_tonne * stock,
    }
