"""Plot figures from diameters: by hand, and against the figures that a source publishes of real plots."""

import csv
import math
from pathlib import Path

import pytest

from registry.rules.inventory import stand_figures


def test_two_trees_by_hand():
    found = stand_figures([10.0, 20.0], 0.05)

    assert found.stems_per_ha == 40
    assert found.basal_area_m2_ha == pytest.approx((math.pi * 0.05**2 + math.pi * 0.1**2) / 0.05)
    assert found.quadratic_mean_dbh_cm == pytest.approx(math.sqrt(250))
    assert found.basal_area_weighted_mean_dbh_cm == pytest.approx((100 * 10 + 400 * 20) / 500)


def test_a_plot_without_trees_has_no_mean():
    found = stand_figures([], 0.05)

    assert (found.stems_per_ha, found.basal_area_m2_ha, found.quadratic_mean_dbh_cm) == (0, 0, None)


@pytest.mark.parametrize(("diameters", "area"), [([10.0], 0), ([0.0], 1), ([10.0], math.nan), ([math.nan], 1)])
def test_impossible_sizes_are_refused(diameters, area):
    with pytest.raises(ValueError, match="above 0"):
        stand_figures(diameters, area)


def test_real_pine_plots_have_the_figures_their_source_publishes(sample_data: Path):
    with (sample_data / "inventory" / "pine_plots_trees.csv").open(encoding="utf-8") as file:
        trees = list(csv.DictReader(file))
    with (sample_data / "inventory" / "pine_plots_published.csv").open(encoding="utf-8") as file:
        published = list(csv.DictReader(file))
    # On 16 plots other species stand, which the tree list leaves out: the source says so, and they cannot agree.
    complete = [row for row in published if row["tree_list_reproduces_N_and_G"] == "True"]
    assert (len(published), len(complete)) == (33, 17)

    to_the_digit = 0
    for row in complete:
        diameters = [float(tree["dbh_cm"]) for tree in trees if tree["plot"] == row["plot"]]
        found = stand_figures(diameters, float(row["area_m2"]) / 10_000)
        assert found.stems == int(row["trees"]), row["plot"]
        # Five of these plots lack a tree or two of another species: the source's flag is true within one per cent.
        assert found.stems_per_ha == pytest.approx(float(row["stems_per_ha"]), rel=0.01), row["plot"]
        assert found.basal_area_m2_ha == pytest.approx(float(row["basal_area_m2_ha"]), rel=0.01), row["plot"]
        mean = pytest.approx(float(row["ba_weighted_mean_dbh_cm"]), rel=0.002)
        assert found.basal_area_weighted_mean_dbh_cm == mean, row["plot"]
        to_the_digit += (
            f"{found.stems_per_ha:.2f}" == f"{float(row['stems_per_ha']):.2f}"
            and abs(found.basal_area_m2_ha - float(row["basal_area_m2_ha"])) <= 0.0051
        )
    assert to_the_digit == 12
