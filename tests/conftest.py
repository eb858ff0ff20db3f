"""What every test finds: a private PostgreSQL 18, a rolled-back or a committed database, a business instant.

One server a run is started by the process that was called (with xdist: the controller), which migrates a template
once as the owner. Each worker works in a copy of it as the app's role, which owns nothing. Nothing here ever looks at
the database of a running demonstration.
"""

import os
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import psycopg2
import pytest
from django.test import override_settings
from xdist.scheduler import LoadScopeScheduling

from ops import browser, postgres
from tests import database
from tests.platform import running_platform  # noqa: F401 - a fixture.

# Each is one after the other in one worker: the journeys share an installation, and two launchers would share two cores.
TOGETHER = ("tests/journeys/", "tests/ops/test_launcher.py")
ADMIN_URL = pytest.StashKey[str]()
CLUSTER = pytest.StashKey[postgres.Cluster]()
WITHOUT_SAMPLE_DATA = pytest.StashKey[int]()
MEDIA = pytest.StashKey["tempfile.TemporaryDirectory[str]"]()
SAMPLE_DATA = Path(os.environ.get("SAMPLE_DATA") or database.BASE_DIR.parent / "shared" / "data")


def pytest_configure(config: pytest.Config) -> None:
    if os.environ.get("CI") == "true" and not SAMPLE_DATA.is_dir():
        raise pytest.UsageError(f"no sample data at {SAMPLE_DATA}: set SAMPLE_DATA")
    config.addinivalue_line("markers", "browser: opens pages in a real browser (ops/browser.py finds one)")
    media = tempfile.TemporaryDirectory(prefix="tanhui-media-")
    config.stash[MEDIA] = media
    static = Path(media.name) / "static"
    static.mkdir()
    override_settings(
        TIME_TRAVEL=True,
        MEDIA_ROOT=media.name,
        STATIC_ROOT=static,  # Not the folder of uploads, and there: whitenoise warns of one that is not.
        STORAGES={
            "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
            "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
        },
        # Django's cost of a password, 1,000,000 rounds, is for attackers; a test signs in dozens of times.
        PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"],
    ).enable()


def pytest_unconfigure(config: pytest.Config) -> None:
    if (media := config.stash.get(MEDIA, None)) is not None:
        media.cleanup()
    if (cluster := config.stash.get(CLUSTER, None)) is not None:
        postgres.remove_private(cluster)


def server(config: pytest.Config) -> str:
    """Return the superuser's address of this run's server, started and migrated at the first call."""
    if ADMIN_URL not in config.stash:
        if given := getattr(config, "workerinput", {}).get("admin_url") or database.SERVER:
            config.stash[ADMIN_URL] = given
        else:
            config.stash[CLUSTER] = database.start()
            config.stash[ADMIN_URL] = config.stash[CLUSTER].url()
    return config.stash[ADMIN_URL]


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Tell an xdist worker where the controller's server is; the controller alone starts and stops it."""
    node.workerinput["admin_url"] = server(node.config)


