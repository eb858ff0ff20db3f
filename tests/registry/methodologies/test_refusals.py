"""Every error code, with the field it names; the order of checks; what is not an error."""

import math

import pytest

from registry.rules.methodologies import evaluate
from registry.rules.methodologies.outcome import ErrorCode
from tests.registry.methodologies.examples import inputs_of

PLOTS = [{"id": "A", "area_ha": 10, "plots": [3.0, 5.0]}]
SAME = [{"id": "A", "area_ha": 10, "plots": [4.0, 4.0]}]


def errors(operation: str, inputs: object, **versions) -> list[tuple[str, str]]:
    answer = evaluate(operation, inputs, **versions).as_json()
    assert set(answer) == {"status", "errors", "warnings"}, answer
    assert answer["status"] == "error"
    return [(error["code"], error["field"]) for error in answer["errors"]]


def changed(name: str, **fields) -> dict:
    """Return an example's inputs with fields replaced; strata__area_ha is that of the first stratum."""
    inputs = inputs_of(name)
    for path, value in fields.items():
        *around, last = path.split("__")
        target = inputs
        for part in around:
            target = target[part]
            target = target[0] if isinstance(target, list) else target
        target[last] = value
    return inputs


CASES = [
    # E_REQUIRED: missing, null, an empty list.
    ("P1.estimate", {}, ("E_REQUIRED", "strata")),
    ("P1.estimate", {"strata": None}, ("E_REQUIRED", "strata")),
    ("P1.estimate", {"strata": []}, ("E_REQUIRED", "strata")),
    ("P1.estimate", None, ("E_REQUIRED", "inputs")),
    ("P1.estimate", changed("P1-2", strata__area_ha=None), ("E_REQUIRED", "strata.area_ha")),
    ("P1.estimate", {"strata": [{"id": "A", "area_ha": 1}]}, ("E_REQUIRED", "strata.plots")),
    ("P1.estimate", {"strata": [{"id": "A", "area_ha": 1, "mean": 1, "sd": 1}]}, ("E_REQUIRED", "strata.n")),
    ("P1.estimate", changed("P1-2", strata__id=""), ("E_REQUIRED", "strata.id")),
    ("F1.expost", changed("F1-5", previous=None), ("E_REQUIRED", "previous")),
    ("B1.rating", {"profile": "nprt_v4_2"}, ("E_REQUIRED", "internal")),
    (
        "I1.behaviour",
        {"records": [{"id": "a", "activity": 1, "ef_baseline": 1}]},
        ("E_REQUIRED", "records.actual_item"),
    ),
    ("W1.organic", changed("W1-1", strata__subsidence_cm_yr=None), ("E_REQUIRED", "strata.subsidence_cm_yr")),
    ("G1.stocking", changed("G1-4", grassland_type=None), ("E_REQUIRED", "utilisation_rate")),
    # E_TYPE: text, boolean, not finite, a fraction where whole numbers are expected, a wrong container.
    ("P1.estimate", changed("P1-2", strata__area_ha="12"), ("E_TYPE", "strata.area_ha")),
    ("P1.estimate", changed("P1-2", strata__area_ha=True), ("E_TYPE", "strata.area_ha")),
    ("P1.estimate", changed("P1-2", strata__area_ha=math.nan), ("E_TYPE", "strata.area_ha")),
    ("P1.estimate", changed("P1-2", strata__area_ha=-math.inf), ("E_TYPE", "strata.area_ha")),
    ("P1.estimate", changed("P1-2", strata__area_ha=10**400), ("E_TYPE", "strata.area_ha")),
    ("P1.estimate", changed("P1-2", strata__plots=[1, "2"]), ("E_TYPE", "strata.plots")),
    ("P1.estimate", changed("P1-2", strata__plots=3.0), ("E_TYPE", "strata.plots")),
    ("P1.estimate", {"strata": {"id": "A"}}, ("E_TYPE", "strata")),
    ("P1.estimate", {"strata": ["A"]}, ("E_TYPE", "strata")),
    ("P1.estimate", [], ("E_TYPE", "inputs")),
    ("P1.change_paired", changed("P1-4", strata__pairs=[[1, 2, 3], [1, 2]]), ("E_TYPE", "strata.pairs")),
    ("P1.plots_required", changed("P1-1", min_plots_per_stratum=2.5), ("E_TYPE", "min_plots_per_stratum")),
    ("P1.plots_required", changed("P1-1", finite_population=1), ("E_TYPE", "finite_population")),
    ("I1.grid_factor", {"year": 2022.5}, ("E_TYPE", "year")),
    ("I1.grid_factor", {"year": 2022, "region": ["national"]}, ("E_TYPE", "region")),
    # E_RANGE.
    ("P1.estimate", changed("P1-2", strata__area_ha=0), ("E_RANGE", "strata.area_ha")),
    ("P1.estimate", changed("P1-2", strata__plots=[1, -2]), ("E_RANGE", "strata.plots")),
    ("P1.estimate", changed("P1-2", confidence=0.9991), ("E_RANGE", "confidence")),
    ("F1.plot", changed("F1-3", plot_area_ha=10.1), ("E_RANGE", "plot_area_ha")),
    ("F1.tree", changed("F1-2", volume_m3=31), ("E_RANGE", "volume_m3")),
    ("F1.expost", changed("F1-5", leakage_tco2e=-1), ("E_RANGE", "leakage_tco2e")),
    ("B1.withhold", changed("B1-2", rating_percent=101), ("E_RANGE", "rating_percent")),
    ("G1.soc_core", changed("G1-2", layers=inputs_of("G1-2")["layers"][:2]), ("E_RANGE", "layers.bottom_cm")),
    ("I1.event", changed("I1-2", green_power_kwh=18501), ("E_RANGE", "green_power_kwh")),
    # E_ENUM.
    ("F9.tree", {}, ("E_ENUM", "operation")),
    ("P1.estimate", changed("P1-2", scheme="tool15"), ("E_ENUM", "scheme")),
    ("P1.estimate", changed("P1-2", role="owner"), ("E_ENUM", "role")),
    ("F1.tree", changed("F1-1", route="guess"), ("E_ENUM", "route")),
    ("F1.exante", changed("F1-4", profile="nm"), ("E_ENUM", "profile")),
    ("F1.exante", changed("F1-4", strata__growth={"form": "linear"}), ("E_ENUM", "strata.growth.form")),
    ("G1.soc_tier1", changed("G1-1", strata__climate="arid"), ("E_ENUM", "strata.climate")),
    ("G1.soc_tier1", changed("G1-1", strata__soil="POD"), ("E_ENUM", "strata.soil")),
    ("W1.mineral", changed("W1-2", strata__climate="arid"), ("E_ENUM", "strata.climate")),
    ("B1.rating", changed("B1-1", natural__likelihood="often"), ("E_ENUM", "natural.likelihood")),
    ("I1.event", changed("I1-2", activities__item="yacht_km"), ("E_ENUM", "activities.item")),
    # The species, the models, their domains.
    ("F1.tree", changed("F1-1", species="GINKGO"), ("E_UNKNOWN_SPECIES", "species")),
    ("F1.exante", changed("F1-4", strata__species="GINKGO"), ("E_UNKNOWN_SPECIES", "strata.species")),
    ("F1.plot", changed("F1-3", trees__species="GINKGO"), ("E_UNKNOWN_SPECIES", "trees.species")),
    ("F1.tree", changed("F1-1", species="TILIA"), ("E_UNKNOWN_MODEL", "model")),
    ("F1.tree", changed("F1-1", model="NM-LARGME"), ("E_UNKNOWN_MODEL", "model")),
    ("F1.tree", changed("F1-2", species="TILIA"), ("E_UNKNOWN_MODEL", "volume_m3")),
    ("F1.tree", changed("F1-1", dbh_cm=120), ("E_MODEL_DOMAIN", "dbh_cm")),
    ("F1.tree", changed("F1-1", height_m=1.2), ("E_MODEL_DOMAIN", "height_m")),
    ("F1.tree", changed("F1-2", dbh_cm=1.9), ("E_MODEL_DOMAIN", "dbh_cm")),
    # Samples.
    ("P1.estimate", changed("P1-2", strata__plots=[4.0]), ("E_SAMPLE_SIZE", "strata.plots")),
    ("P1.change_paired", changed("P1-4", strata__pairs=[[1, 2]]), ("E_SAMPLE_SIZE", "strata.pairs")),
    ("P1.estimate", {"strata": [{"id": "A", "area_ha": 1, "mean": 1, "sd": 1, "n": 1}]}, ("E_SAMPLE_SIZE", "strata.n")),
    ("P1.change_paired", {"strata": [{"id": "A", "area_ha": 1, "pairs": [[0, 3], [3, 0]]}]}, ("E_ZERO_MEAN", "strata")),
    (
        "P1.plots_required",
        changed("P1-1", strata=[{"id": "A", "area_ha": 1, "mean": 0, "sd": 1}]),
        ("E_ZERO_MEAN", "strata.mean"),
    ),
    (
        "P1.change_independent",
        {"stock_t1": {"total": 5, "uncertainty": 0.1}, "stock_t2": {"total": 5, "uncertainty": 0}},
        ("E_ZERO_MEAN", "stock_t2"),
    ),
    ("P1.discount", {"value": 100, "uncertainty": 0.34, "scheme": "ar_cm"}, ("E_UNCERTAINTY", "uncertainty")),
    ("F1.expost", changed("F1-5", previous={"total_tco2e": 47000, "uncertainty": 0.1}), ("E_UNCERTAINTY", "strata")),
    # Periods, identifiers.
    ("F1.exante", changed("F1-4", end_year=2025), ("E_PERIOD", "end_year")),
    ("F1.soc", changed("F1-6", end_year=2025), ("E_PERIOD", "end_year")),
    (
        "F1.exante",
        changed("F1-4", strata__growth={"form": "table", "points": [[5, 10], [5, 20]]}),
        ("E_PERIOD", "strata.growth.points"),
    ),
    ("W1.mineral", changed("W1-2", strata__years_t2=18), ("E_PERIOD", "strata.years_t2")),
    ("G1.soc_core", changed("G1-2", layers__top_cm=1), ("E_PERIOD", "layers.top_cm")),
    ("P1.estimate", {"strata": PLOTS + PLOTS}, ("E_DUPLICATE", "strata.id")),
    ("I1.behaviour", {"records": inputs_of("I1-1")["records"] * 2}, ("E_DUPLICATE", "records.id")),
    ("S1.change", changed("S1-1", strata_t2__area_ha=900.02), ("E_SUM", "strata_t2.area_ha")),
    ("T1.credit", changed("T1-1", trees__tree_id="NM-0002"), ("E_DUPLICATE", "trees.tree_id")),
    ("T1.credit", changed("T1-1", land_area_mu=0.01), ("E_RANGE", "trees")),
    ("T1.credit", changed("T1-1", trees__dbh2_cm=None), ("E_REQUIRED", "trees.dbh2_cm")),
    ("D1.fire", changed("D1-1", events__area_burned_ha=3201), ("E_RANGE", "events.area_burned_ha")),
    ("D1.pest", changed("D1-2", events__mortality_fraction=None), ("E_REQUIRED", "events.mortality_fraction")),
    ("D1.reversal", changed("D1-3", reversed_before=26501), ("E_RANGE", "reversed_before")),
    ("D1.reversal", changed("D1-3", cause="weather"), ("E_ENUM", "cause")),
    ("F2.net", changed("F2-1", profile="ccer_2023"), ("E_NOT_APPLICABLE", "profile")),
    ("F2.net", changed("F2-1", strata__baseline={"type": "guess"}), ("E_ENUM", "strata.baseline.type")),
    (
        "F2.net",
        changed("F2-1", strata__baseline={"type": "control_plots", "pairs": [[1, 2]]}),
        ("E_SAMPLE_SIZE", "strata.baseline.pairs"),
    ),
    # Applicability, parameters.
    ("F1.expost", changed("F1-5", activity_type="ENC"), ("E_NOT_APPLICABLE", "activity_type")),
    ("F1.baseline_crown_cover", changed("F1-7", strata__crown_cover=0.2), ("E_NOT_APPLICABLE", "strata.crown_cover")),
    ("G1.soc_tier1", changed("G1-1", strata__input_after="high"), ("E_NOT_APPLICABLE", "strata.input_after")),
    ("I1.grid_factor", {"year": 2018}, ("E_PARAM_MISSING", "year")),
]


