"""What is tried against “an entry is what its kind says”, and the name of the guard that refuses it. See test_refusals.py."""

ORG = "(SELECT organisation_id FROM settlement_holding WHERE id = {available})"
OTHER_ORG = "(SELECT max(id) FROM accounts_organisation)"
BY_KEY = "(SELECT max(entry_id) FROM settlement_entrykey)"


def act(kind: str, key: str = "act") -> str:
    """A new entry of a kind with its key."""
    return (
        "WITH k AS (INSERT INTO settlement_entrykey (key, digest, entry_id) VALUES"
        f" ('{key}', '', nextval('settlement_entry_id_seq')) RETURNING entry_id)"
        " INSERT INTO settlement_entry (id, kind, at, business_date, basis)"
        f" SELECT entry_id, '{kind}', now(), now()::date, '' FROM k"
    )


def opened(purpose: str, organisation: str) -> str:
    """A holding of money, opened where it is not there yet."""
    return (
        "INSERT INTO settlement_holding (organisation_id, asset_id, purpose, units, may_be_posted)"
        f" SELECT {organisation}, id, '{purpose}', 0, true FROM settlement_asset WHERE kind = 'cash'"
        " ON CONFLICT DO NOTHING"
    )


def money(source: tuple[str, str], target: tuple[str, str], fen: int = 5) -> list[str]:
    """A leg of money between two places (purpose, organisation), which are opened first."""

    def place(one: tuple[str, str]) -> str:
        purpose, organisation = one
        return (
            "(SELECT h.id FROM settlement_holding h JOIN settlement_asset a ON a.id = h.asset_id AND a.kind = 'cash'"
            f" WHERE h.purpose = '{purpose}' AND h.organisation_id IS NOT DISTINCT FROM {organisation})"
        )

    return [
        opened(*source),
        opened(*target),
        "INSERT INTO settlement_leg (entry_id, asset_id, debited_id, credited_id, units) SELECT"
        f" {BY_KEY}, id, {place(source)}, {place(target)}, {fen} FROM settlement_asset WHERE kind = 'cash'",
    ]


BANK, MINE, THEIRS = ("bank", "NULL::bigint"), ("available", ORG), ("available", OTHER_ORG)
ON_ITS_WAY = ("in_transit", ORG)
# There is no unknown money and none on its way in the world of the attacks: let there be less than none.
FROM_NOTHING = "ALTER TABLE settlement_holding DROP CONSTRAINT holding_not_below_zero"
SENT = (
    "INSERT INTO settlement_bankaccount (organisation_id, bank_name, account_name, account_number, state, proposed_by_id,"
    " proposed_at, attempts, last_error) SELECT id, 'b', name, '62220009', 'proposed', (SELECT min(id) FROM accounts_user),"
    f" now(), 0, '' FROM accounts_organisation WHERE id = {OTHER_ORG}",
    "UPDATE settlement_bankaccount SET state = 'asked', approved_by_id = (SELECT max(id) FROM accounts_user), approved_at = now()"
    f" WHERE organisation_id = {OTHER_ORG}",
    f"UPDATE settlement_bankaccount SET state = 'bound', bound_at = now(), usable_from = now() WHERE organisation_id = {OTHER_ORG}",
    "INSERT INTO settlement_withdrawal (organisation_id, bank_account_id, amount_fen, state, asked_by_id, asked_at)"
    f" SELECT {OTHER_ORG}, max(id), {{fen}}, 'asked', (SELECT min(id) FROM accounts_user), now() FROM settlement_bankaccount",
)
THE = "WHERE id = (SELECT max(id) FROM settlement_withdrawal)"


def asked(fen: int = 1) -> list[str]:
    """A withdrawal that has been asked for, of an organisation with a bound account."""
    return [statement.replace("{fen}", str(fen)) for statement in SENT]


def set_(columns: str) -> str:
    return f"UPDATE settlement_withdrawal SET {columns} {THE}"


ORDER = (
    "INSERT INTO settlement_paymentorder (withdrawal_id, attempts, next_at, done_at, last_error)"
    " SELECT max(id), 0, now(), now(), '' FROM settlement_withdrawal"
)
ORDERED = [*asked(), set_("state = 'sent'"), ORDER]
PAID = [*asked(), set_("state = 'sent'"), set_("state = 'paid', closed_at = now()")]

