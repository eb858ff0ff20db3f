"""Rules of the specifications beyond their examples: warnings, boundaries, profiles, conservative directions."""

from itertools import pairwise

import pytest

from registry.rules.methodologies import evaluate
from registry.rules.methodologies.numeric import ceil_units, floor_units, student_t
from tests.registry.methodologies.examples import inputs_of


def outputs(operation: str, inputs: dict) -> dict:
    answer = evaluate(operation, inputs)
    assert answer.is_ok, answer.errors
    return dict(answer.outputs)


def test_whole_units_have_a_guard_against_binary_noise():
    assert [floor_units(x) for x in (9.9999999999, 9.99999999, 10.0)] == [10, 9, 10]
    assert [ceil_units(x) for x in (10.0000000001, 10.00000001, 0.22 * 9300)] == [10, 11, 2046]


@pytest.mark.parametrize(
    ("freedom", "expected"), [(1, 6.3138), (2, 2.92), (3, 2.3534), (5, 2.015), (10, 1.8125), (33, 1.6924), (60, 1.6706)]
)
def test_students_t_is_computed_and_not_looked_up(freedom, expected):
    assert student_t(0.9, freedom) == pytest.approx(expected, abs=5e-5)


@pytest.mark.parametrize(
    ("scheme", "uncertainty", "rate", "conservative"),
    [
        ("tool14", 0.10, 0.0, 100.0),
        ("tool14", 0.10000000001, 0.0, 100.0),  # Rounded to ten decimals: the boundary.
        ("tool14", 0.15, 0.25, 96.25),
        ("tool14", 0.20, 0.50, 90.0),
        ("tool14", 0.30, 0.75, 77.5),
        ("tool14", 0.31, 1.0, 69.0),
        ("ar_cm", 0.20, 0.06, 94.0),
        ("ar_cm", 0.30, 0.11, 89.0),
        ("gs_excess", 0.20, 0.0, 100.0),
        ("gs_excess", 0.25, 0.05, 95.0),
        ("none", 5.0, 0.0, 100.0),
    ],
)
def test_a_boundary_belongs_to_the_lower_class(scheme, uncertainty, rate, conservative):
    found = outputs("P1.discount", {"value": 100, "uncertainty": uncertainty, "scheme": scheme})

    assert found["discount_rate"] == pytest.approx(rate)
    assert found["conservative_value"] == pytest.approx(conservative)


@pytest.mark.parametrize(
    ("value", "role", "expected"), [(100, "project", 90), (-100, "project", -110), (100, "baseline", 110)]
)
def test_a_discount_always_speaks_against_the_project(value, role, expected):
    found = outputs("P1.discount", {"value": value, "uncertainty": 0.2, "role": role})

    assert found["conservative_value"] == pytest.approx(expected)


def test_two_plots_in_a_stratum_are_warned_of_and_equal_ones_have_no_uncertainty():
    answer = evaluate("P1.estimate", {"strata": [{"id": "A", "area_ha": 3, "plots": [0.1, 0.1]}]})

    assert "W_SMALL_SAMPLE" in answer.warnings
    assert (answer.outputs["uncertainty"], answer.outputs["mean_per_ha"]) == (0.0, 0.1)


def test_the_summary_form_equals_the_plots_it_summarises():
    plain = outputs("P1.estimate", inputs_of("P1-2"))
    strata = [
        {"id": row["id"], "area_ha": area, "mean": row["mean"], "sd": row["variance"] ** 0.5, "n": row["n"]}
        for row, area in zip(plain["strata"], (600, 400), strict=True)
    ]

    assert outputs("P1.estimate", {"strata": strata})["half_width_per_ha"] == pytest.approx(plain["half_width_per_ha"])


def test_strata_without_spread_get_the_minimum_of_plots():
    strata = [{"id": "A", "area_ha": 1, "mean": 5, "sd": 0}, {"id": "B", "area_ha": 1, "mean": 5, "sd": 0}]

    found = outputs("P1.plots_required", {"plot_area_ha": 0.06, "strata": strata})

    assert (found["n_required"], [row["n"] for row in found["allocation"]]) == (0, [3, 3])


