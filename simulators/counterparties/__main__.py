"""Run the counterparties: `python -m simulators.counterparties`.

Environment: DEMO_LOGINS (file with API clients, theirs first), PUBLIC_URL (the platform), TRAFFIC_SEED (default
20260302), TRAFFIC_PAUSE (seconds between two acts of one organisation, default 5).
"""

import json
import os
import random
import signal
import sys
import threading
from pathlib import Path

from simulators.counterparties.api import Api
from simulators.counterparties.trader import Trader


def main() -> None:
    told = json.loads(Path(os.environ["DEMO_LOGINS"]).read_text(encoding="utf-8"))
    clients = told["clients"][: told["traders"]]
    seed = int(os.environ.get("TRAFFIC_SEED", "20260302"))
    pause = float(os.environ.get("TRAFFIC_PAUSE", "5"))
    ended = threading.Event()
    for sign in (signal.SIGTERM, signal.SIGINT):
        signal.signal(sign, lambda *_: ended.set())
    threads = []
    for number, client in enumerate(clients):
        api = Api(os.environ["PUBLIC_URL"], client["client_id"], client["client_secret"])
        trader = Trader(client["name"], api, random.Random(seed + number), sells=number % 2 == 0)
        threads.append(threading.Thread(target=trader.run, args=(ended, pause), name=client["name"], daemon=True))
    print(f"{len(threads)} organisations trade", file=sys.stderr, flush=True)
    for thread in threads:
        thread.start()
    ended.wait()
    for thread in threads:
        thread.join(timeout=2)


if __name__ == "__main__":
    main()
