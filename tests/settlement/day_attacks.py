"""What is tried on days, their runs and objections, and the name of the guard that refuses it. See test_refusals.py."""

OPEN = "INSERT INTO settlement_settlementday (day, covers_from, opened_at) VALUES ('2025-12-01', '2025-12-01', now())"
SEAL = "UPDATE settlement_settlementday SET sealed_at = now() WHERE day = '2025-12-01'"
CLOSE = "UPDATE settlement_settlementday SET closed_at = now() WHERE day = '2025-12-01'"
# A day that is closed already: made while its guard sleeps, since a day is closed only after others' transactions.
CLOSED = [
    "ALTER TABLE settlement_settlementday DISABLE TRIGGER day_goes_its_way",
    "INSERT INTO settlement_settlementday (day, covers_from, opened_at, sealed_at, closed_at)"
    " VALUES ('2025-12-01', '2025-12-01', now(), now(), now())",
]
RUN = (
    "INSERT INTO settlement_dayrun (day_id, step, at, figures, differences, found)"
    " VALUES ('2025-12-01', '{step}', now(), '{{{{}}}}', '{found}', {count})"
)
GOOD_RUN = RUN.format(step="clearing", found="[]", count=0)
OBJECTION = (
    "INSERT INTO settlement_objection (entry_id, organisation_id, against_id, claimed_fen, reason, state, raised_at,"
    " finding, paid_from, digest) SELECT e.id, {whose}, c.organisation_id, {fen}, 'r', '{state}', {at}, '', '', ''"
    " FROM settlement_leg l JOIN settlement_entry e ON e.id = l.entry_id AND e.kind = 'trade'"
    " JOIN settlement_asset a ON a.id = l.asset_id AND a.kind = 'cash'"
    " JOIN settlement_holding d ON d.id = l.debited_id JOIN settlement_holding c ON c.id = l.credited_id"
    " WHERE d.organisation_id <> c.organisation_id ORDER BY l.id LIMIT 1"
)


def objection(whose: str = "d.organisation_id", fen: int = 1, state: str = "raised", at: str = "e.at") -> str:
    """Return the statement that lays an objection to the first trade there is."""
    return OBJECTION.format(whose=whose, fen=fen, state=state, at=at)


MINE = objection()
PERSON = "(SELECT {which}(id) FROM accounts_user)"
ONE, OTHER = PERSON.format(which="min"), PERSON.format(which="max")
PROPOSE = (
    "UPDATE settlement_objection SET state = 'proposed', finding = 'f', compensation_fen = {fen}, paid_from = '{paid}',"
    f" digest = 'd', proposed_by_id = {ONE}, proposed_at = now()"
)
PROPOSED = PROPOSE.format(fen=1, paid="counterparty")
END = (
    "UPDATE settlement_objection SET state = '{state}', decided_at = now(), decided_by_id = {who},"
    " compensation_id = {entry}"
)
ANY_ENTRY = "(SELECT min(id) FROM settlement_entry)"

