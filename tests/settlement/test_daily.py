"""The statement of a day: opening and what crossed the border give the closing, to the fen and the tonne."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from io import BytesIO

import pytest
from django.db import transaction
from openpyxl import load_workbook

from accounts.rules import Role
from rulebook.queries import business_date
from settlement import queries, services
from settlement.errors import InstantInFuture, StatementNotThere
from settlement.rules import AssetKind, EntryKind, Purpose, TradeToSettle
from settlement.rules.daily import ACTS, HELD, Act, act_of, daily_pdf
from tests.accounts.makers import a_person, signed_in_as
from tests.settlement.makers import bind_account, give_money, issue

DAY = timedelta(days=1)


@pytest.fixture
def person(committed, at):
    """Someone of a firm that had 1,000 yuan and 100 t yesterday, and today paid in, sold, bought, retired, paid out."""
    made = a_person(Role.FIRM_INITIATOR, at=at - DAY, confirmed=True)
    firm, other = made.organisation_id, a_person(Role.OWNER, at=at - DAY).organisation_id
    give_money(firm, 100_000, at - DAY)
    bind_account(firm, at - DAY)
    own = issue(firm, 100, at - DAY)
    theirs = issue(other, 100, at - DAY, vintage_year=2025)
    give_money(other, 500_000, at - DAY)
    give_money(firm, 5_000, at)
    services.hold_units_for_order(key="u1", organisation_id=firm, asset_id=own.asset_id, units=10, at=at)
    services.hold_cash_for_order(key="c1", organisation_id=other, fen=25_150, at=at)
    services.hold_units_for_order(key="u2", organisation_id=other, asset_id=theirs.asset_id, units=4, at=at)
    services.hold_cash_for_order(key="c2", organisation_id=firm, fen=10_060, at=at)
    with transaction.atomic():
        services.settle_trades(
            trades=[
                TradeToSettle(1, own.asset_id, 10, 2_500, other, firm, 25_000, 150, 150, 0),
                TradeToSettle(2, theirs.asset_id, 4, 2_500, firm, other, 10_000, 60, 60, 0),
            ],
            at=at,
        )
    services.retire_units(
        key="r", organisation_id=firm, asset_id=own.asset_id, units=7, at=at, maker_id=None, checker_id=None, basis=""
    )
    paid = services.request_withdrawal(actor=made, amount_fen=2_000, at=at)
    services.finish_withdrawal(withdrawal_id=paid.pk, paid=True, at=at)
    return made


def test_opening_and_movements_give_what_the_ledger_says(person, at):
    one = queries.daily_statement(person, business_date(at), at=at + timedelta(hours=1))
    assert one.cash.opening == 100_000
    assert dict(one.cash.moved) == {
        Act.PAID_IN: 5_000,
        Act.SOLD: 25_000,
        Act.BOUGHT: -10_000,
        Act.FEE: -210,
        Act.PAID_OUT: -2_000,
    }
    own, bought = one.credits
    assert (own.opening, own.acts, own.closing) == (100, [0, -10, -7, 0], 83)
    assert (bought.opening, bought.acts, bought.closing) == (0, [4, 0, 0, 0], 4)
    assert not one.is_whole
    held = queries.holdings_as_of(person, at=at + timedelta(hours=1))
    for row in (one.cash, *one.credits):
        assert row.closing == sum(h.units for h in held if h.asset_id == row.asset_id and h.purpose in HELD)


def test_a_day_begins_where_the_day_before_ended(person, at):
    today = business_date(at)
    yesterday, now, tomorrow = (
        queries.daily_statement(person, today + DAY * step, at=at + 2 * DAY) for step in (-1, 0, 1)
    )
    assert (yesterday.cash.closing, now.cash.closing) == (now.cash.opening, tomorrow.cash.opening)
    assert [row.closing for row in now.credits] == [row.opening for row in tomorrow.credits]
    assert tomorrow.movements == ()
    assert now.is_whole
    assert yesterday.cash.moved == {Act.PAID_IN: 100_000}
    with pytest.raises(InstantInFuture):
        queries.daily_statement(person, today + DAY, at=at)
    with pytest.raises(StatementNotThere):
        queries.daily_statement(replace(person, organisation_id=None), today, at=at)


@pytest.mark.parametrize("asset_kind", list(AssetKind))
@pytest.mark.parametrize("kind", list(EntryKind))
@pytest.mark.parametrize("other", list(Purpose))
def test_every_movement_has_a_column(kind, other, asset_kind):
    for units in (1, -1):
        act = act_of(kind, asset_kind, other, units)
        assert (
            act in ACTS[asset_kind]
            or (other, asset_kind) == (Purpose.FEES, AssetKind.CREDIT)
            or (asset_kind is AssetKind.CASH and other is Purpose.RETIRED)
            or (asset_kind is AssetKind.CREDIT and act in (Act.PAID_IN, Act.PAID_OUT))
        )  # What no entry does.


def test_page_file_and_paper_say_the_same(person, at):
    browser = signed_in_as(person)
    day = business_date(at).isoformat()
    page = browser.get(f"/statement/daily/?day={day}").content.decode()
    one = queries.daily_statement(person, business_date(at), at=at + timedelta(hours=1))
    assert f"¥{one.cash.closing / 100:,.2f}" in page
    book = load_workbook(BytesIO(b"".join(browser.get(f"/statement/daily.xlsx?day={day}"))))
    rows = list(book.active.iter_rows(values_only=True))[1:]
    money = [Decimal(str(row[4])) for row in rows if row[3] == "CNY"]
    assert sum(money[:-1]) == money[-1] == Decimal(one.cash.closing) / 100
    first, again = (daily_pdf(one, kinds={}, check_url="https://x/") for _ in range(2))
    assert first == again
    paper = browser.get(f"/statement/daily.pdf?day={day}")
    assert (paper["Content-Type"], paper.content[:5]) == ("application/pdf", b"%PDF-")


@pytest.mark.parametrize("day", ["x", "2026-02-30", "2999-01-01", "20260302T00"])
def test_a_day_that_is_none_is_refused(person, day):
    answer = signed_in_as(person).get(f"/statement/daily/?day={day}")
    assert answer.status_code == 422


def test_nobody_reads_anothers_day(person, at):
    stranger = a_person(Role.FIRM_INITIATOR, at=at - DAY)
    one = queries.daily_statement(stranger, business_date(at), at=at)
    assert (one.cash.opening, one.credits, one.movements) == (0, (), ())


def test_days_at_the_edge_of_the_calendar_are_answered(committed, at):
    browser = signed_in_as(a_person(Role.OWNER, at=at))
    assert browser.get("/statement/daily/?day=0001-01-01").status_code == 200
    for address in ("/statement/daily/", "/statement/daily.xlsx", "/statement/daily.pdf"):
        assert browser.get(f"{address}?day=9999-12-31").status_code == 422, address
    assert browser.get(f"/statement/?before={10**40}").status_code == 200
