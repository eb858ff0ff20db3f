"""Attacks on what surveillance keeps: days looked at, alerts, cases, measures, the register of the barred."""

from accounts.rules import with_check_digit
from tests.attacks import Attack, append_only, kept, row

NOON = "2026-03-02 12:00+08"
WATCHED = row("exchange_watchedday")
FOUND = {"dismissed_at": None, "dismissed_by_id": None, "dismissal": "", "case_id": None}
WINDOW = {"since": "2026-03-02 10:00+08", "until": "2026-03-02 11:00+08"}
ALERT = row("exchange_surveillancealert", FOUND, WINDOW)
OPEN = {"id": 5, "state": "open", "outcome": "", "closing": "", "closed_by_id": None, "closed_at": None}
ENDED = {"state": "closed", "outcome": "concluded", "closing": "x", "closed_by_id": 1, "closed_at": NOON}
CASE = row("exchange_surveillancecase", OPEN)
CLOSED = row("exchange_surveillancecase", OPEN, ENDED)
UNDECIDED = {"checker_id": None, "decided_at": None, "halt_id": None}
UNANSWERED = {"answer": "", "answered_by_id": None, "answered_at": None}
MEASURE = {**UNDECIDED, **UNANSWERED, "case_id": 5, "maker_id": 1, "until": None, "due_on": None, "addressee": ""}
ASKED = {**MEASURE, "kind": "explanation", "state": "in_force"}
RESTRICTS = {**MEASURE, "kind": "restriction", "state": "proposed"}
DECIDED = {"state": "in_force", "checker_id": 2, "decided_at": NOON, "halt_id": 3}
ANSWERED = {"answer": "x", "answered_by_id": 4, "answered_at": NOON}
CODE = with_check_digit("91150000RE0000002")
PARTY = row("accounts_organisation", id=2, control_group="", state="active", name="n", uscc=CODE)
BAR = {
    "kind": "organisation",
    "identity": CODE,
    "user_id": None,
    "since": "2026-03-01",
    "until": "2026-03-31",
    "state": "proposed",
    "maker_id": 1,
    "checker_id": None,
    "decided_at": None,
    "ended_on": None,
    "ended_by_id": None,
    "end_reason": "",
}
IN_FORCE = {"state": "approved", "checker_id": 2, "decided_at": NOON}
LIFTED = {"ended_on": "2026-03-02", "ended_by_id": 1, "end_reason": "x"}
BARRED = row("exchange_barredparty", BAR, IN_FORCE)
PROPOSED = row("exchange_barredparty", BAR)


def changed(table, seed, *changes):
    return ((seed, f"UPDATE exchange_{table} SET {change}") for change in changes)


