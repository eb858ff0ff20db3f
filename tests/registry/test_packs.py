"""Evidence packs: whole, checked by the stand-alone verifier, and every change to one found and named."""

import hashlib
import io
import json
import subprocess
import sys
import zipfile

import pytest
from django.db import OperationalError

from accounts.errors import RoleMissing
from accounts.rules import Role
from registry import queries, services, tasks
from registry.errors import PackNotThere, PackWaits, RecordNotThere
from registry.models import EvidencePack
from registry.rules.packs import PackScope, csv_bytes, sums_bytes
from settlement.queries import verifier_keys
from settlement.services import retire_units
from tests.accounts.makers import a_person, signed_in_as
from tests.registry.credit_makers import People, a_monitored_project, a_sound_period, issued
from tests.settlement.test_log import SCRIPT, seal_all, sign


class Evidence:
    """An issued period of a grassland, an auditor, and a signed head of the log."""

    def __init__(self, at):
        people = People(at)
        self.project = a_monitored_project(people, at, methodology="G1")
        row = a_sound_period(people, self.project, at)
        self.issuance, self.at = issued(people, row, at)
        self.period_id = row.pk
        self.batch = self.issuance.batches.order_by("pk").first()
        self.auditor = a_person(Role.AUDITOR, at=at)
        self.owner_id = self.project.owner_id
        seal_all()
        assert sign(self.at)

    def subject_id(self, scope):
        ids = {"batch": self.batch.asset_id, "project": self.project.pk, "period": self.period_id}
        return ids[scope]

    def ask(self, scope="batch"):
        return services.ask_for_pack(
            actor=self.auditor, scope=PackScope(scope), subject_id=self.subject_id(scope), at=self.at
        )

    def made(self, scope="batch"):
        row = services.make_pack(pack_id=self.ask(scope).pk, at=self.at)
        assert row.state == "done", row.problem
        return row


