"""The last journey: every verb at once while parts of the installation are killed; nothing acknowledged is lost or doubled.

It comes last by its name: the installation of the journeys is loaded, and its clock stands wherever they have left it.
"""

import random
from datetime import datetime, time, timedelta
from functools import partial
from zoneinfo import ZoneInfo

import pytest

from simulators.counterparties.api import Refused
from tests.proofs import kill_run
from tests.proofs.mixed_load import CONTINUOUS

pytestmark = pytest.mark.timeout(600)
BEIJING = ZoneInfo("Asia/Shanghai")
KILLS = 15
MOST_DAYS = 12  # The longest holiday, with the days moved to it.


def code_of(act) -> str:
    """Return the code with which a call is refused, "" when it is not."""
    try:
        act()
    except Refused as refused:
        return refused.code
    return ""


def open_the_market(region) -> None:
    """Move the business clock to the morning of the next trading day."""
    [(now,)] = kill_run.rows(
        region.platform, "SELECT clock_timestamp() + make_interval(secs => seconds) FROM rulebook_clockoffset"
    )
    morning: datetime = now.astimezone(BEIJING)
    buyer = region.client(1)
    for _ in range(MOST_DAYS):
        morning = datetime.combine(morning.date() + timedelta(days=1), time(9, 45), BEIJING)
        moved = region.platform.ask("move_clock", morning.isoformat())
        assert moved.returncode == 0, moved.stdout + moved.stderr
        price = buyer.get(f"/instruments/{CONTINUOUS}/")["base_price"]
        body = {"instrument": CONTINUOUS, "side": "buy", "price": price, "quantity": 1}
        if code_of(partial(buyer.post, "/orders/", body)) != "market_closed":
            return
    raise AssertionError("no trading day")


def test_nothing_acknowledged_is_lost_or_doubled_when_parts_are_killed(region):
    open_the_market(region)
    seed = random.SystemRandom().randrange(10**6)
    print(f"KILL_SEED={seed}")
    figures = kill_run.run(region.platform, kills=KILLS, seed=seed)
    print(figures)
    assert kill_run.holds(figures), figures
    assert figures["kills"] == KILLS
