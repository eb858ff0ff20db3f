"""What is tried on the bank's statements, and the name of the guard that refuses it. See test_refusals.py."""

STATEMENT = (
    "INSERT INTO settlement_bankstatement (account, statement_id, source, digest, business_date, opening_fen, closing_fen,"
    " lines, at) VALUES ('1', '{id}', 'camt053', '{id}', '2026-03-02', 0, {closing}, {lines}, now())"
)
LINE = (
    "INSERT INTO settlement_statementline (statement_id, number, bank_serial, fen, booked_on, name, account, reference,"
    " end_to_end) SELECT max(id), {number}, '{serial}', {fen}, '2026-03-02', '', '', '', '' FROM settlement_bankstatement"
)
EXPLAINED = (
    "INSERT INTO settlement_lineexplained (line_id, notice_id, withdrawal_id, at)"
    " SELECT max(id), {notice}, {withdrawal}, now() FROM settlement_statementline"
)
NOTICE = "(SELECT max(id) FROM settlement_banknotice)"
SERIAL = "' || (SELECT max(bank_serial) FROM settlement_banknotice WHERE id = (SELECT max(id) FROM settlement_banknotice)) || '"
FEN = "(SELECT amount_fen FROM settlement_banknotice ORDER BY id DESC LIMIT 1)"
# Committed before the attack, and there already when it is tried again.
WHOLE = [
    f"{STATEMENT.format(id='old', closing=5, lines=1)} ON CONFLICT DO NOTHING",
    f"{LINE.format(number=1, serial='old', fen=5)} ON CONFLICT DO NOTHING",
]
FITS = [
    STATEMENT.format(id="f", closing=FEN, lines=1),
    LINE.format(number=1, serial=SERIAL, fen=FEN),
    EXPLAINED.format(notice=NOTICE, withdrawal="NULL"),
]

STATEMENT_ATTACKS = {
    "a statement that does not add up": (
        [STATEMENT.format(id="f", closing=6, lines=1), LINE.format(number=1, serial="f", fen=5)],
        "statement_adds_up",
    ),
    "a statement that lacks a line": (
        [STATEMENT.format(id="f", closing=5, lines=2), LINE.format(number=1, serial="f", fen=5)],
        "statement_adds_up",
    ),
    "a line for an old statement": (
        [*WHOLE, "COMMIT", LINE.format(number=2, serial="y", fen=5)],
        "line_comes_with_its_statement",
    ),
    "a statement twice": (
        [
            STATEMENT.format(id="z", closing=0, lines=0),
            STATEMENT.format(id="z", closing=0, lines=0).replace("'camt053', 'z'", "'camt053', 'w'"),
        ],
        "statement_is_taken_once",
    ),
    "a line that moves nothing": (
        [STATEMENT.format(id="z", closing=0, lines=1), LINE.format(number=1, serial="z", fen=0)],
        "statement_line_moves_something",
    ),
    "two lines of one number": (
        [
            STATEMENT.format(id="z", closing=2, lines=2),
            LINE.format(number=1, serial="z", fen=1),
            LINE.format(number=1, serial="w", fen=1),
        ],
        "statement_line_number_is_one",
    ),
    "explained by other money": (
        [
            STATEMENT.format(id="z", closing=1, lines=1),
            LINE.format(number=1, serial="z", fen=1),
            EXPLAINED.format(notice=NOTICE, withdrawal="NULL"),
        ],
        "line_is_explained_to_the_fen",
    ),
    "explained by nothing": (
        [
            STATEMENT.format(id="z", closing=1, lines=1),
            LINE.format(number=1, serial="z", fen=1),
            EXPLAINED.format(notice="NULL", withdrawal="NULL"),
        ],
        "line_is_explained_by_one_thing",
    ),
    "change a statement": (
        [STATEMENT.format(id="z", closing=0, lines=0), "UPDATE settlement_bankstatement SET account = '2'"],
        "bank_statement_is_append_only",
    ),
    "change a line": (
        [
            STATEMENT.format(id="z", closing=1, lines=1),
            LINE.format(number=1, serial="z", fen=1),
            "UPDATE settlement_statementline SET name = 'x'",
        ],
        "statement_line_is_append_only",
    ),
    "explain otherwise": ([*FITS, "UPDATE settlement_lineexplained SET at = now()"], "line_explained_is_append_only"),
    "empty the statements": (["TRUNCATE settlement_bankstatement CASCADE"], "bank_statement_is_not_truncated"),
    "empty the lines": (["TRUNCATE settlement_statementline CASCADE"], "statement_line_is_not_truncated"),
    "empty what explains": (["TRUNCATE settlement_lineexplained"], "line_explained_is_not_truncated"),
}
STATEMENT_ALSO = {
    "explained by nothing": ("line_is_explained_to_the_fen",),
    "empty the statements": ("statement_line_is_not_truncated",),
    "empty the bank notices": ("withdrawal_is_not_truncated",),
    "empty the lines": ("line_explained_is_not_truncated",),
}
