"""The serial passport: every holder in order, names for those who may know them, the certificate at the end."""

import random
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.test import Client

from accounts.models import Organisation
from accounts.rules import Role
from settlement import queries, services
from settlement.errors import SerialMistyped, SerialUnknown
from settlement.rules import SerialRange, TradeToSettle
from tests.accounts.makers import a_client, a_person, an_organisation, signed_in_as
from tests.accounts.test_api import token_of
from tests.database import without_the_exchange
from tests.registry.test_retirement import Firm
from tests.settlement.makers import give_money, issue
from tests.settlement.test_as_of import Act


class Chain:
    """A serial that a seller sold to a firm, which retired it."""

    def __init__(self, at):
        self.firm, self.seller = Firm(at), an_organisation(at=at)
        give_money(self.firm.id, 10_000, at)
        self.batch = issue(self.seller, 100, at, buffer_units=10, vintage_year=2023)
        hold = {"organisation_id": self.seller, "asset_id": self.batch.asset_id, "units": 40, "at": at}
        services.hold_units_for_order(key="s", **hold)
        services.hold_cash_for_order(key="b", organisation_id=self.firm.id, fen=400, at=at)
        trade = TradeToSettle(1, self.batch.asset_id, 40, 10, self.firm.id, self.seller, 400, 0, 0, 0)
        with transaction.atomic():
            services.settle_trades(trades=[trade], at=at)
        self.retirement = self.firm.ask(25, asset_id=self.batch.asset_id, key="passport")
        self.serial = self.retirement.serials[0]["text"]
        self.names = dict(Organisation.objects.values_list("pk", "name"))


@pytest.fixture
def committed(committed, admin_url):
    return without_the_exchange(admin_url, committed)


@pytest.fixture
def chain(committed, at):
    return Chain(at)


def page(client, serial):
    return client.get("/serials/", {"serial": serial}).content.decode()


def test_anyone_follows_a_serial_through_its_holders_to_its_certificate(chain, at):
    seller, buyer = chain.names[chain.seller], chain.names[chain.firm.id]
    seen = page(Client(), chain.serial)
    for words in (
        "签发",
        "参与人1（名称不公开）",
        "参与人2（名称不公开）",
        "注销",
        chain.retirement.number,
        chain.batch.serial_text,
    ):
        assert words in seen, words
    assert seen.rindex("参与人1") < seen.rindex("参与人2")  # In the life; the table of places has the same numbers.
    assert f'href="/certificates/{chain.retirement.number}/"' in seen
    assert "NM-CS-000123" in seen
    assert seller not in seen
    assert buyer not in seen
    one = signed_in_as(a_person(Role.OWNER, at=at, organisation_id=chain.seller))
    assert seller in page(one, chain.serial)
    assert buyer not in page(one, chain.serial)
    for role in (Role.AUDITOR, Role.SETTLEMENT_OPERATOR):
        seen = page(signed_in_as(a_person(role, at=at)), chain.serial)
        assert seller in seen
        assert buyer in seen
        assert "名称不公开" not in seen
    assert seller not in page(signed_in_as(a_person(Role.EXCHANGE_OPERATOR, at=at)), chain.serial)


def test_a_kind_that_is_no_organisation_is_named_to_itself_alone(chain, at, monkeypatch):
    """What a kind for natural persons would be: none of those that are named."""
    monkeypatch.setattr("settlement.queries.passport.NAMED_KINDS", frozenset())
    auditor, own = a_person(Role.AUDITOR, at=at), a_person(Role.OWNER, at=at, organisation_id=chain.seller)
    steps = queries.serial_life(chain.serial).steps
    assert queries.holder_names(auditor, steps) == {}
    assert queries.holder_names(own, steps) == {chain.seller: chain.names[chain.seller]}


def test_the_api_says_the_same_to_the_same_actor(chain, at):
    told = Client().get(f"/api/v1/serials/{chain.serial}/").json()
    assert [step["kind"] for step in told["steps"]] == ["issue", "hold", "trade", "retire"]
    assert [step["holder"] for step in told["steps"]] == [1, 1, 2, 2]
    assert [step["holder_name"] for step in told["steps"]] == [None] * 4
    assert (told["ended"], told["state"], told["certificate"]) == (True, "retired", chain.retirement.number)
    assert told["batch_serials"] == chain.batch.serial_text
    made = a_client("ledger:read", at=at, organisation_id=chain.seller)
    own = Client(headers={"Authorization": f"Bearer {token_of(made)}"})
    names = [step["holder_name"] for step in own.get(f"/api/v1/serials/{chain.serial}/").json()["steps"]]
    assert names == [chain.names[chain.seller]] * 2 + [None] * 2


def test_a_serial_that_lives_and_one_in_the_pool_have_no_end(chain):
    credit = queries.asset(chain.batch.asset_id).credit
    for number, words in ((60, "参与人1（名称不公开）"), (110, "缓冲")):
        text = queries.text_of(credit, SerialRange(number, number))
        assert queries.serial_life(text).end is None
        seen = page(Client(), text)
        assert "流通中" in seen
        assert words in seen
        assert "/certificates/NMZX" not in seen


def test_mistyped_and_unknown_are_told_apart(chain):
    credit = queries.asset(chain.batch.asset_id).credit
    assert "校验码" in page(Client(), chain.serial.replace("000123", "000132"))
    unknown = queries.text_of(credit, SerialRange(5000, 5000))
    assert "从未" in page(Client(), unknown) or "没有" in page(Client(), unknown)
    assert Client().get(f"/api/v1/serials/{unknown}/").json()["code"] == SerialUnknown.code
    mistyped = chain.serial.replace("000123", "000132")
    assert Client().get(f"/api/v1/serials/{mistyped}/").json()["code"] == SerialMistyped.code


def test_a_life_is_one_query(chain, django_assert_num_queries):
    with django_assert_num_queries(1):
        queries.serial_life(chain.serial)


@pytest.mark.parametrize("seed", [1, 2])
def test_every_life_is_all_the_moves_of_its_serial(seed, committed, at):
    """Against the obvious: all moves of the batch whose range holds the number."""
    chance = random.Random(seed)
    holders = [an_organisation(at=at) for _ in range(3)]
    act = Act(chance, holders, [issue(holders[0], 150, at, buffer_units=15).asset_id])
    for number in range(1, 60):
        act(at + timedelta(minutes=number))
    for asset_id in act.assets:
        asset = queries.asset(asset_id)
        for number in range(asset.first_serial, asset.last_serial + 1, 7):
            with connection.cursor() as cursor:
                cursor.execute(
                    """SELECT entry_id, first_serial, last_serial FROM settlement_serialmove
                       WHERE asset_id = %s AND %s BETWEEN first_serial AND last_serial ORDER BY id""",
                    [asset_id, number],
                )
                moves = cursor.fetchall()
            life = queries.serial_life(queries.text_of(asset.credit, SerialRange(number, number)))
            assert [(step.entry_id, step.serials.first, step.serials.last) for step in life.steps] == moves
