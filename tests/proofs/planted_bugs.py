"""Bugs of the kind that lose or double something are planted one at a time, and a few named tests must turn red.

A green run of tests that were never red says nothing. Each bug is a small change of the text of one file in a copy of the
tree; `python -m tests.proofs.planted_bugs [NAME…]` plants all or the named ones and records what was noticed.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from config.environment import BASE_DIR
from ops import postgres
from tests import database
from tests.proofs import record

LIMIT_SECONDS = 240
LEFT_OUT = (".git", ".venv", ".run", ".*_cache", "__pycache__", "node_modules", ".hypothesis")


@dataclass(frozen=True)
class Bug:
    """One change of a file, `old` for `new`, and the tests that have to notice."""

    name: str
    file: str
    old: str
    new: str
    tests: tuple[str, ...]
    limit_seconds: int = LIMIT_SECONDS  # Tests that do not end by then were noticed by whoever waits for them.

    def planted(self, text: str) -> str:
        """Return the file's text with the bug in it. Raises ValueError when the code has moved on."""
        if text.count(self.old) != 1:
            raise ValueError(f"{self.name}: {self.file} has {text.count(self.old)} places for it: {self.old!r}")
        return text.replace(self.old, self.new)


BUGS = (
    Bug(
        "holdings are not locked",
        "settlement/services/entries.py",
        "WHERE h.id = ANY (%s) ORDER BY h.id FOR UPDATE OF h",
        "WHERE h.id = ANY (%s) ORDER BY h.id",
        (
            "tests/settlement/test_races.py",
            "tests/settlement/test_race_pairs.py::test_a_serial_order_explains_two_verbs_at_once",
        ),
    ),
    Bug(
        "a request's key is ignored",
        "accounts/services/requests.py",
        "first = IdempotencyRecord.objects.filter(actor_key=actor_key, key=key).first()",
        "first = None",
        ("tests/accounts/test_api.py",),
    ),
    Bug(
        "an entry's key is used for another content",
        "settlement/services/entries.py",
        "if first_content != content:",
        "if False:",
        ("tests/settlement/test_ledger.py",),
    ),
    Bug(
        "the payment order is left out of a withdrawal",
        "settlement/services/withdrawals.py",
        "    PaymentOrder.objects.create(withdrawal=withdrawal, next_at=at)",
        "    assert PaymentOrder",
        ("tests/settlement/test_bank.py",),
    ),
    Bug(
        "payment orders are polled by their number",
        "settlement/queries/money.py",
        'rows = PaymentOrder.objects.filter(done_at__isnull=True, next_at__lte=at).order_by("next_at", "pk")\n'
        '    return list(rows.values_list("pk", flat=True)[:limit])',
        'last = getattr(due_payment_orders, "last", 0)\n'
        '    rows = PaymentOrder.objects.filter(pk__gt=last).order_by("pk").values_list("pk", flat=True)[:limit]\n'
        "    due_payment_orders.last = max([last, *rows])\n"
        "    return list(rows)",
        ("tests/settlement/test_bank.py",),
    ),
    Bug(
        "a split block ends one serial too late",
        "settlement/rules/moves.py",
        "pieces.append(Piece(block_id, last - wanted + 1, last, take.holding_id, take.entry_id))",
        "pieces.append(Piece(block_id, last - wanted, last, take.holding_id, take.entry_id))",
        ("tests/settlement/test_rules.py",),
    ),
    Bug(
        "the seller's fee is taken from the buyer",
        "settlement/rules/trades.py",
        "NewLeg(cash_id, seller_money, fees, trade.seller_fee_fen)",
        "NewLeg(cash_id, buyer_held, fees, trade.seller_fee_fen)",
        ("tests/settlement/test_ledger.py",),
    ),
    Bug(
        "a cancelled order keeps what it holds",
        "exchange/services/match_orders.py",
        "        run.releases.append((key, order, surplus))",
        "        assert key",
        ("tests/exchange/test_matching.py",),
    ),
    Bug(
        "a transfer is approved without its digest",
        "settlement/services/transfers.py",
        "if not digest == row.digest == digest_of(row):",
        "if False:",
        ("tests/settlement/test_transfers.py", "tests/settlement/test_transfer_edges.py"),
    ),
    Bug(
        "a trade has the taker's price",
        "exchange/rules/book.py",
        "fills.append(Fill(maker.id, taker.id, price, quantity))\n            touched",
        "fills.append(Fill(maker.id, taker.id, taker.price or price, quantity))\n            touched",
        ("tests/exchange/test_matching.py", "tests/exchange/test_book.py"),
    ),
    Bug(
        "a release does not name its lift",
        "settlement/services/holds.py",
        "        lift_id=lift.pk,\n        maker_id=lift.asked_by_id,",
        "        lift_id=None,\n        maker_id=lift.asked_by_id,",
        ("tests/settlement/test_holds.py",),
    ),
    Bug(
        "one person asks for a release and decides on it",
        "settlement/services/holds.py",
        "if lift.asked_by_id == actor.user_id:",
        "if False:",
        ("tests/settlement/test_holds.py",),
    ),
    Bug(
        "an event is matched again",
        "exchange/services/matching.py",
        "sequence__gt=state.sequence",
        "sequence__gte=state.sequence",
        ("tests/exchange/test_matching.py",),
    ),
    Bug(
        "a book goes on after its rows were rolled back",
        "exchange/services/matching.py",
        "        _KEPT.pop(kept_as, None)  # The book has moved on, the rows have not.\n",
        "",
        ("tests/exchange/test_matching.py",),
    ),
)


