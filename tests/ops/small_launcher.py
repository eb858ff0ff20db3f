"""The launcher with a small table and no migrations: `python -m tests.ops.small_launcher`, for tests of the launcher.

Everything that starts, watches and stops is the launcher's own. SMALL_BROKEN=1: the bank says a word and ends.
"""

import os
import sys
from dataclasses import replace

from ops import launcher
from ops.platform import Platform
from ops.processes import Process, named


def rows() -> list[Process]:
    bank = named("bank")
    if os.environ.get("SMALL_BROKEN") == "1":
        bank = replace(bank, command=("{python}", "-c", "print('the last words'); raise SystemExit(3)"))
    return [bank, named("match-0")]


launcher.rows_wanted = rows
Platform.migrate = lambda self: None
Platform.collect_static_files = lambda self: None
Platform.knows = lambda self, command: False
sys.exit(launcher.demo())
