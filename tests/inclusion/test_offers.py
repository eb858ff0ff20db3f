"""Which offers fill an amount: against buying tonne by tonne, and by hand."""

from dataclasses import replace
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from inclusion.rules import Offer, State, Wanted, best_shares, end_of

AN_OFFER = Offer(1, "A", "项目", 2024, "F", "150430", "敖汉旗", 2500, 10, Decimal(0))


@st.composite
def books(draw):
    """Offers of a few instruments, each level once, as the exchange gives them."""
    levels = draw(
        st.lists(
            st.tuples(st.integers(1, 4), st.integers(1, 12), st.integers(1, 6)),
            max_size=10,
            unique_by=lambda level: level[:2],
        )
    )
    return [
        replace(
            AN_OFFER,
            instrument_id=number,
            instrument_code=f"I{number}",
            vintage_year=2020 + number % 3,
            credit_type="FGW"[number % 3],
            division_code=("150430", "150421", "152500", "150400")[number - 1],
            price_fen=price,
            quantity=quantity,
            fee_rate=Decimal("0.25") * (number % 2),
        )
        for number, price, quantity in levels
    ]


wishes = st.builds(
    Wanted,
    st.integers(1, 30),
    st.frozensets(st.sampled_from("FGW"), max_size=2),
    st.frozensets(st.sampled_from([2020, 2021, 2022]), max_size=2),
    st.sampled_from(["", "150000", "150400", "150430"]),
)


def tonne_by_tonne(offers, wanted):
    """Return the cost in fen, before rounding, of buying the cheapest tonne again and again, and how many there were."""
    tonnes = []
    for offer in offers:
        under = wanted.division_code.rstrip("0") if wanted.division_code.endswith("00") else wanted.division_code
        suits = (
            (not wanted.credit_types or offer.credit_type in wanted.credit_types)
            and (not wanted.vintage_years or offer.vintage_year in wanted.vintage_years)
            and offer.division_code.startswith(under)
        )
        tonnes += [offer.price_fen + offer.price_fen * offer.fee_rate] * (offer.quantity if suits else 0)
    cost, count = Decimal(0), 0
    while tonnes and count < wanted.units:
        cheapest = min(tonnes)
        tonnes.remove(cheapest)
        cost, count = cost + cheapest, count + 1
    return cost, count


@given(offers=books(), wanted=wishes)
def test_no_other_choice_of_offers_costs_less(offers, wanted):
    shares = best_shares(offers, wanted)

    cost, count = tonne_by_tonne(offers, wanted)
    assert sum(share.quantity for share in shares) == count
    assert sum(share.value_fen * (1 + share.offer.fee_rate) for share in shares) == cost


@given(offers=books(), wanted=wishes, data=st.data())
def test_the_same_book_gives_the_same_answer_in_whatever_order_it_comes(offers, wanted, data):
    assert best_shares(data.draw(st.permutations(offers)), wanted) == best_shares(offers, wanted)


@given(offers=books(), wanted=wishes)
def test_a_share_is_never_more_than_its_offer_and_each_offer_gives_one(offers, wanted):
    shares = best_shares(offers, wanted)

    assert all(0 < share.quantity <= share.offer.quantity for share in shares)
    assert len({(share.offer.instrument_id, share.offer.price_fen) for share in shares}) == len(shares)
    for number in {share.offer.instrument_id for share in shares}:
        prices = [offer.price_fen for offer in offers if offer.instrument_id == number and wanted.accepts(offer)]
        taken = sorted(share.offer.price_fen for share in shares if share.offer.instrument_id == number)
        assert taken == sorted(prices)[: len(taken)], "of one instrument the best levels come first"


def test_of_two_equal_prices_the_older_vintage_goes_first_and_the_fee_is_rounded_half_up():
    older = replace(AN_OFFER, instrument_code="B", vintage_year=2023, fee_rate=Decimal("0.006"))
    younger = replace(AN_OFFER, vintage_year=2025, fee_rate=Decimal("0.006"))

    first, second = best_shares([younger, older], Wanted(11))

    assert (first.offer, first.quantity, second.quantity) == (older, 10, 1)
    assert (second.value_fen, second.fee_fen, second.total_fen) == (2500, 15, 2515)
    assert replace(first, quantity=1, offer=replace(older, price_fen=2416)).fee_fen == 14  # 14.496
    assert replace(first, quantity=1, offer=replace(older, price_fen=2417)).fee_fen == 15  # 14.502


def test_a_purchase_ends_by_what_was_retired():
    assert end_of(wanted=10, retired=10) is State.RETIRED
    assert end_of(wanted=10, retired=9) is State.PARTLY
    assert end_of(wanted=10, retired=0) is State.FAILED
