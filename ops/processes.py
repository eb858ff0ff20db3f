"""Every process of the platform: how it is called, when it is well, in which order it starts and stops.

The launcher, the tests and the production compose file run the same table (tests/ops/test_compose.py holds the last to
it). Words in braces are filled by whoever starts the process: `{python}`, `{host}`, ports, and the folder of the run.
"""

from dataclasses import dataclass
from enum import StrEnum

MATCH_QUEUES = 2
GRACE_SECONDS = 3  # A page with a live stream never ends by itself: the stop does not wait longer for it.


class Health(StrEnum):
    """How one asks a process whether it is well."""

    SERVER = "server"  # PostgreSQL and Valkey: their own way, in ops/postgres.py and ops/valkey.py.
    HTTP = "http"  # Its health address answers 200.
    CELERY = "celery"  # It answers a ping over the broker.
    ALIVE = "alive"  # It has written its pid file, or simply runs.


@dataclass(frozen=True)
class Process:
    """One row of the table."""

    name: str
    command: tuple[str, ...]
    health: Health
    starts: int  # Ascending; equal numbers start together.
    stops: int  # Ascending; the next number is stopped when all of this are gone.
    health_path: str = ""  # Below the address of its port.
    port: str = ""  # The word for its port in the command.
    queue: str = ""  # The Celery queue that it serves.
    demonstration_only: bool = False
    restarts: bool = True  # Started again after it died, with a growing pause.


def _granian(interface: str, port: str, application: str, *more: str) -> tuple[str, ...]:
    return (
        *("{python}", "-m", "granian", "--interface", interface, "--host", "{host}", "--port", f"{{{port}}}"),
        *("--workers-kill-timeout", str(GRACE_SECONDS), "--respawn-failed-workers", *more, application),
    )


def _worker(name: str, queue: str, *more: str) -> tuple[str, ...]:
    return (
        *("{python}", "-m", "celery", "-A", "config", "worker", "-n", f"{name}@%h", "-Q", queue),
        *("--loglevel", "INFO", "--without-gossip", "--without-mingle", "--concurrency", "1", *more),
    )


def match_worker(number: int) -> Process:
    """Return the row of the worker that matches queue `match.<number>`, one batch after the other."""
    name, queue = f"match-{number}", f"match.{number}"
    return Process(name, _worker(name, queue, "--pool", "solo"), Health.CELERY, starts=3, stops=1, queue=queue)


PROCESSES: tuple[Process, ...] = (
    Process("postgres", (), Health.SERVER, starts=1, stops=3),
    Process("valkey", (), Health.SERVER, starts=2, stops=2),
    Process(
        "web",
        _granian("wsgi", "web_port", "config.wsgi:application", "--workers", "2", "--blocking-threads", "4"),
        Health.HTTP,
        starts=3,
        stops=1,
        health_path="/health/",
        port="web_port",
    ),
    Process(
        "streams",
        _granian("asgi", "streams_port", "config.streams:application", "--workers", "1"),
        Health.HTTP,
        starts=3,
        stops=1,
        health_path="/stream/health/",
        port="streams_port",
    ),
    *(match_worker(number) for number in range(MATCH_QUEUES)),
    Process("jobs", _worker("jobs", "jobs", "--pool", "prefork"), Health.CELERY, starts=3, stops=1, queue="jobs"),
    Process(
        "beat",
        (
            *("{python}", "-m", "celery", "-A", "config", "beat", "--scheduler", "celery.beat:PersistentScheduler"),
            *("--schedule", "{state}/beat/schedule", "--pidfile", "{state}/beat/pid", "--loglevel", "INFO"),
        ),
        Health.ALIVE,
        starts=3,
        stops=1,
    ),
    Process(
        "bank",
        ("{python}", "-m", "simulators.bank"),
        Health.HTTP,
        starts=3,
        stops=1,
        health_path="/health",
        port="bank_port",
        demonstration_only=True,
    ),
    Process(
        "tax",
        ("{python}", "-m", "simulators.tax"),
        Health.HTTP,
        starts=3,
        stops=1,
        health_path="/health",
        port="tax_port",
        demonstration_only=True,
    ),
    Process(
        "traffic",
        ("{python}", "-m", "simulators.counterparties"),
        Health.ALIVE,
        starts=4,
        stops=1,
        demonstration_only=True,
    ),
)


def named(name: str) -> Process:
    """Return the row of that name. Raises KeyError."""
    for process in PROCESSES:
        if process.name == name:
            return process
    raise KeyError(name)
