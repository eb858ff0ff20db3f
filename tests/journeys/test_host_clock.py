"""The journeys of this folder are run on a host whose clock is on a Sunday at 23:00: here it is seen to be."""

from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

import psycopg2
import pytest
import requests

from rulebook.rules import beijing

pytestmark = pytest.mark.timeout(600)


def is_sunday_night(at: datetime) -> bool:
    """Whether it is Sunday 23:00 in Beijing, or the little later that it has become while other journeys ran."""
    midnight = beijing(at) - timedelta(hours=23)
    return midnight.isoweekday() == 7 and midnight.hour < 2


def test_every_part_reads_a_sunday_night(region):
    connection = psycopg2.connect(region.platform.app_url)
    with connection, connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        at = cursor.fetchone()[0]
    connection.close()
    assert is_sunday_night(at)
    assert at - datetime.now(UTC) > timedelta(hours=20), "the machine's own clock, which may be there too"
    says = region.platform.ask("shell", "-v", "0", "-c", "import datetime; print(datetime.datetime.now(datetime.UTC))")
    assert is_sunday_night(datetime.fromisoformat(says.stdout.strip()))
    answer = requests.get(region.url, timeout=30)
    assert is_sunday_night(parsedate_to_datetime(answer.headers["Date"]))
