"""100,000 trees at once: the same figures as one by one, in a time that a person waits for."""

import math
import random
import time

from registry.rules.methodologies import evaluate, provisional_values
from registry.rules.methodologies.f1_afforestation.many_plots import evaluate_plots
from tests.registry.methodologies.examples import inputs_of

SPECIES = ("LARIX", "BETULA", "PINUS_MONGOLICA", "PICEA", "POPULUS", "ULMUS")


def plots_of(trees: int, *, route: str = "allometric", species: tuple[str, ...] = SPECIES) -> list[dict]:
    chance = random.Random(7)

    def tree() -> dict:
        return {
            "species": chance.choice(species),
            "dbh_cm": chance.uniform(2.5, 79),
            "height_m": chance.uniform(1.5, 39),
            "count": chance.randint(0, 3),
        }

    return [{"plot_area_ha": 0.06, "route": route, "trees": [tree() for _ in range(50)]} for _ in range(trees // 50)]


def test_many_plots_have_the_figures_of_each_one():
    plots = plots_of(3_000) + plots_of(1_000, route="bef", species=("LARIX", "BETULA", "POPULUS"))

    for answer, plot in zip(evaluate_plots(plots), plots, strict=True):
        plain = evaluate("F1.plot", plot)
        assert answer.warnings == plain.warnings
        assert provisional_values(answer) == provisional_values(plain)
        assert all(math.isclose(answer.outputs[name], value, rel_tol=1e-12) for name, value in plain.outputs.items())


def test_an_unusual_plot_among_many_gets_its_plain_answer():
    own_model = inputs_of("F1-3")
    own_model["trees"][0]["model"] = "NM-BETDAV"
    too_thick = inputs_of("F1-3")
    too_thick["trees"][1]["dbh_cm"] = 81
    plots = [inputs_of("F1-3"), own_model, too_thick, {"plot_area_ha": 0.06, "trees": []}]

    answers = evaluate_plots(plots)

    assert answers[1] == evaluate("F1.plot", own_model)
    assert [problem.path for problem in answers[2].errors] == ["trees[1].dbh_cm"]
    assert math.isclose(answers[0].outputs["co2e_t_ha"], 36.57284086760668, rel_tol=1e-12)
    assert answers[3].outputs["co2e_t_ha"] == 0


def test_a_hundred_thousand_trees_take_seconds():
    plots = plots_of(100_000)
    evaluate_plots(plots[:1])

    start = time.process_time()
    answers = evaluate_plots(plots)

    assert time.process_time() - start < 5
    assert all(answer.is_ok for answer in answers)
