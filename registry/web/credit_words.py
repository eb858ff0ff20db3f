"""The words of the credits pages: states, checks, operations, figures. Message ids are English."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_noop as _

from registry.rules.states import PeriodState, Verb
from registry.rules.uploads import FORMS, REASONS
from registry.web.parameter_words import key_name
from settlement.rules import Purpose

PERIOD_STATES: Mapping[str, tuple[str, str]] = {  # state -> (name, tone of the badge)
    PeriodState.DRAFT: (_("Draft"), "neutral"),
    PeriodState.CALCULATED: (_("Calculated"), "info"),
    PeriodState.SUBMITTED: (_("Submitted"), "info"),
    PeriodState.NOTICE: (_("Public notice and verification"), "info"),
    PeriodState.REVIEW: (_("Issuance review"), "info"),
    PeriodState.ISSUED: (_("Issued"), "success"),
    PeriodState.RETURNED: (_("Returned"), "warning"),
    PeriodState.REJECTED: (_("Rejected"), "danger"),
}
PERIOD_ORDER = (
    PeriodState.DRAFT,
    PeriodState.CALCULATED,
    PeriodState.SUBMITTED,
    PeriodState.NOTICE,
    PeriodState.REVIEW,
    PeriodState.ISSUED,
)
VERBS: Mapping[str, str] = {
    Verb.EDIT: _("Edited"),
    Verb.SUBMIT: _("Handed in"),
    Verb.PASS: _("Passed on"),
    Verb.ACCEPT: _("Accepted"),
    Verb.RETURN: _("Returned for correction"),
    Verb.REJECT: _("Turned down"),
    Verb.PUBLISH: _("Put on public notice"),
    Verb.SIGN: _("Verification report signed"),
    Verb.PROPOSE: _("Issuance proposed"),
    Verb.DECIDE: _("Issued by the second person"),
    Verb.RECORD: _("Entered in the records"),
    Verb.CALCULATE: _("Calculated"),
}
ECOSYSTEM_NAMES = {
    "F": _("Forest"),
    "G": _("Grassland"),
    "W": _("Wetland"),
    "S": _("Sandland"),
    "T": _("Single tree"),
    "P": _("Inclusion"),
}
METHODOLOGY_TYPE = {"F1": "F", "G1": "G", "W1": "W"}
METHODOLOGY_NAMES = {
    "F1": _("Afforestation (F1)"),
    "G1": _("Grassland restoration (G1)"),
    "W1": _("Wetland restoration (W1)"),
}
DATE_NAMES = {"earlier": _("earlier inventory"), "later": _("later inventory")}
KIND_NAMES = {
    "forest_plots": _("Sample plots and trees"),
    "grassland_layers": _("Grassland soil layers"),
    "grassland_pairs": _("Grassland soil carbon, paired points"),
    "wetland_mineral": _("Wetland strata, mineral soil"),
    "wetland_organic": _("Wetland strata, peat"),
}
SHEET_NAMES = {
    "strata": _("strata"),
    "plots": _("plots"),
    "trees": _("trees"),
    "layers": _("layers"),
    "pairs": _("pairs"),
}
# Totals stated beside the workbooks: name -> (label, unit).
STATED_NAMES: Mapping[str, tuple[str, str]] = {
    "shrub_change_tco2e": (_("Change of shrub biomass"), "tCO₂e"),
    "soc_change_tco2e": (_("Change of soil organic carbon"), "tCO₂e"),
    "baseline_change_tco2e": (_("Change in the baseline scenario"), "tCO₂e"),
    "emissions_tco2e": (_("Project emissions"), "tCO₂e"),
    "leakage_tco2e": (_("Leakage"), "tCO₂e"),
    "livestock_counted_tco2e_yr": (_("Counted livestock reduction a year"), "tCO₂e/a"),
    "fertiliser_n_kg": (_("Nitrogen fertiliser used"), "kg N"),
    "diesel_t": (_("Diesel used"), "t"),
    "baseline_ch4_tco2e": (_("Methane of the baseline"), "tCO₂e"),
}
OPERATIONS = {
    "F1.plot": _("Carbon of a sample plot"),
    "F1.tree": _("Carbon of a tree"),
    "F1.expost": _("Net removal of the period"),
    "P1.estimate": _("Estimate from the sample"),
    "G1.soc_core": _("Soil organic carbon of a point"),
    "G1.net": _("Net change of the period"),
    "W1.mineral": _("Net change on mineral soil"),
    "W1.organic": _("Net change on peat"),
}
FIGURES: Mapping[str, tuple[str, str]] = {  # output or input -> (label, unit)
    "effective_area_ha": (_("Effective plot area"), "ha"),
    "trees_counted": (_("Trees counted"), ""),
    "agb_t_ha": (_("Above-ground biomass"), "t/ha"),
    "bgb_t_ha": (_("Below-ground biomass"), "t/ha"),
    "carbon_t_ha": (_("Carbon"), "t C/ha"),
    "co2e_t_ha": (_("CO₂ equivalent"), "tCO₂e/ha"),
    "volume_m3_ha": (_("Standing volume"), "m³/ha"),
    "tree_change_tco2e": (_("Change of tree biomass"), "tCO₂e"),
    "tree_change_conservative_tco2e": (_("Change of tree biomass, after discount"), "tCO₂e"),
    "dead_wood_change_tco2e": (_("Change of dead wood"), "tCO₂e"),
    "litter_change_tco2e": (_("Change of litter"), "tCO₂e"),
    "project_change_tco2e": (_("Change in the project"), "tCO₂e"),
    "risk_deduction_tco2e": (_("Deduction for risk"), "tCO₂e"),
    "annual_net_tco2e": (_("Net change a year"), "tCO₂e/a"),
    "net_tco2e": (_("Net change"), "tCO₂e"),
    "creditable_tco2e": (_("Creditable"), "tCO₂e"),
    "credits": (_("Credits"), "tCO₂e"),
    "reversal_candidate_tco2e": (_("Possible reversal"), "tCO₂e"),
    "uncertainty": (_("Sampling uncertainty"), ""),
    "depth_cm": (_("Depth"), "cm"),
    "soc_t_ha": (_("Soil organic carbon"), "t C/ha"),
    "soil_t_ha": (_("Fine soil"), "t/ha"),
    "soc_esm_t_ha": (_("Soil organic carbon at equal mass"), "t C/ha"),
    "soc_change_conservative_tco2e": (_("Change of soil carbon, after discount"), "tCO₂e"),
    "baseline_soc_tco2e": (_("Soil carbon of the baseline"), "tCO₂e"),
    "stock_part_tco2e": (_("Stored carbon"), "tCO₂e"),
    "livestock_part_tco2e": (_("Livestock part"), "tCO₂e"),
    "fertiliser_tco2e": (_("Fertiliser emissions"), "tCO₂e"),
    "fuel_tco2e": (_("Fuel emissions"), "tCO₂e"),
    "soc_tco2e": (_("Soil carbon"), "tCO₂e"),
    "ch4_tco2e": (_("Methane"), "tCO₂e"),
    "baseline_tco2e": (_("Baseline"), "tCO₂e"),
    "project_tco2e": (_("Project"), "tCO₂e"),
    "total": (_("Total"), ""),
    "total_tco2e": (_("Total"), "tCO₂e"),
    "years": (_("Years"), "a"),
    "method": (_("Comparison of the inventories"), ""),
    "profile": (_("Profile"), ""),
    "plot_area_ha": (_("Plot area"), "ha"),
    "slope_deg": (_("Slope"), "°"),
    "area_is_slope_measured": (_("Area measured along the slope"), ""),
    "include_dead_wood": (_("Dead wood included"), ""),
    "include_litter": (_("Litter included"), ""),
    "strata": (_("Strata"), ""),
    "control_strata": (_("Control strata"), ""),
    "trees": (_("Trees"), ""),
    "layers": (_("Layers"), ""),
    "plots": (_("Plots"), ""),
    "pairs": (_("Pairs"), ""),
    "id": (_("Stratum"), ""),
    "area_ha": (_("Area (ha)"), "ha"),
    "stock_t2": (_("Stock at the end of the period"), ""),
    "previous": (_("Stock before the period"), ""),
    "reference_soil_t_ha": (_("Reference mass of fine soil"), "t/ha"),
    "scheme": (_("Discount scheme"), ""),
    **STATED_NAMES,
}
UNITS = {
    "per ha": _("per ha"),
    "per ha squared": _("per ha, squared"),
    "unit of the value": _("in the unit of the figure"),
}
CHOICES = {
    "paired": _("the same permanent plots at both dates"),
    "independent": _("independent samples"),
    "nm_regional": _("the region's own scheme"),
}
WARNINGS = {
    "W_SMALL_SAMPLE": _("The sample is small."),
    "W_DISCOUNT_APPLIED": _("A discount for sampling uncertainty was applied."),
    "W_NEGATIVE_CHANGE": _("The change is negative."),
    "W_EXTRAPOLATED": _("A model was used outside the range it was fitted on."),
    "W_BELOW_MIN_DBH": _("Trees below the least diameter were not counted."),
    "W_PROVISIONAL_PARAMETER": _("A value that nobody has confirmed was used."),
    "W_THRESHOLD_NOT_MET": _("A threshold was not met."),
    "W_CAPPED": _("A value was capped."),
    "W_EX_ANTE": _("The figure is a forecast."),
    "W_FACTOR_YEAR": _("The factor is of another year."),
    "W_DEAD_TREE": _("Dead trees were left out."),
    "W_REVERSAL": _("Stored carbon was lost."),
    "W_NO_CREDIT": _("Nothing is creditable."),
    "W_UNKNOWN_FIELD": _("A field that the methodology does not know was not used."),
}
METHOD_PROBLEMS = {
    "E_REQUIRED": _("is missing"),
    "E_TYPE": _("is of the wrong type"),
    "E_RANGE": _("is out of range"),
    "E_ENUM": _("is none of the allowed values"),
    "E_UNKNOWN_SPECIES": _("is a species that no parameter set knows"),
    "E_UNKNOWN_MODEL": _("names no known model"),
    "E_MODEL_DOMAIN": _("lies outside the model's range"),
    "E_SAMPLE_SIZE": _("holds too few sample plots or points"),
    "E_ZERO_MEAN": _("has a mean of zero, so no uncertainty can be stated"),
    "E_UNCERTAINTY": _("is too uncertain"),
    "E_PERIOD": _("does not fit the period"),
    "E_DUPLICATE": _("stands twice"),
    "E_NOT_APPLICABLE": _("does not apply here"),
    "E_PARAM_MISSING": _("is a parameter that the version in use does not have"),
    "E_SUM": _("does not add up"),
}
STATUSES: Mapping[str, tuple[str, str]] = {
    "active": (_("Official"), "success"),
    "confirmed": (_("Confirmed"), "success"),
    "partly": (_("Partly confirmed"), "warning"),
    "provisional": (_("Provisional"), "warning"),
    "disputed": (_("Disputed"), "danger"),
}
BASES = {"confirmed": _("Official evidence"), "demonstration": _("Demonstration only")}
OUTCOMES: Mapping[str, tuple[str, str, str]] = {
    "passed": (_("Passed"), "success", "check"),
    "question": (_("Question"), "warning", "help"),
    "failed": (_("Failed"), "danger", "x"),
}
CAUSES = {
    "submission": _("after the submission"),
    "issuance": _("before the issuance"),
    "nightly": _("nightly re-check"),
}
CHECKS = {
    "V01": (_("Completeness"), _("All files and totals that the methodology needs are there.")),
    "V02": (_("File hashes"), _("Each stored file is, byte for byte, the one that was uploaded.")),
    "V03": (
        _("Recalculation from the raw records"),
        _("The same files, values and code give the same tonnes again."),
    ),
    "V04": (
        _("Period and overlap"),
        _("The period lies in the crediting period, has ended, and meets no other period."),
    ),
    "V05": (_("Duplicate plots"), _("No two plots hold the same trees to the last figure.")),
    "V06": (_("Files used in another case"), _("No file was handed in for another project too.")),
    "V07": (
        _("Plausible yearly change per hectare"),
        _("The yearly change per hectare lies in the reference range."),
    ),
    "V08": (_("Sampling error"), _("The sampling uncertainty stays below the limit.")),
    "V09": (_("Status of the parameters"), _("Every value used is official or confirmed.")),
    "V10": (
        _("Earlier claims on the same land"),
        _("No other live project has its land here, and none was issued credits for these days on this land."),
    ),
    "V11": (_("Independence of the verifier"), _("The verifier is another body than the validator.")),
    "V12": (_("Strata and parcels have one area"), _("The areas of strata and of parcels agree.")),
    "V13": (
        _("Growth counted in one period only"),
        _("The period begins with no less stock than the one before it on this land ended with."),
    ),
}
EVIDENCE = {
    "missing": _("Missing"),
    "files": _("Files"),
    "changed": _("Changed files"),
    "stored_credits": _("Stored credits"),
    "recalculated_credits": _("Recalculated credits"),
    "stored_net": _("Stored net change (tCO₂e)"),
    "recalculated_net": _("Recalculated net change (tCO₂e)"),
    "first": _("First day"),
    "last": _("Last day"),
    "overlapping": _("Overlapping periods"),
    "plots": _("Plots"),
    "tco2e_ha_yr": _("tCO₂e per hectare and year"),
    "least": _("At least"),
    "most": _("At most"),
    "uncertainty": _("Sampling uncertainty"),
    "provisional": _("Provisional values"),
    "demonstration": _("Confirmed for a demonstration only"),
    "claims": _("Claims"),
    "validator": _("Validator"),
    "verifier": _("Verifier"),
    "parcels_ha": _("Area of the parcels (ha)"),
    "strata_ha": _("Area of the strata (ha)"),
    "joints": _("Where periods meet"),
}
SETS = {
    "ar_defaults": _("Afforestation defaults"),
    "deadwood_litter": _("Dead wood and litter"),
    "discount": _("Discount for uncertainty"),
    "event": _("Event emission factors"),
    "fertiliser_n2o": _("Nitrous oxide of fertiliser"),
    "fire": _("Fire"),
    "fuel": _("Fuels"),
    "grassland_soc": _("Grassland soil carbon"),
    "grid": _("Grid emission factors"),
    "gwp": _("Global warming potentials"),
    "hwp": _("Harvested wood products"),
    "livestock": _("Livestock"),
    "pest": _("Pests"),
    "profiles": _("Profiles of schemes"),
    "risk": _("Non-permanence risk"),
    "sampling": _("Sampling"),
    "shrub": _("Shrubs"),
    "single_tree": _("Single trees"),
    "stocking": _("Stocking rates"),
    "tree_allometry": _("Biomass equations"),
    "tree_bef": _("Biomass factors by species"),
    "tree_volume": _("Volume equations"),
    "wetland_mineral": _("Wetland, mineral soil"),
    "wetland_organic": _("Wetland, peat"),
}
PURPOSES = {
    "voluntary": _("Voluntary retirement"),
    "event": _("Event neutrality retirement"),
    "public_benefit": _("Public-benefit retirement"),
    "judicial": _("Judicial restoration retirement"),
    "compliance": _("Compliance retirement"),
}
RETIREMENT_STATES: Mapping[str, tuple[str, str]] = {
    "requested": (_("Waits for the second person"), "warning"),
    "retired": (_("Retired"), "success"),
    "cancelled": (_("Withdrawn"), "neutral"),
}
ISSUANCE_STATES: Mapping[str, tuple[str, str]] = {
    "proposed": (_("Proposed"), "info"),
    "issued": (_("Issued"), "success"),
}
IN_CIRCULATION = (
    Purpose.AVAILABLE,
    Purpose.HELD_FOR_ORDERS,
    Purpose.PLEDGED,
    Purpose.FROZEN,
    Purpose.IN_TRANSIT,
)


def badge(words: Mapping[str, tuple[str, str]], key: str) -> dict[str, str]:
    """Return text and tone of a state for components/status.html."""
    text, tone = words.get(key, (key, "neutral"))
    return {"text": gettext(text), "tone": tone}


def kind_name(kind: str) -> str:
    """Return the name of a kind of workbook."""
    return gettext(KIND_NAMES.get(kind, FORMS[kind].title if kind in FORMS else kind))


def slot_name(kind: str, date_of: str) -> str:
    """Return how a workbook of a kind and date is called."""
    return f"{kind_name(kind)} · {gettext(DATE_NAMES.get(date_of, date_of))}"


def figure(name: str) -> tuple[str, str]:
    """Return the label and unit of an input or output."""
    if name in FIGURES:
        label, unit = FIGURES[name]
        return gettext(label), unit
    return key_name(name), ""


def unit_name(unit: str) -> str:
    """Return a unit as people read it; symbols stay symbols."""
    return gettext(UNITS[unit]) if unit in UNITS else unit.replace("CO2e", "CO₂e")


def method_problem(code: str, path: str) -> str:
    """Return what a methodology refuses of one field, in words."""
    label, _unit = figure(path) if path in FIGURES else (kind_name(path) if path in FORMS else path, "")
    is_english = get_language() == "en"
    said = gettext(METHOD_PROBLEMS.get(code, code))
    return f"{label} {said}" if is_english else f"{label}{said}"


def cell_problem(one: Any) -> dict[str, str]:
    """Return a problem of a workbook in words: where, what is wrong, what is expected, what to do."""
    told = one if isinstance(one, Mapping) else one.as_json()
    reason = REASONS[told["reason"]]
    values = dict(told.get("values", {}))

    def said(text: str) -> str:
        return gettext(text).format(**values) if text else ""

    return {
        "sheet": str(told.get("sheet", "")),
        "cell": str(told.get("cell", "")),
        "what": said(reason.message),
        "expected": said(reason.expected),
        "remedy": said(reason.remedy),
    }
