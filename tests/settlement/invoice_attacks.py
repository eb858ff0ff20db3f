"""What is tried on invoices over fees, and the name of the guard that refuses it. See test_refusals.py."""

from __future__ import annotations

from datetime import datetime

from settlement import services
from settlement.models import Invoice
from settlement.rules.invoices import InvoiceKind
from tests.settlement.invoice_makers import GENERAL, Invoicing


def make_invoices(at: datetime) -> dict[str, object]:
    """Return a spare fee of 7 fen, a request that is asked, one issued, one issued with a red letter proposed."""
    one = Invoicing(at)
    asked_leg, issued_leg, spare = one.legs()
    asked, issued = one.ask(asked_leg), one.issued(issued_leg)
    services.set_invoice_title(actor=one.seller, title=GENERAL, at=at)
    rows = []
    for leg in one.legs(one.seller.organisation_id):
        row = services.request_invoice(actor=one.seller, kind=InvoiceKind.ORDINARY, leg_ids=[leg], at=at)
        one.answer(row)
        rows.append(row)
    red = one.propose(rows[0])
    done = one.propose(rows[1])
    one.approve(done)
    one.answer(done)
    number = Invoice.objects.get(request=issued).number
    return {
        "inv_firm": one.firm.organisation_id,
        "inv_other": one.seller.organisation_id,
        "inv_title": asked.title_id,
        "inv_other_title": rows[0].title_id,
        "inv_asked": asked.pk,
        "inv_issued": issued.pk,
        "inv_turning": rows[0].pk,
        "inv_corrected": rows[1].pk,
        "red": red.pk,
        "red_done": done.pk,
        "spare_leg": spare,
        "issued_leg": issued_leg,
        "inv_number": number,
        "inv_second": one.second.user_id,
    }


TITLE = (
    "INSERT INTO settlement_invoicetitle (organisation_id, name, taxpayer_id, taxpayer_type, address_phone,"
    " bank_account, email, at) SELECT id, name, uscc, '{type}', '', '', 'a@b.cn', now() FROM accounts_organisation"
    " WHERE id = {{{whose}}}"
)
SUPERSEDE = "UPDATE settlement_invoicetitle SET superseded_at = now() WHERE id = {inv_title}"


def request(
    *, title: str = "{inv_title}", kind: str = "ordinary", amount: int = 7, net: int = 7, tax: int = 0,
    state: str = "asked", closed: str = "NULL",
) -> str:  # fmt: skip
    """Return a statement that lays a request for the spare fee, right unless changed."""
    return (
        "INSERT INTO settlement_invoicerequest (organisation_id, title_id, kind, amount_fen, net_fen, tax_fen, vat_rate,"
        f" state, reason, asked_at, closed_at) VALUES ({{inv_firm}}, {title}, '{kind}', {amount}, {net}, {tax}, 0.06,"
        f" '{state}', '', now(), {closed})"
    )


def item(leg: str = "{spare_leg}", *, fen: str = "l.units", of: str = "(SELECT max(id) FROM settlement_invoicerequest)",
         live: str = "true") -> str:  # fmt: skip
    """Return a statement that puts a leg on the newest request."""
    return (
        "INSERT INTO settlement_invoiceitem (request_id, leg_id, entry_id, fen, is_live)"
        f" SELECT {of}, l.id, l.entry_id, {fen}, {live} FROM settlement_leg l WHERE l.id = {leg}"
    )


def change(what: str, which: str, table: str = "invoicerequest") -> str:
    """Return a statement that changes one row."""
    return f"UPDATE settlement_{table} SET {what} WHERE id = {which}"


def invoice(of: str, *, number: str = "26159000000000000001", red: str = "NULL", more: int = 0, sign: int = 1) -> str:
    """Return a statement that lays an invoice of a request, right unless changed."""
    return (
        "INSERT INTO settlement_invoice (number, request_id, red_letter_id, taxpayer_id, amount_fen, net_fen, tax_fen,"
        f" issued_on, file_name, file_size, sha256, at) SELECT '{number}', r.id, {red}, t.taxpayer_id,"
        f" {sign} * r.amount_fen + {more}, {sign} * r.net_fen + {more}, {sign} * r.tax_fen, '2026-03-02', 'a.pdf', 1, '',"
        " now() FROM settlement_invoicerequest r JOIN settlement_invoicetitle t ON t.id = r.title_id"
        f" WHERE r.id = {of}"
    )


