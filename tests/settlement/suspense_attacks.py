"""What is tried on unknown money, and the name of the guard that refuses it. See test_refusals.py."""

PROPOSED = (
    "INSERT INTO settlement_suspenseexplanation (notice_id, organisation_id, reason, digest, state, proposed_by_id,"
    " proposed_at) SELECT max(id), (SELECT min(id) FROM accounts_organisation), 'r', '', '{state}',"
    " (SELECT min(id) FROM accounts_user), now() FROM settlement_banknotice"
)
NEW = PROPOSED.format(state="proposed")
DONE = (
    "UPDATE settlement_suspenseexplanation SET state = 'done', decided_at = now(), decided_by_id = {who},"
    " entry_id = (SELECT min(id) FROM settlement_entry)"
)

SUSPENSE_ATTACKS = {
    "an explanation that begins decided": ([PROPOSED.format(state="done")], "explanation_begins_proposed"),
    "a refusal by nobody": (
        [NEW, "UPDATE settlement_suspenseexplanation SET state = 'refused'"],
        "explanation_state_has_its_fields",
    ),
    "explained by one person": ([NEW, DONE.format(who="proposed_by_id")], "explanation_has_two_persons"),
    "explained by another entry": (
        [NEW, DONE.format(who="(SELECT max(id) FROM accounts_user)")],
        "explanation_moves_its_money",
    ),
    "an explanation that is given back": (
        [NEW, "UPDATE settlement_suspenseexplanation SET state = 'reversed'"],
        "explanation_has_two_persons",
    ),
    "explained twice": ([NEW, NEW], "money_is_explained_once"),
    "another owner than proposed": (
        [NEW, "UPDATE settlement_suspenseexplanation SET organisation_id = organisation_id + 1"],
        "explanation_content_is_fixed",
    ),
    "remove an explanation": ([NEW, "DELETE FROM settlement_suspenseexplanation"], "explanation_is_kept"),
    "empty the explanations": (["TRUNCATE settlement_suspenseexplanation"], "explanation_is_not_truncated"),
}
SUSPENSE_ALSO = {
    "an explanation that begins decided": ("explanation_has_two_persons",),
    "explained by one person": ("explanation_moves_its_money",),
    "an explanation that is given back": ("explanation_state_has_its_fields",),
}
