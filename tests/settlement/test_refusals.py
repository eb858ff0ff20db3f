"""What the database refuses, whoever writes: each row is one attack by raw SQL, and the guard that ends it.

As the app's role most attacks end at a missing right; as the owner, who has every right, at the named guard.
"""

import re
from datetime import UTC, datetime

import psycopg2
import pytest
from django.db import connection, transaction
from django.db.utils import Error

from accounts.rules import Role
from ops import postgres
from settlement import queries, services
from settlement.rules import HoldReason, Purpose
from tests.accounts.makers import a_person
from tests.attacks import guards_in, in_world, not_missed
from tests.settlement.act_attacks import ACT_ALSO, ACT_ATTACKS
from tests.settlement.bank_account_attacks import (
    APPROVED,
    BANK_ACCOUNT_ALSO,
    BANK_ACCOUNT_ATTACKS,
    BANK_ACCOUNT_SAID_BY,
    account,
)
from tests.settlement.behind import ALONE, ALSO, SAID_BY
from tests.settlement.day_attacks import DAY_ALSO, DAY_ATTACKS, DAY_SAID_BY
from tests.settlement.invoice_attacks import INVOICE_ALSO, INVOICE_ATTACKS, make_invoices
from tests.settlement.log_attacks import LOG_ALSO, LOG_ATTACKS
from tests.settlement.makers import an_organisation, give_money, issue
from tests.settlement.statement_attacks import STATEMENT_ALSO, STATEMENT_ATTACKS
from tests.settlement.suspense_attacks import SUSPENSE_ALSO, SUSPENSE_ATTACKS
from tests.settlement.transfer_makers import World, reverse, trust_of_another

ENTRY_ALONE = (
    "INSERT INTO settlement_entry (kind, at, business_date, basis) VALUES ('hold', now(), now()::date, '') RETURNING id"
)
NEW_ENTRY = (
    "WITH k AS (INSERT INTO settlement_entrykey (key, digest, entry_id)"
    " VALUES ('attack', '', nextval('settlement_entry_id_seq')) RETURNING entry_id)"
    " INSERT INTO settlement_entry (id, kind, at, business_date, basis)"
    " SELECT entry_id, 'hold', now(), now()::date, '' FROM k RETURNING id"
)


AT = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)


def make_world(at):
    seller = an_organisation(at=at)
    batch = issue(seller, 1000, at, buffer_units=100)
    services.hold_units_for_order(key="o", organisation_id=seller, asset_id=batch.asset_id, units=300, at=at)
    services.retire_units(
        key="r",
        organisation_id=seller,
        asset_id=batch.asset_id,
        units=50,
        at=at,
        maker_id=None,
        checker_id=None,
        basis="",
    )
    give_money(seller, 100_000, at)
    other = issue(seller, 10, at, vintage_year=2025)
    make_holds(seller, batch.asset_id, at)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT purpose, id FROM settlement_holding WHERE asset_id = %s AND units <> 0", [batch.asset_id]
        )
        holdings = dict(cursor.fetchall())
        cursor.execute("SELECT id FROM settlement_holding WHERE asset_id = %s AND units > 0", [other.asset_id])
        elsewhere = cursor.fetchone()[0]
    return {
        **make_transfers(at),
        **make_invoices(at),
        "asset": batch.asset_id,
        "other": other.asset_id,
        "cash": queries.cash_asset_id(),
        "elsewhere": elsewhere,
        **{
            purpose: holdings[purpose]
            for purpose in ("available", "held_for_orders", "retired", "buffer", "issuance", "frozen", "pledged")
        },
    }


def make_transfers(at):
    """Two transfers under way, one executed and one reversed, of a holder and a batch of their own."""
    one = World(at)
    moved = [one.approved(units=5, basis_number="1"), one.approved(units=5, basis_number="2")]
    executed = one.executed(units=4, basis_number="3")
    undone = one.executed(units=3, basis_number="4")
    done = reverse(one, undone.end_entry_id)
    proposed = one.propose(units=2, basis_number="5")
    trust, asked = one.trust(), trust_of_another(one, at)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT organisation_id, purpose, id FROM settlement_holding WHERE asset_id = %s AND organisation_id IS NOT NULL",
            [one.asset],
        )
        ids = {(row[0], row[1]): row[2] for row in cursor}
        cursor.execute(
            "SELECT id FROM settlement_serialblock WHERE holding_id = %s ORDER BY first_serial DESC",
            [ids[one.giver, "in_transit"]],
        )
        blocks = [row[0] for row in cursor]
    return {
        "giver": one.giver,
        "receiver": one.receiver,
        "moving_asset": one.asset,
        "proposed": proposed.pk,
        "under_way": moved[0].pk,
        "also_under_way": moved[1].pk,
        "executed": executed.pk,
        "executed_entry": executed.end_entry_id,
        "trust": trust.pk,
        "asked_trust": asked.pk,
        "initiator": one.initiator.user_id,
        "confirmer": one.confirmer.user_id,
        "operator": one.operator.user_id,
        "reversal": done.pk,
        "reversal_entry": done.entry_id,
        "reversed_entry": undone.end_entry_id,
        "giver_available": ids[one.giver, "available"],
        "giver_transit": ids[one.giver, "in_transit"],
        "receiver_available": ids[one.receiver, "available"],
        "transit_block": blocks[0],
        "other_transit_block": blocks[1],
    }


def make_holds(holder, asset, at):
    """Place a court freeze, a pledge, and a second freeze for more than there is."""
    venue = a_person(Role.SETTLEMENT_OPERATOR, at=at, confirmed=True)
    initiator, confirmer = (
        a_person(role, at=at, confirmed=True, organisation_id=holder)
        for role in (Role.FIRM_INITIATOR, Role.FIRM_CONFIRMER)
    )
    paper = services.EvidenceFile("court_ruling", "a.pdf", b"%PDF-1.7")
    court = {"actor": venue, "organisation_id": holder, "reason": HoldReason.JUDICIAL, "at": at}
    services.place_freeze(new=services.NewHold(asset, 20, "court", "x", paper), **court)
    asked = services.ask_pledge(actor=initiator, new=services.NewHold(asset, 30, "pledge", "x", paper), at=at)
    step = {"hold_id": asked.pk, "digest": asked.digest, "at": at}
    services.confirm_pledge(actor=confirmer, **step)
    services.register_pledge(actor=venue, **step)
    services.place_freeze(new=services.NewHold(asset, 5, "over", "x", paper), **court)


@pytest.fixture(scope="module")
def world(shared_database):
    """One small world for all attacks: each of them must leave it as it was."""
    return make_world(AT)


@pytest.fixture
def owner(shared_database, admin_url):
    """A cursor with the owner's rights, in transactions."""
    url = postgres.with_role(postgres.with_database(admin_url, shared_database), postgres.OWNER_ROLE)
    link = psycopg2.connect(url)
    try:
        with link.cursor() as cursor:
            yield cursor
    finally:
        link.close()


def leg(entry: str, debited: str, credited: str, units: str = "1", asset: str = "{asset}") -> str:
    return (
        "INSERT INTO settlement_leg (entry_id, asset_id, debited_id, credited_id, units)"
        f" VALUES ({entry}, {asset}, {debited}, {credited}, {units})"
    )


FRESH = f"WITH e AS ({ENTRY_ALONE}), k AS (INSERT INTO settlement_entrykey (key, digest, entry_id) SELECT 'x', '', id FROM e)"
OLD = "(SELECT min(id) FROM settlement_entry)"
BLOCK = (
    "INSERT INTO settlement_serialblock (asset_id, parent_id, holding_id, entry_id, first_serial, last_serial) VALUES "
)
PARENT = "(SELECT id FROM settlement_serialblock WHERE holding_id = {available} ORDER BY first_serial LIMIT 1)"
TOP = "(SELECT last_serial FROM settlement_serialblock WHERE holding_id = {available} ORDER BY first_serial LIMIT 1)"
MADE = "(SELECT max(id) FROM settlement_entry)"