RED = (
    "INSERT INTO settlement_redletter (request_id, reason, digest, state, refusal, proposed_by_id, proposed_at)"
    " VALUES ({of}, 'r', '', '{state}', '', {{inv_second}}, now())"
)
ISSUE = "state = 'issued', closed_at = now()"
ORDER = "INSERT INTO settlement_taxorder (request_id, red_letter_id, attempts, next_at, last_error) VALUES ({}, {}, 0, now(), '')"
NEWEST = "(SELECT max(id) FROM settlement_invoicerequest)"
# Committed before the attack, and there already when it is tried again.
LONE = [
    "DO $$ BEGIN IF NOT EXISTS (SELECT FROM settlement_invoiceitem WHERE leg_id = {spare_leg}) THEN "
    + request() + "; " + item() + "; " + ORDER.format(NEWEST, "NULL")
    + "; UPDATE settlement_invoicerequest SET state = 'refused', closed_at = now() WHERE id = " + NEWEST
    + "; END IF; END $$",
]  # fmt: skip

INVOICE_ATTACKS = {
    "a title in another's name": (
        [SUPERSEDE, TITLE.format(type="general", whose="inv_firm").replace("name, uscc", "'别家', uscc")],
        "invoice_title_is_the_organisations",
    ),
    "a second present title": ([TITLE.format(type="general", whose="inv_firm")], "one_current_invoice_title"),
    "a taxpayer of no type": ([SUPERSEDE, TITLE.format(type="rich", whose="inv_firm")], "invoice_title_type_is_known"),
    "another type in a title": (
        [change("taxpayer_type = 'other'", "{inv_title}", "invoicetitle")],
        "invoice_title_is_only_superseded",
    ),
    "remove a title": (["DELETE FROM settlement_invoicetitle"], "invoice_title_is_kept"),
    "empty the titles": (["TRUNCATE settlement_invoicetitle CASCADE"], "invoice_title_is_not_truncated"),
    "a request for another's title": ([request(title="{inv_other_title}"), item()], "invoice_request_fits_its_title"),
    "a special invoice without an address": (
        [
            SUPERSEDE,
            TITLE.format(type="general", whose="inv_firm"),
            request(title="(SELECT max(id) FROM settlement_invoicetitle)", kind="special"),
            item(),
        ],
        "invoice_request_fits_its_title",
    ),
    "a request that begins refused": (
        [request(state="refused", closed="now()"), item()],
        "invoice_request_begins_asked",
    ),
    "a tax beside the price": ([request(net=6), item()], "invoice_request_is_price_and_tax"),
    "an invoice of no kind": ([request(kind="red"), item()], "invoice_request_kind_is_known"),
    "an end without a time": ([change("state = 'refused'", "{inv_asked}")], "invoice_request_end_has_its_time"),
    "more than was asked for": (
        [change("amount_fen = amount_fen + 1, net_fen = net_fen + 1", "{inv_asked}")],
        "invoice_request_content_is_fixed",
    ),
    "an issued invoice asked for again": (
        [change("state = 'refused', closed_at = now()", "{inv_issued}")],
        "invoice_request_takes_its_steps",
    ),
    "remove a request": (["DELETE FROM settlement_invoicerequest"], "invoice_request_is_kept"),
    "empty the requests": (["TRUNCATE settlement_invoicerequest CASCADE"], "invoice_request_is_not_truncated"),
    "a request over more than its fees": ([request(amount=8, net=8), item()], "invoice_request_sums_its_items"),
    "a request over nothing": ([request()], "invoice_request_sums_its_items"),
    "a fee added to an old request": (
        [*LONE, "COMMIT", item("(SELECT max(id) FROM settlement_leg l WHERE l.units = 7)", of="{inv_asked}")],
        "invoice_item_comes_with_its_request",
    ),
    "another's fee": (
        [request(amount=10, net=10), item(), item("(SELECT max(id) FROM settlement_leg)", fen="3")],
        "invoice_item_is_a_fee",
    ),
    "more than the fee": ([request(amount=8, net=8), item(fen="8")], "invoice_item_is_a_fee"),
    "a fee that is free at once": ([request(), item(live="false")], "invoice_item_is_a_fee"),
    "a fee invoiced twice": (
        [request(amount=333, net=333), item("{issued_leg}")],
        "fee_is_invoiced_once",
    ),
    "a fee twice on a request": ([request(amount=14, net=14), item(), item()], "fee_is_on_a_request_once"),
    "a fee freed by nothing": (
        ["UPDATE settlement_invoiceitem SET is_live = false WHERE request_id = {inv_issued}"],
        "invoice_item_is_freed_by_its_request",
    ),
    "remove a fee from a request": (["DELETE FROM settlement_invoiceitem"], "invoice_item_is_kept"),
    "empty the fees": (["TRUNCATE settlement_invoiceitem"], "invoice_item_is_not_truncated"),
    "a red letter for what is not issued": (
        [RED.format(of="{inv_asked}", state="proposed")],
        "red_letter_corrects_an_invoice",
    ),
    "a red letter that begins refused": (
        [RED.format(of="{inv_issued}", state="refused")],
        "red_letter_begins_proposed",
    ),
    "two red letters for one invoice": (
        [RED.format(of="{inv_issued}", state="proposed"), RED.format(of="{inv_issued}", state="proposed")],
        "invoice_is_corrected_once",
    ),
    "a red letter by one person": (
        [change("state = 'asked', decided_by_id = proposed_by_id, decided_at = now()", "{red}", "redletter")],
        "red_letter_has_two_persons",
    ),
    "another reason than proposed": (
        [change("reason = 'x'", "{red}", "redletter")],
        "red_letter_content_is_fixed",
    ),
    "a red letter that skips its decision": (
        [change("state = 'sent', decided_by_id = {inv_second}, decided_at = now()", "{red}", "redletter")],
        "red_letter_takes_its_steps",
    ),
    "remove a red letter": (["DELETE FROM settlement_redletter WHERE id = {red}"], "red_letter_is_kept"),
    "empty the red letters": (["TRUNCATE settlement_redletter CASCADE"], "red_letter_is_not_truncated"),
    "a number of 19 digits": (
        [change(ISSUE, "{inv_asked}"), invoice("{inv_asked}", number="1" * 19)],
        "invoice_number_is_20_digits",
    ),
    "a second invoice of a request": ([invoice("{inv_issued}")], "request_has_one_invoice"),
    "an invoice over more than was asked": (
        [change(ISSUE, "{inv_asked}"), invoice("{inv_asked}", more=1)],
        "invoice_is_what_was_asked",
    ),
    "a red invoice over a part": (
        [
            change("state = 'asked', decided_by_id = {inv_second}, decided_at = now()", "{red}", "redletter"),
            change(ISSUE, "{red}", "redletter"),
            change("state = 'corrected'", "{inv_turning}"),
            invoice("{inv_turning}", red="{red}", sign=-1, more=1),
        ],
        "invoice_is_what_was_asked",
    ),
    "issued without an invoice": ([change(ISSUE, "{inv_asked}")], "request_has_its_invoice"),
    "a red letter issued without an invoice": (
        [
            change("state = 'asked', decided_by_id = {inv_second}, decided_at = now()", "{red}", "redletter"),
            change(ISSUE, "{red}", "redletter"),
        ],
        "red_letter_has_its_invoice",
    ),
    "an invoice for what stays asked": ([invoice("{inv_asked}")], "invoice_ends_its_request"),
    "change an invoice": (
        ["UPDATE settlement_invoice SET issued_on = '2026-01-01' WHERE number = '{inv_number}'"],
        "invoice_is_append_only",
    ),
    "empty the invoices": (["TRUNCATE settlement_invoice"], "invoice_is_not_truncated"),
    "an order for two things": ([ORDER.format("NULL", "NULL")], "tax_order_is_for_one_thing"),
    "an order done twice": (
        ["UPDATE settlement_taxorder SET done_at = NULL WHERE request_id = {inv_issued}"],
        "tax_order_names_its_act",
    ),
    "remove an order": (["DELETE FROM settlement_taxorder"], "tax_order_is_kept"),
    "empty the orders": (["TRUNCATE settlement_taxorder"], "tax_order_is_not_truncated"),
}
# The attack, and the name under which it is refused once its guard is gone.
INVOICE_ALSO: dict[str, tuple[str, ...]] = {
    "remove a title": ("foreign key",),
    "empty the titles": ("invoice_request_is_not_truncated",),
    "remove a request": ("foreign key",),
    "empty the requests": ("red_letter_is_not_truncated",),
    "an issued invoice asked for again": ("request_has_its_invoice",),
    "a fee twice on a request": ("fee_is_invoiced_once",),
    "empty the red letters": ("invoice_is_not_truncated",),
    "a second invoice of a request": ("invoice_ends_its_request",),
}