class InOneWorker(LoadScopeScheduling):
    """Hands out tests one by one, those of TOGETHER at once, the largest lot first.

    The marks of xdist 3.8 (`--dist loadgroup`) are without effect under pytest 9.2: a test's id can no longer be changed.
    """

    def _split_scope(self, nodeid: str) -> str:
        return next((lot for lot in TOGETHER if nodeid.startswith(lot)), nodeid)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadScopeScheduling:
    return InOneWorker(config, log)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out, and count, the tests on real data when there is none (where CI=true, the run has ended already)."""
    if SAMPLE_DATA.is_dir():
        return
    without = [item for item in items if "sample_data" in getattr(item, "fixturenames", ())]
    config.hook.pytest_deselected(items=without)
    config.stash[WITHOUT_SAMPLE_DATA] = len(without)
    items[:] = [item for item in items if item not in without]


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    if left_out := config.stash.get(WITHOUT_SAMPLE_DATA, 0):
        terminalreporter.write_line(f"{left_out} tests not run: no sample data at {SAMPLE_DATA}")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: Any) -> Any:
    """Fail a test that skips itself: what a machine lacks is to be seen, not passed over in silence."""
    report = yield
    if report.skipped and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"skipping is refused: {item.nodeid} says {report.longrepr[2]}"
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(collector: pytest.Collector) -> Any:
    """Fail a module that skips itself as a whole, for the same reason."""
    report = yield
    if report.skipped:
        report.outcome = "failed"
        report.longrepr = f"skipping is refused: {collector.nodeid} says {report.longrepr[2]}"
    return report


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Refuse Django's flushing tests: they empty tables by TRUNCATE, which the app's role may not and the log forbids."""
    mark = item.get_closest_marker("django_db")
    flushes = mark is not None and (mark.kwargs.get("transaction") or (mark.args and mark.args[0]))
    fixtures = set(getattr(item, "fixturenames", ()))
    if flushes or fixtures & {"transactional_db", "live_server", "django_db_reset_sequences"}:
        pytest.fail("flushing tests are refused: use the fixture `committed`, a database of its own", pytrace=False)


@pytest.fixture(scope="session")
def admin_url(pytestconfig: pytest.Config) -> str:
    """The superuser's address of this run's server."""
    return server(pytestconfig)


@pytest.fixture(scope="session")
def own_server() -> Iterator[str]:
    """The superuser's address of a server of this worker alone: nothing else is at work there.

    For tests of what waits until no older transaction runs: PostgreSQL counts those of all databases of a server.
    """
    cluster = database.start()
    yield cluster.url()
    postgres.remove_private(cluster)


@pytest.fixture(scope="session")
def django_db_setup(admin_url: str) -> Iterator[None]:
    """This worker's copy of the template: tests marked `django_db` run in it and are rolled back."""
    with database.copy_of_template(admin_url) as name, database.connected_to(admin_url, name):
        yield


@pytest.fixture
def committed(request: pytest.FixtureRequest, admin_url: str, django_db_blocker: Any) -> Iterator[str]:
    """A database of this test alone, with real commits; threads open their own connections. Gives its name."""
    with (
        database.copy_of_template(admin_url) as name,
        django_db_blocker.unblock(),
        database.connected_to(admin_url, name),
    ):
        yield name


@pytest.fixture
def as_owner(committed: str, admin_url: str) -> Iterator[Any]:
    """A cursor with the owner's rights on the `committed` database of this test; each statement is committed."""
    url = postgres.with_role(postgres.with_database(admin_url, committed), postgres.OWNER_ROLE)
    connection = psycopg2.connect(url)
    try:
        connection.autocommit = True
        with connection.cursor() as cursor:
            yield cursor
    finally:
        connection.close()


@pytest.fixture(scope="module")
def attacked(admin_url: str) -> Iterator[Any]:
    """A superuser's cursor on a database for all attacks of a module (tests/attacks.py), each of which is rolled back."""
    with database.copy_of_template(admin_url) as name:
        connection = psycopg2.connect(postgres.with_database(admin_url, name))
        try:
            with connection.cursor() as cursor:
                yield cursor
        finally:
            connection.close()


@pytest.fixture(scope="session")
def sample_data() -> Path:
    """The folder of real data; tests that use it are left out where it is missing."""
    return SAMPLE_DATA


@pytest.fixture(scope="session")
def browser_path() -> str:
    """The browser that `make test` chose, or the first that starts here; for tests marked `browser`."""
    found = os.environ.get("CHROMIUM") or browser.find(print)
    assert found is not None, "no browser: run `make test`, or BROWSER=none to leave these tests out"
    return found


@pytest.fixture
def at() -> datetime:
    """A business instant: Monday 2026-03-02 10:00 in Beijing, a trading day in the morning session."""
    return datetime(2026, 3, 2, 10, 0, tzinfo=ZoneInfo("Asia/Shanghai")).astimezone(UTC)
