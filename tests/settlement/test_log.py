"""The transparency log: every act has its leaf, leaves get their places in the order of commits, heads are signed."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
import threading
import time
import zipfile

import pytest
from django.core.management import call_command
from django.db import IntegrityError, ProgrammingError, connection, transaction

from accounts.rules import NOBODY, Role
from config.environment import BASE_DIR
from settlement import queries, services
from settlement.errors import HeadNotThere, LeafNotSealed, LeafNotThere
from settlement.models import Entry, LogHead, LogLeaf, LogPosition, LogQueue
from settlement.rules import merkle
from settlement.rules.seals import TREE, Signer, opened
from tests.accounts.makers import a_person, signed_in_as
from tests.concurrency import started
from tests.settlement.makers import an_organisation, give_money, issue, of_organisation

SCRIPT = BASE_DIR / "static" / "verify" / "tanhui_log.py"
# One more leg like the one of an entry.
AGAIN = """
    INSERT INTO settlement_leg (entry_id, asset_id, debited_id, credited_id, units)
    SELECT entry_id, asset_id, debited_id, credited_id, 1 FROM settlement_leg WHERE entry_id = %s"""
SIGNER = Signer(name="tanhui.test/log", secret=base64.b64encode(bytes(range(32))).decode())


def sign(at, *, at_once=True):
    if at_once:  # The rhythm is the server's: let the newest head be of an hour ago.
        assert queries.head_is_due(every_seconds=0)
    return services.sign_head(signer=SIGNER, origin="tanhui.test/log", at=at)


def seal_all():
    """Seal until nothing waits: on a shared server, other databases' transactions hold the horizon for a moment."""
    sealed, until = 0, time.monotonic() + 60
    while queries.waiting_leaves():
        sealed += services.seal_leaves()
        assert time.monotonic() < until, "leaves still wait after a minute"
    return sealed


@pytest.fixture
def every_second(monkeypatch):
    """Heads may be signed as often as they are asked for."""
    monkeypatch.setattr(queries, "head_is_due", lambda every_seconds: True)


@pytest.fixture
def seller(committed, at):
    return an_organisation(at=at)


@pytest.fixture
def batch(seller, at):
    return issue(seller, 100, at)


def said_of(entry_id):
    return json.loads(LogLeaf.objects.get(entry_id=entry_id).text)


def test_every_entry_leaves_a_leaf_that_says_all_of_it(seller, batch, at):
    entry = services.hold_units_for_order(key="one", organisation_id=seller, asset_id=batch.asset_id, units=30, at=at)
    said = said_of(entry)

    assert (said["kind"], said["key"]) == ("hold", "one")
    assert said["legs"] == [[batch.asset_id, seller, "available", seller, "held_for_orders", 30]]
    assert [row[:5] for row in said["serials"]] == [said["legs"][0][:5]]
    assert sum(last - first + 1 for *_, first, last in said["serials"]) == 30
    assert set(Entry.objects.values_list("pk", flat=True)) == set(LogLeaf.objects.values_list("entry_id", flat=True))


def test_leaves_get_their_places_once_and_the_tree_is_that_of_the_definition(seller, batch, at):
    give_money(seller, 1000, at)
    waiting = queries.waiting_leaves()
    assert services.seal_leaves(most=2) <= 2
    seal_all()
    assert services.seal_leaves() == 0

    places = list(LogPosition.objects.select_related("leaf").order_by("position"))
    assert [one.position for one in places] == list(range(waiting))
    assert [bytes(one.hash) for one in places] == [TREE.leaf(one.leaf.text.encode()) for one in places]
    assert not LogQueue.objects.exists()
    assert queries.broken_invariants()["L1"]["broken"] == []


def elsewhere(call):
    """Return what `call` returns over another connection."""
    running = started(call).join()
    assert running.error is None, running.error
    return running.result


def test_a_leaf_of_a_transaction_that_commits_late_is_not_passed_over(seller, batch, at):
    seal_all()
    with transaction.atomic():  # Its ids are given now; the other one commits before it.
        late = services.hold_units_for_order(
            key="late", organisation_id=seller, asset_id=batch.asset_id, units=1, at=at
        )
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        elsewhere(lambda: give_money(seller, 500, at))
        assert elsewhere(services.seal_leaves) == 0  # Something may still come before it.
    assert seal_all() == 2
    first, second = LogPosition.objects.order_by("-position").values_list("leaf__entry__kind", flat=True)[:2][::-1]
    assert (first, second) == ("hold", "deposit")
    assert LogPosition.objects.filter(leaf__entry_id=late).exists()


