"""B1 1.0.0: non-permanence risk rating and the buffer that is withheld. Source: B1-buffer.md."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from registry.rules.methodologies.numeric import ceil_units, floor_units
from registry.rules.methodologies.outcome import Warn
from registry.rules.methodologies.reading import Fields
from registry.rules.methodologies.run import Run

DEFAULT_PROFILE = "nprt_v4_2"
LIKELIHOODS = ("lt10", "10_25", "25_50", "50_100", "gt100")
LONGEVITY_COUNTED_YEARS = 100  # Longer commitments are worth no more.
COMPONENTS = ("longevity", "internal", "external", "natural", "natural_detail", "raw")


def rating(inputs: Fields, run: Run) -> dict[str, Any]:
    """B1.rating: the share of credits at risk, in whole per cent, and whether the project is eligible at all."""
    flat, graded = run.options("risk", "flat"), run.options("risk", "profiles")
    profile = inputs.choice("profile", {*flat, *graded}, DEFAULT_PROFILE)
    if profile in flat:
        percent = run.constant("rating_percent", "%", "risk", "flat", profile)
        return {**dict.fromkeys(COMPONENTS), "rating_percent": percent, "eligible": True, "fail_reasons": []}
    if not profile:
        inputs.refuse_problems()
    return _graded(profile, graded[profile], inputs, run)


def withhold(inputs: Fields, run: Run) -> dict[str, Any]:
    """B1.withhold: split credits into the part that is issued to the owner and the part the buffer keeps."""
    net = inputs.number("net_tco2e")
    stock_part = inputs.optional_number("stock_part_tco2e")
    percent = inputs.number("rating_percent", least=0, most=100)
    inputs.refuse_problems()
    if net <= 0:
        run.warn(Warn.NO_CREDIT)
        return {"credits": 0, "buffer_units": 0, "issuable_units": 0}
    whole = floor_units(net)
    base = min(max(0.0, net if stock_part is None else stock_part), net)
    run.note("credits", whole, "tCO2e", "B1 3")
    run.note("base", base, "tCO2e", "B1 3")
    buffered = min(whole, ceil_units(percent / 100 * base))
    run.note("buffer_units", buffered, "tCO2e", "B1 3")
    return {"credits": whole, "buffer_units": buffered, "issuable_units": whole - buffered}


def _graded(profile: str, definition: Mapping[str, Any], inputs: Fields, run: Run) -> dict[str, Any]:
    inside = inputs.part("internal")
    management = inside.number("management", least=-10, most=30)
    financial = inside.number("financial", least=-10, most=30)
    opportunity = inside.number("opportunity_cost", least=-10, most=30)
    years = inside.number("longevity_years", least=0, most=200)
    is_legal = inside.flag("legal_agreement", False)
    outside = inputs.part("external")
    tenure = outside.number("tenure", least=-10, most=20)
    community = outside.number("community", least=-10, most=20)
    political = outside.number("political", least=-10, most=20)
    risks = [_read_risk(risk, definition) for risk in inputs.items("natural", may_be_empty=True)]
    inputs.refuse_problems()

    start, divisor = run.constant(
        "longevity_a_b", "", "risk", "profiles", profile, "longevity", "legal" if is_legal else "no_legal"
    )
    shortest = run.constant("longevity_min", "years", "risk", "profiles", profile, "longevity", "min_years")
    longevity = max(0.0, start - min(years, LONGEVITY_COUNTED_YEARS) / divisor)
    run.note("longevity", longevity, "points", "B1 2")
    internal = max(0.0, management) + max(0.0, financial) + max(0.0, opportunity) + longevity
    run.note("internal", internal, "points", "B1 2")
    external = max(0.0, max(0.0, tenure) + community + max(0.0, political))
    run.note("external", external, "points", "B1 2")

    detail: list[dict[str, Any]] = []
    for name, significance, likelihood, mitigation in risks:
        score = _natural_score(profile, significance, likelihood, mitigation, run)
        run.note(f"LS_M[{name}]", score, "points", "B1 2")
        detail.append({"risk": name, "score": score})
    natural = math.fsum(row["score"] for row in detail if row["score"] is not None)
    run.note("natural", natural, "points", "B1 2")
    raw = internal + external + natural
    run.note("raw", raw, "points", "B1 2")
    least = run.constant("min_rating", "%", "risk", "profiles", profile, "min_rating")
    percent = max(least, ceil_units(raw))

    caps = {
        name: run.constant(f"cap_{name}", "points", "risk", "profiles", profile, "caps", name)
        for name in ("internal", "external", "natural")
    }
    most = run.constant("max_rating", "%", "risk", "profiles", profile, "max_rating")
    failures = {
        "INTERNAL": internal > caps["internal"],
        "EXTERNAL": external > caps["external"],
        "NATURAL": natural > caps["natural"],
        "TOTAL": percent > most,
        "LONGEVITY": years < shortest,
        "NATURAL_LS": any(row["score"] is None for row in detail),
    }
    reasons = [reason for reason, failed in failures.items() if failed]
    return {
        "longevity": longevity,
        "internal": internal,
        "external": external,
        "natural": natural,
        "natural_detail": detail,
        "raw": raw,
        "rating_percent": percent,
        "eligible": not reasons,
        "fail_reasons": reasons,
    }


def _read_risk(risk: Fields, definition: Mapping[str, Any]) -> tuple[str, str, str, int]:
    name = risk.text("risk")
    significance = risk.choice("significance", {*definition["ls"], "none"})
    # What has no significance has no return interval either.
    likelihood = risk.choice("likelihood", LIKELIHOODS, *([""] if significance == "none" else []))
    return name, significance, likelihood, risk.integer("mitigation", least=0, most=2)


def _natural_score(profile: str, significance: str, likelihood: str, mitigation: int, run: Run) -> float | None:
    """Return LS·M; None for the cell FAIL, which no mitigation makes good."""
    if significance == "none":
        return 0.0
    cell = run.constant(
        f"LS[{significance},{likelihood}]", "points", "risk", "profiles", profile, "ls", significance, likelihood
    )
    factor = run.constant(f"M[{mitigation}]", "", "risk", "mitigation", str(mitigation))
    return None if cell == "FAIL" else float(cell * factor)
