"""Every worked example of the specifications, and the intermediate figures their text names."""

import json
import math

import pytest

from registry.rules.methodologies import evaluate, operations
from tests.registry.methodologies.examples import ALL, BUILT, differences, inputs_of

# Of each example, the intermediate figures that stand in its text, to the digits printed there.
INTERMEDIATES = {
    "F2-1": {
        "project.mean[M1]": 28.9,
        "project.mean[M2]": 22.65,
        "project.s2[M1]": 10.565,
        "project.s2[M2]": 3.71667,
        "delta_V[M1]": 12.238480,
        "delta_V[M2]": 11.001774,
        "tCO2e_per_m3[LARIX]": 1.606464,
        "tCO2e_per_m3[BETULA]": 1.730911,
        "delta_C[M1]": 17694.6144,
        "delta_C[M2]": 11425.8560,
        "project.b": 26.4,
        "project.df": 7,
        "project.t": 1.89458,
        "project.hw": 1.80666,
        "project.U": 0.068434,
        "net": 10437.5296,
    },
    "S1-1": {
        "t1.k": 2.412667,
        "t1.b[K1]": 0.4880,
        "t1.C[K1]": 1059.6432,
        "t1.b[K2]": 0,
        "t1.b[K3]": 1.1280,
        "t2.b[K1]": 1.1590,
        "t2.C[K2]": 971.3396,
        "t2.C[K3]": 3061.6740,
        "C_t1": 2420.3872,
        "C_t2": 6549.6662,
        "delta_C": 4129.2790,
        "net": 4024.2790,
    },
    "T1-1": {
        "m1[NM-0001]": 58.66905,
        "m2[NM-0001]": 66.90983,
        "gain[NM-0001]": 8.24077,
        "m1[NM-0002]": 40.66818,
        "gain[NM-0002]": 6.06543,
        "m1[NM-0003]": 82.99569,
        "m2[NM-0003]": 0,
    },
    "D1-1": {
        "EF_GWP[2027-04-12]": 200.5,
        "non_co2_tree[2027-04-12]": 422.6540,
        "non_co2_dom[2027-04-12]": 86.2750,
        "non_co2": 508.9290,
        "stock_loss": 7395.0,
    },
    "D1-2": {"stock_loss[SD-2027]": 4435.2},
    "D1-3": {"reversal": 8420.6, "units_to_cancel": 8421, "buffer_cancelled": 5300},
    "P1-1": {
        "N": 16666.667,
        "mean": 66.0,
        "E": 6.60,
        "sum_w_s": 26.8,
        "sum_w_s2": 733.6,
        "n": 44.49668,
        "n_raw[A]": 29.8858,
        "n_raw[B]": 14.6109,
    },
    "P1-2": {
        "w[A]": 0.6,
        "mean[A]": 76.916667,
        "s2[A]": 106.261667,
        "s2[B]": 67.333,
        "b": 63.166,
        "df": 9,
        "t": 1.833113,
        "hw": 5.353931,
        "U": 0.0847597,
    },
    "P1-3": {
        "delta_C": 31770.0,
        "hw_change": 6044.3019,
        "U_change": 0.190252,
        "discount_rate": 0.50,
        "discount": 3022.1509,
        "X_conservative": 28747.8491,
    },
    "P1-4": {
        "mean[A]": 14.35,
        "mean[B]": 9.966667,
        "s2[A]": 4.816667,
        "s2[B]": 6.743333,
        "b": 12.70625,
        "df": 5,
        "t": 2.015048,
        "hw": 1.787010,
        "U": 0.140640,
        "discount_rate": 0.25,
        "discount": 0.446752,
    },
    "F1-1": {
        "W_leaf": 2.58072,
        "W_branch": 8.11274,
        "W_stem": 103.91379,
        "AGB": 114.60725,
        "BGB": 19.95917,
        "biomass": 134.56642,
        "carbon": 66.07211,
        "CO2e": 242.26441,
    },
    "F1-2": {
        "V": 0.2846759,
        "AGB": 197.51955,
        "BGB": 41.87414,
        "biomass": 239.39370,
        "carbon": 124.72412,
        "CO2e": 457.32176,
    },
    "F1-3": {
        "AGB[BETULA 12.1/10.5]": 41.3367,
        "AGB[BETULA 9.6/9.0]": 23.9002,
        "AGB[LARIX 14.8/12.2]": 73.4972,
        "carbon[BETULA 12.1/10.5]": 24.3836,
        "carbon[BETULA 9.6/9.0]": 14.2812,
        "carbon[LARIX 14.8/12.2]": 48.9970,
        "sum_carbon": 665.2932,
    },
    "F1-4": {
        "tCO2e_per_m3[LARIX]": 1.606464,
        "tCO2e_per_m3[PINUS_MONGOLICA]": 2.238399,
        "C[2036]": 19245.611,
        "delta_C_TREE[2036]": 3432.253,
        "net[2036]": 3397.253,
    },
    "F1-5": {
        "mean[A]": 43.8125,
        "mean[B]": 26.01667,
        "b": 37.690733,
        "C2": 47113.4167,
        "U": 0.0717336,
        "df": 12,
        "t": 1.78229,
        "delta_C": 28863.4167,
        "U_change": 0.128573,
        "discount": 1731.805,
        "delta_C_TREE_cons": 27131.6117,
        "net": 27251.6117,
        "risk": 2725.1612,
    },
    "F1-6": {
        "SOC_ini[S1]": 47.5,
        "loss[S1]": 4.75,
        "rate[S1]": 0.3625,
        "delta_SOC[2026]": -5573.3333,
        "delta_SOC[2030]": 425.3333,
    },
    "F1-7": {"mean_crown_cover": 0.022, "delta_C_BSL": 28.4350, "C_BSL": 1445.4458},
    "G1-1": {
        "SOC_ref[cool_temperate_dry/HAC]": 43,
        "rate[T1]": 0.6450,
        "rate[T2]": 0.0650,
        "delta_C[T1]": 141900.0,
        "delta_C[T2]": 9533.333,
    },
    "G1-2": {
        "m[1]": 1241.60,
        "m[2]": 1276.80,
        "m[3]": 1320.50,
        "sum_m": 3838.90,
        "SOC[1]": 20.85888,
        "SOC[2]": 16.72608,
        "SOC[3]": 13.99730,
        "SOC": 51.58226,
        "SOC_ESM": 52.75992,
    },
    "G1-3": {
        "baseline.enteric_tco2e": 2114.0560,
        "baseline.manure_ch4_tco2e": 52.8864,
        "baseline.manure_n2o_tco2e": 224.3384,
        "baseline.total_tco2e": 2391.2808,
        "project.total_tco2e": 1782.5955,
        "displaced.total_tco2e": 214.9605,
        "reduction": 393.7248,
    },
    "G1-4": {"capacity": 4914.0, "actual": 4080.0},
    "G1-5": {
        "project.b": 1.866667,
        "project.s2[R1]": 0.166667,
        "project.t": 2.01505,
        "project.U": 0.179915,
        "project.X_conservative": 1.698746,
        "delta_SOC_conservative": 32389.4231,
        "control.b": 0.3500,
        "control.U": 0.434026,
        "control.X_conservative": 0.501909,
        "base": 9569.7308,
        "stock_part": 22819.6924,
        "livestock_part": 1562.5,
        "fuel": 13.0032,
        "net": 24219.1892,
    },
    "W1-1": {
        "baseline.P1.co2": 22.3667,
        "baseline.P1.doc": 1.1367,
        "baseline.P1.ch4": 2.0566,
        "baseline.P1.n2o": 3.4147,
        "project.P1.ch4": 8.0640,
        "baseline.P2.total": 1.7913,
        "project.P2.co2": -1.2467,
        "project.P2.total": 0.5773,
        "y_c[P1]": 5.0,
        "baseline[P1]": 34769.5771,
        "project[P2]": 375.2667,
        "net": 22613.8431,
    },
    "W1-2": {
        "rate1[L1]": 0.3915,
        "rate2[L1]": 0.8700,
        "G_t2_less_G_t1[L1]": 3.3930,
        "SOC[L1]": 6220.5,
        "CH4[L1]": 4935.0,
        "net": 1285.5,
    },
    "B1-1": {
        "longevity": 10.0,
        "internal": 13.0,
        "external": 2.0,
        "LS_M[fire]": 1,
        "LS_M[pest]": 0.5,
        "LS_M[drought]": 5,
        "natural": 6.5,
        "raw": 21.5,
    },
    "B1-2": {"credits": 12480, "base": 9300, "buffer_units": 2046},
    "I1-1": {"reduction[walk]": 0.456563, "reduction[metro]": 1.047680},
    "I1-2": {
        "t[travel]": 34.57152,
        "t[hotel]": 13.91,
        "t[electricity]": 9.39455,
        "t[heat]": 3.96,
        "t[fuel]": 1.30032,
        "grid[inner_mongolia]": 0.6479,
        "total": 65.60493,
    },
}


