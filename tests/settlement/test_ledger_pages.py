"""The ledger searched and read: watchers find every entry, holders theirs, nobody a leg that is not its own."""

import io
from datetime import timedelta

import openpyxl
import pytest
from django.test import Client

from accounts.queries import organisation
from accounts.rules import Role
from settlement import queries
from settlement.errors import EntryNotThere
from settlement.queries import LedgerQuery
from settlement.rules import EntryKind
from tests.accounts.makers import a_person, signed_in_as
from tests.settlement.day_makers import ACCOUNT, a_day_world
from tests.settlement.makers import give_money


@pytest.fixture
def world(committed, at, settings):
    settings.BANK_ACCOUNT = ACCOUNT
    made = a_day_world(at)
    made.trade(units=2)
    give_money(made.seller, 700, at + timedelta(days=1))
    return made


def found(actor, **asked):
    return [row.id for row in queries.search_ledger(actor, LedgerQuery(**asked))]


def everything(world):
    return found(world.operators[0])


def test_watchers_find_entries_by_each_of_what_they_ask_for(world):
    desk = world.operators[0]
    trade = world.trades[0].entry_id
    every = everything(world)
    assert every == sorted(every, reverse=True)
    assert trade in every
    assert found(desk, text=str(trade)) == found(desk, text="trade:1000") == [trade]
    assert found(desk, kind=EntryKind.TRADE) == [trade]
    deposit = found(desk, kind=EntryKind.DEPOSIT)[0]
    basis = queries.ledger_entry(desk, deposit).basis
    assert found(desk, text=basis) == [deposit]
    assert found(desk, first=world.at.date() + timedelta(days=1)) == [deposit]
    assert deposit not in found(desk, last=world.at.date())
    assert set(found(desk, holder_id=world.seller)) < set(every)
    code = queries.asset(world.asset_id).credit.project_code
    assert trade in found(desk, batch=code)
    assert found(desk, batch=queries.asset(world.asset_id).code, kind=EntryKind.TRADE) == [trade]
    assert deposit not in found(desk, batch=code)
    assert found(desk, before=every[0]) == every[1:]
    assert found(desk, text="9" * 30) == found(desk, text="nothing") == found(desk, batch="x") == []


def test_a_holder_finds_what_moves_its_own_and_sees_those_legs_alone(world, at):
    seller, trade = world.people[world.seller], world.trades[0].entry_id
    own = found(seller)
    assert trade in own
    assert set(own) == set(found(world.operators[0], holder_id=world.seller))
    assert found(seller, holder_id=world.buyer) == [trade]
    seen = queries.ledger_entry(seller, trade)
    whole = queries.ledger_entry(world.operators[0], trade)
    assert len(whole.legs) == 5  # Units, value, both fees, what the buyer's order no longer needed.
    assert len(seen.legs) == 3
    assert all(world.seller in (leg.debited.organisation_id, leg.credited.organisation_id) for leg in seen.legs)
    stranger = a_person(Role.FIRM_INITIATOR, at=at)
    assert found(stranger) == []
    for number in (trade, 10**9):
        with pytest.raises(EntryNotThere):
            queries.ledger_entry(stranger, number)


def test_an_entry_tells_its_serials_and_its_persons_to_who_may_know_them(world):
    issued = found(world.operators[0], kind=EntryKind.ISSUE)[0]
    whole = queries.ledger_entry(world.operators[0], issued)
    assert whole.maker_id
    assert whole.checker_id
    own = queries.ledger_entry(world.people[world.seller], issued)
    assert (own.maker_id, own.checker_id) == (None, None)
    assert [leg.units for leg in own.legs] == [1000]
    assert "0000000001-0000001000" in own.legs[0].serials[0]


def test_pages_and_the_export_say_the_same(world):
    trade = world.trades[0].entry_id
    names = [organisation(one).name for one in (world.seller, world.buyer)]
    for person in (world.operators[0], world.people[world.seller]):
        browser = signed_in_as(person)
        page = browser.get("/ledger/?kind=trade").content.decode()
        assert f"/ledger/{trade}/" in page
        entry = browser.get(f"/ledger/{trade}/").content.decode()
        assert all(name in entry for name in names)  # Both sides of a trade know each other.
        answer = browser.get("/ledger.xlsx?kind=trade")
        rows = list(openpyxl.load_workbook(io.BytesIO(b"".join(answer))).active.iter_rows(values_only=True))
        assert len(rows) == 1 + len(queries.ledger_entry(person, trade).legs)
        assert rows[1][0] == trade
    assert signed_in_as(a_person(Role.OWNER, at=world.at)).get(f"/ledger/{trade}/").status_code == 404
    assert signed_in_as(a_person(Role.EXCHANGE_OPERATOR, at=world.at)).get("/ledger/").status_code == 403


