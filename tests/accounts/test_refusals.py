"""What the tables of accounts never hold, whoever writes: one attack or more for each named guard."""

import pytest

from tests.attacks import Attack, guards_in, ids, is_named, not_missed, refused_by, row, without_attack

ORGANISATION = {"name": "x", "uscc": "123456789012345678", "kind": "firm", "state": "active"}
GRANT = {"role": "owner", "user_id": 2, "granted_by_id": 1, "held_from": "2026-03-02T02:00:00Z"}
APPROVED = {"approved_at": "2026-03-02T02:00:00Z"}
ACCESS = {"reason": "x", "user_id": 2, "granted_by_id": 1, "held_until": "2026-04-01T00:00:00Z"}
CLIENT = {"name": "x", "created_by_id": 1}
ITEM = {"kind": "x", "subject": "x", "role": "owner", "found": "{}"}
BEFORE = "2020-01-01T00:00:00Z"


def unchanging(table, seed):
    """Return the attacks on a table whose guards carry the same names as those of others."""
    says = f"{table}_is_append_only"
    return [
        Attack(f"{table} append_only", (f"UPDATE {table} SET id = id",), (seed,), says),
        Attack(f"{table} append_only", (f"DELETE FROM {table}",), (seed,), says),
        Attack(f"{table} never_truncated", (f"TRUNCATE {table} CASCADE",), (), says),
    ]