@pytest.mark.parametrize(("operation", "inputs", "expected"), CASES)
def test_bad_inputs_are_refused_with_code_and_field(operation, inputs, expected):
    assert errors(operation, inputs)[0] == expected


def test_every_error_code_is_produced_here():
    assert {code.value for code in ErrorCode} == {expected[0] for _, _, expected in CASES}


def test_identifiers_are_checked_before_values():
    strata = [{"id": "A", "area_ha": -1, "plots": [1, 2]}, {"id": "A", "area_ha": 1, "plots": [1, 2]}]

    assert errors("P1.estimate", {"strata": strata}) == [("E_DUPLICATE", "strata.id"), ("E_RANGE", "strata.area_ha")]


def test_a_tree_is_checked_in_the_order_species_route_model_diameter_height():
    bad = {"species": "GINKGO", "route": "guess", "dbh_cm": -1, "height_m": 0}

    assert [field for _, field in errors("F1.tree", bad)] == ["route", "species", "dbh_cm", "height_m"]


def test_all_errors_come_back_at_once_and_say_where_they_are():
    answer = evaluate(
        "F1.plot", changed("F1-3", trees=[{"species": "LARIX"}, {"species": "GINKGO", "dbh_cm": 9, "height_m": 9}])
    )

    assert [(problem.code, problem.path) for problem in answer.errors] == [
        ("E_REQUIRED", "trees[0].dbh_cm"),
        ("E_UNKNOWN_SPECIES", "trees[1].species"),
    ]
    assert answer.outputs == {}