@contextmanager
def copy_of_tree() -> Iterator[Path]:
    """Give a copy of the tree to plant bugs in, without what is made or fetched; it is removed afterwards."""
    with tempfile.TemporaryDirectory(prefix="tanhui-planted-") as folder:
        tree = Path(folder) / "tree"
        shutil.copytree(BASE_DIR, tree, ignore=shutil.ignore_patterns(*LEFT_OUT), symlinks=True)
        yield tree


def is_noticed(bug: Bug, tree: Path, admin_url: str) -> bool:
    """Plant one bug in the copy, tell whether its tests turn red, and take it out again."""
    path = tree / bug.file
    text = path.read_text(encoding="utf-8")
    path.write_text(bug.planted(text), encoding="utf-8")
    try:
        return not _is_green(tree, bug.tests, admin_url, bug.limit_seconds)
    except subprocess.TimeoutExpired:
        return True
    finally:
        path.write_text(text, encoding="utf-8")


def _is_green(tree: Path, tests: Sequence[str], admin_url: str, limit_seconds: int = LIMIT_SECONDS) -> bool:
    # No compiled files, which do not tell two texts of one second apart; no CI, which wants data beside the tree.
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-x", "-n0", "-p", "no:cacheprovider", *tests],
        cwd=tree,
        env={**os.environ, "TEST_SERVER": admin_url, "PYTHONDONTWRITEBYTECODE": "1", "CI": ""},
        capture_output=True,
        text=True,
        timeout=limit_seconds,
    )
    if done.returncode not in (0, 1):  # Neither green nor red: the tests did not run.
        raise RuntimeError(done.stdout[-2000:] + done.stderr[-2000:])
    return done.returncode == 0


def plant(all_bugs: Sequence[Bug], names: Sequence[str], *, claim: str) -> int:
    """Plant all bugs, or the named ones; return 0 when each turned a test red, and the same tests are green without.

    claim: under which name the result of all of them is recorded.
    """
    bugs = [bug for bug in all_bugs if not names or bug.name in names]
    cluster = database.start()
    try:
        with copy_of_tree() as tree:
            green = _is_green(tree, sorted({test for bug in bugs for test in bug.tests}), cluster.url())
            unnoticed = []
            for bug in bugs:
                noticed = is_noticed(bug, tree, cluster.url())
                print(f"{bug.name}: {'red' if noticed else 'STAYS GREEN'}", file=sys.stderr, flush=True)
                if not noticed:
                    unnoticed.append(bug.name)
    finally:
        postgres.remove_private(cluster)
    holds = green and not unnoticed and bool(bugs)
    if not names:
        record(claim, holds=holds, planted=len(bugs), unnoticed=unnoticed, green_without=green)
    return 0 if holds else 1


if __name__ == "__main__":
    sys.exit(plant(BUGS, sys.argv[1:], claim="planted-bugs"))
