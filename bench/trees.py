"""How fast 100,000 trees of 1,000 plots are calculated: all at once, and plot by plot.

Run: python -m bench.trees [TREES]. Prints one JSON object.
"""

import json
import random
import sys
import time

from registry.rules.methodologies import evaluate
from registry.rules.methodologies.f1_afforestation.many_plots import evaluate_plots

SPECIES = ("LARIX", "BETULA", "PINUS_MONGOLICA", "PINUS_TABULIFORMIS", "PICEA", "POPULUS")


def plots_of(trees: int, *, per_plot: int = 100, seed: int = 1) -> list[dict]:
    """Return inputs of F1.plot with as many trees together."""
    chance = random.Random(seed)
    return [
        {
            "plot_area_ha": 0.06,
            "trees": [
                {
                    "species": chance.choice(SPECIES),
                    "dbh_cm": round(chance.uniform(3, 58), 1),
                    "height_m": round(chance.uniform(2, 34), 1),
                }
                for _ in range(min(per_plot, trees - first))
            ],
        }
        for first in range(0, trees, per_plot)
    ]


def main(trees: int) -> None:
    plots = plots_of(trees)
    evaluate_plots(plots[:1])  # Imports and parameter sets are read once a process.
    start = time.perf_counter()
    together = evaluate_plots(plots)
    at_once = time.perf_counter() - start
    start = time.perf_counter()
    singly = [evaluate("F1.plot", plot) for plot in plots]
    one_by_one = time.perf_counter() - start
    furthest = max(
        abs(fast.outputs["co2e_t_ha"] / slow.outputs["co2e_t_ha"] - 1)
        for fast, slow in zip(together, singly, strict=True)
    )
    figures = {
        "trees": trees,
        "plots": len(plots),
        "at_once_seconds": round(at_once, 3),
        "one_by_one_seconds": round(one_by_one, 3),
        "furthest_apart_relative": furthest,
    }
    print(json.dumps(figures))


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000)