def test_an_unknown_methodology_version_is_refused():
    assert errors("F1.tree", inputs_of("F1-1"), version="2.0.0") == [("E_ENUM", "methodology_version")]


@pytest.mark.parametrize(
    ("versions", "expected"),
    [
        ({"tree_bef": "9.9.9"}, ("E_PARAM_MISSING", "parameter_versions.tree_bef")),
        ({"tree_bof": "1.0.0"}, ("E_ENUM", "parameter_versions.tree_bof")),
        ({"tree_bef": 1.0}, ("E_TYPE", "parameter_versions.tree_bef")),
    ],
)
def test_unknown_parameter_versions_are_refused(versions, expected):
    assert errors("F1.tree", inputs_of("F1-1"), parameter_versions=versions) == [expected]


def test_numbers_that_together_leave_the_range_of_a_double_are_refused():
    strata = [{"id": "A", "area_ha": 1e308, "plots": [1e308, 1e308]}]

    assert errors("P1.estimate", {"strata": strata}) == [("E_RANGE", "inputs")]


def test_an_unknown_field_is_warned_of_and_named():
    answer = evaluate("F1.tree", {**inputs_of("F1-1"), "diameter": 3}).as_json()

    assert "W_UNKNOWN_FIELD" in answer["warnings"]
    assert "diameter" in [line["symbol"] for line in answer["trace"]]


@pytest.mark.parametrize("name", ["P1-1", "P1-4", "F1-3", "F1-4", "F1-5", "G1-3", "G1-5", "W1-1", "B1-1", "I1-2"])
def test_a_known_field_is_not_warned_of(name):
    from tests.registry.methodologies.examples import BUILT

    assert "W_UNKNOWN_FIELD" not in evaluate(BUILT[name]["operation"], inputs_of(name)).warnings
