"""A matching process ended by kill -9 at each named point of a match: nothing is lost, nothing happens twice."""

import os
import signal
import subprocess
import sys

import pytest

from config import invariants
from exchange.models import Trade
from exchange.rules import Side
from ops import postgres
from settlement import queries as ledger
from tests.database import BASE_DIR
from tests.exchange.makers import a_market

CHILD = """
import os, signal, sys
import django
django.setup()
from rulebook.queries import now
from exchange.services import match_instrument
number, point = int(sys.argv[1]), sys.argv[2]

def interrupt(reached):
    if reached == point:
        os.kill(os.getpid(), signal.SIGKILL)

match_instrument(instrument_id=number, at=now(), interrupt=interrupt)
"""


@pytest.mark.parametrize("point", ["locked", "matched", "settled", "before_commit", "after_commit"])
def test_a_worker_killed_in_the_middle_of_a_match_loses_and_doubles_nothing(committed, admin_url, at, point):
    market = a_market(at)
    for number in range(5):
        market.place(market.seller, Side.SELL, 2500 + number, 10)
        market.place(market.traders[number % 2], Side.BUY, 2510, 7)
    url = postgres.with_role(postgres.with_database(admin_url, committed), postgres.APP_ROLE)
    environment = {**os.environ, "DATABASE_URL": url, "DJANGO_SETTINGS_MODULE": "config.settings", "TIME_TRAVEL": "1"}
    killed = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", CHILD, str(market.instrument.pk), point],
        cwd=BASE_DIR,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    assert invariants.broken() == {}
    assert Trade.objects.exists() is (point == "after_commit")

    market.match()
    assert sum(Trade.objects.values_list("quantity", flat=True)) == 35
    assert sum(ledger.available_units(one.organisation_id, market.batch.asset_id) for one in market.traders) == 35
    assert invariants.broken() == {}
