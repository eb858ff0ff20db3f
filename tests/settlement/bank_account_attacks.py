"""What is tried on bank accounts and withdrawals, and the name of the guard that refuses it. See test_refusals.py."""

HOLDER = "(SELECT max(id) FROM accounts_organisation)"
NAME = "(SELECT name FROM accounts_organisation WHERE id = (SELECT max(id) FROM accounts_organisation))"
ONE, OTHER = "(SELECT min(id) FROM accounts_user)", "(SELECT max(id) FROM accounts_user)"
ACCOUNT = (
    "INSERT INTO settlement_bankaccount (organisation_id, bank_name, account_name, account_number, state, proposed_by_id,"
    " proposed_at, attempts, last_error) VALUES ({holder}, 'b', {name}, '{number}', '{state}', {who}, now(), 0, '')"
)


def account(**changes: str) -> str:
    """Return the statement that proposes an account of the newest organisation, with changes."""
    given = {"holder": HOLDER, "name": NAME, "number": "62220001", "state": "proposed", "who": ONE}
    return ACCOUNT.format(**{**given, **changes})


MINE = f"organisation_id = {HOLDER}"
APPROVED = (
    f"UPDATE settlement_bankaccount SET state = 'asked', approved_by_id = {OTHER}, approved_at = now() WHERE {MINE}"
)
BIND = "UPDATE settlement_bankaccount SET state = 'bound', bound_at = now(), usable_from = now() WHERE {where}"
BOUND = [account(), APPROVED, BIND.format(where=MINE)]
RELEASED = (
    "UPDATE settlement_bankaccount SET state = 'released', release_asked_by_id = {first}, release_asked_at = now(),"
    f" ended_by_id = {{second}}, ended_at = now() WHERE {MINE}"
)
WITHDRAWAL = (
    "INSERT INTO settlement_withdrawal (organisation_id, bank_account_id, amount_fen, state, asked_by_id, asked_at)"
    " SELECT {holder}, {account}, 1, '{state}', (SELECT min(id) FROM accounts_user), now() {more}"
)
MY_ACCOUNT = "(SELECT max(id) FROM settlement_bankaccount)"
ASKED = WITHDRAWAL.format(holder=HOLDER, account=MY_ACCOUNT, state="asked", more="")
RETURN = (
    "INSERT INTO settlement_withdrawal (returns_id, amount_fen, state, asked_by_id, approved_by_id, asked_at)"
    f" SELECT max(id), 1, 'asked', {ONE}, {OTHER}, now() FROM settlement_banknotice"
)

ENTRY = (
    "WITH k AS (INSERT INTO settlement_entrykey (key, digest, entry_id) VALUES ('{kind}-x', '',"
    " nextval('settlement_entry_id_seq')) RETURNING entry_id) INSERT INTO settlement_entry (id, kind, at, business_date,"
    " basis, settlement_id) SELECT entry_id, '{kind}', now(), now()::date, '', {batch} FROM k"
)
LEG = (
    "INSERT INTO settlement_leg (entry_id, asset_id, debited_id, credited_id, units)"
    " SELECT (SELECT max(id) FROM settlement_entry), d.asset_id, d.id, c.id, {units} FROM settlement_holding d, settlement_holding c"
    " WHERE d.asset_id = c.asset_id AND {debited} AND {credited}"
)
SELLER = "(SELECT organisation_id FROM settlement_holding WHERE id = {available})"
BANK = "{one}.purpose = 'bank'"
MONEY = f"{{one}}.purpose = 'available' AND {{one}}.organisation_id = {SELLER.replace('{', '{{').replace('}', '}}')}"
# Sold for 5 fen today, and all that is available taken out.
SOLD_OUT = [
    # They would not let the bank be a party.
    "DROP TRIGGER leg_way_is_of_its_kind ON settlement_leg",
    "DROP TRIGGER entry_names_its_money ON settlement_entry",
    "INSERT INTO settlement_settlementbatch (at, entries) VALUES (now(), 1)",
    ENTRY.format(kind="trade", batch="(SELECT max(id) FROM settlement_settlementbatch)"),
    LEG.format(units=5, debited=BANK.format(one="d"), credited=MONEY.format(one="c")),
    ENTRY.format(kind="withdraw", batch="NULL"),
    LEG.format(units="d.units", debited=MONEY.format(one="d"), credited=BANK.format(one="c")),
]

