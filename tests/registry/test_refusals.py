"""What the registry never holds, whoever writes: one attack or more for each named guard."""

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

PROJECT = {"code": "x", "state": "draft", "owner_id": 1, "design": "{}"}
REGISTERED = {
    **PROJECT,
    "state": "registered",
    "crediting_first": "2026-01-01",
    "crediting_last": "2030-01-01",
    "validator_id": 1,
    "decided_by_id": 1,
    "recorded_by_id": 2,
    "proposed_by_id": 3,
    "registered_at": "2026-03-02T02:00:00Z",
}
PERIOD = {"state": "draft", "first": "2026-01-01", "last": "2026-12-31", "stated": "{}"}
ISSUANCE = {
    "state": "proposed",
    "verified_tonnes": 100,
    "buffer_tonnes": 10,
    "maker_id": 1,
    "vintages": "[]",
    "id": 6,
}
ISSUED = {**ISSUANCE, "state": "issued", "checker_id": 2, "issued_at": "2026-03-02T02:00:00Z"}
VERIFIED = row("registry_verification", period_id=1, verified_tonnes=100)
VINTAGE = {"issuance_id": 6, "tonnes": 100, "buffer_tonnes": 10}
PARCEL = {
    "geometry": "{}",
    "west": 1,
    "south": 1,
    "east": 2,
    "north": 2,
    "is_live": True,
    "is_removed": False,
    "project_id": 1,
}
RETIREMENT = {
    "number": "x",
    "key": "x",
    "tonnes": 5,
    "state": "retired",
    "retired_at": "2026-03-02T02:00:00Z",
    "entry_id": 1,
    "requested_by_id": 1,
}
PACK = {"scope": "batch", "subject_id": 1, "title": "x", "state": "queued", "sha256": "", "problem": "", "id": 3}
COMPARED = {"first_id": 1, "second_id": 2, "shared_ha": 0, "tolerance_ha": 1}


# A table that hangs on another is emptied with it, and has a guard of its own.
HANGS_ON = {
    "calculationrecord": ("verification_is_not_truncated",),
    "document": ("observationfile_is_not_truncated",),
    "verification": ("issuedvintage_is_not_truncated",),
}


def only_added(table, seed):
    """Return the attacks on a table of the registry to which rows are only ever added."""
    also = HANGS_ON.get(table, ())
    return [
        *append_only(f"registry_{table}", seed),
        emptied(f"registry_{table}", f"{table}_is_not_truncated", also=also),
    ]


