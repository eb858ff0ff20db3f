"""What the market never holds, whoever writes: one attack or more for each named guard."""

import pytest

from accounts.rules import with_check_digit
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
from tests.exchange.surveillance_attacks import of_surveillance

NOTHING_YET = {"filled": 0, "cancelled": 0, "expired": 0, "traded_value_fen": 0, "fee_taken_fen": 0, "fee_rate": 0}
TERMS = {"type": "limit", "price_fen": 10, "hold_price_fen": 10, "quantity": 5, "remaining": 5, "status": "live"}
SELL = {**NOTHING_YET, **TERMS, "side": "sell", "asset_id": 1, "held_units": 5, "held_fen": 0, "organisation_id": 2}
BUY = {**NOTHING_YET, **TERMS, "side": "buy", "held_units": 0, "held_fen": 50}
DONE = {"filled": 5, "remaining": 0, "status": "filled", "traded_value_fen": 50, "held_units": 0, "held_fen": 0}
TRADE = {
    "buyer_id": 1,
    "seller_id": 2,
    "buyer_group": "a",
    "seller_group": "b",
    "taker_side": "buy",
    "price_fen": 10,
    "quantity": 5,
    "value_fen": 50,
    "buyer_fee_fen": 0,
    "seller_fee_fen": 0,
    "maker_order_id": 11,
    "taker_order_id": 12,
    "batch_id": 77,
    "asset_id": 1,
    "entry_id": 9,
}
INSTRUMENT = {"code": "x", "tradable_from": "2026-03-03", "mode": "listed_agreement"}
APPROVAL = {
    "maker_id": 1,
    "state": "proposed",
    "valid_from": "2026-03-01",
    "valid_to": "2026-04-01",
    "checker_id": None,
}
GIVEN = {"state": "approved", "checker_id": 2, "decided_at": "2026-03-01 10:00+08"}
PROPOSED = row("exchange_approvalrecord", APPROVAL)
CHECKED = row("exchange_approvalrecord", APPROVAL, GIVEN)
OF_IT = row("exchange_instrument", INSTRUMENT, id=1, rule_scheme="nm_regional")
NOTED = {
    "reported_by_id": None,
    "reported_at": None,
    "units": 9,
    "limit_units": 10,
    "purpose": "",
    "source_of_money": "",
    "related": "",
}
LARGE = row("exchange_largeholding", NOTED)
REPORTED = row(
    "exchange_largeholding",
    NOTED,
    reported_at="2026-03-03 10:00+08",
    reported_by_id=1,
    purpose="x",
    source_of_money="x",
)
BLOCK = {
    "instrument_id": 5,
    "proposer_id": 2,
    "counterparty_id": 1,
    "side": "sell",
    "price_fen": 10,
    "quantity": 5,
    "state": "proposed",
    "proposal_id": 11,
    "acceptance_id": None,
    "trade_id": None,
    "proposed_by_id": 1,
    "answered_by_id": None,
    "decided_by_id": None,
    "ended_at": None,
}
BESIDE = {"kind": "block", "instrument_id": 5, "status": "accepted"}
OF_BLOCK = (
    row("exchange_order", SELL, BESIDE, id=11, organisation_id=2),
    row("exchange_order", BUY, BESIDE, id=12, organisation_id=1),
)
AGREED = {"state": "accepted", "acceptance_id": 12, "answered_by_id": 2}
OVER = {"ended_at": "2026-03-02 14:00+08"}
AUCTION = {
    "instrument_id": 5,
    "organisation_id": 2,
    "side": "sell",
    "format": "open",
    "quantity": 5,
    "start_price_fen": 8,
    "reserve_price_fen": 10,
    "step_fen": 2,
    "deposit_fen": 0,
    "begins_at": "2026-03-06 10:00+08",
    "ends_at": "2026-03-06 10:30+08",
    "latest_end": "2026-03-06 11:30+08",
    "state": "proposed",
    "lot_id": 11,
    "trade_id": None,
    "proposed_by_id": 1,
    "decided_by_id": None,
    "at": "2026-03-02 10:00+08",
    "announced_at": None,
    "ended_at": None,
}
LOT = {**SELL, "kind": "auction", "instrument_id": 5, "status": "accepted", "organisation_id": 2, "id": 11}
IN_LOT = row("exchange_order", LOT)
NOTICE = {"state": "announced", "announced_at": "2026-03-02 11:00+08", "decided_by_id": 2}
ANNOUNCED = row("exchange_auction", AUCTION, NOTICE, id=41)
ENTRANT = {
    "id": 51,
    "auction_id": 41,
    "organisation_id": 1,
    "state": "admitted",
    "deposit_fen": 7,
    "applied_by_id": 3,
    "decided_by_id": 2,
    "returned_at": None,
    "at": "2026-03-02 12:00+08",
}
BIDDER = row("exchange_auctionentrant", ENTRANT)
BID_ORDER = {**BUY, "kind": "auction", "instrument_id": 5, "status": "accepted", "organisation_id": 1, "id": 12}
BID = {"auction_id": 41, "entrant_id": 51, "order_id": 12, "place": 1, "price_fen": 10, "at": "2026-03-06 10:10+08"}
RUNNING = (IN_LOT, row("exchange_order", BID_ORDER), ANNOUNCED, BIDDER)
ADMISSION = {
    "project_code": "P",
    "vintage_year": 2024,
    "initial_price_fen": 100,
    "state": "requested",
    "requested_by_id": 1,
    "reviewed_by_id": None,
    "decided_by_id": None,
    "instrument_id": None,
    "ended_at": None,
}
REVIEWED = {"state": "reviewed", "reviewed_by_id": 2}
LET_IN = "state = 'admitted', decided_by_id = {}, instrument_id = 61, ended_at = now()"
PRODUCT_OF_IT = row(
    "exchange_instrument", INSTRUMENT, id=61, project_code="P", vintage_year=2024, initial_price_fen=100
)
FIGURE = {
    "trades": 1,
    "quantity": 5,
    "value_fen": 50,
    "open_fen": 10,
    "close_fen": 10,
    "vwap_fen": 10,
    "day": "2026-03-02",
}
REFERENCE = {"method": "trades", "price_fen": 10, "age": 0, "quantity": 5, "day": "2026-03-02"}
CALLED = {"at_call": True, "mode": "continuous"}
KEY = row("settlement_entrykey", key="x", entry_id=9)
ORDERS = (row("exchange_order", SELL, id=11), row("exchange_order", BUY, id=12), KEY)
INSTRUMENT_OF_LIMITS = {
    "id": 1,
    "code": "L",
    "scheme": "limits",
    "rule_scheme": "limits",
    "mode": "listed_agreement",
    "project_code": "P",
    "vintage_year": 2024,
    "tradable_from": "2026-03-03",
}
# Holdings of the trade: the seller's and the buyer's credits, the buyer's and the seller's money, the fees, a third's money.
PLACES = tuple(
    row("settlement_holding", id=number, organisation_id=who, asset_id=asset, purpose=purpose, units=0)
    for number, who, asset, purpose in (
        (31, 2, 1, "held_for_orders"),
        (32, 1, 1, "available"),
        (33, 1, 2, "held_for_orders"),
        (34, 2, 2, "available"),
        (35, None, 2, "fees"),
        (36, 3, 2, "available"),
    )
)


