"""Parameter sets: what a trace says of them, what blocks issuance, and other versions than the shipped ones."""

import pytest

from registry.rules.methodologies import ParameterSet, evaluate, provisional_values, shipped
from tests.registry.methodologies.examples import inputs_of

CONFIRMED = {"by": "测试", "on": "2026-03-02", "evidence": "sha256:00"}


def test_a_result_names_the_provisional_values_it_rests_on():
    result = evaluate("F1.tree", inputs_of("F1-1"))

    assert provisional_values(result) == [("tree_bef", "1.0.0", "species.BETULA.cf")]
    assert provisional_values(result.as_json()) == provisional_values(result)
    assert "W_PROVISIONAL_PARAMETER" in result.warnings


def test_measured_soil_under_the_regional_scheme_rests_on_nothing_provisional():
    assert provisional_values(evaluate("G1.net", inputs_of("G1-5"))) == []


@pytest.mark.parametrize(
    ("key", "status"),
    [
        (("tree_allometry", "models", "NM-BETPLA", "leaf"), "active"),
        (("tree_allometry", "models", "NM-LARGME", "leaf"), "provisional"),
        (("stocking", "sheep_units", "goat"), "provisional"),
        (("stocking", "utilisation_rate", "desert"), "provisional"),
        (("stocking", "intake_kg_day"), "active"),
        (("gwp", "sets", "ar5", "ch4"), "active"),
        (("discount", "schemes", "ar_cm", "bands"), "provisional"),
        (("ar_defaults", "delta_b_forest_t_ha_yr"), "provisional"),
        (("ar_defaults", "cf_tree"), "active"),
        (("grassland_soc", "f_i", "high"), "active"),
        (("risk", "flat", "ccer_2023"), "provisional"),
        (("event", "items", "walk_bike_pkm"), "active"),
    ],
)
def test_the_status_of_a_value_is_that_of_the_nearest_part_around_it(key, status):
    assert shipped().get(key[0]).status(*key[1:]) == status


def test_a_confirmed_version_may_support_issuance_and_the_old_one_stays():
    before = shipped().get("tree_bef")
    after = before.confirming(version="1.1.0", confirmations={"species.BETULA": CONFIRMED})
    sets = shipped().adding({"tree_bef": after})

    result = evaluate("F1.tree", inputs_of("F1-1"), parameters=sets)

    assert provisional_values(result) == []
    assert any(
        line["source"] == {"set_id": "tree_bef", "version": "1.1.0", "key": "species.BETULA.cf", "status": "confirmed"}
        for line in result.trace
    )
    again = evaluate("F1.tree", inputs_of("F1-1"), parameters=sets, parameter_versions={"tree_bef": "1.0.0"})
    assert again == evaluate("F1.tree", inputs_of("F1-1"))
    assert before.status("species", "BETULA", "cf") == "provisional"


def test_a_key_that_is_not_in_the_set_cannot_be_confirmed():
    with pytest.raises(KeyError):
        shipped().get("tree_bef").confirming(version="2", confirmations={"species.GINKGO": CONFIRMED})


def test_a_new_species_comes_with_a_set_version_and_no_code():
    document = dict(shipped().get("tree_bef").values)
    document["species"] = {**document["species"], "GINKGO": {**document["species"]["LARIX"], "cf": 0.5}}
    sets = shipped().adding({"tree_bef": ParameterSet("tree_bef", "2.0.0", document)})
    inputs = {"species": "GINKGO", "route": "bef", "dbh_cm": 20, "height_m": 15, "volume_m3": 0.2}

    answer = evaluate("F1.tree", inputs, parameters=sets)

    assert answer.outputs["carbon_kg"] == pytest.approx(0.2 * 0.49 * 1.416 * 1.212 * 1000 * 0.5)


def test_a_version_without_a_needed_constant_is_an_answer_and_no_crash():
    broken = ParameterSet("tree_bef", "2.0.0", {"species": {"BETULA": {}}})

    answer = evaluate("F1.tree", inputs_of("F1-1"), parameters=shipped().adding({"tree_bef": broken}))

    assert [(problem.code, problem.field) for problem in answer.errors] == [
        ("E_PARAM_MISSING", "parameter_versions.tree_bef")
    ]