DAY_ATTACKS = {
    "a day that begins sealed": (
        [OPEN.replace("opened_at)", "opened_at, sealed_at)").replace("now())", "now(), now())")],
        "day_begins_open",
    ),
    "a day that leaves one out": ([OPEN, OPEN.replace("12-01", "12-03")], "day_follows_the_one_before"),
    "a day that covers nothing": ([OPEN.replace("'2025-12-01', now", "'2025-12-02', now")], "day_covers_itself"),
    "a day that is opened at another time": (
        [OPEN, "UPDATE settlement_settlementday SET opened_at = now() - interval '1 hour'"],
        "day_goes_one_way",
    ),
    "closed before it is sealed": (
        ["ALTER TABLE settlement_settlementday DISABLE TRIGGER day_goes_its_way", OPEN, CLOSE],
        "day_is_sealed_before_it_closes",
    ),
    "closed while others are on their way": ([OPEN, SEAL, CLOSE], "day_closes_when_nothing_is_on_its_way"),
    "closed before the one before": (
        [
            *(one.replace("12-01", day) for one in (OPEN, SEAL) for day in ("12-01", "12-02")),
            CLOSE.replace("12-01", "12-02"),
        ],
        "day_closes_after_the_one_before",
    ),
    "a reserve without its entry": (
        [*CLOSED, "UPDATE settlement_settlementday SET reserve_fen = 5"],
        "day_reserve_has_its_entry",
    ),
    "a reserve by another entry": (
        [*CLOSED, f"UPDATE settlement_settlementday SET reserve_fen = 5, reserve_entry_id = {ANY_ENTRY}"],
        "day_reserve_is_moved",
    ),
    "remove a day": ([OPEN, "DELETE FROM settlement_settlementday"], "day_is_kept"),
    "empty the days": (["TRUNCATE settlement_settlementday CASCADE"], "day_is_not_truncated"),
    "a run of a closed day": ([*CLOSED, GOOD_RUN], "day_run_is_of_an_unclosed_day"),
    "a run of no step": ([OPEN, RUN.format(step="lunch", found="[]", count=0)], "day_run_step_is_known"),
    "a run that hides what it found": (
        [OPEN, RUN.format(step="clearing", found="[1]", count=0)],
        "day_run_tells_what_it_found",
    ),
    "another result of a run": ([OPEN, GOOD_RUN, "UPDATE settlement_dayrun SET at = now()"], "day_run_is_append_only"),
    "empty the runs of days": (["TRUNCATE settlement_dayrun"], "day_run_is_not_truncated"),
    "an entry of a sealed day": (
        [
            OPEN,
            SEAL,
            "INSERT INTO settlement_entry (kind, at, business_date, basis) VALUES ('hold', now(), '2025-12-01', '')",
        ],
        "entry_is_of_an_open_day",
    ),
    "an objection that begins decided": ([objection(state="withdrawn")], "objection_begins_raised"),
    "an objection of a stranger": (
        [objection(whose="(SELECT min(id) FROM accounts_organisation)")],
        "objection_is_of_a_party",
    ),
    "an objection over more than the trade": ([objection(fen=10**12)], "objection_is_of_a_party"),
    "an objection over nothing": ([objection(fen=0)], "objection_claims_something"),
    "an objection that is late": ([objection(at="e.at + interval '3 days'")], "objection_is_in_time"),
    "an objection raised twice": ([MINE, MINE], "objection_is_open_once"),
    "another claim": ([MINE, "UPDATE settlement_objection SET claimed_fen = 2"], "objection_content_is_fixed"),
    "proposed by nobody": (
        [MINE, "UPDATE settlement_objection SET state = 'proposed'"],
        "objection_state_has_its_fields",
    ),
    "more than the claim": (
        [MINE, PROPOSE.format(fen=2, paid="counterparty")],
        "compensation_is_within_the_claim",
    ),
    "ended by one person": (
        [MINE, PROPOSE.format(fen=0, paid=""), END.format(state="dismissed", who=ONE, entry="NULL")],
        "objection_has_two_persons",
    ),
    "compensated by another entry": (
        [MINE, PROPOSED, END.format(state="compensated", who=OTHER, entry=ANY_ENTRY)],
        "compensation_moves_what_was_decided",
    ),
    "remove an objection": ([MINE, "DELETE FROM settlement_objection"], "objection_is_kept"),
    "empty the objections": (["TRUNCATE settlement_objection"], "objection_is_not_truncated"),
}
# What refuses the same where the guard itself is gone.
DAY_ALSO = {
    "empty the days": ("day_run_is_not_truncated",),
    "an entry of a sealed day": ("entry_has_legs",),
    "an objection that begins decided": ("objection_state_has_its_fields",),
}
_DAY = ("day_goes_its_way",)
DAY_SAID_BY = {
    "day_begins_open": _DAY,
    "day_follows_the_one_before": _DAY,
    "day_goes_one_way": _DAY,
    "day_closes_after_the_one_before": _DAY,
    "day_closes_when_nothing_is_on_its_way": _DAY,
    "day_closes_without_a_difference": _DAY,
    "objection_begins_raised": ("objection_is_raised",),
    "objection_is_of_a_party": ("objection_is_raised",),
    "objection_is_in_time": ("objection_is_raised",),
}