@pytest.fixture
def evidence(committed, at, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path / "media"
    return Evidence(at)


@pytest.fixture(scope="module")
def verifier():
    """The stand-alone verifier as a module."""
    import importlib.util

    spec = importlib.util.spec_from_file_location("tanhui_log", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def parts(row):
    with zipfile.ZipFile(queries.pack_path(row.sha256)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def key():
    return verifier_keys()[-1].verifier_key


@pytest.mark.parametrize("scope", ["batch", "project", "period"])
def test_a_pack_is_whole_and_the_verifier_says_so(evidence, scope, tmp_path):
    row = evidence.made(scope)
    path = tmp_path / "pack.zip"
    path.write_bytes(queries.pack_path(row.sha256).read_bytes())
    assert hashlib.sha256(path.read_bytes()).hexdigest() == row.sha256
    done = subprocess.run(
        [sys.executable, str(SCRIPT), "pack", str(path), "--key", key()], capture_output=True, text=True, check=False
    )
    answer = json.loads(done.stdout)
    assert (done.returncode, answer["status"], answer["problems"]) == (0, "ok", [])
    assert answer["entries"] >= 1
    assert (answer["waiting"], answer["before_the_log"]) == (0, 0)
    found = parts(row)
    record = evidence.issuance.period.verification.record
    assert hashlib.sha256(found[f"calculations/{record.sha256}.json"]).hexdigest() == record.sha256
    proofs = [json.loads(line) for line in found["log/proofs.jsonl"].splitlines()]
    subjects = {one["subject"] for one in proofs}
    assert {f"issuance:{evidence.issuance.pk}", f"issued_vintage:{evidence.batch.pk}"} <= subjects
    assert any(one.startswith("review_step:") for one in subjects)
    assert len(proofs) == answer["leaves"] == row.done_steps == row.all_steps
    assert evidence.project.name in found["project.csv"].decode()
    assert evidence.batch.serial_text in found["batches.csv"].decode()
    assert found["summary.pdf"].startswith(b"%PDF-")
    assert row.title in found["README.txt"].decode()


def test_what_is_not_sealed_yet_is_named_as_waiting(evidence, verifier):
    units = retire_units(
        key="late",
        organisation_id=evidence.owner_id,
        asset_id=evidence.batch.asset_id,
        units=1,
        at=evidence.at,
        maker_id=None,
        checker_id=None,
        basis="test",
    )
    row = evidence.made()
    assert f"entry:{units.entry_id}\n".encode() in parts(row)["log/waiting.txt"]
    answer = verifier.check_pack(queries.pack_path(row.sha256), [key()])
    assert (answer["status"], answer["waiting"]) == ("ok", 1)


def rewritten(row, change, *, keep_sums=False):
    """Return a pack with one change, its list of hashes made anew unless it is kept: whoever forges can count."""
    found = parts(row)
    change(found)
    if not keep_sums:
        found["SHA256SUMS"] = sums_bytes(
            (name, hashlib.sha256(content).hexdigest()) for name, content in found.items() if name != "SHA256SUMS"
        )
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, content in found.items():
            archive.writestr(name, content)
    file.seek(0)
    return file


def lines(found, name, change):
    said = [json.loads(line) for line in found[name].splitlines()]
    said = change(said)
    found[name] = b"".join(json.dumps(one).encode() + b"\n" for one in said)


def another_text(said):
    said[0]["text"] = said[0]["text"].replace('"', "'", 1)
    return said


def another_place(said):
    said[-1]["position"] = said[-1]["position"] - 1 or 1
    return said


def without_entry(said):
    number = next(index for index, one in enumerate(said) if one["subject"].startswith("entry:"))
    return said[:number] + said[number + 1 :]


def calculation(found):
    name = next(one for one in found if one.startswith("calculations/"))
    found[name] = found[name].replace(b"1", b"2", 1)


FORGED = {
    "file is not what its hash says": (lambda f: f.update({"batches.csv": f["batches.csv"] + b"x"}), True),
    "file is missing": (lambda f: f.pop("papers.csv"), True),
    "file is not in the list of hashes": (lambda f: f.update({"extra.txt": b"x"}), True),
    "leaf is not what its hash says": (lambda f: lines(f, "log/proofs.jsonl", another_text), False),
    "the path does not lead to the head": (lambda f: lines(f, "log/proofs.jsonl", another_place), False),
    "subject has two proofs": (lambda f: lines(f, "log/proofs.jsonl", lambda said: [*said, said[0]]), False),
    "entry has no leaf": (lambda f: lines(f, "log/proofs.jsonl", without_entry), False),
    "entry is not what its leaf says": (lambda f: lines(f, "ledger/entries.jsonl", another_text), False),
    "entry of a leaf is not there": (lambda f: lines(f, "ledger/entries.jsonl", lambda said: said[1:]), False),
    "calculation is not what its record says": (calculation, False),
    "head is not signed by the key": (
        lambda f: f.update({"log/head.txt": f["log/head.txt"].replace(b"\n", b"\n1", 1)}),
        False,
    ),
}


@pytest.mark.parametrize("what", FORGED)
def test_each_change_to_a_pack_is_found_and_named(evidence, verifier, what):
    change, keep_sums = FORGED[what]
    forged = rewritten(evidence.made("project"), change, keep_sums=keep_sums)
    answer = verifier.check_pack(forged, [key()])
    assert answer["status"] == "broken"
    assert what in {one["what"] for one in answer["problems"]}


def test_a_key_that_signed_nothing_and_a_file_that_is_no_pack(evidence, verifier, tmp_path):
    row = evidence.made()
    other = key()[:-4] + "AAA="
    assert verifier.check_pack(queries.pack_path(row.sha256), [other])["status"] == "broken"
    (tmp_path / "x.zip").write_bytes(b"nothing")
    done = subprocess.run(
        [sys.executable, str(SCRIPT), "pack", str(tmp_path / "x.zip"), "--key", key()], capture_output=True, check=False
    )
    assert done.returncode == 2


def test_only_an_auditor_asks_and_only_one_pack_of_a_thing_waits(evidence, at):
    for role in (Role.OWNER, Role.SETTLEMENT_OPERATOR, Role.REGION_MAKER):
        actor = a_person(role, at=at)
        with pytest.raises(RoleMissing):
            services.ask_for_pack(actor=actor, scope=PackScope.BATCH, subject_id=evidence.batch.asset_id, at=at)
        assert list(queries.packs_visible_to(actor)) == []
    row = evidence.ask()
    with pytest.raises(PackWaits):
        evidence.ask()
    for scope in PackScope:
        with pytest.raises(RecordNotThere):
            services.ask_for_pack(actor=evidence.auditor, scope=scope, subject_id=10**9, at=at)
    with pytest.raises(PackNotThere):
        queries.pack_file(evidence.auditor, row.pk)  # It is not made yet.
    tasks.make_packs()
    assert queries.pack_file(evidence.auditor, row.pk).state == "done"
    evidence.ask()


def test_a_pack_that_a_killed_worker_left_is_begun_anew(evidence):
    row = evidence.ask()
    EvidencePack.objects.filter(pk=row.pk).update(state="running", done_steps=7)
    assert queries.waiting_packs() == [row.pk]
    assert services.make_pack(pack_id=row.pk, at=evidence.at).state == "done"
    assert services.make_pack(pack_id=row.pk, at=evidence.at).state == "done"  # And not a second time.


def test_a_busy_database_leaves_it_waiting_and_a_fault_is_told(evidence, monkeypatch):
    row = evidence.ask()

    def busy(*_args):
        raise OperationalError("busy")

    monkeypatch.setattr(queries, "pack_parts", busy)
    with pytest.raises(OperationalError):
        services.make_pack(pack_id=row.pk, at=evidence.at)
    row.refresh_from_db()
    assert row.state == "running"
    monkeypatch.setattr(queries, "pack_parts", lambda *_: 1 / 0)
    assert services.make_pack(pack_id=row.pk, at=evidence.at).state == "failed"
    assert not [one for one in queries.pack_path("").parent.glob("*") if one.is_file()]


def test_without_a_signed_head_nothing_can_be_proved(committed, at, settings, tmp_path, monkeypatch):
    settings.MEDIA_ROOT = tmp_path
    people = People(at)
    project = a_monitored_project(people, at, methodology="G1")
    auditor = a_person(Role.AUDITOR, at=at)
    row = services.ask_for_pack(actor=auditor, scope=PackScope.PROJECT, subject_id=project.pk, at=at)
    made = services.make_pack(pack_id=row.pk, at=at)
    assert made.state == "failed"
    assert "No head" in made.problem


def test_tables_are_for_people_and_run_nothing():
    text = b"".join(csv_bytes(["a"], [["=1+1"], [-5], [None], ["x,y"], ["＝x"]])).decode("utf-8-sig")
    assert text.splitlines() == ["a", "'=1+1", "-5", '""', '"x,y"', "'＝x"]


def test_an_auditor_asks_watches_and_downloads_by_pages(evidence, at):
    browser = signed_in_as(evidence.auditor)
    english = {"accept-language": "en"}
    assert "No pack has been asked for yet." in browser.get("/evidence/", headers=english).content.decode()
    wrong = browser.post("/evidence/", {"text": "NM-CS-999999"}, headers=english)
    assert wrong.status_code == 422
    assert "There is no project or batch of this number." in wrong.content.decode()
    assert 'value="NM-CS-999999"' in wrong.content.decode()
    asked = browser.post("/evidence/", {"text": evidence.batch.serial_text})
    row = EvidencePack.objects.get()
    assert (asked["Location"], row.scope, row.subject_id) == (f"/evidence/{row.pk}/", "batch", evidence.batch.asset_id)
    page = browser.get(f"/evidence/{row.pk}/", headers=english).content.decode()
    assert "You may leave this page" in page
    assert "HX-Refresh" not in browser.get(f"/evidence/{row.pk}/progress/").headers
    assert browser.get(f"/evidence/{row.pk}/file/").status_code == 404
    services.make_pack(pack_id=row.pk, at=at)
    assert browser.get(f"/evidence/{row.pk}/progress/").headers["HX-Refresh"] == "true"
    assert row.title in browser.get(f"/evidence/{row.pk}/", headers=english).content.decode()
    file = b"".join(browser.get(f"/evidence/{row.pk}/file/"))
    assert hashlib.sha256(file).hexdigest() == EvidencePack.objects.get().sha256
    assert browser.post("/evidence/", {"text": evidence.project.code}).status_code == 302
    new = f"/evidence/new/period/{evidence.period_id}/"
    assert evidence.project.code in browser.get(new).content.decode()
    assert browser.post(new).status_code == 302
    assert {one.scope for one in EvidencePack.objects.all()} == {"batch", "project", "period"}
    for address in (f"/projects/{evidence.project.pk}/", f"/periods/{evidence.period_id}/", "/batches/"):
        assert "/evidence/new/" in browser.get(address).content.decode(), address
    others = signed_in_as(a_person(Role.REGION_CHECKER, at=at))
    for address in ("/evidence/", f"/evidence/{row.pk}/", f"/evidence/{row.pk}/file/", new):
        assert others.get(address).status_code == 403
    assert "/evidence/" not in others.get("/batches/").content.decode()