def test_a_tree_outside_the_calibration_is_calculated_with_a_warning():
    assert "W_EXTRAPOLATED" in evaluate("F1.tree", {"species": "BETULA", "dbh_cm": 4.9, "height_m": 6}).warnings
    assert "W_EXTRAPOLATED" not in evaluate("F1.tree", {"species": "BETULA", "dbh_cm": 5, "height_m": 35}).warnings


def test_a_measured_volume_replaces_the_equation():
    found = outputs("F1.tree", {"species": "TILIA", "route": "bef", "dbh_cm": 20, "height_m": 15, "volume_m3": 0.3})

    assert found["agb_kg"] == pytest.approx(0.3 * 0.420 * 1.407 * 1000)


def test_a_plot_without_trees_has_no_carbon_and_a_slope_makes_it_smaller():
    empty = {"plot_area_ha": 0.06, "trees": []}

    assert outputs("F1.plot", empty)["co2e_t_ha"] == 0
    sloping = {**empty, "slope_deg": 60, "area_is_slope_measured": True}
    assert outputs("F1.plot", sloping)["effective_area_ha"] == pytest.approx(0.03)
    assert outputs("F1.plot", {**empty, "slope_deg": 60})["effective_area_ha"] == 0.06


def test_a_small_tree_is_skipped_after_its_species_was_checked():
    small = {"species": "TILIA", "dbh_cm": 4.9, "height_m": 500}

    answer = evaluate("F1.plot", {"plot_area_ha": 0.06, "trees": [small]})

    assert answer.is_ok
    assert answer.outputs["trees_counted"] == 0
    assert "W_BELOW_MIN_DBH" in answer.warnings


@pytest.mark.parametrize(
    "form", [{"form": "logistic", "a": 200, "b": 30, "k": 0.2}, {"form": "korf", "a": 200, "b": 20, "c": 1.1}]
)
def test_a_growth_curve_begins_with_the_planting_and_never_falls(form):
    inputs = inputs_of("F1-4")
    inputs["strata"] = [{**inputs["strata"][0], "plant_year": 2030, "growth": form}]

    stocks = [row["tree_stock_tco2e"] for row in outputs("F1.exante", inputs)["series"]]

    assert stocks[:5] == [0] * 5
    assert all(later > earlier for earlier, later in pairwise(stocks[4:]))


def test_a_yield_table_is_read_between_its_points_and_constant_beyond_them():
    inputs = inputs_of("F1-4")
    table = {"form": "table", "points": [[2, 10], [4, 30]]}
    inputs["strata"] = [{"id": "T", "area_ha": 1, "species": "LARIX", "plant_year": 2026, "growth": table}]

    answer = evaluate("F1.exante", inputs)

    per_m3 = 0.490 * 1.416 * 1.212 * 0.521 * 44 / 12
    volumes = [row["tree_stock_tco2e"] / per_m3 for row in answer.outputs["series"][:7]]
    assert volumes == pytest.approx([0, 5, 10, 20, 30, 30, 30])
    assert "W_EXTRAPOLATED" in answer.warnings


def test_a_pool_or_an_input_that_the_profile_excludes_is_ignored():
    plain = outputs("F1.expost", inputs_of("F1-5"))
    supplied = {
        "include_dead_wood": True,
        "include_litter": True,
        "soc_change_tco2e": 500,
        "baseline_change_tco2e": 900,
        "leakage_tco2e": 80,
    }

    assert outputs("F1.expost", {**inputs_of("F1-5"), **supplied}) == plain
    regional = outputs("F1.expost", {**inputs_of("F1-5"), **supplied, "profile": "nm_regional"})
    conservative = regional["tree_change_conservative_tco2e"]
    assert regional["net_tco2e"] == pytest.approx(conservative * 1.12 + 120 + 500 - 900 - 80)
    assert regional["risk_deduction_tco2e"] == 0


