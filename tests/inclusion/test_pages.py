"""The calculator, the quote, the purchase and the API, as a browser and a client use them."""

import json

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from accounts.rules import Role
from accounts.services import freeze_organisation
from config import invariants
from inclusion.models import Footprint, OffsetPurchase, OffsetQuote
from inclusion.rules import inputs_of
from inclusion.tasks import carry_on
from tests.accounts.makers import PASSWORD, a_client, a_person
from tests.accounts.test_api import token_of
from tests.inclusion.makers import EVENT, a_world

pytestmark = pytest.mark.django_db

TYPED = {
    "event": "草原论坛",
    "year": "2026",
    "region": "inner_mongolia",
    "electricity_kwh": "18500",
    "green_power_kwh": "4000",
    "heat_gj": "36",
    "fuel_diesel": "0.42",
    "flight_economy_pkm": "168000",
    "rail_pkm": "96000",
    "bus_pkm": "8400",
    "hotel_room_night": "260",
    "meal": "1100",
    "waste_landfill_kg": "420",
    "paper_kg": "65",
}


@pytest.fixture(autouse=True)
def _business_time(monkeypatch, at):
    for place in ("accounts.web.middleware.now", "inclusion.tasks.purchases.now"):
        monkeypatch.setattr(place, lambda: at)
    # No broker in these tests: the tasks are called by hand.
    monkeypatch.setattr("inclusion.tasks.wake", lambda purchase_id: None)


def browser(actor=None):
    client = Client()
    if actor is not None:
        user = User.objects.get(pk=actor.user_id)
        client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
        session = client.session
        session["organisation_id"] = actor.organisation_id
        session.save()
    return client


def test_the_typed_event_is_the_worked_example():
    quantities = {name: float(value) for name, value in TYPED.items() if name not in ("event", "year", "region")}

    inputs = inputs_of(year=2026, region="inner_mongolia", quantities=quantities)

    assert sorted(inputs["activities"], key=str) == sorted(EVENT["activities"], key=str)
    assert {**inputs, "activities": None} == {**EVENT, "activities": None}


def test_anyone_calculates_the_worked_event_and_nothing_is_stored(at):
    a_world(at).offer(0, 2510, 100)

    answer = browser().get("/offset/", TYPED)
    page = answer.content.decode()

    assert answer.status_code == 200
    assert 'data-units="66"' in page
    assert "65.605" in page
    assert "34.572" in page  # Travel.
    assert "9.39455" in page  # Electricity, on the factor of 2023.
    assert "0.6479" in page
    assert "2025 年第 47 号公告" in page
    assert "采用最近一个已公布年度的因子" in page  # W_FACTOR_YEAR, in words.
    assert "未计入" in page
    assert "¥1,656.60" in page  # 66 t at 25.10, without a fee.
    assert "登录后购买并注销" in page
    assert not Footprint.objects.exists()


def test_the_page_speaks_english_too():
    client = browser()
    client.cookies["django_language"] = "en"
    page = client.get("/offset/", TYPED).content.decode()
    assert "Domestic flights, economy" in page
    assert "announcement No.47 of 2025" in page
    assert "测算" not in page.replace("测算与抵消", "")


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"meal": "-1"}, "meal"),
        ({"meal": "a lot"}, "meal"),
        ({"meal": "1e400"}, "meal"),
        ({"meal": "nan"}, "meal"),
        ({"year": "1999"}, "year"),
        ({"green_power_kwh": "20000"}, "green_power_kwh"),
        ({"region": "moon"}, "region"),
        ({"event": ""}, "event"),
        ({"event": "x\0y"}, "event"),
    ],
)
def test_bad_input_is_named_at_its_field(wrong, field):
    answer = browser().get("/offset/", {**TYPED, **wrong})
    assert answer.status_code == 200
    assert list(answer.context["form"].errors) == [field]
    assert f'id="id_{field}_error"' in answer.content.decode()
    assert answer.context["footprint"] is None