PERSON = "(SELECT maker_id FROM settlement_entry WHERE kind = 'issue' LIMIT 1)"
READING = "INSERT INTO settlement_secondreading (at, snapshot, last_entry_id, legs_read, moves_read, seconds, found, differences) VALUES (now(), '', 1, 1, 1, 1, 0, '[]')"
PROOF = "INSERT INTO settlement_invariantproof (at, seconds, proved, broken) VALUES (now(), 1, '{{}}', '{{}}')"
RUN = "INSERT INTO settlement_proofrun (kind, night, state, at, done_steps, all_steps, error) VALUES ('invariants', now()::date, '{}', now(), 0, 0, '')"
# A court freeze of 20 units, a pledge of 30 and a second court freeze of 5, all taken from what was available.
COURT, PLEDGE, OVER = (
    f"(SELECT id FROM settlement_hold WHERE basis_number = '{name}')" for name in ("court", "pledge", "over")
)
HOLD = (
    "INSERT INTO settlement_hold (organisation_id, asset_id, units, reason, rank, basis_number, authority, note, evidence_id,"
    " digest, until, state, asked_by_id, asked_at, confirmed_by_id, confirmed_at, set_by_id, since, released_units, open_units, ended_at)"
    " SELECT organisation_id, asset_id, units, reason, rank, basis_number, authority, note, evidence_id,"
    " digest, until, state, asked_by_id, asked_at, confirmed_by_id, confirmed_at, set_by_id, since, released_units, open_units, ended_at"
    " FROM (SELECT organisation_id, asset_id, 5 AS units, 'inquiry' AS reason, 2 AS rank, 'x' AS basis_number, 'x' AS authority, '' AS note,"
    " NULL::bigint AS evidence_id, '' AS digest, NULL::date AS until, 'live' AS state, asked_by_id, now() AS asked_at,"
    " NULL::bigint AS confirmed_by_id, NULL::timestamptz AS confirmed_at, asked_by_id AS set_by_id, now() AS since, 0 AS released_units,"
    f" 5 AS open_units, NULL::timestamptz AS ended_at FROM settlement_hold WHERE id = {COURT}) h"
)
LIFT = (
    "INSERT INTO settlement_holdlift (hold_id, units, basis_number, note, evidence_id, digest, state, asked_by_id, asked_at, decided_by_id, decided_at)"
    " SELECT id, {units}, {document}, '', evidence_id, '', {state}, asked_by_id, now(), {decider}, {decided} FROM settlement_hold WHERE id = {hold}"
)


def hold(**changes: str) -> str:
    """A new hold by raw SQL: an inquiry in force that has found nothing yet, with other values for some columns."""
    text = HOLD
    for column, value in changes.items():
        text = re.sub(rf"(?<=[ ,])[^,]+ AS {column}\b", f" {value} AS {column}", text, count=1)
    return text


def lift(**changes: str) -> str:
    """A new release by raw SQL, asked for by whoever placed the freeze."""
    values = {"units": "1", "document": "'y'", "state": "'asked'", "decider": "NULL", "decided": "NULL", "hold": COURT}
    return LIFT.format(**{**values, **changes})


OTHER = "(SELECT max(checker_id) FROM settlement_entry WHERE kind = 'issue')"
DONE = (
    f"UPDATE settlement_holdlift SET state = 'done', decided_by_id = {OTHER}, decided_at = now() WHERE state = 'asked'"
)
KEYED = [
    "INSERT INTO settlement_entrykey (key, digest, entry_id) VALUES ('x', '', nextval('settlement_entry_id_seq'))",
    "INSERT INTO settlement_entry (id, kind, at, business_date, basis) SELECT entry_id, '{kind}', now(), now()::date, '' FROM settlement_entrykey WHERE key = 'x'",
]
THE = "(SELECT entry_id FROM settlement_entrykey WHERE key = 'x')"


def moved(kind: str, name: str, debited: str, credited: str, units: str = "1") -> list[str]:
    """An entry with its key, what it names (in `settlement_holdentry`), one leg and the serials that follow it."""
    top = f"(SELECT max(last_serial) FROM settlement_serialblock WHERE holding_id = {debited})"
    parent = f"(SELECT id FROM settlement_serialblock WHERE holding_id = {debited} ORDER BY last_serial DESC LIMIT 1)"
    naming = (
        [f"INSERT INTO settlement_holdentry (entry_id, hold_id, kind, lift_id) VALUES ({THE}, {name})"] if name else []
    )
    return [
        KEYED[0],
        KEYED[1].replace("{kind}", kind),
        *naming,
        leg(THE, debited, credited, units),
        BLOCK + f"({{asset}}, {parent}, {credited}, {THE}, {top} - {units} + 1, {top})",
    ]


LIVE_LIFT = "(SELECT max(id) FROM settlement_holdlift)"

