"""Transfers over pages and API: every step of every person by clicks and by calls, and what strangers are told."""

import base64
import json
import re
from datetime import UTC, datetime, timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.test import Client
from django.urls import reverse

from accounts.models import User
from accounts.queries import organisation
from accounts.rules import Role
from accounts.web.middleware import CONFIRMED_KEY, ORGANISATION_KEY
from config.sweeps import SWEEPS, due_places
from settlement import queries, services
from settlement.models import Transfer
from tests.accounts.makers import a_client, a_person
from tests.settlement.makers import an_organisation
from tests.settlement.transfer_makers import PAPER, World
from tests.settlement.transfer_makers import reverse as undo

AT = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)
BACKEND = "django.contrib.auth.backends.ModelBackend"


@pytest.fixture(scope="module")
def founded(shared_database):
    return World(AT)


@pytest.fixture
def clock(monkeypatch):
    held = {"at": AT}
    monkeypatch.setattr("accounts.web.middleware.now", lambda: held["at"])
    return held


@pytest.fixture
def world(founded, clock):
    """The world as it was founded; whatever a test does to it is rolled back."""
    with transaction.atomic():
        yield founded
        transaction.set_rollback(True)


def browser(actor, *, confirmed=True, language="en", at=AT):
    client = Client(headers={"Accept-Language": language})
    client.force_login(User.objects.get(pk=actor.user_id), backend=BACKEND)
    session = client.session
    session[ORGANISATION_KEY] = actor.organisation_id
    if confirmed:
        session[CONFIRMED_KEY] = at.isoformat()
    session.save()
    return client


def text_of(answer):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", answer.content.decode()))


def form(world, **changes):
    values = {
        "kind": "merger",
        "asset": str(world.asset),
        "units": "40",
        "to": organisation(world.receiver).uscc,
        "basis_number": "合并1号",
        "evidence_kind": "merger_agreement",
        "evidence": SimpleUploadedFile("deed.pdf", PAPER),
        "reason": "吸收合并",
    }
    return {**values, **changes}


def body(world, **changes):
    values = {
        "kind": "merger",
        "asset": world.asset,
        "units": 40,
        "to": organisation(world.receiver).uscc,
        "basis_number": "合并1号",
        "reason": "吸收合并",
        "evidence": {
            "kind": "merger_agreement",
            "name": "deed.pdf",
            "content": base64.b64encode(PAPER).decode(),
        },
    }
    return {**values, **changes}


def call(client, address, content=None, key="", verb="post"):
    headers = {"Idempotency-Key": key} if key else {}
    return getattr(client, verb)(
        f"/api/v1/{address}", json.dumps(content or {}), content_type="application/json", headers=headers
    )