def of_surveillance(sale):
    """Return the attacks. sale: a whole row of an order, which here is organisation 2's."""
    order = row("exchange_order", sale, id=11, at=NOON)
    return [
        Attack("day_is_watched_once", (WATCHED,), (WATCHED,)),
        *append_only("exchange_watchedday", WATCHED, guard="watched_day_is_append_only"),
        Attack("surveillance_alert_is_one_a_day", (ALERT,), (ALERT,)),
        Attack(
            "surveillance_alert_has_a_window",
            (row("exchange_surveillancealert", FOUND, WINDOW, until="2026-03-02 09:00+08"),),
        ),
        *(
            Attack(
                "surveillance_alert_is_dismissed_with_a_reason",
                (row("exchange_surveillancealert", FOUND, WINDOW, change),),
            )
            for change in (
                {"dismissed_at": NOON, "dismissed_by_id": 1},
                {"dismissal": "x"},
                {"dismissed_at": NOON, "dismissed_by_id": 1, "dismissal": "x", "case_id": 5},
            )
        ),
        *(
            Attack("surveillance_alert_keeps_what_was_found", (statement,), (seed,))
            for seed, statement in (
                *changed("surveillancealert", ALERT, "pattern = 'y'", "evidence = '{}'", "edition = 7"),
                *changed(
                    "surveillancealert", row("exchange_surveillancealert", FOUND, WINDOW, case_id=5), "case_id = NULL"
                ),
                *changed(
                    "surveillancealert",
                    row(
                        "exchange_surveillancealert",
                        FOUND,
                        WINDOW,
                        dismissed_at=NOON,
                        dismissed_by_id=1,
                        dismissal="x",
                    ),
                    "dismissal = 'y'",
                    "dismissed_at = NULL, dismissed_by_id = NULL, dismissal = ''",
                ),
            )
        ),
        kept("exchange_surveillancealert", ALERT, "surveillance_alert_is_kept"),
        *(
            Attack("case_ends_with_its_reason", (f"UPDATE exchange_surveillancecase SET {change}",), (CASE,))
            for change in (
                "state = 'closed'",
                f"state = 'closed', outcome = 'concluded', closed_by_id = 1, closed_at = '{NOON}'",
                "closing = 'x'",
            )
        ),
        Attack("case_goes_its_way", (CLOSED,), (), "case_begins_open"),
        *(
            Attack("case_goes_its_way", (statement,), (seed,), "case_only_goes_forward")
            for seed, statement in (
                *changed("surveillancecase", CASE, "title = 'y'", "opened_by_id = 7"),
                *changed("surveillancecase", CLOSED, "closing = 'y'"),
                *changed(
                    "surveillancecase", row("exchange_surveillancecase", OPEN, state="measures"), "state = 'explained'"
                ),
            )
        ),
        kept("exchange_surveillancecase", CASE, "case_is_kept"),
        *(
            Attack("restriction_is_decided", (f"UPDATE exchange_casemeasure SET {change}",), (CASE, seed))
            for seed, change in (
                (row("exchange_casemeasure", RESTRICTS), "state = 'in_force'"),
                (
                    row("exchange_casemeasure", RESTRICTS),
                    f"state = 'in_force', checker_id = 2, decided_at = '{NOON}'",
                ),
                (row("exchange_casemeasure", RESTRICTS), "checker_id = 2"),
                (row("exchange_casemeasure", RESTRICTS), "state = 'refused'"),
            )
        ),
        Attack(
            "restriction_has_two_persons",
            (
                f"UPDATE exchange_casemeasure SET state = 'in_force', checker_id = 1, decided_at = '{NOON}', halt_id = 3",
            ),
            (CASE, row("exchange_casemeasure", RESTRICTS)),
        ),
        *(
            Attack("explanation_answer_is_whole", (f"UPDATE exchange_casemeasure SET {change}",), (CASE, seed))
            for seed, change in (
                (row("exchange_casemeasure", ASKED), "answer = 'x'"),
                (row("exchange_casemeasure", ASKED), f"answered_at = '{NOON}', answered_by_id = 4"),
                (
                    row("exchange_casemeasure", ASKED, kind="oral_warning"),
                    f"answer = 'x', answered_at = '{NOON}', answered_by_id = 4",
                ),
            )
        ),
        Attack("report_has_an_addressee", (row("exchange_casemeasure", ASKED, kind="report"),), (CASE,)),
        Attack("report_has_an_addressee", (row("exchange_casemeasure", ASKED, addressee="x"),), (CASE,)),
        Attack("measure_has_the_dates_of_its_kind", (row("exchange_casemeasure", ASKED, until=NOON),), (CASE,)),
        Attack(
            "measure_has_the_dates_of_its_kind",
            (row("exchange_casemeasure", ASKED, kind="oral_warning", due_on="2026-03-05"),),
            (CASE,),
        ),
        Attack(
            "measure_goes_its_way",
            (row("exchange_casemeasure", RESTRICTS, DECIDED),),
            (CASE,),
            "restriction_begins_proposed",
        ),
        Attack(
            "measure_goes_its_way",
            (row("exchange_casemeasure", ASKED, ANSWERED),),
            (CASE,),
            "restriction_begins_proposed",
        ),
        Attack("measure_goes_its_way", (row("exchange_casemeasure", ASKED),), (CLOSED,), "measure_is_of_an_open_case"),
        *(
            Attack("measure_goes_its_way", (statement,), (CASE, seed), "measure_keeps_its_terms")
            for seed, statement in (
                *changed("casemeasure", row("exchange_casemeasure", RESTRICTS), "text = 'y'", "organisation_id = 9"),
                *changed(
                    "casemeasure", row("exchange_casemeasure", RESTRICTS, DECIDED), "halt_id = 8", "checker_id = 9"
                ),
                *changed("casemeasure", row("exchange_casemeasure", ASKED, ANSWERED), "answer = 'y'"),
            )
        ),
        kept("exchange_casemeasure", row("exchange_casemeasure", ASKED), "measure_is_kept"),
        Attack(
            "bar_has_two_persons",
            (f"UPDATE exchange_barredparty SET state = 'approved', checker_id = 1, decided_at = '{NOON}'",),
            (PROPOSED,),
        ),
        Attack("bar_state_has_its_fields", ("UPDATE exchange_barredparty SET state = 'approved'",), (PROPOSED,)),
        Attack("bar_lasts_a_day", (row("exchange_barredparty", BAR, until="2026-02-28"),)),
        Attack("bar_is_ended_with_a_reason", ("UPDATE exchange_barredparty SET ended_on = '2026-03-03'",), (BARRED,)),
        Attack("bar_of_a_user_is_of_a_person", (row("exchange_barredparty", BAR, user_id=4),)),
        Attack("bar_is_proposed_once", (PROPOSED,), (PROPOSED,)),
        Attack("bar_goes_its_way", (BARRED,), (), "bar_begins_proposed"),
        *(
            Attack("bar_goes_its_way", (statement,), (seed,), "bar_keeps_its_terms")
            for seed, statement in (
                *changed("barredparty", BARRED, "until = '2026-03-02'", "identity = 'x'", "checker_id = 9"),
                *changed(
                    "barredparty",
                    row("exchange_barredparty", BAR, IN_FORCE, LIFTED),
                    "ended_on = NULL, ended_by_id = NULL, end_reason = ''",
                    "end_reason = 'y'",
                ),
            )
        ),
        kept("exchange_barredparty", PROPOSED, "bar_is_kept"),
        *(
            Attack("order_is_of_nobody_barred", (order,), (PARTY, bar))
            for bar in (
                BARRED,
                row("exchange_barredparty", BAR, IN_FORCE, since="2026-03-02"),
                row("exchange_barredparty", BAR, IN_FORCE, until="2026-03-02"),
                row("exchange_barredparty", BAR, IN_FORCE, LIFTED, ended_on="2026-03-03"),
            )
        ),
        Attack(
            "order_is_of_nobody_barred",
            (row("exchange_order", sale, id=11, at=NOON, placed_by_id=4),),
            (row("exchange_barredparty", BAR, IN_FORCE, kind="person", user_id=4),),
        ),
    ]
