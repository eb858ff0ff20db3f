"""Surveillance by its pages: alert with its time line, case, letter, register; who sees what; the same over the API."""

from datetime import datetime, timedelta
from io import BytesIO

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from openpyxl import load_workbook

from accounts.queries import organisation
from accounts.rules import Role
from exchange import services
from exchange.models import BarredParty, CaseMeasure, Halt, SurveillanceAlert, SurveillanceCase
from exchange.rules import Side
from rulebook.rules import BEIJING
from rulebook.services import set_clock
from tests.accounts.makers import PASSWORD, a_person, signed_in_as
from tests.exchange.makers import PAPER, a_market


@pytest.fixture
def market(db, at):
    """A day that is closed, in which a trader placed and cancelled too often and somebody traded."""
    market = a_market(at, units=20_000)
    services.run_sessions(at)
    market.place(market.seller, Side.SELL, 2510, 50)
    market.place(market.traders[1], Side.BUY, 2510, 20)
    for _ in range(12):
        number = market.place(market.traders[0], Side.BUY, 2490, 400)
        market.match()
        market.at += timedelta(seconds=9)
        services.cancel_order(actor=market.traders[0], order_id=number, at=market.at)
        market.match()
    market.at = datetime(2026, 3, 2, 15, tzinfo=BEIJING)
    services.run_sessions(market.at)
    market.match()
    services.watch_closed_days(market.at)
    set_clock(to=market.at)
    return market


@pytest.fixture
def desk(market):
    """The browsers of two operators."""
    return [signed_in_as(a_person(Role.EXCHANGE_OPERATOR, at=market.at)) for _ in range(2)]


def text(answer):
    assert answer.status_code == 200, answer.status_code
    return answer.content.decode()


def test_an_alert_shows_its_figures_its_line_and_its_evidence(market, desk):
    alert = SurveillanceAlert.objects.get()
    page = text(desk[0].get("/surveillance/"))
    assert "频繁申报、撤销申报" in page
    assert organisation(market.traders[0].organisation_id).name in page
    page = text(desk[0].get(f"/surveillance/alerts/{alert.pk}/"))
    for said in ("短时间撤单", "50 %", "时间线", "polyline", "撤销委托", "24.90", "25.10"):
        assert said in page, said
    order = alert.evidence["orders"][0]
    assert f'href="/orders/{order}/"' in page
    assert "<script>" not in page
    assert " style=" not in page.split("<svg")[1].split("</svg>")[0]
    assert "24.90" in text(desk[0].get(f"/orders/{order}/"))
    assert signed_in_as(market.traders[1]).get(f"/orders/{order}/").status_code == 404
    assert "24.90" in text(signed_in_as(market.traders[0]).get(f"/orders/{order}/"))


def test_the_list_is_filtered_and_exported(market, desk):
    alert = SurveillanceAlert.objects.get()
    link = f"/surveillance/alerts/{alert.pk}/"
    for query, is_there in (
        ("pattern=place_and_cancel", True),
        ("pattern=far_orders", False),
        (f"code={market.instrument.code}&day=2026-03-02&state=open", True),
        ("day=2026-03-03", False),
        ("state=dismissed", False),
        ("pattern=nonsense&day=x", True),
    ):
        assert (link in text(desk[0].get(f"/surveillance/?{query}"))) is is_there, query
    answer = desk[0].get("/surveillance/alerts.xlsx?state=open")
    rows = list(load_workbook(BytesIO(b"".join(answer.streaming_content))).active.values)
    assert rows[1][0] == alert.pk
    assert "surveillance.cancel_orders 12 / 10" in rows[1][7]


def test_auditors_read_and_nobody_else_gets_in(market):
    alert = SurveillanceAlert.objects.get()
    auditor = signed_in_as(a_person(Role.AUDITOR, at=market.at))
    page = text(auditor.get(f"/surveillance/alerts/{alert.pk}/"))
    assert "/dismiss/" not in page
    for address in ("/surveillance/cases/new/", f"/surveillance/alerts/{alert.pk}/dismiss/"):
        assert auditor.post(address, {"alert": alert.pk, "title": "x", "reason": "x"}).status_code == 403
    for role in (Role.FIRM_INITIATOR, Role.SETTLEMENT_OPERATOR):
        browser = signed_in_as(a_person(role, at=market.at))
        for address in ("/surveillance/", "/surveillance/alerts.xlsx", f"/surveillance/alerts/{alert.pk}/"):
            assert browser.get(address).status_code == 403
        assert browser.get("/api/v1/surveillance/alerts/").status_code == 403
    assert Client().get("/surveillance/").status_code == 302