PURCHASE = {"instrument_id": 1, "organisation_id": 8, "units": 6, "day": "2026-03-02"}
ASKED = row("exchange_purchasesasked", PURCHASE)
PRODUCT = (
    row("exchange_instrument", INSTRUMENT_OF_LIMITS),
    row(
        "accounts_organisation",
        id=8,
        control_group="",
        state="active",
        name="n",
        uscc=with_check_digit("91150000RE0000008"),
    ),
    row(
        "accounts_organisation",
        id=9,
        control_group="",
        uscc=with_check_digit("91150000RE0000009"),
        state="active",
        name="m",
    ),
    row(
        "settlement_asset",
        id=71,
        kind="credit",
        code="x",
        project_code="P",
        vintage_year=2024,
        first_serial=1,
        last_serial=9,
    ),
)
SOMEBODY_HOLDS = row("settlement_holding", id=72, asset_id=71, organisation_id=9, purpose="available", units=3)


def limit_of(key, value):
    return row("rulebook_rulevalue", scheme="limits", key=key, value=str(value), in_force_from="2026-01-01")


def leg(debited, credited, units, *, asset=2):
    return row("settlement_leg", entry_id=9, asset_id=asset, debited_id=debited, credited_id=credited, units=units)


FILLED = (*PLACES, row("exchange_order", SELL, DONE, id=11), row("exchange_order", BUY, DONE, id=12), KEY)
BATCH = row("exchange_matchbatch", id=77, trades=1)
STATE = {"kind": "accept", "sequence": 5}
EVENT = {"kind": "order", "order_id": 11}
HALT = {"since": "2026-03-02 10:00+08"}
DAY = {"base_price_fen": 100, "lower_fen": 90, "upper_fen": 110, "mode": "listed_agreement"}

