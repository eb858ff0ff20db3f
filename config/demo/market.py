"""Money, products and the trading history of the demonstration, by the services of settlement and the exchange."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from django.conf import settings

from accounts import services as accounts
from accounts.rules import Role
from config.demo import papers
from config.demo.people import TRADERS
from config.demo.telling import Desk, Story, at_hour
from exchange import services as exchange
from exchange.queries import instrument_by_code, instruments
from exchange.rules import Side, TimeInForce, TradingMode
from registry import queries as registry
from registry import services as registry_services
from rulebook.rules import beijing
from settlement import services as settlement
from settlement.services.deposits import BankMessage

PAID_IN = datetime.fromisoformat("2025-11-03T10:00+08:00")
ADMITTED = datetime.fromisoformat("2026-01-28T16:00+08:00")
# In the first half of the history every second trader buys what it sells later, in the second half the others buy.
EARLIER = (date(2026, 2, 2), date(2026, 2, 6))
LATER = (date(2026, 2, 11), date(2026, 2, 13))
SEED = 20260302
MONEY_FEN = 300_000_000
FIRM, FIRM_PERSON = "firm", "qiye"
FIRM_PRODUCT = "F000001-23"
EVENT_TONNES, LARGE_TONNES = 60, 1_000


@dataclass(frozen=True)
class Price:
    """The first price of an ecosystem's credits, and how many tonnes a trade of the two halves has about."""

    fen: int
    tonnes: tuple[int, int]
    continuous_year: int | None


@dataclass(frozen=True)
class BankAccountView:
    """A bank account of the demonstration: its holder's name, its number."""

    account_name: str
    account_number: str


PRICES: Mapping[str, Price] = {
    "F": Price(6_850, (400, 60), 2024),
    "G": Price(5_420, (400, 60), 2024),
    "W": Price(7_960, (120, 30), None),
}


def pay_in(desk: Desk, owners: list[str]) -> Story:
    """Tell how everyone bound a bank account, and how the buyers paid in."""
    at = PAID_IN
    booked: list[tuple[datetime, BankMessage]] = []
    for number, key in enumerate([*owners, FIRM, *(house.key for house in TRADERS)]):
        yield at
        account = bind(desk, key, f"6222020000{number + 1:06d}", at)
        if key not in owners:
            fen = MONEY_FEN if key != FIRM else MONEY_FEN // 10
            deposit = settlement.request_deposit(actor=desk.client(key), amount_fen=fen, at=at)
            payer = (account.account_name, account.account_number)
            booked.append((at, BankMessage(f"DEMO{number:06d}", fen, deposit.reference, *payer)))
            settlement.book_bank_notice(message=booked[-1][1], at=at)
        at += timedelta(minutes=4)
    at = at_hour(date(2026, 2, 27), 15, 40)
    yield at
    # Somebody forgot the reference: the settlement operators look for whose money it is.
    booked.append((at, BankMessage("DEMO900001", 1_250_000, "", "演示户名 99", "6222029999000099")))
    settlement.book_bank_notice(message=booked[-1][1], at=at)
    at = at_hour(date(2026, 2, 27), 16, 40)
    yield at
    settlement.take_statement_file(
        data=bank_export(booked).encode("gbk"),
        account=settings.BANK_ACCOUNT,
        at=at,
        actor=desk.person("jiesuan", at),
    )


def bind(desk: Desk, key: str, number: str, at: datetime) -> BankAccountView:
    """Let the two persons of a house bind its bank account; the bank says that it stands in its name."""
    first, second = (desk.person(one, at) for one in desk.pair_of(key))
    row = settlement.propose_bank_account(actor=first, bank_name="模拟银行", account_number=number, at=at)
    settlement.approve_bank_account(actor=second, account_id=row.pk, account_number=number, at=at)
    settlement.record_account_answer(account_id=row.pk, is_holders=True, reason="", at=at)
    return BankAccountView(row.account_name, number)