def test_from_the_calculator_to_the_certificate_by_clicks(at):
    world = a_world(at)
    world.offer(0, 2510, 60)
    world.offer(1, 2520, 60)
    client = browser(world.firm)

    answer = client.post("/offset/quotes/", {**TYPED, "type": "", "vintage": "", "division": ""})
    quote = OffsetQuote.objects.get()
    assert answer["Location"] == reverse("inclusion-quote", args=[quote.pk])
    page = client.get(answer["Location"]).content.decode()
    assert "66 吨报价" in page
    assert "¥1,657.20" in page
    assert "壹仟陆佰伍拾柒元贰角" in page

    buy = reverse("inclusion-buy", args=[quote.pk])
    asked = client.get(buy)
    assert asked.status_code == 302
    assert asked["Location"].startswith("/confirm/")
    client.post(reverse("confirm"), {"password": PASSWORD, "next": buy})
    assert "草原论坛" in client.get(buy).content.decode()
    words = {"beneficiary": "草原论坛", "purpose": "event", "period_first": "2026-03-02", "period_last": "2026-03-01"}
    refused = client.post(buy, words)
    assert (refused.status_code, list(refused.context["form"].errors)) == (200, ["period_last"])
    answer = client.post(buy, {**words, "period_last": "2026-03-03"})
    purchase = OffsetPurchase.objects.get()
    assert answer["Location"] == reverse("inclusion-purchase", args=[purchase.pk])

    page = client.get(answer["Location"]).content.decode()
    progress = reverse("inclusion-progress", args=[purchase.pk])
    assert f'hx-get="{progress}"' in page
    assert 'data-state="ordered"' in client.get(progress).content.decode()
    world.match()
    carry_on(purchase.pk)
    assert client.get(progress)["HX-Refresh"] == "true"
    page = client.get(answer["Location"]).content.decode()
    assert "已购买并注销 66 吨" in page
    assert page.count("data-certificate") == 2
    assert "计入的温室气体排放量为 65.605 tCO₂e" in page
    assert progress not in page  # Nothing is asked for any more.
    again = client.post(buy, {**words, "period_last": "2026-03-03"})
    assert again["Location"] == answer["Location"]  # Sent twice: the same purchase.

    listed = client.get(reverse("inclusion-purchases")).content.decode()
    assert "草原论坛" in listed
    assert "已购买并注销" in listed
    workbook = client.get(reverse("inclusion-purchases-export"))
    assert b"".join(workbook.streaming_content).startswith(b"PK")  # Read to its end, it is closed as well.
    assert invariants.broken() == {}


def test_a_refused_quote_leaves_what_was_typed(at):
    world = a_world(at)
    world.offer(0, 2510, 60)
    answer = browser(world.firm).post("/offset/quotes/", TYPED)
    assert answer.status_code == 422
    page = answer.content.decode()
    assert "当前可买报价共 60 吨，需要 66 吨" in page
    assert 'value="168000"' in page
    answer = browser(world.firm).post("/offset/quotes/", {"units": "1000"})
    assert answer.status_code == 422
    assert "第二人复核" in answer.content.decode()
    answer = browser(world.firm).post("/offset/quotes/", {"units": "10"})
    assert answer.status_code == 302
    assert 'value="16"' in browser(world.firm).get("/offset/", {"units": "16"}).content.decode()


def test_a_frozen_firm_is_refused_at_the_purchase_with_nothing_ordered(at):
    world = a_world(at)
    world.offer(0, 2510, 60)
    quote = world.quote(5)
    officer = a_person(Role.SETTLEMENT_OPERATOR, at=at)
    freeze_organisation(organisation_id=world.firm.organisation_id, order="法〔2026〕1号", actor=officer, at=at)
    client = browser(world.firm)
    client.post(reverse("confirm"), {"password": PASSWORD})
    answer = client.post(reverse("inclusion-buy", args=[quote.pk]), {"beneficiary": "x", "purpose": "event"})
    assert answer.status_code == 422
    assert not OffsetPurchase.objects.exists()


def test_other_organisations_see_nothing_and_watchers_see_all(at):
    world = a_world(at)
    world.offer(0, 2510, 60)
    quote = world.quote(5)
    purchase = world.buy(quote)
    addresses = [
        reverse("inclusion-quote", args=[quote.pk]),
        reverse("inclusion-purchase", args=[purchase.pk]),
        reverse("inclusion-progress", args=[purchase.pk]),
    ]
    stranger = browser(a_person(Role.FIRM_INITIATOR, at=at))
    assert [stranger.get(one).status_code for one in addresses] == [404, 404, 404]
    assert stranger.get(reverse("inclusion-purchases")).context["rows"] == []
    auditor = browser(a_person(Role.AUDITOR, at=at))
    assert auditor.get(addresses[1]).status_code == 200
    assert auditor.get(addresses[0]).status_code == 403  # A quote is for those who buy.
    confirmer = browser(a_person(Role.FIRM_CONFIRMER, at=at, organisation_id=world.firm.organisation_id))
    assert confirmer.get(addresses[1]).status_code == 200
    assert confirmer.post("/offset/quotes/", {"units": "1"}).status_code == 403


