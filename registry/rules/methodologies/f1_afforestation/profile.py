"""The profile of a mechanism: its pools, baseline, leakage, discount and risk. Source: conventions, section 7."""

from __future__ import annotations

from dataclasses import dataclass

from registry.rules.methodologies.outcome import ErrorCode
from registry.rules.methodologies.reading import Fields
from registry.rules.methodologies.run import Run

DEFAULT_PROFILE = "nm_regional"
ACTIVITY_TYPES = ("ARR", "ENC", "AER")
# F1, section 1, condition 5: mountain closure and aerial seeding are at home under these only.
PROFILES_OF_ALL_ACTIVITIES = ("nm_regional", "cdm_ar")


@dataclass(frozen=True)
class Profile:
    """The choices of a mechanism. A pool that is not listed is ignored even if supplied."""

    name: str
    scheme: str
    k_risk: float
    counts_baseline: bool
    counts_leakage: bool
    pools: frozenset[str]


def read_profile(inputs: Fields, run: Run) -> str:
    """Return the name of the profile, after the activity type was found to be available under it."""
    name = inputs.choice("profile", run.options("profiles", "profiles"), DEFAULT_PROFILE)
    activity = inputs.choice("activity_type", ACTIVITY_TYPES, "ARR")
    if name and activity and activity != "ARR" and name not in PROFILES_OF_ALL_ACTIVITIES:
        inputs.problem(ErrorCode.NOT_APPLICABLE, "activity_type")
    return name


def profile_of(name: str, run: Run) -> Profile:
    """Return the profile, its choices traced."""

    def chosen(key: str) -> object:
        return run.constant(f"profile.{key}", "", "profiles", "profiles", name, key)

    pools = chosen("pools")
    assert isinstance(pools, list)
    risk = chosen("k_risk")
    assert isinstance(risk, (int, float))
    return Profile(
        name=name,
        scheme=str(chosen("discount_scheme")),
        k_risk=float(risk),
        counts_baseline=chosen("baseline_rule") != "zero",
        counts_leakage=chosen("leakage_rule") != "zero",
        pools=frozenset(pools),
    )


def dead_organic_matter(
    tree_change: float, profile: Profile, *, include_dead_wood: bool, include_litter: bool, run: Run
) -> tuple[float, float]:
    """Return the change of dead wood and of litter, by default factors on the conservative tree change."""
    changes = []
    for pool, key, is_included in (("dead_wood", "df_dw", include_dead_wood), ("litter", "df_li", include_litter)):
        change = 0.0
        if is_included and pool in profile.pools:
            factor = run.constant(key, "", "deadwood_litter", "zones", "temperate_boreal", key)
            change = factor * tree_change
        changes.append(change)
    return changes[0], changes[1]
