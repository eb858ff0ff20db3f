"""Arithmetic of the ledger, checked against slow and obvious oracles."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from settlement import rules
from settlement.rules.serials import CheckDigitsWrong, NotASerial


@st.composite
def blocks_and_takes(draw):
    lengths = draw(st.lists(st.integers(1, 12), min_size=1, max_size=6))
    gaps = draw(st.lists(st.integers(0, 3), min_size=len(lengths), max_size=len(lengths)))
    blocks, at = [], 1
    for number, (length, gap) in enumerate(zip(lengths, gaps, strict=True), start=1):
        at += gap
        blocks.append(rules.Block(number, at, at + length - 1))
        at += length
    left, takes = sum(lengths), []
    while left and len(takes) < 5 and draw(st.booleans()):
        units = draw(st.integers(1, left))
        takes.append(rules.Take(units, holding_id=100 + len(takes), entry_id=len(takes)))
        left -= units
    return blocks, takes


@given(blocks_and_takes())
def test_each_take_gets_its_units_and_no_serial_twice(case):
    blocks, takes = case
    pieces, handovers = rules.plan_moves(blocks, takes)

    given_serials = {}
    for move in [*pieces, *handovers]:
        for serial in range(move.first, move.last + 1):
            assert serial not in given_serials
            given_serials[serial] = move.holding_id
    for take in takes:
        assert sum(1 for holder in given_serials.values() if holder == take.holding_id) == take.units
    owned = {serial for block in blocks for serial in range(block.first, block.last + 1)}
    assert set(given_serials) <= owned


@given(blocks_and_takes())
def test_pieces_come_off_the_top_and_touch(case):
    blocks, takes = case
    pieces, handovers = rules.plan_moves(blocks, takes)

    for block in blocks:
        of_block = sorted((p for p in pieces if p.parent_id == block.id), key=lambda p: -p.last)
        top = block.last
        for piece in of_block:
            assert piece.last == top
            top = piece.first - 1
        for move in handovers:
            if move.block_id == block.id:
                assert (move.first, move.last) == (block.first, top)
        assert top >= block.first


@given(st.lists(st.integers(1, 10_000_000), max_size=20), st.sampled_from(["0.006", "0.0005", "0", "0.0333"]))
def test_many_fills_pay_what_one_would(values, rate):
    rate, taken, traded = Decimal(rate), 0, 0
    for value in values:
        traded += value
        fee = rules.fee_due_fen(rate=rate, value_so_far_fen=traded, taken_fen=taken)
        assert fee >= 0
        taken += fee
    assert taken == rules.fee_due_fen(rate=rate, value_so_far_fen=sum(values), taken_fen=0)


def test_a_fee_is_rounded_half_up():
    assert rules.fee_due_fen(rate=Decimal("0.006"), value_so_far_fen=250, taken_fen=0) == 2  # 1.5 fen
    assert rules.fee_due_fen(rate=Decimal("0.006"), value_so_far_fen=249, taken_fen=0) == 1  # 1.494 fen


PRINTED = "NM-CS-150430-F-000123-2024-0000000001-0000010000-50"


def test_a_serial_prints_as_the_design_says():
    text = rules.serial_text(
        region_code="NM",
        scheme_code="CS",
        division_code="150430",
        credit_type="F",
        project_serial="000123",
        vintage_year=2024,
        serials=rules.SerialRange(1, 10000),
    )
    assert text == PRINTED
    assert rules.parse_serial(PRINTED.lower() + " ").serials == rules.SerialRange(1, 10000)


def test_every_single_mistyped_character_is_noticed():
    for place, right in enumerate(PRINTED):
        if right == "-":
            continue
        for wrong in "0123456789" if right.isdigit() else "FGWSTP":
            if wrong == right:
                continue
            with pytest.raises(NotASerial):
                rules.parse_serial(PRINTED[:place] + wrong + PRINTED[place + 1 :])


def test_a_mistyped_serial_is_told_apart_from_no_serial():
    with pytest.raises(CheckDigitsWrong):
        rules.parse_serial(PRINTED.replace("2024", "2042"))


@pytest.mark.parametrize("text", ["", "NM-CS", "NM-CS-150430-X-000123-2024-0000000001-0000010000-50", "a" * 200])
def test_other_texts_are_no_serials(text):
    with pytest.raises(NotASerial):
        rules.parse_serial(text)