def test_who_began_first_and_waited_for_another_comes_after_it(seller, batch, at):
    """Places follow the order in which acts could rest on each other, not that in which transactions began."""
    seal_all()
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_current_xact_id()")  # It begins now; the other one is done before it goes on.
        hold = {"organisation_id": seller, "asset_id": batch.asset_id, "units": 7, "at": at}
        first = elsewhere(lambda: services.hold_units_for_order(key="first", **hold))
        second = services.release_units_of_order(key="second", **hold)  # Of the very units that the other one held.
    assert seal_all() == 2
    assert list(LogPosition.objects.order_by("-position").values_list("leaf__entry_id", flat=True)[:2]) == [
        second,
        first,
    ]


def test_what_rests_on_an_act_that_must_wait_waits_with_it(seller, batch, at):
    """A third transaction began between the two: it holds the horizon there, and the first of them could go ahead."""
    seal_all()
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_current_xact_id()")
        go_on = threading.Event()

        def third():
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute("SELECT pg_current_xact_id()")
                has_begun.set()
                go_on.wait(60)

        has_begun = threading.Event()
        between = started(third)
        assert has_begun.wait(60)
        hold = {"organisation_id": seller, "asset_id": batch.asset_id, "units": 7, "at": at}
        first = elsewhere(lambda: services.hold_units_for_order(key="first", **hold))
        second = services.release_units_of_order(key="second", **hold)
    assert services.seal_leaves() == 0
    go_on.set()
    between.join()
    assert seal_all() == 2
    assert list(LogPosition.objects.order_by("-position").values_list("leaf__entry_id", flat=True)[:2]) == [
        second,
        first,
    ]


def wait_for_horizon():
    """Return when a leaf could be sealed: another database's transaction may hold the horizon for a moment."""
    until = time.monotonic() + 60
    ready = """SELECT FROM settlement_logqueue q JOIN settlement_logleaf f ON f.id = q.leaf_id
               WHERE f.transaction_id < pg_snapshot_xmin(pg_current_snapshot())"""
    while True:
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT EXISTS ({ready})")
            if cursor.fetchone()[0]:
                return
        assert time.monotonic() < until, "no leaf could be sealed within a minute"
        time.sleep(0.05)


def test_two_sealers_at_once_give_each_leaf_one_place(seller, batch, at):
    wait_for_horizon()
    with transaction.atomic():
        assert services.seal_leaves() > 0
        assert elsewhere(services.seal_leaves) == 0
    seal_all()
    assert queries.broken_invariants()["L1"]["broken"] == []


def test_nothing_is_added_to_an_act_that_was_judged_early(seller, batch, at):
    """A transaction may have its deferred checks made early; what it then adds would be in no leaf, and unchecked."""
    hold = {"organisation_id": seller, "asset_id": batch.asset_id, "units": 30, "at": at}
    with transaction.atomic(), connection.cursor() as cursor:
        entry = services.hold_units_for_order(key="one", **hold)
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        with pytest.raises(IntegrityError, match="judged and logged"), transaction.atomic():
            cursor.execute(AGAIN, [entry])


def test_a_head_is_signed_in_its_rhythm_and_opens_with_the_key(seller, batch, at):
    seal_all()
    assert sign(at) == queries.log_size()
    assert services.sign_head(signer=SIGNER, origin="tanhui.test/log", at=at) is None  # Not due for a minute.
    head = queries.latest_head()
    said = opened(head.note, queries.verifier_keys()[0].verifier_key)
    assert (said.size, said.root) == (head.size, bytes(head.root))
    assert queries.broken_invariants()["L1"]["broken"] == []


def test_two_signers_at_once_sign_one_head(seller, batch, at, every_second):
    seal_all()
    with transaction.atomic():
        assert sign(at, at_once=False) == queries.log_size()
        assert elsewhere(lambda: sign(at, at_once=False)) is None
    assert LogHead.objects.count() == 1