HELD = {
    "frozen units without a name": (moved("unfreeze", "", "{frozen}", "{available}"), "held_units_move_by_name"),
    "pledged units without a name": (
        moved("release_pledge", "", "{pledged}", "{available}"),
        "held_units_move_by_name",
    ),
    "frozen units by an order": (moved("hold", "", "{frozen}", "{available}"), "held_units_move_by_name"),
    "frozen units named as placed": (
        moved("freeze", f"{COURT}, 'laid_over', NULL", "{frozen}", "{available}"),
        "held_units_move_by_name",
    ),
    "released by one that is not decided": (
        [lift(), *moved("unfreeze", f"{COURT}, 'released', {LIVE_LIFT}", "{frozen}", "{available}")],
        "held_units_move_by_name",
    ),
    "released without a release": (
        moved("unfreeze", f"{COURT}, 'released', NULL", "{frozen}", "{available}"),
        "release_names_its_lift",
    ),
    "release of another hold": (
        [lift(hold=PLEDGE), DONE, *moved("unfreeze", f"{COURT}, 'released', {LIVE_LIFT}", "{frozen}", "{available}")],
        "hold_entry_lift_of_its_hold",
    ),
    "released to the retired": (
        [lift(), DONE, *moved("unfreeze", f"{COURT}, 'released', {LIVE_LIFT}", "{frozen}", "{retired}")],
        "held_units_move_by_name",
    ),
    "more released than was asked for": (
        [
            lift(),
            DONE,
            *moved("unfreeze", f"{COURT}, 'released', {LIVE_LIFT}", "{frozen}", "{available}", "2"),
            f"UPDATE settlement_hold SET released_units = released_units + 1, open_units = open_units + 1 WHERE id = {COURT}",
            f"UPDATE settlement_holdpart SET units = units - 2 WHERE hold_id = {COURT} AND units > 2",
        ],
        "open_freeze_leaves_nothing_available",
    ),
    "frozen for no hold": (moved("freeze", "", "{available}", "{frozen}"), "frozen_units_are_of_live_freezes"),
    "pledged for no hold": (moved("pledge", "", "{available}", "{pledged}"), "pledged_units_are_of_live_pledges"),
    "an entry that names a hold later": (
        [
            f"INSERT INTO settlement_holdentry (entry_id, hold_id, kind) SELECT min(id), {COURT}, 'placed' FROM settlement_entry"
        ],
        "hold_entry_comes_with_its_entry",
    ),
    "a part that grows": (
        [f"UPDATE settlement_holdpart SET units = units + 1 WHERE hold_id = {COURT}"],
        "hold_parts_add_up",
    ),
    "a part taken from itself": (
        [f"INSERT INTO settlement_holdpart (hold_id, taken_from_id, units) VALUES ({COURT}, {COURT}, 1)"],
        "hold_part_is_taken_from_another",
    ),
    "a part twice": (
        [f"INSERT INTO settlement_holdpart (hold_id, taken_from_id, units) VALUES ({COURT}, NULL, 1)"],
        "hold_part_is_one",
    ),
    "two releases at once": ([lift(), lift(document="'z'")], "hold_lift_is_open_once"),
    "a part below zero": (
        [f"UPDATE settlement_holdpart SET units = -1 WHERE hold_id = {COURT}"],
        "hold_part_not_below_zero",
    ),
    "a part of another hold": (
        [f"UPDATE settlement_holdpart SET hold_id = {OVER} WHERE hold_id = {COURT}"],
        "hold_part_keeps_its_place",
    ),
    "a freeze that waits for nobody": (
        [
            f"INSERT INTO settlement_holdpart (hold_id, taken_from_id, units) VALUES ({COURT}, {OVER}, 1)",
            f"UPDATE settlement_hold SET open_units = open_units + 1 WHERE id = {COURT}",
        ],
        "hold_parts_add_up",
    ),
    "an open rest that is not": (
        [f"UPDATE settlement_hold SET open_units = 1 WHERE id = {COURT}"],
        "hold_parts_add_up",
    ),
    "a freeze that takes nothing of what is there": ([hold()], "open_freeze_leaves_nothing_available"),
    "a hold of nothing": (
        [
            hold(
                units="0",
                reason="'pledge'",
                rank="3",
                evidence_id="(SELECT min(id) FROM settlement_evidence)",
                open_units="0",
                state="'asked'",
                set_by_id="NULL::bigint",
                since="NULL::timestamptz",
            )
        ],
        "hold_units_positive",
    ),
    "a hold that has more than it was for": ([hold(open_units="6")], "hold_has_no_more_than_it_was_for"),
    "a rank of one's own": ([hold(rank="1")], "hold_rank_is_of_its_reason"),
    "a hold without a document": ([hold(basis_number="''")], "hold_names_its_document"),
    "a court freeze without its paper": (
        [hold(reason="'judicial'", rank="1")],
        "court_freeze_and_pledge_have_evidence",
    ),
    "a freeze set by nobody": ([hold(set_by_id="NULL::bigint")], "freeze_works_at_once"),
    "a freeze set by another": ([hold(set_by_id=OTHER)], "freeze_works_at_once"),
    "a pledge in force at once": (
        [hold(reason="'pledge'", rank="3", evidence_id="(SELECT min(id) FROM settlement_evidence)", open_units="0")],
        "hold_begins_as_it_may|pledge_is_registered_for_two_persons_of_the_holder",
    ),
    "a pledge that begins confirmed": (
        [
            hold(
                reason="'pledge'",
                rank="3",
                evidence_id="(SELECT min(id) FROM settlement_evidence)",
                open_units="0",
                state="'confirmed'",
                set_by_id="NULL::bigint",
                since="NULL::timestamptz",
                confirmed_by_id=OTHER,
            )
        ],
        "hold_begins_as_it_may",
    ),
    "a pledge registered by its confirmer": (
        [
            hold(
                reason="'pledge'",
                rank="3",
                evidence_id="(SELECT min(id) FROM settlement_evidence)",
                open_units="0",
                state="'asked'",
                set_by_id="NULL::bigint",
                since="NULL::timestamptz",
            ),
            f"UPDATE settlement_hold SET state = 'confirmed', confirmed_by_id = {OTHER}, confirmed_at = now() WHERE state = 'asked'",
            f"UPDATE settlement_hold SET state = 'live', set_by_id = {OTHER}, since = now() WHERE state = 'confirmed'",
        ],
        "pledge_is_registered_for_two_persons_of_the_holder",
    ),
    "a freeze that ends by itself": (
        [f"UPDATE settlement_hold SET state = 'ended', ended_at = now() WHERE id = {COURT}"],
        "hold_ends_when_it_is_released",
    ),
    "a freeze that goes back": (
        [f"UPDATE settlement_hold SET state = 'asked' WHERE id = {COURT}"],
        "hold_takes_its_steps",
    ),
    "another document": (
        [f"UPDATE settlement_hold SET basis_number = 'z' WHERE id = {COURT}"],
        "hold_content_is_fixed",
    ),
    "more units of a hold": (
        [f"UPDATE settlement_hold SET units = units + 1 WHERE id = {COURT}"],
        "hold_content_is_fixed",
    ),
    "released without a release asked for": (
        [
            hold(),
            "INSERT INTO settlement_holdpart (hold_id, taken_from_id, units) SELECT id, "
            + COURT
            + ", 3 FROM settlement_hold WHERE basis_number = 'x'",
            "UPDATE settlement_hold SET released_units = 1, open_units = 4 WHERE basis_number = 'x'",
        ],
        "hold_is_released_by_its_lifts|open_freeze_leaves_nothing_available",
    ),
    "a release that is not counted": ([lift(), DONE], "hold_is_released_by_its_lifts"),
    "a release of nothing": ([lift(units="0")], "hold_lift_units_positive"),
    "a release without a document": ([lift(document="''")], "hold_lift_names_its_document"),
    "a release decided by who asked": (
        [lift(), DONE.replace(OTHER, "asked_by_id")],
        "hold_is_lifted_by_two_persons",
    ),
    "a release by nobody": ([lift(decided="now()")], "hold_lift_state_has_its_fields"),
    "a release that begins decided": (
        [lift(state="'done'", decider=OTHER, decided="now()")],
        "hold_lift_begins_asked",
    ),
    "a release of other units": (
        [lift(), "UPDATE settlement_holdlift SET units = units + 1"],
        "hold_lift_takes_its_steps",
    ),
    "another hold for an entry": (
        [f"UPDATE settlement_holdentry SET hold_id = {OVER}"],
        "hold_entry_is_append_only",
    ),
    "remove a hold": (["DELETE FROM settlement_hold"], "hold_is_kept"),
    "remove a part": (["DELETE FROM settlement_holdpart"], "hold_part_is_kept"),
    "remove a release": ([lift(), "DELETE FROM settlement_holdlift"], "hold_lift_is_kept"),
    "remove the name of an entry": (["DELETE FROM settlement_holdentry"], "hold_entry_is_append_only"),
    "empty the holds": (["TRUNCATE settlement_hold CASCADE"], "hold_is_not_truncated"),
    "empty the parts": (["TRUNCATE settlement_holdpart"], "hold_part_is_not_truncated"),
    "empty the releases": (["TRUNCATE settlement_holdlift CASCADE"], "hold_lift_is_not_truncated"),
    "empty the names": (["TRUNCATE settlement_holdentry"], "hold_entry_is_not_truncated"),
}