ATTACKS = [
    *(
        attack
        for table, values in {
            "borderdecision": {},
            "calculationrecord": {},
            "checkresult": {},
            "contribution": {},
            "document": {},
            "issuedvintage": VINTAGE,
            "landcomparison": COMPARED,
            "observationfile": {},
            "parameterversion": {},
            "reviewstep": {"opinion": "x"},
            "validation": {},
            "verification": {},
        }.items()
        for attack in only_added(table, row(f"registry_{table}", values))
    ),
    *(
        kept(f"registry_{table}", row(f"registry_{table}", values), f"{table}_is_kept")
        for table, values in {
            "issuance": ISSUANCE,
            "monitoringperiod": PERIOD,
            "parcel": PARCEL,
            "project": PROJECT,
            "publiccomment": {},
            "retirement": RETIREMENT,
        }.items()
    ),
    Attack(
        "one_calculation_of_a_period_waits",
        (row("registry_calculationjob", state="queued"),),
        (row("registry_calculationjob", state="queued"),),
    ),
    Attack("calculated_credits_not_negative", (row("registry_calculationrecord", credits=-1),)),
    Attack("check_answers_once_a_run", (row("registry_checkresult"),), (row("registry_checkresult"),)),
    Attack("contribution_is_noted_once", (row("registry_contribution"),), (row("registry_contribution"),)),
    Attack("contributor_reviewed_nothing", (row("registry_contribution"),), (row("registry_reviewstep", opinion="x"),)),
    Attack("document_is_not_empty", (row("registry_document", size=0),)),
    Attack("findings_are_numbered", (row("registry_finding"),), (row("registry_finding"),)),
    Attack(
        "issuance_amounts_fit",
        (row("registry_issuance", ISSUANCE, buffer_tonnes=101),),
        also=("issuance_is_the_verified_amount",),
    ),
    Attack(
        "issuance_amounts_fit",
        (row("registry_issuance", ISSUANCE, verified_tonnes=0, buffer_tonnes=0),),
        also=("issuance_is_the_verified_amount",),
    ),
    Attack(
        "issuance_maker_and_checker_differ",
        (row("registry_issuance", ISSUED, checker_id=1),),
        also=("issuance_is_the_verified_amount",),
    ),
    Attack(
        "issued_by_a_checker",
        (row("registry_issuance", ISSUED, checker_id=None),),
        also=("issuance_is_the_verified_amount",),
    ),
    Attack(
        "issued_by_a_checker",
        (row("registry_issuance", ISSUANCE, issued_at=ISSUED["issued_at"]),),
        also=("issuance_is_the_verified_amount",),
    ),
    Attack(
        "issuance_sums_up",
        (row("registry_issuance", ISSUED),),
        (VERIFIED, row("registry_issuedvintage", VINTAGE, tonnes=99)),
    ),
    Attack(
        "issuance_sums_up",
        (row("registry_issuance", ISSUANCE),),
        (VERIFIED, row("registry_issuedvintage", VINTAGE)),
    ),
    Attack("issuance_is_the_verified_amount", (row("registry_issuance", ISSUANCE, verified_tonnes=99),), (VERIFIED,)),
    *(
        Attack(
            "issued_amounts_stay",
            (f"UPDATE registry_issuance SET {change}",),
            (row("registry_issuance", ISSUED),),
            also=(behind,),
        )
        for change, behind in (
            ("state = 'proposed'", "issued_by_a_checker"),
            ("verified_tonnes = 101", "issuance_is_the_verified_amount"),
            ("buffer_tonnes = 11", "issuance_is_the_verified_amount"),
        )
    ),
    Attack(
        "batches_sum_up",
        (row("registry_issuedvintage", VINTAGE, asset_id=2, vintage_year=2),),
        (row("registry_issuance", ISSUED), row("registry_issuedvintage", VINTAGE)),
        "issuance_sums_up",
    ),
    Attack(
        "one_batch_a_vintage_and_issuance",
        (row("registry_issuedvintage", VINTAGE, asset_id=2),),
        (row("registry_issuedvintage", VINTAGE),),
    ),
    Attack("vintage_amounts_fit", (row("registry_issuedvintage", VINTAGE, buffer_tonnes=101),)),
    Attack("comparison_has_one_order", (row("registry_landcomparison", COMPARED, first_id=2),)),
    Attack("live_land_is_not_shared", (row("registry_landcomparison", COMPARED, shared_ha=1.5),)),
    Attack(
        "parcels_are_compared_once",
        (row("registry_landcomparison", COMPARED),),
        (row("registry_landcomparison", COMPARED),),
    ),
    Attack(
        "calculated_period_has_a_record",
        (row("registry_monitoringperiod", PERIOD, state="submitted"),),
        also=("period_has_the_projects_validator",),
    ),
    Attack(
        "period_has_days", (row("registry_monitoringperiod", PERIOD, last="2025-12-31"),), also=("range lower bound",)
    ),
    Attack(
        "period_has_the_projects_validator",
        (row("registry_monitoringperiod", PERIOD, project_id=5, validator_id=8),),
        (row("registry_project", PROJECT, id=5, validator_id=7),),
    ),
    Attack(
        "periods_of_a_project_do_not_overlap",
        (row("registry_monitoringperiod", PERIOD, first="2026-12-31", last="2027-12-31"),),
        (row("registry_monitoringperiod", PERIOD),),
        also=("period_has_the_projects_validator",),
    ),
    Attack(
        "verifier_is_not_the_validator",
        (row("registry_monitoringperiod", PERIOD, verifier_id=1),),
        also=("period_has_the_projects_validator",),
    ),
    Attack(
        "parameter_version_is_published_once",
        (row("registry_parameterversion", number=2),),
        (row("registry_parameterversion"),),
    ),
    Attack(
        "parameter_versions_run_on",
        (row("registry_parameterversion", version="2"),),
        (row("registry_parameterversion"),),
    ),
    Attack(
        "live_land_is_compared",
        (row("registry_parcel", PARCEL, project_id=2, west=1.5, east=2.5),),
        (row("registry_parcel", PARCEL),),
    ),
    Attack("parcel_box_is_a_box", (row("registry_parcel", PARCEL, east=1),)),
    Attack("parcel_has_area", (row("registry_parcel", PARCEL, area_ha=0),)),
    *(
        Attack("parcel_keeps_its_shape", (f"UPDATE registry_parcel SET {change}",), (row("registry_parcel", PARCEL),))
        for change in ("geometry = '[]'", "area_ha = 2", "west = 0", "north = 3")
    ),
    Attack("removed_parcel_is_not_live", (row("registry_parcel", PARCEL, is_removed=True),)),
    Attack(
        "accepted_project_has_validator_and_crediting_period",
        (row("registry_project", PROJECT, state="accepted", validator_id=1),),
    ),
    Attack(
        "accepted_project_has_validator_and_crediting_period",
        (row("registry_project", REGISTERED, validator_id=None),),
    ),
    Attack("project_maker_and_checker_differ", (row("registry_project", REGISTERED, decided_by_id=3),)),
    Attack("crediting_period_has_days", (row("registry_project", REGISTERED, crediting_last="2026-01-01"),)),
    Attack(
        "ended_project_stays_ended",
        ("UPDATE registry_project SET state = 'draft'",),
        (row("registry_project", PROJECT, state="withdrawn"),),
    ),
    *(
        Attack(
            "project_keeps_its_code", (f"UPDATE registry_project SET {change}",), (row("registry_project", PROJECT),)
        )
        for change in ("code = 'y'", "serial = '000002'", "scheme = 'y'", "owner_id = 2")
    ),
    Attack("registered_project_was_decided_and_recorded", (row("registry_project", REGISTERED, recorded_by_id=None),)),
    Attack("registered_project_was_decided_and_recorded", (row("registry_project", REGISTERED, registered_at=None),)),
    Attack("large_retirement_has_two_persons", (row("registry_retirement", RETIREMENT, needs_second=True),)),
    Attack(
        "large_retirement_has_two_persons",
        (row("registry_retirement", RETIREMENT, needs_second=True, confirmed_by_id=1),),
    ),
    Attack("retired_tonnes_positive", (row("registry_retirement", RETIREMENT, tonnes=0),)),
    Attack("retired_units_have_an_entry", (row("registry_retirement", RETIREMENT, entry_id=None),)),
    *(
        Attack(
            "retirement_is_final",
            (f"UPDATE registry_retirement SET {change}",),
            (row("registry_retirement", RETIREMENT),),
        )
        for change in ("state = 'cancelled'", "tonnes = 6", "organisation_id = 2", "beneficiary = 'y'", "asset_id = 2")
    ),
    Attack("pack_scope_is_known", (row("registry_evidencepack", PACK, scope="year"),)),
    Attack("pack_state_has_its_fields", (row("registry_evidencepack", PACK, state="done"),)),
    Attack(
        "one_pack_of_a_subject_waits",
        (row("registry_evidencepack", PACK, id=4),),
        (row("registry_evidencepack", PACK),),
    ),
    Attack("evidencepack_is_kept", ("DELETE FROM registry_evidencepack",), (row("registry_evidencepack", PACK),)),
    Attack(
        "evidencepack_content_is_fixed",
        ("UPDATE registry_evidencepack SET subject_id = 2",),
        (row("registry_evidencepack", PACK),),
    ),
    Attack("refusal_has_an_opinion", (row("registry_reviewstep", verb="reject"),)),
    Attack("refusal_has_an_opinion", (row("registry_reviewstep", verb="return"),)),
    Attack("reviewer_took_no_part", (row("registry_reviewstep"),), (row("registry_contribution"),)),
    Attack("validation_is_signed_once", (row("registry_validation", signed_by_id=2),), (row("registry_validation"),)),
    Attack("verified_tonnes_not_negative", (row("registry_verification", verified_tonnes=-1),)),
]


@pytest.mark.parametrize("attack", ATTACKS, ids=ids(ATTACKS))
def test_an_attack_is_refused_by_its_guard(attack, attacked):
    refusal = refused_by(attack, attacked)
    assert is_named(attack, refusal), refusal or f"nothing refused {attack.statements}"


@pytest.mark.parametrize("attack", ATTACKS, ids=ids(ATTACKS))
def test_a_guard_is_missed_when_it_is_dropped(attack, attacked):
    assert not_missed(attack, attacked, "registry") == ""


def test_every_guard_of_the_room_is_attacked(attacked, record_property):
    guards = guards_in("registry", attacked)
    record_property("guards", len(guards))  # For tests/proofs/dropped_guards.py.
    assert guards
    assert list(without_attack(ATTACKS, guards)) == []
