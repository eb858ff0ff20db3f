"""One-way auctions: notice, deposit, bids in time, the winner by rule; open and sealed, of a sale and of a purchase."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from django.test import Client
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from accounts.errors import ChangedMeanwhile, PasswordNeeded, RoleMissing
from accounts.rules import Role
from config import sweeps
from exchange import errors, queries, services
from exchange.models import Auction, AuctionBid
from exchange.rules import AuctionFormat, AuctionTerms, Bid, Side, TradingMode, end_after, ranked
from exchange.services import NewAuction
from rulebook.rules import BEIJING
from settlement import queries as ledger
from settlement.errors import InsufficientFunds
from tests.accounts.makers import PASSWORD, a_person, signed_in_as
from tests.exchange.makers import a_market, broken
from tests.settlement.makers import give_money

FRIDAY = datetime(2026, 3, 6, tzinfo=BEIJING)  # Three trading days of notice after Monday.


def clock(text):
    return FRIDAY.replace(hour=int(text[:2]), minute=int(text[3:5]), second=int(text[6:] or 0))


@pytest.fixture
def market(db, at):
    made = a_market(at, mode=TradingMode.LISTED, units=9000, buyers=3)
    for who in (made.seller, *made.traders):
        give_money(who.organisation_id, 100_000_000, at)
    return made


@pytest.fixture
def operator(at):
    return a_person(Role.EXCHANGE_OPERATOR, at=at, confirmed=True)


def terms(market, **changes):
    """A lot of 1,000 t offered openly on Friday from 10:00 to 10:30, from 20.00 yuan, reserve 22.00, by 0.50."""
    return NewAuction(**{"instrument_code": market.instrument.code, "side": Side.SELL, "format": AuctionFormat.OPEN,
                         "quantity": 1000, "start_price_fen": 2000, "reserve_price_fen": 2200, "step_fen": 50,
                         "deposit_fen": 200_000, "begins_at": clock("10:00"), "ends_at": clock("10:30"),
                         **changes})  # fmt: skip


def announced(market, operator, *, owner=None, bidders=None, **changes):
    """An auction that the exchange has announced, and the bidders that it has admitted."""
    row = services.propose_auction(actor=owner or market.seller, new=terms(market, **changes), at=market.at)
    services.announce_auction(actor=operator, auction_id=row.pk, digest=row.digest, at=market.at)
    for who in market.traders if bidders is None else bidders:
        entrant = services.apply_to_auction(actor=who, auction_id=row.pk, statement="", at=market.at)
        services.decide_entrant(actor=operator, entrant_id=entrant.pk, admit=True, at=market.at)
    services.run_sessions(clock("09:30"))
    market.match()
    return row


def bid(market, who, row, price, text):
    return services.bid(actor=who, auction_id=row.pk, price_fen=price, at=clock(text))


def ended(row, at):
    services.end_due_auctions(at)
    row.refresh_from_db()
    assert broken() == {}
    return row


def again(operator):
    """The operator, its password entered anew on Friday."""
    return replace(operator, confirmed_at=clock("10:00"))


def held(who):
    return ledger.held_fen(who.organisation_id)


def test_an_open_sale_goes_to_the_best_bid(market, operator):
    first, second, third = market.traders
    row = announced(market, operator)
    assert held(first) == 200_000
    bid(market, first, row, 2000, "10:01")
    bid(market, second, row, 2300, "10:02")
    assert held(first) == 200_000  # Outbid: what it bid is free again.
    bid(market, first, row, 2350, "10:05")
    assert ended(row, clock("10:29:59")).state == "announced"
    ended(row, clock("10:30"))

    assert (row.state, row.trade.price_fen, row.trade.mode) == ("traded", 2350, "one_way_auction")
    assert ledger.available_units(first.organisation_id, market.batch.asset_id) == 1000
    assert [held(who) for who in (first, second, third)] == [0, 0, 0]
    paper = queries.trade_confirmation(market.seller, row.trade_id)
    assert (paper.side, paper.mode, paper.price_fen) == ("sell", "one_way_auction", 2350)
    assert services.end_due_auctions(clock("10:31")) == ""


def test_an_open_purchase_goes_to_the_lowest_bid(market, operator):
    buyer = market.traders[0]
    row = announced(
        market,
        operator,
        owner=buyer,
        bidders=[market.seller],
        side=Side.BUY,
        start_price_fen=3000,
        reserve_price_fen=2800,
    )
    assert held(buyer) == 2_800_000 + 16_800
    bid(market, market.seller, row, 3000, "10:01")
    with pytest.raises(errors.BidTooLow):
        bid(market, market.seller, row, 2951, "10:02")
    bid(market, market.seller, row, 2750, "10:02")
    ended(row, clock("10:30"))
    assert (row.state, row.trade.price_fen, row.trade.buyer_id) == ("traded", 2750, buyer.organisation_id)
    assert held(buyer) == 0


@pytest.mark.parametrize("side", list(Side))
def test_a_sealed_auction_shows_nobody_s_bid_until_it_has_ended(market, operator, side):
    owner, bidders = market.seller, market.traders
    if side is Side.BUY:
        owner, bidders = market.traders[2], [market.seller]
    prices = {"start_price_fen": 2000, "reserve_price_fen": 2000} if side is Side.SELL else {
        "start_price_fen": 3000, "reserve_price_fen": 3000}  # fmt: skip
    row = announced(market, operator, owner=owner, bidders=bidders, side=side, format=AuctionFormat.SEALED, **prices)
    good = {Side.SELL: [2500, 2600, 2600], Side.BUY: [2500]}[side]
    for minute, (who, price) in enumerate(zip(bidders, good, strict=True)):
        bid(market, who, row, price, f"10:0{minute}")
    mine = queries.bids_seen_by(bidders[0], row)
    assert [(line.price_fen, line.is_own) for line in mine] == [(good[0], True)]
    auditor = a_person(Role.AUDITOR, at=market.at)
    bid(market, bidders[0], row, 2400, "10:10")  # The newest of one's own counts, also a worse one.
    orders = set(AuctionBid.objects.filter(auction=row).values_list("order_id", flat=True))

    def seen(reader):
        return {order.pk for order in queries.orders_visible_to(reader)} & {*orders, row.lot_id}

    for reader in (owner, operator):
        assert queries.bids_seen_by(reader, row) == []
    # Nor as orders, those that a newer bid has ended included.
    assert (seen(operator), seen(auditor), seen(owner)) == ({row.lot_id}, set(), {row.lot_id})
    assert len(seen(bidders[0])) == 2
    ended(row, clock("10:30"))
    assert seen(auditor) == seen(operator) == {*orders, row.lot_id}
    # Of two equal ones the earlier wins.
    winner = bidders[1] if side is Side.SELL else bidders[0]
    assert winner.organisation_id in (row.trade.buyer_id, row.trade.seller_id)
    assert row.trade.price_fen == (2600 if side is Side.SELL else 2400)
    assert len(queries.bids_seen_by(owner, row)) == len(good) + 1
    assert [held(who) for who in market.traders] == [0, 0, 0]


def test_below_the_reserve_price_nobody_wins(market, operator):
    row = announced(market, operator)
    bid(market, market.traders[0], row, 2150, "10:01")
    ended(row, clock("10:30"))
    assert (row.state, row.trade) == ("failed", None)
    assert ledger.available_units(market.seller.organisation_id, market.batch.asset_id) == 9000
    assert held(market.traders[0]) == 0


def test_without_a_bid_it_fails_and_the_sweep_knows_when(market, operator):
    row = announced(market, operator, bidders=[])
    due = sweeps.due_places(clock("10:00"), clock("11:00"))
    assert clock("10:30") in {place.at for place in due}
    assert ended(row, clock("10:30")).state == "failed"


@pytest.mark.parametrize(
    ("text", "ends"), [("10:26:59", "10:30"), ("10:27", "10:30"), ("10:27:01", "10:30:01"), ("10:29", "10:32")]
)
def test_a_late_bid_gives_more_time(market, operator, text, ends):
    row = announced(market, operator)
    bid(market, market.traders[0], row, 2300, text)
    row.refresh_from_db()
    assert row.ends_at == clock(ends)


def test_no_bid_makes_it_longer_than_its_session(market, operator):
    row = announced(market, operator, begins_at=clock("11:00"), ends_at=clock("11:29"))
    bid(market, market.traders[0], row, 2300, "11:28")
    row.refresh_from_db()
    assert (row.ends_at, row.latest_end) == (clock("11:30"), clock("11:30"))


def test_a_halt_keeps_it_open_until_it_is_lifted(market, operator):
    row = announced(market, operator)
    bid(market, market.traders[0], row, 2300, "10:05")
    stop = services.halt(
        actor=operator, instrument_id=market.instrument.pk, order_number="停1", reason="核查", at=clock("10:20")
    )
    with pytest.raises(errors.Halted):
        bid(market, market.traders[1], row, 2400, "10:21")
    assert ended(row, clock("10:30")).state == "announced"
    services.lift_halt(actor=operator, halt_id=stop.pk, at=clock("10:40"))
    assert ended(row, clock("10:41")).state == "traded"


def test_once_the_bulletin_is_out_it_ends_on_the_next_day(market, operator):
    row = announced(market, operator, begins_at=clock("14:30"), ends_at=clock("14:45"))
    bid(market, market.traders[0], row, 2300, "14:35")
    stop = services.halt(
        actor=operator, instrument_id=market.instrument.pk, order_number="停1", reason="核查", at=clock("14:40")
    )
    services.run_sessions(clock("15:00"))
    market.at = clock("15:00")
    market.match()
    services.publish_due_bulletins(clock("15:30"))
    services.lift_halt(actor=operator, halt_id=stop.pk, at=clock("15:40"))
    assert ended(row, clock("15:41")).state == "announced"
    monday = clock("09:31") + timedelta(days=3)
    services.run_sessions(monday)
    assert ended(row, monday).state == "traded"


@pytest.mark.parametrize(
    ("changes", "error", "field"),
    [
        ({"begins_at": clock("10:00") - timedelta(days=1)}, errors.AuctionTimes, "begins_at"),
        ({"begins_at": clock("12:00"), "ends_at": clock("12:30")}, errors.AuctionTimes, "begins_at"),
        ({"ends_at": clock("10:09")}, errors.AuctionTimes, "ends_at"),
        ({"begins_at": clock("11:15"), "ends_at": clock("11:31")}, errors.AuctionTimes, "ends_at"),
        ({"reserve_price_fen": 1999}, errors.AuctionPrices, "reserve_price"),
        ({"start_price_fen": 0}, errors.AuctionPrices, "reserve_price"),
        ({"step_fen": 0}, errors.AuctionPrices, "step"),
        ({"deposit_fen": 400_001}, errors.AuctionPrices, "deposit"),
        ({"qualification": "a\x00b"}, errors.AuctionTextUnreadable, "qualification"),
        ({"quantity": 9001}, errors.NothingToSell, "quantity"),
    ],
)
def test_what_no_auction_can_be_is_refused_at_its_field(market, changes, error, field):
    with pytest.raises(error) as refused:
        services.propose_auction(actor=market.seller, new=terms(market, **changes), at=market.at)
    assert refused.value.field == field
    assert not Auction.objects.exists()


@pytest.mark.parametrize(
    "changes",
    [
        {"ends_at": clock("10:10")},
        {"begins_at": clock("11:20"), "ends_at": clock("11:30")},
        {"deposit_fen": 400_000},
        {"reserve_price_fen": 2000},
    ],
)
def test_the_border_of_each_rule_is_allowed(market, changes):
    assert services.propose_auction(actor=market.seller, new=terms(market, **changes), at=market.at).state == "proposed"


def test_each_act_is_of_whom_it_is_for(market, operator):
    first, second, stranger = market.traders
    row = services.propose_auction(actor=market.seller, new=terms(market), at=market.at)
    with pytest.raises(errors.AuctionNotThere):
        queries.auction_seen_by(stranger, row.pk)
    with pytest.raises(errors.AuctionEnded):
        services.apply_to_auction(actor=first, auction_id=row.pk, statement="", at=market.at)
    with pytest.raises(RoleMissing):
        services.announce_auction(actor=first, auction_id=row.pk, digest=row.digest, at=market.at)
    with pytest.raises(PasswordNeeded):
        services.announce_auction(
            actor=a_person(Role.EXCHANGE_OPERATOR, at=market.at), auction_id=row.pk, digest=row.digest, at=market.at
        )
    with pytest.raises(ChangedMeanwhile):
        services.announce_auction(actor=operator, auction_id=row.pk, digest="x", at=market.at)
    late = market.at + timedelta(days=1)
    with pytest.raises(errors.AuctionTimes):  # Announced too late, the notice would be too short.
        services.announce_auction(
            actor=replace(operator, confirmed_at=late), auction_id=row.pk, digest=row.digest, at=late
        )
    services.announce_auction(actor=operator, auction_id=row.pk, digest=row.digest, at=market.at)
    with pytest.raises(errors.AuctionEnded):
        services.withdraw_auction(actor=market.seller, auction_id=row.pk, at=market.at)
    with pytest.raises(errors.AuctionNotOpenToYou):
        services.apply_to_auction(actor=market.seller, auction_id=row.pk, statement="", at=market.at)
    entrant = services.apply_to_auction(actor=first, auction_id=row.pk, statement="", at=market.at)
    with pytest.raises(errors.AuctionEnded):
        services.apply_to_auction(actor=first, auction_id=row.pk, statement="", at=market.at)
    refused = services.apply_to_auction(actor=second, auction_id=row.pk, statement="", at=market.at)
    services.decide_entrant(actor=operator, entrant_id=refused.pk, admit=False, at=market.at)
    assert held(second) == 0
    services.run_sessions(clock("09:30"))
    for who in (first, second, stranger):  # Not yet decided, refused, never applied.
        with pytest.raises(errors.AuctionNotOpenToYou):
            bid(market, who, row, 2300, "10:01")
    services.decide_entrant(actor=operator, entrant_id=entrant.pk, admit=True, at=clock("10:01"))
    for text in ("09:59:59", "10:30"):
        with pytest.raises(errors.AuctionNotRunning):
            bid(market, first, row, 2300, text)
    for price in (1999, 0):
        with pytest.raises(errors.BidTooLow):
            bid(market, first, row, price, "10:02")
    with pytest.raises(InsufficientFunds):
        bid(market, first, row, 120_000, "10:02")
    assert not AuctionBid.objects.exists()


@pytest.mark.parametrize("act", ["refuse", "withdraw", "cancel"])
def test_what_ends_before_its_time_gives_everything_back(market, operator, act):
    row = services.propose_auction(actor=market.seller, new=terms(market), at=market.at)
    if act == "cancel":
        row = announced(market, operator)
        bid(market, market.traders[0], row, 2300, "10:01")
        with pytest.raises(errors.AuctionTextUnreadable):
            services.cancel_auction(actor=again(operator), auction_id=row.pk, reason=" ", at=clock("10:02"))
        services.cancel_auction(actor=again(operator), auction_id=row.pk, reason="核查", at=clock("10:02"))
    elif act == "refuse":
        services.refuse_auction(actor=operator, auction_id=row.pk, reason="材料不全", at=market.at)
    else:
        services.withdraw_auction(actor=market.seller, auction_id=row.pk, at=market.at)
    row.refresh_from_db()
    assert row.ended_at is not None
    assert [held(who) for who in market.traders] == [0, 0, 0]
    left = 1000 if act == "cancel" else 0  # The first proposal of this test is still open then.
    assert ledger.available_units(market.seller.organisation_id, market.batch.asset_id) == 9000 - left
    assert broken() == {}


def test_the_whole_way_by_the_pages(market, operator, monkeypatch):
    now = {"at": market.at}
    monkeypatch.setattr("accounts.web.middleware.now", lambda: now["at"])
    owner, first, exchange = (signed_in_as(one) for one in (market.seller, market.traders[0], operator))
    typed = {
        "instrument": market.instrument.code,
        "side": "sell",
        "format": "open",
        "quantity": "1000",
        "start_price": "20.00",
        "reserve_price": "21.00",
        "step": "0.50",
        "deposit": "2000",
        "begins_at": "2026-03-06T10:00",
        "ends_at": "2026-03-06T10:30",
        "qualification": "林草碳汇买家",
    }
    new = reverse("exchange-auction-new")
    assert owner.post(new, {**typed, "ends_at": "2026-03-06T10:05"}).status_code == 422
    assert owner.post(new, typed).status_code == 302
    row = Auction.objects.get()
    room = reverse("exchange-auction", args=[row.pk])
    assert first.get(room).status_code == 404  # Not announced yet.
    assert "21.00" in owner.get(room).content.decode()
    exchange.post("/confirm/", {"password": PASSWORD})
    assert exchange.post(f"{room}announce/", {"digest": row.digest}).status_code == 302
    assert "21.00" not in first.get(room).content.decode()
    assert first.post(f"{room}apply/", {"statement": "合格"}).status_code == 302
    entrant = row.entrants.get()
    assert "合格" in exchange.get(room).content.decode()
    assert exchange.post(f"{room}entrants/{entrant.pk}/", {"admit": "1"}).status_code == 302
    services.run_sessions(clock("09:30"))
    now["at"] = clock("10:01")
    first = signed_in_as(market.traders[0])
    assert first.post(room, {"price": "19.00"}).status_code == 422
    assert first.post(room, {"price": "21.50"}).status_code == 302
    assert "21.50" in Client().get(f"{room}parts/").content.decode()
    ended(row, clock("10:30"))
    now["at"] = clock("10:31")
    assert "21.50" in Client().get(reverse("exchange-auctions")).content.decode()
    assert reverse("exchange-trade", args=[row.trade_id]) in signed_in_as(market.traders[0]).get(room).content.decode()
    assert reverse("exchange-trade", args=[row.trade_id]) not in Client().get(room).content.decode()
    assert b"".join(Client().get(reverse("exchange-auctions-export")).streaming_content).startswith(b"PK")


PRICES = st.integers(1, 30)


@given(
    side=st.sampled_from(list(Side)),
    reserve=PRICES,
    bids=st.lists(PRICES, max_size=12),
)
def test_the_winner_is_the_best_and_of_equals_the_earliest(side, reserve, bids):
    made = AuctionTerms(side, AuctionFormat.SEALED, 1, reserve, 1)
    order = ranked(made, [Bid(place, price, place) for place, price in enumerate(bids)])
    reaching = [price for price in bids if (price >= reserve if side is Side.SELL else price <= reserve)]
    if not reaching:
        assert order == []
    else:
        best = max(reaching) if side is Side.SELL else min(reaching)
        assert (order[0].price, order[0].place) == (best, bids.index(best))
        assert len(order) == len(reaching)


@given(bid_at=st.integers(0, 99), ends=st.integers(100, 120), latest=st.integers(120, 130))
def test_an_end_only_moves_later_and_never_beyond_the_latest(bid_at, ends, latest):
    def minute(number):
        return FRIDAY + timedelta(minutes=number)

    end = end_after(
        minute(ends),
        bid_at=minute(bid_at),
        window=timedelta(minutes=3),
        more=timedelta(minutes=3),
        latest=minute(latest),
    )
    assert minute(ends) <= end <= minute(latest)
    assert end == minute(ends) or bid_at >= ends - 3