# What is tried (statements of one transaction), and the name of the guard that refuses it.
ATTACKS = {
    **BANK_ACCOUNT_ATTACKS,
    **DAY_ATTACKS,
    **LOG_ATTACKS,
    **STATEMENT_ATTACKS,
    **INVOICE_ATTACKS,
    **SUSPENSE_ATTACKS,
    **ACT_ATTACKS,
    "entry without legs": ([NEW_ENTRY], "entry_has_legs"),
    "entry without key or legs": ([ENTRY_ALONE], "entry_has_legs"),
    "entry without key": ([ENTRY_ALONE, leg(MADE, "{available}", "{held_for_orders}")], "leg_of_an_entry"),
    "leg of nothing": ([NEW_ENTRY, leg(MADE, "{available}", "{held_for_orders}", "0")], "leg_units_positive"),
    "negative leg": ([NEW_ENTRY, leg(MADE, "{available}", "{held_for_orders}", "-5")], "leg_units_positive"),
    "leg with one end": ([NEW_ENTRY, leg(MADE, "{available}", "{available}")], "leg_has_two_ends"),
    "leg between assets": (
        [NEW_ENTRY, leg(MADE, "{available}", "{elsewhere}")],
        "leg_credits_its_asset|leg_names_its_holdings",
    ),
    "leg from another asset": ([NEW_ENTRY, leg(MADE, "{elsewhere}", "{available}")], "leg_debits_its_asset"),
    "leg of an old entry": (
        [leg(OLD, "{available}", "{held_for_orders}")],
        "leg_comes_before_the_leaf",
    ),
    "leg of no entry": (
        [leg("987654321", "{available}", "{held_for_orders}")],
        "leg_of_an_entry|leg_comes_with_its_entry",
    ),
    "more than there is": (
        [NEW_ENTRY, leg(MADE, "{available}", "{held_for_orders}", "5001")],
        "holding_not_below_zero",
    ),
    "units without serials": (
        [
            "INSERT INTO settlement_entrykey (key, digest, entry_id) VALUES ('x', '', nextval('settlement_entry_id_seq'))",
            "INSERT INTO settlement_entry (id, kind, at, business_date, basis) SELECT entry_id, 'hold', now(), now()::date, '' FROM settlement_entrykey WHERE key = 'x'",
            leg("(SELECT entry_id FROM settlement_entrykey WHERE key = 'x')", "{available}", "{held_for_orders}"),
        ],
        "serials_follow_legs",
    ),
    "serials without units": (
        [
            "INSERT INTO settlement_entrykey (key, digest, entry_id) VALUES ('x', '', nextval('settlement_entry_id_seq'))",
            "INSERT INTO settlement_entry (id, kind, at, business_date, basis) SELECT entry_id, 'hold', now(), now()::date, '' FROM settlement_entrykey WHERE key = 'x'",
            "UPDATE settlement_serialblock SET holding_id = {held_for_orders}, entry_id = (SELECT entry_id FROM settlement_entrykey WHERE key = 'x') WHERE holding_id = {available}",
            "INSERT INTO settlement_leg (entry_id, asset_id, debited_id, credited_id, units) SELECT entry_id, {asset}, {available}, {held_for_orders}, 1 FROM settlement_entrykey WHERE key = 'x'",
        ],
        "serials_follow_legs",
    ),
    "bring back the retired": ([NEW_ENTRY, leg(MADE, "{retired}", "{available}")], "ended_units_are_final"),
    "create credits": ([NEW_ENTRY, leg(MADE, "{issuance}", "{available}")], "only_issuance_creates_credits"),
    "give back to the source": ([NEW_ENTRY, leg(MADE, "{available}", "{issuance}")], "only_issuance_creates_credits"),
    "change an entry": (["UPDATE settlement_entry SET basis = 'x'"], "entry_is_append_only"),
    "remove an entry": (["DELETE FROM settlement_entry"], "entry_is_append_only"),
    "change a leg": (["UPDATE settlement_leg SET units = units + 1"], "leg_is_append_only"),
    "remove a leg": (["DELETE FROM settlement_leg"], "leg_is_append_only"),
    "empty the legs": (["TRUNCATE settlement_leg"], "leg_is_not_truncated"),
    # All that hangs on a table is emptied with it, and each has such a guard: the table's own is asked first.
    "empty the entries": (["TRUNCATE settlement_entry CASCADE"], "entry_is_not_truncated"),
    "empty the keys": (["TRUNCATE settlement_entrykey CASCADE"], "entry_key_is_not_truncated"),
    "empty the holdings": (["TRUNCATE settlement_holding CASCADE"], "holding_is_not_truncated"),
    "empty the assets": (["TRUNCATE settlement_asset CASCADE"], "asset_is_not_truncated"),
    "empty the moves": (["TRUNCATE settlement_serialmove CASCADE"], "serial_move_is_not_truncated"),
    "empty the settlements": (["TRUNCATE settlement_settlementbatch CASCADE"], "settlement_batch_is_not_truncated"),
    "empty the bank notices": (["TRUNCATE settlement_banknotice CASCADE"], "bank_notice_is_not_truncated"),
    "free a key": (["DELETE FROM settlement_entrykey"], "entry_key_is_append_only"),
    "change a key": (["UPDATE settlement_entrykey SET digest = ''"], "entry_key_is_append_only"),
    "use a key twice": (
        ["INSERT INTO settlement_entrykey SELECT key, digest, entry_id FROM settlement_entrykey LIMIT 1"],
        "settlement_entrykey_pkey",
    ),
    "open a full holding": (
        [
            "INSERT INTO settlement_holding (organisation_id, asset_id, purpose, units, may_be_posted) SELECT organisation_id, asset_id, 'pledged', 5, true FROM settlement_holding WHERE id = {available}"
        ],
        "holding_opens_empty",
    ),
    "a second holding": (
        [
            "INSERT INTO settlement_holding (organisation_id, asset_id, purpose, units, may_be_posted) SELECT organisation_id, asset_id, purpose, 0, true FROM settlement_holding WHERE id = {available}"
        ],
        "holding_is_one",
    ),
    "a private source": (
        [
            "INSERT INTO settlement_holding (organisation_id, asset_id, purpose, units, may_be_posted) SELECT organisation_id, asset_id, 'issuance', 0, true FROM settlement_holding WHERE id = {available}"
        ],
        "source_is_the_systems",
    ),
    "change holder": (
        ["UPDATE settlement_holding SET organisation_id = NULL WHERE id = {available}"],
        "holding_keeps_its_place",
    ),
    "remove a holding": (["DELETE FROM settlement_holding WHERE id = {available}"], "holding_is_kept"),
    "issue more": (["UPDATE settlement_asset SET last_serial = last_serial + 1 WHERE id = {asset}"], "asset_is_fixed"),
    "overlapping batch": (
        [
            "INSERT INTO settlement_asset (kind, code, scheme, project_code, project_name, project_serial, vintage_year, credit_type, division_code, division_name, methodology, region_code, scheme_code, first_serial, last_serial) SELECT kind, code || 'x', scheme, project_code, project_name, project_serial, vintage_year, credit_type, division_code, division_name, methodology, region_code, scheme_code, 5, 6 FROM settlement_asset WHERE id = {asset}"
        ],
        "batches_of_a_vintage_do_not_overlap",
    ),
    "batch without a year": (
        [
            "INSERT INTO settlement_asset (kind, code, scheme, project_code, project_name, project_serial, credit_type, division_code, division_name, methodology, region_code, scheme_code, first_serial, last_serial) VALUES ('credit', 'x', '', 'p', '', '', '', '', '', '', '', '', 1, 2)"
        ],
        "asset_is_cash_or_a_batch",
    ),
    "second root": (
        [NEW_ENTRY, BLOCK + f"({{asset}}, NULL, {{available}}, {MADE}, 2000, 2001)"],
        "serial_block_one_root|serial_block_root",
    ),
    "root beyond the batch": (
        [NEW_ENTRY, BLOCK + f"({{other}}, NULL, {{elsewhere}}, {MADE}, 11, 12)"],
        "serial_block_one_root|serial_block_root",
    ),
    "inner piece": (
        [NEW_ENTRY, BLOCK + f"({{asset}}, {PARENT}, {{available}}, {MADE}, {TOP} - 5, {TOP} - 3)"],
        "serial_block_carve",
    ),
    "whole parent as a piece": (
        [NEW_ENTRY, BLOCK + f"({{asset}}, {PARENT}, {{available}}, {MADE}, 1, {TOP})"],
        "serial_block_carve|serial_block_starts_once",
    ),
    "pieces that do not touch": (
        [
            NEW_ENTRY,
            BLOCK
            + f"({{asset}}, {PARENT}, {{available}}, {MADE}, {TOP}, {TOP}), ({{asset}}, {PARENT}, {{available}}, {MADE}, {TOP} - 5, {TOP} - 3)",
        ],
        "serial_block_pieces",
    ),
    "piece beyond the end": (
        [NEW_ENTRY, BLOCK + f"({{asset}}, {PARENT}, {{available}}, {MADE}, {TOP}, {TOP} + 1)"],
        "serial_block_carve",
    ),
    "piece of another asset": (
        [NEW_ENTRY, BLOCK + f"({{other}}, {PARENT}, {{elsewhere}}, {MADE}, {TOP}, {TOP})"],
        "serial_block_carve",
    ),
    "piece under an old entry": (
        [BLOCK + f"({{asset}}, {PARENT}, {{available}}, {OLD}, {TOP}, {TOP})"],
        "serial_block_entry",
    ),
    "empty piece": (
        [NEW_ENTRY, BLOCK + f"({{asset}}, {PARENT}, {{available}}, {MADE}, {TOP}, {TOP} - 1)"],
        "serial_block_not_empty|serial_block_starts_once|serial_block_carve",
    ),
    "shrink a block": (
        ["UPDATE settlement_serialblock SET last_serial = last_serial - 1 WHERE holding_id = {available}"],
        "serial_block_given",
    ),
    "grow a block": (
        ["UPDATE settlement_serialblock SET last_serial = last_serial + 1 WHERE holding_id = {available}"],
        "serial_block_is_fixed",
    ),
    "shift a block": (
        ["UPDATE settlement_serialblock SET first_serial = first_serial + 1 WHERE holding_id = {available}"],
        "serial_block_is_fixed",
    ),
    "hand over without an entry": (
        ["UPDATE settlement_serialblock SET holding_id = {held_for_orders} WHERE holding_id = {available}"],
        "serial_block_entry",
    ),
    "holding of another asset": (
        [
            NEW_ENTRY,
            f"UPDATE settlement_serialblock SET holding_id = {{elsewhere}}, entry_id = {MADE} WHERE holding_id = {{available}}",
        ],
        "serial_block_holding_of_its_asset",
    ),
    "remove a block": (["DELETE FROM settlement_serialblock WHERE holding_id = {available}"], "serial_block_is_kept"),
    "empty the blocks": (["TRUNCATE settlement_serialblock"], "serial_block_is_not_truncated"),
    "change a move": (["UPDATE settlement_serialmove SET last_serial = last_serial + 1"], "serial_move_is_append_only"),
    "remove a move": (["DELETE FROM settlement_serialmove"], "serial_move_is_append_only"),
    "change a bank notice": (["UPDATE settlement_banknotice SET amount_fen = 1"], "bank_notice_is_append_only"),
    "same person twice": (
        [
            "INSERT INTO settlement_entry (kind, at, business_date, basis, maker_id, checker_id) SELECT 'hold', now(), now()::date, '', maker_id, maker_id FROM settlement_entry WHERE kind = 'issue' LIMIT 1"
        ],
        "entry_has_two_persons",
    ),
    "issue alone": (
        ["INSERT INTO settlement_entry (kind, at, business_date, basis) VALUES ('issue', now(), now()::date, '')"],
        "issue_needs_two_persons",
    ),
    "join an old settlement": (
        [
            "INSERT INTO settlement_settlementbatch (at, entries) VALUES (now(), 0)",
            "COMMIT",
            "INSERT INTO settlement_entry (kind, at, business_date, basis, settlement_id) SELECT 'hold', now(), now()::date, '', max(id) FROM settlement_settlementbatch",
        ],
        "entry_comes_with_its_settlement",
    ),
    "change a settlement": (
        [
            "INSERT INTO settlement_settlementbatch (at, entries) VALUES (now(), 0)",
            "UPDATE settlement_settlementbatch SET at = now() + interval '1 day'",
        ],
        "settlement_batch_is_append_only",
    ),
    "notice of nothing": (
        [
            "INSERT INTO settlement_banknotice (bank_serial, digest, amount_fen, reference, payer_name, payer_account, entry_id, at) SELECT 'x', '', 0, '', '', '', min(id), now() FROM settlement_entry"
        ],
        "bank_notice_amount_positive",
    ),
    "deposit of nothing": (
        [
            "INSERT INTO settlement_depositreference (organisation_id, reference, expected_fen, created_at) SELECT organisation_id, 'x', 0, now() FROM settlement_holding WHERE id = {available}"
        ],
        "expected_deposit_positive",
    ),
    "freeze lifted by who asked": (
        [
            f"INSERT INTO settlement_assetfreeze (asset_id, reason, order_number, since, lifted_at, lift_asked_by_id, lifted_by_id) VALUES ({{asset}}, '', '', now(), now(), {PERSON}, {PERSON})"
        ],
        "asset_freeze_is_lifted_by_two_persons",
    ),
    "change a reading": ([READING, "UPDATE settlement_secondreading SET found = 1"], "second_reading_is_append_only"),
    "remove a reading": ([READING, "DELETE FROM settlement_secondreading"], "second_reading_is_append_only"),
    "empty the readings": (["TRUNCATE settlement_secondreading"], "second_reading_is_not_truncated"),
    "reading that counts wrong": ([READING.replace("0, '[]'", "3, '[]'")], "reading_counts_its_differences"),
    "change a proof": (
        [PROOF, "UPDATE settlement_invariantproof SET broken = '{{}}'"],
        "invariant_proof_is_append_only",
    ),
    "remove a proof": ([PROOF, "DELETE FROM settlement_invariantproof"], "invariant_proof_is_append_only"),
    "empty the proofs": (["TRUNCATE settlement_invariantproof"], "invariant_proof_is_not_truncated"),
    "remove a run": ([RUN.format("done"), "DELETE FROM settlement_proofrun"], "proof_run_is_kept"),
    "empty the runs": (["TRUNCATE settlement_proofrun CASCADE"], "proof_run_is_not_truncated"),
    "begin a run again": (
        [RUN.format("done"), "UPDATE settlement_proofrun SET state = 'queued'"],
        "proof_run_only_goes_on",
    ),
    "two runs of a night": ([RUN.format("done"), RUN.format("queued")], "proof_runs_once_a_night"),
    "two runs at once": (
        [RUN.format("queued"), RUN.format("running").replace("now()::date", "NULL")],
        "one_run_of_a_proof_waits",
    ),
    # Two guards refuse each of these; the one named here has to be the first.
    "second root, by its own guard": (
        [NEW_ENTRY, BLOCK + f"({{asset}}, NULL, {{available}}, {MADE}, 2000, 2001)"],
        "serial_block_one_root",
    ),
    "a block that starts where another does": (
        [NEW_ENTRY, BLOCK + f"({{asset}}, {PARENT}, {{available}}, {MADE}, 1, {TOP})"],
        "serial_block_starts_once",
    ),
    "settlement that counts wrong": (
        ["INSERT INTO settlement_settlementbatch (at, entries) VALUES (now(), 3)"],
        "settlement_counts_its_entries",
    ),
}


