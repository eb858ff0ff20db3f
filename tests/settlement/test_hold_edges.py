"""Freezes and pledges over pages and API: every step of every person, and what strangers are told."""

import base64
import json
import re
from datetime import UTC, datetime

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.test import Client
from django.urls import reverse

from accounts.models import User
from accounts.queries import organisation
from accounts.rules import Role
from accounts.web.middleware import CONFIRMED_KEY, ORGANISATION_KEY
from settlement import queries
from settlement.models import Hold, HoldLift
from settlement.rules import SerialRange
from tests.accounts.makers import a_client, a_person
from tests.settlement.hold_makers import PAPER, Place

AT = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)
BACKEND = "django.contrib.auth.backends.ModelBackend"


@pytest.fixture(scope="module")
def founded(shared_database):
    return Place(AT)


@pytest.fixture
def place(founded, monkeypatch):
    """The place as it was founded; whatever a test does to it is rolled back."""
    monkeypatch.setattr("accounts.web.middleware.now", lambda: AT)
    with transaction.atomic():
        yield founded
        transaction.set_rollback(True)


def browser(actor, *, confirmed=True, language="en"):
    client = Client(headers={"Accept-Language": language})
    client.force_login(User.objects.get(pk=actor.user_id), backend=BACKEND)
    session = client.session
    session[ORGANISATION_KEY] = actor.organisation_id
    if confirmed:
        session[CONFIRMED_KEY] = AT.isoformat()
    session.save()
    return client


def text_of(answer):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", answer.content.decode()))


def form(place, **changes):
    values = {
        "asset": str(place.asset),
        "units": "60",
        "reason": "judicial",
        "authority": "赤峰市中级人民法院",
        "basis_number": "（2026）内04执保3号",
        "until": "2027-03-01",
        "evidence": SimpleUploadedFile("ruling.pdf", PAPER),
        "note": "",
    }
    return {**values, **changes}


def call(client, address, content=None, key="", verb="post"):
    headers = {"Idempotency-Key": key} if key else {}
    return getattr(client, verb)(
        f"/api/v1/{address}", json.dumps(content or {}), content_type="application/json", headers=headers
    )


def body(place, **changes):
    values = {
        "organisation": place.holder,
        "asset": place.asset,
        "units": 60,
        "reason": "judicial",
        "authority": "赤峰市中级人民法院",
        "basis_number": "（2026）内04执保3号",
        "until": "2027-03-01",
        "evidence": {"name": "ruling.pdf", "content": base64.b64encode(PAPER).decode()},
    }
    return {**values, **changes}


def release(**changes):
    return {
        "units": "60",
        "basis_number": "（2026）内04执保3号之一",
        "evidence": SimpleUploadedFile("release.pdf", PAPER + b"2"),
        "note": "",
        **changes,
    }


class TestPages:
    def test_a_freeze_by_clicks_from_the_look_up_to_the_second_persons_release(self, place):
        first, second = browser(place.operator), browser(place.second)
        new = reverse("exchange-freeze-new")
        assert "First find the holder" in text_of(first.get(new))
        name = organisation(place.holder).name
        assert f"?holder={place.holder}" in first.get(new, {"q": name}).content.decode()
        chosen = f"{new}?holder={place.holder}"
        assert "100 t" in text_of(first.get(chosen))
        answer = first.post(chosen, form(place), follow=True)
        row = Hold.objects.get()
        assert "60 t are frozen" in text_of(answer)
        assert place.units == {"available": 40, "frozen": 60}
        page = reverse("settlement-hold", args=[row.pk])
        assert "（2026）内04执保3号" in text_of(first.get(page))
        assert row.evidence.sha256 in text_of(first.get(page))
        first.post(reverse("settlement-hold-release", args=[row.pk]), release())
        assert "another person decides on it" in text_of(first.get(page))
        lift = HoldLift.objects.get()
        refused = first.post(reverse("settlement-hold-lift", args=[row.pk]), {"digest": lift.digest}, follow=True)
        assert "cannot decide it as well" in text_of(refused)
        unconfirmed = browser(place.second, confirmed=False)
        asked = unconfirmed.post(reverse("settlement-hold-lift", args=[row.pk]), {"digest": lift.digest})
        assert asked.status_code == 302
        assert "/confirm/" in asked["Location"]
        done = second.post(reverse("settlement-hold-lift", args=[row.pk]), {"digest": lift.digest}, follow=True)
        assert "The units are released." in text_of(done)
        assert place.units == {"available": 100}

    def test_a_serial_finds_the_batch_and_a_wrong_one_is_told(self, place):
        asset = queries.asset(place.asset)
        serial = queries.text_of(asset.credit, SerialRange(asset.first_serial, asset.last_serial))
        first, new = browser(place.operator), reverse("exchange-freeze-new")
        found = first.get(new, {"holder": place.holder, "serial": serial})
        assert "100 t" in text_of(found)
        wrong = first.get(
            new, {"holder": place.holder, "serial": "NM-CS-150430-F-000123-2024-0000000001-0000010000-51"}
        )
        assert "check digits" in text_of(wrong)

    def test_a_court_freeze_without_a_file_is_refused_in_the_form(self, place):
        chosen = f"{reverse('exchange-freeze-new')}?holder={place.holder}"
        answer = browser(place.operator).post(chosen, form(place, evidence=""))
        assert answer.status_code == 422
        assert "A file of the document is needed." in text_of(answer)
        assert Hold.objects.count() == 0

    def test_a_pledge_by_clicks(self, place):
        first, second, operator = browser(place.initiator), browser(place.confirmer), browser(place.operator)
        first.post(
            reverse("settlement-pledge-new"),
            {**form(place, units="30", authority="中国农业银行"), "reason": ""},
        )
        row = Hold.objects.get()
        page = reverse("settlement-hold", args=[row.pk])
        assert row.state == "asked"
        second.post(reverse("settlement-hold-confirm", args=[row.pk]), {"digest": row.digest})
        operator.post(reverse("settlement-hold-register", args=[row.pk]), {"digest": row.digest})
        assert place.units == {"available": 70, "pledged": 30}
        shown = text_of(first.get(reverse("settlement-holdings")))
        assert "中国农业银行" in shown
        assert "2027-03-01" in shown
        assert "Pledge registered" in text_of(first.get(page))

    def test_holdings_show_what_stands_still_in_the_order_in_which_it_counts(self, place):
        place.freeze(60)
        place.freeze(70)
        shown = text_of(browser(place.initiator, language="zh-hans").get(reverse("settlement-holdings")))
        assert shown.count("司法冻结") == 2
        assert "轮候" in shown

    def test_the_list_is_filtered_and_exported(self, place):
        place.freeze(10)
        operator = browser(place.operator)
        listed = reverse("settlement-holds")
        assert "（2026）内01执1号" in text_of(operator.get(listed, {"q": "内01执"}))
        assert "（2026）内01执1号" in text_of(operator.get(listed, {"q": organisation(place.holder).name}))
        assert "（2026）内01执1号" not in text_of(operator.get(listed, {"reason": "pledge"}))
        exported = operator.get(reverse("settlement-holds-export"), {"state": "live"})
        assert b"".join(exported.streaming_content).startswith(b"PK")

    def test_a_stranger_sees_nothing_and_finds_nothing(self, place):
        number = place.freeze(10)
        stranger = browser(a_person(Role.FIRM_INITIATOR, at=AT))
        for name in ("settlement-hold", "settlement-hold-evidence", "settlement-hold-release"):
            assert stranger.get(reverse(name, args=[number])).status_code == 404
        assert "内01执1号" not in text_of(stranger.get(reverse("settlement-holds")))
        assert "内01执1号" not in text_of(stranger.get(reverse("settlement-holds"), {"q": "内01执1号"}))

    def test_the_document_is_downloaded_by_the_holder(self, place):
        number = place.freeze(10)
        answer = browser(place.initiator).get(reverse("settlement-hold-evidence", args=[number]))
        assert b"".join(answer.streaming_content) == PAPER
        assert answer["X-Content-Type-Options"] == "nosniff"


