"""The confirmation of a trade: each party its own side, from rows that never change; nobody else sees it."""

import hashlib
import json
from dataclasses import asdict, replace

import pytest

from accounts.queries import organisation
from accounts.rules import Role
from exchange import queries
from exchange.errors import TradeNotThere
from exchange.models import Trade
from exchange.rules import Side
from exchange.rules.confirmation import confirmation_pdf, number_of, who_invoices
from tests.accounts.makers import a_person, signed_in_as
from tests.exchange.makers import a_market


@pytest.fixture
def market(db, at):
    """A market in which the first trader bought 40 t of the seller at 25.00 yuan."""
    made = a_market(at)
    made.place(made.seller, Side.SELL, 2500, 100)
    made.place(made.traders[0], Side.BUY, 2500, 40)
    made.match()
    return made


def test_each_party_gets_its_own_side_with_its_own_fee(market):
    trade = Trade.objects.get()
    bought = queries.trade_confirmation(market.traders[0], trade.pk)
    sold = queries.trade_confirmation(market.seller, trade.pk, side="buy")  # Whatever is asked: its own.
    assert (bought.side, sold.side) == ("buy", "sell")
    assert bought.number == sold.number == number_of(trade.pk, trade.at)
    assert (bought.fee_fen, sold.fee_fen) == (trade.buyer_fee_fen, trade.seller_fee_fen)
    assert bought.proceeds_fen == bought.value_fen + bought.fee_fen == 100_000 + 600
    assert sold.proceeds_fen == sold.value_fen - sold.fee_fen
    assert bought.order != sold.order
    assert bought.buyer.name == organisation(market.traders[0].organisation_id).name
    assert bought.seller.uscc == organisation(market.seller.organisation_id).uscc
    assert len(bought.serials) == 1
    assert "0000000961-0000001000" in bought.serials[0]
    text = json.dumps(asdict(bought), sort_keys=True, ensure_ascii=False)
    assert bought.digest == hashlib.sha256(text.encode()).hexdigest() != sold.digest


def test_the_venue_invoices_its_fee_and_never_the_price(market):
    one = queries.trade_confirmation(market.traders[0], Trade.objects.get().pk)
    price, fee = (chinese for chinese, _ in who_invoices(one))
    assert price == f"价款 ¥1,000.00 由卖方 {one.seller.name} 向买方 {one.buyer.name}（{one.buyer.uscc}）开具发票。"
    assert fee.startswith(f"交易手续费 ¥6.00 由 {one.venue} 向 {one.buyer.name}")
    assert len(who_invoices(replace(one, fee_fen=0))) == 1


def test_the_paper_is_the_same_however_often_it_is_made(market):
    one = queries.trade_confirmation(market.traders[0], Trade.objects.get().pk)
    first, again = (confirmation_pdf(one, check_url="https://x/") for _ in range(2))
    assert first == again
    assert first.startswith(b"%PDF-")
    assert confirmation_pdf(replace(one, fee_fen=1), check_url="https://x/") != first


def test_nobody_else_sees_it_and_watchers_ask_for_a_side(market, at):
    trade = Trade.objects.get()
    with pytest.raises(TradeNotThere):
        queries.trade_confirmation(market.traders[1], trade.pk)
    auditor = a_person(Role.AUDITOR, at=at)
    assert queries.trade_confirmation(auditor, trade.pk, side="sell").side == "sell"
    assert queries.trade_confirmation(auditor, trade.pk, side="x").side == "buy"


def test_page_and_paper_answer_the_party_alone(market):
    trade = Trade.objects.get()
    party, other = signed_in_as(market.traders[0]), signed_in_as(market.traders[1])
    page = party.get(f"/trades/{trade.pk}/").content.decode()
    assert number_of(trade.pk, trade.at) in page
    assert "壹仟元" in page
    english = party.get(f"/trades/{trade.pk}/", headers={"accept-language": "en"}).content.decode()
    assert "the venue never invoices the price" in english
    paper = party.get(f"/trades/{trade.pk}.pdf")
    assert (paper["Content-Type"], paper.content[:5]) == ("application/pdf", b"%PDF-")
    assert f"/trades/{trade.pk}/" in party.get("/orders/").content.decode()
    data = party.get(f"/api/v1/trades/{trade.pk}/confirmation/").json()
    assert (data["side"], data["fee_fen"], len(data["invoices"])) == ("buy", 600, 2)
    assert other.get(f"/api/v1/trades/{trade.pk}/confirmation/").status_code == 404
    for path in (f"/trades/{trade.pk}/", f"/trades/{trade.pk}.pdf", "/trades/999999/", "/trades/999999.pdf"):
        assert other.get(path).status_code == 404


def test_a_party_gets_from_its_trade_to_an_objection_and_an_invoice(market):
    trade = Trade.objects.get()
    link = f"/objections/new/{trade.entry_id}/"
    own = signed_in_as(market.seller)
    assert link in own.get(f"/trades/{trade.pk}/").content.decode()
    assert own.get(link).status_code == 200
    watcher = signed_in_as(a_person(Role.EXCHANGE_OPERATOR, at=market.at))
    assert link not in watcher.get(f"/trades/{trade.pk}/").content.decode()