def test_a_loss_is_not_clipped_silently():
    inputs = {**inputs_of("F1-5"), "previous": {"total_tco2e": 90_000}, "profile": "nm_regional"}

    answer = evaluate("F1.expost", inputs)

    assert answer.outputs["credits"] == 0
    assert answer.outputs["reversal_candidate_tco2e"] == -answer.outputs["net_tco2e"] > 42_000
    assert "W_NEGATIVE_CHANGE" in answer.warnings


def test_a_paired_period_needs_no_earlier_total():
    inputs = {"years": 5, "method": "paired", "strata": inputs_of("P1-4")["strata"]}

    assert outputs("F1.expost", inputs)["tree_change_conservative_tco2e"] == pytest.approx(4903.799021432397)


def test_crown_cover_at_the_threshold_itself_is_too_much():
    strata = [{"id": "A", "area_ha": 1, "crown_cover": 0.04}]

    assert evaluate("F1.baseline_crown_cover", {"strata": strata}).errors[0].code == "E_NOT_APPLICABLE"


def test_light_degradation_earns_nothing():
    inputs = inputs_of("G1-1")
    inputs["strata"] = [{**inputs["strata"][0], "class_before": "light"}]

    assert outputs("G1.soc_tier1", inputs)["total_tco2e"] == 0


def test_a_declining_control_is_not_credited():
    inputs = inputs_of("G1-5")
    inputs["control_strata"][0]["pairs"] = [[33.5, 30.0], [31.0, 28.0], [36.1, 33.0]]

    assert outputs("G1.net", inputs)["baseline_soc_tco2e"] == 0


def test_displaced_animals_count_and_a_reduction_only_when_it_is_asked_for():
    inputs = {**inputs_of("G1-3"), "credit_livestock": False}

    assert outputs("G1.livestock", inputs)["counted_tco2e_yr"] == 0
    more = outputs("G1.livestock", {**inputs, "displaced": [{"category": "sheep", "heads": 9000}]})
    assert more["counted_tco2e_yr"] == more["reduction_tco2e_yr"] < 0


def test_nitrogen_leaches_in_a_wet_climate_only():
    dry, wet = (
        outputs("G1.fertiliser", {"n_kg": 1000, "wet_climate": flag})["fertiliser_tco2e"] for flag in (False, True)
    )

    assert dry == pytest.approx((0.010 + 0.11 * 0.010) * 44 / 28 * 265)
    assert wet == pytest.approx((0.010 + 0.11 * 0.010 + 0.24 * 0.011) * 44 / 28 * 265)


def test_peat_that_would_be_gone_is_not_counted():
    inputs = inputs_of("W1-1")
    inputs["strata"][0].update(peat_depth_cm=15, years_before=8)  # Ten years of peat, eight of them gone.

    answer = evaluate("W1.organic", inputs)

    assert answer.outputs["strata"][0]["baseline_carbon_years"] == 2
    assert "W_CAPPED" in answer.warnings


def test_unknown_nutrients_are_the_careful_ones():
    inputs = inputs_of("W1-1")
    for stratum in inputs["strata"]:
        stratum["project_nutrient"] = "unknown"

    assert outputs("W1.organic", inputs)["net_tco2e"] == pytest.approx(22613.843095238102)


def test_flooded_land_is_a_source_at_first():
    inputs = inputs_of("W1-2")
    inputs["strata"][0].update(years_t1=0, years_t2=5, inundated_fraction=1)

    answer = evaluate("W1.mineral", inputs)

    assert (answer.outputs["credits"], answer.outputs["creditable_tco2e"]) == (0, 0)
    assert "W_NEGATIVE_CHANGE" in answer.warnings


def test_a_flat_profile_needs_nothing_else():
    assert outputs("B1.rating", {"profile": "ccer_2023"})["rating_percent"] == 10
    found = outputs("B1.rating", {"profile": "gs_flat"})
    assert (found["rating_percent"], found["eligible"], found["natural"]) == (20, True, None)