# -- transfers, trusted accounts, reversals

PROPOSAL = (
    "INSERT INTO settlement_transfer (kind, from_organisation_id, to_organisation_id, asset_id, units, basis_number,"
    " evidence_id, reason, digest, state, proposed_by_id, proposed_at, due_provisional, end_note)"
    " SELECT kind, from_organisation_id, {to}, asset_id, {units}, {basis}, evidence_id, reason, digest, {state},"
    " proposed_by_id, proposed_at, false, '' FROM settlement_transfer WHERE id = {{proposed}}"
)


def proposal(to="to_organisation_id", units="1", basis="'x'", state="'proposed'"):
    return PROPOSAL.format(to=to, units=units, basis=basis, state=state)


def change(changes, row="{proposed}", table="transfer"):
    return f"UPDATE settlement_{table} SET {changes} WHERE id = {row}"


def trust(columns="", values=""):
    return (
        "INSERT INTO settlement_trustedaccount (organisation_id, trusted_id, reason, state, proposed_by_id, proposed_at,"
        f" counts_provisional{columns}) SELECT organisation_id, {values or 'organisation_id'}, 'x', 'proposed',"
        " proposed_by_id, proposed_at, false FROM settlement_trustedaccount WHERE id = {trust}"
    )


def entry(kind, key, maker="{initiator}", checker="{operator}"):
    """A new entry with its key; `BY_KEY` finds it."""
    return (
        "WITH k AS (INSERT INTO settlement_entrykey (key, digest, entry_id) VALUES"
        f" ('{key}', '', nextval('settlement_entry_id_seq')) RETURNING entry_id)"
        " INSERT INTO settlement_entry (id, kind, at, business_date, basis, maker_id, checker_id)"
        f" SELECT entry_id, '{kind}', now(), now()::date, '', {maker}, {checker} FROM k"
    )


