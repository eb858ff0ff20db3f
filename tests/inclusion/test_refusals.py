"""What quotes and purchases never hold, whoever writes: one attack or more for each named guard."""

import pytest

from tests.attacks import (
    Attack,
    append_only,
    emptied,
    guards_in,
    ids,
    is_named,
    kept,
    not_missed,
    refused_by,
    row,
    without_attack,
)

QUOTE = {"id": 4, "units": 5, "value_fen": 50, "fee_fen": 0, "total_fen": 50, "expires_at": "2026-03-02T02:10:00Z"}
LINE = {"quote_id": 4, "quantity": 5, "price_fen": 10, "value_fen": 50, "fee_fen": 0, "fee_rate": 0}
ORDERED = {
    "id": 3,
    "quote_id": 4,
    "units": 5,
    "state": "ordered",
    "bought_units": 0,
    "retired_units": 0,
    "value_fen": 0,
    "fee_fen": 0,
    "ordered_by_id": 1,
}
BOUGHT = {"purchase_id": 3, "units": 5, "price_fen": 10, "value_fen": 50, "fee_fen": 0}
RETIRED = {"purchase_id": 3, "units": 5, "number": "x"}
ENDED = {**ORDERED, "state": "failed", "ended_at": "2026-03-02T03:00:00Z"}


def room_only(table, seed, *also):
    return [
        *append_only(f"inclusion_{table}", seed),
        emptied(f"inclusion_{table}", f"{table}_is_not_truncated", also=also),
    ]