def test_a_project_that_fails_says_every_reason():
    inputs = inputs_of("B1-1")
    inputs["internal"].update(management=30, financial=20, longevity_years=29)
    inputs["external"].update(tenure=20, community=20, political=-5)
    inputs["natural"].append({"risk": "flood", "significance": "catastrophic", "likelihood": "lt10", "mitigation": 2})

    found = outputs("B1.rating", inputs)

    assert found["fail_reasons"] == ["INTERNAL", "EXTERNAL", "TOTAL", "LONGEVITY", "NATURAL_LS"]
    assert found["eligible"] is False


def test_a_rating_is_at_least_the_minimum_and_good_marks_do_not_pay_for_bad_ones():
    inputs = {
        "internal": {
            "management": -10,
            "financial": -10,
            "opportunity_cost": -10,
            "longevity_years": 200,
            "legal_agreement": True,
        },
        "external": {"tenure": 0, "community": -10, "political": 3},
        "natural": [{"risk": "fire", "significance": "none", "mitigation": 0}],
    }

    found = outputs("B1.rating", inputs)

    assert (found["internal"], found["external"], found["raw"], found["rating_percent"]) == (0, 0, 0, 12)


@pytest.mark.parametrize(
    ("inputs", "expected"),
    [
        ({"net_tco2e": -1, "rating_percent": 20}, (0, 0, 0)),
        ({"net_tco2e": 100.9, "rating_percent": 20.5}, (100, 21, 79)),
        ({"net_tco2e": 100, "stock_part_tco2e": -5, "rating_percent": 20}, (100, 0, 100)),
        ({"net_tco2e": 100, "stock_part_tco2e": 500, "rating_percent": 20}, (100, 20, 80)),
        ({"net_tco2e": 0.4, "rating_percent": 100}, (0, 0, 0)),
    ],
)
def test_the_buffer_is_rounded_up_and_never_more_than_there_is(inputs, expected):
    found = outputs("B1.withhold", inputs)

    assert (found["credits"], found["buffer_units"], found["issuable_units"]) == expected


def test_the_latest_published_grid_factor_is_used():
    answer = evaluate("I1.grid_factor", {"year": 2026, "region": "national"})

    assert answer.outputs == {"factor_kg_kwh": 0.5306, "factor_year": 2023}
    assert answer.warnings == ("W_FACTOR_YEAR",)
    assert evaluate("I1.grid_factor", {"year": 2022}).warnings == ()


def test_a_worse_behaviour_counts_nothing():
    record = {"id": "car", "activity": 10, "ef_baseline": 0.05, "actual_item": "car_gasoline_vkm"}

    answer = evaluate("I1.behaviour", {"records": [record]})

    assert answer.outputs["total_kg"] == 0
    assert "W_NEGATIVE_CHANGE" in answer.warnings


def test_an_event_on_green_power_needs_no_grid_factor():
    inputs = {"year": 2015, "electricity_kwh": 500, "green_power_kwh": 500}

    assert outputs("I1.event", inputs)["units_required"] == 0


def test_sparse_shrubs_do_not_count_and_the_threshold_itself_does():
    strata = [{"id": "A", "area_ha": 10, "crown_cover": 0.05}, {"id": "B", "area_ha": 10, "crown_cover": 0.0499}]

    answer = evaluate("S1.stock", {"strata": strata})

    assert [row["agb_t_ha"] for row in answer.outputs["strata"]] == pytest.approx([0.1 * 61 * 0.05, 0])
    assert "W_THRESHOLD_NOT_MET" in answer.warnings


def test_two_surveys_may_differ_by_the_tolerance():
    inputs = inputs_of("S1-1")
    inputs["strata_t2"][0]["area_ha"] = 900.01

    assert evaluate("S1.change", inputs).is_ok


def test_a_tree_that_shrank_earns_nothing_and_is_counted_in_the_gain():
    inputs = inputs_of("T1-1")
    inputs["trees"][0].update(dbh2_cm=10.0, height2_m=6.0)

    answer = evaluate("T1.credit", inputs)

    assert answer.outputs["trees"][0]["credit_kg"] == 0
    assert answer.outputs["total_gain_kg"] < answer.outputs["trees"][1]["gain_kg"]
    assert {"W_NEGATIVE_CHANGE", "W_DEAD_TREE"} <= set(answer.warnings)