def test_what_cannot_be_looked_for_is_told_at_its_field(world):
    desk = signed_in_as(world.operators[0])
    page = desk.get("/ledger/?uscc=911500000000000000&first=x&kind=lunch", headers={"accept-language": "en"})
    text = page.content.decode()
    assert "No organisation has this code." in text
    assert text.count("field-error") == 3
    assert "No entry fits." in text
    uscc = organisation(world.buyer).uscc
    assert f"/ledger/{world.trades[0].entry_id}/" in desk.get(f"/ledger/?uscc={uscc}").content.decode()


def test_older_entries_are_led_to(world, monkeypatch):
    monkeypatch.setattr("settlement.web.ledger.SHOWN", 2)
    desk = signed_in_as(world.operators[0])
    every = everything(world)
    first = desk.get("/ledger/?last=2026-12-31").content.decode()
    assert f"?last=2026-12-31&amp;before={every[1]}" in first
    second = desk.get(f"/ledger/?last=2026-12-31&before={every[1]}").content.decode()
    assert f"/ledger/{every[2]}/" in second
    assert f"/ledger/{every[0]}/" not in second


def test_the_overview_has_money_and_credits_by_purpose(world):
    browser = signed_in_as(world.people[world.seller])
    page = browser.get("/holdings/", headers={"accept-language": "en"}).content.decode()
    assert "Money in all" in page
    assert "¥1,004.00" in page  # 1,000 yuan less 3 yuan of fee, and 7 yuan paid in.
    assert "998" in page
    answer = browser.get("/holdings/overview.xlsx")
    rows = list(openpyxl.load_workbook(io.BytesIO(b"".join(answer))).active.iter_rows(values_only=True))
    assert ("CNY", 1004) in [(row[0], row[4]) for row in rows]
    assert 998 in [row[4] for row in rows]
    before = browser.get("/holdings/overview.xlsx?as_of=2026-03-01T10:00:00")  # Before the trade: a thousand tonnes.
    rows = list(openpyxl.load_workbook(io.BytesIO(b"".join(before))).active.iter_rows(values_only=True))
    assert 1000 in [row[4] for row in rows]


def test_desk_statements_passport_and_heads_are_exported(world):
    desk = signed_in_as(world.operators[0])
    world.statement(world.at + timedelta(hours=6))
    serial = (
        queries.ledger_entry(world.operators[0], found(world.operators[0], kind=EntryKind.ISSUE)[0]).legs[0].serials[0]
    )

    def rows(address, browser=desk):
        answer = browser.get(address, headers={"accept-language": "en"})
        assert answer.status_code == 200, answer.content[:200]
        return list(openpyxl.load_workbook(io.BytesIO(b"".join(answer))).active.iter_rows(values_only=True))

    assert ("Received", 1_000_000) in [(row[0], row[6]) for row in rows("/bank-desk.xlsx")]
    assert [row[3:6] for row in rows("/bank-desk/statements.xlsx")][1] == (0, 1_000_700, 2)
    steps = rows(f"/serials.xlsx?serial={serial}", Client())  # Anybody may; names are for who may know them.
    assert steps[1][1] == "Issuance"
    assert all(organisation(world.seller).name not in row for row in steps)
    assert rows("/log/heads.xlsx", Client())[0][0] == "Leaves in the tree"
    assert Client().get("/serials.xlsx?serial=x").status_code == 404
    for page, link in (
        ("/bank-desk/", "/bank-desk.xlsx"),
        ("/bank-desk/statements/", "/bank-desk/statements.xlsx"),
        (f"/serials/?serial={serial}", f"/serials.xlsx?serial={serial}"),
        ("/log/", "/log/heads.xlsx"),
    ):
        assert link in desk.get(page).content.decode(), page
    assert signed_in_as(world.people[world.seller]).get("/bank-desk.xlsx").status_code == 403
