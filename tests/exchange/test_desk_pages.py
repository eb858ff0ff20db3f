"""The operator's desk: halts of each kind, approvals entered with their paper and checked by another operator."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from accounts.queries import organisation
from accounts.rules import Role
from exchange.models import ApprovalRecord, Halt
from exchange.rules import TradingMode
from tests.accounts.makers import PASSWORD, a_person, signed_in_as
from tests.exchange.makers import PAPER, a_market


@pytest.fixture
def market(db, at):
    return a_market(at, mode=TradingMode.LISTED)


@pytest.fixture
def desk(market, at):
    """The browsers of two operators."""
    return [signed_in_as(a_person(Role.EXCHANGE_OPERATOR, at=at)) for _ in range(2)]


def test_each_kind_of_halt_is_set_and_lifted_by_the_pages(market, desk):
    first, second = desk
    uscc = organisation(market.traders[0].organisation_id).uscc
    typed = {"order_number": "停〔2026〕1号", "reason": "核查", "until": ""}
    for what, more in (
        ("instrument", {"instrument": market.instrument.code}),
        ("participant", {"uscc": uscc}),
        ("market", {"until": "2026-03-02T14:00"}),
    ):
        assert first.post("/desk/halts/new/", {**typed, "what": what, **more}).status_code == 302
    instrument, participant, whole = Halt.objects.order_by("pk")
    assert (instrument.instrument_id, participant.organisation_id) == (
        market.instrument.pk,
        market.traders[0].organisation_id,
    )
    assert f"{whole.until:%H:%M}" == "06:00"
    page = second.get("/desk/").content.decode()
    assert "停〔2026〕1号" in page
    assert "全市场" in page
    for halt in (instrument, participant, whole):
        assert second.post(f"/desk/halts/{halt.pk}/lift/").status_code == 302
    assert "当前没有停牌" in second.get("/desk/").content.decode()
    assert second.post(f"/desk/halts/{whole.pk}/lift/").status_code == 404


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"what": "participant", "uscc": "x"}, "没有该统一社会信用代码"),
        ({"what": "market", "until": "2026-03-02T09:00"}, "停牌的结束时间须晚于开始时间"),
        ({"what": "market", "reason": ""}, ""),
    ],
)
def test_a_halt_that_cannot_be_is_said_at_its_field(market, desk, changes, said):
    typed = {"what": "market", "order_number": "1", "reason": "核查", "until": ""}
    answer = desk[0].post("/desk/halts/new/", {**typed, **changes})
    assert said in answer.content.decode()
    assert not Halt.objects.exists()


def test_an_approval_goes_from_its_entry_to_its_end_by_the_pages(market, desk, at, client):
    first, second = desk
    page = f"/desk/{market.instrument.code}/approval/"
    typed = {
        "authority": "国务院",
        "authority_level": "state_council",
        "document_number": "国函〔2026〕1号",
        "document_date": "2026-02-27",
        "scope": "连续竞价",
        "valid_from": "2026-03-03",
        "valid_to": "2026-12-31",
    }
    assert first.post(page, typed).status_code == 422  # Without its paper.
    local = first.post(
        page, {**typed, "authority_level": "province", "file": SimpleUploadedFile("a.pdf", PAPER.content)}
    )
    assert "国务院" in local.content.decode()
    assert local.status_code == 422
    assert first.post(page, {**typed, "file": SimpleUploadedFile("批复.pdf", PAPER.content)}).status_code == 302
    row = ApprovalRecord.objects.get()
    assert "复核" in second.get("/workbench/").content.decode()
    assert b"".join(second.get(f"/desk/approvals/{row.pk}/file/").streaming_content) == PAPER.content
    assert client.get(f"/desk/approvals/{row.pk}/file/").status_code in (302, 401, 403)
    for browser in desk:
        browser.post("/confirm/", {"password": PASSWORD})
    first.post(f"/desk/approvals/{row.pk}/approve/", {"digest": row.digest})
    row.refresh_from_db()
    assert row.state == "proposed"
    second.post(f"/desk/approvals/{row.pk}/approve/", {"digest": row.digest})
    row.refresh_from_db()
    assert row.state == "approved"
    second.post(f"/desk/approvals/{row.pk}/end/")
    row.refresh_from_db()
    assert row.ended_on.isoformat() == "2026-03-03"
