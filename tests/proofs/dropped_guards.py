"""Each named guard of every room is dropped in turn, and its attack must miss it: a test green without its guard proves nothing.

The tests do it themselves in every run (`test_a_guard_is_missed_when_it_is_dropped` in tests/*/test_*refusals.py), each in a
transaction that is rolled back. `python -m tests.proofs.dropped_guards` runs these alone and records how many there were.
"""

import subprocess
import sys
import tempfile
from pathlib import Path
from xml.etree import ElementTree

from config.environment import BASE_DIR
from tests.proofs import record

LIMIT_SECONDS = 900
SELECTED = "refused_by_the_guard or refused_by_its_guard or is_missed_when_it_is_dropped or every_guard_of_the_room"


def run() -> dict[str, object]:
    """Run the refusal tests of all rooms and return what they counted."""
    files = sorted(str(path.relative_to(BASE_DIR)) for path in (BASE_DIR / "tests").glob("*/test_*refusals.py"))
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.xml"
        command = [sys.executable, "-m", "pytest", "-q", "-n0", "-k", SELECTED, f"--junitxml={report}"]
        command += ["-o", "junit_family=xunit1", *files]  # The other has no properties.
        done = subprocess.run(command, cwd=BASE_DIR, capture_output=True, text=True, timeout=LIMIT_SECONDS)
        if done.returncode not in (0, 1):  # Neither green nor red: the tests did not run.
            raise RuntimeError(done.stdout[-2000:] + done.stderr[-2000:])
        cases = list(ElementTree.parse(report).getroot().iter("testcase"))
    red = [case for case in cases if case.find("failure") is not None or case.find("error") is not None]
    dropped = [case for case in cases if "is_missed_when_it_is_dropped" in case.get("name", "")]
    guards = {
        case.get("classname", "").split(".")[1]: int(one.get("value", ""))
        for case in cases
        for one in case.iter("property")
        if one.get("name") == "guards"
    }
    return {
        "guards": sum(guards.values()),
        "guards_by_room": guards,
        "dropped_for_attacks": len(dropped),
        "missed": len(dropped) - len([case for case in red if case in dropped]),
        "red": [f"{case.get('classname')} {case.get('name')}" for case in red],
    }


def main() -> int:
    """Return 0 when every guard has attacks that it refuses, and that miss it when it is dropped."""
    figures = run()
    holds = not figures["red"] and bool(figures["guards"]) and figures["missed"] == figures["dropped_for_attacks"]
    return 0 if record("dropped-guards", holds=holds, **figures) else 1


if __name__ == "__main__":
    sys.exit(main())