@pytest.mark.parametrize("name", BUILT)
def test_a_worked_example_is_calculated(name):
    example = BUILT[name]

    answer = evaluate(example["operation"], example["inputs"]).as_json()

    assert answer["status"] == example["expected"]["status"]
    assert differences(example["expected"]["outputs"], answer["outputs"]) == []
    assert set(example["expected"]["warnings"]) <= set(answer["warnings"])


@pytest.mark.parametrize("name", BUILT)
def test_the_trace_holds_the_intermediate_figures_of_the_specification(name):
    answer = evaluate(BUILT[name]["operation"], BUILT[name]["inputs"])

    traced = {line["symbol"]: line["value"] for line in answer.trace}

    expected = INTERMEDIATES[name]
    assert {symbol for symbol in expected if symbol not in traced} == set()
    # The text prints at least four digits of each; a half of the last one is allowed.
    wrong = {
        s: traced[s] for s, value in expected.items() if not math.isclose(traced[s], value, rel_tol=2e-5, abs_tol=6e-5)
    }
    assert wrong == {}


@pytest.mark.parametrize("name", BUILT)
def test_an_answer_is_json_and_the_same_each_time(name):
    example = BUILT[name]
    first = json.dumps(evaluate(example["operation"], inputs_of(name)).as_json(), allow_nan=False)

    assert json.dumps(evaluate(example["operation"], json.loads(json.dumps(inputs_of(name)))).as_json()) == first


def test_every_example_is_tested():
    assert set(INTERMEDIATES) == set(BUILT) == set(ALL)
    assert {example["operation"] for example in ALL.values()} <= set(operations())


def test_a_trace_numbers_its_steps_and_says_where_each_figure_comes_from():
    answer = evaluate("F1.expost", inputs_of("F1-5")).as_json()

    assert [line["step"] for line in answer["trace"]] == list(range(1, len(answer["trace"]) + 1))
    assert all(
        set(line) == {"step", "symbol", "value", "unit", "source"} and line["source"] for line in answer["trace"]
    )
    assert {
        "set_id": "profiles",
        "version": "1.0.0",
        "key": "profiles.ccer_2023.k_risk",
        "status": "provisional",
    } in [line["source"] for line in answer["trace"]]