ATTACKS = [
    *room_only("bought", row("inclusion_bought", BOUGHT)),
    Attack(
        "bought_sums_up",
        (row("inclusion_bought", BOUGHT),),
        (row("inclusion_offsetpurchase", ORDERED),),
        "purchase_sums_up",
    ),
    Attack(
        "bought_value_is_units_times_price",
        (row("inclusion_bought", BOUGHT, value_fen=51),),
        also=("purchase_sums_up",),
    ),
    *room_only("footprint", row("inclusion_footprint"), "offsetquote_is_not_truncated"),
    Attack("units_required_not_negative", (row("inclusion_footprint", units_required=-1),)),
    Attack("ended_purchase_has_its_time", (row("inclusion_offsetpurchase", ENDED, ended_at=None),)),
    Attack("ended_purchase_has_its_time", (row("inclusion_offsetpurchase", ORDERED, ended_at=ENDED["ended_at"]),)),
    Attack(
        "ended_purchase_stays_ended",
        ("UPDATE inclusion_offsetpurchase SET state = 'ordered', ended_at = NULL",),
        (row("inclusion_offsetpurchase", ENDED),),
    ),
    kept("inclusion_offsetpurchase", row("inclusion_offsetpurchase", ORDERED), "purchase_is_kept"),
    Attack("purchase_is_of_a_person_or_a_client", (row("inclusion_offsetpurchase", ORDERED, ordered_by_id=None),)),
    Attack("purchase_is_of_a_person_or_a_client", (row("inclusion_offsetpurchase", ORDERED, client_id=1),)),
    *(
        Attack(
            "purchase_keeps_its_terms",
            (f"UPDATE inclusion_offsetpurchase SET {change}",),
            (row("inclusion_offsetpurchase", ORDERED),),
        )
        for change in ("units = 6", "organisation_id = 2", "beneficiary = 'x'", "purpose = 'x'", "ordered_at = now()")
    ),
    Attack(
        "purchase_state_fits_its_units",
        (row("inclusion_offsetpurchase", ORDERED, bought_units=1),),
        also=("purchase_sums_up",),
    ),
    Attack(
        "purchase_state_fits_its_units",
        (row("inclusion_offsetpurchase", ORDERED, state="bought"),),
    ),
    Attack(
        "purchase_state_fits_its_units",
        (row("inclusion_offsetpurchase", ENDED, state="retired", bought_units=5, retired_units=4),),
        also=("purchase_sums_up",),
    ),
    Attack("purchase_sums_up", (row("inclusion_offsetpurchase", ORDERED, value_fen=1),)),
    Attack(
        "purchase_sums_up",
        (row("inclusion_offsetpurchase", ORDERED),),
        (row("inclusion_quoteline", LINE),),
        "purchase_orders_every_line",
    ),
    Attack(
        "purchase_sums_up",
        (row("inclusion_offsetpurchase", ORDERED, state="bought", bought_units=5, value_fen=50),),
        (row("inclusion_bought", BOUGHT),),
        "purchase_counts_its_trades",
    ),
    Attack(
        "retired_is_bought_and_bought_is_wanted",
        (row("inclusion_offsetpurchase", ORDERED, units=0),),
    ),
    Attack(
        "retired_is_bought_and_bought_is_wanted",
        (row("inclusion_offsetpurchase", ENDED, state="partly", bought_units=1, retired_units=2),),
        also=("purchase_sums_up",),
    ),
    *room_only("offsetquote", row("inclusion_offsetquote", QUOTE), "quoteline_is_not_truncated"),
    Attack(
        "quote_lasts",
        (row("inclusion_offsetquote", QUOTE, expires_at="2026-03-02T02:00:00Z"),),
        also=("quote_sums_up",),
    ),
    Attack("quote_sums_up", (row("inclusion_offsetquote", QUOTE),)),
    Attack(
        "quote_total_is_value_and_fee", (row("inclusion_offsetquote", QUOTE, total_fen=51),), also=("quote_sums_up",)
    ),
    Attack("quote_units_positive", (row("inclusion_offsetquote", QUOTE, units=0),), also=("quote_sums_up",)),
    *room_only("purchaseorder", row("inclusion_purchaseorder")),
    Attack(
        "purchase_retires_a_batch_once",
        (row("inclusion_purchaseretirement", RETIRED, retirement_id=2, number="y"),),
        (row("inclusion_purchaseretirement", RETIRED),),
        also=("purchase_sums_up",),
    ),
    Attack(
        "purchase_retires_something",
        (row("inclusion_purchaseretirement", RETIRED, units=0),),
        also=("purchase_sums_up",),
    ),
    *room_only("purchaseretirement", row("inclusion_purchaseretirement", RETIRED)),
    Attack(
        "retired_sums_up",
        (row("inclusion_purchaseretirement", RETIRED, retirement_id=8),),
        (
            row("inclusion_offsetpurchase", ORDERED),
            row("registry_retirement", id=8, tonnes=4, state="requested", number="x", key="x"),
        ),
        "purchase_retires_what_it_bought",
    ),
    Attack(
        "quote_line_is_one",
        (row("inclusion_quoteline", LINE, price_fen=5, quantity=10),),
        (row("inclusion_quoteline", LINE),),
        also=("quote_sums_up",),
    ),
    Attack(
        "quote_line_value_is_price_times_quantity",
        (row("inclusion_quoteline", LINE, value_fen=51),),
        also=("quote_sums_up",),
    ),
    Attack(
        "quote_lines_sum_up",
        (row("inclusion_quoteline", LINE, number=2, price_fen=50, quantity=1),),
        (row("inclusion_offsetquote", QUOTE), row("inclusion_quoteline", LINE)),
        "quote_sums_up",
    ),
    Attack(
        "quote_takes_a_level_once",
        (row("inclusion_quoteline", LINE, number=2),),
        (row("inclusion_quoteline", LINE),),
        also=("quote_sums_up",),
    ),
    *room_only("quoteline", row("inclusion_quoteline", LINE), "purchaseorder_is_not_truncated"),
]


@pytest.mark.parametrize("attack", ATTACKS, ids=ids(ATTACKS))
def test_an_attack_is_refused_by_its_guard(attack, attacked):
    refusal = refused_by(attack, attacked)
    assert is_named(attack, refusal), refusal or f"nothing refused {attack.statements}"


@pytest.mark.parametrize("attack", ATTACKS, ids=ids(ATTACKS))
def test_a_guard_is_missed_when_it_is_dropped(attack, attacked):
    assert not_missed(attack, attacked, "inclusion") == ""


def test_every_guard_of_the_room_is_attacked(attacked, record_property):
    guards = guards_in("inclusion", attacked)
    record_property("guards", len(guards))  # For tests/proofs/dropped_guards.py.
    assert guards
    assert list(without_attack(ATTACKS, guards)) == []