def bank_export(booked: list[tuple[datetime, BankMessage]]) -> str:
    """Return the movements as the bank's own export has them, newest first."""
    rows, balance = [], 0
    for at, one in booked:
        balance += one.amount_fen
        amounts = [f"{fen // 100}.{fen % 100:02d}" for fen in (one.amount_fen, balance)]
        rows.append([one.bank_serial, beijing(at).date().isoformat(), *amounts, one.payer_name, one.reference])
    head = ["流水号", "交易日期", "金额", "余额", "对方户名", "附言"]
    return "\n".join(",".join(row) for row in [head, *reversed(rows)])


def admit(desk: Desk, owner_of: Mapping[str, str]) -> Story:
    """Tell how the owners asked for every vintage issued by then, and it was admitted; two for continuous trading.

    owner_of: houses by the code of the project.
    """
    at = ADMITTED
    yield at
    operator = desk.person("jiaoyi", at)
    for batch in sorted(registry.issued_batches(), key=lambda one: one.pk):
        price = PRICES[batch.serial_text.split("-")[3]]
        owner = desk.person(desk.first_of(owner_of[batch.issuance.project.code]), at)
        asked = exchange.request_admission(actor=owner, asset_id=batch.asset_id, initial_price_fen=price.fen, at=at)
        exchange.review_admission(actor=operator, admission_id=asked.pk, opinion="材料齐全，价格有依据。", at=at)
        second = replace(desk.person("jiaoyi2", at), confirmed_at=at)
        admitted = exchange.approve_admission(actor=second, admission_id=asked.pk, digest=asked.digest, at=at)
        instrument = admitted.instrument
        assert instrument is not None
        if batch.vintage_year == price.continuous_year:
            row = exchange.propose_approval(
                actor=operator,
                instrument_id=instrument.pk,
                new=exchange.NewApproval(
                    authority="演示批准（非真实文件）",
                    authority_level="demonstration",
                    document_number="演示〔2026〕1号",
                    document_date=at.date(),
                    scope="演示用途：单品种连续竞价",
                    valid_from=at.date(),
                    valid_to=date(2027, 12, 31),
                    basis="demonstration",
                ),
                file=None,
                demonstration=True,
                at=at,
            )
            exchange.approve_approval(actor=second, approval_id=row.pk, digest=row.digest, at=at)


def trade(desk: Desk, owner_of: Mapping[str, str]) -> Story:
    """Tell the trading days: the owners sell to the trading organisations, and the firm of the tour buys once.

    owner_of: houses by the code of the project.
    """
    chance = random.Random(SEED)  # noqa: S311 (a story, not a secret)
    sellers = [house.key for house in TRADERS[::2]]
    buyers = [house.key for house in TRADERS[1::2]]
    for half, ((first, last), takers) in enumerate(((EARLIER, sellers), (LATER, buyers))):
        day = first
        while day <= last:
            if desk.days.is_trading_day(day):
                yield at_hour(day, 9, 31)
                for place, one in enumerate(instruments(at_hour(day, 9, 31))):
                    tonnes = PRICES[one.credit_type].tonnes[half]
                    # In turns, so that after some days each of them holds some of every product.
                    turn = [takers[(day.toordinal() * 2 + place + number) % len(takers)] for number in range(2)]
                    _trade_one_day(desk, owner_of[one.project_code], one.code, day, turn, tonnes, chance)
            day += timedelta(days=1)