class Api:
    """A client of an organisation with scopes."""

    def __init__(self, organisation_id, *scopes, at):
        token = token_of(a_client(*scopes, at=at, organisation_id=organisation_id))
        self.headers = {"Authorization": f"Bearer {token}"}

    def get(self, address):
        return Client().get(f"/api/v1/{address}", headers=self.headers)

    def post(self, address, body, key=None):
        headers = {**self.headers, **({"Idempotency-Key": key} if key else {})}
        return Client().post(f"/api/v1/{address}", json.dumps(body), content_type="application/json", headers=headers)


ALL = ("orders:read", "orders:write", "ledger:write")


def test_the_api_calculates_for_anyone():
    answer = Client().post("/api/v1/footprints/event/", json.dumps(EVENT), content_type="application/json")
    body = answer.json()
    assert answer.status_code == 200
    assert (body["units_required"], body["warnings"]) == (66, ["W_FACTOR_YEAR", "W_PROVISIONAL_PARAMETER"])
    assert body["total_tco2e"] == pytest.approx(65.60493, abs=1e-9)
    power = next(line for line in body["lines"] if line["category"] == "electricity")
    assert (power["quantity"], power["factor"]["value"], power["factor"]["year"]) == (14500, 0.6479, 2023)

    for change, field, code in (
        ({"heat_gj": -1}, "heat_gj", "E_RANGE"),
        ({"fuels": [{"fuel": "coal", "tonnes": 1}]}, "fuels[0].fuel", "E_ENUM"),
        ({"surprise": 1}, "surprise", "unknown_field"),
        ({"year": "2026"}, "year", "invalid_field"),
    ):
        answer = Client().post(
            "/api/v1/footprints/event/", json.dumps({**EVENT, **change}), content_type="application/json"
        )
        assert (answer.status_code, answer.json()["field"], answer.json()["code"]) == (422, field, code)


def test_the_api_buys_and_retires_once_for_each_key(at):
    world = a_world(at)
    world.offer(0, 2510, 60)
    api = Api(world.firm.organisation_id, *ALL, at=at)

    quoted = api.post("offsets/quotes/", {"units": 5, "types": ["F"]})
    assert quoted.status_code == 201
    assert (quoted.json()["total_fen"], quoted.json()["lines"][0]["price"]) == (12550, "25.10")
    body = {"quote": quoted.json()["id"], "beneficiary": "草原论坛"}
    assert api.post("offsets/", body).json()["code"] == "key_required"
    first = api.post("offsets/", body, key="one")
    again = api.post("offsets/", body, key="one")
    assert (first.status_code, again.status_code, first.content) == (202, 202, again.content)
    assert again.headers["Idempotent-Replay"] == "true"
    assert api.post("offsets/", {**body, "note": "x"}, key="one").json()["code"] == "key_reused"
    assert api.post("offsets/", {**body, "note": "x"}, key="two").json()["code"] == "quote_taken"

    number = first.json()["id"]
    world.match()
    carry_on(number)
    ended = api.get(f"offsets/{number}/").json()
    assert (ended["state"], ended["bought"], ended["retired"], ended["value_fen"]) == ("retired", 5, 5, 12550)
    assert [one["tonnes"] for one in ended["certificates"]] == [5]
    assert api.get("offsets/").json()["results"][0]["id"] == number
    assert api.get(f"offsets/quotes/{body['quote']}/").json()["purchase"] == number

    other = Api(a_person(Role.FIRM_INITIATOR, at=at).organisation_id, *ALL, at=at)
    assert other.get(f"offsets/{number}/").status_code == 404
    assert other.get(f"offsets/quotes/{body['quote']}/").status_code == 404
    assert other.post("offsets/", body, key="x").status_code == 404


def test_the_api_needs_both_scopes_and_one_of_two_amounts(at):
    world = a_world(at)
    world.offer(0, 2510, 600)
    quote = world.quote(5)
    api = Api(world.firm.organisation_id, "orders:read", "orders:write", at=at)

    refused = api.post("offsets/", {"quote": quote.pk, "beneficiary": "x"}, key="a")
    assert (refused.status_code, refused.json()["code"]) == (403, "scope_missing")
    both = api.post("offsets/quotes/", {"units": 5, "event": EVENT})
    assert (both.status_code, both.json()["code"], both.json()["field"]) == (422, "invalid_field", "units")
    wrong = api.post("offsets/quotes/", {"event": {**EVENT, "heat_gj": -1}})
    assert (wrong.status_code, wrong.json()["field"]) == (422, "event.heat_gj")
    assert api.post("offsets/quotes/", {"event": EVENT, "event_name": "论坛"}).json()["units"] == 66
    reader = Api(world.firm.organisation_id, "orders:read", at=at)
    assert reader.post("offsets/quotes/", {"units": 5}).status_code == 403