ATTACKS = [
    Attack(
        "approval_has_two_persons",
        ("UPDATE exchange_approvalrecord SET state = 'approved', checker_id = maker_id, decided_at = now()",),
        (PROPOSED,),
    ),
    Attack("approval_lasts_a_day", (row("exchange_approvalrecord", APPROVAL, valid_to="2026-02-01"),)),
    Attack("approval_state_has_its_fields", (row("exchange_approvalrecord", APPROVAL, checker_id=2),)),
    Attack("approval_is_proposed_once", (PROPOSED,), (PROPOSED,)),
    Attack(
        "approval_is_ended_by_somebody", ("UPDATE exchange_approvalrecord SET ended_on = '2026-03-03'",), (CHECKED,)
    ),
    Attack("approval_goes_its_way", (CHECKED,), (), "approval_begins_proposed"),
    *(
        Attack(
            "approval_goes_its_way",
            (f"UPDATE exchange_approvalrecord SET {change}",),
            (CHECKED,),
            "approval_keeps_its_terms",
        )
        for change in ("valid_to = '2027-01-01'", "authority = 'x'", "checker_id = 3", "evidence_id = 9")
    ),
    Attack(
        "approval_goes_its_way",
        ("UPDATE exchange_approvalrecord SET ended_on = NULL, ended_by_id = NULL",),
        (row("exchange_approvalrecord", APPROVAL, GIVEN, ended_on="2026-03-03", ended_by_id=1),),
        "approval_keeps_its_terms",
    ),
    kept("exchange_approvalrecord", PROPOSED, "approval_is_kept"),
    *(
        Attack(
            "continuous_day_is_approved",
            (row("exchange_instrumentday", DAY, mode="continuous", day="2026-03-02"),),
            (OF_IT, *seed),
        )
        for seed in (
            (),
            (PROPOSED,),
            (row("exchange_approvalrecord", APPROVAL, GIVEN, valid_from="2026-03-03"),),
            (row("exchange_approvalrecord", APPROVAL, GIVEN, ended_on="2026-03-02", ended_by_id=1),),
        )
    ),
    Attack("block_is_between_two", (row("exchange_blocktrade", BLOCK, counterparty_id=2),), OF_BLOCK),
    *(
        Attack(
            "block_state_has_its_fields",
            (f"UPDATE exchange_blocktrade SET {change}",),
            (*OF_BLOCK, row("exchange_blocktrade", BLOCK, before)),
        )
        for change, before in (
            ("state = 'accepted'", {}),
            ("state = 'lapsed'", {}),
            ("state = 'refused', ended_at = now()", {}),
            ("state = 'confirmed', ended_at = now(), decided_by_id = 9", AGREED),
            ("state = 'lapsed', ended_at = now(), decided_by_id = 9", AGREED),
        )
    ),
    *(
        Attack(
            "block_is_decided_by_a_third",
            (f"UPDATE exchange_blocktrade SET state = 'refused', ended_at = now(), decided_by_id = {who}",),
            (*OF_BLOCK, row("exchange_blocktrade", BLOCK, AGREED)),
        )
        for who in (1, 2)
    ),
    Attack("block_goes_its_way", (row("exchange_blocktrade", BLOCK, AGREED),), OF_BLOCK, "block_begins_proposed"),
    *(
        Attack(
            "block_goes_its_way",
            (f"UPDATE exchange_blocktrade SET {change}",),
            (*OF_BLOCK, row("exchange_blocktrade", BLOCK, AGREED)),
            says,
        )
        for change, says in (
            ("note = 'y', state = 'lapsed', ended_at = now()", "block_keeps_its_terms"),
            ("proposed_by_id = 8, state = 'lapsed', ended_at = now()", "block_keeps_its_terms"),
            ("answered_by_id = 8, state = 'lapsed', ended_at = now()", "block_keeps_its_terms"),
            ("state = 'declined', ended_at = now()", "block_goes_one_way"),
            ("state = 'withdrawn', ended_at = now()", "block_goes_one_way"),
        )
    ),
    Attack(
        "block_goes_its_way",
        ("UPDATE exchange_blocktrade SET state = 'refused', decided_by_id = 9",),
        (*OF_BLOCK, row("exchange_blocktrade", BLOCK, OVER, state="lapsed")),
        "block_goes_one_way",
    ),
    *(
        Attack(
            "block_has_its_orders", (row("exchange_blocktrade", BLOCK, change),), OF_BLOCK, "block_orders_are_its_own"
        )
        for change in (
            {"price_fen": 9},
            {"quantity": 6},
            {"side": "buy"},
            {"proposer_id": 3},
            {"instrument_id": 6},
            {"proposal_id": 12},
        )
    ),
    *(
        Attack(
            "block_has_its_orders",
            ("UPDATE exchange_blocktrade SET state = 'accepted', acceptance_id = 12",),
            (
                row("exchange_order", SELL, BESIDE, id=11, organisation_id=2),
                row("exchange_order", BUY, BESIDE, change, id=12),
                row("exchange_blocktrade", BLOCK),
            ),
            "block_orders_are_its_own",
        )
        for change in (
            {"organisation_id": 3},
            {"organisation_id": 1, "kind": "place"},
            {"organisation_id": 1, "side": "sell", "asset_id": 1, "held_units": 5, "held_fen": 0},
        )
    ),
    *(
        Attack(
            "block_has_its_orders",
            ("UPDATE exchange_blocktrade SET state = 'confirmed', trade_id = 21, decided_by_id = 9, ended_at = now()",),
            (*OF_BLOCK, row("exchange_trade", {**TRADE, **change}, id=21), row("exchange_blocktrade", BLOCK, AGREED)),
            "block_trade_is_of_its_orders",
        )
        for change in ({"maker_order_id": 13}, {"taker_order_id": 13}, {"quantity": 4, "value_fen": 40})
    ),
    kept("exchange_blocktrade", row("exchange_blocktrade", BLOCK), "block_is_kept"),
    *(
        Attack("auction_prices_fit", (row("exchange_auction", AUCTION, change),), (row("exchange_order", LOT, lot),))
        for change, lot in (
            ({"start_price_fen": 11}, {}),
            ({"start_price_fen": 0}, {}),
            ({"step_fen": 0}, {}),
            ({"deposit_fen": -1}, {}),
            ({"side": "buy", "start_price_fen": 9}, {"side": "buy", "asset_id": None, "held_units": 0, "held_fen": 50}),
        )
    ),
    *(
        Attack("auction_times_fit", (row("exchange_auction", AUCTION, change),), (IN_LOT,))
        for change in (
            {"at": "2026-03-06 10:00+08"},
            {"ends_at": "2026-03-06 10:00+08"},
            {"latest_end": "2026-03-06 10:29+08"},
        )
    ),
    *(
        Attack(
            "auction_state_has_its_fields",
            (f"UPDATE exchange_auction SET {change}",),
            (IN_LOT, row("exchange_auction", AUCTION, before)),
        )
        for change, before in (
            ("state = 'announced', decided_by_id = 2", {}),
            ("state = 'refused'", {}),
            ("state = 'withdrawn', ended_at = now(), announced_at = now(), decided_by_id = 2", {}),
            ("state = 'traded', ended_at = now()", NOTICE),
            ("state = 'failed'", NOTICE),
        )
    ),
    *(
        Attack(
            "auction_is_announced_by_another",
            (f"UPDATE exchange_auction SET state = 'announced', announced_at = now(), decided_by_id = {who}",),
            (IN_LOT, row("exchange_auction", AUCTION)),
        )
        for who in ("1", "NULL")
    ),
    Attack("auction_goes_its_way", (ANNOUNCED,), (IN_LOT,), "auction_begins_proposed"),
    *(
        Attack("auction_goes_its_way", (f"UPDATE exchange_auction SET {change}",), (IN_LOT, ANNOUNCED), says)
        for change, says in (
            ("reserve_price_fen = 9", "auction_keeps_its_terms"),
            ("deposit_fen = 1", "auction_keeps_its_terms"),
            ("ends_at = '2026-03-06 10:29+08'", "auction_keeps_its_terms"),
            ("announced_at = '2026-03-02 11:01+08'", "auction_keeps_its_terms"),
        )
    ),
    Attack(
        "auction_goes_its_way",
        ("UPDATE exchange_auction SET ends_at = '2026-03-06 10:31+08'",),
        (IN_LOT, row("exchange_auction", AUCTION)),
        "auction_keeps_its_terms",
    ),
    Attack(
        "auction_goes_its_way",
        ("UPDATE exchange_auction SET state = 'announced', ended_at = NULL",),
        (IN_LOT, row("exchange_auction", AUCTION, NOTICE, state="failed", ended_at="2026-03-06 10:30+08")),
        "auction_goes_one_way",
    ),
    *(
        Attack(
            "auction_goes_its_way",
            (row("exchange_auction", AUCTION),),
            (row("exchange_order", LOT, change),),
            "auction_lot_is_its_own",
        )
        for change in (
            {"kind": "place"},
            {"organisation_id": 3},
            {"price_fen": 9},
            {"quantity": 6, "remaining": 6, "held_units": 6},
            {"instrument_id": 6},
        )
    ),
    *(
        Attack(
            "auction_goes_its_way",
            ("UPDATE exchange_auction SET state = 'traded', trade_id = 21, ended_at = now()",),
            (*RUNNING, row("exchange_auctionbid", BID), row("exchange_trade", {**TRADE, **sold}, id=21)),
            "auction_trade_is_of_its_bid",
        )
        for sold in (
            {"maker_order_id": 12, "taker_order_id": 13},
            {"maker_order_id": 13, "taker_order_id": 11},
            {"maker_order_id": 12, "taker_order_id": 11, "price_fen": 9, "value_fen": 45},
            {"maker_order_id": 12, "taker_order_id": 11, "quantity": 4, "value_fen": 40},
        )
    ),
    kept("exchange_auction", row("exchange_auction", AUCTION), "auction_is_kept"),
    Attack("entrant_applies_once", (row("exchange_auctionentrant", ENTRANT, id=52),), (BIDDER,)),
    Attack("deposit_not_negative", (row("exchange_auctionentrant", ENTRANT, deposit_fen=-1),)),
    *(
        Attack("entrant_is_decided_by_another", (row("exchange_auctionentrant", ENTRANT, change),))
        for change in ({"decided_by_id": None}, {"decided_by_id": 3}, {"state": "applied"})
    ),
    *(
        Attack(
            "entrant_keeps_its_terms",
            (f"UPDATE exchange_auctionentrant SET {change}",),
            (row("exchange_auctionentrant", ENTRANT, returned_at="2026-03-06 10:30+08"),),
        )
        for change in ("deposit_fen = 6", "state = 'refused'", "returned_at = NULL", "organisation_id = 9")
    ),
    kept("exchange_auctionentrant", BIDDER, "entrant_is_kept"),
    *(
        Attack("bid_is_of_its_auction", (row("exchange_auctionbid", BID, change),), seeds, says)
        for change, seeds, says in (
            ({"at": "2026-03-06 09:59+08"}, RUNNING, "bid_is_made_in_time"),
            ({"at": "2026-03-06 10:30+08"}, RUNNING, "bid_is_made_in_time"),
            ({}, (*RUNNING[:2], row("exchange_auction", AUCTION, id=41), BIDDER), "bid_is_made_in_time"),
            ({"price_fen": 12}, RUNNING, "bid_is_of_an_entrant"),
            ({}, (*RUNNING[:3], row("exchange_auctionentrant", ENTRANT, state="refused")), "bid_is_of_an_entrant"),
            ({}, (*RUNNING[:3], row("exchange_auctionentrant", ENTRANT, organisation_id=9)), "bid_is_of_an_entrant"),
            (
                {},
                (IN_LOT, row("exchange_order", {**BID_ORDER, "kind": "place"}), ANNOUNCED, BIDDER),
                "bid_is_of_an_entrant",
            ),
            (
                {},
                (*RUNNING, row("exchange_auctionbid", BID, order_id=13, place=2, price_fen=9)),
                "bid_is_better",
            ),
            (
                {"price_fen": 7},
                (
                    IN_LOT,
                    row("exchange_order", {**BID_ORDER, "price_fen": 7, "hold_price_fen": 7, "held_fen": 35}),
                    ANNOUNCED,
                    BIDDER,
                ),
                "bid_is_better",
            ),
        )
    ),
    Attack(
        "bid_place_is_one",
        (row("exchange_auctionbid", BID),),
        (*RUNNING, row("exchange_auctionbid", BID, order_id=13, price_fen=8)),
    ),
    *append_only("exchange_auctionbid", row("exchange_auctionbid", BID), guard="bid_is_append_only"),
    emptied("exchange_auctionbid", "bid_is_not_truncated"),
    Attack("admission_price_positive", (row("exchange_admission", ADMISSION, initial_price_fen=0),)),
    Attack("admission_is_open_once", (row("exchange_admission", ADMISSION),), (row("exchange_admission", ADMISSION),)),
    *(
        Attack(
            "admission_state_has_its_fields",
            (f"UPDATE exchange_admission SET {change}",),
            (PRODUCT_OF_IT, row("exchange_admission", ADMISSION, before)),
        )
        for change, before in (
            ("state = 'reviewed'", {}),
            ("state = 'withdrawn'", {}),
            ("state = 'refused', ended_at = now()", {}),
            ("state = 'admitted', decided_by_id = 3, ended_at = now()", REVIEWED),
        )
    ),
    *(
        Attack(
            "admission_has_three_persons",
            (f"UPDATE exchange_admission SET {LET_IN.format(who)}",),
            (PRODUCT_OF_IT, row("exchange_admission", ADMISSION, {**REVIEWED, **change})),
        )
        for who, change in ((2, {}), (1, {}), (3, {"requested_by_id": 2}))
    ),
    Attack(
        "admission_goes_its_way", (row("exchange_admission", ADMISSION, REVIEWED),), (), "admission_begins_requested"
    ),
    *(
        Attack(
            "admission_goes_its_way",
            (f"UPDATE exchange_admission SET {change}",),
            (PRODUCT_OF_IT, row("exchange_admission", ADMISSION, before)),
            says,
        )
        for change, before, says in (
            ("initial_price_fen = 99, state = 'withdrawn', ended_at = now()", {}, "admission_keeps_its_terms"),
            ("reviewed_by_id = 9, state = 'withdrawn', ended_at = now()", REVIEWED, "admission_keeps_its_terms"),
            (f"reviewed_by_id = 2, {LET_IN.format(3)}", {}, "admission_goes_one_way"),
            (
                "state = 'refused', decided_by_id = 3",
                {"state": "withdrawn", "ended_at": "2026-03-02 11:00+08"},
                "admission_goes_one_way",
            ),
        )
    ),
    *(
        Attack(
            "admission_goes_its_way",
            (f"UPDATE exchange_admission SET {LET_IN.format(3)}",),
            (
                row(
                    "exchange_instrument",
                    INSTRUMENT,
                    {"id": 61, "project_code": "P", "vintage_year": 2024, "initial_price_fen": 100, **change},
                ),
                row("exchange_admission", ADMISSION, REVIEWED),
            ),
            "admission_is_of_its_product",
        )
        for change in ({"project_code": "Q"}, {"vintage_year": 2023}, {"initial_price_fen": 99})
    ),
    kept("exchange_admission", row("exchange_admission", ADMISSION), "admission_is_kept"),
    Attack("daily_figure_is_one", (row("exchange_dailyfigure", FIGURE),), (row("exchange_dailyfigure", FIGURE),)),
    *(
        Attack("daily_figure_has_prices_of_its_trades", (row("exchange_dailyfigure", FIGURE, change),))
        for change in ({"trades": 0}, {"open_fen": None}, {"quantity": 0})
    ),
    *append_only("exchange_dailyfigure", row("exchange_dailyfigure", FIGURE), guard="daily_figure_is_append_only"),
    emptied("exchange_dailyfigure", "daily_figure_is_not_truncated"),
    Attack(
        "reference_price_is_one",
        (row("exchange_referenceprice", REFERENCE),),
        (row("exchange_referenceprice", REFERENCE),),
    ),
    *(
        Attack("reference_price_is_of_its_method", (row("exchange_referenceprice", REFERENCE, change),))
        for change in (
            {"price_fen": None},
            {"method": "none"},
            {"quantity": 0},
            {"age": 1},
            {"method": "carried"},
        )
    ),
    *append_only(
        "exchange_referenceprice", row("exchange_referenceprice", REFERENCE), guard="reference_price_is_append_only"
    ),
    emptied("exchange_referenceprice", "reference_price_is_not_truncated"),
    *append_only("exchange_bulletin", row("exchange_bulletin", day="2026-03-02"), guard="bulletin_is_append_only"),
    emptied("exchange_bulletin", "bulletin_is_not_truncated"),
    Attack(
        "trade_is_before_its_bulletin",
        (row("exchange_trade", TRADE, business_date="2026-03-02"),),
        (*ORDERS, row("exchange_bulletin", day="2026-03-02")),
    ),
    Attack("large_holding_is_one_a_day", (LARGE,), (LARGE,)),
    Attack("large_holding_report_is_whole", (row("exchange_largeholding", NOTED, purpose="x"),)),
    Attack(
        "large_holding_report_is_whole",
        (row("exchange_largeholding", NOTED, reported_at="2026-03-03 10:00+08", reported_by_id=1),),
    ),
    *(
        Attack("large_holding_is_reported_once", (f"UPDATE exchange_largeholding SET {change}",), (seed,))
        for change, seed in (("units = 1", LARGE), ("due_on = '2027-01-01'", LARGE), ("purpose = 'y'", REPORTED))
    ),
    kept("exchange_largeholding", LARGE, "large_holding_is_kept"),
    Attack("initial_price_positive", (row("exchange_instrument", INSTRUMENT, initial_price_fen=0),)),
    Attack(
        "instrument_is_one",
        (row("exchange_instrument", INSTRUMENT, code="y"),),
        (row("exchange_instrument", INSTRUMENT),),
    ),
    Attack("tradable_after_admission", (row("exchange_instrument", INSTRUMENT, tradable_from="2026-03-02"),)),
    Attack("instrument_day_is_one", (row("exchange_instrumentday", DAY),), (row("exchange_instrumentday", DAY),)),
    Attack("limits_around_base_price", (row("exchange_instrumentday", DAY, lower_fen=101),)),
    Attack("limits_around_base_price", (row("exchange_instrumentday", DAY, upper_fen=99),)),
    Attack("limits_around_base_price", (row("exchange_instrumentday", DAY, base_price_fen=0),)),
    Attack("instrument_has_a_book", (row("exchange_instrument", INSTRUMENT, mode="one_way_auction"),)),
    Attack("day_has_a_book", (row("exchange_instrumentday", DAY, mode="block_agreement"),)),
    *append_only("exchange_marketevent", row("exchange_marketevent"), guard="market_event_is_append_only"),
    emptied("exchange_marketevent", "market_event_is_not_truncated"),
    Attack("market_event_sequence_is_one", (row("exchange_marketevent"),), (row("exchange_marketevent"),)),
    Attack(
        "event_is_matched_once",
        (row("exchange_matchbatch", trades=0),),
        (row("exchange_matchbatch", trades=0),),
    ),
    *append_only("exchange_matchbatch", row("exchange_matchbatch", trades=0), guard="match_batch_is_append_only"),
    emptied("exchange_matchbatch", "match_batch_is_not_truncated", also=("trade_is_not_truncated",)),
    Attack("match_batch_is_whole", (BATCH,), (), "batch_counts_its_trades"),
    Attack("match_batch_is_whole", (BATCH,), (*ORDERS, row("exchange_trade", TRADE)), "filled_is_the_sum_of_trades"),
    Attack(
        "match_batch_is_whole",
        (BATCH,),
        (*FILLED, row("exchange_trade", TRADE), row("settlement_entry", id=9, kind="hold")),
        "trade_has_its_settlement",
    ),
    Attack(
        "match_batch_is_whole",
        (row("exchange_matchbatch", id=77, trades=2),),
        (
            *ORDERS,
            row("exchange_trade", TRADE, CALLED),
            row("exchange_trade", TRADE, CALLED, price_fen=9, value_fen=45, entry_id=10),
        ),
        "call_has_one_price",
    ),
    Attack(
        "match_batch_is_whole",
        (row("exchange_matchbatch", id=77, trades=2),),
        (*ORDERS, row("exchange_trade", TRADE, CALLED), row("exchange_trade", TRADE, entry_id=10)),
        "call_has_one_price",
    ),
    kept("exchange_matchstate", row("exchange_matchstate", STATE), "match_state_is_kept"),
    Attack("match_state_is_one", (row("exchange_matchstate", STATE),), (row("exchange_matchstate", STATE),)),
    Attack(
        "match_state_only_rises",
        ("UPDATE exchange_matchstate SET sequence = 4",),
        (row("exchange_matchstate", STATE),),
    ),
    Attack(
        "match_state_only_rises",
        ("UPDATE exchange_matchstate SET kind = 'match'",),
        (row("exchange_matchstate", STATE),),
    ),
    Attack("ended_order_has_no_rest", (row("exchange_order", SELL, status="cancelled"),)),
    Attack("limit_order_has_a_price", (row("exchange_order", SELL, price_fen=None),)),
    Attack("limit_order_has_a_price", (row("exchange_order", SELL, type="market"),)),
    *(
        Attack("order_beside_the_book_never_rests", (row("exchange_order", SELL, kind=kind, status=status),))
        for kind in ("block", "auction")
        for status in ("live", "partially_filled")
    ),
    Attack("order_adds_up", (row("exchange_order", SELL, filled=1),)),
    Attack("order_adds_up", (row("exchange_order", SELL, filled=-1, cancelled=1),)),
    Attack(
        "order_quantity_positive",
        (row("exchange_order", SELL, quantity=0, remaining=0, held_units=0, status="filled"),),
    ),
    Attack("purchase_holds_what_it_needs", (row("exchange_order", BUY, held_fen=49),)),
    Attack("purchase_holds_what_it_needs", (row("exchange_order", BUY, DONE, held_fen=1),)),
    Attack("sale_holds_what_remains", (row("exchange_order", SELL, held_units=4),)),
    Attack("sale_holds_what_remains", (row("exchange_order", SELL, asset_id=None),)),
    Attack("sale_holds_what_remains", (row("exchange_order", BUY, held_units=1),)),
    kept("exchange_order", ORDERS[0], "order_is_kept"),
    *(
        Attack("order_keeps_its_terms", (f"UPDATE exchange_order SET {change}",), ORDERS[:1])
        for change in ("organisation_id = 3", "instrument_id = 3", "asset_id = 3", "at = now()")
    ),
    Attack("event_sequence_is_one", (row("exchange_orderevent", EVENT),), (row("exchange_orderevent", EVENT),)),
    *append_only("exchange_orderevent", row("exchange_orderevent", EVENT), guard="order_event_is_append_only"),
    Attack("event_is_of_an_order_or_a_call", (row("exchange_orderevent", EVENT, order_id=None),)),
    *(
        Attack("deal_has_two_orders", (row("exchange_orderevent", {**EVENT, "kind": "deal", **change}),))
        for change in (
            {"counterpart_id": None, "quantity": 5},
            {"counterpart_id": 12, "quantity": None},
            {"counterpart_id": 12, "quantity": 0},
        )
    ),
    Attack("event_is_of_an_order_or_a_call", (row("exchange_orderevent", EVENT, kind="uncross"),)),
    *(
        Attack(
            "instrument_day_keeps_its_terms",
            (f"UPDATE exchange_instrumentday SET {change}",),
            (row("exchange_instrumentday", DAY),),
        )
        for change in ("base_price_fen = 101", "upper_fen = 111", "mode = 'continuous'", "day = '2026-01-01'")
    ),
    Attack(
        "instrument_day_keeps_its_terms",
        ("UPDATE exchange_instrumentday SET closed_at = NULL",),
        (row("exchange_instrumentday", DAY, closed_at="2026-03-02 15:00+08"),),
    ),
    Attack("halt_is_of_one", (row("exchange_halt", instrument_id=1, organisation_id=1),)),
    Attack("halt_lasts", (row("exchange_halt", HALT, until="2026-03-02 10:00+08"),)),
    Attack("lifted_halt_has_ended", (row("exchange_halt", HALT, lifted_by_id=1),)),
    *(
        Attack("halt_keeps_its_terms", (f"UPDATE exchange_halt SET {change}",), (row("exchange_halt", HALT),))
        for change in ("reason = 'y'", "instrument_id = 1", "since = now()", "until = '2027-01-01'")
    ),
    Attack(
        "halt_keeps_its_terms",
        ("UPDATE exchange_halt SET ended_at = NULL",),
        (row("exchange_halt", HALT, ended_at="2026-03-02 11:00+08"),),
    ),
    emptied("exchange_orderevent", "order_event_is_not_truncated"),
    Attack(
        "call_is_of_continuous_trading", (row("exchange_trade", TRADE, at_call=True, mode="listed_agreement"),), (KEY,)
    ),
    Attack("trade_between_two_groups", (row("exchange_trade", TRADE, seller_group="a"),), (KEY,)),
    Attack("trade_between_two_groups", (row("exchange_trade", TRADE, seller_id=1),), (KEY,)),
    Attack("trade_value_is_quantity_times_price", (row("exchange_trade", TRADE, value_fen=51),), (KEY,)),
    Attack("trade_value_is_quantity_times_price", (row("exchange_trade", TRADE, quantity=0, value_fen=0),), (KEY,)),
    *(
        Attack(
            "trade_fits_its_orders",
            (row("exchange_trade", TRADE, mode=mode),),
            (
                row("exchange_order", SELL, id=11, kind=sold, status="accepted"),
                row("exchange_order", BUY, id=12, kind=bought, status="accepted"),
                KEY,
            ),
            "trade_mode_is_of_its_orders",
        )
        for mode, sold, bought in (
            ("listed_agreement", "block", "block"),
            ("block_agreement", "block", "place"),
            ("block_agreement", "place", "place"),
            ("one_way_auction", "auction", "block"),
            ("continuous", "place", "auction"),
        )
    ),
    *(
        Attack("trade_fits_its_orders", (row("exchange_trade", TRADE, change),), ORDERS)
        for change in (
            {"price_fen": 11, "value_fen": 55},
            {"buyer_id": 7},
            {"seller_id": 7},
            {"asset_id": 7},
            {"taker_side": "sell"},
            {"instrument_id": 7},
            {**CALLED, "price_fen": 9, "value_fen": 45},  # Below what the seller asks.
            {**CALLED, "price_fen": 11, "value_fen": 55},  # Above what the buyer bids.
        )
    ),
    *(
        Attack(
            "match_batch_is_whole",
            (BATCH,),
            (
                *FILLED,
                row("exchange_trade", TRADE),
                row("settlement_entry", id=9, kind="trade", settlement_id=1),
                *moved,
            ),
            "trade_has_its_settlement",
        )
        for moved in (
            (leg(31, 32, 5, asset=1), leg(33, 34, 49)),  # A fen less than the trade's value.
            (leg(31, 32, 4, asset=1), leg(33, 34, 50)),  # A tonne less than was traded.
            (leg(31, 32, 5, asset=1), leg(33, 34, 50), leg(33, 35, 1)),  # A fee that the trade does not name.
            (leg(31, 32, 5, asset=1), leg(33, 36, 50)),  # The money goes to a third.
        )
    ),
    Attack("trade_of_an_entry", (row("exchange_trade", TRADE, entry_id=10),), ORDERS),
    Attack("trade_is_append_only", ("UPDATE exchange_trade SET id = id",), (KEY, row("exchange_trade", TRADE))),
    Attack("trade_is_append_only", ("DELETE FROM exchange_trade",), (row("exchange_trade", TRADE),)),
    emptied("exchange_trade", "trade_is_not_truncated", also=("bought_is_not_truncated",)),
    Attack(
        "trade_joins",
        (row("exchange_trade", TRADE),),
        (row("exchange_matchbatch", id=77, trades=1, transaction_id="='1'::xid8"), KEY),
        "trade_comes_with_its_batch",
    ),
    Attack("purchases_asked_are_one", (ASKED,), (ASKED,)),
    Attack("purchases_asked_only_rise", ("UPDATE exchange_purchasesasked SET units = units - 1",), (ASKED,)),
    Attack("purchases_asked_only_rise", ("UPDATE exchange_purchasesasked SET organisation_id = 9",), (ASKED,)),
    kept("exchange_purchasesasked", ASKED, "purchases_asked_are_kept"),
    Attack("purchases_done_are_one", (row("exchange_purchasesdone"),), (row("exchange_purchasesdone"),)),
    Attack(
        "purchases_done_only_rise",
        ("UPDATE exchange_purchasesdone SET units = units - 1",),
        (row("exchange_purchasesdone", units=1),),
    ),
    kept("exchange_purchasesdone", row("exchange_purchasesdone"), "purchases_done_are_kept"),
    *(
        Attack(guard, (statement,), seed, says=says)
        for guard, statement, begun in (
            ("purchases_begin_within_limits", ASKED, ()),
            (
                "purchases_stay_within_limits",
                "UPDATE exchange_purchasesasked SET units = 6",
                (row("exchange_purchasesasked", PURCHASE, units=1),),
            ),
        )
        for says, seed in (
            ("purchases_within_position_limit", (*PRODUCT, limit_of("trading.position_limit", 5), *begun)),
            ("purchases_within_most_holders", (*PRODUCT, limit_of("trading.most_holders", 1), SOMEBODY_HOLDS, *begun)),
        )
    ),
    Attack("proposal_is_open_once", (row("exchange_tradeproposal"),), (row("exchange_tradeproposal"),)),
    Attack("proposal_quantity_positive", (row("exchange_tradeproposal", quantity=0),)),
    *of_surveillance(SELL),
]


@pytest.mark.parametrize("attack", ATTACKS, ids=ids(ATTACKS))
def test_an_attack_is_refused_by_its_guard(attack, attacked):
    refusal = refused_by(attack, attacked)
    assert is_named(attack, refusal), refusal or f"nothing refused {attack.statements}"


@pytest.mark.parametrize("attack", ATTACKS, ids=ids(ATTACKS))
def test_a_guard_is_missed_when_it_is_dropped(attack, attacked):
    assert not_missed(attack, attacked, "exchange") == ""


def test_every_guard_of_the_room_is_attacked(attacked, record_property):
    guards = guards_in("exchange", attacked)
    record_property("guards", len(guards))  # For tests/proofs/dropped_guards.py.
    assert guards
    assert list(without_attack(ATTACKS, guards)) == []
