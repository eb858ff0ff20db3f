"""F1.plot and P1.estimate, written a second time from the specification: plain, slow and with no shared code."""

import math
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import t as student

from registry.rules.methodologies import evaluate
from registry.rules.methodologies.f1_afforestation.many_plots import evaluate_plots

# Retyped from F1, tables 4.1 to 4.3: wood density, BEF, R, CF; organs as (form, a, b); volume as a, b, c.
BIRCH = {
    "factors": (0.541, 1.424, 0.248, 0.491),
    "organs": [("p", 0.01175, 0.636), ("p", 0.02938, 0.663), ("p", 0.04152, 0.923), ("p", 0.02993, 0.767)],
    "volume": (5.1935163e-05, 1.8586884, 1.0038941),
}
LARCH = {
    "factors": (0.490, 1.416, 0.212, 0.521),
    "organs": [("p", 0.0078, 0.6701), ("p", 0.0213, 0.765), ("p", 0.0286, 0.9756), ("p", 0.0164, 0.904)],
    "volume": (5.0168241e-05, 1.7582894, 1.1496653),
}
PINE = {
    "factors": (0.375, 2.513, 0.241, 0.522),
    "organs": [("d", -1.33642, 1.05457), ("d", -2.51434, 1.5922), ("h", -1.87871, 0.74238), None],
    "volume": (5.4585749e-05, 1.9705412, 0.9141835),
}
SPECIES = {"BETULA": BIRCH, "LARIX": LARCH, "PINUS_MONGOLICA": PINE}

trees = st.fixed_dictionaries(
    {
        "species": st.sampled_from(sorted(SPECIES)),
        "dbh_cm": st.floats(2, 80),
        "height_m": st.floats(1.3, 40),
        "count": st.integers(0, 30),
    }
)
plots = st.fixed_dictionaries(
    {
        "plot_area_ha": st.floats(0.01, 10),
        "slope_deg": st.floats(0, 60),
        "area_is_slope_measured": st.booleans(),
        "dbh_min_cm": st.floats(0, 20),
        "route": st.sampled_from(["allometric", "bef"]),
        "trees": st.lists(trees, max_size=12),
    }
)
strata = st.lists(
    st.tuples(st.floats(0.1, 1e5), st.lists(st.floats(0, 500, width=32), min_size=2, max_size=10)),
    min_size=1,
    max_size=4,
)


def plot_again(plot: dict) -> dict[str, float]:
    area = plot["plot_area_ha"]
    if plot["area_is_slope_measured"]:
        area *= math.cos(plot["slope_deg"] / 180 * math.pi)
    agb = bgb = carbon = volume = 0.0
    for tree in plot["trees"]:
        d, h, species = tree["dbh_cm"], tree["height_m"], SPECIES[tree["species"]]
        if d < plot["dbh_min_cm"]:
            continue
        wood, bef, ratio, fraction = species["factors"]
        if plot["route"] == "bef":
            a, b, c = species["volume"]
            v = a * d**b * h**c
            above = v * wood * bef * 1000
            below = above * ratio
        else:
            v = 0.0
            forms = {
                "p": lambda a, b, d=d, h=h: a * (d * d * h) ** b,
                "d": lambda a, b, d=d: math.exp(a + b * math.log(d)),
                "h": lambda a, b, d=d, h=h: math.exp(a + b * math.log(d * d * h)),
            }
            weights = [None if organ is None else forms[organ[0]](organ[1], organ[2]) for organ in species["organs"]]
            above = weights[0] + weights[1] + weights[2]
            below = above * ratio if weights[3] is None else weights[3]
        agb += tree["count"] * above
        bgb += tree["count"] * below
        carbon += tree["count"] * (above + below) * fraction
        volume += tree["count"] * v
    return {
        "agb_t_ha": agb / 1000 / area,
        "bgb_t_ha": bgb / 1000 / area,
        "carbon_t_ha": carbon / 1000 / area,
        "co2e_t_ha": carbon / 1000 / area * 44 / 12,
        "volume_m3_ha": volume / area,
    }


def estimate_again(strata: list) -> dict[str, float]:
    """In exact fractions, by the specification's own formula for the variance."""
    areas = [Fraction(area) for area, _ in strata]
    total = sum(areas)
    mean, squared = Fraction(0), Fraction(0)
    for area, values in zip(areas, (values for _, values in strata), strict=True):
        b = [Fraction(value) for value in values]
        n = len(b)
        variance = (n * sum(x * x for x in b) - sum(b) ** 2) / Fraction(n * (n - 1))
        if variance < Fraction(1, 10**18):
            variance = Fraction(0)
        mean += area / total * sum(b) / n
        squared += (area / total) ** 2 * variance / n
    freedom = sum(len(values) for _, values in strata) - len(strata)
    half_width = student.ppf(0.95, freedom) * math.sqrt(squared)
    return {
        "mean_per_ha": float(mean),
        "half_width_per_ha": half_width,
        "total": float(mean * total),
        "degrees_of_freedom": freedom,
    }


@settings(max_examples=150, deadline=None)
@given(plot=plots)
def test_a_plot_agrees_with_its_second_implementation(plot):
    expected = pytest.approx(plot_again(plot), rel=1e-12, abs=1e-12)

    answer = evaluate("F1.plot", plot)

    assert {name: answer.outputs[name] for name in plot_again(plot)} == expected
    assert {name: evaluate_plots([plot])[0].outputs[name] for name in plot_again(plot)} == expected


@settings(max_examples=150, deadline=None)
@given(strata=strata)
def test_an_estimate_agrees_with_its_second_implementation(strata):
    rows = [{"id": str(place), "area_ha": area, "plots": values} for place, (area, values) in enumerate(strata)]
    expected = estimate_again(strata)

    answer = evaluate("P1.estimate", {"strata": rows})

    if not answer.is_ok:
        assert answer.errors[0].code == "E_ZERO_MEAN"
        assert abs(expected["mean_per_ha"]) < 1e-12
        return
    # Two roundings of a square root of a difference: 1e-9 is what the conventions compare with.
    assert {name: answer.outputs[name] for name in expected} == pytest.approx(expected, rel=1e-9, abs=1e-9)
