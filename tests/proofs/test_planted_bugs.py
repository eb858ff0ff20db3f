"""Every planted bug fits the present code, and one of them, another each day, is noticed."""

from datetime import UTC, datetime

import pytest

from config.environment import BASE_DIR
from tests.proofs.engine_mutants import MUTANTS
from tests.proofs.planted_bugs import BUGS, Bug, copy_of_tree, is_noticed

ALL = (*BUGS, *MUTANTS)


@pytest.mark.parametrize("bug", ALL, ids=[bug.name for bug in ALL])
def test_a_bug_can_be_planted_in_the_present_code(bug: Bug):
    text = (BASE_DIR / bug.file).read_text(encoding="utf-8")
    planted = bug.planted(text)
    assert planted != text
    compile(planted, bug.file, "exec")
    assert all((BASE_DIR / test.partition("::")[0]).is_file() for test in bug.tests)


@pytest.mark.parametrize("bugs", [BUGS, MUTANTS], ids=["bug", "mutant"])
def test_the_bug_and_the_mutant_of_the_day_are_noticed(admin_url, bugs):
    bug = bugs[datetime.now(UTC).toordinal() % len(bugs)]
    with copy_of_tree() as tree:
        assert is_noticed(bug, tree, admin_url), f"{bug.tests} stay green although {bug.name}"