ATTACKS = [
    Attack("access_grant_ends_after_it_begins", (row("accounts_accessgrant", ACCESS, held_until=BEFORE),)),
    Attack("access_grant_has_a_reason", (row("accounts_accessgrant", ACCESS, reason=""),)),
    Attack("access_grant_is_not_to_oneself", (row("accounts_accessgrant", ACCESS, granted_by_id=2),)),
    Attack("access_grant_is_not_to_oneself", (row("accounts_accessgrant", ACCESS, approved_by_id=2),)),
    Attack("access_grant_takes_two_persons", (row("accounts_accessgrant", ACCESS, approved_by_id=1),)),
    Attack("api_client_approval_has_person_and_time", (row("accounts_apiclient", CLIENT, approved_by_id=2),)),
    Attack("api_client_approval_has_person_and_time", (row("accounts_apiclient", CLIENT, APPROVED),)),
    Attack("api_client_has_a_name", (row("accounts_apiclient", CLIENT, name=""),)),
    Attack("api_client_takes_two_persons", (row("accounts_apiclient", CLIENT, APPROVED, approved_by_id=1),)),
    *unchanging("accounts_auditrecord", row("accounts_auditrecord", verb="x", subject="x")),
    *unchanging("accounts_idempotencyrecord", row("accounts_idempotencyrecord", key="k", actor_key="a")),
    *unchanging("accounts_signin", row("accounts_signin")),
    Attack("audit_record_names_the_act", (row("accounts_auditrecord", subject="x"),)),
    Attack("audit_record_names_the_subject", (row("accounts_auditrecord", verb="x"),)),
    Attack("idempotency_key_is_not_empty", (row("accounts_idempotencyrecord", actor_key="a"),)),
    Attack(
        "idempotency_key_answers_once",
        (row("accounts_idempotencyrecord", key="k", actor_key="a", status=201),),
        (row("accounts_idempotencyrecord", key="k", actor_key="a"),),
    ),
    Attack("membership_ends_after_it_begins", (row("accounts_membership", until=BEFORE),)),
    Attack("membership_is_open_once", (row("accounts_membership"),), (row("accounts_membership"),)),
    Attack("organisation_division_has_six_digits", (row("accounts_organisation", ORGANISATION, division_code="15x"),)),
    Attack("organisation_frozen_names_its_order", (row("accounts_organisation", ORGANISATION, state="frozen"),)),
    Attack("organisation_frozen_names_its_order", (row("accounts_organisation", ORGANISATION, freeze_order="F-1"),)),
    Attack("organisation_has_a_name", (row("accounts_organisation", ORGANISATION, name=""),)),
    Attack("organisation_office_has_an_area", (row("accounts_organisation", ORGANISATION, kind="forestry_bureau"),)),
    Attack(
        "organisation_uscc_is_well_formed", (row("accounts_organisation", ORGANISATION, uscc="12345678901234567I"),)
    ),
    Attack(
        "accounts_rolegrant only_ends",
        ("UPDATE accounts_rolegrant SET role = 'auditor'",),
        (row("accounts_rolegrant", GRANT),),
        "role_grant_only_ends",
    ),
    Attack(
        "accounts_rolegrant only_ends",
        ("UPDATE accounts_rolegrant SET approved_by_id = 4",),
        (row("accounts_rolegrant", GRANT, APPROVED, approved_by_id=3),),
        "role_grant_only_ends",
    ),
    Attack(
        "accounts_rolegrant only_ends",
        ("UPDATE accounts_rolegrant SET held_until = NULL",),
        (row("accounts_rolegrant", GRANT, revoked_by_id=3, held_until="2026-04-01T00:00:00Z"),),
        "role_grant_only_ends",
    ),
    Attack(
        "role_grant_administrators_are_apart",
        (row("accounts_rolegrant", GRANT, role="system_admin"),),
        (row("accounts_rolegrant", GRANT),),
    ),
    Attack(
        "role_grant_administrators_are_apart",
        (row("accounts_rolegrant", GRANT, role="system_admin"),),
        (row("accounts_rolegrant", GRANT, role="audit_admin", held_until="2026-03-05T00:00:00Z"),),
    ),
    Attack("role_grant_approval_has_person_and_time", (row("accounts_rolegrant", GRANT, approved_by_id=3),)),
    Attack(
        "role_grant_ends_after_it_begins",
        (row("accounts_rolegrant", GRANT, held_until=BEFORE),),
        also=("range lower bound",),
    ),
    Attack("role_grant_is_not_to_oneself", (row("accounts_rolegrant", GRANT, granted_by_id=2),)),
    Attack("role_grant_is_not_to_oneself", (row("accounts_rolegrant", GRANT, APPROVED, approved_by_id=2),)),
    Attack("role_grant_is_open_once", (row("accounts_rolegrant", GRANT),), (row("accounts_rolegrant", GRANT),)),
    Attack("role_grant_role_is_known", (row("accounts_rolegrant", GRANT, role="king"),)),
    Attack("role_grant_takes_two_persons", (row("accounts_rolegrant", GRANT, APPROVED, approved_by_id=1),)),
    Attack("user_has_a_display_name", (row("accounts_user", username="x"),)),
    Attack("user_is_no_superuser", (row("accounts_user", username="x", display_name="x", is_superuser=True),)),
    Attack("work_item_claim_has_person_and_time", (row("accounts_workitem", ITEM, claimed_by_id=1),)),
    Attack("work_item_claim_has_person_and_time", (row("accounts_workitem", ITEM, claimed_at=BEFORE),)),
    Attack("work_item_is_open_once", (row("accounts_workitem", ITEM),), (row("accounts_workitem", ITEM),)),
]


@pytest.mark.parametrize("attack", ATTACKS, ids=ids(ATTACKS))
def test_an_attack_is_refused_by_its_guard(attack, attacked):
    refusal = refused_by(attack, attacked)
    assert is_named(attack, refusal), refusal or f"nothing refused {attack.statements}"


@pytest.mark.parametrize("attack", ATTACKS, ids=ids(ATTACKS))
def test_a_guard_is_missed_when_it_is_dropped(attack, attacked):
    assert not_missed(attack, attacked, "accounts") == ""


def test_every_guard_of_the_room_is_attacked(attacked, record_property):
    guards = guards_in("accounts", attacked)
    record_property("guards", len(guards))  # For tests/proofs/dropped_guards.py.
    assert guards
    assert list(without_attack(ATTACKS, guards)) == []
