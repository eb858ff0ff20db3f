"""Whatever a superuser changes, the stand-alone verifier finds it and says where, without our database.

Five hundred are tried (`TAMPERINGS` says another number); the seed is printed with a failure and set by `TAMPER_SEED`.
"""

import io
import json
import os
import random
import subprocess
import sys
from importlib.util import module_from_spec, spec_from_file_location

import psycopg2
import pytest

from config.environment import BASE_DIR
from ops import postgres
from rulebook.queries import now
from settlement import queries, services
from settlement.models import LogHead
from settlement.queries.log_export import write_parts
from settlement.rules import TradeToSettle
from tests.settlement.makers import an_organisation, give_money, issue
from tests.settlement.tamperings import Tamperer
from tests.settlement.test_log import SIGNER, seal_all
from tests.settlement.transfer_makers import World

SCRIPT = BASE_DIR / "static" / "verify" / "tanhui_log.py"
TAMPERINGS = int(os.environ.get("TAMPERINGS", "500"))
SEED = int(os.environ.get("TAMPER_SEED", "0")) or random.SystemRandom().randrange(10**6)


def verifier():
    """Return the script as a module: what is tried hundreds of times has no process of its own."""
    spec = spec_from_file_location("tanhui_log", SCRIPT)
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def log(shared_database):
    """A ledger with all kinds of acts, sealed under several heads; the notes that an outsider kept; and the key."""
    at = now()
    due, queries.head_is_due = queries.head_is_due, lambda every_seconds: True
    try:
        notes = []
        seller, buyer = an_organisation(at=at), an_organisation(at=at)
        batch = issue(seller, 400, at, buffer_units=40)
        give_money(buyer, 1_000_000, at)
        for number in range(12):
            services.hold_units_for_order(
                key=f"s{number}", organisation_id=seller, asset_id=batch.asset_id, units=5, at=at
            )
            services.hold_cash_for_order(key=f"b{number}", organisation_id=buyer, fen=600, at=at)
            settle(number + 1, batch, buyer, seller, at)
            if number % 4 == 3:
                notes.append(seal_and_sign(at))
        retire(seller, batch, at)
        world = World(at)
        world.executed(units=4, basis_number="1")
        world.approved(units=5, basis_number="2")
        notes.append(seal_and_sign(at))
        return {"notes": notes, "key": SIGNER.verifier_key, "module": verifier()}
    finally:
        queries.head_is_due = due


def settle(number, batch, buyer, seller, at):
    from django.db import transaction

    with transaction.atomic():
        services.settle_trades(
            trades=[TradeToSettle(number, batch.asset_id, 5, 100, buyer, seller, 500, 3, 3, 97)], at=at
        )


def retire(seller, batch, at):
    services.retire_units(
        key="r",
        organisation_id=seller,
        asset_id=batch.asset_id,
        units=7,
        at=at,
        maker_id=None,
        checker_id=None,
        basis="",
    )


def seal_and_sign(at):
    seal_all()
    services.sign_head(signer=SIGNER, origin="tanhui.test/log", at=at)
    return LogHead.objects.order_by("-pk").first().note


@pytest.fixture
def superuser(shared_database, admin_url):
    connection = psycopg2.connect(postgres.with_database(admin_url, shared_database))
    try:
        with connection.cursor() as cursor:
            yield cursor
    finally:
        connection.close()


def exported(cursor):
    file = io.BytesIO()
    write_parts(file, cursor)
    file.seek(0)
    return file


def test_an_honest_log_is_found_in_order(log, superuser):
    answer = log["module"].check_export(exported(superuser), [log["key"]], log["notes"])
    assert answer["problems"] == []
    assert (answer["status"], answer["waiting"], answer["kept_heads"]) == ("ok", 0, 4)
    assert answer["leaves"] == answer["entries"] > 40


def test_what_waits_for_its_place_is_no_problem(log, superuser):
    superuser.execute("SET session_replication_role = replica")
    superuser.execute(
        """WITH last AS (DELETE FROM settlement_logposition
                         WHERE position > (SELECT max(size) FROM settlement_loghead) - 3 RETURNING leaf_id)
           INSERT INTO settlement_logqueue SELECT leaf_id FROM last"""
    )
    superuser.execute("DELETE FROM settlement_loghead WHERE size = (SELECT max(size) FROM settlement_loghead)")
    answer = log["module"].check_export(exported(superuser), [log["key"]], log["notes"][:-1])
    superuser.connection.rollback()
    assert (answer["problems"], answer["waiting"]) == ([], 2)


def test_random_tampering_is_found_where_it_was_done(log, superuser):
    chance = random.Random(SEED)
    tried: dict[str, int] = {}
    for number in range(TAMPERINGS):
        name, place = Tamperer(superuser, chance).one()
        answer = log["module"].check_export(exported(superuser), [log["key"]], log["notes"])
        superuser.connection.rollback()
        said = f"seed {SEED}, tampering {number}: {name} at {place}"
        assert answer["status"] == "broken", f"not found: {said}"
        assert any(place.is_named_by(one) for one in answer["problems"]), f"not located: {said}: {answer['problems']}"
        tried[name] = tried.get(name, 0) + 1
    if TAMPERINGS >= 300:
        assert len(tried) == len(Tamperer(superuser, chance).kinds)


def test_the_script_alone_says_so_too(log, superuser, tmp_path):
    file, note = tmp_path / "log.zip", tmp_path / "head.txt"
    note.write_text(log["notes"][0], encoding="utf-8")

    def run():
        file.write_bytes(exported(superuser).getvalue())
        return subprocess.run(
            [sys.executable, "-I", str(SCRIPT), "export", str(file), "--key", log["key"], "--head", str(note)],
            capture_output=True,
            text=True,
            timeout=60,
            env={},
        )

    honest = run()
    assert (honest.returncode, json.loads(honest.stdout)["status"]) == (0, "ok"), honest.stderr
    superuser.execute("SET LOCAL session_replication_role = replica")
    superuser.execute("UPDATE settlement_leg SET units = units + 1 WHERE id = (SELECT min(id) FROM settlement_leg)")
    broken = run()
    superuser.connection.rollback()
    assert (broken.returncode, json.loads(broken.stdout)["status"]) == (1, "broken")
    file.write_bytes(b"no zip")
    unreadable = subprocess.run(
        [sys.executable, "-I", str(SCRIPT), "export", str(file), "--key", log["key"]],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (unreadable.returncode, unreadable.stdout) == (2, "")
    assert "error" in json.loads(unreadable.stderr)


def test_another_key_opens_no_head(log, superuser):
    stranger = log["key"][:-6] + "AAAAA="
    answer = log["module"].check_export(exported(superuser), [stranger], [])
    assert {"head is not signed by the key", "no signed head"} <= {one["what"] for one in answer["problems"]}