def test_every_place_and_every_pair_of_heads_is_proved(seller, batch, at, every_second):
    for number in range(6):
        services.hold_units_for_order(key=f"{number}", organisation_id=seller, asset_id=batch.asset_id, units=1, at=at)
        seal_all()
        sign(at, at_once=False)
    sizes = list(LogHead.objects.order_by("pk").values_list("size", flat=True))
    roots = {head.size: bytes(head.root) for head in LogHead.objects.all()}
    for size in sizes:
        for leaf in LogLeaf.objects.filter(pk__in=LogPosition.objects.filter(position__lt=size).values("leaf")):
            proof = queries.inclusion_proof(NOBODY, subject=leaf.subject, size=size)
            assert merkle.included(
                leaf=proof.leaf_hash, position=proof.position, size=size, path=proof.path, root=roots[size], tree=TREE
            )
        for old in sizes:
            if old <= size:
                proof = queries.consistency_proof(old=old, new=size)
                assert merkle.consistent(
                    old=old, new=size, old_root=roots[old], new_root=roots[size], path=proof.path, tree=TREE
                )


def test_what_is_not_there_or_not_sealed_is_said(seller, batch, at):
    entry = services.hold_units_for_order(key="one", organisation_id=seller, asset_id=batch.asset_id, units=1, at=at)
    with pytest.raises(LeafNotThere):
        queries.inclusion_proof(NOBODY, subject="entry:987654321")
    with pytest.raises(LeafNotSealed):
        queries.inclusion_proof(NOBODY, subject=f"entry:{entry}")
    seal_all()
    sign(at)
    assert queries.inclusion_proof(NOBODY, subject=f"entry:{entry}").size == queries.log_size()
    for old, new in ((0, 1), (1, 2), (2, 1), (queries.log_size(), 10**9)):
        with pytest.raises(HeadNotThere):
            queries.consistency_proof(old=old, new=new)


def test_the_text_of_a_leaf_is_read_by_its_holder_and_by_who_watches(seller, batch, at):
    entry = services.hold_units_for_order(key="one", organisation_id=seller, asset_id=batch.asset_id, units=1, at=at)
    seal_all()
    sign(at)
    subject = f"entry:{entry}"
    stranger = of_organisation(an_organisation(at=at))
    auditor = a_person(Role.AUDITOR, at=at)
    assert [
        bool(queries.inclusion_proof(actor, subject=subject).text)
        for actor in (NOBODY, stranger, of_organisation(seller), auditor)
    ] == [False, False, True, True]