# The guard before the one that is attacked: which ways an entry of a kind may move units.
ANY_WAY = "DROP TRIGGER leg_way_is_of_its_kind ON settlement_leg"
BY_KEY = "(SELECT entry_id FROM settlement_entrykey WHERE key = 'x')"
TO_RECEIVER = [
    leg(BY_KEY, "{giver_transit}", "{receiver_available}", "5", "{moving_asset}"),
]
HAND_OVER = (
    "UPDATE settlement_serialblock SET holding_id = {{receiver_available}}, entry_id = "
    + BY_KEY
    + " WHERE id = {{{block}}}"
)
EXECUTE = change(f"state = 'executed', ended_at = due_at, end_entry_id = {BY_KEY}", "{under_way}")
# The top of the receiver's four tonnes goes where the attack says.
TAKE_ONE = (
    BLOCK.replace(
        "VALUES ", "SELECT asset_id, id, {target}, " + BY_KEY + ", last_serial, last_serial FROM settlement_serialblock"
    )
    + " WHERE holding_id = {source} ORDER BY last_serial - first_serial DESC LIMIT 1"
)
APPROVAL = "state = 'approved', confirmed_by_id = {confirmer}, approved_by_id = {operator}, approved_at = proposed_at, due_at = proposed_at"
ORDERS_HOLD = "(SELECT id FROM settlement_entry WHERE kind = 'hold' ORDER BY id LIMIT 1)"
REVERSED = (
    "INSERT INTO settlement_entryreversal (entry_id, reverses_id, reason) VALUES ({entry}, {reverses}, '{reason}')"
)
ASKED = (
    "INSERT INTO settlement_reversalrequest (reverses_id, reason, note, digest, state, proposed_by_id, proposed_at)"
    " VALUES ({executed_entry}, 'wrong_units', '', '', '{state}', {operator}, now())"
)
THE_ASKED = "(SELECT max(id) FROM settlement_reversalrequest)"

