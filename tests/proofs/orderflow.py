"""The whole message stream of the sample data through the product: services, task body and ledger, as the engine gives it.

`python -m tests.proofs.orderflow`; needs the sample data. tests/exchange/test_orderflow.py compares the engine with the
published outcome of the stream, and its first messages with the product.
"""

import json
import os
import sys
import time
from pathlib import Path

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
os.environ.setdefault("TIME_TRAVEL", "1")

from config.environment import BASE_DIR
from tests import database
from tests.proofs import record

SAMPLE_DATA = Path(os.environ.get("SAMPLE_DATA") or BASE_DIR.parent / "shared" / "data")


def main() -> int:
    """Return 0 when trades, orders, book and refusals are the engine's, and every invariant holds afterwards."""
    from ops import postgres

    cluster = database.start()
    try:
        django.setup()
        from config import replay
        from exchange.rules import scenario
        from tests.exchange.orderflow import scenario_of
        from tests.exchange.test_orderflow import stream

        events, _, _ = stream(SAMPLE_DATA)
        for event in events:  # Some participants instead of one for each order.
            if "participant" in event:
                event["participant"] = f"P{int(event['participant'].split()[1]) % 40}"
        instrument, steps = scenario.read(json.dumps(scenario_of(events)))
        engine = scenario.answer(instrument, scenario.play(instrument, steps))
        began = time.monotonic()
        with database.copy_of_template(cluster.url()) as name, database.connected_to(cluster.url(), name):
            product = scenario.answer(instrument, replay.through_database(instrument, steps))
        seconds = round(time.monotonic() - began)
    finally:
        postgres.remove_private(cluster)
    figures = {"events": len(events), "trades": len(product["trades"]), "seconds": seconds}
    return 0 if record("orderflow-through-database", holds=product == engine, **figures) else 1


if __name__ == "__main__":
    sys.exit(main())
