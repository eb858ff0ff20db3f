"""The host's clock as the processes of a platform see it, put to an hour of the week: to them it is the true one.

The library of the package libfaketime is loaded in front of the C library (no module of it is imported). It shifts what
a process reads from the clock by a fixed number of seconds, so that all of them, PostgreSQL too, agree at every moment,
as on a host whose clock stands there; durations are real. Whoever calls the platform keeps the machine's own clock.
"""

import importlib.util
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

from rulebook.rules import beijing

SUNDAY = 7


def next_sunday_at(hour: int) -> datetime:
    """Return the next Sunday at this full hour in Beijing."""
    now = beijing(datetime.now(UTC))
    sunday = now + timedelta(days=(SUNDAY - now.isoweekday()) % 7 or 7)
    return sunday.replace(hour=hour, minute=0, second=0, microsecond=0)


def set_to(at: datetime, folder: Path) -> dict[str, str]:
    """Return what a process needs in its environment to find the host's clock at `at` now, and running on.

    folder: where the library is put, readable to every user: the database's may not look into this checkout.
    """
    package = importlib.util.find_spec("libfaketime")
    assert package is not None, "the package libfaketime is not installed"
    assert package.origin is not None
    library = folder / "libfaketime.so.1"
    shutil.copyfile(Path(package.origin).parent / "vendor/libfaketime/src/libfaketime.so.1", library)
    library.chmod(0o644)
    return {
        "LD_PRELOAD": str(library),
        "FAKETIME": f"{(at - datetime.now(UTC)).total_seconds():+.0f}s",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        "NO_FAKE_STAT": "1",
    }