ATTACKS |= {
    "transfer of nothing": ([proposal(units="0")], "transfer_units_positive"),
    "transfer to oneself": ([proposal(to="from_organisation_id")], "transfer_is_between_two_organisations"),
    "transfer without a document": ([proposal(basis="''")], "transfer_names_its_document_and_reason"),
    "transfer that begins approved": ([proposal(state="'approved'")], "transfer_begins_proposed"),
    "confirmed by who proposed": ([change("confirmed_by_id = proposed_by_id")], "transfer_has_two_persons"),
    "approved without the holder's second person": (
        [change(f"{APPROVAL}, hold_entry_id = {ORDERS_HOLD}".replace("confirmed_by_id = {confirmer}, ", ""))],
        "approved_transfer_names_its_persons",
    ),
    "approved without a hold": ([change(APPROVAL)], "transfer_state_has_its_entries"),
    "ended without a time": ([change("state = 'cancelled'")], "transfer_end_has_its_time"),
    "due before its approval": (
        [
            change(
                f"{APPROVAL}, hold_entry_id = {ORDERS_HOLD}".replace(
                    "due_at = proposed_at", "due_at = proposed_at - interval '1 second'"
                )
            )
        ],
        "transfer_is_due_after_its_approval",
    ),
    "executed before it is due": (
        [
            change(
                f"state = 'executed', ended_at = due_at - interval '1 second', end_entry_id = {ORDERS_HOLD}",
                "{under_way}",
            )
        ],
        "transfer_waits_until_due",
    ),
    "more units than proposed": ([change("units = units + 1")], "transfer_content_is_fixed"),
    "another receiver than proposed": (
        [change("to_organisation_id = {giver}", "{under_way}")],
        "transfer_content_is_fixed",
    ),
    "an executed transfer again": ([change("state = 'approved'", "{executed}")], "transfer_takes_its_steps"),
    "a wait cut short": ([change("due_at = approved_at", "{under_way}")], "transfer_takes_its_steps"),
    "remove a transfer": (["DELETE FROM settlement_transfer"], "transfer_is_kept"),
    "empty the transfers": (["TRUNCATE settlement_transfer CASCADE"], "transfer_is_not_truncated"),
    "approved with another's hold": (
        [change(f"{APPROVAL}, hold_entry_id = {ORDERS_HOLD}")],
        "transfer_moves_what_it_names",
    ),
    "executed with other serials than it held": (
        [entry("transfer", "x"), *TO_RECEIVER, HAND_OVER.format(block="other_transit_block"), EXECUTE],
        "transfer_moves_the_serials_it_held",
    ),
    "executed by someone else": (
        [entry("transfer", "x", "{confirmer}"), *TO_RECEIVER, HAND_OVER.format(block="transit_block"), EXECUTE],
        "transfer_is_posted_by_its_persons",
    ),
    "to the receiver without a transfer": (
        [ANY_WAY, entry("hold", "x"), *TO_RECEIVER, HAND_OVER.format(block="transit_block")],
        "in_transit_is_of_a_transfer",
    ),
    "an entry of a transfer that no transfer names": (
        [entry("transfer", "x"), *TO_RECEIVER, HAND_OVER.format(block="transit_block")],
        "entry_names_its_transfer",
    ),
    "a transfer by nobody": ([entry("transfer", "x", "NULL", "NULL")], "transfer_needs_two_persons"),
    "a check that fails without a code": (
        [
            "INSERT INTO settlement_transfercheck (transfer_id, stage, number, passed, code, message, found, at) VALUES ({proposed}, 'refusal', 'T01', false, '', '', '{{}}', now())"
        ],
        "failed_answer_has_a_code",
    ),
    "change the answer of a check": (
        ["UPDATE settlement_transfercheck SET passed = true"],
        "transfer_check_is_append_only",
    ),
    "empty the answers of checks": (["TRUNCATE settlement_transfercheck"], "transfer_check_is_not_truncated"),
    "evidence without content": (
        [
            "INSERT INTO settlement_evidence (organisation_id, kind, name, content_type, size, sha256, at) SELECT organisation_id, kind, name, content_type, 0, sha256, at FROM settlement_evidence LIMIT 1"
        ],
        "evidence_has_content_and_hash",
    ),
    "another file as evidence": (
        ["UPDATE settlement_evidence SET sha256 = repeat('0', 64)"],
        "evidence_is_append_only",
    ),
    "empty the evidence": (["TRUNCATE settlement_evidence CASCADE"], "evidence_is_not_truncated"),
    "trust oneself": ([trust()], "trusted_account_is_anothers"),
    "trust twice": ([trust(values="trusted_id")], "trusted_account_is_open_once"),
    "trusted by one person": (
        [
            change(
                "state = 'approved', approved_by_id = proposed_by_id, approved_at = proposed_at, counts_from = proposed_at + interval '1 day'",
                "{asked_trust}",
                "trustedaccount",
            )
        ],
        "trusted_account_has_two_persons",
    ),
    "trusted at once": (
        [
            change(
                "state = 'approved', approved_by_id = {confirmer}, approved_at = proposed_at, counts_from = proposed_at",
                "{asked_trust}",
                "trustedaccount",
            )
        ],
        "trusted_account_counts_after_its_approval",
    ),
    "trust ended by nobody": (
        [change("state = 'revoked'", "{trust}", "trustedaccount")],
        "trusted_account_end_names_its_person",
    ),
    "trust that begins approved": (
        [trust(values="{operator}").replace("'proposed'", "'approved'")],
        "trusted_account_begins_proposed",
    ),
    "trust in another": (
        [change("trusted_id = organisation_id", "{trust}", "trustedaccount")],
        "trusted_account_content_is_fixed",
    ),
    "a delay cut short": (
        [change("counts_from = approved_at + interval '1 second'", "{trust}", "trustedaccount")],
        "trusted_account_takes_its_steps",
    ),
    "remove a trusted account": (["DELETE FROM settlement_trustedaccount"], "trusted_account_is_kept"),
    "empty the trusted accounts": (["TRUNCATE settlement_trustedaccount"], "trusted_account_is_not_truncated"),
    "reversal that names nothing": (
        [
            entry("reversal", "x"),
            leg(BY_KEY, "{receiver_available}", "{giver_transit}", "1", "{moving_asset}"),
            TAKE_ONE.replace("{source}", "{receiver_available}").replace("{target}", "{giver_transit}"),
        ],
        "reversal_names_its_entry",
    ),
    "reversal that is not mirrored": (
        [
            ANY_WAY,
            entry("reversal", "x"),
            leg(BY_KEY, "{receiver_available}", "{giver_available}", "1", "{moving_asset}"),
            TAKE_ONE.replace("{source}", "{receiver_available}").replace("{target}", "{giver_available}"),
            REVERSED.format(entry=BY_KEY, reverses="{executed_entry}", reason="wrong_units"),
        ],
        "reversal_mirrors_its_entry",
    ),
    "reverse an issue": (
        [
            entry("reversal", "x"),
            REVERSED.format(
                entry=BY_KEY,
                reverses="(SELECT min(id) FROM settlement_entry WHERE kind = 'issue')",
                reason="wrong_units",
            ),
        ],
        "reversal_is_of_a_kind_that_can_be",
    ),
    "reverse a reversal": (
        [entry("reversal", "x"), REVERSED.format(entry=BY_KEY, reverses="{reversal_entry}", reason="wrong_units")],
        "reversal_is_of_a_kind_that_can_be",
    ),
    "reverse twice": (
        [entry("reversal", "x"), REVERSED.format(entry=BY_KEY, reverses="{reversed_entry}", reason="wrong_units")],
        "settlement_entryreversal_reverses_id_key",
    ),
    "reverse for no known reason": (
        [entry("reversal", "x"), REVERSED.format(entry=BY_KEY, reverses="{executed_entry}", reason="because")],
        "reversal_reason_is_known",
    ),
    "change a reversal": (["UPDATE settlement_entryreversal SET reason = 'basis_void'"], "reversal_is_append_only"),
    "empty the reversals": (["TRUNCATE settlement_entryreversal"], "reversal_is_not_truncated"),
    "reversal decided by who proposed it": (
        [
            ASKED.replace("{state}", "proposed"),
            change(
                f"state = 'done', decided_by_id = proposed_by_id, decided_at = now(), entry_id = {ORDERS_HOLD}",
                THE_ASKED,
                "reversalrequest",
            ),
        ],
        "reversal_has_two_persons",
    ),
    "reversal done without an entry": (
        [
            ASKED.replace("{state}", "proposed"),
            change("state = 'done', decided_by_id = {initiator}, decided_at = now()", THE_ASKED, "reversalrequest"),
        ],
        "reversal_request_state_has_its_fields",
    ),
    "a reversal asked for twice": (
        [ASKED.replace("{state}", "proposed"), ASKED.replace("{state}", "proposed")],
        "reversal_request_is_open_once",
    ),
    "a second answer to a check": (
        [
            "INSERT INTO settlement_transfercheck (transfer_id, stage, number, passed, code, message, found, at) SELECT transfer_id, stage, number, passed, code, message, found, at FROM settlement_transfercheck LIMIT 1"
        ],
        "transfer_check_is_answered_once",
    ),
    "reversal that begins done": ([ASKED.replace("{state}", "done")], "reversal_request_begins_proposed"),
    "a decided reversal again": (
        [change("state = 'refused', entry_id = NULL", "{reversal}", "reversalrequest")],
        "reversal_request_content_is_fixed",
    ),
    "remove a reversal request": (["DELETE FROM settlement_reversalrequest"], "reversal_request_is_kept"),
    "empty the reversal requests": (["TRUNCATE settlement_reversalrequest"], "reversal_request_is_not_truncated"),
}

ATTACKS |= HELD


@pytest.mark.parametrize("name", ATTACKS)
def test_the_owner_of_the_tables_is_refused_by_the_guard(name, world, owner):
    statements, guard = ATTACKS[name]
    with pytest.raises(psycopg2.Error) as caught:  # noqa: PT012
        for statement in statements:
            owner.execute(statement.format(**world))
        owner.connection.commit()
    owner.connection.rollback()
    assert re.search(guard, f"{caught.value.diag.constraint_name} {caught.value}"), caught.value
    assert {key: proof["broken"] for key, proof in queries.broken_invariants().items() if proof["broken"]} == {}


@pytest.mark.parametrize("name", ATTACKS)
def test_the_apps_role_is_refused(name, world):
    statements, _ = ATTACKS[name]
    with pytest.raises(Error), transaction.atomic(), connection.cursor() as cursor:  # noqa: PT012
        for statement in statements:
            if statement != "COMMIT":
                cursor.execute(statement.format(**world))
        if name == "join an old settlement":
            raise Error("the app's role has no way to commit half of it")
    assert {key: proof["broken"] for key, proof in queries.broken_invariants().items() if proof["broken"]} == {}


def test_the_apps_role_cannot_write_what_only_triggers_write(world):
    for statement in (
        "UPDATE settlement_holding SET units = units + 1",
        "INSERT INTO settlement_serialmove (entry_id, asset_id, debited_id, credited_id, first_serial, last_serial) VALUES (1, 1, 1, 2, 1, 1)",
        "INSERT INTO settlement_entry (kind, at, business_date, basis, recorded_at) VALUES ('hold', now(), now()::date, '', now())",
        "INSERT INTO settlement_leg_0000 (entry_id, asset_id, debited_id, credited_id, units) VALUES (1, 1, 1, 2, 1)",
        "ALTER TABLE settlement_leg DISABLE TRIGGER ALL",
        "SET session_replication_role = replica",
        "SELECT setval('settlement_entry_id_seq', 1)",
        "DROP TRIGGER leg_moves_units ON settlement_leg",
    ):
        refused = pytest.raises(Error, match=r"permission denied|must be owner")
        with refused, transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)