class TestPages:
    def test_the_whole_way_by_clicks(self, world, clock):
        first, second, operator = browser(world.initiator), browser(world.confirmer), browser(world.operator)
        opened = first.get(reverse("settlement-transfer-new"))
        assert "试验林场碳汇造林项目" in text_of(opened)
        answer = first.post(reverse("settlement-transfer-new"), form(world))
        row = Transfer.objects.get()
        page = reverse("settlement-transfer", args=[row.pk])
        assert answer["Location"] == page

        shown = second.get(page)
        assert "Confirm the transfer" in text_of(shown)
        assert "Approve the transfer" not in text_of(shown)
        assert second.post(f"{page}confirm/", {"digest": row.digest})["Location"] == page

        shown = operator.get(page)
        assert "Approve the transfer" in text_of(shown)
        assert "2026-03-03 12:00" in text_of(shown)
        operator.post(f"{page}approve/", {"digest": row.digest})
        shown = first.get(page)
        assert "Approved, waits until due" in text_of(shown)
        assert "all passed" in text_of(shown)
        assert "NM-CS-150430-F-000123-2024-0000000061-0000000100" in text_of(shown)

        clock["at"] = AT + timedelta(days=1, hours=2)
        services.run_due_transfers(clock["at"])
        assert "Transferred" in text_of(browser(world.initiator, at=clock["at"]).get(page))

    def test_the_form_keeps_what_was_typed_and_tells_the_refusal_at_its_field(self, world):
        answer = browser(world.initiator).post(reverse("settlement-transfer-new"), form(world, units="4000"))
        assert answer.status_code == 422
        assert "100 t are available, 4000 t are needed" in text_of(answer)
        assert 'value="合并1号"' in answer.content.decode()

    def test_a_program_and_a_missing_file_are_refused_on_the_page(self, world):
        client = browser(world.initiator)
        for file in (SimpleUploadedFile("a.pdf", b"MZ"), ""):
            answer = client.post(reverse("settlement-transfer-new"), form(world, evidence=file))
            assert answer.status_code in (200, 422)
            assert Transfer.objects.count() == 0

    def test_the_receivers_name_stands_beside_its_number(self, world):
        client = browser(world.initiator)
        found = organisation(world.receiver)
        address = reverse("settlement-transfer-receiver")
        assert found.name in text_of(client.get(address, {"to": found.uscc.lower()}))
        assert found.name not in text_of(client.get(address, {"to": found.uscc[:-1]}))
        assert client.get(address, {"to": "\0'"}).status_code == 200

    def test_an_operator_finds_the_holder_for_a_court(self, world):
        client = browser(world.operator)
        address = reverse("settlement-transfer-new")
        assert "First find the holder" in text_of(client.get(address))
        assert "No organisation here has this number" in text_of(client.get(address, {"from": "1"}))
        target = f"{address}?from={organisation(world.giver).uscc}"
        assert "试验林场碳汇造林项目" in text_of(client.get(target))
        answer = client.post(target, form(world, kind="court", evidence_kind="court_ruling"))
        assert answer.status_code == 302
        shown = browser(world.second).get(answer["Location"])
        assert "Approve the transfer" in text_of(shown)
        assert "Approve the transfer" not in text_of(client.get(answer["Location"]))  # Its own proposer.

    def test_without_the_password_nothing_is_agreed_to(self, world):
        row = world.propose()
        page = reverse("settlement-transfer", args=[row.pk])
        client = browser(world.confirmer, confirmed=False)
        asked = client.post(f"{page}confirm/", {"digest": row.digest})
        assert asked["Location"].startswith("/confirm/")
        assert client.get(f"{page}confirm/")["Location"] == page
        row.refresh_from_db()
        assert row.confirmed_at is None

    def test_stopping_and_refusing_need_a_reason_and_show_it(self, world):
        one, two = world.propose(), world.propose(basis_number="2")
        page = reverse("settlement-transfer", args=[one.pk])
        client = browser(world.initiator)
        client.post(f"{page}stop/", {"note": ""})
        assert "This text is needed" in text_of(client.get(page))
        client.post(f"{page}stop/", {"note": "数量有误"})
        assert "数量有误" in text_of(client.get(page))
        page = reverse("settlement-transfer", args=[two.pk])
        browser(world.operator).post(f"{page}refuse/", {"note": "印章不清"})
        assert "印章不清" in text_of(client.get(page))

    def test_a_reversal_by_two_operators(self, world):
        row = world.executed()
        page = reverse("settlement-transfer", args=[row.pk])
        one, two = browser(world.operator), browser(world.second)
        assert "Propose the reversal" in text_of(one.get(page))
        one.post(f"{page}reversal/", {"reason": "wrong_receiver", "note": "受让方有误"})
        assert "Take the proposal back" in text_of(one.get(page))
        asked = queries.reversals_visible_to(world.operator)[0]
        two.post(f"{page}reversal/decide/", {"decision": "approve", "digest": asked.digest})
        assert "Reversed" in text_of(two.get(page))
        assert one.post(f"{page}reversal/", {"reason": "x", "note": "x"}).status_code == 404

    def test_the_list_its_filter_its_export_and_its_empty_state(self, world):
        client = browser(world.initiator)
        address = reverse("settlement-transfers")
        assert "No transfer fits" in text_of(client.get(address))
        world.propose()
        assert "合并〔2026〕1号" in text_of(client.get(address, {"q": "合并", "state": "proposed"}))
        assert "No transfer fits" in text_of(client.get(address, {"state": "executed"}))
        exported = client.get(reverse("settlement-transfers-export"))
        assert b"".join(exported.streaming_content).startswith(b"PK")
        assert client.get(address, {"q": "\0"}).status_code == 200

    def test_trusted_accounts_by_clicks(self, world):
        first, second = browser(world.initiator), browser(world.confirmer)
        address = reverse("settlement-trusted")
        assert "No trusted account yet" in text_of(first.get(address))
        first.post(address, {"to": organisation(world.receiver).uscc, "reason": "全资子公司"})
        row = queries.trusted_accounts_visible_to(world.initiator).get()
        approve = reverse("settlement-trusted-approve", args=[row.pk])
        unconfirmed = browser(world.confirmer, confirmed=False)
        assert unconfirmed.post(approve)["Location"].startswith("/confirm/")
        second.post(approve)
        assert "2026-03-06 12:00" in text_of(first.get(address))
        first.post(reverse("settlement-trusted-end", args=[row.pk]))
        assert "Stopped" in text_of(first.get(address))
        refused = first.post(address, {"to": organisation(world.giver).uscc, "reason": "x"})
        assert "two different organisations" in text_of(refused)

    def test_strangers_and_the_receiver(self, world):
        row = world.approved()
        page = reverse("settlement-transfer", args=[row.pk])
        stranger = browser(a_person(Role.FIRM_INITIATOR, at=AT))
        for address in (page, f"{page}evidence/"):
            assert stranger.get(address).status_code == 404
        assert stranger.post(f"{page}stop/", {"note": "x"}).status_code == 404
        receiver = browser(a_person(Role.FIRM_INITIATOR, at=AT, organisation_id=world.receiver))
        shown = text_of(receiver.get(page))
        assert "40 tCO₂e" in shown
        assert "合并〔2026〕1号" not in shown
        assert receiver.get(f"{page}evidence/").status_code == 404
        paper = browser(world.operator).get(f"{page}evidence/")
        assert b"".join(paper.streaming_content) == PAPER
        assert paper["Content-Disposition"].startswith("attachment")

    def test_every_page_is_complete_in_chinese(self, world):
        row = world.executed()
        undo(world, row.end_entry_id)
        world.trust()
        client = browser(world.operator, language="zh-hans")
        for address in (
            reverse("settlement-transfers"),
            reverse("settlement-transfer", args=[row.pk]),
            reverse("settlement-trusted"),
            reverse("settlement-transfer-new"),
        ):
            shown = text_of(client.get(address))
            assert not re.findall(r"\b(?:transfer|receiver|giver|passed|reversal)\b", shown, re.IGNORECASE), address


