"""Every planted bug fits the present code, and one of them, another each day, is noticed."""

from datetime import UTC, datetime

import pytest

from config.environment import BASE_DIR
from tests.proofs.planted_bugs import BUGS, Bug, copy_of_tree, is_noticed


@pytest.mark.parametrize("bug", BUGS, ids=[bug.name for bug in BUGS])
def test_a_bug_can_be_planted_in_the_present_code(bug: Bug):
    text = (BASE_DIR / bug.file).read_text(encoding="utf-8")
    planted = bug.planted(text)
    assert planted != text
    compile(planted, bug.file, "exec")
    assert all((BASE_DIR / test.partition("::")[0]).is_file() for test in bug.tests)


def test_the_bug_of_the_day_is_noticed(admin_url):
    bug = BUGS[datetime.now(UTC).toordinal() % len(BUGS)]
    with copy_of_tree() as tree:
        assert is_noticed(bug, tree, admin_url), f"{bug.tests} stay green although {bug.name}"