BANK_ACCOUNT_ATTACKS = {
    "today's sales leave": (
        [
            *SOLD_OUT,
            account(holder=SELLER, name=f"(SELECT name FROM accounts_organisation WHERE id = {SELLER})"),
            APPROVED.replace(HOLDER, SELLER),
            BIND.format(where="state = 'asked'"),
            WITHDRAWAL.format(holder=SELLER, account=MY_ACCOUNT, state="asked", more=""),
        ],
        "withdrawal_leaves_sales_of_the_day",
    ),
    "withdrawal of nothing": ([*BOUND, ASKED.replace(" 1,", " 0,")], "withdrawal_amount_positive"),
    "withdrawal approved by who asked": (
        [*BOUND, ASKED, f"UPDATE settlement_withdrawal SET state = 'sent', approved_by_id = {ONE}"],
        "withdrawal_has_two_persons",
    ),
    "an account that begins bound": ([account(state="refused")], "bank_account_begins_proposed"),
    "an account in another name": ([account(name="'x'")], "bank_account_is_in_its_holders_name"),
    "an account number of letters": ([account(number="ABCDEFGH")], "bank_account_number_is_digits"),
    "two accounts under way": ([account(), account(number="62220002")], "one_bank_account_under_way"),
    "two bound accounts": (
        [
            *BOUND,
            account(number="62220002"),
            APPROVED.replace("WHERE", "WHERE account_number = '62220002' AND"),
            BIND.format(where="account_number = '62220002'"),
        ],
        "one_bound_bank_account",
    ),
    "one account for two holders": (
        [
            *BOUND,
            account(
                holder="(SELECT min(id) FROM accounts_organisation)",
                name="(SELECT name FROM accounts_organisation ORDER BY id LIMIT 1)",
            ),
            APPROVED.replace("max(id) FROM accounts_organisation", "min(id) FROM accounts_organisation"),
            BIND.format(where="state = 'asked'"),
        ],
        "bank_account_serves_one_holder",
    ),
    "an account approved by who proposed it": (
        [account(), APPROVED.replace(OTHER, ONE)],
        "bank_account_has_two_persons",
    ),
    "bound without a second person": (
        [account(), f"UPDATE settlement_bankaccount SET state = 'asked' WHERE {MINE}"],
        "bank_account_state_has_its_fields",
    ),
    "bound without the bank's word": ([account(), BIND.format(where=MINE)], "bank_account_goes_step_by_step"),
    "another number than approved": (
        [account(), f"UPDATE settlement_bankaccount SET account_number = '62229999' WHERE {MINE}"],
        "bank_account_content_is_fixed",
    ),
    "released by one person": ([*BOUND, RELEASED.format(first=ONE, second=ONE)], "bank_account_has_two_persons"),
    "released under a payment": (
        [*BOUND, ASKED, RELEASED.format(first=ONE, second=OTHER)],
        "bank_account_has_no_payment_under_way",
    ),
    "remove an account": ([account(), f"DELETE FROM settlement_bankaccount WHERE {MINE}"], "bank_account_is_kept"),
    "empty the accounts": (["TRUNCATE settlement_bankaccount CASCADE"], "bank_account_is_not_truncated"),
    "paid to an account that is not bound": ([account(), ASKED], "withdrawal_goes_to_a_bound_account"),
    "paid to another holder's account": (
        [
            *BOUND,
            WITHDRAWAL.format(
                holder="(SELECT min(id) FROM accounts_organisation)", account=MY_ACCOUNT, state="asked", more=""
            ),
        ],
        "withdrawal_goes_to_its_holders_account",
    ),
    "paid to nobody": (
        [WITHDRAWAL.format(holder=HOLDER, account="NULL", state="asked", more="")],
        "withdrawal_names_its_receiver",
    ),
    "a withdrawal that begins paid": (
        [*BOUND, WITHDRAWAL.format(holder=HOLDER, account=MY_ACCOUNT, state="paid", more="")],
        "withdrawal_begins_asked",
    ),
    "unknown money returned twice": ([RETURN, RETURN], "unknown_money_is_returned_once"),
    "another amount than asked": (
        [*BOUND, ASKED, "UPDATE settlement_withdrawal SET amount_fen = 2"],
        "withdrawal_content_is_fixed",
    ),
    "remove a withdrawal": ([*BOUND, ASKED, "DELETE FROM settlement_withdrawal"], "withdrawal_is_kept"),
    "empty the withdrawals": (["TRUNCATE settlement_withdrawal CASCADE"], "withdrawal_is_not_truncated"),
}
# What refuses the same where the guard itself is gone.
BANK_ACCOUNT_ALSO = {
    "an account that begins bound": ("bank_account_state_has_its_fields",),
    "bound without the bank's word": ("bank_account_state_has_its_fields",),
    "empty the accounts": ("withdrawal_is_not_truncated",),
    "empty the withdrawals": ("payment_order_is_not_truncated",),
    "a withdrawal that begins paid": ("ended_withdrawal_has_its_time",),
}
BANK_ACCOUNT_SAID_BY = {
    "bank_account_is_in_its_holders_name": ("bank_account_steps",),
    "bank_account_goes_step_by_step": ("bank_account_steps",),
    "bank_account_has_no_payment_under_way": ("bank_account_steps",),
    "withdrawal_goes_to_a_bound_account": ("withdrawal_begins",),
    "withdrawal_begins_asked": ("withdrawal_begins",),
}