class TestApi:
    def test_the_whole_way_by_calls(self, world, clock):
        first, second, operator = browser(world.initiator), browser(world.confirmer), browser(world.operator)
        made = call(first, "transfers/", body(world), key="k1")
        assert made.status_code == 201, made.content
        shown = made.json()
        again = call(first, "transfers/", body(world), key="k1")
        assert (again.json(), again["Idempotent-Replay"]) == (shown, "true")
        here = f"transfers/{shown['id']}/"
        assert made["Location"] == f"/api/v1/{here}"
        assert call(second, f"{here}confirm/", {"digest": shown["digest"]}).status_code == 200
        assert call(operator, f"{here}approve/", {"digest": shown["digest"]}).json()["code"] == "key_required"
        done = call(operator, f"{here}approve/", {"digest": shown["digest"]}, key="k2")
        assert done.status_code == 200, done.content
        assert (done.json()["state"], done.json()["due_at"]) == ("approved", "2026-03-03T12:00:00+08:00")
        assert len(done.json()["checks"]) == 22
        assert done.json()["serials"][0].startswith("NM-CS-150430-F-000123-2024-0000000061-0000000100")
        stopped = call(first, f"{here}stop/", {"note": "有误"})
        assert stopped.json()["state"] == "cancelled"
        assert first.get("/api/v1/transfers/?state=cancelled").json()["results"][0]["id"] == shown["id"]

    @pytest.mark.parametrize(
        ("changes", "code"),
        [
            ({"units": 0}, "invalid_quantity"),
            ({"units": "40"}, "invalid_quantity"),
            ({"units": 101}, "insufficient_units"),
            ({"kind": "sale"}, "invalid_field"),
            ({"state": "executed"}, "unknown_field"),
            ({"to": "91"}, "organisation_unknown"),
            ({"asset": 10**17}, "not_found"),
            ({"asset": 10**30}, "invalid_field"),
            ({"basis_number": " "}, "reason_needed"),
            ({"evidence": {"kind": "merger_agreement", "name": "a", "content": "!"}}, "base64_expected"),
            ({"evidence": {"kind": "merger_agreement", "name": "a.pdf", "content": ""}}, "file_rejected"),
            ({"kind": "court", "from": "x"}, "role_missing"),
        ],
    )
    def test_what_is_refused_names_its_code(self, world, changes, code):
        answer = call(browser(world.initiator), "transfers/", body(world, **changes), key="k")
        assert answer.json()["code"] == code, answer.content
        assert answer.status_code < 500

    def test_another_digest_is_stale(self, world):
        row = world.propose()
        answer = call(browser(world.confirmer), f"transfers/{row.pk}/confirm/", {"digest": "0" * 64})
        assert (answer.status_code, answer.json()["code"]) == (409, "stale_version")

    def test_one_person_is_not_two(self, world):
        row = world.court()
        answer = call(browser(world.operator), f"transfers/{row.pk}/approve/", {"digest": row.digest}, key="k")
        assert (answer.status_code, answer.json()["code"]) == (403, "same_person")

    def test_a_client_proposes_and_agrees_to_nothing(self, world, clock):
        made = a_client("ledger:read", "ledger:write", at=AT, organisation_id=world.giver)
        token = (
            Client()
            .post(
                "/oauth/token/",
                {"grant_type": "client_credentials", "client_id": made.client_id, "client_secret": made.client_secret},
            )
            .json()["access_token"]
        )
        client = Client(headers={"Authorization": f"Bearer {token}"})
        answer = call(client, "transfers/", body(world), key="c1")
        assert answer.status_code == 201, answer.content
        here = f"transfers/{answer.json()['id']}/"
        refused = call(client, f"{here}confirm/", {"digest": answer.json()["digest"]})
        assert (refused.status_code, refused.json()["code"]) == (403, "not_for_clients")
        assert client.get("/api/v1/transfers/").json()["results"][0]["proposed_at"] == "2026-03-02T10:00:00+08:00"

    def test_strangers_get_the_same_answer_as_for_what_is_not_there(self, world):
        row, trust = world.approved(), world.trust()
        stranger = browser(a_person(Role.FIRM_INITIATOR, Role.FIRM_CONFIRMER, at=AT))
        missing = stranger.get("/api/v1/transfers/987654321/").json()
        for address in (f"transfers/{row.pk}/", f"transfers/{row.pk}/evidence/", f"trusted-accounts/{trust.pk}/"):
            answer = stranger.get(f"/api/v1/{address}")
            assert (answer.status_code, answer.json()) == (404, missing)
        for address in (f"transfers/{row.pk}/confirm/", f"trusted-accounts/{trust.pk}/end/"):
            assert call(stranger, address, {"digest": row.digest}).status_code in (404, 422)

    def test_the_receiver_sees_units_and_no_evidence(self, world):
        row = world.approved()
        receiver = browser(a_person(Role.OWNER, at=AT, organisation_id=an_organisation(at=AT)))
        assert receiver.get("/api/v1/transfers/").json()["results"] == []
        receiver = browser(a_person(Role.FIRM_INITIATOR, at=AT, organisation_id=world.receiver))
        shown = receiver.get(f"/api/v1/transfers/{row.pk}/").json()
        assert (shown["units"], shown["basis_number"], shown["evidence_sha256"], shown["checks"]) == (
            40,
            None,
            None,
            [],
        )

    def test_trusted_accounts_by_calls(self, world):
        first, second = browser(world.initiator), browser(world.confirmer)
        made = call(first, "trusted-accounts/", {"to": organisation(world.receiver).uscc, "reason": "子公司"})
        assert made.status_code == 201
        here = f"trusted-accounts/{made.json()['id']}/"
        known = call(first, "trusted-accounts/", {"to": organisation(world.receiver).uscc, "reason": "子公司"})
        assert (known.status_code, known.json()["code"]) == (409, "trust_known")
        approved = call(second, f"{here}approve/").json()
        assert (approved["state"], approved["counts_from"]) == ("approved", "2026-03-06T12:00:00+08:00")
        assert call(first, f"{here}end/").json()["state"] == "stopped"
        assert first.get(f"/api/v1/{here}").json()["state"] == "stopped"
        assert len(first.get("/api/v1/trusted-accounts/").json()["results"]) == 1

    def test_a_reversal_by_calls(self, world):
        row = world.executed()
        one, two = browser(world.operator), browser(world.second)
        made = call(one, f"transfers/{row.pk}/reversals/", {"reason": "wrong_units", "note": "数量有误"})
        assert made.status_code == 201, made.content
        here = f"transfer-reversals/{made.json()['id']}/"
        digest = {"digest": made.json()["digest"]}
        assert call(one, f"{here}approve/", digest, key="r1").json()["code"] == "same_person"
        done = call(two, f"{here}approve/", digest, key="r2")
        assert (done.status_code, done.json()["state"]) == (200, "done"), done.content
        assert two.get(f"/api/v1/{here}").json()["entry"] == done.json()["entry"]
        assert two.get(f"/api/v1/transfers/{row.pk}/").json()["state"] == "reversed"
        assert len(two.get(f"/api/v1/transfers/{row.pk}/reversals/").json()["results"]) == 1
        refused = call(one, f"transfers/{row.pk}/reversals/", {"reason": "wrong_units", "note": "x"})
        assert (refused.status_code, refused.json()["code"]) == (409, "state_forbids")
        row = world.executed(basis_number="2")
        made = call(one, f"transfers/{row.pk}/reversals/", {"reason": "wrong_units", "note": "x"}).json()
        assert call(two, f"transfer-reversals/{made['id']}/refuse/").json()["state"] == "refused"


class TestClock:
    def test_a_move_of_the_clock_stops_where_a_transfer_is_due(self, world):
        row = world.approved()
        number = [sweep.name for sweep in SWEEPS].index("settlement.transfers")
        places = due_places(AT, AT + timedelta(days=3))
        assert [place.at for place in places if place.number == number] == [row.due_at]
        assert SWEEPS[number].run(row.due_at) == "1 transfers executed"