def test_the_app_cannot_lay_a_leaf_of_its_own(seller, at):
    with (
        pytest.raises(ProgrammingError, match="permission denied"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(
            "INSERT INTO settlement_logleaf (subject, salt, text) VALUES ('entry:1', gen_random_uuid(), '{}')"
        )


# -- over the API and on the page


@pytest.fixture
def signed_log(seller, batch, at):
    entry = services.hold_units_for_order(key="one", organisation_id=seller, asset_id=batch.asset_id, units=1, at=at)
    seal_all()
    sign(at)
    return entry


def test_a_proof_from_the_api_is_checked_by_the_script(signed_log, client, tmp_path):
    proof = client.get("/api/v1/log/proofs/", {"subject": f"entry:{signed_log}"}).json()
    keys = client.get("/api/v1/log/keys/").json()["results"]
    heads = client.get("/api/v1/log/heads/").json()["results"]

    assert (proof["text"], proof["size"]) == ("", heads[0]["size"])
    for change, status in (({}, 0), ({"position": proof["position"] - 1}, 1), ({"leaf_hash": "00" * 32}, 1)):
        file = tmp_path / "proof.json"
        file.write_text(json.dumps(proof | change))
        done = subprocess.run(
            [sys.executable, "-I", str(SCRIPT), "proof", str(file), "--key", keys[0]], capture_output=True, timeout=60
        )
        assert done.returncode == status, done.stderr


@pytest.mark.parametrize(
    ("path", "wanted", "status", "code"),
    [
        ("proofs", {"subject": "entry:987654321"}, 404, "not_found"),
        ("proofs", {"subject": "entry:1", "size": "10000000"}, 404, "not_found"),
        ("proofs", {"subject": "x" * 81}, 422, "invalid_field"),
        ("proofs", {"subject": "entry:1", "size": "0"}, 422, "invalid_field"),
        ("proofs", {"subject": "entry:1", "leaf": "1"}, 400, "unknown_filter"),
        ("proofs", {"subject": "entry:\0"}, 404, "not_found"),
        ("consistency", {"old": "1", "new": str(2**63)}, 422, "invalid_field"),
        ("consistency", {"old": "9999", "new": "1"}, 404, "not_found"),
    ],
)
def test_what_cannot_be_proved_is_answered(signed_log, client, path, wanted, status, code):
    answer = client.get(f"/api/v1/log/{path}/", wanted)
    assert (answer.status_code, answer.json()["code"]) == (status, code)


def test_the_page_proves_an_act_before_ones_eyes(signed_log, client):
    page = client.get("/log/", {"subject": str(signed_log)})
    assert page.status_code == 200
    assert page.context["proof"]["holds"]
    assert "已入日志" in page.content.decode()
    unknown = client.get("/log/", {"subject": "entry:987654321"})
    assert (unknown.status_code, "problem" in unknown.context) == (200, True)
    assert client.get("/log/", {"subject": "entry:\0"}).status_code == 200


def test_the_newest_note_is_downloaded_to_the_byte(signed_log, client):
    note = LogHead.objects.latest("pk").note
    answer = client.get("/log/note.txt")
    assert answer.content.decode() == note
    assert note.count("\n") > 4
    assert opened(answer.content.decode(), SIGNER.verifier_key).size == LogHead.objects.latest("pk").size
    assert "signed-note" in client.get("/log/").content.decode()


def test_the_whole_export_is_for_those_who_watch(signed_log, client, at):
    assert client.get("/log/export/").status_code == 302
    assert client.get("/api/v1/log/export/").status_code == 401
    auditor = signed_in_as(a_person(Role.AUDITOR, at=at))
    answer = auditor.get("/api/v1/log/export/")
    assert (answer.status_code, b"".join(answer.streaming_content)[:2]) == (200, b"PK")


def test_the_commands_write_and_check_the_export(signed_log, tmp_path, capsys):
    call_command("export_log", str(tmp_path / "log.zip"))
    assert json.loads(capsys.readouterr().out)["bytes"] == (tmp_path / "log.zip").stat().st_size
    with pytest.raises(SystemExit) as ended:
        call_command("verify_log")
    assert ended.value.code == 0
    with pytest.raises(SystemExit) as ended:
        call_command("verify_log", "--key", SIGNER.verifier_key[:-6] + "AAAAA=")
    assert ended.value.code == 1


def changed(export, tmp_path, member, change):
    """Return a copy of an export in which the last line of a member is changed."""
    path = tmp_path / "changed.zip"
    with zipfile.ZipFile(export) as old, zipfile.ZipFile(path, "w") as new:
        for name in old.namelist():
            data = old.read(name)
            if name.endswith(member):
                *lines, last = data.decode().splitlines()
                data = "\n".join([*lines, change(last)]).encode() + b"\n"
            new.writestr(name, data)
    return path


def edited(**more):
    return lambda line: json.dumps({**json.loads(line), **more})


def without_legs(line):
    said = json.loads(line)
    return json.dumps({**said, "text": json.dumps({"entry": said["entry"]})})


@pytest.mark.parametrize(
    ("member", "change", "code", "told"),
    [
        ("leaves.jsonl", lambda line: line, 0, None),
        ("leaves.jsonl", edited(subject="entry:987654"), 1, "leaf is of another subject"),
        ("ledger.jsonl", edited(waits=True), 1, "entry is said to wait for a place and has one"),
        ("ledger.jsonl", without_legs, 1, "entry says no legs and serials"),
        ("leaves.jsonl", lambda _line: "[" * 200_000, 2, "RecursionError"),
    ],
)
def test_what_an_export_says_beside_its_leaves_is_checked(signed_log, tmp_path, capsys, member, change, code, told):
    call_command("export_log", str(tmp_path / "log.zip"))
    path = changed(tmp_path / "log.zip", tmp_path, member, change)
    done = subprocess.run(
        [sys.executable, "-I", str(SCRIPT), "export", str(path), "--key", SIGNER.verifier_key],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == code, done.stdout + done.stderr
    if code == 1:
        assert told in [one["what"] for one in json.loads(done.stdout)["problems"]]
    elif code:
        assert told in json.loads(done.stderr)["error"]["message"]