def test_a_right_execution_by_hand_passes(world, owner):
    """What the attacks on executed transfers do with one thing wrong, with nothing wrong."""
    right = [entry("transfer", "x"), *TO_RECEIVER, HAND_OVER.format(block="transit_block"), EXECUTE]
    for statement in right:
        owner.execute(statement.format(**world))
    owner.execute("SET CONSTRAINTS ALL IMMEDIATE")
    owner.connection.rollback()


def test_pieces_of_one_parent_that_touch_are_carved(world, owner):
    """The right split works: an attack that fails because nothing works would prove nothing."""
    owner.execute(ENTRY_ALONE)
    entry = owner.fetchone()[0]
    owner.execute("INSERT INTO settlement_entrykey (key, digest, entry_id) VALUES ('right', '', %s)", [entry])
    owner.execute(leg(str(entry), "{available}", "{held_for_orders}", "5").format(**world))
    owner.execute(
        (
            BLOCK
            + f"({{asset}}, {PARENT}, {{held_for_orders}}, {entry}, {TOP} - 1, {TOP}), ({{asset}}, {PARENT}, {{held_for_orders}}, {entry}, {TOP} - 4, {TOP} - 2)"
        ).format(**world)
    )
    owner.connection.commit()
    assert {key: proof["broken"] for key, proof in queries.broken_invariants().items() if proof["broken"]} == {}
    assert queries.units_by_purpose(world["asset"])[Purpose.HELD_FOR_ORDERS] == 305


def attack(name, world, owner):
    """Return an attack of ATTACKS; what it commits before it begins is committed."""
    statements = [statement.format(**world) for statement in ATTACKS[name][0]]
    if "COMMIT" in statements:
        for statement in statements[: statements.index("COMMIT")]:
            owner.execute(statement)
        owner.connection.commit()
        del statements[: statements.index("COMMIT") + 1]
    known = (ALSO, BANK_ACCOUNT_ALSO, DAY_ALSO, INVOICE_ALSO, LOG_ALSO, STATEMENT_ALSO, SUSPENSE_ALSO, ACT_ALSO)
    also = next((one[name] for one in known if name in one), ())
    said_by = SAID_BY | BANK_ACCOUNT_SAID_BY | DAY_SAID_BY
    return in_world(statements, owner, drops=ALONE.get(name, ()), said_by=said_by, also=also)


@pytest.mark.parametrize("name", ATTACKS)
def test_a_guard_is_missed_when_it_is_dropped(name, world, owner):
    assert not_missed(attack(name, world, owner), owner, "settlement") == ""


def test_every_guard_of_the_room_is_attacked(world, owner, record_property):
    guards = guards_in("settlement", owner)
    record_property("guards", len(guards))  # For tests/proofs/dropped_guards.py.
    attacks = [attack(name, world, owner) for name in ATTACKS]
    alone = {one.guard for one in attacks if not one.with_}
    assert [name for _, name, _ in guards if name not in alone] == []


# What a check would refuse even a superuser, so that the check goes first; tests/settlement/test_proofs.py has the rest.
TAMPERS = {
    "I16": f"UPDATE settlement_holdpart SET units = units - 1 WHERE hold_id = {COURT}",
    "I3": "ALTER TABLE settlement_holding DROP CONSTRAINT holding_not_below_zero; UPDATE settlement_holding SET units = -1 WHERE purpose = 'buffer'",
    "I15": "ALTER TABLE settlement_entry DROP CONSTRAINT entry_has_two_persons; UPDATE settlement_entry SET checker_id = maker_id WHERE kind = 'issue'",
}


# The same of a transfer, a trusted account, a reversal.
MORE_TAMPERS = {
    "I15 of a transfer": "ALTER TABLE settlement_transfer DROP CONSTRAINT transfer_has_two_persons; UPDATE settlement_transfer SET approved_by_id = proposed_by_id WHERE id = {executed}",
    "I15 of a trusted account": "ALTER TABLE settlement_trustedaccount DROP CONSTRAINT trusted_account_has_two_persons; UPDATE settlement_trustedaccount SET approved_by_id = proposed_by_id WHERE state = 'approved'",
    "I15 of a reversal": "ALTER TABLE settlement_reversalrequest DROP CONSTRAINT reversal_has_two_persons; UPDATE settlement_reversalrequest SET decided_by_id = proposed_by_id",
    "I15 of a bank account": "ALTER TABLE settlement_bankaccount DROP CONSTRAINT bank_account_has_two_persons; "
    + f"{account()}; {APPROVED}; UPDATE settlement_bankaccount SET approved_by_id = proposed_by_id",
    "V1 more than the fee": "UPDATE settlement_invoiceitem SET fen = fen + 1 WHERE request_id = {inv_issued}",
    "V1 another's fee": "UPDATE settlement_invoicerequest SET organisation_id = {inv_other} WHERE id = {inv_issued}",
    "V1 freed": "UPDATE settlement_invoiceitem SET is_live = false WHERE request_id = {inv_issued}",
    "V1 twice": "DROP INDEX fee_is_invoiced_once; UPDATE settlement_invoiceitem SET is_live = true; INSERT INTO settlement_invoiceitem (request_id, leg_id, entry_id, fen, is_live) SELECT {inv_asked}, leg_id, entry_id, fen, true FROM settlement_invoiceitem WHERE request_id = {inv_issued}",
    "V1 a request over less": "UPDATE settlement_invoicerequest SET amount_fen = amount_fen - 1, net_fen = net_fen - 1 WHERE id = {inv_issued}",
    "V1 an invoice over more": "UPDATE settlement_invoice SET amount_fen = amount_fen + 1 WHERE number = '{inv_number}'",
    "V1 a red letter that does not mirror": "UPDATE settlement_invoice SET net_fen = net_fen + 1 WHERE red_letter_id = {red_done}",
    "V1 issued by nobody": "DELETE FROM settlement_invoice WHERE number = '{inv_number}'",
    "V1 a number of letters": "ALTER TABLE settlement_invoice DROP CONSTRAINT invoice_number_is_20_digits; UPDATE settlement_invoice SET number = 'x' WHERE number = '{inv_number}'",
    "V1 nothing sent": "DELETE FROM settlement_taxorder WHERE request_id = {inv_asked}",
    "V1 no red letter sent": "DELETE FROM settlement_taxorder WHERE red_letter_id = {red_done}",
    "I15 of a red letter": "ALTER TABLE settlement_redletter DROP CONSTRAINT red_letter_has_two_persons; UPDATE settlement_redletter SET decided_by_id = proposed_by_id WHERE id = {red_done}",
    "T1 no transfer": "ALTER TABLE settlement_transfer DROP CONSTRAINT transfer_state_has_its_entries; UPDATE settlement_transfer SET end_entry_id = NULL WHERE id = {executed}",
}


@pytest.mark.parametrize("tamper", [*TAMPERS, *MORE_TAMPERS])
def test_each_proof_finds_what_a_superuser_broke(tamper, committed, as_superuser, at):
    """The triggers sleep under a superuser's `replica` role; the proofs read the rows and still find it."""
    world = make_world(at)
    invariant = tamper.partition(" ")[0]
    as_superuser.execute("SET session_replication_role = replica")
    as_superuser.execute({**TAMPERS, **MORE_TAMPERS}[tamper].format(**world))
    as_superuser.connection.commit()
    assert queries.broken_invariants()[invariant]["broken"]