def _trade_one_day(
    desk: Desk, owner: str, code: str, day: date, takers: list[str], tonnes: int, chance: random.Random
) -> None:
    instrument = instrument_by_code(code)
    at = at_hour(day, 9, 31)
    opened = exchange.open_day(instrument_id=instrument.pk, at=at)
    kind = "accept" if opened.mode == TradingMode.LISTED else "place"
    for number in range(len(takers)):
        moment = at + timedelta(minutes=7 * number)
        price = opened.base_price_fen + chance.randrange(-120, 160)
        taker, quantity = takers[number], tonnes + 10 * chance.randrange(8)
        if (code, day, number) == (FIRM_PRODUCT, LATER[0], 0):
            taker, quantity = FIRM, EVENT_TONNES + LARGE_TONNES + 40
        offer = exchange.NewOrder(code, Side.SELL, quantity, price, time_in_force=TimeInForce.DAY)
        exchange.place_order(actor=desk.client(owner), order=offer, at=moment)
        taken = quantity if taker == FIRM else quantity - 10 * chance.randrange(3)
        take = exchange.NewOrder(code, Side.BUY, taken, price, kind=kind, time_in_force=TimeInForce.DAY)
        exchange.place_order(actor=desk.client(taker), order=take, at=moment)
        while exchange.match_instrument(instrument_id=instrument.pk, at=moment + timedelta(seconds=1)):
            continue
    closes = at_hour(day, 15)
    exchange.close_day(instrument_id=instrument.pk, day=day, at=closes)
    while exchange.match_instrument(instrument_id=instrument.pk, at=closes):
        continue


def retire(desk: Desk) -> Story:
    """Tell how the firm retired what an event emitted, and asked for more than one person may retire alone."""
    at = at_hour(date(2026, 2, 12), 16, 10)
    yield at
    product = instrument_by_code(FIRM_PRODUCT)
    batch = next(
        one
        for one in registry.issued_batches()
        if (one.issuance.project.code, one.vintage_year) == (product.project_code, product.vintage_year)
    )
    done = registry_services.request_retirement(
        actor=desk.person(FIRM_PERSON, at),
        asset_id=batch.asset_id,
        tonnes=EVENT_TONNES,
        beneficiary="2026 青山冰雪运动会（演示）",
        purpose="event",
        period_first=date(2026, 2, 5),
        period_last=date(2026, 2, 8),
        note="抵消赛事交通、用能与住宿排放",
        key="demonstration-event",
        at=at,
    )
    registry_services.make_certificate(retirement_id=done.pk, at=at)
    at = at_hour(date(2026, 2, 27), 11, 30)
    yield at
    registry_services.request_retirement(
        actor=desk.person(FIRM_PERSON, at),
        asset_id=batch.asset_id,
        tonnes=LARGE_TONNES,
        beneficiary="青山会展服务有限公司（演示）",
        purpose="voluntary",
        period_first=date(2025, 1, 1),
        period_last=date(2025, 12, 31),
        key="demonstration-year",
        at=at,
    )


def confirm_values(desk: Desk) -> Story:
    """Tell how the region's checker confirmed the values that the calculations rest on, for this demonstration only."""
    at = datetime.fromisoformat("2025-05-19T10:20+08:00")
    yield at
    evidence = papers.paper(
        "参数确认书（演示用途）",
        [
            "本确认书仅供演示使用，依据为“演示用途”，不得作为真实签发的依据。",
            "确认落叶松、白桦的生物量方程与含碳率参数，来源见参数集内所列文献。",
        ],
    )
    for set_id, keys in (
        ("tree_allometry", ["models.NM-LARGME"]),
        ("tree_bef", ["species.LARIX", "species.BETULA"]),
    ):
        registry_services.confirm_parameters(
            actor=desk.person("qufuhe", at),
            set_id=set_id,
            keys=keys,
            basis="demonstration",
            evidence_name="参数确认书（演示用途）.pdf",
            evidence=evidence,
            is_demonstration=True,
            at=at,
        )


def propose_a_stand_in(desk: Desk) -> Story:
    """Tell of a proposed role that waits for the security administrator."""
    at = at_hour(date(2026, 2, 27), 16, 30)
    yield at
    accounts.propose_role(
        user_id=desk.cast.users["jiesuan2"],
        organisation_id=desk.cast.organisations["venue"],
        role=Role.EXCHANGE_OPERATOR,
        actor=desk.person("xitong", at),
        at=at,
    )