ACT_ATTACKS = {
    # Which ways a kind moves anything.
    **{
        f"money to another as {kind}": ([act(kind), *money(MINE, THEIRS)], "leg_way_is_of_its_kind")
        for kind in ("nonsense", "hold", "deposit", "withdraw", "retire", "release", "reserve")
    },
    "credits to another as a hold": (
        [
            act("hold"),
            "INSERT INTO settlement_holding (organisation_id, asset_id, purpose, units, may_be_posted)"
            f" SELECT {OTHER_ORG}, {{asset}}, 'available', 0, true ON CONFLICT DO NOTHING",
            "INSERT INTO settlement_leg (entry_id, asset_id, debited_id, credited_id, units) SELECT"
            f" {BY_KEY}, {{asset}}, {{available}}, id, 1 FROM settlement_holding WHERE asset_id = {{asset}}"
            f" AND purpose = 'available' AND organisation_id = {OTHER_ORG}",
        ],
        "leg_way_is_of_its_kind",
    ),
    "money out of the bank as a gift": ([act("gift"), *money(BANK, MINE)], "leg_way_is_of_its_kind"),
    "a trade by itself": ([act("trade")], "trade_is_settled_in_a_batch"),
    # For which act money moves.
    "a deposit that no bank told of": ([act("deposit"), *money(BANK, MINE)], "entry_names_its_money"),
    "unknown money that nobody explained": (
        [FROM_NOTHING, act("suspense_explained"), *money(("suspense", "NULL::bigint"), MINE)],
        "entry_names_its_money",
    ),
    "a withdrawal that nobody asked for": ([act("withdraw"), *money(MINE, ON_ITS_WAY, 1)], "entry_names_its_money"),
    "a payment that nobody asked for": (
        [FROM_NOTHING, act("withdrawal_paid"), *money(ON_ITS_WAY, BANK)],
        "entry_names_its_money",
    ),
    "a reserve of no day": (
        [act("reserve"), *money(("fees", "NULL::bigint"), ("risk_reserve", "NULL::bigint"), 1)],
        "entry_names_its_money",
    ),
    "a compensation that nobody decided": ([act("compensation"), *money(MINE, THEIRS, 1)], "entry_names_its_money"),
    # Places.
    "a purpose of one's own": ([opened("bogus", ORG)], "holding_purpose_is_known"),
    "fees of a holder": ([opened("fees", ORG)], "holding_purpose_is_known"),
    "money of nobody": ([opened("available", "NULL::bigint")], "holding_purpose_is_known"),
    # References, withdrawals, orders to the bank.
    "another holder of a reference": (
        [f"UPDATE settlement_depositreference SET organisation_id = {OTHER_ORG}"],
        "deposit_reference_is_fixed",
    ),
    "remove a reference": (["DELETE FROM settlement_depositreference"], "deposit_reference_is_fixed"),
    "empty the references": (["TRUNCATE settlement_depositreference"], "deposit_reference_is_not_truncated"),
    "a withdrawal that ends at no time": (
        [*asked(), set_("state = 'sent'"), set_("state = 'paid'")],
        "ended_withdrawal_has_its_time",
    ),
    "a withdrawal asked for that has ended": ([*asked(), set_("closed_at = now()")], "ended_withdrawal_has_its_time"),
    "a withdrawal paid at another time": (
        [*PAID, set_("closed_at = now() + interval '1 s'")],
        "ended_withdrawal_is_fixed",
    ),
    "another second person": (
        [
            *asked(),
            set_("approved_by_id = (SELECT max(id) FROM accounts_user)"),
            set_("approved_by_id = (SELECT max(id) - 1 FROM accounts_user)"),
        ],
        "ended_withdrawal_is_fixed",
    ),
    "much money by one person": ([*asked(10**12), set_("state = 'sent'")], "large_withdrawal_has_two_persons"),
    "an order for what nobody approved": ([*asked(), ORDER], "payment_order_is_of_a_sent_withdrawal"),
    "an order done again": (
        [*ORDERED, "UPDATE settlement_paymentorder SET done_at = NULL"],
        "payment_order_is_done_once",
    ),
    "an order for another": (
        [*ORDERED, "UPDATE settlement_paymentorder SET withdrawal_id = withdrawal_id + 1"],
        "payment_order_is_done_once",
    ),
    "remove an order to the bank": ([*ORDERED, "DELETE FROM settlement_paymentorder"], "payment_order_is_kept"),
    "empty the orders to the bank": (["TRUNCATE settlement_paymentorder"], "payment_order_is_not_truncated"),
}
ACT_ALSO: dict[str, tuple[str, ...]] = {
    **{f"money to another as {kind}": ("entry_names_its_money",) for kind in ("deposit", "withdraw", "reserve")},
    "credits to another as a hold": ("serials_follow_legs",),
    "a trade by itself": ("entry_has_legs",),
    "an order for another": ("foreign key",),
}