class TestApi:
    def test_a_freeze_and_its_release(self, place):
        first, second = browser(place.operator), browser(place.second)
        made = call(first, "holds/", body(place), key="f1")
        assert made.status_code == 201, made.content
        shown = made.json()
        assert (shown["in_force"], shown["waiting"], shown["open"], shown["state"]) == (60, 0, 0, "live")
        assert call(first, "holds/", body(place), key="f1").json()["id"] == shown["id"]
        address = f"holds/{shown['id']}/"
        asked = call(
            first,
            f"{address}lifts/",
            {
                "units": 60,
                "basis_number": "解除1号",
                "evidence": {"name": "a.pdf", "content": base64.b64encode(PAPER).decode()},
            },
            key="l1",
        )
        assert asked.status_code == 201, asked.content
        digest = asked.json()["lifts"][0]["digest"]
        assert call(first, f"{address}lift/", {"digest": digest}, key="d1").json()["code"] == "same_person"
        assert call(second, f"{address}lift/", {"digest": "0"}, key="d2").json()["code"] == "stale_version"
        done = call(second, f"{address}lift/", {"digest": digest}, key="d3")
        assert done.status_code == 200, done.content
        assert done.json()["state"] == "ended"

    @pytest.mark.parametrize(
        ("changes", "code"),
        [
            ({"units": 0}, "invalid_quantity"),
            ({"reason": "pledge"}, "invalid_field"),
            ({"reason": "whim"}, None),
            ({"evidence": None}, "evidence_missing"),
            ({"asset": 987654321}, "not_found"),
            ({"state": "live"}, "unknown_field"),
            ({"basis_number": ""}, "reason_needed"),
        ],
    )
    def test_bad_freezes_are_refused(self, place, changes, code):
        answer = call(browser(place.operator), "holds/", body(place, **changes), key="bad")
        assert 400 <= answer.status_code < 500
        assert code is None or code in answer.content.decode()
        assert Hold.objects.count() == 0

    def test_who_may_not(self, place):
        for actor in (place.initiator, a_person(Role.AUDITOR, at=AT), a_person(Role.EXCHANGE_OPERATOR, at=AT)):
            assert call(browser(actor), "holds/", body(place), key="no").status_code == 403
        recorder = a_person(Role.ECOLOGY_RECORDER, at=AT, confirmed=True)
        assert call(browser(recorder), "holds/", body(place), key="no2").status_code == 403
        assert call(browser(recorder), "holds/", body(place, reason="inquiry"), key="yes").status_code == 201

    def test_a_client_reads_its_own_and_no_others(self, place):
        number = place.freeze(10)
        for holder, expected in ((place.holder, 200), (a_person(Role.FIRM_INITIATOR, at=AT).organisation_id, 404)):
            credentials = a_client("ledger:read", at=AT, organisation_id=holder)
            answer = Client().post(
                "/oauth/token/",
                {
                    "grant_type": "client_credentials",
                    "client_id": credentials.client_id,
                    "client_secret": credentials.client_secret,
                },
            )
            bearer = Client(headers={"Authorization": f"Bearer {answer.json()['access_token']}"})
            assert bearer.get(f"/api/v1/holds/{number}/").status_code == expected
            assert len(bearer.get("/api/v1/holds/").json()["results"]) == (expected == 200)
