"""What the rulebook and its clock never do, whoever writes: one attack or more for each named guard."""

import pytest

from tests.attacks import Attack, guards_in, ids, is_named, kept, not_missed, refused_by, row, without_attack

VALUE = {"scheme": "s", "key": "k", "in_force_from": "2026-01-01", "value": "1"}
CHANGE = {
    "scheme": "s",
    "key": "k",
    "in_force_from": "2026-01-01",
    "value": "2",
    "basis_id": "b",
    "proposed_by_id": 1,
    "state": "proposed",
}
DECIDED = {"state": "refused", "decided_by_id": 2, "decided_at": "2026-03-02 10:00+08"}
PROPOSED = row("rulebook_rulechange", CHANGE)
NEW_VALUE = row("rulebook_rulevalue", VALUE, id=900091, value="2", basis_id="b")
APPROVE = "UPDATE rulebook_rulechange SET state = 'approved', decided_by_id = {who}, decided_at = now(), rule_value_id = 900091"
MOVE = {"target": "2026-03-03T00:00:00Z", "state": "running"}

ATTACKS = [
    Attack(
        "clock_of_this_installation",
        (
            "INSERT INTO rulebook_clockoffset (id, seconds, time_travel) SELECT 1, 0, NOT time_travel FROM rulebook_installation",
        ),
        ("DELETE FROM rulebook_clockoffset",),
    ),
    Attack("clock_moves_forwards", (row("rulebook_clockmove", MOVE, target="2026-03-02T02:00:00Z"),)),
    Attack("one_clock_move_at_a_time", (row("rulebook_clockmove", MOVE),), (row("rulebook_clockmove", MOVE),)),
    Attack(
        "sweep_runs_once_a_move",
        (row("rulebook_clockmovestep", sweep="x"),),
        (row("rulebook_clockmovestep", sweep="x"),),
    ),
    Attack("clock_is_kept", ("DELETE FROM rulebook_clockoffset",)),
    Attack("clock_only_forwards", ("UPDATE rulebook_clockoffset SET seconds = seconds - 1",)),
    Attack(
        "clock_runs_true_in_production",
        ("INSERT INTO rulebook_clockoffset (id, seconds, time_travel) VALUES (1, 5, false)",),
        ("DELETE FROM rulebook_clockoffset",),
        also=("clock_of_this_installation",),
    ),
    Attack(
        "one_business_clock",
        ("INSERT INTO rulebook_clockoffset (id, seconds, time_travel) VALUES (2, 0, true)",),
        also=("clock_of_this_installation",),
    ),
    Attack("one_installation", ("INSERT INTO rulebook_installation (id, time_travel) VALUES (2, true)",)),
    Attack(
        "one_rule_value_a_day",
        (row("rulebook_rulevalue", VALUE, in_force_from="2026-02-01"),),
        (row("rulebook_rulevalue", VALUE),),
    ),
    Attack("rule_value_is_fixed", ("UPDATE rulebook_rulevalue SET value = '2'",), (row("rulebook_rulevalue", VALUE),)),
    Attack(
        "rule_value_is_fixed",
        ("UPDATE rulebook_rulevalue SET in_force_from = '2020-01-01' WHERE scheme = 's'",),
        (row("rulebook_rulevalue", VALUE),),
    ),
    kept("rulebook_rulevalue", row("rulebook_rulevalue", VALUE), "rule_value_is_kept"),
    Attack("rule_change_state_has_its_fields", (row("rulebook_rulechange", CHANGE, decided_by_id=2),)),
    Attack("rule_change_has_two_persons", (APPROVE.format(who=1),), (PROPOSED, NEW_VALUE)),
    Attack("rule_change_is_open_once", (PROPOSED,), (PROPOSED,)),
    Attack(
        "rule_change_goes_its_way", (row("rulebook_rulechange", CHANGE, DECIDED),), (), "rule_change_begins_proposed"
    ),
    Attack(
        "rule_change_goes_its_way",
        ("UPDATE rulebook_rulechange SET value = '9'",),
        (PROPOSED,),
        "rule_change_is_decided_once",
    ),
    Attack(
        "rule_change_goes_its_way",
        ("UPDATE rulebook_rulechange SET state = 'refused'",),
        (row("rulebook_rulechange", CHANGE, state="withdrawn", decided_at="2026-03-02 10:00+08"),),
        "rule_change_is_decided_once",
    ),
    Attack(
        "rule_change_goes_its_way",
        (APPROVE.format(who=2),),
        (PROPOSED, row("rulebook_rulevalue", VALUE, id=900091, value="3")),
        "rule_change_brings_its_value",
    ),
    kept("rulebook_rulechange", PROPOSED, "rule_change_is_kept"),
    Attack("one_edition", ("INSERT INTO rulebook_edition (id, number) VALUES (2, 1)",)),
    Attack("rule_value_lasts_a_day", (row("rulebook_rulevalue", VALUE, in_force_to="2026-01-01"),)),
]


@pytest.mark.parametrize("attack", ATTACKS, ids=ids(ATTACKS))
def test_an_attack_is_refused_by_its_guard(attack, attacked):
    refusal = refused_by(attack, attacked)
    assert is_named(attack, refusal), refusal or f"nothing refused {attack.statements}"


@pytest.mark.parametrize("attack", ATTACKS, ids=ids(ATTACKS))
def test_a_guard_is_missed_when_it_is_dropped(attack, attacked):
    assert not_missed(attack, attacked, "rulebook") == ""


def test_every_guard_of_the_room_is_attacked(attacked, record_property):
    guards = guards_in("rulebook", attacked)
    record_property("guards", len(guards))  # For tests/proofs/dropped_guards.py.
    assert guards
    assert list(without_attack(ATTACKS, guards)) == []