def test_the_api_gives_alerts_and_their_evidence(market, desk):
    answer = desk[0].get("/api/v1/surveillance/alerts/?pattern=place_and_cancel&day=2026-03-02").json()
    (one,) = answer["results"]
    assert one["instrument"] == market.instrument.code
    assert one["figures"][0] == {"rule": "surveillance.cancel_orders", "found": 12, "limit": 10}
    assert desk[0].get("/api/v1/surveillance/alerts/?pattern=self_trades").json()["results"] == []
    assert desk[0].get("/api/v1/surveillance/alerts/?pattern=x").status_code == 422
    replayed = desk[0].get(f"/api/v1/surveillance/alerts/{one['id']}/").json()
    first = replayed["moments"][0]
    assert (first["act"], first["price"], first["last"], first["best_bid"]) == ("placed", "24.90", "25.10", None)
    assert desk[0].get("/api/v1/surveillance/alerts/987654321/").status_code == 404


def test_a_case_goes_from_the_ticked_alert_to_its_end_by_the_pages(market, desk):
    first, second = desk
    alert = SurveillanceAlert.objects.get()
    party = signed_in_as(market.traders[0])
    assert first.post("/surveillance/cases/new/", {"title": "x"})["Location"] == "/surveillance/"
    answer = first.post("/surveillance/cases/new/", {"alert": alert.pk, "title": "频繁撤单核查"})
    case = SurveillanceCase.objects.get()
    page = f"/surveillance/cases/{case.pk}/"
    assert answer["Location"] == page
    measure = {"kind": "explanation", "organisation": market.traders[0].organisation_id, "text": "请说明撤单原因"}
    assert first.post(page, {**measure, "addressee": "厅"}).status_code == 422
    assert first.post(page, measure).status_code == 302
    letter = CaseMeasure.objects.get()
    assert case.number in text(party.get("/letters/"))
    shown = text(party.get(f"/letters/{letter.pk}/"))
    assert "请说明撤单原因" in shown
    assert "频繁撤单核查" not in shown
    assert signed_in_as(market.traders[1]).get(f"/letters/{letter.pk}/").status_code == 404
    assert party.post(f"/letters/{letter.pk}/", {"answer": "程序故障"}).status_code == 302
    assert "程序故障" in text(first.get(page))
    first.post(page, {**measure, "kind": "restriction", "text": "限制交易", "until": "2026-03-04T09:00"})
    restriction = CaseMeasure.objects.get(kind="restriction")
    for browser in desk:
        browser.post("/confirm/", {"password": PASSWORD})
    decide = f"{page}measures/{restriction.pk}/approve/"
    first.post(decide, {"digest": restriction.digest})
    assert not Halt.objects.exists()
    second.post(decide, {"digest": restriction.digest})
    assert Halt.objects.get().order_number == case.number
    second.post(f"{page}close/", {"outcome": "concluded", "reason": "已处理"})
    page_text = text(first.get(page))
    assert "已处理" in page_text
    assert "采取监管措施" not in page_text


def test_the_register_is_read_by_anyone_and_of_persons_it_says_little(market, desk):
    first, second = desk
    found = organisation(market.traders[0].organisation_id)
    typed = {
        "kind": "organisation",
        "name": found.name,
        "identity": found.uscc,
        "since": "2026-03-02",
        "until": "2026-12-31",
        "basis": "操纵市场",
        "authority": "自治区生态环境厅",
        "document_number": "内环禁〔2026〕1号",
    }
    first.post("/barred/new/", typed)  # Without its paper.
    assert not BarredParty.objects.exists()
    person = {**typed, "kind": "person", "name": "欧阳小明", "identity": "150102199001011234"}
    for one in (typed, person):
        file = SimpleUploadedFile("决定.pdf", PAPER.content)
        assert first.post("/barred/new/", {**one, "file": file}).status_code == 302
    assert found.name not in text(Client().get("/barred/"))
    assert found.name in text(second.get("/barred/"))
    for browser in desk:
        browser.post("/confirm/", {"password": PASSWORD})
    for row in BarredParty.objects.all():
        first.post(f"/barred/{row.pk}/approve/", {"digest": row.digest})
        row.refresh_from_db()
        assert row.state == "proposed"
        second.post(f"/barred/{row.pk}/approve/", {"digest": row.digest})
    public = text(Client().get("/barred/"))
    for said in (found.name, found.uscc, "内环禁〔2026〕1号", "欧***", "234"):
        assert said in public, said
    exported = list(load_workbook(BytesIO(b"".join(Client().get("/barred.xlsx").streaming_content))).active.values)
    assert "欧阳小明" not in public + str(exported)
    assert "150102199001011234" not in public + str(exported)
    assert "欧阳小明" in text(first.get("/barred/"))
    number = BarredParty.objects.get(kind="person").pk
    assert Client().get(f"/barred/{number}/file/").status_code == 302
    assert b"".join(first.get(f"/barred/{number}/file/").streaming_content) == PAPER.content
    first.post(f"/barred/{number}/end/", {"reason": "撤销"})
    assert BarredParty.objects.get(pk=number).end_reason == "撤销"