def test_a_dead_tree_needs_no_second_measurement():
    inputs = inputs_of("T1-1")
    del inputs["trees"][2]["dbh2_cm"], inputs["trees"][2]["height2_m"]

    assert outputs("T1.credit", inputs)["total_credit_kg"] == pytest.approx(12.8)


def test_the_threshold_of_a_fire_is_applied_when_it_is_asked_for():
    answer = evaluate("D1.fire", {**inputs_of("D1-1"), "apply_threshold": True})

    assert (answer.outputs["non_co2_tco2e"], answer.outputs["threshold_met"]) == (0, False)
    assert answer.outputs["total_loss_tco2e"] == 7395
    assert "W_THRESHOLD_NOT_MET" in answer.warnings


def test_a_small_fire_loses_its_stock_all_the_same():
    found = outputs("D1.fire", {**inputs_of("D1-1"), "min_event_ha": 100})

    assert (found["events"][0]["counted"], found["non_co2_tco2e"], found["stock_loss_tco2e"]) == (False, 0, 7395)


def test_a_pest_without_a_survey_has_a_provisional_mortality():
    inputs = inputs_of("D1-2")
    inputs["events"] = [{"id": "a", "area_affected_ha": 10, "tree_co2e_t_ha": 100, "severity": "severe"}]

    answer = evaluate("D1.pest", inputs)

    assert answer.outputs["stock_loss_tco2e"] == 500
    assert "W_PROVISIONAL_PARAMETER" in answer.warnings


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"cause": "intentional"}, (8421, 0, 8421, 0)),
        ({"period_net_tco2e": 5}, (0, 0, 0, 0)),
        ({"reversed_before": 26000}, (500, 500, 0, 7920.6)),
        ({"buffer_balance": 99.9}, (8421, 99, 8322, 0)),
    ],
)
def test_a_reversal_takes_from_the_buffer_what_nobody_meant(fields, expected):
    found = outputs("D1.reversal", {**inputs_of("D1-3"), **fields})

    names = ("units_to_cancel", "buffer_cancelled", "owner_obligation", "uncredited_loss_tco2e")
    assert tuple(found[name] for name in names) == pytest.approx(expected)


def test_control_plots_are_weighted_with_the_projects_areas_and_discounted_upwards():
    pairs = [[148.2, 160.0], [131.5, 141.0], [155.0, 166.0]]
    inputs = inputs_of("F2-1")
    inputs["strata"] = [{**inputs["strata"][0], "baseline": {"type": "control_plots", "pairs": pairs}}]

    found = outputs("F2.net", inputs)

    control = outputs(
        "P1.change_paired", {"strata": [{"id": "M1", "area_ha": 900, "pairs": pairs}], "role": "baseline"}
    )
    assert found["baseline_change_tco2e"] == found["baseline_control_tco2e"] == control["conservative_total"]
    assert found["baseline_control_tco2e"] > control["total"]
    assert found["baseline_detail"] == []


def test_harvested_wood_counts_only_when_it_is_included_and_on_both_sides():
    harvest = [
        {"product": "construction", "species": "LARIX", "volume_m3": 100, "recovery_rate": 0.6, "scenario": scenario}
        for scenario in ("project", "baseline")
    ]
    inputs = {**inputs_of("F2-1"), "harvest": harvest[:1]}

    stored = 100 * 0.490 * 0.521 * 44 / 12 * 0.6 * 0.5 ** (30 / 50)
    assert outputs("F2.net", inputs)["hwp_change_tco2e"] == 0
    assert outputs("F2.net", {**inputs, "include_hwp": True})["hwp_change_tco2e"] == pytest.approx(stored)
    both = {**inputs, "include_hwp": True, "harvest": harvest}
    assert outputs("F2.net", both)["hwp_change_tco2e"] == pytest.approx(0)
