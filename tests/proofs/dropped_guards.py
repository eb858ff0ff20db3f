"""Each named guard of every room is dropped in turn, and the refusal tests of its room must notice.

A test that stays green without its guard proves nothing. `python -m tests.proofs.dropped_guards [SAMPLE]`: with a number,
that many guards, spread over all, another choice each day.
"""

import os
import subprocess
import sys
from datetime import UTC, datetime

from config.environment import BASE_DIR
from ops import postgres
from tests import database
from tests.attacks import guards_of
from tests.proofs import record

ROOMS = ("settlement", "exchange", "registry", "accounts", "rulebook", "inclusion")
LIMIT_SECONDS = 240


def tests_of(table: str) -> str:
    """Return the refusal tests of the room that a table belongs to."""
    return f"tests/{table.partition('_')[0]}/test_refusals.py"


def refusals_notice(admin_url: str, tests: str, drop: str) -> bool:
    """Tell whether the refusal tests turn red in a copy of the template without one guard."""
    template = f"without_{os.getpid()}"
    postgres.create_from_template(admin_url, template, database.TEMPLATE)
    try:
        if drop:
            postgres.execute(postgres.with_role(postgres.with_database(admin_url, template), postgres.OWNER_ROLE), drop)
        done = subprocess.run(
            [sys.executable, "-m", "pytest", "-q", "-x", "-n0", tests],
            cwd=BASE_DIR,
            env={**os.environ, "TEST_SERVER": admin_url, "TEST_TEMPLATE": template},
            capture_output=True,
            text=True,
            timeout=LIMIT_SECONDS,
        )
    finally:
        postgres.drop_database(admin_url, template)
    if done.returncode not in (0, 1):  # Neither green nor red: the tests did not run.
        raise RuntimeError(done.stdout[-2000:] + done.stderr[-2000:])
    return done.returncode == 1


def main(sample: int | None = None) -> int:
    """Return 0 when every guard that was dropped turned a test red, and the tests are green with all of them."""
    cluster = database.start()
    try:
        url = cluster.url()
        template = postgres.with_database(url, database.TEMPLATE)
        guards = [
            guard for room in ROOMS for guard in guards_of(lambda statement: postgres.fetch(template, statement), room)
        ]
        if sample is not None:
            step = max(1, len(guards) // sample)
            guards = guards[datetime.now(UTC).toordinal() % step :: step][:sample]
        with_all = sorted({tests_of(table) for table, _, _ in guards})
        green = not any(refusals_notice(url, tests, "") for tests in with_all)
        unnoticed = []
        for number, (table, name, drop) in enumerate(guards, start=1):
            noticed = refusals_notice(url, tests_of(table), drop)
            print(f"{number}/{len(guards)} {table} {name}: {'red' if noticed else 'STAYS GREEN'}", file=sys.stderr)
            if not noticed:
                unnoticed.append(name)
    finally:
        postgres.remove_private(cluster)
    holds = green and not unnoticed
    if sample is None:
        record("dropped-guards", holds=holds, dropped=len(guards), unnoticed=unnoticed, green_with_all=green)
    return 0 if holds else 1


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else None))
