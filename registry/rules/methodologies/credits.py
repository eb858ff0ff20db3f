"""How a net result becomes credits. Source: conventions, section 3, rules 3 to 5."""

from __future__ import annotations

from typing import Any

from registry.rules.methodologies.numeric import floor_units
from registry.rules.methodologies.outcome import Warn
from registry.rules.methodologies.run import Run


def credited(net: float, run: Run, *, risk: float = 0.0) -> dict[str, Any]:
    """Return the outputs that follow from a net result in tCO2e.

    risk: what is taken off a positive net before it is credited. Credits are floored, against the project.
    A negative net earns nothing and is carried to D1.reversal in `reversal_candidate_tco2e`.
    """
    if net < 0:
        run.warn(Warn.NEGATIVE_CHANGE)
    creditable = net - risk if net > 0 else 0.0
    return {
        "net_tco2e": net,
        "creditable_tco2e": creditable,
        "credits": floor_units(creditable),
        "reversal_candidate_tco2e": -net if net < 0 else 0.0,
    }
